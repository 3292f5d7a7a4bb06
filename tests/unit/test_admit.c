/* SPDX-License-Identifier: BSD-2-Clause */

/* test_admit: the three doors, and what each of them turns away. */

#include "decide/admit.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/decide.h"

static struct settings *
admit_settings(const char *text)
{
	char ini[] = "/tmp/test_admit.XXXXXX";
	struct settings *s = NULL;
	int fd = mkstemp(ini);
	size_t n = strlen(text);

	assert_int_equal(write(fd, text, n), n);
	close(fd);
	assert_int_equal(settings_load(ini, &s, NULL, NULL), 0);
	unlink(ini);
	return s;
}

/* Reasons of address, auth and origin; REASON_NONE: it passes. */
static const struct {
	const char *list;
	const char *address;
	enum reason wants[3];
} admit_rows[] = {
	{ "a.example http://o.example", "192.0.2.9", { REASON_NONE } },
	{ "a.example http://o.example", "", { REASON_NONE } },
	{ "a.example http://o.example allow=192.0.2.0/24", "192.0.2.9",
	  { REASON_NONE } },
	{ "a.example http://o.example allow=192.0.2.0/24", "192.0.3.9",
	  { REASON_ADDRESS_DENIED } },
	{ "a.example http://o.example allow=192.0.2.0/24", "",
	  { REASON_ADDRESS_DENIED } },
	{ "a.example http://o.example deny=192.0.2.9", "::ffff:192.0.2.9",
	  { REASON_ADDRESS_DENIED } },
	{ "a.example http://o.example deny=192.0.2.9", "192.0.2.8",
	  { REASON_NONE } },
	{ "a.example http://o.example allow=192.0.2.0/24 deny=192.0.2.9",
	  "192.0.2.9", { REASON_ADDRESS_DENIED } },
	{ "a.example internal=health", "127.0.0.1", { REASON_NONE } },
	{ "a.example internal=health", "192.0.2.9",
	  { REASON_ADDRESS_DENIED } },
	{ "a.example internal=health allow=192.0.2.9", "192.0.2.9",
	  { REASON_ADDRESS_DENIED } },
	{ "a.example internal=health allow=192.0.2.9", "127.0.0.1",
	  { REASON_ADDRESS_DENIED } },
	{ "a.example http://o.example auth=a", "192.0.2.9",
	  { REASON_NONE, REASON_AUTH_UNAVAILABLE } },
	{ "a.example respond=200 auth=a|b", "192.0.2.9", { REASON_NONE } },
	{ "a.example respond=200 auth=b", "192.0.2.9", { REASON_NONE } },
	{ "a.example respond=200 auth=b,a", "192.0.2.9",
	  { REASON_NONE, REASON_AUTH_UNAVAILABLE } },
	{ "a.example respond=200 auth=a|c", "192.0.2.9",
	  { REASON_NONE, REASON_AUTH_UNAVAILABLE } },
	{ "a.example @s\n@s http://o.example auth=a", "192.0.2.9",
	  { REASON_NONE, REASON_AUTH_UNAVAILABLE } },
	{ "%defaults auth=a\na.example http://o.example", "192.0.2.9",
	  { REASON_NONE, REASON_AUTH_UNAVAILABLE } },
	{ "a.example https://o.example egress=a tls=b", "192.0.2.9",
	  { REASON_NONE } },
	{ "a.example @s\n@s http://o.example sign=c", "192.0.2.9",
	  { REASON_NONE, REASON_NONE, REASON_INTERNAL } },
	{ "a.example http://o.example sign=d", "192.0.2.9", { REASON_NONE } },
	{ "%defaults tls=b\na.example redirect=302 /x", "192.0.2.9",
	  { REASON_NONE } },
};

static void
each_door_turns_away_what_it_is_for(void **state)
{
	struct settings *s = admit_settings("[auth:b]\ntype = bearer\n"
	    "file = /f\n[sign:d]\nsecret = /s\n");
	struct cidr inside;
	size_t i;

	(void)state;
	assert_true(cidr_parse(STR("127.0.0.0/8"), &inside));
	for (i = 0; i < TABLE_COUNT(admit_rows); i++) {
		const char *row = admit_rows[i].list;
		const enum reason *wants = admit_rows[i].wants;
		struct err e = { .text = "" };
		struct decide d;

		decide_open(&d, row, "http://a.example/", NULL);
		d.request.client_ip = str_of(admit_rows[i].address);
		TABLE_INT(row, admit_address(&d.follow, &d.request, &inside,
		    1, &e), wants[0] == REASON_NONE ? 0 : -1);
		TABLE_INT(row, e.reason, wants[0]);
		e.reason = REASON_NONE;
		TABLE_INT(row, admit_auth(&d.follow, s, &e),
		    wants[1] == REASON_NONE ? 0 : -1);
		TABLE_INT(row, e.reason, wants[1]);
		e.reason = REASON_NONE;
		TABLE_INT(row, admit_origin(&d.follow, s, &e),
		    wants[2] == REASON_NONE ? 0 : -1);
		TABLE_INT(row, e.reason, wants[2]);
		decide_close(&d);
	}
	settings_drop(&s);
}

