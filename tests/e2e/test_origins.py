# SPDX-License-Identifier: BSD-2-Clause
"""Origins, well and badly behaved, and targets that need none."""

import json
import socket
import ssl
import subprocess
import threading

import pytest

import fcgi
import lab as labs
from client import pattern, sha256
from fcgi import Peer
from origin import Listener, Origin, Script, Wire


@pytest.fixture(scope="module")
def router(module_lab):
    """A router that gives up soon."""
    module_lab.configure(relay__response_timeout="500ms",
                         relay__idle_timeout="500ms",
                         relay__connect_timeout="500ms",
                         router__check="20ms")
    module_lab.routes("none.test respond=204\n")
    module_lab.start_router()
    pid = module_lab.router_pids()
    yield module_lab
    assert module_lab.router_pids() == pid, "the router has died meanwhile"


GENERATION = [0]


def route(router, line):
    """Makes it the only route and waits until it is in force."""
    GENERATION[0] += 1
    mark = f"generation-{GENERATION[0]}"
    router.routes(f"{line}\nmark.test respond=200 \"{mark}\"\n")
    labs.until(lambda: mark.encode() in fcgi.ask(
        router.socket, host="mark.test").body, 5, "the map is in force")


OK = b"HTTP/1.1 200 OK\r\n"
FIVE = b"Content-Length: 5\r\n\r\nhello"

# Time

class Silent(Listener):
    """Takes a request, sends what it is told to, and then nothing."""

    def __init__(self, data=b""):
        self.data = data
        super().__init__()

    def serve(self, sock):
        Wire(sock).line(b"\r\n\r\n")
        sock.sendall(self.data)
        self.stopped.wait(30)


def test_a_silent_origin_is_504(router):
    origin = Silent()
    try:
        route(router, f"site.test {origin.url}")
        reply = fcgi.ask(router.socket)
        assert (reply.status, reply.reason) == (504, "origin-timeout")
    finally:
        origin.close()


def test_an_origin_that_stops_within_its_body_is_a_break(router):
    origin = Silent(OK + b"Content-Length: 100\r\n\r\nhello")
    try:
        route(router, f"site.test {origin.url}")
        reply = fcgi.ask(router.socket)
        assert reply.status == 200 and reply.broken and not reply.ended
    finally:
        origin.close()


class Endless(Listener):
    """An answer that never ends, as fast as it is taken."""

    def serve(self, sock):
        Wire(sock).line(b"\r\n\r\n")
        sock.sendall(OK + b"Content-Length: 100000000000\r\n\r\n")
        try:
            while not self.stopped.is_set():
                sock.sendall(b"x" * 65536)
        except OSError:
            pass


@pytest.mark.parametrize("kind", [Silent, Endless])
def test_total_ends_an_exchange_whoever_is_slow(lab, kind):
    """And says that it was the origin's time."""
    origin = kind()
    try:
        lab.configure(relay__total="300ms")
        lab.routes(f"site.test {origin.url}\n")
        process = lab.start_router()
        if kind is Silent:
            reply = fcgi.ask(lab.socket)
            assert (reply.status, reply.reason) == (504, "origin-timeout")
        else:
            with Peer(lab.socket) as peer:
                peer.send(fcgi.request("/"))
                # Nothing is taken until the router has given up.
                labs.until(lambda: ": origin-timeout: " in process.text(),
                           5, "it gives up")
                reply = peer.reply()
                assert reply.status == 200 and reply.broken
    finally:
        origin.close()


def test_an_origin_that_does_not_accept_is_504(router):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = []
        try:
            # The queue of one is filled; further SYNs are dropped.
            for _ in range(4):
                sock = socket.socket()
                sock.setblocking(False)
                sock.connect_ex(("127.0.0.1", port))
                waiting.append(sock)
            route(router, f"site.test http://127.0.0.1:{port}")
            reply = fcgi.ask(router.socket)
            assert (reply.status, reply.reason) == (
                504, "origin-connect-timeout"), reply
        finally:
            for sock in waiting:
                sock.close()


# Kept connections

