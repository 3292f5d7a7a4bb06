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
 * f, F a request, the trial fails; t a trial for 5 s is taken, u it tells
 * nothing; a an answer to a request that began now, aMS, at MS: each with a
 * '!' at its end when this must be answered true;
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
	{ "one failure is counted", "f =well s- x0 n1", 0, 0, 0, 0 },
	{ "failures within 100 ms of a counted one are that one",
	    "f @1 f @99 f n1 @100 f n2 @199 f n2 @200 f! =out", 0, 0, 0, 0 },
	{ "a failure told late is the same",
	    "@1000 f @950 f @900 f @100 f @0 f n1", 0, 0, 0, 0 },
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
	else if (word[0] == 'u')
		health_untried(h, ID, limits, now);
	else if (word[0] == 'f' || word[0] == 'F')
		yes = health_failed(h, ID, limits, now, word[0] == 'F', &ms);
	else if (word[0] == 't')
		yes = health_try(h, ID, limits, now, 5000);
	else if (word[0] == 'a' && word[1] >= '0')
		yes = health_answered(h, ID, SITE_BEGIN + atoll(word + 1));
	else if (word[0] == 'a')
		yes = health_answered(h, ID, now);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_has_a_word),
		cmocka_unit_test(each_story_ends_as_it_should),
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
