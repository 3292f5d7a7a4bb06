# SPDX-License-Identifier: BSD-2-Clause
"""Answers of the router's own: the operator's pages, in HTML and JSON, behind
web servers that have error pages of their own."""

import itertools
import json

import pytest

import lab as labs
from client import ask
from setups import SETUPS, Site

OWN = {
    "404.html": "<h1>Nothing</h1><p>{host} {request_id} {reason}</p>",
    "no-path.html": "<style>p{color:red}</style><p>No path: {reason}</p>",
    "404.json": '{"error": "{reason}", "id": "{request_id}"}',
    "503.html": "<h1>Back soon</h1><p>{reason}</p>",
}
ROUTES = """
site.test/here respond=204
plain.test respond=410 "gone"
repair.test respond=503 retry-after=600
repair-text.test respond=503 "wait" retry-after=60
empty.test respond=410
old.test redirect=301 https://new.test{uri}
shut.test respond=200 deny=0.0.0.0/0,::/0
dead.test http://127.0.0.1:1
"""
JSON = [("Accept", "application/json")]
BROWSER = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")]


@pytest.fixture(scope="module",
                params=["apache-mod_fcgid", "nginx", "lighttpd-spawn"])
def site(request, new_lab, end_lab_module):
    lab = new_lab(request.param)
    try:
        pages = lab.dir / "www" / "pages"
        pages.mkdir()
        for name, text in OWN.items():
            (pages / name).write_text(text)
        lab.settings = {"pages__dir": str(pages), "router__check": "20ms",
                        "trust__proxies": "127.0.0.1"}
        lab.routes(ROUTES)
        made = Site(lab, SETUPS[request.param]).start()
        made.pages = pages
        yield made
    finally:
        end_lab_module(lab)


def no_host(site, fields=(), **how):
    return ask(site.port, host="nobody.test", fields=fields, **how)


def test_a_status_page_has_its_variables(site):
    answer = no_host(site, BROWSER)
    identity = answer.get("X-Request-Id")
    assert answer.status == 404 and len(identity) == 32
    assert answer.text == \
        f"<h1>Nothing</h1><p>nobody.test {identity} no-host</p>"


def test_it_is_an_error_as_any_other(site):
    answer = no_host(site)
    assert answer.get("X-Router-Reason") == "no-host"
    assert answer.get("Cache-Control") == "no-store"
    assert answer.get("Content-Type") == "text/html; charset=utf-8"
    assert answer.size > 0 and not answer.broken


def test_a_reason_has_a_page_of_its_own(site):
    answer = ask(site.port, target="/there")
    assert (answer.status, answer.text) == (
        404, "<style>p{color:red}</style><p>No path: no-path</p>")


def test_who_prefers_json_gets_json(site):
    answer = no_host(site, [("Accept", "text/html;q=0.5, application/json")])
    assert answer.get("Content-Type") == "application/json"
    assert json.loads(answer.body) == {
        "error": "no-host", "id": answer.get("X-Request-Id")}


@pytest.mark.parametrize("fields", [BROWSER, JSON], ids=["html", "json"])
def test_what_has_no_page_has_the_built_in_one(site, fields):
    answer = ask(site.port, host="shut.test", fields=fields)
    assert (answer.status, answer.get("X-Router-Reason")) == (
        403, "address-denied")
    if fields is JSON:
        assert json.loads(answer.body)["reason"] == "address-denied"
    else:
        assert "<h1>403 Forbidden</h1>" in answer.text


def test_json_does_not_fall_back_to_html(site):
    answer = ask(site.port, host="repair.test", fields=JSON)
    assert answer.status == 503
    assert json.loads(answer.body) == {
        "status": 503, "message": "Service Unavailable"}


def test_head_has_the_length_and_no_body(site):
    whole = ask(site.port, target="/there")
    head = ask(site.port, "HEAD", "/there")
    assert (head.status, head.size) == (404, 0)
    if head.get("Content-Length") is not None:
        assert head.get("Content-Length") == str(whole.size)
    assert head.get("X-Router-Reason") == "no-path"


def test_an_id_ends_no_tag_and_no_string(site):
    """A trusted peer may say any token."""
    identity = "a&lt'c`d|e"
    told = [("X-Request-Id", identity)]
    assert "nobody.test a&amp;lt&#39;c`d|e no-host" in \
        no_host(site, told).text
    assert json.loads(no_host(site, told + JSON).body)["id"] == identity


def test_maintenance_has_its_page_and_says_when(site):
    answer = ask(site.port, host="repair.test")
    assert (answer.status, answer.get("Retry-After")) == (503, "600")
    assert answer.text == "<h1>Back soon</h1><p>-</p>"
    assert answer.get("X-Router-Reason") is None


