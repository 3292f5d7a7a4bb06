/* SPDX-License-Identifier: BSD-2-Clause */

/* codec: what is written is read back, and nothing else is read. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "route/codec.h"
#include "tests/unit/route_sample.h"

enum { ARENA_MAX = 1 << 24, RECORD_MAX = 1 << 20 };

#define TEXT(literal, where) { .variable = PATTERN_LITERAL, \
	.context = PATTERN_IN_##where, .text = { literal, \
	sizeof(literal) - 1 } }
#define VARIABLE_OF(name, where) { .variable = PATTERN_##name, \
	.context = PATTERN_IN_##where }
#define CAPTURE_OF(index, where) { .variable = PATTERN_CAPTURE, \
	.context = PATTERN_IN_##where, .capture = (index) }
#define KEY_OF(name, key, where) { .variable = PATTERN_##name, \
	.context = PATTERN_IN_##where, .text = { key, sizeof(key) - 1 } }
#define PATTERN_OF(parts) { parts, sizeof(parts) / sizeof((parts)[0]) }

static struct pattern_part host_parts[] = { TEXT("10.0.0.1", AUTHORITY) };
static struct pattern_part name_parts[] = { CAPTURE_OF(1, AUTHORITY),
	TEXT(".", AUTHORITY), CAPTURE_OF(0, AUTHORITY),
	TEXT(".", AUTHORITY), KEY_OF(TAG, "kind", AUTHORITY) };
static struct pattern_part path_parts[] = { TEXT("/base/", PATH),
	CAPTURE_OF(0, PATH), VARIABLE_OF(REST, PATH) };
static struct pattern_part query_parts[] = { TEXT("https://x.test", HEADER),
	VARIABLE_OF(PATH, PATH), TEXT("?b=", QUERY),
	VARIABLE_OF(URI, QUERY) };
static struct pattern_part value_parts[] = { KEY_OF(HEADER, "X-A", HEADER),
	KEY_OF(COOKIE, "sid", HEADER), VARIABLE_OF(CLIENT_IP, HEADER) };
static struct pattern_part socket_parts[] = { TEXT("/run/app.sock", PATH) };

static struct route_tag tags[] = { { { "kind", 4 }, { "saas", 4 } },
	{ { "empty", 5 }, { NULL, 0 } } };

static struct header_rule rules[] = {
	{ .side = HEADER_REQUEST, .verb = HEADER_SET,
	    .level = ROUTE_LEVEL_ROUTE, .name = { "X-A", 3 },
	    .value = PATTERN_OF(value_parts) },
	{ .side = HEADER_RESPONSE, .verb = HEADER_ADD,
	    .level = ROUTE_LEVEL_DEFAULTS, .name = { "X-B", 3 },
	    .value = PATTERN_OF(host_parts) },
	{ .side = HEADER_RESPONSE, .verb = HEADER_REMOVE,
	    .level = ROUTE_LEVEL_SERVICE, .name = { "Server", 6 } },
};

/* The ninety-five per cent. */
static struct route
sample_plain(void)
{
	return (struct route){
		.match = STR("myblog.com"),
		.source = STR("routes.list"),
		.line = 5,
		.target = TARGET_ORIGIN,
		.origin = { .scheme = ORIGIN_HTTP,
			.host = PATTERN_OF(host_parts), .port = 80 },
	};
}

static struct route
sample_full(void)
{
	struct route r = sample_plain();

	r.match = STR("{a}.test/{b}/x");
	r.line = UINT32_MAX;
	r.captures[0] = STR("a");
	r.captures[1] = STR("b");
	r.capture_count = 2;
	r.host_capture = true;
	r.exact = true;
	r.strip_prefix = true;
	r.from_defaults = 1u << DIRECTIVE_STRIP_PREFIX |
	    1u << DIRECTIVE_HEADERS;
	r.origin = (struct origin_url){ .scheme = ORIGIN_HTTPS,
		.host = PATTERN_OF(name_parts), .port = 65535,
		.port_written = true, .path = PATTERN_OF(path_parts),
		.tail = ORIGIN_TAIL_QUERY };
	r.retry_after = UINT32_MAX;
	r.host_sent = HOST_SENT_NAME;
	r.host_name = STR("origin.test");
	r.tags = tags;
	r.tag_count = 2;
	r.rules = rules;
	r.rule_count = 3;
	return r;
}

