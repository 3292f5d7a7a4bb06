# SPDX-License-Identifier: BSD-2-Clause
"""pressure: the driver of ./pressure, which has looked for programs and built
ours."""

import os
import sys
import threading
import time

import driver
import report
import router
import starts
from driver import say

PARTS = ("http", "https", "streams", "start")
LANES = 4           # connections of the normal traffic
RATE = 25           # requests a second on each
LARGE = 16000000    # bytes of an answer that a slow client reads
WARM = 300          # requests before anything is looked at
KIB = 1024
MIB = 1024 * KIB
MARKS = {"http": 64, "https": 128}     # KiB an open exchange
STREAMS_MARK = 400  # MiB


def parse(argv):
    parser = driver.parser(
        "pressure", "What slow clients, slow origins and idle streams cost, "
        "and what a start and an idle router do.",
        "pressure.txt and pressure.tsv")
    parser.add_argument("--only", choices=PARTS, action="append",
                        help="this part; may be repeated")
    parser.add_argument("--count", type=int, default=500,
                        help="slow clients, and as many slow origins (500)")
    parser.add_argument("--streams", type=int, default=5000,
                        help="idle server-sent-event streams (5000)")
    parser.add_argument("--seconds", type=float, default=30,
                        help="of normal traffic, each time (30)")
    parser.add_argument("--hold", type=float, default=60,
                        help="seconds to hold the streams (60)")
    parser.add_argument("--routes", type=int, default=10000000,
                        help="in the large map of a start (10000000)")
    parser.add_argument("--rounds", type=int, default=300,
                        help="of starts (300)")
    parser.add_argument("--callgrind", action="store_true",
                        help="count a start's instructions (takes valgrind)")
    options = parser.parse_args(argv)
    if min(options.count, options.streams, options.routes,
           options.rounds) < 1:
        parser.error("all numbers are 1 at least")
    return options


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


# ---- a site ----

class Pressed:
    """nginx, the router with its least of workers, an origin that answers and
    one that others wait for."""

    def __init__(self, build, scheme="http", **settings):
        self.place = router.lab(build)
        # What is to be imported is beside the lab.
        import crowd     # pylint: disable=import-outside-toplevel
        import load      # pylint: disable=import-outside-toplevel
        import pressing  # pylint: disable=import-outside-toplevel
        import setups    # pylint: disable=import-outside-toplevel
        self.crowd, self.look = crowd, pressing
        place = self.place
        self.cores = os.cpu_count()
        place.settings = {"router__workers_min": str(self.cores),
                          "router__workers_max": str(self.cores),
                          "relay__connect_timeout": "30s",
                          "relay__response_timeout": "300s",
                          "relay__idle_timeout": "300s", **settings}
        files = pressing.certificate(place) if scheme == "https" else ()
        self.slow = self.peers("origin", *files)
        fast = load.FastOrigins(place, "fast")
        place.routes(f"site.test {fast.url('fast')}\nslow.test {scheme}://"
                     f"127.0.0.1:{self.slow.tell()['port']}\n")
        environment = {"SSL_CERT_FILE": str(files[0])} if files else {}
        self.site = pressing.Wide(place, setups.SETUPS["nginx"],
                                  environment=environment).start()
        self.pid = place.router_pids()[0]
        for _ in range(WARM):
            self.ask("site.test", "/")
            self.ask("slow.test", "/")

    def peers(self, *arguments):
        made = self.crowd.Crowd(*arguments)
        self.place.cleanups.append(made.close)
        return made

    def ask(self, host, target):
        import client  # pylint: disable=import-outside-toplevel
        answer = client.ask(self.site.port, target=target, host=host)
        assert answer.status == 200, answer

    def open(self, count, target, rate, pace):
        """So many clients; when all of their requests are at the origin."""
        before = self.slow.tell()["asked"]
        peers = self.peers("clients", self.site.port, count, "slow.test",
                           target, rate, pace)
        end = time.monotonic() + 60 + 2 * count / pace
        while self.slow.tell()["asked"] < before + count:
            if time.monotonic() > end:
                raise router.Failed(f"{peers.tell()} of {count}")
            threading.Event().wait(0.1)
        return peers

    def rest(self):
        """Until the router has nothing to do."""
        before = -1
        while (now := self.look.cpu(self.pid)) != before:
            before = now
            threading.Event().wait(0.5)

    def close(self):
        self.place.close()


class Watch:
    """The most of something while others go on."""

    def __init__(self, look):
        self.look = look
        self.most = look()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.ended.wait(0.1):
            self.most = max(self.most, self.look())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.ended.set()
        self.thread.join()