@pytest.mark.parametrize("host, status, text, after", [
    ("repair-text.test", 503, "wait", "60"),
    ("plain.test", 410, "gone", None)])
def test_respond_says_what_the_route_says(site, host, status, text, after):
    answer = ask(site.port, host=host)
    assert (answer.status, answer.text, answer.get("Retry-After")) == (
        status, text, after)
    assert answer.get("Cache-Control") is None


def test_a_status_alone_has_a_page_that_caches_keep_apart(site):
    """They may keep it, and it is another for who prefers JSON."""
    answer = ask(site.port, host="empty.test", fields=BROWSER)
    assert answer.status == 410 and "<h1>410 Gone</h1>" in answer.text
    other = ask(site.port, host="empty.test", fields=JSON)
    assert json.loads(other.body)["message"] == "Gone"
    for one in (answer, other, ask(site.port, host="repair.test")):
        assert one.get("Cache-Control") is None
        assert "Accept" in one.get("Vary")
        assert one.get("X-Router-Reason") is None


def test_a_redirect_has_no_page(site):
    answer = ask(site.port, target="/a?b", host="old.test")
    assert (answer.status, answer.get("Location")) == (
        301, "https://new.test/a?b")
    assert answer.get("Cache-Control") is None
    assert answer.get("X-Router-Reason") is None


def test_no_client_chooses_the_file(site):
    """What it says stands in no file's name."""
    (site.pages.parent / "secret.html").write_text("secret")
    for target, fields in itertools.product(
            ("/..%2f..%2fsecret", "/secret.html", "/404"),
            ((), [("X-Router-Reason", "../secret")],
             [("Accept", "../secret")])):
        answer = ask(site.port, target=target, fields=fields)
        assert answer.status in (400, 404)
        assert "secret" not in answer.text


def test_a_changed_page_is_shown_and_a_lost_one_is_told_once(site):
    page = site.pages / "502.html"

    def text():
        return ask(site.port, host="dead.test").text

    assert "<h1>502 Bad Gateway</h1>" in text()
    page.write_text("one")
    labs.until(lambda: text() == "one", 5, "the new page is shown")
    fresh = page.with_suffix(".new")
    fresh.write_text("another")
    fresh.rename(page)
    labs.until(lambda: text() == "another", 5, "the changed page is shown")
    page.unlink()
    labs.until(lambda: "<h1>502" in text(), 5, "the built-in page is shown")
    for _ in range(5):
        assert "<h1>502" in text()
    told = "".join(log for _, log in site.lab.logs()).count(
        "502.html: it is gone")
    # mod_fcgid and lighttpd have several processes, and each has its word.
    assert 1 <= told <= len(site.lab.router_pids())


def test_a_page_that_is_too_large_is_not_shown(site):
    page = site.pages / "origin-refused.html"
    page.write_text("x" * 65537)
    try:
        labs.until(lambda: "<h1>502 Bad Gateway</h1>" in
                   ask(site.port, host="dead.test").text and
                   "origin-refused.html: it is larger than 64 KiB" in
                   "".join(log for _, log in site.lab.logs()), 5,
                   "the page is refused, and that is told")
        page.write_text("y" * 65536)
        labs.until(lambda: ask(site.port, host="dead.test").size == 65536, 5,
                   "the largest page is shown")
    finally:
        page.unlink()


def test_the_folder_changes_with_the_settings(site):
    other = site.lab.dir / "www" / "other"
    other.mkdir()
    (other / "404.html").write_text("other")
    kept = dict(site.lab.settings)
    try:
        site.lab.settings["pages__dir"] = str(other)
        site.write()
        labs.until(lambda: no_host(site).text == "other", 5,
                   "the other folder's page is shown")
    finally:
        site.lab.settings = kept
        site.write()
    labs.until(lambda: "Nothing" in no_host(site).text, 5,
               "the first folder's page is shown again")


def test_apaches_own_error_pages_stay_out_of_the_way(lab):
    """Those of a host, perhaps for its files, are not for the router."""
    (lab.dir / "www" / "404.html").write_text("the operator's")
    lab.settings = {"pages__dir": str(lab.dir / "www")}
    lab.routes("none.test respond=204\n")
    site = Site(lab, SETUPS["apache-mod_fcgid"],
                define="-c 'ErrorDocument 404 Apaches'").start()
    answer = ask(site.port)
    assert (answer.status, answer.text) == (404, "the operator's")
    assert answer.get("X-Router-Reason") == "no-host"
