# SPDX-License-Identifier: BSD-2-Clause
"""route-compile: kept generations, the way back, and what stands in it."""
import os
import random
import re
import signal
import stat
import subprocess
import time

import pytest
from test_compile import (COMPILE, GOOD, LIMIT, SMALL, big_list, run,
                          small_files)

QUERY = COMPILE.parent / "route-query"
KILLS = 25  # of a run each
TRIES = 40 * KILLS
ROUNDS = 3
NOBODY = 65534
HOSTS = 2000


def compile_port(folder, port, *args):
    """A map whose one host goes to that port."""
    return run(*args, "-o", "routes.db", "-", cwd=folder,
               text=f"a.example http://127.0.0.1:{port}\n")


def files(folder):
    return sorted(p.name for p in folder.iterdir())


seen = {}


def generation(path):
    """Of a map that is whole; one that has not changed is read once."""
    now = path.stat()
    known = (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)
    if known not in seen:
        verify(path)
        info = subprocess.run([QUERY, "--info", "-m", path], timeout=LIMIT,
                              encoding="utf-8", stdout=subprocess.PIPE,
                              check=True).stdout
        seen[known] = int(re.search(r"generation +(\d+)", info).group(1))
    return seen[known]


def verify(path):
    got = subprocess.run([QUERY, "--verify", "-m", path], timeout=LIMIT,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         check=False)
    assert got.returncode == 0, got.stderr


def port(path):
    """Where the one host of compile_port goes."""
    got = subprocess.run([QUERY, "-m", path, "http://a.example/"],
                         encoding="utf-8", stdout=subprocess.PIPE,
                         timeout=LIMIT, check=True)
    return int(re.search(r"127\.0\.0\.1:(\d+)", got.stdout).group(1))


def test_the_last_generations_are_kept_beside_the_map(tmp_path):
    for n in (1, 2, 3, 4, 5):
        got = compile_port(tmp_path, n, "--keep", "2")
        assert (got.returncode, got.stdout, got.stderr) == (0, "", "")
    assert files(tmp_path) == ["routes.db", "routes.db.3", "routes.db.4"]
    for n, name in ((5, "routes.db"), (4, "routes.db.4"), (3, "routes.db.3")):
        assert generation(tmp_path / name) == n
        assert port(tmp_path / name) == n


def test_without_keep_nothing_is_kept_and_nothing_removed(tmp_path):
    compile_port(tmp_path, 1)
    compile_port(tmp_path, 2, "--keep", "9")
    compile_port(tmp_path, 3)
    assert files(tmp_path) == ["routes.db", "routes.db.1"]
    assert compile_port(tmp_path, 4, "--keep", "0").returncode == 0
    assert files(tmp_path) == ["routes.db"]


def test_errors_keep_no_generation(tmp_path):
    compile_port(tmp_path, 1)
    got = run("--keep", "3", "-o", "routes.db", "-", cwd=tmp_path, text="x\n")
    assert got.returncode == 1
    assert files(tmp_path) == ["routes.db"]


def test_only_maps_of_that_generation_are_removed(tmp_path):
    for n in range(1, 10):
        compile_port(tmp_path, n)
    foreign = {"routes.db.1": b"text", "routes.db.01": b"", "routes.db.x": b"",
               "routes.db.": b"", "routes.db.2.gz": b"", "other.db.1": b"",
               "routes.db.77": b"text"}
    for name, text in foreign.items():
        (tmp_path / name).write_bytes(text)
    os.link(tmp_path / "routes.db", tmp_path / "routes.db.2")
    (tmp_path / "routes.db.3").mkdir()
    os.mkfifo(tmp_path / "routes.db.4")
    before = files(tmp_path)
    for n in (10, 11, 12):
        assert compile_port(tmp_path, n, "--keep", "1").returncode == 0
    assert generation(tmp_path / "routes.db") == 12
    assert files(tmp_path) == sorted([*before, "routes.db.11"])
    for name, text in foreign.items():
        assert (tmp_path / name).read_bytes() == text


