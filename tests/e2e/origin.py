# SPDX-License-Identifier: BSD-2-Clause
"""origin: real HTTP servers to relay to, well and badly behaved.

Origin is a small site whose paths do what tests need; it remembers what it
was asked. Script sends bytes as they are written down.
"""

import hashlib
import json
import os
import socket
import ssl
import threading

import strict
from client import BLOCK, pattern
from tracing import TRACE

LAST_MODIFIED = "Mon, 01 Jan 2024 00:00:00 GMT"
TEXT = b"0123456789" * 100


class Asked:
    """One request as it arrived."""

    def __init__(self, head):
        strict.judge(head)
        lines = head.decode("latin-1").split("\r\n")
        self.head = head
        self.method, self.target, self.version = lines[0].split(" ")
        self.fields = [(n, v.strip()) for n, _, v in
                       (line.partition(":") for line in lines[1:])]
        self.size = 0
        self.sha256 = None
        self.whole = False

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def get(self, name):
        found = self.all(name)
        return found[0] if found else None

    @property
    def path(self):
        return self.target.split("?")[0]


class Wire:
    """Buffered reading of one connection."""

    def __init__(self, sock):
        self.socket = sock
        self.kept = b""

    def line(self, mark):
        """Up to the mark, or None at the end."""
        while mark not in self.kept:
            data = self.socket.recv(65536)
            if not data:
                return None
            self.kept += data
        found, self.kept = self.kept.split(mark, 1)
        return found

    def exactly(self, size):
        while size:
            if not self.kept:
                self.kept = self.socket.recv(1 << 18)
                if not self.kept:
                    return
            part, self.kept = self.kept[:size], self.kept[size:]
            size -= len(part)
            yield part

    def body(self, asked):
        """Parts of the request's body; asked.whole when all had come."""
        if (asked.get("Transfer-Encoding") or "").lower() == "chunked":
            while True:
                line = self.line(b"\r\n")
                if line is None:
                    return
                strict.judge_chunk(line)
                size = int(line, 16)
                if size == 0:
                    asked.whole = self.line(b"\r\n") == b""
                    return
                for part in self.exactly(size):
                    asked.size += len(part)
                    yield part
                if self.line(b"\r\n") is None:
                    return
        else:
            length = int(asked.get("Content-Length") or 0)
            for part in self.exactly(length):
                asked.size += len(part)
                yield part
            asked.whole = asked.size == length


