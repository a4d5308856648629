"""A configuration as Debian ships it for nginx, less its TLS, loads and serves."""

import re
import socket

from tree import plant

MAIN = """
user www-data;
worker_processes auto;
pid %DIR%/tinyhttpd.pid;
error_log %DIR%/error.log;
include %DIR%/modules-enabled/*.conf;

events {
    worker_connections 768;
    # multi_accept on;
}

http {
    ##
    # Basics
    ##
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    server_tokens off;
    # server_names_hash_bucket_size 64;
    # server_name_in_redirect off;

    include %DIR%/mime.types;
    default_type application/octet-stream;

    ##
    # Logs
    ##
    access_log %DIR%/access.log;

    ##
    # Compression
    ##
    gzip on;
    # gzip_vary on;
    # gzip_proxied any;
    # gzip_comp_level 6;
    # gzip_buffers 16 8k;
    # gzip_http_version 1.1;
    # gzip_types text/plain text/css application/json application/javascript;

    include %DIR%/conf.d/*.conf;
    include %DIR%/sites-enabled/*;
}

#mail {
#   auth_http localhost/auth.php;
#   server {
#       listen localhost:110;
#       protocol pop3;
#   }
#}
"""

TYPES = """
types {
    text/html                                        html htm shtml;
    text/css                                         css;
    application/javascript                           js;
    application/vnd.openxmlformats-officedocument.wordprocessingml.document docx;
    image/jpeg                                       jpeg jpg;
}
"""

SITE = """
# The default server
server {
    listen %PORT% default_server;
    listen [::]:%PORT% default_server;

    root %DIR%/www;

    # Add index.php to the list if you are using PHP
    index index.html index.htm index.nginx-debian.html;

    server_name _;

    location / {
        # First attempt to serve request as file, then
        # as directory, then fall back to displaying a 404.
        try_files $uri $uri/ =404;
    }

    # location ~ \\.php$ {
    #     include snippets/fastcgi-php.conf;
    #     fastcgi_pass unix:/run/php/php-fpm.sock;
    # }

    # location ~ /\\.ht {
    #     deny all;
    # }
}
"""

FILES = {"www/index.nginx-debian.html": "<h1>Welcome</h1>", "www/sub/index.html": "sub",
         "www/a.docx": "a", "mime.types": TYPES, "conf.d/": None, "modules-enabled/": None}


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True


def prepare(server):
    site = SITE if has_ipv6() else SITE.replace("listen [::]", "# listen [::]")
    plant(server.dir, FILES)
    plant(server.dir, {"sites-enabled/default": server.fill(site)})
    server.write_config(MAIN)


def test_it_loads_with_warnings_only(server):
    prepare(server)
    result = server.run("-t")
    assert result.returncode == 0, result.stderr
    levels = re.findall(r"\[(\w+)\]", result.stderr)
    assert set(levels) <= {"warn", "notice", "info"}, result.stderr
    for name in ("tcp_nopush", "types_hash_max_size", "gzip"):
        warnings = [line for line in result.stderr.splitlines()
                    if "[warn]" in line and f'"{name}"' in line]
        assert len(warnings) == 1, result.stderr


def test_it_serves(server):
    prepare(server)
    server.start()
    with server.wire() as wire:
        home = wire.request("/", host="any.test")
        assert (home.status, home.body) == (200, b"<h1>Welcome</h1>")
        assert (home.get("Content-Type"), home.get("Server")) == ("text/html", "tinyhttpd")
        assert wire.request("/sub/").body == b"sub"
        assert wire.request("/sub").get("Location") == "/sub/"
        assert wire.request("/missing").status == 404
        assert "wordprocessingml" in wire.request("/a.docx").get("Content-Type")
        assert wire.request("/index.nginx-debian.html").status == 200
    assert len(server.access_lines(6)) == 6
