# SPDX-License-Identifier: BSD-2-Clause
"""load: clients that ask without a pause, and an origin that keeps up."""

import threading
import time

import lab as labs
from client import Client, ask
from tracing import TRACE

NGINX = """\
worker_processes 1;
daemon off;
pid {dir}/origin.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
	access_log off;
	keepalive_requests 10000000;
	client_body_temp_path {dir}/origin-body;
	proxy_temp_path {dir}/origin-proxy;
	fastcgi_temp_path {dir}/origin-fastcgi;
	scgi_temp_path {dir}/origin-scgi;
	uwsgi_temp_path {dir}/origin-uwsgi;
	default_type text/plain;
{servers}}}
"""

SERVER = """\
	server {{
		listen 127.0.0.1:{port}{tls};
		location / {{ return 200 "{name}"; }}
	}}
"""


TLS = " ssl;\n\t\tssl_certificate {};\n\t\tssl_certificate_key {}"


class FastOrigins:
    """nginx with one server for each name, which answers with the name. tls:
    certificate and key of others, by name."""

    def __init__(self, lab, *names, tls=None):
        self.tls = tls or {}
        names = (*names, *self.tls)
        for _ in range(3):
            self.ports = dict(zip(names, labs.free_ports(len(names))))
            config = lab.dir / "origin.conf"
            config.write_text(
                (f"user {labs.WEB_USER};\n" if labs.ROOT else "")
                + NGINX.format(dir=lab.dir, servers="".join(
                    SERVER.format(port=port, name=name, tls=TLS.format(
                        *self.tls[name]) if name in self.tls else "")
                    for name, port in self.ports.items())))
            process = lab.start("origins", ["nginx", "-e", "stderr", "-c",
                                            config])
            if all(lab.ready(process, p) for p in self.ports.values()):
                return
        raise labs.Trouble(f"no origins: {process.text()}")

    def url(self, name):
        scheme = "https" if name in self.tls else "http"
        return TRACE.origin(f"{scheme}://127.0.0.1:{self.ports[name]}")


class Load:
    """Threads that ask until stop(). ask(client, thread) does one request
    and raises or returns what goes into `results` (None: nothing)."""

    def __init__(self, port, threads, one):
        self.port = port
        self.one = one
        self.count = 0
        self.unbroken = 0  # successes since the last that was none
        self.results = []
        self.failures = []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(n,))
                        for n in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self, number):
        client = None
        while not self.stopped.is_set():
            try:
                if client is None:
                    client = Client(self.port, 30)
                result = self.one(client, number)
                self.unbroken += 1
                if result is not None:
                    self.results.append(result)
                    self.unbroken = 0
                self.count += 1
            except (OSError, ValueError, AssertionError) as error:
                self.failures.append((time.monotonic(), repr(error)))
                self.unbroken = 0
                if client:
                    client.close()
                client = None
        if client:
            client.close()

    def goes_on(self, more):
        """Waits for so many more requests; says what came of those that
        were no success."""
        begin = self.count
        failures = len(self.failures)
        try:
            labs.until(lambda: self.count > begin + more, 20, "load goes on")
        except labs.Trouble as trouble:
            alive = [t.is_alive() for t in self.threads]
            raise labs.Trouble(
                f"{trouble}: {self.count - begin} of {more}, "
                f"{len(self.failures) - failures} failed meanwhile, the last: "
                f"{self.failures[-3:]}, {self.results[-3:]}, {alive}"
            ) from None

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()



def grow(site, origin, host, count):
    """So many requests wait at once, all for that host, whose origin it is:
    where the web server starts routers there are as many afterwards."""
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(
        ask(site.port, target="/wait", host=host))) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        labs.until(lambda: len(origin.asked) >= count, 20, "all wait")
    finally:
        origin.gate.set()
        for thread in threads:
            thread.join()
    assert {answer.status for answer in answers} == {200}, answers
    if site.setup.spawns and site.setup.lives:
        assert len(site.lab.router_pids()) >= count
