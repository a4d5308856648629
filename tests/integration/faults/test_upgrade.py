"""Upgrades under load, and those that fail: the old master goes on as if nothing had been."""

import os
import re
import signal

import pytest

from conftest import SIMPLE
from fleet import Fleet, wait_for_more
from harness import FLAVOUR, SLOW, processes_of_session, wait_until
from upgrading import (aside, ask_for_it, keep_asker, pid_in, replace_program, start, succeeded,
                       upgrade)
from wire import Wire

TWO_SOCKETS = SIMPLE.replace("root", "listen unix:%DIR%/socket; root")
READY = 31  # seconds, and a little, that a new master has


@pytest.mark.skipif(FLAVOUR == "torture", reason="is about load")
@pytest.mark.parametrize("end", ["done", "rolled back", "killed"])
def test_no_request_fails(watched, end):
    watched.expect_log = ["master process is gone"]
    clock = start(watched)
    watched.calm()
    old, address = watched.process.pid, ("127.0.0.1", watched.port())
    with Fleet(address, clients=16) as kept, Fleet(address, clients=16, lag=0.01) as late, \
            Fleet(address, clients=8, keep=False) as new:
        if end == "done":
            upgrade(watched, clock)
        else:
            watched.send_signal(signal.SIGUSR2)
        with succeeded(watched) as master:
            if end == "done":
                assert watched.process.wait(20) == 0
            else:
                watched.send_signal(signal.SIGWINCH)
                wait_until(lambda: len(watched.workers()) == 2, "the old workers to be gone")
                os.kill(master, signal.SIGQUIT if end == "rolled back" else signal.SIGKILL)
                watched.wait_error("upgrade rolled back")
                assert wait_until(lambda: pid_in(watched.pid_path), "its pid file") == old
            fleets = (kept, late, new)
            wait_for_more(fleets, 20)
            for fleet in fleets:
                fleet.over = True
            if end == "done":
                watched.check_whole()
    for fleet in fleets:
        fleet.check()
    assert not aside(watched).exists()
    if end == "done":
        watched.process = None


@pytest.mark.parametrize("end", [signal.SIGQUIT, signal.SIGKILL])
def test_the_old_one_comes_back(watched, end):
    """When the new master ends, whether by its operator or by a crash."""
    watched.expect_log = ["master process is gone"]
    start(watched, TWO_SOCKETS)
    watched.calm()
    watched.send_signal(signal.SIGUSR2)
    old = watched.process.pid
    with succeeded(watched) as new:
        assert pid_in(aside(watched)) == old
        os.kill(new, end)
        watched.wait_error("upgrade rolled back")
        wait_until(lambda: pid_in(watched.pid_path) == old, "its pid file")
    wait_until(lambda: len(watched.workers()) == 2, "its workers")
    assert watched.get("/").status == 200
    with Wire(str(watched.dir / "socket")) as wire:
        assert wire.request("/").status == 200
    assert watched.run("-s", "reload").returncode == 0


def test_the_new_one_is_killed_when_it_is_alone(watched):
    """Nobody is left to come back: its workers leave, and a start finds all free."""
    watched.expect_log = ["master process is gone"]
    start(watched, TWO_SOCKETS)
    watched.calm()
    session = watched.process.pid
    watched.send_signal(signal.SIGUSR2)
    with succeeded(watched) as new:
        watched.send_signal(signal.SIGQUIT)
        assert watched.process.wait(20) == 0
        os.kill(new, signal.SIGKILL)
    assert not processes_of_session(session)
    watched.start()
    watched.calm()
    assert watched.get("/").status == 200


# --- what fails before it serves ----------------------------------------------------------

# What the path of the program holds, and what is said of it.
PROGRAMS = {
    "exits": ("exit 7", "exited with code 7"),
    "dies": ("kill -SEGV $$", "died of SIGSEGV"),
    "missing": (None, "No such file"),
}
CONFIGS = {
    "no master": "master_process off;" + SIMPLE,
    "syntax": "http { sever { } }",
    "log folder": "http { access_log %DIR%/none/a.log; server { listen 127.0.0.1:%PORT%; } }",
}


def fails(server):
    """-s upgrade is told so, and at no time the pid file names another or nobody. What was
    said, on the terminal and in the log."""
    pid, workers = server.process.pid, server.workers()
    with ask_for_it(server) as asker:
        while asker.poll() is None:
            assert pid_in(server.pid_path) == pid
        said = asker.stdout.read()
    assert asker.returncode == 1, said
    assert server.workers() == workers and pid_in(server.pid_path) == pid
    assert not aside(server).exists()
    assert server.get("/").status == 200
    return said


def test_a_program_that_fails(watched):
    start(watched)
    watched.calm()
    keep_asker(watched)
    for name, (script, words) in PROGRAMS.items():
        if script is None:
            (watched.dir / "tinyhttpd").unlink()
        else:
            replace_program(watched, script)
        assert words in fails(watched), name


def test_a_configuration_that_fails(watched):
    watched.expect_log = ["emerg", "master process is gone"]
    start(watched)
    watched.calm()

    def reasons():
        return (watched.stderr() + watched.errors()).count("[emerg]")
    for name, config in CONFIGS.items():
        watched.write_config(config)
        before = reasons()
        fails(watched)
        wait_until(lambda before=before: reasons() > before, f"the reason: {name}")
    watched.write_config(SIMPLE)


def test_workers_that_fail(watched):
    """A new master none of whose workers can start is none."""
    watched.expect_log = ["emerg", "exited with code 78"]
    start(watched)
    watched.calm()
    watched.hook_path.write_text("* unfit\n")
    assert "exited with code 4" in fails(watched)
    assert "the test wants it so" in watched.errors() + watched.stderr()


def test_a_program_that_hangs(watched):
    """Meanwhile reloads and upgrades are refused, by word and by signal, and logs reopened; in
    the end it is given up."""
    clock = start(watched)
    watched.calm()
    keep_asker(watched)
    replace_program(watched, "exec sleep 60")
    with ask_for_it(watched) as asker:
        watched.wait_error("upgrade: process")
        for word in ("upgrade", "reload"):
            result = watched.run("-s", word)
            assert result.returncode == 1 and "under way" in result.stdout + result.stderr
        watched.send_signal(signal.SIGHUP)
        watched.wait_error("reload rejected: an upgrade is under way(.|\n)*"
                           "reload rejected: an upgrade is under way")
        watched.send_signal(signal.SIGUSR2)
        watched.wait_error("upgrade refused: an upgrade is under way(.|\n)*"
                           "upgrade refused: an upgrade is under way")
        watched.access_path.rename(watched.dir / "moved")
        watched.send_signal(signal.SIGUSR1)
        wait_until(watched.access_path.exists, "the new log")
        assert watched.run("-s", "reopen").returncode == 0
        assert watched.get("/").status == 200
        assert pid_in(watched.pid_path) == watched.process.pid
        clock.move(monotonic=READY)
        said = asker.communicate(timeout=20 * SLOW)[0]
    assert asker.returncode == 1 and re.search(r"not ready in 30 s", said), said
