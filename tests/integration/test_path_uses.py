"""Links in every place where a file is looked for, and names of every byte."""

import os
import random
import urllib.parse

import pytest

from harness import SLOW
from seccomp import RESOLVERS
from test_listing import Page
from tree import plant, serving

CONFIG = """
http {
    keepalive_requests 1000000;
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        location /index/ { index link; }
        location /gz/ { gzip_static on; }
        location /br/ { brotli_static on; }
        location /zst/ { zstd_static on; }
        location /try/ { try_files /try$arg_kind/link =404; }
        location /error/ { error_page 404 /error$arg_kind/link; }
        location /list/ { autoindex on; index none; }
        location /json/ { autoindex on; autoindex_format json; alias %DIR%/www/names/; }
        location /names/ { autoindex on; }
    }
}
"""
INSIDE, SECRET, PLAIN = b"from the root", b"not for clients", b"the plain file"
# What a link says, from a directory two below the root, and whether it stays beneath.
KINDS = {
    "same": ("good", True), "relative": ("../../good", True), "absolute": ("{}/www/good", True),
    "around": ("../../../www/good", True), "chain": ("../../chain-in", True),
    "through": ("../../in-dir/good", True), "everywhere": ("../../in-dir/in-dir/in-dir/good", True),
    "out": ("../../../secret", False), "absolute-out": ("{}/secret", False),
    "chain-out": ("../../chain-out", False), "through-out": ("../../out-dir/secret", False),
    "beside": ("../../../www-twin/good", False), "loop": ("link", False),
    "pair": ("../../loop-a", False), "dangling": ("nowhere", False),
    "dangling-out": ("../../../nowhere", False), "system": ("/etc/passwd", False),
    "process": ("/proc/self/environ", False),
}
LINKS = {"www/in-dir": ".", "www/chain-1": "good", "www/chain-in": "chain-1", "www/out-dir": "..",
         "www/chain-out": "out-dir/secret", "www/loop-a": "loop-b", "www/loop-b": "loop-a"}
PLACES = {"index": "link", "gz": "file.gz", "br": "file.br", "zst": "file.zst", "try": "link",
          "error": "link", "list": "link"}
BYTES = [bytes([byte]) for byte in range(1, 256) if byte != 0x2F]


def make_names():
    """Every byte alone, first, last and between, and names of many of them."""
    names = {form.replace(b"*", byte) for byte in BYTES for form in (b"*", b"*a", b"a*", b"a*a")}
    some = random.Random(7)
    names |= {b"".join(some.choices(BYTES, k=some.randint(2, 255))) for _ in range(60)}
    return sorted(names - {b".", b".."})[::SLOW]


NAMES = make_names()
FOLDERS = [name for name in NAMES if len(name) == 2]


@pytest.fixture(scope="module", params=RESOLVERS)
def uses(request):
    files = {"secret": SECRET, "www-twin/good": SECRET, "www/good": INSIDE}
    for kind in KINDS:
        files |= {f"www/{place}/{kind}/file": PLAIN for place in PLACES}
        files |= {f"www/{place}/{kind}/good": INSIDE for place in PLACES}
    with serving(CONFIG, files, **RESOLVERS[request.param]) as server:
        plant(server.dir, {b"www/names/" + name: name for name in NAMES})
        plant(server.dir, {b"www/folders/" + name: None for name in FOLDERS})
        for name, text in LINKS.items():
            os.symlink(text, server.dir / name)
        for kind, (text, _) in KINDS.items():
            for place, name in PLACES.items():
                os.symlink(text.format(server.dir), server.dir / "www" / place / kind / name)
        yield server


REQUESTS = {"index": "/index/{}/", "gz": "/gz/{}/file", "br": "/br/{}/file",
            "zst": "/zst/{}/file", "try": "/try/?kind=/{}", "error": "/error/none?kind=/{}"}


@pytest.mark.parametrize("place", REQUESTS)
def test_links_are_followed_inside_and_nowhere_else(uses, place):
    with uses.wire() as wire:
        for kind, (_, stays) in KINDS.items():
            answer = wire.request(REQUESTS[place].format(kind),
                                  fields={"Accept-Encoding": "gzip, br, zstd"})
            assert SECRET not in answer.body and b"root:" not in answer.body, kind
            assert (answer.body == INSIDE) == stays, kind
            if place in ("gz", "br", "zst") and not stays:
                assert (answer.status, answer.body) == (200, PLAIN), kind


def test_listings_show_what_is_served(uses):
    with uses.wire() as wire:
        for kind, (_, stays) in KINDS.items():
            page = Page(wire.request(f"/list/{kind}/").body.decode())
            assert ("link" in [row[0] for row in page.rows]) == stays, kind
            assert (wire.request(f"/list/{kind}/link").status == 200) == stays, kind


def quoted(name):
    return urllib.parse.quote_from_bytes(name, safe="")


def test_files_of_every_name(uses):
    with uses.wire() as wire:
        for name in NAMES:
            answer = wire.request(f"/names/{quoted(name)}")
            assert (answer.status, answer.body) == (200, name)


def test_folders_of_every_name_lead_to_their_slash(uses):
    with uses.wire() as wire:
        for name in FOLDERS:
            answer = wire.request(f"/folders/{quoted(name)}")
            location = answer.get("Location")
            assert answer.status == 301 and location.startswith("/folders/"), name
            assert urllib.parse.unquote_to_bytes(location) == b"/folders/" + name + b"/"
            assert wire.request(location).status == 403


def test_listed_names_lead_to_their_files(uses):
    rows = Page(uses.get("/names/").body.decode()).rows[1:]
    shown = [name for name in NAMES if not name.startswith(b".")]
    with uses.wire() as wire:
        found = [wire.request("/names/" + href.removeprefix("./")).body for href, *_ in rows]
    assert sorted(found) == shown
