# SPDX-License-Identifier: BSD-2-Clause
"""A client that leaves: the transfer from the origin stops within a second,
wherever it stands, and 499 client-gone is written down.

Straight at the router all rows are played at once; behind web servers, on
those that tell (capabilities.py).
"""

import concurrent.futures
import contextlib
import re
import select
import socket
import struct
import threading
import time

import pytest

import fcgi
import lab as labs
from capabilities import COLUMNS, cell
from client import Client, ask
from clocks import Play, Row, Stage
from origin import Origin
from setups import SETUPS, Site
from test_pressure import until_still

pytestmark = pytest.mark.alone

SECOND = 1.0 * labs.PATIENCE
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = [("CONTENT_LENGTH", "100000000")]
PART = fcgi.record(fcgi.STDIN, b"x" * 1000)


def says(data):
    return lambda play, sock, wire: sock.sendall(data)


def streams(play, sock, wire):
    sock.sendall(OK + b"\r\n")
    with contextlib.suppress(OSError):
        while not play.over.wait(0.05):
            sock.sendall(b"data: x\n\n")


def takes_nothing(data=b""):
    """Looks for an end without reading."""
    def act(play, sock, wire):
        sock.sendall(data)
        hung_up = select.poll()
        hung_up.register(sock, 0)
        hung_up.poll(20000)
    return act


def whole(play):
    return play.head("GET", host=HOST) + fcgi.stdin()


def begun(play):
    return play.head("POST", LENGTH, HOST) + PART


def sending(play):
    """More than is taken from us."""
    return play.head("POST", LENGTH, HOST) + PART * 1000


