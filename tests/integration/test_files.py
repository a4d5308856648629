"""Files over HTTP: conditions, ranges, siblings, and files that change under the server."""

import email
import os
import time

import pytest

from harness import SLOW, wait_until
from tree import PLANTED, PLANTED_DATE, plant, serving

DIGITS = b"0123456789"
EARLIER, LATER = "Mon, 13 Nov 2023 22:13:20 GMT", "Wed, 15 Nov 2023 22:13:20 GMT"
HUGE = (4 << 30) + 100

CONFIG = """
http {
    server {
        listen 127.0.0.1:%PORT% sndbuf=256k;
        root %DIR%/www;
        location /zip/ { gzip_static on; brotli_static on; zstd_static on; }
        location /always/ { gzip_static always; }
        location /fields/ { expires 1h; add_header X-Kept yes; gzip_static on; }
        location /no-etag/ { etag off; }
        location /ims-off/ { if_modified_since off; }
        location /ims-before/ { if_modified_since before; }
        location /few/ { max_ranges 2; }
        location /none/ { max_ranges 0; }
        location /uncached/ { open_file_cache off; }
        location /errors/ { open_file_cache_errors off; }
    }
}
"""

FILES = {f"www/{folder}digits": DIGITS for folder in
         ("", "fields/", "no-etag/", "ims-off/", "ims-before/", "few/", "none/")}
FILES |= {f"www/zip/app.js{suffix}": f"app{suffix}" for suffix in ("", ".br", ".zst", ".gz")}
FILES |= {"www/empty": "", "www/uncached/": None, "www/live/": None, "www/errors/": None, "www/huge": "",
          "www/zip/page.html": "page", "www/always/a.css": "a", "www/always/a.css.gz": "zipped",
          "www/fields/digits.gz": "zipped"}


@pytest.fixture(scope="module")
def files():
    with serving(CONFIG, FILES) as server:
        yield server


@pytest.fixture(scope="module")
def etag(files):
    tag = files.get("/digits").get("ETag")
    assert tag.startswith('"') and tag.endswith('"')
    return tag


# --- conditions: RFC 9110, 13.2.2 -----------------------------------------------------------

CONDITIONS = [
    # Step 1: If-Match, by the strong comparison.
    ({"If-Match": "*"}, 200),
    ({"If-Match": "E"}, 200),
    ({"If-Match": '"other", E'}, 200),
    ({"If-Match": '"other"'}, 412),
    ({"If-Match": "W/E"}, 412),
    # Step 2: If-Unmodified-Since, only without If-Match.
    ({"If-Unmodified-Since": PLANTED_DATE}, 200),
    ({"If-Unmodified-Since": LATER}, 200),
    ({"If-Unmodified-Since": EARLIER}, 412),
    ({"If-Unmodified-Since": "yesterday"}, 200),
    ({"If-Match": "E", "If-Unmodified-Since": EARLIER}, 200),
    ({"If-Match": '"other"', "If-Unmodified-Since": LATER}, 412),
    # Step 3: If-None-Match, by the weak comparison.
    ({"If-None-Match": "E"}, 304),
    ({"If-None-Match": "W/E"}, 304),
    ({"If-None-Match": "*"}, 304),
    ({"If-None-Match": 'W/"other", E'}, 304),
    ({"If-None-Match": '"other"'}, 200),
    ({"If-Match": '"other"', "If-None-Match": "E"}, 412),
    ({"If-Match": "E", "If-None-Match": "E"}, 304),
    ({"If-Unmodified-Since": EARLIER, "If-None-Match": "E"}, 412),
    # Step 4: If-Modified-Since, only without If-None-Match, and exact.
    ({"If-Modified-Since": PLANTED_DATE}, 304),
    ({"If-Modified-Since": "Tuesday, 14-Nov-23 22:13:20 GMT"}, 304),
    ({"If-Modified-Since": "Tue Nov 14 22:13:20 2023"}, 304),
    ({"If-Modified-Since": EARLIER}, 200),
    ({"If-Modified-Since": LATER}, 200),
    ({"If-Modified-Since": "now"}, 200),
    ({"If-None-Match": '"other"', "If-Modified-Since": PLANTED_DATE}, 200),
    ({"If-None-Match": "E", "If-Modified-Since": EARLIER}, 304),
    # Step 5: Range and If-Range, by the strong comparison.
    ({"Range": "bytes=0-1"}, 206),
    ({"Range": "bytes=0-1", "If-Range": "E"}, 206),
    ({"Range": "bytes=0-1", "If-Range": "W/E"}, 200),
    ({"Range": "bytes=0-1", "If-Range": '"other"'}, 200),
    ({"Range": "bytes=0-1", "If-Range": PLANTED_DATE}, 206),
    ({"Range": "bytes=0-1", "If-Range": LATER}, 200),
    ({"Range": "bytes=0-1", "If-Range": "nonsense"}, 200),
    ({"Range": "bytes=90-", "If-Range": '"other"'}, 200),
    ({"If-Range": "E"}, 200),
    ({"Range": "bytes=0-1", "If-None-Match": "E"}, 304),
    ({"Range": "bytes=90-", "If-Match": '"other"'}, 412),
    ({"Range": "bytes=0-1", "If-Match": "E"}, 206),
]


