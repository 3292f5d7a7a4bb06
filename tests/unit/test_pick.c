/* SPDX-License-Identifier: BSD-2-Clause */

/* test_pick: which origin gets each attempt, told as stories of requests. */

#include "decide/pick.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "decide/target.h"
#include "tests/unit/decide.h"
#include "tests/unit/scratch.h"
#include "tests/unit/table.h"

enum { SLOTS = 8, TEXT_MAX = 256, BEGIN = 1000000, COOLDOWN = 10000,
	PATIENCE = 60000, FRESH = 64 };

static int64_t site_now;

static int64_t
site_us(void)
{
	return site_now * 1000;
}

/* A map, what is known of its origins, and requests under way. */
struct site {
	struct decide d;
	struct scratch folder;
	struct health *health;
	struct pick_ask ask;
	struct pick picks[SLOTS];
	char got[TEXT_MAX];
};

static void
site_open(struct site *s, const char *list)
{
	struct err e;

	memset(s, 0, sizeof(*s));
	decide_open(&s->d, list, "http://h.test/p?q", NULL);
	scratch_init(&s->folder);
	/* Shared, so that turns begin with 0. */
	s->health = health_join(s->folder.folder, true, &e);
	assert_int_equal(e.reason, REASON_NONE);
	s->ask = (struct pick_ask){ .health = s->health,
		.limits = { .max_fails = 1, .fail_window = COOLDOWN,
			.cooldown = COOLDOWN, .cooldown_max = 300000 },
		.key = STR("192.0.2.1"), .patience = PATIENCE };
	site_now = BEGIN;
	clock_replace(site_us);
}

static void
site_begin(struct site *s, struct pick *p)
{
	struct err e = { .text = "" };

	if (pick_begin(p, &s->ask, &s->d.follow, &s->d.a, &e) == -1)
		fail_msg("%s", e.text);
}

/* Requests that an origin of p has, as all see it. */
static uint32_t
site_active(struct site *s, const struct pick *p, size_t i)
{
	struct health_view view;

	health_view(s->health, p->from[i].id, &s->ask.limits, site_now,
	    &view);
	return view.active;
}

/* Nothing is left of requests that are over. */
static void
site_close(struct site *s)
{
	struct pick p;
	size_t i;

	for (i = 0; i < SLOTS; i++)
		pick_over(&s->picks[i]);
	site_begin(s, &p);
	for (i = 0; i < p.count; i++)
		assert_int_equal(site_active(s, &p, i), 0);
	clock_replace(NULL);
	health_leave(&s->health);
	scratch_fini(&s->folder);
	decide_close(&s->d);
}

/* ---- stories ---- */

/*
 * Words: "+MS": time passes. Else DIGIT, which request; VERB; '=' and what is
 * to come of it.
 *   g  begins, and can be repeated; h likewise, by another client;
 *   p  begins, and cannot
 *   f  its attempt fails, it goes elsewhere if it may
 *   F  fails by nobody's fault, and goes elsewhere
 *   x  its attempt fails, and it ends
 *   a  is answered, and over; o is over without
 *   w  its client left, after the time since it began
 *   l, m  what a g, a p would get, by pick_look
 * What comes: '!': that took the origin out; '+': brought it back; then the
 * letter of the next origin, '-': none; '?': as its trial; '*': as the least
 * bad; both: as both. '~' is any letter.
 */
