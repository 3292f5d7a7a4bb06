/* SPDX-License-Identifier: BSD-2-Clause */

/* format: lines of known form, which nobody can forge. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "report/format.h"
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
	r.identity = STR("me");
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

static struct format *
built_in(const char *name)
{
	struct format *f;
	struct err e;

	assert_int_equal(format_built_in(str_of(name), &f, &e), 1);
	return f;
}

static struct format *
own(const char *text)
{
	char *exact = table_exact(str_of(text));
	struct format *f;
	struct err e;
	size_t at;

	if (format_parse((struct str){ exact, strlen(text) }, &f, &at,
	    &e) == -1)
		fail_msg("%s: %zu: %s", text, at, e.text);
	free(exact);
	return f;
}

static void
gives(struct format *f, const struct record *r, const char *row,
    const char *want)
{
	static char line[FORMAT_LINE_MAX];
	size_t n = format_print(f, r, line);

	TABLE_STR(row, ((struct str){ line, n }), want);
	format_free(&f);
}

static void
record_gives(const struct record *r, const char *want)
{
	gives(built_in("full"), r, "full", want);
}

/* What a record that knows nothing has behind its id and reason. */
#define NOTHING " service=- plan=- limit=- tags=- origin=- attempts=0 " \
	"received=0 origin_time_us=- total_us=- path=- route=- " \
	"namespace=- version=- identity=- generation=0 lookup_us=- auth_us=- " \
	"connect_us=- first_us=-\n"

static void
a_line_is_combined_and_words(void **state)
{
	struct record r = record_of_one();

	(void)state;
	r.path = STR("/a");
	use_zone("UTC0");
	record_gives(&r, "www.example.org:443 192.0.2.7 - me "
	    "[21/Nov/2023:20:38:05 +0000] \"GET /a?b=c HTTP/1.1\" 200 1234 "
	    "\"https://example.org/\" \"Some (X11) Agent/1.0\" "
	    "id=0123456789abcdef reason=- service=@production/acme plan=- "
	    "limit=- tags=customer:42,cell:a\\x20b "
	    "origin=http://127.0.0.1:8000 attempts=1 received=5 "
	    "origin_time_us=- total_us=5678901234 "
	    "path=/a route=www.example.org/a namespace=production "
	    "version=production/acme identity=me generation=7 "
	    "lookup_us=12 auth_us=34 connect_us=0 first_us=3456\n");
	gives(built_in("standard"), &r, "standard",
	    "www.example.org:443 192.0.2.7 - me "
	    "[21/Nov/2023:20:38:05 +0000] \"GET /a?b=c HTTP/1.1\" 200 1234 "
	    "\"https://example.org/\" \"Some (X11) Agent/1.0\" "
	    "id=0123456789abcdef reason=- service=@production/acme plan=- "
	    "limit=- tags=customer:42,cell:a\\x20b "
	    "origin=http://127.0.0.1:8000 attempts=1 received=5 "
	    "origin_time_us=- total_us=5678901234\n");
}

static void
what_is_unknown_is_a_dash(void **state)
{
	struct record r;

	(void)state;
	use_zone("UTC0");
	record_init(&r);
	record_gives(&r, "-:- - - - [01/Jan/1970:00:00:00 +0000] \"- - -\" - 0 "
	    "\"-\" \"-\" id=- reason=-" NOTHING);
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
	record_gives(&r, "-:- - - - [22/Nov/2023:02:08:05 +0530] \"- - -\" 404 "
	    "0 \"-\" \"-\" id=- reason=no-host" NOTHING);
	use_zone("XYZ+3:30");
	r.start.tv_sec++; /* the zone is looked at once a second */
	r.status = 0;
	r.reason = REASON_NONE;
	record_gives(&r, "-:- - - - [21/Nov/2023:17:08:06 -0330] \"- - -\" - 0 "
	    "\"-\" \"-\" id=- reason=-" NOTHING);
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
	record_gives(&r, "a\\x20b\\x22:- 1\\x20-\\x20- - - "
	    "[01/Jan/1970:00:00:00 +0000] \"G\\x1b[1mT /a b\\x22 200 0 "
	    "\\x22-\\x22 \\x22-\\x22\\x0a\\x5c \\x9b\" - 0 "
	    "\"\\x22\\x5c\\x0d\\x0a\\x09\\x7f\\xc2\\x9b\\xe9\xc3\xa9\" "
	    "\"x\\x22 id=forged\" id=a\\x20route=forged reason=- service=- "
	    "plan=- limit=- tags=- origin=http://\\x00 attempts=0 "
	    "received=0 origin_time_us=- total_us=- "
	    "path=- route=*.a/{b}\\x20\\x0a namespace=- version=- "
	    "identity=- generation=0 lookup_us=- auth_us=- "
	    "connect_us=- first_us=-\n");
}

