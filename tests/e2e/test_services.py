# SPDX-License-Identifier: BSD-2-Clause
"""Services of several origins: who is asked, who is asked next, and what the
router knows of them, through its own socket."""

import collections
import concurrent.futures
import contextlib
import itertools
import signal
import threading
import time

import pytest

import fcgi
import lab as labs
from client import pattern, sha256
from fcgi import Peer
from origin import Asked, Listener, Origin, Wire
from test_slow_peers import Dead

BUFFER = 16384          # body_buffer
COOLDOWN = 0.2          # seconds, the first and the longest
COOLDOWN_MAX = 0.4
MAX_FAILS = 3
REFUSED = "503 no-healthy-origin"
OUT = "this origin is out"
METADATA = "169.254.169.254"    # what [egress] never allows
SETTINGS = {"router__check": "20ms", "relay__body_buffer": str(BUFFER),
            "relay__max_fails": str(MAX_FAILS), "relay__fail_window": "10s",
            "relay__cooldown": labs.ms(COOLDOWN),
            "relay__cooldown_max": labs.ms(COOLDOWN_MAX),
            "relay__response_timeout": "30s"}


# What is asked, and whether it may go out again.
METHODS = [("GET", True), ("HEAD", True), ("OPTIONS", True), ("PUT", True),
           ("DELETE", True), ("PROPFIND", True), ("POST", False),
           ("PATCH", False), ("LOCK", False)]
BODIES = ((None, True), (b"", True), (pattern(BUFFER), True),
          (pattern(BUFFER * 4), False))
WAYS = [(method, body, safe and kept) for method, safe in METHODS
        for body, kept in BODIES]


class Dying(Listener):
    """Reads whole requests, and then ends."""

    def __init__(self, **where):
        self.asked = []
        self.times = []
        super().__init__(**where)

    def serve(self, sock):
        wire = Wire(sock)
        head = wire.line(b"\r\n\r\n")
        if head is not None:
            self.times.append(time.monotonic())
            asked = Asked(head)
            for _ in wire.body(asked):
                pass
            self.asked.append(asked)


class Silent(Dying):
    """Reads a request, and says nothing."""

    def serve(self, sock):
        super().serve(sock)
        self.stopped.wait(30)


class Impatient(Dying):
    """Ends a connection whose body does not come at once."""

    def serve(self, sock):
        sock.settimeout(0.1)
        super().serve(sock)


class Forgetful(Dying):
    """Answers one request of a connection, and ends it under the next."""

    def serve(self, sock):
        super().serve(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
                     b"forgetful\n")
        super().serve(sock)
        self.stopped.wait(0.11)     # so that the next failure would count


class Worsening(Forgetful):
    """Answers nothing on every other connection."""

    def serve(self, sock):
        if self.accepted % 2:
            super().serve(sock)
        else:
            Dying.serve(self, sock)


class Plain(Dying):
    """Does not speak TLS: is asked by https."""

    @property
    def url(self):
        return super().url.replace("http:", "https:")

    def serve(self, sock):
        sock.recv(65536)
        sock.sendall(b"what?\r\n\r\n")


class Missing:
    """Nobody is there; until somebody comes to its port."""

    def __init__(self, port=0):
        self.port = port or labs.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.asked = []

    def close(self):
        pass


@pytest.fixture
def make():
    """Makes origins that end with the test: make(Origin, "a", "b")."""
    made = []

    def one(kind, *names, **how):
        some = [kind(name, **how) if kind is Origin else kind(**how)
                for name in names]
        made.extend(some)
        return some if len(some) > 1 else some[0]
    yield one
    for each in made:
        if isinstance(each, Origin):
            each.gate.set()
        each.close()


def settle(lab, **more):
    lab.configure(**{"router__state_dir": str(lab.dir / "run" / "state"),
                     **SETTINGS, **more})


@pytest.fixture(scope="module")
def router(module_lab):
    """All that needs no list of its own is there from the beginning to the
    end: module_lab.standing."""
    lab = module_lab
    lab.live = Origin("live")
    dying = [Dying() for _ in WAYS]
    missing = [Missing(port) for port in labs.free_ports(len(WAYS))]
    lab.first = {"dying": dying, "missing": missing}
    lab.standing = "".join(
        f"{kind}-{n}.test @{kind}-{n}\n"
        f"@{kind}-{n} {first.url} {lab.live.url} backup\n"
        for kind, some in lab.first.items() for n, first in enumerate(some))
    settle(lab, **{"plan:once__subrequests": "1"})
    lab.names("".join(f"gone-{n}.test fail\nmeta-{n}.test {METADATA}\n"
                      for n in range(8)))
    lab.routes(lab.standing)
    lab.process = lab.start_named_router()
    pid = lab.router_pids()
    yield lab
    for origin in (lab.live, *dying):
        origin.close()
    assert lab.router_pids() == pid, "the router has died meanwhile"


