/* SPDX-License-Identifier: BSD-2-Clause */

/* test_path: one spelling of targets, and what none may hold. */

#include "http/path.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/table.h"

enum { PATH_TEST_CEILING = 1 << 20 };

static const struct {
	const char *in;
	const char *text; /* NULL: bad-path */
} path_rows[] = {
	{ "/", "/" },
	{ "/a", "/a" },
	{ "/a/b/c", "/a/b/c" },
	{ "/a/b/", "/a/b/" },

	/* empty segments stay */
	{ "//", "//" },
	{ "//a", "//a" },
	{ "/a//b", "/a//b" },
	{ "/a///", "/a///" },

	/* unreserved octets are decoded, others kept in upper case */
	{ "/%61%7a%41%5a%30%39%2d%2e%5f%7e", "/azAZ09-._~" },
	{ "/%61%7A%41%5A%30%39%2D%2E%5F%7E", "/azAZ09-._~" },
	{ "/%2f", "/%2F" },
	{ "/@scope%2fname", "/@scope%2Fname" },
	{ "/a%2Fb", "/a%2Fb" },
	{ "/a%5cb", "/a%5Cb" },
	{ "/%3f%23%3b%25", "/%3F%23%3B%25" },
	{ "/%20%09%0a%7f", "/%20%09%0A%7F" },
	{ "/%c3%a9", "/%C3%A9" },
	{ "/%21%24%26%27%28%29%2a%2b%2c%3d%3a%40",
	    "/%21%24%26%27%28%29%2A%2B%2C%3D%3A%40" },
	{ "/%252e%252e", "/%252e%252e" },
	{ "/%25%32%65", "/%252e" },
	{ "/%%36%31", NULL },

	/* what may stand raw in a path stays */
	{ "/!$&'()*+,=:@-._~", "/!$&'()*+,=:@-._~" },
	{ "/a;b=c;d/e;f", "/a;b=c;d/e;f" },

	/* what may not is percent-encoded: one spelling */
	{ "/\"<>[]^`{|}", "/%22%3C%3E%5B%5D%5E%60%7B%7C%7D" },
	{ "/\xc3\xa9", "/%C3%A9" },
	{ "/\xff\x80", "/%FF%80" },
	{ "/\xff/../a", "/a" },

	/* dot segments are resolved */
	{ "/.", "/" },
	{ "/./", "/" },
	{ "/a/.", "/a/" },
	{ "/a/./", "/a/" },
	{ "/a/./b", "/a/b" },
	{ "/./a", "/a" },
	{ "/././.", "/" },
	{ "/a/..", "/" },
	{ "/a/../", "/" },
	{ "/a/../b", "/b" },
	{ "/a/b/..", "/a/" },
	{ "/a/b/../", "/a/" },
	{ "/a/b/../c", "/a/c" },
	{ "/a/b/../../c", "/c" },
	{ "/a/b/c/./../../g", "/a/g" },
	{ "/mid/content=5/../6", "/mid/6" },
	{ "/a//../b", "/a/b" },
	{ "/a//..", "/a/" },
	{ "//..", "/" },
	{ "//../a", "/a" },
	{ "/a/%2e%2e/b", "/b" },
	{ "/a/.%2e/b", "/b" },
	{ "/a/%2E./b", "/b" },
	{ "/a/%2e/b", "/a/b" },
	{ "/a/%2e", "/a/" },
	{ "/a/%2e%2E", "/" },
	{ "/a;p/../b", "/b" },
	{ "/a%2Fb/../c", "/c" },
	{ "/a%2Fb/./c", "/a%2Fb/c" },
	{ "/a%5Cb/../c", "/c" },

	/* dots that are names */
	{ "/...", "/..." },
	{ "/....", "/...." },
	{ "/.a", "/.a" },
	{ "/..a", "/..a" },
	{ "/a.", "/a." },
	{ "/a..", "/a.." },
	{ "/.well-known/x", "/.well-known/x" },
	{ "/...;x", "/...;x" },
	{ "/.a%2F.b", "/.a%2F.b" },
	{ "/..a%2Fb..", "/..a%2Fb.." },
	{ "/;..", "/;.." },
	{ "/a;..", "/a;.." },
	{ "/a;./b", "/a;./b" },
	{ "/..%20", "/..%20" },
	{ "/..%3f", "/..%3F" },

	/* above the root */
	{ "/..", NULL },
	{ "/../", NULL },
	{ "/../a", NULL },
	{ "/./..", NULL },
	{ "/a/../..", NULL },
	{ "/a/../../b", NULL },
	{ "/a/b/../../../c", NULL },
	{ "/%2e%2e", NULL },
	{ "/%2e%2e/a", NULL },
	{ "//../..", NULL },

	/* dot segments for those who read %2F or %5C as separators */
	{ "/a/..%2Fb", NULL },
	{ "/a/..%2fb", NULL },
	{ "/a/..%5cb", NULL },
	{ "/a/..%5C", NULL },
	{ "/a/.%2Fb", NULL },
	{ "/a%2F..", NULL },
	{ "/a%2f../b", NULL },
	{ "/a%2F../b", NULL },
	{ "/a%2F./b", NULL },
	{ "/a%2F.", NULL },
	{ "/a%5C..", NULL },
	{ "/a%5c../b", NULL },
	{ "/a%2F..%2Fb", NULL },
	{ "/a%2F..%5Cb", NULL },
	{ "/a%2F%2e%2e%2Fb", NULL },
	{ "/a%2F%2e%2fb", NULL },
	{ "/%2F..", NULL },
	{ "/..%2F", NULL },
	{ "/%2e%2e%2f", NULL },
	{ "/a/b%2Fc%2F..%2Fd", NULL },

	/* or who drop ;parameters */
	{ "/a/..;x/b", NULL },
	{ "/a/..;/b", NULL },
	{ "/a/..;", NULL },
	{ "/a/..;x", NULL },
	{ "/a/.;x/b", NULL },
	{ "/a/.;", NULL },
	{ "/a/%2e%2e;x", NULL },
	{ "/a/%2e%2e;x/b", NULL },
	{ "/a/.%2e;x", NULL },
	{ "/..;/a", NULL },

	/* or both */
	{ "/a%2F..;x", NULL },
	{ "/a%2F..;x/b", NULL },
	{ "/a;x%2F..", NULL },
	{ "/a;x%2F..%2Fb", NULL },
	{ "/a;x%5c..;y", NULL },
	{ "/a/..;%2Fb", NULL },
	{ "/a/..;x%2Fb", NULL },

	/* broken escapes and NUL */
	{ "/%", NULL },
	{ "/%4", NULL },
	{ "/%zz", NULL },
	{ "/%4g", NULL },
	{ "/%g4", NULL },
	{ "/a%", NULL },
	{ "/a%2", NULL },
	{ "/a%2/b", NULL },
	{ "/%u002e", NULL },
	{ "/% 41", NULL },
	{ "/%00", NULL },
	{ "/a%00b", NULL },

	/* bytes that no path holds, nor what does not begin with '/' */
	{ "/a b", NULL },
	{ "/ ", NULL },
	{ "/a\tb", NULL },
	{ "/a\x01", NULL },
	{ "/a\x7f", NULL },
	{ "/a\r\nX: y", NULL },
	{ "/a\\b", NULL },
	{ "/a/..\\b", NULL },
	{ "/x/#y", NULL },
	{ "/#", NULL },
	{ "", NULL },
	{ "a", NULL },
	{ "*", NULL },
	{ "?a", NULL },
	{ ".", NULL },
	{ "%2Fa", NULL },
	{ "\\a", NULL },
	{ "example.com:443", NULL },
	{ "http://h/", NULL },
};

