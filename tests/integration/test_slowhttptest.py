"""slowhttptest, a tool that attacks with slow clients, while others are served."""

import re
import shutil
import subprocess

import pytest

from harness import FLAVOUR, SLOW, wait_until
from probe import Probe
from tree import plant

pytestmark = [
    pytest.mark.skipif(shutil.which("slowhttptest") is None,
                       reason="the program slowhttptest is not installed"),
    pytest.mark.skipif(FLAVOUR == "torture", reason="a byte at a time is slow for everybody"),
]

CONNECTIONS = 300 // SLOW
SECONDS = 4

CONFIG = """
worker_processes 2;
http {
    client_header_timeout 1s; client_body_timeout 1s; send_timeout 1s;
    lingering_timeout 500ms;
    server { listen 127.0.0.1:%PORT%; root %DIR%/www; location /post { return 200 ok; } }
}
"""

MODES = {
    "headers": ["-H", "-i", "2"],
    "body": ["-B", "-i", "2", "-t", "POST", "-s", "8192"],
    "ranges": ["-R", "-t", "HEAD", "-a", "10", "-b", "1000"],
    "reading": ["-X", "-w", "512", "-y", "1024", "-n", "2", "-z", "32", "-k", "3"],
}
PATHS = {"body": "/post", "ranges": "/small", "reading": "/big"}


# how the server ends these clients, in its log
ENDINGS = {
    "headers": "the head did not come in time",
    "body": "the body did not come in time",
    "ranges": "the client closed|answered|the client reset",
    "reading": "timed out, while sending to the client",
}


def attack(server, mode):
    """Runs the tool; what it printed, without colours."""
    url = f"http://127.0.0.1:{server.port()}{PATHS.get(mode, '/small')}"
    command = ["slowhttptest", *MODES[mode], "-c", str(CONNECTIONS), "-r", "200",
               "-l", str(SECONDS), "-p", "1", "-u", url]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30 * SLOW,
                            cwd=server.dir)
    return re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)


@pytest.mark.parametrize("mode", MODES)
def test_a_slow_attack_hurts_nobody_else(server, mode):
    plant(server.dir, {"www/small": b"s" * 4000, "www/big": b"b" * 1_000_000})
    server.start(CONFIG)
    with Probe(server, "/small", interval=0.2) as probe:
        output = attack(server, mode)
        wait_until(lambda: len(re.findall(ENDINGS[mode], server.errors())) >= CONNECTIONS,
                   "the server to end every slow client")
    probe.check(longest=2)  # the tool itself needs the processor
    assert "service available:   NO" not in output, output
