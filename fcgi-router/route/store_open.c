/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * store_open: the file, its environment and its handles.
 *
 * Berkeley DB opens the file by the descriptor held here (/proc/self/fd), so
 * that all handles read the very file that was checked, also when the path has
 * another one by now; where there is no /proc the path must do, and a handle of
 * another file is not used.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "route/store_private.h"

enum {
	STORE_CACHE = 64 * 1024, /* mapped pages do not go through it */
	STORE_META_MAX = 4 * 1024 * 1024,
	STORE_OPEN_TRIES = 4
};

/*
 * Stores whose environment must not be touched any more. They are kept
 * reachable so that a leak checker knows of them.
 */
static struct store *store_abandoned;
static pthread_mutex_t store_abandoned_lock = PTHREAD_MUTEX_INITIALIZER;

struct store_opening {
	struct store *s;
	DB *db;
	int answer;
};

static void
store_run_env(void *arg)
{
	struct store_opening *o = arg;
	DB_ENV *env;

	o->answer = db_env_create(&env, 0);
	if (o->answer != 0)
		return;
	o->s->env = env;
	env->set_errcall(env, store_hear);
	o->answer = env->set_cachesize(env, 0, STORE_CACHE, 1);
	if (o->answer == 0)
		o->answer = env->set_mp_mmapsize(env,
		    (size_t)o->s->file.size + CODEC_PAGE);
	STORE_KEPT_BEGIN();
	if (o->answer == 0)
		o->answer = env->open(env, NULL,
		    DB_PRIVATE | DB_INIT_MPOOL | DB_CREATE | DB_THREAD, 0);
	STORE_KEPT_END();
}

/* Does the handle read the file that the store holds? */
static bool
store_is_ours(const struct store *s, DB *db)
{
	struct file_id id;
	int fd = -1;

	return db->fd(db, &fd) == 0 && file_identify_fd(fd, &id) == 0 &&
	    id.dev == s->file.dev && id.inode == s->file.inode;
}

static int
store_open_by(struct store_opening *o, const char *path)
{
	DB *db;

	o->answer = db_create(&db, o->s->env, 0);
	if (o->answer != 0)
		return -1;
	o->answer = db->open(db, NULL, path, NULL, DB_BTREE,
	    DB_RDONLY | DB_THREAD, 0);
	if (o->answer == 0 && store_is_ours(o->s, db)) {
		o->db = db;
		return 0;
	}
	(void)db->close(db, DB_NOSYNC);
	return -1;
}

static void
store_run_handle(void *arg)
{
	struct store_opening *o = arg;
	char proc[STORE_PROC_MAX];

	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", o->s->fd);
	if (store_open_by(o, proc) == -1 && o->answer == ENOENT)
		(void)store_open_by(o, o->s->path);
	if (o->answer == ENOENT)
		o->answer = 0; /* replaced or gone: another try will tell */
}

