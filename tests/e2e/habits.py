# SPDX-License-Identifier: BSD-2-Clause
"""habits: what web servers make of the head that a program hands them.

One place for what is theirs: which fields they add, merge, sort, spell
otherwise or drop, and whose reason is sent. seen() turns what the router
hands on into what a client sees, whole and in order; what it cannot know
(dates, names of servers, framing of a body that has no length) is taken out
of an answer by bare(), and checked there.
"""

import dataclasses
import re

from capabilities import cell

DATE = re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")


@dataclasses.dataclass(frozen=True)
class Habit:
    """One web server."""
    order: object                  # of the fields: a function of the row
    server: str                    # its own Server field; "": none
    keeps_date: bool = True        # the origin's Date and Server
    reasons: object = None         # its own, by status; None: the origin's
    head_alone: bool = True        # goes out before a byte of the body


APACHE_LAST = ("set-cookie", "location content-range etag last-modified "
               "content-length", "content-type")


def apache(fields, row):
    """Repeated fields are one, some come last; types are in lower case, and
    there is no length of 0 on HEAD."""
    merged = []
    for name, value in fields:
        at = [i for i, f in enumerate(merged) if f[0].lower() ==
              name.lower() != "set-cookie"]
        if at:
            old = merged[at[0]]
            glue = "," if name.lower() == "vary" else ", "
            merged[at[0]] = (old[0], old[1] + glue + value)
        elif name == "Content-Type":
            merged.append((name, value.lower()))
        elif (row.method, name, value) != ("HEAD", "Content-Length", "0"):
            merged.append((name, value))
    last = [name for group in APACHE_LAST for name in group.split()]
    return ([f for f in merged if f[0].lower() not in last]
            + [f for group in APACHE_LAST for f in merged
               if f[0].lower() in group.split()])


def lighttpd(fields, row):
    """Repeated fields stand together; empty ones go."""
    groups = {}
    for name, value in fields:
        if value:
            groups.setdefault(name.lower(), []).append((name, value))
    return [field for group in groups.values() for field in group]


def nginx(fields, row):
    """Two come first; what is an order to it goes."""
    first = ("content-type", "content-length")
    return ([f for n in first for f in fields if f[0].lower() == n]
            + [f for f in fields if f[0].lower() not in first
               and not f[0].lower().startswith("x-accel-")])


def haproxy(fields, row):
    """Names in lower case; a 304 has a length, but not on HEAD."""
    return ([(name.lower(), value) for name, value in fields]
            + ([("content-length", "0")]
               if (row.status, row.method) == (304, "GET") else []))


def caddy(fields, row):
    """Sorted, names in Go's spelling; Alt-Svc is for one hop there."""
    def spell(name):
        return "-".join(p[:1].upper() + p[1:].lower()
                        for p in name.split("-"))
    return sorted(((spell(n), v) for n, v in fields if n != "Alt-Svc"),
                  key=lambda f: f[0])


LIGHTTPD_REASONS = {
    200: "OK", 201: "Created", 204: "No Content", 205: "Reset Content",
    206: "Partial Content", 302: "Found", 303: "See Other",
    304: "Not Modified", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 413: "Payload Too Large",
    500: "Internal Server Error", 502: "Bad Gateway"}
GO_REASONS = {**LIGHTTPD_REASONS, 413: "Request Entity Too Large",
              418: "I'm a teapot"}


def lighttpd_reason(status):
    return LIGHTTPD_REASONS.get(status, "")


def go_reason(status):
    return GO_REASONS.get(status, f"status code {status}")


FCGID = Habit(apache, r"Apache/.* mod_fcgid/[\d.]+", keeps_date=False,
              head_alone=False)
LIGHTTPD = Habit(lighttpd, r"lighttpd/[\d.]+", reasons=lighttpd_reason)
HABITS = {
    "apache-mod_fcgid": FCGID,
    "apache-htaccess": FCGID,
    "apache-mod_proxy_fcgi": Habit(apache, r"Apache/[^ ]+ \(\w+\)",
                                   head_alone=False),
    "apache-cgi": Habit(apache, r"Apache/[^ ]+ \(\w+\)", keeps_date=False),
    "lighttpd-spawn": LIGHTTPD,
    "lighttpd-socket": LIGHTTPD,
    "nginx": Habit(nginx, "nginx"),
    "haproxy": Habit(haproxy, ""),
    "caddy": Habit(caddy, "Caddy", reasons=go_reason),
}


def seen(setup, row, fields):
    """(reason, fields) that a client of this set-up sees of them."""
    habit = HABITS[setup]
    if not habit.keeps_date:
        fields = [f for f in fields if f[0].lower() not in
                  ("date", "server")]
    reason = habit.reasons(row.status) if habit.reasons else row.reason
    return reason, habit.order(fields, row)


def take(fields, name, value):
    """Takes out the one field of this name whose value is like that."""
    found = [f for f in fields if f[0].lower() == name
             and re.fullmatch(value, f[1])]
    assert len(found) == 1, (name, value, fields)
    fields.remove(found[0])


def bare(setup, answer, expected):
    """The answer's fields without the web server's own."""
    habit = HABITS[setup]
    fields = list(answer.fields)
    names = [n.lower() for n, _ in fields]
    given = [n.lower() for n, _ in expected]
    if "date" not in given:
        take(fields, "date", DATE)
    if habit.server and ("server" not in given or setup == "caddy"):
        take(fields, "server", habit.server)
    if "connection" in names:
        take(fields, "connection", "keep-alive|close")
    if "content-length" not in given:
        if "transfer-encoding" in names:
            take(fields, "transfer-encoding", "chunked")
        elif "content-length" in names:
            take(fields, "content-length", str(answer.size))
    if setup == "caddy" and "content-type" in names and (
            "content-type" not in given):
        # Guessed, when body and head go out together.
        take(fields, "content-type", "text/plain; charset=utf-8|"
             "application/octet-stream|application/x-gzip")
    return fields


def waits(setup, row):
    """Does what is before the row's pause come to the client?"""
    return cell("streaming", setup) == "yes" and (
        row.body or HABITS[setup].head_alone)


def of_a_break(setup, row):
    """How a client learns that the origin broke within this row's body:
    "broken": the transfer is; "error": an error's page is the answer, or the
    transfer is broken; "page behind": the web server's page of an error is
    put behind the part; "whole": not at all."""
    length = row.length is not None
    if setup == "apache-htaccess" or not waits(setup, row):
        return "error"  # nothing has left
    if setup == "apache-mod_fcgid" and not length:
        return "page behind"
    yes = cell("break-length" if length else "break-chunked", setup)
    return "broken" if yes == "yes" else "whole"
