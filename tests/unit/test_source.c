/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_source: what routes come out of a list, part by part. What is told of
 * wrong ones is shown in tests/compile.
 */

#include "tools/source.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "route/pattern.h"
#include "tests/unit/table.h"

enum { SOURCE_OUT = 1 << 20, SOURCE_SETS = 1000 };

struct source_seen {
	struct buf out;
	size_t count;
	int answer; /* of see */
};

static void
source_put(struct buf *b, const char *name, const struct pattern *p,
    const struct route *r)
{
	static const char contexts[] = "apqh";
	size_t i;

	if (p->count == 0)
		return;
	assert_int_equal(buf_printf(b, " %s=", name), 0);
	assert_int_equal(pattern_print(p, r, b), 0);
	assert_int_equal(buf_put(b, STR("~")), 0);
	for (i = 0; i < p->count; i++)
		assert_int_equal(buf_printf(b, "%c",
		    contexts[p->parts[i].context]), 0);
}

static void
source_put_target(struct buf *b, const struct route *r)
{
	static const char *const tails[] = { "all", "query", "none" };
	const struct origin_url *o = &r->origin;

	switch (r->target) {
	case TARGET_ORIGIN:
		assert_int_equal(buf_printf(b, " %s",
		    origin_scheme_word(o->scheme)), 0);
		source_put(b, "host", &o->host, r);
		if (o->port != 0)
			assert_int_equal(buf_printf(b, " port=%u%s",
			    (unsigned)o->port, o->port_written ? "!" : ""), 0);
		source_put(b, "socket", &o->socket, r);
		source_put(b, "path", &o->path, r);
		assert_int_equal(buf_printf(b, " tail=%s", tails[o->tail]), 0);
		break;
	case TARGET_REDIRECT:
		assert_int_equal(buf_printf(b, " redirect=%d", r->code), 0);
		source_put(b, "url", &r->url, r);
		break;
	case TARGET_RESPOND:
		assert_int_equal(buf_printf(b, " respond=%d '%.*s'", r->code,
		    STR_ARG(r->text)), 0);
		if (r->retry_after != 0)
			assert_int_equal(buf_printf(b, " retry=%u",
			    r->retry_after), 0);
		break;
	case TARGET_NONE:
	case TARGET_KIND_COUNT:
		fail_msg("no target");
	}
}

static void
source_put_words(struct buf *b, const struct route *r)
{
	static const char *const sent[] = { "", "origin", "preserve" };
	size_t i;
	int d;

	if (r->strip_prefix)
		assert_int_equal(buf_put(b, STR(" strip")), 0);
	if (r->host_sent == HOST_SENT_NAME)
		assert_int_equal(buf_printf(b, " sent='%.*s'",
		    STR_ARG(r->host_name)), 0);
	else if (r->host_sent != HOST_SENT_UNSET)
		assert_int_equal(buf_printf(b, " sent=%s",
		    sent[r->host_sent]), 0);
	for (i = 0; i < r->tag_count; i++)
		assert_int_equal(buf_printf(b, " %.*s:%.*s",
		    STR_ARG(r->tags[i].key), STR_ARG(r->tags[i].value)), 0);
	for (d = 0; d < DIRECTIVE_COUNT; d++)
		if ((r->from_defaults >> d & 1) != 0)
			assert_int_equal(buf_printf(b, " default-%s",
			    directive_word((enum directive)d)), 0);
	for (i = 0; i < r->rule_count; i++) {
		const struct header_rule *h = &r->rules[i];
		char name[64];

		snprintf(name, sizeof(name), "\n    %s%s%.*s@%s",
		    h->side == HEADER_REQUEST ? "<" : ">",
		    h->verb == HEADER_ADD      ? "+" :
			h->verb == HEADER_REMOVE ? "-" :
						   "",
		    STR_ARG(h->name),
		    h->level == ROUTE_LEVEL_DEFAULTS ? "defaults" : "route");
		if (h->verb == HEADER_REMOVE)
			assert_int_equal(buf_put(b, str_of(name)), 0);
		else
			source_put(b, name, &h->value, r);
	}
}

