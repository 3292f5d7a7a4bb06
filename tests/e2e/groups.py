# SPDX-License-Identifier: BSD-2-Clause
"""groups: many router processes behind a web server, and origins that the test
has in its hands."""

import collections
import threading
import time

from client import Client
from load import grow
from origin import Origin
from setups import SETUPS, Site

MANY = 20           # processes, where the web server starts them


class Group:
    """A site, and origins within this process."""

    def __init__(self, lab, name, **settings):
        self.lab = lab
        self.origins = {}
        self.state = lab.dir / "run" / "state"
        lab.settings = {"router__state_dir": str(self.state),
                        **settings}
        self.site = Site(lab, SETUPS[name])

    def origin(self, name, **where):
        self.origins[name] = made = Origin(name, **where)
        self.lab.cleanups.append(made.gate.set)
        self.lab.cleanups.insert(0, made.close)
        return made

    def start(self, text):
        held = self.origin("held")
        self.lab.routes(f"held.test {held.url}\n{text}")
        self.site.start()
        grow(self.site, held, "held.test", MANY)
        return self

    def at_once(self, host, count=MANY, target="/hello"):
        """So many clients ask at the same instant: (the names of who
        answered, the seconds it took)."""
        came, barrier = [], threading.Barrier(count + 1)

        def one():
            with Client(self.site.port) as client:
                barrier.wait()
                answer = client.get(target, host)
            came.append(name(answer))
        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        barrier.wait()
        began = time.monotonic()
        for thread in threads:
            thread.join()
        return collections.Counter(came), time.monotonic() - began


def name(answer):
    """Of the origin that said hello, or why none did."""
    return (answer.text.split()[-1] if answer.status == 200
            else f"{answer.status} {answer.get('X-Router-Reason')}")
