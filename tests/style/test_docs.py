# SPDX-License-Identifier: BSD-2-Clause
"""The tables of the sources are the only source of facts: manual pages and
samples say what their rows say, and programs have the options that their
manual pages have."""
import functools
import os
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(os.environ.get(
    "TOP_SRCDIR", pathlib.Path(__file__).parents[2])).resolve()
ROUTER = TOP / "fcgi-router"
BUILD = os.environ.get("BUILD_DIR")

# Program: its manual page.
PROGRAMS = {
    "fcgi-router": "fcgi-router/fcgi-router.8",
    "route-compile": "tools/route-compile.1",
    "route-query": "tools/route-query.1",
    "route-stat": "tools/route-stat.1",
    "route-tail": "tools/route-tail.1",
}


def rows(table, macro):
    """The rows MACRO(...) of a .tbl.h: lists of words, strings unquoted."""
    source = (ROUTER / table).read_text(encoding="utf-8")
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    string = r'"(?:[^"\\]|\\.)*"'
    found = []
    for row in re.findall(rf"(?m)^{macro}\(((?:{string}|[^\"])*?)\)$", source):
        cells = re.findall(
            rf"({string}(?:\s*{string})*)|(\w+(?: \| \w+)*)", row)
        found.append([
            "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', strings)).replace(
                '\\"', '"').replace("\\\\", "\\") if strings else word
            for strings, word in cells])
    assert found and len({len(cells) for cells in found}) == 1
    return found


REASONS = [r for r in rows("base/err.tbl.h", "REASON") if r[1] != "-"]
SETTINGS = rows("settings/settings.tbl.h", "SETTING") + [
    [section, *row] for macro, section in
    (("SETTING_LOG", "log"), ("SETTING_EGRESS", "egress"),
     ("SETTING_TLS", "tls:NAME"), ("SETTING_AUTH", "auth:NAME"),
     ("SETTING_SIGN", "sign:NAME"), ("SETTING_PLAN", "plan:NAME"),
     ("SETTING_FORMAT", "format:NAME"))
    for row in rows("settings/settings.tbl.h", macro)]
DIRECTIVES = rows("route/directive.tbl.h", "DIRECTIVE")
RECORDS = rows("report/record.tbl.h", "RECORD")
COUNTED = [[row[-2], row[-1]]
           for macro in ("STATS_COUNT", "STATS_EVENT", "STATS_GAUGE")
           for row in rows("report/stats.tbl.h", macro)]
STATUS = rows("serve/status.tbl.h", "STATUS")
STATUS_MEMBERS = rows("serve/status.tbl.h", "STATUS_MEMBER")
BOARD = rows("report/board.tbl.h", "BOARD")
VARIABLES = rows("route/variable.tbl.h", "VARIABLE")


def second(row):
    return row[1]


def third(row):
    return row[2]


def source(page):
    return (TOP / page).read_text(encoding="utf-8")


