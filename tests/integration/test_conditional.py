"""Conditional requests (RFC 9110, 13): every combination, held against the RFC's own steps."""

import itertools

import pytest

from harness import FLAVOUR
from tree import PLANTED_DATE, plant, serving

CONFIG = """
http {
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        location /say { return 200 "said"; }
        location /moved { return 301 /a.txt; }
        location /list/ { autoindex on; }
        location /full/ {
            gzip_static on; expires 1h; charset utf-8;
            add_header Content-Location /full/a.txt; add_header Content-Type text/x-own;
        }
        location /aged/ { expires modified +30d; }
        location /no-etag/ { etag off; }
    }
}
"""
CONTENT = b"0123456789"
FILES = {f"www/{folder}a.txt": CONTENT for folder in ("", "full/", "aged/", "no-etag/", "list/")}
FILES |= {"www/full/a.txt.gz": b"zipped", "www/dir/": None}
EARLIER, LATER = "Mon, 13 Nov 2023 22:13:20 GMT", "Wed, 15 Nov 2023 22:13:20 GMT"
# The date of the files and the day before, in each format.
FORMATS = {"IMF-fixdate": (PLANTED_DATE, EARLIER),
           "RFC 850": ("Tuesday, 14-Nov-23 22:13:20 GMT", "Monday, 13-Nov-23 22:13:20 GMT"),
           "asctime": ("Tue Nov 14 22:13:20 2023", "Mon Nov 13 22:13:20 2023")}
# What is no date, made of one.
SPOILT = {"a word": lambda date: "yesterday", "a number": lambda date: "1700000000",
          "no zone": lambda date: date[:-4], "another zone": lambda date: date[:-3] + "UTC",
          "lower case": str.lower, "another weekday": lambda date: "Sun" + date[3:],
          "hour 24": lambda date: date.replace(" 22:", " 24:"),
          "two dates": lambda date: f"{date}, {date}",
          "a parameter": lambda date: f"{date}; length=10"}


@pytest.fixture(scope="module")
def site():
    with serving(CONFIG, FILES) as server:
        yield server


@pytest.fixture(scope="module")
def etag(site):
    return site.get("/a.txt").get("ETag")


# --- the order (13.2.2) -------------------------------------------------------------------------

# What each field may say, and whether its condition holds; None: as good as absent.
STATES = {
    "If-Match": {None: None, "E": True, '"x"': False},
    "If-Unmodified-Since": {None: None, LATER: True, EARLIER: False, "bad": None},
    "If-None-Match": {None: None, '"x"': True, "E": False},
    "If-Modified-Since": {None: None, EARLIER: True, PLANTED_DATE: False, "bad": None},
    "Range": {None: None, "bytes=0-1": True},
    "If-Range": {None: None, "E": True, '"x"': False},
}


def expected(fields, method):
    """The six steps, as the RFC tells them."""
    holds = {name: STATES[name][value] for name, value in fields.items()}
    first = "If-Match" if fields["If-Match"] else "If-Unmodified-Since"
    if holds[first] is False:
        return 412
    second = "If-None-Match" if fields["If-None-Match"] else "If-Modified-Since"
    if holds[second] is False:
        return 304
    if method == "GET" and holds["Range"] and holds["If-Range"] is not False:
        return 206
    return 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_combination(site, etag, method):
    step = 1 if FLAVOUR == "release" else 7
    with site.wire() as wire:
        for values in itertools.islice(itertools.product(*STATES.values()), 0, None, step):
            fields = dict(zip(STATES, values))
            sent = {name: etag if value == "E" else value
                    for name, value in fields.items() if value}
            answer = wire.request("/a.txt", method=method, fields=sent)
            assert answer.status == expected(fields, method), sent
            if method == "GET":
                bodies = {200: CONTENT, 206: CONTENT[:2], 304: b""}
                assert answer.body == bodies.get(answer.status, answer.body), sent


# --- entity tags (13.1.1, 13.1.2, 8.8.3.2) ------------------------------------------------------

@pytest.mark.parametrize("value, matches, matches_weakly", [
    ("*", True, True), ("E", True, True), ("W/E", False, True), ("w/E", False, False),
    ('"x", E', True, True), ('W/"x",E , "y"', True, True), ('"x"', False, False),
    (', ,E', True, True), ('"x", *', False, False), ('"*"', False, False), ("", False, False),
    ("E-", False, False), ('"a, b", E', False, False), ('"x,y", E', True, True)])
def test_lists_of_entity_tags(site, etag, value, matches, matches_weakly):
    value = value.replace("E", etag)
    strong = site.get("/a.txt", fields={"If-Match": value})
    assert strong.status == (200 if matches else 412)
    weak = site.get("/a.txt", fields={"If-None-Match": value})
    assert weak.status == (304 if matches_weakly else 200)


def test_entity_tags_in_several_lines(site, etag):
    for name, status in (("If-Match", 200), ("If-None-Match", 304)):
        with site.wire() as wire:
            wire.send(f'GET /a.txt HTTP/1.1\r\nHost: a\r\n{name}: "x"\r\n{name}: {etag}\r\n\r\n')
            assert wire.response().status == status


def test_each_coding_is_selected_by_its_own_tag(site):
    zipped = {"Accept-Encoding": "gzip"}
    plain_tag, zipped_tag = (site.get("/full/a.txt", fields=fields).get("ETag")
                             for fields in ({}, zipped))
    for fields, tag, status in (({}, plain_tag, 304), (zipped, zipped_tag, 304),
                                ({}, zipped_tag, 200), (zipped, plain_tag, 200)):
        asked = site.get("/full/a.txt", fields=fields | {"If-None-Match": tag})
        assert asked.status == status


