/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_body: what was promised against what came; spooled, rewound, drained.
 */

#include "serve/body.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/scratch.h"

enum { BODY_TEST_ROOM = 4096, BODY_TEST_MAX = 1 << 20, BODY_TEST_PART = 16384 };

/*
 * A source by script: a letter each. 'd' a part of the data, 'w' would wait,
 * 'e' the end, 'x' the peer broke off. Past its script it may not be asked.
 */
struct body_case {
	const char *script;
	const char *data; /* comes in parts of at most `part` bytes */
	size_t part;
	size_t left;
	struct body b;
	struct err e;
	char scratch[BODY_TEST_ROOM];
	char got[BODY_TEST_MAX];
	size_t got_n;
};

static int
body_script(void *arg, struct str *data, struct err *e)
{
	struct body_case *c = arg;

	switch (*c->script) {
	case 'd':
		*data = (struct str){ c->data, c->left < c->part ? c->left :
		    c->part };
		c->data += data->n;
		c->left -= data->n;
		assert_true(data->n > 0);
		c->script++;
		return 1;
	case 'w':
		c->script++;
		return 0;
	case 'e':
		return 2;
	case 'x':
		return err_set(e, REASON_CLIENT_GONE, "broke off");
	default:
		fail_msg("the source was asked again");
		return -1;
	}
}

static struct body_case *
body_new(const char *script, const char *data, size_t n, size_t part)
{
	struct body_case *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->script = script;
	c->data = data;
	c->left = n;
	c->part = part;
	body_init(&c->b);
	return c;
}

static void
body_old(struct body_case **c)
{
	body_fini(&(*c)->b);
	assert_int_equal((*c)->b.spool, -1);
	free(*c);
	*c = NULL;
}

static int
body_start(struct body_case *c, enum request_body kind, uint64_t length,
    uint64_t most, size_t keep)
{
	struct request r = { .body = kind, .length = length };

	return body_begin(&c->b, &r, most, keep, &c->e);
}

/* Reads on until the end (2), an error (-1), or so many waits (0). */
static int
body_read(struct body_case *c, int waits)
{
	for (;;) {
		struct str data = { NULL, 0 };
		int got = body_next(&c->b, body_script, c, c->scratch,
		    sizeof(c->scratch), &data, &c->e);

		if (got == 0 && waits-- > 0)
			continue;
		if (got != 1)
			return got;
		assert_true(data.n > 0);
		assert_true(c->got_n + data.n <= BODY_TEST_MAX);
		memcpy(c->got + c->got_n, data.p, data.n);
		c->got_n += data.n;
	}
}

/* ---- promised against came ---- */

#define NONE REQUEST_BODY_NONE
#define LENGTH REQUEST_BODY_LENGTH
#define UNKNOWN REQUEST_BODY_UNKNOWN