/* 1 and s->fd, s->file; 0: no such file; -1 and e. */
static int
store_open_file(struct store *s, struct err *e)
{
	struct stat st;

	/* Not to wait for a writer, should it be a FIFO. */
	s->fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (s->fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (s->fd == -1 || fstat(s->fd, &st) == -1 ||
	    file_identify_fd(s->fd, &s->file) == -1)
		return err_set(e, REASON_MAP_BROKEN, "%s: cannot open: %s",
		    s->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, REASON_MAP_BROKEN, "%s: not a file",
		    s->path);
	return 1;
}

/* What can be told before Berkeley DB sees it. 0, or -1 and e. */
static int
store_look(struct store *s, struct err *e)
{
	struct err why;

	if (mark_read(s->fd, s->file.size, &s->mark, &why) == -1)
		return err_set(e, REASON_MAP_BROKEN, "%s: %s", s->path,
		    why.text);
	if (s->file.size > STORE_SUM_ALWAYS)
		return 0;
	return store_check_sum(s, e);
}

/* Runs one step of opening. 0, or -1 and e. */
static int
store_step(struct store *s, void (*run)(void *), struct store_opening *o,
    struct err *e)
{
	o->s = s;
	o->db = NULL;
	if (store_run(s, run, o, e) == -1)
		return -1;
	if (o->answer == DB_RUNRECOVERY)
		store_lose(s);
	if (o->answer != 0)
		return store_failed(s->path, o->answer, e);
	return 0;
}

static int
store_get_word(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	return store_get(arg, 0, key, a, value, e);
}

/* Reads "m" and "z": do they belong to this file? 0, or -1 and e. */
static int
store_open_meta(struct store *s, struct err *e)
{
	struct err why;

	if (codec_get_meta(&s->meta, store_get_word, s, &s->words, &why) ==
	    -1)
		return err_set(e, why.reason, "%s: %s", s->path, why.text);
	if (s->meta.pages != (uint64_t)s->file.size / CODEC_PAGE)
		return err_set(e, REASON_MAP_BROKEN,
		    "%s: truncated, or not wholly written", s->path);
	if (mark_facts(&s->meta) != s->mark.facts)
		return err_set(e, REASON_MAP_BROKEN,
		    "%s: its front and its end are of two maps", s->path);
	if (!store_sound(s))
		return err_set(e, REASON_MAP_BROKEN,
		    "%s: written over while it was opened", s->path);
	return 0;
}

/*
 * As store_open; 2: the path had another file meanwhile and there is no /proc
 * to open the first one by.
 */
static int
store_open_once(const char *path, struct store **out, struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));
	struct store_opening o = { 0 };
	int got = -1;

	if (s == NULL)
		return err_set(e, REASON_OVERLOADED, "%s: out of memory",
		    path);
	s->fd = -1;
	arena_init(&s->words, STORE_META_MAX);
	if (strlen(path) >= sizeof(s->path)) {
		err_set(e, REASON_MAP_BROKEN, "the map's path is too long");
		goto out;
	}
	memcpy(s->path, path, strlen(path) + 1);
	got = store_open_file(s, e);
	if (got != 1)
		goto out;
	got = -1;
	if (store_look(s, e) == -1 ||
	    store_step(s, store_run_env, &o, e) == -1 ||
	    store_step(s, store_run_handle, &o, e) == -1)
		goto out;
	s->slots[0] = o.db;
	if (o.db == NULL) {
		got = 2;
		goto out;
	}
	if (store_open_meta(s, e) == -1)
		goto out;
	*out = s;
	return 1;
out:
	store_close(&s);
	return got;
}

int
store_open(const char *path, struct store **out, struct err *e)
{
	int tries, got;

	*out = NULL;
	for (tries = 0; tries < STORE_OPEN_TRIES; tries++) {
		got = store_open_once(path, out, e);
		if (got != 2)
			return got;
	}
	return err_set(e, REASON_MAP_BROKEN, "%s: replaced again and again "
	    "while it was opened", path);
}

static void
store_abandon(struct store *s)
{
	CHECK(pthread_mutex_lock(&store_abandoned_lock) == 0);
	s->next = store_abandoned;
	store_abandoned = s;
	CHECK(pthread_mutex_unlock(&store_abandoned_lock) == 0);
}

void
store_close(struct store **store)
{
	struct store *s = *store;
	unsigned i;

	*store = NULL;
	if (s == NULL)
		return;
	if (s->fd != -1)
		close(s->fd);
	arena_fini(&s->words);
	if (atomic_load(&s->lost)) {
		store_abandon(s);
		return;
	}
	for (i = 0; i < STORE_SLOTS_MAX; i++)
		if (s->cursors[i] != NULL)
			(void)s->cursors[i]->close(s->cursors[i]);
	for (i = 1; i < STORE_SLOTS_MAX; i++)
		if (s->slots[i] != NULL && s->slots[i] != s->slots[0])
			(void)s->slots[i]->close(s->slots[i], DB_NOSYNC);
	if (s->slots[0] != NULL)
		(void)s->slots[0]->close(s->slots[0], DB_NOSYNC);
	if (s->env != NULL)
		(void)s->env->close(s->env, 0);
	free(s);
}

/* Is there a descriptor left? Berkeley DB would wait for one for seconds. */
static bool
store_has_descriptor(const struct store *s)
{
	int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

DB *
store_handle_open(struct store *s)
{
	struct store_opening o;
	struct err e;

	if (!store_has_descriptor(s) ||
	    store_step(s, store_run_handle, &o, &e) == -1)
		return NULL;
	return o.db;
}
