# SPDX-License-Identifier: BSD-2-Clause
"""Names of origins: several addresses, of both families, dead and alive, and
addresses that change while the router runs."""

import contextlib
import itertools
import re
import socket
import time

import pytest

import fcgi
import lab as labs
from origin import Origin
from test_slow_peers import Dead

LIMIT = 1.0     # seconds; connect_timeout

# Addresses, on one port: who is there.
ALIVE, OTHER, REFUSES, HANGS = (f"127.0.0.{n}" for n in range(1, 5))
FORBIDDEN = "169.254.169.254"


def six(address):
    """A connect by IPv6 that leads there."""
    return f"::ffff:{address}"


def has_six():
    with contextlib.suppress(OSError), socket.create_server(
            ("::1", 0), family=socket.AF_INET6):
        return True
    return False


# Where the host has no IPv6, at least libcurl thinks that it is some.
ALIVE6 = "::1" if has_six() else six(ALIVE)
REFUSES6, HANGS6 = six(REFUSES), six(HANGS)


@contextlib.contextmanager
def at_one_port(*makers):
    """Calls each with the port that the first one chose."""
    for _ in range(20):
        with contextlib.ExitStack() as stack:
            made, port = [], 0
            with contextlib.suppress(OSError):
                for make in makers:
                    made.append(stack.enter_context(
                        contextlib.closing(make(port))))
                    port = made[0].port
            if len(made) == len(makers):
                yield made
                return
    raise labs.Trouble("no port is free on all addresses")


def origin_at(address):
    return lambda port: Origin(address, address=address, port=port)


# ---- several addresses ----

# What the name leads to, and what comes of that: status, reason.
ROWS = {
    "one": (ALIVE, 200),
    "one of IPv6": (ALIVE6, 200),
    "the first refuses": (f"{REFUSES} {ALIVE}", 200),
    "the first of IPv6 refuses": (f"{REFUSES6} {ALIVE6}", 200),
    "all but the last refuse": (
        f"{REFUSES} 127.0.0.5 127.0.0.6 127.0.0.7 {ALIVE}", 200),
    "the first hangs": (f"{HANGS} {ALIVE}", 200),
    "the first of IPv6 hangs": (f"{HANGS6} {ALIVE6}", 200),
    "one refuses, one hangs": (f"{REFUSES} {HANGS} {ALIVE}", 200),
    "one hangs, one refuses": (f"{HANGS} {REFUSES} {ALIVE}", 200),
    "IPv6 refuses": (f"{REFUSES6} {ALIVE}", 200),
    "IPv6 hangs": (f"{HANGS6} {ALIVE}", 200),
    "IPv4 refuses": (f"{REFUSES} {ALIVE6}", 200),
    "IPv4 hangs": (f"{HANGS} {ALIVE6}", 200),
    "IPv6 refuses and hangs": (f"{REFUSES6} {HANGS6} {ALIVE}", 200),
    "one is forbidden": (f"{FORBIDDEN} {ALIVE}", 200),
    "one is forbidden, one refuses": (f"{FORBIDDEN} {REFUSES} {ALIVE}", 200),
    "all refuse": (f"{REFUSES} {REFUSES6} 127.0.0.5", 502, "origin-refused"),
    "all hang": (f"{HANGS} {HANGS6}", 504, "origin-connect-timeout"),
    "one refuses, the last hangs": (
        f"{REFUSES} {HANGS}", 504, "origin-connect-timeout"),
    "all are forbidden": (
        f"{FORBIDDEN} {six(FORBIDDEN)}", 403, "egress-denied"),
    # It is down: nothing is wrong with the rules.
    "one is forbidden, the last refuses": (
        f"{FORBIDDEN} {REFUSES}", 502, "origin-refused"),
    "there is none": ("fail", 502, "origin-dns"),
}
NUMBERS = dict(zip(ROWS, itertools.count(1)))


@pytest.fixture(scope="module")
def names(module_lab):
    lab = module_lab
    makers = [origin_at(ALIVE), lambda port: Dead(HANGS, port)]
    if ALIVE6 == "::1":
        makers.append(origin_at(ALIVE6))
    with at_one_port(*makers) as (origin, *_):
        lab.configure(relay__connect_timeout=f"{LIMIT * 1000:.0f}ms",
                      relay__max_idle="0")
        lab.names("".join(f"n{NUMBERS[row]}.test {answer[0]}\n"
                          for row, answer in ROWS.items()))
        lab.routes("".join(
            f"row-{n}.test http://n{n}.test:{origin.port}\n"
            for n in NUMBERS.values()))
        lab.start_named_router()
        yield lab


