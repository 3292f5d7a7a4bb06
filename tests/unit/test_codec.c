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
static struct pattern_part base_parts[] = { TEXT("/base", PATH) };
static struct pattern_part odd_parts[] = { TEXT("a/b", AUTHORITY) };
static struct pattern_part service_parts[] = { TEXT("acme", AUTHORITY) };
static struct pattern_part dynamic_parts[] = { TEXT("pre-", AUTHORITY),
	KEY_OF(HEADER, "x-shop", AUTHORITY) };
static struct pattern_part socket_parts[] = { TEXT("/run/app.sock", PATH) };

static struct route_tag tags[] = { { { "kind", 4 }, { "saas", 4 } },
	{ { "empty", 5 }, { NULL, 0 } } };

static struct header_rule rules[] = {
	{ .side = HEADER_REQUEST, .verb = HEADER_SET, .name = { "X-A", 3 },
	    .value = PATTERN_OF(value_parts) },
	{ .side = HEADER_RESPONSE, .verb = HEADER_ADD, .name = { "X-B", 3 },
	    .value = PATTERN_OF(host_parts) },
	{ .side = HEADER_RESPONSE, .verb = HEADER_REMOVE,
	    .name = { "Server", 6 } },
};

static struct cidr ranges[] = {
	{ .address = { [10] = 0xff, [11] = 0xff, [12] = 10 }, .bits = 104 },
	{ .address = { 0x20, 0x01, 0x0d, 0xb8 }, .bits = 29 },
	{ .bits = 0 },
	{ .address = { [15] = 1 }, .bits = 128 },
};

/* All that one level may say: a route, or a service. */
static struct words
sample_words(unsigned on)
{
	struct words w = { .exact = true, .strip_prefix = true,
		.pass_auth = true, .encoded_slash = true, .refuse = true,
		.retry = UINT32_MAX, .retry_after = 120,
		.connect_timeout = 1, .timeout = UINT64_MAX,
		.idle_timeout = 128, .total = 3600000,
		.max_body = UINT64_C(1) << 40, .host_sent = HOST_SENT_NAME,
		.host_name = STR("origin.test"), .plan = STR("pro"),
		.auth = STR("a,b"), .tls = STR("t"), .sign = STR("s"),
		.egress = STR("e"), .balance = BALANCE_HASH,
		.balance_by = { .key = BALANCE_KEY_COOKIE, STR("sid") },
		.allow = { ranges, 4 }, .deny = { ranges + 1, 1 },
		.tags = tags, .tag_count = 2, .rules = rules,
		.rule_count = 3 };
	int d;

	for (d = 0; d < DIRECTIVE_COUNT; d++)
		if ((directive_on((enum directive)d) & on) != 0)
			w.said |= UINT64_C(1) << d;
	return w;
}

/* The ninety-five per cent. */
static struct route
sample_plain(void)
{
	return (struct route){
		.match = STR("myblog.com"),
		.line = 5,
		.target = { .kind = TARGET_ORIGIN,
			.origin = { .scheme = ORIGIN_HTTP,
				.host = PATTERN_OF(host_parts), .port = 80 } },
	};
}

static struct route
sample_full(void)
{
	static struct words own, defaults;
	struct route r = sample_plain();

	own = defaults = sample_words(ON_ROUTE);
	own.exact = false;
	defaults.rule_count = 1;
	r.match = STR("{a}.test/{b}/x");
	r.line = UINT32_MAX;
	r.source = UINT32_MAX;
	r.captures[0] = STR("a");
	r.captures[1] = STR("b");
	r.capture_count = 2;
	r.host_capture = true;
	r.target.origin = (struct origin_url){ .scheme = ORIGIN_HTTPS,
		.host = PATTERN_OF(name_parts), .port = 65535,
		.port_written = true, .path = PATTERN_OF(path_parts),
		.tail = ORIGIN_TAIL_QUERY };
	r.own = &own;
	r.defaults = &defaults;
	return r;
}

static struct route
sample_unix(void)
{
	static struct words own;
	struct route r = sample_plain();

	own = (struct words){ .said = UINT64_C(1) << DIRECTIVE_HOST,
		.host_sent = HOST_SENT_PRESERVE };
	r.own = &own;
	r.target.origin = (struct origin_url){ .scheme = ORIGIN_UNIX,
		.socket = PATTERN_OF(socket_parts), .tail = ORIGIN_TAIL_NONE };
	return r;
}

static struct route
sample_redirect(void)
{
	struct route r = sample_plain();

	r.target = (struct route_target){ .kind = TARGET_REDIRECT,
		.code = 308, .url = PATTERN_OF(query_parts) };
	return r;
}

/* Header rules alone: nothing else is said. */
static struct route
sample_respond(void)
{
	static struct words defaults;
	struct route r = sample_plain();

	defaults = (struct words){ .rules = rules, .rule_count = 1 };
	r.defaults = &defaults;
	r.target = (struct route_target){ .kind = TARGET_RESPOND,
		.code = 503, .text = STR("closed\nfor \0 now") };
	return r;
}

/* A URL of two literals, and one that only looks so. */
static struct route
sample_base(void)
{
	struct route r = sample_plain();

	r.target.origin.path = (struct pattern)PATTERN_OF(base_parts);
	r.target.origin.port = 443;
	r.target.origin.scheme = ORIGIN_HTTPS;
	return r;
}

static struct route
sample_odd(void)
{
	struct route r = sample_plain();

	r.target.origin.host = (struct pattern)PATTERN_OF(odd_parts);
	return r;
}

