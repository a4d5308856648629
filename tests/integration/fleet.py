"""A closed loop of clients that never try again, and what failed of their requests.

Each client keeps its connection as a browser or a pool does: it looks whether the idle
connection is still open, and only then, `lag` seconds later, writes its request; the time
between stands for the network. So a server that closes idle connections under its clients
is found out.
"""

import asyncio
import collections
import contextlib
import random
import subprocess
import sys
import threading

from harness import SLOW, wait_until

HEAD_END = b"\r\n\r\n"


class Failure(Exception):
    pass


class Connection:
    """One connection of a client; `kept` says that the server will take another request,
    `fields` are those of the last answer, names and values in lower case."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.kept = True
        self.fields = {}

    def is_open(self):
        return self.kept and not self.reader.at_eof() and self.reader.exception() is None

    def close(self):
        self.writer.transport.abort()

    async def ask(self, request):
        """The status; raises Failure with the way in which it failed."""
        begun = False
        try:
            self.writer.write(request)
            head = await self.reader.readuntil(HEAD_END)
            begun = True
            fields = dict(line.split(b": ", 1) for line in head[:-4].lower().split(b"\r\n")[1:])
            await self.reader.readexactly(int(fields.get(b"content-length", 0)))
        except asyncio.IncompleteReadError as error:
            raise Failure("cut" if begun or error.partial else "eof") from None
        except ConnectionResetError:
            raise Failure("cut" if begun else "reset") from None
        except OSError as error:
            raise Failure(type(error).__name__) from None
        self.fields = fields
        self.kept = fields.get(b"connection") != b"close"
        return int(head[9:12])


class Fleet:
    """with Fleet(address, ..) as fleet: ..; then fleet.check().

    `address` is (host, port) or the path of a unix socket. `think` is the longest pause
    between two requests of a client, `keep` says whether connections are used again.
    """

    def __init__(self, address, target="/", clients=64, think=0.002, lag=0.0, method="GET",
                 body=b"", keep=True, patience=10 * SLOW, expect=(200,)):
        self.address, self.clients, self.keep = address, clients, keep
        self.think, self.lag, self.patience, self.expect = think, lag, patience, expect
        self.done = 0  # requests answered as expected
        self.closes = 0  # answers that said Connection: close
        self.failures = collections.Counter()
        self.over = False
        length = f"Content-Length: {len(body)}\r\n" if body or method == "POST" else ""
        option = "" if keep else "Connection: close\r\n"
        self.request = (f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{length}{option}\r\n"
                        .encode() + body)
        self.thread = threading.Thread(target=lambda: asyncio.run(self.sail()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()

    def check(self, failures=0, least=1):
        """At most so many requests failed, and at least so many were answered."""
        assert sum(self.failures.values()) <= failures, (dict(self.failures), self.done)
        assert self.done >= least, self.done

    async def sail(self):
        await asyncio.gather(*(self.client() for _ in range(self.clients)))

    async def connect(self):
        try:
            if isinstance(self.address, str):
                return Connection(*await asyncio.open_unix_connection(self.address))
            return Connection(*await asyncio.open_connection(*self.address))
        except ConnectionRefusedError:
            raise Failure("refused") from None
        except OSError as error:
            raise Failure(type(error).__name__) from None

    async def exchange(self, connection):
        """One request on an open connection or a new one; returns the connection."""
        if connection is not None and not connection.is_open():
            connection.close()
            connection = None
        if connection is None:
            connection = await self.connect()
        elif self.lag:
            await asyncio.sleep(self.lag)
        try:
            status = await connection.ask(self.request)
        except BaseException:
            connection.close()
            raise
        if status in self.expect:
            self.done += 1
        else:
            self.failures[f"status {status}"] += 1
        self.closes += self.keep and not connection.kept
        return connection

    async def client(self):
        connection = None
        while not self.over:
            try:
                connection = await asyncio.wait_for(self.exchange(connection), self.patience)
            except (Failure, asyncio.TimeoutError) as error:
                self.failures[str(error) or "timeout"] += 1
                connection = None
            await asyncio.sleep(random.uniform(0, self.think))
        if connection is not None:
            connection.close()


def wait_for_more(fleets, count):
    """Until each of them has been answered so many requests more."""
    asked = [fleet.done for fleet in fleets]
    wait_until(lambda: all(fleet.done >= was + count for fleet, was in zip(fleets, asked)),
               "more requests")


def main(host, port, *command):
    """Runs the command while clients ask for /, on connections that they keep and on new ones."""
    fleets = [Fleet((host, int(port)), clients=16, think=0.02, lag=0.005, keep=keep)
              for keep in (True, False)]
    with contextlib.ExitStack() as stack:
        for fleet in fleets:
            stack.enter_context(fleet)
        status = subprocess.call(command)
    for fleet in fleets:
        fleet.check()
    print(f"{sum(fleet.done for fleet in fleets)} requests answered, 0 failed")
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
