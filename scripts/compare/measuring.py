"""What faults are measured with: time, and clients that never try again."""

import socket
import time


def wait(condition, seconds, began=None):
    """Milliseconds until condition() is true, or None; from now, if not from `began`."""
    began = began or time.monotonic()
    while not condition():
        if time.monotonic() > began + seconds:
            return None
        time.sleep(0.001)
    return 1000 * (time.monotonic() - began)


def duration(milliseconds):
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"


class Connections:
    """As many as the server's queue takes; each sends `data` at once."""

    def __init__(self, port, count, data):
        self.sockets = []
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", port), 1)
            client.sendall(data)
            self.sockets.append(client)

    def send(self, data):
        """The rest of the requests."""
        for client in self.sockets:
            try:
                client.sendall(data)
            except OSError:
                pass  # it finds no answer

    def answered(self, seconds):
        """How many were answered within so many seconds; closes them."""
        deadline, count = time.monotonic() + seconds, 0
        for client in self.sockets:
            client.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                count += client.recv(100).startswith(b"HTTP/1.1 200 ")
            except OSError:
                pass
            client.close()
        return count
