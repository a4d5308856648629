"""The server as process 1 of a PID namespace, in the root folder of the container image."""

import contextlib
import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading

import pytest

from harness import (BAD_LINE, FLAVOUR, PROGRAM, ROOT, SLOW, Port, is_root, processes_of_session,
                     title, wait_until)
from wire import Wire

NOBODY = 65534

# What a container's run time does: mounts of its own, then the program in a namespace.
RUN_TIME = """
root=$1 run=$2 user=$3 enter=$4
shift 4
mount --bind -o ro "$root" "$root"
test ! -d "$root/proc" || mount -t proc proc "$root/proc"
test -z "$run" || mount -t tmpfs -o mode=1777 tmpfs "$root/run"
exec $enter chroot --userspec="$user" --groups= "$root" "$@"
"""
NEW = "unshare --pid --fork --kill-child"

# Thirty processes whose parent ends; they end when standard input does.
ORPHANS = "exec 3<&0; for i in 1 2 3 4 5 6; do (for j in 1 2 3 4 5; do read _ <&3 & done); done"
ORPHAN_COUNT = 30


@functools.lru_cache
def may_unshare():
    if not pathlib.Path("/proc/self/task", str(os.getpid()), "children").exists():
        return False
    probe = "unshare --mount --pid --fork mount -t tmpfs tmpfs /mnt"
    try:
        return is_root() and subprocess.run(probe.split(), capture_output=True).returncode == 0
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not may_unshare(), reason="needs root, and unshare")


def add_libraries(root):
    """The image has a static program; the one under test may need its libraries."""
    listed = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True).stdout
    for path in re.findall(r"(/\S+) \(0x", listed):
        copy = pathlib.Path(f"{root}{path}")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


def children(pid):
    """pid -> name of its children, those that it has not reaped among them."""
    found = {}
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            found[int(child)] = pathlib.Path(f"/proc/{child}/comm").read_text().strip()
        except OSError:
            continue
    return found


class Pipe:
    """What the server writes to one of its outputs, read as it comes."""

    def __init__(self, file):
        self.file = file
        self.data = b""
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while piece := os.read(self.file.fileno(), 65536):
            self.data += piece

    def text(self):
        return self.data.decode()

    def close(self):
        self.thread.join()
        self.file.close()