GENERATION = itertools.count()


def route(lab, text):
    """A list beside what is there always; when it is in force."""
    mark = f"generation-{next(GENERATION)}"
    lab.routes(f"{lab.standing}{text}\nmark.test respond=200 \"{mark}\"\n")
    lab.process.signal(signal.SIGHUP)
    labs.until(lambda: mark.encode() in fcgi.ask(
        lab.socket, host="mark.test").body, 5, "the map is in force")


def service(origins, options=(), more="", name="site"):
    """NAME.test, served by these, each with its own options."""
    words = [f"{origin.url} {option}".strip() for origin, option in
             zip(origins, [*options, *[""] * len(origins)])]
    return f"{name}.test @{name}\n@{name} {' '.join(words)} {more}"


def who(reply):
    """The origin that said hello, or why there is none."""
    if reply.status == 200:
        return reply.body.decode().split()[-1]
    return f"{reply.status} {reply.reason}"


def ask_in_turn(lab, count, target="/hello"):
    """Over one kept connection."""
    with Peer(lab.socket) as peer:
        return [who(peer.ask(target, keep=True)) for _ in range(count)]


def ask_until_out(lab, process, count=1):
    """Asks until the router tells that so many are out; what came."""
    before = process.text().count(OUT)
    came = set()

    def is_out():
        came.add(who(fcgi.ask(lab.socket, "/hello")))
        return process.text().count(OUT) >= before + count
    labs.until(is_out, 10, "it is out")
    return came


def ask_until(lab, wanted, seconds=5, **how):
    """Asks until that comes; all that came."""
    came = []

    def comes():
        came.append(who(fcgi.ask(lab.socket, "/hello", **how)))
        return came[-1] == wanted
    labs.until(comes, seconds, f"{wanted}; there were "
               f"{collections.Counter(came)}")
    return came


# ---- who is asked ----

@pytest.mark.parametrize("weights", [
    (1, 1), (1, 1, 1), (5, 1, 1), (3, 2, 0), (2, 4, 6), (1000, 3000),
    (7,)], ids=str)
def test_round_robin_is_exact_in_any_window(router, make, weights):
    names = "abc"[:len(weights)]
    origins = [make(Origin, name) for name in names]
    route(router, service(origins, [f"weight={w}" for w in weights]))
    unit = next(n for n in range(max(weights), 0, -1)
                if not any(w % n for w in weights))
    turns = sum(weights) // unit
    came = ask_in_turn(router, 4 * turns)
    wanted = {name: weight // unit for name, weight in zip(names, weights)
              if weight}
    for at in range(3 * turns):
        assert collections.Counter(came[at:at + turns]) == wanted, at


def test_round_robin_is_smooth(router, make):
    """The heavy one is not asked five times in a row."""
    a, b, c = make(Origin, "a", "b", "c")
    route(router, service([a, b, c], ["weight=4", "weight=2", "weight=1"]))
    came = "".join(ask_in_turn(router, 21))
    assert "aaa" not in came and "bb" not in came and "cc" not in came


def test_many_at_once_share_one_turn(router, make):
    a, b = make(Origin, "a", "b")
    route(router, service([a, b], ["weight=3"]))
    threads = [threading.Thread(target=ask_in_turn, args=(router, 40))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(a.asked), len(b.asked)) == (240, 80)


def test_least_goes_to_whom_has_least_for_its_weight(router, make):
    a, b = make(Origin, "a", "b")
    route(router, service([a, b], ["weight=3"], "balance=least"))
    peers = []
    try:
        for number in range(1, 9):
            peers.append(Peer(router.socket))
            peers[-1].send(fcgi.request("/gate"))
            labs.until(lambda n=number: len(a.asked) + len(b.asked) == n, 5,
                       "it is asked")
        assert (len(a.asked), len(b.asked)) == (6, 2)
    finally:
        a.gate.set()
        b.gate.set()
        for peer in peers:
            assert peer.reply().status == 200
            peer.close()


KEYS = [
    ("client_ip", lambda n: [("REMOTE_ADDR", f"192.0.2.{n}")], "/hello"),
    ("cookie:sid", lambda n: [("HTTP_COOKIE", f"a=b; sid=c{n}")], "/hello"),
    ("header:x-user", lambda n: [("HTTP_X_USER", f"u{n}")], "/hello"),
    ("path", lambda n: [], "/hello/{}"),
]


def everybody(router, more, target="/hello"):
    """Where each of ninety clients comes to."""
    with Peer(router.socket) as peer:
        return [who(peer.ask(target.format(n), more=more(n), keep=True))
                for n in range(90)]


