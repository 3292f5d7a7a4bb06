/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * health: what becomes of an origin by failures, answers and time; what a full
 * table and a file full of garbage do.
 */

#include "decide/health.h"

#include "tests/unit/health_site.h"

#include <inttypes.h>

#include "tests/unit/random.h"

enum { ID = 0x123 };

static void
each_state_has_a_word(void **state)
{
	(void)state;
	assert_string_equal(health_word(HEALTH_WELL), "well");
	assert_string_equal(health_word(HEALTH_OUT), "out");
	assert_string_equal(health_word(HEALTH_DUE), "due");
	assert_string_equal(health_word(HEALTH_TRIED), "tried");
}

/*
 * What happens, and what is to be seen after it, in words:
 * @MS the time is MS behind the beginning;
 * f, F a request, the trial fails, which began now, fMS, FMS, at MS; t a trial
 * for 5 s is taken, u it tells nothing; d it is made due; a an answer to a
 * request that began now, aMS, at MS; qMS did nobody have an answer since MS:
 * each with a '!' at its end when this must be answered true;
 * =WORD the state; sMS since, s- never; xN times, nN fails.
 */
struct story {
	const char *name;
	const char *words;
	unsigned max_fails;    /* 0: all as in site_limits */
	int64_t fail_window, cooldown, cooldown_max;
};

static const struct story stories[] = {
	{ "an unknown origin is well", "=well s- x0 n0 a t u =well",
	    0, 0, 0, 0 },
	{ "silence counts from when it is asked for",
	    "@5000 q0 @6000 q4999 q5000 q5001! @8000 a @9000 q7999 q8000 "
	    "q8001! a @9999 q8999 q9000 q9001!", 0, 0, 0, 0 },
	{ "answers within a second are one",
	    "f @1 a @1000 a @1001 q1 q2! a q1001 q1002!", 0, 0, 0, 0 },
	{ "what is out can be made due",
	    "f f f d =well @100 f @200 f! =out s10200 @300 d =due s300 x1 "
	    "t! d =tried F! =out s20300 x2", 0, 0, 0, 0 },
	{ "one failure is counted", "f =well s- x0 n1", 0, 0, 0, 0 },
	{ "failures within 100 ms of a counted one are that one",
	    "f @1 f @99 f n1 @100 f n2 @199 f n2 @200 f! =out", 0, 0, 0, 0 },
	{ "a failure told late is the same",
	    "@1000 f @950 f @900 f @100 f @0 f n1", 0, 0, 0, 0 },
	{ "unless it is told very late",
	    "@4000 f @1999 f @4100 n2 f! =out", 0, 0, 0, 0 },
	{ "max_fails within fail_window take it out",
	    "f @5000 f @9999 f! =out s19999 x1 n0", 0, 0, 0, 0 },
	{ "those of another window do not",
	    "f @5000 f n2 @10000 n1 f n2 =well", 0, 0, 0, 0 },
	{ "the window slides", "f @5000 f @10000 f @14999 f! =out",
	    0, 0, 0, 0 },
	{ "and slides on", "f @5000 f @10000 f @15000 f @20000 f n2 @20100 "
	    "f! =out", 0, 0, 0, 0 },
	{ "answers between failures change nothing",
	    "f @1000 a f @2000 a f! =out", 0, 0, 0, 0 },
	{ "one failure is enough where one is asked for",
	    "f! =out x1 s10000", 1, 10000, 10000, 60000 },
	{ "sixteen are counted, too",
	    "f @100 f @200 f @300 f @400 f @500 f @600 f @700 f @800 f @900 f "
	    "@1000 f @1100 f @1200 f @1300 f @1400 f n15 @1500 f! =out",
	    16, 10000, 10000, 60000 },
	{ "sixteen in a window that slides",
	    "f @1600 f @1700 f @1800 f @1900 f @2000 f @2100 f @2200 f @2300 "
	    "f @2400 f @2500 f @2600 f @2700 f @2800 f @2900 f n14 @3000 f "
	    "n15 @3100 f! =out", 16, 2000, 10000, 60000 },
	{ "failures while it is out say nothing new",
	    "f @100 f @200 f! s10200 @300 f @9000 f @10199 f =out s10200 x1",
	    0, 0, 0, 0 },
	{ "nor while it is due", "f @100 f @200 f! @10200 =due f =due s10200",
	    0, 0, 0, 0 },
	{ "it is out for the cooldown and then due",
	    "f @100 f @200 f! @10199 =out t @10200 =due s10200 x1 @99999 "
	    "=due s10200", 0, 0, 0, 0 },
	{ "there is one trial", "f @100 f @200 f! @10200 t! =tried s15200 t t "
	    "@15199 t =tried", 0, 0, 0, 0 },
	{ "a trial that does not end is one no longer",
	    "f @100 f @200 f! @10200 t! @15200 =due s15200 t! =tried s20200 "
	    "x1", 0, 0, 0, 0 },
	{ "an answer to the trial brings it back",
	    "f @100 f @200 f! @10200 t! a! =well s- n0 a t", 0, 0, 0, 0 },
	{ "a failed trial puts it out for twice as long",
	    "f @100 f @200 f! @10200 t! F! =out s30200 x2 @30200 t! F! "
	    "s70200 x3", 0, 0, 0, 0 },
	{ "and never longer than cooldown_max",
	    "f @100 f @200 f! @10200 t! F! @30200 t! F! @70200 t! F! s130200 "
	    "x4 @130200 t! F! s190200 x5 =out", 0, 0, 0, 0 },
	{ "a cooldown beyond cooldown_max is that",
	    "f! s500 @500 t! F! s1000", 1, 10000, 1000, 500 },
	{ "other failures do not end the trial",
	    "f @100 f @200 f! @10200 t! f =tried s15200 @10400 f a! =well",
	    0, 0, 0, 0 },
	{ "a trial that fails late is still one",
	    "f @100 f @200 f! @10200 t! @15300 =due F! s35300 x2", 0, 0, 0,
	    0 },
	{ "late failures of what went to it before it was back are none",
	    "f! @10000 t! @10200 a10000! @12000 f9000 f10199 F10000 =well n0 "
	    "f10200! =out x2", 1, 10000, 10000, 60000 },
	{ "one that fails when it is back is a failure",
	    "f @100 f @200 f! @10200 t! a! @10500 F n1 =well", 0, 0, 0, 0 },
	{ "one that fails when it is out again is none",
	    "f @100 f @200 f! @10200 t! F! @10300 F =out s30200 x2",
	    0, 0, 0, 0 },
	{ "a trial that told nothing is due after the first cooldown",
	    "f @100 f @200 f! @10200 t! F! @30200 t! @31000 u =out s41000 x2 "
	    "@41000 =due t!", 0, 0, 0, 0 },
	{ "what is no trial cannot end as one",
	    "u =well f @100 f @200 f! u =out s10200 @10200 u =due s10200",
	    0, 0, 0, 0 },
	{ "an answer without a trial brings it back, too",
	    "f @100 f @200 f! @300 a! =well n0", 0, 0, 0, 0 },
	{ "but none to a request from before it was out",
	    "f @100 f @200 f! @300 a199 a0 =out a200! =well", 0, 0, 0, 0 },
	{ "nor from before the trial that failed",
	    "f @100 f @200 f! @10200 t! @11000 F! a10999 =out a11000! =well",
	    0, 0, 0, 0 },
	{ "failures before it came back are forgotten",
	    "f @100 f @200 f! @1000 a! n0 @1100 f n1 @1200 f n2 =well @1300 "
	    "f! =out", 0, 60000, 100, 60000 },
	{ "soon out again is out for twice as long",
	    "f! @10000 t! a! @19999 x1 f! x2 s39999 =out",
	    1, 10000, 10000, 60000 },
	{ "and each time it comes and goes for longer",
	    "f! @10000 t! a! @10100 f! x2 s30100 @30100 t! a! @50099 f! x3 "
	    "s90099 @90099 t! a! @130098 f! x4 s190098 @190098 t! a! "
	    "@190200 f! s250200", 1, 10000, 10000, 60000 },
	{ "well for as long as it was out, that is forgotten",
	    "f! @10000 t! a! @20000 x0 f! x1 s30000", 1, 10000, 10000,
	    60000 },
	{ "that it was out for longer is forgotten later",
	    "f! @10000 t! F! x2 @30000 t! a! @49999 x2 @50000 x0 f! x1",
	    1, 10000, 10000, 60000 },
	{ "it does not count beyond what its word holds",
	    "f! @100 t! F! @200 t! F! @300 t! F! @400 t! F! @500 t! F! @600 "
	    "t! F! @700 t! F! @800 t! F! @900 t! F! @1000 t! F! x11 s1100",
	    1, 100, 100, 100 },
};

