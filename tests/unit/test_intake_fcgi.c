/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_intake_fcgi: a web server at the other end of a socket pair, which
 * writes records whole, in pieces, too many, or wrong.
 *
 * Our descriptor does not block here: where libfcgi would wait, it fails, and
 * so does the test.
 */

#include "serve/fcgi_head.h"
#include "serve/intake_fcgi.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/scratch.h"

enum {
	FCGI_TEST_MAX = 4 << 20,
	FCGI_TEST_ROOM = 128 * 1024,
	BEGIN = 1, ABORT = 2, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6
};

struct fcgi_case {
	struct process p;
	struct exchange *x;
	struct exchange_loan loan;
	struct err e;
	int peer;       /* the web server's end */
	char *sent;     /* records, before they are written */
	size_t sent_n;
	char *came;     /* the peer has read */
	size_t came_n;
	char *body;     /* of a request, as it was given */
	size_t body_n;
};

static _Atomic int64_t fcgi_now_us;

static int64_t
fcgi_clock(void)
{
	return fcgi_now_us;
}

static int
fcgi_group_open(void **state)
{
	(void)state;
	intake_fcgi_init();
	return 0;
}

static int
fcgi_open(void **state)
{
	struct fcgi_case *c = calloc(1, sizeof(*c));
	struct settings *s = NULL;
	int pair[2];

	assert_non_null(c);
	assert_int_equal(settings_load(NULL, &s, NULL, NULL), 0);
	/* Only what an intake asks its process for. */
	pthread_mutex_init(&c->p.lock, NULL);
	c->p.settings = s;
	c->x = exchange_new(&c->p);
	c->loan.room = FCGI_TEST_ROOM;
	c->loan.scratch = malloc(c->loan.room);
	c->sent = malloc(FCGI_TEST_MAX);
	c->came = malloc(FCGI_TEST_MAX);
	c->body = malloc(FCGI_TEST_MAX);
	assert_true(c->x != NULL && c->loan.scratch != NULL &&
	    c->sent != NULL && c->came != NULL && c->body != NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, pair), 0);
	c->peer = pair[1];
	fcgi_now_us = 1000000;
	clock_replace(fcgi_clock);
	assert_int_equal(intake_fcgi_open(c->x, pair[0]), 0);
	*state = c;
	return 0;
}

static int
fcgi_close(void **state)
{
	struct fcgi_case *c = *state;

	clock_replace(NULL);
	c->x->intake->fini(c->x);
	assert_int_equal(c->x->front, -1);
	exchange_free(&c->x);
	settings_drop(&c->p.settings);
	pthread_mutex_destroy(&c->p.lock);
	close(c->peer);
	free(c->loan.scratch);
	free(c->sent);
	free(c->came);
	free(c->body);
	free(c);
	return 0;
}

/* ---- records ---- */

/* Adds a record to what is to be written. */
static void
fcgi_record(struct fcgi_case *c, int type, unsigned id, struct str content,
    size_t padding)
{
	char *to = c->sent + c->sent_n;

	assert_true(c->sent_n + 8 + content.n + padding <= FCGI_TEST_MAX);
	to[0] = 1;
	to[1] = (char)type;
	to[2] = (char)(id >> 8);
	to[3] = (char)id;
	to[4] = (char)(content.n >> 8);
	to[5] = (char)content.n;
	to[6] = (char)padding;
	to[7] = 0;
	if (content.n > 0)
		memcpy(to + 8, content.p, content.n);
	memset(to + 8 + content.n, 'P', padding);
	c->sent_n += 8 + content.n + padding;
}

static void
fcgi_begin(struct fcgi_case *c, int role, bool keep, unsigned id)
{
	char body[8] = { 0, (char)role, keep ? 1 : 0 };

	fcgi_record(c, BEGIN, id, (struct str){ body, 8 }, 0);
}

#define PAIRS STR("\x0e\x04REQUEST_METHODPOST\x09\x09HTTP_HOSTa.example")

static void
fcgi_head(struct fcgi_case *c, bool keep, unsigned id)
{
	fcgi_begin(c, 1, keep, id);
	fcgi_record(c, PARAMS, id, PAIRS, 3);
	fcgi_record(c, PARAMS, id, STR(""), 0);
}

/* Writes what waits, or its first n bytes. */
static void
fcgi_write(struct fcgi_case *c, size_t n)
{
	if (n > c->sent_n)
		n = c->sent_n;
	assert_int_equal(send(c->peer, c->sent, n, MSG_NOSIGNAL), (ssize_t)n);
	memmove(c->sent, c->sent + n, c->sent_n - n);
	c->sent_n -= n;
}

static int
fcgi_take(struct fcgi_case *c)
{
	c->e.reason = REASON_NONE;
	c->e.text[0] = '\0';
	return c->x->intake->take(c->x, &c->loan, &c->e);
}

