# SPDX-License-Identifier: BSD-2-Clause
"""internal=status: what the page, ?auto and ?json tell of a running router,
and that nothing that others chose gets out of its place there."""

import hashlib
import html.parser
import json
import os
import re
import shutil

import pytest

import lab as labs
from client import Client, ask
from setups import SETUPS, Site

TABLE = (labs.TOP / "fcgi-router" / "serve" / "status.tbl.h").read_text()
PAGE = "/status"
EVIL = "/a<script>alert(1)</script>'\"&"


@pytest.fixture(scope="module")
def site(new_lab, end_lab_module, lasting_origin):
    lab = new_lab("status")
    try:
        lab.settings = {
            "router__check": "50ms", "trust__proxies": "127.0.0.1",
            "plan:tight__rate": "1/h", "plan:tight__count_by": "tag:who",
            "relay__max_fails": "1", "relay__cooldown": "60s"}
        port = labs.free_port()
        lab.routes(f"""
            127.0.0.1/status internal=status
            site.test/status internal=status
            site.test @shop
            one.test http://127.0.0.1:{lasting_origin.port}
            whole.test http://127.0.0.1:{lasting_origin.port}
            tight.test respond=200 plan=tight tag=who:me<b>
            {{x}}.split.test @{{x}}
            old.test =site.test
            typo.test respond=200 plan=proo
            locked.test http://127.0.0.1:1 auth=missing
            away.test http://127.0.0.1:1 egress=missing
            @shop http://127.0.0.1:{lasting_origin.port} weight=3 retry=1
                http://127.0.0.1:{port} weight=1
        """.replace("\n            ", "\n"))
        made = Site(lab, SETUPS["nginx"]).start()
        made.dead = f"http://127.0.0.1:{port}"
        yield made
    finally:
        end_lab_module(lab)


def page(site, query="", **how):
    return ask(site.port, target=PAGE + query, **how)


def told(site):
    return json.loads(page(site, "?json").body)


