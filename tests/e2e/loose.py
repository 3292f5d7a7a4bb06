# SPDX-License-Identifier: BSD-2-Clause
"""loose: an origin that reads requests as carelessly as any ever did.

It takes bare LF for a line's end, and bare CR, VT and FF for blanks; blanks
before a colon; folded lines; names in any case, with '_' for '-'; the last of
several lengths, a '+' before it; any Transfer-Encoding in which "chunked"
occurs, before Content-Length; chunk sizes with extensions and trailing text. A
request smuggled past whoever stands before it would be seen here as one more.
"""

import re

import strict
from origin import Listener

BLANK = b" \t\x0b\x0c\r"
ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
          b"Content-Length: 3\r\n\r\nok\n")


class Ended(Exception):
    pass


class Reader:
    """Reads requests from a function that gives more bytes, or none."""

    def __init__(self, more):
        self.more = more
        self.kept = b""
        self.raw = b""

    def fill(self):
        data = self.more()
        if not data:
            raise Ended
        self.kept += data
        self.raw += data

    def line(self):
        while b"\n" not in self.kept:
            self.fill()
        found, self.kept = self.kept.split(b"\n", 1)
        return found.rstrip(b"\r")

    def exactly(self, size):
        while len(self.kept) < size:
            self.fill()
        found, self.kept = self.kept[:size], self.kept[size:]
        return found

    def head(self):
        first = self.line()
        while not first.strip(BLANK):
            first = self.line()
        lines = []
        while True:
            line = self.line()
            if not line.strip(BLANK):
                return first, lines
            if line[:1] in (b" ", b"\t", b"\x0b") and lines:
                lines[-1] += b" " + line.strip(BLANK)
            else:
                lines.append(line)

    def body(self, lines):
        fields = {}
        for line in lines:
            name, _, value = line.partition(b":")
            fields[name.strip(BLANK).lower().replace(b"_", b"-")] = \
                value.strip(BLANK)
        if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
            body = b""
            while size := self.size(self.line(), rb"\s*\+?([0-9a-fA-F]+)",
                                    16):
                body += self.exactly(size)
                self.line()
            while self.line().strip(BLANK):
                pass
            return body
        return self.exactly(self.size(fields.get(b"content-length", b""),
                                      rb"\s*\+?([0-9]+)", 10))

    @staticmethod
    def size(text, form, base):
        match = re.match(form, text)
        return int(match[1], base) if match else 0

    def request(self):
        """(request line, body)"""
        first, lines = self.head()
        return b" ".join(first.split()[:2]), self.body(lines)


def strict_body(fields, rest):
    """(body, what follows), None when it is not whole."""
    if fields.get(b"Transfer-Encoding") == b"chunked":
        body = b""
        while b"\r\n" in rest:
            size, _, rest = rest.partition(b"\r\n")
            strict.judge_chunk(size)
            number = int(size, 16)
            body, rest = body + rest[:number], rest[number + 2:]
            if number == 0:
                return body, rest
        return None
    size = int(fields.get(b"Content-Length", b"0"))
    return (rest[:size], rest[size:]) if len(rest) >= size else None


def split_strictly(raw):
    """The whole requests by RFC 9112, judged to have no other reading."""
    found = []
    while b"\r\n\r\n" in raw:
        head, _, rest = raw.partition(b"\r\n\r\n")
        strict.judge(head)
        lines = head.split(b"\r\n")
        body = strict_body(dict(line.split(b": ", 1) for line in lines[1:]
                                if b": " in line), rest)
        if body is None:
            break
        found.append((b" ".join(lines[0].split(b" ")[:2]), body[0]))
        raw = body[1]
    return found


class Loose(Listener):
    """An origin by these rules. `seen` are the requests, `raw` the bytes of
    each connection."""

    def __init__(self, **where):
        self.seen = []
        self.raw = []
        super().__init__(**where)

    def serve(self, sock):
        reader = Reader(lambda: sock.recv(65536))
        at = len(self.raw)
        self.raw.append(b"")
        while True:
            try:
                request = reader.request()
            except Ended:
                self.raw[at] = reader.raw
                return
            self.raw[at] = reader.raw
            self.seen.append(request)
            sock.sendall(ANSWER)

    def strictly(self):
        """What a strict origin would have seen."""
        return [request for raw in self.raw
                for request in split_strictly(raw)]
