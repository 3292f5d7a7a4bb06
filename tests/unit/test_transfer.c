/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_transfer: one attempt over a real connection, with origins that answer
 * early, late, too much, too little, or break off.
 */

#include "relay/transfer.h"

#include "tests/unit/origin.h"

enum { TRANSFER_ROOM = 128 * 1024, TRANSFER_ARENA = 1 << 20,
	TRANSFER_BODY_MAX = 4 << 20 };

/* What came of an attempt. */
struct transfer_case {
	struct wire_maker *m;
	struct pool *p;
	struct arena a;
	struct transfer t;
	struct h1_answer answer;
	struct err e;
	char *scratch;
	size_t head_room; /* for each read of a head */
	size_t pause_at;  /* the sink wants no more after so many bytes */
	size_t stop_at;   /* the sink stops it */
	struct pour pour;
	size_t pour_room; /* 0: nothing is poured */
	size_t poured;    /* of the body */
	char *body;       /* that came */
	size_t body_n;
	int pauses;
};

static int
transfer_open(void **state)
{
	struct transfer_case *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->m = wire_maker_new();
	c->p = pool_new();
	pool_limit(c->p, 8, 1000000, 0);
	arena_init(&c->a, TRANSFER_ARENA);
	transfer_init(&c->t);
	pour_init(&c->pour);
	c->scratch = malloc(TRANSFER_ROOM);
	c->body = malloc(TRANSFER_BODY_MAX);
	assert_true(c->scratch != NULL && c->body != NULL);
	c->head_room = TRANSFER_ROOM;
	*state = c;
	return 0;
}

static int
transfer_close(void **state)
{
	struct transfer_case *c = *state;

	transfer_fini(&c->t);
	pour_fini(&c->pour);
	pool_free(&c->p);
	wire_maker_free(&c->m);
	arena_fini(&c->a);
	free(c->scratch);
	free(c->body);
	free(c);
	return 0;
}

/* Takes an idle wire or a fresh one, and puts a request's head. */
static void
transfer_ask(struct transfer_case *c, const struct origin *o,
    const char *method, enum h1_body_kind body, uint64_t length)
{
	const struct h1_limits limits = { .head_max = 60 * 1024 };
	struct header none;
	struct h1_request r = { .method = str_of(method),
		.target = STR("/x?q"), .host = STR("h.example"),
		.fields = &none, .body = body, .length = length };
	struct wire *w = pool_take(c->p, o->target.key, true);
	bool reused = w != NULL;

	header_init(&none, &c->a);
	c->e.reason = REASON_NONE;
	c->body_n = c->poured = 0;
	c->pauses = 0;
	if (!reused && wire_open(c->m, &o->target, ORIGIN_PATIENCE_MS, &w,
	    &c->e) == -1)
		fail_msg("%s", c->e.text);
	assert_int_equal(transfer_begin(&c->t, &w, reused, &r, limits, &c->e),
	    0);
	assert_null(w);
	assert_false(c->t.sent_any || c->t.came > 0);
	assert_int_equal(c->t.reused, reused);
}

/* 1, or -1: not all could be sent. */
static int
transfer_send_all(struct transfer_case *c)
{
	int got;

	while ((got = transfer_flush(&c->t, &c->e)) == 0)
		origin_wait(wire_fd(c->t.wire), POLLIN | POLLOUT);
	return got;
}

static int
transfer_get_head(struct transfer_case *c)
{
	int got;

	while ((got = transfer_read_head(&c->t, c->scratch, c->head_room,
	    &c->a, &c->answer, &c->e)) == 0)
		origin_wait(wire_fd(c->t.wire), POLLIN);
	return got;
}

static int
transfer_take(void *arg, struct str data)
{
	struct transfer_case *c = arg;
	size_t before = c->body_n;

	assert_true(data.n > 0 && c->body_n + data.n <= TRANSFER_BODY_MAX);
	memcpy(c->body + c->body_n, data.p, data.n);
	c->body_n += data.n;
	if (c->stop_at > 0 && c->body_n >= c->stop_at) {
		err_set(&c->e, REASON_CLIENT_GONE, "the sink stopped it");
		return -1;
	}
	return c->pause_at > 0 && before / c->pause_at !=
	    c->body_n / c->pause_at;
}

