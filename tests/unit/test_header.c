/* SPDX-License-Identifier: BSD-2-Clause */

/* test_header: fields in order, nothing bad gets in, lists and cookies. */

#include "http/header.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/table.h"

enum { HEADER_TEST_CEILING = 1 << 20 };

static int
header_open(void **state)
{
	struct arena *a = malloc(sizeof(*a));

	if (a == NULL)
		return -1;
	arena_init(a, HEADER_TEST_CEILING);
	*state = a;
	return 0;
}

static int
header_close(void **state)
{
	struct arena *a = *state;

	arena_fini(a);
	free(a);
	return 0;
}

/* The whole list as "Name: value|Name: value|". */
static void
header_expect(const struct header *h, const char *want)
{
	char got[512] = "";
	size_t n = 0;
	size_t i;

	for (i = 0; i < h->count; i++) {
		n += (size_t)snprintf(got + n, sizeof(got) - n,
		    "%.*s: %.*s|", STR_ARG(h->fields[i].name),
		    STR_ARG(h->fields[i].value));
		assert_true(n < sizeof(got));
	}
	assert_string_equal(got, want);
}

static void
fields_keep_order_case_and_repetition(void **state)
{
	struct header h;

	header_init(&h, *state);
	header_expect(&h, "");
	assert_int_equal(header_add(&h, STR("B"), STR("1")), 0);
	assert_int_equal(header_add(&h, STR("a"), STR("")), 0);
	assert_int_equal(header_add(&h, STR("b"), STR("2")), 0);
	header_expect(&h, "B: 1|a: |b: 2|");
}

static void
find_and_get_compare_without_case_and_take_the_first(void **state)
{
	struct header h;

	header_init(&h, *state);
	assert_null(header_find(&h, STR("X-A")));
	assert_int_equal(header_add(&h, STR("X-A"), STR("1")), 0);
	assert_int_equal(header_add(&h, STR("x-a"), STR("2")), 0);
	assert_ptr_equal(header_find(&h, STR("x-A")), &h.fields[0]);
	TABLE_STR("X-A", header_get(&h, STR("X-a")), "1");
	TABLE_STR("X-AB", header_get(&h, STR("X-AB")), "");
	assert_null(header_find(&h, STR("X-")));
	assert_null(header_find(&h, STR("")));
}

static void
many_fields_stay_in_order_past_every_growth(void **state)
{
	struct header h;
	size_t i;

	header_init(&h, *state);
	for (i = 0; i < 1000; i++) {
		struct str value = arena_printf(*state, "%zu", i);

		assert_int_equal(header_add(&h, STR("N"), value), 0);
	}
	assert_int_equal(h.count, 1000);
	for (i = 0; i < 1000; i++) {
		char want[16];

		snprintf(want, sizeof(want), "%zu", i);
		TABLE_STR(want, h.fields[i].value, want);
	}
}

static void
set_replaces_all_of_the_name_and_appends(void **state)
{
	struct header h;

	header_init(&h, *state);
	assert_int_equal(header_add(&h, STR("VIA"), STR("1")), 0);
	assert_int_equal(header_add(&h, STR("B"), STR("2")), 0);
	assert_int_equal(header_put(&h, NAME_VIA, STR("3")), 0);
	assert_int_equal(header_set(&h, NAME_VIA, STR("4")), 0);
	header_expect(&h, "B: 2|Via: 4|");
	assert_int_equal(header_set(&h, NAME_TE, STR("5")), 0);
	header_expect(&h, "B: 2|Via: 4|TE: 5|");
}

static void
set_of_something_bad_removes_nothing(void **state)
{
	struct header h;

	header_init(&h, *state);
	assert_int_equal(header_add(&h, STR("Via"), STR("1")), 0);
	assert_int_equal(header_set(&h, NAME_VIA, STR("x\ny")), -1);
	assert_int_equal(header_put(&h, NAME_VIA, STR("\x7f")), -1);
	header_expect(&h, "Via: 1|");
}

static void
add_and_set_without_memory_change_nothing(void **state)
{
	struct arena small;
	struct header h;
	size_t n = 0;

	(void)state;
	arena_init(&small, 4096);
	header_init(&h, &small);
	while (header_add(&h, STR("Via"), STR("1")) == 0)
		assert_true(++n < 1000);
	assert_int_equal(h.count, n);
	assert_int_equal(header_set(&h, NAME_VIA, STR("2")), -1);
	assert_int_equal(header_put(&h, NAME_VIA, STR("2")), -1);
	assert_int_equal(header_keep(&h, &h.fields[0]), -1);
	assert_int_equal(header_reserve(&h, 1), -1);
	assert_int_equal(header_reserve(&h, 0), 0);
	assert_int_equal(h.count, n);
	TABLE_STR("Via", header_get(&h, STR("Via")), "1");
	arena_fini(&small);
}