static void
story_is(const struct story *row, struct health *h,
    const struct health_limits *limits, const char *word)
{
	struct health_view v;

	health_view(h, ID, limits, clock_ms(), &v);
	if (word[0] == '=')
		TABLE_STR(row->name, str_of(health_word(v.state)), word + 1);
	else if (strcmp(word, "s-") == 0)
		TABLE_INT(row->name, v.since, 0);
	else if (word[0] == 's')
		TABLE_INT(row->name, v.since, SITE_BEGIN + atoll(word + 1));
	else if (word[0] == 'x')
		TABLE_INT(row->name, v.times, atoll(word + 1));
	else if (word[0] == 'n')
		TABLE_INT(row->name, v.fails, atoll(word + 1));
	else
		fail_msg("row '%s': what is '%s'?", row->name, word);
}

/* One word of a story. */
static void
story_goes(const struct story *row, struct health *h,
    const struct health_limits *limits, const char *word)
{
	int64_t now = clock_ms(), ms = 0;
	bool yes = false;

	if (word[0] == '@')
		site_at(SITE_BEGIN + atoll(word + 1));
	else if (word[0] == 'd')
		health_make_due(h, ID);
	else if (word[0] == 'u')
		health_untried(h, ID, limits, now);
	else if (word[0] == 'f' || word[0] == 'F')
		yes = health_failed(h, ID, limits, now, word[1] >= '0' ?
		    SITE_BEGIN + atoll(word + 1) : now, word[0] == 'F', &ms);
	else if (word[0] == 't')
		yes = health_try(h, ID, limits, now, 5000);
	else if (word[0] == 'a' && word[1] >= '0')
		yes = health_answered(h, ID, SITE_BEGIN + atoll(word + 1));
	else if (word[0] == 'a')
		yes = health_answered(h, ID, now);
	else if (word[0] == 'q')
		yes = health_silent(h, ID, SITE_BEGIN + atoll(word + 1));
	else
		story_is(row, h, limits, word);
	if (yes != (word[strlen(word) - 1] == '!'))
		fail_msg("row '%s': %s at %" PRId64 ": %s", row->name, word,
		    now - SITE_BEGIN, yes ? "true" : "false");
	if (yes && (word[0] == 'f' || word[0] == 'F')) {
		struct health_view v;

		health_view(h, ID, limits, now, &v);
		TABLE_INT(row->name, now + ms, v.since);
	}
}

