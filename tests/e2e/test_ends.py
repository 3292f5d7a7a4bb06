# SPDX-License-Identifier: BSD-2-Clause
"""Routers that are killed, or told to end, behind a web server."""

import os
import signal
import threading
import time

import pytest

import lab as labs
from client import Client
from load import FastOrigins, Load
from setups import FIRST, SETUPS, Site

SPAWNING = [name for name in FIRST if SETUPS[name].spawns]
SOON = 3    # seconds: a load must not make them use all of drain (5 s)
CLIENTS, ROUNDS = 8, 3


def ok(client, number):
    answer = client.get("/hello")
    if answer.status != 200:
        return time.monotonic(), answer
    assert answer.text in ("fast", "hello from origin\n"), answer
    return None


@pytest.mark.parametrize("name", [*SPAWNING, "apache-htaccess"])
def test_sigkill_under_load_heals_by_itself(lab, name):
    origins = FastOrigins(lab, "fast")
    lab.routes(f"site.test {origins.url('fast')}\n")
    site = Site(lab, SETUPS[name]).start()
    with Load(site.port, 8, ok) as load:
        labs.until(lambda: load.count > 100, 20, "there is load")
        victims = lab.router_pids()
        assert victims
        for pid in victims:
            labs.kill(pid)
        killed = time.monotonic()
        load.unbroken = 0
        labs.until(lambda: set(lab.router_pids()) - set(victims), 15,
                   "a new router")
        labs.until(lambda: load.unbroken > 300, 20, "it is healed")
        # From here on nothing may fail.
        healed = time.monotonic()
        load.goes_on(300)
        after = [r for r in load.results + load.failures if r[0] > healed]
    assert healed - killed < 8 * labs.PATIENCE
    assert not after, after[:5]


def accepted(site, origin, count):
    """Clients whose requests wait in the origin."""
    clients = [Client(site.port, 60) for _ in range(count)]
    for client in clients:
        client.send(target="/wait")
    for _ in clients:
        assert origin.waiting.acquire(timeout=20)
    return clients


@pytest.mark.parametrize("name", FIRST)
def test_sigterm_loses_nothing_that_was_accepted(lab, origin, name):
    """The router gets SIGTERM with 24 requests in the origin."""
    lab.routes(f"site.test {origin.url}\n")
    site = Site(lab, SETUPS[name]).start()
    clients = accepted(site, origin, 24)
    pids = lab.router_pids()
    began = time.monotonic()
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    # It is heard: the answers come while the router is about to end.
    threading.Timer(0.3, origin.gate.set).start()
    for client in clients:
        answer = client.answer()
        assert (answer.status, answer.text) == (
            200, "hello from origin\n"), answer
        client.close()
    labs.until(lambda: not set(pids) & set(lab.router_pids()), 5,
               "it has ended")
    assert time.monotonic() - began < 5 * labs.PATIENCE, "longer than drain"


@pytest.mark.parametrize("name", SPAWNING)
def test_sigterm_under_load_cuts_no_answer(lab, name):
    """lighttpd answers 503 itself until it has started the next router, and
    so may both with 500 for a connection that nobody has accepted; such are
    few. No answer that began is cut, and nothing goes unanswered."""
    origins = FastOrigins(lab, "fast")
    lab.routes(f"site.test {origins.url('fast')}\n")
    site = Site(lab, SETUPS[name]).start()
    with Load(site.port, CLIENTS, ok) as load:
        labs.until(lambda: load.count > 100, 20, "there is load")
        for _ in range(ROUNDS):
            pids = lab.router_pids()
            for pid in pids:
                os.kill(pid, signal.SIGTERM)
            labs.until(lambda: not set(pids) & set(lab.router_pids()),
                       SOON, "they have ended")
            labs.until(lambda: set(lab.router_pids()) - set(pids), 15,
                       "there are others")
            begin = load.count
            labs.until(lambda: load.count > begin + 200, 20, "load goes on")
    assert not load.failures, load.failures[:3]
    for _, answer in load.results:
        assert answer.status in (
            (503, 500) if name == "lighttpd-spawn" else (500,)), answer
        assert not answer.get("X-Router-Reason"), answer
    reset = [answer for _, answer in load.results if answer.status == 500]
    assert len(reset) <= CLIENTS * ROUNDS, len(reset)
    if name != "lighttpd-spawn":
        assert len(load.results) <= CLIENTS * ROUNDS, len(load.results)


def test_restarts_under_load_lose_nothing(lab):
    """As systemd runs it: the socket stays, routers come and go."""
    origins = FastOrigins(lab, "fast")
    lab.routes(f"site.test {origins.url('fast')}\n")
    site = Site(lab, SETUPS["nginx"], listen_fds=True).start()
    with Load(site.port, 8, ok) as load:
        labs.until(lambda: load.count > 100, 20, "there is load")
        for _ in range(5):
            old = site.router
            old.signal(signal.SIGTERM)
            assert old.wait(SOON) == 0
            site.start_router()
            begin = load.count
            labs.until(lambda: load.count > begin + 100, 20, "load goes on")
    assert not load.failures and not load.results, (
        load.failures[:3], load.results[:3])


def test_a_replaced_executable_is_taken_up_under_load(lab):
    """An upgrade: install, and systemd starts the new one."""
    origins = FastOrigins(lab, "fast")
    lab.routes(f"site.test {origins.url('fast')}\n")
    lab.settings = {"router__check": "50ms"}
    site = Site(lab, SETUPS["nginx"], listen_fds=True).start()
    with Load(site.port, 8, ok) as load:
        labs.until(lambda: load.count > 100, 20, "there is load")
        for _ in range(3):
            lab.install()
            assert site.router.wait(SOON) == 0
            site.start_router()
            begin = load.count
            labs.until(lambda: load.count > begin + 100, 20, "load goes on")
    assert not load.failures and not load.results, (
        load.failures[:3], load.results[:3])


@pytest.mark.parametrize("name", FIRST)
def test_the_web_server_ends_its_routers(lab, origin, name):
    """And quickly: nothing has to be killed."""
    lab.routes(f"site.test {origin.url}\n")
    site = Site(lab, SETUPS[name]).start()
    with Client(site.port) as client:
        assert client.get("/hello").status == 200
    began = time.monotonic()
    site.server.stop()
    if site.setup.spawns:
        labs.until(lambda: not lab.router_pids(), 5, "they end")
        assert time.monotonic() - began < 6 * labs.PATIENCE
