"""Workers that die, hang, or never come to life while the server runs."""

import os
import re
import signal
import time

import pytest

from conftest import SIMPLE
from faults.records import KILLED, begun, death, hang, used
from fleet import Fleet
from harness import FLAVOUR, SLOW, wait_until
from probe import Probe

REQUEST = b"GET /docs/alpha.txt HTTP/1.1\r\nHost: a\r\n\r\n"

BIG = """
worker_processes 1;
http {
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%;
        location /pid { return 200 $pid; }
        location /hook { return 200 $pid; }
    }
}
"""


def forks(server, slot):
    """The workers that this slot has had."""
    return re.findall(rf"worker process (\d+) started \(slot {slot},", server.errors())


def plant_big(server):
    """A file that takes its time to be sent, and none to be made."""
    with open(server.dir / "big", "wb") as file:
        file.truncate(64 << 20)


# --- death ----------------------------------------------------------------------------------

@pytest.mark.skipif(FLAVOUR == "torture", reason="about load")
@pytest.mark.parametrize("keep", [True, False], ids=["kept", "new"])
def test_a_killed_worker_takes_only_its_own_connections(watched, keep):
    """And its successor is forked at once."""
    watched.expect_log = [KILLED]
    watched.start(SIMPLE)
    watched.calm()
    lost, delays = 0, []
    address = ("127.0.0.1", watched.port())
    with Fleet(address, "/docs/alpha.txt", clients=64, keep=keep) as fleet:
        wait_until(lambda: fleet.done > 300, "load")
        for victim in watched.workers():
            moment = time.clock_gettime(time.CLOCK_BOOTTIME)
            os.kill(victim, signal.SIGKILL)
            record = death(watched, victim)
            lost += record["connections"] + 1  # one that it had no time to count
            successor = wait_until(lambda: forks(watched, int(record["slot"]))[1:],
                                   "a successor")[0]
            delays.append(begun(successor) - moment)
            done = fleet.done
            wait_until(lambda: fleet.done > done + 300, "load")
    assert min(delays) < 0.05 * SLOW
    assert not keep or lost > 20
    fleet.check(failures=lost)
    assert not set(fleet.failures) - {"cut", "eof", "reset", "BrokenPipeError"}


def test_the_queue_survives_all_workers(watched):
    watched.expect_log = [KILLED]
    watched.start(SIMPLE)
    watched.calm()
    victims = watched.workers()
    for victim in victims:
        os.kill(victim, signal.SIGSTOP)
    wires = [watched.wire() for _ in range(50)]
    for wire in wires:
        wire.send(REQUEST)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    for wire in wires:
        assert wire.response().body == b"alpha\n"
        wire.close()


CAUSES = {
    "abort": r"on signal 6 \(SIGABRT(, core dumped)?\)",
    "segv": r"on signal 11 \(SIGSEGV(, core dumped)?\)",
    "exit": r"with code 7",
    "kill": r"on signal 9 \(SIGKILL, not sent by the master: out of memory\?\)",
}


@pytest.mark.parametrize("what", CAUSES)
def test_the_record_of_a_death(watched, what):
    """Who, since when, of what, with how many connections and how much memory, doing what."""
    watched.expect_log = ["worker process .* exited"]
    plant_big(watched)
    watched.use_hooks()
    watched.start(BIG)
    watched.calm()
    victim, = watched.workers()
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - begun(victim)
    with watched.wire() as idle, watched.wire() as wire:
        idle.request("/hook/memory")
        if what == "kill":
            wire.send("GET /big?token=1 HTTP/1.1\r\nHost: victim.example\r\n\r\n")
            wire.read_exactly(1000)
            os.kill(victim, signal.SIGKILL)
        else:
            wire.send(f"GET /hook/{what}?token=1 HTTP/1.1\r\nHost: victim.example\r\n\r\n")
        record = death(watched, victim)
    assert re.fullmatch(CAUSES[what], record["cause"])
    assert (record["slot"], record["generation"], record["connections"]) == (2, 1, 2)
    assert age - 0.1 <= record["uptime"] < age + 5 * SLOW
    assert 64 << 10 < record["memory"] < 4 << 20
    target = "/big" if what == "kill" else f"/hook/{what}"
    assert f'request: "GET {target}?token=1 HTTP/1.1"' in record["request"]
    assert "host: victim.example" in record["request"]


