"""A master that is killed or stopped, and workers that will not leave when it wants it."""

import contextlib
import os
import signal
import time

from conftest import SIMPLE
from faults.conftest import watching
from faults.records import KILLED
from harness import SLOW, is_root, processes_of_session, wait_until
from probe import Probe
from wire import Wire

BOTH_KINDS = """
http {
    server {
        listen 127.0.0.1:%PORT%;
        listen unix:%DIR%/socket;
        root %DIR%;
    }
}
"""


def start_with_a_stopped_worker(server):
    """Returns that one."""
    server.expect_log = ["exited on signal 9 .*sent by the master"]
    server.start("worker_shutdown_timeout 100ms;" + SIMPLE)
    server.calm()
    victim = server.workers()[0]
    os.kill(victim, signal.SIGSTOP)
    return victim


def test_a_stopped_worker_holds_up_no_end(watched):
    """It cannot obey, and is killed: 2.5 s after it was told to stop, or 0.6 s later when it
    may drain for 0.1 s. A new generation serves meanwhile."""
    with watching() as drained, watching() as stopped:
        victims = {server: start_with_a_stopped_worker(server)
                   for server in (watched, drained, stopped)}
        begin = time.monotonic()
        for server, number in zip(victims, (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM)):
            server.send_signal(number)
        watched.wait_error("reloaded: generation 2")
        with Probe(watched, "/docs/alpha.txt", interval=0.1) as probe:
            assert stopped.process.wait(20) == 0
            assert 2.5 <= time.monotonic() - begin < 3 + SLOW
            assert drained.process.wait(20) == 0
            assert 3.1 <= time.monotonic() - begin < 3.6 + SLOW
            watched.replaced([victims[watched]])
            assert time.monotonic() - begin < 4.1 + SLOW
        probe.check()
        for server, victim in victims.items():
            server.wait_error(rf"sending SIGKILL to process {victim} \(slot 2\)")


def test_workers_leave_when_the_master_is_killed(watched):
    """They finish what they have; ports, unix sockets and the pid file are free again."""
    watched.expect_log = ["the master process is gone: draining"]
    (watched.dir / "big").write_bytes(b"x" * (8 << 20))
    watched.start(BOTH_KINDS)
    watched.calm()
    session = watched.process.pid
    with watched.wire() as wire, watched.wire() as idle:
        idle.request("/big", method="HEAD")
        wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b" 200 " in wire.read_until(b"\r\n\r\n")
        watched.process.kill()
        watched.process.wait()
        watched.wait_error(r"is gone: draining(.|\n)*is gone: draining")
        assert len(wire.read_exactly(8 << 20)) == 8 << 20
        assert idle.closed()
    wait_until(lambda: set(processes_of_session(session).values()) <= {"Z"}, "orphans to leave", 5)
    before = watched.before
    watched.start()
    watched.calm()
    assert watched.before == before
    for address in (("127.0.0.1", watched.port()), str(watched.dir / "socket")):
        with Wire(address) as wire:
            assert wire.request("/big", method="HEAD").status == 200


def test_a_stopped_master_comes_back_to_its_workers(watched):
    """They serve without it, and for longer than one may be without a sign of life. None is
    killed when it goes on; one that died meanwhile is replaced."""
    watched.expect_log = [KILLED]
    watched.start("worker_hang_timeout 3s; worker_processes 3;" + SIMPLE)
    watched.calm()
    victim, *others = watched.workers()
    watched.process.send_signal(signal.SIGSTOP)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: processes_of_session(watched.session)[victim] == "Z", "its death")
    begin = time.monotonic()
    with Probe(watched, "/docs/alpha.txt", interval=0.1) as probe:
        wait_until(lambda: time.monotonic() - begin > 3.3, "more than the hang timeout")
        watched.process.send_signal(signal.SIGCONT)
        workers = watched.replaced([victim])
    probe.check()
    assert set(others) < set(workers)


def owners(server):
    """Of each worker: real, effective, saved and file system user."""
    found = []
    for pid in server.workers():
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/status") as status:
            found.append(next(line.split()[1:] for line in status if line.startswith("Uid:")))
    return found


def test_a_reload_changes_user_and_workers_but_no_pid_file(watched):
    user, other = ("user nobody;", "user daemon;") if is_root() else ("", "")
    watched.start(user + SIMPLE)
    watched.calm()
    own = owners(watched)
    lines = watched.reload(other + "worker_processes 3; pid %DIR%/other.pid;" + SIMPLE)
    assert '"pid" changed: takes effect at the next start' in lines
    wait_until(lambda: len(watched.pids("worker process")) == 3, "three workers")
    new = owners(watched)
    assert len(new) == 3 and all((uids == own[0]) == (not is_root()) for uids in new), lines
    assert int(watched.pid_path.read_text()) == watched.process.pid
    assert not (watched.dir / "other.pid").exists()
    watched.reload(user + SIMPLE)
    watched.check_whole()
    assert owners(watched) == own
