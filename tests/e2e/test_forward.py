# SPDX-License-Identifier: BSD-2-Clause
"""A service is asked who may come in ([auth:NAME] type = forward): what it is
asked, what its answers mean, and that nothing of a request reaches an origin
before its yes."""

import base64
import concurrent.futures
import re
import time

import pytest

import lab as labs
from client import Client, ask
from origin import Origin
from setups import SETUPS, Site
from test_auth import TOKENS, bearer, secret

ROUTES = """
open.test    {url}
pass.test    {url} auth=pass
    request-header X-Rule: set
socket.test  {url} auth=socket
all.test     {url} auth=pass,deny
any.test     {url} auth=deny|tokens
late.test    {url} auth=dead|tokens
local.test   respond=200 "in" auth=deny
told.test    {url} auth=told
    request-header X-Who: {{auth.identity}};{{auth.team}};{{auth.plan}}
{{t}}.dyn.test @{{t}} auth=deny
"""
ASKED = ("deny", "login", "go", "judge", "large", "long", "chatty", "held",
         "slow", "dead", "denied", "s204", "s304", "s404", "s500", "stops",
         "twice", "said", "kept", "short")


class Guard(Origin):
    """What may come in, by the path of its URL."""

    def do_pass(self, sock, asked, *unused):
        return self._send(sock, asked, 200, [
            ("X-User", "alice"), ("Remote-Groups", "red"),
            ("Remote-Groups", "blue"), ("X-Other", "kept")], b"welcome")

    def do_deny(self, sock, asked, *unused):
        return self._send(sock, asked, 403, [
            ("Content-Type", "text/plain"), ("X-Why", "never"),
            ("X-Accel-Redirect", "/etc/passwd"), ("Connection", "X-Hop"),
            ("X-Hop", "1")], b"not you")

    def do_login(self, sock, asked, *unused):
        return self._send(sock, asked, 401, [
            ("WWW-Authenticate", 'Basic realm="guard"'),
            ("Set-Cookie", "a=1; Domain=test; Path=/"),
            ("Set-Cookie", "b=2")], b"who are you?")

    def do_go(self, sock, asked, *unused):
        uri = asked.get("X-Forwarded-Uri")
        return self._send(sock, asked, 302, [
            ("Location", f"https://login.test/?to={uri}"),
            ("Set-Cookie", "state=1")], b"")

    def do_judge(self, sock, asked, *unused):
        if asked.get("Cookie") == "session=good":
            return self.do_pass(sock, asked)
        return self.do_login(sock, asked)

    def do_told(self, sock, asked, *unused):
        """Who that is, as the client's cookie says."""
        return self._send(sock, asked, 200, [
            ("X-User", asked.get("Cookie")), ("X-Team", "red"),
            ("X-Plan", "tight"), ("X-Team", "blue")], b"")

    def do_twice(self, sock, asked, *unused):
        return self._send(sock, asked, 200, [
            ("X-User", "ann"), ("X-User", "root")], b"")

    def do_said(self, sock, asked, *unused):
        return self._send(sock, asked, 200, [
            ("X-User", "ann"), ("Cache-Control", "no-store")], b"")

    def do_large(self, sock, asked, *unused):
        return self._send(sock, asked, 403, [], b"x" * 65537)

    def do_long(self, sock, asked, *unused):
        return self._send(sock, asked, 403, [], b"x" * 65536)

    def do_chatty(self, sock, asked, *unused):
        """A yes, and more than anybody reads."""
        return self.do_bytes(sock, asked, "300000")

    def do_stops(self, sock, asked, *unused):
        self._head(sock, 200, [("Content-Length", "10")])
        return False

    def do_slow(self, sock, asked, *unused):
        return self.do_wait(sock, asked)

    def do_held(self, sock, asked, *unused):
        return self.do_wait(sock, asked)


