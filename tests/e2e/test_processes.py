# SPDX-License-Identifier: BSD-2-Clause
"""What many router processes know of services together: twenty, which
mod_fcgid has started."""

import collections
import contextlib
import os
import shutil
import time

import pytest

import lab as labs
from client import ask
from groups import MANY, Group, name
from load import Load

COOLDOWN = 0.4          # seconds
ONCE = 0.19             # seconds, within which failures are two at most
CHECK = 0.05
OUT = "this origin is out"
BURSTS = 12             # tries, on a busy machine

LIST = """\
two.test @two
@two {a} weight=3 {b}
least.test @least
@least {a} {b} balance=least
due.test @due
@due http://127.0.0.1:{due} {b}
"""
BURST = """\
burst-{n}.test @burst-{n}
@burst-{n} http://127.0.0.1:{port} {b} backup
"""


@pytest.fixture(scope="module")
def group(new_lab, end_lab_module):
    lab = new_lab("processes")
    try:
        made = Group(lab, "apache-mod_fcgid", router__check=labs.ms(CHECK),
                     relay__cooldown=labs.ms(COOLDOWN),
                     relay__cooldown_max=labs.ms(COOLDOWN))
        a, b = made.origin("a"), made.origin("b")
        made.due, *made.ports = labs.free_ports(BURSTS + 1)
        yield made.start(
            LIST.format(a=a.url, b=b.url, due=made.due)
            + "".join(BURST.format(n=n, port=port, b=b.url)
                      for n, port in enumerate(made.ports)))
    finally:
        end_lab_module(lab)


# ---- what they know together ----

def load_of(group, host, count):
    """The names of who answered so many requests, of clients that go on."""
    def one(client, number):
        return name(client.get("/hello", host))
    with Load(group.site.port, MANY, one) as load:
        labs.until(lambda: len(load.results) > count, 20, "requests")
    assert load.failures == []
    return collections.Counter(load.results)


def test_weights_hold_over_all_processes(group):
    came = load_of(group, "two.test", 800)
    assert set(came) == {"a", "b"}
    assert abs(came["a"] / came.total() - 0.75) < 0.02, came


def test_a_burst_of_failures_counts_once(group):
    """All processes find the same dead origin at once; max_fails is 3."""
    for number, port in enumerate(group.ports):
        host = f"burst-{number}.test"
        came, seconds = group.at_once(host)
        assert set(came) == {"b"}
        if seconds < ONCE:
            break
    else:
        pytest.fail("the machine is too slow for this")
    group.origin("was-dead", port=port)
    assert set(group.at_once(host)[0]) == {"was-dead"}


def test_one_request_of_all_processes_tries_an_origin_that_is_due(group):
    """It is back, and thinks about its first answer. Whoever else comes is
    served elsewhere meanwhile, and it gets no herd."""
    before = group.site.server.text().count(OUT)

    def is_out():
        assert set(group.at_once("due.test")[0]) == {"b"}
        return group.site.server.text().count(OUT) > before
    labs.until(is_out, 10, "it is out")
    back = group.origin("back", port=group.due)
    group.origins["b"].gate.set()   # it does not think

    def one(client, number):
        return name(client.get("/wait", "due.test"))
    with Load(group.site.port, MANY, one) as load:
        try:
            labs.until(lambda: back.asked, 10, "somebody tries it")
            before = len(load.results)
            labs.until(lambda: len(load.results) > before + 200, 20,
                       "others go on")
            assert len(back.asked) == 1
            assert set(load.results) == {"b"}
        finally:
            back.gate.set()
    assert load.failures == [] and set(load.results) == {"b", "back"}
    labs.until(lambda: group.at_once("due.test")[0]["back"] == MANY / 2, 5,
               "it has its share")


# ---- a process for each request ----

@pytest.fixture(scope="module")
def cgi(new_lab, end_lab_module):
    lab = new_lab("cgi")
    try:
        yield Group(lab, "apache-cgi", relay__cooldown="1h",
                    relay__cooldown_max="1h").start("")
    finally:
        end_lab_module(lab)


def test_as_cgi_origins_have_their_shares_and_are_found_out(cgi):
    """One after the other, and nothing else runs: what is known is in the
    files."""
    a, b = cgi.origin("a"), cgi.origin("b")
    dead = labs.free_port()
    cgi.lab.routes(
        f"two.test @two\n@two {a.url} weight=3 {b.url}\n"
        f"out.test @out\n@out http://127.0.0.1:{dead} {b.url}\n")
    came = [name(ask(cgi.site.port, target="/hello", host="two.test"))
            for _ in range(12)]
    assert collections.Counter(came) == {"a": 9, "b": 3}

    def is_out():
        assert name(ask(cgi.site.port, target="/hello",
                        host="out.test")) == "b"
        return OUT in cgi.site.server.text()
    labs.until(is_out, 10, "it is out")
    back = cgi.origin("back", port=dead)
    for _ in range(4):
        assert is_out()
    assert not back.asked


