# SPDX-License-Identifier: BSD-2-Clause
"""rows: the ways to an origin that relay compares, one row a way.

Those to the router are the files of httpd-examples/, changed only in what a
load of this kind asks of any server: connections for all clients, no end of
kept ones, and as many processes as cores.
"""

import dataclasses
import functools
import os
import re
import typing

import natives
import programs
import router
from costs import Failed
from ground import IDLE, SIZES

import setups


class Tuned(setups.Site):
    """An example with some of its text replaced: (pattern, by)."""

    edits = ()

    def write(self):
        super().write()
        config = self.lab.dir / "conf" / self.config
        text = config.read_text()
        for old, new in self.edits:
            text, count = re.subn(old, new, text)
            if count == 0:
                raise Failed(f"{config.name} has no {old}")
        config.write_text(text)


def tuned(example, *edits, config=None, define=""):
    """What starts that example with the map of all hosts."""
    def start(ground, lab):
        os.link(ground.map, lab.map)
        site = Tuned(lab, setups.SETUPS[example], config=config,
                     define=define)
        site.edits = edits
        return site.start().port
    return start


NGINX = ((r"(worker_connections) \d+", r"\1 4096"),
         (r"(server_tokens off;)", r"\1\n\tkeepalive_requests 1000000000;"))
NGINX_KEPT = (*NGINX, (r"keepalive 64;", f"keepalive {IDLE};\n"
                       "\t\tkeepalive_requests 1000000000;"))
LIGHTTPD = ((r"(server.max-fds = 8192)",
             rf"\1\nserver.max-worker = {natives.CORES}\n"
             "server.max-keep-alive-requests = 65535"),)
APACHE = ((r"(LoadModule authz_core.*)", rf"\1\n{natives.APACHE_THREADS}"),)
# A process for each client.
FCGID = (*APACHE, (r"(FcgidMaxProcessesPerClass) \d+", r"\1 300"))


# ---- the table ----

@dataclasses.dataclass(frozen=True)
class Row:
    key: str
    title: str
    start: typing.Callable
    refuses: bool = True         # hosts that it does not know
    sizes: tuple = tuple(SIZES)  # of answers
    body: bytes | None = None    # where it is not the origin's


ROWS = (
    Row("nginx", "nginx map + proxy_pass", natives.nginx),
    Row("nginx-router", "nginx -> router, kept",
        tuned("nginx", *NGINX_KEPT, config="nginx-keepalive.conf")),
    Row("nginx-router-new", "nginx -> router, not kept",
        tuned("nginx", *NGINX)),
    Row("lighttpd", "lighttpd mod_proxy, no map", natives.lighttpd,
        refuses=False),
    Row("lighttpd-lua", "lighttpd mod_proxy, map in Lua",
        natives.lighttpd_lua),
    Row("lighttpd-router", "lighttpd -> router",
        tuned("lighttpd-socket", *LIGHTTPD)),
    Row("apache-express", "Apache mod_proxy_express",
        natives.apache_express),
    Row("apache-rewritemap", "Apache RewriteMap + [P]",
        natives.apache_rewritemap),
    Row("apache-express-plain", "Apache mod_proxy_express, plain",
        functools.partial(natives.apache_express, kept=False)),
    Row("apache-rewritemap-plain", "Apache RewriteMap + [P], plain",
        functools.partial(natives.apache_rewritemap, kept=False)),
    Row("apache-router", "Apache proxy_fcgi -> router, reuse",
        tuned("apache-mod_proxy_fcgi", *APACHE, define="-DREUSE")),
    Row("apache-router-new", "Apache proxy_fcgi -> router",
        tuned("apache-mod_proxy_fcgi", *APACHE)),
    Row("apache-fcgid", "Apache mod_fcgid -> router",
        tuned("apache-mod_fcgid", *FCGID)),
    Row("haproxy", "HAProxy map", natives.haproxy),
    Row("haproxy-router", "HAProxy -> router", tuned("haproxy")),
    Row("caddy", "Caddy reverse_proxy, list of hosts", natives.caddy),
    Row("caddy-map", "Caddy map + reverse_proxy", natives.caddy_map),
    Row("php", "nginx -> PHP-FPM, dba + curl", programs.php),
    Row("go", "nginx -> Go, fcgi + ReverseProxy", programs.go),
    Row("go-plain", "nginx -> Go, as its library comes",
        functools.partial(programs.go, idle=0)),
    Row("hello", "nginx -> libfcgi hello", programs.hello, refuses=False,
        sizes=("100 B",), body=b"hello\n"),
)
BY_KEY = {row.key: row for row in ROWS}


class Running:
    """A row that has been started in a lab of its own."""

    def __init__(self, row, ground):
        self.row = row
        self.least = {}     # bytes of an answer, by size
        self.lab = router.lab(ground.build)
        try:
            self.port = row.start(ground, self.lab)
        except BaseException:
            self.lab.close()
            raise

    def pids(self):
        return [process.pid for process in self.lab.processes]

    def close(self):
        self.lab.close()