/* Conditions and splits, and all kinds of targets in them. */
static struct route
sample_choices(void)
{
	static struct route_cond conds[] = {
		{ .kind = COND_HEADER, .name = STR("x-preview"),
		    .has_value = true, .value = STR("") },
		{ .kind = COND_COOKIE, .negated = true, .name = STR("staff") },
		{ .kind = COND_QUERY, .name = STR("v"), .has_value = true,
		    .value = STR("1*") },
		{ .kind = COND_METHOD, .value = STR("GET,HEAD") },
		{ .kind = COND_CLIENT, .ranges = { ranges, 2 } },
		{ .kind = COND_SCHEME, .negated = true,
		    .value = STR("https") },
	};
	static struct route_when whens[2];
	static struct route_split splits[3];
	struct route r = sample_plain();

	whens[0] = (struct route_when){ .conds = conds, .cond_count = 6,
		.line = 6, .target = { .kind = TARGET_SERVICE,
		    .service = { .scope = SERVICE_OWN,
			.name = PATTERN_OF(service_parts) } } };
	whens[1] = (struct route_when){ .conds = conds + 3, .cond_count = 1,
		.line = 700, .target = sample_redirect().target };
	splits[0] = (struct route_split){ 0, { .kind = TARGET_SERVICE,
		.service = { .scope = SERVICE_SPACE, .space = STR("blue"),
		    .name = PATTERN_OF(service_parts) } } };
	splits[1] = (struct route_split){ ROUTE_WEIGHT_MAX,
		{ .kind = TARGET_SERVICE, .service = {
		    .scope = SERVICE_ROUTER,
		    .name = PATTERN_OF(dynamic_parts) } } };
	splits[2] = (struct route_split){ 1, sample_plain().target };
	r.whens = whens;
	r.when_count = 2;
	r.splits = splits;
	r.split_count = 3;
	r.split_by = (struct balance_by){ BALANCE_KEY_HEADER, STR("X-S") };
	r.target = (struct route_target){ .kind = TARGET_INTERNAL,
		.internal = INTERNAL_ASK };
	return r;
}

static struct route
sample_alias(void)
{
	struct route r = sample_plain();

	r.source = 1;
	r.target = (struct route_target){ .kind = TARGET_ALIAS,
		.alias = STR("acme.saas.example") };
	return r;
}

/* The key that a sample stands under as a path, and as a host's rule. */
static const struct sample {
	struct route (*make)(void);
	struct str path;
	struct str host;
} samples[] = {
	{ sample_plain, STR("hh.test/a"), STR("hmyblog.com") },
	{ sample_full, STR("otest/\x01/x"), { NULL, 0 } },
	{ sample_unix, STR("g/a/b"), STR("w") },
	{ sample_redirect, STR("wtest/a"), STR("wtest") },
	{ sample_respond, STR("hh.test/a"), STR("hh.test") },
	{ sample_base, STR("hh.test/a"), STR("hh.test") },
	{ sample_odd, STR("hh.test/a"), STR("hh.test") },
	{ sample_choices, STR("hh.test/a"), STR("hh.test") },
	{ sample_alias, STR("hh.test/a"), STR("hh.test") },
};

enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

static struct service
sample_service(void)
{
	static struct service_origin origins[3];
	static struct words own;

	own = sample_words(ON_SERVICE);
	own.rules = rules + 1;
	own.rule_count = 2;
	origins[0] = (struct service_origin){ sample_base().target.origin, 1,
		false };
	origins[1] = (struct service_origin){ sample_unix().target.origin, 0,
		true };
	origins[2] = (struct service_origin){ sample_odd().target.origin,
		ROUTE_WEIGHT_MAX, false };
	return (struct service){ .space = STR("production"),
		.name = STR("acme"), .source = 3, .line = 77,
		.origins = origins, .origin_count = 3, .own = &own };
}

/* What is made of a sample: the record, and what it is read as. */
static void
sample_record(size_t i, bool as_host, struct buf *to)
{
	struct route_host h = { .has_rule = true, .rule = samples[i].make(),
		.shapes = { { .segments = 32, .captures = UINT32_MAX },
			{ .segments = 2, .exact = true, .captures = 2 },
			{ .segments = 0, .exact = true } },
		.shape_count = 3 };
	struct err e;

	buf_clear(to);
	if ((as_host ? codec_put_host(&h, to, &e) :
	    codec_put_route(&h.rule, to, &e)) == -1)
		fail_msg("%s", e.text);
}

