# SPDX-License-Identifier: BSD-2-Clause
"""What a list says is what happens: services, aliases, conditions, addresses,
limits. Tables go through the FastCGI socket itself."""

import json
import socket
import threading
import time

import pytest

import fcgi
import lab as labs
from client import ask as http_ask
from client import pattern
from origin import Script
from setups import SETUPS, Site

LOCAL = ("REMOTE_ADDR", "127.0.0.1")

# {o} is the origin; the first word of a target says which entry answered.
LIST = """
site.test @api
site.test/sub @api strip-prefix
site.test/staging @staging/acme
site.test/missing @nobody
site.test/nowhere @staging/nobody
{{t}}.saas.test @{{t}}
{{t}}.stage.test @staging/{{t}}
{{a}}.two.test/{{b}} @{{a}}.{{b}}
stores.test/{{store}} @{{store}} strip-prefix

@api {o}/api
@staging/acme {o}/staging-acme
@production/acme {o}/production-acme
@production/acme.f1 {o}/f1

www.alias.test =a1.alias.test
a1.alias.test =a2.alias.test
a2.alias.test =a3.alias.test
a3.alias.test =own.alias.test
own.alias.test {o}/own
    response-header X-Hosts: {{host}} {{asked_host}}
own.alias.test/deep {o}/deep
tenant.alias.test =acme.saas.test
shut.alias.test =shut.test
shut.test =own.alias.test auth=staff

when.test {o}/last
    when header.x-preview=on cookie.staff -> {o}/preview
    when query.q="a b*" -> {o}/query
    when !method=GET,HEAD,POST -> {o}/other-method
    when client=198.51.100.0/24,2001:db8::/32 -> {o}/client
    when scheme=https -> {o}/https
    when header.x-none -> respond=200 "never"

star.test {o}/star
**/.well-known/acme {o}/acme
*.below.test respond=200 "below"

self.test/health internal=health
self.test/ask internal=ask
closed.test/health internal=health deny=127.0.0.0/8

ip.test {o}/ip allow=192.0.2.0/24,2001:db8::/32 deny=192.0.2.66
ip.test/svc @guarded allow=192.0.2.0/24
alias.ip.test =ip.test deny=192.0.2.9
denied.test {o}/denied deny=192.0.2.66
@guarded {o}/guarded allow=192.0.2.0/28

amb.test {o}/amb
amb.test/admin {o}/admin
amb.test/raw {o}/raw encoded-slash=data
amb.test/raw/deep {o}/deep

inject.test {o}/inject
    request-header X-User: root
other.test {o}/other
    when header.x-user=me -> {o}/saw-it
    request-header X-Copy: {{header.X-User}}
viaservice.test @injecting
@injecting {o}/svc
    request-header X-Tenant: acme

back.test {o}/v1 strip-prefix
back.test/off {o}/v1 strip-prefix rewrite-back=off

host.test @hosted
@hosted {o}/hosted host=name.test tag=a:service,b:service
    response-header X-Level: service
    response-header X-Tags: {{tag.a}} {{tag.b}}
host.test/own @hosted host=preserve tag=a:route
    response-header X-Level: {{service}} {{version}}

split.test {o}/unused
    split 0 {o}/never 100 {o}/first
several.test @several
@several {o}/backup backup {o}/one {o}/two

plan.test {o}/plan plan=gold
    request-header X-Plan: {{plan}}
known.test {o}/known plan=pro
    request-header X-Plan: {{plan}}

{{t}}.guarded.test @{{t}} allow=198.51.100.0/24
{{t}}.shut.test @{{t}} auth=staff

auth.test {o}/auth auth=staff
auth.test/redirect redirect=302 /x auth=staff
auth.test/respond respond=200 "secret" auth=staff
auth.test/health internal=health auth=staff
auth.test/service @authed
@authed {o}/authed auth=staff
word.test/tls {o}/tls tls=mine
word.test/sign {o}/sign sign=mine
word.test/egress {o}/egress egress=mine
word.test/redirect redirect=302 /x tls=mine

slow.test/response {o} timeout=250ms
slow.test/service @slow timeout=20s
@slow {o} timeout=250ms
slow.test/idle {o} idle-timeout=250ms
slow.test/total {o} total=400ms
slow.test/ages {o}/ages total=9223372036854775806ms
slow.test/tight {o} timeout=20s idle-timeout=20s total=1h

body.test {o}/body max-body=10
body.test/wide {o}/body max-body=1g
body.test/service @small
@small {o}/body max-body=5

%defaults auth=staff
defaulted.test {o}/defaulted
"""

