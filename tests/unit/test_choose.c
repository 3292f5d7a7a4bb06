/* SPDX-License-Identifier: BSD-2-Clause */

/* test_choose: shares, evenness, and whom it moves when origins change. */

#include "decide/choose.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/random.h"
#include "tests/unit/table.h"

enum { ORIGINS_MAX = 64, DRAWS = 1000000, CLIENTS = 50000, TEXT_MAX = 40 };

/* Origins of these weights, all open, named "http://a", "http://b" ... */
struct fleet {
	char names[ORIGINS_MAX][TEXT_MAX];
	struct choose_from from[ORIGINS_MAX];
	struct choose c;
	uint64_t sum;
};

static void
fleet_open(struct fleet *f, const uint32_t *weights, size_t count)
{
	size_t i;

	assert_true(count <= ORIGINS_MAX);
	memset(f, 0, sizeof(*f));
	f->c = (struct choose){ .from = f->from, .count = count,
		.salt = STR("@api") };
	for (i = 0; i < count; i++) {
		snprintf(f->names[i], TEXT_MAX, "http://10.0.0.%zu:80", i);
		f->from[i] = (struct choose_from){
			.name = str_of(f->names[i]),
			.weight = weights[i], .open = true };
		f->sum += weights[i];
	}
}

/* Of a text "W W/ACTIVE -W": weights; '-' before: it is not open. */
static void
fleet_read(struct fleet *f, const char *text)
{
	uint32_t weights[ORIGINS_MAX] = { 0 };
	struct str left = str_of(text), word, weight, active;
	uint64_t number;
	size_t count = 0;

	for (; left.n > 0; count++) {
		(void)str_cut(left, ' ', &word, &left);
		weights[count] = 0;
	}
	fleet_open(f, weights, count);
	left = str_of(text);
	for (count = 0; left.n > 0; count++) {
		(void)str_cut(left, ' ', &word, &left);
		f->from[count].open = word.p[0] != '-';
		if (word.p[0] == '-')
			word = str_sub(word, 1, word.n);
		(void)str_cut(word, '/', &weight, &active);
		assert_true(str_to_u64(weight, UINT32_MAX, &number));
		f->from[count].weight = (uint32_t)number;
		f->sum += number;
		if (active.n == 0)
			continue;
		assert_true(str_to_u64(active, UINT32_MAX, &number));
		f->from[count].active = (uint32_t)number;
	}
}

/* ---- tables ---- */

