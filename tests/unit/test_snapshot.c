/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * snapshot: maps come, go and break while they are in use; no answer is ever
 * of a map that is not in force.
 */

#include "route/snapshot.h"

#include "tests/unit/maps.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "tests/unit/table.h"

enum { HOSTS = 300, LARGE = 30000, SWAPS = 60, SETTLE_MS = 10000 };

/* One lookup as the router makes it. 1 and text, 0, or -1 and e. */
static int
look_up(struct snapshot *s, unsigned slot, unsigned i, char text[256],
    struct err *e)
{
	struct snapshot_map *m = snapshot_take(s, e);
	int got;

	if (m == NULL)
		return -1;
	got = maps_ask(snapshot_store(m), slot, i, text, e);
	if (got != -1 && snapshot_confirm(m, e) == -1)
		got = -1;
	snapshot_give(s, &m);
	assert_null(m);
	return got;
}

static void
answers(struct snapshot *s, const char *generation)
{
	unsigned i;

	for (i = 0; i < HOSTS; i += 7) {
		char text[256] = "";
		struct err e = { .text = "not found" };

		if (look_up(s, i % 3, i, text, &e) != 1)
			fail_msg("host %u: %s", i, e.text);
		if (!maps_right(text, generation, i))
			fail_msg("host %u: got '%s', want '%s'", i, text,
			    generation);
	}
}

static void
refuses(struct snapshot *s, enum reason reason)
{
	char text[256];
	struct err e = { .reason = REASON_NONE };

	assert_int_equal(look_up(s, 0, 1, text, &e), -1);
	assert_int_equal(e.reason, reason);
}

static void
refuses_the_file(const struct snapshot *s, bool refused)
{
	int64_t since = snapshot_refused(s);

	assert_int_equal(since != 0, refused);
	assert_true(since <= clock_wall().tv_sec);
}

/* How often `what` was said. */
static int
said(const char *all, const char *what)
{
	int count = 0;

	while ((all = strstr(all, what)) != NULL) {
		count++;
		all++;
	}
	return count;
}

/* A map as a file of another name, as text to be copied over others. */
static char *
other_map(const char *generation, unsigned hosts, size_t *size)
{
	char *bytes;

	maps_write(maps_path("other"), generation, hosts);
	bytes = maps_read(maps_path("other"), size);
	assert_int_equal(unlink(maps_path("other")), 0);
	return bytes;
}

static void
test_no_map_is_waited_for(void **state)
{
	struct snapshot *s;
	char *heard;

	(void)state;
	maps_listen();
	s = snapshot_new(maps_path("map"));
	refuses(s, REASON_NO_MAP);
	assert_false(snapshot_look(s));
	assert_false(snapshot_look(s));
	heard = maps_heard();
	assert_int_equal(said(heard, "there is no map yet"), 1);
	assert_int_equal(said(heard, "\n"), 1);
	free(heard);
	maps_write(maps_path("map"), "one", HOSTS);
	assert_true(snapshot_look(s));
	answers(s, "one");
	assert_false(snapshot_look(s));
	snapshot_free(&s);
	assert_null(s);
}

static void
test_a_rename_is_noticed_and_old_holders_go_on(void **state)
{
	int descriptors = maps_descriptors();
	struct snapshot_map *held;
	struct snapshot *s;
	char text[256];
	struct err e;
	int used;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	s = snapshot_new(maps_path("map"));
	answers(s, "one");
	used = maps_descriptors();
	held = snapshot_take(s, &e);
	maps_write(maps_path("map"), "two", HOSTS);
	answers(s, "one");
	assert_true(snapshot_look(s));
	answers(s, "two");
	assert_int_equal(maps_ask(snapshot_store(held), 0, 5, text, &e), 1);
	assert_true(maps_right(text, "one", 5));
	assert_int_equal(snapshot_confirm(held, &e), 0);
	assert_true(maps_descriptors() > used);
	snapshot_give(s, &held);
	assert_int_equal(maps_descriptors(), used);
	snapshot_free(&s);
	assert_int_equal(maps_descriptors(), descriptors);
}

