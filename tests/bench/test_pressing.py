# SPDX-License-Identifier: BSD-2-Clause
"""pressure measures what it says. Run by `run-tests --long`, with numbers of
peers that say little about cost."""

import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 300  # seconds; far more than it takes


@pytest.fixture(scope="module", name="measured")
def fixture_measured(tmp_path_factory):
    """A whole run: what it printed, and its rows."""
    out = tmp_path_factory.mktemp("pressure")
    run = subprocess.run(
        [HERE / "pressure", "--no-install", "--count", "40", "--streams",
         "100", "--seconds", "2", "--hold", "2", "--routes", "1000",
         "--rounds", "5", "--out", out], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=LIMIT, check=False)
    assert run.returncode == 0, run.stderr
    lines = (out / "pressure.tsv").read_text().splitlines()
    rows = {tuple(line.split("\t")[1:3]): line.split("\t")[3]
            for line in lines[1:]}
    assert (out / "pressure.txt").read_text() in run.stdout
    return run.stdout, rows


@pytest.mark.parametrize("what", [
    "http, idle", "http, pressed", "https, idle", "https, pressed",
    "idle streams"])
def test_normal_traffic_is_answered_and_measured(measured, what):
    rows = measured[1]
    p50, p99 = (float(rows[what, f"{p} of normal traffic"])
                for p in ("p50", "p99"))
    assert 0 < p50 <= p99
    assert rows[what, "failures of normal traffic"] == "0"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", ["waits for its origin",
                                  "has a slow client"])
def test_each_state_has_its_memory(measured, scheme, kind):
    assert 1 < float(measured[1][f"{scheme}, {kind}", "memory each"]) < 1000


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_slow_ones_take_no_thread_and_do_not_fail(measured, scheme):
    rows = measured[1]
    assert rows[f"{scheme}, pressed", "threads more than idle"] == "0"
    assert rows[f"{scheme}, pressed", "slow ones that failed"] == "0"


def test_streams_are_held(measured):
    rows = measured[1]
    assert rows["idle streams", "that ended"] == "0"
    assert 1 < float(rows["idle streams", "peak memory"]) < 400
    assert int(rows["idle streams", "threads, the main one too"]) <= 9


@pytest.mark.parametrize("way", ["CGI", "FastCGI"])
def test_a_start_is_compared_with_a_bare_program(measured, way):
    rows = measured[1]
    assert float(rows[f"{way}: a hello", "of a hello"]) == 1
    own, origin = (float(rows[f"{way}: {what}", "of a hello"]) for what in
                   ("answering itself", "from an http origin"))
    assert 1 < own < origin


@pytest.mark.parametrize("what", [
    "idle router: answering itself", "idle router: from an https origin",
    "mod_fcgid, clients: 1", "mod_fcgid, clients: 4"])
def test_private_memory_is_what_was_written_and_what_nobody_else_sees(
        measured, what):
    whole, written, files, seen = (
        float(measured[1][what, measure]) for measure in (
            "private, without the map", "that it wrote",
            "of programs and libraries", "the same, shared or not"))
    assert 0.1 < written <= whole <= written + files + 0.001
    assert files <= seen


def test_marks_are_printed(measured):
    marks = measured[0].split("Marks")[1]
    assert "idle streams: peak memory" in marks
    assert "FastCGI: answering itself" in marks
