# SPDX-License-Identifier: BSD-2-Clause
"""player: an origin that plays the rows of rows_answer.py.

The last word of the path is the name of the row; what the row says is sent,
byte for byte, and the connection stays open behind it unless the row closes.
"""

import socket
import struct
import threading

from origin import Asked, Listener, Wire, linger
from rows_answer import BY_NAME, ENDLESS, PAUSE, READ, RESET


class Player(Listener):
    def __init__(self, rows=None):
        self.rows = rows or BY_NAME
        self.go_on = threading.Event()      # what PAUSE waits for
        self.left = threading.Event()       # ENDLESS: nobody takes more
        self.quiet = threading.Event()      # what closes has closed
        self.quiet.set()
        self.connections = []               # of each request, its socket
        super().__init__()

    @property
    def authority(self):
        return f"127.0.0.1:{self.port}"

    def spell(self, data):
        return data.replace(b"@ORIGIN@", self.authority.encode())

    def serve(self, sock):
        wire = Wire(sock)
        while True:
            head = wire.line(b"\r\n\r\n")
            if head is None:
                return
            asked = Asked(head)
            self.connections.append(sock)
            row = self.rows[asked.path.split("/")[-1]]
            if row.closes:
                self.quiet.clear()
            try:
                if not self.play(sock, wire, asked, row):
                    return
            finally:
                self.quiet.set()

    def play(self, sock, wire, asked, row):
        """false: the connection has ended."""
        body = wire.body(asked)
        if not row.name.startswith("early"):
            list(body)
        for part in row.sends:
            if part is PAUSE:
                self.go_on.wait(30)
            elif part is READ:
                list(body)
            elif part is RESET:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
                return False
            elif part is ENDLESS:
                return self.endless(sock)
            else:
                sock.sendall(self.spell(part))
        if row.closes:
            linger(sock, self.quiet.set)
            return False
        # What it sends now is answered for good: nothing is left of this.
        list(body)
        return True

    def endless(self, sock):
        try:
            while not self.stopped.is_set():
                sock.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        except OSError:
            self.left.set()
        return False
