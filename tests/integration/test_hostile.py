"""Clients and administrators that mean harm, and what once went wrong with them."""

import pytest

from harness import FLAVOUR, wait_until
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
