/* SPDX-License-Identifier: BSD-2-Clause */

/* writer: what goes in comes out; whatever fails, the old map is whole. */

#include "tools/writer.h"

#include "tests/unit/maps.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/unit/table.h"

enum { HOSTS = 500, MANY = 40000, KILLS = 25 };

static struct codec_meta
facts(void)
{
	return (struct codec_meta){ .time = MAPS_TIME,
		.sources = STR("a.list\nb.list"), .headers = STR("X-A\nX-B") };
}

/* Is the map at path whole, and of that generation and text? */
static void
holds(const char *path, uint64_t generation, const char *text, unsigned hosts)
{
	struct err e = { .text = "" };
	struct store *s;
	char got[256];
	unsigned i;

	if (store_verify(path, &e) == -1)
		fail_msg("%s", e.text);
	s = maps_open(path);
	assert_int_equal(store_meta(s)->generation, generation);
	assert_int_equal(store_meta(s)->hosts, hosts);
	for (i = 0; i < hosts; i++) {
		assert_int_equal(maps_ask(s, 0, i, got, &e), 1);
		assert_true(maps_right(got, text, i));
	}
	store_close(&s);
}

static void
test_generations_count_up(void **state)
{
	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	holds(maps_path("map"), 1, "one", HOSTS);
	maps_write(maps_path("map"), "two", HOSTS + 1);
	holds(maps_path("map"), 2, "two", HOSTS + 1);
	maps_write(maps_path("map"), "three", HOSTS - 1);
	holds(maps_path("map"), 3, "three", HOSTS - 1);
	assert_int_equal(maps_files(false), 1);
}

static void
test_a_broken_old_map_is_told_and_replaced(void **state)
{
	char *said;

	(void)state;
	maps_make(maps_path("map"), "no map", 6);
	maps_listen();
	maps_write(maps_path("map"), "one", HOSTS);
	said = maps_heard();
	assert_non_null(strstr(said, "the old map is broken"));
	free(said);
	holds(maps_path("map"), 1, "one", HOSTS);
}

static void
test_a_map_of_no_routes_is_a_map(void **state)
{
	(void)state;
	maps_write(maps_path("map"), "one", 0);
	holds(maps_path("map"), 1, "one", 0);
}

static void
test_the_maps_own_words_are_counted(void **state)
{
	static const char *const keys[] = { "g/well/known", "g/z\2",
		"ha.example", "hb.example", "hb.example\2", "hb.example/\1/y",
		"hb.example/x", "oa.example", "w", "wa.b.example" };
	struct codec_meta meta = facts();
	const struct codec_meta *told;
	struct store *s;
	struct writer *w;
	struct err e;
	struct buf value;
	size_t i;

	(void)state;
	assert_int_equal(writer_open(maps_path("map"), &w, &e), 0);
	assert_int_equal(writer_generation(w), 1);
	for (i = 0; i < TABLE_COUNT(keys); i++) {
		struct str key = str_of(keys[i]);
		struct route route = { .match = STR("x"), .code = 204,
			.target = TARGET_RESPOND };

		buf_init(&value, 1 << 16);
		if (key.p[0] != 'g' && str_find(key, '/') == key.n &&
		    key.p[key.n - 1] != CODEC_EXACT)
			maps_record(key, STR("text"), &value);
		else
			assert_int_equal(codec_put_route(&route, &value, &e),
			    0);
		assert_int_equal(writer_put(w, key, buf_view(&value), &e), 0);
		buf_fini(&value);
	}
	assert_int_equal(maps_finish(&w, &meta, &e), 0);
	assert_null(w);
	assert_int_equal(store_verify(maps_path("map"), &e), 0);
	s = maps_open(maps_path("map"));
	told = store_meta(s);
	assert_int_equal(told->hosts, 2);
	assert_int_equal(told->wildcards, 3);
	assert_int_equal(told->paths, 5);
	assert_int_equal(told->anywhere, 2);
	assert_int_equal(told->one_levels, 1 << 2);
	assert_int_equal(told->wild_levels, 1 << 3 | 1);
	assert_int_equal(told->time, MAPS_TIME);
	assert_int_equal(told->pages, store_file(s)->size / CODEC_PAGE);
	assert_int_equal(told->records, meta.records);
	assert_int_equal(told->generation, meta.generation);
	TABLE_STR("sources", told->sources, "a.list\nb.list");
	TABLE_STR("headers", told->headers, "X-A\nX-B");
	store_close(&s);
}

static void
test_keys_that_no_map_has_are_refused(void **state)
{
	static char large[CODEC_KEY_MAX + 2];
	struct writer *w;
	struct err e;

	(void)state;
	memset(large, 'h', sizeof(large) - 1);
	assert_int_equal(writer_open(maps_path("map"), &w, &e), 0);
	assert_int_equal(writer_put(w, STR("xfoo"), STR(""), &e), -1);
	assert_int_equal(writer_put(w, STR("h"), STR(""), &e), -1);
	assert_int_equal(writer_put(w, str_of(large), STR(""), &e), -1);
	writer_abort(&w);
	assert_null(w);
	assert_int_equal(maps_files(false), 0);
}

