# SPDX-License-Identifier: BSD-2-Clause
"""Maps that change under load, rightly and wrongly."""

import signal
import threading
import time

import pytest

import fcgi
import lab as labs
from load import FastOrigins, Load
from setups import FIRST, SETUPS, Site

HOSTS = 400
GRACE = 1.5     # until every process has looked, at check = 50 ms
CLIENTS = 8
LOST_MAPS = 8   # so many end the router


def listing(origins, generation):
    """Every host goes to the origin of the generation's parity. Whatever
    falls through is a misroute."""
    name = "even" if generation % 2 == 0 else "odd"
    lines = ['* respond=200 "MISROUTED"']
    for n in range(HOSTS):
        lines.append(f"h{n}.test {origins.url(name)}\n"
                     f"    response-header X-Generation: {generation}\n"
                     f"    response-header X-Route: h{n}.test")
    return "\n".join(lines) + "\n"


class Generations:
    """Which maps were installed when."""

    def __init__(self, lab, origins):
        self.lab = lab
        self.origins = origins
        self.began = {}   # generation -> when its compiler was started
        self.ended = {}   # generation -> when its successor was in place
        self.last = 0

    def install(self):
        number = self.last + 1
        self.began[number] = time.monotonic()
        self.lab.routes(listing(self.origins, number))
        self.ended[self.last] = time.monotonic()
        self.last = number

    def check(self, answer, host, before, after):
        """Raises unless the answer is one of a generation in force."""
        assert answer.status == 200 and not answer.broken, answer
        assert answer.get("X-Route") == host, (host, answer)
        number = int(answer.get("X-Generation"))
        assert answer.text == ("even" if number % 2 == 0 else "odd"), answer
        assert self.began[number] <= after, "from the future"
        ended = self.ended.get(number)
        assert ended is None or before <= ended + GRACE * labs.PATIENCE, (
            f"generation {number} was replaced {before - ended:.2f} s before")


@pytest.fixture
def loaded(request, lab):
    """A set-up with many hosts; yields (site, generations, one request)."""
    lab.settings = {"router__check": "50ms"}
    origins = FastOrigins(lab, "even", "odd")
    generations = Generations(lab, origins)
    generations.install()
    site = Site(lab, SETUPS[request.param]).start()
    if request.param == "apache-htaccess":
        lab.map = lab.dir / "www" / "routes.db"
    return site, generations


def asker(generations, allowed=None):
    """One request of a load."""
    turns = {}

    def one(client, number):
        turn = turns[number] = turns.get(number, number * 37) + 1
        host = f"h{turn % HOSTS}.test"
        before = time.monotonic()
        answer = client.get("/", host)
        after = time.monotonic()
        if allowed and allowed(answer):
            return (after, answer.status)
        generations.check(answer, host, before, after)
        return None
    return one


def swap_for(loaded, seconds):
    site, generations = loaded
    with Load(site.port, CLIENTS, asker(generations)) as load:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            generations.install()
            # The next one when this one has been seen, so that all are.
            threading.Event().wait(0.1)
    assert not load.failures, load.failures[:5]
    assert load.count > 100 and generations.last > seconds, (
        load.count, generations.last)


@pytest.mark.parametrize("loaded", FIRST, indirect=True)
def test_maps_are_swapped_under_load(loaded):
    swap_for(loaded, 10)


@pytest.mark.long
@pytest.mark.parametrize("loaded", FIRST, indirect=True)
def test_maps_are_swapped_under_load_for_a_minute(loaded):
    swap_for(loaded, 60)


def broken_map(answer):
    """The router says that its map is broken, or the web server that its
    router has just left."""
    return answer.status == 503


