/* SPDX-License-Identifier: BSD-2-Clause */

/* test_name: each row of the table is found, and nothing else. */

#include "http/name.h"

#include <string.h>

#include "tests/unit/table.h"

enum { NAME_TEST_MAX = 64 };

static const struct {
	enum name id;
	const char *text;
	const char *variable; /* NULL: a family */
} name_rows[] = {
#define NAME(id, text, variable, middle, late) { NAME_##id, text, variable },
#define NAMES(id, text) { NAME_##id, text, NULL },
#include "http/name.tbl.h"
#undef NAME
#undef NAMES
};

/* The text, changed byte by byte, and one more byte behind it or none. */
static struct str
name_change(const char *text, char (*change)(char), char more,
    char room[NAME_TEST_MAX])
{
	size_t n = strlen(text), i;

	assert_true(n + 1 < NAME_TEST_MAX);
	for (i = 0; i < n; i++)
		room[i] = change(text[i]);
	room[n] = more;
	return (struct str){ room, n + (more != '\0') };
}

static char
name_cgi(char c)
{
	return c == '-' ? '_' : str_upper(c);
}

static void
every_name_is_found_in_any_case(void **state)
{
	char room[NAME_TEST_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(name_rows); i++) {
		const char *text = name_rows[i].text;

		TABLE_INT(text, name_of(str_of(text)), name_rows[i].id);
		TABLE_INT(text, name_of(name_change(text, str_upper, '\0',
		    room)), name_rows[i].id);
		TABLE_INT(text, name_of(name_change(text, str_lower, '\0',
		    room)), name_rows[i].id);
		TABLE_STR(text, name_text(name_rows[i].id), text);
	}
}

static void
the_variable_of_a_name_is_found_as_cgi_spells_it(void **state)
{
	char room[NAME_TEST_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(name_rows); i++) {
		const char *text = name_rows[i].text;
		struct str variable = name_change(text, name_cgi, '\0', room);

		assert_true(name_is_one(name_rows[i].id) ==
		    (name_rows[i].variable != NULL));
		TABLE_INT(text, name_of_variable(variable),
		    name_rows[i].variable != NULL ? name_rows[i].id :
		    NAME_OTHER);
		if (name_rows[i].variable != NULL)
			TABLE_STR(text, variable, name_rows[i].variable);
		room[0] = str_lower(room[0]);
		TABLE_INT(text, name_of_variable(variable), NAME_OTHER);
	}
	TABLE_INT("", name_of_variable(STR("")), NAME_OTHER);
	TABLE_INT("HOST=", name_of_variable(STR("HOST=")), NAME_OTHER);
	assert_false(name_is_one(NAME_OTHER));
}

static void
a_name_of_a_family_is_found_by_its_beginning(void **state)
{
	char room[NAME_TEST_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(name_rows); i++) {
		const char *text = name_rows[i].text;
		enum name got = name_of(name_change(text, str_lower, 'x',
		    room));

		if (name_rows[i].variable == NULL)
			TABLE_INT(text, got, name_rows[i].id);
		else
			assert_true(got != name_rows[i].id);
	}
}

static void
what_is_like_a_name_is_another(void **state)
{
	static const char *const rows[] = { "", "a", "X", "Hos", "Hosts",
		"Most", "X-Forwarded_For", "X_Real_IP", "Content.Length",
		"Set-Cookie2", "Proxies", "X-", "X-Accel", "XX-Accel-A",
		"Accept-", "Via ", "\x00", "T\xc5", "If\x80" };
	char room[NAME_TEST_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++)
		TABLE_INT(rows[i], name_of(str_of(rows[i])), NAME_OTHER);
	for (i = 0; i < TABLE_COUNT(name_rows); i++)
		if (strchr(name_rows[i].text, '-') != NULL)
			TABLE_INT(name_rows[i].text, name_of(name_change(
			    name_rows[i].text, name_cgi, '\0', room)),
			    NAME_OTHER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_found_in_any_case),
		cmocka_unit_test(
		    the_variable_of_a_name_is_found_as_cgi_spells_it),
		cmocka_unit_test(a_name_of_a_family_is_found_by_its_beginning),
		cmocka_unit_test(what_is_like_a_name_is_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
