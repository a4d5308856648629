"""What the kernel says of a process, and the error log of one that died or that hangs."""

import os
import re

from harness import stat_fields

TICKS = os.sysconf("SC_CLK_TCK")

KILLED = r"exited on signal 9 \(SIGKILL, not sent by the master"
WHO = r"\[\w+\] .*worker process {pid} \(slot (?P<slot>\d+), generation (?P<generation>\d+)\)"
LOAD = r"(?P<connections>\d+) connections {fate}, peak memory (?P<memory>\d+) KiB, (?P<request>.*)$"


def record(server, pid, event, fate):
    """The parts of the line, numbers as such."""
    pattern = WHO + event + ", " + LOAD
    found = server.wait_error(pattern.replace("{pid}", str(pid)).replace("{fate}", fate))
    return {name: float(text) if re.fullmatch(r"[\d.]+", text) else text
            for name, text in found.groupdict().items()}


def death(server, pid):
    return record(server, pid, r" exited (?P<cause>.*) after (?P<uptime>[\d.]+) s", "lost")


def hang(server, pid):
    return record(server, pid, r" hangs after (?P<uptime>[\d.]+) s: no sign of life for "
                               r"(?P<quiet>[\d.]+) s", "open")


def begun(pid):
    """When a process was forked, in seconds since boot, to a hundredth."""
    return int(stat_fields(pid)[19]) / TICKS


def used(pid):
    """Seconds of the processor that it and its dead children had."""
    return sum(map(int, stat_fields(pid)[11:15])) / TICKS
