/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_follow: from a request to what answers it, over lists as operators
 * write them.
 */

#include "decide/follow.h"

#include <stdio.h>
#include <string.h>

#include "decide/target.h"
#include "tests/unit/decide.h"

/*
 * What answers: "http://h:p/path" of an origin, the Location of a redirect,
 * the text of a respond, the word of an internal page, or a reason's.
 */
static struct str
follow_text(struct decide *d)
{
	const struct route_target *t = d->follow.target;
	struct str location = STR("");
	struct target to;

	if (d->got != 1)
		return str_of(reason_word(d->e.reason));
	if (d->follow.origin != NULL) {
		if (target_origin(d->follow.origin, &d->follow.source, false,
		    &d->a, &to, &d->e) == -1)
			return str_of(reason_word(d->e.reason));
		return arena_printf(&d->a, "%.*s%.*s", STR_ARG(to.name),
		    STR_ARG(to.path));
	}
	if (t->kind == TARGET_RESPOND)
		return t->text;
	if (t->kind == TARGET_INTERNAL)
		return str_of(internal_word(t->internal));
	assert_int_equal(t->kind, TARGET_REDIRECT);
	assert_int_equal(target_redirect(&t->url, &d->follow.source, &d->a,
	    &location, &d->e), 0);
	return location;
}

#define FOLLOW_LIST \
	"a.example @api\n" \
	"a.example/api @api strip-prefix\n" \
	"a.example/space @staging/acme\n" \
	"a.example/none @none\n" \
	"a.example/none2 @staging/none\n" \
	"{t}.saas.example @{t}\n" \
	"{t}.pre.example @pre-{t}\n" \
	"{t}.stage.example @staging/{t}\n" \
	"run.example/{c}/{f} @{c}.{f}\n" \
	"stores.example/{store} @{store} strip-prefix\n" \
	"tag.example @{tag.who} tag=who:acme\n" \
	"head.example @{header.X-Who}.{cookie.who}\n" \
	"plan.example @{plan} plan=acme\n" \
	"@api http://api.example\n" \
	"@both http://b.example backup http://w.example weight=0 " \
	    "http://o.example http://p.example\n" \
	"@backups http://b.example backup http://c.example backup\n" \
	"@zero http://b.example backup http://w.example weight=0\n" \
	"@staging/acme http://acme.staging.example\n" \
	"@production/acme http://acme.production.example/base\n" \
	"@production/pre-acme http://pre.example\n" \
	"@production/acme.f1 http://f1.example\n" \
	"@production/a.b http://ab.example\n" \
	"alias.example =acme.saas.example\n" \
	"both.example @both\nbackups.example @backups\nzero.example @zero\n"

static const struct {
	const char *url;
	const char *space;
	const char *more[3];
	const char *want;
	const char *key; /* of the service; NULL: none was asked for */
} follow_services[] = {
	{ "http://a.example/x", "production", { NULL },
	  "http://api.example:80/x", "@api" },
	{ "http://a.example/api/x", "production", { NULL },
	  "http://api.example:80/x", "@api" },
	{ "http://a.example/space", "production", { NULL },
	  "http://acme.staging.example:80/space", "@staging/acme" },
	{ "http://a.example/none", "production", { NULL }, "no-service",
	  "@none" },
	{ "http://a.example/none2", "production", { NULL }, "no-service",
	  "@staging/none" },
	{ "http://acme.saas.example/x", "production", { NULL },
	  "http://acme.production.example:80/base/x", "@production/acme" },
	{ "http://acme.saas.example/x", "staging", { NULL },
	  "http://acme.staging.example:80/x", "@staging/acme" },
	{ "http://acme.saas.example/x", "empty", { NULL }, "no-service",
	  "@empty/acme" },
	/* a capture of the alias's host */
	{ "http://alias.example/x", "staging", { NULL },
	  "http://acme.staging.example:80/x", "@staging/acme" },
	/* never the platform's own */
	{ "http://api.saas.example/x", "production", { NULL }, "no-service",
	  "@production/api" },
	{ "http://api.saas.example/x", "", { NULL }, "no-service", NULL },
	{ "http://api.saas.example/x", "/", { NULL }, "no-service", NULL },
	{ "http://api.stage.example/x", "production", { NULL }, "no-service",
	  "@staging/api" },
	{ "http://acme.pre.example/", "production", { NULL },
	  "http://pre.example:80/", "@production/pre-acme" },
	{ "http://acme.stage.example/", "production", { NULL },
	  "http://acme.staging.example:80/", "@staging/acme" },
	{ "http://run.example/acme/f1/x", "production", { NULL },
	  "http://f1.example:80/acme/f1/x", "@production/acme.f1" },
	{ "http://run.example/acme.f1/f1", "production", { NULL },
	  "no-service", NULL },
	{ "http://stores.example/acme/x?q", "production", { NULL },
	  "http://acme.production.example:80/base/x?q", "@production/acme" },
	{ "http://stores.example/acme", "production", { NULL },
	  "http://acme.production.example:80/base", "@production/acme" },
	{ "http://stores.example/ACME", "production", { NULL }, "no-service",
	  NULL },
	{ "http://stores.example/%40api", "production", { NULL },
	  "no-service", NULL },
	{ "http://stores.example/-a", "production", { NULL }, "no-service",
	  NULL },
	{ "http://stores.example/", "production", { NULL }, "no-path", NULL },
	/* variables of names */
	{ "http://tag.example/", "production", { NULL },
	  "http://acme.production.example:80/base/", "@production/acme" },
	{ "http://head.example/", "production", { "HTTP_X_WHO=a",
	  "HTTP_COOKIE=who=b" }, "http://ab.example:80/",
	  "@production/a.b" },
	{ "http://head.example/", "production", { "HTTP_X_WHO=A",
	  "HTTP_COOKIE=who=b" }, "no-service", NULL },
	{ "http://head.example/", "production", { NULL }, "no-service",
	  NULL },
	{ "http://plan.example/", "production", { NULL },
	  "http://acme.production.example:80/base/", "@production/acme" },
	/* which origin */
	{ "http://both.example/", "production", { NULL },
	  "http://o.example:80/", "@both" },
	{ "http://backups.example/", "production", { NULL },
	  "http://b.example:80/", "@backups" },
	{ "http://zero.example/", "production", { NULL },
	  "http://w.example:80/", "@zero" },
};

