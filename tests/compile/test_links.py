# SPDX-License-Identifier: BSD-2-Clause
"""route-compile: links between entries, sections of router.ini, long runs."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

import pytest
from test_compile import COMPILE, GOOD, LIMIT, run

MANY = 150000  # entries that take more than a second on any machine
MORE = 16


def told(folder, text, *args):
    """What is said of a list on stdin; nothing must be left behind."""
    before = sorted(os.listdir(folder))
    got = run(*args, "-n", "-", cwd=folder, text=text)
    assert sorted(os.listdir(folder)) == before
    assert got.returncode == (1 if ": error: " in got.stderr else 0)
    return [line for line in got.stderr.splitlines()
            if not line.startswith("route-compile: ")]


# Aliases


@pytest.mark.parametrize("text", [
    "a =b\nb http://c\n",
    "a =b\n*.b http://c\nb/x http://c\n",
    "a =x.b\n{x}.b http://c\n",
    "a =x.y.b\n*.b/only http://c\n",
    "a =b.a\n*.a =c\nc http://d\n",
    "a =b\nb =c\nc =d\nd =e\ne http://f\n",
])
def test_aliases_that_lead_somewhere(tmp_path, text):
    assert told(tmp_path, text) == []


def test_a_circle_below_a_path(tmp_path):
    text = "b =a\na/x =b\na http://c\n"
    assert told(tmp_path, text) == [
        "-:2:1: error: the alias '=b' leads back to itself "
        "(-:2:1 -> -:1:1 -> -:2:1), expected an end"]


def test_a_circle_longer_than_a_row_may_be_is_a_circle(tmp_path):
    text = "".join(f"h{i} =h{(i + 1) % 7}\n" for i in range(7))
    way = " -> ".join(f"-:{i}:1" for i in [*range(1, 8), 1])
    assert told(tmp_path, text) == [
        f"-:1:1: error: the alias '=h1' leads back to itself ({way}), "
        "expected an end"]


def test_a_row_is_told_at_each_entry_that_begins_too_many(tmp_path):
    text = "".join(f"h{i} =h{i + 1}\n" for i in range(6)) + "h6 http://a\n"
    lines = told(tmp_path, text)
    assert [line.split(":")[1] for line in lines] == ["1", "2"]
    assert all("begins more than 4 in a row" in line for line in lines)


def test_an_alias_in_another_list_is_found_and_its_place_told(tmp_path):
    (tmp_path / "one").write_text("\na =b\n")
    (tmp_path / "two").write_text("# nothing\n\nb =a\n")
    got = run("-n", "one", "two", cwd=tmp_path)
    assert got.stderr.splitlines()[0] == (
        "one:2:1: error: the alias '=b' leads back to itself "
        "(one:2:1 -> two:3:1 -> one:2:1), expected an end")


@pytest.mark.parametrize("text,expected", [
    # The one it leads to has a mistake, but is there.
    ("a =b\nb http://c x=y\n", ["-:2:12: "]),
    ("a =b\nb nonsense\n", ["-:2:3: "]),
    # Nobody can know what this one was to be.
    ("a =b\nb/../x http://c\n", ["-:2:3: "]),
    # Warnings are not told: the broken entry may be what they miss.
    ("a @b\n@b http://c nonsense\n", ["-:2:13: "]),
    ("a @b\n@B http://c\n", ["-:2:1: "]),
    ("a @b x=y\n@b http://c\n", ["-:1:6: "]),
])
def test_a_mistake_has_no_consequences(tmp_path, text, expected):
    lines = told(tmp_path, text)
    assert len(lines) == len(expected)
    assert all(line.startswith(place)
               for line, place in zip(lines, expected))


def test_what_is_wrong_with_links_is_not_installed(tmp_path):
    assert run("-o", "routes.db", "-", cwd=tmp_path, text=GOOD,
               ).returncode == 0
    old = (tmp_path / "routes.db").read_bytes()
    got = run("-o", "routes.db", "-", cwd=tmp_path, text="a =b\n")
    assert got.returncode == 1
    assert got.stderr == (
        "-:1:1: error: no entry for the host of the alias '=b', expected one "
        "('*' and '**' do not count)\n"
        "route-compile: 1 error, nothing was installed\n")
    assert (tmp_path / "routes.db").read_bytes() == old
    assert os.listdir(tmp_path) == ["routes.db"]


def test_checking_takes_a_folder_of_its_own_and_clears_it(tmp_path):
    (tmp_path / "tmp").mkdir()
    (tmp_path / "l").write_text("a =b\nb http://c\n")
    env = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    subprocess.run([COMPILE, "-n", "l"], cwd=tmp_path, env=env, check=True,
                   timeout=LIMIT)
    assert os.listdir(tmp_path / "tmp") == []
    env["TMPDIR"] = str(tmp_path / "none")
    got = subprocess.run([COMPILE, "-n", "l"], cwd=tmp_path, env=env,
                         check=False, timeout=LIMIT, encoding="utf-8",
                         stderr=subprocess.PIPE)
    assert got.returncode == 3
    assert "cannot make the folder " in got.stderr


# Services


def test_the_namespace_is_that_of_router_ini(tmp_path):
    text = "{t}.a @{t}\n@acme http://b\n@live/acme http://b\n"
    assert told(tmp_path, text) == [
        "-:1:1: warning: '@{t}' is looked up among the services "
        "'@production/...', but no entry defines one, expected one at least",
        "-:2:1: warning: no route leads to the service '@acme', expected "
        "'@production/acme', which '@{t}' at -:1:1 reaches (a dynamic name is "
        "never the platform's own)"]
    (tmp_path / "router.ini").write_text("[router]\nnamespace = live\n")
    assert told(tmp_path, text, "-c", "router.ini") == [
        "-:2:1: warning: no route leads to the service '@acme', expected "
        "'@live/acme', which '@{t}' at -:1:1 reaches (a dynamic name is "
        "never the platform's own)"]


def test_services_are_found_in_conditions_splits_and_on_any_host(tmp_path):
    assert told(tmp_path, """\
