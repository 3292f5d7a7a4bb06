/* SPDX-License-Identifier: BSD-2-Clause */

/* fresh: Cache-Control, Expires, Age and Vary. */

#include "http/fresh.h"

#include <string.h>
#include <time.h>

/* What an answer says; times are FRESH_UNSAID where it says none. */
struct fresh_said {
	bool never;
	int64_t max_age;
	int64_t expires; /* since 1970 */
	int64_t date;    /* 0: it says none */
	int64_t age;
};

static int64_t
fresh_least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
fresh_most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ---- times ---- */

/* Seconds, perhaps in quotes. What is no number is none at all. */
static int64_t
fresh_number(struct str text)
{
	uint64_t number;

	if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
		text = str_sub(text, 1, text.n - 1);
	return str_to_u64(text, INT32_MAX, &number) ? (int64_t)number : 0;
}

static int
fresh_digits(struct str text, size_t at, size_t n)
{
	uint64_t number;

	return str_to_u64(str_sub(text, at, at + n), INT32_MAX, &number) ?
	    (int)number : -1;
}

/* From 0, or -1. */
static int
fresh_month(struct str name)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int i;

	for (i = 0; i < 12; i++)
		if (memcmp(names + 3 * i, name.p, 3) == 0)
			return i;
	return -1;
}

/* In the one form that is still made, Sun, 06 Nov 1994 08:49:37 GMT. 0: that
 * is none, and as good as long ago. */
static int64_t
fresh_date(struct str text)
{
	static const char form[] = "xxx, 00 xxx 0000 00:00:00 GMT";
	struct tm tm = { .tm_isdst = 0 };
	size_t i;

	if (text.n != sizeof(form) - 1)
		return 0;
	for (i = 0; i < text.n; i++)
		if (form[i] == '0' ? !str_is_digit(text.p[i]) :
		    form[i] != 'x' && form[i] != text.p[i])
			return 0;
	tm.tm_mday = fresh_digits(text, 5, 2);
	tm.tm_mon = fresh_month(str_sub(text, 8, 11));
	tm.tm_year = fresh_digits(text, 12, 4) - 1900;
	tm.tm_hour = fresh_digits(text, 17, 2);
	tm.tm_min = fresh_digits(text, 20, 2);
	tm.tm_sec = fresh_digits(text, 23, 2);
	if (tm.tm_mon == -1 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
	    tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return 0;
	return fresh_most(timegm(&tm), 0);
}

/* ---- fields ---- */

static void
fresh_control(struct fresh_said *said, struct str value)
{
	struct str one, name, number;
	size_t at = 0;

	while (header_list_next(value, &at, &one)) {
		(void)str_cut(one, '=', &name, &number);
		name = str_trim(name);
		if (str_eq_nocase(name, STR("no-store")) ||
		    str_eq_nocase(name, STR("no-cache")) ||
		    str_eq_nocase(name, STR("private")))
			said->never = true;
		if (str_eq_nocase(name, STR("max-age")) ||
		    str_eq_nocase(name, STR("s-maxage")))
			said->max_age = fresh_least(said->max_age,
			    fresh_number(str_trim(number)));
	}
}

static void
fresh_age(struct fresh_said *said, struct str value)
{
	uint64_t age;

	if (str_to_u64(value, INT32_MAX, &age))
		said->age = fresh_most(said->age, (int64_t)age);
	else
		said->never = true;
}

/* A later one of the same name makes it shorter, never longer. */
static void
fresh_look(struct fresh_said *said, const struct header_field *f)
{
	struct str one;
	size_t at = 0;

	if (str_eq_nocase(f->name, STR("Cache-Control")))
		fresh_control(said, f->value);
	else if (str_eq_nocase(f->name, STR("Expires")))
		said->expires = fresh_least(said->expires,
		    fresh_date(f->value));
	else if (str_eq_nocase(f->name, STR("Date")))
		said->date = fresh_most(said->date, fresh_date(f->value));
	else if (str_eq_nocase(f->name, STR("Age")))
		fresh_age(said, f->value);
	else if (str_eq_nocase(f->name, STR("Vary")))
		while (header_list_next(f->value, &at, &one))
			said->never = said->never || str_eq(one, STR("*"));
}

int64_t
fresh_seconds(const struct header *answer, int64_t now)
{
	struct fresh_said said = { .max_age = FRESH_UNSAID,
		.expires = FRESH_UNSAID };
	int64_t left;
	size_t i;

	for (i = 0; i < answer->count; i++)
		fresh_look(&said, &answer->fields[i]);
	left = said.max_age;
	if (left == FRESH_UNSAID && said.expires != FRESH_UNSAID)
		left = said.expires - (said.date == 0 ? now : said.date);
	if (said.never)
		return 0;
	if (left == FRESH_UNSAID)
		return FRESH_UNSAID;
	return fresh_most(left - said.age, 0);
}
