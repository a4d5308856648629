"""Master, workers, logger: supervision, signals, reload as a transaction."""

import os
import re
import signal
import socket
import threading
import time

import pytest

from conftest import SIMPLE
from harness import (FLAVOUR, SLOW, Server, is_root, nobody, processes_of_session, title,
                     wait_until)


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


def test_second_start_is_refused_with_the_pid(site):
    before = site.pid_path.read_text()
    result = site.run()
    assert result.returncode != 0
    assert str(site.process.pid) in result.stderr
    assert site.pid_path.read_text() == before
    assert site.get("/").status == 200


def test_port_in_use_names_address_and_pid(server):
    other = Server()
    try:
        other.start(SIMPLE)
        port = other.port()
        server.write_config(f"http {{ server {{ listen 127.0.0.1:{port}; }} }}")
        result = server.run()
        assert result.returncode == 1
        assert f"127.0.0.1:{port}" in result.stderr
        assert str(other.process.pid) in result.stderr
        other.stop()
    finally:
        other.clean()


@pytest.mark.skipif(not is_root(), reason="needs root to drop it")
def test_workers_have_no_privileges(site):
    for pid in site.workers():
        assert status_field(pid, "Uid").split() == [str(nobody().pw_uid)] * 4
        assert status_field(pid, "Gid").split() == [str(nobody().pw_gid)] * 4
        assert status_field(pid, "NoNewPrivs") == "1"
        assert int(status_field(pid, "CapEff"), 16) == 0
        groups = status_field(pid, "Groups").split()
        assert "0" not in groups
        names = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        assert not [name for name in names if name.endswith((".log", ".pid", ".conf"))]


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_dead_worker_is_replaced(server, number):
    server.expect_log = [r"worker.*(exited|died|killed)"]
    server.start(SIMPLE)
    victim = server.workers()[0]
    begin = time.monotonic()
    os.kill(victim, number)
    replaced(server, [victim])
    if FLAVOUR == "release":
        assert time.monotonic() - begin < 0.5
    match = server.wait_error(rf"^.*\b{victim}\b.*{signal.Signals(number).name}.*$")
    assert re.search(r"after \d+\.\d+ s", match[0])
    for _ in range(10):
        assert server.get("/docs/alpha.txt").status == 200