/* A request is there; its body is not yet. */
static void
fcgi_must_take(struct fcgi_case *c, bool keep)
{
	fcgi_head(c, keep, 1);
	fcgi_write(c, SIZE_MAX);
	c->body_n = 0;
	if (fcgi_take(c) != 1)
		fail_msg("not taken: %s", c->e.text);
}

/* Reads the body as far as it is there: 0, 2 or -1. */
static int
fcgi_read(struct fcgi_case *c)
{
	for (;;) {
		struct str data = { NULL, 0 };
		int got = c->x->intake->read(c->x, &data, &c->e);

		if (got != 1)
			return got;
		assert_true(data.n > 0);
		memcpy(c->body + c->body_n, data.p, data.n);
		c->body_n += data.n;
	}
}

static void
fcgi_must_end(struct fcgi_case *c)
{
	fcgi_record(c, STDIN, 1, STR(""), 0);
	fcgi_write(c, SIZE_MAX);
	assert_int_equal(fcgi_read(c), 2);
}

/* The web server reads on. true: our side has closed. */
static bool
fcgi_peer_reads(struct fcgi_case *c)
{
	for (;;) {
		ssize_t n = recv(c->peer, c->came + c->came_n,
		    FCGI_TEST_MAX - c->came_n, 0);

		if (n <= 0)
			return n == 0 || errno == ECONNRESET;
		c->came_n += (size_t)n;
	}
}

/* What came as records: "TYPE:LENGTH " each; STDOUT's content moves to the
 * front of c->came. */
static void
fcgi_parse(struct fcgi_case *c, char text[256], unsigned id)
{
	size_t at = 0, out = 0, n = 0;

	text[0] = '\0';
	while (at + 8 <= c->came_n) {
		const unsigned char *p = (unsigned char *)c->came + at;
		size_t content = (size_t)p[4] << 8 | p[5];
		int type = p[1];

		if (p[0] != 1) {
			snprintf(text + n, 256 - n, "v%d ", p[0]);
			c->came_n = out;
			return;
		}
		assert_int_equal((unsigned)p[2] << 8 | p[3], id);
		at += 8 + content + p[6];
		assert_true(at <= c->came_n);
		if (type == STDOUT) {
			memmove(c->came + out, p + 8, content);
			out += content;
		}
		if (n < 200)
			n += (size_t)snprintf(text + n, 256 - n, "%d:%zu ",
			    type, content);
	}
	assert_int_equal(at, c->came_n);
	c->came_n = out;
}

/* ---- looking ---- */

