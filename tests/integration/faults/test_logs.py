"""Logs that cannot be written, readers of logs that do not read, and rotation under load."""

import os
import re
import resource
import signal

import pytest

from faults import disk
from faults.records import KILLED
from fleet import Fleet
from harness import SLOW, wait_until

SIMPLE = """
http {{
    access_log {log};
    server {{
        listen 127.0.0.1:%PORT%;
        root %SITE%;
    }}
}}
"""
LINE = re.compile(r'127\.0\.0\.1 - - \[[^]]+\] "GET \S+ HTTP/1\.1" \d{3} \d+ "-" "-"')
PIPE_SIZE = 1 << 16  # of a FIFO
DROPPED = r"works again, (\d+) lines were dropped|(\d+) lines for \"\S+\" were dropped in all"


def ask(server, count, target="/docs/alpha.txt"):
    """So many requests on one connection, each answered."""
    with server.wire() as wire:
        for _ in range(count):
            assert wire.request(target).status == 200


def cut_lines(text):
    """Those that lack an end or a beginning; none has another line stuck to it."""
    cut = [line for line in text.splitlines() if not LINE.fullmatch(line)]
    assert all(line.count("127.0.0.1") + line.count('"-" "-"') <= 1 for line in cut), cut
    return cut


def children(server):
    return server.workers() + [server.logger()]


def stop_and_count_drops(server):
    """Ends the server; how many lines it has said by then that it dropped."""
    server.stop()
    return sum(int(a or b) for a, b in re.findall(DROPPED, server.errors()))


def test_a_device_that_is_full(watched):
    """Nobody notices but the administrator, who is told once, and of every line at the end."""
    watched.expect_log = [r"\[alert\].*/dev/full"]
    watched.start(SIMPLE.format(log="/dev/full")).calm()
    with Fleet(("127.0.0.1", watched.port()), clients=16, think=0) as fleet:
        watched.wait_error("/dev/full.*No space left")
        wait_until(lambda: fleet.done > 1000 / SLOW, "requests")
    fleet.check()
    wait_until(lambda: watched.status()["log_drops"] >= fleet.done, "the count of them")
    watched.check_whole()
    assert watched.errors().count("/dev/full") == 1
    assert stop_and_count_drops(watched) == fleet.done


@disk.needs_root
def test_a_disk_that_fills_and_has_room_again(watched):
    """With both logs on it. What was cut stays a line of its own, whole lines follow."""
    watched.expect_log = [r"\[alert\].*No space left"]
    small = watched.dir / "small"
    small.mkdir()
    watched.start(f"error_log {small}/error.log info; error_log {watched.error_path} info;"
                  + SIMPLE.format(log=f"{small}/access.log"),
                  preexec_fn=lambda: disk.mount(small)).calm()
    small = disk.seen_by(watched, small)
    disk.fill(small, leave=8192)
    for log in ("access.log", "error.log"):
        def refused(log=log):
            ask(watched, 50)  # of which the error log tells nothing: so ask for what is missing
            assert watched.get("/missing").status == 404
            return re.search(rf"write\(\) to \".*{log}\" failed.*No space", watched.errors())
        wait_until(refused, f"{log} to be full")
    (small / "filler").unlink()
    ask(watched, 1, "/docs/alpha.txt?again")
    text = wait_until(lambda: (found := (small / "access.log").read_text()).endswith("\n")
                      and "?again" in found and found, "a new line")
    assert len(cut_lines(text)) <= 1
    watched.wait_error("access.log\" works again")


@disk.needs_root
@pytest.mark.parametrize("daemon", ["off", "on"])
def test_no_room_for_the_pid_file(watched, daemon):
    """No server whose pid nobody knows."""
    small = watched.dir / "small"
    small.mkdir()
    watched.pid_path = small / "tinyhttpd.pid"
    watched.write_config(f"daemon {daemon};" + SIMPLE.format(log=watched.access_path))

    def mount_and_fill():
        disk.mount(small)
        disk.fill(small)
    result = watched.run(preexec_fn=mount_and_fill)
    assert result.returncode == 1, result
    assert re.search(r"tinyhttpd\.pid\" cannot be written .*No space left", result.stderr)
    with pytest.raises(ConnectionRefusedError):
        watched.get("/")