static void
services_are_found_by_their_names(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(follow_services); i++) {
		const char *key = follow_services[i].key;
		const char *want = follow_services[i].want;
		struct decide d;
		char row[256];

		snprintf(row, sizeof(row), "%zu: %s in %s", i,
		    follow_services[i].url, follow_services[i].space);
		decide_prepare(&d, FOLLOW_LIST, follow_services[i].url,
		    follow_services[i].more);
		d.space = str_of(follow_services[i].space);
		decide_follow(&d, NULL);
		TABLE_STR(row, follow_text(&d), want);
		TABLE_STR(row, d.follow.service_key, key != NULL ? key : "");
		TABLE_INT(row, d.follow.service != NULL, d.got == 1);
		if (d.got == 1) {
			TABLE_STR(row, d.follow.source.service, key);
			TABLE_STR(row, d.follow.source.version, key + 1);
		}
		decide_close(&d);
	}
}

/* ---- when, split, ** ---- */

static const struct {
	const char *list;
	const char *url;
	const char *more[3];
	const char *want;
} follow_targets[] = {
	{ "a.example respond=200 \"last\"\n"
	  "    when header.x-a=1 -> respond=200 \"one\"\n"
	  "    when header.x-a -> respond=200 \"two\"\n",
	  "http://a.example/", { "HTTP_X_A=1" }, "one" },
	{ "a.example respond=200 \"last\"\n"
	  "    when header.x-a=1 -> respond=200 \"one\"\n"
	  "    when header.x-a -> respond=200 \"two\"\n",
	  "http://a.example/", { "HTTP_X_A=2" }, "two" },
	{ "a.example respond=200 \"last\"\n"
	  "    when header.x-a=1 -> respond=200 \"one\"\n"
	  "    when header.x-a -> respond=200 \"two\"\n",
	  "http://a.example/", { NULL }, "last" },
	{ "a.example/{s} respond=200 \"last\"\n"
	  "    when query.new -> http://{s}.example\n",
	  "http://a.example/s1/x?new", { NULL },
	  "http://s1.example:80/s1/x?new" },
	{ "a.example respond=200 \"last\"\n"
	  "    when method=GET -> redirect=302 https://b.example{uri}\n",
	  "http://a.example/x?q", { NULL }, "https://b.example/x?q" },
	{ "a.example respond=200 \"last\"\n"
	  "    when method=GET -> =b.example\nb.example respond=200 \"b\"\n",
	  "http://a.example/", { NULL }, "b" },
	{ "a.example respond=200 \"last\"\n"
	  "    split 0 http://n.example 5 http://o.example "
	  "0 http://p.example\n",
	  "http://a.example/", { NULL }, "http://o.example:80/" },
	{ "a.example respond=200 \"last\"\n"
	  "    when header.x-a -> respond=200 \"one\"\n"
	  "    split 5 http://o.example 95 http://p.example\n",
	  "http://a.example/", { "HTTP_X_A=1" }, "one" },
	{ "a.example respond=200 \"a\"\n* respond=200 \"star\"\n"
	  "**/well/known respond=200 \"any\"\n",
	  "http://a.example/well/known/x", { NULL }, "any" },
	{ "a.example respond=200 \"a\"\n* respond=200 \"star\"\n"
	  "**/well/known respond=200 \"any\"\n",
	  "http://a.example/well", { NULL }, "a" },
	{ "a.example/x respond=200 \"a\"\n* respond=200 \"star\"\n",
	  "http://a.example/y", { NULL }, "no-path" },
	{ "a.example/x respond=200 \"a\"\n", "http://b.example/x", { NULL },
	  "no-host" },
	{ "a.example internal=health\n", "http://a.example/", { NULL },
	  "health" },
	{ "a.example internal=ask\n", "http://a.example/", { NULL }, "ask" },
};

