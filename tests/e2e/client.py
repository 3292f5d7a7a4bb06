# SPDX-License-Identifier: BSD-2-Clause
"""client: HTTP/1.1 requests, byte for byte as a test spells them.

An answer says whether it was whole: what http.client would raise is the very
thing that is looked at here.
"""

import hashlib
import random
import socket
import threading

from tracing import TRACE

HOST = "site.test"
BLOCK = random.Random(7).randbytes(65521)


def pattern(size):
    """Bytes that repeat at no power of two."""
    return (BLOCK * (size // len(BLOCK) + 1))[:size]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Answer:
    """One answer: status, reason, fields, body, and why it is not whole."""

    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        parts = lines[0].split(" ", 2)
        self.version = parts[0]
        self.status = int(parts[1])
        self.reason = parts[2] if len(parts) > 2 else ""
        self.fields = [(name, value.strip()) for name, _, value in
                       (line.partition(":") for line in lines[1:] if line)]
        self.body = b""
        self.size = 0
        self.sha256 = None
        self.broken = None

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def get(self, name):
        found = self.all(name)
        return found[0] if found else None

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def __repr__(self):
        return (f"<{self.status} {self.reason!r} {self.fields} "
                f"{self.size} bytes {self.body[:300]!r} "
                f"broken={self.broken}>")


def spell(method, target, host, fields, body, chunked, version="HTTP/1.1"):
    """The head of a request."""
    lines = [f"{method} {target} {version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in fields]
    if chunked:
        lines.append("Transfer-Encoding: chunked")
    elif body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Client:
    """One connection, used as often as both sides keep it."""

    def __init__(self, port, timeout=30, receive_buffer=0, source=""):
        self.port = port
        self.timeout = timeout
        self.source = source
        self.over = False   # the server has said that it closes
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                   receive_buffer)
        self.socket.settimeout(timeout)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = TRACE.watch(self.socket, "client", f"to port {port}")
        self.kept = b""
        self.sender = None

    def close(self):
        # A sender that still writes is woken by this.
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        if self.sender:
            self.sender.join()
        self.socket.close()

    def get(self, target="/", host=HOST, fields=()):
        self.send(target=target, host=host, fields=fields)
        return self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def raw(self, data):
        self.socket.sendall(data)

    def send(self, method="GET", target="/", host=HOST, fields=(), body=None,
             chunked=False):
        """A request; on a new connection when the server closes this one."""
        if self.over:
            self.close()
            self.__init__(self.port, self.timeout, source=self.source)
        head = spell(method, target, host, fields, body, chunked)
        if not body:
            self.raw(head + (b"0\r\n\r\n" if chunked else b""))
        elif len(body) < 32768:
            self.raw(head + (frame(body) if chunked else body))
        else:
            # The answer may begin before the body has ended.
            self.sender = threading.Thread(
                target=self._push, args=(head, body, chunked))
            self.sender.start()

    def _push(self, head, body, chunked):
        try:
            self.raw(head)
            for at in range(0, len(body), 1 << 20):
                part = memoryview(body)[at:at + (1 << 20)]
                self.raw(b"%x\r\n%s\r\n" % (len(part), part)
                         if chunked else part)
            if chunked:
                self.raw(b"0\r\n\r\n")
        except OSError:
            pass  # the answer says what is to be known

    def more(self):
        data = self.socket.recv(1 << 18)
        self.kept += data
        return bool(data)

    def _until(self, mark):
        while mark not in self.kept:
            if not self.more():
                raise ConnectionError(f"end of file in {self.kept[:200]!r}")
        found, self.kept = self.kept.split(mark, 1)
        return found

    def head(self):
        """The next head, 1xx ones too."""
        return Answer(self._until(b"\r\n\r\n"))

    def part(self):
        """What the connection has next, framing and all; b"" at its end."""
        if self.kept:
            data, self.kept = self.kept, b""
            return data
        return self.socket.recv(1 << 18)

    def answer(self, method="GET", keep=True):
        answer = self.head()
        while 100 <= answer.status < 200:
            answer = self.head()
        self.over = (answer.get("Connection") or "").lower() == "close"
        digest = hashlib.sha256()
        parts = []
        try:
            for part in self._parts(answer, method):
                digest.update(part)
                answer.size += len(part)
                if keep:
                    parts.append(part)
        except (OSError, ValueError) as error:
            answer.broken = str(error) or type(error).__name__
        answer.body = b"".join(parts)
        answer.sha256 = digest.hexdigest()
        return answer

    def _parts(self, answer, method):
        length = answer.get("Content-Length")
        if method == "HEAD" or answer.status in (204, 304):
            return
        if (answer.get("Transfer-Encoding") or "").lower() == "chunked":
            while True:
                size = int(self._until(b"\r\n").split(b";")[0], 16)
                yield from self._exactly(size)
                if size == 0:
                    while self._until(b"\r\n"):
                        pass
                    return
                if self._until(b"\r\n"):
                    raise ConnectionError("bad chunk")
        elif length is not None:
            yield from self._exactly(int(length))
        else:
            while self.kept or self.more():
                data, self.kept = self.kept, b""
                yield data

    def _exactly(self, size):
        while size:
            if not self.kept and not self.more():
                raise ConnectionError(f"{size} bytes missing")
            data, self.kept = self.kept[:size], self.kept[size:]
            size -= len(data)
            yield data


def frame(body):
    """One chunk and the last chunk."""
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def ask(port, method="GET", target="/", host=HOST, fields=(), body=None,
        chunked=False, timeout=30, keep=True, source=""):
    """One request on a connection of its own, from that address."""
    with Client(port, timeout, source=source) as client:
        client.send(method, target, host,
                    list(fields) + [("Connection", "close")], body, chunked)
        return client.answer(method, keep)
