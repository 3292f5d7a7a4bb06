# SPDX-License-Identifier: BSD-2-Clause
"""[tls:NAME]: whom an origin is verified against, and what it is shown."""

import os
import shutil
import ssl
import subprocess

import pytest

import fcgi
import lab as labs
from origin import Origin
from test_origins import authority, secure  # noqa: F401, fixtures


@pytest.fixture
def files(lab, authority):  # noqa: F811
    """The CA, and a certificate with its key, where the router reads them."""
    for name in ("ca.pem", "site.pem", "site.key"):
        to = lab.dir / "etc" / name
        shutil.copy(authority / name, to)
        to.chmod(0o600)
        if labs.ROOT:
            shutil.chown(to, labs.WEB_USER, labs.WEB_GROUP)
    return lab.dir / "etc"


def serve(lab, origin, **settings):
    """corp.test by [tls:corp], bare.test by none; to the same origin."""
    lab.routes(f"corp.test https://localhost:{origin.port} tls=corp\n"
               f"bare.test https://localhost:{origin.port}\n")
    lab.configure(router__check="20ms", **settings)
    return lab.start_router()


def reason(lab, host):
    return fcgi.ask(lab.socket, "/hello", host=host).reason


def change(lab, **settings):
    lab.configure(router__check="20ms", **settings)


def test_an_authority_counts_for_its_name_alone(
        lab, files, secure):  # noqa: F811
    """Neither kept connections nor sessions of TLS help others."""
    serve(lab, secure, **{"tls:corp__ca": files / "ca.pem"})
    for _ in range(3):
        assert reason(lab, "corp.test") is None
        assert reason(lab, "bare.test") == "origin-tls"
    assert len(secure.asked) == 3 and secure.names[0] == "localhost"


def test_a_service_that_says_who_may_come_in_is_verified_too(
        lab, files, secure):  # noqa: F811
    url = f"https://localhost:{secure.port}/hello"
    lab.routes('corp.test respond=200 "in" auth=corp\n'
               'bare.test respond=200 "in" auth=bare\n')
    lab.configure(router__check="20ms", **{
        "tls:corp__ca": files / "ca.pem", "auth:corp__type": "forward",
        "auth:corp__url": url, "auth:corp__tls": "corp",
        "auth:bare__type": "forward", "auth:bare__url": url})
    lab.start_router()
    for _ in range(3):
        assert reason(lab, "corp.test") is None
        assert reason(lab, "bare.test") == "auth-unavailable"
    assert len(secure.asked) == 3 and secure.accepted < 6


def test_a_relative_path_starts_at_the_settings(
        lab, files, secure):  # noqa: F811
    serve(lab, secure, **{"tls:corp__ca": "ca.pem"})
    assert reason(lab, "corp.test") is None


