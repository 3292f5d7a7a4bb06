/* SPDX-License-Identifier: BSD-2-Clause */

/* test_process: settings swapped whole under those who use them. */

#include "serve/process.h"

#include "base/clock.h"
#include "base/msg.h"
#include "serve/logs.h"

#include "tests/unit/origin.h"
#include "tests/unit/scratch.h"

static struct scratch process_files;

static int
process_group_open(void **state)
{
	(void)state;
	scratch_init(&process_files);
	return 0;
}

static int
process_group_close(void **state)
{
	(void)state;
	scratch_fini(&process_files);
	return 0;
}

/* Settings of a file with these lines. */
static struct settings *
process_load(const char *lines)
{
	char path[SCRATCH_PATH_MAX];
	struct settings *s = NULL;

	scratch_write(&process_files, "router.ini", lines);
	assert_int_equal(settings_load(scratch_path(&process_files,
	    "router.ini", path), &s, NULL, NULL), 0);
	assert_int_equal(unlink(path), 0);
	return s;
}

static void
process_put(struct process *p, const char *text)
{
	assert_int_equal(process_change(p, process_load(text)), 0);
}

static void
process_start(struct process *p, const char *lines)
{
	struct err e = { .text = "" };

	if (process_init(p, process_load(lines), false, &e) == -1)
		fail_msg("%s", e.text);
}

static void
it_starts_without_a_map(void **state)
{
	struct process p;
	struct settings *s;
	struct err e = { .reason = REASON_NONE };

	(void)state;
	process_start(&p, "[router]\nmap = none.db\n");
	assert_false(p.draining);
	assert_int_equal(p.exchanges, 0);
	s = process_settings(&p);
	assert_ptr_equal(s, p.settings);
	assert_int_equal(s->refs, 3); /* ours, its own, and of auth */
	settings_drop(&s);
	assert_null(snapshot_take(p.snapshot, &e));
	assert_int_equal(e.reason, REASON_NO_MAP);
	assert_null(relay_take(&p.relay, &(struct target){
	    .key = STR("x") }, true));
	process_fini(&p);
	assert_null(p.settings);
}

/* It is told, and opened when it can be. */
static void
an_access_log_that_cannot_be_is_waited_for(void **state)
{
	static const char lines[] =
	    "[log]\naccess = /nonexistent/folder/log\n"
	    "[relay]\nmax_hops = 7\n";
	struct process p;

	(void)state;
	scratch_listen(&process_files);
	process_start(&p, lines);
	assert_int_equal(scratch_times(scratch_heard(&process_files),
	    "lines are lost until it opens"), 1);
	process_put(&p, "[relay]\nmax_hops = 9\n");
	scratch_listen(&process_files);
	process_put(&p, lines);
	assert_int_equal(scratch_times(scratch_heard(&process_files),
	    "lines are lost until it opens"), 1);
	assert_int_equal(p.settings->max_hops, 7);
	process_fini(&p);
}

static void
says_what_is_not_wrong(bool does)
{
	scratch_listen(&process_files);
	msg_info("all is well");
	assert_int_equal(scratch_times(scratch_heard(&process_files),
	    "all is well"), does);
}

static void
how_much_is_said_is_taken_up(void **state)
{
	static const char much[] = "[log]\nverbose = yes\n";
	struct process p;

	(void)state;
	process_start(&p, "");
	says_what_is_not_wrong(false);
	process_put(&p, much);
	says_what_is_not_wrong(true);
	process_put(&p, "");
	says_what_is_not_wrong(false);
	p.verbose = true;
	process_put(&p, "");
	says_what_is_not_wrong(true);
	p.verbose = false;
	process_put(&p, "");
	process_fini(&p);
}

static void
settings_in_use_outlive_a_change(void **state)
{
	struct process p;
	struct settings *old, *now;

	(void)state;
	process_start(&p, "[relay]\nmax_hops = 7\n");
	old = process_settings(&p);
	process_put(&p, "[relay]\nmax_hops = 9\n");
	now = process_settings(&p);
	assert_int_equal(old->max_hops, 7);
	assert_int_equal(old->refs, 2); /* ours, and to look at its logs */
	assert_int_equal(now->max_hops, 9);
	process_look(&p);
	assert_int_equal(old->refs, 2);
	settings_drop(&old);
	process_look(&p);
	assert_null(p.older);
	settings_drop(&now);
	process_fini(&p);
}

