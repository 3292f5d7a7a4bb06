/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * h1: every answer of the table is fed whole, byte by byte and cut in two at
 * every point, with the same result; requests and chunks as written bytes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/h1.h"

enum { HEAD_MAX = 2048, OUTCOME_MAX = 65536 };

enum { HEAD = 1, REFUSE = 2 };

#define IN(literal) "" literal, sizeof(literal) - 1

/*
 * What came of it, as text: "STATUS PHRASE; keep|close; BODY KIND; fields;
 * content; END; rest N", or the word of the reason, or "more".
 */
static const struct {
	const char *name;
	const char *in;
	size_t n;
	int flags;
	const char *want;
} answers[] = {
	/* Plain answers. */
	{ "a length", IN("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
	    0, "200 OK; keep; length 5; body 'hello'; done; rest 0" },
	{ "a zero length", IN("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
	    0, "200 OK; keep; length 0; body ''; done; rest 0" },
	{ "fields in order, case kept",
	    IN("HTTP/1.1 200 OK\r\nset-COOKIE: a=1\r\nB: 2\r\nSet-Cookie: c\r\n"
	    "Content-Length: 0\r\n\r\n"), 0,
	    "200 OK; keep; length 0; set-COOKIE: a=1; B: 2; Set-Cookie: c; "
	    "body ''; done; rest 0" },
	{ "to the end of the connection", IN("HTTP/1.1 200 OK\r\n\r\nabc"), 0,
	    "200 OK; close; close; body 'abc'; ended; rest 0" },
	{ "no body to the end", IN("HTTP/1.1 200 OK\r\n\r\n"), 0,
	    "200 OK; close; close; body ''; ended; rest 0" },
	{ "chunks", IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), 0,
	    "200 OK; keep; chunked; body 'abcde'; done; rest 0" },
	{ "chunked in any case",
	    IN("HTTP/1.1 200 OK\r\ntransfer-encoding:  ChunkeD \r\n\r\n"
	    "0\r\n\r\n"), 0, "200 OK; keep; chunked; body ''; done; rest 0" },
	{ "a body cut off",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"), 0,
	    "200 OK; keep; length 5; body 'hel'; cut; rest 0" },
	{ "bytes after the body",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello"), 0,
	    "200 OK; keep; length 2; body 'he'; done; rest 3" },
	{ "bytes after the chunks",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "1\r\na\r\n0\r\n\r\nHTTP"), 0,
	    "200 OK; keep; chunked; body 'a'; done; rest 4" },
	{ "nothing", IN(""), 0, "more" },
	{ "a head that is not whole", IN("HTTP/1.1 200 OK\r\nA: b\r\n"), 0,
	    "more" },
	{ "a head without the last LF", IN("HTTP/1.1 200 OK\r\n\r"), 0,
	    "more" },

	/* Status lines. */
	{ "no reason phrase, no space", IN("HTTP/1.1 404\r\n\r\n"), HEAD,
	    "404 ; keep; none; body ''; done; rest 0" },
	{ "no reason phrase", IN("HTTP/1.1 404 \r\n\r\n"), HEAD,
	    "404 ; keep; none; body ''; done; rest 0" },
	{ "a reason phrase of words", IN("HTTP/1.1 404 Not  Here\r\n\r\n"),
	    HEAD, "404 Not  Here; keep; none; body ''; done; rest 0" },
	{ "TAB and UTF-8 in the phrase",
	    IN("HTTP/1.1 200 a\tb\xc3\xa9\r\n\r\n"), HEAD,
	    "200 a\tb\xc3\xa9; keep; none; body ''; done; rest 0" },
	{ "status 999", IN("HTTP/1.1 999 X\r\n\r\n"), HEAD,
	    "999 X; keep; none; body ''; done; rest 0" },
	{ "status 099", IN("HTTP/1.1 099 X\r\n\r\n"), 0, "origin-broken" },
	{ "status 000", IN("HTTP/1.1 000 X\r\n\r\n"), 0, "origin-broken" },
	{ "status 1000", IN("HTTP/1.1 1000 X\r\n\r\n"), 0, "origin-broken" },
	{ "status 20", IN("HTTP/1.1 20 X\r\n\r\n"), 0, "origin-broken" },
	{ "status 2x0", IN("HTTP/1.1 2x0 X\r\n\r\n"), 0, "origin-broken" },
	{ "status -20", IN("HTTP/1.1 -20 X\r\n\r\n"), 0, "origin-broken" },
	{ "no status", IN("HTTP/1.1\r\n\r\n"), 0, "origin-broken" },
	{ "no status but a space", IN("HTTP/1.1 \r\n\r\n"), 0,
	    "origin-broken" },
	{ "two spaces", IN("HTTP/1.1  200 OK\r\n\r\n"), 0, "origin-broken" },
	{ "a TAB for the space", IN("HTTP/1.1\t200 OK\r\n\r\n"), 0,
	    "origin-broken" },
	{ "a TAB behind the status", IN("HTTP/1.1 200\tOK\r\n\r\n"), 0,
	    "origin-broken" },
	{ "HTTP/0.9", IN("<html>hello</html>"), 0, "origin-broken" },
	{ "HTTP/1.2", IN("HTTP/1.2 200 OK\r\n\r\n"), 0, "origin-broken" },
	{ "HTTP/2", IN("HTTP/2 200\r\n\r\n"), 0, "origin-broken" },
	{ "HTTP/2.0", IN("HTTP/2.0 200 OK\r\n\r\n"), 0, "origin-broken" },
	{ "HTTP/1.10", IN("HTTP/1.10 200 OK\r\n\r\n"), 0, "origin-broken" },
	{ "HTTP/01.1", IN("HTTP/01.1 200 OK\r\n\r\n"), 0, "origin-broken" },
	{ "http/1.1", IN("http/1.1 200 OK\r\n\r\n"), 0, "origin-broken" },
	{ "ICY", IN("ICY 200 OK\r\n\r\n"), 0, "origin-broken" },
	{ "an HTTP/2 preface of settings",
	    IN("\0\0\0\4\0\0\0\0\0"), 0, "origin-broken" },
	{ "a TLS alert", IN("\x15\x03\x01\0\2\2\x28"), 0, "origin-broken" },
	{ "a space before", IN(" HTTP/1.1 200 OK\r\n\r\n"), 0,
	    "origin-broken" },
	{ "a bare CR in the status line",
	    IN("HTTP/1.1 200 O\rK\r\n\r\n"), 0, "origin-broken" },
	{ "two CRs behind the status line",
	    IN("HTTP/1.1 200 OK\r\r\n\r\n"), 0, "origin-broken" },
	{ "NUL in the status line", IN("HTTP/1.1 200 O\0K\r\n\r\n"), 0,
	    "origin-broken" },
	{ "ESC in the status line", IN("HTTP/1.1 200 \x1b[2J\r\n\r\n"), 0,
	    "origin-broken" },
	{ "DEL in the status line", IN("HTTP/1.1 200 \x7f\r\n\r\n"), 0,
	    "origin-broken" },

	/* Line ends, leading empty lines. */
	{ "bare LF", IN("HTTP/1.1 200 OK\nA: b\nContent-Length: 1\n\nx"), 0,
	    "200 OK; keep; length 1; A: b; body 'x'; done; rest 0" },
	{ "bare LF and CRLF mixed",
	    IN("HTTP/1.1 200 OK\r\nA: b\nContent-Length: 1\r\n\nx"), 0,
	    "200 OK; keep; length 1; A: b; body 'x'; done; rest 0" },
	{ "one empty line before",
	    IN("\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 0,
	    "200 OK; keep; length 0; body ''; done; rest 0" },
	{ "one empty bare line before",
	    IN("\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 0,
	    "200 OK; keep; length 0; body ''; done; rest 0" },
	{ "two empty lines before",
	    IN("\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), 0, "origin-broken" },
	{ "a CR before", IN("\rHTTP/1.1 200 OK\r\n\r\n"), 0,
	    "origin-broken" },

	/* Fields. */
	{ "blanks around a value",
	    IN("HTTP/1.1 200 OK\r\nA: \t b c \t\r\n\r\n"), HEAD,
	    "200 OK; keep; none; A: b c; body ''; done; rest 0" },
	{ "no blank before a value", IN("HTTP/1.1 200 OK\r\nA:b\r\n\r\n"),
	    HEAD, "200 OK; keep; none; A: b; body ''; done; rest 0" },
	{ "an empty value", IN("HTTP/1.1 200 OK\r\nA:\r\nB: \t\r\n\r\n"), HEAD,
	    "200 OK; keep; none; A: ; B: ; body ''; done; rest 0" },
	{ "colons in a value", IN("HTTP/1.1 200 OK\r\nA: b:c: d\r\n\r\n"),
	    HEAD, "200 OK; keep; none; A: b:c: d; body ''; done; rest 0" },
	{ "bytes from 0x80 in a value",
	    IN("HTTP/1.1 200 OK\r\nA: \x80\xff-12345678\xc3\xa9\r\n\r\n"), HEAD,
	    "200 OK; keep; none; A: \x80\xff-12345678\xc3\xa9; body ''; done; "
	    "rest 0" },
	{ "a TAB within a value",
	    IN("HTTP/1.1 200 OK\r\nA: 12345678\t12345678\r\n\r\n"), HEAD,
	    "200 OK; keep; none; A: 12345678\t12345678; body ''; done; "
	    "rest 0" },
	{ "every byte of a token",
	    IN("HTTP/1.1 200 OK\r\n!#$%&'*+-.^_`|~09AZaz: b\r\n\r\n"), HEAD,
	    "200 OK; keep; none; !#$%&'*+-.^_`|~09AZaz: b; body ''; done; "
	    "rest 0" },
	{ "space before the colon is dropped",
	    IN("HTTP/1.1 200 OK\r\nA : b\r\nC: d\r\n\r\n"), HEAD,
	    "200 OK; keep; none; dropped 1; C: d; body ''; done; rest 0" },
	{ "space before the colon is refused",
	    IN("HTTP/1.1 200 OK\r\nA : b\r\nC: d\r\n\r\n"), HEAD | REFUSE,
	    "origin-bad-header" },
	{ "no colon", IN("HTTP/1.1 200 OK\r\nAbc\r\nC: d\r\n\r\n"), HEAD,
	    "200 OK; keep; none; dropped 1; C: d; body ''; done; rest 0" },
	{ "no colon is refused", IN("HTTP/1.1 200 OK\r\nAbc\r\n\r\n"),
	    HEAD | REFUSE, "origin-bad-header" },
	{ "no name", IN("HTTP/1.1 200 OK\r\n: b\r\n\r\n"), HEAD,
	    "200 OK; keep; none; dropped 1; body ''; done; rest 0" },
	{ "a byte from 0x80 in a name",
	    IN("HTTP/1.1 200 OK\r\nA\xe9: b\r\n\r\n"), HEAD,
	    "200 OK; keep; none; dropped 1; body ''; done; rest 0" },
	{ "a quote in a name", IN("HTTP/1.1 200 OK\r\n\"A\": b\r\n\r\n"), HEAD,
	    "200 OK; keep; none; dropped 1; body ''; done; rest 0" },
	{ "a bare CR in a value",
	    IN("HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: x\r\nC: d\r\n\r\n"), HEAD,
	    "200 OK; keep; none; dropped 1; C: d; body ''; done; rest 0" },
	{ "two CRs behind a value", IN("HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n"),
	    HEAD, "200 OK; keep; none; dropped 1; body ''; done; rest 0" },
	{ "two CRs are no empty line",
	    IN("HTTP/1.1 200 OK\r\n\r\r\nA: b\r\n\r\n"), HEAD,
	    "200 OK; keep; none; dropped 1; A: b; body ''; done; rest 0" },
	{ "NUL in a value", IN("HTTP/1.1 200 OK\r\nA: b\0c\r\nD: e\r\n\r\n"),
	    HEAD, "200 OK; keep; none; dropped 1; D: e; body ''; done; "
	    "rest 0" },
	{ "NUL in a long value",
	    IN("HTTP/1.1 200 OK\r\nA: 12345678123\0" "5678\r\n\r\n"), HEAD,
	    "200 OK; keep; none; dropped 1; body ''; done; rest 0" },
	{ "DEL in a long value",
	    IN("HTTP/1.1 200 OK\r\nA: 12345678123\x7f" "5678\r\n\r\n"), HEAD,
	    "200 OK; keep; none; dropped 1; body ''; done; rest 0" },
	{ "ESC is refused", IN("HTTP/1.1 200 OK\r\nA: \x1b[2J\r\n\r\n"),
	    HEAD | REFUSE, "origin-bad-header" },
	{ "a fold becomes one space",
	    IN("HTTP/1.1 200 OK\r\nA: b \t\r\n \t c\r\nD: e\r\n\r\n"), HEAD,
	    "200 OK; keep; none; A: b c; D: e; body ''; done; rest 0" },
	{ "folds of several lines, bare LF",
	    IN("HTTP/1.1 200 OK\r\nA:\n b\n\tc\r\n \r\n d\nE: f\n\n"), HEAD,
	    "200 OK; keep; none; A: b c d; E: f; body ''; done; rest 0" },
	{ "a folded bad field is dropped whole",
	    IN("HTTP/1.1 200 OK\r\nA : b\r\n C: d\r\nE: f\r\n\r\n"), HEAD,
	    "200 OK; keep; none; dropped 1; E: f; body ''; done; rest 0" },
	{ "a control byte within a fold",
	    IN("HTTP/1.1 200 OK\r\nA: b\r\n c\1\r\nE: f\r\n\r\n"), HEAD,
	    "200 OK; keep; none; dropped 1; E: f; body ''; done; rest 0" },
	{ "a blank before the first field",
	    IN("HTTP/1.1 200 OK\r\n A: b\r\nC: d\r\n\r\n"), HEAD,
	    "200 OK; keep; none; dropped 1; C: d; body ''; done; rest 0" },

	/* Lengths. */
	{ "equal lengths",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 1\r\n"
	    "\r\na"), 0, "200 OK; keep; length 1; body 'a'; done; rest 0" },
	{ "a list of equal lengths",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 1, 1,1\r\n\r\na"), 0,
	    "200 OK; keep; length 1; body 'a'; done; rest 0" },
	{ "a length with leading zeros",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 1, 0001\r\n\r\na"), 0,
	    "200 OK; keep; length 1; body 'a'; done; rest 0" },
	{ "different lengths",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n"
	    "\r\na"), 0, "origin-broken" },
	{ "a list of different lengths",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n"), 0,
	    "origin-broken" },
	{ "a list with a hole",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 5,,5\r\n\r\n"), 0,
	    "origin-broken" },
	{ "an empty length", IN("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"),
	    0, "origin-broken" },
	{ "a signed length",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n"), 0,
	    "origin-broken" },
	{ "a negative length",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), 0,
	    "origin-broken" },
	{ "a hexadecimal length",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n"), 0,
	    "origin-broken" },
	{ "a length with a tail",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 5 bytes\r\n\r\n"), 0,
	    "origin-broken" },
	{ "a folded length",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n 5\r\n\r\n"), 0,
	    "origin-broken" },
	{ "the largest length",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n"
	    "\r\na"), 0,
	    "200 OK; keep; length 9223372036854775807; body 'a'; cut; "
	    "rest 0" },
	{ "a length of 2^63",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n"
	    "\r\na"), 0, "origin-broken" },
	{ "a length beyond 2^64",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n"
	    "\r\na"), 0, "origin-broken" },
	{ "a space before the colon of a length is not dropped",
	    IN("HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello"), 0,
	    "origin-broken" },
	{ "a NUL before a length is not dropped",
	    IN("HTTP/1.1 200 OK\r\n\0Content-Length: 5\r\n\r\nhello"), 0,
	    "origin-broken" },
	{ "a NUL in a length is not dropped",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 5\0\r\n\r\nhello"), 0,
	    "origin-broken" },
	{ "a name as long as a length is another",
	    IN("HTTP/1.1 200 OK\r\nContent-Lengts: x\r\n\r\n"), HEAD,
	    "200 OK; keep; none; Content-Lengts: x; body ''; done; rest 0" },

	/* Codings. */
	{ "both lengths: chunked, and not used again",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"), 0,
	    "200 OK; close; chunked; body 'a'; done; rest 0" },
	{ "gzip, chunked",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
	    0, "origin-broken" },
	{ "chunked, gzip",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"),
	    0, "origin-broken" },
	{ "gzip", IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), 0,
	    "origin-broken" },
	{ "identity",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n"), 0,
	    "origin-broken" },
	{ "chunked twice in a list",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n"
	    "\r\n"), 0, "origin-broken" },
	{ "chunked repeated",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 0,
	    "origin-broken" },
	{ "identity and chunked",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 0,
	    "origin-broken" },
	{ "chunked with a parameter",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;q=1\r\n\r\n"), 0,
	    "origin-broken" },
	{ "chunked with a tail",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunkedx\r\n\r\n"), 0,
	    "origin-broken" },
	{ "an empty coding",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n"), 0,
	    "origin-broken" },
	{ "chunked behind a vertical tab",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: \vchunked\r\n\r\n"), 0,
	    "origin-broken" },
	{ "a space before the colon of a coding is not dropped",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n"), 0,
	    "origin-broken" },
	{ "a coding behind blanks is not dropped",
	    IN("HTTP/1.1 200 OK\r\n Transfer-Encoding: chunked\r\n\r\n"), 0,
	    "origin-broken" },
	{ "HTTP/1.0 with chunked",
	    IN("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "0\r\n\r\n"), 0, "origin-broken" },

	/* Answers without a body. */
	{ "HEAD with a length",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), HEAD,
	    "200 OK; keep; none; said 5; body ''; done; rest 0" },
	{ "HEAD with chunked",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), HEAD,
	    "200 OK; keep; none; body ''; done; rest 0" },
	{ "HEAD with both lengths",
	    IN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
	    "Content-Length: 5\r\n\r\n"), HEAD,
	    "200 OK; close; none; body ''; done; rest 0" },
	{ "HEAD with a body",
	    IN("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), HEAD,
	    "200 OK; keep; none; said 5; body ''; done; rest 5" },
	{ "204", IN("HTTP/1.1 204 No Content\r\n\r\n"), 0,
	    "204 No Content; keep; none; body ''; done; rest 0" },
	{ "204 with a zero length",
	    IN("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"), 0,
	    "204 No Content; keep; none; said 0; body ''; done; rest 0" },
	{ "204 with a length is not used again",
	    IN("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"), 0,
	    "204 No Content; close; none; said 5; body ''; done; rest 5" },
	{ "204 with chunks is not used again",
	    IN("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"),
	    0, "204 No Content; close; none; body ''; done; rest 0" },
	{ "304 with a length",
	    IN("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), 0,
	    "304 Not Modified; keep; none; said 5; body ''; done; rest 0" },
	{ "205 has a body like any other",
	    IN("HTTP/1.1 205 Reset\r\nContent-Length: 1\r\n\r\na"), 0,
	    "205 Reset; keep; length 1; body 'a'; done; rest 0" },

	/* The connection. */
	{ "Connection: close",
	    IN("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n"
	    "\r\n"), 0,
	    "200 OK; close; length 0; Connection: close; body ''; done; "
	    "rest 0" },
	{ "close in a second list",
	    IN("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n"
	    "connection: x, CLOSE\r\nContent-Length: 0\r\n\r\n"), 0,
	    "200 OK; close; length 0; Connection: keep-alive; "
	    "connection: x, CLOSE; body ''; done; rest 0" },
	{ "a malformed Connection is not used again",
	    IN("HTTP/1.1 200 OK\r\nConnection : x\r\nContent-Length: 0\r\n"
	    "\r\n"), 0,
	    "200 OK; close; length 0; dropped 1; body ''; done; rest 0" },
	{ "HTTP/1.0",
	    IN("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na"), 0,
	    "200 OK; close; length 1; body 'a'; done; rest 0" },
	{ "HTTP/1.0 with keep-alive",
	    IN("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n"
	    "Content-Length: 1\r\n\r\na"), 0,
	    "200 OK; keep; length 1; Connection: Keep-Alive; body 'a'; done; "
	    "rest 0" },
	{ "HTTP/1.0 with keep-alive and close",
	    IN("HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n"
	    "Content-Length: 1\r\n\r\na"), 0,
	    "200 OK; close; length 1; Connection: keep-alive, close; body 'a'; "
	    "done; rest 0" },

	/* Interim answers. */
	{ "100 is skipped",
	    IN("HTTP/1.1 100 Continue\r\n\r\n"
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"), 0,
	    "200 OK; keep; length 1; body 'a'; done; rest 0" },
	{ "103 and 199 are skipped with their fields",
	    IN("HTTP/1.1 103 Early\r\nLink: </a>\r\nContent-Length: 3\r\n\r\n"
	    "HTTP/1.1 199 X\nbad line\n\nHTTP/1.1 200 OK\r\nA: b\r\n"
	    "Content-Length: 1\r\n\r\na"), 0,
	    "200 OK; keep; length 1; A: b; body 'a'; done; rest 0" },
	{ "an empty line before a 100",
	    IN("\r\nHTTP/1.1 100 Continue\r\n\r\n"
	    "HTTP/1.1 204 X\r\n\r\n"), 0,
	    "204 X; keep; none; body ''; done; rest 0" },
	{ "an empty line behind a 100",
	    IN("HTTP/1.1 100 Continue\r\n\r\n\r\n"
	    "HTTP/1.1 204 X\r\n\r\n"), 0,
	    "204 X; keep; none; body ''; done; rest 0" },
	{ "garbage behind a 100",
	    IN("HTTP/1.1 100 Continue\r\n\r\nhello\r\n\r\n"), 0,
	    "origin-broken" },
	{ "a 100 alone", IN("HTTP/1.1 100 Continue\r\n\r\n"), 0, "more" },
	{ "101", IN("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), 0,
	    "origin-broken" },
	{ "101 behind a 100",
	    IN("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching\r\n\r\n"),
	    0, "origin-broken" },

	/* Chunks. */
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	{ "sizes in both cases, leading zeros",
	    IN(CHUNKED "00a\r\n0123456789\r\n0A\r\nabcdefghij\r\n000\r\n\r\n"),
	    0, "200 OK; keep; chunked; body '0123456789abcdefghij'; done; "
	    "rest 0" },
	{ "extensions are dropped",
	    IN(CHUNKED "1;a=b;c=\"d;e\"\r\nx\r\n1 \t;f\r\ny\r\n0;g\r\n\r\n"), 0,
	    "200 OK; keep; chunked; body 'xy'; done; rest 0" },
	{ "trailers are dropped",
	    IN(CHUNKED "1\r\nx\r\n0\r\nA: b\r\nC: d\t\r\n\r\nrest"), 0,
	    "200 OK; keep; chunked; body 'x'; done; rest 4" },
	{ "content that looks like framing",
	    IN(CHUNKED "5\r\n0\r\n\r\n\r\n0\r\n\r\n"), 0,
	    "200 OK; keep; chunked; body '0\r\n\r\n'; done; rest 0" },
	{ "chunks cut off in content", IN(CHUNKED "5\r\nab"), 0,
	    "200 OK; keep; chunked; body 'ab'; cut; rest 0" },
	{ "chunks cut off before the last", IN(CHUNKED "2\r\nab\r\n"), 0,
	    "200 OK; keep; chunked; body 'ab'; cut; rest 0" },
	{ "chunks cut off before the end", IN(CHUNKED "2\r\nab\r\n0\r\n"), 0,
	    "200 OK; keep; chunked; body 'ab'; cut; rest 0" },
	{ "chunks without a size", IN(CHUNKED "\r\n"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "an extension without a size", IN(CHUNKED ";a\r\n"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "a size that is no number", IN(CHUNKED "2\r\nab\r\nxyz\r\n"), 0,
	    "200 OK; keep; chunked; body 'ab'; origin-broken" },
	{ "a size with 0x", IN(CHUNKED "0x2\r\nab\r\n"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "a signed size", IN(CHUNKED "+2\r\nab\r\n"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "a negative size", IN(CHUNKED "-2\r\nab\r\n"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "a blank before a size", IN(CHUNKED " 2\r\nab\r\n"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "a blank behind a size", IN(CHUNKED "2 \r\nab\r\n"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "digits behind a blank", IN(CHUNKED "2 2\r\nab\r\n"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "the largest size", IN(CHUNKED "7fffffffffffffff\r\nab"), 0,
	    "200 OK; keep; chunked; body 'ab'; cut; rest 0" },
	{ "a size of 2^63", IN(CHUNKED "8000000000000000\r\nab"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "a size of 2^64", IN(CHUNKED "10000000000000000\r\nab"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "a size that wraps to 2", IN(CHUNKED "10000000000000002\r\nab\r\n"),
	    0, "200 OK; keep; chunked; body ''; origin-broken" },
	{ "a bare LF behind a size", IN(CHUNKED "2\nab\r\n0\r\n\r\n"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "a bare LF in an extension", IN(CHUNKED "2;a\nab\r\n0\r\n\r\n"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "a bare CR in an extension", IN(CHUNKED "2;a\rb\r\nab\r\n"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "NUL in an extension", IN(CHUNKED "2;a\0\r\nab\r\n"), 0,
	    "200 OK; keep; chunked; body ''; origin-broken" },
	{ "a bare LF behind content", IN(CHUNKED "2\r\nab\n0\r\n\r\n"), 0,
	    "200 OK; keep; chunked; body 'ab'; origin-broken" },
	{ "more content than the size", IN(CHUNKED "2\r\nabc\r\n0\r\n\r\n"), 0,
	    "200 OK; keep; chunked; body 'ab'; origin-broken" },
	{ "CR and another byte behind content",
	    IN(CHUNKED "2\r\nab\rx0\r\n\r\n"), 0,
	    "200 OK; keep; chunked; body 'ab'; origin-broken" },
	{ "a bare LF at the end", IN(CHUNKED "2\r\nab\r\n0\r\n\n"), 0,
	    "200 OK; keep; chunked; body 'ab'; origin-broken" },
	{ "a bare LF in the trailers",
	    IN(CHUNKED "2\r\nab\r\n0\r\nA: b\n\r\n"), 0,
	    "200 OK; keep; chunked; body 'ab'; origin-broken" },
	{ "a bare CR in the trailers",
	    IN(CHUNKED "2\r\nab\r\n0\r\nA: \rb\r\n\r\n"), 0,
	    "200 OK; keep; chunked; body 'ab'; origin-broken" },
};

/* ---- one answer, fed in pieces ---- */

struct outcome {
	char text[OUTCOME_MAX];
	size_t n;
};

static void
outcome_put(struct outcome *o, const void *p, size_t n)
{
	assert_true(n < sizeof(o->text) - o->n);
	memcpy(o->text + o->n, p, n);
	o->n += n;
	o->text[o->n] = '\0';
}

static void
outcome_text(struct outcome *o, const char *text)
{
	outcome_put(o, text, strlen(text));
}

static void
outcome_number(struct outcome *o, const char *before, uint64_t n,
    const char *after)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%llu%s", before,
	    (unsigned long long)n, after);
	outcome_text(o, text);
}

static void
outcome_head(struct outcome *o, const struct h1_answer *answer)
{
	static const char *const kinds[H1_BODY_KIND_COUNT] = { "none; ",
		"length ", "chunked; ", "close; " };
	size_t i;

	outcome_number(o, "", (uint64_t)answer->status, " ");
	outcome_put(o, answer->phrase.p, answer->phrase.n);
	outcome_text(o, answer->keep ? "; keep; " : "; close; ");
	outcome_text(o, kinds[answer->body]);
	if (answer->body == H1_BODY_LENGTH) {
		assert_true(answer->has_length);
		assert_true(answer->said_length == answer->length);
		outcome_number(o, "", answer->length, "; ");
	} else if (answer->has_length) {
		outcome_number(o, "said ", answer->said_length, "; ");
	}
	if (answer->dropped > 0)
		outcome_number(o, "dropped ", answer->dropped, "; ");
	for (i = 0; i < answer->fields.count; i++) {
		const struct header_field *f = &answer->fields.fields[i];

		outcome_put(o, f->name.p, f->name.n);
		outcome_text(o, ": ");
		outcome_put(o, f->value.p, f->value.n);
		outcome_text(o, "; ");
	}
}

/* What came and was not used, in memory of exactly its size. */
struct feed {
	char *p;
	size_t n;
};

static void
feed_more(struct feed *f, const char *p, size_t n)
{
	char *fresh = malloc(f->n + n + (f->n + n == 0));

	assert_non_null(fresh);
	if (f->n > 0)
		memcpy(fresh, f->p, f->n);
	if (n > 0)
		memcpy(fresh + f->n, p, n);
	free(f->p);
	f->p = fresh;
	f->n += n;
}

static void
feed_use(struct feed *f, size_t used)
{
	struct feed rest = { NULL, 0 };

	assert_true(used <= f->n);
	feed_more(&rest, f->p + used, f->n - used);
	free(f->p);
	*f = rest;
}

struct reading {
	struct h1_reader reader;
	struct h1_answer answer;
	struct h1_body body;
	struct arena arena;
	struct feed feed;
	bool has_head;
	bool over;
	struct outcome *o;
};

static void
reading_body(struct reading *r)
{
	struct str data;
	struct err e;
	size_t used;
	int got;

	do {
		got = h1_read_body(&r->body, (struct str){ r->feed.p,
		    r->feed.n }, &data, &used, &e);
		if (data.n > 0) {
			assert_true(data.p >= r->feed.p);
			assert_true(data.p + data.n <= r->feed.p + used);
			outcome_put(r->o, data.p, data.n);
		}
		if (got == 0)
			assert_int_equal(used, r->feed.n);
		feed_use(&r->feed, used);
	} while (got == 1);
	if (got == -1) {
		outcome_text(r->o, "'; ");
		outcome_text(r->o, reason_word(e.reason));
		r->over = true;
	}
}

static void
reading_piece(struct reading *r, const char *p, size_t n)
{
	struct err e;
	size_t used;
	int got;

	if (r->over)
		return;
	feed_more(&r->feed, p, n);
	if (!r->has_head) {
		got = h1_read_head(&r->reader, (struct str){ r->feed.p,
		    r->feed.n }, &r->arena, &r->answer, &used, &e);
		feed_use(&r->feed, used);
		if (got == 0)
			return;
		if (got == -1) {
			outcome_text(r->o, reason_word(e.reason));
			r->over = true;
			return;
		}
		r->has_head = true;
		outcome_head(r->o, &r->answer);
		outcome_text(r->o, "body '");
		h1_body_init(&r->body, &r->answer);
	}
	reading_body(r);
}

static void
reading_end(struct reading *r)
{
	bool was_done = r->body.done;

	if (r->over)
		return;
	if (!r->has_head) {
		outcome_text(r->o, "more");
		return;
	}
	outcome_text(r->o, was_done ? "'; done" :
	    h1_body_end(&r->body) ? "'; ended" : "'; cut");
	assert_true(h1_body_end(&r->body) == r->body.done);
	outcome_number(r->o, "; rest ", r->feed.n, "");
}

/* Pieces of `first` bytes, then of `step`. */
static void
reading_run(const char *in, size_t n, int flags, size_t first, size_t step,
    struct outcome *o)
{
	const struct h1_limits limits = { HEAD_MAX, (flags & REFUSE) != 0 };
	struct reading r = { .o = o };
	size_t at = 0;

	o->n = 0;
	o->text[0] = '\0';
	arena_init(&r.arena, 1 << 20);
	h1_reader_init(&r.reader, limits, (flags & HEAD) != 0);
	do {
		size_t piece = at == 0 ? first : step;

		if (piece > n - at)
			piece = n - at;
		reading_piece(&r, in + at, piece);
		at += piece;
	} while (at < n);
	reading_end(&r);
	free(r.feed.p);
	arena_fini(&r.arena);
}

static struct outcome outcome_whole;
static struct outcome outcome_other;

/* Whole as wanted, and the same however it is cut, at every `stride` bytes. */
static void
reading_same(const char *name, const char *in, size_t n, int flags,
    size_t stride, const char *want)
{
	size_t first;

	reading_run(in, n, flags, n, n, &outcome_whole);
	if (strcmp(outcome_whole.text, want) != 0)
		fail_msg("%s: '%s' instead of '%s'", name, outcome_whole.text,
		    want);
	reading_run(in, n, flags, 1, 1, &outcome_other);
	if (strcmp(outcome_whole.text, outcome_other.text) != 0)
		fail_msg("%s: byte by byte: '%s'", name, outcome_other.text);
	for (first = 1; first < n; first += stride) {
		reading_run(in, n, flags, first, n, &outcome_other);
		if (strcmp(outcome_whole.text, outcome_other.text) != 0)
			fail_msg("%s: cut at %zu: '%s'", name, first,
			    outcome_other.text);
	}
}

static void
answers_read_the_same_however_they_are_cut(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		reading_same(answers[i].name, answers[i].in, answers[i].n,
		    answers[i].flags, 1, answers[i].want);
}

/* `count` times `line` between a start and an end, checked as the table. */
static void
reading_repeated(const char *name, const char *start, const char *line,
    size_t count, const char *end, const char *want)
{
	struct buf b;
	size_t i;

	buf_init(&b, 1 << 20);
	assert_int_equal(buf_put(&b, str_of(start)), 0);
	for (i = 0; i < count; i++)
		assert_int_equal(buf_put(&b, str_of(line)), 0);
	assert_int_equal(buf_put(&b, str_of(end)), 0);
	reading_same(name, buf_view(&b).p, buf_len(&b), 0,
	    count / 300 + 1, want);
	buf_fini(&b);
}

static void
heads_are_bounded(void **state)
{
	const char *const start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: ";
	const size_t room = HEAD_MAX - strlen(start) - 4;
	char want[HEAD_MAX + 100];

	(void)state;
	snprintf(want, sizeof(want), "200 OK; keep; length 0; A: %0*d; body "
	    "''; done; rest 0", (int)room, 0);
	reading_repeated("a head of the largest size", start, "0", room,
	    "\r\n\r\n", want);
	reading_repeated("one byte more", start, "0", room + 1, "\r\n\r\n",
	    "origin-bad-header");
	reading_repeated("no end in sight", start, "0", HEAD_MAX, "",
	    "origin-bad-header");
	reading_repeated("a status line without end", "HTTP/1.1 200 ", "a",
	    HEAD_MAX, "\r\n\r\n", "origin-bad-header");
	reading_repeated("a large 1xx", "HTTP/1.1 103 Early\r\nA: ", "0",
	    HEAD_MAX, "\r\n\r\nHTTP/1.1 204 X\r\n\r\n",
	    "origin-bad-header");
}

static void
two_hundred_fields_are_read_and_no_more(void **state)
{
	char want[HEAD_MAX] = "204 X; keep; none; ";
	size_t n = strlen(want);
	int i;

	(void)state;
	for (i = 0; i < H1_FIELDS_MAX; i++)
		n += (size_t)snprintf(want + n, sizeof(want) - n, "A: b; ");
	snprintf(want + n, sizeof(want) - n, "body ''; done; rest 0");
	reading_repeated("200 fields", "HTTP/1.1 204 X\r\n", "A: b\r\n",
	    H1_FIELDS_MAX, "\r\n", want);
	reading_repeated("201 fields", "HTTP/1.1 204 X\r\n", "A: b\r\n",
	    H1_FIELDS_MAX + 1, "\r\n", "origin-bad-header");
	reading_repeated("201 bad fields", "HTTP/1.1 204 X\r\n", "A\r\n",
	    H1_FIELDS_MAX + 1, "\r\n", "origin-bad-header");
	reading_repeated("one field of 300 lines", "HTTP/1.1 204 X\r\nA: b\r\n",
	    " \r\n", 300, "\r\n", "204 X; keep; none; A: b; body ''; done; "
	    "rest 0");
}

static void
eight_interim_answers_are_skipped_and_no_more(void **state)
{
	(void)state;
	reading_repeated("8 interim answers", "", "HTTP/1.1 102 X\r\n\r\n",
	    H1_INTERIM_MAX, "HTTP/1.1 204 X\r\n\r\n",
	    "204 X; keep; none; body ''; done; rest 0");
	reading_repeated("9 interim answers", "", "HTTP/1.1 102 X\r\n\r\n",
	    H1_INTERIM_MAX + 1, "HTTP/1.1 204 X\r\n\r\n", "origin-broken");
}

static void
chunk_lines_and_trailers_are_bounded(void **state)
{
	const char *const good = "200 OK; keep; chunked; body 'ab'; done; "
	    "rest 0";
	const char *const bad_first = "200 OK; keep; chunked; body 'a'; "
	    "origin-broken";
	const char *const bad_end = "200 OK; keep; chunked; body 'ab'; "
	    "origin-broken";

	(void)state;
	reading_repeated("a chunk line of the largest size",
	    CHUNKED "1\r\na\r\n1;", "e", H1_CHUNK_LINE_MAX - 4,
	    "\r\nb\r\n0\r\n\r\n", good);
	reading_repeated("one byte more", CHUNKED "1\r\na\r\n1;", "e",
	    H1_CHUNK_LINE_MAX - 3, "\r\nb\r\n0\r\n\r\n", bad_first);
	reading_repeated("zeros without end", CHUNKED "1\r\na\r\n", "0",
	    H1_CHUNK_LINE_MAX, "1\r\nb\r\n0\r\n\r\n", bad_first);
	reading_repeated("trailers of the largest size",
	    CHUNKED "2\r\nab\r\n0\r\n", "A: 345\r\n",
	    (H1_TRAILER_MAX - 8) / 8, "A: 3\r\n\r\n", good);
	reading_repeated("one byte more", CHUNKED "2\r\nab\r\n0\r\n",
	    "A: 345\r\n", (H1_TRAILER_MAX - 8) / 8, "A: 34\r\n\r\n", bad_end);
}

static void
a_full_arena_is_overload(void **state)
{
	const struct str in = STR("HTTP/1.1 200 OK\r\n\r\n");
	const struct h1_limits limits = { HEAD_MAX, false };
	struct h1_answer answer;
	struct h1_reader r;
	struct arena a;
	struct err e;
	size_t used;

	(void)state;
	arena_init(&a, 64);
	h1_reader_init(&r, limits, false);
	assert_int_equal(h1_read_head(&r, in, &a, &answer, &used, &e), -1);
	assert_int_equal(e.reason, REASON_OVERLOADED);
	arena_fini(&a);
}

static void
texts_outlive_the_bytes_they_came_in(void **state)
{
	char in[] = "HTTP/1.1 200 Fine\r\nName: value\r\n\r\n";
	const struct h1_limits limits = { HEAD_MAX, false };
	struct h1_answer answer;
	struct h1_reader r;
	struct arena a;
	struct err e;
	size_t used;

	(void)state;
	arena_init(&a, 1 << 16);
	h1_reader_init(&r, limits, false);
	assert_int_equal(h1_read_head(&r, str_of(in), &a, &answer, &used, &e),
	    1);
	assert_int_equal(used, sizeof(in) - 1);
	memset(in, 'x', sizeof(in));
	assert_true(str_eq(answer.phrase, STR("Fine")));
	assert_true(str_eq(header_get(&answer.fields, STR("name")),
	    STR("value")));
	assert_int_equal(header_add(&answer.fields, STR("More"), STR("x")), 0);
	assert_true(str_eq(header_get(&answer.fields, STR("more")), STR("x")));
	arena_fini(&a);
}

static void
a_finished_body_takes_no_more(void **state)
{
	const struct h1_answer answer = { .body = H1_BODY_CHUNKED };
	const struct str in = STR("0\r\n\r\n5\r\nhello");
	struct str data;
	struct h1_body b;
	struct err e;
	size_t used;

	(void)state;
	h1_body_init(&b, &answer);
	assert_int_equal(h1_read_body(&b, in, &data, &used, &e), 2);
	assert_int_equal(used, 5);
	assert_int_equal(h1_read_body(&b, str_sub(in, 5, in.n), &data, &used,
	    &e), 2);
	assert_int_equal(used, 0);
	assert_int_equal(data.n, 0);
}

/* What need not be looked at may go by, to the last byte. */
static void
content_may_go_by_unread(void **state)
{
	struct h1_answer answer = { .body = H1_BODY_LENGTH, .length = 9 };
	struct h1_body b;
	struct str data;
	struct err e;
	size_t used;

	(void)state;
	h1_body_init(&b, &answer);
	assert_int_equal(h1_body_ahead(&b), 9);
	h1_body_pass(&b, 4);
	assert_int_equal(h1_body_ahead(&b), 5);
	assert_false(b.done);
	h1_body_pass(&b, 5);
	assert_true(b.done);
	assert_int_equal(h1_body_ahead(&b), 0);

	answer.body = H1_BODY_CHUNKED;
	h1_body_init(&b, &answer);
	assert_int_equal(h1_body_ahead(&b), 0);
	assert_int_equal(h1_read_body(&b, STR("10\r\n"), &data, &used, &e),
	    0);
	assert_int_equal(h1_body_ahead(&b), 16);
	h1_body_pass(&b, 16);
	assert_int_equal(h1_body_ahead(&b), 0);
	assert_int_equal(h1_read_body(&b, STR("\r\n0\r\n\r\n"), &data,
	    &used, &e), 2);

	answer.body = H1_BODY_CLOSE;
	h1_body_init(&b, &answer);
	assert_true(h1_body_ahead(&b) == UINT64_MAX);
	h1_body_pass(&b, 1 << 30);
	assert_true(h1_body_ahead(&b) == UINT64_MAX);
	assert_true(h1_body_end(&b));
	assert_int_equal(h1_body_ahead(&b), 0);
}

static void
a_broken_body_stays_broken(void **state)
{
	const struct h1_answer answer = { .body = H1_BODY_CHUNKED };
	struct str data;
	struct h1_body b;
	struct err e;
	size_t used;

	(void)state;
	h1_body_init(&b, &answer);
	assert_int_equal(h1_read_body(&b, STR("x"), &data, &used, &e), -1);
	assert_int_equal(h1_read_body(&b, STR("0\r\n\r\n"), &data, &used, &e),
	    -1);
	assert_int_equal(e.reason, REASON_ORIGIN_BROKEN);
	assert_false(h1_body_end(&b));
}

/* ---- requests ---- */

struct writing {
	struct arena arena;
	struct header fields;
	struct buf to;
	struct h1_request request;
};

static void
writing_init(struct writing *w, size_t max)
{
	*w = (struct writing){ .request = { .method = STR("GET"),
		.target = STR("/a%2Fb?c=d"), .host = STR("origin:8080"),
		.fields = &w->fields } };
	arena_init(&w->arena, 1 << 16);
	header_init(&w->fields, &w->arena);
	buf_init(&w->to, max);
}

static void
writing_fini(struct writing *w)
{
	buf_fini(&w->to);
	arena_fini(&w->arena);
}

static void
writing_gives(struct writing *w, const char *want)
{
	struct str got;

	assert_int_equal(h1_put_request(&w->to, &w->request), 0);
	got = buf_view(&w->to);
	if (!str_eq(got, str_of(want)))
		fail_msg("'%.*s' instead of '%s'", STR_ARG(got), want);
	buf_clear(&w->to);
}

static void
requests_are_written_with_one_framing_at_most(void **state)
{
	struct writing w;

	(void)state;
	writing_init(&w, 1 << 16);
	writing_gives(&w, "GET /a%2Fb?c=d HTTP/1.1\r\nHost: origin:8080\r\n"
	    "\r\n");
	assert_int_equal(header_add(&w.fields, STR("B"), STR("1")), 0);
	assert_int_equal(header_add(&w.fields, STR("a-Name"), STR("")), 0);
	assert_int_equal(header_add(&w.fields, STR("B"), STR("2\t\x80")), 0);
	w.request.method = STR("POST");
	w.request.body = H1_BODY_LENGTH;
	writing_gives(&w, "POST /a%2Fb?c=d HTTP/1.1\r\nHost: origin:8080\r\n"
	    "B: 1\r\na-Name: \r\nB: 2\t\x80\r\nContent-Length: 0\r\n\r\n");
	w.request.length = UINT64_MAX;
	writing_gives(&w, "POST /a%2Fb?c=d HTTP/1.1\r\nHost: origin:8080\r\n"
	    "B: 1\r\na-Name: \r\nB: 2\t\x80\r\n"
	    "Content-Length: 18446744073709551615\r\n\r\n");
	w.request.body = H1_BODY_CHUNKED;
	writing_gives(&w, "POST /a%2Fb?c=d HTTP/1.1\r\nHost: origin:8080\r\n"
	    "B: 1\r\na-Name: \r\nB: 2\t\x80\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n");
	writing_fini(&w);
}

static void
a_word_that_would_end_early_is_not_written(void **state)
{
	static const struct {
		const char *p;
		size_t n;
	} words[] = { { IN("") }, { IN("/a b") }, { IN("/a\r\nB: c") },
		{ IN("/a\nb") }, { IN("/a\0b") }, { IN("/a\tb") },
		{ IN("/\x7f") } };
	struct writing w;
	size_t i;

	(void)state;
	writing_init(&w, 1 << 16);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct h1_request good = w.request;
		const struct str word = { words[i].p, words[i].n };

		w.request.target = word;
		assert_int_equal(h1_put_request(&w.to, &w.request), -1);
		w.request = good;
		w.request.method = word;
		assert_int_equal(h1_put_request(&w.to, &w.request), -1);
		w.request = good;
		w.request.host = word;
		assert_int_equal(h1_put_request(&w.to, &w.request), -1);
		w.request = good;
	}
	assert_int_equal(buf_len(&w.to), 0);
	writing_fini(&w);
}

static void
a_full_buffer_takes_nothing(void **state)
{
	const size_t whole = strlen("GET /a%2Fb?c=d HTTP/1.1\r\n"
	    "Host: origin:8080\r\n\r\n");
	struct writing w;

	(void)state;
	writing_init(&w, whole - 1);
	assert_int_equal(h1_put_request(&w.to, &w.request), -1);
	assert_int_equal(buf_len(&w.to), 0);
	writing_fini(&w);
	writing_init(&w, whole);
	assert_int_equal(h1_put_request(&w.to, &w.request), 0);
	assert_int_equal(h1_put_chunk(&w.to, STR("")), -1);
	assert_int_equal(buf_len(&w.to), whole);
	writing_fini(&w);
}

static void
chunks_are_written(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	assert_int_equal(h1_put_chunk(&b, STR("0123456789abcdefg")), 0);
	assert_int_equal(h1_put_chunk(&b, STR("\r\n")), 0);
	assert_int_equal(h1_put_chunk(&b, STR("")), 0);
	assert_true(str_eq(buf_view(&b), STR("11\r\n0123456789abcdefg\r\n"
	    "2\r\n\r\n\r\n0\r\n\r\n")));
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_read_the_same_however_they_are_cut),
		cmocka_unit_test(heads_are_bounded),
		cmocka_unit_test(two_hundred_fields_are_read_and_no_more),
		cmocka_unit_test(eight_interim_answers_are_skipped_and_no_more),
		cmocka_unit_test(chunk_lines_and_trailers_are_bounded),
		cmocka_unit_test(a_full_arena_is_overload),
		cmocka_unit_test(texts_outlive_the_bytes_they_came_in),
		cmocka_unit_test(a_finished_body_takes_no_more),
		cmocka_unit_test(content_may_go_by_unread),
		cmocka_unit_test(a_broken_body_stays_broken),
		cmocka_unit_test(requests_are_written_with_one_framing_at_most),
		cmocka_unit_test(a_word_that_would_end_early_is_not_written),
		cmocka_unit_test(a_full_buffer_takes_nothing),
		cmocka_unit_test(chunks_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
