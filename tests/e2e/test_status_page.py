# SPDX-License-Identifier: BSD-2-Clause
"""internal=status in a real browser: in light and dark, narrow and wide, by
keyboard, for screen readers, with news and without JavaScript. With --long its
pictures are in status/ of the build, to be looked at."""

import re

import pytest

import lab as labs
from chromium import Browser, Page
from client import Client, ask
from setups import SETUPS, Site

LONG = "/wait/a-path-that-is-long-enough-to-need-more-than-one-line/of-it"

# Of each text that is seen: how it stands out from what is behind it.
CONTRAST = """
(() => {
    const of = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (rgb) => rgb.slice(0, 3).map((c) => c / 255).map((c) =>
        c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4).reduce(
        (sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
    const behind = (element) => {
        for (; element; element = element.parentElement) {
            const rgb = of(getComputedStyle(element).backgroundColor);
            if (rgb.length === 3 || rgb[3] > 0)
                return rgb;
        }
        return [255, 255, 255];
    };
    const found = [];
    const walk = document.createTreeWalker(document.body, 4);
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement;
        if (!walk.currentNode.nodeValue.trim() ||
            !element.getClientRects().length)
            continue;
        const a = light(of(getComputedStyle(element).color));
        const b = light(behind(element));
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < 4.5)
            found.push([ratio.toFixed(2), walk.currentNode.nodeValue]);
    }
    return found;
})()
"""

FRESH = "document.getElementById('fresh').textContent"

# What sticks out of the window, or out of the card that it is in.
OUTSIDE = """
[...document.querySelectorAll("body *")].filter((one) => {
    const box = one.getBoundingClientRect();
    const card = one.closest(".card")?.getBoundingClientRect();
    return one.getClientRects().length && !one.matches(".skip") &&
        (box.right > innerWidth + 1 || (card && box.right > card.right + 1));
}).map((one) => one.outerHTML.slice(0, 80))
"""


@pytest.fixture(scope="module")
def browser():
    made = Browser()
    yield made
    made.close()


@pytest.fixture(scope="module")
def site(new_lab, end_lab_module, lasting_origin):
    """With something in each of its tables, and one request that waits."""
    lab = new_lab("status-page")
    client = None
    try:
        lab.settings = {
            "router__check": "50ms", "plan:tight__rate": "1/h",
            "relay__max_fails": "1", "relay__cooldown": "60s"}
        lab.routes(f"""
127.0.0.1/status internal=status
site.test @a-service-with-a-name-that-is-quite-long-indeed
tight.test respond=200 plan=tight
@a-service-with-a-name-that-is-quite-long-indeed {lasting_origin.url}
    http://127.0.0.1:{labs.free_port()}
""")
        made = Site(lab, SETUPS["nginx"]).start()
        made.url = f"http://127.0.0.1:{made.port}/status"
        for _ in range(8):
            ask(made.port, target="/hello")
            ask(made.port, host="tight.test")
            ask(made.port, host="nobody.test")
        lasting_origin.gate.clear()
        client = Client(made.port)
        client.send(target=LONG)
        labs.until(lambda: "site.test/wait" in page_text(made), 10, "it waits")
        yield made
    finally:
        if client:
            client.close()
        end_lab_module(lab)


def page_text(site):
    return ask(site.port, host="127.0.0.1", target="/status").text


@pytest.mark.parametrize("width", [360, 800, 1400])
def test_all_is_seen_and_can_be_read(site, browser, width, request):
    with Page(browser, width) as page:
        page.load(site.url + "?host=site.test/hello")
        assert page.run(OUTSIDE) == []
        assert page.run("document.documentElement.scrollWidth") <= width
        colours = set()
        for theme in ("light", "dark"):
            page.theme(theme)
            assert page.run(CONTRAST) == []
            colours.add(page.run(
                "getComputedStyle(document.body).backgroundColor"))
            if request.config.getoption("--long"):
                page.picture(labs.BUILD / "status" / f"{width}-{theme}.png")
        assert len(colours) == 2
        assert page.wrong() == []


def test_without_javascript_nothing_is_missing(site, browser):
    with Page(browser, scripts=False) as page:
        page.load(site.url)
        page.ask("Emulation.setScriptExecutionDisabled", value=False)
        shown = page.run("document.body.innerText")
        for heading in ("Services", "Origins", "Plans", "Limits hit",
                        "Under way", "Answers of the router's own",
                        "Routers"):
            assert heading in shown
        assert "site.test/wait" in shown and "tight" in shown
        assert "Reload" in shown and "Pause" not in shown


