"""A random tree of links against a model: a file is served if and only if it lies beneath
its root and is a regular file that the worker may read."""

import os
import pathlib
import pickle
import random
import re
import socket
import stat

import pytest

from harness import SLOW, Server, is_root
from seccomp import RESOLVERS

CONFIG = """
http {
    keepalive_requests 1000000;
    root %DIR%/www;
    server {
        listen 127.0.0.1:%PORT%;
        include %DIR%/locations;
    }
    server {
        listen 127.0.0.1:%PORT2%;
        merge_slashes off;
        include %DIR%/locations;
    }
}
"""
# Prefix of the location, what it says, the directory.
LOCATIONS = [
    ("/", "root", "www"),
    ("/img/", "alias", "www/d/"),
    ("/bare", "alias", "www/d"),
    ("/via/", "alias", "by-link/"),
    ("/rooted/", "root", "www/d"),
]
SEED = 20
# Parts of names: nothing that a name may not have on disk.
BITS = [b"a", b"b", b"c", b".", b"..", b"...", b" ", b"%2e", b"%2f", b"\\", b";", b"?", b"#",
        b"\n", b"\x01", b"\x7f", b"\xc0\xae", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xff", b"&", b"+"]


# --- the tree --------------------------------------------------------------------------------

class Forest:
    """Directories, files, links and things that are no files, made from a seed: below www,
    and outside of it."""

    def __init__(self, top, seed):
        self.top, self.random = os.fsencode(top), random.Random(seed)
        self.directories = [os.path.join(self.top, name) for name in (
            b"www", b"www/d", b"www/d/rooted", b"www/img", b"outside", b"www-twin")]
        for path in self.directories:
            os.mkdir(path)
        self.others = []
        os.symlink(b"www/d", self.top + b"/by-link")
        for make, count in ((self.add_directory, 24), (self.add_file, 120),
                            (self.add_link, 250), (self.add_index, 20)):
            for _ in range(count):
                make()
        self.add_specials()
        self.close_some()

    def new_path(self, name=None):
        """A path that is free; most lie in the root."""
        while True:
            parent = self.random.choice(self.directories)
            path = os.path.join(parent, name or self.name())
            if not os.path.lexists(path):
                return path

    def name(self):
        while True:
            name = b"".join(self.random.choices(BITS, k=self.random.randint(1, 3)))
            if name not in (b".", b".."):
                return name

    def add_directory(self):
        self.directories.append(self.new_path())
        os.mkdir(self.directories[-1])

    def add_file(self, name=None):
        path = self.new_path(name)
        pathlib.Path(os.fsdecode(path)).write_bytes(b"content of " + path)
        self.others.append(path)

    def add_index(self):
        kind = self.random.choice([self.add_file, self.add_link])
        kind(b"index.html")

    def add_link(self, name=None):
        path = self.new_path(name)
        os.symlink(self.link_text(path), path)
        self.others.append(path)

    def link_text(self, path):
        """What a link says: another place, absolute or not, with detours and without."""
        goal = self.random.choice(self.directories + self.others * 2)
        here = os.path.dirname(path)
        relative = os.path.relpath(goal, here)
        detour = os.path.relpath(self.random.choice(self.directories + self.others), here)
        return self.random.choice([
            relative, relative, relative, goal, goal, relative + b"/", b"./" + relative,
            detour + b"/../" + os.path.basename(goal), relative + b"//",
            b"../" * self.random.randint(1, 9) + self.name(), os.path.basename(path),
            goal.replace(self.top, self.top + b"/www/.."), b"/proc/self/cwd", b"/"])

    def add_specials(self):
        os.mkfifo(self.new_path(), 0o666)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.new_path())
        if is_root():
            os.mknod(self.new_path(), 0o20666, os.makedev(1, 5))

    def close_some(self):
        files = [path for path in self.others if not os.path.islink(path)]
        self.closed = self.random.sample(files, 6) + self.random.sample(self.directories[6:], 2)
        for path in self.closed:
            os.chmod(path, 0)

    def open_again(self):
        for path in self.closed:
            os.chmod(path, 0o755)