static void
test_a_key_twice_is_refused_and_named(void **state)
{
	struct writer *w;
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	assert_int_equal(writer_open(maps_path("map"), &w, &e), 0);
	maps_put(w, STR("host000007.example"), STR("once"));
	assert_int_equal(maps_try(w, STR("host000007.example"), STR("again"),
	    &e), -1);
	writer_abort(&w);
	assert_non_null(strstr(e.text, "'hhost000007.example'"));
	holds(maps_path("map"), 1, "one", HOSTS);
	assert_int_equal(maps_files(false), 1);
}

static void
test_a_record_that_is_none_is_not_installed(void **state)
{
	struct codec_meta meta = facts();
	struct writer *w;
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	assert_int_equal(writer_open(maps_path("map"), &w, &e), 0);
	assert_int_equal(writer_put(w, STR("hx.example"), STR("junk"), &e),
	    0);
	assert_int_equal(maps_finish(&w, &meta, &e), -1);
	holds(maps_path("map"), 1, "one", HOSTS);
	assert_int_equal(maps_files(false), 1);
}

static void
test_pages_are_full(void **state)
{
	size_t bytes = 0;
	struct store *s;
	char name[64];
	unsigned i;

	(void)state;
	maps_write(maps_path("map"), "one", MANY);
	s = maps_open(maps_path("map"));
	for (i = 0; i < MANY; i++) {
		struct buf value;

		buf_init(&value, 4096);
		maps_record(maps_host(i, name), STR("one host000000.example"),
		    &value);
		bytes += buf_len(&value) + strlen(name) + 1;
		buf_fini(&value);
	}
	assert_true((size_t)store_file(s)->size < bytes * 3 / 2);
	store_close(&s);
}

static void
test_it_arrives_with_proof_that_its_clock_went_on(void **state)
{
	struct stat st;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	assert_int_equal(stat(maps_path("map"), &st), 0);
	assert_true(st.st_mtim.tv_sec < st.st_ctim.tv_sec ||
	    (st.st_mtim.tv_sec == st.st_ctim.tv_sec &&
		st.st_mtim.tv_nsec < st.st_ctim.tv_nsec));
	assert_true(st.st_ctim.tv_sec - st.st_mtim.tv_sec <= 2);
}