/* One route as one line of text. */
static int
source_see(void *arg, const struct source_route *s, struct err *e)
{
	struct source_seen *seen = arg;
	const struct route *r = &s->route;
	struct buf *b = &seen->out;
	size_t i;

	assert_int_equal(buf_printf(b, "%u %c%.*s", r->line, (char)s->space,
	    STR_ARG(s->host)), 0);
	for (i = 0; i < s->shape.segments; i++)
		assert_int_equal(buf_printf(b, "/%.*s",
		    STR_ARG((s->shape.captures >> i & 1) != 0 ? STR("*") :
			    s->segments[i])), 0);
	assert_int_equal(s->shape.exact, r->exact);
	assert_int_equal(buf_printf(b, "%s (%.*s)", r->exact ? "$" : "",
	    STR_ARG(r->match)), 0);
	assert_int_equal(r->host_capture, s->space == CODEC_ONE);
	source_put_target(b, r);
	source_put_words(b, r);
	assert_int_equal(buf_put(b, STR("\n")), 0);
	seen->count++;
	if (seen->answer == -1)
		err_set(e, REASON_INTERNAL, "seen enough");
	return seen->answer;
}

static const struct {
	const char *name;
	const char *in;
	const char *out;
} source_rows[] = {
	{ "a host", "Example.COM. http://Origin.Example\n",
	    "1 hexample.com (example.com) http host=origin.example~a port=80 "
	    "tail=all\n" },
	{ "a port and a base", "a.example https://b.example:443/base/\n",
	    "1 ha.example (a.example) https host=b.example~a port=443! "
	    "path=/base~p tail=all\n" },
	{ "a base that is only a slash", "a.example/ http://b.example/\n",
	    "1 ha.example (a.example) http host=b.example~a port=80 "
	    "tail=all\n" },
	{ "IDN", "b\xc3\xbc" "cher.example http://b\xc3\xbc" "cher.example\n",
	    "1 hxn--bcher-kva.example (xn--bcher-kva.example) http "
	    "host=xn--bcher-kva.example~a port=80 tail=all\n" },
	{ "a label", "{T}.a.example respond=200\n{t}.a.example respond=200\n",
	    "2 oa.example ({t}.a.example) respond=200 ''\n" },
	{ "wildcards", "*.A.example respond=200\n* respond=404 \"no {x} #\"\n",
	    "1 wa.example (*.a.example) respond=200 ''\n"
	    "2 w (*) respond=404 'no {x} #'\n" },
	{ "addresses",
	    "192.0.2.7 http://[2001:DB8::1]:81\n"
	    "[2001:0DB8:0::1]/x http://192.0.2.1\n",
	    "1 h192.0.2.7 (192.0.2.7) http host=[2001:db8::1]~a port=81! "
	    "tail=all\n"
	    "2 h[2001:db8::1]/x ([2001:db8::1]/x) http host=192.0.2.1~a "
	    "port=80 tail=all\n" },
	{ "a path",
	    "a.example/a/{x}/%c3%a9/ http://b.example strip-prefix exact\n",
	    "1 ha.example/a/*/%C3%A9$ (a.example/a/{x}/%C3%A9) http "
	    "host=b.example~a port=80 tail=all strip\n" },
	{ "raw bytes of a path", "a.example/\xc3\xa9\"|\"{{x}@~ respond=200\n",
	    "1 ha.example/%C3%A9%7C%7Bx%7D@~ (a.example/%C3%A9%7C%7Bx%7D@~) "
	    "respond=200 ''\n" },
	{ "exact on a host", "a.example respond=200 exact\n",
	    "1 ha.example$ (a.example) respond=200 ''\n" },
	{ "captures in a URL",
	    "{t}.a.example/{x} http://{t}.B.example/C/{x}/\n",
	    "1 oa.example/* ({t}.a.example/{x}) http host={t}.b.example~aa "
	    "port=80 path=/C/{x}~pp tail=all\n" },
	{ "two captures and IDN in an authority",
	    "{t}.a.example/{x} http://{t}.{x}.b\xc3\xbc" "cher.example\n",
	    "1 oa.example/* ({t}.a.example/{x}) http "
	    "host={t}.{x}.xn--bcher-kva.example~aaaa port=80 tail=all\n" },
	{ "tails",
	    "a.example http://b.example{path}\n"
	    "a.example/b http://b.example/x{rest}\n"
	    "a.example/c http://b.example:81{uri}\n"
	    "a.example/d http://b.example/{host}/\n",
	    "1 ha.example (a.example) http host=b.example~a port=80 "
	    "path={path}~p tail=query\n"
	    "2 ha.example/b (a.example/b) http host=b.example~a port=80 "
	    "path=/x{rest}~pp tail=query\n"
	    "3 ha.example/c (a.example/c) http host=b.example~a port=81! "
	    "path={uri}~p tail=none\n"
	    "4 ha.example/d (a.example/d) http host=b.example~a port=80 "
	    "path=/{host}~pp tail=all\n" },
	{ "escapes in a URL",
	    "a.example http://b.example/\xc3\xa9%c3%a9%7e{{x\n",
	    "1 ha.example (a.example) http host=b.example~a port=80 "
	    "path=/%C3%A9%C3%A9~%7Bx~p tail=all\n" },
	{ "sockets",
	    "a.example unix:/Run/a.sock\n"
	    "a.example/{x} unix:/run/{x}.sock:/Base/\n"
	    "a.example/b unix:/run/b.sock:{uri}\n",
	    "1 ha.example (a.example) unix socket=/Run/a.sock~a tail=all\n"
	    "2 ha.example/* (a.example/{x}) unix socket=/run/{x}.sock~aaa "
	    "path=/Base~p tail=all\n"
	    "3 ha.example/b (a.example/b) unix socket=/run/b.sock~a "
	    "path={uri}~p tail=none\n" },
	{ "redirects",
	    "a.example redirect=301 HTTPS://B.example:80{uri}\n"
	    "a.example/a redirect=302 /x/{host}?q={path}#{query}\n"
	    "*.a.example redirect=308 https://{asked_host}:8443\n"
	    "{t}.a.example redirect=307 http://www.{t}.{host}/\n",
	    "1 ha.example (a.example) redirect=301 "
	    "url=https://b.example:80{uri}~aaap\n"
	    "2 ha.example/a (a.example/a) redirect=302 "
	    "url=/x/{host}?q={path}#{query}~ppqqqq\n"
	    "3 wa.example (*.a.example) redirect=308 "
	    "url=https://{asked_host}:8443~aha\n"
	    "4 oa.example ({t}.a.example) redirect=307 "
	    "url=http://www.{t}.{host}/~aaaahp\n" },
	{ "answers",
	    "a.example respond=503 \"x \\\"y\\\"\" retry-after=30\n"
	    "b.example respond=204 tag=a:b\n",
	    "1 ha.example (a.example) respond=503 'x \"y\"' retry=30\n"
	    "2 hb.example (b.example) respond=204 '' a:b\n" },
	{ "Host",
	    "a.example http://b host=origin\nb.example http://b\n"
	    "    host=preserve\nc.example http://b host=[::1]\n"
	    "d.example http://b host=B\xc3\xbc" "cher.example.\n",
	    "1 ha.example (a.example) http host=b~a port=80 tail=all "
	    "sent=origin\n"
	    "2 hb.example (b.example) http host=b~a port=80 tail=all "
	    "sent=preserve\n"
	    "4 hc.example (c.example) http host=b~a port=80 tail=all "
	    "sent='[::1]'\n"
	    "5 hd.example (d.example) http host=b~a port=80 tail=all "
	    "sent='xn--bcher-kva.example'\n" },
	{ "tags", "a.example respond=200 tag=a:b,c:d:e\n    tag=\"f:g h\"\n"
		  "    tag=a:b\n",
	    "1 ha.example (a.example) respond=200 '' a:b c:d:e f:g h\n" },
	{ "flags", "a.example/a http://b exact=yes strip-prefix=no\n",
	    "1 ha.example/a$ (a.example/a) http host=b~a port=80 tail=all\n" },
	{ "header rules",
	    "a.example http://b tag=k:v\n"
	    "    request-header X-A: {tag.k} # {{ {header.X}\n"
	    "    request-header +X-A: \"b\"\n"
	    "    response-header -Server\n",
	    "1 ha.example (a.example) http host=b~a port=80 tail=all k:v"
	    " \n    <X-A@route={tag.k} # {{ {header.X}~hhh"
	    " \n    <+X-A@route=\"b\"~h"
	    "\n    >-Server@route\n" },
	{ "a set before its definition",
	    "{t}.a.example respond=200 headers=s\n    response-header X-B: c\n"
	    "%headers s\n    response-header X-A: {t}\n",
	    "1 oa.example ({t}.a.example) respond=200 ''"
	    " \n    >X-A@route={t}~h \n    >X-B@route=c~h\n" },
	{ "defaults",
	    "%defaults host=preserve tag=\"a:x y\",c:d\n    headers=s\n"
	    "    strip-prefix\n"
	    "a.example http://b\n"
	    "b.example http://b host=origin tag=a:b strip-prefix=no\n"
	    "%defaults retry-after=5\n"
	    "c.example http://b\n"
	    "d.example respond=503\n"
	    "e.example respond=503 retry-after=6\n"
	    "%defaults\n"
	    "f.example respond=503\n"
	    "%headers s\n    response-header X-A: b\n",
	    "4 ha.example (a.example) http host=b~a port=80 tail=all strip "
	    "sent=preserve a:x y c:d default-strip-prefix default-host "
	    "default-tag default-headers \n    >X-A@defaults=b~h\n"
	    "5 hb.example (b.example) http host=b~a port=80 tail=all "
	    "sent=origin a:b c:d default-tag default-headers"
	    " \n    >X-A@defaults=b~h\n"
	    "7 hc.example (c.example) http host=b~a port=80 tail=all\n"
	    "8 hd.example (d.example) respond=503 '' retry=5 "
	    "default-retry-after\n"
	    "9 he.example (e.example) respond=503 '' retry=6\n"
	    "11 hf.example (f.example) respond=503 ''\n" },
	{ "exact by default", "%defaults exact\na.example/a respond=200\n",
	    "2 ha.example/a$ (a.example/a) respond=200 '' default-exact\n" },
	{ "a set that defaults name too",
	    "%defaults headers=s\na.example respond=200 headers=s\n"
	    "b.example respond=200 headers=t\n"
	    "%headers s\n    response-header +X-A: b\n"
	    "%headers t\n    response-header +X-A: c\n",
	    "2 ha.example (a.example) respond=200 ''"
	    " \n    >+X-A@route=b~h\n"
	    "3 hb.example (b.example) respond=200 '' default-headers"
	    " \n    >+X-A@defaults=b~h \n    >+X-A@route=c~h\n" },
};