/* Takes out what was poured, and answers as transfer_pour. */
static int
transfer_pour_some(struct transfer_case *c)
{
	int got = transfer_pour(&c->t, &c->pour, c->pour_room, &c->e);

	assert_true((got == 1) == (c->pour.held > 0));
	assert_true(c->pour.held <= c->pour_room);
	c->poured += c->pour.held;
	while (c->pour.held > 0) {
		assert_true(c->body_n + c->pour.held <= TRANSFER_BODY_MAX);
		c->body_n += pour_copy(&c->pour, c->body + c->body_n,
		    c->pour.held);
	}
	return got;
}

/* 2, or -1. */
static int
transfer_get_body(struct transfer_case *c)
{
	for (;;) {
		int got = c->pour_room > 0 ? transfer_pour_some(c) : 2;

		if (got == 2)
			got = transfer_read_body(&c->t, c->scratch,
			    TRANSFER_ROOM, transfer_take, c, &c->e);
		if (got == 2 || got == -1)
			return got;
		c->pauses += got == 1;
		/* A sink that has enough leaves nothing here. */
		assert_true(buf_len(&c->t.in) <= H1_CHUNK_LINE_MAX);
		if (got == 0)
			origin_wait(wire_fd(c->t.wire), POLLIN);
	}
}

/* The whole attempt, without a body of its own; then as transfer_get_body. */
static int
transfer_try(struct transfer_case *c, const struct origin *o,
    const char *method)
{
	int got;

	transfer_ask(c, o, method, H1_BODY_NONE, 0);
	got = transfer_send_all(c) == 1 ? transfer_get_head(c) : -1;
	if (got == 1)
		got = transfer_get_body(c);
	transfer_end(&c->t, got == 2, c->p);
	assert_null(c->t.wire);
	return got;
}

static struct str
transfer_body(const struct transfer_case *c)
{
	return (struct str){ c->body, c->body_n };
}

/* Does the pool hold a wire to it? It is closed then. */
static bool
transfer_was_kept(struct transfer_case *c, const struct origin *o)
{
	struct wire *w = pool_take(c->p, o->target.key, true);
	bool kept = w != NULL;

	wire_close(&w);
	return kept;
}

/* ---- answers ---- */

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static const struct {
	const char *name;
	const char *method;
	const char *answer;
	enum origin_end end;
	int status;
	const char *body;
	bool kept;
} transfer_rows[] = {
	{ "a length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
	  ORIGIN_STAYS, 200, "abc", true },
	{ "no body", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	  ORIGIN_STAYS, 200, "", true },
	{ "chunks", "GET", CHUNKED "2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
	  ORIGIN_STAYS, 200, "abc", true },
	{ "chunks and trailers", "GET",
	  CHUNKED "3\r\nabc\r\n0\r\nX: y\r\n\r\n", ORIGIN_STAYS, 200, "abc",
	  true },
	{ "to the end", "GET", "HTTP/1.1 200 OK\r\n\r\nabc", ORIGIN_CLOSES,
	  200, "abc", false },
	{ "to the end, empty", "GET", "HTTP/1.1 200 OK\r\n\r\n",
	  ORIGIN_CLOSES, 200, "", false },
	{ "HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
	  ORIGIN_STAYS, 200, "", true },
	{ "HEAD of chunks", "HEAD", CHUNKED, ORIGIN_STAYS, 200, "", true },
	{ "204", "GET", "HTTP/1.1 204 No\r\n\r\n", ORIGIN_STAYS, 204, "",
	  true },
	{ "304", "GET", "HTTP/1.1 304 Same\r\nContent-Length: 3\r\n\r\n",
	  ORIGIN_STAYS, 304, "", true },
	{ "interim answers are skipped", "GET",
	  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
	  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", ORIGIN_STAYS, 200,
	  "a", true },
	{ "the origin will close", "GET",
	  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na",
	  ORIGIN_STAYS, 200, "a", false },
	{ "HTTP/1.0", "GET",
	  "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", ORIGIN_STAYS, 200,
	  "a", false },
	{ "HTTP/1.0 that keeps", "GET", "HTTP/1.0 200 OK\r\n"
	  "Connection: keep-alive\r\nContent-Length: 1\r\n\r\na",
	  ORIGIN_STAYS, 200, "a", true },
	{ "both lengths", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
	  ORIGIN_STAYS, 200, "a", false },
	{ "bytes behind a length", "GET",
	  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", ORIGIN_STAYS, 200,
	  "a", false },
	{ "bytes behind chunks", "GET", CHUNKED "1\r\na\r\n0\r\n\r\nb",
	  ORIGIN_STAYS, 200, "a", false },
	{ "a second answer behind the first", "GET",
	  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
	  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale", ORIGIN_STAYS,
	  200, "a", false },
	{ "bytes behind no body", "HEAD",
	  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", ORIGIN_STAYS, 200,
	  "", false },
	{ "bytes behind a 304", "GET", "HTTP/1.1 304 Same\r\n\r\nx",
	  ORIGIN_STAYS, 304, "", false },
};

