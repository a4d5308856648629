"""The servers as they are measured: one worker, the access log on in combined format, room
for every connection. Else each is as it comes; peers as Debian configures them, nginx with
its cache of open files."""

import argparse
import os
import pathlib
import resource
import sys

import load
import processes
import servers

FORMAT = '%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"'
SLOTS = 12_000
DESCRIPTORS = min(2 * SLOTS, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
FLOOR = str(servers.ROOT / "build/release/floor")


class Subject(servers.Server):
    """A server that runs on certain processors. Settings are what %name% in its
    configuration stands for; `defaults` says which there are."""

    defaults = {}
    ours = False
    holds = 10_000  # so many idle connections

    def __init__(self, binary=None, label=None):
        super().__init__(binary)
        self.label = label or self.name
        self.settings, self.cpus, self.asked = {}, None, 0

    def begin(self, folder, tree, cpus, **settings):
        """Another one of this program, that runs; settings that it has not are for others."""
        started = type(self)(self.binary, self.label)
        started.settings = {name: settings.get(name, value)
                            for name, value in self.defaults.items()}
        started.cpus = cpus
        try:
            started.start(folder, tree, 2)
        except BaseException:
            started.stop()
            raise
        return started

    def configure(self):
        self.values |= {name: self.fill(value) for name, value in self.settings.items()}
        super().configure()

    def command(self, *more):
        pin = ["taskset", "-c", self.cpus] if self.cpus else []
        return pin + super().command(*more)

    def unlogged(self):
        """The share of what it was asked that is not in its log, once it is stopped."""
        log = self.folder / "access.log"
        if not self.asked or isinstance(self, Floor):
            return 0
        with open(log, "rb") as file:
            lines = sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))
        return 1 - lines / self.asked

    def pids(self):
        return processes.tree(self.process.pid)

    def cpu_ns(self):
        return processes.cpu_ns(self.pids())

    def pss(self):
        return processes.pss(self.pids())


class Floor(Subject):
    """What the calls themselves cost; how many processes make them, and whether it closes
    the connection after an answer, is all one can say."""

    name, config, config_of_root = "floor", "", ""
    defaults = {"after": "keep", "workers": "1"}
    arguments = ["%port%", "%after%", "%workers%", str(load.CONNECTIONS)]
    holds = 0

    def __init__(self, binary=None, label=None):
        super().__init__(binary or FLOOR, label)

    def version(self):
        return ""


class Tinyhttpd(Subject, servers.Tinyhttpd):
    ours = True
    defaults = {"main": "", "workers": "1", "slots": "1024", "http": "", "site": "",
                "log": "%dir%/access.log", "servers": ""}
    config = """
pid %dir%/pid; daemon off; worker_processes %workers%; error_log %dir%/error.log;
events { worker_connections %slots%; } %main%
http {
    access_log %log%; %http%
    server { listen 127.0.0.1:%port% default_server; root %tree%/www; %site% }
    %servers%
}
"""

    def workers(self):
        """Those of now and those that leave."""
        return processes.titled(self.pids(), "worker process")


class Nginx(Subject, servers.Nginx):
    defaults = {"cache": "open_file_cache max=20000 inactive=60s; open_file_cache_valid 1s;"}
    config = f"""
pid %dir%/pid; daemon off; worker_processes 1; error_log %dir%/error.log;
events {{ worker_connections {SLOTS}; }}
http {{
    access_log %dir%/access.log combined; %cache%
    sendfile on; tcp_nopush on; keepalive_timeout 1h; types {{ text/plain txt; }}
{servers.NGINX_FOLDERS}    server {{ listen 127.0.0.1:%port%; root %tree%/www; }}
}}
"""


