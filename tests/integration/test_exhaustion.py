"""More clients than places, and clients that fill memory: what gives way, and the bounds."""

import pathlib
import re
import select
import socket

import pytest

from harness import FLAVOUR, SLOW, wait_until
from probe import Probe
from tree import plant
from wire import Wire


def config(workers, connections, rest="", location="return 200 $pid;"):
    return f"""
        worker_processes {workers}; events {{ worker_connections {connections}; }}
        http {{ {rest}
            server {{ listen 127.0.0.1:%PORT% backlog=511; root %DIR%/www;
                      location /pid {{ {location} }} }} }}"""


def connect(server, number=0):
    """From one of several addresses: each has a limited number of ports."""
    return Wire(("127.0.0.1", server.port()), timeout=10 * SLOW,
                source=(f"127.0.0.{2 + number % 50}", 0))


# --- connections ---------------------------------------------------------------------------


def test_thousands_of_idle_ones_disturb_nobody(server):
    count = 2000 // SLOW ** 2
    plant(server.dir, {"www/small": "small"})
    server.start(config(2, 4000))
    idle = [connect(server, number) for number in range(count)]
    for wire in idle:
        wire.send(b"GET /pid HTTP/1.1\r\nHost: a\r\n\r\n")
    for wire in idle:
        assert wire.response().status == 200
    with Probe(server, "/small") as probe:
        wait_until(lambda: len(probe.delays) >= 25, "probes")
    probe.check()
    assert all(wire.is_open() for wire in idle)
    for wire in idle:
        wire.close()


# --- memory --------------------------------------------------------------------------------


def private_bytes(pid):
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return 1024 * sum(map(int, re.findall(r"^Private_\w+:\s+(\d+)", rollup, re.M)))


class Memory:
    """What each of `count` connections costs the only worker, in bytes of its own."""

    def __init__(self, server, count):
        self.worker, = server.workers()
        self.count = count
        server.get("/pid")
        self.base = private_bytes(self.worker)

    def each(self):
        return (private_bytes(self.worker) - self.base) / self.count

    def settled(self):
        """Once it stays the same for a while."""
        seen = [0]

        def same():
            select.select([], [], [], 0.05)
            seen.append(private_bytes(self.worker))
            return len(seen) > 6 and len(set(seen[-6:])) == 1

        wait_until(same, "the memory to settle")
        return self.each()


release_only = pytest.mark.skipif(FLAVOUR != "release",
                                  reason="memory is that of the sanitizer or of torture")

BUFFER = 8192  # large_client_header_buffers 4 8k, the default
LONGEST_HEAD = 5 * BUFFER
OWN = 2048  # of a connection beside its bytes


@release_only
@pytest.mark.parametrize("pieces", [1, 7])
def test_half_sent_heads_cost_what_the_manual_says(server, pieces):
    """A full request line, and fields to the limit, and no end."""
    count = 1000
    server.start(config(1, 2000))
    line = b"X: " + b"x" * (BUFFER - 10) + b"\r\n"
    head = b"GET /" + b"x" * (BUFFER - 20) + b" HTTP/1.1\r\n" + line * 4
    step = len(head) // pieces + 1
    memory = Memory(server, count)
    for _ in range(2):  # the memory is given back more than once
        wires = [connect(server, number) for number in range(count)]
        for at in range(0, len(head), step):
            for wire in wires:
                wire.send(head[at:at + step])
        wait_until(lambda: memory.each() > len(head) * 0.95, "the heads to be read")
        assert memory.settled() <= LONGEST_HEAD * 1.125 + OWN
        *others, newest = wires
        for wire in reversed(others):
            wire.close()
        wait_until(lambda: memory.each() < LONGEST_HEAD / 8, "the memory to be given back")
        newest.close()


@release_only
def test_bodies_are_not_kept(server):
    count = 200
    server.start(config(1, 1000, "client_max_body_size 1m;"))
    memory = Memory(server, count)
    wires = [connect(server, number) for number in range(count)]
    for wire in wires:
        wire.send(b"POST /pid HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        wire.send(b"x" * 500_000)
    assert memory.settled() <= 32768  # of 500,000 bytes; a busy machine has them come in more pieces
    for wire in wires:
        wire.close()


# 32 requests, three times 64k: what arrived, its heads, its answers; and an answer more
QUEUE_MOST = 32 * 6144 + 3 * 65536


def pour(wires, data):
    """Sends the data, repeated, on each connection until none takes any more."""
    stuck = 0
    while stuck < 10:
        moved = 0
        for wire in wires:
            try:
                moved += wire.socket.send(data)
            except BlockingIOError:
                pass
        stuck = 0 if moved else stuck + 1
        select.select([], [], [], 0 if moved else 0.02)


@release_only
@pytest.mark.parametrize("target", ["/small", "/pid", "/folder/"])
def test_answers_that_nobody_reads_are_bounded(server, target):
    """Requests without end, of which no answer is read: in the end none is read either."""
    count = 20
    names = {f"www/folder/a-name-{number:03}": "" for number in range(20)}
    plant(server.dir, {"www/small": "s" * 3000, **names})
    server.start(config(1, 1000, "autoindex on; keepalive_requests 1000000;",
                        f"return 200 {'p' * 3000};"))
    memory = Memory(server, count)
    wires = [connect(server, number) for number in range(count)]
    for wire in wires:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.socket.setblocking(False)
    pour(wires, f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * 500)
    assert memory.settled() <= QUEUE_MOST
    assert server.get("/small").status == 200
    for wire in wires:
        wire.close()
