"""A new program takes over on SIGUSR2 or -s upgrade, or the old one goes on."""

import contextlib
import os
import re
import shutil
import signal
import stat
import threading
import time

import pytest

from conftest import SIMPLE
from harness import SLOW, processes_of_session, title, wait_until
from wire import Wire

TWO_SOCKETS = """
http {
    server {
        listen 127.0.0.1:%PORT%;
        listen unix:%DIR%/socket;
        root %SITE%;
    }
}
"""


def pid_in(path):
    text = path.read_text() if path.exists() else ""
    return int(text) if text.strip() else None


def aside(server):
    return server.dir / "tinyhttpd.pid.oldbin"


def start(server, config=SIMPLE):
    """From a copy of the program, which tests replace."""
    server.publish_program()
    return server.start(config)


@contextlib.contextmanager
def succeeded(server):
    """Inside, the pid file names another master; it is ended behind."""
    session, old = server.process.pid, server.process.pid
    wait_until(lambda: pid_in(server.pid_path) not in (None, old), "the new master's pid file")
    new = pid_in(server.pid_path)
    try:
        yield new
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(new, signal.SIGQUIT)
        wait_until(lambda: set(processes_of_session(session)) <= children(session, old),
                   "the new master to be gone")


def children(session, master):
    """The processes of a session that are this master or its own."""
    found = {master}
    for pid in processes_of_session(session):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as stat_file:
            if int(stat_file.read().rpartition(")")[2].split()[1]) == master:
                found.add(pid)
    return found


def replace_program(server, script):
    """What the path of the program holds from now on."""
    beside = server.dir / "new-program"
    beside.write_text(f"#!/bin/sh\n{script}\n")
    beside.chmod(0o755)
    beside.rename(server.program)


def test_upgrade_in_one_step(server):
    start(server, TWO_SOCKETS)
    old = server.process.pid
    result = server.run("-s", "upgrade")
    assert result.returncode == 0 and "upgraded" in result.stdout, result
    with succeeded(server):
        assert server.process.wait(20) == 0
        assert not aside(server).exists()
        assert server.get("/").status == 200
        with Wire(str(server.dir / "socket")) as wire:
            assert wire.request("/").status == 200
        assert server.run("-s", "reload").returncode == 0  # it listens to commands
        assert old not in processes_of_session(old)
    assert not (server.dir / "socket").exists()
    assert not server.pid_path.exists()
    server.process = None


def test_a_daemon_is_followed_by_one(server):
    server.publish_program()
    server.write_config("daemon on;" + SIMPLE)
    assert server.run().returncode == 0
    old = pid_in(server.pid_path)
    try:
        assert server.run("-s", "upgrade").returncode == 0
        new = pid_in(server.pid_path)
        assert new != old and os.readlink(f"/proc/{new}/cwd") == "/"
    finally:
        assert server.run("-s", "stop").returncode == 0
        wait_until(lambda: not server.pid_path.exists() and not aside(server).exists(),
                   "both masters to end")


def test_both_serve_after_usr2(server):
    """As with nginx: WINCH and QUIT to the old one, when the operator likes the new one."""
    start(server)
    server.send_signal(signal.SIGUSR2)
    with succeeded(server) as new:
        assert pid_in(aside(server)) == server.process.pid
        assert stat.S_ISSOCK((server.dir / "tinyhttpd.pid.oldbin.control").stat().st_mode)
        assert len(server.pids("worker process")) == 4
        for _ in range(8):
            assert server.get("/").status == 200
        server.send_signal(signal.SIGQUIT)
        assert server.process.wait(20) == 0
        assert pid_in(server.pid_path) == new
        assert not aside(server).exists()
        assert server.get("/").status == 200
    server.process = None


@pytest.mark.parametrize("drained", [False, True])
@pytest.mark.parametrize("end", [signal.SIGQUIT, signal.SIGKILL])
def test_the_old_one_comes_back(server, drained, end):
    """When the new master ends, whether by its operator or by a crash."""
    server.expect_log = ["master process is gone"]
    start(server, TWO_SOCKETS)
    server.send_signal(signal.SIGUSR2)
    old = server.process.pid
    with succeeded(server) as new:
        if drained:
            server.send_signal(signal.SIGWINCH)
            wait_until(lambda: len(server.workers()) == 2, "the old workers to be gone")
        os.kill(new, end)
        server.wait_error("upgrade rolled back")
        wait_until(lambda: pid_in(server.pid_path) == old, "its pid file")
    wait_until(lambda: len(server.workers()) == 2, "its workers")
    assert server.get("/").status == 200
    with Wire(str(server.dir / "socket")) as wire:
        assert wire.request("/").status == 200
    assert server.run("-s", "reload").returncode == 0


