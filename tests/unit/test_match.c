/* SPDX-License-Identifier: BSD-2-Clause */

/* test_match: when a condition holds, for each kind of it. */

#include "decide/match.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/decide.h"

/* A list's condition, a URL, more variables: does it hold? */
static const struct {
	const char *cond;
	const char *url;
	const char *more[4];
	bool want;
} match_rows[] = {
	/* header */
	{ "header.x-a", "/", { "HTTP_X_A=" }, true },
	{ "header.X-A", "/", { "HTTP_X_A=1" }, true },
	{ "header.x-a", "/", { "HTTP_X_AB=1" }, false },
	{ "!header.x-a", "/", { "HTTP_X_AB=1" }, true },
	{ "!header.x-a", "/", { "HTTP_X_A=" }, false },
	{ "header.x-a=on", "/", { "HTTP_X_A=on" }, true },
	{ "header.x-a=on", "/", { "HTTP_X_A=On" }, false },
	{ "header.x-a=on", "/", { "HTTP_X_A=on2" }, false },
	{ "header.x-a=on", "/", { "HTTP_X_A=off", "HTTP_X_A=on" }, true },
	{ "!header.x-a=on", "/", { "HTTP_X_A=off", "HTTP_X_A=on" }, false },
	{ "!header.x-a=on", "/", { NULL }, true },
	{ "header.x-a=\"a b\"", "/", { "HTTP_X_A=a b" }, true },
	{ "header.x-a=a%20b", "/", { "HTTP_X_A=a b" }, false },
	{ "header.x-a=a%20b", "/", { "HTTP_X_A=a%20b" }, true },
	{ "header.content-type=text/*", "/", { "CONTENT_TYPE=text/x" },
	  true },
	/* '*' */
	{ "header.x-a=*", "/", { "HTTP_X_A=" }, true },
	{ "header.x-a=*", "/", { NULL }, false },
	{ "header.x-a=a*", "/", { "HTTP_X_A=a" }, true },
	{ "header.x-a=a*", "/", { "HTTP_X_A=ba" }, false },
	{ "header.x-a=*a", "/", { "HTTP_X_A=aba" }, true },
	{ "header.x-a=*a", "/", { "HTTP_X_A=ab" }, false },
	{ "header.x-a=a*c*e", "/", { "HTTP_X_A=abcdcde" }, true },
	{ "header.x-a=a*c*e", "/", { "HTTP_X_A=acef" }, false },
	{ "header.x-a=*ab*ab*", "/", { "HTTP_X_A=xabyabz" }, true },
	{ "header.x-a=*ab*ab*", "/", { "HTTP_X_A=xabyz" }, false },
	{ "header.x-a=a*a", "/", { "HTTP_X_A=a" }, false },
	{ "header.x-a=**", "/", { "HTTP_X_A=" }, true },
	{ "header.x_a=1", "/", { "HTTP_X_A=1" }, true },
	{ "!header.X_a", "/", { "HTTP_X_A=1" }, false },
	{ "header.x.a", "/", { "HTTP_X_A=1" }, false },
	/* cookie */
	{ "cookie.sid", "/", { "HTTP_COOKIE=a=1; sid=; b=2" }, true },
	{ "cookie.sid", "/", { "HTTP_COOKIE=SID=1; xsid=2; sid2=3" }, false },
	{ "cookie.sid=x", "/", { "HTTP_COOKIE=sid=y; sid=x" }, true },
	{ "cookie.sid=x", "/", { "HTTP_COOKIE=sid=; sid=x" }, true },
	{ "cookie.sid=x", "/", { "HTTP_COOKIE=b=1; sid=" }, false },
	{ "cookie.sid=x", "/", { "HTTP_COOKIE=sid=y", "HTTP_COOKIE=sid=x" },
	  true },
	{ "cookie.sid=x", "/", { "HTTP_COOKIE=a=sid=x; sid=xx" }, false },
	{ "cookie.sid=x*", "/", { "HTTP_COOKIE=sid=xyz" }, true },
	{ "!cookie.sid", "/", { NULL }, true },
	{ "!cookie.sid=x", "/", { "HTTP_COOKIE=sid=y; sid=x" }, false },
	/* query, decoded */
	{ "query.a", "/?a", { NULL }, true },
	{ "query.a", "/?b&a=&c", { NULL }, true },
	{ "query.a", "/?aa=1&b=a", { NULL }, false },
	{ "query.a", "/", { NULL }, false },
	{ "query.a", "/?", { NULL }, false },
	{ "query.a", "/?%61=1", { NULL }, true },
	{ "query.a=1", "/?a=0&a=1", { NULL }, true },
	{ "query.a=1", "/?a=0&b=1", { NULL }, false },
	{ "query.a=\"x y\"", "/?a=x+y", { NULL }, true },
	{ "query.a=\"x y\"", "/?a=x%20y", { NULL }, true },
	{ "query.a=x+y", "/?a=x%2by", { NULL }, true },
	{ "query.a=x+y", "/?a=x+y", { NULL }, false },
	{ "query.a=x&y", "/?a=x%26y", { NULL }, true },
	{ "query.a=x%41", "/?a=x%41", { NULL }, false },
	{ "query.a=xA", "/?a=x%41", { NULL }, true },
	{ "query.a=x%", "/?a=x%", { NULL }, true },
	{ "query.a=x%4", "/?a=x%4", { NULL }, true },
	{ "query.a=x%zz", "/?a=x%zz", { NULL }, true },
	{ "query.a=*e*", "/?a=%65", { NULL }, true },
	{ "query.a=*%*", "/?a=%65", { NULL }, false },
	{ "query.a=b=c", "/?a=b=c", { NULL }, true },
	{ "!query.a=1", "/?a=0", { NULL }, true },
	{ "!query.a=1", "/?a=0&a=1", { NULL }, false },
	/* method, scheme: exact */
	{ "method=GET", "/", { NULL }, true },
	{ "method=POST,GET", "/", { NULL }, true },
	{ "method=POST,GETS", "/", { NULL }, false },
	{ "!method=POST,PUT", "/", { NULL }, true },
	{ "scheme=http", "/", { NULL }, true },
	{ "scheme=https", "/", { NULL }, false },
	{ "!scheme=https", "/", { NULL }, true },
	/* client */
	{ "client=192.0.2.0/24", "/", { NULL }, true },
	{ "client=10.0.0.0/8,192.0.2.9", "/", { NULL }, true },
	{ "client=192.0.2.8", "/", { NULL }, false },
	{ "!client=192.0.2.8", "/", { NULL }, true },
	{ "client=2001:db8::/32", "/", { "REMOTE_ADDR=2001:db8::1" }, true },
	{ "client=192.0.2.0/24", "/", { "REMOTE_ADDR=::ffff:192.0.2.7" },
	  true },
	{ "client=0.0.0.0/0", "/", { "REMOTE_ADDR=" }, false },
	{ "!client=0.0.0.0/0", "/", { "REMOTE_ADDR=unix:" }, true },
	/* all of a line */
	{ "method=GET header.x-a", "/", { "HTTP_X_A=1" }, true },
	{ "method=GET header.x-a", "/", { NULL }, false },
	{ "header.x-a !header.x-b", "/", { "HTTP_X_A=1", "HTTP_X_B=1" },
	  false },
};

static void
a_line_holds_when_all_its_conditions_do(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < TABLE_COUNT(match_rows); i++) {
		const struct route_when *when;
		char list[512], url[128], row[256];
		bool held = true;
		struct decide d;

		snprintf(row, sizeof(row), "%zu: %s < %s", i,
		    match_rows[i].cond, match_rows[i].url);
		snprintf(list, sizeof(list), "a.example http://o.example\n"
		    "    when %s -> respond=200\n", match_rows[i].cond);
		snprintf(url, sizeof(url), "http://a.example%s",
		    match_rows[i].url);
		decide_open(&d, list, url, match_rows[i].more);
		assert_int_equal(d.follow.found.route->when_count, 1);
		when = &d.follow.found.route->whens[0];
		TABLE_INT(row, match_when(when, &d.request),
		    match_rows[i].want);
		for (k = 0; k < when->cond_count; k++)
			held = held && match_cond(&when->conds[k], &d.request);
		TABLE_INT(row, held, match_rows[i].want);
		TABLE_INT(row, d.follow.when == when, match_rows[i].want);
		decide_close(&d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_holds_when_all_its_conditions_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
