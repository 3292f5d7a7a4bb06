/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * health: what becomes of an origin when requests fail there or are answered.
 *
 * All that decides is in one word of the origin, its state, and whoever brings
 * it from one state to the next by compare-and-swap did it; who comes too late
 * looks again. Failures are counted by whoever writes `last`, one in 100 ms,
 * and then stand in the ring, where all count them. A process killed between
 * the two loses that one failure.
 */

#include "decide/health.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/shm.h"
#include "decide/health_private.h"

enum {
	/* Of so many requests of services without a place, one takes the
	 * place of another: so it is not lost to those that are gone. */
	HEALTH_TURN_TAKES = 64,
	/* Bits of a random number that say so; its low ones make a turn. */
	HEALTH_TURN_LUCK = 48
};

struct health {
	struct shm *shm;
	bool writes;
	_Atomic uint64_t chance; /* the next random turn is made of it */
};

/* One call of a function below, run in the mapping. */
struct health_call {
	struct health *h;
	struct health_data *d;
	uint64_t id;
	const struct health_limits *limits;
	int64_t now;
	int64_t began; /* the request did */
	int64_t ms;  /* in: of the trial, when it began; out: the cooldown */
	bool trial;
	bool counts; /* the view has the requests */
	bool yes;    /* the answer */
	uint64_t turn;
	uint64_t counted;
	struct health_view *view;
	struct str name;
	unsigned at;
	struct health_row *row;
};

static const struct shm_kind health_kind = {
	.name = "health",
	.version = HEALTH_VERSION,
	.size = sizeof(struct health_data),
	.slots = HEALTH_SLOTS,
	.clear = health_place_clear
};

const char *
health_word(enum health_state state)
{
	static const char *const words[HEALTH_STATE_COUNT] = {
		[HEALTH_WELL] = "well",
		[HEALTH_OUT] = "out",
		[HEALTH_DUE] = "due",
		[HEALTH_TRIED] = "tried"
	};

	CHECK(state < HEALTH_STATE_COUNT);
	return words[state];
}

static struct health *
health_new(struct shm *shm, bool writes)
{
	struct health *h = calloc(1, sizeof(*h));
	uint64_t chance;

	CHECK(h != NULL);
	h->shm = shm;
	h->writes = writes;
	hash_random(&chance, sizeof(chance));
	atomic_init(&h->chance, chance);
	return h;
}

struct health *
health_join(const char *folder, bool make, struct err *e)
{
	return health_new(shm_join(folder, &health_kind,
	    make || access(folder, W_OK) == 0, e), true);
}

struct health *
health_read(const char *folder, struct err *e)
{
	struct shm *shm = shm_read(folder, &health_kind, e);

	return shm != NULL ? health_new(shm, false) : NULL;
}

void
health_leave(struct health **h)
{
	if (*h != NULL)
		shm_leave(&(*h)->shm);
	free(*h);
	*h = NULL;
}

int
health_look(struct health *h, struct err *e)
{
	int got = shm_look(h->shm, e);

	shm_reap(h->shm);
	return got == -1 ? -1 : 0;
}

uint64_t
health_id(const struct health *h, struct str key)
{
	uint64_t id = hash_sip(shm_key(h->shm), key);

	return id != 0 ? id : 1;
}

/* false: a page was gone, and c says what it said before. */
static bool
health_run(struct health *h, void (*fn)(void *arg), struct health_call *c)
{
	c->h = h;
	c->d = shm_data(h->shm);
	return shm_run(h->shm, fn, c);
}

static void
health_view_in(void *arg)
{
	struct health_call *c = arg;
	struct health_view *v = c->view;
	int place = health_place_find(c->d, c->id);
	const struct health_origin *o;
	struct health_stamp s;

	if (place == -1)
		return;
	o = &c->d->origins[place];
	if (c->counts)
		v->active = health_place_requests(c->d, c->id);
	health_stamp_read(atomic_load(&o->state), c->id, &s);
	v->state = health_state_now(&s, c->limits, c->now, &v->since);
	v->times = health_state_row(&s, c->limits, c->now);
	if (v->state == HEALTH_WELL && health_stamp_read(
	    atomic_load(&o->last), c->id, &(struct health_stamp){ 0 }))
		v->fails = health_fails_count(o, c->id, c->limits,
		    c->now, s.ms);
}

