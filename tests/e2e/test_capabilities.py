# SPDX-License-Identifier: BSD-2-Clause
"""Each cell of the table of capabilities, and the manual's copy of it."""

import pytest

import lab as labs
from capabilities import COLUMNS, TABLE, cells, manual
from client import Client, ask, pattern, sha256
from origin import Origin, Script
from setups import SETUPS, Site

SWITCH = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
          b"Connection: Upgrade\r\n\r\nfree bytes")


@pytest.fixture(scope="module")
def running(new_lab, end_lab_module):
    """Set-up -> site, each started when it is first asked for."""
    sites = {}
    script = Script(SWITCH)

    def get(name):
        if name not in sites:
            for old in list(sites):
                stop(old)
            lab = new_lab(name)
            site = Site(lab, SETUPS[name])
            sites[name] = site
            site.origin = Origin()
            lab.routes(f"site.test {site.origin.url}\n"
                       f"switch.test {script.url}\n")
            site.start()
        return sites[name]

    def stop(name):
        site = sites.pop(name)
        site.origin.gate.set()
        end_lab_module(site.lab)
        site.origin.close()

    yield get
    for name in list(sites):
        stop(name)
    script.close()


def upgrade(site):
    answer = ask(site.port, host="switch.test", target="/chat", fields=[
        ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")])
    assert b"free bytes" not in answer.body
    return answer.status == 101


def connect(site):
    with Client(site.port) as client:
        client.raw(b"CONNECT site.test:80 HTTP/1.1\r\n"
                   b"Host: site.test:80\r\n\r\n")
        try:
            return 200 <= client.head().status < 300
        except OSError:
            return False


def interim(site):
    with Client(site.port) as client:
        client.send(target="/hints")
        first = client.head()
        assert first.status in (103, 200), first
        return first.status == 103


def trailers(site):
    with Client(site.port) as client:
        client.send(target="/chunked/5", fields=[("TE", "trailers"),
                                                 ("Connection", "close")])
        data = b""
        while True:
            part = client.part()
            if not part:
                break
            data += part
    assert data.startswith(b"HTTP/1.1 200")
    return b"x-trailer: 1" in data.lower().partition(b"\r\n\r\n")[2]


def streaming(site):
    """Does the first part arrive while the origin holds the second back?"""
    site.origin.gate.clear()
    with Client(site.port) as client:
        client.send(target="/gate")
        assert site.origin.waiting.acquire(timeout=10)
        client.socket.settimeout(1 * labs.PATIENCE)
        early = b""
        try:
            while b"first" not in early:
                part = client.part()
                assert part
                early += part
        except TimeoutError:
            pass
        site.origin.gate.set()
        client.socket.settimeout(30)
        data = early
        while b"second" not in data:
            part = client.part()
            assert part, data
            data += part
    return b"first" in early


def encoded_slash(site):
    answer = ask(site.port, target="/echo/a%2Fb")
    if answer.status == 200:
        assert site.origin.asked[-1].target == "/echo/a%2Fb"
        return True
    assert answer.status == 404 and not answer.get("X-Router-Reason"), answer
    return False


def big_body(site):
    answer = ask(site.port, "POST", "/echo", body=pattern(200000))
    if answer.status == 200:
        assert site.origin.asked[-1].sha256 == sha256(pattern(200000))
        return True
    assert answer.status in (413, 500), answer
    return False


def chunked(site):
    size = 60000 if site.setup.name == "apache-htaccess" else 3 << 20
    answer = ask(site.port, "POST", "/echo", body=pattern(size),
                 chunked=True)
    if answer.status == 200:
        assert site.origin.asked[-1].sha256 == sha256(pattern(size))
        return True
    assert answer.status in (400, 411), answer
    return False


def broken(site, kind):
    """Does the client see that an origin ended within its body, after the
    first part of it had come?"""
    site.origin.gate.clear()
    with Client(site.port) as client:
        client.send(target=f"/break/{kind}",
                    fields=[("Connection", "close")])
        assert site.origin.waiting.acquire(timeout=10)
        client.socket.settimeout(1 * labs.PATIENCE)
        try:
            while len(client.kept) < 10000:
                assert client.more()
        except TimeoutError:
            pass  # this web server gathers more than that
        client.socket.settimeout(10)
        site.origin.gate.set()
        return bool(client.answer().broken)


def leaves(site, path):
    """Does the origin learn each time that the client has left? Others have
    asked before, so that there are connections to be shared."""
    for _ in range(4):
        assert ask(site.port, target="/hello").status == 200
        if not leaves_once(site, path):
            return False
    return True


def leaves_once(site, path):
    site.origin.gate.clear()
    site.origin.left.clear()
    with Client(site.port) as client:
        client.send(target=path)
        assert site.origin.waiting.acquire(timeout=10)
        if path == "/stream" and site.setup.name != "apache-htaccess":
            client.head()
    try:
        labs.until(lambda: site.origin.left, 1.5, "the origin is left")
        return True
    except labs.Trouble:
        return False
    finally:
        site.origin.gate.set()


def head_length(site):
    answer = ask(site.port, "HEAD", "/bytes/12345")
    assert answer.status == 200
    return answer.get("Content-Length") == "12345"


def authorization(site):
    ask(site.port, target="/echo",
        fields=[("Authorization", "Basic eDp5")])
    return site.origin.asked[-1].get("Authorization") == "Basic eDp5"


def restart(site):
    """Is the router back after its death, with nobody's help but the web
    server's? Last in the table: where it is not, nothing works after it."""
    for pid in site.lab.router_pids():
        labs.kill(pid)
    try:
        labs.until(lambda: ask(site.port, target="/hello").status == 200,
                   6 if site.setup.spawns else 0.5, "it is back")
        return True
    except labs.Trouble:
        return False


def parallel(site):
    """Do two requests at once need two processes?"""
    site.origin.gate.clear()
    clients = [Client(site.port), Client(site.port)]
    try:
        for client in clients:
            client.send(target="/wait")
        for client in clients:
            assert site.origin.waiting.acquire(timeout=10)
        return len(site.lab.router_pids()) == 1
    finally:
        site.origin.gate.set()
        for client in clients:
            client.answer()
            client.close()


TESTS = {
    "upgrade": upgrade,
    "connect": connect,
    "interim": interim,
    "trailers": trailers,
    "streaming": streaming,
    "encoded-slash": encoded_slash,
    "big-body": big_body,
    "chunked": chunked,
    "break-length": lambda site: broken(site, "length"),
    "break-chunked": lambda site: broken(site, "chunked"),
    "leave-stream": lambda site: leaves(site, "/stream"),
    "leave-silent": lambda site: leaves(site, "/wait"),
    "head-length": head_length,
    "authorization": authorization,
    "parallel": parallel,
    "restart": restart,
}


def by_setup():
    """So that each server is started once; restart comes last."""
    return sorted(cells(), key=lambda c: [n for n, _ in COLUMNS].index(c[1]))


@pytest.mark.parametrize("row,name", by_setup())
def test_the_cell_is_true(running, row, name):
    word = TABLE[row][1].split()[[n for n, _ in COLUMNS].index(name)]
    assert TESTS[row](running(name)) == (word == "yes")


def test_every_row_has_a_test_and_every_setup_a_column():
    assert list(TESTS) == list(TABLE)
    assert sorted(n for n, _ in COLUMNS) == sorted(SETUPS)


def test_the_manual_has_this_table():
    page = (labs.TOP / "fcgi-router" / "fcgi-router.8").read_text()
    assert manual() in page, "python3 tests/e2e/capabilities.py prints it"
