/* SPDX-License-Identifier: BSD-2-Clause */

/* record: a line of known form, which nobody can forge. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "report/record.h"
#include "table.h"

/* 2023-11-21 20:38:05 UTC */
enum { SOME_SECOND = 1700599085 };

static void
use_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

static struct record
record_of_one(void)
{
	static const struct record_tag tags[] = {
		{ { "customer", 8 }, { "42", 2 } },
		{ { "cell", 4 }, { "a b", 3 } },
	};
	struct record r;

	record_init(&r);
	r.start.tv_sec = SOME_SECOND;
	r.host = STR("www.example.org");
	r.port = 443;
	r.client_ip = STR("192.0.2.7");
	r.method = STR("GET");
	r.uri = STR("/a?b=c");
	r.protocol = STR("HTTP/1.1");
	r.status = 200;
	r.sent = 1234;
	r.referer = STR("https://example.org/");
	r.user_agent = STR("Some (X11) Agent/1.0");
	r.id = STR("0123456789abcdef");
	r.route = STR("www.example.org/a");
	r.service = STR("@production/acme");
	r.space = STR("production");
	r.version = STR("production/acme");
	r.origin = STR("http://127.0.0.1:8000");
	r.tags = (struct record_tags){ tags, TABLE_COUNT(tags) };
	r.generation = 7;
	r.attempts = 1;
	r.received = 5;
	r.lookup_us = 12;
	r.auth_us = 34;
	r.connect_us = 0;
	r.first_us = 3456;
	r.total_us = 5678901234;
	return r;
}

static void
record_gives(const struct record *r, const char *want)
{
	char line[RECORD_LINE_MAX];
	size_t n = record_print(r, line);

	TABLE_STR("line", ((struct str){ line, n }), want);
}

static void
a_line_is_combined_and_words(void **state)
{
	struct record r = record_of_one();

	(void)state;
	use_zone("UTC0");
	record_gives(&r, "www.example.org:443 192.0.2.7 - - "
	    "[21/Nov/2023:20:38:05 +0000] \"GET /a?b=c HTTP/1.1\" 200 1234 "
	    "\"https://example.org/\" \"Some (X11) Agent/1.0\" "
	    "id=0123456789abcdef reason=- route=www.example.org/a "
	    "service=@production/acme namespace=production "
	    "version=production/acme plan=- limit=- "
	    "tags=customer:42,cell:a\\x20b "
	    "origin=http://127.0.0.1:8000 identity=- "
	    "generation=7 "
	    "attempts=1 received=5 lookup_us=12 auth_us=34 connect_us=0 "
	    "first_us=3456 total_us=5678901234\n");
}

static void
what_is_unknown_is_a_dash(void **state)
{
	struct record r;

	(void)state;
	use_zone("UTC0");
	record_init(&r);
	record_gives(&r, "- - - - [01/Jan/1970:00:00:00 +0000] \"- - -\" - 0 "
	    "\"-\" \"-\" id=- reason=- route=- service=- "
	    "namespace=- version=- plan=- limit=- tags=- "
	    "origin=- identity=- generation=0 attempts=0 received=0 "
	    "lookup_us=- auth_us=- connect_us=- first_us=- total_us=-\n");
}

static void
time_is_local_with_its_zone(void **state)
{
	struct record r;

	(void)state;
	record_init(&r);
	r.start.tv_sec = SOME_SECOND;
	r.reason = REASON_NO_HOST;
	r.status = 404;
	use_zone("XYZ-5:30");
	record_gives(&r, "- - - - [22/Nov/2023:02:08:05 +0530] \"- - -\" 404 "
	    "0 \"-\" \"-\" id=- reason=no-host route=- service=- "
	    "namespace=- version=- plan=- limit=- tags=- "
	    "origin=- identity=- generation=0 attempts=0 "
	    "received=0 lookup_us=- auth_us=- connect_us=- first_us=- "
	    "total_us=-\n");
	use_zone("XYZ+3:30");
	r.status = 0;
	r.reason = REASON_NONE;
	record_gives(&r, "- - - - [21/Nov/2023:17:08:05 -0330] \"- - -\" - 0 "
	    "\"-\" \"-\" id=- reason=- route=- service=- "
	    "namespace=- version=- plan=- limit=- tags=- "
	    "origin=- identity=- generation=0 attempts=0 received=0 "
	    "lookup_us=- auth_us=- connect_us=- first_us=- total_us=-\n");
}

