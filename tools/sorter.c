/* SPDX-License-Identifier: BSD-2-Clause */

/* sorter: records in large blocks, an array of places, one sort. */

#include "tools/sorter.h"

#include <stdlib.h>
#include <string.h>

enum { SORTER_BLOCK = 1 << 20, SORTER_FIRST = 1024 };

struct sorter_block {
	struct sorter_block *older;
	size_t size;
	size_t used;
	char data[];
};

/* Key and value stand one behind the other. */
struct sorter_record {
	uint64_t prefix; /* the key's first bytes, as a number */
	const char *data;
	uint32_t key_n;
	uint32_t value_n;
};

struct sorter {
	struct sorter_block *newest;
	struct sorter_record *records;
	size_t count;
	size_t room;
	size_t next;
	bool ordered; /* they were put in order so far */
};

struct sorter *
sorter_new(void)
{
	struct sorter *s = calloc(1, sizeof(*s));

	CHECK(s != NULL);
	s->ordered = true;
	return s;
}

void
sorter_free(struct sorter **sorter)
{
	struct sorter *s = *sorter;

	*sorter = NULL;
	if (s == NULL)
		return;
	while (s->newest != NULL) {
		struct sorter_block *block = s->newest;

		s->newest = block->older;
		free(block);
	}
	free(s->records);
	free(s);
}

static int
sorter_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "out of memory for records");
}

static char *
sorter_room(struct sorter *s, size_t n)
{
	struct sorter_block *block = s->newest;
	size_t size = n > SORTER_BLOCK ? n : SORTER_BLOCK;

	if (block == NULL || block->size - block->used < n) {
		block = malloc(sizeof(*block) + size);
		if (block == NULL)
			return NULL;
		block->size = size;
		block->used = 0;
		block->older = s->newest;
		s->newest = block;
	}
	block->used += n;
	return block->data + block->used - n;
}

static int
sorter_grow(struct sorter *s)
{
	size_t room = s->room > 0 ? s->room * 2 : SORTER_FIRST;
	struct sorter_record *more;

	if (s->count < s->room)
		return 0;
	more = reallocarray(s->records, room, sizeof(*more));
	if (more == NULL)
		return -1;
	s->records = more;
	s->room = room;
	return 0;
}

static uint64_t
sorter_prefix(struct str key)
{
	uint64_t prefix = 0;
	size_t i;

	for (i = 0; i < 8; i++)
		prefix = prefix << 8 |
		    (i < key.n ? (unsigned char)key.p[i] : 0);
	return prefix;
}

static int
sorter_compare(const struct sorter_record *a, const struct sorter_record *b)
{
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	return str_cmp((struct str){ a->data, a->key_n },
	    (struct str){ b->data, b->key_n });
}

int
sorter_put(struct sorter *s, struct str key, struct str value, struct err *e)
{
	struct sorter_record *r;
	char *data;

	if (key.n > UINT32_MAX || value.n > UINT32_MAX)
		return err_set(e, REASON_INTERNAL, "a record is too large");
	data = sorter_room(s, key.n + value.n);
	if (data == NULL || sorter_grow(s) == -1)
		return sorter_full(e);
	if (key.n > 0)
		memcpy(data, key.p, key.n);
	if (value.n > 0)
		memcpy(data + key.n, value.p, value.n);
	r = &s->records[s->count++];
	*r = (struct sorter_record){ sorter_prefix(key), data,
		(uint32_t)key.n, (uint32_t)value.n };
	if (s->count > 1 && s->ordered && sorter_compare(r - 1, r) > 0)
		s->ordered = false;
	return 0;
}

/* Merges two sorted halves; of equals the left one stays first. */
static void
sorter_merge(struct sorter_record *to, const struct sorter_record *from,
    size_t middle, size_t n)
{
	size_t left = 0, right = middle, at;

	for (at = 0; at < n; at++) {
		if (left < middle && (right == n ||
			sorter_compare(&from[left], &from[right]) <= 0))
			to[at] = from[left++];
		else
			to[at] = from[right++];
	}
}

int
sorter_sort(struct sorter *s, struct err *e)
{
	struct sorter_record *other;
	size_t width, at;

	s->next = 0;
	if (s->ordered)
		return 0;
	other = reallocarray(NULL, s->count, sizeof(*other));
	if (other == NULL)
		return sorter_full(e);
	/* Not qsort(3): it need not keep equals in order. */
	for (width = 1; width < s->count; width *= 2) {
		struct sorter_record *swap = s->records;

		for (at = 0; at < s->count; at += 2 * width) {
			size_t n = s->count - at;

			if (n > 2 * width)
				n = 2 * width;
			sorter_merge(other + at, s->records + at,
			    width < n ? width : n, n);
		}
		s->records = other;
		other = swap;
	}
	free(other);
	s->room = s->count;
	s->ordered = true;
	return 0;
}

int
sorter_next(struct sorter *s, struct str *key, struct str *value,
    struct err *e)
{
	const struct sorter_record *r;

	(void)e; /* memory cannot fail here; a file could */
	CHECK(s->ordered);
	if (s->next == s->count)
		return 0;
	r = &s->records[s->next++];
	*key = (struct str){ r->data, r->key_n };
	*value = (struct str){ r->data + r->key_n, r->value_n };
	return 1;
}
