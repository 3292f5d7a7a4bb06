# SPDX-License-Identifier: BSD-2-Clause
"""Each row of the tables of requests: rows_request through every set-up,
rows_variables at the FastCGI socket and as a CGI program."""

import socket
import subprocess

import pytest

import fcgi
import lab as labs
import rows_request
import rows_variables
from client import Client
from request_row import FAMILIES, FINAL, Witness, expect, seen, told
from setups import SETUPS, Site

# A program is started for each row; with sanitizers that takes its time.
AS_PROGRAM = [pytest.mark.long] if labs.SANITIZED else []
ROWS = [row for rows in rows_request.RULES.values() for row in rows]
WAYS = [(row, way) for rows in rows_variables.RULES.values() for row in rows
        for way in ("fastcgi", "cgi") if row.by.get(way, row.outcome)]

@pytest.fixture(scope="module")
def witness():
    made = Witness()
    yield made
    made.close()


@pytest.fixture(scope="module", params=[
    pytest.param(name, marks=[] if setup.lives else AS_PROGRAM)
    for name, setup in SETUPS.items()])
def site(request, new_lab, witness, end_lab_module):
    setup = SETUPS[request.param]
    lab = new_lab(setup.name)
    try:
        lab.settings = dict(rows_request.WEB_SETTINGS)
        lab.routes(rows_request.WEB_MAP.format(url=witness.url))
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


def sentence(row):
    """The rule that the row holds."""
    return next(text for rules in (rows_request.RULES, rows_variables.RULES)
                for text, rows in rules.items() if row in rows)


def compare(got, row, outcome, expected, witness, server):
    final = FINAL.search(got)
    as_told = not final or int(final[1]) == outcome.status
    found = witness.take(len(expected) if as_told else 0)
    came = seen(got, found, server)
    wanted = told(outcome.status, outcome.reason, expected, server)
    assert came == wanted, labs.unlike(
        f"{row.name}, {server}: {sentence(row)}\nsent: {row.sent}", wanted,
        came)


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_origin_sees_this(site, witness, row):
    server = site.setup.name
    outcome = row.of(server)
    expected, torn = expect(outcome, witness, server)
    got = converse(site.port, witness, row, outcome, torn)
    compare(got, row, outcome, expected, witness, server)


@pytest.fixture(scope="module")
def router(module_lab, witness):
    module_lab.routes(rows_variables.VARIABLES_MAP.format(url=witness.url))
    module_lab.start_router()
    return module_lab


def by_fastcgi(lab, variables, body):
    with fcgi.Peer(lab.socket) as peer:
        peer.send(fcgi.begin(), fcgi.params(
            [variable.split("=", 1) for variable in variables]),
            fcgi.stdin(body))
        return peer.reply().out


def by_cgi(lab, variables, body):
    environment = {"ROUTER_INI": str(lab.ini), **dict(
        variable.encode("latin-1").split(b"=", 1) for variable in variables)}
    return subprocess.run([lab.router], input=body, env=environment,
                          stdout=subprocess.PIPE, timeout=60,
                          check=False).stdout


@pytest.mark.parametrize("row,way", [
    pytest.param(row, way, id=f"{way}-{row.name}",
                 marks=AS_PROGRAM if way == "cgi" else [])
    for row, way in WAYS])
def test_the_origin_sees_of_variables(router, witness, row, way):
    outcome = row.by.get(way, row.outcome)
    expected, _ = expect(outcome, witness, way)
    give = by_fastcgi if way == "fastcgi" else by_cgi
    compare(give(router, *row.sent), row, outcome, expected, witness, way)


def test_each_row_says_why_a_server_differs():
    known = {name for names in FAMILIES.values() for name in names}
    for row in [*ROWS, *(row for row, _ in WAYS)]:
        for server, outcome in row.by.items():
            assert server in known, (row.name, server)
            if outcome is not None:
                assert outcome.why, (row.name, server)
                assert outcome != row.outcome, (row.name, server)
