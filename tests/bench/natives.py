# SPDX-License-Identifier: BSD-2-Clause
"""natives: web servers that relay by themselves, each as it does best what the
router does: the host is looked up among all, and its origin is asked.

Each function starts one in a lab and returns its port.
"""

import os

from ground import IDLE, serve, user_line

import lab as labs

CORES = os.cpu_count()

NGINX = """\
{user}worker_processes auto;
worker_rlimit_nofile 8192;
daemon off;
pid {dir}/run/nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
	access_log off;
	server_tokens off;
	keepalive_requests 1000000000;
	client_body_temp_path {dir}/run/nginx-body;
	fastcgi_temp_path {dir}/run/nginx-fastcgi;
	proxy_temp_path {dir}/run/nginx-proxy;
	scgi_temp_path {dir}/run/nginx-scgi;
	uwsgi_temp_path {dir}/run/nginx-uwsgi;
{http}
	server {{
		listen 127.0.0.1:{port} default_server backlog=4096;
{server}
	}}
}}
"""

NGINX_MAP = """\
	map_hash_max_size 262144;
	map_hash_bucket_size 128;
	map $host $origin {{ include {hosts}; }}
	upstream origin {{
		server {origin};
		keepalive {idle};
		keepalive_requests 1000000000;
	}}"""

NGINX_PROXY = """\
		location / {
			if ($origin = "") { return 404; }
			proxy_pass http://$origin;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $host;
			proxy_buffer_size 64k;
			proxy_buffers 16 64k;
			proxy_busy_buffers_size 128k;
		}"""


def start_nginx(lab, http, server):
    config = lab.dir / "conf" / "nginx.conf"
    return serve(lab, ["nginx", "-e", "stderr", "-c", config], config,
                 lambda port: NGINX.format(
                     user=user_line(), dir=lab.dir, port=port, http=http,
                     server=server))


def nginx(ground, lab):
    hosts = ground.write("nginx.map", ground.hosts, "{0} origin;\n")
    return start_nginx(lab, NGINX_MAP.format(
        hosts=hosts, origin=ground.origin, idle=IDLE), NGINX_PROXY)


# ---- lighttpd ----

LIGHTTPD = """\
server.modules = ( {modules} )
server.bind = "127.0.0.1"
server.port = {port}
{user}server.document-root = "{dir}/www"
server.upload-dirs = ( "{dir}/run" )
server.max-fds = 8192
server.max-worker = {cores}
server.max-keep-alive-requests = 65535
server.stream-response-body = 1
{more}
"""

LIGHTTPD_PROXY = """\
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => {port} )) )"""

# A host that the table has is proxied by its number; a script cannot name an
# origin, but a condition can look at what a script has set.
LIGHTTPD_LUA = """\
magnet.attract-raw-url-to = ( "{script}" )
$REQUEST_HEADER["x-origin"] == "1" {{
	{proxy}
}}"""

LUA = """\
package.path = "{dir}/?.lua"
local hosts = require "hosts"
local header = lighty.r.req_header
local number = hosts[lighty.r.req_attr["uri.authority"]]
if number == nil then
	return 404
end
if header["X-Origin"] ~= number then
	header["X-Origin"] = number
end
"""


def start_lighttpd(lab, modules, more):
    config = lab.dir / "conf" / "lighttpd.conf"
    user = (f'server.username = "{labs.WEB_USER}"\n'
            f'server.groupname = "{labs.WEB_GROUP}"\n') if labs.ROOT else ""
    names = ", ".join(f'"mod_{name}"' for name in modules)
    return serve(lab, ["lighttpd", "-D", "-f", config], config,
                 lambda port: LIGHTTPD.format(
                     user=user, dir=lab.dir, port=port, cores=CORES,
                     modules=names, more=more))


def lighttpd(ground, lab):
    """No map: all hosts have the one origin."""
    return start_lighttpd(lab, ["proxy"],
                          LIGHTTPD_PROXY.format(port=ground.port))


def lighttpd_lua(ground, lab):
    hosts = ground.write("hosts.lua", ground.hosts, '["{0}"]="1",\n',
                         "return {\n", "}\n")
    script = lab.dir / "conf" / "relay.lua"
    script.write_text(LUA.format(dir=hosts.parent))
    return start_lighttpd(lab, ["magnet", "proxy"], LIGHTTPD_LUA.format(
        script=script, proxy=LIGHTTPD_PROXY.format(port=ground.port)))


# ---- Apache ----

