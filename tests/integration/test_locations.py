"""Which server and which location answer, and with what."""

import re

import pytest

from tree import serving
from wire import Wire

# --- servers --------------------------------------------------------------------------------

NAMES = [  # of each server on PORT, which tells the first of them
    "first.test", "exact.example.org", "*.example.org", "*.deep.example.org", "www.*",
    "www.example.*", ".dotted.test", "CASE.test",
]
SERVERS = "http {\n" + "".join(
    f'server {{ listen 127.0.0.1:%PORT%; server_name {name}; return 200 "{name}"; }}\n'
    for name in NAMES) + """
    server { listen 127.0.0.1:%PORT2%; server_name here; return 200 "here"; }
    server { listen 127.0.0.1:%PORT2% default_server; server_name there; return 200 "there"; }
    server { listen 127.0.0.1:%PORT3%; return 200 "[$server_name] $host"; }
    server { listen %PORT4%; server_name any wanted; return 200 "any"; }
    server { listen 127.0.0.1:%PORT4%; server_name one; return 200 "one"; }
}"""

CHOICES = {
    "exact.example.org": "exact.example.org", "EXACT.Example.ORG": "exact.example.org",
    "exact.example.org.": "exact.example.org", "exact.example.org:99": "exact.example.org",
    "a.example.org": "*.example.org", "a.b.example.org": "*.example.org",
    "a.deep.example.org": "*.deep.example.org", "deep.example.org": "*.example.org",
    "www.example.org": "*.example.org", "www.example.com": "www.example.*",
    "www.example.co.uk": "www.example.*", "www.other": "www.*", "www.": "first.test",
    "dotted.test": ".dotted.test", "a.b.dotted.test": ".dotted.test",
    "notdotted.test": "first.test", "example.org": "first.test", "nobody": "first.test",
    "127.0.0.1": "first.test", "[::1]:80": "first.test", "case.TEST": "CASE.test", "": "first.test",
}


@pytest.fixture(scope="module")
def servers():
    with serving(SERVERS, {}) as server:
        yield server


def test_server_by_name(servers):
    with servers.wire() as wire:
        for host, name in CHOICES.items():
            assert wire.request("/", host=host).body == name.encode(), host


def test_server_by_address_first(servers):
    with servers.wire("PORT2") as wire:
        assert wire.request("/", host="here").body == b"here"
        assert wire.request("/", host="exact.example.org").body == b"there"
    with servers.wire("PORT3") as wire:
        assert wire.request("/", host="Any.Thing:80").body == b"[] any.thing"
        wire.send("GET / HTTP/1.0\r\n\r\n")
        assert wire.response().body == b"[] "


def test_an_address_of_its_own_takes_its_traffic(servers):
    """From the wildcard's names, too: nobody else is asked there."""
    with servers.wire("PORT4") as wire:
        assert wire.request("/", host="wanted").body == b"one"
    with Wire(("127.0.0.2", servers.port("PORT4"))) as wire:
        assert wire.request("/", host="one").body == b"any"


def test_the_host_of_the_target_counts(servers):
    with servers.wire() as wire:
        wire.send("GET http://www.other/ HTTP/1.1\r\nHost: exact.example.org\r\n\r\n")
        assert wire.response().body == b"www.*"


# --- locations ------------------------------------------------------------------------------

CHAIN = "".join(f"location = /step{number} {{ try_files /nothing /step{number + 1}; }}\n"
                for number in range(11))

PLACES = """
http {
    server {
        listen 127.0.0.1:%PORT%;
        server_name site.test;
        root %DIR%/www;
        error_page 404 /errors/404.html;
        location = /exact { return 200 exact; }
        location /exact { return 200 prefix; }
        location /a { return 200 a; }
        location /a/b/ { return 200 a-b;  location /a/b/c { return 200 a-b-c; } }
        location ^~ /tilde/ { return 200 tilde; }
        location "/sp ace" { return 200 space; }
        location / { index first.html index.html; }
        location /indexed/ { index none.html $arg_page index.html /a; }
        location /fall/ { index none.html /a; }
        location = /dir/index.html { return 200 "chosen again: $uri $args"; }
        location /moved/ { alias %DIR%/other/; location /moved/deep/ { index i; } }
        location = /one { alias %DIR%/other/one.txt; }
        location /inside/ { internal; }
        location /loop { try_files /nothing /loop; }
        location /errors/ { internal; }

        location /try/ { try_files $uri $uri.html $uri/ /fallback?from=$uri; }
        location /fallback { return 200 "fallback $args $uri"; }
        location /code/ { try_files $uri =410; }
        location /named/ { try_files $uri @named; }
        location /listed/ { try_files $uri/ =404; autoindex on; }
        location /aliased/ { alias %DIR%/other/; try_files $uri one.txt =404; }
        location /self/ { try_files /dir/page.html =404; }
        location @named { return 202 "named $uri"; }
        location = /step11 { return 200 arrived; }
        """ + CHAIN + """
    }
}"""
FILES = {
    "www/index.html": "home", "www/dir/index.html": "dir", "www/dir/page.html": "page",
    "www/indexed/index.html": "indexed", "www/indexed/x.html": "x", "www/inside/file": "hidden",
    "www/fall/": None, "www/try/file": "file", "www/try/page.html": "page", "www/listed/d/": None,
    "www/try/d/index.html": "index of d", "www/errors/404.html": "our 404", "www/code/f": "f",
    "www/listed/plain": "x",
    "other/one.txt": "one", "other/index.html": "other", "other/deep/i": "deep",
}


