"""SVG drawn by hand: bars, and lines over a logarithmic axis."""

import html
import math
import statistics

COLOURS = ["#1b6ca8", "#8a8f98", "#3a9d5d", "#c9772b", "#8757a8", "#b8434e", "#d59aa0",
           "#2f9c9c", "#a08a2c"]
STYLE = """<style>
text { font: 12px sans-serif; fill: #333 } .title { font-size: 14px; font-weight: bold }
.small { font-size: 11px; fill: #666 } .end { text-anchor: end } .mid { text-anchor: middle }
</style>"""


class Drawing:
    def __init__(self, width):
        self.width, self.height, self.parts = width, 0, []

    def text(self, x, y, text, kind=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">'
                          f'{html.escape(text)}</text>')

    def bar(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" '
                          f'height="{height}" fill="{colour}"/>')

    def line(self, points, colour="#ccc", width=1):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" '
                          f'stroke-width="{width}"/>')

    def dot(self, x, y, colour):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')

    def needs(self, bottom):
        self.height = max(self.height, bottom)

    def save(self, path):
        size = f"{self.width} {self.height + 16:.0f}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" '
                       f'width="{self.width}" height="{self.height + 16:.0f}">\n{STYLE}\n'
                       f'<rect width="100%" height="100%" fill="white"/>\n')
            file.write("\n".join(self.parts) + "\n</svg>\n")


def columns(places, count):
    """Left edge and top of panels in two columns; `places` gives their heights."""
    tops = [64] * count
    for height in places:
        column = tops.index(min(tops))
        yield column, tops[column]
        tops[column] += height


def bars(path, title, subtitle, panels, shares):
    """Panels of (title, {label: value}), one colour a label; then bars of (title, share of
    the limit, text)."""
    drawing = Drawing(960)
    drawing.text(16, 26, title, "title")
    drawing.text(16, 46, subtitle, "small")
    labels = list(dict.fromkeys(label for _, values in panels for label in values))
    heights = [30 + 18 * len(values) + 14 for _, values in panels]
    for (name, values), height, (column, top) in zip(panels, heights, columns(heights, 2)):
        panel_of_bars(drawing, 16 + 472 * column, top, name, values, labels)
        drawing.needs(top + height)
    if shares:
        list_of_shares(drawing, drawing.height + 24, shares)
    drawing.save(path)


def panel_of_bars(drawing, left, top, name, values, labels):
    most = min(max(values.values()), 3 * statistics.median(values.values()))
    drawing.text(left, top + 14, name, "title")
    for number, (label, value) in enumerate(values.items()):
        y = top + 26 + 18 * number
        drawing.text(left + 96, y + 11, label, "end")
        width = 270 * min(1, value / most)
        drawing.bar(left + 102, y, width, 14, COLOURS[labels.index(label) % len(COLOURS)])
        if value > most:  # the bar is cut
            x = left + 102 + 0.9 * width
            drawing.line([(x, y + 16), (x + 8, y - 2)], "white", 4)
        drawing.text(left + 107 + width, y + 11, f"{value:.2f}" if value < 100 else f"{value:.0f}")


def list_of_shares(drawing, top, shares):
    """Bars that end at twice the limit; what has none has no bar."""
    left, full = 350, 240
    drawing.text(16, top, "Figures next to their limits", "title")
    drawing.text(left + full / 2, top, "limit", "small mid")
    for number, (name, share, text) in enumerate(shares):
        y = top + 10 + 20 * number
        drawing.text(left - 8, y + 11, name, "end")
        if share is not None:
            colour = "#3a9d5d" if share <= 1 else "#b8434e"
            drawing.bar(left, y, full * min(share, 2) / 2, 14, colour)
        drawing.text(left + full + 10, y + 11, text, "small")
    bottom = top + 10 + 20 * len(shares)
    drawing.line([(left + full / 2, top + 4), (left + full / 2, bottom)], "#333")
    drawing.needs(bottom)


def plots(path, title, subtitle, panels):
    """Panels of (title, {label: [(x, y)]}); x is logarithmic, with a place for 0."""
    drawing = Drawing(960)
    drawing.text(16, 26, title, "title")
    drawing.text(16, 46, subtitle, "small")
    labels = list(dict.fromkeys(label for _, series in panels for label in series))
    for number, label in enumerate(labels):
        drawing.bar(16 + 130 * number, 58, 12, 12, COLOURS[number % len(COLOURS)])
        drawing.text(33 + 130 * number, 68, label)
    heights = [230] * len(panels)
    for (name, series), (column, top) in zip(panels, columns(heights, 2)):
        plot(drawing, 16 + 472 * column, top + 30, name, series, labels)
        drawing.needs(top + 260)
    drawing.save(path)


def step(most):
    """A round distance of lines, four or five of them up to `most`."""
    power = 10 ** math.floor(math.log10(most / 4))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= most / 5)


def plot(drawing, left, top, name, series, labels):
    right, bottom, origin = left + 430, top + 180, left + 40
    most = 1.15 * max(y for points in series.values() for _, y in points)
    xs = sorted({x for points in series.values() for x, _ in points})
    place = {x: math.log10(x) if x else math.log10(xs[1]) - 1 for x in xs}
    low, high = place[xs[0]], place[xs[-1]]

    def at(x, y):
        share = (place[x] - low) / (high - low or 1)
        return origin + 12 + (right - origin - 24) * share, bottom - (bottom - top - 24) * y / most

    drawing.text(left, top + 8, name, "title")
    y = 0
    while y <= most:
        drawing.line([(origin, at(xs[0], y)[1]), (right, at(xs[0], y)[1])], "#e4e4e4")
        drawing.text(origin - 6, at(xs[0], y)[1] + 4, f"{y:g}", "small end")
        y += step(most)
    for x in xs:
        drawing.text(at(x, 0)[0], bottom + 16, f"{x:,}", "small mid")
    for label, points in series.items():
        colour = COLOURS[labels.index(label) % len(COLOURS)]
        drawing.line([at(x, y) for x, y in points], colour, 2)
        for x, y in points:
            drawing.dot(*at(x, y), colour)