@functools.lru_cache(maxsize=None)
def rendered(page):
    """What a reader sees, on one line, blanks as one."""
    run = subprocess.run(
        ["mandoc", "-T", "ascii", "-O", "width=500", TOP / page],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return one_line(re.sub(".\b", "", run.stdout))


def one_line(text):
    return " ".join(text.split())


def items(page):
    """The first word behind each .It Ic of a manual page."""
    return re.findall(r"(?m)^\.It Ic (\S+)", source(page))


# ---- every page ----

@pytest.mark.parametrize("page", [
    "fcgi-router/fcgi-router.8", "tools/route-compile.1",
    "tools/route-query.1", "tools/route-stat.1", "tools/route-tail.1",
    "conf/routes.5",
    "conf/router.ini.5"])
def test_a_manual_fits_a_terminal_of_80_columns(page):
    """Tables are what does not, and becomes unreadable."""
    run = subprocess.run(
        ["mandoc", "-T", "ascii", "-O", "width=78", TOP / page],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    lines = re.sub(".\b", "", run.stdout).split("\n")
    assert [line for line in lines if len(line) > 80] == []


# ---- fcgi-router(8): reasons ----

@pytest.mark.parametrize("row", REASONS, ids=second)
def test_manual_says_what_a_reason_is(row):
    _, word, status, sentence, advice = row
    page = rendered("fcgi-router/fcgi-router.8")
    assert f"{word} ({status}) {one_line(sentence + ' ' + advice)}" in page


def test_manual_has_no_reason_of_its_own():
    words = re.findall(r"(?m)^\.It Sy (\S+) Pq \d+$",
                       source("fcgi-router/fcgi-router.8"))
    assert words == [row[1] for row in REASONS]


# ---- fcgi-router(8): the status page ----

@pytest.mark.parametrize("row", [row[-2:] for row in
                                 STATUS + STATUS_MEMBERS + BOARD],
                         ids=lambda row: row[0])
def test_manual_says_what_the_status_page_says(row):
    name, manual = row
    assert f" {name} {one_line(manual)} " in \
        rendered("fcgi-router/fcgi-router.8")


# ---- fcgi-router(8): the access log ----

@pytest.mark.parametrize("row", RECORDS, ids=lambda row: row[0])
def test_manual_says_what_a_field_of_the_log_is(row):
    _, _, name, _, manual = row
    assert f" {name} {one_line(manual)} " in \
        rendered("fcgi-router/fcgi-router.8")


def test_manual_has_no_field_of_its_own():
    assert re.findall(r"(?m)^\.It Cm (\S+)$",
                      source("fcgi-router/fcgi-router.8")) == \
        [row[2] for row in RECORDS]


# ---- fcgi-router(8): metrics ----

METRICS = [["fcgi_router_" + row[-3 if macro == "METRIC" else -2], row[-1]]
           for macro in ("METRIC", "METRIC_GAUGE")
           for row in rows("decide/metrics.tbl.h", macro)]


@pytest.mark.parametrize("row", METRICS, ids=lambda row: row[0])
def test_manual_says_what_a_metric_is(row):
    assert one_line(f" {row[0]} {row[1]} ") in \
        rendered("fcgi-router/fcgi-router.8")


LABELS = [row[-2:] for row in rows("decide/metrics.tbl.h", "METRIC_LABEL")]


@pytest.mark.parametrize("row", LABELS, ids=lambda row: row[0])
def test_manual_says_what_a_label_is(row):
    assert one_line(f" {row[0]} {row[1]} ") in \
        rendered("fcgi-router/fcgi-router.8")


def test_manual_has_no_label_of_its_own():
    text = source("fcgi-router/fcgi-router.8")
    labels = re.search(r"(?s)\nLabels are:\n(.*?)\n\.El\n", text)[1]
    assert re.findall(r"(?m)^\.It Li (\S+)$", labels) == \
        [name for name, _ in LABELS]


def test_manual_has_no_metric_of_its_own():
    assert re.findall(r"(?m)^\.It Li (fcgi_router_\S+)$",
                      source("fcgi-router/fcgi-router.8")) == \
        [name for name, _ in METRICS]


# ---- fcgi-router(8): what is counted ----

@pytest.mark.parametrize("row", COUNTED, ids=lambda row: row[0])
def test_manual_says_what_a_count_is(row):
    key, manual = row
    assert f" {key} {one_line(manual)} " in \
        rendered("fcgi-router/fcgi-router.8")


def test_manual_has_no_count_of_its_own():
    assert re.findall(r"(?m)^\.It Va (\S+)$",
                      source("fcgi-router/fcgi-router.8")) == \
        [key for key, _ in COUNTED]


def test_manual_has_the_formats_that_are_built_in():
    names = re.findall(r'\{ \{ "(\w+)", \d+ \}, format_put_\w+ \}',
                       source("fcgi-router/report/format.c"))
    part = re.search(r"(?s)\.Ss Formats\n(.*?)\n\.El",
                     source("fcgi-router/fcgi-router.8"))[1]
    assert names and re.findall(r"(?m)^\.It Sy (\S+)$", part) == names
    row, = [row for row in SETTINGS if row[:2] == ["log", "format"]]
    assert all(name in row[-1] for name in names)


# ---- router.ini(5) and the sample ----

def value_forms(row):
    """How the manual may spell what a setting takes."""
    _, key, _, kind, _, _, most, _ = row
    words = most.split("|") if kind in ("WORD", "WORDS", "PATH") and most \
        else []
    words += {"BOOL": ["yes", "no"], "COUNT": ["number"], "TIME": ["time"],
              "SIZE": ["size"], "USERS": ["users"], "NAME": ["name"],
              "FIELD": ["field"], "FIELDS": ["fields"], "PAIRS": ["pairs"],
              "HOSTS": ["names"],
              "RANGES": ["ranges"], "URL": ["url"],
              "RATE": ["rate"], "BY": [*most.split("|"), "tag:K"],
              "FILTER": ["filter"], "LINE": ["line"], "SHARE": ["share"],
              "REDACT": ["words"], "TEXT": ["text"]}.get(kind, [])
    if kind == "PATH":
        words.append("folder" if key in ("dir", "sockets")
                     or key.endswith("_dir") else "file")
    return " | ".join(words)


def limits(row):
    _, _, _, kind, preset, least, most, _ = row
    text = ""
    if kind in ("COUNT", "TIME", "SIZE", "RATE"):
        text += f" From {least} to {most}."
    if preset:
        text += f" Default: {preset}."
    return text


@pytest.mark.parametrize("row", SETTINGS, ids=second)
def test_manual_says_what_a_setting_is(row):
    wanted = f"{row[1]} = {value_forms(row)} {row[-1]}{limits(row)}"
    assert one_line(wanted) in rendered("conf/router.ini.5")


def test_manual_has_no_setting_of_its_own():
    assert items("conf/router.ini.5") == [row[1] for row in SETTINGS]


def sample():
    """(section, comment, name, value) of each setting of the sample, in the
    first section of its kind that has it."""
    section, comment, found = None, "", []
    for line in source("conf/router.ini").split("\n"):
        if line.startswith(("[", "#[")):
            section = re.sub(":.*", ":NAME", line.strip("#[]"))
        elif line.startswith("# "):
            comment += line[1:]
        elif " = " in line:
            key, value = line.removeprefix("#").split(" = ", 1)
            if not any((s[0], s[2]) == (section, key) for s in found):
                found.append((section, one_line(comment), key, value))
        if not line.startswith("# "):
            comment = ""
    return found


@pytest.mark.parametrize("row", SETTINGS, ids=second)
def test_sample_says_what_a_setting_is(row):
    section, key, _, kind, preset, least, most, manual = row
    comment = manual
    if kind in ("COUNT", "TIME", "SIZE", "RATE"):
        comment += f" From {least} to {most}."
    found = [s for s in sample() if s[0] == section and s[2] == key]
    assert len(found) == 1
    assert found[0][1] == one_line(comment)
    assert not preset or found[0][3] == preset


def test_sample_has_no_setting_of_its_own():
    assert [(s[0], s[2]) for s in sample()] == \
        [(row[0], row[1]) for row in SETTINGS]


# ---- routes(5) and the sample ----

# Where a directive may stand, as the manual says it.
WHERE = {
    "ON_ROUTE": "On routes.",
    "ON_ROUTE | ON_SERVICE": "On routes and services.",
    "ON_SERVICE": "On services.",
    "ON_ORIGIN": "Behind an origin of a service.",
}


@pytest.mark.parametrize("row", DIRECTIVES, ids=third)
def test_manual_says_what_a_directive_is(row):
    _, _, word, kind, where, manual = row
    page = rendered("conf/routes.5")
    assert one_line(f"{manual}. {WHERE[where]}") in page
    assert re.search(rf"(?<![\w-]){word}" + ("=" if kind == "VALUE" else ""),
                     page)


def test_manual_has_no_directive_of_its_own():
    assert [item.rstrip("=") for item in items("conf/routes.5")] == \
        [row[2] for row in DIRECTIVES]


@pytest.mark.parametrize("row", VARIABLES, ids=lambda row: row[0])
def test_manual_says_what_a_variable_is(row):
    word = "{" + (row[1] or "capture")
    text = " " + one_line(row[-1]) + "."
    page = rendered("conf/routes.5")
    assert re.search(re.escape(word) + r"(\.\w)?}" + re.escape(text), page)


def sample_words():
    """The words of each line of the sample list, comments apart."""
    lines = source("conf/routes.list").splitlines()
    return [re.sub(r"(^|\s)#.*", "", line).split() for line in lines]


@pytest.mark.parametrize("row", DIRECTIVES, ids=third)
def test_sample_has_the_directive(row):
    said = row[2] + ("=" if row[3] == "VALUE" else "")
    assert any(word.startswith(said) for words in sample_words()
               for word in words)


@pytest.mark.parametrize("form", [
    r"https?://", r"unix:/\S+$", r"unix:/\S+:/", r"@[a-z0-9.-]+$",
    r"@[a-z]+/[a-z]+$", r"@\{\w+\}$", r"@[a-z]+/\{\w+\}$", r"=[a-z]",
    r"redirect=30[128]$", r"respond=\d+$", "internal=health$",
    "internal=ask$"])
def test_sample_has_the_target(form):
    assert any(re.match(form, words[1]) for words in sample_words()
               if len(words) > 1)


@pytest.mark.parametrize("form", [
    r"myblog\.\S+$", r"\{\w+\}\.", r"\*\.", r"\*$", r"\d+\.\d+\.\d+\.\d+$",
    r"\[", r"[^/]+/\w+$", r"[^/]+/\{", r"\*\*/", r"@\w+$", r"@\w+/\w+$",
    "%defaults$", "%headers$"])
def test_sample_has_the_entry(form):
    assert any(re.match(form, words[0]) for words in sample_words() if words)


@pytest.mark.parametrize("word", [
    "when", "split", "request-header", "response-header"])
def test_sample_has_the_clause(word):
    assert any(words[0] == word for words in sample_words() if words)


@pytest.mark.parametrize("word", [
    "header.", "cookie.", "query.", "method=", "client=", "scheme=", "!"])
def test_sample_has_the_condition(word):
    conditions = [part for words in sample_words() if words[:1] == ["when"]
                  for part in words[1:words.index("->")]]
    assert any(part.lstrip("!").startswith(word) or
               (word == "!" and part[0] == "!") for part in conditions)


# ---- options ----

def program(word):
    """The built program, or a skip where nothing was built."""
    if BUILD is None:
        pytest.skip("BUILD_DIR is not set: nothing was built to be asked")
    return pathlib.Path(BUILD, pathlib.Path(PROGRAMS[word]).parent, word)


def ask(word, *arguments):
    return subprocess.run([program(word), *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False)


def options(text):
    return set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", text))


def manual_options(page):
    """What the .It lines of a page have behind Fl."""
    found = set()
    for line in re.findall(r"(?m)^\.It (.*\bFl .*)$", source(page)):
        found |= {"-" + word for word in re.findall(r"\bFl (\S+)", line)}
    return found


@pytest.mark.parametrize("word", PROGRAMS)
def test_help_and_manual_have_the_same_options(word):
    run = ask(word, "--help")
    assert run.returncode == 0
    assert run.stderr == ""
    assert options(run.stdout) == manual_options(PROGRAMS[word])


@pytest.mark.parametrize("word", PROGRAMS)
def test_an_unknown_option_is_a_usage_error(word):
    run = ask(word, "--no-such-option")
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr != ""


@pytest.mark.parametrize("row", REASONS, ids=second)
def test_why_prints_the_row(row):
    _, word, status, sentence, advice = row
    run = ask("fcgi-router", "--why", word)
    assert run.returncode == 0
    said = one_line(run.stdout)
    assert word in said and status in said
    assert one_line(sentence) in said and one_line(advice) in said


def test_why_names_the_word_that_was_meant():
    run = ask("fcgi-router", "--why", "orgin-tls")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("fcgi-router: ")
    assert run.stderr.endswith("perhaps 'origin-tls'\n")


def test_why_of_a_word_that_is_near_to_none_names_them_all():
    run = ask("fcgi-router", "--why", "blue\x1b[2J")
    assert (run.returncode, run.stdout) == (1, "")
    assert "\x1b" not in run.stderr and run.stderr.count("\n") == 1
    assert run.stderr.split(":")[-1].split() == [row[1] for row in REASONS]


def test_options_are_found_in_a_help_text():
    assert options("usage: x [-c FILE] [--tcp]\n  -h, --help  so-and-so\n") \
        == {"-c", "--tcp", "-h", "--help"}