# --- the requests ----------------------------------------------------------------------------

def wander(forest, start):
    """The names of a walk down from `start`, through links, to somewhere."""
    names, path = [], start
    for _ in range(forest.random.randint(1, 6)):
        try:
            inside = sorted(os.listdir(path))
        except OSError:
            break
        names.append(forest.random.choice(inside or [b"none"]))
        path = os.path.join(path, names[-1])
    return names


def disturb(forest, names):
    """The same with dots, slashes and steps up in between."""
    names = list(names)
    for _ in range(forest.random.randint(0, 3)):
        at = forest.random.randint(0, len(names))
        names[at:at] = forest.random.choice([
            [b"."], [b".."], [b""], [forest.name(), b".."], [b"..", b".."], [b"", b".."]])
    return names + forest.random.choice([[], [], [b""], [b"."], [b".."]])


def spell(forest, path):
    """Percent-encoded, more than need be."""
    plain = re.compile(rb"[A-Za-z0-9/._~!$&'()*+,;=:@-]")

    def one(byte):
        if plain.fullmatch(byte) and forest.random.random() < 0.8:
            return byte.decode()
        return forest.random.choice(["%%%02x", "%%%02X"]) % byte[0]

    return "/" + "".join(one(bytes([byte])) for byte in path[1:])


def make_targets(forest, count):
    """Spelled targets and the bytes that they stand for."""
    targets = {}
    for _ in range(count):
        prefix, kind, folder = forest.random.choice(LOCATIONS)
        start = os.path.join(forest.top, folder.encode(), b"rooted" if prefix == "/rooted/" else b"")
        path = prefix.encode() + b"/".join(disturb(forest, wander(forest, start)))
        if forest.random.random() < 0.1:
            path = forest.random.choice([b"/img../", b"/bare../", b"/bare"]) + forest.name()
        targets[spell(forest, path)] = path
    for path in forest.others + forest.directories:
        if path.startswith(forest.top + b"/www/"):
            below = path[len(forest.top) + 4:]
            targets[spell(forest, below)] = below
    return targets


# --- the model -------------------------------------------------------------------------------

def normalized(path, merge):
    """RFC 3986, 5.2.4, with a segment that climbs out refused: None."""
    if merge:
        path = re.sub(rb"/+", b"/", path)
    done = []
    segments = path.split(b"/")[1:]
    for place, segment in enumerate(segments):
        is_last = place == len(segments) - 1
        if segment == b"..":
            if not done:
                return None
            done.pop()
        elif segment != b".":
            done.append(segment)
        if is_last and segment in (b".", b".."):
            done.append(b"")
    if merge:  # what is left of "a/.//b"
        done = [name for place, name in enumerate(done) if name or place == len(done) - 1]
    return b"/" + b"/".join(done)


def place_of(top, path):
    """Root, and path beneath it, of a normalized path; the path is None for a neighbour of
    what an alias stands for."""
    prefix, kind, folder = max((row for row in LOCATIONS if path.startswith(row[0].encode())),
                               key=lambda row: len(row[0]))
    root = os.path.join(top, folder.encode())
    if kind == "root":
        return root, path
    rest = path[len(prefix):]
    if rest and not prefix.endswith("/") and not rest.startswith(b"/"):
        return root, None
    return root, rest


def judge_name(root, rest):
    """"file", "directory" or "no", and the bytes of a file."""
    path = os.path.join(root, rest.lstrip(b"/")) if rest.strip(b"/") else root
    if rest.endswith(b"/"):
        path = path.rstrip(b"/") + b"/"
    try:
        real, beneath = os.path.realpath(path, strict=True), os.path.realpath(root)
        if real != beneath and not real.startswith(beneath + b"/"):
            return "no", None
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return "directory", None
        if stat.S_ISREG(mode):
            with open(path, "rb") as file:
                return "file", file.read()
    except OSError:
        pass
    return "no", None


