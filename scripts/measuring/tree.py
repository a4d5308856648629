"""The tree that is served, and lists of requests as files of lines."""

import os
import random

import load
import servers

FILES = 10_000
KIB, MIB = 1024, 1024 * 1024
SMALL = "/1k.txt"


def name_of(number):
    return f"/many/{number // 100:03}/{number:06}.txt"


def put(path, size):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"0123456789abcde\n" * (size // 16) + b"x" * (size % 16))
    os.utime(path, (servers.PLANTED, servers.PLANTED))


def plant(folder):
    put(folder / "www/1k.txt", KIB)
    put(folder / "www/64k.txt", 64 * KIB)
    put(folder / "www/1m.txt", MIB)
    open_to_all(folder)


def plant_many(folder):
    """Any size from 256 to 4096 bytes."""
    chance = random.Random(2)
    for number in range(FILES):
        put(folder / f"www{name_of(number)}", chance.randint(256, 4096))
    open_to_all(folder)


def open_to_all(folder):
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def many_names(names, locations, types):
    """Settings of ours: a second server with so many names and locations, and a table of so
    many media types."""
    kinds = "".join(f"text/plain t{number};" for number in range(1, types))
    places = "".join(f"location /place{number:04}/ {{ alias %tree%/www/; }}\n"
                     for number in range(locations))
    lines = "".join(f"server_name {name_of_server(number)};\n" for number in range(names))
    return {"http": f"types {{ text/plain txt; {kinds} }}",
            "servers": f"server {{ listen 127.0.0.1:%port%;\n{lines}{places} }}"}


def name_of_server(number):
    return f"name{number:05}.example"


def asks_for_names(names, locations, draws=5000):
    """Requests for any name and any place; there is one file in all places."""
    chance = random.Random(3)
    return [load.get(f"/place{chance.randrange(locations):04}{SMALL}",
                     name_of_server(chance.randrange(names))) for _ in range(draws)]
