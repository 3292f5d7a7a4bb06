# SPDX-License-Identifier: BSD-2-Clause
"""Who is let in by tokens and passwords, behind web servers that each pass
credentials on in their own way; and what the origin hears of those who are
not: nothing."""

import base64
import hashlib
import os
import re
import shutil
import threading

import pytest

import lab as labs
from client import ask
from origin import Origin
from setups import SETUPS, Site

# secret, by bcrypt with costs 4 and 11.
CHEAP = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
DEAR = "$2y$11$abcdefghijklmnopqrstuuViuGI07N4McP9Kl.tD6XMEzyuvcY8LG"

ROUTES = """
open.test      {url}
bearer.test    {url} auth=tokens
    request-header X-User: {{auth.identity}}
    request-header X-Team: {{auth.team}};{{auth.none}}
pass.test      {url} auth=tokens pass-auth
basic.test     {url} auth=users
    request-header X-User: {{auth.identity}}
any.test       {url} auth=tokens|users
all.test       {url} auth=tokens,second
gone.test      {url} auth=gone
either.test    {url} auth=gone|tokens
local.test     respond=200 "in" auth=tokens
{{t}}.dyn.test @{{t}} auth=tokens
own.test       @{{auth.team}} auth=tokens
@production/red {url} max-body=10
@production/green {url} auth=users
vanity.test    =served.test auth=tokens
served.test    @api auth=users|second
@api           {url} auth=third
"""


def bearer(token):
    return ("Authorization", f"Bearer {token}")


def basic(user, password):
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return ("Authorization", f"Basic {pair}")


def line(token, what):
    return f"{hashlib.sha256(token.encode()).hexdigest()} {what}\n"


