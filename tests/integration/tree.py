"""Folders of files to serve, and servers that the tests of a module share."""

import contextlib
import os

from harness import Server

# A whole second, long ago: a planted file has a strong ETag at once.
PLANTED = 1_700_000_000
PLANTED_DATE = "Tue, 14 Nov 2023 22:13:20 GMT"


def plant(folder, files, when=PLANTED):
    """Makes files, name -> content (text, bytes, or None for a folder), dated `when`."""
    for name, content in files.items():
        path = os.path.join(os.fsencode(folder), os.fsencode(name))
        os.makedirs(path if content is None else os.path.dirname(path), exist_ok=True)
        if content is not None:
            with open(path, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
        os.utime(path, (when, when))


@contextlib.contextmanager
def serving(config, files, **options):
    """A running server with files planted in its folder; watched to its end. The options
    are those of its start."""
    server = Server()
    try:
        plant(server.dir, files)
        yield server.start(config, **options)
        server.stop()
    finally:
        server.clean()
