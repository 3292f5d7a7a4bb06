# SPDX-License-Identifier: BSD-2-Clause
"""Plans: how much a client, a host or a customer may use, by one router and by
twenty."""

import collections
import contextlib
import hashlib
import itertools
import json
import re
import select
import shutil
import struct
import time

import pytest

import fcgi
import lab as labs
from client import Client
from fcgi import Peer
from groups import Group, name
from load import Load
from origin import Listener, Origin, Wire

PROXY = "192.0.2.9"     # what fcgi.variables says
CHECK = "20ms"

# Nothing comes again while a test lasts, if it does not say how fast.
INI = """\
[plan:two]
rate = 2/d
burst = 2
[plan:three]
rate = 3/d
burst = 3
[plan:quick]
rate = 5/s
burst = 1
[plan:hosts]
rate = 2/d
burst = 2
count_by = host
[plan:few-hosts]
rate = 2/d
burst = 2
count_by = host
[plan:customers]
rate = 2/d
burst = 2
count_by = tag:customer
[plan:at-once]
concurrency = 2
[plan:watched]
rate = 1/d
burst = 1
dry_run = yes
[plan:watched-inside]
concurrency = 1
dry_run = yes
[plan:watched-few]
subrequests = 1
dry_run = yes
[plan:changed]
rate = 2/d
burst = 2
[plan:changed-inside]
concurrency = 2
[plan:loose]
rate = 1000/d
burst = 1000
[plan:gold]
rate = 3/d
burst = 3
concurrency = 1
count_by = identity
max_body = 2000
origin_time = 30s
[plan:short]
origin_time = 300ms
[plan:few]
subrequests = 2
[plan:slow]
bandwidth = 64k
[plan:fast]
bandwidth = 1m
[plan:lenient]
max_body = 10
origin_time = 10ms
subrequests = 1
bandwidth = 1k
dry_run = yes
[plan:one]
subrequests = 1
[plan:small]
max_body = 1000
[plan:named]
rate = 2/d
burst = 2
count_by = identity
[auth:tokens]
type = bearer
file = {tokens}
"""
TOKENS = {"gold-a": "anna plan=gold", "gold-b": "anna plan=gold",
          "gold-c": "carl plan=gold", "gold-d": "dora plan=gold",
          "gold-e": "emil plan=gold", "gold-f": "fred plan=gold",
          "two": "tom plan=two", "none": "nora", "what": "will plan=what",
          "red-a": "rita team=red", "red-b": "rosa team=red",
          "red-c": "ruth team=red plan=gold", "odd": "olaf team=odd",
          "name-a": "nick", "name-b": "nils"}

LIST = """\
two.test {o} plan=two
*.hosts.test {o} plan=hosts
alias.test =a.hosts.test
one.customer.test {o} plan=customers tag=customer:1
one-more.customer.test {o} plan=customers tag=customer:1
other.customer.test {o} plan=customers tag=customer:2
none.customer.test {o} plan=customers
service.test @three
route.test @three plan=two
@three {o} plan=three
default.test {o}
unknown.test {o} plan=brass
quick.test {o} plan=quick
at-once.test {o} plan=at-once
watched.test {o} plan=watched
watched-inside.test {o} plan=watched-inside
watched-few.test @watched-few plan=watched-few
@watched-few {r[1]} {o} backup retry=1
changed.test {o} plan=changed
changed-inside.test {o} plan=changed-inside
guarded.test {o} plan=two auth=nobody
loose.test {o} plan=loose auth=tokens
    request-header X-Plan: {{plan}}
small-gold.test {o} plan=small auth=tokens
two-auth.test {o} plan=two auth=tokens
default-auth.test {o} auth=tokens
    request-header X-Plan: {{plan}}
path.customer.test/{{c}}/ {o} plan=customers tag=customer:{{c}}
*.team.test @{{auth.team}} auth=tokens
    request-header X-Plan: {{plan}}
team-two.test @{{auth.team}} auth=tokens plan=two
    request-header X-Plan: {{plan}}
@production/red {o} plan=few-hosts
@production/odd {o} plan=brass
named.test {o} plan=named auth=tokens
short.test {o} plan=short timeout=20s
short-dead.test @short-dead plan=short
@short-dead {d} {o} timeout=20s retry=1
few.test @few plan=few
@few {r[0]} {r[1]} {r[2]} {o} backup retry=3
enough.test @enough plan=few
@enough {r[0]} {o} backup retry=3
small.test {o} plan=small
smaller.test {o} plan=small max-body=100
one.test {t} plan=one
slow.test {o} plan=slow
fast.test {o} plan=fast
lenient.test @lenient plan=lenient
@lenient {r[0]} {o} backup retry=1
own.test respond=200 "here" plan=two
away.test redirect=302 https://elsewhere.test/ plan=two
{{x}}.missing.test @{{x}} plan=two
denied.test {o} plan=two deny=203.0.113.0/24
hidden.test {o} plan=two
    response-header -RateLimit
    response-header -RateLimit-Policy
"""


