# SPDX-License-Identifier: BSD-2-Clause
"""failing: the driver of ./failover, which has looked for programs and built
ours."""

import subprocess
import sys

import driver
import fleets
import report
import router
from costs import Failed
from driver import say

import fleet
import lab as labs
import storm

TROUBLE = (Failed, labs.Trouble, OSError, ValueError,
           subprocess.SubprocessError)
SLOW = 1.0          # seconds, of an origin that is slowed: twice its time
HURT = 0.9 * fleets.WAIT / 1000   # seconds, of a request that waited in vain
WARM = 400          # requests, before the storm
TAIL = 5.0          # seconds behind the storm, for shares to return
WHAT = {"kill": "killed", "hang": "hung", "slow": "slow"}


def parse(argv):
    keys = ", ".join(fleets.BY_KEY)
    parser = driver.parser(
        "failover", "Three origins in a storm, behind the router and behind "
        "others.", "failover.txt and failover.tsv", f"Rows: {keys}. ")
    parser.add_argument("--only", metavar="ROW,...",
                        help="these rows (all)")
    parser.add_argument("--quick", action="store_true",
                        help="the storm in half of its time")
    options = parser.parse_args(argv)
    options.rows = fleets.ROWS
    if options.only:
        chosen = options.only.split(",")
        unknown = [key for key in chosen if key not in fleets.BY_KEY]
        if unknown:
            parser.error(f"no row is called {unknown[0]}; there are: {keys}")
        options.rows = [fleets.BY_KEY[key] for key in chosen]
    options.scale = 1.0 if options.quick else 2.0
    return options


def measure(row, options, results):
    """The storm over one row; all its numbers."""
    lab = router.lab(options.build)
    try:
        ships = {ship.name: ship for ship in
                 fleet.fleet(lab, storm.WEIGHTS, SLOW)}
        port = row.start(lab, ships)
        with storm.Askers(port, fleets.HOST) as askers:
            labs.until(lambda: len(askers.results) >= WARM, 20, "it answers")
            before = len(askers.results)
            strikes = storm.play(ships, scale=options.scale)
            storm.wait_until(strikes[-1].ended + TAIL)
        asked = askers.results[before:]
        wrong = [one for one in askers.results[:before] if not one.origin]
        if wrong:
            raise Failed(f"before the storm: {wrong[0]}")
        tell(row, asked, strikes, ships, results)
    finally:
        lab.close()


def tell(row, asked, strikes, ships, results):
    def add(measure, value, unit=""):
        results.add(row.title, "storm", measure, value, unit)

    safe = sum(one.safe for one in asked)
    add("may be repeated", safe)
    add("of these lost", len(storm.lost(asked)))
    add("POST", len(asked) - safe)
    add("of these not answered", len(storm.failed(asked)))
    add("of these doubled", len(storm.doubled(ships)))
    add("the longest took", max(one.took for one in asked), "s")
    for number, strike in enumerate(strikes, 1):
        where = f"{number}: {WHAT[strike.verb]}"
        results.add(row.title, where, "noticed after",
                    storm.noticed(asked, strike, HURT), "s")
        results.add(row.title, where, "its share back after",
                    storm.recovered(asked, strike), "s")


# ---- tables ----

def column(results, what, measure):
    value = {row[0]: row[3] for row in results.rows
             if row[1:3] == (what, measure)}
    return [report.cell(value.get(title), ".2f")
            if isinstance(value.get(title), float) or title not in value
            or value[title] is None else str(value[title])
            for title in titles(results)]


def titles(results):
    return list(dict.fromkeys(row[0] for row in results.rows))


def block(results, title, picked):
    """One line a row, one column a (heading, what, measure)."""
    columns = [column(results, what, measure) for _, what, measure in picked]
    return report.table(title, ["row", *(head for head, *_ in picked)],
                        [list(line) for line in
                         zip(titles(results), *columns)])


def text(results):
    measures = list(dict.fromkeys(row[2] for row in results.rows
                                  if row[1] == "storm"))
    strikes = list(dict.fromkeys(row[1] for row in results.rows
                                 if row[1] != "storm"))
    return "\n".join([
        block(results, "Requests",
              [(measure, "storm", measure) for measure in measures]),
        *(block(results, f"Seconds: {measure}",
                [(strike, strike, measure) for strike in strikes])
          for measure in ("noticed after", "its share back after"))])


def main(argv):
    options = parse(argv)
    options.build = options.build.resolve()
    driver.clear_away_when_ended()
    results = report.Results("row")
    wrong = 0
    for row in options.rows:
        say(f"{row.title} ...")
        try:
            measure(row, options, results)
        except TROUBLE as trouble:
            say(f"{row.title}: {trouble}")
            wrong = 1
    driver.leave(options.out, "failover", text(results), results)
    return wrong


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("failover: ended")
        sys.exit(130)