def test_a_connection_to_an_origin_is_used_again(router, origin):
    route(router, f"site.test {origin.url}")
    for _ in range(10):
        assert fcgi.ask(router.socket, "/bytes/1000").status == 200
        assert fcgi.ask(router.socket, "/chunked/1000").status == 200
        assert fcgi.ask(router.socket, "/echo", "POST",
                        body=b"x" * 1000).status == 200
    assert origin.accepted == 1


class Fickle(Listener):
    """Answers the first request of each connection; of later ones it reads
    the head and closes."""

    def __init__(self):
        self.heads = []
        super().__init__()

    def serve(self, sock):
        wire = Wire(sock)
        self.heads.append(wire.line(b"\r\n\r\n"))
        sock.sendall(OK + FIVE)
        self.heads.append(wire.line(b"\r\n\r\n"))


def test_a_get_on_a_dying_connection_is_repeated(router):
    origin = Fickle()
    try:
        route(router, f"site.test {origin.url}")
        for _ in range(3):
            reply = fcgi.ask(router.socket)
            assert (reply.status, reply.body) == (200, b"hello"), reply
    finally:
        origin.close()


def test_a_post_on_a_dying_connection_is_not_repeated(router):
    origin = Fickle()
    try:
        route(router, f"site.test {origin.url}")
        assert fcgi.ask(router.socket).status == 200
        reply = fcgi.ask(router.socket, "/once", "POST", body=b"x")
        assert (reply.status, reply.reason) in (
            (502, "origin-broken"), (200, None)), reply
        seen = [h for h in origin.heads if h and h.startswith(b"POST")]
        assert len(seen) == 1
    finally:
        origin.close()


def test_a_connection_that_the_origin_closed_is_not_used(router):
    """An origin that closes after each answer without a word."""
    script = Script(OK + FIVE)
    try:
        route(router, f"site.test {script.url}")
        for number in range(5):
            reply = fcgi.ask(router.socket, "/", "POST", body=b"")
            assert reply.status == 200, reply
            labs.until(lambda: len(script.ended) > number, 5, "it closed")
    finally:
        script.close()


# TLS

@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """A CA of our own and a certificate of localhost."""
    path = tmp_path_factory.mktemp("tls")
    path.chmod(0o755)

    def run(*argv):
        subprocess.run(["openssl", *map(str, argv)], check=True, cwd=path,
                       capture_output=True)

    run("req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out",
        "ca.pem", "-days", "2", "-subj", "/CN=a CA for tests")
    run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-keyout", "site.key", "-out", "site.csr", "-subj",
        "/CN=localhost")
    (path / "ext").write_text("subjectAltName=DNS:localhost\n")
    run("x509", "-req", "-in", "site.csr", "-CA", "ca.pem", "-CAkey",
        "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out",
        "site.pem")
    return path


@pytest.fixture
def secure(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "site.pem", authority / "site.key")
    names = []
    context.sni_callback = lambda sock, name, ctx: names.append(name)
    origin = Origin("secure", context=context)
    origin.names = names
    yield origin
    origin.close()


@pytest.fixture
def tls_router(lab, authority):
    (lab.dir / "ca.pem").write_bytes((authority / "ca.pem").read_bytes())
    lab.configure(router__check="20ms")
    lab.routes("none.test respond=204\n")
    lab.start_router(environment={
        "SSL_CERT_FILE": str(lab.dir / "ca.pem"),
        "SSL_CERT_DIR": str(lab.dir / "none")})
    return lab


def test_a_tls_origin_is_relayed_to(lab, tls_router, secure):
    lab.routes(f"site.test https://localhost:{secure.port}\n")
    labs.until(lambda: fcgi.ask(lab.socket, "/hello").status != 404, 5, "map")
    body = pattern(1 << 20)
    reply = fcgi.ask(lab.socket, "/echo", "POST", body=body)
    assert json.loads(reply.body)["sha256"] == sha256(body)
    assert sha256(fcgi.ask(lab.socket, "/bytes/3000000").body) == sha256(
        pattern(3000000))
    assert secure.names == ["localhost"]
    assert secure.accepted == 1, "the connection is kept"


