"""The command line: what is tested, what is said, what is never changed."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from conftest import SIMPLE
from harness import PROGRAM, ROOT, is_root, nobody, wait_until


def test_version_and_help():
    version = subprocess.run([PROGRAM, "-v"], capture_output=True, text=True)
    assert version.returncode == 0 and re.search(r"tinyhttpd/\d+\.\d+", version.stderr)
    full = subprocess.run([PROGRAM, "-V"], capture_output=True, text=True)
    assert full.returncode == 0 and re.search("epoll|poll", full.stderr)
    usage = subprocess.run([PROGRAM, "-h"], capture_output=True, text=True)
    assert usage.returncode == 0 and "-s signal" in usage.stderr + usage.stdout


def test_wrong_options_are_refused():
    for arguments in (["-x"], ["-s", "dance"], ["-c"], [".", "8080", "extra"]):
        result = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)
        assert result.returncode != 0 and result.stderr.strip()


def test_no_file_names_both_ways(server):
    missing = str(server.dir / "none.conf")
    result = subprocess.run([PROGRAM, "-c", missing], capture_output=True, text=True)
    assert result.returncode == 1 and "none.conf" in result.stderr


def test_t_says_success(server):
    server.write_config(SIMPLE)
    result = server.run("-t")
    assert result.returncode == 0
    assert "test is successful" in result.stderr
    assert server.run("-t", "-q").stderr == ""


def test_t_changes_nothing(server):
    """No descriptor is bound, no file made: the folder is as it was."""
    server.write_config(SIMPLE)
    before = sorted(path.name for path in server.dir.iterdir())
    assert server.run("-t").returncode == 0
    assert sorted(path.name for path in server.dir.iterdir()) == before
    if shutil.which("strace"):
        trace = server.dir / "trace"
        subprocess.run(["strace", "-f", "-o", str(trace), "-e",
                        "trace=bind,listen,mkdir,chown,fchown,rename,unlink,openat",
                        *server.arguments("-t")], check=False, capture_output=True)
        calls = [line for line in trace.read_text().splitlines()
                 if re.search(r"\b(bind|listen|mkdir|chown|rename|unlink)|O_(WRONLY|RDWR|CREAT)", line)]
        assert not calls


@pytest.mark.skipif(not is_root(), reason="needs root to become another user")
def test_t_as_any_user(server):
    server.write_config(SIMPLE)
    server.config_path.chmod(0o644)
    server.publish_program()
    result = server.run("-t", user=nobody().pw_uid, group=nobody().pw_gid, extra_groups=[], cwd="/")
    assert result.returncode == 0, result.stderr


def test_all_errors_in_one_run_with_place_and_help(server):
    server.config_path.write_text("""worker_processes 2;
