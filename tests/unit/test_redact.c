/* SPDX-License-Identifier: BSD-2-Clause */

/* redact: what is to be nowhere is nowhere, and all else as it was. */

#include "report/redact.h"
#include "table.h"

static char room[4096];

static void
queries_lose_what_is_named(void **state)
{
	static const struct { const char *lines, *uri, *want; } rows[] = {
		{ "query:token", "/a?token=abc", "/a?token=redacted" },
		{ "query:token", "/a?x=1&token=abc&y=2",
		    "/a?x=1&token=redacted&y=2" },
		{ "query:token", "/a?x=1;token=abc;y=2",
		    "/a?x=1;token=redacted;y=2" },
		{ "query:token", "/a?token=a&token=b",
		    "/a?token=redacted&token=redacted" },
		{ "query:token", "/a?TOKEN=a&Token=b",
		    "/a?TOKEN=redacted&Token=redacted" },
		{ "query:token", "/a?t%6fk%65n=a", "/a?t%6fk%65n=redacted" },
		{ "query:token", "/a?token[]=a&token[x]=b&token%5b%5d=c",
		    "/a?token[]=redacted&token[x]=redacted"
		    "&token%5b%5d=redacted" },
		{ "query:token", "/a?token=a=b", "/a?token=redacted" },
		{ "query:token", "/a?token=a?token=b", "/a?token=redacted" },
		{ "query:token", "/a?token=", "/a?token=redacted" },
		{ "query:token", "/a?token", "/a?token" },
		{ "query:token", "/a?tokens=1&atoken=2&x=token=3",
		    "/a?tokens=1&atoken=2&x=token=3" },
		{ "query:token", "/token=1", "/token=1" },
		{ "query:token", "/a?", "/a?" },
		{ "query:token", "/a?&&=&token=1&", "/a?&&=&token=redacted&" },
		{ "query:token", "/a?t%6", "/a?t%6" },
		{ "query:token", "/a?t%zz=1", "/a?t%zz=1" },
		{ "query:token", "", "" },
		{ "query:key\nquery:token", "/a?key=1&token=2&k=3",
		    "/a?key=redacted&token=redacted&k=3" },
		{ "query:*", "/a?token=abc&x", "/a?redacted" },
		{ "query:*", "/a?x", "/a?redacted" },
		{ "query:*", "/a?", "/a?" },
		{ "header:cookie", "/a?token=abc", "/a?token=abc" },
		{ "", "/a?token=abc", "/a?token=abc" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct str uri = str_of(rows[i].uri);
		char *exact = table_exact(uri);
		struct redact d;
		struct record r;

		redact_init(&d, str_of(rows[i].lines), false);
		record_init(&r);
		r.uri = r.referer = (struct str){ exact, uri.n };
		redact_record(&d, &r, room, sizeof(room));
		TABLE_STR(rows[i].uri, r.uri, rows[i].want);
		TABLE_STR(rows[i].uri, r.referer, rows[i].want);
		free(exact);
	}
}

static void
fields_go_as_a_whole(void **state)
{
	struct redact d;
	struct record r;

	(void)state;
	redact_init(&d, STR("header:referer\nheader:user-agent"), false);
	record_init(&r);
	redact_record(&d, &r, room, sizeof(room));
	assert_int_equal(r.referer.n, 0);
	assert_int_equal(r.user_agent.n, 0);
	r.referer = STR("http://a/?b=c");
	r.user_agent = STR("U");
	redact_record(&d, &r, room, sizeof(room));
	TABLE_STR("referer", r.referer, "redacted");
	TABLE_STR("user_agent", r.user_agent, "redacted");
	assert_true(redact_has_header(d.lines, STR("User-AGENT")));
	assert_false(redact_has_header(d.lines, STR("User")));
	assert_false(redact_has_header(STR(""), STR("User")));
}

static void
addresses_become_those_of_their_networks(void **state)
{
	static const struct { const char *in, *want; } rows[] = {
		{ "192.0.2.7", "192.0.2.0" },
		{ "255.255.255.255", "255.255.255.0" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1::" },
		{ "::1", "::" },
		{ "::ffff:192.0.2.7", "192.0.2.0" },
		{ "fe80::1%eth0", "fe80::" },
		{ "somebody", "redacted" },
		{ "", "" },
	};
	struct redact d;
	struct record r;
	size_t i;

	(void)state;
	redact_init(&d, STR(""), true);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		record_init(&r);
		r.client_ip = str_of(rows[i].in);
		redact_record(&d, &r, room, sizeof(room));
		TABLE_STR(rows[i].in, r.client_ip, rows[i].want);
	}
	redact_init(&d, STR(""), false);
	r.client_ip = STR("192.0.2.7");
	redact_record(&d, &r, room, sizeof(room));
	TABLE_STR("as it is", r.client_ip, "192.0.2.7");
}

/* In a room of any size: what is in it, or nothing of it. */
static void
what_finds_no_room_goes_as_a_whole(void **state)
{
	const struct str whole = STR("/a?x=1&token=secret&y=2");
	struct redact d;
	struct record r;
	size_t n;

	(void)state;
	redact_init(&d, STR("query:token"), true);
	for (n = 0; n < 100; n++) {
		char *exact = table_exact((struct str){ room, n });

		record_init(&r);
		r.client_ip = STR("192.0.2.7");
		r.uri = whole;
		redact_record(&d, &r, exact, n);
		if (!str_eq(r.uri, STR("redacted")))
			TABLE_STR("uri", r.uri, "/a?x=1&token=redacted&y=2");
		else
			assert_true(n < 80);
		if (!str_eq(r.client_ip, STR("redacted")))
			TABLE_STR("client", r.client_ip, "192.0.2.0");
		else
			assert_true(n < 50);
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_lose_what_is_named),
		cmocka_unit_test(fields_go_as_a_whole),
		cmocka_unit_test(addresses_become_those_of_their_networks),
		cmocka_unit_test(what_finds_no_room_goes_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
