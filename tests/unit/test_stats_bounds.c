/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stats, when there are more services than places, more processes than slots,
 * no file or one of garbage: sums stay what was counted. LONG comes with ten
 * million services, SEED with others.
 */

#include "report/stats.h"

#include "tests/unit/stats_site.h"

#include "tests/unit/layout.h"
#include "tests/unit/random.h"

enum {
	NAME = 24,    /* of a text that is made */
	HEAVY = 100,  /* services that are used again and again, */
	EVERY = 500   /* each once in so many requests */
};

static uint64_t
requests(const struct stats_numbers *n)
{
	return n->counts[STATS_COUNT_requests];
}

/* Fails unless services and others are what was counted, to the last place of
 * the histogram. */
static void
sums_are_exact(struct stats *s, uint64_t counted)
{
	struct stats_view *v = stats_view_take(s);
	struct stats_numbers sum = site_services(v);

	assert_int_equal(requests(&v->total), counted);
	assert_memory_equal(&sum, &v->total, sizeof(sum));
	stats_view_free(&v);
}

/* ---- more services than places ---- */

static void
a_thousand_services_have_a_place_each(void **state)
{
	struct stats *s = site_join();
	struct stats_view *v;
	uint64_t counted = 0;
	char name[NAME];
	int i, k;

	(void)state;
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "@tenant%d", i);
		for (k = 0; k <= i % 7; k++, counted++)
			site_count(s, name);
	}
	v = stats_view_take(s);
	assert_int_equal(v->service_count, 1000);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "@tenant%d", i);
		TABLE_INT(name, requests(&site_row(v, name, "")->numbers),
		    i % 7 + 1);
	}
	stats_view_free(&v);
	sums_are_exact(s, counted);
	stats_leave(&s);
}

/* One of very many. */
static void
random_service(char name[NAME])
{
	snprintf(name, NAME, "@t%08x%08x", random_below(UINT32_MAX),
	    random_below(UINT32_MAX));
}

/* Each heavy one has more requests than any place's share of the others. */
static void
who_is_used_much_keeps_its_place_among_millions(void **state)
{
	const uint64_t count = random_cases(150000, 10000000);
	struct stats *s = site_join();
	struct stats_view *v;
	char name[NAME];
	uint64_t i;

	(void)state;
	random_begin(random_seed());
	for (i = 0; i < count; i++) {
		if (i % (EVERY / HEAVY) == 0)
			snprintf(name, sizeof(name), "@heavy%d",
			    (int)(i / (EVERY / HEAVY) % HEAVY));
		else
			random_service(name);
		site_count(s, name);
	}
	v = stats_view_take(s);
	assert_in_range(v->service_count, HEAVY, STATS_TOP);
	for (i = 0; i < HEAVY; i++) {
		snprintf(name, sizeof(name), "@heavy%d", (int)i);
		TABLE_INT(name, requests(&site_row(v, name, "")->numbers),
		    count / EVERY);
	}
	stats_view_free(&v);
	sums_are_exact(s, count);
	stats_leave(&s);
}

static void
who_comes_late_and_is_used_much_gets_a_place(void **state)
{
	struct stats *s = site_join();
	struct stats_view *v;
	char name[NAME];
	int i;

	(void)state;
	random_begin(random_seed());
	for (i = 0; i < 30000; i++) {
		random_service(name);
		site_count(s, name);
	}
	for (i = 0; i < 1000; i++) {
		random_service(name);
		site_count(s, name);
		site_count(s, "@late");
	}
	v = stats_view_take(s);
	assert_string_equal(v->services[0].service, "@late");
	assert_in_range(requests(&v->services[0].numbers), 800, 1000);
	stats_view_free(&v);
	sums_are_exact(s, 32000);
	stats_leave(&s);
}

/* So that what is counted by name goes on, and names come and go seldom. */
static void
of_many_alike_some_keep_their_places(void **state)
{
	enum { ALIKE = 5000, EACH = 40 };
	struct stats *s = site_join();
	uint64_t named = 0;
	struct stats_view *v;
	char name[NAME];
	size_t i;

	(void)state;
	random_begin(random_seed());
	for (i = 0; i < ALIKE * EACH; i++) {
		snprintf(name, sizeof(name), "@t%u", random_below(ALIKE));
		site_count(s, name);
	}
	v = stats_view_take(s);
	for (i = 0; i < v->service_count; i++)
		named += requests(&v->services[i].numbers);
	assert_in_range(named, ALIKE * EACH / 4, ALIKE * EACH);
	stats_view_free(&v);
	sums_are_exact(s, ALIKE * EACH);
	stats_leave(&s);
}

