# SPDX-License-Identifier: BSD-2-Clause
"""costs: what a command, or a pipeline of commands, costs.

Each is started by GNU time, which has so little memory of its own that the
peak it tells is that of the command; a child of ours would inherit our own.
"""

import dataclasses
import os
import signal
import subprocess
import time

TIME = "/usr/bin/time"
TOLD = 600  # bytes of what a failed command said


class Failed(Exception):
    """A command that must not fail has."""


@dataclasses.dataclass
class Cost:
    seconds: float
    cpu: float = 0.0   # seconds, user and system, of all commands
    memory: int = 0    # peak, bytes; of a pipeline the sum
    late: bool = False  # it was ended at the limit


def _end(group):
    for child in group:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    for child in group:
        child.wait()


def _start(stages, folder, env):
    """The commands of a pipeline, each in a session of its own."""
    group, before = [], subprocess.DEVNULL
    try:
        for number, argv in enumerate(stages):
            last = number == len(stages) - 1
            with open(folder / f"said-{number}", "wb") as said:
                group.append(subprocess.Popen(
                    [TIME, "-o", folder / f"cost-{number}", "-f", "%M %U %S",
                     *argv], stdin=before, env=env, cwd=folder, stderr=said,
                    stdout=said if last else subprocess.PIPE,
                    start_new_session=True))
            if before is not subprocess.DEVNULL:
                before.close()
            before = group[-1].stdout
    except OSError:
        _end(group)
        raise
    return group


def measure(stages, folder, limit):
    """Runs them to their end, or to the limit in seconds."""
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TMPDIR": str(folder)}
    os.sync()
    start = time.monotonic()
    group = _start(stages, folder, env)
    try:
        for child in group:
            left = start + limit - time.monotonic()
            child.wait(max(left, 0.001))
        seconds = time.monotonic() - start
    except subprocess.TimeoutExpired:
        return Cost(limit, late=True)
    finally:
        _end(group)
    cost = Cost(seconds)
    for number, (child, argv) in enumerate(zip(group, stages)):
        if child.returncode:
            said = (folder / f"said-{number}").read_text("utf-8", "replace")
            raise Failed(f"{argv[0]}: exit {child.returncode}: "
                         f"{said[-TOLD:].strip()}")
        numbers = (folder / f"cost-{number}").read_text().split()
        cost.memory += int(numbers[0]) * 1024
        cost.cpu += float(numbers[1]) + float(numbers[2])
    return cost
