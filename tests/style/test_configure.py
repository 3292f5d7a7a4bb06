# SPDX-License-Identifier: BSD-2-Clause
"""configure names what is missing, with its Debian package, all at once."""
import os
import re
import subprocess

import pytest

TOP = os.environ["TOP_SRCDIR"]

# Debian package: what makes configure believe that it is not there.
MISSING = {
    "libcurl4-openssl-dev": {"pkg": "libcurl"},
    "libssl-dev": {"pkg": "libssl"},
    "libidn2-dev": {"pkg": "libidn2"},
    "libjansson-dev": {"pkg": "jansson"},
    "libpsl-dev": {"pkg": "libpsl"},
    "libfcgi-dev": {"pkg": "fcgi"},
    "libdb5.3-dev": {"cache": "ac_cv_header_db_h=no"},
    "libiniparser-dev": {"cache": "ac_cv_search_iniparser_load=no"},
    "libcrypt-dev": {"cache": "ac_cv_search_crypt_checksalt=no"},
    "libcmocka-dev": {"pkg": "cmocka"},
    "python3-pytest": {"cache": "fr_cv_python=no"},
}


def configure(folder, packages):
    """Runs configure as on a machine without these packages."""
    pkgs = [MISSING[p]["pkg"] for p in packages if "pkg" in MISSING[p]]
    pretend = folder / "pkg-config"
    pretend.write_text(
        "#!/bin/sh\nfor gone in %s; do case \" $* \" in\n"
        "*[\\ \\\"]$gone[\\ \\\"]*) exit 1 ;; esac; done\n"
        "exec pkg-config \"$@\"\n" % (" ".join(pkgs) or "''"))
    pretend.chmod(0o755)
    arguments = [MISSING[p]["cache"] for p in packages
                 if "cache" in MISSING[p]]
    build = folder / "build"
    build.mkdir()
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [os.path.join(TOP, "configure"), f"PKG_CONFIG={pretend}",
         *arguments], cwd=build, env=env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False)


def named(run):
    return re.findall(r"^configure: missing: .+ \(Debian package (\S+)\)$",
                      run.stderr, re.M)


def test_all_missing_packages_are_named_at_once(tmp_path):
    run = configure(tmp_path, list(MISSING))
    assert run.returncode != 0
    assert sorted(named(run)) == sorted(MISSING)
    install = re.search(r"apt-get install (.*)", run.stderr).group(1)
    assert sorted(install.split()) == sorted(MISSING)


@pytest.mark.parametrize("package", ["libcurl4-openssl-dev", "libdb5.3-dev"])
def test_only_what_is_missing_is_named(tmp_path, package):
    run = configure(tmp_path, [package])
    assert run.returncode != 0
    assert named(run) == [package]


def test_nothing_is_missing_where_this_test_runs(tmp_path):
    run = configure(tmp_path, [])
    assert run.returncode == 0, run.stderr
    assert named(run) == []
