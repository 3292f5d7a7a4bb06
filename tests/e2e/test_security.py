# SPDX-License-Identifier: BSD-2-Clause
"""What clients, origins, names in the DNS and other users of the host may not
bring about. What needs no web server is asked by FastCGI."""

import contextlib
import itertools
import json
import os
import pathlib
import re
import socket
import stat
import subprocess

import pytest

import fcgi
import lab as labs
from client import Client, ask
from fcgi import Peer
from loose import Loose, Reader
from origin import Origin, Script
from setups import SETUPS, Site


@contextlib.contextmanager
def closing(thing):
    try:
        yield thing
    finally:
        thing.close()


class Trap:
    """Listens, and nobody may come."""

    def __init__(self, address="127.0.0.1", port=0):
        self.socket = socket.create_server((address, port), family=(
            socket.AF_INET6 if ":" in address else socket.AF_INET))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()

    def sprung(self):
        try:
            self.socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True


def proxies(port):
    """All names by which programs are told of a proxy."""
    return {name: f"http://127.0.0.1:{port}" for word in
            ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy",
             "socks_proxy") for name in (word, word.upper())}


# ---- httpoxy ----

def test_no_proxy_of_the_environment_is_asked(lab, origin):
    with closing(Trap()) as trap:
        lab.routes(f"site.test {origin.url}\n")
        lab.start_router(environment=proxies(trap.port))
        reply = fcgi.ask(lab.socket, "/hello", more=[
            ("HTTP_PROXY", f"http://127.0.0.1:{trap.port}")])
        assert reply.status == 200, reply
        assert not trap.sprung()
    assert origin.asked[0].get("Proxy") is None


def test_no_client_names_a_proxy_to_a_cgi_program(lab, origin):
    """There a header field is a variable of the environment."""
    lab.routes(f"site.test {origin.url}\n")
    lab.configure()
    with closing(Trap()) as trap:
        done = subprocess.run(
            [lab.router], capture_output=True, timeout=30,
            stdin=subprocess.DEVNULL, check=False, env={
                "PATH": os.environ["PATH"], "ROUTER_INI": str(lab.ini),
                **dict(fcgi.variables("/hello")), **proxies(trap.port)})
        assert done.stdout.startswith(b"Status: 200 "), done
        assert not trap.sprung()
    assert origin.asked[0].get("Proxy") is None


# ---- header injection ----

INJECTED = "Injected: yes"
PAYLOADS = {
    "crlf": f"x\r\n{INJECTED}",
    "crlf-crlf": f"x\r\n\r\n{INJECTED}",
    "lf": f"x\n{INJECTED}",
    "cr": f"x\r{INJECTED}",
    "nul": f"x\0{INJECTED}",
    "vt": f"x\x0b{INJECTED}",
    "fold": f"x\r\n {INJECTED}",
    "line-separator": f"x\xe2\x80\xa8{INJECTED}",
    "nel": f"x\xc2\x85{INJECTED}",
    "wide": f"x\xc4\x8d\xc4\x8a{INJECTED}",     # U+010D U+010A, cut to 8 bits
    "request": f"x HTTP/1.1\r\n{INJECTED}\r\n\r\nGET /second HTTP/1.1\r\n",
}
# Each way by which a client says what a variable then holds.
CHANNELS = {
    "capture": lambda v: {"target": f"/in/{quoted(v)}/rest"},
    "capture-twice": lambda v: {"target": f"/in/{quoted(quoted(v))}/rest"},
    "capture-raw": lambda v: {"target": f"/in/{v}/rest"},
    "rest": lambda v: {"target": f"/in/c/{quoted(v)}"},
    "rest-raw": lambda v: {"target": f"/in/c/{v}"},
    "query": lambda v: {"target": f"/in/c?{quoted(v)}"},
    "query-raw": lambda v: {"target": f"/in/c?{v}"},
    "host": lambda v: {"host": v},
    "host-quoted": lambda v: {"host": quoted(v)},
    "host-port": lambda v: {"host": f"any.inject.test:80{v}"},
    "method": lambda v: {"method": v},
    "scheme": lambda v: {"more": [("REQUEST_SCHEME", v), ("HTTPS", v)]},
    "client": lambda v: {"more": [("REMOTE_ADDR", v)]},
    "request-id": lambda v: {"more": [("HTTP_X_REQUEST_ID", v)]},
    "header": lambda v: {"more": [("HTTP_X_ANY", v)]},
    "header-name": lambda v: {"more": [(f"HTTP_X_ANY{v}", "y")]},
    "cookie": lambda v: {"more": [("HTTP_COOKIE", f"k={v}; j=1")]},
    "cookie-name": lambda v: {"more": [("HTTP_COOKIE", f"j=1; {v}=1; k=2")]},
    "content-type": lambda v: {"more": [("CONTENT_TYPE", v)]},
    "referer": lambda v: {"more": [("HTTP_REFERER", v),
                                   ("HTTP_USER_AGENT", v)]},
}
VARIABLES = ("{c} {host} {asked_host} {path} {rest} {uri} {query} {method} "
             "{scheme} {client_ip} {request_id} {route} {tag.t} {header.x-any}"
             " {cookie.k} {service} {version} {plan} {auth.id}").split()
