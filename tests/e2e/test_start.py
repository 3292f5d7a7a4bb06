# SPDX-License-Identifier: BSD-2-Clause
"""How the router is started, who may speak to it, and how it ends."""

import grp
import os
import signal
import socket
import stat
import subprocess
import threading

import pytest

import fcgi
import lab as labs
from fcgi import Peer

pytestmark = pytest.mark.usefixtures("lab")


@pytest.fixture
def site(lab, origin):
    lab.routes(f"site.test {origin.url}\n")
    lab.configure(router__check="20ms")
    return lab


def run(lab, *args, seconds=10, **how):
    """The router as a command that ends by itself."""
    return subprocess.run(
        [lab.router, *map(str, args)], text=True, check=False,
        capture_output=True, stdin=subprocess.DEVNULL,
        timeout=seconds * labs.PATIENCE, **how)


# Its own socket

def test_the_own_socket_is_for_user_and_group_alone(site):
    groups = [] if labs.ROOT else os.getgroups()
    group = grp.getgrgid(groups[-1]).gr_name if groups else labs.WEB_GROUP
    old = os.umask(0)
    try:
        site.start_router("--socket-group", group)
    finally:
        os.umask(old)
    info = site.socket.stat()
    assert stat.S_IMODE(info.st_mode) == 0o660
    assert grp.getgrgid(info.st_gid).gr_name == group


def test_an_unknown_group_is_an_error(site):
    done = run(site, "-c", site.ini, "-s", f"unix:{site.socket}",
               "--socket-group", "no-such-group")
    assert done.returncode not in (0, None) and "no-such-group" in done.stderr


@pytest.mark.parametrize("what", ["file", "folder", "link", "fifo"])
def test_what_is_no_socket_is_not_removed(site, what):
    kept = site.dir / "run" / "precious"
    kept.write_text("precious")
    if what == "file":
        site.socket.write_text("precious")
    elif what == "folder":
        site.socket.mkdir()
    elif what == "link":
        site.socket.symlink_to(kept)
    else:
        os.mkfifo(site.socket)
    before = site.socket.lstat()
    done = run(site, "-c", site.ini, "-s", f"unix:{site.socket}")
    assert done.returncode not in (0, None), done
    assert str(site.socket) in done.stderr
    assert site.socket.lstat().st_ino == before.st_ino
    assert kept.read_text() == "precious"


def test_a_dead_socket_is_replaced(site):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(site.socket))
    if labs.ROOT:
        os.chown(site.socket, *(site.dir / "run").stat()[4:6])
    site.start_router()
    assert fcgi.ask(site.socket, "/hello").status == 200


def test_a_socket_in_use_is_left_to_its_user(site):
    site.start_router()
    done = run(site, "-c", site.ini, "-s", f"unix:{site.socket}")
    assert done.returncode not in (0, None)
    assert fcgi.ask(site.socket, "/hello").status == 200


def test_the_socket_goes_with_the_router(site):
    router = site.start_router()
    assert router.stop() == 0
    assert not site.socket.exists()


def test_1024_may_wait_until_they_are_accepted(site):
    """What has left meanwhile still has its place in the queue."""
    router = site.start_router()
    router.signal(signal.SIGSTOP)
    try:
        labs.until(lambda: stopped(router.pid), 5, "it stands still")
        for number in range(1024):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.setblocking(False)
                assert sock.connect_ex(str(site.socket)) == 0, number
    finally:
        router.signal(signal.SIGCONT)
    assert fcgi.ask(site.socket, "/hello").status == 200


def stopped(pid):
    with open(f"/proc/{pid}/stat") as text:
        return text.read().rpartition(")")[2].split()[0] == "T"


def test_tcp_needs_a_word_and_the_world_another(site):
    port = labs.free_port()
    for args in (["-s", f"127.0.0.1:{port}"],
                 ["-s", f"0.0.0.0:{port}", "--tcp"],
                 ["-s", f"[::]:{port}", "--tcp"],
                 ["-s", f":{port}", "--tcp"]):
        done = run(site, "-c", site.ini, *args)
        assert done.returncode not in (0, None) and done.stderr, args
    router = site.start_router("-s", f"127.0.0.1:{port}", "--tcp")
    assert site.ready(router, port)
    assert fcgi.ask(port, "/hello").status == 200


def test_several_requests_over_tcp_in_crumbs(site):
    port = labs.free_port()
    router = site.start_router("-s", f"127.0.0.1:{port}", "--tcp")
    assert site.ready(router, port)
    with Peer(port) as peer:
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(3):
            data = fcgi.request("/hello", keep=True)
            for at in range(0, len(data), 5):
                peer.send(data[at:at + 5])
            assert peer.reply().status == 200


