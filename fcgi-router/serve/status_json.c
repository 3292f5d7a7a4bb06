/* SPDX-License-Identifier: BSD-2-Clause */

/* status_json: all that is known, as one object. Times are seconds. */

#include "base/clock.h"
#include "serve/status_private.h"

enum { STATUS_S = 1000000 };

static void
status_key(struct status_out *o, bool *first, const char *key)
{
	status_printf(o, "%s\"%s\":", *first ? "" : ",", key);
	*first = false;
}

static void
status_number(struct status_out *o, bool *first, const char *key, uint64_t n)
{
	status_key(o, first, key);
	status_printf(o, "%llu", (unsigned long long)n);
}

/* A time below 0 is none. */
static void
status_seconds(struct status_out *o, bool *first, const char *key, int64_t us)
{
	status_key(o, first, key);
	if (us < 0)
		status_put(o, STR("null"));
	else
		status_printf(o, "%.6f", (double)us / STATUS_S);
}

static void
status_string(struct status_out *o, bool *first, const char *key,
    struct str text)
{
	status_key(o, first, key);
	status_put_json(o, text);
}

static void
status_word(struct status_out *o, bool *first, const char *key,
    const char *word)
{
	status_string(o, first, key, str_of(word));
}

static size_t
status_rows(const struct status *s, size_t count)
{
	return count < s->rows ? count : s->rows;
}

/* Between objects of a list. */
static void
status_object(struct status_out *o, size_t i)
{
	status_put(o, i == 0 ? STR("{") : STR(",\n{"));
}

/* ---- what is counted ---- */

static void
status_put_numbers(struct status_out *o, bool *first,
    const struct stats_numbers *n)
{
	int i;

	for (i = 0; i < STATS_COUNT_COUNT; i++) {
		if (stats_counts[i].unit == STATS_UNIT_TIME)
			status_seconds(o, first, stats_counts[i].key,
			    (int64_t)n->counts[i]);
		else
			status_number(o, first, stats_counts[i].key,
			    n->counts[i]);
	}
	status_seconds(o, first, "p50", stats_quantile(n, 500));
	status_seconds(o, first, "p90", stats_quantile(n, 900));
	status_seconds(o, first, "p99", stats_quantile(n, 990));
	status_put(o, STR("}"));
}

static void
status_put_whole(struct status_out *o, const struct stats_numbers *n)
{
	bool first = true;

	status_put(o, STR("{"));
	status_put_numbers(o, &first, n);
}

static void
status_put_total(struct status_out *o, const struct status *s)
{
	status_put_whole(o, &s->counted->total);
}

static void
status_put_last_minute(struct status_out *o, const struct status *s)
{
	status_put_whole(o, &s->minute);
}

static void
status_put_other(struct status_out *o, const struct status *s)
{
	status_put_whole(o, &s->counted->other);
}

static void
status_put_services(struct status_out *o, const struct status *s)
{
	size_t count = status_rows(s, s->counted->service_count), i;

	status_put(o, STR("[\n"));
	for (i = 0; i < count; i++) {
		const struct stats_row *r = &s->counted->services[i];
		bool first = true;

		status_object(o, i);
		status_word(o, &first, "namespace", r->space);
		status_word(o, &first, "service", r->service);
		status_word(o, &first, "plan", r->plan);
		status_put_numbers(o, &first, &r->numbers);
	}
	status_put(o, STR("]"));
}

static void
status_put_services_left(struct status_out *o, const struct status *s)
{
	size_t count = s->counted->service_count;

	status_printf(o, "%zu", count - status_rows(s, count));
}

static void
status_put_plans(struct status_out *o, const struct status *s)
{
	size_t i;

	status_put(o, STR("[\n"));
	for (i = 0; i < s->counted->plan_count; i++) {
		const struct stats_row *r = &s->counted->plans[i];
		bool first = true;

		status_object(o, i);
		status_word(o, &first, "plan", r->plan);
		status_put_numbers(o, &first, &r->numbers);
	}
	status_put(o, STR("]"));
}

static void
status_put_reasons(struct status_out *o, const struct status *s)
{
	bool first = true;
	int i;

	status_put(o, STR("{"));
	for (i = REASON_NONE + 1; i < REASON_COUNT; i++)
		if (s->counted->reasons[i] > 0)
			status_number(o, &first, reason_word((enum reason)i),
			    s->counted->reasons[i]);
	status_put(o, STR("}"));
}

static void
status_put_events(struct status_out *o, const struct status *s)
{
	bool first = true;
	int i;

	status_put(o, STR("{"));
	for (i = 0; i < STATS_EVENT_COUNT; i++)
		status_number(o, &first, stats_events[i].key,
		    s->counted->events[i]);
	status_put(o, STR("}"));
}

