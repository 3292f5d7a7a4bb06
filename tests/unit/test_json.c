/* SPDX-License-Identifier: BSD-2-Clause */

/* test_json: members of every kind, and bytes that are no text. */

#include "tools/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tests/unit/table.h"

static void
json_expect(struct json *j, const char *want)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	assert_non_null(to);
	json_write(j, to);
	assert_int_equal(fclose(to), 0);
	assert_string_equal(text, want);
	free(text);
}

static void
test_members_come_in_the_order_they_were_put(void **state)
{
	struct json *j = json_new(), *row = json_new();

	(void)state;
	json_text(j, "z", STR("1"));
	json_number(j, "a", 2);
	json_flag(j, "f", true);
	json_append(j, "list", STR("x"));
	json_append(j, "list", STR("y"));
	json_pair(j, "map", STR("k"), STR("v"));
	json_pair(j, "map", STR("l"), STR("w"));
	json_number(row, "n", 1);
	json_append_object(j, "rows", row);
	json_flag(row, "g", false);
	json_append_object(j, "rows", row);
	json_text(j, "z", STR("3"));
	json_expect(j, "{\"z\":\"3\",\"a\":2,\"f\":true,\"list\":[\"x\",\"y\"],"
	    "\"map\":{\"k\":\"v\",\"l\":\"w\"},"
	    "\"rows\":[{\"n\":1},{\"g\":false}]}\n");
	json_expect(j, "{}\n");
	json_free(&j);
	json_free(&row);
	assert_null(j);
	json_free(&j);
}

static const struct {
	const char *name;
	struct str in;
	const char *out;
} json_rows[] = {
	{ "plain", { "a/b", 3 }, "a/b" },
	{ "nothing", { NULL, 0 }, "" },
	{ "quotes", { "\"\\", 2 }, "\\\"\\\\" },
	{ "controls", { "\x1b\n\0", 3 }, "\\u001B\\n\\u0000" },
	{ "delete", { "a\x7f", 2 }, "a\\\\x7f" },
	{ "UTF-8", { "\xc3\xa9", 2 }, "\\u00E9" },
	{ "C1", { "\xc2\x9b", 2 }, "\\u009B" },
	{ "no UTF-8", { "a\xff\xc3", 3 }, "a\\\\xff\\\\xc3" },
	{ "a surrogate", { "\xed\xa0\x80", 3 }, "\\\\xed\\\\xa0\\\\x80" },
};

static void
test_any_bytes_can_be_put(void **state)
{
	struct json *j = json_new();
	char want[64];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(json_rows); i++) {
		(void)snprintf(want, sizeof(want), "{\"k\":\"%s\"}\n",
		    json_rows[i].out);
		json_text(j, "k", json_rows[i].in);
		json_expect(j, want);
		(void)snprintf(want, sizeof(want), "{\"k\":{\"%s\":\"\"}}\n",
		    json_rows[i].out);
		json_pair(j, "k", json_rows[i].in, STR(""));
		json_expect(j, want);
	}
	json_free(&j);
}

static void
test_a_long_line_is_whole(void **state)
{
	enum { LONG = 100000 };
	struct json *j = json_new();
	char *text = malloc(LONG + 16), *want = malloc(LONG + 16);

	(void)state;
	assert_non_null(text);
	assert_non_null(want);
	memset(text, 'x', LONG);
	(void)snprintf(want, LONG + 16, "{\"k\":\"%.*s\"}\n", LONG, text);
	json_text(j, "k", (struct str){ text, LONG });
	json_expect(j, want);
	json_number(j, "n", UINT64_MAX);
	json_expect(j, "{\"n\":9223372036854775807}\n");
	free(text);
	free(want);
	json_free(&j);
}

static void
test_an_object_may_be_inside_another(void **state)
{
	struct json *j = json_new(), *one = json_new();

	(void)state;
	json_number(one, "n", 1);
	json_inside(j, "o", one);
	json_number(one, "n", 2);
	json_append_object(j, "l", one);
	json_expect(j, "{\"o\":{\"n\":1},\"l\":[{\"n\":2}]}\n");
	json_expect(one, "{}\n");
	json_free(&one);
	json_free(&j);
}

static void
json_see(void *arg, struct str name, struct str key, struct str value)
{
	assert_int_equal(buf_printf(arg, "%.*s.%.*s=%.*s\n", STR_ARG(name),
	    STR_ARG(key), STR_ARG(value)), 0);
}

static void
test_a_line_is_read_member_by_member(void **state)
{
	static const struct {
		const char *line;
		const char *out; /* NULL: no object */
	} rows[] = {
		{ "{\"a\":\"x\",\"n\":17,\"r\":1.5,\"t\":true,\"f\":false}",
		    "a.=x\nn.=17\nr.=1.500000\nt.=yes\nf.=no\n" },
		{ "{\"o\":{\"k\":\"v\",\"n\":null},\"l\":[1],\"z\":null}",
		    "o.k=v\no.n=\nz.=\n" },
		{ " {} ", "" },
		{ "{\"a\":\"\\u001b\\u00e9\"}", "a.=\x1b\xc3\xa9\n" },
		{ "{\"a\":1e300}", "" },
		{ "[]", NULL },
		{ "17", NULL },
		{ "", NULL },
		{ "{\"a\":1", NULL },
		{ "{\"a\":1} x", NULL },
	};
	struct json *j = json_new();
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		char *exact = table_exact(str_of(rows[i].line));
		struct buf text;

		buf_init(&text, 1 << 16);
		TABLE_INT(rows[i].line, json_read(j, (struct str){ exact,
		    strlen(rows[i].line) }), rows[i].out != NULL);
		json_each(j, json_see, &text);
		TABLE_STR(rows[i].line, buf_view(&text),
		    rows[i].out != NULL ? rows[i].out : "");
		buf_fini(&text);
		free(exact);
	}
	json_free(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_come_in_the_order_they_were_put),
		cmocka_unit_test(test_any_bytes_can_be_put),
		cmocka_unit_test(test_a_long_line_is_whole),
		cmocka_unit_test(test_an_object_may_be_inside_another),
		cmocka_unit_test(test_a_line_is_read_member_by_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