def test_another_file_in_a_kept_ones_place_is_an_error(tmp_path):
    compile_port(tmp_path, 1)
    (tmp_path / "routes.db.1").symlink_to("elsewhere")
    old = (tmp_path / "routes.db").read_bytes()
    got = compile_port(tmp_path, 2, "--keep", "1")
    assert got.returncode == 3
    assert got.stderr == (
        "route-compile: routes.db.1: another file, expected to keep the old "
        "map there\n")
    assert (tmp_path / "routes.db").read_bytes() == old
    assert files(tmp_path) == ["routes.db", "routes.db.1"]


def test_generations_go_on_above_those_that_are_kept(tmp_path):
    for n in (1, 2, 3):
        compile_port(tmp_path, n, "--keep", "5")
    (tmp_path / "routes.db").write_bytes(b"\0" * 8192)
    got = compile_port(tmp_path, 4, "-v", "--keep", "5")
    assert "the old map is broken, its generation is not known" in got.stderr
    assert "generation 3, " in got.stdout
    (tmp_path / "routes.db").unlink()
    assert "generation 3, " in compile_port(tmp_path, 5, "-v").stdout


def test_rollback_puts_the_last_kept_one_back(tmp_path):
    for n in (1, 2, 3):
        compile_port(tmp_path, n, "--keep", "5")
    got = run("--rollback", "-v", "-o", "routes.db", cwd=tmp_path)
    assert (got.returncode, got.stderr) == (0, "")
    assert re.fullmatch(
        r"routes\.db: generation 4 has the routes of generation 2, 1 hosts, "
        r"0 wildcards, 0 paths, 0 services, \d+ records, \d+\.\d{3} s\n",
        got.stdout)
    assert generation(tmp_path / "routes.db") == 4
    assert port(tmp_path / "routes.db") == 2
    assert files(tmp_path) == ["routes.db", "routes.db.1", "routes.db.2"]


def test_each_further_rollback_goes_further_back(tmp_path):
    for n in (1, 2, 2, 3, 4):
        compile_port(tmp_path, n, "--keep", "5")
    for want in (3, 2, 1):
        got = run("--rollback", "-o", "routes.db", cwd=tmp_path)
        assert (got.returncode, got.stdout, got.stderr) == (0, "", "")
        assert port(tmp_path / "routes.db") == want
    got = run("--rollback", "-o", "routes.db", cwd=tmp_path)
    assert (got.returncode, got.stderr) == (
        1, "route-compile: routes.db: nothing older than it is kept beside "
        "it, nothing was installed, expected such a generation (--keep N "
        "keeps them)\n")
    assert generation(tmp_path / "routes.db") == 8
    assert port(tmp_path / "routes.db") == 1


def test_a_map_that_a_list_has_brought_back_is_rolled_back_too(tmp_path):
    for n in (1, 2, 1):
        compile_port(tmp_path, n, "--keep", "5")
    assert run("--rollback", "-o", "routes.db", cwd=tmp_path).returncode == 0
    assert port(tmp_path / "routes.db") == 2


def test_rollback_keeps_what_it_replaces_if_that_is_said(tmp_path):
    compile_port(tmp_path, 1)
    compile_port(tmp_path, 2, "--keep", "1")
    for want in (1, 2, 1):
        got = run("--rollback", "--keep", "2", "-o", "routes.db",
                  cwd=tmp_path)
        assert (got.returncode, got.stderr) == (0, "")
        assert port(tmp_path / "routes.db") == want
    assert files(tmp_path) == ["routes.db", "routes.db.3", "routes.db.4"]


def test_rollback_replaces_a_map_that_is_lost(tmp_path):
    compile_port(tmp_path, 1)
    compile_port(tmp_path, 2, "--keep", "1")
    (tmp_path / "routes.db").unlink()
    assert run("--rollback", "-o", "routes.db", cwd=tmp_path).returncode == 0
    assert port(tmp_path / "routes.db") == 1
    (tmp_path / "routes.db").write_bytes(b"\0" * 4096)
    got = run("--rollback", "-o", "routes.db", cwd=tmp_path)
    assert got.returncode == 0
    assert "the old map is broken" in got.stderr
    assert port(tmp_path / "routes.db") == 1


