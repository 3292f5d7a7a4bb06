/* SPDX-License-Identifier: BSD-2-Clause */

/* test_status_page: numbers for people, what is the matter, and that the most
 * there can be fits into an answer. */

#include "serve/status_private.h"

#include <stdlib.h>

#include "base/clock.h"
#include "tests/unit/table.h"

enum { SECOND = 1000000, HOUR = 3600, MANY = 4096 };

/* ---- numbers ---- */

static struct status_out out;

static int
out_open(void **state)
{
	(void)state;
	out.full = false;
	buf_init(&out.to, STATUS_MAX);
	return 0;
}

static int
out_close(void **state)
{
	(void)state;
	buf_fini(&out.to);
	return 0;
}

static void
put_count(double n)
{
	status_put_count(&out, (uint64_t)n);
}

static void
put_bytes(double n)
{
	status_put_bytes(&out, (uint64_t)n);
}

static void
put_us(double n)
{
	status_put_us(&out, (int64_t)n);
}

static void
put_age(double n)
{
	status_put_age(&out, (int64_t)n);
}

static void
put_rate(double n)
{
	status_put_rate(&out, n);
}

static void
put_percent(double n)
{
	status_put_share(&out, (uint64_t)(n * 1000), 100000);
}

static void
numbers_are_as_people_write_them(void **state)
{
	static const struct {
		const char *name;
		void (*put)(double n);
		double n;
		const char *text;
	} rows[] = {
		{ "none", put_count, 0, "0" },
		{ "hundreds", put_count, 999, "999" },
		{ "thousands", put_count, 1000, "1,000" },
		{ "zeros within", put_count, 70007, "70,007" },
		{ "millions", put_count, 1234567, "1.23 million" },
		{ "billions", put_count, 5e9, "5 billion" },
		{ "more", put_count, 18e18, "18000000 trillion" },
		{ "bytes", put_bytes, 999, "999 B" },
		{ "kilobytes", put_bytes, 1500, "1.50 kB" },
		{ "almost a megabyte", put_bytes, 999600, "1 MB" },
		{ "gigabytes", put_bytes, 12.34e9, "12.3 GB" },
		{ "no time", put_us, -1, "\xe2\x80\x93" },
		{ "microseconds", put_us, 999, "999 \xc2\xb5s" },
		{ "milliseconds", put_us, 1234, "1.23 ms" },
		{ "whole ones", put_us, 42000, "42 ms" },
		{ "seconds", put_us, 59.9 * SECOND, "59.9 s" },
		{ "minutes", put_us, 61.0 * SECOND, "1 min 1 s" },
		{ "more minutes", put_age, 1500, "25 min" },
		{ "hours", put_age, 7.5 * HOUR, "7 h 30 min" },
		{ "days", put_age, 50 * HOUR, "2 d 2 h" },
		{ "the future", put_age, -5, "0 s" },
		{ "a rate", put_rate, 12.3456, "12.3" },
		{ "none a second", put_rate, 0, "0" },
		{ "seldom", put_rate, 0.016, "0.02" },
		{ "often", put_rate, 123456, "123,456" },
		{ "no percent", put_percent, 0, "0 %" },
		{ "hardly any", put_percent, 0.005, "&lt; 0.01 %" },
		{ "few", put_percent, 0.25, "0.25 %" },
		{ "some", put_percent, 3.14, "3.1 %" },
		{ "most", put_percent, 99, "99 %" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		buf_clear(&out.to);
		rows[i].put(rows[i].n);
		TABLE_STR(rows[i].name, buf_view(&out.to), rows[i].text);
	}
}

static void
texts_of_others_stay_texts(void **state)
{
	static const struct {
		const char *name, *text, *html, *json;
	} rows[] = {
		{ "plain", "/a-b", "/a-b", "\"/a-b\"" },
		{ "a tag", "<b a=\"c\">&'",
		    "&lt;b a=&quot;c&quot;&gt;&amp;&#39;",
		    "\"<b a=\\\"c\\\">&'\"" },
		{ "control", "\x1b[1m\n", "\\x1b[1m\\x0a",
		    "\"\\u001b[1m\\u000a\"" },
		{ "no UTF-8", "\xff", "\\xff", "\"\\u00ff\"" },
		{ "UTF-8", "\xc3\xa9", "\xc3\xa9", "\"\xc3\xa9\"" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		buf_clear(&out.to);
		status_put_html(&out, str_of(rows[i].text));
		TABLE_STR(rows[i].name, buf_view(&out.to), rows[i].html);
		buf_clear(&out.to);
		status_put_json(&out, str_of(rows[i].text));
		TABLE_STR(rows[i].name, buf_view(&out.to), rows[i].json);
	}
}

/* ---- plots ---- */

/* Counting began a while ago; since then each minute had as many. */
static void
no_average_is_above_the_most_there_was(void **state)
{
	static struct stats_numbers seconds[STATS_SECONDS];
	static struct stats_numbers minutes[STATS_MINUTES];
	static struct stats_view view = { .seconds = seconds,
		.minutes = minutes };
	const struct status s = { .wall.tv_sec = 1000000, .counted = &view };
	static const struct {
		const char *name;
		uint64_t since;
	} rows[] = { { "a minute", 61 }, { "minutes", 229 },
		{ "a column and more", 400 }, { "an hour", 3599 } };
	const char *day = "<b>Requests a second</b> <span>last day</span>";
	double average, most;
	char *at;
	size_t i, m;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		view.made = 1000000 - rows[i].since;
		for (m = 0; m < rows[i].since / 60; m++)
			minutes[m].counts[STATS_COUNT_requests] = 6000;
		buf_clear(&out.to);
		status_plots(&out, &s);
		status_put(&out, (struct str){ "", 1 });
		at = strstr(buf_view(&out.to).p, day);
		at = at != NULL ? strstr(at, "\"key\">") : NULL;
		assert_non_null(at);
		average = strtod(at + strlen("\"key\">"), &at);
		at = strstr(at, "average, ");
		assert_non_null(at);
		most = strtod(at + strlen("average, "), NULL);
		TABLE_INT(rows[i].name, average <= most, 1);
		TABLE_INT(rows[i].name, average > 0, 1);
	}
}

/* ---- what is the matter ---- */

/* Two routers that have the map of generation 7, and nothing else. */
static struct status *
some_status(void)
{
	struct status *s = calloc(1, sizeof(*s));
	unsigned i;

	assert_non_null(s);
	s->counted = stats_view_take(NULL);
	s->counts = s->counted->shared = true;
	s->wall = clock_wall();
	s->counted->made = (uint64_t)s->wall.tv_sec - HOUR;
	s->counted->process_count = 2;
	for (i = 0; i < 2; i++) {
		s->counted->processes[i][STATS_GAUGE_generation] = 7;
		s->counted->processes[i][STATS_GAUGE_workers] = 4;
	}
	return s;
}

static void
status_drop(struct status **s)
{
	stats_view_free(&(*s)->counted);
	free((*s)->origins);
	free((*s)->requests);
	free((*s)->refusals);
	free(*s);
	*s = NULL;
}

static void
what_is_wrong_is_said_and_nothing_else(void **state)
{
	static const struct {
		const char *name;
		uint64_t generation, held, requests, errors, limited, lost;
		size_t out;
		bool counts, shared;
		enum status_grade grade;
		const char *says;
	} rows[] = {
		{ "all is well", 7, 0, 1000, 0, 0, 0, 0, true, true,
		    STATUS_WELL, NULL },
		{ "few errors", 7, 0, 1000, 9, 0, 0, 0, true, true,
		    STATUS_WELL, NULL },
		{ "one of few", 7, 0, 10, 1, 0, 0, 0, true, true,
		    STATUS_WELL, NULL },
		{ "two of few", 7, 0, 19, 2, 0, 0, 0, true, true,
		    STATUS_WELL, NULL },
		{ "three of few", 7, 0, 19, 3, 0, 0, 0, true, true,
		    STATUS_BAD,
		    "16 % of requests failed in the last minute" },
		{ "plans refuse few", 7, 0, 19, 0, 19, 0, 0, true, true,
		    STATUS_WELL, NULL },
		{ "some errors", 7, 0, 1000, 10, 0, 0, 0, true, true,
		    STATUS_WARN,
		    "1.0 % of requests failed in the last minute" },
		{ "many errors", 7, 0, 1000, 120, 0, 0, 0, true, true,
		    STATUS_BAD,
		    "12 % of requests failed in the last minute" },
		{ "another map", 8, 0, 0, 0, 0, 0, 0, true, true, STATUS_WARN,
		    "Routers use maps of different generations" },
		{ "no map", 0, 0, 0, 0, 0, 0, 0, true, true, STATUS_BAD,
		    "1 router has no map" },
		{ "held", 7, 4, 0, 0, 0, 0, 0, true, true, STATUS_WARN,
		    "All workers of 1 router are held" },
		{ "plans refuse some", 7, 0, 1000, 0, 49, 0, 0, true, true,
		    STATUS_WELL, NULL },
		{ "plans refuse many", 7, 0, 1000, 0, 50, 0, 0, true, true,
		    STATUS_WARN,
		    "Plans refused 5 % of requests in the last minute" },
		{ "lines are lost", 7, 0, 0, 0, 0, 59, 0, true,
		    true, STATUS_WARN, "Lines of an access log were lost in "
		    "the last minute" },
		{ "lines were lost", 7, 0, 0, 0, 0, 60, 0, true,
		    true, STATUS_WELL, NULL },
		{ "an origin", 7, 0, 0, 0, 0, 0, 1, true, true, STATUS_WARN,
		    "1 origin is out" },
		{ "origins", 7, 0, 0, 0, 0, 0, 3, true, true, STATUS_WARN,
		    "3 origins are out" },
		{ "not counted", 7, 0, 0, 0, 0, 0, 0, false, false, STATUS_WARN,
		    "Nothing is counted: router.ini says [stats] count = no" },
		{ "not shared", 7, 0, 0, 0, 0, 0, 0, true, false, STATUS_WARN,
		    "Routers do not share what they count: these numbers are "
		    "of one of them" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct status *s = some_status();
		uint64_t *second = s->counted->processes[1];

		second[STATS_GAUGE_generation] = rows[i].generation;
		second[STATS_GAUGE_workers_held] = rows[i].held;
		if (rows[i].lost > 0) /* so many seconds ago */
			second[STATS_GAUGE_log_lost] =
			    (uint64_t)s->wall.tv_sec - rows[i].lost;
		s->minute.counts[STATS_COUNT_requests] = rows[i].requests;
		s->minute.counts[STATS_COUNT_errors] = rows[i].errors;
		s->minute.counts[STATS_COUNT_limited] = rows[i].limited;
		s->origin_states[HEALTH_OUT] = rows[i].out;
		s->origin_count = rows[i].out;
		s->counts = rows[i].counts;
		s->counted->shared = rows[i].shared;
		status_judge(s);
		s->origin_count = 0;
		TABLE_INT(rows[i].name, s->grade, rows[i].grade);
		TABLE_INT(rows[i].name, s->finding_count,
		    rows[i].says != NULL);
		if (rows[i].says != NULL)
			TABLE_STR(rows[i].name, str_of(s->findings[0].text),
			    rows[i].says);
		status_drop(&s);
	}
}

static void
files_that_are_refused_are_told_of(void **state)
{
	static const struct {
		const char *name;
		uint64_t generation, map, ini; /* of the second router */
		const char *says;
	} rows[] = {
		{ "a map", 7, 1, 0, "The map on disk cannot be used: 1 router "
		    "keeps the one before" },
		{ "router.ini", 7, 0, 1, "router.ini cannot be used: 1 router "
		    "keeps the settings before" },
		{ "there was none before", 0, 1, 0, "1 router has no map" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct status *s = some_status();
		uint64_t *second = s->counted->processes[1];

		second[STATS_GAUGE_generation] = rows[i].generation;
		second[STATS_GAUGE_map_refused] = rows[i].map;
		second[STATS_GAUGE_settings_refused] = rows[i].ini;
		status_judge(s);
		TABLE_INT(rows[i].name, s->finding_count, 1);
		TABLE_STR(rows[i].name, str_of(s->findings[0].text),
		    rows[i].says);
		assert_int_equal(s->grade, rows[i].generation == 0 ?
		    STATUS_BAD : STATUS_WARN);
		status_drop(&s);
	}
}

/* More than there are of anything else: each can be the matter at once. */
static void
all_that_can_be_wrong_is_said_at_once(void **state)
{
	struct status *s = some_status();
	int i, k;

	(void)state;
	for (i = 0; i < 2; i++)
		for (k = 0; k < STATS_GAUGE_COUNT; k++)
			s->counted->processes[i][k] =
			    (uint64_t)s->wall.tv_sec + (uint64_t)i;
	s->counted->shared = false;
	s->origin_states[HEALTH_OUT] = s->origin_count = 1;
	s->minute.counts[STATS_COUNT_requests] = 100;
	s->minute.counts[STATS_COUNT_errors] = 50;
	s->minute.counts[STATS_COUNT_limited] = 50;
	status_judge(s);
	s->origin_count = 0;
	assert_int_equal(s->finding_count, 9);
	status_drop(&s);
}

static void
the_gravest_is_said_first(void **state)
{
	struct status *s = some_status();

	(void)state;
	s->counted->shared = false;
	s->origin_states[HEALTH_OUT] = s->origin_count = 1;
	s->minute.counts[STATS_COUNT_requests] = 100;
	s->minute.counts[STATS_COUNT_errors] = 100;
	status_judge(s);
	s->origin_count = 0;
	assert_int_equal(s->finding_count, 3);
	assert_int_equal(s->findings[0].grade, STATUS_BAD);
	assert_int_equal(s->grade, STATUS_BAD);
	status_drop(&s);
}

/* ---- the most there can be ---- */

/* Each byte of these needs six in JSON, and in HTML five or four. */
static void
fill_evil(char *text, size_t n)
{
	memset(text, '\x01', n);
	memset(text, '"', n / 2);
}

static struct status *
full_status(void)
{
	struct status *s = some_status();
	struct stats_view *v = s->counted;
	size_t i, k;

	s->origins = calloc(MANY, sizeof(*s->origins));
	s->requests = calloc(MANY, sizeof(*s->requests));
	s->refusals = calloc(MANY, sizeof(*s->refusals));
	assert_true(s->origins != NULL && s->requests != NULL &&
	    s->refusals != NULL);
	s->origin_count = s->request_count = s->refusal_count = MANY;
	for (i = 0; i < MANY; i++) {
		fill_evil(s->origins[i].name, HEALTH_NAME_MAX);
		s->origins[i].name_size = HEALTH_NAME_MAX;
		fill_evil(s->refusals[i].plan, LIMIT_PLAN_TEXT);
		fill_evil(s->refusals[i].key, LIMIT_KEY_TEXT);
		for (k = 0; k < BOARD_TEXT_COUNT; k++) {
			fill_evil(s->requests[i].texts[k].bytes, 60);
			s->requests[i].texts[k].n = 60;
		}
	}
	v->service_count = STATS_TOP;
	for (i = 0; i < STATS_TOP; i++) {
		fill_evil(v->services[i].space, STATS_NAME - 1);
		fill_evil(v->services[i].service, STATS_SERVICE - 1);
		fill_evil(v->services[i].plan, STATS_NAME - 1);
		v->services[i].numbers.counts[0] = UINT64_MAX;
	}
	v->plan_count = STATS_PLANS;
	for (i = 0; i < STATS_PLANS; i++)
		fill_evil(v->plans[i].plan, STATS_NAME - 1);
	for (i = 0; i < STATS_MINUTES; i++)
		v->minutes[i].counts[0] = v->minutes[i].times[i % 42] = i;
	v->process_count = 128;
	return s;
}

static void
the_most_there_can_be_fits(void **state)
{
	struct status *s = full_status();
	struct arena a;
	int form;

	(void)state;
	for (form = 0; form < STATUS_FORM_COUNT; form++) {
		struct str body;

		arena_init(&a, 1 << 20);
		body = status_body(s, (enum status_form)form, &a);
		assert_non_null(body.p);
		assert_true(body.n <= STATUS_MAX);
		assert_false(str_find(body, '\x01') < body.n);
		if (form == STATUS_JSON) {
			/* Fewer rows than there are, and still some. */
			assert_in_range(s->rows, 8, STATUS_ROWS / 2);
			assert_true(str_ends(body, STR("]}\n")));
		}
		arena_fini(&a);
	}
	status_drop(&s);
}

static void
an_arena_without_room_is_told(void **state)
{
	struct status *s = some_status();
	struct arena a;

	(void)state;
	arena_init(&a, 256);
	assert_null(status_body(s, STATUS_PAGE, &a).p);
	arena_fini(&a);
	status_drop(&s);
}

#define OUT_TEST(test) \
	cmocka_unit_test_setup_teardown(test, out_open, out_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OUT_TEST(numbers_are_as_people_write_them),
		OUT_TEST(texts_of_others_stay_texts),
		OUT_TEST(no_average_is_above_the_most_there_was),
		cmocka_unit_test(what_is_wrong_is_said_and_nothing_else),
		cmocka_unit_test(files_that_are_refused_are_told_of),
		cmocka_unit_test(all_that_can_be_wrong_is_said_at_once),
		cmocka_unit_test(the_gravest_is_said_first),
		cmocka_unit_test(the_most_there_can_be_fits),
		cmocka_unit_test(an_arena_without_room_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
