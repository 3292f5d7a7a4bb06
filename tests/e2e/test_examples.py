# SPDX-License-Identifier: BSD-2-Clause
"""What lies in httpd-examples/ is whole, and says how it is started."""

import os
import re
import shutil
import subprocess

import pytest

import lab as labs
import setups
from client import Client, ask
from lab import TOP
from origin import Origin
from setups import EXAMPLES, SETUPS, Site


def test_each_folder_is_a_setup_and_is_tested():
    assert sorted(p.name for p in EXAMPLES.iterdir() if p.is_dir()) == sorted(
        SETUPS)


@pytest.mark.parametrize("name", SETUPS)
def test_readme_and_configuration_name_the_same_command(name):
    setup = SETUPS[name]
    told = setups.commands(setup)
    text = (setup.folder / setup.config).read_text()
    assert re.findall(r"^# Start: (.+)$", text, re.MULTILINE) == [
        told["Start"]]
    assert ("Router" in told) == setup.unit
    if setup.unit:
        assert f"--socket-group {setup.group}" in told["Router"]


@pytest.mark.parametrize("name", [n for n in SETUPS if n != "apache-htaccess"])
def test_a_readme_followed_word_by_word_leads_to_an_answer(lab, name):
    """On a machine where nothing is prepared but the map."""
    if not labs.ROOT and name in ("haproxy", "caddy"):
        pytest.skip("its user cannot be taken on")
    lab.routes('site.test respond=200 "it works"\n')
    site = Site(lab, SETUPS[name])
    site.port = labs.free_port()
    site.write()
    for folder in ("etc", "run"):
        shutil.rmtree(lab.dir / folder)
    environment = {**os.environ, "HOME": str(lab.dir / "conf"),
                   "XDG_DATA_HOME": str(lab.dir / "conf"),
                   "XDG_CONFIG_HOME": str(lab.dir / "conf"),
                   "PATH": f"{lab.router.parent}:{os.environ['PATH']}"
                           ":/usr/sbin"}
    last = None
    for key, line in setups.commands(SETUPS[name]).items():
        *before, program = setups.substitute(line, lab, site.port).split(
            " && ")
        line = " && ".join([*before, f"exec {program}"])
        last = lab.start(key, ["sh", "-c", line], cwd=lab.dir / "conf",
                         env=environment, stdin=subprocess.DEVNULL)
        if key == "Settings":
            assert last.wait() == 0
        elif key == "Router":
            assert lab.ready(last, lab.socket), last.text()
    assert lab.ready(last, site.port, 20), last.text()
    answer = ask(site.port)
    assert (answer.status, answer.body) == (200, b"it works"), answer


@pytest.mark.parametrize("name", SETUPS)
def test_the_server_finds_no_fault_in_its_file(lab, name):
    status, talk = setups.check_config(SETUPS[name], lab)
    assert status == 0, talk
    for line in talk.splitlines():
        # As another user than root some say that "user" has no effect.
        assert not re.search(r"warn|deprecat", line, re.I) or \
            "user" in line or "haproxy" in line or \
            "automatic HTTPS is completely disabled" in line, talk


