# SPDX-License-Identifier: BSD-2-Clause
"""relay_report: what relay measured, as tables, as TSV, as a plot, against the
marks.

Of the rounds the median counts, beside the least and the most. What a round
says is compared with what the same round says of another row, as the machine
was the same then; of these ratios the median counts. A row with an error in
any round has no number at that place, but the error.
"""

import statistics
import subprocess

import report
from report import cell, table

SMALL, LARGE = "100 B", "1 MiB"
PER = 10000         # requests, of processor time
MS = 1000
PARTS = ("front", "behind", "origin", "wrk")   # who takes processor time
COUNTED = {"bare": "instructions", "browser": "with a browser's fields",
           "fastcgi_params": "with fastcgi_params", "counters": "counters",
           "log": "log", "journal": "journal", "written": "all three",
           "written, once": "each host once",
           "browser, written": "a browser's fields", "calls": "system calls"}


def middle(some, name):
    return statistics.median(getattr(one, name) for one in some)


FRONTS = ("nginx", "lighttpd", "apache2", "haproxy", "caddy")


def cost(load, group):
    """Processor seconds for PER requests: of wrk, the origin, or a row, that
    is its web server (front) and the program that this asks (behind)."""
    def belongs(name, program):
        part = "front" if program in FRONTS else "behind"
        return group in (name, part if name == "row" else name)

    return sum(seconds for key, seconds in load.cpu.items()
               if belongs(*key)) * PER / load.requests


class Loads:
    """A Load, or why there is none, for each place, row and round."""

    def __init__(self, points, some):
        self.points = list(points)
        self.rows = list(some)
        self.found = {}
        self.counts = {}   # by kind: name: how many of it a request is

    def add(self, size, connections, row, turn, load):
        self.found.setdefault((size, connections, row.key), {})[turn] = load

    def all(self, point, key):
        """The rounds, in order; [] where one of them failed or none was."""
        rounds = self.found.get((*point, key), {})
        some = [rounds[turn] for turn in sorted(rounds)]
        return [] if any(isinstance(one, str) for one in some) else some

    def why(self, point, key):
        """The first error, or None."""
        return next((one for one in
                     self.found.get((*point, key), {}).values()
                     if isinstance(one, str)), None)

    def broken(self):
        """Has any row no number where it should?"""
        return any(isinstance(one, str) for rounds in self.found.values()
                   for one in rounds.values())

    def ratio(self, point, over, under, what):
        """The median over rounds; what(load) is the number. None if there is
        none."""
        pairs = list(zip(self.all(point, over), self.all(point, under)))
        return statistics.median(what(a) / what(b) for a, b in pairs) \
            if pairs else None

    def numbers(self):
        """Every number as a line."""
        results = report.Results("answer, connections")
        for point in self.points:
            where = f"{point[0]}, {point[1]}"
            for row in self.rows:
                why = self.why(point, row.key)
                if why:
                    results.add(where, row.title, "invalid", why)
                some = self.all(point, row.key)
                if some:
                    add_row(results, where, row.title, some)
        for kind, some in self.counts.items():
            measure = COUNTED[kind] if kind == "calls" else \
                f"instructions, {kind}"
            for name, value in some.items():
                results.add("one request", name, measure, value)
        for what, value, limit, _ in marks(self):
            if value is not None:
                results.add("marks", what, limit, value)
        return results


def add_row(results, where, title, some):
    rates = [one.rate for one in some]
    for measure, value in (("a second", statistics.median(rates)),
                           ("a second, least", min(rates)),
                           ("a second, most", max(rates))):
        results.add(where, title, measure, value)
    for name in ("p50", "p99"):
        results.add(where, title, name, middle(some, name) * MS, "ms")
    for group, program in sorted(set().union(*(one.cpu for one in some))):
        results.add(where, title, f"{group}: {program}", statistics.median(
            one.cpu.get((group, program), 0) * PER / one.requests
            for one in some), f"cpu s/{PER}")


# ---- tables ----

