/* SPDX-License-Identifier: BSD-2-Clause */

/* status_lines: "Key: value", a line each. */

#include "serve/status_private.h"

enum { STATUS_KB = 1024, STATUS_MS = 1000, STATUS_S = 1000000 };

struct status_values {
#define STATUS_NUMBER(member) uint64_t member;
#define STATUS_DECIMAL(member) double member;
#define STATUS_TEXT(member) struct str member;
#define STATUS(member, kind, key, manual) STATUS_##kind(member)
#include "serve/status.tbl.h"
#undef STATUS_NUMBER
#undef STATUS_DECIMAL
#undef STATUS_TEXT
};

/* ---- one function for each kind of the table ---- */

static void
status_put_NUMBER(struct status_out *o, uint64_t n)
{
	status_printf(o, "%llu", (unsigned long long)n);
}

static void
status_put_DECIMAL(struct status_out *o, double n)
{
	status_printf(o, "%.3f", n);
}

static void
status_put_TEXT(struct status_out *o, struct str text)
{
	status_put(o, text);
}

/* ---- values ---- */

static double
status_each(double of, uint64_t n)
{
	return n == 0 ? 0 : of / (double)n;
}

static double
status_ms(int64_t us)
{
	return us < 0 ? 0 : (double)us / STATUS_MS;
}

static void
status_fill_totals(const struct status *s, struct status_values *v)
{
	const uint64_t *n = s->counted->total.counts;
	uint64_t us = n[STATS_COUNT_total_us];

	v->accesses = n[STATS_COUNT_requests];
	v->kbytes = n[STATS_COUNT_sent] / STATUS_KB;
	v->duration = us / STATUS_MS;
	v->uptime = (uint64_t)s->wall.tv_sec > s->counted->made ?
	    (uint64_t)s->wall.tv_sec - s->counted->made : 0;
	v->rate = status_each((double)v->accesses, v->uptime);
	v->bytes_rate = status_each((double)n[STATS_COUNT_sent], v->uptime);
	v->bytes_each = status_each((double)n[STATS_COUNT_sent], v->accesses);
	v->duration_each = status_each((double)us / STATUS_MS, v->accesses);
}

static void
status_fill_now(const struct status *s, struct status_values *v)
{
	const struct stats_view *counted = s->counted;
	size_t i;

	for (i = 0; i < counted->process_count; i++) {
		const uint64_t *p = counted->processes[i];
		uint64_t workers = p[STATS_GAUGE_workers];
		uint64_t held = p[STATS_GAUGE_workers_held];

		v->busy += p[STATS_GAUGE_requests];
		v->idle += workers > held ? workers - held : 0;
	}
	v->routers = counted->process_count;
	v->generation = status_generation(counted);
	v->oldest = s->request_count == 0 ? 0 :
	    (double)(s->now_us - s->requests[0].since_us) / STATUS_S;
	v->origins_out = s->origin_count - s->origin_states[HEALTH_WELL];
}

static void
status_fill_minute(const struct stats_numbers *n, struct status_values *v)
{
	v->minute_requests = n->counts[STATS_COUNT_requests];
	v->minute_errors = n->counts[STATS_COUNT_errors];
	v->minute_limited = n->counts[STATS_COUNT_limited];
	v->minute_p50 = status_ms(stats_quantile(n, 500));
	v->minute_p99 = status_ms(stats_quantile(n, 990));
}

static struct str
status_scores(const struct status *s, uint64_t idle,
    char text[2 * STATUS_ROWS])
{
	size_t n = 0;

	for (; n < s->request_count && n < STATUS_ROWS; n++)
		text[n] = s->requests[n].wait == BOARD_BODY ? 'R' : 'W';
	for (; idle > 0 && n < 2 * STATUS_ROWS; idle--)
		text[n++] = '_';
	return (struct str){ text, n };
}

void
status_lines(struct status_out *o, const struct status *s)
{
	struct status_values v = { .grade = str_of(status_grade_word(
		s->grade)) };
	char scores[2 * STATUS_ROWS];

	status_fill_totals(s, &v);
	status_fill_now(s, &v);
	status_fill_minute(&s->minute, &v);
	v.scoreboard = status_scores(s, v.idle, scores);
#define STATUS(member, kind, key, manual) \
	status_put(o, STR(key ": ")); \
	status_put_##kind(o, v.member); \
	status_put(o, STR("\n"));
#include "serve/status.tbl.h"
}
