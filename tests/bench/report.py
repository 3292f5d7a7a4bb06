# SPDX-License-Identifier: BSD-2-Clause
"""report: what was measured, as tables, as TSV, as a plot, against the marks.

A row is (hosts, what, measure, value, unit): one number, and all there is to
say about it.
"""

import subprocess

from router import CHECK

K10, M1, M10 = 10000, 1000000, 10000000
OURS, OURS_MIXED = "route-compile", "route-compile, mixed list"
HTXT, LOAD = "httxt2dbm -f DB", "sort | db5.3_load"
MIB = 1 << 20

# Panel of the plot: title, measure, factor.
PANELS = (("making or reading a map: seconds", "seconds", 1),
          ("the same: peak memory, MiB", "peak memory", 1 / MIB),
          ("the same: bytes of the file a host", "bytes a host", 1),
          ("one decision, one thread: nanoseconds", "ns", 1))


def size_word(size):
    for unit, word in ((1000000, "M"), (1000, "k")):
        if size % unit == 0:
            return f"{size // unit} {word}"
    return str(size)


class Results:
    """`first` is what the first column holds."""

    def __init__(self, first="hosts"):
        self.first = first
        self.rows = []

    def add(self, hosts, what, measure, value, unit=""):
        self.rows.append((hosts, what, measure, value, unit))

    def get(self, hosts, what, measure):
        """The value, or None."""
        for row in self.rows:
            if row[:3] == (hosts, what, measure):
                return row[3]
        return None

    def sizes(self):
        return sorted({row[0] for row in self.rows})

    def whats(self, measure):
        """In the order in which they came."""
        return list(dict.fromkeys(row[1] for row in self.rows
                                  if row[2] == measure))

    def tsv(self):
        lines = [f"{self.first}\twhat\tmeasure\tvalue\tunit"]
        lines += [f"{hosts}\t{what}\t{measure}\t{number(value)}\t{unit}"
                  for hosts, what, measure, value, unit in self.rows]
        return "\n".join(lines) + "\n"


def number(value):
    return value if isinstance(value, str) else f"{value:.6g}" \
        if isinstance(value, float) else str(value)


def cell(value, form):
    """A number as a column shows it; a word, why there is none, as it is."""
    if value is None:
        return ""
    return value if isinstance(value, str) else format(value, form)


def table(title, heads, rows):
    """Left column left, all others right."""
    widths = [max(len(line[i]) for line in [heads, *rows])
              for i in range(len(heads))]
    lines = [title, ""]
    for line in [heads, *rows]:
        lines.append("  ".join(
            [line[0].ljust(widths[0])]
            + [text.rjust(width) for text, width in
               zip(line[1:], widths[1:])]).rstrip())
    return "\n".join(lines) + "\n"


def costs(results):
    heads = ["hosts, tool", "seconds", "cpu s", "peak MiB", "bytes/host"]
    rows = []
    for size in results.sizes():
        for what in results.whats("seconds"):
            got = [results.get(size, what, m) for m in
                   ("seconds", "cpu seconds", "peak memory", "bytes a host")]
            if got[0] is None:
                continue
            if not isinstance(got[2], (str, type(None))):
                got[2] /= MIB
            rows.append([f"{size_word(size):>5}  {what}",
                         cell(got[0], ".2f"), cell(got[1], ".2f"),
                         cell(got[2], ".0f"), cell(got[3], ".1f")])
    return table("Making a map (nginx, haproxy: reading one)", heads, rows)


def decisions(results):
    heads = ["hosts, what, threads", "a second", "ns", "p50", "p99", "p99.9",
             "instr."]
    rows = []
    for size in results.sizes():
        for what in results.whats("ns"):
            if results.get(size, what, "ns") is None:
                continue
            rows.append(
                [f"{size_word(size):>5}  {what}"]
                + [cell(results.get(size, what, m), ".0f") for m in
                   ("a second", "ns", "p50", "p99", "p99.9",
                    "instructions")])
    return table("Decisions (host and path made canonical, route found and "
                 "decoded)", heads, rows)


def swaps(results):
    heads = ["hosts", "seconds least", "median", "most"]
    rows = [[f"{size_word(size):>5}"]
            + [cell(results.get(size, "swap", m), ".3f")
               for m in ("least", "median", "most")]
            for size in results.sizes()
            if results.get(size, "swap", "most") is not None]
    return table("From the rename to an answer from the new map", heads, rows)


def memory(results):
    heads = ["hosts, memory of the router", "before KiB", "after KiB"]
    rows = []
    for size in results.sizes():
        for what in results.whats("before"):
            got = [results.get(size, what, m) for m in ("before", "after")]
            if got[0] is not None:
                rows.append([f"{size_word(size):>5}  {what}"]
                            + [f"{n / 1024:.0f}" for n in got])
    asked = [(row[0], row[3]) for row in results.rows
             if row[1:3] == ("unknown hosts", "requests")]
    text = table("Requests for random unknown hosts", heads, rows)
    for size, count in asked:
        rate = results.get(size, "unknown hosts", "a second")
        text += f"({count} requests, {rate:.0f} a second)\n"
    return text