def place(results, point):
    """All rows with one size of answers and so many connections."""
    size, connections = point
    heads = ["row", "req/s", "least", "most", "of nginx", "p50 ms", "p99 ms",
             *PARTS, "all"]
    lines = []
    for row in results.rows:
        if size not in row.sizes:
            continue
        some = results.all(point, row.key)
        if not some:
            why = results.why(point, row.key)
            lines.append([row.title, "invalid" if why else "",
                          *[""] * (len(heads) - 2)])
            continue
        rates = [one.rate for one in some]
        parts = [statistics.median(cost(one, part) for one in some)
                 for part in PARTS]
        lines.append(
            [row.title, f"{statistics.median(rates):.0f}",
             f"{min(rates):.0f}", f"{max(rates):.0f}",
             cell(results.ratio(point, row.key, "nginx",
                                lambda one: one.rate), ".2f")]
            + [f"{middle(some, name) * MS:.2f}" for name in ("p50", "p99")]
            + [f"{part:.2f}" for part in (*parts, sum(parts))])
    word = "connection" if connections == 1 else "connections"
    return table(f"{size}, {connections} {word} (the last columns: cpu s for "
                 f"{PER} requests)", heads, lines)


def invalid(results):
    lines = [[row.title, f"{point[0]}, {point[1]}", results.why(point,
                                                                row.key)]
             for point in results.points for row in results.rows
             if results.why(point, row.key)]
    return [table("Invalid", ["row", "where", "why"], lines)] if lines else []


def counted(results, title, kinds):
    """One request of the router, by parts; the most costly first."""
    some = [results.counts.get(kind, {}) for kind in kinds]
    names = sorted(set().union(*some), key=lambda name: -max(
        one.get(name, 0) for one in some))
    form = ".2f" if "calls" in kinds else ".0f"
    lines = [[name, *(format(one.get(name, 0), form) for one in some)]
             for name in names]
    lines = [line for line in lines if set(line[1:]) != {format(0, form)}]
    lines.append(["all", *(format(sum(one.values()), form) for one in some)])
    return [table(title, ["", *(COUNTED[kind] for kind in kinds)],
                  lines)] if names else []


def text(results):
    return "\n".join([
        *(place(results, point) for point in results.points
          if any(results.found.get((*point, row.key))
                 for row in results.rows)),
        *invalid(results),
        *counted(results, "One request: user-space instructions",
                 ["bare", "browser", "fastcgi_params"]),
        *counted(results, "What is written down: user-space instructions",
                 ["bare", "counters", "log", "journal", "written",
                  "written, once"]),
        *counted(results, "The same, with a browser's fields",
                 ["browser", "browser, written"]),
        *counted(results, "One request: system calls", ["calls"]),
        marks_table(results)])


# ---- marks ----

USUAL, ALONE, CROWD = (SMALL, 32), (SMALL, 1), (SMALL, 256)
APACHES = (("RewriteMap", "apache-rewritemap"),
           ("mod_proxy_express", "apache-express"))

