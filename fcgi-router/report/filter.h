/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * filter: which finished exchanges are wanted, as an expression over the fields
 * of record.tbl.h.
 *
 *	status>=500 | service=@api & !client=10.0.0.0/8 | total>500ms
 *
 * NAME OP VALUE, with ! before it, & and | between (& binds closer), ( and )
 * around. A value ends at a blank, '&', '|' or ')', or stands between quotes of
 * one kind.
 * - Texts, reason and tag.K: = and !=, with * for any bytes; '-' is none, as
 *   in a line.
 * - client: an address or a range.
 * - status, port and numbers: = != < <= > >=; a status may be 5xx, a number
 *   may end in k, m or g.
 * - Times: the same, with us, ms, s or m behind digits.
 * What is not known is equal to '-' alone, and neither above nor below
 * anything.
 * It is parsed once and reads no more than the record.
 */
#ifndef REPORT_FILTER_H
#define REPORT_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "report/record.h"

enum {
	FILTER_TEXT_MAX = 1024, /* bytes of an expression */
	FILTER_TESTS_MAX = 64,  /* NAME OP VALUE in it */
	FILTER_DEPTH_MAX = 16   /* of ( and ! */
};

struct filter;

/*
 * 0 and *out, for filter_free, or -1: *at is the offset of the mistake, and
 * e->text says "what, what was expected". The text is copied.
 */
ATTR_MUST_USE
int filter_parse(struct str text, struct filter **out, size_t *at,
    struct err *e);
void filter_free(struct filter **f);

/* Is it wanted? */
bool filter_takes(const struct filter *f, const struct record *r);

/* One after the other, what it asks for: *at is 0 at first; of a tag `tags` and
 * its key, else an empty one. false: there is no more. */
bool filter_asks(const struct filter *f, size_t *at, enum record_field *field,
    struct str *key);

#endif
