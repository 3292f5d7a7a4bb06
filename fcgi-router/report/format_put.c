/* SPDX-License-Identifier: BSD-2-Clause */

/* format_put: one field, as it stands in a line. */

#include <string.h>

#include "report/format_private.h"

void
format_put_escaped(struct format_line *l, struct str s, size_t most,
    enum escape_how how)
{
	const struct str cut = STR("...");

	l->p += escape_put(l->p, most - cut.n, &s, how);
	if (s.n > 0)
		format_put(l, cut);
}

void
format_put_number(struct format_line *l, uint64_t n)
{
	char room[STR_DECIMAL_MAX];
	unsigned left = (unsigned)n;
	char *p = l->p;

	if (n >= 1000) {
		format_put(l, str_decimal(n, room));
		return;
	}
	if (left >= 100) {
		*p++ = (char)('0' + left / 100);
		left %= 100;
		*p++ = (char)('0' + left / 10);
		left %= 10;
	} else if (left >= 10) {
		*p++ = (char)('0' + left / 10);
		left %= 10;
	}
	*p++ = (char)('0' + left);
	l->p = p;
}

void
format_put_known(struct format_line *l, uint64_t n)
{
	if (n > 0)
		format_put_number(l, n);
	else
		*l->p++ = '-';
}

/* So many digits, the first may be 0. */
static void
format_put_digits(struct format_line *l, uint64_t n, unsigned digits)
{
	unsigned i;

	for (i = digits; i-- > 0; n /= 10)
		l->p[i] = (char)('0' + n % 10);
	l->p += digits;
}

void
format_put_time(struct format_line *l, int64_t us, enum format_what what)
{
	unsigned digits = what == FORMAT_TIME_US ? 0 :
	    what == FORMAT_TIME_MS ? 3 : 6;
	uint64_t unit = digits == 0 ? 1 : digits == 3 ? 1000 : 1000000;

	if (us < 0) {
		*l->p++ = '-';
		return;
	}
	format_put_number(l, (uint64_t)us / unit);
	if (digits == 0)
		return;
	*l->p++ = '.';
	format_put_digits(l, (uint64_t)us % unit, digits);
}

/* ---- when it was ---- */

enum { FORMAT_MOMENT = 32 }; /* bytes of any spelling of a second */

/* The second that was spelled last, by this thread: all lines of a second have
 * the same. */
struct format_moment {
	time_t second;
	size_t n; /* 0: none was */
	char text[FORMAT_MOMENT];
};

/* 2023-11-21T20:38:05 */
static size_t
format_spell_utc(time_t second, char text[FORMAT_MOMENT])
{
	struct format_line l = { text };
	struct tm tm;

	if (gmtime_r(&second, &tm) == NULL || tm.tm_year > 9999 - 1900 ||
	    tm.tm_year < -1900)
		return 0;
	format_put_digits(&l, (uint64_t)tm.tm_year + 1900, 4);
	*l.p++ = '-';
	format_put_digits(&l, (uint64_t)tm.tm_mon + 1, 2);
	*l.p++ = '-';
	format_put_digits(&l, (uint64_t)tm.tm_mday, 2);
	*l.p++ = 'T';
	format_put_digits(&l, (uint64_t)tm.tm_hour, 2);
	*l.p++ = ':';
	format_put_digits(&l, (uint64_t)tm.tm_min, 2);
	*l.p++ = ':';
	format_put_digits(&l, (uint64_t)tm.tm_sec, 2);
	return (size_t)(l.p - text);
}

/* 21/Nov/2023:20:38:05 +0000: English names whatever the locale. */
static size_t
format_spell_local(time_t second, char text[FORMAT_MOMENT])
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct format_line l = { text };
	struct tm tm;
	uint64_t east;

	if (localtime_r(&second, &tm) == NULL || tm.tm_year > 9999 - 1900 ||
	    tm.tm_year < -1900)
		return 0;
	east = (uint64_t)(tm.tm_gmtoff < 0 ? -tm.tm_gmtoff : tm.tm_gmtoff);
	format_put_digits(&l, (uint64_t)tm.tm_mday, 2);
	*l.p++ = '/';
	format_put(&l, (struct str){ months + 3 * tm.tm_mon, 3 });
	*l.p++ = '/';
	format_put_digits(&l, (uint64_t)tm.tm_year + 1900, 4);
	*l.p++ = ':';
	format_put_digits(&l, (uint64_t)tm.tm_hour, 2);
	*l.p++ = ':';
	format_put_digits(&l, (uint64_t)tm.tm_min, 2);
	*l.p++ = ':';
	format_put_digits(&l, (uint64_t)tm.tm_sec, 2);
	*l.p++ = ' ';
	*l.p++ = tm.tm_gmtoff < 0 ? '-' : '+';
	format_put_digits(&l, east / 3600 * 100 + east / 60 % 60, 4);
	return (size_t)(l.p - text);
}

static void
format_put_moment(struct format_line *l, time_t second, bool local)
{
	static _Thread_local struct format_moment kept[2];
	struct format_moment *m = &kept[local];

	if (m->n == 0 || m->second != second) {
		m->second = second;
		m->n = local ? format_spell_local(second, m->text) :
		    format_spell_utc(second, m->text);
	}
	if (m->n > 0)
		format_put(l, (struct str){ m->text, m->n });
	else
		*l->p++ = '-';
}

void
format_put_wall(struct format_line *l, struct timespec at,
    enum format_what what)
{
	const uint64_t ms = (uint64_t)at.tv_nsec / 1000000;

	if (what == FORMAT_WALL_LOCAL) {
		format_put_moment(l, at.tv_sec, true);
		return;
	}
	if (what == FORMAT_WALL)
		format_put_moment(l, at.tv_sec, false);
	else
		format_put_number(l, at.tv_sec < 0 ? 0 :
		    (uint64_t)at.tv_sec);
	*l->p++ = '.';
	format_put_digits(l, ms, 3);
	if (what == FORMAT_WALL)
		*l->p++ = 'Z';
}

/* ---- tags ---- */

/* All of it, in at most `room` bytes; false: it does not fit. */
static bool
format_put_whole(struct format_line *l, struct str s, size_t room,
    enum escape_how how)
{
	if (s.n <= room && escape_put_plain(l->p, s, how)) {
		l->p += s.n;
		return true;
	}
	l->p += escape_put(l->p, room, &s, how);
	return s.n == 0;
}

/* Of those that do not fit nothing is written but "...", as of a text that is
 * too long. */
void
format_put_tags(struct format_line *l, const struct record_tags *tags,
    size_t most, enum escape_how how)
{
	const char *end = l->p + most - sizeof("...,:");
	size_t i;

	if (tags->count == 0)
		*l->p++ = '-';
	for (i = 0; i < tags->count; i++) {
		char *before = l->p;
		bool fits = before < end;

		if (i > 0)
			*l->p++ = ',';
		fits = fits && format_put_whole(l, tags->list[i].key,
		    (size_t)(end - before), how);
		*l->p++ = ':';
		fits = fits && l->p < end && format_put_whole(l,
		    tags->list[i].value, (size_t)(end - l->p), how);
		if (fits)
			continue;
		l->p = before;
		format_put(l, STR("..."));
		return;
	}
}
