/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stats: what a record counts for, who has a place, what came when, and what a
 * histogram tells.
 */

#include "report/stats.h"

#include "tests/unit/stats_site.h"

#include <inttypes.h>

/* ---- one record ---- */

struct counted {
	const char *name;
	struct record record;
	const char *counts; /* those that are not 0, by their keys */
};

static const struct counted counteds[] = {
	{ "an answer", { .status = 200 }, "requests=1" },
	{ "one that has no time", { .status = 204, .total_us = -1,
	    .origin_us = -1 }, "requests=1" },
	{ "all that is summed", { .status = 200, .received = 2, .sent = 3,
	    .attempts = 4, .origin_us = 5, .total_us = 6 },
	    "requests=1 received=2 sent=3 attempts=4 origin_time=5 "
	    "total_time=6" },
	{ "a redirect", { .status = 301 }, "requests=1 redirects=1" },
	{ "a client's error", { .status = 404 },
	    "requests=1 client_errors=1" },
	{ "a client that went away", { .status = 499,
	    .reason = REASON_CLIENT_GONE }, "requests=1 gone=1" },
	{ "an error", { .status = 500 }, "requests=1 errors=1" },
	{ "a status beyond all", { .status = 600 }, "requests=1 errors=1" },
	{ "too often", { .status = 429, .reason = REASON_LIMIT_RATE },
	    "requests=1 client_errors=1 limited=1" },
	{ "too many", { .status = 429, .reason = REASON_LIMIT_CONCURRENCY },
	    "requests=1 client_errors=1 limited=1" },
	{ "too many origins", { .status = 503,
	    .reason = REASON_LIMIT_SUBREQUESTS },
	    "requests=1 errors=1 limited=1" },
	{ "too long", { .status = 504, .reason = REASON_LIMIT_TIME },
	    "requests=1 errors=1 limited=1" },
	{ "another reason", { .status = 502,
	    .reason = REASON_ORIGIN_REFUSED }, "requests=1 errors=1" },
};

static const char *
counts_text(const struct stats_numbers *n)
{
	static char text[512];
	size_t at = 0, i;

	text[0] = '\0';
	for (i = 0; i < STATS_COUNT_COUNT; i++)
		if (n->counts[i] != 0)
			at += (size_t)snprintf(text + at, sizeof(text) - at,
			    "%s%s=%" PRIu64, at > 0 ? " " : "",
			    stats_counts[i].key, n->counts[i]);
	return text;
}

static void
a_record_counts_once_wherever_it_does(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(counteds); i++) {
		const struct counted *row = &counteds[i];
		struct stats_view *v;
		struct stats *s;

		site_init(NULL);
		s = site_join();
		stats_add(s, &row->record, clock_us());
		v = stats_view_take(s);
		TABLE_STR(row->name, str_of(counts_text(&v->total)),
		    row->counts);
		assert_int_equal(v->service_count, 1);
		TABLE_STR(row->name, str_of(counts_text(
		    &v->services[0].numbers)), row->counts);
		assert_int_equal(v->plan_count, 1);
		TABLE_STR(row->name, str_of(counts_text(
		    &v->plans[0].numbers)), row->counts);
		TABLE_STR(row->name, str_of(counts_text(&v->other)), "");
		TABLE_INT(row->name, v->reasons[row->record.reason], 1);
		TABLE_INT(row->name, v->total.times[0], 1);
		stats_view_free(&v);
		assert_null(v);
		stats_leave(&s);
		site_fini(NULL);
	}
}

/* ---- whose row it is ---- */

struct named {
	const char *name;
	struct record record;
	const char *row; /* SPACE|SERVICE|PLAN */
};

