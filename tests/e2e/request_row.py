# SPDX-License-Identifier: BSD-2-Clause
"""request_row: one raw request, and what must become of it.

    row("cookie-twice", ask("/", "Cookie: a=1", "Cookie: b=2"),
        see("/", "Cookie: a=1", "Cookie: b=2"),
        lighttpd=see("/", "Cookie: a=1; b=2", why="joins Cookies with '; '"))

    its name, for -k    the bytes a client sends
    what becomes of them behind any web server, one of
        see     the origin sees this very request, the client 200
        torn    the origin sees the beginning of a request, then an end
        no      the router answers by itself, the origin sees nothing
        own     the web server does: its status, or None when it just closes
        stuck   nothing happens until the client leaves
    and by web server, where one has a rule of its own: why= names the rule

Text is Latin-1: "\\x80" is that byte. A web server goes by the name of its
set-up or its family (FAMILIES); the narrowest counts.
"""

import dataclasses
import queue
import re
import socket
import threading
import time

import strict
from client import HOST, frame
from origin import Listener

# From narrow to wide.
FAMILIES = {
    "apache-mod_fcgid": ("fcgid", "apache"),
    "apache-htaccess": ("htaccess", "fcgid", "apache"),
    "apache-mod_proxy_fcgi": ("proxy_fcgi", "apache"),
    "apache-cgi": ("cgi", "apache"),
    "lighttpd-spawn": ("lighttpd",),
    "lighttpd-socket": ("lighttpd",),
    "nginx": ("nginx",),
    "haproxy": ("haproxy",),
    "caddy": ("caddy",),
}


# The head of an answer that is no interim one, of HTTP or of CGI.
FINAL = re.compile(
    rb"(?:HTTP/1\.[01]|Status:) ([2-5]\d\d|101)[ \r][^\0]*?\r\n\r\n")
IDENT_LENGTH = 32
IDENT = re.compile(rb"(?i)\r\nX-Request-Id: ([0-9a-f]{32})\r\n")
REASON = re.compile(rb"(?i)\r\nX-Router-Reason: (\S+)\r\n")


def data(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def first_line(line):
    """"/x" is "GET /x HTTP/1.1", "PUT /x" is "PUT /x HTTP/1.1"."""
    if " " not in line:
        line = "GET " + line
    return line if line.count(" ") != 1 else line + " HTTP/1.1"


def ask(line, *fields, host=HOST, body=b""):
    """A request's bytes; no field is added but Host."""
    named = [f"Host: {host}"] if host is not None else []
    lines = [first_line(line), *named, *fields, "", ""]
    return b"\r\n".join(map(data, lines)) + data(body)


@dataclasses.dataclass(frozen=True)
class Request:
    """What the origin is to see, but for what no row has to repeat."""
    line: str
    fields: tuple
    host: str           # as X-Forwarded-Host tells it
    own: str            # the Host field, None: the origin's name
    body: bytes = None
    framing: str = None
    client: str = "127.0.0.1"
    proto: str = "http"
    rules: tuple = ()   # what the route's rules add, behind all
    torn: bool = False

    def spell(self, origin, server):
        """All of its bytes."""
        added = caddy_adds(self) if server == "caddy" else ()
        lines = [first_line(self.line), f"Host: {self.own or origin}",
                 *self.fields, *added,
                 *([f"X-Forwarded-For: {self.client}"] if self.client
                   else []),
                 f"X-Forwarded-Proto: {self.proto}",
                 f"X-Forwarded-Host: {self.host}", "Via: 1.1 fcgi-router",
                 "X-Request-Id: {id}", *self.rules,
                 *([self.framing] if self.framing else []), "", ""]
        text = b"\r\n".join(map(data, lines))
        return text.replace(b"{origin}", data(origin)) + (self.body or b"")


def caddy_adds(request):
    """Caddy gives each request a User-Agent, and all but GET, HEAD and
    OPTIONS a Content-Type, where the client sent none."""
    names = [field.partition(":")[0] for field in request.fields]
    if "User-Agent" not in names:
        yield "User-Agent: "
    if "Content-Type" not in names and first_line(request.line).split()[
            0] not in ("GET", "HEAD", "OPTIONS"):
        yield "Content-Type: application/x-www-form-urlencoded"


@dataclasses.dataclass(frozen=True)
class Outcome:
    status: int          # None: the connection just closes
    reason: str = None   # X-Router-Reason
    requests: tuple = ()
    why: str = ""
    leaves: bool = False

    def __add__(self, other):
        """A second request behind the first."""
        return dataclasses.replace(
            self, requests=self.requests + other.requests,
            why=self.why or other.why)


def see(line, *fields, host=HOST, own=None, body=None, chunked=None,
        rules=(), torn=False, status=200, reason=None, why="", **more):
    """body has a Content-Length; chunked, of unknown length, is joined."""
    framing = None
    if chunked is not None:
        body, framing = frame(data(chunked)), "Transfer-Encoding: chunked"
    elif body is not None:
        body = data(body)
        framing = f"Content-Length: {len(body)}"
    return Outcome(status, reason, (Request(
        line, fields, host, own, body, framing, rules=tuple(rules),
        torn=torn, **more),), why)


def torn(line, *fields, promised=None, body=b"", status=None, **how):
    """promised: its Content-Length; without it, chunks that do not end."""
    outcome = see(line, *fields, torn=True, status=status, **how)
    request = dataclasses.replace(
        outcome.requests[0], body=data(body),
        framing="Transfer-Encoding: chunked" if promised is None
        else f"Content-Length: {promised}")
    return dataclasses.replace(outcome, requests=(request,))


def no(status, reason, why=""):
    return Outcome(status, reason, why=why)


def own(status, why=""):
    return Outcome(status, why=why)


def stuck(status, why):
    """Nothing comes of it until the client ends its side."""
    return Outcome(status, why=why, leaves=True)


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    sent: bytes            # or what else is given, see rows_variables
    outcome: Outcome
    by: dict
    leaves: bool = False   # the client ends its side behind these bytes
    to_end: bool = False   # read until the server closes: who knows what comes

    def of(self, setup):
        """Its outcome behind that set-up's web server."""
        for name in (setup, *FAMILIES[setup]):
            if name in self.by:
                return self.by[name]
        return self.outcome


def row(name, sent, outcome, leaves=False, to_end=False, **by):
    return Row(name, sent, outcome, by, leaves, to_end)


class Witness(Listener):
    """An origin that answers 200 and keeps every byte it was sent: one
    request a connection, so that what comes behind one is seen as well."""

    ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
              b"Connection: close\r\n\r\n")

    def __init__(self):
        self.seen = queue.SimpleQueue()   # (when, bytes, was it whole)
        self.came = threading.Condition()
        self.size = 0                     # bytes of the latest so far
        super().__init__()

    @property
    def name(self):
        return f"127.0.0.1:{self.port}"

    def serve(self, sock):
        got, whole, when = b"", False, time.monotonic()
        try:
            while not whole:
                part = sock.recv(1 << 18)
                if not part:
                    break
                got += part
                whole = is_whole(got)
                with self.came:
                    self.size = len(got)
                    self.came.notify_all()
            if whole:
                sock.sendall(self.ANSWER)
                sock.shutdown(socket.SHUT_WR)
                while part := sock.recv(65536):
                    got += part
        except OSError:
            pass
        strict.judge(got.partition(b"\r\n\r\n")[0])
        self.seen.put((when, got, whole))

    def wait(self, size):
        """Until that much of a request has come."""
        with self.came:
            assert self.came.wait_for(lambda: self.size >= size, 10), self.size

    def take(self, count):
        """So many requests and what else there is, as (bytes, was it whole)
        in the order in which they began."""
        found = [self.seen.get(timeout=10) for _ in range(count)]
        while not self.seen.empty():
            found.append(self.seen.get())
        self.size = 0
        return [(got, whole) for _, got, whole in sorted(found)]