INI = """
[plan:pro]
"""


@pytest.fixture(scope="module")
def router(module_lab, lasting_origin):
    lab = module_lab
    lab.configure(router__check="50ms", relay__max_body="1000",
                  relay__response_timeout="2s",
                  relay__private_headers="Remote-User",
                  log__access=str(lab.dir / "log" / "access.txt"))
    lab.ini.write_text(lab.ini.read_text() + INI)
    lab.routes(LIST.format(o=lasting_origin.url))
    lab.process = lab.start_router()
    pids = lab.router_pids()
    yield lab
    assert lab.router_pids() == pids, "the router has died meanwhile"


def outcome(reply):
    """A reason, else what the origin was asked, else the text."""
    if reply.reason:
        return reply.reason
    if reply.status == 302:
        return f"302 {reply.get('Location')}"
    if reply.get("Content-Type") == "application/json":
        found = json.loads(reply.body)
        return found.get("target", found)
    return reply.body.decode()


def get(router, url, *more, method="GET"):
    host, slash, path = url.partition("/")
    return fcgi.ask(router.socket, slash + path or "/", method, host=host,
                    more=more)


def seen(reply):
    """The fields the origin saw, in small letters."""
    return {n.lower(): v for n, v in json.loads(reply.body)["fields"]}


def last_line(router, word):
    """The one line of the access log that holds the word."""
    log = router.dir / "log" / "access.txt"
    return labs.until(
        lambda: [line for line in log.read_text().splitlines()
                 if word in line], 10, f"{word} is logged")[-1]


@pytest.mark.parametrize("url, space, wanted", [
    ("site.test/x?q", None, "/api/x?q"),
    ("site.test/sub/x", None, "/api/x"),
    ("site.test/staging/x", None, "/staging-acme/staging/x"),
    ("site.test/missing", None, "no-service"),
    ("site.test/nowhere", None, "no-service"),
    ("acme.saas.test/x", None, "/production-acme/x"),
    ("acme.saas.test/x", "production", "/production-acme/x"),
    ("acme.saas.test/x", "staging", "/staging-acme/x"),
    ("acme.saas.test/x", "nowhere", "no-service"),
    ("acme.saas.test/x", "", "/production-acme/x"),
    ("acme.saas.test/x", "/", "bad-request"),
    ("acme.saas.test/x", "Staging", "bad-request"),
    ("acme.stage.test/x", None, "/staging-acme/x"),
    ("acme.stage.test/x", "production", "/staging-acme/x"),
    ("acme.two.test/f1/x", None, "/f1/f1/x"),
    ("stores.test/acme/x", None, "/production-acme/x"),
    ("stores.test/acme", None, "/production-acme"),
    # a tenant with the name of the platform's own service
    ("api.saas.test/x", None, "no-service"),
    ("api.saas.test/x", "staging", "no-service"),
    ("api.stage.test/x", None, "no-service"),
    ("stores.test/api/x", None, "no-service"),
    ("stores.test/%40api", None, "no-service"),
    ("stores.test/ACME", None, "no-service"),
    ("stores.test/acme%2Fx", None, "no-service"),
    ("stores.test/", None, "no-path"),
    ("tenant.alias.test/x", "staging", "/staging-acme/x"),
    ("split.test/", None, "/first/"),
    ("several.test/", None, "/one/"),
])
def test_services(router, url, space, wanted):
    more = [] if space is None else [("ROUTER_NAMESPACE", space)]
    assert outcome(get(router, url, *more)) == wanted


