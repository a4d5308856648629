"""Listings of directories: as a page, as JSON and as XML."""

import datetime
import html.parser
import json
import os
import time
import urllib.parse
import xml.etree.ElementTree

import pytest

from harness import Server
from tree import PLANTED, plant

CONFIG = """
http {
    autoindex on;
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        location /bare/ { autoindex_exact_size off; alias %DIR%/www/mixed/; }
        location /local/ { autoindex_localtime on; alias %DIR%/www/mixed/; }
        location /json/ { autoindex_format json; alias %DIR%/www/; }
        location /xml/ { autoindex_format xml; alias %DIR%/www/; }
        location /closed/ { autoindex off; }
    }
}
"""
HOSTILE = ["<script>alert(1)", "a&b", "quote\"'", "per%20cent", "ques?tion", "ha#sh",
           "space name", "col:on", "javascript:alert(1)", "semi;colon", "ü-ber", "plus+equals=",
           "tab\there", "new\nline", "back\\slash", "{brace}", "-dash", "~tilde", "[x]", "\x7f"]
ZONE = "XYZ-05:30"  # five and a half hours east of Greenwich


@pytest.fixture(scope="module")
def listing():
    server, zone = Server(), os.environ.get("TZ")
    try:
        plant(server.dir, {f"www/hostile/{name}": name for name in HOSTILE})
        plant(server.dir, {b"www/bytes/n" + bytes([byte]): "" for byte in range(1, 256)
                           if byte not in b"/\0"})
        plant(server.dir, {"www/mixed/file10.txt": b"x" * 10, "www/mixed/.dotfile": "",
                           "www/mixed/File2.txt": b"x" * 2000, "www/mixed/b.bin": b"x" * 3_000_000,
                           "www/empty/": None, "www/closed/": None, "www/secret/x": ""})
        plant(server.dir, {"www/mixed/file9.txt": b"x" * 9}, PLANTED + 3600)
        plant(server.dir, {"www/mixed/dir/": None, "www/mixed/Adir/": None}, PLANTED - 60)
        os.symlink("file9.txt", server.dir / "www/mixed/link")
        os.symlink("/etc/passwd", server.dir / "www/mixed/outside")
        os.symlink("nowhere", server.dir / "www/mixed/dangling")
        os.environ["TZ"] = ZONE
        yield server.start(CONFIG)
        server.stop()
    finally:
        server.clean()
        os.environ.pop("TZ") if zone is None else os.environ.update(TZ=zone)