/* Reads a list; what was seen is in *seen. */
static int
source_run(const char *in, struct source_seen *seen, struct lint *lint,
    struct err *e)
{
	struct str text = str_of(in);
	char *exact = table_exact(text);
	struct source s;
	int got;

	text.p = exact;
	source_init(&s, lint, source_see, seen);
	got = source_sets(&s, STR("list"), 0, text, e);
	if (got == 0)
		got = source_routes(&s, STR("list"), 0, text, e);
	source_fini(&s);
	free(exact);
	return got;
}

static void
source_makes_routes_of_lists(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(source_rows); i++) {
		struct source_seen seen = { .count = 0 };
		struct lint lint;
		struct err e;

		buf_init(&seen.out, SOURCE_OUT);
		lint_init(&lint);
		TABLE_INT(source_rows[i].name, source_run(source_rows[i].in,
		    &seen, &lint, &e), 0);
		TABLE_STR(source_rows[i].name, buf_view(&seen.out),
		    source_rows[i].out);
		lint_fini(&lint);
		buf_fini(&seen.out);
	}
}

static void
source_hands_out_no_route_with_a_mistake(void **state)
{
	static const char *const rows[] = {
		"a..example http://b\n",
		"a.example\n",
		"a.example http://b x=y\n",
		"a.example http://b\n    request-header X-A: {x}\n",
		"a.example http://b headers=none\n",
		"a.example http://{tag.x}.b\n",
		"a.example redirect=301 https://b?{x}\n",
		"a.example respond=204 \"x\"\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct source_seen seen = { .count = 0 };
		struct lint lint;
		struct err e;

		buf_init(&seen.out, SOURCE_OUT);
		lint_init(&lint);
		TABLE_INT(rows[i], source_run(rows[i], &seen, &lint, &e), 0);
		TABLE_INT(rows[i], seen.count, 0);
		TABLE_INT(rows[i], lint.errors, 1);
		lint_fini(&lint);
		buf_fini(&seen.out);
	}
}