/* As a long request has them, while logs are rotated. */
static void
logs_of_settings_in_use_are_looked_at(void **state)
{
	char lines[2 * SCRATCH_PATH_MAX], log[SCRATCH_PATH_MAX],
	    away[SCRATCH_PATH_MAX];
	struct process p;
	struct settings *old;
	struct record r;

	(void)state;
	record_init(&r);
	scratch_path(&process_files, "access.log", log);
	scratch_path(&process_files, "access.log.1", away);
	snprintf(lines, sizeof(lines), "[log]\naccess = %s\n", log);
	process_start(&p, lines);
	old = process_settings(&p);
	process_put(&p, lines);
	process_put(&p, "[relay]\nmax_hops = 9\n");
	assert_int_equal(rename(log, away), 0);
	process_look(&p);
	assert_int_equal(logs_write(old, &r, &r), 0);
	assert_int_equal(scratch_times(scratch_read(&process_files,
	    "access.log"), "\n"), 1);
	assert_string_equal(scratch_read(&process_files, "access.log.1"), "");
	settings_drop(&old);
	process_fini(&p);
}

/* What holds only at start is told, once and for nothing else. */
static void
what_needs_a_start_is_told(void **state)
{
	struct process p;

	(void)state;
	process_start(&p, "[relay]\nmax_hops = 7\n");
	scratch_listen(&process_files);
	process_put(&p, "[relay]\nmax_hops = 9\n");
	assert_string_equal(scratch_heard(&process_files), "");
	scratch_listen(&process_files);
	process_put(&p, "[router]\nmap = /other.db\n");
	assert_int_equal(scratch_times(scratch_heard(&process_files),
	    "from the next start on"), 1);
	process_fini(&p);
}

static bool
process_keeps(struct process *p, const struct origin *o)
{
	struct err e = { .text = "" };
	struct wire *w = NULL;
	bool kept;

	if (wire_open(p->relay.maker, &o->target, 10000, &w, &e) == -1)
		fail_msg("%s", e.text);
	pool_give(p->relay.pool, &w);
	w = relay_take(&p->relay, &o->target, true);
	kept = w != NULL;
	wire_close(&w);
	return kept;
}

static void
the_pool_follows_the_settings(void **state)
{
	struct origin o = { .answer = STR("x") };
	struct process p;

	(void)state;
	origin_start(&o);
	process_start(&p, "[relay]\nmax_idle = 1\n");
	assert_true(process_keeps(&p, &o));
	process_put(&p, "[relay]\nmax_idle = 0\n");
	assert_false(process_keeps(&p, &o));
	process_put(&p, "[relay]\nmax_idle = 5\n");
	assert_true(process_keeps(&p, &o));
	process_fini(&p);
	origin_stop(&o);
	origin_forget(&o);
}

/* ---- what processes share ---- */

enum { PROCESS_OUT_MS = 60000 };

/* One failure takes the origin out, as all see who share the folder. */
static void
process_take_out(struct process *p)
{
	const struct health_limits limits = { 1, PROCESS_OUT_MS,
		PROCESS_OUT_MS, PROCESS_OUT_MS };
	uint64_t id = health_id(p->health, STR("http://a.test:80"));
	int64_t now = clock_ms(), ms;

	assert_true(health_failed(p->health, id, &limits, now, now, false,
	    &ms));
	assert_int_equal(ms, PROCESS_OUT_MS);
}

static enum health_state
process_sees(struct process *p)
{
	const struct health_limits limits = { 1, PROCESS_OUT_MS,
		PROCESS_OUT_MS, PROCESS_OUT_MS };
	struct health_view view;

	health_view(p->health, health_id(p->health, STR("http://a.test:80")),
	    &limits, clock_ms(), &view);
	return view.state;
}

