/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_target: the address, the path and the Host a request goes out with,
 * over routes as they are written in a list.
 */

#include "decide/target.h"

#include "tests/unit/decide.h"

/* The request target asked of the origin; NULL: refused, with the reason. */
static const struct {
	const char *list;
	const char *url;
	const char *want;
	enum reason reason;
} target_paths[] = {
	/* base + path + query */
	{ "a.example http://o.example", "http://a.example/", "/", 0 },
	{ "a.example http://o.example", "http://a.example/x/y?q=1&r",
	  "/x/y?q=1&r", 0 },
	{ "a.example http://o.example", "http://a.example/x?", "/x?", 0 },
	{ "a.example http://o.example/", "http://a.example/x", "/x", 0 },
	{ "a.example http://o.example/v1", "http://a.example/", "/v1/", 0 },
	{ "a.example http://o.example/v1", "http://a.example/x", "/v1/x", 0 },
	{ "a.example http://o.example/v1/", "http://a.example/x", "/v1/x", 0 },
	{ "a.example http://o.example/v1/", "http://a.example/x/", "/v1/x/",
	  0 },
	{ "a.example unix:/run/o.sock:/v1", "http://a.example/x?q", "/v1/x?q",
	  0 },
	{ "a.example unix:/run/o.sock", "http://a.example/x", "/x", 0 },
	{ "a.example/in http://o.example/v1", "http://a.example/in/x",
	  "/v1/in/x", 0 },
	/* strip-prefix, with and without a slash at the end */
	{ "a.example/in http://o.example strip-prefix", "http://a.example/in",
	  "/", 0 },
	{ "a.example/in http://o.example strip-prefix",
	  "http://a.example/in?q", "/?q", 0 },
	{ "a.example/in http://o.example strip-prefix",
	  "http://a.example/in/", "/", 0 },
	{ "a.example/in http://o.example strip-prefix",
	  "http://a.example/in/x/", "/x/", 0 },
	{ "a.example/in http://o.example/v1 strip-prefix",
	  "http://a.example/in", "/v1", 0 },
	{ "a.example/in http://o.example/v1/ strip-prefix",
	  "http://a.example/in", "/v1", 0 },
	{ "a.example/in http://o.example/v1 strip-prefix",
	  "http://a.example/in/", "/v1/", 0 },
	{ "a.example/in http://o.example/v1/ strip-prefix",
	  "http://a.example/in/x", "/v1/x", 0 },
	{ "a.example/{s}/in http://o.example strip-prefix",
	  "http://a.example/s1/in/x%2Fy", "/x%2Fy", 0 },
	{ "a.example http://o.example strip-prefix", "http://a.example/x",
	  "/x", 0 },
	/* "//" as it was asked for stays; at the head of what a variable or
	 * strip-prefix makes it is a host for some, and goes */
	{ "a.example http://o.example", "http://a.example//evil.example/x",
	  "//evil.example/x", 0 },
	{ "a.example http://o.example", "http://a.example////", "////", 0 },
	{ "a.example http://o.example", "http://a.example/x//y", "/x//y", 0 },
	{ "a.example/in http://o.example strip-prefix",
	  "http://a.example/in//x", "/x", 0 },
	{ "a.example http://o.example/v1", "http://a.example//x", "/v1//x",
	  0 },
	{ "a.example http://o.example{path}", "http://a.example//x", "/x",
	  0 },
	{ "a.example/in http://o.example{rest}", "http://a.example/in//x",
	  "/x", 0 },
	{ "a.example http://o.example{uri}", "http://a.example//x?q", "/x?q",
	  0 },
	/* variables of the path: what follows them */
	{ "a.example http://o.example/v1{path}", "http://a.example/x?q=1",
	  "/v1/x?q=1", 0 },
	{ "a.example/in http://o.example/v1{rest}", "http://a.example/in/x?q",
	  "/v1/x?q", 0 },
	{ "a.example/in http://o.example{rest}", "http://a.example/in", "/",
	  0 },
	{ "a.example/in http://o.example{rest}", "http://a.example/in?q",
	  "/?q", 0 },
	{ "a.example http://o.example/v1{uri}", "http://a.example/x?q=1",
	  "/v1/x?q=1", 0 },
	{ "a.example http://o.example/v1{uri}", "http://a.example/x?",
	  "/v1/x?", 0 },
	{ "a.example http://o.example{uri}", "http://a.example/x", "/x", 0 },
	{ "a.example/{s} http://o.example/shops/{s}",
	  "http://a.example/s1/x?q", "/shops/s1/s1/x?q", 0 },
	{ "a.example/{s} http://o.example/shops/{s} strip-prefix",
	  "http://a.example/s1/x?q", "/shops/s1/x?q", 0 },
	{ "{t}.a.example http://o.example/sites/{t}",
	  "http://acme.a.example/x", "/sites/acme/x", 0 },
	{ "*.a.example http://o.example/sites/{host}",
	  "http://p.q.a.example/x", "/sites/p.q.a.example/x", 0 },
	/* what a capture may hold: canonical as it came */
	{ "a.example/{s} http://o.example/f/{s} strip-prefix",
	  "http://a.example/a%2fb", "/f/a%2Fb", 0 },
	{ "a.example/{s} http://o.example/f/{s} strip-prefix",
	  "http://a.example/...", "/f/...", 0 },
	/* a variable that a client fills brings no dot segment */
	{ "a.example http://o.example/f/{header.X-Dir}{path}",
	  "http://a.example/x", "/f/d%20e/x", 0 },
	{ "a.example http://o.example/f/{header.X-Dots}{path}",
	  "http://a.example/x", NULL, REASON_BAD_PATH },
	{ "a.example http://o.example/f/.{header.X-Dot}{path}",
	  "http://a.example/x", NULL, REASON_BAD_PATH },
	{ "a.example http://o.example/f/{header.X-Up}{path}",
	  "http://a.example/x", NULL, REASON_BAD_PATH },
	{ "a.example http://o.example/f/{header.X-Escaped}{path}",
	  "http://a.example/x", "/f/%252e%252e/x", 0 },
	{ "a.example http://o.example/{header.X-None}{path}",
	  "http://a.example/x", "/x", 0 },
};