static const struct {
	const char *name;
	struct str bytes;
	int want;
} fcgi_looks[] = {
#define HEAD_BEGIN "\1\1\0\1\0\x08\0\0" "\0\1\0\0\0\0\0\0"
#define HEAD_END "\1\4\0\1\0\0\0\0"
#define BYTES(literal) { "" literal, sizeof(literal) - 1 }
	{ "nothing", BYTES(""), 0 },
	{ "a version", BYTES("\1"), 0 },
	{ "another version", BYTES("\0"), -1 },
	{ "HTTP", BYTES("GET / HTTP/1.1\r\n\r\n"), -1 },
	{ "a type that begins nothing", BYTES("\1\4"), -1 },
	{ "management", BYTES("\1\x09\0\0\0\0\0\0"), -1 },
	{ "a begin without its body", BYTES("\1\1\0\1\0\x08\0\0"), 0 },
	{ "a begin of no request", BYTES("\1\1\0\0\0\x08\0\0\0\1\0\0\0\0\0\0"),
	  -1 },
	{ "a begin too short", BYTES("\1\1\0\1\0\7\0\0\0\1\0\0\0\0\0"), -1 },
	{ "a begin too long", BYTES("\1\1\0\1\0\x09\0\0\0\1\0\0\0\0\0\0\0"),
	  -1 },
	{ "a begin alone", BYTES(HEAD_BEGIN), 0 },
	{ "no variables", BYTES(HEAD_BEGIN HEAD_END), 1 },
	{ "and more", BYTES(HEAD_BEGIN HEAD_END "\0\0\0"), 1 },
	{ "a variable", BYTES(HEAD_BEGIN "\1\4\0\1\0\4\0\0\1\1ab" HEAD_END),
	  1 },
	{ "a variable in two records", BYTES(HEAD_BEGIN
	  "\1\4\0\1\0\1\0\0\1" "\1\4\0\1\0\3\0\0\1ab" HEAD_END), 1 },
	{ "a long length", BYTES(HEAD_BEGIN
	  "\1\4\0\1\0\7\0\0\x80\0\0\1\1ab" HEAD_END), 1 },
	{ "padding", BYTES(HEAD_BEGIN
	  "\1\4\0\1\0\4\2\0\1\1abPP" HEAD_END), 1 },
	{ "padding behind the last variable", BYTES(HEAD_BEGIN
	  "\1\4\0\1\0\4\0\0\1\1ab" "\1\4\0\1\0\0\1\0P"), -1 },
	{ "variables in the padding of a begin", BYTES(
	  "\1\1\0\1\0\x08\x0c\0\0\1\0\0\0\0\0\0"
	  "\1\4\0\1\0\4\0\0\1\1ab" HEAD_END), -1 },
	{ "padding that is not there", BYTES(HEAD_BEGIN "\1\4\0\1\0\0\1\0"),
	  0 },
	{ "a variable cut by the end", BYTES(HEAD_BEGIN
	  "\1\4\0\1\0\3\0\0\1\1a" HEAD_END), -1 },
	{ "a length cut by the end", BYTES(HEAD_BEGIN
	  "\1\4\0\1\0\2\0\0\x80\0" HEAD_END), -1 },
	{ "a NUL in a name", BYTES(HEAD_BEGIN
	  "\1\4\0\1\0\4\0\0\1\1\0b" HEAD_END), 2 },
	{ "a NUL in a value, in another record", BYTES(HEAD_BEGIN
	  "\1\4\0\1\0\4\0\0\1\2ab" "\1\4\0\1\0\1\0\0\0" HEAD_END), 2 },
	{ "NULs in lengths and padding", BYTES(HEAD_BEGIN
	  "\1\4\0\1\0\x0a\2\0\x80\0\0\1\0a\1\x80\0\0" "\0\0"
	  "\1\4\0\1\0\2\0\0\0b" HEAD_END), 1 },
	{ "a length that nobody can hold", BYTES(HEAD_BEGIN
	  "\1\4\0\1\0\x0a\0\0\xff\xff\xff\xff\xff\xff\xff\xff" "ab"
	  HEAD_END), -1 },
	{ "variables of another request", BYTES(HEAD_BEGIN
	  "\1\4\0\2\0\4\0\0\1\1ab"), -1 },
	{ "a body before its head", BYTES(HEAD_BEGIN "\1\5\0\1\0\1\0\0x"),
	  -1 },
	{ "a second begin", BYTES(HEAD_BEGIN HEAD_BEGIN), -1 },
	{ "another version later", BYTES(HEAD_BEGIN "\2\4\0\1\0\0\0\0"), -1 },
};

static void
only_a_whole_sound_head_is_one(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(fcgi_looks); i++) {
		char *copy = table_exact(fcgi_looks[i].bytes);

		TABLE_INT(fcgi_looks[i].name, fcgi_head_look((struct str){
		    copy, fcgi_looks[i].bytes.n }), fcgi_looks[i].want);
		free(copy);
	}
}

/* ---- taking ---- */

static void
a_head_that_comes_byte_by_byte_is_taken_when_whole(void **state)
{
	struct fcgi_case *c = *state;

	fcgi_head(c, false, 1);
	assert_int_equal(fcgi_take(c), 0);
	assert_int_equal(c->x->wait.front, POLLIN);
	while (c->sent_n > 1) {
		fcgi_write(c, 1);
		assert_int_equal(fcgi_take(c), 0);
		/* What is there was looked at: an event is of more. */
		assert_int_equal(c->x->wait.front, POLLIN);
		c->x->front_ready.watched = UINT32_MAX; /* by epoll */
		assert_false(ready_maybe(&c->x->front_ready));
		assert_true(c->x->wait.until < INT64_MAX);
	}
	fcgi_write(c, 1);
	assert_int_equal(fcgi_take(c), 1);
	assert_string_equal(c->x->variables[0], "FCGI_ROLE=RESPONDER");
	assert_string_equal(c->x->variables[1], "REQUEST_METHOD=POST");
	assert_string_equal(c->x->variables[2], "HTTP_HOST=a.example");
	assert_null(c->x->variables[3]);
}

static void
a_silent_or_slow_peer_is_left_after_a_while(void **state)
{
	struct fcgi_case *c = *state;

	assert_int_equal(fcgi_take(c), 0);
	fcgi_head(c, false, 1);
	fcgi_write(c, 20);
	assert_int_equal(fcgi_take(c), 0);
	fcgi_now_us += 9999 * 1000;
	assert_int_equal(fcgi_take(c), 0);
	fcgi_now_us += 1000;
	assert_int_equal(fcgi_take(c), -1);
	assert_int_equal(c->e.reason, REASON_BAD_REQUEST);
	assert_int_equal(c->x->front, -1);
	assert_true(fcgi_peer_reads(c));
}

