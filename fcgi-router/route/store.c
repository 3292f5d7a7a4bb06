/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * store: asking one map file in its private environment.
 *
 * Whatever Berkeley DB reads runs under sigbus_run, and what it has to say
 * goes into our errors, never to stderr.
 */

#include "route/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/sigbus.h"
#include "route/store_private.h"

enum {
	STORE_VALUE_FIRST = 1024, /* most records fit: one get is enough */
	STORE_SAID_MAX = 160
};

/* What Berkeley DB said last, in this thread. */
static _Thread_local char store_said[STORE_SAID_MAX];

void
store_hear(const DB_ENV *env, const char *prefix, const char *text)
{
	(void)env;
	(void)prefix;
	(void)snprintf(store_said, sizeof(store_said), "%s", text);
}

int
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

int
store_gone(const char *path, struct err *e)
{
	return err_set(e, REASON_MAP_BROKEN,
	    "%s: it broke while it was in use", path);
}

void
store_lose(struct store *s)
{
	atomic_store(&s->lost, true);
	atomic_store(&s->unsound, true);
}

int
store_run(struct store *s, void (*run)(void *), void *arg, struct err *e)
{
	store_said[0] = '\0';
	if (sigbus_run(run, arg))
		return 0;
	store_lose(s);
	return store_gone(s->path, e);
}

bool
store_lost(const struct store *s)
{
	return atomic_load_explicit(&s->lost, memory_order_relaxed);
}

int
store_ask(struct store *s, void (*run)(void *), void *arg, const int *answer,
    struct err *e)
{
	if (store_lost(s))
		return store_gone(s->path, e);
	if (store_run(s, run, arg, e) == -1)
		return -1;
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

/* A slot that cannot have its own handle shares the first, which is slower, not
 * wrong. */
static DB *
store_handle(struct store *s, unsigned slot)
{
	CHECK(slot < STORE_SLOTS_MAX);
	if (s->slots[slot] == NULL) {
		s->slots[slot] = store_handle_open(s);
		if (s->slots[slot] == NULL)
			s->slots[slot] = s->slots[0];
	}
	return s->slots[slot];
}

/*
 * By a cursor that is kept: DB->get makes and ends one for each record, which
 * takes a third of its time, and locks. Like that one it is told to keep no
 * copy of its place for a get that fails; DB->cursor takes no flag for it.
 */
static void
store_run_get(void *arg)
{
	struct store_call *c = arg;

	if (c->cursor == NULL) {
		c->answer = c->db->cursor(c->db, NULL, &c->cursor, 0);
		if (c->answer != 0)
			return;
		c->cursor->flags |= DBC_TRANSIENT;
	}
	c->answer = c->cursor->get(c->cursor, &c->key, &c->value, DB_SET);
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
	c.cursor = s->cursors[slot];
	/* A read-only DBT all the same. */
	c.key.data = (void *)(uintptr_t)key.p;
	c.key.size = (u_int32_t)key.n;
	c.value.data = first;
	c.value.ulen = sizeof(first);
	c.value.flags = DB_DBT_USERMEM;
	got = store_ask(s, store_run_get, &c, &c.answer, e);
	s->cursors[slot] = c.cursor;
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
