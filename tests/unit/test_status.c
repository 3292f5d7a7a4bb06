/* SPDX-License-Identifier: BSD-2-Clause */

/* test_status: every code has a phrase. */

#include "http/status.h"

#include <string.h>

#include "tests/unit/table.h"

static const struct {
	int code;
	const char *phrase;
} status_rows[] = {
	{ 100, "Continue" },
	{ 101, "Switching Protocols" },
	{ 200, "OK" },
	{ 203, "Non-Authoritative Information" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 304, "Not Modified" },
	{ 308, "Permanent Redirect" },
	{ 404, "Not Found" },
	{ 408, "Request Timeout" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 508, "Loop Detected" },
	{ 511, "Network Authentication Required" },
	{ 306, "Status" },
	{ 299, "Status" },
	{ 512, "Status" },
	{ 599, "Status" },
	{ 999, "Status" },
	{ 99, "Status" },
	{ 0, "Status" },
	{ -1, "Status" },
};

static void
status_has_the_registered_phrase_or_a_plain_one(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(status_rows); i++)
		TABLE_STR(status_rows[i].phrase,
		    str_of(status_phrase(status_rows[i].code)),
		    status_rows[i].phrase);
}

static void
status_phrases_are_safe_in_a_status_line(void **state)
{
	int code;

	(void)state;
	for (code = -10; code < 1100; code++) {
		const char *p = status_phrase(code);

		assert_true(strlen(p) > 0);
		for (; *p != '\0'; p++)
			assert_true(*p >= ' ' && *p < 0x7f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    status_has_the_registered_phrase_or_a_plain_one),
		cmocka_unit_test(status_phrases_are_safe_in_a_status_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
