"""Which bytes of a path lead where: nothing outside the root, every name inside it."""

import os
import socket

import pytest

from harness import is_root
from tree import plant, serving

CONFIG = """
http {
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        location /alias/ { alias %DIR%/www/docs/; }
        location /host/ { root %DIR%/www/$arg_dir; }
    }
    server {
        listen 127.0.0.1:%PORT2%;
        root %DIR%/www;
        merge_slashes off;
        location = /docs//file { return 200 "as written"; }
    }
}
"""
SECRET = b"not for clients"
FILES = {"secret": SECRET, "www-twin/secret": SECRET, "host/secret": SECRET,
         "www/file": "file", "www/a b": "space",
         "www/docs/file": "docs file", "www/docs/deep/file": "deep file", "www/q?x": "mark",
         "www/host/file": "host file"}
LINKS = {"www/in": "docs/file", "www/in-dir": "docs/deep", "www/docs/up": "../file",
         "www/round": "../www/file", "www/out": "../secret", "www/out-dir": "..",
         "www/twin": "../www-twin/secret", "www/chain": "out", "www/loop": "loop",
         "www/dangling": "nothing", "www/self": "/proc/self/environ"}


@pytest.fixture(scope="module")
def paths():
    with serving(CONFIG, FILES) as server:
        for name, target in LINKS.items():
            os.symlink(target, server.dir / name)
        os.symlink(server.dir / "www/docs", server.dir / "www/absolute-in")
        os.symlink(server.dir / "secret", server.dir / "www/absolute-out")
        yield server


INSIDE = {
    "/file": b"file", "/./file": b"file", "/docs/../file": b"file", "//file": b"file",
    "/docs//deep///file": b"deep file", "/docs/%2e%2E/file": b"file", "/%66%69le": b"file",
    "/docs/./deep/%2e/../file": b"docs file", "/docs%2Ffile": b"docs file",
    "/a%20b": b"space", "/q%3Fx": b"mark", "/file?/../../secret": b"file",
    "/alias/file": b"docs file", "/alias/deep/../file": b"docs file",
    "/in": b"docs file", "/in-dir/file": b"deep file", "/docs/up": b"file",
    "/round": b"file", "/absolute-in/file": b"docs file", "/in-dir/../file": b"file",
    "/host/file": b"host file",
}


def test_paths_within_the_root(paths):
    with paths.wire() as wire:
        for target, body in INSIDE.items():
            answer = wire.request(target)
            assert (answer.status, answer.body) == (200, body), target


def test_merge_slashes_off(paths):
    with paths.wire("PORT2") as wire:
        assert wire.request("/docs//file").body == b"as written"
        assert wire.request("/docs///file").body == b"docs file"  # to the file system alike
        answer = wire.request("//docs")
        assert answer.status == 301 and not answer.get("Location").startswith("//")
        for target in ("//../../secret", "/docs//../../../secret"):
            with paths.wire("PORT2") as other:
                assert other.request(target).status in (400, 403, 404)