SIDES = {side: "".join(f"    {side}-header X-Own-{at}: {variable}\n"
                       for at, variable in enumerate(VARIABLES))
         for side in ("request", "response")}
SEGMENTS = "/".join(variable for variable in VARIABLES
                    if variable not in ("{path}", "{rest}", "{uri}"))
QUERY = "&".join(variable for variable in VARIABLES if variable != "{uri}")
INJECT_MAP = f"""
*.inject.test/in/{{c}} ORIGIN/p/{SEGMENTS}{{path}} tag=t:v plan=pro
{SIDES["request"]}{SIDES["response"]}
redirect.test/in/{{c}} redirect=302 https://safe.test/{SEGMENTS}?{QUERY}
    tag=t:v
    plan=pro
{SIDES["response"]}
script.test SCRIPT
respond.test/in/{{c}} respond=200 "text" tag=t:v plan=pro
{SIDES["response"]}
"""


def quoted(text):
    """Each byte that could do harm as %XX."""
    return "".join(c if c.isalnum() and c.isascii() else f"%{ord(c):02X}"
                   for c in text)


@pytest.fixture(scope="module")
def injected(request, new_lab, end_lab_module):
    lab = new_lab("inject")
    origin, script = Origin(), Script(b"")
    try:
        lab.configure(log__access=str(lab.dir / "log" / "access.txt"))
        lab.routes(INJECT_MAP.replace("ORIGIN", origin.url)
                   .replace("SCRIPT", script.url))
        lab.origin, lab.script = origin, script
        lab.process = lab.start_router()
        yield lab
    finally:
        origin.close()
        script.close()
        end_lab_module(lab)


def is_harmless(line):
    """Is the line text, and does it drive no terminal?"""
    return not re.search("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f"
                         "\u2028-\u202e\u2066-\u2069]", line.decode())


def ask_and_log(lab, *args, **how):
    """The answer, and the lines that the log has once there is one of it."""
    log = lab.dir / "log" / "access.txt"
    before = log.stat().st_size if log.exists() else 0
    reply = fcgi.ask(lab.socket, *args, **how)
    labs.until(lambda: log.exists() and log.read_bytes()[before:].endswith(
        b"\n"), 5, "a line of the log")
    return reply, log.read_bytes()[before:].splitlines()


def nothing_came_in(lab, reply, lines):
    """No field of ours but those of the router, no second request, and one
    line a request in the log."""
    assert reply.ended and not reply.broken and reply.status, reply
    head, _, body = reply.out.partition(b"\r\n\r\n")
    for line in head.replace(b"\r\n", b"\n").split(b"\n"):
        assert re.match(rb"[A-Za-z0-9-]+: ?[^\x00-\x08\x0a-\x1f\x7f]*$",
                        line), reply
        assert not line.lower().startswith(b"injected"), reply
    assert b"HTTP/1.1" not in body.splitlines(), reply
    asked = lab.origin.asked
    assert len(asked) <= 1, [one.head for one in asked]
    for one in asked:
        assert not one.all("Injected"), one.head
    line, = lines
    assert is_harmless(line), line


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("host", ["any.inject.test", "redirect.test",
                                  "respond.test"])
