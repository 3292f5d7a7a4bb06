# SPDX-License-Identifier: BSD-2-Clause
"""loads: a row is asked by wrk, and everybody's processor time is taken; and
before that, whether its answers are right."""

import dataclasses
import os
import pathlib
import re
import signal
import subprocess

import ground
from costs import Failed

from client import Client, pattern

SCRIPT = pathlib.Path(__file__).resolve().parent / "relay.lua"
CHECKED = 5         # hosts, of those asked for
TICK = os.sysconf("SC_CLK_TCK")
ERRORS = ("connect", "read", "write", "status", "timeout")


# ---- processor time ----

def processes():
    """pid: (parent's pid, ticks so far) of all that live."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8",
                          errors="replace") as text:
                    fields = text.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            found[int(entry)] = int(fields[1]), int(fields[11]) + int(
                fields[12])
    return found


def program(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return None


class Watched:
    """The processes of some roots and all below them, by name: what they
    took since the last look."""

    def __init__(self, groups):
        """groups: name of the group: pids."""
        self.groups = groups
        self.before = self.look()

    def look(self):
        now = processes()
        children = {}
        for pid, (parent, _) in now.items():
            children.setdefault(parent, []).append(pid)
        found = {}
        for group, roots in self.groups.items():
            todo = list(roots)
            while todo:
                pid = todo.pop()
                if pid in now:
                    found[pid] = group, now[pid][1]
                    todo += children.get(pid, ())
        return found

    def since(self):
        """(group, program): seconds. A process that has ended takes its time
        with it: Failed."""
        now = self.look()
        took = {}
        for pid, (group, ticks) in now.items():
            key = group, program(pid)
            took[key] = took.get(key, 0) + ticks - self.before.get(
                pid, (group, 0))[1]
        gone = set(self.before) - set(now)
        if gone:
            raise Failed(f"{len(gone)} processes ended under the load")
        return {key: ticks / TICK for key, ticks in took.items()}


# ---- load ----

@dataclasses.dataclass
class Load:
    """One run of wrk."""
    requests: int
    seconds: float
    received: int           # bytes
    p50: float              # seconds
    p99: float
    errors: dict            # how often, of those that were
    cpu: dict               # (group, program): seconds

    @property
    def rate(self):
        return self.requests / self.seconds


def wrk(port, connections, seconds, asked, path):
    """(its talk, its processor seconds)."""
    threads = min(os.cpu_count(), connections)
    with subprocess.Popen(
            ["wrk", "-t", str(threads), "-c", str(connections), "-d",
             f"{seconds}s", "-s", SCRIPT, f"http://127.0.0.1:{port}", "--",
             asked, path], stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        try:
            said = child.stdout.read()
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            child.send_signal(signal.SIGKILL)
            raise
    if child.returncode:
        raise Failed(f"wrk: {said[-500:]}")
    return said, used.ru_utime + used.ru_stime


def read(said):
    """wrk's last line, by relay.lua."""
    found = re.search(r"^relay: ([\d ]+)$", said, re.MULTILINE)
    if not found:
        raise Failed(f"wrk: {said[-500:]}")
    requests, spent, received, p50, p99, *wrong = map(int, found[1].split())
    errors = {name: count for name, count in zip(ERRORS, wrong) if count}
    return Load(requests, spent / 1e6, received, p50 / 1e6, p99 / 1e6,
                errors, {})


def ask(running, base, size, connections, seconds):
    """A Load, or Failed when it says nothing about the row."""
    watched = Watched({"row": running.pids(), "origin": base.pids()})
    said, used = wrk(running.port, connections, seconds, base.asked_file,
                     ground.path(size))
    load = read(said)
    if load.errors:
        raise Failed("errors: " + ", ".join(
            f"{count} {name}" for name, count in load.errors.items()))
    if not load.requests:
        raise Failed("no answer")
    least = len(running.row.body or b"") or ground.SIZES[size]
    if load.received < load.requests * least:
        raise Failed("answers are short")
    load.cpu = {**watched.since(), ("wrk", "wrk"): used}
    return load


# ---- right answers ----

def check(running, base):
    """Several hosts, each size; and one that is not there."""
    row = running.row
    hosts = base.asked[::max(1, len(base.asked) // CHECKED)]
    with Client(running.port) as client:
        for host in hosts:
            for size in row.sizes:
                wanted = row.body or pattern(ground.SIZES[size])
                got = client.get(ground.path(size), host)
                if got.status != 200 or got.broken or got.body != wanted:
                    raise Failed(f"{row.key}: {host}: {size}: {got}")
        if row.refuses:
            got = client.get(ground.path("100 B"), ground.UNKNOWN)
            if got.status < 400:
                raise Failed(f"{row.key}: an unknown host is answered "
                             f"{got.status}")
