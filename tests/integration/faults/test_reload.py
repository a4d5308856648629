"""Reloads under load: clients that never try again notice nothing of them."""

import contextlib
import os
import pathlib
import re
import select
import signal
import socket
import time

import pytest

from clock import Clock
from fleet import Fleet, wait_for_more
from harness import FLAVOUR, SLOW, Server, processes_of_session, stopped, wait_until
from tree import plant

CONFIG = """
http {
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        location /post { return 200 ok; }
    }
}
"""
HUGE = 6 << 20  # more than the sockets hold
GET = b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n"

for_load = pytest.mark.skipif(FLAVOUR == "torture", reason="is about load")


@pytest.fixture
def loaded(watched):
    """A server for fleets and for slow downloads."""
    plant(watched.dir, {"www/small": "small", "www/index.html": "index",
                        "www/huge": b"h" * HUGE})
    watched.clock = Clock(watched)
    watched.start(CONFIG).calm()
    return watched


def reload(server, config=None):
    """Without the pause between reloads, which the clock jumps over."""
    server.clock.move(monotonic=1)
    said = server.reload(config)
    assert "reloaded" in said, said


# --- no request fails ---------------------------------------------------------------------

RELOADS = 12 if SLOW == 1 else 5


@for_load
def test_no_request_fails(loaded):
    """Whatever time is between a client's look at its connection and its request, and with
    what method it asks."""
    address = ("127.0.0.1", loaded.port())
    kept = [Fleet(address, clients=8, lag=lag) for lag in (0, 0.001, 0.005, 0.02)]
    kept += [Fleet(address, "/post", clients=8, lag=lag, method="POST", body=b"x" * 100)
             for lag in (0, 0.005, 0.02)]
    fleets = kept + [Fleet(address, clients=8, keep=False)]
    with contextlib.ExitStack() as stack:
        for fleet in fleets:
            stack.enter_context(fleet)
        for _ in range(RELOADS):
            reload(loaded)
            wait_for_more(fleets, 8)
    for fleet in fleets:
        fleet.check()
    for fleet in kept:  # each learns from an answer that it has to connect again
        assert fleet.closes >= RELOADS * fleet.clients / 2


def proportional_set(server):
    """Bytes of memory that all processes of the server have together. Pages of the program and
    its library count once and whole, though other servers may have them as well."""
    total = files = 0
    for pid in processes_of_session(server.process.pid):
        with contextlib.suppress(OSError):
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            total += sum(map(int, re.findall(r"^Pss_(?:Anon|Shmem):\s+(\d+)", rollup, re.M)))
            files = max(files, *map(int, re.findall(r"^RssFile:\s+(\d+)", status, re.M)), 0)
    return 1024 * (total + files)


def storm(server, seconds, every_tenth=lambda: None):
    """HUP, fifty times a second; the most processes and memory that were seen meanwhile."""
    processes = memory = 0
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        every_tenth()
        for _ in range(10):
            server.send_signal(signal.SIGHUP)
            select.select([], [], [], 0.02)
        processes = max(processes, len(processes_of_session(server.process.pid)))
        memory = max(memory, proportional_set(server))
    return processes, memory


def rest_of(wire):
    """How much of the huge file comes."""
    count, piece = len(wire.pending), 1
    while count < HUGE and piece:
        piece = len(wire.socket.recv(1 << 20))
        count += piece
    wire.close()
    return count


@for_load
def test_a_storm_of_reloads(loaded):
    """Few of them are made, and none of the slow clients of every generation pays for it."""
    downloads = []

    def download_slowly():
        wire = loaded.wire()
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        wire.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.read_until(b"\r\n\r\n")
        downloads.append(wire)
    before = proportional_set(loaded)
    with Fleet(("127.0.0.1", loaded.port()), clients=32) as fleet:
        processes, memory = storm(loaded, 3.6, download_slowly)
    fleet.check(least=100)
    assert [rest_of(wire) for wire in downloads] == [HUGE] * len(downloads)
    assert 2 <= loaded.errors().count("reloaded: generation") <= 8
    assert processes <= 2 + 6 * 2 + 1  # four generations drain, one serves, one comes; a check
    assert memory < 3.6 * before or FLAVOUR != "release"


def test_a_stop_amid_a_storm(loaded):
    storm(loaded, 0.2)
    begin = time.monotonic()
    loaded.stop(signal.SIGTERM)
    assert time.monotonic() - begin < 1 * SLOW


# --- what is queued, and what has begun ---------------------------------------------------

