/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stat_usage: what each day's requests sum up to by tenant, from access logs.
 *
 * It is exact or says that it is not: what a line does not tell is no 0, and
 * lines that are none, or that a filter or a sampling left others out beside,
 * end in exit code 1.
 */

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/msg.h"
#include "tools/csv.h"
#include "tools/input.h"
#include "tools/json.h"
#include "tools/logline.h"
#include "tools/stat.h"
#include "tools/usage.h"

enum {
	STAT_USAGE_KEYS = 262144,    /* in memory at once */
	STAT_USAGE_LINE = 1024 * 1024,
	STAT_USAGE_TOLD = 8, /* filters, and then no more */
	STAT_USAGE_CELLS = 1 + STAT_BY_MAX + STAT_SUMS_MAX,
	STAT_USAGE_NUMBER = STR_DECIMAL_MAX,
	STAT_USAGE_NAME = STR_NAME_MAX + 32
};

/* How many lines there were of a kind, and where the first one is. */
struct stat_usage_seen {
	uint64_t count;
	const char *log;
	uint64_t line;
};

struct stat_usage {
	const struct stat_asked *asked;
	struct usage *usage;
	struct json *read;  /* a line */
	struct json *json;  /* a row */
	struct arena arena; /* of one line */
	struct buf key;
	struct stat_usage_seen foreign; /* lines that are of no log, */
	bool compressed; /* the first of them is of such a file */
	struct stat_usage_seen silent;  /* that do not tell all of --by, */
	struct stat_usage_seen lacking; /* all of --sum, */
	struct stat_usage_seen unasked; /* all that --only asks for, */
	struct stat_usage_seen partial; /* say that requests are left out */
};

static void
stat_usage_see(struct stat_usage_seen *seen, const struct input *in,
    const struct input_line *line)
{
	if (seen->count++ > 0)
		return;
	seen->log = input_name(in);
	seen->line = line->number;
}

/* Each says what is in force from there on. */
static void
stat_usage_partial(struct stat_usage *u, const struct input *in,
    const struct input_line *line, struct str text)
{
	stat_usage_see(&u->partial, in, line);
	if (u->partial.count <= STAT_USAGE_TOLD)
		msg_warning("%s: line %" PRIu64 ": from there on the log "
		    "leaves out requests: %.*s", input_name(in), line->number,
		    STR_ARG(text));
}

/* ---- one line ---- */

/* The field that a count takes. */
static enum record_field
stat_usage_needs(enum stats_count count)
{
	switch (count) {
	case STATS_COUNT_requests:
		return RECORD_AT_start;
	case STATS_COUNT_redirects:
	case STATS_COUNT_client_errors:
	case STATS_COUNT_gone:
	case STATS_COUNT_errors:
		return RECORD_AT_status;
	case STATS_COUNT_limited:
		return RECORD_AT_reason;
	case STATS_COUNT_received:
		return RECORD_AT_received;
	case STATS_COUNT_sent:
		return RECORD_AT_sent;
	case STATS_COUNT_attempts:
		return RECORD_AT_attempts;
	case STATS_COUNT_origin_us:
		return RECORD_AT_origin_us;
	case STATS_COUNT_total_us:
		return RECORD_AT_total_us;
	case STATS_COUNT_COUNT:
		break;
	}
	return RECORD_FIELDS;
}

static void
stat_usage_count(const struct stat_usage *u, const struct logline *l,
    struct usage_sums *out)
{
	const struct stat_keys *keys = &u->asked->keys;
	size_t i;

	stats_counts_of(&l->record, out->n);
	out->lacking = 0;
	for (i = 0; i < keys->sum_count; i++)
		if (!l->has[stat_usage_needs(keys->sums[i].count)])
			out->lacking |= 1ULL << keys->sums[i].count;
}

/* The day, then what the line says of --by, a NUL behind each. false: some of
 * that it does not tell. */
