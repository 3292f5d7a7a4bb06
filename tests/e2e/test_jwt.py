# SPDX-License-Identifier: BSD-2-Clause
"""Who is let in by JSON Web Tokens, and what origins hear of them; every
forged one is heard of by nobody but the log."""

import base64
import hashlib
import hmac
import json
import re
import subprocess
import time

import pytest

import lab as labs
from origin import Origin
from setups import SETUPS
from test_auth import Guarded, bearer, secret

SECRET = b"a secret of more than thirty-two bytes"
ISSUER = "https://id.test"

ROUTES = """
hs.test   {url} auth=hs
    request-header X-Who: {{auth.identity}};{{auth.email}};{{auth.none}}
pk.test   {url} auth=pk
pass.test {url} auth=hs pass-auth
web.test  {url} auth=web
    request-header X-Cookie: {{cookie.id}};{{cookie.a}}
keep.test {url} auth=web pass-auth
open.test {url}
"""


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def flat(sequence):
    """ECDSA's two numbers, of a SEQUENCE, as 64 bytes."""
    first = sequence[4:4 + sequence[3]]
    second = sequence[6 + sequence[3]:]
    return b"".join(n.lstrip(b"\0").rjust(32, b"\0")
                    for n in (first, second))


def openssl(*args, data=b""):
    return subprocess.run(["openssl", *args], input=data, check=True,
                          capture_output=True).stdout


class Keys:
    """Private keys by algorithm; public keys of all in one file."""
    made = {"RS256": ["-algorithm", "RSA"],
            "ES256": ["-algorithm", "EC", "-pkeyopt",
                      "ec_paramgen_curve:P-256"],
            "EdDSA": ["-algorithm", "ED25519"]}

    def __init__(self, folder):
        self.folder = folder
        self.public = b""
        for name, how in self.made.items():
            openssl("genpkey", *how, "-out", folder / name)
            self.public += openssl("pkey", "-in", folder / name, "-pubout")

    def sign(self, how, text):
        if how == "none":
            return b""
        if how in ("HS256", "confused"):
            key = SECRET if how == "HS256" else self.public
            return hmac.new(key, text, hashlib.sha256).digest()
        if how == "EdDSA":
            (self.folder / "text").write_bytes(text)
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey",
                           self.folder / how, "-in", self.folder / "text")
        got = openssl("dgst", "-sha256", "-sign", self.folder / how,
                      data=text)
        return flat(got) if how == "ES256" else got

    def token(self, how, alg=None, head=None, **claims):
        body = {"iss": ISSUER, "aud": ["api"], "sub": "ann",
                "exp": int(time.time()) + 600, **claims}
        text = b".".join(encode(json.dumps(one).encode()) for one in (
            {"alg": alg or how, "typ": "JWT", **(head or {})},
            {k: v for k, v in body.items() if v is not None}))
        return (text + b"." + encode(self.sign(how, text))).decode()


@pytest.fixture(scope="module", params=["apache-mod_fcgid", "nginx"])
def site(request, new_lab, end_lab_module):
    lab = new_lab("jwt-" + request.param)
    try:
        origin = Origin()
        lab.cleanups.append(origin.close)
        folder = lab.dir / "etc"
        (lab.dir / "keys").mkdir()
        keys = Keys(lab.dir / "keys")
        secret(folder / "hs.secret", SECRET.decode() + "\n")
        secret(folder / "pk.pem", keys.public.decode(), 0o644)
        lab.settings = {"log__access": str(lab.dir / "log" / "access"),
                        "router__check": "20ms"}
        for name, algorithm, key in (
                ("hs", "HS256", "hs.secret"), ("web", "HS256", "hs.secret"),
                ("pk", '"RS256, ES256, EdDSA"', "pk.pem")):
            lab.settings.update({
                f"auth:{name}__type": "jwt",
                f"auth:{name}__algorithm": algorithm,
                f"auth:{name}__key": str(folder / key),
                f"auth:{name}__issuer": ISSUER,
                f"auth:{name}__audience": "api"})
        lab.settings["auth:web__cookie"] = "id"
        lab.settings["auth:hs__claims"] = '"email:X-Email, groups:X-Groups"'
        lab.routes(ROUTES.format(url=origin.url))
        made = Guarded(lab, SETUPS[request.param]).start()
        made.origin, made.keys = origin, keys
        yield made
    finally:
        end_lab_module(lab)


@pytest.mark.parametrize("how", ["HS256", "RS256", "ES256", "EdDSA"])
def test_a_good_token_lets_in_and_goes_no_further(site, how):
    answer, asked = site.asks("hs.test" if how == "HS256" else "pk.test",
                              bearer(site.keys.token(how)))
    assert answer.status == 200 and len(asked) == 1
    assert asked[0].all("Authorization") == []


NOT_VALID = "the token is not valid"

