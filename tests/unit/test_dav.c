/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_dav: places that WebDAV's fields name are looked up, let in and mapped
 * as if they had been asked for.
 */

#include "decide/dav.h"

#include "tests/unit/decide.h"

struct dav_case {
	struct decide d;
	struct target target;
	struct cidr inside;
	struct cidr anybody; /* may choose versions */
	struct header out;
	struct err e;
};

/* The fields that the request came with, for the origin. */
static int
dav_run(struct dav_case *c, const char *list, const char *url, bool preserve,
    const char *const *more)
{
	const struct follow_ask ask = { .request = &c->d.request,
		.map = &c->d.map, .space = STR("production"),
		.version_override = { &c->anybody, 1 } };
	const struct dav in = { &ask, &c->d.follow, &c->target, preserve,
		&c->inside, 1 };
	size_t i;

	decide_prepare(&c->d, list, url, more);
	assert_true(cidr_parse(STR("0.0.0.0/0"), &c->anybody));
	c->d.may_choose = ask.version_override;
	for (; *more != NULL; more++)
		if (str_starts(str_of(*more), STR("REQUEST_METHOD=")))
			c->d.request.method = str_of(*more + 15);
	decide_follow(&c->d, NULL);
	assert_int_equal(c->d.got, 1);
	c->e = (struct err){ .reason = REASON_NONE };
	assert_true(cidr_parse(STR("127.0.0.0/8"), &c->inside));
	assert_int_equal(target_origin(c->d.follow.origin,
	    &c->d.follow.source, preserve, &c->d.a, &c->target, &c->e), 0);
	header_init(&c->out, &c->d.a);
	for (i = 0; i < c->d.request.fields.count; i++)
		assert_int_equal(header_add(&c->out,
		    c->d.request.fields.fields[i].name,
		    c->d.request.fields.fields[i].value), 0);
	return dav_map(&in, &c->out, &c->e);
}

#define BASE "a.example http://o.example/v1\n"
#define BOTH "a.example/in http://o.example/v1 strip-prefix\n"

/* ---- where places are for the origin ---- */

static const struct {
	const char *list;
	const char *url;
	bool preserve;
	const char *field; /* Destination or If, as a variable */
	const char *want;
} dav_maps[] = {
	{ BASE, "http://a.example/", false, "HTTP_DESTINATION=/x?q",
	  "/v1/x?q" },
	{ BASE, "http://a.example/", false,
	  "HTTP_DESTINATION=http://A.example./x%7e?q",
	  "http://o.example/v1/x~?q" },
	{ BASE, "http://a.example/", false,
	  "HTTP_DESTINATION=HTTP://a.example/y/../x",
	  "http://o.example/v1/x" },
	/* neither scheme nor port is looked at, as in the map */
	{ BASE, "http://a.example/", false,
	  "HTTP_DESTINATION=https://a.example:444/x",
	  "http://o.example/v1/x" },
	{ BASE, "http://a.example:82/", true,
	  "HTTP_DESTINATION=http://a.example/x",
	  "http://a.example:82/v1/x" },
	{ "a.example https://o.example:444", "https://a.example:82/", false,
	  "HTTP_DESTINATION=https://a.example:82",
	  "https://o.example:444/" },
	{ BOTH, "http://a.example/in/", false,
	  "HTTP_DESTINATION=http://a.example/in/x?",
	  "http://o.example/v1/x?" },
	{ BOTH, "http://a.example/in/", true,
	  "HTTP_DESTINATION=http://a.example/in", "http://a.example/v1" },
	{ "a.example unix:/run/o.sock:/v1", "http://a.example/", false,
	  "HTTP_DESTINATION=http://a.example/x", "http://localhost/v1/x" },
	/* the URL's own words for the path */
	{ "a.example http://o.example/p{path}", "http://a.example/from",
	  false, "HTTP_DESTINATION=/to?q", "/p/to?q" },
	{ "a.example/{s} http://o.example/{s}/d{rest}",
	  "http://a.example/one/x", false, "HTTP_DESTINATION=/two/y",
	  "/two/d/y" },
	/* other routes to the same place */
	{ "a.example @s\na.example/sub @s\n@s http://o.example/v1",
	  "http://a.example/x", false, "HTTP_DESTINATION=/sub/y",
	  "/v1/sub/y" },
	{ "a.example @s\na.example/sub @s allow=192.0.2.0/24\n"
	  "@s http://o.example/v1", "http://a.example/x", false,
	  "HTTP_DESTINATION=/sub/y", "/v1/sub/y" },
	{ "www.example =a.example\n" BASE, "http://www.example/x", false,
	  "HTTP_DESTINATION=http://a.example/y", "http://o.example/v1/y" },
	{ "www.example =a.example\n" BASE, "http://a.example/x", false,
	  "HTTP_DESTINATION=http://www.example/y", "http://o.example/v1/y" },
	{ "a.example http://o.example\n    request-header X-At: {uri}\n"
	  "    request-header X-Host: {host}", "http://a.example/x", false,
	  "HTTP_DESTINATION=/y", "/y" },
	{ "a.example/{s} http://o.example\n"
	  "    request-header X-Space: {s}", "http://a.example/one/x", false,
	  "HTTP_DESTINATION=/one/y", "/one/y" },
	/* If: tags outside of parentheses are places, tokens inside are not */
	{ BOTH, "http://a.example/in/", false,
	  "HTTP_IF=<http://a.example/in/x> (<urn:uuid:1> [\"e\"])",
	  "<http://o.example/v1/x> (<urn:uuid:1> [\"e\"])" },
	{ BOTH, "http://a.example/in/", false,
	  "HTTP_IF=</in/x> (Not <http://a.example/in/x>) </in/y> (<u:2>)",
	  "</v1/x> (Not <http://a.example/in/x>) </v1/y> (<u:2>)" },
	{ BOTH, "http://a.example/in/", false, "HTTP_IF=(<urn:uuid:1>)",
	  "(<urn:uuid:1>)" },
	{ BOTH, "http://a.example/in/", false,
	  "HTTP_IF=</in/x> ([W/\"e\"]) </in/y> (Not [\"\"] <u:2>)",
	  "</v1/x> ([W/\"e\"]) </v1/y> (Not [\"\"] <u:2>)" },
	{ BOTH, "http://a.example/in/", false, "HTTP_IF=", "" },
};

