# SPDX-License-Identifier: BSD-2-Clause
"""relaying: the driver of ./relay, which has looked for programs and built
ours."""

import contextlib
import subprocess
import sys
import time

import counts
import driver
import ground
import loads
import relay_report
import rows
from costs import Failed
from driver import say

import lab as labs

TROUBLE = (Failed, labs.Trouble, OSError, ValueError,
           subprocess.SubprocessError)
TOLD = 300          # characters of why a row does not count
CONNECTIONS = (1, 32, 256)
COUNTS = "counts"   # among the rows: what a request is to the router
QUICK = (("100 B", 1), ("100 B", 32), ("100 B", 256), ("1 MiB", 32))


def parse(argv):
    every = [*rows.BY_KEY, COUNTS]
    keys = ", ".join(every)
    parser = driver.parser(
        "relay", "The router behind web servers, and what these do by "
        "themselves, side by side under load.",
        "relay.txt, relay.tsv and relay.png",
        f"Rows: {keys}. The last are the instructions and system calls of "
        "one request. ")
    parser.add_argument("--only", metavar="ROW,...",
                        help="these rows (all)")
    parser.add_argument("--quick", action="store_true",
                        help="one round of one second, and fewer sizes")
    parser.add_argument("--rounds", type=int,
                        help="of everything, in turn (3)")
    parser.add_argument("--seconds", type=int,
                        help="of each load (3)")
    parser.add_argument("--hosts", type=int, default=ground.HOSTS,
                        help="in every map (100000)")
    options = parser.parse_args(argv)
    standard = 1 if options.quick else 3
    for name in ("rounds", "seconds"):
        if getattr(options, name) is None:
            setattr(options, name, standard)
    if min(options.rounds, options.seconds) < 1 or options.hosts < 1000:
        parser.error("--rounds and --seconds are 1 at least, --hosts 1000")
    chosen = options.only.split(",") if options.only else every
    unknown = [key for key in chosen if key not in every]
    if unknown:
        parser.error(f"no row is called {unknown[0]}; there are: {keys}")
    options.counts = COUNTS in chosen
    options.rows = [row for row in rows.ROWS if row.key in chosen]
    options.points = QUICK if options.quick else [
        (size, connections) for size in ground.SIZES
        for connections in CONNECTIONS]
    return options


def begin(options, base, results, held):
    """All rows, started and right; those that are not are told."""
    running = []
    for row in options.rows:
        began = time.monotonic()
        try:
            one = rows.Running(row, base)
            held.callback(one.close)
            loads.check(one, base)
        except TROUBLE as trouble:
            refuse(results, row, trouble)
            continue
        with contextlib.suppress(Failed):
            # Who starts processes or threads for a load has them then.
            loads.ask(one, base, row.sizes[0], max(CONNECTIONS), 1)
        running.append(one)
        say(f"{row.title}: there after {time.monotonic() - began:.1f} s")
    return running


def refuse(results, row, trouble):
    why = " ".join(str(trouble).split())[:TOLD]
    say(f"{row.title}: {why}")
    for size, connections in results.points:
        if size in row.sizes:
            results.add(size, connections, row, 0, why)


def measure(options, base, running, results):
    for turn in range(options.rounds):
        for size, connections in options.points:
            for one in running:
                if size not in one.row.sizes:
                    continue
                try:
                    load = loads.ask(one, base, size, connections,
                                     options.seconds)
                except Failed as failed:
                    say(f"{one.row.title}: {size}, {connections}: {failed}")
                    load = str(failed)
                results.add(size, connections, one.row, turn, load)
            if running:
                say(f"round {turn + 1} of {options.rounds}: {size}, "
                    f"{connections}: done")
    for one in running:
        try:
            loads.check(one, base)
        except TROUBLE as trouble:
            refuse(results, one.row, trouble)


def count(base, results):
    for kind in counts.KINDS:
        results.counts[kind] = counts.request(base, counts.callgrind, kind)
    results.counts["calls"] = counts.request(base, counts.strace)
    say("instructions and system calls: done")


def main(argv):
    options = parse(argv)
    options.build = options.build.resolve()
    options.out = options.out.resolve()
    driver.clear_away_when_ended()
    results = relay_report.Loads(options.points, options.rows)
    try:
        with contextlib.ExitStack() as held:
            base = ground.Ground(options.build, options.hosts)
            held.callback(base.close)
            try:
                running = begin(options, base, results, held)
                measure(options, base, running, results)
                if options.counts:
                    count(base, results)
            finally:
                driver.no_longer_ended()
    except TROUBLE as trouble:
        say(f"relay: {trouble}")
        return 3
    except KeyboardInterrupt:
        say("relay: ended")
        return 130
    driver.leave(options.out, "relay", relay_report.text(results),
                 results.numbers())
    relay_report.plot(results, options.out / "relay.png")
    say(f"also: {options.out}/relay.txt, relay.tsv, relay.png")
    return 1 if results.broken() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