# Host, how it is made, what the client is told.
FORGED = {
    "alg-none": ("pk.test", {"how": "none"}, NOT_VALID),
    "no-signature": ("pk.test", {"how": "none", "alg": "RS256"}, NOT_VALID),
    "public-key-as-secret": ("pk.test", {"how": "confused", "alg": "HS256"},
                             NOT_VALID),
    "other-algorithm": ("pk.test", {"how": "RS256", "alg": "ES256"},
                        NOT_VALID),
    "not-allowed": ("hs.test", {"how": "RS256"}, NOT_VALID),
    "expired": ("hs.test", {"how": "HS256", "exp": 1}, "the token expired"),
    "for-ever": ("hs.test", {"how": "HS256", "exp": None}, NOT_VALID),
    "not-yet": ("hs.test", {"how": "HS256", "nbf": 4102444800}, NOT_VALID),
    "from-the-future": ("hs.test", {"how": "HS256", "iat": 4102444800},
                        NOT_VALID),
    "wrong-audience": ("hs.test", {"how": "HS256", "aud": "shop"},
                       NOT_VALID),
    "wrong-issuer": ("hs.test", {"how": "HS256", "iss": "https://evil"},
                     NOT_VALID),
    "nested": ("hs.test", {"how": "HS256", "head": {"cty": "JWT"}},
               NOT_VALID),
    "crit": ("hs.test", {"how": "HS256", "head": {"crit": ["x"]}},
             NOT_VALID),
    "nobody": ("hs.test", {"how": "HS256", "sub": None}, NOT_VALID),
}


@pytest.mark.parametrize("row", FORGED)
def test_a_forged_token_is_not_heard_by_the_origin(site, row):
    host, how, told = FORGED[row]
    before = site.origin.accepted
    answer, asked = site.asks(host, bearer(site.keys.token(**how)))
    assert (answer.status, answer.get("X-Router-Reason")) == (
        401, "auth-required")
    assert answer.get("WWW-Authenticate") == (
        'Bearer realm="fcgi-router", error="invalid_token", '
        f'error_description="{told}"')
    assert asked == [] and site.origin.accepted == before


def test_an_oversized_token_is_not_heard_by_the_origin(site):
    """Apache takes no field as large as that, and answers itself."""
    for size, statuses in ((5900, (200,)), (6200, (400, 401))):
        token = site.keys.token("HS256", x="x" * size)
        answer, asked = site.asks("hs.test", bearer(token))
        assert answer.status in statuses
        assert len(asked) == (answer.status == 200)


def test_who_has_no_token_is_asked_for_one(site):
    answer, asked = site.asks("hs.test")
    assert answer.get("WWW-Authenticate") == 'Bearer realm="fcgi-router"'
    assert answer.status == 401 and asked == []


def test_claims_go_to_the_origin_and_no_client_forges_them(site):
    forged = (("X-Email", "root@evil.test"), ("X_Groups", "admin"))
    token = site.keys.token("HS256", email="a@b.test", groups=["a", "b"])
    _, (asked,) = site.asks("hs.test", bearer(token), *forged)
    assert (asked.all("X-Email"), asked.all("X-Groups"),
            asked.all("X-Who")) == (["a@b.test"], ["a,b"], ["ann;a@b.test;"])
    for host, token in (("hs.test", site.keys.token("HS256")),
                        ("pk.test", site.keys.token("ES256")),
                        ("open.test", "x")):
        _, (asked,) = site.asks(host, bearer(token), *forged)
        assert asked.all("X-Email") == asked.all("X-Groups") == []


def test_a_token_is_passed_where_a_route_says_so(site):
    token = site.keys.token("HS256")
    _, (asked,) = site.asks("pass.test", bearer(token))
    assert asked.all("Authorization") == ["Bearer " + token]


def test_a_token_in_a_cookie_lets_in_and_goes_no_further(site):
    token = site.keys.token("HS256")
    _, (asked,) = site.asks("web.test", ("Cookie", f"a=1; id={token}; b=2"),
                            ("Authorization", "Basic YTpi"))
    assert asked.all("Cookie") == ["a=1; b=2"]
    assert asked.all("Authorization") == ["Basic YTpi"]
    _, (asked,) = site.asks("web.test", ("Cookie", f"id={token}"))
    assert asked.all("Cookie") == []
    _, (asked,) = site.asks("keep.test", ("Cookie", f"id={token}"))
    assert asked.all("Cookie") == [f"id={token}"]


@pytest.mark.parametrize("row", ["other-name", "twice", "forged", "bearer"])
def test_a_cookie_that_is_no_token_of_ours_is_not_heard(site, row):
    good = site.keys.token("HS256")
    fields = {"other-name": [("Cookie", f"ID={good}")],
              "twice": [("Cookie", f"id={good}; id={good}")],
              "forged": [("Cookie", "id=" + site.keys.token("none"))],
              "bearer": [("Cookie", f"id={good}"), bearer("x")]}[row]
    answer, asked = site.asks("web.test", *fields)
    assert (answer.status, asked) == (401, [])


def test_the_log_says_who_it_was(site):
    answer, _ = site.asks("hs.test", bearer(site.keys.token("HS256")))
    wanted = rf" id={answer.get('X-Request-Id')} .* identity=ann "
    log = site.lab.dir / "log" / "access"
    labs.until(lambda: re.search(wanted, log.read_text()), 5,
               "the log says so")


def test_a_new_key_counts_beside_the_old_one_and_then_alone(site):
    path = site.lab.dir / "etc" / "hs.secret"
    new = "another secret of more than thirty-two bytes"
    old = site.keys.token("HS256")

    def status(token):
        return site.asks("hs.test", bearer(token))[0].status
    text = old.rsplit(".", 1)[0]
    fresh = text + "." + encode(hmac.new(
        new.encode(), text.encode(), hashlib.sha256).digest()).decode()
    assert (status(old), status(fresh)) == (200, 401)
    secret(path, f"{SECRET.decode()}\n{new}\n")
    labs.until(lambda: status(fresh) == 200, 10, "the new secret counts")
    assert status(old) == 200
    secret(path, f"{new}\n")
    labs.until(lambda: status(old) == 401, 10, "the old one is gone")
    assert status(fresh) == 200
    secret(path, SECRET.decode() + "\n")
    labs.until(lambda: status(old) == 200, 10, "it is as before")
