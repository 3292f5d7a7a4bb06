/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * limit_room: how many requests of a key are inside, of all processes.
 *
 * Each process counts its own in a column of its slot, and all columns
 * together are the number: what a killed process had goes with its slot, and
 * no sum can be left wrong.
 *
 * Who wants in marks that first, then adds up all columns: those inside and
 * the marks, its own too. If that is no more than allowed it turns its mark
 * into a place, by one write. Of any that were inside together too many, the
 * one that marked last would have seen all others: so there are never too
 * many. If it is more, only because of marks, then several race: the first of
 * them, by slot, keeps its mark and looks again while the others take theirs
 * away and come back a little later.
 */

#include "decide/limit_private.h"

#include <sched.h>

enum {
	LIMIT_ROOM_SPINS = 50,  /* of the first, */
	LIMIT_ROOM_ROUNDS = 20  /* and of the others */
};

/* What stands in all columns of a key. */
struct limit_room_sum {
	unsigned inside;
	unsigned marks;
	unsigned first; /* slot with a mark */
};

static unsigned
limit_room_held(uint16_t column)
{
	return column % LIMIT_TRY;
}

static unsigned
limit_room_marks(uint16_t column)
{
	return column / LIMIT_TRY;
}

/* Who has slots is in the file's head, which is before the data. */
static bool
limit_room_live(const struct limit_data *d, unsigned slot)
{
	const struct shm_head *head =
	    (const void *)((const char *)d - SHM_HEAD);

	return atomic_load_explicit(&head->holders[slot],
	    memory_order_relaxed) != 0;
}

static void
limit_room_add(const struct limit_data *d, unsigned place,
    struct limit_room_sum *sum)
{
	unsigned m;

	for (m = 0; m < LIMIT_MASKS; m++) {
		uint64_t left = atomic_load(&d->masks[place][m]);

		for (; left != 0; left &= left - 1) {
			unsigned slot = m * 64 +
			    (unsigned)__builtin_ctzll(left);
			uint16_t column;

			if (!limit_room_live(d, slot))
				continue;
			column = atomic_load(&d->rooms[place].columns[slot]);
			sum->inside += limit_room_held(column);
			sum->marks += limit_room_marks(column);
			if (limit_room_marks(column) > 0 && slot < sum->first)
				sum->first = slot;
		}
	}
}

/* A key that got two places is inside at both. */
static struct limit_room_sum
limit_room_sum(const struct limit_data *d, uint64_t id)
{
	struct limit_room_sum sum = { .first = LIMIT_SLOTS };
	unsigned i;

	for (i = 0; i < LIMIT_BUCKET; i++) {
		unsigned place = limit_nth(id, i, LIMIT_INSIDES);

		if (atomic_load(&d->room_ids[place]) == id)
			limit_room_add(d, place, &sum);
	}
	return sum;
}

unsigned
limit_room_inside(const struct limit_data *d, uint64_t id)
{
	return limit_room_sum(d, id).inside;
}

static bool
limit_room_empty(const struct limit_data *d, unsigned place)
{
	struct limit_room_sum sum = { .first = LIMIT_SLOTS };

	limit_room_add(d, place, &sum);
	return sum.inside + sum.marks == 0;
}

/*
 * Gives an empty place to the id. First the other's id is removed, then it is
 * looked at once more: whoever marks looks at the id behind that.
 */
static bool
limit_room_put(struct limit_data *d, unsigned place, uint64_t id)
{
	uint64_t other = atomic_load(&d->room_ids[place]), none = 0;

	if (!limit_room_empty(d, place) || (other != 0 &&
	    !atomic_compare_exchange_strong(&d->room_ids[place], &other, 0)))
		return false;
	if (limit_room_empty(d, place))
		return atomic_compare_exchange_strong(&d->room_ids[place],
		    &none, id) || none == id;
	if (other != 0)
		atomic_compare_exchange_strong(&d->room_ids[place], &none,
		    other);
	return false;
}

/* Where the id is, or may be from now on; -1: nowhere. */
static int
limit_room_place(struct limit_data *d, uint64_t id)
{
	unsigned place, i;

	for (i = 0; i < LIMIT_BUCKET; i++) {
		place = limit_nth(id, i, LIMIT_INSIDES);
		if (atomic_load(&d->room_ids[place]) == id)
			return (int)place;
	}
	for (i = 0; i < LIMIT_BUCKET; i++) {
		place = limit_nth(id, i, LIMIT_INSIDES);
		if (limit_room_put(d, place, id))
			return (int)place;
	}
	return -1;
}

/* From here on the slot's column counts there. */
static void
limit_room_open(struct limit_data *d, int place, unsigned slot)
{
	_Atomic uint64_t *mask = &d->masks[place][slot / 64];
	_Atomic uint16_t *column = &d->rooms[place].columns[slot];
	uint64_t bit = UINT64_C(1) << slot % 64;
	uint16_t was = atomic_load(column);

	if ((atomic_load(mask) & bit) != 0)
		return;
	/* Garbage: limit_room_clear leaves zeros. */
	if (was != 0)
		atomic_compare_exchange_strong(column, &was, 0);
	atomic_fetch_or(mask, bit);
}

