/* SPDX-License-Identifier: BSD-2-Clause */

/* auth_cache: a table of answers, four to a place. */

#include "decide/auth_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

enum {
	AUTH_CACHE_WAYS = 4,
	AUTH_CACHE_PLACES = AUTH_CACHE_MOST / AUTH_CACHE_WAYS,
	AUTH_CACHE_FIRST = 4 /* texts before those of claims and fields */
};

/* An answer in one piece: of each claim and field two texts, and behind them
 * the bytes of all. */
struct auth_cache_kept {
	size_t claims;
	size_t sets;
	size_t bytes;
	struct str texts[];
};

struct auth_cache_entry {
	struct digest key;
	int64_t until;      /* clock_ms; 0: empty */
	int64_t wall_until; /* ms since 1970 */
	struct auth_cache_kept *kept;
};

struct auth_cache {
	unsigned char secret[DIGEST_SIZE];
	pthread_mutex_t lock; /* guards entries */
	struct auth_cache_entry entries[AUTH_CACHE_PLACES][AUTH_CACHE_WAYS];
};

struct auth_cache *
auth_cache_new(void)
{
	struct auth_cache *c = calloc(1, sizeof(*c));

	CHECK(c != NULL);
	hash_random(c->secret, sizeof(c->secret));
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void
auth_cache_free(struct auth_cache **c)
{
	struct auth_cache *gone = *c;
	size_t i, k;

	*c = NULL;
	if (gone == NULL)
		return;
	for (i = 0; i < AUTH_CACHE_PLACES; i++)
		for (k = 0; k < AUTH_CACHE_WAYS; k++)
			free(gone->entries[i][k].kept);
	pthread_mutex_destroy(&gone->lock);
	digest_wipe(gone->secret, sizeof(gone->secret));
	free(gone);
}

int
auth_cache_key(const struct auth_cache *c, struct str question,
    struct digest *out, struct err *e)
{
	const struct str secret = { (const char *)c->secret,
		sizeof(c->secret) };

	return digest_keyed(secret, question, out, e);
}

static struct auth_cache_entry *
auth_cache_place(struct auth_cache *c, const struct digest *key)
{
	return c->entries[(key->bytes[0] << 8 | key->bytes[1]) %
	    AUTH_CACHE_PLACES];
}

static int64_t
auth_cache_wall_ms(void)
{
	struct timespec now = clock_wall();

	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- in one piece ---- */

static size_t
auth_cache_count(size_t claims, size_t sets)
{
	return AUTH_CACHE_FIRST + 2 * (claims + sets);
}

/* All texts of an answer, in the order of auth_cache_unpack. */
static void
auth_cache_texts(const struct auth_answer *yes, struct str *texts)
{
	size_t i;

	*texts++ = yes->identity;
	*texts++ = yes->plan;
	*texts++ = yes->consumed;
	*texts++ = yes->cookies;
	for (i = 0; i < yes->claim_count; i++) {
		*texts++ = yes->claims[i].name;
		*texts++ = yes->claims[i].value;
	}
	for (i = 0; i < yes->sets.count; i++) {
		*texts++ = yes->sets.fields[i].name;
		*texts++ = yes->sets.fields[i].value;
	}
}

static size_t
auth_cache_bytes(const struct auth_answer *yes)
{
	size_t n = yes->identity.n + yes->plan.n + yes->consumed.n +
	    yes->cookies.n, i;

	for (i = 0; i < yes->claim_count; i++)
		n += yes->claims[i].name.n + yes->claims[i].value.n;
	for (i = 0; i < yes->sets.count; i++)
		n += yes->sets.fields[i].name.n + yes->sets.fields[i].value.n;
	return n;
}

/* NULL: it is too long, or there is no memory. */
static struct auth_cache_kept *
auth_cache_pack(const struct auth_answer *yes)
{
	size_t count = auth_cache_count(yes->claim_count, yes->sets.count);
	size_t head = sizeof(struct auth_cache_kept) +
	    count * sizeof(struct str), bytes = auth_cache_bytes(yes), i;
	struct auth_cache_kept *kept = NULL;
	char *to;

	if (head + bytes <= AUTH_CACHE_BYTES)
		kept = malloc(head + bytes);
	if (kept == NULL)
		return NULL;
	kept->claims = yes->claim_count;
	kept->sets = yes->sets.count;
	kept->bytes = bytes;
	auth_cache_texts(yes, kept->texts);
	to = (char *)kept + head;
	for (i = 0; i < count; i++) {
		struct str *text = &kept->texts[i];

		if (text->n > 0)
			memcpy(to, text->p, text->n);
		text->p = to;
		to += text->n;
	}
	return kept;
}

/* false: the arena is full. */
static bool
auth_cache_unpack(const struct auth_cache_kept *kept, struct arena *a,
    struct auth_answer *out)
{
	size_t count = auth_cache_count(kept->claims, kept->sets), i;
	const char *from = (const char *)&kept->texts[count];
	struct str *texts = arena_alloc(a, count * sizeof(*texts));
	struct pattern_claim *claims = arena_alloc(a,
	    (kept->claims + 1) * sizeof(*claims));
	char *bytes = arena_alloc(a, kept->bytes + 1);
	struct header_field field;

	if (texts == NULL || claims == NULL || bytes == NULL)
		return false;
	memcpy(bytes, from, kept->bytes);
	for (i = 0; i < count; i++)
		texts[i] = (struct str){ bytes + (kept->texts[i].p - from),
			kept->texts[i].n };
	out->identity = texts[0];
	out->plan = texts[1];
	out->consumed = texts[2];
	out->cookies = texts[3];
	out->claims = claims;
	out->claim_count = kept->claims;
	texts += AUTH_CACHE_FIRST;
	for (i = 0; i < kept->claims; i++, texts += 2)
		claims[i] = (struct pattern_claim){ texts[0], texts[1] };
	header_init(&out->sets, a);
	for (i = 0; i < kept->sets; i++, texts += 2) {
		field = (struct header_field){ texts[0], texts[1],
			name_of(texts[0]) };
		if (header_keep(&out->sets, &field) == -1)
			return false;
	}
	return true;
}

/* ---- found and kept ---- */

bool
auth_cache_find(struct auth_cache *c, const struct digest *key,
    struct arena *a, struct auth_answer *out)
{
	struct auth_cache_entry *place = auth_cache_place(c, key);
	int64_t now = clock_ms(), wall = auth_cache_wall_ms();
	bool found = false;
	size_t i;

	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&c->lock);
	for (i = 0; i < AUTH_CACHE_WAYS && !found; i++)
		if (place[i].until > now && place[i].wall_until > wall &&
		    digest_same(&place[i].key, key))
			found = auth_cache_unpack(place[i].kept, a, out);
	pthread_mutex_unlock(&c->lock);
	return found;
}

/* The entry of that key, else the one that ends first, as empty ones did. */
static struct auth_cache_entry *
auth_cache_victim(struct auth_cache_entry *place, const struct digest *key)
{
	struct auth_cache_entry *victim = &place[0];
	size_t i;

	for (i = 0; i < AUTH_CACHE_WAYS; i++) {
		if (place[i].until > 0 && digest_same(&place[i].key, key))
			return &place[i];
		if (place[i].until < victim->until)
			victim = &place[i];
	}
	return victim;
}

void
auth_cache_keep(struct auth_cache *c, const struct digest *key,
    const struct auth_answer *yes, int64_t ms)
{
	struct auth_cache_kept *kept = ms > 0 ? auth_cache_pack(yes) : NULL;
	struct auth_cache_entry fresh = { .key = *key, .kept = kept,
		.until = clock_ms() + ms,
		.wall_until = auth_cache_wall_ms() + ms };
	struct auth_cache_entry *victim;
	struct auth_cache_kept *gone;

	if (kept == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	victim = auth_cache_victim(auth_cache_place(c, key), key);
	gone = victim->kept;
	*victim = fresh;
	pthread_mutex_unlock(&c->lock);
	free(gone);
}
