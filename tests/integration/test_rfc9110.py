"""RFC 9110 on the wire, where no other file tests it. tests/requirements/rfc9110.txt tells
which test stands for which requirement."""

import email.utils
import re

import pytest

from harness import FLAVOUR
from tree import PLANTED, PLANTED_DATE, plant, serving
from wire import Wire

CONFIG = """
http {
    absolute_redirect on;
    server {
        listen 127.0.0.1:%PORT%;
        listen [::1]:%PORT%;
        listen unix:%DIR%/sock;
        root %DIR%/www;
        add_header X-Seen yes;
        location /say { return 200 "said\\n"; }
        location /none { return 204 "none"; }
        location /reset { return 205 "reset"; }
        location /moved { return 301 /page.html; }
        location /off { return 405; }
        location /allowed { add_header Allow PATCH always; return 405; }
        location /list/ { autoindex on; }
        location /zip/ { gzip_static on; brotli_static on; }
        location /case/ { types { Text/HTML html; } charset UTF-8; }
        location /own-416/ { error_page 416 =200 /page.html; }
        location /own-412/ { error_page 412 =200 /page.html; }
    }
}
"""
FILES = {"www/page.html": "<p>page", "www/case/a.html": "a", "www/dir/": None,
         "www/list/a": "a", "www/bare": "bare",
         "www/own-416/a": "0123456789", "www/own-412/a": "0123456789",
         "www/zip/a.js": "plain", "www/zip/a.js.gz": "gzip", "www/zip/a.js.br": "br"}


@pytest.fixture(scope="module")
def rfc():
    with serving(CONFIG, FILES) as server:
        yield server


def answer_to(server, request_line, fields=(), body=""):
    """Sends the request line as it is, on a connection of its own."""
    method = request_line.split(" ")[0]
    with server.wire() as wire:
        wire.send("\r\n".join([request_line, "Host: localhost", *fields]) + "\r\n\r\n" + body)
        return wire.response(method)


# --- 2 to 4: versions, lengths, URIs ----------------------------------------------------------

VERSIONS = {"HTTP/1.1": 200, "HTTP/1.0": 200, "HTTP/1.2": 200, "HTTP/1.9": 200, "HTTP/2.0": 505,
            "HTTP/3.1": 505, "HTTP/0.9": 505, "http/1.1": 400, "HTTP/1.10": 400, "HTTP/1": 400}


@pytest.mark.parametrize("version", VERSIONS)
def test_versions(rfc, version):
    """Every answer is in HTTP/1.1 (wire.py looks); a later minor is taken for it."""
    answer = answer_to(rfc, f"GET /page.html {version}")
    assert answer.status == VERSIONS[version]
    if version == "HTTP/1.2":
        assert answer.get("Connection") is None  # it persists, as in HTTP/1.1
    if answer.status == 505:
        assert b"1.0 and 1.1" in answer.body


def test_targets_of_8000_octets(rfc):
    assert rfc.get("/page.html?" + "q" * 7989).status == 200


@pytest.mark.parametrize("target, status", [
    ("http://localhost/page.html", 200), ("HTTP://LOCALHOST/page.html", 200),
    ("http://localhost:80/%70age.html", 200), ("http:///page.html", 400),
    ("http://:80/page.html", 400), ("https:///page.html", 400),
    ("http://user@localhost/page.html", 400), ("http://user:word@localhost/page.html", 400),
    ("https://localhost/page.html", 421), ("HTTPS://localhost/page.html", 421),
    ("ftp://localhost/page.html", 400)])
def test_absolute_targets(rfc, target, status):
    """There is no TLS here, so nothing of https is told (7.4)."""
    assert answer_to(rfc, f"GET {target} HTTP/1.1").status == status


# --- 5: fields --------------------------------------------------------------------------------

