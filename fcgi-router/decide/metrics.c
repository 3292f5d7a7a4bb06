/* SPDX-License-Identifier: BSD-2-Clause */

/* metrics: families one after the other, each in one place. */

#include "decide/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "base/escape.h"

enum {
	METRICS_VALUE = 512, /* bytes of a label's value, escaped */
	METRICS_SECOND = 1000000
};

enum metrics_how { METRICS_SUM, METRICS_NEWEST, METRICS_COUNT };

struct metrics {
	const struct metrics_from *from;
	struct buf *to;
	bool full;
};

static const char *const metrics_labels[] = {
#define METRIC_LABEL(NAME, name, help) name,
#include "decide/metrics.tbl.h"
	NULL
};

enum metrics_label {
#define METRIC_LABEL(NAME, name, help) METRICS_LABEL_##NAME,
#include "decide/metrics.tbl.h"
	METRICS_LABEL_NONE /* last */
};

/* A family's name, and a label. */
struct metrics_row {
	const char *name;
	const char *suffix; /* of the name, or "" */
	enum metrics_label label;
	struct str value;
};

static const struct {
	const char *name, *type, *help;
} metrics_rows[] = {
#define METRIC(NAME, name, type, help) { name, type, help },
#include "decide/metrics.tbl.h"
};

enum metrics_family {
#define METRIC(NAME, name, type, help) METRICS_##NAME,
#include "decide/metrics.tbl.h"
	METRICS_FAMILIES /* last */
};

