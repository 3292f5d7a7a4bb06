# SPDX-License-Identifier: BSD-2-Clause
"""What ./quickstart and ./run-tests do about packages, with a false apt-get.

Each is run from a folder of its own and ends where it would start to build.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading

import pytest

TOP = pathlib.Path(os.environ["TOP_SRCDIR"])
SECONDS = 60
MISSING = "libdb5.3-dev"
WORKING = "apt-get is at work"
WENT_ON = "packages are there"
OLD_POLICY = "#!/bin/sh\n# the owner's\nexit 104\n"

# The real file is out of reach, and nothing is built.
PREPARE = f"""
. "$TEST_TOP/tests/prepare.sh"
prepare_policy=$TEST_SBIN/policy-rc.d
prepare_saved=$TEST_SBIN/policy-rc.d.before
prepare_lock() {{ prepare_say '{WENT_ON}'; ls "$TEST_SBIN" >&2; return 1; }}
"""

FAKES = {
    "id": 'echo "$TEST_UID"',
    "dpkg-query": """
        for one; do :; done
        case " $TEST_MISSING " in *" $one "*) exit 1 ;; esac
        printf 'install ok installed'""",
    "sudo": """
        echo "sudo $1" >>"$TEST_CALLS"
        TEST_BY=sudo exec "$@" """,
    # What the policy tells whoever asks it is its exit status.
    "apt-get": f"""
        echo '{WORKING}' >&2
        "$TEST_SBIN/policy-rc.d" lighttpd start
        echo "apt-get by ${{TEST_BY-itself}}, policy $?: $*" >>"$TEST_CALLS"
        case " $* " in *" $TEST_FAIL "*) exit 100 ;; esac
        case " $* " in *" $TEST_HOLD "*)
            echo holding >&2
            read -r -t {SECONDS} line <"$TEST_FIFO"
            "$TEST_SBIN/policy-rc.d" lighttpd start
            echo "still policy $?" >>"$TEST_CALLS" ;;
        esac
        exit 0""",
}


class Place:
    """A folder with the script, the false commands and a false sbin."""

    def __init__(self, folder, script):
        self.script = folder / script
        self.sbin = folder / "sbin"
        self.policy = self.sbin / "policy-rc.d"
        self.saved = self.sbin / "policy-rc.d.before"
        self.fifo = folder / "fifo"
        self.log = folder / "calls"
        for one in ["sbin", "bin", "tests"]:
            (folder / one).mkdir()
        shutil.copy(TOP / script, self.script)
        (folder / "tests" / "prepare.sh").write_text(PREPARE)
        os.mkfifo(self.fifo)
        self.log.touch()
        for name, text in FAKES.items():
            path = folder / "bin" / name
            path.write_text("#!/usr/bin/env bash\n" + text + "\n")
            path.chmod(0o755)
        self.environment = {
            **os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "TEST_TOP": str(TOP), "TEST_SBIN": str(self.sbin),
            "TEST_CALLS": str(self.log), "TEST_FIFO": str(self.fifo),
            "TEST_UID": "0", "TEST_MISSING": MISSING, "TEST_FAIL": "nothing",
            "TEST_HOLD": "nothing"}

    @contextlib.contextmanager
    def start(self, *arguments, **settings):
        """The script in a session of its own, of which nothing outlives us."""
        words = [self.script, *arguments]
        if self.script.name == "quickstart":
            with socket.socket() as one:
                one.bind(("127.0.0.1", 0))
                words += ["--port", str(one.getsockname()[1])]
        with subprocess.Popen(
                words, env={**self.environment, **settings}, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, start_new_session=True) as run:
            alarm = threading.Timer(SECONDS, os.killpg, (run.pid, 9))
            alarm.start()
            try:
                yield run
            finally:
                alarm.cancel()
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(run.pid, signal.SIGKILL)

    def run(self, *arguments, **settings):
        with self.start(*arguments, **settings) as run:
            _, err = run.communicate(timeout=SECONDS)
        return run.returncode, err.splitlines()

    def calls(self, command):
        return [line for line in self.log.read_text().splitlines()
                if line.startswith(command)]

    def files(self):
        return {path.name: (path.read_text(), path.stat().st_mode)
                for path in self.sbin.iterdir()}

    def put_policy(self):
        self.policy.write_text(OLD_POLICY)
        self.policy.chmod(0o750)


@pytest.fixture(name="place", params=["quickstart", "run-tests"])
def fixture_place(request, tmp_path):
    yield Place(tmp_path, request.param)
    shutil.rmtree(tmp_path)


@pytest.fixture(name="files", params=["no policy", "a policy"])
def fixture_files(request, place):
    """What is in sbin before, and has to be there after."""
    if request.param == "a policy":
        place.put_policy()
    return place.files()


def test_it_says_what_it_installs_and_then_installs_just_that(place):
    _, said = place.run()
    named = [line for line in said if "installing Debian packages" in line]
    assert len(named) == 1
    assert named[0].endswith(": " + MISSING)
    assert said.index(named[0]) < said.index(WORKING)
    update, install = place.calls("apt-get")
    assert update.endswith(" update")
    assert install.endswith(" install " + MISSING)
    assert any(WENT_ON in line for line in said)


def test_root_needs_no_sudo(place, files):
    place.run()
    assert [call.split(",")[0] for call in place.calls("apt-get")] == \
        ["apt-get by itself"] * 2
    assert place.calls("sudo") == []
    assert place.files() == files


def test_others_use_sudo_for_apt_get_and_the_policy_and_are_told(place):
    _, said = place.run(TEST_UID="1000")
    assert [call.split(",")[0] for call in place.calls("apt-get")] == \
        ["apt-get by sudo"] * 2
    assert place.calls("sudo") == ["sudo sh", "sudo apt-get", "sudo env",
                                   "sudo rm"]
    told = [line for line in said if "sudo is used for apt-get" in line]
    assert said.index(told[0]) < said.index(WORKING)


@pytest.mark.parametrize("uid", ["0", "1000"])
def test_daemons_stay_down_only_while_packages_are_installed(
        place, files, uid):
    _, said = place.run(TEST_UID=uid)
    assert ["policy 101:" in call for call in place.calls("apt-get")] == \
        [True, True]
    # What was in sbin when it went on is what it has said last.
    went_on = [WENT_ON in line for line in said].index(True)
    assert said[went_on + 1:] == list(files)
    assert place.files() == files


@pytest.mark.parametrize("step", ["update", "install"])
def test_a_failed_apt_get_is_exit_3_and_the_policy_as_before(
        place, files, step):
    code, said = place.run(TEST_FAIL=step)
    assert code == 3
    assert said[-1].endswith(": apt-get failed")
    assert "policy 101:" in place.calls("apt-get")[-1]
    assert f" {step}" in place.calls("apt-get")[-1]
    assert place.files() == files


@pytest.mark.parametrize("step", ["update", "install"])
@pytest.mark.parametrize("whom", ["the script", "everyone"])
def test_after_sigterm_in_apt_get_the_policy_is_as_before(
        place, files, step, whom):
    # Opened for both, so that neither side waits for the other.
    fifo = os.open(place.fifo, os.O_RDWR)
    with place.start(TEST_HOLD=step) as run:
        assert "holding\n" in iter(run.stderr.readline, "")
        if whom == "everyone":
            os.killpg(run.pid, signal.SIGTERM)
        else:
            run.send_signal(signal.SIGTERM)
            os.write(fifo, b"\n")
        _, err = run.communicate(timeout=SECONDS)
    os.close(fifo)
    assert run.returncode == 128 + signal.SIGTERM
    assert WENT_ON not in err
    # An apt-get that goes on is guarded until its end.
    assert place.calls("still") == \
        ([] if whom == "everyone" else ["still policy 101"])
    assert place.files() == files


@pytest.mark.parametrize("missing", ["", MISSING])
def test_what_a_killed_run_has_left_is_undone_by_the_next(
        place, files, missing):
    with place.start(TEST_HOLD="install") as run:
        assert "holding\n" in iter(run.stderr.readline, "")
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate(timeout=SECONDS)
    assert place.files() != files
    place.run(TEST_MISSING=missing)
    assert place.files() == files


@pytest.mark.parametrize("uid", ["0", "1000"])
def test_no_install_names_what_is_missing_and_installs_nothing(
        place, files, uid):
    code, said = place.run("--no-install", TEST_UID=uid)
    assert code == 3
    assert said[0].endswith(": missing: " + MISSING)
    assert said[1].endswith(": apt-get install " + MISSING)
    assert place.log.read_text() == ""
    assert place.files() == files


@pytest.mark.parametrize("arguments", [[], ["--no-install"]])
def test_with_everything_there_nothing_is_called(place, files, arguments):
    _, said = place.run(*arguments, TEST_MISSING="", TEST_UID="1000")
    assert WENT_ON in said[0]
    assert place.log.read_text() == ""
    assert place.files() == files
