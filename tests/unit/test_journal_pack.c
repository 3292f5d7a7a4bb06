/* SPDX-License-Identifier: BSD-2-Clause */

/* journal_pack: what comes back is what went there, or what fitted of it;
 * rubbish is told to be that. */

#include "report/journal_pack.h"

#include "random.h"
#include "report/format.h"
#include "table.h"

static const struct record_tag some_tags[] = {
	{ { "customer", 8 }, { "42", 2 } },
	{ { "cell", 4 }, { "a b", 3 } },
};

/* No field is as record_init leaves it. */
static struct record
record_of_all(void)
{
	struct record r;
	int n = 1;

	record_init(&r);
#define FILL_TEXT(member) r.member = STR(#member);
#define FILL_REASON(member) r.member = REASON_LOOP;
#define FILL_STATUS(member) r.member = 100 + n++;
#define FILL_PORT(member) r.member = (uint16_t)(65000 + n++);
#define FILL_COUNT(member) r.member = UINT64_MAX - (uint64_t)n++;
#define FILL_TIME(member) r.member = INT64_MAX - n++;
#define FILL_WALL(member) r.member = (struct timespec){ 1700599085, n++ };
#define FILL_TAGS(member) r.member = (struct record_tags){ some_tags, 2 };
#define RECORD(member, kind, name, most, manual) FILL_##kind(member)
#include "report/record.tbl.h"
#undef RECORD
	return r;
}

static void
tags_are_equal(const char *row, struct record_tags a, struct record_tags b)
{
	size_t i;

	TABLE_INT(row, a.count, b.count);
	for (i = 0; i < a.count; i++) {
		assert_true(str_eq(a.list[i].key, b.list[i].key));
		assert_true(str_eq(a.list[i].value, b.list[i].value));
	}
}

#define SAME_TEXT(member) assert_true(str_eq(a->member, b->member));
#define SAME_REASON(member) TABLE_INT(#member, a->member, b->member);
#define SAME_STATUS(member) SAME_REASON(member)
#define SAME_PORT(member) SAME_REASON(member)
#define SAME_COUNT(member) SAME_REASON(member)
#define SAME_TIME(member) SAME_REASON(member)
#define SAME_WALL(member) \
	SAME_REASON(member.tv_sec) SAME_REASON(member.tv_nsec)
#define SAME_TAGS(member) tags_are_equal(#member, a->member, b->member);

static void
records_are_equal(const struct record *a, const struct record *b)
{
#define RECORD(member, kind, name, most, manual) SAME_##kind(member)
#include "report/record.tbl.h"
#undef RECORD
}

/* Through bytes that end where they end. */
static const struct record *
there_and_back(const struct record *r)
{
	static struct journal_entry entry;
	static char *kept;
	unsigned char bytes[JOURNAL_PACK_MAX];
	size_t n = journal_pack_put(r, bytes);

	assert_in_range(n, 1, JOURNAL_PACK_MAX);
	assert_int_equal(journal_pack_size(bytes), n);
	free(kept);
	kept = table_exact((struct str){ (const char *)bytes, n });
	assert_true(journal_pack_get((const unsigned char *)kept, n, &entry));
	return &entry.record;
}

static void
every_field_comes_back(void **state)
{
	struct record r = record_of_all();

	(void)state;
	records_are_equal(there_and_back(&r), &r);
}

static void
nothing_known_comes_back_as_that(void **state)
{
	struct record r;

	(void)state;
	record_init(&r);
	records_are_equal(there_and_back(&r), &r);
}

/* ---- what is too long ---- */

static char long_text[20000];

static struct str
of_length(size_t n)
{
	assert_true(n <= sizeof(long_text));
	return (struct str){ long_text, n };
}

static void
only_the_longest_are_cut_and_seen_as_cut(void **state)
{
	struct record r = record_of_all();
	const struct record *back;

	(void)state;
	r.uri = of_length(9000);
	r.path = of_length(8000);
	r.user_agent = of_length(100);
	back = there_and_back(&r);
	assert_true(back->uri.n > 200 && back->uri.n < 500);
	assert_int_equal(back->path.n, back->uri.n);
	assert_true(str_ends(back->uri, STR("xxx...")));
	assert_true(str_ends(back->path, STR("xxx...")));
	r.uri = back->uri;
	r.path = back->path;
	records_are_equal(back, &r);
}

