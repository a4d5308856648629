"""The rows of the table: what is measured, and what it may be."""

import contextlib
import dataclasses

import load
import memory
import subjects
import syscalls
import times
import tree
from bench import middle, ratio
from result import Result


def pace(samples):
    """And for how much of the time the server worked: a pace that leaves it idle is the
    client's."""
    return f"{middle(samples, 'bytes') / 1e6:.0f} MB/s ({middle(samples, 'busy'):.0%} busy)"


@dataclasses.dataclass
class Load:
    """Requests that every server is asked, and what ours may cost next to the best peer, and
    to the floor, where that can do the same; another build of ours, next to the first."""

    key: str
    title: str
    peer: float
    lines: list
    status: int = 200
    length: int | None = None
    floor: float | None = None
    floor_after: str = ""  # an answer: "keep" or "close", as Floor does it
    same_pace: bool = False  # no less throughput than the best in time has, either
    validator: bool = False  # the lines say %ETAG%
    many: bool = False  # files

    def turn(self, bench, subject, server):
        lines = self.lines
        if self.validator:
            tag = load.check(server, load.get(tree.SMALL), 200, tree.KIB).headers["ETag"]
            lines = [line.replace("%ETAG%", tag) for line in lines]
        load.check(server, lines[0], self.status, self.length)
        path = bench.write(f"{self.key}-{subject.label}", lines)
        return server, path, bench.load_cpu

    def measure(self, bench):
        if self.many:
            bench.need_many()
        able = [subject for subject in bench.present
                if self.floor_after or not isinstance(subject, subjects.Floor)]

        def one_round(number):
            turns = {}
            with contextlib.ExitStack() as stack:
                for subject in able:
                    server = stack.enter_context(
                        bench.run(subject, bench.server_cpu, after=self.floor_after))
                    turns[subject.label] = self.turn(bench, subject, server)
                return bench.round(number, turns)

        return self.results(able, bench.rounds(one_round))

    def results(self, able, samples):
        peers = [subject.label for subject in able
                 if not subject.ours and not isinstance(subject, subjects.Floor)]
        ours, results = [subject for subject in able if subject.ours], []
        for subject in ours:
            if "floor" in samples and self.floor is not None:
                results.append(self.compare(subject.label, "floor", samples, self.floor))
            if peers:
                best = min(peers, key=lambda label: middle(samples[label]))
                results.append(self.compare(subject.label, best, samples, self.peer))
                if self.same_pace:
                    results.append(self.throughput(subject.label, best, samples))
            if subject is not ours[0]:
                results.append(self.compare(subject.label, ours[0].label, samples, 1.0))
        return results or [Result(self.key, self.title, "", "", "", 0, samples=samples)]

    def compare(self, label, other, samples, most):
        value, spread = ratio(samples[label], samples[other])
        return Result(self.key, self.title, label, f"{middle(samples[label]):.2f} us",
                      f"{most:.2f} x {other} {middle(samples[other]):.2f} us", value / most,
                      f"{value:.3f} ±{spread:.3f}", samples=samples)

    def throughput(self, label, best, samples):
        value, spread = ratio(samples[label], samples[best], "bytes")
        return Result(self.key, f"{self.title}, throughput", label,
                      pace(samples[label]), f"1.00 x {best} {pace(samples[best])} at least",
                      1 / value, f"{value:.3f} ±{spread:.3f}", samples=samples)


@dataclasses.dataclass
class Pair:
    """Ours in two ways: what the second may cost next to the first."""

    key: str
    title: str
    most: float
    settings: tuple  # of the first and of the second
    lines: tuple = ((load.get(tree.SMALL),),) * 2
    idle: int = 0  # connections beside the second
    shared: bool = False  # server and load have all processors
    of_floor: str = ""  # the title when the floor does the same, which has no bound

    def measure(self, bench):
        floors = [subject for subject in bench.present
                  if self.of_floor and isinstance(subject, subjects.Floor)]
        return [self.judge(subject, bench.rounds(
                    lambda number, subject=subject: self.round(bench, subject, number)))
                for subject in bench.ours + floors]

    def round(self, bench, subject, number):
        """Both are started anew for each, or the chance of one start would stay."""
        everything = f"{bench.server_cpu},{bench.load_cpu}"
        cpus = everything if self.shared else bench.server_cpu
        load_cpus = everything if self.shared else bench.load_cpu
        first, second = self.settings
        with bench.run(subject, cpus, **first) as one, bench.run(subject, cpus, **second) as two, \
                load.Clients(two.port, self.idle, load.get(tree.SMALL)):
            turns = {}
            for name, server, lines in zip(("first", "second"), (one, two), self.lines):
                load.check(server, lines[0], 200, tree.KIB)
                turns[name] = server, bench.write(f"{self.key}-{name}", lines), load_cpus
            return bench.round(number, turns)

    def judge(self, subject, samples):
        value, spread = ratio(samples["second"], samples["first"])
        one, two = (f"{middle(samples[name]):.2f} us" for name in ("first", "second"))
        if subject.ours:
            title, limit, share = self.title, f"{self.most:.2f} x {one}", value / self.most
        else:
            title, limit, share = self.of_floor, f"(of one: {one})", None
        return Result(self.key, title, subject.label, two, limit, share,
                      f"{value:.3f} ±{spread:.3f}", samples=samples)


