# SPDX-License-Identifier: BSD-2-Clause
"""relay measures what it says, of ways to an origin that give right answers.
Run by `run-tests --long`, with loads too short to say anything about cost."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import types

import pytest

import counts
import ground
import loads
import natives
import programs
import relay_report
import relaying
import rows
from costs import Failed

from client import Client
from origin import Origin

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ["BUILD_DIR"]).resolve()
LIMIT = 600  # seconds; far more than anything here takes
HOSTS = 1000
os.environ["PATH"] += ":/usr/sbin:/sbin"


def start(out, *arguments, **how):
    return subprocess.Popen(
        [HERE / "relay", "--no-install", "--quick", "--hosts", str(HOSTS),
         "--out", out, *arguments], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)


# ---- a whole run ----

@pytest.fixture(scope="module", name="measured")
def fixture_measured(tmp_path_factory):
    """Its folder, what it printed, and its numbers."""
    out = tmp_path_factory.mktemp("relay")
    with start(out) as run:
        printed, said = run.communicate(timeout=LIMIT)
    assert run.returncode == 0, printed + said
    lines = (out / "relay.tsv").read_text().splitlines()
    numbers = {tuple(line.split("\t")[:3]): line.split("\t")[3]
               for line in lines[1:]}
    return out, printed, numbers


POINTS = [f"{size}, {connections}" for size, connections in relaying.QUICK]
PLACES = [(row, where) for row in rows.ROWS for where in POINTS
          if where.split(",")[0] in row.sizes]


@pytest.mark.parametrize("row,where", PLACES,
                         ids=lambda one: getattr(one, "key", one))
def test_every_row_has_its_numbers(measured, row, where):
    numbers = measured[2]

    def number(measure):
        return float(numbers[where, row.title, measure])

    assert number("a second, least") > 0
    assert number("a second, least") <= number("a second") \
        <= number("a second, most")
    assert 0 < number("p50") <= number("p99")


@pytest.mark.parametrize("row", rows.ROWS, ids=lambda row: row.key)
def test_processor_time_is_that_of_its_programs(measured, row):
    took = {measure for where, title, measure in measured[2]
            if where == "100 B, 32" and title == row.title
            and float(measured[2][where, title, measure]) > 0}
    front = {"lighttpd": "lighttpd", "apache": "apache2", "caddy": "caddy",
             "haproxy": "haproxy"}.get(row.key.split("-")[0], "nginx")
    behind = {"php": programs.php_fpm().name, "go": "relay-go",
              "go-plain": "relay-go", "hello": "hello_fcgi"}.get(row.key)
    if "router" in row.key or row.key == "apache-fcgid":
        behind = "fcgi-router"
    wanted = {f"row: {front}", "wrk: wrk"}
    wanted |= {f"row: {behind}"} if behind else set()
    wanted |= {"origin: nginx"} if row.body is None else set()
    assert {name for name in took if ": " in name} == wanted


def test_what_a_request_takes_is_counted(measured):
    numbers = measured[2]
    for kind in counts.KINDS:
        measure = f"instructions, {kind}"
        assert float(numbers["one request", "fcgi-router", measure]) > 1000
    calls = {what: float(value) for (where, what, measure), value
             in numbers.items() if measure == "system calls"}
    assert 1 < sum(calls.values()) < 100


def test_every_mark_is_told(measured):
    table = measured[1].partition("Marks\n")[2]
    for what, *_ in relay_report.marks(relay_report.Loads((), ())):
        assert what in table
    assert "not measured" not in table


def test_it_leaves_its_three_files(measured):
    out, printed, _ = measured
    assert sorted(p.name for p in out.iterdir()) == \
        ["relay.png", "relay.tsv", "relay.txt"]
    assert (out / "relay.txt").read_text() == printed
    assert (out / "relay.png").read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize("arguments", [
    ["--only", "nobody"], ["--rounds", "0"], ["--hosts", "1"],
    ["--nonsense"]])
def test_a_wrong_option_is_a_usage_error(tmp_path, arguments):
    with start(tmp_path, *arguments) as run:
        _, said = run.communicate(timeout=LIMIT)
    assert run.returncode == 2, said


def below(pid):
    """pid: command line, of a process and all that came of it."""
    found = loads.Watched({"": [pid]}).before
    return {pid: pathlib.Path(f"/proc/{pid}/cmdline").read_text()
            for pid in found}


def test_ended_in_the_middle_it_leaves_nothing(tmp_path):
    with start(tmp_path, "--only", "nginx-router,apache-fcgid") as run:
        for line in run.stderr:
            if "mod_fcgid -> router: there" in line:
                break
        running = below(run.pid)
        folders = set(re.findall(r"/tmp/fr-\w+", "".join(running.values())))
        assert len(folders) == 3  # the origin's too
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=LIMIT)
    assert run.returncode == 143
    assert set(running) & set(loads.processes()) == set()
    assert [one for one in folders if os.path.exists(one)] == []
    assert list(tmp_path.iterdir()) == []


# ---- what is wrong does not count ----

@pytest.fixture(scope="module", name="base")
def fixture_base():
    made = ground.Ground(BUILD, HOSTS)
    yield made
    made.close()


# What an nginx does that is not right, and how that is told.
WRONG = [
    ("return 200 x;", "wrong"),
    ("return 503;", "wrong"),
    ("proxy_pass http://{origin}; proxy_set_header Host x;", "unknown host"),
    ("if ($request_uri != /100) {{ return 200 x; }} "
     "proxy_pass http://{origin};", "wrong")]


def nginx_that(base, server):
    """A row that does so."""
    def begin(unused, lab):
        return natives.start_nginx(
            lab, "", f"location / {{ {server.format(origin=base.origin)} }}")
    return rows.Running(rows.Row("x", "x", begin), base)


@pytest.mark.parametrize("server,why", WRONG)
def test_a_wrong_answer_is_found(base, server, why):
    running = nginx_that(base, server)
    try:
        with pytest.raises(Failed, match=why):
            loads.check(running, base)
    finally:
        running.close()


@pytest.mark.parametrize("server,why", [
    ("return 503;", "status"), ("return 200 x;", "short"),
    ("return 444;", "read")])
def test_an_error_under_load_counts_for_nothing(base, server, why):
    running = nginx_that(base, server)
    running.least = {"100 B": 250}
    try:
        with pytest.raises(Failed, match=why):
            loads.ask(running, base, "100 B", 4, 1)
    finally:
        running.close()


def test_many_hosts_are_asked_for(base):
    log = base.lab.dir / "run" / "hosts.log"
    running = rows.Running(rows.Row("x", "x", lambda unused, lab:
                           natives.start_nginx(
                               lab, "log_format host $host;",
                               f"access_log {log} host; return 200;")), base)
    try:
        loads.wrk(running.port, 32, 2, base.asked_file, "/")
        assert set(log.read_text().split()) == set(base.asked)
    finally:
        running.close()


# ---- connections to the origin ----

WAVE = 8    # requests at once, and as many again

# New ones for the second wave: at most, of rows that keep them for all; at
# least, of those that keep none, or two.
KEEPING = [
    ("nginx", 0, WAVE // 2), ("apache-express", 0, WAVE // 2),
    ("apache-rewritemap", 0, WAVE // 2), ("go", 0, WAVE // 2),
    ("apache-express-plain", WAVE, WAVE),
    ("apache-rewritemap-plain", WAVE, WAVE), ("go-plain", WAVE - 2, WAVE)]


@pytest.fixture(scope="module", name="counted")
def fixture_counted():
    """Ground whose origin counts connections, and that origin."""
    made = ground.Ground(BUILD, HOSTS)
    try:
        counter = Origin()
        made.port = counter.port
        yield made, counter
        counter.close()
    finally:
        made.close()


def wave(clients, host, counter):
    """All ask at once; new connections that it took."""
    before = counter.accepted
    counter.gate.clear()
    for client in clients:
        client.send(target="/wait", host=host)
    for _ in clients:
        assert counter.waiting.acquire(timeout=20)
    counter.gate.set()
    for client in clients:
        assert client.answer().status == 200
    return counter.accepted - before


@pytest.mark.parametrize("key,least,most", KEEPING)
def test_connections_are_kept_or_not(counted, key, least, most):
    base, counter = counted
    running = rows.Running(rows.BY_KEY[key], base)
    clients = [Client(running.port, 60) for _ in range(WAVE)]
    try:
        assert wave(clients, base.asked[0], counter) == WAVE
        assert least <= wave(clients, base.asked[0], counter) <= most
    finally:
        for client in clients:
            client.close()
        running.close()


# ---- processor time ----

BURN = """
import os, time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
input()
burn(0.4)
if os.fork() == 0:
    burn(0.3)
    os._exit(0)