static struct route
sample_unix(void)
{
	struct route r = sample_plain();

	r.origin = (struct origin_url){ .scheme = ORIGIN_UNIX,
		.socket = PATTERN_OF(socket_parts), .tail = ORIGIN_TAIL_NONE };
	r.host_sent = HOST_SENT_PRESERVE;
	r.from_defaults = (1u << DIRECTIVE_COUNT) - 1;
	return r;
}

static struct route
sample_redirect(void)
{
	struct route r = sample_plain();

	r.target = TARGET_REDIRECT;
	r.origin = (struct origin_url){ .port = 0 };
	r.code = 308;
	r.url = (struct pattern)PATTERN_OF(query_parts);
	return r;
}

static struct route
sample_respond(void)
{
	struct route r = sample_plain();

	r.target = TARGET_RESPOND;
	r.origin = (struct origin_url){ .port = 0 };
	r.code = 503;
	r.text = STR("closed\nfor \0 now");
	r.retry_after = 120;
	return r;
}

static struct route (*const samples[])(void) = { sample_plain, sample_full,
	sample_unix, sample_redirect, sample_respond };

enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

/* The record of a sample: without a rule of shapes, or within a host's. */
static void
sample_record(size_t i, bool as_host, struct buf *to)
{
	struct route_host h = { .has_rule = true, .rule = samples[i](),
		.shapes = { { .segments = 32, .captures = UINT32_MAX },
			{ .segments = 2, .exact = true, .captures = 2 },
			{ .segments = 0, .exact = true } },
		.shape_count = 3 };
	struct err e;

	buf_clear(to);
	if (as_host)
		assert_int_equal(codec_put_host(&h, to, &e), 0);
	else
		assert_int_equal(codec_put_route(&h.rule, to, &e), 0);
}

static void
routes_are_read_as_they_were_written(void **state)
{
	struct arena a;
	struct buf to;
	struct err e;
	size_t i;

	(void)state;
	arena_init(&a, ARENA_MAX);
	buf_init(&to, RECORD_MAX);
	for (i = 0; i < SAMPLES; i++) {
		struct route want = samples[i]();
		struct route got;

		sample_record(i, false, &to);
		assert_int_equal(codec_get_route(buf_view(&to), &a, &got, &e),
		    0);
		/* Nothing of it may lie in the record. */
		memset(to.p, 0xff, to.cap);
		assert_true(sample_same_route(&want, &got));
	}
	buf_fini(&to);
	arena_fini(&a);
}

static void
hosts_are_read_as_they_were_written(void **state)
{
	struct route_host h = { .shapes = { { .segments = 1 } },
		.shape_count = 1 };
	struct route_host got;
	struct arena a;
	struct buf to;
	struct err e;
	size_t i;

	(void)state;
	arena_init(&a, ARENA_MAX);
	buf_init(&to, RECORD_MAX);
	assert_int_equal(codec_put_host(&h, &to, &e), 0);
	assert_int_equal(codec_get_host(buf_view(&to), &a, &got, &e), 0);
	assert_true(sample_same_host(&h, &got));
	for (i = 0; i < SAMPLES; i++) {
		struct route want = samples[i]();

		sample_record(i, true, &to);
		assert_int_equal(codec_get_host(buf_view(&to), &a, &got, &e),
		    0);
		memset(to.p, 0xff, to.cap);
		assert_true(got.has_rule);
		assert_true(sample_same_route(&want, &got.rule));
		assert_int_equal(got.shape_count, 3);
		assert_int_equal(got.shapes[0].captures, UINT32_MAX);
		assert_int_equal(got.shapes[1].segments, 2);
		assert_true(got.shapes[1].exact);
	}
	buf_fini(&to);
	arena_fini(&a);
}

/* Records behind others in one buffer, which may have moved its bytes. */
static void
a_record_is_appended_to_what_is_there(void **state)
{
	struct route want = sample_full();
	struct route got;
	struct arena a;
	struct buf to;
	struct err e;

	(void)state;
	arena_init(&a, ARENA_MAX);
	buf_init(&to, RECORD_MAX);
	assert_int_equal(buf_put(&to, STR("dropped and kept ")), 0);
	buf_drop(&to, 8);
	assert_int_equal(codec_put_route(&want, &to, &e), 0);
	assert_true(str_starts(buf_view(&to), STR("and kept ")));
	buf_drop(&to, 9);
	assert_int_equal(codec_get_route(buf_view(&to), &a, &got, &e), 0);
	assert_true(sample_same_route(&want, &got));
	buf_fini(&to);
	arena_fini(&a);
}

