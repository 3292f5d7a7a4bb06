/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_diff: two maps in one walk over both, in key order.
 *
 * Entries come in the order of keys, the result has sections: each gathers in
 * a temporary file, so that memory is that of one entry.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/json.h"
#include "tools/query.h"
#include "tools/query_entry.h"
#include "tools/query_out.h"

enum query_change {
	QUERY_CHANGE_ADDED = 0,
	QUERY_CHANGE_REMOVED,
	QUERY_CHANGE_CHANGED,
	QUERY_CHANGE_COUNT /* last */
};

static const char *const query_diff_words[QUERY_CHANGE_COUNT] = {
	"added", "removed", "changed"
};

enum { QUERY_DIFF_COPY = 65536 };

struct query_side {
	const struct query_map *map;
	struct store_cursor *cursor;
	struct str key;
	struct str value;
	int more; /* as store_cursor_next */

	struct query_entry *reader;
	struct dump_entry entry;
	int found; /* as query_entry_read */
};

/* A list of its own, with a printer that knows what stands in it. */
struct query_section {
	FILE *to; /* NULL: nothing is in it */
	struct printer *printer;
};

struct query_diff {
	struct query *query;
	struct query_side sides[QUERY_MAPS_MAX]; /* old, new */
	struct arena scratch;
	uint64_t counts[QUERY_CHANGE_COUNT];
	struct query_section sections[QUERY_CHANGE_COUNT];
};

/* ---- sections ---- */

/* 0, or -1 and e. */
static int
query_section_open(struct query_section *s, struct err *e)
{
	if (s->to != NULL)
		return 0;
	s->to = tmpfile();
	if (s->to == NULL)
		return err_set(e, REASON_INTERNAL,
		    "cannot make a temporary file: %s", strerror(errno));
	s->printer = printer_new(s->to);
	return 0;
}

/* The entry as it was, in comments. 0, or -1 and e. */
static int
query_diff_comment(struct query_diff *d, FILE *to, struct err *e)
{
	struct query_side *old = &d->sides[0];
	struct str text, line;

	if (query_entry_text(old->reader, old->map, &old->entry,
	    d->query->verbose, &text, e) == -1)
		return -1;
	while (text.n > 0) {
		(void)str_cut(text, '\n', &line, &text);
		(void)fprintf(to, "# %.*s\n", STR_ARG(line));
	}
	return 0;
}

static int
query_diff_section(struct query_diff *d, enum query_change change,
    struct err *e)
{
	const struct query_side *side =
	    &d->sides[change == QUERY_CHANGE_REMOVED ? 0 : 1];
	struct query_section *s = &d->sections[change];

	if (query_section_open(s, e) == -1 ||
	    (change == QUERY_CHANGE_CHANGED &&
	    query_diff_comment(d, s->to, e) == -1))
		return -1;
	return dump_print(s->printer, &side->entry, d->query->verbose ?
	    &side->map->lookup.meta->sources : NULL, s->to, e);
}

static int
query_diff_object(struct query_diff *d, enum query_change change,
    struct err *e)
{
	struct query_side *old = &d->sides[0], *new = &d->sides[1];
	struct query_side *told = change == QUERY_CHANGE_REMOVED ? old : new;
	struct json *j = query_entry_json(told->reader);
	struct str text;

	json_text(j, "change", str_of(query_diff_words[change]));
	if (query_entry_tell(told->reader, told->map, &told->entry,
	    told == old ? "old" : "new", e) == -1)
		return -1;
	if (change == QUERY_CHANGE_CHANGED) {
		if (query_entry_text(old->reader, old->map, &old->entry,
		    false, &text, e) == -1)
			return -1;
		json_text(j, "old", text);
	}
	query_entry_write(told->reader);
	return 0;
}

static int
query_diff_tell(struct query_diff *d, enum query_change change,
    struct err *e)
{
	d->counts[change]++;
	return d->query->json ? query_diff_object(d, change, e) :
	    query_diff_section(d, change, e);
}

/* ---- the walk ---- */

static int
query_side_next(struct query_side *s, struct err *e)
{
	s->more = store_cursor_next(s->cursor, &s->key, &s->value, e);
	return s->more == -1 ? -1 : 0;
}

static int
query_side_read(struct query_side *s, struct err *e)
{
	s->found = query_entry_read(s->reader, s->key, s->value, &s->entry, e);
	return s->found == -1 ? -1 : 0;
}

/* Both have the key. */
static int
query_diff_both(struct query_diff *d, struct err *e)
{
	struct query_side *old = &d->sides[0], *new = &d->sides[1];
	int same;

	if (str_eq(old->value, new->value))
		return 0;
	if (query_side_read(old, e) == -1 || query_side_read(new, e) == -1)
		return -1;
	if (old->found == 0 || new->found == 0) {
		if (new->found == 1)
			return query_diff_tell(d, QUERY_CHANGE_ADDED, e);
		return old->found == 0 ? 0 :
		    query_diff_tell(d, QUERY_CHANGE_REMOVED, e);
	}
	arena_reset(&d->scratch);
	same = query_entry_same(&old->entry, &new->entry, &d->scratch, e);
	if (same == 0)
		return query_diff_tell(d, QUERY_CHANGE_CHANGED, e);
	return same == 1 ? 0 : -1;
}

