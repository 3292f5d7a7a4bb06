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
SHORTER = 20        # bytes, that a head may be from answer to answer
TICK = os.sysconf("SC_CLK_TCK")
ERRORS = ("connect", "read", "write", "status", "timeout")


# ---- processor time ----

@dataclasses.dataclass(frozen=True)
class Process:
    parent: int
    own: int        # ticks
    children: int   # ticks of those that ended, theirs too


def processes():
    """All that live, by pid."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8",
                          errors="replace") as text:
                    fields = text.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            user, system, others, others_system = map(int, fields[11:15])
            found[int(entry)] = Process(int(fields[1]), user + system,
                                        others + others_system)
    return found


def program(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return "ended"


class Watched:
    """The processes of some roots, and all below them: what they took since
    then. `groups` has the pids of roots by a name."""

    def __init__(self, groups):
        self.groups = groups
        self.before = self.look()

    def look(self):
        """pid: (group, Process)."""
        now = processes()
        children = {}
        for pid, process in now.items():
            children.setdefault(process.parent, []).append(pid)
        found = {}
        for group, roots in self.groups.items():
            todo = list(roots)
            while todo:
                pid = todo.pop()
                if pid in now:
                    found[pid] = group, now[pid]
                    todo += children.get(pid, ())
        return found

    def since(self):
        """(group, program): seconds. What ended has left its time with its
        parent, that of before too."""
        now = self.look()
        took = {}

        def add(group, name, ticks):
            took[group, name] = took.get((group, name), 0) + ticks / TICK

        for pid, (group, process) in now.items():
            _, before = self.before.get(pid, (group, Process(0, 0, 0)))
            add(group, program(pid), process.own - before.own)
            add(group, "ended", process.children - before.children)
        for pid, (group, process) in self.before.items():
            if pid not in now:
                add(group, "ended", -process.own - process.children)
        return {key: seconds for key, seconds in took.items()
                if seconds or key[1] != "ended"}


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
    if load.received < load.requests * running.least[size]:
        raise Failed("answers are short")
    load.cpu = {**watched.since(), ("wrk", "wrk"): used}
    return load


# ---- right answers ----

def check(running, base):
    """Several hosts, each size; and one that is not there. From then on the
    row knows how many bytes an answer has at least."""
    row, whole = running.row, {}
    hosts = base.asked[::max(1, len(base.asked) // CHECKED)]
    with Client(running.port) as client:
        for host in hosts:
            for size in row.sizes:
                wanted = row.body or pattern(ground.SIZES[size])
                got = client.get(ground.path(size), host)
                if got.status != 200 or got.broken or got.body != wanted:
                    raise Failed(f"wrong: {host}: {size}: {got}")
                whole.setdefault(size, []).append(bytes_of(got))
        if row.refuses:
            got = client.get(ground.path("100 B"), ground.UNKNOWN)
            if got.status < 400:
                raise Failed(f"an unknown host is answered {got.status}")
    running.least = {size: min(some) - SHORTER
                     for size, some in whole.items()}


def bytes_of(answer):
    """With its head; what chunks add is left out."""
    return answer.size + sum(
        len(name) + len(value) + 4 for name, value in answer.fields)