/* Reads bytes both ways, from memory that ends where they end. */
static int
codec_try(struct str bytes, bool as_host, struct err *e)
{
	struct route_host host;
	struct route route;
	struct arena a;
	char *copy = malloc(bytes.n + 1);
	char *at = copy + 1;
	int answer;

	assert_non_null(copy);
	if (bytes.n > 0)
		memcpy(at, bytes.p, bytes.n);
	arena_init(&a, ARENA_MAX);
	answer = as_host ?
	    codec_get_host((struct str){ at, bytes.n }, &a, &host, e) :
	    codec_get_route((struct str){ at, bytes.n }, &a, &route, e);
	arena_fini(&a);
	free(copy);
	return answer;
}

static void
a_record_cut_off_or_longer_is_refused(void **state)
{
	struct buf to;
	struct err e;
	size_t i, n;

	(void)state;
	buf_init(&to, RECORD_MAX);
	for (i = 0; i < 2 * SAMPLES; i++) {
		sample_record(i / 2, i % 2 == 1, &to);
		assert_int_equal(codec_try(buf_view(&to), i % 2 == 1, &e), 0);
		for (n = 0; n < buf_len(&to); n++) {
			struct str piece = str_sub(buf_view(&to), 0, n);

			assert_int_equal(codec_try(piece, i % 2 == 1, &e), -1);
			assert_int_equal(e.reason, REASON_MAP_BROKEN);
		}
		assert_int_equal(buf_put(&to, STR("\x7f")), 0);
		assert_int_equal(codec_try(buf_view(&to), i % 2 == 1, &e), -1);
	}
	buf_fini(&to);
}

static void
a_byte_changed_is_read_safely(void **state)
{
	struct buf to;
	struct err e;
	size_t i, n;
	int flip;

	(void)state;
	buf_init(&to, RECORD_MAX);
	for (i = 0; i < 2 * SAMPLES; i++) {
		sample_record(i / 2, i % 2 == 1, &to);
		for (n = 0; n < buf_len(&to); n++) {
			for (flip = 1; flip < 256; flip++) {
				to.p[n] = (char)(to.p[n] ^ flip);
				if (codec_try(buf_view(&to), i % 2 == 1,
					&e) == -1)
					assert_int_equal(e.reason,
					    REASON_MAP_BROKEN);
				to.p[n] = (char)(to.p[n] ^ flip);
			}
		}
	}
	buf_fini(&to);
}

/* The length goes behind version and kind; below 128 it is one byte. */
static int
codec_try_with_length(struct str bytes, bool as_host, struct err *e)
{
	char record[128];

	if (bytes.n < 2)
		return codec_try(bytes, as_host, e);
	assert_true(bytes.n < sizeof(record));
	memcpy(record, bytes.p, 2);
	record[2] = (char)(bytes.n - 2);
	memcpy(record + 3, bytes.p + 2, bytes.n - 2);
	return codec_try((struct str){ record, bytes.n + 1 }, as_host, e);
}