class Reader(html.parser.HTMLParser):
    """Elements and text, as a browser without JavaScript has them."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.words = []
        self.skips = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.skips = tag in ("script", "style")

    def handle_endtag(self, tag):
        self.skips = False

    def handle_data(self, data):
        if not self.skips:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def waiting(site, lasting_origin):
    """A request that its origin lets wait until the test is over."""
    lasting_origin.gate.clear()
    with Client(site.port) as client:
        client.send(target="/wait" + EVIL, host="one.test")
        found = labs.until(
            lambda: [r for r in told(site)["requests"]
                     if r["path"].startswith("/wait")], 10, "it waits")
        yield found[0]


def test_the_page_loads_nothing_and_is_not_kept(site):
    answer = page(site)
    assert answer.status == 200
    assert answer.get("Content-Type") == "text/html; charset=utf-8"
    assert answer.get("Cache-Control") == "no-store"
    nonce = re.search(r"script-src 'nonce-(\w{32})'",
                      answer.get("Content-Security-Policy"))[1]
    read = Reader(answer.text)
    for tag, attributes in read.elements:
        assert "src" not in attributes and "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        if tag in ("script", "style"):
            assert attributes["nonce"] == nonce
        if tag == "link":
            assert attributes["href"].startswith("data:")
    assert nonce not in page(site).text


def test_others_are_not_shown_it(site):
    answer = page(site, fields=[("X-Forwarded-For", "192.0.2.1")])
    assert answer.get("X-Router-Reason") == "address-denied"


def test_head_has_no_body(site):
    assert page(site, method="HEAD").size == 0


def test_auto_has_the_lines_of_the_table(site):
    answer = page(site, "?auto")
    assert answer.get("Content-Type") == "text/plain; charset=utf-8"
    lines = [line.split(": ") for line in answer.text.splitlines()]
    assert [key for key, *_ in lines] == re.findall(
        r'(?m)^STATUS\(\w+, \w+, "([^"]+)"', TABLE)
    values = dict(lines)
    assert values["MapGeneration"] == "1" and values["Routers"] == "1"
    assert float(values["ReqPerSec"]) >= 0


def test_json_has_the_members_of_the_table(site):
    answer = page(site, "?json")
    assert answer.get("Content-Type") == "application/json"
    assert list(json.loads(answer.body)) == re.findall(
        r"(?m)^STATUS_MEMBER\((\w+)", TABLE)


def test_who_prefers_json_gets_it_unless_told_otherwise(site):
    fields = [("Accept", "application/json")]
    assert page(site, fields=fields).body.startswith(b"{")
    assert page(site, "?auto", fields=fields).text.startswith("Total Accesses")
    assert page(site, fields=[("Accept", "*/*")]).text.startswith("<!doctype")


def test_what_was_asked_is_counted_once_everywhere(site):
    def of(now, where):
        return [one["requests"] for one in now["services"]
                if one["service"] == where]
    before = of(told(site), "one.test")
    for _ in range(5):
        ask(site.port, host="one.test", target="/hello")
    # A request is counted when its answer is written: a moment later.
    labs.until(lambda: of(told(site), "one.test") == [sum(before) + 5], 10,
               "all are counted")

    def agree(now):
        return (now["total"]["requests"] == now["other"]["requests"] + sum(
            one["requests"] for one in now["services"]) == sum(
            one["requests"] for one in now["plans"]))
    # The one before is counted while this one is answered.
    labs.until(lambda: agree(told(site)), 10, "all tables agree")


def test_who_has_the_whole_answer_did_not_leave(site):
    """nginx closes the connection as soon as it has all of an answer."""
    for _ in range(50):
        assert ask(site.port, host="whole.test",
                   target="/bytes/20000").size == 20000

    def counted():
        return [one for one in told(site)["services"]
                if one["service"] == "whole.test" and one["requests"] == 50]
    assert labs.until(counted, 10, "all are counted")[0]["gone"] == 0


def test_services_and_reasons_are_told(site):
    ask(site.port, host="nobody.test")
    ask(site.port, target="/hello")
    now = labs.until(lambda: [now for now in [told(site)] if
                              now["reasons"].get("no-host") and "@shop" in
                              [one["service"] for one in now["services"]]],
                     10, "both are counted")[0]
    text = Reader(page(site).text).text
    assert "no-host" in text and "@shop" in text
    assert now["total"]["client_errors"] >= now["reasons"]["no-host"]


def test_an_origin_that_is_out_is_the_first(site):
    def out():
        ask(site.port, target="/hello")
        return told(site)["origins"][0]["state"] == "out"
    labs.until(out, 20, "the dead origin is out")
    now = told(site)
    assert now["origins"][0]["origin"] == site.dead
    assert 0 < now["origins"][0]["out_for"] <= 60
    assert now["status"] != "well"
    text = Reader(page(site).text).text
    assert "1 origin is out" in text and site.dead in text


def test_who_hit_a_limit_is_told(site):
    for _ in range(2):
        ask(site.port, host="tight.test")
    limit = labs.until(
        lambda: [one for one in told(site)["limits"]
                 if one["plan"] == "tight"], 10, "it is counted")
    assert limit[0]["key"] == "me<b>" and limit[0]["limit-rate"] >= 1
    answer = page(site).text
    assert "me&lt;b&gt;" in answer and "me<b>" not in answer


def plans(site):
    """The page's table of plans: what each row says, by its plan."""
    table = re.search(r'<h2 id="plans">.*?</section>', page(site).text,
                      re.S)[0]
    rows = [re.split("<td[^>]*>|<th[^>]*>", row)[1:]
            for row in re.findall("<tr>(.*?)</tr>", table)]
    words = [[Reader(cell).text for cell in row] for row in rows]
    return {row[0]: dict(zip(words[0], row)) for row in words[1:]}