def secret(path, text, mode=0o600):
    """A file for the router's user alone, put there at once."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(mode)
    if labs.ROOT:
        shutil.chown(fresh, labs.WEB_USER, labs.WEB_GROUP)
    fresh.rename(path)


TOKENS = line("alice-token", "alice team=red plan=pro") + \
    line("bob-token", "bob") + line("third-token", "carol") + \
    line("green-token", "dora team=green") + \
    line("odd-token", "eve team=../red")


def sections(folder):
    kinds = {"tokens": "bearer", "second": "bearer", "third": "bearer",
             "users": "basic"}
    told = {}
    for name, kind in kinds.items():
        told[f"auth:{name}__type"] = kind
        told[f"auth:{name}__file"] = str(folder / name)
    return {**told, "auth:tokens__realm": '"a site; of ours"'}


class Guarded(Site):
    def asks(self, host, *fields, **how):
        """The answer, and what the origin was asked for it."""
        before = len(self.origin.asked)
        answer = ask(self.port, host=host, fields=fields, **how)
        return answer, self.origin.asked[before:]


def open_site(lab, name, **settings):
    lab.origin = Origin()
    lab.cleanups.append(lab.origin.close)
    folder = lab.dir / "etc"
    secret(folder / "tokens", TOKENS)
    secret(folder / "second", line("bob-token", "robert"))
    secret(folder / "third", line("third-token", "carol") +
           line("bob-token", "bob3"))
    secret(folder / "users", f"ann:{CHEAP}\nslow:{DEAR}\n")
    lab.settings = {**sections(folder), "router__check": "20ms",
                    "log__access": str(lab.dir / "log" / "access"),
                    **settings}
    lab.routes(ROUTES.format(url=lab.origin.url))
    site = Guarded(lab, SETUPS[name]).start()
    site.origin = lab.origin
    return site


@pytest.fixture(scope="module", params=[
    "apache-mod_fcgid", "nginx", "apache-htaccess", "apache-cgi"])
def site(request, new_lab, end_lab_module):
    lab = new_lab(request.param)
    try:
        yield open_site(lab, request.param)
    finally:
        end_lab_module(lab)


BEARER = 'Bearer realm="a site; of ours"'
WRONG = BEARER + ', error="invalid_token"'
BASIC = 'Basic realm="fcgi-router", charset="UTF-8"'
PLAIN = 'Bearer realm="fcgi-router"'

# Host, fields, status, reason, challenges.
REFUSED = {
    "no-token": ("bearer.test", [], 401, [BEARER]),
    "wrong-token": ("bearer.test", [bearer("x")], 401, [WRONG]),
    "other-scheme": ("bearer.test", [basic("ann", "secret")], 401, [BEARER]),
    "no-user": ("basic.test", [], 401, [BASIC]),
    "wrong-password": ("basic.test", [basic("ann", "x")], 401, [BASIC]),
    "unknown-user": ("basic.test", [basic("bob", "secret")], 401, [BASIC]),
    "any-of-none": ("any.test", [], 401, [BEARER, BASIC]),
    "all-but-one": ("all.test", [bearer("alice-token")], 401,
                    [PLAIN + ', error="invalid_token"']),
    "ours-alone": ("local.test", [], 401, [BEARER]),
    "no-such-service": ("acme.dyn.test", [], 401, [BEARER]),
    "alias": ("vanity.test", [], 401, [BEARER]),
    "then-service": ("vanity.test", [bearer("alice-token")], 401,
                     [PLAIN + ', error="invalid_token"']),
    "then-route": ("served.test", [bearer("third-token")], 401,
                   [BASIC, PLAIN + ', error="invalid_token"']),
    "no-section": ("gone.test", [bearer("alice-token")], 503, []),
    "no-section-of-any": ("either.test", [], 503, []),
}


@pytest.mark.parametrize("row", REFUSED)
def test_who_is_not_let_in_is_not_heard_by_the_origin(site, row):
    host, fields, status, challenges = REFUSED[row]
    before = site.origin.accepted
    answer, asked = site.asks(host, *fields, method="POST", body=b"x" * 9999)
    assert answer.status == status
    assert answer.get("X-Router-Reason") == (
        "auth-required" if status == 401 else "auth-unavailable")
    told = ", ".join(answer.all("WWW-Authenticate"))
    assert told == ", ".join(challenges)
    assert asked == [] and site.origin.accepted == before


LET_IN = {
    "token": ("bearer.test", bearer("alice-token")),
    "other-token": ("bearer.test", bearer("bob-token")),
    "password": ("basic.test", basic("ann", "secret")),
    "password-again": ("basic.test", basic("ann", "secret")),
    "any-token": ("any.test", bearer("bob-token")),
    "any-password": ("any.test", basic("ann", "secret")),
    "all": ("all.test", bearer("bob-token")),
    "either": ("either.test", bearer("alice-token")),
    "all-levels": ("vanity.test", bearer("bob-token")),
}


@pytest.mark.parametrize("row", LET_IN)
def test_who_is_let_in_is_so_without_credentials(site, row):
    host, field = LET_IN[row]
    answer, asked = site.asks(host, field)
    assert answer.status == 200 and len(asked) == 1
    assert asked[0].all("Authorization") == []


def test_who_it_is_goes_to_the_origin(site):
    _, (asked,) = site.asks("bearer.test", bearer("alice-token"),
                            ("X-User", "mallory"), ("X-Team", "blue"))
    assert (asked.all("X-User"), asked.all("X-Team")) == (["alice"], ["red;"])
    _, (asked,) = site.asks("basic.test", basic("ann", "secret"))
    assert asked.all("X-User") == ["ann"]


def test_credentials_are_passed_where_a_route_says_so(site):
    _, (asked,) = site.asks("pass.test", bearer("alice-token"))
    assert asked.all("Authorization") == ["Bearer alice-token"]
    _, (asked,) = site.asks("open.test", bearer("any"))
    assert asked.all("Authorization") == ["Bearer any"]


def test_answers_of_the_routers_own_are_for_who_is_let_in(site):
    answer, _ = site.asks("local.test", bearer("bob-token"))
    assert (answer.status, answer.text) == (200, "in")
    answer, _ = site.asks("acme.dyn.test", bearer("bob-token"))
    assert (answer.status, answer.get("X-Router-Reason")) == (
        404, "no-service")


OWN = {
    "theirs": ("alice-token", b"", 200, None),
    "limits-of-theirs": ("alice-token", b"x" * 11, 413, "body-too-large"),
    "none": ("bob-token", b"", 404, "no-service"),
    "no-name": ("odd-token", b"", 404, "no-service"),
    "auth-of-theirs": ("green-token", b"", 401, "auth-required"),
    "nobody": ("x", b"", 401, "auth-required"),
}


@pytest.mark.parametrize("row", OWN)
def test_a_service_can_be_chosen_by_who_asks(site, row):
    token, body, status, reason = OWN[row]
    answer, asked = site.asks("own.test", bearer(token), method="PUT",
                              body=body)
    assert (answer.status, answer.get("X-Router-Reason")) == (status, reason)
    assert len(asked) == (status == 200)


def test_the_log_says_who_it_was(site):
    ids = [site.asks(host, field)[0].get("X-Request-Id") for host, field in (
        ("bearer.test", bearer("alice-token")),
        ("basic.test", basic("ann", "secret")),
        ("open.test", basic("ann", "secret")))]
    log = site.lab.dir / "log" / "access"

    def logged():
        text = log.read_text()
        found = [re.search(rf" id={id} .* identity=(\S+) ", text)
                 for id in ids]
        return all(found) and [one.group(1) for one in found]
    assert labs.until(logged, 5, "the log has all") == ["alice", "ann", "-"]


# ---- files that change; only one web server: it has no part in it ----

@pytest.fixture
def alone(new_lab, end_lab_module):
    lab = new_lab("auth")
    try:
        yield open_site(lab, "nginx")
    finally:
        end_lab_module(lab)


def status(site, host, field):
    return site.asks(host, field)[0].status


def test_a_changed_file_is_read_and_a_bad_one_is_not(alone):
    path = alone.lab.dir / "etc" / "tokens"
    assert status(alone, "bearer.test", bearer("new-token")) == 401
    secret(path, line("new-token", "dora"))
    labs.until(lambda: status(alone, "bearer.test", bearer("new-token"))
               == 200, 10, "the new token counts")
    assert status(alone, "bearer.test", bearer("alice-token")) == 401
    for text, mode, told in (
            (line("later-token", "eve") + "oops\n", 0o600,
             f"{path}:2:1: error: no SHA-256"),
            (line("later-token", "eve"), 0o644, "others can read")):
        secret(path, text, mode)
        labs.until(lambda: told in alone.router.text() and
                   alone.router.text().rstrip().endswith(
                       "is refused, the settings before stay in force"),
                   10, "the file is refused")
        assert status(alone, "bearer.test", bearer("new-token")) == 200
        assert status(alone, "bearer.test", bearer("later-token")) == 401


def test_no_router_starts_with_a_bad_file(lab):
    """What the file holds is not told."""
    path = lab.dir / "etc" / "users"
    secret(path, "ann:secret\n")
    lab.configure(**{"auth:u__type": "basic", "auth:u__file": str(path)})
    for args in (["-t"], ["-s", f"unix:{lab.socket}"]):
        process = lab.start("bad", [lab.router, "-c", lab.ini, *args],
                            **lab.as_web_user())
        assert process.wait(20) != 0
        assert f"{path}:1:5: error: a hash that" in process.text()
        assert "secret" not in process.text()


def test_computing_passwords_holds_up_nobody_else(alone):
    """Many that are wrong, each of a tenth of a second or more; who has none is
    answered before they all are."""
    done, guesses = [], 4 + 4 * os.cpu_count()

    def guess(number):
        status(alone, "basic.test", basic("slow", f"x{number}"))
        done.append(number)
    threads = [threading.Thread(target=guess, args=(n,)) for n in
               range(guesses)]
    for thread in threads:
        thread.start()
    labs.until(lambda: done, 30, "the first guess is answered")
    assert status(alone, "open.test", ("X-A", "1")) == 200
    assert status(alone, "bearer.test", bearer("bob-token")) == 200
    before = len(done)
    for thread in threads:
        thread.join()
    assert before < guesses and len(done) == guesses