/* Records byte by byte, without the length; a route's begin with 1, 1. */
static const struct {
	const char *what;
	struct str bytes;
	bool good;
} records[] = {
#define RECORD(what, literal, good) \
	{ what, { literal, sizeof(literal) - 1 }, good }
#define MATCH_A "\x02\x01" "a" "\x03\x01\x07"
#define RESPOND "\x07\x02\xcc\x01" /* 204 */
	RECORD("the least there is", "\x01\x01" MATCH_A RESPOND, true),
	RECORD("no parts, said", "\x01\x01\x01\x01\x00" MATCH_A RESPOND,
	    false),
	RECORD("nothing", "", false),
	RECORD("another version", "\x02\x01" MATCH_A RESPOND, false),
	RECORD("another kind", "\x01\x02" MATCH_A RESPOND, false),
	RECORD("an unknown kind", "\x01\x03" MATCH_A RESPOND, false),
	RECORD("no target", "\x01\x01" MATCH_A, false),
	RECORD("no match", "\x01\x01\x03\x01\x07" RESPOND, false),
	RECORD("an empty match", "\x01\x01\x02\x00\x03\x01\x07" RESPOND,
	    false),
	RECORD("an item twice", "\x01\x01" MATCH_A RESPOND RESPOND, false),
	RECORD("items out of order", "\x01\x01" RESPOND MATCH_A, false),
	RECORD("an item kept for later", "\x01\x01" MATCH_A RESPOND
	    "\x08\x00", false),
	RECORD("an unknown item", "\x01\x01" MATCH_A RESPOND "\x20\x00",
	    false),
	RECORD("an unknown directive", "\x01\x01" MATCH_A RESPOND
	    "\x7f\x01\x02", false),
	RECORD("a directive of id 0", "\x01\x01" MATCH_A RESPOND
	    "\x40\x01\x02", false),
	RECORD("exact", "\x01\x01" MATCH_A RESPOND "\x41\x02\x02\x01", true),
	RECORD("exact of a level that is not written",
	    "\x01\x01" MATCH_A RESPOND "\x41\x02\x01\x01", false),
	RECORD("a flag of 2", "\x01\x01" MATCH_A RESPOND "\x41\x02\x02\x02",
	    false),
	RECORD("an item with bytes behind its value",
	    "\x01\x01" MATCH_A RESPOND "\x41\x03\x02\x01\x00", false),
	RECORD("a length beyond the end", "\x01\x01" MATCH_A
	    "\x07\x03\xcc\x01", false),
	RECORD("a number with a zero group", "\x01\x01\x02\x81\x00" "a"
	    "\x03\x01\x07" RESPOND, false),
	RECORD("a number beyond 64 bits", "\x01\x01" MATCH_A
	    "\x07\x82\x80\x80\x80\x80\x80\x80\x80\x80\x02\xcc\x01", false),
	RECORD("a length of all 64 bits", "\x01\x01" MATCH_A
	    "\x07\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xcc\x01", false),
	RECORD("status 199", "\x01\x01" MATCH_A "\x07\x02\xc7\x01", false),
	RECORD("status 600", "\x01\x01" MATCH_A "\x07\x02\xd8\x04", false),
	RECORD("parts that nothing uses", "\x01\x01\x01\x01\x01" MATCH_A
	    RESPOND, false),
	RECORD("more parts than bytes", "\x01\x01\x01\x02\xff\x7f" MATCH_A
	    RESPOND, false),
	/* 301 to one literal */
	RECORD("a redirect", "\x01\x01\x01\x01\x01" MATCH_A
	    "\x06\x06\xad\x02\x01\x03\x01x", true),
	RECORD("a redirect to nowhere", "\x01\x01" MATCH_A
	    "\x06\x03\xad\x02\x00", false),
	RECORD("a redirect of code 200", "\x01\x01\x01\x01\x01" MATCH_A
	    "\x06\x06\xc8\x01\x01\x03\x01x", false),
	RECORD("two targets", "\x01\x01\x01\x01\x01" MATCH_A
	    "\x06\x06\xad\x02\x01\x03\x01x" RESPOND, false),
	RECORD("an empty literal", "\x01\x01\x01\x01\x01" MATCH_A
	    "\x06\x05\xad\x02\x01\x03\x00", false),
	RECORD("a capture that has no name", "\x01\x01\x01\x01\x01" MATCH_A
	    "\x06\x05\xad\x02\x01\x07\x00", false),
	RECORD("a capture that has one", "\x01\x01\x01\x01\x01" MATCH_A
	    "\x04\x03\x00\x01x" "\x06\x05\xad\x02\x01\x07\x00", true),
	RECORD("captures without names", "\x01\x01" MATCH_A "\x04\x01\x00"
	    RESPOND, false),
	RECORD("a capture of neither host nor path", "\x01\x01" MATCH_A
	    "\x04\x03\x02\x01x" RESPOND, false),
	RECORD("a variable of the next version", "\x01\x01\x01\x01\x01"
	    MATCH_A "\x06\x04\xad\x02\x01\xff", false),
	RECORD("no header rules, said", "\x01\x01" MATCH_A RESPOND
	    "\x10\x01\x00", false),
	RECORD("a header rule", "\x01\x01" MATCH_A RESPOND
	    "\x10\x05\x01\x14\x01x\x00", true),
	RECORD("a header rule without name", "\x01\x01" MATCH_A RESPOND
	    "\x10\x04\x01\x14\x00\x00", false),
	RECORD("a header rule of an unknown verb", "\x01\x01" MATCH_A RESPOND
	    "\x10\x05\x01\x16\x01x\x00", false),
	RECORD("a header rule of an unknown level", "\x01\x01" MATCH_A
	    RESPOND "\x10\x05\x01\x1c\x01x\x00", false),
	RECORD("more header rules than bytes", "\x01\x01" MATCH_A RESPOND
	    "\x10\x02\xff\x07", false),
	RECORD("host= without its name", "\x01\x01" MATCH_A RESPOND
	    "\x43\x02\x02\x03", false),
	RECORD("host= of an unknown kind", "\x01\x01" MATCH_A RESPOND
	    "\x43\x02\x02\x04", false),
#undef RECORD
};

