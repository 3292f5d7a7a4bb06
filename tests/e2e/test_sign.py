# SPDX-License-Identifier: BSD-2-Clause
"""Signed requests: the check that the manual and the README print is run as it
stands against what a real origin was sent."""

import hashlib
import hmac
import os
import re
import shutil
import subprocess
import textwrap
import time

import pytest

import fcgi
import lab as labs
from client import ask
from origin import Origin
from setups import SETUPS, Site

FIELD = "X-Router-Signature"
SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0 $`\\'\"~"
OTHER = "another secret of the same length"
ROUTES = """
%defaults tag=env:prod
site.test {a} sign=key tag=team:pay
bare.test {a}/base sign=key
plain.test {a}
www.test =site.test
named.test {a} sign=named
    request-header X-Origin-Auth: forged by a rule
unnamed.test {a}
lost.test {a} sign=lost
merged.test @merged
merged.test/route @merged sign=key
@merged {a} sign=named
moved.test @moved
@moved http://127.0.0.1:1/first {a}/second sign=key retry=1
"""


def manual():
    text = (labs.TOP / "conf" / "router.ini.5").read_text()
    found, = [block for block in
              re.findall(r"(?ms)^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", text)
              if "openssl dgst" in block]
    return found.replace("\\e", "\\").replace("\\&", "")


def readme():
    text = (labs.TOP / "README").read_text()
    found, = [block for block in re.findall(r"(?m)(?:^(?:    .*)?\n)+", text)
              if "openssl dgst" in block]
    return textwrap.dedent(found).strip("\n") + "\n"


CHECK = manual()
SHELL = shutil.which("sh")


def accepts(secret, method, target, signature, path=os.environ["PATH"]):
    """What the shell says to the request."""
    done = subprocess.run(
        [SHELL, "-c", CHECK], check=False, capture_output=True, text=True,
        timeout=30, env={"PATH": path, "SECRET": str(secret),
                         "METHOD": method, "TARGET": target,
                         "SIGNATURE": signature})
    assert done.stdout == ""
    return done.returncode == 0


def test_readme_and_manual_have_the_same_ten_lines():
    assert readme() == CHECK
    assert CHECK.count("\n") <= 10


def keep(path, text, mode=0o640):
    """A file that the router may read, and nobody else."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text + "\n")
    fresh.chmod(mode)
    if labs.ROOT:
        shutil.chown(fresh, "root", labs.WEB_GROUP)
    fresh.rename(path)


class Signed:
    def __init__(self, lab, origin):
        self.lab = lab
        self.origin = origin
        self.secret = lab.dir / "var" / "key"
        self.named = lab.dir / "var" / "named"
        keep(self.secret, SECRET)
        keep(self.named, OTHER)
        lab.settings = {
            "router__check": "20ms", "sign:key__secret": str(self.secret),
            "sign:named__secret": str(self.named),
            "sign:named__header": "X-Origin-Auth"}
        lab.routes(ROUTES.format(a=origin.url))

    def signature(self, field=FIELD):
        """Of the last request: (method, target, field)."""
        asked = self.origin.asked[-1]
        found = asked.all(field)
        assert len(found) == 1, asked.fields
        return asked.method, asked.target, found[0]

    def checks(self, secret=None, field=FIELD):
        return accepts(secret or self.secret, *self.signature(field))


@pytest.fixture(scope="module", params=["nginx", "apache-mod_fcgid"])
def site(request, new_lab, end_lab_module):
    origin = Origin()
    lab = new_lab(request.param)
    try:
        made = Signed(lab, origin)
        made.site = Site(lab, SETUPS[request.param]).start()
        yield made
    finally:
        end_lab_module(lab)
        origin.close()


@pytest.fixture(scope="module")
def router(module_lab):
    origin = Origin()
    made = Signed(module_lab, origin)
    module_lab.configure()
    made.process = module_lab.start_router()
    yield made
    origin.close()


@pytest.mark.parametrize("method, target, body", [
    ("GET", "/hello", None), ("GET", "/hello?a=b;hmac=c&d=%2F%0A", None),
    ("POST", "/echo/%2F%C3%A9/x;y", b"a body"), ("HEAD", "/", None)])
def test_the_check_accepts_what_the_router_sends(site, method, target, body):
    answer = ask(site.site.port, method, target, body=body)
    assert answer.status in (200, 404), answer
    assert site.origin.asked[-1].method == method
    assert site.checks()


def test_it_says_when_for_which_host_and_tags(site):
    ask(site.site.port, target="/hello", host="WWW.test.")
    said = site.signature()[2]
    found = re.fullmatch(r"time=(\d+);host=www\.test;"
                         r"tags=team:pay,env:prod;hmac=[0-9a-f]{64}", said)
    assert found, said
    assert abs(int(found[1]) - time.time()) < 10
    assert site.checks()


def other(text):
    """The same with its last digit changed."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


CHANGES = {
    "method": lambda m, t, s: ("PUT", t, s),
    "path": lambda m, t, s: (m, "/other", s),
    "query": lambda m, t, s: (m, t + "&x", s),
    "time": lambda m, t, s: (m, t, re.sub(
        r"time=(\d+)", lambda f: f"time={int(f[1]) + 1}", s)),
    "host": lambda m, t, s: (m, t, s.replace("site.test", "evil.test")),
    "tags": lambda m, t, s: (m, t, s.replace("pay", "ops")),
    "hmac": lambda m, t, s: (m, t, other(s)),
    "short": lambda m, t, s: (m, t, s[:-1]),
    "long": lambda m, t, s: (m, t, s + "0"),
    "no hmac": lambda m, t, s: (m, t, re.sub("hmac=.*", "hmac=", s)),
    "nothing": lambda m, t, s: (m, t, ""),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_check_refuses_what_was_changed(router, change):
    fcgi.ask(router.lab.socket, "/hello?a")
    sent = router.signature()
    changed = CHANGES[change](*sent)
    assert changed != sent
    assert accepts(router.secret, *sent)
    assert not accepts(router.secret, *changed)


def test_the_check_refuses_another_secret(router):
    fcgi.ask(router.lab.socket, "/hello")
    assert not router.checks(router.named)


def signed(secret, *items):
    """As anybody can who knows the secret."""
    text = "".join(f"{line}\n" for line in [*items, "GET", "/"])
    mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256)
    return ";".join([*items, f"hmac={mac.hexdigest()}"])


@pytest.mark.parametrize("content", [None, "", "\n"],
                         ids=["no file", "nothing", "an empty line"])
def test_without_a_secret_the_check_accepts_nobody(tmp_path, content):
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_text(content)
    items = [f"time={int(time.time())}", "host=site.test", "tags="]
    for signature in (signed("", *items), ";".join([*items, "hmac="])):
        assert not accepts(secret, "GET", "/", signature)


def test_without_openssl_the_check_accepts_nobody(tmp_path):
    (tmp_path / "bin").mkdir()
    for program in ("cat", "date", "sh"):
        (tmp_path / "bin" / program).symlink_to(shutil.which(program))
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    items = [f"time={int(time.time())}", "host=site.test", "tags="]
    for signature in (signed(SECRET, *items), signed("", *items),
                      ";".join([*items, "hmac="])):
        assert not accepts(secret, "GET", "/", signature,
                           path=str(tmp_path / "bin"))
    assert accepts(secret, "GET", "/", signed(SECRET, *items))


@pytest.mark.parametrize("age, good", [(-60, False), (-20, True), (20, True),
                                       (60, False)])
def test_the_check_refuses_what_is_repeated_later(router, age, good):
    """Rightly signed, at another time."""
    items = [f"time={int(time.time()) - age}", "host=site.test", "tags="]
    assert accepts(router.secret, "GET", "/", signed(SECRET, *items)) == good


FORGED = ["X-Origin-Auth", "x-origin-auth", "X-ROUTER-SIGNATURE"]


@pytest.mark.parametrize("host", ["plain.test", "unnamed.test", "site.test",
                                  "named.test"])
@pytest.mark.parametrize("name", FORGED)
def test_no_client_sends_a_signature_on(site, host, name):
    ask(site.site.port, target="/hello", host=host,
        fields=[(name, "forged"), ("X-Kept", "kept")])
    asked = site.origin.asked[-1]
    assert asked.get("X-Kept") == "kept"
    assert "forged" not in " ".join(value for _, value in asked.fields)
    if host in ("plain.test", "unnamed.test"):
        assert not asked.all(FIELD) and not asked.all("X-Origin-Auth")


def test_no_rule_has_the_last_word(router):
    fcgi.ask(router.lab.socket, "/hello", host="named.test")
    assert router.checks(router.named, "X-Origin-Auth")


def test_a_route_says_it_before_its_service(router):
    fcgi.ask(router.lab.socket, "/hello", host="merged.test")
    assert router.checks(router.named, "X-Origin-Auth")
    fcgi.ask(router.lab.socket, "/route", host="merged.test")
    assert router.checks()
    assert not router.origin.asked[-1].all("X-Origin-Auth")


def test_another_origin_gets_a_signature_of_its_own(router):
    """For the target that it is asked for."""
    fcgi.ask(router.lab.socket, "/hello", host="moved.test")
    assert router.origin.asked[-1].target == "/second/hello"
    assert router.checks()


def test_the_target_is_that_of_the_origin(router):
    fcgi.ask(router.lab.socket, "/x", host="bare.test")
    assert router.signature()[1] == "/base/x"
    assert router.checks()


def test_without_its_section_nobody_is_asked(router):
    before = len(router.origin.asked)
    reply = fcgi.ask(router.lab.socket, "/hello", host="lost.test")
    assert (reply.status, reply.reason) == (500, "internal")
    assert len(router.origin.asked) == before
    assert "router.ini has no section [sign:lost]" in router.process.text()
    lost = {"sign:lost__secret": str(router.named)}
    router.lab.configure(**lost)
    labs.until(lambda: fcgi.ask(router.lab.socket, "/hello",
                                host="lost.test").status == 200, 5,
               "the section is in force")
    assert router.checks(router.named)
    router.lab.configure()
    labs.until(lambda: fcgi.ask(router.lab.socket, "/hello",
                                host="lost.test").status == 500, 5,
               "the section is gone")


def test_a_new_secret_is_used_without_a_restart(router):
    def checks():
        fcgi.ask(router.lab.socket, "/hello")
        return router.checks()

    try:
        keep(router.secret, OTHER * 2)
        labs.until(checks, 5, "the new secret signs")
    finally:
        keep(router.secret, SECRET)
    labs.until(checks, 5, "the first secret signs again")


@pytest.mark.parametrize("text, mode, why", [
    (SECRET, 0o644, "others can read"), ("short", 0o640, "less than 16"),
    (SECRET + "\n", 0o640, "not one line")])
def test_a_bad_secret_leaves_the_one_before(router, text, mode, why):
    before = router.process.text().count(why)
    kept = router.lab.dir / "var" / "kept"
    keep(kept, SECRET)
    try:
        keep(router.secret, text, mode)
        labs.until(lambda: router.process.text().count(why) > before, 5, why)
        fcgi.ask(router.lab.socket, "/hello")
        assert router.checks(kept)
    finally:
        keep(router.secret, SECRET)
    done = subprocess.run([router.lab.router, "-t", "-c", router.lab.ini],
                          capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_test_of_the_settings_reads_the_secrets(lab):
    keep(lab.dir / "var" / "key", "short")
    lab.configure(**{"sign:key__secret": str(lab.dir / "var" / "key")})
    lab.routes("site.test respond=204\n")
    done = subprocess.run([lab.router, "-t", "-c", lab.ini], check=False,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert re.search(r"router\.ini:\d+:\d+: error: .*less than 16 bytes",
                     done.stderr)


def test_the_compiler_needs_no_secret(router):
    """It may run as somebody who may not read them."""
    ini = router.lab.dir / "etc" / "router.ini"
    text = ini.read_text().replace(str(router.secret), "/nowhere/at/all")
    other_ini = router.lab.dir / "etc" / "other.ini"
    other_ini.write_text(text)
    done = router.lab.tool("route-compile", "-n", "-c", other_ini, "-",
                           input="a https://b.example sign=key\n")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_query_says_who_signs(router):
    done = router.lab.tool("route-query", "-v", "-c", router.lab.ini,
                           "http://site.test/hello")
    assert re.search(r"(?m)^sign +key\b", done.stdout), done.stdout
