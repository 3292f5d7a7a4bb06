# SPDX-License-Identifier: BSD-2-Clause
"""programs: FastCGI programs that stand where the router would, behind an nginx
that does nothing else. Each function starts one in a lab and returns nginx's
port."""

import os
import pathlib
import socket
import subprocess

import natives
from costs import Failed
from ground import IDLE

import lab as labs

HERE = pathlib.Path(__file__).resolve().parent
HELLOS = 2 * IDLE + 8   # each has one connection for itself
CHILDREN = 16           # of PHP-FPM

NGINX = """\
	upstream program {{
		server unix:{socket};
		keepalive {idle};
		keepalive_requests 1000000000;
	}}""", """\
		location / {{
			{params}
			fastcgi_pass program;
			fastcgi_buffering off;
			fastcgi_buffer_size 64k;
			fastcgi_buffers 16 64k;
			fastcgi_busy_buffers_size 128k;
		}}"""


KEPT = ("fastcgi_keep_conn on;",)
DEBIAN = ("include /etc/nginx/fastcgi_params;",)
# What httpd-examples/nginx sends; enough for all of these.
PARAMS = (
    "fastcgi_param HTTP_HOST $host;",
    "fastcgi_param REQUEST_METHOD $request_method;",
    "fastcgi_param REQUEST_URI $request_uri;",
    "fastcgi_param CONTENT_TYPE $content_type if_not_empty;",
    "fastcgi_param CONTENT_LENGTH $content_length if_not_empty;",
    "fastcgi_param SERVER_PROTOCOL $server_protocol;",
    "fastcgi_param SERVER_SOFTWARE nginx;",
    "fastcgi_param SERVER_NAME $host;",
    "fastcgi_param REMOTE_ADDR $remote_addr;",
    "fastcgi_param REQUEST_SCHEME $scheme;",
    "fastcgi_param HTTPS $https if_not_empty;")


def behind_nginx(lab, *params):
    http, server = NGINX
    return natives.start_nginx(
        lab, http.format(socket=lab.socket, idle=IDLE),
        server.format(params="\n\t\t\t".join(params)))


def listening(lab, process):
    if not lab.ready(process, lab.socket, 30):
        raise Failed(f"{process.name} ended: {process.text()[-500:]}")


def hello(ground, lab):
    """Processes that say hello over kept connections."""
    with socket.socket(socket.AF_UNIX) as listens:
        listens.bind(str(lab.socket))
        lab.socket.chmod(0o666)
        listens.listen(4096)
        for _ in range(HELLOS):
            lab.start("hello", [ground.build / "tests/bench/hello_fcgi"],
                      stdin=listens)
    return behind_nginx(lab, *KEPT, *PARAMS)


# ---- Go ----

def go(ground, lab, idle=IDLE):
    """relay.go, made with what Debian has; nothing is fetched."""
    cache = lab.dir / "go"
    program = lab.dir / "bin" / "relay-go"
    made = subprocess.run(
        ["go", "build", "-o", program, HERE / "relay.go"], check=False,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
        cwd=lab.dir, env={**os.environ, "GOPATH": str(cache / "path"),
                          "GOCACHE": str(cache / "cache"), "GOPROXY": "off",
                          "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"})
    if made.returncode:
        raise Failed(f"go build: {made.stderr[-500:]}")
    process = lab.start("go", [program, lab.socket, ground.urls, str(idle)],
                        stdin=subprocess.DEVNULL)
    listening(lab, process)
    return behind_nginx(lab, *KEPT, *PARAMS)


# ---- PHP ----

PHP = """\
[global]
daemonize = no
error_log = /dev/stderr
log_level = warning
[relay]
{user}listen = {socket}
listen.mode = 0666
listen.backlog = 4096
pm = static
pm.max_children = {children}
"""


def php_fpm():
    """php-fpm8.2, as Debian calls it."""
    found = sorted(pathlib.Path("/usr/sbin").glob("php-fpm*"))
    if not found:
        raise Failed("there is no /usr/sbin/php-fpm*")
    return found[-1]


def php(ground, lab):
    """relay.php. A kept connection would hold one of few children, so there is
    none."""
    user = ""
    if labs.ROOT:
        user = f"user = {labs.WEB_USER}\ngroup = {labs.WEB_GROUP}\n"
    config = lab.dir / "conf" / "php-fpm.conf"
    config.write_text(PHP.format(user=user, socket=lab.socket,
                                 children=CHILDREN))
    script = lab.dir / "www" / "relay.php"
    script.write_bytes((HERE / "relay.php").read_bytes())
    process = lab.start("php", [php_fpm(), "-F", "-y", config],
                        stdin=subprocess.DEVNULL)
    listening(lab, process)
    return behind_nginx(
        lab, *PARAMS, f"fastcgi_param SCRIPT_FILENAME {script};",
        f"fastcgi_param HOSTS {ground.dbm('DB')};")
