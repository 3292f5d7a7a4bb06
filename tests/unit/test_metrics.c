/* SPDX-License-Identifier: BSD-2-Clause */

/* test_metrics: each family once, in order, with what was counted; nothing that
 * a client or a list says makes a family, a line or a label of its own. */

#include "decide/metrics.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/table.h"

enum { SOME_PLANS = 64 };

static struct stats_row metrics_plans[SOME_PLANS];
static uint64_t metrics_processes[3][STATS_GAUGE_COUNT];

/* What is told of these counts; freed by buf_fini. */
static void
metrics_of(const struct stats_view *v, struct buf *text)
{
	const struct metrics_from from = { .stats = v };

	buf_init(text, METRICS_MAX);
	assert_int_equal(metrics_put(&from, text), 0);
}

static bool
metrics_has(const struct buf *text, const char *line)
{
	struct str left = buf_view(text), one;

	while (str_cut(left, '\n', &one, &left))
		if (str_eq(one, str_of(line)))
			return true;
	return false;
}

static void
metrics_expect(const struct buf *text, const char *line)
{
	if (!metrics_has(text, line))
		fail_msg("no line '%s' in\n%.*s", line,
		    STR_ARG(buf_view(text)));
}

static void
test_counts_are_told_by_plan_and_have_their_units(void **state)
{
	struct stats_view v = { .plans = metrics_plans, .plan_count = 2,
		.made = 1700000000 };
	struct buf text;

	(void)state;
	memset(metrics_plans, 0, sizeof(metrics_plans));
	(void)snprintf(metrics_plans[1].plan, STATS_NAME, "free");
	metrics_plans[0].numbers.counts[STATS_COUNT_requests] = 7;
	metrics_plans[1].numbers.counts[STATS_COUNT_requests] = 5;
	metrics_plans[1].numbers.counts[STATS_COUNT_sent] = 1 << 20;
	metrics_plans[1].numbers.counts[STATS_COUNT_origin_us] = 12000345;
	v.events[STATS_EVENT_log_lost] = 3;
	v.reasons[REASON_NO_HOST] = 4;
	v.reasons[REASON_NONE] = 99;
	metrics_of(&v, &text);
	metrics_expect(&text, "# TYPE fcgi_router_requests_total counter");
	metrics_expect(&text, "# HELP fcgi_router_requests_total Requests "
	    "that have ended, however they did.");
	metrics_expect(&text, "fcgi_router_requests_total{plan=\"\"} 7");
	metrics_expect(&text, "fcgi_router_requests_total{plan=\"free\"} 5");
	metrics_expect(&text,
	    "fcgi_router_sent_bytes_total{plan=\"free\"} 1048576");
	metrics_expect(&text, "fcgi_router_origin_time_seconds_total{plan="
	    "\"free\"} 12.000345");
	metrics_expect(&text, "fcgi_router_log_lost_total 3");
	metrics_expect(&text,
	    "fcgi_router_reasons_total{reason=\"no-host\"} 4");
	metrics_expect(&text,
	    "fcgi_router_reasons_total{reason=\"limit-rate\"} 0");
	metrics_expect(&text,
	    "fcgi_router_counted_since_timestamp_seconds 1700000000");
	assert_false(metrics_has(&text,
	    "fcgi_router_reasons_total{reason=\"-\"} 99"));
	buf_fini(&text);
}

static void
test_a_histogram_adds_up(void **state)
{
	struct stats_view v = { .plan_count = 0 };
	struct buf text;

	(void)state;
	v.total.times[0] = 1; /* below 64 us */
	v.total.times[1] = 2;
	v.total.times[STATS_TIMES - 1] = 4;
	v.total.counts[STATS_COUNT_total_us] = 1500000;
	metrics_of(&v, &text);
	metrics_expect(&text,
	    "# TYPE fcgi_router_request_duration_seconds histogram");
	metrics_expect(&text, "fcgi_router_request_duration_seconds_bucket{"
	    "le=\"0.000064\"} 1");
	metrics_expect(&text, "fcgi_router_request_duration_seconds_bucket{"
	    "le=\"0.000096\"} 3");
	metrics_expect(&text, "fcgi_router_request_duration_seconds_bucket{"
	    "le=\"+Inf\"} 7");
	metrics_expect(&text, "fcgi_router_request_duration_seconds_sum "
	    "1.500000");
	metrics_expect(&text,
	    "fcgi_router_request_duration_seconds_count 7");
	buf_fini(&text);
}

