"""Socket activation: listening sockets that came with the process, as from systemd."""

import contextlib
import os
import signal
import socket
import stat
import sys

import pytest

from harness import SITE, is_root, open_files, processes_of_session, wait_until
from wire import Wire

# What a service manager does last: the descriptors named by the first argument become 3
# and up, and LISTEN_PID, unless it is given, is the process that the program becomes.
LAUNCHER = """
import os, sys
fds = [os.dup(int(word)) for word in sys.argv[1].split(",") if word]
fds = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
for i, fd in enumerate(fds):
    os.dup2(fd, 3 + i)
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
os.environ["LISTEN_FDS"] = str(len(fds))
os.environ["LISTEN_FDNAMES"] = ":".join(["web"] * len(fds))
os.closerange(3 + len(fds), 200)
os.execv(sys.argv[2], sys.argv[2:])
"""


class Activated:
    """A server whose sockets are bound here, and stay open here when it is gone."""

    def __init__(self, server):
        self.server = server
        self.sockets = []
        self.program = server.arguments

    def bind(self, family, address, kind=socket.SOCK_STREAM, backlog=20, **options):
        made = socket.socket(family, kind)
        self.sockets.append(made)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY,
                            options.get("ipv6only", True))
        made.bind(address)
        if kind == socket.SOCK_STREAM and backlog is not None:
            made.listen(backlog)
        return made.getsockname()

    def tcp(self, host="127.0.0.1", port=0, **options):
        """Binds a TCP socket and returns its port."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return self.bind(family, (host, port), **options)[1]

    def launch(self):
        """From now on the server's start and run hand the sockets over."""
        numbers = ",".join(str(each.fileno()) for each in self.sockets)
        prefix = [sys.executable, "-c", LAUNCHER, numbers]
        self.server.arguments = lambda *more: prefix + self.program(*more)
        return {"pass_fds": [each.fileno() for each in self.sockets]}

    def start(self, config, **options):
        return self.server.start(config, **self.launch(), **options)

    def refused(self, config, *more, **options):
        """Runs the server to its end, which comes at once; returns its words."""
        self.server.write_config(config)
        result = self.server.run(*more, **self.launch(), **options)
        assert result.returncode == 1
        return result.stderr


@pytest.fixture
def activated(server):
    instance = Activated(server)
    yield instance
    for each in instance.sockets:
        each.close()


def listening(*lines):
    listens = " ".join(f"listen {line};" for line in lines)
    return f"http {{ server {{ {listens} root %SITE%; }} }}"


def fetch(address):
    with Wire(address) as wire:
        return wire.request("/docs/alpha.txt").body


def held(server):
    """The inodes of the sockets that the server's processes listen on or hold."""
    return {pid: open_files(pid) for pid in [server.process.pid, *server.workers()]}


@pytest.mark.parametrize("host,line,options", [
    ("127.0.0.1", "127.0.0.1:{}", {}),
    ("0.0.0.0", "{}", {}),
    ("::1", "[::1]:{}", {}),
    ("::", "[::]:{} ipv6only=on", {}),
    ("::", "[::]:{} ipv6only=off", {"ipv6only": False}),
])
def test_a_socket_that_came_is_the_one_that_serves(server, activated, host, line, options):
    port = activated.tcp(host, **options)
    activated.start(listening(line.format(port)))
    loopback = "::1" if ":" in host else "127.0.0.1"
    assert fetch((loopback, port)) == b"alpha\n"
    if options:
        assert fetch(("127.0.0.1", port)) == b"alpha\n"
    inode = os.readlink(f"/proc/self/fd/{activated.sockets[0].fileno()}")
    for fds in held(server).values():
        assert inode in fds
    assert "[warn]" not in server.errors()


@pytest.mark.skipif(not is_root(), reason="needs root to bind below 1024")
def test_a_low_port_needs_no_right(server, activated):
    port = next(port for port in range(600, 1023) if not taken(port))
    activated.tcp(port=port)
    server.publish_program()
    server.dir.chmod(0o777)
    activated.start(listening(f"127.0.0.1:{port}"), user=65534, group=65534,
                    extra_groups=[])
    assert fetch(("127.0.0.1", port)) == b"alpha\n"


