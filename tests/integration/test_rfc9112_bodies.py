"""RFC 9112 on the wire: bodies that nobody wants, ends of connections, and what counts as
the next request."""

import socket
import struct
import time

import pytest

from harness import FLAVOUR
from tree import serving

CONFIG = """
worker_processes 1;
http {
    log_format short '$status $request';
    access_log %DIR%/access.log short;
    lingering_timeout 2s;
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        location /no/ { return 403; }
        location /paced/ { limit_rate 1m; }
        location /small/ { client_max_body_size 1k; }
        location /reset { reset_timedout_connection on; return 444; }
        location /hasty/ { lingering_close off; client_max_body_size 10; }
        location /echo { return 200 "$http_host|$http_x_trailer|$host|$request_uri"; }
    }
    server {
        listen 127.0.0.1:%PORT2%;
        return 404;
    }
    server {
        listen 127.0.0.1:%PORT3%;
        root %DIR%/www;
        client_body_timeout 1s;
        client_header_timeout 1s;
    }
}
"""
TORTURE = FLAVOUR == "torture"  # reads a byte or 61 at a time
LARGE = 60_000 if TORTURE else 900_000  # under client_max_body_size
HUGE = 1_200_000 if TORTURE else 5_000_000  # over it
PACED = 400_000
FILE = 30_000  # too large to be kept in memory
GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def bodies():
    files = {"www/a": "a" * 10, "www/paced/file": b"b" * PACED, "www/no/file": "x",
             "www/small/file": "s", "www/folder/file": "f" * FILE}
    with serving(CONFIG, files) as server:
        server.get("/a")
        yield server


