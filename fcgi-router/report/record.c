/* SPDX-License-Identifier: BSD-2-Clause */

/* record: fields to one line. */

#include "report/record.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"

const struct record_row record_rows[RECORD_FIELDS] = {
#define RECORD(member, kind, name, most, manual) \
	{ RECORD_KIND_##kind, offsetof(struct record, member), most, name, \
	  manual },
#include "report/record.tbl.h"
#undef RECORD
};

bool
record_find(struct str name, enum record_field *out)
{
	size_t i;

	for (i = 0; i < RECORD_FIELDS; i++) {
		if (!str_eq(name, str_of(record_rows[i].name)))
			continue;
		*out = (enum record_field)i;
		return true;
	}
	return false;
}

struct str
record_tag(const struct record_tags *tags, struct str key)
{
	size_t i;

	for (i = 0; i < tags->count; i++)
		if (str_eq(tags->list[i].key, key))
			return tags->list[i].value;
	return (struct str){ NULL, 0 };
}

/* The line so far; the table's sums see to it that it never is too long. */
struct record_line {
	char *p;
	size_t n;
};

void
record_init(struct record *r)
{
	memset(r, 0, sizeof(*r));
	r->lookup_us = r->auth_us = r->connect_us = r->first_us =
	    r->total_us = -1;
}

static void
record_put(struct record_line *l, struct str s)
{
	CHECK(s.n <= RECORD_LINE_MAX - l->n);
	if (s.n > 0)
		memcpy(l->p + l->n, s.p, s.n);
	l->n += s.n;
}

static void
record_put_number(struct record_line *l, uint64_t n)
{
	char digits[24];
	int size = snprintf(digits, sizeof(digits), "%llu",
	    (unsigned long long)n);

	CHECK(size > 0 && (size_t)size < sizeof(digits));
	record_put(l, (struct str){ digits, (size_t)size });
}

static void
record_put_escaped(struct record_line *l, struct str s, size_t most,
    enum escape_how how)
{
	const struct str cut = STR("...");

	if (s.n == 0)
		s = STR("-");
	CHECK(most > cut.n && most <= RECORD_LINE_MAX - l->n);
	l->n += escape_put(l->p + l->n, most - cut.n, &s, how);
	if (s.n > 0)
		record_put(l, cut);
}

/* ---- one function for each kind of the table ---- */

static void
record_put_TEXT(struct record_line *l, struct str s, size_t most)
{
	record_put_escaped(l, s, most, ESCAPE_WORD);
}

/* K:V,K:V */
static void
record_put_TAGS(struct record_line *l, struct record_tags tags, size_t most)
{
	size_t start = l->n, i;

	if (tags.count == 0)
		record_put(l, STR("-"));
	for (i = 0; i < tags.count; i++) {
		const struct record_tag *tag = &tags.list[i];
		size_t room = most - (l->n - start);

		/* ",...:..." */
		if (room < 16) {
			record_put(l, STR("..."));
			return;
		}
		if (i > 0)
			record_put(l, STR(","));
		record_put_TEXT(l, tag->key, (room - 4) / 2);
		record_put(l, STR(":"));
		record_put_TEXT(l, tag->value, (room - 4) / 2);
	}
}

static void
record_put_REASON(struct record_line *l, enum reason reason, size_t most)
{
	record_put_TEXT(l, str_of(reason_word(reason)), most);
}

static void
record_put_COUNT(struct record_line *l, uint64_t n, size_t most)
{
	(void)most;
	record_put_number(l, n);
}

static void
record_put_TIME(struct record_line *l, int64_t us, size_t most)
{
	(void)most;
	if (us < 0)
		record_put(l, STR("-"));
	else
		record_put_number(l, (uint64_t)us);
}

static void
record_put_STATUS(struct record_line *l, int status, size_t most)
{
	record_put_TIME(l, status > 0 ? status : -1, most);
}

static void
record_put_PORT(struct record_line *l, uint16_t port, size_t most)
{
	record_put_STATUS(l, port, most);
}