class Silent(Listener):
    """Takes connections, and says nothing."""

    def __init__(self):
        self.came = 0
        super().__init__()

    def serve(self, sock):
        self.came += 1
        self.stopped.wait(30)


class Tired(Listener):
    """Answers one request, keeps the connection, and hangs up on the next."""

    def __init__(self):
        self.asked = 0
        super().__init__()

    def serve(self, sock):
        wire = Wire(sock)
        for first in (True, False):
            if wire.line(b"\r\n\r\n") is None:
                return
            self.asked += 1
            if first:
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
                             b"ok")


@pytest.fixture(scope="module")
def router(module_lab):
    lab = module_lab
    lab.origin = Origin("plans")
    lab.log = lab.dir / "log" / "access.txt"
    lab.silent, lab.tired = Silent(), Tired()
    tokens = lab.dir / "etc" / "tokens"
    tokens.write_text("".join(
        f"{hashlib.sha256(token.encode()).hexdigest()} {what}\n"
        for token, what in TOKENS.items()))
    tokens.chmod(0o600)
    if labs.ROOT:
        shutil.chown(tokens, labs.WEB_USER, labs.WEB_GROUP)
    lab.text = INI.format(tokens=tokens)
    lab.settings = {"router__check": CHECK, "router__default_plan": "three",
                    "trust__proxies": PROXY, "log__access": str(lab.log),
                    "relay__response_timeout": "20s"}
    lab.configure(lab.text, router__map=str(lab.map))
    lab.routes(LIST.format(
        o=lab.origin.url, d=lab.silent.url, t=lab.tired.url,
        r=[f"http://127.0.0.1:{port}" for port in labs.free_ports(3)]))
    lab.process = lab.start_router()
    pids = lab.router_pids()
    yield lab
    lab.origin.gate.set()
    lab.origin.close()
    lab.silent.close()
    lab.tired.close()
    assert lab.router_pids() == pids, "the router has died meanwhile"


CLIENTS = (f"203.0.113.{n}" for n in itertools.count(1))


@pytest.fixture
def client():
    """An address that nobody had before."""
    return next(CLIENTS)


def ask(router, host, client, target="/hello", token=None, **how):
    more = [("HTTP_X_FORWARDED_FOR", client)]
    if token:
        more.append(("HTTP_AUTHORIZATION", f"Bearer {token}"))
    return fcgi.ask(router.socket, target, host=host, more=more, **how)


def outcome(reply):
    return reply.reason or reply.status


def outcomes(router, host, client, count, **how):
    return [outcome(ask(router, host, client, **how)) for _ in range(count)]


def last_line(router, word):
    """The one line of the access log that has the word."""
    return labs.until(
        lambda: [line for line in router.log.read_text().splitlines()
                 if word in line], 10, f"{word} is logged")[-1]


def policy(reply):
    """Plan and quota that a client is told."""
    said = re.fullmatch(r'"([\w-]+)";q=(\d+);w=(\d+)',
                        reply.get("RateLimit-Policy"))
    return said[1], int(said[2])


# ---- rate ----

def test_a_burst_passes_and_no_more(router, client):
    assert outcomes(router, "two.test", client, 5) == \
        [200] * 2 + ["limit-rate"] * 3


def test_a_refusal_says_when_to_come_again(router, client):
    outcomes(router, "two.test", client, 2)
    reply = ask(router, "two.test", client)
    assert reply.status == 429
    # One in half a day.
    assert 43000 < int(reply.get("Retry-After")) <= 43200
    assert reply.get("RateLimit-Policy") == '"two";q=2;w=86400'
    assert reply.get("RateLimit") == \
        f'"two";r=0;t={reply.get("Retry-After")}'


