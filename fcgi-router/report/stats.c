/* SPDX-License-Identifier: BSD-2-Clause */

/* stats: the calls of routers, each run in the mapping, which may be gone. */

#include "report/stats.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "report/stats_private.h"

struct stats {
	struct shm *shm;
	bool writes;
};

/* One call of a function below, run in the mapping. */
struct stats_call {
	struct stats *s;
	struct stats_data *d;
	const struct record *record;
	const struct stats_key *key;
	int64_t now_us;
	enum stats_event event;
	uint64_t n;
	const uint64_t *gauges;
};

static const struct shm_kind stats_kind = {
	.name = "stats",
	.version = STATS_VERSION,
	.size = sizeof(struct stats_data),
	.slots = STATS_SLOTS,
	.clear = stats_place_clear
};

static struct stats *
stats_new(struct shm *shm, bool writes)
{
	struct stats *s = calloc(1, sizeof(*s));

	CHECK(s != NULL);
	s->shm = shm;
	s->writes = writes;
	return s;
}

/* What it does is lost with the file, as is what was counted in it. */
static void
stats_run(struct stats *s, void (*fn)(void *arg), struct stats_call *c)
{
	CHECK(s->writes);
	c->s = s;
	c->d = shm_data(s->shm);
	(void)!shm_run(s->shm, fn, c);
}

static void
stats_begin_in(void *arg)
{
	const struct stats_call *c = arg;
	uint64_t none = 0;

	(void)atomic_compare_exchange_strong(&c->d->made, &none, c->n);
}

/* Counts begin where there are none. */
static void
stats_begin(struct stats *s)
{
	struct stats_call c = { .n = (uint64_t)clock_wall().tv_sec };

	stats_run(s, stats_begin_in, &c);
}

struct stats *
stats_join(const char *folder, bool make, struct err *e)
{
	struct stats *s = stats_new(shm_join(folder, &stats_kind,
	    make || access(folder, W_OK) == 0, e), true);

	stats_begin(s);
	stats_happened(s, STATS_EVENT_processes, 1);
	return s;
}

struct stats *
stats_read(const char *folder, struct err *e)
{
	struct shm *shm = shm_read(folder, &stats_kind, e);

	return shm != NULL ? stats_new(shm, false) : NULL;
}

void
stats_leave(struct stats **s)
{
	if (*s != NULL)
		shm_leave(&(*s)->shm);
	free(*s);
	*s = NULL;
}

int
stats_look(struct stats *s, struct err *e)
{
	int got = shm_look(s->shm, e);

	shm_reap(s->shm);
	if (got != 0 && s->writes)
		stats_begin(s);
	return got == -1 ? -1 : 0;
}

struct shm *
stats_shm(struct stats *s)
{
	return s->shm;
}

/* ---- counting ---- */

static bool
stats_is_limit(enum reason reason)
{
	return reason == REASON_LIMIT_RATE ||
	    reason == REASON_LIMIT_CONCURRENCY ||
	    reason == REASON_LIMIT_SUBREQUESTS ||
	    reason == REASON_LIMIT_TIME;
}

void
stats_counts_of(const struct record *r, uint64_t counts[STATS_COUNT_COUNT])
{
	const int gone = reason_status(REASON_CLIENT_GONE);

	counts[STATS_COUNT_requests] = 1;
	counts[STATS_COUNT_redirects] = r->status / 100 == 3;
	counts[STATS_COUNT_gone] = r->status == gone;
	counts[STATS_COUNT_client_errors] = r->status / 100 == 4 &&
	    r->status != gone;
	counts[STATS_COUNT_errors] = r->status >= 500;
	counts[STATS_COUNT_limited] = stats_is_limit(r->reason);
	counts[STATS_COUNT_received] = r->received;
	counts[STATS_COUNT_sent] = r->sent;
	counts[STATS_COUNT_attempts] = r->attempts;
	counts[STATS_COUNT_origin_us] = r->origin_us > 0 ?
	    (uint64_t)r->origin_us : 0;
	counts[STATS_COUNT_total_us] = r->total_us > 0 ?
	    (uint64_t)r->total_us : 0;
}

/* Most requests add nothing to most words. */
static inline void
stats_more(_Atomic uint64_t *word, uint64_t n)
{
	if (n > 0)
		atomic_fetch_add_explicit(word, n, memory_order_relaxed);
}

static void
stats_put(_Atomic uint64_t all[STATS_WORDS],
    const uint64_t counts[STATS_COUNT_COUNT], unsigned time)
{
#define STATS_COUNT(member, unit, key, manual) \
	stats_more(&all[STATS_COUNT_##member], counts[STATS_COUNT_##member]);
#include "report/stats.tbl.h"
	stats_more(&all[STATS_COUNT_COUNT + time], 1);
}

static void
stats_put_reason(struct stats_data *d, enum reason reason)
{
	_Atomic uint64_t *count = stats_reason_take(d, reason);

	if (count != NULL)
		atomic_fetch_add(count, 1);
}

static void
stats_add_in(void *arg)
{
	const struct stats_call *c = arg;
	const struct record *r = c->record;
	struct hash_key by = shm_key(c->s->shm);
	uint64_t counts[STATS_COUNT_COUNT];
	unsigned time = stats_time_place(r->total_us), place;
	uint64_t plan;

	stats_counts_of(r, counts);
	stats_series_roll(c->d, c->now_us);
	place = stats_place_take(c->d, by, c->key, shm_slot(c->s->shm));
	plan = place != STATS_STRAY ? atomic_load_explicit(
	    &c->d->places[place].plan, memory_order_relaxed) :
	    stats_plan_take(c->d, by, r->plan);
	stats_put(c->d->places[place].all, counts, time);
	stats_put(c->d->plans[plan % STATS_PLANS].all, counts, time);
	if (r->reason != REASON_NONE)
		stats_put_reason(c->d, r->reason);
}

void
stats_add(struct stats *s, const struct record *r, int64_t now_us)
{
	struct stats_key key;
	struct stats_call c = { .record = r, .key = &key, .now_us = now_us };

	stats_key_of(r, &key);
	stats_run(s, stats_add_in, &c);
}

static void
stats_happened_in(void *arg)
{
	const struct stats_call *c = arg;

	atomic_fetch_add(&c->d->events[c->event], c->n);
}

void
stats_happened(struct stats *s, enum stats_event what, uint64_t n)
{
	struct stats_call c = { .event = what, .n = n };

	stats_run(s, stats_happened_in, &c);
}

static void
stats_tell_in(void *arg)
{
	const struct stats_call *c = arg;
	int slot = shm_slot(c->s->shm);
	unsigned i;

	if (slot == -1)
		return;
	for (i = 0; i < STATS_GAUGE_COUNT; i++)
		atomic_store_explicit(&c->d->gauges[slot][i], c->gauges[i],
		    memory_order_relaxed);
}

void
stats_tell(struct stats *s, const uint64_t gauges[STATS_GAUGE_COUNT])
{
	struct stats_call c = { .gauges = gauges };

	stats_run(s, stats_tell_in, &c);
}
