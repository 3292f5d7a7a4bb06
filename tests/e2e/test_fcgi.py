# SPDX-License-Identifier: BSD-2-Clause
"""The FastCGI socket, asked by a peer that does what no web server does."""

import json
import os
import random
import re
import socket
import struct

import pytest

import fcgi
import lab as labs
from client import pattern
from fcgi import Peer, begin, pair, params, record, stdin, variables


def access_log(lab):
    return lab.dir / "log" / "access.txt"


@pytest.fixture(scope="module")
def router(module_lab, lasting_origin):
    """A router with short patience, for all tests here."""
    module_lab.configure(router__request_timeout="400ms",
                         router__body_timeout="400ms",
                         router__workers_min="2",
                         log__access=str(access_log(module_lab)))
    module_lab.routes(f"site.test {lasting_origin.url}\n")
    module_lab.start_router()
    pid = module_lab.router_pids()
    yield module_lab
    assert module_lab.router_pids() == pid, "the router has died meanwhile"


@pytest.fixture
def asked(lasting_origin):
    lasting_origin.asked.clear()
    return lasting_origin.asked


def still_serves(router):
    assert fcgi.ask(router.socket, "/hello").status == 200


def test_a_request_is_answered_and_ended(router):
    reply = fcgi.ask(router.socket, "/hello")
    assert reply.out.startswith(b"Status: 200 OK\r\n")
    assert reply.body == b"hello from origin\n"
    assert reply.ended and reply.protocol == 0


def test_the_connection_is_closed_unless_it_is_to_be_kept(router):
    with Peer(router.socket) as peer:
        assert peer.ask("/hello").ended
        assert peer.at_end() == b""


def test_a_kept_connection_serves_many_requests(router):
    with Peer(router.socket) as peer:
        for size in range(50):
            reply = peer.ask("/echo", "POST", body=pattern(size * 997),
                             keep=True, number=size % 3 + 1)
            assert json.loads(reply.body)["size"] == size * 997, reply


def test_records_may_come_in_crumbs(router):
    data = fcgi.request("/echo", "POST", body=b"x" * 40)
    with Peer(router.socket) as peer:
        for at in range(0, len(data), 16):
            peer.send(data[at:at + 16])
        assert json.loads(peer.reply().body)["size"] == 40


def test_params_may_be_split_anywhere_and_padded(router):
    with Peer(router.socket) as peer:
        data = b"".join(pair(*p) for p in variables("/hello"))
        peer.send(begin(), *(record(fcgi.PARAMS, data[at:at + 7], padding=3)
                             for at in range(0, len(data), 7)),
                  record(fcgi.PARAMS), stdin())
        assert peer.reply().status == 200


@pytest.mark.parametrize("role", [fcgi.AUTHORIZER, fcgi.FILTER, 0, 9, 65535])
def test_other_roles_are_refused(router, asked, role):
    with Peer(router.socket) as peer:
        try:
            peer.send(begin(role), params(variables("/hello")), stdin())
        except BrokenPipeError:
            pass
        reply = peer.reply()
    assert reply.status != 200
    assert not asked


def management(*names):
    return record(fcgi.GET_VALUES, b"".join(pair(n, "") for n in names),
                  number=0)


