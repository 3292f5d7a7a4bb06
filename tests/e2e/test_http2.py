# SPDX-License-Identifier: BSD-2-Clause
"""HTTP/2 at the front, by curl: each example with the one change that its
README names for it, in clear text."""

import subprocess

import pytest

import lab as labs
from capabilities import cell
from client import pattern, sha256
from origin import Origin
from setups import SETUPS, Site

MODULE = "LoadModule http2_module /usr/lib/apache2/modules/mod_http2.so"
PROTOCOLS = "Protocols h2 h2c http/1.1"

# What is replaced in an example, and by what; the others speak it as they
# are.
CHANGES = {
    **{name: ("LoadModule mpm_event_module",
              f"{MODULE}\n{PROTOCOLS}\nLoadModule mpm_event_module")
       for name in SETUPS if name.startswith("apache-")},
    "nginx": (" default_server backlog", " http2 default_server backlog"),
    "caddy": ("\tauto_https off\n",
              "\tauto_https off\n\tservers {\n\t\tprotocols h1 h2 h2c\n\t}\n"),
}
LARGE = pattern(5 << 20)


class Http2Site(Site):
    def write(self):
        super().write()
        if self.setup.name in CHANGES:
            config = self.lab.dir / "conf" / self.config
            old, new = CHANGES[self.setup.name]
            text = config.read_text()
            assert text.count(old) == 1, text
            config.write_text(text.replace(old, new))


@pytest.fixture(scope="module", params=list(SETUPS))
def site(request, new_lab, end_lab_module):
    lab = new_lab(request.param)
    made = Http2Site(lab, SETUPS[request.param])
    made.origin = Origin()
    lab.cleanups.append(made.origin.close)
    lab.routes(f"127.0.0.1 {made.origin.url}\n")
    yield made.start()
    end_lab_module(lab)


class Got:
    """What curl got: "2" for HTTP/2, the status (0: none), the answer."""

    def __init__(self, site, target, *options, body=b"",
                 how="--http2-prior-knowledge"):
        site.origin.asked.clear()
        done = subprocess.run(
            ["curl", "-sS", how, "-i", "-w", "\n%{http_version} %{http_code}",
             *options, f"http://127.0.0.1:{site.port}{target}"], input=body,
            capture_output=True, check=False, timeout=60 * labs.PATIENCE)
        self.talk = done.stderr.decode()
        said, _, last = done.stdout.rpartition(b"\n")
        self.version, status = last.decode().split()
        self.status = int(status)
        while said.startswith((b"HTTP/1.1 101", b"HTTP/2 100")):
            said = said.partition(b"\r\n\r\n")[2]
        head, _, self.body = said.partition(b"\r\n\r\n")
        self.fields = {name.lower(): value.strip() for name, _, value in (
            line.partition(":") for line in head.decode().split("\r\n")[1:])}
        self.asked = site.origin.asked[-1] if site.origin.asked else None

    def __repr__(self):
        return (f"<HTTP/{self.version} {self.status} {self.fields} "
                f"{self.body[:200]} {self.talk} "
                f"{self.asked and vars(self.asked)}>")


def test_an_answer_comes_by_http_2(site):
    got = Got(site, "/hello")
    assert (got.version, got.status, got.body) == (
        "2", 200, b"hello from origin\n"), got
    assert got.asked.version == "HTTP/1.1"
    assert got.asked.get("Host") == f"127.0.0.1:{site.origin.port}"


def test_head_has_the_length(site):
    got = Got(site, "/bytes/12345", "-I")
    assert (got.version, got.status) == ("2", 200), got
    assert got.fields["content-length"] == "12345"
    assert not got.body


def test_http_1_asks_for_http_2(site):
    """curl --http2 sends an Upgrade, which a server may leave alone."""
    if site.setup.name == "nginx":
        # A port in clear text speaks one of the two.
        assert Got(site, "/echo", how="--http2").status == 0
        return
    got = Got(site, "/echo", "-d", "12345", how="--http2")
    assert got.status == 200, got
    assert got.asked.size == 5
    assert not {"Upgrade", "HTTP2-Settings"} & {n for n, _ in got.asked.fields}


@pytest.mark.parametrize("body", [b"", b"12345", LARGE], ids=len)
def test_an_upload_with_a_length(site, body):
    if len(body) > 1 << 17 and cell("big-body", site.setup.name) == "no":
        assert Got(site, "/echo", "--data-binary", "@-",
                   body=body).status in (0, 413, 500)
        return
    got = Got(site, "/echo", "--data-binary", "@-", body=body)
    assert (got.version, got.status) == ("2", 200), got
    assert (got.asked.size, got.asked.sha256) == (len(body), sha256(body))
    assert got.asked.get("Content-Length") == str(len(body))


def refusal(name, method, body):
    """The rule by which an upload without a length is refused, or None."""
    if name in ("apache-mod_fcgid", "apache-htaccess") and body:
        return ("mod_fcgid loses the body but not its length: the router "
                "says bad-request; or Apache itself breaks off before")
    if name.startswith("lighttpd") and method == "POST":
        return "lighttpd: a POST by HTTP/2 must have a length"
    if name == "haproxy" and len(body) > 1 << 16:
        return "HAProxy: it must fit into a buffer"
    return None


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("body", [b"", b"12345", LARGE], ids=len)
def test_an_upload_without_a_length_is_whole_or_refused(site, method, body):
    got = Got(site, "/echo", "-X", method, "-T", "-", body=body)
    rule = refusal(site.setup.name, method, body)
    if rule:
        reason = got.fields.get("x-router-reason")
        assert (got.status, reason) == (400, "bad-request") or (
            got.status in (0, 411, 500) and not reason), got
        assert not got.asked, got
    else:
        assert (got.version, got.status) == ("2", 200), got
        assert (got.asked.size, got.asked.sha256) == (
            len(body), sha256(body))


def test_events_come_as_they_are_sent(site):
    site.origin.gate.clear()
    with subprocess.Popen(
            ["curl", "-sSN", "-m", "60", "--http2-prior-knowledge",
             f"http://127.0.0.1:{site.port}/gate"],
            stdout=subprocess.PIPE) as curl:
        assert site.origin.waiting.acquire(timeout=10 * labs.PATIENCE)
        said = b""
        try:
            if cell("streaming", site.setup.name) == "yes":
                said = curl.stdout.readline()
                assert said == b"data: first\n"
        finally:
            site.origin.gate.set()
            said += curl.stdout.read()
    assert said == b"data: first\n\ndata: second\n\n"
    assert curl.returncode == 0


def test_many_at_once(site):
    done = subprocess.run(
        ["curl", "-sS", "--http2-prior-knowledge", "--parallel",
         "--parallel-immediate", "-w", "%{http_version} ",
         f"http://127.0.0.1:{site.port}/think/20?[1-20]"], check=True,
        capture_output=True, timeout=60 * labs.PATIENCE)
    assert sorted(done.stdout.split()) == [b"2"] * 20 + [b"thought"] * 20


def test_each_readme_says_how():
    said = {"nginx": "http2 default_server", "caddy": "protocols h1 h2 h2c",
            "apache-htaccess": "the host's to switch on"}
    for name, setup in SETUPS.items():
        text = (setup.folder / "README").read_text()
        assert "HTTP/2" in text, name
        if name in said:
            assert said[name] in text, name
        elif name.startswith("apache-"):
            assert MODULE in text and PROTOCOLS in text, name
