"""A new program takes over on SIGUSR2 or -s upgrade, or the old one goes on."""

import os
import signal
import stat
import time

from clock import Clock
from conftest import SIMPLE
from harness import SLOW, processes_of_session, wait_until
from upgrading import aside, pid_in, replace_program, start, succeeded, upgrade
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


def test_upgrade_in_one_step(server):
    clock = start(server, TWO_SOCKETS)
    old = server.process.pid
    upgrade(server, clock)
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
    clock = Clock(server)
    server.write_config("daemon on;" + SIMPLE)
    assert server.run(env={**os.environ, "TINYHTTPD_HOOK": str(server.hook_path)}).returncode == 0
    old = pid_in(server.pid_path)
    try:
        upgrade(server, clock)
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


def test_a_channel_without_sockets_is_no_upgrade(server):
    """A start like any other: into the background."""
    server.write_config("daemon on;" + SIMPLE)
    assert server.run(env={**os.environ, "TINYHTTPD_CHANNEL": "9"}).returncode == 0
    assert server.run("-s", "stop").returncode == 0
    wait_until(lambda: not server.pid_path.exists(), "its end")


def test_a_stop_takes_the_new_one_along(server):
    start(server)
    replace_program(server, "exec sleep 60")
    server.send_signal(signal.SIGUSR2)
    server.wait_error("upgrade: process")
    began = time.monotonic()
    server.stop(signal.SIGTERM)
    assert time.monotonic() - began < 10 * SLOW
