/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * limit, where its table ends: more keys than places, more routers than slots,
 * no file or one of garbage. LONG comes with ten million keys, SEED with
 * others.
 */

#include "decide/limit.h"

#include "tests/unit/limit_site.h"

#include "tests/unit/layout.h"
#include "tests/unit/random.h"

enum { ID = 0x123, KEYS = 100 };

static const struct limit_rate ten = { 10, 20, 1000000 };
static const struct limit_rate once = { 1, 1, 60000000 };

/* The i-th of ids that share a bucket, here and among those inside. */
static uint64_t
crowded(unsigned i)
{
	return (uint64_t)(i + 1) << 52 | 0x450 | i % LIMIT_BUCKET;
}

/* ---- more keys than places ---- */

/* A key that nobody ever asked for. true: it was granted. */
static bool
stranger_comes(struct limit *l, unsigned i)
{
	struct limit_view v;
	char text[32];
	uint64_t id;

	snprintf(text, sizeof(text), "2001:db8:%x::/64", i);
	id = limit_id(l, STR("slow"), str_of(text));
	return limit_take(l, id, &once, clock_us(), &v);
}

/*
 * At each time that a stranger comes, 166 in a thousandth of a second, for a
 * minute if all ten million do; 100 keys ask for 40 in a second each, 100
 * others for 5.
 */
static void
honest_keys_are_limited_while_millions_come_once(void **state)
{
	const unsigned all = (unsigned)random_cases(1000000, 10000000);
	const int64_t end = (int64_t)all * 6;
	struct limit *l = site_join();
	uint64_t many[KEYS], few[KEYS];
	unsigned granted[KEYS] = { 0 };
	unsigned i, most = 20 + (unsigned)(end * 10 / 1000000);
	unsigned over = 0;
	struct limit_view v;

	(void)state;
	for (i = 0; i < KEYS; i++) {
		char text[16];

		snprintf(text, sizeof(text), "k%u", i);
		many[i] = limit_id(l, STR("many"), str_of(text));
		few[i] = limit_id(l, STR("few"), str_of(text));
	}
	for (i = 0; i < all; i++) {
		unsigned key = i / 42 % KEYS;

		site_at((int64_t)i * 6);
		/* In the client's favour, all of them. */
		assert_true(stranger_comes(l, i));
		if (i % 42 == 0)
			granted[key] += limit_take(l, many[key], &ten,
			    clock_us(), &v);
		/* 4200 * 8 * 6 us: five in a second. */
		if (i % 42 == 1 && i / 4200 % 8 == 0)
			assert_true(limit_take(l, few[key], &ten, clock_us(),
			    &v));
	}
	for (i = 0; i < KEYS; i++) {
		/* What was forgotten before it was asked for seven times. */
		assert_in_range(granted[i], most - 1, most + 7);
		over += granted[i] > most ? granted[i] - most : 0;
	}
	/* One of a hundred, of all keys together. */
	assert_true(over <= most * KEYS / 100);
	if (getenv("VERBOSE") != NULL)
		print_message("%u keys: %u of %u too many\n", all, over,
		    most * KEYS);
	limit_leave(&l);
}

/* How the keys of a full bucket were asked for, and who gives way. */
struct crowd {
	const char *name;
	unsigned others; /* so often each, */
	unsigned one;    /* and the one */
	int64_t after;   /* us */
	bool gives;
};

static const struct crowd crowds[] = {
	{ "asked for least often", 2, 1, 0, true },
	{ "asked for most often", 2, 3, 0, false },
	{ "seven times are as good", 7, 8, 0, false },
	{ "six times against seven", 7, 6, 0, true },
	{ "refusals count, too", 22, 28, 0, false },
	{ "less often, but the others' are made up for", 2, 1, 60000000,
	    false },
};

