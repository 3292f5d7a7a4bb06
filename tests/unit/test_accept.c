/* SPDX-License-Identifier: BSD-2-Clause */

/* test_accept: HTML or JSON, by ranges and weights. */

#include "http/accept.h"

#include "tests/unit/table.h"

enum { ACCEPT_FIELDS = 2 };

static const struct {
	const char *accept[ACCEPT_FIELDS]; /* one field each */
	bool json;
} accept_rows[] = {
	/* nothing is named */
	{ { NULL }, false },
	{ { "" }, false },
	{ { "," }, false },
	{ { "*/*" }, false },
	{ { "application/xml" }, false },
	{ { "image/*" }, false },
	/* one is */
	{ { "text/html" }, false },
	{ { "TEXT/HTML" }, false },
	{ { "application/json" }, true },
	{ { "Application/JSON;q=0.9" }, true },
	{ { "application/json; charset=utf-8" }, true },
	{ { "application/jsonp" }, false },
	{ { "application/problem+json" }, true },
	{ { "application/vnd.api+JSON" }, true },
	{ { "+json" }, false },
	{ { "application/*" }, true },
	{ { "text/*" }, false },
	/* what browsers and programs send */
	{ { "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" },
	  false },
	{ { "application/json, text/plain, */*" }, true },
	{ { "application/json, text/javascript, */*; q=0.01" }, true },
	{ { "text/plain, application/json, */*" }, true },
	/* both are: the heavier */
	{ { "text/html, application/json;q=0.9" }, false },
	{ { "text/html;q=0.9, application/json" }, true },
	{ { "text/html;q=0.500,application/json;q=0.501" }, true },
	{ { "text/html;q=0.501,application/json;q=0.500" }, false },
	{ { "text/html ; Q=0.1 , application/json ; q=0.2" }, true },
	{ { "text/*;q=0.3, application/json;q=0.2" }, false },
	{ { "*/*, application/json;q=0.5" }, false },
	{ { "text/html;level=1;q=0.4, application/json;q=0.3" }, false },
	/* the closest range speaks, wherever it stands */
	{ { "application/*, application/json;q=0.1, text/html;q=0.2" },
	  false },
	{ { "text/html;q=0.1, text/*, application/json;q=0.2" }, true },
	{ { "application/json;q=0, */*" }, false },
	{ { "text/html;q=0, */*" }, true },
	{ { "application/problem+json;q=0.2, application/json, "
	  "text/html;q=0.9" }, true },
	/* of equal ones the closer, then the first */
	{ { "text/html, application/json" }, false },
	{ { "application/json, text/html" }, true },
	{ { "*/*, application/json" }, true },
	{ { "application/*, text/html" }, false },
	{ { "application/problem+json, text/html" }, false },
	{ { "application/json;q=0.5, text/html;q=0.5" }, true },
	/* neither */
	{ { "application/json;q=0" }, false },
	{ { "application/json;q=0.0, text/html;q=0.000" }, false },
	/* weights that are none */
	{ { "text/html, application/json;q=2" }, false },
	{ { "text/html;q=0.9, application/json;q=" }, true },
	{ { "text/html;q=0.9, application/json;q=x" }, true },
	{ { "text/html;q=0.9, application/json;q=1.001" }, true },
	{ { "text/html;q=0.9, application/json;q=0.0001" }, true },
	{ { "text/html;q=0.9, application/json;q=0,5" }, false },
	{ { "text/html;q=0.9, application/json;q=-1" }, true },
	/* more than one field is one list */
	{ { "text/html;q=0.5", "application/json" }, true },
	{ { "text/html", "application/json" }, false },
	{ { "application/json", "text/html" }, true },
};

static void
accept_tells_html_from_json(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < TABLE_COUNT(accept_rows); i++) {
		const char *first = accept_rows[i].accept[0];
		struct header h;
		struct arena a;

		arena_init(&a, 1 << 16);
		header_init(&h, &a);
		for (k = 0; k < ACCEPT_FIELDS; k++)
			if (accept_rows[i].accept[k] != NULL)
				assert_int_equal(header_add(&h, STR("accept"),
				    str_of(accept_rows[i].accept[k])), 0);
		TABLE_INT(first != NULL ? first : "none",
		    accept_prefers_json(&h), accept_rows[i].json);
		arena_fini(&a);
	}
}

/* A request that could not be read has none. */
static void
a_header_that_was_never_filled_is_html(void **state)
{
	const struct header none = { .count = 0 };

	(void)state;
	assert_false(accept_prefers_json(&none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accept_tells_html_from_json),
		cmocka_unit_test(a_header_that_was_never_filled_is_html),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
