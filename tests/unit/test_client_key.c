/* SPDX-License-Identifier: BSD-2-Clause */

/* test_client_key: what a client is kept by, and the cookie it is given. */

#include "decide/client_key.h"

#include "decide.h"

/* ---- keys ---- */

#define KEY_LONG \
	"0123456789012345678901234567890123456789012345678901234567890123"

static const struct client_key_row {
	const char *by; /* as behind by= */
	const char *more[4];
	enum client_key_from from;
	const char *want; /* NULL: an address */
} client_keys[] = {
	{ "cookie:sid", { "HTTP_COOKIE=a=1; sid=x y; b=2" }, CLIENT_KEY_ASKED,
	  "x y" },
	{ "cookie:sid", { "HTTP_COOKIE=sid=; sid=2" }, CLIENT_KEY_ASKED, "2" },
	{ "cookie:sid", { "HTTP_COOKIE=sid=", "HTTP_COOKIE=sid=3" },
	  CLIENT_KEY_ASKED, "3" },
	{ "cookie:sid", { "HTTP_COOKIE=sid=1; fr_id=2" }, CLIENT_KEY_ASKED,
	  "1" },
	{ "cookie:sid", { "HTTP_COOKIE=SID=1; fr_id=2" }, CLIENT_KEY_OWN,
	  "2" },
	{ "cookie:sid", { "HTTP_COOKIE=fr_id=2; sid=" }, CLIENT_KEY_OWN, "2" },
	{ "cookie:sid", { "HTTP_COOKIE=fr_id=@green \"\\\t\xff" },
	  CLIENT_KEY_OWN, "@green \"\\\t\xff" },
	{ "cookie:sid", { "HTTP_COOKIE=fr_id=" KEY_LONG KEY_LONG },
	  CLIENT_KEY_OWN, KEY_LONG KEY_LONG },
	{ "cookie:sid", { "HTTP_COOKIE=fr_id=" KEY_LONG KEY_LONG "x" },
	  CLIENT_KEY_NONE, "" },
	{ "cookie:sid", { "HTTP_COOKIE=fr_id=" }, CLIENT_KEY_NONE, "" },
	{ "cookie:sid", { "HTTP_COOKIE=fr_idx=1; xfr_id=2" }, CLIENT_KEY_NONE,
	  "" },
	{ "cookie:sid", { "HTTP_SID=1", "HTTP_FR_ID=2" }, CLIENT_KEY_NONE,
	  "" },
	{ "cookie:sid", { NULL }, CLIENT_KEY_NONE, "" },
	{ "cookie:fr_id", { "HTTP_COOKIE=fr_id=2" }, CLIENT_KEY_ASKED, "2" },
	{ "header:X-Account", { "HTTP_X_ACCOUNT=7" }, CLIENT_KEY_ASKED, "7" },
	{ "header:x-account", { "HTTP_X_ACCOUNT=7", "HTTP_X_ACCOUNT=8" },
	  CLIENT_KEY_ASKED, "7" },
	{ "header:X-Account", { "HTTP_X_ACCOUNT=" }, CLIENT_KEY_ADDRESS,
	  NULL },
	{ "header:X-Account", { "HTTP_COOKIE=fr_id=2" }, CLIENT_KEY_ADDRESS,
	  NULL },
	{ "path", { "HTTP_COOKIE=fr_id=2" }, CLIENT_KEY_ASKED, "/a/b" },
	{ "client_ip", { "HTTP_COOKIE=fr_id=2", "HTTP_X_FORWARDED_FOR=9.9.9.9"
	  }, CLIENT_KEY_ADDRESS, NULL },
};

/* The bytes of decide_ask's client. */
static const char client_key_ours[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '\xff',
	'\xff', '\xc0', 0, 2, 9 };