static void
a_peer_that_goes_away_is_nothing_to_say(void **state)
{
	struct fcgi_case *c = *state;

	assert_int_equal(fcgi_take(c), 0);
	assert_int_equal(shutdown(c->peer, SHUT_RDWR), 0);
	assert_int_equal(fcgi_take(c), -1);
	assert_int_equal(c->e.reason, REASON_NONE);
	assert_int_equal(c->x->front, -1);
}

static void
a_peer_that_goes_away_in_a_head_is_not_waited_for(void **state)
{
	struct fcgi_case *c = *state;

	fcgi_head(c, false, 1);
	fcgi_write(c, 20);
	assert_int_equal(shutdown(c->peer, SHUT_WR), 0);
	assert_int_equal(fcgi_take(c), -1);
	assert_int_equal(c->e.reason, REASON_BAD_REQUEST);
}

static void
what_is_no_fastcgi_is_closed(void **state)
{
	struct fcgi_case *c = *state;

	assert_int_equal(send(c->peer, "GET /", 5, 0), 5);
	assert_int_equal(fcgi_take(c), -1);
	assert_int_equal(c->e.reason, REASON_BAD_REQUEST);
	assert_true(fcgi_peer_reads(c));
	assert_int_equal(c->came_n, 0);
}

static void
a_head_beyond_all_measure_is_431(void **state)
{
	static const char said[] = "Status: 431 ";
	struct fcgi_case *c = *state;

	c->loan.room = 4096;
	fcgi_begin(c, 1, false, 1);
	memset(c->body, 'x', 5000);
	memcpy(c->body, "\x01\x80\x00\x20\x00", 5);
	fcgi_record(c, PARAMS, 1, (struct str){ c->body, 5000 }, 0);
	fcgi_write(c, SIZE_MAX);
	assert_int_equal(shutdown(c->peer, SHUT_WR), 0);
	assert_int_equal(fcgi_take(c), -1);
	assert_int_equal(c->e.reason, REASON_HEADERS_TOO_LARGE);
	assert_true(fcgi_peer_reads(c));
	assert_memory_equal(c->came + 8, said, sizeof(said) - 1);
}

/* libfcgi ends variables at a NUL: "/a" for "/a\0b". */
static void
a_head_with_nul_is_400(void **state)
{
	static const char said[] = "Status: 400 ";
	struct fcgi_case *c = *state;

	fcgi_begin(c, 1, false, 1);
	fcgi_record(c, PARAMS, 1, STR("\1\3xa\0b"), 0);
	fcgi_record(c, PARAMS, 1, STR(""), 0);
	fcgi_write(c, SIZE_MAX);
	assert_int_equal(shutdown(c->peer, SHUT_WR), 0);
	assert_int_equal(fcgi_take(c), -1);
	assert_int_equal(c->e.reason, REASON_BAD_REQUEST);
	assert_true(fcgi_peer_reads(c));
	assert_memory_equal(c->came + 8, said, sizeof(said) - 1);
}

static void
other_roles_are_told_so(void **state)
{
	struct fcgi_case *c = *state;
	char text[256];

	fcgi_begin(c, 2, true, 0x123);
	fcgi_record(c, PARAMS, 0x123, PAIRS, 0);
	fcgi_record(c, PARAMS, 0x123, STR(""), 0);
	fcgi_write(c, SIZE_MAX);
	assert_int_equal(fcgi_take(c), -1);
	assert_int_equal(c->e.reason, REASON_BAD_REQUEST);
	assert_true(fcgi_peer_reads(c));
	assert_int_equal(c->came[8 + 4], 3); /* FCGI_UNKNOWN_ROLE */
	fcgi_parse(c, text, 0x123);
	assert_string_equal(text, "3:8 ");
}

/* ---- bodies ---- */

static void
a_body_is_read_as_it_comes(void **state)
{
	struct fcgi_case *c = *state;

	fcgi_must_take(c, false);
	assert_int_equal(fcgi_read(c), 0);
	assert_false(c->x->front_partial);
	fcgi_record(c, STDIN, 1, STR("first "), 0);
	fcgi_write(c, SIZE_MAX);
	assert_int_equal(fcgi_read(c), 0);
	TABLE_STR("first", ((struct str){ c->body, c->body_n }), "first ");
	fcgi_record(c, STDIN, 1, STR("second"), 2);
	fcgi_must_end(c);
	TABLE_STR("both", ((struct str){ c->body, c->body_n }),
	    "first second");
	assert_int_equal(fcgi_read(c), 2); /* an end stays one */
}

/*
 * Padding, or a piece of the next record, is no reason to wait within libfcgi.
 * front_partial tells that such bytes lie in the socket.
 */
