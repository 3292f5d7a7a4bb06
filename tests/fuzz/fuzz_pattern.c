/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pattern: any text is read or refused; what was read is printed and read
 * again as the same, and filled in keeps to what its context allows.
 *
 * The first byte chooses the place; the text ends at the first LF, and what
 * is behind it is what a client sends in a header field.
 */

#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "http/request.h"
#include "route/pattern.h"
#include "route/policy.h"
#include "tests/unit/route_sample.h"

enum { ARENA_MAX = 1 << 22, OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_print(const struct pattern *p, enum pattern_place place,
    const struct route *route, struct arena *a, struct buf *to)
{
	struct pattern again;
	struct err e;
	size_t at;

	if (pattern_print(p, route, to) == -1)
		return;
	CHECK(pattern_parse(buf_view(to), place, route, a, &again, &at,
	    &e) == 0);
	CHECK(sample_same_pattern(p, &again));
}

/* Bytes that only text of the list may bring into that context. */
static bool
fuzz_is_foreign(char c, enum pattern_context context)
{
	switch (context) {
	case PATTERN_IN_AUTHORITY:
		return !(c >= 'a' && c <= 'z') && !str_is_digit(c) &&
		    c != '-';
	case PATTERN_IN_PATH:
		return (unsigned char)c <= 0x20 || (unsigned char)c >= 0x7f ||
		    c == '#' || c == '\\';
	case PATTERN_IN_QUERY:
		return (unsigned char)c <= 0x20 || (unsigned char)c >= 0x7f ||
		    c == '#' || c == '+';
	case PATTERN_IN_HEADER:
	case PATTERN_CONTEXT_COUNT:
		break;
	}
	return str_is_control(c) && c != '\t';
}

/* Each part alone, so that its bytes are known for its own. */
static void
fuzz_fill(const struct pattern *p, const struct pattern_source *s,
    struct buf *to)
{
	struct err e;
	size_t i, j;

	for (i = 0; i < p->count; i++) {
		const struct pattern one = { &p->parts[i], 1 };
		struct str text;

		buf_clear(to);
		if (pattern_fill(&one, s, to, &e) == -1) {
			CHECK(e.reason == REASON_NO_SERVICE ||
			    e.reason == REASON_OVERLOADED);
			continue;
		}
		text = buf_view(to);
		if (pattern_is_fixed(&one)) {
			CHECK(str_eq(text, p->parts[i].text));
			continue;
		}
		for (j = 0; j < text.n; j++)
			CHECK(!fuzz_is_foreign(text.p[j],
			    p->parts[i].context));
	}
}

static void
fuzz_request(struct request *r, struct str value, struct arena *a)
{
	struct err e;

	memset(r, 0, sizeof(*r));
	CHECK(host_parse(STR("shop.example"), &r->host, &e) == 0);
	r->method = STR("GET");
	r->path.text = STR("/a%2Fb+c/d");
	r->path.query = STR("q=1");
	r->path.has_query = true;
	r->client_ip = value;
	r->id = value;
	header_init(&r->fields, a);
	if (header_add(&r->fields, STR("X"), value) == -1 ||
	    header_add(&r->fields, STR("Cookie"), value) == -1)
		header_init(&r->fields, a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct str captures[] = { STR("acme"), STR("a%2Fb+c&=;") };
	struct route route = { .match = STR("{a}.test/{b_1}"),
		.captures = { STR("a"), STR("b_1") }, .capture_count = 2,
		.host_capture = true };
	struct route_tag tag = { STR("k"), { NULL, 0 } };
	struct policy policy;
	struct pattern_source s = { .route = &route, .policy = &policy,
		.captures = captures, .host = STR("shop.example"),
		.service = STR("@blue/acme"), .version = STR("blue/acme"),
		.rest = STR("/d") };
	enum pattern_place place;
	struct request request;
	struct pattern p;
	struct str text;
	struct arena a;
	struct buf to;
	struct err e;
	size_t at;

	if (size == 0)
		return 0;
	place = (enum pattern_place)(data[0] % PATTERN_PLACE_COUNT);
	(void)str_cut(str_sub(in, 1, in.n), '\n', &text, &tag.value);
	policy_init(&policy);
	policy.tags = &tag;
	policy.tag_count = 1;
	policy.plan = tag.value;
	arena_init(&a, ARENA_MAX);
	buf_init(&to, OUT_MAX);
	fuzz_request(&request, tag.value, &a);
	s.request = &request;
	if (pattern_parse(text, place, &route, &a, &p, &at, &e) == -1) {
		CHECK(at <= text.n);
	} else {
		CHECK(at == text.n);
		fuzz_print(&p, place, &route, &a, &to);
		fuzz_fill(&p, &s, &to);
	}
	buf_fini(&to);
	arena_fini(&a);
	return 0;
}
