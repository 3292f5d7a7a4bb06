/* SPDX-License-Identifier: BSD-2-Clause */

/* journal: who writes when, and what a reader sees of it, also of rubbish. */

#include "tests/unit/journal_site.h"

#include "layout.h"
#include "random.h"
#include "report/format.h"

static struct journal *
look(struct journal *j, enum journal_keep keep)
{
	struct err e;

	assert_int_equal(journal_look(j, keep, false, &e), 0);
	return j;
}

/* ---- whether to write ---- */

static void
nothing_is_wanted_while_nobody_reads(void **state)
{
	struct journal *j = site_join(JOURNAL_KEEP_TAIL);
	struct journal_tail *one, *two;

	(void)state;
	assert_false(journal_wanted(j));
	one = site_tail();
	two = site_tail();
	assert_int_equal(journal_tail_routers(one).joined, 1);
	assert_int_equal(journal_tail_routers(one).writing, 0);
	assert_true(journal_wanted(look(j, JOURNAL_KEEP_TAIL)));
	assert_int_equal(journal_tail_routers(one).writing, 1);
	journal_tail_close(&one);
	assert_true(journal_wanted(look(j, JOURNAL_KEEP_TAIL)));
	journal_tail_close(&two);
	assert_false(journal_wanted(look(j, JOURNAL_KEEP_TAIL)));
	journal_free(&j);
}

static void
what_is_always_kept_is_there_for_a_later_reader(void **state)
{
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal_tail *t;
	uint64_t i;

	(void)state;
	assert_true(journal_wanted(j));
	for (i = 0; i < 5; i++)
		site_write(j, i);
	journal_free(&j);
	t = site_tail();
	assert_int_equal(journal_tail_routers(t).joined, 0);
	assert_int_equal(site_drain(t, &i), 0);
	journal_tail_back(t, 2);
	assert_int_equal(site_next(t), 3);
	assert_int_equal(site_next(t), 4);
	journal_tail_back(t, 100);
	assert_int_equal(site_next(t), 0);
	assert_int_equal(journal_tail_missed(t), 0);
	journal_tail_close(&t);
}

static void
without_a_journal_there_is_no_file(void **state)
{
	struct journal *j = site_join(JOURNAL_KEEP_NO);
	struct err e;

	(void)state;
	assert_false(journal_wanted(j));
	assert_false(scratch_has(&site, "journal.1"));
	assert_null(journal_tail_open(site.folder, &e));
	assert_non_null(strstr(e.text, "journal.1"));
	assert_true(journal_wanted(look(j, JOURNAL_KEEP_ALWAYS)));
	assert_false(journal_wanted(look(j, JOURNAL_KEEP_NO)));
	journal_free(&j);
}

static struct journal *
look_once(enum journal_keep keep)
{
	struct journal *j;
	struct err e;

	sigbus_init();
	j = journal_new(site.folder);
	assert_int_equal(journal_look(j, keep, true, &e), 0);
	return j;
}

static void
who_answers_one_request_joins_only_to_write(void **state)
{
	struct journal *j = look_once(JOURNAL_KEEP_TAIL);
	struct journal_tail *t;

	(void)state;
	/* There was no file that a reader could have found. */
	assert_false(journal_wanted(j));
	t = site_tail();
	assert_int_equal(journal_tail_routers(t).joined, 1);
	journal_free(&j);
	j = look_once(JOURNAL_KEEP_TAIL);
	assert_true(journal_wanted(j));
	journal_free(&j);
	journal_tail_close(&t);
	j = look_once(JOURNAL_KEEP_TAIL);
	assert_false(journal_wanted(j));
	t = site_tail();
	assert_int_equal(journal_tail_routers(t).joined, 0);
	journal_tail_close(&t);
	journal_free(&j);
	j = look_once(JOURNAL_KEEP_ALWAYS);
	assert_true(journal_wanted(j));
	journal_free(&j);
}

