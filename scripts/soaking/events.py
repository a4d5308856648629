"""What happens to a server under soak, and what each of it must lead to."""

import os
import re
import signal
import time

from harness import PROGRAM, SLOW, Server, wait_until

from soaking import processes
from soaking.load import LOG_FORMAT

WORKERS = 4
DEADLY = (signal.SIGKILL, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT)
GOOD = """
worker_processes %d; error_log %%DIR%%/error.log notice;
worker_shutdown_timeout 20s; worker_hang_timeout 3s; events { worker_connections 512; }
http {
    log_format soak '%s';
    access_log %%DIR%%/access.log soak;
    keepalive_timeout 10s;
    add_header X-Worker $pid always;
    add_header X-Turn %%TURN%% always;
    server {
        listen 127.0.0.1:%%PORT%% backlog=1024;
        listen unix:%%DIR%%/socket;
        %%MORE%%
        root %%SITE%%;
        location = /big { root %%DIR%%; }
    }
}
""" % (WORKERS, LOG_FORMAT)
BROKEN = {
    "syntax": lambda text: text.replace("listen", "listenn", 1),
    "cut short": lambda text: text[:len(text) // 2],
    "garbage": lambda text: "\x00\x1b[31m\xff{{{;" + text,
    "unknown user": lambda text: "user nobody-of-that-name;" + text,
    "no log folder": lambda text: text.replace("%DIR%/access.log", "%DIR%/none/access.log"),
    "port taken": lambda text: text.replace("%MORE%", "listen 127.0.0.1:%PORT9%;"),
    "includes itself": lambda text: text.replace("%MORE%", "include %DIR%/tinyhttpd.conf;"),
}
if PROGRAM.endswith("-hooked"):
    BROKEN["unfit workers"] = lambda text: text  # the hook makes them so
if os.geteuid() != 0:
    del BROKEN["unknown user"]  # a warning: it has no effect


class Complaint(Exception):
    """Something went not as it must."""


class Subject(Server):
    """The server under soak, whoever is its master now."""

    def __init__(self, chance):
        super().__init__()
        self.chance = chance
        self.turn = self.logs = self.loggers_killed = 0
        self.taken = self.port("PORT9")
        self.ports["PORT9"].socket.listen()
        self.load = None
        (self.dir / "big").write_bytes(b"0123456789abcdef" * 65536)

    # --- who is who ------------------------------------------------------------------

    @property
    def master(self):
        """Between two masters, there is no pid file for a moment."""
        return wait_until(self.named_master, "a pid file")

    def named_master(self):
        try:
            return int(self.pid_path.read_text())
        except (FileNotFoundError, ValueError):
            return None

    @property
    def session(self):
        return self.process.pid

    def pool(self):
        return processes.children(self.session, self.master, "worker process")

    def loggers(self):
        return processes.children(self.session, self.master, "logger process")

    def one_worker(self):
        self.settle()
        return self.chance.choice(wait_until(self.pool, "a worker"))

    def one_logger(self):
        return wait_until(self.loggers, "a logger")[0]

    def is_whole(self):
        return (self.named_master() is not None and len(self.pool()) == WORKERS
                and len(self.loggers()) == 1)

    def settle(self):
        wait_until(self.is_whole, "all workers and the logger", 35)

    # --- its configuration ---------------------------------------------------------------

    def configure(self, change=lambda text: text):
        self.turn += 1
        more = self.chance.choice(("", "", "listen 127.0.0.1:%PORT2%;", "listen 127.0.0.2:%PORT%;"))
        text = change(GOOD).replace("%MORE%", more).replace("%TURN%", str(self.turn))
        self.write_config(text)

    def verdict(self, act):
        """What the error log says of the reload that this leads to."""
        before = len(self.errors())
        act()
        return self.await_verdict(before)

    def refusal_by_word(self):
        """The same, but that a bad file is refused before the server hears of it."""
        before = len(self.errors())
        said = self.say("reload", 1)
        return self.await_verdict(before) if "generation" in said else said

    def await_verdict(self, before):
        pattern = r"reloaded: .*|reload rejected.*|upgrade \w+: .*|upgrade refused.*"
        return wait_until(lambda: re.search(pattern, self.errors()[before:]), "a verdict", 20)[0]

    def hang_up(self):
        os.kill(self.master, signal.SIGHUP)

    def say(self, word, status):
        result = self.run("-s", word)
        if result.returncode != status:
            raise Complaint(f"-s {word}: status {result.returncode} instead of {status}: "
                            f"{result.stdout}{result.stderr}")
        return result.stdout + result.stderr

    def kill(self, pid, number, seconds=0.0):
        self.load.doom(pid, seconds)
        os.kill(pid, number)


def expect(condition, what):
    if not condition:
        raise Complaint(what)


# --- the events: each returns a few words of what was done ------------------------------


def kill_worker(server):
    victim, number = server.one_worker(), server.chance.choice(DEADLY)
    server.kill(victim, number)
    wait_until(lambda: victim not in server.pool(), "its end")
    return f"{victim} {signal.Signals(number).name}"


def pause(server, pid):
    seconds = server.chance.uniform(0.05, 1.5)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)
    return f"{pid} for {seconds:.2f} s"


