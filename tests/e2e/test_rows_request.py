# SPDX-License-Identifier: BSD-2-Clause
"""Each row of the table of requests, through every set-up."""

import re
import socket

import pytest

from client import Client
from request_row import Witness, unchunk
from rows_request import RULES, WEB_MAP, WEB_SETTINGS
from setups import SETUPS, Site

ROWS = [row for rows in RULES.values() for row in rows]
FINAL = re.compile(rb"HTTP/1\.[01] ([2-5]\d\d|101)[ \r][^\0]*?\r\n\r\n")
IDENT_LENGTH = 32
IDENT = re.compile(rb"(?i)\r\nX-Request-Id: ([0-9a-f]{32})\r\n")
REASON = re.compile(rb"(?i)\r\nX-Router-Reason: (\S+)\r\n")


@pytest.fixture(scope="module")
def witness():
    made = Witness()
    yield made
    made.close()


@pytest.fixture(scope="module", params=list(SETUPS))
def site(request, new_lab, witness, end_lab_module):
    setup = SETUPS[request.param]
    lab = new_lab(setup.name)
    try:
        lab.settings = dict(WEB_SETTINGS)
        lab.routes(WEB_MAP.format(url=witness.url))
        yield Site(lab, setup).start()
    finally:
        end_lab_module(lab)


def converse(port, witness, row, outcome, torn):
    """What the client got: the first answer's head, or all there is. torn:
    so much of its request the origin will see."""
    leaves = row.leaves or outcome.leaves
    got = b""
    with Client(port) as client:
        try:
            client.raw(row.sent)
            if torn:
                witness.wait(torn)
            if leaves:
                client.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has answered, and may have closed
        try:
            while leaves or row.to_end or not FINAL.search(got):
                part = client.part()
                if not part:
                    break
                got += part
        except ConnectionError:
            pass
    return got


def told(status, reason, requests, server):
    """What became of a row, as lines."""
    lines = [f"the client sees {status} {reason or ''}"]
    for data, whole in requests:
        head, _, body = data.partition(b"\r\n\r\n")
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
    for at, (data, whole) in enumerate(requests):
        match = IDENT.search(data)
        # Of a torn one the client is not told; of 101, in HTTP/2's words.
        if match and (match[1] in idents[at:at + 1] or not whole
                      or status == 101):
            requests[at] = data.replace(match[1], b"{id}", 1), whole
    return told(status, reason and reason[1].decode(), requests, server)


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_origin_sees_this(site, witness, row):
    outcome = row.of(site.setup.name)
    server = site.setup.name
    expected = [(request.spell(witness.name, server), not request.torn)
                for request in outcome.requests]
    torn = sum(len(data) + IDENT_LENGTH - len("{id}")
               for data, whole in expected if not whole)
    got = converse(site.port, witness, row, outcome, torn)
    final = FINAL.search(got)
    as_told = not final or int(final[1]) == outcome.status
    found = witness.take(len(expected) if as_told else 0)
    assert seen(got, found, server) == told(
        outcome.status, outcome.reason, expected, server)


def test_each_row_says_why_a_server_differs():
    for row in ROWS:
        for server, outcome in row.by.items():
            assert outcome.why, (row.name, server)
            assert outcome != row.outcome, (row.name, server)
