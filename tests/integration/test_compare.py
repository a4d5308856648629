"""The comparison with other servers: its requests, and our own answers to them."""

import subprocess
import sys

import pytest

from harness import FLAVOUR, PROGRAM, ROOT, SLOW

SCRIPT = str(ROOT / "scripts/compare-http")


def compare(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True,
                          text=True, timeout=60 * SLOW)


@pytest.mark.skipif(FLAVOUR == "torture", reason="megabytes, read by single bytes")
def test_we_answer_every_request_as_the_rfcs_ask():
    result = compare("--only", "tinyhttpd", "--tinyhttpd", PROGRAM,
                     "--patience", str(3 * SLOW))
    assert result.returncode == 0, result.stderr
    title, *lines = result.stdout.splitlines()
    assert "tinyhttpd" in title and len(lines) > 60
    assert [line for line in lines if line.endswith(("!", "~", "waits"))] == []
    assert [line.split()[-1] for line in lines[-2:]] == ["0", "0"]


@pytest.mark.parametrize("name, advice", [
    ("nginx", "apt-get install --no-install-recommends nginx-light"), ("tinyhttpd", "make")])
def test_it_says_what_is_missing(name, advice):
    result = compare("--only", name, f"--{name}", "/nonexistent")
    assert result.returncode == 1 and not result.stdout
    assert result.stderr.splitlines() == [f"not found: {name}", f"    {advice}"]
