"""Starts and reloads whose workers do not come to life, and signals at any moment."""

import os
import re
import signal
import subprocess
import time

import pytest

from conftest import SIMPLE
from faults.records import KILLED
from harness import SLOW, processes_of_session, title, wait_until
from probe import Probe

# What workers do at their start, and what is said of it.
UNFIT = {
    "abort": ("* abort\n", "exited on signal 6"),
    "unfit": ("* unfit\n", "cannot start: the test wants it so"),
    "one of two": ("3 exit\n", "exited with code 7"),
}


def remains(server):
    """Files and processes that a server leaves while it is there."""
    return server.masters() + [path.name for path in server.dir.glob("tinyhttpd.pid*")]


@pytest.mark.parametrize("daemon", ["on", "off"])
@pytest.mark.parametrize("what", UNFIT)
def test_a_start_without_workers_fails(watched, what, daemon):
    hooks, reason = UNFIT[what]
    watched.use_hooks().write_text(hooks)
    watched.write_config(f"daemon {daemon};" + SIMPLE)
    begin = time.monotonic()
    result = watched.run(env={**os.environ, "TINYHTTPD_HOOK": str(watched.hook_path)})
    assert time.monotonic() - begin < 3 * SLOW
    assert result.returncode == 4
    assert re.search(reason, result.stderr), result.stderr
    wait_until(lambda: not remains(watched), "nothing to be left")


@pytest.mark.parametrize("what", UNFIT)
def test_a_reload_without_workers_is_rejected(watched, what):
    """The old workers serve on."""
    hooks, reason = UNFIT[what]
    watched.expect_log = ["exited", "cannot start"]
    watched.use_hooks()
    watched.start(SIMPLE)
    watched.calm()
    workers = watched.workers()
    watched.hook_path.write_text(hooks.replace("3", "5"))
    with Probe(watched, "/docs/alpha.txt") as probe:
        result = watched.run("-s", "reload")
    assert result.returncode == 1, result
    assert "reload rejected, generation 1 goes on" in result.stdout + result.stderr
    watched.wait_error(reason)
    wait_until(lambda: watched.workers() == workers, "the rejected workers to be gone")
    probe.check()


@pytest.mark.parametrize("all_die", [True, False], ids=["all", "one"])
def test_a_reload_while_a_slot_keeps_dying(watched, all_die):
    """Rejected when its workers die as well. The healthy worker is not given up for them."""
    watched.expect_log = [KILLED, "exited on signal 6"]
    hook = watched.use_hooks()
    watched.start(SIMPLE)
    watched.calm()
    hook.write_text("* abort\n" if all_die else "2 abort\n")
    victim, healthy = watched.workers()
    os.kill(victim, signal.SIGKILL)
    watched.wait_error(r"slot 2, .*signal 9(.|\n)*started \(slot 2,")
    with Probe(watched, "/docs/alpha.txt") as probe:
        lines = watched.reload()
        wait_until(lambda: len(probe.delays) > 10, "probes")
    probe.check()
    assert ("reload rejected" in lines) == all_die
    if all_die:
        assert healthy in watched.workers()
    hook.write_text("")


# --- signals and starts at any moment ---------------------------------------------------------

MOMENTS = 8


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP])
def test_signal_at_any_moment_of_the_start(watched, number):
    """A clean end, or a full start when it asks for no end; nothing is left behind."""
    watched.write_config(SIMPLE)
    for turn in range(MOMENTS):
        watched.start(ready=False)
        begin = time.monotonic()
        wait_until(lambda: "master" in title(watched.process.pid), "signals to be handled")
        wait_until(lambda: time.monotonic() - begin > turn / 130, "the moment")
        watched.send_signal(number)
        if number == signal.SIGHUP:
            wait_until(watched.is_ready, "the full start")
            assert watched.get("/").status == 200
            if turn == MOMENTS - 1:
                watched.calm()
        watched.stop()
        assert not remains(watched)


def test_a_daemon_serves_as_soon_as_its_start_returns(watched):
    """With its processes complete, in a session of their own, and nothing else there."""
    watched.write_config("daemon on; " + SIMPLE)
    for word in ("stop", "quit", "stop"):
        result = watched.run()
        assert result.returncode == 0, result.stderr
        pid = int(watched.pid_path.read_text())
        assert watched.get("/docs/alpha.txt").status == 200
        session = processes_of_session(os.getsid(pid))
        assert "Z" not in session.values() and len(session) == 4
        assert watched.run("-s", word).returncode == 0
        wait_until(lambda: not remains(watched), "nothing to be left")


def test_starts_at_the_same_time(watched):
    """One of them serves, the others say which one."""
    watched.write_config("daemon on; " + SIMPLE)
    for _ in range(3):
        starts = [subprocess.Popen(watched.arguments(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True) for _ in range(3)]
        said = [start.communicate(timeout=30 * SLOW)[1] for start in starts]
        pid = int(watched.pid_path.read_text())
        assert sorted(start.returncode for start in starts) == [0, 3, 3]
        assert sum("already running" in text for text in said) == 2
        assert len(processes_of_session(os.getsid(pid))) == 4
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not remains(watched), "nothing to be left")