static void
the_key_that_was_asked_for_least_gives_way(void **state)
{
	const uint64_t one = crowded(3), other = crowded(LIMIT_BUCKET);
	const struct limit_rate slow = { 1, 30, 120000000 };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(crowds); i++) {
		const struct crowd *row = &crowds[i];
		struct limit_view v;
		struct limit *l;
		unsigned k, n;

		site_init(NULL);
		l = site_join();
		for (k = 0; k < LIMIT_BUCKET; k++)
			for (n = 0; n < (crowded(k) == one ? row->one :
			    row->others); n++)
				limit_take(l, crowded(k), crowded(k) == one ?
				    &slow : &ten, clock_us(), &v);
		site_at(row->after);
		assert_true(limit_take(l, other, &once, clock_us(), &v));
		assert_false(limit_take(l, other, &once, clock_us(), &v));
		limit_view(l, one, &slow, clock_us(), &v);
		TABLE_INT(row->name, v.remaining == 30, row->gives);
		limit_leave(&l);
		site_fini(NULL);
	}
}

static void
a_place_that_is_taken_tells_nothing_of_its_former_key(void **state)
{
	struct limit *l = site_join();
	struct limit_view v;
	unsigned i;

	(void)state;
	for (i = 0; i < 3 * LIMIT_BUCKET; i++) {
		assert_true(limit_take(l, crowded(i), &once, clock_us(), &v));
		limit_pay(l, crowded(i), &ten, 1000, clock_us());
		limit_view(l, crowded(i), &once, clock_us(), &v);
		assert_int_equal(v.remaining, 0);
	}
	for (i = 3 * LIMIT_BUCKET; i < 4 * LIMIT_BUCKET; i++) {
		limit_view(l, crowded(i), &once, clock_us(), &v);
		assert_int_equal(v.remaining, 1);
		assert_int_equal(limit_pay(l, crowded(i), &ten, 20,
		    clock_us()), 0);
	}
	limit_leave(&l);
}

static void
a_key_without_a_place_goes_in_uncounted(void **state)
{
	struct limit *l = site_join();
	uint64_t counted[LIMIT_BUCKET], other;
	unsigned i;

	(void)state;
	for (i = 0; i < LIMIT_BUCKET; i++)
		assert_true(limit_enter(l, crowded(i), 1, &counted[i]));
	for (i = 0; i < 3; i++) {
		assert_true(limit_enter(l, crowded(16), 1, &other));
		assert_int_equal(other, 0);
		assert_int_equal(limit_inside(l, crowded(16)), 0);
	}
	for (i = 0; i < LIMIT_BUCKET; i++)
		assert_false(limit_enter(l, crowded(i), 1, &other));
	limit_exit(l, counted[5]);
	assert_true(limit_enter(l, crowded(16), 1, &other));
	assert_int_not_equal(other, 0);
	assert_false(limit_enter(l, crowded(16), 1, &counted[5]));
	assert_int_equal(limit_inside(l, crowded(5)), 0);
	limit_leave(&l);
}

static void
who_was_refused_least_is_no_longer_known(void **state)
{
	struct limit *l = site_join();
	struct limit_refusals r;
	unsigned i, at = 0, keys = 0, plans = 0;
	char text[16];

	(void)state;
	/* Ten times as many as there are places, each once, and one often. */
	for (i = 0; i < 10 * LIMIT_REFUSALS; i++) {
		snprintf(text, sizeof(text), "k%u", i);
		limit_refused(l, STR("free"), str_of(text), LIMIT_RATE,
		    clock_us());
		limit_refused(l, STR("free"), STR("acme"), LIMIT_INSIDE,
		    clock_us());
		limit_refused(l, STR("free"), STR("acme"), LIMIT_BODY,
		    clock_us());
	}
	while (limit_refusals_next(l, &at, &r)) {
		assert_string_equal(r.plan, "free");
		if (r.key[0] == '\0') {
			plans++;
			assert_int_equal(r.count[LIMIT_RATE], i);
			assert_int_equal(r.count[LIMIT_INSIDE], i);
			assert_int_equal(r.count[LIMIT_BODY], i);
		} else if (strcmp(r.key, "acme") == 0) {
			assert_int_equal(r.count[LIMIT_RATE], 0);
			assert_int_equal(r.count[LIMIT_INSIDE], i);
			assert_int_equal(r.count[LIMIT_BODY], i);
		} else {
			keys++;
			assert_int_equal(r.count[LIMIT_RATE], 1);
			assert_int_equal(r.count[LIMIT_INSIDE], 0);
		}
	}
	assert_int_equal(plans, 1);
	assert_int_equal(keys, LIMIT_REFUSALS - 1);
	limit_leave(&l);
}

