/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * record: one finished exchange, as plain fields, and the line it becomes.
 *
 * The line is Apache's vhost_combined form, then key=value words. All texts are
 * escaped (see escape): no client and no origin forges a line or a field. An
 * empty text, an unknown number and a time that was not taken are "-".
 */
#ifndef REPORT_RECORD_H
#define REPORT_RECORD_H

#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"

#define RECORD_TEXT(member) struct str member;
#define RECORD_REASON(member) enum reason member;
#define RECORD_STATUS(member) int member;
#define RECORD_PORT(member) uint16_t member;
#define RECORD_COUNT(member) uint64_t member;
#define RECORD_TIME(member) int64_t member;
#define RECORD_WALL(member) struct timespec member;
#define RECORD_TAGS(member) struct record_tags member;

struct record_tag {
	struct str key;
	struct str value;
};

struct record_tags {
	const struct record_tag *list;
	size_t count;
};

struct record {
#define RECORD(member, kind, name, most, manual) RECORD_##kind(member)
#include "report/record.tbl.h"
#undef RECORD
};

enum record_kind {
	RECORD_KIND_TEXT = 0,
	RECORD_KIND_REASON,
	RECORD_KIND_STATUS,
	RECORD_KIND_PORT,
	RECORD_KIND_COUNT,
	RECORD_KIND_TIME,
	RECORD_KIND_WALL,
	RECORD_KIND_TAGS,
	RECORD_KINDS /* last */
};

enum record_field {
#define RECORD(member, kind, name, most, manual) RECORD_AT_##member,
#include "report/record.tbl.h"
#undef RECORD
	RECORD_FIELDS /* last */
};

/* A row of record.tbl.h; its text is static. */
struct record_row {
	enum record_kind kind;
	size_t offset; /* in struct record */
	size_t most;
	const char *name, *manual;
};
extern const struct record_row record_rows[RECORD_FIELDS];

/* true and *out: the field of that name. */
bool record_find(struct str name, enum record_field *out);

/* The value of a tag; {NULL, 0}: there is none. */
struct str record_tag(const struct record_tags *tags, struct str key);

enum {
	/* Each field with its most, its name, and marks around it. */
#define RECORD(member, kind, name, most, manual) \
	(most) + sizeof(" \"\"-=_us" name) +
	/* A whole line is never longer. */
	RECORD_LINE_MAX =
#include "report/record.tbl.h"
	1
#undef RECORD
};

/* Nothing known: all times below 0. The texts and tags are borrowed. */
void record_init(struct record *r);

/* Writes the line with its LF, no NUL; its length. */
size_t record_print(const struct record *r, char line[RECORD_LINE_MAX]);

#endif