static const struct pick_row {
	const char *row;
	const char *origins; /* "a" is http://10.0.0.1, "b" ..2 */
	const char *story;
} pick_rows[] = {
	{ "in turn", "a b",
	    "1g=a 1a= 2g=b 2a= 3g=a 3a= 4g=b" },
	{ "by weight", "a weight=2 b",
	    "1g=a 1a= 2g=b 2a= 3g=a 3a= 4g=a 4a= 5g=b" },
	{ "those with fewer requests", "a b c balance=least",
	    "1g=b 2g=c 3g=a 1a= 4g=b 4a= 5g=b 3a= 3g=a 4g=~ 4a=" },
	{ "a client's own", "a b c balance=hash:client_ip",
	    "1g=b 1a= 2g=b 2a= 3p=b 3a=" },

	{ "another one when one fails", "a b",
	    "1g=a 1f=!b 1a= 2g=b 2a= 3g=b 3a=" },
	{ "retry=1 without a word", "a b c",
	    "1g=b 1f=!~ 1f=!-" },
	{ "retry=2", "a b c retry=2",
	    "1g=b 1f=!~ 1f=!~ 1f=!-" },
	{ "retry=0", "a b retry=0",
	    "1g=a 1f=!- 2g=b 2a=" },
	{ "no origin twice", "a b retry=9",
	    "1g=a 1f=!b 1f=!-" },
	{ "hash, the client's next one", "a b c balance=hash:client_ip retry=2",
	    "1g=b 1f=!c 1f=!a 1f=!-" },
	{ "not the origin's fault", "a b c retry=2",
	    "1g=b 1F=~ 1F=~ 1F=- 2g=a 2a= 3g=c 3a= 4g=b" },

	{ "backups rest", "a b backup",
	    "1g=a 2g=a 3g=a 4p=a" },
	{ "a backup while the others are out", "a b backup",
	    "1g=a 1f=!b 1a= 2g=b 2a= 3p=b 3a= +10000 4g=a? 4a=+ 5g=a" },
	{ "backups share by weight", "a b weight=2 backup c backup",
	    "1g=a 1x=! 2g=c 2a= 3g=b 3a= 4g=b 4a= 5g=c 5a= 6g=b 6a=" },
	{ "a second primary before a backup", "a b c backup",
	    "1g=a 1f=!b 1f=!- 2g=c 2a=" },
	{ "a primary's trial before a backup", "a b backup",
	    "1g=a 1f=!b 1a= +10000 2g=a? 2f=!b 2a=" },
	{ "no trial of a backup that is not needed", "a b backup",
	    "1g=a 1f=!b 1f=!- +10000 2g=a? 2a=+ 3g=a 4g=a" },
	{ "a backup's trial", "a b backup c backup",
	    "1g=a 1f=!b 1f=!- +100 2g=c 2f=!a* 2f=- +9900 3g=a? 3f=!b? 3a=+ "
	    "4g=b" },

	{ "one trial, the others as before", "a b",
	    "1g=a 1f=!b 1a= +10000 2g=a? 3g=b 4g=b 5p=b 2a=+ 6g=~ 6a= 7g=~" },
	{ "not a moment earlier", "a b",
	    "1g=a 1f=!b 1a= +9999 2g=b 2a= +1 3g=a? 3a=+" },
	{ "a trial that fails, for twice as long", "a b",
	    "1g=a 1f=!b 1a= +10000 2g=a? 2f=!b 2a= +19999 3g=b 3a= +1 4g=a? "
	    "4f=!b 4a= +39999 5g=b 5a= +1 6g=a? 6a=+" },
	{ "a trial without an end: somebody else's", "a b",
	    "1g=a 1f=!b 1a= +10000 2g=a? +59999 3g=b +1 4g=a?" },
	{ "a trial whose client left: again after the first cooldown", "a b",
	    "1g=a 1f=!b 1a= +10000 2g=a? 2o= 3g=b 3a= +9999 4g=b 4a= +1 "
	    "5g=a? 5a=+" },
	{ "a trial that failed by nobody's fault", "a b",
	    "1g=a 1f=!b 1a= +10000 2g=a? 2F=b 2a= +9999 4g=b 4a= +1 5g=a?" },
	{ "no trial by what cannot be repeated", "a b",
	    "1g=a 1f=!b 1a= +10000 2p=b 2a= +9999 3p=b 3a= +1 4p=a? 4a=+" },
	{ "nor by what may not go elsewhere", "a b retry=0",
	    "1g=a 1f=!- +10000 2g=b 2a= +9999 3g=b 3a= +1 4g=a? 4a=+" },
	{ "but where nobody is well", "a b retry=0",
	    "1g=a 1f=!- 2g=b 2f=!- +10000 3g=a? 3a=+" },
	{ "no trial by the last attempt", "a b c",
	    "1g=b 1x=! 2g=c 2x=! +10000 3g=~? 3f=!a 3f=!-" },
	{ "as many as leave one attempt", "a b c retry=2",
	    "1g=b 1x=! 2g=c 2x=! +10000 3g=~? 3f=!~? 3f=!a 3f=!-" },
	{ "the last attempt is none, however long a trial has been due",
	    "a b c",
	    "1g=b 1x=! 2g=c 2x=! +20000 3g=~? 3f=!a 3a= 4p=~? 4a=+" },
	{ "nor is one that goes elsewhere though it cannot be repeated",
	    "a b c",
	    "1g=b 1x=! 2g=c 2x=! +20000 3p=~? 3f=!a 3a=" },
	{ "trials are taken in turn's order", "a b",
	    "1g=a 1f=!b 1f=!- +10000 2g=~? 3g=~? 2a=+ 3a=+" },

	{ "hash: a trial for clients who belong there",
	    "a b c balance=hash:client_ip",
	    "1g=b 1f=!c 1a= +10000 2p=c 2a= 2h=c 2a= 3g=b? 4g=c 4a= 3a=+ 5g=b "
	    "6h=c" },
	{ "hash: no other is in its way",
	    "a b c balance=hash:client_ip retry=2",
	    "1g=b 1x=! 2g=c 2x=! +10000 3g=b? 3f=!c? 3f=!a 3a=" },

	{ "all out: the one that is due first", "a b",
	    "1g=a 1f=!b +50 1f=!- 2g=a* 2f=b* 2f=- 3p=a* 3o=" },
	{ "its success brings it back, and lets the others be tried", "a b c",
	    "1g=b 1x=! 2g=~ 2x=! 3g=~ 3x=! +1 4g=a* 4a=+ 5g=~? 6g=~? 5a=+ "
	    "6a=+ 7g=~ 7a=" },
	{ "its failure changes nothing", "a b",
	    "1g=a 1f=!b 1f=!- +5000 2g=a* 2f=b* 2f=- +4999 3g=a* 3o= +1 "
	    "4g=~? 4a=+" },
	{ "all out: a primary before a backup", "a b backup",
	    "1g=a 1f=!b 1a= +10000 2g=a? 2f=!b 2f=!- 3g=a* 3f=b* 3a=+" },
	{ "all out: a primary behind a backup", "a backup b",
	    "1g=b 1f=!a 1f=!- 2g=b* 2f=a* 2f=-" },
	{ "all out: what stays out, before what is tried already", "a b",
	    "1g=a 1f=!b 1f=!- +10000 2g=b? 2x=! 3g=a? 4g=b* 4x= 5p=b* 5a=+ "
	    "6g=b" },
	{ "all out: what is tried, before a backup that stays out",
	    "a b backup",
	    "1g=a 1f=!b 1f=!- +9000 2g=a* 2f=b* 2f=- +1000 3g=a? 3o= 4g=b? "
	    "4x=! 5g=a*" },
	{ "all out, all tried just now: the first", "a b",
	    "1g=a 1f=!b 1f=!- +10000 2g=~? 3g=~? 4g=a* 5g=a*" },
	{ "all out: what is due, before what is tried", "a b",
	    "1g=a 1f=!b 1f=!- +10000 2g=b? 3p=a? 3a=+ 4g=a" },

	{ "refuse", "a b when-all-down=refuse",
	    "1g=a 1f=!b 1f=!- 2g=- 3p=- +10000 4g=~? 5g=~? 6g=- 4a=+ 7g=~" },
	{ "refuse, one", "a when-all-down=refuse",
	    "1g=a 1f=!- 2g=- +9999 2p=- +1 2p=a? 2a=+ 3p=a" },
	{ "refuse, and nothing can be repeated", "a when-all-down=refuse",
	    "1p=a 1f=!- +9999 2p=- 2g=- +1 2p=a? 3g=- 2a=+ 3p=a" },
	{ "refuse, and backups", "a b backup when-all-down=refuse",
	    "1g=a 1f=!b 1a= 2g=b 2f=!- 3g=-" },
	{ "refuse after an attempt", "a b when-all-down=refuse",
	    "1g=a 2g=b 1f=!b 2f=!- 1a=+" },

	{ "no weight, no request", "a weight=0 b c retry=9",
	    "1g=b 2g=c 3g=b 1f=!c 1f=!- 4g=b* 4f=c* 4f=- +10000 5g=~? 6g=~? "
	    "7g=b*" },
	{ "nor as a backup", "a b weight=0 backup when-all-down=refuse",
	    "1g=a 1f=!- 2g=-" },

	{ "a look is no turn", "a b",
	    "1l=a 2l=a 3m=a 1g=a 1l=b 2l=b 2g=b" },
	{ "a look is no trial", "a b",
	    "1g=a 1f=!b 1a= +10000 2l=a? 3l=a? 4m=b 2g=a? 3l=b 2a=+" },
	{ "a look at what is out", "a b",
	    "1g=a 1f=!b 1f=!- 2l=a* 3m=a* +10000 3m=b? 2g=b? 3m=a? 2a=+" },
	{ "where nobody is well any request may try one that is due",
	    "a b when-all-down=refuse",
	    "1p=a 1x=! 2p=b 2x=! 3p=- +10000 3p=a? 3a=+ 4p=a 4a=" },
	{ "who answers nobody fails when a client leaves", "a b",
	    "1g=a +9000 1w=! 2g=b 2a= 3g=b 3a=" },
	{ "who answers somebody else does not", "a b",
	    "1g=a 2g=b 2a= 3g=a +2000 3a= +7000 1w= 4g=b 4a= 5g=a" },
	{ "a look at a refusal", "a when-all-down=refuse",
	    "1g=a 1f=!- 2l=- 2m=- +10000 2l=a? 2m=a?" },
};