static void
source_ends_when_what_sees_fails(void **state)
{
	struct source_seen seen = { .answer = -1 };
	struct lint lint;
	struct err e;

	(void)state;
	buf_init(&seen.out, SOURCE_OUT);
	lint_init(&lint);
	assert_int_equal(source_run("a respond=200\nb respond=200\n", &seen,
	    &lint, &e), -1);
	assert_string_equal(e.text, "seen enough");
	assert_int_equal(seen.count, 1);
	lint_fini(&lint);
	buf_fini(&seen.out);
}

/* No ceiling, however low, makes a crash or a route that lacks a part. */
static void
source_says_when_memory_is_full(void **state)
{
	static const char in[] = "{t}.a.example/{x} https://{t}.b/{x} tag=a:b\n"
				 "    request-header X-A: {t}\n";
	struct buf whole;
	size_t ceiling;

	(void)state;
	buf_init(&whole, SOURCE_OUT);
	for (ceiling = 1 << 16; ceiling > 0; ceiling -= 64) {
		struct source_seen seen = { .count = 0 };
		struct lint lint;
		struct source s;
		struct err e;

		buf_init(&seen.out, SOURCE_OUT);
		lint_init(&lint);
		source_init(&s, &lint, source_see, &seen);
		s.entry.ceiling = ceiling;
		if (source_routes(&s, STR("list"), 0, str_of(in), &e) == -1) {
			assert_int_equal(e.reason, REASON_OVERLOADED);
			assert_int_equal(seen.count, 0);
		} else if (buf_len(&whole) == 0) {
			assert_int_equal(seen.count, 1);
			assert_int_equal(buf_put(&whole, buf_view(&seen.out)),
			    0);
		} else {
			assert_true(str_eq(buf_view(&seen.out),
			    buf_view(&whole)));
		}
		assert_int_equal(lint.errors, 0);
		source_fini(&s);
		lint_fini(&lint);
		buf_fini(&seen.out);
	}
	assert_true(buf_len(&whole) > 0);
	buf_fini(&whole);
}

