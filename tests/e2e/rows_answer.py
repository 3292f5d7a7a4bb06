# SPDX-License-Identifier: BSD-2-Clause
"""rows_answer: what origins answer, and what becomes of it.

A row says what an origin sends, byte for byte, and what the router hands to
the web server for it: status, reason, every field in order, framing, body,
whether the end is a break, and the reason word of a page of its own. What a
web server makes of that is said once, in habits.py, and by no row.

Each row names the sentences it proves; RULES has them all.
"""

import dataclasses

RULES = {
    # The codec
    "broken-502": "what is broken in a head is 502 origin-broken",
    "status-line": "HTTP/1.0 or 1.1, three digits, perhaps a reason",
    "bare-lf": "a bare LF ends a line of a head",
    "control": "bare CR, NUL and control bytes: in the status line 502, in a "
               "field a bad field",
    "empty-line": "one leading empty line is skipped",
    "names": "names are tokens, and no space stands before the colon",
    "fold": "a folded field is one line, one space for each fold",
    "head-size": "at most 200 fields, and max_response_head",
    "bad-field": "one bad field is dropped, or costs the answer: bad_header",
    "no-body": "an answer to HEAD, a 204 and a 304 have no body",
    "coding": "Transfer-Encoding is chunked, once, or the answer is broken",
    "both-lengths": "with both lengths, chunked rules and the length goes",
    "lengths": "equal lengths are one, others are broken",
    "to-the-end": "without a length the connection's end is the body's",
    "chunks": "sizes are hex below 2^63; extensions and trailers are dropped, "
              "and bounded; a bad chunk is a break",
    "interim": "1xx are skipped, eight at most",
    "upgrade": "101 is 502: nobody asked for it",
    "not-reused": "a connection that is not surely empty is not used again",
    "early": "a final answer before the request's end ends the upload and "
             "goes out",
    # Back to the client
    "status-first": "the status is the origin's, and its reason",
    "commit": "nothing goes out before the final head is whole",
    "removed": "what a web server would obey, hop-by-hop fields and a "
               "Location on a 200 are removed",
    "line-size": "a line has at most 8,000 bytes, else it is a bad field",
    "kept": "Date, ETag, codings, ranges, every Set-Cookie as they came",
    "one-length": "one Content-Length, the codec's, and no byte beyond it",
    "head-length": "the length is kept on HEAD, and not sent on 204 and 304",
    "location": "a Location or Content-Location at the origin is a path here",
    "cookie-domain": "a cookie's Domain that names the origin is removed",
    "cookie-path": "a cookie's Path is mapped",
    "sibling": "on wildcard and captured routes no cookie is for siblings",
    "rules-after": "response rules come then, X-Request-Id last",
    "streams": "what arrived goes on when the origin pauses",
    "events": "an event stream gets X-Accel-Buffering: no",
    "client-gone": "an origin whose client has left is left",
    "break": "a break within the body is a broken transfer for the client; "
             "one before a byte has left is 502",
    "reads-first": "a web server that writes before it reads is read from "
                   "first",
    # Answers of the router's own
    "own-page": "a page: Content-Type, no-store, the word, the request's id",
}

OK = b"HTTP/1.1 200 OK\r\n"
FIVE = b"Content-Length: 5\r\n\r\nhello"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

PAUSE = object()    # until the client has what was sent before
READ = object()     # the rest of the request's body
RESET = object()    # the end, by a reset
ENDLESS = object()  # more and more, until nobody takes it

HTML = "text/html; charset=utf-8"


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    rule: str                    # of RULES, several with blanks between
    sends: tuple                 # bytes, or one of the words above
    closes: bool = False         # the origin closes after that
    # the request
    method: str = "GET"
    host: str = "site.test"
    path: str = "/"              # before the row's own name
    asks: tuple = ()             # fields
    upload: int = -1             # bytes of a body
    refuse: bool = False         # [relay] bad_header = refuse
    # what the router hands on
    status: int = 200
    reason: str = "OK"
    fields: tuple = ()           # without X-Request-Id and Content-Length
    length: object = None        # Content-Length
    body: bytes = b""
    broken: bool = False
    word: str = None             # X-Router-Reason
    reused: bool = None          # the connection to the origin, if it matters
    leaves: bool = False         # the client, once it has something
    begun: int = -1              # bytes of the body before the pause; all

    def handed(self, origin, identity):
        """The fields that go to the web server, in order."""
        fields = [(n, v.replace("@ORIGIN@", origin)) for n, v in self.fields]
        if self.length is not None:
            fields.append(("Content-Length", str(self.length)))
        # A Location goes first; the id comes behind what rules set.
        return ([f for f in fields if f[0] == "Location"]
                + [f for f in fields if f[0] not in (
                    "Location", "Content-Length")]
                + [("X-Request-Id", identity)]
                + [f for f in fields if f[0] == "Content-Length"])

    def has_begun(self, data):
        """Has all come that goes out before the pause?"""
        head, end, body = data.partition(b"\r\n\r\n")
        size = len(self.body) if self.begun < 0 else self.begun
        return bool(end) and self.body[:size] in body


ROWS = []


def row(name, rule, sends, **more):
    """One whose origin says what is not repeated here: 5 bytes, 200 OK."""
    if isinstance(sends, bytes):
        sends = (sends,)
    ROWS.append(Row(name.replace(" ", "-"), rule, sends, **more))


def five(name, rule, lines=b"", fields=(), **more):
    """A good answer with these lines in its head."""
    row(name, rule, OK + lines + FIVE, fields=tuple(fields),
        **{"length": 5, "body": b"hello", **more})


def chunks(name, rule, data, body=b"hello", **more):
    row(name, rule, OK + CHUNKED + data, body=body, **more)