static void
conditions_in_order_then_split_then_target(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(follow_targets); i++) {
		struct decide d;
		char row[32];

		snprintf(row, sizeof(row), "%zu", i);
		decide_prepare(&d, follow_targets[i].list,
		    follow_targets[i].url, follow_targets[i].more);
		decide_follow(&d, NULL);
		TABLE_STR(row, follow_text(&d), follow_targets[i].want);
		decide_close(&d);
	}
}

/* ---- shares ---- */

enum { FOLLOW_CLIENTS = 100000 };

/* Which target each client gets, by a letter. */
static void
follow_clients(const char *list, bool by_cookie, char *got)
{
	struct decide d;
	struct arena a;
	size_t i;

	decide_prepare(&d, list, "http://a.example/", (const char *const[]){
	    "HTTP_COOKIE=sid=0", NULL });
	arena_init(&a, DECIDE_ARENA);
	for (i = 0; i < FOLLOW_CLIENTS; i++) {
		const struct follow_ask ask = { .request = &d.request,
			.map = &d.map, .space = d.space };
		char text[32];

		if (by_cookie)
			snprintf(text, sizeof(text), "sid=%zu", i);
		else
			snprintf(text, sizeof(text), "10.%zu.%zu.%zu",
			    i >> 16, i >> 8 & 0xff, i & 0xff);
		d.request.client_ip = str_of(text);
		if (by_cookie)
			d.request.fields.fields[1].value = str_of(text);
		arena_reset(&a);
		assert_int_equal(follow_request(&ask, &a, NULL, &d.follow,
		    &d.e), 1);
		got[i] = d.follow.source.version.p[0];
	}
	arena_fini(&a);
	decide_close(&d);
}

static void
follow_count(const char *got, char target, double want)
{
	double share;
	size_t n = 0, i;

	for (i = 0; i < FOLLOW_CLIENTS; i++)
		n += got[i] == target;
	share = (double)n * 100 / FOLLOW_CLIENTS;
	if (share < want - 0.8 || share > want + 0.8) /* 5 sigma of a half */
		fail_msg("%c has %f of 100, not %f", target, share, want);
}

#define FOLLOW_SERVICES "@a http://a\n@b http://b\n@c http://c\n"

static const struct {
	const char *steps[3]; /* a has 5, 20, 50 */
	bool by_cookie;
} follow_raised[] = {
	{ { "a.example @b\n    split 5 @a 95 @b\n" FOLLOW_SERVICES,
	    "a.example @b\n    split 20 @a 80 @b\n" FOLLOW_SERVICES,
	    "a.example @b\n    split 50 @a 50 @b\n" FOLLOW_SERVICES },
	  false },
	/* in another order, among other entries */
	{ { "a.example @b\n    split 5 @a 80 @b 15 @c by=cookie:sid\n"
	    FOLLOW_SERVICES,
	    "%defaults tag=x:y\na.example @c\n"
	    "    split 13 @c 20 @a 67 @b by=cookie:sid\n" FOLLOW_SERVICES,
	    "b.example @b\na.example @c plan=x\n    when query.x -> @b\n"
	    "    split 42 @b 8 @c 0 http://d 50 @a by=cookie:sid\n"
	    FOLLOW_SERVICES }, true },
};

static void
raising_a_share_moves_nobody_who_was_there(void **state)
{
	static char before[FOLLOW_CLIENTS], after[FOLLOW_CLIENTS];
	static const double shares[] = { 5, 20, 50 };
	size_t i, k, c;

	(void)state;
	for (i = 0; i < TABLE_COUNT(follow_raised); i++)
		for (k = 0; k < 3; k++) {
			follow_clients(follow_raised[i].steps[k],
			    follow_raised[i].by_cookie, after);
			follow_count(after, 'a', shares[k]);
			for (c = 0; k > 0 && c < FOLLOW_CLIENTS; c++)
				if (before[c] == 'a' && after[c] != 'a')
					fail_msg("row %zu: client %zu left",
					    i, c);
			memcpy(before, after, sizeof(before));
		}
}

