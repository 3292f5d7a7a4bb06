/* SPDX-License-Identifier: BSD-2-Clause */

#include "report/board.h"

#include "tests/unit/shm_site.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "report/board_private.h"
#include "tests/unit/layout.h"

enum { SINCE = 77, READS = 2000 };

static struct board *
site_join(void)
{
	struct board *b;
	struct err e;

	sigbus_init(); /* cmocka puts its own handler in for each test */
	b = board_join(site.folder, true, &e);
	site_must_share(&e);
	return b;
}

static struct board_put
some_put(int64_t since)
{
	return (struct board_put){ .since_us = since,
		.wait = BOARD_ORIGIN,
		.texts = { STR("GET"), STR("shop.example"), STR("/cart"),
			STR("@shop"), STR("http://127.0.0.1:8080") } };
}

static void
show(struct board *b, struct board_mark *m, int64_t since)
{
	struct board_put put = some_put(since);

	board_show(b, m, &put);
}

static struct str
text_of(const struct board_view *v, enum board_text text)
{
	return (struct str){ v->texts[text].bytes, v->texts[text].n };
}

/* How many there are; *v is the last. */
static unsigned
count(struct board *b, struct board_view *v)
{
	unsigned at = 0, n = 0;

	while (board_next(b, &at, v))
		n++;
	return n;
}

static void
what_is_shown_is_read_as_it_was_put(void **state)
{
	struct board *b = site_join();
	struct board_mark m = { 0 };
	struct board_view v;
	int i;

	(void)state;
	show(b, &m, SINCE);
	assert_int_equal(count(b, &v), 1);
	assert_int_equal(v.since_us, SINCE);
	assert_int_equal(v.wait, BOARD_ORIGIN);
	assert_int_equal(v.pid, getpid());
	for (i = 0; i < BOARD_TEXT_COUNT; i++) {
		TABLE_STR("text", text_of(&v, (enum board_text)i),
		    some_put(0).texts[i].p);
		assert_false(v.texts[i].cut);
	}
	board_hide(b, &m);
	assert_int_equal(count(b, &v), 0);
	board_hide(b, &m); /* and once more */
	board_leave(&b);
}

static void
a_tool_sees_it_and_what_it_waits_for_later(void **state)
{
	struct board *b = site_join(), *tool;
	struct board_mark m = { 0 };
	struct board_view v;
	struct err e;

	(void)state;
	tool = board_read(site.folder, &e);
	assert_non_null(tool);
	show(b, &m, SINCE);
	board_wait(b, &m, BOARD_ANSWER);
	assert_int_equal(count(tool, &v), 1);
	assert_int_equal(v.wait, BOARD_ANSWER);
	board_leave(&tool);
	board_leave(&b);
}

/* Another origin, say: it stays where it is. */
static void
other_texts_take_the_place_of_those_before(void **state)
{
	struct board *b = site_join();
	struct board_put put = some_put(SINCE);
	struct board_mark m = { 0 };
	struct board_view v;

	(void)state;
	show(b, &m, SINCE);
	put.texts[BOARD_METHOD] = STR("");
	put.texts[BOARD_TO] = STR("unix:/run/a.sock");
	board_show(b, &m, &put);
	assert_int_equal(count(b, &v), 1);
	assert_int_equal(v.texts[BOARD_METHOD].n, 0);
	TABLE_STR("to", text_of(&v, BOARD_TO), "unix:/run/a.sock");
	board_leave(&b);
}

static void
long_texts_are_cut_and_seen_as_cut(void **state)
{
	static char text[1000];
	struct board *b = site_join();
	struct board_put put = { .since_us = SINCE };
	struct board_mark m = { 0 };
	struct board_view v;
	int i;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (i = 0; i < BOARD_TEXT_COUNT; i++)
		put.texts[i] = (struct str){ text, sizeof(text) };
	board_show(b, &m, &put);
	assert_int_equal(count(b, &v), 1);
	for (i = 0; i < BOARD_TEXT_COUNT; i++) {
		assert_true(v.texts[i].cut);
		assert_true(v.texts[i].n >= 12);
		assert_int_equal(v.texts[i].bytes[v.texts[i].n - 1], 'x');
	}
	board_leave(&b);
}