static void
what_is_no_content_yet_is_waited_for_outside_of_libfcgi(void **state)
{
	static const size_t paddings[] = { 0, 1, 7, 200, 255 };
	struct fcgi_case *c = *state;
	struct pollfd p = { .fd = c->x->front, .events = POLLIN };
	size_t i, cut;

	fcgi_must_take(c, false);
	for (i = 0; i < TABLE_COUNT(paddings); i++)
		for (cut = 1; cut <= 9 + paddings[i]; cut++) {
			c->body_n = 0;
			fcgi_record(c, STDIN, 1, STR("x"), paddings[i]);
			fcgi_write(c, cut);
			assert_int_equal(fcgi_read(c), 0);
			assert_int_equal(c->body_n, cut < 9 ? 0 : 1);
			assert_int_equal(poll(&p, 1, 0) == 1,
			    c->x->front_partial);
			fcgi_write(c, SIZE_MAX);
			assert_int_equal(fcgi_read(c), 0);
			assert_int_equal(c->body_n, 1);
			assert_int_equal(poll(&p, 1, 0) == 1,
			    c->x->front_partial);
		}
	fcgi_must_end(c);
}

/* Large parts with padding, whatever libfcgi's own buffer cuts. */
static void
a_large_body_comes_whole_in_padded_records(void **state)
{
	struct fcgi_case *c = *state;
	size_t size, all = 0, from = 0;

	fcgi_must_take(c, true);
	for (size = 1; size < 60000; size += size / 7 + 1) {
		char *data = c->loan.scratch;
		size_t k;

		for (k = 0; k < size; k++)
			data[k] = (char)((all + k) * 13 + (all + k) / 251);
		fcgi_record(c, STDIN, 1, (struct str){ data, size },
		    size % 256);
		all += size;
	}
	while (c->sent_n > 0) {
		fcgi_write(c, from % 40000 + 1000);
		from += 7919;
		assert_int_equal(fcgi_read(c), 0);
	}
	fcgi_must_end(c);
	assert_int_equal(c->body_n, all);
	for (size = 0; size < all; size++)
		assert_int_equal(c->body[size],
		    (char)(size * 13 + size / 251));
}

static void
a_body_that_breaks_off_is_client_gone(void **state)
{
	struct fcgi_case *c = *state;

	fcgi_must_take(c, true);
	fcgi_record(c, STDIN, 1, STR("abcdef"), 0);
	fcgi_write(c, 8 + 3);
	assert_int_equal(shutdown(c->peer, SHUT_WR), 0);
	assert_int_equal(fcgi_read(c), -1);
	assert_int_equal(c->e.reason, REASON_CLIENT_GONE);
	assert_int_equal(c->body_n, 3);
	/* No kept connection comes of it. */
	assert_int_equal(c->x->intake->next(c->x, false), -1);
	assert_int_equal(c->x->front, -1);
}

static void
an_end_between_records_is_no_end_of_a_body(void **state)
{
	struct fcgi_case *c = *state;

	fcgi_must_take(c, true);
	fcgi_record(c, STDIN, 1, STR("abc"), 0);
	fcgi_write(c, SIZE_MAX);
	assert_int_equal(shutdown(c->peer, SHUT_WR), 0);
	assert_int_equal(fcgi_read(c), -1);
	assert_int_equal(c->e.reason, REASON_CLIENT_GONE);
}

static void
an_abort_is_client_gone(void **state)
{
	struct fcgi_case *c = *state;

	fcgi_must_take(c, true);
	fcgi_record(c, STDIN, 1, STR("abc"), 0);
	fcgi_record(c, ABORT, 1, STR(""), 0);
	fcgi_write(c, SIZE_MAX);
	assert_int_equal(fcgi_read(c), -1);
	assert_int_equal(c->e.reason, REASON_CLIENT_GONE);
}

/* ---- answers ---- */

static void
an_answer_is_framed_and_ended(void **state)
{
	struct fcgi_case *c = *state;
	char text[256];

	fcgi_head(c, false, 0x1234);
	fcgi_write(c, SIZE_MAX);
	assert_int_equal(fcgi_take(c), 1);
	assert_int_equal(c->x->intake->put(c->x, STR("Status: 200 OK\r\n"),
	    &c->e), 0);
	assert_int_equal(c->x->intake->put(c->x, STR(""), &c->e), 0);
	assert_int_equal(c->x->intake->put(c->x, STR("\r\nbody"), &c->e), 0);
	assert_int_equal(c->x->intake->end(c->x, true, &c->e), 0);
	assert_int_equal(c->x->intake->flush(c->x, &c->e), 1);
	assert_int_equal(c->x->intake->flush(c->x, &c->e), 1);
	assert_false(fcgi_peer_reads(c));
	fcgi_parse(c, text, 0x1234);
	assert_string_equal(text, "6:16 6:6 6:0 3:8 ");
	TABLE_STR("content", ((struct str){ c->came, c->came_n }),
	    "Status: 200 OK\r\n\r\nbody");
}