def test_conditions_in_order_of_precedence(files, etag):
    with files.wire() as wire:
        for fields, status in CONDITIONS:
            fields = {name: value.replace("E", etag) if "Match" in name or value in ("E", "W/E")
                      else value for name, value in fields.items()}
            answer = wire.request("/digits", fields=fields)
            assert answer.status == status, fields
            if status < 300:
                assert answer.body == (DIGITS if status == 200 else b"01"), fields
            head = wire.request("/digits", method="HEAD", fields=fields)
            assert head.status == (200 if status == 206 else status), fields


def test_304_has_the_fields_of_the_200(files):
    fields = {"Accept-Encoding": "gzip"}
    full = files.get("/fields/digits", fields=fields)
    assert (full.status, full.body) == (200, b"zipped")
    bare = files.get("/fields/digits", fields=fields | {"If-None-Match": full.get("ETag")})
    assert bare.status == 304
    for name in ("ETag", "Vary", "Cache-Control", "X-Kept"):
        assert bare.get(name) == full.get(name) is not None, name
    assert bare.get("Date") and bare.get("Expires")
    for name in ("Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding",
                 "Last-Modified"):
        assert bare.get(name) is None


def test_etag_off_leaves_the_date(files):
    answer = files.get("/no-etag/digits", fields={"If-Modified-Since": PLANTED_DATE})
    assert (answer.status, answer.get("ETag")) == (304, None)
    assert answer.get("Last-Modified") == PLANTED_DATE


@pytest.mark.parametrize("folder, date, status", [
    ("ims-off", PLANTED_DATE, 200), ("ims-before", PLANTED_DATE, 304),
    ("ims-before", LATER, 304), ("ims-before", EARLIER, 200)])
def test_if_modified_since_directive(files, folder, date, status):
    answer = files.get(f"/{folder}/digits", fields={"If-Modified-Since": date})
    assert answer.status == status


def test_fresh_file_is_weakly_tagged_until_it_settles(files):
    soon = time.time() + 0.4  # fresh until then, whatever the pace of this test
    plant(files.dir, {"www/live/fresh": DIGITS}, soon)
    first = files.get("/live/fresh")
    weak = first.get("ETag")
    assert weak.startswith('W/"')
    same = files.get("/live/fresh", fields={"If-None-Match": weak})
    assert same.status == 304
    part = files.get("/live/fresh", fields={"Range": "bytes=0-1", "If-Range": weak})
    assert part.status == 200  # what may still change is not put together from parts
    wait_until(lambda: files.get("/live/fresh").get("ETag") == weak[2:], "a strong ETag", 5)


def test_dates_from_beyond_are_not_told(files):
    plant(files.dir, {"www/live/future": DIGITS}, 4_000_000_000)
    answer = files.get("/live/future")
    assert answer.get("Last-Modified") == answer.get("Date")
    plant(files.dir, {"www/live/epoch": DIGITS}, 0)
    answer = files.get("/live/epoch")
    assert (answer.status, answer.get("Last-Modified")) == (200, None)
    assert answer.get("ETag").startswith('"')


# --- ranges ---------------------------------------------------------------------------------

RANGES = {
    "bytes=0-0": (0, 0), "bytes=5-": (5, 9), "bytes=-3": (7, 9), "bytes=-20": (0, 9),
    "bytes=0-99": (0, 9), "bytes=9-9": (9, 9), "Bytes=2-4": (2, 4), "bytes= 2-4 ,": (2, 4),
    "bytes=2-4,50-60": (2, 4), "bytes=0-18446744073709551616": (0, 9),
}
UNSATISFIABLE = ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"]
IGNORED = ["bytes=5-2", "items=0-1", "bytes", "bytes=", "bytes=a-b", "bytes=1-2,x", "bytes=--1",
           "bytes=0x1-2", "bytes=1 - 2"]