def test_who_waits_as_long_as_told_gets_in(router, client):
    while (reply := ask(router, "quick.test", client)).status == 200:
        pass
    end = time.monotonic() + int(reply.get("Retry-After"))
    assert reply.get("Retry-After") == "1"
    labs.until(lambda: time.monotonic() >= end, 2, "it was waited")
    assert ask(router, "quick.test", client).status == 200


def test_what_is_granted_says_what_is_left(router, client):
    assert [ask(router, "two.test", client).get("RateLimit").split(";t=")[0]
            for _ in range(3)] == ['"two";r=1', '"two";r=0', '"two";r=0']


def test_rules_of_the_map_can_hide_it(router, client):
    reply = ask(router, "hidden.test", client)
    assert reply.status == 200
    assert reply.get("RateLimit") is None
    assert reply.get("RateLimit-Policy") is None


@pytest.mark.parametrize("host, plan, quota", [
    ("two.test", "two", 2),
    ("service.test", "three", 3),
    ("route.test", "two", 2),
    ("default.test", "three", 3),
    ("unknown.test", "three", 3),
])
def test_the_plan_is_the_routes_else_the_services_else_the_default(
        router, client, host, plan, quota):
    replies = [ask(router, host, client) for _ in range(quota + 1)]
    assert [outcome(reply) for reply in replies] == \
        [200] * quota + ["limit-rate"]
    assert {policy(reply) for reply in replies} == {(plan, quota)}


@pytest.mark.parametrize("host, granted", [
    ("own.test", 200), ("away.test", 302),
    ("any.missing.test", "no-service"),
    ("guarded.test", "auth-unavailable")])
def test_answers_of_the_routers_own_count_as_well(
        router, client, host, granted):
    assert outcomes(router, host, client, 3) == [granted] * 2 + ["limit-rate"]


def test_whose_address_is_denied_uses_up_nothing(router):
    """And has no plan's fields."""
    assert outcomes(router, "denied.test", "203.0.113.255", 3) == \
        ["address-denied"] * 3
    assert outcomes(router, "two.test", "203.0.113.255", 1) == [200]


# ---- whose ----

@pytest.mark.parametrize("one, other, together", [
    (("two.test", "198.51.100.1"), ("two.test", "198.51.100.2"), False),
    (("two.test", "198.51.100.3"), ("route.test", "198.51.100.3"), True),
    (("two.test", "198.51.100.4"), ("two.test", "::ffff:198.51.100.4"), True),
    (("two.test", "2001:db8::1"), ("two.test", "2001:db8::f:2:3:4"), True),
    (("two.test", "2001:db8:1::1"), ("two.test", "2001:db8:1:1::1"), False),
    (("a.hosts.test", "198.51.100.5"), ("A.hosts.test:81", "198.51.100.6"),
     True),
    (("b.hosts.test", "198.51.100.5"), ("c.hosts.test", "198.51.100.5"),
     False),
    (("alias.test", "198.51.100.5"), ("a.hosts.test", "198.51.100.7"), True),
    (("one.customer.test", "198.51.100.8"),
     ("one-more.customer.test", "198.51.100.9"), True),
    (("one.customer.test", "198.51.100.8"),
     ("other.customer.test", "198.51.100.8"), False),
    (("none.customer.test", "198.51.100.10"),
     ("none.customer.test", "198.51.100.11"), False),
])
def test_who_is_counted_together(router, one, other, together):
    outcomes(router, *one, 3)
    assert outcome(ask(router, *one)) == "limit-rate"
    assert outcome(ask(router, *other)) == (
        "limit-rate" if together else 200)


def test_a_tag_that_reads_like_an_address_is_not_that_client(router, client):
    assert outcomes(router, "path.customer.test", next(CLIENTS), 3,
                    target=f"/{client}/x") == [200, 200, "limit-rate"]
    assert outcome(ask(router, "none.customer.test", client)) == 200


# ---- at once ----

@contextlib.contextmanager
def inside(router, client, count, target="/wait", host="at-once.test"):
    """So many requests that wait for the origin."""
    origin = router.origin
    origin.gate.clear()
    before = len(origin.asked)
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(router.socket))
                 for _ in range(count)]
        for peer in peers:
            peer.send(fcgi.request(target, host=host, more=[
                ("HTTP_X_FORWARDED_FOR", client)]))
        labs.until(lambda: len(origin.asked) >= before + count, 10,
                   "they wait")
        yield peers
        origin.gate.set()