static const struct {
	enum stats_gauge gauge;
	enum metrics_how how;
	const char *name, *help;
} metrics_gauges[] = {
#define METRIC_GAUGE(member, how, name, help) \
	{ STATS_GAUGE_##member, METRICS_##how, name, help },
#include "decide/metrics.tbl.h"
};

/* ---- text ---- */

static void
metrics_text(struct metrics *m, struct str text)
{
	m->full = m->full || buf_put(m->to, text) == -1;
}

static void
metrics_line(struct metrics *m, const char *line)
{
	metrics_text(m, str_of(line));
}

static void
metrics_number(struct metrics *m, uint64_t n, enum stats_unit unit)
{
	if (unit == STATS_UNIT_TIME)
		m->full = m->full || buf_printf(m->to,
		    "%" PRIu64 ".%06" PRIu64, n / METRICS_SECOND,
		    n % METRICS_SECOND) == -1;
	else
		m->full = m->full || buf_put_number(m->to, n) == -1;
}

static void
metrics_head(struct metrics *m, const char *name, const char *suffix,
    const char *type, const char *help)
{
	m->full = m->full || buf_printf(m->to,
	    "# HELP " METRICS_PREFIX "%s%s %s\n"
	    "# TYPE " METRICS_PREFIX "%s%s %s\n",
	    name, suffix, help, name, suffix, type) == -1;
}

/* A value of a label, between its quotes: UTF-8, on one line. */
static void
metrics_quoted(struct metrics *m, struct str value)
{
	char safe[METRICS_VALUE];
	struct str left = { safe, escape_put(safe, sizeof(safe), &value,
	    ESCAPE_LINE) };

	metrics_line(m, "\"");
	while (left.n > 0) {
		size_t n = 0;

		while (n < left.n && left.p[n] != '"' && left.p[n] != '\\')
			n++;
		metrics_text(m, str_sub(left, 0, n));
		left = str_sub(left, n, left.n);
		if (left.n == 0)
			break;
		metrics_line(m, "\\");
		metrics_text(m, str_sub(left, 0, 1));
		left = str_sub(left, 1, left.n);
	}
	metrics_line(m, "\"");
}

/* LABEL="value" */
static void
metrics_put_label(struct metrics *m, enum metrics_label label,
    struct str value)
{
	metrics_line(m, metrics_labels[label]);
	metrics_line(m, "=");
	metrics_quoted(m, value);
}

static void
metrics_sample(struct metrics *m, const struct metrics_row *row, uint64_t n,
    enum stats_unit unit)
{
	metrics_line(m, METRICS_PREFIX);
	metrics_line(m, row->name);
	metrics_line(m, row->suffix);
	if (row->label != METRICS_LABEL_NONE) {
		metrics_line(m, "{");
		metrics_put_label(m, row->label, row->value);
		metrics_line(m, "}");
	}
	metrics_line(m, " ");
	metrics_number(m, n, unit);
	metrics_line(m, "\n");
}

/* Without a label. */
static struct metrics_row
metrics_row(const char *name, const char *suffix)
{
	return (struct metrics_row){ .name = name, .suffix = suffix,
		.label = METRICS_LABEL_NONE };
}

/* A family of metrics.tbl.h begins. */
static struct metrics_row
metrics_begin(struct metrics *m, enum metrics_family family)
{
	metrics_head(m, metrics_rows[family].name, "",
	    metrics_rows[family].type, metrics_rows[family].help);
	return metrics_row(metrics_rows[family].name, "");
}

static void
metrics_one(struct metrics *m, enum metrics_family family, uint64_t n)
{
	struct metrics_row row = metrics_begin(m, family);

	metrics_sample(m, &row, n, STATS_UNIT_NUMBER);
}

/* ---- what stats counts ---- */

static const char *
metrics_suffix(enum stats_unit unit)
{
	return unit == STATS_UNIT_BYTES ? "_bytes_total" :
	    unit == STATS_UNIT_TIME ? "_seconds_total" : "_total";
}

/* A count, of each plan; all together they are that of all requests. */
static void
metrics_count(struct metrics *m, enum stats_count count)
{
	const struct stats_view *v = m->from->stats;
	const struct stats_word *word = &stats_counts[count];
	struct metrics_row row = { word->key, metrics_suffix(word->unit),
		METRICS_LABEL_PLAN, STR("") };
	size_t i;

	metrics_head(m, row.name, row.suffix, "counter", word->manual);
	if (v->plan_count == 0)
		metrics_sample(m, &row, v->total.counts[count], word->unit);
	for (i = 0; i < v->plan_count; i++) {
		row.value = str_of(v->plans[i].plan);
		metrics_sample(m, &row, v->plans[i].numbers.counts[count],
		    word->unit);
	}
}

static void
metrics_counts(struct metrics *m)
{
	int i;

	for (i = 0; i < STATS_COUNT_COUNT; i++)
		metrics_count(m, (enum stats_count)i);
	for (i = 0; i < STATS_EVENT_COUNT; i++) {
		struct metrics_row row = metrics_row(stats_events[i].key,
		    "_total");

		metrics_head(m, row.name, row.suffix, "counter",
		    stats_events[i].manual);
		metrics_sample(m, &row, m->from->stats->events[i],
		    STATS_UNIT_NUMBER);
	}
}

/* Each place of the histogram has what took less than its bound; Prometheus
 * wants all that is no more: what took the very microsecond is one too few. */
static void
metrics_duration(struct metrics *m)
{
	const struct stats_numbers *total = &m->from->stats->total;
	struct metrics_row row = metrics_begin(m, METRICS_DURATION);
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < STATS_TIMES; i++) {
		int64_t bound = stats_time_bound(i);

		sum += total->times[i];
		metrics_line(m, METRICS_PREFIX);
		metrics_line(m, row.name);
		metrics_line(m, "_bucket{le=\"");
		if (bound == INT64_MAX)
			metrics_line(m, "+Inf");
		else
			metrics_number(m, (uint64_t)bound, STATS_UNIT_TIME);
		metrics_line(m, "\"} ");
		metrics_number(m, sum, STATS_UNIT_NUMBER);
		metrics_line(m, "\n");
	}
	row.suffix = "_sum";
	metrics_sample(m, &row, total->counts[STATS_COUNT_total_us],
	    STATS_UNIT_TIME);
	row.suffix = "_count";
	metrics_sample(m, &row, sum, STATS_UNIT_NUMBER);
}

static void
metrics_reasons(struct metrics *m)
{
	struct metrics_row row = metrics_begin(m, METRICS_REASONS);
	int i;

	row.label = METRICS_LABEL_REASON;
	for (i = 0; i < REASON_COUNT; i++) {
		if (i == REASON_NONE)
			continue;
		row.value = str_of(reason_word((enum reason)i));
		metrics_sample(m, &row, m->from->stats->reasons[i],
		    STATS_UNIT_NUMBER);
	}
}

/* ---- processes ---- */

/* Index of the one with the newest map, or the count of them. */
static size_t
metrics_newest(const struct stats_view *v)
{
	size_t newest = v->process_count, i;

	for (i = 0; i < v->process_count; i++)
		if (newest == v->process_count ||
		    v->processes[i][STATS_GAUGE_generation] >
		    v->processes[newest][STATS_GAUGE_generation])
			newest = i;
	return newest;
}