/* The MATCH of a key without captures, for people. */
static struct str
sample_match(struct str key, struct arena *a)
{
	if (key.p[0] == CODEC_ANYWHERE)
		return arena_printf(a, "**%.*s", STR_ARG(str_sub(key, 1,
		    key.n)));
	if (key.p[0] == CODEC_WILD)
		return arena_printf(a, key.n > 1 ? "*.%.*s" : "*%.*s",
		    STR_ARG(str_sub(key, 1, key.n)));
	return str_sub(key, 1, key.n);
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
		struct route want = samples[i].make();
		struct route got;

		if (want.capture_count == 0)
			want.match = sample_match(samples[i].path, &a);
		sample_record(i, false, &to);
		assert_int_equal(codec_get_route(samples[i].path,
		    buf_view(&to), &a, &got, &e), 0);
		/* Nothing of it may lie in the record. */
		memset(to.p, 0xff, to.cap);
		if (!sample_same_route(&want, &got))
			fail_msg("sample %zu", i);
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
	assert_int_equal(codec_get_host(STR("hh.test"), buf_view(&to), &a,
	    &got, &e), 0);
	assert_true(sample_same_host(&h, &got));
	for (i = 0; i < SAMPLES; i++) {
		struct route want = samples[i].make();

		if (samples[i].host.n == 0)
			continue;
		want.match = sample_match(samples[i].host, &a);
		sample_record(i, true, &to);
		assert_int_equal(codec_get_host(samples[i].host,
		    buf_view(&to), &a, &got, &e), 0);
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

static void
services_are_read_as_they_were_written(void **state)
{
	struct service want = sample_service();
	struct service got;
	struct arena a;
	struct buf to;
	struct err e;

	(void)state;
	arena_init(&a, ARENA_MAX);
	buf_init(&to, RECORD_MAX);
	assert_int_equal(codec_put_service(&want, &to, &e), 0);
	assert_int_equal(codec_get_service(STR("sproduction/acme"),
	    buf_view(&to), &a, &got, &e), 0);
	assert_true(sample_same_service(&want, &got));
	assert_int_equal(codec_get_service(STR("s/api"), buf_view(&to), &a,
	    &got, &e), 0);
	memset(to.p, 0xff, to.cap);
	want.space.n = 0;
	want.name = STR("api");
	assert_true(sample_same_service(&want, &got));
	buf_fini(&to);
	arena_fini(&a);
}

/* As if the route had been written into the host's record at once. */
static void
a_rule_is_wrapped_into_its_host(void **state)
{
	const struct route_shape shapes[] = {
		{ .segments = 32, .captures = UINT32_MAX },
		{ .segments = 2, .exact = true, .captures = 2 },
		{ .segments = 0, .exact = true } };
	struct route_host none = { .shapes = { shapes[1] },
		.shape_count = 1 };
	struct str nothing = { NULL, 0 };
	struct buf rule, want, got;
	struct err e;
	size_t i;

	(void)state;
	buf_init(&rule, RECORD_MAX);
	buf_init(&want, RECORD_MAX);
	buf_init(&got, RECORD_MAX);
	for (i = 0; i < SAMPLES; i++) {
		sample_record(i, false, &rule);
		sample_record(i, true, &want);
		buf_clear(&got);
		assert_int_equal(codec_put_host_of(buf_view(&rule), shapes, 3,
		    &got, &e), 0);
		assert_true(str_eq(buf_view(&got), buf_view(&want)));
		buf_clear(&got);
		assert_int_equal(codec_put_host_of(buf_view(&want), shapes, 3,
		    &got, &e), -1);
		assert_int_equal(codec_put_host_of(str_sub(buf_view(&rule), 0,
		    buf_len(&rule) - 1), shapes, 3, &got, &e), -1);
	}
	buf_clear(&want);
	assert_int_equal(codec_put_host(&none, &want, &e), 0);
	buf_clear(&got);
	assert_int_equal(codec_put_host_of(nothing, shapes + 1, 1, &got, &e),
	    0);
	assert_true(str_eq(buf_view(&got), buf_view(&want)));
	assert_int_equal(codec_put_host_of(nothing, shapes, 0, &got, &e), -1);
	assert_int_equal(codec_put_host_of(buf_view(&rule), shapes, 17, &got,
	    &e), -1);
	buf_fini(&rule);
	buf_fini(&want);
	buf_fini(&got);
}

/* Maps have millions of these: 8 bytes more than host and path. */
static void
a_plain_host_is_as_short_as_can_be(void **state)
{
	struct route_host h = { .has_rule = true, .rule = sample_base() };
	struct buf to;
	struct err e;

	(void)state;
	buf_init(&to, RECORD_MAX);
	h.rule.line = 1000000;
	assert_int_equal(codec_put_host(&h, &to, &e), 0);
	assert_true(str_eq(buf_view(&to), STR("\x22\x13\x80\x89\x7a\x05\x0e"
	    "\x21" "10.0.0.1/base")));
	buf_fini(&to);
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
	assert_int_equal(codec_get_route(STR("otest/\x01/x"), buf_view(&to),
	    &a, &got, &e), 0);
	assert_true(sample_same_route(&want, &got));
	buf_fini(&to);
	arena_fini(&a);
}

enum kind { ROUTE = 0, HOST, SERVICE, KINDS };

/* Reads bytes as that, from memory that ends where they end. */
static int
codec_try(struct str key, struct str bytes, enum kind as, struct err *e)
{
	struct route_host *host = calloc(1, sizeof(*host));
	char *copy = malloc(bytes.n + 1);
	struct service service;
	struct str exact = { copy + 1, bytes.n };
	struct arena a;
	int answer;

	assert_non_null(host);
	assert_non_null(copy);
	if (bytes.n > 0)
		memcpy(copy + 1, bytes.p, bytes.n);
	arena_init(&a, ARENA_MAX);
	if (as == HOST)
		answer = codec_get_host(key, exact, &a, host, e);
	else if (as == SERVICE)
		answer = codec_get_service(key, exact, &a, &service, e);
	else
		answer = codec_get_route(key, exact, &a, &host->rule, e);
	arena_fini(&a);
	free(copy);
	free(host);
	return answer;
}

/* Each record there is, with its key; false: there are no more. */
static bool
sample_any(size_t n, struct buf *to, struct str *key, enum kind *as)
{
	struct service service;
	struct err e;

	if (n == 2 * SAMPLES) {
		service = sample_service();
		buf_clear(to);
		assert_int_equal(codec_put_service(&service, to, &e), 0);
		*key = STR("sproduction/acme");
		*as = SERVICE;
		return true;
	}
	if (n > 2 * SAMPLES)
		return false;
	*as = n % 2 == 1 && samples[n / 2].host.n > 0 ? HOST : ROUTE;
	*key = *as == HOST ? samples[n / 2].host : samples[n / 2].path;
	sample_record(n / 2, *as == HOST, to);
	return true;
}

static void
a_record_cut_off_or_longer_is_refused(void **state)
{
	struct str key;
	struct buf to;
	struct err e;
	enum kind as;
	size_t i, n;

	(void)state;
	buf_init(&to, RECORD_MAX);
	for (i = 0; sample_any(i, &to, &key, &as); i++) {
		assert_int_equal(codec_try(key, buf_view(&to), as, &e), 0);
		for (n = 0; n < buf_len(&to); n++) {
			struct str piece = str_sub(buf_view(&to), 0, n);

			assert_int_equal(codec_try(key, piece, as, &e), -1);
			assert_int_equal(e.reason, REASON_MAP_BROKEN);
		}
		assert_int_equal(buf_put(&to, STR("\x7f")), 0);
		assert_int_equal(codec_try(key, buf_view(&to), as, &e), -1);
	}
	buf_fini(&to);
}

/* What is still read is written again as those very bytes. */
static void
codec_again(struct str key, struct str bytes, enum kind as)
{
	struct route_host host;
	struct service service;
	struct arena a;
	struct buf to;
	struct err e;

	arena_init(&a, ARENA_MAX);
	buf_init(&to, RECORD_MAX);
	if (as == ROUTE) {
		assert_int_equal(codec_get_route(key, bytes, &a, &host.rule,
		    &e), 0);
		assert_int_equal(codec_put_route(&host.rule, &to, &e), 0);
	} else if (as == HOST) {
		assert_int_equal(codec_get_host(key, bytes, &a, &host, &e),
		    0);
		assert_int_equal(codec_put_host(&host, &to, &e), 0);
	} else {
		assert_int_equal(codec_get_service(key, bytes, &a, &service,
		    &e), 0);
		assert_int_equal(codec_put_service(&service, &to, &e), 0);
	}
	assert_true(str_eq(buf_view(&to), bytes));
	buf_fini(&to);
	arena_fini(&a);
}

static void
a_byte_changed_is_refused_or_another_record(void **state)
{
	struct str key;
	struct buf to;
	struct err e;
	enum kind as;
	size_t i, n;
	int flip;

	(void)state;
	buf_init(&to, RECORD_MAX);
	for (i = 0; sample_any(i, &to, &key, &as); i++) {
		for (n = 0; n < buf_len(&to); n++) {
			for (flip = 1; flip < 256; flip = flip * 2 + 1) {
				to.p[n] = (char)(to.p[n] ^ flip);
				if (codec_try(key, buf_view(&to), as,
					&e) == -1)
					assert_int_equal(e.reason,
					    REASON_MAP_BROKEN);
				else
					codec_again(key, buf_view(&to), as);
				to.p[n] = (char)(to.p[n] ^ flip);
			}
		}
	}
	buf_fini(&to);
}

/* The length goes behind the first byte; below 128 it is one byte. */
static int
codec_try_with_length(struct str key, struct str bytes, enum kind as,
    struct err *e)
{
	char record[128];

	if (bytes.n < 1)
		return codec_try(key, bytes, as, e);
	assert_true(bytes.n < sizeof(record));
	record[0] = bytes.p[0];
	record[1] = (char)(bytes.n - 1);
	memcpy(record + 2, bytes.p + 1, bytes.n - 1);
	return codec_try(key, (struct str){ record, bytes.n + 1 }, as, e);
}

struct bytes {
	const char *what;
	struct str bytes;
	bool good;
};

#define RECORD(what, literal, good) \
	{ what, { literal, sizeof(literal) - 1 }, good }
#define LINE "\x0e" /* 7, of the first source */
#define RESPOND "\x07\x02\xcc\x01" /* 204 */

static void
codec_table(struct str key, const struct bytes *rows, size_t count,
    enum kind as)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct err e = { .reason = REASON_NONE };
		int want = rows[i].good ? 0 : -1;

		if (codec_try_with_length(key, rows[i].bytes, as, &e) != want)
			fail_msg("%s: %s", rows[i].what, e.text);
		if (want == -1)
			assert_int_equal(e.reason, REASON_MAP_BROKEN);
	}
}

