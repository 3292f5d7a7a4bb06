/* SPDX-License-Identifier: BSD-2-Clause */

/* test_split: who gets which target of a split, and who moves when it changes.
 */

#include "decide/split.h"

#include "decide.h"
#include "route/spell.h"

enum { SPLIT_CLIENTS = 20000, SPLIT_TARGETS = 4 };

/* A list's only route, with what it needs. */
static const struct route *
split_route(struct decide *d, const char *match, const char *split)
{
	struct lookup_result found;
	char list[1024];

	snprintf(list, sizeof(list), "%s respond=200\n    %s\n", match,
	    split);
	decide_prepare(d, list, "http://x.y.example/", NULL);
	assert_int_equal(lookup_route(&d->map, &d->request.host, STR("/"),
	    &d->a, NULL, &found, &d->e), 1);
	return found.route;
}

/* The targets that SPLIT_CLIENTS get, by how they are spelled. */
static void
split_all(const char *match, const char *split, const char **got)
{
	static char texts[8 * SPLIT_TARGETS][64];
	static size_t used;
	struct decide d;
	const struct route *r = split_route(&d, match, split);
	const char *names[ROUTE_SPLITS_MAX];
	struct buf text;
	size_t i, at;

	assert_true(r->split_count <= SPLIT_TARGETS);
	buf_init(&text, 1024);
	for (i = 0; i < r->split_count; i++) {
		buf_clear(&text);
		assert_int_equal(spell_target(&r->splits[i].target, r, &text),
		    0);
		for (at = 0; at < used; at++)
			if (str_eq(str_of(texts[at]), buf_view(&text)))
				break;
		if (at == used)
			snprintf(texts[used++], sizeof(texts[0]), "%.*s",
			    STR_ARG(buf_view(&text)));
		assert_true(used < 8 * SPLIT_TARGETS);
		names[i] = texts[at];
	}
	for (i = 0; i < SPLIT_CLIENTS; i++) {
		char key[32];

		snprintf(key, sizeof(key), "client %zu", i);
		assert_int_equal(split_choose(r, str_of(key), &at, &d.e), 0);
		assert_true(at < r->split_count);
		got[i] = names[at];
	}
	buf_fini(&text);
	decide_close(&d);
}

/* In a hundred. */
static double
split_share(const char *const *got, const char *target)
{
	size_t have = 0, i;

	for (i = 0; i < SPLIT_CLIENTS; i++)
		have += strcmp(got[i], target) == 0;
	return (double)have * 100 / SPLIT_CLIENTS;
}

static size_t
split_differ(const char *const *one, const char *const *other)
{
	size_t moved = 0, i;

	for (i = 0; i < SPLIT_CLIENTS; i++)
		moved += one[i] != other[i];
	return moved;
}

static const char *split_before[SPLIT_CLIENTS];
static const char *split_after[SPLIT_CLIENTS];

/* ---- shares ---- */

static const struct {
	const char *split;
	const char *names[SPLIT_TARGETS];
	double shares[SPLIT_TARGETS];
} split_shares[] = {
	{ "split 5 @a 95 @b", { "@a", "@b" }, { 5, 95 } },
	{ "split 1 @a 19 @b", { "@a", "@b" }, { 5, 95 } },
	{ "split 50000 @a 950000 @b", { "@a", "@b" }, { 5, 95 } },
	{ "split 1 @a 1 @b 2 @c", { "@a", "@b", "@c" }, { 25, 25, 50 } },
	{ "split 1 @a 0 @b 2 @c", { "@a", "@b", "@c" }, { 33.3, 0, 66.7 } },
	{ "split 0 @a 0 @b 2 @c", { "@a", "@b", "@c" }, { 0, 0, 100 } },
	{ "split 1 http://a:81 1 http://a:82 1 unix:/s 1 =alias.example",
	  { "http://a:81", "http://a:82", "unix:/s", "=alias.example" },
	  { 25, 25, 25, 25 } },
	{ "split 1 respond=503 \"no\" 1 redirect=301 http://x/{uri} "
	  "2 internal=health", { "respond=503 no",
	  "redirect=301 http://x/{uri}", "internal=health" },
	  { 25, 25, 50 } },
};

static void
shares_are_as_the_weights_say(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < TABLE_COUNT(split_shares); i++) {
		const char *row = split_shares[i].split;

		split_all("*.y.example", row, split_after);
		for (k = 0; k < SPLIT_TARGETS &&
		    split_shares[i].names[k] != NULL; k++) {
			double share = split_share(split_after,
			    split_shares[i].names[k]);
			double off = share - split_shares[i].shares[k];

			/* 20000 clients, p = 1/2: sigma is 0.35 */
			if (off < -1.4 || off > 1.4)
				fail_msg("%s: %s has %f", row,
				    split_shares[i].names[k], share);
			if (split_shares[i].shares[k] == 0)
				assert_true(share == 0);
		}
	}
}

/* ---- who moves ---- */

static const struct {
	const char *before, *after;
} split_same[] = {
	{ "split 5 @a 95 @b", "split 95 @b 5 @a" },
	{ "split 5 @a 95 @b", "split 1 @a 19 @b" },
	{ "split 5 @a 95 @b", "split 5 @a 0 @c 95 @b" },
	{ "split 5 @a 30 @b 65 @c", "split 65 @c 5 @a 30 @b" },
};

static void
neither_order_nor_targets_without_a_share_matter(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(split_same); i++) {
		split_all("*.y.example", split_same[i].before, split_before);
		split_all("*.y.example", split_same[i].after, split_after);
		TABLE_INT(split_same[i].after, split_differ(split_before,
		    split_after), 0);
	}
}

