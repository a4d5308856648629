"""The load: wrk on a processor of its own, connections that do nothing, and a client that
sends so many requests and no more."""

import http.client
import json
import pathlib
import random
import socket
import subprocess
import typing

import processes


SCRIPT = pathlib.Path(__file__).resolve().with_name("load.lua")
CONNECTIONS = 64


class Sample(typing.NamedTuple):
    cpu_us: float  # of the server for a request
    requests: float  # a second
    bytes: float  # a second

    @property
    def busy(self):
        """The part of the time in which the server had a processor."""
        return self.cpu_us * self.requests / 1e6


def get(path, host="localhost", *fields):
    """A request as a line of load.lua."""
    return "|".join([f"GET {path} HTTP/1.1", f"Host: {host}", *fields, "", ""])


def skewed(count, draws, seed=1):
    """Numbers below count, the n-th of them about 1/n times as often as the first."""
    chance = random.Random(seed)
    return [int(count ** chance.random()) - 1 for _ in range(draws)]


def measure(subject, lines, cpus, seconds, connections=CONNECTIONS):
    """One round: the requests in this file, over and over."""
    command = ["taskset", "-c", cpus, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
               "-s", str(SCRIPT), f"http://127.0.0.1:{subject.port}/", "--", str(lines)]
    before = subject.cpu_ns()
    output = processes.run(command)
    spent = subject.cpu_ns() - before
    figures = json.loads(output.rstrip().rpartition("\n")[2])
    if figures["requests"] == 0 or figures["failed"] > figures["requests"] / 100:
        raise RuntimeError(f"{subject.label}: {figures}")
    subject.asked += figures["requests"]
    wall = figures["microseconds"] / 1e6
    return Sample(spent / 1000 / figures["requests"], figures["requests"] / wall,
                  figures["bytes"] / wall)


def check(subject, line, status, length):
    """Whether the answer to a line is what all are to send."""
    with socket.create_connection(("127.0.0.1", subject.port), 5) as client:
        client.sendall(line.replace("|", "\r\n").encode())
        answer = http.client.HTTPResponse(client)
        answer.begin()
        got = answer.status, len(answer.read())
    if got[0] != status or length is not None and got[1] != length:
        raise RuntimeError(f"{subject.label}: {got} for {line!r}")
    return answer


class Clients:
    """Connections; each has been answered once."""

    def __init__(self, port, count, line):
        self.port, self.data, self.sockets = port, line.replace("|", "\r\n").encode(), []
        try:
            while len(self.sockets) < count:
                some = [self.connect() for _ in range(min(100, count - len(self.sockets)))]
                self.sockets += some
                self.ask(some)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def ask(self, clients):
        """All of them send, then all of them read: an answer is one read."""
        for client in clients:
            client.sendall(self.data)
        for client in clients:
            if not client.recv(65536).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("no answer")

    def close(self):
        for client in self.sockets:
            client.close()


def ask_often(port, line, count, connections, anew):
    """So many requests on so many connections, or each on one of its own."""
    if not anew:
        with Clients(port, connections, line) as clients:
            for at in range(connections, count, connections):
                clients.ask(clients.sockets[:count - at])
        return
    for at in range(0, count, connections):
        Clients(port, min(connections, count - at), line).close()


class Strace:
    """Counts the system calls of processes, while it is entered."""

    def __init__(self, pids):
        self.calls = {}
        wanted = [word for pid in pids for word in ("-p", str(pid))]
        self.process = subprocess.Popen(["strace", "-c", "-U", "calls,name", *wanted],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        text=True)
        for _ in pids:
            if "attached" not in self.process.stderr.readline():
                self.process.kill()
                raise RuntimeError("strace cannot attach")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(2)
        for line in self.process.communicate(timeout=20)[1].splitlines():
            words = line.split()
            if len(words) == 2 and words[0].isdigit() and words[1] != "total":
                self.calls[words[1]] = self.calls.get(words[1], 0) + int(words[0])
