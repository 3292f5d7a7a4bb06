/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stat_sheets: what routers counted and know, as sheets: all of it one subject
 * after the other, or sums by what was asked for.
 */
#ifndef TOOLS_STAT_SHEETS_H
#define TOOLS_STAT_SHEETS_H

#include "tools/sheet.h"
#include "tools/stat_keys.h"
#include "tools/stat_source.h"

/* One look at them. */
struct stat_look {
	const struct stat_source *from;
	const struct stats_view *now;
	const struct stats_view *before; /* what came since; NULL: all */
};

enum stat_subject {
	STAT_TIMES = 0,  /* the last second, minute, ... */
	STAT_REASONS,
	STAT_PLANS,
	STAT_SERVICES,
	STAT_LIMITS,     /* refusals */
	STAT_ORIGINS,
	STAT_EVENTS,
	STAT_PROCESSES,
	STAT_SUBJECTS    /* last */
};

/* A sheet of one; yours. */
struct sheet *stat_sheet(const struct stat_look *look,
    enum stat_subject subject);

/* The seconds of the last minute, or the minutes of the last day, the latest
 * first. */
struct sheet *stat_sheet_series(const struct stat_look *look, bool minutes);

/* How many requests took less than how long, and no less than the one before;
 * the last has all others. */
struct sheet *stat_sheet_histogram(const struct stat_look *look);

/* Everything that was counted, as one row. */
struct sheet *stat_sheet_total(const struct stat_look *look);

/* Can what is counted be summed by that? 0, or -1 and e. */
ATTR_MUST_USE
int stat_sheet_by_check(const struct stat_keys *keys, struct err *e);

/*
 * Sums by keys, the most of the first one first. Where several services are
 * one because they have no place of their own, their names are STAT_OTHER.
 * name: the sheet's, static. NULL and e: as of
 * stat_sheet_by_check.
 */
#define STAT_OTHER "(other)"
ATTR_MUST_USE
struct sheet *stat_sheet_by(const struct stat_look *look,
    const struct stat_keys *keys, const char *name, struct err *e);

/* Puts the columns of sums, and their cells. */
void stat_sheet_columns(struct sheet *s, const struct stat_keys *keys);
void stat_sheet_cells(struct sheet *s, const struct stat_keys *keys,
    const struct stats_numbers *n);

#endif