static void
path_has_one_spelling_or_is_refused(void **state)
{
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, PATH_TEST_CEILING);
	for (i = 0; i < TABLE_COUNT(path_rows); i++) {
		const char *row = path_rows[i].in;
		char *in = table_exact(str_of(row));
		struct err e = { .reason = REASON_NONE };
		struct str out = { NULL, 0 };
		int got = path_canonical((struct str){ in, strlen(row) }, &a,
		    &out, &e);

		TABLE_INT(row, got, path_rows[i].text != NULL ? 0 : -1);
		if (got == 0)
			TABLE_STR(row, out, path_rows[i].text);
		else
			TABLE_INT(row, e.reason, REASON_BAD_PATH);
		free(in);
	}
	arena_fini(&a);
}

static void
path_spelling_is_stable(void **state)
{
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, PATH_TEST_CEILING);
	for (i = 0; i < TABLE_COUNT(path_rows); i++) {
		struct str out;
		struct err e;

		if (path_rows[i].text == NULL)
			continue;
		assert_int_equal(path_canonical(str_of(path_rows[i].text), &a,
		    &out, &e), 0);
		TABLE_STR(path_rows[i].in, out, path_rows[i].text);
	}
	arena_fini(&a);
}

static void
path_with_nul_inside_is_refused(void **state)
{
	struct arena a;
	struct str out;
	struct path path;
	struct err e;

	(void)state;
	arena_init(&a, PATH_TEST_CEILING);
	assert_int_equal(path_canonical(STR("/a\0b"), &a, &out, &e), -1);
	assert_int_equal(path_parse(STR("/a?b\0c"), &a, &path, &e), -1);
	arena_fini(&a);
}

