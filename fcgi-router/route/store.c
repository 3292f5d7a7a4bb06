/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * store: one map file in one private environment.
 *
 * Whatever Berkeley DB reads runs under sigbus_run, and what it has to say
 * goes into our errors, never to stderr. It opens the file by the descriptor
 * held here (/proc/self/fd), so that all handles read the very file that was
 * checked, also when the path has another one by now; where there is no /proc
 * the path must do, and a handle of another file is not used.
 */

#include "route/store.h"

#include <db.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sigbus.h"
#include "route/mark.h"

/*
 * Berkeley DB notes some of an environment's memory as distances, which a leak
 * checker cannot follow: what an abandoned one holds would look lost.
 */
#if defined(__SANITIZE_ADDRESS__)
#define STORE_LEAK_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STORE_LEAK_CHECKED 1
#endif
#endif
#ifdef STORE_LEAK_CHECKED
#include <sanitizer/lsan_interface.h>
#define STORE_KEPT_BEGIN() __lsan_disable()
#define STORE_KEPT_END() __lsan_enable()
#else
#define STORE_KEPT_BEGIN() (void)0
#define STORE_KEPT_END() (void)0
#endif

enum {
	STORE_CACHE = 64 * 1024, /* mapped pages do not go through it */
	STORE_CHECK_CACHE = 4 * 1024 * 1024,
	STORE_META_MAX = 4 * 1024 * 1024,
	STORE_VALUE_FIRST = 1024, /* most records fit: one get is enough */
	STORE_VALUE_MAX = 8 * 1024 * 1024,
	STORE_WALK_CACHE = 256 * 1024,
	STORE_WALK_BULK = 256 * 1024, /* many records at a time */
	STORE_WALK_UNIT = 1024,       /* what that is a multiple of */
	STORE_OPEN_TRIES = 4,
	STORE_PROC_MAX = 32,
	STORE_SAID_MAX = 160
};

struct store {
	DB_ENV *env;
	DB *slots[STORE_SLOTS_MAX]; /* NULL until first used; may share [0] */
	int fd;
	struct file_id file;
	struct mark mark;
	struct codec_meta meta;
	struct arena words; /* what meta points at */
	atomic_bool lost;
	atomic_bool unsound;
	struct store *next; /* of the abandoned ones */
	char path[FILE_PATH_MAX];
};

/*
 * Stores whose environment must not be touched any more. They are kept
 * reachable so that a leak checker knows of them.
 */
static struct store *store_abandoned;
static pthread_mutex_t store_abandoned_lock = PTHREAD_MUTEX_INITIALIZER;

/* What Berkeley DB said last, in this thread. */
static _Thread_local char store_said[STORE_SAID_MAX];

static void
store_hear(const DB_ENV *env, const char *prefix, const char *text)
{
	(void)env;
	(void)prefix;
	(void)snprintf(store_said, sizeof(store_said), "%s", text);
}

/* Fills e from an answer of Berkeley DB. */
static int
store_failed(const char *path, int answer, struct err *e)
{
	if (answer == ENOMEM)
		return err_set(e, REASON_OVERLOADED, "%s: out of memory",
		    path);
	if (store_said[0] != '\0')
		return err_set(e, REASON_MAP_BROKEN, "%s: %s", path,
		    store_said);
	return err_set(e, REASON_MAP_BROKEN, "%s: %s", path,
	    db_strerror(answer));
}

static int
store_gone(const char *path, struct err *e)
{
	return err_set(e, REASON_MAP_BROKEN,
	    "%s: it broke while it was in use", path);
}

static void
store_lose(struct store *s)
{
	atomic_store(&s->lost, true);
	atomic_store(&s->unsound, true);
}

/* Calls into Berkeley DB: each a function for sigbus_run. */

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

struct store_call {
	DB *db;
	DBC *cursor;
	DBT key;
	DBT value;
	int answer;
};

static void
store_run_get(void *arg)
{
	struct store_call *c = arg;

	c->answer = c->db->get(c->db, NULL, &c->key, &c->value, 0);
}

