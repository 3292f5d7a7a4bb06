# SPDX-License-Identifier: BSD-2-Clause
"""
route-query: each NAME.in is a script for sh, NAME.ref all that it prints.

The scripts run in a folder of their own that holds the lists that stand here,
with the tools in PATH and the functions below. To see what a script prints now:
    UPDATE=1 pytest tests/query   (writes the .ref files: read the difference)
"""
import os
import pathlib
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


def test_every_script_has_its_output():
    assert {p.stem for p in HERE.glob("*.ref")} == set(SCRIPTS)
    assert len(SCRIPTS) >= 10