#define TEXT(literal) { literal, sizeof(literal) - 1 }
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct named nameds[] = {
	{ "a service", { .space = TEXT("production"),
	    .service = TEXT("@api"), .route = TEXT("a.test/x"),
	    .plan = TEXT("free") }, "production|@api|free" },
	{ "one of a namespace", { .space = TEXT("eu"),
	    .service = TEXT("@eu/shop"), .route = TEXT("{t}.test") },
	    "eu|@eu/shop|" },
	{ "a route to no service", { .space = TEXT("production"),
	    .route = TEXT("a.test/x") }, "production|a.test/x|" },
	{ "a service that is not there", { .space = TEXT("eu"),
	    .service = TEXT("@eu/made-up"), .route = TEXT("{t}.test"),
	    .reason = REASON_NO_SERVICE, .status = 404 }, "eu|{t}.test|" },
	{ "no route", { .space = TEXT("production"), .status = 404 },
	    "production||" },
	{ "nothing at all", { .status = 200 }, "||" },
	{ "texts that are longer than their places",
	    { .space = TEXT(HUNDRED HUNDRED),
	    .service = TEXT("@" HUNDRED HUNDRED HUNDRED),
	    .plan = TEXT(HUNDRED HUNDRED) },
	    HUNDRED TEN TEN "0123456|@" HUNDRED HUNDRED TEN TEN TEN TEN TEN
	    "0123|" HUNDRED TEN TEN "0123456" },
};

static void
a_row_is_a_service_or_route_in_a_namespace_with_a_plan(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(nameds); i++) {
		const struct named *row = &nameds[i];
		struct stats_view *v;
		struct stats *s;
		char text[1024];

		site_init(NULL);
		s = site_join();
		stats_add(s, &row->record, clock_us());
		stats_add(s, &row->record, clock_us());
		v = stats_view_take(s);
		TABLE_INT(row->name, v->service_count, 1);
		snprintf(text, sizeof(text), "%s|%s|%s",
		    v->services[0].space, v->services[0].service,
		    v->services[0].plan);
		TABLE_STR(row->name, str_of(text), row->row);
		TABLE_STR(row->name, str_of(v->plans[0].plan),
		    v->services[0].plan);
		TABLE_INT(row->name, v->services[0].numbers.counts[
		    STATS_COUNT_requests], 2);
		stats_view_free(&v);
		stats_leave(&s);
		site_fini(NULL);
	}
}

static void
services_come_by_how_much_they_are_used(void **state)
{
	static const char *const order[] = { "@c", "@a", "@b", "@d" };
	struct stats *s = site_join();
	struct stats_view *v;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		site_count(s, "@c");
	site_count(s, "@b");
	site_count(s, "@b");
	site_count(s, "@a");
	site_count(s, "@a");
	site_count(s, "@d");
	v = stats_view_take(s);
	assert_int_equal(v->service_count, TABLE_COUNT(order));
	for (i = 0; i < TABLE_COUNT(order); i++)
		assert_string_equal(v->services[i].service, order[i]);
	stats_view_free(&v);
	stats_leave(&s);
}

static void
a_service_has_a_row_for_each_plan(void **state)
{
	struct record r = site_record("@api", 1000);
	struct stats *s = site_join();
	struct stats_view *v;

	(void)state;
	r.plan = STR("free");
	stats_add(s, &r, clock_us());
	r.plan = STR("paid");
	stats_add(s, &r, clock_us());
	stats_add(s, &r, clock_us());
	v = stats_view_take(s);
	assert_int_equal(v->service_count, 2);
	assert_int_equal(site_row(v, "@api", "free")->numbers.counts[0], 1);
	assert_int_equal(site_row(v, "@api", "paid")->numbers.counts[0], 2);
	assert_int_equal(v->plan_count, 2);
	stats_view_free(&v);
	stats_leave(&s);
}

static void
plans_without_a_place_are_counted_as_one(void **state)
{
	struct record r = site_record("@api", 1000);
	struct stats *s = site_join();
	uint64_t all = 0, rest = 0;
	struct stats_view *v;
	char name[16];
	size_t i;

	(void)state;
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "plan%zu", i);
		r.plan = str_of(name);
		stats_add(s, &r, clock_us());
	}
	v = stats_view_take(s);
	assert_int_equal(v->plan_count, STATS_PLANS - 1); /* and one of none */
	for (i = 0; i < v->plan_count; i++) {
		all += v->plans[i].numbers.counts[STATS_COUNT_requests];
		if (strcmp(v->plans[i].plan, "*") == 0)
			rest = v->plans[i].numbers.counts[0];
	}
	assert_int_equal(all, 100);
	assert_int_equal(rest, 100 - (STATS_PLANS - 2));
	stats_view_free(&v);
	stats_leave(&s);
}

