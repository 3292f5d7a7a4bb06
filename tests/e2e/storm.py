# SPDX-License-Identifier: BSD-2-Clause
"""storm: what befalls a fleet by a script while it is asked without a pause,
and what came of each request.

Nothing here knows the router: tests/bench/failover has others in the same
storm.
"""

import collections
import dataclasses
import threading
import time

import fleet
from client import Client, pattern

WEIGHTS = {"a": 2, "b": 1, "c": 1}
CLIENTS = 20
PACE = 0.04         # seconds that a client rests between two requests
PATIENCE = 20       # seconds, after which a client holds a request for lost
SMALL = pattern(2000)
BODIES = {"GET": None, "DELETE": None, "PUT": SMALL, "POST": SMALL}
TURNS = ("GET", "POST", "GET", "PUT", "GET", "POST", "GET", "DELETE")
RUN = 40            # requests in a row, from which is told how things stand

# When, what, to whom. Never are all down at once; the last line ends it.
SCRIPT = (
    (0.5, "kill", "a"),
    (2.0, "start", "a"),
    (4.0, "hang", "b"),
    (5.5, "go_on", "b"),
    (7.0, "slow", "c"),
    (8.5, "hasten", "c"),
    (10.0, "kill", "b"),
    (10.1, "hang", "a"),
    (11.5, "start", "b"),
    (11.6, "go_on", "a"),
)
LASTS = 12.0
STRIKES = ("kill", "hang", "slow")


@dataclasses.dataclass(frozen=True)
class Result:
    began: float
    took: float
    method: str
    target: str
    origin: str     # who answered; "": nobody did, or not rightly
    fault: str      # what came instead

    @property
    def safe(self):
        return self.method not in fleet.UNSAFE


@dataclasses.dataclass
class Strike:
    """One thing that befell an origin, and its end."""
    verb: str
    name: str
    began: float
    ended: float = 0.0


class Askers:
    """Clients that ask until stop(). Each request has a target of its own."""

    def __init__(self, port, host, names=tuple(WEIGHTS), clients=CLIENTS):
        self.port = port
        self.host = host
        self.names = names
        self.results = []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(n,))
                        for n in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self, number):
        client = None
        turn = number   # not all with the same method at once
        while not self.stopped.wait(PACE):
            turn += 1
            began = time.monotonic()
            method, target = TURNS[turn % len(TURNS)], f"/{number}/{turn}"
            origin, fault = "", ""
            try:
                client = client or Client(self.port, PATIENCE)
                client.send(method, target, self.host, body=BODIES[method])
                origin, fault = self._judge(client.answer(method), method,
                                            target)
            except (OSError, ValueError, IndexError) as error:
                fault = repr(error)
                if client:
                    client.close()
                client = None
            self.results.append(Result(began, time.monotonic() - began,
                                       method, target, origin, fault))
        if client:
            client.close()

    def _judge(self, answer, method, target):
        if answer.status != 200 or answer.broken:
            return "", f"{answer.status} {answer.get('X-Router-Reason')} " \
                f"{answer.broken or ''}"
        name = answer.text.partition(" ")[0]
        wanted = fleet.answer(name, method, target, BODIES[method] or b"")
        if name not in self.names or answer.body != wanted:
            return "", f"wrong: {answer.body[:100]!r}"
        return name, ""

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


def wait_until(when):
    threading.Event().wait(max(0.0, when - time.monotonic()))


def play(ships, scale=1.0, turn=0):
    """Does what the script says; what befell whom, and when. In another turn
    another origin has each part."""
    began = time.monotonic()
    parts = list(ships)
    strikes, open_ones = [], {}
    for at, verb, part in SCRIPT:
        wait_until(began + at * scale)
        name = parts[(parts.index(part) + turn) % len(parts)]
        before = time.monotonic()
        getattr(ships[name], verb)()
        if verb in STRIKES:
            strikes.append(Strike(verb, name, before))
            open_ones[name] = strikes[-1]
        else:
            open_ones.pop(name).ended = time.monotonic()
    wait_until(began + LASTS * scale)
    return strikes


# ---- what came of it ----

def lost(results):
    """Requests that may be repeated and were not answered rightly."""
    return [one for one in results if one.safe and not one.origin]


def failed(results):
    """The same of those that may not."""
    return [one for one in results if not one.safe and not one.origin]


def received(ships):
    """How often each that may not be repeated came to any origin."""
    return collections.Counter(
        target for ship in ships.values() for target in ship.received())


def doubled(ships):
    return {target: count for target, count in received(ships).items()
            if count > 1}


def unreceived(results, ships):
    """Answered, but no origin knows of them."""
    known = received(ships)
    return [one for one in results if not one.safe and one.origin
            and not known[one.target]]


def shares(results):
    """Of those answered, by origin."""
    counts = collections.Counter(one.origin for one in results if one.origin)
    whole = sum(counts.values()) or 1
    return {name: counts[name] / whole for name in WEIGHTS}


def share(name):
    return WEIGHTS[name] / sum(WEIGHTS.values())


def in_order(results, since):
    return sorted((one for one in results if one.began >= since),
                  key=lambda one: one.began)


def noticed(results, strike, hurt):
    """Seconds from the strike until RUN requests in a row began that were
    answered, and within `hurt` seconds; None: never."""
    last, good = strike.began, 0
    for one in in_order(results, strike.began):
        if not one.origin or one.took >= hurt:
            last, good = one.began, 0
        else:
            good += 1
        if good == RUN:
            return last - strike.began
    return None


def recovered(results, strike):
    """Seconds from the strike's end until the origin had most of its share,
    of RUN requests; None: never."""
    after = in_order(results, strike.ended)
    enough = 0.7 * share(strike.name) * RUN
    for at in range(len(after) - RUN + 1):
        some = after[at:at + RUN]
        if sum(one.origin == strike.name for one in some) >= enough:
            return some[0].began - strike.ended
    return None