def test_news_come_without_a_reload_and_leave_the_focus(site, browser):
    with Page(browser) as page:
        page.load(site.url)
        page.run("document.getElementById('host').focus();"
                 "window.kept = document.querySelector('main')")
        page.type("half a na")
        before = page.run(FRESH)
        labs.until(lambda: page.run(FRESH) != before, 10, "there are news")
        assert page.run("document.activeElement.value") == "half a na"
        assert page.run("window.kept === document.querySelector('main')")
        assert page.wrong() == []


def test_a_plot_tells_what_stands_under_the_pointer(site, browser):
    with Page(browser) as page:
        page.load(site.url)
        at = page.run("""(() => {
            const plot = document.querySelector(".plot");
            const last = plot.dataset.values.split(",").findLastIndex(Boolean);
            const box = plot.querySelector("svg").getBoundingClientRect();
            return [box.left + box.width * (last + .5) / 60, box.top + 40];
        })()""")
        page.ask("Input.dispatchMouseEvent", type="mouseMoved", x=at[0],
                 y=at[1])
        told = page.run("document.querySelector('.told').textContent")
        assert re.fullmatch(r"\d+ s ago: \d+ requests?, 0 errors", told)
        page.ask("Input.dispatchMouseEvent", type="mouseMoved", x=5, y=5)
        assert page.run("document.querySelector('.told')") is None


def test_pause_go_on_and_a_router_that_is_gone(site, browser):
    with Page(browser) as page:
        page.load(site.url)
        asks = ("performance.getEntriesByType('resource')"
                ".filter((one) => one.initiatorType === 'fetch').length")
        press = "document.getElementById('pause').click()"
        page.run(press)
        assert page.run("document.getElementById('pause').textContent") == \
            "Go on"
        page.run("document.dispatchEvent(new Event('visibilitychange'))")
        assert page.run(asks) == 0
        page.run(press)
        labs.until(lambda: page.run(asks) == 1, 10, "it looks at once")
        page.ask("Network.enable")
        page.ask("Network.emulateNetworkConditions", offline=True, latency=0,
                 downloadThroughput=-1, uploadThroughput=-1)
        page.run(press)
        page.run(press)
        labs.until(lambda: page.run(
            "document.querySelector('.live').classList.contains('old')"), 10,
            "it is told")


def test_a_keyboard_is_enough(site, browser):
    with Page(browser) as page:
        page.load(site.url)
        focus = "document.activeElement"
        page.press("Tab")
        assert page.run(f"{focus}.className") == "skip"
        assert page.run(f"{focus}.getBoundingClientRect().left >= 0")
        page.press("Tab")
        assert page.run(f"{focus}.id") == "host"
        page.type("tight.test")
        browser.events.clear()
        page.press("Enter", "\r")
        browser.wait(page.session, "Page.loadEventFired")
        assert "Where tight.test goes" in page.run("document.body.innerText")
        assert page.run("location.search") == "?host=tight.test"
        hidden = []
        for _ in range(10):
            page.press("Tab")
            style, name = page.run(
                "[getComputedStyle(document.activeElement).outlineStyle,"
                " document.activeElement.outerHTML.slice(0, 60)]")
            if style == "none" and not name.startswith("<body"):
                hidden.append(name)
        assert hidden == []


def test_a_screen_reader_is_told_what_is_what(site, browser):
    with Page(browser) as page:
        page.load(site.url + "?host=site.test")
        page.ask("Accessibility.enable")
        nodes = [(node["role"]["value"], node.get("name", {}).get("value", ""))
                 for node in page.ask("Accessibility.getFullAXTree")["nodes"]
                 if not node["ignored"]]
        roles = [role for role, _ in nodes]
        for role in ("banner", "search", "main", "contentinfo", "status"):
            assert roles.count(role) == 1, role
        names = {name for role, name in nodes if role == "table"}
        assert {name.split(" of ")[0].split(" the ")[0] for name in names} == {
            "Services", "Origins", "Plans", "Limits hit", "Under way",
            "Answers", "Routers"}
        assert ("searchbox", "Where does it go?") in nodes
        assert ("button", "Look up") in nodes and ("button", "Pause") in nodes
        nameless = [role for role, name in nodes if not name and role in (
            "link", "button", "table", "heading", "image", "region",
            "columnheader", "rowheader", "searchbox")]
        assert nameless == []
        assert page.run("document.title").endswith("fcgi-router")
        assert page.run("document.documentElement.lang") == "en"
        assert page.run("[...document.querySelectorAll('h1')].length") == 1