static void
long_names_are_cut_and_still_apart(void **state)
{
	struct limit *l = site_join();
	char plan[300], key[300];
	struct limit_refusals r;
	unsigned at = 0, n = 0;

	(void)state;
	memset(plan, 'p', sizeof(plan));
	memset(key, '\x1b', sizeof(key));
	for (; n < 2; n++)
		limit_refused(l, (struct str){ plan, 299 + n },
		    (struct str){ key, 300 - n }, LIMIT_RATE, clock_us());
	for (n = 0; limit_refusals_next(l, &at, &r); n++) {
		assert_int_equal(strlen(r.plan), LIMIT_PLAN_TEXT - 1);
		assert_int_equal(strlen(r.key), n < 2 ? 0 :
		    LIMIT_KEY_TEXT - 1);
		assert_int_equal(r.count[LIMIT_RATE], 1);
		assert_int_equal(r.last_ms, SITE_BEGIN / 1000);
	}
	assert_int_equal(n, 4);
	limit_leave(&l);
}

/* ---- more routers than slots, none, another file ---- */

static void
a_router_without_a_slot_takes_and_enters_uncounted(void **state)
{
	struct limit *all[LIMIT_SLOTS], *late;
	struct limit_view v;
	uint64_t counted;
	unsigned i;
	struct err e;

	(void)state;
	for (i = 0; i < LIMIT_SLOTS; i++) {
		all[i] = site_join();
		assert_true(limit_enter(all[i], ID, LIMIT_SLOTS, &counted));
		assert_int_not_equal(counted, 0);
	}
	assert_false(limit_enter(all[0], ID, LIMIT_SLOTS, &counted));
	late = site_join();
	assert_true(limit_enter(late, ID, LIMIT_SLOTS, &counted));
	assert_int_equal(counted, 0);
	assert_int_equal(limit_inside(late, ID), LIMIT_SLOTS);
	assert_true(limit_take(late, ID, &once, clock_us(), &v));
	assert_false(limit_take(all[0], ID, &once, clock_us(), &v));
	for (i = 0; i < LIMIT_SLOTS; i++)
		limit_leave(&all[i]);
	assert_int_equal(limit_look(late, &e), 0);
	assert_true(limit_enter(late, ID, 1, &counted));
	assert_int_not_equal(counted, 0);
	assert_false(limit_enter(late, ID, 1, &counted));
	limit_leave(&late);
}

static void
a_tool_sees_and_changes_nothing(void **state)
{
	struct limit *l, *tool;
	struct limit_refusals r;
	struct limit_view v;
	uint64_t counted, id;
	unsigned at = 0;
	struct err e;

	(void)state;
	assert_null(limit_read(site.folder, &e));
	assert_int_equal(scratch_count(&site), 0);
	l = site_join();
	tool = limit_read(site.folder, &e);
	assert_non_null(tool);
	id = limit_id(l, STR("p"), STR("k"));
	assert_int_equal(limit_id(tool, STR("p"), STR("k")), id);
	limit_view(tool, id, &ten, clock_us(), &v);
	assert_int_equal(v.remaining, 20);
	assert_true(limit_take(l, id, &ten, clock_us(), &v));
	assert_true(limit_enter(l, id, 1, &counted));
	limit_refused(l, STR("p"), STR("k"), LIMIT_INSIDE, clock_us());
	limit_view(tool, id, &ten, clock_us(), &v);
	assert_int_equal(v.remaining, 19);
	assert_int_equal(limit_inside(tool, id), 1);
	assert_true(limit_refusals_next(tool, &at, &r));
	assert_true(limit_refusals_next(tool, &at, &r));
	assert_string_equal(r.key, "k");
	assert_int_equal(limit_look(tool, &e), 0);
	limit_leave(&tool);
	limit_leave(&l);
}

