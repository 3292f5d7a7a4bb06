/* SPDX-License-Identifier: BSD-2-Clause */

/* test_egress: which addresses may be connected to, in every disguise. */

#include "decide/egress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/unit/table.h"

enum egress_want { NEVER, WRITTEN, ALWAYS };

static const struct {
	const char *address;
	enum egress_want want;
} egress_rows[] = {
	{ "8.8.8.8", ALWAYS },
	{ "1.1.1.1", ALWAYS },
	{ "192.0.2.1", ALWAYS },
	{ "2001:db8::1", ALWAYS },
	{ "2606:4700::1111", ALWAYS },
	/* link-local and metadata */
	{ "169.253.255.255", ALWAYS },
	{ "169.254.0.0", NEVER },
	{ "169.254.169.254", NEVER },
	{ "169.254.255.255", NEVER },
	{ "169.255.0.0", ALWAYS },
	{ "100.100.100.200", NEVER },
	{ "100.100.100.201", WRITTEN },
	{ "192.0.0.192", NEVER },
	{ "192.0.0.193", WRITTEN },
	{ "168.63.129.16", NEVER },
	{ "168.63.129.17", ALWAYS },
	{ "fe80::1", NEVER },
	{ "febf:ffff::1", NEVER },
	{ "fd00:ec2::254", NEVER },
	{ "fd00:ec2::23", NEVER },
	{ "fd20:ce::254", NEVER },
	{ "fd20:ce::253", WRITTEN },
	{ "fd00:c1::a9fe:a9fe", NEVER },
	{ "fd00:42::42", NEVER },
	{ "fd00:ec2::253", WRITTEN },
	/* nobody's */
	{ "223.255.255.255", ALWAYS },
	{ "224.0.0.1", NEVER },
	{ "239.255.255.255", NEVER },
	{ "240.0.0.1", NEVER },
	{ "255.255.255.255", NEVER },
	{ "ff02::1", NEVER },
	/* loopback, private and shared */
	{ "0.0.0.0", WRITTEN },
	{ "0.255.255.255", WRITTEN },
	{ "1.0.0.0", ALWAYS },
	{ "127.0.0.1", WRITTEN },
	{ "127.255.255.255", WRITTEN },
	{ "126.255.255.255", ALWAYS },
	{ "128.0.0.0", ALWAYS },
	{ "9.255.255.255", ALWAYS },
	{ "10.0.0.0", WRITTEN },
	{ "10.255.255.255", WRITTEN },
	{ "11.0.0.0", ALWAYS },
	{ "172.15.255.255", ALWAYS },
	{ "172.16.0.0", WRITTEN },
	{ "172.31.255.255", WRITTEN },
	{ "172.32.0.0", ALWAYS },
	{ "192.167.255.255", ALWAYS },
	{ "192.168.0.0", WRITTEN },
	{ "192.168.255.255", WRITTEN },
	{ "192.169.0.0", ALWAYS },
	{ "100.63.255.255", ALWAYS },
	{ "100.64.0.0", WRITTEN },
	{ "100.127.255.255", WRITTEN },
	{ "100.128.0.0", ALWAYS },
	{ "198.17.255.255", ALWAYS },
	{ "198.18.0.0", WRITTEN },
	{ "198.19.255.255", WRITTEN },
	{ "198.20.0.0", ALWAYS },
	{ "::", WRITTEN },
	{ "::1", WRITTEN },
	{ "fc00::1", WRITTEN },
	{ "fdff:ffff::1", WRITTEN },
	{ "fec0::1", WRITTEN },
	{ "fbff::1", ALWAYS },
	/* IPv4 inside of IPv6 is what it is */
	{ "::ffff:8.8.8.8", ALWAYS },
	{ "::ffff:127.0.0.1", WRITTEN },
	{ "::ffff:10.1.2.3", WRITTEN },
	{ "::ffff:0.0.0.0", WRITTEN },
	{ "::ffff:169.254.169.254", NEVER },
	{ "::ffff:224.0.0.1", NEVER },
	{ "64:ff9b::8.8.8.8", ALWAYS },
	{ "64:ff9b::10.0.0.1", WRITTEN },
	{ "64:ff9b::7f00:1", WRITTEN },
	{ "64:ff9b::a9fe:a9fe", NEVER },
	{ "64:ff9b:1::8.8.8.8", WRITTEN },
	{ "64:ff9b:1::a9fe:a9fe", NEVER },
	{ "2002:808:808::1", ALWAYS },
	{ "2002:7f00:1::1", WRITTEN },
	{ "2002:a9fe:a9fe::1", NEVER },
	{ "::8.8.8.8", ALWAYS },
	{ "::10.0.0.1", WRITTEN },
	{ "::169.254.169.254", NEVER },
};

