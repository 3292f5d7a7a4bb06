# SPDX-License-Identifier: BSD-2-Clause
"""What is counted is what was asked for: by route-stat, by the log, and as
Prometheus sees it."""

import collections
import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import random
import re
import shutil
import struct
import subprocess
import termios
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

import client
import fcgi
import lab as labs
from fcgi import Peer
from origin import Origin
from setups import SETUPS, Site

CHECK = "20ms"

LIST = """\
a.test @api plan=free tag=customer:1
b.test @api plan=pro tag=customer:2
{x}.space.test @{x} tag=customer:2
own.test respond=204
away.test redirect=302 https://elsewhere.test/
refused.test @api plan=none
dead.test @dead
metrics.test internal=metrics
@api %(origin)s
@production/red %(origin)s
@dead http://127.0.0.1:%(nobody)d
"""

# Host, method, path, body: how often, and what comes of it.
ASKED = {
    ("a.test", "GET", "/hello", None): 5,
    ("a.test", "POST", "/echo", b"12345"): 2,
    ("b.test", "GET", "/hello", None): 3,
    ("b.test", "GET", "/status/500", None): 1,
    ("red.space.test", "GET", "/hello", None): 2,
    ("blue.space.test", "GET", "/", None): 1,   # no-service
    ("own.test", "GET", "/", None): 4,
    ("away.test", "GET", "/", None): 2,
    ("refused.test", "GET", "/hello", None): 2,  # one of them: limit-rate
    ("dead.test", "GET", "/", None): 1,
    ("none.test", "GET", "/", None): 3,          # no-host
}


FORMATS = ["full", "standard", "json", "vhost_combined", "combined", "mine"]
OWN = '{time} "{service}" {tag.customer} {status} {received} {sent} ' \
    '{attempts} {origin_time_ms}'


class Shop:
    """A router that was asked for ASKED, and what it answered."""

    def __init__(self, lab, origin):
        self.lab = lab
        self.begun = time.time()
        self.logs = {name: lab.dir / "log" / f"{name}.log"
                     for name in FORMATS}
        lab.routes(LIST % {"origin": origin.url,
                           "nobody": labs.free_port()})
        self.settings = {
            "router__check": CHECK, "format:mine__log_format": f"'{OWN}'",
            "plan:free__rate": "1000/s", "plan:pro__rate": "1000/s",
            "plan:none__rate": "1/d", "plan:none__burst": "1",
            "internal__allow": "192.0.2.9"}
        for name, log in self.logs.items():
            self.settings[f"log:{name}__access"] = str(log)
            self.settings[f"log:{name}__format"] = name
        lab.configure(**self.settings)
        lab.start_router()
        self.replies = []
        with Peer(lab.socket) as peer:
            for (host, method, path, body), times in ASKED.items():
                for _ in range(times):
                    self.replies.append(
                        (host, peer.ask(path, method, host, body, keep=True)))
        self.total = len(self.replies)

    def stat(self, *options, code=0):
        done = self.lab.tool("route-stat", "-c", self.lab.ini, *options)
        assert done.returncode == code, done
        return done.stdout

    def json(self, *options):
        return [json.loads(line)
                for line in self.stat("-j", *options).splitlines()]

    def stat_of_log(self, *options, code=0):
        done = self.lab.tool("route-stat", "--usage", *options,
                             self.logs["full"])
        assert done.returncode == code, done
        return done.stdout

    def days(self):
        """Those in which the log was written, in UTC."""
        stat = self.logs["full"].stat()
        return {time.strftime("%Y-%m-%d", time.gmtime(at))
                for at in (self.begun, stat.st_mtime)}

    def whole(self):
        """Is all counted and logged? It is when the answer has gone out."""
        return (self.json()[0]["total"]["requests"] == self.total
                and all(log.read_text().count("\n") == self.total
                        for log in self.logs.values()))

    def status(self, least, most):
        return sum(least <= reply.status <= most
                   for _, reply in self.replies)


@pytest.fixture(scope="module", name="shop")
def _shop(module_lab):
    with contextlib.closing(Origin()) as origin:
        shop = Shop(module_lab, origin)
        labs.until(shop.whole, 10, "all requests are counted")
        yield shop


