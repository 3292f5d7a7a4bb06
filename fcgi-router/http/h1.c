/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * h1: heads of answers. A head is looked through for its end first, then copied
 * once and cut into slices of that copy; only a folded field is moved in it.
 */

#include "http/h1_private.h"

#define H1_PREFIX "HTTP/1."

enum {
	H1_STATUS_AT = sizeof("HTTP/1.1 ") - 1,
	H1_STATUS_END = H1_STATUS_AT + 3,
	H1_FIELDS_SPARE = 8 /* room for fields that others add */
};

int
h1_broken(struct str what, const char *why, struct err *e)
{
	return err_set(e, REASON_ORIGIN_BROKEN, "%s: '%.*s'", why,
	    STR_ARG(str_sub(what, 0, H1_QUOTE_MAX)));
}

struct str
h1_line(const char *p, size_t lf)
{
	return (struct str){ p, lf > 0 && p[lf - 1] == '\r' ? lf - 1 : lf };
}

void
h1_reader_init(struct h1_reader *r, struct h1_limits limits,
    bool head_request)
{
	*r = (struct h1_reader){ .limits = limits,
		.head_request = head_request };
}

/* May `in` be the first bytes of an answer? */
static bool
h1_may_begin(struct str in)
{
	const struct str prefix = STR(H1_PREFIX);

	return str_eq(str_sub(in, 0, prefix.n), str_sub(prefix, 0, in.n));
}

/* `HTTP/1.x NNN[ reason]` */
static int
h1_status_line(struct h1_reader *r, struct str line, struct err *e)
{
	const char *code;
	int status;

	if (!header_is_value(line))
		return h1_broken(line, "a control byte in the status line", e);
	if (line.n < H1_STATUS_END ||
	    memcmp(line.p, H1_PREFIX, sizeof(H1_PREFIX) - 1) != 0)
		return h1_broken(line, "not an HTTP/1.1 status line", e);
	code = line.p + H1_STATUS_AT;
	if ((code[-2] != '0' && code[-2] != '1') || code[-1] != ' ' ||
	    !str_is_digit(code[0]) || !str_is_digit(code[1]) ||
	    !str_is_digit(code[2]) ||
	    (line.n > H1_STATUS_END && code[3] != ' '))
		return h1_broken(line, "not an HTTP/1.1 status line", e);
	status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + code[2] - '0';
	if (status < 100)
		return h1_broken(line, "not an HTTP status", e);
	if (status == 101)
		return h1_broken(line, "an upgrade nobody asked for", e);
	if (status < 200 && ++r->interim > H1_INTERIM_MAX)
		return h1_broken(line, "too many 1xx answers", e);
	r->status = status;
	r->http10 = code[-2] == '0';
	return 0;
}

/* 1: in.p[lf + 1] begins an empty line, *end is behind it; 0: no; -1: wait. */
static int
h1_empty_line(struct str in, size_t lf, size_t *end)
{
	size_t at = lf + 1;

	if (at < in.n && in.p[at] == '\r')
		at++;
	if (at == in.n)
		return -1;
	*end = at + 1;
	return in.p[at] == '\n';
}

/*
 * 1: in[0, *end) is a whole head; 0: more is needed; -1: broken. Never looks
 * behind head_max, so that the answer is the same however the bytes came.
 */
static int
h1_find_end(struct h1_reader *r, struct str in, size_t *end, struct err *e)
{
	struct str head = str_sub(in, 0, r->limits.head_max);

	while (r->scanned < head.n) {
		const char *from = head.p + r->scanned;
		const char *hit = memchr(from, '\n', head.n - r->scanned);
		size_t lf = (size_t)(hit - head.p);
		int got;

		if (hit == NULL) {
			r->scanned = head.n;
			break;
		}
		if (r->status == 0) {
			if (h1_status_line(r, h1_line(head.p, lf), e) == -1)
				return -1;
			r->fields_at = lf + 1;
		}
		got = h1_empty_line(head, lf, end);
		if (got == 1)
			return 1;
		if (got == -1) {
			r->scanned = lf; /* look at this LF again */
			break;
		}
		r->scanned = lf + 1;
		r->lines++;
	}
	if (r->status == 0 && !h1_may_begin(head))
		return h1_broken(head, "not an HTTP/1.1 answer", e);
	if (in.n < r->limits.head_max)
		return 0;
	return err_set(e, REASON_ORIGIN_BAD_HEADER,
	    "the head of the answer is larger than %zu bytes",
	    r->limits.head_max);
}

/* How many bytes of a leading empty line are there? -1: wait for the LF. */
static int
h1_leading(struct h1_reader *r, struct str in)
{
	if (in.n == 0 || r->empty_line || r->status != 0)
		return 0;
	if (in.p[0] == '\n')
		return 1;
	if (in.p[0] != '\r')
		return 0;
	if (in.n == 1)
		return -1;
	return in.p[1] == '\n' ? 2 : 0;
}

/*
 * Room for all fields, a few that others will add, and the copy of the head,
 * in one piece. The copy, or NULL.
 */
static char *
h1_room(const struct h1_reader *r, struct header *fields, struct arena *a,
    size_t n)
{
	size_t most = (r->lines < H1_FIELDS_MAX ? r->lines : H1_FIELDS_MAX) +
	    H1_FIELDS_SPARE;
	size_t size = most * sizeof(*fields->fields);
	void *room = arena_alloc(a, size + n + H1_SLACK);

	if (room == NULL)
		return NULL;
	header_init(fields, a);
	fields->fields = room;
	fields->room = most;
	return (char *)room + size;
}

static int
h1_read_final(const struct h1_reader *r, struct str head, struct arena *a,
    struct h1_answer *out, struct err *e)
{
	struct str first = h1_line(head.p, r->fields_at - 1);
	char *copy;

	*out = (struct h1_answer){ .status = r->status, .http10 = r->http10 };
	copy = h1_room(r, &out->fields, a, head.n);
	if (copy == NULL)
		return err_set(e, REASON_OVERLOADED,
		    "no memory for the head of the answer");
	memcpy(copy, head.p, head.n);
	out->phrase = str_sub((struct str){ copy, first.n },
	    H1_STATUS_END + 1, first.n);
	return h1_read_fields(r, copy + r->fields_at, head.n - r->fields_at,
	    out, e);
}

int
h1_read_head(struct h1_reader *r, struct str in, struct arena *a,
    struct h1_answer *out, size_t *used, struct err *e)
{
	*used = 0;
	for (;;) {
		struct str head = str_sub(in, *used, in.n);
		int skip = h1_leading(r, head);
		size_t end = 0;
		int got;

		if (skip == -1)
			return 0;
		if (skip > 0) {
			r->empty_line = true;
			*used += (size_t)skip;
			head = str_sub(in, *used, in.n);
		}
		got = h1_find_end(r, head, &end, e);
		if (got != 1)
			return got;
		*used += end;
		if (r->status >= 200)
			return h1_read_final(r, str_sub(head, 0, end), a, out,
			    e) == -1 ? -1 : 1;
		r->status = 0;
		r->scanned = r->lines = 0;
	}
}