# Threads enough for all clients in as few processes as there are cores, so
# that connections to origins are found again; none is ended or started.
APACHE_THREADS = f"""\
ServerLimit {CORES}
StartServers {CORES}
ThreadLimit {600 // CORES}
ThreadsPerChild {600 // CORES}
MaxRequestWorkers {600 // CORES * CORES}
MinSpareThreads 1
MaxSpareThreads {600 // CORES * CORES}
MaxKeepAliveRequests 0
"""

APACHE = """\
ServerRoot "{dir}/run"
DefaultRuntimeDir "{dir}/run"
PidFile "{dir}/run/apache2.pid"
ServerName localhost
Listen 127.0.0.1:{port}
{user}ErrorLog /dev/stderr
LogLevel crit
{modules}
{threads}
{more}
<Location "/">
	Require all granted
</Location>
"""


# Without a worker of its own each request to an origin takes a new connection.
APACHE_KEPT = """\
<Proxy "http://{origin}">
	ProxySet enablereuse=on
</Proxy>
"""


def start_apache(ground, lab, modules, more, kept):
    config = lab.dir / "conf" / "apache2.conf"
    user = (f"User {labs.WEB_USER}\nGroup {labs.WEB_GROUP}\n"
            if labs.ROOT else "")
    lines = "\n".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
        for name in ("mpm_event", "authz_core", "proxy", "proxy_http",
                     *modules))
    if kept:
        more += APACHE_KEPT.format(origin=ground.origin)
    return serve(lab, ["apache2", "-DFOREGROUND", "-f", config], config,
                 lambda port: APACHE.format(
                     user=user, dir=lab.dir, port=port, modules=lines,
                     threads=APACHE_THREADS, more=more))


def apache_express(ground, lab, kept=True):
    return start_apache(ground, lab, ["proxy_express"], f"""\
ProxyExpressEnable on
ProxyExpressDBMFile {ground.dbm("SDBM")}
ProxyExpressDBMType SDBM
""", kept)


def apache_rewritemap(ground, lab, kept=True):
    return start_apache(ground, lab, ["rewrite"], f"""\
RewriteEngine On
RewriteMap hosts "dbm=SDBM:{ground.dbm("SDBM")}"
RewriteCond ${{hosts:%{{HTTP_HOST}}}} ^(.+)$
RewriteRule ^(.*)$ %1$1 [P,L]
RewriteRule ^ - [R=404,L]
""", kept)


# ---- HAProxy ----

HAPROXY = """\
global
{user}	maxconn 4096
	log stderr format raw local0 err
defaults
	mode http
	timeout connect 5s
	timeout client 120s
	timeout server 120s
frontend http
	bind 127.0.0.1:{port}
	use_backend %[req.hdr(host),lower,map_str({hosts},refused)]
backend refused
	http-request return status 404
backend origin
	http-reuse always
	server origin {origin}
"""


def haproxy(ground, lab):
    hosts = ground.write("haproxy.map", ground.hosts, "{0} origin\n")
    config = lab.dir / "conf" / "haproxy.cfg"
    user = "\tuser haproxy\n\tgroup haproxy\n" if labs.ROOT else ""
    return serve(lab, ["haproxy", "-db", "-f", config], config,
                 lambda port: HAPROXY.format(
                     user=user, port=port, hosts=hosts,
                     origin=ground.origin))


# ---- Caddy ----

CADDY = """\
{{
	admin off
	auto_https off
	log {{
		level ERROR
	}}
}}
http://:{port} {{
	bind 127.0.0.1
{map}
	handle @known {{
		reverse_proxy {to} {{
			transport http {{
				keepalive_idle_conns_per_host {idle}
			}}
		}}
	}}
	handle {{
		respond 404
	}}
}}
"""

# The map directive compares one host after the other.
CADDY_MAP = """\
	map {{host}} {{origin}} {{
		import {hosts}
		default none
	}}
	@known not vars {{origin}} none"""


def start_caddy(lab, text, to):
    config = lab.dir / "conf" / "Caddyfile"
    home = lab.dir / "caddy"
    home.mkdir()
    return serve(lab, ["caddy", "run", "--adapter", "caddyfile", "--config",
                       config], config,
                 lambda port: CADDY.format(port=port, map=text, to=to,
                                           idle=IDLE),
                 env={**os.environ, "HOME": str(home),
                      "XDG_DATA_HOME": str(home),
                      "XDG_CONFIG_HOME": str(home)})


def caddy(ground, lab):
    """Its quickest: one list of hosts, which it sorts, for one origin."""
    return start_caddy(lab, f"\t@known host {' '.join(ground.hosts)}",
                       ground.origin)


def caddy_map(ground, lab):
    hosts = ground.write("caddy.map", ground.hosts, "{0} {1}\n")
    return start_caddy(lab, CADDY_MAP.format(hosts=hosts), "{origin}")
