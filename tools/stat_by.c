/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stat_by: sums of what was counted of services, plans, namespaces, reasons.
 *
 * Plans are counted on their own, and reasons, of which no more is known than
 * how many requests had them; all else is summed over the services.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tools/stat_sheets.h"

enum { STAT_BY_ROOM = STATS_TOP + 2 };

/* One row to come: its names, a NUL behind each. */
struct stat_group {
	char names[3 * STATS_SERVICE];
	size_t size;
	struct stats_numbers numbers;
};

struct stat_groups {
	const struct stat_look *look;
	const struct stat_keys *keys;
	struct stat_group *list; /* STAT_BY_ROOM */
	size_t count;
};

/* ---- what was counted ---- */

/* What a row has become since; `before` may have none of that name. */
static struct stats_numbers
stat_by_since(const struct stats_row *row, const struct stats_row *before,
    size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(row->service, before[i].service) == 0 &&
		    strcmp(row->space, before[i].space) == 0 &&
		    strcmp(row->plan, before[i].plan) == 0)
			return stats_since(&row->numbers, &before[i].numbers);
	return row->numbers;
}

static const char *
stat_by_name(const struct stats_row *row, enum record_field field)
{
	return field == RECORD_AT_plan ? row->plan :
	    field == RECORD_AT_space ? row->space : row->service;
}

static void
stat_by_add(struct stat_groups *g, const struct stats_row *row,
    const struct stats_numbers *numbers)
{
	struct stat_group *group = &g->list[g->count++];
	size_t i;

	CHECK(g->count <= STAT_BY_ROOM);
	memset(group, 0, sizeof(*group));
	for (i = 0; i < g->keys->by_count; i++) {
		const char *name = row == NULL ? STAT_OTHER :
		    stat_by_name(row, g->keys->by[i].field);
		size_t n = strlen(name) + 1;

		CHECK(n <= sizeof(group->names) - group->size);
		memcpy(group->names + group->size, name, n);
		group->size += n;
	}
	group->numbers = *numbers;
}

static void
stat_by_rows(struct stat_groups *g, bool plans)
{
	const struct stats_view *now = g->look->now, *was = g->look->before;
	const struct stats_row *rows = plans ? now->plans : now->services;
	size_t count = plans ? now->plan_count : now->service_count, i;

	for (i = 0; i < count; i++) {
		struct stats_numbers n = was == NULL ? rows[i].numbers :
		    stat_by_since(&rows[i], plans ? was->plans :
		    was->services, plans ? was->plan_count :
		    was->service_count);

		stat_by_add(g, &rows[i], &n);
	}
	if (!plans) {
		struct stats_numbers n = was == NULL ? now->other :
		    stats_since(&now->other, &was->other);

		stat_by_add(g, NULL, &n);
	}
}

/* ---- to groups ---- */

static int
stat_by_order_names(const void *a, const void *b)
{
	const struct stat_group *x = a, *y = b;

	return str_cmp((struct str){ x->names, x->size },
	    (struct str){ y->names, y->size });
}

static uint64_t
stat_by_first(const struct stat_keys *keys, const struct stat_group *g)
{
	const struct stat_sum *sum = &keys->sums[0];
	int64_t us;

	if (sum->thousandths == 0)
		return g->numbers.counts[sum->count];
	us = stats_quantile(&g->numbers, sum->thousandths);
	return us > 0 ? (uint64_t)us : 0;
}

/* Rows of the same names become one; those that nothing came to, none. */
static void
stat_by_merge(struct stat_groups *g)
{
	size_t kept = 0, i;

	qsort(g->list, g->count, sizeof(*g->list), stat_by_order_names);
	for (i = 0; i < g->count; i++) {
		if (g->list[i].numbers.counts[STATS_COUNT_requests] == 0)
			continue;
		if (kept > 0 && stat_by_order_names(&g->list[kept - 1],
		    &g->list[i]) == 0)
			stats_sum(&g->list[kept - 1].numbers,
			    &g->list[i].numbers);
		else if (kept++ != i)
			g->list[kept - 1] = g->list[i];
	}
	g->count = kept;
}

