/* SPDX-License-Identifier: BSD-2-Clause */

/* filter_value: what a field can be compared with, by its kind. */

#include <string.h>

#include "report/filter_private.h"

struct filter_unit {
	struct str word;
	uint64_t factor;
};

static const struct filter_unit filter_sizes[] = {
	{ { "", 0 }, 1 },
	{ { "k", 1 }, 1024 },
	{ { "m", 1 }, 1048576 },
	{ { "g", 1 }, 1073741824 },
	{ { NULL, 0 }, 0 },
};

/* In microseconds, as records have them. */
static const struct filter_unit filter_times[] = {
	{ { "us", 2 }, 1 },
	{ { "ms", 2 }, 1000 },
	{ { "s", 1 }, 1000000 },
	{ { "m", 1 }, 60000000 },
	{ { NULL, 0 }, 0 },
};

bool
filter_glob(struct str pattern, struct str text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;

	/* What did not fit is tried again one byte further behind the last
	 * star: those before it need not be. */
	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = ++p;
			mark = t;
		} else if (p < pattern.n && pattern.p[p] == text.p[t]) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static int
filter_range(struct filter_test *test, struct str value, struct err *e)
{
	test->with = FILTER_WITH_RANGE;
	return cidr_parse(value, &test->range) ? 0 : err_set(e,
	    REASON_INTERNAL, "'%.*s' is no address, expected one, or a range "
	    "as 192.0.2.0/24", STR_ARG(value));
}

static int
filter_text(struct filter_test *test, struct str value, struct err *e)
{
	enum reason ignored;

	if (test->op != FILTER_EQUAL && test->op != FILTER_UNEQUAL)
		return err_set(e, REASON_INTERNAL, "a text above or below "
		    "another, expected = or !=");
	test->with = str_eq(value, STR("-")) ? FILTER_WITH_NONE :
	    str_find(value, '*') < value.n ? FILTER_WITH_GLOB :
	    FILTER_WITH_TEXT;
	test->text = value;
	if (test->with == FILTER_WITH_NONE)
		return 0;
	if (test->field == RECORD_AT_client_ip)
		return filter_range(test, value, e);
	if (test->field == RECORD_AT_tags && test->key.n == 0)
		return err_set(e, REASON_INTERNAL, "'tags' is compared with - "
		    "alone, expected tag.K for one of them");
	if (record_rows[test->field].kind == RECORD_KIND_REASON &&
	    test->with == FILTER_WITH_TEXT && !reason_find(value, &ignored))
		return err_set(e, REASON_INTERNAL, "'%.*s' is no reason, "
		    "expected one of fcgi-router(8)", STR_ARG(value));
	return 0;
}

static bool
filter_scale(struct str value, const struct filter_unit *units, int64_t *out)
{
	size_t digits = 0;
	struct str unit;
	uint64_t n;

	while (digits < value.n && str_is_digit(value.p[digits]))
		digits++;
	unit = str_sub(value, digits, value.n);
	while (units->factor != 0 && !str_eq(unit, units->word))
		units++;
	if (units->factor == 0 || !str_to_u64(str_sub(value, 0, digits),
	    INT64_MAX / units->factor, &n))
		return false;
	*out = (int64_t)(n * units->factor);
	return true;
}

/* 4xx is 400 to 499. */
static bool
filter_class(struct filter_test *test, struct str value)
{
	if (value.n != 3 || !str_eq(str_sub(value, 1, 3), STR("xx")) ||
	    value.p[0] < '1' || value.p[0] > '5')
		return false;
	test->least = (value.p[0] - '0') * 100;
	test->most = test->least + 99;
	return true;
}

static int
filter_number(struct filter_test *test, struct str value, struct err *e)
{
	enum record_kind kind = record_rows[test->field].kind;
	bool is_time = kind == RECORD_KIND_TIME;

	test->with = FILTER_WITH_NUMBERS;
	if (kind == RECORD_KIND_STATUS && filter_class(test, value))
		return 0;
	if (!filter_scale(value, is_time ? filter_times : filter_sizes,
	    &test->least))
		return err_set(e, REASON_INTERNAL, "'%.*s' is no %s, expected "
		    "digits%s", STR_ARG(value), is_time ? "time" : "number",
		    is_time ? " and us, ms, s or m" :
		    kind == RECORD_KIND_STATUS ? ", or 5xx" :
		    ", perhaps with k, m or g");
	test->most = test->least;
	return 0;
}

int
filter_value(struct filter_test *test, struct str value, struct err *e)
{
	enum record_kind kind = record_rows[test->field].kind;

	if (kind == RECORD_KIND_TEXT || kind == RECORD_KIND_REASON ||
	    kind == RECORD_KIND_TAGS)
		return filter_text(test, value, e);
	if (kind == RECORD_KIND_COUNT || !str_eq(value, STR("-")))
		return filter_number(test, value, e);
	test->with = FILTER_WITH_NONE;
	return test->op == FILTER_EQUAL || test->op == FILTER_UNEQUAL ? 0 :
	    err_set(e, REASON_INTERNAL, "- above or below something, expected "
	    "= or !=");
}
