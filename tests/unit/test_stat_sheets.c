/* SPDX-License-Identifier: BSD-2-Clause */

/* test_stat_sheets: sums by service, namespace and plan are those of all that
 * was counted, `other` too; and what came since is what is more. */

#include "tools/stat_sheets.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/table.h"

enum { SOME_SERVICES = 4 };

static struct stats_row now_services[SOME_SERVICES], was_services[2];
static struct stats_row now_plans[2];
static struct stats_view now, was;

static struct stats_numbers
some_numbers(uint64_t requests, uint64_t errors)
{
	struct stats_numbers n = { .counts = { 0 } };

	n.counts[STATS_COUNT_requests] = requests;
	n.counts[STATS_COUNT_errors] = errors;
	n.times[2] = requests;
	return n;
}

static void
some_row(struct stats_row *row, const char *space, const char *service,
    const char *plan, struct stats_numbers numbers)
{
	memset(row, 0, sizeof(*row));
	(void)snprintf(row->space, sizeof(row->space), "%s", space);
	(void)snprintf(row->service, sizeof(row->service), "%s", service);
	(void)snprintf(row->plan, sizeof(row->plan), "%s", plan);
	row->numbers = numbers;
}

/* Four services, of which two had been there before, and some others. */
static void
some_views(void)
{
	some_row(&now_services[0], "prod", "@a", "free", some_numbers(7, 1));
	some_row(&now_services[1], "prod", "@b", "free", some_numbers(5, 5));
	some_row(&now_services[2], "test", "@a", "", some_numbers(3, 0));
	some_row(&now_services[3], "prod", "@idle", "", some_numbers(0, 0));
	some_row(&was_services[0], "test", "@a", "", some_numbers(3, 0));
	some_row(&was_services[1], "prod", "@a", "free", some_numbers(4, 1));
	some_row(&now_plans[0], "", "", "free", some_numbers(12, 6));
	some_row(&now_plans[1], "", "", "", some_numbers(13, 0));
	now = (struct stats_view){ .services = now_services,
		.service_count = SOME_SERVICES, .plans = now_plans,
		.plan_count = 2, .total = some_numbers(25, 6),
		.other = some_numbers(10, 0) };
	was = (struct stats_view){ .services = was_services,
		.service_count = 2, .total = some_numbers(17, 1),
		.other = some_numbers(10, 0) };
	now.reasons[REASON_NONE] = 20;
	now.reasons[REASON_NO_HOST] = 5;
	was.reasons[REASON_NO_HOST] = 3;
}

/* The rows as lines of JSON. */
static char *
sums_of(const struct stat_look *look, const char *by, const char *sum)
{
	struct stat_keys keys = { .by_count = 0 };
	struct json *j = json_new();
	struct sheet *s;
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	struct err e;

	assert_non_null(to);
	if (by != NULL)
		assert_int_equal(stat_keys_by(str_of(by), &keys, &e), 0);
	assert_int_equal(stat_keys_sum(str_of(sum), &keys, &e), 0);
	s = stat_sheet_by(look, &keys, "l", &e);
	if (s == NULL) {
		(void)fputs(e.text, to);
	} else {
		sheet_list(s, j);
		json_write(j, to);
	}
	sheet_free(&s);
	json_free(&j);
	assert_int_equal(fclose(to), 0);
	return text;
}

