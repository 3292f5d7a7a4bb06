/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * compile_lists: from lists to the map, all of them or nothing.
 *
 * The map's lock is taken (writer.h), lists are read twice (source.h), their
 * entries collected (collect.h) and the map built beside the old one; its links
 * are looked at in there (links.h), and only when nothing is wrong it is put in
 * the old one's place.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "tools/collect.h"
#include "tools/compile_private.h"
#include "tools/links.h"
#include "tools/lines.h"
#include "tools/lists.h"
#include "tools/progress.h"
#include "tools/reader.h"
#include "tools/tool.h"

enum {
	/* Per cent of a run's time that are over when a part is. */
	COMPILE_READ = 45,
	COMPILE_WRITTEN = 80,
	COMPILE_CHECKED = 95,
	COMPILE_WHOLE = 100
};

struct compile {
	const struct compile_ask *ask;
	struct compile_map map;
	struct lists lists;
	size_t rewritemaps;   /* so many of them, from the first */
	struct reader **readers; /* of the lists */
	struct reader *reader; /* of the one that is read */
	uint64_t before;       /* bytes of the lists before that */
	struct lint lint;
	struct source source;
	struct collect *collect;
	struct writer *writer; /* NULL: no map is needed */
	struct progress progress;
	size_t routes;
	size_t services;
	bool links; /* there are aliases or services */
};

static int
compile_see_route(void *arg, const struct source_route *r, struct err *e)
{
	struct compile *c = arg;

	c->routes++;
	c->links = c->links || links_has(&r->route);
	progress_at(&c->progress, c->before + reader_done(c->reader));
	return collect_add(c->collect, r, e);
}

static int
compile_see_service(void *arg, const struct source_service *s, struct err *e)
{
	struct compile *c = arg;

	c->services++;
	c->links = true;
	progress_at(&c->progress, c->before + reader_done(c->reader));
	return collect_service(c->collect, s, e);
}

static bool
compile_known(void *arg, enum directive d, struct str name)
{
	const struct compile *c = arg;

	return compile_map_known(&c->map, d, name);
}

static bool
compile_reaches(void *arg, const struct str *egress,
    const struct egress_spelled *origin)
{
	const struct compile *c = arg;

	return compile_map_reaches(&c->map, egress, origin);
}

/* ---- reading ---- */

/* Files and folders that were named, as lists. 0, or -1 and e. */
static int
compile_expand(struct compile *c, struct err *e)
{
	size_t i;

	for (i = 0; i < c->ask->file_count; i++) {
		if (lists_add(&c->lists, c->ask->files[i], e) == -1)
			return -1;
		if (i < c->ask->rewritemaps)
			c->rewritemaps = c->lists.count;
	}
	return 0;
}

static const char *
compile_folder(const struct compile *c)
{
	return c->ask->check_only || c->map.folder[0] == '\0' ? NULL :
								c->map.folder;
}

/* Reads list i, in the way that `read` does. 0, or -1 and e. */
static int
compile_read_one(struct compile *c, size_t i,
    int (*read)(struct source *, struct lines *, struct err *), struct err *e)
{
	struct lines lines;
	int got;

	c->reader = c->readers[i];
	if (lines_open(&lines, str_of(c->lists.names[i]), (uint32_t)i,
		c->reader, &c->lint, e) == -1)
		return -1;
	got = read(&c->source, &lines, e);
	reader_end(c->reader);
	return got;
}

/* The sets that stand in the lists. 0, or -1 and e. */
static int
compile_read_sets(struct compile *c, struct err *e)
{
	uint64_t bytes = 0;
	size_t i;

	c->readers = calloc(c->lists.count, sizeof(struct reader *));
	CHECK(c->readers != NULL || c->lists.count == 0);
	for (i = 0; i < c->lists.count; i++)
		c->readers[i] = reader_new(c->lists.names[i],
		    compile_folder(c));
	for (i = c->rewritemaps; i < c->lists.count; i++) {
		if (compile_read_one(c, i, source_read_sets, e) == -1)
			return -1;
		bytes += reader_done(c->reader);
	}
	progress_part(&c->progress, "reading", 0, COMPILE_READ, bytes);
	return 0;
}

/* Reads all lists. 0, or -1 and e. */
static int
compile_read(struct compile *c, struct err *e)
{
	size_t i;

	if (compile_expand(c, e) == -1 || compile_read_sets(c, e) == -1)
		return -1;
	for (i = 0; i < c->lists.count; i++) {
		if (compile_read_one(c, i, i < c->rewritemaps ?
			source_read_rewritemap : source_read_routes, e) == -1)
			return -1;
		c->before += reader_done(c->reader);
	}
	return 0;
}

/* ---- building ---- */

static int
compile_sources(const struct compile *c, struct buf *to, struct err *e)
{
	size_t i;

	for (i = 0; i < c->lists.count; i++)
		if (buf_printf(to, "%s%s", i > 0 ? "\n" : "",
			c->lists.names[i]) == -1)
			return err_set(e, REASON_OVERLOADED, "out of memory");
	return 0;
}

static int
compile_check_links(struct compile *c, struct err *e)
{
	struct links_ask ask = { .map = writer_path(c->writer),
		.files = c->lists.names,
		.file_count = c->lists.count,
		.space = compile_map_space(&c->map),
		.lost = c->source.lost > 0,
		.broken = c->lint.errors > 0,
		.reaches = compile_map_has_egress(&c->map) ?
		    compile_reaches : NULL,
		.arg = c,
		.lint = &c->lint,
		.memory = c->ask->memory / 2,
		.folder = compile_folder(c) };

	progress_part(&c->progress, "following links", COMPILE_CHECKED,
	    COMPILE_WHOLE, 0);
	return links_check(&ask, e);
}

