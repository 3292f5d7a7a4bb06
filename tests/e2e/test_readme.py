# SPDX-License-Identifier: BSD-2-Clause
"""What README says of services, by the lists that stand there."""

import collections
import contextlib
import pathlib
import re

import pytest

import fcgi
import lab as labs
from origin import Origin

README = pathlib.Path(__file__).parents[2] / "README"
TITLE = "Services: several servers, several versions\n---"


def lists():
    """The lists of that part, in order."""
    part = README.read_text().split(TITLE)[1].split("\n\n\n")[0]
    blocks = re.findall(r"(?:^    .*\n)+", part, re.M)
    return [block.replace("\n    ", "\n")[4:] for block in blocks
            if "@" in block]


@pytest.fixture
def shop(lab):
    """Compiles one of them, with servers in place of those it names."""
    with contextlib.ExitStack() as stack:
        lab.sites = [stack.enter_context(contextlib.closing(Origin(str(n))))
                     for n in range(1, 4)]
        lab.generation = 0

        def use(text):
            lab.generation += 1
            for n, one in enumerate(lab.sites, 1):
                text = text.replace(f"http://10.0.0.{n}:8080", one.url)
            assert "10.0.0" not in text
            lab.routes(f'{text}\nmark.test respond=200 "{lab.generation}"\n')
            labs.until(lambda: fcgi.ask(lab.socket, host="mark.test").body
                       == str(lab.generation).encode(), 5, "it is in force")
        lab.use = use
        lab.configure(router__check="20ms",
                      router__version_override="192.0.2.9")
        lab.start_router()
        yield lab


def ask(lab, **fields):
    """Who answers, and as which version."""
    reply = fcgi.ask(lab.socket, "/hello", host="shop.example.com", more=[
        (f"HTTP_{name}", value) for name, value in fields.items()])
    assert reply.status == 200, reply
    return int(reply.body.split()[-1]), reply.get("X-Version")


def shares(lab, count):
    return collections.Counter(ask(lab)[0] for _ in range(count))


def test_each_list_is_tested():
    assert len(lists()) == 4


def test_each_request_goes_to_the_next_one_that_is_well(shop):
    shop.use(lists()[0])
    assert shares(shop, 10) == {1: 5, 2: 5}
    shop.sites[0].close()
    assert shares(shop, 10) == {2: 10}


def test_shares_and_a_spare(shop):
    shop.use(lists()[1])
    assert shares(shop, 8) == {1: 6, 2: 2}
    shop.sites[0].close()
    assert shares(shop, 4) == {2: 4}
    shop.sites[1].close()
    labs.until(lambda: fcgi.ask(shop.socket, "/hello", host="shop."
                                "example.com").status == 200, 5, "the spare")
    assert shares(shop, 4) == {3: 4}


def test_those_who_have_the_canary_keep_it(shop):
    def canaries():
        return {n for n in range(200)
                if ask(shop, COOKIE=f"sid={n}") == (2, "shop-next")}

    few = lists()[2]
    shop.use(few)
    five = canaries()
    assert 0 < len(five) < 30
    more = few.replace("split 5 ", "split 20 ").replace(" 95 ", " 80 ")
    shop.use(more)
    assert five < canaries()
    shop.use(few)
    assert canaries() == five


def test_one_line_exchanges_blue_and_green(shop):
    blue = lists()[3]
    green = blue.replace("split 0 @green 100 @blue",
                         "split 100 @green 0 @blue")
    shop.use(blue)
    assert shares(shop, 5) == {1: 5}
    assert ask(shop, X_ROUTER_VERSION="green")[0] == 2
    shop.use(green)
    assert shares(shop, 5) == {2: 5}
    assert ask(shop, X_ROUTER_VERSION="blue")[0] == 1
    shop.use(blue)
    assert shares(shop, 5) == {1: 5}
