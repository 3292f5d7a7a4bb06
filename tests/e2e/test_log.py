# SPDX-License-Identifier: BSD-2-Clause
"""What logs hold: forms, filters, shares, what is written nowhere; from many
processes, through rotation, and when it goes wrong."""

import concurrent.futures
import hashlib
import itertools
import json
import os
import re
import resource
import subprocess

import pytest

import fcgi
import lab as labs

LIST = """
plain.test {o}
api.test @api
tags.test {o} tag=customer:42,cell:eu-1
own.test respond=200
known.test {o} auth=staff plan=gold
dead.test http://127.0.0.1:{dead}
@api {o}
"""
TOKEN = "a-token-of-ours"
COUNT = itertools.count()
CLIENT = "198.51.100.77"


def settings(lab):
    def at(name):
        return str(lab.dir / "log" / f"access-{name}.txt")
    tokens = lab.dir / "etc" / "tokens"
    tokens.write_text(hashlib.sha256(TOKEN.encode()).hexdigest() + " alice\n")
    tokens.chmod(0o600)
    if labs.ROOT:
        os.chown(tokens, *owner(lab.dir / "run"))
    return {
        "router__check": "20ms", "auth:staff__type": "bearer",
        "auth:staff__file": str(tokens), "plan:gold__rate": "1000/s",
        "log__access": at("full"),
        "log:standard__access": at("standard"),
        "log__redact": "query:token, header:cookie",
        "log:combined__access": at("combined"),
        "log:combined__format": "combined",
        "log:vhost__access": at("vhost"),
        "log:vhost__format": "vhost_combined",
        "log:json__access": at("json"), "log:json__format": "json",
        "log:own__access": at("own"), "log:own__format": "short",
        "log:some__access": at("some"), "log:some__format": "json",
        "log:some__only":
            "status>=500 | service=@api | tag.customer=42",
        "format:short__log_format":
            "'{time} {host} {tag.customer} \"{method} {uri}\" {status} "
            "{total_ms} {header.X-Mark} {header.Cookie}'"}


def owner(path):
    info = path.stat()
    return info.st_uid, info.st_gid


@pytest.fixture(scope="module")
def site(new_lab, lasting_origin, end_lab_module):
    lab = new_lab("log")
    try:
        lab.routes(LIST.format(o=lasting_origin.url, dead=labs.free_port()))
        lab.configure(**settings(lab))
        lab.start_router()
        yield lab
    finally:
        end_lab_module(lab)


def lines(lab, name, mark, count=1):
    """The lines of a log that have the word, once there are so many."""
    log = lab.dir / "log" / f"access-{name}.txt"

    def found():
        if not log.exists():
            return None
        have = [line for line in log.read_bytes().split(b"\n")
                if mark.encode() in line]
        return have if len(have) >= count else None
    return [line.decode() for line in
            labs.until(found, 10, f"{count} of {mark} in {name}")]


def ask(lab, host, target="/hello", more=(), **how):
    """A request, and a word that is in its lines."""
    mark = f"mark{next(COUNT)}x"
    joint = "&" if "?" in target else "?"
    got = fcgi.ask(lab.socket, f"{target}{joint}{mark}", host=host,
                   more=[("HTTP_X_MARK", mark), *more], **how)
    return got, mark


# ---- forms ----

MOMENT = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]"
COMMON = (rf'192\.0\.2\.9 - - {MOMENT} "GET /hello\?MARK HTTP/1\.1" 200 \d+ '
          r'"https://from\.test/" "An Agent/1\.0"')
WORDS = (r" id=[0-9a-f]{32} reason=- service=- plan=- limit=- "
         r"tags=c\w+:[\w-]+,c\w+:[\w-]+ origin=http://127\.0\.0\.1:\d+ "
         r"attempts=1 received=0 origin_time_us=\d+ total_us=\d+")
FORMS = {
    "combined": COMMON,
    "vhost": r"tags\.test:80 " + COMMON,
    "standard": r"tags\.test:80 " + COMMON + WORDS,
    "full": r"tags\.test:80 " + COMMON + WORDS +
    r" path=/hello route=tags\.test namespace=production version=127\.0\.0\.1 "
    r"identity=- generation=\d+ lookup_us=\d+ auth_us=- "
    r"connect_us=\d+ first_us=\d+",
    "own": r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z tags\.test 42 '
    r'"GET /hello\?MARK" 200 \d+\.\d{3} MARK -',
}