def gets_in(router, client, host="at-once.test"):
    labs.until(lambda: ask(router, host, client).status == 200, 10,
               "one more gets in")


def test_so_many_at_once_and_no_more(router, client):
    with inside(router, client, 2) as peers:
        for _ in range(3):
            reply = ask(router, "at-once.test", client)
            assert (reply.status, reply.reason) == (429, "limit-concurrency")
            assert reply.get("Retry-After") == "1"
        assert ask(router, "at-once.test", next(CLIENTS)).status == 200
        router.origin.gate.set()
        assert [peer.reply().status for peer in peers] == [200, 200]
        # Who has its answer can ask again at once, without a refusal.
        for _ in range(20):
            assert outcomes(router, "at-once.test", client, 2) == [200] * 2


@pytest.mark.parametrize("target", [
    "/wait", "/stream", "/break/length", "/status/304", "/status/500",
    "/bytes/300000"])
def test_it_is_given_back_however_it_ends(router, client, target):
    """The answer, a client that leaves, an origin that breaks off."""
    with inside(router, client, 2, target) as peers:
        if target == "/wait":
            assert outcome(ask(router, "at-once.test", client)) == \
                "limit-concurrency"
        for peer in peers:
            peer.close()
    gets_in(router, client)


def test_a_killed_router_leaves_nothing_inside(router, client):
    """As another one finds out that runs on."""
    other = router.dir / "run" / "other.sock"
    process = router.start("other", [
        router.router, "-c", router.ini, "-s", f"unix:{other}"],
        **router.as_web_user())
    assert router.ready(process, other)
    lasting, router.socket = router.socket, other
    try:
        with inside(router, client, 2):
            router.socket = lasting
            assert outcome(ask(router, "at-once.test", client)) == \
                "limit-concurrency"
            process.child.kill()
            process.wait()
            gets_in(router, client)
    finally:
        router.socket = lasting


# ---- who asks ----

def plan_seen(reply):
    """{plan}, as the origin was told it."""
    fields = json.loads(reply.body)["fields"]
    return {name.lower(): value for name, value in fields}.get("x-plan")


def test_an_identitys_plan_counts_in_addition(router):
    """Wherever she comes from: it counts by identity."""
    replies = [ask(router, "loose.test", next(CLIENTS), token=token)
               for token in ("gold-a", "gold-b", "gold-a", "gold-b")]
    assert [outcome(reply) for reply in replies] == \
        [200] * 3 + ["limit-rate"]
    assert {policy(reply) for reply in replies} == {("gold", 3)}
    assert outcome(ask(router, "loose.test", next(CLIENTS),
                       token="gold-c")) == 200


def test_a_flood_is_stopped_before_anybody_looks_who_asks(router, client):
    assert outcomes(router, "two-auth.test", client, 4, token="forged") == \
        ["auth-required"] * 2 + ["limit-rate"] * 2
    assert outcomes(router, "two-auth.test", client, 1, token="none") == \
        ["limit-rate"]


def test_the_same_plan_and_key_count_once(router, client):
    assert outcomes(router, "two-auth.test", client, 3, token="two") == \
        [200] * 2 + ["limit-rate"]


@pytest.mark.parametrize("token, plan", [
    ("gold-d", "gold"), ("none", "three"), ("what", "three")])
def test_the_plan_in_force_is_the_identitys_else_the_routes(
        router, client, token, plan):
    reply = ask(router, "default-auth.test", client, "/echo?in-force" + token,
                token=token)
    assert plan_seen(reply) == plan
    assert f" plan={plan} " in last_line(router, "/echo?in-force" + token)


@pytest.mark.parametrize("host, token, plan", [
    ("b.team.test", "red-a", "few-hosts"), ("b.team.test", "red-c", "gold"),
    ("b.team.test", "odd", "three"), ("team-two.test", "red-a", "two")])
def test_a_service_that_who_asks_names_has_its_plan(
        router, client, host, token, plan):
    """Unless who asks, or the route, has one."""
    target = f"/echo?late-{host}-{token}"
    assert plan_seen(ask(router, host, client, target, token=token)) == plan
    assert f" plan={plan} " in last_line(router, target)