def traffic(port, seconds):
    """Requests at set times, and how long after these they were answered:
    (seconds, failures)."""
    import client  # pylint: disable=import-outside-toplevel
    took, failures = [], []

    def lane(number):
        with client.Client(port) as one:
            begin = time.monotonic() + number / RATE / LANES
            for turn in range(int(seconds * RATE)):
                due = begin + turn / RATE
                threading.Event().wait(max(0, due - time.monotonic()))
                try:
                    answer = one.get("/")
                    if answer.status != 200:
                        failures.append(answer.status)
                except (OSError, ValueError) as error:
                    failures.append(repr(error))
                    return
                took.append(time.monotonic() - due)

    lanes = [threading.Thread(target=lane, args=(n,)) for n in range(LANES)]
    for one in lanes:
        one.start()
    for one in lanes:
        one.join()
    return took, failures


# ---- slow clients and slow origins ----

def add_traffic(results, what, took, failures):
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        results.add("", what, f"{name} of normal traffic",
                    percentile(took, share) * 1000, "ms")
    results.add("", what, "failures of normal traffic", len(failures))
    for failure in failures[:3]:
        say(f"{what}: {failure}")


def crowds(results, options, scheme):
    """Slow ones of both kinds, counted one kind after the other and pressed
    together."""
    pressed = Pressed(options.build, scheme)
    pace = 200 if scheme == "http" else 50
    look = pressed.look
    try:
        add_traffic(results, f"{scheme}, idle",
                    *traffic(pressed.site.port, options.seconds))
        start = before = look.private_dirty(pressed.pid)
        idle = look.threads(pressed.pid)
        kept = []
        with Watch(lambda: look.private_dirty(pressed.pid)) as memory, \
                Watch(lambda: look.threads(pressed.pid)) as crew:
            for kind, target, rate in (
                    ("waits for its origin", "/think/250", 0),
                    ("has a slow client", f"/bytes/{LARGE}", KIB)):
                kept.append(pressed.open(options.count, target, rate, pace))
                pressed.rest()
                now = look.private_dirty(pressed.pid)
                results.add(options.count, f"{scheme}, {kind}", "memory each",
                            (now - before) / options.count / KIB, "KiB")
                before = now
            add_traffic(results, f"{scheme}, pressed",
                        *traffic(pressed.site.port, options.seconds))
        open_ones = 2 * options.count
        results.add(open_ones, f"{scheme}, pressed", "peak memory each",
                    (memory.most - start) / open_ones / KIB, "KiB")
        results.add(open_ones, f"{scheme}, pressed", "threads more than idle",
                    crew.most - idle)
        wrong = sum(count for peers in kept
                    for name, count in peers.tell().items()
                    if name not in ("bytes", "status 200", "slowest"))
        results.add(open_ones, f"{scheme}, pressed", "slow ones that failed",
                    wrong)
    finally:
        pressed.close()


def streams(results, options):
    pressed = Pressed(options.build, router__workers_max="8")
    look = pressed.look
    what = "idle streams"
    try:
        peers = pressed.open(options.streams, "/events", 0, 500)
        pressed.rest()
        used, began = look.cpu(pressed.pid), time.monotonic()
        with Watch(lambda: look.rss(pressed.pid)) as memory, \
                Watch(lambda: look.threads(pressed.pid)) as crew:
            add_traffic(results, what,
                        *traffic(pressed.site.port, options.hold))
        passed = time.monotonic() - began
        results.add(options.streams, what, "peak memory", memory.most / MIB,
                    "MiB")
        results.add(options.streams, what, "of a processor, traffic included",
                    100 * (look.cpu(pressed.pid) - used) / passed, "%")
        results.add(options.streams, what, "threads, the main one too",
                    crew.most)
        results.add(options.streams, what, "that ended",
                    peers.tell().get("ended", 0))
    finally:
        pressed.close()


# ---- all of it ----

def marks(results):
    """(what, value, mark, unit)."""
    for scheme, most in MARKS.items():
        for row in results.rows:
            if row[1].startswith(f"{scheme},") and "memory each" in row[2]:
                yield f"{row[1]}: {row[2]}", row[3], most, "KiB"
    for row in results.rows:
        if row[1:3] == ("idle streams", "peak memory"):
            yield f"{row[0]} {row[1]}: {row[2]}", row[3], STREAMS_MARK, "MiB"
    yield from starts.marks(results)


def text(results):
    lines = [report.table(
        "Measured", ["what", "of", "measure", "value", "unit"], [
            [row[1], str(row[0]), row[2], report.cell(row[3], ".2f")
             if isinstance(row[3], float) else str(row[3]), row[4]]
            for row in results.rows])]
    against = [[what, f"{value:.2f}", str(most), unit,
                "met" if value <= most else "missed"]
               for what, value, most, unit in marks(results)]
    if against:
        lines.append(report.table(
            "Marks", ["what", "value", "at most", "unit", ""], against))
    return "\n".join(lines)


def main(argv):
    options = parse(argv)
    driver.clear_away_when_ended()
    options.build = options.build.resolve()
    results = report.Results()
    for part in options.only or PARTS:
        say(f"{part} ...")
        if part == "streams":
            streams(results, options)
        elif part == "start":
            starts.measure(results, options)
        else:
            crowds(results, options, part)
    driver.leave(options.out, "pressure", text(results), results)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except router.Failed as failed:
        say(f"pressure: {failed}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