def test_no_client_names_the_namespace(router):
    assert outcome(get(router, "acme.saas.test/x",
                       ("HTTP_ROUTER_NAMESPACE", "staging"))) == \
        "/production-acme/x"


@pytest.mark.parametrize("space, wanted", [
    (None, "production"), ("staging", "staging"), ("nowhere", "nowhere")])
def test_service_and_namespace_are_logged(router, space, wanted):
    more = [] if space is None else [("ROUTER_NAMESPACE", space)]
    get(router, f"acme.saas.test/logged-{space}", *more)
    line = last_line(router, f"/logged-{space} ")
    assert f" service=@{wanted}/acme " in line
    assert f" namespace={wanted} " in line


@pytest.mark.parametrize("url, wanted, hosts", [
    ("www.alias.test/x?q", "/own/x?q", "own.alias.test www.alias.test"),
    ("a3.alias.test/x", "/own/x", "own.alias.test a3.alias.test"),
    ("own.alias.test/x", "/own/x", "own.alias.test own.alias.test"),
    ("www.alias.test/deep/x", "/deep/deep/x", None)])
def test_aliases(router, url, wanted, hosts):
    reply = get(router, url)
    assert outcome(reply) == wanted
    assert reply.get("X-Hosts") == hosts


def test_the_auth_of_an_alias_adds_up(router):
    assert outcome(get(router, "shut.alias.test/")) == "auth-unavailable"
    assert outcome(get(router, "own.alias.test/")) == "/own/"


@pytest.mark.parametrize("url, more, method, wanted", [
    ("when.test/", (("HTTP_X_PREVIEW", "on"),
                    ("HTTP_COOKIE", "a=b; staff=")), "GET", "/preview/"),
    ("when.test/", (("HTTP_X_PREVIEW", "on"),), "GET", "/last/"),
    ("when.test/", (("HTTP_X_PREVIEW", "ON"),
                    ("HTTP_COOKIE", "staff=1")), "GET", "/last/"),
    ("when.test/?q=a+b", (), "GET", "/query/?q=a+b"),
    ("when.test/?q=x&q=%61%20bc", (), "GET", "/query/?q=x&q=%61%20bc"),
    ("when.test/?q=ab", (), "GET", "/last/?q=ab"),
    ("when.test/", (), "DELETE", "/other-method/"),
    ("when.test/", (), "POST", "/last/"),
    ("when.test/", (("REMOTE_ADDR", "198.51.100.7"),), "GET", "/client/"),
    ("when.test/", (("REMOTE_ADDR", "::ffff:198.51.100.7"),), "GET",
     "/client/"),
    ("when.test/", (("REMOTE_ADDR", "2001:db8:1::2"),), "GET", "/client/"),
    ("when.test/", (("REMOTE_ADDR", "2001:db9::2"),), "GET", "/last/"),
    ("when.test/", (("HTTPS", "on"),), "GET", "/https/"),
])
def test_conditions(router, url, more, method, wanted):
    assert outcome(get(router, url, *more, method=method)) == wanted


@pytest.mark.parametrize("url, wanted", [
    ("star.test/.well-known/acme/x", "/acme/.well-known/acme/x"),
    ("unknown.test/.well-known/acme", "/acme/.well-known/acme"),
    ("a.below.test/.well-known/acme", "/acme/.well-known/acme"),
    ("star.test/.well-known/acmes", "/star/.well-known/acmes"),
    ("a.below.test/x", "below"),
    ("unknown.test/x", "no-host")])
def test_rules_of_every_host_come_first(router, url, wanted):
    assert outcome(get(router, url)) == wanted


