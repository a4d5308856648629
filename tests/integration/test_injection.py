"""What clients send reaches no field, page or log line unescaped: every place that shows it
is read strictly, and says what was sent or nothing."""

import codecs
import html.parser
import json
import re
import urllib.parse
import xml.etree.ElementTree

import pytest

from harness import FLAVOUR, wait_until
from tree import plant, serving

CONFIG = r"""
http {
    log_format lines '$request_uri|$uri|$arg_x|$http_x_own|$cookie_c|$http_referer|'
                     '$http_user_agent|$http_range|$remote_user|$host|$request_method';
    log_format none escape=none '$uri|$http_user_agent|$arg_x|$cookie_c|$remote_user';
    log_format objects escape=json '{"uri":"$uri","agent":"$http_user_agent","own":"$http_x_own",'
                                   '"referer":"$http_referer","cookie":"$cookie_c"}';
    access_log %DIR%/combined.log combined;
    access_log %DIR%/json.log json;
    access_log %DIR%/lines.log lines;
    access_log %DIR%/none.log none;
    access_log %DIR%/objects.log objects;
    server {
        listen 127.0.0.1:%PORT%;
        server_name inject.test;
        root %DIR%/www;
        location /fields/ {
            add_header X-Arg $arg_x always; add_header X-Own "<$http_x_own>" always;
            add_header X-Uri $uri always; add_header X-Raw $request_uri always;
            add_header X-Cookie $cookie_c always; add_header X-User $remote_user always;
            add_header X-For $http_x_forwarded_for always; add_header X-Last 1 always;
        }
        location /to/ { return 301 $uri; }
        location /to-arg/ { return 302 /there?$arg_x; }
        location /to-host/ { absolute_redirect on; return 301 $uri; }
        location /to-own/ { return 302 $http_x_own; }
        location /type/ { add_header Content-Type $http_x_own; return 200 "text"; }
        location /text/ { return 200 "$uri"; }
        location /page/ { error_page 404 =302 http://other.test$uri; }
        location /list/ { autoindex on; alias %DIR%/www/names/; }
        location /json/ { autoindex on; autoindex_format json; alias %DIR%/www/names/; }
        location /xml/ { autoindex on; autoindex_format xml; alias %DIR%/www/names/; }
    }
}
"""
# Each byte of a request takes its time under torture: fewer there, line feed and "-" among them.
CODES = range(3, 256, 7) if FLAVOUR == "torture" else range(1, 256)
BYTES = [bytes([byte]) for byte in CODES if byte != 0x2F]
LINE = b"\r\nX-Injected: 1\r\n\r\n<script>"
ATTACKS = [b"a" + byte + b"b" for byte in BYTES] + [
    LINE, b"\n" + LINE, b"\rX-Injected: 1", b"\nX-Injected: 1",
    b"\xe5\x98\x8a\xe5\x98\x8dX-Injected: 1", b"\xc4\x8a", b"\xc0\x8a", b"\"'><b>&", b"\\\"", b"\\x0a", b"%0d%0a", b"\x1b[2J", b"\xc2\x9b31m",
    b"\xe2\x80\xa8", b"{\"a\":1}", b"$uri", b"javascript:alert(1)", b"//evil.test", b"\\\\evil.test"]


def fits_field(value):
    """RFC 9110, 5.5"""
    return not re.search(rb"[\0-\x08\x0a-\x1f\x7f]", value)


IN_FIELDS = [attack for attack in ATTACKS if fits_field(attack)]
NAMES = ["<script>alert(1)", "a&b", "quote\"'", "javascript:alert(1)", "data:text,x", "&lt;x", "]]>",
         "new\nline", "cr\rlf\n", "tab\t", "\x1b[31m", "\x7f", "back\\slash", "ü", "<!--", "-->",
         "%3Cb%3E", "' onload='x", "https:evil", "?q", "#f", "x:\\y", "\u2028"]


