"""Second starts, and pid files that are wrong."""

import contextlib
import os
import subprocess
import time

import pytest

from conftest import SIMPLE
from harness import FLAVOUR

# What another start has in common with the server that runs, its status, and what it says.
SECOND = {
    "all": (lambda config, path: config, 3, "already running: process {pid}"),
    "pid file": (lambda config, path: config.replace("%PORT%", "%PORT2%"), 3,
                 "already running: process {pid}"),
    "port": (lambda config, path: f"pid {path}/other.pid;" + config, 1, "127.0.0.1:{port}"),
}


@pytest.mark.parametrize("daemon", ["on", "off"])
@pytest.mark.parametrize("what", SECOND)
def test_a_second_start_is_refused_at_once(watched, what, daemon):
    """And the first one has its pid file still, and all the rest."""
    change, status, said = SECOND[what]
    watched.expect_log = ["emerg.*in use"]
    watched.start(SIMPLE)
    watched.calm()
    pid_file = watched.pid_path.stat()
    watched.write_config(f"daemon {daemon};" + change(SIMPLE, watched.dir))
    delays = []
    for _ in range(3 if status == 3 else 1):
        begin = time.monotonic()
        result = watched.run()
        delays.append(time.monotonic() - begin)
        assert result.returncode == status
        assert said.format(pid=watched.process.pid, port=watched.port()) in result.stderr
        assert str(watched.process.pid) in result.stderr
    if FLAVOUR == "release" and status == 3:  # else it looks who holds the port
        assert min(delays) < 0.1
    assert not (watched.dir / "other.pid").exists()
    assert os.path.samestat(watched.pid_path.stat(), pid_file)
    assert int(watched.pid_path.read_text()) == watched.process.pid
    assert watched.get("/").status == 200


@contextlib.contextmanager
def strangers():
    """Processes of somebody else: one that runs, one that ended and waits to be reaped, one
    that is no more."""
    running = subprocess.Popen(["sleep", "60"])
    zombie, dead = subprocess.Popen(["true"]), subprocess.Popen(["true"])
    try:
        dead.wait()
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        yield running, zombie.pid, dead.pid
    finally:
        running.kill()
        running.wait()
        zombie.wait()


STALE = {
    "running": "{running}\n",
    "zombie": "{zombie}\n",
    "dead": "{dead}\n",
    "empty": "",
    "garbage": "\0x{running}",
    "group": "-{running}\n",
    "everybody": "-1\n",
    "long": "{running}" + "0" * 100,
}
WORDS = {"stop": 1, "quit": 1, "reload": 3, "reopen": 3, "upgrade": 3, "status": 3}


@pytest.mark.parametrize("what", STALE)
def test_a_stale_pid_file_is_not_believed(watched, what):
    """Nobody is signalled for it, and it is in the way of no start."""
    watched.write_config(SIMPLE)
    with strangers() as (running, zombie, dead):
        text = STALE[what].format(running=running.pid, zombie=zombie, dead=dead)
        watched.pid_path.write_text(text)
        for word, status in WORDS.items():
            result = watched.run("-s", word)
            assert result.returncode == status, result
            assert "no master runs" in result.stderr
        assert watched.pid_path.read_text() == text
        assert running.poll() is None
        watched.start()
        watched.calm()
        assert watched.pid_path.read_text() == f"{watched.process.pid}\n"
        assert running.poll() is None
