"""The faults: what is done to a daemon, and a cell that says what came of it.

Each gets a daemon that just started with the fault's settings in its configuration. A
fault that a daemon cannot be given returns NONE.
"""

import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import time
import typing

from fleet import Fleet

from measuring import Connections, duration, wait

NONE = "-"
CLIENTS = 64
HALF = b"GET /behind.txt HTTP/1.1\r\nHost: localhost\r\n"
REST = b"Connection: close\r\n\r\n"


@dataclasses.dataclass
class Fault:
    name: str
    measure: typing.Callable
    settings: dict = dataclasses.field(default_factory=dict)
    needs: str = ""  # what the daemon must be able to


@contextlib.contextmanager
def load(daemon, *kinds):
    """Fleets of keep-alive clients, each with its share of the clients, at full speed."""
    with contextlib.ExitStack() as stack:
        fleets = [stack.enter_context(Fleet(("127.0.0.1", daemon.port), **{
            "target": "/behind.txt", "clients": CLIENTS // len(kinds), "patience": 2, **kind}))
            for kind in kinds]
        wait(lambda: all(fleet.done > 2 * CLIENTS for fleet in fleets), 5)
        yield fleets


def failed(fleets):
    return f"{sum(sum(fleet.failures.values()) for fleet in fleets)} failed"


def resume(pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def of(answered, count):
    return f"{answered} of {count} answered"


def end(daemon, number):
    daemon.send(number)
    daemon.process.wait(5)


def nothing(daemon):
    with load(daemon, {}) as fleets:
        time.sleep(2)
    return failed(fleets)


# --- crash and hang ----------------------------------------------------------------------

def kill_workers(daemon):
    """Both, one after the other."""
    slowest = 0
    with load(daemon, {}) as fleets:
        for pid in sorted(daemon.workers()):
            took = daemon.replaces(pid, signal.SIGKILL, 5)
            slowest = None if took is None or slowest is None else max(slowest, took)
            time.sleep(0.3)
    successor = "no successor in 5 s" if slowest is None else f"successor in {duration(slowest)}"
    return f"{failed(fleets)}, {successor}"


def stop_worker(daemon):
    """The one with more of the clients."""
    with load(daemon, {}) as fleets:
        stopped = max(daemon.workers(), key=lambda pid: len(os.listdir(f"/proc/{pid}/fd")))
        took = daemon.replaces(stopped, signal.SIGSTOP, 8)
    resume([stopped])
    outcome = "not replaced" if took is None else f"replaced in {duration(took)}"
    return f"{failed(fleets)}, {outcome}"


def kill_master(daemon):
    """Starts it again 100 ms later, once."""
    end(daemon, signal.SIGKILL)
    time.sleep(0.1)
    daemon.launch()
    took = wait(lambda: daemon.exited() or len(daemon.workers()) >= 2, 5)
    if daemon.exited():
        return f"start fails: status {daemon.process.returncode} in {duration(took)}"
    return f"starts in {duration(took)}, {of(daemon.answers(), 20)}"


def crash_loop(daemon):
    """All but the first worker's successors live."""
    spared, killed, seconds = set(sorted(daemon.workers())[1:]), set(), 3
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for pid in daemon.workers() - spared - killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
    starts = (len(killed) - 1) / seconds
    return f"{starts:.{0 if starts > 10 else 1}f} starts/s"


# --- configurations that are wrong ---------------------------------------------------------

def start_unfit(daemon):
    end(daemon, signal.SIGTERM)
    daemon.make_unfit()
    daemon.launch()
    took = wait(daemon.exited, 3)
    if took is None:
        return f"runs, {of(daemon.answers(), 20)}"
    return f"status {daemon.process.returncode} in {duration(took)}"


def reload_unfit(daemon):
    daemon.make_unfit()
    status, _ = daemon.run(*daemon.reload_words)
    time.sleep(1)
    return f"status {status}, {of(daemon.answers(), 20)}"


def reload_broken(daemon):
    daemon.configure(main=daemon.broken)
    daemon.send(daemon.reload)
    time.sleep(0.5)
    return of(daemon.answers(), 20)


def reload_taken_port(daemon):
    """A worker that is killed right after the verdict shows whether the master is there."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        daemon.configure(site=daemon.listen_to % taken.getsockname()[1])
        status, _ = daemon.run(*daemon.reload_words)
        time.sleep(0.05)
        old = daemon.workers()
        if daemon.exited() or not old:
            return f"status {status}, server ended"
        took = daemon.replaces(min(old), signal.SIGKILL, 5)
        if daemon.exited() or took is None:
            return f"status {status}, {'server ended' if daemon.exited() else 'master deaf'}"
    return f"status {status}, deaf for {duration(took)}"


# --- reloads -----------------------------------------------------------------------------

def reload_often(lag):
    """Half of the clients GET, half POST."""
    def measure(daemon):
        done = 0
        methods = {}, {"method": "POST", "target": daemon.post, "body": b"hello"}
        with load(daemon, *({"lag": lag, **method} for method in methods)) as fleets:
            for _ in range(50):
                old, began = daemon.all_workers(), time.monotonic()
                daemon.send(daemon.reload)
                done += daemon.wait_successors(old, 3, 2) is not None
                time.sleep(max(0, began + 0.15 - time.monotonic()))
        return failed(fleets) + (f", {done} of 50 done" if done < 50 else "")
    return measure


def reload_storm(daemon):
    most = 0
    with load(daemon, {}) as fleets:
        for _ in range(250):
            daemon.send(daemon.reload)
            most = max(most, len(daemon.all_workers()))
            time.sleep(0.02)
        wait(lambda: len(daemon.all_workers()) <= 2, 3)
    return f"{failed(fleets)}, at most {most} workers"


def remove_listener(daemon):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        old = daemon.workers()
        daemon.configure(site=daemon.listen_to % port)
        daemon.send(daemon.reload)
        daemon.wait_successors(old, 3, 2)
        wait(lambda: not daemon.all_workers() & old, 3)
        stopped = daemon.stop_workers()
        queued = Connections(port, 20, HALF + REST)
        daemon.configure()
        daemon.send(daemon.reload)
        time.sleep(0.5)
        resume(stopped)
        return of(queued.answered(3), 20)


# --- stop, start, upgrade ------------------------------------------------------------------

def drain_queue(daemon):
    stopped = daemon.stop_workers()
    queued = Connections(daemon.port, 50, HALF + REST)
    daemon.send(daemon.drain)
    time.sleep(0.2)
    resume(stopped)
    return of(queued.answered(3), 50)


def stale_pid_file(daemon):
    end(daemon, signal.SIGTERM)
    with subprocess.Popen(["sleep", "30"], start_new_session=True) as other:
        (daemon.folder / "pid").write_text(f"{other.pid}\n")
        status, _ = daemon.run(*daemon.stop_words)
        killed = wait(lambda: other.poll() is not None, 0.2) is not None
        other.kill()
    return f"status {status}, {'process killed' if killed else 'process left alone'}"


def start_twice(daemon):
    status, took = daemon.run()
    return f"status {status} in {duration(took)}"


def upgrade(daemon):
    """Once the new master has workers, the old one is told to leave."""
    old = daemon.master
    with load(daemon, {}) as fleets:
        daemon.send(daemon.upgrade)
        if wait(lambda: daemon.pid_in_file() not in (None, old), 5) is None:
            return "no new master"
        wait(lambda: len(daemon.workers(daemon.pid_in_file())) >= 2, 5)
        daemon.send(daemon.drain)
        if wait(daemon.exited, 5) is None:
            return "the old master stays"
        time.sleep(0.3)
    return failed(fleets)


# --- logs and limits -----------------------------------------------------------------------

def full_log(daemon):
    with load(daemon, {}) as fleets:
        time.sleep(2)
    requests = sum(fleet.done for fleet in fleets)
    return f"{failed(fleets)}, error lines: {daemon.error_lines()} for {requests} requests"


def rotate(daemon):
    path = daemon.folder / "access.log"
    with load(daemon, {}) as fleets:
        for number in range(8):
            path.rename(f"{path}.{number}")
            daemon.send(daemon.reopen)
            wait(path.exists, 3)
            time.sleep(0.1)
    logs = [path, *daemon.folder.glob("access.log.*")]

    def lost():
        return fleets[0].done - sum(log.read_bytes().count(b"\n") for log in logs)
    wait(lambda: lost() <= 0, 2)
    return f"{failed(fleets)}, {max(0, lost())} lines lost"


def half_requests(daemon):
    """More connections than there is room for; a second later all the requests end."""
    clients = Connections(daemon.port, 120, HALF)
    time.sleep(1)
    clients.send(REST)
    return of(clients.answered(3), 120)


LOGGED = {"log": "access.log"}
FAULTS = [
    Fault("none, for 2 s", nothing),
    Fault("kill -9 of each worker, one by one", kill_workers),
    Fault("a worker stopped by SIGSTOP, for 8 s", stop_worker),
    Fault("each new worker of one slot killed, for 3 s", crash_loop),
    Fault("kill -9 of the master, a start 100 ms later", kill_master),
    Fault("start: read well, but no worker can start", start_unfit, needs="unfit"),
    Fault("reload: read well, but no worker can start", reload_unfit, needs="unfit"),
    Fault("reload by signal: a syntax error", reload_broken),
    Fault("reload: a port is taken", reload_taken_port),
    Fault("50 reloads", reload_often(0)),
    Fault("50 reloads, clients 5 ms away", reload_often(0.005)),
    Fault("50 reload signals a second, for 5 s", reload_storm),
    Fault("reload removes a listener with 20 queued", remove_listener),
    Fault("graceful stop with 50 queued", drain_queue),
    Fault("new program takes over", upgrade, {"daemon": "on"}, needs="upgrade"),
    Fault("pid file names another process, stop", stale_pid_file),
    Fault("second start", start_twice),
    Fault("access log on a full disk", full_log, {"log": "/dev/full"}),
    Fault("access log rotated 8 times", rotate, LOGGED),
    Fault("120 half requests, room for 2 x 32", half_requests, {"slots": 32}),
    Fault("120 half requests, 64 descriptors a process", half_requests, {"descriptors": 64}),
]