static void
where_no_file_can_be_nothing_is_wanted(void **state)
{
	char path[SCRATCH_PATH_MAX];
	struct journal *j;
	struct err e;

	(void)state;
	scratch_write(&site, "file", "");
	j = journal_new(scratch_path(&site, "file", path));
	assert_int_equal(journal_look(j, JOURNAL_KEEP_ALWAYS, false, &e), -1);
	assert_non_null(strstr(e.text, path));
	assert_false(journal_wanted(j));
	/* It is said once. */
	assert_int_equal(journal_look(j, JOURNAL_KEEP_ALWAYS, false, &e), 0);
	assert_false(journal_wanted(j));
	journal_free(&j);
}

/* ---- reading ---- */

static void
every_reader_gets_each_record_once_in_order(void **state)
{
	struct journal *a = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal *b = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal_tail *tails[3];
	struct journal_entry none;
	uint64_t i, k;

	(void)state;
	site_write(a, 1000);
	for (k = 0; k < TABLE_COUNT(tails); k++)
		tails[k] = site_tail();
	for (i = 0; i < 100; i++)
		site_write(i % 3 == 0 ? a : b, i);
	for (k = 0; k < TABLE_COUNT(tails); k++) {
		for (i = 0; i < 100; i++)
			assert_int_equal(site_next(tails[k]), i);
		assert_int_equal(journal_tail_next(tails[k], &none), 0);
		assert_int_equal(journal_tail_missed(tails[k]), 0);
		journal_tail_close(&tails[k]);
	}
	journal_free(&a);
	journal_free(&b);
}

static void
who_is_overtaken_counts_what_it_missed(void **state)
{
	static const uint64_t counts[] = { JOURNAL_PLACES - 1, JOURNAL_PLACES,
		JOURNAL_PLACES + 1, JOURNAL_PLACES * 3 / 2,
		JOURNAL_PLACES * 3 + 7 };
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal_tail *t = site_tail();
	uint64_t number = 0, last = 0, i, k, read;

	(void)state;
	for (k = 0; k < TABLE_COUNT(counts); k++) {
		for (i = 0; i < counts[k]; i++)
			site_write(j, number++);
		read = site_drain(t, &last);
		assert_int_equal(last, number - 1);
		assert_int_equal(journal_tail_missed(t), counts[k] - read);
		assert_true(counts[k] > JOURNAL_PLACES ?
		    read >= JOURNAL_PLACES / 2 : read == counts[k]);
	}
	journal_tail_close(&t);
	journal_free(&j);
}

static void
a_removed_file_is_followed_by_the_next_one(void **state)
{
	struct journal *j = site_join(JOURNAL_KEEP_TAIL);
	struct journal_tail *t = site_tail();
	char path[SCRATCH_PATH_MAX];
	struct err e;

	(void)state;
	site_write(look(j, JOURNAL_KEEP_TAIL), 1);
	assert_int_equal(site_next(t), 1);
	assert_int_equal(unlink(scratch_path(&site, "journal.1", path)), 0);
	assert_int_equal(journal_tail_look(t, &e), -1);
	assert_false(journal_wanted(look(j, JOURNAL_KEEP_TAIL)));
	assert_int_equal(journal_tail_look(t, &e), 1);
	assert_true(journal_wanted(look(j, JOURNAL_KEEP_TAIL)));
	site_write(j, 2);
	assert_int_equal(site_next(t), 2);
	assert_int_equal(journal_tail_look(t, &e), 0);
	assert_int_equal(journal_tail_missed(t), 0);
	journal_tail_close(&t);
	journal_free(&j);
}

static void
a_record_that_nobody_dated_is_dated(void **state)
{
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal_tail *t = site_tail();
	struct journal_entry entry;
	struct timespec now = clock_wall();
	struct record r;

	(void)state;
	record_init(&r);
	r.total_us = 100 * INT64_C(1000000);
	journal_write(j, &r);
	assert_int_equal(journal_tail_next(t, &entry), 1);
	assert_in_range(entry.record.start.tv_sec, now.tv_sec - 101,
	    now.tv_sec + 60 - 100);
	journal_tail_close(&t);
	journal_free(&j);
}

/* ---- writers that do not go on ---- */

