# SPDX-License-Identifier: BSD-2-Clause
"""WebDAV: litmus finds Apache's mod_dav behind each set-up as it finds it
without, and a Destination leads only where a request of its own would."""

import os
import re
import shutil
import subprocess

import pytest

import lab as labs
from client import ask
from origin import Origin
from setups import FIRST, SETUPS, Site

SUITES = ("basic", "copymove", "props", "locks", "http")
LINE = re.compile(r" *(?:(\d+)\. (\w+)|\.)\.* ?(.*)")

APACHE = """
ServerRoot "{run}"
DefaultRuntimeDir "{run}"
PidFile "{run}/dav.pid"
ServerName localhost
Listen 127.0.0.1:{port}
User {user}
Group {group}
ErrorLog /dev/stderr
LogLevel crit
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dav_module /usr/lib/apache2/modules/mod_dav.so
LoadModule dav_fs_module /usr/lib/apache2/modules/mod_dav_fs.so
DavLockDB "{run}/locks"
DocumentRoot "{root}"
<Directory "{root}">
	Require all granted
	Dav On
</Directory>
"""


class Dav:
    """Apache with mod_dav, and a folder for each place that is named."""

    def __init__(self, lab):
        self.root = lab.dir / "dav"
        run = lab.dir / "dav-run"
        for folder in (self.root, run, *(
                self.root / name for name in ("sub", "shut", "auth", "x",
                                              "else", "there"))):
            folder.mkdir()
            own(folder)
        config = lab.dir / "dav.conf"
        self.port = labs.free_port()
        config.write_text(APACHE.format(
            run=run, root=self.root, port=self.port, user=labs.WEB_USER,
            group=labs.WEB_GROUP))
        self.url = f"http://127.0.0.1:{self.port}"
        process = lab.start("dav", ["apache2", "-DFOREGROUND", "-f", config],
                            stdin=subprocess.DEVNULL)
        if not lab.ready(process, self.port, 20):
            raise labs.Trouble(f"no mod_dav: {process.text()}")


    def files(self):
        """All but litmus's, whose last upload may still be under way, and
        mod_dav's own."""
        found = (path.relative_to(self.root)
                 for path in self.root.rglob("*") if path.is_file())
        return {str(path) for path in found
                if not {"litmus", ".DAV"} & set(path.parts)}

    def fill(self):
        """One file each in / and /sub."""
        for path in self.files():
            (self.root / path).unlink()
        for path in (self.root / "a", self.root / "sub" / "a"):
            path.write_bytes(b"old")
            own(path)


def own(path):
    if labs.ROOT:
        shutil.chown(path, labs.WEB_USER, labs.WEB_GROUP)


def litmus(url, folder, suite):
    """[[test, what litmus says of it, ...], ...] of one suite, and its
    totals."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["litmus", "-k", url], cwd=folder, text=True, check=False,
        capture_output=True, timeout=120 * labs.PATIENCE,
        env={**os.environ, "TESTS": suite})
    tests = []
    # A line begins anew where a result is written over it.
    for line in (done.stdout + done.stderr).replace("\r", "\n").split("\n"):
        found = LINE.fullmatch(line)
        if not found:
            if line.strip() and not line.startswith("-> running"):
                tests.append([line])
            continue
        number, name, said = found.groups()
        if number and (not tests or tests[-1][0] != f"{number} {name}"):
            tests.append([f"{number} {name}"])
        if said:
            tests[-1].append(said)
    assert tests[-1][0].startswith(("<- summary", "-> ")), tests
    return tests


@pytest.fixture(scope="module")
def dav(module_lab):
    return Dav(module_lab)


@pytest.fixture(scope="module")
def direct(dav, tmp_path_factory):
    """What litmus says of the origin itself."""
    folder = tmp_path_factory.mktemp("direct")
    said = {suite: litmus(dav.url, folder, suite) for suite in SUITES}
    for suite, tests in said.items():
        assert "0 failed" in " ".join(tests[-1] + tests[-2]), tests
    return said


LASTING = [name for name, setup in SETUPS.items() if setup.lives]
every_site = pytest.mark.parametrize("site", LASTING, indirect=True)
# The others with --long: what is tested is the router's, whoever asks it.
first_sites = pytest.mark.parametrize("site", [
    pytest.param(name, marks=() if name in FIRST else pytest.mark.long)
    for name in LASTING], indirect=True)


@pytest.fixture(scope="module")
def site(request, new_lab, end_lab_module, dav):
    lab = new_lab(request.param)
    made = Site(lab, SETUPS[request.param])
    elsewhere = Origin()
    lab.cleanups.append(elsewhere.close)
    lab.routes(f"""
127.0.0.1 {dav.url}
127.0.0.1/here {dav.url}/sub strip-prefix
site.test {dav.url}
site.test/shut {dav.url} deny=127.0.0.0/8
site.test/auth {dav.url} auth=staff
site.test/sub {dav.url}
    request-header X-User: root
