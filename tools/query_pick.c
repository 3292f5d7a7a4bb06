/* SPDX-License-Identifier: BSD-2-Clause */

/* query_pick: the file of health, read, and the router's own choice. */

#include "tools/query_pick.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tools/state.h"

/* No folder: what is asked for there is not found. */
#define QUERY_PICK_NOWHERE "/dev/null"

/* ---- what is shared ---- */

/* The folder beside a map. */
static void
query_pick_beside(const char *map, char folder[FILE_PATH_MAX])
{
	struct str path = str_of(map);

	while (path.n > 0 && path.p[path.n - 1] != '/')
		path.n--;
	(void)snprintf(folder, FILE_PATH_MAX, "%.*s" SETTINGS_STATE_NAME,
	    STR_ARG(path));
}

/* Without settings it is where it would be by default. 0, or -1 and e. */
static int
query_pick_folders(const struct query_asking *by, struct state *out,
    struct err *e)
{
	*out = (struct state){ .count = 0 };
	if (by->query->settings != NULL)
		return state_folders(by->query->settings, out, e);
	query_pick_beside(by->map->path, out->folders[out->count++]);
	return 0;
}

/* Of several folders the first one's trouble is told. */
static struct health *
query_pick_health(const struct query_asking *by, struct query_pick *p)
{
	struct health *h = NULL;
	struct state at;
	struct err e;
	size_t i;

	if (query_pick_folders(by, &at, &p->why) == -1)
		at.count = 0;
	p->folder[0] = '\0';
	for (i = 0; i < at.count && h == NULL; i++) {
		h = health_read(at.folders[i], i == 0 ? &p->why : &e);
		if (h != NULL || i == 0)
			memcpy(p->folder, at.folders[i], FILE_PATH_MAX);
	}
	p->known = h != NULL;
	return h != NULL ? h : health_join(QUERY_PICK_NOWHERE, false, &e);
}

/* Where none were read, the defaults. 0, or -1 and e. */
static int
query_pick_limits(const struct query_asking *by, struct health_limits *out,
    struct err *e)
{
	struct settings *s;

	if (by->query->settings != NULL) {
		*out = pick_limits(by->query->settings);
		return 0;
	}
	if (settings_load(NULL, &s, NULL, NULL) == -1)
		return err_set(e, REASON_INTERNAL, "no default settings");
	*out = pick_limits(s);
	settings_drop(&s);
	return 0;
}

/* ---- the choice ---- */

/* A body would not change what is told: it is taken to be kept. */
static void
query_pick_look(const struct query_answer *q, struct query_pick *p)
{
	p->from = pick_look(&p->pick, request_is_idempotent(q->request.method),
	    clock_ms());
}

/* What follows from it. 0, or -1 and e. */
static int
query_pick_go(const struct query_asking *by, struct arena *a,
    const struct query_pick *p, struct query_answer *q, struct err *e)
{
	if (p->pick.how != PICK_NONE)
		return query_ask_choose(by, p->from != NULL ? p->from->url :
		    p->pick.only, a, q, e);
	if (q->why.reason == REASON_NONE)
		err_set(&q->why, REASON_NO_HEALTHY_ORIGIN, "%.*s: all its "
		    "origins are out, or have no weight",
		    STR_ARG(q->follow.service_key));
	return 0;
}

int
query_pick(const struct query_asking *by, struct arena *a,
    struct query_answer *q, struct query_pick *out, struct err *e)
{
	struct pick_ask ask = { .key = q->follow.balance_key.text };
	int got = query_pick_limits(by, &ask.limits, e);

	if (got == -1)
		return -1;
	ask.health = query_pick_health(by, out);
	got = pick_begin(&out->pick, &ask, &q->follow, a, e);
	if (got == 0)
		query_pick_look(q, out);
	health_leave(&ask.health);
	if (got == 0)
		return query_pick_go(by, a, out, q, e) == 0 ? 1 : -1;
	if (e->reason == REASON_OVERLOADED)
		return -1;
	/* The name of some origin is none for this request. */
	if (q->why.reason == REASON_NONE)
		q->why = *e;
	return 0;
}