def stop_worker(server):
    return pause(server, server.one_worker())


def stop_logger(server):
    return pause(server, server.one_logger())


def stop_master(server):
    pool = server.settle() or server.pool()
    said = pause(server, server.master)
    expect(server.pool() == pool, "a worker was replaced because the master had been stopped")
    return said


def hang_worker(server):
    victim = server.one_worker()
    server.kill(victim, signal.SIGSTOP, 10)
    wait_until(lambda: victim not in server.pool(), "the hung worker to be replaced", 10)
    return str(victim)


def kill_logger(server):
    victim = server.one_logger()
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: server.one_logger() != victim, "another logger")
    server.loggers_killed += 1
    return str(victim)


def reload_by_signal(server):
    server.configure()
    said = server.verdict(server.hang_up)
    expect("reloaded" in said, said)
    return said


def reload_by_word(server):
    server.settle()
    server.configure()
    said = server.verdict(lambda: server.say("reload", 0))
    expect("reloaded" in said, said)
    return f"turn {server.turn}"


def reload_storm(server):
    server.configure()
    for _ in range(10):
        server.hang_up()
        time.sleep(server.chance.uniform(0, 0.05))
    said = server.verdict(server.hang_up)
    expect("reloaded" in said, said)
    return said


def kill_during_reload(server):
    """Rejected when it was one of the new workers."""
    server.settle()
    server.configure()

    def act():
        server.hang_up()
        time.sleep(server.chance.uniform(0, 0.03) * SLOW)
        server.kill(server.chance.choice(wait_until(server.pool, "a worker")), signal.SIGKILL)
    said = server.verdict(act)
    expect(re.search("reloaded|did not become ready", said), said)
    return said


def reopen(server):
    server.logs += 1
    server.access_path.rename(server.dir / f"access.log.{server.logs}")
    if server.chance.random() < 0.5:
        server.say("reopen", 0)
    else:
        os.kill(server.master, signal.SIGUSR1)
        wait_until(server.access_path.exists, "a new access log")
    return str(server.logs)


def break_config(server):
    """Rejected, with the workers as they were; then repaired."""
    server.settle()
    name = server.chance.choice(list(BROKEN))
    pool = server.pool()
    server.configure(BROKEN[name])
    server.hook_path.write_text("* unfit\n" if name == "unfit workers" else "")
    by_word = server.chance.random() < 0.5 and name not in ("garbage", "cut short")
    said = server.refusal_by_word() if by_word else server.verdict(server.hang_up)
    expect("rejected" in said, said)
    server.hook_path.unlink()
    expect(server.pool() == pool, f"workers {pool} became {server.pool()}")
    reload_by_signal(server)
    return name


def broken_upgrade(server):
    server.settle()
    name = server.chance.choice(("syntax", "no log folder", "port taken"))
    pool, master = server.pool(), server.master
    server.configure(BROKEN[name])
    server.say("upgrade", 1)
    expect((server.pool(), server.master) == (pool, master), "it changed something")
    server.configure()
    return name


def upgrade_by_word(server):
    server.settle()
    old = server.master
    server.say("upgrade", 0)
    expect(server.master != old, "the pid file did not change")
    wait_until(lambda: not processes.role(old), "the old master to leave", 25)
    return f"{old} -> {server.master}"


def upgrade_by_signal(server):
    """To its end or back, with the old workers drained before or not."""
    server.settle()
    old = server.master
    os.kill(old, signal.SIGUSR2)
    wait_until(lambda: server.is_whole() and server.master != old, "the new master", 20)
    new = server.master
    drained = server.chance.random() < 0.5
    if drained:
        os.kill(old, signal.SIGWINCH)
        time.sleep(server.chance.uniform(0, 1))
    way = server.chance.choice(("done", "quit", "killed"))
    os.kill(old if way == "done" else new,
            signal.SIGKILL if way == "killed" else signal.SIGQUIT)
    gone = old if way == "done" else new
    wait_until(lambda: not processes.role(gone), f"master {gone} to leave", 25)
    wait_until(lambda: server.is_whole() and server.master == (new if way == "done" else old),
               "the other master's pid file", 20)
    return f"{old} -> {new}, {way}{', old workers drained' if drained else ''}"


EVENTS = {  # how often, beside the others
    kill_worker: 10, stop_worker: 8, stop_logger: 3, stop_master: 4, hang_worker: 1,
    kill_logger: 3, reload_by_signal: 8, reload_by_word: 5, reload_storm: 2,
    kill_during_reload: 5, reopen: 8, break_config: 8, broken_upgrade: 2, upgrade_by_word: 1,
    upgrade_by_signal: 3,
}