/* Each byte, at each place of a short and of a long text. */
static void
every_byte_is_escaped_wherever_it_stands(void **state)
{
	static char line[FORMAT_LINE_MAX];
	struct format *f = own("\"{uri}\" {path}");
	char text[40];
	struct record r;
	size_t n, at;
	int c;

	(void)state;
	record_init(&r);
	for (n = 1; n <= sizeof(text); n++)
		for (at = 0; at < n; at++)
			for (c = 0; c < 256; c++) {
				bool plain = c >= '!' && c <= '~' &&
				    c != '"' && c != '\\';
				size_t want = 2 * n + 4 + (plain ? 0 :
				    c == ' ' ? 3 : 6);

				memset(text, 'a', sizeof(text));
				text[at] = (char)c;
				r.uri = r.path = (struct str){ text, n };
				assert_int_equal(format_print(f, &r, line),
				    want);
			}
	format_free(&f);
}

static void
a_format_is_as_others_write_it(void **state)
{
	struct record r = record_of_one();

	(void)state;
	use_zone("UTC0");
	gives(built_in("combined"), &r, "combined", "192.0.2.7 - me "
	    "[21/Nov/2023:20:38:05 +0000] \"GET /a?b=c HTTP/1.1\" 200 1234 "
	    "\"https://example.org/\" \"Some (X11) Agent/1.0\"\n");
	gives(built_in("vhost_combined"), &r, "vhost_combined",
	    "www.example.org:443 192.0.2.7 - me "
	    "[21/Nov/2023:20:38:05 +0000] \"GET /a?b=c HTTP/1.1\" 200 1234 "
	    "\"https://example.org/\" \"Some (X11) Agent/1.0\"\n");
}

static void
json_is_what_is_known(void **state)
{
	struct record r = record_of_one();

	(void)state;
	r.first_us = -1;
	r.path = STR("/a");
	r.reason = REASON_CLIENT_GONE;
	r.start.tv_nsec = 7999999;
	gives(built_in("json"), &r, "json",
	    "{\"time\":\"2023-11-21T20:38:05.007Z\","
	    "\"id\":\"0123456789abcdef\",\"client\":\"192.0.2.7\","
	    "\"method\":\"GET\",\"host\":\"www.example.org\",\"port\":443,"
	    "\"uri\":\"/a?b=c\",\"path\":\"/a\",\"protocol\":\"HTTP/1.1\","
	    "\"referer\":\"https://example.org/\","
	    "\"user_agent\":\"Some (X11) Agent/1.0\",\"status\":200,"
	    "\"reason\":\"client-gone\",\"sent\":1234,\"received\":5,"
	    "\"route\":\"www.example.org/a\","
	    "\"service\":\"@production/acme\","
	    "\"namespace\":\"production\","
	    "\"version\":\"production/acme\","
	    "\"tags\":{\"customer\":\"42\",\"cell\":\"a b\"},"
	    "\"origin\":\"http://127.0.0.1:8000\",\"identity\":\"me\","
	    "\"generation\":7,\"attempts\":1,\"lookup_us\":12,"
	    "\"auth_us\":34,\"connect_us\":0,\"total_us\":5678901234}\n");
	record_init(&r);
	gives(built_in("json"), &r, "json of nothing",
	    "{\"time\":\"1970-01-01T00:00:00.000Z\",\"sent\":0,"
	    "\"received\":0,\"generation\":0,\"attempts\":0}\n");
	r.uri = STR("\"\\\n\x1b\x7f\xc2\x9b\xe2\x80\xae\xd8\x9c\xe9/"
	    "\xc3\xa9\xf0\x9f");
	gives(built_in("json"), &r, "json of harm",
	    "{\"time\":\"1970-01-01T00:00:00.000Z\",\"uri\":\"\\\"\\\\"
	    "\\u000a\\u001b\\u007f\\u009b\\u202e\\u061c\\u00e9/\xc3\xa9"
	    "\\u00f0\\u009f\",\"sent\":0,"
	    "\"received\":0,\"generation\":0,\"attempts\":0}\n");
}