static void
transfer_try_row(struct transfer_case *c, size_t i)
{
	const char *name = transfer_rows[i].name;
	struct origin o = { .answer = str_of(transfer_rows[i].answer),
		.end = transfer_rows[i].end };
	char want[128];

	origin_start(&o);
	TABLE_INT(name, transfer_try(c, &o, transfer_rows[i].method), 2);
	TABLE_INT(name, c->answer.status, transfer_rows[i].status);
	TABLE_STR(name, transfer_body(c), transfer_rows[i].body);
	TABLE_INT(name, transfer_was_kept(c, &o), transfer_rows[i].kept);
	origin_stop(&o);
	snprintf(want, sizeof(want), "%s /x?q HTTP/1.1\r\n"
	    "Host: h.example\r\n\r\n", transfer_rows[i].method);
	TABLE_STR(name, str_of(o.seen), want);
	origin_forget(&o);
	arena_reset(&c->a);
}

static void
answers_are_read_and_wires_kept_after_whole_exchanges(void **state)
{
	struct transfer_case *c = *state;
	size_t i;

	for (i = 0; i < TABLE_COUNT(transfer_rows); i++)
		transfer_try_row(c, i);
}

static void
a_head_in_small_reads_is_the_same(void **state)
{
	struct transfer_case *c = *state;
	size_t i;

	for (c->head_room = 1; c->head_room < 60; c->head_room += 7)
		for (i = 0; i < TABLE_COUNT(transfer_rows); i++)
			transfer_try_row(c, i);
}

/* ---- cut off ---- */

/* Each beginning of an answer is one that broke off, but for the whole. */
static void
transfer_cut(struct transfer_case *c, const char *answer, enum origin_end end,
    bool until_end)
{
	size_t whole = strlen(answer), n;
	size_t head = (size_t)(strstr(answer, "\r\n\r\n") - answer) + 4;

	for (n = 0; n <= whole; n++) {
		struct origin o = { .answer = { answer, n }, .end = end };
		bool good = n == whole || (until_end && n >= head);
		int got;

		origin_start(&o);
		got = transfer_try(c, &o, "GET");
		if (got != (good ? 2 : -1))
			fail_msg("cut after %zu of %zu: %d", n, whole, got);
		if (!good)
			assert_int_equal(c->e.reason, REASON_ORIGIN_BROKEN);
		assert_false(transfer_was_kept(c, &o) && n < whole);
		origin_stop(&o);
		origin_forget(&o);
		arena_reset(&c->a);
	}
}

static void
an_answer_may_break_off_at_every_byte(void **state)
{
	struct transfer_case *c = *state;

	transfer_cut(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
	    ORIGIN_CLOSES, false);
	transfer_cut(c, CHUNKED "2\r\nab\r\n3\r\ncde\r\n0\r\nX: y\r\n\r\n",
	    ORIGIN_CLOSES, false);
	transfer_cut(c, "HTTP/1.1 200 OK\r\n\r\nabcde", ORIGIN_CLOSES, true);
}