@pytest.fixture(scope="module")
def inject():
    with serving(CONFIG, {"www/names/" + name: name for name in NAMES}) as server:
        plant(server.dir, {b"www/dirs/" + attack: None for attack in ATTACKS if b"/" not in attack})
        yield server


def quoted(data):
    return urllib.parse.quote_from_bytes(data, safe="")


def strict(answer):
    """The head, which must be nothing but a status line and field lines (RFC 9112, 2.1)."""
    head = answer.raw[:answer.raw.index(b"\r\n\r\n")]
    first, *lines = head.split(b"\r\n")
    assert re.fullmatch(rb"HTTP/1\.1 \d{3} [\x20-\x7e]*", first), head
    for line in lines:
        assert re.fullmatch(rb"[A-Za-z0-9-]+: [\x21-\x7e\x80-\xff\t ]*", line), head
    names = [name.lower() for name, _ in answer.fields]
    assert "x-injected" not in names and len(set(names)) == len(names), head
    return answer


def ask(wire, target, **fields):
    """Fields are bytes; underscores in their names stand for dashes."""
    fields = {name.replace("_", "-"): value.decode("latin-1") for name, value in fields.items()}
    return strict(wire.request(target, fields=fields))


def fields_of(answer):
    return sorted(name for name, _ in answer.fields)


# --- fields of answers ----------------------------------------------------------------------

REDIRECTS = ["/to/{}", "/to-host/{}", "/page/{}", "/dirs/{}", "/dirs/{}?x=1"]


@pytest.mark.parametrize("form", REDIRECTS)
def test_redirects_lead_to_the_same_bytes(inject, form):
    front = form.partition("{")[0].encode()
    with inject.wire() as wire:
        baseline = fields_of(ask(wire, form.format("plain" if "dirs" not in form else "a-b")))
        for attack in ATTACKS:
            if b"/" in attack:
                continue  # not one name
            answer = ask(wire, form.format(quoted(attack)))
            location = answer.get("Location")
            assert answer.status in (301, 302) and fields_of(answer) == baseline, attack
            assert re.fullmatch(r"[\x21-\x7e]+", location) and "<script" not in answer.body.decode()
            path = location.removeprefix(f"http://localhost:{inject.port()}")
            if "dirs" in form:
                path = urllib.parse.urlsplit(location).path.removesuffix("/")
                assert urllib.parse.unquote_to_bytes(path) == front + attack


def test_a_reflected_path_is_no_field_of_its_own(inject):
    """$uri is decoded; where its bytes make no field value, the field is left out."""
    with inject.wire() as wire:
        plain = fields_of(ask(wire, "/fields/plain?x=1"))
        for attack in ATTACKS:
            answer = ask(wire, f"/fields/{quoted(attack)}?x={quoted(attack)}")
            fits = fits_field(attack)
            assert fields_of(answer) == [name for name in plain if fits or name != "X-Uri"], attack
            assert answer.get("X-Arg") == quoted(attack) and answer.get("X-Last") == "1"
            if fits and b"/" not in attack:
                assert answer.get("X-Uri").encode("latin-1") == b"/fields/" + attack


def test_reflected_fields(inject):
    with inject.wire() as wire:
        for attack in IN_FIELDS:
            answer = ask(wire, "/fields/x", X_Own=attack, Cookie=b"c=" + attack,
                         X_Forwarded_For=attack)
            own = attack.strip(b" \t").decode("latin-1")
            assert answer.get("X-Own") == f"<{own}>" and answer.get("X-For") == own
            assert ask(wire, "/to-own/", X_Own=attack).status == 302
            assert ask(wire, "/type/x", X_Own=attack).status == 200


def test_a_user_name_may_hold_any_byte(inject):
    """Basic credentials are the way around what a field may hold."""
    with inject.wire() as wire:
        for attack in ATTACKS:
            user = attack.replace(b":", b";")
            value = b"Basic " + codecs.encode(user + b":secret", "base64").replace(b"\n", b"")
            answer = ask(wire, "/fields/x", Authorization=value)
            shown = answer.get("X-User")
            assert shown is None or shown.encode("latin-1") == user, attack
            assert (shown is None) == (not fits_field(user)), attack


