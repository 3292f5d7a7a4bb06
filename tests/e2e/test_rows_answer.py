# SPDX-License-Identifier: BSD-2-Clause
"""What origins answer, row by row, and what comes of it: what the router
tells a web server, and what a client sees through each set-up."""

import dataclasses
import re

import pytest

import fcgi
import habits
import lab as labs
from capabilities import cell
from client import Client, ask, pattern
from fcgi import Peer
from player import Player
from rows_answer import BY_NAME, CHUNKED, FIVE, OK, PAUSE, RESET, ROWS, \
    RULES, Row
from setups import SETUPS, Site

ID = re.compile(r"[0-9a-f]{32}")
CANARY = "/a-blank-in-a-name"     # 200, or 502 where bad fields are refused


@pytest.fixture(scope="module")
def player():
    made = Player()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def what_closes_has_closed(player):
    """So that no row meets the end of another's connection in the pool."""
    assert player.quiet.wait(10)


def routes(player):
    url = f"http://{player.authority}"
    return f"""\
site.test {url}
www.lit.test {url}
*.wild.test {url}
{{tenant}}.cap.test {url}
mapped.test/in {url}/base strip-prefix
kept.test {url} host=preserve
dead.test http://127.0.0.1:1
rules.test {url}
    response-header X-Set: rule
    response-header +X-Add: rule
    response-header -X-Gone
    response-header Cache-Control: no-store
    response-header X-Request-Id: forged
"""


def body_of(row):
    return pattern(row.upload) if row.upload >= 0 else None


def refuse(lab, yes, write, answers):
    """Makes it [relay] bad_header = refuse, or drop, at once."""
    word = "refuse" if yes else "drop"
    if lab.settings.get("relay__bad_header", "drop") != word:
        lab.settings = {"relay__bad_header": word}
        write()
        for pid in lab.router_pids():
            labs.kill(pid, labs.signal.SIGHUP)
        labs.until(lambda: answers() == (502 if yes else 200), 5, word)


def sentences(row):
    """The rules that the row holds."""
    return f"{row.name}: " + "; ".join(map(RULES.get, row.rule.split()))


def is_page(row, body, identity):
    """Of the router's own: it says the word and the request's id."""
    if row.method == "HEAD":
        return not body
    return row.word.encode() in body and identity.encode() in body


# What the router tells a web server

@pytest.fixture(scope="module")
def bare(module_lab, player):
    module_lab.routes(routes(player))
    module_lab.start_router()
    pids = module_lab.router_pids()
    yield module_lab
    assert module_lab.router_pids() == pids, "the router has died meanwhile"


def ask_bare(peer, row, player):
    peer.send(fcgi.request(
        row.path + row.name, row.method, row.host, body_of(row),
        [("HTTP_" + n.upper().replace("-", "_"), v) for n, v in row.asks]))
    early = b""
    if PAUSE in row.sends:
        while not row.has_begun(early):
            early += peer.record()[1]
        player.go_on.set()
    reply = peer.reply()
    reply.out = early + reply.out
    return reply


# Those that are refused come last: the setting is changed once.
IN_ORDER = sorted(ROWS, key=lambda r: r.refuse)


@pytest.mark.parametrize("row", [r for r in IN_ORDER if not r.leaves],
                         ids=lambda r: r.name)
def test_the_web_server_is_told(bare, player, row):
    refuse(bare, row.refuse, bare.configure,
           lambda: fcgi.ask(bare.socket, CANARY).status)
    player.go_on.clear()
    with Peer(bare.socket) as peer:
        reply = ask_bare(peer, row, player)
    assert (reply.broken, reply.ended) == (row.broken, not row.broken), reply
    identity = reply.get("X-Request-Id")
    assert ID.fullmatch(identity), reply
    if row.word:
        assert is_page(row, reply.body, identity), reply
        said = reply.get("Content-Length")
        assert row.method == "HEAD" or said == str(len(reply.body)), reply
        row = dataclasses.replace(row, length=said)
    else:
        assert reply.body == row.body
    handed = row.handed(player.authority, identity)
    status = f"Status: {row.status} {row.reason}"
    lines = [f"{n}: {v}" for n, v in handed]
    lines.insert(sum(n == "Location" for n, _ in handed), status)
    head = reply.head.split("\r\n")
    assert head == lines, labs.unlike(sentences(row), lines, head)


