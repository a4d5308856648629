"""Clients that are slow in every way are cut at their deadlines, and nobody else notices."""

import concurrent.futures
import select
import socket
import time

import pytest

from harness import FLAVOUR, SLOW, wait_until
from probe import Probe
from tree import plant
from wire import Wire

PATIENCE = 15 * SLOW
LATE = 0.5 * SLOW  # how much after its deadline a client may be cut
PACE = 0.05

CONFIG = """
worker_processes 1;
http {
    client_header_timeout 1s; client_body_timeout 1s; send_timeout 1s; keepalive_timeout 1s;
    lingering_timeout 1s; lingering_time 2s; client_max_body_size 10k;
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        location /post { return 200 ok; }
        location /big { reset_timedout_connection on; }
    }
}
"""
POST = b"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n"


def get(target):
    return f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def is_cut(wire):
    """Seen at once, whatever was not read before the reset."""
    poller = select.poll()
    poller.register(wire.socket, 0)
    return bool(poller.poll(0))


def endure(wire, piece=b"", reads=True):
    """Sends `piece` at each pace, and reads, until the server closes; returns what came."""
    got = b""
    stop = time.monotonic() + PATIENCE
    while time.monotonic() < stop:
        try:
            if select.select([wire.socket] if reads else [], [], [], PACE)[0]:
                data = wire.socket.recv(65536)
                if not data:
                    return got
                got += data
            elif piece:
                wire.send(piece)
        except (BrokenPipeError, ConnectionResetError):
            return got
    raise AssertionError(f"never cut, got {got[:100]!r}")


def says_nothing(wire):
    return endure(wire)


def drips_a_head(wire):
    wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
    return endure(wire, b"x")


def stops_in_a_body(wire):
    wire.send(POST + b"some")
    return endure(wire)


def drips_a_body(wire):
    """100 bytes a second at most, and 500 are wanted: it earns a fifth of its time."""
    wire.send(POST)
    return endure(wire, b"x" * 5)


def stops_reading(wire):
    wire.send(get("/big"))
    wait_until(lambda: is_cut(wire), "the cut", PATIENCE)
    return b""


def reads_byte_after_byte(wire):
    """A byte is no progress that the server sees: much of its buffer has to drain first."""
    wire.send(get("/big"))
    got = wire.socket.recv(1)
    stop = time.monotonic() + PATIENCE
    while not is_cut(wire):
        assert time.monotonic() < stop, "never cut"
        got += wire.socket.recv(1)
        select.select([], [], [], PACE)
    return got


def stays_idle(wire):
    wire.send(get("/small"))
    return endure(wire)


def never_ends_lingering(wire):
    """The rest of a body that was refused goes on and on."""
    wire.send(POST.replace(b"9000", b"90000"))
    wire.read_until(b"\r\n\r\n")
    endure(wire, b"x", reads=False)
    return b""


def shuts_its_side(wire):
    wire.send(get("/small"))
    wire.shut_write()
    return endure(wire)


def shuts_its_side_in_a_head(wire):
    wire.send(get("/small")[:-2])
    wire.shut_write()
    return endure(wire)


# client: seconds until it is cut, how its answer begins
CLIENTS = {
    says_nothing: (1, b""),
    drips_a_head: (1, b"HTTP/1.1 408 "),
    stops_in_a_body: (1, b"HTTP/1.1 408 "),
    drips_a_body: (1.1, b"HTTP/1.1 408 "),
    stops_reading: (1, b""),
    reads_byte_after_byte: (1, b"HTTP/1.1 "),
    stays_idle: (1, b"HTTP/1.1 200 "),
    never_ends_lingering: (2, b""),
    shuts_its_side: (0, b"HTTP/1.1 200 "),
    shuts_its_side_in_a_head: (0, b""),
}
if FLAVOUR == "torture":  # what is sent a byte at a time drains a byte at a time
    del CLIENTS[reads_byte_after_byte]


def suffer(server, client):
    """Seconds until the client is cut, and what it had received."""
    with Wire(("127.0.0.1", server.port()), timeout=PATIENCE) as wire:
        if "read" in client.__name__:
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        begin = time.monotonic()
        got = client(wire)
        return time.monotonic() - begin, got


@pytest.fixture
def slow_server(server):
    plant(server.dir, {"www/small": "small", "www/big": b"b" * 20_000_000})
    return server.start(CONFIG)


def test_each_is_cut_at_its_deadline_and_nobody_else_notices(slow_server):
    with Probe(slow_server, "/small") as probe:
        with concurrent.futures.ThreadPoolExecutor(3 * len(CLIENTS)) as pool:
            futures = [(client, pool.submit(suffer, slow_server, client))
                       for client in CLIENTS for _ in range(3)]
        results = [(client, *future.result()) for client, future in futures]
    probe.check()
    for client, seconds, got in results:
        deadline, beginning = CLIENTS[client]
        assert got.startswith(beginning) and bool(got) == bool(beginning), client
        assert deadline - 0.05 <= seconds <= deadline + LATE, (client, seconds)
    wait_until(lambda: "reading a request head" in slow_server.errors(), "the log to say why")