static void
a_place_where_somebody_writes_is_left_to_them(void **state)
{
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal_data *d = site_open();
	const uint64_t other = journal_seal(5, 99);
	struct journal_entry none;
	struct journal_tail *t;

	(void)state;
	atomic_store(&d->next, JOURNAL_PLACES + 5);
	atomic_store(&d->seals[5], other);
	t = site_tail();
	site_write(j, 0); /* does not wait */
	site_write(j, 1);
	assert_int_equal(atomic_load(&d->seals[5]), other);
	atomic_store(&d->seals[5], journal_seal(5, 0)); /* it goes on */
	assert_int_equal(journal_tail_next(t, &none), 0);
	site_set_us(site_us() + JOURNAL_TAIL_PATIENCE_MS * 1000);
	assert_int_equal(site_next(t), 1);
	assert_int_equal(journal_tail_missed(t), 1);
	site_close(d);
	journal_tail_close(&t);
	journal_free(&j);
}

static void
a_record_in_the_making_is_waited_for_but_not_for_long(void **state)
{
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal_tail *t = site_tail();
	struct journal_data *d = site_open();
	struct journal_entry entry;
	uint64_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		site_write(j, i);
	/* The first one is slow, and comes. */
	atomic_store(&d->seals[0], journal_seal(0, 1));
	assert_int_equal(journal_tail_next(t, &entry), 0);
	atomic_store(&d->seals[0], journal_seal(0, 0));
	assert_int_equal(site_next(t), 0);
	/* Two do not; they are waited for together. */
	atomic_store(&d->seals[1], journal_seal(1, 1));
	atomic_store(&d->seals[2], journal_seal(2, 1));
	assert_int_equal(journal_tail_next(t, &entry), 0);
	site_set_us(site_us() + (JOURNAL_TAIL_PATIENCE_MS - 1) * 1000);
	assert_int_equal(journal_tail_next(t, &entry), 0);
	site_set_us(site_us() + 1000);
	assert_int_equal(site_next(t), 3);
	assert_int_equal(journal_tail_missed(t), 2);
	site_close(d);
	journal_tail_close(&t);
	journal_free(&j);
}

static void
what_a_process_left_undone_goes_with_its_slot(void **state)
{
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal *other = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal_data *d = site_open();

	(void)state;
	atomic_store(&d->seals[7], journal_seal(7, 2)); /* slot 1: other's */
	atomic_store(&d->seals[8], journal_seal(8, 1));
	journal_free(&other);
	assert_int_equal(atomic_load(&d->seals[7]), 0);
	assert_int_equal(atomic_load(&d->seals[8]), journal_seal(8, 1));
	assert_int_equal(atomic_load(&d->states[1]), JOURNAL_NOBODY);
	site_close(d);
	journal_free(&j);
}

static void
records_of_processes_without_a_slot_are_counted_as_missed(void **state)
{
	static struct journal *all[JOURNAL_SLOTS + 1];
	struct journal_tail *t;
	uint64_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(all); i++)
		all[i] = site_join(JOURNAL_KEEP_ALWAYS);
	t = site_tail();
	for (i = 0; i < TABLE_COUNT(all); i++)
		site_write(all[i], i);
	for (i = 0; i < JOURNAL_SLOTS; i++)
		assert_int_equal(site_next(t), i);
	assert_int_equal(site_drain(t, &i), 0);
	assert_int_equal(journal_tail_missed(t), 1);
	journal_tail_close(&t);
	for (i = 0; i < TABLE_COUNT(all); i++)
		journal_free(&all[i]);
}

/* ---- rubbish ---- */

static void
spoil(struct journal_data *d, uint64_t next)
{
	uint64_t i, word;

	for (i = 0; i < 2000; i++) {
		word = (uint64_t)random_below(1u << 30) << 33 |
		    random_below(1u << 30);
		if (random_below(2) == 0)
			atomic_store(&d->places[random_below(40)].words[
			    random_below(JOURNAL_WORDS)], word);
		else
			atomic_store(&d->seals[random_below(40)],
			    random_below(2) == 0 ? word :
			    journal_seal(random_below(40), 0));
	}
	atomic_store(&d->next, random_below(4) > 0 ? next :
	    UINT64_MAX - random_below(3));
	atomic_store(&d->lost, random_below(100));
}

