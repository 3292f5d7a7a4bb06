/* SPDX-License-Identifier: BSD-2-Clause */

/* pick: from a service's origins to the one of the next attempt. */

#include "decide/pick.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "decide/target.h"
#include "route/pattern.h"

enum {
	PICK_RETRY = 1, /* without retry= */
	PICK_BASE_MAX = 256 * 1024
};

struct health_limits
pick_limits(const struct settings *s)
{
	return (struct health_limits){ .max_fails = (unsigned)s->max_fails,
		.fail_window = s->fail_window,
		.cooldown = s->cooldown,
		.cooldown_max = s->cooldown_max > s->cooldown ?
		    s->cooldown_max : s->cooldown };
}

/* ---- candidates ---- */

/* The one with a weight, when there are no others. */
static const struct origin_url *
pick_single(const struct service *s)
{
	const struct origin_url *only = NULL;
	size_t i;

	for (i = 0; i < s->origin_count; i++) {
		if (s->origins[i].weight == 0)
			continue;
		if (only != NULL)
			return NULL;
		only = &s->origins[i].url;
	}
	return only;
}

static int
pick_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for origins");
}

/*
 * By its base, too: one server may stand twice, with two bases. As written,
 * which stays when requests differ.
 */
static struct str
pick_name(const struct pick *p, const struct origin_url *url, struct str name,
    struct arena *a)
{
	struct str full = { NULL, 0 };
	struct buf base;

	if (url->path.count == 0)
		return name;
	if (pattern_is_fixed(&url->path))
		return ARENA_JOIN(a, name, url->path.parts[0].text);
	buf_init(&base, PICK_BASE_MAX);
	if (pattern_print(&url->path, p->follow->source.route, &base) == 0)
		full = ARENA_JOIN(a, name, buf_view(&base));
	buf_fini(&base);
	return full;
}

static int
pick_candidate(const struct pick *p, size_t i, struct arena *a, struct err *e)
{
	const struct service_origin *o = &p->follow->service->origins[i];
	struct pick_from *from = &p->from[i];
	struct target t;

	if (target_address(&o->url, &p->follow->source, a, &t, e) == -1)
		return -1;
	*from = (struct pick_from){ .url = &o->url,
		.name = pick_name(p, &o->url, t.name, a),
		.server = t.name,
		.id = health_id(p->ask.health, t.key),
		.weight = o->weight,
		.backup = o->backup };
	p->choices[i] = (struct choose_from){ .name = from->name,
		.weight = o->weight };
	return from->name.p != NULL ? 0 : pick_full(e);
}

static int
pick_candidates(struct pick *p, struct arena *a, struct err *e)
{
	size_t i;

	p->count = p->follow->service->origin_count;
	p->from = arena_alloc(a, p->count * sizeof(*p->from));
	p->choices = arena_alloc(a, p->count * sizeof(*p->choices));
	if (p->from == NULL || p->choices == NULL)
		return pick_full(e);
	for (i = 0; i < p->count; i++)
		if (pick_candidate(p, i, a, e) == -1)
			return -1;
	return 0;
}

int
pick_begin(struct pick *p, const struct pick_ask *ask, const struct follow *f,
    struct arena *a, struct err *e)
{
	const struct words *own;

	*p = (struct pick){ .follow = f };
	if (f->service == NULL) {
		p->only = f->origin;
		return 0;
	}
	own = f->service->own;
	p->refuse = words_say(own, DIRECTIVE_WHEN_ALL_DOWN) && own->refuse;
	if (!p->refuse)
		p->only = pick_single(f->service);
	if (p->only != NULL)
		return 0;
	p->ask = *ask;
	p->retries = words_say(own, DIRECTIVE_RETRY) ? own->retry :
	    PICK_RETRY;
	if (words_say(own, DIRECTIVE_BALANCE))
		p->balance = own->balance;
	return pick_candidates(p, a, e);
}

/* ---- who may be picked ---- */

static bool
pick_can(const struct pick_from *o)
{
	return !o->tried && o->weight > 0;
}