static uint64_t
metrics_generations(const struct stats_view *v)
{
	uint64_t count = 0;
	size_t i, j;

	for (i = 0; i < v->process_count; i++) {
		uint64_t own = v->processes[i][STATS_GAUGE_generation];

		for (j = 0; j < i; j++)
			if (v->processes[j][STATS_GAUGE_generation] == own)
				break;
		count += j == i;
	}
	return count;
}

static uint64_t
metrics_gauge(const struct stats_view *v, enum stats_gauge gauge,
    enum metrics_how how)
{
	size_t newest = metrics_newest(v), i;
	uint64_t sum = 0;

	for (i = 0; i < v->process_count; i++)
		if (how == METRICS_COUNT)
			sum += v->processes[i][gauge] != 0;
		else if (how == METRICS_SUM || i == newest)
			sum += v->processes[i][gauge];
	return sum;
}

static void
metrics_processes(struct metrics *m)
{
	const struct stats_view *v = m->from->stats;
	size_t i;

	metrics_one(m, METRICS_LIVE, v->process_count);
	metrics_one(m, METRICS_GENERATIONS, metrics_generations(v));
	for (i = 0; i < sizeof(metrics_gauges) / sizeof(metrics_gauges[0]);
	    i++) {
		struct metrics_row row = metrics_row(metrics_gauges[i].name,
		    "");

		metrics_head(m, row.name, "", "gauge",
		    metrics_gauges[i].help);
		metrics_sample(m, &row, metrics_gauge(v,
		    metrics_gauges[i].gauge, metrics_gauges[i].how),
		    STATS_UNIT_NUMBER);
	}
}

/* ---- what limit and health know ---- */

/* Two labels. */
static void
metrics_refusal(struct metrics *m, const struct metrics_row *row,
    struct str plan, enum reason reason, uint64_t n)
{
	metrics_line(m, METRICS_PREFIX);
	metrics_line(m, row->name);
	metrics_line(m, "{");
	metrics_put_label(m, METRICS_LABEL_PLAN, plan);
	metrics_line(m, ",");
	metrics_put_label(m, METRICS_LABEL_REASON,
	    str_of(reason_word(reason)));
	metrics_line(m, "} ");
	metrics_number(m, n, STATS_UNIT_NUMBER);
	metrics_line(m, "\n");
}

static void
metrics_refusals(struct metrics *m)
{
	struct metrics_row row = metrics_begin(m, METRICS_REFUSALS);
	struct limit_refusals one;
	unsigned at = 0;
	int i;

	while (m->from->limit != NULL &&
	    limit_refusals_next(m->from->limit, &at, &one))
		for (i = 0; one.key[0] == '\0' && i < LIMIT_WHAT_COUNT; i++)
			metrics_refusal(m, &row, str_of(one.plan),
			    limit_reason((enum limit_what)i), one.count[i]);
}

static void
metrics_origins(struct metrics *m)
{
	struct metrics_row row = metrics_begin(m, METRICS_ORIGINS);
	uint64_t counts[HEALTH_STATE_COUNT] = { 0 };
	struct health_row one;
	unsigned at = 0;
	int i;

	while (m->from->health != NULL && health_next(m->from->health, &at,
	    &m->from->health_limits, m->from->now_ms, &one))
		counts[one.view.state]++;
	row.label = METRICS_LABEL_STATE;
	for (i = 0; i < HEALTH_STATE_COUNT; i++) {
		row.value = str_of(health_word((enum health_state)i));
		metrics_sample(m, &row, counts[i], STATS_UNIT_NUMBER);
	}
}

int
metrics_put(const struct metrics_from *from, struct buf *to)
{
	struct metrics m = { .from = from, .to = to };
	struct metrics_row info = metrics_begin(&m, METRICS_INFO);

	info.label = METRICS_LABEL_VERSION;
	info.value = STR(PACKAGE_VERSION);
	metrics_sample(&m, &info, 1, STATS_UNIT_NUMBER);
	if (from->stats != NULL) {
		metrics_one(&m, METRICS_SINCE, from->stats->made);
		metrics_counts(&m);
		metrics_duration(&m);
		metrics_reasons(&m);
		metrics_processes(&m);
	}
	metrics_refusals(&m);
	metrics_origins(&m);
	return m.full ? -1 : 0;
}
