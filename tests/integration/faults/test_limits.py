"""No process or no descriptor to be had."""

import os
import re
import resource
import signal
import subprocess
import time

import pytest

from conftest import SIMPLE
from faults.records import KILLED, death, used
from harness import SLOW, is_root, wait_until

UID = 20000 + os.getpid() % 40000  # nobody else's: the limit counts the processes of a user
MOST = 12  # processes, of which the server is four
TREE = 4


def become(limit):
    resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
    os.setgid(UID)
    os.setuid(UID)


class Others:
    """Processes that leave no more than `room` for the server's."""

    def __init__(self):
        self.processes = []

    def leave(self, room):
        while len(self.processes) < MOST - TREE - room:
            self.processes.append(subprocess.Popen(["sleep", "60"],
                                                   preexec_fn=lambda: become(100)))

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes = []


@pytest.mark.skipif(not is_root(), reason="needs root to become somebody else")
def test_fork_that_fails(watched):
    """No reload, not half of one either, and no replacement while the system has no process to
    give; few lines about it; and a full pool soon after it has."""
    watched.expect_log = [r"fork\(\)", KILLED, "rejected"]
    os.chown(watched.dir, UID, UID)
    watched.publish_program()
    watched.start(SIMPLE, preexec_fn=lambda: become(MOST))
    watched.calm()
    workers = watched.workers()
    others = Others()
    try:
        others.leave(1)
        lines = watched.reload()
        assert re.search(r"worker process \d+ started \(slot 4(.|\n)*"
                         r"fork\(\) for a child failed \(11(.|\n)*rejected", lines)
        watched.check_whole()
        others.leave(0)
        assert re.search(r"fork\(\) for a check failed \(11.*\n.*rejected", watched.reload())
        assert watched.workers() == workers
        others.leave(-len(workers))  # none even when these are gone
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
            death(watched, pid)
        begin = time.monotonic()
        wait_until(lambda: time.monotonic() - begin > 1.2, "some tries")
        assert watched.errors().count("fork() for a child failed") == 1  # in ten seconds
        assert not watched.workers()
    finally:
        others.end()
    begin = time.monotonic()
    watched.replaced(workers)
    assert time.monotonic() - begin < 2 * SLOW
    assert watched.get("/").status == 200


ONE = """
worker_processes 1;
http { server { listen 127.0.0.1:%PORT%; return 200 served; } }
"""


def limit_descriptors(most):
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def test_few_descriptors_cap_the_connections(watched):
    """Those that find no room wait; nothing spins, and all goes on when there is room."""
    watched.start(ONE, preexec_fn=lambda: limit_descriptors(60))
    watched.calm()
    watched.wait_error(r"\[warn\].*worker_connections")
    check_crowd(watched, "worker_connections are in use")


def test_descriptors_run_out(watched):
    """When they do though they were counted: somebody took them away."""
    watched.expect_log = [r"accept\(\) failed"]
    same_user = "user root;" if is_root() else ""  # or the limit is not ours to change
    watched.start(same_user + ONE)
    watched.calm()
    worker, = watched.workers()
    limits = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (40, limits[1]))
    check_crowd(watched, r"accept\(\) failed.*24: ")
    resource.prlimit(worker, resource.RLIMIT_NOFILE, limits)


def check_crowd(server, complaint):
    """120 clients begin a request: none of them is closed, little is said and done, and a place
    is used when there is one again."""
    worker, = server.workers()
    wires = [server.wire() for _ in range(120)]
    for wire in wires:
        wire.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n")
    server.wait_error(complaint)
    cost, begin = used(worker), time.monotonic()
    wait_until(lambda: time.monotonic() - begin > 1, "a second")
    assert used(worker) - cost < 0.1 * SLOW
    assert len(re.findall(complaint, server.errors())) == 1
    begin = time.monotonic()
    for wire in wires:
        wire.send("\r\n")
    for wire in wires:
        assert wire.response().body == b"served"
        wire.close()
    assert time.monotonic() - begin < 1.5 * SLOW