def head(method, target, *fields, version="1.1"):
    lines = [f"{method} {target} HTTP/{version}", "Host: a", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def with_length(method, target, size, *fields):
    return head(method, target, f"Content-Length: {size}", *fields) + b"x" * size


def with_chunks(method, target, size, *fields):
    piece = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    return (head(method, target, "Transfer-Encoding: chunked", *fields)
            + piece * (size // 0x4000) + b"0\r\nT: x\r\n\r\n")


# What is answered before the body, and whether the connection goes on after it.
UNWANTED = [
    ("PORT", "POST", "/a", LARGE, 405, True), ("PORT", "DELETE", "/none", LARGE, 405, True),
    ("PORT", "BREW", "/a", LARGE, 501, True), ("PORT", "GET", "/none", LARGE, 404, True),
    ("PORT", "GET", "/no/file", LARGE, 403, True), ("PORT", "POST", "/no/", LARGE, 403, True),
    ("PORT", "GET", "/folder/", LARGE, 403, True), ("PORT", "GET", "/a", LARGE, 200, True),
    ("PORT", "HEAD", "/a", LARGE, 200, True), ("PORT", "OPTIONS", "*", LARGE, 204, True),
    ("PORT", "TRACE", "/a", LARGE, 405, True), ("PORT2", "POST", "/", LARGE, 404, True),
    ("PORT", "POST", "/small/file", LARGE, 413, False), ("PORT", "GET", "/a", HUGE, 413, False),
    ("PORT", "BREW", "/a", HUGE, 501, False), ("PORT", "TRACE", "/a", HUGE, 405, False),
    ("PORT", "OPTIONS", "*", HUGE, 204, False), ("PORT2", "POST", "/", HUGE, 404, False),
]


@pytest.mark.parametrize("port, method, target, size, status, kept", UNWANTED)
@pytest.mark.parametrize("send", [with_length, with_chunks])
def test_an_unwanted_body_sent_in_one_go(bodies, send, port, method, target, size, status, kept):
    """The whole answer is read, without a reset; the next request is read where it begins."""
    if send is with_chunks and size == HUGE:
        status = 413  # its length shows only while it is read
    with bodies.wire(port) as wire:
        wire.send(send(method, target, size) + GET)
        answer = wire.response(method)
        assert answer.status == status
        if kept:
            assert wire.response().status == (200 if port == "PORT" else 404)
        else:
            assert answer.get("Connection") == "close" and wire.closed()


@pytest.mark.parametrize("size", [0, 1, 100])
def test_a_body_that_looks_like_a_request_is_none(bodies, size):
    """Exactly as many bytes as said, in whatever they consist of."""
    body = (GET * 4)[:size]
    with bodies.wire() as wire:
        wire.send(head("POST", "/a", f"Content-Length: {size}") + body + GET)
        assert [wire.response().status for _ in range(2)] == [405, 200]
        chunk = f"{size:x};x=y\r\n".encode() + body + b"\r\n" if size else b""
        wire.send(head("POST", "/a", "Transfer-Encoding: chunked") + chunk
                  + b"000\r\nContent-Length: 900\r\nX: y\r\n\r\n" + GET)
        assert [wire.response().status for _ in range(2)] == [405, 200]


def test_the_method_does_not_decide_on_a_body(bodies):
    with bodies.wire() as wire:
        for method in ("GET", "HEAD", "OPTIONS", "DELETE", "TRACE", "BREW"):
            wire.send(head(method, "/a", "Content-Length: 5") + b"GET /" + GET)
            assert wire.response(method).status in (200, 204, 405, 501)
            assert wire.response().status == 200, method
        wire.send(head("POST", "/a") + GET)  # no length: no body
        assert [wire.response().status for _ in range(2)] == [405, 200]


def test_trailers_are_dropped(bodies):
    """They never become fields of the request."""
    with bodies.wire() as wire:
        wire.send(head("POST", "/echo", "Transfer-Encoding: CHUNKED")
                  + b"3;a=b;c=\"d\\\"e\"\r\nabc\r\n0;f\r\nHost: evil\r\nX-Trailer: evil\r\n"
                    b"Connection: close\r\n\r\n" + GET)
        answer = wire.response()
        assert (answer.status, answer.body) == (200, b"a||a|/echo")
        assert wire.response().status == 200


@pytest.mark.parametrize("body", [
    "A\r\n0123456789\r\n0\r\n\r\n", "a;b=c\r\n0123456789\r\n0\r\n\r\n",
    "000a ; b\t=\tc ;d\r\n0123456789\r\n00000\r\n\r\n", "1\r\n0\r\n9\r\n123456789\r\n0\r\n\r\n",
    "c\r\n\r\n0\r\n\r\nGET /\r\n0\r\n\r\n", "0\r\n\r\n", "0\r\nA:\r\nB: \t\xff \r\n\r\n",
    "0\r\n" + "X: y\r\n" * 1000 + "\r\n", "1;" + "x" * 4000 + "\r\nx\r\n0\r\n\r\n"])
def test_chunks_are_decoded(bodies, body):
    with bodies.wire() as wire:
        wire.send(head("POST", "/a", "Transfer-Encoding: chunked") + body.encode("latin-1") + GET)
        assert [wire.response().status for _ in range(2)] == [405, 200]


def test_an_incomplete_body_is_no_request(bodies):
    """A client that ends too early, and one that is too slow."""
    for data in (head("POST", "/a", "Content-Length: 50") + GET, GET[:-2],
                 head("POST", "/a", "Transfer-Encoding: chunked") + b"50\r\n" + GET,
                 head("POST", "/a", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n"):
        with bodies.wire("PORT3") as wire:
            wire.send(data)
            wire.shut_write()
            assert wire.closed()
    for data in (head("POST", "/a", "Content-Length: 50") + b"x",
                 head("POST", "/a", "Transfer-Encoding: chunked") + b"1\r\nx\r\n0\r\n"):
        with bodies.wire("PORT3") as wire:
            wire.send(data)
            answer = wire.response()
            assert (answer.status, answer.get("Connection")) == (408, "close")
            wire.send(GET)
            assert wire.closed()


def test_a_head_that_stops_gets_408(bodies):
    with bodies.wire("PORT3") as wire:
        wire.send(GET[:-2])
        answer = wire.response()
        assert (answer.status, answer.get("Connection")) == (408, "close")
        wire.send(b"\r\n" + GET)
        assert wire.closed()


# --- the last request of a connection ---------------------------------------------------------

@pytest.mark.parametrize("last", [
    head("GET", "/a", "Connection: close"), head("GET", "/a", "Connection: x, Close"),
    head("GET", "/a", version="1.0"), head("POST", "/a", "Connection: close", "Content-Length: 3")
    + b"abc", head("GET", "/none", "Connection: close"), head("HEAD", "/a", "Connection: close")])
@pytest.mark.parametrize("size", [1, 60_000, 600_000])
def test_nothing_is_read_after_the_last_request(bodies, last, size):
    """However much comes behind it: its answer is read whole, and is the last."""
    seen = bodies.settle_log()
    behind = (GET * (size // len(GET) + 1))[:size // (10 if TORTURE else 1) or 1]
    with bodies.wire() as wire:
        wire.send(last + behind)
        answer = wire.response(last.split()[0].decode())
        assert answer.status in (200, 404, 405) and answer.get("Connection") == "close"
        assert wire.closed()
    assert bodies.settle_log() == seen + 2


def packets_in(wire):
    """tcpi_segs_in: all packets that have come on a connection."""
    info = wire.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 144)
    return struct.unpack_from("=I", info, 140)[0]


@pytest.mark.skipif(TORTURE, reason="sends a byte at a time")
@pytest.mark.parametrize("last", [head("POST", "/a", "Expect: x"), GET[:-2] + b"Host: b\r\n\r\n",
                                  GET + head("GET", "/a", "Transfer-Encoding: x")])
def test_an_answer_and_an_end_of_ours_are_one_packet(bodies, last):
    with bodies.wire() as wire:
        wire.send(last)
        wire.read_all()
        assert packets_in(wire) <= 3  # after those that accept and acknowledge


def test_an_answer_with_no_end_behind_it_is_not_held_back(bodies):
    """As the last bytes are for an end: for 200 ms, if none comes."""
    def answered_in(requests):
        with bodies.wire() as wire:
            begun = time.monotonic()
            wire.send(GET * requests)
            for _ in range(requests):
                assert wire.response().status == 200
            return time.monotonic() - begun

    assert min(answered_in(number % 2 + 1) for number in range(6)) < 0.15


@pytest.mark.skipif(TORTURE, reason="sends more packets than go at once")
@pytest.mark.parametrize("location", ["/reset", "/hasty/"])
def test_an_answer_is_not_lost_where_the_end_is_a_reset(bodies, location):
    """Which it is for bytes that nobody has read, too."""
    with bodies.wire() as wire:
        if location == "/reset":
            wire.send(GET + head("GET", "/reset"))
            assert wire.response().body == b"a" * 10
        else:
            wire.send(head("POST", "/hasty/", f"Content-Length: {LARGE}") + b"x" * 100_000)
            assert wire.response().status == 413


@pytest.mark.skipif(TORTURE, reason="some of so many packets wait when it closes")
def test_an_answer_is_not_lost_for_a_line_end_too_many(bodies):
    """Nor for anything else that comes in a packet of its own after the last request."""
    for _ in range(400):
        with bodies.wire() as wire:
            wire.send(head("GET", "/a", version="1.0"))
            wire.send(b"\r\n")
            assert wire.response().body == b"a" * 10


@pytest.mark.skipif(TORTURE, reason="sends a byte at a time")
def test_a_head_and_the_file_behind_it_are_one_packet(bodies):
    with bodies.wire() as wire:
        wire.send(head("GET", "/folder/file"))
        assert wire.response().body == b"f" * FILE
        assert packets_in(wire) <= 3


def test_what_comes_while_the_last_answer_leaves(bodies):
    with bodies.wire() as wire:
        wire.send(head("GET", "/paced/file", "Connection: close"))
        wire.read_until(b"\r\n\r\n")
        wire.send(GET * 50)
        assert wire.read_all() == b"b" * PACED