def test_a_hung_worker_is_reported_with_its_request_and_replaced(server):
    server.expect_log = [r"hangs", r"worker.*exited"]
    (server.dir / "big").write_bytes(b"x" * (64 << 20))
    server.start("""worker_hang_timeout 3s; worker_processes 1;
                    http { server { listen 127.0.0.1:%PORT%; root %DIR%; } }""")
    with server.wire() as wire:
        wire.send("GET /big?slow HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.read_exactly(1000)
        victim = server.workers()[0]
        os.kill(victim, signal.SIGSTOP)
        replaced(server, [victim], count=1)
    line = server.wait_error(rf"^.*\b{victim}\b.*hangs.*$")[0]
    assert "GET /big?slow" in line
    assert server.get("/big", method="HEAD").status == 200


def test_all_workers_killed_the_queue_survives(server):
    server.expect_log = [r"worker.*(exited|died|killed)"]
    server.start("worker_processes 1; " + SIMPLE)
    victims = server.workers()
    os.kill(victims[0], signal.SIGSTOP)
    wires = [server.wire() for _ in range(20)]
    for wire in wires:
        wire.send("GET /docs/alpha.txt HTTP/1.1\r\nHost: a\r\n\r\n")
    os.kill(victims[0], signal.SIGKILL)
    for wire in wires:
        assert wire.response().body == b"alpha\n"
        wire.close()


def test_death_record_has_the_request(server):
    """Killed while it sends a long answer, the worker's request is in the log."""
    server.expect_log = [r"worker.*(exited|died|killed)"]
    (server.dir / "big").write_bytes(b"x" * (64 << 20))
    server.start("""worker_processes 1; http { server { listen 127.0.0.1:%PORT%; root %DIR%; } }""")
    with server.wire() as wire:
        wire.send("GET /big?token=1 HTTP/1.1\r\nHost: victim.example\r\n\r\n")
        wire.read_exactly(1000)
        victim = server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        line = server.wait_error(rf"^.*\b{victim}\b.*SIGKILL.*$")[0]
    assert "connection" in line
    replaced(server, [victim], count=1)


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


def test_workers_leave_when_the_master_is_gone(server):
    server.expect_log = ["the master process is gone"]
    server.start(SIMPLE)
    session = server.process.pid
    children = server.workers() + [server.logger()]
    server.process.kill()
    server.process.wait()
    wait_until(lambda: not processes_of_session(session), "orphans to leave", 15)
    assert children
    server.process = None
    server.start()  # the port and the pid file are free again
    assert server.get("/").status == 200


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


def test_quit_does_not_wait_for_idle_connections(server):
    """Nobody serves after a stop: a connection that asks nothing is closed soon."""
    server.start(SIMPLE)
    with server.wire() as idle, server.wire() as fresh:
        idle.request("/")
        begin = time.monotonic()
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


def test_reload_keeps_idle_connections_for_one_more_request(server):
    server.start(SIMPLE)
    with server.wire() as wire:
        assert wire.request("/").get("Connection") != "close"
        assert "reloaded" in server.reload()
        wait_until(lambda: "shutting" in " ".join(map(title, server.pids("worker process"))) or
                   len(server.workers()) == 2, "the old generation to drain")
        assert wire.request("/").get("Connection") == "close"
        assert wire.closed()


def test_reload_adds_and_removes_listeners(server):
    server.start(SIMPLE)
    server.port("PORT2")
    server.reload(SIMPLE.replace("root", "listen 127.0.0.1:%PORT2%; root"))
    with server.wire("PORT2") as wire:
        assert wire.request("/").status == 200
    server.reload(SIMPLE)
    assert server.get("/").status == 200

    def refused():
        try:
            server.wire("PORT2").close()
            return False
        except ConnectionRefusedError:
            return True
    wait_until(refused, "the removed listener to be closed")


def test_reloads_under_load_fail_nothing(server):
    """Clients that never retry, on kept and on new connections, while the server reloads."""
    server.start(SIMPLE)
    stop, failures, done = threading.Event(), [], [0]

    def client(keep):
        wire = None
        while not stop.is_set():
            try:
                wire = wire or server.wire()
                answer = wire.request("/docs/alpha.txt")
                assert answer.status == 200 and answer.body == b"alpha\n"
                done[0] += 1
                if not keep or answer.get("Connection") == "close":
                    wire.close()
                    wire = None
            except Exception as error:  # any failure at all counts
                failures.append(repr(error))
                return

    threads = [threading.Thread(target=client, args=(index % 2 == 0,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(6):
        assert "reloaded" in server.reload()
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures and done[0] > 100


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
    server.get("/docs/alpha.txt?after")
    assert "?after" in server.access_lines(1)[-1]
    assert "?before" in moved.read_text()


# --- daemon -------------------------------------------------------------------------------

def test_daemon_returns_when_ready_and_s_stops_it(server):
    server.write_config("daemon on;" + SIMPLE)
    result = server.run()
    assert result.returncode == 0, result.stderr
    pid = int(server.pid_path.read_text())
    try:
        assert server.get("/").status == 200  # at once: every worker is ready
        assert server.run("-s", "reload").returncode == 0
        server.wait_error("reloaded")
        assert server.run().returncode != 0  # a second start
    finally:
        assert server.run("-s", "quit").returncode == 0
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the daemon to end")
    assert not server.pid_path.exists()


def test_daemon_that_cannot_start_says_why(server):
    server.write_config("daemon on; http { server { listen 127.0.0.1:%PORT%; } }")
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", server.port()))
        holder.listen()
        result = server.run()
    assert result.returncode == 1 and str(server.port()) in result.stderr
    assert not server.pid_path.exists()


def test_few_descriptors_cap_the_connections(server):
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    server.write_config("worker_processes 1; daemon on; " + SIMPLE)
    result = server.run(preexec_fn=limit)
    assert result.returncode == 0
    pid = int(server.pid_path.read_text())
    try:
        assert re.search(r"\[warn\].*worker_connections", server.errors() + result.stderr)
        wires = [server.wire() for _ in range(100)]
        served = wires[0].request("/docs/alpha.txt")
        assert served.status == 200
        for wire in wires:
            wire.close()
        assert server.get("/docs/alpha.txt").status == 200
    finally:
        server.run("-s", "stop")
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the daemon to end")