static void
a_client_has_the_key_that_is_asked_for_or_the_next_best(void **state)
{
	char list[256], row[256];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(client_keys); i++) {
		const struct client_key_row *want = &client_keys[i];
		struct client_key key;
		struct decide d;

		snprintf(row, sizeof(row), "%zu: %s", i, want->by);
		snprintf(list, sizeof(list), "a.example @a\n    split 1 @a "
		    "1 @b by=%s\n@a http://a\n@b http://b\n", want->by);
		decide_open(&d, list, "http://a.example/a/b?q", want->more);
		client_key(&d.follow.found.route->split_by, &d.request, &key);
		TABLE_INT(row, key.from, want->from);
		if (want->want != NULL)
			TABLE_STR(row, key.text, want->want);
		else
			assert_true(str_eq(key.text, (struct str){
			    client_key_ours, 16 }));
		decide_close(&d);
	}
}

static const struct {
	const char *one, *other;
	bool same;
} client_key_addresses[] = {
	{ "192.0.2.9", "192.0.2.9", true },
	{ "192.0.2.9", "::ffff:192.0.2.9", true },
	{ "192.0.2.9", "[::ffff:c000:209]", true },
	{ "192.0.2.9", "192.0.2.10", false },
	{ "2001:db8::1", "2001:db8::ffff:2:3:4", true },
	{ "2001:db8::1", "2001:DB8:0:0::1", true },
	{ "2001:db8::1", "[2001:db8::9]", true },
	{ "fe80::1%eth0", "fe80::1", true },
	{ "2001:db8::1", "2001:db8:0:1::1", false },
	{ "::1", "127.0.0.1", false },
	{ "", "", true },
	{ "", "unix:", false },
	{ "unix:", "192.0.2.9", false },
};

static void
an_address_counts_by_its_bytes_and_ipv6_by_its_64(void **state)
{
	static const struct balance_by by = { .key = BALANCE_KEY_CLIENT_IP };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(client_key_addresses); i++) {
		struct request one = { .client_ip =
		    str_of(client_key_addresses[i].one) };
		struct request other = { .client_ip =
		    str_of(client_key_addresses[i].other) };
		struct client_key a, b;

		client_key(&by, &one, &a);
		client_key(&by, &other, &b);
		TABLE_INT(client_key_addresses[i].other,
		    str_eq(a.text, b.text), client_key_addresses[i].same);
	}
}

/* ---- the cookie ---- */

static void
an_id_is_128_bits_and_no_two_are_the_same(void **state)
{
	enum { IDS = 1000 };
	static char rooms[IDS][CLIENT_KEY_ID];
	int digits = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < IDS; i++) {
		struct str id = client_key_id(rooms[i]);

		assert_int_equal(id.n, 32);
		for (k = 0; k < id.n; k++) {
			assert_true(str_is_digit(id.p[k]) ||
			    (id.p[k] >= 'a' && id.p[k] <= 'f'));
			digits |= 1 << str_hex(id.p[k]);
		}
		for (k = 0; k < i; k++)
			assert_memory_not_equal(rooms[i], rooms[k],
			    CLIENT_KEY_ID);
	}
	assert_int_equal(digits, 0xffff);
}

static void
the_cookie_is_for_http_alone_and_secure_on_https(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	TABLE_STR("http", client_key_set_cookie(STR("0a"), STR("http"), &a),
	    "fr_id=0a; Path=/; HttpOnly; SameSite=Lax");
	TABLE_STR("https", client_key_set_cookie(STR("0a"), STR("https"), &a),
	    "fr_id=0a; Path=/; HttpOnly; SameSite=Lax; Secure");
	arena_fini(&a);
	arena_init(&a, 0);
	assert_null(client_key_set_cookie(STR("0a"), STR("http"), &a).p);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_client_has_the_key_that_is_asked_for_or_the_next_best),
		cmocka_unit_test(
		    an_address_counts_by_its_bytes_and_ipv6_by_its_64),
		cmocka_unit_test(an_id_is_128_bits_and_no_two_are_the_same),
		cmocka_unit_test(
		    the_cookie_is_for_http_alone_and_secure_on_https),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
