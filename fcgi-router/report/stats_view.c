/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stats_view: a copy of all that is counted, for readers.
 *
 * All memory is had before the mapping is looked at, which may be gone in the
 * middle: then the copy is of what had been read until then.
 */

#include "report/stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/stats_private.h"

enum {
	STATS_LOOKS = 1000, /* at a place that is just given away */
	STATS_SECOND_US = 1000000,
	STATS_MINUTE_US = 60 * STATS_SECOND_US
};

/* One copy, made in the mapping. */
struct stats_copy {
	struct stats *s;
	struct stats_view *view;
};

static void *
stats_memory(size_t count, size_t size)
{
	void *p = calloc(count, size);

	CHECK(p != NULL);
	return p;
}

static struct stats_view *
stats_view_new(void)
{
	struct stats_view *v = stats_memory(1, sizeof(*v));

	v->services = stats_memory(STATS_TOP, sizeof(*v->services));
	v->plans = stats_memory(STATS_PLANS, sizeof(*v->plans));
	v->seconds = stats_memory(STATS_SECONDS, sizeof(*v->seconds));
	v->minutes = stats_memory(STATS_MINUTES, sizeof(*v->minutes));
	v->processes = stats_memory(STATS_SLOTS, sizeof(*v->processes));
	return v;
}

void
stats_view_free(struct stats_view **view)
{
	struct stats_view *v = *view;

	*view = NULL;
	if (v == NULL)
		return;
	free(v->services);
	free(v->plans);
	free(v->seconds);
	free(v->minutes);
	free(v->processes);
	free(v);
}

/* ---- texts ---- */

/* Up to a NUL; what is behind it. */
static struct str
stats_text_cut(struct str rest, char *to, size_t room)
{
	struct str text;

	(void)str_cut(rest, '\0', &text, &rest);
	text = str_sub(text, 0, room - 1);
	memcpy(to, text.p, text.n);
	to[text.n] = '\0';
	return rest;
}

static void
stats_text_read(const _Atomic uint64_t *from, char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i += sizeof(uint64_t)) {
		uint64_t word = atomic_load_explicit(&from[i / sizeof(word)],
		    memory_order_acquire);

		memcpy(text + i, &word, sizeof(word));
	}
}

static void
stats_key_read(const struct stats_place *p, struct stats_row *row)
{
	char text[STATS_KEY];
	struct str rest = { text, sizeof(text) };

	stats_text_read(p->key, text, sizeof(text));
	rest = stats_text_cut(rest, row->space, sizeof(row->space));
	rest = stats_text_cut(rest, row->service, sizeof(row->service));
	stats_text_cut(rest, row->plan, sizeof(row->plan));
}

/* ---- services ---- */

/* What a place has counted for whom: of its owner in *row, and of those before
 * it in *rest. 0: nobody has it. Who reads a word of another owner (written
 * with release, read with acquire) reads another id behind it. */
static uint64_t
stats_place_read(const struct stats_data *d, unsigned place,
    struct stats_row *row, struct stats_numbers *rest)
{
	const struct stats_place *p = &d->places[place];
	struct stats_numbers all;
	uint64_t id, again;
	int looks = 0;

	do {
		id = atomic_load(&d->ids[place]);
		stats_words_read(p->base, rest);
		stats_key_read(p, row);
		stats_words_read(p->all, &all);
		again = atomic_load(&d->ids[place]);
	} while ((id != again || (id > 0 && id < STATS_IDS)) &&
	    ++looks < STATS_LOOKS);
	if (id != again || id < STATS_IDS) {
		*rest = all;
		return 0;
	}
	row->numbers = stats_since(&all, rest);
	return id;
}

/* Two may have given the same id a place: they are one row. */
static struct stats_row *
stats_row_of(struct stats_view *v, const uint64_t *ids, size_t from,
    uint64_t id)
{
	size_t i;

	for (i = from; i < v->service_count; i++)
		if (ids[i] == id)
			return &v->services[i];
	return NULL;
}