static void
only_whole_routes_are_read(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		struct err e = { .reason = REASON_NONE };
		int want = records[i].good ? 0 : -1;

		if (codec_try_with_length(records[i].bytes, false, &e) != want)
			fail_msg("%s: %s", records[i].what, e.text);
		if (want == -1)
			assert_int_equal(e.reason, REASON_MAP_BROKEN);
	}
}

/* Hosts; a route of MATCH_A and RESPOND is 10 bytes. */
static void
only_whole_hosts_are_read(void **state)
{
	static const struct {
		const char *what;
		struct str bytes;
		bool good;
	} hosts[] = {
#define HOST(what, literal, good) \
	{ what, { literal, sizeof(literal) - 1 }, good }
		HOST("a rule", "\x01\x02\x02\x0a" MATCH_A RESPOND, true),
		HOST("a shape", "\x01\x02\x01\x02\x01\x00", true),
		HOST("both", "\x01\x02\x01\x02\x01\x00\x02\x0a" MATCH_A
		    RESPOND, true),
		HOST("neither", "\x01\x02", false),
		HOST("a route", "\x01\x01" MATCH_A RESPOND, false),
		HOST("no shapes, said", "\x01\x02\x01\x00\x02\x0a" MATCH_A
		    RESPOND, false),
		HOST("an unknown item", "\x01\x02\x02\x0a" MATCH_A RESPOND
		    "\x03\x00", false),
		HOST("a rule cut off", "\x01\x02\x02\x06" MATCH_A, false),
		HOST("the shape of the rule", "\x01\x02\x01\x02\x00\x00",
		    false),
		HOST("the shape of / alone", "\x01\x02\x01\x02\x00\x01",
		    true),
		HOST("a capture beyond the segments",
		    "\x01\x02\x01\x02\x01\x04", false),
		HOST("too many segments", "\x01\x02\x01\x02\x21\x00", false),
		HOST("shapes out of order", "\x01\x02\x01\x04\x01\x00\x02\x00",
		    false),
		HOST("a shape twice", "\x01\x02\x01\x04\x01\x00\x01\x00",
		    false),
#undef HOST
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct err e = { .reason = REASON_NONE };
		int want = hosts[i].good ? 0 : -1;

		if (codec_try_with_length(hosts[i].bytes, true, &e) != want)
			fail_msg("%s: %s", hosts[i].what, e.text);
	}
}

/* What cannot be read again is not written. */
static void
what_the_map_may_not_hold_is_not_written(void **state)
{
	struct route_host h = { .has_rule = false };
	struct pattern_part part = CAPTURE_OF(2, PATH);
	struct header_rule rule = { .verb = HEADER_REMOVE };
	struct route bad[9];
	struct buf to;
	struct err e;
	size_t i;

	(void)state;
	buf_init(&to, RECORD_MAX);
	for (i = 0; i < 9; i++)
		bad[i] = sample_full();
	bad[0].target = TARGET_NONE;
	bad[1].match.n = 0;
	bad[2].origin.host.count = 0;
	bad[3].origin.port = 0;
	bad[4].origin.path = (struct pattern){ &part, 1 };
	bad[5].rules = &rule;
	bad[5].rule_count = 1;
	bad[6].host_name.n = 0;
	bad[7].tag_count = CODEC_TAGS_MAX + 1;
	bad[8].origin.scheme = ORIGIN_UNIX;
	for (i = 0; i < 9; i++) {
		if (codec_put_route(&bad[i], &to, &e) != -1)
			fail_msg("route %zu was written", i);
		assert_true(strlen(e.text) > 0);
	}
	assert_int_equal(codec_put_host(&h, &to, &e), -1);
	h.shape_count = 2;
	h.shapes[0].segments = h.shapes[1].segments = 1;
	assert_int_equal(codec_put_host(&h, &to, &e), -1);
	buf_fini(&to);
}

