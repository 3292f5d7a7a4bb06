# SPDX-License-Identifier: BSD-2-Clause
"""What plans grant over time, by twenty processes that mod_fcgid has started,
and what is left inside of those that are killed."""

import itertools
import select
import time

import pytest

import lab as labs
from client import Client
from groups import MANY, Group, name
from load import Load

CHECK = "20ms"

# Requests a second, and at once: as many as a second brings, so that nothing
# is lost when the machine is busy elsewhere for a moment.
PLANS = {"slow": (20, 20), "middle": (50, 50), "fast": (100, 100),
         "minutes": (10, 10)}
RATES = {"minutes": "600/m"}
KEYS = 2                # of each plan
INSIDE = 3


@pytest.fixture(scope="module")
def group(new_lab, end_lab_module):
    lab = new_lab("limits")
    try:
        settings = {"plan:inside__concurrency": str(INSIDE),
                    "plan:inside__count_by": "host"}
        for plan, (rate, burst) in PLANS.items():
            settings |= {f"plan:{plan}__rate": RATES.get(plan, f"{rate}/s"),
                         f"plan:{plan}__burst": str(burst),
                         f"plan:{plan}__count_by": "host"}
        made = Group(lab, "apache-mod_fcgid", router__check=CHECK, **settings)
        o, made.waits = made.origin("o"), made.origin("w")
        yield made.start("".join(f"*.{plan}.test {o.url} plan={plan}\n"
                                 for plan in PLANS)
                         + f"*.inside.test {made.waits.url} plan=inside\n")
    finally:
        end_lab_module(lab)


def granted(group, seconds, series):
    """All keys are asked for, all the time, by clients of all processes."""
    hosts = [f"{series}{n}.{plan}.test" for plan in PLANS
             for n in range(KEYS)]
    turns = itertools.cycle(hosts)      # next() is atomic

    def one(client, number):
        host, asked = next(turns), time.monotonic()
        said = name(client.get("/hello", host))
        assert said in ("o", "429 limit-rate")
        return host, said == "o", asked, time.monotonic()
    with Load(group.site.port, MANY, one) as load:
        end = time.monotonic() + seconds
        labs.until(lambda: time.monotonic() > end, seconds + 10, "the time")
    assert load.failures == []
    return {host: [result[1:] for result in load.results
                   if result[0] == host] for host in hosts}


def ideal(rate, burst, times):
    """How many of those who come at these times one bucket would grant."""
    count, left, before = 0, burst, min(times)
    for now in sorted(times):
        left, before = min(burst, left + rate * (now - before)), now
        if left >= 1:
            left, count = left - 1, count + 1
    return count


def is_what_the_plan_says(host, came):
    rate, burst = PLANS[host.split(".")[1]]
    count = sum(yes for yes, _, _ in came)
    asked = [result[1] for result in came]
    answered = [result[2] for result in came]
    seconds = max(answered) - min(asked)
    assert count <= burst + rate * seconds, (host, count, seconds)
    # And no less than one of a hundred, on a machine that is busy elsewhere.
    least = min(ideal(rate, burst, asked), ideal(rate, burst, answered))
    assert count >= least * 0.99 - 1, (host, count, least)


@pytest.mark.parametrize("seconds", [
    2, pytest.param(60, marks=pytest.mark.long)])
def test_all_processes_grant_what_each_plan_says(group, seconds):
    for host, came in granted(group, seconds, f"for-{seconds}-").items():
        is_what_the_plan_says(host, came)


def gets_in(group, host):
    """A client that waits inside; None: it was refused."""
    before = len(group.waits.asked)
    client = Client(group.site.port)
    client.send("GET", "/wait", host)
    labs.until(lambda: len(group.waits.asked) > before or
               select.select([client.socket], [], [], 0)[0], 10,
               "it waits, or is answered")
    if len(group.waits.asked) > before:
        return client
    answer = client.answer()
    client.close()
    # Of a process that was killed, mod_fcgid finds out when it is asked.
    assert name(answer) in ("429 limit-concurrency", "503 None", "500 None")
    return None


def fill(group, host):
    """As many get in as may."""
    held = []

    def is_full():
        if client := gets_in(group, host):
            held.append(client)
        return len(held) == INSIDE
    labs.until(is_full, 10, "as many get in as may")
    return held


@pytest.mark.long
def test_killed_processes_leave_nothing_inside(group):
    group.waits.gate.clear()
    held = fill(group, "killed.inside.test")
    try:
        for pid in group.site.lab.router_pids():
            labs.kill(pid)
        held += fill(group, "killed.inside.test")
        for _ in range(5):
            assert gets_in(group, "killed.inside.test") is None
    finally:
        group.waits.gate.set()
        for client in held:
            client.close()