def test_rollback_without_a_kept_one_changes_nothing(tmp_path):
    said = ("route-compile: routes.db: nothing older than it is kept beside "
            "it, nothing was installed, expected such a generation (--keep N "
            "keeps them)\n")
    got = run("--rollback", "-o", "routes.db", cwd=tmp_path)
    assert (got.returncode, got.stdout, got.stderr) == (1, "", said)
    assert files(tmp_path) == []
    compile_port(tmp_path, 1)
    old = (tmp_path / "routes.db").read_bytes()
    got = run("--rollback", "-o", "routes.db", cwd=tmp_path)
    assert (got.returncode, got.stdout, got.stderr) == (1, "", said)
    assert (tmp_path / "routes.db").read_bytes() == old
    assert files(tmp_path) == ["routes.db"]


def test_rollback_to_a_broken_one_changes_nothing(tmp_path):
    compile_port(tmp_path, 1)
    compile_port(tmp_path, 2, "--keep", "1")
    old = (tmp_path / "routes.db").read_bytes()
    kept = tmp_path / "routes.db.1"
    broken = bytearray(kept.read_bytes())
    broken[5000] ^= 1
    kept.write_bytes(broken)
    got = run("--rollback", "-o", "routes.db", cwd=tmp_path)
    assert got.returncode == 3
    assert got.stderr.startswith("route-compile: routes.db.1: ")
    assert (tmp_path / "routes.db").read_bytes() == old
    assert files(tmp_path) == ["routes.db", "routes.db.1"]


def test_rollback_replaces_no_list(tmp_path):
    compile_port(tmp_path, 1)
    compile_port(tmp_path, 2, "--keep", "1")
    (tmp_path / "routes.db").write_text(GOOD)
    got = run("--rollback", "-o", "routes.db", cwd=tmp_path)
    assert got.returncode == 3
    assert got.stderr == ("route-compile: routes.db: a list of routes, "
                          "expected the map to write there\n")
    assert (tmp_path / "routes.db").read_text() == GOOD


def test_rollback_on_a_full_disk_changes_nothing(tmp_path):
    big_list(tmp_path / "l")
    run("-o", "routes.db", "l", cwd=tmp_path)
    compile_port(tmp_path, 2, "--keep", "1")
    old = (tmp_path / "routes.db").read_bytes()
    assert len(old) < SMALL
    got = run("--rollback", "-o", "routes.db", cwd=tmp_path,
              preexec_fn=small_files, restore_signals=False)
    assert got.returncode == 3
    assert got.stderr.startswith("route-compile: ./.routes.db.new: ") or \
        got.stderr.startswith("route-compile: .routes.db.new: ")
    assert (tmp_path / "routes.db").read_bytes() == old
    assert files(tmp_path) == ["l", "routes.db", "routes.db.1"]


@pytest.mark.parametrize("args,why", [
    (("--rollback", "l"), "--rollback takes no list"),
    (("--rollback", "-n"), "-n checks lists, --rollback has none"),
    (("--keep", "-1", "l"), "--keep -1: expected a number from 0 to 1000"),
    (("--keep", "1001", "l"), "--keep 1001: expected a number from 0 to 1000"),
    (("--keep", "x", "l"), "--keep x: expected a number from 0 to 1000"),
    (("--memory", "1m", "l"), "--memory 1m: expected a size of 16m or more"),
    (("--memory", "much", "l"),
     "--memory much: expected a size of 16m or more"),
])
def test_options_that_do_not_fit(tmp_path, args, why):
    (tmp_path / "l").write_text(GOOD)
    got = run(*args, cwd=tmp_path)
    assert got.returncode == 2
    said, usage = got.stderr.splitlines()
    assert said == f"route-compile: {why}"
    assert usage.startswith("usage: route-compile ")
    assert files(tmp_path) == ["l"]


# Symbolic links, folders, owners


def test_the_file_behind_a_symbolic_link_is_replaced_and_kept(tmp_path):
    (tmp_path / "maps").mkdir()
    (tmp_path / "routes.db").symlink_to("maps/real.db")
    for n in (1, 2, 3):
        assert compile_port(tmp_path, n, "--keep", "1").returncode == 0
    assert (tmp_path / "routes.db").is_symlink()
    assert files(tmp_path) == ["maps", "routes.db"]
    assert files(tmp_path / "maps") == ["real.db", "real.db.2"]
    assert run("--rollback", "-o", "routes.db", cwd=tmp_path).returncode == 0
    assert port(tmp_path / "maps" / "real.db") == 2