static void
without_a_folder_a_router_counts_for_itself(void **state)
{
	struct limit_view v;
	uint64_t counted, other;
	struct limit *l;
	struct err e;

	(void)state;
	l = limit_join("/proc/self/no/such", true, &e);
	assert_int_equal(e.reason, REASON_INTERNAL);
	assert_true(limit_take(l, ID, &once, clock_us(), &v));
	assert_false(limit_take(l, ID, &once, clock_us(), &v));
	assert_true(limit_enter(l, ID, 1, &counted));
	assert_false(limit_enter(l, ID, 1, &other));
	assert_int_equal(limit_look(l, &e), 0);
	assert_false(limit_enter(l, ID, 1, &other));
	limit_exit(l, counted);
	assert_true(limit_enter(l, ID, 1, &counted));
	limit_leave(&l);
}

static void
a_request_that_went_into_another_file_does_not_leave_this(void **state)
{
	struct limit *l = site_join();
	char path[SCRATCH_PATH_MAX];
	uint64_t former, counted, other;
	struct err e;

	(void)state;
	assert_true(limit_enter(l, ID, 1, &former));
	assert_int_equal(unlink(scratch_path(&site, "limits.1", path)), 0);
	assert_int_equal(limit_look(l, &e), 0);
	assert_true(limit_enter(l, ID, 1, &counted));
	limit_exit(l, former);
	assert_int_equal(limit_look(l, &e), 0);
	assert_false(limit_enter(l, ID, 1, &other));
	limit_exit(l, counted);
	limit_exit(l, 0);
	assert_true(limit_enter(l, ID, 1, &other));
	limit_leave(&l);
}

/* ---- whatever the file holds ---- */

static uint64_t
garbage_word(void)
{
	return (uint64_t)random_below(UINT32_MAX) << 32 ^
	    random_below(UINT32_MAX);
}

/* A time that means nothing: near now, or any. */
static int64_t
garbage_ticks(void)
{
	int64_t now = clock_us() * LIMIT_TICKS;

	switch (random_below(4)) {
	case 0:
		return now + random_below(1 << 30);
	case 1:
		return now + (int64_t)random_below(UINT32_MAX) * 100000;
	case 2:
		return now;
	default:
		return (int64_t)garbage_word();
	}
}

/* Fills every word; most as if a key's own routers had written them. */
static void
garbage_fill(struct limit_data *d)
{
	_Atomic uint64_t *words = (_Atomic uint64_t *)(void *)d;
	struct shm_head *head = (void *)((char *)d - SHM_HEAD);
	size_t i;

	for (i = 0; i < sizeof(*d) / sizeof(*words); i++)
		words[i] = garbage_word();
	for (i = 0; i < SHM_SLOTS_MAX; i++)
		if (head->holders[i] == 0)
			head->holders[i] = random_below(3);
	for (i = 0; i < LIMIT_KEYS; i++) {
		d->ids[i] = (d->ids[i] & ~UINT64_C(0xffff)) | i;
		if (random_below(4) == 0)
			continue;
		d->keys[i].rate = limit_rate_word(random_below(8),
		    1 + (int64_t)(garbage_word() >> random_below(60) >> 4),
		    garbage_ticks());
		d->keys[i].bytes = limit_rate_word(random_below(8),
		    1 + (int64_t)(garbage_word() >> random_below(60) >> 4),
		    garbage_ticks());
	}
	for (i = 0; i < LIMIT_INSIDES; i++)
		d->room_ids[i] = (d->room_ids[i] & ~UINT64_C(0xfff)) | i;
}

static void
garbage_refuses_no_key_for_longer_than_its_plan(void **state)
{
	struct limit *l = site_join(), *other = site_join();
	struct limit_data *d = site_open();
	struct limit_view v;
	unsigned i;

	(void)state;
	random_begin(random_seed());
	garbage_fill(d);
	for (i = 0; i < LIMIT_KEYS; i += 3) {
		uint64_t id = d->ids[i];
		bool granted;

		limit_view(other, id, &ten, clock_us(), &v);
		assert_in_range(v.remaining, 0, 20);
		assert_in_range(v.reset_us, 0, 2000000);
		assert_in_range(v.retry_us, 0, 100000);
		granted = limit_take(l, id, &ten, clock_us(), &v);
		assert_in_range(v.remaining, 0, granted ? 19 : 0);
		assert_in_range(v.reset_us, 0, 2000000);
		assert_in_range(v.retry_us, 0, 100000);
		assert_in_range(limit_pay(l, id, &ten, 1, clock_us()), 0,
		    LIMIT_WAIT_MAX_US);
		site_at(clock_us() - SITE_BEGIN + v.retry_us);
		assert_true(limit_take(other, id, &ten, clock_us(), &v));
	}
	site_close(d);
	limit_leave(&other);
	limit_leave(&l);
}