/* Parts of all sizes, to a peer that reads in its own time. */
static void
a_large_answer_waits_for_its_reader(void **state)
{
	struct fcgi_case *c = *state;
	size_t size, all = 0, k;
	char text[256];
	int waits = 0;

	fcgi_must_take(c, false);
	for (size = 1; size < 120000; size += size / 3 + 1) {
		char *data = c->loan.scratch;
		int got;

		for (k = 0; k < size; k++)
			data[k] = (char)((all + k) * 11 + (all + k) / 253);
		assert_int_equal(c->x->intake->put(c->x, (struct str){ data,
		    size }, &c->e), 0);
		all += size;
		while ((got = c->x->intake->flush(c->x, &c->e)) == 0) {
			waits++;
			assert_false(fcgi_peer_reads(c));
		}
		assert_int_equal(got, 1);
	}
	assert_int_equal(c->x->intake->end(c->x, true, &c->e), 0);
	assert_int_equal(c->x->intake->flush(c->x, &c->e), 1);
	assert_true(waits > 0);
	assert_false(fcgi_peer_reads(c));
	fcgi_parse(c, text, 1);
	assert_int_equal(c->came_n, all);
	for (k = 0; k < all; k++)
		assert_int_equal(c->came[k], (char)(k * 11 + k / 253));
}

/* The same of what is poured, in as many records as it takes. */
static void
a_poured_answer_waits_for_its_reader(void **state)
{
	struct fcgi_case *c = *state;
	struct pour p;
	size_t size, all = 0, k;
	int pair[2], waits = 0;
	char text[256];

	fcgi_must_take(c, false);
	pour_init(&p);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, pair), 0);
	for (size = 1; size < 131056; size += size / 2 + 1) {
		char *data = c->loan.scratch;
		int got;

		for (k = 0; k < size; k++)
			data[k] = (char)((all + k) * 11 + (all + k) / 253);
		assert_int_equal(send(pair[0], data, size, 0), size);
		assert_int_equal(pour_fill(&p, pair[1], size), size);
		assert_int_equal(c->x->intake->pour(c->x, &p, &c->e), 0);
		assert_int_equal(p.held, 0);
		all += size;
		while ((got = c->x->intake->flush(c->x, &c->e)) == 0) {
			waits++;
			assert_false(fcgi_peer_reads(c));
		}
		assert_int_equal(got, 1);
	}
	assert_true(waits > 0);
	assert_false(fcgi_peer_reads(c));
	fcgi_parse(c, text, 1);
	assert_int_equal(c->came_n, all);
	for (k = 0; k < all; k++)
		assert_int_equal(c->came[k], (char)(k * 11 + k / 253));
	pour_fini(&p);
	close(pair[0]);
	close(pair[1]);
}

static void
a_poured_answer_that_nobody_takes_is_client_gone(void **state)
{
	struct fcgi_case *c = *state;
	struct pour p;
	int pair[2], got;

	fcgi_must_take(c, false);
	pour_init(&p);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(send(pair[0], c->loan.scratch, 100000, 0), 100000);
	assert_int_equal(pour_fill(&p, pair[1], 100000), 100000);
	close(c->peer);
	got = c->x->intake->pour(c->x, &p, &c->e);
	if (got == 0)
		got = c->x->intake->flush(c->x, &c->e);
	assert_int_equal(got, -1);
	assert_int_equal(c->e.reason, REASON_CLIENT_GONE);
	assert_int_equal(p.held, 0);
	c->peer = dup(pair[0]);
	pour_fini(&p);
	close(pair[0]);
	close(pair[1]);
}

static bool
fcgi_takes_more(struct fcgi_case *c)
{
	struct pollfd p = { .fd = c->x->front, .events = POLLOUT };

	return poll(&p, 1, 0) == 1;
}

static void
a_front_has_room_for_what_it_takes(void **state)
{
	struct fcgi_case *c = *state;
	static char part[8192];
	size_t at_first, given = 0;

	fcgi_must_take(c, false);
	at_first = c->x->intake->room(c->x);
	assert_true(at_first >= 65536);
	while (c->x->intake->room(c->x) > 0) {
		assert_int_equal(c->x->intake->put(c->x, (struct str){ part,
		    sizeof(part) }, &c->e), 0);
		/* None of it is kept. */
		assert_int_equal(c->x->intake->flush(c->x, &c->e), 1);
		given += sizeof(part);
	}
	assert_true(given >= at_first / 2);
	/* Nobody waits for an event that came already. */
	assert_false(fcgi_takes_more(c));
	c->x->front_limit = 1;
	assert_int_equal(c->x->intake->room(c->x), 0);
	assert_int_equal(c->x->front_limit, 1);
	(void)fcgi_peer_reads(c);
	assert_true(fcgi_takes_more(c));
	assert_true(c->x->intake->room(c->x) > 0);
	assert_true(c->x->front_limit == INT64_MAX);
}

