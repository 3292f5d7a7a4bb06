# SPDX-License-Identifier: BSD-2-Clause
"""setups: the examples of httpd-examples/, started as they are.

The very files, with these texts replaced and nothing else:

    /usr/sbin/fcgi-router   the router under test
    /etc/fcgi-router        the lab's etc
    /run/fcgi-router        the lab's run
    /var/lib/fcgi-router    the lab's var
    /var/www/html           the lab's www
    8080                    a free port
    www-data haproxy        (not as root) our own user and group

The command that starts a set-up is the one its README names.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import socket
import subprocess

import lab as labs
import tracing

EXAMPLES = labs.TOP / "httpd-examples"


@dataclasses.dataclass(frozen=True)
class Setup:
    name: str
    config: str
    spawns: bool = False   # the web server starts the router itself
    unit: bool = False     # systemd units lie beside it
    group: str = "www-data"
    lives: bool = True     # the router outlives a request

    @property
    def folder(self):
        return EXAMPLES / self.name.split("+")[0]


SETUPS = {setup.name: setup for setup in (
    Setup("apache-mod_fcgid", "apache2.conf", spawns=True),
    Setup("lighttpd-spawn", "lighttpd.conf", spawns=True),
    Setup("nginx", "nginx.conf", unit=True),
    Setup("apache-mod_proxy_fcgi", "apache2.conf", unit=True),
    Setup("apache-cgi", "apache2.conf", spawns=True, lives=False),
    Setup("apache-htaccess", "apache2.conf", spawns=True),
    Setup("lighttpd-socket", "lighttpd.conf", unit=True),
    Setup("haproxy", "haproxy.cfg", unit=True, group="haproxy"),
    Setup("caddy", "Caddyfile", unit=True, group="caddy"),
)}
FIRST = ("apache-mod_fcgid", "lighttpd-spawn", "nginx")


def commands(setup):
    """The lines of its README that say how to start it."""
    text = (setup.folder / "README").read_text()
    return {key: line for key, line in
            re.findall(r"^(Settings|Router|Start): +(.+)$", text, re.MULTILINE)}


def substitute(text, lab, port):
    """The texts of the list above, replaced."""
    for old, new in (
            ("/usr/sbin/fcgi-router", lab.router),
            ("/etc/fcgi-router", lab.dir / "etc"),
            ("/run/fcgi-router", lab.dir / "run"),
            ("/var/lib/fcgi-router", lab.dir / "var"),
            ("/var/www/html", lab.dir / "www"),
            ("8080", port)):
        text = text.replace(old, str(new))
    if not labs.ROOT:
        text = re.sub(r"(?i)((?:group(?:name)?|--socket-group)[ =]+\"?)"
                      r"(www-data|haproxy|caddy)\b",
                      rf"\g<1>{labs.WEB_GROUP}", text)
        text = re.sub(r"\bwww-data\b|(?<=user )haproxy\b"
                      r"|(?<=allow_users = )(haproxy|caddy)\b",
                      labs.WEB_USER, text)
    return text


class Site:
    """One web server with the router behind it."""

    def __init__(self, lab, setup, environment=None, config=None, define="",
                 router_args=(), listen_fds=False):
        self.lab = lab
        self.setup = setup
        self.environment = {**os.environ, **(environment or {})}
        self.config = config or setup.config
        self.define = define
        self.router_args = router_args
        self.listen_fds = listen_fds
        self.router = None
        self.server = None
        self.port = None

    def start(self):
        for _ in range(3):
            self.port = labs.free_port()
            self.write()
            if not self.setup.spawns and self.router is None:
                self.start_router()
            self.server = self._start_server()
            if self.lab.ready(self.server, self.port, 20):
                self._wait_for_cgid()
                return self
        raise labs.Trouble(f"{self.setup.name} does not start: "
                           f"{self.server.text()}")

    def _wait_for_cgid(self):
        """Apache's daemon for CGI makes its socket, and then gives it to those
        who are to connect to it; until then they answer 503."""
        made = self.lab.dir / "run" / f"cgid.sock.{self.server.pid}"
        if self.setup.name == "apache-cgi" and labs.ROOT:
            labs.until(lambda: made.exists() and
                       made.owner() == labs.WEB_USER, 10, "CGI is ready")

    def write(self):
        lab, setup = self.lab, self.setup
        target = lab.dir / "conf"
        for path in setup.folder.rglob("*"):
            if path.is_file():
                to = target / path.relative_to(setup.folder)
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_text(self.traced(
                    substitute(path.read_text(), lab, self.port), path))
        if setup.name == "apache-htaccess":
            self._write_htdocs(target / "htdocs")
        else:
            lab.configure((target / "router.ini").read_text())

    def traced(self, text, path):
        """With --trace web servers find a tee where the router was."""
        if not tracing.TRACE.on or self.setup.spawns:
            return text
        if path.name == "router.ini":
            return re.sub(r"(?m)^(allow_users = .*)", rf"\1, {labs.US}", text)
        tee = self.lab.dir / "run" / "tee.sock"
        if not tee.exists():
            tracing.fastcgi(tee, self.lab.socket)
        return text.replace(str(self.lab.socket), str(tee))

    def _write_htdocs(self, source):
        """What a customer uploads."""
        www = self.lab.dir / "www"
        shutil.copy(source / ".htaccess", www / ".htaccess")
        router = www / "router.fcgi"
        if not router.exists():
            os.link(self.lab.router, router)
        self.lab.map = www / "routes.db"
        beside = self.lab.dir / "var" / "routes.db"
        if beside.exists():
            beside.rename(self.lab.map)
        self.lab.configure((source / "router.ini").read_text())
        shutil.copy(self.lab.ini, www / "router.ini")

    def start_router(self):
        lab = self.lab
        line = substitute(commands(self.setup)["Router"], lab, self.port)
        words = line.split(" && ")[-1].split()
        how = lab.as_web_user(self.setup.group)
        words[0] = str(lab.router)
        if not self.listen_fds:
            self.router = lab.start(
                "router", [*words, *self.router_args], env=self.environment,
                stdin=subprocess.DEVNULL, **how)
            if not lab.ready(self.router, lab.socket):
                raise labs.Trouble(f"the router ended: {self.router.text()}")
            return
        # As systemd does with the units: the socket is there all the time.
        if not self.listen_fds_socket():
            raise labs.Trouble("no socket")
        words = words[:words.index("-s")]
        script = 'exec 3<&"$0"; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
        fd = self.inherited.fileno()
        self.router = lab.start(
            "router", ["bash", "-c", script, fd, *words, *self.router_args],
            env=self.environment, stdin=subprocess.DEVNULL, pass_fds=[fd],
            **how)

    inherited = None

    def listen_fds_socket(self):
        if self.inherited is None:
            self.inherited = socket.socket(socket.AF_UNIX)
            self.inherited.bind(str(self.lab.socket))
            os.chmod(self.lab.socket, 0o660)
            if labs.ROOT:
                shutil.chown(self.lab.socket, "root", self.setup.group)
            self.inherited.listen(4096)
            self.lab.cleanups.append(self.inherited.close)
        return self.inherited

    def _start_server(self):
        lab = self.lab
        line = commands(self.setup)["Start"]
        line = line.replace(self.setup.config, self.config)
        line = substitute(line, lab, self.port)
        # So that the pid is the server's.
        *before, last = line.split(" && ")
        line = " && ".join([*before, f"exec {last} {self.define}"])
        how = {}
        environment = dict(self.environment)
        if self.setup.name == "caddy":
            home = lab.dir / "caddy"
            home.mkdir(exist_ok=True)
            environment.update(HOME=str(home), XDG_DATA_HOME=str(home),
                               XDG_CONFIG_HOME=str(home))
            if labs.ROOT:
                shutil.chown(home, "caddy", "caddy")
                how = {"user": "caddy", "group": "caddy", "extra_groups": []}
        return lab.start(self.config, ["sh", "-c", line],
                         cwd=lab.dir / "conf", env=environment,
                         stdin=subprocess.DEVNULL, **how)


def check_config(setup, lab):
    """Asks the server itself whether its file is right: (status, talk)."""
    port = labs.free_port()
    target = pathlib.Path(lab.dir / "conf")
    config = target / setup.config
    config.write_text(substitute((setup.folder / setup.config).read_text(),
                                 lab, port))
    argv = {"apache2.conf": ["apache2", "-t", "-f", config],
            "lighttpd.conf": ["lighttpd", "-tt", "-f", config],
            "nginx.conf": ["nginx", "-t", "-e", "stderr", "-c", config],
            "haproxy.cfg": ["haproxy", "-c", "-f", config],
            "Caddyfile": ["caddy", "validate", "--adapter", "caddyfile",
                          "--config", config]}[setup.config]
    environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin",
                   "HOME": str(lab.dir / "run"),
                   "XDG_DATA_HOME": str(lab.dir / "run")}
    done = subprocess.run([str(a) for a in argv], text=True, check=False,
                          capture_output=True, env=environment, timeout=60)
    return done.returncode, done.stdout + done.stderr
