# SPDX-License-Identifier: BSD-2-Clause
"""rivals: what makes or reads a map, ours and others', one class each.

Each tool gets a list, is told the commands it takes (a pipeline), the file it
makes, and how to look one key up in what it made: a tool that has failed must
not look quick.
"""

import http.client
import os
import signal
import socket
import subprocess
import time

import lists
from costs import Failed

ASK = 120  # seconds, to look a key up


def said(argv, codes=(0,)):
    """What a command prints; it must end with one of the codes."""
    run = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True,
                         text=True, timeout=ASK, check=False)
    if run.returncode not in codes:
        raise Failed(f"{argv[0]}: exit {run.returncode}: {run.stderr}")
    return run.stdout.strip()


class Tool:
    """For one list: `host URL` lines in a file."""
    name = "?"
    most = None       # hosts; more is not tried
    list_kind = "plain"
    makes_file = True

    def __init__(self, source, folder, build):
        self.source = source
        self.folder = folder
        self.build = build
        self.file = folder / ("made." + type(self).__name__.lower())

    def stages(self):
        raise NotImplementedError

    def look_up(self, key):
        """The value, or "" when there is none."""
        raise NotImplementedError

    def check(self, pairs, absent):
        """Failed, unless the keys have their values and absent has none."""
        for key, value in [*pairs, (absent, "")]:
            got = self.look_up(key)
            if got != value:
                raise Failed(f"{self.name}: {key} is {got!r}, not {value!r}")

    def forget(self):
        self.file.unlink(missing_ok=True)

    def db_get(self, key):
        """From any Berkeley DB file."""
        return said([self.build / "tests/bench/lookups", "-g", key,
                     self.file], (0, 1))


class Compile(Tool):
    name = "route-compile"

    def stages(self):
        # By its name alone, which is in the map.
        return [[self.build / "tools/route-compile", "--memory", "256m",
                 "-o", self.file, self.source.name]]

    def told(self, key, word):
        """What route-query says behind a word, or "" when it does not."""
        text = said([self.build / "tools/route-query", "-vm", self.file,
                     f"{key}/"], (0, 1))
        for line in text.splitlines():
            first, _, value = line.partition(" ")
            if first == word:
                return value.strip()
        return ""

    def look_up(self, key):
        return self.told(key, "target")


class CompileMixed(Compile):
    name = "route-compile, mixed list"
    list_kind = "mixed"

    def check(self, pairs, absent):
        # Decisions are compared with the whole list later.
        super().check([], absent)
        if self.told(lists.MARKER, "respond") != f"200 {lists.MARKER}":
            raise Failed(f"{self.name}: {lists.MARKER} is not there")


class Httxt2dbm(Tool):
    name = "httxt2dbm -f DB"

    def stages(self):
        return [["httxt2dbm", "-f", "DB", "-i", self.source, "-o", self.file]]

    def look_up(self, key):
        return self.db_get(key)


class Postmap(Tool):
    name = "postmap btree:"

    def __init__(self, source, folder, build):
        super().__init__(source, folder, build)
        self.conf = folder / "postfix"
        self.base = folder / "postmap"
        self.file = folder / "postmap.db"

    def stages(self):
        # Its configuration is its defaults, whatever this machine has; it
        # asks no name server for the machine's name, and does not wait for
        # the file to become two seconds old.
        main = self.conf / "main.cf"
        self.conf.mkdir(exist_ok=True)
        main.write_text(
            "compatibility_level = 3.6\nmyhostname = bench.test\n")
        os.utime(main, (0, 0))
        os.link(self.source, self.base)
        return [["postmap", "-c", self.conf, f"btree:{self.base}"]]

    def look_up(self, key):
        return said(["postmap", "-c", self.conf, "-q", key,
                     f"btree:{self.base}"], (0, 1))

    def forget(self):
        super().forget()
        self.base.unlink(missing_ok=True)


class SortLoad(Tool):
    name = "sort | db5.3_load"

    def stages(self):
        return [["sort", self.source], ["tr", " ", "\\n"],
                ["db5.3_load", "-T", "-t", "btree", self.file]]

    def look_up(self, key):
        return self.db_get(key)


class Cdb(Tool):
    name = "cdb -c"

    def stages(self):
        return [["cdb", "-c", "-m", self.file, self.source]]

    def look_up(self, key):
        # 100 is its way to say that there is none.
        return said(["cdb", "-q", "-m", self.file, key], (0, 100))


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=ASK)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ASK)
        self.sock.connect(self.path)


class Server(Tool):
    """A server that reads its map at each start; checked by asking it."""
    most = 1000000
    makes_file = False
    # In the folder, which is the working directory: 107 bytes are its most.
    socket = "s"

    def __init__(self, source, folder, build):
        super().__init__(source, folder, build)
        self.config = folder / f"{self.name.split()[0]}.conf"

    def serve(self):
        raise NotImplementedError

    def check(self, pairs, absent):
        with open(self.folder / "server.log", "wb") as log:
            child = subprocess.Popen(
                self.serve(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.folder, start_new_session=True)
        try:
            self.wait_for(child)
            super().check(pairs, absent)
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(ASK)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            (self.folder / self.socket).unlink(missing_ok=True)

    def wait_for(self, child):
        end = time.monotonic() + ASK
        while time.monotonic() < end and child.poll() is None:
            try:
                connection = UnixConnection(self.socket)
                connection.connect()
                connection.close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failed(f"{self.name}: "
                     + (self.folder / "server.log").read_text()[-600:])

    def look_up(self, key):
        connection = UnixConnection(self.socket)
        connection.request("GET", "/", headers={"Host": key})
        text = connection.getresponse().read().decode().strip()
        connection.close()
        return text

    def forget(self):
        for path in (self.file, self.config):
            path.unlink(missing_ok=True)


class Nginx(Server):
    name = "nginx -t"
    text = """
pid {folder}/nginx.pid;
error_log stderr;
daemon off;
master_process off;
events {{ worker_connections 16; }}
http {{
    access_log off;
    map_hash_max_size 4194304;
    map_hash_bucket_size 256;
    map $host $origin {{ default ""; include {file}; }}
    server {{ listen unix:s; location / {{ return 200 $origin; }} }}
}}
"""

    def stages(self):
        with open(self.source) as lines, open(self.file, "w") as out:
            for line in lines:
                key, value = line.split()
                out.write(f'{key} "{value}";\n')
        self.config.write_text(self.text.format(
            folder=self.folder, file=self.file))
        return [["nginx", "-t", "-p", self.folder, "-c", self.config]]

    def serve(self):
        return ["nginx", "-p", self.folder, "-c", self.config]


class Haproxy(Server):
    name = "haproxy -c"
    text = """
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 10s
frontend bench
    bind unix@s
    http-request return status 200 content-type text/plain lf-string \
%[req.hdr(host),map_str({source})]
"""

    def stages(self):
        self.config.write_text(self.text.format(source=self.source))
        return [["haproxy", "-c", "-f", self.config]]

    def serve(self):
        return ["haproxy", "-db", "-f", self.config]


ALL = (Compile, CompileMixed, Httxt2dbm, Postmap, SortLoad, Cdb, Nginx,
       Haproxy)
