/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * health: what all routers of a machine know of origins: which failed, which
 * are out and until when, how many requests each has, and the next number in
 * turn of each service. In shared memory (base/shm), without a lock.
 *
 * Passive: requests tell it. An origin that fails max_fails times within
 * fail_window is out for a cooldown. Then one request of all processes tries
 * it, and when that fails, too, it is out for twice as long. Failures less
 * than 100 ms from one that was counted are the same failure, whoever saw
 * them. An answer brings it back; that it was out is forgotten when it was
 * well for as long as it was out last, so that one which comes and goes is
 * tried ever more seldom.
 *
 * The table is bounded. When an origin finds no place it is as if it were
 * well: knowledge is lost, never a request. A process killed between any two
 * instructions leaves nothing that holds others up: every word is good by
 * itself, and what a dead process counted goes with its slot. No content of
 * the file keeps an origin out for longer than cooldown_max.
 */
#ifndef DECIDE_HEALTH_H
#define DECIDE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct health;

/* Of router.ini; times in ms. */
struct health_limits {
	unsigned max_fails;   /* 1 to HEALTH_FAILS_MAX */
	int64_t fail_window;
	int64_t cooldown;     /* the first */
	int64_t cooldown_max; /* and the longest */
};

enum {
	HEALTH_FAILS_MAX = 16,
	HEALTH_ONCE_MS = 100, /* failures so near each other are one */
	HEALTH_TRIAL_MAX_MS = 600000,
	HEALTH_NAME_MAX = 96 /* bytes of an origin's name; others are cut */
};

enum health_state {
	HEALTH_WELL = 0,
	HEALTH_OUT,    /* its cooldown lasts */
	HEALTH_DUE,    /* it is over, and nobody tries it yet */
	HEALTH_TRIED,  /* one request tries it just now */
	HEALTH_STATE_COUNT /* last */
};

/* "well" "out" "due" "tried" */
const char *health_word(enum health_state state);

struct health_view {
	enum health_state state;
	int64_t since;      /* OUT, DUE: clock_ms from when it is or was due
	                       (0: for ever); TRIED: until when the trial
	                       counts as one; WELL: 0 */
	unsigned times;     /* it was taken out in a row; 0: forgotten */
	unsigned fails;     /* counted within the window, while it is well */
	uint32_t active;    /* requests it has, of all live processes */
};

/* As shm_join: never NULL; *e says why it is this process's alone. make false:
 * no folder is made; the file is, in a folder that is there. */
struct health *health_join(const char *folder, bool make, struct err *e);

/* For tools, read-only. NULL and e. */
struct health *health_read(const char *folder, struct err *e);
void health_leave(struct health **h);

/* Now and then, by one thread: joins a new file, lets go of what processes
 * held that ended. 0, or -1 and e: it has become this process's alone. */
int health_look(struct health *h, struct err *e);

/* An origin (by its target's key) or a service, as the functions below take
 * it; never 0. Not to be kept over a request: it changes with the file. */
uint64_t health_id(const struct health *h, struct str key);

/* now: clock_ms. An id that is not known is well. */
void health_view(struct health *h, uint64_t id,
    const struct health_limits *limits, int64_t now,
    struct health_view *out);

/* The same for who does not ask for `active`, which is 0: it takes more with
 * every process. */
void health_glance(struct health *h, uint64_t id,
    const struct health_limits *limits, int64_t now,
    struct health_view *out);

/*
 * Takes the one trial of an origin that is due. true: it is the caller's, who
 * must end it by health_failed, health_answered or health_untried; when it
 * does not within `ms` (it was killed, its answer takes long), at most
 * HEALTH_TRIAL_MAX_MS, somebody else may.
 */
bool health_try(struct health *h, uint64_t id,
    const struct health_limits *limits, int64_t now, int64_t ms);

/* The trial told nothing (its client left before an answer): it is due again
 * after the first cooldown. */
void health_untried(struct health *h, uint64_t id,
    const struct health_limits *limits, int64_t now);

/* An origin that is out is due, now. */
void health_make_due(struct health *h, uint64_t id);

/*
 * A request failed at the origin, which went there at `began` (clock_ms).
 * trial: it had the trial; then the origin is out again, for twice as long. Of
 * an origin that is out other failures say nothing new; nor, when it is back,
 * do late ones of what went to it before. true: this took it out, for *ms.
 */
bool health_failed(struct health *h, uint64_t id,
    const struct health_limits *limits, int64_t now, int64_t began,
    bool trial, int64_t *ms);

/*
 * It answered a request that went to it at `began` (clock_ms). true: it was
 * out, and is back by this; failures before are forgotten. Late answers to
 * what went to it before it was taken out bring nothing back: under load there
 * is always one. Of an origin that is well no more is written than, once a
 * second, that it answered.
 */
bool health_answered(struct health *h, uint64_t id, int64_t began);

/*
 * Has the origin answered nobody since then? false, too, when nothing is known
 * of it until now; from now on it is. An answer within a second behind one
 * before `since` may go unseen.
 */
bool health_silent(struct health *h, uint64_t id, int64_t since);

/* A request goes to the origin, which people call by this name. Answers what
 * health_ended is to be told, once, when it has ended; 0: it is not counted. */
uint64_t health_began(struct health *h, uint64_t id, struct str name);
void health_ended(struct health *h, uint64_t counted);

/* The next number in turn of a service, over all processes; begins anywhere,
 * and wraps. Where there is no place: a random one. */
uint64_t health_turn(struct health *h, uint64_t id);

/* The number that health_turn would answer next, for tools; 0: not known. */
uint64_t health_turn_next(struct health *h, uint64_t id);

/* An origin that requests went to. */
struct health_row {
	struct health_view view;
	char name[HEALTH_NAME_MAX]; /* as lists write it, or variables */
	size_t name_size;
};

/* Those that are known, one after the other, in no order: *at is 0 at first.
 * false: there are no more. */
bool health_next(struct health *h, unsigned *at,
    const struct health_limits *limits, int64_t now, struct health_row *out);

#endif