/* As Apache's %t: local time, English names whatever the locale. */
static void
record_put_WALL(struct record_line *l, struct timespec at, size_t most)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	char text[64];
	struct tm tm;
	long east;
	int n;

	(void)most;
	if (localtime_r(&at.tv_sec, &tm) == NULL) {
		record_put(l, STR("[-]"));
		return;
	}
	east = tm.tm_gmtoff < 0 ? -tm.tm_gmtoff : tm.tm_gmtoff;
	n = snprintf(text, sizeof(text), "[%02d/%s/%04d:%02d:%02d:%02d "
	    "%c%02ld%02ld]", tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_gmtoff < 0 ? '-' : '+',
	    east / 3600, east / 60 % 60);
	CHECK(n > 0 && (size_t)n < sizeof(text));
	record_put(l, (struct str){ text, (size_t)n });
}

/* ---- the line ---- */

enum {
#define RECORD(member, kind, name, most, manual) RECORD_MOST_##member = (most),
#include "report/record.tbl.h"
#undef RECORD
	RECORD_MOST_COUNT /* last */
};

#define RECORD_PUT(kind, member) \
	record_put_##kind(l, r->member, RECORD_MOST_##member)
#define RECORD_PUT_QUOTED(member) \
	record_put_escaped(l, r->member, RECORD_MOST_##member, ESCAPE_QUOTED)

/* `%v:%p %h %l %u %t`; without a port the host alone. */
static void
record_put_who(struct record_line *l, const struct record *r)
{
	RECORD_PUT(TEXT, host);
	if (r->port != 0) {
		record_put(l, STR(":"));
		RECORD_PUT(PORT, port);
	}
	record_put(l, STR(" "));
	RECORD_PUT(TEXT, client_ip);
	record_put(l, STR(" - - "));
	RECORD_PUT(WALL, start);
}

/* `"%r" %>s %O "%{Referer}i" "%{User-Agent}i"` */
static void
record_put_what(struct record_line *l, const struct record *r)
{
	record_put(l, STR(" \""));
	RECORD_PUT_QUOTED(method);
	record_put(l, STR(" "));
	RECORD_PUT_QUOTED(uri);
	record_put(l, STR(" "));
	RECORD_PUT_QUOTED(protocol);
	record_put(l, STR("\" "));
	RECORD_PUT(STATUS, status);
	record_put(l, STR(" "));
	RECORD_PUT(COUNT, sent);
	record_put(l, STR(" \""));
	RECORD_PUT_QUOTED(referer);
	record_put(l, STR("\" \""));
	RECORD_PUT_QUOTED(user_agent);
	record_put(l, STR("\""));
}

/* Every word has the field's name. */
#define RECORD_PUT_WORD(kind, member, name) \
	record_put(l, STR(" " name "=")); \
	RECORD_PUT(kind, member)

static void
record_put_words(struct record_line *l, const struct record *r)
{
	RECORD_PUT_WORD(TEXT, id, "id");
	RECORD_PUT_WORD(REASON, reason, "reason");
	RECORD_PUT_WORD(TEXT, route, "route");
	RECORD_PUT_WORD(TEXT, service, "service");
	RECORD_PUT_WORD(TEXT, space, "namespace");
	RECORD_PUT_WORD(TEXT, version, "version");
	RECORD_PUT_WORD(TEXT, plan, "plan");
	RECORD_PUT_WORD(REASON, limit, "limit");
	RECORD_PUT_WORD(TAGS, tags, "tags");
	RECORD_PUT_WORD(TEXT, origin, "origin");
	RECORD_PUT_WORD(TEXT, identity, "identity");
	RECORD_PUT_WORD(COUNT, generation, "generation");
	RECORD_PUT_WORD(COUNT, attempts, "attempts");
	RECORD_PUT_WORD(COUNT, received, "received");
	RECORD_PUT_WORD(TIME, lookup_us, "lookup_us");
	RECORD_PUT_WORD(TIME, auth_us, "auth_us");
	RECORD_PUT_WORD(TIME, connect_us, "connect_us");
	RECORD_PUT_WORD(TIME, first_us, "first_us");
	RECORD_PUT_WORD(TIME, total_us, "total_us");
}

size_t
record_print(const struct record *r, char line[RECORD_LINE_MAX])
{
	struct record_line whole = { line, 0 };

	record_put_who(&whole, r);
	record_put_what(&whole, r);
	record_put_words(&whole, r);
	record_put(&whole, STR("\n"));
	return whole.n;
}
