# SPDX-License-Identifier: BSD-2-Clause
"""route-compile: each finding with its whole message, and all or nothing."""
import os
import pathlib
import re
import resource
import signal
import stat
import subprocess
import time

import pytest

HERE = pathlib.Path(__file__).parent
TOP = pathlib.Path(os.environ.get("TOP_SRCDIR", HERE.parents[1])).resolve()
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", TOP)).resolve()
COMPILE = BUILD / "tools" / "route-compile"
LIMIT = 120  # seconds; far more than anything here takes

LISTS = sorted(p.stem for p in HERE.glob("*.in"))
TABLE = (TOP / "tools" / "lint.tbl.h").read_text()
FINDINGS = re.findall(
    r'^LINT\((\w+), "([a-z0-9-]+)", (ERROR|WARNING),\s*'
    r'((?:"(?:\\.|[^"\\])*"\s*)+)\)', TABLE, re.M)
GOOD = "a.example http://127.0.0.1:8080\n"
SMALL = 4096 * 8  # a file size that no map of BIG routes fits in
BIG = 20000


def run(*args, cwd=None, text=None, **more):
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run(
        [COMPILE, *args], cwd=cwd, input=text, env=env, timeout=LIMIT,
        stdin=subprocess.DEVNULL if text is None else None,
        stdout=more.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE, check=False, encoding="utf-8", **more)


def big_list(path, port=1):
    path.write_text("".join(f"h{i}.example http://127.0.0.1:{port}\n"
                            for i in range(BIG)))
    return path


def sentence(name):
    """A finding's sentence as a pattern."""
    raw = next(row[3] for row in FINDINGS if row[0] == name)
    text = "".join(re.findall(r'"((?:\\.|[^"\\])*)"', raw))
    text = re.sub(r"\\(.)", r"\1", text)
    parts = re.split(r"(%.)", text)
    return "".join({"%1": ".*", "%2": ".*", "%%": "%"}.get(
        part, re.escape(part)) for part in parts)


def options(name):
    """What ID.ini and ID.args add: the router.ini to check against, words."""
    more = ["-c", f"{name}.ini"] if (HERE / f"{name}.ini").exists() else []
    args = HERE / f"{name}.args"
    return more + (args.read_text().split() if args.exists() else [])


@pytest.mark.parametrize("name", LISTS)
def test_the_whole_output_is_as_expected(name):
    got = run("-n", *options(name), f"{name}.in", cwd=HERE)
    assert got.stdout == ""
    assert got.stderr + f"exit {got.returncode}\n" == \
        (HERE / f"{name}.ref").read_text(encoding="utf-8")


def test_the_table_of_findings_is_read_whole():
    assert len(FINDINGS) == len(re.findall(r"^LINT\(", TABLE, re.M)) > 50


@pytest.mark.parametrize("name,word,severity",
                         [row[:3] for row in FINDINGS])
def test_each_finding_has_a_list_that_shows_it(name, word, severity):
    ref = (HERE / f"{word}.ref").read_text(encoding="utf-8")
    line = rf"^{word}\.in:\d+:\d+: {severity.lower()}: {sentence(name)}$"
    assert re.search(line, ref, re.M)


def test_findings_of_several_lists_are_told_in_their_order(tmp_path):
    (tmp_path / "b.list").write_text(
        "a.example http://127.0.0.1\nb.example http://127.0.0.1 x=y\n"
        "c.example http://127.0.0.1 headers=shared\n")
    (tmp_path / "a.list").write_text(
        "%headers shared\n    response-header X-A: {nope\n"
        "a.example http://127.0.0.2\n")
    got = run("-n", "b.list", "a.list", cwd=tmp_path)
    assert got.returncode == 1
    places = [line.split(" ")[0] for line in got.stderr.splitlines()]
    assert places == ["b.list:2:28:", "a.list:2:26:", "a.list:3:1:",
                      "route-compile:"]
    assert "a.example is routed otherwise at b.list:1:1," in got.stderr


def test_defaults_end_with_their_list(tmp_path):
    (tmp_path / "one").write_text("%defaults tag=cell:c1\n")
    (tmp_path / "two").write_text(
        "a.example http://{tag.cell}.internal\n")
    got = run("-n", "one", "two", cwd=tmp_path)
    assert got.returncode == 1
    assert "two:1:11: error: '{tag.cell}' in an authority" in got.stderr