static void
test_other_names_and_modes_are_no_other_map(void **state)
{
	struct snapshot_map *before, *after;
	struct snapshot *s;
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	s = snapshot_new(maps_path("map"));
	before = snapshot_take(s, &e);
	assert_int_equal(link(maps_path("map"), maps_path("hard")), 0);
	assert_false(snapshot_look(s));
	assert_int_equal(chmod(maps_path("map"), 0600), 0);
	assert_false(snapshot_look(s));
	after = snapshot_take(s, &e);
	assert_ptr_equal(before, after);
	answers(s, "one");
	snapshot_give(s, &before);
	snapshot_give(s, &after);
	snapshot_free(&s);
}

static void
test_a_map_that_vanished_goes_on_serving(void **state)
{
	struct snapshot *s;
	char *heard;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	s = snapshot_new(maps_path("map"));
	assert_int_equal(unlink(maps_path("map")), 0);
	maps_listen();
	assert_false(snapshot_look(s));
	assert_false(snapshot_look(s));
	heard = maps_heard();
	assert_int_equal(said(heard, "the map is gone"), 1);
	assert_int_equal(said(heard, "\n"), 1);
	free(heard);
	answers(s, "one");
	refuses_the_file(s, true);
	maps_write(maps_path("map"), "two", HOSTS);
	assert_true(snapshot_look(s));
	answers(s, "two");
	refuses_the_file(s, false);
	snapshot_free(&s);
}

static void
test_the_same_map_that_is_back_is_no_other(void **state)
{
	struct snapshot *s;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	s = snapshot_new(maps_path("map"));
	assert_int_equal(rename(maps_path("map"), maps_path("away")), 0);
	assert_false(snapshot_look(s));
	refuses_the_file(s, true);
	assert_int_equal(rename(maps_path("away"), maps_path("map")), 0);
	assert_false(snapshot_look(s));
	refuses_the_file(s, false);
	answers(s, "one");
	snapshot_free(&s);
}

static void
test_a_broken_new_map_leaves_the_old_one_serving(void **state)
{
	static const struct {
		const char *row;
		const char *bytes;
		size_t n;
	} rows[] = {
		{ "empty", "", 0 },
		{ "text", "example.com http://127.0.0.1\n", 29 },
		{ "zeros", "\0\0\0\0\0\0\0\0", 8 },
	};
	struct snapshot *s;
	char *heard;
	size_t i;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	s = snapshot_new(maps_path("map"));
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		maps_make(maps_path("bad"), rows[i].bytes, rows[i].n);
		maps_age(maps_path("bad"));
		assert_int_equal(rename(maps_path("bad"), maps_path("map")),
		    0);
		maps_listen();
		assert_false(snapshot_look(s));
		assert_false(snapshot_look(s));
		heard = maps_heard();
		TABLE_INT(rows[i].row, said(heard, "stays in use"), 1);
		TABLE_INT(rows[i].row, said(heard, "\n"), 1);
		free(heard);
		answers(s, "one");
		refuses_the_file(s, true);
	}
	/* Not broken for good: the next one that is whole is used. */
	maps_write(maps_path("map"), "two", HOSTS);
	assert_true(snapshot_look(s));
	answers(s, "two");
	refuses_the_file(s, false);
	snapshot_free(&s);
}

static void
test_a_folder_in_its_place_is_a_broken_map(void **state)
{
	struct snapshot *s;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	s = snapshot_new(maps_path("map"));
	assert_int_equal(unlink(maps_path("map")), 0);
	assert_int_equal(mkdir(maps_path("map"), 0700), 0);
	maps_age(maps_path("map"));
	assert_false(snapshot_look(s));
	answers(s, "one");
	snapshot_free(&s);
}

static void
test_a_broken_map_at_start_is_map_broken(void **state)
{
	struct snapshot *s;

	(void)state;
	maps_make(maps_path("map"), "no map", 6);
	maps_age(maps_path("map"));
	s = snapshot_new(maps_path("map"));
	refuses(s, REASON_MAP_BROKEN);
	maps_write(maps_path("map"), "one", HOSTS);
	assert_true(snapshot_look(s));
	answers(s, "one");
	snapshot_free(&s);
}

/* Written over in place */

