/* SPDX-License-Identifier: BSD-2-Clause */

/* limit: the calls, each run in the mapping, which may be gone. */

#include "decide/limit.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "decide/limit_private.h"

enum { LIMIT_TAKES = 8 }; /* when the place is lost meanwhile */

struct limit {
	struct shm *shm;
	bool writes;
	/* What this process has inside at each place, in whichever file. */
	_Atomic uint16_t own[LIMIT_INSIDES];
};

/* One call of a function below, run in the mapping. */
struct limit_call {
	struct limit *l;
	struct limit_data *d;
	uint64_t id;
	const struct limit_rate *rate;
	int64_t now_us;
	uint64_t n;      /* bytes */
	int64_t wait_us;
	unsigned most;
	unsigned inside;
	uint64_t counted;
	uint64_t plan_id;
	enum limit_what what;
	const struct limit_refusals *text;
	unsigned *at;
	struct limit_refusals *refusals;
	struct limit_view *view;
	bool yes;        /* the answer */
};

static const struct shm_kind limit_kind = {
	.name = "limits",
	.version = LIMIT_VERSION,
	.size = sizeof(struct limit_data),
	.slots = LIMIT_SLOTS,
	.clear = limit_room_clear
};

static struct limit *
limit_new(struct shm *shm, bool writes)
{
	struct limit *l = calloc(1, sizeof(*l));

	CHECK(l != NULL);
	l->shm = shm;
	l->writes = writes;
	return l;
}

struct limit *
limit_join(const char *folder, bool make, struct err *e)
{
	return limit_new(shm_join(folder, &limit_kind, make, e), true);
}

struct limit *
limit_read(const char *folder, struct err *e)
{
	struct shm *shm = shm_read(folder, &limit_kind, e);

	return shm != NULL ? limit_new(shm, false) : NULL;
}

void
limit_leave(struct limit **l)
{
	if (*l != NULL)
		shm_leave(&(*l)->shm);
	free(*l);
	*l = NULL;
}

/* false: a page was gone, and c says what it said before. */
static bool
limit_run(struct limit *l, void (*fn)(void *arg), struct limit_call *c)
{
	c->l = l;
	c->d = shm_data(l->shm);
	return shm_run(l->shm, fn, c);
}

static void
limit_look_in(void *arg)
{
	const struct limit_call *c = arg;
	int slot = shm_slot(c->l->shm);

	if (slot != -1)
		limit_room_mend(c->d, (unsigned)slot, c->l->own);
}

int
limit_look(struct limit *l, struct err *e)
{
	struct limit_call c = { 0 };
	int got = shm_look(l->shm, e);

	shm_reap(l->shm);
	if (l->writes)
		(void)!limit_run(l, limit_look_in, &c);
	return got == -1 ? -1 : 0;
}

static uint64_t
limit_plan_id(const struct limit *l, struct str plan)
{
	uint64_t id = hash_sip(shm_key(l->shm), plan);

	return id != 0 ? id : 1;
}

/* By a key of the plan's own: no text between the two can be forged. */
uint64_t
limit_id(const struct limit *l, struct str plan, struct str key)
{
	struct hash_key by = { limit_plan_id(l, plan), shm_key(l->shm).k1 };
	uint64_t id = hash_sip(by, key);

	return id != 0 ? id : 1;
}

/* ---- rate and bandwidth ---- */

/* Nothing is known of it. */
static void
limit_view_fresh(const struct limit_rate *rate, struct limit_view *out)
{
	limit_rate_view(0, rate, 0, out);
}

static void
limit_view_in(void *arg)
{
	struct limit_call *c = arg;
	int place = limit_key_find(c->d, c->id);

	if (place != -1)
		limit_rate_view(atomic_load(&c->d->keys[place].rate), c->rate,
		    c->now_us, c->view);
}

void
limit_view(struct limit *l, uint64_t id, const struct limit_rate *rate,
    int64_t now_us, struct limit_view *out)
{
	struct limit_call c = { .id = id, .rate = rate, .now_us = now_us,
		.view = out };

	limit_view_fresh(rate, out);
	if (!limit_run(l, limit_view_in, &c))
		limit_view_fresh(rate, out);
}

/* true: it is taken, or refused, by this key's word. */
static bool
limit_take_at(struct limit_call *c, int place)
{
	_Atomic uint64_t *word = &c->d->keys[place].rate;
	uint64_t was = atomic_load(word), next;

	do
		c->yes = limit_rate_take(was, c->rate, c->now_us, &next,
		    c->view);
	while (next != was && !atomic_compare_exchange_weak(word, &was, next));
	/* It was another's just then, who gets it back. */
	if (atomic_load(&c->d->ids[place]) == c->id)
		return true;
	atomic_compare_exchange_strong(word, &next, was);
	return false;
}

static void
limit_take_in(void *arg)
{
	struct limit_call *c = arg;
	int takes, place;

	for (takes = 0; takes < LIMIT_TAKES; takes++) {
		place = limit_key_take(c->d, c->id, c->now_us);
		if (place != -1 && limit_take_at(c, place))
			return;
	}
	limit_view_fresh(c->rate, c->view);
	c->yes = true;
}

bool
limit_take(struct limit *l, uint64_t id, const struct limit_rate *rate,
    int64_t now_us, struct limit_view *out)
{
	struct limit_call c = { .id = id, .rate = rate, .now_us = now_us,
		.view = out };

	CHECK(l->writes);
	if (limit_run(l, limit_take_in, &c))
		return c.yes;
	limit_view_fresh(rate, out);
	return true;
}