# Who may connect

def other_user():
    return "nobody" if labs.ROOT else "root"


def test_users_that_are_not_named_are_refused(site):
    """We connect as ourselves, and are not the one who is allowed."""
    site.configure(router__allow_users=other_user(), router__check="20ms")
    process = site.start("router", [site.router, "-c", site.ini, "-s",
                                    f"unix:{site.socket}"],
                         stdin=subprocess.DEVNULL)
    labs.until(site.socket.exists, 5, "it listens")
    labs.until(lambda: labs.connects(site.socket), 5, "it accepts")
    with Peer(site.socket) as peer:
        try:
            peer.send(fcgi.request("/hello"))
        except OSError:
            pass
        reply = peer.reply()
    assert not reply.out and reply.closed
    assert "allow_users" in process.text()
    # Allowed from now on, by name and by number.
    for user in (str(os.geteuid()), "root" if labs.ROOT else labs.WEB_USER):
        site.configure(router__allow_users=f"{other_user()}, {user}",
                       router__check="20ms")
        labs.until(lambda: allowed(site), 5, "the settings are in force")
        site.configure(router__allow_users=other_user(),
                       router__check="20ms")
        labs.until(lambda: not allowed(site), 5, "and these again")


def allowed(site):
    with Peer(site.socket) as peer:
        try:
            peer.send(fcgi.request("/hello"))
        except OSError:
            return False
        return peer.reply().status == 200


def test_an_unknown_user_is_an_error(site):
    site.configure(router__allow_users="no-such-user-here")
    done = run(site, "-t", "-c", site.ini)
    assert done.returncode == 1 and "no-such-user-here" in done.stderr


# Handed-over sockets

def listening(site):
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(site.socket))
    os.chmod(site.socket, 0o666)
    sock.listen(128)
    return sock


def start_on_descriptor_3(site, fd, pid="$$"):
    return site.start(
        "router", ["bash", "-c", f'exec 3<&"$0"; export LISTEN_PID={pid} '
                               'LISTEN_FDS=1; exec "$@"', fd, site.router, "-c", site.ini],
        stdin=subprocess.DEVNULL, pass_fds=[fd])


def test_a_socket_of_systemd_is_served(site):
    with listening(site) as sock:
        router = start_on_descriptor_3(site, sock.fileno())
        assert fcgi.ask(site.socket, "/hello").status == 200
        assert router.stop() == 0
        assert site.socket.exists(), "it is not ours to remove"


def test_sockets_for_another_process_are_not_taken(site):
    with listening(site) as sock:
        router = start_on_descriptor_3(site, sock.fileno(), pid=1)
        assert router.wait() not in (0, None)


def test_a_socket_on_descriptor_0_is_served(site):
    done = subprocess.run(
        ["spawn-fcgi", "-s", site.socket, "-M", "0666", "-P",
         site.dir / "run" / "pid", "--", site.router, "-c", site.ini],
        check=True, capture_output=True, text=True)
    pid = int((site.dir / "run" / "pid").read_text())
    assert pid == site.router_pids()[0], done
    assert fcgi.ask(site.socket, "/hello").status == 200
    os.kill(pid, signal.SIGTERM)
    labs.until(lambda: not site.router_pids(), 5, "it ends")


def test_it_leaves_when_its_executable_was_replaced(site):
    """Only where somebody starts it again; and loses nobody."""
    with listening(site) as sock:
        router = start_on_descriptor_3(site, sock.fileno())
        assert fcgi.ask(site.socket, "/hello").status == 200
        site.install()
        assert router.wait() == 0
        start_on_descriptor_3(site, sock.fileno())
        assert fcgi.ask(site.socket, "/hello").status == 200


def test_it_stays_where_nobody_would_start_it_again(site):
    router = site.start_router()
    assert fcgi.ask(site.socket, "/hello").status == 200
    site.install()
    labs.until(lambda: "was replaced" in router.text(), 5, "it says so")
    for word in ("no_such", "nor_this"):    # it looks again, and again
        site.configure(**{"router__check": "20ms", f"relay__{word}": "1"})
        labs.until(lambda: word in router.text(), 5, "it has looked")
    assert router.text().count("was replaced") == 1, "once"
    assert fcgi.ask(site.socket, "/hello").status == 200
    assert router.alive()


# Ends

