/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * logline: one line of an access log of the router's, back into the record it
 * was made of.
 *
 * Which of the formats it is the line itself tells: an object of JSON, or
 * `combined`, with `vhost_combined` before it or words NAME=VALUE behind it. So
 * does the line by which a log says that it leaves out requests.
 */
#ifndef TOOLS_LOGLINE_H
#define TOOLS_LOGLINE_H

#include "base/arena.h"
#include "base/check.h"
#include "base/str.h"
#include "report/format.h"
#include "tools/json.h"

struct logline {
	struct str partial; /* the line is no request: what it says that the
	                       log leaves out; else empty */
	struct record record; /* what the line does not tell is as nothing */
	bool has[RECORD_FIELDS];         /* the line tells it, */
	struct str texts[RECORD_FIELDS]; /* so; "-" is empty */
};

/*
 * 1 and *out, which borrows from line or lives in the arena; 0: it is no
 * line of such a log, half a one, or has no time; -1: no memory. j is room for
 * an object.
 */
ATTR_MUST_USE
int logline_parse(struct str line, struct json *j, struct arena *a,
    struct logline *out);

/* The same of a line of that own format. */
ATTR_MUST_USE
int logline_parse_own(struct str line, const struct format *f,
    struct arena *a, struct logline *out);

/* Does the line tell the field; or, of a tag, that one? */
bool logline_tells(const struct logline *l, enum record_field field,
    struct str tag);

/* Seconds since 1970, as logs write them: "10/Oct/2026:13:55:36 +0200",
 * RFC 3339, or a number of them. false: none of these. */
bool logline_time(struct str text, int64_t *out);

/* The day of a moment, in UTC: YYYY-MM-DD, no NUL. */
enum { LOGLINE_DAY = 10 };
void logline_day(int64_t at, char day[LOGLINE_DAY]);

#endif
