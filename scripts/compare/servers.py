"""The servers: where each is found, a plain configuration, its start and its end."""

import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/usr/local/sbin"
PLANTED = 1_700_000_000  # a whole second, long ago


def plant(folder):
    """The tree that all servers serve: two sites, and a file beneath neither."""
    files = {
        "www/page.txt": b"the page\n" * 1000,
        "www/behind.txt": b"behind\n",
        "www/a b.txt": b"space\n",
        "www/\u00e4.txt": b"non-ASCII\n",
        "other/page.txt": b"other site\n",
        "secret.txt": b"secret\n",
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (PLANTED, PLANTED))
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


class Server:
    """One row of the table SERVERS, then a process. Started by root, each server drops to
    "nobody" by its own means; else all of it runs as the user."""

    name = package = version_option = ""

    def __init__(self, binary=None):
        found = shutil.which(binary or self.name, path=PLACES)
        self.binary = found and os.path.abspath(found)
        self.process = self.folder = self.port = self.guard = self.values = None

    def version(self):
        result = subprocess.run([self.binary, self.version_option], capture_output=True,
                                text=True, timeout=20)
        return re.search(r"\d+\.\d+(\.\d+)?", result.stdout + result.stderr)[0]

    def start(self, folder, tree, patience):
        self.prepare(folder, tree)
        self.configure()
        self.launch()
        self.wait(patience)

    def prepare(self, folder, tree):
        self.folder = folder
        folder.mkdir()
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
        self.bind()
        self.values = {"dir": folder, "tree": tree, "port": self.port, "user": "nobody",
                       "group": grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name,
                       "prefix": pathlib.Path(self.binary).resolve().parents[1]}

    def fill(self, text):
        return re.sub(r"%(\w+)%", lambda match: str(self.values[match[1]]), text)

    def configure(self):
        lines = self.config + (self.config_of_root if os.geteuid() == 0 else "")
        (self.folder / "config").write_text(self.fill(lines))

    def command(self, *more):
        return [self.binary, *map(self.fill, self.arguments), *more]

    def launch(self):
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, cwd=self.folder)

    def bind(self):
        """A port of the kernel's choice. Our socket stays bound, and does not listen, so
        that nobody else is given the port."""
        self.guard = socket.socket()
        self.guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.guard.bind(("127.0.0.1", 0))
        self.port = self.guard.getsockname()[1]

    def wait(self, patience):
        deadline = time.monotonic() + 5 * patience
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), patience).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} does not start: {self.output()}")
                time.sleep(0.02)

    def output(self):
        return (self.folder / "output").read_text(errors="replace").strip()

    def stop(self):
        """Asks the process that we started to end; what is left of its group is killed."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
        if self.guard is not None:
            self.guard.close()


class Tinyhttpd(Server):
    name, version_option = "tinyhttpd", "-v"
    arguments = ["-p", "%dir%/", "-c", "%dir%/config"]
    config_of_root = "user %user% %group%;\n"
    config = """
pid %dir%/pid; daemon off; worker_processes 1; error_log %dir%/error.log;
http {
    access_log off;
    server { listen 127.0.0.1:%port%; server_name localhost; root %tree%/www; }
    server { listen 127.0.0.1:%port%; server_name other.example; root %tree%/other; }
}
"""

    def __init__(self, binary=None):
        super().__init__(binary or str(ROOT / "build/tinyhttpd"))


# Where a worker of nginx would keep what is too large for memory.
NGINX_FOLDERS = """\
    client_body_temp_path %dir%/body; proxy_temp_path %dir%/proxy;
    fastcgi_temp_path %dir%/fastcgi; uwsgi_temp_path %dir%/uwsgi;
    scgi_temp_path %dir%/scgi;
"""


class Nginx(Server):
    name, package, version_option = "nginx", "nginx-light", "-v"
    arguments = ["-p", "%dir%/", "-e", "%dir%/error.log", "-c", "%dir%/config"]
    config_of_root = Tinyhttpd.config_of_root
    config = """
pid %dir%/pid; daemon off; worker_processes 1; error_log %dir%/error.log; events { }
http {
    access_log off;
""" + NGINX_FOLDERS + """\
    server { listen 127.0.0.1:%port%; server_name localhost; root %tree%/www; }
    server { listen 127.0.0.1:%port%; server_name other.example; root %tree%/other; }
}
"""


def apache_beginning(mpm):
    """Of every configuration of Apache, with that module for its processes."""
    return f"""
LoadModule mpm_{mpm}_module %prefix%/lib/apache2/modules/mod_mpm_{mpm}.so
LoadModule authz_core_module %prefix%/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module %prefix%/lib/apache2/modules/mod_dir.so
Listen 127.0.0.1:%port%
ServerName localhost
PidFile %dir%/pid
DefaultRuntimeDir %dir%
ErrorLog %dir%/error.log
"""


class Apache(Server):
    name, package, version_option = "apache2", "apache2-bin", "-v"
    arguments = ["-DFOREGROUND", "-d", "%dir%", "-f", "%dir%/config"]
    config_of_root = "User %user%\nGroup %group%\n"
    config = apache_beginning("event") + """\
StartServers 1
<VirtualHost *:%port%>
    ServerName localhost
    DocumentRoot %tree%/www
</VirtualHost>
<VirtualHost *:%port%>
    ServerName other.example
    DocumentRoot %tree%/other
</VirtualHost>
"""


class Lighttpd(Server):
    """With the parse options of Debian's configuration file."""

    name, package, version_option = "lighttpd", "lighttpd", "-v"
    arguments = ["-D", "-f", "%dir%/config", "-m", "%prefix%/lib/lighttpd"]
    config_of_root = 'server.username = "%user%"\nserver.groupname = "%group%"\n'
    config = """
server.bind = "127.0.0.1"
server.port = %port%
server.document-root = "%tree%/www"
server.upload-dirs = ( "%dir%" )
server.modules = ( "mod_indexfile", "mod_staticfile" )
mimetype.assign = ( ".txt" => "text/plain" )
server.http-parseopts = (
    "header-strict" => "enable", "host-strict" => "enable",
    "host-normalize" => "enable", "url-normalize-unreserved" => "enable",
    "url-normalize-required" => "enable", "url-ctrls-reject" => "enable",
    "url-path-2f-decode" => "enable", "url-path-dotseg-remove" => "enable" )
$HTTP["host"] == "other.example" { server.document-root = "%tree%/other" }
"""


class H2o(Server):
    name, package, version_option = "h2o", "h2o", "-v"
    arguments = ["-c", "%dir%/config"]
    config_of_root = "user: %user%\n"
    config = """
listen: { host: 127.0.0.1, port: %port% }
num-threads: 1
error-log: %dir%/error.log
hosts:
  localhost: { paths: { /: { file.dir: %tree%/www } } }
  other.example: { paths: { /: { file.dir: %tree%/other } } }
"""


SERVERS = [Tinyhttpd, Nginx, Apache, Lighttpd, H2o]