/* of "0123456789", two bytes a part */
static const struct {
	const char *name;
	enum request_body kind;
	uint64_t length, most;
	const char *script;
	int want;            /* of the first step that fails, or 2 */
	enum reason reason;
	const char *body;
	enum request_body kind_after;
} body_rows[] = {
	{ "none promised, none came", NONE, 0, 99, "e", 2, 0, "", NONE },
	{ "none promised, some came", NONE, 0, 99, "de", -1,
	  REASON_BAD_REQUEST, "", NONE },
	{ "none promised, broken off", NONE, 0, 99, "x", -1,
	  REASON_CLIENT_GONE, "", NONE },
	{ "as promised", LENGTH, 6, 99, "ddde", 2, 0, "012345", LENGTH },
	{ "as promised, with waits", LENGTH, 6, 99, "wdwdwwdwe", 2, 0,
	  "012345", LENGTH },
	{ "less than promised", LENGTH, 6, 99, "dde", -1, REASON_BAD_REQUEST,
	  "0123", LENGTH },
	{ "nothing of what was promised", LENGTH, 6, 99, "e", -1,
	  REASON_BAD_REQUEST, "", LENGTH },
	{ "more than promised", LENGTH, 3, 99, "dde", -1, REASON_BAD_REQUEST,
	  "01", LENGTH },
	{ "broken off", LENGTH, 6, 99, "ddx", -1, REASON_CLIENT_GONE, "0123",
	  LENGTH },
	{ "broken off where it is complete", LENGTH, 4, 99, "ddx", -1,
	  REASON_CLIENT_GONE, "0123", LENGTH },
	{ "promised too much", LENGTH, 6, 5, "", -1, REASON_BODY_TOO_LARGE,
	  "", LENGTH },
	{ "promised the most", LENGTH, 6, 6, "ddde", 2, 0, "012345", LENGTH },
	{ "of unknown length", UNKNOWN, 0, 99, "ddde", 2, 0, "012345",
	  UNKNOWN },
	{ "of unknown length, with waits", UNKNOWN, 0, 99, "wdwde", 2, 0,
	  "0123", UNKNOWN },
	{ "unknown and none", UNKNOWN, 0, 99, "we", 2, 0, "", NONE },
	{ "unknown and broken off at once", UNKNOWN, 0, 99, "x", -1,
	  REASON_CLIENT_GONE, "", UNKNOWN },
	{ "unknown and broken off", UNKNOWN, 0, 99, "dx", -1,
	  REASON_CLIENT_GONE, "01", UNKNOWN },
	{ "unknown and the most", UNKNOWN, 0, 4, "dde", 2, 0, "0123",
	  UNKNOWN },
	{ "unknown and too much", UNKNOWN, 0, 3, "dde", -1,
	  REASON_BODY_TOO_LARGE, "01", UNKNOWN },
	{ "unknown and too much at once", UNKNOWN, 0, 1, "de", -1,
	  REASON_BODY_TOO_LARGE, "", UNKNOWN },
};

static int
body_look_all(struct body_case *c)
{
	int got;

	while ((got = body_look(&c->b, body_script, c, &c->e)) == 0)
		;
	return got;
}

static void
a_body_is_what_was_promised_or_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(body_rows); i++) {
		const char *name = body_rows[i].name;
		struct body_case *c = body_new(body_rows[i].script,
		    "0123456789", 10, 2);
		int got = body_start(c, body_rows[i].kind,
		    body_rows[i].length, body_rows[i].most, BODY_TEST_PART);

		if (got == 0)
			got = body_look_all(c);
		if (got == 1)
			got = body_read(c, 100);
		TABLE_INT(name, got, body_rows[i].want);
		if (got == -1)
			TABLE_INT(name, c->e.reason, body_rows[i].reason);
		TABLE_STR(name, ((struct str){ c->got, c->got_n }),
		    body_rows[i].body);
		TABLE_INT(name, c->b.kind, body_rows[i].kind_after);
		if (got == 2) {
			assert_true(c->b.ended);
			assert_true(c->b.came == c->got_n);
			/* An end stays one. */
			assert_int_equal(body_read(c, 0), 2);
		}
		body_old(&c);
	}
}

/* The same rows, read whole first. */
static void
a_spooled_body_is_what_was_promised_or_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(body_rows); i++) {
		const char *name = body_rows[i].name;
		struct body_case *c = body_new(body_rows[i].script,
		    "0123456789", 10, 2);
		int got = body_start(c, body_rows[i].kind,
		    body_rows[i].length, body_rows[i].most, BODY_TEST_PART);

		if (got == 0)
			got = body_look_all(c);
		while (got == 1 && !c->b.ended) {
			got = body_spool(&c->b, body_script, c,
			    "/nonexistent", &c->e);
			got = got == 0 ? 1 : got;
		}
		TABLE_INT(name, got, body_rows[i].want == 2 ? 1 : -1);
		if (got == -1) {
			TABLE_INT(name, c->e.reason, body_rows[i].reason);
		} else {
			/* What was unknown is known now. */
			TABLE_INT(name, c->b.kind, c->b.came > 0 ? LENGTH :
			    NONE);
			TABLE_INT(name, c->b.promised, c->b.came);
			TABLE_INT(name, body_read(c, 0), 2);
			TABLE_STR(name, ((struct str){ c->got, c->got_n }),
			    body_rows[i].body);
		}
		body_old(&c);
	}
}

