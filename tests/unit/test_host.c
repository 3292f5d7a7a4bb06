/* SPDX-License-Identifier: BSD-2-Clause */

/* test_host: host names and address literals, spelled and refused. */

#include "http/host.h"

#include <string.h>

#include "tests/unit/table.h"

#define L60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L63 L60 "aaa"
#define N253 L63 "." L63 "." L63 "." L60 "a"

static const struct {
	const char *in;
	const char *text; /* NULL: refused */
	enum host_kind kind;
	uint16_t port;
} host_rows[] = {
	{ "example.com", "example.com", HOST_NAME, 0 },
	{ "EXAMPLE.Com", "example.com", HOST_NAME, 0 },
	{ "example.com.", "example.com", HOST_NAME, 0 },
	{ "example.com:8080", "example.com", HOST_NAME, 8080 },
	{ "example.com.:8080", "example.com", HOST_NAME, 8080 },
	{ "FOO.Example.:080", "foo.example", HOST_NAME, 80 },
	{ "example.com:", "example.com", HOST_NAME, 0 },
	{ "example.com:0", "example.com", HOST_NAME, 0 },
	{ "example.com:65535", "example.com", HOST_NAME, 65535 },
	{ "localhost", "localhost", HOST_NAME, 0 },
	{ "x.", "x", HOST_NAME, 0 },
	{ "_dmarc.example", "_dmarc.example", HOST_NAME, 0 },
	{ "_", "_", HOST_NAME, 0 },
	{ "r1---sn-x.example", "r1---sn-x.example", HOST_NAME, 0 },
	{ "-a-.b-", "-a-.b-", HOST_NAME, 0 },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example", HOST_NAME, 0 },
	{ "XN--BCHER-KVA.example", "xn--bcher-kva.example", HOST_NAME, 0 },
	{ "1.example", "1.example", HOST_NAME, 0 },
	{ "1.2.3.4.example", "1.2.3.4.example", HOST_NAME, 0 },
	{ "4chan.org", "4chan.org", HOST_NAME, 0 },
	{ "a.0xyz", "a.0xyz", HOST_NAME, 0 },
	{ "a.0x1g", "a.0x1g", HOST_NAME, 0 },
	{ "a.1e5x", "a.1e5x", HOST_NAME, 0 },
	{ L63 ".b", L63 ".b", HOST_NAME, 0 },
	{ N253, N253, HOST_NAME, 0 },
	{ N253 ".", N253, HOST_NAME, 0 },
	{ N253 ":65535", N253, HOST_NAME, 65535 },

	{ "192.0.2.7", "192.0.2.7", HOST_IPV4, 0 },
	{ "192.0.2.7.", "192.0.2.7", HOST_IPV4, 0 },
	{ "192.0.2.7:81", "192.0.2.7", HOST_IPV4, 81 },
	{ "0.0.0.0", "0.0.0.0", HOST_IPV4, 0 },
	{ "255.255.255.255", "255.255.255.255", HOST_IPV4, 0 },

	{ "[::1]", "[::1]", HOST_IPV6, 0 },
	{ "[::]", "[::]", HOST_IPV6, 0 },
	{ "[::1]:443", "[::1]", HOST_IPV6, 443 },
	{ "[::1]:", "[::1]", HOST_IPV6, 0 },
	{ "[2001:DB8::1]", "[2001:db8::1]", HOST_IPV6, 0 },
	{ "[2001:0db8:0000:0000:0000:0000:0000:0001]", "[2001:db8::1]",
	    HOST_IPV6, 0 },
	{ "[2001:db8:0:1:1:1:1:1]", "[2001:db8:0:1:1:1:1:1]", HOST_IPV6, 0 },
	{ "[2001:db8::1:1:1:1:1]", "[2001:db8:0:1:1:1:1:1]", HOST_IPV6, 0 },
	{ "[2001:0:0:1:0:0:0:1]", "[2001:0:0:1::1]", HOST_IPV6, 0 },
	{ "[2001:db8:0:0:1:0:0:1]", "[2001:db8::1:0:0:1]", HOST_IPV6, 0 },
	{ "[::ffff:192.0.2.7]", "[::ffff:192.0.2.7]", HOST_IPV6, 0 },
	{ "[::ffff:c000:207]", "[::ffff:192.0.2.7]", HOST_IPV6, 0 },
	{ "[ABCD:EF01:2345:6789:ABCD:EF01:2345:6789]",
	    "[abcd:ef01:2345:6789:abcd:ef01:2345:6789]", HOST_IPV6, 0 },

	{ "", NULL, 0, 0 },
	{ ".", NULL, 0, 0 },
	{ "..", NULL, 0, 0 },
	{ ":80", NULL, 0, 0 },
	{ ":", NULL, 0, 0 },
	{ ".example.com", NULL, 0, 0 },
	{ "example..com", NULL, 0, 0 },
	{ "example.com..", NULL, 0, 0 },
	{ "example.com:65536", NULL, 0, 0 },
	{ "example.com:-1", NULL, 0, 0 },
	{ "example.com:+1", NULL, 0, 0 },
	{ "example.com:8o", NULL, 0, 0 },
	{ "example.com: 80", NULL, 0, 0 },
	{ "example.com:80:80", NULL, 0, 0 },
	{ "example.com:99999999999999999999999", NULL, 0, 0 },
	{ "user@example.com", NULL, 0, 0 },
	{ "user:pw@example.com", NULL, 0, 0 },
	{ "exam ple.com", NULL, 0, 0 },
	{ " example.com", NULL, 0, 0 },
	{ "example.com ", NULL, 0, 0 },
	{ "example.com/", NULL, 0, 0 },
	{ "example.com/a", NULL, 0, 0 },
	{ "example.com,other.com", NULL, 0, 0 },
	{ "example%2ecom", NULL, 0, 0 },
	{ "*.example.com", NULL, 0, 0 },
	{ "{x}.example.com", NULL, 0, 0 },
	{ "b\xc3\xbc" "cher.example", NULL, 0, 0 },
	{ "example\x01.com", NULL, 0, 0 },
	{ "example.com\r\n", NULL, 0, 0 },
	{ "exa#mple.com", NULL, 0, 0 },
	{ "exa\\mple.com", NULL, 0, 0 },
	{ L63 "a.b", NULL, 0, 0 },
	{ "b." L63 "a", NULL, 0, 0 },
	{ N253 "a", NULL, 0, 0 },
	{ N253 "a.", NULL, 0, 0 },
	{ N253 "..", NULL, 0, 0 },

	{ "1", NULL, 0, 0 },
	{ "1.2", NULL, 0, 0 },
	{ "127.1", NULL, 0, 0 },
	{ "1.2.3", NULL, 0, 0 },
	{ "1.2.3.4.5", NULL, 0, 0 },
	{ "2130706433", NULL, 0, 0 },
	{ "0x7f000001", NULL, 0, 0 },
	{ "0X7F000001", NULL, 0, 0 },
	{ "127.0.0.0x1", NULL, 0, 0 },
	{ "127.0.0.0x", NULL, 0, 0 },
	{ "0177.0.0.1", NULL, 0, 0 },
	{ "127.0.0.01", NULL, 0, 0 },
	{ "256.1.1.1", NULL, 0, 0 },
	{ "1.2.3.4..", NULL, 0, 0 },
	{ "example.1", NULL, 0, 0 },

	{ "[", NULL, 0, 0 },
	{ "[]", NULL, 0, 0 },
	{ "[]:80", NULL, 0, 0 },
	{ "[::1", NULL, 0, 0 },
	{ "::1", NULL, 0, 0 },
	{ "[::1]x", NULL, 0, 0 },
	{ "[::1].", NULL, 0, 0 },
	{ "[::1]]", NULL, 0, 0 },
	{ "[[::1]]", NULL, 0, 0 },
	{ "[::1]80", NULL, 0, 0 },
	{ "[::1]:x", NULL, 0, 0 },
	{ "[::1]:65536", NULL, 0, 0 },
	{ "[1.2.3.4]", NULL, 0, 0 },
	{ "[::12345]", NULL, 0, 0 },
	{ "[1::2::3]", NULL, 0, 0 },
	{ "[:::1]", NULL, 0, 0 },
	{ "[1:2:3:4:5:6:7]", NULL, 0, 0 },
	{ "[1:2:3:4:5:6:7:8:9]", NULL, 0, 0 },
	{ "[fe80::1%eth0]", NULL, 0, 0 },
	{ "[fe80::1%25eth0]", NULL, 0, 0 },
	{ "[v1.x]", NULL, 0, 0 },
	{ "[::1 ]", NULL, 0, 0 },
	{ "[0000:0000:0000:0000:0000:ffff:0255.255.255.255]", NULL, 0, 0 },
	{ "[00000000000000000000000000000000000000000000000000001]", NULL, 0,
	    0 },
};