def test_no_variable_carries_a_line_of_its_own(injected, host, channel):
    for payload in PAYLOADS.values():
        injected.origin.asked.clear()
        nothing_came_in(injected, *ask_and_log(
            injected, **{"target": "/in/c/rest?q", "host": host,
                         **CHANNELS[channel](payload)}))


def test_the_variables_are_put_in(injected):
    """What is tested above would be seen."""
    injected.origin.asked.clear()
    more = [("HTTP_X_ANY", "seen"), ("HTTP_COOKIE", "k=crumb")]
    reply, _ = ask_and_log(injected, "/in/c/rest?q", host="any.inject.test",
                           more=more)
    assert reply.status == 200, reply
    one = injected.origin.asked[0]
    for side in (one, reply):
        own = [side.get(f"X-Own-{at}") for at in range(len(VARIABLES))]
        assert own[0] == "c" and "seen" in own and "crumb" in own, own
    assert "/seen/crumb/" in one.target
    reply, _ = ask_and_log(injected, "/in/c/rest?q", host="redirect.test",
                           more=more)
    assert "/seen/crumb/" in reply.get("Location")


# ---- requests to where nobody wanted ----

LABELS = [
    "user@evil", "user%40evil", "x:81", "x%3A81", "x#y", "x%23y", "x?y",
    "x%3Fy", "x/y", "x%2Fy", "x%5Cy", "a.b", "a%2Eb", "..", "%2E%2E", ".",
    "[::1]", "%5B::1%5D", "x%00", "x%20y", "x%0D%0Ay", "x_y", "-x", "x-", "",
    "x%E3%80%82y", "x\xe3\x80\x82y", "x%EF%BC%8Ey", "x%C2%ADy", "%C3%A9",
    "%E2%93%94", "X" * 64, "127%2E0%2E0%2E2", "127.2", "0x7f.2",
    "\xe2\x91\xa0", "x%25y", "x;y", "x&y", "x%3By", "x,y", "x!y", "~x",
]
NUMBERS = ["2130706434", "0x7f000002", "017700000002", "127.2", "0x7f.2",
           "0177.0.0.2", "127.0.0.2", "0", "127.1", "0x7f.0x0.0x0.0x2"]


@pytest.fixture(scope="module")
def inner(request, new_lab, end_lab_module):
    """A router whose names all end in .inner.test. 127.0.0.1 is allowed, as
    if it were a public address; 127.0.0.2 is private."""
    lab = new_lab("ssrf")
    lab.origin = Origin()
    lab.trap = Trap("127.0.0.2", lab.origin.port)
    try:
        lab.configure(
            router__check="20ms", egress__allow="127.0.0.1")
        lab.routes(f"""
{{l}}.built.test http://{{l}}.inner.test:{lab.origin.port}
path.test/{{l}} http://{{l}}.inner.test:{lab.origin.port}
tail.test/{{l}} http://in-{{l}}:{lab.origin.port}
pair.test/{{a}}/{{b}} http://{{a}}.{{b}}:{lab.origin.port}
{{l}}.whole.test http://{{l}}:{lab.origin.port}
""")
        lab.names("")
        lab.start_named_router()
        yield lab
    finally:
        lab.trap.close()
        lab.origin.close()
        end_lab_module(lab)


def lookups(lab):
    return (lab.dir / "var" / "names.asked").read_text().split()


@pytest.mark.parametrize("label", LABELS)
def test_a_captured_label_is_one_label(inner, label):
    """Nothing else is looked up, so nothing else can be connected to."""
    inner.origin.asked.clear()
    before = len(lookups(inner))
    for host, target in (("path.test", f"/{label}/x"),
                         ("tail.test", f"/{label}/x"),
                         (f"{label}.built.test", "/"),
                         ("pair.test", f"/{label}/test"),
                         ("pair.test", f"/a/{label}")):
        reply = fcgi.ask(inner.socket, target, host=host)
        assert reply.status in (400, 404) or reply.reason == "origin-dns", \
            (host, target, reply)
    for name in lookups(inner)[before:]:
        assert re.fullmatch(r"(in-)?[a-z0-9-]+|[a-z0-9-]+\.inner\.test|"
                            r"[a-z0-9-]+\.[a-z0-9-]+", name), name
    assert not inner.origin.asked and not inner.trap.sprung()


