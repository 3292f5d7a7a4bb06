# SPDX-License-Identifier: BSD-2-Clause
"""Hundreds who wait, beside those who do not: behind nginx, with no worker
more than the least. What they cost is measured by tests/bench/pressure."""

import re
import resource
import threading
import time

import pytest

import fcgi
import lab as labs
from client import Client, ask
from crowd import Crowd
from fcgi import Peer
from pressing import (KIB, Wide, certificate, cpu, private_dirty, rss,
                      threads)
from setups import SETUPS
from test_slow_peers import Dead

WORKERS = {"router__workers_min": "2", "router__workers_max": "2"}
LARGE = 16000000    # bytes: more than all buffers on the way hold
SOON = 3 * labs.PATIENCE


def until_still(pid):
    """All that went on at once has come to rest: no more processor time."""
    seen = [-1.0]

    def still():
        before, seen[0] = seen[0], cpu(pid)
        threading.Event().wait(0.2)
        return before == seen[0]
    labs.until(still, 30, "the router rests")


@pytest.fixture
def crowds(lab):
    """Makes crowds, which end before the lab."""
    def make(*arguments):
        crowd = Crowd(*arguments)
        lab.cleanups.append(crowd.close)
        return crowd
    return make


@pytest.fixture
def pressed(lab, origin, crowds):
    """A site with an origin that answers, and one that others wait for."""
    def make(secure=False, dead=(), **settings):
        lab.settings = {**WORKERS, "relay__connect_timeout": "30s",
                        **settings}
        files = certificate(lab) if secure else ()
        lab.slow = crowds("origin", *files)
        scheme = "https" if secure else "http"
        port = lab.slow.tell()["port"]
        lab.routes(f"site.test {origin.url}\n"
                   f"slow.test {scheme}://127.0.0.1:{port}\n" + "".join(
                       f"dead-{number}.test {one.url}\n"
                       for number, one in enumerate(dead)))
        environment = {"SSL_CERT_FILE": str(files[0])} if secure else {}
        site = Wide(lab, SETUPS["nginx"], environment=environment).start()
        for host in ("site.test", "slow.test"):
            for _ in range(8):
                assert ask(site.port, host=host, target="/x").status == 200
        lab.pid = lab.router_pids()[0]
        return site
    return make


def until_asked(lab, count):
    before = 8  # by the fixture
    labs.until(lambda: lab.slow.tell()["asked"] == before + count, 60,
               f"{count} requests are at the origin")


def all_are_answered(site, count):
    """One after the other, on one connection and on fresh ones."""
    began = time.monotonic()
    with Client(site.port) as client:
        for _ in range(count):
            assert client.get("/hello").status == 200
            assert ask(site.port, target="/hello").status == 200
    assert time.monotonic() - began < SOON


def press(site, crowds, count):
    """So many slow clients and as many slow origins, and uploads that go on
    for ever, straight to the socket, as nginx takes them in itself."""
    lab = site.lab
    clients = crowds("clients", site.port, count, "slow.test",
                     f"/bytes/{LARGE}", KIB)
    until_asked(lab, count)
    waiting = crowds("clients", site.port, count, "slow.test", "/think/600", 0)
    until_asked(lab, 2 * count)
    uploads = [Peer(lab.socket) for _ in range(count // 4)]
    for peer in uploads:
        lab.cleanups.append(peer.close)
        peer.send(fcgi.begin(), fcgi.params(fcgi.variables(
            "/x", "POST", host="slow.test",
            more=[("CONTENT_LENGTH", "100000")])),
            fcgi.record(fcgi.STDIN, b"x" * 100))
    return clients, waiting


@pytest.mark.parametrize("count", [
    60, pytest.param(500, marks=pytest.mark.long)])
def test_who_waits_holds_no_worker(pressed, crowds, count):
    dead = [Dead() for _ in range(3)]
    site = pressed(dead=dead)
    lab = site.lab
    before = threads(lab.pid)
    clients, waiting = press(site, crowds, count)
    all_are_answered(site, 50)
    # Origins that let nobody connect hold one worker, and not the other.
    for number, one in enumerate(dead):
        lab.cleanups.append(one.close)
        lab.cleanups.append(crowds("clients", site.port, 4,
                                   f"dead-{number}.test", "/", 0).close)
    labs.until(lambda: any(one.connects() for one in dead), 10,
               "a connect hangs")
    all_are_answered(site, 50)
    assert sum(one.connects() for one in dead) == 1
    assert threads(lab.pid) == before
    # And the slow ones are served on meanwhile.
    told = clients.tell()
    labs.until(lambda: clients.tell()["bytes"] > told["bytes"], 10,
               "slow clients are served")
    told = clients.tell()
    del told["bytes"]
    assert told == {"status 200": count}
    assert waiting.tell() == {}


def test_the_soft_limit_of_descriptors_is_no_limit(lab):
    lab.routes('site.test respond=200\n')
    router = lab.start_router(preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (64, 300)))
    peers = [Peer(lab.socket) for _ in range(120)]
    for peer in peers:
        assert peer.ask("/").status == 200
        peer.close()
    with open(f"/proc/{router.pid}/limits", encoding="ascii") as text:
        assert re.search(r"Max open files +300 +300 ", text.read())


@pytest.mark.memory
@pytest.mark.parametrize("secure, most", [
    (False, 64), (True, 128)], ids=["http", "https"])
def test_an_open_exchange_costs_little(pressed, crowds, secure, most):
    count = 60
    site = pressed(secure=secure)
    pid = site.lab.pid
    for kind, target, rate in (("waits for its origin", "/think/600", 0),
                               ("has a slow client", f"/bytes/{LARGE}", KIB)):
        before = private_dirty(pid)
        asked = site.lab.slow.tell()["asked"]
        crowds("clients", site.port, count, "slow.test", target, rate, 150)
        labs.until(lambda: site.lab.slow.tell()["asked"] == asked + count, 60,
                   f"all are {kind}")
        until_still(pid)
        each = (private_dirty(pid) - before) / count
        print(f"{kind}: {each / KIB:.1f} KiB")
        assert each < most * KIB, (kind, each)


@pytest.mark.long
@pytest.mark.memory
def test_5000_idle_streams_take_no_more_than_400_mib(pressed, crowds):
    site = pressed(router__workers_max="8", relay__idle_timeout="180s")
    lab = site.lab
    streams = crowds("clients", site.port, 5000, "slow.test", "/events", 0)
    labs.until(lambda: streams.tell().get("status 200", 0) == 5000, 60,
               "all streams are open")
    before = cpu(lab.pid)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        all_are_answered(site, 5)
        assert threads(lab.pid) <= 8 + 1
        assert rss(lab.pid) < 400 * KIB * KIB
    assert cpu(lab.pid) - before < 30, "idle ones cost no time"
    assert lab.slow.tell()["open"] >= 5000
    assert streams.tell().get("ended", 0) == 0
