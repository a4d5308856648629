"""Sends raw bytes to a server and says what came back, whatever that was."""

import collections
import re
import socket

Response = collections.namedtuple("Response", "status fields body")
MOST = 64 << 20  # bytes of an answer; more is not read


class Outcome:
    """The answers on one connection, interim ones left out, and how it ended: `closed`,
    `reset`, or `waits` when the server kept it open and said no more."""

    def __init__(self, responses, end, size, garbled):
        self.responses = responses
        self.end = end
        self.size = size
        self.garbled = garbled

    @property
    def statuses(self):
        return [response.status for response in self.responses]

    def verdict(self):
        text = "+".join(map(str, self.statuses))
        if self.garbled:
            return f"{text} garbled".strip()
        if self.end == "waits":
            return f"{text} waits".strip()
        return text or self.end


def exchange(port, data, patience):
    """Sends all of `data`, then reads until the end or `patience` seconds of silence."""
    received, end = bytearray(), "closed"
    with socket.create_connection(("127.0.0.1", port), patience) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            client.sendall(data)
        except OSError:
            pass  # an early answer may have come all the same
        try:
            while len(received) < MOST:
                piece = client.recv(1 << 20)
                if not piece:
                    break
                received += piece
        except socket.timeout:
            end = "waits"
        except ConnectionError:
            end = "reset"
    responses, rest = parse_all(bytes(received), data.split(b" ", 1)[0])
    return Outcome(responses, end, len(received), bool(rest))


def parse_all(data, method):
    """The responses in `data`, and what is left that is none."""
    responses = []
    while data.startswith(b"HTTP/1."):
        try:
            parsed = parse_one(data, method if not responses else b"GET")
        except ValueError:  # of a length
            parsed = None
        if parsed is None:
            break
        response, data = parsed
        if response.status >= 200:
            responses.append(response)
    return responses, data


def parse_one(data, method):
    head, blank, rest = data.partition(b"\r\n\r\n")
    match = re.match(rb"HTTP/1\.\d (\d{3})( |$)", head)
    if not blank or not match:
        return None
    status, fields = int(match[1]), {}
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        fields[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
    if method == b"HEAD" or status < 200 or status in (204, 304):
        return Response(status, fields, b""), rest
    if "chunked" in fields.get("transfer-encoding", ""):
        split = split_chunked(rest)
    else:
        length = int(fields.get("content-length", len(rest)))
        split = (rest[:length], rest[length:]) if length <= len(rest) else None
    if split is None:
        return None
    return Response(status, fields, split[0]), split[1]


def split_chunked(data):
    """The content of a chunked body without trailer fields, and what follows it."""
    content = b""
    while True:
        line, mark, data = data.partition(b"\r\n")
        if not mark:
            return None
        size = int(line.split(b";")[0], 16)
        content += data[:size]
        data = data[size + 2:]
        if size == 0:
            return content, data
