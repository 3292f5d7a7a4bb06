/* SPDX-License-Identifier: BSD-2-Clause */

/* test_err: the error value and the table of reasons. */

#include "base/err.h"

#include <string.h>

#include "tests/unit/table.h"

static const struct {
	enum reason reason;
	const char *word;
	int status;
} err_rows[] = {
	{ REASON_BAD_HOST, "bad-host", 400 },
	{ REASON_BAD_PATH, "bad-path", 400 },
	{ REASON_BAD_REQUEST, "bad-request", 400 },
	{ REASON_EGRESS_DENIED, "egress-denied", 403 },
	{ REASON_NO_HOST, "no-host", 404 },
	{ REASON_NO_PATH, "no-path", 404 },
	{ REASON_NO_SERVICE, "no-service", 404 },
	{ REASON_BODY_TIMEOUT, "body-timeout", 408 },
	{ REASON_BODY_TOO_LARGE, "body-too-large", 413 },
	{ REASON_URI_TOO_LONG, "uri-too-long", 414 },
	{ REASON_HEADERS_TOO_LARGE, "headers-too-large", 431 },
	{ REASON_CLIENT_GONE, "client-gone", 499 },
	{ REASON_INTERNAL, "internal", 500 },
	{ REASON_ORIGIN_REFUSED, "origin-refused", 502 },
	{ REASON_ORIGIN_DNS, "origin-dns", 502 },
	{ REASON_ORIGIN_TLS, "origin-tls", 502 },
	{ REASON_ORIGIN_BROKEN, "origin-broken", 502 },
	{ REASON_ORIGIN_BAD_HEADER, "origin-bad-header", 502 },
	{ REASON_NO_MAP, "no-map", 503 },
	{ REASON_MAP_BROKEN, "map-broken", 503 },
	{ REASON_OVERLOADED, "overloaded", 503 },
	{ REASON_ORIGIN_CONNECT_TIMEOUT, "origin-connect-timeout", 504 },
	{ REASON_ORIGIN_TIMEOUT, "origin-timeout", 504 },
	{ REASON_LOOP, "loop", 508 },
};

static void
reasons_have_the_words_and_statuses_of_the_manual(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(err_rows); i++) {
		const char *row = err_rows[i].word;
		enum reason found = REASON_NONE;

		TABLE_STR(row, str_of(reason_word(err_rows[i].reason)), row);
		TABLE_INT(row, reason_status(err_rows[i].reason),
		    err_rows[i].status);
		assert_true(reason_find(str_of(row), &found));
		TABLE_INT(row, found, err_rows[i].reason);
	}
}

static void
every_reason_tells_people_and_the_operator_something(void **state)
{
	enum reason reason;

	(void)state;
	for (reason = REASON_NONE; reason < REASON_COUNT; reason++) {
		const char *sentence = reason_sentence(reason);
		const char *advice = reason_advice(reason);

		assert_int_equal(sentence[strlen(sentence) - 1], '.');
		assert_true(strlen(advice) > 10);
		assert_true(strlen(reason_word(reason)) > 0);
	}
}

static void
unknown_words_and_no_error_are_not_found(void **state)
{
	enum reason found = REASON_LOOP;

	(void)state;
	assert_false(reason_find(STR("no-such-word"), &found));
	assert_false(reason_find(STR("-"), &found));
	assert_false(reason_find(STR("loo"), &found));
	assert_false(reason_find(STR("LOOP"), &found));
	assert_false(reason_find((struct str){ NULL, 0 }, &found));
	assert_int_equal(found, REASON_LOOP);
}

static void
set_fills_answers_minus_one_and_cuts_what_is_long(void **state)
{
	char big[2 * ERR_TEXT_MAX];
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, REASON_NO_HOST, "host '%s': %d", "x", 7),
	    -1);
	assert_int_equal(e.reason, REASON_NO_HOST);
	assert_string_equal(e.text, "host 'x': 7");

	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(err_set(&e, REASON_LOOP, "%s", big), -1);
	assert_int_equal(e.reason, REASON_LOOP);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    reasons_have_the_words_and_statuses_of_the_manual),
		cmocka_unit_test(
		    every_reason_tells_people_and_the_operator_something),
		cmocka_unit_test(unknown_words_and_no_error_are_not_found),
		cmocka_unit_test(
		    set_fills_answers_minus_one_and_cuts_what_is_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