/* What comes of it is written behind what was written. */
static void
site_put(struct site *s, char c)
{
	size_t n = strlen(s->got);

	assert_true(n + 1 < sizeof(s->got));
	s->got[n] = c;
	s->got[n + 1] = '\0';
}

static void
site_put_pick(struct site *s, const struct pick *p,
    const struct pick_from *from, bool trial)
{
	struct str host = from->url->host.parts[0].text;

	site_put(s, (char)('a' - 1 + host.p[host.n - 1] - '0'));
	if (p->how == PICK_LEAST_BAD)
		site_put(s, '*');
	assert_true(p->how == PICK_LEAST_BAD ||
	    p->how == (trial ? PICK_TRIAL : PICK_BALANCED));
	if (trial)
		site_put(s, '?');
}

static void
site_next(struct site *s, struct pick *p, bool repeats)
{
	const struct origin_url *url = NULL;
	struct err e = { .text = "" };
	int got = pick_next(p, repeats, site_now, &url, &e);

	if (got == 1) {
		assert_ptr_equal(url, p->now->url);
		site_put_pick(s, p, p->now, p->trial);
		return;
	}
	assert_int_equal(got, 0);
	assert_int_equal(e.reason, REASON_NO_HEALTHY_ORIGIN);
	assert_int_equal(p->how, PICK_NONE);
	site_put(s, '-');
}