# What, where, a row and the one it is compared with, of what, the mark.
RATIOS = (
    ("nginx -> router, of nginx", USUAL, "nginx-router", "nginx", "rate",
     ">=", 0.62),
    ("lighttpd -> router, of lighttpd", USUAL, "lighttpd-router", "lighttpd",
     "rate", ">=", 1),
    ("Apache -> router, of RewriteMap", USUAL, "apache-router",
     "apache-rewritemap", "rate", ">=", 0.8),
    ("Apache -> router, of mod_proxy_express", USUAL, "apache-router",
     "apache-express", "rate", ">=", 1.05),
    ("Apache -> router, of RewriteMap, plain", USUAL, "apache-router",
     "apache-rewritemap-plain", "rate", ">=", 0.8),
    ("Apache -> router, of mod_proxy_express, plain", USUAL, "apache-router",
     "apache-express-plain", "rate", ">=", 1.05),
    ("nginx -> router, of Go", USUAL, "nginx-router", "go", "rate", ">=",
     4.5),
    ("nginx -> router, of Go, as it comes", USUAL, "nginx-router", "go-plain",
     "rate", ">=", 4.5),
    ("nginx -> router, of PHP-FPM", USUAL, "nginx-router", "php", "rate",
     ">=", 4),
    ("1 MiB: nginx -> router, of nginx", (LARGE, 32), "nginx-router", "nginx",
     "rate", ">=", 0.7),
    ("p99 at 256: nginx -> router, of nginx", CROWD, "nginx-router", "nginx",
     "p99", "<=", 2),
    *((f"p99 at 256: nginx -> router, of {name}", CROWD, "nginx-router", key,
       "p99", "<=", 1) for name, key in APACHES),
    *((f"p99 at 256: Apache -> router, of {name}", CROWD, "apache-router",
       key, "p99", "<=", 1) for name, key in APACHES),
    ("p50 at 1: nginx -> router, of nginx", ALONE, "nginx-router", "nginx",
     "p50", "<=", 2),
)
MOST = (("bare", 32000), ("calls", 8))
MOST_WRITTEN = (("written", "bare", 1.08),
                ("browser, written", "browser", 1.08))


def marks(results):
    """(what, number or None, mark, is it met)."""
    for what, point, over, under, name, sign, limit in RATIOS:
        value = results.ratio(point, over, under,
                              lambda one, name=name: getattr(one, name))
        met = value is not None and (value >= limit if sign == ">="
                                     else value <= limit)
        yield what, value, f"{sign} {limit:g}", met
    for kind, limit in MOST:
        # A request makes whole calls; one in hundreds is somebody else's.
        value = round(sum(results.counts.get(kind, {}).values()), 1) or None
        yield (f"one request: {COUNTED[kind]}", value, f"<= {limit}",
               value is not None and value <= limit)
    for kind, bare, limit in MOST_WRITTEN:
        some, base = (sum(results.counts.get(one, {}).values())
                      for one in (kind, bare))
        value = some / base if base else None
        yield (f"one request: {COUNTED[kind]} on, of off", value,
               f"<= {limit}", value is not None and value <= limit)


def marks_table(results):
    rows = [[what, cell(value, ".2f" if value is None or value < 1000
                        else ".0f"), limit,
             "not measured" if value is None else "met" if met else "MISSED"]
            for what, value, limit, met in marks(results)]
    return table("Marks", ["what", "number", "mark", ""], rows)


# ---- the plot ----

def panel(results, point, title, value):
    """Bars, a row each."""
    lines = ["$d << END"]
    for row in results.rows:
        some = results.all(point, row.key)
        if some:
            lines.append(f'"{row.key}" '
                         f"{statistics.median(map(value, some)):.6g}")
    if len(lines) == 1:
        return []
    return [f"set title '{title}'", *lines, "END",
            "plot $d using 2:xtic(1) notitle with boxes"]


def plot_script(results, to):
    lines = ["set terminal pngcairo size 1700,1200 noenhanced",
             f"set output '{to}'", "set multiplot layout 2,2",
             "set style fill solid 0.6", "set boxwidth 0.7",
             "set xtics rotate by -40 font ',9'", "set grid ytics",
             "set yrange [0:*]"]
    lines += panel(results, (SMALL, 32),
                   "requests a second: 100 B, 32 connections",
                   lambda one: one.rate)
    lines += panel(results, (SMALL, 256),
                   "p99, ms: 100 B, 256 connections",
                   lambda one: one.p99 * MS)
    lines += panel(results, (SMALL, 32),
                   "cpu seconds of 10,000 requests, without wrk and the "
                   "origin: 100 B, 32 connections",
                   lambda one: cost(one, "row"))
    lines += panel(results, (LARGE, 32),
                   "answers a second: 1 MiB, 32 connections",
                   lambda one: one.rate)
    lines.append("unset multiplot")
    return "\n".join(lines) + "\n"


def plot(results, to):
    subprocess.run(["gnuplot"], input=plot_script(results, to), text=True,
                   check=True, timeout=60)