/* ---- held, spooled, rewound ---- */

static char body_large[BODY_TEST_MAX];

static int
body_group_open(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(body_large); i++)
		body_large[i] = (char)(i * 31 + i / 255);
	return 0;
}

static void
body_expect_large(struct body_case *c, size_t n)
{
	c->got_n = 0;
	assert_int_equal(body_read(c, 0), 2);
	assert_int_equal(c->got_n, n);
	assert_memory_equal(c->got, body_large, n);
}

static void
what_is_kept_can_be_sent_again(void **state)
{
	struct body_case *c = body_new("dddde", body_large, 60000,
	    BODY_TEST_PART);

	(void)state;
	assert_int_equal(body_start(c, LENGTH, 60000, BODY_TEST_MAX, 65536),
	    0);
	assert_true(body_can_rewind(&c->b));
	body_expect_large(c, 60000);
	assert_true(body_rewind(&c->b));
	body_expect_large(c, 60000);
	assert_true(body_rewind(&c->b));
	body_old(&c);
}

/* Sent in part, then again from the start: the rest comes from the source. */
static void
a_rewind_in_the_middle_goes_on_with_the_source(void **state)
{
	struct body_case *c = body_new("ddwdde", body_large, 60000,
	    BODY_TEST_PART);

	(void)state;
	assert_int_equal(body_start(c, UNKNOWN, 0, BODY_TEST_MAX, 65536), 0);
	assert_int_equal(body_look_all(c), 1);
	assert_int_equal(body_read(c, 0), 0);
	assert_int_equal(c->got_n, 2 * BODY_TEST_PART);
	assert_true(body_rewind(&c->b));
	body_expect_large(c, 60000);
	body_old(&c);
}

static void
more_than_is_kept_cannot_be_sent_again(void **state)
{
	struct body_case *c = body_new("ddddde", body_large, 70000,
	    BODY_TEST_PART);

	(void)state;
	assert_int_equal(body_start(c, LENGTH, 70000, BODY_TEST_MAX, 65536),
	    0);
	body_expect_large(c, 70000);
	assert_false(body_can_rewind(&c->b));
	assert_false(body_rewind(&c->b));
	assert_int_equal(buf_len(&c->b.held), 0);
	body_old(&c);
}

/* No part is larger than what the next room takes. */
static void
kept_parts_are_no_larger_than_the_room(void **state)
{
	struct body_case *c = body_new("dddde", body_large, 60000,
	    BODY_TEST_PART);
	struct str data;
	size_t n = 0;

	(void)state;
	assert_int_equal(body_start(c, LENGTH, 60000, BODY_TEST_MAX, 65536),
	    0);
	assert_int_equal(body_spool(&c->b, body_script, c, "/nonexistent",
	    &c->e), 1);
	while (body_next(&c->b, body_script, c, c->scratch,
	    sizeof(c->scratch), &data, &c->e) == 1) {
		assert_in_range(data.n, 1, sizeof(c->scratch));
		assert_memory_equal(data.p, body_large + n, data.n);
		n += data.n;
	}
	assert_int_equal(n, 60000);
	body_old(&c);
}