class Container:
    """The image's root folder, and the server in it as process 1."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tinyhttpd-pid1-"))
        self.dir.chmod(0o755)
        self.root = self.dir / "root"
        subprocess.run([ROOT / "scripts/container-root", PROGRAM, self.root], check=True)
        add_libraries(self.root)
        if FLAVOUR in ("asan", "torture"):
            (self.root / "proc").mkdir()  # the sanitizers read it
        self.config = self.root / "etc/tinyhttpd/tinyhttpd.conf"
        self.shipped = self.config.read_text()
        self.port = Port()
        self.process = None

    # --- life --------------------------------------------------------------------------

    def configure(self, *changes):
        """The image's configuration on the test's port, with (text, other text) replaced."""
        text = self.shipped
        for old, new in (("listen 8080", f"listen 127.0.0.1:{self.port.number}"),
                         ("worker_processes auto", "worker_processes 2"), *changes):
            assert old in text
            text = text.replace(old, new)
        self.config.write_text(text)

    def launch(self, *changes, user=0, run=True, enter=NEW, **options):
        self.configure(*changes)
        options.setdefault("stdin", subprocess.DEVNULL)
        self.process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-euc", RUN_TIME, "sh", self.root, "1" if run else "",
             f"{user}:{user}", enter, "/tinyhttpd"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0:handle_segv=0"}, **options)
        self.out, self.errors = Pipe(self.process.stdout), Pipe(self.process.stderr)

    def start(self, *changes, ready="started: generation", **options):
        self.launch(*changes, **options)
        self.wait_error(ready)
        self.master = wait_until(lambda: self.pids("master process"), "the master")[0]

    def refuse(self, *changes, **options):
        """A start that fails; returns what it says."""
        self.launch(*changes, **options)
        assert self.end() == 1
        return self.errors.text()

    def end(self):
        """The exit status of process 1; nothing of the container is left."""
        status = self.process.wait(20 * SLOW)
        wait_until(lambda: not processes_of_session(self.process.pid), "the container's end")
        self.process = None
        self.out.close()
        self.errors.close()
        return status

    def stop(self, number=signal.SIGQUIT):
        os.kill(self.master, number)
        assert self.end() == 0, self.errors.text()
        assert not BAD_LINE.search(self.errors.text()), self.errors.text()

    def clean(self):
        if self.process is not None:
            for pid in processes_of_session(self.process.pid):
                with contextlib.suppress(ProcessLookupError):  # it went with process 1
                    os.kill(pid, signal.SIGKILL)
            self.end()

    # --- what it says and answers --------------------------------------------------------

    def wait_error(self, pattern):
        wait_until(lambda: re.search(pattern, self.errors.text())
                   or self.process.poll() is not None, f"{pattern} in the log")
        assert re.search(pattern, self.errors.text()), self.errors.text()

    def pids(self, word):
        return [pid for pid in processes_of_session(self.process.pid) if word in title(pid)]

    def workers(self):
        return set(self.pids("worker process (generation"))

    def orphans(self):
        return [name for name in children(self.master).values() if name == "sh"]

    def tell(self, word):
        """tinyhttpd -s WORD, as another process of the container."""
        return subprocess.run(
            ["nsenter", f"--target={self.master}", "--mount", "--pid", "--root", "--wd",
             "/tinyhttpd", "-s", word], capture_output=True, text=True, timeout=20 * SLOW,
            env={"ASAN_OPTIONS": "detect_leaks=0"})

    def wire(self):
        return Wire(("127.0.0.1", self.port.number), timeout=10 * SLOW)

    def check_serves(self):
        with self.wire() as wire:
            answer = wire.request("/")
        assert (answer.status, answer.body) == (200, (self.root / "srv/index.html").read_bytes())


@pytest.fixture(scope="module")
def image():
    container = Container()
    yield container
    container.port.close()
    shutil.rmtree(container.dir)


@pytest.fixture
def container(image):
    yield image
    image.clean()


# --- what is not there ---------------------------------------------------------------------

@pytest.mark.parametrize("user", [0, 1000])
def test_serves_from_a_read_only_root_without_proc_and_dev(container, user):
    """Not even where standard input is closed, whose place /dev/null takes elsewhere."""
    container.start(user=user, preexec_fn=lambda: os.close(0), stdin=None)
    container.check_serves()
    assert os.readlink(f"/proc/{container.master}/fd/0") == str(container.root)
    assert {os.stat(f"/proc/{pid}").st_uid for pid in container.workers()} == {user or NOBODY}
    assert not [*container.root.glob("dev"), *container.root.glob("tmp")]
    container.stop()
    assert re.fullmatch(r'127\.0\.0\.1 - - \[.*\] "GET / HTTP/1\.1" 200 .*\n',
                        container.out.text())


@pytest.mark.parametrize("changes, options, pattern", [
    ([], {"run": False}, r'pid file "/run/tinyhttpd.pid" cannot be used.*Read-only file system'),
    ([("stderr", "/var/log/error.log")], {}, r'"/var/log/error.log" failed.*No such file'),
], ids=["tmpfs", "log folder"])
def test_says_what_it_lacks(container, changes, options, pattern):
    assert re.search(pattern, container.refuse(*changes, **options))


def test_says_that_there_are_no_users(container):
    passwd = container.root / "etc/passwd"
    users = passwd.read_text()
    passwd.unlink()
    try:
        words = container.refuse()
    finally:
        passwd.write_text(users)
    assert 'unknown user "nobody"' in words and "there is no /etc/passwd" in words


# --- the duties of process 1 ---------------------------------------------------------------

ALONE = ("daemon off", "master_process off; daemon off")


@pytest.mark.parametrize("changes, ready", [([], "started: generation"), ([ALONE], "")],
                         ids=["master", "alone"])
def test_reaps_orphans(container, changes, ready):
    container.start(*changes, ready=ready)
    entrance = ["nsenter", f"--target={container.master}", "--pid", "sh", "-c", ORPHANS]
    with subprocess.Popen(entrance, stdin=subprocess.PIPE) as entered:
        wait_until(lambda: len(container.orphans()) == ORPHAN_COUNT, "orphans to be adopted")
    assert entered.returncode == 0
    wait_until(lambda: not container.orphans(), "orphans to be reaped")
    container.check_serves()
    container.stop()


@pytest.mark.parametrize("number, finishes", [(signal.SIGQUIT, True), (signal.SIGTERM, False)])
def test_stops(container, number, finishes):
    container.start()
    with container.wire() as wire:
        assert wire.request("/").status == 200
        if finishes:
            wire.send("GET / HTTP/1.1\r\n")
        os.kill(container.master, number)
        if finishes:
            wait_until(lambda: container.pids("shutting down"), "the drain")
            wire.send("Host: localhost\r\n\r\n")
            assert wire.response().get("Connection") == "close"
        assert wire.closed()
    assert container.end() == 0


def test_obeys_signals_and_words(container):
    container.start()
    before = container.workers()
    container.configure(("root /srv;", 'return 200 "other";'))
    os.kill(container.master, signal.SIGHUP)
    container.wait_error("reloaded: generation 2")
    with container.wire() as wire:
        assert wire.request("/").body == b"other"
    wait_until(lambda: len(container.workers() - before) == 2, "new workers")
    os.kill(container.master, signal.SIGUSR1)
    container.wait_error("log files reopened, 0 failed")
    assert re.search("^pid +1$", container.tell("status").stdout, re.M)
    told = container.tell("quit").returncode
    assert told in (0, -signal.SIGKILL)  # all processes of a container end with its first
    assert container.end() == 0


def test_replaces_workers_that_are_killed_and_takes_them_along(container):
    container.start()
    before = container.workers()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(container.workers() - before) == 2, "new workers")
    container.check_serves()
    os.kill(container.master, signal.SIGKILL)
    assert container.end() != 0


def test_stays_in_the_foreground_and_does_not_hand_over(container):
    """The kernel ends the namespace with process 1, and a daemon or a new master with it."""
    container.start(("daemon off", "daemon on"))
    assert "process 1 stays in the foreground" in container.errors.text()
    answer = container.tell("upgrade")
    assert answer.returncode == 1 and "the end of process 1" in answer.stdout
    container.check_serves()
    container.stop()


# --- seen from another namespace -----------------------------------------------------------

def test_serves_with_a_master_outside(container):
    """Who asks for its parent there is told 0."""
    with subprocess.Popen([*NEW.split(), "cat"], stdin=subprocess.PIPE) as other:
        first = wait_until(lambda: "cat" in children(other.pid).values() and children(other.pid),
                           "a process 1")
        container.start(enter=f"nsenter --no-fork --pid --target={min(first)}")
        container.check_serves()
        container.stop()
    assert "exited" not in container.errors.text()


def test_is_not_taken_for_another_process_1(container):
    """The pid file in a folder that two containers share."""
    container.start()
    config = container.dir / "outside.conf"
    config.write_text(f"pid /proc/{container.master}/root/run/tinyhttpd.pid; server {{ }}")
    outside = subprocess.run(
        ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c",
         'trap "echo signalled" TERM; "$@"; echo $?', "sh", PROGRAM, "-c", config, "-s", "stop"],
        capture_output=True, text=True, timeout=20 * SLOW)
    assert outside.stdout == "1\n" and "another PID namespace" in outside.stderr
    container.stop()


# --- logs ----------------------------------------------------------------------------------

def test_writes_whole_lines_to_pipes(container):
    container.start()
    count = 10 if FLAVOUR == "torture" else 1000
    with container.wire() as first, container.wire() as second:
        for wire in (first, second):
            wire.send(b"GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n" * count)
        for wire in (first, second):
            assert [wire.response().status for _ in range(count)] == [404] * count
    container.stop()
    lines = container.out.text().splitlines()
    shape = re.compile(r'127\.0\.0\.1 - - \[\S+ \+0000\] "GET /none HTTP/1\.1" 404 \d+ "-" "-"')
    assert len(lines) == 2 * count and all(shape.fullmatch(line) for line in lines)
    dated = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] \d+#\d+: |tinyhttpd: \[")
    assert all(dated.match(line) for line in container.errors.text().splitlines())