@pytest.mark.parametrize("key,more,target", KEYS, ids=[k[0] for k in KEYS])
def test_hash_keeps_a_client_where_it_is(router, make, key, more, target):
    route(router, service(make(Origin, "a", "b", "c"),
                          more=f"balance=hash:{key}"))
    first = everybody(router, more, target)
    assert everybody(router, more, target) == first
    assert all(first.count(name) > 15 for name in "abc")


def test_with_hash_only_clients_of_the_origin_that_goes_move(router, make):
    origins = make(Origin, "a", "b", "c")
    more = KEYS[0][1]
    route(router, service(origins, more="balance=hash:client_ip"))
    first = everybody(router, more)
    origins[0].close()
    before = router.process.text().count(OUT)

    def others_stay():
        without = everybody(router, more)
        assert {w for f, w in zip(first, without) if f == "a"} == {"b", "c"}
        assert [w for f, w in zip(first, without) if f != "a"] == \
            [f for f in first if f != "a"]
        return router.process.text().count(OUT) > before
    labs.until(others_stay, 10, "it is out")
    assert others_stay()
    make(Origin, "a", port=origins[0].port)
    labs.until(lambda: everybody(router, more) == first, 5,
               "all are where they were")


def test_backups_serve_only_while_all_others_are_down(router, make):
    a, b, c = make(Origin, "a", "b", "c")
    route(router, service([a, b, c], ["backup", "", ""], "retry=2"))
    assert set(ask_in_turn(router, 20)) == {"b", "c"}
    b.close()
    assert set(ask_in_turn(router, 20)) == {"c"}
    c.close()
    # While they are found out, and then.
    assert set(ask_in_turn(router, 20)) == {"a"}
    labs.until(lambda: set(ask_in_turn(router, 20)) == {"a"}, 5, "a alone")
    make(Origin, "c", port=c.port)
    labs.until(lambda: set(ask_in_turn(router, 20)) == {"c"}, 5, "c is back")


def test_a_weight_of_0_takes_none_though_all_others_are_down(router, make):
    a, dead = make(Origin, "a"), make(Missing, "dead")
    route(router, service([a, dead], ["weight=0"], "retry=2"))
    assert set(ask_in_turn(router, 30)) == {"502 origin-refused"}
    assert not a.asked


# ---- who is asked next ----

@pytest.mark.parametrize("retry,attempts", [
    ("", 2), ("retry=0", 1), ("retry=1", 2), ("retry=2", 3), ("retry=3", 4),
    ("retry=9", 4)])
def test_so_many_others_are_tried(router, make, retry, attempts):
    origins = make(Dying, *"abcd")
    route(router, service(origins, more=retry))
    reply = fcgi.ask(router.socket, "/hello")
    assert who(reply) == "502 origin-broken"
    asked = sorted(len(origin.asked) for origin in origins)
    assert asked == [0] * (4 - attempts) + [1] * attempts


def each_way(test):
    return pytest.mark.parametrize("number", range(len(WAYS)), ids=[
        f"{method}-{'none' if body is None else len(body)}"
        for method, body, _ in WAYS])(test)


def ask_way(router, kind, number):
    """The reply, what came to the first origin, and what to the other."""
    method, body, _ = WAYS[number]
    before = len(router.live.asked)
    reply = fcgi.ask(router.socket, "/echo", method, f"{kind}-{number}.test",
                     body)
    return (reply, router.first[kind][number].asked,
            router.live.asked[before:])


@each_way
def test_what_was_sent_goes_out_again_only_if_it_may(router, number):
    """The first has read all of it, and dies."""
    method, body, again = WAYS[number]
    reply, first, other = ask_way(router, "dying", number)
    assert [one.size for one in first] == [len(body or b"")]
    if again:
        assert reply.status == 200
        assert [(one.method, one.sha256) for one in other] == [
            (method, sha256(body or b""))]
    else:
        assert who(reply) == "502 origin-broken" and not other


@each_way
def test_what_was_not_sent_goes_to_another(router, number):
    """Nobody is at the first: not one byte has gone there, and the body is
    whole, however long."""
    method, body, _ = WAYS[number]
    reply, _, other = ask_way(router, "missing", number)
    assert reply.status == 200
    assert [(one.method, one.sha256) for one in other] == [
        (method, sha256(body or b""))]


@pytest.mark.parametrize("method,status", [("GET", 200), ("POST", 504)])
def test_a_silent_one_is_left_for_another(router, make, method, status):
    silent, live = make(Silent, "silent"), make(Origin, "live")
    route(router, service([silent, live], ["", "backup"], "timeout=100ms"))
    reply = fcgi.ask(router.socket, "/hello", method)
    assert reply.status == status
    assert len(silent.asked) == 1
    assert len(live.asked) == (status == 200)


def test_no_other_is_tried_beyond_total(router, make):
    silent, other = make(Silent, "s"), make(Silent, "o")
    route(router, service([silent, other],
                          more="retry=9 timeout=400ms total=150ms"))
    assert who(fcgi.ask(router.socket, "/hello")) == "504 origin-timeout"
    assert len(silent.asked) + len(other.asked) == 1


