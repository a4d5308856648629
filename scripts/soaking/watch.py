"""What must stay flat while a server is under soak, or be bounded."""

import os
import re
import statistics
import threading
import time

from harness import SLOW, parent, processes_of_session

from soaking import processes

LINGER = 2.0 * SLOW  # seconds that a zombie may wait for its master, which may be stopped
FEW = 2  # descriptors that may be open for a moment
PROCESSES_MAX = 40  # two masters with loggers, and four generations that drain
GROWTH = 0.05
GROWTH_KIB = 512  # less than this is noise
BAD = re.compile(r"Sanitizer|runtime error:|Assertion|dropped")


class Watch:
    """with Watch(server) as watch: ..; looks twice a second, and more closely when asked."""

    def __init__(self, server):
        self.server = server
        self.complaints = []
        self.most = 0  # processes
        self.spare = {}  # pid -> descriptors beside those for its children, at first and most
        self.samples = []  # of the memory of all
        self.suspects = {}  # zombies, and since when
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def run(self):
        while not self.over.wait(0.5):
            self.glance()

    def glance(self):
        states = processes_of_session(self.server.session)
        self.most = max(self.most, len(states))
        zombies = {pid for pid, state in states.items() if state == "Z"}
        for pid in list(zombies):
            if parent(pid) == os.getpid():
                zombies.discard(pid)
                self.reap(pid)
        now = time.monotonic()
        self.suspects = {pid: self.suspects.get(pid, now) for pid in zombies}
        for pid, since in self.suspects.items():
            if now - since > LINGER:
                self.complaints.append(f"process {pid} is a zombie of {parent(pid)}")

    def reap(self, pid):
        """A master, or what a killed one left, is ours to bury."""
        if pid == self.server.process.pid:
            status = self.server.process.wait()
        else:
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status not in (0, -9):
            self.complaints.append(f"process {pid} ended with status {status}")

    def look_closely(self):
        """At a quiet moment: all are there, and nobody drains."""
        server = self.server
        pids = set(processes_of_session(server.session))
        pool = server.pool()
        logger = server.loggers()
        quiet = {server.master, *pool, *logger}
        if not server.is_whole() or not logger or pids != quiet:
            return False
        self.note(server.master, len(pool) + 1)
        self.note(logger[0], 0)
        limit = 40 + sum(fleet.clients for fleet in server.load.fleets)
        for pid in pool:
            count = processes.descriptors(pid)
            if count is not None and count > limit:
                self.complaints.append(f"worker {pid} has {count} descriptors")
        sample = processes.memory(quiet)
        if sample is not None:
            self.samples.append(sample)
        return True

    def note(self, pid, children):
        count = processes.descriptors(pid)
        if count is not None:
            first, most = self.spare.get(pid, (count - children, 0))
            self.spare[pid] = (first, max(most, count - children))

    def growth(self, name):
        """Means of the first and of the last third, without the first samples: warm-up."""
        values = [sample[name] for sample in self.samples[len(self.samples) // 5:]]
        third = len(values) // 3
        if third < 3:
            return None
        return statistics.mean(values[:third]), statistics.mean(values[-third:])

    def verdict(self, sanitized):
        """All complaints, of the memory too unless a sanitizer keeps what was freed."""
        found = list(self.complaints)
        if self.most > PROCESSES_MAX:
            found.append(f"{self.most} processes at the same time")
        for pid, (first, most) in self.spare.items():
            if most > first + FEW:
                found.append(f"descriptors of process {pid} grew from {first} to {most}")
        growth = self.growth("Pss_Anon")
        if growth and not sanitized:
            begin, end = growth
            if end > begin * (1 + GROWTH) + GROWTH_KIB:
                found.append(f"memory grew from {begin:.0f} to {end:.0f} KiB")
        text = self.server.errors() + self.server.stderr()
        return found + [line for line in text.splitlines() if BAD.search(line)][:10]
