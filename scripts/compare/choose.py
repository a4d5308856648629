"""Which servers are compared: the options that say so, and those that are there."""

import sys


def parse(parser, kinds):
    """The options of `parser`, and those about the servers."""
    names = [kind.name for kind in kinds]
    parser.add_argument("--only", metavar="NAMES", default=",".join(names),
                        help="some of: %(default)s")
    for name in names:
        parser.add_argument(f"--{name}", metavar="PATH", help=f"the program of {name}")
    chosen = parser.parse_args()
    chosen.only = chosen.only.split(",")
    for name in chosen.only:
        if name not in names:
            parser.error(f"unknown server {name}: not one of {', '.join(names)}")
    return chosen


def find(chosen, kinds):
    """The servers asked for that are there; says what is missing."""
    present, missing = [], []
    for kind in kinds:
        if kind.name in chosen.only:
            server = kind(getattr(chosen, kind.name))
            (present if server.binary else missing).append(server)
    for server in missing:
        print(f"not found: {server.name}", file=sys.stderr)
    packages = [server.package for server in missing if server.package]
    if packages:
        print(f"    apt-get install --no-install-recommends {' '.join(packages)}",
              file=sys.stderr)
    if any(not server.package for server in missing):
        print("    make", file=sys.stderr)
    return present
