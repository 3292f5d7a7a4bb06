# SPDX-License-Identifier: BSD-2-Clause
"""Origins are killed, hung, slowed and started again under load (storm.py):
nothing is lost that may be repeated, nothing is done twice that may not, and
then all is as it was. Both set-ups are in the storm at the same time."""

import concurrent.futures
import time

import pytest

import fleet
import lab as labs
import storm
from load import grow
from origin import Origin
from setups import SETUPS, Site

SITES = ("nginx", "apache-mod_fcgid")
HOST = "fleet.test"
WAIT = 1.0              # seconds, to connect and to the first byte
COOLDOWN, COOLDOWN_MAX = 0.5, 1
BACK = 2 * COOLDOWN_MAX + 0.5   # seconds, until shares are what they were
MEASURED = 400                  # requests, of which shares are taken
ROUTES = """\
held.test {held}
{host} @fleet
@fleet {origins} retry=2 timeout={wait} connect-timeout={wait}
"""


class Stormed:
    """A site, its origins, and what came of a storm."""

    def __init__(self, lab, name):
        self.lab = lab
        lab.settings = {
            "router__state_dir": str(lab.dir / "run" / "state"),
            "relay__cooldown": labs.ms(COOLDOWN),
            "relay__cooldown_max": labs.ms(COOLDOWN_MAX)}
        self.ships = {ship.name: ship for ship in fleet.fleet(
            lab, storm.WEIGHTS, 2 * WAIT)}
        self.held = Origin()
        lab.cleanups.append(self.held.close)
        lab.routes(ROUTES.format(
            host=HOST, wait=labs.ms(WAIT), held=self.held.url,
            origins=" ".join(f"{ship.url} weight={storm.WEIGHTS[name]}"
                             for name, ship in self.ships.items())))
        self.site = Site(lab, SETUPS[name]).start()
        self.strikes = []
        self.results = []
        self.pids = []
        self.after = 0      # what came from then on is behind the storm

    def pass_through(self, rounds):
        grow(self.site, self.held, "held.test", storm.CLIENTS)
        self.pids = self.lab.router_pids()
        with storm.Askers(self.site.port, HOST) as askers:
            self.results = askers.results
            labs.until(lambda: len(self.results) > 2 * storm.CLIENTS, 20,
                       "all are asking")
            for turn in range(rounds):
                self.strikes += storm.play(self.ships, turn=turn)
            storm.wait_until(self.strikes[-1].ended + BACK)
            self.after = time.monotonic()
            labs.until(lambda: len(self.behind()) >= MEASURED, 20,
                       "requests behind the storm")

    def behind(self):
        return [one for one in self.results if one.began > self.after]

    def struck(self, one):
        """Was it there while something befell an origin?"""
        return any(one.began <= strike.ended
                   and strike.began <= one.began + one.took
                   for strike in self.strikes)


def both(new_lab, end, rounds):
    """Both set-ups, stormed."""
    made = {name: new_lab(f"storm-{name}") for name in SITES}
    try:
        stormed = {name: Stormed(lab, name) for name, lab in made.items()}
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for done in [pool.submit(one.pass_through, rounds)
                         for one in stormed.values()]:
                done.result()
        yield stormed
    finally:
        for lab in made.values():
            end(lab)


@pytest.fixture(scope="module", params=[
    pytest.param(1, id="short"),
    pytest.param(10, id="two-minutes", marks=pytest.mark.long)])
def stormed(request, new_lab, end_lab_module):
    yield from both(new_lab, end_lab_module, request.param)


@pytest.fixture(params=SITES)
def one(request, stormed):
    return stormed[request.param]


def test_what_may_be_repeated_is_answered_by_a_live_origin(one):
    """Every one of them, wholly and rightly."""
    assert storm.lost(one.results) == []
    assert sum(each.safe for each in one.results) > 1000


def test_no_post_is_done_twice(one):
    assert storm.doubled(one.ships) == {}
    assert sum(not each.safe for each in one.results) > 300


def test_a_post_that_is_answered_was_done(one):
    assert storm.unreceived(one.results, one.ships) == []


def test_a_post_fails_only_with_an_origin_that_is_struck(one):
    failed = storm.failed(one.results)
    assert [each for each in failed if not one.struck(each)] == []
    assert len(failed) < len(one.results) / 20


def test_shares_return_to_the_weights(one):
    shares = storm.shares(one.behind())
    for name in storm.WEIGHTS:
        assert abs(shares[name] - storm.share(name)) < 0.03, shares


def test_every_process_was_in_it(one):
    assert len(one.pids) >= (storm.CLIENTS if one.site.setup.spawns else 1)
    assert set(one.pids) <= set(one.lab.router_pids())
