# SPDX-License-Identifier: BSD-2-Clause
"""Memory and descriptors of an optimised build. Not under sanitizers."""

import os

import pytest

from client import Client, ask, pattern, sha256
from load import FastOrigins
from setups import SETUPS, Site

pytestmark = pytest.mark.memory

MIB64 = 64 << 20
LEAST = 4 << 20


def status(pid, name):
    """A size of /proc/PID/status, in bytes."""
    with open(f"/proc/{pid}/status") as text:
        for line in text:
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(name)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


@pytest.mark.parametrize("name", ["nginx", "lighttpd-spawn",
                                  "apache-mod_fcgid"])
def test_64_mib_pass_in_constant_memory(lab, origin, name):
    lab.routes(f"site.test {origin.url}\n")
    site = Site(lab, SETUPS[name]).start()
    small = pattern(300000)
    for _ in range(5):
        assert ask(site.port, target="/bytes/300000").status == 200
        assert ask(site.port, "POST", "/echo", body=small).status == 200
    before = {pid: status(pid, "VmHWM") for pid in lab.router_pids()}
    assert before
    answer = ask(site.port, target=f"/bytes/{MIB64}", keep=False, timeout=120)
    assert answer.sha256 == sha256(pattern(MIB64))
    answer = ask(site.port, target=f"/chunked/{MIB64}", keep=False,
                 timeout=120)
    assert answer.sha256 == sha256(pattern(MIB64))
    body = pattern(MIB64)
    assert ask(site.port, "PUT", "/echo", body=body,
               timeout=120).status == 200
    assert origin.asked[-1].sha256 == sha256(body)
    assert set(lab.router_pids()) == set(before), "the same have served"
    for pid, least in before.items():
        grown = status(pid, "VmHWM") - least
        assert grown < LEAST, f"{grown >> 10} KiB"


def test_a_slow_client_costs_no_memory(lab, origin):
    """The origin is quick, the client takes nothing for a while."""
    lab.routes(f"site.test {origin.url}\n")
    site = Site(lab, SETUPS["nginx"]).start()
    ask(site.port, target="/bytes/300000")
    pid = lab.router_pids()[0]
    before = status(pid, "VmHWM")
    with Client(site.port, 60, receive_buffer=4096) as client:
        client.send(target=f"/bytes/{MIB64}")
        client.head()
        for _ in range(200):
            assert ask(site.port, target="/hello").status == 200
        assert status(pid, "VmHWM") - before < LEAST


def test_nothing_grows_over_20000_requests(lab):
    origins = FastOrigins(lab, "fast")
    lab.routes(f"site.test {origins.url('fast')}\n"
               "gone.test respond=410\n")
    site = Site(lab, SETUPS["nginx"]).start()
    pid = lab.router_pids()[0]
    clients = [Client(site.port) for _ in range(4)]

    def ask_many(count):
        for number in range(count // len(clients)):
            for client in clients:
                client.send(target=f"/{number}?q", host=(
                    "site.test", "gone.test", "site.test",
                    f"no{number}.test")[number % 4])
            for client in clients:
                assert client.answer().status in (200, 410, 404)

    ask_many(4000)
    memory, files = status(pid, "VmRSS"), descriptors(pid)
    ask_many(20000)
    assert descriptors(pid) <= files + 2
    assert status(pid, "VmRSS") - memory < 512 * 1024
    for client in clients:
        client.close()
