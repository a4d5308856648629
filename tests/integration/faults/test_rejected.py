"""Reloads that must not be applied: the old workers go on, and the administrator is told why."""

import os
import re
import signal
import socket
import time

from conftest import SIMPLE
from harness import SLOW, is_root

ONE = "http {{ {} server {{ listen 127.0.0.1:%PORT%; }} }}"


def write(text):
    return lambda server: server.write_config(text)


def garbage(server):
    server.config_path.write_bytes(b"user \x1b[2J\xff\x9b nobody; " + bytes(range(1, 256)) * 10)


def huge(server):
    with open(server.config_path, "w") as file:
        file.truncate(100 << 20)


def replaced_by(make):
    def replace(server):
        server.config_path.unlink()
        make(server.config_path)
    return replace


def loop(server):
    (server.dir / "loop.conf").write_text(f"include {server.dir}/loop.conf;")
    server.write_config("include %DIR%/loop.conf;")


def several_in_a_ring(server):
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        (server.dir / f"{name}.conf").write_text(f"include {server.dir}/{other}.conf;")
    server.write_config("include %DIR%/a.conf;")


# What becomes of the configuration, and what is said of it.
BAD = {
    "syntax": (write("http { server { lisen 80; } }"), r"conf:1:\d+: .*lisen"),
    "cut short": (write("http { server {"), r"conf:1:\d+: "),
    "empty": (lambda server: server.config_path.write_text(""), "conf"),
    "garbage": (garbage, r"\\x"),
    "deleted": (lambda server: server.config_path.unlink(), "No such file"),
    "directory": (replaced_by(os.mkdir), "is a directory"),
    "fifo": (replaced_by(os.mkfifo), "is not a regular file"),
    "huge": (huge, "is larger than"),
    "include loop": (loop, "includes itself"),
    "include ring": (several_in_a_ring, r"a.conf\" includes itself"),
    "log folder": (write(ONE.format("access_log /nonexistent/dir/a.log;")), "/nonexistent/dir"),
    "port": (write(ONE.format("server { listen 127.0.0.1:%PORT2%; }")), r":\d+ failed .*in use"),
}
if is_root():
    BAD["user"] = (write("user nobody-of-this-name;" + SIMPLE), "nobody-of-this-name")
else:
    BAD["unreadable"] = (lambda server: server.config_path.chmod(0), "Permission denied")


def restore(server):
    if server.config_path.is_dir():
        server.config_path.rmdir()
    server.config_path.unlink(missing_ok=True)
    server.write_config(SIMPLE)


def spoilt(server):
    """Each name and what shall be said of it, while the configuration is spoilt that way."""
    with socket.create_server(("127.0.0.1", server.port("PORT2"))):
        for name, (spoil, words) in BAD.items():
            spoil(server)
            yield name, words
            restore(server)


def test_what_a_reload_rejects(watched):
    """By signal and by word; within five seconds, and the log stays text."""
    watched.expect_log = [r"\[emerg\]"]
    watched.start(SIMPLE).calm()
    workers = watched.workers()
    for name, words in spoilt(watched):
        begin = time.monotonic()
        said = watched.reload()
        assert time.monotonic() - begin < 5 * SLOW, name
        assert "reload rejected" in said and re.search(words, said), (name, said)
        assert watched.workers() == workers, name
        assert watched.get("/").status == 200, name
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]", watched.errors())
    for name, _ in spoilt(watched):
        assert watched.run("-s", "reload").returncode == 1, name
    assert watched.workers() == workers


def test_a_taken_port_is_told_at_once(watched):
    """Without another try, which would make the master deaf for a while. It takes 20 ms where
    nothing else runs; of several times the quickest counts."""
    watched.expect_log = [r"\[emerg\].*in use"]
    watched.start(SIMPLE).calm()
    with socket.create_server(("127.0.0.1", watched.port("PORT2"))):
        times = []
        for _ in range(3):
            begin = time.monotonic()
            assert "reload rejected" in watched.reload(BAD["port"][0](watched))
            times.append(time.monotonic() - begin)
    assert min(times) < 0.25 * SLOW, times


def test_a_stop_amid_a_rejection(watched):
    watched.expect_log = [r"\[emerg\].*in use"]
    watched.start(SIMPLE)
    with socket.create_server(("127.0.0.1", watched.port("PORT2"))):
        BAD["port"][0](watched)
        watched.send_signal(signal.SIGHUP)
        begin = time.monotonic()
        watched.stop(signal.SIGTERM)
    assert time.monotonic() - begin < 1 * SLOW