static void
the_room_is_used_to_the_last_byte_that_fits(void **state)
{
	struct record r;
	unsigned char bytes[JOURNAL_PACK_MAX];
	struct str whole;
	size_t n;

	(void)state;
	record_init(&r);
	n = JOURNAL_PACK_MAX - journal_pack_put(&r, bytes);
	r.uri = of_length(n);
	whole = there_and_back(&r)->uri;
	assert_true(str_eq(whole, r.uri));
	r.uri = of_length(n + 1);
	assert_true(str_ends(there_and_back(&r)->uri, STR("x...")));
	assert_int_equal(journal_pack_put(&r, bytes), JOURNAL_PACK_MAX);
}

static void
more_tags_than_there_is_room_for_are_seen_as_more(void **state)
{
	struct record_tag tags[300];
	struct record r = record_of_all();
	const struct record *back;
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(tags); i++)
		tags[i] = (struct record_tag){ STR("k"), of_length(i) };
	r.tags = (struct record_tags){ tags, JOURNAL_TAGS_MAX };
	assert_int_equal(there_and_back(&r)->tags.count, JOURNAL_TAGS_MAX);
	r.tags.count = TABLE_COUNT(tags);
	back = there_and_back(&r);
	assert_int_equal(back->tags.count, JOURNAL_TAGS_MAX + 1);
	assert_true(str_eq(back->tags.list[JOURNAL_TAGS_MAX].key,
	    STR("...")));
	assert_true(str_eq(back->host, r.host));
}

static void
all_at_their_longest_fit(void **state)
{
	struct record r = record_of_all();
	struct record_tag tags[256];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(tags); i++)
		tags[i] = (struct record_tag){ of_length(64),
			of_length(1000) };
#undef FILL_TEXT
#undef FILL_TAGS
#define FILL_TEXT(member) r.member = of_length(sizeof(long_text));
#define FILL_TAGS(member) r.member = (struct record_tags){ tags, 256 };
#define RECORD(member, kind, name, most, manual) FILL_##kind(member)
	{
		int n = 1;

#include "report/record.tbl.h"
		(void)n;
	}
#undef RECORD
	assert_true(str_ends(there_and_back(&r)->host, STR("...")));
}

/* ---- rubbish ---- */

static void
bytes_of_anybody_do_no_harm(void **state)
{
	const size_t cases = random_cases(20000, 5000000);
	struct record r = record_of_all();
	unsigned char good[JOURNAL_PACK_MAX], *bad;
	size_t n = journal_pack_put(&r, good), size, i, k, taken = 0;
	static struct journal_entry entry;
	static char line[FORMAT_LINE_MAX];
	struct format *f = NULL;
	struct err e;

	(void)state;
	assert_int_equal(format_built_in(STR("full"), &f, &e), 1);
	random_begin(random_seed());
	for (i = 0; i < cases; i++) {
		size = random_below(4) == 0 ? random_below((unsigned)n) : n;
		bad = (unsigned char *)table_exact((struct str){
			(const char *)good, size });
		for (k = random_below(4); size > 0 && k > 0; k--)
			bad[random_below((unsigned)size)] =
			    (unsigned char)random_below(256);
		if (journal_pack_get(bad, size, &entry)) {
			taken++;
			(void)format_print(f, &entry.record, line);
		}
		free(bad);
	}
	format_free(&f);
	/* Both happen. */
	assert_in_range(taken, cases / 20, cases - cases / 20);
}

static void
what_is_no_record_is_told(void **state)
{
	struct record r = record_of_all();
	unsigned char bytes[JOURNAL_PACK_MAX + 1] = { 0 };
	size_t n = journal_pack_put(&r, bytes), i;
	static struct journal_entry entry;

	(void)state;
	for (i = 0; i < n; i++)
		assert_false(journal_pack_get(bytes, i, &entry));
	assert_true(journal_pack_get(bytes, n, &entry));
	assert_false(journal_pack_get(bytes, n + 1, &entry));
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(journal_pack_size(bytes), JOURNAL_PACK_MAX);
	assert_false(journal_pack_get(bytes, JOURNAL_PACK_MAX, &entry));
	memset(bytes, 0, sizeof(bytes));
	assert_false(journal_pack_get(bytes, journal_pack_size(bytes),
	    &entry));
}

static int
setup(void **state)
{
	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_comes_back),
		cmocka_unit_test(nothing_known_comes_back_as_that),
		cmocka_unit_test(only_the_longest_are_cut_and_seen_as_cut),
		cmocka_unit_test(the_room_is_used_to_the_last_byte_that_fits),
		cmocka_unit_test(
		    more_tags_than_there_is_room_for_are_seen_as_more),
		cmocka_unit_test(all_at_their_longest_fit),
		cmocka_unit_test(bytes_of_anybody_do_no_harm),
		cmocka_unit_test(what_is_no_record_is_told),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