static void
health_see(struct health *h, struct health_call *c)
{
	*c->view = (struct health_view){ .state = HEALTH_WELL };
	if (!health_run(h, health_view_in, c))
		*c->view = (struct health_view){ .state = HEALTH_WELL };
}

void
health_view(struct health *h, uint64_t id,
    const struct health_limits *limits, int64_t now, struct health_view *out)
{
	struct health_call c = { .id = id, .limits = limits, .now = now,
		.counts = true, .view = out };

	health_see(h, &c);
}

void
health_glance(struct health *h, uint64_t id,
    const struct health_limits *limits, int64_t now, struct health_view *out)
{
	struct health_call c = { .id = id, .limits = limits, .now = now,
		.view = out };

	health_see(h, &c);
}

static void
health_try_in(void *arg)
{
	struct health_call *c = arg;
	int place = health_place_find(c->d, c->id);
	_Atomic uint64_t *state;
	struct health_stamp s;
	uint64_t word;
	int64_t since;

	if (place == -1)
		return;
	state = &c->d->origins[place].state;
	word = atomic_load(state);
	health_stamp_read(word, c->id, &s);
	if (health_state_now(&s, c->limits, c->now, &since) != HEALTH_DUE)
		return;
	c->yes = atomic_compare_exchange_strong(state, &word,
	    health_state_word(c->id, HEALTH_KIND_TRIED,
	    health_state_times(&s), c->now + c->ms));
}

bool
health_try(struct health *h, uint64_t id, const struct health_limits *limits,
    int64_t now, int64_t ms)
{
	struct health_call c = { .id = id, .limits = limits, .now = now };

	CHECK(h->writes);
	c.ms = ms < 1 ? 1 : ms;
	if (c.ms > HEALTH_TRIAL_MAX_MS)
		c.ms = HEALTH_TRIAL_MAX_MS;
	return health_run(h, health_try_in, &c) && c.yes;
}

static void
health_untried_in(void *arg)
{
	const struct health_call *c = arg;
	int place = health_place_find(c->d, c->id);
	_Atomic uint64_t *state;
	struct health_stamp s;
	uint64_t word;

	if (place == -1)
		return;
	state = &c->d->origins[place].state;
	word = atomic_load(state);
	health_stamp_read(word, c->id, &s);
	if (health_state_kind(&s) == HEALTH_KIND_TRIED)
		atomic_compare_exchange_strong(state, &word,
		    health_state_word(c->id, HEALTH_KIND_OUT,
		    health_state_times(&s),
		    c->now + health_state_cooldown(c->limits, 1)));
}

void
health_untried(struct health *h, uint64_t id,
    const struct health_limits *limits, int64_t now)
{
	struct health_call c = { .id = id, .limits = limits, .now = now };

	CHECK(h->writes);
	(void)!health_run(h, health_untried_in, &c);
}

static void
health_failed_in(void *arg)
{
	struct health_call *c = arg;
	int place = health_place_take(c->d, c->id);
	struct health_origin *o;
	bool counted = false;
	uint64_t word;

	if (place == -1)
		return;
	o = &c->d->origins[place];
	word = atomic_load(&o->state);
	while (!c->yes) {
		enum health_kind kind;
		struct health_stamp s;
		unsigned times;

		health_stamp_read(word, c->id, &s);
		kind = health_state_kind(&s);
		if (kind != HEALTH_KIND_WELL &&
		    !(kind == HEALTH_KIND_TRIED && c->trial))
			return;
		if (kind == HEALTH_KIND_WELL && c->began < s.ms &&
		    s.ms <= c->now)
			return;
		if (!counted && !health_fails_add(o, c->id, c->now) &&
		    kind == HEALTH_KIND_WELL)
			return;
		counted = true;
		if (kind == HEALTH_KIND_WELL &&
		    health_fails_count(o, c->id, c->limits, c->now, s.ms) <
		    c->limits->max_fails)
			return;
		times = health_state_row(&s, c->limits, c->now) + 1;
		c->ms = health_state_cooldown(c->limits, times);
		c->yes = atomic_compare_exchange_strong(&o->state, &word,
		    health_state_word(c->id, HEALTH_KIND_OUT, times,
		    c->now + c->ms));
	}
}

