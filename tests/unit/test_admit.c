/* SPDX-License-Identifier: BSD-2-Clause */

/* test_admit: the three doors, and what each of them turns away. */

#include "decide/admit.h"

#include "tests/unit/decide.h"

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
	{ "a.example respond=200 auth=a|b", "192.0.2.9",
	  { REASON_NONE, REASON_AUTH_UNAVAILABLE } },
	{ "a.example @s\n@s http://o.example auth=a", "192.0.2.9",
	  { REASON_NONE, REASON_AUTH_UNAVAILABLE } },
	{ "%defaults auth=a\na.example http://o.example", "192.0.2.9",
	  { REASON_NONE, REASON_AUTH_UNAVAILABLE } },
	{ "a.example http://o.example egress=a tls=b sign=c", "192.0.2.9",
	  { REASON_NONE, REASON_NONE, REASON_EGRESS_DENIED } },
	{ "a.example https://o.example tls=b sign=c", "192.0.2.9",
	  { REASON_NONE, REASON_NONE, REASON_ORIGIN_TLS } },
	{ "a.example @s\n@s http://o.example sign=c", "192.0.2.9",
	  { REASON_NONE, REASON_NONE, REASON_INTERNAL } },
	{ "%defaults tls=b\na.example redirect=302 /x", "192.0.2.9",
	  { REASON_NONE } },
};

static void
each_door_turns_away_what_it_is_for(void **state)
{
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
		TABLE_INT(row, admit_auth(&d.follow, &e),
		    wants[1] == REASON_NONE ? 0 : -1);
		TABLE_INT(row, e.reason, wants[1]);
		e.reason = REASON_NONE;
		TABLE_INT(row, admit_origin(&d.follow, &e),
		    wants[2] == REASON_NONE ? 0 : -1);
		TABLE_INT(row, e.reason, wants[2]);
		decide_close(&d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_door_turns_away_what_it_is_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
