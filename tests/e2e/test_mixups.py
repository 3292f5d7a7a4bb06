# SPDX-License-Identifier: BSD-2-Clause
"""What belongs to one request and must not come to another."""

import threading

import pytest

import fcgi
import lab as labs
from fcgi import Peer
from origin import Listener
from test_slow_peers import closing, head_of_post  # noqa: F401, a fixture

# Connections that are refused

REFUSED = {
    "http": b"GET / HTTP/1.0\r\n\r\n",
    "a record too early": fcgi.record(fcgi.GET_VALUES, b"x" * 20),
    "a body first": fcgi.stdin(b"hello"),
    "another role": fcgi.begin(fcgi.AUTHORIZER) + fcgi.params(
        fcgi.variables()) + fcgi.stdin(),
    "half a head": fcgi.begin(),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_error_of_a_refused_connection_answers_nobody(lab, what):
    lab.configure(router__request_timeout="300ms")
    lab.routes('own.test respond=200 "hello"\n'
               "old.test redirect=301 https://new.test/\n")
    lab.start_router()
    for host, status in [("own.test", 200), ("old.test", 301)] * 3:
        with Peer(lab.socket) as peer:
            peer.send(REFUSED[what])
            peer.at_end()
        reply = fcgi.ask(lab.socket, host=host)
        assert (reply.status, reply.reason) == (status, None), reply


# Memory

class Collector(Listener):
    """Remembers each byte that one connection brings."""

    def __init__(self):
        self.seen = b""
        self.over = threading.Event()
        super().__init__()

    def serve(self, sock):
        while data := sock.recv(1 << 20):
            self.seen += data
        self.over.set()


PART = b"hello" * 60
LEAVES = {
    # what is sent of the body, and whether the peer leaves then
    "within padding": (fcgi.record(fcgi.STDIN, PART, padding=3), True),
    "behind much padding": (fcgi.record(fcgi.STDIN, PART, padding=255), True),
    "before all padding": (
        fcgi.record(fcgi.STDIN, PART, padding=255)[:-50], True),
    "within a header": (
        fcgi.record(fcgi.STDIN, PART, padding=7) + b"\1\5\0", True),
    "never": (fcgi.record(fcgi.STDIN, PART, padding=3), False),
}


@pytest.mark.parametrize("how", LEAVES)
def test_an_origin_receives_nothing_but_what_was_sent(
        lab, origin, closing, how):  # noqa: F811
    """Others' requests lie in the router's memory meanwhile."""
    data, leaves = LEAVES[how]
    collector = closing(Collector())
    lab.configure(router__body_timeout="500ms")
    lab.routes(f"site.test {collector.url}\nother.test {origin.url}\n")
    lab.start_router()
    peer = closing(Peer(lab.socket))
    peer.send(head_of_post("/", 1000))
    labs.until(lambda: collector.seen.endswith(b"\r\n\r\n"), 5, "the head")
    for number in range(40):
        closing(Peer(lab.socket)).send(fcgi.request(
            "/wait", host="other.test", more=[
                ("HTTP_COOKIE", f"session=SECRET-{number}")]))
    for _ in range(40):
        assert origin.waiting.acquire(timeout=10)
    peer.send(data)
    labs.until(lambda: PART in collector.seen, 5, "the part")
    if leaves:
        peer.close()
    assert collector.over.wait(5 * labs.PATIENCE), "the origin is left"
    assert b"SECRET" not in collector.seen
    assert collector.seen.partition(b"\r\n\r\n")[2] == PART