/* As an address, and as a literal: both must agree. */
static bool
egress_ask(const struct settings_egress *rules, const char *text, bool written)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	char brackets[64];
	bool allowed;

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		allowed = egress_allows(rules, STR("a.test"),
		    (struct sockaddr *)&v4, written);
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
		allowed = egress_allows(rules, STR("a.test"),
		    (struct sockaddr *)&v6, written);
		/* a zone opens nothing */
		v6.sin6_scope_id = 1;
		TABLE_INT(text, egress_allows(rules, STR("a.test"),
		    (struct sockaddr *)&v6, written), allowed);
		snprintf(brackets, sizeof(brackets), "[%s]", text);
		TABLE_INT(text, egress_allows_literal(rules,
		    str_of(brackets), written), allowed);
	}
	TABLE_INT(text, egress_allows_literal(rules, str_of(text), written),
	    allowed);
	return allowed;
}

static void
each_address_is_judged_by_its_range(void **state)
{
	static const struct settings_egress never = {
		.private = SETTINGS_PRIVATE_NEVER };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(egress_rows); i++) {
		const char *address = egress_rows[i].address;

		TABLE_INT(address, egress_ask(NULL, address, true),
		    egress_rows[i].want != NEVER);
		TABLE_INT(address, egress_ask(NULL, address, false),
		    egress_rows[i].want == ALWAYS);
		TABLE_INT(address, egress_ask(&never, address, true),
		    egress_rows[i].want == ALWAYS);
	}
}