/* Records byte by byte, without the length. */
static void
only_whole_routes_are_read(void **state)
{
	static const struct bytes rows[] = {
	RECORD("the least there is", "\x21" LINE RESPOND, true),
	RECORD("nothing", "", false),
	RECORD("another version", "\x11" LINE RESPOND, false),
	RECORD("another kind", "\x22" LINE RESPOND, false),
	RECORD("a kind of none", "\x2f" LINE RESPOND, false),
	RECORD("no line", "\x21" RESPOND, false),
	RECORD("the second source", "\x21\x0f\x01" RESPOND, true),
	RECORD("the first source, said", "\x21\x0f\x00" RESPOND, false),
	RECORD("a line beyond 32 bits", "\x21\x80\x80\x80\x80\x20" RESPOND,
	    false),
	RECORD("no target", "\x21" LINE, false),
	RECORD("an item twice", "\x21" LINE RESPOND RESPOND, false),
	RECORD("two targets", "\x21" LINE RESPOND "\x09\x01" "a", false),
	RECORD("items out of order", "\x21" LINE "\x40\x00" RESPOND, false),
	RECORD("an unknown item", "\x21" LINE RESPOND "\x20\x00", false),
	RECORD("an item of services", "\x21" LINE RESPOND "\x0d\x01\x00",
	    false),
	RECORD("shapes", "\x21" LINE RESPOND "\xff\x02\x01\x00", false),
	RECORD("an unknown directive", "\x21" LINE RESPOND "\x7f\x01\x01",
	    false),
	RECORD("a directive of id 0", "\x21" LINE RESPOND "\x40\x01\x01",
	    false),
	RECORD("a directive of services", "\x21" LINE RESPOND
	    "\x56\x01\x01", false),
	RECORD("a directive of origins", "\x21" LINE RESPOND "\x59\x00",
	    false),
	RECORD("strip-prefix", "\x21" LINE RESPOND "\x42\x01\x01", true),
	RECORD("strip-prefix of %defaults, turned off", "\x21" LINE
	    "\x07\x02\xcc\x01\x82\x01\x00", true),
	RECORD("exact under a key that is not", "\x21" LINE RESPOND
	    "\x41\x01\x01", false),
	RECORD("exact turned off", "\x21" LINE RESPOND "\x41\x01\x00\x81\x01"
	    "\x01", true),
	RECORD("a flag of 2", "\x21" LINE RESPOND "\x42\x01\x02", false),
	RECORD("an item with bytes behind its value",
	    "\x21" LINE RESPOND "\x42\x02\x01\x00", false),
	RECORD("a length beyond the end", "\x21" LINE "\x07\x03\xcc\x01",
	    false),
	RECORD("a number with a zero group", "\x21\x8e\x00" RESPOND, false),
	RECORD("a number beyond 64 bits", "\x21" LINE
	    "\x07\x82\x80\x80\x80\x80\x80\x80\x80\x80\x02\xcc\x01", false),
	RECORD("a length of all 64 bits", "\x21" LINE
	    "\x07\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xcc\x01", false),
	RECORD("status 199", "\x21" LINE "\x07\x02\xc7\x01", false),
	RECORD("status 600", "\x21" LINE "\x07\x02\xd8\x04", false),
	/* URLs: 0x20 is a plain one of http */
	RECORD("an origin", "\x21" LINE "\x05\x02\x20" "a", true),
	RECORD("an origin with a base", "\x21" LINE "\x05\x04\x21" "a/b",
	    true),
	RECORD("an origin without host", "\x21" LINE "\x05\x03\x20" "/b",
	    false),
	RECORD("an origin of nothing", "\x21" LINE "\x05\x01\x20", false),
	RECORD("an origin with its port", "\x21" LINE "\x05\x03\x30\x50"
	    "a", true),
	RECORD("an origin of port 0", "\x21" LINE "\x05\x03\x30\x00" "a",
	    false),
	RECORD("an origin of no known scheme", "\x21" LINE "\x05\x02\x23"
	    "a", false),
	RECORD("an origin of no known tail", "\x21" LINE "\x05\x02\x2c"
	    "a", false),
	RECORD("an origin with an unknown bit", "\x21" LINE "\x05\x02\x60"
	    "a", false),
	RECORD("a plain origin spelled long", "\x21" LINE
	    "\x05\x06\x00\x01\x00\x01" "a\x00", false),
	RECORD("a plain Unix origin", "\x21" LINE "\x05\x02\x22" "a", false),
	RECORD("a Unix origin", "\x21" LINE "\x05\x07\x02\x01\x01\x02/a"
	    "\x00", true),
	RECORD("a Unix origin with a port", "\x21" LINE
	    "\x05\x08\x12\x50\x01\x01\x02/a\x00", false),
	RECORD("a URL of captures that have no names", "\x21" LINE
	    "\x05\x05\x00\x01\x04\x00\x00", false),
	/* 301 to one literal */
	RECORD("a redirect", "\x21" LINE "\x06\x06\xad\x02\x01\x03\x01x",
	    true),
	RECORD("a redirect to nowhere", "\x21" LINE "\x06\x03\xad\x02\x00",
	    false),
	RECORD("a redirect of code 200", "\x21" LINE
	    "\x06\x06\xc8\x01\x01\x03\x01x", false),
	RECORD("an empty literal", "\x21" LINE
	    "\x06\x05\xad\x02\x01\x03\x00", false),
	RECORD("more parts than bytes", "\x21" LINE
	    "\x06\x06\xad\x02\xff\x7f\x01x", false),
	RECORD("a variable of the next version", "\x21" LINE
	    "\x06\x04\xad\x02\x01\xff", false),
	/* services: 4 is a literal of the platform's own */
	RECORD("a service", "\x21" LINE "\x08\x02\x04" "a", true),
	RECORD("a service in a namespace", "\x21" LINE
	    "\x08\x04\x05\x01" "na", true),
	RECORD("a service of no name", "\x21" LINE "\x08\x01\x04", false),
	RECORD("a service of a bad name", "\x21" LINE "\x08\x02\x04" "A",
	    false),
	RECORD("a service in a bad namespace", "\x21" LINE
	    "\x08\x04\x05\x01-a", false),
	RECORD("a literal in the router's namespace", "\x21" LINE
	    "\x08\x02\x06" "a", false),
	RECORD("a dynamic name of the platform's own", "\x21" LINE
	    "\x08\x05\x00\x01\x34\x01" "k", false),
	RECORD("a dynamic name", "\x21" LINE "\x08\x05\x02\x01\x34\x01"
	    "k", true),
	RECORD("a literal name spelled long", "\x21" LINE
	    "\x08\x05\x00\x01\x00\x01" "a", false),
	RECORD("a service of no known scope", "\x21" LINE "\x08\x02\x07"
	    "a", false),
	RECORD("an alias of nothing", "\x21" LINE "\x09\x00", false),
	RECORD("an internal page", "\x21" LINE "\x0a\x01\x00", true),
	RECORD("an internal page that is none", "\x21" LINE "\x0a\x01\x09",
	    false),
	/* one line of one condition, method GET */
	RECORD("a condition", "\x21" LINE RESPOND "\x0b\x0a\x01\x09\x01\x13"
	    "\x01G\x09\x02" "ab", true),
	RECORD("no lines, said", "\x21" LINE RESPOND "\x0b\x01\x00", false),
	RECORD("a line without conditions", "\x21" LINE RESPOND
	    "\x0b\x07\x01\x09\x00\x09\x02" "ab", false),
	RECORD("a method without value", "\x21" LINE RESPOND
	    "\x0b\x08\x01\x09\x01\x03\x09\x02" "ab", false),
	RECORD("a header without name", "\x21" LINE RESPOND
	    "\x0b\x09\x01\x09\x01\x00\x00\x09\x02" "ab", false),
	RECORD("a client with a value", "\x21" LINE RESPOND
	    "\x0b\x0b\x01\x09\x01\x14\x01G\x01\x00\x09\x01" "a", false),
	RECORD("a client in all there is", "\x21" LINE RESPOND
	    "\x0b\x09\x01\x09\x01\x04\x01\x00\x09\x01" "a", true),
	RECORD("a client in no range", "\x21" LINE RESPOND
	    "\x0b\x08\x01\x09\x01\x04\x00\x09\x01" "a", false),
	RECORD("a range of 129 bits", "\x21" LINE RESPOND
	    "\x0b\x1a\x01\x09\x01\x04\x01\x81" "01234567890123456"
	    "\x09\x01" "a", false),
	RECORD("a range with bits behind it", "\x21" LINE RESPOND
	    "\x0b\x0a\x01\x09\x01\x04\x01\x01\xc0\x09\x01" "a", false),
	RECORD("a condition of no known kind", "\x21" LINE RESPOND
	    "\x0b\x08\x01\x09\x01\x06\x09\x02" "ab", false),
	RECORD("a line without target", "\x21" LINE RESPOND
	    "\x0b\x06\x01\x09\x01\x13\x01G", false),
	/* 1 to a, 2 to b, by client_ip */
	RECORD("a split", "\x21" LINE RESPOND "\x0c\x0a\x02\x01\x09\x01"
	    "a\x02\x09\x01" "b\x00", true),
	RECORD("a split of one", "\x21" LINE RESPOND "\x0c\x06\x01\x01\x09"
	    "\x01" "a\x00", false),
	RECORD("a split by a nameless cookie", "\x21" LINE RESPOND
	    "\x0c\x0a\x02\x01\x09\x01" "a\x02\x09\x01" "b\x01", false),
	RECORD("no header rules, said", "\x21" LINE RESPOND "\x10\x01\x00",
	    false),
	RECORD("a header rule", "\x21" LINE RESPOND "\x10\x05\x01\x04\x01x"
	    "\x00", true),
	RECORD("a header rule without name", "\x21" LINE RESPOND
	    "\x10\x04\x01\x04\x00\x00", false),
	RECORD("a header rule of an unknown verb", "\x21" LINE RESPOND
	    "\x10\x05\x01\x06\x01x\x00", false),
	RECORD("more header rules than bytes", "\x21" LINE RESPOND
	    "\x10\x02\xff\x07", false),
	RECORD("host= without its name", "\x21" LINE RESPOND "\x43\x01\x03",
	    false),
	RECORD("host= of an unknown kind", "\x21" LINE RESPOND
	    "\x43\x01\x04", false),
	RECORD("plan= of nothing", "\x21" LINE RESPOND "\x48\x00", false),
	RECORD("allow= of nothing", "\x21" LINE RESPOND "\x4b\x01\x00",
	    false),
	};

	(void)state;
	codec_table(STR("hh.test/a"), rows, sizeof(rows) / sizeof(rows[0]),
	    ROUTE);
}

