# SPDX-License-Identifier: BSD-2-Clause
"""Who is believed about the client: forged fields, doors and the access log,
with and without a trusted proxy in front; and requests that go round.

127.0.0.2 plays the trusted proxy or CDN, 127.0.0.1 anybody else.
"""

import itertools
import json
import re

import pytest

import fcgi
import lab as labs
from client import ask
from origin import Script
from setups import SETUPS, Site

CDN, OTHER = "127.0.0.2", "127.0.0.1"
CLIENT, FORGED = "198.51.100.7", "192.0.2.66"
HOPS = 2

LIST = """
site.test {o}
site.test/tell respond=200 "told"
    response-header X-Seen: {{client_ip}} {{scheme}} {{asked_host}}
site.test/door respond=200 "in" allow=198.51.100.0/24
site.test/shut respond=200 "in" deny=198.51.100.0/24
site.test/when respond=200 "out"
    when client=198.51.100.0/24 -> respond=200 "in"
site.test/https respond=200 "out"
    when scheme=https -> respond=200 "in"
site.test/health internal=health
site.test/timed {t}
cdn.test respond=200 "cdn"
ready.test respond=200 "ready"
"""
LOOP = "loop.test http://127.0.0.1:{port} host=preserve\n"

COUNT = itertools.count()


class CaddySite(Site):
    """Caddy replaces what it is not told to trust: the manual says so."""

    def write(self):
        super().write()
        conf = self.lab.dir / "conf" / "Caddyfile"
        text = conf.read_text()
        assert "flush_interval" in text
        conf.write_text(text.replace(
            "flush_interval", f"trusted_proxies {CDN}/32\n\t\tflush_interval"))


@pytest.fixture(scope="module", params=list(SETUPS))
def site(request, new_lab, lasting_origin, end_lab_module):
    setup = SETUPS[request.param]
    lab = new_lab(f"trust {setup.name}")
    timed = Script(b"HTTP/1.1 200 OK\r\nServer-Timing: db;dur=5\r\n"
                   b"Content-Length: 2\r\n\r\nok")
    lab.cleanups.append(timed.close)
    lab.settings = {
        "trust__proxies": f"{CDN}, 203.0.113.0/24",
        "internal__allow": "198.51.100.0/24",
        "relay__forwarded": "yes", "relay__server_timing": "yes",
        "relay__max_hops": str(HOPS), "router__check": "50ms",
        "log__access": str(lab.dir / "log" / "access.log")}
    try:
        table = LIST.format(o=lasting_origin.url, t=timed.url)
        lab.routes(table)
        kind = CaddySite if setup.name == "caddy" else Site
        made = kind(lab, setup).start()
        lab.routes(table + LOOP.format(port=made.port))
        labs.until(lambda: ask(made.port, host="loop.test").status != 404,
                   10, "the loop is routed")
        yield made
    finally:
        end_lab_module(lab)


def logged(site, mark, count=1):
    """The lines of the access log about requests with that mark."""
    log = site.lab.dir / "log" / "access.log"

    def found():
        lines = [line for line in log.read_text().splitlines()
                 if mark in line] if log.exists() else []
        return lines if len(lines) >= count else None
    return labs.until(found, 10, f"{count} lines about {mark}")


def echo(site, fields=(), source=OTHER, host="site.test"):
    """What the origin was sent, small names, and the mark of the request."""
    mark = f"mark{next(COUNT)}x"
    answer = ask(site.port, target=f"/echo?{mark}", fields=fields,
                 source=source, host=host)
    assert answer.status == 200, answer
    seen = {}
    for name, value in json.loads(answer.body)["fields"]:
        assert name.lower() not in seen or name.lower() in (
            "via", "cookie"), seen
        seen[name.lower()] = value
    return seen, mark


def told(seen):
    """All that tells of the client, but for what is always said."""
    return {name: value for name, value in seen.items()
            if re.match("x-forwarded|forwarded|x-real|x-orig|x-rewr", name)}


# ---- anybody ----