static const char *const target_more[] = {
	"HTTP_X_DIR=d e", "HTTP_X_DOTS=..", "HTTP_X_DOT=.", "HTTP_X_UP=../y",
	"HTTP_X_ESCAPED=%2e%2e", NULL
};

static void
path_is_base_and_rest_and_queries(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(target_paths); i++) {
		const char *want = target_paths[i].want;
		struct err e = { .text = "" };
		struct target t;
		struct decide d;
		char row[256];

		snprintf(row, sizeof(row), "%s < %s", target_paths[i].list,
		    target_paths[i].url);
		decide_open(&d, target_paths[i].list, target_paths[i].url,
		    target_more);
		TABLE_INT(row, target_origin(d.follow.origin,
		    &d.follow.source, false, &d.a, &t, &e),
		    want != NULL ? 0 : -1);
		if (want != NULL)
			TABLE_STR(row, t.path, want);
		else
			TABLE_INT(row, e.reason, target_paths[i].reason);
		decide_close(&d);
	}
}

/* name, key, Host; name NULL: no-service. */
static const struct {
	const char *list;
	const char *url;
	bool preserve;
	const char *name;
	const char *key;
	const char *host;
} target_addresses[] = {
	{ "a.example http://o.example", "http://a.example:81/", false,
	  "http://o.example:80", "http://o.example:80", "o.example" },
	{ "a.example http://o.example:80", "http://a.example/", false,
	  "http://o.example:80", "http://o.example:80", "o.example" },
	{ "a.example http://o.example:443", "http://a.example/", false,
	  "http://o.example:443", "http://o.example:443", "o.example:443" },
	{ "a.example https://o.example", "http://a.example/", false,
	  "https://o.example:443", "https://o.example:443", "o.example" },
	{ "a.example https://o.example:80", "http://a.example/", false,
	  "https://o.example:80", "https://o.example:80", "o.example:80" },
	{ "a.example http://[2001:DB8::0:1]:81", "http://a.example/", false,
	  "http://[2001:db8::1]:81", "http://[2001:db8::1]:81",
	  "[2001:db8::1]:81" },
	{ "a.example unix:/run/o.sock", "http://a.example/", false,
	  "unix:/run/o.sock", "unix:/run/o.sock", "localhost" },
	/* which Host: the route's word, else the settings' */
	{ "a.example http://o.example", "http://A.Example.:81/", true,
	  "http://o.example:80", "http://o.example:80", "a.example:81" },
	{ "a.example http://o.example", "http://a.example/", true,
	  "http://o.example:80", "http://o.example:80", "a.example" },
	{ "a.example http://o.example host=origin", "http://a.example/", true,
	  "http://o.example:80", "http://o.example:80", "o.example" },
	{ "a.example http://o.example host=preserve", "http://a.example/",
	  false, "http://o.example:80", "http://o.example:80", "a.example" },
	{ "a.example http://o.example:81 host=n.example", "http://a.example/",
	  true, "http://o.example:81", "http://o.example:81", "n.example" },
	{ "a.example unix:/run/o.sock host=preserve", "http://a.example/",
	  false, "unix:/run/o.sock", "unix:/run/o.sock", "a.example" },
	/* an address of variables has a key of its own */
	{ "{t}.a.example http://{t}.o.example", "http://acme.a.example/",
	  false, "http://acme.o.example:80",
	  "http://acme.o.example:80 (built)", "acme.o.example" },
	{ "{t}.a.example unix:/run/{t}.sock", "http://acme.a.example/", false,
	  "unix:/run/acme.sock", "unix:/run/acme.sock (built)", "localhost" },
	{ "a.example/{s} http://{s}.o.example", "http://a.example/s-1/x",
	  false, "http://s-1.o.example:80",
	  "http://s-1.o.example:80 (built)", "s-1.o.example" },
	/* so have other ways to connect */
	{ "a.example https://o.example tls=corp", "http://a.example/", false,
	  "https://o.example:443", "https://o.example:443 tls=corp",
	  "o.example" },
	{ "a.example http://o.example tls=corp", "http://a.example/", false,
	  "http://o.example:80", "http://o.example:80", "o.example" },
	{ "a.example @s\n@s http://o.example egress=lan",
	  "http://a.example/", false, "http://o.example:80",
	  "http://o.example:80 egress=lan", "o.example" },
	{ "{t}.a.example https://{t}.o.example tls=corp egress=lan",
	  "http://acme.a.example/", false, "https://acme.o.example:443",
	  "https://acme.o.example:443 (built) tls=corp egress=lan",
	  "acme.o.example" },
	{ "a.example/{s} http://{s}.o.example", "http://a.example/S1", false,
	  NULL, NULL, NULL },
	{ "a.example/{s} http://{s}.o.example", "http://a.example/s.1", false,
	  NULL, NULL, NULL },
	{ "a.example/{s} http://{s}.o.example", "http://a.example/s%401",
	  false, NULL, NULL, NULL },
	{ "a.example/{s} http://{s}.o.example", "http://a.example/s_1",
	  false, NULL, NULL, NULL },
};

