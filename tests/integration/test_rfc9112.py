"""RFC 9112 on the wire: what is refused, with which status, and what follows it.

Each refusal has its status, says that it closes, and is the last thing that is read as a
request on its connection: the log has one line of it.
"""


import pytest

from tree import serving

CONFIG = """
worker_processes 1;
http {
    log_format short '$status $request';
    access_log %DIR%/access.log short;
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        client_max_body_size 10k;
    }
}
"""
NEXT = b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def strict():
    with serving(CONFIG, {"www/a": "a", "www/index.html": "index", "www/b": "b"}) as server:
        server.get("/a")
        yield server


def lines_since(server, seen):
    """The log lines after `seen`, once what was asked before now is in the log."""
    end = server.settle_log()
    return server.access_lines(end)[seen:end - 1]


def refused(server, data, status, first=b"", later=False):
    """Sends `first`, which is fine, then `data`, which is not, then another request."""
    seen = server.settle_log()
    with server.wire() as wire:
        wire.send(first + data + (b"" if later else NEXT))
        if first:
            assert wire.response().status == 200
        answer = wire.response()
        assert (answer.status, answer.get("Connection")) == (status, "close")
        if later:
            wire.send(NEXT)
        assert wire.closed()
    lines = lines_since(server, seen)
    assert len(lines) == (2 if first else 1), lines
    assert lines[-1].startswith(f"{status} ")