/* Every byte, raw and escaped, does what its kind says. */
static void
path_treats_every_byte_by_its_kind(void **state)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/";
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~";
	struct arena a;
	int byte;

	(void)state;
	arena_init(&a, PATH_TEST_CEILING);
	for (byte = 0; byte < 256; byte++) {
		char raw[] = { '/', 'x', (char)byte, 'y' };
		char escaped[16], kept[16];
		bool refused = byte <= 0x20 || byte == 0x7f || byte == '#' ||
		    byte == '?' || byte == '\\' || byte == '%';
		struct str out = { NULL, 0 };
		struct err e;
		int got = path_canonical((struct str){ raw, sizeof(raw) },
		    &a, &out, &e);

		snprintf(escaped, sizeof(escaped), "/x%%%02xy",
		    (unsigned int)byte);
		snprintf(kept, sizeof(kept), "/x%%%02Xy", (unsigned int)byte);
		TABLE_INT(escaped, got, refused ? -1 : 0);
		if (!refused && strchr(plain, byte) != NULL)
			assert_true(str_eq(out, (struct str){ raw, 4 }));
		else if (!refused)
			TABLE_STR(escaped, out, kept);

		got = path_canonical(str_of(escaped), &a, &out, &e);
		TABLE_INT(escaped, got, byte == 0 ? -1 : 0);
		if (byte != 0 && strchr(unreserved, byte) != NULL)
			assert_true(str_eq(out, (struct str){ raw, 4 }));
		else if (byte != 0)
			TABLE_STR(escaped, out, kept);
	}
	arena_fini(&a);
}

static const struct {
	const char *in;
	const char *text; /* NULL: bad-path */
	const char *query;
	bool has_query;
} path_targets[] = {
	{ "/a", "/a", "", false },
	{ "/a?", "/a", "", true },
	{ "/?", "/", "", true },
	{ "/a?b=c", "/a", "b=c", true },
	{ "/a?b?c", "/a", "b?c", true },
	{ "/a/../b?../c", "/b", "../c", true },
	{ "/a?%2e%zz%", "/a", "%2e%zz%", true },
	{ "/a?%00", "/a", "%00", true },
	{ "/a?\"<>[]^`{|}\\\xff", "/a", "\"<>[]^`{|}\\\xff", true },
	{ "/a?/..//;x", "/a", "/..//;x", true },
	{ "/a? ", NULL, NULL, false },
	{ "/a?b c", NULL, NULL, false },
	{ "/a?b\tc", NULL, NULL, false },
	{ "/a?b\x7f", NULL, NULL, false },
	{ "/a?b\r\n", NULL, NULL, false },
	{ "/a?b#c", NULL, NULL, false },
	{ "/a?#", NULL, NULL, false },
	{ "/a#?b", NULL, NULL, false },
	{ "/..?b", NULL, NULL, false },
	{ "?b", NULL, NULL, false },
	{ "", NULL, NULL, false },
};

