"""RFC 3986 on the wire: which spellings of a target are the same, and whose host it is."""

import pytest

from tree import serving

CONFIG = """
http {
    server {
        listen 127.0.0.1:%PORT%;
        root %DIR%/www;
        location = /echo { return 200 "$host $uri $args"; }
        location /says { return 200 "default"; }
    }
    server {
        listen 127.0.0.1:%PORT%;
        server_name example.com "[::1]" 127.0.0.9;
        location /says { return 200 "example"; }
    }
}
"""
FILES = {"www/a": "a", "www/b/c": "c", "www/ ~": "tilde", "www/A": "upper", "www/a;b=c,d": "params",
         "www/a:b@c": "colon", "www/!$&'()*+,;=": "delims", "www/100%": "percent",
         "www/%41": "escape", "www/ä": "utf8", "www/..b": "dots", "www/b.": "dot"}


@pytest.fixture(scope="module")
def uris():
    with serving(CONFIG, FILES) as server:
        yield server


SAME = {
    "/a": "a", "/%61": "a", "/A": "upper", "/%41": "upper", "/%20%7e": "tilde", "/%20~": "tilde",
    "/%20%7E": "tilde", "/b%2Fc": "c", "/b%2fc": "c", "/./a": "a", "/b/../a": "a", "/b/./c": "c",
    "/b/%2e%2E/a": "a", "/b/.%2e/./a": "a", "/a;b=c,d": "params", "/a%3Bb%3dc%2Cd": "params",
    "/a:b@c": "colon", "/a%3ab%40c": "colon", "/!$&'()*+,;=": "delims", "/100%25": "percent",
    "/%2541": "escape", "/%C3%A4": "utf8", "/%c3%a4": "utf8", "/..b": "dots", "/b.": "dot",
    "/a?": "a", "/a?x=/../?y": "a", "/a?%41%00%ff": "a", "/a?b:@!$&'()*+,;=/?-._~": "a",
    "HTTP://example.org/a": "a", "http://example.org:/a": "a", "http://example.org:80/a?b": "a",
    "http://[2001:db8::1]:8443/a": "a", "http://a%2Db/a": "a",
}


def test_spellings_of_one_target(uris):
    with uris.wire() as wire:
        for target, body in SAME.items():
            answer = wire.request(target)
            assert (answer.status, answer.body.decode()) == (200, body), target


def test_an_escape_is_decoded_once(uris):
    for target, status in (("/%2561", 404), ("/%252e%252e/a", 404), ("/b%252Fc", 404)):
        assert uris.get(target).status == status, target


def test_the_query_is_kept_as_sent(uris):
    body = uris.get("/echo?a=%41%2f..%2f&b=/?c", host="x.Example").body
    assert body == b"x.example /echo a=%41%2f..%2f&b=/?c"


HOSTS = {
    "example.com": "example", "EXAMPLE.com": "example", "example.com.": "example",
    "example.com:80": "example", "example.com:": "example", "example.com:65535": "example",
    "127.0.0.9": "example", "[::1]": "example", "[::1]:8080": "example",
    "www.example.com": "default", "example.co": "default", "127.0.0.1": "default",
    "[::2]": "default", "": "default", "a_b-c~1!$&'()*+,;=": "default", "%41": "default",
}


def test_hosts_are_compared_without_case(uris):
    """The same in the Host field and in the authority of the absolute form, which wins."""
    with uris.wire() as wire:
        for host, body in HOSTS.items():
            assert wire.request("/says", host=host).body.decode() == body, host
            if host:
                other = "example.com" if body == "default" else "other"
                answer = wire.request(f"http://{host}/says", host=other)
                assert answer.body.decode() == body, host
