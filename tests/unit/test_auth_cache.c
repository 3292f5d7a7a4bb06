/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_auth_cache: how long a yes is used again, for whom, and that no flood of
 * them grows.
 */

#include "decide/auth_cache.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "decide/auth.h"
#include "decide/auth_json.h"
#include "tests/unit/table.h"

/* Of what is found again: longer than any machine stalls, since the clock that
 * people read runs on. */
enum { CACHE_ARENA = 1 << 20, CACHE_LONG = 3600000 };

static int64_t cache_now = 1000000; /* us */

static int64_t
cache_clock(void)
{
	return cache_now;
}

static int
cache_setup(void **state)
{
	(void)state;
	clock_replace(cache_clock);
	return 0;
}

static int
cache_teardown(void **state)
{
	(void)state;
	clock_replace(NULL);
	return 0;
}

static struct digest
cache_key(const struct auth_cache *c, const char *question)
{
	struct digest d;
	struct err e;

	assert_int_equal(auth_cache_key(c, str_of(question), &d, &e), 0);
	return d;
}

/* A yes of that identity alone. */
static void
cache_keep(struct auth_cache *c, const char *question, const char *identity,
    int64_t ms)
{
	const struct auth_answer yes = { .identity = str_of(identity) };
	struct digest key = cache_key(c, question);

	auth_cache_keep(c, &key, &yes, ms);
}

/* Who that is, or "none". */
static struct str
cache_find(struct auth_cache *c, const char *question, struct arena *a)
{
	struct digest key = cache_key(c, question);
	struct auth_answer found;

	return auth_cache_find(c, &key, a, &found) ? found.identity :
	    STR("none");
}

static void
all_of_a_yes_comes_back(void **state)
{
	const struct pattern_claim claims[] = { { STR("team"), STR("red") },
		{ STR("empty"), STR("") } };
	struct auth_answer yes = { .identity = STR("ann"),
		.plan = STR("pro"), .consumed = STR("x-user\nx-b"),
		.cookies = STR("a\nb"),
		.claims = claims, .claim_count = 2 }, found;
	struct auth_cache *c = auth_cache_new();
	struct digest key = cache_key(c, "q");
	struct arena a, kept;

	(void)state;
	arena_init(&a, CACHE_ARENA);
	arena_init(&kept, CACHE_ARENA);
	header_init(&yes.sets, &a);
	assert_int_equal(header_add(&yes.sets, STR("X-User"), STR("ann")), 0);
	assert_int_equal(header_add(&yes.sets, STR("Authorization"),
	    STR("Bearer x")), 0);
	auth_cache_keep(c, &key, &yes, CACHE_LONG);
	arena_fini(&a); /* the first request is long over */
	assert_true(auth_cache_find(c, &key, &kept, &found));
	TABLE_STR("identity", found.identity, "ann");
	TABLE_STR("plan", found.plan, "pro");
	TABLE_STR("consumed", found.consumed, "x-user\nx-b");
	TABLE_STR("cookies", found.cookies, "a\nb");
	assert_int_equal(found.claim_count, 2);
	TABLE_STR("claim", found.claims[0].name, "team");
	TABLE_STR("claim", found.claims[0].value, "red");
	TABLE_STR("claim", found.claims[1].name, "empty");
	TABLE_STR("claim", found.claims[1].value, "");
	assert_int_equal(found.sets.count, 2);
	TABLE_STR("field", found.sets.fields[0].name, "X-User");
	TABLE_STR("field", found.sets.fields[0].value, "ann");
	TABLE_INT("known", found.sets.fields[1].id, NAME_AUTHORIZATION);
	assert_null(found.reply);
	auth_cache_free(&c);
	TABLE_STR("what was found is the finder's", found.identity, "ann");
	arena_fini(&kept);
}

static void
a_yes_is_good_for_its_time_and_its_question_alone(void **state)
{
	struct auth_cache *c = auth_cache_new();
	struct arena a;

	(void)state;
	arena_init(&a, CACHE_ARENA);
	TABLE_STR("before", cache_find(c, "q", &a), "none");
	cache_keep(c, "q", "ann", CACHE_LONG);
	cache_keep(c, "never", "ann", 0);
	cache_keep(c, "gone", "ann", -5);
	TABLE_STR("at once", cache_find(c, "q", &a), "ann");
	TABLE_STR("another question", cache_find(c, "q ", &a), "none");
	TABLE_STR("of no time", cache_find(c, "never", &a), "none");
	TABLE_STR("of less than none", cache_find(c, "gone", &a), "none");
	cache_now += INT64_C(1000) * (CACHE_LONG - 1);
	TABLE_STR("just before its end", cache_find(c, "q", &a), "ann");
	cache_keep(c, "q", "bob", CACHE_LONG);
	TABLE_STR("a newer one counts", cache_find(c, "q", &a), "bob");
	cache_now += INT64_C(1000) * CACHE_LONG;
	TABLE_STR("at its end", cache_find(c, "q", &a), "none");
	arena_fini(&a);
	auth_cache_free(&c);
}