def test_a_slot_that_keeps_dying_is_forked_ever_more_slowly(watched):
    """Ten seconds may cost eight forks and two hundredths of the processor."""
    watched.expect_log = [KILLED, r"exited on signal 6"]
    hook = watched.use_hooks()
    watched.start(SIMPLE)
    watched.calm()
    hook.write_text("2 abort\n")
    victim, neighbour = (int(forks(watched, slot)[0]) for slot in (2, 3))

    before, begin = used(watched.process.pid), time.monotonic()
    os.kill(victim, signal.SIGKILL)
    death(watched, victim)
    with Probe(watched, "/docs/alpha.txt") as probe:
        wait_until(lambda: time.monotonic() - begin > 1.2, "some time")
        count, cost = len(forks(watched, 2)) - 1, used(watched.process.pid) - before
        hook.write_text("")
    assert 3 <= count <= 5  # after 0, 100, 300, 700 and 1500 ms, a fifth less at most
    assert cost < 8 * 0.025 * SLOW
    assert len(re.findall(r"\(slot 2, .*exited", watched.errors())) <= 3
    probe.check()
    assert neighbour in watched.workers() and len(forks(watched, 3)) == 1


# --- hanging --------------------------------------------------------------------------------

def connection_to(server, others):
    """A connection to a worker that is none of these, and that worker."""
    def connect():
        wire = server.wire()
        pid = int(wire.request("/pid").body)
        if pid not in others:
            return wire, pid
        return wire.close()
    return wait_until(connect, "another worker")


@pytest.mark.skipif(FLAVOUR == "torture", reason="about load")
def test_workers_that_hang_are_reported_and_replaced(watched):
    """One is stopped while it sends, one turns on the spot; the third one serves."""
    watched.expect_log = ["hangs", r"exited on signal 6", r"exited on signal 9 .*by the master\)"]
    plant_big(watched)
    watched.use_hooks()
    watched.start("worker_hang_timeout 3s;" + BIG.replace("processes 1", "processes 3"))
    watched.calm()
    first, stopped = connection_to(watched, [])
    second, looping = connection_to(watched, [stopped])
    third, spared = connection_to(watched, [stopped, looping])
    with first, second, third:
        first.send("GET /big?slow HTTP/1.1\r\nHost: a\r\n\r\n")
        first.read_exactly(1000)
        os.kill(stopped, signal.SIGSTOP)
        second.send("GET /hook/loop HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: used(looping) > 0.1, "the loop")
        with Probe(watched, "/pid", interval=0.1) as probe:
            check_hang(watched, stopped, "/big?slow", "on signal 9 (SIGKILL, sent by the master)")
            check_hang(watched, looping, "/hook/loop", "on signal 6 (SIGABRT")
            watched.replaced([stopped, looping])
        assert int(third.request("/pid").body) == spared
    probe.check()


def check_hang(server, pid, target, cause):
    """Told once while it hangs, and again when it is dead, as far as both can know the same."""
    before, after = hang(server, pid), death(server, pid)
    assert after.pop("cause").startswith(cause)
    assert 3 <= before.pop("quiet") < 3 + 2.5 * SLOW
    assert 3 <= before.pop("uptime") <= after.pop("uptime")
    assert 1000 < before.pop("memory") < after.pop("memory") + 2048  # counted in two ways
    for report in (before, after):
        assert f'request: "GET {target} HTTP/1.1"' in report.pop("request")
        assert report.pop("connections") >= 1
    assert before == after  # the slot and the generation
    assert len(re.findall(rf"{pid} .* hangs", server.errors())) == 1