static void
texts_are_escaped_where_they_stand(void **state)
{
	struct record r;

	(void)state;
	use_zone("UTC0");
	record_init(&r);
	r.host = STR("a b\"");
	r.client_ip = STR("1 - -");
	r.method = STR("G\x1b[1mT");
	r.uri = STR("/a b\" 200 0 \"-\" \"-\"\n\\");
	r.protocol = STR("\x9b");
	r.referer = STR("\"\\\r\n\t\x7f\xc2\x9b\xe9\xc3\xa9");
	r.user_agent = STR("x\" id=forged");
	r.id = STR("a route=forged");
	r.route = STR("*.a/{b} \n");
	r.origin = STR("http://\0");
	record_gives(&r, "a\\x20b\\x22 1\\x20-\\x20- - - "
	    "[01/Jan/1970:00:00:00 +0000] \"G\\x1b[1mT /a b\\x22 200 0 "
	    "\\x22-\\x22 \\x22-\\x22\\x0a\\x5c \\x9b\" - 0 "
	    "\"\\x22\\x5c\\x0d\\x0a\\x09\\x7f\\xc2\\x9b\\xe9\xc3\xa9\" "
	    "\"x\\x22 id=forged\" id=a\\x20route=forged reason=- "
	    "route=*.a/{b}\\x20\\x0a service=- namespace=- "
	    "version=- plan=- limit=- tags=- "
	    "origin=http://\\x00 identity=- generation=0 attempts=0 received=0 "
	    "lookup_us=- auth_us=- connect_us=- first_us=- total_us=-\n");
}

/* Every field as long as it can be, of bytes that grow fourfold. */
static void
the_longest_line_fits(void **state)
{
	static char evil[1 << 16];
	static struct record_tag many[300];
	const struct str long_text = { evil, sizeof(evil) };
	struct record r;
	char *line = malloc(RECORD_LINE_MAX);
	size_t n;

	(void)state;
	assert_non_null(line);
	memset(evil, '\n', sizeof(evil));
	many[0] = (struct record_tag){ STR("key"), long_text };
	record_init(&r);
	r.start.tv_sec = INT64_C(253402300799);
	r.tags = (struct record_tags){ many, TABLE_COUNT(many) };
	r.port = UINT16_MAX;
	r.host = r.client_ip = r.method = r.uri = r.protocol = r.referer =
	    r.user_agent = r.id = r.route = r.service = r.space = r.version =
	    r.origin = long_text;
	r.status = 999;
	r.sent = r.generation = r.attempts = r.received = UINT64_MAX;
	r.lookup_us = r.connect_us = r.first_us = r.total_us = INT64_MAX;
	n = record_print(&r, line);
	assert_in_range(n, RECORD_LINE_MAX / 2, RECORD_LINE_MAX);
	assert_ptr_equal(memchr(line, '\n', n), line + n - 1);
	r.start.tv_sec = INT64_MAX;
	n = record_print(&r, line);
	assert_ptr_equal(memchr(line, '\n', n), line + n - 1);
	free(line);
}

static void
a_text_that_is_cut_says_so(void **state)
{
	static char path[10000];
	struct record r;
	char line[RECORD_LINE_MAX];
	struct str whole;
	size_t at;

	(void)state;
	memset(path, 'p', sizeof(path));
	record_init(&r);
	r.uri = (struct str){ path, sizeof(path) };
	whole = (struct str){ line, record_print(&r, line) };
	at = str_find(whole, 'p');
	whole = str_sub(whole, at, whole.n);
	assert_int_equal(str_find(whole, '.'), 8192 - 3);
	assert_true(str_starts(str_sub(whole, 8192 - 3, whole.n),
	    STR("... -\" ")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_combined_and_words),
		cmocka_unit_test(what_is_unknown_is_a_dash),
		cmocka_unit_test(time_is_local_with_its_zone),
		cmocka_unit_test(texts_are_escaped_where_they_stand),
		cmocka_unit_test(the_longest_line_fits),
		cmocka_unit_test(a_text_that_is_cut_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
