"""The manual pages and the example configuration."""

import shutil
import subprocess

import pytest

from harness import ROOT

PAGES = sorted(ROOT.glob("*/*.[1-9]"))


def test_there_are_both_pages():
    assert [page.name for page in PAGES] == ["tinyhttpd.conf.5", "tinyhttpd.8"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_manual_page_is_clean(page):
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    result = subprocess.run(["mandoc", "-T", "lint", "-W", "style", str(page)],
                            capture_output=True, text=True)
    lines = (result.stdout + result.stderr).splitlines()
    # Not of the page: which manuals the host has, how old its index of them is.
    elsewhere = ("referenced manual not found", "outdated mandoc.db")
    assert not [line for line in lines if not any(known in line for known in elsewhere)]


def test_example_loads_as_it_stands(server):
    example = ROOT / "tinyhttpd.conf.example"
    server.config_path.write_text(example.read_text())
    result = server.run("-t")
    assert result.returncode == 0, result.stderr
    assert "[emerg]" not in result.stderr and "is ok" in result.stderr
