/* SPDX-License-Identifier: BSD-2-Clause */

/* query_info: whole maps: what one says of itself, and whether it is whole. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/query.h"
#include "tools/query_out.h"

enum { QUERY_INFO_TIME = 32 };

/* Each line of a list as an item. */
static void
query_info_items(struct query_out *out, const char *word, struct str list)
{
	struct str one;

	while (list.n > 0) {
		(void)str_cut(list, '\n', &one, &list);
		query_out_item(out, word, one);
	}
}

/* "3d 4h", "12s": the two largest units. */
static struct str
query_info_age(uint64_t age, struct arena *a)
{
	if (age >= 86400)
		return arena_printf(a, "%" PRIu64 "d %" PRIu64 "h",
		    age / 86400, age % 86400 / 3600);
	if (age >= 3600)
		return arena_printf(a, "%" PRIu64 "h %" PRIu64 "m",
		    age / 3600, age % 3600 / 60);
	if (age >= 60)
		return arena_printf(a, "%" PRIu64 "m %" PRIu64 "s", age / 60,
		    age % 60);
	return arena_printf(a, "%" PRIu64 "s", age);
}

static void
query_info_time(struct query_out *out, uint64_t when, struct arena *a)
{
	time_t at = (time_t)when, now = time(NULL);
	char text[QUERY_INFO_TIME];
	struct tm parts;
	uint64_t age = now > at ? (uint64_t)(now - at) : 0;

	if (gmtime_r(&at, &parts) == NULL || strftime(text, sizeof(text),
	    "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		text[0] = '\0';
	query_out_text(out, "time", str_of(text));
	if (out->json != NULL)
		query_out_number(out, "age", age);
	else
		query_out_text(out, "age", query_info_age(age, a));
}

static void
query_info_tell(const struct query_map *m, struct query_out *out,
    struct arena *a)
{
	const struct codec_meta *meta = store_meta(m->store);
	const struct { const char *word; uint64_t n; } counts[] = {
		{ "hosts", meta->hosts }, { "wildcards", meta->wildcards },
		{ "paths", meta->paths }, { "anywhere", meta->anywhere },
		{ "services", meta->services }, { "records", meta->records },
		{ "pages", meta->pages },
		{ "bytes", (uint64_t)store_file(m->store)->size } };
	size_t i;

	query_out_text(out, "map", str_of(m->path));
	query_out_number(out, "format", meta->format);
	query_out_number(out, "generation", meta->generation);
	query_info_time(out, meta->time, a);
	query_info_items(out, "source", meta->sources);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		query_out_number(out, counts[i].word, counts[i].n);
	query_info_items(out, "sets", meta->headers);
	query_out_end(out);
}

int
query_info(struct query *q)
{
	struct query_out out;
	struct arena arena;
	struct err e;

	if (query_open(q, &e) == -1)
		return tool_trouble(&e);
	query_out_init(&out, q->json);
	arena_init(&arena, QUERY_MEMORY);
	query_info_tell(&q->maps[0], &out, &arena);
	arena_fini(&arena);
	query_out_fini(&out);
	return TOOL_YES;
}

static void
query_info_whole(const struct query *q)
{
	const struct codec_meta *meta = store_meta(q->maps[0].store);
	struct query_out out;

	if (q->json) {
		query_out_init(&out, true);
		query_out_text(&out, "map", str_of(q->maps[0].path));
		query_out_number(&out, "generation", meta->generation);
		query_out_number(&out, "records", meta->records);
		query_out_end(&out);
		query_out_fini(&out);
		return;
	}
	query_out_put(str_of(q->maps[0].path));
	(void)printf(": generation %" PRIu64 ", %" PRIu64 " hosts, %" PRIu64
	    " wildcards, %" PRIu64 " paths, %" PRIu64 " services, %" PRIu64
	    " records\n", meta->generation, meta->hosts, meta->wildcards,
	    meta->paths, meta->services, meta->records);
}

int
query_verify(struct query *q)
{
	const char *path = q->maps[0].path;
	struct err e;
	int got;

	if (access(path, R_OK) == -1 && errno != ENOENT) {
		err_set(&e, REASON_INTERNAL, "%s: cannot read: %s", path,
		    strerror(errno));
		return tool_trouble(&e);
	}
	if (store_verify(path, &e) == -1) {
		got = tool_trouble(&e);
		return e.reason == REASON_MAP_BROKEN ? TOOL_NO : got;
	}
	if (!q->verbose && !q->json)
		return TOOL_YES;
	if (query_open(q, &e) == -1)
		return tool_trouble(&e);
	query_info_whole(q);
	return TOOL_YES;
}