static void
garbage_is_not_inside(void **state)
{
	struct limit *l = site_join(), *other = site_join();
	struct limit_data *d = site_open();
	uint64_t counted, late;
	struct err e;
	unsigned i;

	(void)state;
	random_begin(random_seed() + 1);
	garbage_fill(d);
	/* Anything may be answered, for a second. */
	for (i = 0; i < LIMIT_INSIDES; i++)
		if (limit_enter(l, d->room_ids[i], 4, &counted))
			limit_exit(l, counted);
	/* Those who live mend what is theirs, and clear what is nobody's. */
	assert_int_equal(limit_look(l, &e), 0);
	assert_int_equal(limit_look(other, &e), 0);
	for (i = 0; i < LIMIT_INSIDES; i++) {
		uint64_t id = d->room_ids[i];

		assert_int_equal(limit_inside(other, id), 0);
		assert_true(limit_enter(i % 2 == 0 ? l : other, id, 1,
		    &counted));
		assert_false(limit_enter(l, id, 1, &late));
		limit_exit(i % 2 == 0 ? l : other, counted);
	}
	site_close(d);
	limit_leave(&other);
	limit_leave(&l);
}

static void
what_is_inside_in_earnest_is_not_mended_away(void **state)
{
	struct limit *l = site_join();
	struct limit_data *d = site_open();
	uint64_t counted[3], late;
	struct err e;
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(limit_enter(l, ID, 3, &counted[i]));
	assert_int_equal(limit_look(l, &e), 0);
	assert_int_equal(limit_inside(l, ID), 3);
	assert_false(limit_enter(l, ID, 3, &late));
	for (i = 0; d->room_ids[i] != ID; i++)
		;
	d->rooms[i].columns[0] = UINT16_MAX;
	assert_int_equal(limit_look(l, &e), 0);
	assert_int_equal(limit_inside(l, ID), 3);
	limit_exit(l, counted[0]);
	assert_true(limit_enter(l, ID, 3, &late));
	/* Nor does it go below 0. */
	d->rooms[i].columns[0] = 0;
	limit_exit(l, counted[1]);
	assert_int_equal(limit_inside(l, ID), 0);
	site_close(d);
	limit_leave(&l);
}

static void
garbage_gives_its_places_to_what_is_real(void **state)
{
	struct limit *l = site_join();
	struct limit_data *d = site_open();
	unsigned i, refused = 0, counted_all = 0;
	struct limit_refusals r;
	struct limit_view v;
	uint64_t counted;
	struct err e;

	(void)state;
	random_begin(random_seed() + 2);
	garbage_fill(d);
	assert_int_equal(limit_look(l, &e), 0);
	i = 0;
	assert_false(limit_refusals_next(l, &i, &r));
	for (i = 0; i < 1000; i++) {
		uint64_t id = i * UINT64_C(0x9e3779b97f4a7c15) + 1;

		assert_true(limit_take(l, id, &once, clock_us(), &v));
		refused += !limit_take(l, id, &once, clock_us(), &v);
		assert_true(limit_enter(l, id, 1, &counted));
		counted_all += counted != 0;
	}
	assert_int_equal(refused, 1000);
	assert_int_equal(counted_all, 1000);
	limit_refused(l, STR("p"), STR("k"), LIMIT_RATE, clock_us());
	for (i = 0, refused = 0; limit_refusals_next(l, &i, &r);)
		refused++;
	/* The plans' are no room for more. */
	assert_int_equal(refused, 1);
	site_close(d);
	limit_leave(&l);
}