def test_all_that_was_asked_is_counted_by_what_came_of_it(shop):
    got = shop.json()[0]["total"]
    assert got["requests"] == shop.total
    assert got["redirects"] == shop.status(300, 399) == 2
    assert got["client_errors"] == shop.status(400, 499)
    assert got["errors"] == shop.status(500, 599) == 2
    assert got["limited"] == 1
    assert got["received"] == 10
    assert got["sent"] == sum(len(r.body) for _, r in shop.replies)
    assert got["p50_us"] <= got["p90_us"] <= got["p99_us"]
    places = shop.json()[0]["histogram"]
    assert sum(place["requests"] for place in places) == shop.total
    assert [place["below_us"] for place in places[:3]] == [64, 96, 128]
    assert "below_us" not in places[-1] and len(places) == 42
    assert 0 < got["origin_time_us"] < got["total_time_us"]


def test_each_reason_is_counted(shop):
    wanted = collections.Counter(
        r.reason for _, r in shop.replies if r.reason)
    assert {"no-host", "no-service", "limit-rate",
            "origin-refused"} <= set(wanted)
    rows = shop.json("--by", "reason")
    assert {row["reason"]: row["requests"] for row in rows
            if row["reason"] != "-"} == wanted
    assert sum(row["requests"] for row in rows) == shop.total
    assert {row["reason"]: row["requests"]
            for row in shop.json()[0]["reasons"]} == wanted


def test_services_plans_and_namespaces_are_summed(shop):
    rows = shop.json("--sum", "requests,errors", "--by",
                     "service,plan,namespace")
    got = {(r["service"], r["plan"], r["namespace"]):
           (r["requests"], r["errors"]) for r in rows}
    assert got[("@api", "free", "production")] == (7, 0)
    assert got[("@api", "pro", "production")] == (4, 1)
    assert got[("@api", "none", "production")] == (2, 0)
    assert got[("@production/red", "", "production")] == (2, 0)
    assert [r["requests"] for r in rows] == sorted(
        (r["requests"] for r in rows), reverse=True)
    for by in ("service", "plan", "namespace", "namespace,plan"):
        assert sum(r["requests"] for r in shop.json(
            "--by", by, "--sum", "requests")) == shop.total
    assert {r["plan"]: r["requests"] for r in shop.json(
        "--by", "plan", "--sum", "requests")} == {
            "free": 7, "pro": 4, "none": 2, "": shop.total - 13}


def test_a_sum_of_all_is_one_row(shop):
    out = shop.stat("--sum", "requests,limited")
    assert out == f"# requests\tlimited\n{shop.total}\t1\n"


# ---- the log ----

def test_the_log_sums_up_to_what_is_counted(shop):
    keys = "requests,redirects,client_errors,gone,errors,limited,received," \
        "sent,attempts,origin_time,total_time"
    logged = csv.DictReader(io.StringIO(
        shop.stat_of_log("--by", "service,plan", "--sum", keys)))
    sums = collections.Counter()
    for row in logged:
        for key, value in row.items():
            if key not in ("day", "service", "plan"):
                sums[key] += int(value)
    total = shop.json()[0]["total"]
    assert sums == {key: total[key] for key in sums}
    assert len(sums) == len(keys.split(","))


def test_usage_is_by_tenant_and_day(shop):
    rows = list(csv.DictReader(io.StringIO(
        shop.stat_of_log("--by", "tag.customer"))))
    assert {r["day"] for r in rows} <= shop.days()
    got = collections.Counter()
    for row in rows:
        got[row["tag.customer"]] += int(row["requests"])
    assert got == {"1": 7, "2": 4 + 3, "": shop.total - 14}


def test_a_filter_sums_up_a_part(shop):
    out = shop.stat_of_log("--by", "service", "--sum", "requests", "--only",
                           "host=a.test & method=POST")
    assert [line.split(",")[1:] for line in out.splitlines()[1:]] == [
        ["@api", "2"]]


def usage(shop, name, *options):
    """Without the day, which may have changed."""
    done = shop.lab.tool("route-stat", "--usage", "-c", shop.lab.ini, "-f",
                         name, *options, shop.logs[name])
    assert (done.returncode, done.stderr) == (0, "")
    return sorted(line.partition(",")[2]
                  for line in done.stdout.splitlines())


@pytest.mark.parametrize("name", ["standard", "json", "mine"])
@pytest.mark.parametrize("by", ["service", "tag.customer"])
def test_each_format_sums_up_to_the_same(shop, name, by):
    assert usage(shop, name, "--by", by) == usage(shop, "full", "--by", by)


@pytest.mark.parametrize("name", ["vhost_combined", "combined"])
def test_formats_of_others_sum_up_what_they_tell(shop, name):
    options = ["--by", "status", "--sum", "requests,errors,sent"]
    assert usage(shop, name, *options) == usage(shop, "full", *options)


# ---- for people and programs ----