static void
a_reader_that_goes_away_is_client_gone(void **state)
{
	struct fcgi_case *c = *state;
	int got = 0;

	fcgi_must_take(c, false);
	assert_false(c->x->intake->gone(c->x));
	close(c->peer);
	c->peer = dup(c->x->front);
	assert_true(c->x->intake->gone(c->x));
	got = c->x->intake->put(c->x, STR("some"), &c->e);
	if (got == 0)
		got = c->x->intake->flush(c->x, &c->e);
	assert_int_equal(got, -1);
	assert_int_equal(c->e.reason, REASON_CLIENT_GONE);
	got = c->x->intake->put(c->x, (struct str){ c->loan.scratch, 60000 },
	    &c->e);
	assert_int_equal(got, -1);
	assert_int_equal(c->x->intake->next(c->x, false), -1);
}

/* How an answer that broke off shows. */
static void
a_broken_answer_is_seen_as_broken(void **state)
{
	static const struct {
		bool spools, length;
		uint64_t sent; /* of the body */
		const char *records;
	} rows[] = {
		{ false, false, 1, "6:4 v0 " },
		{ false, true, 1, "6:4 v0 " },
		{ true, true, 1, "6:4 6:0 3:8 " },
		{ true, true, 0, "6:4 " }, /* it would be a length of 0 */
		{ true, false, 1, "6:4 " },
	};
	size_t i;

	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct fcgi_case *c = *state;
		char text[256];

		fcgi_must_take(c, true);
		fcgi_must_end(c);
		c->x->front_spools = rows[i].spools;
		c->x->length_sent = rows[i].length;
		c->x->record.sent = rows[i].sent;
		c->came_n = 0;
		assert_int_equal(c->x->intake->put(c->x, STR("some"),
		    &c->e), 0);
		assert_int_equal(c->x->intake->end(c->x, false, &c->e), 0);
		assert_int_equal(c->x->intake->flush(c->x, &c->e), 1);
		assert_int_equal(c->x->intake->next(c->x, false), -1);
		assert_int_equal(c->x->front, -1);
		assert_true(fcgi_peer_reads(c));
		fcgi_parse(c, text, 1);
		assert_string_equal(text, rows[i].records);
		/* The next row has a connection of its own. */
		assert_int_equal(fcgi_close(state), 0);
		assert_int_equal(fcgi_open(state), 0);
	}
}

/* ---- the next request ---- */

static void
a_kept_connection_takes_one_request_after_the_other(void **state)
{
	struct fcgi_case *c = *state;
	int i;

	for (i = 0; i < 3; i++) {
		fcgi_must_take(c, true);
		fcgi_record(c, STDIN, 1, STR("abc"), 5);
		fcgi_must_end(c);
		assert_int_equal(c->body_n, 3);
		assert_int_equal(c->x->intake->end(c->x, true, &c->e), 0);
		assert_int_equal(c->x->intake->flush(c->x, &c->e), 1);
		assert_int_equal(c->x->intake->next(c->x, true), 1);
		assert_null(c->x->variables);
		assert_int_equal(fcgi_take(c), 0);
		assert_true(c->x->wait.until == INT64_MAX);
	}
	assert_false(fcgi_peer_reads(c));
}

static void
a_connection_is_closed_when_it_is_not_to_be_kept(void **state)
{
	struct fcgi_case *c = *state;

	fcgi_must_take(c, false);
	fcgi_must_end(c);
	assert_int_equal(c->x->intake->next(c->x, true), -1);
	assert_true(fcgi_peer_reads(c));
}

static void
a_connection_is_closed_when_the_router_ends(void **state)
{
	struct fcgi_case *c = *state;

	fcgi_must_take(c, true);
	fcgi_must_end(c);
	atomic_store(&c->p.draining, true);
	assert_int_equal(c->x->intake->next(c->x, true), -1);
	assert_true(fcgi_peer_reads(c));
}

static void
an_idle_connection_is_closed_soon_at_the_end(void **state)
{
	struct fcgi_case *c = *state;

	fcgi_must_take(c, true);
	fcgi_must_end(c);
	assert_int_equal(c->x->intake->next(c->x, true), 1);
	assert_int_equal(fcgi_take(c), 0);
	atomic_store(&c->p.draining, true);
	assert_int_equal(fcgi_take(c), 0);
	assert_int_equal(c->x->wait.front, POLLIN);
	assert_true(c->x->wait.until <= clock_ms() + 300);
	fcgi_now_us += 300 * 1000;
	assert_int_equal(fcgi_take(c), -1);
	assert_int_equal(c->e.reason, REASON_NONE);
	assert_true(fcgi_peer_reads(c));
}