static void
places_are_mapped_as_the_origin_knows_them(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(dav_maps); i++) {
		const char *field = dav_maps[i].field;
		const char *more[] = { field, "REQUEST_METHOD=MOVE", NULL };
		struct str name = str_starts(str_of(field), STR("HTTP_IF")) ?
		    STR("If") : STR("Destination");
		struct dav_case c;
		char row[256];

		snprintf(row, sizeof(row), "%zu: %s: %s", i, dav_maps[i].list,
		    field);
		if (dav_run(&c, dav_maps[i].list, dav_maps[i].url,
		    dav_maps[i].preserve, more) == -1)
			fail_msg("%s: %s", row, c.e.text);
		TABLE_INT(row, c.e.reason, REASON_NONE);
		TABLE_STR(row, header_get(&c.out, name), dav_maps[i].want);
		decide_close(&c.d);
	}
}

/* ---- what is refused ---- */

#define TWO(more) "a.example http://o.example\na.example/in http://o.example" \
	" " more "\n"

static const struct {
	const char *list;
	const char *url;
	const char *method;
	const char *field;
	enum reason want;
} dav_refused[] = {
	/* the doors of the place itself */
	{ TWO("deny=192.0.2.9"), "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=http://a.example/in/x", REASON_ADDRESS_DENIED },
	{ TWO("allow=198.51.100.0/24"), "http://a.example/x", "COPY",
	  "HTTP_DESTINATION=/in", REASON_ADDRESS_DENIED },
	{ TWO("auth=staff"), "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=http://a.example//in/x",
	  REASON_AUTH_DENIED },
	{ TWO("auth=staff"), "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=/y/..//%69n/x", REASON_AUTH_DENIED },
	{ TWO("auth=staff"), "http://a.example/x", "POST",
	  "HTTP_DESTINATION=/in", REASON_AUTH_DENIED },
	{ TWO("auth=staff"), "http://a.example/x", "PUT",
	  "HTTP_IF=</y> (<u:1>) <http://a.example/in> (<u:2>)",
	  REASON_AUTH_DENIED },
	{ TWO("sign=x"), "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=/in", REASON_OTHER_SERVER },
	{ "a.example @s\nb.example =a.example deny=192.0.2.9\n"
	  "@s http://o.example", "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=http://b.example/x", REASON_ADDRESS_DENIED },
	/* no second reading */
	{ TWO("auth=staff"), "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=/%2Fin", REASON_AMBIGUOUS_PATH },
	{ TWO("auth=staff"), "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=http://a.example/in;x/y", REASON_AMBIGUOUS_PATH },
	{ TWO("auth=staff"), "http://a.example/x", "PUT",
	  "HTTP_IF=</in%5Cx> (<u:1>)", REASON_AMBIGUOUS_PATH },
	/* nor of If: who ends an entity tag elsewhere sees another place */
	{ TWO("auth=staff"), "http://a.example/x", "PUT",
	  "HTTP_IF=</y> ([\"<\"]) </in> (<u:2>)", REASON_BAD_REQUEST },
	{ TWO("auth=staff"), "http://a.example/x", "PUT",
	  "HTTP_IF=</y> ([\"]) </in> (<u:2>) ([\"])", REASON_BAD_REQUEST },
	{ TWO("auth=staff"), "http://a.example/x", "PUT",
	  "HTTP_IF=</y> ([\"(\"])", REASON_BAD_REQUEST },
	{ TWO("auth=staff"), "http://a.example/x", "PUT",
	  "HTTP_IF=</y> ([\"e\")", REASON_BAD_REQUEST },
	{ TWO("auth=staff"), "http://a.example/x", "PUT",
	  "HTTP_IF=</y> (<u:1 </in> (<u:2>)", REASON_BAD_REQUEST },
	{ TWO("auth=staff"), "http://a.example/x", "PUT",
	  "HTTP_IF=</y> (<u:1>) </in", REASON_BAD_REQUEST },
	/* no path at all */
	{ BASE, "http://a.example/x", "MOVE", "HTTP_DESTINATION=/../x",
	  REASON_BAD_PATH },
	{ BASE, "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=http://a.example/x#y", REASON_BAD_PATH },
	{ BASE, "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=http://a.example/x, http://a.example/y",
	  REASON_BAD_PATH },
	{ BASE, "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=//a.example/x", REASON_BAD_PATH },
	{ BASE, "http://a.example/x", "PUT", "HTTP_IF=</%00> (<u:1>)",
	  REASON_BAD_PATH },
	/* no host, no URL */
	{ BASE, "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=http://b@a.example/x", REASON_BAD_HOST },
	{ BASE, "http://a.example/x", "MOVE", "HTTP_DESTINATION=http:///x",
	  REASON_BAD_HOST },
	{ BASE, "http://a.example/x", "MOVE", "HTTP_DESTINATION=",
	  REASON_BAD_REQUEST },
	{ BASE, "http://a.example/x", "COPY", "HTTP_DESTINATION=x",
	  REASON_BAD_REQUEST },
	{ BASE, "http://a.example/x", "COPY",
	  "HTTP_DESTINATION=ftp://a.example/x", REASON_BAD_REQUEST },
	{ BASE, "http://a.example/x", "PUT", "HTTP_IF=<DAV:x> (<u:1>)",
	  REASON_BAD_REQUEST },
	{ BASE, "http://a.example/x", "PUT", "HTTP_IF=<> ()",
	  REASON_BAD_REQUEST },
	{ BASE, "http://a.example/x", "PUT",
	  "HTTP_IF=<http://a b/in> (<u:1>)", REASON_BAD_HOST },
	/* another server, as far as anybody can tell */
	{ BASE, "http://a.example/x", "PUT",
	  "HTTP_IF=<http://b.example/in> (<u:1>)", REASON_OTHER_SERVER },
	/* the origin's own name opens no place that no route leads to */
	{ BASE, "http://a.example/x", "PUT",
	  "HTTP_IF=<http://o.example/v2> ([\"e\"])", REASON_OTHER_SERVER },
	{ BASE, "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=http://b.example/x", REASON_OTHER_SERVER },
	{ BASE, "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=http://o.example/v1/x", REASON_OTHER_SERVER },
	{ BOTH, "http://a.example/in/x", "MOVE", "HTTP_DESTINATION=/x",
	  REASON_OTHER_SERVER },
	{ BOTH, "http://a.example/in/x", "MOVE", "HTTP_DESTINATION=/inner",
	  REASON_OTHER_SERVER },
	{ BOTH, "http://a.example/in/x", "PUT", "HTTP_IF=</x> (<u:1>)",
	  REASON_OTHER_SERVER },
	{ "a.example http://o.example\na.example/in http://p.example",
	  "http://a.example/x", "MOVE", "HTTP_DESTINATION=/in/x",
	  REASON_OTHER_SERVER },
	{ "a.example http://o.example\na.example/in http://o.example:81",
	  "http://a.example/x", "MOVE", "HTTP_DESTINATION=/in/x",
	  REASON_OTHER_SERVER },
	{ "a.example http://o.example\na.example/in https://o.example:80",
	  "http://a.example/x", "MOVE", "HTTP_DESTINATION=/in/x",
	  REASON_OTHER_SERVER },
	{ TWO("egress=x"), "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=/in/x", REASON_OTHER_SERVER },
	{ "a.example https://o.example tls=x\n"
	  "a.example/in https://o.example tls=y", "http://a.example/x",
	  "MOVE", "HTTP_DESTINATION=/in/x", REASON_OTHER_SERVER },
	{ TWO("host=n.example"), "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=/in/x", REASON_OTHER_SERVER },
	{ TWO("strip-prefix"), "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=/in/x", REASON_OTHER_SERVER },
	{ "a.example http://o.example\na.example/in http://o.example/v1",
	  "http://a.example/x", "MOVE", "HTTP_DESTINATION=/in/x",
	  REASON_OTHER_SERVER },
	{ "a.example http://o.example\na.example/in @s\n@s http://o.example",
	  "http://a.example/x", "MOVE", "HTTP_DESTINATION=/in/x",
	  REASON_OTHER_SERVER },
	{ "a.example http://o.example\na.example/in @none",
	  "http://a.example/x", "MOVE", "HTTP_DESTINATION=/in/x",
	  REASON_OTHER_SERVER },
	{ "a.example http://o.example\na.example/in respond=403",
	  "http://a.example/x", "MOVE", "HTTP_DESTINATION=/in/x",
	  REASON_OTHER_SERVER },
	/* a tenant's place is not another's */
	{ "{t}.example http://o.example", "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=http://b.example/x", REASON_OTHER_SERVER },
	{ "a.example/{s} http://o.example strip-prefix",
	  "http://a.example/one/x", "MOVE", "HTTP_DESTINATION=/two/x",
	  REASON_OTHER_SERVER },
	{ "a.example/{s} http://o.example\n    request-header X-S: {s}",
	  "http://a.example/one/x", "MOVE", "HTTP_DESTINATION=/two/x",
	  REASON_OTHER_SERVER },
	{ TWO("\n    request-header -Accept"), "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=/in/x", REASON_OTHER_SERVER },
	{ TWO("\n    request-header X-User: root"), "http://a.example/in",
	  "MOVE", "HTTP_DESTINATION=/x", REASON_OTHER_SERVER },
	{ TWO("\n    request-header X-User: root"), "http://a.example/x",
	  "MOVE", "HTTP_DESTINATION=/in/x", REASON_OTHER_SERVER },
	/* as the method and the query of that request would lead */
	{ "a.example http://o.example\na.example/in http://o.example\n"
	  "    when method=MOVE -> respond=403", "http://a.example/x", "MOVE",
	  "HTTP_DESTINATION=/in/x", REASON_OTHER_SERVER },
	{ "a.example http://o.example\n    when query.q=1 -> respond=403",
	  "http://a.example/x", "MOVE", "HTTP_DESTINATION=/x?q=1",
	  REASON_OTHER_SERVER },
};

