/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * snapshot: the map in use, and when another may take its place.
 *
 *   struct snapshot ----current---> struct snapshot_map ---> struct store
 *        lock                          holders (lookups)
 *                                      those of older maps hold them too
 *
 * When is a file trusted? Each lookup ends with an fstat: a write since the
 * map was opened shows as another size or mtime. But file times come from a
 * clock that ticks every few milliseconds, so a write within the tick of the
 * last one before the opening would not show. A file is therefore opened only
 * when its clock is known to have gone on: its ctime is later than its mtime
 * (a rename, a chmod, a restored mtime came after the last write, as with
 * route-compile, mv, rsync), or the last write is SNAPSHOT_SETTLE_MS ago.
 * Every later write then leaves another mtime. And while somebody writes in
 * place, mtime and ctime stay equal and young, so that his half-done file is
 * left alone.
 *
 * A file of the very inode that was found written over or broken has shown
 * that it is not replaced by rename: it must pass a reading of all its bytes.
 */

#include "route/snapshot.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/watch.h"

enum { SNAPSHOT_SETTLE_MS = 2000 };

struct snapshot_map {
	struct snapshot *owner;
	struct store *store;
	unsigned holders; /* under the owner's lock */
	bool counted;     /* as a fault; under the owner's lock */
};

struct snapshot {
	/* Guards current, broken, faults, and the counts of maps. */
	pthread_mutex_t lock;
	struct snapshot_map *current; /* NULL: none was ever good */
	bool broken;  /* current must not be asked any more */
	bool present; /* a file is there, good or not */
	unsigned faults;

	/* Of the one thread that looks. */
	struct watch watch;
	bool again;           /* the last look could not decide */
	bool tried;           /* since current was found broken */
	bool missed;          /* told that the file is gone */
	int64_t refused;      /* since when it is gone or no good; 0: it is
	                         not */
	bool suspect;         /* the file below was no good */
	struct file_id fault;
};

static void
snapshot_lock(struct snapshot *s)
{
	CHECK(pthread_mutex_lock(&s->lock) == 0);
}

static void
snapshot_unlock(struct snapshot *s)
{
	CHECK(pthread_mutex_unlock(&s->lock) == 0);
}

/* The maps */

static void
snapshot_map_free(struct snapshot_map *m)
{
	if (m == NULL)
		return;
	store_close(&m->store);
	free(m);
}

struct snapshot_map *
snapshot_take(struct snapshot *s, struct err *e)
{
	struct snapshot_map *m;
	bool present;

	snapshot_lock(s);
	present = s->present || s->current != NULL;
	m = s->broken ? NULL : s->current;
	if (m != NULL)
		m->holders++;
	snapshot_unlock(s);
	if (m == NULL && present)
		err_set(e, REASON_MAP_BROKEN, "%s: not usable", s->watch.path);
	else if (m == NULL)
		err_set(e, REASON_NO_MAP, "%s: there is no map",
		    s->watch.path);
	return m;
}

/*
 * Notes that m must not be asked any more. Expects the lock. true: it is the
 * current one, and this is news.
 */
static bool
snapshot_doubt(struct snapshot *s, struct snapshot_map *m)
{
	if (store_lost(m->store) && !m->counted) {
		m->counted = true;
		s->faults++;
	}
	if (m != s->current || s->broken)
		return false;
	s->broken = true;
	return true;
}

static void
snapshot_tell_doubt(const struct snapshot *s, bool lost)
{
	msg_error("%s: %s; requests are answered 503 until a good map is "
	    "there", s->watch.path, lost ?
	    "the map broke while it was in use" :
	    "somebody wrote over the map in place");
}

void
snapshot_give(struct snapshot *s, struct snapshot_map **map)
{
	struct snapshot_map *m = *map;
	bool over, news = false, lost;

	*map = NULL;
	if (m == NULL)
		return;
	lost = store_lost(m->store);
	snapshot_lock(s);
	CHECK(m->owner == s && m->holders > 0);
	if (lost)
		news = snapshot_doubt(s, m);
	over = --m->holders == 0 && m != s->current;
	snapshot_unlock(s);
	if (news)
		snapshot_tell_doubt(s, true);
	if (over)
		snapshot_map_free(m);
}

