/* SPDX-License-Identifier: BSD-2-Clause */

/* test_egress: which addresses may be connected to, in every disguise. */

#include "relay/egress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

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

static bool
egress_ask(const char *text, bool written)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return egress_allows((struct sockaddr *)&v4, written);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return egress_allows((struct sockaddr *)&v6, written);
}

static void
each_address_is_judged_by_its_range(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(egress_rows); i++) {
		const char *address = egress_rows[i].address;

		TABLE_INT(address, egress_ask(address, true),
		    egress_rows[i].want != NEVER);
		TABLE_INT(address, egress_ask(address, false),
		    egress_rows[i].want == ALWAYS);
	}
}

static void
unix_sockets_only_when_written(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	(void)state;
	assert_true(egress_allows((struct sockaddr *)&un, true));
	assert_false(egress_allows((struct sockaddr *)&un, false));
}

static void
other_families_never(void **state)
{
	struct sockaddr_storage other = { .ss_family = AF_PACKET };

	(void)state;
	assert_false(egress_allows((struct sockaddr *)&other, true));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_is_judged_by_its_range),
		cmocka_unit_test(unix_sockets_only_when_written),
		cmocka_unit_test(other_families_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
