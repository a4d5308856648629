"""Starts the real program on free loopback ports, and looks closely at how it ends."""

import atexit
import contextlib
import json
import os
import pathlib
import pwd
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from wire import Wire

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("TINYHTTPD", str(ROOT / "build/tinyhttpd"))
FLAVOUR = os.environ.get("FLAVOUR", "release")
# A worker that dies of a signal must die of it, not of the sanitizer's report.
os.environ.setdefault("ASAN_OPTIONS", "handle_segv=0:handle_abort=0")
SLOW = 1 if FLAVOUR == "release" else 4  # sanitizers take their time
BAD_LINE = re.compile(r"\[(alert|emerg|crit)\]|Sanitizer|runtime error:|Assertion")


def copy_site():
    """The test site where every user can read it: the sources may be in root's home."""
    copy = pathlib.Path(tempfile.mkdtemp(prefix="tinyhttpd-site-"))
    atexit.register(shutil.rmtree, copy)
    shutil.copytree(ROOT / "tests/site", copy / "site")
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy / "site"


SITE = copy_site()


def wait_until(condition, what, seconds=10):
    """Returns the first true result of condition(); looks every few milliseconds."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        select.select([], [], [], 0.005)


class Port:
    """A port of the kernel's choice, free on every address. The socket stays bound and does
    not listen, so that nobody else is given the port while the server uses it."""

    def __init__(self, host="0.0.0.0"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((host, 0))
        self.number = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


def stat_fields(pid):
    """Of proc(5), from the state letter on; none when the process is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def parent(pid):
    """0 when the process is gone."""
    fields = stat_fields(pid)
    return int(fields[1]) if fields else 0


def processes_of_session(session):
    """pid -> state letter of every process in a session."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        fields = stat_fields(pid)
        if fields and int(fields[3]) == session:
            found[int(pid)] = fields[0]
    return found


def wait_for_end(session):
    wait_until(lambda: not processes_of_session(session), "every process to be gone")


@contextlib.contextmanager
def stopped(pids):
    """Inside, these processes stand still."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def open_files(pid):
    """What a process holds open, as /proc names it. A worker may close one while we look."""
    names = []
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            names.append(os.readlink(entry.path))
        except FileNotFoundError:
            pass
    return names


def title(pid):
    try:
        data = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return data.replace(b"\0", b" ").decode(errors="replace").strip()