def sections(guard, socket, folder):
    told = {}
    for name in ("pass", *ASKED):
        path = f"status/{name[1:]}" if name[1:].isdigit() else name
        told[f"auth:{name}__type"] = "forward"
        told[f"auth:{name}__url"] = f"{guard.url}/{path}?x=y"
        told[f"auth:{name}__copy"] = "X-User, Remote-Groups"
    told.update({
        "auth:told__type": "forward", "auth:told__url": f"{guard.url}/told",
        "auth:told__tells": "identity:X-User, team:X-Team, plan:X-Plan",
        "auth:twice__tells": "identity:X-User",
        "auth:kept__url": f"{guard.url}/told", "auth:kept__ttl": "1h",
        "auth:kept__ttl_by": "Cookie", "auth:short__ttl": "1h",
        "auth:kept__tells": "identity:X-User", "auth:said__ttl": "1h",
        "auth:short__url": f"{guard.url}/judge",
        "plan:tight__rate": "2/d", "plan:tight__burst": "2",
        "plan:tight__count_by": "identity"})
    told["auth:slow__timeout"] = "300ms"
    told["auth:held__timeout"] = "1m"
    told["auth:dead__url"] = f"http://127.0.0.1:{labs.free_port()}/"
    told["auth:denied__url"] = f"http://127.0.0.2:{guard.port}/pass"
    told["egress__deny"] = "127.0.0.2"
    told["auth:socket__type"] = "forward"
    told["auth:socket__url"] = f"{socket.url}:/pass"
    told["auth:socket__copy"] = "X-User Remote-Groups"
    told["auth:tokens__type"] = "bearer"
    told["auth:tokens__file"] = str(folder / "tokens")
    return told


class Guarded(Site):
    def asks(self, host, *fields, **how):
        """The answer, what the service was asked for it, and the origin."""
        before = len(self.guard.asked), len(self.origin.asked)
        answer = ask(self.port, host=host, fields=fields, **how)
        return (answer, self.guard.asked[before[0]:],
                self.origin.asked[before[1]:])


def open_site(lab, name, **settings):
    site = Guarded(lab, SETUPS[name])
    site.origin, site.guard = Origin(), Guard("guard")
    site.socket = Guard("socket", path=str(lab.dir / "run" / "guard.sock"))
    lab.cleanups += [one.close for one in (
        site.origin, site.guard, site.socket)]
    secret(lab.dir / "etc" / "tokens", TOKENS)
    lab.settings = {"log__access": str(lab.dir / "log" / "access"),
                    **sections(site.guard, site.socket, lab.dir / "etc"),
                    **settings}
    lab.routes(ROUTES.format(url=site.origin.url) + "".join(
        f"{one}.test {site.origin.url} auth={one}\n" for one in ASKED))
    return site.start()


@pytest.fixture(scope="module", params=["apache-mod_fcgid", "nginx"])
def site(request, new_lab, end_lab_module):
    lab = new_lab(request.param)
    try:
        yield open_site(lab, request.param)
    finally:
        end_lab_module(lab)


def test_the_service_is_asked_what_the_client_asked(site):
    answer, (asked,), _ = site.asks(
        "pass.test", ("Cookie", "a=b"), ("Authorization", "Basic YTpi"),
        ("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/open"),
        ("X-Original-URI", "/open"), ("X-Original-Method", "GET"),
        ("X-User", "mallory"), ("X-Rule", "mallory"), ("Range", "bytes=0-1"),
        ("If-None-Match", '"v"'),
        ("Content-Type", "text/plain"),
        method="POST", target="/%61dmin/../a%2fb?c=d", body=b"secret")
    assert answer.status == 200
    assert (asked.method, asked.target) == ("GET", "/pass?x=y")
    assert asked.get("Host") == f"127.0.0.1:{site.guard.port}"
    told = {name: asked.all(name) for name in (
        "Cookie", "X-Forwarded-Method", "X-Forwarded-Uri", "X-Original-URI",
        "X-Original-Method", "X-Forwarded-Host", "X-Forwarded-Proto",
        "X-Forwarded-For")}
    assert told == {
        "Cookie": ["a=b"], "X-Forwarded-Method": ["POST"],
        "X-Forwarded-Uri": ["/a%2Fb?c=d"], "X-Original-URI": ["/a%2Fb?c=d"],
        "X-Original-Method": ["POST"], "X-Forwarded-Host": ["pass.test"],
        "X-Forwarded-Proto": ["http"], "X-Forwarded-For": ["127.0.0.1"]}
    for name in ("X-User", "X-Rule", "Range", "If-None-Match",
                 "Content-Type", "Content-Length"):
        assert asked.all(name) == []
    assert asked.size == 0