def test_and_counts_by_it_in_addition(router):
    assert [outcome(ask(router, "a.team.test", next(CLIENTS), token=token))
            for token in ("red-a", "red-b", "red-a")] == \
        [200, 200, "limit-rate"]


def test_a_routes_plan_counts_who_asks_wherever_it_comes_from(router):
    """And before that is known, its address."""
    assert [outcome(ask(router, "named.test", next(CLIENTS), token="name-a"))
            for _ in range(3)] == [200, 200, "limit-rate"]
    client = next(CLIENTS)
    assert [outcome(ask(router, "named.test", client, token=token))
            for token in ("name-b", "name-b", "none")] == \
        [200, 200, "limit-rate"]
    assert outcome(ask(router, "named.test", next(CLIENTS),
                       token="none")) == 200


def test_an_identitys_requests_at_once_are_given_back(router, client):
    origin = router.origin
    origin.gate.clear()
    with Peer(router.socket) as peer:
        before = len(origin.asked)
        peer.send(fcgi.request("/wait", host="loose.test", more=[
            ("HTTP_AUTHORIZATION", "Bearer gold-e")]))
        labs.until(lambda: len(origin.asked) > before, 10, "it waits")
        assert outcome(ask(router, "loose.test", client,
                           token="gold-e")) == "limit-concurrency"
        origin.gate.set()
        assert peer.reply().status == 200
    assert outcome(ask(router, "loose.test", client, token="gold-e")) == 200


# ---- what one request may use ----

def test_a_body_is_as_large_as_the_plan_in_force_says(router, client):
    def post(host, size, **how):
        return outcome(ask(router, host, client, "/echo", method="POST",
                           body=b"x" * size, **how))
    assert post("small.test", 1000) == 200
    assert post("small.test", 1001) == "body-too-large"
    assert post("small-gold.test", 2000, token="gold-f") == 200
    assert post("small-gold.test", 2001, token="gold-f") == "body-too-large"
    assert post("small-gold.test", 1001, token="none") == "body-too-large"


@pytest.mark.parametrize("host, target", [
    ("short.test", "/wait"), ("short-dead.test", "/hello")])
def test_a_request_ends_with_the_plans_time(router, client, host, target):
    """And no other origin is tried then."""
    router.origin.gate.clear()
    came = router.silent.came
    begin = time.monotonic()
    reply = ask(router, host, client, target)
    assert (reply.status, reply.reason) == (504, "limit-time")
    assert 0.29 < time.monotonic() - begin < 5
    assert router.silent.came - came == (host == "short-dead.test")
    router.origin.gate.set()


def test_a_slow_client_does_not_use_up_the_plans_time(router, client):
    """The origin is asked when the body begins to come."""
    more = [("HTTP_X_FORWARDED_FOR", client)]
    with Peer(router.socket) as peer:
        peer.send(fcgi.begin(), fcgi.params(fcgi.variables(
            "/echo", "POST", "short.test", more)))
        end = time.monotonic() + 0.4
        labs.until(lambda: time.monotonic() >= end, 2, "it was waited")
        peer.send(fcgi.stdin(b"body"))
        assert peer.reply().status == 200


def test_an_answer_breaks_off_with_the_plans_time(router, client):
    reply = ask(router, "short.test", client, "/stream?cut")
    assert reply.status == 200
    assert reply.broken
    assert " reason=limit-time " in last_line(router, "/stream?cut")


def test_so_many_origins_are_asked_and_no_more(router, client):
    reply = ask(router, "few.test", client)
    assert (reply.status, reply.reason) == (503, "limit-subrequests")
    assert outcome(ask(router, "enough.test", client)) == 200


def test_a_kept_connection_that_died_uses_up_nothing(router, client):
    for _ in range(4):
        assert outcome(ask(router, "one.test", client)) == 200
    # Each but the first went out on a kept connection, and once more.
    assert router.tired.asked == 7


# ---- dry_run ----

def test_a_dry_run_counts_and_refuses_nothing(router, client):
    assert outcomes(router, "watched.test", client, 3) == [200] * 3
    reply = ask(router, "watched.test", client, target="/hello?dry")
    assert reply.get("RateLimit") is None
    line = last_line(router, "/hello?dry")
    assert " reason=- " in line
    assert " plan=watched limit=limit-rate " in line