def test_an_idle_router_ends_at_once(site):
    router = site.start_router()
    with Peer(site.socket) as kept:
        assert kept.ask("/hello", keep=True).status == 200
        router.signal(signal.SIGTERM)
        assert router.wait(2) == 0


def test_sigterm_loses_nothing_that_was_accepted(site, origin):
    router = site.start_router()
    peers = [Peer(site.socket) for _ in range(20)]
    for number, peer in enumerate(peers):
        peer.send(fcgi.request("/wait", keep=bool(number % 2)))
    for _ in peers:
        assert origin.waiting.acquire(timeout=10)
    router.signal(signal.SIGTERM)
    labs.until(lambda: not labs.connects(site.socket), 5, "no new ones")
    origin.gate.set()
    for peer in peers:
        reply = peer.reply()
        assert (reply.status, reply.ended) == (200, True), reply
        peer.close()
    assert router.wait(3) == 0


def test_who_has_connected_may_still_ask_when_the_router_ends(site):
    """On a slow machine there is time between the two."""
    router = site.start_router()
    with Peer(site.socket) as peer:
        labs.until(lambda: site.fronts() == 1, 5, "it is accepted")
        router.signal(signal.SIGTERM)
        threading.Event().wait(0.6)
        assert peer.ask("/hello").status == 200
    assert router.wait(5) == 0


def test_drain_is_the_longest_it_takes(site, origin):
    site.configure(router__drain="500ms")
    router = site.start_router()
    with Peer(site.socket) as peer:
        peer.send(fcgi.request("/wait"))
        assert origin.waiting.acquire(timeout=10)
        router.signal(signal.SIGTERM)
        assert router.wait(3) == 1
        assert not peer.reply().ended
    origin.gate.set()


@pytest.mark.parametrize("number", [signal.SIGPIPE, signal.SIGHUP],
                         ids=["SIGPIPE", "SIGHUP"])
def test_other_signals_end_nothing(site, origin, number):
    router = site.start_router()
    with Peer(site.socket) as peer:
        peer.send(fcgi.request("/wait"))
        assert origin.waiting.acquire(timeout=10)
        for _ in range(20):
            router.signal(number)
        origin.gate.set()
        assert peer.reply().status == 200
    for _ in range(20):
        router.signal(number)
        assert fcgi.ask(site.socket, "/bytes/300000").status == 200
    assert router.alive()


# Settings

def test_new_settings_are_taken_up_and_bad_ones_not(site):
    router = site.start_router()
    assert fcgi.ask(site.socket, "/echo", "POST",
                    body=b"x" * 100).status == 200
    site.configure(router__check="20ms", relay__max_body="50")
    labs.until(lambda: fcgi.ask(site.socket, "/echo", "POST",
                                body=b"x" * 100).status == 413, 5,
               "it is in force")
    site.configure(router__check="20ms", relay__max_boddy="1g")
    labs.until(lambda: "max_boddy" in router.text(), 5, "it is told")
    assert fcgi.ask(site.socket, "/echo", "POST",
                    body=b"x" * 100).status == 413
    assert router.text().count("max_boddy") == 1, "once"
    site.configure(router__check="20ms")
    labs.until(lambda: fcgi.ask(site.socket, "/echo", "POST",
                                body=b"x" * 100).status == 200, 5,
               "it is healed")


def test_sighup_looks_at_once(site):
    site.configure(router__check="1h")
    router = site.start_router()
    assert fcgi.ask(site.socket, "/hello").status == 200
    site.routes("site.test respond=410\n")
    router.signal(signal.SIGHUP)
    labs.until(lambda: fcgi.ask(site.socket, "/hello").status == 410, 5,
               "the new map")


def test_service_begins_when_a_map_appears(lab, origin):
    lab.configure(router__check="20ms")
    lab.start_router()
    reply = fcgi.ask(lab.socket, "/hello")
    assert (reply.status, reply.reason) == (503, "no-map")
    lab.routes(f"site.test {origin.url}\n")
    labs.until(lambda: fcgi.ask(lab.socket, "/hello").status == 200, 5, "map")


def test_what_is_no_map_leaves_the_old_one(site):
    router = site.start_router()
    assert fcgi.ask(site.socket, "/hello").status == 200
    for bad in (b"", b"not a map" * 1000, b"\0" * 100000):
        fresh = site.map.with_suffix(".bad")
        fresh.write_bytes(bad)
        size = len(router.text())
        fresh.rename(site.map)
        labs.until(lambda: len(router.text()) > size, 5, "it is told")
        assert fcgi.ask(site.socket, "/hello").status == 200
    site.routes("site.test respond=410\n")
    labs.until(lambda: fcgi.ask(site.socket, "/hello").status == 410, 5,
               "a good one")


