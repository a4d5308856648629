"""Clients and administrators that mean harm, and what once went wrong with them."""

import contextlib
import ctypes
import json
import pathlib
import resource

import pytest

from harness import FLAVOUR, wait_until
from probe import Probe
from tree import plant


@pytest.mark.skipif(FLAVOUR == "torture", reason="sends single bytes")
def test_a_slow_pace_goes_in_packets(server):
    """Steps of a few bytes, for thousands of clients, took all of the worker's time."""
    plant(server.dir, {"www/slow": b"s" * 100_000})
    server.start("""
        http { server { listen 127.0.0.1:%PORT%; root %DIR%/www; limit_rate 2k; } }""")
    with server.wire() as wire:
        wire.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        pieces = received = 0
        while received < 4000:
            received += len(wire.socket.recv(65536))
            pieces += 1
    assert pieces <= 5


def test_a_hard_limit_of_descriptors_does_not_stop_the_start(server):
    """The root of a container often may not raise it."""
    drop_bounding_capability, sys_resource = 24, 24

    def limit():
        ctypes.CDLL(None).prctl(drop_bounding_capability, sys_resource, 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))

    server.write_config("worker_processes 1; daemon on; worker_rlimit_nofile 4000;"
                        "events { worker_connections 50; }"
                        "http { server { listen 127.0.0.1:%PORT%; return 204; } }")
    result = server.run(preexec_fn=limit)
    assert result.returncode == 0, result.stderr
    pid = int(server.pid_path.read_text())
    try:
        assert "worker_rlimit_nofile 4000 is above the hard limit, using 200" in server.errors()
        assert server.get("/").status == 204
    finally:
        server.run("-s", "stop")
        wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), "the daemon to end")


@pytest.mark.parametrize("byte", ['"'] if FLAVOUR == "torture" else ['"', "\xff", "x", "\\"])
def test_long_requests_leave_json_that_parses(server, byte):
    """The end of a line that was too long was cut off, closing quote and status too."""
    plant(server.dir, {"www/": None})
    server.start(f"""
        http {{ access_log {server.access_path} json;
            server {{ listen 127.0.0.1:%PORT%; return 204; }} }}""")
    fields = {"User-Agent": byte * 8000, "Referer": byte * 8000}
    assert server.get(f"/?{'z' * 8000}", fields=fields).status == 204
    line, = server.access_lines(1)
    assert json.loads(line)["status"] == 204


@pytest.mark.skipif(FLAVOUR == "torture", reason="reading a request takes longer than its answer")
def test_many_costly_requests_leave_others_their_turn(server):
    """Each client had 32 listings, and each listing a thousand files, before the next one
    had any; only heads are asked for, so that nothing bounds them but time."""
    clients, depth, files = 60, 40, 1000
    plant(server.dir, {f"www/many/{i}": "x" for i in range(files)})
    plant(server.dir, {"www/one": "x"})
    server.start("""
        worker_processes 1;
        http { server { listen 127.0.0.1:%PORT%; root %DIR%/www; autoindex on; } }""")
    with contextlib.ExitStack() as stack, Probe(server, "/one") as probe:
        for _ in range(clients):
            wire = stack.enter_context(server.wire())
            wire.send("HEAD /many/ HTTP/1.1\r\nHost: a\r\n\r\n" * depth)
        wait_until(lambda: len(probe.delays) >= 20, "20 probes")
    probe.check(median=0.25, longest=2)
