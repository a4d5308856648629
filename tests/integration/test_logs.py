"""What the logs say, to the byte, and what clients cannot make them say."""

import json
import re
import time

import pytest

from harness import wait_until
from tree import plant, serving

CONFIG = r"""
error_log %DIR%/error.log info;
http {
    log_format small '$status $request_uri';
    log_format joined '$remote_addr|$server_port|$request_method|'
                      "$uri|$args|$arg_a|$http_x_own|$cookie_c|$sent_http_content_type|"
                      '$bytes_sent|$body_bytes_sent|$request_length|$request_completion|$host';
    log_format raw escape=none '$http_user_agent';
    log_format tabs "a\tb $status";
    access_log %DIR%/access.log;
    server {
        listen 127.0.0.1:%PORT%;
        server_name log.test;
        root %DIR%/www;
        location /combined/ { }
        location /json/ { access_log %DIR%/json.log json; }
        location /joined/ { access_log %DIR%/joined.log joined; }
        location /raw/ { access_log %DIR%/raw.log raw; }
        location /tabs/ { access_log %DIR%/tabs.log tabs; }
        location /off/ { access_log off; }
        location /if/ { access_log %DIR%/if.log small if=$arg_log; }
        location /several/ {
            access_log %DIR%/one.log small;
            access_log %DIR%/two.log combined;
            access_log %DIR%/three.log small if=$arg_log;
        }
        location /quiet/ { log_not_found off; }
        location /own/ { error_log %DIR%/own.log error; }
        location /broken/ { error_page 404 /combined/nothing-either; }
    }
}
"""
FOLDERS = ("combined", "json", "joined", "raw", "tabs", "off", "if", "several", "quiet", "own")


@pytest.fixture(scope="module")
def logs():
    with serving(CONFIG, {f"www/{folder}/file": "0123456789" for folder in FOLDERS}) as server:
        yield server


def next_line(server, name="access"):
    """A function that waits for the next lines of a log."""
    path = server.dir / f"{name}.log"
    seen = len(path.read_text(errors="replace").splitlines()) if path.exists() else 0

    def read(count=1):
        nonlocal seen
        lines = server.access_lines(seen + count, path)[seen:]
        seen += count
        return lines[0] if count == 1 else lines

    return read


COMBINED = re.compile(
    r'127\.0\.0\.1 - (\S+) \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] '
    r'"([^"]*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)"')


def test_combined(logs):
    line = next_line(logs)
    logs.get("/combined/file?a=b")
    assert COMBINED.fullmatch(line()).groups() == (
        "-", "GET /combined/file?a=b HTTP/1.1", "200", "10", "-", "-")
    logs.get("/combined/file", fields={"Referer": "http://x/", "User-Agent": "Agent (1.0)"})
    assert COMBINED.fullmatch(line()).groups()[-2:] == ("http://x/", "Agent (1.0)")
    logs.get("/combined/file", method="HEAD")
    assert COMBINED.fullmatch(line()).groups()[1:4] == (
        "HEAD /combined/file HTTP/1.1", "200", "0")
    logs.get("/combined/file", fields={"Range": "bytes=0-3"})
    assert COMBINED.fullmatch(line()).groups()[2:4] == ("206", "4")


def test_what_is_no_request_is_logged_too(logs):
    line = next_line(logs)
    logs.raw(b'GET /"quoted"\\\xff HTTP/1.1\r\nHost: a\r\n\r\n')
    assert COMBINED.fullmatch(line()).groups()[1:3] == (
        r"GET /\x22quoted\x22\x5C\xFF HTTP/1.1", "400")
    logs.raw(b"\x16\x03\x01\r\n\r\n")  # refused at its first byte
    request, status = COMBINED.fullmatch(line()).groups()[1:3]
    assert request in (r"\x16", r"\x16\x03", r"\x16\x03\x01") and status == "400"


def test_control_characters_are_escaped(logs):
    line = next_line(logs)
    fields = {"User-Agent": "a\"b\\c \xe9", "Referer": "t\tu"}
    assert logs.get("/combined/%0afile", fields=fields).status == 404
    groups = COMBINED.fullmatch(line()).groups()
    assert groups[1] == "GET /combined/%0afile HTTP/1.1"
    assert groups[-2:] == (r"t\x09u", r"a\x22b\x5Cc \xE9")


def test_json(logs):
    line = next_line(logs, "json")
    fields = {"User-Agent": "a\"b\\c \xe9\xff</script>", "Referer": "\t{}\",\"x\":\"y"}
    with logs.wire() as wire:
        wire.request("/json/file?q='%22%0a", fields=fields)
        fields = {"User-Agent": "gr\xc3\xbc\xc3\x9fe"}
        wire.request("/json/file?plain", fields=fields, host="log.test:80")
    first, second = (json.loads(text) for text in line(2))
    assert first["user_agent"] == "a\"b\\c \ufffd\ufffd</script>"
    assert first["referer"] == "{}\",\"x\":\"y" and "x" not in first
    assert first["uri"] == "/json/file?q='%22%0a" and first["status"] == 200
    assert second["user_agent"] == "gr\u00fc\u00dfe"
    assert second["remote_addr"] == "127.0.0.1" and second["host"] == "log.test"
    assert (second["method"], second["status"], second["bytes"]) == ("GET", 200, 10)
    assert isinstance(second["request_time"], float) and second["request_time"] < 60
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", second["time"])
    assert re.fullmatch(r"[0-9a-f]{32}", second["request_id"])
    assert second["request_id"] != first["request_id"]