def test_as_cgi_without_a_folder_turns_begin_anywhere(cgi):
    """Nothing is known of requests before: yet a dead origin, where no other
    is tried, takes its share and not all."""
    b = cgi.origin("well")
    cgi.lab.routes(f"half.test @half\n"
                   f"@half http://127.0.0.1:{labs.free_port()} {b.url} "
                   "retry=0\n")
    cgi.lab.configure(router__state_dir=str(cgi.lab.dir / "no-folder"))
    came = {name(ask(cgi.site.port, target="/hello", host="half.test"))
            for _ in range(20)}
    assert came == {"502 origin-refused", "well"}


# ---- the shared files, harmed ----

def each_file(state):
    return [path for path in state.iterdir() if path.is_file()]


def garbage(state):
    for path in each_file(state):
        with open(path, "r+b") as file:
            file.write(os.urandom(path.stat().st_size))


def garbage_behind_the_head(state):
    for path in each_file(state):
        with open(path, "r+b") as file:
            file.seek(4096)
            file.write(os.urandom(path.stat().st_size - 4096))


def cut(state):
    for path in each_file(state):
        os.truncate(path, 5000)


def emptied(state):
    for path in each_file(state):
        os.truncate(path, 0)


def removed(state):
    for path in each_file(state):
        path.unlink()


def another(state):
    """A file of somebody else's, renamed over it."""
    for path in each_file(state):
        fresh = path.with_suffix(".foreign")
        fresh.write_bytes(b"what is this?\n" * 1000)
        fresh.rename(path)


def instead(make):
    """Until it is there: the router may be faster in making its file."""
    while True:
        with contextlib.suppress(FileExistsError):
            return make()


def a_folder(state):
    for path in each_file(state):
        def folder():
            path.unlink(missing_ok=True)
            path.mkdir()
        instead(folder)


def a_link(state):
    for path in each_file(state):
        real = path.with_suffix(".real")

        def link():
            path.rename(real)
            path.symlink_to(real)
        instead(link)


def unreadable(state):
    for path in each_file(state):
        path.chmod(0)


def readable_by_all(state):
    for path in each_file(state):
        path.chmod(0o666)


def folder_removed(state):
    """At once, as the router may be making files there."""
    gone = state.with_suffix(".gone")
    state.rename(gone)
    shutil.rmtree(gone)


def folder_unwritable(state):
    removed(state)
    state.chmod(0o500)


def folder_is_a_file(state):
    while not state.is_file():
        folder_removed(state)
        with contextlib.suppress(IsADirectoryError):
            state.write_text("no folder\n")


def put_right(state):
    """Takes all of it away; what the router makes meanwhile may stay."""
    if state.is_file():
        state.unlink()
    else:
        shutil.rmtree(state, ignore_errors=True)


HARMS = (garbage, garbage_behind_the_head, cut, emptied, removed, another,
         a_folder, a_link, unreadable, readable_by_all, folder_removed,
         folder_unwritable, folder_is_a_file)


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_harm_to_the_shared_files_fails_no_request(group, harm):
    """Neither at once, nor when every process has looked; and what was put
    right is shared again."""
    hosts = ("two.test", "least.test")
    harmed = group.state
    labs.until(lambda: harmed.is_dir() and each_file(harmed), 10,
               "the files are there")

    def one(client, number):
        answer = client.get("/hello", hosts[number % 2])
        assert answer.status == 200, answer
        return time.monotonic()
    with Load(group.site.port, MANY, one) as load:
        labs.until(lambda: len(load.results) > 50, 10, "load")
        harm(harmed)
        end = time.monotonic() + 2 * CHECK
        labs.until(lambda: len(load.results) > 100
                   and load.results[-1] > end, 10, "load goes on")
        put_right(harmed)
        end = time.monotonic() + 2 * CHECK
        labs.until(lambda: load.results[-1] > end, 10, "load goes on")
    assert load.failures == []
    labs.until(lambda: harmed.is_dir() and each_file(harmed), 10,
               "there are files again")
    came = load_of(group, "two.test", 100)
    assert abs(came["a"] / came.total() - 0.75) < 0.05, came