static void
a_file_that_is_cut_loses_what_was_known_and_no_call(void **state)
{
	struct limit *l;
	struct limit_refusals r;
	struct limit_view v;
	struct err e;
	char path[SCRATCH_PATH_MAX];
	uint64_t counted, other;
	unsigned at = 0;
	int call;

	(void)state;
	scratch_listen(&site);
	for (call = 0; call < 8; call++) {
		l = site_join();
		assert_true(limit_take(l, ID, &once, clock_us(), &v));
		assert_true(limit_enter(l, ID, 1, &counted));
		assert_int_equal(truncate(scratch_path(&site, "limits.1",
		    path), SHM_HEAD), 0);
		switch (call) {
		case 0:
			limit_view(l, ID, &once, clock_us(), &v);
			assert_int_equal(v.remaining, 1);
			break;
		case 1:
			assert_true(limit_take(l, ID, &once, clock_us(), &v));
			break;
		case 2:
			assert_int_equal(limit_pay(l, ID, &once, 9,
			    clock_us()), 0);
			break;
		case 3:
			assert_true(limit_enter(l, ID, 1, &other));
			assert_int_equal(other, 0);
			break;
		case 4:
			limit_exit(l, counted);
			break;
		case 5:
			assert_int_equal(limit_inside(l, ID), 0);
			break;
		case 6:
			limit_refused(l, STR("p"), STR("k"), LIMIT_RATE,
			    clock_us());
			break;
		default:
			assert_false(limit_refusals_next(l, &at, &r));
			break;
		}
		assert_int_equal(limit_look(l, &e), 0);
		assert_true(limit_take(l, ID, &once, clock_us(), &v));
		assert_true(limit_enter(l, ID, 1, &other));
		limit_leave(&l);
		l = site_join();
		assert_false(limit_take(l, ID, &once, clock_us(), &v));
		limit_leave(&l);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(scratch_times(scratch_heard(&site),
	    "replaced by a new one"), 8);
}

/* ---- the manual ---- */

static const struct layout_row file_rows[] = {
#define ROW(field) { #field, SHM_HEAD + offsetof(struct limit_data, field), \
	sizeof(((struct limit_data *)0)->field) }
	ROW(ids), ROW(keys), ROW(room_ids), ROW(masks), ROW(rooms),
	ROW(refusals), ROW(plans)
#undef ROW
};

static const struct layout_row key_rows[] = {
	LAYOUT_ROW(struct limit_key, rate),
	LAYOUT_ROW(struct limit_key, bytes)
};

static const struct layout_row refusal_rows[] = {
	LAYOUT_ROW(struct limit_refusal, id),
	LAYOUT_ROW(struct limit_refusal, last_ms),
	LAYOUT_ROW(struct limit_refusal, seal),
	LAYOUT_ROW(struct limit_refusal, count),
	LAYOUT_ROW(struct limit_refusal, text)
};

static void
the_manual_draws_the_file_as_it_is(void **state)
{
	static const char page[] = "fcgi-router/fcgi-router.8";

	(void)state;
	layout_compare(page, "Requests at once are counted in a column",
	    file_rows, TABLE_COUNT(file_rows));
	layout_compare(page, "An id is the SipHash of the key", key_rows,
	    TABLE_COUNT(key_rows));
	layout_compare(page, "Of refusals there are:", refusal_rows,
	    TABLE_COUNT(refusal_rows));
}

#define SITE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, site_init, site_fini)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(honest_keys_are_limited_while_millions_come_once),
		cmocka_unit_test(the_key_that_was_asked_for_least_gives_way),
		SITE_TEST(
		    a_place_that_is_taken_tells_nothing_of_its_former_key),
		SITE_TEST(a_key_without_a_place_goes_in_uncounted),
		SITE_TEST(who_was_refused_least_is_no_longer_known),
		SITE_TEST(long_names_are_cut_and_still_apart),
		SITE_TEST(a_router_without_a_slot_takes_and_enters_uncounted),
		SITE_TEST(a_tool_sees_and_changes_nothing),
		SITE_TEST(without_a_folder_a_router_counts_for_itself),
		SITE_TEST(
		    a_request_that_went_into_another_file_does_not_leave_this),
		SITE_TEST(garbage_refuses_no_key_for_longer_than_its_plan),
		SITE_TEST(garbage_is_not_inside),
		SITE_TEST(what_is_inside_in_earnest_is_not_mended_away),
		SITE_TEST(garbage_gives_its_places_to_what_is_real),
		SITE_TEST(a_file_that_is_cut_loses_what_was_known_and_no_call),
		cmocka_unit_test(the_manual_draws_the_file_as_it_is),
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