GARBAGE = {
    "version 0": b"\0" * 8,
    "version 2": record(fcgi.BEGIN, b"\0\1\0\0\0\0\0\0", version=2),
    "http": b"GET / HTTP/1.1\r\nHost: site.test\r\n\r\n",
    "params first": params(variables("/hello")),
    "stdin first": stdin(b"hello"),
    "begin too short": record(fcgi.BEGIN, b"\0\1\0"),
    "begin too long": record(fcgi.BEGIN, b"\0\1" + b"\0" * 60),
    "begin with request 0": begin(number=0),
    "begin twice": begin() + begin(),
    "unknown type": record(77, b"x" * 10),
    "unknown management type": record(77, b"x" * 10, number=0),
    "values": management("FCGI_MAX_CONNS"),
    "eight values": management(*["FCGI_MAX_CONNS"] * 8),
    "values with holes": record(fcgi.GET_VALUES, b"\xff" * 30, number=0),
    "huge lengths": begin() + record(
        fcgi.PARAMS, struct.pack(">II", 0xfffffffe, 0xfffffffe) + b"x" * 16),
    "huge lengths at the end": begin() + record(
        fcgi.PARAMS, pair("A", "x" * 60000)) * 12 + record(
        fcgi.PARAMS, struct.pack(">II", 0xfffffffe, 0xfffffffe) + b"x" * 16),
    "lengths beyond the record": begin() + record(
        fcgi.PARAMS, b"\x7f\x7fabc") + record(fcgi.PARAMS),
    "cut length": begin() + record(fcgi.PARAMS, b"\x80\0") + record(
        fcgi.PARAMS),
    "params of another request": begin() + params(variables("/hello"), 2),
    "version 0 within params": begin() + record(
        fcgi.PARAMS, b"\1\1AB") + b"\0" * 16,
    "no params": begin() + record(fcgi.PARAMS) + stdin(),
    "nameless params": begin() + params([("", "")] * 50) + stdin(),
    "no equals sign": begin() + params([("A=B=", "=")]) + stdin(),
    "nul in params": begin() + params(
        [("REQUEST_METHOD\0X", "GET"), ("HTTP_HOST", "a\0b")]) + stdin(),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_harms_nobody(router, asked, what):
    with Peer(router.socket) as peer:
        try:
            peer.send(GARBAGE[what])
            peer.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        peer.at_end()
    assert not asked
    still_serves(router)


NONSENSE = {
    "stdin of another request": record(fcgi.STDIN, b"x" * 10, number=2),
    "begin of another request": begin(number=2),
    "params again": record(fcgi.PARAMS, b"\1\1AB"),
    "unknown type": record(77, b"x" * 10),
    "unknown management type": record(77, b"x" * 10, number=0),
    "values": management("FCGI_MAX_CONNS"),
    "eight values": management(*["FCGI_MAX_CONNS"] * 8),
    "values with huge lengths": record(
        fcgi.GET_VALUES, struct.pack(">II", 0xfffffffe, 0xfffffffe),
        number=0),
    "an abort": record(fcgi.ABORT),
    "version 2": record(fcgi.STDIN, b"x", version=2),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_other_records_than_the_body_hold_no_worker(router, lasting_origin, what):
    """More of them than there are workers, and all stay open."""
    head = begin() + params(variables(
        "/stray", "POST", more=[("CONTENT_LENGTH", "1000")]))
    peers = [Peer(router.socket) for _ in range(os.cpu_count() + 3)]
    try:
        for peer in peers:
            peer.send(head + record(fcgi.STDIN, b"x" * 10) + NONSENSE[what])
        still_serves(router)
    finally:
        for peer in peers:
            peer.close()
    never_whole(lasting_origin)


def test_random_bytes_harm_nobody(router):
    source = random.Random(20)
    peers = []
    for _ in range(300):
        data = bytearray(fcgi.request("/hello", "POST", body=b"12345"))
        for _ in range(source.randrange(1, 6)):
            data[source.randrange(len(data))] = source.randrange(256)
        peer = Peer(router.socket)
        peers.append(peer)
        try:
            peer.send(bytes(data[:source.randrange(1, len(data))]))
            peer.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
    for peer in peers:
        peer.at_end()
        peer.close()
    still_serves(router)


@pytest.mark.parametrize("data", [
    b"", b"\1", begin(), begin() + params(variables("/hello"))[:60]],
    ids=["nothing", "a byte", "begin", "half of the params"])
def test_a_silent_peer_is_dropped(router, data):
    with Peer(router.socket, timeout=10) as peer:
        peer.send(data)
        peer.at_end()
    still_serves(router)


def never_whole(origin):
    """No upload to /stray has looked whole to the origin; so far: one that
    came late would be seen by the next test that asks."""
    assert not any(asked.whole for asked in origin.strays)


def test_a_body_that_stalls_is_given_up(router, lasting_origin):
    with Peer(router.socket, timeout=10) as peer:
        peer.send(begin(), params(variables(
            "/stray", "POST", more=[("CONTENT_LENGTH", "1000")])),
            record(fcgi.STDIN, b"x" * 10))
        reply = peer.reply()
    assert reply.status == 408 and reply.reason == "body-timeout", reply
    never_whole(lasting_origin)
    still_serves(router)


def test_an_abort_never_looks_whole(router, lasting_origin):
    with Peer(router.socket) as peer:
        peer.send(begin(), params(variables(
            "/stray", "POST", more=[("CONTENT_LENGTH", "1000")])),
            record(fcgi.STDIN, b"x" * 10), record(fcgi.ABORT))
        reply = peer.reply()
    assert reply.status != 200
    never_whole(lasting_origin)
    still_serves(router)


def test_a_peer_that_leaves_within_its_body_never_looks_whole(router, lasting_origin):
    for more in ([("CONTENT_LENGTH", "100000")], []):
        with Peer(router.socket) as peer:
            peer.send(begin(), params(variables("/stray", "POST", more=more)),
                      record(fcgi.STDIN, b"x" * 50000))
    still_serves(router)
    never_whole(lasting_origin)


def test_no_body_needs_no_end(router, asked):
    """HAProxy 2.6 leaves it out where a frame without bytes ends a request by
    HTTP/2."""
    with Peer(router.socket) as peer:
        peer.send(begin(keep=True), params(variables(
            "/echo", "POST", more=[("CONTENT_LENGTH", "0")])))
        assert peer.reply().status == 200
    assert asked[-1].get("Content-Length") == "0"


def test_no_body_that_has_bytes_is_400(router, asked):
    with Peer(router.socket) as peer:
        peer.send(begin(), params(variables(
            "/echo", "POST", more=[("CONTENT_LENGTH", "0")])), stdin(b"x"))
        assert (peer.reply().status, asked) == (400, [])


def test_a_second_request_at_once_is_refused(router):
    """Multiplexing: CANT_MPX_CONN or the end, and never a mixed answer."""
    with Peer(router.socket) as peer:
        peer.send(begin(keep=True), params(variables(
            "/echo", "POST", more=[("CONTENT_LENGTH", "4")])),
            begin(number=2, keep=True), params(variables("/hello"), 2),
            stdin(b"", 2), stdin(b"1234"))
        seen = peer.reply()
        assert seen.closed or seen.broken or seen.protocol == 1 or (
            seen.status in (200, 400)), seen
    still_serves(router)


def test_a_head_that_libfcgi_is_not_shown_is_431(router, asked):
    # Too many bytes for it; and more than a socket's buffer holds.
    for count in (13, 100):
        reply = fcgi.ask(router.socket, "/much", more=[
            (f"HTTP_X_{n}", "v" * 9000) for n in range(count)])
        assert (reply.status, reply.reason) == (431, "headers-too-large")
        assert reply.ended
        assert re.fullmatch("[0-9a-f]{32}", reply.get("X-Request-Id"))
    # Of the test before, a request may be on its way still.
    assert "/much" not in [one.target for one in asked]
    still_serves(router)


@pytest.mark.parametrize("more, status, reason", [
    ([(f"HTTP_X_{n}", "v" * 9000) for n in range(100)], 431,
     "headers-too-large"),
    ([("HTTP_X", "a\0b")], 400, "bad-request")], ids=["large", "nul"])
def test_what_libfcgi_is_not_shown_is_written_down(router, more, status,
                                                   reason):
    reply = fcgi.ask(router.socket, "/unseen", more=more)
    assert (reply.status, reply.reason) == (status, reason)

    def lines():
        return [line for line in access_log(router).read_text().splitlines()
                if f"id={reply.get('X-Request-Id')} " in line]
    line, = labs.until(lines, 5, "it is logged")
    assert f'" {status} {len(reply.body)} ' in line
    assert f" reason={reason} " in line
    still_serves(router)


def test_64_idle_kept_connections_hold_nobody_up(router):
    peers = [Peer(router.socket) for _ in range(64)]
    try:
        for peer in peers:
            assert peer.ask("/hello", keep=True).status == 200
        assert fcgi.ask(router.socket, "/hello").status == 200
        for peer in peers:
            assert peer.ask("/hello", keep=True).status == 200
    finally:
        for peer in peers:
            peer.close()


def test_a_connection_that_closes_while_kept_is_forgotten(router):
    pid = router.router_pids()[0]
    before = len(os.listdir(f"/proc/{pid}/fd"))
    for _ in range(50):
        with Peer(router.socket) as peer:
            assert peer.ask("/hello", keep=True).status == 200
    labs.until(lambda: len(os.listdir(f"/proc/{pid}/fd")) <= before + 2, 5,
               "descriptors are closed")


def test_a_client_that_leaves_is_noticed_at_once(router, lasting_origin):
    def lines():
        return [line for line in access_log(router).read_text(
            "utf-8", "replace").splitlines() if "/left/wait" in line]

    lasting_origin.gate.clear()
    lasting_origin.left.clear()
    with Peer(router.socket) as peer:
        peer.send(fcgi.request("/left/wait"))
        assert lasting_origin.waiting.acquire(timeout=10)
    labs.until(lambda: lasting_origin.left, 1.5, "the origin is left")
    line, = labs.until(lines, 5, "it is logged")
    assert " 499 " in line and "reason=client-gone" in line, line
    lasting_origin.gate.set()


def test_a_peer_that_takes_nothing_is_dropped(new_lab, end_lab_module,
                                              lasting_origin):
    lab = new_lab("stuck")
    try:
        lab.configure(router__client_timeout="500ms")
        lab.routes(f"site.test {lasting_origin.url}\n")
        lab.start_router()
        labs.until(lambda: lab.fronts() == 0, 5, "nobody is there")
        with Peer(lab.socket) as peer:
            peer.send(fcgi.request("/bytes/20000000"))
            labs.until(lambda: peer.socket.recv(1, socket.MSG_PEEK), 5,
                       "the answer has begun")
            labs.until(lambda: lab.fronts() == 0, 5, "it is dropped")
    finally:
        end_lab_module(lab)


def test_a_broken_answer_is_shown_as_broken(router, lasting_origin):
    for kind in ("length", "chunked"):
        lasting_origin.gate.set()
        reply = fcgi.ask(router.socket, f"/break/{kind}")
        assert reply.status == 200
        assert reply.broken and not reply.ended, reply
    still_serves(router)
