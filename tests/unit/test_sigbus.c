/* SPDX-License-Identifier: BSD-2-Clause */

/* sigbus: a mapping that lost its file ends a call, not the process. */

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/sigbus.h"
#include "scratch.h"

enum { ROUNDS = 200, PAGES = 4 };

/* One mapped file; sum is what a reading of its last page gave. */
struct mapped {
	char path[SCRATCH_PATH_MAX];
	const volatile char *p;
	size_t size;
	bool returned;
	int sum;
};

/* cmocka has a handler of its own around each test. */
static void
begin(struct scratch *s)
{
	sigbus_init();
	scratch_init(s);
}

static void
mapped_open(struct mapped *m, const struct scratch *s, const char *name)
{
	char *body;
	int fd;

	m->size = PAGES * (size_t)sysconf(_SC_PAGESIZE);
	body = malloc(m->size);
	assert_non_null(body);
	memset(body, 7, m->size);
	scratch_path(s, name, m->path);
	fd = open(m->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd != -1);
	assert_int_equal(write(fd, body, m->size), m->size);
	m->p = mmap(NULL, m->size, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(m->p != MAP_FAILED);
	close(fd);
	free(body);
}

static void
mapped_close(struct mapped *m)
{
	assert_int_equal(munmap((void *)(uintptr_t)m->p, m->size), 0);
}

static void
mapped_read(void *arg)
{
	struct mapped *m = arg;

	m->returned = false;
	m->sum = m->p[0] + m->p[m->size - 1];
	m->returned = true;
}

static void
a_sound_mapping_is_read(void **state)
{
	struct scratch s;
	struct mapped m;

	(void)state;
	begin(&s);
	mapped_open(&m, &s, "map");
	assert_true(sigbus_run(mapped_read, &m));
	assert_true(m.returned);
	assert_int_equal(m.sum, 14);
	mapped_close(&m);
	scratch_fini(&s);
}

static void
a_page_that_is_gone_ends_the_call(void **state)
{
	struct scratch s;
	struct mapped m;
	int i;

	(void)state;
	begin(&s);
	mapped_open(&m, &s, "map");
	assert_int_equal(truncate(m.path, 10), 0);
	for (i = 0; i < ROUNDS; i++) {
		assert_false(sigbus_run(mapped_read, &m));
		assert_false(m.returned);
	}
	assert_int_equal(truncate(m.path, (off_t)m.size), 0);
	assert_true(sigbus_run(mapped_read, &m));
	assert_int_equal(m.sum, 7); /* what was cut off is zero now */
	mapped_close(&m);
	scratch_fini(&s);
}

static void *
thread_read(void *arg)
{
	struct mapped *m = arg;
	intptr_t gone = 0;
	int i;

	for (i = 0; i < ROUNDS; i++)
		gone += !sigbus_run(mapped_read, m);
	return (void *)gone;
}

static void
each_thread_comes_back_to_its_own_call(void **state)
{
	struct scratch s;
	struct mapped m[3];
	pthread_t threads[3];
	void *gone[3];
	int i;

	(void)state;
	begin(&s);
	mapped_open(&m[0], &s, "a");
	mapped_open(&m[1], &s, "b");
	mapped_open(&m[2], &s, "sound");
	assert_int_equal(truncate(m[0].path, 0), 0);
	assert_int_equal(truncate(m[1].path, 0), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, thread_read,
		    &m[i]), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], &gone[i]), 0);
	assert_int_equal((intptr_t)gone[0], ROUNDS);
	assert_int_equal((intptr_t)gone[1], ROUNDS);
	assert_int_equal((intptr_t)gone[2], 0);
	for (i = 0; i < 3; i++)
		mapped_close(&m[i]);
	scratch_fini(&s);
}

/* The signal that ended a child which ran fn, or 0. */
static int
signal_of(void (*fn)(void *arg), void *arg)
{
	const struct rlimit none = { 0, 0 };
	int status;
	pid_t child = fork();

	assert_true(child != -1);
	if (child == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void
read_after_a_call(void *arg)
{
	if (!sigbus_run(mapped_read, arg))
		mapped_read(arg);
}

static void
raise_it(void *arg)
{
	(void)arg;
	raise(SIGBUS);
}

static void
outside_of_a_call_it_kills_as_ever(void **state)
{
	struct scratch s;
	struct mapped m;

	(void)state;
	begin(&s);
	mapped_open(&m, &s, "map");
	assert_int_equal(signal_of(mapped_read, &m), 0);
	assert_int_equal(truncate(m.path, 0), 0);
	assert_int_equal(signal_of(mapped_read, &m), SIGBUS);
	assert_int_equal(signal_of(read_after_a_call, &m), SIGBUS);
	assert_int_equal(signal_of(raise_it, NULL), SIGBUS);
	mapped_close(&m);
	scratch_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_mapping_is_read),
		cmocka_unit_test(a_page_that_is_gone_ends_the_call),
		cmocka_unit_test(each_thread_comes_back_to_its_own_call),
		cmocka_unit_test(outside_of_a_call_it_kills_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