class Server:
    """A running tinyhttpd in the foreground, in a folder of its own.

    In a configuration, %PORT% is a free port (%PORT2%, %PORT3% .. others), %DIR% the
    folder, %SITE% the test site. Lines for pid, logs and user are added in front unless
    the text has them; `error_log` is %DIR%/error.log at info.
    """

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tinyhttpd-test-"))
        self.dir.chmod(0o755)
        self.ports = {}
        self.process = None
        self.program = PROGRAM
        self.expect_log = []  # patterns of BAD_LINE lines that this test provokes
        self.expect_status = 0
        self.stderr_path = self.dir / "stderr.txt"
        self.config_path = self.dir / "tinyhttpd.conf"
        self.error_path = self.dir / "error.log"
        self.access_path = self.dir / "access.log"
        self.pid_path = self.dir / "tinyhttpd.pid"
        self.hook_path = self.dir / "hook"

    # --- configuration -----------------------------------------------------------------

    def port(self, name="PORT"):
        if name not in self.ports:
            self.ports[name] = Port()
        return self.ports[name].number

    def fill(self, text):
        text = re.sub(r"%(PORT\d*)%", lambda match: str(self.port(match[1])), text)
        return text.replace("%DIR%", str(self.dir)).replace("%SITE%", str(SITE))

    def write_config(self, text):
        """Writes the configuration with the lines that every test needs."""
        head = ""
        for name, line in (
            ("pid", f"pid {self.pid_path};"),
            ("daemon", "daemon off;"),
            ("worker_processes", "worker_processes 2;"),
            ("error_log", f"error_log {self.error_path} info;"),
        ):
            if not re.search(rf"(^|[;{{}}])\s*{name}\s", text, re.M):
                head += line + " "
        text = self.fill(text)
        if "access_log" not in text:
            text = re.sub(r"\bhttp\s*{", f"http {{ access_log {self.access_path};", text, count=1)
        # One line in front would shift line numbers in messages: join it to the first.
        self.config_path.write_text(head + text)

    # --- life --------------------------------------------------------------------------

    def publish_program(self):
        """From now on runs a copy that every user may: the build may be in root's home."""
        self.program = shutil.copy(PROGRAM, self.dir / "tinyhttpd")

    def use_hooks(self):
        """From now on runs the program whose workers fail as hook.c says; what is written to
        the path that is returned makes them fail at their start."""
        self.program = PROGRAM + "-hooked"
        return self.hook_path

    def arguments(self, *more):
        return [str(self.program), "-p", f"{self.dir}/", "-c", str(self.config_path), *more]

    def run(self, *more, **options):
        """Runs the program to its end (-t, -s ..); returns the CompletedProcess."""
        return subprocess.run(self.arguments(*more), capture_output=True, text=True,
                              timeout=30 * SLOW, **options)

    def start(self, config=None, *more, ready=True, **options):
        if config is not None:
            self.write_config(config)
        seen = len(self.errors())
        options.setdefault("env", {**os.environ, "TINYHTTPD_HOOK": str(self.hook_path)})
        with open(self.stderr_path, "ab") as stderr:
            self.process = subprocess.Popen(self.arguments(*more), stderr=stderr,
                                            stdout=stderr, stdin=subprocess.DEVNULL,
                                            start_new_session=True, **options)
        if ready:
            wait_until(lambda: self.is_ready(seen) or self.process.poll() is not None,
                       "readiness")
            assert self.process.poll() is None, self.stderr()
        return self

    def is_ready(self, seen=0):
        """The master says so after `seen` characters of the error log, if that is told such
        things; processes may be there before they are ready."""
        told = re.search(rf"error_log {self.error_path} (notice|info|debug)",
                         self.config_path.read_text())
        if told and "started: generation" not in self.errors()[seen:]:
            return False
        return (len(self.workers()) >= self.worker_count() and self.pids("logger process")
                and self.pid_path.exists())

    def worker_count(self):
        match = re.search(r"worker_processes\s+(\d+)", self.config_path.read_text())
        return int(match[1]) if match else 1

    def pids(self, word):
        """Children of the master whose title has this word, exited ones left out."""
        found = []
        for pid, state in processes_of_session(self.process.pid).items():
            if state != "Z" and pid != self.process.pid and word in title(pid):
                found.append(pid)
        return sorted(found)

    def workers(self):
        return [pid for pid in self.pids("worker process") if "shutting" not in title(pid)]

    def logger(self):
        return self.pids("logger process")[0]

    def send_signal(self, number):
        self.process.send_signal(number)

    def reload(self, config=None):
        """HUP, and waits for the verdict in the error log; returns the new lines."""
        if config is not None:
            self.write_config(config)
        before = len(self.errors())
        self.send_signal(signal.SIGHUP)
        wait_until(lambda: re.search(r"reloaded|reload rejected", self.errors()[before:]),
                   "the verdict of the reload")
        return self.errors()[before:]

    def stop(self, number=signal.SIGQUIT):
        """Ends the server and checks what every test wants of an end."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.send_signal(number)
        try:
            status = self.process.wait(40 * SLOW)
        except subprocess.TimeoutExpired:
            self.kill_all()
            raise
        session, self.process = self.process.pid, None
        assert status == self.expect_status, f"exit status {status}\n{self.stderr()}"
        wait_for_end(session)
        for line in (self.errors() + self.stderr()).splitlines():
            if BAD_LINE.search(line):
                assert any(re.search(known, line) for known in self.expect_log), line

    def kill_all(self):
        """Returns when nothing of it runs: what is left would keep the port."""
        if self.process is not None:
            session = self.process.pid
            for pid in processes_of_session(session):
                os.kill(pid, signal.SIGKILL)
            self.process.wait()
            wait_for_end(session)
            self.process = None

    def clean(self):
        self.kill_all()
        for port in self.ports.values():
            port.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- what it says and answers --------------------------------------------------------

    def errors(self):
        return self.error_path.read_text(errors="replace") if self.error_path.exists() else ""

    def stderr(self):
        return self.stderr_path.read_text(errors="replace") if self.stderr_path.exists() else ""

    def status(self):
        """What -s status --json tells."""
        result = self.run("-s", "status", "--json")
        assert result.returncode == 0 and not result.stderr, result
        return json.loads(result.stdout)

    def access_lines(self, count, path=None):
        """The access log once it has at least `count` whole lines."""
        path = path or self.access_path

        def lines():
            text = path.read_text(errors="replace") if path.exists() else ""
            whole = text.splitlines() if text.endswith("\n") else text.splitlines()[:-1]
            return whole if len(whole) >= count else None

        return wait_until(lines, f"{count} lines in {path}")

    def settle_log(self):
        """How many lines the access log has, once it has all that was asked before; of one
        worker, which logs in order."""
        target = f"/settle-{time.monotonic_ns()}"
        self.get(target)
        return wait_until(lambda: next((number for number, line in enumerate(self.access_lines(1), 1)
                                        if target in line), 0), f"{target} in the access log")

    def wait_error(self, pattern):
        return wait_until(lambda: re.search(pattern, self.errors(), re.M), f"log: {pattern}")

    def wire(self, port="PORT", **options):
        return Wire(("127.0.0.1", self.port(port)), timeout=10 * SLOW, **options)

    def is_refused(self, port="PORT"):
        """Whether nothing listens. Who waits in the queue of a listener that is closed is
        reset: the next one will know."""
        try:
            self.wire(port).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:
            pass
        return False

    def get(self, target, **options):
        """One request on a connection of its own."""
        with self.wire() as wire:
            return wire.request(target, **options)

    def raw(self, data, port="PORT"):
        """Sends bytes, then reads until the server closes."""
        with self.wire(port) as wire:
            wire.send(data)
            return wire.read_all()


def is_root():
    return os.geteuid() == 0


def nobody():
    return pwd.getpwnam("nobody")
