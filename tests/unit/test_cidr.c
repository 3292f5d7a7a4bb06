/* SPDX-License-Identifier: BSD-2-Clause */

/* cidr: ranges read, printed, and what is in them. */

#include "base/cidr.h"
#include "tests/unit/table.h"

/* As it is printed again; NULL: refused. */
static const struct {
	const char *text;
	const char *want;
} rows[] = {
	{ "192.0.2.0/24", "192.0.2.0/24" },
	{ "192.0.2.7", "192.0.2.7" },
	{ "192.0.2.7/32", "192.0.2.7" },
	{ "0.0.0.0/0", "0.0.0.0/0" },
	{ "10.0.0.0/8", "10.0.0.0/8" },
	{ "2001:DB8::/32", "2001:db8::/32" },
	{ "2001:db8:0:0::1/128", "2001:db8::1" },
	{ "::/0", "::/0" },
	{ "::1", "::1" },
	{ "::ffff:192.0.2.7", "192.0.2.7" },
	{ "::ffff:c000:200/120", "192.0.2.0/24" },
	{ "::ffff:0:0/96", "0.0.0.0/0" },
	{ "fe80::/10", "fe80::/10" },
	{ "", NULL },
	{ "/24", NULL },
	{ "192.0.2.0/", NULL },
	{ "192.0.2.0/33", NULL },
	{ "192.0.2.0/024", NULL },
	{ "192.0.2.0/0000", NULL },
	{ "192.0.2.0/-1", NULL },
	{ "192.0.2.0/24/24", NULL },
	{ "192.0.2.0 /24", NULL },
	{ "192.0.2.1/24", NULL },
	{ "10.0.0.1/8", NULL },
	{ "0.0.0.1/0", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.07", NULL },
	{ "2001:db8::/129", NULL },
	{ "2001:db8::1/64", NULL },
	{ "::ffff:0:0/95", NULL },
	{ "[::1]", NULL },
	{ "fe80::1%eth0", NULL },
	{ "localhost", NULL },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd",
	    NULL },
};

static void
ranges_have_one_spelling(void **state)
{
	struct buf to;
	size_t i;

	(void)state;
	buf_init(&to, CIDR_TEXT_MAX);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct cidr c, again;

		if (cidr_parse(str_of(rows[i].text), &c) !=
		    (rows[i].want != NULL))
			fail_msg("'%s'", rows[i].text);
		if (rows[i].want == NULL)
			continue;
		buf_clear(&to);
		assert_int_equal(cidr_print(&c, &to), 0);
		TABLE_STR(rows[i].text, buf_view(&to), rows[i].want);
		assert_true(cidr_parse(buf_view(&to), &again));
		assert_int_equal(again.bits, c.bits);
		assert_memory_equal(again.address, c.address, 16);
	}
	buf_fini(&to);
}

static void
a_nul_is_no_end(void **state)
{
	struct cidr c;

	(void)state;
	assert_false(cidr_parse(STR("192.0.2.7\0"), &c));
	assert_false(cidr_parse(STR("192.0.2.0/2\0"), &c));
}

static void
addresses_are_in_ranges_or_not(void **state)
{
	static const struct {
		const char *range;
		const char *address;
		bool in;
	} asks[] = {
		{ "192.0.2.0/24", "192.0.2.0", true },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.0/24", "::ffff:192.0.2.9", true },
		{ "192.0.2.0/24", "[::FFFF:c000:209]", true },
		{ "192.0.2.0/24", "2001:db8::192.0.2.9", false },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.6", false },
		{ "192.0.2.6/31", "192.0.2.7", true },
		{ "192.0.2.6/31", "192.0.2.8", false },
		{ "128.0.0.0/1", "128.0.0.1", true },
		{ "128.0.0.0/1", "127.255.255.255", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "203.0.113.9", false },
		{ "::/80", "::ffff:203.0.113.9", false },
		{ "2001:db8::/29", "2001:dbf::1", true },
		{ "2001:db8::/29", "2001:dc0::1", false },
		{ "2001:db8::/32", "[2001:db8::1]", true },
		{ "fe80::/10", "fe80::1%eth0", true },
		{ "fe80::/10", "[fe80::1%eth0]", true },
		{ "::1", "::1", true },
		{ "::1", "127.0.0.1", false },
		{ "0.0.0.0/0", "", false },
		{ "::/0", "unix:", false },
		{ "::/0", "[]", false },
		{ "::/0", "host.example", false },
		{ "0.0.0.0/0", "192.0.2.7:80", false },
	};
	struct cidr c;
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(asks); i++) {
		assert_true(cidr_parse(str_of(asks[i].range), &c));
		if (cidr_holds(&c, 1, str_of(asks[i].address)) != asks[i].in)
			fail_msg("%s in %s", asks[i].address, asks[i].range);
	}
}

static void
any_range_of_several_will_do(void **state)
{
	struct cidr c[3];

	(void)state;
	assert_true(cidr_parse(STR("10.0.0.0/8"), &c[0]));
	assert_true(cidr_parse(STR("2001:db8::/32"), &c[1]));
	assert_true(cidr_parse(STR("192.0.2.7"), &c[2]));
	assert_true(cidr_holds(c, 3, STR("10.9.9.9")));
	assert_true(cidr_holds(c, 3, STR("2001:db8::9")));
	assert_true(cidr_holds(c, 3, STR("192.0.2.7")));
	assert_false(cidr_holds(c, 3, STR("192.0.2.8")));
	assert_false(cidr_holds(c, 2, STR("192.0.2.7")));
	assert_false(cidr_holds(NULL, 0, STR("10.9.9.9")));
}

static void
a_full_buffer_is_told(void **state)
{
	struct cidr c;
	struct buf to;

	(void)state;
	buf_init(&to, sizeof("192.0.2.0/24") - 2);
	assert_true(cidr_parse(STR("192.0.2.0/24"), &c));
	assert_int_equal(cidr_print(&c, &to), -1);
	buf_fini(&to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_have_one_spelling),
		cmocka_unit_test(a_nul_is_no_end),
		cmocka_unit_test(addresses_are_in_ranges_or_not),
		cmocka_unit_test(any_range_of_several_will_do),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