@pytest.mark.parametrize("number", NUMBERS)
def test_no_spelling_of_an_address_comes_from_a_client(inner, number):
    inner.origin.asked.clear()
    parts = number.split(".", 1)
    for host, target in ((f"{number}.whole.test", "/"),
                         ("pair.test", f"/{parts[0]}/{parts[-1]}"),
                         ("path.test", f"/{number}/")):
        reply = fcgi.ask(inner.socket, target, host=host)
        assert reply.reason in ("no-service", "no-host", "no-path",
                                "bad-host", "origin-dns"), reply
    assert not inner.origin.asked and not inner.trap.sprung()


ANSWERS = [
    "169.254.169.254", "169.254.1.1", "100.100.100.200", "192.0.0.192",
    "168.63.129.16", "224.0.0.1", "255.255.255.255", "240.0.0.1", "fe80::1",
    "fd00:ec2::254", "ff02::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1", "::169.254.169.254", "127.0.0.2", "127.255.255.254",
    "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1",
    "198.18.0.1", "::1", "::", "fd00::1", "fc00::1", "::ffff:127.0.0.2",
    "::ffff:10.0.0.1", "64:ff9b::7f00:2", "64:ff9b::a00:1", "2002:7f00:2::1",
    "2002:a00:1::1", "::127.0.0.2",
]
NAMES = itertools.count(1)



@pytest.fixture
def named():
    """A name of its own for each test: libcurl remembers answers."""
    return f"n{next(NAMES)}"


@pytest.mark.parametrize("address", ANSWERS)
def test_an_answer_of_the_dns_leads_to_no_private_address(
        inner, named, address):
    inner.origin.asked.clear()
    inner.names(f"{named}.inner.test {address}\n")
    reply = fcgi.ask(inner.socket, "/hello", host=f"{named}.built.test")
    assert (reply.status, reply.reason) == (403, "egress-denied"), reply
    assert not inner.trap.sprung() and not inner.origin.asked


@pytest.mark.parametrize("order", ["{bad} 127.0.0.1", "127.0.0.1 {bad}"])
@pytest.mark.parametrize("bad", ["127.0.0.2", "169.254.169.254", "::1"])
def test_of_several_addresses_only_good_ones_are_used(inner, named, order,
                                                      bad):
    inner.names(f"{named}.inner.test {order.format(bad=bad)}\n")
    reply = fcgi.ask(inner.socket, "/hello", host=f"{named}.built.test")
    assert reply.status == 200, reply
    assert not inner.trap.sprung()


@pytest.fixture
def one_name(lab, origin):
    """Routes to one name, written and built, and a resolver."""
    lab.routes(f"written.test http://w.inner.test:{origin.port}\n"
               f"never.test http://w.inner.test:{origin.port} egress=never\n"
               f"{{l}}.built.test http://{{l}}.inner.test:{origin.port}\n")
    lab.configure(router__check="20ms", egress__allow="127.0.0.1",
                  **{"egress:never__private": "never"})
    return lab


@pytest.mark.parametrize("address, reason", [
    ("127.0.0.1", None), ("169.254.169.254", "egress-denied"),
    ("fd00:ec2::254", "egress-denied"), ("fe80::1", "egress-denied"),
    ("::ffff:169.254.169.254", "egress-denied"),
])
def test_a_written_name_leads_to_no_metadata(one_name, origin, address,
                                             reason):
    one_name.names(f"w.inner.test {address}\n")
    one_name.start_named_router()
    reply = fcgi.ask(one_name.socket, "/hello", host="written.test")
    assert reply.reason == reason, reply
    reply = fcgi.ask(one_name.socket, "/hello", host="never.test")
    assert reply.reason == "egress-denied", reply


