/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * run: records in key order, taken one after the other from memory or from a
 * file (spill.h), to be merged with those of other runs.
 *
 * A record is two numbers of 32 bits, the lengths of its key and value, then
 * the key and the value.
 */
#ifndef TOOLS_RUN_H
#define TOOLS_RUN_H

#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

enum {
	RUN_HEAD = 2 * sizeof(uint32_t),
	RUN_WORD = 8,
	RUN_KEY_MAX = 8192
};

/* Memory that holds records. */
struct run_region {
	char *p;
	size_t size;
	size_t common; /* bytes that all keys begin with */
};

/* Where a record is in it. */
struct run_place {
	uint64_t word; /* eight bytes of the key, for sorting */
	uint32_t at;
	uint32_t key_n;
};

struct run {
	uint32_t age; /* of equal keys that of the older run comes first */
	unsigned level; /* its owner's */
	int fd; /* -1: in memory */

	const struct run_place *place, *last; /* in memory: what is left */

	off_t size;
	off_t read; /* how much of the file is in the buffer, or done with */
	char *buffer;
	size_t room; /* RUN_HEAD + RUN_KEY_MAX at least */
	size_t from, to;

	uint64_t word; /* of the record at hand: behind what all keys share */
	struct str key;
	struct str value; /* without bytes: it is in the file, at value_at */
	off_t value_at;
};

/*
 * The next record at hand, borrowed until the next call; a value that is
 * larger than the buffer stays in the file. 1, 0: there is none left, -1 and e.
 */
ATTR_MUST_USE
int run_next(struct run *r, const struct run_region *region, struct err *e);

/* Does a's record come before b's? */
bool run_before(const struct run *a, const struct run *b);

/* The eight bytes of a key from `depth` on as a number; zeros behind its end.
 * Nothing from `end` on is read. */
static inline uint64_t
run_word(struct str key, size_t depth, const char *end)
{
	size_t left = key.n > depth ? key.n - depth : 0, i;
	uint64_t word = 0;

	if (left == 0)
		return 0;
	if ((size_t)(end - key.p) < depth + RUN_WORD) {
		for (i = 0; i < RUN_WORD; i++)
			word = word << 8 |
			    (i < left ? (unsigned char)key.p[depth + i] : 0);
		return word;
	}
	memcpy(&word, key.p + depth, RUN_WORD);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	if (left < RUN_WORD)
		word &= ~(UINT64_MAX >> (8 * left));
	return word;
}

#endif