/* A rule of LINE and RESPOND is 5 bytes. */
static void
only_whole_hosts_are_read(void **state)
{
	static const struct bytes rows[] = {
	RECORD("a rule", "\x22" LINE RESPOND, true),
	RECORD("a shape", "\x24\xff\x02\x01\x00", true),
	RECORD("both", "\x22" LINE RESPOND "\xff\x02\x01\x00", true),
	RECORD("neither", "\x24", false),
	RECORD("a host without rule", "\x22" LINE "\xff\x02\x01\x00", false),
	RECORD("a rule of a host without", "\x24" LINE RESPOND
	    "\xff\x02\x01\x00", false),
	RECORD("a route", "\x21" LINE RESPOND, false),
	RECORD("no shapes, said", "\x22" LINE RESPOND "\xff\x00", false),
	RECORD("no shapes at all, said", "\x24\xff\x00", false),
	RECORD("something behind shapes", "\x24\xff\x02\x01\x00\x00", false),
	RECORD("another item", "\x24\x07\x02\xcc\x01", false),
	RECORD("the shape of the rule", "\x24\xff\x02\x00\x00", false),
	RECORD("the shape of / alone", "\x24\xff\x02\x00\x01", true),
	RECORD("a capture beyond the segments", "\x24\xff\x02\x01\x04",
	    false),
	RECORD("too many segments", "\x24\xff\x02\x21\x00", false),
	RECORD("shapes out of order", "\x24\xff\x04\x01\x00\x02\x00",
	    false),
	RECORD("a shape twice", "\x24\xff\x04\x01\x00\x01\x00", false),
	};

	(void)state;
	codec_table(STR("hh.test"), rows, sizeof(rows) / sizeof(rows[0]),
	    HOST);
}