/* The web server was about to ask when the router was told to end. */
static void
a_kept_connection_may_ask_at_the_end(void **state)
{
	struct fcgi_case *c = *state;

	fcgi_must_take(c, true);
	fcgi_must_end(c);
	assert_int_equal(c->x->intake->next(c->x, true), 1);
	atomic_store(&c->p.draining, true);
	assert_int_equal(fcgi_take(c), 0);
	fcgi_must_take(c, true);
	fcgi_must_end(c);
	assert_int_equal(c->x->intake->next(c->x, true), -1);
	assert_true(fcgi_peer_reads(c));
}

/* An answer to a body that was never read: closing at once would reset the
 * connection, and the answer with it. */
static void
an_unread_body_is_read_away_before_closing(void **state)
{
	struct fcgi_case *c = *state;

	fcgi_must_take(c, false);
	fcgi_record(c, STDIN, 1, STR("unread"), 0);
	fcgi_write(c, SIZE_MAX);
	assert_int_equal(c->x->intake->put(c->x, STR("answer"), &c->e), 0);
	assert_int_equal(c->x->intake->end(c->x, true, &c->e), 0);
	assert_int_equal(c->x->intake->flush(c->x, &c->e), 1);
	assert_int_equal(c->x->intake->next(c->x, true), 0);
	assert_int_equal(c->x->wait.front, POLLIN);
	assert_true(c->x->wait.until < INT64_MAX);
	assert_true(fcgi_peer_reads(c)); /* it is told of the end */
	assert_true(c->came_n > 8 + 6);
	assert_int_equal(send(c->peer, "more", 4, MSG_NOSIGNAL), 4);
	assert_int_equal(c->x->intake->next(c->x, true), 0);
	assert_int_equal(shutdown(c->peer, SHUT_WR), 0);
	assert_int_equal(c->x->intake->next(c->x, true), -1);
	assert_int_equal(c->x->front, -1);
}

static void
reading_away_has_an_end(void **state)
{
	struct fcgi_case *c = *state;

	fcgi_must_take(c, false);
	assert_int_equal(c->x->intake->next(c->x, true), 0);
	fcgi_now_us += 1999 * 1000;
	assert_int_equal(c->x->intake->next(c->x, true), 0);
	fcgi_now_us += 1000;
	assert_int_equal(c->x->intake->next(c->x, true), -1);
	assert_int_equal(c->x->front, -1);
}

#define FCGI_TEST(name) \
	cmocka_unit_test_setup_teardown(name, fcgi_open, fcgi_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FCGI_TEST(only_a_whole_sound_head_is_one),
		FCGI_TEST(a_head_that_comes_byte_by_byte_is_taken_when_whole),
		FCGI_TEST(a_silent_or_slow_peer_is_left_after_a_while),
		FCGI_TEST(a_peer_that_goes_away_is_nothing_to_say),
		FCGI_TEST(a_peer_that_goes_away_in_a_head_is_not_waited_for),
		FCGI_TEST(what_is_no_fastcgi_is_closed),
		FCGI_TEST(a_head_beyond_all_measure_is_431),
		FCGI_TEST(a_head_with_nul_is_400),
		FCGI_TEST(other_roles_are_told_so),
		FCGI_TEST(a_body_is_read_as_it_comes),
		FCGI_TEST(
		    what_is_no_content_yet_is_waited_for_outside_of_libfcgi),
		FCGI_TEST(a_large_body_comes_whole_in_padded_records),
		FCGI_TEST(a_body_that_breaks_off_is_client_gone),
		FCGI_TEST(an_end_between_records_is_no_end_of_a_body),
		FCGI_TEST(an_abort_is_client_gone),
		FCGI_TEST(an_answer_is_framed_and_ended),
		FCGI_TEST(a_large_answer_waits_for_its_reader),
		FCGI_TEST(a_poured_answer_waits_for_its_reader),
		FCGI_TEST(a_poured_answer_that_nobody_takes_is_client_gone),
		FCGI_TEST(a_front_has_room_for_what_it_takes),
		FCGI_TEST(a_reader_that_goes_away_is_client_gone),
		FCGI_TEST(a_broken_answer_is_seen_as_broken),
		FCGI_TEST(a_kept_connection_takes_one_request_after_the_other),
		FCGI_TEST(a_connection_is_closed_when_it_is_not_to_be_kept),
		FCGI_TEST(a_connection_is_closed_when_the_router_ends),
		FCGI_TEST(an_idle_connection_is_closed_soon_at_the_end),
		FCGI_TEST(a_kept_connection_may_ask_at_the_end),
		FCGI_TEST(an_unread_body_is_read_away_before_closing),
		FCGI_TEST(reading_away_has_an_end),
	};

	return cmocka_run_group_tests(tests, fcgi_group_open, NULL);
}