os.wait()
print(flush=True)
input()
"""


def test_time_of_what_ended_counts_too():
    with subprocess.Popen([sys.executable, "-c", BURN], text=True,
                          stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as burner:
        watched = loads.Watched({"row": [burner.pid]})
        burner.stdin.write("\n")
        burner.stdin.flush()
        burner.stdout.readline()
        took = watched.since()
        burner.stdin.write("\n")
    program = os.path.basename(os.path.realpath(sys.executable))
    assert 0.35 < took["row", program] < 0.6
    assert 0.25 < took["row", "ended"] < 0.5


# ---- counts ----

def test_instructions_can_be_repeated(base):
    first, second = (sum(counts.request(base, counts.callgrind).values())
                     for _ in range(2))
    assert abs(first - second) < first / 100


def test_fields_of_a_browser_cost_something(base):
    bare, more = (sum(counts.run(base, counts.callgrind, kind,
                                 counts.FEW).values())
                  for kind in ("bare", "browser"))
    assert more > bare


def test_callees_count_once(tmp_path):
    (tmp_path / "out").write_text(
        "events: Ir\nob=(1) /usr/lib/liba.so.5\nfn=(1) a\n3 7\n+1 2\n"
        "cob=(2) /usr/bin/b\ncfn=(2) b\ncalls=1 9\n* 100\n* 1\n"
        "ob=(2)\nfn=(2)\n9 100\nob=(1)\nfn=(3) c\n5 1\ntotals: 111\n")
    assert counts.read_objects(tmp_path / "out") == {"liba": 11, "b": 100}


# ---- the report ----

def load(rate, p99=1.0):
    return types.SimpleNamespace(rate=rate, p50=p99 / 2, p99=p99,
                                 requests=100, cpu={})


def results(*rounds):
    """Of nginx and the router behind it, at 32 connections."""
    made = relay_report.Loads(relaying.QUICK, rows.ROWS)
    for turn, (native, ours_too) in enumerate(rounds):
        for key, one in (("nginx", native), ("nginx-router", ours_too)):
            made.add("100 B", 32, rows.BY_KEY[key], turn, one)
    return made


def first_mark(made):
    return next(relay_report.marks(made))


def test_a_mark_compares_within_a_round():
    made = results((load(100), load(50)), (load(10), load(7)),
                   (load(1000), load(700)))
    _, value, _, met = first_mark(made)
    assert value == pytest.approx(0.7) and met


@pytest.mark.parametrize("mine,met", [(61, False), (62, True), (63, True)])
def test_a_mark_is_met_or_not(mine, met):
    assert first_mark(results((load(100), load(mine))))[3] is met


def test_a_row_with_an_error_has_no_number():
    made = results((load(100), load(90)), (load(100), "errors: 1 read"))
    assert first_mark(made)[1] is None
    assert made.broken()
    text = relay_report.text(made)
    assert "invalid" in text and "errors: 1 read" in text
    assert ("100 B, 32", "nginx -> router, kept", "invalid",
            "errors: 1 read", "") in made.numbers().rows


def test_a_longer_wait_at_256_is_a_missed_mark():
    made = relay_report.Loads(relaying.QUICK, rows.ROWS)
    for key, p99 in (("nginx", 1.0), ("nginx-router", 2.1)):
        made.add("100 B", 256, rows.BY_KEY[key], 0, load(1, p99))
    found = {what: (value, met) for what, value, _, met
             in relay_report.marks(made)}
    assert found["p99 at 256: nginx -> router, of nginx"] == (
        pytest.approx(2.1), False)