@pytest.mark.parametrize("fields, status", [
    (["X-Unknown: \x80\xff", "x-unknown: again", "Made.Up~Name: !"], 200),
    (["iF-nOnE-mAtCh:\t * \t"], 304),
    (["If-None-Match: ,, ,", 'If-None-Match: "x" , ,E,'], 304),
    (['If-None-Match: "x"', "If-None-Match: E"], 304),
    (["Accept-Language: x" * 700], 431),
    (["X-Many: y"] * 500, 431)])
def test_request_fields(rfc, fields, status):
    etag = rfc.get("/page.html").get("ETag")
    fields = [field.replace("E,", etag + ",").replace(": E", f": {etag}") for field in fields]
    with rfc.wire() as wire:
        head = "\r\n".join(["GET /page.html HTTP/1.1", "Host: a", *fields]) + "\r\n\r\n"
        wire.send(head.encode("latin-1"))
        assert wire.response().status == status


def test_nothing_is_done_before_the_last_field(rfc):
    with rfc.wire() as wire:
        wire.send("GET /page.html HTTP/1.1\r\nHost: a\r\n")
        for _ in range(4):  # every worker has had time for others
            assert rfc.get("/page.html").status == 200
        wire.send("If-None-Match: *\r\n\r\n")
        assert wire.response().status == 304


LISTED = {"vary", "allow", "connection", "cache-control", "accept-ranges", "x-seen"}
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
EVERY_KIND = ["/page.html", "/say", "/none", "/reset", "/moved", "/dir", "/off", "/missing",
              "/list/", "/zip/a.js", "/own-416/a"]


@pytest.mark.parametrize("target", EVERY_KIND)
@pytest.mark.parametrize("fields", [{}, {"Range": "bytes=1-2"}, {"Range": "bytes=99-"},
                                    {"If-None-Match": "*"}, {"If-Match": '"no"'}], ids=str)
def test_answers_keep_to_the_grammar(rfc, target, fields):
    """One line a field, no empty member in a list, no white space but a single SP."""
    answer = rfc.get(target, fields=fields)
    names = [name.lower() for name, _ in answer.fields]
    assert len(names) == len(set(names))
    for name, value in answer.fields:
        assert TOKEN.fullmatch(name)
        assert f"\r\n{name}: {value}\r\n".encode() in answer.raw
        if name.lower() in LISTED and value:
            assert all(member.strip() for member in value.split(","))
        if name in ("Date", "Last-Modified", "Expires"):
            moment = email.utils.parsedate_to_datetime(value)
            assert email.utils.format_datetime(moment, usegmt=True) == value
    assert answer.get("Date") and not answer.all("Transfer-Encoding")


# --- 7: routing -------------------------------------------------------------------------------

@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize("protocol", ["h2c", "websocket", "TLS/1.2, HTTP/2.0", "bad protocol"])
def test_upgrade_is_ignored(rfc, version, protocol):
    fields = ["Connection: Upgrade, HTTP2-Settings", f"Upgrade: {protocol}", "HTTP2-Settings: AAA"]
    answer = answer_to(rfc, f"GET /say {version}", fields)
    assert (answer.status, answer.body, answer.get("Upgrade")) == (200, b"said\n", None)


@pytest.mark.parametrize("kind", ["ipv4", "ipv6", "unix"])
def test_redirects_without_a_host_name_the_address(rfc, kind):
    place, origin = {"ipv4": (("127.0.0.1", rfc.port()), f"http://127.0.0.1:{rfc.port()}"),
                     "ipv6": (("::1", rfc.port()), f"http://[::1]:{rfc.port()}"),
                     "unix": (str(rfc.dir / "sock"), "")}[kind]
    for head in ("GET /dir HTTP/1.1\r\nHost:\r\n\r\n", "GET /dir HTTP/1.0\r\n\r\n"):
        with Wire(place) as wire:
            wire.send(head)
            assert wire.response().get("Location") == f"{origin}/dir/"


# --- 8: representations -----------------------------------------------------------------------