static void
each_story_ends_as_it_should(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(stories); i++) {
		const struct story *row = &stories[i];
		struct health_limits limits = site_limits;
		char words[1024], *rest = words, *word;
		struct health *h;

		snprintf(words, sizeof(words), "%s", row->words);
		if (row->max_fails != 0)
			limits.max_fails = row->max_fails;
		if (row->fail_window != 0) {
			limits.fail_window = row->fail_window;
			limits.cooldown = row->cooldown;
			limits.cooldown_max = row->cooldown_max;
		}
		site_init(NULL);
		h = site_join();
		while ((word = strsep(&rest, " ")) != NULL)
			story_goes(row, h, &limits, word);
		health_leave(&h);
		assert_null(h);
		site_fini(NULL);
	}
}

/* ---- by several routers ---- */

static void
two_routers_know_the_same(void **state)
{
	struct health *a = site_join(), *b = site_join();
	uint64_t id = health_id(a, STR("http://a.test:80"));

	(void)state;
	assert_int_equal(health_id(b, STR("http://a.test:80")), id);
	assert_int_not_equal(health_id(b, STR("http://b.test:80")), id);
	assert_int_not_equal(id, 0);
	assert_false(site_fails(a, id));
	assert_false(site_fails(b, id));
	assert_int_equal(site_view(a, id).fails, 1);
	site_at(SITE_BEGIN + 100);
	assert_false(site_fails(b, id));
	site_at(SITE_BEGIN + 200);
	assert_true(site_fails(a, id));
	assert_int_equal(site_view(b, id).state, HEALTH_OUT);
	site_at(SITE_BEGIN + 10200);
	assert_true(health_try(b, id, &site_limits, clock_ms(), 1000));
	assert_int_equal(site_view(a, id).state, HEALTH_TRIED);
	assert_false(health_try(a, id, &site_limits, clock_ms(), 1000));
	assert_true(health_answered(b, id, clock_ms()));
	assert_false(health_answered(a, id, clock_ms()));
	assert_int_equal(site_view(a, id).state, HEALTH_WELL);
	health_leave(&a);
	health_leave(&b);
}

static void
what_is_known_outlives_routers(void **state)
{
	struct health *h = site_join();

	(void)state;
	site_takes_out(h, ID);
	health_leave(&h);
	h = site_join();
	assert_int_equal(site_view(h, ID).state, HEALTH_OUT);
	health_leave(&h);
	health_leave(&h);
}

static void
requests_of_all_routers_are_counted(void **state)
{
	struct health *a = site_join(), *b = site_join();
	uint64_t first = site_began(a, ID), second = site_began(b, ID);
	uint64_t other = site_began(b, ID + 1);

	(void)state;
	site_began(a, ID);
	site_began(a, ID);
	assert_int_equal(site_view(b, ID).active, 4);
	assert_int_equal(site_view(a, ID + 1).active, 1);
	health_ended(a, first);
	assert_int_equal(site_view(b, ID).active, 3);
	/* Those of a router that leaves go with it. */
	health_leave(&a);
	assert_int_equal(site_view(b, ID).active, 1);
	a = site_join();
	assert_int_equal(site_view(a, ID).active, 1);
	health_ended(b, second);
	health_ended(b, other);
	assert_int_equal(site_view(b, ID).active, 0);
	assert_int_equal(site_view(b, ID + 1).active, 0);
	health_leave(&a);
	health_leave(&b);
}

static void
a_glance_is_a_view_that_does_not_count(void **state)
{
	struct health *h = site_join();
	struct health_view view, glance;

	(void)state;
	site_takes_out(h, ID);
	assert_int_not_equal(site_began(h, ID), 0);
	view = site_view(h, ID);
	assert_int_equal(view.active, 1);
	health_glance(h, ID, &site_limits, clock_ms(), &glance);
	assert_int_equal(glance.active, 0);
	assert_int_equal(glance.state, view.state);
	assert_int_equal(glance.since, view.since);
	assert_int_equal(glance.times, view.times);
	assert_int_equal(glance.fails, view.fails);
	health_leave(&h);
}

static void
requests_are_counted_neither_below_0_nor_round(void **state)
{
	struct health *h = site_join();
	uint64_t counted;
	int i;

	(void)state;
	health_ended(h, 0);
	counted = site_began(h, ID);
	health_ended(h, counted);
	health_ended(h, counted);
	assert_int_equal(site_view(h, ID).active, 0);
	for (i = 0; i < UINT16_MAX + 2; i++)
		site_began(h, ID);
	assert_int_equal(site_view(h, ID).active, UINT16_MAX);
	health_ended(h, counted);
	assert_int_equal(site_view(h, ID).active, UINT16_MAX - 1);
	health_leave(&h);
}

static void
a_request_that_began_in_another_file_is_not_counted_in_this(void **state)
{
	struct health *h = site_join();
	uint64_t counted = site_began(h, ID), own;
	char path[SCRATCH_PATH_MAX];
	struct err e;

	(void)state;
	assert_int_equal(unlink(scratch_path(&site, "health.2", path)), 0);
	assert_int_equal(health_look(h, &e), 0);
	assert_int_equal(site_view(h, ID).active, 0);
	own = site_began(h, ID);
	health_ended(h, counted);
	assert_int_equal(site_view(h, ID).active, 1);
	health_ended(h, own);
	assert_int_equal(site_view(h, ID).active, 0);
	health_leave(&h);
}