def test_what_a_list_quotes_cannot_drive_a_terminal(tmp_path):
    (tmp_path / "l\u009b[31m").write_text("a.example\n")
    got = run("-n", "l\u009b[31m", cwd=tmp_path)
    assert got.returncode == 1
    assert got.stderr.startswith("l\\xc2\\x9b[31m:1:10: error: ")
    assert run("-n", "l\x1b[31m", cwd=tmp_path).returncode == 2


def test_success_is_silent_and_makes_one_file(tmp_path):
    (tmp_path / "l").write_text(GOOD)
    got = run("-o", "routes.db", "l", cwd=tmp_path)
    assert (got.returncode, got.stdout, got.stderr) == (0, "", "")
    assert sorted(os.listdir(tmp_path)) == ["l", "routes.db"]


def test_verbose_counts_and_generations_go_up(tmp_path):
    (tmp_path / "l").write_text(
        GOOD + "*.b.example respond=200\na.example/x respond=200\n")
    for generation in (1, 2, 3):
        got = run("-v", "-o", "routes.db", "l", cwd=tmp_path)
        assert re.fullmatch(
            rf"routes\.db: generation {generation}, 1 hosts, 1 wildcards, "
            r"1 paths, 0 services, \d+ records, \d+\.\d{3} s\n", got.stdout)


def test_stdin_is_a_list(tmp_path):
    assert run("-o", "routes.db", "-", cwd=tmp_path,
               text=GOOD).returncode == 0
    assert (tmp_path / "routes.db").exists()
    got = run("-n", "-", cwd=tmp_path, text="a.example\n")
    assert got.returncode == 1
    assert got.stderr.startswith("-:1:10: error: no TARGET")


def test_check_only_writes_nothing(tmp_path):
    got = run("-nv", "-o", "routes.db", "-", cwd=tmp_path, text=GOOD)
    assert got.returncode == 0
    assert re.fullmatch(
        r"1 routes and 0 services are good, nothing written, "
        r"\d+\.\d{3} s\n", got.stdout)
    assert os.listdir(tmp_path) == []


def test_errors_leave_the_old_map_as_it_was(tmp_path):
    assert run("-o", "routes.db", "-", cwd=tmp_path,
               text=GOOD).returncode == 0
    old = (tmp_path / "routes.db").read_bytes()
    inode = (tmp_path / "routes.db").stat().st_ino
    for text in ("a.example\n", GOOD + "a.example http://127.0.0.2\n"):
        assert run("-o", "routes.db", "-", cwd=tmp_path,
                   text=text).returncode == 1
        assert (tmp_path / "routes.db").read_bytes() == old
        assert (tmp_path / "routes.db").stat().st_ino == inode
    assert os.listdir(tmp_path) == ["routes.db"]


def test_warnings_do_not_keep_a_map_from_its_place(tmp_path):
    got = run("-o", "routes.db", "-", cwd=tmp_path, text=GOOD + GOOD)
    assert got.returncode == 0
    assert "-:2:1: warning: a.example is routed the same at -:1:1" in \
        got.stderr
    assert (tmp_path / "routes.db").exists()


@pytest.mark.parametrize("text", [
    "", "# nothing\n\n", "%headers a\n    response-header X-A: b\n",
    "%defaults exact\n"])
def test_lists_without_a_route_replace_no_map(tmp_path, text):
    """As when what writes the list to a pipe has failed."""
    assert run("-o", "routes.db", "-", cwd=tmp_path,
               text=GOOD).returncode == 0
    old = (tmp_path / "routes.db").read_bytes()
    got = run("-o", "routes.db", "-", cwd=tmp_path, text=text)
    assert got.returncode == 1
    assert got.stderr == (
        "route-compile: no route in the lists, nothing was installed, "
        "expected one at least ('* respond=404' to have none)\n")
    assert (tmp_path / "routes.db").read_bytes() == old
    (tmp_path / "l").write_text(text)
    assert run("-n", "l", cwd=tmp_path).returncode == 0
    assert run("-o", "routes.db", "l", "-", cwd=tmp_path,
               text=GOOD).returncode == 0


def test_the_map_of_router_ini_is_the_default(tmp_path):
    ini = tmp_path / "router.ini"
    ini.write_text("[router]\nmap = maps/mine.db\n")
    (tmp_path / "maps").mkdir()
    (tmp_path / "elsewhere").mkdir()
    got = run("-c", str(ini), "-", cwd=tmp_path / "elsewhere", text=GOOD)
    assert (got.returncode, got.stderr) == (0, "")
    assert os.listdir(tmp_path / "maps") == ["mine.db"]
    assert os.listdir(tmp_path / "elsewhere") == []
    got = run("-c", str(ini), "-o", "this.db", "-", cwd=tmp_path, text=GOOD)
    assert got.returncode == 0
    assert (tmp_path / "this.db").exists()


