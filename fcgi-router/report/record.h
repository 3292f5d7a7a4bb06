/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * record: one finished exchange, as plain fields: what format makes a line of,
 * and filter asks.
 */
#ifndef REPORT_RECORD_H
#define REPORT_RECORD_H

#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"
#include "http/header.h"

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
	const struct header *fields; /* the request's; NULL: not known */
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

/* Nothing known: all times below 0. The texts and tags are borrowed. */
void record_init(struct record *r);

#endif