static const struct {
	const char *before, *after;
	const char *target; /* that no other's share grows as much as */
} split_raised[] = {
	{ "split 0 @a 100 @b", "split 5 @a 95 @b", "@a" },
	{ "split 5 @a 95 @b", "split 20 @a 80 @b", "@a" },
	{ "split 20 @a 80 @b", "split 50 @a 50 @b", "@a" },
	{ "split 50 @a 50 @b", "split 100 @a 0 @b", "@a" },
	{ "split 5 @a 45 @b 50 @c", "split 20 @a 40 @b 40 @c", "@a" },
	{ "split 20 @a 40 @b 40 @c", "split 50 @a 10 @b 40 @c", "@a" },
	{ "split 1 @a 1 @b", "split 1 @a 1 @b 1 @c", "@c" },
	{ "split 1 @a 1 @b 1 @c", "split 1 @a 1 @b", "@a" },
};

static void
who_has_a_target_keeps_it_while_its_share_is_raised(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < TABLE_COUNT(split_raised); i++) {
		const char *target = split_raised[i].target;

		split_all("*.y.example", split_raised[i].before, split_before);
		split_all("*.y.example", split_raised[i].after, split_after);
		for (k = 0; k < SPLIT_CLIENTS; k++)
			if (strcmp(split_before[k], target) == 0)
				TABLE_STR(split_raised[i].after,
				    str_of(split_after[k]), target);
	}
}

/* A third of all must come from the two others, and no more moves. */
static void
a_new_target_takes_its_share_and_moves_no_others(void **state)
{
	size_t moved, i;

	(void)state;
	split_all("*.y.example", "split 1 @a 1 @b", split_before);
	split_all("*.y.example", "split 1 @a 1 @b 1 @c", split_after);
	moved = split_differ(split_before, split_after);
	assert_in_range(moved, SPLIT_CLIENTS / 3 - SPLIT_CLIENTS / 60,
	    SPLIT_CLIENTS / 3 + SPLIT_CLIENTS / 60);
	for (i = 0; i < SPLIT_CLIENTS; i++)
		if (split_before[i] != split_after[i])
			assert_string_equal(split_after[i], "@c");
}

/* By chance half of the clients of two halves agree. */
static void
each_route_has_a_choice_of_its_own(void **state)
{
	size_t moved;

	(void)state;
	split_all("*.y.example", "split 1 @a 1 @b", split_before);
	split_all("x.y.example", "split 1 @a 1 @b", split_after);
	moved = split_differ(split_before, split_after);
	assert_in_range(moved, SPLIT_CLIENTS * 48 / 100,
	    SPLIT_CLIENTS * 52 / 100);
}

/* What is hashed is kept for good: other words move everybody's clients. */
static void
a_targets_spelling_tells_all_that_is_written(void **state)
{
	static const struct {
		const char *target, *want;
	} rows[] = {
		{ "http://h.example", "http://h.example" },
		{ "HTTP://H.Example:80/a", "http://h.example:80/a" },
		{ "https://{tag.t}.h.example:8443/{one}{uri}",
		  "https://{tag.t}.h.example:8443/{one}{uri}" },
		{ "unix:/run/s.sock", "unix:/run/s.sock" },
		{ "unix:/run/s.sock:/base", "unix:/run/s.sock:/base" },
		{ "@a", "@a" },
		{ "@s/a", "@s/a" },
		{ "@{one}", "@{one}" },
		{ "@s/v-{one}", "@s/v-{one}" },
		{ "=A.example.", "=a.example" },
		{ "redirect=302 https://n.example/{one}",
		  "redirect=302 https://n.example/{one}" },
		{ "respond=410", "respond=410" },
		{ "respond=410 \"a \\\" b\"", "respond=410 a \" b" },
		{ "internal=health", "internal=health" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		const struct route *r;
		struct decide d;
		struct buf text;
		char split[256];

		snprintf(split, sizeof(split), "split 1 %s 0 http://z.example\n"
		    "    tag=t:u", rows[i].target);
		r = split_route(&d, "{one}.y.example", split);
		buf_init(&text, 1024);
		assert_int_equal(spell_target(&r->splits[0].target, r, &text),
		    0);
		TABLE_STR(rows[i].target, buf_view(&text), rows[i].want);
		buf_fini(&text);
		decide_close(&d);
	}
}

static void
one_target_may_have_all_of_it(void **state)
{
	static const struct {
		const char *split;
		int want; /* -1: no */
	} rows[] = {
		{ "split 0 @a 1 @b", 1 }, { "split 7 @a 0 @b 0 @c", 0 },
		{ "split 1 @a 1 @b", -1 }, { "split 1 @a 0 @b 1 @c", -1 },
	};
	size_t i, at;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct decide d;
		const struct route *r = split_route(&d, "*.y.example",
		    rows[i].split);

		TABLE_INT(rows[i].split, split_is_whole(r, &at) ? (int)at : -1,
		    rows[i].want);
		decide_close(&d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_as_the_weights_say),
		cmocka_unit_test(
		    neither_order_nor_targets_without_a_share_matter),
		cmocka_unit_test(
		    who_has_a_target_keeps_it_while_its_share_is_raised),
		cmocka_unit_test(
		    a_new_target_takes_its_share_and_moves_no_others),
		cmocka_unit_test(each_route_has_a_choice_of_its_own),
		cmocka_unit_test(a_targets_spelling_tells_all_that_is_written),
		cmocka_unit_test(one_target_may_have_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
