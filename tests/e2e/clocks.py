# SPDX-License-Identifier: BSD-2-Clause
"""clocks: what test_times.py measures with.

A row is one exchange in which somebody stops, or dawdles: who it is, what is
to come of it, and when. All rows of one length are played at once, each in a
thread; the clock is this process's monotonic one.
"""

import concurrent.futures
import contextlib
import dataclasses
import os
import re
import subprocess
import threading
import time

import fcgi
import lab as labs
import strict
from fcgi import Peer
from origin import Asked, Listener, Wire

# Sanitizers make the work around the waiting slower, not the waiting.
SLACK, SHARE = 0.05 * labs.PATIENCE, 0.2 * labs.PATIENCE
AT_ONCE = 32    # of short ones: the threads here take time as well
STALL = 0.03    # a machine that is later than this keeps no time
MOST = 20       # measurements of one thing
# The router counts whole milliseconds.
TICK = 0.002


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    default: float   # seconds that router.ini has, or 60 where it has none
    router: str      # which one of ROUTERS (test_times.py)
    play: object     # called with a Play; what it returns is the outcome
    want: str
    slow: bool = False  # nothing fires: only that it is whole


class Stage(Listener):
    """An origin whose paths end in the name of what is played there."""

    def __init__(self, **where):
        self.acts = {}     # name: called with the socket and its Wire
        self.closed = {}   # name: when the router had closed
        super().__init__(**where)

    def serve(self, sock):
        wire = Wire(sock)
        while True:
            head = wire.line(b"\r\n\r\n")
            if head is None:
                return
            strict.judge(head)
            name = Asked(head).path.split("/")[-1]
            wire.asked = Asked(head)
            goes_on = self.acts[name](sock, wire)
            if not goes_on:
                break
        with contextlib.suppress(OSError):
            while sock.recv(1 << 18):
                pass
        self.closed[name] = time.monotonic()


class Play:
    """One row being played: its name on the stage, its limit, its clock."""

    numbers = iter(range(1 << 30))

    def __init__(self, row, limit, lab, stage):
        self.row, self.limit, self.lab, self.stage = row, limit, lab, stage
        self.name = f"row-{next(self.numbers)}"
        self.path = f"/{self.name}"
        self.began = None
        self.took = None
        self.extra = 0  # what else is in it
        self.held = contextlib.ExitStack()
        self.over = threading.Event()
        self.held.callback(self.over.set)

    def start(self):
        """What is to be bounded begins now."""
        self.began = time.monotonic()

    def stop(self, at=None):
        self.took = (at or time.monotonic()) - self.began

    def act(self, act):
        self.stage.acts[self.name] = act

    def peer(self):
        return self.held.enter_context(
            Peer(self.lab.socket, timeout=3 * self.limit + 30))

    def drip(self, send, data, pace):
        """A byte at a time, each so much of the limit after the last."""
        for at in range(len(data)):
            self.wait(pace * self.limit)
            send(data[at:at + 1])

    @staticmethod
    def wait(seconds):
        threading.Event().wait(seconds)

    def left(self):
        """When the router had closed its connection to the stage."""
        labs.until(lambda: self.name in self.stage.closed,
                   3 * self.limit + 10, "the origin is left")
        return self.stage.closed[self.name]

    def logged(self):
        """Status and reason of the access log's line."""
        log = self.lab.dir / "log" / "access.log"
        mark = re.compile(r"%s \S+\" (\d+) .*reason=(\S+)"
                          % re.escape(self.path))
        found = labs.until(lambda: mark.search(log.read_text()), 10,
                           "it is written down")
        return f"{found[1]} {found[2]}"

    def outcome(self, reply):
        """In words; what is logged must be the same."""
        logged = self.logged()
        if reply.status is None:
            return f"nothing, {logged}"
        if reply.broken:
            return f"broken, {logged}"
        assert reply.ended, reply
        said = f"{reply.status} {reply.reason or '-'}"
        assert said == logged, (said, logged)
        return said

    @property
    def host(self):
        return f"{self.row.router}.test"

    def head(self, method="GET", more=(), host=None):
        return fcgi.begin() + fcgi.params(fcgi.variables(
            self.path, method, host or self.host, more))

    def cgi(self, method="GET", more=(), host=None, path=None):
        """The router as a CGI program: its process."""
        variables = dict(fcgi.variables(path or self.path, method,
                                        host or self.host, more))
        process = subprocess.Popen(
            [self.lab.router], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "ROUTER_INI": str(self.lab.ini), **variables},
            **self.lab.as_web_user())
        if method == "GET":
            process.stdin.close()
        self.held.callback(process.stdout.close)
        self.held.callback(process.wait)
        self.held.callback(process.kill)
        self.held.callback(process.stdin.close)
        return process


@dataclasses.dataclass
class Result:
    outcome: str
    took: float
    limit: float
    extra: float = 0
    stall: float = 0  # how late the machine itself was meanwhile

    def holds(self, row):
        if self.outcome != row.want:
            return False
        if row.slow:
            return self.took > 2 * self.limit
        return (self.limit - TICK <= self.took
                <= self.limit * (1 + SHARE) + SLACK
                + self.extra)


class Pulse:
    """How late this machine wakes who only sleeps: on each processor a thread
    of its own, for as long as somebody measures."""

    BEAT = 0.005

    def __init__(self):
        self.worst, self.over = 0.0, threading.Event()

    def _beat(self, processor):
        with contextlib.suppress(OSError):   # of this thread alone
            os.sched_setaffinity(0, {processor})
        last = time.monotonic()
        while not self.over.wait(self.BEAT):
            now = time.monotonic()
            self.worst, last = max(self.worst, now - last - self.BEAT), now

    def __enter__(self):
        self.threads = [threading.Thread(target=self._beat, args=(at,))
                        for at in os.sched_getaffinity(0)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def play(row, limit, lab, stage):
    one = Play(row, limit, lab, stage)
    with one.held:
        try:
            outcome = row.play(one)
        except Exception as wrong:   # told by the test of the row
            return Result(f"{type(wrong).__name__}: {wrong}", -1.0, limit)
    return Result(outcome, one.took, limit, one.extra)


def play_alone(row, limit, lab, stage):
    with Pulse() as pulse:
        result = play(row, limit, lab, stage)
    result.stall = pulse.worst
    return result


def settle(result, holds, again, hopeless=lambda result: False):
    """The first measurement that holds; or the second that does not while
    the machine kept time, or the first of these that is hopeless."""
    misses = 0
    for _ in range(MOST):
        if holds(result):
            break
        misses += result.stall < STALL
        if misses > 1 or misses and hopeless(result):
            break
        result = again()
    return result


def play_all(rows, place):
    """Long ones all at once. place(row): its limit, lab and stage. By name."""
    at_once = AT_ONCE if place.limit else len(rows)
    with (Pulse() as pulse,
          concurrent.futures.ThreadPoolExecutor(at_once) as pool):
        going = {row.name: pool.submit(play, row, *place(row))
                 for row in rows}
        results = {name: future.result() for name, future in going.items()}
    for result in results.values():
        result.stall = pulse.worst
    return results
