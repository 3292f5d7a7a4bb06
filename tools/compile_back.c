/* SPDX-License-Identifier: BSD-2-Clause */

/* compile_back: an older map that was kept, back as a new generation. */

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/msg.h"
#include "tools/compile_private.h"
#include "tools/generations.h"
#include "tools/tool.h"

static void
compile_back_say(const struct compile_ask *ask, const struct compile_map *m,
    const struct codec_meta *meta, uint64_t from)
{
	(void)printf("%s: generation %" PRIu64 " has the routes of generation "
	    "%" PRIu64 ", %" PRIu64 " hosts, %" PRIu64 " wildcards, %" PRIu64
	    " paths, %" PRIu64 " services, %" PRIu64 " records, %.3f s\n",
	    m->path, meta->generation, from, meta->hosts, meta->wildcards,
	    meta->paths, meta->services, meta->records,
	    (double)(clock_us() - ask->start) / 1e6);
}

static int
compile_back_copy(const struct compile_ask *ask, const struct compile_map *m,
    struct writer **w, uint64_t from, struct err *e)
{
	char kept[FILE_PATH_MAX];
	struct codec_meta meta;
	struct arena arena;
	int got;

	arena_init(&arena, SIZE_MAX / 2);
	got = generations_name(writer_target(*w), from, kept, e);
	if (got == 0)
		got = generations_copy(kept, *w, &arena, &meta, e);
	if (got == 0)
		got = writer_close(*w, &meta, e);
	if (got == 0)
		got = compile_map_install(ask, w, e);
	if (got == 0 && ask->verbose)
		compile_back_say(ask, m, &meta, from);
	arena_fini(&arena);
	return got;
}

int
compile_back(const struct compile_ask *ask)
{
	struct writer *w = NULL;
	struct compile_map map;
	uint64_t from = 0;
	struct err e;
	int got = compile_map_find(ask, &map, &e);

	if (got == 0)
		got = compile_map_open(&map, &w, &e);
	if (got == 0)
		got = generations_choose(writer_target(w), &from, &e);
	if (got == 1)
		got = compile_back_copy(ask, &map, &w, from, &e);
	else if (got == 0)
		msg_error("%s: nothing older than it is kept beside it, "
		    "nothing was installed, expected such a generation "
		    "(--keep N keeps them)",
		    map.path);
	writer_abort(&w);
	compile_map_fini(&map);
	if (got == -1)
		return tool_trouble(&e);
	return from == 0 ? TOOL_NO : TOOL_YES;
}
