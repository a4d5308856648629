"""What a service manager is told over NOTIFY_SOCKET, by a server that it started."""

import os
import re
import select
import signal
import socket
import struct
import time

import pytest

from clock import Clock
from conftest import SIMPLE
from harness import SLOW, open_files, processes_of_session, stopped, wait_until
from upgrading import ask_for_it, pid_in, succeeded, upgrade


class Manager:
    """The socket that the server's words arrive on, and when they did."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.setblocking(False)

    def environment(self, **more):
        return {**os.environ, "NOTIFY_SOCKET": self.name, **more}

    def next(self, seconds=10):
        """The next datagram as a dictionary, None if none comes."""
        ready, _, _ = select.select([self.socket], [], [], seconds * SLOW)
        if not ready:
            return None
        lines = self.socket.recv(65536).decode().split("\n")
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def manager(server):
    instance = Manager(str(server.dir / "manager"))
    yield instance
    instance.socket.close()


def start(server, manager, config=SIMPLE, **more):
    server.start(config, env=manager.environment(**more))
    word = manager.next()
    assert word["READY"] == "1"
    return word


@pytest.mark.parametrize("abstract", [False, True])
def test_ready_comes_after_the_workers(server, manager, abstract):
    if abstract:
        manager.socket.close()
        manager = Manager(f"@tinyhttpd-test-{os.getpid()}")
    server.start(SIMPLE, ready=False, env=manager.environment())
    word = manager.next()
    assert len(server.workers()) == 2
    assert server.get("/").status == 200
    assert word == {"READY": "1", "MAINPID": str(server.process.pid),
                    "STATUS": "started: generation 1, 2 workers"}
    manager.socket.close()


def test_a_start_that_fails_is_never_ready(server, manager):
    server.write_config(SIMPLE.replace("%SITE%", "%SITE%; nonsense"))
    assert server.run(env=manager.environment()).returncode == 1
    assert manager.next(0) is None


def check_reload(server, manager, config):
    """HUP; returns the status that came after the words that it begins."""
    server.write_config(config)
    before = time.monotonic_ns() // 1000
    server.send_signal(signal.SIGHUP)
    word = manager.next()
    assert set(word) == {"RELOADING", "MONOTONIC_USEC"}
    assert word["RELOADING"] == "1"
    assert before <= int(word["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    word = manager.next()
    assert word["READY"] == "1"
    assert word["MAINPID"] == str(server.process.pid)
    return word["STATUS"]


def test_a_reload_ends_in_ready(server, manager):
    server.expect_log = ["unknown directive"]
    start(server, manager)
    assert re.match("reloaded: generation 2, 2 workers", check_reload(server, manager, SIMPLE))
    status = check_reload(server, manager, SIMPLE.replace("root", "rot"))
    assert re.match("reload rejected, generation 2 goes on: the configuration is not valid",
                    status)
    assert re.search(r"tinyhttpd.conf:5:9: unknown directive .rot.", status)
    assert manager.next(0) is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_stopping(server, manager, number):
    start(server, manager)
    server.send_signal(number)
    assert manager.next() == {"STOPPING": "1"}


def test_signs_of_life_come_at_half_the_time(server, manager):
    begin = time.monotonic()
    start(server, manager, WATCHDOG_USEC="1000000")
    for _ in range(3):
        assert manager.next() == {"WATCHDOG": "1"}
    assert 1.4 < time.monotonic() - begin < 3.2 * SLOW  # 1.5 after the start


def test_no_sign_of_life_when_every_worker_is_stopped(server, manager):
    start(server, manager, "worker_hang_timeout 0; " + SIMPLE, WATCHDOG_USEC="200000")
    assert manager.next() == {"WATCHDOG": "1"}
    with stopped(server.workers()):
        wait_until(lambda: manager.next(0.5) is None, "silence")
    assert manager.next() == {"WATCHDOG": "1"}


@pytest.mark.parametrize("more", [{"WATCHDOG_PID": "1", "WATCHDOG_USEC": "20000"}, {}])
def test_no_sign_of_life_that_nobody_wants(server, manager, more):
    start(server, manager, **more)
    assert manager.next(0.2) is None


def datagram_sockets(pid):
    """Unix datagram sockets that a process holds, by inode."""
    known = set()
    for line in open(f"/proc/{pid}/net/unix").read().splitlines()[1:]:
        fields = line.split()
        if fields[4] == "0002":
            known.add(f"socket:[{fields[6]}]")
    return known.intersection(open_files(pid))


def test_children_know_no_manager(server, manager):
    start(server, manager, WATCHDOG_USEC="1000000")
    master, children = server.process.pid, server.workers() + [server.logger()]
    assert set(children) < set(processes_of_session(master))
    for pid in children:
        assert b"NOTIFY_SOCKET" not in open(f"/proc/{pid}/environ", "rb").read()
        assert datagram_sockets(pid) == set()
    assert len(datagram_sockets(master)) == 1


def test_a_daemon_notifies_nobody(server, manager):
    server.write_config(SIMPLE.replace("http {", "daemon on; http {", 1))
    assert server.run(env=manager.environment()).returncode == 0
    try:
        assert manager.next(0.1) is None
    finally:
        assert server.run("-s", "stop").returncode == 0
    wait_until(lambda: not server.pid_path.exists(), "the daemon to stop")
    assert manager.next(0) is None


# --- upgrades ---------------------------------------------------------------------------------

class Strict(Manager):
    """Hears the main process only, as NotifyAccess=main says; it follows MAINPID."""

    def __init__(self, name):
        super().__init__(name)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.main = 0

    def next(self, seconds=10):
        deadline = time.monotonic() + seconds * SLOW
        while select.select([self.socket], [], [], max(0, deadline - time.monotonic()))[0]:
            data, [(_, _, sender)], _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(12))
            pid = struct.unpack("3i", sender)[0]
            word = dict(line.split("=", 1) for line in data.decode().split("\n"))
            self.main = self.main or pid
            if pid == self.main:
                self.main = int(word.get("MAINPID", self.main))
                return word
        return None


@pytest.fixture
def strict(server):
    """A server that is to give a sign of life each second, its manager and its clock."""
    manager, clock = Strict(str(server.dir / "manager")), Clock(server)
    start(server, manager, WATCHDOG_USEC="2000000", TINYHTTPD_HOOK=str(server.hook_path))
    yield manager, clock
    manager.socket.close()


def test_an_upgrade_that_is_rolled_back_misses_no_sign_of_life(server, strict):
    manager, _ = strict
    old = manager.main
    server.expect_log = ["the master process is gone"]
    with ask_for_it(server):
        wait_until(lambda: pid_in(server.pid_path) not in (None, old), "the new master")
        assert manager.next(1.5) == {"WATCHDOG": "1"}
        os.kill(pid_in(server.pid_path), signal.SIGKILL)
    assert manager.next(1.5) == {"MAINPID": str(old), "WATCHDOG": "1"}
    assert manager.next(1.5) == {"WATCHDOG": "1"}


def test_a_reload_during_an_upgrade_is_answered(server, strict):
    """The manager waits for the end of every reload that it asks for."""
    manager, _ = strict
    old = manager.main
    server.expect_log = ["the master process is gone"]
    with ask_for_it(server):
        wait_until(lambda: pid_in(server.pid_path) not in (None, old), "the new master")
        server.send_signal(signal.SIGHUP)
        words = [manager.next(1.5) for _ in range(2)]
        words = [word for word in words if word != {"WATCHDOG": "1"}] + [manager.next(1.5)]
        os.kill(pid_in(server.pid_path), signal.SIGKILL)
    assert set(words[0]) == {"RELOADING", "MONOTONIC_USEC"}
    assert words[1] == {"READY": "1", "MAINPID": str(old),
                        "STATUS": "reload rejected: an upgrade is under way"}


def test_an_upgrade_hands_the_manager_over_at_its_end(server, strict):
    manager, clock = strict
    upgrade(server, clock)
    with succeeded(server) as new:
        while "MAINPID" not in (word := manager.next(5)):
            assert word == {"WATCHDOG": "1"}
        assert word == {"MAINPID": str(new), "WATCHDOG": "1"}
        word = manager.next(5)
        if "READY" in word:  # said late, as the trial was short for once
            word = manager.next(5)
        assert word == {"WATCHDOG": "1"}
        assert server.process.wait(20) == 0
    server.process = None
