# SPDX-License-Identifier: BSD-2-Clause
"""A request on a kept connection that dies: repeated when that is right, and
never done twice when it is not.

The origin ends a connection that was used before, at each point of an
exchange, and counts what it received (breaker.py).
"""

import concurrent.futures
import itertools
import select
import ssl
import threading

import pytest

import fcgi
import lab as labs
from breaker import (ANSWERING, BEFORE, BODY, FIRST, HEAD, IN_ANSWER, IN_BODY,
                     IN_HEAD, POINTS, UNREAD, Breaker)
from fcgi import Peer
from test_origins import authority  # noqa: F401, a fixture

KEPT = 16384        # body_buffer, and the least that is kept
LARGE = 100000      # more than is kept, less than lies in sockets
MANY = 50

IDEMPOTENT = ("GET", "HEAD", "PUT", "DELETE", "PROPFIND")
REQUESTS = [
    *((method, "none") for method in (*IDEMPOTENT, "POST")),
    *itertools.product(("PUT", "PROPFIND", "POST", "PATCH"), ("small",)),
    *itertools.product(("PUT", "POST"), ("large", "begun", "chunked")),
]
WAYS = ("tcp", "unix", "tls")
STARTED = (FIRST, IN_ANSWER, ANSWERING)


def makes_sense(point, method, body):
    if method == "HEAD" and point == ANSWERING:
        return False    # it has no body
    if point == IN_BODY:
        return body != "none"
    # One whose body has begun ends before that is read.
    return body != "begun" or point in (UNREAD, IN_HEAD, HEAD)


def outcome(point, method, body):
    """What is answered, and how often it is received."""
    if point == BEFORE:
        return "200", 1
    if point == ANSWERING:
        return "broken 200", 1
    if point in STARTED or method not in IDEMPOTENT or body == "large":
        return "502 origin-broken", 1
    return "200", 2


ROWS = [(way, end, point, method, body)
        for way, end, point, (method, body) in
        itertools.product(WAYS, ("FIN", "RST"), POINTS, REQUESTS)
        if makes_sense(point, method, body)]
# Of the others, by default, what differs in kind.
FEW = [("GET", "none"), ("POST", "none"), ("PUT", "small"),
       ("POST", "small"), ("PUT", "large")]


def marked(row):
    long = row[0] != "tcp" and row[3:] not in FEW
    return pytest.param(*row, id=", ".join(row),
                        marks=[pytest.mark.long] if long else [])


@pytest.fixture(scope="module")
def place(new_lab, end_lab_module, authority):  # noqa: F811
    """One router, and an origin for each way to one."""
    lab = new_lab("repeats")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "site.pem", authority / "site.key")
    (lab.dir / "ca.pem").write_bytes((authority / "ca.pem").read_bytes())
    lab.origins = {"tcp": Breaker(), "tls": Breaker(context=context),
                   "unix": Breaker(path=str(lab.dir / "run" / "origin"))}
    log = lab.dir / "log" / "access.log"
    log.touch()
    log.chmod(0o666)
    lab.configure(relay__body_buffer=str(KEPT), log__access=str(log))
    lab.routes("".join(f"{way}.test {origin.url}\n".replace(
        "https://127.0.0.1", "https://localhost")
        for way, origin in lab.origins.items()))
    lab.start_router(environment={
        "SSL_CERT_FILE": str(lab.dir / "ca.pem"),
        "SSL_CERT_DIR": str(lab.dir / "none")})
    yield lab
    for origin in lab.origins.values():
        origin.close()
    end_lab_module(lab)


def send(peer, way, target, method, body, origin):
    """The request; of one that has begun the rest when it is dead."""
    more, data = [], b""
    if body in ("small", "chunked"):
        data = b"x" * 100
    elif body in ("large", "begun"):
        data = b"x" * LARGE
    if body not in ("none", "chunked"):
        more = [("CONTENT_LENGTH", str(len(data)))]
    peer.send(fcgi.begin(), fcgi.params(fcgi.variables(
        target, method, f"{way}.test", more)))
    if body == "begun":
        peer.send(fcgi.record(fcgi.STDIN, data[:1000]))
        labs.until(lambda: origin.point is None, 10, "it is dead")
        data = data[1000:]
    peer.send(fcgi.stdin(data))


def said(reply):
    if reply.broken or not reply.ended:
        return f"broken {reply.status}"
    return " ".join(filter(None, (str(reply.status), reply.reason)))


@pytest.mark.parametrize("way, end, point, method, body",
                         [marked(row) for row in ROWS])
def test_it_is_repeated_when_it_may_be(place, way, end, point, method, body):
    origin = place.origins[way]
    origin.point, origin.most = None, 0
    origin.seen.clear()
    assert fcgi.ask(place.socket, "/warm", host=f"{way}.test").status == 200
    origin.received.clear()
    origin.whole.clear()
    accepted = origin.accepted
    if body == "large" and point in (UNREAD, IN_HEAD, HEAD, IN_BODY):
        # The router has let go of what it kept.
        origin.most = 2 * KEPT
    origin.end = end
    if point == BEFORE:
        origin.drop_idle(end)
    else:
        origin.point = point
    with Peer(place.socket, timeout=20) as peer:
        send(peer, way, "/row", method, body, origin)
        if point == ANSWERING:
            assert select.select([peer.socket], [], [], 20)[0]
            origin.seen.set()
        reply = peer.reply()
    labs.until(lambda: origin.point is None, 5, "a kept connection was asked")
    want, times = outcome(point, method, body)
    assert (said(reply), len(origin.received)) == (want, times), reply
    assert origin.accepted - accepted == (
        1 if want == "200" else 0), "a fresh connection for each repetition"
    if method not in IDEMPOTENT:
        assert len(origin.received) == 1
    if want == "200":
        assert origin.whole[-1] == "/row"