static void
hosts_of_a_wildcard_and_aliases_agree(void **state)
{
	static const char list[] =
	    "*.w.example @b\n    split 1 @a 1 @b by=path\n"
	    "alias.example =x.w.example\n" FOLLOW_SERVICES;
	static const char *const hosts[] = { "1.w.example", "x.w.example",
		"a.b.w.example", "alias.example" };
	char first[16] = "", got[16];
	size_t i, path;

	(void)state;
	for (i = 0; i < TABLE_COUNT(hosts); i++) {
		for (path = 0; path < sizeof(got) - 1; path++) {
			char url[64];
			struct decide d;

			snprintf(url, sizeof(url), "http://%s/%zu", hosts[i],
			    path);
			decide_open(&d, list, url, NULL);
			got[path] = d.follow.source.version.p[0];
			decide_close(&d);
		}
		got[path] = '\0';
		if (i == 0)
			memcpy(first, got, sizeof(got));
		assert_string_equal(got, first);
	}
	assert_non_null(strchr(got, 'a'));
	assert_non_null(strchr(got, 'b'));
}

/* ---- the version that is asked for ---- */

#define FOLLOW_VERSIONS \
	"a.example @v1\n" \
	"    when query.old -> @v1\n" \
	"    split 0 @v2 100 @v1 0 @stage/v3 0 http://v4.example:81 " \
	"0 =v5.example 0 respond=410 0 http://{tag.t}.v6.example\n" \
	"    tag=t:u\n" \
	"{x}.t.example @v1\n    split 0 @{x} 1 @v1 0 @pre-{x} " \
	"0 @{header.x-name}\n" \
	"plain.example @v1\n" \
	"v5.example http://v5.example\n" \
	"@v1 http://v1\n@v2 http://v2\n@stage/v3 http://v3\n" \
	"@production/new http://new\n@production/pre-old http://pre\n"

static const struct {
	const char *url;
	const char *client;
	const char *more[3];
	const char *want;
} follow_versions[] = {
	{ "http://a.example/", "192.0.2.7", { NULL }, "v1" },
	{ "http://a.example/", "192.0.2.7", { "HTTP_X_ROUTER_VERSION=v2" },
	  "v2" },
	{ "http://a.example/", "::ffff:192.0.2.7",
	  { "HTTP_X_ROUTER_VERSION=v2" }, "v2" },
	{ "http://a.example/", "2001:db8::7", { "HTTP_X_ROUTER_VERSION=v2" },
	  "v2" },
	{ "http://a.example/", "192.0.2.7",
	  { "HTTP_X_ROUTER_VERSION=stage/v3" }, "stage/v3" },
	{ "http://a.example/", "192.0.2.7",
	  { "HTTP_X_ROUTER_VERSION=v4.example" }, "v4.example" },
	{ "http://a.example/", "192.0.2.7",
	  { "HTTP_X_ROUTER_VERSION=v5.example" }, "v5.example" },
	{ "http://a.example/", "192.0.2.7",
	  { "HTTP_X_ROUTER_VERSION=u.v6.example" }, "u.v6.example" },
	{ "http://new.t.example/", "192.0.2.7",
	  { "HTTP_X_ROUTER_VERSION=production/new" }, "production/new" },
	{ "http://old.t.example/", "192.0.2.7",
	  { "HTTP_X_ROUTER_VERSION=production/pre-old" },
	  "production/pre-old" },
	{ "http://none.t.example/", "192.0.2.7",
	  { "HTTP_X_ROUTER_VERSION=production/none" }, "" },
	/* not theirs to choose */
	{ "http://a.example/", "198.51.100.7", { "HTTP_X_ROUTER_VERSION=v2" },
	  "v1" },
	{ "http://a.example/", "2001:db9::7", { "HTTP_X_ROUTER_VERSION=v2" },
	  "v1" },
	{ "http://a.example/", "", { "HTTP_X_ROUTER_VERSION=v2" }, "v1" },
	{ "http://a.example/", "unix:", { "HTTP_X_ROUTER_VERSION=v2" },
	  "v1" },
	/* none of the split's */
	{ "http://a.example/", "192.0.2.7", { "HTTP_X_ROUTER_VERSION=@v2" },
	  "v1" },
	{ "http://a.example/", "192.0.2.7", { "HTTP_X_ROUTER_VERSION=V2" },
	  "v1" },
	{ "http://a.example/", "192.0.2.7", { "HTTP_X_ROUTER_VERSION=v" },
	  "v1" },
	{ "http://a.example/", "192.0.2.7", { "HTTP_X_ROUTER_VERSION=" },
	  "v1" },
	{ "http://a.example/", "192.0.2.7",
	  { "HTTP_X_ROUTER_VERSION=production/new" }, "v1" },
	{ "http://new.t.example/", "192.0.2.7",
	  { "HTTP_X_ROUTER_VERSION=stage/v3" }, "v1" },
	/* where nothing is split */
	{ "http://plain.example/", "192.0.2.7",
	  { "HTTP_X_ROUTER_VERSION=v2" }, "v1" },
	{ "http://a.example/?old", "192.0.2.7",
	  { "HTTP_X_ROUTER_VERSION=v2" }, "v1" },
};