def broken(name, rule, head, begins, then, body, **more):
    """One that breaks when the client has what began."""
    row(f"{name} behind a pause", rule, (OK + head + begins, PAUSE, then),
        body=body, broken=True, **more)


PAGES = {"origin-broken": (502, "Bad Gateway"),
         "origin-bad-header": (502, "Bad Gateway"),
         "origin-refused": (502, "Bad Gateway"),
         "no-host": (404, "Not Found")}


def page(name, rule, sends, word="origin-broken", **more):
    """One that is answered by a page of the router's own."""
    status, reason = PAGES[word]
    row(name, rule, sends, word=word, status=status, reason=reason,
        length="page", fields=(("Content-Type", HTML),
                               ("Cache-Control", "no-store"),
                               ("X-Router-Reason", word)), **more)


# ---- what is whole ----

five("plain", "status-line one-length", reused=True)
five("kept by name", "not-reused", b"Connection: keep-alive\r\n", reused=True)
row("no reason", "status-line status-first", b"HTTP/1.1 200\r\n" + FIVE,
    length=5, body=b"hello")
row("an empty reason", "status-line", b"HTTP/1.1 200 \r\n" + FIVE,
    length=5, body=b"hello")
row("a reason of its own", "status-line status-first",
    b"HTTP/1.1 404 Nothing here, sorry\r\n" + FIVE,
    status=404, reason="Nothing here, sorry", length=5, body=b"hello")
row("a reason with a quote and a colon", "status-line",
    b"HTTP/1.1 200 \"O: K\"\r\n" + FIVE, reason='"O: K"',
    length=5, body=b"hello")
row("a reason with high bytes", "status-line",
    b"HTTP/1.1 200 gr\xc3\xbcn\r\n" + FIVE, reason="gr\xc3\xbcn",
    length=5, body=b"hello")
row("a reason with a tab", "status-line",
    b"HTTP/1.1 200 O\tK\r\n" + FIVE, reason="O\tK", length=5, body=b"hello")
row("a reason longer than a line", "line-size status-first",
    b"HTTP/1.1 200 " + b"r" * 9000 + b"\r\n" + FIVE,
    length=5, body=b"hello")
for code, phrase in ((201, "Created"), (299, "Odd"), (400, "Bad Request"),
                     (401, "Unauthorized"), (404, "Not Found"),
                     (418, "I'm a teapot"),
                     (500, "Internal Server Error"), (599, "Odd"),
                     (799, "Odd"), (999, "Odd")):
    row(f"status {code}", "status-first",
        b"HTTP/1.1 %d %s\r\n" % (code, phrase.encode()) + FIVE,
        status=code, reason=phrase, length=5, body=b"hello")
row("http 1.0", "status-line to-the-end", b"HTTP/1.0 200 OK\r\n\r\nhello",
    closes=True, body=b"hello")
row("http 1.0 with a length", "status-line not-reused",
    b"HTTP/1.0 200 OK\r\n" + FIVE, length=5, body=b"hello", reused=False)
row("http 1.0 kept alive", "not-reused",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + FIVE,
    length=5, body=b"hello", reused=True)
row("to the end", "to-the-end", OK + b"\r\nhello", closes=True, body=b"hello")
row("nothing to the end", "to-the-end", OK + b"\r\n", closes=True)
row("no body by its length", "one-length", OK + b"Content-Length: 0\r\n\r\n",
    length=0, reused=True)
five("close is minded", "not-reused", b"Connection: close\r\n", reused=False)
five("close among others is minded", "not-reused",
    b"Connection: X-A, Close\r\n", reused=False)
row("bare lf", "bare-lf", b"HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 5\n\n"
    b"hello", fields=(("X-A", "1"),), length=5, body=b"hello", reused=True)
row("lf and crlf", "bare-lf", b"HTTP/1.1 200 OK\r\nX-A: 1\n"
    b"Content-Length: 5\r\n\nhello", fields=(("X-A", "1"),),
    length=5, body=b"hello")
row("an empty line first", "empty-line", b"\r\n" + OK + FIVE,
    length=5, body=b"hello")
row("an empty line of lf first", "empty-line", b"\n" + OK + FIVE,
    length=5, body=b"hello")
row("a head in crumbs", "commit", tuple(
    bytes([b]) for b in OK + b"X-A: 1\r\n" + FIVE), fields=(("X-A", "1"),),
    length=5, body=b"hello", reused=True)
five("blanks around a value", "names", b"X-A: \t 1 \t \r\n", [("X-A", "1")])
five("no blank before a value", "names", b"X-A:1\r\n", [("X-A", "1")])
five("an empty value", "names", b"X-A:\r\nX-B: b\r\n",
     [("X-A", ""), ("X-B", "b")])
five("a name of all token bytes", "names", b"X!#$%&'*+-.^_`|~9a: 1\r\n",
     [("X!#$%&'*+-.^_`|~9a", "1")])
five("high bytes in a value", "kept", b"X-A: \xe4\xf6\xff\r\n",
     [("X-A", "\xe4\xf6\xff")])
five("a tab in a value", "control", b"X-A: a\tb\r\n", [("X-A", "a\tb")])
five("a colon in a value", "kept", b"X-A: a:b: c\r\n", [("X-A", "a:b: c")])
five("folded", "fold", b"X-A: a\r\n  b\r\nX-B: b\r\n",
     [("X-A", "a b"), ("X-B", "b")])
five("folded twice by tabs", "fold", b"X-A: a \r\n\tb\t\r\n\t\tc\r\n",
     [("X-A", "a b c")])
five("folded by bare lf", "fold", b"X-A: a\n b\n", [("X-A", "a b")])
five("a fold of a length", "fold lengths",
     b"X-A: 1\r\nContent-Length:\r\n 5\r\n", [("X-A", "1")])