def test_a_name_that_is_bound_again_is_judged_again(one_name, origin):
    """As CGI each request looks it up."""
    with closing(Trap("127.0.0.2", origin.port)) as trap:
        for address, status in (("127.0.0.1", b"200"), ("127.0.0.2", b"403"),
                                ("127.0.0.1", b"200")):
            one_name.names(f"w.inner.test {address}\na.inner.test {address}\n")
            done = subprocess.run(
                [one_name.router], capture_output=True, timeout=30,
                stdin=subprocess.DEVNULL, check=False, env={
                    "LD_PRELOAD": str(labs.BUILD / "tests/e2e/names.so"),
                    "NAMES_FILE": str(one_name.dir / "var" / "names"),
                    "ASAN_OPTIONS": "verify_asan_link_order=0",
                    "ROUTER_INI": str(one_name.ini),
                    **dict(fcgi.variables("/hello", host="a.built.test"))})
            assert done.stdout.startswith(b"Status: " + status), done
        assert not trap.sprung()


@pytest.mark.parametrize("change", [
    {"egress__deny": "127.0.0.1"},
    {"egress__deny": "0.0.0.0/0"},
    {"egress__allow": "192.0.2.1"},
])
def test_a_kept_connection_is_judged_again_after_a_reload(one_name, origin,
                                                          change):
    one_name.names("a.inner.test 127.0.0.1\n")
    one_name.start_named_router()
    for _ in range(2):
        reply = fcgi.ask(one_name.socket, "/hello", host="a.built.test")
        assert reply.status == 200, reply
    assert origin.accepted == 1, "it is kept"
    one_name.configure(router__check="20ms", **change)
    labs.until(lambda: fcgi.ask(one_name.socket, "/hello",
                                host="a.built.test").status == 403, 5,
               "the settings are in force")
    assert origin.accepted == 1
    one_name.configure(router__check="20ms", egress__allow="127.0.0.1")
    labs.until(lambda: fcgi.ask(one_name.socket, "/hello",
                                host="a.built.test").status == 200, 5,
               "they are as before")
    assert origin.accepted == 2, "by a new connection"


# ---- Unix sockets ----

def test_a_socket_of_variables_is_asked_in_its_folder_alone(lab):
    (lab.dir / "run" / "apps").mkdir()
    apps = [Origin("in", path=str(lab.dir / "run/apps/a.sock")),
            Origin("out", path=str(lab.dir / "run/a.sock"))]
    try:
        lab.routes(f"{{l}}.in.test unix:{lab.dir}/run/apps/{{l}}.sock\n"
                   f"{{l}}.out.test unix:{lab.dir}/run/{{l}}.sock\n"
                   f"w.test unix:{lab.dir}/run/a.sock\n"
                   f"n.test unix:{lab.dir}/run/a.sock egress=never\n")
        lab.configure(egress__sockets=f"{lab.dir}/run/apps",
                      **{"egress:never__private": "never"})
        lab.start_router()
        for host, wanted in (("a.in.test", 200), ("a.out.test", 403),
                             ("w.test", 200), ("n.test", 403)):
            reply = fcgi.ask(lab.socket, "/hello", host=host)
            assert reply.status == wanted, reply
    finally:
        for app in apps:
            app.close()


# ---- smuggling ----

