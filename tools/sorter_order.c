/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * sorter_order: a quicksort by words of eight bytes.
 *
 * Each place carries the word of its key that decides next, so that most
 * comparisons look at no key at all. Places whose words are equal go on with
 * the next word.
 */

#include "tools/sorter_private.h"

enum { ORDER_FEW = 20 };

struct order {
	const char *region;
	const char *end; /* of it */
	uint64_t random;
};

static const char *
order_key(const struct order *o, const struct run_place *p)
{
	return o->region + p->at + RUN_HEAD;
}

static void
order_load(const struct order *o, struct run_place *p, size_t n,
    size_t depth)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i].word = run_word((struct str){ order_key(o, &p[i]),
			p[i].key_n }, depth, o->end);
}

/* a before b; their words are of `depth`. */
static bool
order_before(const struct order *o, const struct run_place *a,
    const struct run_place *b, size_t depth)
{
	size_t least = a->key_n < b->key_n ? a->key_n : b->key_n;
	int order;

	if (a->word != b->word)
		return a->word < b->word;
	if (least > depth + RUN_WORD) {
		depth += RUN_WORD;
		order = memcmp(order_key(o, a) + depth,
		    order_key(o, b) + depth, least - depth);
		if (order != 0)
			return order < 0;
	}
	return a->key_n != b->key_n ? a->key_n < b->key_n : a->at > b->at;
}

static void
order_insert(const struct order *o, struct run_place *p, size_t n,
    size_t depth)
{
	size_t i, j;

	for (i = 1; i < n; i++) {
		struct run_place one = p[i];

		for (j = i; j > 0 && order_before(o, &one, &p[j - 1], depth);
		     j--)
			p[j] = p[j - 1];
		p[j] = one;
	}
}

static void
order_swap(struct run_place *a, struct run_place *b)
{
	struct run_place c = *a;

	*a = *b;
	*b = c;
}

static uint64_t
order_middle(uint64_t a, uint64_t b, uint64_t c)
{
	if (a > b) {
		uint64_t d = a;

		a = b;
		b = d;
	}
	return c < a ? a : c > b ? b : c;
}

/* Taken at random places: no list is slow on purpose. */
static uint64_t
order_pivot(struct order *o, const struct run_place *p, size_t n)
{
	uint64_t words[3];
	size_t i;

	for (i = 0; i < 3; i++) {
		o->random = o->random * UINT64_C(6364136223846793005) + 1;
		words[i] = p[(o->random >> 33) % n].word;
	}
	return order_middle(words[0], words[1], words[2]);
}

/* Parts p into words below, equal to (from *low to *high) and above pivot. */
static void
order_part(struct run_place *p, size_t n, uint64_t pivot, size_t *low,
    size_t *high)
{
	size_t at = 0;

	*low = 0;
	*high = n;
	while (at < *high) {
		if (p[at].word < pivot)
			order_swap(&p[at++], &p[(*low)++]);
		else if (p[at].word > pivot)
			order_swap(&p[at], &p[--*high]);
		else
			at++;
	}
}

/* Moves the keys that end within the word at `depth` to the front: how many. */
static size_t
order_ended(struct run_place *p, size_t n, size_t depth)
{
	size_t ended = 0, i;

	for (i = 0; i < n; i++)
		if (p[i].key_n <= depth + RUN_WORD)
			order_swap(&p[i], &p[ended++]);
	return ended;
}

static void order_sort(struct order *o, struct run_place *p, size_t n,
    size_t depth);

/*
 * Places with equal words at `depth`. Keys that end there differ in length at
 * most (NUL bytes); in place of the word stands what orders them.
 */
static void
order_equal(struct order *o, struct run_place *p, size_t n, size_t depth)
{
	size_t ended = order_ended(p, n, depth), i;

	if (ended > 1 && ended <= ORDER_FEW) {
		order_insert(o, p, ended, depth);
	} else if (ended > 1) {
		for (i = 0; i < ended; i++)
			p[i].word = (uint64_t)p[i].key_n << 32 |
			    (UINT32_MAX - p[i].at);
		order_sort(o, p, ended, SIZE_MAX / 2);
	}
	order_load(o, p + ended, n - ended, depth + RUN_WORD);
	order_sort(o, p + ended, n - ended, depth + RUN_WORD);
}

/* Their words are of `depth`. The largest part is the loop's, so that calls
 * are not nested deeper than there are bits in n. */
static void
order_sort(struct order *o, struct run_place *p, size_t n, size_t depth)
{
	while (n > ORDER_FEW) {
		size_t low, high, above;

		order_part(p, n, order_pivot(o, p, n), &low, &high);
		above = n - high;
		if (high - low > low && high - low > above) {
			order_sort(o, p, low, depth);
			order_sort(o, p + high, above, depth);
			p += low;
			n = high - low;
			low = order_ended(p, n, depth);
			if (low > 0) {
				order_equal(o, p, low, depth);
				p += low;
				n -= low;
			}
			depth += RUN_WORD;
			order_load(o, p, n, depth);
			continue;
		}
		if (high - low > 1)
			order_equal(o, p + low, high - low, depth);
		if (low > above) {
			order_sort(o, p + high, above, depth);
			n = low;
		} else {
			order_sort(o, p, low, depth);
			p += high;
			n = above;
		}
	}
	order_insert(o, p, n, depth);
}

void
sorter_order(const struct run_region *region, struct run_place *places,
    size_t count)
{
	struct order o = { region->p, region->p + region->size, count };

	order_load(&o, places, count, region->common);
	order_sort(&o, places, count, region->common);
}
