# SPDX-License-Identifier: BSD-2-Clause
"""The worked example, conf/platform.list and conf/platform.ini, as they stand:
only the ports of its origins are others, and its map lies elsewhere."""

import base64
import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import textwrap

import pytest

import fcgi
import lab as labs
from origin import Origin

CONF = labs.TOP / "conf"
README = (labs.TOP / "README").read_text()
CLIENT = "192.0.2.9"
# secret, by bcrypt.
STAFF = "ada:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n"
TOKEN = "a-token-of-acme"


def secret(path, text):
    path.write_text(text)
    path.chmod(0o600)
    if labs.ROOT:
        shutil.chown(path, labs.WEB_USER)


@pytest.fixture(scope="module")
def platform():
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(contextlib.closing(labs.Lab("platform")))
        text = (CONF / "platform.list").read_text()
        lab.origins = {}
        for port in sorted(set(re.findall(r"127\.0\.0\.1:(\d+)", text))):
            origin = stack.enter_context(contextlib.closing(Origin(port)))
            text = text.replace(f"http://127.0.0.1:{port}", origin.url)
            lab.origins[port] = origin
        secret(lab.dir / "etc" / "platform.staff", STAFF)
        secret(lab.dir / "etc" / "platform.tokens",
               hashlib.sha256(TOKEN.encode()).hexdigest() +
               " acme-deploy plan=pro customer=acme\n")
        lab.configure((CONF / "platform.ini").read_text(),
                      router__map=str(lab.map))
        lab.routes(text)
        lab.start_router()
        yield lab


# ---- what README says of it ----

def blocks():
    """Lists and commands of that part, in order."""
    part = README.split("A small platform\n---")[1].split("\n\n\n")[0]
    return [textwrap.dedent(block) for block in
            re.findall(r"(?m)(?:^    .*\n|^\n(?=    ))+", part)]


def test_readme_shows_lines_of_the_list():
    shown = [line for line in blocks()[0].splitlines() if line]
    assert len(shown) > 5
    lines = (CONF / "platform.list").read_text().splitlines()
    assert set(shown) <= set(lines)