@pytest.mark.parametrize("row", ROWS)
def test_dead_addresses_of_a_name_are_stepped_over(names, row):
    """By one attempt, and within the time of one."""
    _, status, *reason = ROWS[row]
    for _ in range(3):      # a loaded machine may be late
        began = time.monotonic()
        reply = fcgi.ask(names.socket, "/hello",
                         host=f"row-{NUMBERS[row]}.test")
        took = time.monotonic() - began
        assert [reply.status, *filter(None, [reply.reason])] == [
            status, *reason], reply
        if took < LIMIT + 0.5 * labs.PATIENCE:
            return
    assert False, f"took {took} s"


# ---- addresses that change ----

@pytest.fixture
def moving(lab):
    """A router whose origin is a name, and the two who can be there."""
    with at_one_port(origin_at(ALIVE), origin_at(OTHER)) as (before, after):
        lab.routes(f"site.test http://o.test:{before.port}\n")
        lab.names(f"o.test {ALIVE}\n")
        lab.before, lab.after = before, after
        yield lab


def who(lab):
    reply = fcgi.ask(lab.socket, "/hello")
    assert reply.status == 200, reply
    return reply.body.decode().split()[-1]


def test_addresses_are_kept_for_their_age(moving):
    moving.configure(relay__max_idle="0")
    moving.start_named_router()
    assert {who(moving) for _ in range(5)} == {ALIVE}
    moving.names(f"o.test {OTHER}\n")
    assert {who(moving) for _ in range(5)} == {ALIVE}
    assert moving.before.accepted == 10
    assert moving.asked("o.test") == 1


def test_without_an_age_each_connection_looks_the_name_up(moving):
    moving.configure(relay__max_idle="0", relay__dns_age="0s")
    moving.start_named_router()
    assert {who(moving) for _ in range(5)} == {ALIVE}
    moving.names(f"o.test {OTHER}\n")
    assert {who(moving) for _ in range(5)} == {OTHER}
    assert moving.asked("o.test") == 10


def test_new_connections_go_to_the_new_address_once_the_age_is_over(moving):
    moving.configure(relay__max_idle="0", relay__dns_age="1s")
    moving.start_named_router()
    assert who(moving) == ALIVE
    moving.names(f"o.test {OTHER}\n")
    labs.until(lambda: who(moving) == OTHER, 10, "it goes there")
    assert {who(moving) for _ in range(5)} == {OTHER}


def test_a_busy_connection_holds_on_to_no_old_address(moving):
    """It is never idle, and nobody closes it."""
    moving.configure(relay__dns_age="0s", relay__wire_age="500ms",
                     router__check="20ms")
    moving.start_named_router()
    assert who(moving) == ALIVE
    moving.names(f"o.test {OTHER}\n")
    labs.until(lambda: who(moving) == OTHER, 10, "it goes there")


def test_a_busy_connection_is_kept_for_its_age(moving):
    moving.configure(relay__dns_age="0s", relay__wire_age="0s")
    moving.start_named_router()
    assert who(moving) == ALIVE
    moving.names(f"o.test {OTHER}\n")
    assert {who(moving) for _ in range(50)} == {ALIVE}
    assert moving.before.accepted == 1


def test_an_origin_that_moved_away_loses_no_request(moving):
    """Nobody is where its name led, and its age is not over by far."""
    moving.start_named_router()
    assert who(moving) == ALIVE
    moving.names(f"o.test {OTHER}\n")
    moving.before.close()
    assert {who(moving) for _ in range(5)} == {OTHER}
    assert moving.asked("o.test") == 2


def test_an_origin_that_vanished_is_found_by_the_next_request(moving):
    """The first one's time ends before it is known, or just then."""
    moving.configure(relay__connect_timeout="300ms", relay__max_idle="0")
    moving.start_named_router()
    assert who(moving) == ALIVE
    moving.names(f"o.test {OTHER}\n")
    moving.before.close()
    with contextlib.closing(Dead(ALIVE, moving.before.port)):
        reply = fcgi.ask(moving.socket, "/hello")
        assert reply.reason in (None, "origin-connect-timeout"), reply
        assert who(moving) == OTHER


def test_a_name_that_leads_nowhere_is_asked_for_once_a_second(moving):
    moving.start_named_router()
    moving.before.close()
    began = time.monotonic()
    for _ in range(50):
        assert fcgi.ask(moving.socket, "/hello").reason == "origin-refused"
    seconds = time.monotonic() - began
    assert 2 <= moving.asked("o.test") <= 2 + seconds


