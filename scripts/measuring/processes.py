"""What the kernel tells of processes: CPU time, memory, and whose children they are."""

import os
import pathlib
import re
import subprocess

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def read(path):
    """"" when the process is gone."""
    try:
        return pathlib.Path(path).read_text(errors="replace")
    except OSError:
        return ""


def tree(root):
    """A process, its children, theirs .."""
    found = [root]
    for pid in found:
        for entry in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, read(entry).split())
    return found


def titled(pids, words):
    return [pid for pid in pids if words in read(f"/proc/{pid}/cmdline")]


def cpu_ns(pids):
    """Nanoseconds that these processes ran so far, all threads of them; ticks of the clock
    where the kernel does not say it closer."""
    total = 0
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").glob("[0-9]*"):
            ran = read(task / "schedstat").split()
            if ran:
                total += int(ran[0])
            else:
                fields = read(task / "stat").rpartition(")")[2].split()
                total += TICK_NS * sum(map(int, fields[11:13]))
    return total


def pss(pids):
    """Bytes of user memory; what is shared counts in parts."""
    total = 0
    for pid in pids:
        found = re.search(r"^Pss:\s+(\d+) kB", read(f"/proc/{pid}/smaps_rollup"), re.M)
        total += 1024 * int(found[1]) if found else 0
    return total


def run(command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
