# SPDX-License-Identifier: BSD-2-Clause
"""ground: what all rows of relay stand on: one origin, one list of hosts in
each form that somebody reads, and the hosts that are asked for."""

import contextlib
import functools
import os
import random
import subprocess

import lists
import router
from costs import Failed

import lab as labs
from client import pattern

HOSTS = 100000
ASKED = 10000       # of these, as many different ones
SIZES = {"100 B": 100, "10 KiB": 10 << 10, "1 MiB": 1 << 20}
UNKNOWN = "nobody-has-this-host.example"
IDLE = 256          # kept connections to an origin, for all who can be told

ORIGIN = """\
{user}worker_processes auto;
worker_rlimit_nofile 20000;
daemon off;
pid {dir}/origin.pid;
error_log stderr error;
events {{ worker_connections 16384; }}
http {{
	access_log off;
	keepalive_requests 1000000000;
	sendfile on;
	tcp_nopush on;
	open_file_cache max=100 inactive=1h;
	open_file_cache_valid 1h;
	client_body_temp_path {dir}/origin-body;
	proxy_temp_path {dir}/origin-proxy;
	fastcgi_temp_path {dir}/origin-fastcgi;
	scgi_temp_path {dir}/origin-scgi;
	uwsgi_temp_path {dir}/origin-uwsgi;
	default_type application/octet-stream;
	server {{
		listen 127.0.0.1:{port} backlog=4096;
		root {dir}/www;
	}}
}}
"""


def path(size):
    """Where the origin has the answer of that size."""
    return f"/{SIZES[size]}"


def user_line():
    return f"user {labs.WEB_USER};\n" if labs.ROOT else ""


def serve(lab, argv, config, text, name="front", **how):
    """A server on a free port, which text(port) tells it; the port."""
    for _ in range(3):
        port = labs.free_port()
        config.write_text(text(port))
        process = lab.start(name, argv, stdin=subprocess.DEVNULL, **how)
        if lab.ready(process, port, 60):
            return port
    raise Failed(f"{argv[0]} does not start: {process.text()[-500:]}")


class Ground:
    """close() ends the origin and removes every file."""

    def __init__(self, build, hosts=HOSTS):
        self.build = build
        self.lab = router.lab(build)
        with contextlib.ExitStack() as failed:
            failed.callback(self.close)
            www = self.lab.dir / "www"
            for name, size in SIZES.items():
                (www / path(name)[1:]).write_bytes(pattern(size))
            config = self.lab.dir / "origin.conf"
            self.port = serve(
                self.lab, ["nginx", "-e", "stderr", "-c", config], config,
                lambda port: ORIGIN.format(user=user_line(), port=port,
                                           dir=self.lab.dir), "origin")
            self.hosts = [lists.host(n, hosts) for n in range(hosts)]
            rng = random.Random(hosts)
            rng.shuffle(self.hosts)
            self.asked = rng.sample(self.hosts, min(ASKED, hosts))
            self.asked_file = self.write("asked", self.asked, "{0}\n")
            failed.pop_all()

    def close(self):
        self.lab.close()

    def pids(self):
        return [process.pid for process in self.lab.processes]

    @property
    def origin(self):
        return f"127.0.0.1:{self.port}"

    def write(self, name, hosts, line, head="", tail=""):
        """A file with a line for each host: {0} is the host, {1} the
        origin."""
        to = self.lab.dir / "var" / name
        with open(to, "w", encoding="ascii") as out:
            out.write(head)
            out.writelines(line.format(host, self.origin) for host in hosts)
            out.write(tail)
        return to

    @functools.cached_property
    def urls(self):
        """`host URL`, as route-compile, httxt2dbm and relay.go read it."""
        return self.write("urls", self.hosts, "{0} http://{1}\n")

    @functools.cached_property
    def map(self):
        self.run(self.build / "tools" / "route-compile", "-o", self.lab.map,
                 self.urls)
        return self.lab.map

    def dbm(self, kind):
        """The base name of what httxt2dbm makes."""
        to = self.lab.dir / "var" / f"hosts.{kind.lower()}"
        if not any(to.parent.glob(to.name + "*")):
            self.run("httxt2dbm", "-f", kind, "-i", self.urls, "-o", to)
            for file in to.parent.glob(to.name + "*"):
                file.chmod(0o644)
        return to

    @staticmethod
    def run(*argv):
        done = subprocess.run(
            [str(word) for word in argv], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=300, check=False,
            env={**os.environ, "LC_ALL": "C"})
        if done.returncode:
            raise Failed(f"{argv[0]}: {done.stderr[-500:].strip()}")
