"""Range requests (RFC 9110, 14): what they cost, what a 206 says, files of any size."""

import email
import os
import time

import pytest

from harness import wait_until
from tree import PLANTED, PLANTED_DATE, plant, serving

CONFIG = """
http {
    server {
        listen 127.0.0.1:%PORT% sndbuf=256k;
        root %DIR%/www;
        location /say { return 200 "0123456789"; }
        location /two/ { max_ranges 2; }
        location /full/ { gzip_static on; expires 1h; charset utf-8;
                          add_header Content-Location /full/a.txt; }
    }
}
"""
SMALL, LARGE = bytes(range(48, 98)) * 2, bytes(range(256)) * 256
GIB = 1 << 30
FILES = {"www/small.txt": SMALL, "www/large": LARGE, "www/two/a": SMALL, "www/sparse": "",
         "www/full/a.txt": SMALL, "www/full/a.txt.gz": LARGE, "www/empty": ""}

PART_MOST = 200  # bytes around one part: boundary, Content-Type, Content-Range
HEAD_MOST = 600
MOST_RANGES = 64


@pytest.fixture(scope="module")
def site():
    with serving(CONFIG, FILES) as server:
        yield server


def ask(server, target, ranges, **more):
    return server.get(target, fields={"Range": f"bytes={ranges}"} | more)


def parts_of(answer):
    """(Content-Range, bytes, fields) of every part, held against the bytes on the wire."""
    media_type, _, boundary = answer.get("Content-Type").partition("; boundary=")
    assert media_type == "multipart/byteranges" and boundary
    message = email.message_from_bytes(
        f"Content-Type: {answer.get('Content-Type')}\r\n\r\n".encode() + answer.body)
    assert answer.body.startswith(f"\r\n--{boundary}\r\n".encode())
    assert answer.body.endswith(f"\r\n--{boundary}--\r\n".encode())
    return [(part["Content-Range"], part.get_payload(decode=True), part)
            for part in message.get_payload()]


# --- what many ranges cost ----------------------------------------------------------------------

def every(step, count, first=0):
    return ",".join(f"{first + at}-{first + at}" for at in range(0, step * count, step))


MANY = {
    "64 single bytes": every(2, 64), "65 single bytes": every(2, 65),
    "500 single bytes": every(2, 500), "neighbours": every(1, 64),
    "backwards": ",".join(reversed(every(2, 64).split(","))),
    "all of it, often": ",".join(["0-"] * 60), "suffixes": ",".join(["-99999"] * 60),
    "one byte, often": ",".join(["0-0"] * 400),
    "nested": ",".join(f"{i}-{99 - i}" for i in range(49)),
    "staggered": ",".join(f"{i}-{i + 50}" for i in range(49)), "two halves": "0-49,50-99",
    "mostly unsatisfiable": "0-0," + ",".join(["999999-"] * 400),
    "empty members": "0-0" + "," * 900,
}


@pytest.mark.parametrize("target", ["/small.txt", "/large"])
@pytest.mark.parametrize("kind", MANY)
def test_many_ranges_cost_a_bounded_answer(site, target, kind):
    content = SMALL if target == "/small.txt" else LARGE
    answer = ask(site, target, MANY[kind])
    assert answer.status in (200, 206, 416)
    assert len(answer.raw) <= len(content) + HEAD_MOST + MOST_RANGES * PART_MOST
    assert answer.raw.count(b"Content-Range: ") <= MOST_RANGES
    if answer.status == 200:
        assert answer.body == content


def test_many_ranges_in_one_connection(site):
    """What was answered with many parts leaves nothing behind for the next request."""
    with site.wire() as wire:
        for kind in list(MANY) * 2:
            wire.request("/large", fields={"Range": f"bytes={MANY[kind]}"})
            assert wire.request("/small.txt").body == SMALL


def test_64_ranges_are_answered_and_65_are_not(site):
    parts = parts_of(ask(site, "/large", every(2, 64)))
    assert [part[0] for part in parts] == [f"bytes {at}-{at}/65536" for at in range(0, 128, 2)]
    assert ask(site, "/large", every(2, 65)).status == 200
    assert ask(site, "/two/a", "0-0,2-2").status == 206
    assert ask(site, "/two/a", "0-0,2-2,4-4").status == 200


@pytest.mark.parametrize("ranges, joined", [
    ("0-4,5-9", "0-9"), ("5-9,0-4", "0-9"), ("0-9,2-3", "0-9"), ("0-0,0-0,0-0", "0-0"),
    ("0-1,4-5,2-3", "0-5"), ("90-,-10", "90-99"), ("7-7,200-", "7-7")])
