/* SPDX-License-Identifier: BSD-2-Clause */

/* test_logline: what the router's own formats write comes back as it was. */

#include "tools/logline.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "report/format.h"
#include "tests/unit/table.h"

#define AT "[10/Oct/2026:13:55:36 +0000]"
#define REST " \"GET /a HTTP/1.1\" 200 5 \"-\" \"c\""

/* ---- what was written ---- */

/* A record whose every field says something. */
static struct record
line_record(void)
{
	static const struct record_tag tags[] = {
		{ { "customer", 8 }, { "4 2", 3 } }, { { "x", 1 }, { "", 0 } }
	};
	static struct record r;

	record_init(&r);
	r.start.tv_sec = 1791640536;
	r.id = STR("id");
	r.client_ip = STR("192.0.2.1");
	r.method = STR("GET");
	r.host = STR("a.example");
	r.port = 443;
	r.uri = STR("/a\"b c\x1b");
	r.path = STR("/a b");
	r.protocol = STR("HTTP/1.1");
	r.referer = STR("http://r/");
	r.user_agent = STR("x \\ y");
	r.status = 503;
	r.reason = REASON_NO_HEALTHY_ORIGIN;
	r.sent = 17;
	r.received = 18;
	r.route = STR("a.example/{x}");
	r.service = STR("@api");
	r.space = STR("staging");
	r.version = STR("api");
	r.plan = STR("free");
	r.limit = REASON_LIMIT_RATE;
	r.tags = (struct record_tags){ tags, 2 };
	r.origin = STR("http://o:1");
	r.identity = STR("bob");
	r.generation = 7;
	r.attempts = 2;
	r.origin_us = 900;
	r.lookup_us = 1;
	r.auth_us = 0;
	r.first_us = 1000;
	r.total_us = 12345678901;
	return r;
}

static void
line_same_text(const char *format, const char *name, struct str got,
    struct str want)
{
	if (!str_eq(got, want))
		fail_msg("%s: %s is '%.*s', not '%.*s'", format, name,
		    STR_ARG(got), STR_ARG(want));
}

#define SAME_TEXT(member) \
	line_same_text(format, #member, l.record.member, r.member)
#define SAME_NUMBER(member) TABLE_INT(format, l.record.member, r.member)

/* What all formats have. */
static void
line_comes_back(const char *format, struct logline *out)
{
	static char line[FORMAT_LINE_MAX];
	static struct arena a;
	struct record r = line_record();
	struct json *j = json_new();
	struct format *f = NULL;
	struct logline l;
	struct err e;
	size_t n;

	arena_fini(&a);
	arena_init(&a, 1 << 20);
	assert_int_equal(format_built_in(str_of(format), &f, &e), 1);
	n = format_print(f, &r, line);
	TABLE_INT(format, logline_parse((struct str){ line, n - 1 }, j, &a,
	    &l), 1);
	SAME_NUMBER(start.tv_sec);
	SAME_TEXT(client_ip);
	SAME_TEXT(method);
	SAME_NUMBER(status);
	SAME_NUMBER(sent);
	*out = l;
	format_free(&f);
	json_free(&j);
}

static void
test_lines_of_combined_come_back(void **state)
{
	struct logline l;

	(void)state;
	line_comes_back("combined", &l);
	line_same_text("combined", "identity", l.record.identity, STR("bob"));
	assert_true(l.has[RECORD_AT_identity]);
	assert_true(l.has[RECORD_AT_status] && l.has[RECORD_AT_sent]);
	assert_false(l.has[RECORD_AT_host] || l.has[RECORD_AT_received] ||
	    l.has[RECORD_AT_service] || l.has[RECORD_AT_tags]);
	line_comes_back("vhost_combined", &l);
	line_same_text("vhost_combined", "host", l.record.host,
	    STR("a.example"));
	assert_int_equal(l.record.port, 443);
	assert_false(l.has[RECORD_AT_service]);
}

static void
test_lines_of_full_and_json_come_back_whole(void **state)
{
	static const char *const formats[] = { "full", "json" };
	struct record r = line_record();
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(formats); i++) {
		const char *format = formats[i];
		struct logline l;

		line_comes_back(format, &l);
		SAME_TEXT(id);
		SAME_TEXT(host);
		SAME_TEXT(path);
		SAME_TEXT(user_agent);
		SAME_TEXT(referer);
		SAME_TEXT(route);
		SAME_TEXT(service);
		SAME_TEXT(space);
		SAME_TEXT(version);
		SAME_TEXT(plan);
		SAME_TEXT(origin);
		SAME_TEXT(identity);
		SAME_NUMBER(port);
		SAME_NUMBER(reason);
		SAME_NUMBER(limit);
		SAME_NUMBER(received);
		SAME_NUMBER(generation);
		SAME_NUMBER(attempts);
		SAME_NUMBER(lookup_us);
		SAME_NUMBER(auth_us);
		SAME_NUMBER(connect_us);
		SAME_NUMBER(first_us);
		SAME_NUMBER(origin_us);
		SAME_NUMBER(total_us);
		TABLE_INT(format, l.record.tags.count, 2);
		line_same_text(format, "tag", record_tag(&l.record.tags,
		    STR("customer")), STR("4 2"));
		TABLE_INT(format, l.has[RECORD_AT_connect_us], true);
		TABLE_INT(format, l.has[RECORD_AT_tags], true);
	}
}