def test_total_finds_out_who_is_silent(router, make):
    """Nobody else is tried beyond total, but it is known whose fault that
    was."""
    silent, live = make(Silent, "silent"), make(Origin, "live")
    route(router, service([silent, live], ["", "backup"], "total=50ms"))
    came = ask_until(router, "live", 5)
    assert came[:-1] == ["504 origin-timeout"] * len(silent.asked)
    assert len(silent.asked) >= MAX_FAILS


def test_a_server_with_two_bases_is_not_tried_twice(router, make):
    server, other = make(Dying, "server", "other")
    twice = make(Missing, "twice")
    twice.url = f"{server.url}/base"
    route(router, service([server, twice, other], more="retry=9"))
    assert who(fcgi.ask(router.socket, "/hello")) == "502 origin-broken"
    assert (len(server.asked), len(other.asked)) == (1, 1)


def test_where_a_name_leads_to_the_forbidden_another_is_asked(router, make):
    """Its address is known only now; the rules for it are the operator's."""
    forbidden, live = make(Forbidden, "f"), make(Origin, "live")
    route(router, service([forbidden, live], ["", "backup"]))
    assert ask_until_out(router, router.process) == {"live"}
    told = [line for line in router.process.text().splitlines()
            if OUT in line and forbidden.url.removeprefix("http://") in line]
    assert len(told) == 1 and "egress-denied" in told[0]


