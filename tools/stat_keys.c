/* SPDX-License-Identifier: BSD-2-Clause */

/* stat_keys: words to fields and counts. */

#include "tools/stat_keys.h"

#include <stdio.h>
#include <string.h>

#define STAT_KEYS_TAG "tag."

static const struct {
	const char *word;
	unsigned thousandths;
} stat_keys_parts[] = { { "p50", 500 }, { "p90", 900 }, { "p99", 990 } };

static bool
stat_keys_is_tag(struct str key)
{
	size_t i;

	for (i = 0; i < key.n; i++)
		if (!str_is_alnum(key.p[i]) && strchr("._-", key.p[i]) == NULL)
			return false;
	return key.n > 0 && key.n <= STR_NAME_MAX;
}

/* Calls add for each word. 0, or -1 and e. */
static int
stat_keys_each(struct str words, struct stat_keys *k,
    int (*add)(struct str word, struct stat_keys *k, struct err *e),
    struct err *e)
{
	struct str left = words, word;
	bool more = true;

	while (more) {
		more = str_cut(left, ',', &word, &left);
		if (add(str_trim(word), k, e) == -1)
			return -1;
	}
	return 0;
}

static bool
stat_keys_is_by(enum record_field field)
{
	const struct record_row *row = &record_rows[field];

	return row->kind == RECORD_KIND_REASON ||
	    row->kind == RECORD_KIND_STATUS ||
	    (row->kind == RECORD_KIND_TEXT && row->most <= STAT_BY_TEXT);
}

static int
stat_keys_add_by(struct str word, struct stat_keys *k, struct err *e)
{
	const struct str tag = STR(STAT_KEYS_TAG);
	struct stat_by by = { .name = word };
	size_t i;

	if (k->by_count == STAT_BY_MAX)
		return err_set(e, REASON_BAD_REQUEST,
		    "'%.*s' is one too many in --by, at most %d were expected",
		    STR_ARG(word), STAT_BY_MAX);
	by.tag = str_starts(word, tag) ? str_sub(word, tag.n, word.n) :
	    STR("");
	if (stat_keys_is_tag(by.tag))
		by.field = RECORD_AT_tags;
	else if (!record_find(word, &by.field) || !stat_keys_is_by(by.field))
		return err_set(e, REASON_BAD_REQUEST, "'%.*s' is nothing to "
		    "sum by, service, plan, namespace, reason, host, "
		    STAT_KEYS_TAG "KEY and the like were expected",
		    STR_ARG(word));
	for (i = 0; i < k->by_count; i++)
		if (str_eq(k->by[i].name, word))
			return err_set(e, REASON_BAD_REQUEST, "'%.*s' stands "
			    "twice in --by, once was expected",
			    STR_ARG(word));
	k->by[k->by_count++] = by;
	return 0;
}

int
stat_keys_by(struct str words, struct stat_keys *k, struct err *e)
{
	return stat_keys_each(words, k, stat_keys_add_by, e);
}

/* false: there is no such word. */
static bool
stat_keys_find(struct str word, struct stat_sum *out)
{
	size_t i;

	for (i = 0; i < sizeof(stat_keys_parts) / sizeof(stat_keys_parts[0]);
	    i++) {
		if (str_eq(word, str_of(stat_keys_parts[i].word))) {
			out->key = stat_keys_parts[i].word;
			out->thousandths = stat_keys_parts[i].thousandths;
			out->unit = STATS_UNIT_TIME;
			return true;
		}
	}
	for (i = 0; i < STATS_COUNT_COUNT; i++) {
		if (str_eq(word, str_of(stats_counts[i].key))) {
			out->key = stats_counts[i].key;
			out->count = (enum stats_count)i;
			out->unit = stats_counts[i].unit;
			return true;
		}
	}
	return false;
}

static int
stat_keys_add_sum(struct str word, struct stat_keys *k, struct err *e)
{
	struct stat_sum sum = { .thousandths = 0 };
	char words[ERR_TEXT_MAX / 2] = "";
	size_t n = 0, i;

	if (k->sum_count == STAT_SUMS_MAX)
		return err_set(e, REASON_BAD_REQUEST,
		    "'%.*s' is one too many in --sum, at most %d were "
		    "expected", STR_ARG(word), STAT_SUMS_MAX);
	if (stat_keys_find(word, &sum)) {
		k->sums[k->sum_count++] = sum;
		return 0;
	}
	for (i = 0; i < STATS_COUNT_COUNT && n < sizeof(words); i++)
		n += (size_t)snprintf(words + n, sizeof(words) - n, "%s, ",
		    stats_counts[i].key);
	return err_set(e, REASON_BAD_REQUEST, "'%.*s' is no sum, %sp50, p90 "
	    "and p99 were expected", STR_ARG(word), words);
}

int
stat_keys_sum(struct str words, struct stat_keys *k, struct err *e)
{
	return stat_keys_each(words, k, stat_keys_add_sum, e);
}