HOST = "gone.test"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
ROWS = {
    # name: (what the client sends, what the origin does, answered before)
    "no answer": (whole, says(b"")),
    "a part of a head": (whole, says(OK)),
    "a part of an answer": (whole, says(
        OK + b"Content-Length: 10\r\n\r\nhello")),
    "a stream": (whole, streams),
    "an upload that goes on": (begun, says(b"")),
    "an upload that the origin does not take": (sending, takes_nothing()),
    "an upload beside its answer": (begun, says(CHUNKED)),
    "an upload beside its answer, not taken": (sending,
                                               takes_nothing(CHUNKED)),
    "an upload that was refused": (begun, says(
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nhello")),
}


def leave(name, after, lab, stage):
    """What is logged, and how long the origin was kept."""
    sends, does = ROWS[name]
    play = Play(Row(name, 1, "gone", None, ""), 1, lab, stage)
    with play.held:
        asked = threading.Event()
        play.act(lambda sock, wire: asked.set() or does(play, sock, wire)
                 and None)
        peer = play.peer()
        peer.socket.settimeout(0.2)
        with contextlib.suppress(OSError):
            peer.send(sends(play))
        assert asked.wait(20)
        play.wait(after)
        play.start()
        peer.close()
        play.stop(play.left())
        return play.logged(), play.took


@pytest.fixture(scope="module")
def gone(new_lab, end_lab_module):
    lab = new_lab("gone")
    stage = Stage(path=str(lab.dir / "run" / "origin"))
    log = lab.dir / "log" / "access.log"
    log.touch()
    log.chmod(0o666)
    lab.configure(log__access=str(log))
    lab.routes(f"{HOST} {stage.url}\n")
    lab.start_router()
    rows = [(name, after) for name in ROWS for after in AFTER]
    with concurrent.futures.ThreadPoolExecutor(len(rows)) as pool:
        results = {row: pool.submit(leave, *row, lab, stage) for row in rows}
    yield results, lab, stage
    stage.close()
    end_lab_module(lab)


AFTER = (0.05, 0.6)     # soon, and when the client is watched


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("name", ROWS)
def test_the_origin_is_left_within_a_second(gone, name, after):
    results, lab, stage = gone
    logged, took = results[name, after].result()
    if took > SECOND:   # a second measurement, by itself, and no third
        logged, took = leave(name, after, lab, stage)
    assert logged == "499 client-gone"
    assert took <= SECOND


def test_nobody_who_left_costs_anything_more(gone):
    """None is waited for, and none turns round and round."""
    lab = gone[1]
    labs.until(lambda: lab.fronts() == 0, 5, "all have left")
    router, = lab.router_pids()

    def used():
        with open(f"/proc/{router}/stat") as text:
            return sum(map(int, text.read().split()[13:15]))
    before = used()
    Play.wait(0.3)
    assert used() - before <= 5, "hundredths of a second"


def test_a_full_connection_of_tcp_that_is_reset_is_left_within_a_second(
        lab, origin):
    """What lies in its buffer counts as waiting still, and nobody writes."""
    log = lab.dir / "log" / "access.log"
    log.touch()
    log.chmod(0o666)
    lab.configure(log__access=str(log))
    lab.routes(f"{HOST} {origin.url}\n")
    port = labs.free_port()
    router = lab.start_router("-s", f"127.0.0.1:{port}", "--tcp")
    assert lab.ready(router, port)
    with fcgi.Peer(port) as peer:
        peer.send(fcgi.request("/bytes/50000000", host=HOST))
        peer.record()
        until_still(router.pid)
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
    began = time.monotonic()
    labs.until(lambda: "reason=client-gone" in log.read_text(), 10,
               "it is written down")
    assert time.monotonic() - began <= SECOND


# Behind web servers

CELLS = [pytest.param(name, row, marks=[] if name in (
    "nginx", "haproxy", "lighttpd-spawn") else [pytest.mark.long])
    for name, _ in COLUMNS for row in ("leave-stream", "leave-silent")
    if cell(row, name) == "yes"]


@pytest.fixture(scope="module")
def behind(new_lab, end_lab_module):
    """One site a set-up."""
    sites = {}

    def start(name):
        if name not in sites:
            lab = new_lab(name)
            origin = Origin()
            log = lab.dir / "log" / "access.log"
            log.touch()
            log.chmod(0o666)
            lab.settings = {"log__access": str(log)}
            lab.routes(f"site.test {origin.url}\n")
            sites[name] = Site(lab, SETUPS[name]).start()
            sites[name].origin = origin
        return sites[name]
    yield start
    for site in sites.values():
        site.origin.close()
        end_lab_module(site.lab)


def left_behind(site, path):
    """How long the origin was kept when the client had left."""
    site.origin.gate.clear()
    site.origin.left.clear()
    with Client(site.port) as client:
        client.send(target=path)
        assert site.origin.waiting.acquire(timeout=10)
        if "/stream" in path:
            client.head()
    began = time.monotonic()
    labs.until(lambda: site.origin.left, 10, "the origin is left")
    return time.monotonic() - began


@pytest.mark.parametrize("name, row", CELLS)
def test_behind_a_web_server_it_is_left_within_a_second(behind, name, row):
    site = behind(name)
    path = f"/{row}/{'stream' if row == 'leave-stream' else 'wait'}"
    assert ask(site.port, target="/hello").status == 200
    took = left_behind(site, path)
    if took > SECOND:
        took = left_behind(site, path)
    assert took <= SECOND
    if not site.setup.lives:
        return  # Apache has ended the program, which writes nothing more
    line = re.compile(rf"{path} \S+\" 499 .*reason=client-gone")
    log = site.lab.dir / "log" / "access.log"
    labs.until(lambda: line.search(log.read_text()), 5, "it is written down")


def test_an_upload_behind_haproxy_is_ended_within_a_second(behind):
    """It passes bodies on while they come, as nginx does not."""
    site = behind("haproxy")
    with Client(site.port) as client:
        client.socket.sendall(
            b"POST /cut/echo HTTP/1.1\r\nHost: site.test\r\n"
            b"Content-Length: 1000000\r\n\r\n" + b"x" * 500000)
        asked = labs.until(lambda: [one for one in site.origin.asked
                                    if one.path == "/cut/echo"], 10, "asked")
        labs.until(lambda: asked[0].size > 300000, 10, "it flows")
    began = time.monotonic()
    log = site.lab.dir / "log" / "access.log"
    labs.until(lambda: re.search(r"/cut/echo \S+\" 499 .*reason=client-gone",
                                 log.read_text()), 10, "it is written down")
    assert time.monotonic() - began <= SECOND
    assert not asked[0].whole