static void
site_elsewhere(struct site *s, struct pick *p)
{
	if (pick_again(p))
		site_next(s, p, true);
	else
		site_put(s, '-');
}

static void
site_look(struct site *s, bool repeats)
{
	const struct pick_from *from;
	struct pick p;

	site_begin(s, &p);
	from = pick_look(&p, repeats, site_now);
	if (from == NULL)
		site_put(s, '-');
	else
		site_put_pick(s, &p, from, from->view.state == HEALTH_DUE);
}

static void
site_do(struct site *s, struct pick *p, char verb)
{
	int64_t ms = 0;

	switch (verb) {
	case 'g':
	case 'h':
	case 'p':
		s->ask.key = verb == 'h' ? STR("192.0.2.2") :
		    STR("192.0.2.1");
		pick_over(p);
		site_begin(s, p);
		site_next(s, p, verb != 'p');
		break;
	case 'f':
		if (pick_failed(p, site_now, &ms)) {
			site_put(s, '!');
			assert_true(ms >= COOLDOWN);
		}
		site_elsewhere(s, p);
		break;
	case 'w':
		if (pick_left(p, p->began, site_now, &ms))
			site_put(s, '!');
		break;
	case 'x':
		if (pick_failed(p, site_now, &ms))
			site_put(s, '!');
		break;
	case 'F':
		pick_over(p);
		site_elsewhere(s, p);
		break;
	case 'a':
		if (pick_answered(p))
			site_put(s, '+');
		pick_over(p);
		break;
	case 'o':
		pick_over(p);
		pick_over(p);
		break;
	case 'l':
	case 'm':
		site_look(s, verb == 'l');
		break;
	default:
		fail_msg("no verb '%c'", verb);
	}
}

