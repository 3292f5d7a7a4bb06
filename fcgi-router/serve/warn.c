/* SPDX-License-Identifier: BSD-2-Clause */

/* warn: a small table of what was said last. */

#include "serve/warn.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"

enum { WARN_MORE_MAX = 64 };

void
warn_init(struct warn *w)
{
	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
}

/* Has nothing been said of it for so long that it is over? */
static bool
warn_is_over(const struct warn_place *p, int64_t now)
{
	return p->told != 0 && now - p->told >= 2 * WARN_EVERY_MS;
}

/* Expects the lock. */
static void
warn_end(struct warn_place *p)
{
	if (p->more > 0 && p->reason == REASON_NONE)
		msg_warning("%" PRIu64 " more requests failed", p->more);
	else if (p->more > 0)
		msg_warning("%s: %.*s: %" PRIu64 " more",
		    reason_word(p->reason), (int)p->name_n, p->name, p->more);
	memset(p, 0, sizeof(*p));
}

/* Expects the lock. */
static void
warn_look_at(struct warn *w, int64_t now)
{
	size_t i;

	for (i = 0; i <= WARN_PLACES; i++)
		if (warn_is_over(&w->places[i], now))
			warn_end(&w->places[i]);
}

void
warn_look(struct warn *w)
{
	pthread_mutex_lock(&w->lock);
	warn_look_at(w, clock_ms());
	pthread_mutex_unlock(&w->lock);
}

void
warn_fini(struct warn *w)
{
	warn_look_at(w, INT64_MAX);
	pthread_mutex_destroy(&w->lock);
}

/* Of the reason at that place, the one before or a new one; else the rest.
 * Expects the lock. */
static struct warn_place *
warn_find(struct warn *w, enum reason reason, struct str name, int64_t now)
{
	struct warn_place *room = NULL;
	size_t i;

	for (i = 0; i < WARN_PLACES; i++) {
		struct warn_place *p = &w->places[i];

		if (warn_is_over(p, now) && p->more == 0)
			p->told = 0;
		if (p->told == 0)
			room = room != NULL ? room : p;
		else if (p->reason == reason && str_eq(name,
		    (struct str){ p->name, p->name_n }))
			return p;
	}
	if (room == NULL)
		return &w->places[WARN_PLACES];
	*room = (struct warn_place){ .reason = reason, .name_n = name.n };
	if (name.n > 0)
		memcpy(room->name, name.p, name.n);
	return room;
}

/* Is a line due? Then *more is how many there were since the last. */
static bool
warn_is_due(struct warn *w, enum reason reason, struct str name,
    uint64_t *more)
{
	int64_t now = clock_ms();
	struct warn_place *p;
	bool due;

	pthread_mutex_lock(&w->lock);
	p = warn_find(w, reason, name, now);
	due = p->told == 0 || now - p->told >= WARN_EVERY_MS;
	if (due) {
		*more = p->more;
		p->more = 0;
		p->told = now > 0 ? now : 1;
	} else {
		p->more++;
	}
	pthread_mutex_unlock(&w->lock);
	return due;
}

void
warn_tell(struct warn *w, struct str id, struct str place,
    const struct err *e)
{
	char said[WARN_MORE_MAX] = "";
	uint64_t more;

	if (place.n > WARN_PLACE_MAX)
		place.n = WARN_PLACE_MAX;
	if (!warn_is_due(w, e->reason, place, &more)) {
		msg_info("%.*s: %s: %s", STR_ARG(id), reason_word(e->reason),
		    e->text);
		return;
	}
	if (more > 0)
		snprintf(said, sizeof(said), " (and %" PRIu64 " more since "
		    "the last such line)", more);
	msg_warning("%.*s: %s: %s%s", STR_ARG(id), reason_word(e->reason),
	    e->text, said);
}
