"""What a row comes to."""

import dataclasses


@dataclasses.dataclass
class Result:
    """A figure of one server next to its limit. `share` is figure over limit, or limit over
    figure where more is better: met up to 1, None without a limit."""

    key: str
    title: str
    server: str
    figure: str
    limit: str
    share: float | None
    ratio: str = ""
    note: str = ""
    samples: dict = dataclasses.field(default_factory=dict)

    @property
    def verdict(self):
        return "" if self.share is None else "met" if self.share <= 1 else "missed"