@pytest.fixture(scope="module")
def written(site):
    got, mark = ask(site, "tags.test", more=[
        ("HTTP_REFERER", "https://from.test/"),
        ("HTTP_USER_AGENT", "An Agent/1.0")])
    assert got.status == 200
    return mark


@pytest.mark.parametrize("form", FORMS)
def test_a_line_has_its_form(site, written, form):
    found, = lines(site, form, written)
    assert re.fullmatch(FORMS[form].replace("MARK", written), found), found


def test_json_has_all_that_is_known(site, written):
    found = json.loads(lines(site, "json", written)[0])
    for name, wanted in {
            "host": "tags.test", "port": 80, "client": "192.0.2.9",
            "method": "GET", "uri": f"/hello?{written}", "path": "/hello",
            "protocol": "HTTP/1.1", "referer": "https://from.test/",
            "user_agent": "An Agent/1.0", "status": 200, "received": 0,
            "route": "tags.test", "namespace": "production",
            "version": "127.0.0.1", "attempts": 1,
            "tags": {"customer": "42", "cell": "eu-1"}}.items():
        assert found.pop(name) == wanted, name
    assert re.fullmatch(r"\d{4}-.*Z", found.pop("time"))
    assert re.fullmatch("[0-9a-f]{32}", found.pop("id"))
    assert found.pop("origin").startswith("http://127.0.0.1:")
    assert {name for name, value in found.items() if value >= 0} == {
        "sent", "generation", "lookup_us", "connect_us", "first_us",
        "origin_time_us", "total_us"}


def test_who_asks_and_by_which_plan_is_written(site):
    got, mark = ask(site, "known.test",
                    more=[("HTTP_AUTHORIZATION", f"Bearer {TOKEN}")])
    assert got.status == 200
    found = json.loads(lines(site, "json", mark)[0])
    assert (found["identity"], found["plan"]) == ("alice", "gold")
    assert 0 <= found["auth_us"] <= found["total_us"]
    assert " - alice [" in lines(site, "combined", mark)[0]
    assert TOKEN not in "".join(lines(site, "full", mark))


def test_an_upload_counts_what_came(site):
    _, mark = ask(site, "plain.test", "/echo", method="POST", body=b"x" * 777)
    assert json.loads(lines(site, "json", mark)[0])["received"] == 777


def test_an_answer_of_the_routers_own_has_its_reason(site):
    _, mark = ask(site, "nowhere.test")
    found = json.loads(lines(site, "json", mark)[0])
    assert (found["status"], found["reason"]) == (404, "no-host")
    assert "route" not in found and "origin" not in found


def test_a_host_that_is_none_is_written_as_it_came(site):
    got, mark = ask(site, "not..a host")
    assert got.status == 400
    found = json.loads(lines(site, "json", mark)[0])
    assert (found["host"], found["reason"]) == ("not..a host", "bad-host")


EVIL = {"refused": "x\" 200 0\r\n1.2.3.4 - - \x1b[2J\x9b\\ \xe9",
        "passed": "x\" 200 0 \"-\" \"-\" \x9b\\ \xe9 \\"}


@pytest.mark.parametrize("form", [*FORMS, "json"])
@pytest.mark.parametrize("status, evil", [(400, "refused"), (200, "passed")])
def test_nobody_forges_a_line(site, form, status, evil):
    got, mark = ask(site, "plain.test", more=[
        ("HTTP_REFERER", EVIL[evil]), ("HTTP_USER_AGENT", EVIL[evil])])
    assert got.status == status
    found, = lines(site, form, mark)
    assert not re.search("[\x00-\x1f\x7f-\x9f]", found)
    if form == "json":
        assert json.loads(found)["status"] == status
    else:
        assert found.count('"') == (2 if form == "own" else 6)


# ---- which requests ----

@pytest.mark.parametrize("host, taken", [
    ("plain.test", False), ("api.test", True), ("tags.test", True),
    ("dead.test", True), ("nowhere.test", False), ("own.test", False)])
def test_a_filter_takes_what_it_says(site, host, taken):
    _, mark = ask(site, host)
    lines(site, "full", mark)
    # One that is taken for sure shows that no line is on its way.
    _, last = ask(site, "api.test")
    lines(site, "some", last)
    log = (site.dir / "log" / "access-some.txt").read_text()
    assert (mark in log) == taken