# ---- internal pages ----

def test_health_is_text_or_json_and_never_cached(router):
    reply = get(router, "self.test/health", LOCAL)
    assert (reply.status, reply.body) == (200, b"ok\n"), reply
    assert reply.get("Content-Type").startswith("text/plain")
    assert reply.get("Cache-Control") == "no-store"
    reply = get(router, "self.test/health", LOCAL,
                ("HTTP_ACCEPT", "application/json"))
    assert json.loads(reply.body) == {"status": "ok"}
    assert reply.get("Content-Type") == "application/json"


def test_health_of_a_router_without_a_map_is_503(lab):
    lab.routes("self.test internal=health\n")
    lab.configure(router__check="50ms")
    lab.start_router()
    assert get(lab, "self.test/", LOCAL).status == 200
    with open(lab.map, "r+b") as live:
        live.truncate(100)
    reply = get(lab, "self.test/", LOCAL)
    assert (reply.status, reply.reason) == (503, "map-broken")


@pytest.mark.parametrize("page", ["health", "ask?domain=site.test"])
@pytest.mark.parametrize("address, status", [
    ("127.0.0.1", 200), ("127.9.8.7", 200), ("::1", 200),
    ("::ffff:127.0.0.1", 200), ("192.0.2.9", 403), ("10.0.0.1", 403),
    ("::2", 403), ("", 403), ("unix:", 403)])
def test_internal_pages_are_for_those_inside(router, page, address, status):
    reply = get(router, f"self.test/{page}", ("REMOTE_ADDR", address))
    assert reply.status == status, reply
    if status == 403:
        assert reply.reason == "address-denied"


def test_deny_of_the_route_holds_inside_too(router):
    assert outcome(get(router, "closed.test/health", LOCAL)) == \
        "address-denied"


@pytest.mark.parametrize("query, space, status", [
    ("domain=site.test", None, 200),
    ("domain=SITE.test.", None, 200),
    ("domain=sit%65.test", None, 200),
    ("x=1&domain=www.alias.test", None, 200),
    ("domain=stores.test", None, 200),
    ("domain=acme.saas.test", None, 200),
    ("domain=acme.saas.test", "staging", 200),
    ("domain=acme.saas.test", "nowhere", 404),
    ("domain=nobody.saas.test", None, 404),
    ("domain=api.saas.test", None, 404),
    ("domain=a.b.saas.test", None, 404),
    # a wildcard makes no name ours
    ("domain=a.below.test", None, 404),
    ("domain=unknown.test", None, 404),
    ("domain=saas.test", None, 404),
    ("", None, 400),
    ("domain=", None, 400),
    ("domain", None, 400),
    ("domains=site.test", None, 400),
    ("domain=a b", None, 400),
    ("domain=a%2Fb", None, 400),
    ("domain=a%zz", None, 400),
    ("domain=site.test:443", None, 400),
    ("domain=site.test&domain=site.test", None, 400),
])
def test_ask_knows_whose_certificate_may_be_fetched(router, query, space,
                                                    status):
    more = [] if space is None else [("ROUTER_NAMESPACE", space)]
    reply = get(router, f"self.test/ask?{query.replace(' ', '%20')}", LOCAL,
                *more)
    assert reply.status == status, reply
    assert reply.reason == ("bad-request" if status == 400 else None)
    assert reply.get("Cache-Control") == "no-store"


def test_ask_is_never_made_true_by_a_fallback(lab):
    lab.routes("self.test internal=ask\n* respond=200\n"
               "*.wild.test =acme.saas.test\n{t}.saas.test @{t}\n"
               "{t}.same.test @production/acme\n"
               "@production/acme http://127.0.0.1:1\n")
    lab.start_router()
    for domain, status in (("acme.saas.test", 200), ("any.test", 404),
                           ("x.wild.test", 404), ("x.same.test", 404)):
        reply = get(lab, f"self.test/?domain={domain}", LOCAL)
        assert reply.status == status, (domain, reply)