static void
limit_pay_in(void *arg)
{
	struct limit_call *c = arg;
	int place = limit_key_take(c->d, c->id, c->now_us);
	_Atomic uint64_t *word;
	uint64_t was, next;

	if (place == -1)
		return;
	word = &c->d->keys[place].bytes;
	was = atomic_load(word);
	do
		c->wait_us = limit_rate_pay(was, c->rate, c->n, c->now_us,
		    &next);
	while (!atomic_compare_exchange_weak(word, &was, next));
	if (atomic_load(&c->d->ids[place]) == c->id)
		return;
	/* It was another's just then, who gets it back. */
	atomic_compare_exchange_strong(word, &next, was);
	c->wait_us = 0;
}

int64_t
limit_pay(struct limit *l, uint64_t id, const struct limit_rate *rate,
    uint64_t n, int64_t now_us)
{
	struct limit_call c = { .id = id, .rate = rate, .now_us = now_us,
		.n = n };

	CHECK(l->writes);
	return limit_run(l, limit_pay_in, &c) ? c.wait_us : 0;
}

/* ---- concurrency ---- */

/* Where a request is counted, in this file and by this slot: after either was
 * exchanged it is counted no longer. */
static uint64_t
limit_counted(const struct limit *l, int place, int slot)
{
	return shm_key(l->shm).k0 << 32 | UINT64_C(1) << 31 |
	    (uint64_t)slot << 16 | (uint64_t)place;
}

static void
limit_enter_in(void *arg)
{
	struct limit_call *c = arg;
	int slot = shm_slot(c->l->shm), place;

	if (slot == -1)
		return;
	switch (limit_room_enter(c->d, c->id, (unsigned)slot, c->most,
	    c->l->own, &place)) {
	case LIMIT_ROOM_IN:
		c->counted = limit_counted(c->l, place, slot);
		break;
	case LIMIT_ROOM_FULL:
	case LIMIT_ROOM_RACED:
		c->yes = false;
		break;
	case LIMIT_ROOM_NONE:
		break;
	}
}

bool
limit_enter(struct limit *l, uint64_t id, unsigned most, uint64_t *counted)
{
	struct limit_call c = { .id = id, .most = most, .yes = true };

	CHECK(l->writes && most > 0 && most <= LIMIT_INSIDE_MAX);
	*counted = 0;
	if (!limit_run(l, limit_enter_in, &c))
		return true;
	*counted = c.counted;
	return c.yes;
}

static void
limit_exit_in(void *arg)
{
	struct limit_call *c = arg;
	int place = (int)(c->counted % LIMIT_INSIDES);
	int slot = shm_slot(c->l->shm);

	if (slot == -1 || c->counted != limit_counted(c->l, place, slot)) {
		atomic_fetch_sub(&c->l->own[place], 1);
		return;
	}
	limit_room_exit(c->d, place, (unsigned)slot, c->l->own);
}

void
limit_exit(struct limit *l, uint64_t counted)
{
	struct limit_call c = { .counted = counted };

	if (counted != 0)
		(void)!limit_run(l, limit_exit_in, &c);
}

static void
limit_inside_in(void *arg)
{
	struct limit_call *c = arg;

	c->inside = limit_room_inside(c->d, c->id);
}

unsigned
limit_inside(struct limit *l, uint64_t id)
{
	struct limit_call c = { .id = id };

	return limit_run(l, limit_inside_in, &c) ? c.inside : 0;
}

/* ---- refusals ---- */

static void
limit_refused_in(void *arg)
{
	const struct limit_call *c = arg;
	struct limit_refusals plan = *c->text;

	limit_refusal_count(c->d->refusals, LIMIT_REFUSALS, true, c->id,
	    c->text, c->what);
	memset(plan.key, 0, sizeof(plan.key));
	limit_refusal_count(c->d->plans, LIMIT_PLANS, false,
	    c->plan_id, &plan, c->what);
}

static void
limit_text(char *to, size_t size, struct str text)
{
	size_t n = text.n < size ? text.n : size - 1;

	if (n > 0)
		memcpy(to, text.p, n);
}

void
limit_refused(struct limit *l, struct str plan, struct str key,
    enum limit_what what, int64_t now_us)
{
	struct limit_refusals text = { .last_ms = now_us / 1000 };
	struct limit_call c = { .id = limit_id(l, plan, key),
		.plan_id = limit_plan_id(l, plan), .text = &text,
		.what = what };

	CHECK(l->writes && what < LIMIT_WHAT_COUNT);
	limit_text(text.plan, sizeof(text.plan), plan);
	limit_text(text.key, sizeof(text.key), key);
	(void)!limit_run(l, limit_refused_in, &c);
}

static void
limit_refusals_in(void *arg)
{
	struct limit_call *c = arg;

	while (!c->yes && *c->at < LIMIT_PLANS + LIMIT_REFUSALS) {
		unsigned at = (*c->at)++;

		c->yes = limit_refusal_read(at < LIMIT_PLANS ?
		    &c->d->plans[at] : &c->d->refusals[at - LIMIT_PLANS],
		    c->refusals);
	}
}

bool
limit_refusals_next(struct limit *l, unsigned *at, struct limit_refusals *out)
{
	struct limit_call c = { .at = at, .refusals = out };

	return limit_run(l, limit_refusals_in, &c) && c.yes;
}
