"""nginx, Apache and tinyhttpd as daemons of two workers: what may be changed in their
configurations, how each is told what to do, and which processes are its workers."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

from harness import stat_fields

import servers
from measuring import Connections, wait

WORKERS = 2
HOOKED = str(servers.ROOT / "build/release/tinyhttpd-hooked")
ASK = b"GET /behind.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Daemon(servers.Server):
    """A configuration has holes: %main% and %site% for more lines, %log% for the access
    log, %slots% for the connections of a worker. None: the server has no such thing."""

    worker_title = "worker process"
    reload, reopen, drain, upgrade = (signal.SIGHUP, signal.SIGUSR1, signal.SIGQUIT,
                                      signal.SIGUSR2)
    reload_words, stop_words = ("-s", "reload"), ("-s", "stop")
    slots = 512
    log_to, listen_to = "access_log %s;", "listen 127.0.0.1:%s;"
    broken = "no_such_directive on;"
    unfit = None  # lines with which a worker cannot start, though they are read well
    main = ""  # lines that every row has
    post = "/post"  # where a POST is answered by 200

    def __init__(self, binary=None):
        super().__init__(binary)
        self.master = self.descriptors = None
        self.groups = set()  # of processes: orphans stay in that of their master

    def configure(self, main="", site="", log=None, slots=None, descriptors=None,
                  daemon="off"):
        self.descriptors = descriptors
        self.values |= {"main": f"{self.main} {main}", "site": site, "daemon": daemon,
                        "slots": slots or self.slots,
                        "log": self.log_to % log if log else self.log_off}
        super().configure()

    def command(self, *more):
        limit = f"ulimit -n {self.descriptors} && " if self.descriptors else ""
        return ["/bin/sh", "-c", limit + 'exec "$@"', "sh", *super().command(*more)]

    def begin(self, folder, tree, settings):
        self.prepare(folder, tree)
        self.configure(**settings)
        self.launch()
        self.wait(2)
        time.sleep(0.2)  # one sees workers before they are ready

    def launch(self):
        """The master is what was started, or what that left behind."""
        super().launch()
        self.master = self.process.pid
        self.groups.add(self.master)
        if self.values["daemon"] == "on":
            self.process.wait(5)
            self.master = self.pid_in_file()
            self.groups.add(os.getpgid(self.master))

    def pid_in_file(self):
        with contextlib.suppress(OSError, ValueError):
            return int((self.folder / "pid").read_text())

    def can(self, what):
        return getattr(self, what) is not None

    def make_unfit(self):
        self.configure(main=self.unfit)

    def run(self, *words):
        """The exit status, None where it has not ended after 5 s, and milliseconds."""
        began = time.monotonic()
        try:
            with open(self.folder / "output", "ab") as output:
                status = subprocess.run(self.command(*words), stdin=subprocess.DEVNULL,
                                        stdout=output, stderr=output, cwd=self.folder,
                                        timeout=5).returncode
        except subprocess.TimeoutExpired:
            status = None
        return status, 1000 * (time.monotonic() - began)

    def send(self, number):
        os.kill(self.master, number)

    def exited(self):
        self.process.poll()
        return stat_fields(self.master)[:1] in ([], ["Z"])

    # --- processes -------------------------------------------------------------------------

    def children(self, master=None):
        """pid -> title of those that live."""
        master = master or self.master
        found = {}
        with contextlib.suppress(OSError):
            for pid in pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split():
                with contextlib.suppress(OSError):
                    title = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                    if title:  # or it has exited
                        found[int(pid)] = title.decode(errors="replace")
        return found

    def all_workers(self, master=None):
        return {pid for pid, title in self.children(master).items() if self.worker_title in title}

    def workers(self, master=None):
        """Those that are not told to leave, as far as one sees that."""
        return {pid for pid, title in self.children(master).items()
                if self.worker_title in title and "shutting" not in title}

    def wait(self, patience):
        super().wait(patience)
        if wait(lambda: len(self.workers()) >= WORKERS, 5) is None:
            raise RuntimeError(f"{self.name} has no {WORKERS} workers: {self.output()}")

    def wait_successors(self, old, seconds, count=1):
        """Milliseconds until there are workers that were not there before, or None."""
        return wait(lambda: len(self.workers() - old) >= count, seconds)

    def replaces(self, pid, number, seconds):
        """Milliseconds from a signal to a worker until there is another in its place, or
        None."""
        began, old = time.monotonic(), self.workers()
        os.kill(pid, number)
        return wait(lambda: pid not in self.workers() and self.workers() - old, seconds, began)

    def stop_workers(self):
        """Their clients queue. Returns them once they stand still."""
        stopped = self.workers()
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        wait(lambda: all(stat_fields(pid)[:1] == ["T"] for pid in stopped), 2)
        return stopped

    def error_lines(self):
        path = self.folder / "error.log"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def stop(self):
        """All that was started, masters that were killed and daemons too."""
        super().stop()
        for group in self.groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    # --- service ---------------------------------------------------------------------------

    def answers(self, count=20, patience=1):
        """How many of so many requests on new connections are answered."""
        try:
            return Connections(self.port, count, ASK).answered(patience)
        except OSError:  # nobody listens
            return 0


class Tinyhttpd(Daemon, servers.Tinyhttpd):
    """No configuration makes its workers unfit; what does is the hook of the tests."""

    log_off = "access_log off;"
    main = "worker_hang_timeout 3s;"
    config = """
