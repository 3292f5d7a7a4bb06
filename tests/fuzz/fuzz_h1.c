/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_h1: an answer, however it is cut into reads, gives one result.
 *
 * First byte: flags (1 HEAD, 2 refuse bad fields, 4 a small head_max); second:
 * how the bytes are cut; the rest is what an origin sent. What was read must
 * be clean, inside the bytes shown and within its bounds, and a request made
 * of the fields must have one line for each.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_HEAD = 1, FUZZ_REFUSE = 2, FUZZ_SMALL = 4 };

/* All that a caller can see, the texts as one hash. */
struct fuzz_outcome {
	int got;
	enum reason reason;
	bool has_head;
	int status;
	bool http10;
	enum h1_body_kind body;
	bool keep;
	bool has_length;
	uint64_t said_length;
	size_t dropped;
	size_t fields;
	uint64_t texts;
	uint64_t content;
	size_t used;
	bool ended;
};

static void
fuzz_mix(uint64_t *hash, struct str s)
{
	size_t i;

	*hash = (*hash ^ s.n) * UINT64_C(1099511628211);
	for (i = 0; i < s.n; i++)
		*hash = (*hash ^ (unsigned char)s.p[i]) *
		    UINT64_C(1099511628211);
}

static void
fuzz_mix_content(struct fuzz_outcome *o, struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		o->content = (o->content ^ (unsigned char)s.p[i]) *
		    UINT64_C(1099511628211) + 1;
}

/* A request of the answer's fields has a line for each, and no more. */
static void
fuzz_write(const struct header *fields, struct arena *a)
{
	struct h1_request request = { .method = STR("PUT"),
		.target = STR("/"), .host = STR("h"),
		.body = H1_BODY_CHUNKED };
	size_t i, lines = 0;
	struct header clean;
	struct str head;
	struct buf to;

	header_init(&clean, a);
	for (i = 0; i < fields->count; i++) {
		const struct header_field *f = &fields->fields[i];

		if (!str_eq_nocase(f->name, STR("Host")) &&
		    !str_eq_nocase(f->name, STR("Connection")))
			CHECK(header_add(&clean, f->name, f->value) == 0);
	}
	request.fields = &clean;
	buf_init(&to, 1 << 20);
	CHECK(h1_put_request(&to, &request) == 0);
	head = buf_view(&to);
	for (i = 0; i < head.n; i++) {
		CHECK((head.p[i] == '\n') ==
		    (i > 0 && head.p[i - 1] == '\r'));
		lines += head.p[i] == '\n';
	}
	CHECK(lines == clean.count + 4);
	CHECK(str_ends(head, STR("\r\n\r\n")));
	buf_fini(&to);
}

static void
fuzz_head(struct fuzz_outcome *o, const struct h1_answer *answer)
{
	size_t i;

	o->has_head = true;
	o->status = answer->status;
	o->http10 = answer->http10;
	o->body = answer->body;
	o->keep = answer->keep;
	o->has_length = answer->has_length;
	o->said_length = answer->said_length;
	o->dropped = answer->dropped;
	o->fields = answer->fields.count;
	CHECK(answer->status >= 200 && answer->status <= 999);
	CHECK(answer->fields.count + answer->dropped <= H1_FIELDS_MAX);
	CHECK(answer->body != H1_BODY_CLOSE || !answer->keep);
	CHECK(answer->body != H1_BODY_LENGTH || (answer->has_length &&
	    answer->length == answer->said_length));
	CHECK(header_is_value(answer->phrase));
	fuzz_mix(&o->texts, answer->phrase);
	for (i = 0; i < answer->fields.count; i++) {
		const struct header_field *f = &answer->fields.fields[i];

		CHECK(header_is_token(f->name) && header_is_value(f->value));
		CHECK(str_trim(f->value).n == f->value.n);
		CHECK(!str_eq_nocase(f->name, STR("Content-Length")));
		CHECK(!str_eq_nocase(f->name, STR("Transfer-Encoding")));
		fuzz_mix(&o->texts, f->name);
		fuzz_mix(&o->texts, f->value);
	}
}

/* The bytes that came and were not used, in memory of exactly their size. */
struct fuzz_feed {
	char *p;
	size_t n;
};

static void
fuzz_feed_set(struct fuzz_feed *f, const char *p, size_t n, const char *more,
    size_t more_n)
{
	char *fresh = malloc(n + more_n + 1);

	CHECK(fresh != NULL);
	if (n > 0)
		memcpy(fresh, p, n);
	if (more_n > 0)
		memcpy(fresh + n, more, more_n);
	/* No byte to spare behind, for the address sanitizer. */
	fresh = realloc(fresh, n + more_n > 0 ? n + more_n : 1);
	CHECK(fresh != NULL);
	free(f->p);
	f->p = fresh;
	f->n = n + more_n;
}