/* ---- what others may have written ---- */

static const struct {
	const char *line;
	int got;
	const char *out; /* service|plan|status|attempts|has attempts|partial */
} line_rows[] = {
	{ "c - - " AT REST, 1, "||200|0|0|" },
	{ "h:80 c - - " AT REST " service=@s plan=- attempts=3", 1,
	    "@s||200|3|1|" },
	{ "h:- c - - " AT REST " service=@s", 1, "@s||200|0|0|" },
	/* another log's words, a number that is none, the last one holds */
	{ "h:80 c - - " AT REST " x=y nothing \"q\" attempts=-1 service=@s "
	    "service=@t", 1, "@t||200|0|0|" },
	{ "h:80 c - - " AT REST " attempts=99999999999999999999", 1,
	    "||200|0|0|" },
	{ "{\"time\":\"2026-10-10T13:55:36Z\",\"service\":\"@s\","
	    "\"status\":204,\"attempts\":1}", 1, "@s||204|1|1|" },
	{ "{\"time\":1791640536.5,\"plan\":null,\"tags\":{\"k\":1}}", 1,
	    "||0|0|0|" },
	{ "{\"time\":\"2026-10-10T13:55:36Z\",\"status\":1000}", 1,
	    "||0|0|0|" },
	/* a log that says what it leaves out */
	{ "# partial: only = status>=500; sample = 1/100", 1,
	    "||0|0|0|only = status>=500; sample = 1/100" },
	{ "{\"partial\":\"sample = 1/100\"}", 1, "||0|0|0|sample = 1/100" },
	/* half a line, at its own end or with a whole one behind it: cut
	   within the last number, a number, the agent, the referer, bytes */
	{ "h:80 c - - " AT REST " id=1 attempts=3 total_us=1\x18", 0, NULL },
	{ "{\"time\":\"2026-10-10T13:55:36Z\"}\x18", 0, NULL },
	{ "# partial: sample = 1/1\x18", 0, NULL },
	{ "h:80 c - - " AT REST " id=1 attempts=3", 0, NULL },
	{ "h:80 c - - " AT REST " id=1 attempts=3h:80 c - - " AT REST " id=2 "
	    "attempts=5 total_us=1", 0, NULL },
	{ "h:80 c - - " AT REST " id=1 attempts=5 total_us=1", 1,
	    "||200|5|1|" },
	{ "h:80 c - - " AT " \"GET /a HTTP/1.1\" 200 5 \"-\" \"ch:80 c - - "
	    AT REST, 0, NULL },
	{ "h:80 c - - " AT " \"GET /a HTTP/1.1\" 200 5 \"-\" \"ch:80 c - - "
	    AT REST " id=2 total_us=1", 0, NULL },
	{ "h:80 c - - " AT REST "h:80 c - - " AT REST, 0, NULL },
	{ "c - - " AT " \"GET /a HTTP/1.1\" 200 5 \"-\" \"c", 0, NULL },
	{ "c - - " AT " \"GET /a HTTP/1.1\" 200 5 \"-", 0, NULL },
	{ "c - - " AT " \"GET /a HTTP/1.1\" 200 5", 0, NULL },
	/* no time, no line */
	{ "{\"service\":\"@s\"}", 0, NULL },
	{ "{\"time\":\"yesterday\"}", 0, NULL },
	{ "{\"time\":\"2026-13-10T13:55:36Z\"}", 0, NULL },
	{ "{\"time\"", 0, NULL },
	{ "[1]", 0, NULL },
	{ "c - - [10/Oct/2026:13:55:36]" REST, 0, NULL },
	{ "rubbish", 0, NULL },
	{ "# comment", 0, NULL },
	{ "", 0, NULL },
};

