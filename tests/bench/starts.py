# SPDX-License-Identifier: BSD-2-Clause
"""starts: how long it takes from the start of a router to its first answer, as
CGI and as FastCGI, and what memory it has for itself."""

import os
import re
import socket
import statistics
import subprocess
import threading
import time

import lists
import router

SMALL = 1000      # routes
UNCOUNTED = 5     # rounds before those that count
ASKED = 500       # requests of each kind before memory is looked at
MIB = 1 << 20
START_MARK = 3    # times a hello
IDLE_MARK = 12    # MB, private, of a router with the large map
FCGID_MARK = 6    # MB, private, of each process of mod_fcgid

HELLO, OWN, HTTP, HTTPS = ("a hello", "answering itself",
                           "from an http origin", "from an https origin")
HOSTS = {OWN: "own.test", HTTP: "site.test", HTTPS: "safe.test"}


class Ground:
    """A lab with origins, and maps that lead to them."""

    def __init__(self, build):
        self.place = place = router.lab(build)
        # What is to be imported is beside the lab.
        import load      # pylint: disable=import-outside-toplevel
        import pressing  # pylint: disable=import-outside-toplevel
        self.build = build
        files = pressing.certificate(place)
        self.origins = load.FastOrigins(place, "fast", tls={"safe": files})
        # Found by hash, as in the system's folder.
        trusted = place.dir / "etc" / "trusted"
        trusted.mkdir()
        (trusted / "own.pem").write_bytes(files[0].read_bytes())
        subprocess.run(["openssl", "rehash", trusted], check=True,
                       capture_output=True)
        os.environ["SSL_CERT_DIR"] = str(trusted)
        os.environ.pop("SSL_CERT_FILE", None)

    def compile(self, routes):
        text = self.place.dir / "var" / "routes.list"
        with open(text, "w", encoding="ascii") as to:
            to.write(f"site.test {self.origins.url('fast')}\n"
                     f"safe.test {self.origins.url('safe')}\n"
                     "own.test respond=200\n")
            to.writelines(lists.plain(routes))
        done = self.place.tool("route-compile", "-o", self.place.map, text,
                               timeout=600)
        if done.returncode:
            raise router.Failed(done.stderr)
        text.unlink()

    def close(self):
        self.place.close()


def add_times(results, routes, way, took):
    """took: seconds by what was started; the first is what the others are
    compared with."""
    bare = statistics.median(next(iter(took.values())))
    for what, seconds in took.items():
        middle = statistics.median(seconds)
        results.add(routes, f"{way}: {what}", "to the first byte",
                    middle * 1000, "ms")
        results.add(routes, f"{way}: {what}", "of a hello", middle / bare,
                    "times")


# ---- as CGI ----

def first_byte(port, host, target):
    import client  # pylint: disable=import-outside-toplevel
    with client.Client(port) as one:
        began = time.monotonic()
        one.send(target=target, host=host, fields=[("Connection", "close")])
        one.more()
        passed = time.monotonic() - began
        assert one.answer().status == 200, (host, target)
    return passed


def cgi_site(ground):
    """apache-cgi with hello beside the router."""
    import setups  # pylint: disable=import-outside-toplevel
    place = ground.place
    bare = place.dir / "bin" / "hello"
    bare.write_bytes((ground.build / "tests/bench/hello").read_bytes())
    bare.chmod(0o755)

    class Both(setups.Site):
        def write(self):
            super().write()
            config = place.dir / "conf" / self.setup.config
            config.write_text(config.read_text().replace(
                "ScriptAlias / ", f"ScriptAlias /bare {bare}\nScriptAlias / "))

    return Both(place, setups.SETUPS["apache-cgi"]).start()


def as_cgi(results, ground, routes, rounds):
    ways = ((HELLO, "site.test", "/bare"), (OWN, HOSTS[OWN], "/"),
            (HTTP, HOSTS[HTTP], "/"))
    took = {what: [] for what, *_ in ways}
    site = cgi_site(ground)
    for number in range(rounds + UNCOUNTED):
        for what, host, target in ways:
            passed = first_byte(site.port, host, target)
            if number >= UNCOUNTED:
                took[what].append(passed)
    site.server.stop()
    add_times(results, routes, "CGI", took)


def instructions(place, build):
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
         build / "fcgi-router" / "fcgi-router"], check=False,
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env={**os.environ, "GATEWAY_INTERFACE": "CGI/1.1",
             "REQUEST_METHOD": "GET", "REQUEST_URI": "/",
             "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "own.test",
             "REMOTE_ADDR": "127.0.0.1", "ROUTER_INI": str(place.ini)})
    found = re.search(r"Collected : (\d+)", run.stderr)
    if not found or not run.stdout.startswith("Status: 200"):
        raise router.Failed(run.stderr[-500:])
    return int(found[1])


# ---- as FastCGI ----

def first_record(program, environment, request, where):
    """Seconds from the start of a program, whose descriptor 0 is a socket at
    which a request waits already, to its answer."""
    where.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener, \
            socket.socket(socket.AF_UNIX) as peer:
        listener.bind(str(where))
        listener.listen()
        peer.settimeout(30)
        peer.connect(str(where))
        peer.sendall(request)
        began = time.monotonic()
        pid = os.posix_spawn(
            program, [program], environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, listener.fileno(), 0)])
        try:
            data = peer.recv(65536)
            passed = time.monotonic() - began
            while b"\r\n\r\n" not in data:
                more = peer.recv(65536)
                assert more, data
                data += more
        finally:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    status = re.search(rb"Status: (\d+)", data)
    assert not status or status[1] == b"200", data
    return passed


