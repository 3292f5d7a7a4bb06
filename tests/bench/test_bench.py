# SPDX-License-Identifier: BSD-2-Clause
"""map measures what it says, of tools whose results are right. Run by
`run-tests --long`, at sizes that say nothing about cost."""
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

import costs
import lists
import report
import rivals

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ["BUILD_DIR"]).resolve()
SIZES = (1000, 2000)
LIMIT = 600  # seconds; far more than anything here takes
os.environ["PATH"] += ":/usr/sbin:/sbin"


def start(out, *arguments):
    return subprocess.Popen(
        [HERE / "map", "--no-install", "--quick", "--out", out, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module", name="measured")
def fixture_measured(tmp_path_factory):
    """A whole run: its folder, what it printed, and its rows."""
    out = tmp_path_factory.mktemp("bench")
    with start(out, "--sizes", "1k,2k", "--requests", "2000") as run:
        printed, said = run.communicate(timeout=LIMIT)
    assert run.returncode == 0, said
    lines = (out / "map.tsv").read_text().splitlines()
    rows = {tuple(line.split("\t")[:3]): line.split("\t")[3]
            for line in lines[1:]}
    yield out, printed, rows
    shutil.rmtree(out)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tool", rivals.ALL, ids=lambda t: t.name)
def test_every_tool_has_its_costs_at_every_size(measured, tool, size):
    rows = measured[2]
    for measure in ("seconds", "peak memory"):
        assert float(rows[str(size), tool.name, measure]) > 0
    if tool.makes_file:
        assert float(rows[str(size), tool.name, "bytes a host"]) > 30


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("what", [*lists.ASKS, "get"])
@pytest.mark.parametrize("threads", ["", ", 2 threads"])
def test_decisions_have_rate_and_percentiles(measured, what, threads, size):
    rows = measured[2]
    name = what + threads
    p50, p99, p999 = (float(rows[str(size), name, p])
                      for p in ("p50", "p99", "p99.9"))
    assert 0 < p50 <= p99 <= p999
    assert float(rows[str(size), name, "a second"]) > 0


def test_the_router_was_asked(measured):
    rows = measured[2]
    for size in map(str, SIZES):
        assert 0 < float(rows[size, "swap", "most"]) < 30
    last = str(SIZES[-1])
    assert rows[last, "unknown hosts", "requests"] == "2000"
    assert int(rows[last, "RssAnon", "after"]) > 0


def test_every_mark_is_told(measured):
    table = measured[1].partition("Marks\n")[2]
    for what, *_ in report.marks(report.Results()):
        assert what in table


def test_it_leaves_its_three_files(measured):
    out, printed, _ = measured
    assert sorted(p.name for p in out.iterdir()) == \
        ["map.png", "map.tsv", "map.txt"]
    assert (out / "map.txt").read_text() == printed
    assert (out / "map.png").read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize("arguments", [
    ["--sizes", "10"], ["--sizes", "x"], ["--rounds", "0"], ["--nonsense"]])
def test_a_wrong_option_is_a_usage_error(tmp_path, arguments):
    with start(tmp_path, *arguments) as run:
        _, said = run.communicate(timeout=LIMIT)
    assert run.returncode == 2, said


def test_a_list_that_has_no_room_is_not_begun(tmp_path):
    with start(tmp_path, "--sizes", "1000000m") as run:
        _, said = run.communicate(timeout=LIMIT)
    assert run.returncode == 3
    assert "MiB are needed" in said
    assert list(tmp_path.iterdir()) == []


def test_ended_in_the_middle_it_clears_away(tmp_path):
    with start(tmp_path, "--sizes", "20k") as run:
        # It says so when the lists are there.
        assert "lists" in run.stderr.readline()
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=LIMIT)
    assert run.returncode == 143
    assert list(tmp_path.iterdir()) == []


# ---- lists ----

def test_a_list_is_the_same_each_time(tmp_path):
    def digest(name):
        lists.write(1000, tmp_path / f"p{name}", tmp_path / f"m{name}")
        return [hashlib.sha256((tmp_path / f"{kind}{name}").read_bytes())
                .hexdigest() for kind in "pm"]
    assert digest("a") == digest("b")
    assert len(list(tmp_path.iterdir())) == 4


def test_shuffled_on_disk_no_line_is_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(lists, "BUCKET", 300)
    monkeypatch.setattr(lists, "PENDING", 70)
    wanted = list(lists.plain(2000))
    lists.shuffle(iter(wanted), tmp_path / "to", 2000, 1)
    got = (tmp_path / "to").read_text().splitlines(keepends=True)
    assert got != wanted
    assert sorted(got) == sorted(wanted)
    assert len(list(tmp_path.iterdir())) == 1


def test_the_mixed_list_is_made_as_it_says():
    size = 20000
    lines = list(lists.mixed(size))
    matches = [line.split()[0] for line in lines]
    assert len(set(matches)) == len(matches)
    wild = [m for m in matches if m.startswith(("*.", "{user}."))]
    assert len(wild) == lists.WILDCARDS
    big = [m for m in matches if m.startswith(lists.BIG + "/")]
    assert len(big) == size // 10
    kinds = [lists.kind(n, size) for n in range(size)]
    assert [kinds.count(k) * 100 // size
            for k in ("exact", "below", "paths", "moved")] == [80, 10, 5, 5]
    assert len(matches) == size + 3 * kinds.count("paths") + len(wild) \
        + len(big) + 1


def test_both_lists_have_the_same_hosts_and_urls():
    plain = dict(line.split() for line in lists.plain(5000))
    mixed = dict(line.split()[:2] for line in lists.mixed(5000))
    assert len(plain) == 5000
    same = [host for host in plain if mixed[host] == plain[host]]
    assert len(same) == 5000 * 95 // 100
    assert set(plain) <= set(mixed)


# ---- what is wrong is found ----

@pytest.fixture(name="small")
def fixture_small(tmp_path):
    """A map of two hosts and the queries that it answers."""
    (tmp_path / "list").write_text("a.test http://a.example\n"
                                   "b.test http://b.example\n")
    subprocess.run([BUILD / "tools/route-compile", "-o", tmp_path / "map",
                    tmp_path / "list"], check=True, timeout=LIMIT)
    return tmp_path


@pytest.mark.parametrize("line,code", [
    ("a.test\t/\ta.test", 0), ("c.test\t/\t-", 0),
    ("a.test\t/\tb.test", 1), ("a.test\t/\t-", 1), ("c.test\t/\ta.test", 1)])
def test_lookups_compares_each_answer(small, line, code):
    (small / "queries").write_text("b.test\t/x\tb.test\n" + line + "\n")
    run = subprocess.run(
        [BUILD / "tests/bench/lookups", "-s", "0", small / "map",
         small / "queries"], capture_output=True, timeout=LIMIT, check=False)
    assert run.returncode == code


class Copy(rivals.Tool):
    """A tool that copies the list."""
    name = "copy"

    def stages(self):
        return [["cp", self.source, self.file]]

    def look_up(self, key):
        return dict(line.split() for line in
                    self.file.read_text().splitlines()).get(key, "")


@pytest.mark.parametrize("pairs,absent,right", [
    ([["a.test", "http://a.example"]], "c.test", True),
    ([["a.test", "http://b.example"]], "c.test", False),
    ([["c.test", "http://c.example"]], "d.test", False),
    ([["a.test", "http://a.example"]], "b.test", False)])
def test_a_tool_whose_result_is_wrong_is_told(small, pairs, absent, right):
    tool = Copy(small / "list", small, BUILD)
    costs.measure(tool.stages(), small, LIMIT)
    if right:
        tool.check(pairs, absent)
    else:
        with pytest.raises(costs.Failed):
            tool.check(pairs, absent)


def test_a_command_that_fails_is_told(tmp_path):
    with pytest.raises(costs.Failed, match="exit 1"):
        costs.measure([["cat", "none"], ["true"]], tmp_path, LIMIT)


def test_a_command_that_takes_too_long_is_ended(tmp_path):
    cost = costs.measure([["sleep", str(LIMIT)], ["cat"]], tmp_path, 0.2)
    assert cost.late


def test_peak_memory_is_that_of_the_command(tmp_path):
    held = "x = bytearray(200 << 20)"
    small = costs.measure([["true"]], tmp_path, LIMIT)
    large = costs.measure([["python3", "-c", held]], tmp_path, LIMIT)
    assert small.memory < 8 << 20
    assert 200 << 20 < large.memory < 260 << 20


# ---- marks ----

def test_marks_are_ratios_of_like_with_like():
    results = report.Results()
    for what, seconds in ((report.OURS, 3.0), (report.OURS_MIXED, 50.0),
                          (report.HTXT, 4.0), (report.LOAD, 2.0)):
        results.add(report.M1, what, "seconds", seconds, "s")
    table = report.marks_table(results)
    found = {line.split("  ")[0]: line for line in table.splitlines()}
    assert " 0.75 " in found["1 M plain: seconds, of httxt2dbm's"]
    assert found["1 M plain: seconds, of httxt2dbm's"].endswith("MISSED")
    load = found["1 M plain: seconds, of sort | db5.3_load's"]
    assert " 1.50 " in load and load.endswith(" met")


def test_a_tool_that_was_ended_has_no_ratio():
    results = report.Results()
    results.add(report.M1, report.OURS, "seconds", 1.0, "s")
    results.add(report.M1, report.HTXT, "seconds", "over 5", "s")
    assert report.marks(results)[0][1] is None
    assert "over 5" in report.text(results)