static void
every_reason_has_a_place(void **state)
{
	struct record r = site_record("@api", 1000);
	struct stats *s = site_join();
	struct stats_view *v;
	int i, k;

	(void)state;
	for (i = 0; i < REASON_COUNT; i++)
		for (k = 0; k <= i; k++) {
			r.reason = (enum reason)i;
			stats_add(s, &r, clock_us());
		}
	v = stats_view_take(s);
	for (i = 0; i < REASON_COUNT; i++)
		TABLE_INT(reason_word((enum reason)i), v->reasons[i], i + 1);
	stats_view_free(&v);
	stats_leave(&s);
}

/* ---- times ---- */

static void
places_of_a_histogram_meet(void **state)
{
	unsigned i;

	(void)state;
	assert_int_equal(stats_time_place(-1), 0);
	assert_int_equal(stats_time_place(0), 0);
	for (i = 0; i + 1 < STATS_TIMES; i++) {
		int64_t bound = stats_time_bound(i);

		assert_int_equal(stats_time_place(bound - 1), i);
		assert_int_equal(stats_time_place(bound), i + 1);
	}
	assert_int_equal(stats_time_bound(STATS_TIMES - 2), 67108864);
	assert_true(stats_time_bound(STATS_TIMES - 1) == INT64_MAX);
	assert_int_equal(stats_time_place(INT64_MAX), STATS_TIMES - 1);
}

struct quantile {
	const char *name;
	const char *times; /* US*REQUESTS ... */
	const char *quantiles; /* THOUSANDTHS=US ... */
};

static const struct quantile quantiles[] = {
	{ "of nothing", "", "0=-1 500=-1 1000=-1" },
	{ "of one request", "100*1", "1=128 500=128 1000=128" },
	{ "of equal ones they are spread evenly", "2048*100",
	    "10=2058 500=2560 1000=3072" },
	{ "below the first bound", "10*2", "500=32 1000=64" },
	{ "half here and half there", "100*50 10000*50",
	    "500=128 510=8273 990=12206 1000=12288" },
	{ "one in a hundred is slow", "100*99 60000000*1",
	    "500=112 990=128 991=67108864 1000=67108864" },
	{ "one in a thousand is slow", "100*999 60000000*1",
	    "990=127 999=128 1000=67108864" },
	{ "beyond the last bound it is that", "100*1 3600000000*1",
	    "500=128 1000=67108864" },
	{ "of very many", "100*9000000000000000000 200*9000000000000000000",
	    "500=128 750=224 1000=256" },
};

static struct stats_numbers
times_of(const char *words)
{
	struct stats_numbers n = { .counts = { 0 } };
	uint64_t count;
	int64_t us;
	int used;

	while (sscanf(words, "%" SCNd64 "*%" SCNu64 " %n", &us, &count,
	    &used) == 2) {
		n.times[stats_time_place(us)] += count;
		words += used;
	}
	assert_int_equal(*words, '\0');
	return n;
}

static void
a_quantile_is_where_the_histogram_has_it(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(quantiles); i++) {
		const struct quantile *row = &quantiles[i];
		struct stats_numbers n = times_of(row->times);
		const char *words = row->quantiles;
		unsigned thousandths;
		int64_t want;
		int used;

		while (sscanf(words, "%u=%" SCNd64 " %n", &thousandths,
		    &want, &used) == 2) {
			TABLE_INT(row->name, stats_quantile(&n, thousandths),
			    want);
			words += used;
		}
		assert_int_equal(*words, '\0');
	}
}

/* ---- series ---- */

/*
 * What happens, and what is to be seen after it, in words:
 * @S the time is S seconds behind the beginning, cN so many requests end,
 * sI=N in the second before that with index I it were N, mI=N in the minute,
 * t=N all together.
 */
struct story {
	const char *name;
	const char *words;
};

static const struct story stories[] = {
	{ "nothing came", "s0=0 s59=0 m0=0 m1439=0 t=0" },
	{ "a second is shown when it has passed",
	    "c3 s0=0 t=3 @1 s0=3 s1=0 @2 s0=0 s1=3" },
	{ "also when others came since", "c3 @1 c5 s0=3 @2 s0=5 s1=3" },
	{ "with seconds between in which nothing came",
	    "c3 @7 c5 @9 s0=0 s1=5 s2=0 s7=0 s8=3 s9=0" },
	{ "until a minute is over",
	    "c3 @60 s59=3 @61 s0=0 s59=0 m0=3 t=3" },
	{ "also when nothing came since, and the second's place is used again",
	    "c3 @64 s59=0 c2 @65 s0=2 s1=0 s59=0 t=5" },
	{ "a minute is shown when it has passed",
	    "c1 @30 c1 m0=0 @60 m0=2 m1=0 c4 @120 m0=4 m1=2" },
	{ "and for a day",
	    "c1 @86400 m1439=1 m1438=0 @86460 m1439=0" },
	{ "though there was nothing for days",
	    "c1 @864000 c2 @864060 m0=2 m1=0 m1439=0 t=3" },
	{ "all seconds together are all that came",
	    "c1 @1 c1 @2 c1 @3 c1 @59 c1 @60 s59=1 s58=1 s57=1 s56=1 s0=1 "
	    "m0=5" },
};