/* Brings a column from one that has a mark, if `marked`, to one with so many
 * more inside. What was mended meanwhile is not made worse. */
static void
limit_room_step(_Atomic uint16_t *column, bool marked, int more)
{
	uint16_t was = atomic_load(column);
	unsigned held, marks;

	do {
		held = limit_room_held(was);
		marks = limit_room_marks(was);
		if (marked && marks > 0)
			marks--;
		if (more > 0 && held < LIMIT_INSIDE_MAX)
			held++;
		if (more < 0 && held > 0)
			held--;
	} while (!atomic_compare_exchange_weak(column, &was,
	    (uint16_t)(marks * LIMIT_TRY + held)));
}

/* false: there are as many marks as it can hold. *alone: there was none. */
static bool
limit_room_mark(_Atomic uint16_t *column, bool *alone)
{
	uint16_t was = atomic_load(column);

	do {
		if (limit_room_marks(was) == UINT16_MAX / LIMIT_TRY)
			return false;
	} while (!atomic_compare_exchange_weak(column, &was,
	    (uint16_t)(was + LIMIT_TRY)));
	*alone = limit_room_marks(was) == 0;
	return true;
}

/* One round with a mark. */
static enum limit_room_answer
limit_room_try(struct limit_data *d, uint64_t id, int place, unsigned slot,
    unsigned most)
{
	_Atomic uint16_t *column = &d->rooms[place].columns[slot];
	enum limit_room_answer answer = LIMIT_ROOM_RACED;
	struct limit_room_sum sum;
	bool alone;
	int spins = 0;

	if (!limit_room_mark(column, &alone))
		return LIMIT_ROOM_RACED;
	/* Just then it was given to another key. */
	if (atomic_load(&d->room_ids[place]) != id)
		answer = LIMIT_ROOM_NONE;
	while (answer == LIMIT_ROOM_RACED && spins++ < LIMIT_ROOM_SPINS) {
		sum = limit_room_sum(d, id);
		if (sum.inside + sum.marks <= most)
			answer = LIMIT_ROOM_IN;
		else if (sum.inside >= most)
			answer = LIMIT_ROOM_FULL;
		else if (!alone || sum.first < slot)
			break;
	}
	limit_room_step(column, true, answer == LIMIT_ROOM_IN ? 1 : 0);
	return answer;
}

enum limit_room_answer
limit_room_enter(struct limit_data *d, uint64_t id, unsigned slot,
    unsigned most, _Atomic uint16_t *own, int *place)
{
	enum limit_room_answer answer = LIMIT_ROOM_NONE;
	int round;

	for (round = 0; round < LIMIT_ROOM_ROUNDS; round++) {
		*place = limit_room_place(d, id);
		if (*place == -1)
			return LIMIT_ROOM_NONE;
		limit_room_open(d, *place, slot);
		/* Before it stands in the column: limit_room_mend. */
		atomic_fetch_add(&own[*place], 1);
		answer = limit_room_try(d, id, *place, slot, most);
		if (answer == LIMIT_ROOM_IN)
			return answer;
		atomic_fetch_sub(&own[*place], 1);
		if (answer == LIMIT_ROOM_FULL)
			return answer;
		sched_yield();
	}
	return answer;
}

void
limit_room_exit(struct limit_data *d, int place, unsigned slot,
    _Atomic uint16_t *own)
{
	limit_room_step(&d->rooms[place].columns[slot], false, -1);
	atomic_fetch_sub(&own[place], 1);
}

/*
 * A process's own count goes up before its column and down behind it, so no
 * column is ever more than that, unless somebody else wrote it.
 */
void
limit_room_mend(struct limit_data *d, unsigned slot,
    const _Atomic uint16_t *own)
{
	uint64_t bit = UINT64_C(1) << slot % 64;
	int i;

	for (i = 0; i < LIMIT_INSIDES; i++) {
		_Atomic uint16_t *column = &d->rooms[i].columns[slot];
		uint16_t was;
		unsigned true_count;

		if ((atomic_load_explicit(&d->masks[i][slot / 64],
		    memory_order_relaxed) & bit) == 0)
			continue;
		was = atomic_load(column);
		true_count = atomic_load(&own[i]);
		if (limit_room_held(was) + limit_room_marks(was) > true_count)
			atomic_compare_exchange_strong(column, &was,
			    (uint16_t)true_count);
	}
}

/* Zeros first: killed between, the bit says that there is something to do. */
void
limit_room_clear(void *data, unsigned slot)
{
	struct limit_data *d = data;
	uint64_t bit = UINT64_C(1) << slot % 64;
	int i;

	for (i = 0; i < LIMIT_INSIDES; i++) {
		_Atomic uint64_t *mask = &d->masks[i][slot / 64];

		if ((atomic_load_explicit(mask, memory_order_relaxed) &
		    bit) == 0)
			continue;
		atomic_store(&d->rooms[i].columns[slot], 0);
		atomic_fetch_and(mask, ~bit);
	}
}
