"""HTTP/1.1 on the wire: connections, methods, framing, refusals."""

import re
import socket

import pytest

from harness import FLAVOUR, stopped
from wire import Wire

GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_one_request(site):
    answer = site.get("/docs/alpha.txt")
    assert answer.status == 200 and answer.body == b"alpha\n"
    assert answer.get("Content-Type") == "text/plain"
    assert answer.get("Content-Length") == "6"
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.get("Date"))
    assert answer.get("Server").startswith("tinyhttpd")


def test_keep_alive_serves_many(site):
    with site.wire() as wire:
        for _ in range(50):
            answer = wire.request("/docs/alpha.txt")
            assert answer.status == 200 and answer.body == b"alpha\n"


def test_pipelined_requests_are_answered_in_order(site):
    targets = ["/docs/alpha.txt", "/missing", "/docs/digits.txt", "/docs/empty.txt"] * 20
    with site.wire() as wire:
        wire.send("".join(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n" for target in targets))
        for target in targets:
            answer = wire.response()
            assert answer.status == (404 if target == "/missing" else 200)
            if target == "/docs/alpha.txt":
                assert answer.body == b"alpha\n"


def test_http_1_0_closes_unless_asked(site):
    with site.wire() as wire:
        wire.send("GET /docs/alpha.txt HTTP/1.0\r\n\r\n")
        assert wire.response().get("Connection") == "close"
        assert wire.closed()
    with site.wire() as wire:
        for _ in range(2):
            wire.send("GET /docs/alpha.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert wire.response().get("Connection") == "keep-alive"


def test_connection_close_is_obeyed(site):
    with site.wire() as wire:
        answer = wire.request("/docs/alpha.txt", fields={"Connection": "close"})
        assert answer.get("Connection") == "close" and wire.closed()


def test_half_closed_client_gets_its_answer(site):
    with site.wire() as wire:
        wire.send(GET)
        wire.shut_write()
        assert wire.response().status == 200
        assert wire.closed()


def test_an_end_that_comes_with_the_request_is_seen_at_once(site):
    with site.wire() as wire:
        assert wire.request("/").status == 200
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        wire.send(GET)
        wire.shut_write()  # one packet
        assert wire.response().status == 200
        wire.socket.settimeout(2)  # much less than keepalive_timeout
        assert wire.closed()


def test_bytes_behind_urgent_ones_are_read_at_once(site):
    with site.wire() as wire:
        assert wire.request("/").status == 200
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        wire.send("GET / HTTP/1.1\r\n")
        wire.socket.send(b"!", socket.MSG_OOB)  # which is not in the stream
        wire.send("Host: localhost\r\n\r\n")
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
        wire.socket.settimeout(2)  # much less than client_header_timeout
        assert wire.response().status == 200


def test_bytes_behind_a_descriptor_are_read_at_once(server):
    server.start("""http { server { listen 127.0.0.1:%PORT%; listen unix:%DIR%/sock;
                                    return 200 "whole"; } }""")
    with Wire(str(server.dir / "sock")) as wire:
        assert wire.request("/").body == b"whole"
        with stopped(server.workers()):
            socket.send_fds(wire.socket, [b"GET / HTTP/1.1\r\n"], [0])
            wire.send("Host: a\r\n\r\n")
        wire.socket.settimeout(2)  # much less than client_header_timeout
        assert wire.response().body == b"whole"


@pytest.mark.skipif(FLAVOUR == "torture", reason="every read leaves something")
@pytest.mark.parametrize("size", [65535, 65536, 65537, 90000])
def test_what_one_read_leaves_in_the_socket_is_read(server, size):
    server.start("""
        worker_processes 1;
        http { large_client_header_buffers 4 100k;
               server { listen 127.0.0.1:%PORT% rcvbuf=1m; return 200 "whole"; } }
    """)
    start, end = "GET / HTTP/1.1\r\nHost: a\r\nX: ", "\r\n\r\n"
    with server.wire() as wire:
        assert wire.request("/").body == b"whole"
        with stopped(server.workers()):
            wire.send(start + "x" * (size - len(start) - len(end)) + end)
        assert wire.response().body == b"whole"


def test_head_has_the_fields_of_get(site):
    for target in ("/docs/digits.txt", "/", "/missing", "/docs"):
        get, head = site.get(target), site.get(target, method="HEAD")
        assert head.status == get.status and head.body == b""

        def fields(answer):
            return [field for field in answer.fields if field[0] != "Date"]

        assert fields(head) == fields(get)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_get_405_with_allow(site, method):
    answer = site.get("/docs/alpha.txt", method=method)
    assert answer.status == 405
    assert {"GET", "HEAD"} <= set(re.split(r",\s*", answer.get("Allow")))


def test_methods_that_are_not_ours(site):
    assert site.get("/", method="BREW").status == 501
    assert site.get("/", method="get").status == 501
    assert site.get("/", method="TRACE").status == 405


def test_options(site):
    for target in ("*", "/docs/alpha.txt"):
        answer = site.get(target, method="OPTIONS")
        assert answer.status in (200, 204)
        assert "GET" in answer.get("Allow")


def test_absolute_form(site):
    with site.wire() as wire:
        wire.send("GET http://localhost/docs/alpha.txt HTTP/1.1\r\nHost: other\r\n\r\n")
        assert wire.response().body == b"alpha\n"


REFUSED = {
    "no host": ("GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    "host with userinfo": ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    "te with cl": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                   "Content-Length: 3\r\n\r\nabc", 400),
    "te in 1.0": ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "unknown coding": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: zip, chunked\r\n\r\n", 501),
    "chunked not last": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, zip\r\n\r\n", 400),
    "two lengths": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                    "Content-Length: 1\r\n\r\na", 400),
    "signed length": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na", 400),
    "huge length": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
    "bare lf": ("GET / HTTP/1.1\nHost: a\n\n", 400),
    "bare cr": ("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400),
    "obs-fold": ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400),
    "space before colon": ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    "nul": ("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
    "fragment": ("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "bad escape": ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "nul escape": ("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "climbing": ("GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "climbing encoded": ("GET /%2e%2e/x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "http 2": ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    "expectation": ("GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", 417),
    "garbage": ("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
    "long line": ("GET /" + "a" * 20000 + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "long field": ("GET / HTTP/1.1\r\nHost: a\r\nX: " + "a" * 9000 + "\r\n\r\n", 431),
    "long section": ("GET / HTTP/1.1\r\nHost: a\r\nX: " + "a" * 60000 + "\r\n\r\n", 431),
    "many fields": ("GET / HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n" * 200 + "\r\n", 431),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_closed(site, name):
    """What follows a refused request is never read as a request."""
    data, status = REFUSED[name]
    with site.wire() as wire:
        wire.send(data.encode("latin-1"))
        wire.send(GET)
        answer = wire.response()
        assert answer.status == status and answer.get("Connection") == "close"
        assert wire.closed()


def test_small_bodies_are_dropped(site):
    with site.wire() as wire:
        for _ in range(3):
            assert wire.request("/docs/alpha.txt", method="POST", body=b"x" * 5000).status == 405
        wire.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5;x=y\r\nhello\r\n3\r\nabc\r\n0\r\nTrailer: t\r\n\r\n" + GET)
        assert wire.response().status == 405
        assert wire.response().status == 200


def test_a_body_over_the_limit_gets_its_413(server):
    server.start("""http { server { listen 127.0.0.1:%PORT%; root %SITE%;
                    client_max_body_size 10k; } }""")
    with server.wire() as wire:
        wire.send(f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {1 << 20}\r\n\r\n")
        wire.send(b"x" * (1 << 20))
        answer = wire.response()
        assert answer.status == 413 and answer.get("Connection") == "close"
        wire.shut_write()
        assert wire.closed()
    with server.wire() as wire:
        wire.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        wire.send(b"8000\r\n" + b"x" * 0x8000 + b"\r\n0\r\n\r\n")
        assert wire.response().status == 413


def test_expect_100_continue(server):
    server.start("""http { server { listen 127.0.0.1:%PORT%; root %SITE%;
                    location /echo { return 200 "taken\n"; } } }""")
    with server.wire() as wire:
        wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                  "Expect: 100-continue\r\n\r\n")
        assert wire.response().status == 100
        wire.send("abc" + GET)
        assert wire.response().body == b"taken\n"
        assert wire.response().status == 200
    with server.wire() as wire:
        wire.send("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                  "Expect: 100-continue\r\n\r\n")
        assert wire.response().status >= 400  # no 100 before it


def test_header_timeout_answers_408(server):
    server.start("""http { client_header_timeout 1s; server { listen 127.0.0.1:%PORT%;
                    root %SITE%; } }""")
    with server.wire() as wire:
        wire.send("GET / HTTP/1.1\r\nHo")
        assert wire.response().status == 408
        assert wire.closed()
    with server.wire() as wire:
        assert wire.closed()  # nothing begun: nothing said


def test_keepalive_timeout_closes(server):
    server.start("""http { keepalive_timeout 1s 7s; server { listen 127.0.0.1:%PORT%;
                    root %SITE%; } }""")
    with server.wire() as wire:
        assert wire.request("/").get("Keep-Alive") == "timeout=7"
        assert wire.closed()


def test_keepalive_requests(server):
    server.start("""http { keepalive_requests 3; server { listen 127.0.0.1:%PORT%;
                    root %SITE%; } }""")
    with server.wire() as wire:
        said = [wire.request("/").get("Connection") for _ in range(3)]
        assert said[2] == "close" and "close" not in said[:2]
        assert wire.closed()


def test_return_444_says_nothing(server):
    server.start("http { server { listen 127.0.0.1:%PORT%; return 444; } }")
    with server.wire() as wire:
        wire.send(GET)
        assert wire.closed()


def test_limit_rate_paces(server):
    import time
    (server.dir / "big").write_bytes(b"x" * 300_000)
    server.start("""http { server { listen 127.0.0.1:%PORT%; root %DIR%;
                    limit_rate 200k; limit_rate_after 100k; } }""")
    begin = time.monotonic()
    assert len(server.get("/big").body) == 300_000
    assert 0.6 < time.monotonic() - begin < 4


def test_ipv4_ipv6_and_unix_sockets(server):
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    server.start("""http { server { listen 127.0.0.1:%PORT%; listen [::1]:%PORT%;
                    listen unix:%DIR%/sock; root %SITE%;
                    location = /who { return 200 "$remote_addr $server_addr $server_port"; } } }""")
    port = server.port()
    assert server.get("/who").body == f"127.0.0.1 127.0.0.1 {port}".encode()
    with Wire(("::1", port)) as wire:
        assert wire.request("/who").body == f"::1 ::1 {port}".encode()
    with Wire(str(server.dir / "sock")) as wire:
        assert wire.request("/who").body.startswith(b"unix:")
