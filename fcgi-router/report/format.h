/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * format: the line that a record becomes.
 *
 * Built in are combined and vhost_combined, as Apache and nginx write them,
 * standard (the latter, then words as id=ID), full (with a word for each other
 * field) and json (an object on one line; what is not known is not in it). Own
 * ones are texts with fields of record.tbl.h in braces:
 *
 *	{time} {host} {tag.customer} "{method} {uri}" {status} {total_ms}
 *
 * {time} is UTC with milliseconds, {time_local} as Apache writes it, {time_s}
 * seconds since 1970; fields of time need _us, _ms or _s; {tag.K} is one tag,
 * {header.NAME} a field of the request, {tab} a TAB, {{ and }} are braces.
 *
 * All texts are escaped (see escape), for where they stand: between double
 * quotes, as a word, or in JSON. So no client and no origin forges a line or a
 * field. What is empty or not known is "-"; what is too long is cut and ends in
 * "...". It is made once and reads no more than the record.
 */
#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "report/record.h"

enum {
	FORMAT_TEXT_MAX = 1000,     /* bytes of an own one's text */
	FORMAT_LINE_MAX = 64 * 1024 /* and of a line of any, with its LF */
};

struct format;

/* The built-in one of that name. 1 and *out, 0: there is none, -1 and e. */
ATTR_MUST_USE
int format_built_in(struct str name, struct format **out, struct err *e);

/* Is it the name of a built-in one? */
bool format_is_built_in(struct str name);

/*
 * Own ones. 0 and *out, for format_free, or -1: *at is the offset of the
 * mistake, and e->text says "what, what was expected". The text is copied.
 */
ATTR_MUST_USE
int format_parse(struct str text, struct format **out, size_t *at,
    struct err *e);
void format_free(struct format **f);

/* Of those fields of requests (as redact has them) it says no more than that
 * they were there. */
void format_redact(struct format *f, struct str lines);

/* Is a line of it an object of JSON? */
bool format_is_json(const struct format *f);

/* Writes the line with its LF, no NUL; its length. Any thread. */
size_t format_print(const struct format *f, const struct record *r,
    char line[FORMAT_LINE_MAX]);

/* A field that was found in a line; its text still has its escapes. */
struct format_found {
	enum record_field field; /* of a tag `tags`; RECORD_FIELDS: of none */
	struct str tag;          /* the key of {tag.K}, else empty */
	bool parted;             /* a time with a point in it: without that
	                            they are microseconds */
	struct str text;
};

/*
 * A line of an own format, without its LF, back into the texts it was made of:
 * calls see for each field. false: it is no line of that format (nothing was
 * called), or that is a built-in one.
 * A field ends where the literal behind it begins. Blanks, double quotes and
 * control bytes are escaped in texts, so that these end one for sure; any
 * other byte may be part of the text before it, and then the longest text is
 * taken with which the whole line is one of that format.
 */
bool format_read(const struct format *f, struct str line,
    void (*see)(void *arg, const struct format_found *found), void *arg);

#endif
