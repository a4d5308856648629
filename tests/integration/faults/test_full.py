"""More clients than the workers have places."""

import select
import socket
import time

import pytest

from harness import SLOW, wait_until
from probe import Probe

PLACES = 8
HALF = b"GET /pid HTTP/1.1\r\nHost: a\r\n"


def config(workers, connections, rest="", backlog=511):
    return f"""
        worker_processes {workers}; events {{ worker_connections {connections}; }}
        http {{ {rest} server {{ listen 127.0.0.1:%PORT% backlog={backlog};
                                 location / {{ return 200 $pid; }} }} }}"""


def ask(wire):
    """The worker that has this connection."""
    return int(wire.request("/pid").body)


def half(server):
    """A connection in the middle of a request."""
    wire = server.wire()
    wire.send(HALF)
    return wire


def finish(wires):
    """The answers to the requests that were sent in part; each connection is closed."""
    for wire in wires:
        wire.send("Connection: close\r\n\r\n")
    for wire in wires:
        assert wire.response().status == 200
        wire.close()


def close(wires):
    for wire in wires:
        wire.close()


def test_a_full_worker_leaves_clients_to_the_other(watched):
    """It takes none without a place, and does not keep the other one from them."""
    watched.start(config(2, PLACES))
    watched.calm()
    taken, full = [], None
    while len(taken) < PLACES:
        wire = watched.wire()
        pid = ask(wire)
        full = full or pid
        if pid == full:
            wire.send(HALF)
            taken.append(wire)
        else:
            wire.close()
    with Probe(watched, "/pid") as probe:
        wait_until(lambda: len(probe.delays) >= 20, "probes")
    probe.check()
    rest = [half(watched) for _ in range(PLACES)]
    finish(taken + rest)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_oldest_idle_one_gives_its_place_to_a_new_one(watched, workers):
    watched.start(config(workers, PLACES // workers))
    watched.calm()
    idle = []  # (worker, connection), oldest first
    for _ in range(PLACES):
        wire = watched.wire()
        idle.append((ask(wire), wire))
    for _ in range(3):
        new = watched.wire()
        worker = ask(new)
        victim = next(entry for entry in idle if entry[0] == worker)
        assert victim[1].closed()
        victim[1].close()
        idle.remove(victim)
        assert all(wire.is_open() for _, wire in idle)
        idle.append((worker, new))
    assert all(ask(wire) == worker for worker, wire in idle)
    close(wire for _, wire in idle)


def test_without_idle_ones_new_clients_wait_for_the_deadlines(watched):
    """A client that asks is served as soon as one that only begins to is cut."""
    watched.start(config(1, PLACES, "client_header_timeout 1s; lingering_timeout 200ms;"))
    watched.calm()
    begin = time.monotonic()
    halves = [half(watched) for _ in range(PLACES)]
    for _ in range(3):
        assert watched.get("/pid", fields={"Connection": "close"}).status == 200
    assert 0.9 < time.monotonic() - begin < 1 + 1.5 * SLOW
    for wire in halves:
        assert wire.response().status == 408
        wire.close()
    watched.wait_error("worker_connections are in use: clients have to wait")


def is_connected(wire):
    return bool(select.select([], [wire], [], 0)[1])


def sockets(server):
    """How many the only worker has."""
    return server.look()["worker process"][0]["socket"]


def dial(server, count):
    """Connections that are begun and may be established some time."""
    wires = [socket.socket() for _ in range(count)]
    for wire in wires:
        wire.setblocking(False)
        wire.connect_ex(("127.0.0.1", server.port()))
    return wires


def read_beginning(wire):
    """The first bytes of an answer, which come one by one in the torture flavour."""
    got = b""
    while len(got) < 13 and select.select([wire], [], [], 10 * SLOW)[0]:
        more = wire.recv(4096)
        if not more:
            break
        got += more
    return got


def test_all_full_the_kernel_keeps_the_queue(watched):
    """As many as the backlog says, and one; the others try again, none is turned away."""
    watched.start(config(1, PLACES, backlog=4))
    watched.calm()
    sockets_before = sockets(watched)
    halves = [half(watched) for _ in range(PLACES)]
    wait_until(lambda: sockets(watched) == sockets_before + PLACES, "no place to be left")
    queue = dial(watched, 8)
    connected = [wire for wire in queue if is_connected(wire)]
    assert len(connected) == 5
    for wire in connected:
        wire.send(HALF + b"Connection: close\r\n\r\n")
    assert not select.select(queue, [], [], 0)[0]  # neither served nor reset
    finish(halves)
    for wire in connected:
        assert read_beginning(wire).startswith(b"HTTP/1.1 200 ")
    for wire in queue:
        if wire not in connected:
            assert select.select([], [wire], [], 5)[1]
            wire.send(HALF + b"Connection: close\r\n\r\n")
            assert read_beginning(wire).startswith(b"HTTP/1.1 200 ")
    close(queue)