static void
others_never_get_less(void **state)
{
	struct stats *s = site_join();
	uint64_t before = 0;
	struct stats_view *v;
	char name[NAME];
	int i;

	(void)state;
	random_begin(random_seed());
	for (i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "@t%u", random_below(10000));
		site_count(s, name);
		if (i % 1000 > 0)
			continue;
		v = stats_view_take(s);
		assert_true(requests(&v->other) >= before);
		before = requests(&v->other);
		stats_view_free(&v);
	}
	assert_int_not_equal(before, 0);
	sums_are_exact(s, 20000);
	stats_leave(&s);
}

/* ---- more processes than slots ---- */

static void
who_has_no_slot_counts_as_well(void **state)
{
	struct stats *all[STATS_SLOTS + 1];
	uint64_t gauges[STATS_GAUGE_COUNT] = { [STATS_GAUGE_pid] = 1 };
	struct stats *late;
	struct stats_view *v;
	int i;

	(void)state;
	for (i = 0; i <= STATS_SLOTS; i++)
		all[i] = site_join();
	late = all[STATS_SLOTS];
	site_count(all[0], "@known");
	site_count(late, "@known");
	site_count(late, "@new"); /* it can give no place away */
	stats_tell(late, gauges);
	v = stats_view_take(late);
	assert_int_equal(requests(&site_row(v, "@known", "")->numbers), 2);
	assert_int_equal(requests(&v->other), 1);
	assert_int_equal(v->service_count, 1);
	assert_int_equal(v->process_count, 0);
	stats_view_free(&v);
	sums_are_exact(late, 3);
	for (i = 0; i <= STATS_SLOTS; i++)
		stats_leave(&all[i]);
}

/* ---- no file, and bad ones ---- */

static void
without_a_file_a_process_counts_by_itself(void **state)
{
	char path[SCRATCH_PATH_MAX];
	struct stats_view *v;
	struct stats *s;
	struct err e;

	(void)state;
	s = stats_join(scratch_path(&site, "none/at/all", path), true, &e);
	assert_int_not_equal(e.reason, REASON_NONE);
	site_count(s, "@api");
	v = stats_view_take(s);
	assert_false(v->shared);
	assert_int_equal(requests(&site_row(v, "@api", "")->numbers), 1);
	stats_view_free(&v);
	stats_leave(&s);
}

static void
a_removed_file_is_another_beginning(void **state)
{
	struct stats *s = site_join();
	char path[SCRATCH_PATH_MAX];
	struct err e;

	(void)state;
	site_count(s, "@api");
	assert_int_equal(unlink(scratch_path(&site, "stats.1", path)), 0);
	assert_int_equal(stats_look(s, &e), 0);
	sums_are_exact(s, 0);
	site_count(s, "@api");
	sums_are_exact(s, 1);
	assert_true(scratch_has(&site, "stats.1"));
	stats_leave(&s);
}

static void
a_cut_file_stops_nobody(void **state)
{
	struct stats *s = site_join(), *tool;
	char path[SCRATCH_PATH_MAX];
	struct stats_view *v;
	struct err e;

	(void)state;
	tool = stats_read(site.folder, &e);
	assert_non_null(tool);
	site_count(s, "@api");
	assert_int_equal(truncate(scratch_path(&site, "stats.1", path),
	    SHM_HEAD), 0);
	v = stats_view_take(tool); /* of what it had read by then */
	assert_int_equal(v->service_count, 0);
	stats_view_free(&v);
	site_count(s, "@api"); /* it is lost */
	site_count(s, "@api");
	sums_are_exact(s, 1);
	assert_int_equal(stats_look(s, &e), 0);
	sums_are_exact(s, 0);
	stats_leave(&tool);
	stats_leave(&s);
}

/* Words that a program may have written, and some it never does. */
static uint64_t
garbage_word(void)
{
	uint64_t any = (uint64_t)random_below(UINT32_MAX) << 32 |
	    random_below(UINT32_MAX);

	switch (random_below(4)) {
	case 0:
		return 0;
	case 1:
		return any % STATS_IDS;
	case 2:
		return UINT64_MAX - any % 3;
	default:
		return any >> random_below(64);
	}
}

