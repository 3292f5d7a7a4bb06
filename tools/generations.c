/* SPDX-License-Identifier: BSD-2-Clause */

/* generations: names with numbers, hard links, and the way back. */

#include "tools/generations.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "route/store.h"

/* Files that have a kept one's name, by number, the newest first. */
struct generations {
	uint64_t *list;
	size_t count;
	size_t room;
};

enum {
	GENERATIONS_ROOM = 8,
	GENERATIONS_VALUE = 32 << 20 /* of one record, in memory */
};

static int
generations_add(struct generations *g, uint64_t generation)
{
	size_t room = g->room > 0 ? 2 * g->room : GENERATIONS_ROOM;
	uint64_t *list;

	if (g->count == g->room) {
		list = reallocarray(g->list, room, sizeof(*list));
		CHECK(list != NULL);
		g->list = list;
		g->room = room;
	}
	g->list[g->count++] = generation;
	return 0;
}

static int
generations_order(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return *a == *b ? 0 : *a > *b ? -1 : 1;
}

/* Is it BASE.N, and N spelled as it is here? */
static bool
generations_number(struct str name, struct str base, uint64_t *out)
{
	struct str number = str_sub(name, base.n + 1, name.n);

	return str_starts(name, base) && name.n > base.n + 1 &&
	    name.p[base.n] == '.' && number.p[0] != '0' &&
	    str_to_u64(number, UINT64_MAX, out);
}

int
generations_name(const char *map, uint64_t generation,
    char out[FILE_PATH_MAX], struct err *e)
{
	int n = snprintf(out, FILE_PATH_MAX, "%s.%" PRIu64, map, generation);

	if (n < 0 || n >= FILE_PATH_MAX)
		return err_set(e, REASON_INTERNAL, "%s: path too long", map);
	return 0;
}

/* Never opened: a FIFO of that name would hold us. */
static bool
generations_is_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The generation of a map file; 0: there is none, or it is broken. */
static uint64_t
generations_of(const char *map)
{
	struct store *s;
	uint64_t generation = 0;
	struct err e;

	if (store_open(map, &s, &e) == 1)
		generation = store_meta(s)->generation;
	store_close(&s);
	return generation;
}

/* Is the file of that name a map of that generation? */
static bool
generations_is_ours(const char *path, uint64_t generation)
{
	return generations_is_file(path) &&
	    generations_of(path) == generation;
}

static int
generations_see(struct generations *g, const char *map, struct str base,
    const char *name, struct err *e)
{
	char path[FILE_PATH_MAX];
	uint64_t number;

	if (!generations_number(str_of(name), base, &number))
		return 0;
	if (generations_name(map, number, path, e) == -1)
		return -1;
	return generations_is_file(path) ? generations_add(g, number) : 0;
}

static void
generations_fini(struct generations *g)
{
	free(g->list);
	*g = (struct generations){ 0 };
}

/* 0 and *out, or -1 and e. */
static int
generations_find(const char *map, struct generations *out, struct err *e)
{
	const char *slash = strrchr(map, '/');
	struct str base = str_of(slash != NULL ? slash + 1 : map);
	char folder[FILE_PATH_MAX];
	const struct dirent *one;
	int got = 0, n;
	DIR *d;

	*out = (struct generations){ 0 };
	n = snprintf(folder, sizeof(folder), "%.*s",
	    slash != NULL ? (int)(slash - map) + 1 : 2,
	    slash != NULL ? map : "./");
	CHECK(n > 0 && n < FILE_PATH_MAX);
	d = opendir(folder);
	if (d == NULL)
		return err_set(e, REASON_INTERNAL, "cannot read the folder "
		    "%s: %s", folder, strerror(errno));
	while (got == 0 && (one = readdir(d)) != NULL)
		got = generations_see(out, map, base, one->d_name, e);
	closedir(d);
	if (got == -1)
		generations_fini(out);
	else if (out->count > 0)
		qsort(out->list, out->count, sizeof(out->list[0]),
		    generations_order);
	return got;
}

int
generations_newest(const char *map, uint64_t *out, struct err *e)
{
	struct generations g;
	char path[FILE_PATH_MAX];
	int got = generations_find(map, &g, e);
	size_t i;

	*out = 0;
	for (i = 0; got == 0 && *out == 0 && i < g.count; i++) {
		got = generations_name(map, g.list[i], path, e);
		if (got == 0 && generations_is_ours(path, g.list[i]))
			*out = g.list[i];
	}
	generations_fini(&g);
	return got;
}

/* A name that is taken: by the map itself (a run before this one was killed
 * behind its link), or by something else? */
