/* SPDX-License-Identifier: BSD-2-Clause */

/* test_relay: when the very same request may go out again. */

#include "relay/relay.h"

#include "tests/unit/origin.h"

static const struct {
	const char *name;
	bool reused, sent_any, got_any;
	enum reason reason;
	const char *method;
	bool body_kept;
	bool want;
} relay_rows[] = {
	{ "a dead wire of the pool, idempotent", true, true, false,
	  REASON_ORIGIN_BROKEN, "GET", true, true },
	{ "PUT is idempotent", true, true, false, REASON_ORIGIN_BROKEN, "PUT",
	  true, true },
	{ "a fresh wire says what the origin says", false, true, false,
	  REASON_ORIGIN_BROKEN, "GET", true, false },
	{ "a fresh wire, nothing sent", false, false, false,
	  REASON_ORIGIN_BROKEN, "GET", true, false },
	{ "an answer had begun", true, true, true, REASON_ORIGIN_BROKEN,
	  "GET", true, false },
	{ "the origin thinks for too long", true, true, false,
	  REASON_ORIGIN_TIMEOUT, "GET", true, false },
	{ "no memory", true, false, false, REASON_OVERLOADED, "GET", true,
	  false },
	{ "the body is gone", true, true, false, REASON_ORIGIN_BROKEN, "PUT",
	  false, false },
	{ "a POST, perhaps done already", true, true, false,
	  REASON_ORIGIN_BROKEN, "POST", true, false },
	{ "a POST of which nothing was sent", true, false, false,
	  REASON_ORIGIN_BROKEN, "POST", true, true },
	{ "a PATCH, perhaps done already", true, true, false,
	  REASON_ORIGIN_BROKEN, "PATCH", true, false },
	{ "methods have a case", true, true, false, REASON_ORIGIN_BROKEN,
	  "get", true, false },
};

static void
only_a_request_that_did_nothing_is_repeated(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(relay_rows); i++) {
		struct transfer t = { .reused = relay_rows[i].reused,
			.sent_any = relay_rows[i].sent_any,
			.came = relay_rows[i].got_any ? 1 : 0 };

		TABLE_INT(relay_rows[i].name, relay_may_repeat(&t,
		    relay_rows[i].reason, str_of(relay_rows[i].method),
		    relay_rows[i].body_kept), relay_rows[i].want);
	}
}

/* Another origin of the service, when one has failed. */
static const struct {
	enum reason reason;
	bool sent;
	const char *method;
	bool fault, want;
} relay_moves[] = {
	{ REASON_ORIGIN_REFUSED, false, "GET", true, true },
	{ REASON_ORIGIN_REFUSED, false, "POST", true, true },
	{ REASON_ORIGIN_DNS, false, "POST", true, true },
	{ REASON_EGRESS_DENIED, false, "POST", true, true },
	{ REASON_ORIGIN_TLS, false, "PATCH", true, true },
	{ REASON_ORIGIN_CONNECT_TIMEOUT, false, "POST", true, true },
	{ REASON_ORIGIN_BROKEN, true, "GET", true, true },
	{ REASON_ORIGIN_BROKEN, true, "PUT", true, true },
	{ REASON_ORIGIN_BROKEN, true, "POST", true, false },
	{ REASON_ORIGIN_BROKEN, false, "POST", true, true },
	{ REASON_ORIGIN_TIMEOUT, true, "GET", true, true },
	{ REASON_ORIGIN_TIMEOUT, true, "POST", true, false },
	{ REASON_ORIGIN_TIMEOUT, true, "PATCH", true, false },
	/* an answer, our rules, the client, ourselves: nobody is asked again */
	{ REASON_ORIGIN_BAD_HEADER, true, "GET", false, false },
	{ REASON_CLIENT_GONE, false, "GET", false, false },
	{ REASON_BODY_TIMEOUT, false, "PUT", false, false },
	{ REASON_BAD_REQUEST, false, "GET", false, false },
	{ REASON_OVERLOADED, false, "GET", false, false },
	{ REASON_LOOP, false, "GET", false, false }
};

static void
only_what_an_origin_failed_goes_to_another(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(relay_moves); i++) {
		const char *word = reason_word(relay_moves[i].reason);

		TABLE_INT(word, relay_is_origins_fault(
		    relay_moves[i].reason), relay_moves[i].fault);
		TABLE_INT(word, relay_may_move(relay_moves[i].reason,
		    relay_moves[i].sent, str_of(relay_moves[i].method)),
		    relay_moves[i].want);
	}
}

static void
an_idle_wire_is_taken_by_its_target_alone(void **state)
{
	struct origin o = { .answer = STR("x") };
	struct target built;
	struct relay r;
	struct wire *w, *was;
	struct err e = { .text = "" };

	(void)state;
	relay_init(&r, 4);
	pool_limit(r.pool, 4, 10000, 0);
	origin_start(&o);
	assert_null(relay_take(&r, &o.target, true));
	assert_int_equal(wire_open(r.maker, &o.target, 5000, &w, &e), 0);
	was = w;
	pool_give(r.pool, &w);
	/* The same place, but from variables: another key. */
	built = o.target;
	built.written = false;
	built.key = STR("built");
	assert_null(relay_take(&r, &built, true));
	w = relay_take(&r, &o.target, true);
	assert_ptr_equal(w, was);
	assert_null(relay_take(&r, &o.target, true));
	pool_give(r.pool, &w);
	relay_fini(&r); /* closes it, or origin_stop would wait */
	origin_stop(&o);
	assert_int_equal(o.accepted, 1);
	origin_forget(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_request_that_did_nothing_is_repeated),
		cmocka_unit_test(only_what_an_origin_failed_goes_to_another),
		cmocka_unit_test(an_idle_wire_is_taken_by_its_target_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