/* What people's clocks say ends it, too; the other one has not moved. */
static void
a_yes_ends_while_the_machine_sleeps(void **state)
{
	const struct timespec soon = { .tv_nsec = 1000000 };
	struct auth_cache *c = auth_cache_new();
	struct arena a;
	int i;

	(void)state;
	arena_init(&a, CACHE_ARENA);
	cache_keep(c, "q", "ann", 50);
	for (i = 0; i < 10000 && str_eq(cache_find(c, "q", &a), STR("ann"));
	    i++)
		assert_int_equal(nanosleep(&soon, NULL), 0);
	assert_true(i < 10000);
	arena_fini(&a);
	auth_cache_free(&c);
}

static void
keys_of_two_caches_are_not_alike(void **state)
{
	struct auth_cache *c = auth_cache_new(), *d = auth_cache_new();
	struct digest one = cache_key(c, "q"), other = cache_key(d, "q");

	(void)state;
	assert_false(digest_same(&one, &other));
	other = cache_key(c, "q");
	assert_true(digest_same(&one, &other));
	auth_cache_free(&c);
	auth_cache_free(&d);
}

static void
what_is_too_long_is_not_kept(void **state)
{
	char text[AUTH_CACHE_BYTES + 1];
	struct auth_cache *c = auth_cache_new();
	size_t n, kept = 0;
	struct arena a;

	(void)state;
	memset(text, 'x', sizeof(text));
	arena_init(&a, CACHE_ARENA);
	for (n = AUTH_CACHE_BYTES; n > 0 && kept == 0; n--) {
		text[n] = '\0';
		cache_keep(c, "q", text, CACHE_LONG);
		if (!str_eq(cache_find(c, "q", &a), STR("none")))
			kept = n;
	}
	assert_in_range(kept, AUTH_CACHE_BYTES - 256, AUTH_CACHE_BYTES - 1);
	arena_fini(&a);
	auth_cache_free(&c);
}

/* Too many claims for the room of one are as long as too long a text. */
static void
many_claims_are_not_kept(void **state)
{
	static struct pattern_claim claims[AUTH_CACHE_BYTES];
	const struct auth_answer yes = { .claims = claims,
		.claim_count = TABLE_COUNT(claims) };
	struct auth_cache *c = auth_cache_new();
	struct digest key = cache_key(c, "q");
	struct auth_answer found;
	struct arena a;

	(void)state;
	arena_init(&a, CACHE_ARENA);
	auth_cache_keep(c, &key, &yes, CACHE_LONG);
	assert_false(auth_cache_find(c, &key, &a, &found));
	arena_fini(&a);
	auth_cache_free(&c);
}

static void
a_flood_takes_no_more_room_than_is_said(void **state)
{
	enum { FLOOD = 20000 };
	struct auth_cache *c = auth_cache_new();
	size_t before = mallinfo2().uordblks, i, found = 0;
	char question[32];
	struct arena a;

	(void)state;
	for (i = 0; i < FLOOD; i++) {
		snprintf(question, sizeof(question), "q%zu", i);
		cache_keep(c, question, "ann", CACHE_LONG + (int64_t)i);
	}
	assert_true(mallinfo2().uordblks <= before +
	    AUTH_CACHE_MOST * (AUTH_CACHE_BYTES + 64));
	arena_init(&a, CACHE_ARENA);
	for (i = 0; i < FLOOD; i++) {
		snprintf(question, sizeof(question), "q%zu", i);
		if (str_eq(cache_find(c, question, &a), STR("ann")))
			found++;
		arena_reset(&a);
	}
	assert_in_range(found, AUTH_CACHE_MOST / 2, AUTH_CACHE_MOST);
	TABLE_STR("the newest is there", cache_find(c, "q19999", &a), "ann");
	arena_fini(&a);
	auth_cache_free(&c);
}

static void
without_room_it_is_as_if_nothing_was_kept(void **state)
{
	struct auth_cache *c = auth_cache_new();
	struct digest key = cache_key(c, "q");
	struct auth_answer found;
	struct arena a;

	(void)state;
	cache_keep(c, "q", "ann", CACHE_LONG);
	arena_init(&a, 0);
	assert_false(auth_cache_find(c, &key, &a, &found));
	arena_fini(&a);
	auth_cache_free(&c);
}

/* ---- tokens in what is asked ---- */

#define HEAD "eyJhbGciOiJIUzI1NiJ9."  /* {"alg":"HS256"} */
#define UNSIGNED "eyJ0eXAiOiJKV1QifQ." /* {"typ":"JWT"} */
#define ENDS_1000 "eyJleHAiOjEwMDB9.x"  /* {"exp":1000} */
#define ENDS_2000 "eyJleHAiOjIwMDB9.x"
#define ENDS_NEVER "eyJzdWIiOiJhIn0.x"   /* {"sub":"a"} */
#define ENDS_A "eyJleHAiOiJhIn0.x"       /* {"exp":"a"} */
#define ENDS_TWICE "eyJleHAiOjIwMDAsImV4cCI6MjAwMH0.x"

