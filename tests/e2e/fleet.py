# SPDX-License-Identifier: BSD-2-Clause
"""fleet: origins that are processes, to be killed, hung, slowed and started
again while they are asked.

    fleet.py NAME PORT LOG SECONDS    answers, and writes down what it received;
                                      SIGUSR1: each answer takes SECONDS from
                                      now on, SIGUSR2: none does

An answer says who gives it and what was asked, and is long enough to be cut.
The log has a line for each request that is not to be repeated, written when
its head has come: what was received counts, answered or not.
"""

import asyncio
import os
import signal
import subprocess
import sys

import lab as labs
from client import pattern, sha256

UNSAFE = ("POST",)
PADDING = pattern(3000)
START = 30          # seconds, for Python on a busy machine


def answer(name, method, target, body):
    """The body of a right answer."""
    return (f"{name} {method} {target} {sha256(body)}\n".encode()
            + PADDING)


# ---- the process ----

class Connection(asyncio.Protocol):
    def __init__(self, server):
        self.server = server
        self.data = b""
        self.noted = False
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, error):
        self.transport = None

    def data_received(self, data):
        self.data += data
        head, mark, rest = self.data.partition(b"\r\n\r\n")
        if not mark:
            return
        first, *fields = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        length = next((int(field.partition(":")[2]) for field in fields
                       if field.lower().startswith("content-length:")), 0)
        if method in UNSAFE and not self.noted:
            self.noted = True
            os.write(self.server.log, f"{target}\n".encode())
        if len(rest) < length:
            return
        self.data = rest[length:]
        self.noted = False
        if self.server.delay:
            asyncio.get_running_loop().call_later(
                self.server.delay, self.reply, method, target, rest[:length])
        else:
            self.reply(method, target, rest[:length])

    def reply(self, method, target, body):
        if self.transport is None:
            return
        body = answer(self.server.name, method, target, body)
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
            + (b"" if method == "HEAD" else body))


class Server:
    def __init__(self, name, port, log, seconds):
        self.name = name
        self.port = int(port)
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.seconds = float(seconds)
        self.delay = 0

    def pace(self, delay):
        self.delay = delay

    async def run(self):
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self.pace, self.seconds)
        loop.add_signal_handler(signal.SIGUSR2, self.pace, 0)
        server = await loop.create_server(
            lambda: Connection(self), "127.0.0.1", self.port, backlog=4096,
            reuse_address=True)
        await server.serve_forever()


# ---- for those who start it ----

class Ship:
    """One origin. Its verbs are what a storm does."""

    def __init__(self, lab, name, port, seconds):
        self.lab = lab
        self.name = name
        self.port = port
        self.seconds = seconds
        self.log = lab.dir / "log" / f"received-{name}"
        self.process = None
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self.process = self.lab.start(
            f"origin-{self.name}", [sys.executable, __file__, self.name,
                                    self.port, self.log, self.seconds],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        if not self.lab.ready(self.process, self.port, START):
            raise labs.Trouble(f"{self.name}: {self.process.text()}")

    def kill(self):
        self.process.signal(signal.SIGKILL)
        self.process.wait()

    def hang(self):
        self.process.signal(signal.SIGSTOP)

    def go_on(self):
        self.process.signal(signal.SIGCONT)

    def slow(self):
        self.process.signal(signal.SIGUSR1)

    def hasten(self):
        self.process.signal(signal.SIGUSR2)

    def received(self):
        """Of those not to be repeated the targets, in order."""
        return self.log.read_text().split() if self.log.exists() else []


def fleet(lab, names, seconds):
    """Ships that are on their way, and go on before the lab ends."""
    ships = [Ship(lab, name, port, seconds) for name, port in
             zip(names, labs.free_ports(len(names)))]

    def let_go():
        for ship in ships:
            if ship.process.alive():
                ship.go_on()
    lab.cleanups.append(let_go)
    return ships


if __name__ == "__main__":
    asyncio.run(Server(*sys.argv[1:]).run())