def test_types_have_no_case(rfc):
    """A charset is for text, however that is written."""
    assert rfc.get("/case/a.html").get("Content-Type") == "Text/HTML; charset=UTF-8"


def test_an_etag_changes_with_the_file(rfc):
    seen = set()
    for age, content in ((9, b"one"), (9, b"longer"), (8, b"one"), (7, b"two")):
        plant(rfc.dir, {"www/changing": content}, PLANTED - age)
        seen.add(rfc.get("/changing").get("ETag"))
        rfc.reload()  # forgets what was cached
    assert len(seen) == 4 and all(tag.startswith('"') for tag in seen)


@pytest.mark.parametrize("target, length", [("/none", None), ("/reset", "0"), ("/say", "5")])
def test_contents_that_a_status_forbids(rfc, target, length):
    with rfc.wire() as wire:
        for method in ("GET", "HEAD", "POST"):
            wire.send(f"{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.response(method).get("Content-Length") == length
        assert wire.request("/page.html").status == 200


# --- 9 and 10: methods, expectations ----------------------------------------------------------

METHODS = {"GET": 200, "HEAD": 200, "OPTIONS": 204, "POST": 405, "PUT": 405, "DELETE": 405,
           "PATCH": 405, "TRACE": 405, "get": 501, "Get": 501, "GETS": 501, "GE": 501,
           "OPTION": 501, "PROPFIND": 501, "M-SEARCH": 501, "!#$%&'*+-.^_`|~09": 501}


@pytest.mark.parametrize("method", METHODS)
def test_methods(rfc, method):
    answer = answer_to(rfc, f"{method} /page.html HTTP/1.1")
    assert answer.status == METHODS[method]
    if answer.status in (204, 405):
        assert answer.get("Allow") == "GET, HEAD, OPTIONS"
    if method == "TRACE":
        assert b"localhost" not in answer.body  # nothing of the request comes back


@pytest.mark.parametrize("target, status", [
    ("localhost:80", 405), ("localhost", 400), ("localhost:", 400), ("localhost:x", 400),
    ("/page.html", 400), ("*", 400)])
def test_connect_makes_no_tunnel(rfc, target, status):
    assert answer_to(rfc, f"CONNECT {target} HTTP/1.1").status == status


def test_what_the_configuration_switches_off_allows_nothing(rfc):
    for method in ("GET", "POST"):
        assert rfc.get("/off", method=method).get("Allow") == ""
    assert rfc.get("/allowed").get("Allow") == "PATCH"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_content_of_any_method_is_framed(rfc, method):
    with rfc.wire() as wire:
        for _ in range(2):
            answer = wire.request("/page.html", method=method, body=b"GET /no HTTP/1.1\r\n\r\n")
            assert answer.status in (200, 204)


EXPECT = "Expect: 100-continue"
LENGTH = "Content-Length: 3"


@pytest.mark.parametrize("line, fields, body, statuses", [
    ("POST /say HTTP/1.1", [LENGTH, EXPECT], "", [100, 200]),
    ("POST /say HTTP/1.1", [LENGTH, "Expect: 100-CONTINUE"], "", [100, 200]),
    ("POST /say HTTP/1.2", [LENGTH, EXPECT], "", [100, 200]),
    ("POST /say HTTP/1.1", [LENGTH, EXPECT], "abc", [200]),
    ("POST /say HTTP/1.1", [EXPECT], "", [200]),
    ("GET /page.html HTTP/1.1", [EXPECT], "", [200]),
    ("POST /page.html HTTP/1.1", [LENGTH, EXPECT], "", [405]),
    ("POST /say HTTP/1.1", [LENGTH, "Expect: 200-ok"], "", [417]),
    ("POST /say HTTP/1.1", [LENGTH, "Expect: 100-continue, x"], "", [417]),
    ("POST /say HTTP/1.1", [LENGTH, EXPECT, "Expect: x=y"], "", [417])])
def test_expectations(rfc, line, fields, body, statuses):
    if FLAVOUR == "torture" and body:
        pytest.skip("reads single bytes, so no content has come yet")
    with rfc.wire() as wire:
        wire.send("\r\n".join([line, "Host: a", "Connection: close", *fields, "", body]))
        seen = [wire.response().status]
        while seen[-1] < 200:
            wire.send("abc")
            seen.append(wire.response().status)
        assert seen == statuses


def test_no_100_for_http_1_0(rfc):
    with rfc.wire() as wire:
        wire.send(f"POST /say HTTP/1.0\r\n{LENGTH}\r\n{EXPECT}\r\n\r\n")
        for _ in range(4):  # every worker has had time to say it
            assert rfc.get("/page.html").status == 200
        wire.send("abc")
        assert wire.response().status == 200 and wire.closed()


# --- 12: negotiation --------------------------------------------------------------------------

ACCEPTED = {"identity;q=0": b"plain", "*;q=0": b"plain", "identity;q=0, gzip;q=0.1": b"gzip",
            "*;q=0, gzip": b"gzip", "*;q=0.5, br;q=0": b"gzip", "identity, *;q=0": b"plain",
            "gzip;q=0.999, br;q=1.000": b"br", "gzip ; q=0.5 , br;Q=0.4": b"gzip",
            "compress, deflate": b"plain", "gzip;q=0.5, identity": b"plain", ",gzip,,": b"gzip"}


@pytest.mark.parametrize("accept", ACCEPTED)
def test_accept_encoding(rfc, accept):
    answer = rfc.get("/zip/a.js", fields={"Accept-Encoding": accept})
    assert (answer.status, answer.body) == (200, ACCEPTED[accept])
    assert answer.get("Vary") == "Accept-Encoding"
    assert answer.get("Content-Encoding") != "identity"


@pytest.mark.parametrize("name", ["Accept", "Accept-Charset", "Accept-Language", "From",
                                  "Max-Forwards", "TE"])
def test_what_is_not_negotiated_changes_nothing(rfc, name):
    answer = rfc.get("/page.html", fields={name: "x-other;q=1, *;q=0"})
    assert (answer.status, answer.get("Vary")) == (200, None)


# --- 15: status codes -------------------------------------------------------------------------

@pytest.mark.parametrize("line, status", [
    ("GET /missing HTTP/1.1", 404), ("GET /list/a/ HTTP/1.1", 404), ("GET /dir/ HTTP/1.1", 403),
    ("PUT /page.html HTTP/1.1", 405), ("BREW / HTTP/1.1", 501), ("GET / HTTP/2.0", 505),
    ("GET /%zz HTTP/1.1", 400), ("GET https://localhost/ HTTP/1.1", 421),
    ("GET /moved HTTP/1.1", 301), ("GET /" + "a" * 9000 + " HTTP/1.1", 414)])
def test_errors_explain_themselves(rfc, line, status):
    answer = answer_to(rfc, line)
    assert answer.status == status and answer.get("Content-Type").startswith("text/html")
    sentence = re.search(rb"<p>([^<]+)", answer.body)[1]
    assert len(sentence) > 20
    if status == 301:
        assert answer.get("Location").encode() in answer.body


@pytest.mark.parametrize("folder, fields", [
    ("own-416", {"Range": "bytes=99-"}), ("own-412", {"If-Match": '"no"'}),
    ("own-412", {"If-Unmodified-Since": "Mon, 13 Nov 2023 22:13:20 GMT"})])
def test_an_error_page_is_not_refused_once_more(rfc, folder, fields):
    answer = rfc.get(f"/{folder}/a", fields=fields)
    assert (answer.status, answer.body) == (200, b"<p>page")
    assert answer.get("Content-Range") is None


def test_200_has_both_validators(rfc):
    answer = rfc.get("/bare")
    assert answer.get("ETag").startswith('"') and answer.get("Last-Modified") == PLANTED_DATE