def test_a_dry_run_tells_of_too_many_at_once(router, client):
    with inside(router, client, 1, host="watched-inside.test"):
        assert ask(router, "watched-inside.test", client,
                   target="/hello?inside").status == 200
    assert " limit=limit-concurrency " in last_line(router, "/hello?inside")


@pytest.mark.parametrize("target, size, word", [
    ("/echo?body", 100, "body-too-large"),
    ("/think/20", 0, "limit-(time|subrequests)"),
    ("/bytes/100000", 0, "limit-(time|subrequests)"),
])
def test_a_dry_run_lets_each_request_have_what_it_wants(
        router, client, target, size, word):
    begin = time.monotonic()
    assert ask(router, "lenient.test", client, target, method="POST",
               body=b"x" * size).status == 200
    assert time.monotonic() - begin < 5
    assert re.search(f" limit={word} ", last_line(router, target))


# ---- what was refused ----

WHATS = ("limit-rate", "limit-concurrency", "limit-time", "limit-subrequests",
         "body-too-large")


def refusals(router):
    """What limits.1 has counted, by plan and key, as fcgi-router(8) draws it;
    the key "" has those of the whole plan."""
    data = (router.dir / "run" / "state" / "limits.1").read_bytes()
    found = {}
    for at in range(2723840, len(data), 192):
        key_id, _, _, *counts = struct.unpack_from("8Q", data, at)
        plan, key = (data[at + 64 + begin:at + 64 + end].split(b"\0")[0]
                     .decode() for begin, end in ((0, 48), (48, 128)))
        if key_id:
            found[plan, key] = collections.Counter(dict(zip(WHATS, counts)))
    return found


@pytest.mark.parametrize("host, plan, word, how", [
    ("two.test", "two", "limit-rate", {}),
    ("at-once.test", "at-once", "limit-concurrency", {}),
    ("short.test", "short", "limit-time", {"target": "/wait"}),
    ("few.test", "few", "limit-subrequests", {}),
    ("small.test", "small", "body-too-large",
     {"method": "POST", "body": b"x" * 1001}),
    ("watched.test", "watched", "limit-rate", {}),
    ("watched-few.test", "watched-few", "limit-subrequests", {}),
    ("lenient.test", "lenient", "body-too-large",
     {"method": "POST", "body": b"x" * 100}),
])
def test_each_refusal_is_counted_by_plan_and_key(
        router, client, host, plan, word, how):
    """And so is what a dry run would have refused."""
    before = refusals(router).get((plan, ""), collections.Counter())
    with contextlib.ExitStack() as stack:
        if word == "limit-concurrency":
            stack.enter_context(inside(router, client, 2))
        elif word == "limit-rate":
            outcomes(router, host, client, 2)
        elif word == "limit-time":
            router.origin.gate.clear()
        ask(router, host, client, **how)
        router.origin.gate.set()

    def counted():
        after = refusals(router)
        return after.get((plan, client)), after.get((plan, ""))
    labs.until(lambda: counted()[0], 10, "it is counted")
    of_key, of_plan = counted()
    more = 2 if host == "watched.test" else 1   # all but the first
    assert +of_key == {word: more}
    assert of_plan - before == {word: more}


def test_another_limit_is_no_refusal_of_the_plan(router, client):
    reply = ask(router, "smaller.test", client, method="POST",
                body=b"x" * 500)
    assert reply.reason == "body-too-large"
    assert ask(router, "smaller.test", client, method="POST",
               body=b"x" * 1001).reason == "body-too-large"
    assert ("small", client) not in refusals(router)


# ---- bandwidth ----

@pytest.mark.parametrize("host, rate, size, count", [
    ("slow.test", 65536, 65536, 3), ("fast.test", 1 << 20, 2 << 20, 1)])