static void
site_word(struct site *s, const char *row, struct str word)
{
	struct str left, want;
	uint64_t ms;
	size_t i;

	if (word.p[0] == '+') {
		assert_true(str_to_u64(str_sub(word, 1, word.n), UINT32_MAX,
		    &ms));
		site_now += (int64_t)ms;
		return;
	}
	if (!str_cut(word, '=', &left, &want) || left.n != 2)
		fail_msg("row '%s': no word: %.*s", row, STR_ARG(word));
	s->got[0] = '\0';
	site_do(s, &s->picks[left.p[0] - '0'], left.p[1]);
	for (i = 0; i < want.n && i < strlen(s->got); i++)
		if (want.p[i] == '~' && str_is_alpha(s->got[i]))
			s->got[i] = '~';
	if (!str_eq(want, str_of(s->got)))
		fail_msg("row '%s': %.*s, got %s", row, STR_ARG(word),
		    s->got);
}

/* "h.test @s" and the service, of its origins' letters. */
static const char *
site_list(const char *origins, char room[TEXT_MAX])
{
	struct str left = str_of(origins), word;
	size_t n;
	int more;

	n = (size_t)snprintf(room, TEXT_MAX, "h.test @s\n@s");
	for (; left.n > 0; n += (size_t)more) {
		(void)str_cut(left, ' ', &word, &left);
		more = word.n == 1 ?
		    snprintf(room + n, TEXT_MAX - n, " http://10.0.0.%d",
		        word.p[0] - 'a' + 1) :
		    snprintf(room + n, TEXT_MAX - n, " %.*s", STR_ARG(word));
		assert_true(more > 0 && n + (size_t)more < TEXT_MAX);
	}
	return room;
}

static void
each_attempt_goes_where_the_story_says(void **state)
{
	char list[TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(pick_rows); i++) {
		struct str left = str_of(pick_rows[i].story), word;
		struct site s;

		site_open(&s, site_list(pick_rows[i].origins, list));
		while (left.n > 0) {
			(void)str_cut(left, ' ', &word, &left);
			site_word(&s, pick_rows[i].row, word);
		}
		site_close(&s);
	}
}

/* ---- where there is nothing to choose ---- */

static const struct only_row {
	const char *row, *list;
	const char *host; /* of the only origin; NULL: there is a choice */
} only_rows[] = {
	{ "no service", "h.test http://10.0.0.1", "10.0.0.1" },
	{ "one origin", "h.test @s\n@s http://10.0.0.1", "10.0.0.1" },
	{ "retry= has nowhere to go",
	    "h.test @s\n@s http://10.0.0.1 retry=5", "10.0.0.1" },
	{ "one with a weight",
	    "h.test @s\n@s http://10.0.0.1 weight=0 http://10.0.0.2",
	    "10.0.0.2" },
	{ "a backup alone has one",
	    "h.test @s\n@s http://10.0.0.1 weight=0 http://10.0.0.2 backup",
	    "10.0.0.2" },
	{ "try", "h.test @s\n@s http://10.0.0.1 when-all-down=try",
	    "10.0.0.1" },
	{ "one that refuses", "h.test @s\n@s http://10.0.0.1 "
	    "when-all-down=refuse", NULL },
	{ "two", "h.test @s\n@s http://10.0.0.1 http://10.0.0.2", NULL },
};

/* Without a look at any health: there is none here to be asked. */
static void
of_one_origin_nothing_is_kept(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(only_rows); i++) {
		const struct only_row *r = &only_rows[i];
		const struct origin_url *url;
		struct site s;
		struct pick p;
		struct err e;
		int64_t ms;

		site_open(&s, r->list);
		if (r->host != NULL)
			s.ask.health = NULL;
		site_begin(&s, &p);
		TABLE_INT(r->row, p.only != NULL, r->host != NULL);
		if (r->host != NULL) {
			TABLE_INT(r->row, pick_next(&p, true, site_now, &url,
			    &e), 1);
			TABLE_STR(r->row, url->host.parts[0].text, r->host);
			TABLE_INT(r->row, p.how, PICK_ONLY);
			TABLE_INT(r->row, pick_answered(&p), false);
			TABLE_INT(r->row, pick_failed(&p, 0, &ms), false);
			TABLE_INT(r->row, pick_again(&p), false);
			assert_null(pick_look(&p, true, site_now));
			TABLE_INT(r->row, p.how, PICK_ONLY);
			pick_over(&p);
			s.ask.health = s.health;
		}
		site_close(&s);
	}
}

