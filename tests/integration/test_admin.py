"""What an administrator does: the init script, starts and stops that go wrong, limits."""

import os
import re
import signal
import subprocess

import pytest

from conftest import SIMPLE
from harness import (PROGRAM, ROOT, SLOW, is_root, processes_of_session, title,
                     wait_until)

BROKEN = "http { server { lisen 80; } }"


class Init:
    """The init script as it is installed, on a configuration of ours."""

    def __init__(self, server, text):
        self.server = server
        self.master = 0
        self.script = server.dir / "init"
        self.prelude = []
        script = (ROOT / "scripts/tinyhttpd.init").read_text()
        for name in ("PREFIX", "SYSCONFDIR", "LOCALSTATEDIR"):
            script = script.replace(f"@{name}@", str(server.dir))
        self.script.write_text(script)
        self.script.chmod(0o755)
        server.write_config(text)

    def run(self, *words, **environment):
        environment = {"DAEMON": PROGRAM, "CONFIG": str(self.server.config_path), **environment}
        result = subprocess.run([*self.prelude, self.script, *words], capture_output=True,
                                text=True, timeout=60 * SLOW,
                                env={**os.environ, **environment})
        if self.server.pid_path.exists():
            self.master = int(self.server.pid_path.read_text() or "0")
        return result

    def status(self, word):
        return self.run(word).returncode

    def end(self):
        if self.master and "tinyhttpd: master" in title(self.master):
            os.kill(self.master, signal.SIGKILL)


@pytest.fixture
def init(server):
    script = Init(server, "daemon on; " + SIMPLE)
    try:
        yield script
    finally:
        script.end()


def test_init_script_starts_and_stops(init):
    assert init.status("status") == 3
    assert init.status("reload") == init.status("rotate") == 7
    first = init.run("start")
    assert first.returncode == 0, first.stderr
    pid = init.master
    assert str(pid) in first.stdout
    assert init.status("start") == init.status("status") == 0
    assert init.status("reload") == init.status("force-reload") == init.status("rotate") == 0
    assert init.status("configtest") == 0 and init.master == pid
    assert init.server.get("/").status == 200
    assert init.status("restart") == 0 and init.master != pid
    assert init.status("stop") == init.status("stop") == 0
    assert init.status("status") == 3
    assert init.status("nonsense") == 2


def test_init_script_with_a_broken_configuration(init):
    """It does not stop what runs for one that would not start, and stops it when asked."""
    assert init.status("start") == 0
    init.server.write_config("daemon on; " + BROKEN)
    for word in ("restart", "reload", "force-reload", "upgrade", "configtest"):
        result = init.run(word)
        assert result.returncode == 1 and "lisen" in result.stderr
    assert init.server.get("/").status == 200
    os.rename(init.server.access_path, init.server.dir / "moved")
    assert init.status("rotate") == 0
    wait_until(init.server.access_path.exists, "the new log file")
    assert init.status("stop") == 0
    assert init.status("status") == 3


def test_init_script_tells_of_a_rejected_reload_and_of_an_upgrade(init):
    """What only the master can find out."""
    assert init.status("upgrade") == 7
    assert init.status("start") == 0
    pid = init.master
    init.server.write_config(f"daemon on; error_log {init.server.dir}/none/error.log;" + SIMPLE)
    result = init.run("reload")
    assert result.returncode == 1 and "none/error.log" in result.stderr
    init.server.wait_error("reload rejected")
    assert init.server.errors().count("reload rejected") == 1
    init.server.write_config("daemon on; " + SIMPLE)
    assert init.status("upgrade") == 0 and init.master not in (None, pid)
    assert init.server.get("/").status == 200
    assert init.status("stop") == 0 and init.status("status") == 3


def test_init_script_makes_the_folder_of_the_pid_file(init):
    path = init.server.pid_path = init.server.dir / "run/tinyhttpd.pid"
    init.server.write_config(f"pid {path}; daemon on; " + SIMPLE)
    assert init.status("start") == 0
    assert init.status("stop") == 0


WITHOUT_PROC = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"',
                "sh"]


@pytest.mark.parametrize("prelude", [[], WITHOUT_PROC], ids=["proc", "no_proc"])
def test_init_script_leaves_a_stranger_alone(init, prelude):
    """A stale pid file that names a process of somebody else."""
    if subprocess.run([*prelude, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("/proc cannot be hidden here")
    init.prelude = prelude
    with subprocess.Popen(["sleep", "60"]) as other:
        init.server.pid_path.write_text(f"{other.pid}\n")
        assert init.status("status") == 1
        assert init.status("stop") == 0
        assert other.poll() is None
        other.kill()


# --- starts that go wrong -----------------------------------------------------------------

@pytest.fixture
def daemon(server):
    """Starts in the background, by way of the shell; whatever is left is ended."""
    masters = []

    def start(prelude, config="daemon on; " + SIMPLE):
        server.write_config(config)
        result = subprocess.run(["sh", "-c", prelude + ' exec "$@"', "sh", *server.arguments()],
                                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                timeout=30 * SLOW)
        if result.returncode == 0:
            masters.append(int(server.pid_path.read_text()))
        return result
    yield start
    for pid in masters:
        if "tinyhttpd: master" in title(pid):
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda pid=pid: not title(pid), "the master to go")


@pytest.mark.parametrize("closed", ["0<&-", "0<&- 1>&-", "0<&- 1>&- 2>&-"])
def test_start_with_standard_descriptors_closed(server, daemon, closed):
    """What is opened first must not become the standard output that is replaced later."""
    assert daemon(f"exec {closed};").returncode == 0
    assert server.get("/").status == 200
    second = server.run()
    assert second.returncode == 3 and "already running" in second.stderr


def test_start_in_a_folder_that_is_gone(server, daemon):
    gone = server.dir / "gone"
    gone.mkdir()
    assert daemon(f"cd {gone}; rmdir {gone};").returncode == 0
    assert server.get("/").status == 200


def test_log_folder_that_is_a_file(server):
    (server.dir / "file").write_text("")
    server.write_config("error_log %DIR%/file/error.log; " + SIMPLE)
    result = server.run("-t")
    assert result.returncode == 1 and f"{server.dir}/file" in result.stderr


@pytest.mark.skipif(not is_root(), reason="the user directive is for root")
@pytest.mark.parametrize("line, name", [("user nobody-of-this-name;", "nobody-of-this-name"),
                                        ("user nobody no-such-group;", "no-such-group")])
def test_unknown_user_is_told_with_its_line(server, line, name):
    server.write_config("\n\n" + line + SIMPLE)
    for option in ([], ["-t"]):
        result = server.run(*option)
        assert result.returncode == 1
        assert re.search(rf"conf:3:\d+: .*{name}", result.stderr), result.stderr


def test_one_process_reopens_its_logs(server):
    server.start("master_process off; " + SIMPLE, ready=False)
    wait_until(lambda: server.pid_path.exists() and server.pid_path.read_text(), "the pid file")
    server.get("/docs/alpha.txt?before")
    os.rename(server.access_path, server.dir / "moved")
    server.send_signal(signal.SIGUSR1)
    wait_until(server.access_path.exists, "the new log file")
    server.get("/docs/alpha.txt?after")
    assert "?after" in server.access_lines(1)[0]
    assert len(processes_of_session(server.process.pid)) == 1