OUTSIDE = [
    "/../secret", "/%2e%2e/secret", "/.%2e/secret", "/%2E./secret", "/docs/../../secret",
    "/docs/%2e%2e/%2E%2E/secret", "/docs/deep/../../../secret", "/..%2fsecret",
    "/%2e%2e%2fsecret", "/docs/..%2f..%2fsecret", "/..%5csecret", "/..\\secret",
    "/%252e%252e/secret", "/..%252fsecret", "/..;/secret", "/.../secret", "/%c0%ae%c0%ae/secret",
    "/%e0%80%ae%e0%80%ae/secret", "/..%c0%afsecret", "/docs/..%00/secret", "//../secret",
    "/./../secret", "/docs//../../secret", "/..//secret", "/alias../secret", "/alias/../../secret",
    "/alias..%2fsecret", "/../www-twin/secret", "/.", "/..", "/%2e%2e/", "/\x7f/../../secret",
    "/secret", "/www-twin/secret", "/host/secret?dir=..", "/host/../secret?dir=..",
    "/%2E%2e%2Fsecret", "/%2e%2E%5csecret", "/%2e./secret", "/docs/..%2F%2e%2e%2fsecret",
    "/..%3b/secret", "/%2e%2e;x/secret", "/%2e%2e%3b/secret", "/%%32%65%%32%65/secret",
    "/%25252e%25252e/secret", "/docs/../..", "/docs/%2e%2e/..", "/docs/..//..//secret",
    "/%c0%2e%c0%2e/secret", "/%f0%80%80%ae%f0%80%80%ae/secret", "/%fc%80%80%80%80%ae/secret",
    "/..%e0%80%afsecret", "/..%ef%bc%8fsecret", "/%ef%bc%8e%ef%bc%8e/secret", "/%u002e%u002e/secret",
    "/file.", "/file..", "/file/.", "/file/", "/file//", "/file%20", "/file%2f", "/docs./file",
    "/docs../file", "/docs%2e/file", "/file%2e", "/in/.", "/..../secret", "/..%20/secret",
    "/..%09/secret", "/%20../secret", "/.%00./secret", "/..%0a/secret", "/..%7f/secret",
    "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/proc/self/environ",
]


def test_paths_that_lead_out_are_refused(paths):
    for target in OUTSIDE:
        answer = paths.get(target)
        assert answer.status in (400, 403, 404), target
        assert SECRET not in answer.raw and b"root:" not in answer.raw, target


@pytest.mark.parametrize("name, status", [
    ("out", 403), ("out-dir/secret", 403), ("twin", 403), ("chain", 403), ("absolute-out", 403),
    ("self", 403), ("loop", 403), ("dangling", 404), ("in/", 404), ("file/", 404),
    ("file/file", 404), ("docs/../in-dir/../../secret", 400)])
def test_links_and_files_in_the_way(paths, name, status):
    answer = paths.get(f"/{name}")
    assert answer.status == status and SECRET not in answer.raw


def test_nul_is_no_part_of_a_name(paths):
    assert paths.get("/file%00").status == paths.get("/%00").status == 400


def test_long_names(paths):
    name = "n" * 255
    plant(paths.dir, {f"www/{name}": "long"})
    assert paths.get(f"/{name}").body == b"long"
    assert paths.get(f"/{name}n").status == 404
    assert paths.get("/" + "d/" * 3000).status == 404


def test_a_directory_redirects_to_its_slash(paths):
    for target, location in (("/docs", "/docs/"), ("/docs?a=b&c", "/docs/?a=b&c"),
                             ("/in-dir", "/in-dir/"), ("/alias/deep", "/alias/deep/"),
                             ("//docs", "/docs/"), ("/docs%2Fdeep", "/docs/deep/")):
        answer = paths.get(target)
        assert (answer.status, answer.get("Location")) == (301, location), target
    assert paths.get("/docs/").status == 403


def test_what_is_no_file(paths):
    """None of these may be waited for, and none be read."""
    workers = paths.workers()
    os.mkfifo(paths.dir / "www/fifo", 0o666)
    names = ["fifo", "socket"]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(paths.dir / "www/socket"))
        if is_root():
            os.mknod(paths.dir / "www/zero", 0o20666, os.makedev(1, 5))
            names.append("zero")
        for name in names:
            answer = paths.get(f"/{name}")
            assert answer.status == 403, name
    assert paths.workers() == workers
    paths.wait_error(r'"[^"]*/fifo" is not a regular file')


def test_files_that_may_not_be_read(paths):
    plant(paths.dir, {"www/locked": "x", "www/closed/file": "x"})
    (paths.dir / "www/locked").chmod(0)
    (paths.dir / "www/closed").chmod(0)
    for target in ("/locked", "/closed/file", "/closed/"):
        assert paths.get(target).status == 403, target
    paths.wait_error(r"/locked\" failed \(13: Permission denied\)")
    (paths.dir / "www/closed").chmod(0o755)
