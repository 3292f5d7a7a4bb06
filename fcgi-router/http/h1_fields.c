/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * h1_fields: the fields of an answer, and what they say about its body and its
 * connection. A line is looked at once; folded and malformed ones, which are
 * rare, take the way of h1_read_odd_line.
 */

#include "http/h1_private.h"

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

static bool
h1_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What the fields say about the body and the connection. */
struct h1_framing {
	bool chunked;
	bool has_length;
	uint64_t length;
	bool close;
	bool keep_alive;
};

/* 1 to 18 digits, which cannot overflow, alone? Most lengths are so. */
static bool
h1_is_short_number(struct str s, uint64_t *out)
{
	uint64_t n = 0;
	size_t i;

	if (s.n == 0 || s.n > 18)
		return false;
	for (i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

		if (digit > 9)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

/* The members of a list of equal numbers, several fields being one list. */
static int
h1_take_length(struct h1_framing *f, struct str value, struct err *e)
{
	struct str item, rest = value;
	uint64_t n;
	bool more;

	if (!f->has_length && h1_is_short_number(value, &f->length)) {
		f->has_length = true;
		return 0;
	}
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

	if (str_eq_nocase(value, STR("keep-alive"))) {
		f->keep_alive = true;
		return;
	}
	while (header_list_next(value, &at, &item)) {
		if (str_eq_nocase(item, STR("close")))
			f->close = true;
		else if (str_eq_nocase(item, STR("keep-alive")))
			f->keep_alive = true;
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
	enum name name;
	size_t to;

	while (from < line.n && !h1_is_token_byte(line.p[from]))
		from++;
	for (to = from; to < line.n && h1_is_token_byte(line.p[to]);)
		to++;
	name = name_of(str_sub(line, from, to));
	if (name == NAME_CONTENT_LENGTH || name == NAME_TRANSFER_ENCODING)
		return h1_broken(line, "malformed framing", e);
	if (r->limits.refuse_bad_field)
		return err_set(e, REASON_ORIGIN_BAD_HEADER,
		    "a malformed header field: '%.*s'",
		    STR_ARG(str_sub(line, 0, H1_QUOTE_MAX)));
	if (name == NAME_CONNECTION)
		f->close = true;
	out->dropped++;
	return 0;
}

/* The next field was cut. Those that frame the body are taken out. */
static int
h1_take_field(struct h1_framing *f, struct h1_answer *out,
    struct header_field *field, struct err *e)
{
	field->id = name_of(field->name);
	switch (field->id) {
	case NAME_CONTENT_LENGTH:
		return h1_take_length(f, field->value, e);
	case NAME_TRANSFER_ENCODING:
		return h1_take_coding(f, field->value, e);
	case NAME_CONNECTION:
		h1_take_connection(f, field->value);
		break;
	default:
		break;
	}
	out->fields.count++;
	return 0;
}

/* Where the next field goes; header_add would look at every byte again. */
static inline struct header_field *
h1_next_field(const struct h1_answer *out)
{
	CHECK(out->fields.count < out->fields.room);
	return &out->fields.fields[out->fields.count];
}

/*
 * Cuts `name: value` up to the first control byte, which is p[*end]. There is
 * one, and H1_SLACK more bytes may be read. false: no name or no colon.
 */
static inline bool
h1_cut_field(const char *p, struct header_field *field, size_t *end)
{
	size_t colon = 0;
	size_t from, to;

	while (h1_is_token_byte(p[colon]))
		colon++;
	if (colon == 0 || p[colon] != ':')
		return false;
	from = colon + 1;
	while (h1_is_blank(p[from]))
		from++;
	to = from;
	while (!header_eight_suspect(p + to, ' '))
		to += 8;
	while (h1_class[(unsigned char)p[to]] != H1_N)
		to++;
	*end = to;
	while (to > from && h1_is_blank(p[to - 1]))
		to--;
	field->name = (struct str){ p, colon };
	field->value = (struct str){ p + from, to - from };
	return true;
}

/* Is *at the end of a line that nothing continues? Then it is put behind it. */
static bool
h1_ends_line(const char *p, size_t *at)
{
	size_t lf = *at + (p[*at] == '\r');

	if (p[lf] != '\n' || h1_is_blank(p[lf + 1]))
		return false;
	*at = lf + 1;
	return true;
}

/*
 * Joins the line whose LF is p[*lf] with those that continue it, in place, one
 * space for each fold (RFC 9112 5.2), and ends it with an LF, which is not
 * counted; *lf is then the LF of the last one.
 */
static struct str
h1_unfold(char *p, size_t n, size_t *lf)
{
	size_t kept = h1_line(p, *lf).n;

	while (h1_is_blank(p[*lf + 1])) {
		size_t from = *lf + 1;
		const char *hit = memchr(p + from, '\n', n - from);
		size_t to;

		CHECK(hit != NULL);
		*lf = (size_t)(hit - p);
		to = from + h1_line(p + from, *lf - from).n;
		while (from < to && h1_is_blank(p[from]))
			from++;
		while (kept > 0 && h1_is_blank(p[kept - 1]))
			kept--;
		p[kept++] = ' ';
		memmove(p + kept, p + from, to - from);
		kept += to - from;
	}
	p[kept] = '\n';
	return (struct str){ p, kept };
}

/* A line that is folded or no field. *next: behind it and what continues it. */
static int
h1_read_odd_line(const struct h1_reader *r, char *p, size_t n,
    struct h1_framing *f, struct h1_answer *out, size_t *next, struct err *e)
{
	const char *hit = memchr(p, '\n', n);
	struct header_field *field = h1_next_field(out);
	struct str line;
	size_t lf, end;

	CHECK(hit != NULL);
	lf = (size_t)(hit - p);
	line = h1_line(p, lf);
	if (h1_is_blank(p[lf + 1]))
		line = h1_unfold(p, n, &lf);
	*next = lf + 1;
	if (h1_cut_field(line.p, field, &end) && end == line.n)
		return h1_take_field(f, out, field, e);
	return h1_bad_line(r, f, out, line, e);
}

/*
 * p[0, n) are the lines of fields and the empty line, whose LF is the last; no
 * other line is empty, so a byte behind each LF but the last may be looked at.
 */
static int
h1_read_lines(const struct h1_reader *r, char *p, size_t n,
    struct h1_framing *f, struct h1_answer *out, struct err *e)
{
	size_t count = 0;

	while (p[0] != '\n' && (p[0] != '\r' || p[1] != '\n')) {
		struct header_field *field = h1_next_field(out);
		size_t end = 0;
		int got;

		if (++count > H1_FIELDS_MAX)
			return err_set(e, REASON_ORIGIN_BAD_HEADER,
			    "more than %d header fields in the answer",
			    H1_FIELDS_MAX);
		if (h1_cut_field(p, field, &end) && h1_ends_line(p, &end))
			got = h1_take_field(f, out, field, e);
		else
			got = h1_read_odd_line(r, p, n, f, out, &end, e);
		if (got == -1)
			return -1;
		p += end;
		n -= end;
	}
	return 0;
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

int
h1_read_fields(const struct h1_reader *r, char *p, size_t n,
    struct h1_answer *out, struct err *e)
{
	struct h1_framing framing = { 0 };

	if (h1_read_lines(r, p, n, &framing, out, e) == -1)
		return -1;
	return h1_frame(r, &framing, out, e);
}
