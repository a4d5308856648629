"""The tools that measure speed: that they run, not how fast anything is."""

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import pytest

from harness import FLAVOUR, PROGRAM, ROOT

pytestmark = pytest.mark.skipif(
    FLAVOUR != "release" or not shutil.which("wrk") or len(os.sched_getaffinity(0)) < 2,
    reason="needs wrk, two processors and a server that is not slowed down")


def bench(*arguments):
    return subprocess.run([sys.executable, str(ROOT / "scripts/bench"), *arguments],
                          capture_output=True, text=True, timeout=60)


def test_a_row_is_measured_and_drawn(tmp_path):
    result = bench("--only", "hot,binary", "--servers", "none", "--program", f"ours={PROGRAM}",
                   "--rounds", "1", "--seconds", "1", "--svg", str(tmp_path / "chart.svg"),
                   "--json", str(tmp_path / "samples.json"))
    assert result.returncode == 0 and not result.stderr, result.stderr
    hot, binary = json.loads((tmp_path / "samples.json").read_text())["results"]
    cost, requests, _ = hot["samples"]["ours"][0]
    assert cost > 0.5 and requests > 100
    assert 20 < binary["samples"]["ours"] < 5000
    assert f"{cost:.2f}" in result.stdout and binary["figure"] in result.stdout
    texts = [element.text for element
             in xml.etree.ElementTree.parse(tmp_path / "chart.svg").iter() if element.text]
    assert "ours" in texts and f"{cost:.2f}" in texts


@pytest.mark.parametrize("name, advice", [
    ("h2o", "apt-get install --no-install-recommends h2o"),
    ("floor", "make build/tinyhttpd build/release/floor")])
def test_it_says_what_is_missing(name, advice):
    result = bench("--servers", name, f"--{name}", "/nonexistent")
    assert result.returncode == 1 and not result.stdout
    assert result.stderr.splitlines() == [f"not found: {name}", f"    {advice}"]
