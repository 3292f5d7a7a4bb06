/* SPDX-License-Identifier: BSD-2-Clause */

/* test_request_id: 32 hex digits, never the same twice, from any thread. */

#include "serve/request_id.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/table.h"

enum { ID_THREADS = 3, ID_EACH = 2000, ID_ALL = ID_THREADS * ID_EACH };

static void
an_id_is_hex_with_a_nul(void **state)
{
	char id[REQUEST_ID_SIZE + 1];
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		memset(id, 'X', sizeof(id));
		request_id_new(id);
		assert_int_equal(strspn(id, "0123456789abcdef"), 32);
		assert_int_equal(id[32], '\0');
		assert_int_equal(id[33], 'X');
	}
}

/* All bits change: no digit stays the same over many ids. */
static void
every_digit_varies(void **state)
{
	char first[REQUEST_ID_SIZE], id[REQUEST_ID_SIZE];
	bool varied[32] = { false };
	int i, k;

	(void)state;
	request_id_new(first);
	for (i = 0; i < 200; i++) {
		request_id_new(id);
		for (k = 0; k < 32; k++)
			varied[k] |= id[k] != first[k];
	}
	for (k = 0; k < 32; k++)
		assert_true(varied[k]);
}

static void *
id_thread(void *arg)
{
	char (*ids)[REQUEST_ID_SIZE] = arg;
	int i;

	for (i = 0; i < ID_EACH; i++)
		request_id_new(ids[i]);
	return NULL;
}

static int
id_order(const void *a, const void *b)
{
	return memcmp(a, b, REQUEST_ID_SIZE);
}

static void
no_two_are_the_same_in_any_threads(void **state)
{
	char (*ids)[REQUEST_ID_SIZE] = malloc(ID_ALL * sizeof(*ids));
	pthread_t threads[ID_THREADS];
	int i;

	(void)state;
	assert_non_null(ids);
	for (i = 0; i < ID_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, id_thread,
		    ids + i * ID_EACH), 0);
	for (i = 0; i < ID_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	qsort(ids, ID_ALL, sizeof(*ids), id_order);
	for (i = 1; i < ID_ALL; i++)
		assert_int_not_equal(id_order(ids[i - 1], ids[i]), 0);
	free(ids);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_hex_with_a_nul),
		cmocka_unit_test(every_digit_varies),
		cmocka_unit_test(no_two_are_the_same_in_any_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