static void
places_that_the_request_may_not_reach_are_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(dav_refused); i++) {
		char row[256], method[64];
		const char *more[] = { dav_refused[i].field, method,
			"HTTP_ACCEPT=text/html", NULL };
		struct dav_case c;

		snprintf(row, sizeof(row), "%zu: %s %s", i,
		    dav_refused[i].list, dav_refused[i].field);
		snprintf(method, sizeof(method), "REQUEST_METHOD=%s",
		    dav_refused[i].method);
		TABLE_INT(row, dav_run(&c, dav_refused[i].list,
		    dav_refused[i].url, false, more), -1);
		TABLE_STR(row, str_of(reason_word(c.e.reason)),
		    reason_word(dav_refused[i].want));
		decide_close(&c.d);
	}
}

/* ---- the edges ---- */

/* Other methods may use that name for what they like. */
static void
only_copy_and_move_must_have_a_destination_here(void **state)
{
	static const char *const values[] = { "Lisbon", "", "mailto:x@y",
		"http://b.example/x", "http://a_b@c/x" };
	static const char *const methods[] = { "GET", "POST", "move" };
	size_t i, k;

	(void)state;
	for (i = 0; i < TABLE_COUNT(values); i++)
		for (k = 0; k < TABLE_COUNT(methods); k++) {
			char field[64], method[64];
			const char *more[] = { field, method, NULL };
			struct dav_case c;

			snprintf(field, sizeof(field), "HTTP_DESTINATION=%s",
			    values[i]);
			snprintf(method, sizeof(method), "REQUEST_METHOD=%s",
			    methods[k]);
			TABLE_INT(field, dav_run(&c, BASE,
			    "http://a.example/x", false, more), 0);
			TABLE_INT(field, c.e.reason, REASON_NONE);
			TABLE_STR(field, header_get(&c.out,
			    STR("Destination")), values[i]);
			decide_close(&c.d);
		}
}