/* Builds the map, if one is needed, and looks for what only all entries
 * together show. 0, or -1 and e. */
static int
compile_build(struct compile *c, struct codec_meta *meta, struct buf *sources,
    struct err *e)
{
	/* Without errors it is installed, with links it is looked into. */
	bool needed = c->links || (!c->ask->check_only && c->lint.errors == 0);

	if (needed && c->writer == NULL &&
	    writer_open(NULL, &c->writer, e) == -1)
		return -1;
	progress_part(&c->progress, "writing", COMPILE_READ, COMPILE_WRITTEN,
	    collect_count(c->collect));
	collect_watch(c->collect, &c->progress);
	if (collect_finish(c->collect, needed ? c->writer : NULL, e) == -1)
		return -1;
	if (!needed || (c->lint.errors > 0 && !c->links))
		return 0;
	progress_part(&c->progress, "checking", COMPILE_WRITTEN,
	    COMPILE_CHECKED, 0);
	if (compile_sources(c, sources, e) == -1)
		return -1;
	*meta = (struct codec_meta){
		.time = (uint64_t)clock_wall().tv_sec,
		.headers = collect_headers(c->collect),
		.sources = buf_view(sources)
	};
	if (writer_close(c->writer, meta, e) == -1)
		return -1;
	collect_free(&c->collect); /* its memory is for links now */
	return c->links ? compile_check_links(c, e) : 0;
}

static void
compile_say(const struct compile *c, const struct codec_meta *meta)
{
	double seconds = (double)(clock_us() - c->ask->start) / 1e6;

	if (c->ask->check_only)
		(void)printf("%zu routes and %zu services are good, nothing "
		    "written, %.3f s\n", c->routes, c->services, seconds);
	else
		(void)printf("%s: generation %" PRIu64 ", %" PRIu64
		    " hosts, %" PRIu64 " wildcards, %" PRIu64 " paths, %" PRIu64
		    " services, %" PRIu64 " records, %.3f s\n", c->map.path,
		    meta->generation, meta->hosts, meta->wildcards,
		    meta->paths, meta->services, meta->records, seconds);
}

/* ---- the whole run ---- */

static int
compile_errors(const struct compile *c)
{
	msg_error("%zu error%s, nothing was installed", c->lint.errors,
	    c->lint.errors == 1 ? "" : "s");
	return TOOL_NO;
}

/*
 * No route: what should have written the list failed, more likely than that
 * each request is to be answered 404.
 */
static int
compile_nothing(struct compile *c)
{
	progress_wipe(&c->progress);
	lint_flush(&c->lint, stderr);
	msg_error("no route in the lists, nothing was installed, expected one "
	    "at least ('* respond=404' to have none)");
	return TOOL_NO;
}

static int
compile_prepare(struct compile *c, struct err *e)
{
	struct source_see see = { .route = compile_see_route,
		.service = compile_see_service, .arg = c };

	if (compile_map_find(c->ask, &c->map, e) == -1)
		return -1;
	if (compile_map_has_sections(&c->map)) {
		see.known = compile_known;
		see.reaches = compile_reaches;
	}
	source_init(&c->source, &c->lint, &see);
	/* The rest is for Berkeley DB and for one entry. */
	c->collect = collect_new(&c->lint, c->ask->memory / 4 * 3,
	    compile_folder(c));
	/* Before any list is read: of two runs at once the one that has its
	 * turn later has read the lists later too. */
	if (!c->ask->check_only &&
	    compile_map_open(&c->map, &c->writer, e) == -1)
		return -1;
	return compile_read(c, e);
}

static int
compile_run(struct compile *c)
{
	struct codec_meta meta;
	struct buf sources;
	struct err e;
	int got = compile_prepare(c, &e);

	if (got == 0 && c->routes == 0 && c->lint.errors == 0 &&
	    !c->ask->check_only)
		return compile_nothing(c);
	buf_init(&sources, SIZE_MAX / 2);
	if (got == 0)
		got = compile_build(c, &meta, &sources, &e);
	progress_wipe(&c->progress);
	lint_flush(&c->lint, stderr);
	if (got == 0 && c->lint.errors == 0 && !c->ask->check_only)
		got = compile_map_install(c->ask, &c->writer, &e);
	if (got == 0 && c->lint.errors == 0 && c->ask->verbose)
		compile_say(c, &meta);
	buf_fini(&sources);
	if (got == -1)
		return tool_trouble(&e);
	return c->lint.errors > 0 ? compile_errors(c) : TOOL_YES;
}

int
compile_lists(const struct compile_ask *ask)
{
	struct compile c = { .ask = ask };
	size_t i;
	int code;

	lint_init(&c.lint);
	progress_init(&c.progress);
	code = compile_run(&c);
	writer_abort(&c.writer);
	source_fini(&c.source);
	collect_free(&c.collect);
	lint_fini(&c.lint);
	for (i = 0; c.readers != NULL && i < c.lists.count; i++)
		reader_free(&c.readers[i]);
	free(c.readers);
	lists_fini(&c.lists);
	compile_map_fini(&c.map);
	return code;
}
