/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_rendezvous: scores against a reckoning with fifty digits, and what
 * follows from them for 100,000 clients.
 */

#include "decide/rendezvous.h"

#include <stdio.h>

#include "tests/unit/table.h"

enum { CLIENTS = 100000, CHOICES_MAX = 8, TEXT_MAX = 32 };

/*
 * value: -w / ln h to the last bit, by an implementation in another language
 * with decimals of fifty digits; bits: ours, which every machine must find.
 */
static const struct score_row {
	const char *salt, *name, *key;
	uint32_t weight;
	double value, bits;
} score_rows[] = {
	{ "@a", "http://10.0.0.1:80", "192.0.2.1", 1,
	    0x1.3f0398e6b10d2p-1, 0x1.3f0398e6b10d2p-1 },
	{ "@a", "http://10.0.0.1:80", "192.0.2.1", 3,
	    0x1.de85655a0993bp+0, 0x1.de85655a0993cp+0 },
	{ "@a", "http://10.0.0.1:80", "192.0.2.185", 1,
	    0x1.748526d378a43p+1, 0x1.748526d378a43p+1 },
	{ "@a", "http://10.0.0.1:80", "192.0.2.547", 1,
	    0x1.71737be4b591ep+1, 0x1.71737be4b591dp+1 },
	{ "@a", "http://10.0.0.2:80", "192.0.2.1", 1000000,
	    0x1.e6a1e781c7e8bp+20, 0x1.e6a1e781c7e8cp+20 },
	{ "shop.example.com/checkout", "@checkout-next", "", 1,
	    0x1.99b7689cb2512p+2, 0x1.99b7689cb2513p+2 },
	{ "", "", "", 1,
	    0x1.d7b211a0eedcdp+3, 0x1.d7b211a0eedcbp+3 },
	{ "@ab", "c", "d", 1,
	    0x1.13bd10ff02cb7p-1, 0x1.13bd10ff02cb7p-1 },
	{ "@a", "bc", "d", 1,
	    0x1.c2808cf178dd7p+0, 0x1.c2808cf178dd8p+0 },
	{ "@a", "b", "cd", 1,
	    0x1.8571b1dc87b34p-1, 0x1.8571b1dc87b34p-1 },
	{ "@a", "b", "cd", 0, 0, 0 },
};

static void
scores_are_right_and_alike_on_every_machine(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(score_rows); i++) {
		const struct score_row *r = &score_rows[i];
		double got = rendezvous_score(rendezvous_client(
		    str_of(r->salt), str_of(r->key)), str_of(r->name),
		    r->weight);
		double off = got > r->value ? got - r->value :
		    r->value - got;

		if (got != r->bits || off > r->value * 0x1p-50)
			fail_msg("row %zu: got %a, want %a", i, got, r->bits);
	}
}

/* Every way to cut eight letters into three, of which any may be empty. */
static void
no_other_cut_of_the_same_letters_scores_the_same(void **state)
{
	const struct str all = STR("aaaaaaaa");
	double seen[64];
	size_t count = 0, i, j, k;

	(void)state;
	for (i = 0; i <= all.n; i++)
		for (j = i; j <= all.n; j++) {
			double got = rendezvous_score(rendezvous_client(
			    str_sub(all, 0, i), str_sub(all, j, all.n)),
			    str_sub(all, i, j), 1);

			for (k = 0; k < count; k++)
				if (seen[k] == got)
					fail_msg("cut at %zu and %zu", i, j);
			seen[count++] = got;
		}
	assert_int_equal(count, 45);
}

/* ---- 100,000 clients ---- */

struct choices {
	const char *names[CHOICES_MAX];
	uint32_t weights[CHOICES_MAX]; /* of those behind the last, 0 */
};

/* Index of the one the client gets. */
static size_t
rendezvous_of(const struct choices *c, const char *salt, unsigned client)
{
	char text[TEXT_MAX];
	double best = 0, score;
	size_t i, got = CHOICES_MAX;
	uint64_t id;

	snprintf(text, sizeof(text), "10.%u.%u.%u", client >> 16 & 255,
	    client >> 8 & 255, client & 255);
	id = rendezvous_client(str_of(salt), str_of(text));
	for (i = 0; i < CHOICES_MAX && c->names[i] != NULL; i++) {
		score = rendezvous_score(id, str_of(c->names[i]),
		    c->weights[i]);
		if (score > best) {
			best = score;
			got = i;
		}
	}
	assert_true(got < CHOICES_MAX);
	return got;
}