@pytest.mark.parametrize("name", [n for n, s in SETUPS.items() if s.unit])
def test_the_units_are_sound(lab, name):
    setup = SETUPS[name]
    for kind in ("service", "socket"):
        text = (setup.folder / f"fcgi-router.{kind}").read_text()
        (lab.dir / "conf" / f"fcgi-router.{kind}").write_text(
            text.replace("/usr/sbin/fcgi-router", str(lab.router)))
        if kind == "socket":
            assert f"SocketGroup={setup.group}\n" in text
            assert "SocketMode=0660\n" in text
            assert "ListenStream=/run/fcgi-router/router.sock\n" in text
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("no systemd-analyze (package systemd): the sockets were "
                    "read, the services were not")
    done = subprocess.run(
        [analyze, "verify", "--man=no",
         lab.dir / "conf" / "fcgi-router.socket",
         lab.dir / "conf" / "fcgi-router.service"],
        text=True, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done


def test_the_units_differ_in_the_group_alone():
    units = [(s.folder / "fcgi-router.service").read_text()
             for s in SETUPS.values() if s.unit]
    assert len(set(units)) == 1
    sockets = [(s.folder / "fcgi-router.socket").read_text().replace(
        f"SocketGroup={s.group}", "SocketGroup=X")
        for s in SETUPS.values() if s.unit]
    assert len(set(sockets)) == 1


def test_the_two_files_for_nginx_differ_in_keeping_alone():
    def lines(name):
        text = (EXAMPLES / "nginx" / name).read_text()
        return [line for line in text.splitlines()
                if line.strip() and "#" not in line]
    plain, keep = lines("nginx.conf"), lines("nginx-keepalive.conf")
    more = [line.strip() for line in keep if line not in plain]
    assert more == ["upstream router {",
                    "server unix:/run/fcgi-router/router.sock;",
                    "keepalive 64;", "fastcgi_pass router;",
                    "fastcgi_keep_conn on;"]


@pytest.mark.parametrize("name", SETUPS)
def test_the_router_finds_no_fault_in_the_settings(lab, name):
    setup = SETUPS[name]
    folder = setup.folder
    path = folder / "router.ini"
    if not path.exists():
        path = folder / "htdocs" / "router.ini"
    to = lab.dir / "etc" / "router.ini"
    to.write_text(setups.substitute(path.read_text(), lab, 8080))
    lab.routes("site.test respond=204\n", to=(
        lab.dir / "etc" if "htdocs" in str(path) else lab.dir / "var")
        / "routes.db")
    done = subprocess.run([lab.router, "-t", "-c", to], text=True,
                          capture_output=True, check=False, timeout=30)
    assert done.returncode == 0, done


# The shared host

SECRETS = ("router.ini", "routes.db", "routes.list", ".routes.db.new",
           ".htaccess", "router.fcgi")


@pytest.fixture
def host(lab):
    """A shared host whose customer has left everything in the open."""
    origin = Origin()
    lab.routes(f"site.test {origin.url}\n")
    site = Site(lab, SETUPS["apache-htaccess"]).start()
    www = lab.dir / "www"
    (www / "routes.list").write_text("SECRET list\n")
    (www / ".routes.db.new").write_text("SECRET new\n")
    (www / "router.ini").write_text(
        "# SECRET ini\n" + (www / "router.ini").read_text())
    (www / "folder").mkdir()
    (www / "folder" / "file.txt").write_text("SECRET file\n")
    site.origin = origin
    yield site
    origin.close()


def looks_secret(answer, site):
    return b"SECRET" in answer.body or answer.body[:64] in (
        (site.lab.dir / "www" / "routes.db").read_bytes()[:64],
        site.lab.router.read_bytes()[:64])


@pytest.mark.parametrize("name", SECRETS)
def test_nothing_of_ours_can_be_downloaded(host, name):
    for target in (f"/{name}", f"//{name}", f"/./{name}", f"/{name}/",
                   f"/{name}?x", f"/%{ord(name[0]):02x}{name[1:]}",
                   f"/folder/../{name}", f"/{name}%00", f"/{name}/x",
                   f"/{name.upper()}", f"/{name}."):
        for asked in ("site.test", "unknown.test", "127.0.0.1", ""):
            for method in ("GET", "POST"):
                answer = ask(host.port, method, target, asked,
                             body=b"" if method == "POST" else None)
                assert not looks_secret(answer, host), (target, answer)


@pytest.mark.parametrize("name", [s for s in SECRETS if s != "router.fcgi"])
def test_nor_when_rewriting_is_off(host, name):
    path = host.lab.dir / "www" / ".htaccess"
    path.write_text(path.read_text().replace("RewriteEngine On",
                                             "RewriteEngine Off"))
    answer = ask(host.port, target=f"/{name}")
    assert answer.status == 403, answer
    assert not looks_secret(answer, host)


def test_nor_what_routers_share(host):
    www = host.lab.dir / "www"
    (www / ".state").mkdir()
    (www / ".state" / "stats.1").write_text("SECRET stats\n")
    path = www / ".htaccess"
    path.write_text(path.read_text().replace("RewriteEngine On",
                                             "RewriteEngine Off"))
    for folder in (".state", "/.state", "./.state", "%2estate"):
        answer = ask(host.port, target=f"/{folder}/stats.1")
        assert answer.status == 403, (folder, answer)


def test_files_and_folders_of_the_host_are_the_routers(host):
    for target in ("/", "/folder", "/folder/", "/folder/file.txt", "/icons/",
                   "/cgi-bin/x", "/index.html", "/routes.html",
                   "/.well-known/acme-challenge/x"):
        answer = ask(host.port, target=target)
        assert answer.status == 200, answer
        assert host.origin.asked[-1].target == target


def test_a_path_of_the_site_may_be_called_router_fcgi(host):
    with Client(host.port) as client:
        assert client.get("/router.fcgi/x?y").status == 200
    assert host.origin.asked[-1].target == "/router.fcgi/x?y"


def test_the_map_may_lie_beside_the_document_root(lab):
    """And the copy of the router finds router.ini beside itself."""
    origin = Origin()
    lab.routes(f"site.test {origin.url}\n")
    site = Site(lab, SETUPS["apache-htaccess"]).start()
    private = lab.dir / "private"
    private.mkdir()
    lab.map.rename(private / "routes.db")
    (lab.dir / "www" / "router.ini").write_text(
        "[router]\nmap = ../private/routes.db\n")
    answer = ask(site.port, target="/hello")
    assert answer.body == b"hello from origin\n", answer
    origin.close()
    assert (TOP / "httpd-examples/apache-htaccess/htdocs/router.ini"
            ).read_text().count("../private/routes.db") == 1