@pytest.mark.parametrize("row", [r for r in ROWS if r.reused is not None],
                         ids=lambda r: r.name)
def test_a_connection_is_used_again_if_it_is_surely_empty(bare, player, row):
    """Or is not: the next request has a fresh one."""
    refuse(bare, False, bare.configure,
           lambda: fcgi.ask(bare.socket, CANARY).status)
    player.go_on.set()
    with Peer(bare.socket) as peer:
        ask_bare(peer, row, player)
    asked = player.connections[-1]
    assert fcgi.ask(bare.socket, "/plain").status == 200
    assert (player.connections[-1] is asked) == row.reused


def test_a_connection_whose_request_was_cut_short_is_not_used_again(
        bare, player):
    """An early answer: more is on its way than the origin reads."""
    row = dataclasses.replace(BY_NAME["early-refusal-unread"],
                              upload=8 << 20, reused=False)
    test_a_connection_is_used_again_if_it_is_surely_empty(bare, player, row)


# The end, at each byte

WHOLE = {
    "length": OK + b"X-A: 1\r\n" + FIVE,
    "chunks": OK + CHUNKED + b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-T: 1\r\n\r\n",
    "close": OK + b"X-A: 1\r\n\r\nhello",
}


def decoded(data):
    """What has come of a body, by the very bytes."""
    head, _, body = data.partition(b"\r\n\r\n")
    if CHUNKED.strip() not in head:
        return body
    content = b""
    while b"\r\n" in body:
        size, _, body = body.partition(b"\r\n")
        size = int(size.split(b";")[0], 16)
        if size == 0:
            break
        content += body[:size]
        body = body[size + 2:]
    return content


def cuts():
    """A row for each byte after which an answer can end, by a FIN and by a
    reset; what was relayed by then has been read."""
    made = {}
    for kind, data in WHOLE.items():
        for at in range(len(data) + (kind == "close")):
            head = data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            for how, end in (("fin", b""), ("reset", RESET)):
                name = f"{kind}-{at}-{how}"
                begun = at >= len(head)
                sends = ((data[:at], PAUSE, end) if begun
                         else (data[:at], end))
                whole = kind == "close" and how == "fin"
                made[name] = Row(
                    name, "break", sends, closes=how == "fin",
                    body=decoded(data[:at]) if begun else b"",
                    broken=begun and not whole,
                    word=None if begun else "origin-broken",
                    status=200 if begun else 502)
    return made


@pytest.fixture(scope="module")
def cut(bare):
    made = Player(cuts())
    bare.routes(f"site.test http://{made.authority}\n", bare.map)
    labs.kill(bare.router_pids()[0], labs.signal.SIGHUP)
    labs.until(lambda: fcgi.ask(bare.socket, "/length-0-fin").status == 502,
               5, "the map is in force")
    yield made
    made.close()


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("how", ["fin", "reset"])
def test_an_end_at_each_byte_is_no_answer_or_a_break(bare, cut, kind, how):
    """No part of a head goes out, and no part of a body looks whole."""
    seen = 0
    for row in cut.rows.values():
        if not (row.name.startswith(kind) and row.name.endswith(how)):
            continue
        seen += 1
        cut.go_on.clear()
        with Peer(bare.socket) as peer:
            reply = ask_bare(peer, row, cut)
        assert (reply.status, reply.reason, reply.broken, reply.ended) == (
            row.status, row.word, row.broken, not row.broken), (row, reply)
        if not row.word:
            assert reply.body == row.body, (row, reply)
    assert seen >= len(WHOLE[kind])


# What a client sees

@pytest.fixture(scope="module")
def running(new_lab, player, end_lab_module):
    """Set-up -> site; it runs until another one is asked for."""
    sites = {}

    def get(name):
        if name not in sites:
            stop()
            lab = new_lab(name)
            sites[name] = Site(lab, SETUPS[name])
            lab.routes(routes(player))
            sites[name].start()
        return sites[name]

    def stop():
        for name in list(sites):
            end_lab_module(sites.pop(name).lab)

    yield get
    stop()


