"""The requests, and what the RFCs ask of an answer to each.

An answer is wrong where it breaks a MUST, and poor where it only breaks a SHOULD or an
"ought to". Wherever an RFC leaves the choice to the server, every choice is right.
"""

import dataclasses
import typing

BEHIND = b"GET /behind.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
HOST = "Host: localhost"
SERVED = (200, 405)  # a POST to a file: some answer with the file, some refuse
HELLO = b"5\r\nhello\r\n0\r\n\r\n"
MANY = ",".join(f"{n}-{n}" for n in range(0, 400, 2))
OVERLAPPING = ",".join(["0-"] * 1000)
PAGE = 9000  # bytes of /page.txt


@dataclasses.dataclass
class Case:
    name: str
    asks: str  # the section, and the strength of the demand, "may" for none
    data: bytes  # %ETAG% and %DATE% are those of /page.txt
    right: typing.Callable
    note: typing.Callable = lambda outcome: ""

    def mark(self, outcome):
        """Right "", poor "~", wrong "!"."""
        if self.right(outcome) and not outcome.garbled:
            return ""
        return "!" if self.asks.endswith("MUST") or outcome.garbled else "~"

    def verdict(self, outcome):
        return f"{outcome.verdict()} {self.note(outcome)}".strip()


# --- what an answer has to be ------------------------------------------------------------

def status(*allowed):
    """The first answer is one of these. What is behind it may be answered."""
    return lambda outcome: outcome.statuses[:1] and outcome.statuses[0] in allowed


def alone(*allowed):
    """One answer, then the connection is closed: no byte behind is taken for a request.
    Without `allowed`, any status."""
    def check(outcome):
        return (len(outcome.responses) == 1 and outcome.end != "waits"
                and (not allowed or outcome.statuses[0] in allowed))
    return check


def both(*allowed):
    """The body is read as such: the request behind it is answered, or none is."""
    def check(outcome):
        return outcome.end != "waits" and (outcome.statuses[1:] in ([], [200])
                                           and status(*allowed)(outcome))
    return check


def either(*checks):
    return lambda outcome: any(check(outcome) for check in checks)


def content(text, *others):
    """200 with this content, or one of the other statuses."""
    return lambda outcome: (status(*others)(outcome) or status(200)(outcome)
                            and outcome.responses[0].body.startswith(text))


def not_allowed(*others):
    """405 names the methods that are allowed; or one of the other statuses."""
    return lambda outcome: (status(*others)(outcome) or status(405)(outcome)
                            and "allow" in outcome.responses[0].fields)


def hidden(outcome):
    """Nothing from outside of the root, and an answer."""
    return outcome.responses and all(b"secret" not in response.body
                                     for response in outcome.responses)


def unsatisfied(outcome):
    return (status(416)(outcome)
            and outcome.responses[0].fields.get("content-range") == f"bytes */{PAGE}")


def echoes_no_secret(outcome):
    return status(200, 400, 403, 405, 501)(outcome) and not (
        b"c2VjcmV0" in outcome.responses[0].body)


def answer_read(outcome):
    """A client that writes first and reads then gets the answer, and no reset after it."""
    return outcome.responses and outcome.end == "closed"


def cheap(outcome):
    """Ignored, refused or coalesced: not much more than the whole file would cost."""
    return status(200, 206, 400, 416)(outcome) and outcome.size < PAGE + 1000


# --- what is worth telling beside the status ---------------------------------------------

def note_allow(outcome):
    lacks = status(405)(outcome) and "allow" not in outcome.responses[0].fields
    return "no Allow" if lacks else ""


def note_size(outcome):
    """Kilobytes on the wire, where they say more than the status."""
    return f"{outcome.size / 1000:.1f} kB" if status(206)(outcome) else ""


def note_site(outcome):
    if not status(200)(outcome):
        return ""
    return "other" if outcome.responses[0].body.startswith(b"other") else "own"


def note_reset(outcome):
    return "reset" if outcome.end == "reset" and outcome.responses else ""


def note_echo(outcome):
    return "" if echoes_no_secret(outcome) else "echo"


