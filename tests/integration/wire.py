"""Bytes on a connection: a client that sends exactly what it is told and hides nothing."""

import select
import socket


class Response:
    """One parsed answer. `raw` is every byte of it."""

    def __init__(self, status, reason, fields, body, raw):
        self.status = status
        self.reason = reason
        self.fields = fields  # list of (name, value) in order
        self.body = body
        self.raw = raw

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        assert len(values) <= 1, f"{name} appears {len(values)} times"
        return values[0] if values else default

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.fields} {self.body[:80]!r}>"


class Wire:
    """A connection. `address` is (host, port) or the path of a unix socket."""

    def __init__(self, address, timeout=10, source=None):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout, source_address=source)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def shut_write(self):
        self.socket.shutdown(socket.SHUT_WR)

    def _more(self):
        data = self.socket.recv(65536)
        self.pending += data
        return len(data) > 0

    def read_until(self, mark):
        while mark not in self.pending:
            if not self._more():
                raise EOFError(f"closed after {self.pending!r}")
        end = self.pending.index(mark) + len(mark)
        data, self.pending = self.pending[:end], self.pending[end:]
        return data

    def read_exactly(self, count):
        while len(self.pending) < count:
            if not self._more():
                raise EOFError(f"closed after {len(self.pending)} of {count} bytes")
        data, self.pending = self.pending[:count], self.pending[count:]
        return data

    def read_all(self):
        """Everything until the peer closes. A reset is an error of the test."""
        while self._more():
            pass
        data, self.pending = self.pending, b""
        return data

    def closed(self):
        """Waits for the end of the stream: True at a clean one with nothing before it."""
        return not self.pending and not self._more()

    def is_open(self):
        """At this moment, with nothing that came: neither bytes nor an end."""
        poller = select.poll()  # select() knows no descriptor above 1023
        poller.register(self.socket, select.POLLIN)
        return not poller.poll(0)

    def response(self, method="GET"):
        """Reads one answer, interim ones (1xx) not skipped."""
        head = self.read_until(b"\r\n\r\n")
        lines = head[:-4].split(b"\r\n")
        version, status, reason = (lines[0].split(b" ", 2) + [b""])[:3]
        assert version == b"HTTP/1.1", head
        fields = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            assert colon and name == name.strip(), line
            fields.append((name.decode("latin-1"), value.strip().decode("latin-1")))
        answer = Response(int(status), reason.decode(), fields, b"", head)
        if method == "HEAD" or answer.status in (204, 304) or answer.status < 200:
            return answer
        length = answer.get("Content-Length")
        answer.body = self.read_all() if length is None else self.read_exactly(int(length))
        answer.raw += answer.body
        return answer

    def request(self, target, method="GET", host="localhost", fields=(), body=b""):
        """Sends one well-formed request and reads its answer."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in dict(fields).items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        return self.response(method)