def on_a_terminal(*argv, columns=0):
    """All that a program writes to a terminal; 0: nobody knows its width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=theirs,
                          stderr=subprocess.STDOUT) as process:
        os.close(theirs)
        got = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(ours, 65536):
                got += piece
        assert process.wait(60 * labs.PATIENCE) == 0, got
    os.close(ours)
    return got.decode().replace("\r\n", "\n")


def test_each_subject_is_a_table_that_programs_can_cut(shop):
    tables = {}
    head, *lines = shop.stat().splitlines()
    assert re.fullmatch(r"# counted since \S+Z in " +
                        re.escape(str(shop.lab.dir / "run" / "state")), head)
    for line in lines:
        if line.startswith("## "):
            table = tables[line.removeprefix("## ")] = []
        else:
            table.append(line.split("\t"))
    assert list(tables) == ["times", "reasons", "plans", "services",
                            "limits", "events", "processes"]
    for table in tables.values():
        assert table[0][0].startswith("# ")
        assert len({len(row) for row in table}) == 1
    assert tables["times"][-1][:2] == ["all", str(shop.total)]
    assert ["no-host", "3"] in tables["reasons"]
    assert tables["services"][1][0] == "@api"
    assert len(tables["processes"]) == 2


def test_a_terminal_has_columns_and_units(shop):
    out = on_a_terminal(labs.BUILD / "tools" / "route-stat", "-c",
                        shop.lab.ini)
    head, row = [line for line in out.splitlines()
                 if line.startswith(("# service", "@api  "))][:2]
    assert "\t" not in out
    assert "_us" not in out
    assert re.search(r"\d(us|ms|s)\b", row)
    assert row.index("production") == head.index("namespace")


def test_a_narrow_terminal_has_what_fits(shop):
    out = on_a_terminal(labs.BUILD / "tools" / "route-stat", "-c",
                        shop.lab.ini, columns=80)
    lines = out.splitlines()[1:]  # the first one has the folder
    assert max(map(len, lines)) <= 80
    head = next(line for line in lines if line.startswith("# service"))
    assert head.split()[:6] == [
        "#", "service", "namespace", "plan", "requests", "errors"]
    row = next(line for line in lines if line.startswith("@api "))
    assert len(row.split()) == len(head.split()) - 1


def test_what_comes_is_told_again_and_again(shop):
    rows = shop.stat("-i", "100ms", "-n", "3", "--by", "plan", "--sum",
                     "requests").splitlines()
    assert rows == ["# time\tplan\trequests"]  # nothing came
    rows = shop.stat("-i", "100ms", "-n", "2").splitlines()
    assert rows[0].startswith("# time\trequests\t")
    assert len(rows) == 3
    assert {row.split("\t")[1] for row in rows[1:]} == {"0"}
    assert [one["requests"] for one in shop.json("-i", "100ms", "-n", "2")] \
        == [0, 0]


def test_what_came_since_the_last_time_is_told_once(lab, origin):
    lab.routes(f"site.test {origin.url}\n")
    lab.configure(router__check=CHECK)
    lab.start_router()
    assert fcgi.ask(lab.socket, "/hello").status == 200
    with subprocess.Popen(
            [labs.BUILD / "tools" / "route-stat", "-c", lab.ini, "-j", "-i",
             "100ms"], stdout=subprocess.PIPE, text=True) as process:
        json.loads(process.stdout.readline())  # it has begun
        for _ in range(5):
            assert fcgi.ask(lab.socket, "/hello").status == 200
        came = [json.loads(process.stdout.readline())["requests"]]
        while sum(came) < 5 and len(came) < 100 * labs.PATIENCE:
            came.append(json.loads(process.stdout.readline())["requests"])
        process.terminate()
    assert sum(came) == 5


def test_a_terminal_is_written_anew(shop):
    out = on_a_terminal(labs.BUILD / "tools" / "route-stat", "-c",
                        shop.lab.ini, "-i", "100ms", "-n", "2")
    assert out.count("\x1b[H\x1b[2J") == 2
    assert out.count("## times") == 2
    assert "## services" not in out  # nothing came


def test_nothing_is_written_by_who_reads(shop):
    folder = shop.lab.dir / "run" / "state"
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}
    shop.stat()
    shop.stat("-i", "100ms", "-n", "2")
    assert {path.name: path.stat().st_ino
            for path in folder.iterdir()} == before


# ---- Prometheus ----

def families(text):
    """Name: (type, help, {labels: value})."""
    found = {}
    for line in text.splitlines():
        mark = re.fullmatch(r"# (HELP|TYPE) (\S+) (.*)", line)
        if mark and mark[1] == "HELP":
            assert mark[2] not in found
            found[mark[2]] = [None, mark[3], {}]
        elif mark:
            found[mark[2]][0] = mark[3]
        else:
            name, labels, value = re.fullmatch(
                r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
            family = name if name in found else re.sub(
                "_(bucket|sum|count)$", "", name)
            found[family][2][name, labels or ""] = float(value)
    return found


def test_metrics_are_what_is_counted(shop):
    text = shop.stat("--prometheus")
    total = shop.json()[0]["total"]
    found = families(text)
    for key, metric in (
            ("requests", "requests_total"), ("errors", "errors_total"),
            ("limited", "limited_total"), ("sent", "sent_bytes_total"),
            ("received", "received_bytes_total")):
        kind, _, samples = found["fcgi_router_" + metric]
        assert kind == "counter"
        assert sum(samples.values()) == total[key]
    assert found["fcgi_router_requests_total"][2][
        "fcgi_router_requests_total", 'plan="free"'] == 7
    reasons = found["fcgi_router_reasons_total"][2]
    assert reasons["fcgi_router_reasons_total", 'reason="no-host"'] == 3
    duration = found["fcgi_router_request_duration_seconds"][2]
    assert duration["fcgi_router_request_duration_seconds_count",
                    ""] == shop.total
    refusals = found["fcgi_router_limit_refusals_total"][2]
    assert refusals["fcgi_router_limit_refusals_total",
                    'plan="none",reason="limit-rate"'] == 1
    assert found["fcgi_router_processes_live"][2][
        "fcgi_router_processes_live", ""] == 1


def promtool(text):
    return subprocess.run(["promtool", "check", "metrics"], input=text,
                          capture_output=True, text=True, timeout=60,
                          check=False)


def test_promtool_finds_nothing_to_say(shop):
    done = promtool(shop.stat("--prometheus"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_name_that_others_choose_is_a_label(shop):
    text = shop.stat("--prometheus")
    for word in ("api", "@", ".test", "production", "127.0.0.1"):
        assert word not in text
    page = (labs.TOP / "fcgi-router" / "fcgi-router.8").read_text()
    labels = re.search(r"(?s)\nLabels are:\n(.*?)\n\.El", page)[1]
    assert set(re.findall(r"[{,](\w+)=", text)) == {
        "le", *re.findall(r"(?m)^\.It Li (\w+)$", labels)}


def told(lab, **how):
    reply = fcgi.ask(lab.socket, host="metrics.test", **how)
    return reply, reply.body.decode()


# The last test of this shop: from here on more is counted.
def test_a_route_tells_the_same_as_the_tool(shop):
    tool = families(shop.stat("--prometheus"))
    reply, text = told(shop.lab)
    assert reply.status == 200
    assert reply.get("Content-Type") == \
        "text/plain; version=0.0.4; charset=utf-8"
    assert reply.get("Cache-Control") == "no-store"
    assert promtool(text).stdout == ""
    route = families(text)
    assert list(route) == list(tool)
    for name, family in route.items():
        assert family[:2] == tool[name][:2]
        assert set(family[2]) == set(tool[name][2])
    assert route["fcgi_router_requests_total"] == \
        tool["fcgi_router_requests_total"]


def test_each_metric_is_in_the_manual(shop):
    page = (labs.TOP / "fcgi-router" / "fcgi-router.8").read_text()
    counters = re.search(r"(?s)\n\.Sh COUNTERS\n(.*?)\n\.Sh ", page)[1]
    counted = re.findall(r"(?m)^\.It Va (\S+)$", counters)
    named = re.findall(r"(?m)^\.It Li (fcgi_router_\S+)$", page)
    for name in families(shop.stat("--prometheus")):
        made = re.fullmatch(
            r"fcgi_router_(\w+?)(?:_bytes|_seconds)?_total", name)
        assert name in named or (made and made[1] in counted)
    assert len(named) > 10


def test_metrics_are_for_those_who_may_see_them(shop):
    shop.lab.configure(**{**shop.settings, "internal__allow": "127.0.0.1"})
    labs.until(lambda: told(shop.lab)[0].status == 403, 10,
               "others are refused")
    assert told(shop.lab)[0].reason == "address-denied"


def test_counts_outlive_routers(lab, origin):
    lab.routes(f"site.test {origin.url}\n")
    lab.configure()
    for times in (1, 2):
        router = lab.start_router()
        assert fcgi.ask(lab.socket, "/hello").status == 200
        router.stop()
        out = lab.tool("route-stat", "-c", lab.ini, "-j").stdout
        assert json.loads(out)["total"]["requests"] == times
        assert json.loads(out).get("processes") is None


def spoil(path, chance):
    """Other words in all but the head, by which a file is trusted."""
    data = path.read_bytes()
    words = [chance.randbytes(8) for _ in range(64)] + [
        b"\xff" * 8, b"\xff" * 7 + b"\x7f", bytes(7) + b"\x80"] * 8
    parts = [data[:4096]]
    for at in range(4096, len(data), 64):
        kept = data[at:at + 64]
        parts.append(kept if chance.random() < 0.3 else
                     b"".join(chance.choices(words, k=8)))
    path.write_bytes(b"".join(parts))


@pytest.mark.parametrize("seed", [
    0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 9))])
def test_no_garbage_in_the_files_harms_who_reads_them(shop, tmp_path, seed):
    chance = random.Random(seed)
    folder = tmp_path / "state"
    shutil.copytree(shop.lab.dir / "run" / "state", folder)
    for kind in ("stats", "limits", "health"):
        for path in folder.glob(f"{kind}.*"):
            spoil(path, chance)
    for options in ([], ["-j"], ["--prometheus"], ["--by", "reason"],
                    ["--by", "service,plan,namespace"],
                    ["-i", "100ms", "-n", "1"]):
        done = subprocess.run(
            [labs.BUILD / "tools" / "route-stat", "-d", folder, *options],
            capture_output=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, b"")
        out = done.stdout.decode()  # is UTF-8
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", out)
        if "--prometheus" in options:
            assert promtool(out).returncode == 0


def test_a_router_that_does_not_count_tells_what_it_knows(lab):
    lab.routes("metrics.test internal=metrics\n")
    lab.configure(stats__count="no", internal__allow="192.0.2.9")
    lab.start_router()
    reply, text = told(lab)
    assert reply.status == 200
    assert promtool(text).stdout == ""
    assert "fcgi_router_origins" in families(text)
    assert "fcgi_router_requests_total" not in families(text)


SCRAPE = """\
global:
  scrape_interval: 200ms
  scrape_timeout: 200ms