PLACES = ["{}: v", "X: {}", "Host: {}", "Referer: {}", "Cookie: c={}", "Range: {}"]


def test_raw_bytes_in_a_head_end_nowhere_else(inject):
    """Sent as they are; refused or taken, one answer at a time and nothing injected."""
    for place in ["GET /{} HTTP/1.1", "{} / HTTP/1.1", *PLACES]:
        for attack in (b"\n", b"\r", b"\0", b"\x7f", b"\x0b", b"\xff", b"\"", b"\\", b"<script>"):
            line = place.encode().replace(b"{}", b"a" + attack + b"X-Injected: 1")
            first = line if b"HTTP/" in line else b"GET /fields/x HTTP/1.1\r\n" + line
            host = b"" if b"Host" in line else b"\r\nHost: a"
            with inject.wire() as wire:
                wire.send(first + host + b"\r\nConnection: close\r\n\r\n")
                answer = strict(wire.response())
                assert wire.closed() and b"<script>" not in answer.body, (place, attack)


# --- pages ----------------------------------------------------------------------------------

class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.tags, self.names = [], set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.names |= {name for name, _ in attributes}
        self.links += [value for name, value in attributes if name == "href"]


def test_listings_escape_names(inject):
    page = Links(inject.get("/list/").body.decode())
    plain = Links(inject.get("/list/?C=S").body.decode())
    assert "script" not in page.tags and not {"onload", "onerror"} & page.names
    assert page.tags == plain.tags
    base = "http://localhost/list/"
    targets = {urllib.parse.urljoin(base, link) for link in page.links}
    assert all(target.startswith("http://localhost/") for target in targets)
    with inject.wire() as wire:
        bodies = [ask(wire, target.removeprefix("http://localhost")).body.decode()
                  for target in targets if target.startswith(base) and "?C=" not in target
                  and target != base]
    assert sorted(bodies) == sorted(NAMES)


def test_json_and_xml_listings_parse(inject):
    entries = json.loads(inject.get("/json/").body)
    assert {entry["name"] for entry in entries} == set(NAMES)
    root = xml.etree.ElementTree.fromstring(inject.get("/xml/").body)
    shown = {re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "\ufffd", name) for name in NAMES}
    shown = {re.sub(r"\r\n?", "\n", name) for name in shown}  # XML 1.0, 2.11
    assert {re.sub("\x7f", "\ufffd", entry.text) for entry in root} == shown


# --- logs -----------------------------------------------------------------------------------

def unescaped(text):
    return re.sub(r"\\x([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), text)


def in_json(data):
    """Bytes that are not UTF-8 become U+FFFD, one by one."""
    codecs.register_error("each", lambda error: ("\ufffd", error.start + 1))
    return data.decode("utf-8", "each")


def new_lines(inject, name, seen, count):
    """The lines of a log by LF alone: other ends of lines must not be in it."""
    path = inject.dir / f"{name}.log"
    wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") >= seen + count,
               f"{count} lines in {name}")
    lines = path.read_bytes().split(b"\n")
    assert len(lines) == seen + count + 1 and lines[-1] == b"", name
    return lines[seen:-1]


LOGS = ("combined", "json", "lines", "none", "objects")