# ---- who may, and what is read in one way only ----

@pytest.mark.parametrize("url, address, wanted", [
    ("ip.test/", "192.0.2.9", "/ip/"),
    ("ip.test/", "::ffff:192.0.2.9", "/ip/"),
    ("ip.test/", "2001:db8::9", "/ip/"),
    ("ip.test/", "192.0.2.66", "address-denied"),
    ("ip.test/", "::ffff:192.0.2.66", "address-denied"),
    ("ip.test/", "192.0.3.9", "address-denied"),
    ("ip.test/", "2001:db9::9", "address-denied"),
    ("ip.test/", "", "address-denied"),
    ("denied.test/", "192.0.2.9", "/denied/"),
    ("denied.test/", "192.0.2.66", "address-denied"),
    ("denied.test/", "192.0.2.66:1024", "address-denied"),
    ("denied.test/", "unix:", "address-denied"),
    ("denied.test/", "", "address-denied"),
    # of each level
    ("ip.test/svc", "192.0.2.9", "/guarded/svc"),
    ("ip.test/svc", "192.0.2.16", "address-denied"),
    ("alias.ip.test/", "192.0.2.8", "/ip/"),
    ("alias.ip.test/", "192.0.2.9", "address-denied"),
    ("alias.ip.test/", "192.0.2.66", "address-denied"),
])
def test_addresses(router, url, address, wanted):
    reply = get(router, url, ("REMOTE_ADDR", address))
    assert outcome(reply) == wanted
    assert reply.status == (403 if wanted == "address-denied" else 200)


@pytest.mark.parametrize("path, wanted", [
    ("/x%2Fy", "/amb/x%2Fy"),
    ("/x;y=1/z", "/amb/x;y=1/z"),
    ("/admin", "/admin/admin"),
    ("/admin/x%2Fy", "/admin/admin/x%2Fy"),
    ("/admin%2Fx", "ambiguous-path"),
    ("/admin%2fx", "ambiguous-path"),
    ("/admin%5Cx", "ambiguous-path"),
    ("/admin;a=b/x", "ambiguous-path"),
    ("/admin;/x", "ambiguous-path"),
    ("/%2Fadmin/x", "ambiguous-path"),
    ("/admin%2F;x", "ambiguous-path"),
    ("/raw/deep%2Fx", "/raw/raw/deep%2Fx"),
    ("/raw/x%2Fy", "/raw/raw/x%2Fy"),
    ("/raw/deep%5Cx", "ambiguous-path"),
    ("/raw/deep;a", "ambiguous-path"),
    ("/raw%2Fx", "ambiguous-path"),
])
def test_no_second_reading(router, path, wanted):
    reply = get(router, f"amb.test{path}")
    assert outcome(reply) == wanted
    assert reply.status == (400 if wanted == "ambiguous-path" else 200)


@pytest.mark.parametrize("url, more, wanted", [
    ("auth.test/", (), "auth-unavailable"),
    ("auth.test/redirect", (), "auth-unavailable"),
    ("auth.test/respond", (), "auth-unavailable"),
    ("auth.test/health", (LOCAL,), "auth-unavailable"),
    ("auth.test/service", (), "auth-unavailable"),
    ("auth.test/", (("HTTP_AUTHORIZATION", "Basic eDp5"),),
     "auth-unavailable"),
    ("defaulted.test/", (), "auth-unavailable"),
    ("word.test/tls", (), "origin-tls"),
    ("word.test/sign", (), "internal"),
    ("word.test/egress", (), "egress-denied"),
    ("word.test/redirect", (), "302 /x"),
])
def test_what_does_not_exist_yet_is_never_open(router, lasting_origin, url,
                                               more, wanted):
    lasting_origin.asked.clear()
    assert outcome(get(router, url, *more)) == wanted
    assert not lasting_origin.asked