static void
test_processes_are_summed_and_the_newest_map_is_told(void **state)
{
	struct stats_view v = { .processes = metrics_processes,
		.process_count = 3 };
	struct buf text;
	int i;

	(void)state;
	memset(metrics_processes, 0, sizeof(metrics_processes));
	for (i = 0; i < 3; i++) {
		metrics_processes[i][STATS_GAUGE_workers] = 2;
		metrics_processes[i][STATS_GAUGE_generation] =
		    i == 1 ? 9 : 8;
		metrics_processes[i][STATS_GAUGE_hosts] = i == 1 ? 5 : 4;
		metrics_processes[i][STATS_GAUGE_map_refused] =
		    i == 1 ? 0 : 1700000000;
	}
	metrics_of(&v, &text);
	metrics_expect(&text, "fcgi_router_processes_live 3");
	metrics_expect(&text, "fcgi_router_workers 6");
	metrics_expect(&text, "fcgi_router_map_generation 9");
	metrics_expect(&text, "fcgi_router_map_hosts 5");
	metrics_expect(&text, "fcgi_router_map_generations 2");
	metrics_expect(&text, "fcgi_router_processes_map_refused 2");
	metrics_expect(&text, "fcgi_router_processes_settings_refused 0");
	buf_fini(&text);
}

static void
test_all_families_are_there_before_anything_happened(void **state)
{
	struct stats_view v = { .plan_count = 0 };
	struct buf text;

	(void)state;
	metrics_of(&v, &text);
	metrics_expect(&text, "fcgi_router_requests_total{plan=\"\"} 0");
	metrics_expect(&text, "fcgi_router_map_generation 0");
	metrics_expect(&text, "fcgi_router_map_generations 0");
	metrics_expect(&text, "fcgi_router_origins{state=\"out\"} 0");
	metrics_expect(&text,
	    "# TYPE fcgi_router_limit_refusals_total counter");
	metrics_expect(&text, "fcgi_router_info{version=\"" PACKAGE_VERSION
	    "\"} 1");
	buf_fini(&text);
}

/* Whatever stands in the file, a line is one, and its quotes are closed. */
static void
test_no_name_breaks_a_line_or_a_label(void **state)
{
	static const struct { const char *plan, *label; } names[] = {
		{ "a\"b", "a\\\"b" },
		{ "a\\", "a\\\\" },
		{ "a\nb{} 1", "a\\\\x0ab{} 1" },
		{ "\xff\x1b[2J", "\\\\xff\\\\x1b[2J" },
		{ "\xc3\xa9", "\xc3\xa9" },
	};
	struct stats_view v = { .plans = metrics_plans, .plan_count = 1 };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(names); i++) {
		char line[128];
		struct buf text;

		memset(metrics_plans, 0, sizeof(metrics_plans));
		(void)snprintf(metrics_plans[0].plan, STATS_NAME, "%s",
		    names[i].plan);
		metrics_of(&v, &text);
		(void)snprintf(line, sizeof(line),
		    "fcgi_router_requests_total{plan=\"%s\"} 0",
		    names[i].label);
		metrics_expect(&text, line);
		buf_fini(&text);
	}
}

static void
test_what_does_not_fit_is_told(void **state)
{
	struct stats_view v = { .plan_count = 0 };
	const struct metrics_from from = { .stats = &v };
	struct buf text, whole;
	size_t n;

	(void)state;
	metrics_of(&v, &whole);
	for (n = 0; n < buf_len(&whole); n += 97) {
		buf_init(&text, n);
		assert_int_equal(metrics_put(&from, &text), -1);
		buf_fini(&text);
	}
	buf_fini(&whole);
}

static void
test_without_counts_the_rest_is_told(void **state)
{
	const struct metrics_from from = { .stats = NULL };
	struct buf text;

	(void)state;
	buf_init(&text, METRICS_MAX);
	assert_int_equal(metrics_put(&from, &text), 0);
	metrics_expect(&text, "fcgi_router_origins{state=\"well\"} 0");
	assert_false(metrics_has(&text,
	    "fcgi_router_requests_total{plan=\"\"} 0"));
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_counts_are_told_by_plan_and_have_their_units),
		cmocka_unit_test(test_a_histogram_adds_up),
		cmocka_unit_test(
		    test_processes_are_summed_and_the_newest_map_is_told),
		cmocka_unit_test(
		    test_all_families_are_there_before_anything_happened),
		cmocka_unit_test(test_no_name_breaks_a_line_or_a_label),
		cmocka_unit_test(test_what_does_not_fit_is_told),
		cmocka_unit_test(test_without_counts_the_rest_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