static void
an_own_format_is_as_it_says(void **state)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "{host}", "www.example.org" },
		{ "{time} {host} {status}",
		    "2023-11-21T20:38:05.000Z www.example.org 200" },
		{ "{time_local}|{time_s}",
		    "21/Nov/2023:20:38:05 +0000|1700599085.000" },
		{ "{total_us} {total_ms} {total_s}",
		    "5678901234 5678901.234 5678.901234" },
		{ "{lookup_us} {lookup_ms} {lookup_s}", "12 0.012 0.000012" },
		{ "{connect_us} {connect_ms}", "0 0.000" },
		{ "{first_ms}", "3.456" },
		{ "{tag.customer}{tab}{tag.cell}{tab}{tag.none}",
		    "42\ta\\x20b\t-" },
		{ "\"{tag.cell}\" {tag.cell}", "\"a b\" a\\x20b" },
		{ "\"{tags}\"", "\"customer:42,cell:a b\"" },
		{ "{{{status}}} }}{{", "{200} }{" },
		{ "{header.user-agent} {header.X-None}", "U\\x20A -" },
		{ "{status}{status}", "200200" },
		{ "{reason},{plan},{port}", "-,-,443" },
		{ "\xc3\xa9={host}", "\xc3\xa9=www.example.org" },
	};
	static struct header_field field = { { "User-Agent", 10 },
		{ "U A", 3 }, NAME_USER_AGENT };
	const struct header fields = { .fields = &field, .count = 1 };
	struct record r = record_of_one();
	size_t i;

	(void)state;
	use_zone("UTC0");
	r.fields = &fields;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		char want[256];

		snprintf(want, sizeof(want), "%s\n", rows[i].want);
		gives(own(rows[i].text), &r, rows[i].text, want);
	}
	r.fields = NULL;
	gives(own("{header.Host}"), &r, "no fields", "-\n");
}

/* What redact took out of the record's is nowhere else. */
static void
an_own_format_has_the_referer_that_may_be_written(void **state)
{
	static struct header_field field = { { "Referer", 7 },
		{ "/?token=secret", 14 }, NAME_REFERER };
	const struct header fields = { .fields = &field, .count = 1 };
	struct record r = record_of_one();

	(void)state;
	r.fields = &fields;
	r.referer = STR("/?token=redacted");
	gives(own("{header.Referer} {referer}"), &r, "redacted",
	    "/?token=redacted /?token=redacted\n");
}

/* Also what a unit is for. */
static void
every_field_has_its_place_in_a_format(void **state)
{
	struct record r = record_of_one();
	static char line[FORMAT_LINE_MAX];
	size_t i, n;
	struct format *f = built_in("json");

	(void)state;
	r.reason = r.limit = REASON_LIMIT_RATE;
	r.path = r.plan = STR("x");
	r.origin_us = 1;
	n = format_print(f, &r, line);
	line[n] = '\0';
	format_free(&f);
	for (i = 0; i < RECORD_FIELDS; i++) {
		bool is_time = record_rows[i].kind == RECORD_KIND_TIME;
		char text[64];

		snprintf(text, sizeof(text), "{%s%s}", record_rows[i].name,
		    is_time ? "_us" : "");
		f = own(text);
		TABLE_INT(text, format_print(f, &r, line + n + 1) > 1, true);
		format_free(&f);
		snprintf(text, sizeof(text), "\"%s%s\":",
		    record_rows[i].name, is_time ? "_us" : "");
		TABLE_INT(text, strstr(line, text) != NULL, true);
	}
}

