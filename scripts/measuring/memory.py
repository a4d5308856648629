"""What a server takes of memory, and its program of disk."""

import load
import subjects
import tree


def of_connection(bench, subject):
    """Bytes of a connection that was answered and is kept: what 10,000 add. What a server
    sets aside for connections before they come is not in it."""
    with bench.run(subject, bench.server_cpu, slots=str(subjects.SLOTS),
                   http="keepalive_timeout 1h;") as server:
        load.check(server, load.get(tree.SMALL), 200, tree.KIB)
        before = server.pss()
        with load.Clients(server.port, subject.holds, load.get(tree.SMALL)):
            return (server.pss() - before) / subject.holds


def of_server(bench, subject):
    with bench.run(subject, workers="2") as server:
        load.check(server, load.get(tree.SMALL), 200, tree.KIB)
        return server.pss() / tree.MIB


def of_binary(bench, subject):
    return subjects.stripped_size(subject.binary, bench.folder) / tree.KIB