static void
pick_view(struct pick *p, int64_t now)
{
	bool counts = p->looks || p->balance == BALANCE_LEAST;
	size_t i;

	for (i = 0; i < p->count; i++)
		(counts ? health_view : health_glance)(p->ask.health,
		    p->from[i].id, &p->ask.limits, now, &p->from[i].view);
}

static bool
pick_any_well(const struct pick *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (pick_can(&p->from[i]) &&
		    p->from[i].view.state == HEALTH_WELL)
			return true;
	return false;
}

/* safe: its failure would cost this request nothing. */
static bool
pick_is_triable(const struct pick *p, const struct pick_from *o, bool safe,
    int64_t now)
{
	return o->view.state == HEALTH_DUE &&
	    (safe || (p->tried == 0 &&
	    now - o->view.since >= p->ask.limits.cooldown));
}

/* Opens what is well or triable among the backups, or the others: when one is
 * triable these alone, but with hash. true: there is one. */
static bool
pick_open(struct pick *p, bool backup, bool safe, int64_t now)
{
	bool any = false, trial = false;
	size_t i;

	for (i = 0; i < p->count; i++) {
		const struct pick_from *o = &p->from[i];
		bool in = o->backup == backup && pick_can(o);
		bool triable = in && pick_is_triable(p, o, safe, now);

		p->choices[i].active = o->view.active;
		p->choices[i].open = triable ||
		    (in && o->view.state == HEALTH_WELL);
		any = any || p->choices[i].open;
		trial = trial || triable;
	}
	if (!trial || p->balance == BALANCE_HASH)
		return any;
	for (i = 0; i < p->count; i++)
		if (p->from[i].view.state == HEALTH_WELL)
			p->choices[i].open = false;
	return true;
}

/* ---- one of them ---- */

/* By its origins, too: two maps may have a service of that name. */
static uint64_t
pick_service(const struct pick *p)
{
	uint64_t id = health_id(p->ask.health, p->follow->service_key);
	size_t i;

	for (i = 0; i < p->count; i++)
		id += p->from[i].id;
	return id != 0 ? id : 1;
}

/*
 * One turn a request, however often it is tried: were each attempt to take
 * one, an origin that fails at its turns would leave the same turns to the
 * same others. Later attempts scatter.
 */
static uint64_t
pick_turn(struct pick *p)
{
	uint64_t id;

	if (p->balance == BALANCE_HASH)
		return 0;
	if (!p->has_turn) {
		id = pick_service(p);
		p->turn = p->looks ? health_turn_next(p->ask.health, id) :
		    health_turn(p->ask.health, id);
		p->has_turn = true;
	}
	return p->tried == 0 ? p->turn :
	    hash_sip((struct hash_key){ p->turn, p->tried }, STR(""));
}

static bool
pick_try(const struct pick *p, const struct pick_from *o, int64_t now)
{
	return p->looks || health_try(p->ask.health, o->id, &p->ask.limits,
	    now, p->ask.patience);
}

static struct pick_from *
pick_choose(struct pick *p, bool backup, bool safe, int64_t now)
{
	while (pick_open(p, backup, safe, now)) {
		const struct choose c = { .from = p->choices,
			.count = p->count, .turn = pick_turn(p),
			.salt = p->follow->service_key, .key = p->ask.key };
		int i = choose_by(p->balance, &c);
		struct pick_from *o;

		CHECK(i != -1);
		o = &p->from[i];
		p->trial = o->view.state == HEALTH_DUE;
		p->how = p->trial ? PICK_TRIAL : PICK_BALANCED;
		if (!p->trial || pick_try(p, o, now))
			return o;
		o->view.state = HEALTH_TRIED; /* by somebody else */
	}
	return NULL;
}

/* When its trial comes. Of one that is tried by somebody it will be known
 * without this request, which could only hang with it. */
static int64_t
pick_due(const struct pick_from *o)
{
	return o->view.state == HEALTH_TRIED ? INT64_MAX : o->view.since;
}