def test_a_request_goes_on_where_it_began_when_the_list_is_another(router,
                                                                  make):
    """No byte of an answer has come when the new list is in force: one gets
    it from whom it asked, the other's origin dies, and it gets it from the
    next one, with the header fields that the old list says."""
    dying, held, old, new = make(Origin, "dying", "held", "old", "new")
    old.gate.set()
    hosts = {dying: "dying", held: "held"}
    route(router, "\n".join(service(
        [origin, old], ["", "backup"], f"\n  request-header X-List: {name}",
        name=name) for origin, name in hosts.items()))
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(router.socket)) for _ in hosts]
        for peer, (origin, name) in zip(peers, hosts.items()):
            peer.send(fcgi.request("/wait", host=f"{name}.test"))
            assert origin.waiting.acquire(timeout=10)
        route(router, "\n".join(service([new], name=name)
                                for name in hosts.values()))
        for name in hosts.values():
            assert who(fcgi.ask(router.socket, "/hello",
                                host=f"{name}.test")) == "new"
        dying.close()
        held.gate.set()
        assert [who(peer.reply()) for peer in peers] == ["old", "held"]
    assert old.asked[0].all("X-List") == ["dying"]
    assert held.asked[0].all("X-List") == ["held"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_of_an_origin_is_an_answer(router, make, status):
    a, b = make(Origin, "a", "b")
    route(router, service([a, b]))
    with Peer(router.socket) as peer:
        came = [peer.ask(f"/status/{status}", keep=True)
                for _ in range(4 * MAX_FAILS)]
    assert {reply.status for reply in came} == {status}
    assert {reply.reason for reply in came} == {None}
    assert len(a.asked) == len(b.asked) == 2 * MAX_FAILS


# ---- by name ----

SPACES = """
site.test @nobody
tenant.test @staging/acme
{{t}}.saas.test @{{t}}
own.test @own
@own {o}/own
@staging/acme {o}/staging
@production/acme {o}/production
@staging/other {o}/other
"""


@pytest.mark.parametrize("host,space,wanted", [
    ("site.test", None, "404 no-service"),
    ("tenant.test", None, "/staging"),
    ("acme.saas.test", None, "/production"),
    ("acme.saas.test", "staging", "/staging"),
    ("acme.saas.test", "nowhere", "404 no-service"),
    ("other.saas.test", None, "404 no-service"),
    ("other.saas.test", "staging", "/other"),
    # A dynamic name reaches no service of the platform's own.
    ("own.saas.test", None, "404 no-service"),
    ("own.test", "staging", "/own"),
])
def test_a_service_is_found_in_its_namespace(router, make, host, space,
                                             wanted):
    origin = make(Origin, "a")
    route(router, SPACES.format(o=origin.url))
    reply = fcgi.ask(router.socket, "/hello", host=host,
                     more=[("ROUTER_NAMESPACE", space)] if space else [])
    if wanted.startswith("404"):
        assert who(reply) == wanted and not origin.asked
    else:
        assert origin.asked[0].target == f"{wanted}/hello"


class Unknown(Missing):
    """A name that nobody has."""

    numbers = itertools.count()

    def __init__(self):
        super().__init__()
        self.url = f"http://gone-{next(self.numbers)}.test"


class Forbidden(Missing):
    """A name that leads to where nobody may go."""

    numbers = itertools.count()

    def __init__(self):
        super().__init__()
        self.url = f"http://meta-{next(self.numbers)}.test"


FAULTS = [(Missing, "502 origin-refused"), (Dying, "502 origin-broken"),
          (Silent, "504 origin-timeout"), (Plain, "502 origin-tls"),
          (Unknown, "502 origin-dns"), (Forbidden, "403 egress-denied")]


@pytest.fixture(scope="module")
def all_out(router):
    """What services say whose origins all fail, by kind and number of these
    and when-all-down: of those that refuse until they do, of the others as
    long."""
    kinds = {(kind, how, count): [kind() for _ in range(count)]
             for kind, _ in FAULTS for how in ("try", "refuse")
             for count in (1, 2)}
    came = {key: [] for key in kinds}
    hosts = {key: "-".join(map(str, (key[0].__name__.lower(), *key[1:])))
             for key in kinds}
    route(router, "\n".join(service(
        some, more=f"when-all-down={key[1]}"
        + (" timeout=50ms" if key[0] is Silent else ""), name=hosts[key])
        for key, some in kinds.items()))

    def one(key):
        came[key].append(who(fcgi.ask(router.socket, "/hello",
                                      host=f"{hosts[key]}.test")))

    def all_refuse():
        list(pool.map(one, kinds))
        return all(REFUSED in some for key, some in came.items()
                   if key[1] == "refuse")
    with concurrent.futures.ThreadPoolExecutor(len(kinds)) as pool:
        labs.until(all_refuse, 10, "all are out")
        all_refuse()
    for some in kinds.values():
        for origin in some:
            origin.close()
    return came


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("kind,reason", FAULTS, ids=[
    reason for _, reason in FAULTS])
def test_all_out_and_try_tells_the_origins_own_reason(all_out, kind, reason,
                                                      count):
    assert set(all_out[kind, "try", count]) == {reason}


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("kind,reason", FAULTS, ids=[
    reason for _, reason in FAULTS])
def test_all_out_and_refuse_is_no_healthy_origin(all_out, kind, reason,
                                                 count):
    """At first the origin's own; then it is known."""
    came = all_out[kind, "refuse", count]
    assert came[:MAX_FAILS] == [reason] * MAX_FAILS
    assert set(came) == {reason, REFUSED}


# ---- what is known ----

@pytest.mark.parametrize("how", ["try", "refuse"])
def test_a_dead_mark_takes_no_domain_down_for_ever(router, make, how):
    """hipache's fault: its dead mark outlived the backend's death. Here all
    origins of two domains are down, one of one and two of the other, long
    enough for the longest cooldown, and one of each comes back: by `try` the
    next request is served, by `refuse` one within the longest cooldown."""
    options = f"when-all-down={how}"
    alone, first, second = make(Missing, *"xyz")
    hosts = {"alone": alone, "both": second}
    route(router, service([alone], more=options, name="alone")
          + "\n" + service([first, second], more=options, name="both"))
    end = time.monotonic() + 1.5 * COOLDOWN_MAX
    while time.monotonic() < end:
        came = {who(fcgi.ask(router.socket, host=f"{host}.test"))
                for host in hosts}
    assert came == {"502 origin-refused" if how == "try"
                    else REFUSED}
    for origin in hosts.values():
        make(Origin, "back", port=origin.port)
    began = time.monotonic()
    for host in hosts:
        if how == "refuse":
            ask_until(router, "back", 5, host=f"{host}.test")
        for _ in range(5):
            reply = fcgi.ask(router.socket, "/hello", host=f"{host}.test")
            assert who(reply) == "back"
    assert time.monotonic() - began < COOLDOWN_MAX + 0.5 * labs.PATIENCE


def test_failures_at_once_are_one(router, make):
    """Four times max_fails, all within 100 ms: it is not out."""
    dead, live = make(Missing, "dead"), make(Origin, "live")
    for _ in range(20):
        route(router, service([dead, live], ["", "backup"]))
        began = time.monotonic()
        assert set(ask_in_turn(router, 4 * MAX_FAILS)) == {"live"}
        if time.monotonic() - began < 0.09:
            break
        # Too slow to be one, on a busy machine: another one.
        dead = make(Missing, "dead")
    else:
        pytest.fail("the machine is too slow for this")
    make(Origin, "dead", port=dead.port)
    assert set(ask_in_turn(router, 5)) == {"dead"}


def test_failures_apart_take_it_out_until_it_is_due(router, make):
    dead, live = make(Missing, "dead"), make(Origin, "live")
    route(router, service([dead, live], ["", "backup"]))
    assert ask_until_out(router, router.process) == {"live"}
    make(Origin, "dead", port=dead.port)
    ask_until(router, "dead", 5)
    assert ask_in_turn(router, 5) == ["dead"] * 5


# ---- whose fault it was ----

def one_by_one(count, one, gap=0.12):
    """Calls one() so often, in threads of their own that begin so many
    seconds apart, so that failures are not one; what they return."""
    def begin(number):
        threading.Event().wait(number * gap)
        return one()
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def upload(lab, host, target, pause=None):
    """A POST whose second half comes after a pause, or never."""
    with Peer(lab.socket) as peer:
        peer.send(fcgi.begin(), fcgi.params(fcgi.variables(
            target, "POST", f"{host}.test", [("CONTENT_LENGTH", "20")])),
            fcgi.record(fcgi.STDIN, b"x" * 10))
        if pause is not None:
            threading.Event().wait(pause)
            peer.send(fcgi.stdin(b"x" * 10))
        return who(peer.reply())


def told_out(lab, origin):
    """Is it known that it was taken out, and why?"""
    return [line for line in lab.process.text().splitlines()
            if OUT in line and str(origin.port) in line]


def test_slow_uploads_take_no_origin_out(router, make):
    """One that gets the end of the body shortly before total, one that gets
    it never, and one that does not wait for it; each several times, apart."""
    late, never = make(Origin, "late", "never")
    impatient = make(Impatient, "impatient")
    route(router, "\n".join(service(
        [origin], more=f"when-all-down=refuse {total}", name=name)
        for name, origin, total in (("late", late, "total=800ms"),
                                    ("never", never, "total=300ms"),
                                    ("impatient", impatient, ""))))
    ways = (("late", "/think/30000", 0.7), ("never", "/hello", None),
            ("impatient", "/hello", None))
    with concurrent.futures.ThreadPoolExecutor(len(ways)) as pool:
        came = list(pool.map(lambda way: one_by_one(
            MAX_FAILS + 2, lambda: upload(router, *way)), ways))
    assert [set(some) for some in came[::2]] == [
        {"504 origin-timeout"}, {"502 origin-broken"}]
    assert not any(REFUSED in some for some in came)
    assert not any(told_out(router, one) for one in (late, never, impatient))
    for host in ("late", "never"):
        assert who(fcgi.ask(router.socket, "/hello",
                            host=f"{host}.test")) == host


def test_clients_that_leave_take_out_who_answers_nobody(router, make):
    """As of a web server that waits for less time than we do. One that
    answers others meanwhile stays, however often its long polls are left."""
    silent, live, polled = make(Silent, "s"), *make(Origin, "live", "polled")
    route(router, service([silent, live], ["", "backup"], "timeout=1s")
          + "\n" + service([polled], more="when-all-down=refuse timeout=3s",
                           name="polled"))

    def leave(host, seconds, target="/hello"):
        with Peer(router.socket, seconds) as peer:
            try:
                return who(peer.ask(target, host=f"{host}.test"))
            except TimeoutError:
                return None
    done = threading.Event()

    def others():
        while not done.wait(0.05):
            assert who(fcgi.ask(router.socket, "/hello",
                                host="polled.test")) == "polled"
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        try:
            answered = pool.submit(others)
            polls = pool.submit(one_by_one, MAX_FAILS + 2, lambda: leave(
                "polled", 1.7, "/wait"))
            labs.until(lambda: one_by_one(MAX_FAILS, lambda: leave(
                "site", 0.6)) and told_out(router, silent), 10, "it is out")
            assert polls.result() == [None] * (MAX_FAILS + 2)
        finally:
            done.set()
        answered.result()
    assert "its client left" in told_out(router, silent)[0]
    assert not told_out(router, polled)
    assert who(fcgi.ask(router.socket, "/hello")) == "live"


def test_who_waited_for_others_to_connect_blames_no_origin(lab, make):
    """One may connect there at once, and what is left of the time then is too
    short for anybody."""
    settle(lab, relay__max_fails="1", router__workers_max="4")
    dead, live = make(Dead, "dead"), make(Origin, "live")
    lab.routes("\n".join([
        f"held.test {dead.url} connect-timeout=800ms",
        service([dead, live], ["", "backup"], "connect-timeout=900ms"),
        service([dead, live], ["", "backup"], "connect-timeout=50ms",
                name="soon")]))
    process = lab.start_router()
    with Peer(lab.socket) as holder:
        holder.send(fcgi.request("/", host="held.test"))
        labs.until(lambda: dead.connects() == 1, 5, "it connects")
        assert who(fcgi.ask(lab.socket, "/hello")) == "live"
        assert who(holder.reply()) == "504 origin-connect-timeout"
    assert OUT not in process.text()
    assert who(fcgi.ask(lab.socket, "/hello", host="soon.test")) == "live"
    assert OUT in process.text()


def test_kept_connections_that_end_take_no_origin_out(router, make):
    """What cannot be repeated is lost then, and that is all: servers end idle
    connections when they like."""
    forgetful = make(Forgetful, "forgetful")
    route(router, service([forgetful], more="when-all-down=refuse"))
    came = [who(fcgi.ask(router.socket, "/hello", "POST"))
            for _ in range(2 * MAX_FAILS + 2)]
    assert came == ["forgetful", "502 origin-broken"] * (MAX_FAILS + 1)


def test_a_new_connection_instead_of_a_kept_one_tells(router, make):
    """Each failure is of a request that was repeated on a new one."""
    worse = make(Worsening, "worse")
    route(router, service([worse], more="when-all-down=refuse"))
    came = ask_until(router, REFUSED)
    assert came[:2 * MAX_FAILS] == [
        "forgetful", "502 origin-broken"] * MAX_FAILS


def upload_beside_a_trial(router, make):
    """Where an upload went that began when an origin was due."""
    dead, live = make(Missing, "dead"), make(Origin, "live")
    route(router, service([dead, live]))
    assert ask_until_out(router, router.process) == {"live"}
    due = time.monotonic() + COOLDOWN
    back = make(Origin, "back", port=dead.port)
    live.asked.clear()
    labs.until(lambda: time.monotonic() > due, 5, "it is due")
    with Peer(router.socket) as peer:
        peer.send(fcgi.begin(), fcgi.params(fcgi.variables(
            "/hello", "PUT", more=[("CONTENT_LENGTH", "20")])),
            fcgi.record(fcgi.STDIN, b"x"))
        labs.until(lambda: live.asked or back.asked, 5, "it began")
        if back.asked:
            return "back"
        ask_until(router, "back")
        peer.send(fcgi.stdin(b"x" * 19))
        return who(peer.reply())


def test_a_trial_waits_for_no_body(router, make):
    """Tried again when the machine was so busy that any request would be the
    trial."""
    for _ in range(5):
        if upload_beside_a_trial(router, make) == "live":
            return
    pytest.fail("uploads are trials")


def once_beside_a_trial(router, make):
    """Where a request went that may ask one origin, when one was due."""
    dead, live = make(Missing, "dead"), make(Origin, "live")
    route(router, service([dead, live]) + "\nonce.test @site plan=once")
    assert ask_until_out(router, router.process) == {"live"}
    due = time.monotonic() + COOLDOWN
    labs.until(lambda: time.monotonic() > due, 5, "it is due")
    return who(fcgi.ask(router.socket, "/hello", host="once.test"))


def test_no_trial_by_what_its_plan_lets_ask_no_other(router, make):
    """Tried again as above."""
    came = [once_beside_a_trial(router, make)]
    while came[-1] != "live" and len(came) < 5:
        came.append(once_beside_a_trial(router, make))
    assert came[-1] == "live", came


def test_one_request_tries_an_origin_that_is_due(router, make):
    """It comes back, and thinks about its first answer: meanwhile everybody
    else is served elsewhere."""
    dead, live = make(Missing, "dead"), make(Origin, "live")
    route(router, service([dead, live]))
    assert ask_until_out(router, router.process) == {"live"}
    back = make(Origin, "back", port=dead.port)
    trial = []

    def until_tried():
        with Peer(router.socket) as peer:
            peer.send(fcgi.request("/wait"))
            trial.append(peer)
            trial.append(who(peer.reply()))
    live.gate.set()     # /wait is no wait there
    threads = []

    def one_more():
        thread = threading.Thread(target=until_tried)
        thread.start()
        threads.append(thread)
        return back.asked
    try:
        labs.until(one_more, 5, "somebody tries it")
        before = len(live.asked)
        came = [who(reply) for reply in (
            fcgi.ask(router.socket, "/hello") for _ in range(100))]
        assert set(came) == {"live"} and len(back.asked) == 1
        assert len(live.asked) >= before + 100
    finally:
        back.gate.set()
        for thread in threads:
            thread.join()
    assert set(ask_in_turn(router, 4)) == {"live", "back"}


def trials(router, make):
    """Seconds between an origin's last failure, and three trials of it."""
    dead, live = make(Dying, "dead"), make(Origin, "live")
    route(router, service([dead, live], ["", "backup"]))

    def gaps():
        assert ask_in_turn(router, 1) == ["live"]
        return [after - before for before, after in
                zip(dead.times, dead.times[1:])
                if after - before > 0.9 * COOLDOWN]
    labs.until(lambda: len(gaps()) == 3, 10, "three trials")
    return gaps()


def test_a_failed_trial_doubles_the_cooldown(router, make):
    """Measured again when the machine was so busy that two failures were
    apart as if it had been out."""
    wanted = (COOLDOWN, COOLDOWN_MAX, COOLDOWN_MAX)
    for _ in range(3):
        seen = trials(router, make)
        if all(0.95 * least < gap < least + 0.3 * labs.PATIENCE
               for gap, least in zip(seen, wanted)):
            return
    pytest.fail(f"{seen}")


# ---- across processes ----

@pytest.fixture
def shared(lab):
    """Routers that share what they know; it lasts."""
    settle(lab, relay__cooldown="1h", relay__cooldown_max="1h",
           relay__response_timeout="30s")

    def start(name):
        where = lab.dir / "run" / f"{name}.sock"
        process = lab.start_router("-s", f"unix:{where}", name=name)
        assert lab.ready(process, where)
        process.socket = where
        return process
    lab.another = start
    return lab


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_process_that_starts_knows_who_is_out(shared, make, how):
    dead, live = make(Missing, "dead"), make(Origin, "live")
    shared.routes(service([dead, live]))
    first = shared.another("first")
    assert ask_until_out(first, first) == {"live"}
    back = make(Origin, "back", port=dead.port)
    if how == "stopped":
        first.stop()
    else:
        first.signal(9)
        first.wait()
    second = shared.another("second")
    assert ask_in_turn(second, 6) == ["live"] * 6 and not back.asked
    # It was the file that told.
    second.stop()
    for path in (shared.dir / "run" / "state").iterdir():
        path.unlink()
    third = shared.another("third")
    assert set(ask_in_turn(third, 6)) == {"live", "back"}


def test_failures_apart_take_it_out_and_it_is_not_asked(shared, make):
    dead, live = make(Missing, "dead"), make(Origin, "live")
    shared.routes(service([dead, live], ["", "backup"]))
    process = shared.another("router")
    assert ask_until_out(process, process) == {"live"}
    back = make(Origin, "dead", port=dead.port)
    assert ask_in_turn(process, 20) == ["live"] * 20 and not back.asked


def test_with_the_first_that_is_back_all_others_are_due(shared, make):
    """All went out at once, for an hour; then all are well, and have their
    shares within a second."""
    dead = [make(Missing, name) for name in "abcd"]
    shared.routes(service(dead, more="retry=1"))
    process = shared.another("router")
    assert ask_until_out(process, process, len(dead)) == {
        "502 origin-refused"}
    for name, origin in zip("abcd", dead):
        make(Origin, name, port=origin.port)
    began = time.monotonic()
    while set(ask_in_turn(process, 8)) != set("abcd"):
        assert time.monotonic() < began + labs.PATIENCE
    assert collections.Counter(ask_in_turn(process, 40)) == dict.fromkeys(
        "abcd", 10)


def test_two_maps_in_one_folder_have_turns_of_their_own(shared, new_lab, make,
                                                        end_lab_module):
    """Both have a service of that name, and are asked in turn."""
    other = new_lab("other")
    try:
        settle(other, router__state_dir=str(shared.dir / "run" / "state"))
        other.routes(service(make(Origin, "c", "d")))
        shared.routes(service(make(Origin, "a", "b")))
        other.start_router()
        sockets = shared.another("one").socket, other.socket
        came = collections.Counter(
            who(fcgi.ask(where, "/hello")) for _ in range(20)
            for where in sockets)
        assert came == dict.fromkeys("abcd", 10)
    finally:
        end_lab_module(other)


def test_without_a_folder_a_process_knows_by_itself(lab, make):
    """It says why, once, and serves."""
    nowhere = lab.dir / "etc" / "no-folder"
    nowhere.write_text("")
    settle(lab, router__state_dir=str(nowhere), relay__cooldown="1h",
           relay__cooldown_max="1h")
    dead, a, b = make(Missing, "dead"), *make(Origin, "a", "b")
    lab.routes(service([a, b, dead], ["weight=2", "weight=1", "weight=1"]))
    process = lab.start_router()
    assert ask_until_out(lab, process) == {"a", "b"}
    back = make(Origin, "back", port=dead.port)
    came = collections.Counter(ask_in_turn(lab, 30))
    assert came == {"a": 20, "b": 10} and not back.asked
    assert process.text().count(str(nowhere)) == 1


def test_a_killed_process_leaves_no_request_with_an_origin(shared, make):
    """Ten wait at one origin, of a process that is killed: for others it has
    ten too many until that is noticed, and then none."""
    a, b, c = make(Origin, "a", "b", "c")
    shared.routes(
        f"held.test @held\n@held {a.url} {b.url} backup\n"
        f"site.test @s\n@s {a.url} {c.url} balance=least\n")
    first, second = shared.another("first"), shared.another("second")
    peers = []
    for _ in range(10):
        peers.append(Peer(first.socket))
        peers[-1].send(fcgi.request("/gate", host="held.test"))
    labs.until(lambda: len(a.asked) == 10, 5, "ten wait")
    assert ask_in_turn(second, 20) == ["c"] * 20
    first.signal(9)
    first.wait()
    labs.until(lambda: "a" in ask_in_turn(second, 2), 5, "they are forgotten")
    came = ask_in_turn(second, 20)
    assert came.count("a") == 10
    for peer in peers:
        peer.close()
