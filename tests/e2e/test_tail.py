# SPDX-License-Identifier: BSD-2-Clause
"""route-tail: what it shows of routers that come, go and are killed, what it
costs nobody, and what it says when it missed something."""

import collections
import contextlib
import fcntl
import json
import mmap
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios

import pytest

import fcgi
import lab as labs
from groups import MANY, Group

CHECK = "20ms"
NEXT = 4096         # where journal.1 has the next record's number,
STATES = 4160       # and what 128 processes do; 2: write
ESC = "\x1b"

LIST = """\
all.test respond=200 tag=customer:42
no.test respond=503
slow.test {origin}/
api.test @api
@api {origin} tag=customer:7
blue.test @blue/one
@blue/one {origin}
"""


def start(lab, **settings):
    lab.configure(router__check=CHECK, **settings)
    return lab.start_router()


def written(lab):
    """How many records routers have written."""
    with open(lab.dir / "run" / "state" / "journal.1", "rb") as file:
        file.seek(NEXT)
        return struct.unpack("=Q", file.read(8))[0]


def writers(lab):
    """How many routers write to it."""
    with open(lab.dir / "run" / "state" / "journal.1", "rb") as file:
        file.seek(STATES)
        return struct.unpack("=128I", file.read(512)).count(2)


class Tail:
    """A route-tail that routers have noticed, if they were to."""

    def __init__(self, lab, *args, routers=1):
        number = len(list((lab.dir / "log").glob("tail-*.out")))
        self.out = lab.dir / "log" / f"tail-{number}.out"
        self.err = self.out.with_suffix(".err")
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.child = subprocess.Popen(
                [labs.BUILD / "tools" / "route-tail", "-vc", lab.ini, *args],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        if routers:
            self.says(f"{routers} of {routers} routers write")

    def says(self, text):
        labs.until(lambda: text in self.err.read_text() or self.ended, 10,
                   f"route-tail says '{text}'")
        assert not self.ended, self.err.read_text()

    @property
    def ended(self):
        return self.child.poll() is not None

    def shows(self, *targets):
        """All lines, when those have come, in any order."""
        labs.until(lambda: all(f"all.test{target}\t" in self.out.read_text()
                               for target in targets), 10,
                   f"route-tail shows {targets}")
        return self.out.read_text().splitlines()

    def stop(self):
        self.child.kill()
        self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


# ---- what it shows ----

ASKED = [
    # host, target, method, client
    ("all.test", "/one?token=1", "GET", "192.0.2.9"),
    ("all.test", "/two", "POST", "192.0.2.200"),
    ("no.test", "/three", "GET", "198.51.100.1"),
    ("nowhere.test", "/four", "DELETE", "2001:db8::1"),
    ("slow.test", "/think/80", "GET", "192.0.2.9"),
    ("api.test", "/hello?a", "GET", "192.0.2.9"),
    ("blue.test", "/hello?b", "GET", "192.0.2.9"),
]
ALL = [asked[1] for asked in ASKED]
ONE, TWO, THREE, FOUR, SLOW, API, BLUE = ALL


@pytest.fixture(scope="module")
def kept(module_lab, lasting_origin):
    """A router that keeps what it did, though nobody looks on."""
    lab = module_lab
    lab.routes(LIST.format(origin=lasting_origin.url))
    start(lab, journal__keep="always", **{
        "format:short__log_format": '"{status}={host}"'})
    for number, (host, target, method, client) in enumerate(ASKED):
        fcgi.ask(lab.socket, target, method, host,
                 more=[("REMOTE_ADDR", client)])
        # Who has an answer may ask again before it is written down.
        labs.until(lambda: written(lab) > number, 5, "it is written down")
    return lab


def tail(lab, *args):
    return lab.tool("route-tail", "-c", lab.ini, "--once", *args)


@pytest.mark.parametrize("args, shown", [
    ([], ALL),
    (["-n", "2"], [API, BLUE]),
    (["-n", "0"], []),
    (["-n", "1000"], ALL),
    (["--count", "3"], [ONE, TWO, THREE]),
    (["--host", "all.test"], [ONE, TWO]),
    (["--host", "*o*.test"], [THREE, FOUR, SLOW]),
    (["--host", "ALL.test"], [ONE, TWO]),
    (["--service", "@api"], [API]),
    (["--service", "-"], [ONE, TWO, THREE, FOUR, SLOW]),
    (["--namespace", "production"], ALL),
    (["--status", "503"], [THREE]),
    (["--status", "4xx"], [FOUR]),
    (["--reason", "no-host"], [FOUR]),
    (["--method", "POST"], [TWO]),
    (["--tag", "customer:42"], [ONE, TWO]),
    (["--tag", "customer:*"], [ONE, TWO, API]),
    (["--slow", "50ms"], [SLOW]),
    (["--client", "192.0.2.0/25", "--host", "a*"], [ONE, API]),
    (["--client", "2001:db8::/32"], [FOUR]),
    (["status>=500 | reason=no-host"], [THREE, FOUR]),
    (["status<500", "!host=all.test", "origin!=-"], [SLOW, API, BLUE]),
    (["--host", "none.test"], []),
], ids=" ".join)
def test_a_wish_shows_what_it_says(kept, args, shown):
    run = tail(kept, "-j", *args)
    assert run.stderr == ""
    assert [json.loads(line)["uri"] for line in run.stdout.splitlines()] == \
        shown
    assert run.returncode == (0 if shown else 1)


def test_plain_lines_have_cells_between_tabs(kept):
    rows = [line.split("\t") for line in tail(kept).stdout.splitlines()]
    assert [row[1] for row in rows] == ["200", "200", "503", "404", "200",
                                        "200", "200"]
    assert [row[3] for row in rows] == [asked[2] for asked in ASKED]
    assert [row[4] for row in rows] == [asked[3] for asked in ASKED]
    assert [row[5] for row in rows] == [host + target for host, target, *_
                                        in ASKED]
    assert [row[6] for row in rows][-2:] == ["@api", "@blue/one"]
    assert {row[8] for row in rows} == {"-", "no-host"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row[0])
               for row in rows)