static void
deny_wins_over_allow_and_allow_over_all_else(void **state)
{
	static const struct {
		const char *deny, *allow; /* one range each, or NULL */
		const char *address;
		bool want;                /* written or not */
	} rows[] = {
		{ NULL, "10.0.0.0/8", "10.1.2.3", true },
		{ NULL, "10.0.0.0/8", "::ffff:10.1.2.3", true },
		{ NULL, "10.0.0.0/8", "64:ff9b::10.1.2.3", true },
		{ NULL, "10.0.0.0/8", "2002:a01:203::1", true },
		{ NULL, "64:ff9b::/96", "64:ff9b::10.1.2.3", true },
		{ NULL, "169.254.169.254", "169.254.169.254", true },
		{ NULL, "169.254.169.254", "169.254.169.253", false },
		{ NULL, "fd00:ec2::254", "fd00:ec2::254", true },
		{ NULL, "fe80::/10", "fe80::1", true },
		{ NULL, "::1", "::1", true },
		{ NULL, "0.0.0.0/0", "224.0.0.1", true },
		{ NULL, "::/0", "169.254.169.254", false },
		{ "10.1.0.0/16", "10.0.0.0/8", "10.1.2.3", false },
		{ "10.1.0.0/16", "10.0.0.0/8", "10.2.2.3", true },
		{ "10.1.0.0/16", "10.0.0.0/8", "64:ff9b::10.1.2.3", false },
		{ "10.0.0.0/8", "10.1.2.3", "10.1.2.3", false },
		{ "0.0.0.0/0", NULL, "8.8.8.8", false },
		{ "0.0.0.0/0", NULL, "::ffff:8.8.8.8", false },
		{ "0.0.0.0/0", NULL, "64:ff9b::8.8.8.8", false },
		{ "0.0.0.0/0", NULL, "2001:db8::1", true },
		{ "::/0", NULL, "2001:db8::1", false },
		{ "64:ff9b::/96", NULL, "64:ff9b::8.8.8.8", false },
		{ "64:ff9b::/96", "8.8.8.8", "64:ff9b::8.8.8.8", false },
		{ "8.8.8.8", NULL, "2002:808:808::1", false },
		{ "8.8.8.8", NULL, "8.8.8.9", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct settings_egress rules = { .private = 0 };
		struct cidr deny, allow;

		if (rows[i].deny != NULL) {
			assert_true(cidr_parse(str_of(rows[i].deny), &deny));
			rules.deny = (struct settings_ranges){ &deny, 1 };
		}
		if (rows[i].allow != NULL) {
			assert_true(cidr_parse(str_of(rows[i].allow),
			    &allow));
			rules.allow = (struct settings_ranges){ &allow, 1 };
		}
		TABLE_INT(rows[i].address, egress_ask(&rules,
		    rows[i].address, true), rows[i].want);
		TABLE_INT(rows[i].address, egress_ask(&rules,
		    rows[i].address, false), rows[i].want);
	}
}

static void
text_that_is_no_address_is_refused(void **state)
{
	static const char *const rows[] = { "", "[", "[]", "example.org",
		"192.0.2", "192.0.2.1.", "127.1", "0x7f.1", "2130706433",
		"0177.0.0.1", "fe80::1%1", "[::1%lo]", "8.8.8.8 ",
		"1234:1234:1234:1234:1234:1234:123.123.123.1234567890" };
	struct cidr all[2];
	const struct settings_egress rules = { .allow = { all, 2 } };
	size_t i;

	(void)state;
	assert_true(cidr_parse(STR("0.0.0.0/0"), &all[0]));
	assert_true(cidr_parse(STR("::/0"), &all[1]));
	for (i = 0; i < TABLE_COUNT(rows); i++)
		TABLE_INT(rows[i], egress_allows_literal(&rules,
		    str_of(rows[i]), true), false);
}

static void
sockets_are_written_or_in_their_folder(void **state)
{
	static const struct {
		const char *folder;
		const char *path;
		int private;
		bool written, built; /* may such ones? */
	} rows[] = {
		{ "", "/run/a.sock", SETTINGS_PRIVATE_WRITTEN, true, false },
		{ "", "/run/a.sock", SETTINGS_PRIVATE_NEVER, false, false },
		{ "/run/apps", "/run/a.sock", 0, true, false },
		{ "/run/apps", "/run/apps/a.sock", 0, true, true },
		{ "/run/apps/", "/run/apps/a.sock", 0, true, true },
		{ "/run/apps", "/run/apps/b/a.sock", 0, true, true },
		{ "/run/apps", "/run/apps-2/a.sock", 0, true, false },
		{ "/run/apps", "/run/apps", 0, true, false },
		{ "/run/apps", "/run/apps/../a.sock", 0, true, false },
		{ "/run/apps", "/run/apps/b/..", 0, true, false },
		{ "/run/apps", "/run/apps/..a", 0, true, true },
		{ "/run/apps", "run/apps/a", 0, true, false },
		{ "/", "/run/apps/a", 0, true, true },
		{ "/run/apps", "/run/apps/a", SETTINGS_PRIVATE_NEVER, true,
		  true },
		{ "/run/apps", "/run/b", SETTINGS_PRIVATE_NEVER, false,
		  false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		char folder[32];
		const struct settings_egress rules = { .sockets = folder,
			.private = rows[i].private };

		snprintf(folder, sizeof(folder), "%s", rows[i].folder);
		TABLE_INT(rows[i].path, egress_allows_socket(&rules,
		    str_of(rows[i].path), true), rows[i].written);
		TABLE_INT(rows[i].path, egress_allows_socket(&rules,
		    str_of(rows[i].path), false), rows[i].built);
	}
	assert_true(egress_allows_socket(NULL, STR("/a"), true));
	assert_false(egress_allows_socket(NULL, STR("/a"), false));
}

static void
other_families_never(void **state)
{
	struct sockaddr_storage other = { .ss_family = AF_PACKET };

	(void)state;
	assert_false(egress_allows(NULL, STR(""),
	    (struct sockaddr *)&other, true));
	other.ss_family = AF_UNIX; /* judged by their path */
	assert_false(egress_allows(NULL, STR(""),
	    (struct sockaddr *)&other, true));
}

static char *
names_copy(char to[32], const char *names)
{
	assert_true(strlen(names) < 32);
	return memcpy(to, names, strlen(names) + 1);
}

static void
names_are_denied_before_all_and_allow_what_is_private(void **state)
{
	static const struct {
		const char *deny, *allow; /* names */
		const char *host, *address;
		bool named;
	} rows[] = {
		{ NULL, "db.internal", "db.internal", "10.0.0.1", true },
		{ NULL, "db.internal", "a.db.internal", "10.0.0.1", false },
		{ NULL, "db.internal", "xdb.internal", "10.0.0.1", false },
		{ NULL, "db.internal", "", "10.0.0.1", false },
		{ NULL, "*.corp.example", "a.corp.example", "::1", true },
		{ NULL, "*.corp.example", "a.b.corp.example", "::1", true },
		{ NULL, "*.corp.example", "corp.example", "::1", false },
		{ NULL, "*.corp.example", "xcorp.example", "::1", false },
		{ NULL, "*.corp.example\nz.test", "z.test", "fd00::1", true },
		/* nothing but what is private */
		{ NULL, "z.test", "z.test", "169.254.169.254", false },
		{ NULL, "z.test", "z.test", "::ffff:169.254.0.1", false },
		{ NULL, "z.test", "z.test", "224.0.0.1", false },
		{ NULL, "z.test", "z.test", "8.8.8.8", true },
		/* a denied range and a denied name */
		{ NULL, "z.test", "z.test", "10.9.0.1", false },
		{ "z.test", "z.test", "z.test", "10.0.0.1", false },
		{ "z.test", NULL, "z.test", "8.8.8.8", false },
		{ "*.test", NULL, "z.test", "8.8.8.8", false },
		{ "*.test", NULL, "test", "8.8.8.8", true },
		{ "z.test", NULL, "z.test", "10.8.0.1", false },
	};
	struct cidr deny, allow;
	size_t i;

	(void)state;
	assert_true(cidr_parse(STR("10.9.0.0/16"), &deny));
	assert_true(cidr_parse(STR("10.8.0.0/16"), &allow));
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		char denied[32], allowed[32];
		const struct settings_egress rules = {
			.private = SETTINGS_PRIVATE_NEVER,
			.deny = { &deny, 1 }, .allow = { &allow, 1 },
			.deny_names = rows[i].deny == NULL ? NULL :
			    names_copy(denied, rows[i].deny),
			.allow_names = rows[i].allow == NULL ? NULL :
			    names_copy(allowed, rows[i].allow) };
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
		struct sockaddr_in v4 = { .sin_family = AF_INET };
		bool six = inet_pton(AF_INET, rows[i].address,
		    &v4.sin_addr) != 1;

		if (six)
			assert_int_equal(inet_pton(AF_INET6, rows[i].address,
			    &v6.sin6_addr), 1);
		TABLE_INT(rows[i].host, egress_allows(&rules,
		    str_of(rows[i].host), six ? (struct sockaddr *)&v6 :
		    (struct sockaddr *)&v4, false), rows[i].named);
	}
	assert_false(egress_denies_name(NULL, STR("z.test")));
}

static void
what_refuses_is_said(void **state)
{
	static const struct {
		const char *address, *says;
	} rows[] = {
		{ "10.9.0.1", "it is in 'deny'" },
		{ "::ffff:10.9.0.1", "it is in 'deny'" },
		{ "10.8.0.1", "it is loopback or private" },
		{ "::1", "it is loopback or private" },
		{ "169.254.169.254", "it is link-local, multicast or a "
		    "metadata service's" },
		{ "ff02::1", "it is link-local, multicast or a metadata "
		    "service's" },
	};
	struct cidr deny;
	char denied[32];
	struct settings_egress rules = { .deny = { &deny, 1 } };
	size_t i;

	(void)state;
	assert_true(cidr_parse(STR("10.9.0.0/16"), &deny));
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
		struct sockaddr_in v4 = { .sin_family = AF_INET };
		const struct sockaddr *address = (struct sockaddr *)&v4;

		if (inet_pton(AF_INET, rows[i].address, &v4.sin_addr) != 1) {
			assert_int_equal(inet_pton(AF_INET6, rows[i].address,
			    &v6.sin6_addr), 1);
			address = (struct sockaddr *)&v6;
		}
		rules.deny_names = NULL;
		TABLE_STR(rows[i].address, str_of(egress_why(&rules,
		    STR("z.test"), address)), rows[i].says);
		rules.deny_names = names_copy(denied, "z.test");
		TABLE_STR(rows[i].address, str_of(egress_why(&rules,
		    STR("z.test"), address)), "its name is in 'deny_names'");
	}
}

