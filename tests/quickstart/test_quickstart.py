# SPDX-License-Identifier: BSD-2-Clause
"""./quickstart, as a newcomer runs it; packages are there already."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request

import pytest

TOP = pathlib.Path(os.environ["TOP_SRCDIR"])
BUILD = TOP / "build" / "quickstart"
BUILD_SECONDS = 300


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def processes():
    """Processes that run something of the build folder, or were told to."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = process.joinpath("cmdline").read_bytes()
        except OSError:
            continue
        if str(BUILD).encode() in words:
            found.append(words)
    return found


def files_elsewhere():
    return {(path, path.lstat().st_mtime_ns) for path in TOP.rglob("*")
            if (TOP / "build") not in (path, *path.parents)
            and path.is_file()}


def start(*arguments):
    """As from a terminal: SIGINT works, whoever has started this test."""
    return subprocess.Popen(
        ["env", "--default-signal=INT", TOP / "quickstart", "--no-install",
         *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)


@pytest.fixture(name="once", scope="module")
def fixture_once():
    """One whole run, with the files of the tree before and after it."""
    before = files_elsewhere()
    port = free_port()
    with start("--once", "--port", str(port)) as run:
        out, err = run.communicate(timeout=BUILD_SECONDS)
    return {"out": out, "err": err, "code": run.returncode, "port": port,
            "before": before, "after": files_elsewhere(),
            "left": processes()}


def test_once_ends_well_with_every_answer_right(once):
    assert once["code"] == 0, once["out"] + once["err"]
    assert "WRONG" not in once["out"]
    assert len(re.findall(r"^-- right$", once["out"], re.M)) >= 8


@pytest.mark.parametrize("part", [
    r"HTTP/1\.1 404", r"X-Router-Reason: no-host", r"X-Shop: open",
    r"X-Shop: closed", r"origin one was asked for /shop/7",
    r"X-User-Host: anna\.users\.example", r"nothing was restarted"])
def test_it_shows(once, part):
    assert re.search(part, once["out"])


def test_no_process_is_left(once):
    assert once["left"] == []


def test_no_file_outside_of_the_build_folder_changes(once):
    assert once["before"] == once["after"]


def test_a_port_in_use_is_a_clear_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start("--once", "--port", str(port)) as run:
            out, err = run.communicate(timeout=60)
    assert run.returncode == 1
    assert f"port {port} of 127.0.0.1 is in use" in err
    assert out == ""


@pytest.mark.parametrize("arguments", [
    ["--port"], ["--port", "0"], ["--port", "70000"], ["--port", "http"],
    ["--fast"]])
def test_a_wrong_argument_is_exit_2(arguments):
    with start(*arguments) as run:
        run.communicate(timeout=60)
    assert run.returncode == 2


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_until_a_signal_and_leaves_nothing(number):
    port = free_port()
    with start("--port", str(port)) as run:
        alarm = threading.Timer(BUILD_SECONDS, run.kill)
        alarm.start()
        for line in run.stdout:
            sys.stdout.write(line)
            if "it stays until Ctrl-C" in line:
                break
        else:
            pytest.fail("it ended by itself: " + run.stderr.read())
        request = urllib.request.Request(f"http://127.0.0.1:{port}/still",
                                         headers={"Host": "shop.example"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert b"asked for /still" in answer.read()
        run.send_signal(number)
        run.communicate(timeout=60)
        alarm.cancel()
    assert run.returncode == 128 + number
    assert processes() == []
    with socket.socket() as again:
        assert again.connect_ex(("127.0.0.1", port)) != 0