static void
garbage_does_no_harm(void **state)
{
	const size_t rounds = random_cases(10, 100);
	struct stats *s = site_join();
	struct stats_data *d = site_open();
	_Atomic uint64_t *words = (_Atomic uint64_t *)(void *)d;
	struct stats_view *v;
	char name[NAME];
	struct err e;
	size_t round, i;

	(void)state;
	random_begin(random_seed());
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < sizeof(*d) / sizeof(*words); i++)
			atomic_store_explicit(&words[i], garbage_word(),
			    memory_order_relaxed);
		for (i = 0; i < 500; i++) {
			struct record r;

			random_service(name);
			r = site_record(name, random_below(UINT32_MAX));
			r.reason = (enum reason)random_below(REASON_COUNT);
			r.plan = str_of(name);
			stats_add(s, &r, clock_us());
			atomic_fetch_add(&site_page->us, 200000);
		}
		v = stats_view_take(s);
		for (i = 0; i < v->service_count; i++) {
			struct stats_row *row = &v->services[i];

			assert_in_range(strlen(row->space), 0,
			    STATS_NAME - 1);
			assert_in_range(strlen(row->service), 0,
			    STATS_SERVICE - 1);
			assert_in_range(strlen(row->plan), 0, STATS_NAME - 1);
			assert_true(stats_quantile(&row->numbers, 990) >= -1);
		}
		stats_view_free(&v);
		assert_int_equal(stats_look(s, &e), 0);
	}
	site_close(d);
	stats_leave(&s);
}

/* ---- the drawing ---- */

static void
the_manual_draws_the_file(void **state)
{
	static const char page[] = "fcgi-router/fcgi-router.8";
	const struct layout_row rows[] = {
		LAYOUT_ROW(struct stats_data, made),
		LAYOUT_ROW(struct stats_data, spare),
		LAYOUT_ROW(struct stats_data, events),
		LAYOUT_ROW(struct stats_data, reasons),
		LAYOUT_ROW(struct stats_data, gauges),
		LAYOUT_ROW(struct stats_data, plans),
		LAYOUT_ROW(struct stats_data, seconds),
		LAYOUT_ROW(struct stats_data, minutes),
		LAYOUT_ROW(struct stats_data, ids),
		LAYOUT_ROW(struct stats_data, floors),
		LAYOUT_ROW(struct stats_data, places),
	};
	const struct layout_row place[] = {
		LAYOUT_ROW(struct stats_place, all),
		LAYOUT_ROW(struct stats_place, base),
		LAYOUT_ROW(struct stats_place, plan),
		LAYOUT_ROW(struct stats_place, spare),
		LAYOUT_ROW(struct stats_place, key),
	};
	struct layout_row moved[TABLE_COUNT(rows)];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		moved[i] = rows[i];
		moved[i].offset += SHM_HEAD;
	}
	layout_compare(page, ".Pa stats.1\n", moved, TABLE_COUNT(moved));
	layout_compare(page, "Of a service:", place, TABLE_COUNT(place));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_thousand_services_have_a_place_each, site_init,
		    site_fini),
		cmocka_unit_test_setup_teardown(
		    who_is_used_much_keeps_its_place_among_millions, site_init,
		    site_fini),
		cmocka_unit_test_setup_teardown(
		    who_comes_late_and_is_used_much_gets_a_place, site_init,
		    site_fini),
		cmocka_unit_test_setup_teardown(
		    of_many_alike_some_keep_their_places, site_init,
		    site_fini),
		cmocka_unit_test_setup_teardown(others_never_get_less,
		    site_init, site_fini),
		cmocka_unit_test_setup_teardown(who_has_no_slot_counts_as_well,
		    site_init, site_fini),
		cmocka_unit_test_setup_teardown(
		    without_a_file_a_process_counts_by_itself, site_init,
		    site_fini),
		cmocka_unit_test_setup_teardown(
		    a_removed_file_is_another_beginning, site_init,
		    site_fini),
		cmocka_unit_test_setup_teardown(a_cut_file_stops_nobody,
		    site_init, site_fini),
		cmocka_unit_test_setup_teardown(garbage_does_no_harm,
		    site_init, site_fini),
		cmocka_unit_test(the_manual_draws_the_file),
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