/* An origin: is it a backup, its URL's length and bytes, its weight. */
#define ORIGIN "\x00\x02\x20" "a\x01"

static void
only_whole_services_are_read(void **state)
{
	static const struct bytes rows[] = {
	RECORD("an origin", "\x23" LINE "\x0d\x06\x01" ORIGIN, true),
	RECORD("a route", "\x21" LINE RESPOND, false),
	RECORD("no origins", "\x23" LINE, false),
	RECORD("no origins, said", "\x23" LINE "\x0d\x01\x00", false),
	RECORD("two, and one of them", "\x23" LINE "\x0d\x06\x02" ORIGIN,
	    false),
	RECORD("one, and two of it", "\x23" LINE "\x0d\x0b\x01" ORIGIN
	    ORIGIN, false),
	RECORD("two", "\x23" LINE "\x0d\x0b\x02" ORIGIN ORIGIN, true),
	RECORD("a backup", "\x23" LINE "\x0d\x06\x01\x01\x02\x20" "a\x00",
	    true),
	RECORD("a backup of 2", "\x23" LINE "\x0d\x06\x01\x02\x02\x20"
	    "a\x00", false),
	RECORD("a URL beyond the end", "\x23" LINE "\x0d\x06\x01\x00\x04"
	    "\x20" "a\x01", false),
	RECORD("a URL of less than its length", "\x23" LINE
	    "\x0d\x0b\x01\x00\x07\x02\x01\x01\x01" "a\x00\x00\x01", false),
	RECORD("a capture", "\x23" LINE "\x0d\x09\x01\x00\x05\x00\x01\x04"
	    "\x00\x00\x01", false),
	RECORD("a target", "\x23" LINE RESPOND "\x0d\x06\x01" ORIGIN,
	    false),
	RECORD("retry", "\x23" LINE "\x0d\x06\x01" ORIGIN "\x56\x01\x05",
	    true),
	RECORD("strip-prefix", "\x23" LINE "\x0d\x06\x01" ORIGIN
	    "\x42\x01\x01", false),
	RECORD("a word of %defaults", "\x23" LINE "\x0d\x06\x01" ORIGIN
	    "\x88\x01" "a", false),
	RECORD("a balance of no known kind", "\x23" LINE "\x0d\x06\x01"
	    ORIGIN "\x58\x01\x07", false),
	RECORD("least with a key", "\x23" LINE "\x0d\x06\x01" ORIGIN
	    "\x58\x02\x01\x00", false),
	RECORD("a hash by path", "\x23" LINE "\x0d\x06\x01" ORIGIN
	    "\x58\x02\x02\x03", true),
	};

	(void)state;
	codec_table(STR("s/a"), rows, sizeof(rows) / sizeof(rows[0]),
	    SERVICE);
}

