"""What a measurement needs around it: tools, two processors, descriptors."""

import datetime
import os
import platform
import re
import resource
import shutil
import sys

import processes

DESCRIPTORS = 16_000


def prepare(parser, chosen, tools):
    """Sets chosen.cpus, of the servers and of the load."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        parser.exit(1, f"not found: {', '.join(missing)}\n"
                       "    scripts/install-test-packages bench\n")
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        parser.exit(1, "there is one processor: server and load need one each\n")
    chosen.cpus = str(cpus[0]), str(cpus[-1])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < DESCRIPTORS:
        print(f"the limit of descriptors is {hard}: rows with many connections need "
              f"{DESCRIPTORS}", file=sys.stderr)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def where():
    """The day and the kind of machine."""
    model = re.search(r"^model name\s*: (.*)$", processes.read("/proc/cpuinfo"), re.M)
    kind = model[1].strip() if model else platform.machine()
    virtual = " (virtual)" if "hypervisor" in processes.read("/proc/cpuinfo") else ""
    load = processes.read("/proc/loadavg").split()[0]
    return (f"{datetime.date.today()}, {os.cpu_count()} processors{virtual}, {kind}, "
            f"Linux {platform.release()}, load average {load} at the start")
