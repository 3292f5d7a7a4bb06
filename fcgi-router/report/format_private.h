/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * format_private: the parts that a line is made of, as format's files share
 * them. Nothing is checked for room while a line is written: the parts of a
 * format are, together, once.
 */
#ifndef REPORT_FORMAT_PRIVATE_H
#define REPORT_FORMAT_PRIVATE_H

#include "base/escape.h"
#include "report/format.h"

enum format_what {
	FORMAT_TEXT = 0,
	FORMAT_REASON,
	FORMAT_STATUS,
	FORMAT_PORT,
	FORMAT_COUNT,
	FORMAT_TIME_US,
	FORMAT_TIME_MS, /* with three digits behind the point */
	FORMAT_TIME_S,  /* with six */
	FORMAT_WALL,
	FORMAT_WALL_LOCAL,
	FORMAT_WALL_S,
	FORMAT_TAGS,
	FORMAT_TAG,
	FORMAT_HEADER,
	FORMAT_NOTHING, /* the literal alone */
	FORMAT_WHAT_COUNT /* last */
};

/* A literal, and behind it a field. */
struct format_part {
	enum format_what what;
	enum escape_how how;
	size_t offset; /* of the field in struct record */
	size_t most;   /* that it takes */
	struct str literal;
	struct str key; /* of a tag or a header's field */
	bool redacted;  /* the field is said to be there, no more */
};

/* A field takes at least four bytes of a text; and the end. */
enum { FORMAT_PARTS_MAX = FORMAT_TEXT_MAX / 4 + 1 };

/* Where the line goes on. */
struct format_line {
	char *p;
};

struct format {
	/* of a built-in one, which has no parts */
	void (*put)(struct format_line *l, const struct record *r);
	size_t count;
	struct format_part parts[FORMAT_PARTS_MAX];
	char text[FORMAT_TEXT_MAX + 1]; /* of literals and keys; the LF */
};

static inline void
format_put(struct format_line *l, struct str s)
{
	l->p = str_put(l->p, s);
}

/* In at most `most` bytes. */
void format_put_escaped(struct format_line *l, struct str s, size_t most,
    enum escape_how how);

/* The same; "-" for an empty one. Most texts need no second look. */
static inline void
format_put_text(struct format_line *l, struct str s, size_t most,
    enum escape_how how)
{
	if (s.n == 0)
		*l->p++ = '-';
	else if (s.n + sizeof("..") <= most && escape_put_plain(l->p, s, how))
		l->p += s.n;
	else
		format_put_escaped(l, s, most, how);
}

void format_put_number(struct format_line *l, uint64_t n);
/* "-" for 0. */
void format_put_known(struct format_line *l, uint64_t n);

/* As `what` says, one of TIME, one of WALL. */
void format_put_time(struct format_line *l, int64_t us,
    enum format_what what);
void format_put_wall(struct format_line *l, struct timespec at,
    enum format_what what);
void format_put_tags(struct format_line *l, const struct record_tags *tags,
    size_t most, enum escape_how how);

/* Whole lines of those that are built in, with their LF. */
void format_put_combined(struct format_line *l, const struct record *r);
void format_put_vhost_combined(struct format_line *l, const struct record *r);
void format_put_standard(struct format_line *l, const struct record *r);
void format_put_full(struct format_line *l, const struct record *r);
void format_put_json(struct format_line *l, const struct record *r);

#endif