/* The compiler refuses such a service; a map may hold what it likes. */
static void
a_service_without_any_weight_has_no_origin(void **state)
{
	const struct origin_url *url;
	struct site s;
	struct pick p;
	struct err e;

	(void)state;
	site_open(&s, "h.test @s\n@s http://10.0.0.1");
	s.d.follow.service->origins[0].weight = 0;
	site_begin(&s, &p);
	assert_int_equal(pick_next(&p, true, site_now, &url, &e), 0);
	assert_int_equal(e.reason, REASON_NO_HEALTHY_ORIGIN);
	assert_string_equal(e.text, "@s: of 1 origins 0 failed this request, "
	    "1 have no weight, the others are out");
	assert_null(pick_look(&p, true, site_now));
	assert_int_equal(p.how, PICK_NONE);
	site_close(&s);
}

static void
over_is_over_before_anything_began(void **state)
{
	struct pick p = { .only = NULL };

	(void)state;
	pick_over(&p);
	pick_over(&p);
	assert_null(p.now);
}

/* ---- what is known by what ---- */

/* The state of each origin of the service that `path` leads to. */
static void
site_states(struct site *s, const char *url, struct pick *p)
{
	decide_ask(&s->d, url, NULL);
	decide_follow(&s->d, NULL);
	assert_int_equal(s->d.got, 1);
	site_begin(s, p);
	(void)pick_look(p, true, site_now);
}

/* One server is one server, whoever relays there, but another certificate or
 * other rules of egress may fail where these do not. */
static void
services_share_what_is_known_of_a_server(void **state)
{
	static const struct {
		const char *url;
		enum health_state a, b;
	} rows[] = {
		{ "http://h.test/", HEALTH_OUT, HEALTH_WELL },
		{ "http://h.test/same", HEALTH_OUT, HEALTH_WELL },
		{ "http://h.test/base", HEALTH_OUT, HEALTH_OUT },
		{ "http://h.test/port", HEALTH_WELL, HEALTH_WELL },
		{ "http://h.test/tls", HEALTH_WELL, HEALTH_WELL },
		{ "http://h.test/egress", HEALTH_WELL, HEALTH_WELL },
	};
	struct pick p;
	struct site s;
	size_t i;

	(void)state;
	site_open(&s, "h.test @s\nh.test/same @same\nh.test/base @base\n"
	    "h.test/port @port\nh.test/tls @tls\nh.test/egress @egress\n"
	    "@s https://10.0.0.1 weight=5 https://10.0.0.2\n"
	    "@same https://10.0.0.1 https://10.0.0.2 balance=least\n"
	    "@base https://10.0.0.1/a https://10.0.0.1/b\n"
	    "@port https://10.0.0.1:444 https://10.0.0.2\n"
	    "@tls https://10.0.0.1 https://10.0.0.2 tls=x\n"
	    "@egress https://10.0.0.1 https://10.0.0.2 egress=x\n");
	site_word(&s, "share", STR("1g=a"));
	site_word(&s, "share", STR("1x=!"));
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		site_states(&s, rows[i].url, &p);
		TABLE_INT(rows[i].url, p.from[0].view.state, rows[i].a);
		TABLE_INT(rows[i].url, p.from[1].view.state, rows[i].b);
	}
	site_close(&s);
}

static const struct bases_row {
	const char *row;
	const char *one, *other;
} bases_rows[] = {
	{ "written", "/a", "/b" },
	{ "with variables", "/a/{host}", "/b/{host}" },
	{ "that come to the same", "/{host}", "/h.test" },
	{ "of variables alone", "/{host}", "/{tag.k}" },
};

/* Two bases on one server are two names to a hash, and both get clients. */
static void
a_hash_tells_bases_of_one_server_apart(void **state)
{
	char list[TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(bases_rows); i++) {
		const struct bases_row *r = &bases_rows[i];
		bool seen[2] = { false, false };
		struct pick p;
		struct site s;
		char key;

		snprintf(list, sizeof(list), "h.test @s tag=k:v\n"
		    "@s http://10.0.0.1%s http://10.0.0.1%s "
		    "balance=hash:client_ip", r->one, r->other);
		site_open(&s, list);
		for (key = 'a'; key <= 'z'; key++) {
			s.ask.key = (struct str){ &key, 1 };
			site_begin(&s, &p);
			seen[pick_look(&p, true, site_now) - p.from] = true;
		}
		TABLE_INT(r->row, seen[0] && seen[1], true);
		site_close(&s);
	}
}