/* The choices of the turns 0, 1, 2 ..., as letters; '.': none. */
static const struct choose_row {
	const char *row;
	enum balance balance;
	const char *fleet;
	const char *want;
} choose_rows[] = {
	{ "one", BALANCE_ROUND_ROBIN, "1", "aaa" },
	{ "two", BALANCE_ROUND_ROBIN, "1 1", "ababab" },
	{ "five", BALANCE_ROUND_ROBIN, "1 1 1 1 1", "dacbedacbe" },
	{ "weights", BALANCE_ROUND_ROBIN, "5 1 1", "abaaacaabaaaca" },
	{ "weights with a common divisor", BALANCE_ROUND_ROBIN,
	    "500 100 100", "abaaacaabaaaca" },
	{ "one to three", BALANCE_ROUND_ROBIN, "1 3", "babbbabb" },
	{ "the closed are left out", BALANCE_ROUND_ROBIN, "1 -9 1 -7",
	    "acacac" },
	{ "those without a weight, too", BALANCE_ROUND_ROBIN, "0 1 0 1",
	    "bdbdbd" },
	{ "all closed", BALANCE_ROUND_ROBIN, "-1 -1", ".." },
	{ "no weight at all", BALANCE_ROUND_ROBIN, "0 0", ".." },
	{ "nobody", BALANCE_ROUND_ROBIN, "", ".." },
	{ "requests do not matter", BALANCE_ROUND_ROBIN, "1/9 1", "abab" },

	{ "least", BALANCE_LEAST, "1/2 1/1 1/3", "bbbb" },
	{ "for its weight", BALANCE_LEAST, "10/2 1/1 1/3", "aaaa" },
	{ "a fraction less", BALANCE_LEAST, "3/2 2/1 1/1", "bbbb" },
	{ "equal ones in turn", BALANCE_LEAST, "1/1 1/1 1/2", "abab" },
	{ "equal for their weight, by weight", BALANCE_LEAST,
	    "1/1 3/3 1/2", "babbbabb" },
	{ "nothing under way: by weight", BALANCE_LEAST, "5 1 1",
	    "abaaacaabaaaca" },
	{ "the least closed", BALANCE_LEAST, "-1/0 1/5 1/6", "bbbb" },
	{ "the least without a weight", BALANCE_LEAST, "0/0 1/5 1/6",
	    "bbbb" },
	{ "large numbers", BALANCE_LEAST,
	    "1000000/4294967295 999999/4294967295", "aaaa" },
	{ "least, all closed", BALANCE_LEAST, "-1 -1", ".." },
	{ "least, nobody", BALANCE_LEAST, "", ".." },

	{ "hash takes no turns", BALANCE_HASH, "1 1 1 1", "aaaa" },
	{ "nor load", BALANCE_HASH, "1/9 1 1 1", "aaaa" },
	{ "hash, its own closed", BALANCE_HASH, "-1 1 1 1", "cccc" },
	{ "hash, no weight", BALANCE_HASH, "0 1 1 -1", "cccc" },
	{ "hash, all closed", BALANCE_HASH, "-1 -1", ".." },
	{ "hash, nobody", BALANCE_HASH, "", ".." },
};

static void
each_turn_chooses_what_the_table_says(void **state)
{
	size_t i, turn;

	(void)state;
	for (i = 0; i < TABLE_COUNT(choose_rows); i++) {
		const struct choose_row *r = &choose_rows[i];
		char got[TEXT_MAX] = "";
		struct fleet f;

		fleet_read(&f, r->fleet);
		f.c.key = STR("192.0.2.1");
		for (turn = 0; turn < strlen(r->want); turn++) {
			int index;

			f.c.turn = turn;
			index = choose_by(r->balance, &f.c);
			got[turn] = index == -1 ? '.' : (char)('a' + index);
		}
		TABLE_STR(r->row, str_of(got), r->want);
	}
}

/* ---- in turn: exact, and even ---- */

static void
fleet_random(struct fleet *f)
{
	uint32_t weights[ORIGINS_MAX];
	size_t count = 1 + random_below(12), i;
	unsigned most = random_below(2) == 0 ? 4 : 60;

	for (i = 0; i < count; i++)
		weights[i] = 1 + random_below(most);
	fleet_open(f, weights, count);
}

/* One choice for each doubling of the number of origins, at most. */
static uint64_t
fleet_bound(const struct fleet *f)
{
	uint64_t bound = 0;

	while (((size_t)1 << bound) < f->c.count)
		bound++;
	return bound;
}

/*
 * From any turn on, sum-of-weights turns give each origin its weight, and fewer
 * turns about that.
 */
static void
fleet_turns(struct fleet *f, uint64_t from)
{
	uint64_t has[ORIGINS_MAX] = { 0 }, turns;
	uint64_t bound = fleet_bound(f) * f->sum;
	size_t i;

	for (turns = 1; turns <= f->sum; turns++) {
		int index;

		f->c.turn = from + turns - 1;
		index = choose_round_robin(&f->c);
		assert_in_range(index, 0, f->c.count - 1);
		has[index]++;
		for (i = 0; i < f->c.count; i++) {
			uint64_t is = has[i] * f->sum;
			uint64_t due = turns * f->from[i].weight;

			if ((is > due ? is - due : due - is) > bound)
				fail_msg("origin %zu of %zu has %llu of %llu "
				    "turns", i, f->c.count,
				    (unsigned long long)has[i],
				    (unsigned long long)turns);
		}
	}
	for (i = 0; i < f->c.count; i++)
		assert_int_equal(has[i], f->from[i].weight);
}