static void
test_mode_is_kept_or_of_the_umask(void **state)
{
	mode_t mask = umask(027);
	struct stat st;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	umask(mask);
	assert_int_equal(stat(maps_path("map"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(chmod(maps_path("map"), 0604), 0);
	maps_write(maps_path("map"), "two", HOSTS);
	assert_int_equal(stat(maps_path("map"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0604);
}

static void
test_a_folder_that_is_none_is_an_error(void **state)
{
	struct writer *w;
	struct err e;

	(void)state;
	assert_int_equal(writer_open(maps_path("none/map"), &w, &e), -1);
	assert_null(w);
	maps_make(maps_path("file"), "x", 1);
	assert_int_equal(writer_open(maps_path("file/map"), &w, &e), -1);
	assert_null(w);
}

static void
test_abort_leaves_the_old_map_alone(void **state)
{
	struct writer *w;
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	assert_int_equal(writer_open(maps_path("map"), &w, &e), 0);
	maps_fill(w, "two", HOSTS);
	writer_abort(&w);
	holds(maps_path("map"), 1, "one", HOSTS);
	assert_int_equal(maps_files(false), 1);
	writer_abort(&w);
}

static void
test_a_built_map_can_be_asked_before_it_is_installed(void **state)
{
	struct codec_meta meta = facts();
	struct writer *w;
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	assert_int_equal(writer_open(maps_path("map"), &w, &e), 0);
	maps_fill(w, "two", HOSTS);
	assert_int_equal(writer_close(w, &meta, &e), 0);
	holds(writer_path(w), 2, "two", HOSTS);
	holds(maps_path("map"), 1, "one", HOSTS);
	assert_int_equal(writer_install(&w, &e), 0);
	assert_null(w);
	holds(maps_path("map"), 2, "two", HOSTS);
	assert_int_equal(maps_files(false), 1);
}

static void
test_without_a_path_it_is_built_in_private(void **state)
{
	char *tmp = getenv("TMPDIR") != NULL ? strdup(getenv("TMPDIR")) : NULL;
	struct codec_meta meta = facts();
	struct writer *w;
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(setenv("TMPDIR", maps_folder, 1), 0);
	assert_int_equal(writer_open(NULL, &w, &e), 0);
	maps_fill(w, "one", HOSTS);
	assert_int_equal(writer_close(w, &meta, &e), 0);
	assert_int_equal(strncmp(writer_path(w), maps_folder,
	    strlen(maps_folder)), 0);
	holds(writer_path(w), 1, "one", HOSTS);
	assert_int_equal(stat(writer_path(w), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	writer_abort(&w);
	assert_int_equal(maps_files(false), 0);
	assert_int_equal(setenv("TMPDIR", maps_path("none"), 1), 0);
	assert_int_equal(writer_open(NULL, &w, &e), -1);
	assert_null(w);
	if (tmp == NULL)
		unsetenv("TMPDIR");
	else
		setenv("TMPDIR", tmp, 1);
	free(tmp);
}

/* Children leave by _exit: they must not end the test's own run. */

static void
write_with_a_full_disk(rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };
	struct codec_meta meta = facts();
	struct writer *w;
	struct err e;
	char name[64];
	unsigned i;
	int got = 0;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) == -1 ||
	    writer_open(maps_path("map"), &w, &e) == -1)
		_exit(10);
	for (i = 0; got == 0 && i < MANY; i++)
		got = maps_try(w, maps_host(i, name), STR("text"), &e);
	if (got == 0 && writer_close(w, &meta, &e) == 0)
		_exit(11);
	writer_abort(&w);
	_exit(strstr(e.text, "cannot write") != NULL ? 0 : 12);
}

static void
test_a_full_disk_is_an_error_and_leaves_nothing(void **state)
{
	static const rlim_t sizes[] = { 0, 1, 5000, 100000, 2000000 };
	size_t i;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	for (i = 0; i < TABLE_COUNT(sizes); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			write_with_a_full_disk(sizes[i]);
		assert_int_not_equal(pid, -1);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		assert_int_equal(maps_files(false), 1);
		holds(maps_path("map"), 1, "one", HOSTS);
	}
}

/* Writes maps for ever, a byte to the pipe at each step of each. */
static void
write_until_killed(int tell)
{
	for (;;) {
		struct codec_meta meta = facts();
		struct writer *w;
		struct err e;

		if (write(tell, "b", 1) != 1 ||
		    writer_open(maps_path("map"), &w, &e) == -1)
			_exit(10);
		maps_fill(w, "new", HOSTS);
		if (write(tell, "f", 1) != 1 ||
		    maps_finish(&w, &meta, &e) == -1)
			_exit(11);
	}
}

static void
test_killed_at_any_instant_the_map_is_whole(void **state)
{
	int i;

	(void)state;
	maps_write(maps_path("map"), "new", HOSTS);
	for (i = 0; i < KILLS; i++) {
		struct store *s;
		int told[2], steps, status;
		uint64_t generation;
		volatile unsigned spin;
		pid_t pid;
		char byte;

		assert_int_equal(pipe(told), 0);
		pid = fork();
		assert_int_not_equal(pid, -1);
		if (pid == 0)
			write_until_killed(told[1]);
		close(told[1]);
		for (steps = 0; steps < 1 + i % 4; steps++)
			assert_int_equal(read(told[0], &byte, 1), 1);
		/* A little later each time, in steps of what it takes. */
		for (spin = 0; spin < (unsigned)i * 200000u; spin++)
			;
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		close(told[0]);

		s = maps_open(maps_path("map"));
		generation = store_meta(s)->generation;
		store_close(&s);
		holds(maps_path("map"), generation, "new", HOSTS);
		assert_in_range(maps_files(false), 1, 2);
		maps_write(maps_path("map"), "new", HOSTS);
		holds(maps_path("map"), generation + 1, "new", HOSTS);
		assert_int_equal(maps_files(false), 1);
	}
}

static void
test_runs_at_once_wait_for_each_other(void **state)
{
	pid_t pids[4];
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		pids[i] = fork();
		assert_int_not_equal(pids[i], -1);
		if (pids[i] == 0) {
			struct codec_meta meta = facts();
			struct writer *w;
			struct err e;

			if (writer_open(maps_path("map"), &w, &e) == -1)
				_exit(10);
			maps_fill(w, "all", HOSTS);
			_exit(maps_finish(&w, &meta, &e) == 0 ? 0 : 11);
		}
	}
	for (i = 0; i < 4; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	holds(maps_path("map"), 4, "all", HOSTS);
	assert_int_equal(maps_files(false), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, maps_begin, maps_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_generations_count_up),
		TEST(test_a_broken_old_map_is_told_and_replaced),
		TEST(test_a_map_of_no_routes_is_a_map),
		TEST(test_the_maps_own_words_are_counted),
		TEST(test_keys_that_no_map_has_are_refused),
		TEST(test_a_key_twice_is_refused_and_named),
		TEST(test_a_record_that_is_none_is_not_installed),
		TEST(test_pages_are_full),
		TEST(test_it_arrives_with_proof_that_its_clock_went_on),
		TEST(test_mode_is_kept_or_of_the_umask),
		TEST(test_a_folder_that_is_none_is_an_error),
		TEST(test_abort_leaves_the_old_map_alone),
		TEST(test_a_built_map_can_be_asked_before_it_is_installed),
		TEST(test_without_a_path_it_is_built_in_private),
		TEST(test_a_full_disk_is_an_error_and_leaves_nothing),
		TEST(test_killed_at_any_instant_the_map_is_whole),
		TEST(test_runs_at_once_wait_for_each_other),
	};

	return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
