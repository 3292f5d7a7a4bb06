# SPDX-License-Identifier: BSD-2-Clause
"""lab: one folder, the processes started in it, and their end.

A lab has its own copy of the router (so that its processes are known by their
executable), its own settings, map, runtime folder and logs. What was started
is ended by its pid; what is left after that, or a sanitizer's report in any
log, fails the test.
"""

import contextlib
import difflib
import grp
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", TOP / "build")).resolve()
SANITIZED = bool(os.environ.get("SANITIZED"))
ROOT = os.geteuid() == 0
US = pwd.getpwuid(os.geteuid()).pw_name
WEB_USER = "www-data" if ROOT else US
WEB_GROUP = "www-data" if ROOT else grp.getgrgid(os.getegid()).gr_name

# Sanitizers make everything slower; deadlines are not what is tested.
PATIENCE = 3 if SANITIZED else 1

REPORT = re.compile(
    r"(ERROR: \w+Sanitizer|runtime error:|WARNING: ThreadSanitizer"
    r"|broken promise|stack smashing|Assertion)")


class Trouble(AssertionError):
    """The lab itself does not stand."""


def unlike(title, wanted, came):
    """For people who see a test fail: each line that differs."""
    lines = difflib.ndiff(*([str(line)[:300] for line in one]
                            for one in (wanted, came)))
    return "\n".join([title, "- is missing, + should not be:", *lines])


def until(true, seconds, what):
    """Waits for true() to hold; its value, or Trouble."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = true()
        if value:
            return value
        if time.monotonic() > end:
            raise Trouble(f"waited {seconds} s in vain: {what}")
        threading.Event().wait(0.01)


def _below_ephemeral():
    """Ports that the kernel gives to nobody who asks for any."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
              .read_text().split()[0])
    return range(10240, low) if low > 12000 else range(10240, 65536)


def free_ports(count):
    """Different ones, for servers that must be told: each is held until all
    are known. An ephemeral one, given back, could be the next origin's."""
    ports = _below_ephemeral()
    with contextlib.ExitStack() as held:
        found = []
        while len(found) < count:
            port = random.SystemRandom().choice(ports)
            with contextlib.suppress(OSError):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
                found.append(port)
        return found


def free_port():
    return free_ports(1)[0]


def connects(address):
    """Does somebody accept at a port or a socket's path?"""
    kind = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    where = ("127.0.0.1", address) if isinstance(address, int) else \
        str(address)
    with socket.socket(kind) as sock:
        try:
            sock.connect(where)
        except OSError:
            return False
        return True


def kill(pid, number=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


class Process:
    """A child of ours, leader of its own session."""

    def __init__(self, name, argv, log, **how):
        self.name = name
        self.log = log
        with open(log, "ab") as to:
            self.child = subprocess.Popen(
                argv, stdout=to, stderr=to, start_new_session=True, **how)
        self.pid = self.child.pid

    def alive(self):
        return self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, seconds=10):
        """Its exit status."""
        try:
            return self.child.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Trouble(f"{self.name} does not end") from None

    def stop(self, seconds=15):
        if self.alive():
            self.signal(signal.SIGTERM)
            try:
                self.child.wait(seconds * PATIENCE)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                raise Trouble(f"{self.name} had to be killed") from None
        return self.child.returncode

    def text(self):
        return self.log.read_text("utf-8", "replace")