static void
test_written_over_in_place_it_is_not_asked_any_more(void **state)
{
	struct snapshot *s;
	size_t size;
	char *two, *heard;

	(void)state;
	two = other_map("two", HOSTS, &size);
	maps_write(maps_path("map"), "one", HOSTS);
	s = snapshot_new(maps_path("map"));
	answers(s, "one");
	maps_over(maps_path("map"), two, 2 * CODEC_PAGE);
	maps_listen();
	refuses(s, REASON_MAP_BROKEN);
	refuses(s, REASON_MAP_BROKEN);
	assert_false(snapshot_look(s));
	refuses(s, REASON_MAP_BROKEN);
	heard = maps_heard();
	assert_int_equal(said(heard, "wrote over the map in place"), 1);
	assert_int_equal(said(heard, "\n"), 1);
	free(heard);
	/* Nor when time shows that it stays half done. */
	maps_age(maps_path("map"));
	assert_false(snapshot_look(s));
	refuses(s, REASON_MAP_BROKEN);
	assert_int_equal(snapshot_faults(s), 0);

	maps_write(maps_path("map"), "three", HOSTS);
	assert_true(snapshot_look(s));
	answers(s, "three");
	snapshot_free(&s);
	free(two);
}

static void
test_a_look_alone_notices_writing_in_place(void **state)
{
	struct snapshot *s;
	struct err e;
	size_t size;
	char *two;

	(void)state;
	two = other_map("two", HOSTS, &size);
	maps_write(maps_path("map"), "one", HOSTS);
	s = snapshot_new(maps_path("map"));
	maps_over(maps_path("map"), two, 2 * CODEC_PAGE);
	/* As cp -p: the old size and a date of the past. */
	maps_age(maps_path("map"));
	assert_false(snapshot_look(s));
	/* Before any lookup could find out. */
	assert_null(snapshot_take(s, &e));
	assert_int_equal(e.reason, REASON_MAP_BROKEN);
	snapshot_free(&s);
	free(two);
}

static void
test_gone_and_written_over_it_is_told_once_each(void **state)
{
	struct snapshot *s;
	char *heard;
	int i;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	s = snapshot_new(maps_path("map"));
	assert_int_equal(rename(maps_path("map"), maps_path("away")), 0);
	assert_int_equal(truncate(maps_path("away"), 2 * CODEC_PAGE), 0);
	maps_listen();
	for (i = 0; i < 3; i++) {
		refuses(s, REASON_MAP_BROKEN);
		assert_false(snapshot_look(s));
	}
	heard = maps_heard();
	assert_int_equal(said(heard, "the map is gone"), 1);
	assert_int_equal(said(heard, "503 until a good map"), 1);
	assert_int_equal(said(heard, "\n"), 2);
	free(heard);
	maps_write(maps_path("map"), "two", HOSTS);
	assert_true(snapshot_look(s));
	answers(s, "two");
	snapshot_free(&s);
}

static void
test_a_whole_map_written_in_place_is_used_when_it_settled(void **state)
{
	struct snapshot *s;
	size_t size;
	char *two;

	(void)state;
	two = other_map("two", HOSTS + 100, &size);
	maps_write(maps_path("map"), "one", HOSTS);
	s = snapshot_new(maps_path("map"));
	assert_int_equal(truncate(maps_path("map"), 0), 0);
	maps_over(maps_path("map"), two, size);
	/* Whole, but nothing proves that its writer is done. */
	assert_false(snapshot_look(s));
	refuses(s, REASON_MAP_BROKEN);
	maps_age(maps_path("map"));
	assert_true(snapshot_look(s));
	answers(s, "two");
	assert_false(snapshot_look(s));
	snapshot_free(&s);
	free(two);
}

static void
test_time_alone_settles_a_file(void **state)
{
	int64_t until = clock_ms() + SETTLE_MS;
	int64_t start = clock_ms();
	struct snapshot *s;
	size_t size;
	char *two;

	(void)state;
	two = other_map("two", HOSTS, &size);
	maps_make(maps_path("map"), two, size);
	s = snapshot_new(maps_path("map"));
	refuses(s, REASON_MAP_BROKEN);
	while (!snapshot_look(s) && clock_ms() < until)
		;
	answers(s, "two");
	assert_true(clock_ms() - start >= 1900);
	snapshot_free(&s);
	free(two);
}

static void
test_a_young_broken_file_is_not_talked_about_yet(void **state)
{
	struct snapshot *s;
	char *heard;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	s = snapshot_new(maps_path("map"));
	assert_int_equal(unlink(maps_path("map")), 0);
	maps_listen();
	/* A slow copy, seen growing. */
	maps_make(maps_path("map"), "some", 4);
	assert_false(snapshot_look(s));
	maps_over(maps_path("map"), "some more", 9);
	assert_false(snapshot_look(s));
	heard = maps_heard();
	assert_string_equal(heard, "");
	free(heard);
	answers(s, "one");
	snapshot_free(&s);
}