/* A client's place in one service says nothing of its place in another. */
static void
services_hash_clients_independently(void **state)
{
	size_t same = 0, at;
	struct pick p;
	struct site s;
	char key;

	(void)state;
	site_open(&s, "h.test @s\nh.test/t @t\n"
	    "@s http://10.0.0.1 http://10.0.0.2 balance=hash:client_ip\n"
	    "@t http://10.0.0.1 http://10.0.0.2 balance=hash:client_ip");
	for (key = 'a'; key <= 'z'; key++) {
		s.ask.key = (struct str){ &key, 1 };
		site_states(&s, "http://h.test/", &p);
		at = (size_t)(pick_look(&p, true, site_now) - p.from);
		site_states(&s, "http://h.test/t", &p);
		same += at == (size_t)(pick_look(&p, true, site_now) - p.from);
	}
	assert_in_range(same, 6, 20);
	site_close(&s);
}

/* An origin's URL may have variables: what they make of it is its name. */
static void
origins_of_variables_are_known_by_what_they_become(void **state)
{
	struct site s;
	struct pick p;
	struct err e;

	(void)state;
	site_open(&s, "h.test @s tag=dc:east\nh.test/bad @s tag=dc:a/b\n"
	    "@s http://{tag.dc}.test http://10.0.0.2/{tag.dc} "
	    "balance=hash:client_ip");
	site_begin(&s, &p);
	TABLE_STR("host", p.from[0].name, "http://east.test:80");
	TABLE_STR("base", p.from[1].name, "http://10.0.0.2:80/{tag.dc}");
	decide_ask(&s.d, "http://h.test/bad", NULL);
	decide_follow(&s.d, NULL);
	assert_int_equal(s.d.got, 1);
	assert_int_equal(pick_begin(&p, &s.ask, &s.d.follow, &s.d.a, &e), -1);
	assert_int_equal(e.reason, REASON_NO_SERVICE);
	s.d.follow.service = NULL;
	site_close(&s);
}

static void
an_arena_without_room_is_an_answer(void **state)
{
	size_t left, refused = 0;
	struct site s;
	struct pick p;
	struct err e;
	int got = -1;

	(void)state;
	site_open(&s, "h.test @s\n@s http://10.0.0.1/a http://10.0.0.2/{host}");
	for (left = 0; got == -1; left += 16) {
		struct arena a;

		decide_squeeze(&a, left);
		got = pick_begin(&p, &s.ask, &s.d.follow, &a, &e);
		if (got == -1) {
			assert_int_equal(e.reason, REASON_OVERLOADED);
			refused++;
		}
		arena_fini(&a);
		assert_true(left < DECIDE_CHUNK);
	}
	assert_true(refused > 0);
	site_close(&s);
}

/* ---- services of one name ---- */

/* Two maps, of two routers that share a folder: the turns of the one are not
 * the other's, or of two that alternate each would ask one origin alone. */
static void
services_of_one_name_have_turns_of_their_own(void **state)
{
	struct pick p, other;
	struct site s, t;

	(void)state;
	site_open(&s, "h.test @s\n@s http://10.0.0.1 http://10.0.0.2");
	site_open(&t, "h.test @s\n@s http://10.0.0.3 http://10.0.0.4");
	t.ask.health = s.health;
	site_begin(&s, &p);
	site_next(&s, &p, true);
	pick_over(&p);
	site_begin(&t, &other);
	site_next(&t, &other, true);
	pick_over(&other);
	site_begin(&s, &p);
	site_next(&s, &p, true);
	assert_string_equal(s.got, "ab");
	pick_over(&p);
	t.ask.health = t.health;
	site_close(&t);
	site_close(&s);
}

/* A CGI program and a young process know of no turn before. */
static void
turns_begin_anywhere(void **state)
{
	size_t first[2] = { 0 }, i;

	(void)state;
	for (i = 0; i < FRESH; i++) {
		struct err e;
		struct health *h = health_join("/proc/self/no/such", true, &e);

		first[health_turn(h, health_id(h, STR("@s"))) % 2]++;
		health_leave(&h);
	}
	assert_in_range(first[0], FRESH / 4, FRESH * 3 / 4);
}

/* ---- over many requests ---- */

