# SPDX-License-Identifier: BSD-2-Clause
"""Peers that hang, pause or dawdle, and those who must not wait for them."""

import contextlib
import json
import signal
import socket
import threading
import time

import pytest

import fcgi
import lab as labs
from client import pattern, sha256
from fcgi import Peer
from origin import Listener, Origin, Wire

SOON = 2 * labs.PATIENCE   # seconds; nobody innocent waits longer


class Dead:
    """An origin that no connect comes to: SYNs to its port are dropped."""

    def __init__(self, address="127.0.0.1", port=0):
        self.socket = socket.socket()
        self.socket.bind((address, port))
        self.socket.listen(0)
        self.port = self.socket.getsockname()[1]
        self.url = f"http://{address}:{self.port}"
        # They fill its queue.
        self.own = [socket.socket() for _ in range(4)]
        for sock in self.own:
            sock.setblocking(False)
            sock.connect_ex((address, self.port))
        self.before = self._count()

    def _count(self):
        # By their own ports: the table may show a line twice when it changes
        # while it is read.
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = (line.split() for line in table)
            return len({row[1] for row in rows if row[3] == "02"
                        and row[2].endswith(f":{self.port:04X}")})

    def connects(self):
        """How many of others are under way."""
        return self._count() - self.before

    def close(self):
        for sock in (*self.own, self.socket):
            sock.close()


@contextlib.contextmanager
def stopped(process):
    """What is sent meanwhile is all there when it goes on."""
    process.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.signal(signal.SIGCONT)


@pytest.fixture
def closing():
    """Closes at the end what was handed to it."""
    with contextlib.ExitStack() as stack:
        yield lambda what: stack.enter_context(contextlib.closing(what))


def asked_at_once(router, *args, **how):
    """The answer to one who has little patience."""
    with Peer(router.socket, timeout=SOON) as peer:
        return peer.ask(*args, **how)


def innocents_are_answered(router, host="site.test", count=20):
    began = time.monotonic()
    for _ in range(count):
        assert asked_at_once(router, "/hello", host=host).status == 200
    assert time.monotonic() - began < SOON


# Connects that hang

def test_a_connect_that_hangs_stops_no_accepting(lab, closing):
    dead = closing(Dead())
    lab.configure(router__workers_min="2")
    lab.routes(f'dead.test {dead.url}\nsite.test respond=200 "here"\n')
    router = lab.start_router()
    with stopped(router):
        # One turn of accepting finds them all, with their heads.
        for _ in range(8):
            closing(Peer(lab.socket)).send(fcgi.request(host="dead.test"))
    labs.until(dead.connects, 5, "a connect hangs")
    innocents_are_answered(lab)
    assert dead.connects(), "it still hangs"


@pytest.fixture
def eight(lab, origin, closing):
    """A router with eight workers, an origin known to it, and others."""
    lab.others = [closing(Origin(address=f"127.0.0.{n}")) for n in (2, 3, 4)]
    lab.dead = [closing(Dead()) for _ in range(6)]
    lab.configure(router__workers_min="2", router__workers_max="8")
    lab.routes("".join(
        [f"dead-{n}.test {dead.url}\n" for n, dead in enumerate(lab.dead)]
        + [f"other-{n}.test http://127.0.0.{n + 2}:{other.port}\n"
           for n, other in enumerate(lab.others)])
        + f"site.test {origin.url}\n"
        'own.test respond=200 "here"\n')
    lab.process = lab.start_router()
    lab.kept = closing(Peer(lab.socket, timeout=SOON))
    assert lab.kept.ask("/hello", keep=True).status == 200
    return lab


def ask_the_dead(router, closing, count):
    """More requests to dead origins than there are workers, all at once."""
    with stopped(router.process):
        for number in range(36):
            closing(Peer(router.socket)).send(
                fcgi.request(host=f"dead-{number % count}.test"))
    labs.until(lambda: sum(dead.connects() for dead in router.dead) >= 2, 5,
               "connects hang")


def test_a_dead_origin_leaves_workers_for_other_connects(eight, closing):
    ask_the_dead(eight, closing, 1)
    innocents_are_answered(eight, "own.test")
    innocents_are_answered(eight, "site.test")
    for number in range(3):
        innocents_are_answered(eight, f"other-{number}.test", 1)


def test_dead_origins_leave_workers_for_what_needs_no_connect(eight, closing):
    ask_the_dead(eight, closing, 6)
    innocents_are_answered(eight, "own.test")
    innocents_are_answered(eight, "site.test")
    assert eight.kept.ask("/hello", keep=True).status == 200


# Bodies that pause

@pytest.fixture
def two(lab, origin):
    """A router with two workers."""
    lab.configure(router__workers_min="2", router__workers_max="2")
    lab.routes(f"site.test {origin.url}\n")
    lab.start_router()
    return lab


def head_of_post(target, size, method="POST"):
    return fcgi.begin() + fcgi.params(fcgi.variables(
        target, method, more=[("CONTENT_LENGTH", str(size))]))