static const struct {
	const char *by, *sum, *out;
	bool since;
} sums_rows[] = {
	{ "service,namespace,plan", "requests,errors", "{\"l\":["
	    "{\"service\":\"(other)\",\"namespace\":\"(other)\",\"plan\":"
	    "\"(other)\",\"requests\":10,\"errors\":0},"
	    "{\"service\":\"@a\",\"namespace\":\"prod\",\"plan\":\"free\","
	    "\"requests\":7,\"errors\":1},"
	    "{\"service\":\"@b\",\"namespace\":\"prod\",\"plan\":\"free\","
	    "\"requests\":5,\"errors\":5},"
	    "{\"service\":\"@a\",\"namespace\":\"test\",\"plan\":\"\","
	    "\"requests\":3,\"errors\":0}]}\n", false },
	{ "service", "requests", "{\"l\":["
	    "{\"service\":\"(other)\",\"requests\":10},"
	    "{\"service\":\"@a\",\"requests\":10},"
	    "{\"service\":\"@b\",\"requests\":5}]}\n", false },
	{ "namespace", "errors,requests", "{\"l\":["
	    "{\"namespace\":\"prod\",\"errors\":6,\"requests\":12},"
	    "{\"namespace\":\"(other)\",\"errors\":0,\"requests\":10},"
	    "{\"namespace\":\"test\",\"errors\":0,\"requests\":3}]}\n",
	    false },
	/* plans are known of all */
	{ "plan", "requests", "{\"l\":[{\"plan\":\"\",\"requests\":13},"
	    "{\"plan\":\"free\",\"requests\":12}]}\n", false },
	{ NULL, "requests,errors", "{\"l\":[{\"requests\":25,\"errors\":6}]}"
	    "\n", false },
	{ "reason", "requests", "{\"l\":[{\"reason\":\"-\",\"requests\":20},"
	    "{\"reason\":\"no-host\",\"requests\":5}]}\n", false },
	/* what came since; who had none before is new */
	{ "service", "requests,errors", "{\"l\":["
	    "{\"service\":\"@b\",\"requests\":5,\"errors\":5},"
	    "{\"service\":\"@a\",\"requests\":3,\"errors\":0}]}\n", true },
	{ "reason", "requests", "{\"l\":[{\"reason\":\"-\",\"requests\":20},"
	    "{\"reason\":\"no-host\",\"requests\":2}]}\n", true },
	/* times are of the histogram: from 96 to 128 us */
	{ "plan", "p50", "{\"l\":[{\"plan\":\"\",\"p50_us\":113},"
	    "{\"plan\":\"free\",\"p50_us\":112}]}\n", false },
	{ "reason", "errors", "'reason' goes with nothing but --sum "
	    "requests, more is not counted of it; logs tell more, with "
	    "--usage", false },
	{ "reason,plan", "requests", "'reason' goes with nothing but --sum "
	    "requests, more is not counted of it; logs tell more, with "
	    "--usage", false },
	{ "host", "requests", "'host' is nothing that is counted, service, "
	    "plan, namespace or reason was expected; logs tell it, with "
	    "--usage", false },
	{ "tag.customer", "requests", "'tag.customer' is nothing that is "
	    "counted, service, plan, namespace or reason was expected; logs "
	    "tell it, with --usage", false },
};

static void
test_sums_are_of_all_that_was_counted(void **state)
{
	size_t i;

	(void)state;
	some_views();
	for (i = 0; i < TABLE_COUNT(sums_rows); i++) {
		const struct stat_look look = { .now = &now,
			.before = sums_rows[i].since ? &was : NULL };
		char *text = sums_of(&look, sums_rows[i].by,
		    sums_rows[i].sum);

		TABLE_STR(sums_rows[i].by != NULL ? sums_rows[i].by : "all",
		    str_of(text), sums_rows[i].out);
		free(text);
	}
}

static void
test_series_have_all_their_seconds_and_minutes(void **state)
{
	static struct stats_numbers seconds[STATS_SECONDS];
	static struct stats_numbers minutes[STATS_MINUTES];
	const struct stat_look look = { .now = &now };
	struct sheet *s;

	(void)state;
	some_views();
	now.seconds = seconds;
	now.minutes = minutes;
	s = stat_sheet_series(&look, false);
	assert_int_equal(sheet_rows(s), STATS_SECONDS);
	sheet_free(&s);
	s = stat_sheet_series(&look, true);
	assert_int_equal(sheet_rows(s), STATS_MINUTES);
	sheet_free(&s);
}

/* The last minute is of its seconds, hour and day of their minutes. */
static void
test_periods_are_sums_of_their_parts(void **state)
{
	static struct stats_numbers seconds[STATS_SECONDS];
	static struct stats_numbers minutes[STATS_MINUTES];
	static const char *const wants[] = { "\"second\",\"requests\":1,",
		"\"minute\",\"requests\":60,", "\"hour\",\"requests\":120,",
		"\"day\",\"requests\":2880,", "\"all\",\"requests\":25," };
	const struct stat_look look = { .now = &now };
	struct json *j = json_new();
	char *text = NULL;
	size_t n = 0, i;
	FILE *to = open_memstream(&text, &n);
	struct sheet *s;

	(void)state;
	some_views();
	for (i = 0; i < STATS_SECONDS; i++)
		seconds[i] = some_numbers(1, 0);
	for (i = 0; i < STATS_MINUTES; i++)
		minutes[i] = some_numbers(2, 0);
	now.seconds = seconds;
	now.minutes = minutes;
	s = stat_sheet(&look, STAT_TIMES);
	sheet_list(s, j);
	json_write(j, to);
	assert_int_equal(fclose(to), 0);
	for (i = 0; i < TABLE_COUNT(wants); i++)
		if (strstr(text, wants[i]) == NULL)
			fail_msg("no %s in %s", wants[i], text);
	free(text);
	sheet_free(&s);
	json_free(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_are_of_all_that_was_counted),
		cmocka_unit_test(
		    test_series_have_all_their_seconds_and_minutes),
		cmocka_unit_test(test_periods_are_sums_of_their_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