static void
a_field_is_known_by_its_number(void **state)
{
	struct header h, other;

	header_init(&h, *state);
	header_init(&other, *state);
	assert_null(header_known(&h, NAME_COOKIE));
	assert_int_equal(header_reserve(&h, 40), 0);
	assert_int_equal(header_add(&h, STR("X-A"), STR("0")), 0);
	assert_int_equal(header_add(&h, STR("cOOKIE"), STR("1")), 0);
	assert_int_equal(header_put(&h, NAME_COOKIE, STR("2")), 0);
	assert_int_equal(header_add(&h, STR("X-Accel-Odd"), STR("3")), 0);
	assert_true(h.room >= 40);
	assert_ptr_equal(header_known(&h, NAME_COOKIE), &h.fields[1]);
	assert_ptr_equal(header_known(&h, NAME_OTHER), &h.fields[0]);
	assert_ptr_equal(header_known(&h, NAME_X_ACCEL_ANY), &h.fields[3]);
	assert_int_equal(header_keep(&other, &h.fields[2]), 0);
	header_expect(&other, "Cookie: 2|");
	assert_int_equal(header_remove(&h, STR("cookie")), 2);
	assert_null(header_known(&h, NAME_COOKIE));
}

static void
remove_counts_and_keeps_the_order_of_the_rest(void **state)
{
	struct header h;

	header_init(&h, *state);
	assert_int_equal(header_remove(&h, STR("A")), 0);
	assert_int_equal(header_add(&h, STR("A"), STR("1")), 0);
	assert_int_equal(header_add(&h, STR("B"), STR("2")), 0);
	assert_int_equal(header_add(&h, STR("a"), STR("3")), 0);
	assert_int_equal(header_add(&h, STR("C"), STR("4")), 0);
	assert_int_equal(header_remove(&h, STR("AB")), 0);
	assert_int_equal(header_remove(&h, STR("A")), 2);
	header_expect(&h, "B: 2|C: 4|");
}

static bool
header_drop_short(const struct header_field *f, void *arg)
{
	const size_t *min = arg;

	return f->value.n < *min;
}

static void
remove_if_asks_for_each_field(void **state)
{
	struct header h;
	size_t min = 2;

	header_init(&h, *state);
	assert_int_equal(header_add(&h, STR("A"), STR("1")), 0);
	assert_int_equal(header_add(&h, STR("B"), STR("22")), 0);
	assert_int_equal(header_add(&h, STR("C"), STR("")), 0);
	assert_int_equal(header_add(&h, STR("D"), STR("333")), 0);
	header_remove_if(&h, header_drop_short, &min);
	header_expect(&h, "B: 22|D: 333|");
}

static void
names_are_tokens_byte_by_byte(void **state)
{
	static const char good[] = "!#$%&'*+-.^_`|~0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	int byte;

	(void)state;
	for (byte = 0; byte < 256; byte++) {
		char name[] = { 'a', (char)byte };
		bool want = byte != 0 && strchr(good, byte) != NULL;

		if (header_is_token((struct str){ name, 2 }) != want)
			fail_msg("byte %d", byte);
	}
	assert_false(header_is_token((struct str){ NULL, 0 }));
}

static void
values_hold_no_control_bytes_but_tab(void **state)
{
	int byte;

	(void)state;
	for (byte = 0; byte < 256; byte++) {
		char value[] = { 'a', (char)byte, 'b' };
		bool want = byte == '\t' || (byte >= 0x20 && byte != 0x7f);

		if (header_is_value((struct str){ value, 3 }) != want)
			fail_msg("byte %d", byte);
	}
	assert_true(header_is_value((struct str){ NULL, 0 }));
}

static void
a_control_byte_is_found_at_every_place_of_a_value(void **state)
{
	static const char controls[] = { '\0', '\n', 0x1f, 0x7f };
	char value[40];
	size_t n, at, k;

	(void)state;
	for (n = 1; n <= sizeof(value); n++) {
		for (at = 0; at < n; at++) {
			memset(value, (at & 1) != 0 ? 0xff : ' ', n);
			value[n - 1 - at] = '\t';
			assert_true(header_is_value((struct str){ value, n }));
			for (k = 0; k < sizeof(controls); k++) {
				value[at] = controls[k];
				assert_false(header_is_value(
				    (struct str){ value, n }));
			}
		}
	}
}

