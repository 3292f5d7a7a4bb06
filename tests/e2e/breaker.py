# SPDX-License-Identifier: BSD-2-Clause
"""breaker: an origin that ends a connection at a given point, and counts.

A connection that was asked before, and is asked again, is broken there; every
other one serves. What counts as received is a request of which a byte came.
"""

import contextlib
import fcntl
import select
import socket
import struct
import termios
import threading

import lab as labs
import strict
from origin import Asked, Listener, Wire

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nwhole\n"
# Where a connection ends, in the order of an exchange.
BEFORE, UNREAD, IN_HEAD, HEAD, IN_BODY, BODY, FIRST, IN_ANSWER, ANSWERING = (
    "before the request", "nothing read", "within the head", "the head read",
    "within the body", "all read", "behind the answer's first byte",
    "within the answer's head", "within the answer's body")
POINTS = (BEFORE, UNREAD, IN_HEAD, HEAD, IN_BODY, BODY, FIRST, IN_ANSWER,
          ANSWERING)
SAYS = {FIRST: b"H", IN_ANSWER: ANSWER[:20], ANSWERING: ANSWER[:-3]}


class Breaker(Listener):
    def __init__(self, **where):
        self.point = None         # of the next request on a used connection
        self.end = None           # "FIN" or "RST"
        self.always = False       # of all requests on used connections
        self.everyone = False     # of all requests
        self.most = 0             # wait until so many bytes lie unread
        self.received = []        # targets: one for each time
        self.whole = []           # those that were read to their end
        self.seen = threading.Event()   # the client has of the answer
        self.bell = socket.socketpair()
        self.holds = None         # a barrier: answers wait for one another
        super().__init__(**where)

    def serve(self, sock):
        wire = Wire(sock)
        used = False
        while True:
            ready = select.select([sock, self.bell[0]], [], [])[0]
            if self.bell[0] in ready:
                # Those who are asked wait for an answer, and no end.
                if self.end == "FIN":
                    sock.shutdown(socket.SHUT_WR)
                else:
                    finish(sock, self.end)
                return
            if (self.point and (used or self.everyone)
                    and self.break_off(sock, wire)):
                return
            head = wire.line(b"\r\n\r\n")
            if head is None:
                return
            self.answer(sock, wire, head)
            used = True

    def answer(self, sock, wire, head):
        strict.judge(head)
        asked = Asked(head)
        self.received.append(asked.target)
        list(wire.body(asked))
        if asked.whole:
            self.whole.append(asked.target)
            if self.holds:
                self.holds.wait(20)
            sock.sendall(ANSWER if asked.method != "HEAD" else ANSWER[:-6])

    def unread(self, sock):
        return struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD,
                                              b"\0" * 4))[0]

    def break_off(self, sock, wire):
        """Plays the point on a connection that is readable."""
        if self.unread(sock) == 0:
            return False    # it was closed
        while self.unread(sock) < self.most:
            threading.Event().wait(0.001)
        point, end = self.point, self.end
        self.read_until(sock, wire, point)
        sock.sendall(SAYS.get(point, b""))
        if point == ANSWERING:
            self.seen.wait(20)
        finish(sock, end, self.broken_off)
        return True

    def broken_off(self):
        """The end is on its way."""
        if not (self.always or self.everyone):
            self.point = None

    def read_until(self, sock, wire, point):
        if point == UNREAD:
            self.received.append(None)
            return
        if point == IN_HEAD:
            self.received.append(None)
            sock.recv(20)
            return
        head = wire.line(b"\r\n\r\n")
        strict.judge(head)
        asked = Asked(head)
        self.received.append(asked.target)
        if point == IN_BODY and not wire.kept:
            sock.recv(3)
        elif point not in (HEAD, IN_BODY):
            list(wire.body(asked))
            if asked.whole:
                self.whole.append(asked.target)

    def drop_idle(self, end):
        """Ends all connections: none is being asked."""
        self.end = end
        self.bell[1].send(b"x")
        labs.until(lambda: not self.open, 10, "all have ended")
        self.bell[0].recv(1)

    def close(self):
        super().close()
        for one in self.bell:
            one.close()


def finish(sock, end, ended=lambda: None):
    """ended: called when the end is on its way."""
    if end == "FIN":
        sock.shutdown(socket.SHUT_WR)
        ended()
        with contextlib.suppress(OSError):
            while sock.recv(65536):
                pass
        return
    if sock.family != socket.AF_UNIX:   # which what was not read resets
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
    sock.close()
    ended()