def judge(top, path, merge):
    """The expected answer: 200 and the content, 301, 400, or 0 for another refusal."""
    path = normalized(path, merge)
    if path is None:
        return 400, None
    root, rest = place_of(top, path)
    if rest is None:
        return 0, None
    kind, content = judge_name(root, rest)
    if kind == "directory" and not path.endswith(b"/"):
        return 301, None
    if kind == "directory":
        kind, content = judge_name(root, rest.rstrip(b"/") + b"/index.html")
    return (200, content) if kind == "file" else (0, None)


def as_worker(server, work):
    """The result of work() with the rights of a worker."""
    status = pathlib.Path(f"/proc/{server.workers()[0]}/status").read_text()
    uid, gid = (int(re.search(rf"^{word}:\s+(\d+)", status, re.M)[1]) for word in ("Uid", "Gid"))
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if is_root():
                os.setgroups([])
                os.setgid(gid)
                os.setuid(uid)
            with open(write_end, "wb") as pipe:
                pipe.write(pickle.dumps(work()))
        finally:
            os._exit(0)
    os.close(write_end)
    with open(read_end, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    return pickle.loads(data)


# --- the test --------------------------------------------------------------------------------

@pytest.fixture(scope="module", params=RESOLVERS)
def grown(request):
    server = Server()
    forest = None
    try:
        forest = Forest(server.dir, SEED)
        (server.dir / "locations").write_text("".join(
            f"location {prefix} {{ {kind} {server.dir}/{folder}; }}\n"
            for prefix, kind, folder in LOCATIONS))
        yield server.start(CONFIG, **RESOLVERS[request.param]), forest
        server.stop()
    finally:
        if forest is not None:
            forest.open_again()
        server.clean()


def ask_all(server, port, targets):
    """One (status, body) after the other, on as few connections as the server lets us."""
    wire = None
    for target in targets:
        wire = wire or server.wire(port)
        answer = wire.request(target)
        if answer.get("Connection") == "close":
            wire.close()
            wire = None
        yield answer.status, answer.body
    if wire is not None:
        wire.close()


def fits(expected, status, body):
    wanted, content = expected
    if wanted == 200:
        return status == 200 and body == content
    return status == wanted if wanted else status in (403, 404)


@pytest.mark.parametrize("port", ["PORT", "PORT2"])
def test_served_if_and_only_if_it_lies_beneath(grown, port):
    server, forest = grown
    forest.random.seed(port)
    targets = make_targets(forest, 800 // SLOW)
    expected = as_worker(server, lambda: [judge(forest.top, path, port == "PORT")
                                          for path in targets.values()])
    for target, wanted, answer in zip(targets, expected, ask_all(server, port, targets)):
        assert fits(wanted, *answer), (target, targets[target], wanted, answer[0])
    found = [status for status, _ in expected]
    for status, least in ((200, 150), (301, 20), (0, 300), (400, 60)):  # the seed is a good one
        assert found.count(status) >= least / SLOW, (status, found.count(status))


def test_the_walk_is_without_openat2(grown, request):
    """The filter is on in the workers."""
    if "walk" not in request.node.callspec.id:
        pytest.skip("it is there")
    for pid in grown[0].workers():
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert re.search(r"^Seccomp:\s+2$", status, re.M)


@pytest.mark.parametrize("prefix, folder", [("/img", "www/d/"), ("/img/", "www/d")])
def test_an_alias_that_lets_out_is_refused(server, prefix, folder):
    """The classical traversal: /img../secret."""
    server.write_config(f"""http {{ server {{ listen 127.0.0.1:%PORT%;
        location {prefix} {{ alias %DIR%/{folder}; }} }} }}""")
    result = server.run("-t")
    assert result.returncode == 1 and "must end with a slash" in result.stderr