struct store *
snapshot_store(struct snapshot_map *m)
{
	return m->store;
}

int
snapshot_confirm(struct snapshot_map *m, struct err *e)
{
	struct snapshot *s = m->owner;
	bool news;

	if (store_sound(m->store))
		return 0;
	snapshot_lock(s);
	news = snapshot_doubt(s, m);
	snapshot_unlock(s);
	if (news)
		snapshot_tell_doubt(s, store_lost(m->store));
	return err_set(e, REASON_MAP_BROKEN,
	    "%s: written over in place while it was in use", s->watch.path);
}

unsigned
snapshot_faults(struct snapshot *s)
{
	unsigned faults;

	snapshot_lock(s);
	faults = s->faults;
	snapshot_unlock(s);
	return faults;
}

/* Looking */

static int64_t
snapshot_ms(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool
snapshot_later(struct timespec a, struct timespec b)
{
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec > b.tv_sec;
	return a.tv_nsec > b.tv_nsec;
}

/*
 * Will every write from `now` on leave another mtime? A mtime of the future
 * (a clock that was set back) will not be written by anybody soon.
 */
static bool
snapshot_settled(const struct file_id *id, struct timespec now)
{
	int64_t age = snapshot_ms(now) - snapshot_ms(id->mtime);

	return snapshot_later(id->ctime, id->mtime) ||
	    age >= SNAPSHOT_SETTLE_MS || age <= -SNAPSHOT_SETTLE_MS;
}

static bool
snapshot_same_inode(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->inode == b->inode;
}

/* Is `id` of the file that was found no good before? */
static bool
snapshot_suspects(const struct snapshot *s, const struct file_id *id)
{
	return s->suspect && snapshot_same_inode(&s->fault, id);
}

static void
snapshot_suspect(struct snapshot *s, const struct file_id *id)
{
	s->suspect = true;
	s->fault = *id;
}

/* The current map, as the looking thread may use it without a count. */
static struct snapshot_map *
snapshot_mine(struct snapshot *s, bool *broken)
{
	struct snapshot_map *m;

	snapshot_lock(s);
	m = s->current;
	*broken = s->broken;
	snapshot_unlock(s);
	return m;
}

/* Finds out by itself whether the current map was written over. */
static void
snapshot_look_current(struct snapshot *s)
{
	struct err e;
	bool broken;
	struct snapshot_map *m = snapshot_mine(s, &broken);

	if (m == NULL || (!broken && snapshot_confirm(m, &e) == 0))
		return;
	if (!snapshot_suspects(s, store_file(m->store)))
		snapshot_suspect(s, store_file(m->store));
}

static void
snapshot_swap(struct snapshot *s, struct store *store)
{
	struct snapshot_map *fresh = calloc(1, sizeof(*fresh));
	struct snapshot_map *old;
	bool healed, over;

	CHECK(fresh != NULL);
	fresh->owner = s;
	fresh->store = store;
	snapshot_lock(s);
	old = s->current;
	healed = s->broken;
	s->current = fresh;
	s->broken = false;
	over = old != NULL && old->holders == 0;
	snapshot_unlock(s);
	if (healed)
		msg_notice("%s: a good map is there again, generation %llu",
		    s->watch.path,
		    (unsigned long long)store_meta(store)->generation);
	else
		msg_info("%s: generation %llu", s->watch.path,
		    (unsigned long long)store_meta(store)->generation);
	if (over)
		snapshot_map_free(old);
	s->tried = false;
	s->suspect = false;
}

int64_t
snapshot_refused(const struct snapshot *s)
{
	return s->refused;
}

static void
snapshot_begin_refusal(struct snapshot *s)
{
	if (s->refused == 0)
		s->refused = clock_wall().tv_sec;
}

static void
snapshot_refuse(struct snapshot *s, const struct file_id *id,
    const struct err *e)
{
	bool broken;
	bool serving = snapshot_mine(s, &broken) != NULL && !broken;

	snapshot_suspect(s, id);
	snapshot_begin_refusal(s);
	msg_error("%s%s", e->text, serving ?
	    "; the map that was read before stays in use" : "");
}

/* Is it what is in use already (a chmod, a hard link)? */
static bool
snapshot_is_current(struct snapshot *s, struct store *store)
{
	bool broken;
	const struct snapshot_map *m = snapshot_mine(s, &broken);

	return m != NULL && !broken && store_same(m->store, store) &&
	    snapshot_same_inode(store_file(m->store), store_file(store)) &&
	    file_same_content(store_file(m->store), store_file(store));
}

/*
 * Opens what is at the path. 1 and *out; 0: not to be told yet, another look
 * will see; -1: no good, e says why.
 */
static int
snapshot_open(struct snapshot *s, struct store **out, struct err *e)
{
	struct timespec now = clock_wall(); /* before the file is looked at */
	const struct file_id *id;
	int got;

	if (!snapshot_settled(&s->watch.id, now))
		return 0;
	got = store_open(s->watch.path, out, e);
	if (got != 1)
		return got;
	id = store_file(*out);
	if (!snapshot_settled(id, now) || !file_same(id, &s->watch.id))
		got = 0; /* another file than the one that was watched */
	else if (snapshot_suspects(s, id))
		got = store_check_sum(*out, e) == -1 ? -1 : 1;
	if (got == 1 && !store_sound(*out))
		got = 0;
	if (got != 1)
		store_close(out);
	return got;
}

/* The path has a file that was not tried yet. true: it is in use now. */
static bool
snapshot_try(struct snapshot *s)
{
	struct store *store;
	struct err e;
	int got;

	s->again = false;
	got = snapshot_open(s, &store, &e);
	if (got == 0) {
		s->again = true;
		return false;
	}
	s->tried = true;
	if (got == -1) {
		snapshot_refuse(s, &s->watch.id, &e);
		return false;
	}
	s->refused = 0;
	if (snapshot_is_current(s, store)) {
		store_close(&store);
		s->tried = false;
		return false;
	}
	snapshot_swap(s, store);
	return true;
}

static void
snapshot_miss(struct snapshot *s)
{
	bool broken;

	s->again = false;
	if (s->missed)
		return;
	s->missed = true;
	snapshot_begin_refusal(s);
	if (snapshot_mine(s, &broken) == NULL)
		msg_warning("%s: there is no map yet; requests are answered "
		    "503 until there is one", s->watch.path);
	else
		msg_warning("%s: the map is gone; the one that was read "
		    "before stays in use", s->watch.path);
}

bool
snapshot_look(struct snapshot *s)
{
	bool changed = watch_look(&s->watch);
	bool broken;

	(void)snapshot_mine(s, &broken);
	if (!changed && !s->again && (!broken || s->tried))
		return false;
	snapshot_lock(s);
	s->present = s->watch.there;
	snapshot_unlock(s);
	snapshot_look_current(s);
	if (!s->watch.there) {
		snapshot_miss(s);
		return false;
	}
	s->missed = false;
	return snapshot_try(s);
}

struct snapshot *
snapshot_new(const char *path)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	CHECK(s != NULL);
	CHECK(pthread_mutex_init(&s->lock, NULL) == 0);
	watch_init(&s->watch, path);
	s->again = true;
	(void)snapshot_look(s);
	return s;
}

void
snapshot_free(struct snapshot **snapshot)
{
	struct snapshot *s = *snapshot;

	*snapshot = NULL;
	if (s == NULL)
		return;
	CHECK(s->current == NULL || s->current->holders == 0);
	snapshot_map_free(s->current);
	CHECK(pthread_mutex_destroy(&s->lock) == 0);
	free(s);
}