/* Without a cookie it is given one; it is not another client for each place. */
static void
a_place_is_looked_up_for_the_same_client(void **state)
{
	static const char *const more[] = { "HTTP_DESTINATION=/y",
		"REQUEST_METHOD=MOVE", NULL };
	static const char *const tester[] = { "HTTP_DESTINATION=/y",
		"REQUEST_METHOD=MOVE", "HTTP_X_ROUTER_VERSION=c.example",
		NULL };
	static const char list[] = "a.example http://o.example\n"
	    "    split 1 http://b.example 1 http://c.example by=cookie:sid\n";
	struct dav_case c;
	size_t i;

	(void)state;
	for (i = 0; i < 100; i++) {
		bool first = i % 2 == 0;

		TABLE_INT(first ? "new" : "tester", dav_run(&c, list,
		    "http://a.example/x", false, first ? more : tester), 0);
		TABLE_INT("id", c.d.follow.fresh.n,
		    first ? CLIENT_KEY_ID : 0);
		TABLE_STR("place", header_get(&c.out, STR("Destination")),
		    "/y");
		decide_close(&c.d);
	}
}

/* Both of the request and of the place, and both are told as one. */
static void
a_plan_that_is_not_there_changes_nothing(void **state)
{
	static const char *const more[] = { "HTTP_DESTINATION=/y",
		"REQUEST_METHOD=MOVE", NULL };
	struct dav_case c;
	const struct follow_ask ask = { .request = &c.d.request,
		.map = &c.d.map, .space = STR("production") };
	const struct dav in = { &ask, &c.d.follow, &c.target, false,
		&c.inside, 1 };

	(void)state;
	assert_int_equal(dav_run(&c, "a.example http://o.example/v1 plan=p\n"
	    "    request-header X-Plan: {plan}", "http://a.example/x", false,
	    more), 0);
	c.d.follow.policy.plan = STR("other");
	header_remove(&c.out, STR("Destination"));
	assert_int_equal(header_add(&c.out, STR("Destination"), STR("/y")),
	    0);
	assert_int_equal(dav_map(&in, &c.out, &c.e), 0);
	TABLE_STR("plan", header_get(&c.out, STR("Destination")), "/v1/y");
	decide_close(&c.d);
}