static void
test_a_line_tells_what_it_has(void **state)
{
	struct json *j = json_new();
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, 1 << 20);
	for (i = 0; i < TABLE_COUNT(line_rows); i++) {
		struct str line = str_of(line_rows[i].line);
		char *exact = table_exact(line);
		struct logline l;
		struct buf text;

		line.p = exact;
		buf_init(&text, 1 << 16);
		TABLE_INT(line_rows[i].line, logline_parse(line, j, &a, &l),
		    line_rows[i].got);
		if (line_rows[i].got == 1) {
			assert_int_equal(buf_printf(&text,
			    "%.*s|%.*s|%d|%d|%d|%.*s",
			    STR_ARG(l.record.service), STR_ARG(l.record.plan),
			    l.record.status, (int)l.record.attempts,
			    l.has[RECORD_AT_attempts], STR_ARG(l.partial)), 0);
			TABLE_STR(line_rows[i].line, buf_view(&text),
			    line_rows[i].out);
		}
		buf_fini(&text);
		free(exact);
	}
	arena_fini(&a);
	json_free(&j);
}

/* Whether a tag is told, where some had no room. */
static void
test_tags_that_were_cut_are_not_told(void **state)
{
	static const struct {
		const char *line;
		bool first, other;
	} rows[] = {
		{ "h:80 c - - " AT REST " tags=a:1,b:2", true, true },
		{ "h:80 c - - " AT REST " tags=-", true, true },
		{ "h:80 c - - " AT REST " tags=a:1,...", true, false },
		{ "h:80 c - - " AT REST " tags=...", false, false },
		{ "{\"time\":\"1791640536\",\"sent\":1,\"received\":1,"
		    "\"generation\":1,\"attempts\":1,\"tags\":{\"a\":\"1\","
		    "\"...\":\"\"}}", true, false },
	};
	struct json *j = json_new();
	struct logline l;
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, 1 << 20);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		TABLE_INT(rows[i].line, logline_parse(str_of(rows[i].line), j,
		    &a, &l), 1);
		TABLE_INT(rows[i].line, logline_tells(&l, RECORD_AT_tags,
		    STR("a")), rows[i].first);
		TABLE_INT(rows[i].line, logline_tells(&l, RECORD_AT_tags,
		    STR("z")), rows[i].other);
	}
	arena_fini(&a);
	json_free(&j);
}

static void
test_a_full_arena_is_told(void **state)
{
	struct json *j = json_new();
	struct logline l;
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(logline_parse(STR("h:80 c - - " AT REST
	    " id=\\x41 total_us=1"), j, &a, &l), -1);
	assert_int_equal(logline_parse(STR("h:80 c - - " AT REST " tags=k:v"),
	    j, &a, &l), -1);
	assert_int_equal(logline_parse(STR("{\"time\":\"1791640536\"}"), j,
	    &a, &l), -1);
	arena_fini(&a);
	json_free(&j);
}