scrape_configs:
  - job_name: fcgi-router
    metrics_path: /metrics
    static_configs:
      - targets: ["127.0.0.1:%d"]
"""


class Prometheus:
    def __init__(self, lab, target):
        self.port = labs.free_port()
        config = lab.dir / "conf" / "prometheus.yml"
        config.write_text(SCRAPE % target)
        self.process = lab.start("prometheus", [
            "prometheus", f"--config.file={config}", "--log.level=warn",
            f"--storage.tsdb.path={lab.dir / 'var' / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{self.port}"])
        assert lab.ready(self.process, self.port, 30)

    def get(self, what, **query):
        url = (f"http://127.0.0.1:{self.port}/api/v1/{what}?"
               + urllib.parse.urlencode(query))
        try:
            with urllib.request.urlopen(url, timeout=30) as reply:
                return json.load(reply)["data"]
        except urllib.error.HTTPError:  # it starts
            return None

    def value(self, query):
        data = self.get("query", query=query)
        return float(data["result"][0]["value"][1]) \
            if data and data["result"] else None


@pytest.fixture(scope="module", autouse=True, name="scraped")
def _scraped():
    """A site that Prometheus scrapes. It takes five seconds to begin, while
    other tests run."""
    with contextlib.closing(labs.Lab("scraped")) as lab:
        lab.routes("127.0.0.1/metrics internal=metrics\n")
        site = Site(lab, SETUPS["nginx"]).start()
        yield site, Prometheus(lab, site.port)


def test_prometheus_scrapes_it(scraped):
    site, prometheus = scraped
    labs.until(lambda: prometheus.value("up") == 1, 30, "it is scraped")
    for _ in range(3):
        assert client.ask(site.port, host="nobody.test").status == 404
    labs.until(lambda: prometheus.value(
        'fcgi_router_reasons_total{reason="no-host"}') == 3, 30,
               "it has seen what was refused")
    assert prometheus.value("sum(fcgi_router_requests_total)") >= 3
    assert 0 < prometheus.value(
        "histogram_quantile(0.99, fcgi_router_request_duration_seconds_bucket)"
    ) < 60
    kinds = prometheus.get("metadata")
    assert kinds["fcgi_router_reasons_total"][0]["type"] == "counter"
    assert kinds["fcgi_router_map_hosts"][0]["type"] == "gauge"
    assert kinds["fcgi_router_request_duration_seconds"][0]["type"] == \
        "histogram"