static void
counting_begins_at_0_whatever_stood_there(void **state)
{
	struct health *h = site_join();
	struct health_data *d = site_open();
	int place;

	(void)state;
	assert_false(site_fails(h, ID));
	place = health_place_find(d, ID);
	assert_int_not_equal(place, -1);
	d->origins[place].active[0] = 77;
	assert_int_equal(site_view(h, ID).active, 0);
	site_began(h, ID);
	assert_int_equal(site_view(h, ID).active, 1);
	/* Of a slot that nobody has. */
	d->masks[place][1] |= 1;
	d->origins[place].active[64] = 77;
	assert_int_equal(site_view(h, ID).active, 1);
	site_close(d);
	health_leave(&h);
}

static void
a_trial_is_one_for_a_bounded_time(void **state)
{
	static const struct { const char *name; int64_t ms, until; } rows[] = {
		{ "none", 0, 1 },
		{ "a bad one", -5, 1 },
		{ "short", 1, 1 },
		{ "long", 600000, 600000 },
		{ "too long", INT64_MAX, 600000 }
	};
	struct health *h = site_join();
	size_t i;

	(void)state;
	site_takes_out(h, ID);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		int64_t now = clock_ms() + HEALTH_TRIAL_MAX_MS;

		site_at(now);
		assert_true(health_try(h, ID, &site_limits, now, rows[i].ms));
		TABLE_INT(rows[i].name, site_view(h, ID).since - now,
		    rows[i].until);
		TABLE_INT(rows[i].name, site_view(h, ID).state, HEALTH_TRIED);
	}
	health_leave(&h);
}

static void
a_router_without_a_slot_knows_the_same_but_does_not_count(void **state)
{
	struct health *all[HEALTH_SLOTS], *late;
	unsigned i;

	(void)state;
	for (i = 0; i < HEALTH_SLOTS; i++) {
		all[i] = site_join();
		assert_int_not_equal(site_began(all[i], ID), 0);
	}
	late = site_join();
	assert_int_equal(site_began(late, ID), 0);
	assert_int_equal(site_view(late, ID).active, HEALTH_SLOTS);
	site_takes_out(late, ID);
	assert_int_equal(site_view(all[0], ID).state, HEALTH_OUT);
	for (i = 0; i < HEALTH_SLOTS; i++)
		health_leave(&all[i]);
	assert_int_equal(site_view(late, ID).active, 0);
	health_leave(&late);
}

static void
each_turn_is_given_once_by_all_routers(void **state)
{
	struct health *a = site_join(), *b = site_join();
	struct health_data *d = site_open();
	uint64_t first = health_turn(a, ID);
	uint64_t i;

	(void)state;
	for (i = 1; i < 1000; i++) {
		assert_int_equal(health_turn_next(a, ID), first + i);
		assert_int_equal(health_turn(i % 3 != 0 ? a : b, ID),
		    first + i);
	}
	assert_int_equal(health_turn_next(a, ID + 1), 0);
	for (i = 0; d->services[i].id != ID; i++)
		;
	d->services[i].turn = UINT64_MAX;
	assert_int_equal(health_turn(b, ID), UINT64_MAX);
	assert_int_equal(health_turn(b, ID), 0);
	site_close(d);
	health_leave(&a);
	health_leave(&b);
}

static void
a_tool_sees_and_changes_nothing(void **state)
{
	struct health *h, *tool;
	struct err e;
	uint64_t turn;

	(void)state;
	assert_null(health_read(site.folder, &e));
	assert_int_equal(scratch_count(&site), 0);
	h = site_join();
	tool = health_read(site.folder, &e);
	assert_non_null(tool);
	assert_int_equal(site_view(tool, ID).state, HEALTH_WELL);
	site_takes_out(h, ID);
	site_began(h, ID);
	turn = health_turn(h, ID);
	assert_int_equal(site_view(tool, ID).state, HEALTH_OUT);
	assert_int_equal(site_view(tool, ID).active, 1);
	assert_int_equal(site_view(tool, ID).since, SITE_BEGIN + 10200);
	assert_int_equal(health_turn_next(tool, ID), turn + 1);
	assert_int_equal(health_id(tool, STR("x")), health_id(h, STR("x")));
	health_leave(&tool);
	health_leave(&h);
}

static void
without_a_folder_a_router_knows_for_itself(void **state)
{
	struct health *h;
	struct err e;
	uint64_t turn;

	(void)state;
	h = health_join("/proc/self/no/such", true, &e);
	assert_int_equal(e.reason, REASON_INTERNAL);
	site_takes_out(h, ID);
	assert_int_equal(site_view(h, ID).state, HEALTH_OUT);
	site_began(h, ID);
	assert_int_equal(site_view(h, ID).active, 1);
	turn = health_turn(h, ID);
	assert_true(health_turn(h, ID) == turn + 1);
	assert_int_equal(health_look(h, &e), 0);
	assert_int_equal(site_view(h, ID).state, HEALTH_OUT);
	health_leave(&h);
}