static void
a_full_buffer_is_told(void **state)
{
	struct buf whole;
	struct err e;
	size_t i, max;

	(void)state;
	buf_init(&whole, RECORD_MAX);
	for (i = 0; i < 2 * SAMPLES; i++) {
		sample_record(i / 2, i % 2 == 1, &whole);
		for (max = 0; max < buf_len(&whole); max++) {
			struct route_host h;
			struct arena a;
			struct buf to;
			int answer;

			arena_init(&a, ARENA_MAX);
			buf_init(&to, max);
			if (i % 2 == 1) {
				assert_int_equal(codec_get_host(
				    buf_view(&whole), &a, &h, &e), 0);
				answer = codec_put_host(&h, &to, &e);
			} else {
				assert_int_equal(codec_get_route(
				    buf_view(&whole), &a, &h.rule, &e), 0);
				answer = codec_put_route(&h.rule, &to, &e);
			}
			assert_int_equal(answer, -1);
			assert_int_equal(e.reason, REASON_OVERLOADED);
			buf_fini(&to);
			arena_fini(&a);
		}
	}
	buf_fini(&whole);
}

static void
a_full_arena_is_told(void **state)
{
	struct route got;
	struct arena a;
	struct buf to;
	struct err e;
	size_t left;
	int answer = -1;

	(void)state;
	buf_init(&to, RECORD_MAX);
	sample_record(1, false, &to);
	for (left = 0; answer == -1 && left < 4000; left += 16) {
		arena_init(&a, 4096);
		assert_non_null(arena_alloc(&a, 4064 - left));
		answer = codec_get_route(buf_view(&to), &a, &got, &e);
		if (answer == -1)
			assert_int_equal(e.reason, REASON_OVERLOADED);
		arena_fini(&a);
	}
	assert_int_equal(answer, 0);
	assert_true(left > 64);
	buf_fini(&to);
}

static void
keys_are_written_and_printed(void **state)
{
	struct buf key, text;

	(void)state;
	buf_init(&key, CODEC_KEY_MAX);
	buf_init(&text, 256);
	assert_int_equal(codec_key_host(&key, CODEC_HOST, STR("h.test")), 0);
	assert_int_equal(codec_key_segment(&key, STR("a")), 0);
	assert_int_equal(codec_key_capture(&key), 0);
	assert_int_equal(codec_key_exact(&key), 0);
	assert_true(str_eq(buf_view(&key), STR("hh.test/a/\x01\x02")));
	assert_int_equal(codec_key_print(buf_view(&key), &text), 0);
	assert_true(str_eq(buf_view(&text), STR("hh.test/a/{} exact")));
	buf_clear(&text);
	assert_int_equal(codec_key_print(STR("w\x02/\x1b\x80\0"), &text), 0);
	assert_true(str_eq(buf_view(&text), STR("w\\x02/\\x1b\\x80\\x00")));
	buf_clear(&key);
	assert_int_equal(codec_key_host(&key, CODEC_WILD, STR("")), 0);
	assert_true(str_eq(buf_view(&key), STR("w")));
	buf_fini(&key);
	buf_fini(&text);
}

static void
keys_have_a_longest(void **state)
{
	static char text[CODEC_KEY_MAX];
	struct buf key;

	(void)state;
	memset(text, 'a', sizeof(text));
	buf_init(&key, 2 * CODEC_KEY_MAX);
	assert_int_equal(codec_key_host(&key, CODEC_HOST,
	    (struct str){ text, sizeof(text) }), -1);
	assert_int_equal(buf_len(&key), 0);
	assert_int_equal(codec_key_host(&key, CODEC_HOST,
	    (struct str){ text, sizeof(text) - 1 }), 0);
	assert_int_equal(codec_key_exact(&key), -1);
	assert_int_equal(codec_key_capture(&key), -1);
	assert_int_equal(codec_key_segment(&key, STR("")), -1);
	assert_int_equal(buf_len(&key), CODEC_KEY_MAX);
	buf_fini(&key);
}