def taken(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def test_queued_before_the_start_and_over_a_restart(server, activated):
    """Whoever connects while no server is there waits in the queue for the next."""
    port = activated.tcp()
    config = listening(f"127.0.0.1:{port}")
    for number in (signal.SIGQUIT, signal.SIGTERM, signal.SIGQUIT):
        wires = [Wire(("127.0.0.1", port)) for _ in range(10)]
        for wire in wires:
            wire.send("GET /docs/alpha.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        activated.start(config)
        for wire in wires:
            assert wire.response().body == b"alpha\n"
            wire.close()
        server.stop(number)


def test_a_restart_keeps_the_path_of_a_unix_socket(server, activated):
    path = str(server.dir / "sock")
    activated.bind(socket.AF_UNIX, path)
    os.chmod(path, 0o640)
    before = os.stat(path)
    for _ in range(2):
        activated.start(listening(f"unix:{path}"))
        assert fetch(path) == b"alpha\n"
        server.stop()
        after = os.stat(path)
        assert (after.st_ino, stat.S_IMODE(after.st_mode)) == (before.st_ino, 0o640)


def test_reload_keeps_drops_and_takes_again(server, activated):
    ports = [activated.tcp(), activated.tcp()]
    both = listening(*(f"127.0.0.1:{port}" for port in ports))
    one = listening(f"127.0.0.1:{ports[0]}")
    activated.start(both)
    for config, count in ((both, 2), (one, 1), (both, 2), (one, 1)):
        server.reload(config)
        for port in ports[:count]:
            assert fetch(("127.0.0.1", port)) == b"alpha\n"
    with Wire(("127.0.0.1", ports[1])) as wire:  # the queue takes it, nobody answers yet
        wire.send("GET /docs/alpha.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        server.reload(both)
        assert wire.response().body == b"alpha\n"


def test_what_no_line_wants_is_closed_with_a_warning(server, activated):
    ports = [activated.tcp(), activated.tcp()]
    path = str(server.dir / "sock")
    activated.bind(socket.AF_UNIX, path)
    activated.start(listening(f"127.0.0.1:{ports[0]}"))
    assert fetch(("127.0.0.1", ports[0])) == b"alpha\n"
    for text in (f"127.0.0.1:{ports[1]}, which came as descriptor 4: closed",
                 f"unix:{path}, which came as descriptor 5: closed"):
        assert text in server.errors()
        assert text in server.stderr()
    inode = os.readlink(f"/proc/self/fd/{activated.sockets[1].fileno()}")
    assert inode not in held(server)[server.process.pid]
    assert os.path.exists(path)


def test_the_sockets_of_another_process_are_left_alone(server, activated):
    activated.tcp()
    activated.start(listening("127.0.0.1:%PORT%"),
                    env={**os.environ, "LISTEN_PID": "1"})
    assert server.get("/docs/alpha.txt").body == b"alpha\n"
    assert "descriptor" not in server.errors()


def datagram(activated):
    activated.tcp(kind=socket.SOCK_DGRAM)


def deaf(activated):
    activated.tcp(backlog=None)


def plain_file(activated):
    activated.sockets.append(open(SITE / "docs/alpha.txt", "rb"))


@pytest.mark.parametrize("make,problem", [
    (datagram, "is no stream socket"),
    (deaf, "is a socket that does not listen"),
    (plain_file, "is no socket"),
])
def test_what_cannot_serve_is_refused(server, activated, make, problem):
    port = activated.tcp()
    make(activated)
    words = activated.refused(listening(f"127.0.0.1:{port}"))
    assert f"[emerg] descriptor 4, which LISTEN_FDS=2 announces, {problem}" in words


def test_a_dual_stack_socket_is_explained(server, activated):
    port = activated.tcp("::", ipv6only=False)
    words = activated.refused(listening(f"[::]:{port}"))
    assert f"[::]:{port} came with the process and is ipv6only=off: say so here" in words
    words = activated.refused(listening(f"{port}"))
    assert "the socket of [::] that came with the process takes IPv4 as well" in words


def test_a_daemon_keeps_what_it_came_with(server, activated):
    port = activated.tcp()
    server.write_config("daemon on; " + listening(f"127.0.0.1:{port}"))
    assert server.run(**activated.launch()).returncode == 0
    try:
        assert fetch(("127.0.0.1", port)) == b"alpha\n"
    finally:
        server.arguments = activated.program
        assert server.run("-s", "quit").returncode == 0
    wait_until(lambda: not server.pid_path.exists(), "the daemon to stop")


def test_the_backlog_is_that_of_the_line(server, activated):
    port = activated.tcp(backlog=1)
    activated.start(listening(f"127.0.0.1:{port} backlog=50"))
    for pid in server.workers():
        os.kill(pid, signal.SIGSTOP)
    try:
        with contextlib.ExitStack() as stack:
            wires = [stack.enter_context(Wire(("127.0.0.1", port), timeout=5))
                     for _ in range(30)]
            assert len(wires) == 30
    finally:
        for pid in processes_of_session(server.process.pid):
            os.kill(pid, signal.SIGCONT)