static void
a_version_of_a_split_is_had_by_those_who_may(void **state)
{
	struct cidr may[2];
	size_t i;

	(void)state;
	assert_true(cidr_parse(STR("192.0.2.0/24"), &may[0]));
	assert_true(cidr_parse(STR("2001:db8::/32"), &may[1]));
	for (i = 0; i < TABLE_COUNT(follow_versions); i++) {
		struct decide d;
		char row[128];

		snprintf(row, sizeof(row), "%zu: %s from %s", i,
		    follow_versions[i].url, follow_versions[i].client);
		decide_prepare(&d, FOLLOW_VERSIONS, follow_versions[i].url,
		    follow_versions[i].more);
		d.request.client_ip = str_of(follow_versions[i].client);
		decide_follow(&d, NULL); /* by default nobody may */
		TABLE_STR(row, d.follow.source.version, "v1");
		d.may_choose = (struct cidr_list){ may, 2 };
		decide_follow(&d, NULL);
		TABLE_STR(row, d.got == 1 ? d.follow.source.version : STR(""),
		    follow_versions[i].want);
		assert_int_equal(d.follow.fresh.n, 0);
		decide_close(&d);
	}
}

/* ---- ids for clients that have none ---- */

static const struct {
	const char *list;
	const char *more[2];
	bool given;
} follow_given[] = {
	{ "a.example @a\n    split 1 @a 1 @b by=cookie:sid\n"
	  FOLLOW_SERVICES, { NULL }, true },
	{ "a.example @a\n    split 1 @a 1 @b by=cookie:sid\n"
	  FOLLOW_SERVICES, { "HTTP_COOKIE=sid=1" }, false },
	{ "a.example @a\n    split 1 @a 1 @b by=cookie:sid\n"
	  FOLLOW_SERVICES, { "HTTP_COOKIE=fr_id=1" }, false },
	{ "a.example @a\n    split 1 @a 1 @b by=cookie:fr_id\n"
	  FOLLOW_SERVICES, { "HTTP_COOKIE=sid=1" }, true },
	{ "a.example @a\n    split 1 @a 1 @b\n" FOLLOW_SERVICES, { NULL },
	  false },
	{ "a.example @a\n    split 1 @a 1 @b by=header:x\n"
	  FOLLOW_SERVICES, { NULL }, false },
	/* nothing to choose */
	{ "a.example @a\n    split 0 @a 1 @b by=cookie:sid\n"
	  FOLLOW_SERVICES, { NULL }, false },
	{ "a.example @a\n    when method=GET -> @c\n"
	  "    split 1 @a 1 @b by=cookie:sid\n" FOLLOW_SERVICES, { NULL },
	  false },
	/* by the route of an alias, and without an answer */
	{ "a.example =b.example\n    split 1 =b.example 1 =c.example "
	  "by=cookie:sid\nb.example @a\nc.example @a\n" FOLLOW_SERVICES,
	  { NULL }, true },
	{ "a.example @a\n    split 1 @none 1 @neither by=cookie:sid\n"
	  FOLLOW_SERVICES, { NULL }, true },
	/* of a service */
	{ "a.example @s\n@s http://a http://b balance=hash:cookie:sid\n",
	  { NULL }, true },
	{ "a.example @s\n@s http://a http://b balance=hash:cookie:sid\n",
	  { "HTTP_COOKIE=sid=1" }, false },
	{ "a.example @s\n@s http://a http://b balance=hash:path\n",
	  { NULL }, false },
	{ "a.example @s\n@s http://a http://b balance=least\n", { NULL },
	  false },
	{ "a.example @s\n@s http://a balance=hash:cookie:sid\n", { NULL },
	  false },
};