FORGERIES = {
    "addresses": [("X-Forwarded-For", FORGED)],
    "in-small-letters": [("x-forwarded-for", FORGED),
                         ("x-forwarded-proto", "https")],
    "with-underscores": [("X_Forwarded_For", FORGED),
                         ("X_FORWARDED_PROTO", "https"),
                         ("x_real_ip", FORGED), ("X_Original_URL", "/x")],
    "twice": [("X-Forwarded-For", FORGED), ("X-Forwarded-For", CDN)],
    "of-a-proxy": [("X-Forwarded-For", f"{FORGED}, {CDN}")],
    "host": [("X-Forwarded-Host", "cdn.test")],
    "bad-host": [("X-Forwarded-Host", "a/b")],
    "two-hosts": [("X-Forwarded-Host", "a.test, b.test")],
    "scheme": [("X-Forwarded-Proto", "https"), ("X-Forwarded-Scheme",
                                                "https")],
    "rfc-7239": [("Forwarded", f"for={FORGED};proto=https;host=cdn.test")],
    "others": [("X-Real-IP", FORGED), ("X-Forwarded-Port", "1"),
               ("X-Forwarded-Prefix", "/x"), ("X-Forwarded-Server", "x"),
               ("X-Forwarded", f"for={FORGED}")],
    "another-path": [("X-Original-URL", "/admin"),
                     ("X-Rewrite-URL", "/admin")],
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_nobody_but_a_trusted_proxy_tells_of_the_client(site, forgery):
    seen, mark = echo(site, FORGERIES[forgery])
    assert told(seen) == {
        "x-forwarded-for": OTHER, "x-forwarded-proto": "http",
        "x-forwarded-host": "site.test",
        "forwarded": f'for={OTHER};host="site.test";proto=http'}
    assert logged(site, mark)[0].split()[1] == OTHER


@pytest.mark.parametrize("door, status, body", [
    ("door", 403, None), ("shut", 200, b"in"), ("when", 200, b"out"),
    ("https", 200, b"out"), ("health", 403, None)])
def test_a_forged_field_opens_and_shuts_no_door(site, door, status, body):
    answer = ask(site.port, target=f"/{door}", source=OTHER, fields=[
        ("X-Forwarded-For", CLIENT), ("X-Forwarded-Proto", "https"),
        ("X-Real-IP", CLIENT), ("Forwarded", f"for={CLIENT};proto=https")])
    assert answer.status == status, answer
    if body:
        assert answer.body == body
    else:
        assert answer.get("X-Router-Reason") == "address-denied"


def test_an_id_of_anybody_is_replaced(site):
    seen, mark = echo(site, [("X-Request-Id", "forged")])
    assert re.fullmatch("[0-9a-f]{32}", seen["x-request-id"])
    assert f"id={seen['x-request-id']}" in logged(site, mark)[0]


# ---- a trusted proxy ----

def test_a_trusted_proxy_tells_of_the_client(site):
    seen, mark = echo(site, [
        ("X-Forwarded-For", f"{FORGED}, {CLIENT}, 203.0.113.9"),
        ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "site.test:444"),
        ("X-Forwarded-Port", "444"), ("X-Real-IP", FORGED),
        ("Forwarded", f"for={FORGED}"), ("X-Original-URL", "/x"),
        ("X-Request-Id", "its-own")], source=CDN, host="inside.test")
    # Caddy puts its peer into the list, which it then has twice.
    twice = site.setup.name == "caddy"
    assert told(seen) == {
        "x-forwarded-for": f"{FORGED}, {CLIENT}, 203.0.113.9, {CDN}"
                           + f", {CDN}" * twice,
        "x-forwarded-proto": "https", "x-forwarded-host": "site.test:444",
        "x-forwarded-port": "444", "x-real-ip": CLIENT,
        "forwarded": f'for={CLIENT};host="site.test:444";proto=https, '
                     f"for=203.0.113.9, for={CDN}" + f", for={CDN}" * twice}
    assert seen["x-request-id"] == "its-own"
    line = logged(site, mark)[0]
    assert line.split()[1] == CLIENT and "id=its-own " in line, line