class Lab:
    def __init__(self, name="lab"):
        # Short: a Unix socket's path has 107 bytes.
        base = "/tmp" if os.access("/tmp", os.W_OK) else None
        self.name = name
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="fr-", dir=base))
        self.dir.chmod(0o755)
        for part in ("bin", "etc", "run", "var", "www", "log", "conf"):
            (self.dir / part).mkdir()
            (self.dir / part).chmod(0o755)
        if ROOT:
            shutil.chown(self.dir / "run", WEB_USER, WEB_GROUP)
            shutil.chown(self.dir / "log", WEB_USER, WEB_GROUP)
        self.router = self.dir / "bin" / "fcgi-router"
        self.install()
        self.socket = self.dir / "run" / "router.sock"
        self.map = self.dir / "var" / "routes.db"
        self.processes = []
        self.cleanups = []
        self.settings = {}
        self.keep = False

    def install(self):
        """A fresh copy of the router; replaces the one that is there."""
        fresh = self.router.with_suffix(".new")
        shutil.copy(BUILD / "fcgi-router" / "fcgi-router", fresh)
        fresh.chmod(0o755)
        fresh.rename(self.router)

    # Settings and map

    @property
    def ini(self):
        return self.dir / "etc" / "router.ini"

    def configure(self, text=None, **settings):
        """Writes router.ini: `router__drain="2s"` is drain in [router]."""
        if text is not None:
            sections = parse_ini(text)
        else:
            sections = {"router": {"map": str(self.map)}}
        sections.setdefault("router", {}).setdefault(
            "state_dir", str(self.dir / "run" / "state"))
        for key, value in {**self.settings, **settings}.items():
            section, _, name = key.partition("__")
            sections.setdefault(section, {})[name] = value
        if "access" in sections.get("log", {}):
            sections["log"].setdefault("format", "full")
        lines = []
        for section, pairs in sections.items():
            lines.append(f"[{section}]")
            lines += [f"{key} = {value}" for key, value in pairs.items()]
        fresh = self.ini.with_suffix(".new")
        fresh.write_text("\n".join(lines) + "\n")
        fresh.rename(self.ini)

    def tool(self, name, *args, **how):
        how.setdefault("timeout", 60 * PATIENCE)
        return subprocess.run(
            [BUILD / "tools" / name, *map(str, args)], text=True,
            capture_output=True, check=False, **how)

    def routes(self, text, to=None):
        """Compiles a list into the map."""
        done = self.tool("route-compile", "-o", to or self.map, "-",
                         input=text)
        if done.returncode:
            raise Trouble(f"route-compile: {done.stderr}")

    # Processes

    def start(self, name, argv, **how):
        log = self.dir / "log" / f"{name}-{len(self.processes)}.log"
        process = Process(name, [str(part) for part in argv], log, **how)
        self.processes.append(process)
        return process

    def ready(self, process, address, seconds=10):
        """Waits until it accepts; false if it ended before."""
        until(lambda: connects(address) or not process.alive(), seconds,
              f"{process.name} listens")
        return process.alive()

    def as_web_user(self, group=None):
        """Popen's arguments for a process of the web server's user."""
        if not ROOT:
            return {}
        # The second group, as a SupplementaryGroups= in a unit would.
        return {"user": WEB_USER, "group": WEB_GROUP,
                "extra_groups": [group] if group else []}

    def start_router(self, *args, environment=None, name="router", **how):
        """The router with its own socket at self.socket (or as told)."""
        if not self.ini.exists():
            self.configure()
        spec = [] if "-s" in args else ["-s", f"unix:{self.socket}"]
        process = self.start(
            name, [self.router, "-c", self.ini, *spec, *args],
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            **{**self.as_web_user(), **how})
        if not spec:
            return process
        until(lambda: connects(self.socket) or not process.alive(), 10,
              "the router listens")
        if not process.alive():
            raise Trouble(f"the router ended: {process.text()}")
        return process

    def names(self, text):
        """Writes what the resolver of start_named_router answers, one line
        a name (names.c)."""
        fresh = self.dir / "var" / "names.new"
        fresh.write_text(text)
        fresh.rename(self.dir / "var" / "names")

    def asked(self, name):
        """How often that name was looked up."""
        return (self.dir / "var" / "names.asked").read_text().split().count(
            name)

    def start_named_router(self, *args, environment=None, **how):
        """A router whose getaddrinfo is names.c's."""
        asked = self.dir / "var" / "names.asked"
        asked.touch()
        asked.chmod(0o666)
        return self.start_router(*args, **how, environment={
            "LD_PRELOAD": str(BUILD / "tests" / "e2e" / "names.so"),
            "NAMES_FILE": str(self.dir / "var" / "names"),
            # The preloaded one comes before the sanitizer's runtime.
            "ASAN_OPTIONS": ":".join(filter(None, (
                os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"))),
            **(environment or {})})

    def router_pids(self):
        """Living processes that run this lab's router, also a replaced one."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    path = os.readlink(f"/proc/{entry}/exe")
                    if path.startswith(f"{self.dir}/"):
                        found.append(int(entry))
        return found

    def fronts(self):
        """How many connections the router has on its socket."""
        with open("/proc/net/unix") as table:
            return sum(line.split()[5] == "03" for line in table
                       if line.rstrip().endswith(str(self.socket)))

    # The end

    def logs(self):
        for log in sorted((self.dir / "log").iterdir()):
            text = log.read_text("utf-8", "replace")
            if text.strip():
                yield log.name, text

    def close(self):
        wrong = []
        for cleanup in reversed(self.cleanups):
            cleanup()
        for process in reversed(self.processes):
            try:
                process.stop()
            except Trouble as trouble:
                wrong.append(str(trouble))
        try:
            until(lambda: not self.router_pids(), 10, "no router is left")
        except Trouble as trouble:
            wrong.append(str(trouble))
            for pid in self.router_pids():
                kill(pid)
        for name, text in self.logs():
            if REPORT.search(text):
                wrong.append(f"{name}:\n{text[-8000:]}")
        if not self.keep:
            shutil.rmtree(self.dir, ignore_errors=True)
        if wrong:
            raise Trouble("\n".join(wrong))


def ms(seconds):
    """As settings and directives spell it."""
    return f"{round(seconds * 1000)}ms"


def parse_ini(text):
    sections = {}
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            section = sections.setdefault(line[1:-1], {})
        elif "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            section[key.strip()] = value.strip()
    return sections