static struct pick_from *
pick_least_bad(struct pick *p, int64_t now)
{
	struct pick_from *best = NULL;
	size_t i;

	for (i = 0; i < p->count; i++) {
		struct pick_from *o = &p->from[i];

		if (!pick_can(o))
			continue;
		if (best == NULL || (best->backup && !o->backup) ||
		    (best->backup == o->backup &&
		        pick_due(o) < pick_due(best)))
			best = o;
	}
	if (best != NULL) {
		p->how = PICK_LEAST_BAD;
		p->trial = best->view.state == HEALTH_DUE &&
		    pick_try(p, best, now);
	}
	return best;
}

static struct pick_from *
pick_search(struct pick *p, bool repeats, int64_t now)
{
	struct pick_from *o;
	bool safe;

	p->how = PICK_NONE;
	p->trial = false;
	pick_view(p, now);
	safe = (repeats && p->retries > 0) || !pick_any_well(p);
	o = pick_choose(p, false, safe, now);
	if (o == NULL)
		o = pick_choose(p, true, safe, now);
	if (o == NULL && !p->refuse)
		o = pick_least_bad(p, now);
	return o;
}

static void
pick_tell_none(const struct pick *p, struct err *e)
{
	size_t drained = 0, i;

	for (i = 0; i < p->count; i++)
		drained += p->from[i].weight == 0;
	err_set(e, REASON_NO_HEALTHY_ORIGIN,
	    "%.*s: of %zu origins %u failed this request, %zu have no weight, "
	    "the others are out", STR_ARG(p->follow->service_key), p->count,
	    p->tried, drained);
}

/* One server may be there twice, with two bases. */
static void
pick_mark_tried(struct pick *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->from[i].id == p->now->id)
			p->from[i].tried = true;
}

int
pick_next(struct pick *p, bool repeats, int64_t now,
    const struct origin_url **url, struct err *e)
{
	CHECK(p->now == NULL);
	if (p->only != NULL) {
		p->how = PICK_ONLY;
		*url = p->only;
		return 1;
	}
	p->now = pick_search(p, repeats, now);
	if (p->now == NULL) {
		pick_tell_none(p, e);
		return 0;
	}
	pick_mark_tried(p);
	p->tried++;
	p->began = now;
	p->counted = health_began(p->ask.health, p->now->id,
	    p->now->server);
	*url = p->now->url;
	return 1;
}

/* ---- what became of it ---- */

bool
pick_failed(struct pick *p, int64_t now, int64_t *ms)
{
	bool out = p->now != NULL && health_failed(p->ask.health, p->now->id,
	    &p->ask.limits, now, p->began, p->trial, ms);

	p->trial = false;
	pick_over(p);
	return out;
}

bool
pick_left(struct pick *p, int64_t asked, int64_t now, int64_t *ms)
{
	if (p->now != NULL &&
	    health_silent(p->ask.health, p->now->id, asked))
		return pick_failed(p, now, ms);
	pick_over(p);
	return false;
}

bool
pick_answered(struct pick *p)
{
	size_t i;

	p->trial = false;
	if (p->now == NULL ||
	    !health_answered(p->ask.health, p->now->id, p->began))
		return false;
	for (i = 0; p->how == PICK_LEAST_BAD && i < p->count; i++)
		if (&p->from[i] != p->now)
			health_make_due(p->ask.health, p->from[i].id);
	return true;
}

void
pick_over(struct pick *p)
{
	if (p->now == NULL)
		return;
	if (p->trial)
		health_untried(p->ask.health, p->now->id, &p->ask.limits,
		    clock_ms());
	health_ended(p->ask.health, p->counted);
	p->trial = false;
	p->now = NULL;
}

bool
pick_again(struct pick *p)
{
	size_t i;

	if (p->retries == 0)
		return false;
	for (i = 0; i < p->count; i++)
		if (pick_can(&p->from[i])) {
			p->retries--;
			return true;
		}
	return false;
}

/* ---- for tools ---- */

const struct pick_from *
pick_look(struct pick *p, bool repeats, int64_t now)
{
	const struct pick_from *o;

	if (p->only != NULL) {
		p->how = PICK_ONLY;
		return NULL;
	}
	p->looks = true;
	o = pick_search(p, repeats, now);
	p->trial = false;
	return o;
}
