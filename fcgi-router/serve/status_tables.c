/* SPDX-License-Identifier: BSD-2-Clause */

/* status_tables: the page's tables, each with a few rows, the ones that matter
 * most. */

#include <stdlib.h>

#include "base/clock.h"
#include "serve/status_private.h"

enum { STATUS_SLOW_US = 10000000 }; /* for so long nothing should wait */

static size_t
status_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- services and plans ---- */

struct status_rank {
	const struct stats_row *row;
	uint64_t key;
};

static uint64_t
status_rank_key(const struct stats_numbers *n, enum status_sort by)
{
	int64_t us;

	switch (by) {
	case STATUS_BY_ERRORS:
		return n->counts[STATS_COUNT_errors];
	case STATUS_BY_SENT:
		return n->counts[STATS_COUNT_sent];
	case STATUS_BY_SLOW:
		us = stats_quantile(n, 990);
		return us < 0 ? 0 : (uint64_t)us;
	case STATUS_BY_REQUESTS:
	case STATUS_SORT_COUNT:
		break;
	}
	return n->counts[STATS_COUNT_requests];
}

static int
status_higher(const void *a, const void *b)
{
	const struct status_rank *x = a, *y = b;

	return x->key > y->key ? -1 : x->key < y->key;
}

/* A bar of so much of a whole. */
static void
status_share_bar(struct status_out *o, const char *class, uint64_t part,
    uint64_t of)
{
	status_printf(o, "<svg class=\"share %s\" viewBox=\"0 0 100 4\" "
	    "preserveAspectRatio=\"none\" aria-hidden=\"true\">"
	    "<path d=\"M0 0h100v4H0z\"/><path class=\"part\" "
	    "d=\"M0 0h%.1fv4H0z\"/></svg>", class,
	    of == 0 ? 0 : 100 * (double)part / (double)of);
}

static void
status_numbers(struct status_out *o, const struct stats_numbers *n,
    uint64_t most)
{
	uint64_t all = n->counts[STATS_COUNT_requests];
	uint64_t wrong = n->counts[STATS_COUNT_errors];

	status_cell_count(o, "n", all);
	status_share_bar(o, "", all, most);
	status_cell(o, wrong > 0 ? "n bad" : "n");
	status_put_share(o, wrong, all);
	status_share_bar(o, "bad", wrong, all);
	status_cell(o, "n more");
	status_put_us(o, stats_quantile(n, 500));
	status_cell(o, "n");
	status_put_us(o, stats_quantile(n, 990));
	status_cell(o, "n more");
	status_put_bytes(o, n->counts[STATS_COUNT_sent]);
}

static void
status_service(struct status_out *o, const struct stats_row *r, uint64_t most)
{
	status_put(o, STR("<tr><th scope=\"row\">"));
	if (r->service[0] == '\0')
		status_put(o, STR("<em>no route</em>"));
	status_put_html(o, str_of(r->service));
	status_cell(o, "more");
	status_put_html(o, r->plan[0] != '\0' ? str_of(r->plan) : STR("–"));
	status_numbers(o, &r->numbers, most);
	status_put(o, STR("</tr>\n"));
}

static void
status_other(struct status_out *o, const struct status *s, uint64_t most)
{
	if (s->counted->other.counts[STATS_COUNT_requests] == 0)
		return;
	status_put(o, STR("<tr><th scope=\"row\"><em>all others</em>"));
	status_cell(o, "more");
	status_numbers(o, &s->counted->other, most);
	status_put(o, STR("</tr>\n"));
}

/* The highest first; to be freed. */
static struct status_rank *
status_ranks(const struct stats_row *rows, size_t count, enum status_sort by)
{
	struct status_rank *ranks = calloc(count, sizeof(*ranks));
	size_t i;

	CHECK(ranks != NULL);
	for (i = 0; i < count; i++)
		ranks[i] = (struct status_rank){ &rows[i],
			status_rank_key(&rows[i].numbers, by) };
	qsort(ranks, count, sizeof(*ranks), status_higher);
	return ranks;
}

static void
status_rows(struct status_out *o, const struct status *s, size_t shown)
{
	const struct stats_row *rows = s->counted->services;
	struct status_rank *ranks = status_ranks(rows,
	    s->counted->service_count, s->sort);
	size_t i;

	for (i = 0; i < shown; i++)
		status_service(o, ranks[i].row,
		    rows[0].numbers.counts[STATS_COUNT_requests]);
	free(ranks);
}