/* One of them has the key. */
static int
query_diff_one(struct query_diff *d, struct query_side *side,
    enum query_change change, struct err *e)
{
	if (query_side_read(side, e) == -1)
		return -1;
	return side->found == 1 ? query_diff_tell(d, change, e) : 0;
}

static int
query_diff_walk(struct query_diff *d, struct err *e)
{
	struct query_side *old = &d->sides[0], *new = &d->sides[1];
	int order, got;

	if (query_side_next(old, e) == -1 || query_side_next(new, e) == -1)
		return -1;
	while (old->more == 1 || new->more == 1) {
		order = old->more == 0 ? 1 : new->more == 0 ? -1 :
		    str_cmp(old->key, new->key);
		if (order == 0)
			got = query_diff_both(d, e);
		else if (order < 0)
			got = query_diff_one(d, old, QUERY_CHANGE_REMOVED, e);
		else
			got = query_diff_one(d, new, QUERY_CHANGE_ADDED, e);
		if (got == -1 ||
		    (order <= 0 && query_side_next(old, e) == -1) ||
		    (order >= 0 && query_side_next(new, e) == -1))
			return -1;
	}
	return 0;
}

/* ---- the whole ---- */

/* 0, or -1 and e. */
static int
query_diff_copy(FILE *from, struct err *e)
{
	char piece[QUERY_DIFF_COPY];
	size_t n;

	rewind(from);
	while ((n = fread(piece, 1, sizeof(piece), from)) > 0)
		(void)fwrite(piece, 1, n, stdout);
	if (!ferror(from))
		return 0;
	return err_set(e, REASON_INTERNAL, "cannot use a temporary file: %s",
	    strerror(errno));
}

static int
query_diff_sections(struct query_diff *d, struct err *e)
{
	size_t i;

	for (i = 0; i < QUERY_CHANGE_COUNT; i++) {
		if (d->sections[i].to == NULL)
			continue;
		(void)printf("# %" PRIu64 " %s%s\n", d->counts[i],
		    query_diff_words[i], i == QUERY_CHANGE_CHANGED ?
		    ", as they were in comments" : "");
		/* Of what was written, too, the last word is here. */
		if (fflush(d->sections[i].to) != 0 ||
		    ferror(d->sections[i].to))
			return err_set(e, REASON_INTERNAL,
			    "cannot write to a temporary file: %s",
			    strerror(errno));
		if (query_diff_copy(d->sections[i].to, e) == -1)
			return -1;
	}
	return 0;
}

static int
query_diff_begin(struct query_diff *d, struct err *e)
{
	size_t i;

	arena_init(&d->scratch, QUERY_MEMORY);
	for (i = 0; i < QUERY_MAPS_MAX; i++) {
		struct query_side *s = &d->sides[i];

		s->map = &d->query->maps[i];
		s->reader = query_entry_new();
		if (store_check_sum(s->map->store, e) == -1 ||
		    store_cursor_open(s->map->store, &s->cursor, e) == -1)
			return -1;
	}
	return 0;
}

/* From any state. 0, or -1 and e: it was not read as a whole. */
static int
query_diff_end(struct query_diff *d, struct err *e)
{
	int answer = 0;
	size_t i;

	for (i = 0; i < QUERY_MAPS_MAX; i++) {
		struct query_side *s = &d->sides[i];

		if (store_cursor_close(&s->cursor, e) == -1)
			answer = -1;
		else if (!store_sound(d->query->maps[i].store))
			answer = err_set(e, REASON_MAP_BROKEN,
			    "%s: written over while it was read",
			    d->query->maps[i].path);
		query_entry_free(&s->reader);
	}
	for (i = 0; i < QUERY_CHANGE_COUNT; i++) {
		printer_free(&d->sections[i].printer);
		if (d->sections[i].to != NULL)
			(void)fclose(d->sections[i].to);
	}
	arena_fini(&d->scratch);
	return answer;
}

int
query_diff(struct query *q)
{
	struct query_diff d = { .query = q };
	struct err e, closing;
	int got;

	if (query_open(q, &e) == -1)
		return tool_trouble(&e);
	got = query_diff_begin(&d, &e);
	if (got == 0)
		got = query_diff_walk(&d, &e);
	if (got == 0)
		got = query_diff_sections(&d, &e);
	if (query_diff_end(&d, &closing) == -1 && got == 0) {
		e = closing;
		got = -1;
	}
	if (got == -1)
		return tool_trouble(&e);
	return d.counts[QUERY_CHANGE_ADDED] + d.counts[QUERY_CHANGE_REMOVED] +
	    d.counts[QUERY_CHANGE_CHANGED] > 0 ? TOOL_NO : TOOL_YES;
}
