"""The clocks of a server, which a test moves instead of waiting."""

import struct


class Clock:
    """clock = Clock(server) before its start; then clock.move(..), at once for all of it."""

    def __init__(self, server):
        self.path = server.use_hooks().with_name("hook.clock")
        self.wall = self.monotonic = 0
        self.move()

    def move(self, wall=0, monotonic=0):
        """By so many seconds, onwards or back."""
        self.wall += wall
        self.monotonic += monotonic
        with open(self.path, "r+b" if self.path.exists() else "wb") as file:
            file.write(struct.pack("qq", self.wall, self.monotonic))
