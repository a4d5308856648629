"""A client that asks again and again while others misbehave, and notes how long it waits."""

import statistics
import threading
import time

from harness import SLOW

INTERVAL = 0.02


class Probe:
    """with Probe(server, "/target"): .. ; then check()."""

    def __init__(self, server, target, interval=INTERVAL):
        self.server = server
        self.target = target
        self.interval = interval
        self.delays = []
        self.failures = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def ask(self):
        begin = time.monotonic()
        try:
            answer = self.server.get(self.target, fields={"Connection": "close"})
            if answer.status != 200:
                self.failures.append(answer)
        except (OSError, EOFError) as error:
            self.failures.append(error)
        self.delays.append(time.monotonic() - begin)

    def run(self):
        self.ask()
        while not self.over.wait(self.interval):
            self.ask()

    def check(self, median=0.05, longest=0.5):
        """No probe failed, and none waited long; seconds, more for slow flavours."""
        assert not self.failures, self.failures[:3]
        assert statistics.median(self.delays) < median * SLOW
        assert max(self.delays) < longest * SLOW