static int
stat_by_order(const void *a, const void *b, void *keys)
{
	uint64_t x = stat_by_first(keys, a), y = stat_by_first(keys, b);

	return x != y ? (x < y ? 1 : -1) : stat_by_order_names(a, b);
}

static void
stat_by_head(struct sheet *s, const struct stat_keys *keys)
{
	size_t i;

	for (i = 0; i < keys->by_count; i++)
		sheet_column(s, keys->by[i].name, SHEET_TEXT);
	stat_sheet_columns(s, keys);
}

static void
stat_by_write(struct stat_groups *g, struct sheet *s)
{
	struct stat_keys keys = *g->keys;
	size_t i, k;

	stat_by_merge(g);
	qsort_r(g->list, g->count, sizeof(*g->list), stat_by_order, &keys);
	stat_by_head(s, &keys);
	for (i = 0; i < g->count; i++) {
		const char *name = g->list[i].names;

		for (k = 0; k < keys.by_count; k++) {
			sheet_text(s, str_of(name));
			name += strlen(name) + 1;
		}
		stat_sheet_cells(s, &keys, &g->list[i].numbers);
	}
}

/* ---- reasons ---- */

static void
stat_by_reasons(const struct stat_look *look, const struct stat_keys *keys,
    struct sheet *s)
{
	int i;

	stat_by_head(s, keys);
	for (i = 0; i < REASON_COUNT; i++) {
		uint64_t n = look->now->reasons[i];

		if (look->before != NULL && n >= look->before->reasons[i])
			n -= look->before->reasons[i];
		if (n == 0)
			continue;
		sheet_text(s, str_of(reason_word((enum reason)i)));
		sheet_number(s, n);
	}
}

/* ---- what can be summed ---- */

int
stat_sheet_by_check(const struct stat_keys *keys, struct err *e)
{
	size_t i;

	for (i = 0; i < keys->by_count; i++) {
		enum record_field field = keys->by[i].field;

		if (field == RECORD_AT_reason && (keys->by_count > 1 ||
		    keys->sum_count > 1 || keys->sums[0].thousandths > 0 ||
		    keys->sums[0].count != STATS_COUNT_requests))
			return err_set(e, REASON_BAD_REQUEST, "'reason' goes "
			    "with nothing but --sum requests, more is not "
			    "counted of it; logs tell more, with --usage");
		if (field != RECORD_AT_reason && field != RECORD_AT_plan &&
		    field != RECORD_AT_space && field != RECORD_AT_service)
			return err_set(e, REASON_BAD_REQUEST,
			    "'%.*s' is nothing that is counted, service, "
			    "plan, namespace or reason was expected; logs "
			    "tell it, with --usage",
			    STR_ARG(keys->by[i].name));
	}
	return 0;
}

struct sheet *
stat_sheet_by(const struct stat_look *look, const struct stat_keys *keys,
    const char *name, struct err *e)
{
	struct stat_groups g = { .look = look, .keys = keys };
	enum record_field first = keys->by_count > 0 ? keys->by[0].field :
	    RECORD_AT_plan;
	struct sheet *s;

	if (stat_sheet_by_check(keys, e) == -1)
		return NULL;
	s = sheet_new(name);
	if (first == RECORD_AT_reason) {
		stat_by_reasons(look, keys, s);
		return s;
	}
	g.list = calloc(STAT_BY_ROOM, sizeof(*g.list));
	CHECK(g.list != NULL);
	stat_by_rows(&g, keys->by_count == 0 ||
	    (keys->by_count == 1 && first == RECORD_AT_plan));
	stat_by_write(&g, s);
	free(g.list);
	return s;
}