def ask_many(place, requests, kind="tcp"):
    """(method, target) of each, all at once; what was said, by target."""
    def ask(request):
        method, target = request
        return target, said(fcgi.ask(
            place.socket, target, method, f"{kind}.test",
            b"x" * 100 if method == "POST" else None))
    with concurrent.futures.ThreadPoolExecutor(len(requests)) as pool:
        return dict(pool.map(ask, requests))


def fill_pool(place, origin):
    """As many kept connections as that, each used."""
    origin.holds = threading.Barrier(MANY)
    replies = ask_many(place, [("GET", f"/warm-{n}") for n in range(MANY)])
    assert set(replies.values()) == {"200"}, replies
    origin.holds = None
    assert len(origin.open) >= MANY
    origin.received.clear()


MIXED = [(("GET", "POST")[n % 2], f"/{('get', 'post')[n % 2]}-{n}")
         for n in range(2 * MANY)]


@pytest.mark.parametrize("end", ["FIN", "RST"])
def test_an_origin_that_restarts_costs_no_request(place, end):
    """50 kept connections have ended; 50 GET and 50 POST come at once."""
    origin = place.origins["tcp"]
    origin.point = None
    fill_pool(place, origin)
    origin.drop_idle(end)
    replies = ask_many(place, MIXED)
    assert set(replies.values()) == {"200"}, replies
    assert sorted(origin.received) == sorted(target for _, target in MIXED)


@pytest.mark.parametrize("point", [HEAD, BODY, FIRST])
def test_many_that_die_at_once_are_each_done_as_often_as_is_right(place,
                                                                  point):
    """All 50 kept connections end while they are asked."""
    origin = place.origins["tcp"]
    fill_pool(place, origin)
    origin.end, origin.most, origin.always = "RST", 0, True
    origin.point = point
    try:
        replies = ask_many(place, MIXED)
    finally:
        origin.point, origin.always = None, False
    times = {target: origin.received.count(target) for target in replies}
    for method, target in MIXED:
        if method == "POST" or point == FIRST:
            assert times[target] == 1, target
            assert replies[target] in ("200", "502 origin-broken")
        else:
            assert (replies[target], times[target]) in (
                ("200", 1), ("200", 2)), target
    # Each kept connection was met by one, and then those that were new.
    dead = (sum(count - 1 for count in times.values())
            + list(replies.values()).count("502 origin-broken"))
    assert dead >= MANY


def test_an_origin_that_never_answers_is_asked_twice_at_most(place):
    """The fresh connection ends as well: that is an answer."""
    origin = place.origins["tcp"]
    origin.point = None
    assert fcgi.ask(place.socket, "/warm", host="tcp.test").status == 200
    origin.received.clear()
    origin.end, origin.most, origin.everyone = "FIN", 0, True
    origin.point = HEAD
    try:
        reply = fcgi.ask(place.socket, "/row", host="tcp.test")
    finally:
        origin.point, origin.everyone = None, False
    assert said(reply) == "502 origin-broken"
    assert origin.received == ["/row", "/row"]


def test_of_a_repeated_upload_each_byte_is_logged_once(place):
    origin = place.origins["tcp"]
    origin.point = None
    assert fcgi.ask(place.socket, "/warm", host="tcp.test").status == 200
    origin.end, origin.most, origin.point = "FIN", 0, BODY
    assert fcgi.ask(place.socket, "/counted", "PUT", "tcp.test",
                    b"x" * 100).status == 200
    line = labs.until(lambda: [one for one in (
        place.dir / "log" / "access.log").read_text().splitlines()
        if "/counted" in one], 5, "it is written down")[0]
    assert " attempts=2 " in line and " received=100 " in line


# The pool

def test_idle_connections_are_bounded_and_the_oldest_goes(lab):
    origins = [Breaker() for _ in range(3)]
    lab.cleanups += [origin.close for origin in origins]
    lab.configure(relay__max_idle="2", router__workers_min="4")
    lab.routes("".join(f"o{n}.test {origin.url}\n"
                       for n, origin in enumerate(origins)))
    lab.start_router()

    def ask(number):
        assert fcgi.ask(lab.socket, host=f"o{number}.test").status == 200

    def idle(*numbers):
        labs.until(lambda: [len(o.open) for o in origins] == [
            int(n in numbers) for n in range(3)], 5, numbers)

    ask(0)
    ask(1)
    idle(0, 1)
    ask(0)      # used last now
    ask(2)
    idle(0, 2)
    assert [origin.accepted for origin in origins] == [1, 1, 1]
    ask(1)
    idle(1, 2)
    # And of one that is asked by many at once, no more remain.
    origins[0].holds = threading.Barrier(8)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, [0] * 8))
    labs.until(lambda: len(origins[0].open) == 2, 5, "two remain")
    idle_others = [len(origin.open) for origin in origins[1:]]
    assert idle_others == [0, 0]