def ask_site(site, row, player, fields=()):
    """The answer, and what the same connection says to another request."""
    with Client(site.port) as client:
        client.send(row.method, row.path + row.name, row.host,
                    [*row.asks, *fields], body_of(row))
        if PAUSE in row.sends:
            if habits.waits(site.setup.name, row):
                while not row.has_begun(unchunked(client.kept)):
                    assert client.more()
            player.go_on.set()
        answer = client.answer(row.method)
        assert not client.kept, client.kept
        if site.setup.lives and not fields and not client.over:
            client.send(target="/plain")
            assert client.answer().body == b"hello"
        return answer


def unchunked(data):
    """Enough of it to look for a short text in."""
    head, end, body = data.partition(b"\r\n\r\n")
    return head + end + re.sub(rb"(^|\r\n)[0-9a-fA-F]+\r\n", b"", body)


# The same web server, and the same module of it, as another set-up has.
TWINS = ("apache-htaccess", "lighttpd-socket")
# A process a request, or nearly: sanitizers make starting it slow.
SLOW = ("apache-cgi", "apache-mod_fcgid")


def pairs():
    """All rows through all set-ups. The router's own pages are alike, and so
    are twins: most of those only where there is time."""
    for name in SETUPS:
        for at, row in enumerate(IN_ORDER):
            if row.leaves and cell("leave-stream", name) == "no":
                continue  # this one tells nobody, and takes all that comes
            alike = row.word and "own-page" not in row.rule
            rare = at % (20 if alike else 5 if name in TWINS or (
                labs.SANITIZED and name in SLOW) else 1)
            yield pytest.param(name, row, id=f"{name}-{row.name}", marks=(
                [pytest.mark.long] if rare else []))


@pytest.mark.parametrize("name,row", pairs())
def test_the_client_sees(running, player, name, row):
    site = running(name)
    if row.leaves:
        see_its_end(site, player, row)
        return
    refuse(site.lab, row.refuse, site.write,
           lambda: ask(site.port, target=CANARY).status)
    player.go_on.clear()
    if row.broken:
        see_break(name, row, ask_site(site, row, player,
                                      [("Connection", "close")]))
        return
    answer = ask_site(site, row, player)
    assert not answer.broken, answer
    identity = answer.get("X-Request-Id")
    assert ID.fullmatch(identity), answer
    if row.word:
        assert is_page(row, answer.body, identity), answer
        row = dataclasses.replace(row, length=answer.get("Content-Length"))
    else:
        assert answer.body == row.body
    reason, fields = habits.seen(name, row, row.handed(
        player.authority, identity))
    assert (answer.version, answer.status, answer.reason) == (
        "HTTP/1.1", row.status, reason)
    came = habits.bare(name, answer, fields)
    assert came == fields, labs.unlike(sentences(row), fields, came)


def see_break(name, row, answer):
    """A part never looks whole, where the web server can show it."""
    habit = habits.of_a_break(name, row)
    if habit == "broken":
        assert answer.broken and answer.status == 200, answer
        assert answer.body == row.body
    elif habit == "error":
        assert answer.status in (500, 502, 503) or answer.broken, answer
    elif habit == "page behind":
        assert answer.body.startswith(row.body + b"<!DOCTYPE"), answer
    else:
        assert (habit, answer.status, answer.body) == (
            "whole", 200, row.body), answer


def see_its_end(site, player, row):
    """An endless body ends with its client."""
    player.left.clear()
    with Client(site.port) as client:
        client.send(target="/" + row.name)
        while len(client.kept) < 1 << 20:
            assert client.more()
    assert player.left.wait(1.5 * labs.PATIENCE)


# The table itself

def test_each_rule_has_its_rows():
    used = {word for row in ROWS for word in row.rule.split()}
    assert used == set(RULES)
    assert len(BY_NAME) == len(ROWS), "a name is there twice"
