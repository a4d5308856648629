"""Master, workers, logger: supervision, signals, reload as a transaction."""

import os
import re
import signal
import socket
import time

import pytest

from conftest import SIMPLE
from harness import SLOW, is_root, nobody, open_files, processes_of_session, title, wait_until


def replaced(server, victims, count=2):
    def look():
        workers = server.workers()
        return workers if len(workers) == count and not set(workers) & set(victims) else None
    return wait_until(look, "replacements")


def status_field(pid, name):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith(name + ":"):
                return line.split(":", 1)[1].strip()
    return None


def test_titles(site):
    titles = [title(pid) for pid in processes_of_session(site.process.pid)]
    assert sum(text.startswith("tinyhttpd: master process") for text in titles) == 1
    assert sum(text.startswith("tinyhttpd: worker process") for text in titles) == 2
    assert sum(text.startswith("tinyhttpd: logger process") for text in titles) == 1


def test_pid_file_names_the_master_and_goes(server):
    server.start(SIMPLE)
    assert int(server.pid_path.read_text()) == server.process.pid
    server.stop()
    assert not server.pid_path.exists()




@pytest.mark.skipif(not is_root(), reason="needs root to drop it")
def test_workers_have_no_privileges(site):
    for pid in site.workers():
        assert status_field(pid, "Uid").split() == [str(nobody().pw_uid)] * 4
        assert status_field(pid, "Gid").split() == [str(nobody().pw_gid)] * 4
        assert status_field(pid, "NoNewPrivs") == "1"
        assert int(status_field(pid, "CapEff"), 16) == 0
        groups = status_field(pid, "Groups").split()
        assert "0" not in groups
        assert not [name for name in open_files(pid) if name.endswith((".log", ".pid", ".conf"))]






def test_a_dead_logger_is_replaced_and_no_line_lost(server):
    server.expect_log = [r"logger.*(exited|died|killed)"]
    server.start(SIMPLE)
    victim = server.logger()
    os.kill(victim, signal.SIGSTOP)
    for index in range(20):
        server.get(f"/docs/alpha.txt?{index}")
    os.kill(victim, signal.SIGKILL)
    lines = server.access_lines(20)
    assert sorted(int(re.search(r"\?(\d+)", line)[1]) for line in lines) == list(range(20))


def test_a_stopped_logger_stalls_nobody(server):
    server.start(SIMPLE)
    logger = server.logger()
    os.kill(logger, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        with server.wire() as wire:
            for _ in range(200):
                assert wire.request("/docs/alpha.txt").status == 200
        assert time.monotonic() - begin < 5 * SLOW
    finally:
        os.kill(logger, signal.SIGCONT)
    server.access_lines(200)



@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_stop_signals(server, number):
    server.start(SIMPLE)
    server.get("/")
    server.stop(number)


def test_quit_finishes_what_is_under_way(server):
    (server.dir / "big").write_bytes(b"x" * (8 << 20))
    server.start("http { server { listen 127.0.0.1:%PORT%; root %DIR%; } }")
    with server.wire() as wire, server.wire() as idle:
        idle.request("/")
        wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        head = wire.read_until(b"\r\n\r\n")
        assert b"200" in head
        server.send_signal(signal.SIGQUIT)
        wait_until(lambda: not server.workers(), "workers to drain")
        answer = idle.request("/big", method="HEAD")
        assert answer.get("Connection") == "close"
        assert len(wire.read_exactly(8 << 20)) == 8 << 20


@pytest.mark.parametrize("before", [None, signal.SIGHUP, signal.SIGWINCH])
def test_quit_does_not_wait_for_idle_connections(server, before):
    """Nobody serves after a stop: a connection that asks nothing is closed soon, also where
    its worker drained before."""
    server.start(SIMPLE)
    old = server.workers()
    with server.wire() as idle, server.wire() as fresh:
        idle.request("/")
        begin = time.monotonic()
        if before is not None:
            server.send_signal(before)
            wait_until(lambda: not set(old) & set(server.workers()), "the old ones to drain")
        server.send_signal(signal.SIGQUIT)
        assert idle.closed() and fresh.closed()
        server.process.wait(20)
        assert time.monotonic() - begin < 5 * SLOW


def test_quit_serves_the_queue(server):
    server.start("worker_processes 1; " + SIMPLE)
    worker = server.workers()[0]
    os.kill(worker, signal.SIGSTOP)
    wires = [server.wire() for _ in range(30)]
    for wire in wires:
        wire.send("GET /docs/alpha.txt HTTP/1.1\r\nHost: a\r\n\r\n")
    server.send_signal(signal.SIGQUIT)
    os.kill(worker, signal.SIGCONT)
    for wire in wires:
        assert wire.response().body == b"alpha\n"
        wire.close()


# --- reload -------------------------------------------------------------------------------

def test_reload_applies(server):
    server.start(SIMPLE)
    old = server.workers()
    lines = server.reload(SIMPLE.replace("root %SITE%;", "return 200 second;"))
    assert "reloaded" in lines
    assert server.get("/").body == b"second"
    replaced(server, old)
    wait_until(lambda: not set(old) & set(processes_of_session(server.process.pid)), "old workers to go")


def distance(server):
    """How much longer the second reload takes than the first, which begins right after the
    start."""
    server.start(SIMPLE)
    took = []
    for _ in range(2):
        began = time.monotonic()
        server.reload()
        took.append(time.monotonic() - began)
    server.stop()
    return took[1] - took[0]


def test_reloads_keep_a_distance_and_not_from_the_start(server):
    assert any(distance(server) > 0.3 for _ in range(3))


def test_worker_count_follows_the_config(server):
    server.start("worker_processes 1;" + SIMPLE)
    server.reload("worker_processes 4;" + SIMPLE)
    wait_until(lambda: len(server.workers()) == 4, "four workers")
    server.reload("worker_processes 2;" + SIMPLE)
    wait_until(lambda: len(server.pids("worker process")) == 2, "two workers")


# --- logs ---------------------------------------------------------------------------------

def test_reopen_moves_to_the_new_file(server):
    server.start(SIMPLE)
    server.get("/docs/alpha.txt?before")
    server.access_lines(1)
    moved = server.dir / "access.log.1"
    os.rename(server.access_path, moved)
    server.send_signal(signal.SIGUSR1)
    wait_until(server.access_path.exists, "the new log file")
    # It is there a moment before lines go to it: what is asked in between is in the old one.
    wait_until(lambda: server.get("/docs/alpha.txt?after") and server.access_path.read_text(),
               "a line in the new log file")
    assert all("?after" in line for line in server.access_lines(1))
    assert "?before" in moved.read_text().splitlines()[0]


# --- daemon -------------------------------------------------------------------------------


def test_daemon_that_cannot_start_says_why(server):
    server.write_config("daemon on; http { server { listen 127.0.0.1:%PORT%; } }")
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", server.port()))
        holder.listen()
        result = server.run()
    assert result.returncode == 1 and str(server.port()) in result.stderr
    assert not server.pid_path.exists()