class Reader:
    """Of a FIFO: reads when it is told to."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def read(self):
        try:
            return os.read(self.fd, PIPE_SIZE).decode()
        except BlockingIOError:
            return ""

    def close(self):
        os.close(self.fd)


@pytest.mark.parametrize("how", ["nobody", "sleeps", "dies"])
def test_a_fifo_whose_reader(watched, how):
    """It takes what fits into the pipe, and the rest is dropped and counted."""
    watched.expect_log = [r"\[alert\].*fifo.*(Resource temporarily|Broken pipe)"]
    path = watched.dir / "fifo"
    os.mkfifo(path)
    reader = Reader(path) if how != "nobody" else None
    watched.start(SIMPLE.format(log=path)).calm()
    before = children(watched)
    if how == "dies":
        reader.close()
    long = f"/docs/alpha.txt?{'x' * 900}"
    count = 0
    while "[alert]" not in watched.errors():
        ask(watched, 20, long)
        count += 20
        assert count < 10000
    if how != "sleeps":
        reader = Reader(path)
    got = ""

    def last_line():
        nonlocal got
        got += reader.read()
        ask(watched, 1, "/docs/alpha.txt?last")
        return "?last" in got and got.endswith("\n")
    wait_until(last_line, "the reader to get new lines")
    filled = 1 + len(got) // PIPE_SIZE
    assert len(cut_lines(got)) <= filled + 1  # by the full pipe, and where a reader began
    assert children(watched) == before
    watched.check_whole()
    assert stop_and_count_drops(watched) > 0
    reader.close()


def test_the_limit_of_file_sizes(watched):
    """Its signal kills nobody."""
    watched.expect_log = [r"\[alert\].*access.log.*File too large"]

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
    watched.start(SIMPLE.format(log=watched.access_path), preexec_fn=limit).calm()
    before = children(watched)
    ask(watched, 300)
    watched.wait_error("File too large")
    ask(watched, 20)
    assert children(watched) == before
    assert watched.access_path.stat().st_size == 20000
    watched.check_whole()
    whole = [line for line in watched.access_path.read_text().splitlines() if LINE.fullmatch(line)]
    assert len(whole) + stop_and_count_drops(watched) == 320


def test_a_folder_of_logs_that_is_gone(watched):
    """A reopen that fails says so, and the old file is written on."""
    watched.expect_log = [r"\[emerg\].*logs/a\.log"]
    log = watched.dir / "logs/a.log"
    log.parent.mkdir()
    watched.start(SIMPLE.format(log=log)).calm()
    ask(watched, 1)
    watched.access_lines(1, log)
    with open(log) as held:
        log.unlink()
        log.parent.rmdir()
        result = watched.run("-s", "reopen")
        assert result.returncode == 1 and "1 failed" in result.stdout + result.stderr
        watched.send_signal(signal.SIGUSR1)
        wait_until(lambda: watched.errors().count("reopened, 1 failed") == 2, "the signal's turn")
        ask(watched, 1, "/docs/alpha.txt?kept")
        wait_until(lambda: "?kept" in held.readline(), "the line in the old file")
    log.parent.mkdir()
    assert watched.run("-s", "reopen").returncode == 0


def test_rotation_under_load(watched):
    """Nothing fails, and every request has its whole line in one of the files."""
    watched.start(SIMPLE.format(log=watched.access_path)).calm()
    asked = 0
    with Fleet(("127.0.0.1", watched.port()), "/docs/alpha.txt", clients=16, think=0) as fleet:
        for turn in range(8):
            wait_until(lambda asked=asked: fleet.done > asked, "requests")
            asked = fleet.done
            watched.access_path.rename(watched.dir / f"access.log.{turn}")
            if turn % 2:
                assert watched.run("-s", "reopen").returncode == 0
            else:
                watched.send_signal(signal.SIGUSR1)
                wait_until(watched.access_path.exists, "the new file")
    fleet.check(least=8)

    def lines():
        found = [line for path in watched.dir.glob("access.log*")
                 for line in path.read_text().splitlines()]
        return found if len(found) >= fleet.done else None
    found = wait_until(lines, "every line")
    assert len(found) == fleet.done
    assert all(LINE.fullmatch(line) for line in found)


def test_a_stop_while_no_logger_runs(watched):
    """The second one that is killed is not followed at once; the lines wait for the next."""
    watched.expect_log = [KILLED]
    watched.start(SIMPLE.format(log=watched.access_path))
    for _ in range(3):
        victim = wait_until(lambda: watched.pids("logger process"), "a logger", 30)[0]
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: victim not in watched.pids("logger process"), "its end")
    ask(watched, 20)
    watched.send_signal(signal.SIGTERM)
    assert watched.process.wait(20) == 0
    assert len(watched.access_path.read_text().splitlines()) == 20
