# SPDX-License-Identifier: BSD-2-Clause
"""Many connections and slow origins, and two workers."""

import time

import pytest

import fcgi
import lab as labs
from client import Client, ask
from fcgi import Peer
from origin import Origin
from setups import SETUPS, Site

TWO = {"router__workers_min": "2", "router__workers_max": "2"}

KEEPING = {
    "nginx": dict(config="nginx-keepalive.conf"),
    "apache-mod_proxy_fcgi": dict(define="-DREUSE"),
    "haproxy": {},
}


@pytest.fixture(params=KEEPING)
def keeping(request, lab, origin):
    """A set-up that keeps its connections, before two workers."""
    setup = SETUPS[request.param]
    lab.settings = dict(TWO)
    if labs.ROOT:
        # The web server's user, and we, for a look past it.
        lab.settings["router__allow_users"] = f"{setup.group}, root"
    lab.routes(f"site.test {origin.url}\n")
    return Site(lab, setup, **KEEPING[request.param]).start()


def test_idle_kept_connections_starve_nobody(keeping, origin):
    lab, port = keeping.lab, keeping.port
    count = 64
    clients = [Client(port) for _ in range(count)]
    # All at once in the origin, so that as many connections are needed.
    for client in clients:
        client.send(target="/wait")
    for _ in clients:
        assert origin.waiting.acquire(timeout=20)
    origin.gate.set()
    for client in clients:
        assert client.answer().status == 200
    idle = lab.fronts()
    assert idle >= (16 if keeping.setup.name == "haproxy" else count), (
        "the web server keeps its connections", idle)
    # Others come past them: over the web server, and by themselves.
    began = time.monotonic()
    for _ in range(20):
        assert ask(port, target="/hello").status == 200
    with Peer(lab.socket) as peer:
        for method in ("GET", "POST"):
            reply = peer.ask("/echo", method, body=b"x", keep=True)
            assert reply.status == 200
    assert time.monotonic() - began < 3 * labs.PATIENCE
    # And the kept ones serve again, with bodies, too.
    for client in clients:
        client.send("POST", "/echo", body=b"y" * 1000)
        assert client.answer().status == 200
        client.close()


def test_posts_over_kept_connections_do_not_fail(keeping):
    with Client(keeping.port) as client:
        for number in range(300):
            client.send("POST", "/echo", body=b"x" * (number * 11))
            answer = client.answer()
            assert answer.status == 200, (number, answer)


@pytest.mark.parametrize("name", ["nginx", "haproxy", "lighttpd-spawn"])
def test_200_slow_origins_starve_nobody(lab, origin, name):
    """They answer when the test allows it: ten seconds or a day. Each has
    an address of its own."""
    slow = [Origin(address=f"127.0.1.{n}") for n in range(1, 201)]
    lab.cleanups += [one.close for one in slow]
    lab.settings = TWO
    lab.routes(f"site.test {origin.url}\n" + "".join(
        f"o{n}.test http://127.0.1.{n}:{one.port}\n"
        for n, one in enumerate(slow, 1)))
    site = Site(lab, SETUPS[name]).start()
    clients = [Client(site.port, 60) for _ in slow]
    for n, client in enumerate(clients, 1):
        client.send(target="/wait", host=f"o{n}.test")
    for one in slow:
        assert one.waiting.acquire(timeout=20)
    began = time.monotonic()
    for _ in range(20):
        assert ask(site.port, target="/hello").status == 200
    assert time.monotonic() - began < 3 * labs.PATIENCE
    for one in slow:
        one.gate.set()
    for client in clients:
        assert client.answer().status == 200
        client.close()
    assert all(len(one.asked) == 1 for one in slow)


def test_slow_uploads_and_downloads_starve_nobody(lab, origin):
    """Straight to the socket: bodies that come and go in crumbs."""
    lab.configure(**TWO)
    lab.routes(f"site.test {origin.url}\n")
    lab.start_router()
    peers = []
    for number in range(40):
        peer = Peer(lab.socket)
        if number % 2:
            peer.send(fcgi.begin(), fcgi.params(fcgi.variables(
                "/echo", "POST", more=[("CONTENT_LENGTH", "100000")])),
                fcgi.record(fcgi.STDIN, b"x" * 10))
        else:
            peer.send(fcgi.request("/bytes/3000000"))
        peers.append(peer)
    began = time.monotonic()
    for _ in range(20):
        assert fcgi.ask(lab.socket, "/hello").status == 200
    assert time.monotonic() - began < 3 * labs.PATIENCE
    for number, peer in enumerate(peers):
        if number % 2:
            peer.send(fcgi.stdin(b"x" * 99990))
        reply = peer.reply()
        assert reply.status == 200 and reply.ended, reply.head
        peer.close()


def test_a_thousand_connections_at_once(lab, origin):
    lab.configure(**TWO)
    lab.routes(f"site.test {origin.url}\n")
    lab.start_router()
    peers = []
    try:
        for _ in range(1000):
            peers.append(Peer(lab.socket))
        for peer in peers:
            peer.send(fcgi.request("/hello"))
        for peer in peers:
            assert peer.reply().status == 200
    finally:
        for peer in peers:
            peer.close()
