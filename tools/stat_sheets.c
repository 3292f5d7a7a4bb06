/* SPDX-License-Identifier: BSD-2-Clause */

/* stat_sheets: subject by subject. */

#include "tools/stat_sheets.h"

#include <string.h>

#include "base/clock.h"

/* What is told of services and plans; of all. What is asked for most comes
 * first: a narrow terminal has no more. */
#define STAT_SUMS_OF_EACH "requests,errors,p50,p90,p99,limited,sent," \
	"attempts,client_errors,received,origin_time"
#define STAT_SUMS_OF_ALL "requests,errors,p50,p90,p99,limited,sent," \
	"attempts,client_errors,received,origin_time,redirects,gone,total_time"

enum { STAT_HOUR = 60 /* minutes */ };

static enum sheet_kind
stat_sheet_kind(enum stats_unit unit)
{
	switch (unit) {
	case STATS_UNIT_BYTES:
		return SHEET_BYTES;
	case STATS_UNIT_TIME:
		return SHEET_TIME;
	case STATS_UNIT_MOMENT:
		return SHEET_MOMENT;
	case STATS_UNIT_NUMBER:
	case STATS_UNIT_COUNT:
		break;
	}
	return SHEET_NUMBER;
}

void
stat_sheet_columns(struct sheet *s, const struct stat_keys *keys)
{
	size_t i;

	for (i = 0; i < keys->sum_count; i++)
		sheet_column(s, str_of(keys->sums[i].key),
		    stat_sheet_kind(keys->sums[i].unit));
}

void
stat_sheet_cells(struct sheet *s, const struct stat_keys *keys,
    const struct stats_numbers *n)
{
	size_t i;

	for (i = 0; i < keys->sum_count; i++) {
		const struct stat_sum *sum = &keys->sums[i];
		int64_t us;

		if (sum->thousandths == 0) {
			sheet_number(s, n->counts[sum->count]);
			continue;
		}
		us = stats_quantile(n, sum->thousandths);
		if (us < 0)
			sheet_none(s);
		else
			sheet_number(s, (uint64_t)us);
	}
}

/* Static words. */
static struct stat_keys
stat_sheet_keys(const char *sums)
{
	struct stat_keys keys = { .by_count = 0 };
	struct err e;

	CHECK(stat_keys_sum(str_of(sums), &keys, &e) == 0);
	return keys;
}

/* ---- over time ---- */

static void
stat_sheet_period(struct sheet *s, const struct stat_keys *keys,
    const char *word, const struct stats_numbers *list, size_t count)
{
	struct stats_numbers sum = { .counts = { 0 } };
	size_t i;

	for (i = 0; i < count; i++)
		stats_sum(&sum, &list[i]);
	sheet_text(s, str_of(word));
	stat_sheet_cells(s, keys, &sum);
}

static struct sheet *
stat_sheet_times(const struct stat_look *look)
{
	struct stat_keys keys = stat_sheet_keys(STAT_SUMS_OF_ALL);
	struct sheet *s = sheet_new("times");
	const struct stats_view *v = look->now;

	sheet_column(s, STR("last"), SHEET_TEXT);
	stat_sheet_columns(s, &keys);
	stat_sheet_period(s, &keys, "second", v->seconds, 1);
	stat_sheet_period(s, &keys, "minute", v->seconds, STATS_SECONDS);
	stat_sheet_period(s, &keys, "hour", v->minutes, STAT_HOUR);
	stat_sheet_period(s, &keys, "day", v->minutes, STATS_MINUTES);
	stat_sheet_period(s, &keys, "all", &v->total, 1);
	return s;
}

struct sheet *
stat_sheet_series(const struct stat_look *look, bool minutes)
{
	struct stat_keys keys = stat_sheet_keys(STAT_SUMS_OF_ALL);
	struct sheet *s = sheet_new(minutes ? "minutes" : "seconds");
	const struct stats_numbers *list = minutes ? look->now->minutes :
	    look->now->seconds;
	size_t count = minutes ? STATS_MINUTES : STATS_SECONDS, i;

	stat_sheet_columns(s, &keys);
	for (i = 0; i < count; i++)
		stat_sheet_cells(s, &keys, &list[i]);
	return s;
}

struct sheet *
stat_sheet_histogram(const struct stat_look *look)
{
	struct sheet *s = sheet_new("histogram");
	unsigned i;

	sheet_column(s, STR("below"), SHEET_TIME);
	sheet_column(s, STR("requests"), SHEET_NUMBER);
	for (i = 0; i < STATS_TIMES; i++) {
		int64_t bound = stats_time_bound(i);

		if (bound == INT64_MAX)
			sheet_none(s);
		else
			sheet_number(s, (uint64_t)bound);
		sheet_number(s, look->now->total.times[i]);
	}
	return s;
}

struct sheet *
stat_sheet_total(const struct stat_look *look)
{
	struct stat_keys keys = stat_sheet_keys(STAT_SUMS_OF_ALL);
	struct sheet *s = sheet_new("total");
	struct stats_numbers all = look->now->total;

	if (look->before != NULL)
		all = stats_since(&all, &look->before->total);
	stat_sheet_columns(s, &keys);
	stat_sheet_cells(s, &keys, &all);
	return s;
}

/* ---- by reason ---- */