# --- requests ----------------------------------------------------------------------------

def request(line, *fields, host=HOST, body=b""):
    lines = [line, *([host] if host else []), *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def get(*fields, target="/page.txt", method="GET", version="HTTP/1.1", host=HOST):
    """A request that ends its connection."""
    return request(f"{method} {target} {version}", *fields, "Connection: close", host=host)


def post(*fields, body=b"hello", version="HTTP/1.1"):
    """A request with another right behind its body."""
    return request(f"POST /page.txt {version}", *fields, body=body + BEHIND)


def chunked(body):
    return post("Transfer-Encoding: chunked", body=body)


def upload(size):
    return request("POST /page.txt HTTP/1.1", f"Content-Length: {size}",
                   "Connection: close", body=bytes(size))


TE, CL = "Transfer-Encoding: chunked", "Content-Length: 4"

FRAMING = [
    Case("Transfer-Encoding, then Content-Length", "9112 6.1 MUST",
         post(TE, CL, body=HELLO), alone()),
    Case("Content-Length, then Transfer-Encoding", "9112 6.1 MUST",
         post(CL, TE, body=HELLO), alone()),
    Case("Transfer-Encoding in HTTP/1.0", "9112 6.1 MUST",
         post(TE, "Connection: keep-alive", body=HELLO, version="HTTP/1.0"), alone()),
    Case("`Transfer-Encoding: chunked, chunked`", "9112 6.1 may",
         post("Transfer-Encoding: chunked, chunked", body=HELLO),
         either(alone(400, 501), both(*SERVED))),
    Case("`Transfer-Encoding: identity`", "9112 6.3 MUST",
         post("Transfer-Encoding: identity"), alone(400, 501)),
    Case("`Transfer-Encoding: xchunked`", "9112 6.3 MUST",
         post("Transfer-Encoding: xchunked", body=HELLO), alone(400, 501)),
    Case("`Transfer-Encoding: chunked, gzip`", "9112 6.3 MUST",
         post("Transfer-Encoding: chunked, gzip", body=HELLO), alone(400, 501)),
    Case("a tab before `chunked`", "9112 7.1 MUST",
         post("Transfer-Encoding:\tchunked", body=HELLO), both(*SERVED)),
    Case("vertical tab before `chunked`", "9112 6.3 MUST",
         post("Transfer-Encoding: \x0bchunked", body=HELLO), alone(400, 501)),
    Case("Content-Length twice, equal", "9112 6.3 MUST",
         post("Content-Length: 5", "Content-Length: 5"), either(alone(400), both(*SERVED))),
    Case("Content-Length twice, different", "9112 6.3 MUST",
         post("Content-Length: 5", CL), alone(400)),
    Case("`Content-Length: 5, 5`", "9112 6.3 MUST",
         post("Content-Length: 5, 5"), either(alone(400), both(*SERVED))),
    Case("`Content-Length: +5`", "9112 6.3 MUST", post("Content-Length: +5"), alone(400)),
    Case("`Content-Length: 0x5`", "9112 6.3 MUST", post("Content-Length: 0x5"), alone(400)),
    Case("Content-Length empty", "9112 6.3 MUST", post("Content-Length:"), alone(400)),
    Case("Content-Length over 64 bits", "9110 8.6 MUST",
         post("Content-Length: 18446744073709551621"), alone(400, 413)),
    Case("chunk size `0x5`", "9112 2.2 SHOULD",
         chunked(b"0x5\r\nhello\r\n0\r\n\r\n"), alone()),
    Case("space before a chunk size", "9112 2.2 SHOULD", chunked(b" " + HELLO), alone()),
    Case("chunk size over 64 bits", "9112 7.1 MUST",
         chunked(b"10000000000000005\r\nhello\r\n0\r\n\r\n"), alone()),
    Case("bare LF behind a chunk extension", "9112 2.2 SHOULD",
         chunked(b"5;x\nhello\r\n0\r\n\r\n"), alone()),
    Case("bare LF behind a chunk size", "9112 2.2 SHOULD",
         chunked(b"5\nhello\r\n0\r\n\r\n"), alone()),
    Case("no CRLF behind chunk data", "9112 2.2 SHOULD",
         chunked(b"5\r\nhelloxx0\r\n\r\n"), alone()),
    Case("1 MiB to a file: is the answer read", "9112 9.6 SHOULD",
         upload(1 << 20), answer_read, note_reset),
    Case("2 MiB to a file: is the answer read", "9112 9.6 SHOULD",
         upload(2 << 20), answer_read, note_reset),
]

FIELDS = [
    Case("bare CR in Host", "9112 2.2 MUST", get(host="Host: local\rhost"), status(400)),
    Case("bare CR in another field", "9112 2.2 may", get("X: a\rb"), status(200, 400)),
    Case("bare LF as line end", "9112 2.2 may",
         get().replace(b"\r\n", b"\n"), status(200, 400)),
    Case("NUL in Host", "9110 5.5 MUST", get(host="Host: local\0host"), status(400)),
    Case("NUL in another field", "9110 5.5 may", get("X: a\0b"), status(200, 400)),
    Case("control character in Host", "9112 3.2 MUST",
         get(host="Host: local\x01host"), status(400)),
    Case("control character in another field", "9110 5.5 may",
         get("X: a\x01b"), status(200, 400)),
    Case("obs-fold", "9112 5.2 may", get("X: a", " b"), status(200, 400)),
    Case("space before the colon", "9112 5.1 MUST", get("X : a"), status(400)),
    Case("white space before the first field", "9112 2.2 MUST",
         get(host=" Host: localhost"), status(400)),
    Case("empty field name", "9112 2.2 SHOULD", get(": a"), status(400)),
    Case("field line without a colon", "9112 2.2 SHOULD", get("X"), status(400)),
    Case("`X(y): a`", "9112 2.2 SHOULD", get("X(y): a"), status(400)),
    Case("no Host", "9112 3.2 MUST", get(host=None), status(400)),
    Case("two Hosts", "9112 3.2 MUST", get("Host: localhost"), status(400)),
    Case("`Host: user@localhost`", "9112 3.2 MUST",
         get(host="Host: user@localhost"), status(400)),
    Case("`Host: localhost:80x`", "9112 3.2 MUST",
         get(host="Host: localhost:80x"), status(400)),
    Case("`Host: localhost/x`", "9112 3.2 MUST",
         get(host="Host: localhost/x"), status(400)),
    Case("a request behind a refused one", "9112 2.2 may",
         request("GET /page.txt HTTP/1.1", "X : a", body=BEHIND), status(400)),
    Case("200 fields of 8 kB", "9110 5.4 MUST",
         get(*[f"X-{n}: {'x' * 8000}" for n in range(200)]),
         lambda outcome: outcome.statuses and outcome.statuses[0] // 100 == 4),
    Case("target of 100 kB", "9112 3 MUST", get(target="/" + "x" * 100_000), status(414)),
]

LINE = [
    Case("absolute form, another Host", "9112 3.2.2 MUST",
         get(target="http://other.example/page.txt"), content(b"other"), note_site),
    Case("user in the absolute form", "9110 4.2.4 SHOULD",
         get(target="http://user@localhost/page.txt"), status(400)),
    Case("fragment in the target", "9112 3 SHOULD",
         get(target="/page.txt#x"), status(400, 301)),
    Case("raw non-ASCII in the target", "9112 3 SHOULD",
         get(target="/\xc3\xa4.txt"), status(400, 301)),
    Case("space in the target", "9112 3 SHOULD", get(target="/a b.txt"), status(400, 301)),
    Case("`/page.txt?<b>`", "9112 3 SHOULD", get(target="/page.txt?<b>"), status(400, 301)),
    Case("bad percent escape", "9112 3 SHOULD", get(target="/page%zz"), status(400, 301)),
    Case("`/page.txt%00.html`", "3986 7.3 may",
         get(target="/page.txt%00.html"), status(400, 404)),
    Case("`/%2e%2e/secret.txt`", "3986 5.2.4 MUST",
         get(target="/%2e%2e/secret.txt"), hidden),
    Case("`/..%2fsecret.txt`", "3986 5.2.4 MUST", get(target="/..%2fsecret.txt"), hidden),
    Case("method `get`", "9110 9.1 SHOULD", get(method="get"), status(501)),
    Case("method `FROB`", "9110 9.1 SHOULD", get(method="FROB"), status(501)),
    Case("DELETE of a file", "9110 15.5.6 MUST",
         get(method="DELETE"), not_allowed(400, 403, 501), note_allow),
    Case("TRACE with a password", "9110 9.3.8 SHOULD",
         get("Authorization: Basic c2VjcmV0", method="TRACE"), echoes_no_secret, note_echo),
    Case("`OPTIONS *`", "9110 9.3.7 SHOULD",
         get(method="OPTIONS", target="*"), not_allowed(200, 204, 501), note_allow),
    Case("`GET *`", "9112 3.2.4 SHOULD", get(target="*"), status(400, 301)),
    Case("HTTP/2.0", "9110 2.5 may", get(version="HTTP/2.0"), status(200, 400, 505)),
    Case("HTTP/1.2", "9110 2.5 SHOULD", get(version="HTTP/1.2"), status(200)),
    Case("HTTP/1.10", "9112 3 SHOULD", get(version="HTTP/1.10"), status(400)),
    Case("http/1.1", "9112 3 SHOULD", get(version="http/1.1"), status(400)),
    Case("`Expect: something`", "9110 10.1.1 may",
         get("Expect: something"), status(200, 417)),
]


SELECTION = [
    Case("200 ranges of a byte", "9110 14.2 SHOULD",
         get(f"Range: bytes={MANY}"), cheap, note_size),
    Case("1000 overlapping ranges", "9110 14.2 SHOULD",
         get(f"Range: bytes={OVERLAPPING}"), cheap, note_size),
    Case("If-Range with a weak tag", "9110 13.1.5 MUST",
         get("Range: bytes=0-1", "If-Range: W/%ETAG%"), status(200)),
    Case("If-Range with a later date", "9110 13.1.5 MUST",
         get("Range: bytes=0-1", "If-Range: Tue, 14 Nov 2023 22:13:21 GMT"), status(200)),
    Case("HEAD with a Range", "9110 14.2 MUST",
         get("Range: bytes=0-1", method="HEAD"), status(200)),
    Case("`Range: lines=1-2`", "9110 14.2 MUST", get("Range: lines=1-2"), status(200)),
    Case("`Range: bytes=5-2`", "9110 14.2 may",
         get("Range: bytes=5-2"), status(200, 400, 416)),
    Case("`Range: bytes=9000-`", "9110 15.5.17 SHOULD",
         get("Range: bytes=9000-"), either(unsatisfied, status(200))),
    Case("If-Match of another tag", "9110 13.1.1 MUST", get('If-Match: "x"'), status(412)),
    Case("If-Match with a weak tag", "9110 13.1.1 MUST",
         get("If-Match: W/%ETAG%"), status(412)),
    Case("If-Unmodified-Since, earlier", "9110 13.1.4 MUST",
         get("If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT"), status(412)),
    Case("If-None-Match, weak tag in a list", "9110 13.1.2 MUST",
         get('If-None-Match: "x", W/%ETAG%'), status(304)),
    Case("If-None-Match fails, If-Modified-Since holds", "9110 13.1.3 MUST",
         get('If-None-Match: "x"', "If-Modified-Since: %DATE%"), status(200)),
    Case("If-Modified-Since, garbage", "9110 13.1.3 MUST",
         get("If-Modified-Since: yesterday"), status(200)),
    Case("If-Modified-Since as asctime", "9110 5.6.7 MUST",
         get("If-Modified-Since: Tue Nov 14 22:13:20 2023"), status(304)),
    Case("If-Modified-Since as RFC 850", "9110 5.6.7 MUST",
         get("If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT"), status(304)),
    Case("HEAD of nothing, and a request behind", "9110 9.3.2 MUST",
         request("HEAD /none HTTP/1.1", body=BEHIND), both(404)),
]

CASES = FRAMING + FIELDS + LINE + SELECTION