def test_large_answers_over_tls_do_not_stop(lab, tls_router, secure):
    """What TLS has read already makes no event."""
    lab.routes(f"site.test https://localhost:{secure.port}\n")
    labs.until(lambda: fcgi.ask(lab.socket, "/hello").status != 404, 5, "map")
    wanted = sha256(pattern(3000000))
    wrong = []

    def run():
        for _ in range(2):
            try:
                with Peer(lab.socket, 10 * labs.PATIENCE) as peer:
                    reply = peer.ask("/bytes/3000000")
                if sha256(reply.body) != wanted:
                    wrong.append(len(reply.body))
            except OSError as error:
                wrong.append(error)
                return

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_certificate_for_another_name_is_refused(lab, tls_router, secure):
    lab.routes(f"site.test https://127.0.0.1:{secure.port}\n")
    labs.until(lambda: fcgi.ask(lab.socket, "/hello").status != 404, 5, "map")
    reply = fcgi.ask(lab.socket, "/hello")
    assert (reply.status, reply.reason) == (502, "origin-tls"), reply
    assert not secure.asked


def test_an_unknown_authority_is_refused(lab, secure):
    lab.routes(f"site.test https://localhost:{secure.port}\n")
    lab.start_router()
    reply = fcgi.ask(lab.socket, "/hello")
    assert (reply.status, reply.reason) == (502, "origin-tls"), reply
    assert not secure.asked


class Plain(Listener):
    """Speaks HTTP to whatever it hears."""

    def serve(self, sock):
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_a_plain_origin_under_https_is_refused(lab, tls_router):
    origin = Plain()
    try:
        lab.routes(f"site.test https://localhost:{origin.port}\n")
        labs.until(lambda: fcgi.ask(lab.socket, "/hello").status != 404, 5,
                   "map")
        reply = fcgi.ask(lab.socket, "/hello")
        assert (reply.status, reply.reason) == (502, "origin-tls"), reply
    finally:
        origin.close()


# Unix sockets, egress

def test_an_origin_on_a_unix_socket(router):
    path = router.dir / "app.sock"
    origin = Origin("unix", path=str(path))
    try:
        route(router, f"site.test unix:{path}:/base")
        reply = fcgi.ask(router.socket, "/echo")
        assert json.loads(reply.body)["target"] == "/base/echo", reply
    finally:
        origin.close()
    reply = fcgi.ask(router.socket, "/echo")
    assert (reply.status, reply.reason) == (502, "origin-refused"), reply


@pytest.mark.parametrize("label", ["0xa9fea9fe", "2852039166", "127"])
def test_no_client_spells_an_address_out(router, label):
    """The compiler refuses those that a list spells."""
    route(router, "{a}.site.test http://{a}")
    reply = fcgi.ask(router.socket, host=f"{label}.site.test")
    assert (reply.status, reply.reason) == (404, "no-service"), reply


def test_a_name_made_of_variables_reaches_no_private_address(router, origin):
    route(router, "{name}.site.test "
                  f"http://{{name}}.localhost:{origin.port}")
    reply = fcgi.ask(router.socket, "/hello", host="a.site.test")
    assert reply.reason in ("egress-denied", "origin-dns"), reply
    assert not origin.asked


def test_a_written_private_address_is_asked(router, origin):
    route(router, f"site.test http://localhost:{origin.port}")
    assert fcgi.ask(router.socket, "/hello").status == 200


# What the router answers itself

def test_redirect_targets(router):
    route(router, "old.test redirect=301 https://new.test{uri}\n"
                  "moved.test/a redirect=308 https://new.test/b{rest}\n"
                  "fixed.test redirect=302 /here")
    for host, target, status, location in (
            ("old.test", "/a%2Fb/c?x=%22&y", 301,
             "https://new.test/a%2Fb/c?x=%22&y"),
            ("moved.test", "/a/b/c?q", 308, "https://new.test/b/b/c"),
            ("fixed.test", "/x?y", 302, "/here")):
        reply = fcgi.ask(router.socket, target, host=host)
        assert (reply.status, reply.get("Location")) == (status, location)
        assert reply.get("Cache-Control") != "no-store"