def test_single_ranges(files):
    with files.wire() as wire:
        for value, (first, last) in RANGES.items():
            answer = wire.request("/digits", fields={"Range": value})
            assert (answer.status, answer.body) == (206, DIGITS[first:last + 1]), value
            assert answer.get("Content-Range") == f"bytes {first}-{last}/10"
            assert answer.get("ETag") and answer.get("Last-Modified") == PLANTED_DATE
        for value in UNSATISFIABLE:
            answer = wire.request("/digits", fields={"Range": value})
            assert answer.status == 416, value
            assert answer.get("Content-Range") == "bytes */10"
        for value in IGNORED:
            answer = wire.request("/digits", fields={"Range": value})
            assert (answer.status, answer.body) == (200, DIGITS), value


def parts_of(answer):
    """(Content-Range, bytes) of every part of a multipart/byteranges answer."""
    head = f"Content-Type: {answer.get('Content-Type')}\r\n\r\n".encode()
    message = email.message_from_bytes(head + answer.body)
    assert message.get_content_type() == "multipart/byteranges"
    return [(part["Content-Range"], part.get_payload(decode=True))
            for part in message.get_payload()]


def test_several_ranges(files):
    answer = files.get("/digits", fields={"Range": "bytes=0-1, 4-5 ,-1"})
    assert answer.status == 206 and answer.get("Content-Range") is None
    assert parts_of(answer) == [("bytes 0-1/10", b"01"), ("bytes 4-5/10", b"45"),
                                ("bytes 9-9/10", b"9")]
    assert answer.body.count(b"Content-Type: text/plain\r\n") == 3
    more = files.get("/digits", fields={"Range": "bytes=0-5,3-9,1-"})  # more than there is
    assert (more.status, more.body) == (200, DIGITS)


def test_max_ranges(files):
    assert files.get("/few/digits", fields={"Range": "bytes=0-0,2-2"}).status == 206
    assert files.get("/few/digits", fields={"Range": "bytes=0-0,2-2,4-4"}).status == 200
    none = files.get("/none/digits", fields={"Range": "bytes=0-0"})
    assert (none.status, none.get("Accept-Ranges")) == (200, None)
    assert files.get("/digits").get("Accept-Ranges") == "bytes"


def test_empty_file(files):
    with files.wire() as wire:
        for fields in ({}, {"Range": "bytes=-5"}):
            answer = wire.request("/empty", fields=fields)
            assert (answer.status, answer.get("Content-Length")) == (200, "0")
        answer = wire.request("/empty", fields={"Range": "bytes=0-"})
        assert (answer.status, answer.get("Content-Range")) == (416, "bytes */0")


def test_file_over_4_gib(files):
    with open(files.dir / "www/huge", "r+b") as file:
        file.truncate(HUGE)
        for at in ((4 << 30) - 3, HUGE - 6):
            file.seek(at)
            file.write(b"abcdef")
    wait_until(lambda: files.get("/huge", method="HEAD").get("Content-Length") == str(HUGE),
               "the new size")
    with files.wire() as wire:
        last = wire.request("/huge", fields={"Range": "bytes=-6"})
        assert (last.status, last.body) == (206, b"abcdef")
        assert last.get("Content-Range") == f"bytes {HUGE - 6}-{HUGE - 1}/{HUGE}"
        middle = f"bytes={(4 << 30) - 4}-{(4 << 30) + 3}"
        assert wire.request("/huge", fields={"Range": middle}).body == b"\0abcdef\0"
        tail = wire.request("/huge", fields={"Range": "bytes=4294000000-"})
        assert len(tail.body) == HUGE - 4294000000 and tail.body.endswith(b"\0abcdef")
        parts = wire.request("/huge", fields={"Range": f"bytes=0-0,{HUGE - 1}-"})
        assert [part[1] for part in parts_of(parts)] == [b"\0", b"f"]


# --- precompressed siblings -----------------------------------------------------------------

ACCEPTED = {
    None: "", "": "", "gzip": ".gz", "br": ".br", "zstd": ".zst", "gzip, br, zstd": ".br",
    "zstd, gzip": ".zst", "gzip;q=1, br;q=0.5": ".gz", "*": ".br", "br;q=0, *": ".zst",
    "gzip;q=0": "", "identity, gzip;q=0.5": "", "identity;q=0.1, gzip;q=0.5": ".gz",
    "x-gzip": ".gz", "GZIP": ".gz", "deflate": "", "gzip;q=0.001": ".gz", "gzip;q=2": "",
}
CODINGS = {"": None, ".gz": "gzip", ".br": "br", ".zst": "zstd"}