site.test/there {dav.url}/sub strip-prefix
site.test/else {elsewhere.url}
alias.test =site.test
""")
    yield made.start()
    assert not elsewhere.asked
    end_lab_module(lab)


# No web server of these refuses a method of WebDAV.
@every_site
@pytest.mark.parametrize("suite", SUITES)
def test_litmus_says_of_a_setup_what_it_says_of_the_origin(
        site, direct, suite, tmp_path):
    assert litmus(f"http://127.0.0.1:{site.port}/", tmp_path, suite) == \
        direct[suite]


def with_foreign_hrefs(said):
    """The router passes bodies on as they are: where a route maps paths, a
    multistatus names the origin's own, and so litmus misses the one answer
    that it looks for by its place."""
    found = said.index(["4 propfind_d0", "pass"])
    total = len(said) - 1
    return [*said[:found],
            ["4 propfind_d0", "WARNING: response href for wrong resource",
             "FAIL (No responses returned)"],
            *said[found + 1:-1],
            [f"<- summary for `props': of {total} tests run: {total - 1} "
             f"passed, 1 failed. {100 * (total - 1) / total:.1f}%"],
            ["-> 1 warning was issued."]]


@first_sites
@pytest.mark.parametrize("suite", SUITES)
def test_litmus_says_the_same_where_a_route_maps_the_path(
        site, direct, suite, tmp_path):
    expected = direct[suite]
    if suite == "props":
        expected = with_foreign_hrefs(expected)
    assert litmus(f"http://127.0.0.1:{site.port}/here/", tmp_path,
                  suite) == expected


# From, to, the answer's status, its reason, and where the file then is.
MOVES = (
    ("/a", "http://site.test/b", 201, None, "b"),
    ("/a", "https://SITE.test:8443/x/../%62", 201, None, "b"),
    ("/a", "http://alias.test/b", 201, None, "b"),
    ("/there/a", "http://site.test/there/b", 201, None, "sub/b"),
    # a door of the place itself
    ("/a", "/shut/b", 403, "address-denied", None),
    ("/a", "http://alias.test/shut/b", 403, "address-denied", None),
    ("/a", "http://site.test/auth/b", 403, "auth-denied", None),
    ("/a", "http://site.test//%61uth/b", 403, "auth-denied", None),
    ("/a", "/x/../auth/b", 403, "auth-denied", None),
    # what can be read in two ways, or not at all
    ("/a", "/auth%2Fb", 400, "ambiguous-path", None),
    ("/a", "/auth;v=1/b", 400, "ambiguous-path", None),
    ("/a", "/../b", 400, "bad-path", None),
    ("/a", "//site.test/b", 400, "bad-path", None),
    ("/a", "http://site.test:x/b", 400, "bad-host", None),
    ("/a", "b", 400, "bad-request", None),
    # another place, as far as anybody can tell
    ("/a", "/else/b", 502, "other-server", None),
    ("/a", "/there/b", 502, "other-server", None),
    ("/a", "/sub/b", 502, "other-server", None),
    ("/there/a", "/b", 502, "other-server", None),
    ("/a", "http://127.0.0.1/b", 502, "other-server", None),
    ("/a", "http://nowhere.test/b", 502, "other-server", None),
)


@first_sites
@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize(
    "source,to,status,reason,found", MOVES,
    ids=[f"{row[0]}-{row[1]}".replace("/", "_") for row in MOVES])
def test_a_destination_leads_where_a_request_would(
        site, dav, method, source, to, status, reason, found):
    dav.fill()
    before = dav.files()
    answer = ask(site.port, method, source, fields=[("Destination", to)])
    assert (answer.status, answer.get("X-Router-Reason")) == \
        (status, reason), answer
    moved = source.replace("/there", "sub").strip("/")
    gone = {moved} if found and method == "MOVE" else set()
    assert dav.files() == before - gone | ({found} if found else set())


TAGS = (
    ("</a> (Not <DAV:no-lock>)", 204, None),
    ("<http://site.test/a> (Not <DAV:no-lock>)", 204, None),
    ("</a> (Not [\"x\"])", 204, None),
    ("</shut/a> (Not <DAV:no-lock>)", 403, "address-denied"),
    ("</a> (Not <u:1>) </auth/a> (Not <u:2>)", 403, "auth-denied"),
    ("<http://site.test/auth%2Fa> (Not <u:1>)", 400, "ambiguous-path"),
    ("</else/a> (Not <u:1>)", 502, "other-server"),
    # mod_dav looks at the path alone
    ("<http://nowhere.test/auth/a> (Not <u:1>)", 502, "other-server"),
    ("<http://127.0.0.1/auth/a> (Not <u:1>)", 502, "other-server"),
    # and ends an entity tag by its bracket alone
    ("</a> (Not [\"]) </auth/a> (Not <u:1>) (Not [\"])", 400, "bad-request"),
    ("</a> (Not [\"<\"]) </auth/a> (Not <u:1>)", 400, "bad-request"),
)


@first_sites
@pytest.mark.parametrize("tags,status,reason", TAGS)
def test_a_tag_of_if_leads_where_a_request_would(
        site, dav, tags, status, reason):
    dav.fill()
    answer = ask(site.port, "PUT", "/a", fields=[("If", tags)], body=b"new")
    assert (answer.status, answer.get("X-Router-Reason")) == \
        (status, reason), answer
    assert (dav.root / "a").read_bytes() == (b"old" if reason else b"new")