/* A map of meta records only. */
enum { METAS_MAX = 32 };

struct metas {
	struct str keys[METAS_MAX];
	struct str values[METAS_MAX];
	size_t count;
	size_t stop_at; /* the put that answers 7; 0: none */
	bool broken;    /* all gets fail */
	struct arena a;
};

static int
metas_put(void *arg, struct str key, struct str value)
{
	struct metas *m = arg;

	assert_true(m->count < METAS_MAX);
	m->keys[m->count] = arena_copy(&m->a, key);
	m->values[m->count++] = arena_copy(&m->a, value);
	return m->count == m->stop_at ? 7 : 0;
}

static int
metas_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	struct metas *m = arg;
	size_t i;

	(void)a;
	for (i = 0; i < m->count; i++) {
		if (str_eq(m->keys[i], key)) {
			*value = m->values[i];
			return 1;
		}
	}
	return m->broken ? err_set(e, REASON_OVERLOADED, "no memory") : 0;
}

static struct codec_meta
metas_sample(void)
{
	return (struct codec_meta){ .format = CODEC_FORMAT,
		.generation = UINT64_C(0x0102030405060708), .time = 1,
		.records = 2, .hosts = 3, .wildcards = 4, .paths = 5,
		.pages = 6, .one_levels = 7, .wild_levels = UINT64_MAX,
		.anywhere = 16, .anywhere_levels = 10, .anywhere_exact = 11,
		.sources = STR("a.list\nb.list"), .headers = STR("X-A") };
}

static void
a_map_tells_of_itself_what_was_written(void **state)
{
	struct codec_meta want = metas_sample();
	struct codec_meta got;
	struct metas m = { .count = 0 };
	struct err e;
	size_t i;

	(void)state;
	arena_init(&m.a, ARENA_MAX);
	assert_int_equal(codec_put_meta(&want, metas_put, &m), 0);
	for (i = 1; i < m.count; i++)
		assert_true(str_cmp(m.keys[i - 1], m.keys[i]) < 0);
	assert_true(str_eq(m.keys[m.count - 1], STR("z")));
	assert_int_equal(codec_get_meta(&got, metas_get, &m, &m.a, &e), 0);
	assert_true(str_eq(got.sources, want.sources));
	assert_true(str_eq(got.headers, want.headers));
	got.sources = want.sources;
	got.headers = want.headers;
	assert_memory_equal(&got, &want, sizeof(want));
	arena_fini(&m.a);
}

static void
each_word_of_a_map_is_needed(void **state)
{
	struct codec_meta want = metas_sample();
	struct codec_meta got;
	struct metas m = { .count = 0 };
	struct err e;
	size_t i;

	(void)state;
	arena_init(&m.a, ARENA_MAX);
	assert_int_equal(codec_put_meta(&want, metas_put, &m), 0);
	assert_int_equal(m.count, 16);
	for (i = 0; i < m.count; i++) {
		struct str key = m.keys[i];
		struct str value = m.values[i];
		bool text = str_eq(key, STR("msources")) ||
		    str_eq(key, STR("mheaders"));

		m.keys[i] = STR("x");
		m.broken = false;
		assert_int_equal(codec_get_meta(&got, metas_get, &m, &m.a,
		    &e), -1);
		assert_int_equal(e.reason, REASON_MAP_BROKEN);
		m.broken = true;
		assert_int_equal(codec_get_meta(&got, metas_get, &m, &m.a,
		    &e), -1);
		assert_int_equal(e.reason, REASON_OVERLOADED);
		m.keys[i] = key;
		m.values[i].n--;
		assert_int_equal(codec_get_meta(&got, metas_get, &m, &m.a,
		    &e), text ? 0 : -1);
		m.values[i] = value;
	}
	assert_int_equal(codec_get_meta(&got, metas_get, &m, &m.a, &e), 0);
	arena_fini(&m.a);
}

