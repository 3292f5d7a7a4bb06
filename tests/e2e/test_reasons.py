# SPDX-License-Identifier: BSD-2-Clause
"""Every word of err.tbl.h, by which the router answers itself: a request that
earns it, what the client is told and what is written down.

The rules behind the words are tested elsewhere; here none may be missing.
"""

import re

import pytest

import fcgi
import lab as labs
from fcgi import Peer
from origin import Listener, Origin, Script
from test_auth import TOKENS, secret
from test_slow_peers import Dead

TABLE = (labs.TOP / "fcgi-router" / "base" / "err.tbl.h").read_text()
WORDS = {word: int(status) for word, status in re.findall(
    r'^REASON\(\w+, "([^"]+)", (\d+),', TABLE, re.MULTILINE)}
NO_ERROR = "-"

INI = {
    "router__check": "20ms", "router__body_timeout": "200ms",
    "relay__max_fails": "1",
    "auth:tokens__type": "bearer",
    "plan:once__rate": "1/d", "plan:once__burst": "1",
    "plan:single__concurrency": "1",
    "plan:short__origin_time": "200ms",
    "plan:few__subrequests": "1",
}

LIST = """\
site.test {origin}
site.test/shut respond=200 deny=0.0.0.0/0
site.test/guarded {origin} auth=tokens
site.test/unknown-auth {origin} auth=nobody
site.test/unknown-sign {origin} sign=nobody
site.test/small {origin} max-body=4
site.test/quick {origin} timeout=200ms
site.test/once {origin} plan=once
site.test/single {origin} plan=single
site.test/short {origin} plan=short
site.test/few @few plan=few
@few http://127.0.0.1:1 http://127.0.0.2:1 retry=1
site.test/dead http://127.0.0.1:1
site.test/no-name http://nobody.test:{port}
site.test/no-tls https://127.0.0.1:{plain}
site.test/no-http {broken}
site.test/hangs http://{hangs} connect-timeout=200ms
site.test/metadata http://metadata.test
site.test/nothing @nothing
site.test/out @out
@out http://127.0.0.1:1 when-all-down=refuse
path.test/here {origin}
large.test {origin}
    {copies}
"""
# Of a header field, more than the memory of one request holds.
LARGE = "x" * 50000
COPIES = "\n    ".join(f"request-header X-Copy-{n}: {{header.x-large}}"
                       for n in range(30))


class Plain(Listener):
    """Speaks HTTP where TLS is spoken to it."""

    def serve(self, sock):
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.fixture(scope="module")
def router(module_lab):
    lab = module_lab
    lab.origin = Origin()
    peers = {"origin": lab.origin, "plain": Plain(),
             "broken": Script(b"no HTTP\r\n\r\n"), "hangs": Dead()}
    for peer in peers.values():
        lab.cleanups.append(peer.close)
    lab.log = lab.dir / "log" / "access"
    secret(lab.dir / "etc" / "tokens", TOKENS)
    lab.configure(**INI, log__access=str(lab.log),
                  **{"auth:tokens__file": str(lab.dir / "etc" / "tokens")})
    lab.routes(LIST.format(
        origin=lab.origin.url, port=lab.origin.port,
        plain=peers["plain"].port, broken=peers["broken"].url,
        hangs=f"127.0.0.1:{peers['hangs'].port}", copies=COPIES))
    lab.names("nobody.test fail\nmetadata.test 169.254.169.254\n")
    lab.start_named_router()
    yield lab
    lab.origin.gate.set()


# ---- a request for each word ----

CASES = {}


def case(word):
    def keep(function):
        assert word not in CASES
        CASES[word] = function
        return function
    return keep


def simple(word, target="/", **how):
    CASES[word] = lambda router: fcgi.ask(router.socket, target, **how)


simple("bad-host", host="a/b")
simple("bad-path", "/%zz")
simple("bad-request", method="NO METHOD")
simple("ambiguous-path", "/guarded%2Fa")
simple("auth-required", "/guarded")
simple("auth-denied", "/a", method="MOVE",
       more=[("HTTP_DESTINATION", "/guarded/a")])
simple("address-denied", "/shut")
simple("no-host", host="nobody.test")
simple("no-path", "/there", host="path.test")
simple("no-service", "/nothing")
simple("body-too-large", "/small", method="POST", body=b"12345")
simple("uri-too-long", "/" + "x" * 16384)
simple("headers-too-large", more=[(f"HTTP_X_{n}", "") for n in range(201)])
simple("internal", "/unknown-sign")
simple("origin-refused", "/dead")
simple("origin-dns", "/no-name")
simple("origin-tls", "/no-tls")
simple("origin-broken", "/no-http")
simple("origin-bad-header", "/headers/100/1000")
simple("other-server", "/a", method="MOVE",
       more=[("HTTP_DESTINATION", "http://elsewhere.test/a")])
