"""One run: the servers, the tree they serve, and rounds in which each has its turn."""

import contextlib
import pathlib
import statistics
import sys

import load
import tree


class Bench:
    """Starts what a row asks for, and stops it."""

    def __init__(self, folder, chosen, present):
        self.folder, self.tree = pathlib.Path(folder), pathlib.Path(folder) / "tree"
        self.chosen, self.present = chosen, present
        self.server_cpu, self.load_cpu = chosen.cpus
        self.count, self.has_many = 0, False
        self.tree.mkdir()
        tree.plant(self.tree)
        self.folder.chmod(0o755)

    @property
    def ours(self):
        return [subject for subject in self.present if subject.ours]

    def say(self, text):
        if sys.stderr.isatty() or self.chosen.verbose:
            print(text, file=sys.stderr, flush=True)

    def need_many(self):
        if not self.has_many:
            tree.plant_many(self.tree)
            self.has_many = True

    @contextlib.contextmanager
    def run(self, subject, cpus=None, **settings):
        self.count += 1
        folder = self.folder / f"{subject.label}-{self.count}"
        server = subject.begin(folder, self.tree, cpus, **settings)
        try:
            yield server
        finally:
            finish(server)

    def write(self, key, lines):
        path = self.folder / f"{key}.requests"
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def round(self, number, turns):
        """A sample of each of {label: (server, file of requests, processors of the load)};
        who is first changes from round to round."""
        samples, labels = {}, list(turns)
        first = number % len(labels)
        for label in labels[first:] + labels[:first]:
            server, lines, cpus = turns[label]
            samples[label] = load.measure(server, lines, cpus, self.chosen.seconds)
        self.say(f"    round {number + 1}: " + ", ".join(
            f"{label} {samples[label].cpu_us:.2f}" for label in turns))
        return samples

    def rounds(self, measure):
        """The samples of every label; measure(number) makes those of one round."""
        samples = {}
        for number in range(self.chosen.rounds):
            for label, sample in measure(number).items():
                samples.setdefault(label, []).append(sample)
        return samples


def finish(server):
    server.stop()
    lost = server.unlogged()
    if lost > 0.02:
        print(f"{server.label}: {100 * lost:.1f} % of the requests are not in its log",
              file=sys.stderr)
    server.folder.joinpath("access.log").unlink(missing_ok=True)  # or disks are busy with it


def middle(samples, what="cpu_us"):
    return statistics.median(getattr(sample, what) for sample in samples)


def ratio(ours, theirs, what="cpu_us"):
    """The median of the ratios in each round, and half the width of their middle half:
    what disturbs a round disturbs both."""
    ratios = [getattr(a, what) / getattr(b, what) for a, b in zip(ours, theirs)]
    if len(ratios) < 2:
        return ratios[0], 0.0
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return statistics.median(ratios), (high - low) / 2