# The access log

def test_the_access_log_is_escaped_and_survives_rotation(site):
    log = site.dir / "log" / "access.txt"
    site.configure(log__access=str(log), router__check="20ms")
    site.start_router()
    fcgi.ask(site.socket, "/a%0ab", more=[
        ("HTTP_USER_AGENT", "x\x9b\"\\\xe4")])
    labs.until(lambda: log.exists() and log.read_text(), 5, "a line")
    line = log.read_text()
    assert line.count("\n") == 1 and "site.test" in line and "200" in line
    assert "\x9b" not in line and "\x1b" not in line
    log.rename(log.with_suffix(".1"))
    labs.until(lambda: fcgi.ask(site.socket, "/hello").status == 200
               and log.exists() and log.read_text(), 5, "a new file")


def test_a_router_starts_and_answers_while_its_log_has_no_folder(site):
    folder = site.dir / "var" / "logs"
    site.configure(log__access=str(folder / "access.txt"),
                   router__check="20ms")
    router = site.start_router()
    assert fcgi.ask(site.socket, "/hello").status == 200
    assert "access.txt: cannot open: No such file" in router.text()
    folder.mkdir()
    folder.chmod(0o777)
    labs.until(lambda: fcgi.ask(site.socket, "/hello").status == 200
               and (folder / "access.txt").exists()
               and (folder / "access.txt").read_text(), 5, "a line")


# The command line

def test_version_and_help(lab):
    done = run(lab, "-V")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("fcgi-router ")
    for option in ("-h", "--help"):
        done = run(lab, option)
        assert (done.returncode, done.stderr) == (0, "")
        for word in ("--config", "--test", "--socket", "--socket-group",
                     "--tcp", "--public", "--why", "--version"):
            assert word in done.stdout


def test_every_reason_is_explained(lab):
    table = (labs.TOP / "fcgi-router/base/err.tbl.h").read_text()
    words = [line.split('"')[1] for line in table.splitlines()
             if line.startswith("REASON(")]
    assert len(words) > 20
    for word in words:
        if word != "-":
            done = run(lab, "--why", word)
            assert done.returncode == 0 and word in done.stdout, word
    done = run(lab, "--why", "no-such-word")
    assert done.returncode == 1 and "no-host" in done.stderr


@pytest.mark.parametrize("args", [["--no-such"], ["-s"], ["extra"],
                                  ["-s", "nonsense"]])
def test_wrong_usage_is_2(lab, args):
    lab.configure()
    done = run(lab, "-c", lab.ini, *args)
    assert done.returncode == 2 and done.stderr, done


def test_the_test_option_says_what_is_in_force(site):
    site.configure(router__drain="7s")
    done = run(site, "-t", "-c", site.ini)
    assert done.returncode == 0, done
    assert "drain = 7s" in done.stdout
    assert str(site.map) in done.stdout
    # What it prints is a router.ini itself.
    again = site.dir / "etc" / "again.ini"
    again.write_text(done.stdout)
    assert run(site, "-t", "-c", again).returncode == 0


def test_the_test_option_tells_of_every_file_and_calls_nothing_in_force(site):
    site.configure(**{"auth:staff__type": "bearer",
                      "auth:staff__file": site.dir / "etc" / "no-tokens",
                      "sign:own__secret": site.dir / "etc" / "no-key"})
    done = run(site, "-t", "-c", site.ini)
    assert done.returncode == 1
    assert "no-tokens" in done.stderr and "no-key" in done.stderr
    assert done.stdout == ""


# Libraries that are loaded late

@pytest.fixture
def without_libcurl(site):
    """An environment in which what is found for libcurl is no library."""
    folder = site.dir / "var" / "lib"
    folder.mkdir()
    (folder / "libcurl.so.4").write_text("not a library")
    return {**os.environ, "LD_LIBRARY_PATH": str(folder)}


def test_the_test_option_says_that_a_library_is_missing(site, without_libcurl):
    done = run(site, "-t", "-c", site.ini, env=without_libcurl)
    assert done.returncode == 1
    assert "libcurl.so.4" in done.stderr


def test_a_missing_library_is_told_before_somebody_asks(site, without_libcurl):
    router = site.start_router(environment=without_libcurl)
    labs.until(lambda: "libcurl.so.4" in router.text(), 10, "it is told")


