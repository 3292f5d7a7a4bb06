/* SPDX-License-Identifier: BSD-2-Clause */

/* process: made once, changed by a swap of pointers. */

#include "serve/process.h"

#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "decide/sign.h"

static void
process_tell_alone(const struct err *e)
{
	msg_warning("%s: what is known of origins is not shared with other "
	    "processes", e->text);
}

static void
process_tell_uncounted(const struct err *e)
{
	msg_warning("%s: what plans limit is counted by this process alone",
	    e->text);
}

static void
process_tell_unseen(const struct err *e)
{
	msg_warning("%s: requests under way here are not seen by others",
	    e->text);
}

/* Without plans nothing is counted. A process for one request makes the file,
 * too: there may be no others that do. */
static void
process_join_limit(struct process *p, const struct settings *s)
{
	struct err e;

	if (p->limit != NULL || s->plan_count == 0)
		return;
	p->limit = limit_join(s->state_dir, true, &e);
	if (e.reason != REASON_NONE)
		process_tell_uncounted(&e);
}

static void
process_join(struct process *p, bool once)
{
	struct err e;

	process_join_limit(p, p->settings);
	p->health = health_join(p->settings->state_dir, !once, &e);
	if (!once && e.reason != REASON_NONE)
		process_tell_alone(&e);
	p->board = board_join(p->settings->state_dir, !once, &e);
	if (!once && e.reason != REASON_NONE)
		process_tell_unseen(&e);
}

int
process_init(struct process *p, struct settings *settings, bool once,
    struct err *e)
{
	memset(p, 0, sizeof(*p));
	relay_init(&p->relay, (unsigned)settings->workers_max);
	pthread_mutex_init(&p->lock, NULL);
	atomic_init(&p->draining, false);
	atomic_init(&p->exchanges, 0);
	atomic_init(&p->alone, false);
	page_files_init(&p->pages);
	warn_init(&p->warn);
	p->settings = settings;
	if (sign_load(settings, NULL, NULL) == -1 ||
	    (!once && auth_load(settings, &p->auth, NULL, NULL) == -1) ||
	    relay_use(&p->relay, settings, NULL, NULL) == -1)
		return err_set(e, REASON_INTERNAL,
		    "%s: files that it names cannot be used", settings->path);
	if (access_log_open(settings->access_log, &p->log, e) == -1)
		return -1;
	process_join(p, once);
	page_files_use(&p->pages, settings->pages_dir);
	p->snapshot = snapshot_new(settings->map);
	return 0;
}

void
process_fini(struct process *p)
{
	while (p->plans_told_count > 0)
		free(p->plans_told[--p->plans_told_count]);
	relay_fini(&p->relay);
	health_leave(&p->health);
	board_leave(&p->board);
	limit_leave(&p->limit);
	snapshot_free(&p->snapshot);
	access_log_close(&p->log);
	page_files_fini(&p->pages);
	warn_fini(&p->warn);
	auth_drop(&p->auth);
	settings_drop(&p->settings);
	pthread_mutex_destroy(&p->lock);
}

void
process_look(struct process *p)
{
	struct err e;

	page_files_look(&p->pages);
	warn_look(&p->warn);
	if (health_look(p->health, &e) == -1)
		process_tell_alone(&e);
	if (board_look(p->board, &e) == -1)
		process_tell_unseen(&e);
	if (p->limit != NULL && limit_look(p->limit, &e) == -1)
		process_tell_uncounted(&e);
}

struct settings *
process_settings(struct process *p)
{
	struct settings *s;

	pthread_mutex_lock(&p->lock);
	s = settings_take(p->settings);
	pthread_mutex_unlock(&p->lock);
	return s;
}

struct auth_set *
process_auth(struct process *p, struct err *e)
{
	struct auth_set *set = NULL;

	pthread_mutex_lock(&p->lock);
	if (p->auth != NULL ||
	    auth_load(p->settings, &p->auth, NULL, NULL) == 0)
		set = auth_take(p->auth);
	pthread_mutex_unlock(&p->lock);
	if (set == NULL)
		err_set(e, REASON_AUTH_UNAVAILABLE,
		    "a file of an [auth:NAME] cannot be used");
	return set;
}

/* Is the plan told of for the first time? Expects the lock. */
static bool
process_note_plan(struct process *p, struct str plan)
{
	char *copy;
	size_t i;

	for (i = 0; i < p->plans_told_count; i++)
		if (str_eq(str_of(p->plans_told[i]), plan))
			return false;
	copy = i < PROCESS_PLANS_TOLD ? strndup(plan.p, plan.n) : NULL;
	if (copy == NULL)
		return false;
	p->plans_told[p->plans_told_count++] = copy;
	return true;
}

void
process_tell_plan(struct process *p, struct str plan)
{
	bool first;

	pthread_mutex_lock(&p->lock);
	first = process_note_plan(p, plan);
	pthread_mutex_unlock(&p->lock);
	if (first)
		msg_warning("plan '%.*s' is not in router.ini: the "
		    "default plan serves", STR_ARG(plan));
}

int
process_change(struct process *p, struct settings *settings)
{
	struct auth_set *auth = NULL, *old_auth;
	struct settings *old;

	if (sign_load(settings, NULL, NULL) == -1 ||
	    auth_load(settings, &auth, NULL, NULL) == -1 ||
	    relay_use(&p->relay, settings, NULL, NULL) == -1) {
		auth_drop(&auth);
		settings_drop(&settings);
		return -1;
	}
	process_join_limit(p, settings);
	pthread_mutex_lock(&p->lock);
	old = p->settings;
	old_auth = p->auth;
	p->settings = settings;
	p->auth = auth;
	pthread_mutex_unlock(&p->lock);
	auth_drop(&old_auth);
	page_files_use(&p->pages, settings->pages_dir);
	if (strcmp(old->map, settings->map) != 0 ||
	    strcmp(old->access_log, settings->access_log) != 0 ||
	    strcmp(old->state_dir, settings->state_dir) != 0 ||
	    old->workers_min != settings->workers_min ||
	    old->workers_max != settings->workers_max ||
	    old->max_requests != settings->max_requests)
		msg_notice("changed 'map', 'access', 'state_dir', "
		    "'workers_min', 'workers_max' and 'max_requests' are used "
		    "from the next start on");
	settings_drop(&old);
	return 0;
}