def test_a_yes_passes_the_request_with_what_is_copied(site):
    for host in ("pass.test", "socket.test"):
        answer, _, (asked,) = site.asks(
            host, ("X-User", "mallory"), ("Remote-Groups", "admin"),
            ("Authorization", "Basic YTpi"), method="POST", body=b"x" * 99999)
        assert answer.status == 200 and asked.whole and asked.size == 99999
        assert asked.all("X-User") == ["alice"]
        assert asked.all("Remote-Groups") == ["red", "blue"]
        assert asked.all("X-Other") == []
        assert asked.all("Authorization") == ["Basic YTpi"]
        assert answer.get("X-User") is None


def test_what_is_copied_comes_of_no_client(site):
    for host in ("open.test", "s204.test", "any.test"):
        answer, _, (asked,) = site.asks(
            host, ("X-User", "mallory"), ("Remote-Groups", "admin"),
            ("Remote.Groups", "admin"), bearer("alice-token"))
        assert answer.status == 200
        assert asked.all("X-User") == asked.all("Remote-Groups") == []
        assert asked.all("Remote.Groups") == []


def test_a_yes_says_who_it_is_and_by_which_plan_that_one_counts(site):
    log = site.lab.dir / "log" / "access"
    for user in ("ann", "bob"):
        for _ in range(2):
            answer, _, (asked,) = site.asks("told.test", ("Cookie", user))
            assert answer.status == 200
            assert asked.get("X-Who") == f"{user};red,blue;tight"
            assert asked.all("X-User") == []
        answer, _, asked = site.asks("told.test", ("Cookie", user))
        assert (answer.status, asked) == (429, [])
        wanted = re.compile(rf" id={answer.get('X-Request-Id')} .*"
                            rf"reason=limit-rate .*identity={user} ")
        labs.until(lambda: wanted.search(log.read_text()), 5,
                   "the log says so")


# Host, status, reason of the log or page (None: the service's own answer),
# body, fields.
REFUSED = {
    "deny": ("deny.test", 403, b"not you", {
        "X-Why": ["never"], "X-Accel-Redirect": [], "X-Hop": [],
        "Content-Type": ["text/plain"], "X-Router-Reason": []}),
    "login": ("login.test", 401, b"who are you?", {
        "WWW-Authenticate": ['Basic realm="guard"'],
        "Set-Cookie": ["a=1; Domain=test; Path=/", "b=2"]}),
    "redirect": ("go.test", 302, b"", {
        "Location": ["https://login.test/?to=/a?b"],
        "Set-Cookie": ["state=1"]}),
    "judge": ("judge.test", 401, b"who are you?", {}),
    "all": ("all.test", 403, b"not you", {}),
    "any": ("any.test", 403, b"not you", {}),
    "long": ("long.test", 403, b"x" * 65536, {}),
    "ours": ("local.test", 403, b"not you", {}),
    "unknown": ("acme.dyn.test", 403, b"not you", {}),
}


@pytest.mark.parametrize("row", REFUSED)
def test_a_no_goes_to_the_client_as_it_is(site, row):
    host, status, body, fields = REFUSED[row]
    before = site.origin.accepted
    answer, _, asked = site.asks(host, method="POST", target="/a?b",
                                 body=b"y" * 99999)
    assert (answer.status, answer.body) == (status, body)
    assert {name: answer.all(name) for name in fields} == fields
    assert asked == [] and site.origin.accepted == before


def test_a_no_to_head_has_no_body(site):
    answer, (asked,), _ = site.asks("deny.test", method="HEAD")
    assert (answer.status, answer.body) == (403, b"")
    assert (asked.method, asked.get("X-Forwarded-Method")) == ("GET", "HEAD")


UNAVAILABLE = ["dead", "denied", "large", "s304", "s404", "s500", "slow",
               "stops", "twice"]


@pytest.mark.parametrize("name", UNAVAILABLE)
def test_what_is_no_answer_lets_nobody_in(site, name):
    before = site.origin.accepted
    answer, _, asked = site.asks(f"{name}.test", bearer("alice-token"),
                                 method="POST", body=b"y" * 9999)
    assert (answer.status, answer.get("X-Router-Reason")) == (
        503, "auth-unavailable")
    assert asked == [] and site.origin.accepted == before


