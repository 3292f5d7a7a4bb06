/* SPDX-License-Identifier: BSD-2-Clause */

/* logline: an object's members, or words, to fields by their names. */

#include "tools/logline.h"

#include <stdio.h>
#include <string.h>

#include "report/access_log.h"
#include "tools/query_log.h"

/* A line while it is read. */
struct logline_reader {
	struct logline *out;
	struct arena *arena;
	struct record_tag *tags;
	size_t room; /* for them */
	bool full;   /* the arena is */
	bool cut;    /* tags are left out */
};

/* In place of tags that had no room: what it has is not all. */
#define LOGLINE_CUT "..."

/* ---- moments ---- */

/* Takes a number of so many digits off. */
static bool
logline_digits(struct str *left, size_t n, int *out)
{
	uint64_t number;

	if (left->n < n || !str_to_u64(str_sub(*left, 0, n), 9999, &number))
		return false;
	*left = str_sub(*left, n, left->n);
	*out = (int)number;
	return true;
}

static bool
logline_mark(struct str *left, const char *marks)
{
	if (left->n == 0 || left->p[0] == '\0' ||
	    strchr(marks, left->p[0]) == NULL)
		return false;
	*left = str_sub(*left, 1, left->n);
	return true;
}

static bool
logline_month(struct str *left, int *month)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int i;

	for (i = 0; i < 12; i++) {
		if (str_starts(*left, (struct str){ months + 3 * i, 3 })) {
			*left = str_sub(*left, 3, left->n);
			*month = i + 1;
			return true;
		}
	}
	return false;
}

/* "13:55:36", and a fraction that is dropped; seconds of the day. */
static bool
logline_clock(struct str *left, int *seconds)
{
	int h, m, s;

	if (!logline_digits(left, 2, &h) || !logline_mark(left, ":") ||
	    !logline_digits(left, 2, &m) || !logline_mark(left, ":") ||
	    !logline_digits(left, 2, &s) || h > 23 || m > 59 || s > 60)
		return false;
	if (logline_mark(left, ".,"))
		while (left->n > 0 && str_is_digit(left->p[0]))
			*left = str_sub(*left, 1, left->n);
	*seconds = (h * 60 + m) * 60 + s;
	return true;
}

/* "Z", "+0200", "+02:00", to the end; seconds east. */
static bool
logline_zone(struct str left, int *east)
{
	bool west = left.n > 0 && left.p[0] == '-';
	int h, m;

	*east = 0;
	if (str_eq(left, STR("Z")))
		return true;
	if (!logline_mark(&left, "+-") || !logline_digits(&left, 2, &h))
		return false;
	(void)logline_mark(&left, ":");
	if (!logline_digits(&left, 2, &m) || left.n > 0 || h > 23 || m > 59)
		return false;
	*east = (h * 60 + m) * (west ? -60 : 60);
	return true;
}

/* Days since 1970 of the proleptic Gregorian calendar (H. Hinnant's
 * days_from_civil: years begin in March). */
static int64_t
logline_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 +
	    day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	    of_year - 719468;
}

static bool
logline_date(struct str *left, int *year, int *month, int *day)
{
	struct str was = *left;

	/* 10/Oct/2026: */
	if (logline_digits(left, 2, day) && logline_mark(left, "/"))
		return logline_month(left, month) &&
		    logline_mark(left, "/") &&
		    logline_digits(left, 4, year) && logline_mark(left, ":");
	*left = was; /* 2026-10-10T */
	return logline_digits(left, 4, year) && logline_mark(left, "-") &&
	    logline_digits(left, 2, month) && logline_mark(left, "-") &&
	    logline_digits(left, 2, day) && logline_mark(left, "Tt ");
}

bool
logline_time(struct str text, int64_t *out)
{
	struct str left = text, whole, fraction;
	int year, month, day, seconds, east;
	uint64_t number;

	if (!logline_date(&left, &year, &month, &day)) {
		(void)str_cut(text, '.', &whole, &fraction);
		if (!str_to_u64(whole, INT32_MAX * 16ULL, &number))
			return false;
		*out = (int64_t)number;
		return true;
	}
	if (!logline_clock(&left, &seconds))
		return false;
	(void)logline_mark(&left, " ");
	if (!logline_zone(left, &east) || year < 1970 || month < 1 ||
	    month > 12 || day < 1 || day > 31)
		return false;
	*out = logline_days(year, month, day) * 86400 + seconds - east;
	return *out >= 0;
}

void
logline_day(int64_t at, char day[LOGLINE_DAY])
{
	/* civil_from_days, of the same author */
	int64_t z = at / 86400 + 719468, era = z / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 -
	    of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	char text[32];

	CHECK(at >= 0);
	day[8] = (char)('0' + (of_year - (153 * month + 2) / 5 + 1) / 10);
	day[9] = (char)('0' + (of_year - (153 * month + 2) / 5 + 1) % 10);
	month += month < 10 ? 3 : -9;
	year += era * 400 + (month <= 2);
	(void)snprintf(text, sizeof(text), "%04d-%02d-", (int)(year % 10000),
	    (int)(month % 100));
	memcpy(day, text, 8);
}

