/* SPDX-License-Identifier: BSD-2-Clause */

/* stat_show: the sheets, once or again and again. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "decide/metrics.h"
#include "tools/query_out.h"
#include "tools/stat.h"
#include "tools/stat_sheets.h"

enum {
	STAT_SHOWN = 20,      /* rows of a sheet on a terminal, */
	STAT_SHOWN_LIVE = 10  /* and of one that changes */
};

/* Where the cursor goes before all is written anew, and what is left of the
 * old is wiped. */
#define STAT_HOME "\033[H\033[2J"

static bool
stat_is_terminal(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

/* ---- everything ---- */

/* Whose counts these are. */
static void
stat_show_head(const struct stat_look *look)
{
	time_t made = (time_t)look->now->made;
	struct tm tm;
	char since[32];

	if (gmtime_r(&made, &tm) == NULL ||
	    strftime(since, sizeof(since), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return;
	(void)printf("# counted since %s in ", since);
	query_out_put(str_of(look->from->folder));
	(void)putc_unlocked('\n', stdout);
}

static void
stat_show_all(const struct stat_look *look, size_t most)
{
	unsigned how = SHEET_NAMED | (stat_is_terminal() ? SHEET_ALIGNED : 0);
	int i;

	stat_show_head(look);
	for (i = 0; i < STAT_SUBJECTS; i++) {
		struct sheet *s = stat_sheet(look, (enum stat_subject)i);

		if (sheet_rows(s) > 0)
			sheet_write(s, most, how);
		sheet_free(&s);
	}
}

static void
stat_show_object(const struct stat_look *look)
{
	struct json *j = json_new(), *total = json_new();
	struct sheet *s = stat_sheet_total(look);
	int i;

	json_text(j, "folder", str_of(look->from->folder));
	json_number(j, "since", look->now->made);
	json_number(j, "time", (uint64_t)clock_wall().tv_sec);
	sheet_members(s, total);
	json_inside(j, "total", total);
	sheet_free(&s);
	s = stat_sheet_histogram(look);
	sheet_list(s, j);
	sheet_free(&s);
	for (i = 0; i < STAT_SUBJECTS; i++) {
		s = stat_sheet(look, (enum stat_subject)i);
		sheet_list(s, j);
		sheet_free(&s);
	}
	for (i = 0; i < 2; i++) {
		s = stat_sheet_series(look, i == 1);
		sheet_list(s, j);
		sheet_free(&s);
	}
	json_write(j, stdout);
	json_free(&total);
	json_free(&j);
}

static void
stat_show_sheet(const struct stat_asked *asked, const struct sheet *s,
    size_t most, unsigned how)
{
	if (asked->json)
		sheet_objects(s);
	else
		sheet_write(s, most, how | (stat_is_terminal() ?
		    SHEET_ALIGNED : 0));
}

/* ---- once ---- */

static int
stat_once_show(const struct stat_asked *asked, const struct stat_look *look,
    struct err *e)
{
	struct sheet *s;

	if (asked->sums) {
		s = stat_sheet_by(look, &asked->keys, "sums", e);
		if (s == NULL)
			return -1;
		stat_show_sheet(asked, s, SIZE_MAX, 0);
		sheet_free(&s);
	} else if (asked->json) {
		stat_show_object(look);
	} else {
		stat_show_all(look, stat_is_terminal() ? STAT_SHOWN :
		    SIZE_MAX);
	}
	return 0;
}

int
stat_once(const struct stat_asked *asked)
{
	struct stat_source source;
	struct stat_look look = { .from = &source };
	struct stats_view *now = NULL;
	struct err e;
	int got = stat_source_open(asked->settings_path, asked->folder,
	    &source, &e);

	if (got == 0) {
		look.now = now = stats_view_take(source.stats);
		got = stat_once_show(asked, &look, &e);
	}
	stats_view_free(&now);
	stat_source_close(&source);
	return got == 0 ? TOOL_YES : tool_trouble(&e);
}

int
stat_prometheus(const struct stat_asked *asked)
{
	struct stat_source source;
	struct stats_view *now = NULL;
	struct buf text;
	struct err e;
	int got = stat_source_open(asked->settings_path, asked->folder,
	    &source, &e);

	buf_init(&text, METRICS_MAX);
	if (got == 0) {
		struct metrics_from from = { .health = source.health,
			.health_limits = source.limits,
			.limit = source.limit, .now_ms = clock_ms() };

		from.stats = now = stats_view_take(source.stats);
		got = metrics_put(&from, &text);
		if (got == -1)
			err_set(&e, REASON_OVERLOADED, "no room for metrics");
		else
			(void)fwrite(buf_view(&text).p, 1, buf_len(&text),
			    stdout);
	}
	buf_fini(&text);
	stats_view_free(&now);
	stat_source_close(&source);
	return got == 0 ? TOOL_YES : tool_trouble(&e);
}

/* ---- again and again ---- */

static void
stat_wait(int64_t until_us)
{
	int64_t us = until_us - clock_us();
	struct timespec left = { .tv_sec = us / 1000000,
		.tv_nsec = us % 1000000 * 1000 };

	while (us > 0 && nanosleep(&left, &left) == -1 && errno == EINTR)
		continue;
}

/* What came in the time between two looks, as one row or one of each. */
static int
stat_live_row(const struct stat_asked *asked, const struct stat_look *look,
    bool first, struct err *e)
{
	struct stat_keys keys = asked->keys;
	struct sheet *s, *timed;

	s = asked->sums ? stat_sheet_by(look, &keys, "sums", e) :
	    stat_sheet_total(look);
	if (s == NULL)
		return -1;
	timed = sheet_timed(s, (uint64_t)clock_wall().tv_sec);
	stat_show_sheet(asked, timed, SIZE_MAX, first ? 0 : SHEET_HEADLESS);
	sheet_free(&timed);
	sheet_free(&s);
	return 0;
}

static int
stat_live_show(const struct stat_asked *asked, const struct stat_look *look,
    bool first, struct err *e)
{
	struct sheet *s;

	if (asked->json || !stat_is_terminal())
		return stat_live_row(asked, look, first, e);
	(void)fputs(STAT_HOME, stdout);
	if (!asked->sums) {
		stat_show_all(look, STAT_SHOWN_LIVE);
		return 0;
	}
	s = stat_sheet_by(look, &asked->keys, "sums", e);
	if (s == NULL)
		return -1;
	sheet_write(s, STAT_SHOWN, SHEET_ALIGNED);
	sheet_free(&s);
	return 0;
}

static int
stat_live_loop(const struct stat_asked *asked, struct stat_source *source,
    struct err *e)
{
	struct stats_view *was = stats_view_take(source->stats), *now;
	int64_t next = clock_us();
	uint64_t i;
	int got = 0;

	for (i = 0; got == 0 && (asked->times == 0 || i < asked->times);
	    i++) {
		struct stat_look look = { .from = source, .before = was };

		next += asked->every_ms * 1000;
		stat_wait(next);
		stat_source_look(source);
		look.now = now = stats_view_take(source->stats);
		got = stat_live_show(asked, &look, i == 0, e);
		stats_view_free(&was);
		was = now;
		/* Nobody reads any more. */
		if (fflush(stdout) != 0)
			break;
	}
	stats_view_free(&was);
	return got;
}

int
stat_live(const struct stat_asked *asked)
{
	struct stat_source source;
	struct err e;
	int got = stat_source_open(asked->settings_path, asked->folder,
	    &source, &e);

	if (got == 0)
		got = stat_live_loop(asked, &source, &e);
	stat_source_close(&source);
	return got == 0 ? TOOL_YES : tool_trouble(&e);
}