static void
an_id_is_given_where_one_is_missing(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(follow_given); i++) {
		const char *row = follow_given[i].list;
		struct decide d;

		decide_prepare(&d, row, "http://a.example/",
		    follow_given[i].more);
		decide_follow(&d, NULL);
		assert_int_not_equal(d.got, -1);
		TABLE_INT(row, d.follow.fresh.n,
		    follow_given[i].given ? CLIENT_KEY_ID : 0);
		d.fresh = STR("given before");
		decide_follow(&d, NULL);
		TABLE_STR(row, d.follow.fresh,
		    follow_given[i].given ? "given before" : "");
		decide_close(&d);
	}
}

static void
a_split_and_its_service_keep_a_client_by_one_id(void **state)
{
	struct decide d;

	(void)state;
	decide_open(&d, "a.example @s\n    split 1 @s 1 @t by=cookie:sid\n"
	    "@s http://a http://b balance=hash:cookie:other\n"
	    "@t http://a http://b balance=hash:cookie:other\n",
	    "http://a.example/", NULL);
	assert_int_equal(d.follow.split, FOLLOW_SPLIT_KEY);
	assert_int_equal(d.follow.fresh.n, CLIENT_KEY_ID);
	assert_true(str_eq(d.follow.split_key.text, d.follow.fresh));
	assert_true(str_eq(d.follow.balance_key.text, d.follow.fresh));
	decide_close(&d);
}

static const struct {
	const char *balance;
	const char *want;
} follow_balances[] = {
	{ "balance=hash:header:x-a", "7" },
	{ "balance=hash:path", "/p" },
	{ "balance=hash:cookie:sid", "s 1" },
	{ "balance=round-robin", "" },
	{ "balance=least", "" },
	{ "", "" },
};

static void
a_service_balances_by_its_key(void **state)
{
	char list[128];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(follow_balances); i++) {
		struct decide d;

		snprintf(list, sizeof(list), "a.example @s\n"
		    "@s http://a http://b %s\n", follow_balances[i].balance);
		decide_open(&d, list, "http://a.example/p?q",
		    (const char *const[]){ "HTTP_X_A=7",
		    "HTTP_COOKIE=sid=s 1", NULL });
		TABLE_STR(follow_balances[i].balance,
		    d.follow.balance_key.text, follow_balances[i].want);
		decide_close(&d);
	}
}

/* ---- aliases ---- */

#define FOLLOW_ALIASES \
	"a4.example =a3.example auth=four allow=192.0.2.0/24\n" \
	"a3.example =a2.example strip-prefix plan=no\n" \
	"a2.example =a1.example auth=two deny=198.51.100.0/24\n" \
	"a1.example =own.example\n" \
	"a5.example =a4.example\n" \
	"self.example =self.example\n" \
	"gone.example =nobody.example\n" \
	"path.example/in =own.example\n" \
	"*.wild.example =own.example\n" \
	"own.example http://o.example auth=own\n" \
	"    request-header X-H: {host} {asked_host}\n" \
	"own.example/in/x http://x.example\n"

static const struct {
	const char *url;
	const char *want;
	const char *host;
	const char *auth;
	size_t aliases;
} follow_aliases[] = {
	{ "http://own.example/", "http://o.example:80/", "own.example", "own",
	  0 },
	{ "http://a1.example/p?q", "http://o.example:80/p?q", "own.example",
	  "own", 1 },
	{ "http://a4.example/", "http://o.example:80/", "own.example",
	  "four two own", 4 },
	{ "http://a5.example/", "loop", "a1.example", "four two", 4 },
	{ "http://self.example/", "loop", "self.example", "", 4 },
	{ "http://gone.example/", "no-host", "nobody.example", "", 1 },
	{ "http://path.example/in/x", "http://x.example:80/in/x",
	  "own.example", "", 1 },
	{ "http://path.example/out", "no-path", "path.example", "", 0 },
	{ "http://p.q.wild.example/", "http://o.example:80/", "own.example",
	  "own", 1 },
};

static void
aliases_are_looked_up_as_the_host_they_name(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < TABLE_COUNT(follow_aliases); i++) {
		const char *url = follow_aliases[i].url;
		struct str auth = STR("");
		struct decide d;

		decide_prepare(&d, FOLLOW_ALIASES, url, NULL);
		decide_follow(&d, NULL);
		TABLE_STR(url, follow_text(&d), follow_aliases[i].want);
		TABLE_STR(url, d.follow.host, follow_aliases[i].host);
		TABLE_INT(url, d.follow.alias_count,
		    follow_aliases[i].aliases);
		for (k = 0; k < d.follow.policy.auth_count; k++)
			auth = arena_printf(&d.a, "%.*s%s%.*s", STR_ARG(auth),
			    k > 0 ? " " : "",
			    STR_ARG(d.follow.policy.auth[k]));
		TABLE_STR(url, auth, follow_aliases[i].auth);
		/* Of an alias nothing else counts. */
		assert_false(d.follow.policy.strip_prefix);
		assert_int_equal(d.follow.policy.plan.n, 0);
		if (d.got == 1)
			TABLE_STR(url, d.follow.source.host,
			    follow_aliases[i].host);
		decide_close(&d);
	}
}