# --- dates (5.6.7, 13.1.3, 13.1.4) --------------------------------------------------------------

@pytest.mark.parametrize("form", FORMATS)
def test_dates_in_the_three_formats(site, form):
    same, earlier = FORMATS[form]
    for name, value, status in (("If-Modified-Since", same, 304),
                                ("If-Modified-Since", earlier, 200),
                                ("If-Unmodified-Since", same, 200),
                                ("If-Unmodified-Since", earlier, 412)):
        assert site.get("/a.txt", fields={name: value}).status == status, value
    part = site.get("/a.txt", fields={"Range": "bytes=0-1", "If-Range": same})
    assert part.status == 206


@pytest.mark.parametrize("how", SPOILT)
def test_bad_dates_are_ignored(site, how):
    for name, date in (("If-Modified-Since", PLANTED_DATE), ("If-Unmodified-Since", EARLIER)):
        assert site.get("/a.txt", fields={name: date}).status != 200
        assert site.get("/a.txt", fields={name: SPOILT[how](date)}).status == 200


@pytest.mark.parametrize("name, value", [("If-Modified-Since", PLANTED_DATE),
                                         ("If-Unmodified-Since", EARLIER)])
def test_repeated_dates_are_ignored(site, name, value):
    with site.wire() as wire:
        for count, ignored in ((1, False), (2, True)):
            wire.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n" + f"{name}: {value}\r\n" * count
                      + "\r\n")
            assert (wire.response().status == 200) == ignored


def test_dates_are_ignored_without_a_date(site):
    plant(site.dir, {"www/epoch.txt": CONTENT}, 0)  # a date that says nothing
    for target in ("/epoch.txt", "/say", "/list/"):
        for name in ("If-Modified-Since", "If-Unmodified-Since"):
            answer = site.get(target, fields={name: "Thu, 01 Jan 1970 00:00:00 GMT"})
            assert (answer.status, answer.get("Last-Modified")) == (200, None)


# --- where conditions count (13.2.1) ------------------------------------------------------------

FAILING = [{"If-Match": '"x"'}, {"If-Unmodified-Since": EARLIER}, {"If-None-Match": "*"},
           {"If-Modified-Since": PLANTED_DATE}]


@pytest.mark.parametrize("method, target, status", [
    ("GET", "/missing", 404), ("GET", "/dir/", 403), ("GET", "/dir", 301), ("GET", "/moved", 301),
    ("POST", "/a.txt", 405), ("PUT", "/a.txt", 405), ("DELETE", "/a.txt", 405),
    ("BREW", "/a.txt", 501), ("TRACE", "/a.txt", 405), ("OPTIONS", "/a.txt", 204),
    ("OPTIONS", "*", 204), ("OPTIONS", "/say", 200)])
def test_other_answers_ignore_conditions(site, method, target, status):
    for fields in FAILING:
        assert site.get(target, method=method, fields=fields).status == status


@pytest.mark.parametrize("target", ["/say", "/list/"])
@pytest.mark.parametrize("fields, status", [
    ({"If-Match": '"x"'}, 412), ({"If-Match": "*"}, 200), ({"If-None-Match": "*"}, 304),
    ({"If-None-Match": '"x"'}, 200), ({"If-Modified-Since": LATER}, 200)], ids=str)
def test_answers_without_validators_are_judged_too(site, target, fields, status):
    answer = site.get(target, fields=fields)
    assert answer.status == status
    assert status != 304 or answer.raw.endswith(b"\r\n\r\n")


def test_only_get_and_head_know_modification_dates(site):
    fields = {"If-Modified-Since": PLANTED_DATE}
    for method, status in (("GET", 304), ("HEAD", 304), ("POST", 405), ("OPTIONS", 204)):
        assert site.get("/a.txt", method=method, fields=fields).status == status
    created = site.get("/say", method="POST", fields={"If-None-Match": "*"})
    assert created.status == 412  # 304 is for GET and HEAD


# --- what a 304 says (15.4.5) -------------------------------------------------------------------

def test_304_says_what_the_cache_needs_and_no_more(site):
    zipped = {"Accept-Encoding": "gzip"}
    full = site.get("/full/a.txt", fields=zipped)
    bare = site.get("/full/a.txt", fields=zipped | {"If-None-Match": full.get("ETag")})
    assert (full.status, bare.status) == (200, 304)
    for name in ("ETag", "Vary", "Cache-Control", "Content-Location"):
        assert bare.get(name) == full.get(name) is not None, name
    for name in ("Date", "Expires"):
        assert bare.get(name), name
    for name in ("Content-Type", "Content-Encoding", "Content-Length", "Last-Modified",
                 "Accept-Ranges"):
        assert bare.get(name) is None, name


def test_304_without_an_etag_says_the_date(site):
    answer = site.get("/no-etag/a.txt", fields={"If-Modified-Since": PLANTED_DATE})
    assert (answer.status, answer.get("Last-Modified")) == (304, PLANTED_DATE)


def test_304_expires_as_the_200_does(site):
    full = site.get("/aged/a.txt")
    bare = site.get("/aged/a.txt", fields={"If-None-Match": "*"})
    assert bare.get("Expires") == full.get("Expires") == "Thu, 14 Dec 2023 22:13:20 GMT"