static void
there_is_one_destination(void **state)
{
	static const char *const more[] = { "HTTP_DESTINATION=/x",
		"HTTP_DESTINATION=/x", "REQUEST_METHOD=MOVE", NULL };
	struct dav_case c;

	(void)state;
	assert_int_equal(dav_run(&c, BASE, "http://a.example/", false, more),
	    -1);
	assert_int_equal(c.e.reason, REASON_BAD_REQUEST);
	decide_close(&c.d);
}

/* Each lookup costs something: of different places there may be a few, of one
 * as many as a request can hold. */
static void
different_places_are_limited_repeated_ones_are_not(void **state)
{
	enum { PLACES = 400, SIZE = 20 };
	char field[8 + PLACES * SIZE + 1] = "HTTP_IF=";
	const char *more[] = { field, NULL };
	struct dav_case c;
	size_t i;
	int differ;

	(void)state;
	for (differ = 0; differ < 2; differ++) {
		for (i = 0; i < PLACES; i++)
			snprintf(field + 8 + i * SIZE, SIZE + 1,
			    "</in/%08zu> (<u>)", differ == 1 ? i : 0);
		assert_int_equal(dav_run(&c, BOTH, "http://a.example/in/",
		    false, more), differ == 1 ? -1 : 0);
		if (differ == 1)
			assert_int_equal(c.e.reason, REASON_BAD_REQUEST);
		else
			assert_true(str_ends(header_get(&c.out, STR("If")),
			    STR("</v1/00000000> (<u>)")));
		decide_close(&c.d);
	}
}