LET_IN = {
    "judge": ("judge.test", ("Cookie", "session=good")),
    "any": ("any.test", bearer("alice-token")),
    "dead-or-token": ("late.test", bearer("alice-token")),
    "no-content": ("s204.test", ("X-A", "1")),
    "chatty": ("chatty.test", ("X-A", "1")),
}


@pytest.mark.parametrize("row", LET_IN)
def test_who_is_let_in_is(site, row):
    host, field = LET_IN[row]
    answer, _, asked = site.asks(host, field)
    assert answer.status == 200 and len(asked) == 1


def test_a_connection_to_the_service_is_kept_and_may_die(site):
    site.asks("pass.test")
    before = site.guard.accepted
    for _ in range(3):
        assert site.asks("pass.test")[0].status == 200
    assert site.guard.accepted - before <= 1
    with site.guard.lock:
        for sock in site.guard.open:
            sock.shutdown(2)
    assert site.asks("pass.test")[0].status == 200


# ---- one process; web servers have no part in it ----

@pytest.fixture
def alone(new_lab, end_lab_module):
    lab = new_lab("forward")
    try:
        yield open_site(lab, "nginx", router__workers_min="1",
                        router__workers_max="1")
    finally:
        end_lab_module(lab)


def test_a_yes_that_is_kept_is_as_good_as_a_new_one(alone):
    for user in ("eve", "joe"):
        for times, (method, target) in enumerate((
                ("GET", "/"), ("GET", "/b?c"), ("POST", "/"))):
            answer, guard, (asked,) = alone.asks(
                "kept.test", ("Cookie", user), ("X-User", "mallory"),
                method=method, target=target)
            assert answer.status == 200
            assert len(guard) == (times == 0)
            assert asked.all("X-User") == [user]


def test_all_that_is_asked_counts_and_only_a_yes_is_kept(alone):
    good = ("Cookie", "session=good")
    for field, target, status, asked in (
            (("Cookie", "session=bad"), "/", 401, 1),
            (("Cookie", "session=bad"), "/", 401, 1),
            (good, "/", 200, 1), (good, "/", 200, 0), (good, "/b", 200, 1),
            (good, "/b", 200, 0), (("Cookie", "session=bad"), "/", 401, 1)):
        answer, guard, _ = alone.asks("short.test", field, target=target)
        assert (answer.status, len(guard)) == (status, asked)


def test_what_the_service_does_not_want_kept_is_not(alone):
    for _ in range(2):
        answer, guard, _ = alone.asks("said.test")
        assert (answer.status, len(guard)) == (200, 1)


def test_a_yes_ends_with_the_token_that_it_was_for(alone):
    ends = int(time.time()) + 2
    token = ".".join(base64.urlsafe_b64encode(text).decode().rstrip("=")
                     for text in (b'{"alg":"none"}', b'{"exp":%d}' % ends,
                                  b"x"))
    asked = [len(alone.asks("kept.test", ("Cookie", "t=" + token))[1])
             for _ in range(2)]
    assert asked[0] == 1 and (asked[1] == 0 or time.time() >= ends)
    labs.until(lambda: alone.asks("kept.test", ("Cookie", "t=" + token))[1],
               10, "the service is asked again")
    assert time.time() >= ends


def test_many_wait_and_hold_up_nobody(alone):
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        waiting = [pool.submit(ask, alone.port, host="held.test")
                   for _ in range(24)]
        for _ in waiting:
            assert alone.guard.waiting.acquire(timeout=20 * labs.PATIENCE)
        assert ask(alone.port, host="open.test").status == 200
        assert not any(one.done() for one in waiting)
        alone.guard.gate.set()
        assert {one.result().status for one in waiting} == {200}


def test_a_client_that_leaves_ends_the_question(alone):
    client = Client(alone.port)
    client.send("GET", "/", host="held.test")
    assert alone.guard.waiting.acquire(timeout=20 * labs.PATIENCE)
    client.close()
    labs.until(lambda: alone.guard.left, 5, "the service is left")
    assert alone.origin.accepted == 0


def test_a_slow_service_has_its_time_and_no_more(alone):
    start = time.monotonic()
    assert alone.asks("slow.test")[0].status == 503
    assert 0.29 < time.monotonic() - start < 5 * labs.PATIENCE
    assert "[auth:slow]: " in alone.router.text()
