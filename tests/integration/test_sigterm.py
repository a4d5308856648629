"""SIGTERM as the configuration wants it: `sigterm fast` or `sigterm graceful`."""

import signal

import pytest

from harness import FLAVOUR, open_files, stopped, wait_until

SIZE = 8 << 20
CONFIG = "%s http { server { listen 127.0.0.1:%%PORT%%; root %%DIR%%; } }"
GET = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n"


def begin_download(wire):
    wire.send(GET)
    assert b" 200 " in wire.read_until(b"\r\n\r\n")


def start(server, lines):
    (server.dir / "big").write_bytes(b"x" * SIZE)
    server.start(CONFIG % lines, ready="master_process" not in lines)
    wait_until(lambda: not server.is_refused(), "the server to listen")


@pytest.mark.parametrize("lines", ["", "master_process off;"])
def test_graceful(server, lines):
    start(server, "sigterm graceful;" + lines)
    with server.wire() as wire:
        begin_download(wire)
        server.send_signal(signal.SIGTERM)
        wait_until(server.is_refused, "the end of listening")
        assert len(wire.read_exactly(SIZE)) == SIZE
    assert server.process.wait(10) == 0


@pytest.mark.parametrize("lines", ["sigterm graceful;", "sigterm graceful; master_process off;"])
def test_a_second_one_stops_at_once(server, lines):
    start(server, lines)
    with server.wire() as wire:
        begin_download(wire)
        server.send_signal(signal.SIGTERM)
        wait_until(server.is_refused, "the end of listening")

        def ends_after_another():
            server.send_signal(signal.SIGTERM)
            return server.process.poll() is not None

        wait_until(ends_after_another, "the end", 5)


def test_fast_by_default(server):
    start(server, "")
    with server.wire() as wire:
        begin_download(wire)
        server.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == 0


@pytest.mark.skipif(FLAVOUR == "torture", reason="reads a byte a turn")
def test_fast_answers_what_had_come(server):
    """A connection, too, that is accepted in the turn in which the signal comes."""
    about = server.run("-V")
    if "epoll" not in about.stdout + about.stderr:
        pytest.skip("poll(2) does not tell which came first")
    start(server, "master_process off;")
    pid = server.process.pid
    assert server.get("/none").status == 404
    before = set(open_files(pid))
    with server.wire():  # which sends nothing: the next one is left to the event loop
        wait_until(lambda: set(open_files(pid)) - before, "the silent one to be accepted")
        with stopped([pid]):
            wire = server.wire()
            wire.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n")
            server.send_signal(signal.SIGTERM)
        with wire:
            assert wire.response().status == 404
        assert server.process.wait(5) == 0


def test_the_word_stop_is_always_fast(server):
    start(server, "sigterm graceful;")
    with server.wire() as wire:
        begin_download(wire)
        assert server.run("-s", "stop").returncode == 0
        assert server.process.wait(5) == 0
