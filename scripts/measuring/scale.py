"""What a request costs as something else grows."""

import contextlib
import dataclasses

import load
import subjects
import tree
from bench import middle

SMALL = [load.get(tree.SMALL)]


@dataclasses.dataclass
class Point:
    x: int
    settings: dict = dataclasses.field(default_factory=dict)
    lines: list = dataclasses.field(default_factory=lambda: SMALL)
    idle: int = 0


@dataclasses.dataclass
class Dimension:
    key: str
    title: str
    points: list
    peers: bool = False  # they need no settings for it
    shared: bool = False  # server and load have all processors
    many: bool = False  # files

    def measure(self, bench):
        """{label: [(x, microseconds)]}; the points of a server take turns."""
        if self.many:
            bench.need_many()
        return {subject.label: self.measure_one(bench, subject) for subject in bench.present
                if subject.ours or self.peers and subject.holds}

    def measure_one(self, bench, subject):
        both = f"{bench.server_cpu},{bench.load_cpu}"
        cpus, load_cpus = (both, both) if self.shared else (bench.server_cpu, bench.load_cpu)
        with contextlib.ExitStack() as stack:
            turns = {}
            for point in self.points:
                server = stack.enter_context(bench.run(subject, cpus, **point.settings))
                stack.enter_context(load.Clients(server.port, min(point.idle, subject.holds),
                                                 SMALL[0]))
                lines = bench.write(f"{self.key}-{point.x}", point.lines)
                turns[point.x] = server, lines, load_cpus
            samples = bench.rounds(lambda number: bench.round(number, turns))
        return [(x, middle(samples[x])) for x in turns]


HELD = {"slots": str(subjects.SLOTS), "http": "keepalive_timeout 1h;"}

DIMENSIONS = [
    Dimension("idle", "idle connections",
              [Point(x, HELD, idle=x) for x in (0, 100, 1000, 10_000)], peers=True),
    Dimension("names", "server names",
              [Point(x, tree.many_names(x, 1, 1), tree.asks_for_names(x, 1))
               for x in (1, 10, 100, 1000, 10_000)]),
    Dimension("locations", "locations",
              [Point(x, tree.many_names(1, x, 1), tree.asks_for_names(1, x))
               for x in (1, 10, 100, 1000)]),
    Dimension("files", "files, skewed choice",
              [Point(x, {}, [load.get(tree.name_of(number))
                             for number in load.skewed(x, 20_000)])
               for x in (1, 10, 100, 1000, 10_000)], peers=True, many=True),
    Dimension("workers", "workers on two processors",
              [Point(x, {"workers": str(x)}) for x in (1, 2, 4, 8, 16)], shared=True),
]