def test_a_log_that_is_not_whole_says_so(site):
    ask(site, "api.test")
    log = site.dir / "log" / "access-some.txt"
    first = labs.until(lambda: log.exists() and log.read_text(), 10,
                       "a line").split("\n")[0]
    assert json.loads(first) == {
        "partial": "only = status>=500 | service=@api | tag.customer=42"}
    for form in (*FORMS, "json"):
        text = (site.dir / "log" / f"access-{form}.txt").read_text()
        assert "partial" not in text


def test_a_share_is_the_same_in_all_logs(lab, lasting_origin):
    lab.routes(f"site.test {lasting_origin.url}\n")
    logs = {name: lab.dir / "log" / f"access-{name}.txt"
            for name in ("all", "one", "two")}
    lab.configure(log__access=str(logs["all"]), log__format="json",
                  **{"log:one__access": str(logs["one"]),
                     "log:one__sample": "1/4", "log:one__format": "json",
                     "log:two__access": str(logs["two"]),
                     "log:two__sample": "1/4"})
    router = lab.start_router()
    for _ in range(200):
        fcgi.ask(lab.socket, "/hello")
    router.stop()
    assert logs["all"].read_text().count("\n") == 200
    one = [json.loads(line) for line in logs["one"].read_text().splitlines()]
    assert one.pop(0) == {"partial": "sample = 1/4"}
    assert 15 <= len(one) <= 95
    note, *two = logs["two"].read_text().splitlines()
    assert note == "# partial: sample = 1/4"
    assert [row["id"] for row in one] == \
        [re.search(r" id=(\S+)", line)[1] for line in two]


# ---- what is written nowhere ----

def test_what_is_redacted_is_in_no_log(site):
    secret = "Geheim1234"
    _, mark = ask(
        site, "api.test", f"/hello?a=1&to%6Ben={secret}&b=2", more=[
            ("HTTP_REFERER", f"https://from.test/?Token={secret}&c=3"),
            ("HTTP_COOKIE", f"session={secret}")])
    for form in (*FORMS, "json", "some"):
        found, = lines(site, form, mark)
        assert secret not in found
    assert json.loads(found)["uri"] == \
        f"/hello?a=1&to%6Ben=redacted&b=2&{mark}"
    assert json.loads(found)["referer"] == \
        "https://from.test/?Token=redacted&c=3"
    assert lines(site, "own", mark)[0].endswith(" redacted")
    for log in (site.dir / "log").iterdir():
        assert secret not in log.read_text("utf-8", "replace"), log


@pytest.fixture(scope="module")
def unnamed(new_lab, lasting_origin, end_lab_module):
    """Where clients have no address of their own."""
    lab = new_lab("log unnamed")
    try:
        lab.routes(f"site.test {lasting_origin.url}\n")
        lab.configure(log__access=str(lab.dir / "log" / "access-json.txt"),
                      log__format="json", log__anonymise_ip="yes",
                      router__check="20ms", journal__keep="always", **{
                          "log:one__access":
                              str(lab.dir / "log" / "access-one.txt"),
                          "log:one__only": f"client={CLIENT}"})
        lab.start_router()
        yield lab
    finally:
        end_lab_module(lab)


@pytest.mark.parametrize("address, wanted", [
    (CLIENT, "198.51.100.0"), ("2001:db8:1:2:3::4", "2001:db8:1::"),
    ("::ffff:198.51.100.77", "198.51.100.0")])
def test_a_client_has_no_address_of_its_own(unnamed, address, wanted):
    got, mark = ask(unnamed, "site.test", more=[("REMOTE_ADDR", address)])
    assert got.status == 200
    line, = lines(unnamed, "json", mark)
    assert json.loads(line)["client"] == wanted
    assert address not in line


def test_a_filter_sees_what_is_not_written(unnamed):
    _, other = ask(unnamed, "site.test",
                   more=[("REMOTE_ADDR", "198.51.100.78")])
    _, mark = ask(unnamed, "site.test", more=[("REMOTE_ADDR", CLIENT)])
    line, = lines(unnamed, "one", mark)
    assert " 198.51.100.0 - - [" in line
    assert other not in (unnamed.dir / "log" / "access-one.txt").read_text()


# ---- where to ----