enum { REQUESTS = 30000 };

/* One of three fails all its requests and stays in: max_fails is not reached.
 * Who gets them is not the one who is next in turn. */
static void
what_one_origin_fails_is_shared_by_the_others(void **state)
{
	const struct origin_url *url;
	size_t has[3] = { 0 }, i;
	struct arena a;
	struct site s;
	struct err e;
	int64_t ms;

	(void)state;
	site_open(&s, "h.test @s\n@s http://10.0.0.1 http://10.0.0.2 "
	    "http://10.0.0.3");
	s.ask.limits.max_fails = HEALTH_FAILS_MAX;
	arena_init(&a, DECIDE_ARENA);
	for (i = 0; i < REQUESTS; i++) {
		struct pick p;

		arena_reset(&a);
		assert_int_equal(pick_begin(&p, &s.ask, &s.d.follow, &a, &e),
		    0);
		assert_int_equal(pick_next(&p, true, site_now, &url, &e), 1);
		if (p.now == &p.from[0]) {
			assert_false(pick_failed(&p, site_now, &ms));
			assert_true(pick_again(&p));
			assert_int_equal(pick_next(&p, true, site_now, &url,
			    &e), 1);
		}
		has[p.now - p.from]++;
		assert_false(pick_answered(&p));
		pick_over(&p);
	}
	arena_fini(&a);
	assert_int_equal(has[0], 0);
	assert_in_range(has[1], REQUESTS / 2 - 300, REQUESTS / 2 + 300);
	site_close(&s);
}

/* ---- many at once ---- */

enum { THREADS = 4, ROUNDS = 200 };

struct herd {
	struct site s;
	pthread_barrier_t together;
	_Atomic unsigned trials, others;
};

/* Each round, all ask at once for an origin that is due. */
static void *
herd_run(void *arg)
{
	struct herd *h = arg;
	unsigned round;

	for (round = 0; round < ROUNDS; round++) {
		const struct origin_url *url;
		struct arena a;
		struct pick p;
		struct err e;

		arena_init(&a, DECIDE_ARENA);
		CHECK(pick_begin(&p, &h->s.ask, &h->s.d.follow, &a, &e) == 0);
		pthread_barrier_wait(&h->together);
		CHECK(pick_next(&p, true, site_now, &url, &e) == 1);
		atomic_fetch_add(p.trial ? &h->trials : &h->others, 1);
		CHECK(p.trial == (p.now == &p.from[0]));
		if (pthread_barrier_wait(&h->together) ==
		    PTHREAD_BARRIER_SERIAL_THREAD)
			site_now += PATIENCE; /* and due again */
		p.trial = false; /* its end is not told */
		pick_over(&p);
		arena_fini(&a);
	}
	return NULL;
}

static void
of_all_that_come_at_once_one_tries(void **state)
{
	pthread_t threads[THREADS];
	static struct herd h;
	size_t i;

	(void)state;
	site_open(&h.s, "h.test @s\n@s http://10.0.0.1 http://10.0.0.2");
	site_word(&h.s, "herd", STR("1g=a"));
	site_word(&h.s, "herd", STR("1x=!"));
	site_now += COOLDOWN;
	pthread_barrier_init(&h.together, NULL, THREADS);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, herd_run,
		    &h), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&h.together);
	assert_int_equal(h.trials, ROUNDS);
	assert_int_equal(h.others, ROUNDS * (THREADS - 1));
	site_close(&h.s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    services_of_one_name_have_turns_of_their_own),
		cmocka_unit_test(turns_begin_anywhere),
		cmocka_unit_test(each_attempt_goes_where_the_story_says),
		cmocka_unit_test(of_one_origin_nothing_is_kept),
		cmocka_unit_test(a_service_without_any_weight_has_no_origin),
		cmocka_unit_test(over_is_over_before_anything_began),
		cmocka_unit_test(services_share_what_is_known_of_a_server),
		cmocka_unit_test(a_hash_tells_bases_of_one_server_apart),
		cmocka_unit_test(services_hash_clients_independently),
		cmocka_unit_test(
		    origins_of_variables_are_known_by_what_they_become),
		cmocka_unit_test(an_arena_without_room_is_an_answer),
		cmocka_unit_test(
		    what_one_origin_fails_is_shared_by_the_others),
		cmocka_unit_test(of_all_that_come_at_once_one_tries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