static void
target_is_cut_at_the_first_question_mark(void **state)
{
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, PATH_TEST_CEILING);
	for (i = 0; i < TABLE_COUNT(path_targets); i++) {
		const char *row = path_targets[i].in;
		char *in = table_exact(str_of(row));
		struct path path;
		struct err e = { .reason = REASON_NONE };
		int got = path_parse((struct str){ in, strlen(row) }, &a,
		    &path, &e);

		free(in); /* what it gave must live in the arena */
		TABLE_INT(row, got, path_targets[i].text != NULL ? 0 : -1);
		if (got == -1) {
			TABLE_INT(row, e.reason, REASON_BAD_PATH);
			continue;
		}
		TABLE_STR(row, path.text, path_targets[i].text);
		TABLE_STR(row, path.query, path_targets[i].query);
		TABLE_INT(row, path.has_query, path_targets[i].has_query);
	}
	arena_fini(&a);
}

/* It may hold what is to be written down nowhere. */
static void
bad_query_is_not_quoted(void **state)
{
	struct path path;
	struct arena a;
	struct err e;

	(void)state;
	arena_init(&a, PATH_TEST_CEILING);
	assert_int_equal(path_parse(STR("/a?token=secret\t"), &a, &path, &e),
	    -1);
	assert_null(strstr(e.text, "secret"));
	arena_fini(&a);
}

static void
path_without_memory_is_overloaded(void **state)
{
	char *big = malloc(9000);
	struct arena a;
	struct path path;
	struct err e;

	(void)state;
	assert_non_null(big);
	memset(big, 'a', 9000);
	big[0] = '/';
	arena_init(&a, 8192);
	assert_int_equal(path_parse((struct str){ big, 9000 }, &a, &path,
	    &e), -1);
	assert_int_equal(e.reason, REASON_OVERLOADED);
	arena_reset(&a);
	big[1] = '?';
	assert_int_equal(path_parse((struct str){ big, 9000 }, &a, &path,
	    &e), -1);
	assert_int_equal(e.reason, REASON_OVERLOADED);
	arena_fini(&a);
	free(big);
}

static const struct {
	const char *in;
	const char *authority; /* NULL: none */
	const char *rest;
} path_splits[] = {
	{ "/a?b", NULL, "/a?b" },
	{ "", NULL, "" },
	{ "*", NULL, "*" },
	{ "http://h/a?b", "h", "/a?b" },
	{ "HTTP://h/a", "h", "/a" },
	{ "HttpS://H:8443/", "H:8443", "/" },
	{ "http://h", "h", "/" },
	{ "http://h?q", "h", "?q" },
	{ "http://h#f", "h", "#f" },
	{ "http://u:p@h/a", "u:p@h", "/a" },
	{ "http://[::1]:80/a", "[::1]:80", "/a" },
	{ "http:///a", "", "/a" },
	{ "http://", "", "/" },
	{ "http://h//a", "h", "//a" },
	{ "http:/a", NULL, "http:/a" },
	{ "ftp://h/a", NULL, "ftp://h/a" },
	{ "/http://h/a", NULL, "/http://h/a" },
	{ "//h/a", NULL, "//h/a" },
	{ "h:443", NULL, "h:443" },
};

static void
absolute_form_is_split_from_its_authority(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(path_splits); i++) {
		const char *row = path_splits[i].in;
		char *in = table_exact(str_of(row));
		struct str authority, rest;

		path_split_target((struct str){ in, strlen(row) }, &authority,
		    &rest);
		TABLE_INT(row, authority.p == NULL,
		    path_splits[i].authority == NULL);
		TABLE_STR(row, authority, path_splits[i].authority);
		TABLE_STR(row, rest, path_splits[i].rest);
		free(in);
	}
}