@pytest.fixture(scope="module")
def places():
    with serving(PLACES, FILES) as server:
        yield server


ANSWERS = {
    "/exact": "exact", "/exact/": "prefix", "/exactly": "prefix", "/exact?x": "exact",
    "/%65xact": "exact", "/a": "a", "/a/b": "a", "/a/b/": "a-b", "/a/b/x": "a-b",
    "/a/b/c/d": "a-b-c", "/a/x/../b/c": "a-b-c", "/a//b//c": "a-b-c", "/tilde/x": "tilde",
    "/sp%20ace": "space",
    "/": "home", "/?a=b": "home", "/dir/?q=1": "chosen again: /dir/index.html q=1",
    "/indexed/": "indexed", "/indexed/?page=x.html": "x", "/fall/": "a",
    "/moved/": "other", "/moved/one.txt": "one", "/moved/deep/": "deep", "/one": "one",
    "/try/file": "file", "/try/page": "page", "/try/d/": "index of d",
    "/try/none?x=y": "fallback from=/try/none /fallback", "/code/f": "f",
    "/aliased/one.txt": "one", "/aliased/none": "one", "/self/any": "page",
}


def test_locations_and_what_they_answer(places):
    with places.wire() as wire:
        for target, text in ANSWERS.items():
            answer = wire.request(target)
            assert (answer.status, answer.body) == (200, text.encode()), target


def test_a_tested_directory_is_redirected_or_listed(places):
    """A hit keeps the location, and then the directory is answered as any other."""
    assert places.get("/listed/d").get("Location") == "/listed/d/"
    assert places.get("/listed/plain").status == 404
    assert b"Index of /listed/d/" in places.get("/listed/d/").body


def test_internal_is_for_redirects_only(places):
    for target in ("/inside/file", "/errors/404.html"):
        answer = places.get(target)
        assert (answer.status, answer.body) == (404, b"our 404")


def test_try_files_code_and_named(places):
    assert places.get("/code/none").status == 410
    answer = places.get("/named/none")
    assert (answer.status, answer.body) == (202, b"named /named/none")


def test_ten_redirects_and_no_more(places):
    assert places.get("/step1").body == b"arrived"
    assert places.get("/step0").status == 500


def test_a_circle_of_redirects_ends(places):
    assert places.get("/loop").status == 500
    places.wait_error("more than 10 internal redirects")


@pytest.mark.parametrize("location, alias", [("/static", "/srv/"), ("/static/", "/srv")])
def test_alias_that_would_open_the_parent_is_refused(server, location, alias):
    server.write_config(f"""http {{ server {{ listen 127.0.0.1:%PORT%;
        location {location} {{ alias %DIR%{alias}; }} }} }}""")
    result = server.run("-t")
    assert result.returncode == 1 and "must end with a slash" in result.stderr


# --- error_page and return ------------------------------------------------------------------

ERRORS = """
http {
    error_page 404 /inherited.html;
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        location /keep { error_page 404 /page.html; }
        location /target { error_page 404 = /page.html; }
        location /set { error_page 404 410 =203 /page.html; }
        location /url { error_page 404 https://example.org/lost?$uri; }
        location /url-code { error_page 404 =301 http://example.org/; }
        location /named { error_page 404 @named; }
        location /named-target { error_page 404 = @named; }
        location /gone { error_page 410 /page.html; return 410; }
        location /gone-text { error_page 410 /page.html; return 410 "text"; }
        location /mine { error_page 405 /page.html; }
        location /lost { error_page 404 /missing.html; }
        location /nested { error_page 404 /inner/none; }
        location /inner { error_page 404 /page.html; }
        location /args { error_page 404 /show?code=$status; }
        location /show { return 200 "$uri $args $request_method $request_uri"; }
        location @named { return 202 "named $uri"; }

        location = /r/text { return 200 "hello $arg_name\\n"; }
        location = /r/type.json { return 200 "{}"; }
        location = /r/default { default_type application/x-own; return 200 own; }
        location = /r/empty { return 204; }
        location = /r/bare { return 200; }
        location = /r/own { return 299 own; }
        location = /r/301 { return 301 /there?x=$arg_x; }
        location = /r/302 { return https://example.org/$arg_x; }
        location = /r/scheme { return 307 $scheme://$host$request_uri; }
        location = /r/308 { return 308 //other.test/; }
        location = /r/uri { return 302 $uri/; }
        location = /r/403 { return 403; }
        location = /r/403-text { return 403 "no"; }
        location / { }
    }
}"""
ERROR_FILES = {"www/page.html": "the page", "www/inherited.html": "inherited",
               "www/there": "there"}


