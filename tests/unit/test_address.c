/* SPDX-License-Identifier: BSD-2-Clause */

/* test_address: where an IPv4 address stands in an IPv6 one. The class of each
 * range, in every disguise, is in test_egress. */

#include "base/address.h"

#include <arpa/inet.h>

#include "tests/unit/table.h"

static void
ipv4_is_found_in_the_ipv6_that_carries_it(void **state)
{
	static const struct {
		const char *in;
		const char *want; /* NULL: none is in there */
	} rows[] = {
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "64:ff9b::a9fe:a9fe", "169.254.169.254" },
		{ "64:ff9b:1:ffff::10.0.0.1", "10.0.0.1" },
		{ "2002:7f00:1::1", "127.0.0.1" },
		{ "::10.0.0.1", "10.0.0.1" },
		{ "::", "0.0.0.0" },
		{ "2001:db8::1", NULL },
		{ "64:ff9b:2::10.0.0.1", NULL },
		{ "64:ff9b:0:0:1::10.0.0.1", NULL },
		{ "::1:ffff:10.0.0.1", NULL },
		{ "fe80::10.0.0.1", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		unsigned char bytes[16], inner[4];
		char text[INET_ADDRSTRLEN] = "";
		bool got;

		assert_int_equal(inet_pton(AF_INET6, rows[i].in, bytes), 1);
		got = address_inner(bytes, inner);
		TABLE_INT(rows[i].in, got, rows[i].want != NULL);
		if (!got)
			continue;
		assert_non_null(inet_ntop(AF_INET, inner, text,
		    sizeof(text)));
		assert_string_equal(text, rows[i].want);
	}
}

/* As inet_pton reads it, and no byte behind the text. */
static void
four_decimals_are_an_address(void **state)
{
	static const char *const rows[] = { "0.0.0.0", "127.0.0.1",
		"255.255.255.255", "10.20.30.40", "256.0.0.1", "1.2.3.999",
		"1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3.4", "1..2.3",
		"01.2.3.4", "1.2.3.00", "1.2.3.0", "0x1.2.3.4", "1.2.3.4 ",
		" 1.2.3.4", "+1.2.3.4", "1.2.3.-4", "1000.2.3.4", "", ".",
		"...", "a.b.c.d", "1.2.3.4a", "::1" };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		unsigned char got[4] = { 0 }, want[4] = { 0 };
		bool good = inet_pton(AF_INET, rows[i], want) == 1;
		struct str text = str_of(rows[i]);
		char *exact = table_exact(text);

		text.p = exact;
		TABLE_INT(rows[i], address_read_v4(text, got), good);
		if (good)
			assert_memory_equal(got, want, sizeof(got));
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_is_found_in_the_ipv6_that_carries_it),
		cmocka_unit_test(four_decimals_are_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