static void
words_that_contradict_are_refused(void **state)
{
	struct codec_meta bad[5];
	struct codec_meta got;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++)
		bad[i] = metas_sample();
	bad[0].format = CODEC_FORMAT + 1;
	bad[1].anywhere = ROUTE_ANYWHERE_MAX + 1;
	bad[2].anywhere = 0;
	bad[3].anywhere_levels = bad[3].anywhere_exact = 0;
	for (i = 0; i < 5; i++) {
		struct metas m = { .count = 0 };

		arena_init(&m.a, ARENA_MAX);
		assert_int_equal(codec_put_meta(&bad[i], metas_put, &m), 0);
		if (i == 4) /* the end of another generation */
			m.values[m.count - 1] = STR("0123456789abcdef");
		assert_int_equal(codec_get_meta(&got, metas_get, &m, &m.a,
		    &e), -1);
		assert_int_equal(e.reason, REASON_MAP_BROKEN);
		arena_fini(&m.a);
	}
}

static void
writing_stops_at_the_first_failure(void **state)
{
	struct codec_meta meta = metas_sample();
	size_t stop;

	(void)state;
	for (stop = 1; stop <= 16; stop++) {
		struct metas m = { .stop_at = stop };

		arena_init(&m.a, ARENA_MAX);
		assert_int_equal(codec_put_meta(&meta, metas_put, &m), 7);
		assert_int_equal(m.count, stop);
		arena_fini(&m.a);
	}
}

static void
keys_are_counted_by_their_kind(void **state)
{
	static const struct str keys[] = { STR("hh.test"), STR("hh.test/a"),
		STR("hb.test"), STR("hb.test\x02"), STR("ob.test"),
		STR("ob.test/\x01"), STR("w"), STR("w/x"), STR("wtest"),
		STR("wa.b.c"), STR("g/a"), STR("g/a/b\x02"), STR("mformat"),
		STR("z") };
	static const struct str refused[] = { STR(""), STR("x"), STR("h"),
		STR("o"), STR("g"), STR("g\x02"), STR("s/api") };
	struct codec_meta m = { .format = 0 };
	const struct codec_meta *same = &m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_true(codec_meta_count(&m, keys[i]));
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct codec_meta before = m;

		assert_false(codec_meta_count(&m, refused[i]));
		assert_memory_equal(&before, same, sizeof(before));
	}
	assert_int_equal(m.records, sizeof(keys) / sizeof(keys[0]));
	assert_int_equal(m.hosts, 2);
	assert_int_equal(m.wildcards, 4);
	assert_int_equal(m.paths, 6);
	assert_int_equal(m.anywhere, 2);
	assert_int_equal(m.anywhere_levels, 1 << 1);
	assert_int_equal(m.anywhere_exact, 1 << 2);
	assert_int_equal(m.one_levels, 1 << 2);
	assert_int_equal(m.wild_levels, 1 << 0 | 1 << 1 | 1 << 3);
}

static void
a_parent_of_too_many_labels_is_refused(void **state)
{
	char key[1 + 2 * 64 + 1] = "w";
	struct codec_meta m = { .format = 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 64; i++)
		memcpy(key + 1 + 2 * i, "a.", 2);
	assert_false(codec_meta_count(&m, (struct str){ key, 2 * 64 }));
	assert_true(codec_meta_count(&m, (struct str){ key, 2 * 63 }));
	assert_int_equal(m.wild_levels, UINT64_C(1) << 63);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_are_read_as_they_were_written),
		cmocka_unit_test(hosts_are_read_as_they_were_written),
		cmocka_unit_test(a_record_is_appended_to_what_is_there),
		cmocka_unit_test(a_record_cut_off_or_longer_is_refused),
		cmocka_unit_test(a_byte_changed_is_read_safely),
		cmocka_unit_test(only_whole_routes_are_read),
		cmocka_unit_test(only_whole_hosts_are_read),
		cmocka_unit_test(what_the_map_may_not_hold_is_not_written),
		cmocka_unit_test(a_full_buffer_is_told),
		cmocka_unit_test(a_full_arena_is_told),
		cmocka_unit_test(keys_are_written_and_printed),
		cmocka_unit_test(keys_have_a_longest),
		cmocka_unit_test(a_map_tells_of_itself_what_was_written),
		cmocka_unit_test(each_word_of_a_map_is_needed),
		cmocka_unit_test(words_that_contradict_are_refused),
		cmocka_unit_test(writing_stops_at_the_first_failure),
		cmocka_unit_test(keys_are_counted_by_their_kind),
		cmocka_unit_test(a_parent_of_too_many_labels_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