@pytest.mark.parametrize("door, inside", [
    ("door", True), ("shut", False), ("when", True), ("health", True)])
def test_doors_know_the_client_behind_a_trusted_proxy(site, door, inside):
    for address, hit in ((CLIENT, True), (f"{CLIENT}, {FORGED}", False),
                         (f"{FORGED}, {CLIENT}", True)):
        answer = ask(site.port, target=f"/{door}", source=CDN,
                     fields=[("X-Forwarded-For", address)])
        if door == "when":
            assert answer.body == (b"in" if hit else b"out"), answer
        else:
            assert answer.status == (200 if hit == inside else 403), answer


def test_variables_and_conditions_know_the_scheme_and_host(site):
    answer = ask(site.port, target="/tell", source=CDN, host="inside.test",
                 fields=[("X-Forwarded-For", CLIENT),
                         ("X-Forwarded-Proto", "https"),
                         ("X-Forwarded-Host", "SITE.test.")])
    assert answer.get("X-Seen") == f"{CLIENT} https site.test", answer
    answer = ask(site.port, target="/https", source=CDN,
                 fields=[("X-Forwarded-Proto", "https")])
    assert answer.body == b"in"


@pytest.mark.parametrize("value", ["a.test, cdn.test", "a/b"])
def test_a_host_that_nobody_can_know_is_refused(site, value):
    mark = f"mark{next(COUNT)}x"
    answer = ask(site.port, target=f"/?{mark}", source=CDN, fields=[
        ("X-Forwarded-For", CLIENT), ("X-Forwarded-Host", value)])
    assert (answer.status, answer.get("X-Router-Reason")) == (
        400, "bad-host"), answer
    assert logged(site, mark)[0].split()[1] == CLIENT


# ---- a web server that finds the client itself ----

OWN_WAYS = {
    "nginx": ("location / {", f"set_real_ip_from {CDN};\n"
              "real_ip_header X-Forwarded-For;\nreal_ip_recursive on;\n"),
    "apache-mod_proxy_fcgi": (
        "ProxyTimeout", "LoadModule remoteip_module "
        "/usr/lib/apache2/modules/mod_remoteip.so\n"
        "RemoteIPHeader X-Forwarded-For\n"
        f"RemoteIPInternalProxy {CDN}\n"),
    "haproxy": ("default_backend", "http-request set-src "
                f"hdr(X-Forwarded-For) if {{ src {CDN} }}\n"),
}


class OwnWaySite(Site):
    """As the manual says of it, and nothing is listed in router.ini."""

    def write(self):
        super().write()
        conf = self.lab.dir / "conf" / self.setup.config
        before, lines = OWN_WAYS[self.setup.name]
        text = conf.read_text()
        assert text.count(before) == 1
        conf.write_text(text.replace(before, lines + before))


@pytest.mark.parametrize("name", OWN_WAYS)
def test_a_web_server_may_find_the_client_itself(lab, lasting_origin, name):
    lab.settings = {"log__access": str(lab.dir / "log" / "access.log")}
    lab.routes(f"site.test {lasting_origin.url}\n")
    own = OwnWaySite(lab, SETUPS[name]).start()
    for source, client in ((CDN, CLIENT), (OTHER, OTHER)):
        seen, mark = echo(own, [("X-Forwarded-For", CLIENT)], source)
        assert told(seen) == {
            "x-forwarded-for": client, "x-forwarded-proto": "http",
            "x-forwarded-host": "site.test"}
        assert logged(own, mark)[0].split()[1] == client


# ---- the three ways in which clients come ----

EDGE, ORIGIN_SHIELD = "203.0.113.9", "203.0.113.10"
SAID = [("X-Forwarded-For", f"{FORGED}, {CLIENT}, {EDGE}, {ORIGIN_SHIELD}"),
        ("X-Forwarded-Host", "cdn.test"), ("X-Forwarded-Proto", "https")]
