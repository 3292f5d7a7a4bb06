/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * h1: heads of answers. A head is looked through for its end first, then copied
 * once and cut into slices of that copy; only a folded field is moved in it.
 */

#include "http/h1.h"

#include <string.h>

#define H1_PREFIX "HTTP/1."

enum {
	H1_STATUS_AT = sizeof("HTTP/1.1 ") - 1,
	H1_STATUS_END = H1_STATUS_AT + 3,
	H1_QUOTE_MAX = 60 /* bytes of an answer that an error text shows */
};

/* ---- where the head ends ---- */

static int
h1_broken(struct str what, const char *why, struct err *e)
{
	return err_set(e, REASON_ORIGIN_BROKEN, "%s: '%.*s'", why,
	    STR_ARG(str_sub(what, 0, H1_QUOTE_MAX)));
}

void
h1_reader_init(struct h1_reader *r, struct h1_limits limits,
    bool head_request)
{
	*r = (struct h1_reader){ .limits = limits,
		.head_request = head_request };
}

/* Without its LF and, if there, the CR before it. */
static struct str
h1_line(const char *p, size_t lf)
{
	return (struct str){ p, lf > 0 && p[lf - 1] == '\r' ? lf - 1 : lf };
}

/* `HTTP/1.x NNN[ reason]`; the prefix was looked at before. */
static int
h1_status_line(struct h1_reader *r, struct str line, struct err *e)
{
	uint64_t status;
	size_t i;

	for (i = 0; i < line.n; i++)
		if (str_is_control(line.p[i]) && line.p[i] != '\t')
			return h1_broken(line,
			    "a control byte in the status line", e);
	if (line.n < H1_STATUS_END || line.p[H1_STATUS_AT - 1] != ' ' ||
	    (line.p[H1_STATUS_AT - 2] != '0' &&
	    line.p[H1_STATUS_AT - 2] != '1') ||
	    !str_to_u64(str_sub(line, H1_STATUS_AT, H1_STATUS_END), 999,
	    &status) || status < 100 ||
	    (line.n > H1_STATUS_END && line.p[H1_STATUS_END] != ' '))
		return h1_broken(line, "not an HTTP/1.1 status line", e);
	if (status == 101)
		return h1_broken(line, "an upgrade nobody asked for", e);
	if (status < 200 && ++r->interim > H1_INTERIM_MAX)
		return h1_broken(line, "too many 1xx answers", e);
	r->status = (int)status;
	r->http10 = line.p[H1_STATUS_AT - 2] == '0';
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
	const struct str prefix = STR(H1_PREFIX);
	struct str head = str_sub(in, 0, r->limits.head_max);

	if (r->status == 0 && !str_eq(str_sub(head, 0, prefix.n),
	    str_sub(prefix, 0, head.n)))
		return h1_broken(head, "not an HTTP/1.1 answer", e);
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

/* ---- its fields ---- */

/* What the fields say about the body and the connection. */
struct h1_framing {
	bool chunked;
	bool has_length;
	uint64_t length;
	bool close;
	bool keep_alive;
};

enum { H1_N = 0 /* control */, H1_V = 1 /* in values */, H1_T = 3 /* token */ };

/* RFC 9110 5.6.2 and 5.5, one look a byte. */
#define N H1_N
#define V H1_V
#define T H1_T
static const unsigned char h1_class[256] = {
	N, N, N, N, N, N, N, N, N, V, N, N, N, N, N, N, /* TAB */
	N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N,
	V, T, V, T, T, T, T, T, V, V, T, T, V, T, T, V, /* !"#$%&'()*+,-./ */
	T, T, T, T, T, T, T, T, T, T, V, V, V, V, V, V, /* 0-9 :;<=>? */
	V, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, /* @ A-O */
	T, T, T, T, T, T, T, T, T, T, T, V, V, V, T, T, /* P-Z [\]^_ */
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, /* ` a-o */
	T, T, T, T, T, T, T, T, T, T, T, V, T, V, T, N, /* p-z {|}~ DEL */
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
};
#undef N
#undef V
#undef T

static bool
h1_is_token_byte(char c)
{
	return h1_class[(unsigned char)c] == H1_T;
}

/* May one of these eight bytes be a control byte? TAB counts as one. */
static bool
h1_eight_suspect(const char *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t w, del;

	memcpy(&w, p, sizeof(w));
	del = w ^ (ones * 0x7f);
	return ((((w - ones * 0x20) & ~w) | ((del - ones) & ~del)) &
	    (ones << 7)) != 0;
}

static bool
h1_is_value(struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		if (s.n - i >= 8 && !h1_eight_suspect(s.p + i))
			i += 8;
		else if (h1_class[(unsigned char)s.p[i]] != H1_N)
			i++;
		else
			return false;
	}
	return true;
}