static void
story_sees(const struct story *row, struct stats *s, const char *word)
{
	struct stats_view *v = stats_view_take(s);
	uint64_t want, got;
	unsigned i = 0;

	if (word[0] == 't') {
		TABLE_INT(row->name, sscanf(word, "t=%" SCNu64, &want), 1);
		got = v->total.counts[STATS_COUNT_requests];
	} else {
		TABLE_INT(row->name, sscanf(word + 1, "%u=%" SCNu64, &i,
		    &want), 2);
		got = (word[0] == 's' ? v->seconds : v->minutes)[i].counts[
		    STATS_COUNT_requests];
	}
	if (got != want)
		fail_msg("row '%s', %s: got %" PRIu64, row->name, word, got);
	stats_view_free(&v);
}

static void
story_goes(const struct story *row, struct stats *s, const char *word)
{
	uint64_t n;

	if (word[0] == '@') {
		/* The beginning is that of a minute. */
		atomic_store(&site_page->us,
		    (INT64_C(1200) + atoll(word + 1)) * 1000000);
	} else if (word[0] == 'c') {
		for (n = strtoull(word + 1, NULL, 10); n > 0; n--)
			site_count(s, "@api");
	} else {
		story_sees(row, s, word);
	}
}

static void
series_say_what_came_when(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(stories); i++) {
		const struct story *row = &stories[i];
		char words[1024], *rest = words, *word;
		struct stats *s;

		snprintf(words, sizeof(words), "%s", row->words);
		site_init(NULL);
		s = site_join();
		story_goes(row, s, "@0");
		while ((word = strsep(&rest, " ")) != NULL)
			story_goes(row, s, word);
		stats_leave(&s);
		site_fini(NULL);
	}
}

/* The machine has just started: there was no minute before. */
static void
series_begin_with_the_machine(void **state)
{
	struct stats_view *v;
	struct stats *s = site_join();
	size_t i;

	(void)state;
	atomic_store(&site_page->us, 500000);
	site_count(s, "@api");
	atomic_store(&site_page->us, 1500000);
	v = stats_view_take(s);
	assert_int_equal(v->seconds[0].counts[0], 1);
	for (i = 1; i < STATS_SECONDS; i++)
		assert_int_equal(v->seconds[i].counts[0], 0);
	for (i = 0; i < STATS_MINUTES; i++)
		assert_int_equal(v->minutes[i].counts[0], 0);
	stats_view_free(&v);
	stats_leave(&s);
}

/* ---- processes and events ---- */

static void
a_process_is_shown_as_it_told_until_it_ends(void **state)
{
	struct stats *a = site_join(), *b = site_join();
	uint64_t gauges[STATS_GAUGE_COUNT];
	struct stats_view *v;
	size_t i;

	(void)state;
	v = stats_view_take(a);
	assert_int_equal(v->process_count, 0); /* nothing was told */
	stats_view_free(&v);
	for (i = 0; i < STATS_GAUGE_COUNT; i++)
		gauges[i] = 100 + i;
	stats_tell(a, gauges);
	gauges[STATS_GAUGE_pid] = 4711;
	stats_tell(b, gauges);
	v = stats_view_take(a);
	assert_int_equal(v->process_count, 2);
	for (i = 0; i < STATS_GAUGE_COUNT; i++)
		assert_int_equal(v->processes[0][i], 100 + i);
	assert_int_equal(v->processes[1][STATS_GAUGE_pid], 4711);
	stats_view_free(&v);
	stats_leave(&a);
	v = stats_view_take(b);
	assert_int_equal(v->process_count, 1);
	assert_int_equal(v->processes[0][STATS_GAUGE_pid], 4711);
	stats_view_free(&v);
	stats_leave(&b);
}

