/* SPDX-License-Identifier: BSD-2-Clause */

/* filter: which exchanges an expression takes, and what is none. */

#include <stdio.h>
#include <string.h>

#include "report/filter.h"
#include "table.h"

static const struct record_tag tags[] = {
	{ { "customer", 8 }, { "42", 2 } },
	{ { "cell", 4 }, { "eu-1", 4 } },
};

static struct record
record_of_one(void)
{
	struct record r;

	record_init(&r);
	r.host = STR("shop.example.org");
	r.port = 443;
	r.client_ip = STR("192.0.2.7");
	r.method = STR("GET");
	r.uri = STR("/cart?a=b");
	r.path = STR("/cart");
	r.status = 504;
	r.reason = REASON_ORIGIN_TIMEOUT;
	r.sent = 2048;
	r.service = STR("@production/api");
	r.space = STR("production");
	r.tags = (struct record_tags){ tags, TABLE_COUNT(tags) };
	r.attempts = 2;
	r.total_us = 500001;
	r.first_us = 0;
	r.user_agent = STR("Some (X11) Agent | 1.0");
	return r;
}

static struct filter *
parsed(const char *text)
{
	char *exact = table_exact(str_of(text));
	struct filter *f;
	struct err e;
	size_t at;

	if (filter_parse((struct str){ exact, strlen(text) }, &f, &at,
	    &e) == -1)
		fail_msg("%s: %zu: %s", text, at, e.text);
	free(exact);
	return f;
}

static void
a_filter_takes_what_it_says(void **state)
{
	static const struct { const char *text; bool takes; } rows[] = {
		/* texts */
		{ "method=GET", true },
		{ "method=get", false },
		{ "method!=POST", true },
		{ "method!=GET", false },
		{ "host=shop.example.org", true },
		{ "host=Shop.Example.ORG", true },
		{ "host=*.example.org", true },
		{ "host=*.other.org", false },
		{ "host=example.org", false },
		{ "host=*", true },
		{ "host=shop*org", true },
		{ "host=*o*o*", true },
		{ "host=*o*o*o*", false },
		{ "host!=*.example.org", false },
		{ "service=@production/api", true },
		{ "service=*/api", true },
		{ "service=@api", false },
		{ "namespace=production", true },
		{ "path=/cart & uri=/cart?a=b", true },
		{ "uri=/cart*", true },
		{ "user_agent='Some (X11) Agent | 1.0'", true },
		{ "user_agent=\"*Agent |*\"", true },
		{ "user_agent=*X11*", true },
		/* what is not there */
		{ "identity=-", true },
		{ "identity!=-", false },
		{ "identity=*", false },
		{ "identity!=me", true },
		{ "host=-", false },
		{ "host!=-", true },
		/* reasons */
		{ "reason=origin-timeout", true },
		{ "reason=origin-*", true },
		{ "reason=no-host", false },
		{ "reason=-", false },
		{ "limit=-", true },
		{ "limit=limit-rate", false },
		{ "limit=*", false },
		/* addresses */
		{ "client=192.0.2.7", true },
		{ "client=192.0.2.0/24", true },
		{ "client=10.0.0.0/8", false },
		{ "client!=10.0.0.0/8", true },
		{ "client=2001:db8::/32", false },
		/* numbers */
		{ "status=504", true },
		{ "status=5xx", true },
		{ "status=4xx", false },
		{ "status!=5xx", false },
		{ "status>5xx", false },
		{ "status>=5xx", true },
		{ "status<5xx", false },
		{ "status<=5xx", true },
		{ "status>4xx", true },
		{ "status>=500", true },
		{ "status>=504", true },
		{ "status>504", false },
		{ "status<=504", true },
		{ "status<504", false },
		{ "status != 504", false },
		{ "status=-", false },
		{ "port=443", true },
		{ "sent=2k", true },
		{ "sent>1k", true },
		{ "sent>1m", false },
		{ "sent<1g", true },
		{ "received=0", true },
		{ "attempts>1", true },
		/* times */
		{ "total>500ms", true },
		{ "total>=500001us", true },
		{ "total>500001us", false },
		{ "total<1s", true },
		{ "total<1m", true },
		{ "first=0us", true },
		{ "first<1us", true },
		{ "connect=-", true },
		{ "connect!=-", false },
		{ "connect<1m", false },
		{ "connect<=1m", false },
		{ "connect>0us", false },
		{ "connect>=0us", false },
		{ "connect!=1us", true },
		{ "total=-", false },
		/* tags */
		{ "tag.customer=42", true },
		{ "tag.customer=4*", true },
		{ "tag.customer=43", false },
		{ "tag.customer!=43", true },
		{ "tag.cell=eu-*", true },
		{ "tag.other=-", true },
		{ "tag.other=42", false },
		{ "tag.other!=42", true },
		{ "tags=-", false },
		{ "tags!=-", true },
		/* joined */
		{ "status=200 | service=@other | tag.customer=42", true },
		{ "status=200|service=@other|tag.customer=41", false },
		{ "status=504&method=GET", true },
		{ "status=504 & method=POST", false },
		{ "status=504 & method=POST | port=443", true },
		{ "port=443 | status=504 & method=POST", true },
		{ "port=80 | status=504 & method=POST", false },
		{ "(port=443 | status=504) & method=POST", false },
		{ "( port=443 | status=200 )&( method=GET )", true },
		{ "!status=504", false },
		{ "!!status=504", true },
		{ "! status=200 & method=GET", true },
		{ "!(status=200 & method=GET)", true },
		{ "!(status=504 | method=POST)", false },
		{ " \tstatus = 504\t ", true },
	};
	struct record r = record_of_one();
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct filter *f = parsed(rows[i].text);

		TABLE_INT(rows[i].text, filter_takes(f, &r), rows[i].takes);
		filter_free(&f);
	}
}