/* The members of a list of equal numbers, several fields being one list. */
static int
h1_take_length(struct h1_framing *f, struct str value, struct err *e)
{
	struct str item, rest = value;
	uint64_t n;
	bool more;

	do {
		more = str_cut(rest, ',', &item, &rest);
		if (!str_to_u64(str_trim(item), INT64_MAX, &n))
			return h1_broken(value, "a bad Content-Length", e);
		if (f->has_length && n != f->length)
			return h1_broken(value, "different Content-Lengths",
			    e);
		f->has_length = true;
		f->length = n;
	} while (more);
	return 0;
}

static int
h1_take_coding(struct h1_framing *f, struct str value, struct err *e)
{
	if (f->chunked || !str_eq_nocase(value, STR("chunked")))
		return h1_broken(value, "a Transfer-Encoding that is not "
		    "'chunked' once", e);
	f->chunked = true;
	return 0;
}

static void
h1_take_connection(struct h1_framing *f, struct str value)
{
	struct str item;
	size_t at = 0;

	while (header_list_next(value, &at, &item)) {
		if (str_eq_nocase(item, STR("close")))
			f->close = true;
		else if (str_eq_nocase(item, STR("keep-alive")))
			f->keep_alive = true;
	}
}

/* 1: a framing field, taken; 0: any other field; -1: broken. */
static int
h1_take_framing(struct h1_framing *f, struct str name, struct str value,
    struct err *e)
{
	switch (name.n) {
	case sizeof("Connection") - 1:
		if (str_eq_nocase(name, STR("Connection")))
			h1_take_connection(f, value);
		return 0;
	case sizeof("Content-Length") - 1:
		if (!str_eq_nocase(name, STR("Content-Length")))
			return 0;
		return h1_take_length(f, value, e) == -1 ? -1 : 1;
	case sizeof("Transfer-Encoding") - 1:
		if (!str_eq_nocase(name, STR("Transfer-Encoding")))
			return 0;
		return h1_take_coding(f, value, e) == -1 ? -1 : 1;
	default:
		return 0;
	}
}

/*
 * A line that is no field. Somebody else may still take `Content-Length : 5`
 * for framing, so what begins like that is not dropped.
 */
static int
h1_bad_line(const struct h1_reader *r, struct h1_framing *f,
    struct h1_answer *out, struct str line, struct err *e)
{
	size_t from = 0;
	size_t to;
	struct str name;

	while (from < line.n && !h1_is_token_byte(line.p[from]))
		from++;
	for (to = from; to < line.n && h1_is_token_byte(line.p[to]);)
		to++;
	name = str_sub(line, from, to);
	if (str_eq_nocase(name, STR("Content-Length")) ||
	    str_eq_nocase(name, STR("Transfer-Encoding")))
		return h1_broken(line, "malformed framing", e);
	if (r->limits.refuse_bad_field)
		return err_set(e, REASON_ORIGIN_BAD_HEADER,
		    "a malformed header field: '%.*s'",
		    STR_ARG(str_sub(line, 0, H1_QUOTE_MAX)));
	if (str_eq_nocase(name, STR("Connection")))
		f->close = true;
	out->dropped++;
	return 0;
}

static size_t
h1_trim_end(const char *p, size_t n)
{
	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	return n;
}

/*
 * Joins the line whose LF is p[*lf] with those that continue it, in place, one
 * space for each fold (RFC 9112 5.2); *lf is then the LF of the last one.
 */
static struct str
h1_unfold(char *p, size_t n, size_t *lf)
{
	size_t kept = h1_line(p, *lf).n;

	while (p[*lf + 1] == ' ' || p[*lf + 1] == '\t') {
		size_t from = *lf + 1;
		const char *hit = memchr(p + from, '\n', n - from);
		struct str more;

		CHECK(hit != NULL);
		*lf = (size_t)(hit - p);
		more = h1_line(p + from, *lf - from);
		while (more.n > 0 && (*more.p == ' ' || *more.p == '\t'))
			more = str_sub(more, 1, more.n);
		kept = h1_trim_end(p, kept);
		p[kept++] = ' ';
		memmove(p + kept, more.p, more.n);
		kept += more.n;
	}
	return (struct str){ p, kept };
}