@pytest.fixture(scope="module")
def errors():
    with serving(ERRORS, ERROR_FILES) as server:
        yield server


@pytest.mark.parametrize("target, status, body", [
    ("/none", 404, "inherited"), ("/keep", 404, "the page"), ("/target", 200, "the page"),
    ("/set", 203, "the page"), ("/named", 404, "named /named"),
    ("/named-target", 202, "named /named-target"), ("/gone", 410, "the page"),
    ("/gone-text", 410, "text"), ("/args", 404, "/show code=404 GET /args"),
    ("/r/text?name=x", 200, "hello x\n"), ("/r/type.json", 200, "{}"), ("/r/own", 299, "own"),
    ("/r/403-text", 403, "no"), ("/r/empty", 204, ""), ("/r/bare", 200, "")])
def test_status_and_text(errors, target, status, body):
    answer = errors.get(target)
    assert (answer.status, answer.body) == (status, body.encode())


def test_an_error_of_an_error_page_gets_the_built_in_one(errors):
    for target in ("/lost", "/nested"):
        answer = errors.get(target)
        assert answer.status == 404 and b"<h1>Not Found</h1>" in answer.body


def test_error_page_becomes_get_and_is_no_resource(errors):
    posted = errors.get("/mine", method="POST", body=b"x")
    assert (posted.status, posted.body) == (405, b"the page")
    assert "GET" in posted.get("Allow")
    plain = errors.get("/keep", fields={"Range": "bytes=0-1", "If-Modified-Since": "x"})
    assert (plain.status, plain.body, plain.get("ETag")) == (404, b"the page", None)
    head = errors.get("/keep", method="HEAD")
    assert (head.status, head.get("Content-Length")) == (404, "8")


@pytest.mark.parametrize("target, status, location", [
    ("/url", 302, "https://example.org/lost?/url"), ("/url-code", 301, "http://example.org/"),
    ("/r/301?x=1", 301, "/there?x=1"), ("/r/302?x=a", 302, "https://example.org/a"),
    ("/r/scheme?q", 307, "http://localhost/r/scheme?q"), ("/r/308", 308, "//other.test/"),
    ("/r/301?x=%0d%0aSet-Cookie:", 301, "/there?x=%0d%0aSet-Cookie:")])
def test_redirects(errors, target, status, location):
    answer = errors.get(target)
    assert (answer.status, answer.get("Location")) == (status, location)
    assert location.replace("&", "&amp;").encode() in answer.body or location.startswith("//")


def test_a_redirect_cannot_be_bent(errors):
    """The decoded path comes from the client: no line break, no other host."""
    answer = errors.get("/r/uri")
    assert answer.get("Location") == "/r/uri/"
    split = errors.get("/r/302?x=%0aX-Evil:1\t")
    assert split.status in (302, 400) and split.get("X-Evil") is None


def test_types_of_texts(errors):
    assert errors.get("/r/text").get("Content-Type") == "text/plain"
    assert errors.get("/r/type.json").get("Content-Type") == "application/json"
    assert errors.get("/r/default").get("Content-Type") == "application/x-own"
    answer = errors.get("/r/403")
    assert answer.get("Content-Type") == "text/html; charset=utf-8"
    assert re.search(b"<title>403 Forbidden</title>", answer.body)


def test_return_answers_any_method(errors):
    assert errors.get("/r/text", method="DELETE").status == 200


# --- where redirects lead -------------------------------------------------------------------

REDIRECTS = [  # settings, and where they lead to
    ("", "/dir/"),
    ("absolute_redirect on;", "http://asked.test:%PORT1%/dir/"),
    ("absolute_redirect on; port_in_redirect off;", "http://asked.test/dir/"),
    ("absolute_redirect on; server_name_in_redirect on;", "http://named.test:%PORT3%/dir/"),
    ("absolute_redirect off; server_name_in_redirect on;", "/dir/"),
]
REDIRECTING = "http {\n" + "".join(
    f"""server {{ listen 127.0.0.1:%PORT{index}%; server_name named.test;
                  root %DIR%/www; {settings} }}\n"""
    for index, (settings, _) in enumerate(REDIRECTS)) + "}"


def test_directory_redirect():
    with serving(REDIRECTING, {"www/dir/": None}) as server:
        for index, (settings, location) in enumerate(REDIRECTS):
            with server.wire(f"PORT{index}") as wire:
                answer = wire.request("/dir", host="asked.test:81")
            assert answer.status == 301, settings
            assert answer.get("Location") == server.fill(location), settings


def test_return_of_a_server_answers_before_its_locations(server):
    server.start("""http { server { listen 127.0.0.1:%PORT%; return 301 /new$request_uri;
                    location / { return 200 never; } } }""")
    answer = server.get("/a?b")
    assert answer.status == 301 and answer.get("Location") == "/new/a?b"
