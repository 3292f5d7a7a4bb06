# SPDX-License-Identifier: BSD-2-Clause
"""A Node application behind each set-up: what web applications do, as it
would be without anything between."""

import gzip
import json
import pathlib
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import lab as labs
from capabilities import cell
from client import Client, ask, pattern, sha256
from setups import SETUPS, Site

SCRIPT = pathlib.Path(__file__).with_name("node_origin.js")
TEXT = b"The quick brown fox.\n" * 500
LARGE = pattern(5 << 20)
LONG_COOKIE = "c=" + "v" * 7998


class Node:
    def __init__(self, lab, keep_alive=None):
        process = lab.start(
            "node", ["node", SCRIPT],
            env={**labs.os.environ,
                 **({"KEEP_ALIVE": str(keep_alive)} if keep_alive else {})})
        self.port = int(labs.until(
            lambda: re.findall(r"port (\d+)", process.text()) or
            not process.alive(), 20, "node listens")[0])
        self.url = f"http://127.0.0.1:{self.port}"

    def go(self):
        """What waits there goes on. Once somebody waits."""
        labs.until(lambda: ask(self.port, target="/go").body == b"gone\n", 10,
                   "somebody waits")

    def counts(self):
        return json.loads(ask(self.port, target="/count").text)


@pytest.fixture(scope="module")
def node(module_lab):
    return Node(module_lab)


@pytest.fixture(scope="module", params=list(SETUPS))
def site(request, new_lab, end_lab_module, node):
    lab = new_lab(request.param)
    made = Site(lab, SETUPS[request.param])
    lab.routes(f"site.test {node.url}\n127.0.0.1 {node.url}\n")
    yield made.start()
    end_lab_module(lab)


def can(site, row):
    return cell(row, site.setup.name) == "yes"


def same(site, node, **request):
    """The answer through the set-up, which is what the origin itself says,
    but for fields of one connection and of the server in front."""
    through = ask(site.port, **request)
    direct = ask(node.port, **request)
    assert (through.status, through.body, through.broken) == \
        (direct.status, direct.body, None), (through, direct)
    for name in ("Content-Type", "Content-Encoding", "Content-Range",
                 "Content-Length", "ETag", "Vary", "Last-Modified",
                 "Accept-Ranges", "Set-Cookie"):
        if name == "Content-Length" and through.status == 304 and \
                site.setup.name == "haproxy":
            # HAProxy 2.6 says it of each FastCGI answer without a body.
            assert through.all(name) == ["0"], through
            continue
        assert through.all(name) == direct.all(name), (name, through, direct)
    return through


# ---- bodies that come bit by bit ----

def read_until(client, data, wanted):
    while wanted not in data:
        part = client.part()
        assert part, data
        data += part
    return data


@pytest.mark.parametrize("target,marks", [
    ("/events", [b"data: %d\n\n" % n for n in range(1, 6)]),
    ("/trickle", [b"a", b"bc", b"def", b"ghij"])])
def test_each_part_comes_before_the_next_is_sent(site, node, target, marks):
    with Client(site.port, 30 * labs.PATIENCE) as client:
        client.send(target=target, fields=[("Connection", "close")])
        if not can(site, "streaming"):
            for _ in marks[1:]:
                node.go()
            assert client.answer().body.endswith(marks[-1])
            return
        data = read_until(client, b"", b"\r\n\r\n")
        _, mark, data = data.partition(b"\r\n\r\n")
        for at, wanted in enumerate(marks):
            if at:
                node.go()
            data = read_until(client, data, wanted)


def test_a_long_poll_is_answered_when_there_is_news(site, node):
    with Client(site.port, 30 * labs.PATIENCE) as client:
        client.send(target="/poll")
        node.go()
        answer = client.answer()
    assert (answer.status, answer.body) == (200, b"news\n")


# ---- bodies as they are ----

@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("target", ["/gzip", "/br", "/text", "/range"])
def test_bodies_and_what_describes_them_stay_as_they_are(
        site, node, target, method):
    answer = same(site, node, target=target, method=method,
                  fields=[("Accept-Encoding", "gzip, br")])
    assert answer.status == 200
    if method == "GET":
        assert target != "/gzip" or gzip.decompress(answer.body) == TEXT
        assert target not in ("/text", "/range") or answer.body == TEXT


