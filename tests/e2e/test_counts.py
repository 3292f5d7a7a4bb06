# SPDX-License-Identifier: BSD-2-Clause
"""What many routers count is one sum, whatever becomes of them."""

import contextlib
import json
import os
import subprocess
import threading

import pytest

import fcgi
import lab as labs
from origin import Origin

ROUTERS = 4
TIMES = 25          # each host is asked of each router
LIST = """\
a.test @api
{x}.many.test %(origin)s/hello
@api %(origin)s/hello
"""


class Routers:
    """Several with one folder of state, each with its own socket."""

    def __init__(self, lab, origin):
        self.lab = lab
        self.origin = origin
        lab.routes(LIST % {"origin": origin.url})
        lab.configure(router__check="20ms")
        self.sockets = [lab.dir / "run" / f"s{i}" for i in range(ROUTERS)]
        self.processes = [self.begin(socket) for socket in self.sockets]

    def begin(self, socket):
        process = self.lab.start_router("-s", f"unix:{socket}")
        assert self.lab.ready(process, socket)
        return process

    def stat(self):
        done = self.lab.tool("route-stat", "-c", self.lab.ini, "-j")
        assert done.returncode == 0, done
        return json.loads(done.stdout.splitlines()[0])

    def counted(self):
        return self.stat()["total"]["requests"]

    def ask_all(self, came):
        """Every router at once; who did is joined by the caller."""
        threads = [threading.Thread(target=ask, args=(socket, host, came))
                   for socket in self.sockets
                   for host in ("a.test", "b.many.test")]
        for thread in threads:
            thread.start()
        return threads


def ask(socket, host, came):
    """Until the router goes away."""
    with fcgi.Peer(socket) as peer, contextlib.suppress(OSError):
        for _ in range(TIMES):
            reply = peer.ask("/", host=host, keep=True)
            if reply.status != 200:
                return
            came.append(host)


@pytest.fixture(scope="module", name="routers")
def _routers(module_lab):
    with contextlib.closing(Origin()) as origin:
        yield Routers(module_lab, origin)


def test_each_request_is_counted_once_by_whichever_router(routers):
    before, came = routers.counted(), []
    for thread in routers.ask_all(came):
        thread.join()
    each = ROUTERS * TIMES
    assert len(came) == 2 * each
    labs.until(lambda: routers.counted() == before + 2 * each, 10,
               "all that came is counted")
    stat = routers.stat()
    assert {row["service"]: row["requests"] for row in stat["services"]} == {
        "@api": each, "{x}.many.test": each}
    assert stat["total"]["attempts"] == 2 * each


def test_each_router_tells_how_it_is(routers):
    def told(key):
        return [row[key] for row in routers.stat()["processes"]]
    labs.until(lambda: sorted(told("pid")) == sorted(
        process.pid for process in routers.processes), 10,
        "each router is there")
    before = told("generation")
    routers.lab.routes(LIST % {"origin": routers.origin.url})
    labs.until(lambda: told("generation") == [n + 1 for n in before], 10,
               "each has the new map")
    with fcgi.Peer(routers.sockets[0]):
        labs.until(lambda: sorted(told("connections")) == [0, 0, 0, 1], 10,
                   "one has a connection")
    assert told("paths") == [0] * ROUTERS
    assert all(0 < n <= 64 for n in told("workers"))


def test_a_killed_router_takes_no_more_than_it_had_under_way(routers):
    before, came = routers.counted(), []
    threads = routers.ask_all(came)
    labs.until(lambda: len(came) > ROUTERS * TIMES // 2, 10,
               "some have an answer")
    routers.processes[0].signal(9)
    for thread in threads:
        thread.join()
    routers.processes[0].wait()
    # Of each of its connections one may be counted that did not come.
    labs.until(lambda: len(came) - 2 <= routers.counted() - before
               <= len(came) + 2, 10, "all but the last are counted")
    assert routers.processes[0].pid not in [
        row["pid"] for row in routers.stat()["processes"]]
    routers.processes[0] = routers.begin(routers.sockets[0])


def test_a_request_as_cgi_is_counted(routers):
    before = routers.stat()["total"]
    done = subprocess.run(
        [routers.lab.router], stdin=subprocess.DEVNULL, capture_output=True,
        timeout=30, check=True, env={
            **os.environ, "ROUTER_INI": str(routers.lab.ini),
            **dict(fcgi.variables("/", "GET", "a.test", ()))},
        **routers.lab.as_web_user())
    assert b"Status: 200" in done.stdout, done
    after = routers.stat()["total"]
    assert after["requests"] == before["requests"] + 1
    assert after["sent"] == before["sent"] + len(
        done.stdout.partition(b"\r\n\r\n")[2])