static void
rubbish_in_the_file_harms_neither_side(void **state)
{
	const size_t rounds = random_cases(30, 3000);
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal_tail *t = site_tail();
	struct journal_data *d = site_open();
	struct journal_entry entry;
	static char line[FORMAT_LINE_MAX];
	struct format *f = NULL;
	struct err e;
	size_t round;
	int left;

	(void)state;
	assert_int_equal(format_built_in(STR("full"), &f, &e), 1);
	random_begin(random_seed());
	for (round = 0; round < rounds; round++) {
		spoil(d, random_below(100));
		site_write(j, round);
		for (left = 200; left > 0; left--) {
			site_set_us(site_us() + 30000);
			if (journal_tail_next(t, &entry) == 1)
				(void)format_print(f, &entry.record,
				    line);
		}
		(void)journal_tail_missed(t);
		(void)journal_tail_routers(t);
		journal_tail_back(t, random_below(100));
	}
	format_free(&f);
	/* A file that is good again is read again. */
	memset((void *)d, 0, sizeof(*d));
	assert_int_equal(journal_tail_next(t, &entry), 0);
	site_write(j, 3);
	assert_int_equal(site_next(t), 3);
	site_close(d);
	journal_tail_close(&t);
	journal_free(&j);
}

static void
a_cut_file_ends_neither_side(void **state)
{
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal_tail *t = site_tail();
	char path[SCRATCH_PATH_MAX];
	struct journal_entry entry;
	struct err e;

	(void)state;
	site_write(j, 1);
	assert_int_equal(truncate(scratch_path(&site, "journal.1", path),
	    SHM_HEAD), 0);
	assert_int_equal(journal_tail_next(t, &entry), 0);
	site_write(j, 2);
	assert_false(journal_wanted(j));
	assert_true(journal_wanted(look(j, JOURNAL_KEEP_ALWAYS)));
	assert_int_equal(journal_tail_look(t, &e), 1);
	site_write(j, 3);
	assert_int_equal(site_next(t), 3);
	journal_tail_close(&t);
	journal_free(&j);
}

/* ---- the layout ---- */

static void
the_manual_draws_the_layout(void **state)
{
	static const struct layout_row rows[] = {
		{ "next", SHM_HEAD + offsetof(struct journal_data, next), 8 },
		{ "lost", SHM_HEAD + offsetof(struct journal_data, lost), 8 },
		{ "spare", SHM_HEAD + offsetof(struct journal_data, spare),
		    48 },
		{ "states", SHM_HEAD + offsetof(struct journal_data, states),
		    sizeof(((struct journal_data *)0)->states) },
		{ "seals", SHM_HEAD + offsetof(struct journal_data, seals),
		    sizeof(((struct journal_data *)0)->seals) },
		{ "places", SHM_HEAD + offsetof(struct journal_data, places),
		    sizeof(((struct journal_data *)0)->places) },
	};

	(void)state;
	layout_compare("fcgi-router/fcgi-router.8", ".Pa journal.1", rows,
	    TABLE_COUNT(rows));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, site_init, site_fini)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_wanted_while_nobody_reads),
		TEST(what_is_always_kept_is_there_for_a_later_reader),
		TEST(without_a_journal_there_is_no_file),
		TEST(who_answers_one_request_joins_only_to_write),
		TEST(where_no_file_can_be_nothing_is_wanted),
		TEST(every_reader_gets_each_record_once_in_order),
		TEST(who_is_overtaken_counts_what_it_missed),
		TEST(a_removed_file_is_followed_by_the_next_one),
		TEST(a_record_that_nobody_dated_is_dated),
		TEST(a_place_where_somebody_writes_is_left_to_them),
		TEST(a_record_in_the_making_is_waited_for_but_not_for_long),
		TEST(what_a_process_left_undone_goes_with_its_slot),
		TEST(records_of_processes_without_a_slot_are_counted_as_missed),
		TEST(rubbish_in_the_file_harms_neither_side),
		TEST(a_cut_file_ends_neither_side),
		TEST(the_manual_draws_the_layout),
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
