"""Before a fault and after it the same processes, with the same descriptors."""

import collections
import contextlib
import os
import pathlib
import re
import signal

import pytest

from harness import Server, processes_of_session, title, wait_until

ROLES = ("master process", "logger process", "worker process is shutting down", "worker process")


def role_of(pid, state):
    if state == "Z":
        return "zombie"
    name = title(pid)
    return next((role for role in ROLES if f"tinyhttpd: {role}" in name), f"stray: {name}")


def descriptors(pid, role):
    """Name -> count of what a process holds open. Files and folders of a worker are left out:
    they are in its cache, which depends on what it was asked."""
    names = collections.Counter()
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            name = re.sub(r"^(socket|pipe):.*", r"\1", os.readlink(entry))
            if not ("worker" in role and (entry.is_file() or entry.is_dir())):
                names[name] += 1
        except (FileNotFoundError, PermissionError):
            pass  # closed meanwhile, or the process is about to be gone
    return dict(names)


def describe(before, after):
    """What is in one of two looks only, a role a line; both whole when only pairs differ."""
    lines = []
    for role in sorted({*before, *after}):
        was, now = (collections.Counter({"process": len(look.get(role, []))}) + sum(
            map(collections.Counter, look.get(role, [])), collections.Counter())
            for look in (before, after))
        if was != now:
            lines.append(f"{role}: gone {dict(was - now)}, new {dict(now - was)}")
    return "not whole: " + ("\n".join(lines) or f"{before} != {after}")


class Watched(Server):
    """A server that must be whole again at the end of the test.

    The test calls calm() before the fault, when the server runs and has no connection. Unless
    the server has ended, the fixture then asserts that the session has one master, one logger
    and the workers that the configuration asks for, no zombie and no other process, and that
    each holds what its like held before. A test may call check_whole() in between.
    """

    session = None
    before = None

    def look(self):
        """Role -> what each of its processes holds open."""
        found = collections.defaultdict(list)
        for pid, state in processes_of_session(self.session).items():
            role = role_of(pid, state)
            try:
                found[role].append(descriptors(pid, role) if state != "Z" else {})
            except (FileNotFoundError, PermissionError):
                pass  # ended meanwhile
        return {role: sorted(tables, key=repr) for role, tables in found.items()}

    def calm(self):
        self.session = self.process.pid
        self.before = None

        def steady():
            former, self.before = self.before, self.look()
            workers = self.before.get("worker process", [])
            return (former == self.before and all(table == workers[0] for table in workers)
                    and {role: len(tables) for role, tables in former.items()} ==
                    {"master process": 1, "logger process": 1,
                     "worker process": self.worker_count()})

        wait_until(steady, "a calm moment")

    def replaced(self, victims):
        """The workers, once there are enough and none of these is left."""
        def look():
            workers = self.pids("worker process")
            return len(workers) == self.worker_count() and not set(workers) & set(victims)
        wait_until(look, "replacements")
        return self.workers()

    def check_whole(self):
        try:
            wait_until(lambda: self.look() == self.before, "the server to be whole again")
        except AssertionError:
            pytest.fail(describe(self.before, self.look()))

    def masters(self):
        """Those that run in the background are found by their configuration."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
                if str(self.config_path) in title(pid)]

    def clean(self):
        for pid in self.masters():
            for member in processes_of_session(os.getsid(pid)):
                os.kill(member, signal.SIGKILL)
        super().clean()

    def check_end(self):
        if self.session is None:
            assert self.process is None or self.process.poll() is not None, "never calm"
        elif processes_of_session(self.session):
            self.check_whole()


@contextlib.contextmanager
def watching():
    instance = Watched()
    try:
        yield instance
        instance.check_end()
        instance.stop()
    finally:
        instance.clean()


@pytest.fixture
def watched():
    """A server that is not started yet, whose end and whose wholeness are checked."""
    with watching() as instance:
        yield instance
