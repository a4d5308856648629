"""How the bytes of a request arrive, in one piece, byte by byte or in any two pieces, changes
nothing: neither an answer nor what becomes of the connection."""

import re

import pytest

from harness import SLOW
from tree import PLANTED_DATE, serving

CONFIG = """
worker_processes 1; # so that an answer to one client says that the others were read
events { worker_connections 1024; }
http {
    large_client_header_buffers 2 256; client_header_buffer_size 256;
    max_headers 8; client_max_body_size 40;
    keepalive_requests 1000000;
    client_header_timeout 10m; client_body_timeout 10m; keepalive_timeout 10m;
    lingering_time 10m; lingering_timeout 10m;
    server { listen 127.0.0.1:%PORT%; root %DIR%/www;
             location = /moved { return 301 /elsewhere; }
             location = /taken { return 200 "taken"; } }
}
"""
FILES = {"www/file": "0123456789abcdef", "www/index.html": "<p>index", "www/dir/": None}
END = b"GET /moved HTTP/1.1\r\nHost: end\r\nConnection: close\r\n\r\n"


def text(line, *fields, body="", host="Host: a\r\n"):
    """A request, without what it need not have."""
    return (f"{line}\r\n{host}" + "".join(f"{field}\r\n" for field in fields)
            + "\r\n" + body).encode("latin-1")


GET, POST = "GET /file HTTP/1.1", "POST /taken HTTP/1.1"
CHUNKED = "Transfer-Encoding: chunked"
# name -> bytes, statuses of the answers, whether the connection is kept.
TABLE = {
    "get": (text(GET), [200], True),
    "index": (text("GET / HTTP/1.1"), [200], True),
    "head": (text("HEAD /file HTTP/1.1"), [200], True),
    "encoded": (text("GET /%66il%65?a=b%20c HTTP/1.1"), [200], True),
    "missing": (text("GET /none HTTP/1.1"), [404], True),
    "redirect": (text("GET /dir HTTP/1.1"), [301], True),
    "not modified": (text(GET, f"If-Modified-Since: {PLANTED_DATE}"), [304], True),
    "precondition": (text(GET, 'If-Match: "other"'), [412], True),
    "range": (text(GET, "Range: bytes=1-3"), [206], True),
    "ranges": (text(GET, "Range: bytes=0-1,5-6,-1"), [206], True),
    "no range": (text(GET, "Range: bytes=99-"), [416], True),
    "empty line first": (b"\r\n" + text(GET), [200], True),
    "two of them": (b"\r\n\r\n" + text(GET), [400], False),
    "close": (text(GET, "Connection: close"), [200], False),
    "http/1.0": (text("GET /file HTTP/1.0", host=""), [200], False),
    "1.0 kept": (text("GET /file HTTP/1.0", "Connection: keep-alive"), [200], True),
    "http/1.2": (text("GET /file HTTP/1.2"), [200], True),
    "absolute": (text("GET http://b:80/file HTTP/1.1"), [200], True),
    "asterisk": (text("OPTIONS * HTTP/1.1"), [204], True),
    "length": (text(POST, "Content-Length: 5", body="hello"), [200], True),
    "chunks": (text(POST, CHUNKED, body="5;a=b\r\nhello\r\n0a\r\n0123456789\r\n0\r\n\r\n"),
               [200], True),
    "trailers": (text(POST, CHUNKED, body="1\r\nx\r\n0\r\nOne: 1\r\nTwo: 2\r\n\r\n"), [200], True),
    "pipelined": (text("HEAD / HTTP/1.1") + text(GET, "Range: bytes=-2"), [200, 206], True),
    "body and next": (text(POST, "Content-Length: 4", body="GET ") + text(GET), [200, 200], True),
    "continue": (text(POST, "Expect: 100-continue", "Content-Length: 2", body="ab"), [200], True),
    "not allowed": (text("DELETE /file HTTP/1.1"), [405], True),
    "unknown method": (text("BREW /file HTTP/1.1"), [501], True),
    "no host": (text(GET, host=""), [400], False),
    "bare lf": (b"GET /file HTTP/1.1\nHost: a\n\n", [400], False),
    "lf before a head": (b"\n" + text("HEAD /file HTTP/1.1"), [400], False),
    "bare cr": (text(GET, "X: a\rb"), [400], False),
    "nul": (text(GET, "X: \0"), [400], False),
    "fold": (text(GET, "X: a", " b"), [400], False),
    "space before the colon": (text(GET, "X : a"), [400], False),
    "climbs": (text("GET /%2e%2e/x HTTP/1.1"), [400], False),
    "garbage": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400], False),
    "two lengths": (text(POST, "Content-Length: 1", "Content-Length: 1", body="x"), [400], False),
    "both lengths": (text(POST, CHUNKED, "Content-Length: 5", body="0\r\n\r\n"), [400], False),
    "bad chunk": (text(POST, CHUNKED, body="1\r\nxx\r\n0\r\n\r\n"), [400], False),
    "bad trailer": (text(POST, CHUNKED, body="0\r\nNo colon\r\n\r\n"), [400], False),
    "unknown coding": (text(POST, "Transfer-Encoding: zip, chunked"), [501], False),
    "version 2": (text("GET /file HTTP/2.0"), [505], False),
    "expectation": (text(GET, "Expect: wonders"), [417], False),
    "too much": (text(POST, "Content-Length: 41", body="x" * 41), [413], False),
    "too many chunks": (text(POST, CHUNKED, body="29\r\n" + "x" * 41 + "\r\n0\r\n\r\n"),
                        [413], False),
    "long line": (text(f"GET /{'a' * 260} HTTP/1.1"), [414], False),
    "long field": (text(GET, "X: " + "b" * 260), [431], False),
    "long head": (text(GET, "X: " + "b" * 240, "Y: " + "c" * 240, "Z: " + "d" * 240), [431], False),
    "many fields": (text(GET, *["A: b"] * 9), [431], False),
}
MANY = 150  # connections at a time


