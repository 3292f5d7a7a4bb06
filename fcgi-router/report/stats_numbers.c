/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stats_numbers: sums, and histograms of times.
 *
 * A histogram has two places an octave: from 2^n to less than 1.5 * 2^n, and
 * from there to less than 2^(n+1) microseconds; the first and the last take
 * what is below and above.
 */

#include "report/stats_private.h"

enum { STATS_OCTAVE_FIRST = 6 }; /* 64 us */

#define STATS_WORD(key, unit, manual) { key, manual, STATS_UNIT_##unit },

const struct stats_word stats_counts[STATS_COUNT_COUNT] = {
#define STATS_COUNT(member, unit, key, manual) STATS_WORD(key, unit, manual)
#include "report/stats.tbl.h"
};

const struct stats_word stats_events[STATS_EVENT_COUNT] = {
#define STATS_EVENT(member, key, manual) STATS_WORD(key, NUMBER, manual)
#include "report/stats.tbl.h"
};

const struct stats_word stats_gauges[STATS_GAUGE_COUNT] = {
#define STATS_GAUGE(member, unit, key, manual) STATS_WORD(key, unit, manual)
#include "report/stats.tbl.h"
};

unsigned
stats_time_place(int64_t us)
{
	unsigned octave, place;

	if (us < 1 << STATS_OCTAVE_FIRST)
		return 0;
	octave = 63 - (unsigned)__builtin_clzll((unsigned long long)us);
	place = 1 + 2 * (octave - STATS_OCTAVE_FIRST) +
	    (unsigned)(us >> (octave - 1) & 1);
	return place < STATS_TIMES ? place : STATS_TIMES - 1;
}

int64_t
stats_time_bound(unsigned i)
{
	int64_t half;

	if (i == 0)
		return 1 << STATS_OCTAVE_FIRST;
	if (i >= STATS_TIMES - 1)
		return INT64_MAX;
	half = INT64_C(1) << ((i - 1) / 2 + STATS_OCTAVE_FIRST - 1);
	return half * (i % 2 == 1 ? 3 : 4);
}

void
stats_sum(struct stats_numbers *sum, const struct stats_numbers *what)
{
	unsigned i;

	for (i = 0; i < STATS_COUNT_COUNT; i++)
		sum->counts[i] += what->counts[i];
	for (i = 0; i < STATS_TIMES; i++)
		sum->times[i] += what->times[i];
}

/* What is counted never gets less, but another file may stand there. */
static uint64_t
stats_more(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

struct stats_numbers
stats_since(const struct stats_numbers *now,
    const struct stats_numbers *before)
{
	struct stats_numbers out;
	unsigned i;

	for (i = 0; i < STATS_COUNT_COUNT; i++)
		out.counts[i] = stats_more(now->counts[i], before->counts[i]);
	for (i = 0; i < STATS_TIMES; i++)
		out.times[i] = stats_more(now->times[i], before->times[i]);
	return out;
}

/* Where so many of a place's requests are, as if they were spread evenly. */
static int64_t
stats_within(unsigned place, uint64_t rank, uint64_t count)
{
	int64_t from = place > 0 ? stats_time_bound(place - 1) : 0;
	int64_t to = stats_time_bound(place);

	if (to == INT64_MAX)
		return from;
	return from + (int64_t)((double)(to - from) * (double)rank /
	    (double)count);
}

int64_t
stats_quantile(const struct stats_numbers *n, unsigned thousandths)
{
	uint64_t all = 0, rank;
	unsigned i;

	for (i = 0; i < STATS_TIMES; i++)
		all += n->times[i];
	if (all == 0)
		return -1;
	rank = all / 1000 * thousandths +
	    (all % 1000 * thousandths + 999) / 1000;
	if (rank == 0)
		rank = 1;
	for (i = 0; i < STATS_TIMES - 1 && rank > n->times[i]; i++)
		rank -= n->times[i];
	return stats_within(i, rank, n->times[i]);
}