/* Opening */

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
	store_said[0] = '\0';
	o->s = s;
	o->db = NULL;
	if (!sigbus_run(run, o)) {
		store_lose(s);
		return store_gone(s->path, e);
	}
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
	for (i = 1; i < STORE_SLOTS_MAX; i++)
		if (s->slots[i] != NULL && s->slots[i] != s->slots[0])
			(void)s->slots[i]->close(s->slots[i], DB_NOSYNC);
	if (s->slots[0] != NULL)
		(void)s->slots[0]->close(s->slots[0], DB_NOSYNC);
	if (s->env != NULL)
		(void)s->env->close(s->env, 0);
	free(s);
}

/* Asking */

bool
store_lost(const struct store *s)
{
	return atomic_load_explicit(&s->lost, memory_order_relaxed);
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

/*
 * The slot's handle. A slot that cannot have its own (no descriptors, no
 * /proc and the path replaced) shares the first, which is slower, not wrong.
 */
static DB *
store_handle(struct store *s, unsigned slot)
{
	struct store_opening o;
	struct err e;

	CHECK(slot < STORE_SLOTS_MAX);
	if (s->slots[slot] != NULL)
		return s->slots[slot];
	if (store_has_descriptor(s) &&
	    store_step(s, store_run_handle, &o, &e) == 0 && o.db != NULL)
		s->slots[slot] = o.db;
	else
		s->slots[slot] = s->slots[0];
	return s->slots[slot];
}

/* Runs a call that leaves *answer. 1, 0: not there, 2: a buffer is too small,
 * -1 and e. */
static int
store_ask(struct store *s, void (*run)(void *), void *arg, const int *answer,
    struct err *e)
{
	store_said[0] = '\0';
	if (store_lost(s))
		return store_gone(s->path, e);
	if (!sigbus_run(run, arg)) {
		store_lose(s);
		return store_gone(s->path, e);
	}
	if (*answer == 0)
		return 1;
	if (*answer == DB_NOTFOUND)
		return 0;
	if (*answer == DB_BUFFER_SMALL)
		return 2;
	if (*answer != ENOMEM)
		store_lose(s);
	return store_failed(s->path, *answer, e);
}

int
store_get(struct store *s, unsigned slot, struct str key, struct arena *a,
    struct str *value, struct err *e)
{
	char first[STORE_VALUE_FIRST];
	struct store_call c = { 0 };
	char *room;
	int got;

	if (store_lost(s))
		return store_gone(s->path, e);
	if (key.n > CODEC_KEY_MAX)
		return 0;
	c.db = store_handle(s, slot);
	/* A read-only DBT all the same. */
	c.key.data = (void *)(uintptr_t)key.p;
	c.key.size = (u_int32_t)key.n;
	c.value.data = first;
	c.value.ulen = sizeof(first);
	c.value.flags = DB_DBT_USERMEM;
	got = store_ask(s, store_run_get, &c, &c.answer, e);
	if (got == 0 || got == -1)
		return got;
	if (c.value.size > STORE_VALUE_MAX) {
		store_lose(s);
		return err_set(e, REASON_MAP_BROKEN, "%s: a record too large",
		    s->path);
	}
	room = arena_alloc(a, (size_t)c.value.size + 1);
	if (room == NULL)
		return err_set(e, REASON_OVERLOADED,
		    "%s: no memory for a record", s->path);
	if (got == 1) {
		memcpy(room, first, c.value.size);
	} else {
		c.value.data = room;
		c.value.ulen = c.value.size;
		got = store_ask(s, store_run_get, &c, &c.answer, e);
		if (got == 2) {
			store_lose(s);
			return store_gone(s->path, e);
		}
	}
	*value = (struct str){ room, c.value.size };
	return got;
}

bool
store_sound(struct store *s)
{
	struct file_id now;

	if (atomic_load_explicit(&s->unsound, memory_order_relaxed))
		return false;
	if (file_identify_fd(s->fd, &now) == 0 &&
	    file_same_content(&now, &s->file))
		return true;
	atomic_store(&s->unsound, true);
	return false;
}

const struct codec_meta *
store_meta(const struct store *s)
{
	return &s->meta;
}

const struct file_id *
store_file(const struct store *s)
{
	return &s->file;
}

bool
store_same(const struct store *a, const struct store *b)
{
	return mark_same(&a->mark, &b->mark);
}

/* Whole checks and walks */

int
store_check_sum(struct store *s, struct err *e)
{
	struct err why;
	uint64_t sum;

	if (mark_sum(s->fd, s->file.size, &sum, &why) == -1)
		return err_set(e, REASON_MAP_BROKEN, "%s: %s", s->path,
		    why.text);
	if (sum != s->mark.sum)
		return err_set(e, REASON_MAP_BROKEN,
		    "%s: not as it was written (its sum is another)",
		    s->path);
	return 0;
}

/* A handle outside of the store's environment, not opened yet. 0, or what
 * Berkeley DB answers. */
static int
store_alone(DB **db, u_int32_t cache)
{
	int answer = db_create(db, NULL, 0);

	if (answer != 0)
		return answer;
	(*db)->set_errcall(*db, store_hear);
	answer = (*db)->set_cachesize(*db, 0, cache, 1);
	if (answer != 0)
		(void)(*db)->close(*db, DB_NOSYNC);
	return answer;
}

/* Another name of the open file; where there is no /proc its path must do. */
static const char *
store_name(const struct store *s, char proc[STORE_PROC_MAX])
{
	(void)snprintf(proc, STORE_PROC_MAX, "/proc/self/fd/%d", s->fd);
	return access(proc, R_OK) == 0 ? proc : s->path;
}

/*
 * A walk comes to every page once, and mapped ones would all stay in memory: so
 * it has a handle of its own that maps nothing.
 */
struct store_cursor {
	struct store *store;
	const char *path;
	struct store_call call; /* value is a bulk of records */
	void *at;               /* in the bulk, NULL: it is used up */
	char proc[STORE_PROC_MAX];
};

static void
store_run_cursor(void *arg)
{
	struct store_cursor *c = arg;
	DB *db;

	c->call.answer = store_alone(&db, STORE_WALK_CACHE);
	if (c->call.answer != 0)
		return;
	c->call.db = db;
	c->call.answer = db->open(db, NULL, c->path, NULL, DB_BTREE,
	    DB_RDONLY | DB_NOMMAP, 0);
	if (c->call.answer == 0)
		c->call.answer = db->cursor(db, NULL, &c->call.cursor, 0);
}

static void
store_run_next(void *arg)
{
	struct store_call *c = &((struct store_cursor *)arg)->call;

	c->answer = c->cursor->get(c->cursor, &c->key, &c->value,
	    DB_NEXT | DB_MULTIPLE_KEY);
}

static void
store_run_cursor_close(void *arg)
{
	struct store_call *c = &((struct store_cursor *)arg)->call;

	if (c->cursor != NULL)
		(void)c->cursor->close(c->cursor);
	if (c->db != NULL)
		(void)c->db->close(c->db, DB_NOSYNC);
}

/* What a lost store's cursor has is abandoned, as the store's own. */
static int
store_cursor_ask(struct store_cursor *c, void (*run)(void *), struct err *e)
{
	int got;

	STORE_KEPT_BEGIN();
	got = store_ask(c->store, run, c, &c->call.answer, e);
	STORE_KEPT_END();
	return got;
}

int
store_cursor_open(struct store *s, struct store_cursor **out, struct err *e)
{
	struct store_cursor *c = calloc(1, sizeof(*c));
	struct err closing;

	CHECK(c != NULL);
	c->store = s;
	c->path = store_name(s, c->proc);
	c->call.value.flags = DB_DBT_USERMEM;
	c->call.value.ulen = STORE_WALK_BULK;
	c->call.value.data = malloc(STORE_WALK_BULK);
	CHECK(c->call.value.data != NULL);
	*out = c;
	if (store_cursor_ask(c, store_run_cursor, e) == 1)
		return 0;
	if (store_cursor_close(out, &closing) == -1)
		store_lose(s);
	return -1;
}

/* Makes room for a record that does not fit. 0, or -1 and e. */
static int
store_cursor_grow(struct store_cursor *c, struct err *e)
{
	DBT *bulk = &c->call.value;
	size_t size = (size_t)bulk->size + CODEC_KEY_MAX + STORE_WALK_UNIT;
	void *more;

	if (bulk->size > 2 * STORE_VALUE_MAX)
		return err_set(e, REASON_MAP_BROKEN, "%s: a record too large",
		    c->store->path);
	size = size / STORE_WALK_UNIT * STORE_WALK_UNIT;
	more = size > bulk->ulen ? realloc(bulk->data, size) : NULL;
	if (more == NULL)
		return err_set(e, REASON_OVERLOADED, "%s: out of memory",
		    c->store->path);
	bulk->data = more;
	bulk->ulen = (u_int32_t)size;
	return 0;
}

/* The next record of the bulk at hand. */
static bool
store_cursor_step(struct store_cursor *c, struct str *key, struct str *value)
{
	void *k, *v;

	if (c->at == NULL)
		return false;
	DB_MULTIPLE_KEY_NEXT(c->at, &c->call.value, k, key->n, v, value->n);
	if (c->at == NULL)
		return false;
	key->p = k;
	value->p = v;
	return true;
}

int
store_cursor_next(struct store_cursor *c, struct str *key, struct str *value,
    struct err *e)
{
	int got;

	while (!store_cursor_step(c, key, value)) {
		got = store_cursor_ask(c, store_run_next, e);
		if (got == 0 || got == -1)
			return got;
		if (got == 1)
			DB_MULTIPLE_INIT(c->at, &c->call.value);
		else if (store_cursor_grow(c, e) == -1)
			return -1;
	}
	return 1;
}

int
store_cursor_close(struct store_cursor **cursor, struct err *e)
{
	struct store_cursor *c = *cursor;
	int got = 0;

	*cursor = NULL;
	if (c == NULL)
		return 0;
	/* Of a lost store too: nothing of this handle is a mapping. */
	if (!sigbus_run(store_run_cursor_close, c)) {
		store_lose(c->store);
		got = store_gone(c->store->path, e);
	}
	free(c->call.value.data);
	free(c);
	return got;
}

int
store_walk(struct store *s,
    int (*see)(void *arg, struct str key, struct str value), void *arg,
    struct err *e)
{
	struct store_cursor *c;
	struct str key, value;
	struct err closing;
	int got;

	if (store_cursor_open(s, &c, e) == -1)
		return -1;
	while ((got = store_cursor_next(c, &key, &value, e)) == 1) {
		got = see(arg, key, value);
		if (got != 0)
			break;
	}
	if (store_cursor_close(&c, &closing) == -1 && got == 0) {
		*e = closing;
		got = -1;
	}
	return got;
}

struct store_checking {
	const char *path;
	int answer;
};

static void
store_run_check(void *arg)
{
	struct store_checking *c = arg;
	DB *db;

	c->answer = store_alone(&db, STORE_CHECK_CACHE);
	/* It closes the handle, whatever it answers. */
	if (c->answer == 0)
		c->answer = db->verify(db, c->path, NULL, NULL, 0);
}

int
store_check_pages(struct store *s, struct err *e)
{
	struct store_checking c = { 0 };
	char proc[STORE_PROC_MAX];

	c.path = store_name(s, proc);
	store_said[0] = '\0';
	if (!sigbus_run(store_run_check, &c)) {
		store_lose(s);
		return store_gone(s->path, e);
	}
	if (c.answer != 0)
		return store_failed(s->path, c.answer, e);
	return 0;
}
