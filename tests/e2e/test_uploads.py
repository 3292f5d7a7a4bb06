# SPDX-License-Identifier: BSD-2-Clause
"""Uploads to origins that read slowly, or not to the end."""

import contextlib
import fcntl
import hashlib
import socket
import ssl
import struct
import termios
import threading

import pytest

import fcgi
from client import pattern, sha256
from fcgi import Peer
from origin import Asked, Listener, Wire
from test_origins import authority  # noqa: F401, a fixture
from test_slow_peers import head_of_post, stopped


def unread(sock):
    """How many bytes lie there."""
    return struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, b"1234"))[0]


class Reluctant(Listener):
    """Reads a body only when nobody can send any more of it."""

    def serve(self, sock):
        wire = Wire(sock)
        asked = Asked(wire.line(b"\r\n\r\n"))
        lain = 0
        while unread(sock) > lain:
            lain = unread(sock)
            self.stopped.wait(0.3)
        digest = hashlib.sha256()
        for part in wire.body(asked):
            digest.update(part)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n"
                     + digest.hexdigest().encode())


@pytest.mark.parametrize("spool", ["no", "yes"])
def test_a_tls_origin_may_take_an_upload_slowly(lab, authority,  # noqa: F811
                                                spool):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "site.pem", authority / "site.key")
    origin = Reluctant(context=context)
    (lab.dir / "ca.pem").write_bytes((authority / "ca.pem").read_bytes())
    lab.configure(router__spool=spool)
    lab.routes(f"site.test https://localhost:{origin.port}\n")
    lab.start_router(environment={
        "SSL_CERT_FILE": str(lab.dir / "ca.pem"),
        "SSL_CERT_DIR": str(lab.dir / "none")})
    body = pattern(20000000)
    try:
        with Peer(lab.socket) as peer:
            # A router that has failed takes no more; its answer says why.
            with contextlib.suppress(ConnectionError):
                peer.send(fcgi.request("/", "POST", body=body))
            reply = peer.reply()
    finally:
        origin.close()
    assert (reply.status, reply.reason) == (200, None), reply
    assert reply.body.decode() == sha256(body)


class Refusing(Listener):
    """Answers a head while the body comes, and closes: a reset follows."""

    def __init__(self):
        self.heads = []
        self.waiting = threading.Semaphore(0)   # released when one waits
        self.go = threading.Semaphore(0)
        self.closed = threading.Semaphore(0)
        super().__init__()

    def serve(self, sock):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += sock.recv(1)
        self.heads.append(head)
        # What is never read is what makes it a reset.
        sock.recv(1, socket.MSG_PEEK)
        self.waiting.release()
        self.go.acquire(timeout=30)
        sock.sendall(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\n"
                     b"Content-Length: 4\r\n\r\nbig\n")
        sock.close()
        self.closed.release()


@pytest.fixture
def refusing(lab):
    origin = Refusing()
    lab.routes(f"site.test {origin.url}\n")
    lab.process = lab.start_router()
    yield origin
    origin.close()


PART = fcgi.record(fcgi.STDIN, pattern(20000))


def is_refused(peer):
    reply = peer.reply()
    assert (reply.status, reply.reason) == (413, None), reply
    assert reply.body == b"big\n" and reply.ended


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_refusal_counts_though_a_reset_came_with_it(lab, refusing, method):
    """The router finds the reset when it sends the next part."""
    for _ in range(10):
        with Peer(lab.socket) as peer:
            peer.send(head_of_post("/", 1000000, method), PART)
            assert refusing.waiting.acquire(timeout=10)
            with stopped(lab.process):
                peer.send(PART)
                refusing.go.release()
                assert refusing.closed.acquire(timeout=10)
            is_refused(peer)
    assert len(refusing.heads) == 10, "nothing was sent twice"


@pytest.mark.parametrize("size", [100000, 1000000])
def test_a_refusal_counts_whenever_it_comes(lab, refusing, size):
    def push():
        with contextlib.suppress(OSError):
            peer.send(fcgi.stdin(pattern(size)))

    for _ in range(40):
        refusing.go.release()
        with Peer(lab.socket) as peer:
            peer.send(head_of_post("/", size))
            sender = threading.Thread(target=push)
            sender.start()
            try:
                is_refused(peer)
            finally:
                peer.socket.shutdown(socket.SHUT_RDWR)
                sender.join()
    assert len(refusing.heads) == 40