static bool
stat_usage_key(struct stat_usage *u, const struct logline *l)
{
	const struct stat_keys *keys = &u->asked->keys;
	char day[LOGLINE_DAY];
	bool all = true;
	size_t i;

	logline_day(l->record.start.tv_sec, day);
	buf_clear(&u->key);
	CHECK(buf_put(&u->key, (struct str){ day, sizeof(day) }) == 0 &&
	    buf_put(&u->key, STR("\0")) == 0);
	for (i = 0; i < keys->by_count; i++) {
		const struct stat_by *by = &keys->by[i];
		struct str text = by->tag.n > 0 ?
		    record_tag(&l->record.tags, by->tag) :
		    l->texts[by->field];
		size_t end = str_find(text, '\0');

		all = all && logline_tells(l, by->field, by->tag);
		text = str_sub(text, 0, end < STAT_BY_TEXT ? end :
		    STAT_BY_TEXT);
		CHECK(buf_put(&u->key, text) == 0 &&
		    buf_put(&u->key, STR("\0")) == 0);
	}
	return all;
}

/* Does the line tell all that the filter asks for? */
static bool
stat_usage_answers(const struct logline *l, const struct filter *only)
{
	enum record_field field;
	struct str key;
	size_t at = 0;

	while (filter_asks(only, &at, &field, &key))
		if (!logline_tells(l, field, key))
			return false;
	return true;
}

/* A log may have had another format before. As logline_parse. */
static int
stat_usage_parse(struct stat_usage *u, struct str line, struct logline *l)
{
	int got = 0;

	if (u->asked->format != NULL)
		got = logline_parse_own(line, u->asked->format, &u->arena, l);
	return got != 0 ? got : logline_parse(line, u->read, &u->arena, l);
}

/* As gzip(1), xz(1) and zstd(1) begin. */
static bool
stat_usage_is_compressed(struct str line)
{
	return str_starts(line, STR("\x1f\x8b")) ||
	    str_starts(line, STR("\xfd" "7zXZ")) ||
	    str_starts(line, STR("\x28\xb5\x2f\xfd"));
}

/* 0, or -1 and e. */
static int
stat_usage_line(struct stat_usage *u, const struct input *in,
    const struct input_line *line, struct err *e)
{
	const struct filter *only = u->asked->only;
	struct usage_sums sums;
	struct logline l;
	int got;

	arena_reset(&u->arena);
	got = line->cut || line->open ? 0 :
	    stat_usage_parse(u, line->text, &l);
	if (got == -1)
		return err_set(e, REASON_OVERLOADED, "no room for a line");
	if (got == 0) {
		if (u->foreign.count == 0)
			u->compressed = stat_usage_is_compressed(line->text);
		stat_usage_see(&u->foreign, in, line);
		return 0;
	}
	if (l.partial.n > 0) {
		stat_usage_partial(u, in, line, l.partial);
		return 0;
	}
	if (only != NULL && !stat_usage_answers(&l, only))
		stat_usage_see(&u->unasked, in, line);
	if (only != NULL && !filter_takes(only, &l.record))
		return 0;
	if (!stat_usage_key(u, &l))
		stat_usage_see(&u->silent, in, line);
	stat_usage_count(u, &l, &sums);
	if (sums.lacking != 0)
		stat_usage_see(&u->lacking, in, line);
	return usage_add(u->usage, buf_view(&u->key), &sums, e);
}

/* 0, or -1 and e. */
static int
stat_usage_log(struct stat_usage *u, const char *log, struct err *e)
{
	struct input *in;
	struct input_line line;
	int got = input_open(log, &in, e);

	if (got == -1)
		return -1;
	while ((got = input_next(in, &line, e)) == 1)
		if (line.text.n > 0 &&
		    stat_usage_line(u, in, &line, e) == -1)
			break;
	input_close(&in);
	return got == 0 ? 0 : -1;
}

/* ---- what came of it ---- */

/* The name of a sum's column. */
static struct str
stat_usage_name(const struct stat_sum *sum, char name[STAT_USAGE_NAME])
{
	(void)snprintf(name, STAT_USAGE_NAME, "%s%s", sum->key,
	    sum->unit == STATS_UNIT_TIME ? "_us" : "");
	return str_of(name);
}