@pytest.mark.parametrize("how", ["overwritten", "truncated", "emptied"])
@pytest.mark.parametrize("loaded", FIRST, indirect=True)
def test_a_map_written_over_in_place_harms_nobody(loaded, how):
    """`cp new routes.db`, a full disk, an rsync --inplace that was cut."""
    site, generations = loaded
    lab = site.lab
    # The routers began with this map. With one that was just put there some
    # might have the map before it still, whose file nobody touches.
    other = lab.dir / "var" / "other.db"
    # Another generation, as a map of its own: half of the hosts are gone.
    text = listing(generations.origins, 1000).split("\n")
    lab.routes("\n".join(text[:1 + 3 * HOSTS // 2]) + "\n", to=other)
    fresh = other.read_bytes()
    generations.began[1000] = time.monotonic()
    with Load(site.port, CLIENTS, asker(generations, broken_map)) as load:
        labs.until(lambda: load.count > 200, 20, "there is load")
        with open(lab.map, "r+b") as live:
            if how == "overwritten":
                for at in range(0, len(fresh) // 2, 4096):
                    live.seek(at)
                    live.write(fresh[at:at + 4096])
                    live.flush()
            elif how == "truncated":
                live.truncate(live.seek(0, 2) // 3 // 4096 * 4096)
            else:
                live.truncate(0)
        labs.until(lambda: load.results or load.failures, 20,
                   "somebody notices")
        load.goes_on(100)
        # The next good map heals.
        generations.install()
        installed = time.monotonic()
        healed = labs.until(
            lambda: time.monotonic() > installed + GRACE * labs.PATIENCE
            and time.monotonic(), 30, "time passes")
        load.goes_on(200)
    assert not load.failures, load.failures[:5]
    late = [at for at, _ in load.results if at > healed]
    assert not late, f"{len(late)} answers were 503 after the good map"


def test_the_reason_is_told_and_the_process_stays(lab, origin):
    """Without a web server in between: 503 map-broken, the same process."""
    lab.configure(router__check="20ms")
    lab.routes("".join(f"h{n}.test {origin.url}\n" for n in range(2000)))
    router = lab.start_router()
    assert fcgi.ask(lab.socket, "/hello", host="h7.test").status == 200
    data = lab.map.read_bytes()
    with open(lab.map, "r+b") as live:
        live.seek(4096)
        live.write(data[8192:12288])
    reply = fcgi.ask(lab.socket, "/hello", host="h7.test")
    assert (reply.status, reply.reason) == (503, "map-broken"), reply
    lab.routes(f"h7.test {origin.url}\n")
    labs.until(lambda: fcgi.ask(lab.socket, "/hello",
                                host="h7.test").status == 200, 5, "healed")
    assert router.alive() and lab.router_pids() == [router.pid]


def test_a_page_that_is_gone_kills_nobody(lab, origin):
    """SIGBUS: the mapped file has become shorter than its mapping."""
    lab.configure(router__check="20ms")
    names = "".join(f"h{n}.test {origin.url}\n" for n in range(20000))
    lab.routes(names)
    router = lab.start_router()
    assert fcgi.ask(lab.socket, "/hello", host="h7.test").status == 200
    with open(lab.map, "r+b") as live:
        live.truncate(4096)
    for n in (1, 7000, 19999):
        reply = fcgi.ask(lab.socket, "/hello", host=f"h{n}.test")
        assert (reply.status, reply.reason) == (503, "map-broken"), reply
    lab.routes(names)
    labs.until(lambda: fcgi.ask(lab.socket, "/hello",
                                host="h7.test").status == 200, 5, "healed")
    assert router.alive()


def test_too_many_lost_maps_end_it_and_fewer_do_not(lab, origin):
    """A clean end: whoever started it starts another, as after SIGTERM. It
    looks when it is told to, so that requests are what finds the loss."""
    lab.configure(router__check="1h")
    names = "".join(f"h{n}.test {origin.url}\n" for n in range(2000))
    lab.routes(names)
    router = lab.start_router()

    def status(host):
        return fcgi.ask(lab.socket, "/hello", host=host).status

    def take(text, host, wanted):
        lab.routes(text)
        router.signal(signal.SIGHUP)
        labs.until(lambda: status(host) == wanted, 5, "the map is taken up")

    def lose():
        with open(lab.map, "r+b") as live:
            live.truncate(4096)
        reply = fcgi.ask(lab.socket, "/hello", host="h7.test")
        assert (reply.status, reply.reason) == (503, "map-broken"), reply

    assert status("h7.test") == 200
    for _ in range(LOST_MAPS - 1):
        lose()
        take(names, "h7.test", 200)
    # It looks once more: had these been too many, it would be gone.
    take("h8.test respond=410\n", "h8.test", 410)
    take(names, "h8.test", 200)
    assert router.alive() and "leaving" not in router.text()
    lose()
    router.signal(signal.SIGHUP)
    assert router.wait(5) == 0
    assert "leaving" in router.text()


def test_touching_or_linking_the_map_breaks_nothing(lab, origin):
    """ctime alone, mtime of a new name: no content has changed."""
    lab.configure(router__check="20ms")
    lab.routes(f"site.test {origin.url}\n")
    router = lab.start_router()
    link = lab.map.with_suffix(".kept")
    link.hardlink_to(lab.map)
    lab.map.chmod(0o664)
    for _ in range(20):
        assert fcgi.ask(lab.socket, "/hello").status == 200
    link.unlink()
    lab.map.unlink()
    for _ in range(20):
        assert fcgi.ask(lab.socket, "/hello").status == 200
    assert router.alive()
