# SPDX-License-Identifier: BSD-2-Clause
"""failover measures what it says. Run by `run-tests --long`, with the storm in
half of its time."""

import pathlib
import signal
import subprocess

import pytest

import failing
import fleets
import loads
import report
import storm

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 300  # seconds; far more than anything here takes


def start(out, *arguments):
    return subprocess.Popen(
        [HERE / "failover", "--no-install", "--quick", "--out", out,
         *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)


# ---- a whole run ----

@pytest.fixture(scope="module", name="measured")
def fixture_measured(tmp_path_factory):
    """Its folder, what it printed, and its numbers."""
    out = tmp_path_factory.mktemp("failover")
    with start(out) as run:
        printed, said = run.communicate(timeout=LIMIT)
    assert run.returncode == 0, printed + said
    lines = (out / "failover.tsv").read_text().splitlines()
    numbers = {tuple(line.split("\t")[:3]): line.split("\t")[3]
               for line in lines[1:]}
    return out, printed, numbers


@pytest.mark.parametrize("row", fleets.ROWS, ids=lambda row: row.key)
def test_every_row_was_in_the_storm(measured, row):
    numbers = measured[2]
    assert float(numbers[row.title, "storm", "may be repeated"]) > 1000
    assert float(numbers[row.title, "storm", "POST"]) > 300
    # Some did not answer, so that there was a storm; most did.
    unanswered = float(numbers[row.title, "storm", "of these not answered"])
    assert 0 < unanswered < 150
    strikes = {where for title, where, _ in numbers
               if title == row.title and where != "storm"}
    assert len(strikes) == 5
    for where in strikes:
        for measure in ("noticed after", "its share back after"):
            assert 0 <= float(numbers[row.title, where, measure]) < 15


@pytest.mark.parametrize("row", ["nginx-router", "fcgid-router"])
def test_the_router_loses_and_doubles_nothing(measured, row):
    title = fleets.BY_KEY[row].title
    for measure in ("of these lost", "of these doubled"):
        assert float(measured[2][title, "storm", measure]) == 0


def test_it_leaves_its_two_files(measured):
    out, printed, _ = measured
    assert sorted(p.name for p in out.iterdir()) == \
        ["failover.tsv", "failover.txt"]
    assert (out / "failover.txt").read_text() == printed


def test_an_unknown_row_is_a_usage_error(tmp_path):
    with start(tmp_path, "--only", "nobody") as run:
        _, said = run.communicate(timeout=LIMIT)
    assert run.returncode == 2 and "nginx-router" in said


def test_ended_in_the_middle_it_leaves_nothing(tmp_path):
    """Not even an origin that is stopped."""
    with start(tmp_path, "--only", "nginx") as run:
        run.stderr.readline()
        running = {}
        while not any(state(pid) == "T" for pid in running):
            running = loads.Watched({"": [run.pid]}).before
            assert run.poll() is None
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=LIMIT)
    assert run.returncode == 143
    assert set(running) & set(loads.processes()) == set()
    assert list(tmp_path.iterdir()) == []


def state(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    return text.rsplit(")", 1)[1].split()[0]


# ---- what is told of a storm ----

def result(began, took=0.01, origin="a", method="GET"):
    return storm.Result(began, took, method, f"/{began}", origin,
                        "" if origin else "502")


STRIKE = storm.Strike("hang", "a", 10.0, 12.0)
FINE = [result(10.5 + n / 100, origin="b") for n in range(storm.RUN)]


@pytest.mark.parametrize("before,seconds", [
    ([], 0), ([result(10.2, took=0.5)], 0.2),
    ([result(10.2, took=0.5), result(10.3, origin="")], 0.3),
    # Not by one of before the strike.
    ([result(9.9, origin="")], 0)])
def test_noticed_is_when_all_goes_well_for_a_while(before, seconds):
    assert storm.noticed(FINE + before, STRIKE, 0.4) == pytest.approx(seconds)


def test_one_that_is_never_noticed_has_no_number():
    assert storm.noticed(FINE[1:], STRIKE, 0.4) is None


def test_a_share_is_back_when_most_of_it_is():
    some = [result(12 + n / 100, origin="b") for n in range(50)] + [
        result(13 + n / 100, origin="ab"[n % 2]) for n in range(50)]
    back = storm.recovered(some, STRIKE)
    assert 0.3 < back < 1.0     # the last of before, within RUN
    assert storm.recovered(some[:70], STRIKE) is None


def test_lost_are_those_that_may_be_repeated():
    some = [result(1, origin=""), result(2, origin="", method="POST"),
            result(3), result(4, method="POST")]
    assert storm.lost(some) == some[:1]
    assert storm.failed(some) == some[1:2]


class Received(list):
    def received(self):
        return self


def test_one_received_by_two_is_doubled():
    ships = {"a": Received(["/1", "/2"]), "b": Received(["/2"])}
    assert storm.doubled(ships) == {"/2": 2}
    answered = [result(began, method="POST") for began in (1, 3)]
    assert storm.unreceived(answered, ships) == answered[1:]


def test_a_number_that_there_is_not_is_an_empty_cell():
    results = report.Results("row")
    for measure in ("noticed after", "its share back after"):
        results.add("x", "1: hung", measure, None, "s")
    assert "1: hung" in failing.text(results)
    assert "None" not in failing.text(results)