@pytest.fixture
def mutual(authority):  # noqa: F811
    """An origin that wants to see a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "site.pem", authority / "site.key")
    context.load_verify_locations(authority / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    origin = Origin("mutual", context=context)
    yield origin
    origin.close()


def test_an_origin_is_shown_the_certificate_of_its_name_alone(
        lab, files, mutual):
    lab.routes(f"corp.test https://localhost:{mutual.port} tls=corp\n"
               f"ca.test https://localhost:{mutual.port} tls=ca\n")
    change(lab, **{"tls:corp__ca": files / "ca.pem",
                   "tls:corp__cert": files / "site.pem",
                   "tls:corp__key": files / "site.key",
                   "tls:ca__ca": files / "ca.pem"})
    lab.start_router()
    for _ in range(2):
        assert reason(lab, "corp.test") is None
        assert reason(lab, "ca.test") in ("origin-tls", "origin-broken")
    assert len(mutual.asked) == 2


def test_what_is_not_verified_is_said_loudly(lab, secure):  # noqa: F811
    process = serve(lab, secure, **{"tls:corp__verify": "no"})
    labs.until(lambda: "[tls:corp] says 'verify = no'" in process.text(), 5,
               "it is said at the start")
    for _ in range(2):
        assert reason(lab, "corp.test") is None
        assert reason(lab, "bare.test") == "origin-tls"
    said = f"https://localhost:{secure.port} is connected to without verifying"
    assert process.text().count(said) == 1


def test_a_name_that_is_not_declared_is_closed(
        lab, files, secure):  # noqa: F811
    serve(lab, secure)
    assert reason(lab, "corp.test") == "origin-tls"
    change(lab, **{"tls:corp__ca": files / "ca.pem"})
    labs.until(lambda: reason(lab, "corp.test") is None, 5, "it is declared")


def test_a_kept_connection_serves_no_changed_settings(
        lab, files, secure):  # noqa: F811
    serve(lab, secure, **{"tls:corp__verify": "no"})
    for _ in range(3):
        assert reason(lab, "corp.test") is None
    assert secure.accepted == 1, "it is kept"
    change(lab, **{"tls:corp__verify": "yes"})
    labs.until(lambda: reason(lab, "corp.test") == "origin-tls", 5,
               "it is verified now")
    change(lab, **{"tls:corp__ca": files / "ca.pem"})
    labs.until(lambda: reason(lab, "corp.test") is None, 5, "and known")


def test_a_changed_file_is_read_again(lab, files, authority,  # noqa: F811
                                      secure):  # noqa: F811
    """Without a touch of router.ini; a bad one leaves all as it was."""
    ca = files / "ca.pem"
    process = serve(lab, secure, **{"tls:corp__ca": ca})
    assert reason(lab, "corp.test") is None
    fresh = ca.with_suffix(".new")
    fresh.write_text("-----BEGIN CERTIFICATE-----\nno\n")
    fresh.chmod(0o644)
    fresh.rename(ca)
    wanted = (f"{lab.ini}:6:6: error: certificate 1 of '{ca}' cannot be "
              "read, expected certificates in PEM")
    labs.until(lambda: wanted in process.text(), 5, "it is told")
    assert reason(lab, "corp.test") is None
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    str(lab.dir / "other.key"), "-out", str(fresh), "-days",
                    "2", "-subj", "/CN=another CA"], check=True,
                   capture_output=True)
    fresh.chmod(0o644)
    fresh.rename(ca)
    labs.until(lambda: reason(lab, "corp.test") == "origin-tls", 5,
               "another authority is trusted")
    shutil.copy(authority / "ca.pem", fresh)
    fresh.chmod(0o644)
    fresh.rename(ca)
    labs.until(lambda: reason(lab, "corp.test") is None, 5, "ours again")
    assert process.text().count(wanted) == 1


@pytest.mark.parametrize("settings, line, wanted", [
    ({"ca": "gone.pem"}, 5, "No such file or directory"),
    ({"cert": "site.pem"}, 5, "'cert' alone in [tls:corp]"),
    ({"cert": "site.pem", "key": "loose.key"}, 6,
     "others can read or write it"),
    ({"cert": "site.pem", "key": "site.pem"}, 6,
     "expected a private key in PEM"),
    ({"cert": "ca.pem", "key": "site.key"}, 6, "is not the key of 'cert'"),
    ({"ca": "ca.pem", "verify": "no"}, 5, "beside 'verify = no'"),
])
def test_a_bad_file_is_told_with_its_line(lab, files, settings, line, wanted):
    loose = files / "loose.key"
    shutil.copy(files / "site.key", loose)
    loose.chmod(0o644)
    lab.routes("none.test respond=204\n")
    lab.configure(**{f"tls:corp__{k}": v for k, v in settings.items()})
    for more in (["-t"], ["-s", f"unix:{lab.socket}"]):
        done = subprocess.run(
            [lab.router, "-c", lab.ini, *more], text=True, check=False,
            capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
        assert done.returncode not in (0, None), done
        assert f"{lab.ini}:{line}:" in done.stderr, done
        assert wanted in done.stderr, done


def test_as_cgi_it_is_the_same(lab, files, secure):  # noqa: F811
    lab.routes(f"corp.test https://localhost:{secure.port} tls=corp\n")
    lab.configure(**{"tls:corp__ca": files / "ca.pem"})
    done = subprocess.run(
        [lab.router], capture_output=True, timeout=30, check=False,
        stdin=subprocess.DEVNULL, env={
            "PATH": os.environ["PATH"], "ROUTER_INI": str(lab.ini),
            **dict(fcgi.variables("/hello", host="corp.test"))})
    assert done.stdout.startswith(b"Status: 200 "), done