static void
several_fields_have_one_limit(void **state)
{
	enum { FIELDS = 8, PLACES = 10, SIZE = 13 };
	char fields[FIELDS][8 + PLACES * SIZE + 1];
	const char *more[FIELDS + 1] = { NULL };
	struct dav_case c;
	size_t i, k;

	(void)state;
	for (i = 0; i < FIELDS; i++) {
		memcpy(fields[i], "HTTP_IF=", 9);
		for (k = 0; k < PLACES; k++)
			snprintf(fields[i] + 8 + k * SIZE, SIZE + 1,
			    "</%02zu%02zu> (<u>)", i, k);
		more[i] = fields[i];
	}
	assert_int_equal(dav_run(&c, BASE, "http://a.example/", false, more),
	    -1);
	assert_int_equal(c.e.reason, REASON_BAD_REQUEST);
	decide_close(&c.d);
}

/* ---- what fails ---- */

static int
dav_broken_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	(void)arg;
	(void)key;
	(void)a;
	(void)value;
	return err_set(e, REASON_MAP_BROKEN, "gone");
}

static void
a_map_that_fails_fails_the_request(void **state)
{
	static const char *const more[] = { "HTTP_IF=</in/x> (<u:1>)", NULL };
	struct dav_case c;
	const struct follow_ask ask = { .request = &c.d.request,
		.map = &c.d.map, .space = STR("production") };
	const struct dav in = { &ask, &c.d.follow, &c.target, false,
		&c.inside, 1 };

	(void)state;
	assert_int_equal(dav_run(&c, BOTH, "http://a.example/in/", false,
	    more), 0);
	c.d.map.get = dav_broken_get;
	assert_int_equal(dav_map(&in, &c.out, &c.e), -1);
	assert_int_equal(c.e.reason, REASON_MAP_BROKEN);
	decide_close(&c.d);
}

/* With any room below what is needed: refused, never half a field. */
static void
a_full_arena_is_overloaded(void **state)
{
	static const char *const more[] = {
		"HTTP_DESTINATION=http://a.example/in/some/where",
		"HTTP_IF=<http://a.example/in/some/where> (<u:1>)",
		"REQUEST_METHOD=MOVE", NULL };
	struct dav_case c;
	const struct follow_ask ask = { .request = &c.d.request,
		.map = &c.d.map, .space = STR("production") };
	const struct dav in = { &ask, &c.d.follow, &c.target, false,
		&c.inside, 1 };
	size_t left, failed = 0;
	int got = -1;

	(void)state;
	assert_int_equal(dav_run(&c, BOTH, "http://a.example/in/", false,
	    more), 0);
	for (left = 0; got == -1 && left < DECIDE_CHUNK; left += 16) {
		struct header_field fields[] = {
			{ STR("Destination"),
			  STR("http://a.example/in/some/where"),
			  NAME_DESTINATION },
			{ STR("If"),
			  STR("<http://a.example/in/some/where> (<u:1>)"),
			  NAME_IF },
		};
		struct arena a;
		struct header h = { .fields = fields, .count = 2,
			.arena = &a };

		decide_squeeze(&a, left);
		got = dav_map(&in, &h, &c.e);
		failed += got == -1;
		if (got == -1)
			assert_int_equal(c.e.reason, REASON_OVERLOADED);
		else
			TABLE_STR("If", fields[1].value,
			    "<http://o.example/v1/some/where> (<u:1>)");
		arena_fini(&a);
	}
	assert_true(failed > 0 && got == 0);
	decide_close(&c.d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_mapped_as_the_origin_knows_them),
		cmocka_unit_test(
		    places_that_the_request_may_not_reach_are_refused),
		cmocka_unit_test(
		    only_copy_and_move_must_have_a_destination_here),
		cmocka_unit_test(a_place_is_looked_up_for_the_same_client),
		cmocka_unit_test(a_plan_that_is_not_there_changes_nothing),
		cmocka_unit_test(there_is_one_destination),
		cmocka_unit_test(
		    different_places_are_limited_repeated_ones_are_not),
		cmocka_unit_test(several_fields_have_one_limit),
		cmocka_unit_test(a_map_that_fails_fails_the_request),
		cmocka_unit_test(a_full_arena_is_overloaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