static void
of_an_empty_record_nothing_is_known(void **state)
{
	static const char *const rows[] = {
		"method=-", "client=-", "client!=0.0.0.0/0", "status=-",
		"status!=200", "!status<600", "!status>=0", "reason=-",
		"port=-", "total=-", "tags=-", "tag.k=-", "sent=0",
		"host!=*",
	};
	struct record r;
	size_t i;

	(void)state;
	record_init(&r);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct filter *f = parsed(rows[i]);

		TABLE_INT(rows[i], filter_takes(f, &r), true);
		filter_free(&f);
	}
}

static void
every_field_but_the_time_can_be_asked_for(void **state)
{
	struct record r;
	size_t i;

	(void)state;
	record_init(&r);
	for (i = 0; i < RECORD_FIELDS; i++) {
		const char *value = record_rows[i].kind == RECORD_KIND_COUNT ?
		    "0" : "-";
		char text[64];
		struct filter *f;
		size_t at;
		struct err e;

		snprintf(text, sizeof(text), "%s=%s", record_rows[i].name,
		    value);
		if (i == RECORD_AT_start) {
			TABLE_INT(text, filter_parse(str_of(text), &f, &at,
			    &e), -1);
			continue;
		}
		f = parsed(text);
		TABLE_INT(text, filter_takes(f, &r), true);
		filter_free(&f);
	}
}