static void
a_place_is_guarded_by_what_the_request_passed(void **state)
{
	static const struct {
		const char *own[3], *place[3];
		bool may;
	} rows[] = {
		{ { NULL }, { NULL }, true },
		{ { "a" }, { NULL }, true },
		{ { "a" }, { "a" }, true },
		{ { "a,b", "c" }, { "c", "a,b" }, true },
		{ { NULL }, { "a" }, false },
		{ { "a" }, { "a", "b" }, false },
		{ { "a|b" }, { "a" }, false },
		{ { "a,b" }, { "a" }, false },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct policy own = { .auth_count = 0 };
		struct policy place = { .auth_count = 0 };
		struct err e = { .reason = REASON_NONE };

		for (k = 0; rows[i].own[k] != NULL; k++)
			own.auth[own.auth_count++] = str_of(rows[i].own[k]);
		for (k = 0; rows[i].place[k] != NULL; k++)
			place.auth[place.auth_count++] =
			    str_of(rows[i].place[k]);
		assert_int_equal(admit_place(&own, &place, &e),
		    rows[i].may ? 0 : -1);
		assert_int_equal(e.reason, rows[i].may ? REASON_NONE :
		    REASON_AUTH_DENIED);
	}
}

/* Sections of names, and where origins may be. */
static const struct {
	const char *list;
	enum reason want;
} target_rows[] = {
	{ "a.example https://o.example", REASON_NONE },
	{ "a.example https://o.example egress=lan tls=corp", REASON_NONE },
	{ "a.example https://o.example egress=wan", REASON_EGRESS_DENIED },
	{ "a.example https://o.example tls=lan", REASON_ORIGIN_TLS },
	{ "a.example @s\n@s https://o.example tls=lan", REASON_ORIGIN_TLS },
	/* plain HTTP has no use of it, but a mistake is one */
	{ "a.example http://o.example tls=corp", REASON_NONE },
	{ "a.example http://o.example tls=lan", REASON_ORIGIN_TLS },
	/* what a URL spells is judged at once */
	{ "a.example http://192.168.1.1", REASON_NONE },
	{ "a.example http://10.0.0.1", REASON_EGRESS_DENIED },
	{ "a.example http://[::1]", REASON_NONE },
	{ "a.example http://[::ffff:10.0.0.1]", REASON_EGRESS_DENIED },
	{ "a.example http://10.0.0.1 egress=lan", REASON_NONE },
	{ "a.example http://192.168.1.1 egress=lan", REASON_EGRESS_DENIED },
	{ "a.example http://169.254.1.1 egress=lan", REASON_NONE },
	{ "a.example unix:/run/a.sock", REASON_NONE },
	{ "a.example unix:/run/a.sock egress=lan", REASON_EGRESS_DENIED },
	{ "a.example unix:/run/lan/a.sock egress=lan", REASON_NONE },
	{ "{t}.example unix:/run/{t}.sock", REASON_EGRESS_DENIED },
	{ "{t}.example unix:/run/{t}.sock egress=lan",
	  REASON_EGRESS_DENIED },
	{ "{t}.example unix:/run/lan/{t}.sock egress=lan", REASON_NONE },
	/* names are judged when they are resolved */
	{ "{t}.example http://{t}.lan.example", REASON_NONE },
};

static void
an_origin_has_its_sections_and_an_address_that_may_be(void **state)
{
	static const char text[] = "[egress]\ndeny = 10.0.0.0/8\n[tls:corp]\n"
	    "[egress:lan]\nprivate = never\nallow = 10.0.0.0/8 "
	    "169.254.1.1\nsockets = /run/lan\n";
	struct settings *s = admit_settings(text);
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(target_rows); i++) {
		const char *row = target_rows[i].list;
		struct err e = { .text = "" };
		struct target t;
		struct decide d;

		decide_open(&d, row, "http://a.example/", NULL);
		assert_int_equal(target_origin(d.follow.origin,
		    &d.follow.source, false, &d.a, &t, &e), 0);
		TABLE_INT(row, admit_target(&d.follow.policy, s, &t, &e),
		    target_rows[i].want == REASON_NONE ? 0 : -1);
		TABLE_INT(row, e.reason, target_rows[i].want);
		decide_close(&d);
	}
	settings_drop(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_guarded_by_what_the_request_passed),
		cmocka_unit_test(each_door_turns_away_what_it_is_for),
		cmocka_unit_test(
		    an_origin_has_its_sections_and_an_address_that_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
