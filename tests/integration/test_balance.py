"""How evenly workers share connections, as scripts/balance measures it."""

import subprocess
import sys

import pytest

from harness import FLAVOUR, PROGRAM, ROOT, SLOW

SCRIPT = str(ROOT / "scripts/balance")


def balance(*arguments):
    return subprocess.run([sys.executable, SCRIPT, "--program", PROGRAM, *arguments],
                          capture_output=True, text=True, timeout=60 * SLOW)


@pytest.mark.skipif(FLAVOUR == "torture", reason="about load")
def test_workers_share_alike_and_a_stopped_one_starves_nobody():
    result = balance("--only", "ramp,burst,stopped")
    assert result.returncode == 0, result.stdout + result.stderr
    cases = [line.split()[0] for line in result.stdout.splitlines()]
    assert cases == ["case", "ramp", "burst", "stopped"]


def test_an_unknown_case_is_refused():
    assert "unknown case ram" in balance("--only", "ram").stderr