static int
body_files(const char *folder)
{
	DIR *d = opendir(folder);
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void
a_large_body_is_spooled_to_a_file_without_a_name(void **state)
{
	enum { N = 300000 };
	static const enum request_body kinds[] = { LENGTH, UNKNOWN };
	struct scratch files;
	size_t i;

	(void)state;
	scratch_init(&files);
	for (i = 0; i < TABLE_COUNT(kinds); i++) {
		struct body_case *c = body_new("d", body_large, N,
		    BODY_TEST_PART);
		char script[64];
		int got = 0, waits = -1;

		memset(script, 'd', sizeof(script));
		script[3] = 'w';
		script[20] = 'e';
		c->script = script;
		assert_int_equal(body_start(c, kinds[i], N, BODY_TEST_MAX,
		    65536), 0);
		assert_int_equal(body_look_all(c), 1);
		while (got == 0) {
			got = body_spool(&c->b, body_script, c, files.folder,
			    &c->e);
			waits++;
		}
		assert_int_equal(got, 1);
		assert_int_equal(waits, 1);
		assert_int_equal(body_files(files.folder), 2); /* . and .. */
		assert_int_not_equal(c->b.spool, -1);
		assert_int_equal(buf_len(&c->b.held), 0);
		assert_true(c->b.kind == LENGTH && c->b.promised == N);
		body_expect_large(c, N);
		assert_true(body_rewind(&c->b));
		body_expect_large(c, N);
		body_old(&c);
	}
	scratch_fini(&files);
}

static void
no_folder_for_the_spool_is_overloaded_and_names_it(void **state)
{
	struct body_case *c = body_new("dde", body_large, 20000, 10000);

	(void)state;
	assert_int_equal(body_start(c, LENGTH, 20000, BODY_TEST_MAX, 1), 0);
	assert_int_equal(body_spool(&c->b, body_script, c, "/nonexistent/x",
	    &c->e), -1);
	assert_int_equal(c->e.reason, REASON_OVERLOADED);
	assert_non_null(strstr(c->e.text, "/nonexistent/x"));
	body_old(&c);
}

/* Somebody cut the file that has no name (through /proc, say). */
static void
a_spool_that_lost_bytes_is_told(void **state)
{
	struct body_case *c = body_new("dde", body_large, 20000, 10000);
	struct scratch files;

	(void)state;
	scratch_init(&files);
	assert_int_equal(body_start(c, LENGTH, 20000, BODY_TEST_MAX, 1), 0);
	assert_int_equal(body_spool(&c->b, body_script, c, files.folder,
	    &c->e), 1);
	assert_int_equal(ftruncate(c->b.spool, 15000), 0);
	assert_int_equal(body_read(c, 0), -1);
	assert_int_equal(c->e.reason, REASON_INTERNAL);
	assert_int_equal(c->got_n, 15000);
	body_old(&c);
	scratch_fini(&files);
}

/* ---- drained ---- */

static void
draining_reads_to_the_end_in_bounded_turns(void **state)
{
	struct body_case *c = body_new("dddwdde", body_large, 50, 10);

	(void)state;
	assert_int_equal(body_start(c, LENGTH, 50, 99, BODY_TEST_PART), 0);
	assert_int_equal(body_drain(&c->b, body_script, c, 20), 2);
	assert_int_equal(c->left, 30);
	assert_int_equal(body_drain(&c->b, body_script, c, 20), 0);
	assert_int_equal(c->left, 20);
	assert_int_equal(body_drain(&c->b, body_script, c, 21), 1);
	assert_true(c->b.ended);
	/* The source is not asked behind its end. */
	c->script = "";
	assert_int_equal(body_drain(&c->b, body_script, c, 20), 1);
	body_old(&c);
	c = body_new("dx", body_large, 50, 10);
	assert_int_equal(body_start(c, LENGTH, 50, 99, BODY_TEST_PART), 0);
	assert_int_equal(body_drain(&c->b, body_script, c, 20), -1);
	assert_false(c->b.ended);
	body_old(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_is_what_was_promised_or_refused),
		cmocka_unit_test(
		    a_spooled_body_is_what_was_promised_or_refused),
		cmocka_unit_test(what_is_kept_can_be_sent_again),
		cmocka_unit_test(
		    a_rewind_in_the_middle_goes_on_with_the_source),
		cmocka_unit_test(more_than_is_kept_cannot_be_sent_again),
		cmocka_unit_test(kept_parts_are_no_larger_than_the_room),
		cmocka_unit_test(
		    a_large_body_is_spooled_to_a_file_without_a_name),
		cmocka_unit_test(
		    no_folder_for_the_spool_is_overloaded_and_names_it),
		cmocka_unit_test(a_spool_that_lost_bytes_is_told),
		cmocka_unit_test(draining_reads_to_the_end_in_bounded_turns),
	};

	return cmocka_run_group_tests(tests, body_group_open, NULL);
}
