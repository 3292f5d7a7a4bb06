/* SPDX-License-Identifier: BSD-2-Clause */

/* test_secret: which files are read, and which are told not to be. */

#include "base/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/table.h"

enum { SECRET_MOST = 16 };

static const struct {
	const char *name;
	mode_t mode;
	uid_t owner; /* of whom, where root can give it away */
	const char *text;
	const char *told; /* NULL: it is read */
} secret_rows[] = {
	{ "ours alone", 0600, 0, "secret", NULL },
	{ "to be read alone", 0400, 0, "secret", NULL },
	{ "a group's, too", 0640, 0, "secret", NULL },
	{ "nothing", 0600, 0, "", NULL },
	{ "as large as may be", 0600, 0, "0123456789abcdef", NULL },
	{ "too large", 0600, 0, "0123456789abcdefg", "it is too large" },
	{ "others read it", 0604, 0, "x", "others can read or write it" },
	{ "others write it", 0602, 0, "x", "others can read or write it" },
	{ "a group writes it", 0620, 0, "x", "others can read or write it" },
	{ "all do", 0666, 0, "x", "others can read or write it" },
	{ "somebody else's", 0600, 12345, "x", "it is somebody else's" },
};

static char secret_folder[] = "/tmp/test_secret.XXXXXX";

static const char *
secret_path(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", secret_folder, name);
	return path;
}

static void
secret_write(const char *text, mode_t mode, uid_t owner)
{
	int fd = open(secret_path("f"), O_WRONLY | O_CREAT | O_EXCL, 0600);
	size_t n = strlen(text);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	if (owner != 0)
		assert_int_equal(fchown(fd, owner, (gid_t)-1), 0);
	close(fd);
}

static void
only_what_is_kept_from_others_is_read(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(secret_rows); i++) {
		const char *told = secret_rows[i].told;
		struct err e = { .text = "" };
		struct secret s;
		int got;

		if (secret_rows[i].owner != 0 && geteuid() != 0)
			continue; /* nobody else can give a file away */
		secret_write(secret_rows[i].text, secret_rows[i].mode,
		    secret_rows[i].owner);
		got = secret_read(secret_path("f"), SECRET_MOST, &s, &e);
		TABLE_INT(secret_rows[i].name, got, told == NULL ? 0 : -1);
		if (told == NULL) {
			TABLE_STR(secret_rows[i].name,
			    ((struct str){ s.p, s.n }), secret_rows[i].text);
			TABLE_INT(secret_rows[i].name, s.p[s.n], 0);
		} else {
			TABLE_INT(secret_rows[i].name,
			    strncmp(e.text, told, strlen(told)), 0);
			assert_null(s.p);
		}
		secret_free(&s);
		assert_int_equal(unlink(secret_path("f")), 0);
	}
}

/* A link's own mode says nothing. */
static void
what_is_opened_is_judged(void **state)
{
	struct err e;
	struct secret s;
	char target[64];

	(void)state;
	snprintf(target, sizeof(target), "%s", secret_path("f"));
	assert_int_equal(symlink(target, secret_path("link")), 0);
	secret_write("x", 0600, 0);
	assert_int_equal(secret_read(secret_path("link"), SECRET_MOST, &s,
	    &e), 0);
	assert_int_equal(s.n, 1);
	secret_free(&s);
	assert_int_equal(chmod(target, 0644), 0);
	assert_int_equal(secret_read(secret_path("link"), SECRET_MOST, &s,
	    &e), -1);
	assert_int_equal(unlink(target), 0);
	assert_int_equal(secret_read(secret_path("link"), SECRET_MOST, &s,
	    &e), -1);
	assert_string_equal(e.text, "No such file or directory");
	assert_int_equal(unlink(secret_path("link")), 0);
}

/* Nobody is waited for who would write into it. */
static void
what_is_no_file_is_not_read(void **state)
{
	struct err e;
	struct secret s;

	(void)state;
	assert_int_equal(secret_read(secret_folder, SECRET_MOST, &s, &e), -1);
	assert_non_null(strstr(e.text, "no regular file"));
	assert_int_equal(mkfifo(secret_path("p"), 0600), 0);
	assert_int_equal(secret_read(secret_path("p"), SECRET_MOST, &s, &e),
	    -1);
	assert_non_null(strstr(e.text, "no regular file"));
	assert_int_equal(unlink(secret_path("p")), 0);
}

static int
secret_setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(secret_folder));
	return 0;
}

static int
secret_teardown(void **state)
{
	(void)state;
	return rmdir(secret_folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_kept_from_others_is_read),
		cmocka_unit_test(what_is_opened_is_judged),
		cmocka_unit_test(what_is_no_file_is_not_read),
	};

	return cmocka_run_group_tests(tests, secret_setup, secret_teardown);
}
