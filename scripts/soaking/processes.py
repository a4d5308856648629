"""The processes of a server and what they hold, as /proc tells it."""

import os
import pathlib
import re

from harness import parent, processes_of_session, title

ROLES = ("master process", "logger process", "worker process")


def role(pid):
    text = title(pid)
    return next((name for name in ROLES if name in text), "")


def children(session, master, name):
    """Living ones whose title has this name; workers that drain are left out."""
    return sorted(pid for pid, state in processes_of_session(session).items()
                  if state != "Z" and parent(pid) == master and role(pid) == name
                  and "shutting" not in title(pid))


def descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None


def memory(pids):
    """KiB of private and of shared memory that these processes have among them, each page
    counted once; None when one is gone, or may not be looked at."""
    totals = {"Pss_Anon": 0, "Pss_Shmem": 0}
    try:
        for pid in pids:
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            for name in totals:
                totals[name] += int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1])
    except (OSError, TypeError):
        return None
    return totals