def test_an_own_format_is_used(kept):
    run = tail(kept, "-n2", "-f", "{host} {tag.customer} {status}")
    assert run.stdout == "api.test 7 200\nblue.test - 200\n"


def test_formats_of_the_log_are_used(kept):
    assert tail(kept, "-n1", "-f", "short").stdout == "200=blue.test\n"
    run = tail(kept, "-n1", "-f", "vhost_combined")
    assert re.match(r'blue\.test:80 192\.0\.2\.9 - - \[.*\] '
                    r'"GET /hello\?b HTTP/1\.1" 200 ', run.stdout)


def test_what_is_redacted_is_not_in_the_journal(lab):
    lab.routes("all.test respond=200\n")
    start(lab, journal__keep="always", log__redact="query:token",
          log__anonymise_ip="yes")
    fcgi.ask(lab.socket, "/a?token=S3CRET&b=c", "GET", "all.test",
             more=[("HTTP_REFERER", "http://x.test/?token=S3CRET")])
    labs.until(lambda: written(lab) == 1, 5, "it is written down")
    row = json.loads(tail(lab, "-j").stdout)
    assert "b=c" in row["uri"] and row["client"] == "192.0.2.0"
    assert b"S3CRET" not in (
        lab.dir / "run" / "state" / "journal.1").read_bytes()


# ---- on a terminal ----

