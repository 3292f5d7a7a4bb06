/* SPDX-License-Identifier: BSD-2-Clause */

/* sorter: order of bytes, equal keys as they were put, any number. */

#include "tools/sorter.h"

#include "tests/unit/maps.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/unit/table.h"
#include "tools/run.h"

static void
put(struct sorter *s, struct str key, const char *value)
{
	struct err e;

	assert_int_equal(sorter_put(s, key, str_of(value), &e), 0);
}

static void
next(struct sorter *s, const char *row, struct str want,
    const char *want_value)
{
	struct str key, value;
	struct err e;

	TABLE_INT(row, sorter_next(s, &key, &value, &e), 1);
	if (!str_eq(key, want))
		fail_msg("row '%s': got '%.*s'", row, STR_ARG(key));
	TABLE_STR(row, value, want_value);
}

static void
end(struct sorter *s)
{
	struct str key, value;
	struct err e;

	assert_int_equal(sorter_next(s, &key, &value, &e), 0);
	assert_int_equal(sorter_next(s, &key, &value, &e), 0);
}

static void
test_nothing_in_is_nothing_out(void **state)
{
	struct sorter *s = sorter_new(SORTER_LEAST, NULL);
	struct err e;

	(void)state;
	assert_int_equal(sorter_sort(s, &e), 0);
	end(s);
	sorter_free(&s);
	assert_null(s);
	sorter_free(&s);
}

static void
test_order_is_of_bytes_then_of_length(void **state)
{
	struct sorter *s = sorter_new(SORTER_LEAST, NULL);
	struct err e;

	(void)state;
	put(s, STR("habcdefgh\xff"), "7");
	put(s, STR("habcdefgh"), "5");
	put(s, STR("habcdefgha"), "6");
	put(s, STR("h"), "2");
	put(s, STR("h\0"), "3");
	put(s, STR("habc"), "4");
	put(s, STR(""), "1");
	put(s, STR("\xfe"), "8");
	assert_int_equal(sorter_sort(s, &e), 0);
	next(s, "empty", STR(""), "1");
	next(s, "one byte", STR("h"), "2");
	next(s, "a NUL", STR("h\0"), "3");
	next(s, "short", STR("habc"), "4");
	next(s, "same first bytes", STR("habcdefgh"), "5");
	next(s, "longer", STR("habcdefgha"), "6");
	next(s, "high byte", STR("habcdefgh\xff"), "7");
	next(s, "first byte high", STR("\xfe"), "8");
	end(s);
	sorter_free(&s);
}

static void
test_equal_keys_come_as_they_were_put(void **state)
{
	struct sorter *s = sorter_new(SORTER_LEAST, NULL);
	char value[16];
	struct err e;
	int i;

	(void)state;
	put(s, STR("z"), "last");
	for (i = 0; i < 100; i++) {
		snprintf(value, sizeof(value), "%d", i);
		put(s, STR("k"), value);
	}
	assert_int_equal(sorter_sort(s, &e), 0);
	for (i = 0; i < 100; i++) {
		snprintf(value, sizeof(value), "%d", i);
		next(s, value, STR("k"), value);
	}
	next(s, "last", STR("z"), "last");
	end(s);
	sorter_free(&s);
}

static void
test_any_number_in_any_order(void **state)
{
	static const unsigned counts[] = { 1, 2, 3, 1023, 1024, 1025, 100003 };
	size_t c;

	(void)state;
	for (c = 0; c < TABLE_COUNT(counts); c++) {
		struct sorter *s = sorter_new(SORTER_LEAST, NULL);
		char key[32];
		struct err e;
		unsigned i;

		for (i = 0; i < counts[c]; i++) {
			snprintf(key, sizeof(key), "key%09u",
			    (unsigned)(i * 7919ull % counts[c]));
			put(s, str_of(key), key + 3);
		}
		assert_int_equal(sorter_sort(s, &e), 0);
		for (i = 0; i < counts[c]; i++) {
			snprintf(key, sizeof(key), "key%09u", i);
			next(s, key, str_of(key), key + 3);
		}
		end(s);
		sorter_free(&s);
	}
}