BAD_PROGRAMS = {
    "exits": ("exit 7", "exited with code 7"),
    "dies": ("kill -SEGV $$", "died of SIGSEGV"),
    "missing": (None, "No such file"),
}


@pytest.mark.parametrize("name", BAD_PROGRAMS)
def test_a_program_that_fails_changes_nothing(server, name):
    start(server)
    workers = server.workers()
    asker = server.dir / "asker"
    shutil.copy(server.program, asker)
    script, words = BAD_PROGRAMS[name]
    if script is None:
        os.unlink(server.program)
    else:
        replace_program(server, script)
    server.program = asker
    result = server.run("-s", "upgrade")
    assert result.returncode == 1 and words in result.stdout + result.stderr
    assert server.workers() == workers and pid_in(server.pid_path) == server.process.pid
    assert server.get("/").status == 200


BAD_CONFIGS = {
    "no master": "master_process off;" + SIMPLE,
    "syntax": "http { sever { } }",
    "log directory": "http { access_log %DIR%/none/a.log; server { listen 127.0.0.1:%PORT%; } }",
}


@pytest.mark.parametrize("name", BAD_CONFIGS)
def test_a_configuration_that_fails_changes_nothing(server, name):
    server.expect_log = ["emerg", "master process is gone"]
    start(server)
    workers = server.workers()
    server.write_config(BAD_CONFIGS[name])
    result = server.run("-s", "upgrade")
    assert result.returncode == 1, result
    assert "[emerg]" in server.stderr() + server.errors()  # it says why
    assert server.workers() == workers and pid_in(server.pid_path) == server.process.pid
    assert not aside(server).exists()
    assert server.get("/").status == 200


def test_a_channel_without_sockets_is_no_upgrade(server):
    """A start like any other: into the background."""
    server.write_config("daemon on;" + SIMPLE)
    assert server.run(env={**os.environ, "TINYHTTPD_CHANNEL": "9"}).returncode == 0
    assert server.run("-s", "stop").returncode == 0
    wait_until(lambda: not server.pid_path.exists(), "its end")


def test_what_is_refused_during_an_upgrade(server):
    """One that hangs: reload and another upgrade wait for nothing, logs are reopened."""
    start(server)
    asker = server.dir / "asker"
    shutil.copy(server.program, asker)
    replace_program(server, "exec sleep 60")
    server.program = asker
    server.send_signal(signal.SIGUSR2)
    server.wait_error("upgrade: process")
    for word, said in (("upgrade", "under way"), ("reload", "under way")):
        result = server.run("-s", word)
        assert result.returncode == 1 and said in result.stdout + result.stderr
    assert server.run("-s", "reopen").returncode == 0
    assert server.get("/").status == 200
    hanging = [pid for pid in processes_of_session(server.process.pid) if "sleep" in title(pid)]
    assert len(hanging) == 1
    os.kill(hanging[0], signal.SIGKILL)
    server.wait_error("upgrade failed")


def test_a_stop_takes_the_new_one_along(server):
    start(server)
    replace_program(server, "exec sleep 60")
    server.send_signal(signal.SIGUSR2)
    server.wait_error("upgrade: process")
    began = time.monotonic()
    server.stop(signal.SIGTERM)
    assert time.monotonic() - began < 10 * SLOW


class Client(threading.Thread):
    """Asks over one connection, anew only when the server said it would close."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.over = threading.Event()
        self.answers = 0
        self.failure = None

    def run(self):
        wire = self.server.wire()
        try:
            while not self.over.is_set():
                response = wire.request("/")
                assert response.status == 200
                self.answers += 1
                if response.get("Connection") == "close":
                    wire.close()
                    wire = self.server.wire()
                self.over.wait(0.002)
        except (AssertionError, OSError, EOFError) as failure:
            self.failure = failure
        wire.close()


def test_no_request_fails(server):
    start(server)
    clients = [Client(server) for _ in range(16)]
    for client in clients:
        client.start()
    try:
        assert server.run("-s", "upgrade").returncode == 0
        with succeeded(server):
            server.process.wait(20)
            assert re.search("upgrade done", server.errors())
            for client in clients:
                client.over.set()
            for client in clients:
                client.join()
            assert [client.failure for client in clients] == [None] * len(clients)
            assert min(client.answers for client in clients) > 10
    finally:
        for client in clients:
            client.over.set()
    server.process = None
