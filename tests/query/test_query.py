# SPDX-License-Identifier: BSD-2-Clause
"""
route-query and route-stat: each NAME.in is a script for sh, NAME.ref all that
it prints.

The scripts run in a folder of their own that holds the lists that stand here,
with the tools in PATH and the functions below. To see what a script prints now:
    UPDATE=1 pytest tests/query   (writes the .ref files: read the difference)
"""
import os
import pathlib
import pty
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
TOP = pathlib.Path(os.environ.get("TOP_SRCDIR", HERE.parents[1])).resolve()
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", TOP)).resolve()
TOOLS = BUILD / "tools"
LIMIT = 120  # seconds; far more than anything here takes

SCRIPTS = sorted(p.stem for p in HERE.glob("*.in"))

FUNCTIONS = r"""
compiled() { route-compile -o map routes.list; }
language() { route-compile -o map language.list 2>/dev/null; }
show() {
    printf '$'; printf ' %s' "$@"; echo
    quiet "$@"
}
quiet() {
    if "$@" 2>&1; then echo "exit 0"; else echo "exit $?"; fi
}
full() {
    printf '$'; printf ' %s' "$@" '>/dev/full'; echo
    if "$@" 2>&1 >/dev/full; then echo "exit 0"; else echo "exit $?"; fi
}
"""


def run(name, folder):
    for path in HERE.glob("*.list"):
        (folder / path.name).write_bytes(path.read_bytes())
    env = {"PATH": f"{TOOLS}:{os.environ['PATH']}", "LC_ALL": "C"}
    for option in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
        if option in os.environ:
            env[option] = os.environ[option]
    script = (HERE / f"{name}.in").read_text(encoding="utf-8")
    got = subprocess.run(["sh", "-eu", "-c", FUNCTIONS + script], cwd=folder,
                         env=env, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         timeout=LIMIT, check=False)
    assert got.returncode == 0, got.stdout
    return got.stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_whole_output_is_as_expected(name, tmp_path):
    ref = HERE / f"{name}.ref"
    got = run(name, tmp_path)
    if os.environ.get("UPDATE"):
        ref.write_bytes(got)
    assert got.decode("utf-8") == ref.read_text(encoding="utf-8")


def on_a_terminal(script, folder):
    """All that a script writes to a terminal."""
    env = {"PATH": f"{TOOLS}:{os.environ['PATH']}", "LC_ALL": "C"}
    ours, theirs = pty.openpty()
    with subprocess.Popen(["sh", "-eu", "-c", FUNCTIONS + script], cwd=folder,
                          env=env, stdin=subprocess.DEVNULL, stdout=theirs,
                          stderr=subprocess.STDOUT) as process:
        os.close(theirs)
        got = b""
        try:
            while piece := os.read(ours, 65536):
                got += piece
        except OSError:  # the other end is closed
            pass
        assert process.wait(LIMIT) == 0, got
    os.close(ours)
    return got.decode().replace("\r\n", "\n")


@pytest.fixture(name="lists")
def _lists(tmp_path):
    for path in HERE.glob("*.list"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_many_answers_are_columns_on_a_terminal(lists):
    got = on_a_terminal("""compiled
        printf 'shop.example/%s\nnone.example\nblög.example\n' "$(printf \
        '%060d' 7)" | route-query -m map - || :""", lists)
    assert got == (
        f"shop.example/{7:060d}  -               "
        f"http://127.0.0.1:8080/{7:060d}  shop.example\n" +
        "none.example".ljust(50) + "no-host         " + "-".ljust(50) +
        "-\n" + "blög.example".ljust(50) + "no-host         " +
        "-".ljust(50) + "-\n")


def test_a_replay_is_columns_on_a_terminal(lists):
    at = "[10/Oct/2026:13:55:36 +0000]"
    get = '"GET / HTTP/1.1" 200 5'
    (lists / "log").write_text(
        f"shop.example:80 ::1 - - {at} {get}\n" * 12 +
        f"none.example:80 ::1 - - {at} {get}\n", encoding="utf-8")
    got = on_a_terminal("compiled; route-query -m map --replay log", lists)
    assert got == (
        "# count  result   to                     route         url\n"
        "12       -        http://127.0.0.1:8080  shop.example  "
        "http://shop.example/\n"
        "1        no-host  -                      -             "
        "http://none.example/\n"
        "# 13 requests\n")


def test_every_script_has_its_output():
    assert {p.stem for p in HERE.glob("*.ref")} == set(SCRIPTS)
    assert len(SCRIPTS) >= 10
