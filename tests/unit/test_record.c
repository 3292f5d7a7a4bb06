/* SPDX-License-Identifier: BSD-2-Clause */

/* record: fields are found by name, tags by key. */

#include "report/record.h"
#include "table.h"

static void
a_new_record_knows_nothing(void **state)
{
	struct record r;

	(void)state;
	record_init(&r);
	assert_int_equal(r.uri.n, 0);
	assert_int_equal(r.reason, REASON_NONE);
	assert_true(r.lookup_us < 0 && r.auth_us < 0 && r.connect_us < 0 &&
	    r.first_us < 0 && r.total_us < 0);
}

static void
every_name_finds_its_field_alone(void **state)
{
	enum record_field at;
	size_t i;

	(void)state;
	for (i = 0; i < RECORD_FIELDS; i++) {
		const char *name = record_rows[i].name;

		TABLE_INT(name, record_find(str_of(name), &at), true);
		TABLE_INT(name, at, i);
	}
	assert_false(record_find(STR(""), &at));
	assert_false(record_find(STR("hos"), &at));
	assert_false(record_find(STR("hosts"), &at));
}

static void
a_tag_is_found_by_its_whole_key(void **state)
{
	static const struct record_tag list[] = {
		{ { "kind", 4 }, { "web", 3 } },
		{ { "k", 1 }, { "v", 1 } },
	};
	const struct record_tags tags = { list, TABLE_COUNT(list) };
	const struct record_tags none = { NULL, 0 };

	(void)state;
	TABLE_STR("kind", record_tag(&tags, STR("kind")), "web");
	TABLE_STR("k", record_tag(&tags, STR("k")), "v");
	TABLE_STR("ki", record_tag(&tags, STR("ki")), "");
	TABLE_STR("none", record_tag(&none, STR("k")), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_record_knows_nothing),
		cmocka_unit_test(every_name_finds_its_field_alone),
		cmocka_unit_test(a_tag_is_found_by_its_whole_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