static void
address_key_and_host_are_as_written_or_built(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(target_addresses); i++) {
		const char *name = target_addresses[i].name;
		struct err e = { .text = "" };
		struct target t;
		struct decide d;
		char row[256];

		snprintf(row, sizeof(row), "%s < %s",
		    target_addresses[i].list, target_addresses[i].url);
		decide_prepare(&d, target_addresses[i].list,
		    target_addresses[i].url, NULL);
		decide_follow(&d, NULL);
		TABLE_INT(row, d.got, name != NULL);
		if (name != NULL) {
			TABLE_INT(row, target_origin(d.follow.origin,
			    &d.follow.source, target_addresses[i].preserve,
			    &d.a, &t, &e), 0);
			TABLE_STR(row, t.name, name);
			TABLE_STR(row, t.key, target_addresses[i].key);
			TABLE_STR(row, t.host_field, target_addresses[i].host);
			TABLE_INT(row, t.written, strstr(
			    target_addresses[i].key, "(built)") == NULL);
		} else {
			TABLE_INT(row, d.e.reason, REASON_NO_SERVICE);
		}
		decide_close(&d);
	}
}

/* NULL: outside of what the route maps. */
static const struct {
	const char *list;
	const char *url;
	const char *path;
	const char *forward;
	const char *back;
} target_maps[] = {
	{ "a.example http://o.example", "http://a.example/", "/x", "/x",
	  "/x" },
	{ "a.example http://o.example", "http://a.example/", "", "/", "/" },
	{ "a.example http://o.example/v1", "http://a.example/", "/x", "/v1/x",
	  NULL },
	{ "a.example http://o.example/v1", "http://a.example/", "/v1/x?q",
	  "/v1/v1/x?q", "/x?q" },
	{ "a.example http://o.example/v1/", "http://a.example/", "/v1",
	  "/v1/v1", "/" },
	{ "a.example http://o.example/v1", "http://a.example/", "/v10",
	  "/v1/v10", NULL },
	{ "a.example http://o.example/v1", "http://a.example/", "/v1#f",
	  "/v1/v1#f", "/#f" },
	{ "a.example/in http://o.example strip-prefix",
	  "http://a.example/in/y", "/x", NULL, "/in/x" },
	{ "a.example/in http://o.example strip-prefix",
	  "http://a.example/in/y", "/in", "/", "/in/in" },
	{ "a.example/in http://o.example strip-prefix",
	  "http://a.example/in", "/in/x", "/x", "/in/in/x" },
	{ "a.example/in http://o.example strip-prefix",
	  "http://a.example/in", "/inner", NULL, "/in/inner" },
	{ "a.example/in http://o.example/v1 strip-prefix",
	  "http://a.example/in/y", "/v1/x", NULL, "/in/x" },
	{ "a.example/in http://o.example/v1 strip-prefix",
	  "http://a.example/in/y", "/in/x", "/v1/x", NULL },
	{ "a.example/in http://o.example/v1 strip-prefix",
	  "http://a.example/in/y", "/in", "/v1", NULL },
	{ "a.example/{s} http://o.example/{s} strip-prefix",
	  "http://a.example/s1/y", "/s1/x", "/s1/x", "/s1/x" },
};

