"""The clients of a soak: what failed of their requests, and whether the log has them all."""

import contextlib
import re
import time

from fleet import Fleet
from harness import SLOW

LINE = re.compile(r"(\d+) (\d+) (\d+) (\d{3}) (GET|POST) /[\w./]*\n")
LOG_FORMAT = "$pid $connection $connection_requests $status $request_method $uri"
GRACE = 1.0 * SLOW  # seconds after a death in which its clients may notice


class Witnesses(Fleet):
    """A fleet that remembers when a request failed, and at which worker."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.failed = []  # time, worker (None: not known), how
        self.slowest = 0.0

    async def exchange(self, connection):
        if connection is not None and not connection.is_open():
            connection.close()
            connection = None
        worker = connection and int(connection.fields.get(b"x-worker", 0))
        begin = time.monotonic()
        try:
            connection = await super().exchange(connection)
        except BaseException as error:
            self.failed.append((time.monotonic(), worker, str(error) or type(error).__name__))
            raise
        self.slowest = max(self.slowest, time.monotonic() - begin)
        return connection


class Load:
    """with Load(server, clients) as load: .. ; a worker is doomed() before it is killed."""

    def __init__(self, server, clients):
        address = ("127.0.0.1", server.port())
        quarter = max(1, clients // 4)
        self.fleets = [
            Witnesses(address, "/docs/alpha.txt", quarter, think=0.05),
            Witnesses(address, "/docs/alpha.txt", quarter, think=0.05, lag=0.005,
                      method="POST", body=b"x" * 1000, expect=(405,)),
            Witnesses(address, "/docs/digits.txt", quarter, think=0.05, keep=False),
            Witnesses(str(server.dir / "socket"), "/", quarter, think=0.05, lag=0.001),
            Witnesses(address, "/big", 2, think=0.2),
        ]
        self.deaths = {}  # worker -> from when to when it may fail
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        for fleet in self.fleets:
            self.stack.enter_context(fleet)
        return self

    def __exit__(self, *_):
        self.stack.close()

    def doom(self, worker, seconds=0.0):
        """It dies now, or in so many seconds at the latest."""
        now = time.monotonic()
        self.deaths[worker] = (now, now + seconds * SLOW + GRACE)

    def is_excused(self, failure):
        """A connection that has had no answer does not know its worker."""
        when, worker, _ = failure
        return any(begin <= when <= end for pid, (begin, end) in self.deaths.items()
                   if worker in (None, pid))

    def done(self):
        return sum(fleet.done for fleet in self.fleets)

    def failures(self):
        return [failure for fleet in self.fleets for failure in list(fleet.failed)]

    def complaints(self):
        """What failed and should not have: outside a death, or with an odd status."""
        found = [f"a request to worker {worker} failed: {how}"
                 for when, worker, how in self.failures()
                 if not self.is_excused((when, worker, how))]
        for fleet in self.fleets:
            found += [f"{count} times {how}" for how, count in list(fleet.failures.items())
                      if how.startswith("status")]
        return found


def count_lines(paths):
    """Of all logs: requests, lines that came twice, lines that are none."""
    seen, twice, torn = set(), 0, 0
    for path in paths:
        with open(path, encoding="latin-1") as log:
            for line in log:
                match = LINE.fullmatch(line)
                if match is None:
                    torn += 1
                    continue
                pid, connection, request = map(int, match.groups()[:3])
                key = (pid << 64) + (connection << 32) + request
                twice += key in seen
                seen.add(key)
    return len(seen), twice, torn