/* A reset is an end for nobody, not even where an end would be one. */
static void
an_answer_that_is_reset_is_broken(void **state)
{
	struct origin o = { .answer = STR("HTTP/1.1 200 OK\r\n\r\nabc"),
		.end = ORIGIN_RESETS };
	struct transfer_case *c = *state;

	origin_start(&o);
	assert_int_equal(transfer_try(c, &o, "GET"), -1);
	assert_int_equal(c->e.reason, REASON_ORIGIN_BROKEN);
	origin_stop(&o);
	origin_forget(&o);
}

static void
a_broken_answer_names_its_origin(void **state)
{
	static const struct {
		const char *answer;
		enum reason reason;
	} rows[] = {
		{ "HTTP/2 200\r\n\r\n", REASON_ORIGIN_BROKEN },
		{ "HTTP/1.1 101 Up\r\n\r\n", REASON_ORIGIN_BROKEN },
		{ CHUNKED "x\r\n", REASON_ORIGIN_BROKEN },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
		  "Content-Length: 2\r\n\r\n", REASON_ORIGIN_BROKEN },
	};
	struct transfer_case *c = *state;
	size_t i;

	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct origin o = { .answer = str_of(rows[i].answer) };

		origin_start(&o);
		TABLE_INT(rows[i].answer, transfer_try(c, &o, "GET"), -1);
		TABLE_INT(rows[i].answer, c->e.reason, rows[i].reason);
		assert_true(str_starts(str_of(c->e.text), o.target.name));
		assert_false(transfer_was_kept(c, &o));
		origin_stop(&o);
		origin_forget(&o);
	}
}

/* ---- large ones ---- */

static void
transfer_fill(char *to, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = (char)(i * 7 + i / 251);
}

/* A head, then n bytes: chunked in all sizes from 1 on, or with a length. */
static struct str
transfer_large(const char *data, size_t n, bool chunked)
{
	char *to = malloc(2 * n + 65536);
	size_t size = 1, at = 0, used;

	assert_non_null(to);
	used = (size_t)(chunked ? snprintf(to, 256, "%s", CHUNKED) :
	    snprintf(to, 256, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n"
	        "\r\n", n));
	while (at < n && chunked) {
		size_t part = size < n - at ? size : n - at;

		used += (size_t)snprintf(to + used, 32, "%zx\r\n", part);
		memcpy(to + used, data + at, part);
		used += part;
		memcpy(to + used, "\r\n", 2);
		used += 2;
		at += part;
		size += size / 8 + 1;
	}
	memcpy(to + used, chunked ? "0\r\n\r\n" : data, chunked ? 5 : n);
	return (struct str){ to, used + (chunked ? 5 : n) };
}

static void
large_answers_come_whole_through_a_slow_sink(void **state)
{
	enum { N = 3000000 };
	struct transfer_case *c = *state;
	char *data = malloc(N);
	int chunked;

	assert_non_null(data);
	transfer_fill(data, N);
	for (chunked = 0; chunked < 2; chunked++) {
		struct origin o = { .answer = transfer_large(data, N,
		    chunked == 1) };

		c->pause_at = 10000;
		origin_start(&o);
		assert_int_equal(transfer_try(c, &o, "GET"), 2);
		assert_true(c->pauses > 10);
		assert_int_equal(c->body_n, N);
		assert_memory_equal(c->body, data, N);
		assert_true(transfer_was_kept(c, &o));
		origin_stop(&o);
		origin_forget(&o);
		free((char *)(uintptr_t)o.answer.p);
	}
	free(data);
}

static void
large_answers_are_poured(void **state)
{
	enum { N = 3000000 };
	struct transfer_case *c = *state;
	char *data = malloc(N);
	int chunked;

	assert_non_null(data);
	transfer_fill(data, N);
	for (chunked = 0; chunked < 2; chunked++) {
		struct origin o = { .answer = transfer_large(data, N,
		    chunked == 1) };

		c->pour_room = chunked ? 70000 : 131056;
		c->pause_at = 10000;
		origin_start(&o);
		assert_int_equal(transfer_try(c, &o, "GET"), 2);
		assert_true(c->poured > N / 8);
		assert_int_equal(c->body_n, N);
		assert_memory_equal(c->body, data, N);
		assert_true(transfer_was_kept(c, &o));
		origin_stop(&o);
		origin_forget(&o);
		free((char *)(uintptr_t)o.answer.p);
	}
	free(data);
}