static void
status_services(struct status_out *o, const struct status *s)
{
	static const struct status_column columns[] = {
		{ "Service or route", "", -1 },
		{ "Plan", "more", -1 },
		{ "Requests", "n", STATUS_BY_REQUESTS },
		{ "Errors", "n", STATUS_BY_ERRORS },
		{ "p50", "n more", -1 },
		{ "p99", "n", STATUS_BY_SLOW },
		{ "Sent", "n more", STATUS_BY_SENT }
	};
	size_t count = s->counted->service_count;
	size_t shown = status_least(count, STATUS_SERVICES);

	status_section(o, "services", "Services");
	if (count == 0) {
		status_nothing(o, "Nothing was asked for yet.");
		return;
	}
	status_put(o, STR(" <small>of the last "));
	status_put_age(o, (int64_t)s->wall.tv_sec -
	    (int64_t)s->counted->made);
	status_put(o, STR("</small>"));
	STATUS_TABLE(o, s, "services", columns);
	status_rows(o, s, shown);
	status_other(o, s, s->counted->services[0].numbers
	    .counts[STATS_COUNT_requests]);
	status_table_end(o, count - shown);
}

static void
status_plan(struct status_out *o, const struct stats_row *r, uint64_t most)
{
	uint64_t refused = r->numbers.counts[STATS_COUNT_limited];

	status_put(o, STR("<tr><th scope=\"row\" class=\"short\">"));
	if (r->plan[0] == '\0')
		status_put(o, STR("<em>no plan</em>"));
	else if (r->plan[0] == '*')
		status_put(o, STR("<em>all others</em>"));
	else
		status_put_html(o, str_of(r->plan));
	status_numbers(o, &r->numbers, most);
	status_cell(o, "n");
	status_put_share(o, refused, r->numbers.counts[STATS_COUNT_requests]);
	status_put(o, STR("</tr>\n"));
}

/* Where nobody has a plan, the total says it all. */
static bool
status_any_plan(const struct stats_view *v)
{
	return v->plan_count > 1 ||
	    (v->plan_count == 1 && v->plans[0].plan[0] != '\0');
}

static void
status_plans(struct status_out *o, const struct status *s)
{
	static const struct status_column columns[] = {
		{ "Plan", "", -1 },
		{ "Requests", "n", -1 },
		{ "Errors", "n", -1 },
		{ "p50", "n more", -1 },
		{ "p99", "n", -1 },
		{ "Sent", "n more", -1 },
		{ "Refused", "n", -1 }
	};
	size_t count = s->counted->plan_count;
	size_t shown = status_least(count, STATUS_PLANS), i;
	struct status_rank *ranks;

	status_section(o, "plans", "Plans");
	if (!status_any_plan(s->counted)) {
		status_nothing(o, "No request had a plan.");
		return;
	}
	ranks = status_ranks(s->counted->plans, count, STATUS_BY_REQUESTS);
	STATUS_TABLE(o, s, "plans", columns);
	for (i = 0; i < shown; i++)
		status_plan(o, ranks[i].row, ranks[0].key);
	status_table_end(o, count - shown);
	free(ranks);
}

/* ---- origins ---- */

static void
status_origin_note(struct status_out *o, const struct health_view *v)
{
	int64_t left = v->since - clock_ms();

	switch (v->state) {
	case HEALTH_OUT:
		status_put(o, STR("tried again in "));
		status_put_age(o, left > 0 ? (left + 999) / 1000 : 0);
		if (v->times > 1)
			status_printf(o, ", out %u times in a row", v->times);
		break;
	case HEALTH_DUE:
		status_put(o, STR("the next request tries it"));
		break;
	case HEALTH_TRIED:
		status_put(o, STR("a request tries it"));
		break;
	case HEALTH_WELL:
	case HEALTH_STATE_COUNT:
		if (v->fails > 0)
			status_printf(o, "failed %u time%s of late", v->fails,
			    v->fails == 1 ? "" : "s");
		break;
	}
}

static void
status_origin(struct status_out *o, const struct health_row *r)
{
	status_put(o, STR("<tr><th scope=\"row\">"));
	status_put_html(o, (struct str){ r->name, r->name_size });
	if (r->name_size == 0)
		status_put(o, STR("<em>not told</em>"));
	status_cell(o, "");
	status_printf(o, "<span class=\"badge %s\">%s</span>",
	    r->view.state == HEALTH_WELL ? "well" :
	    r->view.state == HEALTH_OUT ? "bad" : "warn",
	    health_word(r->view.state));
	status_cell(o, "n");
	status_put_count(o, r->view.active);
	status_cell(o, "note");
	status_origin_note(o, &r->view);
	status_put(o, STR("</tr>\n"));
}