static void
any_turns_in_a_row_are_shared_by_weight_and_evenly(void **state)
{
	size_t i, cases = random_cases(400, 20000);

	(void)state;
	random_begin(random_seed());
	for (i = 0; i < cases; i++) {
		struct fleet f;

		fleet_random(&f);
		fleet_turns(&f, random_below(1000000));
		fleet_turns(&f, UINT64_MAX - f.sum);
	}
}

static void
equal_origins_come_once_a_round_at_the_same_distance(void **state)
{
	uint32_t weights[ORIGINS_MAX];
	size_t count;

	(void)state;
	for (count = 1; count <= ORIGINS_MAX; count++) {
		uint64_t last[ORIGINS_MAX] = { 0 };
		struct fleet f;

		weights[count - 1] = 7;
		fleet_open(&f, weights, count);
		for (f.c.turn = 0; f.c.turn < 4 * count; f.c.turn++) {
			int index = choose_round_robin(&f.c);

			if (f.c.turn >= count)
				assert_int_equal(f.c.turn - last[index],
				    count);
			last[index] = f.c.turn;
		}
	}
}

/* ---- shares of a million draws ---- */

/* Chi-square of one in 1,000, by degrees of freedom. */
static const double chi_square_limit[] = { 0, 10.828, 13.816, 16.266, 18.467,
	20.515, 22.458, 24.322, 26.124, 27.877 };

static void
fleet_chi_square(const char *row, const struct fleet *f, const size_t *has)
{
	double chi = 0;
	size_t i;

	for (i = 0; i < f->c.count; i++) {
		double due = (double)DRAWS * f->from[i].weight /
		    (double)f->sum;
		double off = (double)has[i] - due;

		chi += off * off / due;
	}
	if (chi > chi_square_limit[f->c.count - 1])
		fail_msg("row '%s': chi-square %.2f of %zu origins", row, chi,
		    f->c.count);
}

static const struct share_row {
	const char *row;
	enum balance balance;
	const char *fleet;
} share_rows[] = {
	{ "round-robin, equal", BALANCE_ROUND_ROBIN, "1 1" },
	{ "round-robin, few of many", BALANCE_ROUND_ROBIN, "5 95" },
	{ "round-robin, steps", BALANCE_ROUND_ROBIN, "1 2 3 4 5 6 7 8" },
	{ "round-robin, ten", BALANCE_ROUND_ROBIN, "1 1 1 1 1 1 1 1 1 1" },
	{ "round-robin, heavy", BALANCE_ROUND_ROBIN, "100 1 1" },
	{ "least, equal", BALANCE_LEAST, "1 1" },
	{ "least, few of many", BALANCE_LEAST, "5 95" },
	{ "least, steps", BALANCE_LEAST, "1 2 3 4 5 6 7 8" },
	{ "least, under way", BALANCE_LEAST, "2/4 3/6 7/14" },
	{ "hash, equal", BALANCE_HASH, "1 1" },
	{ "hash, few of many", BALANCE_HASH, "5 95" },
	{ "hash, steps", BALANCE_HASH, "1 2 3" },
};

/* Turns come as they come to one of very many processes: at random. */
static void
a_million_draws_are_shared_by_weight(void **state)
{
	size_t i, draw;

	(void)state;
	random_begin(1);
	for (i = 0; i < TABLE_COUNT(share_rows); i++) {
		const struct share_row *r = &share_rows[i];
		size_t has[ORIGINS_MAX] = { 0 };
		struct fleet f;

		fleet_read(&f, r->fleet);
		for (draw = 0; draw < DRAWS; draw++) {
			uint64_t chance = (uint64_t)random_below(1u << 31)
			    << 31 | random_below(1u << 31);

			f.c.turn = chance;
			f.c.key = (struct str){ (char *)&chance,
				sizeof(chance) };
			has[choose_by(r->balance, &f.c)]++;
		}
		fleet_chi_square(r->row, &f, has);
	}
}

/* ---- hash: whom it moves ---- */