static void
processes_of_one_folder_share_what_they_know(void **state)
{
	struct process one, other, apart;

	(void)state;
	process_start(&one, "[router]\nstate_dir = shared\n");
	process_start(&other, "[router]\nstate_dir = shared\n");
	process_start(&apart, "[router]\nstate_dir = elsewhere\n");
	process_take_out(&one);
	assert_int_equal(process_sees(&other), HEALTH_OUT);
	assert_int_equal(process_sees(&apart), HEALTH_WELL);
	process_fini(&one);
	process_fini(&other);
	process_start(&other, "[router]\nstate_dir = shared\n");
	assert_int_equal(process_sees(&other), HEALTH_OUT);
	process_fini(&other);
	process_fini(&apart);
}

static void
a_folder_that_cannot_be_is_told_and_lived_without(void **state)
{
	struct process p;

	(void)state;
	scratch_listen(&process_files);
	process_start(&p, "[router]\nstate_dir = /nonexistent/folder/state\n");
	assert_int_equal(scratch_times(scratch_heard(&process_files),
	    "/nonexistent/folder/state"), 1);
	process_take_out(&p);
	assert_int_equal(process_sees(&p), HEALTH_OUT);
	process_fini(&p);
}

/* A process for one request makes no files, and does not speak of it. */
static void
one_request_joins_what_is_there(void **state)
{
	struct process p;
	struct err e;
	char path[SCRATCH_PATH_MAX];

	(void)state;
	scratch_listen(&process_files);
	assert_int_equal(process_init(&p, process_load(
	    "[router]\nstate_dir = once\n"), true, &e), 0);
	assert_int_equal(scratch_times(scratch_heard(&process_files),
	    "not shared"), 0);
	assert_int_equal(access(scratch_path(&process_files, "once", path),
	    F_OK), -1);
	process_fini(&p);
}

/* ---- threads ---- */

enum { PROCESS_READERS = 3, PROCESS_CHANGES = 300 };

struct process_reader {
	struct process *p;
	atomic_bool *ends;
};

/* Two settings of one file never come from two. */
static void *
process_reader_main(void *arg)
{
	const struct process_reader *r = arg;

	while (!atomic_load(r->ends)) {
		struct settings *s = process_settings(r->p);

		CHECK(s->max_hops == s->max_idle);
		CHECK(r->p->stats != NULL || !s->stats_count);
		CHECK(r->p->limit != NULL || s->plan_count == 0);
		settings_drop(&s);
	}
	return NULL;
}

static void
readers_see_one_file_or_the_other(void **state)
{
	pthread_t threads[PROCESS_READERS];
	atomic_bool ends = false;
	struct process_reader r;
	struct process p;
	char lines[128];
	int i;

	(void)state;
	process_start(&p, "[relay]\nmax_hops = 1\nmax_idle = 1\n"
	    "[stats]\ncount = no\n");
	r = (struct process_reader){ &p, &ends };
	for (i = 0; i < PROCESS_READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    process_reader_main, &r), 0);
	for (i = 0; i < PROCESS_CHANGES; i++) {
		snprintf(lines, sizeof(lines),
		    "[relay]\nmax_hops = %d\nmax_idle = %d\n"
		    "[stats]\ncount = %s\n%s", 1 + i % 90, 1 + i % 90,
		    i > 9 ? "yes" : "no",
		    i > 19 ? "[plan:gold]\nrate = 9/s\n" : "");
		process_put(&p, lines);
	}
	atomic_store(&ends, true);
	for (i = 0; i < PROCESS_READERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(p.settings->refs, 2);
	process_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_starts_without_a_map),
		cmocka_unit_test(an_access_log_that_cannot_be_is_waited_for),
		cmocka_unit_test(how_much_is_said_is_taken_up),
		cmocka_unit_test(settings_in_use_outlive_a_change),
		cmocka_unit_test(logs_of_settings_in_use_are_looked_at),
		cmocka_unit_test(what_needs_a_start_is_told),
		cmocka_unit_test(the_pool_follows_the_settings),
		cmocka_unit_test(processes_of_one_folder_share_what_they_know),
		cmocka_unit_test(
		    a_folder_that_cannot_be_is_told_and_lived_without),
		cmocka_unit_test(one_request_joins_what_is_there),
		cmocka_unit_test(readers_see_one_file_or_the_other),
	};

	return cmocka_run_group_tests(tests, process_group_open,
	    process_group_close);
}