static struct sheet *
stat_sheet_reasons(const struct stat_look *look)
{
	struct sheet *s = sheet_new("reasons");
	int i;

	sheet_column(s, STR("reason"), SHEET_TEXT);
	sheet_column(s, STR("requests"), SHEET_NUMBER);
	for (i = 0; i < REASON_COUNT; i++) {
		uint64_t n = look->now->reasons[i];

		if (look->before != NULL && n >= look->before->reasons[i])
			n -= look->before->reasons[i];
		if (n == 0 || i == REASON_NONE)
			continue;
		sheet_text(s, str_of(reason_word((enum reason)i)));
		sheet_number(s, n);
	}
	return s;
}

/* ---- by service and plan ---- */

static struct sheet *
stat_sheet_each(const struct stat_look *look, const char *name,
    const char *by)
{
	struct stat_keys keys = stat_sheet_keys(STAT_SUMS_OF_EACH);
	struct sheet *s;
	struct err e;

	CHECK(stat_keys_by(str_of(by), &keys, &e) == 0);
	s = stat_sheet_by(look, &keys, name, &e);
	CHECK(s != NULL);
	return s;
}

/* ---- refusals ---- */

static struct sheet *
stat_sheet_limits(const struct stat_look *look)
{
	struct sheet *s = sheet_new("limits");
	int64_t wall = (int64_t)clock_wall().tv_sec, now = clock_ms();
	struct limit_refusals one;
	unsigned at = 0;
	int i;

	sheet_column(s, STR("plan"), SHEET_TEXT);
	sheet_column(s, STR("key"), SHEET_TEXT);
	for (i = 0; i < LIMIT_WHAT_COUNT; i++)
		sheet_column(s, str_of(reason_word(limit_reason(
		    (enum limit_what)i))), SHEET_NUMBER);
	sheet_column(s, STR("last"), SHEET_MOMENT);
	while (look->from->limit != NULL &&
	    limit_refusals_next(look->from->limit, &at, &one)) {
		int64_t last = one.last_ms, ago;

		sheet_text(s, str_of(one.plan));
		sheet_text(s, str_of(one.key));
		for (i = 0; i < LIMIT_WHAT_COUNT; i++)
			sheet_number(s, one.count[i]);
		ago = last > 0 && last <= now ? (now - last) / 1000 : -1;
		if (ago >= 0 && ago <= wall)
			sheet_number(s, (uint64_t)(wall - ago));
		else
			sheet_none(s);
	}
	return s;
}

/* ---- origins ---- */

static struct sheet *
stat_sheet_origins(const struct stat_look *look)
{
	struct sheet *s = sheet_new("origins");
	struct health_row one;
	unsigned at = 0;

	sheet_column(s, STR("origin"), SHEET_TEXT);
	sheet_column(s, STR("state"), SHEET_TEXT);
	sheet_column(s, STR("times"), SHEET_NUMBER);
	sheet_column(s, STR("fails"), SHEET_NUMBER);
	sheet_column(s, STR("active"), SHEET_NUMBER);
	while (look->from->health != NULL && health_next(look->from->health,
	    &at, &look->from->limits, clock_ms(), &one)) {
		sheet_text(s, (struct str){ one.name, one.name_size });
		sheet_text(s, str_of(health_word(one.view.state)));
		sheet_number(s, one.view.times);
		sheet_number(s, one.view.fails);
		sheet_number(s, one.view.active);
	}
	return s;
}

/* ---- processes ---- */

static struct sheet *
stat_sheet_events(const struct stat_look *look)
{
	struct sheet *s = sheet_new("events");
	int i;

	sheet_column(s, STR("event"), SHEET_TEXT);
	sheet_column(s, STR("count"), SHEET_NUMBER);
	for (i = 0; i < STATS_EVENT_COUNT; i++) {
		sheet_text(s, str_of(stats_events[i].key));
		sheet_number(s, look->now->events[i]);
	}
	return s;
}

static struct sheet *
stat_sheet_processes(const struct stat_look *look)
{
	struct sheet *s = sheet_new("processes");
	size_t i;
	int k;

	for (k = 0; k < STATS_GAUGE_COUNT; k++)
		sheet_column(s, str_of(stats_gauges[k].key),
		    stat_sheet_kind(stats_gauges[k].unit));
	for (i = 0; i < look->now->process_count; i++)
		for (k = 0; k < STATS_GAUGE_COUNT; k++)
			sheet_number(s, look->now->processes[i][k]);
	return s;
}

struct sheet *
stat_sheet(const struct stat_look *look, enum stat_subject subject)
{
	switch (subject) {
	case STAT_TIMES:
		return stat_sheet_times(look);
	case STAT_REASONS:
		return stat_sheet_reasons(look);
	case STAT_PLANS:
		return stat_sheet_each(look, "plans", "plan");
	case STAT_SERVICES:
		return stat_sheet_each(look, "services",
		    "service,namespace,plan");
	case STAT_LIMITS:
		return stat_sheet_limits(look);
	case STAT_ORIGINS:
		return stat_sheet_origins(look);
	case STAT_EVENTS:
		return stat_sheet_events(look);
	case STAT_PROCESSES:
	case STAT_SUBJECTS:
		break;
	}
	return stat_sheet_processes(look);
}
