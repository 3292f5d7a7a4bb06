/* SPDX-License-Identifier: BSD-2-Clause */

/* journal_tail: a place is copied, and only then looked at, unless its seal
 * has changed meanwhile. */

#include "report/journal_tail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "report/journal_ring.h"

struct journal_tail {
	struct shm *shm;
	uint64_t next;       /* number of the record to be read */
	int64_t since;       /* clock_ms, from when on it is waited for; 0: it
	                        is not */
	uint64_t begun;      /* number behind the last that was taken then */
	uint64_t late;       /* those below it were waited for */
	uint64_t lost;       /* as the file had it when last looked at */
	uint64_t missed;
	uint64_t words[JOURNAL_WORDS];
};

/* How a record stands. */
enum journal_tail_how {
	JOURNAL_TAIL_NONE = 0, /* nobody began it */
	JOURNAL_TAIL_COMES,    /* somebody writes it, or was killed */
	JOURNAL_TAIL_READ,
	JOURNAL_TAIL_GONE      /* others were written over it */
};

/* One call of a function below, run in the mapping. */
struct journal_tail_call {
	struct journal_tail *t;
	const struct journal_data *d;
	enum journal_tail_how how;
	size_t n;
	uint64_t end;  /* number behind the last record */
	uint64_t lost;
	struct journal_tail_routers routers;
};

static bool
journal_tail_run(struct journal_tail *t, void (*fn)(void *arg),
    struct journal_tail_call *c)
{
	c->t = t;
	c->d = shm_data(t->shm);
	return shm_run(t->shm, fn, c);
}

static void
journal_tail_end_in(void *arg)
{
	struct journal_tail_call *c = arg;

	c->end = atomic_load_explicit(&c->d->next, memory_order_acquire);
	c->lost = atomic_load_explicit(&c->d->lost, memory_order_relaxed);
}

struct journal_tail *
journal_tail_open(const char *folder, struct err *e)
{
	struct journal_tail_call c = { .n = 0 };
	struct journal_tail *t = calloc(1, sizeof(*t));

	CHECK(t != NULL);
	t->shm = shm_read(folder, &journal_kind, e);
	if (t->shm == NULL || shm_watch(t->shm, e) == -1) {
		journal_tail_close(&t);
		return NULL;
	}
	if (journal_tail_run(t, journal_tail_end_in, &c)) {
		t->next = c.end;
		t->lost = c.lost;
	}
	return t;
}

bool
journal_tail_lacks(const char *folder)
{
	char path[FILE_PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s.%u", folder,
	    journal_kind.name, journal_kind.version);

	return n > 0 && (size_t)n < sizeof(path) && lstat(path, &st) == -1 &&
	    errno == ENOENT;
}

void
journal_tail_close(struct journal_tail **t)
{
	if (*t != NULL)
		shm_leave(&(*t)->shm);
	free(*t);
	*t = NULL;
}

void
journal_tail_back(struct journal_tail *t, uint64_t count)
{
	uint64_t most = t->next < JOURNAL_PLACES ? t->next : JOURNAL_PLACES;

	t->next -= count < most ? count : most;
	t->since = 0;
}

/* ---- one record ---- */

static enum journal_tail_how
journal_tail_judge(uint64_t seal, uint64_t number, uint64_t end)
{
	if (number >= end)
		return JOURNAL_TAIL_NONE;
	if (seal == journal_seal(number, 0))
		return JOURNAL_TAIL_READ;
	if (journal_seal_next(seal) > number + 1 || end - number >
	    JOURNAL_PLACES)
		return JOURNAL_TAIL_GONE;
	return JOURNAL_TAIL_COMES;
}

/* Acquired: the seal is looked at again only then. */
static void
journal_tail_copy(struct journal_tail_call *c)
{
	const struct journal_place *place =
	    &c->d->places[c->t->next % JOURNAL_PLACES];
	size_t i;

	c->t->words[0] = atomic_load_explicit(&place->words[0],
	    memory_order_acquire);
	c->n = journal_pack_size((const unsigned char *)c->t->words);
	for (i = 1; i * sizeof(c->t->words[0]) < c->n; i++)
		c->t->words[i] = atomic_load_explicit(&place->words[i],
		    memory_order_acquire);
}