static void
paths_are_mapped_there_and_back(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(target_maps); i++) {
		struct str path = str_of(target_maps[i].path), got;
		struct err e = { .text = "" };
		struct target t;
		struct decide d;
		char row[256];

		snprintf(row, sizeof(row), "%s: %s", target_maps[i].list,
		    target_maps[i].path);
		decide_open(&d, target_maps[i].list, target_maps[i].url, NULL);
		assert_int_equal(target_origin(d.follow.origin,
		    &d.follow.source, false, &d.a, &t, &e),
		    0);
		TABLE_INT(row, target_forward(&t, path, &d.a, &got),
		    target_maps[i].forward != NULL);
		if (target_maps[i].forward != NULL)
			TABLE_STR(row, got, target_maps[i].forward);
		TABLE_INT(row, target_back(&t, path, &d.a, &got),
		    target_maps[i].back != NULL);
		if (target_maps[i].back != NULL)
			TABLE_STR(row, got, target_maps[i].back);
		decide_close(&d);
	}
}

static const struct {
	const char *list;
	bool https;
	const char *host;
	uint16_t port;
	bool want;
} target_origins[] = {
	{ "a.example http://o.example", false, "o.example", 0, true },
	{ "a.example http://o.example", false, "O.Example", 80, true },
	{ "a.example http://o.example", false, "o.example", 81, false },
	{ "a.example http://o.example", true, "o.example", 0, false },
	{ "a.example http://o.example", true, "o.example", 80, false },
	{ "a.example http://o.example", false, "a.example", 0, false },
	{ "a.example https://o.example", true, "o.example", 0, true },
	{ "a.example https://o.example", true, "o.example", 443, true },
	{ "a.example https://o.example", false, "o.example", 443, false },
	{ "a.example http://o.example:81", false, "o.example", 81, true },
	{ "a.example http://o.example:81", false, "o.example", 0, false },
	{ "a.example unix:/run/o", false, "", 0, false },
};