class Lighttpd(Subject, servers.Lighttpd):
    """It sets two descriptors aside for a connection."""

    holds = min(Subject.holds, DESCRIPTORS // 2 - 100)
    config = f"""
server.bind = "127.0.0.1"
server.port = %port%
server.document-root = "%tree%/www"
server.upload-dirs = ( "%dir%" )
server.errorlog = "%dir%/error.log"
server.modules = ( "mod_indexfile", "mod_staticfile", "mod_accesslog" )
server.max-fds = {DESCRIPTORS}
server.max-connections = {SLOTS}
server.max-keep-alive-requests = 1000
server.max-keep-alive-idle = 3600
accesslog.filename = "%dir%/access.log"
accesslog.format = "{FORMAT}"
mimetype.assign = ( ".txt" => "text/plain" )
server.http-parseopts = (
    "header-strict" => "enable", "host-strict" => "enable",
    "host-normalize" => "enable", "url-normalize-unreserved" => "enable",
    "url-normalize-required" => "enable", "url-ctrls-reject" => "enable",
    "url-path-2f-decode" => "enable", "url-path-dotseg-remove" => "enable" )
"""


class H2o(Subject, servers.H2o):
    config = f"""
listen: {{ host: 127.0.0.1, port: %port% }}
num-threads: 1
max-connections: {SLOTS}
http1-request-timeout: 3600
error-log: %dir%/error.log
access-log: %dir%/access.log
hosts:
  default: {{ paths: {{ /: {{ file.dir: %tree%/www }} }} }}
"""


class ApacheEvent(Subject, servers.Apache):
    """Its processes and threads are all there before they are needed."""

    name, mpm, holds = "apache-event", "event", 0
    pool = """
StartServers 1
ServerLimit 1
ThreadsPerChild 150
ThreadLimit 150
MinSpareThreads 1
MaxSpareThreads 150
MaxRequestWorkers 150
"""
    config = f"""{servers.apache_beginning("%mpm%")}CustomLog %dir%/access.log "{FORMAT}"
MaxKeepAliveRequests 1000
DocumentRoot %tree%/www
%pool%
"""

    def __init__(self, binary=None, label=None):
        super().__init__(binary or "apache2", label)
        self.defaults = {"mpm": self.mpm, "pool": self.pool}


class ApachePrefork(ApacheEvent):
    name, mpm = "apache-prefork", "prefork"
    pool = """
StartServers 100
MinSpareServers 1
MaxSpareServers 150
MaxRequestWorkers 150
"""


SUBJECTS = [Tinyhttpd, Floor, Nginx, Lighttpd, H2o, ApacheEvent, ApachePrefork]


def add_options(parser):
    names = [kind.name for kind in SUBJECTS]
    parser.add_argument("--servers", metavar="LIST", default=",".join(names),
                        help="some of: %(default)s; and none")
    parser.add_argument("--program", metavar="NAME=PATH", action="append", default=[],
                        help="one more build of ours beside the others; may be repeated")
    for name in sorted({name.partition("-")[0] for name in names}):
        parser.add_argument(f"--{name}", metavar="PATH", help=f"the program of {name}")


def choose(chosen):
    """Those asked for that are there; says what is missing and where to have it."""
    wanted = [name for name in chosen.servers.split(",") if name not in ("", "none")]
    known = {kind.name: kind for kind in SUBJECTS}
    for name in wanted:
        if name not in known:
            raise argparse.ArgumentTypeError(f"unknown server {name}: not of {', '.join(known)}")
    found = [known[name](getattr(chosen, name.partition("-")[0])) for name in wanted]
    for text in chosen.program:
        label, _, path = text.partition("=")
        found.append(Tinyhttpd(path, label))
    missing = [subject for subject in found if not subject.binary]
    for subject in missing:
        print(f"not found: {subject.label}", file=sys.stderr)
    packages = sorted({subject.package for subject in missing if subject.package})
    if packages:
        print(f"    apt-get install --no-install-recommends {' '.join(packages)}",
              file=sys.stderr)
    if any(not subject.package for subject in missing):
        print("    make build/tinyhttpd build/release/floor", file=sys.stderr)
    return [subject for subject in found if subject.binary]


def stripped_size(binary, folder):
    copy = pathlib.Path(folder) / "stripped"
    processes.run(["strip", "-o", str(copy), binary])
    return os.stat(copy).st_size
