/* SPDX-License-Identifier: BSD-2-Clause */

/* exchange: its life, and the rule of who runs it. */

#include "serve/exchange.h"

#include <stdlib.h>
#include <string.h>

struct exchange *
exchange_new(struct process *p)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	atomic_init(&x->state, EXCHANGE_FREE);
	timer_init(&x->timer, x);
	x->process = p;
	x->front = -1;
	ready_init(&x->front_ready, x);
	x->wait.until = x->limit = INT64_MAX;
	x->total_limit = x->plan_limit = INT64_MAX;
	x->front_limit = INT64_MAX;
	arena_init(&x->arena, EXCHANGE_ARENA_MAX);
	arena_init(&x->spare, EXCHANGE_SPARE_MAX);
	buf_init(&x->out, EXCHANGE_OUT_MAX);
	body_init(&x->body);
	transfer_init(&x->transfer);
	record_init(&x->record);
	return x;
}

void
exchange_free(struct exchange **x)
{
	if (*x == NULL)
		return;
	exchange_reset(*x);
	buf_fini(&(*x)->out);
	transfer_fini(&(*x)->transfer);
	arena_fini(&(*x)->arena);
	free(*x);
	*x = NULL;
}

struct str
exchange_space(const struct exchange *x)
{
	return x->request.space.n > 0 ? x->request.space :
	    str_of(x->settings->namespace);
}

static int
exchange_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	struct exchange_map *m = arg;

	return store_get(m->store, m->slot, key, a, value, e);
}

void
exchange_ask_map(const struct exchange *x, unsigned slot,
    struct exchange_map *m)
{
	const struct settings_ranges *may = &x->settings->version_override;

	m->ask = (struct follow_ask){ .request = &x->request,
		.map = &m->map,
		.space = exchange_space(x),
		.version_override = { may->list, may->count },
		.claims = x->auth.yes.claims,
		.claim_count = x->auth.yes.claim_count };
	m->store = snapshot_store(x->map);
	m->slot = slot;
	m->map.get = exchange_get;
	m->map.arg = m;
	m->map.meta = store_meta(m->store);
}

void
exchange_give_map(struct exchange *x)
{
	if (x->map != NULL)
		snapshot_give(x->process->snapshot, &x->map);
}

const struct exchange_plan *
exchange_in_force(const struct exchange *x)
{
	return &x->plans[x->plans[EXCHANGE_PLAN_IDENTITY].says != NULL ?
	    EXCHANGE_PLAN_IDENTITY : EXCHANGE_PLAN_ROUTE];
}

const struct settings_plan *
exchange_plan(const struct exchange *x)
{
	return exchange_in_force(x)->says;
}

void
exchange_leave(struct exchange *x)
{
	size_t i;

	for (i = 0; i < EXCHANGE_PLANS; i++) {
		if (x->plans[i].inside != 0)
			limit_exit(x->process->limit, x->plans[i].inside);
		x->plans[i].inside = 0;
	}
}

static void
exchange_drop_plans(struct exchange *x)
{
	size_t i;

	exchange_leave(x);
	for (i = 0; i < EXCHANGE_PLANS; i++) {
		x->plans[i].says = NULL;
		x->plans[i].told = false;
	}
	x->late_plan = (struct str){ NULL, 0 };
	x->subrequests = 0;
	x->paced_until = 0;
}

void
exchange_reset(struct exchange *x)
{
	exchange_drop_plans(x);
	exchange_give_map(x);
	x->step = 0;
	x->variables = NULL;
	settings_drop(&x->settings);
	if (x->auth_set != NULL) {
		auth_drop(&x->auth_set);
		x->consult = NULL;
		memset(&x->auth, 0, sizeof(x->auth));
	}
	if (x->pick.follow != NULL) {
		pick_over(&x->pick); /* its candidates are in the arena */
		memset(&x->pick, 0, sizeof(x->pick));
	}
	arena_reset(&x->arena);
	arena_fini(&x->spare);
	buf_rest(&x->out);
	body_fini(&x->body);
	transfer_end(&x->transfer, false, NULL);
	memset(&x->request, 0, sizeof(x->request));
	follow_init(&x->follow);
	memset(&x->limits, 0, sizeof(x->limits));
	memset(&x->target, 0, sizeof(x->target));
	memset(&x->answer, 0, sizeof(x->answer));
	memset(&x->reply, 0, sizeof(x->reply));
	record_init(&x->record);
	x->err.reason = REASON_NONE;
	x->err.text[0] = '\0';
	x->uploads = x->stalls = x->front_partial = false;
	x->head_sent = x->began = x->length_sent = x->broken = false;
	x->ended = x->whole = x->recorded = x->refused = false;
	x->given = false;
	x->fresh_only = x->watches_front = false;
	x->limit = x->total_limit = x->front_limit = INT64_MAX;
	x->plan_limit = INT64_MAX;
	x->since_us = x->attempt_us = x->auth_us = x->origin_us = 0;
	x->asked = INT64_MAX;
}

bool
exchange_wake(struct exchange *x)
{
	int state = atomic_load(&x->state);

	for (;;) {
		if (state == EXCHANGE_FREE || state == EXCHANGE_WOKEN)
			return false;
		if (atomic_compare_exchange_weak(&x->state, &state,
		    state == EXCHANGE_PARKED ? EXCHANGE_RUNNING :
		    EXCHANGE_WOKEN))
			return state == EXCHANGE_PARKED;
	}
}

bool
exchange_hold(struct exchange *x)
{
	int parked = EXCHANGE_PARKED;

	return atomic_compare_exchange_strong(&x->state, &parked,
	    EXCHANGE_RUNNING);
}

bool
exchange_is_woken(const struct exchange *x)
{
	return atomic_load(&x->state) == EXCHANGE_WOKEN;
}

bool
exchange_park(struct exchange *x)
{
	int state = EXCHANGE_RUNNING;

	if (atomic_compare_exchange_strong(&x->state, &state,
	    EXCHANGE_PARKED))
		return true;
	CHECK(state == EXCHANGE_WOKEN);
	atomic_store(&x->state, EXCHANGE_RUNNING);
	return false;
}
