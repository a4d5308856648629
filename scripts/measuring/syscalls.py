"""System calls of the worker for a request, as strace counts them over 10,000 requests."""

import dataclasses

import load
from result import Result

REQUESTS = 10_000
CONNECTIONS = 16  # strace slows a turn of the loop down: a long one would end early


@dataclasses.dataclass
class Row:
    key: str
    title: str
    most: float  # besides those that a turn of the loop shares out among requests
    shared: tuple
    line: str
    anew: bool = False  # a connection each

    def measure(self, bench):
        return [self.measure_one(bench, subject) for subject in bench.ours]

    def measure_one(self, bench, subject):
        calls = self.count(bench, subject)
        own = sum(number for name, number in calls.items() if name not in self.shared)
        names = " and ".join(self.shared)
        each = ", ".join(f"{name} {number / REQUESTS:.2f}" for name, number
                         in sorted(calls.items(), key=lambda call: -call[1])
                         if number >= REQUESTS / 200)
        return Result(self.key, self.title, subject.label, f"{own / REQUESTS:.2f}",
                      f"{self.most:.0f} besides {names}", own / REQUESTS / (1.02 * self.most),
                      note=f"{subject.label}, {self.title}: {each}", samples=calls)

    def count(self, bench, subject):
        with bench.run(subject) as server:
            load.ask_often(server.port, self.line, CONNECTIONS, CONNECTIONS, self.anew)
            with load.Strace(server.workers()) as strace:
                load.ask_often(server.port, self.line, REQUESTS, CONNECTIONS, self.anew)
            return strace.calls
