/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * limit_refusal: how often plans and keys were refused, for people.
 *
 * Two may write a text at once; its seal, which is made of the text and of
 * whose it is, tells a whole one from a mixture.
 */

#include "decide/limit_private.h"

#include <string.h>

#include "base/hash.h"

enum reason
limit_reason(enum limit_what what)
{
	static const enum reason reasons[LIMIT_WHAT_COUNT] = {
		[LIMIT_RATE] = REASON_LIMIT_RATE,
		[LIMIT_INSIDE] = REASON_LIMIT_CONCURRENCY,
		[LIMIT_TIME] = REASON_LIMIT_TIME,
		[LIMIT_SUBREQUESTS] = REASON_LIMIT_SUBREQUESTS,
		[LIMIT_BODY] = REASON_BODY_TOO_LARGE,
	};

	CHECK(what < LIMIT_WHAT_COUNT);
	return reasons[what];
}

static uint64_t
limit_refusal_seal(uint64_t id, const char text[LIMIT_TEXT * 8])
{
	struct hash_key key = { id, id };
	struct str all = { text, LIMIT_TEXT * 8 };

	return hash_sip(key, all);
}

/* The place of the id, or one that it gets; NULL: none. */
static struct limit_refusal *
limit_refusal_place(struct limit_refusal *all, unsigned places, bool gives,
    uint64_t id)
{
	struct limit_refusal *least = NULL;
	uint64_t count_least = 0;
	unsigned i, k;

	for (i = 0; i < LIMIT_BUCKET; i++) {
		struct limit_refusal *r = &all[limit_nth(id, i, places)];
		uint64_t other = 0, count = 0;

		if (atomic_load(&r->id) == id ||
		    atomic_compare_exchange_strong(&r->id, &other, id) ||
		    other == id)
			return r;
		for (k = 0; k < LIMIT_WHAT_COUNT; k++)
			count += atomic_load(&r->count[k]);
		if (least == NULL || count < count_least) {
			least = r;
			count_least = count;
		}
	}
	if (!gives)
		return NULL;
	for (k = 0; k < LIMIT_WHAT_COUNT; k++)
		atomic_store(&least->count[k], 0);
	atomic_store(&least->seal, 0);
	atomic_store(&least->id, id);
	return least;
}

void
limit_refusal_count(struct limit_refusal *all, unsigned places, bool gives,
    uint64_t id, const struct limit_refusals *text, enum limit_what what)
{
	struct limit_refusal *r = limit_refusal_place(all, places, gives, id);
	char bytes[LIMIT_TEXT * 8];
	uint64_t words[LIMIT_TEXT], seal;
	unsigned i;

	if (r == NULL)
		return;
	memcpy(bytes, text->plan, LIMIT_PLAN_TEXT);
	memcpy(bytes + LIMIT_PLAN_TEXT, text->key, LIMIT_KEY_TEXT);
	seal = limit_refusal_seal(id, bytes);
	if (atomic_load(&r->seal) != seal) {
		memcpy(words, bytes, sizeof(words));
		for (i = 0; i < LIMIT_TEXT; i++)
			atomic_store(&r->text[i], words[i]);
		atomic_store(&r->seal, seal);
	}
	atomic_fetch_add(&r->count[what], 1);
	atomic_store(&r->last_ms, (uint64_t)text->last_ms);
}

bool
limit_refusal_read(const struct limit_refusal *r, struct limit_refusals *out)
{
	uint64_t id = atomic_load(&r->id), seal = atomic_load(&r->seal);
	uint64_t words[LIMIT_TEXT];
	char bytes[LIMIT_TEXT * 8];
	unsigned i;

	if (id == 0)
		return false;
	for (i = 0; i < LIMIT_TEXT; i++)
		words[i] = atomic_load(&r->text[i]);
	for (i = 0; i < LIMIT_WHAT_COUNT; i++)
		out->count[i] = atomic_load(&r->count[i]);
	out->last_ms = (int64_t)atomic_load(&r->last_ms);
	memcpy(bytes, words, sizeof(words));
	memcpy(out->plan, bytes, LIMIT_PLAN_TEXT);
	memcpy(out->key, bytes + LIMIT_PLAN_TEXT, LIMIT_KEY_TEXT);
	/* Sealed or not, they end. */
	out->plan[LIMIT_PLAN_TEXT - 1] = '\0';
	out->key[LIMIT_KEY_TEXT - 1] = '\0';
	return limit_refusal_seal(id, bytes) == seal;
}
