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
#include "tools/printer.h"

enum { SOURCE_OUT = 1 << 20, SOURCE_SETS = 1000, SOURCE_RANK = 7 };

struct source_seen {
	struct buf out;
	size_t count;
	size_t broken;
	size_t lost;
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
source_put_origin(struct buf *b, const struct origin_url *o,
    const struct route *r)
{
	static const char *const tails[] = { "all", "query", "none" };

	assert_int_equal(buf_printf(b, " %s", origin_scheme_word(o->scheme)),
	    0);
	source_put(b, "host", &o->host, r);
	if (o->port != 0)
		assert_int_equal(buf_printf(b, " port=%u%s",
		    (unsigned)o->port, o->port_written ? "!" : ""), 0);
	source_put(b, "socket", &o->socket, r);
	source_put(b, "path", &o->path, r);
	assert_int_equal(buf_printf(b, " tail=%s", tails[o->tail]), 0);
}

static void
source_put_target(struct buf *b, const struct route_target *t,
    const struct route *r)
{
	static const char *const scopes[] = { "own", "space", "router" };

	switch (t->kind) {
	case TARGET_ORIGIN:
		source_put_origin(b, &t->origin, r);
		break;
	case TARGET_REDIRECT:
		assert_int_equal(buf_printf(b, " redirect=%d", t->code), 0);
		source_put(b, "url", &t->url, r);
		break;
	case TARGET_RESPOND:
		assert_int_equal(buf_printf(b, " respond=%d '%.*s'", t->code,
		    STR_ARG(t->text)), 0);
		break;
	case TARGET_SERVICE:
		assert_int_equal(buf_printf(b, " service %s '%.*s'",
		    scopes[t->service.scope], STR_ARG(t->service.space)), 0);
		source_put(b, "name", &t->service.name, r);
		break;
	case TARGET_ALIAS:
		assert_int_equal(buf_printf(b, " alias %.*s",
		    STR_ARG(t->alias)), 0);
		break;
	case TARGET_INTERNAL:
		assert_int_equal(buf_printf(b, " internal %s",
		    internal_word(t->internal)), 0);
		break;
	case TARGET_NONE:
	case TARGET_KIND_COUNT:
		fail_msg("no target");
	}
}

static void
source_put_words(struct buf *b, const char *level, const struct words *w,
    const struct route *r)
{
	size_t i;

	if (w == NULL)
		return;
	assert_int_equal(buf_printf(b, " %s:", level), 0);
	assert_int_equal(printer_words(w, b), 0);
	if (words_say(w, DIRECTIVE_HEADERS))
		assert_int_equal(buf_put(b, STR(" headers")), 0);
	for (i = 0; i < w->rule_count; i++) {
		const struct header_rule *h = &w->rules[i];
		char name[64];

		snprintf(name, sizeof(name), "\n    %s%s%.*s",
		    h->side == HEADER_REQUEST ? "<" : ">",
		    h->verb == HEADER_ADD      ? "+" :
			h->verb == HEADER_REMOVE ? "-" :
						   "",
		    STR_ARG(h->name));
		if (h->verb == HEADER_REMOVE)
			assert_int_equal(buf_put(b, str_of(name)), 0);
		else
			source_put(b, name, &h->value, r);
	}
}

static void
source_put_clauses(struct buf *b, const struct route *r)
{
	size_t i, j;

	for (i = 0; i < r->when_count; i++) {
		const struct route_when *w = &r->whens[i];

		assert_int_equal(buf_printf(b, "\n    %u when", w->line), 0);
		for (j = 0; j < w->cond_count; j++) {
			const struct route_cond *c = &w->conds[j];

			assert_int_equal(buf_printf(b,
			    " %s%d '%.*s'%s'%.*s' %zu",
			    c->negated ? "!" : "", c->kind, STR_ARG(c->name),
			    c->has_value ? "=" : "", STR_ARG(c->value),
			    c->ranges.count), 0);
		}
		source_put_target(b, &w->target, r);
	}
	for (i = 0; i < r->split_count; i++) {
		assert_int_equal(buf_printf(b, "\n    split %u",
		    r->splits[i].weight), 0);
		source_put_target(b, &r->splits[i].target, r);
	}
	if (r->split_count > 0)
		assert_int_equal(buf_printf(b, "\n    by %d '%.*s'",
		    r->split_by.key, STR_ARG(r->split_by.name)), 0);
}

/* One route as one line of text. */
static int
source_see(void *arg, const struct source_route *s, struct err *e)
{
	struct source_seen *seen = arg;
	const struct route *r = &s->route;
	struct buf *b = &seen->out;
	size_t i;

	if (s->broken) {
		assert_int_equal(buf_printf(b, "broken %.*s\n",
		    STR_ARG(r->match)), 0);
		seen->broken++;
		return 0;
	}
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
	assert_int_equal(r->source, SOURCE_RANK);
	source_put_target(b, &r->target, r);
	source_put_clauses(b, r);
	source_put_words(b, "own", r->own, r);
	source_put_words(b, "defaults", r->defaults, r);
	assert_int_equal(buf_put(b, STR("\n")), 0);
	seen->count++;
	if (seen->answer == -1)
		err_set(e, REASON_INTERNAL, "seen enough");
	return seen->answer;
}

static int
source_see_service(void *arg, const struct source_service *s, struct err *e)
{
	struct source_seen *seen = arg;
	const struct service *v = &s->service;
	struct buf *b = &seen->out;
	size_t i;

	(void)e;
	if (s->broken) {
		assert_int_equal(buf_printf(b, "broken @%.*s\n",
		    STR_ARG(v->name)), 0);
		seen->broken++;
		return 0;
	}
	assert_int_equal(v->source, SOURCE_RANK);
	assert_int_equal(buf_printf(b, "%u '%.*s' '%.*s'", v->line,
	    STR_ARG(v->space), STR_ARG(v->name)), 0);
	for (i = 0; i < v->origin_count; i++) {
		const struct service_origin *o = &v->origins[i];

		source_put_origin(b, &o->url, NULL);
		assert_int_equal(buf_printf(b, " *%u%s", o->weight,
		    o->backup ? " backup" : ""), 0);
	}
	source_put_words(b, "own", v->own, NULL);
	assert_int_equal(buf_put(b, STR("\n")), 0);
	seen->count++;
	return seen->answer;
}

static struct source_see
source_sees(struct source_seen *seen)
{
	return (struct source_see){ .route = source_see,
		.service = source_see_service,
		.arg = seen };
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
	{ "IDN",
	    "b\xc3\xbc" "cher.example http://b\xc3\xbc" "cher.example\n",
	    "1 hxn--bcher-kva.example (xn--bcher-kva.example) http "
	    "host=xn--bcher-kva.example~a port=80 tail=all\n" },
	{ "a label",
	    "{T}.a.example respond=200\n{t}.a.example respond=200\n",
	    "2 oa.example ({t}.a.example) respond=200 ''\n" },
	{ "wildcards",
	    "*.A.example respond=200\n* respond=404 \"no {x} #\"\n",
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
	    "host=b.example~a port=80 tail=all own: exact strip-prefix\n" },
	{ "raw bytes of a path",
	    "a.example/\xc3\xa9\"|\"{{x}@~ respond=200\n",
	    "1 ha.example/%C3%A9%7C%7Bx%7D@~ (a.example/%C3%A9%7C%7Bx%7D@~) "
	    "respond=200 ''\n" },
	{ "exact on a host", "a.example respond=200 exact\n",
	    "1 ha.example$ (a.example) respond=200 '' own: exact\n" },
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
	    "1 ha.example (a.example) respond=503 'x \"y\"' own: "
	    "retry-after=30\n"
	    "2 hb.example (b.example) respond=204 '' own: tag=a:b\n" },
	{ "Host",
	    "a.example http://b host=origin\nb.example http://b\n"
	    "    host=preserve\nc.example http://b host=[::1]\n"
	    "d.example http://b host=B\xc3\xbc" "cher.example.\n",
	    "1 ha.example (a.example) http host=b~a port=80 tail=all own: "
	    "host=origin\n"
	    "2 hb.example (b.example) http host=b~a port=80 tail=all own: "
	    "host=preserve\n"
	    "4 hc.example (c.example) http host=b~a port=80 tail=all own: "
	    "host=[::1]\n"
	    "5 hd.example (d.example) http host=b~a port=80 tail=all own: "
	    "host=xn--bcher-kva.example\n" },
	{ "tags",
	    "a.example respond=200 tag=a:b,c:d:e\n    tag=\"f:g h\"\n"
	    "    tag=a:b\n",
	    "1 ha.example (a.example) respond=200 '' own: "
	    "tag=\"a:b,c:d:e,f:g h\"\n" },
	{ "flags", "a.example/a http://b exact=yes strip-prefix=no\n",
	    "1 ha.example/a$ (a.example/a) http host=b~a port=80 tail=all "
	    "own: exact strip-prefix=no\n" },
	{ "header rules",
	    "a.example http://b tag=k:v\n"
	    "    request-header X-A: {tag.k} # {{ {header.X}\n"
	    "    request-header +X-A: \"b\"\n"
	    "    response-header -Server\n",
	    "1 ha.example (a.example) http host=b~a port=80 tail=all own: "
	    "tag=k:v \n"
	    "    <X-A={tag.k} # {{ {header.X}~hhh \n"
	    "    <+X-A=\"b\"~h\n"
	    "    >-Server\n" },
	{ "a set before its definition",
	    "{t}.a.example respond=200 headers=s\n    response-header X-B: c\n"
	    "%headers s\n    response-header X-A: {t}\n",
	    "1 oa.example ({t}.a.example) respond=200 '' own: headers \n"
	    "    >X-A={t}~h \n"
	    "    >X-B=c~h\n" },
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
	    "4 ha.example (a.example) http host=b~a port=80 tail=all "
	    "defaults: strip-prefix host=preserve tag=\"a:x y,c:d\" headers "
	    "\n"
	    "    >X-A=b~h\n"
	    "5 hb.example (b.example) http host=b~a port=80 tail=all own: "
	    "strip-prefix=no host=origin tag=a:b defaults: strip-prefix "
	    "host=preserve tag=\"a:x y,c:d\" headers \n"
	    "    >X-A=b~h\n"
	    "7 hc.example (c.example) http host=b~a port=80 tail=all "
	    "defaults: retry-after=5\n"
	    "8 hd.example (d.example) respond=503 '' defaults: "
	    "retry-after=5\n"
	    "9 he.example (e.example) respond=503 '' own: retry-after=6 "
	    "defaults: retry-after=5\n"
	    "11 hf.example (f.example) respond=503 ''\n" },
	{ "exact by default", "%defaults exact\na.example/a respond=200\n",
	    "2 ha.example/a$ (a.example/a) respond=200 '' defaults: exact\n" },
	{ "services as targets",
	    "a.example @api\n{t}.b.example @{t}\n{t}.c.example @x-{t}.1\n"
	    "d.example/{a}/{b} @{a}.{b}\ne.example @production/acme\n"
	    "e.example/{t} @space.1/{t}\nf.example @{header.N}.{plan}\n",
	    "1 ha.example (a.example) service own '' name=api~a\n"
	    "2 ob.example ({t}.b.example) service router '' name={t}~a\n"
	    "3 oc.example ({t}.c.example) service router '' "
	    "name=x-{t}.1~aaa\n"
	    "4 hd.example/*/* (d.example/{a}/{b}) service router '' "
	    "name={a}.{b}~aaa\n"
	    "5 he.example (e.example) service space 'production' "
	    "name=acme~a\n"
	    "6 he.example/* (e.example/{t}) service space 'space.1' "
	    "name={t}~a\n"
	    "7 hf.example (f.example) service router '' "
	    "name={header.N}.{plan}~aaa\n" },
	{ "aliases",
	    "www.a.example =A.example. allow=10.0.0.0/8\n"
	    "b.example/x =b\xc3\xbc" "cher.example\n"
	    "c.example =[2001:DB8:0::1]\n",
	    "1 hwww.a.example (www.a.example) alias a.example own: "
	    "allow=10.0.0.0/8\n"
	    "2 hb.example/x (b.example/x) alias xn--bcher-kva.example\n"
	    "3 hc.example (c.example) alias [2001:db8::1]\n" },
	{ "pages", "a.example internal=health\nb.example internal=ask\n",
	    "1 ha.example (a.example) internal health\n"
	    "2 hb.example (b.example) internal ask\n" },
	{ "all hosts",
	    "**/.well-known/acme/ http://b\n**/x{{ http://b exact\n",
	    "1 g/.well-known/acme (**/.well-known/acme) http host=b~a "
	    "port=80 tail=all\n"
	    "2 g/x%7B$ (**/x%7B) http host=b~a port=80 tail=all own: exact\n" },
	{ "conditions",
	    "{t}.a.example http://b\n"
	    "    when header.X-A=on !cookie.c -> @x\n"
	    "    when query.a.b=\"x y*\" header.y= -> =c.example\n"
	    "    when method=GET,HEAD !scheme=https -> respond=503 \"x\"\n"
	    "    when client=10.0.0.0/8,::1 -> redirect=302 /{t}\n",
	    "1 oa.example ({t}.a.example) http host=b~a port=80 tail=all\n"
	    "    2 when 0 'X-A'='on' 0 !1 'c''' 0 service own '' name=x~a\n"
	    "    3 when 2 'a.b'='x y*' 0 0 'y'='' 0 alias c.example\n"
	    "    4 when 3 '''GET,HEAD' 0 !5 '''https' 0 respond=503 'x'\n"
	    "    5 when 4 '''10.0.0.0/8,::1' 2 redirect=302 url=/{t}~pp\n" },
	{ "splits",
	    "a.example @x\n    split 0 @y 1000000 http://c/d by=cookie:sid\n"
	    "b.example @x\n    split 1 respond=200 \"a\" 2 =c 3 @d\n"
	    "c.example @x\n    split 1 @a 2 @b by=path\n"
	    "d.example @x\n    split 1 @a 2 @b by=header:X-A\n",
	    "1 ha.example (a.example) service own '' name=x~a\n"
	    "    split 0 service own '' name=y~a\n"
	    "    split 1000000 http host=c~a port=80 path=/d~p tail=all\n"
	    "    by 1 'sid'\n"
	    "3 hb.example (b.example) service own '' name=x~a\n"
	    "    split 1 respond=200 'a'\n"
	    "    split 2 alias c\n"
	    "    split 3 service own '' name=d~a\n"
	    "    by 0 ''\n"
	    "5 hc.example (c.example) service own '' name=x~a\n"
	    "    split 1 service own '' name=a~a\n"
	    "    split 2 service own '' name=b~a\n"
	    "    by 3 ''\n"
	    "7 hd.example (d.example) service own '' name=x~a\n"
	    "    split 1 service own '' name=a~a\n"
	    "    split 2 service own '' name=b~a\n"
	    "    by 2 'X-A'\n" },
	{ "services",
	    "@api http://a.example:81/x weight=3 backup https://b weight=0\n"
	    "    retry=0\n    unix:/a.sock:/b backup=no weight=2\n"
	    "    http://c{uri} backup\n    response-header X-S: {service}\n"
	    "@production/acme.1\n    http://{tag.cell}.b\n    headers=s\n"
	    "@0 http://a\n%headers s\n    response-header X-A: b\n",
	    "1 '' 'api' http host=a.example~a port=81! path=/x~p tail=all *3 "
	    "backup https host=b~a port=443 tail=all *0 unix "
	    "socket=/a.sock~a path=/b~p tail=all *2 http host=c~a port=80 "
	    "path={uri}~p tail=none *1 backup own: retry=0 \n"
	    "    >X-S={service}~h\n"
	    "6 'production' 'acme.1' http host={tag.cell}.b~aa port=80 "
	    "tail=all *1 own: headers \n"
	    "    >X-A=b~h\n"
	    "9 '' '0' http host=a~a port=80 tail=all *1\n" },
	{ "every word of routes",
	    "a.example http://b exact strip-prefix encoded-slash=data\n"
	    "    plan=p\n    auth=a,b.c\n    pass-auth\n"
	    "    allow=10.0.0.0/8,192.0.2.1\n    deny=2001:db8::/32\n"
	    "    connect-timeout=250ms\n    timeout=5s\n"
	    "    idle-timeout=2m\n    total=1h\n    max-body=10m\n"
	    "    tls=t\n    sign=s\n    egress=e\n    rewrite-back=off\n"
	    "b.example http://b auth=a|b encoded-slash=no rewrite-back=on\n"
	    "    max-body=0\n",
	    "1 ha.example$ (a.example) http host=b~a port=80 tail=all own: "
	    "exact strip-prefix encoded-slash=data plan=p auth=a,b.c "
	    "pass-auth allow=10.0.0.0/8,192.0.2.1 deny=2001:db8::/32 "
	    "connect-timeout=250ms timeout=5s idle-timeout=2m total=1h "
	    "max-body=10m tls=t sign=s egress=e rewrite-back=off\n"
	    "16 hb.example (b.example) http host=b~a port=80 tail=all own: "
	    "encoded-slash=no auth=a|b max-body=0 rewrite-back=on\n" },
	{ "every word of services",
	    "@a http://a retry=100 when-all-down=refuse balance=least\n"
	    "@b http://a when-all-down=try balance=round-robin\n"
	    "@c http://a balance=hash:header:X-A host=preserve tag=a:b\n"
	    "@d http://a balance=hash:path\n"
	    "@e http://a balance=hash:client_ip\n",
	    "1 '' 'a' http host=a~a port=80 tail=all *1 own: retry=100 "
	    "when-all-down=refuse balance=least\n"
	    "2 '' 'b' http host=a~a port=80 tail=all *1 own: "
	    "when-all-down=try balance=round-robin\n"
	    "3 '' 'c' http host=a~a port=80 tail=all *1 own: host=preserve "
	    "tag=a:b balance=hash:header:X-A\n"
	    "4 '' 'd' http host=a~a port=80 tail=all *1 own: "
	    "balance=hash:path\n"
	    "5 '' 'e' http host=a~a port=80 tail=all *1 own: "
	    "balance=hash:client_ip\n" },
	{ "a set that defaults name too",
	    "%defaults headers=s\na.example respond=200 headers=s\n"
	    "b.example respond=200 headers=t\n"
	    "%headers s\n    response-header +X-A: b\n"
	    "%headers t\n    response-header +X-A: c\n",
	    "2 ha.example (a.example) respond=200 '' own: headers \n"
	    "    >+X-A=b~h\n"
	    "3 hb.example (b.example) respond=200 '' own: headers \n"
	    "    >+X-A=c~h defaults: headers \n"
	    "    >+X-A=b~h\n" },
};

