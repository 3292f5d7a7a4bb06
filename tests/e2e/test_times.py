# SPDX-License-Identifier: BSD-2-Clause
"""Every timeout, at both sides: it fires within 20 % and 50 ms of its value,
never early; it is answered or logged with its word; it frees everything.

With 250 ms, and with --long as long as router.ini has it by default. Rows of
one length are played at once. A row that misses is measured once more, by
itself; what was measured while the machine woke a mere sleeper too late says
nothing, and is measured again. Under sanitizers the bounds are 60 % and
150 ms. As CGI the start of the program is in it: twice what one takes that
answers at once.
"""

import concurrent.futures
import contextlib
import dataclasses
import fcntl
import os
import select
import signal
import socket
import struct
import termios
import time

import pytest

import fcgi
import lab as labs
from clocks import (SHARE, SLACK, TICK, Play, Pulse, Row, Stage,
                    play_all, play_alone, settle)
from fcgi import Peer
from origin import Listener
from test_slow_peers import Dead

pytestmark = pytest.mark.alone

SHORT = 0.25
OK = b"HTTP/1.1 200 OK\r\n"
NOTHING = OK + b"Content-Length: 0\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PACE = 0.7      # of a limit: so often a slow peer sends a byte

ROWS = {}


def row(name, default, router, want, slow=False):
    def add(play):
        assert name not in ROWS
        ROWS[name] = Row(name, default, router, play, want, slow)
        return play
    return add


# ---- the FastCGI side ----

@row("request: silence", 10, "front", "closed")
def _(play):
    play.start()
    play.peer().at_end()
    play.stop()
    return "closed"


def stops(data):
    """A head that stops behind those bytes."""
    def run(play):
        peer = play.peer()
        play.start()
        peer.send(data)
        peer.at_end()
        play.stop()
        return "closed"
    return run


row("request: a part of BEGIN", 10, "front", "closed")(
    stops(fcgi.begin()[:3]))
row("request: a part of PARAMS", 10, "front", "closed")(
    stops(fcgi.begin() + fcgi.params(fcgi.variables())[:50]))
row("request: PARAMS without an end", 10, "front", "closed")(
    stops(fcgi.begin() + fcgi.params(fcgi.variables())[:-8]))


@row("request: a head in drips", 10, "front", "closed")
def _(play):
    peer = play.peer()
    play.start()
    with contextlib.suppress(OSError):
        play.drip(peer.send, fcgi.begin() + fcgi.params(fcgi.variables()),
                  0.15)
    play.stop()
    return "closed"


@row("request: a later head on a kept connection", 10, "front", "closed")
def _(play):
    play.act(lambda sock, wire: sock.sendall(NOTHING) is None)
    peer = play.peer()
    assert peer.ask(play.path, host="front.test", keep=True).status == 200
    # However long it is idle before.
    play.wait(1.5 * SHORT)
    play.start()
    peer.send(fcgi.begin()[:3])
    peer.at_end()
    play.stop()
    return "closed"


def body_stops(length, came, partial=b""):
    """An upload that stops behind `came`, or within a record."""
    def run(play):
        play.act(lambda sock, wire: None)
        peer = play.peer()
        more = [("CONTENT_LENGTH", str(length))] if length else []
        peer.send(play.head("POST", more))
        play.start()
        if came:
            peer.send(fcgi.record(fcgi.STDIN, came))
        peer.send(partial)
        reply = peer.reply()
        play.stop()
        return play.outcome(reply)
    return run


for _name, _args in {
        "nothing": (10, b""),
        "a part": (10, b"hello"),
        "a part of a record": (10, b"", fcgi.record(
            fcgi.STDIN, b"hello")[:5]),
        "a record's head": (10, b"hello", fcgi.record(
            fcgi.STDIN, b"hello")[:8]),
        "unknown length, nothing": (0, b""),
        "unknown length, a part": (0, b"hello"),
        "more than is kept": (200000, b"x" * 65528)}.items():
    for _router in ("front", "spool"):
        row(f"body: {_name}, {_router}", 60, _router, "408 body-timeout")(
            body_stops(*_args))