# ---- names of a service's origins ----

@pytest.fixture
def pair(lab):
    """A service of a name and an address, and who is there."""
    with at_one_port(origin_at(ALIVE), origin_at(OTHER)) as (named, other):
        lab.routes(f"site.test @s\n@s http://o.test:{named.port} "
                   f"http://{OTHER}:{other.port}\n")
        lab.configure(relay__max_idle="0", relay__max_fails="1",
                      relay__dns_age="0s", router__check="20ms")
        yield lab


def test_a_dead_address_beside_a_good_one_is_no_failure(pair):
    pair.names(f"o.test {REFUSES} {REFUSES6} {ALIVE}\n")
    process = pair.start_named_router()
    assert [who(pair) for _ in range(20)].count(ALIVE) == 10
    assert "is out" not in process.text()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("answer, reason", [
    ("fail", "origin-dns"), (f"{REFUSES} {REFUSES6}", "origin-refused")])
def test_a_name_that_leads_nowhere_leads_to_another_origin(
        pair, answer, reason, method):
    """Nothing was sent, so that may be a POST; and the origin is out."""
    pair.names(f"o.test {answer}\n")
    process = pair.start_named_router()
    for _ in range(10):
        reply = fcgi.ask(pair.socket, "/hello", method)
        assert (reply.status, reply.reason) == (200, None), reply
        assert OTHER.encode() in reply.body
    said = [line for line in process.text().splitlines() if "is out" in line]
    assert len(said) == 1 and reason in said[0], said


def test_an_origin_whose_name_leads_somewhere_again_is_back(pair):
    pair.names("o.test fail\n")
    pair.configure(relay__max_idle="0", relay__max_fails="1",
                   relay__dns_age="0s", relay__cooldown="100ms")
    process = pair.start_named_router()
    labs.until(lambda: who(pair) and "is out" in process.text(), 5,
               "it is out")
    pair.names(f"o.test {ALIVE}\n")
    labs.until(lambda: who(pair) == ALIVE, 10, "it is back")
    assert [who(pair) for _ in range(10)].count(ALIVE) == 5


# ---- names that are allowed and denied ----

EGRESS = {
    "egress__private": "never", "egress__allow_names": "db.test, *.corp.test",
    "egress__deny_names": "bad.corp.test",
    "egress:open__allow": "127.0.0.0/8",
    "egress:open__deny_names": "*.shut.test",
}
BY_NAME = {
    # name: (its answer, in [egress], in [egress:open])
    "db.test": (ALIVE, 200, 200),
    "a.corp.test": (ALIVE, 200, 200),
    "a.b.corp.test": (ALIVE, 200, 200),
    "corp.test": (ALIVE, 403, 200),
    "a.db.test": (ALIVE, 403, 200),
    "bad.corp.test": (ALIVE, 403, 200),
    "a.shut.test": (ALIVE, 403, 403),
    "meta.corp.test": (FORBIDDEN, 403, 403),
}


@pytest.fixture(scope="module")
def by_name(new_lab, end_lab_module):
    lab = new_lab("names by name")
    origin = Origin(address=ALIVE)
    lab.cleanups.append(origin.close)
    lab.configure(**EGRESS, **{
        "auth:ours__type": "forward", "auth:shut__type": "forward",
        "auth:ours__url": f"http://db.test:{origin.port}/hello",
        "auth:shut__url": f"http://bad.corp.test:{origin.port}/hello"})
    lab.names("".join(f"{name} {answer}\n"
                      for name, (answer, *_) in BY_NAME.items()))
    lab.routes("".join(
        f"{name} http://{name}:{origin.port}\n"
        f"{name}/open http://{name}:{origin.port} egress=open\n"
        for name in BY_NAME)
        + f"{{x}}.made.test http://{{x}}.corp.test:{origin.port}\n"
        + "".join(f"auth.test/{name} http://db.test:{origin.port} auth={name}"
                  "\n" for name in ("ours", "shut")))
    lab.start_named_router()
    yield lab
    end_lab_module(lab)


@pytest.mark.parametrize("name", BY_NAME)
def test_egress_knows_names(by_name, name):
    _, plain, opened = BY_NAME[name]
    for path, status in (("/hello", plain), ("/open/hello", opened)):
        reply = fcgi.ask(by_name.socket, path, host=name)
        assert (reply.status, reply.reason) == (
            status, "egress-denied" if status == 403 else None), reply