def test_a_folder_in_the_maps_place_is_an_error(tmp_path):
    (tmp_path / "routes.db").mkdir()
    for args in (("-",), ("--rollback",)):
        got = run("-o", "routes.db", *args, cwd=tmp_path, text=GOOD)
        assert got.returncode == 3
        assert got.stderr == ("route-compile: routes.db: not a file, and so "
                              "not replaced by one\n")
    assert files(tmp_path) == ["routes.db"]
    assert files(tmp_path / "routes.db") == []


def as_nobody(folder):
    """What makes a run one of a user who may not do all; the folders above
    are opened to it."""
    if os.geteuid() != 0:
        return {}
    for above in [folder, *folder.parents][:4]:
        if above.owner() == "root" and above.name.startswith("pytest-") or \
                above == folder:
            above.chmod(above.stat().st_mode | 0o055)
    return {"user": NOBODY, "group": NOBODY}


def test_a_folder_that_is_read_only(tmp_path):
    compile_port(tmp_path, 1)
    nobody = as_nobody(tmp_path)
    tmp_path.chmod(0o555)
    try:
        got = run("--keep", "1", "-o", "routes.db", "-", cwd=tmp_path,
                  text=GOOD, **nobody)
    finally:
        tmp_path.chmod(0o755)
    assert got.returncode == 3
    assert got.stderr == ("route-compile: .routes.db.new: cannot create: "
                          "Permission denied\n")
    assert port(tmp_path / "routes.db") == 1
    assert files(tmp_path) == ["routes.db"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes owners")
def test_the_owner_is_kept(tmp_path):
    compile_port(tmp_path, 1)
    os.chown(tmp_path / "routes.db", 12345, 23456)
    (tmp_path / "routes.db").chmod(0o640)
    assert compile_port(tmp_path, 2, "--keep", "1").returncode == 0
    for args in ((), ("--rollback",)):
        if args:
            run(*args, "-o", "routes.db", cwd=tmp_path)
        now = (tmp_path / "routes.db").stat()
        assert (now.st_uid, now.st_gid) == (12345, 23456)
        assert stat.S_IMODE(now.st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another")
def test_an_owner_that_cannot_be_kept_is_told(tmp_path):
    nobody = as_nobody(tmp_path)
    tmp_path.chmod(0o777)
    compile_port(tmp_path, 1)
    (tmp_path / "routes.db").chmod(0o644)
    got = run("-o", "routes.db", "-", cwd=tmp_path, text=GOOD, **nobody)
    assert got.returncode == 0
    assert got.stderr == (
        "route-compile: warning: routes.db: its owner could not be kept: "
        "Operation not permitted\n")
    assert (tmp_path / "routes.db").stat().st_uid == NOBODY


# Lists in folders


def test_a_folder_is_its_lists_in_the_order_of_their_names(tmp_path):
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "b.list").write_text("a.example http://127.0.0.1:2\n")
    (lists / "a.list").write_text("a.example http://127.0.0.1:1\n")
    (lists / "Z.list").write_text("z.example http://127.0.0.1:3\n")
    (lists / ".hidden.list").write_text("nonsense\n")
    (lists / "notes.txt").write_text("nonsense\n")
    for name in ("lists", "lists/"):
        got = run("-n", name, cwd=tmp_path)
        assert got.returncode == 1
        assert got.stderr == (
            "lists/b.list:1:1: error: a.example is routed otherwise at "
            "lists/a.list:1:1, expected one route for it\n"
            "route-compile: 1 error, nothing was installed\n")
    (lists / "b.list").unlink()
    assert run("-o", "routes.db", "lists", cwd=tmp_path).returncode == 0
    assert port(tmp_path / "routes.db") == 1
    info = subprocess.run([QUERY, "--info", "-m", tmp_path / "routes.db"],
                          encoding="utf-8", stdout=subprocess.PIPE,
                          check=True, timeout=LIMIT).stdout
    assert info.index("lists/Z.list") < info.index("lists/a.list")


def test_a_folder_without_a_list_is_an_error(tmp_path):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "notes.txt").write_text(GOOD)
    got = run("-o", "routes.db", "lists", cwd=tmp_path)
    assert got.returncode == 3
    assert got.stderr == ("route-compile: lists: no list in this folder, "
                          "expected *.list\n")
    assert files(tmp_path) == ["lists"]