HELLO = fcgi.record(fcgi.STDIN, b"hello")
PADDED = fcgi.record(fcgi.STDIN, b"hello", padding=3)
PAUSES = {
    # what came, and what comes behind the pause; five bytes, and five more
    "padding": (PADDED, PADDED),
    "most padding": (fcgi.record(fcgi.STDIN, b"hello", padding=255), HELLO),
    "a part of padding": (PADDED[:-2], PADDED[-2:] + HELLO),
    "a byte of a header": (HELLO[:1], HELLO[1:] + HELLO),
    "most of a header": (HELLO + HELLO[:7], HELLO[7:]),
    "a header": (HELLO[:8], HELLO[8:] + HELLO),
    "padding and half a header": (PADDED + HELLO[:4], HELLO[4:]),
    "half of the content": (HELLO[:10], HELLO[10:] + PADDED),
}


@pytest.mark.parametrize("when", ["with its head", "later"])
@pytest.mark.parametrize("what", PAUSES)
def test_an_upload_that_pauses_holds_no_worker(two, origin, closing, what,
                                               when):
    came, rest = PAUSES[what]
    peers = [closing(Peer(two.socket)) for _ in range(4)]
    for peer in peers:
        if when == "later":
            peer.send(head_of_post("/echo", 10))
        else:
            peer.send(head_of_post("/echo", 10), came)
    # The first two of them, which would hold both workers.
    labs.until(lambda: len(origin.asked) >= 2, 5, "uploads are under way")
    if when == "later":
        for peer in peers:
            peer.send(came)
    innocents_are_answered(two)
    for peer in peers:
        peer.send(rest, fcgi.stdin())
        reply = peer.reply()
        assert reply.status == 200 and reply.ended, reply
        assert json.loads(reply.body)["sha256"] == sha256(b"hellohello")


def test_a_byte_behind_a_request_without_a_body_holds_no_worker(two, origin,
                                                                closing):
    for _ in range(4):
        closing(Peer(two.socket)).send(
            fcgi.begin(), fcgi.params(fcgi.variables("/wait")), b"\1")
    innocents_are_answered(two)


# Slowness that is none: here time itself is what is tested

def steadily(seconds, do):
    """Does it again and again; tells it how long it went on."""
    began = time.monotonic()
    while (gone := time.monotonic() - began) < seconds:
        do(gone)
        threading.Event().wait(0.05)


@pytest.mark.parametrize("spool", ["yes", "no"])
def test_an_upload_may_take_as_long_as_it_flows(lab, origin, spool):
    lab.configure(router__body_timeout="800ms", router__spool=spool)
    lab.routes(f"site.test {origin.url}\n")
    lab.start_router()
    sent = []

    def send(_):
        peer.send(fcgi.record(fcgi.STDIN, b"0123456789"))
        sent.append(10)

    with Peer(lab.socket) as peer:
        peer.send(fcgi.begin(), fcgi.params(fcgi.variables("/echo", "POST")))
        # A router that has given up takes no more; its answer says why.
        with contextlib.suppress(ConnectionError):
            steadily(2, send)
            peer.send(fcgi.stdin())
        reply = peer.reply()
    assert reply.status == 200, reply
    assert json.loads(reply.body)["size"] == sum(sent)


def test_an_answer_may_be_taken_as_slowly_as_it_is_taken(lab, origin):
    size, pace = 3000000, 64000
    # In it less is taken than makes the socket writable once more; what is
    # taken must show in its buffer, which has parts of up to 64 KiB.
    lab.configure(router__client_timeout="1500ms")
    lab.routes(f"site.test {origin.url}\n")
    lab.start_router()

    def take(gone):
        due = int(pace * gone) - len(peer.kept)
        if due > 0:
            peer.kept += peer.socket.recv(due)

    with Peer(lab.socket) as peer:
        peer.send(fcgi.request(f"/bytes/{size}"))
        steadily(4, take)
        reply = peer.reply()
    assert reply.ended and sha256(reply.body) == sha256(pattern(size))


# A machine that is late: what came in time is not called late

class Halves(Listener):
    """Sends the first half of its answer, and the rest when it is told to."""

    def __init__(self, first, rest):
        self.halves, self.go = (first, rest), threading.Event()
        self.waiting, self.sent = [], []
        super().__init__()

    def serve(self, sock):
        wire = Wire(sock)
        wire.line(b"\r\n\r\n")
        sock.sendall(self.halves[0])
        self.waiting.append(sock)
        self.go.wait()
        sock.sendall(self.halves[1])
        self.sent.append(sock)
        sock.recv(1)


ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhelloworld")
LATE = 1000     # milliseconds
MANY = 24


@pytest.mark.parametrize("at", [0, 20, len(ANSWER) - 5],
                         ids=["before it", "in its head", "in its body"])
def test_an_answer_in_time_is_whole_on_a_late_machine(lab, closing, at):
    halves = closing(Halves(ANSWER[:at], ANSWER[at:]))
    lab.configure(relay__idle_timeout=f"{LATE}ms",
                  relay__response_timeout=f"{LATE}ms")
    lab.routes(f"site.test {halves.url}\n")
    router = lab.start_router()
    peers = [closing(Peer(lab.socket)) for _ in range(MANY)]
    for peer in peers:
        peer.send(fcgi.request())
    labs.until(lambda: len(halves.waiting) == MANY, 5, "all are asked")
    with stopped(router):
        halves.go.set()
        labs.until(lambda: len(halves.sent) == MANY, 5, "all have answered")
        threading.Event().wait(1.3 * LATE / 1000)
    for peer in peers:
        reply = peer.reply()
        assert (reply.status, reply.body) == (200, b"helloworld"), reply