def test_ranges_that_touch_are_joined(site, ranges, joined):
    """One range is left, so there is no multipart (15.3.7.2)."""
    answer = ask(site, "/small.txt", ranges)
    assert (answer.status, answer.get("Content-Range")) == (206, f"bytes {joined}/100")
    assert answer.get("Content-Type") == "text/plain"


# --- which requests (14.2) ----------------------------------------------------------------------

@pytest.mark.parametrize("method, target, status", [
    ("HEAD", "/small.txt", 200), ("POST", "/say", 200), ("GET", "/say", 200),
    ("OPTIONS", "/small.txt", 204), ("POST", "/small.txt", 405), ("BREW", "/small.txt", 501),
    ("GET", "/missing", 404)])
def test_ranges_of_other_requests_are_ignored(site, method, target, status):
    for value in ("bytes=0-1", "bytes=999-"):
        answer = site.get(target, method=method, fields={"Range": value})
        assert (answer.status, answer.get("Content-Range")) == (status, None)


@pytest.mark.parametrize("value", [
    "items=0-1", "byte=0-1", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,5-2",
    "bytes=a-b", "bytes=0x0-1", "bytes=+0-1", "bytes=--1", "bytes=0 - 1", "0-1", ""])
def test_what_is_no_byte_range_is_ignored(site, value):
    answer = site.get("/small.txt", fields={"Range": value})
    assert (answer.status, answer.body) == (200, SMALL)


@pytest.mark.parametrize("ranges", ["100-", "100-100", "-0", "999-,200-300",
                                    "99999999999999999999999999-", "18446744073709551615-"])
def test_416_tells_the_length(site, ranges):
    answer = ask(site, "/small.txt", ranges)
    assert (answer.status, answer.get("Content-Range")) == (416, "bytes */100")
    assert SMALL not in answer.body
    empty = ask(site, "/empty", "0-")
    assert (empty.status, empty.get("Content-Range")) == (416, "bytes */0")


@pytest.mark.parametrize("ranges", ["0-99999999999999999999999", "-99999999999999999999999",
                                    "0-18446744073709551615", "-18446744073709551616"])
def test_large_numbers_are_no_error(site, ranges):
    answer = ask(site, "/small.txt", ranges)
    assert (answer.status, answer.body, answer.get("Content-Range")) == (
        206, SMALL, "bytes 0-99/100")


def test_content_range_of_a_request_is_ignored(site):
    answer = site.get("/small.txt", fields={"Content-Range": "bytes 0-1/100"})
    assert (answer.status, answer.body) == (200, SMALL)


# --- If-Range (13.1.5) --------------------------------------------------------------------------

def test_if_range_with_a_weak_validator_is_false(site):
    plant(site.dir, {"www/fresh": SMALL}, time.time() + 1)  # it may still change
    weak = site.get("/fresh").get("ETag")
    assert weak.startswith('W/"')
    strong = site.get("/small.txt").get("ETag")
    for target, tag in (("/fresh", weak), ("/fresh", weak[2:]), ("/small.txt", f"W/{strong}")):
        answer = ask(site, target, "0-1", **{"If-Range": tag})
        assert (answer.status, answer.body) == (200, SMALL), (target, tag)
    assert ask(site, "/small.txt", "0-1", **{"If-Range": strong}).body == SMALL[:2]


@pytest.mark.parametrize("value, status", [
    (PLANTED_DATE, 206), ("Tuesday, 14-Nov-23 22:13:20 GMT", 206),
    ("Tue Nov 14 22:13:20 2023", 206), ("Tue, 14 Nov 2023 22:13:21 GMT", 200),
    ("Tue, 14 Nov 2023 22:13:19 GMT", 200), ("*", 200), ("", 200), ("x", 200)])
def test_if_range_with_a_date_is_exact(site, value, status):
    assert ask(site, "/small.txt", "0-1", **{"If-Range": value}).status == status
    assert site.get("/small.txt", fields={"If-Range": value}).status == 200  # alone: nothing


def test_a_false_if_range_makes_no_416(site):
    answer = ask(site, "/small.txt", "999-", **{"If-Range": '"x"'})
    assert (answer.status, answer.body) == (200, SMALL)


# --- what a 206 says (15.3.7) -------------------------------------------------------------------