/* ---- fields ---- */

static void
logline_tag(struct logline_reader *r, struct str key, struct str value)
{
	struct record_tags *tags = &r->out->record.tags;

	if (tags->count == r->room) {
		size_t room = r->room > 0 ? 2 * r->room : 8;
		struct record_tag *more = arena_alloc(r->arena,
		    room * sizeof(struct record_tag));

		if (more == NULL) {
			r->full = true;
			return;
		}
		if (r->room > 0)
			memcpy(more, r->tags,
			    r->room * sizeof(struct record_tag));
		tags->list = r->tags = more;
		r->room = room;
	}
	r->tags[tags->count++] = (struct record_tag){ key, value };
}

/* K:V,K:V */
static void
logline_tags(struct logline_reader *r, struct str left)
{
	struct str tag, key, value;

	while (left.n > 0) {
		(void)str_cut(left, ',', &tag, &left);
		if (str_cut(tag, ':', &key, &value))
			logline_tag(r, key, value);
		else
			r->cut = str_eq(tag, STR(LOGLINE_CUT));
	}
}

/* A number that is none is as if it were not there. */
static bool
logline_number(enum record_kind kind, void *to, struct str text)
{
	uint64_t n = 0;
	bool is = str_to_u64(text, kind == RECORD_KIND_PORT ? UINT16_MAX :
	    kind == RECORD_KIND_STATUS ? 999 : INT64_MAX, &n);

	if (kind == RECORD_KIND_PORT)
		*(uint16_t *)to = (uint16_t)n;
	else if (kind == RECORD_KIND_STATUS)
		*(int *)to = (int)n;
	else if (kind == RECORD_KIND_COUNT)
		*(uint64_t *)to = n;
	else
		*(int64_t *)to = is ? (int64_t)n : -1;
	return is || text.n == 0;
}

static void
logline_set(struct logline_reader *r, enum record_field field,
    struct str text)
{
	const struct record_row *row = &record_rows[field];
	void *to = (char *)&r->out->record + row->offset;
	bool has = true;

	if (str_eq(text, STR("-")))
		text = STR("");
	if (row->kind == RECORD_KIND_TEXT)
		*(struct str *)to = text;
	else if (row->kind == RECORD_KIND_TAGS)
		logline_tags(r, text);
	else if (row->kind == RECORD_KIND_REASON)
		has = text.n == 0 || reason_find(text, to);
	else if (row->kind != RECORD_KIND_WALL)
		has = logline_number(row->kind, to, text);
	r->out->has[field] = has;
	r->out->texts[field] = text;
}

/* A value by its name; what has an unknown name is passed over. */
static void
logline_see(struct logline_reader *r, struct str name, struct str text)
{
	const struct str us = STR("_us");
	enum record_field field;

	if (str_ends(name, us))
		name = str_sub(name, 0, name.n - us.n);
	if (record_find(name, &field))
		logline_set(r, field, text);
}

/* ---- an object ---- */

#define LOGLINE_PARTIAL "partial"

static void
logline_member(void *arg, struct str name, struct str key, struct str value)
{
	struct logline_reader *r = arg;

	/* What is j's ends with the next line. */
	value = arena_copy(r->arena, value);
	key = arena_copy(r->arena, key);
	if (value.p == NULL || key.p == NULL) {
		r->full = true;
	} else if (key.n == 0 && str_eq(name, STR(LOGLINE_PARTIAL))) {
		r->out->partial = value;
	} else if (key.n == 0) {
		logline_see(r, name, value);
	} else if (str_eq(name,
	    str_of(record_rows[RECORD_AT_tags].name))) {
		r->out->has[RECORD_AT_tags] = true;
		r->cut = r->cut || str_eq(key, STR(LOGLINE_CUT));
		logline_tag(r, key, value);
	}
}

/* ---- words ---- */

static void
logline_request(struct logline_reader *r, const struct query_log *log)
{
	struct str user;

	if (query_log_plain(log->user, r->arena, &user) == -1)
		r->full = true;
	if (log->host.n > 0)
		logline_set(r, RECORD_AT_host, log->host);
	if (log->port.n > 0)
		logline_set(r, RECORD_AT_port, log->port);
	logline_set(r, RECORD_AT_client_ip, log->client);
	logline_set(r, RECORD_AT_identity, user);
	logline_set(r, RECORD_AT_start, log->time);
	logline_set(r, RECORD_AT_method, log->method);
	logline_set(r, RECORD_AT_uri, log->target);
	logline_set(r, RECORD_AT_referer, log->referer);
	logline_set(r, RECORD_AT_user_agent, log->agent);
	logline_set(r, RECORD_AT_status, log->status);
	logline_set(r, RECORD_AT_sent, log->bytes);
}

/* Another log may have other things behind the agent. */
static void
logline_words(struct logline_reader *r, struct str left)
{
	struct str word, name, value;

	while (left.n > 0) {
		(void)str_cut(left, ' ', &word, &left);
		if (!str_cut(word, '=', &name, &value))
			continue;
		if (query_log_plain(value, r->arena, &value) == -1)
			r->full = true;
		else
			logline_see(r, name, value);
	}
}