static void
nothing_bad_gets_in(void **state)
{
	static const struct {
		struct str name, value;
	} rows[] = {
		{ { "", 0 }, { "x", 1 } },
		{ { "A:", 2 }, { "x", 1 } },
		{ { "A B", 3 }, { "x", 1 } },
		{ { "A\r\nB", 4 }, { "x", 1 } },
		{ { "A\0", 2 }, { "x", 1 } },
		{ { "\xc3\xa9", 2 }, { "x", 1 } },
		{ { "A", 1 }, { "x\r\nEvil: 1", 10 } },
		{ { "A", 1 }, { "x\n", 2 } },
		{ { "A", 1 }, { "x\r", 2 } },
		{ { "A", 1 }, { "x\0y", 3 } },
		{ { "A", 1 }, { "\x1b[2J", 4 } },
		{ { "A", 1 }, { "\x7f", 1 } },
	};
	struct header h;
	size_t i;

	header_init(&h, *state);
	for (i = 0; i < TABLE_COUNT(rows); i++)
		assert_int_equal(header_add(&h, rows[i].name, rows[i].value),
		    -1);
	assert_int_equal(h.count, 0);
}

static const struct {
	const char *value;
	const char *elements; /* each with a '|' behind it */
} header_lists[] = {
	{ "", "" },
	{ ",", "" },
	{ " , \t,", "" },
	{ "a", "a|" },
	{ "a,b", "a|b|" },
	{ " a ,\tb\t", "a|b|" },
	{ ",a,,b,", "a|b|" },
	{ "a b, c", "a b|c|" },
	{ "\"a,b\", c", "\"a,b\"|c|" },
	{ "x=\"a,\\\",b\",c", "x=\"a,\\\",b\"|c|" },
	{ "\"open, a", "\"open, a|" },
	{ "\"open\\", "\"open\\|" },
	{ "a\\,b", "a\\|b|" },
};

static void
lists_are_parted_at_commas_outside_quotes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(header_lists); i++) {
		struct str text = str_of(header_lists[i].value);
		char *in = table_exact(text);
		struct str value = { in, text.n };
		struct str element;
		char got[64] = "";
		size_t at = 0;
		size_t n = 0;

		while (header_list_next(value, &at, &element)) {
			n += (size_t)snprintf(got + n, sizeof(got) - n,
			    "%.*s|", STR_ARG(element));
			assert_true(n < sizeof(got));
		}
		TABLE_STR(header_lists[i].value, str_of(got),
		    header_lists[i].elements);
		assert_false(header_list_next(value, &at, &element));
		free(in);
	}
}

static const struct {
	const char *value;
	const char *name;
	const char *want; /* NULL: not there */
} header_cookies[] = {
	{ "a=1", "a", "1" },
	{ "a=1; b=2", "b", "2" },
	{ "a=1;b=2", "b", "2" },
	{ "a=1, b=2", "b", "2" },
	{ "a=1, b=2", "a", "1" },
	{ "a=1; a=2", "a", "1" },
	{ "aa=1; a=2", "a", "2" },
	{ "x=a=1", "a", NULL },
	{ "x=a=1", "x", "a=1" },
	{ "a=", "a", "" },
	{ "a", "a", NULL },
	{ "a; b=1", "a", NULL },
	{ "A=1", "a", NULL },
	{ "a=\"1\"", "a", "\"1\"" },
	{ " a = 1 ", "a", "1" },
	{ "; ;a=1", "a", "1" },
	{ "", "a", NULL },
	{ ";", "a", NULL },
	{ "b=1;", "a", NULL },
	{ "a=MTox==; b=2", "a", "MTox==" },
};

static void
cookies_are_found_by_their_exact_name(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(header_cookies); i++) {
		const char *row = header_cookies[i].value;
		char *in = table_exact(str_of(row));
		struct str out = { NULL, 0 };
		bool got = header_cookie((struct str){ in, strlen(row) },
		    str_of(header_cookies[i].name), &out);

		TABLE_INT(row, got, header_cookies[i].want != NULL);
		if (got)
			TABLE_STR(row, out, header_cookies[i].want);
		free(in);
	}
}

