/* SPDX-License-Identifier: BSD-2-Clause */

/* test_address: the class of addresses as text. Each range, in every disguise,
 * is in test_egress. */

#include "base/address.h"

#include "tests/unit/table.h"

static void
address_reads_literals(void **state)
{
	static const struct {
		const char *in;
		enum address_class want;
	} rows[] = {
		{ "192.0.2.1", ADDRESS_PUBLIC },
		{ "2001:db8::1", ADDRESS_PUBLIC },
		{ "[2001:db8::1]", ADDRESS_PUBLIC },
		{ "10.0.0.1", ADDRESS_PRIVATE },
		{ "127.0.0.1", ADDRESS_PRIVATE },
		{ "::1", ADDRESS_PRIVATE },
		{ "[::1]", ADDRESS_PRIVATE },
		{ "[fd00::1]", ADDRESS_PRIVATE },
		{ "169.254.169.254", ADDRESS_NEVER },
		{ "[fe80::1]", ADDRESS_NEVER },
		{ "[::ffff:169.254.169.254]", ADDRESS_NEVER },
		{ "[64:ff9b::a9fe:a9fe]", ADDRESS_NEVER },
		{ "224.0.0.1", ADDRESS_NEVER },
		/* no literals */
		{ "", ADDRESS_NEVER },
		{ "[", ADDRESS_NEVER },
		{ "[]", ADDRESS_NEVER },
		{ "example.org", ADDRESS_NEVER },
		{ "192.0.2", ADDRESS_NEVER },
		{ "192.0.2.1.", ADDRESS_NEVER },
		{ "1234:1234:1234:1234:1234:1234:123.123.123.1234567890",
		    ADDRESS_NEVER },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct str in = str_of(rows[i].in);
		char *exact = table_exact(in);

		in.p = exact;
		TABLE_INT(rows[i].in, address_class_text(in), rows[i].want);
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_reads_literals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
