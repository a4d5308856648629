"""What the system and its administrator do to the processes: clocks, memory, signals."""

import contextlib
import os
import pathlib
import random
import re
import signal

import pytest

from clock import Clock
from conftest import SIMPLE
from faults import records
from harness import wait_until

DAY = 86400


def test_the_wall_clock_jumps(watched):
    """A day on and two back: no timer notices, only stamps change.

    A stamp is of the turn that reads the request, so each one here is sent when its worker
    has read all that came before it on that connection: a later turn reads it.
    """
    clock = Clock(watched)
    watched.start(SIMPLE).calm()
    workers = watched.workers()
    with watched.wire() as idle, watched.wire() as half:
        idle.request("/?before")
        half.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /?half HTTP/1.1\r\n")
        assert half.response().status == 200
        for days in (1, -2):
            clock.move(wall=days * DAY)
            assert idle.request(f"/?after{days}").status == 200
        half.send("Host: a\r\n\r\n")
        assert half.response().status == idle.request("/").status == 200
    assert watched.workers() == workers
    dates = {re.search(r"\?(\S+)", line)[1]: re.search(r"\[(\d+)/", line)[1]
             for line in watched.access_lines(6) if "?" in line}
    assert len({dates["before"], dates["after1"], dates["after-2"]}) == 3, dates
    assert dates["half"] == dates["after-2"]
    assert re.search("reloaded", watched.reload())


def test_all_stand_still_for_a_minute(watched):
    """Whoever runs first again takes none of the others for dead."""
    clock = Clock(watched)
    watched.start(SIMPLE).calm()
    workers = watched.workers()
    everybody = [watched.process.pid, watched.logger(), *workers]
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    clock.move(monotonic=60)
    os.kill(watched.process.pid, signal.SIGCONT)
    for _ in range(2):  # it has looked at its workers then
        assert watched.run("-s", "status").returncode == 0
    for pid in everybody[1:]:
        os.kill(pid, signal.SIGCONT)
    assert watched.get("/").status == 200
    assert watched.run("-s", "status").returncode == 0
    assert watched.workers() == workers
    assert "hangs" not in watched.errors()


# --- memory -------------------------------------------------------------------------------

@contextlib.contextmanager
def little_memory(pid, megabytes):
    """The process in a group that has not more; skips where no group can be made."""
    folder, limit = pathlib.Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"
    if not folder.is_dir():
        folder, limit = folder.parent, "memory.max"
    group = folder / f"tinyhttpd-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no memory group: {error}")
    try:
        if not (group / limit).exists():
            pytest.skip("no memory controller")
        (group / limit).write_text(str(megabytes << 20))
        (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        def removed():
            with contextlib.suppress(OSError):
                group.rmdir()
            return not group.exists()
        wait_until(removed, "the group to be empty")


def test_a_worker_out_of_memory(watched):
    """The kernel kills it: the record says that it was not the master, and with what request."""
    watched.expect_log = [records.KILLED]
    watched.use_hooks()
    watched.start("worker_processes 1;" + SIMPLE).calm()
    victim, = watched.workers()
    with little_memory(victim, 32):
        with pytest.raises((EOFError, ConnectionResetError)):
            watched.get("/hook/memory")
        found = records.death(watched, victim)
    assert "out of memory?" in found["cause"] and "GET /hook/memory" in found["request"]
    watched.replaced([victim])
    assert watched.get("/").status == 200


def shared_memory(pid):
    """Begin and end of what a worker shares with the master."""
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        if " rw-s " in line and "/dev/zero" in line:
            return [int(number, 16) for number in line.split()[0].split("-")]
    raise AssertionError("no shared memory")


def scribble(pid, data):
    """Over the beginning of the shared memory, where the records and logs of all are."""
    begin, end = shared_memory(pid)
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(begin)
        assert memory.write(data[:end - begin]) == min(len(data), end - begin)


MANY = 12 << 20  # the records and rings of all slots that are in use


@pytest.mark.parametrize("data", [bytes(MANY), b"\xff" * MANY, random.Random(1).randbytes(MANY)],
                         ids=["zeros", "ones", "noise"])
def test_shared_memory_is_scribbled_on(watched, data):
    """By a worker that went mad. The master believes nothing of it and goes on; only the logs
    may be lost."""
    watched.start(SIMPLE).calm()
    workers = watched.workers()
    try:
        scribble(workers[0], data)
    except PermissionError:
        pytest.skip("may not write to another's memory")
    told = watched.status()
    assert sorted(worker["pid"] for worker in told["workers"]) == workers
    assert told["connections"] <= 2 * 1024
    assert watched.get("/").status == 200
    os.kill(workers[1], signal.SIGKILL)
    watched.replaced([workers[1]])
    scribble(workers[0], data)
    assert watched.run("-s", "status").returncode == 0
    assert watched.run("-s", "reload").returncode == 0
    watched.replaced(workers)
    assert watched.run("-s", "reopen").returncode == 0
    assert watched.get("/").status == 200
    watched.expect_log = [records.KILLED]


# --- signals that an administrator sends to a worker ----------------------------------------

def test_workers_are_signalled_themselves(watched):
    """QUIT and TERM end one, which is replaced; HUP and others do nothing; USR1 opens the logs
    of all again."""
    watched.start("worker_processes 1;" + SIMPLE).calm()
    victim, = watched.workers()
    with watched.wire() as wire:
        wire.request("/")
        os.kill(victim, signal.SIGQUIT)
        wait_until(lambda: not watched.workers(), "the drain to begin")
        assert wire.request("/").get("Connection") == "close"
    watched.wait_error(rf"worker process {victim} .*exited with code 0")
    successor, = watched.replaced([victim])
    os.kill(successor, signal.SIGTERM)
    watched.replaced([successor])
    assert watched.get("/").status == 200
    workers = watched.workers()
    watched.access_path.rename(watched.dir / "moved")
    for number in (signal.SIGHUP, signal.SIGUSR2, signal.SIGWINCH, signal.SIGUSR1):
        os.kill(workers[0], number)
    wait_until(watched.access_path.exists, "the new log")
    wait_until(lambda: watched.get("/?new").status == 200 and
               "?new" in watched.access_path.read_text(), "a line in it")
    assert watched.workers() == workers
    assert not re.search("reloaded|upgrade", watched.errors())