def test_commands_of_readme_work_in_a_fresh_copy(lab):
    folder = lab.dir / "conf"
    for name in ("platform.list", "platform.ini"):
        shutil.copy(CONF / name, folder)
    commands = blocks()[1]
    assert commands.count("route-query") == 3
    # It asks for the password at the terminal.
    script = commands.replace("openssl passwd -6", "openssl passwd -6 secret")
    done = subprocess.run(
        ["sh", "-ec", script + 'printf "token %s\\n" "$token"'], cwd=folder,
        capture_output=True, text=True, check=False, timeout=60, env={
            "PATH": f"{lab.dir / 'bin'}:{labs.BUILD / 'tools'}:"
                    f"{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    assert re.findall(r"(?m)^service +(\S+)", done.stdout) == [
        "@production/globex", "@production/acme.hello", "@staging/acme"]
    token = re.search(r"(?m)^token (\S{64})$", done.stdout)[1]
    serve = re.search(r"fcgi-router (.*) \\\n", blocks()[2])[1]
    assert serve == "-c platform.ini -s unix:/run/fcgi-router/router.sock"
    served = folder / "served.ini"
    served.write_text((folder / "platform.ini").read_text().replace(
        "[router]", f"[router]\nstate_dir = {lab.dir / 'run' / 'state'}"))
    lab.start_router("-s", f"unix:{lab.socket}", "-c", served, user=None,
                     group=None, extra_groups=None)
    labs.until(lambda: labs.connects(lab.socket), 10, "the router listens")

    def status(host, **variables):
        return ask(lab, host, **variables).reason

    right = base64.b64encode(b"ada:secret").decode()
    assert status("admin.platform.example") == "auth-required"
    assert status("api.platform.example") == "auth-required"
    # Whatever listens at those ports, these are let in.
    for host, field in (("admin.platform.example", f"Basic {right}"),
                        ("api.platform.example", f"Bearer {token}")):
        assert status(host, HTTP_AUTHORIZATION=field) in (
            None, "origin-refused")


# ---- what it does ----

def ask(lab, host, target="/", client=CLIENT, **variables):
    return fcgi.ask(lab.socket, target, host=host, more=[
        ("REMOTE_ADDR", client), *variables.items()])


def asked(lab, port):
    """What that origin was asked last."""
    return lab.origins[port].asked[-1]


@pytest.mark.parametrize("host, target, ports, path", [
    ("platform.example", "/", ["8101"], "/"),
    ("www.platform.example", "/a", ["8101"], "/a"),
    ("acme.platform.example", "/a?b", ["8111", "8112"], "/a?b"),
    ("www.acme.example", "/a", ["8111", "8112"], "/a"),
    ("shop.globex.example", "/cart", ["8113"], "/cart"),
    ("globex.platform.example", "/", ["8113"], "/"),
    ("run.platform.example", "/acme/hello", ["8121"], "/"),
    ("run.platform.example", "/acme/hello/x", ["8121"], "/x"),
    ("www.acme.example", "/.well-known/acme-challenge/t", ["8100"],
     "/.well-known/acme-challenge/t"),
    ("nobody.test", "/.well-known/acme-challenge/t", ["8100"],
     "/.well-known/acme-challenge/t")])
def test_each_goes_where_the_list_says(platform, host, target, ports, path):
    before = {port: len(platform.origins[port].asked) for port in ports}
    assert ask(platform, host, target).status == 200
    port, = (port for port in ports
             if len(platform.origins[port].asked) > before[port])
    assert asked(platform, port).target == path


def test_staging_is_a_namespace_of_its_own(platform):
    staging = {"ROUTER_NAMESPACE": "staging"}
    assert ask(platform, "acme.platform.example", "/s", **staging).status == 200
    assert asked(platform, "8131").target == "/s"
    assert ask(platform, "run.platform.example", "/acme/hello",
               **staging).status == 200
    assert asked(platform, "8132").target == "/"
    reply = ask(platform, "globex.platform.example", **staging)
    assert (reply.status, reply.reason) == (404, "no-service")


def test_nobody_else_is_a_customer(platform):
    reply = ask(platform, "hooli.platform.example")
    assert (reply.status, reply.reason) == (404, "no-service")
    assert ask(platform, "nobody.test").reason == "no-host"


def test_the_admin_is_for_staff(platform):
    reply = ask(platform, "admin.platform.example")
    assert (reply.status, reply.reason) == (401, "auth-required")
    assert reply.get("WWW-Authenticate").startswith('Basic realm="Staff"')
    assert not platform.origins["8102"].asked
    right = base64.b64encode(b"ada:secret").decode()
    reply = ask(platform, "admin.platform.example",
                HTTP_AUTHORIZATION=f"Basic {right}", HTTP_X_STAFF="eve")
    assert reply.status == 200
    assert reply.get("X-Frame-Options") == "DENY"
    seen = asked(platform, "8102")
    assert seen.all("X-Staff") == ["ada"]
    assert not seen.all("Authorization")


def test_the_api_is_for_tokens(platform):
    assert ask(platform, "api.platform.example").status == 401
    assert ask(platform, "api.platform.example",
               HTTP_AUTHORIZATION="Bearer another").status == 401
    assert not platform.origins["8103"].asked
    assert ask(platform, "api.platform.example",
               HTTP_AUTHORIZATION=f"Bearer {TOKEN}").status == 200
    assert asked(platform, "8103").all("X-Customer") == ["acme"]


def outcomes(lab, host, count):
    return [ask(lab, host, client=f"198.51.100.{n}").status
            for n in range(count)]


def test_customers_get_what_they_pay_for(platform):
    """Whoever asks, from whatever address."""
    free = outcomes(platform, "initech.platform.example", 30)
    assert free[:10] == [200] * 10 and free.count(429) >= 10
    reply = ask(platform, "initech.platform.example")
    if reply.status == 429:
        assert reply.reason == "limit-rate" and reply.get("Retry-After")
    assert set(outcomes(platform, "acme.platform.example", 60)) == {200}
    assert set(outcomes(platform, "shop.globex.example", 60)) == {200}


@pytest.mark.parametrize("domain, status", [
    ("www.acme.example", 200), ("acme.platform.example", 200),
    ("hooli.platform.example", 404), ("nobody.test", 404)])
def test_certificates_are_made_for_hosts_that_are_there(
        platform, domain, status):
    target = f"/?domain={domain}"
    assert ask(platform, "ask.platform.example", target,
               client="127.0.0.1").status == status
    assert ask(platform, "ask.platform.example", target).status == 403
