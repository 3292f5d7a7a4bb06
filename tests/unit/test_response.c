/* SPDX-License-Identifier: BSD-2-Clause */

/* test_response: heads as web servers take them from CGI. */

#include "http/response.h"

#include "tests/unit/table.h"

enum { RESPONSE_FIELDS = 4, RESPONSE_CEILING = 4096 };

static const struct {
	const char *row;
	int status;
	const char *phrase;
	int64_t length;
	const char *fields[RESPONSE_FIELDS][2];
	const char *want;
} response_rows[] = {
	{ "plain", 200, "OK", 5, { { "Content-Type", "text/plain" },
	    { "X-A", "" } },
	    "Status: 200 OK\r\nContent-Type: text/plain\r\nX-A: \r\n"
	    "Content-Length: 5\r\n\r\n" },
	{ "no length", 200, "Fine", -1, { { "b", "1" }, { "a", "2" } },
	    "Status: 200 Fine\r\nb: 1\r\na: 2\r\n\r\n" },
	{ "length 0", 204, "", 0, { { NULL } },
	    "Status: 204 No Content\r\nContent-Length: 0\r\n\r\n" },
	{ "the largest length", 200, "", INT64_MAX, { { NULL } },
	    "Status: 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n" },
	{ "its own phrase", 404, "", -1, { { NULL } },
	    "Status: 404 Not Found\r\n\r\n" },
	{ "Location first", 302, "Found", -1, { { "A", "1" },
	    { "LOCATION", "/x" }, { "Content-Location", "/y" },
	    { "Location", "/z" } },
	    "LOCATION: /x\r\nLocation: /z\r\nStatus: 302 Found\r\nA: 1\r\n"
	    "Content-Location: /y\r\n\r\n" },
};

static void
response_fields(size_t row, struct header *h, struct arena *a)
{
	size_t i;

	header_init(h, a);
	for (i = 0; i < RESPONSE_FIELDS; i++) {
		const char *const *f = response_rows[row].fields[i];

		if (f[0] != NULL)
			assert_int_equal(header_add(h, str_of(f[0]),
			    str_of(f[1])), 0);
	}
}

static void
heads_are_spelled_as_cgi_has_them(void **state)
{
	struct header h;
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, RESPONSE_CEILING);
	for (i = 0; i < TABLE_COUNT(response_rows); i++) {
		response_fields(i, &h, &a);
		TABLE_STR(response_rows[i].row, response_head(
		    response_rows[i].status, str_of(response_rows[i].phrase),
		    &h, response_rows[i].length, &a), response_rows[i].want);
		arena_reset(&a);
	}
	arena_fini(&a);
}

static void
a_full_arena_gives_none(void **state)
{
	struct arena a, none;
	struct header h;

	(void)state;
	arena_init(&a, RESPONSE_CEILING);
	arena_init(&none, 0);
	response_fields(0, &h, &a);
	assert_null(response_head(200, STR(""), &h, 1, &none).p);
	assert_true(none.full);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_spelled_as_cgi_has_them),
		cmocka_unit_test(a_full_arena_gives_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
