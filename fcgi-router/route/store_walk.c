/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * store_walk: a map from end to end: its sum, its pages, its records.
 *
 * Nothing of that goes by the store's own environment and its handles.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sigbus.h"
#include "route/store_private.h"

enum {
	STORE_CHECK_CACHE = 4 * 1024 * 1024,
	STORE_WALK_CACHE = 256 * 1024,
	STORE_WALK_BULK = 256 * 1024, /* many records at a time */
	STORE_WALK_UNIT = 1024        /* what that is a multiple of */
};

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
	if (store_run(s, store_run_check, &c, e) == -1)
		return -1;
	if (c.answer != 0)
		return store_failed(s->path, c.answer, e);
	return 0;
}