def test_the_systems_log_has_the_lines(lab, origin):
    """rsyslogd, as Debian has it, but for its socket and file."""
    at, to = lab.dir / "run" / "log.sock", lab.dir / "log" / "system.txt"
    conf = lab.dir / "conf" / "rsyslog.conf"
    conf.write_text(
        'module(load="imuxsock" SysSock.Use="off")\n'
        f'input(type="imuxsock" Socket="{at}")\n'
        f'action(type="omfile" file="{to}")\n')
    lab.start("rsyslogd", ["rsyslogd", "-n", "-f", conf, "-i",
                           lab.dir / "run" / "rsyslogd.pid"])
    labs.until(at.exists, 10, "rsyslogd listens")
    at.chmod(0o666)
    lab.routes(f"site.test {origin.url}\n")
    lab.configure(log__access="syslog", log__syslog=str(at),
                  log__format="combined")
    lab.start_router()
    _, mark = ask(lab, "site.test")
    line = labs.until(lambda: to.exists() and [
        line for line in to.read_text().splitlines() if mark in line], 10,
        "a line")[0]
    assert re.search(r" fcgi-router\[\d+\]: 192\.0\.2\.9 - - \[", line)


def test_changed_logs_are_used_at_once(lab, origin):
    lab.routes(f"site.test {origin.url}\n")
    lab.configure(router__check="20ms")
    router = lab.start_router()
    later = lab.dir / "log" / "access-later.txt"
    lab.configure(router__check="20ms", **{
        "log:later__access": str(later), "log:later__only": "status=200",
        "log:later__format": "json"})
    labs.until(lambda: "was read again" in router.text(), 10, "the settings")
    _, mark = ask(lab, "site.test")
    assert len(lines(lab, "later", mark)) == 1
    # One that cannot be opened is waited for.
    folder = lab.dir / "var" / "no-folder"
    lab.configure(router__check="20ms",
                  log__access=str(folder / "access-late.txt"))
    labs.until(lambda: router.text().count("was read again") == 2, 10,
               "the settings")
    assert "lines are lost until it opens" in router.text()
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    labs.until(lambda: ask(lab, "site.test")[0].status == 200 and
               list(folder.iterdir()), 10, "it is opened")


# ---- trouble ----

def counted(lab, key):
    """How often that happened, as all routers of the lab count it."""
    done = lab.tool("route-stat", "-c", lab.ini, "--prometheus")
    found = re.search(rf"(?m)^fcgi_router_{key}_total (\d+)$", done.stdout)
    return found and int(found[1])


def test_a_folder_that_vanishes_loses_lines_and_no_request(lab, origin):
    lab.routes(f"site.test {origin.url}\nstatus.test internal=status\n")
    folder = lab.dir / "var" / "gone"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    log = folder / "access.txt"
    lab.configure(log__access=str(log), router__check="20ms",
                  internal__allow="192.0.2.9")
    router = lab.start_router()
    ask(lab, "site.test")
    labs.until(lambda: log.exists() and log.read_text(), 10, "a line")
    log.unlink()
    # The router may have made another one just then.
    labs.until(lambda: not list(map(os.unlink, folder.iterdir()))
               and removed(folder), 10, "the folder is gone")
    labs.until(lambda: ask(lab, "site.test")[0].status == 200 and
               "lines are lost until it opens" in router.text(), 10,
               "it is told")
    assert ask(lab, "site.test")[0].status == 200
    labs.until(lambda: counted(lab, "log_lost"), 10, "it is counted")
    labs.until(lambda: b"Lines of an access log were lost" in
               ask(lab, "status.test")[0].body, 10, "the page says it")
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    labs.until(lambda: ask(lab, "site.test")[0].status == 200 and
               log.exists() and log.read_text(), 10, "lines come again")