def test_a_control_byte_in_a_lists_name_is_an_error(tmp_path):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "a\x1b[31m.list").write_text(GOOD)
    got = run("-n", "lists", cwd=tmp_path)
    assert got.returncode == 3
    assert got.stderr == ("route-compile: lists/a\\x1b[31m.list: a control "
                          "byte in a file's name\n")


def test_lists_of_apache_stand_beside_others(tmp_path):
    (tmp_path / "one.txt").write_text("a.example http://127.0.0.1:1\n")
    (tmp_path / "two.txt").write_text("b.example http://127.0.0.1:2\n")
    (tmp_path / "l").write_text("c.example =a.example\n"
                                "b.example http://127.0.0.1:3\n")
    both = ("--rewritemap", "one.txt", "--rewritemap", "two.txt")
    got = run("-v", "-n", "l", *both, cwd=tmp_path)
    assert got.returncode == 1
    assert got.stderr == (
        "l:2:1: error: b.example is routed otherwise at two.txt:1:1, expected "
        "one route for it\n"
        "route-compile: 1 error, nothing was installed\n")
    (tmp_path / "l").write_text("c.example =a.example\n")
    got = run("-v", "-o", "routes.db", "l", *both, cwd=tmp_path)
    assert (got.returncode, got.stderr) == (0, "")
    assert ": generation 1, 3 hosts, " in got.stdout


# Killed at any instant


def wait_until(moment):
    while time.monotonic() < moment:
        os.sched_yield()


def many_list(path, n):
    path.write_text("".join(
        f"h{i}.example http://127.0.0.1:{n}\n"
        f"www.h{i}.example =h{i}.example\n" for i in range(HOSTS)) +
        f"a.example http://127.0.0.1:{n}\n")


@pytest.mark.parametrize("rollback", [False, True])
def test_killed_whenever_it_may_be_all_maps_are_whole(tmp_path, rollback):
    """Also the kept ones; and the next run clears what is left behind."""
    rolls = random.Random(rollback)
    for n in (1, 2):
        many_list(tmp_path / "l", n)
        assert run("--keep", "3", "-o", "routes.db", "l",
                   cwd=tmp_path).returncode == 0
    args = ["--keep", "3", "-o", "routes.db"]
    args += ["--rollback"] if rollback else ["l"]
    began = time.monotonic()
    assert run(*args, cwd=tmp_path).returncode == 0
    takes = time.monotonic() - began
    killed = tried = 0
    while killed < KILLS and tried < TRIES:
        tried += 1
        live = generation(tmp_path / "routes.db")
        moment = time.monotonic() + rolls.uniform(0, takes)
        with subprocess.Popen([COMPILE, *args], cwd=tmp_path) as child:
            wait_until(moment)
            child.kill()
        killed += child.returncode == -signal.SIGKILL
        assert generation(tmp_path / "routes.db") in (live, live + 1)
        for path in tmp_path.glob("routes.db.*"):
            assert generation(path) == int(path.name[len("routes.db."):])
    assert killed == KILLS
    assert run(*args, cwd=tmp_path).returncode == 0
    live = generation(tmp_path / "routes.db")
    kept = [name for name in files(tmp_path) if name.startswith("routes.db.")]
    assert files(tmp_path) == sorted(["l", "routes.db", *kept])
    assert len(kept) == 3
    assert max(int(name[len("routes.db."):]) for name in kept) == live - 1


def test_runs_at_once_keep_each_others_maps(tmp_path):
    compile_port(tmp_path, 1)
    for n in (7, 8, 9):
        (tmp_path / f"l{n}").write_text(f"a.example http://127.0.0.1:{n}\n")
    for _ in range(ROUNDS):
        children = [subprocess.Popen(
            [COMPILE, "--keep", "9", "-o", "routes.db", what], cwd=tmp_path,
            stderr=subprocess.DEVNULL)
            for what in ("l7", "l8", "l9", "--rollback")]
        codes = [child.wait(LIMIT) for child in children]
        assert codes[:3] == [0, 0, 0]
        assert codes[3] in (0, 1)
    live = generation(tmp_path / "routes.db")
    kept = sorted(int(p.name[len("routes.db."):])
                  for p in tmp_path.glob("routes.db.*"))
    assert kept == list(range(max(1, live - 9), live))
    assert not (tmp_path / ".routes.db.new").exists()
    for n in kept:
        assert generation(tmp_path / f"routes.db.{n}") == n