/* In hipache's redis a dead mark without an end kept a whole domain down. */
static void
one_dead_mark_does_not_keep_an_origin_out_for_ever(void **state)
{
	struct health_limits limits = site_limits;
	struct health *h = site_join();
	struct health_data *d = site_open();
	int place, round;

	(void)state;
	limits.max_fails = 1;
	/* One by a router that is killed behind it, ones that never end. */
	for (round = 0; round < 3; round++) {
		int64_t ms, now = clock_ms();

		assert_true(health_failed(h, ID, &limits, now, now, false,
		    &ms));
		assert_int_equal(ms, 10000);
		health_leave(&h);
		h = site_join();
		place = health_place_find(d, ID);
		if (round == 1)
			d->origins[place].state = health_state_word(ID,
			    HEALTH_KIND_OUT, 1, INT64_MAX);
		if (round == 2)
			d->origins[place].state = health_state_word(ID,
			    HEALTH_KIND_TRIED, 1, INT64_MAX);
		site_at(now + 10000);
		assert_int_equal(site_view(h, ID).state, HEALTH_DUE);
		assert_true(health_try(h, ID, &limits, clock_ms(), 1000));
		assert_true(health_answered(h, ID, clock_ms()));
		assert_int_equal(site_view(h, ID).state, HEALTH_WELL);
		site_at(now + 20000);
	}
	site_close(d);
	health_leave(&h);
}

/* ---- when there is no place ---- */

/* The i-th of ids that share a bucket. */
static uint64_t
crowded(unsigned i)
{
	return (uint64_t)(i + 1) << 52 | 0x450 | i % HEALTH_BUCKET;
}

static void
an_origin_without_a_place_is_as_if_it_were_well(void **state)
{
	struct health *h = site_join();
	const uint64_t id = crowded(HEALTH_BUCKET);
	unsigned i;

	(void)state;
	for (i = 0; i < HEALTH_BUCKET; i++)
		site_takes_out(h, crowded(i));
	for (i = 0; i < 5; i++) {
		site_at(clock_ms() + 100);
		assert_false(site_fails(h, id));
	}
	assert_int_equal(site_began(h, id), 0);
	assert_int_equal(site_view(h, id).state, HEALTH_WELL);
	assert_int_equal(site_view(h, id).active, 0);
	assert_int_equal(site_view(h, id).fails, 0);
	assert_false(health_try(h, id, &site_limits, clock_ms(), 1));
	assert_false(health_answered(h, id, clock_ms()));
	health_untried(h, id, &site_limits, clock_ms());
	for (i = 0; i < HEALTH_BUCKET; i++)
		assert_int_equal(site_view(h, crowded(i)).state, HEALTH_OUT);
	health_leave(&h);
}

/* What the origins of a full bucket but one are, what that one is, and whether
 * another then gets its place. */
struct crowd {
	const char *name;
	int fails;      /* the one's, at the beginning */
	bool came_back;
	bool busy;      /* it has a request */
	bool gone;      /* of a router that left */
	int64_t after;  /* ms */
	bool gives;
};

static const struct crowd crowds[] = {
	{ "idle and never failed", 0, false, false, false, 0, true },
	{ "busy", 0, false, true, false, 0, false },
	{ "busy with a router that left", 0, false, true, true, 0, true },
	{ "failed just now", 1, false, false, false, 0, false },
	{ "failed ten minutes ago", 1, false, false, false, 600000, false },
	{ "failed longer ago", 1, false, false, false, 600001, true },
	{ "longer ago, but busy", 1, false, true, false, 600001, false },
	{ "out", 3, false, false, false, 0, false },
	{ "due for ten minutes", 3, false, false, false, 610200, false },
	{ "due for longer", 3, false, false, false, 610201, true },
	{ "came back just now", 3, true, false, false, 0, false },
	{ "came back long ago", 3, true, false, false, 600201, true },
};

static void
only_a_place_that_nothing_is_known_of_is_taken(void **state)
{
	const uint64_t one = crowded(7), other = crowded(HEALTH_BUCKET);
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(crowds); i++) {
		const struct crowd *row = &crowds[i];
		struct health *h, *busy;
		uint64_t counted;
		unsigned k;
		int n;

		site_init(NULL);
		h = site_join();
		busy = site_join();
		for (n = 0; n < row->fails; n++) {
			site_at(SITE_BEGIN + 100 * n);
			site_fails(h, one);
		}
		counted = site_began(busy, one);
		if (row->came_back)
			assert_true(health_answered(h, one, clock_ms()));
		if (!row->busy)
			health_ended(busy, counted);
		site_at(SITE_BEGIN + row->after);
		for (k = 0; k < HEALTH_BUCKET; k++)
			if (crowded(k) != one)
				site_takes_out(h, crowded(k));
		if (row->gone)
			health_leave(&busy);
		site_at(SITE_BEGIN + row->after);
		site_began(h, other);
		TABLE_INT(row->name, site_view(h, other).active, row->gives);
		TABLE_INT(row->name, site_view(h, one).active,
		    row->busy && !row->gone);
		for (k = 0; k < HEALTH_BUCKET; k++)
			if (crowded(k) != one)
				TABLE_INT(row->name,
				    site_view(h, crowded(k)).state,
				    HEALTH_OUT);
		health_leave(&busy);
		health_leave(&h);
		site_fini(NULL);
	}
}