class Listener:
    """Accepts on 127.0.0.1 or a Unix socket; a thread for each connection."""

    def __init__(self, path=None, context=None, address="127.0.0.1", port=0):
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.bind(path)
            os.chmod(path, 0o666)
            self.socket.listen(1024)
            self.port = None
        else:
            self.socket = socket.create_server(
                (address, port), backlog=1024, family=(
                    socket.AF_INET6 if ":" in address else socket.AF_INET))
            self.port = self.socket.getsockname()[1]
        self.path = path
        self.context = context
        self.open = set()
        self.accepted = 0
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def url(self):
        scheme = "https" if self.context else "http"
        return (f"unix:{self.path}" if self.path
                else f"{scheme}://127.0.0.1:{self.port}")

    def _accept(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            with self.lock:
                self.accepted += 1
                self.open.add(sock)
            threading.Thread(target=self._run, args=(sock,),
                             daemon=True).start()

    def _run(self, sock):
        plain = sock
        try:
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            else:
                if not self.path:
                    sock.setsockopt(socket.IPPROTO_TCP,
                                    socket.TCP_NODELAY, 1)
            sock = TRACE.watch(sock, "origin", f"at {self.url}")
            self.serve(sock)
        except (OSError, ssl.SSLError, ValueError):
            pass
        finally:
            with self.lock:
                self.open.discard(plain)
            sock.close()

    def close(self):
        self.stopped.set()
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        with self.lock:
            for sock in self.open:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.thread.join()
        if self.path:
            os.unlink(self.path)


class Origin(Listener):
    """A small site. `name` is what /hello says."""

    def __init__(self, name="origin", **where):
        self.name = name
        self.asked = []      # every request, in order
        self.strays = []     # those to /stray: they may come late
        self.left = []       # those whose client went away meanwhile
        self.gate = threading.Event()   # /gate waits for it
        self.waiting = threading.Semaphore(0)  # released when one waits
        super().__init__(**where)

    def serve(self, sock):
        wire = Wire(sock)
        while True:
            head = wire.line(b"\r\n\r\n")
            if head is None:
                return
            asked = Asked(head)
            stray = asked.path.endswith("/stray")
            (self.strays if stray else self.asked).append(asked)
            if not self._reply(sock, wire, asked):
                return

    def _reply(self, sock, wire, asked):
        words = asked.path.strip("/").split("/")
        if words[-1].startswith("early"):
            # An answer before the body: it is not read at all.
            self._send(sock, asked, 403, [("Connection", "close")],
                       pattern(int(words[-1][5:] or 5)))
            linger(sock)
            return False
        if words[-1] == "reflect":
            return self._reflect(sock, wire, asked)
        digest = hashlib.sha256()
        for part in wire.body(asked):
            digest.update(part)
        asked.sha256 = digest.hexdigest()
        if not asked.whole:
            return False
        for at, word in enumerate(words):
            handler = getattr(self, "do_" + word.replace("-", "_"), None)
            if handler:
                return handler(sock, asked, *words[at + 1:])
        return self.do_echo(sock, asked)

    def _head(self, sock, status, fields):
        text = f"HTTP/1.1 {status} {REASONS.get(status, 'Whatever')}\r\n"
        text += "".join(f"{n}: {v}\r\n" for n, v in fields)
        sock.sendall((text + "\r\n").encode("latin-1"))

    def _send(self, sock, asked, status, fields, body):
        self._head(sock, status,
                   [*fields, ("Content-Length", str(len(body)))])
        if asked.method != "HEAD":
            sock.sendall(body)
        return True

    def _reflect(self, sock, wire, asked):
        """The body back, while it comes."""
        if (asked.get("Transfer-Encoding") or "").lower() == "chunked":
            self._head(sock, 200, [("Transfer-Encoding", "chunked")])
            for part in wire.body(asked):
                sock.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            sock.sendall(b"0\r\n\r\n")
        else:
            length = asked.get("Content-Length") or "0"
            self._head(sock, 200, [("Content-Length", length)])
            for part in wire.body(asked):
                sock.sendall(part)
        return asked.whole

    def do_hello(self, sock, asked, *unused):
        return self._send(sock, asked, 200, [("Content-Type", "text/plain")],
                          f"hello from {self.name}\n".encode())

    def do_think(self, sock, asked, milliseconds, *unused):
        """An answer after that time."""
        self.stopped.wait(int(milliseconds) / 1000)
        return self._send(sock, asked, 200, [("Content-Type", "text/plain")],
                          b"thought\n")

    def do_echo(self, sock, asked, *unused):
        """What arrived, as JSON."""
        body = json.dumps({
            "origin": self.name, "method": asked.method,
            "target": asked.target, "fields": asked.fields,
            "size": asked.size, "sha256": asked.sha256}).encode()
        return self._send(sock, asked, 200,
                          [("Content-Type", "application/json")], body)

    def do_bytes(self, sock, asked, size, *unused):
        size = int(size)
        self._head(sock, 200, [("Content-Type", "application/octet-stream"),
                               ("Content-Length", str(size))])
        if asked.method == "HEAD":
            return True
        for at in range(0, size, len(BLOCK)):
            sock.sendall(BLOCK[:size - at])
        return True

    def do_chunked(self, sock, asked, size, *unused):
        size = int(size)
        self._head(sock, 200, [("Content-Type", "application/octet-stream"),
                               ("Transfer-Encoding", "chunked")])
        if asked.method == "HEAD":
            return True
        for at in range(0, size, len(BLOCK)):
            part = BLOCK[:size - at]
            sock.sendall(b"%x;x=y\r\n%s\r\n" % (len(part), part))
        sock.sendall(b"0\r\nX-Trailer: 1\r\n\r\n")
        return True

    def do_cached(self, sock, asked, *unused):
        """304 to those who know it, 200 to others."""
        fields = [("ETag", '"v1"'), ("Last-Modified", LAST_MODIFIED),
                  ("Content-Type", "text/plain")]
        if asked.get("If-None-Match") == '"v1"':
            self._head(sock, 304, fields[:2])
            return True
        return self._send(sock, asked, 200, fields, TEXT)

    def do_redirect(self, sock, asked, *unused):
        return self._send(sock, asked, 302, [
            ("Location", "/elsewhere?a=b"), ("Content-Type", "text/plain")],
            b"go\n")

    def do_absolute(self, sock, asked, *unused):
        """A redirect that names the origin itself."""
        return self._send(sock, asked, 302, [
            ("Location", f"http://{asked.get('Host')}/new/place?q=1"),
            ("Set-Cookie", "own=1; Domain=127.0.0.1; Path=/"),
            ("Content-Type", "text/plain")], b"go\n")

    def do_range(self, sock, asked, *unused):
        wanted = asked.get("Range")
        fields = [("Accept-Ranges", "bytes"), ("Content-Type", "text/plain")]
        if not wanted:
            return self._send(sock, asked, 200, fields, TEXT)
        first, last = map(int, wanted.removeprefix("bytes=").split("-"))
        return self._send(sock, asked, 206, [
            *fields, ("Content-Range", f"bytes {first}-{last}/{len(TEXT)}")],
            TEXT[first:last + 1])

    def do_status(self, sock, asked, status, *unused):
        status = int(status)
        if status in (204, 304):
            self._head(sock, status, [])
            return True
        return self._send(sock, asked, status,
                          [("Content-Type", "text/plain")], b"status\n")

    def do_placed(self, sock, asked, status, *unused):
        """A status with a Location."""
        return self._send(sock, asked, int(status), [
            ("Location", "/place"), ("Content-Type", "text/plain")],
            b"placed\n")

    def do_hints(self, sock, asked, *unused):
        """103, then the answer."""
        self._head(sock, 103, [("Link", "</a.css>; rel=preload")])
        return self.do_hello(sock, asked)

    def do_headers(self, sock, asked, count, size, *unused):
        """Many fields: count of them, size bytes each."""
        return self._send(sock, asked, 200, [
            ("Content-Type", "text/plain"),
            *((f"X-Many-{i}", "v" * int(size)) for i in range(int(count)))],
            b"many\n")

    def do_break(self, sock, asked, kind, *unused):
        """A part of a body of 200000 bytes; at the gate, the end."""
        self._head(sock, 200, [
            ("Content-Type", "application/octet-stream"),
            ("Content-Length", "200000") if kind == "length"
            else ("Transfer-Encoding", "chunked")])
        if kind == "length":
            sock.sendall(BLOCK[:10000])
        else:
            sock.sendall(b"2710\r\n" + BLOCK[:10000] + b"\r\n")
        self.waiting.release()
        self.gate.wait(30)
        return False

    def do_gate(self, sock, asked, *unused):
        """A first part; the rest when the test opens the gate."""
        self._head(sock, 200, [("Content-Type", "text/event-stream"),
                               ("Transfer-Encoding", "chunked")])
        sock.sendall(b"d\r\ndata: first\n\n\r\n")
        self.waiting.release()
        self.gate.wait(30)
        sock.sendall(b"e\r\ndata: second\n\n\r\n0\r\n\r\n")
        return True

    def do_wait(self, sock, asked, *unused):
        """No byte before the test opens the gate, or the client leaves."""
        self.waiting.release()
        while not self.gate.wait(0.02):
            if self.stopped.is_set():
                return False
            if self._gone(sock):
                self.left.append(asked)
                return False
        return self.do_hello(sock, asked)

    def do_stream(self, sock, asked, *unused):
        """Parts until the client leaves."""
        self._head(sock, 200, [("Content-Type", "text/event-stream"),
                               ("Transfer-Encoding", "chunked")])
        self.waiting.release()
        while not self.stopped.wait(0.02):
            try:
                sock.sendall(b"9\r\ndata: x\n\n\r\n")
            except OSError:
                self.left.append(asked)
                return False
        return False

    @staticmethod
    def _gone(sock):
        sock.setblocking(False)
        try:
            return sock.recv(1, socket.MSG_PEEK) == b""
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        finally:
            sock.setblocking(True)


REASONS = {103: "Early Hints", 200: "OK", 201: "Created", 204: "No Content",
           206: "Partial Content", 302: "Found", 304: "Not Modified",
           404: "Not Found", 403: "Forbidden", 418: "I'm a teapot",
           500: "Internal Server Error", 503: "Service Unavailable"}


def linger(sock, ended=lambda: None):
    """Ends our side, so that what was sent is read before a reset can
    overtake it. ended() is called when the end is on its way."""
    sock.shutdown(socket.SHUT_WR)
    ended()
    sock.settimeout(5)
    while sock.recv(65536):
        pass


class Script(Listener):
    """Reads one request's head, sends what is written down, closes."""

    def __init__(self, data, **where):
        self.data = data
        self.heads = []
        self.ended = []
        super().__init__(**where)

    def serve(self, sock):
        head = Wire(sock).line(b"\r\n\r\n")
        if head is not None:
            strict.judge(head)
            self.heads.append(head)
            sock.sendall(self.data)
            linger(sock, lambda: self.ended.append(head))