/* A good record under keys that are not its own. */
static void
a_record_is_read_under_its_own_key_alone(void **state)
{
	static const struct {
		enum kind as;
		struct str key;
		bool good;
		struct str bytes;
	} rows[] = {
#define UNDER(as, key, good, literal) \
	{ as, { key, sizeof(key) - 1 }, good, { literal, sizeof(literal) - 1 } }
#define PLAIN "\x21" LINE RESPOND
#define EXACT PLAIN "\x41\x01\x01"
#define CAPTURED "\x21" LINE "\x04\x03\x00\x01x" RESPOND
#define BELOW "\x21" LINE "\x04\x03\x01\x01x" RESPOND
#define BOTH "\x21" LINE "\x04\x05\x01\x01x\x01y" RESPOND
		UNDER(ROUTE, "hh.test/a", true, PLAIN),
		UNDER(ROUTE, "hh.test", true, PLAIN),
		UNDER(ROUTE, "w", true, PLAIN),
		UNDER(ROUTE, "g/a", true, PLAIN),
		UNDER(ROUTE, "g", false, PLAIN),
		UNDER(ROUTE, "h", false, PLAIN),
		UNDER(ROUTE, "", false, PLAIN),
		UNDER(ROUTE, "h/a", false, PLAIN),
		UNDER(ROUTE, "hh.test/", false, PLAIN),
		UNDER(ROUTE, "hh.test//a", false, PLAIN),
		UNDER(ROUTE, "hh.test/a\x01", false, PLAIN),
		UNDER(ROUTE, "hh.test/a\x02", false, PLAIN),
		UNDER(ROUTE, "hh.test/\x01", false, PLAIN),
		UNDER(ROUTE, "otest", false, PLAIN),
		UNDER(ROUTE, "s/a", false, PLAIN),
		UNDER(ROUTE, "mformat", false, PLAIN),
		UNDER(ROUTE, "hh.test/a\x02", true, EXACT),
		UNDER(ROUTE, "hh.test\x02", true, EXACT),
		UNDER(ROUTE, "hh.test/a", false, EXACT),
		UNDER(ROUTE, "hh.test/\x01", true, CAPTURED),
		UNDER(ROUTE, "hh.test/a", false, CAPTURED),
		UNDER(ROUTE, "hh.test/\x01/\x01", false, CAPTURED),
		UNDER(ROUTE, "otest", false, CAPTURED),
		UNDER(ROUTE, "g/\x01", false, CAPTURED),
		UNDER(ROUTE, "otest", true, BELOW),
		UNDER(ROUTE, "otest/a", true, BELOW),
		UNDER(ROUTE, "hh.test/\x01", false, BELOW),
		UNDER(ROUTE, "otest/\x01", true, BOTH),
		UNDER(ROUTE, "hh.test/\x01/\x01", false, BOTH),
		UNDER(HOST, "hh.test", true, "\x24\xff\x02\x01\x00"),
		UNDER(HOST, "hh.test/a", false, "\x24\xff\x02\x01\x00"),
		UNDER(HOST, "hh.test", true, "\x22" LINE RESPOND),
		UNDER(HOST, "hh.test/a", false, "\x22" LINE RESPOND),
		UNDER(HOST, "otest", false, "\x22" LINE RESPOND),
		UNDER(SERVICE, "s/a", true, "\x23" LINE "\x0d\x06\x01" ORIGIN),
		UNDER(SERVICE, "sn/a", true, "\x23" LINE "\x0d\x06\x01"
		    ORIGIN),
		UNDER(SERVICE, "sa", false, "\x23" LINE "\x0d\x06\x01" ORIGIN),
		UNDER(SERVICE, "s/", false, "\x23" LINE "\x0d\x06\x01" ORIGIN),
		UNDER(SERVICE, "sN/a", false, "\x23" LINE "\x0d\x06\x01"
		    ORIGIN),
		UNDER(SERVICE, "sn/a/b", false, "\x23" LINE "\x0d\x06\x01"
		    ORIGIN),
		UNDER(SERVICE, "hh.test", false, "\x23" LINE "\x0d\x06\x01"
		    ORIGIN),
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { .reason = REASON_NONE };

		if (codec_try_with_length(rows[i].key, rows[i].bytes,
			rows[i].as, &e) != (rows[i].good ? 0 : -1))
			fail_msg("row %zu, '%.*s': %s", i,
			    STR_ARG(rows[i].key), e.text);
		if (!rows[i].good)
			assert_int_equal(e.reason, REASON_MAP_BROKEN);
	}
}

/* What cannot be read again is not written. */
static void
what_the_map_may_not_hold_is_not_written(void **state)
{
	enum { BAD = 17 };
	struct route_host h = { .has_rule = false };
	struct pattern_part part = CAPTURE_OF(2, PATH);
	struct header_rule rule = { .verb = HEADER_REMOVE };
	struct words words[BAD];
	struct route bad[BAD];
	struct service s = sample_service();
	struct buf to;
	struct err e;
	size_t i;

	(void)state;
	buf_init(&to, RECORD_MAX);
	for (i = 0; i < BAD; i++) {
		bad[i] = sample_full();
		words[i] = *bad[i].own;
		bad[i].own = &words[i];
	}
	bad[0].target.kind = TARGET_NONE;
	bad[1].exact = true;
	bad[2].target.origin.host.count = 0;
	bad[3].target.origin.port = 0;
	bad[4].target.origin.path = (struct pattern){ &part, 1 };
	words[5].rules = &rule;
	words[5].rule_count = 1;
	words[6].host_name.n = 0;
	words[7].tag_count = CODEC_TAGS_MAX + 1;
	bad[8].target.origin.scheme = ORIGIN_UNIX;
	words[9].rule_count = CODEC_RULES_MAX + 1;
	words[10].said |= UINT64_C(1) << DIRECTIVE_RETRY;
	words[11].auth.n = 0;
	words[12].allow.count = 0;
	bad[13].target.origin.port_written = false;
	bad[14] = sample_choices();
	bad[14].split_count = 1;
	bad[15] = sample_choices();
	bad[15].whens[0].cond_count = 0;
	bad[16] = sample_choices();
	bad[16].whens[0].cond_count = 6;
	bad[16].splits[0].weight = ROUTE_WEIGHT_MAX + 1;
	for (i = 0; i < BAD; i++) {
		if (i == 16)
			bad[15].whens[0].cond_count = 6;
		if (codec_put_route(&bad[i], &to, &e) != -1)
			fail_msg("route %zu was written", i);
		assert_true(strlen(e.text) > 0);
	}
	assert_int_equal(codec_put_host(&h, &to, &e), -1);
	h.shape_count = 2;
	h.shapes[0].segments = h.shapes[1].segments = 1;
	assert_int_equal(codec_put_host(&h, &to, &e), -1);
	s.origin_count = 0;
	assert_int_equal(codec_put_service(&s, &to, &e), -1);
	s = sample_service();
	s.own->said |= UINT64_C(1) << DIRECTIVE_EXACT;
	assert_int_equal(codec_put_service(&s, &to, &e), -1);
	s = sample_service();
	s.origins[0].url = sample_full().target.origin;
	assert_int_equal(codec_put_service(&s, &to, &e), -1);
	buf_fini(&to);
}

static void
a_full_buffer_is_told(void **state)
{
	struct service service = sample_service();
	struct buf whole;
	struct str key;
	enum kind as;
	struct err e;
	size_t i, max;

	(void)state;
	buf_init(&whole, RECORD_MAX);
	for (i = 0; sample_any(i, &whole, &key, &as); i++) {
		for (max = 0; max < buf_len(&whole); max++) {
			struct route_host h;
			struct arena a;
			struct buf to;
			int answer;

			arena_init(&a, ARENA_MAX);
			buf_init(&to, max);
			if (as == HOST) {
				assert_int_equal(codec_get_host(key,
				    buf_view(&whole), &a, &h, &e), 0);
				answer = codec_put_host(&h, &to, &e);
			} else if (as == ROUTE) {
				assert_int_equal(codec_get_route(key,
				    buf_view(&whole), &a, &h.rule, &e), 0);
				answer = codec_put_route(&h.rule, &to, &e);
			} else {
				answer = codec_put_service(&service, &to, &e);
			}
			assert_int_equal(answer, -1);
			assert_int_equal(e.reason, REASON_OVERLOADED);
			buf_fini(&to);
			arena_fini(&a);
		}
	}
	buf_fini(&whole);
}