static void
a_place_that_is_taken_tells_nothing_of_its_former_origin(void **state)
{
	const uint64_t id = crowded(HEALTH_BUCKET);
	struct health *h = site_join();
	struct health_data *d = site_open();
	struct health_view v;
	int place;

	(void)state;
	site_takes_out(h, crowded(0));
	site_began(h, crowded(0));
	place = health_place_find(d, crowded(0));
	assert_int_not_equal(place, -1);
	/* Somebody else may have it, and the former one is told of late. */
	d->ids[place] = id;
	v = site_view(h, id);
	assert_int_equal(v.state, HEALTH_WELL);
	assert_int_equal(v.fails, 0);
	assert_int_equal(v.times, 0);
	assert_false(health_try(h, id, &site_limits, clock_ms(), 1));
	assert_false(health_answered(h, id, clock_ms()));
	assert_false(site_fails(h, id));
	assert_int_equal(site_view(h, id).fails, 1);
	site_close(d);
	health_leave(&h);
}

static void
even_one_that_looks_like_it_knows_nothing_of_it(void **state)
{
	/* The same bits stand in the stamps of both. */
	const uint64_t id = crowded(7), like = id ^ UINT64_C(1) << 30;
	struct health *h = site_join();
	struct health_view v;
	unsigned i;

	(void)state;
	site_takes_out(h, id);
	site_at(SITE_BEGIN + 700000);
	for (i = 0; i < HEALTH_BUCKET; i++)
		if (crowded(i) != id)
			site_takes_out(h, crowded(i));
	assert_int_equal(site_view(h, id).state, HEALTH_DUE);
	site_began(h, like);
	v = site_view(h, like);
	assert_int_equal(v.active, 1);
	assert_int_equal(v.state, HEALTH_WELL);
	assert_int_equal(v.times, 0);
	assert_int_equal(site_view(h, id).state, HEALTH_WELL);
	health_leave(&h);
}

/* And has the requests of both. */
static void
an_origin_that_got_two_places_is_in_the_first(void **state)
{
	struct health *h = site_join();
	struct health_data *d = site_open();
	uint64_t counted;

	(void)state;
	d->ids[health_place_nth(ID, 5)] = ID;
	counted = site_began(h, ID);
	d->ids[health_place_nth(ID, 2)] = ID;
	site_began(h, ID);
	site_takes_out(h, ID);
	assert_int_equal(site_view(h, ID).state, HEALTH_OUT);
	assert_int_equal(health_place_take(d, ID), health_place_nth(ID, 2));
	assert_int_equal(site_view(h, ID).active, 2);
	health_ended(h, counted);
	assert_int_equal(site_view(h, ID).active, 1);
	site_close(d);
	health_leave(&h);
}

static void
thousands_of_origins_have_their_places(void **state)
{
	struct health *h = site_join();
	unsigned i, out = 0, placed = 0;

	(void)state;
	for (i = 0; i < 1000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "http://10.0.%u.%u", i / 250,
		    i % 250);
		site_takes_out(h, health_id(h, str_of(name)));
	}
	for (i = 0; i < 1000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "http://10.0.%u.%u", i / 250,
		    i % 250);
		out += site_view(h, health_id(h, str_of(name))).times == 1;
	}
	assert_int_equal(out, 1000);
	/* Idle ones come and go without an end. */
	for (i = 0; i < 100000; i++) {
		uint64_t counted = site_began(h,
		    i * UINT64_C(0x9e3779b97f4a7c15));

		placed += counted != 0;
		health_ended(h, counted);
	}
	assert_in_range(placed, 99900, 100000);
	health_leave(&h);
}

static void
a_service_without_a_place_gets_random_turns_and_then_a_place(void **state)
{
	const uint64_t id = crowded(HEALTH_BUCKET);
	struct health *h = site_join();
	unsigned i, random = 0, shares[4] = { 0 };
	uint64_t turn = 0;

	(void)state;
	for (i = 0; i < HEALTH_BUCKET; i++)
		health_turn(h, crowded(i));
	while (health_turn_next(h, id) == 0 && random < 10000) {
		random++;
		turn = health_turn(h, id);
	}
	assert_in_range(random, 1, 9999);
	assert_int_equal(health_turn(h, id), turn + 1);
	/* As many as all places, in turn: shares stay even. */
	for (i = 0; i < 400000; i++)
		shares[health_turn(h, crowded(i % 64)) % 4]++;
	for (i = 0; i < 4; i++)
		assert_in_range(shares[i], 97500, 102500);
	health_leave(&h);
}

/* ---- whatever the file holds ---- */

/* A time that means nothing: near now, or any. */
static int64_t
garbage_ms(void)
{
	switch (random_below(4)) {
	case 0:
		return clock_ms() - 30000 + random_below(60000);
	case 1:
		return clock_ms() - 90000000 + random_below(180000000);
	case 2:
		return clock_ms();
	default:
		return (int64_t)random_below(UINT32_MAX) << 12;
	}
}

/* Fills every word; some as if an origin's own routers had written them. */
static void
garbage_fill(struct health_data *d)
{
	_Atomic uint64_t *words = (_Atomic uint64_t *)(void *)d;
	struct shm_head *head = (void *)((char *)d - SHM_HEAD);
	size_t i, k;

	for (i = 0; i < sizeof(*d) / sizeof(*words); i++)
		words[i] = (uint64_t)random_below(UINT32_MAX) << 32 ^
		    random_below(UINT32_MAX);
	for (i = 0; i < SHM_SLOTS_MAX; i++)
		if (head->holders[i] == 0)
			head->holders[i] = random_below(3);
	for (i = 0; i < HEALTH_PLACES; i++) {
		struct health_origin *o = &d->origins[i];
		uint64_t id = d->ids[i] & ~UINT64_C(0xfff);

		id |= i;
		d->ids[i] = id;
		if (random_below(4) == 0)
			continue;
		o->state = health_stamp_word(id, random_below(256),
		    garbage_ms());
		o->last = health_stamp_word(id, random_below(256),
		    garbage_ms());
		for (k = 0; k < HEALTH_FAILS_MAX; k++)
			o->fails[k] = health_stamp_word(id,
			    random_below(256), garbage_ms());
	}
}