static void
test_a_record_must_fit_into_the_memory(void **state)
{
	struct sorter *s = sorter_new(4u << 20, NULL);
	size_t n = 3u << 20;
	char *text = malloc(2 * n);
	struct err e;
	int i;

	(void)state;
	memset(text, 'x', 2 * n);
	text[n] = '\0';
	put(s, STR("b"), "after");
	for (i = 0; i < 3; i++) /* each alone in memory */
		put(s, STR("a"), text);
	put(s, STR("c"), "end");
	assert_int_equal(sorter_put(s, STR("d"), (struct str){ text, 2 * n },
	    &e), -1);
	assert_int_equal(sorter_put(s, (struct str){ text,
	    RUN_KEY_MAX + 1 }, STR(""), &e), -1);
	assert_int_equal(sorter_put(s, (struct str){ text, RUN_KEY_MAX },
	    STR(""), &e), 0);
	assert_true(sorter_files(s) > 1);
	assert_int_equal(sorter_sort(s, &e), 0);
	for (i = 0; i < 3; i++)
		next(s, "large", STR("a"), text);
	next(s, "after", STR("b"), "after");
	next(s, "end", STR("c"), "end");
	next(s, "long key", (struct str){ text, RUN_KEY_MAX }, "");
	end(s);
	sorter_free(&s);
	free(text);
}

/*
 * Against the plainest reference: qsort, and of equal keys the one put first.
 */

struct record {
	unsigned number;
	struct str key;
	char room[64];
};

static int
record_order(const void *a, const void *b)
{
	const struct record *one = *(const struct record *const *)a;
	const struct record *two = *(const struct record *const *)b;
	int order = str_cmp(one->key, two->key);

	return order != 0 ? order :
	    (one->number > two->number) - (one->number < two->number);
}

static unsigned
chance(void)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(state >> 33);
}

/* Keys of each kind that is special: see the table below. */
static void
make_random(struct record *r, unsigned count)
{
	size_t i, n = chance() % 24;

	(void)count;
	for (i = 0; i < n; i++)
		r->room[i] = (char)chance();
	r->key = (struct str){ r->room, n };
}

static void
make_few(struct record *r, unsigned count)
{
	(void)count;
	r->key = (struct str){ r->room, (size_t)snprintf(r->room,
	    sizeof(r->room), "k%u", chance() % 7) };
}

/* Few bytes, many of them NUL: keys that begin as others end. */
static void
make_nul(struct record *r, unsigned count)
{
	size_t i, n = chance() % 30;

	(void)count;
	for (i = 0; i < n; i++)
		r->room[i] = (char)(chance() % 8 == 0);
	r->key = (struct str){ r->room, n };
}

static void
make_long_beginning(struct record *r, unsigned count)
{
	r->key = (struct str){ r->room, (size_t)snprintf(r->room,
	    sizeof(r->room), "hcustomer-of-the-house-%08u.example",
	    chance() % count) };
}

static void
make_ordered(struct record *r, unsigned count)
{
	(void)count;
	r->key = (struct str){ r->room, (size_t)snprintf(r->room,
	    sizeof(r->room), "%09u", r->number) };
}

static void
make_backwards(struct record *r, unsigned count)
{
	r->key = (struct str){ r->room, (size_t)snprintf(r->room,
	    sizeof(r->room), "%09u", count - r->number) };
}

/* A few runs that are in order, as of lists one behind the other. */
static void
make_runs(struct record *r, unsigned count)
{
	r->key = (struct str){ r->room, (size_t)snprintf(r->room,
	    sizeof(r->room), "%09u", r->number % (count / 5 + 1)) };
}

static const struct {
	const char *row;
	void (*make)(struct record *r, unsigned count);
} kinds[] = {
	{ "random bytes", make_random },
	{ "few keys", make_few },
	{ "NUL bytes", make_nul },
	{ "a long beginning", make_long_beginning },
	{ "in order", make_ordered },
	{ "backwards", make_backwards },
	{ "five runs", make_runs },
};

/* Puts count records whose values take `size` bytes and compares. */
static void
agree(size_t kind, unsigned count, size_t memory, size_t size)
{
	struct record *records = calloc(count, sizeof(*records));
	struct record **order = calloc(count, sizeof(*order));
	struct sorter *s = sorter_new(memory, NULL);
	const char *row = kinds[kind].row;
	char *value = calloc(1, size);
	struct err e = { .text = "" };
	unsigned i;

	for (i = 0; i < count; i++) {
		records[i].number = i;
		kinds[kind].make(&records[i], count);
		order[i] = &records[i];
		memcpy(value, &i, sizeof(i));
		if (sorter_put(s, records[i].key, (struct str){ value, size },
			&e) == -1)
			fail_msg("row '%s': %s", row, e.text);
	}
	TABLE_INT(row, sorter_files(s) > 0, count * size > memory);
	TABLE_INT(row, sorter_files(s) < 200, true);
	qsort(order, count, sizeof(*order), record_order);
	TABLE_INT(row, sorter_sort(s, &e), 0);
	for (i = 0; i < count; i++) {
		struct str key, got;
		unsigned number;

		TABLE_INT(row, sorter_next(s, &key, &got, &e), 1);
		TABLE_INT(row, got.n, size);
		memcpy(&number, got.p, sizeof(number));
		TABLE_INT(row, number, order[i]->number);
		TABLE_INT(row, str_eq(key, order[i]->key), true);
	}
	end(s);
	sorter_free(&s);
	free(value);
	free(order);
	free(records);
}