static const struct {
	const char *fields; /* by lines */
	int64_t want;       /* at 900 s, in ms */
} cache_tokens[] = {
	{ "", INT64_MAX },
	{ "Authorization: Bearer opaque", INT64_MAX },
	{ "Authorization: Bearer " HEAD ENDS_1000, 100000 },
	{ "Authorization: Bearer " HEAD ENDS_NEVER, INT64_MAX },
	{ "Cookie: a=b; s=" HEAD ENDS_1000 "; c=d", 100000 },
	{ "Cookie: a=" HEAD ENDS_2000 "; b=" HEAD ENDS_1000, 100000 },
	{ "Cookie: a=" HEAD ENDS_2000 "\nX-Key: " HEAD ENDS_1000, 100000 },
	{ "X-Forwarded-Uri: /a?token=" HEAD ENDS_1000 "&b=c", 100000 },
	{ "X: \"" HEAD ENDS_1000 "\"", 100000 },
	{ "X: s:" HEAD ENDS_1000, 100000 },
	{ "X: eyJ" HEAD ENDS_1000, 100000 },
	{ "X: " UNSIGNED ENDS_1000, INT64_MAX },
	{ "X: " HEAD "eyJleHAiOjEwMDB9", INT64_MAX },
	{ "X: " HEAD ENDS_A, 0 },
	{ "X: " HEAD ENDS_TWICE, 0 },
	{ "X: " HEAD "e30xx.x", 0 },
	{ "X: " HEAD "....", 0 },
	{ "X: v2_" HEAD ENDS_1000, 100000 },
	/* {"alg":"none"} with blanks, as nobody has to write it */
	{ "X: eyAiYWxnIiA6ICJub25lIiB9." ENDS_1000, 100000 },
	{ "X: ewoiYWxnIjoibm9uZSJ9." ENDS_1000, 100000 },
	/* a service may take percent signs away */
	{ "Cookie: s=eyJhbGciOiJIUzI1NiJ9%2eeyJleHAiOjEwMDB9%2Ex", 100000 },
	{ "X-Forwarded-Uri: /?t=%65%79JhbGciOiJIUzI1NiJ9." ENDS_1000,
	  100000 },
	{ "X: %%2%zz" HEAD ENDS_1000 "%", 100000 },
	{ "User-Agent: new/5.0.1 (key.eyes.test; 10.1.2.3)", INT64_MAX },
	{ "X: eyJ", INT64_MAX },
	{ "X: eyJ..", INT64_MAX },
	{ "X: " HEAD "eyJleHAiOjkwMH0.x", 0 },  /* 900 */
	{ "X: " HEAD "eyJleHAiOi0xfQ.x", 0 },   /* -1 */
	{ "X: " HEAD "eyJleHAiOjFlMzAwfQ.x", INT64_MAX }, /* 1e300 */
};

static int64_t
cache_left(const char *fields)
{
	struct str left = str_of(fields), one, name;
	struct header h;
	struct arena a;
	int64_t got;

	arena_init(&a, CACHE_ARENA);
	header_init(&h, &a);
	while (left.n > 0) {
		(void)str_cut(left, '\n', &one, &left);
		(void)str_cut(one, ':', &name, &one);
		assert_int_equal(header_add(&h, name, str_trim(one)), 0);
	}
	got = auth_tokens_left(&h, 900);
	arena_fini(&a);
	return got;
}

static void
a_token_is_found_wherever_it_stands(void **state)
{
	char many[4096] = "X: ";
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(auth_json_begin(&e), 0);
	for (i = 0; i < TABLE_COUNT(cache_tokens); i++)
		TABLE_INT(cache_tokens[i].fields,
		    cache_left(cache_tokens[i].fields), cache_tokens[i].want);
	for (i = 0; i < 129; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
		    "eyJ.x.x ");
	TABLE_INT("more than anybody needs", cache_left(many), 0);
}

/* A client may send a field of 64 KiB that begins like one at each letter. */
static void
what_is_almost_a_token_costs_little(void **state)
{
	static char long_one[64 * 1024];
	clock_t begin = clock();
	size_t i;

	(void)state;
	memcpy(long_one, "X: ", 3);
	for (i = 3; i + 3 < sizeof(long_one); i += 3)
		memcpy(long_one + i, "eyJ", 3);
	assert_true(cache_left(long_one) == INT64_MAX);
	assert_true(clock() - begin < CLOCKS_PER_SEC / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_a_yes_comes_back),
		cmocka_unit_test(
		    a_yes_is_good_for_its_time_and_its_question_alone),
		cmocka_unit_test(a_yes_ends_while_the_machine_sleeps),
		cmocka_unit_test(keys_of_two_caches_are_not_alike),
		cmocka_unit_test(what_is_too_long_is_not_kept),
		cmocka_unit_test(many_claims_are_not_kept),
		cmocka_unit_test(a_flood_takes_no_more_room_than_is_said),
		cmocka_unit_test(without_room_it_is_as_if_nothing_was_kept),
		cmocka_unit_test(a_token_is_found_wherever_it_stands),
		cmocka_unit_test(what_is_almost_a_token_costs_little),
	};

	return cmocka_run_group_tests(tests, cache_setup, cache_teardown);
}