def test_without_libcurl_the_router_answers_what_it_can(site, origin,
                                                        without_libcurl):
    site.routes(f"site.test {origin.url}\nown.test respond=200\n")
    site.start_router(environment=without_libcurl)
    with Peer(site.socket) as peer:
        answers = [peer.ask("/", host=host, keep=True)
                   for host in ("own.test", "site.test", "own.test")]
    assert [answer.status for answer in answers] == [200, 500, 200]
    assert answers[1].reason == "internal"


@pytest.mark.parametrize("text,word", [
    ("[router]\nmap = /a#b\n", "#"), ("[router]\ncheck = on\n", "2:9:"),
    ("[router]\nworkers_max = 10k\n", "2:15:"),
    ("[relay]\nforwarded = on\n", "2:13:"),
    ("[router]\nchek = 1s\n", "chek"), ("[routre]\nmap = x\n", "routre"),
    ("[router]\nmap = a\nmap = b\n", "map"), ("map = a\n", "section"),
    ("[router] ; comment\nmap = a\n", "1:"),
    ("\ufeff[router]\nmap = a\n", "1:"),
    ("[router]\nmap = " + "x" * 1100 + "\n", "2:")])
def test_the_traps_of_ini_files_are_errors(lab, text, word):
    lab.ini.write_text(text)
    done = run(lab, "-t", "-c", lab.ini)
    assert done.returncode == 1, done
    assert f"{lab.ini}:" in done.stderr and "error:" in done.stderr
    assert word in done.stderr


def test_where_router_ini_is_looked_for(site, origin):
    """-c, $ROUTER_INI, beside the executable."""
    def drain(value):
        path = site.dir / "etc" / f"{value}.ini"
        path.write_text(f"[router]\nmap = {site.map}\ndrain = {value}\n")
        return path
    beside = site.router.parent / "router.ini"
    beside.write_text(drain("1s").read_text())
    environment = {**os.environ, "ROUTER_INI": str(drain("2s"))}
    assert "drain = 1s" in run(site, "-t").stdout
    assert "drain = 2s" in run(site, "-t", env=environment).stdout
    assert "drain = 3s" in run(site, "-t", "-c", drain("3s"),
                               env=environment).stdout
    done = run(site, "-t", "-c", site.dir / "none.ini")
    assert done.returncode != 0


def test_route_query_asks_as_the_router_does(site, origin):
    site.routes(f"""\
site.test {origin.url}
site.test/a/{{id}} {origin.url}/base tag=k:v
    response-header X-A: {{id}}
gone.test respond=410
""")
    site.start_router()
    for url, status in (("http://site.test/x", 0),
                        ("http://site.test/a/5/b", 0),
                        ("http://gone.test/", 0), ("http://no.test/", 1),
                        ("http://site.test/../..", 1)):
        done = site.tool("route-query", "-m", site.map, url)
        assert done.returncode in ((status,) if status == 0 else (1, 2)), done
    done = site.tool("route-query", "-m", site.map, "-v",
                     "http://site.test/a/5/b?c")
    assert f"{origin.url}/base/a/5/b?c" in done.stdout, done
    assert "id" in done.stdout and "5" in done.stdout
    assert "X-A" in done.stdout
    assert site.tool("route-query").returncode == 2
    assert site.tool("route-query", "-m", site.dir / "no.db",
                     "http://a/").returncode == 3
    assert site.tool("route-query", "-m", site.map,
                     "--verify").returncode == 0
    dumped = site.tool("route-query", "-m", site.map, "--dump")
    again = site.dir / "var" / "again.db"
    site.routes(dumped.stdout, to=again)
    redumped = site.tool("route-query", "-m", again, "--dump")
    assert records(redumped.stdout) == records(dumped.stdout)


def records(dumped):
    return [line for line in dumped.splitlines() if line[:1] != "#"]


# A client of many threads at the end, so that shutdown meets traffic

def test_sigterm_in_the_middle_of_traffic(site, origin):
    """Whatever was accepted is answered whole; the end comes soon."""
    router = site.start_router()
    whole, cut = [], []
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            try:
                with Peer(site.socket, 5) as peer:
                    peer.send(fcgi.request("/bytes/20000"))
                    reply = peer.reply()
            except OSError:
                continue  # not accepted
            if reply.ended and len(reply.body) == 20000:
                whole.append(1)
            elif reply.out:
                cut.append(reply)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    labs.until(lambda: len(whole) > 200, 10, "there is traffic")
    router.signal(signal.SIGTERM)
    status = router.wait(4)
    stop.set()
    for thread in threads:
        thread.join()
    assert status == 0 and not cut, cut[:2]
