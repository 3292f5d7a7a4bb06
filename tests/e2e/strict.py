# SPDX-License-Identifier: BSD-2-Clause
"""strict: the most suspicious reader of what leaves the router.

Each origin of these tests shows it every request that arrives, whatever the
test is about. What could be read in two ways (RFC 9112 11), what is of one
connection only (RFC 9110 7.6.1) or not in the one spelling is a fault, and
the test in which it came has failed (conftest.py).
"""

import re

FAULTS = []   # (what is wrong, the head), until somebody takes them

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST = re.compile(rb"(%s) (/[^\x00-\x20\x7f#]*) HTTP/1\.1" % TOKEN)
FIELD = re.compile(rb"(%s): ?((?:[^\x00-\x08\x0a-\x20\x7f]"
                   rb"(?:[^\x00-\x08\x0a-\x1f\x7f]*"
                   rb"[^\x00-\x08\x0a-\x20\x7f])?)?)" % TOKEN)
HOST = re.compile(rb"(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
ESCAPE = re.compile(rb"%(?![0-9A-F]{2})")
UNRESERVED = re.compile(rb"%(?:4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A]|3[0-9]"
                        rb"|2D|2E|5F|7E)")
ONE_HOP = re.compile(rb"connection|keep-alive|proxy-.*|te|trailer|upgrade"
                     rb"|http2-settings|expect|x-router-(?!signature$).*")
ONCE = (b"host", b"content-length", b"transfer-encoding", b"content-type",
        b"x-request-id", b"x-router-signature")
CHUNK = re.compile(rb"[0-9A-Fa-f]{1,16}")


def _target(target):
    path = target.partition(b"?")[0]
    if b"\\" in path:
        yield "a backslash in the path"
    if ESCAPE.search(path) or UNRESERVED.search(path):
        yield "an escape in the path that has another spelling"
    if {b".", b".."} & set(path.split(b"/")):
        yield "dot segments"


def _fields(lines):
    fields = []
    for line in lines:
        match = FIELD.fullmatch(line)
        if not match:
            yield f"no header field: {line!r}"
            continue
        fields.append((match[1].lower(), match[2]))
    names = [name for name, _ in fields]
    values = dict(fields)
    for name in ONCE:
        if names.count(name) > 1:
            yield f"{name.decode()} more than once"
    for name in names:
        if ONE_HOP.fullmatch(name.replace(b"_", b"-")):
            yield f"{name.decode()} is not for an origin"
    if not HOST.fullmatch(values.get(b"host", b"")):
        yield "no Host, or none that is one"
    if not values.get(b"content-length", b"0").isdigit():
        yield "Content-Length is no number"
    if values.get(b"transfer-encoding", b"chunked") != b"chunked":
        yield "a transfer coding that is not chunked"
    if b"content-length" in values and b"transfer-encoding" in values:
        yield "two framings"


def head(data):
    """The faults of a request's head, without the empty line at its end."""
    lines = data.split(b"\r\n")
    match = REQUEST.fullmatch(lines[0])
    if match:
        yield from _target(match[2])
    else:
        yield "no request line"
    yield from _fields(lines[1:])


def judge(data):
    """An origin has received this head."""
    FAULTS.extend((fault, data) for fault in head(data))


def judge_chunk(line):
    """An origin has received this line before a chunk."""
    if not CHUNK.fullmatch(line):
        FAULTS.append(("no plain chunk size", line))


def take():
    """The faults since the last time."""
    taken, FAULTS[:] = FAULTS[:], []
    return taken