static void
what_is_no_format_is_told_where(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *says;
	} rows[] = {
		{ "", 0, "no field" },
		{ "host", 4, "no field" },
		{ "a {hots}", 2, "{hots} is no field" },
		{ "a {Host}", 2, "{Host} is no field" },
		{ "{}", 0, "{} is no field" },
		{ "{host", 0, "{ that is not closed" },
		{ "{host} }", 7, "} alone" },
		{ "{host} {", 7, "{ that is not closed" },
		{ "{total}", 0, "{total} without a unit" },
		{ "{status_us}", 0, "is no field" },
		{ "{total_us_us}", 0, "is no field" },
		{ "{host_local}", 0, "is no field" },
		{ "{tag.}", 0, "is no field" },
		{ "{header.}", 0, "is no field" },
		{ "a\tb{host}", 1, "a control byte" },
		{ "{host}\n", 6, "a control byte" },
		{ "\"{host}", 7, "a quote that is not closed" },
		{ "{uri}{uri}{uri}{uri}{uri}{uri}{uri}{uri}{uri}", 45,
		    "lines of up to" },
	};
	struct format *f = NULL;
	struct err e;
	size_t i, at;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct str text = str_of(rows[i].text);
		char *exact = table_exact(text);

		e.text[0] = '\0';
		TABLE_INT(rows[i].text, format_parse((struct str){ exact,
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

static void
names_of_formats(void **state)
{
	struct format *f = NULL;
	struct err e;

	(void)state;
	assert_int_equal(format_built_in(STR("none"), &f, &e), 0);
	assert_null(f);
	assert_true(format_is_built_in(STR("combined")));
	assert_false(format_is_built_in(STR("")));
	f = built_in("json");
	assert_true(format_is_json(f));
	format_free(&f);
	f = built_in("full");
	assert_false(format_is_json(f));
	format_free(&f);
}

static void
a_format_is_bounded(void **state)
{
	static char text[FORMAT_TEXT_MAX + 1], line[FORMAT_LINE_MAX];
	struct format *f = NULL;
	struct record r;
	struct err e;
	size_t at, i;

	(void)state;
	for (i = 0; i < FORMAT_TEXT_MAX; i++)
		text[i] = "{id}"[i % 4];
	assert_int_equal(format_parse((struct str){ text, FORMAT_TEXT_MAX },
	    &f, &at, &e), -1); /* lines too long */
	for (i = 0; i < FORMAT_TEXT_MAX; i++)
		text[i] = i < 6 ? "{port}"[i] : 'x';
	assert_int_equal(format_parse((struct str){ text, FORMAT_TEXT_MAX },
	    &f, &at, &e), 0);
	record_init(&r);
	assert_int_equal(format_print(f, &r, line), FORMAT_TEXT_MAX - 6 + 2);
	format_free(&f);
	assert_int_equal(format_parse((struct str){ text,
	    FORMAT_TEXT_MAX + 1 }, &f, &at, &e), -1);
	assert_non_null(strstr(e.text, "expected at most 1000"));
}

/* Every field as long as it can be, of bytes that grow. */
static void
longest_line_fits(struct format *f, const struct record *r, size_t least)
{
	char *line = malloc(FORMAT_LINE_MAX);
	size_t n;

	assert_non_null(line);
	n = format_print(f, r, line);
	assert_in_range(n, least, FORMAT_LINE_MAX);
	assert_ptr_equal(memchr(line, '\n', n), line + n - 1);
	free(line);
	format_free(&f);
}

static void
the_longest_line_fits(void **state)
{
	static char evil[1 << 16];
	static struct record_tag many[300];
	const struct str long_text = { evil, sizeof(evil) };
	struct record r;
	size_t i;

	(void)state;
	memset(evil, '\n', sizeof(evil));
	for (i = 0; i < TABLE_COUNT(many); i++)
		many[i] = (struct record_tag){ STR("key"),
			{ evil, i < 100 ? i : sizeof(evil) } };
	record_init(&r);
	r.start = (struct timespec){ INT64_C(253402300799), 999999999 };
	r.tags = (struct record_tags){ many, TABLE_COUNT(many) };
	r.port = UINT16_MAX;
	for (i = 0; i < RECORD_FIELDS; i++)
		if (record_rows[i].kind == RECORD_KIND_TEXT)
			*(struct str *)(void *)((char *)&r +
			    record_rows[i].offset) = long_text;
	r.status = 999;
	r.reason = r.limit = REASON_ORIGIN_CONNECT_TIMEOUT;
	r.sent = r.generation = r.attempts = r.received = UINT64_MAX;
	r.lookup_us = r.auth_us = r.connect_us = r.first_us = r.total_us =
	    INT64_MAX;
	longest_line_fits(built_in("full"), &r, 20000);
	longest_line_fits(built_in("json"), &r, 20000);
	longest_line_fits(built_in("vhost_combined"), &r, 10000);
	longest_line_fits(own("{tags} {uri} {total_s} {time}"), &r, 10000);
	longest_line_fits(own("{tag.key}"), &r, 1);
	r.start.tv_sec = INT64_MAX;
	longest_line_fits(built_in("full"), &r, 20000);
	longest_line_fits(built_in("json"), &r, 20000);
	r.start.tv_sec = INT64_MIN;
	longest_line_fits(own("{time} {time_local} {time_s}"), &r, 10);
}

static void
tags_that_do_not_fit_are_none_but_that_is_said(void **state)
{
	static char large[4090];
	const struct record_tag list[] = { { STR("a"), STR("b") },
		{ STR("large"), { large, sizeof(large) } },
		{ STR("c"), STR("d") } };
	struct record r;

	(void)state;
	memset(large, 'x', sizeof(large));
	record_init(&r);
	r.tags = (struct record_tags){ list, TABLE_COUNT(list) };
	gives(own("{tags}"), &r, "words", "a:b...\n");
	gives(built_in("json"), &r, "json",
	    "{\"time\":\"1970-01-01T00:00:00.000Z\",\"sent\":0,"
	    "\"received\":0,\"tags\":{\"a\":\"b\",\"...\":\"\"},"
	    "\"generation\":0,\"attempts\":0}\n");
}

static void
a_text_that_is_cut_says_so(void **state)
{
	static char path[10000], line[FORMAT_LINE_MAX];
	struct format *f = built_in("full");
	struct record r;
	struct str whole;
	size_t at;

	(void)state;
	memset(path, 'p', sizeof(path));
	record_init(&r);
	r.uri = (struct str){ path, sizeof(path) };
	whole = (struct str){ line, format_print(f, &r, line) };
	at = str_find(whole, 'p');
	whole = str_sub(whole, at, whole.n);
	assert_int_equal(str_find(whole, '.'), 8192 - 3);
	assert_true(str_starts(str_sub(whole, 8192 - 3, whole.n),
	    STR("... -\" ")));
	format_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_combined_and_words),
		cmocka_unit_test(what_is_unknown_is_a_dash),
		cmocka_unit_test(time_is_local_with_its_zone),
		cmocka_unit_test(texts_are_escaped_where_they_stand),
		cmocka_unit_test(every_byte_is_escaped_wherever_it_stands),
		cmocka_unit_test(a_format_is_as_others_write_it),
		cmocka_unit_test(json_is_what_is_known),
		cmocka_unit_test(an_own_format_is_as_it_says),
		cmocka_unit_test(
		    an_own_format_has_the_referer_that_may_be_written),
		cmocka_unit_test(every_field_has_its_place_in_a_format),
		cmocka_unit_test(what_is_no_format_is_told_where),
		cmocka_unit_test(names_of_formats),
		cmocka_unit_test(a_format_is_bounded),
		cmocka_unit_test(the_longest_line_fits),
		cmocka_unit_test(
		    tags_that_do_not_fit_are_none_but_that_is_said),
		cmocka_unit_test(a_text_that_is_cut_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
