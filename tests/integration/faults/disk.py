"""A disk of a megabyte that only the server has, and that goes with it."""

import ctypes
import os

import pytest

from harness import is_root

NEW_NAMESPACE, PRIVATE_AND_BELOW = 0x20000, 0x44000  # unshare(2), mount(2)
SIZE = 1 << 20

needs_root = pytest.mark.skipif(not is_root(), reason="needs root to mount a small disk")


def check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def mount(folder):
    """In the child that becomes the server: the folder is a small disk, for its eyes only."""
    libc = ctypes.CDLL(None, use_errno=True)
    check(libc.unshare(NEW_NAMESPACE), "unshare")
    check(libc.mount(b"none", b"/", None, PRIVATE_AND_BELOW, None), "mount /")
    check(libc.mount(b"none", os.fsencode(folder), b"tmpfs", 0, f"size={SIZE}".encode()), "tmpfs")


def fill(folder, leave=0):
    """Takes all room of the disk but some bytes."""
    with open(folder / "filler", "wb", buffering=0) as filler:
        try:
            while filler.write(b"x" * 65536):
                pass
        except OSError:
            filler.truncate(filler.tell() - leave)


def seen_by(server, folder):
    """The same folder as the running server sees it."""
    return folder.__class__(f"/proc/{server.process.pid}/root{folder}")