def as_fastcgi(results, ground, routes, rounds):
    import fcgi  # pylint: disable=import-outside-toplevel
    place = ground.place
    place.configure()
    environment = {**os.environ, "ROUTER_INI": str(place.ini)}
    ways = {HELLO: (ground.build / "tests/bench/hello_fcgi", "site.test")}
    ways.update((what, (place.router, host)) for what, host in HOSTS.items())
    took = {what: [] for what in ways}
    for number in range(rounds + UNCOUNTED):
        for what, (program, host) in ways.items():
            passed = first_record(
                program, environment, fcgi.request("/", host=host, keep=True),
                place.dir / "run" / "start.sock")
            if number >= UNCOUNTED:
                took[what].append(passed)
    add_times(results, routes, "FastCGI", took)


# ---- memory ----

def private(pid, map_file):
    """Bytes that the process alone has: those that it wrote, those of files,
    and, apart, of the map; and all of files that it sees: what others see too
    is its own as soon as they end."""
    written = files = of_map = seen = 0
    name = ""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as text:
        for line in text:
            begins = re.match(r"[0-9a-f]+-[0-9a-f]+ (?:\S+ +){4}(.*)", line)
            if begins:
                name = begins[1].strip()
            found = re.match(r"(Rss|Private_(?:Clean|Dirty)): +(\d+) kB",
                             line)
            if not found:
                continue
            size = int(found[2]) * 1024
            if found[1] == "Private_Dirty":
                written += size
            elif name == str(map_file):
                of_map += size if found[1] != "Rss" else 0
            elif found[1] == "Private_Clean":
                files += size
            elif name.startswith("/"):
                seen += size
    return written, files, seen, of_map


def add_memory(results, routes, what, found):
    written, files, seen, of_map = (max(one) for one in zip(*found))
    for measure, size in (
            ("private, without the map", written + files),
            ("that it wrote", written), ("of programs and libraries", files),
            ("the same, shared or not", seen),
            ("of the map, not counted", of_map)):
        results.add(routes, what, measure, size / 1e6, "MB")


def idle_memory(results, ground, routes):
    """One router, once it has done all that one does."""
    import fcgi  # pylint: disable=import-outside-toplevel
    place = ground.place
    process = router.start(place, {})
    hosts = [lists.host(number * routes // ASKED, routes)
             for number in range(ASKED)]
    for kind in ((OWN,), (OWN, HTTP), (OWN, HTTP, HTTPS)):
        with fcgi.Peer(place.socket) as peer:
            for number, host in enumerate(hosts):
                peer.ask("/", host=f"not.{host}", keep=True)
                reply = peer.ask("/", host=HOSTS[kind[number % len(kind)]],
                                 keep=True)
                assert reply.status == 200, (kind, reply)
        add_memory(results, routes, f"idle router: {kind[-1]}",
                   [private(process.pid, place.map)])
    process.stop()


def fcgid_memory(results, ground, routes):
    """As many processes as mod_fcgid starts for four clients."""
    import client  # pylint: disable=import-outside-toplevel
    import setups  # pylint: disable=import-outside-toplevel
    place = ground.place
    site = setups.Site(place, setups.SETUPS["apache-mod_fcgid"]).start()

    def ask():
        with client.Client(site.port) as one:
            for number in range(ASKED):
                host = (HOSTS[OWN], HOSTS[HTTP])[number % 2]
                assert one.get("/", host=host).status == 200, host

    for clients in (1, 4):
        threads = [threading.Thread(target=ask) for _ in range(clients)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        pids = place.router_pids()
        add_memory(results, routes, f"mod_fcgid, clients: {clients}",
                   [private(pid, place.map) for pid in pids])
        results.add(routes, f"mod_fcgid, clients: {clients}", "processes",
                    len(pids))
    site.server.stop()


# ---- all of it ----

def measure(results, options):
    ground = Ground(options.build)
    place = ground.place
    try:
        place.settings = {}
        ground.compile(SMALL)
        as_fastcgi(results, ground, SMALL, options.rounds)
        ground.compile(options.routes)
        as_fastcgi(results, ground, options.routes, options.rounds)
        as_cgi(results, ground, options.routes, options.rounds)
        if options.callgrind:
            results.add(options.routes, f"CGI: {OWN}", "instructions",
                        instructions(place, options.build))
        idle_memory(results, ground, options.routes)
        fcgid_memory(results, ground, options.routes)
    finally:
        ground.close()


def marks(results):
    """(what, value, mark, unit)."""
    for routes, what, measure_, value, unit in results.rows:
        if what.startswith("FastCGI: ") and measure_ == "of a hello" and \
                not what.endswith(HELLO):
            yield f"a start, {routes} routes: {what}", value, START_MARK, unit
        if measure_ == "private, without the map":
            most = FCGID_MARK if what.startswith("mod_fcgid") else IDLE_MARK
            yield f"{what}: {measure_}", value, most, unit