static int
generations_taken(const char *map, const char *kept, struct err *e)
{
	struct stat a, b;

	if (stat(map, &a) == 0 && lstat(kept, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return 0;
	return err_set(e, REASON_INTERNAL,
	    "%s: another file, expected to keep the old map there", kept);
}

int
generations_keep(const char *map, struct err *e)
{
	uint64_t generation = generations_of(map);
	char kept[FILE_PATH_MAX];

	if (generation == 0) /* none, or broken: the writer has said so */
		return 0;
	if (generations_name(map, generation, kept, e) == -1)
		return -1;
	if (link(map, kept) == 0)
		return 0;
	if (errno == EEXIST)
		return generations_taken(map, kept, e);
	return err_set(e, REASON_INTERNAL, "cannot keep %s as %s: %s", map,
	    kept, strerror(errno));
}

int
generations_prune(const char *map, uint64_t live, size_t count, struct err *e)
{
	struct generations g;
	char path[FILE_PATH_MAX];
	size_t kept = 0, i;
	int got = generations_find(map, &g, e);

	for (i = 0; got == 0 && i < g.count; i++) {
		if (generations_name(map, g.list[i], path, e) == -1) {
			got = -1;
			break;
		}
		if (g.list[i] >= live ||
		    !generations_is_ours(path, g.list[i]))
			continue;
		if (++kept > count && unlink(path) == -1 && errno != ENOENT)
			msg_warning("%s: cannot remove: %s", path,
			    strerror(errno));
	}
	generations_fini(&g);
	return got;
}

/* Is every record of one map in the other? */

struct generations_same {
	struct store *other;
	struct arena arena;
	struct err *e;
};

static bool
generations_is_meta(struct str key)
{
	return key.p[0] == CODEC_META || key.p[0] == CODEC_LAST;
}

static int
generations_same_one(void *arg, struct str key, struct str value)
{
	struct generations_same *s = arg;
	struct str other;
	int got;

	if (generations_is_meta(key))
		return 0;
	arena_reset(&s->arena);
	got = store_get(s->other, 1, key, &s->arena, &other, s->e);
	if (got == -1)
		return -1;
	return got == 1 && str_eq(value, other) ? 0 : 1;
}

/* 1: the same records, 0: others, -1 and e: one of them is broken. */
static int
generations_same(const char *live, const char *kept, struct err *e)
{
	struct generations_same s = { .e = e };
	struct store *one = NULL;
	int got = 0;

	arena_init(&s.arena, GENERATIONS_VALUE);
	if (store_open(live, &s.other, e) == 1 &&
	    store_open(kept, &one, e) == 1 &&
	    store_meta(one)->records == store_meta(s.other)->records &&
	    str_eq(store_meta(one)->sources, store_meta(s.other)->sources)) {
		got = store_walk(one, generations_same_one, &s, e);
		if (got != -1)
			got = got == 0;
	}
	store_close(&one);
	store_close(&s.other);
	arena_fini(&s.arena);
	return got;
}

/* The same of the live map and a kept one, by its place in the list. */
static int
generations_same_at(const char *map, const struct generations *g, size_t i,
    struct err *e)
{
	char path[FILE_PATH_MAX];

	if (generations_name(map, g->list[i], path, e) == -1)
		return -1;
	return generations_same(map, path, e);
}

/*
 * The first of the list that may be gone back to, `from` or behind it. Where
 * the one before the live map is not kept, a rollback has put the live map
 * there, or may have: the way back goes on below what it was made of.
 */
static size_t
generations_first(const char *map, const struct generations *g, uint64_t live,
    size_t from)
{
	struct err e;
	size_t i;

	if (live == 0 || from == g->count || g->list[from] == live - 1)
		return from;
	for (i = from; i < g->count; i++)
		if (generations_same_at(map, g, i, &e) == 1)
			return i + 1;
	return from;
}

int
generations_choose(const char *map, uint64_t *out, struct err *e)
{
	uint64_t live = generations_of(map);
	struct generations g;
	size_t i = 0, first;

	*out = 0;
	if (generations_find(map, &g, e) == -1)
		return -1;
	while (i < g.count && live != 0 && g.list[i] >= live)
		i++;
	first = generations_first(map, &g, live, i);
	/* A broken one is chosen, to be told of, not passed over. */
	for (i = first; i < g.count; i++)
		if (live == 0 || generations_same_at(map, &g, i, e) != 1)
			break;
	if (first < g.count)
		*out = g.list[i < g.count ? i : first];
	generations_fini(&g);
	return *out != 0;
}

struct generations_copying {
	struct writer *w;
	struct err *e;
};

static int
generations_copy_one(void *arg, struct str key, struct str value)
{
	struct generations_copying *c = arg;

	return generations_is_meta(key) ? 0 :
	    writer_put(c->w, key, value, c->e);
}

int
generations_copy(const char *kept, struct writer *w, struct arena *a,
    struct codec_meta *meta, struct err *e)
{
	struct generations_copying c = { w, e };
	struct store *s;
	int got;

	if (store_verify(kept, e) == -1)
		return -1;
	got = store_open(kept, &s, e);
	if (got == 0)
		return err_set(e, REASON_NO_MAP, "%s: it is gone", kept);
	if (got == -1)
		return -1;
	*meta = (struct codec_meta){
		.time = (uint64_t)clock_wall().tv_sec,
		.headers = arena_copy(a, store_meta(s)->headers),
		.sources = arena_copy(a, store_meta(s)->sources)
	};
	got = store_walk(s, generations_copy_one, &c, e);
	store_close(&s);
	if (a->full)
		return err_set(e, REASON_OVERLOADED, "out of memory");
	return got;
}