/* Of more requests than there are places, the first ones keep theirs. */
static void
a_full_board_shows_who_was_there_first(void **state)
{
	static struct board_mark marks[BOARD_PLACES];
	struct board *b = site_join();
	struct board_mark late = { 0 };
	struct board_view v;
	unsigned i;

	(void)state;
	memset(marks, 0, sizeof(marks));
	for (i = 0; i < BOARD_PLACES; i++)
		show(b, &marks[i], SINCE + i);
	assert_int_equal(count(b, &v), BOARD_PLACES);
	show(b, &late, SINCE);
	assert_int_equal(late.since_us, 0);
	board_hide(b, &late);
	assert_int_equal(count(b, &v), BOARD_PLACES);
	board_hide(b, &marks[5]);
	for (i = 0; i < BOARD_PLACES / BOARD_LOOKS && late.since_us == 0; i++) {
		late.place += BOARD_LOOKS;
		show(b, &late, SINCE);
	}
	assert_int_equal(count(b, &v), BOARD_PLACES);
	board_leave(&b);
}

static void
what_was_shown_in_another_file_hides_nobody_here(void **state)
{
	struct board *b = site_join();
	struct board_mark former = { 0 }, m = { 0 };
	char path[SCRATCH_PATH_MAX];
	struct board_view v;
	struct err e;

	(void)state;
	show(b, &former, SINCE);
	assert_int_equal(unlink(scratch_path(&site, "requests.1", path)), 0);
	assert_int_equal(board_look(b, &e), 0);
	m.place = former.place;
	m.known = true;
	show(b, &m, SINCE + 1);
	assert_int_equal(m.place, former.place);
	board_hide(b, &former);
	assert_int_equal(count(b, &v), 1);
	board_leave(&b);
}

static void
a_killed_process_takes_its_requests_with_it(void **state)
{
	struct board *b = site_join();
	struct board_mark m = { 0 };
	struct board_view v;
	struct err e;
	pid_t pid;
	int said[2];
	char c;

	(void)state;
	assert_int_equal(pipe(said), 0);
	pid = fork();
	if (pid == 0) {
		struct board *own = site_join();

		show(own, &m, SINCE);
		(void)!write(said[1], "", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(said[0], &c, 1), 1);
	assert_int_equal(count(b, &v), 1);
	assert_int_equal(v.pid, pid);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(board_look(b, &e), 0);
	assert_int_equal(count(b, &v), 0);
	close(said[0]);
	close(said[1]);
	board_leave(&b);
}

/* Killed within a write: the next one finds the seal odd. */
static void
a_place_that_was_left_half_written_serves_again(void **state)
{
	struct board *b = site_join();
	struct board_data *d;
	struct board_mark m = { 0 };
	struct board_view v;

	(void)state;
	show(b, &m, SINCE);
	d = site_map("requests.1", sizeof(*d));
	atomic_fetch_add(&d->places[m.place].seal, 1);
	assert_int_equal(count(b, &v), 0);
	show(b, &m, SINCE);
	assert_int_equal(count(b, &v), 1);
	site_unmap(d, sizeof(*d));
	board_leave(&b);
}

struct writer {
	struct board *b;
	atomic_bool over;
};

/* Two requests in turn, whose texts agree with their times. */
static void *
writer_run(void *arg)
{
	struct writer *w = arg;
	struct board_mark m = { 0 };
	int64_t turn;

	for (turn = 1; !atomic_load(&w->over); turn++) {
		struct board_put put = some_put(turn);

		put.texts[BOARD_HOST] = turn % 2 ? STR("odd.example.net") :
						   STR("even");
		put.texts[BOARD_PATH] = turn % 2 ? STR("/o") :
						   STR("/even/and/longer");
		board_show(w->b, &m, &put);
		board_hide(w->b, &m);
	}
	return NULL;
}

static void
who_reads_never_sees_one_half_of_two_requests(void **state)
{
	struct writer w = { .b = site_join() };
	struct board_view v;
	unsigned at, seen = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, writer_run, &w), 0);
	while (seen < READS) {
		at = 0;
		if (!board_next(w.b, &at, &v))
			continue;
		seen++;
		TABLE_STR("host", text_of(&v, BOARD_HOST),
		    v.since_us % 2 ? "odd.example.net" : "even");
		TABLE_STR("path", text_of(&v, BOARD_PATH),
		    v.since_us % 2 ? "/o" : "/even/and/longer");
		TABLE_STR("to", text_of(&v, BOARD_TO),
		    "http://127.0.0.1:8080");
	}
	atomic_store(&w.over, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	board_leave(&w.b);
}