static void
host_has_one_spelling_or_is_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(host_rows); i++) {
		const char *row = host_rows[i].in;
		char *in = table_exact(str_of(row));
		struct err e = { .reason = REASON_NONE };
		struct host h;
		uint16_t port = 1;
		int got = host_parse_port((struct str){ in, strlen(row) },
		    &h, &port, &e);

		TABLE_INT(row, got, host_rows[i].text != NULL ? 0 : -1);
		if (got == 0) {
			TABLE_STR(row, host_text(&h), host_rows[i].text);
			TABLE_INT(row, h.text[h.n], '\0');
			TABLE_INT(row, h.kind, host_rows[i].kind);
			TABLE_INT(row, port, host_rows[i].port);
		} else {
			TABLE_INT(row, e.reason, REASON_BAD_HOST);
			assert_non_null(strstr(e.text, "host '"));
		}
		free(in);
	}
}

static void
host_says_why_of_a_long_one_too(void **state)
{
	static char in[60000];
	struct host h;
	struct err e;

	(void)state;
	memset(in, 'c', sizeof(in));
	assert_int_equal(host_parse((struct str){ in, sizeof(in) }, &h, &e),
	    -1);
	assert_non_null(strstr(e.text, "c...': longer than 253 bytes"));
}

static void
host_spelling_is_stable(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(host_rows); i++) {
		struct host h;
		struct err e;

		if (host_rows[i].text == NULL)
			continue;
		assert_int_equal(host_parse(str_of(host_rows[i].text), &h,
		    &e), 0);
		TABLE_STR(host_rows[i].in, host_text(&h), host_rows[i].text);
	}
}

static void
host_with_nul_inside_is_refused(void **state)
{
	struct host h;
	struct err e;

	(void)state;
	assert_int_equal(host_parse(STR("example.com\0.evil"), &h, &e), -1);
	assert_int_equal(host_parse(STR("[::1\0]"), &h, &e), -1);
	assert_int_equal(host_parse(STR("example.com:8\0"), &h, &e), -1);
	assert_int_equal(host_parse(STR("1.2.3.4\0"), &h, &e), -1);
}

static void
host_of_a_null_slice_is_refused(void **state)
{
	struct host h;
	struct err e;

	(void)state;
	assert_int_equal(host_parse((struct str){ NULL, 0 }, &h, &e), -1);
	assert_int_equal(e.reason, REASON_BAD_HOST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_has_one_spelling_or_is_refused),
		cmocka_unit_test(host_says_why_of_a_long_one_too),
		cmocka_unit_test(host_spelling_is_stable),
		cmocka_unit_test(host_with_nul_inside_is_refused),
		cmocka_unit_test(host_of_a_null_slice_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
