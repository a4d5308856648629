"""Directories and links that change places at full speed: never a byte from the outside."""

import contextlib
import os
import subprocess
import sys
import time

import pytest

from harness import SLOW
from seccomp import RESOLVERS
from tree import serving

CONFIG = """
error_log %DIR%/error.log crit;
http {
    keepalive_requests 1000000;
    access_log off;
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        gzip_static on;
        CACHE
        location /list/ { autoindex on; alias %DIR%/www/; }
        location /try/ { try_files /flip/deep/file /other; }
        location /page/ { error_page 404 /flip/file; }
    }
}
"""
CACHES = {"cached": "open_file_cache max=100; open_file_cache_valid 1s; open_file_cache_errors on;",
          "always looked at": "open_file_cache max=100; open_file_cache_valid 0;",
          "not cached": "open_file_cache off;"}
INSIDE, SECRET = b"lies in the root", b"lies outside"


def both(folder, content, mark):
    return {f"{folder}/file": content, f"{folder}/deep/file": content,
            f"{folder}/file.gz": content, f"{folder}/index.html": content,
            f"{folder}/{mark}/x": content}


FILES = {**both("www/flip", INSIDE, "marked"), **both("outside", SECRET, "secret-name"),
         "www/other": INSIDE, "www/leaf": INSIDE, "www/tree/branch/file": INSIDE,
         "www/tree/file": INSIDE, "www/marked": "", "outside/branch/file": SECRET}
# Each is exchanged with its partner, over and over.
PAIRS = [("www/flip", "www/flop"), ("www/leaf", "www/fallen"), ("www/near", "www/far"),
         ("www/tree/branch", "outside/branch")]
LINKS = {"www/flop": "../outside", "www/fallen": "../outside/file",
         "www/climb": "tree/branch/../file",
         "www/through": "{}/www/flip/file", "www/near": "{}/www/other", "www/far": "{}/outside/file"}
TARGETS = ["/flip/file", "/flip/", "/flip/deep/file", "/list/flip/", "/list/", "/try/", "/page/none",
           "/leaf", "/near", "/climb", "/through", "/flip/deep/../file", "/flop/file"]
FIELDS = ["", "Accept-Encoding: gzip\r\n"] * 5
RACER = """
import ctypes, itertools, sys
exchange = ctypes.CDLL(None, use_errno=True).renameat2
names = [name.encode() for name in sys.argv[1:]]
for turn in itertools.count():
    for one, other in zip(names[::2], names[1::2]):
        if exchange(-100, one, -100, other, 2) != 0:
            sys.exit("renameat2: %d" % ctypes.get_errno())
    if turn == 0:
        print("ready", flush=True)
"""


@contextlib.contextmanager
def racing(server):
    """The partners change places as fast as a process can make them."""
    names = [str(server.dir / name) for pair in PAIRS for name in pair]
    racer = subprocess.Popen([sys.executable, "-c", RACER, *names], stdout=subprocess.PIPE)
    try:
        if racer.stdout.readline() != b"ready\n":
            pytest.skip("no file system that can exchange names")
        yield
        assert racer.poll() is None
    finally:
        racer.kill()
        racer.wait()
        racer.stdout.close()


def check(target, answer):
    """Whether the answer is from the inside; it must never be from the outside."""
    assert answer.status in (200, 301, 403, 404), target
    assert SECRET not in answer.body and b"secret-name" not in answer.body, target
    return INSIDE in answer.body or b"marked" in answer.body


def race(server, seconds, need_all):
    """Asks for so long, and until every target was answered from the inside once. Pipelined,
    so that the server is always about to open a file."""
    unseen, served = set(TARGETS), 0
    end = time.monotonic() + seconds
    requests = "".join(f"GET {target} HTTP/1.1\r\nHost: a\r\n{field}\r\n"
                       for target in TARGETS for field in FIELDS)
    with server.wire() as wire:
        while time.monotonic() < end or (need_all and unseen):
            assert time.monotonic() < end + 10 * SLOW, unseen
            wire.send(requests)
            for target in (target for target in TARGETS for _ in FIELDS):
                if check(target, wire.response()):
                    unseen.discard(target)
                    served += 1
    return served


@pytest.mark.parametrize("resolver", RESOLVERS)
@pytest.mark.parametrize("cache", CACHES)
def test_never_a_byte_from_the_outside(resolver, cache):
    with serving(CONFIG.replace("CACHE", CACHES[cache]), FILES, **RESOLVERS[resolver]) as server:
        for name, target in LINKS.items():
            os.symlink(target.format(server.dir), server.dir / name)
        with racing(server):
            assert race(server, 0.5, cache != "cached") > 0
