/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * run: one record after the other, from memory or from a file.
 *
 * A file is read through a buffer that holds a whole key at least; a value too
 * large for it stays in the file until it is asked for.
 */

#include "tools/run.h"

#include "tools/spill.h"

/* Records lie anywhere in memory: they are asked for a while before. */
enum { RUN_AHEAD = 8, RUN_LINE = 64 };

static void
run_lengths(const char *p, uint32_t *key_n, uint32_t *value_n)
{
	memcpy(key_n, p, sizeof(*key_n));
	memcpy(value_n, p + sizeof(*key_n), sizeof(*value_n));
}

static void
run_memory_next(struct run *r, const struct run_region *region)
{
	const char *p = region->p + r->place++->at;
	uint32_t key_n, value_n;

	if (r->last - r->place > RUN_AHEAD) {
		const char *ahead = region->p + r->place[RUN_AHEAD].at;

		__builtin_prefetch(ahead);
		__builtin_prefetch(ahead + RUN_LINE);
	}
	run_lengths(p, &key_n, &value_n);
	r->key = (struct str){ p + RUN_HEAD, key_n };
	r->value = (struct str){ r->key.p + key_n, value_n };
	r->word = run_word(r->key, region->common, region->p + region->size);
}

/* Makes the buffer hold n bytes, which are no more than its room. */
static int
run_hold(struct run *r, size_t n, struct err *e)
{
	size_t held = r->to - r->from, more;

	if (held >= n)
		return 0;
	memmove(r->buffer, r->buffer + r->from, held);
	more = r->room - held;
	if ((off_t)more > r->size - r->read)
		more = (size_t)(r->size - r->read);
	r->from = 0;
	r->to = held;
	CHECK(held + more >= n);
	if (spill_read(r->fd, r->buffer + held, more, r->read, e) == -1)
		return -1;
	r->to += more;
	r->read += (off_t)more;
	return 0;
}

/* A value that the buffer cannot hold is passed over. */
static void
run_skip(struct run *r, size_t key_n, size_t value_n)
{
	size_t held = r->to - r->from - RUN_HEAD - key_n;

	r->value_at = r->read - (off_t)held;
	r->value = (struct str){ NULL, value_n };
	r->read = r->value_at + (off_t)value_n;
	r->to = r->from = 0; /* the key is still there, and is used first */
}

static int
run_file_next(struct run *r, size_t common, struct err *e)
{
	uint32_t key_n, value_n;
	size_t whole;

	if (run_hold(r, RUN_HEAD, e) == -1)
		return -1;
	run_lengths(r->buffer + r->from, &key_n, &value_n);
	whole = RUN_HEAD + (size_t)key_n + value_n;
	if (run_hold(r, whole <= r->room ? whole : RUN_HEAD + key_n, e) ==
	    -1)
		return -1;
	r->key = (struct str){ r->buffer + r->from + RUN_HEAD, key_n };
	r->word = run_word(r->key, common, r->buffer + r->to);
	if (whole <= r->room) {
		r->value = (struct str){ r->key.p + key_n, value_n };
		r->from += whole;
	} else {
		run_skip(r, key_n, value_n);
	}
	return 1;
}

int
run_next(struct run *r, const struct run_region *region, struct err *e)
{
	if (r->fd != -1) {
		if (r->from == r->to && r->read == r->size)
			return 0;
		return run_file_next(r, region->common, e);
	}
	if (r->place == r->last)
		return 0;
	run_memory_next(r, region);
	return 1;
}

bool
run_before(const struct run *a, const struct run *b)
{
	int order;

	if (a->word != b->word)
		return a->word < b->word;
	order = str_cmp(a->key, b->key);
	return order != 0 ? order < 0 : a->age < b->age;
}