static void
what_is_spelled_is_refused_only_if_no_request_may(void **state)
{
	static const struct {
		const char *text;
		bool socket, built;
		bool may, by_default;
	} rows[] = {
		{ "10.0.0.1", false, false, false, true },
		{ "8.8.8.8", false, false, true, true },
		{ "[::1]", false, false, false, true },
		{ "169.254.1.1", false, false, false, false },
		{ "name.test", false, false, true, true },
		{ "evil.test", false, false, false, true },
		{ "a.corp.test", false, false, false, true },
		{ "corp.test", false, false, true, true },
		/* behind the last variable */
		{ "", false, true, true, true },
		{ ".test", false, true, true, true },
		{ ".evil.test", false, true, true, true },
		{ "vil.test", false, true, true, true },
		{ ".corp.test", false, true, false, true },
		{ "-a.corp.test", false, true, false, true },
		{ "corp.test", false, true, true, true },
		{ "/run/apps/a", true, false, true, true },
		{ "/run/a", true, false, false, true },
		/* before the first */
		{ "/", true, true, true, false },
		{ "/run/", true, true, true, false },
		{ "/run/a", true, true, true, false },
		{ "/run/apps", true, true, true, false },
		{ "/run/apps/x-", true, true, true, false },
		{ "/run/apps-", true, true, false, false },
		{ "/run/b", true, true, false, false },
	};
	char folder[] = "/run/apps", names[] = "*.corp.test\nevil.test";
	const struct settings_egress rules = { .sockets = folder,
		.private = SETTINGS_PRIVATE_NEVER, .deny_names = names };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		const struct egress_spelled origin = {
			.text = str_of(rows[i].text),
			.socket = rows[i].socket,
			.built = rows[i].built };

		TABLE_INT(rows[i].text, egress_can_allow(&rules, &origin),
		    rows[i].may);
		TABLE_INT(rows[i].text, egress_can_allow(NULL, &origin),
		    rows[i].by_default);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_is_judged_by_its_range),
		cmocka_unit_test(deny_wins_over_allow_and_allow_over_all_else),
		cmocka_unit_test(text_that_is_no_address_is_refused),
		cmocka_unit_test(sockets_are_written_or_in_their_folder),
		cmocka_unit_test(what_refuses_is_said),
		cmocka_unit_test(
		    names_are_denied_before_all_and_allow_what_is_private),
		cmocka_unit_test(other_families_never),
		cmocka_unit_test(
		    what_is_spelled_is_refused_only_if_no_request_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