POST = b"POST /%s HTTP/1.1\r\nHost: site.test\r\n"
SECOND = b"GET /smuggled HTTP/1.1\r\nHost: site.test\r\n\r\n"
CHUNKED_END = b"0\r\n\r\n"
SMUGGLED = {
    "cl-te": b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n"
             % len(CHUNKED_END + SECOND) + CHUNKED_END + SECOND,
    "te-cl": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
             b"%x\r\n%s\r\n" % (len(SECOND), SECOND) + CHUNKED_END,
    "te-te": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
             b"Transfer-Encoding: x\r\n\r\n" + CHUNKED_END + SECOND,
    "te-blank-colon": b"Content-Length: %d\r\nTransfer-Encoding : chunked"
                      b"\r\n\r\n" % len(CHUNKED_END + SECOND)
                      + CHUNKED_END + SECOND,
    "te-vt": b"Content-Length: %d\r\nTransfer-Encoding:\x0bchunked\r\n\r\n"
             % len(CHUNKED_END + SECOND) + CHUNKED_END + SECOND,
    "te-fold": b"Content-Length: %d\r\nTransfer-Encoding:\r\n chunked"
               b"\r\n\r\n" % len(CHUNKED_END + SECOND)
               + CHUNKED_END + SECOND,
    "te-case": b"Content-Length: %d\r\ntRANSFER-eNCODING: ChUnKeD\r\n\r\n"
               % len(CHUNKED_END + SECOND) + CHUNKED_END + SECOND,
    "te-underscore": b"Content-Length: %d\r\nTransfer_Encoding: chunked"
                     b"\r\n\r\n" % len(CHUNKED_END + SECOND)
                     + CHUNKED_END + SECOND,
    "te-quoted": b"Content-Length: %d\r\nTransfer-Encoding: \"chunked\""
                 b"\r\n\r\n" % len(CHUNKED_END + SECOND)
                 + CHUNKED_END + SECOND,
    "te-identity": b"Content-Length: %d\r\nTransfer-Encoding: identity, "
                   b"chunked\r\n\r\n" % len(CHUNKED_END + SECOND)
                   + CHUNKED_END + SECOND,
    "te-hidden-by-lf": b"Content-Length: %d\r\nX: y\nTransfer-Encoding: "
                       b"chunked\r\n\r\n" % len(CHUNKED_END + SECOND)
                       + CHUNKED_END + SECOND,
    "te-hidden-by-cr": b"Content-Length: %d\r\nX: y\rTransfer-Encoding: "
                       b"chunked\r\n\r\n" % len(CHUNKED_END + SECOND)
                       + CHUNKED_END + SECOND,
    "te-behind-connection": b"Connection: Content-Length\r\n"
                            b"Content-Length: %d\r\n\r\n" % len(SECOND)
                            + SECOND,
    "cl-twice": b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n"
                % len(SECOND) + SECOND,
    "cl-list": b"Content-Length: 0, %d\r\n\r\n" % len(SECOND) + SECOND,
    "cl-plus": b"Content-Length: +%d\r\n\r\n" % len(SECOND) + SECOND,
    "cl-zeros": b"Content-Length: 000%d\r\n\r\n" % len(SECOND) + SECOND,
    "cl-underscore": b"Content_Length: 0\r\nContent-Length: %d\r\n\r\n"
                     % len(SECOND) + SECOND,
    "cl-vt": b"Content-Length: 0\r\nContent-Length\x0b: %d\r\n\r\n"
             % len(SECOND) + SECOND,
    "cl-negative": b"Content-Length: -1\r\n\r\n" + SECOND,
    "body-is-a-request": b"Content-Length: %d\r\n\r\n" % len(SECOND)
                         + SECOND,
    "chunk-extension": b"Transfer-Encoding: chunked\r\n\r\n3;a=\"\nx\"\r\n"
                       b"abc\r\n0\r\n\r\n",
    "chunk-plus": b"Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n",
    "chunk-0x": b"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
    "chunk-lf": b"Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n" + SECOND,
    "chunk-long": b"Transfer-Encoding: chunked\r\n\r\n"
                  b"10000000000000003\r\nabc\r\n0\r\n\r\n" + SECOND,
    "trailer": b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
               b"Content-Length: 30\r\nTransfer-Encoding: chunked\r\n\r\n",
    "expect": b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n"
              % len(SECOND) + SECOND,
    "upgrade": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
               b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
               b"Content-Length: 0\r\n\r\n",
}


@pytest.fixture(scope="module", params=list(SETUPS))
def site(request, new_lab, end_lab_module):
    setup = SETUPS[request.param]
    lab = new_lab(setup.name)
    loose, proxy = Loose(), Trap()
    try:
        lab.routes(f"site.test {loose.url}\n")
        made = Site(lab, setup, environment=proxies(proxy.port)).start()
        made.loose, made.proxy = loose, proxy
        yield made
    finally:
        end_lab_module(lab)
        proxy.close()
        loose.close()


def converse(port, data):
    """Sends it all, and hears all there is."""
    with Client(port, timeout=10) as client, \
            contextlib.suppress(ConnectionError):
        client.raw(data)
        client.socket.shutdown(socket.SHUT_WR)
        while client.part():
            pass