def test_respond_targets(router):
    route(router, 'gone.test respond=410 "This shop has closed."\n'
                  'later.test respond=503 "Soon." retry-after=60\n'
                  "empty.test respond=204")
    reply = fcgi.ask(router.socket, host="gone.test")
    assert reply.status == 410 and b"This shop has closed." in reply.body
    reply = fcgi.ask(router.socket, host="later.test")
    assert (reply.status, reply.get("Retry-After")) == (503, "60")
    reply = fcgi.ask(router.socket, host="empty.test")
    assert (reply.status, reply.body) == (204, b"")
    reply = fcgi.ask(router.socket, "/", "POST", host="gone.test",
                     body=b"x" * 200000)
    assert reply.status == 410 and reply.ended


def test_pages_are_html_or_json(router):
    reply = fcgi.ask(router.socket, host="unknown.test",
                     more=[("HTTP_ACCEPT", "application/json")])
    assert reply.get("Content-Type").startswith("application/json")
    assert json.loads(reply.body)["reason"] == "no-host"
    reply = fcgi.ask(router.socket, host="unknown.test",
                     more=[("HTTP_ACCEPT", "text/html,*/*")])
    assert reply.get("Content-Type").startswith("text/html")
    assert reply.get("X-Request-Id").encode() in reply.body


# Header rules

def test_header_rules_with_variables(router, origin):
    route(router, f"""\
%headers common
    response-header X-Frame-Options: DENY
{{tenant}}.site.test/{{shop}} {origin.url} strip-prefix tag=kind:saas headers=common
    request-header X-Tenant: {{tenant}}
    request-header X-Uri: {{uri}} {{path}} {{rest}} {{query}}
    request-header X-Who: {{client_ip}} {{method}} {{scheme}}
    request-header +List: added
    request-header +X-List: added
    request-header -X-Secret
    response-header X-Served-By: {{shop}} for {{host}}
    response-header X-Kind: {{tag.kind}} {{request_id}}
    response-header X-Asked: {{header.X-Ask}}
    response-header -Content-Type""")
    reply = fcgi.ask(router.socket, "/books/echo?a=b", host="acme.site.test",
                     more=[("HTTP_X_TENANT", "forged"),
                           ("HTTP_X_SECRET", "s"), ("HTTP_X_LIST", "first"),
                           ("HTTP_LIST", "first"),
                           ("HTTP_X_ASK", "me")])
    assert reply.status == 200, reply
    seen = origin.asked[-1]
    assert seen.target == "/echo?a=b"
    assert seen.all("X-Tenant") == ["acme"]
    assert seen.get("X-Uri") == "/books/echo?a=b /books/echo /echo a=b"
    assert seen.get("X-Who") == "192.0.2.9 GET http"
    assert seen.all("List") == ["first", "added"]
    # of an X- field that a rule sets or adds, nothing is the client's
    assert seen.all("X-List") == ["added"]
    assert not seen.all("X-Secret")
    assert reply.get("X-Served-By") == "books for acme.site.test"
    assert reply.get("X-Kind") == f"saas {reply.get('X-Request-Id')}"
    assert reply.get("X-Asked") == "me"
    assert reply.get("X-Frame-Options") == "DENY"
    assert not reply.all("Content-Type")


def test_the_host_sent_to_the_origin(router, origin):
    port = origin.port
    route(router, f"a.test {origin.url}\n"
                  f"b.test {origin.url} host=preserve\n"
                  f"c.test {origin.url} host=other.example")
    for host, sent in (("a.test", f"127.0.0.1:{port}"), ("b.test", "b.test"),
                       ("c.test", "other.example")):
        assert fcgi.ask(router.socket, "/echo", host=host).status == 200
        assert origin.asked[-1].all("Host") == [sent]


# Many at once

def test_many_origins_at_once(router):
    """Each answer is of its own origin, over shared workers and pools."""
    origins = [Origin(f"origin-{n}") for n in range(8)]
    try:
        route(router, "\n".join(f"h{n}.test {o.url}"
                                for n, o in enumerate(origins)))
        wrong = []

        def run(number):
            with Peer(router.socket) as peer:
                for turn in range(40):
                    n = (number + turn) % len(origins)
                    reply = peer.ask("/hello", host=f"h{n}.test", keep=True)
                    if reply.body != f"hello from origin-{n}\n".encode():
                        wrong.append(reply)

        threads = [threading.Thread(target=run, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong, wrong[:3]
    finally:
        for origin in origins:
            origin.close()