static void
status_origins(struct status_out *o, const struct status *s)
{
	static const struct status_column columns[] = {
		{ "Origin", "", -1 },
		{ "State", "", -1 },
		{ "Requests", "n", -1 },
		{ "Note", "note", -1 }
	};
	size_t shown = status_least(s->origin_count, STATUS_ORIGINS), i;

	status_section(o, "origins", "Origins");
	if (s->origin_count == 0) {
		status_nothing(o, "No request went to a service with several "
		    "origins yet.");
		return;
	}
	STATUS_TABLE(o, s, "origins", columns);
	for (i = 0; i < shown; i++)
		status_origin(o, &s->origins[i]);
	status_table_end(o, s->origin_count - shown);
}

/* ---- limits ---- */

static void
status_limit(struct status_out *o, const struct limit_refusals *r)
{
	bool any = false;
	int i;

	status_put(o, STR("<tr><th scope=\"row\" class=\"short\">"));
	status_put_html(o, (struct str){ r->plan, strnlen(r->plan,
	    sizeof(r->plan)) });
	status_cell(o, "any");
	status_put_html(o, (struct str){ r->key, strnlen(r->key,
	    sizeof(r->key)) });
	status_cell(o, "");
	for (i = 0; i < LIMIT_WHAT_COUNT; i++) {
		if (r->count[i] == 0)
			continue;
		status_printf(o, "%s%s ", any ? ", " : "",
		    reason_word(limit_reason((enum limit_what)i)));
		status_put_count(o, r->count[i]);
		any = true;
	}
	status_cell(o, "n");
	status_put_age(o, (clock_ms() - r->last_ms) / 1000);
	status_put(o, STR(" ago</tr>\n"));
}

static void
status_limits(struct status_out *o, const struct status *s)
{
	static const struct status_column columns[] = {
		{ "Plan", "", -1 },
		{ "Who", "", -1 },
		{ "Refused", "", -1 },
		{ "Last", "n", -1 }
	};
	size_t shown = status_least(s->refusal_count, STATUS_LIMITS), i;

	status_section(o, "limits", "Limits hit");
	if (s->refusal_count == 0) {
		status_nothing(o, "No plan has refused a request.");
		return;
	}
	STATUS_TABLE(o, s, "limits", columns);
	for (i = 0; i < shown; i++)
		status_limit(o, &s->refusals[i]);
	status_table_end(o, s->refusal_count - shown);
}

/* ---- requests under way ---- */

static void
status_text(struct status_out *o, const struct board_view *v,
    enum board_text text)
{
	status_put_html(o, (struct str){ v->texts[text].bytes,
		v->texts[text].n });
	if (v->texts[text].cut)
		status_put(o, STR("…"));
}

static void
status_request(struct status_out *o, const struct board_view *v,
    int64_t now_us)
{
	int64_t age = now_us - v->since_us;

	status_printf(o, "<tr><td class=\"n%s\">",
	    age > STATUS_SLOW_US ? " warn" : "");
	status_put_us(o, age);
	status_put(o, STR("<th scope=\"row\"><b>"));
	status_text(o, v, BOARD_METHOD);
	status_put(o, STR("</b> "));
	status_text(o, v, BOARD_HOST);
	status_text(o, v, BOARD_PATH);
	status_cell(o, "any more");
	status_text(o, v, BOARD_SERVICE);
	status_cell(o, "any more");
	status_text(o, v, BOARD_TO);
	status_cell(o, "");
	status_put(o, str_of(board_word(v->wait)));
	status_cell(o, "n more");
	status_printf(o, "%u</tr>\n", (unsigned)v->pid);
}

static void
status_requests_table(struct status_out *o, const struct status *s)
{
	static const struct status_column columns[] = {
		{ "For", "n", -1 },
		{ "Request", "", -1 },
		{ "Service", "more", -1 },
		{ "Origin", "more", -1 },
		{ "Waits for", "", -1 },
		{ "Process", "n more", -1 }
	};
	size_t shown = status_least(s->request_count, STATUS_REQUESTS), i;

	status_section(o, "requests", "Under way");
	if (s->request_count == 0) {
		status_nothing(o, "No request waits for anything.");
		return;
	}
	status_aside(o, "the oldest first");
	STATUS_TABLE(o, s, "requests", columns);
	for (i = 0; i < shown; i++)
		status_request(o, &s->requests[i], s->now_us);
	status_table_end(o, s->request_count - shown);
}