/* ---- own formats ---- */

static const struct {
	const char *format;
	const char *service; /* what the record says of it */
	int got;
	const char *out; /* service|status|total_us|customer|told */
} own_rows[] = {
	{ "{time} {service} {status} {total_us} {tag.customer}", "@api", 1,
	    "@api|503|12345678901|4 2|1" },
	{ "[{time_local}] \"{service}\" {status} {total_ms} {tags}", "a b", 1,
	    "a b|503|12345678901|4 2|1" },
	{ "{time_s}{tab}{service}{tab}{status}{tab}{total_s}", "@api", 1,
	    "@api|503|12345678901||0" },
	{ "{{\"t\":\"{time}\",\"s\":\"{service}\"}}", "\"x\\", 1,
	    "\"x\\|0|-1||0" },
	/* a literal that the text before it has, too */
	{ "{time},{service},{status},{sent}", "a,b,1", 1, "a,b,1|503|-1||0" },
	{ "{service}:{port} {time}", "a:80:", 1, "a:80:|0|-1||0" },
	{ "{time} {service}", "", 1, "|0|-1||0" },
	{ "{time} x{header.Accept}x {status}", "@api", 1, "|503|-1||0" },
	/* without a time no day */
	{ "{service} {status}", "@api", 0, NULL },
};

static void
test_lines_of_own_formats_come_back(void **state)
{
	static char line[FORMAT_LINE_MAX];
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, 1 << 20);
	for (i = 0; i < TABLE_COUNT(own_rows); i++) {
		const char *name = own_rows[i].format;
		struct record r = line_record();
		struct format *f = NULL;
		struct logline l;
		struct buf text;
		struct err e;
		size_t n, at;

		r.service = str_of(own_rows[i].service);
		assert_int_equal(format_parse(str_of(name), &f, &at, &e), 0);
		n = format_print(f, &r, line);
		TABLE_INT(name, logline_parse_own((struct str){ line, n - 1 },
		    f, &a, &l), own_rows[i].got);
		buf_init(&text, 1 << 16);
		if (own_rows[i].got == 1) {
			struct str tag = STR("customer");

			TABLE_INT(name, l.record.start.tv_sec, 1791640536);
			assert_int_equal(buf_printf(&text,
			    "%.*s|%d|%lld|%.*s|%d",
			    STR_ARG(l.record.service), l.record.status,
			    (long long)l.record.total_us,
			    STR_ARG(record_tag(&l.record.tags, tag)),
			    logline_tells(&l, RECORD_AT_tags, tag)), 0);
			TABLE_STR(name, buf_view(&text), own_rows[i].out);
		}
		buf_fini(&text);
		format_free(&f);
	}
	arena_fini(&a);
}

static void
test_what_is_no_line_of_a_format_is_told(void **state)
{
	static const char *const lines[] = { "", "x", "@api 503", "@api  503 ",
		"@api 503 1 2", " @api 503 1", "@api abc 1",
		"@api 503 1\x18" };
	struct format *f = NULL;
	struct logline l;
	struct arena a;
	struct err e;
	size_t i, at;

	(void)state;
	arena_init(&a, 1 << 20);
	assert_int_equal(format_parse(STR("{service} {status} {time_s}"), &f,
	    &at, &e), 0);
	for (i = 0; i < TABLE_COUNT(lines); i++)
		TABLE_INT(lines[i], logline_parse_own(str_of(lines[i]), f, &a,
		    &l), 0);
	assert_int_equal(logline_parse_own(STR("@api 503 1"), f, &a, &l), 1);
	assert_int_equal(logline_parse_own(STR("# partial: only = x"), f, &a,
	    &l), 1);
	line_same_text("own", "partial", l.partial, STR("only = x"));
	format_free(&f);
	arena_fini(&a);
}

/* ---- moments ---- */