/* Whatever is known of it, it comes back in time, and is taken out when it
 * fails then. */
static void
garbage_heals(struct health *h, uint64_t id, unsigned i)
{
	struct health_view v = site_view(h, id);
	int64_t ms = 0, began;
	bool out = false;
	unsigned n;

	if (v.state == HEALTH_OUT)
		assert_true(v.since - clock_ms() <= site_limits.cooldown_max);
	if (v.state == HEALTH_TRIED)
		assert_true(v.since - clock_ms() <= HEALTH_TRIAL_MAX_MS);
	began = clock_ms();
	if (v.state == HEALTH_OUT)
		site_at(began + site_limits.cooldown_max);
	if (v.state == HEALTH_TRIED)
		site_at(began + HEALTH_TRIAL_MAX_MS);
	v = site_view(h, id);
	if (v.state != HEALTH_WELL) {
		assert_int_equal(v.state, HEALTH_DUE);
		assert_true(health_try(h, id, &site_limits, clock_ms(),
		    1000));
		if (i % 3 == 0) {
			assert_true(health_failed(h, id, &site_limits,
			    clock_ms(), clock_ms(), true, &ms));
			assert_true(ms <= site_limits.cooldown_max);
			site_at(clock_ms() + ms);
			assert_true(health_try(h, id, &site_limits,
			    clock_ms(), 1000));
		}
		assert_true(health_answered(h, id, clock_ms()));
	}
	assert_int_equal(site_view(h, id).state, HEALTH_WELL);
	/* Times less than a second ahead may hide failures till they pass. */
	for (n = 0; n < 9 && !out; n++) {
		site_at(clock_ms() + (n == 3 || n == 6 ? 1100 : 100));
		out = site_fails(h, id);
	}
	assert_true(out);
	site_at(began);
}

static void
garbage_in_the_file_keeps_no_origin_out(void **state)
{
	struct health *h = site_join(), *other;
	struct health_data *d = site_open();
	unsigned round, i;
	struct err e;

	(void)state;
	for (round = 0; round < 3; round++) {
		random_begin(random_seed() + round);
		garbage_fill(d);
		for (i = 0; i < HEALTH_PLACES; i++)
			garbage_heals(h, d->ids[i], i);
		/* Nothing that is counted by slots nobody has stays. */
		garbage_fill(d);
		assert_int_equal(health_look(h, &e), 0);
		other = site_join();
		site_began(other, d->ids[9]);
		health_leave(&other);
		for (i = 0; i < HEALTH_PLACES; i++) {
			uint64_t id = d->ids[i];
			uint32_t own = site_view(h, id).active;

			assert_true(own <= UINT16_MAX);
			health_ended(h, site_began(h, id));
			health_turn(h, id);
		}
	}
	site_close(d);
	health_leave(&h);
}

static void
garbage_gives_its_places_to_what_is_real(void **state)
{
	struct health *h = site_join();
	struct health_data *d = site_open();
	unsigned i, n;
	struct err e;

	(void)state;
	garbage_fill(d);
	health_leave(&h);
	h = site_join();
	assert_int_equal(health_look(h, &e), 0);
	site_at(SITE_BEGIN + 200000000);
	for (i = 0; i < 1000; i++)
		site_takes_out(h, i * UINT64_C(0x9e3779b97f4a7c15) + 1);
	for (i = 0, n = 0; i < 1000; i++)
		n += site_view(h, i * UINT64_C(0x9e3779b97f4a7c15) + 1)
		    .times == 1;
	assert_int_equal(n, 1000);
	site_close(d);
	health_leave(&h);
}

