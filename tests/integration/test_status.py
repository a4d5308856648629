"""What the master tells of itself and its workers: -s status, --json, and top."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time

import pytest

from conftest import SIMPLE
from harness import SLOW, open_files, stopped, wait_until

SLOW_DOWNLOAD = """
worker_processes {workers};
http {{
    keepalive_requests 1000000;
    server {{
        listen 127.0.0.1:%PORT%;
        root %DIR%;
        location = /big {{ limit_rate 20k; }}
    }}
}}
"""


def start_slow(server, workers=1):
    (server.dir / "big").write_bytes(bytes(1 << 20))
    (server.dir / "small").write_bytes(b"small")
    server.start(SLOW_DOWNLOAD.format(workers=workers))


def text(server):
    result = server.run("-s", "status")
    assert result.returncode == 0 and not result.stderr, result
    return result.stdout


def download(server, request="GET /big HTTP/1.1\r\nHost: a\r\n\r\n"):
    wire = server.wire()
    wire.send(request)
    wire.read_exactly(1000)
    return wire


def test_fields_of_a_quiet_server(server):
    server.start(SIMPLE)
    told = server.status()
    assert told["config"] == str(server.config_path)
    assert (told["pid"], told["logger"]) == (server.process.pid, server.logger())
    assert (told["state"], told["generation"], told["draining"]) == ("serving", 1, 0)
    assert (told["verdict"], told["restarts"], told["last_restart"]) == ("applied", 0, None)
    assert re.fullmatch(r"\d+\.\d+\.\d+", told["version"]) and 0 <= told["uptime"] < 60
    assert sorted(worker["pid"] for worker in told["workers"]) == server.workers()
    for worker in told["workers"]:
        assert worker["state"] == "ready" and worker["generation"] == 1
        assert 0 <= worker["beat"] < 3 and worker["request"] is None
    assert told["listeners"] == [{"address": f"127.0.0.1:{server.port()}", "queue": 0,
                                  "backlog": told["listeners"][0]["backlog"]}]
    assert told["listeners"][0]["backlog"] > 0


def test_text_has_the_fields_of_json_and_fits(server):
    start_slow(server, workers=16)
    with download(server, f"GET /big?{'x' * 300} HTTP/1.1\r\nHost: a\r\n\r\n"):
        lines = text(server).splitlines()
        told = server.status()
    names = {line.split()[0] for line in lines[:lines.index("")]}
    more = {"listeners", "workers", "last_restart", "last_restart_age", "quarantined_request"}
    assert set(told) - more == names
    assert all(len(line) <= 100 and line == line.rstrip() for line in lines)
    assert sum(bool(re.match(r" +\d+ +\d+ +1  ready ", line)) for line in lines) == 16
    assert any("GET /big?xxx" in line and line.endswith("..") for line in lines)


def test_requests_and_bytes_are_counted(server):
    start_slow(server, workers=2)
    for _ in range(20):
        assert server.get("/small").status == 200
    told = server.status()
    assert (told["requests"], told["accepted"]) == (20, 20)
    assert told["sent"] > 20 * len("small")
    assert sum(worker["requests"] for worker in told["workers"]) == 20
    assert told["rate"] > 0 and "/s" in text(server)


def test_connections_by_what_they_do(server):
    start_slow(server)
    with download(server), server.wire() as reading, server.wire() as waiting:
        reading.send("GET / HT")
        waiting.request("/small")
        kinds = ("connections", "reading", "writing", "waiting")

        def counts():
            told = server.status()
            assert [told[kind] for kind in kinds] == [told["workers"][0][kind] for kind in kinds]
            return [told[kind] for kind in kinds]

        wait_until(lambda: counts() == [3, 1, 1, 1], "three connections")
    wait_until(lambda: counts() == [0, 0, 0, 0], "none")


def test_a_killed_worker_is_told_and_its_counts_stay(server):
    server.expect_log = ["signal 9"]
    start_slow(server)
    for _ in range(10):
        server.get("/small")
    before = server.status()
    os.kill(server.workers()[0], signal.SIGKILL)
    after = wait_until(lambda: (told := server.status())["restarts"] and told, "the restart")
    for name in ("requests", "accepted", "sent"):
        assert after[name] >= before[name], name
    assert after["requests"] == 10 and "SIGKILL" in after["last_restart"]
    ready = wait_until(lambda: (worker := server.status()["workers"][0])["state"] == "ready"
                       and worker, "its successor")
    assert ready["restarts"] == 1 and "SIGKILL" in ready["last_restart"]
    assert ready["requests"] == 0 and ready["last_restart_age"] < 60
    assert "restarts: 1, " in text(server)


def test_totals_survive_a_reload(server):
    start_slow(server)
    for _ in range(10):
        server.get("/small")
    assert server.run("-s", "reload").returncode == 0
    told = server.status()
    assert (told["generation"], told["requests"], told["restarts"]) == (2, 10, 0)
    assert told["verdict"] == "applied" and "reloaded: generation 2" in told["verdict_text"]
    server.expect_log = ["emerg"]
    server.write_config("http { sever { } }")
    server.send_signal(signal.SIGHUP)
    server.wait_error("reload rejected")
    told = server.status()
    assert told["verdict"] == "rejected" and "sever" in told["verdict_text"]
    assert re.search(r"^verdict +rejected$", text(server), re.M)


def test_a_drain_is_seen(server):
    start_slow(server)
    with download(server):
        server.reload()
        told = server.status()
        states = {worker["generation"]: worker["state"] for worker in told["workers"]}
        assert states == {1: "draining", 2: "ready"} and told["draining"] == 1
        server.send_signal(signal.SIGQUIT)
        wait_until(lambda: server.status()["state"] == "draining", "the end to begin")


def test_the_queue_of_stopped_workers(server):
    server.start(SIMPLE.replace("server {", "server { listen unix:%DIR%/sock; ", 1))
    with stopped(server.workers()), contextlib.ExitStack() as clients:
        for _ in range(7):
            clients.enter_context(socket.create_connection(("127.0.0.1", server.port())))

        def queues():
            return {entry["address"]: entry["queue"] for entry in server.status()["listeners"]}

        wanted = {f"127.0.0.1:{server.port()}": 7, f"unix:{server.dir}/sock": None}
        wait_until(lambda: queues() == wanted, "the queue")
        wait_until(lambda: all(worker["beat"] > 1.1 for worker in server.status()["workers"]),
                   "the hearts to be late")
        assert re.search(r"^127\.0\.0\.1:\d+ +7 +\d+$", text(server), re.M)


def test_the_request_in_hand(server):
    start_slow(server)
    with download(server, "GET /big?q=1 HTTP/1.1\r\nHost: Example.org\r\n\r\n"):
        request = server.status()["workers"][0]["request"]
        assert request.pop("age") < 60
        assert request.pop("location").startswith(str(server.config_path)), request
        assert request == {"peer": "127.0.0.1", "line": "GET /big?q=1",
                           "host": "example.org", "phase": "sending"}
        assert "sending, 127.0.0.1 to example.org: GET /big?q=1" in text(server)
    wait_until(lambda: server.status()["workers"][0]["request"] is None, "its end")


HOSTILE = {
    "quotes": b'GET /big?"\\\' HTTP/1.1\r\nHost: a\r\n\r\n',
    "high bytes": b"GET /big?\xc2\x9b31m\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
    "control bytes": b"GET /big?\x1b[2J\x07 HTTP/1.1\r\nHost: a\r\n\r\n",
    "agent": b"GET /big HTTP/1.1\r\nHost: a\r\nUser-Agent: \x1b]0;x\x07\r\n\r\n",
    "long": b"GET /big?" + b'"' * 3000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_requests_harm_neither_json_nor_terminal(server, name):
    start_slow(server)
    with server.wire() as wire:
        wire.send(HOSTILE[name])
        wire.read_exactly(12)
        told = server.status()
        shown = text(server) + server.run("top").stdout
        line = server.run("-s", "status", "--json").stdout
    assert told["state"] == "serving"
    assert all(char == "\n" or " " <= char <= "~" for char in shown + line)
    assert all(len(row) <= 100 for row in shown.splitlines())


def test_the_pace_is_the_same_for_any_number_of_askers(server):
    start_slow(server)
    with server.wire() as wire:
        end, sent = time.monotonic() + 2.5, 0
        begin = time.monotonic()
        while time.monotonic() < end:
            for _ in range(10):
                wire.request("/small")
            sent += 10
            told = server.status()
            pace = sent / (time.monotonic() - begin)
    # Asked each time, it still is that of a second or two.
    assert pace / 2 < told["rate"] < pace * 2, (pace, told["rate"])
    assert told["workers"][0]["rate"] == pytest.approx(told["rate"], rel=0.1)
    quiet = wait_until(lambda: (told := server.status())["rate"] == 0 and told, "the quiet", 4)
    assert quiet["workers"][0]["rate"] == 0 and quiet["requests"] == sent


# --- how it ends when nobody answers -----------------------------------------------------

@pytest.mark.parametrize("words", [("-s", "status"), ("-s", "status", "--json"), ("top",)])
def test_without_a_master(server, words):
    server.write_config(SIMPLE)
    result = server.run(*words)
    assert result.returncode == 3 and "no master" in result.stderr and not result.stdout


def test_a_single_process_cannot_be_asked(server):
    server.start("master_process off;" + SIMPLE, ready=False)
    wait_until(server.pid_path.exists, "the pid file")
    wait_until(lambda: server.run("-s", "status").returncode == 1, "a refusal")
    assert "cannot be asked" in server.run("-s", "status").stderr


def has_socket(pid):
    return any("socket:" in name for name in open_files(pid))


def test_whoever_waits_may_give_up(server):
    server.start(SIMPLE)
    server.send_signal(signal.SIGSTOP)
    try:
        asker = subprocess.Popen(server.arguments("-s", "status"), stdout=subprocess.PIPE)
        wait_until(lambda: has_socket(asker.pid), "the question")
        asker.send_signal(signal.SIGINT)
        assert asker.wait(10 * SLOW) == -signal.SIGINT
        asker.stdout.close()
    finally:
        server.send_signal(signal.SIGCONT)


# --- top ---------------------------------------------------------------------------------

class Terminal:
    """A program in a terminal of its own, and what it has written there."""

    def __init__(self, arguments, rows=24, columns=80):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.data = b""
        self.process = subprocess.Popen(arguments, stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, start_new_session=True,
                                        preexec_fn=self.take)

    def take(self):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            self.data += os.read(self.master, 65536)

    def pictures(self):
        """Each as its rows, without what makes them bold or clears the rest of a line."""
        self.read()
        for picture in self.data.decode().split("\x1b[H")[1:]:
            end = picture.find("\x1b[J")
            if end >= 0:
                yield re.sub(r"\x1b\[[0-9;]*[Km]", "", picture[:end]).replace("\r", "").split("\n")[:-1]

    def picture(self, test, what):
        """Waits for one that passes the test, of those not seen yet."""
        def look():
            return next((rows for rows in self.pictures() if test(rows)), None)
        rows = wait_until(look, what)
        return rows

    def forget(self):
        self.read()
        self.data = b""

    def key(self, key):
        os.write(self.master, key)

    def check_end(self, status=0):
        """It ended, and left the terminal as it found it."""
        def ended():
            self.read()
            return self.process.poll() is not None
        wait_until(ended, "its end")
        self.read()
        assert self.process.returncode == status
        assert self.data.endswith(b"\x1b[?7h\x1b[?25h\x1b[?1049l")
        assert termios.tcgetattr(self.slave) == self.before


def is_drawn(rows):
    return len(rows) > 5 and rows[0].startswith("tinyhttpd ") and "ready" in rows[5]


def test_top_draws_again_and_again(server):
    start_slow(server)
    with download(server), Terminal(server.arguments("top"), columns=90) as terminal:
        rows = terminal.picture(is_drawn, "the first picture")
        assert f"pid {server.process.pid}" in rows[0] and "generation 1" in rows[0]
        assert rows[3] == "" and rows[4].startswith("slot") and "request" in rows[4]
        assert "sending, 127.0.0.1 to a: GET /big" in rows[5]
        assert terminal.data.startswith(b"\x1b[?1049h\x1b[?25l")
        for _ in range(5):
            server.get("/small")
        terminal.picture(lambda rows: is_drawn(rows) and "requests 6 " in rows[1], "the next")
        terminal.key(b"q")
        terminal.check_end()


def test_top_follows_the_window(server):
    start_slow(server, workers=16)
    with download(server), Terminal(server.arguments("top"), 40, 120) as terminal:
        rows = terminal.picture(is_drawn, "the wide picture")
        assert len(rows) == 5 + 16 and max(map(len, rows)) <= 120
        terminal.forget()
        terminal.resize(12, 40)
        rows = terminal.picture(lambda rows: is_drawn(rows) and len(rows) <= 11,
                                "the small picture")
        assert max(map(len, rows)) <= 40
        assert rows[-1] == ".. and 11 more lines"
        terminal.key(b"\x03")
        terminal.check_end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                                    signal.SIGQUIT], ids=lambda number: number.name)
def test_a_signal_ends_top(server, number):
    server.start(SIMPLE)
    with Terminal(server.arguments("top")) as terminal:
        terminal.picture(is_drawn, "the first picture")
        terminal.process.send_signal(number)
        terminal.check_end()


def test_top_waits_for_the_next_master(server):
    server.start(SIMPLE)
    with Terminal(server.arguments("top")) as terminal:
        terminal.picture(is_drawn, "the first picture")
        old = server.process.pid
        server.stop()
        wait_until(lambda: terminal.read() or b"no master answers" in terminal.data, "the loss")
        assert terminal.process.poll() is None
        server.start()
        rows = terminal.picture(lambda rows: is_drawn(rows) and f"pid {old}" not in rows[0],
                                "the next master")
        assert f"pid {server.process.pid}" in rows[0]
        server.stop()
        terminal.key(b"q")
        terminal.check_end()


def test_top_leaves_when_its_terminal_is_gone(server):
    server.start(SIMPLE)
    with Terminal(server.arguments("top")) as terminal:
        terminal.picture(is_drawn, "the first picture")
        os.close(terminal.master)
        try:
            assert terminal.process.wait(10 * SLOW) == 0
        finally:
            terminal.master = os.dup(terminal.slave)


def test_top_of_a_master_that_stands_still_can_be_left(server):
    server.start(SIMPLE)
    with Terminal(server.arguments("top")) as terminal:
        terminal.picture(is_drawn, "the first picture")
        server.send_signal(signal.SIGSTOP)
        try:
            wait_until(lambda: terminal.read() or b"no master answers" in terminal.data,
                       "the loss")
            terminal.key(b"q")
            terminal.check_end()
        finally:
            server.send_signal(signal.SIGCONT)


def test_top_into_a_pipe_is_plain(server):
    server.start(SIMPLE)
    result = server.run("top")
    assert result.returncode == 0 and not result.stderr
    rows = result.stdout.splitlines()
    assert is_drawn(rows) and len(rows) == 5 + 2
    assert "\x1b" not in result.stdout and "\r" not in result.stdout


def test_a_directory_named_top_is_served_by_its_path(server):
    (server.dir / "top").mkdir()
    (server.dir / "top/index.html").write_text("here")
    process = subprocess.Popen([*server.arguments()[:1], "./top", str(server.port())],
                               cwd=server.dir, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert b"http://" in process.stdout.readline()
        assert server.get("/").body == b"here"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