def test_a_broken_router_ini_is_trouble(tmp_path):
    ini = tmp_path / "router.ini"
    ini.write_text("[router]\nmpa = x\n")
    got = run("-c", "router.ini", "-", cwd=tmp_path, text=GOOD)
    assert got.returncode == 3
    assert "router.ini:2:1: error: " in got.stderr
    assert os.listdir(tmp_path) == ["router.ini"]
    assert run("-c", "none.ini", "-", cwd=tmp_path,
               text=GOOD).returncode == 3


@pytest.mark.parametrize("args", [
    (), ("-n",), ("-x", "l"), ("-o",), ("-o", "", "l"), ("-n", "-", "-"),
    ("--folder", "l"), ("-o", "-", "l")])
def test_a_wrong_command_line_is_a_usage_error(tmp_path, args):
    (tmp_path / "l").write_text(GOOD)
    got = run(*args, cwd=tmp_path)
    assert got.returncode == 2
    assert got.stdout == ""
    assert got.stderr.splitlines()[-1].startswith("usage: route-compile ")
    assert os.listdir(tmp_path) == ["l"]


def test_help_and_version_go_to_stdout():
    for option in ("-h", "--help"):
        got = run(option)
        assert (got.returncode, got.stderr) == (0, "")
        assert got.stdout.startswith("usage: route-compile ")
    got = run("--version")
    assert got.returncode == 0
    assert re.fullmatch(r"route-compile \d+\.\d+\.\d+\S*\n", got.stdout)


def test_a_full_stdout_is_trouble(tmp_path):
    with open("/dev/full", "w", encoding="ascii") as full:
        got = run("-nv", "-", cwd=tmp_path, text=GOOD, stdout=full)
        assert got.returncode == 3
        assert "cannot write to stdout" in got.stderr
        assert run("--help", stdout=full).returncode == 3


def test_an_unreadable_list_is_trouble(tmp_path):
    got = run("-o", "routes.db", "none", cwd=tmp_path)
    assert got.returncode == 3
    assert got.stderr == ("route-compile: cannot open none: "
                          "No such file or directory\n")
    got = run("-o", "routes.db", ".", cwd=tmp_path)
    assert got.returncode == 3
    assert os.listdir(tmp_path) == []


def test_a_folder_that_takes_no_file_is_trouble(tmp_path):
    got = run("-o", "none/routes.db", "-", cwd=tmp_path, text=GOOD)
    assert got.returncode == 3
    if os.geteuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o555)
        folder = "locked"
    else:
        folder = "/proc"  # root may write anywhere else
    got = run("-o", f"{folder}/routes.db", "-", cwd=tmp_path, text=GOOD)
    assert got.returncode == 3
    assert got.stderr != ""


@pytest.mark.parametrize("text", [GOOD, "nonsense\n" + GOOD])
def test_a_list_is_never_replaced_by_a_map(tmp_path, text):
    (tmp_path / "a.list").write_text(text)
    (tmp_path / "b.list").write_text(GOOD)
    got = run("-o", "a.list", "b.list", cwd=tmp_path)  # as of "-o *.list"
    assert got.returncode == 3
    assert got.stderr == ("route-compile: a.list: a list of routes, expected "
                          "the map to write there\n")
    assert (tmp_path / "a.list").read_text() == text
    got = run("-o", "b.list", "b.list", cwd=tmp_path)
    assert got.returncode == 3
    assert (tmp_path / "b.list").read_text() == GOOD
    assert sorted(os.listdir(tmp_path)) == ["a.list", "b.list"]


@pytest.mark.parametrize("rubbish", [
    b"", b"rubbish\n", b"\0" * 8192, b"\xff" * 20000])
def test_what_was_written_over_a_map_is_replaced(tmp_path, rubbish):
    (tmp_path / "routes.db").write_bytes(rubbish)
    got = run("-o", "routes.db", "-", cwd=tmp_path, text=GOOD)
    assert got.returncode == 0
    assert "the old map is broken" in got.stderr
    assert (tmp_path / "routes.db").stat().st_size >= 8192


def test_what_is_no_file_is_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "routes.db")
    got = run("-o", "routes.db", "-", cwd=tmp_path, text=GOOD)
    assert got.returncode == 3
    assert "routes.db: not a file" in got.stderr
    assert stat.S_ISFIFO((tmp_path / "routes.db").stat().st_mode)
    assert os.listdir(tmp_path) == ["routes.db"]


