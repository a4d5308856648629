"""The comparisons with other servers: what they do, and how we do in them."""

import re
import subprocess
import sys

import pytest

from harness import FLAVOUR, PROGRAM, ROOT, SLOW

SCRIPTS = ["compare-http", "compare-faults"]


def compare(script, *arguments):
    return subprocess.run([sys.executable, str(ROOT / "scripts" / script), *arguments],
                          capture_output=True, text=True, timeout=60 * SLOW)


@pytest.mark.skipif(FLAVOUR == "torture", reason="megabytes, read by single bytes")
def test_we_answer_every_request_as_the_rfcs_ask():
    result = compare("compare-http", "--only", "tinyhttpd", "--tinyhttpd", PROGRAM,
                     "--patience", str(3 * SLOW))
    assert result.returncode == 0, result.stderr
    title, *lines = result.stdout.splitlines()
    assert "tinyhttpd" in title and len(lines) > 60
    assert [line for line in lines if line.endswith(("!", "~", "waits"))] == []
    assert [line.split()[-1] for line in lines[-2:]] == ["0", "0"]


def test_we_survive_faults():
    """Two short ones, of the twenty that the script knows."""
    result = compare("compare-faults", "--only", "tinyhttpd", "--tinyhttpd", PROGRAM,
                     "--fault", "second start|another process")
    assert result.returncode == 0 and not result.stderr, result.stderr
    title, *lines = result.stdout.splitlines()
    assert re.fullmatch(r"fault  +tinyhttpd \d+\.\d+\.\d+", title)
    cells = [re.split("  +", line)[1] for line in lines]
    assert cells[0] == "status 1, process left alone"
    assert re.fullmatch(r"status 3 in \d+(\.\d)? m?s", cells[1])


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("name, advice", [
    ("nginx", "apt-get install --no-install-recommends nginx-light"), ("tinyhttpd", "make")])
def test_it_says_what_is_missing(script, name, advice):
    result = compare(script, "--only", name, f"--{name}", "/nonexistent")
    assert result.returncode == 1 and not result.stdout
    assert result.stderr.splitlines() == [f"not found: {name}", f"    {advice}"]