static void
test_where_somebody_writes_in_place_every_byte_is_read(void **state)
{
	struct snapshot *s;
	size_t size;
	char *two, *at;

	(void)state;
	two = other_map("two", LARGE, &size);
	assert_true(size > STORE_SUM_ALWAYS);
	maps_write(maps_path("map"), "one", LARGE);
	s = snapshot_new(maps_path("map"));
	answers(s, "one");
	/* One byte of an answer is of nobody: no constant look finds it. */
	at = two + size / 2;
	while (memcmp(at, "two host", 8) != 0)
		at++;
	at[0] = 'T';
	maps_over(maps_path("map"), two, size);
	maps_age(maps_path("map"));
	assert_false(snapshot_look(s));
	refuses(s, REASON_MAP_BROKEN);
	at[0] = 't';
	maps_over(maps_path("map"), two, size);
	maps_age(maps_path("map"));
	assert_true(snapshot_look(s));
	answers(s, "two");
	snapshot_free(&s);
	free(two);
}

static void
test_truncated_in_place_is_map_broken_and_counted(void **state)
{
	struct snapshot *s;
	char text[256];
	struct err e;
	unsigned i;

	(void)state;
	maps_write(maps_path("map"), "one", LARGE);
	s = snapshot_new(maps_path("map"));
	assert_int_equal(truncate(maps_path("map"), 5 * CODEC_PAGE), 0);
	for (i = 0; i < LARGE; i += 1000)
		assert_int_equal(look_up(s, 0, i, text, &e), -1);
	refuses(s, REASON_MAP_BROKEN);
	assert_true(snapshot_faults(s) <= 1);
	maps_write(maps_path("map"), "two", HOSTS);
	assert_true(snapshot_look(s));
	answers(s, "two");
	snapshot_free(&s);
}

static void
test_a_lost_page_is_a_fault_and_healed_by_the_next_map(void **state)
{
	struct snapshot_map *m;
	struct snapshot *s;
	char text[256];
	struct err e;
	unsigned i;
	int round;

	(void)state;
	maps_write(maps_path("map"), "one", LARGE);
	s = snapshot_new(maps_path("map"));
	for (round = 1; round <= 3; round++) {
		m = snapshot_take(s, &e);
		assert_non_null(m);
		assert_int_equal(truncate(maps_path("map"), CODEC_PAGE), 0);
		for (i = 0; i < 10; i++)
			assert_int_equal(maps_ask(snapshot_store(m), i, i,
			    text, &e), -1);
		snapshot_give(s, &m);
		refuses(s, REASON_MAP_BROKEN);
		assert_int_equal(snapshot_faults(s), round);
		maps_write(maps_path("map"), "two", LARGE);
		assert_true(snapshot_look(s));
		answers(s, "two");
	}
	snapshot_free(&s);
}

/* Under load */

struct load {
	struct snapshot *s;
	unsigned slot;
	atomic_bool *stop;
	/* The newest map that is in place, the newest that was looked at. */
	atomic_uint *newest;
	atomic_uint *in_force;
	unsigned wrong, right, refused;
};

static void *
load_run(void *arg)
{
	struct load *l = arg;
	unsigned i = l->slot;

	while (!atomic_load(l->stop)) {
		unsigned oldest = atomic_load(l->in_force);
		unsigned generation = 0;
		char text[256], name[16];
		struct err e;
		int got;

		i = (i * 31 + 7) % HOSTS;
		got = look_up(l->s, l->slot, i, text, &e);
		if (got == -1 && e.reason == REASON_MAP_BROKEN) {
			l->refused++;
			continue;
		}
		if (got == 1)
			generation = (unsigned)strtoul(text, NULL, 10);
		snprintf(name, sizeof(name), "%u", generation);
		if (got == 1 && maps_right(text, name, i) &&
		    generation >= oldest &&
		    generation <= atomic_load(l->newest))
			l->right++;
		else
			l->wrong++;
	}
	return NULL;
}

struct loads {
	struct load load[4];
	pthread_t threads[4];
	atomic_bool stop;
	atomic_uint newest, in_force;
};