def test_plans_and_the_share_that_they_refuse_are_told(site):
    for _ in range(2):
        ask(site.port, host="tight.test")

    def agreed():
        """All of them are counted by the time that both are asked."""
        now = next((one for one in told(site)["plans"]
                    if one["plan"] == "tight" and one["limited"]), None)
        row = now and plans(site)["tight"]
        return row and row["Requests"] == str(now["requests"]) and (now, row)
    now, row = labs.until(agreed, 10, "counted")
    assert row["Errors"] == "0 %"
    assert row["Refused"] == f"{100 * now['limited'] / now['requests']:.0f} %"
    assert "no plan" in plans(site)


def test_where_nobody_has_a_plan_the_page_says_so(lab):
    lab.routes("site.test/status internal=status\n")
    made = Site(lab, SETUPS["nginx"]).start()
    page(made)
    assert "No request had a plan" in Reader(page(made).text).text


def test_a_request_that_waits_is_seen_with_its_age(site, waiting):
    assert waiting["host"] == "one.test" and waiting["method"] == "GET"
    assert waiting["waits_for"] == "origin" and waiting["age"] >= 0
    assert waiting["pid"] in [p["pid"] for p in told(site)["processes"]]
    text = Reader(page(site).text).text
    assert "GET one.test/wait" in text
    lines = page(site, "?auto").text
    assert "Scoreboard: W" in lines


def test_no_path_breaks_out_of_the_page(site, waiting):
    assert "<script>alert" not in page(site).text
    assert "%3Cscript%3E" in waiting["path"]


def test_what_is_over_is_not_under_way(site):
    assert labs.until(lambda: not told(site)["requests"], 10, "nothing waits")
    assert "No request waits" in Reader(page(site).text).text


@pytest.mark.parametrize("asked, says", [
    ("site.test/x", ["site.test", "@shop", "weight 3"]),
    ("https://OLD.test:443/../y", ["no host and path"]),
    ("https://OLD.test:443/x", ["Alias of", "@shop"]),
    ("one.test", ["Leads to", "http://127.0.0.1:"]),
    ("nobody.test/", ["no-host", "not served here"]),
    ("a.split.test", ["no-service"]),
    ("typo.test", ["router.ini has no plan", "proo"]),
    ("locked.test", ["auth-unavailable", "http://127.0.0.1:1"]),
    ("away.test", ["egress-denied", "http://127.0.0.1:1"]),
    ("a b", ["no host and path"]),
    ("<i>x", ["no host and path"]),
])
def test_search_says_where_it_goes(site, asked, says):
    answer = ask(site.port, target=PAGE + "?host=" + "".join(
        f"%{byte:02x}" for byte in asked.encode()))
    text = Reader(answer.text).text
    assert f"Where {asked} goes" in text
    assert [say for say in says if say not in text] == []
    assert "<i>x" not in answer.text


@pytest.mark.parametrize("by, key", [
    ("requests", "requests"), ("errors", "errors"), ("slow", "p99"),
    ("sent", "sent"), ("nothing", "requests")])
def test_services_are_sorted_by(site, by, key):
    rows = re.findall(r'<tr><th scope="row">([@\w./-]+)<td',
                      page(site, f"?sort={by}").text)
    services = {s["service"]: s[key] for s in told(site)["services"]}
    values = [services[row] for row in rows if row in services
              and not row.endswith("/status")]
    assert values == sorted(values, reverse=True) and len(values) > 1


def test_sorting_keeps_the_search_and_a_search_the_order(site):
    read = Reader(page(site, "?sort=errors&host=a.test/%3C%26").text)
    links = [a["href"] for tag, a in read.elements if tag == "a"]
    assert "?sort=sent&host=a.test%2F%3C%26" in links
    assert ("input", {"type": "hidden", "name": "sort",
                      "value": "errors"}) in read.elements


def test_what_another_process_does_is_seen_until_it_is_killed(lab, origin):
    lab.settings = {"router__check": "50ms"}
    lab.routes("site.test/status internal=status\n"
               f"one.test http://127.0.0.1:{origin.port}\n")
    made = Site(lab, SETUPS["apache-mod_fcgid"]).start()

    def waiting():
        return [one["pid"] for one in told(made)["requests"]
                if one["path"] == "/wait"]
    with Client(made.port) as client:
        client.send(target="/wait", host="one.test")
        pid = labs.until(waiting, 20, "it is seen")[0]
        pids = [one["pid"] for one in told(made)["processes"]]
        assert pid in pids and len(pids) > 1
        labs.kill(pid)
        labs.until(lambda: not waiting(), 10, "it is gone with its process")
        assert pid not in [one["pid"] for one in told(made)["processes"]]