pid %dir%/pid; daemon %daemon%; worker_processes 2; error_log %dir%/error.log; %main%
events { worker_connections %slots%; }
http {
    %log%
    server { listen 127.0.0.1:%port%; root %tree%/www; %site%
             location = /post { return 200 posted; } }
}
"""

    def prepare(self, folder, tree):
        super().prepare(folder, tree)
        os.environ["TINYHTTPD_HOOK"] = str(folder / "hook")

    def can(self, what):
        """From now on runs the program whose workers can be made to fail, if it is built."""
        if what != "unfit":
            return super().can(what)
        beside = f"{self.binary}-hooked"
        self.binary = beside if os.path.exists(beside) else HOOKED
        return os.path.exists(self.binary)

    def make_unfit(self):
        (self.folder / "hook").write_text("* unfit\n")


class Nginx(Daemon, servers.Nginx):
    log_off = "access_log off;"
    unfit = "working_directory /nonexistent;"
    config = """
pid %dir%/pid; daemon %daemon%; worker_processes 2; error_log %dir%/error.log; %main%
events { worker_connections %slots%; }
http {
    %log%
""" + servers.NGINX_FOLDERS + """\
    server { listen 127.0.0.1:%port%; root %tree%/www; %site%
             location = /post { return 200 posted; } }
}
"""


class Apache(Daemon, servers.Apache):
    """The event module. A worker is a process, which has a thread for each connection with
    a request under way; so that none fail without a fault, for all the clients."""

    worker_title = ""
    reload = reopen = signal.SIGUSR1  # its logrotate file reloads, too
    drain, upgrade = signal.SIGWINCH, None
    reload_words, stop_words = ("-k", "graceful"), ("-k", "stop")
    slots, post = 64, "/behind.txt"
    log_to, listen_to, log_off = "CustomLog %s common", "Listen 127.0.0.1:%s", ""
    broken = "NoSuchDirective on"
    unfit = "ThreadStackSize 1000000000000000"
    config = servers.apache_beginning("event") + """\
StartServers 2
MinSpareThreads 25
MaxSpareThreads 150
ThreadsPerChild %slots%
MaxRequestWorkers %most%
DocumentRoot %tree%/www
%log%
%main%
%site%
"""

    def configure(self, slots=None, **settings):
        """As Debian has it, up to six processes. With few slots, no more than the two."""
        self.values["most"] = WORKERS * slots if slots else 6 * self.slots
        super().configure(slots=slots, **settings)


DAEMONS = [Tinyhttpd, Nginx, Apache]
