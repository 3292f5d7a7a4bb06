# SPDX-License-Identifier: BSD-2-Clause
"""Services that are exchanged under load: blue and green."""

import contextlib
import threading
import time

import pytest

import lab as labs
from client import ask
from groups import MANY, Group, name
from load import Load

CHECK = 0.05
SOON = 0.25 * labs.PATIENCE    # for what is seen, until it is in force


@pytest.fixture(scope="module", params=["apache-mod_fcgid", "nginx"])
def shop(request, new_lab, end_lab_module):
    """blue serves."""
    lab = new_lab(f"shop-{request.param}")
    try:
        made = Group(lab, request.param,
                     router__check=labs.ms(CHECK))
        made.origin("blue")
        made.origin("green")
        made.origin("other")
        yield made.start(shop_list(made, "blue"))
    finally:
        end_lab_module(lab)


def shop_list(group, name):
    """The one line that differs; "other": the service is gone."""
    urls = {name: origin.url for name, origin in group.origins.items()}
    if name == "other":
        return f"shop.test @other\n@other {urls['other']}\n"
    return (f"shop.test @shop\n@shop {urls[name]}\n"
            f"@other {urls['other']}\n")


@contextlib.contextmanager
def in_flight(group, name, count=5):
    """Requests that began at that origin: they end there, whole."""
    origin = group.origins[name]
    origin.gate.clear()
    before = len(origin.asked)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(
        ask(group.site.port, target="/gate", host="shop.test")))
        for _ in range(count)]
    for thread in threads:
        thread.start()
    labs.until(lambda: sum(one.path == "/gate" for one in
                           origin.asked[before:]) == count, 10, "they wait")
    try:
        yield
    finally:
        origin.gate.set()
        for thread in threads:
            thread.join()
    assert {(answer.status, answer.broken, answer.body)
            for answer in answers} == {
                (200, None, b"data: first\n\ndata: second\n\n")}


def test_one_line_flips_every_process_and_back(shop):
    """In between the service is gone: no request comes to it any more."""
    def one(client, number):
        began = time.monotonic()
        answer = client.get("/hello", "shop.test")
        assert answer.status == 200, answer
        return began, time.monotonic(), name(answer)
    flips = []
    with Load(shop.site.port, MANY, one) as load:
        for old, new in (("blue", "green"), ("green", "blue"),
                         ("blue", "other")):
            labs.until(lambda at=len(load.results): len(load.results)
                       > at + 200, 20, "load")
            with in_flight(shop, old):
                began = time.monotonic()
                shop.lab.routes(shop_list(shop, new))
                flips.append((began, time.monotonic(), old, new))
                end = flips[-1][1] + CHECK + SOON
                labs.until(lambda when=end: load.results[-1][0] > when, 20,
                           "all have flipped")
    assert load.failures == []
    for at, (began, done, old, new) in enumerate(flips):
        # From when all have the one before, until they have this one.
        since = flips[at - 1][1] + CHECK + SOON if at else 0
        until = flips[at + 1][0] if at + 1 < len(flips) else time.monotonic()
        assert {who for start, end, who in load.results
                if since < start and end < began} == {old}, (old, new)
        assert {who for start, end, who in load.results
                if done + CHECK + SOON < start and end < until} == {new}