@pytest.mark.parametrize("how", SMUGGLED)
def test_a_loose_origin_sees_what_a_strict_one_sees(site, how):
    name = how.encode()
    converse(site.port, POST % name + b"Connection: close\r\n"
             + SMUGGLED[how])
    assert ask(site.port, target=f"/behind/{how}").status == 200
    with contextlib.suppress(labs.Trouble):
        labs.until(lambda: sorted(site.loose.seen) ==
                   sorted(site.loose.strictly()), 5, "all have come")
    seen = sorted(site.loose.seen)
    assert seen == sorted(site.loose.strictly())
    lines = [line for line, _ in seen]
    assert lines.count(b"POST /" + name) <= 1
    assert lines.count(b"GET /behind/" + name) == 1


def test_the_loose_reader_sees_what_is_smuggled():
    """Were these bytes passed on as they are."""
    for how in ("cl-te", "te-blank-colon", "te-vt", "te-fold", "te-quoted",
                "te-hidden-by-lf", "te-identity", "te-underscore"):
        parts = [POST % b"x" + SMUGGLED[how]]
        reader = Reader(lambda: parts and parts.pop())
        assert reader.request()[0] == b"POST /x", how
        assert reader.request()[0] == b"GET /smuggled", how


def test_no_set_up_asks_a_proxy_that_a_client_names(site):
    """Nor one of its environment."""
    answer = ask(site.port, target="/proxied", fields=[
        (name, f"http://127.0.0.1:{site.proxy.port}/")
        for name in ("Proxy", "proxy", "PROXY")])
    assert answer.status in (200, 400), answer
    assert not site.proxy.sprung()
    for raw in site.loose.raw:
        assert b"\nproxy:" not in raw.lower()


# ---- other users of the host ----

AS_OTHERS = pytest.mark.skipif(not labs.ROOT, reason="needs another user")

SPEAK = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
    s.sendall(bytes.fromhex(sys.argv[2]))
    print(s.recv(65536).hex() or "closed")
except ConnectionError:
    print("closed")
except PermissionError:
    print("refused")