def text(results):
    return "\n".join(part(results) for part in
                     (costs, decisions, swaps, memory, marks_table))


# ---- marks ----

def ratio(results, over, under):
    """Of two numbers, each (hosts, what, measure); None if one is missing."""
    values = [results.get(*over), results.get(*under)]
    if any(not isinstance(v, (int, float)) for v in values):
        return None
    return values[0] / values[1]


def marks(results):
    """(what, number or None, limit, unit, the number by processor time or
    None) of each."""
    def compare(over, under):
        return ratio(results, over, under)

    def times(name, over, under, limit):
        """A ratio of seconds."""
        by = [compare((*over, m), (*under, m))
              for m in ("seconds", "cpu seconds")]
        return name, by[0], limit, "x", by[1]

    def every(what, measure):
        """Of all sizes that have it."""
        return [row for row in (results.get(size, what, measure)
                                for size in results.sizes())
                if row is not None]

    peaks = [results.get(M10, what, "peak memory")
             for what in (OURS, OURS_MIXED)]
    peak = None if any(not isinstance(p, int) for p in peaks) else max(
        peaks) / MIB
    sizes = [compare((size, OURS, "bytes a host"),
                     (size, HTXT, "bytes a host"))
             for size in results.sizes()]
    sizes = [one for one in sizes if one is not None]
    grown = [(after - before) / 1024 for before, after in
             zip(every("RssAnon", "before"), every("RssAnon", "after"))]
    return [
        times("1 M plain: seconds, of httxt2dbm's", (M1, OURS), (M1, HTXT),
              0.5),
        times("1 M plain: seconds, of sort | db5.3_load's", (M1, OURS),
              (M1, LOAD), 2),
        times("10 M: seconds, of those of 1 M, plain list", (M10, OURS),
              (M1, OURS), 12),
        times("10 M: seconds, of those of 1 M, mixed list",
              (M10, OURS_MIXED), (M1, OURS_MIXED), 12),
        ("10 M, --memory 256m: peak of the worse list", peak, 320, "MiB",
         None),
        ("plain: the file, of httxt2dbm's, worst size",
         max(sizes, default=None), 1, "x", None),
        ("10 M: a decision, of one among 10 k, warm", None, 1.5, "x",
         compare((M10, "hit", "ns"), (K10, "hit", "ns"))),
        ("10 M: a bare get, of one among 10 k, warm", None, 2.5, "x",
         compare((M10, "get", "ns"), (K10, "get", "ns"))),
        ("a new map shows, worst of all swaps",
         max(every("swap", "most"), default=None), CHECK + 0.2, "s", None),
        ("random hosts: anonymous memory grows by",
         max(grown, default=None), 0, "KiB", None),
    ]


def marks_table(results):
    rows = []
    for what, value, limit, unit, cpu in marks(results):
        judged = cpu if value is None else value
        rows.append([what, cell(value, ".2f"), cell(cpu, ".2f"),
                     f"{limit:g} {unit}",
                     "not measured" if judged is None else
                     "met" if judged <= limit else "MISSED"])
    return table("Marks", ["what", "number", "cpu time", "at most", ""],
                 rows)


# ---- the plot ----

def plot_script(results, to):
    sizes = results.sizes()
    lines = [
        "set terminal pngcairo size 1700,1100 noenhanced",
        f"set output '{to}'", "set multiplot layout 2,2",
        "set logscale xy", "set grid", "set key outside right top",
        f"set xrange [{sizes[0] * 0.8}:{sizes[-1] * 1.25}]",
        "set key font ',9'", "set xlabel 'hosts'",
        "set xtics (" + ", ".join(
            f"'{size_word(size)}' {size}" for size in sizes) + ")"]
    for title, measure, factor in PANELS:
        parts = []
        for what in results.whats(measure):
            points = [(row[0], row[3] * factor) for row in results.rows
                      if row[1:3] == (what, measure)
                      and not isinstance(row[3], str)
                      and (measure != "ns" or "2 threads" not in what)]
            if not points:
                continue
            name = f"$d{len(lines)}"
            lines.append(f"{name} << END")
            lines += [f"{x} {y:.6g}" for x, y in sorted(points)]
            lines.append("END")
            parts.append(f"{name} with linespoints title '{what}'")
        lines.append(f"set title '{title}'")
        if measure == "bytes a host":
            lines.append("unset logscale y; set yrange [0:*]")
        else:
            lines.append("set logscale y; set yrange [*:*]")
        if parts:
            lines.append("plot " + ", ".join(parts))
    lines.append("unset multiplot")
    return "\n".join(lines) + "\n"


def plot(results, to):
    subprocess.run(["gnuplot"], input=plot_script(results, to), text=True,
                   check=True, timeout=60)