def on_terminal(lab, *args, columns=80, **environment):
    """What it writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                struct.pack("4H", 24, columns, 0, 0))
    with subprocess.Popen(
            [labs.BUILD / "tools" / "route-tail", "-c", lab.ini, "--once",
             *args], stdin=subprocess.DEVNULL, stdout=theirs,
            env={**os.environ, "TERM": "xterm", **environment}) as child:
        os.close(theirs)
        out = b""
        with contextlib.suppress(OSError):  # all have closed it
            while select.select([ours], [], [], 30)[0]:
                out += os.read(ours, 65536)
        os.close(ours)
        assert child.wait(30) == 0
    return out.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [70, 80, 132])
def test_lines_are_as_wide_as_the_terminal_at_most(kept, columns):
    text = re.sub(f"{ESC}\\[[0-9;]*m", "",
                  on_terminal(kept, columns=columns))
    head, *lines = text.splitlines()
    assert head.split()[:5] == ["TIME", "CODE", "TOOK", "METHOD", "CLIENT"]
    assert len(lines) == len(ALL)
    assert max(map(len, lines)) <= columns
    assert ESC not in text


def test_colours_tell_classes_of_statuses(kept):
    lines = on_terminal(kept).splitlines()[1:]
    assert [re.search(f"{ESC}\\[(\\d+)m(\\d+)", line).groups()
            for line in lines] == [
        ("32", "200"), ("32", "200"), ("31", "503"), ("33", "404"),
        ("32", "200"), ("32", "200"), ("32", "200")]


@pytest.mark.parametrize("environment", [
    {"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_colours_can_be_refused(kept, environment):
    assert ESC not in on_terminal(kept, **environment)


def test_a_client_cannot_drive_a_terminal(lab):
    lab.routes("all.test respond=200\n")
    start(lab, journal__keep="always")
    fcgi.ask(lab.socket, f"/{ESC}]0;evil\x07", "GET", "all.test")
    labs.until(lambda: written(lab) == 1, 5, "it is written down")
    assert on_terminal(lab, "-f", "{uri}") == "/\\x1b]0;evil\\x07\n"
    text = on_terminal(lab, columns=132, NO_COLOR="1")
    assert "evil" in text and ESC not in text and "\x07" not in text


# ---- following ----

@pytest.fixture
def followed(lab):
    lab.routes("all.test respond=200\n")
    lab.process = start(lab)
    return lab


def asks(lab, *targets):
    for target in targets:
        assert fcgi.ask(lab.socket, target, "GET", "all.test").status == 200


def test_nothing_is_written_while_nobody_reads(followed):
    asks(followed, "/1", "/2")
    assert written(followed) == 0
    with Tail(followed) as one:
        asks(followed, "/3")
        assert len(one.shows("/3")) == 1
        assert written(followed) == 1
        with Tail(followed, "-n5") as two:
            asks(followed, "/4")
            assert len(one.shows("/4")) == 2
            assert len(two.shows("/3", "/4")) == 2
        asks(followed, "/5")
        one.shows("/5")
    labs.until(lambda: not writers(followed), 5, "it is noticed")
    before = written(followed)
    asks(followed, "/6", "/7")
    with Tail(followed) as three:
        asks(followed, "/8")
        assert len(three.shows("/8")) == 1
    assert written(followed) == before + 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_follows_from_one_router_to_the_next(followed, number):
    with Tail(followed) as one:
        asks(followed, "/1")
        one.shows("/1")
        followed.process.signal(number)
        followed.process.wait()
        followed.socket.unlink(missing_ok=True)
        followed.start_router()
        # A new router looks before it serves.
        asks(followed, "/2")
        assert len(one.shows("/2")) == 2
        assert "missed" not in one.err.read_text()


def test_it_follows_to_a_file_that_was_made_anew(followed):
    with Tail(followed) as one:
        asks(followed, "/1")
        one.shows("/1")
        (followed.dir / "run" / "state" / "journal.1").unlink()

        def goes_on():
            asks(followed, "/2")
            return "/2" in one.out.read_text()
        labs.until(goes_on, 10, "it reads the new one")


def test_it_says_how_many_it_missed(followed):
    """As if so many had been written before it could look."""
    with Tail(followed) as one:
        asks(followed, "/1")
        one.shows("/1")
        path = followed.dir / "run" / "state" / "journal.1"
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as words:
            count, = struct.unpack_from("=Q", words, NEXT)
            struct.pack_into("=Q", words, NEXT, count + 20000)
        one.says("missed ")
        asks(followed, "/2")
        assert len(one.shows("/2")) == 2
        labs.until(lambda: sum(map(int, re.findall(
            r"missed (\d+) requests", one.err.read_text()))) == 20000, 5,
            "all that was missed is told")


def test_one_that_stands_still_holds_up_nobody(followed):
    with Tail(followed) as still, Tail(followed) as other:
        still.child.send_signal(signal.SIGSTOP)
        targets = [f"/{number}" for number in range(50)]
        asks(followed, *targets)
        assert len(other.shows(*targets)) == 50
        still.child.send_signal(signal.SIGCONT)
        assert len(still.shows(*targets)) == 50


def test_it_ends_when_nobody_reads_what_it_shows(followed):
    asks(followed, "/1")
    ours, theirs = os.pipe()
    with subprocess.Popen(
            [labs.BUILD / "tools" / "route-tail", "-c", followed.ini],
            stdin=subprocess.DEVNULL, stdout=theirs) as child:
        os.close(theirs)
        os.close(ours)
        child.wait(10 * labs.PATIENCE)


def test_it_waits_for_a_router_to_be_started(lab):
    """Web servers start theirs with the first request."""
    lab.routes("all.test respond=200\n")
    lab.configure(router__check=CHECK)
    with Tail(lab, routers=None) as one:
        one.says("waiting")
        lab.start_router()
        one.says("1 of 1 routers write")
        asks(lab, "/1")
        assert len(one.shows("/1")) == 1


def test_what_is_kept_can_be_changed_while_it_runs(lab):
    lab.routes("all.test respond=200\n")
    start(lab, journal__keep="no")
    asks(lab, "/1")
    path = lab.dir / "run" / "state" / "journal.1"
    assert not path.exists()
    lab.configure(router__check=CHECK, journal__keep="always")
    labs.until(path.exists, 5, "there is a journal")
    labs.until(lambda: writers(lab) == 1, 5, "it is written")
    asks(lab, "/2")
    labs.until(lambda: written(lab) == 1, 5, "it is written down")
    lab.configure(router__check=CHECK, journal__keep="no")
    labs.until(lambda: writers(lab) == 0, 5, "no more is written")


# ---- of many, and of one request ----

def test_all_processes_of_a_web_server_are_seen(new_lab, end_lab_module):
    lab = new_lab("many")
    try:
        group = Group(lab, "apache-mod_fcgid", router__check=CHECK,
                      journal__keep="always")
        origin = group.origin("a")
        group.start(f"two.test {origin.url}/\n")
        group.at_once("two.test")
        run = tail(lab, "-j")
        rows = [json.loads(line) for line in run.stdout.splitlines()]
        assert collections.Counter(row["status"] for row in rows) == {
            200: written(lab)}
        assert len(rows) >= MANY
    finally:
        end_lab_module(lab)


def answer_one(lab):
    """As CGI."""
    environment = {
        **dict(fcgi.variables("/cgi", "GET", "all.test")),
        "ROUTER_INI": str(lab.ini)}
    subprocess.run([lab.router], env=environment, check=True,
                   stdin=subprocess.DEVNULL, capture_output=True,
                   timeout=30 * labs.PATIENCE, cwd=lab.dir,
                   **lab.as_web_user())


def test_as_cgi_it_looks_when_the_request_has_ended(lab):
    lab.routes("all.test respond=200\n")
    lab.configure()
    state = lab.dir / "run" / "state"
    state.mkdir(0o700)
    if labs.ROOT:
        shutil.chown(state, labs.WEB_USER, labs.WEB_GROUP)
    answer_one(lab)         # makes the file
    assert written(lab) == 0
    answer_one(lab)
    assert written(lab) == 0
    with Tail(lab, "-j", routers=None) as one:
        one.says("0 of 0 routers write")
        answer_one(lab)
        labs.until(lambda: one.out.read_text().endswith("\n"), 10, "a line")
        row = json.loads(one.out.read_text())
        assert row["uri"] == "/cgi" and row["status"] == 200
        assert row["time"] > "2" and "total_us" in row


# ---- trouble ----

@pytest.mark.parametrize("args, code, text", [
    (["status>>5"], 2, "at 8"),
    (["-f", "{nothing}"], 2, "nothing"),
    (["-f", "nothing"], 2, "no such format"),
    (["-n", "many"], 2, "no number"),
    (["--tag", "customer"], 2, "K:V"),
    (["--host", "'\""], 2, "quotes"),
    (["-d", "/nonexistent"], 3, "/nonexistent"),
    (["-c", "/nonexistent"], 3, "/nonexistent"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_what_is_wrong_is_told(kept, args, code, text):
    run = kept.tool("route-tail", "-c", kept.ini, "--once", *args)
    assert (run.returncode, run.stdout) == (code, "")
    assert text in run.stderr


def test_without_a_journal_it_says_so(lab):
    lab.routes("all.test respond=200\n")
    lab.configure()
    run = tail(lab)
    assert run.returncode == 3 and "run/state" in run.stderr
    other = lab.dir / "other"
    other.mkdir(0o700)
    (other / "journal.1").write_text("something else")
    run = lab.tool("route-tail", "-d", other, timeout=10)
    assert run.returncode == 3 and "journal.1" in run.stderr
    lab.configure(journal__keep="no")
    lab.start_router()
    run = tail(lab)
    assert run.returncode == 3 and "keep = no" in run.stderr
    assert not (lab.dir / "run" / "state" / "journal.1").exists()


def test_what_was_not_kept_is_told(lab, kept):
    lab.routes("all.test respond=200\n")
    lab.configure(router__check=CHECK)
    lab.start_router()
    journal = lab.dir / "run" / "state" / "journal.1"
    labs.until(journal.exists, 5, "there is a journal")

    def told():
        """Once the router has said how it keeps its journal."""
        run = tail(lab)
        assert (run.returncode, run.stdout) == (1, "")
        return "[journal] keep" in run.stderr
    labs.until(told, 10, "why there is nothing")
    assert "[journal] keep" not in tail(kept).stderr


def test_a_full_disk_is_trouble(kept):
    with open("/dev/full", "wb") as full:
        run = subprocess.run(
            [labs.BUILD / "tools" / "route-tail", "-c", kept.ini, "--once"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 3 and "stdout" in run.stderr