# ---- what is broken in a head ----

page("nothing", "broken-502 commit", b"", closes=True)
page("half a status line", "broken-502 commit", b"HTTP/1.1 2", closes=True)
page("half a head", "broken-502 commit", OK + b"X-A: ", closes=True)
page("a head without its end", "broken-502 commit",
     OK + b"X-A: 1\r\n", closes=True)
page("a reset before the answer", "broken-502 commit", (RESET,))
page("http 0.9", "status-line", b"<html>hello</html>\n", closes=True)
page("garbage", "status-line", b"\x00\x01\x02\xff\xfe", closes=False)
page("http 2 by its name", "status-line", b"HTTP/2.0 200 OK\r\n" + FIVE)
page("http 2 settings", "status-line",
     b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64")
page("the preface of http 2", "status-line",
     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
page("tls", "status-line", b"\x15\x03\x01\x00\x02\x02\x46")
page("ssh", "status-line", b"SSH-2.0-OpenSSH_9.2\r\n")
page("http 1.2", "status-line", b"HTTP/1.2 200 OK\r\n" + FIVE)
page("http 1", "status-line", b"HTTP/1 200 OK\r\n" + FIVE)
page("http 11", "status-line", b"HTTP/11 200 OK\r\n" + FIVE)
page("http 1.10", "status-line", b"HTTP/1.10 200 OK\r\n" + FIVE)
page("http in lower case", "status-line", b"http/1.1 200 OK\r\n" + FIVE)
page("icy", "status-line", b"ICY 200 OK\r\n" + FIVE)
page("no code", "status-line", b"HTTP/1.1 OK\r\n" + FIVE)
page("no code at all", "status-line", b"HTTP/1.1\r\n" + FIVE)
page("a code of letters", "status-line", b"HTTP/1.1 abc OK\r\n" + FIVE)
page("code 99", "status-line", b"HTTP/1.1 99 OK\r\n" + FIVE)
page("code 099", "status-line", b"HTTP/1.1 099 OK\r\n" + FIVE)
page("code 000", "status-line", b"HTTP/1.1 000 OK\r\n" + FIVE)
page("code 1000", "status-line", b"HTTP/1.1 1000 OK\r\n" + FIVE)
page("a negative code", "status-line", b"HTTP/1.1 -20 OK\r\n" + FIVE)
page("two blanks before the code", "status-line",
     b"HTTP/1.1  200 OK\r\n" + FIVE)
page("a tab before the code", "status-line", b"HTTP/1.1\t200 OK\r\n" + FIVE)
page("a blank first", "status-line", b" HTTP/1.1 200 OK\r\n" + FIVE)
page("two empty lines first", "empty-line", b"\r\n\r\n" + OK + FIVE)
page("a control byte in the status line", "control",
     b"HTTP/1.1 200 O\x01K\r\n" + FIVE)
page("nul in the status line", "control", b"HTTP/1.1 200 O\0K\r\n" + FIVE)
page("bare cr in the status line", "control",
     b"HTTP/1.1 200 OK\rX-A: 1\r\n" + FIVE)
page("del in the status line", "control",
     b"HTTP/1.1 200 O\x7fK\r\n" + FIVE)
page("an upgrade", "upgrade",
     b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nfree bytes")
page("an upgrade after hints", "upgrade",
     b"HTTP/1.1 103 Early Hints\r\n\r\n"
     b"HTTP/1.1 101 Switching Protocols\r\n\r\n")

# ---- fields that are none ----

BAD_FIELDS = {
    "a blank before the colon": ("names", b"X-Bad : 1\r\n"),
    "a tab before the colon": ("names", b"X-Bad\t: 1\r\n"),
    "a blank in a name": ("names", b"X Bad: 1\r\n"),
    "a bracket in a name": ("names", b"X(Bad): 1\r\n"),
    "a high byte in a name": ("names", b"X-B\xe4d: 1\r\n"),
    "a nul in a name": ("control", b"X-B\0d: 1\r\n"),
    "an empty name": ("names", b": 1\r\n"),
    "no colon": ("names", b"X-Bad\r\n"),
    "a nul in a value": ("control", b"X-Bad: a\0b\r\n"),
    "a bare cr in a value": ("control", b"X-Bad: a\rX-Forged: b\r\n"),
    "a bare cr at the end": ("control", b"X-Bad: a\r\r\n"),
    "an escape in a value": ("control", b"X-Bad: \x1b[2J\r\n"),
    "a del in a value": ("control", b"X-Bad: a\x7fb\r\n"),
    "a fold of nothing": ("fold", b" X-Bad: 1\r\n"),
    "a control byte behind a fold": ("control fold",
                                     b"X-Bad: a\r\n b\x01\r\n"),
}
for what, (proves, line) in BAD_FIELDS.items():
    five(what, f"bad-field {proves}", line + b"X-Good: 1\r\n",
         [("X-Good", "1")])
    page(f"{what} refused", f"bad-field {proves}",
         OK + line + b"X-Good: 1\r\n" + FIVE, "origin-bad-header",
         refuse=True)
five("a line of 8000 bytes", "line-size",
     b"X-Long: " + b"v" * 7992 + b"\r\n", [("X-Long", "v" * 7992)])
five("a line of 8001 bytes", "line-size bad-field",
     b"X-Long: " + b"v" * 7993 + b"\r\nX-Good: 1\r\n", [("X-Good", "1")])
page("a line of 8001 bytes refused", "line-size bad-field",
     OK + b"X-Long: " + b"v" * 7993 + b"\r\n" + FIVE, "origin-bad-header",
     refuse=True)
five("a good answer where bad ones are refused", "bad-field",
     b"X-Good: 1\r\n", [("X-Good", "1")], refuse=True)
five("100 fields", "head-size",
     b"".join(b"X-%d: %d\r\n" % (n, n) for n in range(99)),
     [(f"X-{n}", str(n)) for n in range(99)])
five("200 fields", "head-size",
     b"".join(b"X-%d: %d\r\n" % (n, n) for n in range(199)),
     [(f"X-{n}", str(n)) for n in range(199)])
page("201 fields", "head-size",
     OK + b"X-A: a\r\n" * 200 + FIVE, "origin-bad-header")
page("201 fields of which one is bad", "head-size",
     OK + b"X A: a\r\n" + b"X-A: a\r\n" * 199 + FIVE, "origin-bad-header")


def filled(size):
    """Lines that make a head of `size` bytes of five()."""
    rest = size - len(OK) - len(FIVE) + len(b"hello")
    lines = []
    while rest:
        take = min(rest, 4096)
        if 0 < rest - take < 16:
            take -= 16
        lines.append((f"X-{len(lines)}", "v" * (take - len(
            f"X-{len(lines)}: \r\n"))))
        rest -= take
    return lines


def spelled(lines):
    return b"".join(f"{n}: {v}\r\n".encode() for n, v in lines)


five("a head of 60 KiB", "head-size", spelled(filled(61440)), filled(61440))
page("a head of 60 KiB and one byte", "head-size",
     OK + spelled(filled(61441)) + FIVE, "origin-bad-header")
page("an endless line", "head-size",
     (OK + b"X-A: ", *[b"a" * 1000] * 70), "origin-bad-header")
page("an endless head trickled", "head-size",
     (OK, *[b"X-A: " + b"a" * 95 + b"\r\n"] * 650), "origin-bad-header")
page("an endless status line", "head-size",
     (b"HTTP/1.1 200 ", *[b"a" * 1000] * 70), "origin-bad-header")

# ---- framing ----

five("equal lengths", "lengths", b"Content-Length: 5\r\n", reused=True)
five("a list of equal lengths", "lengths", b"Content-Length: 5, 5\r\n",
     reused=True)
five("leading zeros of a length", "lengths", b"Content-Length: 0005\r\n")
for what, value in (
        ("different", b"6"), ("different in a list", b"5, 6"),
        ("letters", b"5x"), ("hex", b"0x5"), ("negative", b"-5"),
        ("plus", b"+5"), ("empty", b""), ("an empty member", b"5,"),
        ("a point", b"5.0"), ("a blank", b"5 5"), ("quoted", b'"5"'),
        ("2 to the 63", b"9223372036854775808"),
        ("2 to the 64 and 5", b"18446744073709551621"),
        ("huge", b"9" * 40)):
    page(f"lengths {what}", "lengths broken-502",
         OK + b"Content-Length: " + value + b"\r\n" + FIVE)
page("a length with a blank before its colon", "lengths names",
     OK + b"Content-Length : 5\r\n" + FIVE)
page("a length with a control byte", "lengths control",
     OK + b"Content-Length: 5\x01\r\n\r\nhello")
page("a length behind a fold", "lengths fold",
     OK + b" Content-Length: 6\r\n" + FIVE)
page("a length and a bad one on 304", "lengths broken-502",
     b"HTTP/1.1 304 Not Modified\r\nContent-Length: x\r\n\r\n")
row("both lengths", "both-lengths not-reused",
    OK + b"Content-Length: 3\r\n" + CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
    body=b"hello", reused=False)
row("both lengths the other way", "both-lengths",
    OK + b"Transfer-Encoding: chunked\r\nContent-Length: 300\r\n\r\n"
    b"5\r\nhello\r\n0\r\n\r\n", body=b"hello", reused=False)
for what, value in (
        ("gzip", b"gzip"), ("gzip and chunked", b"gzip, chunked"),
        ("chunked and gzip", b"chunked, gzip"),
        ("chunked twice", b"chunked, chunked"), ("identity", b"identity"),
        ("none", b""), ("a parameter", b"chunked;q=1"),
        ("a blank", b"chun ked"), ("a comma", b"chunked,"),
        ("a letter more", b"xchunked"), ("quoted", b'"chunked"')):
    page(f"coding {what}", "coding broken-502",
         OK + b"Transfer-Encoding: " + value + b"\r\n\r\n"
         b"5\r\nhello\r\n0\r\n\r\n")
page("coding in two fields", "coding broken-502",
     OK + b"Transfer-Encoding: chunked\r\n" + CHUNKED + b"0\r\n\r\n")
page("coding before a length", "coding broken-502",
     OK + b"Transfer-Encoding: gzip\r\n" + FIVE)
page("coding with a blank before its colon", "coding names",
     OK + b"Transfer-Encoding : chunked\r\n" + FIVE)
page("coding with a bare cr", "coding control",
     OK + b"Transfer-Encoding: chunked\r\r\n" + FIVE)
page("coding in http 1.0", "coding",
     b"HTTP/1.0 200 OK\r\n" + CHUNKED + b"0\r\n\r\n")
row("coding in capitals", "coding", OK + b"TRANSFER-ENCODING: CHUNKED\r\n\r\n"
    b"5\r\nhello\r\n0\r\n\r\n", body=b"hello", reused=True)
row("coding folded", "coding fold", OK + b"Transfer-Encoding:\r\n chunked"
    b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n", body=b"hello")

# ---- chunks ----

chunks("one chunk", "chunks", b"5\r\nhello\r\n0\r\n\r\n", reused=True)
chunks("many chunks", "chunks",
       b"1\r\nh\r\n2\r\nel\r\n02\r\nlo\r\n000\r\n\r\n", reused=True)
chunks("chunks in crumbs", "chunks", b"", reused=True)
ROWS[-1] = dataclasses.replace(ROWS[-1], sends=(
    OK + CHUNKED, *(bytes([b]) for b in b"5\r\nhello\r\n0\r\n\r\n")))
chunks("no chunk", "chunks", b"0\r\n\r\n", body=b"", reused=True)
chunks("sizes in both cases", "chunks",
       b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
       body=b"0123456789" * 2)
chunks("extensions", "chunks",
       b"5;a=b;c=\"d\"\r\nhello\r\n0 ; x\r\n\r\n", reused=True)
chunks("a trailer", "chunks removed", b"5\r\nhello\r\n0\r\nX-T: 1\r\n"
       b"Content-Length: 9\r\n\r\n", reused=True)
chunks("trailers of 16 KiB", "chunks",
       b"5\r\nhello\r\n0\r\n" + (b"X-T: " + b"t" * 1017 + b"\r\n") * 15
       + b"\r\n", reused=True)
chunks("bytes behind the last chunk", "chunks not-reused",
       b"5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nX-Forged: 1\r\n\r\n",
       reused=False)
for what, data, came in (
        ("a size of letters", b"zz\r\nhello\r\n", b""),
        ("no size", b"\r\nhello\r\n", b""),
        ("a negative size", b"-5\r\nhello\r\n", b""),
        ("a size of 0x", b"0x5\r\nhello\r\n", b""),
        ("a blank before a size", b" 5\r\nhello\r\n", b""),
        ("a blank behind a size", b"5 \r\nhello\r\n", b""),
        ("a size of 2 to the 63", b"8000000000000000\r\nhello", b""),
        ("a size of 2 to the 64 and 5", b"10000000000000005\r\nhello", b""),
        ("a size of bare lf", b"5\nhello\r\n", b""),
        ("a bad size later", b"5\r\nhello\r\nzz\r\n", b"hello"),
        ("a chunk without its end", b"5\r\nhelloXX0\r\n\r\n", b"hello"),
        ("a chunk that ends in lf", b"5\r\nhello\n0\r\n\r\n", b"hello"),
        ("a chunk too long", b"4\r\nhello\r\n0\r\n\r\n", b"hell"),
        ("an extension with a control byte", b"5;\x01\r\nhello\r\n", b""),
        ("an extension of 5000 bytes", b"5;" + b"x" * 5000 + b"\r\nhello",
         b""),
        ("zeros without end", b"0" * 5000, b""),
        ("a trailer with nul", b"5\r\nhello\r\n0\r\nX: \0\r\n\r\n",
         b"hello"),
        ("a trailer of bare lf", b"5\r\nhello\r\n0\r\nX: 1\n\r\n", b"hello"),
        ("trailers of 17 KiB", b"5\r\nhello\r\n0\r\n" + (
            b"X-T: " + b"t" * 1017 + b"\r\n") * 17, b"hello")):
    if len(data) < 8192:  # else it may come in parts
        page(what, "chunks break", OK + CHUNKED + data)
    if came:
        broken(what, "chunks break", CHUNKED, data[:data.index(came) + len(
            came)], data[data.index(came) + len(came):], came)
for what, data, came in (
        ("no chunk at all", b"", b""), ("half a size", b"5", b""),
        ("a size and no chunk", b"5\r\n", b""),
        ("half a chunk", b"5\r\nhe", b"he"),
        ("half a chunk's end", b"5\r\nhello\r", b"hello"),
        ("no last chunk", b"5\r\nhello\r\n", b"hello"),
        ("half of the last chunk", b"5\r\nhello\r\n0\r\n", b"hello"),
        ("half a trailer", b"5\r\nhello\r\n0\r\nX-T: 1\r\n", b"hello")):
    broken(f"the end after {what}", "break", CHUNKED, data, b"", came,
           closes=True)

# ---- bodies that are none, or too long ----

broken("the end within a length", "break one-length",
       b"Content-Length: 500\r\n\r\n", b"hello", b"", b"hello", closes=True,
       length=500)
broken("the end before a length's body", "break",
       b"Content-Length: 500\r\n\r\n", b"", b"", b"", closes=True,
       length=500)
broken("a reset within a length", "break", b"Content-Length: 500\r\n\r\n",
       b"hello", RESET, b"hello", length=500)
broken("a reset within chunks", "break", CHUNKED, b"5\r\nhello\r\n", RESET,
       b"hello")
broken("a reset where the end is the body's", "break to-the-end", b"\r\n",
       b"hello", RESET, b"hello")
five("bytes behind the body", "one-length not-reused", reused=False)
ROWS[-1] = dataclasses.replace(ROWS[-1], sends=(
    OK + FIVE + b"HTTP/1.1 200 OK\r\nX-Forged: 1\r\n\r\n",))
row("head", "no-body head-length", OK + b"Content-Length: 12345\r\n"
    b"ETag: \"a\"\r\n\r\n", method="HEAD", fields=(("ETag", '"a"'),),
    length=12345, reused=True)
row("head of no length", "no-body", OK + b"X-A: 1\r\n\r\n", method="HEAD",
    fields=(("X-A", "1"),), reused=True)
row("head of chunks", "no-body", OK + CHUNKED, method="HEAD", reused=True)
row("head with a body", "no-body not-reused",
    OK + FIVE, method="HEAD", length=5, reused=False)
row("head of nothing", "no-body", OK + b"Content-Length: 0\r\n\r\n",
    method="HEAD", length=0, reused=True)
page("head that is broken", "own-page no-body", b"HTTP/1.1 OK\r\n" + FIVE,
     method="HEAD")
row("204", "no-body", b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
    status=204, reason="No Content", fields=(("X-A", "1"),), reused=True)
row("204 with a length of 0", "no-body head-length",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", status=204,
    reason="No Content", reused=True)
row("204 with a length and a body", "no-body head-length not-reused",
    b"HTTP/1.1 204 No Content\r\n" + FIVE, status=204, reason="No Content",
    reused=False)
row("204 with a length alone", "no-body head-length not-reused",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", status=204,
    reason="No Content", reused=False)
row("204 of chunks", "no-body not-reused",
    b"HTTP/1.1 204 No Content\r\n" + CHUNKED + b"0\r\n\r\n", status=204,
    reason="No Content", reused=False)
row("205 without a length", "to-the-end", b"HTTP/1.1 205 Reset Content\r\n"
    b"Content-Length: 0\r\n\r\n", status=205, reason="Reset Content",
    length=0)
row("304", "no-body kept", b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n"
    b"Vary: Accept\r\nCache-Control: max-age=9\r\n\r\n", status=304,
    reason="Not Modified", fields=(
        ("ETag", '"a"'), ("Vary", "Accept"), ("Cache-Control", "max-age=9")),
    reused=True)
row("304 with a length", "no-body head-length",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", status=304,
    reason="Not Modified", reused=True)
row("head of 304 with a length", "no-body head-length",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", status=304,
    reason="Not Modified", method="HEAD", reused=True)
row("304 with a body", "no-body not-reused",
    b"HTTP/1.1 304 Not Modified\r\n" + FIVE, status=304,
    reason="Not Modified", reused=False)

# ---- 1xx ----

HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
for count in (1, 8):
    row(f"hints {count}", "interim commit", HINT * count + OK + FIVE,
        length=5, body=b"hello", reused=True)
page("hints 9", "interim", HINT * 9 + OK + FIVE)
page("hints and the end", "interim commit", HINT, closes=True)
page("hints and garbage", "interim", HINT + b"hello\r\n")
row("continue", "interim", b"HTTP/1.1 100 Continue\r\n\r\n" + OK + FIVE,
    length=5, body=b"hello", reused=True)
row("processing and 199", "interim", b"HTTP/1.1 102 Processing\r\n\r\n"
    b"HTTP/1.1 199 Odd\r\n\r\n" + OK + FIVE, length=5, body=b"hello",
    reused=True)
row("a hint with framing", "interim", b"HTTP/1.1 103 Early Hints\r\n"
    b"Content-Length: 700\r\n\r\n" + OK + FIVE, length=5, body=b"hello",
    reused=True)
row("continue for an upload", "interim",
    (b"HTTP/1.1 100 Continue\r\n\r\n", READ, OK + FIVE), method="POST",
    upload=1000, length=5, body=b"hello", reused=True)

# ---- what is taken out ----

five("a status field", "removed status-first", b"Status: 404 Nothing\r\n"
     b"X-End: 1\r\n", [("X-End", "1")])
for name in (b"X-Accel-Redirect: /etc/passwd", b"X-Accel-Buffering: yes",
             b"X-Accel-Limit-Rate: 1", b"X-Accel-Expires: 9",
             b"X-Accel-Charset: x", b"X-Sendfile: /etc/passwd",
             b"X-Sendfile2: /etc/passwd 0-", b"x-sendfile-temporary: /x",
             b"X-LIGHTTPD-send-file: /etc/passwd",
             b"X-LIGHTTPD-KBytes-per-second: 1",
             b"x-router-reason: forged", b"X-Router-Version: forged",
             b"Keep-Alive: timeout=5", b"Proxy-Connection: keep-alive",
             b"Proxy-Authenticate: Basic", b"Proxy-Status: x",
             b"TE: trailers", b"Trailer: X-T", b"Upgrade: h2c",
             b"HTTP2-Settings: x"):
    five("no " + name.split(b":")[0].decode(), "removed",
         name + b"\r\nX-End: 1\r\n", [("X-End", "1")])
five("what connection names", "removed",
     b"X-One: 1\r\nConnection: x-ONE, X-Two\r\nX-Two: 2\r\n"
     b"Connection: X-Three\r\nX-Three: 3\r\nX-End: 1\r\n",
     [("X-End", "1")], reused=True)
five("connection names what must stay", "removed one-length",
     b"Connection: Content-Length, Content-Type\r\nContent-Type: a/b\r\n",
     [])
five("a request id of the origin", "rules-after removed",
     b"X-Request-Id: forged\r\nX-End: 1\r\n", [("X-End", "1")])
five("a location on 200", "removed", b"Location: /etc/passwd\r\n"
     b"X-End: 1\r\n", [("X-End", "1")])
five("an absolute location on 200", "removed",
     b"Location: http://other.test/\r\n", [])

# ---- what stays ----

five("what is kept", "kept",
     b"Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
     b"Server: an origin\r\nETag: W/\"a\"\r\n"
     b"Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
     b"Content-Type: text/plain\r\nContent-Language: de\r\n"
     b"Content-Disposition: attachment; filename=\"a b\"\r\n"
     b"Cache-Control: max-age=60\r\nAccept-Ranges: bytes\r\n"
     b"Age: 5\r\nVia: 1.1 inner\r\nAlt-Svc: h3=\":443\"\r\n"
     b"Retry-After: 9\r\n",
     [("Date", "Mon, 01 Jan 2024 00:00:00 GMT"), ("Server", "an origin"),
      ("ETag", 'W/"a"'),
      ("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT"),
      ("Content-Type", "text/plain"), ("Content-Language", "de"),
      ("Content-Disposition", 'attachment; filename="a b"'),
      ("Cache-Control", "max-age=60"), ("Accept-Ranges", "bytes"),
      ("Age", "5"), ("Via", "1.1 inner"), ("Alt-Svc", 'h3=":443"'),
      ("Retry-After", "9")])
five("fields that repeat", "kept",
     b"Link: <a>\r\nVary: A\r\nLink: <b>\r\nvary: B\r\n"
     b"WWW-Authenticate: Basic\r\nWWW-Authenticate: Bearer\r\n"
     b"Content-Security-Policy: a\r\nContent-Security-Policy: b\r\n"
     b"X-A: 1\r\nX-A: 1\r\n",
     [("Link", "<a>"), ("Vary", "A"), ("Link", "<b>"), ("vary", "B"),
      ("WWW-Authenticate", "Basic"), ("WWW-Authenticate", "Bearer"),
      ("Content-Security-Policy", "a"), ("Content-Security-Policy", "b"),
      ("X-A", "1"), ("X-A", "1")])
GZIP = bytes.fromhex("1f8b08000000000000ff0300000000000000000000")
row("a coded body", "kept", OK + b"Content-Encoding: gzip\r\n"
    b"Vary: Accept-Encoding\r\nContent-Length: %d\r\n\r\n" % len(GZIP)
    + GZIP, fields=(("Content-Encoding", "gzip"),
                    ("Vary", "Accept-Encoding")), length=len(GZIP),
    body=GZIP, asks=(("Accept-Encoding", "gzip"),))
row("every byte in a body", "kept", OK + b"Content-Length: 256\r\n\r\n"
    + bytes(range(256)), length=256, body=bytes(range(256)))
row("a range", "kept", b"HTTP/1.1 206 Partial Content\r\n"
    b"Content-Range: bytes 10-14/100\r\n" + FIVE, status=206,
    reason="Partial Content",
    fields=(("Content-Range", "bytes 10-14/100"),), length=5, body=b"hello",
    asks=(("Range", "bytes=10-14"),))
five("a range that the origin does not do", "kept", b"",
     asks=(("Range", "bytes=1-2"),))
five("what the client has got already", "status-first",
     b"ETag: \"v1\"\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n",
     [("ETag", '"v1"'), ("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")],
     asks=(("If-None-Match", '"v1"'),))
five("what the client has by its date", "status-first",
     b"Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n",
     [("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")],
     asks=(("If-Modified-Since", "Mon, 01 Jan 2024 00:00:00 GMT"),))

# ---- cookies ----

COOKIES = ("a=1; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=9; "
           "Expires=Mon, 01 Jan 2024 00:00:00 GMT; Partitioned; Odd=\"x y\"",
           "b=2", "a=3", "d=", "=e", "f", "g=a=b,c", "h=1;Path=/;;Secure")
five("cookies in order, word for word", "kept",
     b"".join(b"Set-Cookie: " + c.encode() + b"\r\n" for c in COOKIES),
     [("Set-Cookie", c) for c in COOKIES])


def cookie(name, rule, sent, got, **more):
    five(name, rule, f"Set-Cookie: {sent}\r\n".encode(),
         [("Set-Cookie", got)], **more)


cookie("a cookie of the origin's address", "cookie-domain",
       "a=1; Domain=127.0.0.1; Path=/; Secure", "a=1; Path=/; Secure")
cookie("a cookie of the origin's address in capitals", "cookie-domain",
       "a=1;DOMAIN = 127.0.0.1", "a=1")
cookie("a cookie of this host", "cookie-domain",
       "a=1; Domain=site.test", "a=1; Domain=site.test")
cookie("a cookie of this host and those below", "cookie-domain",
       "a=1; Domain=.site.test; Secure", "a=1; Domain=.site.test; Secure")
cookie("a cookie of another host", "cookie-domain",
       "a=1; Domain=other.test", "a=1; Domain=other.test")
cookie("a cookie of the parent on a literal host", "sibling",
       "a=1; Domain=lit.test", "a=1; Domain=lit.test", host="www.lit.test")
cookie("a cookie of the parent on a wildcard", "sibling",
       "a=1; Domain=wild.test; Path=/", "a=1; Path=/", host="a.wild.test")
cookie("a cookie of the dotted parent on a wildcard", "sibling",
       "a=1; Domain=.wild.test", "a=1", host="a.wild.test")
cookie("a cookie of the top on a wildcard", "sibling",
       "a=1; domain=TEST", "a=1", host="a.wild.test")
cookie("a cookie of itself on a wildcard", "sibling",
       "a=1; Domain=a.wild.test", "a=1; Domain=a.wild.test",
       host="a.wild.test")
cookie("a cookie of a sibling on a wildcard", "sibling",
       "a=1; Domain=b.wild.test", "a=1; Domain=b.wild.test",
       host="a.wild.test")
cookie("a cookie of the parent on a captured host", "sibling",
       "a=1; Domain=cap.test; Secure", "a=1; Secure", host="a.cap.test")
cookie("a cookie of a path", "cookie-path", "a=1; Path=/base/x; Secure",
       "a=1; Path=/in/x; Secure", host="mapped.test", path="/in/")
cookie("a cookie of the base", "cookie-path", "a=1; Path=/base",
       "a=1; Path=/in", host="mapped.test", path="/in/")
cookie("a cookie of a path outside", "cookie-path", "a=1; Path=/baseline",
       "a=1; Path=/baseline", host="mapped.test", path="/in/")
cookie("a cookie of all paths", "cookie-path", "a=1; Path=/",
       "a=1; Path=/", host="mapped.test", path="/in/")
cookie("a cookie of no path", "cookie-path", "a=1; Path=; Secure",
       "a=1; Path=; Secure", host="mapped.test", path="/in/")

# ---- where to go ----


def location(name, sent, got, code=302, **more):
    phrases = {201: "Created", 302: "Found", 303: "See Other"}
    row(name, "location", b"HTTP/1.1 %d %s\r\nLocation: %s\r\n" % (
        code, phrases[code].encode(), sent.encode()) + FIVE, status=code,
        reason=phrases[code], fields=(("Location", got),), length=5,
        body=b"hello", **more)


location("location a path", "/a?b=c", "/a?b=c")
location("location relative", "b?c", "b?c")
location("location a query", "?c", "?c")
location("location empty", "", "")
location("location of the origin", "http://@ORIGIN@/a?b=c", "/a?b=c")
location("location of the origin in capitals", "HTTP://@ORIGIN@/a", "/a")
location("location of the origin without a path", "http://@ORIGIN@", "/")
location("location of the origin with a fragment", "http://@ORIGIN@/a#b",
         "/a#b")
location("location without a scheme", "//@ORIGIN@/a", "/a")
location("location of another host", "https://other.test/a",
         "https://other.test/a")
location("location of another host without a scheme", "//other.test/a",
         "//other.test/a")
location("location of another port", "http://127.0.0.1:1/a",
         "http://127.0.0.1:1/a")
location("location of another scheme", "https://@ORIGIN@/a",
         "https://@ORIGIN@/a")
location("location with a user", "http://user@@ORIGIN@/a",
         "http://user@@ORIGIN@/a")
location("location of a host that begins alike", "http://@ORIGIN@.x.test/a",
         "http://@ORIGIN@.x.test/a")
location("location of no http", "mailto:a@b.test", "mailto:a@b.test")
location("location of the origin with two slashes", "http://@ORIGIN@//x/y",
         "http://site.test//x/y")
location("location 201", "http://@ORIGIN@/new", "/new", 201)
location("location 303", "http://@ORIGIN@/new", "/new", 303)
location("location below the base", "/base/a", "/in/a", host="mapped.test",
         path="/in/")
location("location of the base", "http://@ORIGIN@/base", "/in",
         host="mapped.test", path="/in/")
location("location outside of the base", "/login", "/login",
         host="mapped.test", path="/in/")
location("location of the host asked for", "http://kept.test/a", "/a",
         host="kept.test")
location("location of the host asked for by https", "https://kept.test/a",
         "https://kept.test/a", host="kept.test")
five("content location", "location",
     b"Content-Location: http://@ORIGIN@/a\r\n",
     [("Content-Location", "/a")])

# ---- response rules ----

five("response rules", "rules-after",
     b"X-Set: origin\r\nX-Gone: 1\r\nX-Add: origin\r\nX-Keep: 1\r\n",
     [("X-Add", "origin"), ("X-Keep", "1"), ("X-Set", "rule"),
      ("X-Add", "rule"), ("Cache-Control", "no-store")],
     host="rules.test")

# ---- streams ----

row("an event stream", "events streams",
    (OK + b"Content-Type: text/event-stream\r\n\r\ndata: a\n\n", PAUSE,
     b"data: b\n\n"), closes=True,
    fields=(("Content-Type", "text/event-stream"),
            ("X-Accel-Buffering", "no")), body=b"data: a\n\ndata: b\n\n",
    begun=9)
row("an event stream with a charset", "events",
    OK + b"Content-Type: Text/Event-Stream; charset=utf-8\r\n" + FIVE,
    fields=(("Content-Type", "Text/Event-Stream; charset=utf-8"),
            ("X-Accel-Buffering", "no")), length=5, body=b"hello")
row("chunks with a pause", "streams",
    (OK + CHUNKED + b"5\r\nhello\r\n", PAUSE, b"5\r\nworld\r\n0\r\n\r\n"),
    body=b"helloworld", reused=True, begun=5)
row("a length with a pause", "streams",
    (OK + b"Content-Length: 10\r\n\r\nhello", PAUSE, b"world"), length=10,
    body=b"helloworld", reused=True, begun=5)
row("an endless body whose client leaves", "client-gone",
    (OK + CHUNKED, ENDLESS), leaves=True)

# ---- answers before the request's end ----

BIG = 100000
row("early refusal unread", "early not-reused reads-first",
    b"HTTP/1.1 403 Forbidden\r\n" + FIVE, method="POST", upload=BIG,
    status=403, reason="Forbidden", length=5, body=b"hello")
row("early refusal that closes", "early",
    b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n" + FIVE,
    method="POST", upload=BIG, closes=True, status=413,
    reason="Content Too Large", length=5, body=b"hello", reused=False)
row("early refusal with a large page", "early reads-first",
    b"HTTP/1.1 403 Forbidden\r\nContent-Length: 300000\r\n\r\n"
    + b"x" * 300000, method="POST", upload=BIG, closes=True, status=403,
    reason="Forbidden", length=300000, body=b"x" * 300000, reused=False)
row("early yes and then the rest", "early",
    (OK + b"Content-Length: 10\r\n\r\nhello", READ, b"world"),
    method="POST", upload=BIG, length=10, body=b"helloworld")
row("an answer after the upload", "early", (READ, OK + FIVE), method="POST",
    upload=BIG, length=5, body=b"hello", reused=True)

# ---- own pages ----

page("json is preferred", "own-page", b"nothing",
     asks=(("Accept", "application/json"),))
ROWS[-1] = dataclasses.replace(ROWS[-1], fields=(
    ("Content-Type", "application/json"), *ROWS[-1].fields[1:]))
page("html is preferred", "own-page", b"nothing",
     asks=(("Accept", "text/html,application/json"),))
page("an origin that is not there", "own-page", b"", "origin-refused",
     host="dead.test")
page("a host that is not there", "own-page", b"", "no-host",
     host="unknown.test")

BY_NAME = {r.name: r for r in ROWS}
