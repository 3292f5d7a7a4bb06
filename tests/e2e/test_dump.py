# SPDX-License-Identifier: BSD-2-Clause
"""A packet dump of what goes to an origin, read by Wireshark's dissectors: an
opinion of what a request is, where it ends and what is odd about it that is
neither ours nor the tests' own."""

import re
import signal
import subprocess

import pytest

from lab import ROOT, until
from request_row import Witness
from rows_request import WEB_MAP, WEB_SETTINGS
from setups import SETUPS, Site
from test_rows_request import ROWS, converse

pytestmark = [pytest.mark.long, pytest.mark.skipif(
    not ROOT, reason="only root may look at packets")]

# What a dissector calls malformed, or against a protocol.
ODD = ("_ws.malformed || _ws.expert.group == 0x07000000"
       " || _ws.expert.group == 0x09000000")

# Methods that it knows: others are no HTTP to it.
KNOWN = {b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE",
         b"PATCH", b"PROPFIND", b"COPY", b"MOVE", b"M-SEARCH"}
# A name of all that RFC 9110 5.6.2 allows, which it takes for no name.
BUT = {"name-odd-token"}


def read(dump, port, which, *fields):
    """Of each packet with HTTP that this filter takes: these fields."""
    done = subprocess.run(
        ["tshark", "-r", dump, "-d", f"tcp.port=={port},http",
         "-Y", f"tcp.dstport == {port} && ({which})", "-T", "fields",
         *(word for name in fields for word in ("-e", name))],
        capture_output=True, check=False, timeout=120)
    return [line.split(b"\t") for line in done.stdout.splitlines()]


@pytest.fixture(scope="module", params=["nginx", "haproxy", "caddy",
                                        "lighttpd-socket",
                                        "apache-mod_proxy_fcgi"])
def dumped(request, new_lab, end_lab_module):
    """(the dump, the origin): all rows of the table, seen on the wire."""
    lab = new_lab(request.param)
    witness = Witness()
    try:
        lab.settings = dict(WEB_SETTINGS)
        lab.routes(WEB_MAP.format(url=witness.url))
        site = Site(lab, SETUPS[request.param]).start()
        dump = lab.dir / "dump.pcapng"   # root without its powers writes it
        listener = lab.start("tshark", [
            "tshark", "-i", "lo", "-f", f"tcp port {witness.port}",
            "-w", dump])
        until(lambda: "Capture started" in listener.text(), 20, "it listens")
        seen = []
        for row in ROWS:
            outcome = row.of(request.param)
            if row.name in BUT or outcome is None or any(
                    wanted.torn for wanted in outcome.requests):
                continue
            converse(site.port, witness, row, outcome, 0)
            seen += witness.take(len(outcome.requests))
        until(lambda: len(read(dump, witness.port, "tcp.flags.fin == 1",
                               "frame.number")) >= len(seen), 20,
              "all of it is in the dump")
        listener.signal(signal.SIGINT)
        listener.wait()
        yield dump, witness, [data for data, _ in seen]
    finally:
        witness.close()
        end_lab_module(lab)


def test_the_dissector_finds_nothing_odd(dumped):
    dump, witness, _ = dumped
    assert read(dump, witness.port, ODD, "frame.number", "http",
                "_ws.expert.message") == []


def test_the_dissector_sees_the_requests_that_the_origin_saw(dumped):
    dump, witness, seen = dumped
    lines = read(dump, witness.port, "http.request", "http.request.method",
                 "http.request.version", "http.host")
    ours = [re.match(rb"(\S+) \S+ (\S+)\r\nHost: (\S+)\r\n", data).groups()
            for data in seen]
    assert len(lines) > 100
    assert sorted(map(tuple, lines)) == sorted(
        request for request in ours if request[0] in KNOWN)