/* A body of so many bytes behind that head, and what the origin does then. */
static const struct {
	const char *name;
	const char *head;
	enum origin_end end;
	int got;
} transfer_poured_rows[] = {
	{ "to the end", "HTTP/1.1 200 OK\r\n\r\n", ORIGIN_CLOSES, 2 },
	{ "to a reset", "HTTP/1.1 200 OK\r\n\r\n", ORIGIN_RESETS, -1 },
	{ "cut off", "HTTP/1.1 200 OK\r\nContent-Length: 500001\r\n\r\n",
	  ORIGIN_CLOSES, -1 },
	{ "reset", "HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n",
	  ORIGIN_RESETS, -1 },
	{ "too much", "HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n",
	  ORIGIN_STAYS, 2 },
	{ "a chunk cut off", CHUNKED "7a121\r\n", ORIGIN_CLOSES, -1 },
	{ "a chunk without its end", CHUNKED "7a120\r\n", ORIGIN_CLOSES,
	  -1 },
	{ "a chunk with too much", CHUNKED "7a11f\r\n", ORIGIN_STAYS, -1 },
};

static void
transfer_pour_row(struct transfer_case *c, size_t i, char *bytes, size_t n)
{
	const char *name = transfer_poured_rows[i].name;
	size_t head = strlen(transfer_poured_rows[i].head);
	struct origin o = { .answer = { bytes, head + n },
		.end = transfer_poured_rows[i].end };

	memcpy(bytes, transfer_poured_rows[i].head, head);
	transfer_fill(bytes + head, n);
	origin_start(&o);
	TABLE_INT(name, transfer_try(c, &o, "GET"),
	    transfer_poured_rows[i].got);
	TABLE_INT(name, c->e.reason, transfer_poured_rows[i].got == -1 ?
	    REASON_ORIGIN_BROKEN : REASON_NONE);
	assert_true(c->body_n <= n);
	assert_memory_equal(c->body, bytes + head, c->body_n);
	TABLE_INT(name, transfer_was_kept(c, &o), false);
	origin_stop(&o);
	origin_forget(&o);
	arena_reset(&c->a);
}

static void
what_is_poured_ends_as_what_is_read(void **state)
{
	enum { N = 500000 };
	struct transfer_case *c = *state;
	char *bytes = malloc(N + 256);
	size_t i;

	assert_non_null(bytes);
	for (c->pour_room = 0; c->pour_room <= 65536; c->pour_room += 65536)
		for (i = 0; i < TABLE_COUNT(transfer_poured_rows); i++)
			transfer_pour_row(c, i, bytes, N);
	free(bytes);
}

static void
a_sink_that_stops_ends_it(void **state)
{
	struct origin o = { .answer =
	    STR("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc") };
	struct transfer_case *c = *state;

	c->stop_at = 1;
	origin_start(&o);
	assert_int_equal(transfer_try(c, &o, "GET"), -1);
	assert_int_equal(c->e.reason, REASON_CLIENT_GONE);
	assert_false(transfer_was_kept(c, &o));
	origin_stop(&o);
	origin_forget(&o);
}

/* ---- uploads ---- */

#define FINE STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