static void
a_file_that_is_cut_loses_what_was_known_and_no_call(void **state)
{
	struct health *h;
	struct err e;
	char path[SCRATCH_PATH_MAX];
	uint64_t counted;
	int64_t ms;
	int call;

	(void)state;
	scratch_listen(&site);
	for (call = 0; call < 9; call++) {
		h = site_join();
		site_takes_out(h, ID);
		health_turn(h, ID);
		counted = site_began(h, ID);
		assert_int_equal(truncate(scratch_path(&site, "health.2",
		    path), SHM_HEAD), 0);
		switch (call) {
		case 0:
			assert_int_equal(site_view(h, ID).state,
			    HEALTH_WELL);
			break;
		case 1:
			assert_false(health_try(h, ID, &site_limits,
			    clock_ms() + 20000, 1));
			break;
		case 2:
			assert_false(health_failed(h, ID, &site_limits,
			    clock_ms(), clock_ms(), true, &ms));
			break;
		case 3:
			assert_false(health_answered(h, ID, clock_ms()));
			break;
		case 4:
			health_untried(h, ID, &site_limits, clock_ms());
			break;
		case 5:
			assert_int_equal(site_began(h, ID), 0);
			break;
		case 6:
			health_ended(h, counted);
			break;
		case 7:
			health_turn(h, ID);
			break;
		default:
			assert_int_equal(health_turn_next(h, ID), 0);
			break;
		}
		assert_int_equal(health_look(h, &e), 0);
		assert_int_equal(site_view(h, ID).state, HEALTH_WELL);
		site_takes_out(h, ID);
		health_leave(&h);
		h = site_join();
		assert_int_equal(site_view(h, ID).state, HEALTH_OUT);
		health_leave(&h);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(scratch_times(scratch_heard(&site),
	    "replaced by a new one"), 9);
}

/* ---- the manual ---- */

struct drawn {
	const char *name;
	size_t offset, size;
};

#define DRAWN(of, member, from) \
	{ #member, (from) + offsetof(of, member), \
	    sizeof(((of *)NULL)->member) }

static const struct drawn drawn[] = {
	DRAWN(struct health_data, ids, SHM_HEAD),
	DRAWN(struct health_data, masks, SHM_HEAD),
	DRAWN(struct health_data, origins, SHM_HEAD),
	DRAWN(struct health_data, services, SHM_HEAD),
	DRAWN(struct health_origin, state, 0),
	DRAWN(struct health_origin, last, 0),
	DRAWN(struct health_origin, fails, 0),
	DRAWN(struct health_origin, active, 0),
	DRAWN(struct health_origin, heard, 0),
	DRAWN(struct health_origin, named, 0),
	DRAWN(struct health_origin, name, 0)
};

/* A tool lists them all, by the names that they have in lists. */
static void
a_tool_lists_origins_by_name(void **state)
{
	static char text[2 * HEALTH_NAME_MAX];
	struct health *h = site_join(), *tool;
	struct health_row row;
	unsigned at = 0, seen = 0;
	struct err e;

	(void)state;
	memset(text, 'x', sizeof(text));
	health_began(h, ID, STR("http://127.0.0.1:8080"));
	health_began(h, ID, STR("http://127.0.0.1:8080"));
	health_began(h, ID + 1, (struct str){ text, sizeof(text) });
	site_takes_out(h, ID + 1);
	tool = health_read(site.folder, &e);
	assert_non_null(tool);
	while (health_next(tool, &at, &site_limits, clock_ms(), &row)) {
		bool out = row.view.state == HEALTH_OUT;

		seen++;
		assert_int_equal(row.view.active, out ? 1 : 2);
		if (out)
			assert_int_equal(row.name_size, HEALTH_NAME_MAX);
		else
			TABLE_STR("name",
			    ((struct str){ row.name, row.name_size }),
			    "http://127.0.0.1:8080");
	}
	assert_int_equal(seen, 2);
	health_leave(&tool);
	health_leave(&h);
}

static void
the_manual_draws_the_file_as_it_is(void **state)
{
	const char *top = getenv("TOP_SRCDIR");
	char path[SCRATCH_PATH_MAX], *line, *rest;
	size_t i = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/fcgi-router/fcgi-router.8",
	    top != NULL ? top : ".");
	rest = strdup(scratch_read_path(path));
	assert_non_null(rest);
	line = strstr(rest, "\n.Pa health.2\n");
	assert_non_null(line);
	while (i < TABLE_COUNT(drawn) && (line = strchr(line, '\n')) != NULL) {
		size_t offset, size;
		char name[16];

		line++;
		if (sscanf(line, "%zu %zu %15s", &offset, &size, name) != 3)
			continue;
		assert_string_equal(name, drawn[i].name);
		assert_int_equal(offset, drawn[i].offset);
		assert_int_equal(size, drawn[i].size);
		i++;
	}
	assert_int_equal(i, TABLE_COUNT(drawn));
	free(rest);
}

#define SITE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, site_init, site_fini)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_has_a_word),
		cmocka_unit_test(each_story_ends_as_it_should),
		SITE_TEST(two_routers_know_the_same),
		SITE_TEST(what_is_known_outlives_routers),
		SITE_TEST(requests_of_all_routers_are_counted),
		SITE_TEST(a_glance_is_a_view_that_does_not_count),
		SITE_TEST(requests_are_counted_neither_below_0_nor_round),
		SITE_TEST(
		a_request_that_began_in_another_file_is_not_counted_in_this),
		SITE_TEST(counting_begins_at_0_whatever_stood_there),
		SITE_TEST(a_trial_is_one_for_a_bounded_time),
		SITE_TEST(
		    a_router_without_a_slot_knows_the_same_but_does_not_count),
		SITE_TEST(each_turn_is_given_once_by_all_routers),
		SITE_TEST(a_tool_sees_and_changes_nothing),
		SITE_TEST(without_a_folder_a_router_knows_for_itself),
		SITE_TEST(one_dead_mark_does_not_keep_an_origin_out_for_ever),
		SITE_TEST(an_origin_without_a_place_is_as_if_it_were_well),
		cmocka_unit_test(
		    only_a_place_that_nothing_is_known_of_is_taken),
		SITE_TEST(
		    a_place_that_is_taken_tells_nothing_of_its_former_origin),
		SITE_TEST(even_one_that_looks_like_it_knows_nothing_of_it),
		SITE_TEST(an_origin_that_got_two_places_is_in_the_first),
		SITE_TEST(thousands_of_origins_have_their_places),
		SITE_TEST(
		a_service_without_a_place_gets_random_turns_and_then_a_place),
		SITE_TEST(garbage_in_the_file_keeps_no_origin_out),
		SITE_TEST(garbage_gives_its_places_to_what_is_real),
		SITE_TEST(a_file_that_is_cut_loses_what_was_known_and_no_call),
		SITE_TEST(a_tool_lists_origins_by_name),
		cmocka_unit_test(the_manual_draws_the_file_as_it_is),
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