static void
what_is_no_filter_is_told_where(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *says;
	} rows[] = {
		{ "", 0, "no name of a field" },
		{ "   ", 3, "no name of a field" },
		{ "=200", 0, "no name of a field" },
		{ "state=200", 0, "'state' is no field" },
		{ "Status=200", 0, "'Status' is no field" },
		{ "time=1", 0, "'time' is no field" },
		{ "status", 6, "no comparison" },
		{ "status 200", 7, "no comparison" },
		{ "status~200", 6, "no comparison" },
		{ "status=", 7, "no value" },
		{ "status= | port=1", 8, "no value" },
		{ "status==200", 7, "'=200' is no number" },
		{ "status=ok", 7, "'ok' is no number" },
		{ "status=6xx", 7, "'6xx' is no number" },
		{ "status=5xxx", 7, "'5xxx' is no number" },
		{ "status=99999999999999999999", 7, "is no number" },
		{ "sent=9999999999g", 5, "is no number" },
		{ "sent=1x", 5, "'1x' is no number" },
		{ "sent=-", 5, "'-' is no number" },
		{ "sent=-1", 5, "'-1' is no number" },
		{ "status>-", 7, "- above or below" },
		{ "total>500", 6, "'500' is no time" },
		{ "total>5x", 6, "'5x' is no time" },
		{ "host>a", 5, "a text above or below" },
		{ "reason=nohost", 7, "'nohost' is no reason" },
		{ "client=me", 7, "'me' is no address" },
		{ "client=1*", 7, "'1*' is no address" },
		{ "client=10.0.0.1/8", 7, "is no address" },
		{ "tags=42", 5, "expected tag.K" },
		{ "tag.=42", 0, "is no field" },
		{ "host='a", 5, "a quote that is not closed" },
		{ "host=a b=c", 7, "'b=c' behind the filter" },
		{ "host=a)", 6, "')' behind the filter" },
		{ "(host=a", 7, "a ( that is not closed" },
		{ "()", 1, "no name of a field" },
		{ "host=a |", 8, "no name of a field" },
		{ "host=a & | port=1", 9, "no name of a field" },
		{ "& host=a", 0, "no name of a field" },
		{ "!", 1, "no name of a field" },
		{ "!!!!!!!!!!!!!!!!!port=1", 16, "too many ( and !" },
		{ "(((((((((((((((((port=1", 16, "too many ( and !" },
	};
	struct filter *f = NULL;
	struct err e;
	size_t i, at;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct str text = str_of(rows[i].text);
		char *exact = table_exact(text);

		e.text[0] = '\0';
		TABLE_INT(rows[i].text, filter_parse((struct str){ exact,
		    text.n }, &f, &at, &e), -1);
		free(exact);
		assert_null(f);
		TABLE_INT(rows[i].text, at, rows[i].at);
		if (strstr(e.text, rows[i].says) == NULL)
			fail_msg("%s: says %s", rows[i].text, e.text);
		if (strstr(e.text, ", expected ") == NULL)
			fail_msg("%s: expects nothing: %s", rows[i].text,
			    e.text);
	}
}

/* `count` times the part, parted by |. */
static char *
repeated(const char *part, size_t count)
{
	size_t n = strlen(part) + 1, i;
	char *text = malloc(count * n + 1);

	assert_non_null(text);
	for (i = 0; i < count; i++)
		snprintf(text + i * n, n + 1, "%s%s", part,
		    i + 1 < count ? "|" : "");
	return text;
}

static void
a_filter_is_bounded(void **state)
{
	static char large[FILTER_TEXT_MAX + 1];
	char *text = repeated("!!port=1", FILTER_TESTS_MAX);
	struct filter *f = parsed(text);
	struct err e;
	size_t at;

	(void)state;
	filter_free(&f);
	free(text);
	text = repeated("port=1", FILTER_TESTS_MAX + 1);
	assert_int_equal(filter_parse(str_of(text), &f, &at, &e), -1);
	assert_non_null(strstr(e.text, "at most 64"));
	free(text);
	memset(large, 'x', sizeof(large));
	assert_int_equal(filter_parse((struct str){ large, sizeof(large) },
	    &f, &at, &e), -1);
	assert_non_null(strstr(e.text, "expected at most 1024"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_takes_what_it_says),
		cmocka_unit_test(of_an_empty_record_nothing_is_known),
		cmocka_unit_test(every_field_but_the_time_can_be_asked_for),
		cmocka_unit_test(what_is_no_filter_is_told_where),
		cmocka_unit_test(a_filter_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