/* ---- why, processes ---- */

struct status_why {
	enum reason reason;
	uint64_t requests;
};

static int
status_more_often(const void *a, const void *b)
{
	const struct status_why *x = a, *y = b;

	return x->requests > y->requests ? -1 : x->requests < y->requests;
}

static size_t
status_fill_reasons(const uint64_t counts[REASON_COUNT],
    struct status_why out[REASON_COUNT])
{
	size_t n = 0;
	int r;

	for (r = REASON_NONE + 1; r < REASON_COUNT; r++)
		if (counts[r] > 0)
			out[n++] = (struct status_why){ (enum reason)r,
				counts[r] };
	qsort(out, n, sizeof(*out), status_more_often);
	return n;
}

static void
status_reasons(struct status_out *o, const struct status *s)
{
	static const struct status_column columns[] = {
		{ "Reason", "", -1 },
		{ "Requests", "n", -1 },
		{ "What it says", "note", -1 }
	};
	struct status_why why[REASON_COUNT];
	size_t count = status_fill_reasons(s->counted->reasons, why), i;

	status_section(o, "reasons", "Answers of the router's own");
	if (count == 0) {
		status_nothing(o, "All answers were what the map says.");
		return;
	}
	STATUS_TABLE(o, s, "reasons", columns);
	for (i = 0; i < count; i++) {
		status_printf(o, "<tr><th scope=\"row\" class=\"short\">%s",
		    reason_word(why[i].reason));
		status_cell_count(o, "n", why[i].requests);
		status_cell(o, "note");
		status_put(o, str_of(reason_sentence(why[i].reason)));
		status_put(o, STR("</tr>\n"));
	}
	status_table_end(o, 0);
}

static void
status_processes(struct status_out *o, const struct status *s)
{
	static const struct status_column columns[] = {
		{ "Process", "", -1 },
		{ "Since", "n more", -1 },
		{ "Map", "n", -1 },
		{ "Requests", "n", -1 },
		{ "Connections", "n more", -1 },
		{ "Workers", "n", -1 },
		{ "held", "n more", -1 },
		{ "To origins", "n", -1 },
		{ "idle", "n more", -1 }
	};
	static const struct {
		const char *class;
		enum stats_gauge gauge;
	} cells[] = {
		{ "n", STATS_GAUGE_generation },
		{ "n", STATS_GAUGE_requests },
		{ "n more", STATS_GAUGE_connections },
		{ "n", STATS_GAUGE_workers },
		{ "n more", STATS_GAUGE_workers_held },
		{ "n", STATS_GAUGE_wires_busy },
		{ "n more", STATS_GAUGE_wires_idle }
	};
	size_t i, k;

	status_section(o, "processes", "Routers");
	if (s->counted->process_count == 0) {
		status_nothing(o, "No router has told how it is yet.");
		return;
	}
	STATUS_TABLE(o, s, "processes", columns);
	for (i = 0; i < s->counted->process_count; i++) {
		const uint64_t *p = s->counted->processes[i];

		status_printf(o, "<tr><th scope=\"row\">%llu",
		    (unsigned long long)p[STATS_GAUGE_pid]);
		status_cell(o, "n more");
		status_put_age(o, (int64_t)s->wall.tv_sec -
		    (int64_t)p[STATS_GAUGE_since]);
		for (k = 0; k < sizeof(cells) / sizeof(cells[0]); k++)
			status_cell_count(o, cells[k].class,
			    p[cells[k].gauge]);
		status_put(o, STR("</tr>\n"));
	}
	status_table_end(o, 0);
}

void
status_tables(struct status_out *o, const struct status *s)
{
	status_put(o, STR("<div class=\"tables\">\n"));
	status_services(o, s);
	status_put(o, STR("<div class=\"side\">\n"));
	status_origins(o, s);
	status_plans(o, s);
	status_limits(o, s);
	status_reasons(o, s);
	status_put(o, STR("</div>\n"));
	status_requests_table(o, s);
	status_processes(o, s);
	status_put(o, STR("</div>\n"));
}