def test_a_request_that_plain_cgi_answers_is_seen(lab, origin):
    """And by another process that is there for its one answer alone."""
    lab.routes("site.test/status internal=status\n"
               f"one.test http://127.0.0.1:{origin.port}\n")
    lab.configure()
    (lab.dir / "run" / "state").mkdir(mode=0o700)
    made = Site(lab, SETUPS["apache-cgi"])
    if labs.ROOT:
        shutil.chown(lab.dir / "run" / "state", labs.WEB_USER, labs.WEB_GROUP)
    made.start()
    with Client(made.port) as client:
        client.send(target="/wait", host="one.test")
        labs.until(lambda: "/wait" in [one["path"] for one in
                                       told(made)["requests"]], 10, "seen")
        origin.gate.set()
        assert client.answer().status == 200


def test_who_looks_from_elsewhere_is_asked_who_it_is(lab):
    secret = lab.dir / "etc" / "tokens"
    secret.write_text(hashlib.sha256(b"token").hexdigest() + " ann\n")
    secret.chmod(0o600)
    if labs.ROOT:
        shutil.chown(secret, labs.WEB_USER, labs.WEB_GROUP)
    lab.settings = {"internal__allow": "0.0.0.0/0 ::/0",
                    "trust__proxies": "127.0.0.1",
                    "auth:staff__type": "bearer",
                    "auth:staff__file": str(secret)}
    lab.routes("site.test/status internal=status auth=staff\n")
    made = Site(lab, SETUPS["nginx"]).start()
    far = [("X-Forwarded-For", "192.0.2.1")]
    assert page(made, fields=far).get("X-Router-Reason") == "auth-required"
    known = page(made, fields=[*far, ("Authorization", "Bearer token")])
    assert known.status == 200


def test_where_nothing_is_counted_the_page_says_so(lab):
    lab.settings = {"stats__count": "no"}
    lab.routes("site.test/status internal=status\n")
    made = Site(lab, SETUPS["nginx"]).start()
    assert "Nothing is counted" in Reader(page(made).text).text
    now = told(made)
    assert now["total"]["requests"] == 0 and now["status"] == "warn"


def test_files_that_are_refused_are_told_of_until_they_are_mended(lab):
    """By the page, by metrics and by route-stat, as long as it lasts."""
    lab.settings = {"router__check": "20ms"}
    lab.routes("site.test/status internal=status\n"
               "metrics.test internal=metrics\n")
    made = Site(lab, SETUPS["nginx"]).start()
    good = {path: path.read_bytes() for path in (lab.map, lab.ini)}

    def seen():
        process = told(made)["processes"][0]
        lines = ask(made.port, host="metrics.test").text.splitlines()
        return ([finding["text"] for finding in told(made)["findings"]],
                [process[f"{name}_refused_at"] != 0
                 for name in ("map", "settings")],
                [f"fcgi_router_processes_{name}_refused 1" in lines
                 for name in ("map", "settings")])

    def put(path, content):
        fresh = path.with_name("fresh")
        fresh.write_bytes(content)
        os.utime(fresh, (0, 0))  # nobody is writing it still
        fresh.rename(path)

    assert page(made).status == 200
    for path, broken, finding, which in (
            (lab.map, good[lab.map][:4000], "The map on disk cannot be used: "
             "1 router keeps the one before", [True, False]),
            (lab.ini, b"[router]\nnonsense\n", "router.ini cannot be used: "
             "1 router keeps the settings before", [False, True])):
        put(path, broken)
        labs.until(lambda: seen() == ([finding], which, which), 10, finding)
        put(path, good[path])
        labs.until(lambda: seen() == ([], [False] * 2, [False] * 2), 10,
                   "all is well again")