class Crowd:
    """Connections that get pieces at the same time, each piece read before the next."""

    def __init__(self, server, count):
        self.control = server.wire()
        self.control.request("/moved")
        self.wires = [server.wire() for _ in range(count)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for wire in (*self.wires, self.control):
            wire.close()

    def settle(self, rounds):
        """The worker accepts one client in a turn of its loop, reads from each that has
        sent, and answers a request in no less than a turn."""
        for _ in range(rounds):
            self.control.request("/moved")

    def run(self, rounds):
        """Sends each round's pieces, one for each wire (empty ones are not sent); then what
        tells whether a connection is still there. Returns all that was answered."""
        self.settle(len(self.wires))
        for pieces in rounds:
            for wire, piece in zip(self.wires, pieces):
                if piece:
                    wire.send(piece)
            self.settle(3)
        for wire in self.wires:
            wire.send(END)
        return [masked(wire.read_all()) for wire in self.wires]


def masked(answer):
    """Without what may differ from one time to the next. With Expect, an interim answer
    depends on whether the content is there yet (RFC 9110, 10.1.1)."""
    answer = re.sub(rb"\r\nDate: [^\r]*", b"", answer)
    answer = re.sub(rb"\r\n--\w+|boundary=\w+", b"", answer)
    return answer.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")


@pytest.fixture(scope="module")
def whole(split_server):
    """The answers to requests in one piece."""
    with Crowd(split_server, len(TABLE)) as crowd:
        return dict(zip(TABLE, crowd.run([[data for data, _, _ in TABLE.values()]])))


@pytest.fixture(scope="module")
def split_server():
    with serving(CONFIG, FILES) as server:
        yield server


def test_in_one_piece(whole):
    for name, (_, statuses, kept) in TABLE.items():
        found = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", whole[name])]
        assert found == statuses + [301] * kept, name


def test_byte_by_byte(split_server, whole):
    """All of them at the same time; in a slow flavour, without the longest."""
    some = [name for name, (data, _, _) in TABLE.items() if SLOW == 1 or len(data) < 200]
    requests = [TABLE[name][0] for name in some]
    rounds = [[data[at:at + 1] for data in requests] for at in range(max(map(len, requests)))]
    with Crowd(split_server, len(requests)) as crowd:
        for name, answer in zip(some, crowd.run(rounds)):
            assert answer == whole[name], name


def test_every_two_piece_split(split_server, whole):
    """In a slow flavour, few of them."""
    cuts = [(name, cut) for name, (data, _, _) in TABLE.items() for cut in range(1, len(data))]
    cuts = cuts[::SLOW ** 2]
    for first in range(0, len(cuts), MANY):
        some = cuts[first:first + MANY]
        rounds = ([TABLE[name][0][:cut] for name, cut in some],
                  [TABLE[name][0][cut:] for name, cut in some])
        with Crowd(split_server, len(some)) as crowd:
            for (name, cut), answer in zip(some, crowd.run(rounds)):
                assert answer == whole[name], (name, cut)