static int
fleet_client(struct fleet *f, unsigned client)
{
	char text[TEXT_MAX];

	f->c.key = (struct str){ text, (size_t)snprintf(text, sizeof(text),
	    "2001:db8:%x:%x::/64", client >> 16, client & 0xffff) };
	return choose_hash(&f->c);
}

static const char *const hash_fleets[] = { "1 1", "1 1 1", "1 1 1 1 1",
	"1 1 1 1 1 1 1 1 1 1", "1 2 3", "5 1 1 5" };

/* Each origin leaves once; read backwards it joins. */
static void
hash_moves_only_the_clients_of_who_leaves_or_joins(void **state)
{
	unsigned client;
	size_t i, gone;

	(void)state;
	for (i = 0; i < TABLE_COUNT(hash_fleets); i++) {
		struct fleet f;

		fleet_read(&f, hash_fleets[i]);
		for (gone = 0; gone < f.c.count; gone += f.c.count / 2) {
			double moved = 0, most = 1.1 * CLIENTS *
			    f.from[gone].weight / (double)f.sum;

			for (client = 0; client < CLIENTS; client++) {
				int with = fleet_client(&f, client), without;

				f.from[gone].open = false;
				without = fleet_client(&f, client);
				f.from[gone].open = true;
				moved += with != without;
				if (with != (int)gone && with != without)
					fail_msg("'%s': client %u moved from "
					    "%d to %d", hash_fleets[i],
					    client, with, without);
			}
			if (moved > most || moved == 0)
				fail_msg("'%s': %.0f moved, at most %.0f",
				    hash_fleets[i], moved, most);
		}
	}
}

/* And who is moved goes to all the others, by weight. */
static void
hash_spreads_the_clients_of_who_leaves(void **state)
{
	size_t has[3] = { 0 }, all = 0, i;
	unsigned client;
	struct fleet f;

	(void)state;
	fleet_read(&f, "1 1 2 4");
	for (client = 0; client < CLIENTS; client++)
		if (fleet_client(&f, client) == 3) {
			f.from[3].open = false;
			has[fleet_client(&f, client)]++;
			f.from[3].open = true;
			all++;
		}
	for (i = 0; i < 3; i++) {
		double due = (double)all * f.from[i].weight / 4;

		assert_true((double)has[i] > 0.95 * due);
		assert_true((double)has[i] < 1.05 * due);
	}
}

static void
hash_does_not_see_the_order_of_the_list(void **state)
{
	struct fleet f, other;
	unsigned client;
	size_t i;

	(void)state;
	fleet_read(&f, "1 2 3 4 5 6 7");
	fleet_read(&other, "7 6 5 4 3 2 1");
	for (i = 0; i < f.c.count; i++)
		other.from[i].name = f.from[f.c.count - 1 - i].name;
	for (client = 0; client < CLIENTS; client++)
		assert_int_equal(fleet_client(&other, client),
		    (int)f.c.count - 1 - fleet_client(&f, client));
}

/* What this program finds today is what any other process finds. */
static void
hash_finds_the_same_in_every_process(void **state)
{
	char got[25] = "";
	unsigned client;
	struct fleet f;

	(void)state;
	fleet_read(&f, "1 2 3 1");
	for (client = 0; client < 24; client++)
		got[client] = (char)('a' + fleet_client(&f, client));
	assert_string_equal(got, "dabcbaaccacdcaaabdabcdca");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_turn_chooses_what_the_table_says),
		cmocka_unit_test(
		    any_turns_in_a_row_are_shared_by_weight_and_evenly),
		cmocka_unit_test(
		    equal_origins_come_once_a_round_at_the_same_distance),
		cmocka_unit_test(a_million_draws_are_shared_by_weight),
		cmocka_unit_test(
		    hash_moves_only_the_clients_of_who_leaves_or_joins),
		cmocka_unit_test(hash_spreads_the_clients_of_who_leaves),
		cmocka_unit_test(hash_does_not_see_the_order_of_the_list),
		cmocka_unit_test(hash_finds_the_same_in_every_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
