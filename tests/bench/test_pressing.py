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


def test_a_start_is_compared_with_a_bare_program(measured):
    rows = measured[1]
    assert float(rows["a bare hello", "of a bare hello"]) == 1
    assert float(rows["the router, from an origin", "of a bare hello"]) > 1


def test_marks_are_printed(measured):
    assert "idle streams: peak memory" in measured[0].split("Marks")[1]