def is_whole(got):
    head, mark, body = got.partition(b"\r\n\r\n")
    if not mark:
        return False
    if re.search(rb"(?i)\r\nTransfer-Encoding: chunked(?=\r|$)", head):
        return unchunk(body)[1]
    length = re.findall(rb"(?i)\r\nContent-Length: (\d+)(?=\r|$)", head)
    return len(body) >= sum(map(int, length))


def unchunk(body):
    """The content of chunks, whether they end, what is behind the end."""
    content = b""
    while match := re.match(rb"([0-9a-f]+)\r\n", body):
        size = int(match[1], 16)
        part = body[match.end():]
        if size == 0:
            return content, part.startswith(b"\r\n"), part[2:]
        if part[size:size + 2] != b"\r\n":
            return content + part[:size], False, b""
        content, body = content + part[:size], part[size + 2:]
    return content, False, b""


def expect(outcome, witness, server):
    """The requests of an outcome as (bytes, is it whole), and the bytes of
    the torn ones as they will come."""
    expected = [(request.spell(witness.name, server), not request.torn)
                for request in outcome.requests]
    return expected, sum(len(got) + IDENT_LENGTH - len("{id}")
                         for got, whole in expected if not whole)


def told(status, reason, requests, server):
    """What became of a row, as lines."""
    lines = [f"the client sees {status} {reason or ''}"]
    for text, whole in requests:
        head, _, body = text.partition(b"\r\n\r\n")
        first, *fields = head.split(b"\r\n")
        if whole and b"Transfer-Encoding: chunked" in fields:
            content, _, behind = unchunk(body)
            body = content + (b" BEHIND: " + behind if behind else b"")
        # Caddy keeps fields in a map of Go's, whose order is random.
        if server == "caddy":
            fields.sort()
        lines += [first, *fields, b"", body,
                  "an end" if whole else "broken off"]
    return lines


def seen(got, requests, server):
    """The same of what came; an id that the client was told is {id}."""
    final, reason = FINAL.search(got), REASON.search(got)
    status = final and int(final[1])
    idents = IDENT.findall(got)
    for at, (text, whole) in enumerate(requests):
        match = IDENT.search(text)
        # Of a torn one the client is not told; of 101, in HTTP/2's words.
        if match and (match[1] in idents[at:at + 1] or not whole
                      or status == 101):
            requests[at] = text.replace(match[1], b"{id}", 1), whole
    return told(status, reason and reason[1].decode(), requests, server)