/* All but the last `left` bytes of an arena are taken. */
static int
codec_try_left(struct str key, struct str bytes, enum kind as, size_t left,
    struct err *e)
{
	enum { ALL = 1 << 16 };
	struct service service;
	struct route_host host;
	struct arena a;
	int answer;

	arena_init(&a, ALL);
	assert_non_null(arena_alloc(&a, ALL - 32 - left));
	if (as == HOST)
		answer = codec_get_host(key, bytes, &a, &host, e);
	else if (as == SERVICE)
		answer = codec_get_service(key, bytes, &a, &service, e);
	else
		answer = codec_get_route(key, bytes, &a, &host.rule, e);
	arena_fini(&a);
	return answer;
}

static void
a_full_arena_is_told(void **state)
{
	struct buf to;
	struct str key;
	enum kind as;
	struct err e;
	size_t i, left;

	(void)state;
	buf_init(&to, RECORD_MAX);
	for (i = 0; sample_any(i, &to, &key, &as); i++) {
		int answer = -1;

		for (left = 0; answer == -1 && left < 30000; left += 16) {
			answer = codec_try_left(key, buf_view(&to), as, left,
			    &e);
			if (answer == -1)
				assert_int_equal(e.reason, REASON_OVERLOADED);
		}
		assert_int_equal(answer, 0);
		assert_true(left > 64);
	}
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

/* The MATCH of a key, or NULL where names and key do not fit. */
static void
a_key_tells_its_match(void **state)
{
	static const struct {
		struct str key;
		size_t count;
		bool host;
		const char *match;
	} rows[] = {
		{ STR("hh.test"), 0, false, "h.test" },
		{ STR("hh.test\x02"), 0, false, "h.test" },
		{ STR("hh.test/a/b"), 0, false, "h.test/a/b" },
		{ STR("hh.test/a/\x01/b/\x01\x02"), 2, false,
		    "h.test/a/{one}/b/{two}" },
		{ STR("oh.test"), 1, true, "{one}.h.test" },
		{ STR("oh.test/\x01"), 2, true, "{one}.h.test/{two}" },
		{ STR("w"), 0, false, "*" },
		{ STR("w/a"), 0, false, "*/a" },
		{ STR("wh.test/\x01"), 1, false, "*.h.test/{one}" },
		{ STR("g/a/b\x02"), 0, false, "**/a/b" },
		{ STR("hh.test"), 1, false, NULL },
		{ STR("hh.test/\x01"), 0, false, NULL },
		{ STR("hh.test/\x01"), 1, true, NULL },
		{ STR("oh.test"), 1, false, NULL },
		{ STR("s/a"), 0, false, NULL },
	};
	const struct str names[] = { STR("one"), STR("two") };
	struct buf to, full;
	size_t i;

	(void)state;
	buf_init(&to, 256);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int got;

		buf_clear(&to);
		got = codec_key_match(rows[i].key, names, rows[i].count,
		    rows[i].host, &to);
		assert_int_equal(got, rows[i].match != NULL ? 0 : -1);
		if (got == -1)
			continue;
		if (!str_eq(buf_view(&to), str_of(rows[i].match)))
			fail_msg("'%.*s' is not '%s'", STR_ARG(buf_view(&to)),
			    rows[i].match);
		buf_init(&full, buf_len(&to) - 1);
		assert_int_equal(codec_key_match(rows[i].key, names,
		    rows[i].count, rows[i].host, &full), -1);
		buf_fini(&full);
	}
	buf_fini(&to);
}

static void
a_service_has_its_key(void **state)
{
	struct buf key;

	(void)state;
	buf_init(&key, CODEC_KEY_MAX);
	assert_int_equal(codec_key_service(&key, STR(""), STR("api")), 0);
	assert_true(str_eq(buf_view(&key), STR("s/api")));
	buf_clear(&key);
	assert_int_equal(codec_key_service(&key, STR("production"),
	    STR("acme")), 0);
	assert_true(str_eq(buf_view(&key), STR("sproduction/acme")));
	assert_true(codec_key_is_host(STR("hh.test")));
	assert_true(codec_key_is_host(STR("w")));
	assert_false(codec_key_is_host(STR("hh.test/a")));
	assert_false(codec_key_is_host(STR("hh.test\x02")));
	assert_false(codec_key_is_host(STR("s/a")));
	assert_false(codec_key_is_host(STR("g/a")));
	assert_false(codec_key_is_host(STR("")));
	buf_fini(&key);
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
		.services = 12, .pages = 6, .one_levels = 7,
		.wild_levels = UINT64_MAX,
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
	assert_int_equal(m.count, 17);
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
	for (stop = 1; stop <= 17; stop++) {
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
		STR("s/api"), STR("sblue/api"), STR("z") };
	static const struct str refused[] = { STR(""), STR("x"), STR("h"),
		STR("o"), STR("g"), STR("g\x02"), STR("s"), STR("s/"),
		STR("sblue") };
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
	assert_int_equal(m.services, 2);
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
		cmocka_unit_test(services_are_read_as_they_were_written),
		cmocka_unit_test(a_rule_is_wrapped_into_its_host),
		cmocka_unit_test(a_plain_host_is_as_short_as_can_be),
		cmocka_unit_test(a_record_is_appended_to_what_is_there),
		cmocka_unit_test(a_record_cut_off_or_longer_is_refused),
		cmocka_unit_test(a_byte_changed_is_refused_or_another_record),
		cmocka_unit_test(only_whole_routes_are_read),
		cmocka_unit_test(only_whole_hosts_are_read),
		cmocka_unit_test(only_whole_services_are_read),
		cmocka_unit_test(a_record_is_read_under_its_own_key_alone),
		cmocka_unit_test(what_the_map_may_not_hold_is_not_written),
		cmocka_unit_test(a_full_buffer_is_told),
		cmocka_unit_test(a_full_arena_is_told),
		cmocka_unit_test(keys_are_written_and_printed),
		cmocka_unit_test(a_key_tells_its_match),
		cmocka_unit_test(a_service_has_its_key),
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
