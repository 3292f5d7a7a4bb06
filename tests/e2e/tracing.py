# SPDX-License-Identifier: BSD-2-Clause
"""tracing: what `--trace` writes down, a file for each test.

Sockets of clients and origins are watched where the tests make them. What web
server and router say to one another passes a Tee, as does what the router says
to an origin that is a program. Without --trace nothing of it is there.
"""

import collections
import contextlib
import itertools
import os
import re
import socket
import struct
import threading
import time

KINDS = ("?", "BEGIN_REQUEST", "ABORT_REQUEST", "END_REQUEST", "PARAMS",
         "STDIN", "STDOUT", "STDERR", "DATA", "GET_VALUES",
         "GET_VALUES_RESULT", "UNKNOWN_TYPE")
FIRST = 4096    # bytes shown of what goes one way in one go
LAST = 64       # and of its end


def spell(data, indent="    "):
    """Lines that show every byte."""
    for line in data.splitlines(keepends=True) if data else ():
        text = "".join(
            chr(byte) if 32 <= byte < 127 and byte != 92 else
            {9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\"}.get(
                byte, f"\\x{byte:02x}") for byte in line)
        yield indent + text


class Raw:
    """Bytes as they are, long ones without their middle."""

    def __init__(self):
        self.shown = 0

    def lines(self, data):
        left = max(0, FIRST - self.shown)
        self.shown += len(data)
        if len(data) <= left + LAST:
            yield from spell(data)
            return
        yield from spell(data[:left])
        yield f"    [{len(data) - left - LAST} more]"
        yield from spell(data[-LAST:])

    def turned(self):
        """The other side has spoken."""
        self.shown = 0


class Records:
    """FastCGI: each record with its type, request and content."""

    def __init__(self):
        self.kept = b""
        self.broken = False
        self.params = collections.defaultdict(bytes)
        self.raw = collections.defaultdict(Raw)

    def turned(self):
        for raw in self.raw.values():
            raw.turned()

    def lines(self, data):
        self.kept += data
        while not self.broken and len(self.kept) >= 8:
            version, kind, number, size, padding, _ = struct.unpack(
                ">BBHHBB", self.kept[:8])
            if version != 1:
                self.broken = True
            elif len(self.kept) < 8 + size + padding:
                break
            else:
                content = self.kept[8:8 + size]
                self.kept = self.kept[8 + size + padding:]
                yield from self._record(kind, number, content)
        if self.broken and self.kept:
            yield "  no record:"
            yield from self.raw[0].lines(self.kept)
            self.kept = b""
        elif self.kept:
            yield f"  [{len(self.kept)} bytes of the next record]"

    def _record(self, kind, number, content):
        name = KINDS[kind] if kind < len(KINDS) else f"type {kind}"
        line = f"  {name} id {number}, {len(content)} bytes"
        if name == "BEGIN_REQUEST" and len(content) == 8:
            role, flags = struct.unpack(">HB5x", content)
            line += f": role {role}, flags {flags}"
        elif name == "END_REQUEST" and len(content) == 8:
            status, protocol = struct.unpack(">IB3x", content)
            line += f": status {status}, protocol status {protocol}"
        yield line
        if name == "PARAMS":
            self.params[number] += content
            if not content:
                yield from self._pairs(self.params.pop(number))
        elif name in ("GET_VALUES", "GET_VALUES_RESULT"):
            yield from self._pairs(content)
        elif name not in ("BEGIN_REQUEST", "END_REQUEST"):
            yield from self.raw[kind].lines(content)

    @staticmethod
    def _pairs(data):
        at = 0
        while at < len(data):
            try:
                name, at = _length(data, at)
                value, at = _length(data, at)
            except (IndexError, struct.error):
                yield "    [not pairs]"
                return
            both = data[at:at + name + value]
            at += name + value
            yield "".join(spell(both[:name] + b" = " + both[name:])) or "    ="


def _length(data, at):
    if data[at] < 128:
        return data[at], at + 1
    return struct.unpack_from(">I", data, at)[0] & 0x7FFFFFFF, at + 4


class Connection:
    """The talk of one socket; `who` is the side that is watched."""

    def __init__(self, trace, who, talk):
        self.trace = trace
        self.who = who
        self.ways = {">": talk(), "<": talk()}
        self.last = ""

    def said(self, way, data):
        with self.trace.lock:
            if way != self.last:
                self.ways[way].turned()
                self.last = way
            verb = "sent" if way == ">" else "received"
            self.trace.write([f"{self.who} {verb} {len(data)} bytes",
                              *self.ways[way].lines(data)])

    def note(self, text):
        with self.trace.lock:
            self.trace.write([f"{self.who}: {text}"])


