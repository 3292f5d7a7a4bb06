/* SPDX-License-Identifier: BSD-2-Clause */

/* format_read: literals are looked for, and the last place tried first. */

#include "report/format_private.h"

enum {
	FORMAT_TRIES = 65536, /* of literals, for one line */
	FORMAT_LOCAL = 26    /* "10/Oct/2026:13:55:36 +0000" */
};

struct format_reader {
	const struct format *f;
	struct str line;
	unsigned tries;
	size_t from[FORMAT_PARTS_MAX], to[FORMAT_PARTS_MAX];
};

/* The last one's has the line's LF. */
static struct str
format_literal(const struct format *f, size_t i)
{
	struct str literal = f->parts[i].literal;

	if (f->parts[i].what == FORMAT_NOTHING && literal.n > 0)
		literal.n--;
	return literal;
}

/* May the field have that byte? */
static bool
format_may_have(const struct format_part *part, char c)
{
	switch (part->what) {
	case FORMAT_STATUS:
	case FORMAT_PORT:
	case FORMAT_COUNT:
	case FORMAT_TIME_US:
	case FORMAT_TIME_MS:
	case FORMAT_TIME_S:
	case FORMAT_WALL_S:
		return str_is_digit(c) || c == '.' || c == '-';
	case FORMAT_WALL:
		return str_is_digit(c) || (c != '\0' &&
		    memchr("-:.TZ", c, 5) != NULL);
	case FORMAT_WALL_LOCAL:
		return c != ']' && !str_is_control(c);
	default:
		break;
	}
	return !str_is_control(c) && c != '"' &&
	    (c != ' ' || part->how == ESCAPE_QUOTED);
}

/* How many bytes from there on the field may take. */
static size_t
format_span(const struct format_part *part, struct str left)
{
	size_t n = 0;

	while (n < left.n && format_may_have(part, left.p[n]))
		n++;
	return part->what == FORMAT_WALL_LOCAL && n > FORMAT_LOCAL ?
	    FORMAT_LOCAL : n;
}

/* Is what is left of the line the parts from i on? */
static bool
format_fits(struct format_reader *r, size_t i, size_t at)
{
	const struct format_part *part = &r->f->parts[i];
	struct str literal = format_literal(r->f, i);
	size_t span;

	if (r->tries++ >= FORMAT_TRIES ||
	    !str_starts(str_sub(r->line, at, r->line.n), literal))
		return false;
	at += literal.n;
	if (part->what == FORMAT_NOTHING)
		return at == r->line.n;
	r->from[i] = at;
	/* What is empty is "-". */
	for (span = format_span(part, str_sub(r->line, at, r->line.n));
	    span > 0; span--) {
		r->to[i] = at + span;
		if (format_fits(r, i + 1, at + span))
			return true;
	}
	return false;
}

static enum record_field
format_field(const struct format_part *part)
{
	size_t i;

	if (part->what == FORMAT_TAG)
		return RECORD_AT_tags;
	for (i = 0; i < RECORD_FIELDS && part->what != FORMAT_HEADER; i++)
		if (record_rows[i].offset == part->offset)
			return (enum record_field)i;
	return RECORD_FIELDS;
}

bool
format_read(const struct format *f, struct str line,
    void (*see)(void *arg, const struct format_found *found), void *arg)
{
	struct format_reader r = { .f = f, .line = line };
	size_t i;

	if (f->count == 0 || !format_fits(&r, 0, 0))
		return false;
	for (i = 0; f->parts[i].what != FORMAT_NOTHING; i++) {
		const struct format_part *part = &f->parts[i];
		const struct format_found found = {
			.field = format_field(part),
			.tag = part->what == FORMAT_TAG ? part->key : STR(""),
			.parted = part->what == FORMAT_TIME_MS ||
			    part->what == FORMAT_TIME_S,
			.text = str_sub(line, r.from[i], r.to[i]) };

		see(arg, &found);
	}
	return true;
}