# ---- header fields ----

def test_what_a_rule_sets_is_forged_on_no_route(router):
    forged = [("HTTP_X_USER", "me"), ("HTTP_X_TENANT", "me"),
              ("HTTP_REMOTE_USER", "me"), ("HTTP_X_OTHER", "me")]
    fields = seen(get(router, "inject.test/", *forged))
    assert fields["x-user"] == "root" and fields["x-other"] == "me"
    assert "x-tenant" not in fields and "remote-user" not in fields
    # conditions and variables still see what the client sent
    reply = get(router, "other.test/", *forged)
    fields = seen(reply)
    assert outcome(reply) == "/saw-it/"
    assert "x-user" not in fields and fields["x-copy"] == "me"
    fields = seen(get(router, "viaservice.test/", *forged))
    assert fields["x-tenant"] == "acme" and "x-user" not in fields


def test_a_services_words_work_as_a_routes(router):
    reply = get(router, "host.test/")
    assert seen(reply)["host"] == "name.test"
    assert reply.get("X-Level") == "service"
    assert reply.get("X-Tags") == "service service"
    reply = get(router, "host.test/own")
    assert seen(reply)["host"] == "host.test"
    assert reply.all("X-Level") == ["@hosted hosted"]
    assert reply.get("X-Tags") == "route service"


def test_rewrite_back_off_leaves_places_alone(router, lasting_origin):
    own = lasting_origin.url.removeprefix("http://")
    reply = get(router, "back.test/absolute")
    assert reply.get("Location") == f"http://{own}/new/place?q=1"
    assert reply.get("Set-Cookie") == "own=1; Path=/"
    reply = get(router, "back.test/off/absolute")
    assert reply.get("Location") == f"http://{own}/new/place?q=1"
    assert reply.get("Set-Cookie") == "own=1; Domain=127.0.0.1; Path=/"


def test_a_tenant_behind_an_alias_sets_no_cookie_for_its_siblings(lab):
    """It is the host asked for that counts, and that was a wildcard's."""
    script = Script(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Domain=sib.test; "
                    b"Path=/\r\nContent-Length: 0\r\n\r\n")
    lab.routes(f"*.sib.test =own.test\nown.test {script.url}\n"
               f"sib.test =own.test\n")
    lab.start_router()
    assert get(lab, "a.sib.test/").get("Set-Cookie") == "a=1; Path=/"
    assert get(lab, "sib.test/").get("Set-Cookie") == \
        "a=1; Domain=sib.test; Path=/"
    script.close()


# ---- plans ----

def test_an_unknown_plan_is_warned_of_once(router):
    for _ in range(3):
        assert outcome(get(router, "plan.test/")) == "/plan/"
        assert outcome(get(router, "known.test/")) == "/known/"
    text = router.process.text()
    assert text.count("plan 'gold'") == 1
    assert "plan 'pro'" not in text


def test_the_plan_in_force_is_told(router):
    assert seen(get(router, "known.test/echo"))["x-plan"] == "pro"
    assert "x-plan" not in seen(get(router, "plan.test/echo"))


# ---- doors ----

@pytest.mark.parametrize("name", ["acme", "nobody", "api", "-"])
@pytest.mark.parametrize("where, wanted", [
    ("guarded.test", "address-denied"), ("shut.test", "auth-unavailable")])
def test_a_door_does_not_tell_which_services_there_are(router, name, where,
                                                       wanted):
    assert outcome(get(router, f"{name}.{where}/")) == wanted


def test_behind_the_door_a_missing_service_is_told(router):
    inside = ("REMOTE_ADDR", "198.51.100.7")
    assert outcome(get(router, "acme.guarded.test/x", inside)) == \
        "/production-acme/x"
    assert outcome(get(router, "nobody.guarded.test/x", inside)) == \
        "no-service"


# ---- times and sizes ----