@dataclasses.dataclass
class Single:
    """A figure by itself: measure_figure(bench, subject) gives it, or None."""

    key: str
    title: str
    most: float
    unit: str
    measure_figure: object
    peers: bool = False

    def measure(self, bench):
        figures = {subject.label: self.measure_figure(bench, subject)
                   for subject in bench.present
                   if subject.ours or self.peers and subject.holds}
        others = ", ".join(f"{subject.label} {self.show(figures[subject.label])}"
                           for subject in bench.present
                           if not subject.ours and subject.label in figures)
        return [Result(self.key, self.title, subject.label, self.show(figures[subject.label]),
                       self.show(self.most) + (f" ({others})" if others else ""),
                       figures[subject.label] / self.most, samples=figures)
                for subject in bench.ours]

    def show(self, figure):
        return f"{figure:.0f} {self.unit}" if figure >= 100 else f"{figure:.3g} {self.unit}"


SMALL = load.get(tree.SMALL)
CLOSE = load.get(tree.SMALL, "localhost", "Connection: close")
HELD = {"slots": str(subjects.SLOTS), "http": "keepalive_timeout 1h;"}

ROWS = [
    Load("hot", "hot 1 KiB file, keep-alive, 64 connections", 0.90, [SMALL],
         length=tree.KIB, floor=1.10, floor_after="keep"),
    Load("pipelined", "16 pipelined requests at once, 1 KiB", 0.25, [16 * SMALL],
         length=tree.KIB),
    Load("files", "10,000 files of 0.25 to 4 KiB, skewed choice", 0.85,
         [load.get(tree.name_of(number)) for number in load.skewed(tree.FILES, 50_000)],
         many=True),
    Load("close", "connection a request", 0.95, [CLOSE], length=tree.KIB, floor_after="close"),
    Load("64k", "64 KiB bodies", 1.0, [load.get("/64k.txt")], length=64 * tree.KIB,
         same_pace=True),
    Load("1m", "1 MiB bodies", 1.0, [load.get("/1m.txt")], length=tree.MIB, same_pace=True),
    Load("304", "304 answers", 0.90,
         [load.get(tree.SMALL, "localhost", "If-None-Match: %ETAG%")], 304, 0, validator=True),
    Load("404", "404 answers", 0.90, [load.get("/none.txt")], 404),
    Pair("json", "json log format instead of combined", 1.05,
         ({}, {"log": "%dir%/access.log json"})),
    Pair("workers", "8 workers instead of 1, same two cores", 1.05, ({}, {"workers": "8"}),
         shared=True, of_floor="8 processes of the floor instead of 1, same two cores"),
    Pair("idle", "beside 10,000 idle connections", 1.05, (HELD, HELD), idle=10_000),
    Pair("names", "10,000 names, 1,000 locations, 100 types, to one", 1.05,
         (tree.many_names(1, 1, 1), tree.many_names(10_000, 1000, 100)),
         (tree.asks_for_names(1, 1), tree.asks_for_names(10_000, 1000))),
    Single("connection", "idle keep-alive connection, user memory", 300, "B",
           memory.of_connection, peers=True),
    Single("memory", "idle: master, 2 workers, logger, PSS", 2, "MiB", memory.of_server),
    Single("binary", "stripped dynamic binary", 256, "KiB", memory.of_binary),
    Single("start", "start to first answer", 20, "ms", times.start),
    Single("hup", "HUP to first answer by a new worker", 50, "ms", times.reload),
    Single("kill", "kill -9 to replacement accepting", 20, "ms", times.replace),
]

SYSCALLS = [
    syscalls.Row("syscalls-hot", "system calls a request, keep-alive", 2, ("epoll_wait",), SMALL),
    syscalls.Row("syscalls-close", "system calls a request, connection each", 4,
                 ("epoll_wait", "epoll_ctl"), CLOSE, anew=True),
]
