"""How long ours takes to start, to reload, and to replace a worker: milliseconds until a
client has the answer, the median of several."""

import os
import signal
import socket
import statistics
import time

import load
import tree

ASK = load.get(tree.SMALL, "localhost", "Connection: close").replace("|", "\r\n").encode()
ASK_WHO = load.get("/who", "localhost", "Connection: close").replace("|", "\r\n").encode()
WHO = {"site": "location = /who { return 200 $pid; }"}
PATIENCE = 5
REST = 1
PAUSE = 0.0003  # the server may need this processor, too


def answer(port, data):
    """What one connection gets; nothing when there is nobody yet."""
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            client.sendall(data)
            return b"".join(iter(lambda: client.recv(65536), b""))
    except OSError:
        return b""


def wait(port, data, fits):
    """Milliseconds until an answer fits."""
    began = time.monotonic_ns()
    while not fits(answer(port, data)):
        if time.monotonic_ns() - began > PATIENCE * 1e9:
            raise RuntimeError("no answer")
        time.sleep(PAUSE)
    return (time.monotonic_ns() - began) / 1e6


def is_whole(data):
    return data.startswith(b"HTTP/1.1 200")


def repeat(bench, once):
    return statistics.median(once() for _ in range(max(5, bench.chosen.rounds)))


def start(bench, subject):
    def once():
        began = time.monotonic_ns()
        server.launch()
        wait(server.port, ASK, is_whole)
        taken = (time.monotonic_ns() - began) / 1e6
        server.process.terminate()
        server.process.wait(PATIENCE)
        return taken

    with bench.run(subject, workers="2") as server:
        server.process.terminate()
        server.process.wait(PATIENCE)
        return repeat(bench, once)


def reload(bench, subject):
    """Of a server at rest; a new one each time, since reloads keep a distance."""
    def once():
        with bench.run(subject, workers="2", **WHO) as server:
            time.sleep(REST)
            old = {str(pid).encode() for pid in server.workers()}
            server.process.send_signal(signal.SIGHUP)
            return wait(server.port, ASK_WHO, lambda data: is_whole(data)
                        and data.rpartition(b"\n")[2] not in old)

    return repeat(bench, once)


def replace(bench, subject):
    """The only worker, in a new server each time: a second death within a while waits."""
    def once():
        with bench.run(subject) as server:
            load.check(server, load.get(tree.SMALL), 200, tree.KIB)
            os.kill(server.workers()[0], signal.SIGKILL)
            return wait(server.port, ASK, is_whole)

    return repeat(bench, once)