static void
a_body_of_known_length_goes_as_it_is(void **state)
{
	enum { N = 1000000, PART = 20000 };
	struct origin o = { .answer = FINE, .body = N };
	struct transfer_case *c = *state;
	char *data = malloc(N);
	const char *got;
	size_t at;

	assert_non_null(data);
	transfer_fill(data, N);
	origin_start(&o);
	transfer_ask(c, &o, "PUT", H1_BODY_LENGTH, N);
	assert_false(c->t.upload_done);
	for (at = 0; at < N; at += PART) {
		assert_int_equal(transfer_send_all(c), 1);
		assert_int_equal(transfer_put_body(&c->t, (struct str){
		    data + at, at % 3 == 0 ? PART : 100 }, &c->e), 0);
		if (at % 3 != 0) {
			assert_int_equal(transfer_send_all(c), 1);
			assert_int_equal(transfer_put_body(&c->t,
			    (struct str){ data + at + 100, PART - 100 },
			    &c->e), 0);
		}
	}
	assert_int_equal(transfer_end_body(&c->t, &c->e), 0);
	assert_true(c->t.upload_done);
	assert_int_equal(transfer_send_all(c), 1);
	assert_int_equal(transfer_get_head(c), 1);
	assert_int_equal(transfer_get_body(c), 2);
	transfer_end(&c->t, true, c->p);
	assert_true(transfer_was_kept(c, &o));
	origin_stop(&o);
	got = strstr(o.seen, "\r\n\r\n");
	assert_non_null(got);
	assert_non_null(strstr(o.seen, "\r\nContent-Length: 1000000\r\n"));
	assert_int_equal(o.seen_n - (size_t)(got + 4 - o.seen), N);
	assert_memory_equal(got + 4, data, N);
	origin_forget(&o);
	free(data);
}