@pytest.fixture(scope="module")
def logged(inject):
    """Each attack in path, query and fields, and its line in every log."""
    with inject.wire() as wire:
        wire.request("/text/first")
        for name in LOGS:
            wait_until(lambda: (inject.dir / f"{name}.log").exists(), name)
        inject.access_lines(1, inject.dir / "none.log")
        seen = dict.fromkeys(LOGS)
        mark = "/text/mark"
        wire.request(mark)
        for name in LOGS:
            path = inject.dir / f"{name}.log"
            wait_until(lambda: mark.encode() in path.read_bytes(), mark)
            seen[name] = path.read_bytes().count(b"\n")
        for attack in ATTACKS:
            value = attack if attack in IN_FIELDS else b"-"
            user = codecs.encode(attack.replace(b":", b";") + b":x", "base64").replace(b"\n", b"")
            ask(wire, f"/text/{quoted(attack)}?x={quoted(attack)}", User_Agent=value,
                Referer=value, X_Own=value, Range=value, Cookie=b"c=" + value,
                Authorization=b"Basic " + user)
    return {name: new_lines(inject, name, seen[name], len(ATTACKS)) for name in LOGS}


def path_of(attack):
    return re.sub(rb"/+", b"/", b"/text/" + attack)


def value_of(attack):
    return (attack if attack in IN_FIELDS else b"-").strip(b" \t")


def test_default_escaping_reads_back(logged):
    for attack, line in zip(ATTACKS, logged["lines"]):
        assert re.fullmatch(rb"[\x20-\x7e]+", line)
        value = value_of(attack).decode("latin-1")
        if "|" in value or ";" in value:
            continue  # the separators of the line, of cookies
        uri = f"/text/{quoted(attack)}?x={quoted(attack)}"
        found = [unescaped(part) for part in line.decode().split("|")]
        user = attack.replace(b":", b";").decode("latin-1")
        path = path_of(attack).decode("latin-1")
        assert found == [uri, path, quoted(attack), value, value,
                         value, value, value, user, "localhost", "GET"], attack


def test_combined_reads_back(logged):
    form = re.compile(r'127\.0\.0\.1 - (.+) \[[^]"]+\] "GET ([^" ]+) HTTP/1\.1" 200 \d+ '
                      r'"([^"]*)" "([^"]*)"')
    for attack, line in zip(ATTACKS, logged["combined"]):
        assert re.fullmatch(rb"[\x20-\x7e]+", line)
        user, uri, *values = form.fullmatch(line.decode()).groups()
        assert unescaped(user).encode("latin-1") == attack.replace(b":", b";")
        assert uri == f"/text/{quoted(attack)}?x={quoted(attack)}"
        assert [unescaped(value) for value in values] == [value_of(attack).decode("latin-1")] * 2


def test_json_reads_back(logged):
    for attack, line, own in zip(ATTACKS, logged["json"], logged["objects"]):
        entry, value = json.loads(line), in_json(value_of(attack))
        assert (entry["user_agent"], entry["referer"], entry["status"]) == (value, value, 200)
        entry = json.loads(own)
        assert entry["uri"] == in_json(path_of(attack)) and entry["own"] == value
        assert len(entry) == 5


def test_no_escaping_still_leaves_a_line_a_line(logged):
    """escape=none is for what the client wrote, not for lines of its own."""
    for attack, line in zip(ATTACKS, logged["none"]):
        assert not re.search(rb"[\0-\x1f\x7f]", line), attack
        assert line.startswith(b"/text/")


def test_the_error_log_is_plain(inject):
    with inject.wire() as wire:
        for attack in ATTACKS:
            ask(wire, f"/none/{quoted(attack)}", Referer=attack if attack in IN_FIELDS else b"-")
    inject.get("/none/last-of-all")
    inject.wait_error("last-of-all")
    text = inject.error_path.read_bytes().decode()  # characters stay, if they are no controls
    for line in text.removesuffix("\n").split("\n"):
        assert re.fullmatch(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] \d+#\d+: "
                            r"[^\0-\x1f\x7f-\x9f]*", line)
    for attack in ATTACKS:
        shown = re.sub(r"[\0-\x1f\x7f\"\\\\]", lambda byte: f"\\x{ord(byte[0]):02X}",
                       attack.decode(errors="ignore"))
        if len(shown.encode()) >= len(attack) and "/" not in shown and max(attack) < 0x80:
            assert f"/www/none/{shown}\" failed" in text, attack