bool
health_failed(struct health *h, uint64_t id,
    const struct health_limits *limits, int64_t now, int64_t began,
    bool trial, int64_t *ms)
{
	struct health_call c = { .id = id, .limits = limits, .now = now,
		.began = began, .trial = trial };

	CHECK(h->writes);
	if (!health_run(h, health_failed_in, &c) || !c.yes)
		return false;
	*ms = c.ms;
	return true;
}

static void
health_make_due_in(void *arg)
{
	struct health_call *c = arg;
	int place = health_place_find(c->d, c->id);
	struct health_origin *o;
	struct health_stamp s;
	uint64_t word;

	if (place == -1)
		return;
	o = &c->d->origins[place];
	word = atomic_load(&o->state);
	if (health_stamp_read(word, c->id, &s) &&
	    health_state_kind(&s) == HEALTH_KIND_OUT && s.ms > clock_ms())
		(void)atomic_compare_exchange_strong(&o->state, &word,
		    health_state_word(c->id, HEALTH_KIND_OUT,
		    health_state_times(&s), clock_ms()));
}

void
health_make_due(struct health *h, uint64_t id)
{
	struct health_call c = { .id = id };

	CHECK(h->writes);
	(void)!health_run(h, health_make_due_in, &c);
}

static void
health_hear(struct health_origin *o, uint64_t id, int64_t now)
{
	struct health_stamp s;

	if (!health_stamp_read(atomic_load(&o->heard), id, &s) ||
	    now - s.ms >= HEALTH_HEARD_MS || s.ms > now)
		atomic_store(&o->heard, health_stamp_word(id, 0, now));
}

static void
health_answered_in(void *arg)
{
	struct health_call *c = arg;
	int place = health_place_find(c->d, c->id);
	struct health_stamp s, last;
	struct health_origin *o;
	uint64_t word;

	if (place == -1)
		return;
	o = &c->d->origins[place];
	c->now = clock_ms();
	health_hear(o, c->id, c->now);
	word = atomic_load(&o->state);
	while (!c->yes) {
		health_stamp_read(word, c->id, &s);
		if (health_state_kind(&s) == HEALTH_KIND_WELL)
			return;
		health_stamp_read(atomic_load(&o->last), c->id, &last);
		if (c->began < last.ms && last.ms <= c->now)
			return;
		c->yes = atomic_compare_exchange_strong(&o->state, &word,
		    health_state_word(c->id, HEALTH_KIND_WELL,
		    health_state_times(&s), c->now));
	}
}

bool
health_answered(struct health *h, uint64_t id, int64_t began)
{
	struct health_call c = { .id = id, .began = began };

	CHECK(h->writes);
	return health_run(h, health_answered_in, &c) && c.yes;
}

/* Of an origin that has no place its answers were not written down. */
static void
health_silent_in(void *arg)
{
	struct health_call *c = arg;
	int place = health_place_find(c->d, c->id);
	struct health_stamp s;

	if (place == -1) {
		place = health_place_take(c->d, c->id);
		if (place != -1)
			health_hear(&c->d->origins[place], c->id, clock_ms());
		return;
	}
	c->yes = !health_stamp_read(atomic_load(
	    &c->d->origins[place].heard), c->id, &s) || s.ms < c->ms;
}

bool
health_silent(struct health *h, uint64_t id, int64_t since)
{
	struct health_call c = { .id = id, .ms = since };

	CHECK(h->writes);
	return health_run(h, health_silent_in, &c) && c.yes;
}

/* Where a request is counted, in this file and by this slot: after either was
 * exchanged it is counted no longer. */
static uint64_t
health_counted(const struct health *h, int place, int slot)
{
	return shm_key(h->shm).k0 << 32 | UINT64_C(1) << 31 |
	    (uint64_t)slot << 16 | (uint64_t)place;
}

static void
health_began_in(void *arg)
{
	struct health_call *c = arg;
	int slot = shm_slot(c->h->shm);
	int place;

	if (slot == -1)
		return;
	place = health_place_take(c->d, c->id);
	if (place == -1)
		return;
	health_place_name(c->d, place, c->id, c->name);
	health_place_began(c->d, place, (unsigned)slot);
	/* Just then it was given to another origin. */
	if (atomic_load(&c->d->ids[place]) != c->id)
		health_place_ended(c->d, place, (unsigned)slot);
	else
		c->counted = health_counted(c->h, place, slot);
}