static void
garbage_in_the_file_harms_nobody(void **state)
{
	struct board *b = site_join();
	struct board_data *d = site_map("requests.1", sizeof(*d));
	struct board_mark m = { 0 };
	struct board_view v;
	struct err e;
	int i;

	(void)state;
	memset(d, 0x6e, sizeof(*d));
	(void)count(b, &v);
	for (i = 0; i < BOARD_PLACES; i++)
		atomic_store(&d->owners[i], i == 3);
	assert_int_equal(count(b, &v), 0); /* no such thing to wait for */
	atomic_store(&d->places[3].wait, BOARD_AUTH);
	assert_int_equal(count(b, &v), 1);
	assert_true(v.texts[BOARD_TO].cut == false &&
	    v.texts[BOARD_TO].n <= BOARD_TEXT_MAX);
	show(b, &m, SINCE);
	assert_int_equal(count(b, &v), 2);
	assert_int_equal(board_look(b, &e), 0);
	site_unmap(d, sizeof(*d));
	board_leave(&b);
}

static void
a_file_that_is_cut_loses_what_was_shown_and_no_call(void **state)
{
	struct board *b = site_join();
	struct board_mark m = { 0 };
	char path[SCRATCH_PATH_MAX];
	struct board_view v;
	struct err e;

	(void)state;
	show(b, &m, SINCE);
	assert_int_equal(truncate(scratch_path(&site, "requests.1", path), 0),
	    0);
	assert_int_equal(count(b, &v), 0);
	board_wait(b, &m, BOARD_ANSWER);
	board_hide(b, &m);
	show(b, &m, SINCE);
	assert_int_equal(count(b, &v), 1); /* in memory of its own */
	assert_int_equal(board_look(b, &e), 0);
	board_leave(&b);
}

static const struct layout_row file_rows[] = {
	{ "owners", SHM_HEAD + offsetof(struct board_data, owners),
	    sizeof(((struct board_data *)0)->owners) },
	{ "places", SHM_HEAD + offsetof(struct board_data, places),
	    sizeof(((struct board_data *)0)->places) }
};

static const struct layout_row place_rows[] = {
	LAYOUT_ROW(struct board_place, seal),
	LAYOUT_ROW(struct board_place, since),
	LAYOUT_ROW(struct board_place, lengths),
	LAYOUT_ROW(struct board_place, wait),
	LAYOUT_ROW(struct board_place, text)
};

static void
the_manual_draws_the_file_as_it_is(void **state)
{
	static const char page[] = "fcgi-router/fcgi-router.8";

	(void)state;
	layout_compare(page, "there are 4096 places for them", file_rows,
	    TABLE_COUNT(file_rows));
	layout_compare(page, "Of a request under way", place_rows,
	    TABLE_COUNT(place_rows));
}

#define SITE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, site_init, site_fini)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(what_is_shown_is_read_as_it_was_put),
		SITE_TEST(a_tool_sees_it_and_what_it_waits_for_later),
		SITE_TEST(other_texts_take_the_place_of_those_before),
		SITE_TEST(long_texts_are_cut_and_seen_as_cut),
		SITE_TEST(a_full_board_shows_who_was_there_first),
		SITE_TEST(what_was_shown_in_another_file_hides_nobody_here),
		SITE_TEST(a_killed_process_takes_its_requests_with_it),
		SITE_TEST(a_place_that_was_left_half_written_serves_again),
		SITE_TEST(who_reads_never_sees_one_half_of_two_requests),
		SITE_TEST(garbage_in_the_file_harms_nobody),
		SITE_TEST(a_file_that_is_cut_loses_what_was_shown_and_no_call),
		cmocka_unit_test(the_manual_draws_the_file_as_it_is),
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
