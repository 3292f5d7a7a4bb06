# SPDX-License-Identifier: BSD-2-Clause
"""Options, marks and fixtures of the end-to-end tests. See ../README."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
os.environ["PATH"] += ":/usr/sbin:/sbin"

import pytest  # noqa: E402

import lab as labs  # noqa: E402
import strict  # noqa: E402
from origin import Origin  # noqa: E402
from tracing import TRACE  # noqa: E402

LABS = []


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true",
                     help="also what takes longer")
    parser.addoption("--keep", action="store_true",
                     help="keep the labs' folders, and say where they are")
    parser.addoption("--trace-to", metavar="FOLDER",
                     help="as --trace, which writes down what clients, router "
                     "and origins say, a file for each test, in trace/ of the "
                     "build")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    if config.option.trace:
        # Before pytest takes it to mean a debugger at each test's begin.
        config.option.trace = False
        config.option.trace_to = (config.option.trace_to
                                  or str(labs.BUILD / "trace"))
    if config.option.trace_to:
        TRACE.folder = pathlib.Path(config.option.trace_to)
    config.addinivalue_line("markers", "long: only with --long")
    config.addinivalue_line(
        "markers", "memory: measures memory; not under sanitizers")
    config.addinivalue_line(
        "markers", "alone: measures time; run-tests runs nothing beside it")


def pytest_collection_modifyitems(config, items):
    gone = [item for item in items if
            (item.get_closest_marker("long")
             and not config.getoption("--long"))
            or (item.get_closest_marker("memory") and labs.SANITIZED)]
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if item not in gone]


def pytest_sessionstart(session):
    router = labs.BUILD / "fcgi-router" / "fcgi-router"
    if not router.exists():
        pytest.exit(f"no {router}: build first, or set BUILD_DIR", 2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    if not TRACE.on:
        yield
        return
    TRACE.begin(item.nodeid)
    yield
    TRACE.end()


def pytest_terminal_summary(terminalreporter):
    if TRACE.on and 0 < len(TRACE.written) <= 20:
        for path in TRACE.written:
            terminalreporter.write_line(f"trace: {path}")
    elif TRACE.on:
        terminalreporter.write_line(f"traces: {TRACE.folder}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """The logs of all that runs go into the report of a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for lab in LABS:
            for name, text in lab.logs():
                report.sections.append((f"{lab.name}: {name}", text[-6000:]))


@pytest.fixture(scope="session")
def new_lab(request):
    """Makes labs that live as long as the one who asks wants them to."""
    def make(name):
        lab = labs.Lab(name)
        LABS.append(lab)
        return lab
    return make


def _end(lab, config):
    LABS.remove(lab)
    if config.getoption("--keep"):
        print(f"{lab.name}: {lab.dir}")
        lab.keep = True
    lab.close()


@pytest.fixture(autouse=True)
def nothing_ambiguous_left_us():
    yield
    faults = strict.take()
    assert not faults, "a request that no origin should see"


@pytest.fixture
def lab(request, new_lab):
    """A lab for one test."""
    made = new_lab(request.node.name)
    yield made
    _end(made, request.config)


@pytest.fixture(scope="module")
def module_lab(request, new_lab):
    made = new_lab(request.node.name)
    yield made
    _end(made, request.config)


@pytest.fixture
def origin():
    made = Origin()
    yield made
    made.close()


@pytest.fixture(scope="session")
def lasting_origin():
    """An origin that several tests share."""
    made = Origin()
    yield made
    made.close()


@pytest.fixture(scope="module")
def end_lab_module(request):
    """Ends a lab that new_lab made."""
    return lambda lab: _end(lab, request.config)