static int
fuzz_body(struct fuzz_outcome *o, struct h1_body *b, struct fuzz_feed *f,
    struct err *e)
{
	size_t at = 0;
	int got;

	do {
		struct str in = { f->p + at, f->n - at };
		struct str data;
		size_t used;

		got = h1_read_body(b, in, &data, &used, e);
		CHECK(used <= in.n);
		CHECK(data.n <= used);
		CHECK(data.n == 0 || (data.p >= in.p &&
		    data.p + data.n <= in.p + used));
		CHECK(got != 0 || (used == in.n && data.n == 0));
		CHECK(got != 1 || data.n > 0);
		CHECK(b->line <= H1_CHUNK_LINE_MAX + 1);
		CHECK(b->trailers <= H1_TRAILER_MAX + 1);
		fuzz_mix_content(o, data);
		o->used += used;
		at += used;
	} while (got == 1);
	fuzz_feed_set(f, f->p + at, f->n - at, NULL, 0);
	return got;
}

static struct fuzz_outcome
fuzz_run(const char *in, size_t n, int flags, size_t step, uint32_t random)
{
	const struct h1_limits limits = {
		flags & FUZZ_SMALL ? 100 : 4096, (flags & FUZZ_REFUSE) != 0 };
	struct fuzz_outcome o = { 0 };
	struct fuzz_feed feed = { NULL, 0 };
	struct h1_answer answer;
	struct h1_reader reader;
	struct h1_body body = { 0 };
	struct arena arena;
	struct err e = { 0 };
	size_t at = 0;

	arena_init(&arena, 1 << 20);
	h1_reader_init(&reader, limits, (flags & FUZZ_HEAD) != 0);
	while (at < n && o.got >= 0 && o.got < 2) {
		size_t piece = step;
		size_t used;

		if (random != 0) {
			random = random * 1664525 + 1013904223;
			piece = 1 + (random >> 24) % step;
		}
		if (piece > n - at)
			piece = n - at;
		fuzz_feed_set(&feed, feed.p, feed.n, in + at, piece);
		at += piece;
		if (!o.has_head) {
			o.got = h1_read_head(&reader, (struct str){ feed.p,
			    feed.n }, &arena, &answer, &used, &e);
			CHECK(used <= feed.n);
			CHECK(reader.interim <= H1_INTERIM_MAX + 1);
			CHECK(arena.taken <= limits.head_max +
			    (H1_FIELDS_MAX + 8) * sizeof(struct header_field) +
			    16384);
			CHECK(o.got != 0 || feed.n - used < limits.head_max);
			o.used += used;
			fuzz_feed_set(&feed, feed.p + used, feed.n - used,
			    NULL, 0);
			if (o.got != 1)
				continue;
			fuzz_head(&o, &answer);
			fuzz_write(&answer.fields, &arena);
			h1_body_init(&body, &answer);
		}
		o.got = fuzz_body(&o, &body, &feed, &e);
	}
	if (o.got == -1) {
		o.reason = e.reason;
		CHECK(e.reason == REASON_ORIGIN_BROKEN ||
		    e.reason == REASON_ORIGIN_BAD_HEADER);
	}
	o.ended = o.has_head && h1_body_end(&body);
	free(feed.p);
	arena_fini(&arena);
	return o;
}

static void
fuzz_same(const struct fuzz_outcome *a, const struct fuzz_outcome *b)
{
	CHECK(a->got == b->got);
	CHECK(a->reason == b->reason);
	CHECK(a->has_head == b->has_head);
	CHECK(a->status == b->status);
	CHECK(a->http10 == b->http10);
	CHECK(a->body == b->body);
	CHECK(a->keep == b->keep);
	CHECK(a->has_length == b->has_length);
	CHECK(a->said_length == b->said_length);
	CHECK(a->dropped == b->dropped);
	CHECK(a->fields == b->fields);
	CHECK(a->texts == b->texts);
	CHECK(a->content == b->content);
	CHECK(a->got == -1 || a->used == b->used);
	CHECK(a->ended == b->ended);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_outcome whole, other;
	const char *in;
	size_t n;

	if (size < 2)
		return 0;
	in = (const char *)data + 2;
	n = size - 2;
	whole = fuzz_run(in, n, data[0], n > 0 ? n : 1, 0);
	other = fuzz_run(in, n, data[0], 1, 0);
	fuzz_same(&whole, &other);
	other = fuzz_run(in, n, data[0], (size_t)data[1] + 2,
	    (uint32_t)data[1] * 2654435761u + 1);
	fuzz_same(&whole, &other);
	return 0;
}
