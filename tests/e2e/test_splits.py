# SPDX-License-Identifier: BSD-2-Clause
"""Splits: who gets which target, who stays when shares change, and the cookie
that keeps those who have no other key.

Clients of many addresses come through a proxy that is trusted: 127.0.0.1.
"""

import itertools
import json
import re

import pytest

import fcgi
import lab as labs
from client import Client, ask
from origin import Origin
from setups import SETUPS, Site

NAMES = ("blue", "green", "red")
TESTER, STRANGER = "192.0.2.7", "198.51.100.7"
CLIENTS = 100   # of each key
MANY = {"nginx": 1000, "apache-mod_fcgid": 150}  # with two targets and three
GIVEN = re.compile(r"fr_id=([0-9a-f]{32}); Path=/; HttpOnly; SameSite=Lax")

# {a} {b} {c} are shares, {x} stands in another place each time.
LIST = """
step.test respond=200 "{x}"
address.test @green
    split {a} @blue {b} @green
cookie.test @green
    split {a} @blue {b} @green by=cookie:sid
header.test @green
    split {a} @blue {b} @green by=header:X-Account
three.test @green
    split {a} @blue {b} @green {c} @red by=header:X-Account
told.test @green
    split 50 @blue 50 @green by=header:X-Account
    request-header X-Version: {{version}} of {{service}}
    response-header X-Version: {{version}} of {{service}}
pages.test @green
    split 50 @nobody 50 respond=200 "ours" by=cookie:sid
dark.test @green
    split 0 @blue 100 @green
    when header.x-always -> @green
*.wild.test @green
    split 50 @blue 50 @green by=path
plain.test @green
pair.test @pair
@pair {blue} {green} balance=hash:cookie:sid
@blue {blue}
@green {green}
@red {red}
"""

# The same for all but who looks at each byte of it.
OTHER = """
%defaults tag=some:thing
red.test @red
""" + LIST.replace("{a} @blue {b} @green {c} @red",
                   "{c} @red {a} @blue {b} @green").replace(
    "{a} @blue {b} @green\n", "{b} @green 0 @nobody {a} @blue\n").replace(
    "{a} @blue {b} @green by", "{b} @green {a} @blue by")

STEP = itertools.count(1)

KEYS = {
    "address": lambda n: [("X-Forwarded-For", f"10.{n % 7}.{n}.1")],
    "address-v6": lambda n: [("X-Forwarded-For", f"2001:db8:0:{n:x}::1")],
    "cookie": lambda n: [("Cookie", f"a=b; sid=session {n}")],
    "own-cookie": lambda n: [("Cookie", f"fr_id={n:032x}")],
    "header": lambda n: [("X-Account", f"account/{n}")],
}
HOSTS = {"address": "address.test", "address-v6": "address.test",
         "cookie": "cookie.test", "own-cookie": "cookie.test",
         "header": "header.test"}


class Splits:
    """A site whose list can be changed, and what it answers."""

    def __init__(self, lab, setup, origins):
        self.lab = lab
        self.origins = origins
        self.urls = {o.name: o.url for o in origins}
        self.log = lab.dir / "log" / "access.log"
        lab.settings = {
            "router__check": "20ms", "trust__proxies": "127.0.0.1",
            "router__version_override": f"{TESTER}, 2001:db8::/32",
            "log__access": str(self.log)}
        self.step = self.compile(30, 70)
        self.site = Site(lab, setup).start()

    def compile(self, a, b, c=0, table=LIST):
        step = f"step {next(STEP)}"
        self.lab.routes(table.format(a=a, b=b, c=c, x=step, **self.urls))
        return step

    def shares(self, *shares, table=LIST):
        """Other shares, in force."""
        step = self.compile(*shares, table=table)
        labs.until(lambda: self.get(host="step.test").text == step, 10,
                   "the new list serves")

    def get(self, target="/hello", host="plain.test", fields=(),
            method="GET"):
        return ask(self.site.port, method, target, host, fields)

    def who(self, host, clients):
        """The origin that each client gets."""
        with Client(self.site.port) as client:
            return [serving(client.get("/hello", host, fields))
                    for fields in clients]

    def all(self):
        return {key: self.who(HOSTS[key], map(make, range(CLIENTS)))
                for key, make in KEYS.items()}


def serving(answer):
    assert answer.status == 200, answer
    assert answer.text.startswith("hello from "), answer
    return answer.text.split()[-1]


@pytest.fixture(scope="module", params=list(MANY))
def splits(request, new_lab, end_lab_module):
    lab = new_lab(f"splits {request.param}")
    origins = [Origin(name) for name in NAMES]
    try:
        for origin in origins:
            lab.cleanups.append(origin.close)
        yield Splits(lab, SETUPS[request.param], origins)
    finally:
        end_lab_module(lab)


@pytest.fixture(scope="module")
def before(splits):
    """Who got what at first."""
    return splits.all()


# Who stays