def small_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def test_a_full_disk_leaves_the_old_map_as_it_was(tmp_path):
    assert run("-o", "routes.db", "-", cwd=tmp_path,
               text=GOOD).returncode == 0
    old = (tmp_path / "routes.db").read_bytes()
    assert len(old) < SMALL
    big_list(tmp_path / "l")
    got = run("-o", "routes.db", "l", cwd=tmp_path, preexec_fn=small_files,
              restore_signals=False)
    assert got.returncode == 3
    assert "routes.db" in got.stderr
    assert (tmp_path / "routes.db").read_bytes() == old
    assert sorted(os.listdir(tmp_path)) == ["l", "routes.db"]


def wait_for(condition):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end
        os.sched_yield()


@pytest.mark.parametrize("size", [0, 1, 100 * 4096])
def test_killed_at_any_instant_leaves_the_old_map(tmp_path, size):
    """size: how much of the new map is there when the process dies."""
    assert run("-o", "routes.db", "-", cwd=tmp_path,
               text=GOOD).returncode == 0
    old = (tmp_path / "routes.db").read_bytes()
    big_list(tmp_path / "l")
    fresh = tmp_path / ".routes.db.new"

    def grown():
        try:
            return fresh.stat().st_size >= size or child.poll() is not None
        except FileNotFoundError:
            return child.poll() is not None

    with subprocess.Popen([COMPILE, "-o", "routes.db", "l"],
                          cwd=tmp_path) as child:
        wait_for(grown)
        child.kill()
    assert child.returncode == -signal.SIGKILL, "it ended before the kill"
    assert (tmp_path / "routes.db").read_bytes() == old
    got = run("-v", "-o", "routes.db", "-", cwd=tmp_path, text=GOOD)
    assert got.returncode == 0
    assert ": generation 2, " in got.stdout
    assert sorted(os.listdir(tmp_path)) == ["l", "routes.db"]


def test_runs_at_once_never_mix(tmp_path):
    lists = [big_list(tmp_path / f"l{i}", 1000 + i) for i in range(4)]
    children = [subprocess.Popen([COMPILE, "-v", "-o", "routes.db", l.name],
                                 cwd=tmp_path, stdout=subprocess.PIPE,
                                 encoding="utf-8") for l in lists]
    said = [child.communicate(timeout=LIMIT)[0] for child in children]
    assert [child.returncode for child in children] == [0] * 4
    generations = sorted(int(re.search(r"generation (\d+)", s).group(1))
                         for s in said)
    assert generations == [1, 2, 3, 4]
    whole = (tmp_path / "routes.db").read_bytes()
    assert sum(f"l{i}".encode() in whole for i in range(4)) == 1
    assert not (tmp_path / ".routes.db.new").exists()


def test_the_later_run_reads_its_lists_later(tmp_path):
    """Else the one that was slower would bring an older list back."""
    (tmp_path / "l").write_text("old.example http://127.0.0.1\n")
    with subprocess.Popen([COMPILE, "-o", "routes.db", "-"], cwd=tmp_path,
                          stdin=subprocess.PIPE, encoding="utf-8") as first:
        wait_for((tmp_path / ".routes.db.new").exists)
        with subprocess.Popen([COMPILE, "-o", "routes.db", "l"], cwd=tmp_path,
                              stderr=subprocess.PIPE,
                              encoding="utf-8") as second:
            assert "another run is at work" in second.stderr.readline()
            (tmp_path / "l").write_text("new.example http://127.0.0.1\n")
            first.communicate(GOOD, timeout=LIMIT)
            assert second.wait(LIMIT) == 0
    assert first.returncode == 0
    whole = (tmp_path / "routes.db").read_bytes()
    assert b"new.example" in whole and b"old.example" not in whole


def test_a_new_map_has_the_mode_of_the_old_one(tmp_path):
    make = {"cwd": tmp_path, "text": GOOD}
    assert run("-o", "routes.db", "-", **make, umask=0o027).returncode == 0
    routes = tmp_path / "routes.db"
    assert stat.S_IMODE(routes.stat().st_mode) == 0o640
    routes.chmod(0o604)
    assert run("-o", "routes.db", "-", **make).returncode == 0
    assert stat.S_IMODE(routes.stat().st_mode) == 0o604


SAMPLE = TOP / "conf" / "routes.list"


def test_the_sample_list_is_good(tmp_path):
    got = run("-o", str(tmp_path / "routes.db"), SAMPLE.name, cwd=SAMPLE.parent)
    assert (got.returncode, got.stderr) == (0, "")