uint64_t
health_began(struct health *h, uint64_t id, struct str name)
{
	struct health_call c = { .id = id, .name = name };

	CHECK(h->writes);
	return health_run(h, health_began_in, &c) ? c.counted : 0;
}

static void
health_ended_in(void *arg)
{
	const struct health_call *c = arg;
	int place = (int)(c->counted % HEALTH_PLACES);
	int slot = shm_slot(c->h->shm);

	if (slot != -1 && c->counted == health_counted(c->h, place, slot))
		health_place_ended(c->d, place, (unsigned)slot);
}

void
health_ended(struct health *h, uint64_t counted)
{
	struct health_call c = { .counted = counted };

	if (counted != 0)
		(void)!health_run(h, health_ended_in, &c);
}

/* Any number (Steele, Lea, Flood 2014: splitmix). */
static uint64_t
health_random(struct health *h)
{
	uint64_t x = atomic_fetch_add(&h->chance,
	    UINT64_C(0x9e3779b97f4a7c15));

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static struct health_service *
health_service_find(struct health_data *d, uint64_t id)
{
	unsigned i;

	for (i = 0; i < HEALTH_BUCKET; i++) {
		struct health_service *s =
		    &d->services[health_place_nth(id, i)];

		if (atomic_load(&s->id) == id)
			return s;
	}
	return NULL;
}

/* A free place, or now and then that of another; or NULL. */
static struct health_service *
health_service_take(struct health_data *d, uint64_t id, uint64_t random)
{
	struct health_service *s;
	unsigned i;

	for (i = 0; i < HEALTH_BUCKET; i++) {
		uint64_t other = 0;

		s = &d->services[health_place_nth(id, i)];
		if (atomic_compare_exchange_strong(&s->id, &other, id) ||
		    other == id)
			return s;
	}
	random >>= HEALTH_TURN_LUCK;
	if (random % HEALTH_TURN_TAKES != 0)
		return NULL;
	i = (unsigned)(random / HEALTH_TURN_TAKES) % HEALTH_BUCKET;
	s = &d->services[health_place_nth(id, i)];
	atomic_store(&s->id, id);
	return s;
}

static void
health_turn_in(void *arg)
{
	struct health_call *c = arg;
	struct health_service *s = health_service_find(c->d, c->id);

	if (s == NULL) {
		c->turn = health_random(c->h);
		s = health_service_take(c->d, c->id, c->turn);
		/* Else each that is alone would begin with the same origin. */
		if (s != NULL && !shm_is_shared(c->h->shm))
			atomic_store(&s->turn, c->turn);
	}
	if (s != NULL)
		c->turn = atomic_fetch_add(&s->turn, 1);
}

uint64_t
health_turn(struct health *h, uint64_t id)
{
	struct health_call c = { .id = id };

	CHECK(h->writes);
	return health_run(h, health_turn_in, &c) ? c.turn : health_random(h);
}

static void
health_turn_next_in(void *arg)
{
	struct health_call *c = arg;
	const struct health_service *s = health_service_find(c->d, c->id);

	if (s != NULL)
		c->turn = atomic_load(&s->turn);
}

uint64_t
health_turn_next(struct health *h, uint64_t id)
{
	struct health_call c = { .id = id };

	return health_run(h, health_turn_next_in, &c) ? c.turn : 0;
}

static void
health_next_in(void *arg)
{
	struct health_call *c = arg;

	for (; c->at < HEALTH_PLACES && c->id == 0; c->at++) {
		c->id = atomic_load(&c->d->ids[c->at]);
		if (c->id != 0)
			c->row->name_size = health_place_read_name(c->d,
			    (int)c->at, c->id, c->row->name);
	}
}

bool
health_next(struct health *h, unsigned *at,
    const struct health_limits *limits, int64_t now, struct health_row *out)
{
	struct health_call c = { .at = *at, .row = out };
	bool stands = health_run(h, health_next_in, &c);

	*at = c.at;
	if (!stands || c.id == 0)
		return false;
	health_view(h, c.id, limits, now, &out->view);
	return true;
}