static int
h1_read_field(const struct h1_reader *r, struct h1_framing *f,
    struct h1_answer *out, struct str line, struct err *e)
{
	struct str name, value;
	size_t colon = 0;
	int got;

	while (colon < line.n && h1_is_token_byte(line.p[colon]))
		colon++;
	name = str_sub(line, 0, colon);
	value = str_trim(str_sub(line, colon + 1, line.n));
	if (colon == 0 || colon == line.n || line.p[colon] != ':' ||
	    !h1_is_value(value))
		return h1_bad_line(r, f, out, line, e);
	got = h1_take_framing(f, name, value, e);
	if (got != 0)
		return got == -1 ? -1 : 0;
	/* header_add would look at every byte once more. */
	CHECK(out->fields.count < out->fields.room);
	out->fields.fields[out->fields.count++] =
	    (struct header_field){ name, value };
	return 0;
}

/* p[0, n) are the lines of fields and the empty line, whose LF is the last. */
static int
h1_read_fields(const struct h1_reader *r, char *p, size_t n,
    struct h1_framing *f, struct h1_answer *out, struct err *e)
{
	size_t count = 0;
	size_t at = 0;

	for (;;) {
		const char *hit = memchr(p + at, '\n', n - at);
		size_t lf = (size_t)(hit - (p + at));
		struct str line = h1_line(p + at, lf);

		if (line.n == 0)
			return 0;
		if (++count > H1_FIELDS_MAX)
			return err_set(e, REASON_ORIGIN_BAD_HEADER,
			    "more than %d header fields in the answer",
			    H1_FIELDS_MAX);
		if (hit[1] == ' ' || hit[1] == '\t')
			line = h1_unfold(p + at, n - at, &lf);
		if (h1_read_field(r, f, out, line, e) == -1)
			return -1;
		at += lf + 1;
	}
}

/* RFC 9112 6.3 for the body, 9.3 for the connection. */
static int
h1_frame(const struct h1_reader *r, const struct h1_framing *f,
    struct h1_answer *out, struct err *e)
{
	if (f->chunked && out->http10)
		return err_set(e, REASON_ORIGIN_BROKEN,
		    "Transfer-Encoding in an HTTP/1.0 answer");
	out->keep = !f->close && (!out->http10 || f->keep_alive);
	if (f->chunked && f->has_length)
		out->keep = false;
	out->has_length = f->has_length && !f->chunked;
	out->said_length = out->has_length ? f->length : 0;
	if (out->status == 204 && (f->chunked || out->said_length > 0))
		out->keep = false; /* its body may come all the same */
	if (r->head_request || out->status == 204 || out->status == 304) {
		out->body = H1_BODY_NONE;
	} else if (f->chunked) {
		out->body = H1_BODY_CHUNKED;
	} else if (f->has_length) {
		out->body = H1_BODY_LENGTH;
		out->length = f->length;
	} else {
		out->body = H1_BODY_CLOSE;
		out->keep = false;
	}
	return 0;
}

/* Room for `lines` fields and a few that others will add; 0 or -1. */
static int
h1_fields_room(struct header *fields, struct arena *a, size_t lines)
{
	size_t room = (lines < H1_FIELDS_MAX ? lines : H1_FIELDS_MAX) + 8;

	header_init(fields, a);
	fields->fields = arena_alloc(a, room * sizeof(*fields->fields));
	if (fields->fields == NULL)
		return -1;
	fields->room = room;
	return 0;
}

static int
h1_read_final(const struct h1_reader *r, struct str head, struct arena *a,
    struct h1_answer *out, struct err *e)
{
	struct h1_framing framing = { 0 };
	struct str first = h1_line(head.p, r->fields_at - 1);
	char *copy = arena_alloc(a, head.n);

	*out = (struct h1_answer){ .status = r->status, .http10 = r->http10 };
	if (copy == NULL || h1_fields_room(&out->fields, a, r->lines) == -1)
		return err_set(e, REASON_OVERLOADED,
		    "no memory for the head of the answer");
	memcpy(copy, head.p, head.n);
	out->phrase = str_sub((struct str){ copy, first.n },
	    H1_STATUS_END + 1, first.n);
	if (h1_read_fields(r, copy + r->fields_at, head.n - r->fields_at,
	    &framing, out, e) == -1)
		return -1;
	return h1_frame(r, &framing, out, e);
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
