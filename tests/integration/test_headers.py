"""Fields of answers: add_header, expires, types, charset, Server, Keep-Alive."""

import email.utils
import re
import time

import pytest

from harness import SLOW
from tree import PLANTED, PLANTED_DATE, serving

CONFIG = """
http {
    add_header X-Level http;
    add_header X-Always yes always;
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        location /inherits/ { }
        location /replaces/ { add_header X-Level location; }
        location /nested/ { add_header X-Outer 1; location /nested/inner/ { charset utf-8; } }
        location /variable { add_header X-Echo "[$arg_x] $uri"; return 200 ""; }
        location /empty { add_header X-Empty "$arg_none"; return 200 ""; }
        location /twice { add_header X-Two a; add_header X-Two b; return 200 ""; }
        location /replaced/ { add_header ETag '"own"'; add_header Last-Modified "";
                              add_header Server mine; add_header Content-Type text/x-own; }
        location /varied/ { gzip_static on; add_header Vary "Origin, accept-encoding"; }

        location /off/ { }
        location /hour/ { expires 1h; }
        location /minus/ { expires -1; }
        location /epoch/ { expires epoch; }
        location /max/ { expires max; }
        location /since/ { expires modified +1d; }
        location /daily/ { expires @12h30m; }
        location /unset/ { expires 1h; location /unset/again/ { expires off; } }

        location /charset/ { charset koi8-r; }
        location /types/ { types { text/x-mine MINE html; } default_type application/x-rest; }
        location /untyped/ { types { } default_type ""; }
    }
    server {
        listen 127.0.0.1:%PORT2%;
        root %DIR%/www;
        server_tokens off;
        keepalive_timeout 65s 20s;
    }
}
"""
NAMES = ["a.txt", "a.html", "a.HTML", "a.js", "a.css", "a.json", "a.svg", "a.png", "a.wasm",
         "a.woff2", "a.avif", "a.mp4", "a.webmanifest", "a.pdf", "a.unknown", "none", "a.tar.gz",
         ".html", "a.html.", "a.xml", "a.mjs"]
FILES = {f"www/{name}": name for name in NAMES}
FILES |= {f"www/{folder}/a.html": "x" for folder in
          ("inherits", "replaces", "nested", "nested/inner", "replaced", "varied", "off", "hour",
           "minus", "epoch", "max", "since", "daily", "unset", "unset/again")}
FILES |= {f"www/{folder}/a.{end}": "x" for folder in ("charset", "types", "untyped")
          for end in ("html", "mine", "css", "json", "png", "txt")}


@pytest.fixture(scope="module")
def headers():
    with serving(CONFIG, FILES) as server:
        yield server


# --- add_header -----------------------------------------------------------------------------

def test_add_header_is_inherited_as_a_whole(headers):
    def fields(target):
        answer = headers.get(target)
        return [(name, value) for name, value in answer.fields if name.startswith("X-")]

    assert fields("/inherits/a.html") == [("X-Level", "http"), ("X-Always", "yes")]
    assert fields("/replaces/a.html") == [("X-Level", "location")]
    assert fields("/nested/inner/a.html") == [("X-Outer", "1")]
    assert fields("/twice") == [("X-Two", "a"), ("X-Two", "b")]


def test_always(headers):
    answer = headers.get("/inherits/missing")
    assert answer.status == 404
    assert (answer.get("X-Level"), answer.get("X-Always")) == (None, "yes")
    refused = headers.get("/", method="BREW")
    assert (refused.status, refused.get("X-Always")) == (501, "yes")


def test_values_with_variables(headers):
    assert headers.get("/variable?x=a%20b").get("X-Echo") == "[a%20b] /variable"
    assert headers.get("/empty").get("X-Empty") is None


def test_a_decoded_line_break_stays_in_its_field(headers):
    """$uri is decoded: what a client puts there must not begin a field of its own."""
    answer = headers.get("/variable%0d%0aX-Evil:%20yes")
    assert answer.get("X-Evil") is None
    assert len(answer.all("X-Echo")) <= 1


def test_fields_that_the_server_itself_writes(headers):
    answer = headers.get("/replaced/a.html")
    assert answer.get("ETag") == '"own"' and answer.get("Last-Modified") is None
    assert answer.get("Server") == "mine" and answer.get("Content-Type") == "text/x-own"


def test_vary_is_joined(headers):
    vary = headers.get("/varied/a.html").get("Vary")
    assert sorted(vary.lower().split(", ")) == ["accept-encoding", "origin"]


# --- expires --------------------------------------------------------------------------------

def seconds_left(answer):
    expires = email.utils.parsedate_to_datetime(answer.get("Expires"))
    return (expires - email.utils.parsedate_to_datetime(answer.get("Date"))).total_seconds()