static void
status_put_processes(struct status_out *o, const struct status *s)
{
	size_t i;
	int k;

	status_put(o, STR("[\n"));
	for (i = 0; i < s->counted->process_count; i++) {
		bool first = true;

		status_object(o, i);
		for (k = 0; k < STATS_GAUGE_COUNT; k++)
			status_number(o, &first, stats_gauges[k].key,
			    s->counted->processes[i][k]);
		status_put(o, STR("}"));
	}
	status_put(o, STR("]"));
}

/* ---- what is known just now ---- */

static void
status_put_status(struct status_out *o, const struct status *s)
{
	status_put_json(o, str_of(status_grade_word(s->grade)));
}

static void
status_put_findings(struct status_out *o, const struct status *s)
{
	size_t i;

	status_put(o, STR("["));
	for (i = 0; i < s->finding_count; i++) {
		bool first = true;

		status_object(o, i);
		status_word(o, &first, "grade",
		    status_grade_word(s->findings[i].grade));
		status_word(o, &first, "text", s->findings[i].text);
		status_put(o, STR("}"));
	}
	status_put(o, STR("]"));
}

static void
status_put_time(struct status_out *o, const struct status *s)
{
	status_printf(o, "%lld", (long long)s->wall.tv_sec);
}

static void
status_put_since(struct status_out *o, const struct status *s)
{
	status_printf(o, "%llu", (unsigned long long)s->counted->made);
}

static void
status_put_machine(struct status_out *o, const struct status *s)
{
	status_put_json(o, s->name);
}

static void
status_put_generation(struct status_out *o, const struct status *s)
{
	status_printf(o, "%llu",
	    (unsigned long long)status_generation(s->counted));
}

static void
status_put_origins(struct status_out *o, const struct status *s)
{
	int64_t now = clock_ms();
	size_t i;

	status_put(o, STR("[\n"));
	for (i = 0; i < status_rows(s, s->origin_count); i++) {
		const struct health_row *r = &s->origins[i];
		bool first = true;

		status_object(o, i);
		status_string(o, &first, "origin",
		    (struct str){ r->name, r->name_size });
		status_word(o, &first, "state", health_word(r->view.state));
		status_number(o, &first, "active", r->view.active);
		status_number(o, &first, "fails", r->view.fails);
		status_number(o, &first, "times", r->view.times);
		status_seconds(o, &first, "out_for",
		    r->view.state == HEALTH_OUT && r->view.since > now ?
		    (r->view.since - now) * 1000 : -1);
		status_put(o, STR("}"));
	}
	status_put(o, STR("]"));
}

static void
status_put_limits(struct status_out *o, const struct status *s)
{
	int64_t now = clock_ms();
	size_t i;
	int k;

	status_put(o, STR("[\n"));
	for (i = 0; i < status_rows(s, s->refusal_count); i++) {
		const struct limit_refusals *r = &s->refusals[i];
		bool first = true;

		status_object(o, i);
		status_string(o, &first, "plan", (struct str){ r->plan,
			strnlen(r->plan, sizeof(r->plan)) });
		status_string(o, &first, "key", (struct str){ r->key,
			strnlen(r->key, sizeof(r->key)) });
		for (k = 0; k < LIMIT_WHAT_COUNT; k++)
			status_number(o, &first, reason_word(limit_reason(
			    (enum limit_what)k)), r->count[k]);
		status_seconds(o, &first, "ago",
		    now > r->last_ms ? (now - r->last_ms) * 1000 : 0);
		status_put(o, STR("}"));
	}
	status_put(o, STR("]"));
}

static void
status_put_requests(struct status_out *o, const struct status *s)
{
	static const char *const keys[BOARD_TEXT_COUNT] = {
		[BOARD_METHOD] = "method",
		[BOARD_HOST] = "host",
		[BOARD_PATH] = "path",
		[BOARD_SERVICE] = "service",
		[BOARD_TO] = "origin"
	};
	size_t i;
	int k;

	status_put(o, STR("[\n"));
	for (i = 0; i < status_rows(s, s->request_count); i++) {
		const struct board_view *v = &s->requests[i];
		bool first = true;

		status_object(o, i);
		status_seconds(o, &first, "age", s->now_us - v->since_us);
		for (k = 0; k < BOARD_TEXT_COUNT; k++)
			status_string(o, &first, keys[k], (struct str){
				v->texts[k].bytes, v->texts[k].n });
		status_word(o, &first, "waits_for", board_word(v->wait));
		status_number(o, &first, "pid", v->pid);
		status_put(o, STR("}"));
	}
	status_put(o, STR("]"));
}

static void
status_put_requests_left(struct status_out *o, const struct status *s)
{
	status_printf(o, "%zu", s->request_count -
	    status_rows(s, s->request_count));
}

void
status_json(struct status_out *o, const struct status *s)
{
	bool first = true;

	status_put(o, STR("{"));
#define STATUS_MEMBER(name, manual) \
	status_key(o, &first, #name); \
	status_put_##name(o, s);
#include "serve/status.tbl.h"
	status_put(o, STR("}\n"));
}
