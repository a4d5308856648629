"""The words that the master answers: -s reload and reopen, the socket and its file."""

import os
import re
import select
import signal
import socket
import stat

import pytest

from conftest import SIMPLE
from harness import wait_until

SLOW_DOWNLOAD = """
worker_shutdown_timeout {bound};
http {{
    server {{
        listen 127.0.0.1:%PORT%;
        root %DIR%;
        limit_rate 20k;
    }}
}}
"""


def control_path(server):
    return server.dir / "tinyhttpd.pid.control"


def status_file(server):
    """The verdict beside the pid file: its fields, and the lines that follow them."""
    head, _, rest = (server.dir / "tinyhttpd.pid.status").read_text().partition("\ntime: ")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    return fields, rest.splitlines()[1:]


def ask(server, data, shut=False):
    """One conversation with the master, as anybody may have it."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(control_path(server)))
        client.sendall(data)
        if shut:
            client.shutdown(socket.SHUT_WR)
        answer = b""
        while more := client.recv(4096):
            answer += more
    return answer.decode()


def open_descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def cpu_ticks(server):
    with open(f"/proc/{server.process.pid}/stat") as stat_file:
        return sum(map(int, stat_file.read().rpartition(")")[2].split()[11:13]))


def test_reload_waits_and_tells(server):
    server.start(SIMPLE)
    before = server.workers()
    result = server.run("-s", "reload")
    assert result.returncode == 0 and not result.stderr
    assert "reloaded: generation 2" in result.stdout
    assert "workers before have left" in result.stdout
    assert not set(before) & set(server.pids("worker process"))  # it waited for that
    fields, lines = status_file(server)
    assert fields == {"result": "applied", "number": "1", "generation": "2"}
    assert "reloaded: generation 2" in lines[0]


def test_reload_tells_what_changed(server):
    server.start(SIMPLE)
    server.write_config(SIMPLE.replace("root", "listen 127.0.0.1:%PORT2%; location /new { } root"))
    result = server.run("-s", "reload")
    assert f"listener added: 127.0.0.1:{server.port('PORT2')}\n" in result.stdout
    assert "location added: /new" in result.stdout
    server.wait_error(f"reload: listener added: 127.0.0.1:{server.port('PORT2')}$")
    assert "nothing changed" in server.run("-s", "reload").stdout


def test_quiet_reload_says_nothing_when_all_is_well(server):
    server.start(SIMPLE)
    result = server.run("-q", "-s", "reload")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


REJECTED = {
    "syntax": ("http { sever { } }", r"tinyhttpd.conf:1:\d+: .*sever(.|\n)*\^~"),
    "log directory": ("http { access_log %DIR%/none/a.log; server { listen 127.0.0.1:%PORT%; } }",
                      r"tinyhttpd.conf:1:\d+: access_log(.|\n)*none/a.log(.|\n)*\^~"),
    "port": ("http { server { listen 127.0.0.1:%PORT2%; } }", r"127.0.0.1:\d+(.|\n)*in use"),
}


@pytest.mark.parametrize("name", REJECTED)
@pytest.mark.parametrize("quiet", [(), ("-q",)], ids=["", "quiet"])
def test_rejected_reload_says_why(server, name, quiet):
    server.expect_log = ["emerg"]
    text, words = REJECTED[name]
    server.start(SIMPLE)
    taken = socket.create_server(("127.0.0.1", server.port("PORT2")))
    before = server.workers()
    server.write_config(text)
    result = server.run(*quiet, "-s", "reload")
    said = result.stdout + result.stderr
    assert result.returncode == 1 and re.search(words, said), said
    assert "reload rejected" in said
    assert not quiet or not result.stdout
    assert server.workers() == before
    assert server.get("/").status == 200
    taken.close()


def test_the_file_tells_of_a_rejected_hup(server):
    server.expect_log = ["emerg"]
    server.start(SIMPLE)
    assert status_file(server)[0] == {"result": "applied", "number": "0", "generation": "1"}
    server.reload("http { sever { } }")
    fields, lines = status_file(server)
    assert fields["result"] == "rejected"
    assert fields["generation"] == "1" and "rejected" in lines[0]
    assert any("sever" in line for line in lines[1:])


def test_a_check_that_dies_makes_no_configuration_invalid(server):
    server.start(SIMPLE)
    (server.dir / "long").write_text("# takes its time\n" * 450000)
    server.write_config("include %DIR%/long;" * 20 + SIMPLE)
    server.send_signal(signal.SIGHUP)
    os.kill(wait_until(lambda: server.pids("checks"), "the check")[0], signal.SIGKILL)
    server.wait_error("reload rejected, generation 1 goes on: the check of the configuration died")


def test_a_file_that_nobody_reads_holds_up_nothing(server):
    """Where the verdict is written lies a FIFO."""
    server.start(SIMPLE)
    os.mkfifo(server.dir / "tinyhttpd.pid.status.new")
    before = len(server.errors())
    server.send_signal(signal.SIGHUP)
    server.wait_error(r"tinyhttpd.pid.status\" cannot be written")
    assert "reloaded: generation 2" in server.errors()[before:]
    server.reload()
    wait_until(lambda: status_file(server)[0]["generation"] == "3", "the next verdict")


def test_a_killed_worker_counts_as_cut(server):
    (server.dir / "big").write_bytes(bytes(1 << 20))
    server.expect_log = ["SIGKILL", "signal 9"]
    server.start("worker_processes 1;" + SLOW_DOWNLOAD.format(bound="300ms"))
    with server.wire() as wire:
        wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.read_exactly(1000)
        os.kill(server.workers()[0], signal.SIGSTOP)
        result = server.run("-s", "reload")
    assert result.returncode == 2, result


def test_reload_without_a_master(server):
    server.write_config(SIMPLE)
    assert server.run("-s", "reload").returncode == 3


def test_broken_configuration_still_stops_its_server(server):
    """It names its pid file itself; one that does not may mean another server."""
    server.start(SIMPLE)
    text = server.config_path.read_text()
    server.config_path.write_text(text + "nonsense;")
    assert server.run("-s", "reopen").returncode == 0
    server.config_path.write_text("nonsense;")
    result = server.run("-s", "stop")
    assert result.returncode == 1 and "nonsense" in result.stderr
    assert server.process.poll() is None


def test_reopen_is_acknowledged_when_it_is_done(server):
    server.start(SIMPLE)
    for turn in range(20):
        old = server.dir / f"access.{turn}"
        server.access_path.rename(old)
        result = server.run("-s", "reopen")
        assert result.returncode == 0 and "reopened" in result.stdout
        assert server.get(f"/?{turn}").status == 200
        assert f"/?{turn} " in server.access_lines(1)[0]
        assert f"/?{turn} " not in old.read_text()


def test_the_socket_is_private_and_goes_with_the_server(server):
    server.start(SIMPLE)
    assert stat.S_IMODE(control_path(server).stat().st_mode) == 0o600
    server.stop()
    assert not control_path(server).exists()
    assert not (server.dir / "tinyhttpd.pid.status").exists()


def test_what_a_crash_left_is_replaced(server):
    server.expect_log = ["master process is gone"]
    server.start(SIMPLE)
    server.kill_all()
    assert control_path(server).exists()
    server.start()
    assert server.run("-s", "reload").returncode == 0


def test_nonsense_on_the_socket(server):
    server.start(SIMPLE)
    assert ask(server, b"reopen\n").endswith("exit 0\n")
    assert "exit 2" in ask(server, b"dance\n")
    assert ask(server, b"x" * 200) == ""
    idle = [socket.socket(socket.AF_UNIX) for _ in range(70)]
    for client in idle:
        client.connect(str(control_path(server)))
    wait_until(lambda: server.run("-s", "reopen").returncode == 0, "the silent ones to be dropped")
    for client in idle:
        client.close()


@pytest.mark.parametrize("command", ["status", "reopen", "reload"])
def test_who_has_no_more_to_say_still_gets_the_answer(server, command):
    """As of `echo reload | socat - UNIX:tinyhttpd.pid.control`."""
    server.start(SIMPLE)
    assert ask(server, f"{command}\n".encode(), shut=True).endswith("exit 0\n")
    assert ask(server, command.encode(), shut=True) == ""


def test_who_leaves_is_not_waited_for(server):
    """Nor does the master turn on the spot for one whose answer takes its time."""
    (server.dir / "big").write_bytes(bytes(1 << 20))
    server.start(SLOW_DOWNLOAD.format(bound="60s"))
    with server.wire() as wire, socket.socket(socket.AF_UNIX) as client:
        wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.read_exactly(1000)
        client.connect(str(control_path(server)))
        client.sendall(b"reload\n")
        client.shutdown(socket.SHUT_WR)
        server.wait_error("reloaded: generation 2")
        before, used = open_descriptors(server), cpu_ticks(server)
        assert not select.select([], [], [], 0.5)[0] and cpu_ticks(server) - used < 20
        client.close()
        wait_until(lambda: open_descriptors(server) < before, "the client to be dropped")
        server.stop(signal.SIGTERM)


def test_without_the_socket_the_signal_has_to_do(server):
    server.start(SIMPLE)
    control_path(server).unlink()
    result = server.run("-s", "reload")
    assert result.returncode == 0 and "without an answer" in result.stderr
    server.wait_error("reloaded: generation 2")


def test_several_ask_for_one_reload(server):
    server.start(SIMPLE)
    clients = [socket.socket(socket.AF_UNIX) for _ in range(5)]
    for client in clients:
        client.settimeout(20)
        client.connect(str(control_path(server)))
        client.sendall(b"reload\n")
    for client in clients:
        answer = b""
        while more := client.recv(4096):
            answer += more
        client.close()
        assert answer.endswith(b"exit 0\n"), answer


def test_a_stop_ends_the_waiting(server):
    (server.dir / "big").write_bytes(bytes(1 << 20))
    server.start(SLOW_DOWNLOAD.format(bound="60s"))
    with server.wire() as wire, socket.socket(socket.AF_UNIX) as client:
        wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.read_exactly(1000)
        client.settimeout(20)
        client.connect(str(control_path(server)))
        client.sendall(b"reload\n")
        assert b"reloaded" in client.recv(4096)
        server.send_signal(signal.SIGTERM)
        answer = b""
        while more := client.recv(4096):
            answer += more
        assert b"exit " in answer