/* What the last word of `standard` and of `full` is called. */
static bool
logline_is_last(struct str word)
{
	return str_starts(word, STR("total_us=")) ||
	    str_starts(word, STR("first_us="));
}

/*
 * A line of which a full disk left half a one may have another one behind that.
 * Of ours it is seen by what stands behind the agent: nothing, or words without
 * quotes, from `id` to the last one. Of what others have there it is seen by
 * the quotes alone.
 */
static bool
logline_is_whole(const struct query_log *log)
{
	const struct str id = STR("id=");
	struct str left = log->rest, word = STR("");
	size_t quotes = 0, ids = 0, i;
	bool first = str_starts(str_trim(left), id);

	if (!log->combined || (left.n > 0 && left.p[0] != ' '))
		return false;
	for (i = 0; i < left.n; i++)
		quotes += left.p[i] == '"';
	while (left.n > 0) {
		(void)str_cut(left, ' ', &word, &left);
		ids += str_starts(word, id);
	}
	return ids == 0 ? quotes % 2 == 0 :
	    first && ids == 1 && quotes == 0 && logline_is_last(word);
}

/* 1, 0, -1 as logline_parse. */
static int
logline_text(struct logline_reader *r, struct str line)
{
	struct query_log log;
	int got = query_log_parse(line, r->arena, &log);

	if (got != 1 || !logline_is_whole(&log))
		return got == 1 ? 0 : got;
	logline_request(r, &log);
	logline_words(r, log.rest);
	return 1;
}

/* What is not known is not in an object; one with all that is always there
 * tells all. */
static void
logline_object(struct logline_reader *r, const struct json *j)
{
	bool all = true;
	size_t i;

	json_each(j, logline_member, r);
	for (i = 0; i < RECORD_FIELDS; i++)
		all = all && (record_rows[i].kind != RECORD_KIND_COUNT ||
		    r->out->has[i]);
	for (i = 0; all && i < RECORD_FIELDS; i++)
		r->out->has[i] = true;
}

/* ---- an own format ---- */

/* Microseconds: the digits without their point. */
static struct str
logline_us(struct logline_reader *r, struct str text)
{
	struct str whole, part;

	if (!str_cut(text, '.', &whole, &part))
		return text;
	return arena_printf(r->arena, "%.*s%.*s", STR_ARG(whole),
	    STR_ARG(part));
}

static void
logline_found(void *arg, const struct format_found *found)
{
	struct logline_reader *r = arg;
	struct str text = found->text;

	if (query_log_plain(text, r->arena, &text) == -1)
		r->full = true;
	else if (found->tag.n > 0)
		logline_tag(r, found->tag, str_eq(text, STR("-")) ? STR("") :
		    text);
	else if (found->field != RECORD_FIELDS)
		logline_set(r, found->field, found->parted ?
		    logline_us(r, text) : text);
}

/* ---- a line ---- */

/* 1; 0: it has no time; -1: no memory. */
static int
logline_end(const struct logline_reader *r)
{
	struct logline *out = r->out;
	int64_t at;

	if (r->full)
		return -1;
	if (r->cut)
		out->has[RECORD_AT_tags] = false;
	if (out->partial.n > 0)
		return 1;
	if (!logline_time(out->texts[RECORD_AT_start], &at))
		return 0;
	out->record.start.tv_sec = (time_t)at;
	return 1;
}

/* false: half a line. */
static bool
logline_begin(struct str line, struct logline *out)
{
	const struct str partial = STR("# " LOGLINE_PARTIAL ": ");

	memset(out, 0, sizeof(*out));
	record_init(&out->record);
	if (str_starts(line, partial))
		out->partial = str_sub(line, partial.n, line.n);
	return !str_ends(line, STR(ACCESS_LOG_TORN));
}

int
logline_parse_own(struct str line, const struct format *f, struct arena *a,
    struct logline *out)
{
	struct logline_reader r = { .out = out, .arena = a };

	if (!logline_begin(line, out))
		return 0;
	if (out->partial.n == 0 && !format_read(f, line, logline_found, &r))
		return 0;
	return logline_end(&r);
}

int
logline_parse(struct str line, struct json *j, struct arena *a,
    struct logline *out)
{
	struct logline_reader r = { .out = out, .arena = a };
	int got = 1;

	if (!logline_begin(line, out))
		return 0;
	if (out->partial.n > 0)
		return 1;
	if (!str_starts(line, STR("{")))
		got = logline_text(&r, line);
	else if (!json_read(j, line))
		return 0;
	else
		logline_object(&r, j);
	return got == 1 || r.full ? logline_end(&r) : got;
}

bool
logline_tells(const struct logline *l, enum record_field field,
    struct str tag)
{
	size_t i;

	for (i = 0; tag.n > 0 && i < l->record.tags.count; i++)
		if (str_eq(l->record.tags.list[i].key, tag))
			return true;
	return l->has[field];
}