static void
loads_start(struct loads *l, struct snapshot *s)
{
	unsigned i;

	atomic_store(&l->stop, false);
	atomic_store(&l->newest, 1);
	atomic_store(&l->in_force, 1);
	for (i = 0; i < 4; i++) {
		/* Slots of their own: the test itself asks by the first. */
		l->load[i] = (struct load){ s, 10 + i, &l->stop, &l->newest,
			&l->in_force, 0, 0, 0 };
		assert_int_equal(pthread_create(&l->threads[i], NULL,
		    load_run, &l->load[i]), 0);
	}
}

static void
loads_end(struct loads *l, bool may_refuse)
{
	unsigned i;

	atomic_store(&l->stop, true);
	for (i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(l->threads[i], NULL), 0);
		assert_int_equal(l->load[i].wrong, 0);
		assert_true(l->load[i].right > 0);
		if (!may_refuse)
			assert_int_equal(l->load[i].refused, 0);
	}
}

static void
test_swaps_under_load_fail_and_misroute_nothing(void **state)
{
	static struct loads loads;
	struct snapshot *s;
	char name[16];
	unsigned i;

	(void)state;
	maps_write(maps_path("map"), "1", HOSTS);
	s = snapshot_new(maps_path("map"));
	loads_start(&loads, s);
	for (i = 2; i < SWAPS; i++) {
		snprintf(name, sizeof(name), "%u", i);
		atomic_store(&loads.newest, i);
		maps_write(maps_path("map"), name, HOSTS);
		assert_true(snapshot_look(s));
		atomic_store(&loads.in_force, i);
	}
	loads_end(&loads, false);
	snapshot_free(&s);
}

/* Half of the next map over the live one, then nothing, then a good one. */
static void
test_writing_in_place_under_load_misroutes_nothing(void **state)
{
	static struct loads loads;
	struct snapshot *s;
	unsigned i;

	(void)state;
	maps_write(maps_path("map"), "1", HOSTS);
	s = snapshot_new(maps_path("map"));
	maps_listen(); /* each round has its two lines */
	loads_start(&loads, s);
	for (i = 2; i < SWAPS; i += 2) {
		char name[16];
		size_t size;
		char *next;

		snprintf(name, sizeof(name), "%u", i);
		next = other_map(name, HOSTS + i, &size);
		if (i % 4 == 0)
			assert_int_equal(truncate(maps_path("map"), 0), 0);
		maps_over(maps_path("map"), next, size / 2);
		(void)snapshot_look(s);
		maps_over(maps_path("map"), next, size);
		(void)snapshot_look(s);
		/* The next of all by rename, whatever state that left. */
		snprintf(name, sizeof(name), "%u", i + 1);
		atomic_store(&loads.newest, i + 1);
		maps_write(maps_path("map"), name, HOSTS);
		while (!snapshot_look(s))
			;
		atomic_store(&loads.in_force, i + 1);
		answers(s, name);
		free(next);
	}
	loads_end(&loads, true);
	free(maps_heard());
	snapshot_free(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, maps_begin, maps_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_map_is_waited_for),
		TEST(test_a_rename_is_noticed_and_old_holders_go_on),
		TEST(test_other_names_and_modes_are_no_other_map),
		TEST(test_a_map_that_vanished_goes_on_serving),
		TEST(test_the_same_map_that_is_back_is_no_other),
		TEST(test_a_broken_new_map_leaves_the_old_one_serving),
		TEST(test_a_folder_in_its_place_is_a_broken_map),
		TEST(test_a_broken_map_at_start_is_map_broken),
		TEST(test_written_over_in_place_it_is_not_asked_any_more),
		TEST(test_a_look_alone_notices_writing_in_place),
		TEST(test_gone_and_written_over_it_is_told_once_each),
		TEST(test_a_whole_map_written_in_place_is_used_when_it_settled),
		TEST(test_time_alone_settles_a_file),
		TEST(test_a_young_broken_file_is_not_talked_about_yet),
		TEST(test_where_somebody_writes_in_place_every_byte_is_read),
		TEST(test_truncated_in_place_is_map_broken_and_counted),
		TEST(test_a_lost_page_is_a_fault_and_healed_by_the_next_map),
		TEST(test_swaps_under_load_fail_and_misroute_nothing),
		TEST(test_writing_in_place_under_load_misroutes_nothing),
	};

	alarm(300); /* rather than hang */
	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
