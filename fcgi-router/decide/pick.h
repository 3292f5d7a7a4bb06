/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pick: which origin of a service gets the next attempt of a request: the
 * service's origins with their health, those already tried, then choose.
 *
 * Primaries first: one that is due for its one trial, if the request may take
 * it; else, as balance= says, one of those that are well. (With balance=hash
 * both at once: a trial is for clients that belong there.) When there is none
 * the backups, likewise; then, as when-all-down says, the least bad one (due
 * soonest, a primary before a backup) or none. What has no weight is never
 * picked.
 *
 * A request may take a trial when it could go elsewhere afterwards, or nobody
 * is well anyhow; the first attempt of any may when the origin has been due for
 * as long as the first cooldown. So trials cost clients time at most while
 * somebody is well, but where nobody can repeat anything: there origins come
 * back all the same.
 *
 * A service with one origin that does not refuse has nothing to choose: its
 * health is not kept, as nothing would follow from it.
 */
#ifndef DECIDE_PICK_H
#define DECIDE_PICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "decide/choose.h"
#include "decide/follow.h"
#include "decide/health.h"
#include "settings/settings.h"

struct pick_ask {
	struct health *health;
	struct health_limits limits;
	struct str key;   /* what balance=hash keeps the client by */
	int64_t patience; /* ms in which an attempt answers or fails: so long a
	                     trial may last */
};

/* As router.ini has them. */
struct health_limits pick_limits(const struct settings *s);

/* One candidate. */
struct pick_from {
	const struct origin_url *url;
	struct str name;         /* "http://h:p", with its base, whose
	                            variables are as written */
	struct str server;       /* the same, without */
	uint64_t id;             /* health's, of its target's key */
	uint32_t weight;
	bool backup;
	bool tried;              /* by this request */
	struct health_view view; /* as it was last looked at */
};

/* Why one was picked. */
enum pick_how {
	PICK_NONE = 0,  /* none was */
	PICK_ONLY,      /* there is nothing to choose */
	PICK_BALANCED,  /* it is well, and balance= says so */
	PICK_TRIAL,     /* its one trial */
	PICK_LEAST_BAD, /* when-all-down=try */
	PICK_HOW_COUNT  /* last */
};

/* Of one exchange; zeros: nothing was begun. */
struct pick {
	const struct origin_url *only; /* nothing to choose; else NULL */
	struct pick_ask ask;
	const struct follow *follow;
	struct pick_from *from;        /* in the arena; in the list's order */
	struct choose_from *choices;   /* the same for choose */
	size_t count;
	enum balance balance;
	bool refuse;                   /* when-all-down=refuse */
	unsigned retries;              /* left */
	unsigned tried;                /* attempts until now */
	uint64_t turn;                 /* of the first attempt */
	bool has_turn;
	bool looks;                    /* pick_look: writes nothing */

	struct pick_from *now;         /* picked, not over yet; or NULL */
	int64_t began;                 /* the attempt at it */
	uint64_t counted;              /* by health, among its requests */
	bool trial;                    /* it is the one trial of `now` */
	enum pick_how how;             /* it was picked */
};

/*
 * Looks at the chosen target of f, which relays somewhere and outlives p.
 * 0, or -1 and e: as target_origin, for names of origins with variables.
 */
ATTR_MUST_USE
int pick_begin(struct pick *p, const struct pick_ask *ask,
    const struct follow *f, struct arena *a, struct err *e);

/*
 * The origin of the next attempt. repeats: the request could go out again.
 * 1 and *url; 0 and e: no-healthy-origin.
 */
ATTR_MUST_USE
int pick_next(struct pick *p, bool repeats, int64_t now,
    const struct origin_url **url, struct err *e);

/* The attempt failed, by its origin's fault; `now` is over. true: that took
 * the origin out, as is to be told, for *ms. */
bool pick_failed(struct pick *p, int64_t now, int64_t *ms);

/*
 * The client left, when the origin had had the request for long (from `asked`
 * on, clock_ms) and had not answered; `now` is over. It failed, if it answered
 * nobody else in that time either, as far as is known. As pick_failed.
 */
bool pick_left(struct pick *p, int64_t asked, int64_t now, int64_t *ms);

/* Its origin answered. true: that brought it back. When all were out, what
 * ailed it probably ailed them all: the others are due at once, so that one
 * does not get what all had. */
bool pick_answered(struct pick *p);

/* The attempt has ended, whatever came of it; `now` is over. Any number of
 * times, and before pick_begin. */
void pick_over(struct pick *p);

/* May another origin be tried: are there retries left, and one that was not
 * tried? Takes one of the retries. */
bool pick_again(struct pick *p);

/*
 * For tools: which one pick_next would pick, and p->how. Fills in all views;
 * writes nothing, takes no turn and no trial. NULL: none, or there is nothing
 * to choose (PICK_ONLY).
 */
const struct pick_from *pick_look(struct pick *p, bool repeats, int64_t now);

#endif
