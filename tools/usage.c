/* SPDX-License-Identifier: BSD-2-Clause */

/* usage: a hash table that is emptied into a sorter when it is full. */

#include "tools/usage.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "tools/sorter.h"

enum { USAGE_MEMORY = 64 * 1024 * 1024 };

struct usage_row {
	struct usage_sums sums;
	size_t n;
	char key[];
};

struct usage {
	struct hash_key hash;
	struct sorter *sorter;
	size_t keys, count;
	size_t slots; /* a power of two */
	struct usage_row **rows;
	/* of next: the key it answers; the row that was read ahead */
	struct buf key, ahead_key;
	struct usage_sums ahead;
	bool is_ahead;
};

struct usage *
usage_new(size_t keys)
{
	struct usage *u = calloc(1, sizeof(*u));

	CHECK(u != NULL && keys > 0);
	u->keys = keys;
	for (u->slots = 2; u->slots < 2 * keys; u->slots *= 2)
		continue;
	u->rows = calloc(u->slots, sizeof(struct usage_row *));
	CHECK(u->rows != NULL);
	u->hash = hash_key_random();
	u->sorter = sorter_new(USAGE_MEMORY, NULL);
	buf_init(&u->key, SORTER_LEAST);
	buf_init(&u->ahead_key, SORTER_LEAST);
	return u;
}

static void
usage_empty(struct usage *u)
{
	size_t i;

	for (i = 0; i < u->slots; i++) {
		free(u->rows[i]);
		u->rows[i] = NULL;
	}
	u->count = 0;
}

void
usage_free(struct usage **u)
{
	if (*u == NULL)
		return;
	usage_empty(*u);
	free((*u)->rows);
	sorter_free(&(*u)->sorter);
	buf_fini(&(*u)->key);
	buf_fini(&(*u)->ahead_key);
	free(*u);
	*u = NULL;
}

static void
usage_plus(struct usage_sums *to, const struct usage_sums *more)
{
	size_t i;

	for (i = 0; i < STATS_COUNT_COUNT; i++)
		to->n[i] = more->n[i] <= UINT64_MAX - to->n[i] ?
		    to->n[i] + more->n[i] : UINT64_MAX;
	to->lacking |= more->lacking;
}

/* All rows into the sorter. 0, or -1 and e. */
static int
usage_spill(struct usage *u, struct err *e)
{
	size_t i;

	for (i = 0; i < u->slots; i++) {
		const struct usage_row *r = u->rows[i];
		struct str key, value;

		if (r == NULL)
			continue;
		key = (struct str){ r->key, r->n };
		value = (struct str){ (const char *)&r->sums,
			sizeof(r->sums) };
		if (sorter_put(u->sorter, key, value, e) == -1)
			return -1;
	}
	usage_empty(u);
	return 0;
}

/* The key's place, or the free one for it. */
static struct usage_row **
usage_place(struct usage *u, struct str key)
{
	size_t at = hash_sip(u->hash, key) & (u->slots - 1);

	while (u->rows[at] != NULL && !str_eq(key,
	    (struct str){ u->rows[at]->key, u->rows[at]->n }))
		at = (at + 1) & (u->slots - 1);
	return &u->rows[at];
}

int
usage_add(struct usage *u, struct str key, const struct usage_sums *more,
    struct err *e)
{
	struct usage_row **place = usage_place(u, key);

	if (*place == NULL && u->count == u->keys) {
		if (usage_spill(u, e) == -1)
			return -1;
		place = usage_place(u, key);
	}
	if (*place == NULL) {
		*place = calloc(1, sizeof(**place) + key.n);
		CHECK(*place != NULL);
		(*place)->n = key.n;
		if (key.n > 0)
			memcpy((*place)->key, key.p, key.n);
		u->count++;
	}
	usage_plus(&(*place)->sums, more);
	return 0;
}

int
usage_sort(struct usage *u, struct err *e)
{
	return usage_spill(u, e) == -1 ? -1 : sorter_sort(u->sorter, e);
}

/* What the sorter has next is read ahead. As sorter_next. */
static int
usage_ahead(struct usage *u, struct err *e)
{
	struct str key, value;
	int got = sorter_next(u->sorter, &key, &value, e);

	u->is_ahead = got == 1;
	if (got != 1)
		return got;
	CHECK(value.n == sizeof(u->ahead));
	memcpy(&u->ahead, value.p, sizeof(u->ahead));
	buf_clear(&u->ahead_key);
	CHECK(buf_put(&u->ahead_key, key) == 0);
	return 1;
}

int
usage_next(struct usage *u, struct str *key, struct usage_sums *out,
    struct err *e)
{
	int got = u->is_ahead ? 1 : usage_ahead(u, e);

	if (got != 1)
		return got;
	memset(out, 0, sizeof(*out));
	buf_clear(&u->key);
	CHECK(buf_put(&u->key, buf_view(&u->ahead_key)) == 0);
	*key = buf_view(&u->key);
	while (u->is_ahead && str_eq(*key, buf_view(&u->ahead_key))) {
		usage_plus(out, &u->ahead);
		if (usage_ahead(u, e) == -1)
			return -1;
	}
	return 1;
}