static const struct {
	const char *path;
	const char *segments; /* each with a '|' behind it */
} path_walks[] = {
	{ "/", "" },
	{ "", "" },
	{ "//", "" },
	{ "/a", "a|" },
	{ "/a/", "a|" },
	{ "/a/b", "a|b|" },
	{ "//a///b//", "a|b|" },
	{ "/a%2Fb/c;d", "a%2Fb|c;d|" },
};

static void
segments_come_in_order_without_empty_ones(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(path_walks); i++) {
		struct str path = str_of(path_walks[i].path);
		struct str segment;
		char got[64] = "";
		size_t at = 0;
		size_t n = 0;

		while (path_segment(path, &at, &segment)) {
			n += (size_t)snprintf(got + n, sizeof(got) - n,
			    "%.*s|", STR_ARG(segment));
			assert_true(n < sizeof(got));
		}
		TABLE_STR(path_walks[i].path, str_of(got),
		    path_walks[i].segments);
		assert_false(path_segment(path, &at, &segment));
	}
}

static const struct {
	const char *raw;
	const char *segment;
	const char *path;
	const char *query;
} path_puts[] = {
	{ "", "", "", "" },
	{ "abc-._~", "abc-._~", "abc-._~", "abc-._~" },
	{ "a/b", "a%2Fb", "a/b", "a%2Fb" },
	{ "a b%", "a%20b%25", "a%20b%25", "a%20b%25" },
	{ "?#\\", "%3F%23%5C", "%3F%23%5C", "%3F%23%5C" },
	{ "a=1&b+c;d", "a=1&b+c;d", "a=1&b+c;d", "a%3D1%26b%2Bc%3Bd" },
	{ "\r\n\x01\x7f", "%0D%0A%01%7F", "%0D%0A%01%7F", "%0D%0A%01%7F" },
	{ "\xc3\xa9", "%C3%A9", "%C3%A9", "%C3%A9" },
};

static void
put_encodes_what_may_not_stand_there(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(path_puts); i++) {
		struct str raw = str_of(path_puts[i].raw);
		struct buf b;

		buf_init(&b, 64);
		assert_int_equal(path_put_segment(&b, raw), 0);
		TABLE_STR(path_puts[i].raw, buf_view(&b),
		    path_puts[i].segment);
		buf_clear(&b);
		assert_int_equal(path_put_path(&b, raw), 0);
		TABLE_STR(path_puts[i].raw, buf_view(&b), path_puts[i].path);
		buf_clear(&b);
		assert_int_equal(path_put_query(&b, raw), 0);
		TABLE_STR(path_puts[i].raw, buf_view(&b), path_puts[i].query);
		buf_fini(&b);
	}
}

static void
put_into_a_full_buffer_fails_and_changes_nothing(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(path_put_segment(&b, STR("abc")), 0);
	assert_int_equal(path_put_segment(&b, STR("/")), -1);
	assert_int_equal(path_put_query(&b, STR("&")), -1);
	assert_int_equal(path_put_path(&b, STR("abc")), -1);
	TABLE_STR("abc", buf_view(&b), "abc");
	assert_int_equal(path_put_segment(&b, STR("de")), 0);
	TABLE_STR("abcde", buf_view(&b), "abcde");
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_has_one_spelling_or_is_refused),
		cmocka_unit_test(path_spelling_is_stable),
		cmocka_unit_test(path_with_nul_inside_is_refused),
		cmocka_unit_test(path_treats_every_byte_by_its_kind),
		cmocka_unit_test(target_is_cut_at_the_first_question_mark),
		cmocka_unit_test(bad_query_is_not_quoted),
		cmocka_unit_test(path_without_memory_is_overloaded),
		cmocka_unit_test(absolute_form_is_split_from_its_authority),
		cmocka_unit_test(segments_come_in_order_without_empty_ones),
		cmocka_unit_test(put_encodes_what_may_not_stand_there),
		cmocka_unit_test(
		    put_into_a_full_buffer_fails_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