@pytest.mark.parametrize("field,status", [
    (("If-None-Match", '"v1"'), 304),
    (("If-None-Match", '"v0"'), 200),
    (("If-Modified-Since", "Mon, 01 Jan 2024 00:00:00 GMT"), 304)])
def test_validators_are_the_origins_to_judge(site, node, field, status):
    assert same(site, node, target="/text",
                fields=[field]).status == status


@pytest.mark.parametrize("fields,status", [
    ([("Range", "bytes=0-9")], 206),
    ([("Range", "bytes=10000-")], 206),
    ([("Range", "bytes=-7")], 206),
    ([("Range", "bytes=0-1,5-6,-3")], 206),
    ([("Range", "bytes=99999-")], 416),
    ([("Range", "bytes=0-9"), ("If-Range", '"v1"')], 206),
    ([("Range", "bytes=0-9"), ("If-Range", '"v0"')], 200)])
def test_ranges_are_the_origins_to_cut(site, node, fields, status):
    assert same(site, node, target="/range", fields=fields).status == status


# ---- large fields and bodies ----

def test_a_cookie_of_8000_bytes_passes_both_ways(site, node):
    answer = ask(site.port, target="/cookie",
                 fields=[("Cookie", LONG_COOKIE)])
    assert answer.status == 200, answer
    assert json.loads(answer.text)["cookie"] == LONG_COOKIE
    assert answer.all("Set-Cookie") == [
        "back=" + "b" * 7900 + "; Path=/", "small=1; HttpOnly"]


def curl(site, target, *options):
    done = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code}", "-m", "60", *options,
         f"http://127.0.0.1:{site.port}{target}"],
        capture_output=True, check=False, timeout=90 * labs.PATIENCE)
    body, _, status = done.stdout.rpartition(b"\n")
    return int(status), body


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, data in (("large", LARGE), ("small", pattern(60000)),
                       ("empty", b"")):
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("expect", ["Expect:", "Expect: 100-continue"])
@pytest.mark.parametrize("name", ["large", "small"])
def test_a_form_with_files_arrives_whole(site, files, name, expect):
    status, body = curl(site, "/upload", "-H", expect, "-F", "word=x",
                        "-F", f"a=@{files / name}",
                        "-F", f"b=@{files / 'empty'}")
    if name == "large" and not can(site, "big-body"):
        assert status in (0, 413, 500)
        return
    assert status == 200
    data = (files / name).read_bytes()
    assert [(f["name"], f["size"], f["sha256"])
            for f in json.loads(body)["files"]] == [
        ("word", 1, sha256(b"x")), ("a", len(data), sha256(data)),
        ("b", 0, sha256(b""))]


# ---- kept connections ----

def closing_time(node):
    """So many seconds does Node keep a connection without a request."""
    with Client(node.port) as client:
        client.get("/hello")
        before = time.monotonic()
        assert not client.more()
        return time.monotonic() - before


@pytest.mark.parametrize("keep_alive,about", [
    (50, (0, 0.1)),
    pytest.param(50, (-0.004, -0.002, 0.002, 0.004), marks=pytest.mark.long),
    pytest.param(5000, (0, 0.002), marks=pytest.mark.long)])
def test_requests_about_the_moment_node_closes(
        new_lab, end_lab_module, keep_alive, about):
    """One that meets a close is sent once more if it may be, and never
    twice else."""
    lab = new_lab("keep")
    try:
        node = Node(lab, keep_alive)
        moment = closing_time(node)
        site = Site(lab, SETUPS["nginx"])
        lab.routes(f"site.test {node.url}\n")
        site.start()

        def one(at):
            method, target = ("GET", "POST")[at % 2], f"/{at}/slow"
            answer = ask(site.port, method, target,
                         body=b"x" if method == "POST" else None)
            if answer.status == 200:
                return {target: 1}
            assert method == "POST", answer
            assert answer.get("X-Router-Reason") == "origin-broken", answer
            return {}

        expected = {"/hello": 1}
        opened = []
        with ThreadPoolExecutor(16) as pool:
            for at, later in enumerate((None, *about)):
                if later is not None:
                    threading.Event().wait(moment + later)
                for got in pool.map(one, range(at * 16, at * 16 + 16)):
                    expected.update(got)
                opened.append(node.counts()["connections"])
        counts = node.counts()
        del counts["connections"]
        assert counts == {**expected, "/count": len(opened) + 1}
        # The last was late: more than the one that asks for the counts.
        assert opened[-1] - opened[-2] > 1
    finally:
        end_lab_module(lab)
