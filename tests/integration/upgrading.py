"""What tests of upgrades share: a program that can be replaced, and two masters."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess

from clock import Clock
from conftest import SIMPLE
from harness import PROGRAM, SLOW, parent, processes_of_session, wait_until

TRIAL = 6  # seconds, and a little, that an old master watches the new one


def pid_in(path):
    """None while there is no file, or nothing in it yet."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    return int(text) if text.strip() else None


def aside(server):
    return server.dir / "tinyhttpd.pid.oldbin"


def start(server, config=SIMPLE):
    """From a copy of the program, which tests replace; returns its clock."""
    clock = Clock(server)
    server.program = shutil.copy(PROGRAM + "-hooked", server.dir / "tinyhttpd")
    server.start(config)
    return clock


def ask_for_it(server):
    """-s upgrade, which waits for the end of it."""
    return subprocess.Popen(server.arguments("-s", "upgrade"), text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def upgrade(server, clock):
    """In one step, and without the wait at its end."""
    with ask_for_it(server) as asker:
        server.wait_error("upgrade: master process .* serves")
        clock.move(monotonic=TRIAL)
        said = asker.communicate(timeout=20 * SLOW)[0]
    assert asker.returncode == 0 and "upgraded" in said, said


SUBREAPER = 36  # prctl(2)


@contextlib.contextmanager
def adopting(server):
    """Inside, what loses its master becomes a child of the test: the init of a container may
    look for its dead seldom. The function that it gives buries those."""
    libc = ctypes.CDLL(None)

    def bury():
        for pid, state in processes_of_session(session).items():
            if state == "Z" and pid != session:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
    session = server.process.pid
    libc.prctl(SUBREAPER, 1, 0, 0, 0)
    try:
        yield bury
    finally:
        libc.prctl(SUBREAPER, 0, 0, 0, 0)


@contextlib.contextmanager
def succeeded(server):
    """Inside, the pid file names another master; it is ended behind."""
    session, old = server.process.pid, server.process.pid
    with adopting(server) as bury:
        wait_until(lambda: pid_in(server.pid_path) not in (None, old), "the new master's pid file")
        new = pid_in(server.pid_path)

        def gone():
            bury()
            return set(processes_of_session(session)) <= children(session, old)
        try:
            yield new
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(new, signal.SIGQUIT)
            wait_until(gone, "the new master to be gone")


def children(session, master):
    """The processes of a session that are this master or its own."""
    return {master} | {pid for pid in processes_of_session(session) if parent(pid) == master}


def replace_program(server, script):
    """What the path of the program holds from now on."""
    beside = server.dir / "new-program"
    beside.write_text(f"#!/bin/sh\n{script}\n")
    beside.chmod(0o755)
    beside.rename(server.dir / "tinyhttpd")


def keep_asker(server):
    """From now on the test asks with a copy, whatever becomes of the program."""
    server.program = shutil.copy(server.program, server.dir / "asker")
