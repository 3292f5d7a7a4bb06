# SPDX-License-Identifier: BSD-2-Clause
"""Large answers, which the router moves without reading them: they are the
same to the last byte, and break as others do."""

import contextlib
import fcntl
import os
import struct
import termios

import pytest

import fcgi
import lab as labs
from client import pattern
from fcgi import Peer
from origin import Script

LARGE = 3000001
BODY = pattern(LARGE)
HEAD = b"HTTP/1.1 200 OK\r\n"
LENGTH = HEAD + b"Content-Length: %d\r\n\r\n" % LARGE
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def chunks(*sizes):
    """The body in chunks of these sizes, the last one as long as it takes."""
    data, at = CHUNKED, 0
    for size in (*sizes, LARGE - sum(sizes)):
        data += b"%x\r\n%s\r\n" % (size, BODY[at:at + size])
        at += size
    return data


# What an origin sends, and whether that is a whole answer.
ANSWERS = {
    "length": (LENGTH + BODY, True),
    "one-chunk": (chunks() + b"0\r\n\r\n", True),
    "many-chunks": (chunks(1, 200000, 65535, 65536, 9, 131056, 131057)
                    + b"0\r\nX-Trailer: 1\r\n\r\n", True),
    "to-the-end": (HEAD + b"\r\n" + BODY, True),
    "more-than-its-length": (LENGTH + BODY + b"HTTP/1.1 200 OK\r\n", True),
    "length-cut": (LENGTH + BODY[:-1], False),
    "chunk-cut": (chunks()[:-100002], False),
    "no-last-chunk": (chunks(200000), False),
    "bad-chunk": (chunks(200000) + b"nonsense\r\n", False),
}


@pytest.fixture(scope="module", name="router")
def fixture_router(module_lab):
    """A router, and an origin for each answer, once by TCP and once by a
    Unix socket: NAME.test, NAME.unix.test."""
    origins = {}
    for name, (data, _) in ANSWERS.items():
        origins[f"{name}.test"] = Script(data)
        origins[f"{name}.unix.test"] = Script(
            data, path=str(module_lab.dir / f"{name}.sock"))
    module_lab.configure(router__workers_min="2", router__workers_max="2")
    module_lab.routes("".join(f"{host} {origin.url}\n"
                              for host, origin in origins.items()))
    module_lab.start_router()
    module_lab.origins = origins
    yield module_lab
    for origin in origins.values():
        origin.close()


@pytest.mark.parametrize("way", ["test", "unix.test"])
@pytest.mark.parametrize("name", ANSWERS)
def test_a_large_answer_is_whole_or_seen_as_broken(router, name, way):
    reply = fcgi.ask(router.socket, host=f"{name}.{way}")
    assert reply.status == 200
    whole = ANSWERS[name][1]
    assert reply.ended == whole and reply.broken != whole
    assert reply.body == BODY[:len(reply.body)]
    assert len(reply.body) == LARGE or not whole


def waiting(peer):
    """Bytes that a peer has not read yet."""
    return struct.unpack("i", fcntl.ioctl(
        peer.socket.fileno(), termios.FIONREAD, b"\0" * 4))[0]


@pytest.mark.parametrize("name", ["length", "one-chunk"])
def test_a_peer_that_reads_late_gets_all(router, name):
    with Peer(router.socket) as peer:
        peer.send(fcgi.request(host=f"{name}.test"))
        labs.until(lambda: waiting(peer) > 100000, 10, "it is full")
        peer.kept = peer.socket.recv(20)    # so little makes no room
        reply = peer.reply()
    assert reply.ended and reply.body == BODY


def test_a_peer_that_leaves_ends_its_transfer(router):
    origin = router.origins["length.test"]
    for _ in range(4):      # more than there are workers
        with Peer(router.socket) as peer:
            peer.send(fcgi.request(host="length.test"))
            labs.until(lambda peer=peer: waiting(peer) > 100000, 10,
                       "it is full")
    labs.until(lambda: not origin.open, 10, "the origin is left, too")
    reply = fcgi.ask(router.socket, host="length.test")
    assert reply.ended and reply.body == BODY


def pipes(pid):
    count = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):    # closed meanwhile
            count += os.readlink(f"/proc/{pid}/fd/{fd}").startswith("pipe:")
    return count


def test_it_is_moved_by_one_pipe_for_each_worker(lab):
    origin = Script(LENGTH + BODY)
    try:
        lab.configure(router__workers_min="2", router__workers_max="2")
        lab.routes(f"site.test {origin.url}\n")
        lab.start_router()
        pid, = lab.router_pids()
        before = pipes(pid)
        for _ in range(10):
            assert fcgi.ask(lab.socket).body == BODY
        assert before + 2 <= pipes(pid) <= before + 4
    finally:
        origin.close()