@pytest.mark.parametrize("key", KEYS)
def test_a_client_is_kept_by_its_key(splits, before, key):
    again = splits.who(HOSTS[key], map(KEYS[key], range(CLIENTS)))
    assert again == before[key]
    # 30 are expected; 5 sigma
    assert 7 <= before[key].count("blue") <= 53
    assert set(before[key]) == {"blue", "green"}


def test_a_list_that_says_the_same_moves_nobody(splits, before):
    splits.shares(30, 70, table=OTHER)
    try:
        assert splits.all() == before
    finally:
        splits.shares(30, 70)


def test_a_restart_moves_nobody(splits, before):
    site = splits.site
    if site.setup.spawns:
        old = site.lab.router_pids()
        for pid in old:
            labs.kill(pid)
        labs.until(lambda: not set(old) & set(site.lab.router_pids()), 10,
                   "those routers are gone")
    else:
        site.router.stop()
        site.start_router()
    # the web server may have to learn of it
    labs.until(lambda: splits.get().status == 200, 10, "a new router serves")
    assert splits.all() == before


def test_raising_a_share_moves_nobody_who_was_there(splits):
    clients = [KEYS["header"](n)
               for n in range(MANY[splits.site.setup.name])]
    before = None
    try:
        # of three targets: 5 47 48, 20 40 40, 50 25 25
        for a, b in ((5, 95), (20, 80), (50, 50)):
            splits.shares(a, b // 2, b - b // 2)
            after = {host: splits.who(host, clients)
                     for host in ("header.test", "three.test")}
            for host, names in after.items():
                assert set(names) <= {"blue", "green", *(
                    ["red"] if host == "three.test" else [])}
            for host in after if before else ():
                moved = [n for n, (old, new) in enumerate(
                    zip(before[host], after[host]))
                    if old == "blue" and new != "blue"]
                assert not moved, host
                assert (after[host].count("blue")
                        > before[host].count("blue"))
            before = after
    finally:
        splits.shares(30, 70)


def test_two_routers_and_route_query_agree(splits):
    lab, sockets = splits.lab, []
    for name in ("one", "two"):
        where = lab.dir / "run" / f"{name}.sock"
        router = lab.start_router("-s", f"unix:{where}", name=name)
        assert lab.ready(router, where)
        sockets.append(where)
    answers = []
    for where in sockets:
        with fcgi.Peer(where) as peer:
            answers.append([
                peer.ask("/hello", host=host, keep=True,
                         more=[("HTTP_X_ACCOUNT", str(n)),
                               ("HTTP_COOKIE", f"sid={n}")]).body
                for host in ("header.test", "cookie.test", "three.test")
                for n in range(CLIENTS)])
    assert answers[0] == answers[1]
    assert {body.split()[-1] for body in answers[0]} == {b"blue", b"green"}
    for n in range(8):
        told = lab.tool("route-query", "-m", lab.map, "-H",
                        f"X-Account: {n}", "header.test/hello")
        assert f"service           @{answers[0][n].split()[-1].decode()}\n" \
            in told.stdout


def test_addresses_of_one_network_are_one_client(splits):
    def who(text):
        return splits.who("address.test",
                          [[("X-Forwarded-For", text.format(n))]
                           for n in range(1, 21)])
    assert len(set(who("2001:db8:0:77::{}"))) == 1
    assert len(set(who("2001:db8:0:{}::1"))) == 2


def test_all_hosts_of_a_wildcard_agree(splits):
    found = []
    with Client(splits.site.port) as client:
        for host in ("a.wild.test", "b.c.wild.test"):
            found.append([serving(client.get(f"/{n}/hello", host))
                          for n in range(30)])
    assert found[0] == found[1] and len(set(found[0])) == 2


# The router's own cookie

@pytest.mark.parametrize("scheme,end", [("http", ""), ("https", "; Secure")])
def test_a_client_without_the_cookie_is_given_ours(splits, scheme, end):
    proto = [("X-Forwarded-Proto", scheme)]
    values = set()
    for _ in range(20):
        answer = splits.get(host="cookie.test", fields=proto)
        given = answer.all("Set-Cookie")
        assert len(given) == 1, answer
        found = GIVEN.fullmatch(given[0].removesuffix(end))
        assert found and given[0].endswith(end or "Lax"), given
        values.add(found[1])
        with_it = splits.get(host="cookie.test", fields=[
            *proto, ("Cookie", f"other=1; fr_id={found[1]}")])
        assert with_it.all("Set-Cookie") == []
        assert serving(with_it) == serving(answer)
    assert len(values) == 20


@pytest.mark.parametrize("method,target,status,own", [
    ("HEAD", "/hello", 200, 0), ("POST", "/hello", 200, 0),
    ("GET", "/status/304", 304, 0), ("GET", "/status/500", 500, 0),
    ("GET", "/absolute", 302, 1)])
def test_every_answer_gives_it(splits, method, target, status, own):
    """The origin's own cookies stay."""
    answer = splits.get(target, "cookie.test", method=method)
    assert answer.status == status
    given = answer.all("Set-Cookie")
    assert [bool(GIVEN.fullmatch(c)) for c in given] == [False] * own + [True]


def test_our_own_pages_give_it_and_are_kept_by_it(splits):
    seen = set()
    for _ in range(40):
        first = splits.get(host="pages.test")
        found = GIVEN.fullmatch(first.get("Set-Cookie"))
        again = splits.get(host="pages.test",
                           fields=[("Cookie", f"fr_id={found[1]}")])
        assert (first.status, again.all("Set-Cookie")) == (again.status, [])
        seen.add((first.status, first.get("X-Router-Reason")))
    assert seen == {(404, "no-service"), (200, None)}


@pytest.mark.parametrize("host,fields", [
    ("plain.test", ()), ("address.test", ()), ("header.test", ()),
    ("dark.test", ()), ("cookie.test", [("Cookie", "sid=1")])])
def test_it_is_not_given_to_others(splits, host, fields):
    answer = splits.get(host=host, fields=fields)
    assert (answer.status, answer.all("Set-Cookie")) == (200, [])


@pytest.mark.parametrize("value,given", [
    ("blue", 0), ("@blue", 0), ("0", 0), ("dark.test", 0),
    ("../../etc/passwd", 0), ("%00%0d%0aX-Evil: 1", 0), ('"quoted"', 0),
    ("a=b=c", 0), ("\x80\xff", 0), ("x" * 128, 0), ("x" * 129, 1),
    ("x" * 4000, 1), ("", 1), ("{host}", 0)])
def test_a_forged_value_is_a_vote_and_nothing_else(splits, value, given):
    forged = [("Cookie", f"fr_id={value}")]
    found = [splits.get(host="cookie.test", fields=forged) for _ in range(3)]
    names = {serving(answer) for answer in found}
    assert names <= {"blue", "green"}
    for answer in found:
        assert len(answer.all("Set-Cookie")) == given
        assert answer.get("X-Evil") is None
    if not given:
        assert len(names) == 1


def test_control_bytes_of_a_cookie_reach_nobody(splits):
    before = [len(origin.asked) for origin in splits.origins]
    answer = splits.get(host="cookie.test",
                        fields=[("Cookie", "fr_id=a\x01b\x7f")])
    assert answer.status == 400 and not answer.all("Set-Cookie"), answer
    assert [len(origin.asked) for origin in splits.origins] == before


def test_a_service_keeps_clients_by_it(splits):
    found = set()
    for _ in range(20):
        first = splits.get(host="pair.test")
        given = GIVEN.fullmatch(first.get("Set-Cookie"))
        cookie = [("Cookie", f"fr_id={given[1]}")]
        assert splits.who("pair.test", [cookie] * 5) == [serving(first)] * 5
        found.add(serving(first))
    assert found == {"blue", "green"}


# The version

def test_the_version_is_in_fields_both_ways_and_in_the_log(splits):
    for n in range(12):
        answer = splits.get(f"/echo?v{n}.", "told.test", KEYS["header"](n))
        seen = json.loads(answer.body)
        version = f"{seen['origin']} of @{seen['origin']}"
        assert answer.all("X-Version") == [version]
        assert ["X-Version", version] in seen["fields"]
        line = labs.until(lambda n=n: [
            line for line in splits.log.read_text().splitlines()
            if f"/echo?v{n}. " in line], 10, "a line of the log")[0]
        assert f" version={seen['origin']} " in line


@pytest.mark.parametrize("address,fields,want", [
    (TESTER, [("X-Router-Version", "blue")], "blue"),
    (TESTER, [("x-router-version", "blue")], "blue"),
    ("2001:db8:1::1", [("X-Router-Version", "blue")], "blue"),
    (TESTER, [("X-Router-Version", "green")], "green"),
    (TESTER, [("X-Router-Version", "red")], "green"),
    (TESTER, [("X-Router-Version", "@blue")], "green"),
    (TESTER, [("X-Router-Version", "blue"), ("X-Always", "1")], "green"),
    (STRANGER, [("X-Router-Version", "blue")], "green"),
    ("2001:db9::1", [("X-Router-Version", "blue")], "green"),
    (f"{TESTER}, {STRANGER}", [("X-Router-Version", "blue")], "green")])
def test_who_may_has_a_version_without_a_share(splits, address, fields, want):
    answer = splits.get("/echo", "dark.test", [
        ("X-Forwarded-For", address), *fields])
    seen = json.loads(answer.body)
    assert seen["origin"] == want
    assert not [name for name, _ in seen["fields"]
                if name.lower().startswith("x-router-")]


def test_a_version_means_nothing_where_nothing_is_split(splits):
    answer = splits.get("/echo", "plain.test", [
        ("X-Forwarded-For", TESTER), ("X-Router-Version", "blue")])
    seen = json.loads(answer.body)
    assert seen["origin"] == "green"
    assert "x-router-version" not in [n.lower() for n, _ in seen["fields"]]