static void
addresses_of_all_aliases_count(void **state)
{
	static const struct {
		const char *address;
		bool want;
	} rows[] = {
		{ "192.0.2.9", true }, { "::ffff:192.0.2.9", true },
		{ "198.51.100.1", false }, { "203.0.113.1", false },
		{ "", false },
	};
	struct decide d;
	size_t i;

	(void)state;
	decide_open(&d, FOLLOW_ALIASES, "http://a4.example/", NULL);
	for (i = 0; i < TABLE_COUNT(rows); i++)
		TABLE_INT(rows[i].address, policy_admits(&d.follow.policy,
		    str_of(rows[i].address)), rows[i].want);
	decide_close(&d);
}

/* ---- no second reading ---- */

#define FOLLOW_READINGS \
	"a.example http://o.example\n" \
	"a.example/admin http://admin.example auth=staff\n" \
	"a.example/data http://data.example encoded-slash=data\n" \
	"a.example/data/deep http://deep.example\n" \
	"a.example/{x}/end http://end.example\n" \
	"only.example/x http://o.example\n" \
	"alias.example =a.example\n"

static const struct {
	const char *url;
	const char *want;
} follow_readings[] = {
	{ "http://a.example/free/x%2Fy", "http://o.example:80/free/x%2Fy" },
	{ "http://a.example/admin%2Fx", "ambiguous-path" },
	{ "http://a.example/admin%5Cx", "ambiguous-path" },
	{ "http://a.example/admin;v=1/x", "ambiguous-path" },
	{ "http://a.example/admin;v=1", "ambiguous-path" },
	{ "http://a.example/%2Fadmin", "ambiguous-path" },
	{ "http://a.example/x;p/y", "http://o.example:80/x;p/y" },
	{ "http://a.example/admin/x%2Fy;z",
	  "http://admin.example:80/admin/x%2Fy;z" },
	{ "http://a.example/data/deep%2Fx",
	  "http://data.example:80/data/deep%2Fx" },
	{ "http://a.example/data/deep%5Cx", "ambiguous-path" },
	{ "http://a.example/data/deep;x", "ambiguous-path" },
	{ "http://a.example/data/x%2Fy", "http://data.example:80/data/x%2Fy" },
	{ "http://a.example/v%2Fend", "ambiguous-path" },
	{ "http://only.example/x/y%2Fz", "http://o.example:80/x/y%2Fz" },
	{ "http://only.example/x%2Fy", "no-path" },
	{ "http://alias.example/admin%2Fx", "ambiguous-path" },
	{ "http://alias.example/admin", "http://admin.example:80/admin" },
};

static void
what_can_be_read_as_another_entry_is_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(follow_readings); i++) {
		struct decide d;

		decide_prepare(&d, FOLLOW_READINGS, follow_readings[i].url,
		    NULL);
		decide_follow(&d, NULL);
		TABLE_STR(follow_readings[i].url, follow_text(&d),
		    follow_readings[i].want);
		decide_close(&d);
	}
}

/* ---- all together ---- */

static void
words_of_all_levels_are_merged(void **state)
{
	static const char list[] =
	    "%defaults timeout=3s auth=d tag=a:d,b:d,c:d plan=pd host=preserve"
	    "\na.example @s auth=r timeout=9s tag=a:r total=7s max-body=5k\n"
	    "@s http://o.example auth=s timeout=2s tag=b:s plan=ps "
	    "connect-timeout=1s max-body=9k rewrite-back=off\n";
	const struct policy *p;
	struct decide d;

	(void)state;
	decide_open(&d, list, "http://a.example/", NULL);
	p = &d.follow.policy;
	assert_int_equal(p->timeout, 2000);
	assert_int_equal(p->total, 7000);
	assert_int_equal(p->connect_timeout, 1000);
	assert_true(p->idle_timeout == INT64_MAX);
	assert_int_equal(p->max_body, 5 * 1024);
	assert_int_equal(p->host_sent, HOST_SENT_PRESERVE);
	assert_false(p->rewrite_back);
	TABLE_STR("plan", p->plan, "ps");
	TABLE_STR("a", policy_tag(p, STR("a")), "r");
	TABLE_STR("b", policy_tag(p, STR("b")), "s");
	TABLE_STR("c", policy_tag(p, STR("c")), "d");
	assert_int_equal(p->auth_count, 3);
	decide_close(&d);
}