static void
a_body_of_unknown_length_goes_in_chunks(void **state)
{
	struct origin o = { .answer = FINE, .chunked = true };
	struct transfer_case *c = *state;

	origin_start(&o);
	transfer_ask(c, &o, "POST", H1_BODY_CHUNKED, 0);
	assert_int_equal(transfer_send_all(c), 1);
	assert_int_equal(transfer_put_body(&c->t, STR("first"), &c->e), 0);
	/* Nothing is no chunk: that would be the end. */
	assert_int_equal(transfer_put_body(&c->t, STR(""), &c->e), 0);
	assert_int_equal(transfer_send_all(c), 1);
	assert_int_equal(transfer_put_body(&c->t, STR("0123456789abcdef"),
	    &c->e), 0);
	assert_int_equal(transfer_end_body(&c->t, &c->e), 0);
	assert_int_equal(transfer_send_all(c), 1);
	assert_int_equal(transfer_get_head(c), 1);
	assert_int_equal(transfer_get_body(c), 2);
	transfer_end(&c->t, true, c->p);
	assert_true(transfer_was_kept(c, &o));
	origin_stop(&o);
	assert_string_equal(o.seen, "POST /x?q HTTP/1.1\r\n"
	    "Host: h.example\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "5\r\nfirst\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
	origin_forget(&o);
}

/* What a part can hold at most: a worker's scratch. */
static void
the_largest_part_fits_as_chunk_and_as_it_is(void **state)
{
	static char data[TRANSFER_ROOM];
	struct transfer_case *c = *state;
	int chunked;

	for (chunked = 0; chunked < 2; chunked++) {
		struct origin o = { .answer = FINE, .chunked = chunked == 1,
			.body = sizeof(data) };

		memset(data, 'x', sizeof(data));
		origin_start(&o);
		transfer_ask(c, &o, "PUT", chunked == 1 ? H1_BODY_CHUNKED :
		    H1_BODY_LENGTH, sizeof(data));
		assert_int_equal(transfer_send_all(c), 1);
		assert_int_equal(transfer_put_body(&c->t, (struct str){ data,
		    sizeof(data) }, &c->e), 0);
		assert_int_equal(transfer_end_body(&c->t, &c->e), 0);
		assert_int_equal(transfer_send_all(c), 1);
		assert_int_equal(transfer_get_head(c), 1);
		assert_int_equal(transfer_get_body(c), 2);
		transfer_end(&c->t, true, c->p);
		assert_true(transfer_was_kept(c, &o));
		origin_stop(&o);
		origin_forget(&o);
	}
}

/* An answer while the body is still on its way: whole, but the wire, on which
 * half a request stands, is not used again. */
static void
an_early_answer_is_read_and_its_wire_not_kept(void **state)
{
	struct origin o = { .answer =
	    STR("HTTP/1.1 413 Large\r\nContent-Length: 2\r\n\r\nno") };
	struct transfer_case *c = *state;

	origin_start(&o);
	transfer_ask(c, &o, "PUT", H1_BODY_LENGTH, 100);
	assert_int_equal(transfer_send_all(c), 1);
	assert_int_equal(transfer_put_body(&c->t, STR("some"), &c->e), 0);
	assert_int_equal(transfer_send_all(c), 1);
	assert_int_equal(transfer_get_head(c), 1);
	assert_int_equal(c->answer.status, 413);
	assert_int_equal(transfer_get_body(c), 2);
	TABLE_STR("body", transfer_body(c), "no");
	transfer_end(&c->t, true, c->p);
	assert_false(transfer_was_kept(c, &o));
	origin_stop(&o);
	origin_forget(&o);
}

/* The origin has answered and gone: sending fails, its answer is there. */
static void
an_origin_that_went_away_can_have_answered(void **state)
{
	static char data[65536];
	struct origin o = { .answer = STR("HTTP/1.1 413 Large\r\n"
	    "Connection: close\r\nContent-Length: 2\r\n\r\nno"),
		.end = ORIGIN_VANISHES };
	struct transfer_case *c = *state;
	int got = 1;

	origin_start(&o);
	transfer_ask(c, &o, "PUT", H1_BODY_LENGTH, 1 << 30);
	assert_int_equal(transfer_send_all(c), 1);
	origin_wait(wire_fd(c->t.wire), POLLRDHUP);
	while (got == 1) {
		got = transfer_put_body(&c->t, (struct str){ data,
		    sizeof(data) }, &c->e) == 0 ? transfer_send_all(c) : -1;
	}
	assert_int_equal(c->e.reason, REASON_ORIGIN_BROKEN);
	assert_int_equal(transfer_get_head(c), 1);
	assert_int_equal(c->answer.status, 413);
	assert_int_equal(transfer_get_body(c), 2);
	TABLE_STR("body", transfer_body(c), "no");
	transfer_end(&c->t, true, c->p);
	assert_false(transfer_was_kept(c, &o));
	origin_stop(&o);
	origin_forget(&o);
}

/* ---- wires that are used again ---- */

static void
a_wire_carries_one_exchange_after_the_other(void **state)
{
	struct origin o = { .answer = FINE };
	struct transfer_case *c = *state;
	struct wire *w;
	int i;

	origin_start(&o);
	for (i = 0; i < 5; i++) {
		assert_int_equal(transfer_try(c, &o, "GET"), 2);
		TABLE_STR("body", transfer_body(c), "ok");
		assert_int_equal(c->t.reused, i > 0);
	}
	w = pool_take(c->p, o.target.key, true);
	assert_int_equal(wire_uses(w), 5);
	wire_close(&w);
	origin_stop(&o);
	assert_int_equal(o.accepted, 1);
	origin_forget(&o);
}

static void
an_attempt_that_is_given_up_closes_its_wire(void **state)
{
	struct origin o = { .answer =
	    STR("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na") };
	struct transfer_case *c = *state;

	origin_start(&o);
	transfer_ask(c, &o, "GET", H1_BODY_NONE, 0);
	assert_int_equal(transfer_send_all(c), 1);
	assert_true(c->t.sent_any);
	assert_int_equal(transfer_get_head(c), 1);
	assert_true(c->t.came > 0);
	transfer_end(&c->t, false, c->p);
	assert_null(c->t.wire);
	assert_false(transfer_was_kept(c, &o));
	transfer_end(&c->t, true, c->p); /* nothing is left to end */
	/* Another attempt knows nothing of it. */
	transfer_ask(c, &o, "GET", H1_BODY_NONE, 0);
	assert_int_equal(transfer_send_all(c), 1);
	assert_int_equal(transfer_get_head(c), 1);
	transfer_fini(&c->t); /* closes what is under way */
	origin_stop(&o);
	origin_forget(&o);
}

static void
an_early_end_says_whether_a_byte_came(void **state)
{
	struct origin silent = { .answer = STR(""), .end = ORIGIN_CLOSES };
	struct origin half = { .answer = STR("HTTP/1.1 2"),
		.end = ORIGIN_CLOSES };
	struct transfer_case *c = *state;

	origin_start(&silent);
	assert_int_equal(transfer_try(c, &silent, "GET"), -1);
	assert_int_equal(c->t.came, 0);
	assert_non_null(strstr(c->e.text, "before its answer"));
	origin_stop(&silent);
	origin_forget(&silent);
	origin_start(&half);
	assert_int_equal(transfer_try(c, &half, "GET"), -1);
	assert_true(c->t.came > 0);
	assert_non_null(strstr(c->e.text, "within its answer's head"));
	origin_stop(&half);
	origin_forget(&half);
}

static void
a_head_too_large_is_a_bad_header(void **state)
{
	char *answer = malloc(70000);
	struct origin o = { .end = ORIGIN_CLOSES };
	struct transfer_case *c = *state;
	size_t n;

	assert_non_null(answer);
	n = (size_t)snprintf(answer, 70000, "HTTP/1.1 200 OK\r\nX: ");
	memset(answer + n, 'x', 65000);
	o.answer = (struct str){ answer, n + 65000 };
	origin_start(&o);
	assert_int_equal(transfer_try(c, &o, "GET"), -1);
	assert_int_equal(c->e.reason, REASON_ORIGIN_BAD_HEADER);
	origin_stop(&o);
	origin_forget(&o);
	free(answer);
}

#define TRANSFER_TEST(name) \
	cmocka_unit_test_setup_teardown(name, transfer_open, transfer_close)

/* It takes nothing, then some: no event tells of a little. */
static void
what_the_origin_takes_shows(void **state)
{
	static char part[65536];
	struct transfer_case *c = *state;
	struct origin o = { .accepted = 0 };
	char name[128];
	uint16_t port;
	int listener = origin_bind(&port);
	int got = 1, other, i;

	assert_int_equal(listen(listener, 1), 0);
	origin_name(&o.target, name, ORIGIN_HTTP, "127.0.0.1", port);
	transfer_ask(c, &o, "PUT", H1_BODY_LENGTH, 1 << 30);
	other = accept(listener, NULL, NULL);
	assert_int_not_equal(other, -1);
	for (i = 0; i < 1000 && got == 1; i++) {
		got = transfer_flush(&c->t, &c->e);
		if (got == 1)
			assert_int_equal(transfer_put_body(&c->t,
			    (struct str){ part, sizeof(part) }, &c->e), 0);
	}
	assert_int_equal(got, 0);
	assert_true(transfer_is_taken(&c->t)); /* it was, until now */
	while (transfer_is_taken(&c->t))
		; /* the system still moves it */
	for (i = 0; i < 10000 && !transfer_is_taken(&c->t); i++)
		(void)recv(other, part, sizeof(part), MSG_DONTWAIT);
	assert_true(i < 10000);
	transfer_end(&c->t, false, NULL);
	close(other);
	close(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TRANSFER_TEST(
		    answers_are_read_and_wires_kept_after_whole_exchanges),
		TRANSFER_TEST(a_head_in_small_reads_is_the_same),
		TRANSFER_TEST(an_answer_may_break_off_at_every_byte),
		TRANSFER_TEST(an_answer_that_is_reset_is_broken),
		TRANSFER_TEST(a_broken_answer_names_its_origin),
		TRANSFER_TEST(large_answers_come_whole_through_a_slow_sink),
		TRANSFER_TEST(large_answers_are_poured),
		TRANSFER_TEST(what_is_poured_ends_as_what_is_read),
		TRANSFER_TEST(a_sink_that_stops_ends_it),
		TRANSFER_TEST(a_body_of_known_length_goes_as_it_is),
		TRANSFER_TEST(a_body_of_unknown_length_goes_in_chunks),
		TRANSFER_TEST(the_largest_part_fits_as_chunk_and_as_it_is),
		TRANSFER_TEST(an_early_answer_is_read_and_its_wire_not_kept),
		TRANSFER_TEST(an_origin_that_went_away_can_have_answered),
		TRANSFER_TEST(a_wire_carries_one_exchange_after_the_other),
		TRANSFER_TEST(an_attempt_that_is_given_up_closes_its_wire),
		TRANSFER_TEST(an_early_end_says_whether_a_byte_came),
		TRANSFER_TEST(a_head_too_large_is_a_bad_header),
		TRANSFER_TEST(what_the_origin_takes_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