static void
journal_tail_next_in(void *arg)
{
	struct journal_tail_call *c = arg;
	uint64_t number = c->t->next;
	const _Atomic uint64_t *seal = &c->d->seals[number % JOURNAL_PLACES];

	journal_tail_end_in(c);
	c->how = journal_tail_judge(atomic_load_explicit(seal,
	    memory_order_acquire), number, c->end);
	if (c->how != JOURNAL_TAIL_READ)
		return;
	journal_tail_copy(c);
	if (atomic_load_explicit(seal, memory_order_relaxed) !=
	    journal_seal(number, 0))
		c->how = JOURNAL_TAIL_GONE;
}

/* Passes records that are not to be had. Of a turn that is over, all but the
 * newer half: the others would be written over one by one. */
static void
journal_tail_pass(struct journal_tail *t, const struct journal_tail_call *c)
{
	uint64_t to = t->next + 1;

	if (c->end - t->next > JOURNAL_PLACES)
		to = c->end - JOURNAL_PLACES / 2;
	t->missed += to - t->next;
	t->next = to;
	t->since = 0;
}

/* Has it been waited for long enough, as all that were begun when waiting
 * began? Or is the ring soon around? */
static bool
journal_tail_is_late(struct journal_tail *t, const struct journal_tail_call *c)
{
	if (t->since == 0) {
		t->since = clock_ms();
		t->begun = c->end;
	}
	if (clock_ms() - t->since >= JOURNAL_TAIL_PATIENCE_MS)
		t->late = t->begun;
	return t->next < t->late || c->end - t->next > JOURNAL_PLACES / 2;
}

/* What the file says besides, which may be less than before if somebody else
 * wrote it. */
static void
journal_tail_note(struct journal_tail *t, const struct journal_tail_call *c)
{
	if (c->lost > t->lost)
		t->missed += c->lost - t->lost;
	t->lost = c->lost;
	if (c->end < t->next)
		t->next = c->end;
}

/* Takes a step: 1, a record was read; 0, there is none; 2, one was passed. */
static int
journal_tail_step(struct journal_tail *t, struct journal_entry *out)
{
	struct journal_tail_call c = { .how = JOURNAL_TAIL_NONE };

	if (!journal_tail_run(t, journal_tail_next_in, &c))
		return 0;
	journal_tail_note(t, &c);
	if (c.how == JOURNAL_TAIL_NONE ||
	    (c.how == JOURNAL_TAIL_COMES && !journal_tail_is_late(t, &c)))
		return 0;
	if (c.how != JOURNAL_TAIL_READ ||
	    !journal_pack_get((const unsigned char *)t->words, c.n, out)) {
		journal_tail_pass(t, &c);
		return 2;
	}
	t->next++;
	t->since = 0;
	return 1;
}

int
journal_tail_next(struct journal_tail *t, struct journal_entry *out)
{
	int steps = 0, got;

	/* Bounded, should the file be such that it never ends. */
	do {
		got = journal_tail_step(t, out);
	} while (got == 2 && steps++ < JOURNAL_PLACES);
	return got == 1 ? 1 : 0;
}

bool
journal_tail_waits(const struct journal_tail *t)
{
	return t->since != 0;
}

uint64_t
journal_tail_missed(struct journal_tail *t)
{
	uint64_t missed = t->missed;

	t->missed = 0;
	return missed;
}

/* ---- around it ---- */

static void
journal_tail_routers_in(void *arg)
{
	struct journal_tail_call *c = arg;
	size_t i;

	for (i = 0; i < JOURNAL_SLOTS; i++) {
		uint32_t state = atomic_load_explicit(&c->d->states[i],
		    memory_order_relaxed);

		c->routers.joined += state != JOURNAL_NOBODY;
		c->routers.writing += state == JOURNAL_WRITES;
	}
}

struct journal_tail_routers
journal_tail_routers(struct journal_tail *t)
{
	struct journal_tail_call c = { .n = 0 };

	if (!journal_tail_run(t, journal_tail_routers_in, &c))
		c.routers = (struct journal_tail_routers){ 0, 0 };
	return c.routers;
}

int
journal_tail_look(struct journal_tail *t, struct err *e)
{
	int got = shm_look(t->shm, e);

	if (got != 0)
		t->next = t->late = t->lost = 0;
	return got;
}
