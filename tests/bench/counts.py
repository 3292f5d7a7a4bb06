# SPDX-License-Identifier: BSD-2-Clause
"""counts: the instructions and the system calls that one request is to the
router: what a run with more requests has more than one with fewer. No load on
the machine changes them.

One client's kept connection to nginx, nginx's kept connection to the router,
another host each time, of a hundred, but where a kind asks for each host once. nginx is that of httpd-examples/nginx with kept
connections, or sends what Debian's fastcgi_params has. Nothing is written down
of requests, but where a kind says so.
"""

import os
import re
import subprocess

import programs
import router
import rows
from costs import Failed
from ground import path

import lab as labs
import setups
from client import Client

FEW, MANY = 100, 600    # requests
HOSTS = 100             # that they are for, in turn
RARE = 0.05             # for a request: comes with time, not with requests

# What a browser sends beside Host.
BROWSER = (
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
     "Firefox/128.0"),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;"
     "q=0.8"),
    ("Accept-Language", "en-US,en;q=0.5"),
    ("Accept-Encoding", "gzip, deflate, br"),
    ("Referer", "https://www.example.org/articles/2024"),
    ("Cookie", "session=0123456789abcdef0123456789abcdef; theme=dark"),
    ("Upgrade-Insecure-Requests", "1"),
    ("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-User", "?1"),
    ("Priority", "u=0, i"))


def example(place, process):
    """nginx as it is recommended; its port."""
    site = rows.Tuned(place, setups.SETUPS["nginx"],
                      config="nginx-keepalive.conf")
    site.edits = rows.NGINX_KEPT
    site.router = process
    return site.start().port


def debian(place, unused):
    return programs.behind_nginx(place, *programs.KEPT, *programs.DEBIAN)


# What is written down. The journal is kept as it is while somebody looks on.
NOTHING = {"stats__count": "no"}
COUNTERS = {}
LOG = {"log__access": "{dir}/run/access.log", "log__format": "standard"}
JOURNAL = {"journal__keep": "always"}

ALL = {**COUNTERS, **LOG, **JOURNAL}

# Whom a request comes from, what it has beside Host, and what of it is written.
# Where each is for a host of its own, none of them has been counted before.
KINDS = {"bare": (example, (), NOTHING),
         "browser": (example, BROWSER, NOTHING),
         "fastcgi_params": (debian, (), NOTHING),
         "counters": (example, (), COUNTERS),
         "log": (example, (), {**NOTHING, **LOG}),
         "journal": (example, (), {**NOTHING, **JOURNAL}),
         "written": (example, (), ALL),
         "written, once": (example, (), ALL),
         "browser, written": (example, BROWSER, ALL)}


def callgrind(out):
    return ["valgrind", "--tool=callgrind", "-q",
            f"--callgrind-out-file={out}"]


def strace(out):
    return ["strace", "-f", "-c", "-U", "calls,name", "-o", out]


def hosts(base, kind, requests):
    several = MANY if kind.endswith("once") else HOSTS
    return [base.asked[number % several] for number in range(requests)]


def run(base, tool, kind, requests):
    """What the tool wrote of a router that has answered so many."""
    front, fields, written = KINDS[kind]
    place = router.lab(base.build)
    try:
        os.link(base.map, place.map)
        out = place.dir / "run" / "counts"
        place.settings = {"router__check": "1h", **{
            key: value.format(dir=place.dir)
            for key, value in written.items()}}
        place.configure()
        process = place.start(
            "router", [*tool(out), place.router, "-c", place.ini, "-s",
                       f"unix:{place.socket}", "--socket-group",
                       labs.WEB_GROUP],
            stdin=subprocess.DEVNULL, **place.as_web_user())
        programs.listening(place, process)
        with Client(front(place, process)) as client:
            for host in hosts(base, kind, requests):
                answer = client.get(path("100 B"), host, fields)
                if answer.status != 200:
                    raise Failed(f"{host}: {answer}")
        # strace would leave the router alone when it is ended itself.
        pids = place.router_pids() or [process.pid]
        for pid in pids:
            labs.kill(pid, 15)
        process.wait(30)
        return read_calls(out) if tool is strace else read_objects(out)
    finally:
        place.close()


def read_calls(out):
    """name: calls."""
    found = re.findall(r"^ *(\d+) +(\w+)$", out.read_text(), re.MULTILINE)
    return {name: int(calls) for calls, name in found if name != "total"}


def read_objects(out):
    """program or library: instructions of its own."""
    names, found, current, called = {}, {}, "", False
    with open(out, encoding="utf-8", errors="replace") as text:
        for line in text:
            if match := re.match(r"(c?ob)=(\(\d+\))(?: (.+))?$", line):
                kind, number, name = match.groups()
                if name:
                    names[number] = name.rpartition("/")[2].split(".so")[0]
                current = names[number] if kind == "ob" else current
            elif line.startswith("calls="):
                called = True   # the next line is what the callee took
            elif match := re.match(r"(?:[+-]?\d+|\*) (\d+)$", line):
                if not called:
                    found[current] = found.get(current, 0) + int(match[1])
                called = False
    if not found:
        raise Failed(f"callgrind wrote nothing that is known: {out}")
    return found


def request(base, tool, kind="bare"):
    """name: how many of it one request is."""
    few, many = (run(base, tool, kind, count) for count in (FEW, MANY))
    found = {name: (count - few.get(name, 0)) / (MANY - FEW)
             for name, count in many.items()}
    return {name: each for name, each in found.items() if each >= RARE}
