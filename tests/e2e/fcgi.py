# SPDX-License-Identifier: BSD-2-Clause
"""fcgi: a FastCGI peer that does what no web server does.

Records are written one by one, whole or in pieces, right or wrong.
"""

import dataclasses
import socket
import struct

from tracing import TRACE, Records

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA = range(1, 9)
GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE = 9, 10, 11
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3


def record(kind, content=b"", number=1, version=1, padding=0):
    head = struct.pack(">BBHHBB", version, kind, number, len(content),
                       padding, 0)
    return head + content + b"\0" * padding


def begin(role=RESPONDER, keep=False, number=1):
    return record(BEGIN, struct.pack(">HB5x", role, 1 if keep else 0), number)


def length(number):
    return (bytes([number]) if number < 128
            else struct.pack(">I", number | 1 << 31))


def pair(name, value):
    name, value = (x.encode("latin-1") if isinstance(x, str) else x
                   for x in (name, value))
    return length(len(name)) + length(len(value)) + name + value


def variables(target="/", method="GET", host="site.test", more=()):
    """What a web server sends, as a list of (name, value)."""
    return [("GATEWAY_INTERFACE", "CGI/1.1"), ("REQUEST_METHOD", method),
            ("REQUEST_URI", target), ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("SERVER_NAME", "server.test"), ("SERVER_PORT", "80"),
            ("REMOTE_ADDR", "192.0.2.9"), ("SERVER_SOFTWARE", "peer"),
            *([("HTTP_HOST", host)] if host is not None else []), *more]


def params(pairs, number=1, split=65535):
    """PARAMS records and the empty one."""
    data = b"".join(pair(*p) for p in pairs)
    return b"".join(record(PARAMS, data[at:at + split], number)
                    for at in range(0, len(data), split)) + record(
                        PARAMS, b"", number)


def stdin(body=b"", number=1):
    return b"".join(record(STDIN, body[at:at + 65535], number)
                    for at in range(0, len(body), 65535)) + record(
                        STDIN, b"", number)


def request(target="/", method="GET", host="site.test", body=None, more=(),
            keep=False, number=1):
    """A whole request."""
    if body is not None:
        more = [("CONTENT_LENGTH", str(len(body))), *more]
    return (begin(keep=keep, number=number)
            + params(variables(target, method, host, more), number)
            + stdin(body or b"", number))


@dataclasses.dataclass
class Reply:
    out: bytes = b""
    err: bytes = b""
    ended: bool = False         # END_REQUEST came
    protocol: int = -1          # its protocolStatus
    broken: bool = False        # a record that is none
    closed: bool = False        # the connection ended
    other: list = dataclasses.field(default_factory=list)

    @property
    def head(self):
        return self.out.partition(b"\r\n\r\n")[0].decode("latin-1")

    @property
    def body(self):
        return self.out.partition(b"\r\n\r\n")[2]

    @property
    def status(self):
        said = self.all("Status")
        return int(said[0].split(" ")[0]) if len(said) == 1 else None

    def all(self, name):
        return [line.partition(":")[2].strip()
                for line in self.head.split("\r\n")
                if line.partition(":")[0].lower() == name.lower()]

    def get(self, name):
        found = self.all(name)
        return found[0] if found else None

    @property
    def reason(self):
        return self.get("X-Router-Reason")


class Peer:
    """One connection to a router's socket."""

    def __init__(self, where, timeout=30):
        kind = socket.AF_INET if isinstance(where, int) else socket.AF_UNIX
        self.socket = socket.socket(kind)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", where) if isinstance(where, int)
                            else str(where))
        self.socket = TRACE.watch(self.socket, "peer", f"to {where}", Records)
        self.kept = b""

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def send(self, *parts):
        self.socket.sendall(b"".join(parts))

    def _exactly(self, size):
        while len(self.kept) < size:
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                data = b""
            except TimeoutError:
                raise TimeoutError("the router says nothing more for "
                                   f"{self.socket.gettimeout()} s") from None
            if not data:
                return None
            self.kept += data
        found, self.kept = self.kept[:size], self.kept[size:]
        return found

    def record(self):
        """(type, content), None at the end, (0, ...) for a broken one."""
        head = self._exactly(8)
        if head is None:
            return None
        version, kind, _, size, padding, _ = struct.unpack(">BBHHBB", head)
        if version != 1:
            return 0, head
        content = self._exactly(size + padding)
        return None if content is None else (kind, content[:size])

    def reply(self):
        """All records up to END_REQUEST or the end."""
        reply = Reply()
        while True:
            got = self.record()
            if got is None:
                reply.closed = True
                return reply
            kind, content = got
            if kind == STDOUT:
                reply.out += content
            elif kind == STDERR:
                reply.err += content
            elif kind == END:
                reply.ended = True
                reply.protocol = content[4]
                return reply
            elif kind == 0:
                reply.broken = True
                return reply
            else:
                reply.other.append(got)

    def ask(self, *args, **how):
        self.send(request(*args, **how))
        return self.reply()

    def at_end(self):
        """Waits for the router to close; what else came before."""
        seen = b""
        while True:
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                return seen
            if not data:
                return seen
            seen += data


def ask(where, *args, **how):
    """One request on a connection of its own."""
    with Peer(where) as peer:
        return peer.ask(*args, **how)