http {
    server {
        lisen 127.0.0.1:80;
        root /tmp extra words;
        worker_connections 5;
        keepalive_timeout soon;
        sendfile maybe;
        ssl_certificate x.pem;
    }
}
""")
    result = server.run("-t")
    assert result.returncode == 1
    text = result.stderr
    assert re.search(r'tinyhttpd\.conf:4:9: .*unknown directive "lisen"', text)
    assert 'did you mean "listen"' in text
    assert "        lisen 127.0.0.1:80;" in text and "^~~~~" in text
    assert re.search(r"tinyhttpd\.conf:5:\d+: ", text)
    assert re.search(r"tinyhttpd\.conf:6:9: .*worker_connections", text) and "valid in: events" in text
    assert re.search(r"tinyhttpd\.conf:7:\d+: ", text)
    assert re.search(r"tinyhttpd\.conf:8:\d+: ", text)
    assert re.search(r"tinyhttpd\.conf:9:9: .*ssl_certificate", text)
    assert re.search("hitch|stunnel|haproxy", text)


@pytest.mark.parametrize("text, words", [
    ("http {\n  server {\n    listen 80\n    root /x;\n  }\n}\n", "3:"),
    ("http {\n  server {\n", "was opened on line 2"),
    ("http { server { } } }\n", "1:"),
    ("http { server { root 'x; } }\n", "1:"),
    ("http { server { root \0x; } }\n", "binary"),
    ("include %DIR%/tinyhttpd.conf;\n", "include"),
    ("include %DIR%/none.conf;\n", "none.conf"),
    ("", ""),
])
def test_broken_files_get_a_message(server, text, words):
    server.config_path.write_text(server.fill(text))
    result = server.run("-t")
    assert "Traceback" not in result.stderr and "Sanitizer" not in result.stderr
    if text:
        assert result.returncode == 1 and words in result.stderr
        assert re.search(r"\[emerg\]", result.stderr)


def test_config_that_is_no_file(server):
    server.config_path.mkdir()
    result = server.run("-t")
    assert result.returncode == 1 and "directory" in result.stderr
    server.config_path.rmdir()
    os.mkfifo(server.config_path)
    assert server.run("-t").returncode == 1  # and does not wait for a writer


def test_dump_loads_again(server):
    (server.dir / "extra.conf").write_text("server { listen 127.0.0.1:%PORT2%; return 204; }"
                                           .replace("%PORT2%", str(server.port("PORT2"))))
    server.write_config("http { include %DIR%/extra.conf; server { listen 127.0.0.1:%PORT%; } }")
    first = server.run("-T")
    assert first.returncode == 0 and "return 204" in first.stdout
    server.config_path.write_text(first.stdout)
    second = server.run("-T")
    assert second.returncode == 0, second.stderr
    assert "return 204" in second.stdout


def test_g_adds_directives(server):
    server.write_config("daemon off; http { server { listen 127.0.0.1:%PORT%; } }")
    assert server.run("-t", "-g", "worker_priority 5;").returncode == 0
    result = server.run("-t", "-g", "nonsense 5;")
    assert result.returncode == 1 and "nonsense" in result.stderr
    result = server.run("-t", "-g", "daemon on;")
    assert result.returncode == 1 and "duplicate" in result.stderr


def test_example_configuration_loads():
    example = ROOT / "tinyhttpd.conf.example"
    result = subprocess.run([PROGRAM, "-t", "-c", str(example)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_s_without_a_server_signals_nothing(server):
    """A stale pid file, whatever it names, never gets a process signalled."""
    server.write_config(SIMPLE)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        for content in (f"{bystander.pid}\n", "", "rubbish\n", "99999999\n"):
            server.pid_path.write_text(content)
            result = server.run("-s", "stop")
            assert result.returncode == 1 and result.stderr.strip()
        assert bystander.poll() is None
        bystander.kill()
    server.pid_path.unlink()
    assert server.run("-s", "stop").returncode == 1


def start_with_directory(server, directory):
    """As `make run`: no file, access lines on the terminal, one line that says what is what."""
    port = server.port()
    log = open(server.stderr_path, "wb")
    server.process = subprocess.Popen([PROGRAM, str(directory), f"127.0.0.1:{port}"],
                                      stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                      start_new_session=True)
    wait_until(lambda: f":{port}" in server.stderr() or server.process.poll() is not None, "the banner")


def test_directory_argument_serves_it(server):
    (server.dir / "hello.txt").write_text("hello\n")
    start_with_directory(server, server.dir)
    assert server.get("/hello.txt").body == b"hello\n"
    assert b"hello.txt" in server.get("/").body
    wait_until(lambda: "GET /hello.txt" in server.stderr(), "the access line")


@pytest.mark.parametrize("closed", ["parent", "directory"])
def test_directory_that_only_root_reads_is_served(server, closed):
    """A clone in /root: its owner asked for it, and localhost alone sees it."""
    folder = server.dir / "parent/directory"
    folder.mkdir(parents=True)
    (folder / "hello.txt").write_text("hello\n")
    (folder if closed == "directory" else folder.parent).chmod(0o700)
    start_with_directory(server, folder)
    assert server.get("/hello.txt").body == b"hello\n"
    assert b"hello.txt" in server.get("/").body


@pytest.mark.skipif(not is_root() or os.stat("/root").st_mode & 0o001, reason="others see /root")
def test_directory_right_below_a_closed_one_is_served(server):
    """The directories above are looked at up to the one in /."""
    with tempfile.TemporaryDirectory(dir="/root") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        (folder / "hello.txt").write_text("hello\n")
        start_with_directory(server, folder)
        assert server.get("/hello.txt").body == b"hello\n"
