"""A request that kills workers again and again is refused for a time."""

import os
import re
import signal

import pytest

from clock import Clock
from harness import wait_until

CONFIG = """
worker_processes 3; %s
http {
    server {
        listen 127.0.0.1:%%PORT%%;
        server_name one;
        location / { return 200 ok; }
    }
    server {
        listen 127.0.0.1:%%PORT%%;
        server_name two;
        location / { return 200 ok; }
    }
}
"""
POISON = "/hook/abort?any=1"
HELD = r'quarantine: requests like "GET /hook/%s\S* HTTP/1.1" of host "one"'


def start(server, lines=""):
    server.use_hooks()
    server.expect_log = ["exited on signal", "exited with code 7", "quarantine: requests like",
                         "hangs"]
    return server.start(CONFIG % lines)


def ask(server, target, method="GET", host="one"):
    """The status, or None when the worker died of it."""
    with server.wire() as wire:
        try:
            return wire.request(target, method, host).status
        except (EOFError, ConnectionResetError):
            return None


def kill(server, times, target=POISON):
    for _ in range(times):
        assert ask(server, target) is None
        wait_until(lambda: len(server.workers()) == 3, "the pool")


@pytest.mark.parametrize("way", ["abort", "segv", "exit"])
def test_three_deaths_and_it_is_refused(server, way):
    start(server)
    target = f"/hook/{way}?any=1"
    kill(server, 2, target)
    assert not re.search("quarantine", server.errors())
    kill(server, 1, target)
    server.wait_error(HELD % way + r".* killed 3 workers within 60 s and are answered with 503"
                      " for 60 s")
    told = server.status()
    assert told["quarantined"] == 1 and f"/hook/{way}" in told["quarantined_request"]
    workers = server.workers()
    for _ in range(10):  # whatever worker takes it
        assert ask(server, f"/hook/{way}?another") == 503
    assert ask(server, "/") == 200
    assert server.workers() == workers
    assert len(re.findall("quarantine: ", server.errors())) == 1


def test_it_is_another_request(server):
    """By path, method and server."""
    start(server, "request_quarantine deaths=1;")
    kill(server, 1)
    server.wait_error(HELD % "abort")
    assert ask(server, POISON) == 503
    for target, method, host in [("/hook/", "GET", "one"), ("/hook/ab", "GET", "one")]:
        assert ask(server, target, method, host) == 200
    for method, host in [("HEAD", "one"), ("GET", "two")]:
        assert ask(server, POISON, method, host) is None
    wait_until(lambda: len(re.findall("quarantine: ", server.errors())) == 3, "three of them")


def test_it_ends_after_its_time(server):
    clock = Clock(server)
    start(server, "request_quarantine deaths=1;")
    kill(server, 1)
    server.wait_error(HELD % "abort" + ".* for 60 s")
    assert ask(server, POISON) == 503
    clock.move(monotonic=61)
    server.wait_error('"GET /hook/abort.* are answered again')
    assert ask(server, POISON) is None


def test_a_reload_ends_it(server):
    start(server, "request_quarantine deaths=1;")
    kill(server, 1)
    server.wait_error(HELD % "abort")
    assert ask(server, POISON) == 503
    server.reload()
    wait_until(lambda: ask(server, POISON) is None, "the end of the quarantine")


def test_off(server):
    start(server, "request_quarantine off;")
    kill(server, 4)
    assert "quarantine" not in server.errors()


def test_one_that_hangs(server):
    start(server, "worker_hang_timeout 3s; request_quarantine deaths=1;")
    with server.wire() as wire:
        wire.send("GET /hook/loop HTTP/1.1\r\nHost: one\r\n\r\n")
        server.wait_error(HELD % "loop")
    assert ask(server, "/hook/loop") == 503


def test_who_is_killed_from_outside_blames_nobody(server):
    """And who crashes between two requests neither."""
    start(server, "request_quarantine deaths=1;")
    with server.wire() as wire:
        assert wire.request("/", host="one").status == 200
        for pid in server.workers():
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(server.workers()) == 3, "the pool")
        for pid in server.workers():
            os.kill(pid, signal.SIGSEGV)
    wait_until(lambda: len(server.workers()) == 3, "the pool")
    assert "quarantine" not in server.errors()
