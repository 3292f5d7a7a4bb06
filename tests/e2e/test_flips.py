# SPDX-License-Identifier: BSD-2-Clause
"""Services that are exchanged under load: blue and green."""

import contextlib
import itertools
import threading
import time

import pytest

import lab as labs
from client import ask
from groups import MANY, Group, name
from load import Load

CHECK = 0.05
SOON = 0.25 * labs.PATIENCE    # for what is seen, until it is in force


ORIGINS = ("blue1", "blue2", "green1", "green2", "other")
ENDS = {"/gate": "data: first\n\ndata: second\n\n", "/wait": "hello from "}
WAITING = 3             # requests of each of these, while a list is exchanged


@pytest.fixture(scope="module", params=["apache-mod_fcgid", "nginx"])
def shop(request, new_lab, end_lab_module):
    """blue serves."""
    lab = new_lab(f"shop-{request.param}")
    try:
        made = Group(lab, request.param,
                     router__check=labs.ms(CHECK))
        for origin in ORIGINS:
            made.origin(origin)
        yield made.start(shop_list(made, "blue"))
    finally:
        end_lab_module(lab)


def shop_list(group, color):
    """The one line that differs; "other": the service is gone."""
    urls = {name: origin.url for name, origin in group.origins.items()}
    if color == "other":
        return f"shop.test @other\n@other {urls['other']}\n"
    return (f"shop.test @shop\n"
            f"@shop {urls[f'{color}1']} {urls[f'{color}2']}\n"
            f"@other {urls['other']}\n")


def split_list(group, color):
    """All to one of two, as fcgi-router(8) shows it."""
    urls = {name: origin.url for name, origin in group.origins.items()}
    shares = {"blue": 0, "green": 0, color: 100}
    return (f"split.test @blue\n    split {shares['green']} @green "
            f"{shares['blue']} @blue by=cookie:sid\n"
            f"@blue {urls['blue1']} {urls['blue2']}\n"
            f"@green {urls['green1']} {urls['green2']}\n")


def of_color(group, color):
    return [origin for name, origin in group.origins.items()
            if name.startswith(color)]


@contextlib.contextmanager
def in_flight(group, color, host):
    """Requests that began there, before their head and behind it: they end
    there, whole."""
    origins = of_color(group, color)
    before = [len(origin.asked) for origin in origins]
    answers = []
    for origin in origins:
        origin.gate.clear()
    threads = [threading.Thread(target=lambda path=path: answers.append(
        ask(group.site.port, target=path, host=host)))
        for path in ENDS for _ in range(WAITING)]
    for thread in threads:
        thread.start()
    labs.until(lambda: sum(
        one.path in ENDS for origin, at in zip(origins, before)
        for one in origin.asked[at:]) == len(threads), 10, "they wait")
    try:
        yield
    finally:
        for origin in origins:
            origin.gate.set()
        for thread in threads:
            thread.join()
    for answer in answers:
        assert (answer.status, answer.broken) == (200, None), answer
    assert sorted(answer.text.rstrip().rstrip("12") for answer in answers) == \
        sorted([ENDS["/gate"].rstrip()] * WAITING
               + [ENDS["/wait"] + color] * WAITING)


def flip_under_load(shop, host, flips):
    """Each is (who serves until now, who then, what makes it so)."""
    def one(client, number):
        began = time.monotonic()
        answer = client.get("/hello", host)
        assert answer.status == 200, answer
        return began, time.monotonic(), name(answer).rstrip("12")
    done = []
    labs.until(lambda: shop.at_once(host)[0].keys() <= {
        "blue1", "blue2"}, 10, "blue serves")
    with Load(shop.site.port, MANY, one) as load:
        for old, new, exchange in flips:
            labs.until(lambda at=len(load.results): len(load.results)
                       > at + 200, 20, "load")
            with in_flight(shop, old, host):
                began = time.monotonic()
                exchange()
                done.append((began, time.monotonic()))
                end = done[-1][1] + CHECK + SOON
                labs.until(lambda when=end: load.results[-1][0] > when, 20,
                           "all have flipped")
    assert load.failures == []
    # From when all have the one before, until they have this one.
    changes = [(0, 0), *done, (time.monotonic(), 0)]
    for (_, before), (began, ended), (after, _), (old, new, _) in zip(
            changes, changes[1:], changes[2:], flips):
        assert {who for start, end, who in load.results
                if before + CHECK + SOON < start and end < began} == {old}
        assert {who for start, end, who in load.results
                if ended + CHECK + SOON < start and end < after} == {new}


def test_one_line_flips_every_process_and_back(shop):
    """In between the service is gone: no request comes to it any more."""
    way = ("blue", "green", "blue", "other")
    shop.lab.routes(shop_list(shop, way[0]))
    flip_under_load(shop, "shop.test", [
        (old, new, lambda to=new: shop.lab.routes(shop_list(shop, to)))
        for old, new in itertools.pairwise(way)])


def rolled_back(shop):
    done = shop.lab.tool("route-compile", "--rollback", "-o", shop.lab.map)
    assert done.returncode == 0, done.stderr


def test_the_shares_of_a_split_are_exchanged_and_rolled_back(shop):
    def compiled(color):
        done = shop.lab.tool("route-compile", "--keep", "2", "-o",
                             shop.lab.map, "-",
                             input=split_list(shop, color))
        assert done.returncode == 0, done.stderr
    compiled("blue")
    flip_under_load(shop, "split.test", [
        ("blue", "green", lambda: compiled("green")),
        ("green", "blue", lambda: rolled_back(shop))])
