# SPDX-License-Identifier: BSD-2-Clause
"""route-query -v tells what routers know of a service's origins, and leaves
all of it as it was."""

import contextlib
import json
import os

import pytest

import fcgi
import lab as labs
from fcgi import Peer
from origin import Origin


@contextlib.contextmanager
def origins(count):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(contextlib.closing(Origin(str(n))))
               for n in range(count)]


@pytest.fixture
def service(lab):
    """Makes a service of so many origins, and its router."""
    with contextlib.ExitStack() as stack:
        def make(words="", count=2, **settings):
            lab.sites = stack.enter_context(origins(count))
            lab.routes("site.test @s\n@s " + " ".join(
                one.url for one in lab.sites) + f" {words}\n")
            lab.configure(**{"router__check": "20ms",
                             "relay__max_fails": "1",
                             "relay__cooldown": "1h",
                             "relay__cooldown_max": "1h", **settings})
            lab.process = lab.start_router()
            return lab
        yield make


def told(lab, *options, settings=("-c",), code=0):
    done = lab.tool("route-query", "-j", "-v",
                    *([*settings, lab.ini] if settings else ["-m", lab.map]),
                    *options, "http://site.test/hello")
    assert done.returncode == code, done
    return json.loads(done.stdout)


def states(answer):
    return [one.get("state") for one in answer["candidate"]]


def chosen(answer):
    return [n for n, one in enumerate(answer["candidate"]) if one["chosen"]]


def folder(lab):
    """All that is there, byte for byte, when nobody is left who writes."""
    if lab.process.alive():
        lab.process.stop()
    found = {}
    for entry in sorted((lab.dir / "run" / "state").iterdir()):
        info = entry.stat()
        found[entry.name] = (entry.read_bytes(), info.st_mtime_ns,
                             info.st_ctime_ns, info.st_mode)
    return found


def ask(lab):
    reply = fcgi.ask(lab.socket, "/hello")
    assert reply.status == 200, reply
    return int(reply.body.split()[-1])


def test_an_origin_that_is_out_is_told_and_not_chosen(service):
    lab = service()
    lab.sites[0].close()
    for _ in range(4):
        assert ask(lab) == 1
    before = folder(lab)
    answer = told(lab)
    assert states(answer) == ["out", "well"] and chosen(answer) == [1]
    assert answer["candidate"][0]["times"] == 1
    assert answer["origin"].startswith(lab.sites[1].url)
    assert answer["health"] == str(lab.dir / "run" / "state")
    assert answer["balance"] == "round-robin"
    assert folder(lab) == before


def test_who_is_next_in_turn_is_told(service):
    lab = service(count=3)
    for _ in range(7):
        wanted = chosen(told(lab))
        assert told(lab)["choice"] == "it is next in turn, by weight"
        assert [ask(lab)] == wanted


def test_requests_under_way_are_told(service):
    lab = service("balance=least")
    with Peer(lab.socket) as peer:
        peer.send(fcgi.request("/gate"))
        busy = labs.until(lambda: [n for n, one in enumerate(lab.sites)
                                   if one.asked], 5, "it is asked")
        answer = told(lab)
        assert [one["active"] for one in answer["candidate"]] == [
            int(n in busy) for n in range(2)]
        assert chosen(answer) == [1 - busy[0]]
        assert answer["choice"] == "it has the fewest requests for its weight"
        lab.sites[busy[0]].gate.set()
        assert peer.reply().status == 200
    labs.until(lambda: not any(one["active"] for one in
                               told(lab)["candidate"]), 5, "it has ended")


def test_all_out_is_the_least_bad_one_or_none(service):
    lab = service()
    for one in lab.sites:
        one.close()
    labs.until(lambda: fcgi.ask(lab.socket).status and states(told(lab)) == [
        "out", "out"], 10, "both are out")
    answer = told(lab)
    assert answer["choice"] == "all are out: the least bad one"
    assert len(chosen(answer)) == 1
    lab.routes("site.test @s\n@s " + " ".join(
        one.url for one in lab.sites) + " when-all-down=refuse\n")
    answer = told(lab, code=1)
    assert (answer["reason"], answer["status"]) == ("no-healthy-origin", 503)
    assert chosen(answer) == [] and answer["choice"] == "none: all are out"


def test_an_origin_that_is_due_is_told(service):
    lab = service(relay__cooldown="100ms")
    lab.sites[0].close()
    labs.until(lambda: ask(lab) == 1 and "is out" in lab.process.text(), 10,
               "it is out")
    labs.until(lambda: "due" in states(told(lab)), 10, "it is due")
    before = folder(lab)
    answer = told(lab)
    assert chosen(answer) == [0]
    assert answer["choice"] == "it was out, and this request tries it"
    assert folder(lab) == before


def test_without_settings_it_looks_beside_the_map(service):
    lab = service(router__state_dir="/nowhere")
    answer = told(lab, settings=())
    assert answer["health"] == (
        f"nothing is known: {lab.dir}/var/.state: cannot open this folder: "
        "No such file or directory")
    assert states(answer) == [None, None]
    assert sorted(os.listdir(lab.dir / "var")) == [lab.map.name]


def damage_truncate(path):
    os.truncate(path, 5000)


def damage_foreign(path):
    path.write_bytes(b"x" * path.stat().st_size)


def damage_boot(path):
    data = path.read_bytes()
    boot = open("/proc/sys/kernel/random/boot_id", "rb").read().strip()
    assert data.count(boot) == 1
    path.write_bytes(data.replace(boot, boot[::-1]))


def damage_mode(path):
    path.chmod(0o666)


@pytest.mark.parametrize("damage", [damage_truncate, damage_foreign,
                                    damage_boot, damage_mode])
def test_a_file_that_is_not_to_be_trusted_is_told_and_left(service, damage):
    lab = service()
    lab.sites[0].close()
    for _ in range(4):
        assert ask(lab) == 1
    lab.process.stop()
    assert "out" in states(told(lab))
    damage(lab.dir / "run" / "state" / "health.2")
    before = folder(lab)
    answer = told(lab)
    assert answer["health"].startswith(
        f"nothing is known: {lab.dir}/run/state/health.2: "), answer["health"]
    assert states(answer) == [None, None]
    assert folder(lab) == before
