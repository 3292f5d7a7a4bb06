# SPDX-License-Identifier: BSD-2-Clause
"""bench: the driver of ./map, which has looked for programs and built ours."""

import argparse
import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import costs
import driver
import lists
import report
import rivals
import router
from driver import say

HERE = pathlib.Path(__file__).resolve().parent
ALL_SIZES = "10k,100k,1m,10m"
A_HOST = 1200           # bytes of disk a host, at the most crowded moment
MORE = 1 << 29
WARM = 10000            # places that are asked for again and again
FEW = 1000              # as many as the processor's caches hold
ASKS = 120              # seconds, for one run of lookups
CALLGRIND_ASKS = 2000
SMALL = 1000000         # up to here tools are run several times
LEAST = 1000            # hosts


def parse_size(text):
    text = text.strip().lower()
    unit = {"k": 1000, "m": 1000000}.get(text[-1:], 1)
    digits = text[:-1] if unit > 1 else text
    if not digits.isdigit() or int(digits) * unit < LEAST:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no size, such as 10k or 1m, of {LEAST} or more")
    return int(digits) * unit


def parse(argv):
    parser = driver.parser(
        "map", "What maps cost: made by us and by others, asked and "
        "exchanged, at several sizes.", "map.tsv, map.png and map.txt")
    parser.add_argument("--sizes", default=ALL_SIZES,
                        help=f"hosts ({ALL_SIZES})")
    parser.add_argument("--quick", action="store_true",
                        help="once and shortly: 10k,100k unless --sizes")
    parser.add_argument("--rounds", type=int, default=3,
                        help="of tools up to 1m, and of decisions (3)")
    parser.add_argument("--requests", type=int, default=5000000,
                        help="for random unknown hosts (5000000)")
    parser.add_argument("--limit", type=float, default=1800,
                        help="seconds, for one run of one tool (1800)")
    parser.add_argument("--callgrind", action="store_true",
                        help="count instructions too (takes valgrind)")
    options = parser.parse_args(argv)
    if options.rounds < 1 or options.requests < 1:
        parser.error("--rounds and --requests are 1 at least")
    options.swaps, options.seconds = 8, 1.0
    if options.quick:
        options.rounds, options.swaps, options.seconds = 1, 2, 0.1
        options.requests = min(options.requests, 50000)
        if options.sizes == ALL_SIZES:
            options.sizes = "10k,100k"
    try:
        options.sizes = sorted({parse_size(one)
                                for one in options.sizes.split(",")})
    except argparse.ArgumentTypeError as wrong:
        parser.error(str(wrong))
    return options


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.build = options.build
        self.folder = folder
        self.results = report.Results()

    def file(self, size, what):
        return self.folder / f"{what}.{size}"

    # Making maps

    def make_lists(self, size):
        start = time.monotonic()
        lists.write(size, self.file(size, "plain"), self.file(size, "mixed"))
        for what in lists.ASKS:
            lists.write_queries(size, what, self.file(size, what))
        say(f"{report.size_word(size)}: lists in "
            f"{time.monotonic() - start:.1f} s")

    def some(self, size):
        """A few hosts of the list with their URLs, and one it has not."""
        with open(self.file(size, "plain"), encoding="ascii") as text:
            found = [next(text).split() for _ in range(3)]
        return found, lists.word(size) + ".example"

    def run_tool(self, tool, size):
        """The cost of one run, whose result was right; bytes of the file."""
        tool.forget()
        cost = costs.measure(tool.stages(), self.folder, self.options.limit)
        if not cost.late:
            tool.check(*self.some(size))
        say(f"{report.size_word(size)}: {tool.name} {cost.seconds:.2f} s, "
            f"{cost.memory >> 20} MiB" + (", ended" if cost.late else ""))
        made = tool.file.stat().st_size if tool.file.exists() else None
        return cost, made

    def keep_map(self, tool, size):
        """For lookups and swaps, which need one."""
        if not tool.file.exists():
            raise costs.Failed(f"{tool.name}: ended after "
                               f"{self.options.limit:.0f} s")
        kept = self.file(size, f"{tool.list_kind}-map")
        kept.unlink(missing_ok=True)
        os.link(tool.file, kept)

    def make_maps(self, size):
        """All tools in turn, and again; of each the quickest run counts."""
        rounds = self.options.rounds if size <= SMALL else 1
        runs = {}
        for _ in range(rounds):
            for kind in rivals.ALL:
                if kind.most is not None and size > kind.most:
                    continue
                tool = kind(self.file(size, kind.list_kind), self.folder,
                            self.build)
                late = runs.get(kind, [(costs.Cost(0), 0)])[0][0].late
                if not late:
                    runs.setdefault(kind, []).append(
                        self.run_tool(tool, size))
                    if kind in (rivals.Compile, rivals.CompileMixed):
                        self.keep_map(tool, size)
                tool.forget()
        for kind, some in runs.items():
            self.add_cost(size, kind, *min(some, key=lambda r: r[0].seconds))
        for what in ("plain", "mixed"):
            self.file(size, what).unlink()

    def add_cost(self, size, kind, cost, made):
        add = self.results.add
        if cost.late:
            add(size, kind.name, "seconds", f"over {cost.seconds:.0f}", "s")
            return
        add(size, kind.name, "seconds", cost.seconds, "s")
        add(size, kind.name, "cpu seconds", cost.cpu, "s")
        add(size, kind.name, "peak memory", cost.memory, "B")
        if kind.makes_file:
            add(size, kind.name, "bytes a host", made / size, "B")

    # Decisions

    def lookups(self, size, what, threads, count):
        told = rivals.said(
            [self.build / "tests/bench/lookups",
             *(["-b"] if what == "get" else []), "-n", str(count),
             "-s", str(self.options.seconds), "-t", str(threads),
             self.file(size, "mixed-map"),
             self.file(size, "hit" if what == "get" else what)])
        return [float(word) for word in told.split()]

    def decide(self):
        """All sizes in turn, and again; of each the quickest run counts."""
        cases = [(what + (", 2 threads" if threads == 2 else ""),
                  what, threads, WARM)
                 for what in [*lists.ASKS, "get"] for threads in (1, 2)]
        cases += [(f"{what}, {word}", what, 1, count)
                  for what in ("hit", "get") for word, count in
                  (("few hosts", FEW), ("many hosts", lists.QUERIES))]
        best = {}
        for _ in range(self.options.rounds):
            for name, *case in cases:
                for size in self.options.sizes:
                    got = self.lookups(size, *case)
                    at = best.setdefault((size, name), got)
                    if got[1] < at[1]:
                        best[size, name] = got
        for (size, name), got in sorted(best.items(),
                                        key=lambda item: item[0][0]):
            for measure, value in zip(("a second", "ns", "p50", "p99",
                                       "p99.9"), got):
                self.results.add(size, name, measure, value)
        say("decisions: done")

    def count_instructions(self):
        for size in self.options.sizes:
            for what, function in (*((w, "lookups_decide")
                                     for w in lists.ASKS),
                                   ("get", "lookups_bare")):
                out = self.folder / "callgrind.out"
                subprocess.run(
                    ["valgrind", "--tool=callgrind", "-q",
                     f"--callgrind-out-file={out}",
                     f"--toggle-collect={function}*",
                     self.build / "tests/bench/lookups", "-s", "0",
                     "-n", str(CALLGRIND_ASKS),
                     *(["-b"] if what == "get" else []),
                     self.file(size, "mixed-map"),
                     self.file(size, "hit" if what == "get" else what)],
                    check=True, timeout=ASKS * 10,
                    stdin=subprocess.DEVNULL)
                with open(out, encoding="utf-8") as text:
                    total = next(int(line.split()[1]) for line in text
                                 if line.startswith(("summary:", "totals:")))
                self.results.add(size, what, "instructions",
                                 total / CALLGRIND_ASKS)
        say("instructions: done")

    # The router

    def swap(self, size):
        seconds = router.swaps(self.build, self.file(size, "mixed-map"),
                               self.file(size, "plain-map"),
                               self.options.swaps)
        for measure, value in (("least", min(seconds)),
                               ("median", statistics.median(seconds)),
                               ("most", max(seconds))):
            self.results.add(size, "swap", measure, value, "s")
        self.file(size, "plain-map").unlink()
        say(f"{report.size_word(size)}: a new map shows after "
            f"{max(seconds):.2f} s at most")

    def randoms(self, size):
        before, after, rate = router.randoms(
            self.build, self.file(size, "mixed-map"), self.options.requests)
        for what, value in before.items():
            self.results.add(size, what, "before", value, "B")
            self.results.add(size, what, "after", after[what], "B")
        self.results.add(size, "unknown hosts", "requests",
                         self.options.requests)
        self.results.add(size, "unknown hosts", "a second", rate)
        say(f"{report.size_word(size)}: {self.options.requests} requests for "
            "unknown hosts: done")

    def run(self):
        for size in self.options.sizes:
            self.make_lists(size)
            self.make_maps(size)
            self.swap(size)
        self.decide()
        if self.options.callgrind:
            self.count_instructions()
        self.randoms(self.options.sizes[-1])


def free_enough(out, sizes):
    """Smaller ones' maps stay for the decisions."""
    needed = MORE + A_HOST * sizes[-1] + A_HOST // 4 * sum(sizes[:-1])
    there = os.statvfs(out)
    free = there.f_bavail * there.f_frsize
    if free >= needed:
        return True
    say(f"bench: {out}: {free >> 20} MiB are free, {needed >> 20} MiB are "
        "needed")
    return False


def main(argv):
    options = parse(argv)
    options.build = options.build.resolve()
    options.out = options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    if not free_enough(options.out, options.sizes):
        return 3
    driver.clear_away_when_ended()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scratch-",
                                           dir=options.out))
    bench = Bench(options, folder)
    os.chdir(folder)
    try:
        bench.run()
    except (costs.Failed, subprocess.SubprocessError) as failed:
        say(f"bench: {failed}")
        return 3
    except KeyboardInterrupt:
        say("bench: ended")
        return 130
    finally:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)
    report.plot(bench.results, options.out / "map.png")
    driver.leave(options.out, "map", report.text(bench.results),
                 bench.results)
    say(f"also: {options.out}/map.txt, map.tsv, map.png")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