def test_a_denied_name_is_never_looked_up(by_name):
    for host, path in (("bad.corp.test", "/"), ("a.shut.test", "/open")):
        before = by_name.asked(host)
        reply = fcgi.ask(by_name.socket, path, host=host)
        assert reply.reason == "egress-denied", reply
        assert by_name.asked(host) == before


def test_a_service_that_authenticates_is_judged_by_its_name(by_name):
    before = by_name.asked("bad.corp.test")
    assert fcgi.ask(by_name.socket, "/ours", host="auth.test").status == 200
    reply = fcgi.ask(by_name.socket, "/shut", host="auth.test")
    assert (reply.status, reply.reason) == (503, "auth-unavailable"), reply
    assert by_name.asked("bad.corp.test") == before


@pytest.mark.parametrize("tenant, status", [
    ("a", 200), ("bad", 403), ("meta", 403)])
def test_names_that_variables_make_are_judged_as_well(by_name, tenant,
                                                      status):
    reply = fcgi.ask(by_name.socket, "/hello", host=f"{tenant}.made.test")
    assert reply.status == status, reply


def test_the_compiler_refuses_what_is_denied_by_name(by_name):
    def compiles(text):
        done = by_name.tool("route-compile", "-n", "-c", by_name.ini, "-",
                            input=text)
        return done.returncode, done.stderr

    assert compiles("x.test http://db.test\ny.test http://any.test\n") == (
        0, "")
    for target, section in (("BAD.corp.test.", "egress"),
                            ("a.shut.test egress=open", "egress:open")):
        code, said = compiles(f"x.test http://{target}\n")
        assert code == 1 and f"refused by [{section}]" in said, said


# ---- the compiler and the router ----

AGREE = {
    "egress__private": "never", "egress__allow": "127.0.0.2",
    "egress__deny": "127.0.0.3", "egress__deny_names": "*.shut.test",
    "egress:open__deny": "127.0.0.3",
    "egress:none__private": "never", "egress:none__deny": "127.0.0.0/8 ::1",
}
WRITTEN = ["http://127.0.0.1:1", "http://127.0.0.2:1",
           "http://[::ffff:127.0.0.3]:1", "http://a.shut.test:1",
           "unix:{run}/apps/a", "unix:{run}/b"]
BUILT = ["http://a-{x}.shut.test:1", "unix:{run}/apps/{x}",
         "unix:{run}/b-{x}"]
WORDS = ["", "egress=open", "egress=none"]
# A route by itself, and what it and its service may say.
FORMS = ["{x}.#.test TO WORD\n", "{x}.#.test @s# WORD\n@s# TO\n",
         "{x}.#.test @s#\n@s# TO WORD\n",
         "%defaults WORD\n{x}.#.test @s#\n%defaults\n@s# TO\n"]


def agreeing(run):
    """Lists, one a form. Where names lead is not for the compiler."""
    lists, count = [""] * len(FORMS), 0
    for origin, word in itertools.product(WRITTEN + BUILT, WORDS):
        if "shut.test" in origin and ("none" in word or
                                      origin in BUILT and word):
            continue
        for n, form in enumerate(FORMS if origin in WRITTEN else FORMS[:1]):
            for mark, what in (("#", count), ("TO", origin), ("WORD", word),
                               ("{run}", run)):
                form = form.replace(mark, str(what))
            lists[n] += form
            count += 1
    return lists, count


def test_the_compiler_refuses_what_the_router_refuses(lab):
    run = lab.dir / "run"
    (run / "apps").mkdir()
    lab.configure(**AGREE, egress__sockets=str(run / "apps"))
    lab.names("a.shut.test 127.0.0.1\na-a.shut.test 127.0.0.1\n")
    lists, count = agreeing(run)
    lab.routes("".join(f"{text}%defaults\n" for text in lists))
    lab.start_named_router()
    refused = {n for n in range(count) if fcgi.ask(
        lab.socket, host=f"a.{n}.test").reason == "egress-denied"}
    assert 20 < len(refused) < count - 20
    told = set()
    for text in lists:
        done = lab.tool("route-compile", "-n", "-c", lab.ini, "-", input=text)
        lines = [text.splitlines()[int(line) - 1] for line in
                 re.findall(r"(?m)^-:(\d+):.* is refused by ", done.stderr)]
        assert len(lines) == done.stderr.count("error: "), done.stderr
        told |= {int(re.search(r"(?:@s|\.)(\d+)", line)[1])
                 for line in lines}
    assert refused == told, lists