class Watched:
    """A socket whose bytes are written down."""

    def __init__(self, sock, connection):
        self._sock = sock
        self._connection = connection

    def __getattr__(self, name):
        return getattr(self._sock, name)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def sendall(self, data, *flags):
        self._connection.said(">", bytes(data))
        with self._noted("while sending"):
            self._sock.sendall(data, *flags)

    def send(self, data, *flags):
        with self._noted("while sending"):
            sent = self._sock.send(data, *flags)
        self._connection.said(">", bytes(data)[:sent])
        return sent

    def recv(self, size, flags=0):
        with self._noted("while receiving"):
            data = self._sock.recv(size, flags)
        if flags & socket.MSG_PEEK:
            return data
        if data:
            self._connection.said("<", data)
        else:
            self._connection.note("received the end")
        return data

    def shutdown(self, how):
        self._sock.shutdown(how)
        self._connection.note("shut down " + {
            socket.SHUT_RD: "reading", socket.SHUT_WR: "sending",
            socket.SHUT_RDWR: "both ways"}[how])

    def close(self):
        if self._sock.fileno() >= 0:
            self._connection.note("closed")
        self._sock.close()

    @contextlib.contextmanager
    def _noted(self, when):
        try:
            yield
        except BlockingIOError:
            raise
        except OSError as error:
            self._connection.note(f"{when}: {error or type(error).__name__}")
            raise


class Trace:
    """The file of the test that runs, if there is to be one."""

    def __init__(self):
        self.folder = None
        self.file = None
        self.written = []
        self.began = 0
        self.lock = threading.RLock()
        self.counts = collections.defaultdict(itertools.count)

    @property
    def on(self):
        return self.folder is not None

    def begin(self, name):
        with self.lock:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / (re.sub(r"[^\w.,=+-]+", "_", name)[:200]
                                  .strip("_") + ".txt")
            self.file = open(path, "w", encoding="ascii")
            self.file.write(f"{name}\n")
            self.began = time.monotonic()
            self.written.append(path)

    def end(self):
        with self.lock:
            self.file.close()
            self.file = None

    def write(self, lines):
        if self.file:
            passed = time.monotonic() - self.began
            first, *rest = lines
            self.file.write("\n".join([f"{passed:9.4f} {first}", *rest, ""]))
            self.file.flush()

    def connection(self, kind, where, talk=Raw):
        number = next(self.counts[kind]) + 1
        made = Connection(self, f"{kind} {number}", talk)
        made.note(f"connected, {where}")
        return made

    def watch(self, sock, kind, where, talk=Raw):
        """The socket, or one that writes down what passes."""
        if not self.on:
            return sock
        return Watched(sock, self.connection(kind, where, talk))

    def origin(self, url):
        """The URL at which to find an origin that is a program."""
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)", url)
        if not self.on or not found:
            return url
        to = ("127.0.0.1", int(found[1]))
        tee = Tee("origin", to, socket.create_server(("127.0.0.1", 0),
                                                     backlog=1024), Raw)
        return f"http://127.0.0.1:{tee.port}"


class Tee:
    """Stands before a listener, hands everything on and writes it down. It
    ends with the tests."""

    def __init__(self, kind, to, listener, talk):
        self.kind = kind
        self.to = to
        self.talk = talk
        self.listener = listener
        self.port = (listener.getsockname()[1]
                     if listener.family == socket.AF_INET else None)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            near, _ = self.listener.accept()
            threading.Thread(target=self._run, args=(near,),
                             daemon=True).start()

    def _run(self, near):
        far = socket.socket(self.listener.family)
        connection = TRACE.connection(self.kind, f"{self.to}", self.talk)
        try:
            far.connect(self.to)
        except OSError as error:
            connection.note(f"cannot connect: {error}")
            near.close()
            return
        # "received" is what goes to the listener, "sent" what it says.
        ways = [threading.Thread(target=self._pass, daemon=True, args=way)
                for way in ((near, far, connection, "<"),
                            (far, near, connection, ">"))]
        for way in ways:
            way.start()
        for way in ways:
            way.join()
        near.close()
        far.close()

    @staticmethod
    def _pass(source, sink, connection, way):
        ended, trouble = (("peer ended", "from the peer") if way == "<" else
                          ("ended", "to the peer"))
        try:
            while data := source.recv(65536):
                connection.said(way, data)
                sink.sendall(data)
            connection.note(ended)
            sink.shutdown(socket.SHUT_WR)
        except OSError as error:
            connection.note(f"{trouble}: {error}")
            for sock in (source, sink):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)


def fastcgi(near, far):
    """A tee at the path near, before a router that listens at far."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(near))
    os.chmod(near, 0o666)
    listener.listen(4096)
    Tee("router", str(far), listener, Records)


TRACE = Trace()