/* Reads a list; what was seen is in *seen. */
static int
source_run(const char *in, struct source_seen *seen, struct lint *lint,
    struct err *e)
{
	struct source_see see = source_sees(seen);
	struct str text = str_of(in);
	char *exact = table_exact(text);
	struct source s;
	int got;

	text.p = exact;
	source_init(&s, lint, &see);
	got = source_sets(&s, STR("list"), SOURCE_RANK, text, e);
	if (got == 0)
		got = source_routes(&s, STR("list"), SOURCE_RANK, text, e);
	seen->lost = s.lost;
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
source_marks_what_has_a_mistake(void **state)
{
	static const struct {
		const char *in;
		bool lost; /* nobody knows which entry it would have been */
	} rows[] = {
		{ "a..example http://b\n", true },
		{ "a.example/{x http://b\n", true },
		{ "**/{x} http://b\n", true },
		{ "@Api http://b\n", true },
		{ "\"a.example http://b\n", true },
		{ "a.example\n", false },
		{ "a.example http://b x=y\n", false },
		{ "a.example http://b\n    request-header X-A: {x}\n", false },
		{ "a.example http://b headers=none\n", false },
		{ "a.example http://{tag.x}.b\n", false },
		{ "a.example redirect=301 https://b?{x}\n", false },
		{ "a.example respond=204 \"x\"\n", false },
		{ "a.example http://b\n    when header.x -> gopher://b\n",
		    false },
		{ "a.example http://b\n    split 1 http://c\n", false },
		{ "a.example @A\n", false },
		{ "@api\n", false },
		{ "@api http://b weight=x\n", false },
		{ "@api http://b\n    when header.x -> http://c\n", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct source_seen seen = { .count = 0 };
		struct lint lint;
		struct err e;

		buf_init(&seen.out, SOURCE_OUT);
		lint_init(&lint);
		TABLE_INT(rows[i].in, source_run(rows[i].in, &seen, &lint,
		    &e), 0);
		TABLE_INT(rows[i].in, seen.count, 0);
		TABLE_INT(rows[i].in, seen.broken, !rows[i].lost);
		TABLE_INT(rows[i].in, seen.lost, rows[i].lost);
		TABLE_INT(rows[i].in, lint.errors, 1);
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
	static const char in[] =
	    "{t}.a.example/{x} https://{t}.b/{x} tag=a:b allow=192.0.2.1\n"
	    "    request-header X-A: {t}\n"
	    "    when header.a=b client=192.0.2.0/24 -> @s-{t}\n"
	    "    split 1 @s/{x} 2 =a.example by=cookie:c\n"
	    "@s http://b weight=2 https://c:1/{path} backup plan=p\n"
	    "    response-header +A: {plan}\n";
	struct buf whole;
	size_t ceiling;

	(void)state;
	buf_init(&whole, SOURCE_OUT);
	for (ceiling = 1 << 16; ceiling > 0; ceiling -= 64) {
		struct source_seen seen = { .count = 0 };
		struct source_see see = source_sees(&seen);
		struct lint lint;
		struct source s;
		struct err e;

		buf_init(&seen.out, SOURCE_OUT);
		lint_init(&lint);
		source_init(&s, &lint, &see);
		s.entry.ceiling = ceiling;
		if (source_routes(&s, STR("list"), SOURCE_RANK, str_of(in),
			&e) == -1) {
			assert_int_equal(e.reason, REASON_OVERLOADED);
			assert_true(seen.count < 2);
		} else if (buf_len(&whole) == 0) {
			assert_int_equal(seen.count, 2);
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
	const struct words *own = s->route.own;
	const struct header_rule *h = &own->rules[0];
	size_t *count = arg;

	(void)e;
	assert_int_equal(own->rule_count, 1);
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
	struct source_see see = { .route = source_see_own_set,
		.arg = &count };
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
	source_init(&s, &lint, &see);
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

static void
source_reads_rewritemaps(void **state)
{
	static const char in[] =
	    "# a comment\n"
	    "a.example\t b.example:81/x \r\n"
	    "\n"
	    " c.example http://ignored\n"
	    "D.Example/p https://q/{x}\"y more # words\n"
	    "a.example unix:/run/a.sock";
	static const char out[] =
	    "2 ha.example (a.example) http host=b.example~a port=81! path=/x~p "
	    "tail=all\n"
	    "5 hd.example/p (d.example/p) https host=q~a port=443 "
	    "path=/%7Bx%7D%22y~p tail=all\n"
	    "6 ha.example (a.example) unix socket=/run/a.sock~a tail=all\n";
	struct source_seen seen = { .count = 0 };
	struct source_see see = source_sees(&seen);
	struct lint lint;
	struct source s;
	struct err e;

	(void)state;
	buf_init(&seen.out, SOURCE_OUT);
	lint_init(&lint);
	source_init(&s, &lint, &see);
	assert_int_equal(source_rewritemap(&s, STR("map"), SOURCE_RANK,
	    str_of(in), &e), 0);
	TABLE_STR("rewritemap", buf_view(&seen.out), out);
	assert_int_equal(lint.errors, 0);
	assert_int_equal(lint.warnings, 3);
	source_fini(&s);
	lint_fini(&lint);
	buf_fini(&seen.out);
}

static bool
source_knows(void *arg, enum directive d, struct str name)
{
	struct source_seen *seen = arg;

	assert_int_equal(buf_printf(&seen->out, "%s=%.*s?\n",
	    directive_word(d), STR_ARG(name)), 0);
	return !str_eq(name, STR("unknown"));
}

static void
source_asks_which_names_are_known(void **state)
{
	static const char in[] =
	    "%defaults plan=unknown\n"
	    "@s http://a tls=t sign=unknown egress=e\n"
	    "%defaults auth=a,unknown plan=p\n";
	static const char out[] = "plan=unknown?\ntls=t?\nsign=unknown?\n"
				  "egress=e?\nbroken @s\nauth=a?\n"
				  "auth=unknown?\nplan=p?\n";
	struct source_seen seen = { .count = 0 };
	struct source_see see = source_sees(&seen);
	struct lint lint;
	struct source s;
	struct err e;

	(void)state;
	see.known = source_knows;
	buf_init(&seen.out, SOURCE_OUT);
	lint_init(&lint);
	source_init(&s, &lint, &see);
	assert_int_equal(source_routes(&s, STR("list"), 0, str_of(in), &e), 0);
	TABLE_STR("names", buf_view(&seen.out), out);
	assert_int_equal(lint.errors, 2);
	source_fini(&s);
	lint_fini(&lint);
	buf_fini(&seen.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_makes_routes_of_lists),
		cmocka_unit_test(source_reads_rewritemaps),
		cmocka_unit_test(source_asks_which_names_are_known),
		cmocka_unit_test(source_finds_each_of_many_sets),
		cmocka_unit_test(source_marks_what_has_a_mistake),
		cmocka_unit_test(source_ends_when_what_sees_fails),
		cmocka_unit_test(source_says_when_memory_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
