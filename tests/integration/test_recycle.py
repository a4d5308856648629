"""Workers are replaced after so many requests, or with so much memory, and nobody notices."""

import pathlib
import re
import select
import signal

import pytest

from fleet import Fleet
from harness import wait_until

CONFIG = """
worker_processes %d; %s
http {
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { return 200 ok; }
    }
}
"""
DONE = r"has answered (\d+) requests, which was to be (\d+)"


def start(server, lines, workers=2):
    server.start(CONFIG % (workers, lines))
    return server.workers()


def recycled(server):
    """The pids of those that were replaced."""
    return re.findall(r"takes over from (\d+)", server.errors())


def test_after_so_many_requests(server):
    before = start(server, "worker_max_requests 200;")
    with Fleet(("127.0.0.1", server.port()), clients=8) as fleet:
        wait_until(lambda: not set(before) & set(server.workers()), "both to be replaced")
        wait_until(lambda: len(recycled(server)) >= 3, "a third one, which was a successor")
    fleet.check()
    assert fleet.closes > 0  # an old one asked its clients to go
    wait_until(lambda: len(server.workers()) == 2, "the pool")
    shares = [int(share) for _, share in re.findall(DONE, server.errors())]
    assert all(200 <= share <= 240 for share in shares)
    assert len(set(shares)) > 1


def test_one_at_a_time_and_the_successor_first(server):
    start(server, "worker_max_requests 50;")
    with Fleet(("127.0.0.1", server.port()), clients=4) as fleet:
        wait_until(lambda: len(recycled(server)) >= 3, "three successors")
    fleet.check()
    order = re.findall("a successor starts|takes over from", server.errors())
    assert order[:6] == ["a successor starts", "takes over from"] * 3


def test_each_has_its_turn(server):
    """Also where a successor is worn again before the others were looked at."""
    before = start(server, "worker_max_requests 1;", workers=3)
    with Fleet(("127.0.0.1", server.port()), clients=4, keep=False) as fleet:
        wait_until(lambda: len(recycled(server)) >= 3, "three successors")
    fleet.check()
    assert set(map(int, recycled(server)[:3])) == set(before)


def test_those_that_drain_without_end_are_few(server):
    """As many as serve: a client that reads slowly makes no crowd of them."""
    (server.dir / "big").write_bytes(bytes(8 << 20))
    server.start("""worker_processes 1; worker_max_requests 1; worker_shutdown_timeout 0;
        http { server { listen 127.0.0.1:%PORT%; root %DIR%; limit_rate 100k; } }""")

    def wear_out(wire):
        wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.read_until(b"\r\n\r\n")
        for _ in range(3):
            server.get("/")

    with server.wire() as first:
        wear_out(first)
        wait_until(lambda: len(recycled(server)) == 1, "a successor")
        with server.wire() as second:
            wear_out(second)
            select.select([], [], [], 1.5)  # looked at once a second
            assert len(recycled(server)) == 1
            first.close()
            wait_until(lambda: len(recycled(server)) == 2, "the next one")
    wait_until(lambda: len(server.pids("worker process")) == 1, "the pool")


def test_without_limits_nobody_is_replaced(server):
    before = start(server, "")
    with Fleet(("127.0.0.1", server.port()), clients=4) as fleet:
        wait_until(lambda: fleet.done > 500, "some requests")
    assert server.workers() == before and not recycled(server)


def resident_mib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) // 1024


def test_one_that_holds_too_much_memory(server):
    server.use_hooks()
    usual = max(map(resident_mib, start(server, "")))
    server.reload(CONFIG % (2, f"worker_max_rss {usual + 32}m;"))
    before = wait_until(lambda: len(server.workers()) == 2 and server.workers(), "the pool")
    server.get("/hook/memory")
    wait_until(lambda: recycled(server), "a successor")
    assert re.search(r"holds \d+ KiB of memory, worker_max_rss is", server.errors())
    wait_until(lambda: len(server.workers()) == 2, "the pool")
    assert len(set(before) & set(server.workers())) == 1


def test_a_successor_that_cannot_start_changes_nothing(server):
    hook = server.use_hooks()
    server.expect_log = ["cannot start: the test wants it so", "exited with code 78"]
    before = start(server, "worker_max_requests 10;")
    hook.write_text("* unfit\n")
    for _ in range(40):
        assert server.get("/").status == 200
    server.wait_error("could not start: worker process [0-9]+ stays for now")
    assert server.workers() == before
    assert server.get("/").status == 200


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGWINCH])
def test_while_a_successor_starts(server, number):
    """It goes the way of its generation."""
    hook = server.use_hooks()
    hook.write_text("")
    server.expect_log = ["SIGKILL"]
    start(server, "worker_max_requests 10;")
    hook.write_text("4 loop\n")  # the first slot that is free never becomes ready
    for _ in range(40):
        server.get("/")
    server.wait_error("a successor starts")
    hook.write_text("")
    server.send_signal(number)
    if number == signal.SIGTERM:
        server.process.wait(20)
    elif number == signal.SIGHUP:
        server.wait_error("reloaded")
        wait_until(lambda: len(server.workers()) == 2, "the new generation alone")
        assert server.get("/").status == 200
    else:
        wait_until(lambda: not server.workers(), "the workers to leave")