static const struct {
	const char *value;
	const char *want; /* without s */
} header_without[] = {
	{ "", "" },
	{ "s=1", "" },
	{ "s=1; s=2,s=", "" },
	{ "a=1; s=2", "a=1" },
	{ "s=2; a=1", "a=1" },
	{ "a=1; s=2; b=3", "a=1; b=3" },
	{ "a=1;s=2;b=3", "a=1;b=3" },
	{ "a=1, s=2, b=3", "a=1, b=3" },
	{ "a=1; s =2 ;b=3", "a=1;b=3" },
	{ "a=1,2; s=3", "a=1,2" },
	{ "a=1; ss=2; S=3; s", "a=1; ss=2; S=3; s" },
	{ "a=\"1; s=2\"; b=3", "a=\"1; b=3" },
	{ "a=s=1", "a=s=1" },
	{ " a=1 ", "a=1" },
	{ "; ;s=1;", "" },
	{ "a=1;;b=2", "a=1;;b=2" },
};

static void
a_cookie_goes_and_others_stay_as_they_are(void **state)
{
	struct str found;
	size_t i;

	for (i = 0; i < TABLE_COUNT(header_without); i++) {
		const char *row = header_without[i].value;
		char *in = table_exact(str_of(row));
		struct str out = header_cookie_without((struct str){ in,
			strlen(row) }, STR("s"), *state);

		TABLE_STR(row, out, header_without[i].want);
		assert_non_null(out.p);
		assert_false(header_cookie(out, STR("s"), &found));
		free(in);
	}
}

static void
cookies_that_repeat_are_found_one_by_one(void **state)
{
	struct str left = STR("a=; b=1; a=2,a; a="), value;

	(void)state;
	assert_true(header_cookie_next(&left, STR("a"), &value));
	TABLE_STR("first", value, "");
	assert_true(header_cookie_next(&left, STR("a"), &value));
	TABLE_STR("second", value, "2");
	assert_true(header_cookie_next(&left, STR("a"), &value));
	TABLE_STR("third", value, "");
	assert_false(header_cookie_next(&left, STR("a"), &value));
}

/* To all servers that hand fields over as CGI variables, and to some. */
static void
names_that_become_one_variable_are_the_same(void **state)
{
	static const struct {
		const char *a, *b;
		bool name, variable;
	} rows[] = {
		{ "X-User", "x-user", true, true },
		{ "X-User", "X_USER", true, true },
		{ "X.User", "X-User", false, true },
		{ "X~User", "x_user", false, true },
		{ "X-User", "XaUser", false, false },
		{ "X-User", "X-Users", false, false },
		{ "X-1", "X-2", false, false },
		{ "", "", true, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct str a = str_of(rows[i].a), b = str_of(rows[i].b);

		TABLE_INT(rows[i].a, header_same_name(a, b), rows[i].name);
		TABLE_INT(rows[i].a, header_same_name(b, a), rows[i].name);
		TABLE_INT(rows[i].a, header_same_variable(a, b),
		    rows[i].variable);
		TABLE_INT(rows[i].a, header_same_variable(b, a),
		    rows[i].variable);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_keep_order_case_and_repetition),
		cmocka_unit_test(
		    find_and_get_compare_without_case_and_take_the_first),
		cmocka_unit_test(many_fields_stay_in_order_past_every_growth),
		cmocka_unit_test(set_replaces_all_of_the_name_and_appends),
		cmocka_unit_test(set_of_something_bad_removes_nothing),
		cmocka_unit_test(add_and_set_without_memory_change_nothing),
		cmocka_unit_test(
		    a_field_is_known_by_its_number),
		cmocka_unit_test(
		    remove_counts_and_keeps_the_order_of_the_rest),
		cmocka_unit_test(remove_if_asks_for_each_field),
		cmocka_unit_test(names_are_tokens_byte_by_byte),
		cmocka_unit_test(values_hold_no_control_bytes_but_tab),
		cmocka_unit_test(
		    a_control_byte_is_found_at_every_place_of_a_value),
		cmocka_unit_test(nothing_bad_gets_in),
		cmocka_unit_test(lists_are_parted_at_commas_outside_quotes),
		cmocka_unit_test(cookies_are_found_by_their_exact_name),
		cmocka_unit_test(a_cookie_goes_and_others_stay_as_they_are),
		cmocka_unit_test(cookies_that_repeat_are_found_one_by_one),
		cmocka_unit_test(names_that_become_one_variable_are_the_same),
	};

	return cmocka_run_group_tests(tests, header_open, header_close);
}
