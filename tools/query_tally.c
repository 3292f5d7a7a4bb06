/* SPDX-License-Identifier: BSD-2-Clause */

/* query_tally: an open hash table over rows, sorted when it is asked for. */

#include "tools/query_tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"

enum { QUERY_TALLY_SLOTS = 2 * QUERY_TALLY_MAX };

struct query_tally_kind {
	struct query_tally_row row;
	struct str kind;
	char text[]; /* kind, then columns */
};

struct query_tally {
	struct hash_key key;
	size_t count;
	uint64_t others;
	struct query_tally_kind *slots[QUERY_TALLY_SLOTS];
};

struct query_tally *
query_tally_new(void)
{
	struct query_tally *t = calloc(1, sizeof(*t));

	CHECK(t != NULL);
	t->key = hash_key_random();
	return t;
}

void
query_tally_free(struct query_tally **t)
{
	size_t i;

	if (*t == NULL)
		return;
	for (i = 0; i < QUERY_TALLY_SLOTS; i++)
		free((*t)->slots[i]);
	free(*t);
	*t = NULL;
}

static struct str
query_tally_copy(char **to, struct str s)
{
	struct str copy = { *to, s.n };

	if (s.n > 0)
		memcpy(*to, s.p, s.n);
	*to += s.n;
	return copy;
}

static struct query_tally_kind *
query_tally_first(struct str kind, const struct str *columns, size_t count)
{
	struct query_tally_kind *k;
	size_t n = kind.n, i;
	char *to;

	CHECK(count <= QUERY_TALLY_COLUMNS);
	for (i = 0; i < count; i++)
		n += columns[i].n;
	k = calloc(1, sizeof(*k) + n);
	CHECK(k != NULL);
	to = k->text;
	k->kind = query_tally_copy(&to, kind);
	for (i = 0; i < count; i++)
		k->row.columns[i] = query_tally_copy(&to, columns[i]);
	k->row.count = count;
	return k;
}

void
query_tally_add(struct query_tally *t, struct str kind,
    const struct str *columns, size_t count)
{
	size_t at = hash_sip(t->key, kind) % QUERY_TALLY_SLOTS;

	while (t->slots[at] != NULL && !str_eq(t->slots[at]->kind, kind))
		at = (at + 1) % QUERY_TALLY_SLOTS;
	if (t->slots[at] == NULL && t->count == QUERY_TALLY_MAX) {
		t->others++;
		return;
	}
	if (t->slots[at] == NULL) {
		t->slots[at] = query_tally_first(kind, columns, count);
		t->count++;
	}
	t->slots[at]->row.seen++;
}

uint64_t
query_tally_others(const struct query_tally *t)
{
	return t->others;
}

static int
query_tally_order(const void *a, const void *b)
{
	const struct query_tally_kind *const *x = a, *const *y = b;

	if ((*x)->row.seen != (*y)->row.seen)
		return (*x)->row.seen < (*y)->row.seen ? 1 : -1;
	return str_cmp((*x)->kind, (*y)->kind);
}

void
query_tally_each(struct query_tally *t,
    void (*see)(void *arg, const struct query_tally_row *row), void *arg)
{
	struct query_tally_kind **sorted = calloc(t->count + 1,
	    sizeof(struct query_tally_kind *));
	size_t n = 0, i;

	CHECK(sorted != NULL);
	for (i = 0; i < QUERY_TALLY_SLOTS; i++)
		if (t->slots[i] != NULL)
			sorted[n++] = t->slots[i];
	qsort(sorted, n, sizeof(struct query_tally_kind *),
	    query_tally_order);
	for (i = 0; i < n; i++)
		see(arg, &sorted[i]->row);
	free(sorted);
}
