# SPDX-License-Identifier: BSD-2-Clause
"""strict itself: what the suspicious reader of every test must not miss."""

import pytest

import strict

GOOD = (b"GET /a%2Fb?%zz\x80 HTTP/1.1\r\nHost: a.test:80\r\nX-A: b\tc\r\n"
        b"X-Empty:")


@pytest.mark.parametrize("old, new, fault", [
    (b"GET ", b"GET  ", "no request line"),
    (b"GET", b"G(T", "no request line"),
    (b"/a", b"http://b.test/a", "no request line"),
    (b"?", b"#", "no request line"),
    (b"?", b" ?", "no request line"),
    (b"1.1", b"1.0", "no request line"),
    (b"/a", b"/a\\b", "a backslash in the path"),
    (b"%2F", b"%2f", "an escape in the path that has another spelling"),
    (b"%2F", b"%41", "an escape in the path that has another spelling"),
    (b"%2F", b"%2", "an escape in the path that has another spelling"),
    (b"/a", b"/../a", "dot segments"),
    (b"X-A: ", b"X-A : ", "no header field: b'X-A : b\\tc'"),
    (b"X-A: ", b"X-A:  ", "no header field: b'X-A:  b\\tc'"),
    (b"\tc", b"\nc", "no header field: b'X-A: b\\nc'"),
    (b"\tc", b"\r\n c", "no header field: b' c'"),
    (b"\tc", b"\0c", "no header field: b'X-A: b\\x00c'"),
    (b"\tc", b" ", "no header field: b'X-A: b '"),
    (b"X-A", b"host", "host more than once"),
    (b"Host: a.test:80", b"X-B: c", "no Host, or none that is one"),
    (b"a.test:80", b"A.test", "no Host, or none that is one"),
    (b"a.test:80", b"a.test, b.test", "no Host, or none that is one"),
    (b"X-A", b"TE", "te is not for an origin"),
    (b"X-A", b"Proxy_Auth", "proxy_auth is not for an origin"),
    (b"X-A: b\tc", b"Content-Length: +5", "Content-Length is no number"),
    (b"X-A: b\tc", b"Transfer-Encoding: xchunked",
     "a transfer coding that is not chunked"),
    (b"X-A: b\tc", b"Content-Length: 5\r\nTransfer-Encoding: chunked",
     "two framings")])
def test_what_is_ambiguous_is_a_fault(old, new, fault):
    assert list(strict.head(GOOD)) == []
    assert fault in list(strict.head(GOOD.replace(old, new, 1)))


@pytest.mark.parametrize("line", [b"", b"0x5", b"+5", b" 5", b"5 ", b"5;a=b",
                                  b"5\n", b"g"])
def test_a_chunk_size_is_hex_and_nothing_else(line):
    strict.judge_chunk(b"a5")
    assert strict.take() == []
    strict.judge_chunk(line)
    assert strict.take() == [("no plain chunk size", line)]