BELIEVED = ("cdn", f"{CLIENT} https cdn.test")
ALL = f"{CDN}, 203.0.113.0/24"
WAYS = {
    # name: ([trust] proxies, who connects, what is served, to whom)
    "not behind a CDN": ("", OTHER, ("own", f"{OTHER} http own.test")),
    "behind a CDN": (ALL, CDN, BELIEVED),
    "behind a CDN that lets clients say a host": (
        f"{ALL}\nforwarded_host = no", CDN,
        ("own", f"{CLIENT} https own.test")),
    # The CDN answers for other names; to this one clients come themselves.
    "DNS only": (ALL, OTHER, ("own", f"{OTHER} http own.test")),
    # The edge is somebody else's by now: it is the client.
    "behind a CDN that is not wholly listed": (
        f"{CDN}, {ORIGIN_SHIELD}", CDN,
        ("cdn", f"{EDGE} https cdn.test")),
    "behind a CDN that is not listed": (
        "203.0.113.0/24", CDN, ("own", f"{CDN} http own.test")),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_is_believed_by_the_way_clients_come(lab, way):
    proxies, source, (body, seen) = WAYS[way]
    if proxies:
        lab.settings = {"trust__proxies": proxies}
    lab.routes("".join(
        f'{name}.test respond=200 "{name}"\n    response-header '
        "X-Seen: {client_ip} {scheme} {asked_host}\n"
        for name in ("own", "cdn")))
    site = Site(lab, SETUPS["nginx"]).start()
    answer = ask(site.port, host="own.test", fields=SAID, source=source)
    assert (answer.text, answer.get("X-Seen")) == (body, seen), answer


# ---- going round ----

@pytest.mark.parametrize("via", [None, '1.1 x ("', '1.0 a (b, "c', "1.1 y, "])
def test_a_loop_ends_in_508(site, via):
    mark = f"mark{next(COUNT)}x"
    answer = ask(site.port, target=f"/?{mark}", host="loop.test",
                 fields=[("Via", via)] if via else [])
    assert answer.status == 508, answer
    # The first has not come back yet, the last is refused.
    lines = logged(site, mark, HOPS + 2)
    assert len(lines) == HOPS + 2, lines
    assert [" reason=loop " in line for line in lines].count(True) == 1
    assert all('" 508 ' in line for line in lines)


def test_a_client_does_not_start_half_way_round(site):
    """What it says of Via counts, so that nobody is let round again."""
    via = ", ".join(["1.1 fcgi-router"] * (HOPS + 1))
    answer = ask(site.port, fields=[("Via", via)])
    assert (answer.status, answer.get("X-Router-Reason")) == (
        508, "loop"), answer
    seen, _ = echo(site, [("Via", via.rpartition(",")[0])])
    assert seen["via"].endswith("1.1 fcgi-router")


# ---- times ----

TIMES = r"route;dur=\d+\.\d{3}"
TRIP = TIMES + r", connect;dur=\d+\.\d{3}, origin;dur=\d+\.\d{3}"


def test_times_are_told_behind_what_the_origin_says(site):
    answer = ask(site.port, target="/timed")
    assert answer.status == 200, answer
    assert re.fullmatch("db;dur=5, " + TRIP,
                        ", ".join(answer.all("Server-Timing"))), answer


def test_times_of_our_own_answers_are_told(site):
    for target, status in (("/tell", 200), ("/health", 403)):
        answer = ask(site.port, target=target)
        assert answer.status == status, answer
        assert re.fullmatch(TIMES, answer.get("Server-Timing")), answer
    assert not ask(site.port, target="/%zz").get("Server-Timing")


def test_times_are_not_told_unasked(lab, origin):
    lab.routes(f"site.test {origin.url}\n")
    lab.start_router()
    reply = fcgi.ask(lab.socket)
    assert reply.status == 200 and reply.get("X-Request-Id")
    assert reply.get("Server-Timing") is None