def get(*fields, line="GET / HTTP/1.1", host="Host: a"):
    lines = [line, host, *fields] if host is not None else [line, *fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def post(*fields, body="", line="POST / HTTP/1.1"):
    return get(*fields, line=line) + body.encode("latin-1")


def chunked(body):
    return post("Transfer-Encoding: chunked", body=body)


def target(text, method="GET"):
    return get(line=f"{method} {text} HTTP/1.1")


TE, CL = "Transfer-Encoding: chunked", "Content-Length: 5"
WHOLE = "5\r\nhello\r\n0\r\n\r\n"

FRAMING = {
    "coding and length": (post(TE, CL, body=WHOLE), 400),
    "length and coding": (post(CL, TE, body=WHOLE), 400),
    "coding and length in any case": (post("tRANSFER-eNCODING: CHUNKED", "content-LENGTH: 5",
                                           body=WHOLE), 400),
    "length and coding far apart": (post(CL, *["X: y"] * 50, TE, body=WHOLE), 400),
    "empty coding and length": (post("Transfer-Encoding:", CL, body="hello"), 400),
    "length zero and coding": (post("Content-Length: 0", TE, body="0\r\n\r\n"), 400),
    "coding in 1.0": (post(TE, body=WHOLE, line="POST / HTTP/1.0"), 400),
    "coding in 1.0 that stays": (post(TE, "Connection: keep-alive", body=WHOLE,
                                      line="POST / HTTP/1.0"), 400),
    "coding and length in 1.0": (post(TE, CL, body=WHOLE, line="POST / HTTP/1.0"), 400),
}
FRAMING |= {f"coding {value!r}": (post(f"Transfer-Encoding: {value}", body=WHOLE), status)
            for value, status in (
                ("", 400), (",", 400), ("gzip", 400), ("identity", 400), ("chunke", 400),
                ("xchunked", 400), ("chunkedx", 400), ("chunked x", 400), ("\"chunked\"", 400),
                ("'chunked'", 400), ("chunked;a=b", 400), ("chunked, gzip", 400),
                ("chunked, identity", 400), ("chunked, chunked", 400), ("chunk\x7fed", 400),
                ("chunked;", 400), ("(chunked)", 400), ("\x0bchunked", 400),
                ("gzip, chunked", 501), ("identity, chunked", 501), ("x;y=z, chunked", 501))}
FRAMING |= {
    "coding gzip after chunked": (post(TE, "Transfer-Encoding: gzip", body=WHOLE), 400),
    "coding chunked twice": (post(TE, TE, body=WHOLE), 400),
    "coding gzip before chunked": (post("Transfer-Encoding: gzip", TE, body=WHOLE), 501),
    "length twice": (post(CL, CL, body="hello"), 400),
    "length twice, another": (post(CL, "Content-Length: 4", body="hello"), 400),
    "length twice, apart": (post(CL, "X: y", "content-length: 5", body="hello"), 400),
}
FRAMING |= {f"length {value!r}": (post(f"Content-Length: {value}", body="hello"), 400)
            for value in ("", "+5", "-5", "-0", "5,5", "5, 5", "5,", ",5", "5 5", "0x5", "5h",
                          "5.0", "5e0", "\"5\"", "5;", "five", "\xb5", "\x0b5", "5_0",
                          "9223372036854775808", "18446744073709551616", "18446744073709551621",
                          "9" * 400)}

CHUNKS = {f"chunk {body!r}": (chunked(body), 400) for body in (
    "\r\n", "x\r\n", " 5\r\nhello\r\n", "5 \r\nhello\r\n", "+5\r\nhello\r\n", "-1\r\n",
    "0x5\r\nhello\r\n", "5,5\r\nhello\r\n", "5\nhello\r\n", "5\rhello\r\n", "5\r\r\nhello\r\n",
    "5\r\nhelloX", "5\r\nhello\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "4\r\nhello\r\n0\r\n\r\n",
    "6\r\nhello\r\n0\r\n\r\n", "10000000000000005\r\nhello\r\n", "ffffffffffffffff\r\n",
    "8000000000000000\r\n", "00000000000000000000005\r\nhello\r\n", "5;\r\nhello\r\n",
    "5;=a\r\nhello\r\n", "5;a=\r\nhello\r\n", "5;a\nhello\r\n", "5;a\rhello\r\n",
    "5;a=\"b\r\nhello\r\n", "5;a=\0\r\nhello\r\n", "5;(\r\nhello\r\n", "5\0\r\nhello\r\n",
    "\0\r\n", "0\r\n\n", "0\r\n\rX", "0\n\r\n")}
CHUNKS |= {
    "extensions over the limit": (chunked("5;a=" + "x" * 5000 + "\r\nhello\r\n"), 400),
    "extensions over the limit together": (chunked(("1;" + "x" * 60 + "\r\na\r\n") * 80), 400),
}

TRAILERS = {f"trailer {line!r}": (chunked(f"0\r\n{line}\r\n\r\n"), 400) for line in (
    ": b", "A", "A : b", "A\t: b", " A: b", "A: b\r\n c", "A: b\n", "A: b\rc", "A: \0", "A: \x7f",
    "A\0: b", "\xe4: b", "A(: b", "X: " + "y" * 9000)}
TRAILERS["trailers over the limit together"] = (chunked("0\r\n" + "X: y\r\n" * 2000 + "\r\n"), 400)

LINES = {f"head {data!r}": (data.encode("latin-1"), 400) for data in (
    "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\n",
    "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", "GET / HTTP/1.1\rHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
    "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\r\nHost: a\r\n\r\n", "GET /\r\n\r\n",
    "GET HTTP/1.1\r\nHost: a\r\n\r\n", "/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "G\xcbT / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / http/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.10\r\nHost: a\r\n\r\n", "GET / HTTP/+1.1\r\nHost: a\r\n\r\n",
    "HTTP/1.1 200 OK\r\nHost: a\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n")}
FIELDS = {f"field {line!r}": (get(line), 400) for line in (
    "X: \0", "X\0: y", "X: \x01", "X: \x1b", "X: \x7f", "X : y", "X\t: y", ": y", ":", "X",
    "X y: z", "X: y\r\n z", "X: y\r\n\tz", "X: y\r\n \t", "X: y\r\n ", "X(: y", "\xe4: y",
    "X\r\n: y", "Host: a", "hOST: b", "Range: bytes=0-\r\nRange: bytes=0-")}
FIELDS |= {f"before the first field {line!r}": (get(host=line), 400) for line in (
    " Host: a", "\tHost: a", " \r\nHost: a", " X: y\r\nHost: a", "Host : a")}

HOSTS = {f"host {value!r}": (get(host=f"Host: {value}"), 400) for value in (
    "u@a", "u:p@a", "@a", "a:x", "a:-1", "a:+80", "a:65536", "a:99999999999", "a:80:80", ":80",
    ":", "a b", "a, b", "a/b", "a\\b", "a?b", "a#b", "http://a", "[::1", "::1", "[::1]x",
    "[::g]", "[1.2.3.4]", "[v1.a]", "[::1%25eth0]", "a%", "a%2", "a%zz", "\xe4", "a\x7f", "<a>",
    "a\"b", "a^b", "a|b")}
HOSTS |= {
    "no host": (get(host=None), 400),
    "no host in 1.2": (get(host=None, line="GET / HTTP/1.2"), 400),
    "no host with the absolute form": (get(host=None, line="GET http://a/ HTTP/1.1"), 400),
    "a bad host with the absolute form": (get(host="Host: u@a", line="GET http://a/ HTTP/1.1"),
                                          400),
    "two hosts in 1.0": (get("Host: a", line="GET / HTTP/1.0"), 400),
    "a bad host in 1.0": (get(host="Host: a b", line="GET / HTTP/1.0"), 400),
}

TARGETS = {f"target {text!r}": (target(text), 400) for text in (
    "/#", "/a#b", "/?a#b", "http://a/#b", "/\xc3\xa4", "/?\xe4", "/%", "/%4", "/%zz", "/%4g",
    "/%%41", "/?%", "/?%g0", "/%u0041", "/%00", "/a%00b", "/..", "/../a", "/a/../../b",
    "/%2e%2e/a", "/%2E./a", "/.%2e", "/a/%2e%2e/%2e%2e/b", "/..%2fa", "/a%2f..%2f..%2fb",
    "/./../a", "/\"", "/<a>", "/\\", "/{", "/a\x7f", "a", "?a", "*", "a/b", "a:80",
    "http:/a", "http:a", "http://", "http:///a", "http://:80/", "http://u@a/", "http://a:x/",
    "http://a:65536/", "http://a b/", "ftp://a/", "urn:a")}
TARGETS |= {f"target of CONNECT {text!r}": (target(text, "CONNECT"), 400) for text in (
    "/", "*", "a", "a:", ":80", "a:65536", "http://a:80/", "u@a:80")}

LIMITS = {
    "line": (target("/" + "a" * 9000), 414),
    "query": (target("/?" + "a" * 9000), 414),
    "method": (target("/", "A" * 9000), 501),
    "field": (get("X: " + "a" * 9000), 431),
    "field name": (get("a" * 9000 + ": y"), 431),
    "section": (get(*["X: " + "a" * 4000] * 9), 431),
    "fields": (get(*["X: y"] * 200), 431),
    "length": (post(f"Content-Length: {10 * 1024 + 1}"), 413),
    "great length": (post("Content-Length: 9223372036854775807"), 413),
    "chunks": (chunked("2801\r\n" + "x" * 0x2801 + "\r\n0\r\n\r\n"), 413),
    "great chunk": (chunked("7fffffffffffffff\r\n" + "x" * 0x2801), 413),
    "version": (get(line="GET / HTTP/2.0"), 505),
    "version 0.9": (get(line="GET / HTTP/0.9"), 505),
    "version 9.9": (get(line="GET / HTTP/9.9"), 505),
    "preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "expectation": (get("Expect: wonders"), 417),
    "expectations": (post(CL, "Expect: 100-continue, wonders", body="hello"), 417),
    "tunnel": (target("a:80", "CONNECT"), 405),
}

REFUSED = FRAMING | CHUNKS | TRAILERS | LINES | FIELDS | HOSTS | TARGETS | LIMITS


def check_table(server, table):
    """Every row, with the request behind it in the same write and in a later one."""
    mistaken = []
    for name, (data, status) in table.items():
        for later in (False, True):
            try:
                refused(server, data, status, later=later)
            except (AssertionError, OSError, EOFError) as error:
                mistaken.append(f"{name}, {later=}: {error!r}"[:300])
    assert not mistaken, "\n".join(mistaken)


def test_framing_is_refused(strict):
    check_table(strict, FRAMING)


def test_chunks_are_refused(strict):
    check_table(strict, CHUNKS)


def test_trailers_are_refused(strict):
    check_table(strict, TRAILERS)


def test_lines_are_refused(strict):
    check_table(strict, LINES)


def test_fields_are_refused(strict):
    check_table(strict, FIELDS)


def test_hosts_are_refused(strict):
    check_table(strict, HOSTS)


def test_targets_are_refused(strict):
    check_table(strict, TARGETS)


def test_limits_are_refused(strict):
    check_table(strict, LIMITS)


def test_a_refusal_ends_a_pipeline(strict):
    """What came before is answered first."""
    for data, status in (*list(FRAMING.values())[:3], (get("X : y"), 400), (target("/.."), 400),
                         LIMITS["field"], LIMITS["length"], LIMITS["tunnel"]):
        refused(strict, data, status, first=get(line="GET /a HTTP/1.1"))


# --- what is taken ----------------------------------------------------------------------------

TAKEN = {
    "an empty line first": b"\r\n" + get(),
    "one version more": get(line="GET / HTTP/1.2"),
    "the last version": get(line="GET / HTTP/1.9"),
    "a line of 8000 octets": target("/?" + "q" * (8000 - len("GET /? HTTP/1.1"))),
    "white space around a value": get("Content-Length: \t0\t ", host="Host:\t a \t"),
    "no white space": get(host="Host:a"),
    "names in any case": get("cONTENT-lENGTH: 0", host="hOsT: a"),
    "any octet in a value": get("X: \x80\xff\t\"(,;"),
    "an unknown field twice": get("X: y", "X: z"),
    "codings in a list with empty members": post("Transfer-Encoding: ,\tCHUNKED ,",
                                                 body="0\r\n\r\n", line="GET / HTTP/1.1"),
    "the absolute form": get(line="GET http://a/ HTTP/1.1"),
    "the absolute form with another host": get(line="GET http://a/ HTTP/1.1", host="Host: b"),
    "the absolute form with an empty host": get(line="GET http://a/ HTTP/1.1", host="Host:"),
    "an empty host": get(host="Host:"),
    "close in a list of others": get("Connection: upgrade, closed, keep-alive"),
}


def test_what_is_taken(strict):
    """With a request behind it that is read where it begins."""
    for name, data in TAKEN.items():
        with strict.wire() as wire:
            wire.send(data + get(line="GET /b HTTP/1.1"))
            first, second = wire.response(), wire.response()
            assert (first.status, first.body, second.body) == (200, b"index", b"b"), name


@pytest.mark.parametrize("method, status", [
    ("get", 501), ("Get", 501), ("GETT", 501), ("GE", 501), ("BREW", 501), ("!#$%&'*+-.^_`|~", 501),
    ("POST", 405), ("PUT", 405), ("DELETE", 405), ("PATCH", 405), ("TRACE", 405),
    ("OPTIONS", 204)])
def test_methods_are_told_apart(strict, method, status):
    """They are answered, not misread, so the connection goes on."""
    with strict.wire() as wire:
        wire.send(target("/a", method) + get(line="GET /b HTTP/1.1"))
        answer = wire.response()
        assert answer.status == status and wire.response().body == b"b"
        assert ("GET" in answer.get("Allow", "")) == (status in (204, 405))


def test_answers_are_framed_alike_for_every_version(strict):
    """HTTP/1.1 in each status line, a length, no transfer coding, no folding."""
    for version in ("1.0", "1.1", "1.2"):
        for path in ("/a", "/none", "/../"):
            raw = strict.raw(get("Connection: close", "TE: trailers, chunked, gzip",
                                 line=f"GET {path} HTTP/{version}"))
            head, _, body = raw.partition(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            assert lines[0].startswith(b"HTTP/1.1 ") and b"\r" not in head.replace(b"\r\n", b"")
            assert not any(line[:1].isspace() for line in lines)
            assert not any(line.lower().startswith(b"transfer-encoding") for line in lines)
            assert f"Content-Length: {len(body)}".encode() in lines


def test_a_status_without_a_reason_keeps_its_space(server):
    server.start("http { server { listen 127.0.0.1:%PORT%; return 599 x; } }")
    assert server.raw(get("Connection: close")).startswith(b"HTTP/1.1 599 \r\n")
