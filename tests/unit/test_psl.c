/* SPDX-License-Identifier: BSD-2-Clause */

/* test_psl: suffixes of registries are public ones, others are not. */

#include "tools/psl.h"

#include <string.h>

#include "tests/unit/table.h"

enum { PSL_NAME = 300 };

static void
psl_knows_suffixes_of_registries(void **state)
{
	static const struct {
		const char *in;
		bool want;
	} rows[] = {
		{ "com", true },
		{ "co.uk", true },
		{ "xn--p1ai", true },
		{ "example.com", false },
		{ "example.co.uk", false },
		/* a platform's own */
		{ "github.io", false },
		/* names that no registry has */
		{ "internal", false },
		{ "example", false },
		{ "", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct str in = str_of(rows[i].in);
		char *exact = table_exact(in);

		in.p = exact;
		TABLE_INT(rows[i].in, psl_is_suffix(in), rows[i].want);
		free(exact);
	}
}

static void
psl_bears_what_is_no_host(void **state)
{
	char name[PSL_NAME];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_false(psl_is_suffix((struct str){ name, sizeof(name) }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(psl_knows_suffixes_of_registries),
		cmocka_unit_test(psl_bears_what_is_no_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