def test_answers_of_a_key_share_its_bandwidth(
        router, client, host, rate, size, count):
    """In however many connections, and large ones, too; others do not wait."""
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(router.socket))
                 for _ in range(count)]
        begin = time.monotonic()
        for peer in peers:
            peer.send(fcgi.request(f"/bytes/{size}", host=host, more=[
                ("HTTP_X_FORWARDED_FOR", client)]))
        assert ask(router, host, next(CLIENTS)).status == 200
        assert time.monotonic() - begin < 1
        assert [len(peer.reply().body) for peer in peers] == [size] * count
    # A part, a tenth of a second's bytes from 8 to 64 KiB, goes out before it
    # is paid for, once for the key and at the end of each answer.
    ahead = (count + 1) * max(8192, min(65536, rate // 10))
    took = time.monotonic() - begin
    assert (size * count - ahead) / rate < took < 1.1 * size * count / rate + 1


# ---- router.ini changes ----

def changed(router, old, new):
    count = router.process.text().count("was read again")
    router.configure(router.text.replace(old, new), router__map=str(router.map))
    labs.until(lambda: router.process.text().count("was read again") > count,
               10, "router.ini is read again")


def test_a_changed_plan_forgets_nothing(router, client):
    old = "[plan:changed]\nrate = 2/d\nburst = 2"
    assert outcomes(router, "changed.test", client, 3) == \
        [200] * 2 + ["limit-rate"]
    changed(router, old, old.replace("burst = 2", "burst = 3"))
    assert outcomes(router, "changed.test", client, 2) == [200, "limit-rate"]
    changed(router, old, old)
    assert outcomes(router, "changed.test", client, 1) == ["limit-rate"]


def test_a_changed_plan_still_knows_who_is_inside(router, client):
    old = "[plan:changed-inside]\nconcurrency = "
    host = "changed-inside.test"
    with inside(router, client, 2, host=host):
        for most, got in ((2, "limit-concurrency"), (3, 200),
                          (1, "limit-concurrency"), (3, 200)):
            changed(router, old + "2", old + str(most))
            assert outcome(ask(router, host, client)) == got
    changed(router, old, old)
    gets_in(router, client, host)


def test_the_log_has_the_plan(router, client):
    ask(router, "two.test", client, target="/hello?logged")
    assert " plan=two limit=- " in last_line(router, "/hello?logged")


# ---- all processes ----

MANY = """\
rate.test {o} plan=rate
inside.test {w} plan=inside
paced.test {o} plan=paced
"""
GRANTED = 150
INSIDE = 7
PACE = 256 * 1024


@pytest.fixture(scope="module", params=["nginx", "apache-mod_fcgid"])
def group(request, new_lab, end_lab_module):
    lab = new_lab(f"plans-{request.param}")
    try:
        made = Group(lab, request.param, router__check=CHECK, **{
            "plan:rate__rate": "2/d", "plan:rate__burst": str(GRANTED),
            "plan:inside__concurrency": str(INSIDE),
            "plan:paced__bandwidth": str(PACE)})
        o, made.waits = made.origin("o"), made.origin("w")
        yield made.start(MANY.format(o=o.url, w=made.waits.url))
    finally:
        end_lab_module(lab)


def test_all_processes_grant_the_burst_together_and_no_more(group):
    def one(client, number):
        return name(client.get("/hello", "rate.test"))
    with Load(group.site.port, 20, one) as load:
        labs.until(lambda: len(load.results) > 2 * GRANTED, 20, "requests")
    assert load.failures == []
    came = collections.Counter(load.results)
    assert came.pop("o") == GRANTED
    assert set(came) == {"429 limit-rate"}


def test_all_processes_let_in_so_many_at_once_together(group):
    group.waits.gate.clear()
    held = []
    try:
        while True:
            client = Client(group.site.port)
            before = len(group.waits.asked)
            client.send("GET", "/wait", "inside.test")
            labs.until(lambda: len(group.waits.asked) > before or
                       select.select([client.socket], [], [], 0)[0], 10,
                       "it waits, or is answered")
            if len(group.waits.asked) == before:
                break
            held.append(client)
        assert name(client.answer()) == "429 limit-concurrency"
        client.close()
        assert len(held) == INSIDE
        came, _ = group.at_once("inside.test", 10)
        assert set(came) == {"429 limit-concurrency"}
    finally:
        group.waits.gate.set()
    assert {client.answer().status for client in held} == {200}
    for client in held:
        client.close()


def test_all_processes_share_a_keys_bandwidth(group):
    count, size = 4, 64 * 1024
    came, took = group.at_once("paced.test", count, f"/bytes/{size}")
    assert list(came.values()) == [count]   # all came, and the same
    ahead = (count + 1) * PACE // 10
    assert (size * count - ahead) / PACE < took < 1.1 * size * count / PACE + 1
