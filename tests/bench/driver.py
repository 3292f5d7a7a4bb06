# SPDX-License-Identifier: BSD-2-Clause
"""driver: what the drivers of map, pressure and relay have in common."""

import argparse
import pathlib
import signal
import sys


def say(text):
    print(text, file=sys.stderr, flush=True)


def parser(name, description, files, more=""):
    """With what each driver takes."""
    made = argparse.ArgumentParser(
        prog=f"tests/bench/{name}", allow_abbrev=False,
        description=description,
        epilog=f"{more}--no-install: install no package; say what is missing")
    made.add_argument("--out", type=pathlib.Path, required=True,
                      help=f"where {files} go")
    made.add_argument("--build", type=pathlib.Path, required=True,
                      help=argparse.SUPPRESS)
    return made


def end(*_):
    raise KeyboardInterrupt


def clear_away_when_ended():
    """SIGTERM does what SIGINT does: what was started and written goes."""
    signal.signal(signal.SIGTERM, end)


def no_longer_ended():
    """What clears away is not to be stopped at it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def leave(out, name, text, results):
    """The tables as text, printed too, and every number as TSV."""
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.txt").write_text(text)
    (out / f"{name}.tsv").write_text(results.tsv())
    print(text, end="")