/* The route is N's, so its header must be that of N's set. */
static int
source_see_own_set(void *arg, const struct source_route *s, struct err *e)
{
	const struct header_rule *h = &s->route.rules[0];
	size_t *count = arg;

	(void)e;
	assert_int_equal(s->route.rule_count, 1);
	assert_int_equal(h->value.count, 1);
	assert_true(str_eq(h->value.parts[0].text, s->host));
	++*count;
	return 0;
}

static void
source_finds_each_of_many_sets(void **state)
{
	struct buf text;
	size_t count = 0;
	struct lint lint;
	struct source s;
	struct err e;
	int i;

	(void)state;
	buf_init(&text, SOURCE_OUT);
	for (i = 0; i < SOURCE_SETS; i++)
		assert_int_equal(buf_printf(&text,
		    "%%headers s%d\n    response-header X-A: h%d\n"
		    "h%d respond=200 headers=s%d\n", i, i, SOURCE_SETS - 1 - i,
		    SOURCE_SETS - 1 - i), 0);
	lint_init(&lint);
	source_init(&s, &lint, source_see_own_set, &count);
	assert_int_equal(source_sets(&s, STR("list"), 0, buf_view(&text), &e),
	    0);
	assert_int_equal(source_routes(&s, STR("list"), 0, buf_view(&text),
	    &e), 0);
	assert_int_equal(lint.errors + lint.warnings, 0);
	assert_int_equal(count, SOURCE_SETS);
	/* As many buckets as sets: to find one takes no walk over all. */
	assert_in_range(s.bucket_count, SOURCE_SETS, 2 * SOURCE_SETS);
	source_fini(&s);
	lint_fini(&lint);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_makes_routes_of_lists),
		cmocka_unit_test(source_finds_each_of_many_sets),
		cmocka_unit_test(source_hands_out_no_route_with_a_mistake),
		cmocka_unit_test(source_ends_when_what_sees_fails),
		cmocka_unit_test(source_says_when_memory_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