static void
stats_services_read(const struct stats_data *d, struct stats_view *v)
{
	uint64_t ids[STATS_TOP];
	size_t bucket = 0;
	unsigned i;

	stats_words_read(d->places[STATS_STRAY].all, &v->other);
	for (i = 0; i < STATS_TOP; i++) {
		struct stats_row *row = &v->services[v->service_count], *same;
		struct stats_numbers rest;
		uint64_t id = stats_place_read(d, i, row, &rest);

		if (i % STATS_BUCKET == 0)
			bucket = v->service_count;
		stats_sum(&v->other, &rest);
		if (id == 0)
			continue;
		same = stats_row_of(v, ids, bucket, id);
		if (same != NULL)
			stats_sum(&same->numbers, &row->numbers);
		else
			ids[v->service_count++] = id;
	}
}

static int
stats_row_order(const void *a, const void *b)
{
	const struct stats_row *left = a, *right = b;
	uint64_t more = left->numbers.counts[STATS_COUNT_requests];
	uint64_t less = right->numbers.counts[STATS_COUNT_requests];
	int order;

	if (more != less)
		return more > less ? -1 : 1;
	order = strcmp(left->service, right->service);
	if (order == 0)
		order = strcmp(left->space, right->space);
	return order != 0 ? order : strcmp(left->plan, right->plan);
}

/* ---- all else ---- */

static void
stats_plans_read(const struct stats_data *d, struct stats_view *v)
{
	unsigned i;

	for (i = 0; i < STATS_PLANS; i++) {
		const struct stats_plan *p = &d->plans[i];
		struct stats_row *row = &v->plans[v->plan_count];
		char name[STATS_NAME];

		stats_words_read(p->all, &row->numbers);
		stats_sum(&v->total, &row->numbers);
		if (row->numbers.counts[STATS_COUNT_requests] == 0)
			continue;
		stats_text_read(p->name, name, sizeof(name));
		stats_text_cut((struct str){ name, sizeof(name) }, row->plan,
		    sizeof(row->plan));
		if (i == STATS_PLANS - 1)
			memcpy(row->plan, "*", sizeof("*"));
		v->plan_count++;
	}
}

static void
stats_reasons_read(const struct stats_data *d, struct stats_view *v)
{
	uint64_t known = 0, requests = v->total.counts[STATS_COUNT_requests];
	int i;

	for (i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		v->reasons[i] = stats_reason_count(d, (enum reason)i);
		known += v->reasons[i];
	}
	v->reasons[REASON_NONE] = requests > known ? requests - known : 0;
}

static void
stats_processes_read(const struct stats_copy *c, const struct stats_data *d)
{
	struct stats_view *v = c->view;
	unsigned slot, i;

	for (slot = 0; slot < STATS_SLOTS; slot++) {
		uint64_t *row = v->processes[v->process_count];

		for (i = 0; i < STATS_GAUGE_COUNT; i++)
			row[i] = atomic_load_explicit(&d->gauges[slot][i],
			    memory_order_relaxed);
		if (row[STATS_GAUGE_pid] != 0 &&
		    shm_slot_lives(stats_shm(c->s), slot))
			v->process_count++;
	}
}

static void
stats_copy_in(void *arg)
{
	const struct stats_copy *c = arg;
	const struct stats_data *d = shm_data(stats_shm(c->s));
	struct stats_view *v = c->view;
	uint64_t now_us = (uint64_t)v->now_us;
	unsigned i;

	v->made = atomic_load(&d->made);
	for (i = 0; i < STATS_EVENT_COUNT; i++)
		v->events[i] = atomic_load(&d->events[i]);
	stats_services_read(d, v);
	stats_plans_read(d, v);
	stats_reasons_read(d, v);
	stats_series_read(d->seconds, STATS_SECOND_CELLS,
	    now_us / STATS_SECOND_US, &v->total, v->seconds, STATS_SECONDS);
	stats_series_read(d->minutes, STATS_MINUTE_CELLS,
	    now_us / STATS_MINUTE_US, &v->total, v->minutes, STATS_MINUTES);
	stats_processes_read(c, d);
}

struct stats_view *
stats_view_take(struct stats *s)
{
	struct stats_view *v = stats_view_new();
	struct stats_copy c = { .s = s, .view = v };

	v->now_us = clock_us();
	if (s == NULL)
		return v;
	v->shared = shm_is_shared(stats_shm(s));
	(void)!shm_run(stats_shm(s), stats_copy_in, &c);
	qsort(v->services, v->service_count, sizeof(*v->services),
	    stats_row_order);
	return v;
}