def test_log_format_with_variables(logs):
    line = next_line(logs, "joined")
    answer = logs.get("/joined/./file?a=1&b", host="Log.Test",
                      fields={"X-Own": "mine", "Cookie": "d=2; c=3"})
    sent = len(answer.raw)
    length = len("GET /joined/./file?a=1&b HTTP/1.1\r\nHost: Log.Test\r\nX-Own: mine\r\n"
                 "Cookie: d=2; c=3\r\n\r\n")
    assert line().split("|") == [
        "127.0.0.1", str(logs.port()), "GET", "/joined/file", "a=1&b", "1", "mine", "3",
        "text/plain", str(sent), "10", str(length), "OK", "log.test"]


def test_escapes_of_formats(logs):
    tabs, raw = next_line(logs, "tabs"), next_line(logs, "raw")
    logs.get("/tabs/file")
    assert tabs() == "a\tb 200"
    logs.get("/raw/file", fields={"User-Agent": 'say "hi" \\'})
    assert raw() == 'say "hi" \\'


def test_off_if_and_several(logs):
    main, one, two, three, conditional = (
        next_line(logs, name) for name in ("access", "one", "two", "three", "if"))
    with logs.wire() as wire:
        for target in ("/off/file", "/if/file", "/if/file?log=0", "/if/file?log=", "/several/file",
                       "/if/file?log=1", "/several/file?log=x", "/combined/file?last"):
            assert wire.request(target).status == 200
    assert conditional() == "200 /if/file?log=1"
    assert one(2) == ["200 /several/file", "200 /several/file?log=x"]
    assert [COMBINED.fullmatch(text)[2] for text in two(2)] == [
        "GET /several/file HTTP/1.1", "GET /several/file?log=x HTTP/1.1"]
    assert three() == "200 /several/file?log=x"
    assert "?last" in main()  # nothing of the others went there


def test_pipelined_requests_have_a_line_each_in_order(logs):
    lines = next_line(logs)
    with logs.wire() as wire:
        wire.send("".join(f"GET /combined/file?{number} HTTP/1.1\r\nHost: a\r\n\r\n"
                          for number in range(100)))
        for _ in range(100):
            wire.response()
    found = [re.search(r"\?(\d+) ", line)[1] for line in lines(100)]
    assert found == [str(number) for number in range(100)]


# --- the error log --------------------------------------------------------------------------

def test_error_says_who_where_and_what(logs):
    logs.get("/combined/gone?x", host="Log.Test", fields={"Referer": "http://from/"})
    line = logs.wait_error(r"^.*combined/gone\".*$")[0]
    path = re.escape(str(logs.dir / "www/combined/gone"))
    assert re.fullmatch(
        r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[error\] \d+#\d+: \*\d+ "
        rf'open\(\) "{path}" failed \(2: No such file or directory\), client: 127\.0\.0\.1, '
        r'server: log\.test, request: "GET /combined/gone\?x HTTP/1\.1", host: "Log\.Test", '
        r'referrer: "http://from/"', line), line
    pid = int(re.search(r"\] (\d+)#", line)[1])
    assert pid in logs.workers()


def test_refusal_says_why(logs):
    logs.raw(b"GET /refused HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    line = logs.wait_error(r'^.*"GET /refused HTTP/1\.1".*$')[0]
    assert "[info]" in line and re.search(r"refused with 400: \S+ .*, client: 127\.0\.0\.1", line)


def test_control_characters_stay_out_of_the_error_log(logs):
    logs.get("/combined/%0a%1b%5b31m%9b%c2%9bend")
    line = logs.wait_error(r"^.*\[31m.*end\" failed.*$")[0]
    assert r"/combined/\x0A\x1B[31m\x9B\xC2\x9Bend" in line
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", logs.errors())


def test_log_not_found_off_and_logs_of_their_own(logs):
    with logs.wire() as wire:  # of one worker, and so in order
        for target in ("/quiet/gone-quietly", "/own/gone-apart", "/combined/gone-last"):
            assert wire.request(target).status == 404
    own = logs.dir / "own.log"
    wait_until(lambda: own.exists() and "gone-apart" in own.read_text(), "own.log")
    logs.wait_error("gone-last")
    assert "gone-quietly" not in logs.errors() and "gone-apart" not in logs.errors()


def test_levels(server):
    plant(server.dir, {"www/": None})
    server.start("""
        error_log %DIR%/error.log crit; error_log %DIR%/all.log debug;
        http { server { listen 127.0.0.1:%PORT%; root %DIR%/www; } }""")
    server.get("/nothing")
    path = server.dir / "all.log"
    wait_until(lambda: path.exists() and "/nothing" in path.read_text(), "the line")
    assert "[error]" in path.read_text() and "nothing" not in server.errors()


def test_a_start_that_fails_is_dated(server):
    """Before the server has ever waited."""
    server.expect_log = ["emerg.*nowhere"]
    server.write_config("""
        error_log %DIR%/error.log;
        http { server { listen unix:%DIR%/nowhere/socket; } }""")
    before = time.strftime("%Y/%m/%d %H:%M:%S")
    assert server.run().returncode == 1
    date = re.match(r"(.{19}) \[emerg\] .*nowhere/socket", server.errors())[1]
    assert before <= date <= time.strftime("%Y/%m/%d %H:%M:%S")


def test_a_line_that_is_too_long_has_its_values_cut(logs):
    lines = next_line(logs)
    fields = {"Referer": "x" * 7900, "User-Agent": "y" * 7900}
    with logs.wire() as wire:
        assert wire.request(f"/combined/file?{'z' * 2000}", fields=fields).status == 200
        wire.request("/combined/file?next")
    cut, following = lines(2)
    assert re.search(r'" 200 10 "x{4096}" "y{4096}"$', cut)
    assert COMBINED.fullmatch(following)[2] == "GET /combined/file?next HTTP/1.1"