@contextlib.contextmanager
def queued(server, count, port="PORT"):
    """So many requests that no worker has accepted yet: inside, all workers stand still."""
    with stopped(server.workers()):
        wires = [server.wire(port) for _ in range(count)]
        for wire in wires:
            wire.send(GET)
        yield
    for wire in wires:
        assert wire.response().body == b"small"
        wire.close()


def test_a_listener_goes_and_its_queue_is_served(loaded):
    both = CONFIG.replace("root", "listen 127.0.0.1:%PORT2%; root")
    reload(loaded, both)
    with queued(loaded, 20, "PORT2"):
        reload(loaded, CONFIG)
    wait_until(lambda: loaded.is_refused("PORT2"), "the listener to be closed")
    assert loaded.get("/small").status == 200


def test_a_stop_serves_the_queue(loaded):
    with queued(loaded, 50):
        loaded.send_signal(signal.SIGQUIT)
    loaded.process.wait(20)


def test_connections_that_a_reload_finds_half_way(loaded):
    """Each gets its answer, which says that it is the last."""
    whole = (b"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")
    sent = {"nothing": 0, "half a head": 30, "a head": len(whole) - 10,
            "half a body": len(whole) - 5}
    wires = {name: loaded.wire() for name in [*sent, "idle"]}
    for name, count in sent.items():
        wires[name].send(whole[:count])
    assert wires["idle"].request("/small").get("Connection") != "close"
    wait_until(lambda: loaded.status()["connections"] == len(wires), "all to be accepted")
    reload(loaded)
    wait_until(lambda: loaded.status()["draining"] == 1, "the drain to begin")
    for name, wire in wires.items():
        wire.send(whole[sent.get(name, 0):])
        answer = wire.response()
        assert (answer.status, answer.get("Connection")) == (200, "close"), name
        assert wire.closed(), name
        wire.close()


@for_load
def test_a_slow_download_is_finished(loaded):
    with loaded.wire() as wire:
        wire.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.read_until(b"\r\n\r\n")
        reload(loaded)
        assert rest_of(wire) == HUGE


@for_load
def test_a_slow_download_is_cut_at_the_shutdown_timeout(loaded):
    """Whoever asked for the reload is told of it."""
    reload(loaded, "worker_shutdown_timeout 1s;" + CONFIG)
    with loaded.wire() as wire:
        wire.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.read_until(b"\r\n\r\n")
        loaded.clock.move(monotonic=1)
        begin = time.monotonic()
        result = loaded.run("-s", "reload")
        assert 0.9 < time.monotonic() - begin < 1 + SLOW
    assert result.returncode == 2 and "1 connections cut" in result.stdout + result.stderr


# --- other listeners ----------------------------------------------------------------------

@for_load
def test_addresses_change_under_load(loaded):
    """One address, every address, two families at once."""
    def listen(*addresses):
        lines = " ".join(f"listen {address};" for address in addresses)
        return CONFIG.replace("listen 127.0.0.1:%PORT%;", lines)
    address = ("127.0.0.1", loaded.port())
    with Fleet(address, clients=8) as kept, Fleet(address, clients=8, keep=False) as new:
        for addresses in (["%PORT%"], ["127.0.0.1:%PORT%"], ["[::]:%PORT% ipv6only=off"],
                          ["127.0.0.1:%PORT%", "%PORT%"], ["127.0.0.1:%PORT%"]):
            reload(loaded, listen(*addresses))
            wait_for_more((kept, new), 8)
    kept.check()
    new.check()


def unix(name):
    return f"http {{ server {{ listen unix:%DIR%/{name}.sock; root %SITE%; }} }}"


def test_unix_sockets(watched):
    """A stale one is replaced, one in use and a file are not; old ones go, without a gap."""
    path = watched.dir / "one.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    watched.clock = Clock(watched)
    watched.start(unix("one")).calm()
    second = Server()
    try:
        second.write_config(unix("one").replace("%DIR%", str(watched.dir)))
        result = second.run()
        assert result.returncode == 1 and str(watched.process.pid) in result.stderr
    finally:
        second.clean()
    with Fleet(str(path), clients=8, keep=False) as fleet:
        reload(watched)
    fleet.check()
    reload(watched, unix("two"))
    wait_until(lambda: not path.exists(), "the old path to go")
    path.write_text("a file of somebody")
    watched.expect_log = ["one.sock"]
    watched.clock.move(monotonic=1)
    assert "reload rejected" in watched.reload(unix("one"))
    assert path.read_text() == "a file of somebody"
    path.unlink()
    reload(watched, unix("one"))
    watched.check_whole()
    watched.stop()
    assert not list(watched.dir.glob("*.sock*"))