static void
test_it_agrees_with_a_plain_sort(void **state)
{
	size_t kind;

	(void)state;
	for (kind = 0; kind < TABLE_COUNT(kinds); kind++) {
		agree(kind, 10, SORTER_LEAST, 8);
		agree(kind, 30000, 16 << 20, 8);
		agree(kind, 30000, SORTER_LEAST, 8);   /* files */
		agree(kind, 30000, SORTER_LEAST, 300); /* more than merge */
		agree(kind, 300, SORTER_LEAST, 50000); /* more than buffers */
	}
}

static void
test_what_is_not_taken_is_left_alone(void **state)
{
	int files = maps_descriptors();
	size_t size = SORTER_LEAST / 4, i;
	char *value = calloc(1, size);
	struct sorter *s = sorter_new(SORTER_LEAST, NULL);
	struct str key, got;
	struct err e;

	(void)state;
	for (i = 0; i < 40; i++)
		assert_int_equal(sorter_put(s, STR("k"),
		    (struct str){ value, size }, &e), 0);
	assert_int_equal(sorter_sort(s, &e), 0);
	assert_int_equal(sorter_next(s, &key, &got, &e), 1);
	assert_int_equal(maps_descriptors(), files + (int)sorter_files(s));
	sorter_free(&s);
	assert_int_equal(maps_descriptors(), files);
	free(value);
}

static void
sort_with_a_full_disk(rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };
	struct sorter *s = sorter_new(SORTER_LEAST, maps_folder);
	char value[4000] = "";
	struct err e;
	int got = 0, i;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) == -1)
		_exit(10);
	for (i = 0; got == 0 && i < 1000; i++)
		got = sorter_put(s, STR("k"), (struct str){ value,
		    sizeof(value) }, &e);
	if (got == 0)
		_exit(11);
	sorter_free(&s);
	_exit(strstr(e.text, "cannot write a temporary file") != NULL ? 0 :
	    12);
}

static void
test_a_full_disk_is_an_error_and_leaves_nothing(void **state)
{
	static const rlim_t sizes[] = { 0, 1, 5000, 100000, 200000 };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(sizes); i++) {
		pid_t pid = fork();
		int status;

		assert_int_not_equal(pid, -1);
		if (pid == 0)
			sort_with_a_full_disk(sizes[i]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		assert_int_equal(maps_files(false), 0);
	}
}

static void
test_a_folder_that_is_none_is_an_error(void **state)
{
	char *tmp = getenv("TMPDIR") != NULL ? strdup(getenv("TMPDIR")) : NULL;
	struct sorter *s = sorter_new(SORTER_LEAST, maps_folder);
	char value[4000] = "";
	struct err e;
	int got = 0, i;

	(void)state;
	assert_int_equal(setenv("TMPDIR", maps_path("none"), 1), 0);
	for (i = 0; got == 0 && i < 1000; i++)
		got = sorter_put(s, STR("k"), (struct str){ value,
		    sizeof(value) }, &e);
	assert_int_equal(got, -1);
	assert_non_null(strstr(e.text, maps_path("none")));
	sorter_free(&s);
	if (tmp == NULL)
		unsetenv("TMPDIR");
	else
		setenv("TMPDIR", tmp, 1);
	free(tmp);
}

#define FILES(name) cmocka_unit_test_setup_teardown(name, maps_begin, maps_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_in_is_nothing_out),
		cmocka_unit_test(test_order_is_of_bytes_then_of_length),
		cmocka_unit_test(test_equal_keys_come_as_they_were_put),
		cmocka_unit_test(test_any_number_in_any_order),
		cmocka_unit_test(test_a_record_must_fit_into_the_memory),
		cmocka_unit_test(test_it_agrees_with_a_plain_sort),
		cmocka_unit_test(test_what_is_not_taken_is_left_alone),
		FILES(test_a_full_disk_is_an_error_and_leaves_nothing),
		FILES(test_a_folder_that_is_none_is_an_error),
	};

	return cmocka_run_group_tests_name("sorter", tests, NULL, NULL);
}
