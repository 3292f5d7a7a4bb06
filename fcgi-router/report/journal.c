/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * journal: the writers' side.
 *
 * A number is taken by one addition; then the seal of its place is changed by
 * one compare-and-swap, the record copied, and the seal set. Who finds somebody
 * at work there is a whole turn of the ring ahead of him, and gives up: the
 * record is missed by readers, who see the gap. Who was killed at work leaves
 * his mark; it goes with his slot.
 */

#include "report/journal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "report/journal_ring.h"

enum {
	JOURNAL_SECOND_US = 1000000,
	JOURNAL_STEP = 4 /* words that are copied at once */
};

_Static_assert(JOURNAL_WORDS % JOURNAL_STEP == 0, "a place has whole steps");

struct journal {
	char *folder;
	struct shm *shm;    /* NULL: not joined; set before `wanted` */
	atomic_bool wanted;
};

static void
journal_clear(void *data, unsigned slot)
{
	struct journal_data *d = data;
	size_t i;

	for (i = 0; i < JOURNAL_PLACES; i++)
		if (journal_seal_writer(atomic_load_explicit(&d->seals[i],
		    memory_order_relaxed)) == slot + 1)
			atomic_store(&d->seals[i], 0);
	atomic_store(&d->states[slot], JOURNAL_NOBODY);
}

const struct shm_kind journal_kind = {
	.name = "journal",
	.version = JOURNAL_VERSION,
	.size = sizeof(struct journal_data),
	.slots = JOURNAL_SLOTS,
	.clear = journal_clear
};

struct journal *
journal_new(const char *folder)
{
	struct journal *j = calloc(1, sizeof(*j));

	CHECK(j != NULL);
	j->folder = strdup(folder);
	CHECK(j->folder != NULL);
	atomic_init(&j->wanted, false);
	return j;
}

void
journal_free(struct journal **j)
{
	if (*j == NULL)
		return;
	shm_leave(&(*j)->shm);
	free((*j)->folder);
	free(*j);
	*j = NULL;
}

/* ---- whether to write ---- */

static int
journal_join(struct journal *j, bool once, struct err *e)
{
	if (j->shm != NULL)
		return shm_look(j->shm, e) == -1 ? -1 : 0;
	j->shm = shm_join(j->folder, &journal_kind,
	    !once || access(j->folder, W_OK) == 0, e);
	return e->reason == REASON_NONE ? 0 : -1;
}

/* Readers want to know who writes. */
static void
journal_tell_in(void *arg)
{
	const struct journal *j = arg;
	struct journal_data *d = shm_data(j->shm);
	uint32_t now = atomic_load(&j->wanted) ? JOURNAL_WRITES :
	    JOURNAL_IDLE;
	int slot = shm_slot(j->shm);

	if (slot != -1 && atomic_load(&d->states[slot]) != now)
		atomic_store(&d->states[slot], now);
}

int
journal_look(struct journal *j, enum journal_keep keep, bool once,
    struct err *e)
{
	int got;

	if (j->shm == NULL && (keep == JOURNAL_KEEP_NO || (once &&
	    keep == JOURNAL_KEEP_TAIL &&
	    shm_glance(j->folder, &journal_kind) == 0)))
		return 0;
	got = journal_join(j, once, e);
	shm_reap(j->shm);
	atomic_store(&j->wanted, shm_is_shared(j->shm) &&
	    (keep == JOURNAL_KEEP_ALWAYS ||
	    (keep == JOURNAL_KEEP_TAIL && shm_is_watched(j->shm))));
	if (!shm_run(j->shm, journal_tell_in, j))
		atomic_store(&j->wanted, false);
	return got;
}

bool
journal_wanted(const struct journal *j)
{
	return atomic_load_explicit(&j->wanted, memory_order_acquire);
}

/* ---- writing ---- */

struct journal_writing {
	struct journal_data *d;
	int slot;
	size_t n; /* bytes */
	uint64_t words[JOURNAL_WORDS];
};

/* Was it written before `number`, or by nobody? What was not is rubbish. */
static bool
journal_is_before(const struct journal_data *d, uint64_t seal, uint64_t number)
{
	return journal_seal_next(seal) <= number ||
	    journal_seal_next(seal) > atomic_load(&d->next);
}

/* Takes the place of a record. false: it is somebody else's. */
static bool
journal_take(struct journal_data *d, uint64_t number, uint64_t own)
{
	_Atomic uint64_t *seal = &d->seals[number % JOURNAL_PLACES];
	uint64_t old = atomic_load_explicit(seal, memory_order_relaxed);
	unsigned writer = journal_seal_writer(old);

	return (writer == 0 || writer > JOURNAL_SLOTS) &&
	    journal_is_before(d, old, number) &&
	    atomic_compare_exchange_strong_explicit(seal, &old, own,
	    memory_order_acquire, memory_order_relaxed);
}

/* Released, so that who reads it also sees the seal that was set before. */
static inline void
journal_put_word(struct journal_place *place, const struct journal_writing *w,
    size_t i)
{
	atomic_store_explicit(&place->words[i], w->words[i],
	    memory_order_release);
}

static void
journal_write_in(void *arg)
{
	const struct journal_writing *w = arg;
	struct journal_data *d = w->d;
	struct journal_place *place;
	uint64_t number;
	size_t i;

	/* If the file was cut, it is found out before anything is changed. */
	(void)atomic_load_explicit(&d->next, memory_order_relaxed);
	if (w->slot == -1) {
		atomic_fetch_add(&d->lost, 1);
		return;
	}
	number = atomic_fetch_add(&d->next, 1);
	if (!journal_take(d, number,
	    journal_seal(number, (unsigned)w->slot + 1)))
		return;
	place = &d->places[number % JOURNAL_PLACES];
	for (i = 0; i * sizeof(w->words[0]) < w->n; i += JOURNAL_STEP) {
		journal_put_word(place, w, i);
		journal_put_word(place, w, i + 1);
		journal_put_word(place, w, i + 2);
		journal_put_word(place, w, i + 3);
	}
	atomic_store_explicit(&d->seals[number % JOURNAL_PLACES],
	    journal_seal(number, 0), memory_order_release);
}

/* Nobody knew, when the request began, that it would be asked for. */
static struct timespec
journal_start(const struct record *r)
{
	struct timespec now = clock_wall();
	int64_t us = now.tv_sec * JOURNAL_SECOND_US + now.tv_nsec / 1000 -
	    (r->total_us > 0 ? r->total_us : 0);

	return (struct timespec){ us / JOURNAL_SECOND_US,
		us % JOURNAL_SECOND_US * 1000 };
}

void
journal_write(struct journal *j, const struct record *r)
{
	struct journal_writing w;
	struct record dated;

	if (r->start.tv_sec == 0) {
		dated = *r;
		dated.start = journal_start(r);
		r = &dated;
	}
	w.d = shm_data(j->shm);
	w.slot = shm_slot(j->shm);
	w.n = journal_pack_put(r, (unsigned char *)w.words);
	/* Whole steps are copied. */
	memset((unsigned char *)w.words + w.n, 0,
	    -w.n % (JOURNAL_STEP * sizeof(w.words[0])));
	if (!shm_run(j->shm, journal_write_in, &w))
		atomic_store(&j->wanted, false);
}