/* `of` is raised step by step, and takes from the others. */
static const struct raise_row {
	const char *row;
	size_t of, count;
	struct choices steps[4];
} raise_rows[] = {
	{ "two targets", 1, 2, {
	    { { "@old", "@new" }, { 100, 0 } },
	    { { "@old", "@new" }, { 95, 5 } },
	    { { "@old", "@new" }, { 80, 20 } },
	    { { "@old", "@new" }, { 50, 50 } } } },
	{ "three targets, one gives", 1, 3, {
	    { { "@old", "@new", "@other" }, { 70, 0, 30 } },
	    { { "@old", "@new", "@other" }, { 65, 5, 30 } },
	    { { "@old", "@new", "@other" }, { 50, 20, 30 } },
	    { { "@old", "@new", "@other" }, { 20, 50, 30 } } } },
	{ "three targets, both give", 2, 3, {
	    { { "@old", "@other", "@new" }, { 60, 40, 0 } },
	    { { "@old", "@other", "@new" }, { 57, 38, 5 } },
	    { { "@old", "@other", "@new" }, { 48, 32, 20 } },
	    { { "@old", "@other", "@new" }, { 30, 20, 50 } } } },
	{ "three targets, the others as they were", 0, 3, {
	    { { "@new", "@old", "@other" }, { 0, 10, 20 } },
	    { { "@new", "@old", "@other" }, { 5, 10, 20 } },
	    { { "@new", "@old", "@other" }, { 20, 10, 20 } },
	    { { "@new", "@old", "@other" }, { 50, 10, 20 } } } },
};

/* Its clients lie within four standard deviations of its share. */
static void
rendezvous_share(const char *row, const struct choices *c, size_t of,
    double got)
{
	double sum = 0, share, off;
	size_t i;

	for (i = 0; i < CHOICES_MAX; i++)
		sum += c->weights[i];
	share = c->weights[of] / sum;
	off = got - share * CLIENTS;
	if (off * off > 16 * share * (1 - share) * CLIENTS)
		fail_msg("row '%s': %.0f clients of a share of %.2f", row,
		    got, share);
}

static void
raising_a_share_moves_nobody_away_from_it(void **state)
{
	size_t i, step, before, now;
	unsigned client;

	(void)state;
	for (i = 0; i < TABLE_COUNT(raise_rows); i++) {
		const struct raise_row *r = &raise_rows[i];
		size_t has[4] = { 0 };

		for (client = 0; client < CLIENTS; client++) {
			before = r->of + 1;
			for (step = 0; step < 4; step++) {
				now = rendezvous_of(&r->steps[step],
				    "shop.example.com", client);
				if (before == r->of && now != r->of)
					fail_msg("row '%s': client %u left",
					    r->row, client);
				has[step] += now == r->of;
				before = now;
			}
		}
		for (step = 0; step < 4; step++)
			rendezvous_share(r->row, &r->steps[step], r->of,
			    (double)has[step]);
	}
}

/* When all others keep their weights, they keep all clients but those. */
static void
raising_a_share_moves_nobody_between_the_others(void **state)
{
	const struct raise_row *r =
	    &raise_rows[TABLE_COUNT(raise_rows) - 1];
	unsigned client;
	size_t step;

	(void)state;
	for (client = 0; client < CLIENTS; client++)
		for (step = 1; step < 4; step++) {
			size_t now = rendezvous_of(&r->steps[step], "s",
			    client);

			if (now != r->of && now != rendezvous_of(
			    &r->steps[step - 1], "s", client))
				fail_msg("client %u moved", client);
		}
}

static void
places_choose_independently(void **state)
{
	const struct choices c = { { "@old", "@new" }, { 50, 50 } };
	double both = 0;
	unsigned client;

	(void)state;
	for (client = 0; client < CLIENTS; client++)
		both += rendezvous_of(&c, "shop.example.com", client) == 1 &&
		    rendezvous_of(&c, "blog.example.com", client) == 1;
	rendezvous_share("both", &(struct choices){ { NULL }, { 1, 3 } }, 0,
	    both);
}

/* ---- extremes ---- */

static void
a_tiny_share_is_a_share(void **state)
{
	const struct choices c = { { "@all", "@one" }, { 9999, 1 } };
	size_t has = 0;
	unsigned client;

	(void)state;
	for (client = 0; client < CLIENTS; client++)
		has += rendezvous_of(&c, "s", client) == 1;
	rendezvous_share("tiny", &c, 1, (double)has);
}

static void
a_weight_of_nothing_is_below_all(void **state)
{
	const char *names[] = { "", "@a", "@b", "http://10.0.0.1:80" };
	unsigned client;
	size_t i;

	(void)state;
	for (client = 0; client < 1000; client++)
		for (i = 0; i < TABLE_COUNT(names); i++) {
			assert_true(rendezvous_score(client, str_of(names[i]),
			    0) == 0);
			assert_true(rendezvous_score(client, str_of(names[i]),
			    1) > 0);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_are_right_and_alike_on_every_machine),
		cmocka_unit_test(
		    no_other_cut_of_the_same_letters_scores_the_same),
		cmocka_unit_test(raising_a_share_moves_nobody_away_from_it),
		cmocka_unit_test(
		    raising_a_share_moves_nobody_between_the_others),
		cmocka_unit_test(places_choose_independently),
		cmocka_unit_test(a_tiny_share_is_a_share),
		cmocka_unit_test(a_weight_of_nothing_is_below_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
