# SPDX-License-Identifier: BSD-2-Clause
"""router: a running router: when it answers from a new map, and its memory."""

import os
import pathlib
import subprocess
import sys
import threading
import time

import lists
from costs import Failed

E2E = pathlib.Path(__file__).resolve().parents[1] / "e2e"
sys.path.insert(0, str(E2E))
CHECK = 1.0          # seconds, the default of router.ini
PATIENCE = 30        # seconds, for a map to show
RANDOMS_LIMIT = 1800
CONNECTIONS = 4
WARM = 100000        # requests before memory is looked at


def lab(build):
    """tests/e2e's lab, on our build."""
    os.environ["BUILD_DIR"] = str(build)
    import lab as labs  # pylint: disable=import-outside-toplevel
    return labs.Lab("bench")


def peer(place):
    import fcgi  # pylint: disable=import-outside-toplevel
    return fcgi.Peer(place)


def start(place, settings):
    """The router, as the user who runs this: maps are in a folder of ours."""
    place.configure(**settings)
    return place.start_router(user=None, group=None, extra_groups=None)


def put(map_file, to):
    """As route-compile does at its end: a rename. When it was done."""
    fresh = to.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    os.link(map_file, fresh)
    os.rename(fresh, to)
    return time.monotonic()


def ask(connection, host):
    connection.send(request(host))
    return connection.reply().status


def request(host):
    import fcgi  # pylint: disable=import-outside-toplevel
    return fcgi.request("/", host=host, keep=True)


def until_it_shows(connection, expected, since):
    """Asks without a pause until the answer is the new map's. Seconds."""
    while True:
        status = ask(connection, lists.MARKER)
        now = time.monotonic()
        if status == expected:
            return now - since
        if now - since > PATIENCE:
            raise Failed(f"the new map does not show: {status}")


def swaps(build, with_marker, without, count):
    """Seconds from a rename to an answer from the new map, for each."""
    place = lab(build)
    pause = threading.Event()
    seconds = []
    try:
        live = with_marker.parent / "live.db"
        put(with_marker, live)
        start(place, {"router__map": str(live)})
        with peer(place.socket) as connection:
            until_it_shows(connection, 200, time.monotonic())
            for number in range(count):
                new, status = ((without, 404), (with_marker, 200))[number % 2]
                # A map shows at a look of the router, and the next look is
                # a second later: from just behind it to just before it.
                pause.wait(CHECK * (number + 0.02) / count)
                seconds.append(until_it_shows(connection, status,
                                              put(new, live)))
        return seconds
    finally:
        place.close()
        (with_marker.parent / "live.db").unlink(missing_ok=True)


# ---- memory ----

def memory(pid):
    """RssAnon, RssFile and Pss in bytes."""
    found = {}
    for name in ("status", "smaps_rollup"):
        with open(f"/proc/{pid}/{name}", encoding="ascii") as text:
            for line in text:
                key, _, value = line.partition(":")
                if key in ("RssAnon", "RssFile", "Pss"):
                    found[key] = int(value.split()[0]) * 1024
    return found


def ask_randoms(build, place, count, seed):
    """Requests a second."""
    run = subprocess.run(
        [build / "tests/bench/randoms", place.socket, str(CONNECTIONS),
         str(count), str(seed)], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=RANDOMS_LIMIT, check=False)
    if run.returncode:
        raise Failed(run.stderr.strip())
    done, seconds = run.stdout.split()
    return int(done) / float(seconds)


def randoms(build, map_file, count):
    """Memory before and after, and requests a second."""
    place = lab(build)
    try:
        process = start(place, {"router__map": str(map_file)})
        ask_randoms(build, place, min(WARM, count), 1)
        before = memory(process.pid)
        rate = ask_randoms(build, place, count, 2)
        return before, memory(process.pid), rate
    finally:
        place.close()