@row("body: beside its answer", 60, "front", "broken, 200 body-timeout")
def _(play):
    play.act(lambda sock, wire: sock.sendall(CHUNKED + b"5\r\nhello\r\n"))
    peer = play.peer()
    peer.send(play.head("POST", [("CONTENT_LENGTH", "10")]))
    play.start()
    peer.send(fcgi.record(fcgi.STDIN, b"hello"))
    reply = peer.reply()
    play.stop()
    return play.outcome(reply)


def unread(sock):
    return struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD,
                                          b"\0" * 4))[0]


def filled(sock):
    """Waits until no more comes: what nobody reads is full. How much."""
    seen = -1
    while unread(sock) != seen:
        seen = unread(sock)
        Play.wait(0.06)
    return seen


def endless(sock, wire):
    sock.sendall(OK + b"Content-Length: 100000000000\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            sock.sendall(b"x" * 65536)


@row("client: takes nothing of an answer", 60, "front",
     "499 client-gone")
def _(play):
    play.act(endless)
    play.start()
    play.peer().send(play.head() + fcgi.stdin())
    play.stop(play.left())
    return play.logged()


@row("client: takes no more of an answer", 60, "front", "499 client-gone")
def _(play):
    play.act(endless)
    peer = play.peer()
    peer.send(play.head() + fcgi.stdin())
    for _ in range(5):
        play.wait(PACE * SHORT)
        play.start()
        assert len(peer.socket.recv(200000)) > 10000
    play.stop(play.left())
    return play.logged()


@row("client: takes nothing, and the origin drips", 60, "front",
     "499 client-gone")
def _(play):
    # More than lies in sockets, less than the router would hold.
    size = capacity(play) + 20000

    def act(sock, wire):
        sock.sendall(OK + b"Content-Length: 100000000000\r\n\r\n")
        sock.sendall(b"x" * size)
        with contextlib.suppress(OSError):
            play.drip(sock.sendall, b"x" * 100, 0.2)
    play.act(act)
    play.start()
    play.peer().send(play.head() + fcgi.stdin())
    play.stop(play.left())
    return play.logged()


@row("client: takes nothing of an answer that is done", 60, "front",
     "499 client-gone")
def _(play):
    size = capacity(play) + 20000
    play.act(lambda sock, wire: sock.sendall(
        OK + b"Content-Length: %d\r\n\r\n" % size + b"x" * size) is None)
    peer = play.peer()
    play.start()
    peer.send(play.head() + fcgi.stdin())
    ended = select.poll()
    ended.register(peer.socket, 0)
    assert ended.poll(3000 * play.limit + 10000)
    play.stop()
    return play.logged()


def capacity(play):
    """How much of an answer goes into the sockets when nobody reads it."""
    other = Play(play.row, play.limit, play.lab, play.stage)
    with other.held:
        other.act(endless)
        peer = other.peer()
        peer.send(other.head() + fcgi.stdin())
        labs.until(lambda: unread(peer.socket), 10, "an answer")
        return filled(peer.socket)


# ---- the origin's side ----

def connects(host):
    """Asks an origin that no connection comes to."""
    def run(play):
        peer = play.peer()
        play.start()
        peer.send(fcgi.request(play.path,
                               host=f"{host}.{play.row.router}.test"))
        reply = peer.reply()
        play.stop()
        return play.outcome(reply)
    return run


LATE = "504 origin-connect-timeout"
for _name, _host in {
        "nobody answers": "dead",
        "TLS that nobody speaks": "mute",
        "TLS in drips": "drips",
        "a stuck resolver": "stuck",
        "a slow resolver, then nobody": "slow"}.items():
    for _router in ("relay", "route", "wide"):
        row(f"connect: {_name}, {_router}", 5, _router, LATE)(
            connects(_host))


@row("connect: the gate", 5, "relay", LATE)
def _(play):
    """More connects to one origin than may be under way."""
    peers = [play.peer() for _ in range(24)]
    play.start()
    for peer in peers:
        peer.send(fcgi.request(play.path, host="gate.relay.test"))
    replies = [peer.reply() for peer in peers]
    play.stop()
    for reply in replies:
        assert reply.reason == "origin-connect-timeout", reply
    return play.outcome(replies[-1])


def then_nothing(data, method="GET"):
    """An origin that sends that, and then nothing."""
    def run(play):
        def act(sock, wire):
            list(wire.body(wire.asked))
            if data:
                play.start()
                sock.sendall(data)
        play.act(act)
        peer = play.peer()
        play.start()
        body = b"hello" if method == "POST" else None
        peer.send(fcgi.request(play.path, method,
                               play.host, body))
        reply = peer.reply()
        play.stop()
        return play.outcome(reply)
    return run


for _router in ("relay", "route", "wide"):
    for _method in ("GET", "POST"):
        row(f"response: no answer to a {_method}, {_router}", 60, _router,
            "504 origin-timeout")(then_nothing(b"", _method))
    for _name, _data in {
            "a byte": b"H",
            "a status line": OK,
            "a part of a head": OK + b"X-Part: 1\r\nX",
            "an interim answer": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    }.items():
        row(f"idle: {_name}, {_router}", 60, _router, "504 origin-timeout")(
            then_nothing(_data))
    for _name, _data in {
            "a head": OK + b"Content-Length: 10\r\n\r\n",
            "a part of a body": OK + b"Content-Length: 10\r\n\r\nhello",
            "a body without a length": OK + b"\r\nhello",
            "a part of a chunk": CHUNKED + b"a\r\nhello",
            "a part of a chunk's line": CHUNKED + b"5\r\nhello\r\n5",
            "a part of a chunk's extension": CHUNKED + b"5;x=",
            "a chunk": CHUNKED + b"5\r\nhello\r\n",
            "the last chunk": CHUNKED + b"5\r\nhello\r\n0\r\n",
            "a part of a trailer": CHUNKED + b"5\r\nhello\r\n0\r\nX-T"
    }.items():
        row(f"idle: {_name}, {_router}", 60, _router,
            "broken, 200 origin-timeout")(then_nothing(_data))


@row("idle: an upload that the origin does not take", 60, "relay",
     "504 origin-timeout")
def _(play):
    # Over a Unix socket: of TCP, the other system takes a little now and
    # then, on its own.
    play.act(lambda sock, wire: play.over.wait(3 * play.limit + 20) and None)
    peer = play.peer()
    peer.send(play.head("POST", [("CONTENT_LENGTH", "100000000")],
                        "pipe.relay.test"))
    peer.socket.settimeout(0.6 * play.limit)
    times = []
    with contextlib.suppress(OSError):
        while True:
            times.append(time.monotonic())
            peer.socket.sendall(fcgi.record(fcgi.STDIN, b"x" * 4096))
    # What was sent last fills the way to the router alone.
    play.began = times[-150:][0]
    peer.socket.settimeout(3 * play.limit + 20)
    reply = peer.reply()
    play.stop()
    return play.outcome(reply)


@row("idle_age: a connection that nobody uses", 30, "relay", "closed")
def _(play):
    alone = play.lab.alone
    alone.acts[play.name] = lambda sock, wire: sock.sendall(NOTHING) is None
    play.start()
    reply = fcgi.ask(play.lab.socket, play.path, host="alone.relay.test")
    assert reply.status == 200, reply
    assert alone.open
    labs.until(lambda: not alone.open, 3 * play.limit + 10, "it goes")
    play.stop()
    return "closed"


# ---- dawdlers: each byte counts, and only the total ends them ----

def origin_drips(before, drips, after=b""):
    def run(play):
        def act(sock, wire):
            sock.sendall(before)
            play.drip(sock.sendall, drips, pace_of(play))
            sock.sendall(after)
            return True
        play.act(act)
        peer = play.peer()
        play.start()
        peer.send(fcgi.request(play.path, host=play.host))
        reply = peer.reply()
        play.stop()
        return play.outcome(reply)
    return run


def pace_of(play):
    """Within an idle time, or some bytes within a total."""
    return PACE if play.row.slow else 0.15


def client_drips(play):
    """One byte of an upload at a time."""
    def act(sock, wire):
        list(wire.body(wire.asked))
        sock.sendall(NOTHING)
        return True

    play.act(act)
    peer = play.peer()
    play.start()
    peer.send(play.head("POST", [("CONTENT_LENGTH", "9")]))
    for byte in (b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9"):
        if select.select([peer.socket], [], [], pace_of(play) * play.limit)[0]:
            break
        peer.send(fcgi.record(fcgi.STDIN, byte))
    else:
        peer.send(fcgi.stdin())
    reply = peer.reply()
    play.stop()
    return play.outcome(reply)


DRIPS = {
    "a head": (OK, b"X-Y: z\r\n", b"Content-Length: 0\r\n\r\n"),
    "a body": (OK + b"Content-Length: 8\r\n\r\n", b"12345678"),
    "a chunk's line": (CHUNKED + b"5\r\nhello\r\n0", b"0000000",
                       b"\r\n\r\n"),
    "a chunk's extension": (CHUNKED + b"0;x=", b"abcdefg", b"\r\n\r\n"),
    "a trailer": (CHUNKED + b"0\r\nX: ", b"abcdefg", b"\r\n\r\n"),
}
for _name, _args in DRIPS.items():
    row(f"drips: {_name}", 60, "relay", "200 -", slow=True)(
        origin_drips(*_args))
    for _router in ("total", "total-route"):
        row(f"total: {_name} in drips, {_router}", 60, _router,
            "504 origin-timeout" if _name == "a head" else
            "broken, 200 origin-timeout")(origin_drips(*_args))
row("drips: an upload", 60, "front", "200 -", slow=True)(client_drips)
row("drips: an upload, spooled", 60, "spool", "200 -",
    slow=True)(client_drips)
for _router in ("total", "total-route", "total-spool"):
    row(f"total: an upload in drips, {_router}", 60, _router,
        "504 origin-timeout")(client_drips)
for _router in ("total", "total-route"):
    row(f"total: no answer, {_router}", 60, _router,
        "504 origin-timeout")(then_nothing(b""))
    row(f"total: a connect, {_router}", 60, _router, LATE)(connects("dead"))


@row("drips: an upload that is taken little by little", 60, "relay",
     "200 -", slow=True)
def _(play):
    size = 12000000

    def act(sock, wire):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        parts = wire.body(wire.asked)
        for _ in range(6):
            play.wait(0.6 * play.limit)
            for _ in range(8):
                next(parts)
        list(parts)
        sock.sendall(NOTHING)
        return True

    play.act(act)
    peer = play.peer()
    play.start()
    peer.send(fcgi.request(play.path, "PUT", play.host, b"x" * size))
    reply = peer.reply()
    play.stop()
    return play.outcome(reply)


@row("total: nobody takes the answer", 60, "total",
     "broken, 200 origin-timeout")
def _(play):
    play.act(endless)
    peer = play.peer()
    play.start()
    peer.send(play.head() + fcgi.stdin())
    play.stop(play.left())
    return play.outcome(peer.reply())


# ---- the same as CGI ----

def cgi(router, want, method="GET", more=(), act=None, host=None):
    def run(play):
        play.act(act or (lambda sock, wire: None))
        play.start()
        play.cgi(host="own.test", path="/own").stdout.read()
        play.extra = 2 * (time.monotonic() - play.began)
        play.start()
        process = play.cgi(method, more, host and f"{host}.{router}.test")
        said = process.stdout.read()
        play.stop()
        head = said.decode("latin-1").split("\r\n")
        assert head[0].startswith(f"Status: {want.split()[0]} "), head
        return play.logged()
    return run


for _name, _router, _default, _want, _how in (
        ("no answer", "relay", 60, "504 origin-timeout", {}),
        ("no answer, total", "total", 60, "504 origin-timeout", {}),
        ("a connect", "relay", 5, LATE, {"host": "dead"}),
        ("a stuck body", "front", 60, "408 body-timeout",
         {"method": "POST", "more": [("CONTENT_LENGTH", "10")]}),
        ("a stuck answer", "relay", 60, "200 origin-timeout",
         {"act": lambda sock, wire: sock.sendall(
             OK + b"Content-Length: 10\r\n\r\nhello")})):
    row(f"cgi: {_name}", _default, _router, _want)(
        cgi(_router, _want, **_how))


@row("cgi: nobody takes the answer", 60, "front", "499 client-gone")
def _(play):
    play.act(endless)
    process = play.cgi()
    # Some is taken, and no more.
    assert process.stdout.read(1000)
    play.start()
    assert process.wait(3 * play.limit + 20) != 0
    play.stop()
    return play.logged()


# ---- the routers ----

def settings(limit):
    """By router: the one that is tested is short, all others are long."""
    relay = {f"relay__{name}": "1h" for name in (
        "connect_timeout", "response_timeout", "idle_timeout")}
    front = {f"router__{name}": "1h" for name in (
        "request_timeout", "body_timeout", "client_timeout")}
    short = f"{limit * 1000:.0f}ms" if limit else None
    return {
        "front": {**relay, **(dict.fromkeys(front, short) if limit else {})},
        "spool": {**relay, "router__spool": "yes",
                  **({"router__body_timeout": short} if limit else {})},
        "relay": {**front, **({"relay__idle_age": short,
                               **dict.fromkeys(relay, short)}
                              if limit else {})},
        "route": {**front, **relay},
        "total": {**front, **relay, "relay__total": short or "60s"},
        "total-spool": {**front, **relay, "relay__total": short or "60s",
                        "router__spool": "yes"},
    }


LAB_OF = {"wide": "relay", "total-route": "route"}


class Mute(Listener):
    """Speaks no TLS; at most the beginning of a record, in drips."""

    def __init__(self, drips=b""):
        self.drips = drips
        super().__init__()

    def serve(self, sock):
        sock.recv(65536)
        for at in range(len(self.drips)):
            sock.sendall(self.drips[at:at + 1])
            self.stopped.wait(0.05)
        self.stopped.wait(1000)


class Place:
    """All routers, for limits of one length."""

    def __init__(self, new_lab, limit):
        self.limit = limit
        self.stage = Stage()
        self.alone = Stage()
        self.pipe = None
        self.dead, self.gate = Dead(), Dead()
        self.mute = Mute()
        self.drips = Mute(b"\x16\x03\x03\x40\x00" + b"x" * 10000)
        self.labs = {}
        for name, how in settings(limit).items():
            lab = self.labs[name] = new_lab(name)
            lab.alone = self.alone
            self.pipe = self.pipe or Stage(
                path=str(lab.dir / "run" / "origin.sock"))
            self.pipe.acts = self.stage.acts
            access = lab.dir / "log" / "access.log"
            access.touch()
            access.chmod(0o666)
            how.setdefault("relay__idle_age", f"{limit or 30}s".replace(
                "0.25s", "250ms"))
            lab.configure(log__access=str(access), **how)
            lab.names("".join(self.names(name)))
            lab.routes("".join(self.routes(name))
                       + 'own.test respond=200 "own"\n')
            lab.process = lab.start_named_router()
            # Now it has its map.
            assert fcgi.ask(lab.socket, host="none.test").status == 404
            labs.until(lambda: lab.fronts() == 0, 5, "it is at rest")
            lab.before = descriptors(lab)

    def names(self, name):
        hang = (self.limit or 5) * 1000
        for part in [name, *(k for k, v in LAB_OF.items() if v == name)]:
            yield f"stuck.{part}.invalid hang {10 * hang:.0f} 127.0.0.1\n"
            yield f"slow.{part}.invalid hang {hang / 2:.0f} 127.0.0.1\n"
            yield f"none.{part}.invalid fail\n"

    def routes(self, name):
        short = (lambda default: f"{self.limit * 1000:.0f}ms" if self.limit
                 else f"{default}s")
        words = {"route": f"connect-timeout={short(5)} timeout={short(60)} "
                          f"idle-timeout={short(60)}",
                 "wide": "connect-timeout=1h timeout=1h idle-timeout=1h "
                         "total=1h",
                 "total-route": f"total={short(60)}"}
        for part in [name, *(k for k, v in LAB_OF.items() if v == name)]:
            for host, url in {
                    "": self.stage.url,
                    "alone.": self.alone.url,
                    "pipe.": self.pipe.url,
                    "dead.": self.dead.url,
                    "gate.": self.gate.url,
                    "mute.": f"https://127.0.0.1:{self.mute.port}",
                    "drips.": f"https://127.0.0.1:{self.drips.port}",
                    "stuck.": f"http://stuck.{part}.invalid:80",
                    "none.": f"http://none.{part}.invalid:80",
                    "slow.": f"http://slow.{part}.invalid:{self.dead.port}",
            }.items():
                yield f"{host}{part}.test {url} {words.get(part, '')}\n"

    def __call__(self, one):
        return (self.limit or one.default,
                self.labs[LAB_OF.get(one.router, one.router)], self.stage)

    def close(self):
        for origin in (self.stage, self.alone, self.pipe, self.dead,
                       self.gate, self.mute, self.drips):
            origin.close()


def descriptors(lab):
    """Without the pipes that workers keep for large answers (test_large)."""
    count = 0
    for fd in os.listdir(f"/proc/{lab.process.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            count += not os.readlink(
                f"/proc/{lab.process.pid}/fd/{fd}").startswith("pipe:")
    return count


def chosen(request, test):
    """The rows that are asked for."""
    names = {item.callspec.params["name"] for item in request.session.items
             if getattr(item, "originalname", "") == test}
    return [one for name, one in ROWS.items() if name in names]


@pytest.fixture(scope="module")
def place(new_lab, end_lab_module):
    places = {}
    yield lambda limit: places.setdefault(limit, None) or places.update(
        {limit: Place(new_lab, limit)}) or places[limit]
    for one in places.values():
        one.close()
        for lab in one.labs.values():
            end_lab_module(lab)


@pytest.fixture(scope="module")
def short(request, place):
    at = place(SHORT)
    return at, play_all(chosen(request, "test_a_short_time_holds"), at)


@pytest.fixture(scope="module")
def default(request, place):
    at = place(None)
    return at, play_all(chosen(request, "test_a_default_time_holds"), at)


def judge(one, at, results):
    # Late may have been the router, or where it must be patient our own
    # drips. A wrong word is wrong at once.
    result = settle(results[one.name], lambda result: result.holds(one),
                    lambda: play_alone(one, *at(one)),
                    lambda result: not one.slow and result.outcome != one.want)
    assert result.holds(one), (
        f"{one.name}: '{one.want}' after {result.limit} s is wanted; "
        f"'{result.outcome}' after {result.took:.3f} s has come; "
        f"the machine was {result.stall:.3f} s late")


@pytest.mark.parametrize("name", ROWS)
def test_a_short_time_holds(short, name):
    judge(ROWS[name], *short)


@pytest.mark.long
@pytest.mark.parametrize("name", [n for n in ROWS if not ROWS[n].slow])
def test_a_default_time_holds(default, name):
    judge(ROWS[name], *default)


def test_a_name_that_nobody_knows_is_502_at_once(place):
    reply = fcgi.ask(place(SHORT).labs["relay"].socket,
                     host="none.relay.test")
    assert (reply.status, reply.reason) == (502, "origin-dns")


def frees_everything(at):
    for name, lab in at.labs.items():
        labs.until(lambda: lab.fronts() == 0, 5, f"{name}: connections")
        # Idle wires are of age soon, and the resolver is stuck no more: who
        # waits for it is gone, but its thread cannot be ended.
        labs.until(lambda: descriptors(lab) <= lab.before,
                   10 * (at.limit or 5), f"{name}: descriptors")
        lab.process.signal(signal.SIGTERM)
        assert lab.process.wait(3) == 0
        assert "did not end" not in lab.process.text(), lab.process.text()


def test_all_is_free_after_short_times(short):
    """Exchanges, descriptors, and workers: all of them could leave."""
    frees_everything(short[0])


@pytest.mark.long
def test_all_is_free_after_default_times(default):
    frees_everything(default[0])


# ---- the end: whatever goes on, it is over when drain is ----

DRAIN = 0.5


def going_on(host, act=None, method="GET"):
    """An exchange that is under way, as far as it comes."""
    def begin(lab, held):
        lab.stage.acts["row"] = act or (lambda sock, wire: None)
        peer = held.enter_context(Peer(lab.socket))
        peer.send(fcgi.begin(), fcgi.params(fcgi.variables(
            "/row", method, host, [("CONTENT_LENGTH", "1000")]
            if method == "POST" else [])),
            fcgi.stdin() if method == "GET" else b"")
        wanted = {"dead.test": lab.dead.connects,
                  "stuck.test": lambda: lab.asked("stuck.invalid")}
        labs.until(wanted.get(host, lambda: lab.stage.open), 10, "it goes on")
    return begin


def kept(lab, held):
    lab.stage.acts["row"] = lambda sock, wire: sock.sendall(NOTHING) is None
    peer = held.enter_context(Peer(lab.socket))
    assert peer.ask("/row", host="site.test", keep=True).status == 200


DRAINS = {
    # name: (what goes on, does it take all of drain?)
    "nothing": (lambda lab, held: None, False),
    "a connection that is kept": (kept, False),
    "no answer": (going_on("site.test"), True),
    "an answer that nobody takes": (
        going_on("site.test", endless), True),
    "an upload that stalls": (going_on("site.test", method="POST"), True),
    "a connect": (going_on("dead.test"), True),
    "a stuck resolver": (going_on("stuck.test"), True),
}


def drain(name, lab):
    begin, all_of_it = DRAINS[name]
    with contextlib.ExitStack() as held:
        lab.names("stuck.invalid hang 20000 127.0.0.1\n")
        lab.configure(router__drain=f"{DRAIN * 1000:.0f}ms")
        lab.routes(f"site.test {lab.stage.url}\ndead.test {lab.dead.url}\n"
                   "stuck.test http://stuck.invalid:80\n")
        process = lab.start_named_router()
        begin(lab, held)
        began = time.monotonic()
        process.signal(signal.SIGTERM)
        status = process.wait(20)
        took = time.monotonic() - began
    said = "1 exchanges did not end within" in process.text()
    assert (said, status != 0) == (all_of_it, all_of_it), (
        status, process.text())
    return took


@dataclasses.dataclass
class Drained:
    all_of_it: bool
    took: float
    stall: float = 0

    def holds(self):
        if not self.all_of_it:
            return self.took <= 0.5 * labs.PATIENCE
        return DRAIN - TICK <= self.took <= DRAIN * (1 + SHARE) + SLACK


def drain_one(name, lab):
    with Pulse() as pulse:
        took = drain(name, lab)
    return Drained(DRAINS[name][1], took, pulse.worst)


@pytest.fixture(scope="module")
def drained(new_lab, end_lab_module):
    """All at once, each with a router and origins of its own."""
    made = {}
    for name in DRAINS:
        lab = made[name] = new_lab(name)
        lab.stage, lab.dead = Stage(), Dead()
    with concurrent.futures.ThreadPoolExecutor(len(DRAINS)) as pool:
        results = dict(zip(DRAINS, pool.map(
            lambda name: drain_one(name, made[name]), DRAINS)))
    yield made, results
    for lab in made.values():
        lab.stage.close()
        lab.dead.close()
        end_lab_module(lab)


@pytest.mark.parametrize("name", DRAINS)
def test_a_drain_ends_in_time(drained, name):
    made, results = drained
    result = settle(results[name], Drained.holds,
                    lambda: drain_one(name, made[name]))
    assert result.holds(), result
