# SPDX-License-Identifier: BSD-2-Clause
"""fleets: the ways to several origins that failover compares, one row a way.
All have the same weights, times and number of attempts; what else a row has is
what it does best.

Each function starts one in a lab, before ships (tests/e2e/fleet.py), and
returns its port.
"""

import dataclasses
import typing

import natives
import router  # noqa: F401, finds tests/e2e
from ground import serve

import lab as labs
import setups
import storm

HOST = "fleet.test"
WAIT = 500          # ms, to connect and to the first byte
COOLDOWN = 1        # s; nginx counts whole ones
RETRIES = 2


def each(ships, line):
    return "".join(line.format(name=name, port=ship.port,
                               weight=storm.WEIGHTS[name])
                   for name, ship in ships.items())


# ---- the router ----

ROUTES = """\
{host} @fleet
@fleet {origins} retry={retries} timeout={wait}ms connect-timeout={wait}ms
"""


def routed(example):
    """What starts that example of httpd-examples/."""
    def start(lab, ships):
        lab.settings = {
            "router__state_dir": str(lab.dir / "run" / "state"),
            "relay__cooldown": f"{COOLDOWN}s"}
        lab.routes(ROUTES.format(
            host=HOST, retries=RETRIES, wait=WAIT, origins=each(
                ships, " http://127.0.0.1:{port} weight={weight}")))
        return setups.Site(lab, setups.SETUPS[example]).start().port
    return start


# ---- nginx ----

NGINX = """\
	upstream fleet {{
		zone fleet 64k;
{servers}		keepalive 64;
	}}"""

NGINX_SERVER = """\
		server 127.0.0.1:{{port}} weight={{weight}} fail_timeout={}s
			max_fails=3;
""".format(COOLDOWN)

NGINX_PROXY = f"""\
		location / {{
			proxy_pass http://fleet;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_connect_timeout {WAIT}ms;
			proxy_read_timeout {WAIT}ms;
			proxy_next_upstream error timeout;
			proxy_next_upstream_tries {RETRIES + 1};
		}}"""


def nginx(lab, ships):
    return natives.start_nginx(
        lab, NGINX.format(servers=each(ships, NGINX_SERVER)), NGINX_PROXY)


# ---- HAProxy ----

HAPROXY = """\
global
{user}	maxconn 4096
	log stderr format raw local0 err
defaults
	mode http
	timeout connect {wait}ms
	timeout client 30s
	timeout server {wait}ms
	timeout check {wait}ms
	retries {retries}
	option redispatch 1
{more}frontend http
	bind 127.0.0.1:{port}
	default_backend fleet
backend fleet
	balance roundrobin
	http-reuse always
	default-server {checks}
{servers}"""

# By default only what could not connect is tried again.
HAPROXY_RETRY = """\
	retry-on conn-failure empty-response response-timeout
"""
HAPROXY_ONCE = "\thttp-request disable-l7-retry if METH_POST\n"

# Asks each server twice in a cooldown, and counts failed requests too.
HAPROXY_CHECKS = (f"check inter {COOLDOWN * 500} fall 2 rise 1 "
                  "observe layer7 error-limit 3 on-error mark-down")


def haproxy(lab, ships):
    config = lab.dir / "conf" / "haproxy.cfg"
    user = "\tuser haproxy\n\tgroup haproxy\n" if labs.ROOT else ""
    servers = HAPROXY_ONCE + each(
        ships, "\tserver {name} 127.0.0.1:{port} weight {weight}\n")
    return serve(lab, ["haproxy", "-db", "-f", config], config,
                 lambda port: HAPROXY.format(
                     user=user, port=port, wait=WAIT, retries=RETRIES,
                     more=HAPROXY_RETRY, checks=HAPROXY_CHECKS,
                     servers=servers))


# ---- the table ----

@dataclasses.dataclass(frozen=True)
class Row:
    key: str
    title: str
    start: typing.Callable


ROWS = (
    Row("nginx-router", "nginx -> router", routed("nginx")),
    Row("fcgid-router", "Apache mod_fcgid -> router",
        routed("apache-mod_fcgid")),
    Row("nginx", "nginx upstream", nginx),
    Row("haproxy", "HAProxy, checks and retry-on", haproxy),
)
BY_KEY = {row.key: row for row in ROWS}