a           http://b
    when method=POST -> @one
    split 1 @two 99 @space/three
**/four     @four
{t}.b       @other/x-{t}-y
@one http://c
@two http://c
@space/three http://c
@four http://c
@other/x-a-b-y http://c
""") == []


def test_names_that_a_dynamic_one_never_makes(tmp_path):
    names = ["x-y", "x--y", "y", "x-a_b-y", "x-a.b-y", "x-" + 64 * "a" + "-y"]
    text = "{t}.a @s/x-{t}-y\n@s/x-" + 63 * "a" + "-y http://b\n"
    lines = told(tmp_path, text + "".join(f"@s/{n} http://b\n"
                                          for n in names))
    assert lines == [
        f"-:{i + 3}:1: warning: no route leads to the service '@s/{n}', "
        "expected one" for i, n in enumerate(names)]


def test_as_many_dynamic_names_as_anybody_likes(tmp_path):
    """Those that are not told apart any more are taken to make any name."""
    text = "".join(f"{{t}}.h{i} @s/p{i}-{{t}}\n" for i in range(100))
    assert told(tmp_path, text + "@s/nobody http://a\n") == []
    text = "".join(f"{{t}}.h{i} @s/p{i}-{{t}}\n" for i in range(60))
    assert len(told(tmp_path, text + "@s/nobody http://a\n")) == 1


# Sections of router.ini


INI = ("[plan:free]\n[auth:staff]\ntype = basic\nfile = staff\n[tls:inner]\n"
       "[sign:key]\nsecret = s\n[egress:open]\n")
WORDS = "plan=free auth=staff tls=inner sign=key egress=open"


def test_sections_that_are_there_are_known(tmp_path):
    (tmp_path / "router.ini").write_text(INI)
    text = f"%defaults {WORDS}\na @b {WORDS}\n@b https://c {WORDS}\n"
    assert told(tmp_path, text, "-c", "router.ini") == []
    assert told(tmp_path, text) == []


def test_sections_that_are_not_there(tmp_path):
    (tmp_path / "router.ini").write_text("[router]\n")
    lines = told(tmp_path, f"a https://b {WORDS}\n", "-c", "router.ini")
    assert [line.split(": ", 1)[1] for line in lines] == [
        "warning: router.ini has no section [plan:free], expected one (the "
        "default plan serves)",
        "error: router.ini has no section [auth:staff], expected one",
        "error: router.ini has no section [tls:inner], expected one",
        "error: router.ini has no section [sign:key], expected one",
        "error: router.ini has no section [egress:open], expected one"]
    assert told(tmp_path, f"a https://b {WORDS}\n") == []


def test_an_unknown_plan_keeps_no_map_from_its_place(tmp_path):
    (tmp_path / "router.ini").write_text("[router]\nmap = routes.db\n")
    got = run("-c", "router.ini", "-", cwd=tmp_path,
              text="a http://b plan=free\n")
    assert got.returncode == 0
    assert got.stderr == (
        "-:1:17: warning: router.ini has no section [plan:free], expected one "
        "(the default plan serves)\n")
    assert (tmp_path / "routes.db").exists()


# Long runs on a terminal


def on_a_terminal(folder, *args):
    """What a run writes to a terminal on stderr, and its exit code."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with subprocess.Popen([COMPILE, *args], cwd=folder, stderr=its) as child:
        os.close(its)
        said = b""
        end = time.monotonic() + LIMIT
        while True:
            left = end - time.monotonic()
            assert left > 0 and select.select([ours], [], [], left)[0]
            try:
                some = os.read(ours, 65536)
            except OSError:  # the last to hold the other end is gone
                break
            said += some
    os.close(ours)
    return said.decode(), child.returncode


def test_a_long_run_shows_a_bar_and_wipes_it(tmp_path):
    many = MANY
    for _ in range(MORE):
        with open(tmp_path / "l", "w", encoding="ascii") as to:
            to.writelines(f"h{i}.example http://127.0.0.1\n"
                          f"www.h{i}.example =h{i}.example\n"
                          for i in range(many))
        began = time.monotonic()
        said, code = on_a_terminal(tmp_path, "-o", "routes.db", "l")
        took = time.monotonic() - began
        assert code == 0
        if took > 2:
            break
        assert took > 1 or said == ""
        many *= 2
    drawn = said.split("\r")
    assert drawn[0] == "" and drawn[-1] == "\033[K"
    for line in drawn[1:-1]:
        assert line.startswith("\033[K[") and len(line) < 80
    shares = [int(line.split("]")[1].split("%")[0]) for line in drawn[1:-1]]
    assert shares and shares == sorted(shares) and shares[-1] <= 100
    got = run("-o", "routes.db", "l", cwd=tmp_path)
    assert (got.returncode, got.stdout, got.stderr) == (0, "", "")


def test_a_short_run_shows_none(tmp_path):
    (tmp_path / "l").write_text(GOOD)
    assert on_a_terminal(tmp_path, "-o", "routes.db", "l") == ("", 0)