simple("egress-denied", "/metadata")
simple("auth-unavailable", "/unknown-auth")
simple("overloaded", host="large.test", more=[("HTTP_X_LARGE", LARGE)])
simple("origin-connect-timeout", "/hangs")
simple("origin-timeout", "/quick/think/60000")
simple("limit-time", "/short/think/60000")
simple("limit-subrequests", "/few")
simple("loop", more=[("HTTP_VIA", ", ".join(["1.1 fcgi-router"] * 9))])


@case("body-timeout")
def _(router):
    with Peer(router.socket) as peer:
        peer.send(fcgi.begin(), fcgi.params(fcgi.variables(
            method="POST", more=[("CONTENT_LENGTH", "10")])))
        return peer.reply()


@case("no-healthy-origin")
def _(router):
    fcgi.ask(router.socket, "/out")
    return fcgi.ask(router.socket, "/out")


@case("limit-rate")
def _(router):
    fcgi.ask(router.socket, "/once")
    return fcgi.ask(router.socket, "/once")


class Held:
    """A request whose origin has been asked and says nothing."""

    def __init__(self, router, target):
        self.origin = router.origin
        self.origin.gate.clear()
        self.peer = Peer(router.socket)
        self.peer.send(fcgi.request(target))

    def __enter__(self):
        assert self.origin.waiting.acquire(timeout=10 * labs.PATIENCE)
        return self

    def __exit__(self, *unused):
        self.origin.gate.set()
        self.peer.close()


@case("limit-concurrency")
def _(router):
    with Held(router, "/single/wait"):
        return fcgi.ask(router.socket, "/single/hello")


# ---- what a map or a client must do for it ----

@pytest.fixture
def other(lab, origin):
    """A router without a map yet."""
    lab.origin = origin
    lab.log = lab.dir / "log" / "access"
    lab.configure(router__check="20ms", log__access=str(lab.log))
    lab.start_router()
    return lab


def without_a_map(lab):
    return fcgi.ask(lab.socket)


def with_a_broken_map(lab):
    """Somebody copies over it, in place."""
    lab.routes(f"site.test {lab.origin.url}\n")
    labs.until(lambda: fcgi.ask(lab.socket, "/hello").status == 200, 10,
               "the map is in use")
    with open(lab.map, "r+b") as live:
        live.write(b"no map")
    return fcgi.ask(lab.socket, "/hello")


MAPS = {"no-map": without_a_map, "map-broken": with_a_broken_map}
ONLY_LOGGED = {"client-gone"}


# ---- the tests ----

def test_no_word_is_without_a_case():
    assert WORDS.keys() == (
        CASES.keys() | MAPS.keys() | ONLY_LOGGED | {NO_ERROR})


def logged(lab, mark):
    """The one line of the access log with that mark."""
    lines = labs.until(lambda: [
        line for line in lab.log.read_text("utf-8", "replace").splitlines()
        if mark in line], 10, f"{mark} is logged")
    assert len(lines) == 1, lines
    return lines[0]


def told(lab, reply, word):
    assert (reply.status, reply.all("X-Router-Reason")) == (
        WORDS[word], [word]), reply
    line = logged(lab, f"id={reply.get('X-Request-Id')} ")
    assert f'" {WORDS[word]} ' in line and f" reason={word} " in line, line


@pytest.mark.parametrize("word", sorted(CASES))
def test_each_word_is_told_and_logged(router, word):
    told(router, CASES[word](router), word)


@pytest.mark.parametrize("word", MAPS)
def test_each_word_about_the_map_is_told_and_logged(other, word):
    told(other, MAPS[word](other), word)


def test_who_is_gone_is_told_nothing_and_logged(router):
    with Held(router, "/gone/wait") as held:
        held.peer.close()
        line = logged(router, "/gone/wait")
    assert '" 499 ' in line and " reason=client-gone " in line, line


def test_an_answer_without_an_error_has_no_reason(router):
    reply = fcgi.ask(router.socket, "/hello/well")
    assert (reply.status, reply.reason) == (200, None), reply
    line = logged(router, "/hello/well")
    assert '" 200 ' in line and f" reason={NO_ERROR} " in line, line


# ---- what is warned of ----

MANY = 200


@pytest.mark.parametrize("target, how", [
    ("/out", {}), ("/dead", {}),
    # What a client can bring on by itself.
    ("/hello", {"more": [("HTTP_VIA", ", ".join(["1.1 fcgi-router"] * 9))]})])
def test_an_outage_fills_no_log(lab, origin, target, how):
    lab.configure(relay__max_fails="1")
    lab.routes(f"site.test {origin.url}\nsite.test/dead http://127.0.0.1:1\n"
               "site.test/out @out\n"
               "@out http://127.0.0.1:1 when-all-down=refuse\n")
    process = lab.start_router()
    fcgi.ask(lab.socket, target)
    for _ in range(MANY):
        reply = fcgi.ask(lab.socket, target, **how)
    word = reply.reason
    assert WORDS[word] >= 500
    process.stop()
    said = [line for line in process.text().splitlines() if word in line]
    counted = [int(n) for n in re.findall(r"(\d+) more", "\n".join(said))]
    assert len(said) < MANY / 10
    alone = sum("warning: " + word not in line for line in said)
    assert alone + sum(counted) in (MANY, MANY + 1), said