static void
stat_usage_object(struct stat_usage *u, const struct str *cells,
    const struct usage_sums *sums)
{
	const struct stat_keys *keys = &u->asked->keys;
	char name[STAT_USAGE_NAME];
	size_t i;

	json_text(u->json, "day", cells[0]);
	for (i = 0; i < keys->by_count; i++) {
		(void)snprintf(name, sizeof(name), "%.*s",
		    STR_ARG(keys->by[i].name));
		json_text(u->json, name, cells[i + 1]);
	}
	for (i = 0; i < keys->sum_count; i++)
		if ((sums->lacking >> keys->sums[i].count & 1) == 0)
			json_number(u->json, stat_usage_name(&keys->sums[i],
			    name).p, sums->n[keys->sums[i].count]);
	json_write(u->json, stdout);
}

static void
stat_usage_row(struct stat_usage *u, struct str key,
    const struct usage_sums *sums)
{
	const struct stat_keys *keys = &u->asked->keys;
	char numbers[STAT_SUMS_MAX][STAT_USAGE_NUMBER];
	struct str cells[STAT_USAGE_CELLS];
	size_t n = 0, i;

	for (i = 0; i <= keys->by_count; i++)
		(void)str_cut(key, '\0', &cells[n++], &key);
	if (u->asked->json) {
		stat_usage_object(u, cells, sums);
		return;
	}
	for (i = 0; i < keys->sum_count; i++) {
		enum stats_count count = keys->sums[i].count;

		cells[n++] = (sums->lacking >> count & 1) != 0 ? STR("") :
		    str_decimal(sums->n[count], numbers[i]);
	}
	csv_row(cells, n, stdout);
}

static void
stat_usage_head(const struct stat_keys *keys)
{
	char names[STAT_SUMS_MAX][STAT_USAGE_NAME];
	struct str cells[STAT_USAGE_CELLS] = { STR("day") };
	size_t n = 1, i;

	for (i = 0; i < keys->by_count; i++)
		cells[n++] = keys->by[i].name;
	for (i = 0; i < keys->sum_count; i++)
		cells[n++] = stat_usage_name(&keys->sums[i], names[i]);
	csv_row(cells, n, stdout);
}

/* 0, or -1 and e. */
static int
stat_usage_write(struct stat_usage *u, struct err *e)
{
	struct usage_sums sums;
	struct str key;
	int got;

	if (usage_sort(u->usage, e) == -1)
		return -1;
	if (!u->asked->json)
		stat_usage_head(&u->asked->keys);
	while ((got = usage_next(u->usage, &key, &sums, e)) == 1)
		stat_usage_row(u, key, &sums);
	return got;
}

static void
stat_usage_warn(const struct stat_usage_seen *seen, const char *what)
{
	if (seen->count > 0)
		msg_warning("lines that %s: %" PRIu64 ", the first is line %"
		    PRIu64 " of %s", what, seen->count, seen->line,
		    seen->log);
}

/* What makes it less than exact. true: something does. */
static bool
stat_usage_tell(const struct stat_usage *u)
{
	stat_usage_warn(&u->foreign, "are of no access log, or cut off");
	if (u->compressed)
		msg_warning("%s is compressed: zcat %s | route-stat --usage "
		    "... -", u->foreign.log, u->foreign.log);
	stat_usage_warn(&u->silent, "do not tell all of --by");
	stat_usage_warn(&u->unasked, "do not tell all that --only asks for");
	stat_usage_warn(&u->lacking, "do not tell all of --sum, whose "
	    "sums are left empty");
	return u->foreign.count + u->partial.count + u->silent.count +
	    u->lacking.count + u->unasked.count > 0;
}

int
stat_usage(const struct stat_asked *asked, char **logs, size_t count)
{
	struct stat_usage u = { .asked = asked,
		.usage = usage_new(STAT_USAGE_KEYS), .read = json_new(),
		.json = json_new() };
	struct err e;
	int got = 0;
	size_t i;

	arena_init(&u.arena, STAT_USAGE_LINE);
	buf_init(&u.key, STAT_USAGE_LINE);
	for (i = 0; i < count && got == 0; i++)
		got = stat_usage_log(&u, logs[i], &e);
	if (got == 0)
		got = stat_usage_write(&u, &e);
	buf_fini(&u.key);
	arena_fini(&u.arena);
	json_free(&u.read);
	json_free(&u.json);
	usage_free(&u.usage);
	if (got == -1)
		return tool_trouble(&e);
	return stat_usage_tell(&u) ? TOOL_NO : TOOL_YES;
}
