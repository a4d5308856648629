"""A kernel without a system call, for the ways that the program goes where it is missing."""

import ctypes
import errno

OPENAT2 = 437  # on every architecture that has it and runs these tests
NO_NEW_PRIVS, SECCOMP, FILTER = 38, 22, 2  # prctl(2)
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06  # of the packet filter's machine
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


class Step(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("then", ctypes.c_uint8),
                ("otherwise", ctypes.c_uint8), ("value", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("steps", ctypes.POINTER(Step))]


def take_away(number):
    """This process, and all that come from it, get ENOSYS for the call from now on."""
    steps = (Step * 4)(Step(LOAD, 0, 0, 0), Step(JUMP_EQUAL, 0, 1, number),
                       Step(RETURN, 0, 0, ERRNO | errno.ENOSYS), Step(RETURN, 0, 0, ALLOW))
    program = Program(len(steps), steps)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for arguments in ((NO_NEW_PRIVS, 1, 0, 0, 0), (SECCOMP, FILTER, ctypes.byref(program), 0, 0)):
        if prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


# How the server finds a file beneath its root: options of Server.start.
RESOLVERS = {"openat2": {}, "walk": {"preexec_fn": lambda: take_away(OPENAT2)}}