class Page(html.parser.HTMLParser):
    """The rows of a listing: (href, text, date, size); and every element's name."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags, self.heads = [], [], {}
        self.row = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        attributes = dict(attributes)
        if tag == "tr":
            self.row = {"cells": []}
        elif tag == "td":
            self.row["cells"].append("")
        elif tag == "a" and self.row is not None and self.row["cells"]:
            self.row["href"] = attributes["href"]
        elif tag == "a" and self.row is not None:
            self.heads[attributes["href"]] = self.row.get("sort")
        elif tag == "th":
            self.row["sort"] = attributes.get("aria-sort")

    def handle_data(self, data):
        if self.row is not None and self.row["cells"]:
            self.row["cells"][-1] += data

    def handle_endtag(self, tag):
        if tag == "tr":
            if "href" in self.row:
                self.rows.append((self.row["href"], *self.row["cells"]))
            self.row = None


def page(listing, target):
    answer = listing.get(target)
    assert answer.status == 200
    assert answer.get("Content-Type") == "text/html; charset=utf-8"
    return Page(answer.body.decode())


def names(listing, target):
    return [row[1] for row in page(listing, target).rows if row[0] != "../"]


def test_links_lead_to_the_files(listing):
    """As a browser resolves them, whatever is in the name."""
    rows = page(listing, "/hostile/").rows
    assert len(rows) == len(HOSTILE) + 1
    with listing.wire() as wire:
        bodies = set()
        for href, *_ in rows[1:]:
            url = urllib.parse.urljoin("http://localhost/hostile/", href)
            assert url.startswith("http://localhost/hostile/")
            bodies.add(wire.request(url.removeprefix("http://localhost")).body.decode())
    assert bodies == set(HOSTILE)


def test_names_of_every_byte_are_listed_and_reached(listing):
    rows = page(listing, "/bytes/").rows
    assert len(rows) == 254 + 1
    with listing.wire() as wire:
        for href, *_ in rows[1:]:
            assert wire.request(f"/bytes/{href.removeprefix('./')}").status == 200, href


def test_names_make_no_markup(listing):
    answer = listing.get("/hostile/")
    assert b"<script" not in answer.body
    shown = names(listing, "/hostile/")
    assert "<script>alert(1)" in shown and "a&b" in shown and "quote\"'" in shown
    assert "script" not in page(listing, "/hostile/").tags


def test_the_path_makes_no_markup(listing):
    plant(listing.dir, {'www/<b>"x/': None})
    body = listing.get("/%3Cb%3E%22x/").body
    assert b"<b>" not in body and b"&lt;b&gt;" in body
    answer = listing.get("/empty/", host="a.test")
    assert b"a.test" in answer.body


BY_NAME = ["Adir/", "dir/", "b.bin", "File2.txt", "file9.txt", "file10.txt", "link"]


def test_order(listing):
    assert names(listing, "/mixed/") == BY_NAME
    assert names(listing, "/mixed/?C=N;O=A") == BY_NAME
    assert names(listing, "/mixed/?C=N;O=D") == BY_NAME[1::-1] + BY_NAME[:1:-1]
    assert names(listing, "/mixed/?C=S&O=D")[2:] == [
        "b.bin", "File2.txt", "file10.txt", "link", "file9.txt"]
    newest = names(listing, "/mixed/?C=M&O=D")
    assert set(newest[2:4]) == {"file9.txt", "link"}
    assert names(listing, "/mixed/?C=X&O=Y&unrelated") == BY_NAME


def test_columns_lead_to_orders(listing):
    heads = page(listing, "/mixed/").heads
    assert heads == {"?C=N;O=D": "ascending", "?C=M;O=D": None, "?C=S;O=D": None}
    heads = page(listing, "/mixed/?C=S;O=D").heads
    assert heads == {"?C=N;O=A": None, "?C=M;O=D": None, "?C=S;O=A": "descending"}
    for href in heads:
        assert len(names(listing, f"/mixed/{href}")) == len(BY_NAME)


def cells(listing, target):
    return {row[1]: row[2:] for row in page(listing, target).rows}


def test_sizes_and_dates(listing):
    exact, round_, local = (cells(listing, f"/{place}/") for place in ("mixed", "bare", "local"))
    assert exact["b.bin"] == ("2023-11-14 22:13", "3000000")
    assert exact["file9.txt"] == exact["link"] == ("2023-11-14 23:13", "9")
    assert exact["dir/"] == ("2023-11-14 22:12", "")
    assert round_["b.bin"][1] == "2.9 MiB" and round_["file10.txt"][1] == "10 B"
    assert round_["File2.txt"][1] == "2.0 KiB"
    assert local["b.bin"][0] == "2023-11-15 03:43"


def test_what_is_hidden(listing):
    for target in ("/mixed/", "/json/mixed/", "/xml/mixed/"):
        body = listing.get(target).body
        for name in (b"dotfile", b"outside", b"dangling"):
            assert name not in body, (target, name)


def test_the_way_up(listing):
    assert page(listing, "/mixed/").rows[0][:2] == ("../", "Parent directory")
    assert all(row[0] != "../" for row in page(listing, "/").rows)
    assert b"This folder is empty." in listing.get("/empty/").body


def test_json(listing):
    answer = listing.get("/json/mixed/")
    assert answer.get("Content-Type") == "application/json"
    entries = json.loads(answer.body)
    assert [entry["name"] for entry in entries] == [name.rstrip("/") for name in BY_NAME]
    assert entries[0] == {"name": "Adir", "type": "directory",
                          "mtime": "Tue, 14 Nov 2023 22:12:20 GMT"}
    assert entries[2] == {"name": "b.bin", "type": "file", "size": 3000000,
                          "mtime": "Tue, 14 Nov 2023 22:13:20 GMT"}
    hostile = json.loads(listing.get("/json/hostile/").body)
    assert {entry["name"] for entry in hostile} == set(HOSTILE)
    assert len(json.loads(listing.get("/json/bytes/").body)) == 254
    assert json.loads(listing.get("/json/empty/").body) == []


def test_xml(listing):
    answer = listing.get("/xml/mixed/")
    assert answer.get("Content-Type") == "text/xml; charset=utf-8"
    root = xml.etree.ElementTree.fromstring(answer.body)
    assert root.tag == "list"
    assert [(entry.tag, entry.text) for entry in root][:3] == [
        ("directory", "Adir"), ("directory", "dir"), ("file", "b.bin")]
    assert root[2].attrib == {"mtime": "2023-11-14T22:13:20Z", "size": "3000000"}
    hostile = xml.etree.ElementTree.fromstring(listing.get("/xml/hostile/").body)
    assert {"a&b", "quote\"'", "<script>alert(1)"} <= {entry.text for entry in hostile}
    assert len(xml.etree.ElementTree.fromstring(listing.get("/xml/bytes/").body)) == 254


def test_listings_are_current_and_need_permission(listing):
    plant(listing.dir, {"www/empty/new": ""}, time.time())
    assert names(listing, "/empty/") == ["new"]
    (listing.dir / "www/empty/new").unlink()
    assert names(listing, "/empty/") == []
    assert listing.get("/closed/").status == 403
    (listing.dir / "www/secret").chmod(0)
    assert listing.get("/secret/").status == 403
    (listing.dir / "www/secret").chmod(0o755)


def test_head_and_size_of_a_listing(listing):
    full, head = listing.get("/mixed/"), listing.get("/mixed/", method="HEAD")
    assert head.get("Content-Length") == full.get("Content-Length") == str(len(full.body))
    assert full.get("Last-Modified") is None and full.get("ETag") is None
    today = datetime.datetime.now(datetime.timezone.utc).year
    assert str(today) in full.get("Date")