static void
what_happened_is_counted(void **state)
{
	struct stats *s = site_join();
	struct stats_view *v;

	(void)state;
	stats_happened(s, STATS_EVENT_log_lost, 3);
	stats_happened(s, STATS_EVENT_log_lost, 4);
	v = stats_view_take(s);
	assert_int_equal(v->events[STATS_EVENT_log_lost], 7);
	assert_int_equal(v->events[STATS_EVENT_processes], 1);
	stats_view_free(&v);
	stats_leave(&s);
}

static void
a_tool_sees_what_routers_counted(void **state)
{
	struct stats *s = site_join(), *tool;
	struct stats_view *v;
	struct err e;

	(void)state;
	site_count(s, "@api");
	stats_leave(&s);
	tool = stats_read(site.folder, &e);
	assert_non_null(tool);
	v = stats_view_take(tool);
	assert_true(v->shared);
	assert_true(v->made > 1000000000);
	assert_int_equal(v->total.counts[STATS_COUNT_requests], 1);
	assert_int_equal(site_row(v, "@api", "")->numbers.times[
	    stats_time_place(1000)], 1);
	stats_view_free(&v);
	stats_leave(&tool);
	assert_null(tool);
}

static void
who_makes_no_folder_makes_the_file_where_there_is_one(void **state)
{
	char path[SCRATCH_PATH_MAX];
	struct stats *s;
	struct err e;

	(void)state;
	s = stats_join(site.folder, false, &e);
	assert_int_equal(e.reason, REASON_NONE);
	assert_true(scratch_has(&site, "stats.1"));
	stats_leave(&s);
	s = stats_join(scratch_path(&site, "none", path), false, &e);
	assert_int_not_equal(e.reason, REASON_NONE);
	assert_false(scratch_has(&site, "none"));
	stats_leave(&s);
}

/* Where nothing is counted. */
static void
of_nothing_all_is_zero(void **state)
{
	struct stats_view *v = stats_view_take(NULL);

	(void)state;
	assert_false(v->shared);
	assert_int_equal(v->total.counts[STATS_COUNT_requests], 0);
	assert_int_equal(v->service_count + v->plan_count +
	    v->process_count, 0);
	assert_int_equal(stats_quantile(&v->seconds[STATS_SECONDS - 1], 500),
	    -1);
	assert_int_equal(v->minutes[STATS_MINUTES - 1].counts[0], 0);
	stats_view_free(&v);
	stats_view_free(&v);
}

static void
a_tool_without_a_file_says_so(void **state)
{
	struct err e;

	(void)state;
	assert_null(stats_read(site.folder, &e));
	assert_int_not_equal(e.text[0], '\0');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_counts_once_wherever_it_does),
		cmocka_unit_test(
		    a_row_is_a_service_or_route_in_a_namespace_with_a_plan),
		cmocka_unit_test_setup_teardown(
		    services_come_by_how_much_they_are_used, site_init,
		    site_fini),
		cmocka_unit_test_setup_teardown(
		    a_service_has_a_row_for_each_plan, site_init, site_fini),
		cmocka_unit_test_setup_teardown(
		    plans_without_a_place_are_counted_as_one, site_init,
		    site_fini),
		cmocka_unit_test_setup_teardown(every_reason_has_a_place,
		    site_init, site_fini),
		cmocka_unit_test(places_of_a_histogram_meet),
		cmocka_unit_test(a_quantile_is_where_the_histogram_has_it),
		cmocka_unit_test(series_say_what_came_when),
		cmocka_unit_test_setup_teardown(series_begin_with_the_machine,
		    site_init, site_fini),
		cmocka_unit_test_setup_teardown(
		    a_process_is_shown_as_it_told_until_it_ends, site_init,
		    site_fini),
		cmocka_unit_test_setup_teardown(what_happened_is_counted,
		    site_init, site_fini),
		cmocka_unit_test_setup_teardown(
		    a_tool_sees_what_routers_counted, site_init, site_fini),
		cmocka_unit_test_setup_teardown(
		    who_makes_no_folder_makes_the_file_where_there_is_one,
		    site_init, site_fini),
		cmocka_unit_test(of_nothing_all_is_zero),
		cmocka_unit_test_setup_teardown(a_tool_without_a_file_says_so,
		    site_init, site_fini),
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