def test_precompressed_by_quality(files):
    tags = {}
    with files.wire() as wire:
        for accept, suffix in ACCEPTED.items():
            fields = {} if accept is None else {"Accept-Encoding": accept}
            answer = wire.request("/zip/app.js", fields=fields)
            assert answer.body == f"app{suffix}".encode(), accept
            assert answer.get("Content-Encoding") == CODINGS[suffix]
            assert answer.get("Content-Type") == "text/javascript"
            assert answer.get("Vary") == "Accept-Encoding"
            tags[suffix] = answer.get("ETag")
    assert len(set(tags.values())) == 4


def test_precompressed_ranges_and_absent_siblings(files):
    fields = {"Accept-Encoding": "br", "Range": "bytes=-3"}
    part = files.get("/zip/app.js", fields=fields)
    assert (part.status, part.body, part.get("Content-Encoding")) == (206, b".br", "br")
    plain = files.get("/zip/page.html", fields={"Accept-Encoding": "gzip, br"})
    assert (plain.body, plain.get("Vary")) == (b"page", "Accept-Encoding")
    always = files.get("/always/a.css", fields={"Accept-Encoding": "gzip;q=0"})
    assert (always.body, always.get("Vary")) == (b"zipped", None)


def test_a_sibling_older_than_its_original_is_not_used(files):
    plant(files.dir, {"www/zip/old.txt": "original"})
    plant(files.dir, {"www/zip/old.txt.gz": "stale"}, PLANTED - 1)
    answer = files.get("/zip/old.txt", fields={"Accept-Encoding": "gzip"})
    assert (answer.body, answer.get("Content-Encoding")) == (b"original", None)


# --- files that change ----------------------------------------------------------------------

SIZE = 2 << 20  # more than the sockets hold


def half_read(server, wire, name):
    """Asks for a file of SIZE bytes and reads a little of it, so that it is being sent."""
    plant(server.dir, {f"www/live/{name}": b"x" * SIZE})
    wire.send(f"GET /live/{name} HTTP/1.1\r\nHost: a\r\n\r\n")
    head = wire.read_until(b"\r\n\r\n")
    assert f"Content-Length: {SIZE}\r\n".encode() in head
    assert wire.read_exactly(10) == b"x" * 10
    return server.dir / "www/live" / name


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_file_goes_while_it_is_sent(files, how):
    with files.wire() as wire:
        path = half_read(files, wire, how)
        if how == "removed":
            path.unlink()
        else:
            plant(files.dir, {"www/live/new": b"new"})
            os.rename(files.dir / "www/live/new", path)
        assert wire.read_exactly(SIZE - 10) == b"x" * (SIZE - 10)
        expected = (404, None) if how == "removed" else (200, b"new")

        def seen():
            answer = wire.request(f"/live/{how}")
            return (answer.status, answer.body if answer.status == 200 else None) == expected

        wait_until(seen, f"{how} to be seen", 5)


def test_a_file_is_truncated_while_it_is_sent(files):
    workers = files.workers()
    with files.wire() as wire:
        path = half_read(files, wire, "cut")
        os.truncate(path, 1000)
        assert len(wire.read_all()) < SIZE - 10  # the connection ends: nothing is made up
    assert files.workers() == workers
    line = files.wait_error(r"^.*shorter while it was sent.*$")[0]
    assert "client: 127.0.0.1" in line and 'request: "GET /live/cut HTTP/1.1"' in line


def test_rewritten_in_place_is_whole(files):
    """Large ones are sent from a held descriptor, small ones from memory."""
    for name, sizes in (("large", (300_000, 200_000, 400_000)), ("small", (3000, 2000, 4000))):
        path = files.dir / "www/live" / name
        with files.wire() as wire:
            for letter, size in zip(b"abcdef" * 2, sizes * 4):
                with open(path, "wb") as file:
                    file.write(bytes([letter]) * size)
                for _ in range(3):
                    answer = wire.request(f"/live/{name}")
                    body = answer.body
                    assert body == body[:1] * len(body), "two versions in one answer"
                    assert len(body) == dict(zip(b"abcdef", sizes * 2))[body[0]]
                    if name == "large":
                        assert body[0] == letter


def test_a_new_file_is_found_at_once_where_errors_are_not_kept(files):
    with files.wire() as wire:
        for name in ("/errors/later", "/uncached/later"):
            assert wire.request(name).status == 404
            plant(files.dir, {f"www{name}": b"one"})
            assert wire.request(name).body == b"one"
        plant(files.dir, {"www/uncached/later": b"two"})  # same size, same date
        assert wire.request("/uncached/later").body == b"two"


def test_a_new_file_is_found_when_errors_are_looked_at_again(files):
    with files.wire() as wire:
        assert wire.request("/live/later").status == 404
        plant(files.dir, {"www/live/later": b"one"})
        wait_until(lambda: wire.request("/live/later").body == b"one", "the file", 1.2 * SLOW)
