"""Files that change and clients that fail while they are served."""

import contextlib
import os
import re
import select
import signal
import socket
import struct
import time

import pytest

from harness import FLAVOUR, SLOW, is_root
from probe import Probe
from tree import plant

CONFIG = """
http {
    client_header_timeout 1s; client_body_timeout 1s; send_timeout 1s; keepalive_timeout 1s;
    lingering_timeout 1s; lingering_time 2s;
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        location /post { return 200 ok; }
    }
}
"""
SIZE = 8 << 20  # more than the sockets hold
pytestmark = pytest.mark.skipif(FLAVOUR == "torture", reason="too much for single bytes")


@pytest.fixture
def files(watched):
    plant(watched.dir, {"www/small": "small", "www/big": b"x" * SIZE, "www/other": b"other"})
    watched.start(CONFIG).calm()
    return watched


def half_read(server):
    """A connection on which the big file is being sent."""
    wire = server.wire()
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
    head = wire.read_until(b"\r\n\r\n")
    assert f"Content-Length: {SIZE}\r\n".encode() in head
    wire.read_exactly(10)
    return wire


def rest(wire):
    """What else comes of the big file, a length and its letters."""
    pieces = [wire.pending]
    length = len(wire.pending)
    while length < SIZE - 10:
        pieces.append(wire.socket.recv(1 << 20))
        length += len(pieces[-1])
        if not pieces[-1]:
            break
    wire.close()
    return length, set().union(*map(set, pieces))


# --- files that change --------------------------------------------------------------------

def test_a_file_is_truncated_while_it_is_sent(files):
    """Nothing is made up for what is missing: the connection ends, and the log says so once."""
    workers = files.workers()
    wire = half_read(files)
    os.truncate(files.dir / "www/big", 1000)
    assert rest(wire)[0] < SIZE - 10
    files.wait_error("shorter while it was sent")
    assert files.get("/small").status == 200
    assert files.errors().count("shorter while it was sent") == 1
    assert files.workers() == workers


def remove(path):
    path.unlink()


def replace(path):
    os.rename(path.with_name("other"), path)


def overwrite(path):
    with open(path, "r+b") as file:
        file.write(b"y" * SIZE)


def test_a_file_changes_while_it_is_sent(files):
    """The old file to its end; one written over has its length."""
    path = files.dir / "www/big"
    for change, letters in ((overwrite, b"xy"), (replace, b"y"), (remove, b"o")):
        if change == remove:
            path.write_bytes(b"o" * SIZE)
        wire = half_read(files)
        change(path)
        length, seen = rest(wire)
        assert length == SIZE - 10 and seen <= set(letters), change


# --- clients that fail --------------------------------------------------------------------

def reset(wire):
    """Closes with a RST."""
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()


def test_clients_reset_while_a_file_is_sent(files):
    """And a signal that is sent by hand: no worker dies of it."""
    workers = files.workers()
    wires = [half_read(files) for _ in range(20)]
    for wire in wires[:10]:
        reset(wire)
    for pid in [files.process.pid, files.logger(), *workers]:
        os.kill(pid, signal.SIGPIPE)
    for wire in wires[10:]:
        reset(wire)
    files.check_whole()
    assert files.workers() == workers
    assert not re.search(r"\[(error|alert)\]", files.errors())


def drip(wires, piece, pace, over):
    """A piece on each connection at each pace; a closed one takes none."""
    stop = time.monotonic() + 5 * SLOW
    while not over():
        assert time.monotonic() < stop, "not all are cut"
        select.select([], [], [], pace)
        for wire in wires:
            with contextlib.suppress(OSError):
                wire.send(piece)


def test_hundreds_of_slow_clients(files):
    """In a head or a body, a byte now and then moves no deadline, and nobody waits for them."""
    begun = [b"GET /small HTTP/1.1\r\nHost: a\r\nX: ",
             b"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n"]
    wires = [files.wire() for _ in range(500 // SLOW)]
    poller = select.poll()
    with Probe(files, "/small") as probe:
        for number, wire in enumerate(wires):
            wire.send(begun[number % 2])
            poller.register(wire.socket, select.POLLRDHUP)
        begin = time.monotonic()
        drip(wires, b"x", 0.2, lambda: len(poller.poll(0)) == len(wires))
        assert time.monotonic() - begin < 1.5 + 2 * SLOW
    probe.check()
    for wire in wires:
        wire.close()


TCP_REPAIR = 19  # tcp(7): a socket that is closed says nothing to its peer


def test_clients_that_stop_in_every_state(files):
    """In a head, in a body, idle, and while an answer is sent: each place is free again, though
    no word comes of its end. Root's clients vanish, others do not read what they let lie."""
    wires = [files.wire() for _ in range(15)]
    for wire in wires[:5]:
        wire.send(b"GET /small HTTP/1.1\r\n")
    for wire in wires[5:10]:
        wire.send(b"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
    for wire in wires[10:]:
        assert wire.request("/small").status == 200
    wires += [half_read(files) for _ in range(5)]
    for wire in wires[::2] if is_root() else []:
        wire.socket.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        wire.close()
    begin = time.monotonic()
    files.check_whole()
    assert 0.5 < time.monotonic() - begin < 1 + 2 * SLOW
    for wire in wires:
        wire.close()


# --- heads without measure ----------------------------------------------------------------

HEADS = {
    "a line of 8k and a byte": ("X: " + "x" * (8192 - 2), 431),
    "a megabyte": ("X: " + "x" * (1 << 20), 431),
    "10000 fields": ("\r\n".join(["X: y"] * 10000), 431),
    "no field": ("x" * (1 << 20), 431),
}


def test_heads_without_measure(files):
    """The client gets its answer whole, though much of its request is not read."""
    for name, (fields, status) in HEADS.items():
        with files.wire() as wire:
            wire.send(f"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n")
            answer = wire.response()
            assert (answer.status, answer.get("Connection")) == (status, "close"), name
            wire.shut_write()
            assert wire.closed(), name