@pytest.mark.alone
@pytest.mark.parametrize("url, least, most", [
    ("slow.test/response/think/5000", 0.2, 1.5),
    ("slow.test/service/think/5000", 0.2, 1.5),
    ("slow.test/total/think/5000", 0.35, 1.5),
    # router.ini's 2s, though the route would allow more
    ("slow.test/tight/think/9000", 1.9, 5)])
def test_the_tightest_time_holds(router, url, least, most):
    before = time.monotonic()
    reply = get(router, url)
    took = time.monotonic() - before
    assert (reply.status, reply.reason) == (504, "origin-timeout"), reply
    assert least <= took <= most * labs.PATIENCE


@pytest.mark.parametrize("url", ["slow.test/idle/gate",
                                 "slow.test/total/stream"])
def test_an_answer_that_takes_too_long_breaks_off(router, lasting_origin,
                                                  url):
    lasting_origin.gate.clear()
    before = time.monotonic()
    reply = get(router, url)
    lasting_origin.gate.set()
    assert reply.status == 200 and reply.broken, reply
    assert time.monotonic() - before <= 2 * labs.PATIENCE


def test_a_time_beyond_all_clocks_is_no_limit(router):
    assert outcome(get(router, "slow.test/ages")) == "/ages/ages"


def test_connect_timeout_of_the_route(lab):
    """A listener that accepts nothing, its queue full."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        for _ in range(8):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            waiting.append(one)
        lab.routes("site.test http://127.0.0.1:"
                   f"{full.getsockname()[1]} connect-timeout=300ms\n")
        lab.start_router()
        before = time.monotonic()
        reply = get(lab, "site.test/")
        took = time.monotonic() - before
        for one in waiting:
            one.close()
    assert reply.reason == "origin-connect-timeout", reply
    assert 0.25 <= took <= 3 * labs.PATIENCE


@pytest.mark.parametrize("url, size, wanted", [
    ("body.test/", 10, 200), ("body.test/", 11, 413),
    ("body.test/service", 5, 200), ("body.test/service", 6, 413),
    # router.ini's 1000
    ("body.test/wide", 1000, 200), ("body.test/wide", 1001, 413),
    ("site.test/", 1000, 200), ("site.test/", 1001, 413)])
@pytest.mark.parametrize("known", [True, False])
def test_the_tightest_size_holds(router, url, size, wanted, known):
    host, _, path = url.partition("/")
    if known:
        reply = fcgi.ask(router.socket, f"/{path}", "POST", host=host,
                         body=pattern(size))
    else:
        with fcgi.Peer(router.socket) as peer:
            peer.send(fcgi.begin(), fcgi.params(fcgi.variables(
                f"/{path}", "POST", host)), fcgi.stdin(pattern(size)))
            reply = peer.reply()
    assert reply.status == wanted, reply
    if wanted == 200:
        assert json.loads(reply.body)["size"] == size
    else:
        assert reply.reason == "body-too-large"


def test_who_is_denied_is_told_before_the_body_is_read(router):
    """Of a body that never comes."""
    with fcgi.Peer(router.socket) as peer:
        peer.send(fcgi.begin(), fcgi.params(fcgi.variables(
            "/", "POST", "auth.test", [("CONTENT_LENGTH", "900")])))
        assert peer.reply().reason == "auth-unavailable"


# ---- a map is used as a whole ----

def test_route_and_service_are_of_one_map(lab, lasting_origin):
    """While maps change, a route and its service never come of two."""
    lab.configure(router__check="10ms")

    def install(number):
        lab.routes(
            "{t}.saas.test @{t}\n"
            f"    response-header X-Route: {number}\n"
            f"@production/acme {lasting_origin.url}/hello\n"
            f"    response-header X-Service: {number}\n")

    install(0)
    lab.start_router()
    stop = threading.Event()
    wrong, numbers = [], set()

    def run():
        while not stop.is_set():
            reply = get(lab, "acme.saas.test/")
            pair = (reply.get("X-Route"), reply.get("X-Service"))
            numbers.add(pair[0])
            if reply.status != 200 or pair[0] != pair[1]:
                wrong.append(reply)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(16):
        if number > 0:
            install(number)
        labs.until(lambda: wrong or str(number) in numbers, 10,
                   "the new map is used")
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:3]
    assert len(numbers) == 16


# ---- through web servers ----

class NamedSite(Site):
    """With a namespace that the web server sets."""

    def write(self):
        super().write()
        config = self.lab.dir / "conf" / self.config
        text = config.read_text()
        if self.setup.name == "nginx":
            text = text.replace(
                "fastcgi_param REMOTE_ADDR",
                "fastcgi_param ROUTER_NAMESPACE staging;\n"
                "fastcgi_param REMOTE_ADDR")
        else:
            text += ("\nLoadModule env_module "
                     "/usr/lib/apache2/modules/mod_env.so\n"
                     "SetEnv ROUTER_NAMESPACE staging\n")
        config.write_text(text)


@pytest.fixture(scope="module", params=["nginx", "apache-mod_fcgid",
                                        "apache-mod_proxy_fcgi"])
def site(request, new_lab, lasting_origin, end_lab_module):
    lab = new_lab(request.param)
    try:
        lab.routes(LIST.format(o=lasting_origin.url))
        yield NamedSite(lab, SETUPS[request.param]).start()
    finally:
        end_lab_module(lab)


@pytest.mark.parametrize("url, method, fields, wanted", [
    ("acme.saas.test/x", "GET", (), "/staging-acme/x"),
    ("api.saas.test/x", "GET", (), "no-service"),
    ("stores.test/acme/x", "GET", (), "/staging-acme/x"),
    ("www.alias.test/x", "GET", (), "/own/x"),
    ("when.test/?q=a+b", "GET", (), "/query/?q=a+b"),
    ("when.test/", "GET", (("X-Preview", "on"), ("Cookie", "staff=1")),
     "/preview/"),
    ("when.test/", "OPTIONS", (), "/other-method/"),
    ("unknown.test/.well-known/acme", "GET", (), "/acme/.well-known/acme"),
    ("self.test/health", "GET", (), "ok\n"),
    ("ip.test/", "GET", (), "address-denied"),
    ("amb.test/admin%2Fx", "GET", (), "ambiguous-path"),
    ("amb.test/x%2Fy", "GET", (), "/amb/x%2Fy"),
    ("auth.test/", "GET", (), "auth-unavailable"),
    ("slow.test/response/think/5000", "GET", (), "origin-timeout"),
])
def test_through_web_servers(site, url, method, fields, wanted):
    host, slash, path = url.partition("/")
    answer = http_ask(site.port, method, slash + path, host, fields)
    reason = answer.get("X-Router-Reason")
    if reason is None and answer.get("Content-Type") == "application/json":
        assert json.loads(answer.body)["target"] == wanted
    else:
        assert (reason or answer.text) == wanted


def test_a_body_too_large_for_the_route_through_web_servers(site):
    for size, status in ((10, 200), (11, 413), (100000, 413)):
        answer = http_ask(site.port, "POST", "/", "body.test",
                          body=pattern(size))
        assert answer.status == status, answer
    answer = http_ask(site.port, "POST", "/", "auth.test",
                      body=pattern(100000))
    assert answer.get("X-Router-Reason") == "auth-unavailable", answer


def test_forged_fields_end_at_the_router(site):
    answer = http_ask(site.port, "GET", "/", "star.test",
                      [("X-User", "root"), ("x_tenant", "acme"),
                       ("X-Stays", "1")])
    fields = {n.lower(): v for n, v in json.loads(answer.body)["fields"]}
    assert fields["x-stays"] == "1"
    assert not {"x-user", "x-tenant", "x_tenant"} & set(fields)
