# SPDX-License-Identifier: BSD-2-Clause
"""The requests of a normal site, through every set-up."""

import json
import threading

import pytest

from capabilities import cell
from client import Client, ask, pattern, sha256
from origin import LAST_MODIFIED, TEXT
from setups import FIRST, SETUPS, Site

SIZES = (0, 1, 65535)
MIB64 = 64 << 20


@pytest.fixture(scope="module", params=list(SETUPS))
def site(request, new_lab, lasting_origin, end_lab_module):
    setup = SETUPS[request.param]
    lab = new_lab(setup.name)
    try:
        lab.routes(
            f"site.test {lasting_origin.url}\n"
            "dead.test http://127.0.0.1:1\n")
        yield Site(lab, setup).start()
    finally:
        end_lab_module(lab)


def echo(site, method="GET", target="/echo", **how):
    answer = ask(site.port, method, target, **how)
    assert answer.status == 200, answer
    return json.loads(answer.body)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("size", SIZES)
def test_a_body_arrives_whole(site, method, size):
    body = pattern(size)
    seen = echo(site, method, body=body,
                fields=[("Content-Type", "application/x-test")])
    assert (seen["size"], seen["sha256"]) == (size, sha256(body))
    if size:
        assert ["Content-Type", "application/x-test"] in seen["fields"]


@pytest.mark.parametrize("framing", ["bytes", "chunked"])
@pytest.mark.parametrize("size", SIZES)
def test_an_answer_comes_back_whole(site, framing, size):
    answer = ask(site.port, target=f"/{framing}/{size}")
    assert (answer.status, answer.size) == (200, size), answer
    assert answer.sha256 == sha256(pattern(size)) and not answer.broken


def test_64_mib_come_back_whole(site):
    answer = ask(site.port, target=f"/bytes/{MIB64}", keep=False, timeout=120)
    assert answer.sha256 == sha256(pattern(MIB64)), answer
    assert not answer.broken


def test_64_mib_arrive_whole(site):
    if cell("big-body", site.setup.name) == "no":
        # The host's limit, and Apache's way to say it.
        assert ask(site.port, "POST", body=pattern(140000)).status == 500
        return
    body = pattern(MIB64)
    seen = echo(site, "PUT", body=body, timeout=120)
    assert (seen["size"], seen["sha256"]) == (MIB64, sha256(body))


def test_a_body_comes_back_while_it_goes(site):
    """An origin that answers while it still reads."""
    size = 100000 if cell("big-body", site.setup.name) == "no" else 3 << 20
    body = pattern(size)
    answer = ask(site.port, "POST", "/reflect", body=body, timeout=60)
    assert answer.status == 200 and not answer.broken, answer
    assert (answer.size, answer.sha256) == (size, sha256(body))


def test_an_answer_before_the_body_was_read_arrives(site):
    size = 100000 if cell("big-body", site.setup.name) == "no" else 3 << 20
    answer = ask(site.port, "POST", "/early300000", body=pattern(size),
                 timeout=60)
    assert answer.status == 403, answer
    if not answer.broken:
        assert answer.sha256 == sha256(pattern(300000))


def test_not_modified_is_the_origins_word(site):
    answer = ask(site.port, target="/cached",
                 fields=[("If-None-Match", '"v1"')])
    assert answer.status == 304 and not answer.size, answer
    assert answer.get("ETag") == '"v1"'
    # The origin does not look at dates, so nobody else may.
    answer = ask(site.port, target="/cached",
                 fields=[("If-Modified-Since", LAST_MODIFIED)])
    assert (answer.status, answer.body) == (200, TEXT), answer


def test_a_range_passes(site):
    answer = ask(site.port, target="/range", fields=[("Range", "bytes=10-14")])
    assert (answer.status, answer.body) == (206, b"01234"), answer
    assert answer.get("Content-Range") == f"bytes 10-14/{len(TEXT)}"


@pytest.mark.parametrize("status", [201, 301, 303, 307, 308])
def test_a_status_passes_beside_a_location(site, status):
    answer = ask(site.port, target=f"/placed/{status}")
    assert (answer.status, answer.get("Location")) == (status, "/place")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_origin_that_thinks_is_waited_for(site, method):
    """The router looks for the client meanwhile, and it is there."""
    body = pattern(70000) if method == "POST" else None
    answer = ask(site.port, method, "/think/900", body=body)
    assert (answer.status, answer.body) == (200, b"thought\n")


def test_many_fields_pass(site):
    """More than the 4 or 8 KiB that web servers take by default."""
    answer = ask(site.port, target="/headers/40/1000")
    assert answer.status == 200, answer
    assert answer.get("X-Many-39") == "v" * 1000


def test_a_body_that_nobody_asked_for_is_no_hindrance(site):
    """The answer is there before the body is."""
    size = 100000 if cell("big-body", site.setup.name) == "no" else 3 << 20
    answer = ask(site.port, "POST", host="unknown.test", body=pattern(size),
                 timeout=60)
    assert answer.status == 404, answer
    assert answer.get("X-Router-Reason") == "no-host"


def test_a_dead_origin_is_502(site):
    for method, body in (("GET", None), ("POST", pattern(70000))):
        answer = ask(site.port, method, host="dead.test", body=body)
        assert answer.status == 502, answer
        assert answer.get("X-Router-Reason") == "origin-refused"


def test_one_connection_carries_many_requests(site):
    with Client(site.port) as client:
        for number in range(20):
            client.send(target=f"/bytes/{number * 1000}")
            answer = client.answer()
            assert answer.size == number * 1000 and not answer.broken


def test_64_clients_at_once_get_their_own_answers(site):
    if site.setup.name not in FIRST:
        clients, rounds = 16, 4
    else:
        clients, rounds = 64, 8
    wrong = []
    barrier = threading.Barrier(clients)

    def talk(client, number, size):
        client.send("POST", f"/reflect?{number}", body=pattern(size))
        return client.answer()

    def run(number):
        try:
            with Client(site.port, 60) as client:
                barrier.wait(30)
                for turn in range(rounds):
                    size = number * 100 + turn
                    try:
                        answer = talk(client, number, size)
                    except ConnectionError:
                        # Apache ends kept connections when its threads are
                        # all at work (event MPM), without reading more.
                        if not (turn and site.setup.name.startswith("apache")
                                and client.kept == b""):
                            raise
                        client.over = True
                        answer = talk(client, number, size)
                    if (answer.status, answer.body) != (200, pattern(size)):
                        wrong.append(answer)
        except Exception as error:  # whatever it was, it is told
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(n,))
               for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:3]