@pytest.mark.parametrize("place, seconds, control", [
    ("hour", 3600, "max-age=3600"), ("unset", 3600, "max-age=3600"), ("minus", -1, "no-cache")])
def test_expires_from_now(headers, place, seconds, control):
    answer = headers.get(f"/{place}/a.html")
    assert abs(seconds_left(answer) - seconds) <= 1
    assert answer.get("Cache-Control") == control


@pytest.mark.parametrize("place, expires, control", [
    ("epoch", "Thu, 01 Jan 1970 00:00:01 GMT", "no-cache"),
    ("max", "Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000"),
    ("since", email.utils.formatdate(PLANTED + 86400, usegmt=True), "no-cache"),
    ("off", None, None), ("unset/again", None, None)])
def test_expires_at_a_moment(headers, place, expires, control):
    answer = headers.get(f"/{place}/a.html")
    assert (answer.get("Expires"), answer.get("Cache-Control")) == (expires, control)


def test_expires_at_a_time_of_day(headers):
    answer = headers.get("/daily/a.html")
    moment = email.utils.parsedate_to_datetime(answer.get("Expires")).timestamp()
    assert time.strftime("%H:%M:%S", time.localtime(moment)) == "12:30:00"
    assert 0 < seconds_left(answer) <= 25 * 3600
    age = int(re.fullmatch(r"max-age=(\d+)", answer.get("Cache-Control"))[1])
    assert abs(age - seconds_left(answer)) <= 1


def test_expires_is_not_for_errors(headers):
    answer = headers.get("/hour/missing")
    assert (answer.status, answer.get("Expires"), answer.get("Cache-Control")) == (404, None, None)


# --- types and charset ----------------------------------------------------------------------

BUILT_IN = {
    "a.txt": "text/plain", "a.html": "text/html", "a.HTML": "text/html", "a.js": "text/javascript",
    "a.mjs": "text/javascript", "a.css": "text/css", "a.json": "application/json",
    "a.svg": "image/svg+xml", "a.png": "image/png", "a.wasm": "application/wasm",
    "a.woff2": "font/woff2", "a.avif": "image/avif", "a.mp4": "video/mp4",
    "a.webmanifest": "application/manifest+json", "a.pdf": "application/pdf",
    "a.unknown": "text/plain", "none": "text/plain", "a.tar.gz": "application/gzip",
    ".html": "text/html", "a.html.": "text/plain",
}


def test_built_in_types(headers):
    with headers.wire() as wire:
        for name, media_type in BUILT_IN.items():
            assert wire.request(f"/{name}").get("Content-Type") == media_type, name
        assert wire.request("/a.xml").get("Content-Type") in ("text/xml", "application/xml")


@pytest.mark.parametrize("target, media_type", [
    ("/charset/a.html", "text/html; charset=koi8-r"),
    ("/charset/a.css", "text/css; charset=koi8-r"),
    ("/charset/a.json", "application/json; charset=koi8-r"),
    ("/charset/a.png", "image/png"),
    ("/types/a.mine", "text/x-mine"), ("/types/a.html", "text/x-mine"),
    ("/types/a.css", "application/x-rest"), ("/untyped/a.html", None)])
def test_types_and_charset(headers, target, media_type):
    assert headers.get(target).get("Content-Type") == media_type


# --- what every answer has ------------------------------------------------------------------

def test_server_tokens(headers):
    assert re.fullmatch(r"tinyhttpd/\d+\.\d+\.\d+", headers.get("/a.txt").get("Server"))
    assert re.search(rb"tinyhttpd/\d", headers.get("/missing").body)
    with headers.wire("PORT2") as wire:
        for target in ("/a.txt", "/missing", "/hour"):
            answer = wire.request(target)
            assert answer.get("Server") == "tinyhttpd" and b"tinyhttpd/" not in answer.raw


def test_keep_alive_field(headers):
    with headers.wire("PORT2") as wire:
        assert wire.request("/a.txt").get("Keep-Alive") == "timeout=20"
        last = wire.request("/a.txt", fields={"Connection": "close"})
        assert (last.get("Connection"), last.get("Keep-Alive")) == ("close", None)
    assert headers.get("/a.txt").get("Keep-Alive") is None


def test_every_answer_has_one_date_and_one_server(headers):
    with headers.wire() as wire:
        for target, method in (("/a.txt", "GET"), ("/missing", "GET"), ("/hour", "HEAD"),
                               ("/", "POST"), ("/a.txt", "OPTIONS")):
            answer = wire.request(target, method=method)
            date = email.utils.parsedate_to_datetime(answer.get("Date"))
            assert abs(date.timestamp() - time.time()) <= 2 * SLOW
            assert answer.get("Server")
        fields = {"If-Modified-Since": PLANTED_DATE}
        assert wire.request("/a.txt", fields=fields).get("Date")
