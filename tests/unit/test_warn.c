/* SPDX-License-Identifier: BSD-2-Clause */

/* warn: a line a second for each reason and place, and none is lost. */

#include "base/clock.h"
#include "base/msg.h"
#include "scratch.h"
#include "serve/warn.h"

enum { MANY = 100000 };

static int64_t now_ms;

static int64_t
warn_clock(void)
{
	return now_ms * 1000;
}

struct site {
	struct scratch scratch;
	struct warn warn;
};

static void
site_init(struct site *s)
{
	now_ms = 5000;
	clock_replace(warn_clock);
	msg_init("prog", false);
	msg_set_level(MSG_NOTICE);
	scratch_init(&s->scratch);
	scratch_listen(&s->scratch);
	warn_init(&s->warn);
}

/* What it has said, to the end. */
static const char *
site_fini(struct site *s)
{
	const char *heard;

	warn_fini(&s->warn);
	heard = scratch_heard(&s->scratch);
	scratch_fini(&s->scratch);
	clock_replace(NULL);
	return heard;
}

static void
site_fail(struct site *s, enum reason reason, const char *place)
{
	struct err e;

	err_set(&e, reason, "why");
	warn_tell(&s->warn, STR("id"), str_of(place), &e);
}

static size_t
lines_of(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void
the_first_is_said_at_once(void **state)
{
	struct site s;

	(void)state;
	site_init(&s);
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	assert_string_equal(site_fini(&s),
	    "prog: warning: id: origin-refused: why\n");
}

static void
within_a_second_they_are_counted(void **state)
{
	struct site s;
	size_t i;

	(void)state;
	site_init(&s);
	for (i = 0; i < MANY; i++)
		site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	now_ms += WARN_EVERY_MS - 1;
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	now_ms++;
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	now_ms += WARN_EVERY_MS;
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	assert_string_equal(site_fini(&s),
	    "prog: warning: id: origin-refused: why\n"
	    "prog: warning: id: origin-refused: why (and 100000 more since "
	    "the last such line)\n"
	    "prog: warning: id: origin-refused: why\n");
}

static void
each_reason_and_place_has_its_own_line(void **state)
{
	struct site s;

	(void)state;
	site_init(&s);
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop-next");
	site_fail(&s, REASON_NO_HEALTHY_ORIGIN, "@shop");
	site_fail(&s, REASON_LOOP, "");
	site_fail(&s, REASON_LOOP, "");
	assert_int_equal(lines_of(site_fini(&s)), 5);
}

static void
what_is_left_is_said_by_a_look_when_they_have_ended(void **state)
{
	struct site s;

	(void)state;
	site_init(&s);
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	warn_look(&s.warn);
	now_ms += 2 * WARN_EVERY_MS - 1;
	warn_look(&s.warn);
	assert_string_equal(scratch_heard(&s.scratch),
	    "prog: warning: id: origin-refused: why\n");
	scratch_listen(&s.scratch);
	now_ms++;
	warn_look(&s.warn);
	warn_look(&s.warn);
	assert_string_equal(site_fini(&s),
	    "prog: warning: origin-refused: @shop: 2 more\n");
}

static void
what_is_left_at_the_end_is_said(void **state)
{
	struct site s;

	(void)state;
	site_init(&s);
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	assert_string_equal(site_fini(&s),
	    "prog: warning: id: origin-refused: why\n"
	    "prog: warning: origin-refused: @shop: 1 more\n");
}

static void
whatever_places_there_are_lines_stay_few(void **state)
{
	char name[32];
	struct site s;
	size_t i;

	(void)state;
	site_init(&s);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "@production/t%zu", i);
		site_fail(&s, REASON_ORIGIN_REFUSED, name);
	}
	assert_int_equal(lines_of(scratch_heard(&s.scratch)),
	    WARN_PLACES + 1);
	scratch_listen(&s.scratch);
	snprintf(name, sizeof(name), "%d more requests failed\n",
	    MANY - WARN_PLACES - 1);
	assert_non_null(strstr(site_fini(&s), name));
}

static void
a_place_that_is_over_makes_room(void **state)
{
	char name[32];
	struct site s;
	size_t i;

	(void)state;
	site_init(&s);
	for (i = 0; i < WARN_PLACES; i++) {
		snprintf(name, sizeof(name), "@t%zu", i);
		site_fail(&s, REASON_ORIGIN_REFUSED, name);
	}
	now_ms += 2 * WARN_EVERY_MS;
	site_fail(&s, REASON_ORIGIN_REFUSED, "@new");
	site_fail(&s, REASON_ORIGIN_REFUSED, "@newer");
	assert_int_equal(lines_of(site_fini(&s)), WARN_PLACES + 2);
}

static void
a_long_place_is_cut(void **state)
{
	char name[WARN_PLACE_MAX + 3];
	struct site s;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	site_init(&s);
	site_fail(&s, REASON_ORIGIN_REFUSED, name);
	name[sizeof(name) - 2] = 'y';
	site_fail(&s, REASON_ORIGIN_REFUSED, name);
	assert_int_equal(lines_of(site_fini(&s)), 2);
}

static void
who_wants_all_gets_all(void **state)
{
	struct site s;

	(void)state;
	site_init(&s);
	msg_set_level(MSG_INFO);
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	site_fail(&s, REASON_ORIGIN_REFUSED, "@shop");
	assert_non_null(strstr(site_fini(&s),
	    "prog: id: origin-refused: why\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_said_at_once),
		cmocka_unit_test(within_a_second_they_are_counted),
		cmocka_unit_test(each_reason_and_place_has_its_own_line),
		cmocka_unit_test(
		    what_is_left_is_said_by_a_look_when_they_have_ended),
		cmocka_unit_test(what_is_left_at_the_end_is_said),
		cmocka_unit_test(whatever_places_there_are_lines_stay_few),
		cmocka_unit_test(a_place_that_is_over_makes_room),
		cmocka_unit_test(a_long_place_is_cut),
		cmocka_unit_test(who_wants_all_gets_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
