/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stats_series: how counts went by second and minute.
 *
 * Who ends a request first in a second writes down what all had become by
 * then; what came in a second is the difference to the next one that is
 * written down. Nothing need be moved at a given time, and nothing is counted
 * twice.
 */

#include "report/stats_private.h"

enum { STATS_SECOND_US = 1000000, STATS_MINUTE_S = 60 };

void
stats_words_read(const _Atomic uint64_t from[STATS_WORDS],
    struct stats_numbers *out)
{
	unsigned i;

	for (i = 0; i < STATS_COUNT_COUNT; i++)
		out->counts[i] = atomic_load_explicit(&from[i],
		    memory_order_acquire);
	for (i = 0; i < STATS_TIMES; i++)
		out->times[i] = atomic_load_explicit(
		    &from[STATS_COUNT_COUNT + i], memory_order_acquire);
}

static void
stats_words_write(_Atomic uint64_t to[STATS_WORDS],
    const struct stats_numbers *from)
{
	unsigned i;

	for (i = 0; i < STATS_COUNT_COUNT; i++)
		atomic_store_explicit(&to[i], from->counts[i],
		    memory_order_relaxed);
	for (i = 0; i < STATS_TIMES; i++)
		atomic_store_explicit(&to[STATS_COUNT_COUNT + i],
		    from->times[i], memory_order_relaxed);
}

void
stats_series_total(const struct stats_data *d, struct stats_numbers *out)
{
	struct stats_numbers one;
	unsigned i;

	stats_words_read(d->plans[0].all, out);
	for (i = 1; i < STATS_PLANS; i++) {
		if (atomic_load(&d->plans[i].id) == 0 && i + 1 < STATS_PLANS)
			continue;
		stats_words_read(d->plans[i].all, &one);
		stats_sum(out, &one);
	}
}

static struct stats_cell *
stats_cell_of(struct stats_cell *cells, unsigned count, uint64_t now)
{
	return &cells[now % count];
}

/* Is it to be written yet? Who was late does not write over a later one. */
static bool
stats_cell_is_old(const struct stats_cell *cell, uint64_t now)
{
	return atomic_load_explicit(&cell->stamp, memory_order_relaxed) -
	    (now + 1) > STATS_CELL_AHEAD;
}

/* Several may do this at once: what they write is the same but for what was
 * counted just then. */
static void
stats_cell_write(struct stats_cell *cell, uint64_t now,
    const struct stats_numbers *total)
{
	stats_words_write(cell->all, total);
	atomic_store(&cell->stamp, now + 1);
}

static void
stats_series_write(struct stats_data *d, struct stats_cell *second,
    uint64_t now)
{
	struct stats_cell *minute = stats_cell_of(d->minutes,
	    STATS_MINUTE_CELLS, now / STATS_MINUTE_S);
	struct stats_numbers total;

	stats_series_total(d, &total);
	if (stats_cell_is_old(minute, now / STATS_MINUTE_S))
		stats_cell_write(minute, now / STATS_MINUTE_S, &total);
	stats_cell_write(second, now, &total);
}

void
stats_series_roll(struct stats_data *d, int64_t now_us)
{
	uint64_t now = (uint64_t)now_us / STATS_SECOND_US;
	struct stats_cell *second = stats_cell_of(d->seconds,
	    STATS_SECOND_CELLS, now);

	if (stats_cell_is_old(second, now))
		stats_series_write(d, second, now);
}

void
stats_series_read(const struct stats_cell *cells, unsigned cell_count,
    uint64_t now, const struct stats_numbers *total,
    struct stats_numbers *out, unsigned count)
{
	struct stats_numbers end = *total, begin;
	const struct stats_cell *cell = &cells[now % cell_count];
	unsigned i;

	if (atomic_load(&cell->stamp) == now + 1)
		stats_words_read(cell->all, &end);
	for (i = 0; i < count; i++) {
		cell = &cells[(now - 1 - i) % cell_count];
		begin = end; /* nothing came */
		if (i < now && atomic_load(&cell->stamp) == now - i)
			stats_words_read(cell->all, &begin);
		out[i] = stats_since(&end, &begin);
		end = begin;
	}
}