static void
version_is_the_service_or_the_host_of_the_url(void **state)
{
	static const struct {
		const char *list, *want;
	} rows[] = {
		{ "a.example http://o.example:81", "o.example" },
		{ "a.example unix:/run/o.sock", "" },
		{ "a.example respond=200", "" },
		{ "a.example @s\n@s http://o.example\n", "s" },
		{ "a.example http://{tag.v}.o.example tag=v:blue",
		  "blue.o.example" },
	};
	struct decide d;
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		decide_open(&d, rows[i].list, "http://a.example/", NULL);
		TABLE_STR(rows[i].list, d.follow.source.version,
		    rows[i].want);
		decide_close(&d);
	}
}

/* ---- what is told ---- */

struct follow_told {
	char text[1024];
	size_t n;
};

static void
follow_tell(struct follow_told *t, struct str s, const char *end)
{
	int n = snprintf(t->text + t->n, sizeof(t->text) - t->n, "%.*s%s ",
	    STR_ARG(s), end);

	assert_true(n > 0 && (size_t)n < sizeof(t->text) - t->n);
	t->n += (size_t)n;
}

static void
follow_tried(void *arg, struct str key, int found)
{
	follow_tell(arg, key, found ? "+" : "-");
}

static void
follow_passed(void *arg, const struct route *route)
{
	follow_tell(arg, route->match, "=");
}

static void
follow_asked(void *arg, const struct route_when *when,
    const struct route_cond *cond, bool held)
{
	(void)when;
	follow_tell(arg, cond->name, held ? "!" : "?");
}

static void
a_trace_is_told_all_that_is_tried_in_order(void **state)
{
	struct follow_told told = { .n = 0 };
	const struct follow_trace trace = {
		.lookup = { .tried = follow_tried, .arg = &told },
		.alias = follow_passed,
		.cond = follow_asked,
		.arg = &told };
	struct decide d;

	(void)state;
	decide_prepare(&d, "a.example =b.example\nb.example @none\n"
	    "    when header.x-a header.x-b -> @t\n"
	    "    when header.x-c -> @s\n@s http://o.example\n",
	    "http://a.example/", (const char *const[]){ "HTTP_X_A=1",
	    "HTTP_X_C=1", NULL });
	decide_follow(&d, &trace);
	assert_int_equal(d.got, 1);
	assert_string_equal(told.text, "ha.example+ a.example= hb.example+ "
	    "x-a! x-b? x-c! s/s+ ");
	decide_close(&d);
}

/* With any room below what is needed: refused, never half of it. */
static void
a_full_arena_is_overloaded(void **state)
{
	struct follow_ask ask;
	int failed = 0, got = -1;
	struct decide d;
	size_t left;

	(void)state;
	decide_prepare(&d, "a.example =acme.saas.example\n"
	    "{t}.saas.example @{t}\n"
	    "@production/acme http://{tag.x}.example tag=x:o\n",
	    "http://a.example/", NULL);
	ask = (struct follow_ask){ .request = &d.request,
		.map = &d.map, .space = d.space };
	for (left = 0; got == -1; left += 16) {
		struct follow f;
		struct arena a;

		decide_squeeze(&a, left);
		got = follow_request(&ask, &a, NULL, &f, &d.e);
		assert_int_not_equal(got, 0);
		if (got == -1) {
			failed++;
			assert_int_equal(d.e.reason, REASON_OVERLOADED);
		}
		arena_fini(&a);
		assert_true(left < DECIDE_CHUNK);
	}
	assert_true(failed > 0);
	decide_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_are_found_by_their_names),
		cmocka_unit_test(conditions_in_order_then_split_then_target),
		cmocka_unit_test(raising_a_share_moves_nobody_who_was_there),
		cmocka_unit_test(hosts_of_a_wildcard_and_aliases_agree),
		cmocka_unit_test(a_version_of_a_split_is_had_by_those_who_may),
		cmocka_unit_test(an_id_is_given_where_one_is_missing),
		cmocka_unit_test(
		    a_split_and_its_service_keep_a_client_by_one_id),
		cmocka_unit_test(a_service_balances_by_its_key),
		cmocka_unit_test(aliases_are_looked_up_as_the_host_they_name),
		cmocka_unit_test(addresses_of_all_aliases_count),
		cmocka_unit_test(what_can_be_read_as_another_entry_is_refused),
		cmocka_unit_test(words_of_all_levels_are_merged),
		cmocka_unit_test(version_is_the_service_or_the_host_of_the_url),
		cmocka_unit_test(a_trace_is_told_all_that_is_tried_in_order),
		cmocka_unit_test(a_full_arena_is_overloaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
