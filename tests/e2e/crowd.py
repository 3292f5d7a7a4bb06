# SPDX-License-Identifier: BSD-2-Clause
"""crowd: thousands of slow peers, each kind in a process of its own.

A crowd is told what to do by its arguments and tells how it fares, a line of
JSON for each line that it reads; at the end of its input it leaves.

    crowd.py origin [CERTIFICATE KEY]     an origin: /think/SECONDS waits first,
                                          /bytes/COUNT at once, /events says
                                          hello and then nothing
    crowd.py clients PORT COUNT HOST TARGET RATE [PACE]
                                          they read RATE bytes a second; 0: all;
                                          PACE of them come in a second (500)
    crowd.py uploads PORT COUNT HOST TARGET RATE [PACE]
                                          they send RATE bytes a second
"""

import asyncio
import collections
import json
import logging
import socket
import ssl
import subprocess
import sys

PACE = 500          # clients that come in a second
SMALL = 4096        # a slow client's receive buffer
PART = b"x" * 65536
HELLO = b"data: hello\n\n"


class Crowd:
    """The process, for those who start it."""

    def __init__(self, *arguments):
        self.child = subprocess.Popen(
            [sys.executable, __file__, *map(str, arguments)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def tell(self):
        """How it fares: a dictionary of numbers."""
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        assert line, "a crowd has ended"
        return json.loads(line)

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


class Connection(asyncio.Protocol):
    """One of the origin's."""

    def __init__(self, counts):
        self.counts = counts
        self.head = b""
        self.left = 0        # bytes of an answer
        self.timer = None
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport
        self.counts["open"] += 1

    def connection_lost(self, error):
        self.counts["open"] -= 1
        if self.timer:
            self.timer.cancel()
        self.left = 0

    def data_received(self, data):
        self.head += data
        while b"\r\n\r\n" in self.head:
            head, self.head = self.head.split(b"\r\n\r\n", 1)
            self.counts["asked"] += 1
            words = head.split(b" ")[1].decode().strip("/").split("/")
            self.answer(*words)

    def answer(self, kind, number="0", *unused):
        loop = asyncio.get_running_loop()
        if kind == "think":
            self.timer = loop.call_later(float(number), self.say, b"thought\n")
        elif kind == "bytes":
            self.left = int(number)
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"
                                 b"\r\n" % self.left)
            self.resume_writing()
        elif kind == "events":
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: "
                                 b"text/event-stream\r\nTransfer-Encoding: "
                                 b"chunked\r\n\r\n%x\r\n%s\r\n" % (
                                     len(HELLO), HELLO))
        else:
            self.say(b"hello\n")

    def say(self, body):
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
                             b"%s" % (len(body), body))

    paused = False

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False
        while self.left and not (self.paused or self.transport.is_closing()):
            part = PART[:self.left]
            self.left -= len(part)
            self.transport.write(part)


async def origin(counts, certificate=None, key=None):
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(counts), "127.0.0.1", 0, backlog=4096, ssl=context)
    counts["port"] = server.sockets[0].getsockname()[1]
    return server


def request(host, target, length=0):
    return (f"{'POST' if length else 'GET'} {target} HTTP/1.1\r\n"
            f"Host: {host}\r\n"
            + (f"Content-Length: {length}\r\n" if length else "")
            + "Connection: close\r\n\r\n").encode()


async def connect(port, buffer):
    sock = socket.socket()
    sock.setblocking(False)
    if buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return sock


async def client(counts, wait, port, host, target, rate):
    """One request; its answer, read as slowly as told."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(wait)
    began = loop.time()
    try:
        sock = await connect(port, SMALL if rate else 0)
        await loop.sock_sendall(sock, request(host, target))
        seen = b""
        while data := await loop.sock_recv(sock, rate or 65536):
            counts["bytes"] += len(data)
            if len(seen) < 12:
                seen += data[:12]
                if len(seen) >= 12:
                    counts["status " + seen[9:12].decode()] += 1
            if rate:
                await asyncio.sleep(1)
        counts["ended"] += 1
        counts["slowest"] = max(counts["slowest"], loop.time() - began)
        sock.close()
    except OSError as error:
        counts[f"error {error}"] += 1


async def upload(counts, wait, port, host, target, rate):
    """A body that comes in crumbs and has no end."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(wait)
    try:
        sock = await connect(port, 0)
        await loop.sock_sendall(sock, request(host, target, 1 << 24))
        while True:
            await loop.sock_sendall(sock, PART[:rate])
            counts["bytes"] += rate
            await asyncio.sleep(1)
    except OSError as error:
        counts[f"error {error}"] += 1


async def run(counts, kind, *arguments):
    loop = asyncio.get_running_loop()
    # Of TLS that ends in the midst of an answer asyncio has much to say.
    loop.set_exception_handler(lambda *_: counts.update(surprises=1))
    kept = []
    if kind == "origin":
        kept = await origin(counts, *arguments)
    else:
        port, count, host, target, rate, *pace = arguments
        one = client if kind == "clients" else upload
        kept = [loop.create_task(one(
            counts, number / int(pace[0] if pace else PACE), int(port), host,
            target, int(rate))) for number in range(int(count))]
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while await lines.readline():
        print(json.dumps(counts), flush=True)
    del kept


if __name__ == "__main__":
    # That a slow client has left is nothing to warn of.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    asyncio.run(run(collections.Counter(), *sys.argv[1:]))