def removed(folder):
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def test_a_log_that_cannot_grow_stops_no_request(lab, origin):
    """As on a full disk."""
    lab.routes(f"site.test {origin.url}\n")
    log = lab.dir / "log" / "access.txt"
    lab.configure(log__access=str(log), router__check="1h")
    log.touch(mode=0o666)
    log.chmod(0o666)
    # Limits of a process are changed by its own user.
    router = lab.start_router(user=None, group=None, extra_groups=None)
    ask(lab, "site.test")
    size = labs.until(lambda: log.stat().st_size, 10, "a line")
    resource.prlimit(router.pid, resource.RLIMIT_FSIZE,
                     (size + 100, resource.RLIM_INFINITY))
    for _ in range(20):
        assert ask(lab, "site.test")[0].status == 200
    labs.until(lambda: "lines are lost" in router.text(), 10, "it is told")
    assert router.text().count("lines are lost") == 1
    resource.prlimit(router.pid, resource.RLIMIT_FSIZE,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    _, mark = ask(lab, "site.test")
    line, = labs.until(lambda: [
        one for one in log.read_text().split("\n") if mark in one], 10,
        "lines come again")
    assert line.startswith("site.test:80 ")


# ---- rotation, and many at once ----

def rotate(lab, log, times):
    """logrotate, with the lines of the manual."""
    page = (labs.TOP / "fcgi-router" / "fcgi-router.8").read_text()
    conf = lab.dir / "conf" / "logrotate.conf"
    block = re.search(r"(?s)\n(/var/log/fcgi-router/\*\.log \{\n.*?\n\}\n)",
                      page)[1]
    conf.write_text(block.replace("/var/log/fcgi-router/*.log", str(log)))
    if labs.ROOT:
        conf.write_text("su root root\n" + conf.read_text())
    for _ in range(times):
        subprocess.run(["logrotate", "-f", "-s", lab.dir / "conf" / "state",
                        conf], check=True, capture_output=True,
                       timeout=60 * labs.PATIENCE)
        yield


def all_lines(folder, name):
    found = []
    for path in sorted(folder.glob(f"{name}*")):
        text = subprocess.run(["zcat", "-f", path], check=True,
                              capture_output=True).stdout.decode()
        assert text == "" or text.endswith("\n"), path
        found += text.splitlines()
    return found


def test_no_line_is_lost_or_torn_by_logrotate(lab, origin):
    lab.routes(f"site.test {origin.url}\n")
    folder = lab.dir / "var" / "rotated"
    folder.mkdir()
    folder.chmod(0o755)
    if labs.ROOT:
        os.chown(folder, *owner(lab.dir / "log"))
    log = folder / "access.log"
    lab.configure(log__access=str(log), router__check="10ms")
    sockets = [lab.dir / "run" / f"{i}.sock" for i in range(4)]
    for at in sockets:
        lab.ready(lab.start_router("-s", f"unix:{at}"), at)
    asked = 0
    for _ in rotate(lab, log, 4):
        for at in sockets * 10:
            assert fcgi.ask(at, f"/hello?n{asked}x").status == 200
            asked += 1
        labs.until(log.exists, 10, "a new file")
    found = labs.until(lambda: (have := all_lines(folder, "access.log")) and
                       len(have) >= asked and have, 10, "all lines")
    marks = [re.search(r"\?(n\d+x)", line)[1] for line in found]
    assert sorted(marks) == sorted(f"n{i}x" for i in range(asked))
    assert len(list(folder.iterdir())) >= 4


def test_lines_stay_whole_under_many_processes(lab):
    """As CGI each request is a process of its own."""
    at_once, each = 64, 1 if labs.SANITIZED else 3
    lab.routes("own.test respond=200\n")
    log = lab.dir / "log" / "access.txt"
    lab.configure(log__access=str(log))

    def one(number):
        target = f"/{'p' * 3000}?n{number}x"
        subprocess.run(
            [lab.router], check=True, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=60 * labs.PATIENCE, cwd=lab.dir,
            env={**dict(fcgi.variables(target, "GET", "own.test")),
                 "ROUTER_INI": str(lab.ini)}, **lab.as_web_user())
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, range(at_once * each)))
    found = log.read_text().splitlines()
    marks = [re.fullmatch(
        rf'own\.test:80 192\.0\.2\.9 - - {MOMENT} "GET /p{{3000}}\?(n\d+x) '
        r'HTTP/1\.1" 200 0 "-" "-" id=\w+ .*first_us=\S+', line)[1]
        for line in found]
    assert sorted(marks) == sorted(f"n{i}x" for i in range(at_once * each))


def test_why_a_request_is_refused_is_said_where_settings_want_it(lab):
    """Taken up as all settings, and given up again."""
    known = {"router__check": "20ms", "plan:tight__rate": "1/d",
             "plan:tight__burst": "1", "plan:tight__count_by": "host"}
    why = "limit-rate: the plan 'tight' allows tight.test no more"
    lab.routes("tight.test respond=200 plan=tight\n")
    lab.configure(**known)
    router = lab.start_router()
    labs.until(lambda: ask(lab, "tight.test")[0].status == 429, 10,
               "the plan refuses")
    for count, settings_now in enumerate(
            (known, known | {"log__verbose": "yes"}, known)):
        lab.configure(**settings_now)
        labs.until(lambda n=count: router.text().count("was read again") > n,
                   10, "the settings are taken up")
        assert ask(lab, "tight.test")[0].status == 429
        assert router.text().count(why) == (0, 1, 1)[count]