"""


def speak_as_nobody(path):
    """What another user of the host gets from the socket."""
    return subprocess.run(
        ["/usr/bin/python3", "-I", "-c", SPEAK, str(path),
         fcgi.request("/hello").hex()], user="nobody", group="nogroup",
        extra_groups=[], capture_output=True, text=True, timeout=30,
        check=True).stdout.strip()


@AS_OTHERS
def test_other_users_cannot_speak_to_the_socket(lab, origin):
    lab.routes(f"site.test {origin.url}\n")
    process = lab.start_router()
    assert speak_as_nobody(lab.socket) == "refused"
    # Somebody opened it to all: each peer is still asked who it is.
    lab.socket.chmod(0o666)
    for _ in range(3):
        assert speak_as_nobody(lab.socket) == "closed"
    # Said once, however often that one comes.
    assert process.text().count("allow_users") == 1
    assert not origin.asked
    assert fcgi.ask(lab.socket, "/hello").status == 200


def spools(pid):
    """Descriptors of the process that have no name on the disk."""
    found = []
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if os.readlink(entry).endswith(" (deleted)"):
                found.append(os.stat(entry))
    return found


def test_what_is_spooled_has_no_name(lab, origin):
    folder = lab.dir / "var" / "spool"
    folder.mkdir()
    folder.chmod(0o777)
    lab.configure(router__spool="yes", router__spool_dir=folder)
    lab.routes(f"site.test {origin.url}\n")
    process = lab.start_router()
    with Peer(lab.socket) as peer:
        peer.send(fcgi.begin() + fcgi.params(fcgi.variables(
            "/echo", "POST", more=[("CONTENT_LENGTH", "400000")])))
        peer.send(fcgi.stdin(b"x" * 300000)[:-8])
        labs.until(lambda: sum(s.st_size for s in spools(process.pid))
                   >= 200000, 5, "a part is spooled")
        assert all(stat.S_IMODE(s.st_mode) == 0o600
                   for s in spools(process.pid) if s.st_size)
        assert not list(folder.iterdir())
        peer.send(fcgi.stdin(b"x" * 100000))
        assert json.loads(peer.reply().body)["size"] == 400000
    labs.until(lambda: not any(s.st_size for s in spools(process.pid)), 5,
               "it is gone")


def test_what_is_written_is_not_for_all(lab, origin):
    """The log may hold what clients keep to themselves."""
    log = lab.dir / "log" / "access.txt"
    lab.configure(log__access=log)
    lab.routes(f"site.test {origin.url}\n")
    old = os.umask(0)
    try:
        lab.start_router()
    finally:
        os.umask(old)
    fcgi.ask(lab.socket, "/hello")
    labs.until(log.exists, 5, "the log")
    assert stat.S_IMODE(log.stat().st_mode) == 0o640
    assert stat.S_IMODE(lab.socket.stat().st_mode) == 0o660


def test_a_key_that_others_can_read_is_refused(lab):
    key = lab.dir / "etc" / "site.key"
    key.write_text("whatever")
    key.chmod(0o644)
    lab.configure(**{"tls:a__cert": key, "tls:a__key": key})
    lab.routes("site.test respond=204\n")
    done = subprocess.run([lab.router, "-t", "-c", lab.ini], text=True,
                          capture_output=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "others can read or write it" in done.stderr


# ---- logs and terminals ----

NASTY = {
    "escape": "\x1b[2J\x1b]0;title\x07", "c1": "\x9b2J", "c1-utf8":
    "\xc2\x9b2J", "newline": "a\nb", "return": "a\rb", "quote": 'a"b',
    "backslash": "a\\b", "invalid": "\xff\xfe", "half": "\xe2\x82",
    "bidi": "\xe2\x80\xaea", "tab": "a\tb", "delete": "a\x7fb",
    "nul": "a\0b",
}
@pytest.mark.parametrize("what", NASTY)
def test_what_clients_say_is_escaped_in_logs(injected, what):
    text = NASTY[what]
    for how in ({"more": [("HTTP_REFERER", text)]},
                {"more": [("HTTP_USER_AGENT", text)]},
                {"more": [("REMOTE_ADDR", text)]},
                {"host": f"any.inject.test{text}"}, {"host": text},
                {"target": f"/{text}"}, {"target": f"/in/{quoted(text)}"},
                {"target": f"/in/c?{text}"}, {"method": f"GET{text}"}):
        _, lines = ask_and_log(injected, **{"host": "any.inject.test", **how})
        line, = lines
        assert is_harmless(line), line
        # A quote of theirs ends no field.
        assert len(re.findall(rb'(?<!\\)(?:\\\\)*"', line)) == 6, line
    for line in injected.process.text().encode().splitlines():
        assert is_harmless(line), line


@pytest.mark.parametrize("what", NASTY)
def test_what_origins_say_is_escaped_in_logs_and_on_terminals(injected, what):
    """Their words come into messages about what is wrong with them."""
    text = NASTY[what].encode("latin-1")
    for data in (b"HTTP/1.1 200 " + text + b"\r\n\r\n",
                 b"HTTP/9.9 " + text + b"\r\n\r\n", text + b"\r\n\r\n",
                 b"HTTP/1.1 200 OK\r\nX" + text + b": 1\r\n\r\n",
                 b"HTTP/1.1 200 OK\r\nContent-Length: " + text + b"\r\n\r\n",
                 b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + text +
                 b"\r\n\r\n"):
        injected.script.data = data
        reply, lines = ask_and_log(injected, host="script.test")
        assert reply.status, data
        for line in (*lines, *injected.process.text().encode().splitlines()):
            assert is_harmless(line), line
    assert len(injected.script.heads) >= 6


@pytest.mark.parametrize("what", NASTY)
def test_route_query_escapes_what_is_asked_of_it(injected, what):
    """What an operator copies from a log into a terminal."""
    text = NASTY[what].replace("\0", "")
    done = subprocess.run(
        [labs.BUILD / "tools" / "route-query", "-m", injected.map, "-H",
         f"X-Any: {text}", f"http://any.inject.test/{text}"],
        capture_output=True, timeout=60, check=False)
    assert done.returncode in (0, 1, 2)
    for line in (done.stdout + done.stderr).splitlines():
        assert is_harmless(line), line