static void
only_scheme_host_and_port_together_name_the_origin(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(target_origins); i++) {
		struct err e = { .text = "" };
		struct target t;
		struct decide d;

		decide_open(&d, target_origins[i].list, "http://a.example/",
		    NULL);
		assert_int_equal(target_origin(d.follow.origin,
		    &d.follow.source, false, &d.a, &t, &e),
		    0);
		TABLE_INT(target_origins[i].list, target_is_origin(&t,
		    target_origins[i].https, str_of(target_origins[i].host),
		    target_origins[i].port), target_origins[i].want);
		decide_close(&d);
	}
}

static void
redirect_spells_all_of_its_location(void **state)
{
	static const struct {
		const char *list, *url, *want;
	} rows[] = {
		{ "a.example redirect=301 https://b.example{uri}",
		  "http://a.example/x%2Fy?q=%20",
		  "https://b.example/x%2Fy?q=%20" },
		{ "a.example/in redirect=302 /out{rest}",
		  "http://a.example/in/x?q", "/out/x" },
		{ "a.example redirect=308 https://{host}{uri}",
		  "http://a.example:81/", "https://a.example/" },
		{ "a.example redirect=301 https://b.example/?from={uri}",
		  "http://a.example/x?q=1",
		  "https://b.example/?from=%2Fx%3Fq%3D1" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct err e = { .text = "" };
		struct str location;
		struct decide d;

		decide_open(&d, rows[i].list, rows[i].url, NULL);
		TABLE_INT(rows[i].list, target_redirect(&d.follow.target->url,
		    &d.follow.source, &d.a, &location, &e), 0);
		TABLE_STR(rows[i].list, location, rows[i].want);
		decide_close(&d);
	}
}

/* With any room below what is needed: refused, never half a target. */
static void
a_full_arena_is_overloaded(void **state)
{
	struct err e = { .text = "" };
	struct decide d;
	struct target t;
	struct arena a;
	size_t left;
	int failed = 0, got = -1;

	(void)state;
	decide_open(&d, "{t}.a.example http://{t}.o.example:81/v1/{t}",
	    "http://acme.a.example/x?q", NULL);
	for (left = 0; got == -1; left += 16) {
		decide_squeeze(&a, left);
		got = target_origin(d.follow.origin, &d.follow.source,
		    false, &a, &t, &e);
		if (got == -1) {
			failed++;
			assert_int_equal(e.reason, REASON_OVERLOADED);
		} else {
			TABLE_STR("path", t.path, "/v1/acme/x?q");
			TABLE_STR("host", t.host_field, "acme.o.example:81");
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
		cmocka_unit_test(path_is_base_and_rest_and_queries),
		cmocka_unit_test(address_key_and_host_are_as_written_or_built),
		cmocka_unit_test(paths_are_mapped_there_and_back),
		cmocka_unit_test(
		    only_scheme_host_and_port_together_name_the_origin),
		cmocka_unit_test(redirect_spells_all_of_its_location),
		cmocka_unit_test(a_full_arena_is_overloaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
