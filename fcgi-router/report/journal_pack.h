/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * journal_pack: a record as few bytes, and such bytes as a record.
 *
 * Numbers have a fixed size, texts their length before them, all in the order
 * of record.tbl.h and in the machine's byte order: they never leave it. Where
 * the texts are too long together, the longest are cut, all to one length.
 * Bytes that come back may be anybody's: nothing in them is believed.
 */
#ifndef REPORT_JOURNAL_PACK_H
#define REPORT_JOURNAL_PACK_H

#include <stdbool.h>

#include "base/check.h"
#include "report/record.h"

enum {
	JOURNAL_PACK_MAX = 1024, /* bytes of a record */
	JOURNAL_TAGS_MAX = 32    /* the first so many are kept */
};

/* A record, and what it borrows. */
struct journal_entry {
	struct record record;
	struct record_tag tags[JOURNAL_TAGS_MAX + 1]; /* the last is "..." */
	char cut[2 * JOURNAL_PACK_MAX]; /* texts that were, with "..." */
	size_t used;
};

/* Writes it; how many bytes. They begin with that number. */
size_t journal_pack_put(const struct record *r,
    unsigned char to[JOURNAL_PACK_MAX]);

/* How many bytes there are, as the first two say, bounded. */
size_t journal_pack_size(const unsigned char *from);

/* The record of n bytes, which it borrows. false: they are none. A text that
 * was cut ends in "...". */
ATTR_MUST_USE
bool journal_pack_get(const unsigned char *from, size_t n,
    struct journal_entry *out);

#endif