static const struct {
	const char *text;
	int64_t at; /* -1: none */
	const char *day;
} time_rows[] = {
	{ "01/Jan/1970:00:00:00 +0000", 0, "1970-01-01" },
	{ "10/Oct/2026:13:55:36 +0000", 1791640536, "2026-10-10" },
	{ "11/Oct/2026:01:55:36 +1200", 1791640536, "2026-10-10" },
	{ "10/Oct/2026:23:55:36 -0130", 1791681936, "2026-10-11" },
	{ "2026-10-10T13:55:36Z", 1791640536, "2026-10-10" },
	{ "2026-10-10 13:55:36.999999+02:00", 1791633336, "2026-10-10" },
	{ "2024-02-29T23:59:60Z", 1709251200, "2024-03-01" },
	{ "2024-02-29T12:00:00Z", 1709208000, "2024-02-29" },
	{ "2100-02-28T12:00:00Z", 4107499200, "2100-02-28" },
	{ "2000-12-31T23:59:59Z", 978307199, "2000-12-31" },
	{ "9999-12-31T23:59:59Z", 253402300799, "9999-12-31" },
	{ "1791640536", 1791640536, "2026-10-10" },
	{ "1791640536.123", 1791640536, "2026-10-10" },
	{ "01/Jan/1970:00:00:00 +0001", -1, NULL },
	{ "1969-12-31T23:59:59Z", -1, NULL },
	{ "10/Okt/2026:13:55:36 +0000", -1, NULL },
	{ "10/Oct/2026:24:55:36 +0000", -1, NULL },
	{ "10/Oct/2026:13:60:36 +0000", -1, NULL },
	{ "10/Oct/2026:13:55:36 +0000 x", -1, NULL },
	{ "10/Oct/2026:13:55:36", -1, NULL },
	{ "32/Oct/2026:13:55:36 +0000", -1, NULL },
	{ "00/Oct/2026:13:55:36 +0000", -1, NULL },
	{ "2026-00-10T13:55:36Z", -1, NULL },
	{ "99999999999999", -1, NULL },
	{ "-5", -1, NULL },
	{ "", -1, NULL },
};

static void
test_a_moment_has_its_day_in_utc(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(time_rows); i++) {
		char day[LOGLINE_DAY];
		int64_t at = -1;

		TABLE_INT(time_rows[i].text, logline_time(
		    str_of(time_rows[i].text), &at), time_rows[i].at != -1);
		if (time_rows[i].at == -1)
			continue;
		TABLE_INT(time_rows[i].text, at, time_rows[i].at);
		logline_day(at, day);
		TABLE_STR(time_rows[i].text, ((struct str){ day,
		    sizeof(day) }), time_rows[i].day);
	}
}

/* Each day of four centuries, after which the calendar is the same again. */
static void
test_each_day_is_the_one_after_the_last(void **state)
{
	time_t at;

	(void)state;
	for (at = 0; at < (time_t)146097 * 86400; at += 86400) {
		char day[LOGLINE_DAY], text[32];
		int64_t back;
		struct tm tm;

		assert_non_null(gmtime_r(&at, &tm));
		assert_int_equal(strftime(text, sizeof(text), "%Y-%m-%d", &tm),
		    LOGLINE_DAY);
		logline_day(at, day);
		assert_memory_equal(day, text, LOGLINE_DAY);
		memcpy(text + LOGLINE_DAY, "T00:00:00Z", sizeof("T00:00:00Z"));
		assert_true(logline_time(str_of(text), &back));
		assert_int_equal(back, at);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_of_combined_come_back),
		cmocka_unit_test(test_lines_of_full_and_json_come_back_whole),
		cmocka_unit_test(test_a_line_tells_what_it_has),
		cmocka_unit_test(test_lines_of_own_formats_come_back),
		cmocka_unit_test(test_what_is_no_line_of_a_format_is_told),
		cmocka_unit_test(test_tags_that_were_cut_are_not_told),
		cmocka_unit_test(test_a_full_arena_is_told),
		cmocka_unit_test(test_a_moment_has_its_day_in_utc),
		cmocka_unit_test(test_each_day_is_the_one_after_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
