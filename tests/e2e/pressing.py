# SPDX-License-Identifier: BSD-2-Clause
"""pressing: a site for thousands, and what its router takes."""

import os
import re
import subprocess

from setups import Site

KIB = 1024


class Wide(Site):
    """nginx, with connections for thousands."""

    def write(self):
        super().write()
        config = self.lab.dir / "conf" / self.setup.config
        text = re.sub(r"(worker_connections) \d+", r"\1 16384",
                      config.read_text())
        config.write_text(re.sub(r"(worker_rlimit_nofile) \d+", r"\1 20000",
                                 text))


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def private_dirty(pid):
    """Bytes that the process alone has, and has written."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as text:
        return int(re.search(r"Private_Dirty: +(\d+)", text.read())[1]) * KIB


def rss(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as text:
        return int(re.search(r"Rss: +(\d+)", text.read())[1]) * KIB


def cpu(pid):
    """Seconds of processor time so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as text:
        user, system = text.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def certificate(lab):
    """For 127.0.0.1, by itself: (certificate, key)."""
    made = lab.dir / "etc" / "cert.pem", lab.dir / "etc" / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-subj", "/CN=origin", "-addext",
         "subjectAltName=IP:127.0.0.1", "-days", "2", "-out", made[0],
         "-keyout", made[1]], check=True, capture_output=True)
    return made