ALWAYS = ("ETag", "Vary", "Cache-Control", "Content-Location")
OF_THE_WHOLE = ("Content-Type", "Last-Modified")


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_206_has_the_fields_of_the_200(site, encoding):
    fields = {"Accept-Encoding": encoding}
    whole = site.get("/full/a.txt", fields=fields)
    part = ask(site, "/full/a.txt", "2-3", **fields)
    assert (part.status, part.body) == (206, whole.body[2:4])
    for name in ALWAYS + OF_THE_WHOLE:
        assert part.get(name) == whole.get(name) is not None, name
    assert part.get("Content-Encoding") == whole.get("Content-Encoding")
    assert part.get("Date") and part.get("Expires")


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_206_to_if_range_repeats_nothing_of_the_whole(site, encoding):
    fields = {"Accept-Encoding": encoding}
    whole = site.get("/full/a.txt", fields=fields)
    fields["If-Range"] = whole.get("ETag")
    part = ask(site, "/full/a.txt", "2-3", **fields)
    assert (part.status, part.body) == (206, whole.body[2:4])
    for name in ALWAYS:
        assert part.get(name) == whole.get(name) is not None, name
    for name in (*OF_THE_WHOLE, "Content-Encoding"):
        assert part.get(name) is None, name
    for _, _, fields_of_part in parts_of(ask(site, "/full/a.txt", "2-3,8-9", **fields)):
        assert fields_of_part["Content-Type"] == whole.get("Content-Type")


def test_multipart(site):
    answer = ask(site, "/full/a.txt", "50-51,0-1,200-,-1")
    assert answer.status == 206 and answer.get("Content-Range") is None
    parts = parts_of(answer)
    assert [part[:2] for part in parts] == [
        ("bytes 50-51/100", SMALL[50:52]), ("bytes 0-1/100", SMALL[:2]),
        ("bytes 99-99/100", SMALL[99:])]
    assert {part[2]["Content-Type"] for part in parts} == {"text/plain; charset=utf-8"}
    lines = answer.body.split(b"\n")
    assert all(line.endswith(b"\r") for line in lines[:-1])  # the content has no line ends


def test_boundaries_cannot_be_foreseen(site):
    seen = {ask(site, "/small.txt", "0-0,2-2").get("Content-Type") for _ in range(5)}
    assert len(seen) == 5


# --- files over 4 GiB ---------------------------------------------------------------------------

SPARSE = 5 * GIB + 7
MARKS = {0: b"A", (2 << 30) - 1: b"BC", (4 << 30) - 1: b"DE", SPARSE - 3: b"end"}


@pytest.fixture(scope="module")
def sparse(site):
    path = site.dir / "www/sparse"
    with open(path, "r+b") as file:
        file.truncate(SPARSE)
        for offset, mark in MARKS.items():
            file.seek(offset)
            file.write(mark)
    os.utime(path, (PLANTED, PLANTED))
    wait_until(lambda: site.get("/sparse", method="HEAD").get("Content-Length") == str(SPARSE),
               "the new length")
    return site


@pytest.mark.parametrize("ranges, first, content", [
    ("0-2", 0, b"A\0\0"), ("-3", SPARSE - 3, b"end"), (f"{SPARSE - 1}-", SPARSE - 1, b"d"),
    (f"{SPARSE - 3}-{SPARSE - 1}", SPARSE - 3, b"end"),
    (f"{SPARSE - 5}-{SPARSE + 9}", SPARSE - 5, b"\0\0end"),
    (f"{(2 << 30) - 2}-{(2 << 30) + 1}", (2 << 30) - 2, b"\0BC\0"),
    (f"{(4 << 30) - 2}-{(4 << 30) + 1}", (4 << 30) - 2, b"\0DE\0")])
def test_ranges_of_a_file_over_4_gib(sparse, ranges, first, content):
    answer = ask(sparse, "/sparse", ranges)
    assert (answer.status, answer.body) == (206, content)
    last = first + len(content) - 1
    assert answer.get("Content-Range") == f"bytes {first}-{last}/{SPARSE}"


def test_parts_and_ends_of_a_file_over_4_gib(sparse):
    parts = parts_of(ask(sparse, "/sparse", f"0-0,{4 << 30}-{4 << 30},-1"))
    assert [part[1] for part in parts] == [b"A", b"E", b"d"]
    after = ask(sparse, "/sparse", f"{SPARSE}-")
    assert (after.status, after.get("Content-Range")) == (416, f"bytes */{SPARSE}")
    with sparse.wire() as wire:  # all of it: the head and the beginning
        wire.send("GET /sparse HTTP/1.1\r\nHost: a\r\n\r\n")
        assert f"Content-Length: {SPARSE}\r\n".encode() in wire.read_until(b"\r\n\r\n")
        assert wire.read_exactly(3) == b"A\0\0"


def test_the_last_mebibyte_of_a_sparse_file(sparse):
    tail = ask(sparse, "/sparse", f"-{1 << 20}")
    assert len(tail.body) == 1 << 20 and tail.body.endswith(b"\0end")
