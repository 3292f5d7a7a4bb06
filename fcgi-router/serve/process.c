/* SPDX-License-Identifier: BSD-2-Clause */

/* process: made once, changed by a swap of pointers. */

#include "serve/process.h"

#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "decide/sign.h"
#include "serve/logs.h"

/* All that processes share is in one folder: its first trouble is told. */
static void
process_note(struct err *first, const struct err *e)
{
	if (first->reason == REASON_NONE)
		*first = *e;
}

static void
process_tell_alone(const struct err *e)
{
	if (e->reason != REASON_NONE)
		msg_warning("%s: what is known of origins, what plans count "
		    "and what tools see is not shared with other processes",
		    e->text);
}

/* Without plans nothing is counted. A process for one request makes the file,
 * too: there may be no others that do. As health_join. */
static void
process_join_limit(struct process *p, const struct settings *s, struct err *e)
{
	e->reason = REASON_NONE;
	if (p->limit == NULL && s->plan_count > 0)
		p->limit = limit_join(s->state_dir, true, e);
}

/* The same of what all requests count by. */
static void
process_join_stats(struct process *p, const struct settings *s, struct err *e)
{
	struct err other;

	e->reason = REASON_NONE;
	if (p->stats != NULL || !s->stats_count)
		return;
	p->stats = stats_join(s->state_dir, !p->once, e);
	if (p->once)
		return;
	p->board = board_join(s->state_dir, true, &other);
	process_note(e, &other);
}

/* As health_join. */
static void
process_look_journal(struct process *p, struct err *e)
{
	struct settings *s = process_settings(p);

	if (journal_look(p->journal, (enum journal_keep)s->journal_keep,
	    p->once, e) == 0)
		e->reason = REASON_NONE;
	settings_drop(&s);
}

/* A process for one request has what only tools see for no longer than that,
 * and does not speak of it. */
static void
process_join(struct process *p, bool once)
{
	const char *folder = p->settings->state_dir;
	struct err e, first;

	process_join_limit(p, p->settings, &first);
	if (once)
		process_tell_alone(&first);
	p->health = health_join(folder, !once, &e);
	process_note(&first, &e);
	process_join_stats(p, p->settings, &e);
	process_note(&first, &e);
	p->journal = journal_new(folder);
	if (once)
		return;
	process_look_journal(p, &e);
	process_note(&first, &e);
	process_tell_alone(&first);
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
	p->once = once;
	if (sign_load(settings, NULL, NULL) == -1 ||
	    (!once && auth_load(settings, &p->auth, NULL, NULL) == -1) ||
	    relay_use(&p->relay, settings, NULL, NULL) == -1)
		return err_set(e, REASON_INTERNAL,
		    "%s: files that it names cannot be used", settings->path);
	if (logs_open(settings, e) == -1)
		return -1;
	process_join(p, once);
	page_files_use(&p->pages, settings->pages_dir);
	p->snapshot = snapshot_new(settings->map);
	return 0;
}

static void
process_drop_older(struct process *p)
{
	struct settings *s;

	while ((s = p->older) != NULL) {
		p->older = s->older;
		settings_drop(&s);
	}
}

void
process_fini(struct process *p)
{
	struct board *board = p->board;
	struct limit *limit = p->limit;
	struct stats *stats = p->stats;

	while (p->plans_told_count > 0)
		free(p->plans_told[--p->plans_told_count]);
	relay_fini(&p->relay);
	health_leave(&p->health);
	board_leave(&board);
	journal_free(&p->journal);
	limit_leave(&limit);
	stats_leave(&stats);
	snapshot_free(&p->snapshot);
	page_files_fini(&p->pages);
	warn_fini(&p->warn);
	auth_drop(&p->auth);
	process_drop_older(p);
	settings_drop(&p->settings);
	pthread_mutex_destroy(&p->lock);
}

/* Requests that began under other settings have a line in the logs of those,
 * wherever these files are by then. */
static void
process_look_older(struct process *p)
{
	struct settings **at = &p->older, *s;

	while ((s = *at) != NULL) {
		if (atomic_load(&s->refs) > 1) {
			logs_look(s);
			at = &s->older;
			continue;
		}
		*at = s->older;
		settings_drop(&s);
	}
}

void
process_look(struct process *p)
{
	struct err e, first = { .reason = REASON_NONE };
	struct settings *s = process_settings(p);

	logs_look(s);
	settings_drop(&s);
	process_look_older(p);
	page_files_look(&p->pages);
	warn_look(&p->warn);
	if (health_look(p->health, &e) == -1)
		process_note(&first, &e);
	if (p->board != NULL && board_look(p->board, &e) == -1)
		process_note(&first, &e);
	if (p->limit != NULL && limit_look(p->limit, &e) == -1)
		process_note(&first, &e);
	if (p->stats != NULL && stats_look(p->stats, &e) == -1)
		process_note(&first, &e);
	process_look_journal(p, &e);
	process_note(&first, &e);
	process_tell_alone(&first);
}

bool
process_journals(struct process *p)
{
	struct err e;

	if (p->once)
		process_look_journal(p, &e);
	return journal_wanted(p->journal);
}

void
process_join_board(struct process *p)
{
	struct err e;

	if (p->once && p->board == NULL && p->stats != NULL)
		p->board = board_join(p->settings->state_dir, false, &e);
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

static int
process_open_logs(struct settings *settings)
{
	struct err e;

	if (logs_open(settings, &e) == 0)
		return 0;
	msg_error("%s", e.text);
	return -1;
}

int
process_change(struct process *p, struct settings *settings)
{
	struct auth_set *auth = NULL, *old_auth;
	struct settings *old;
	struct err e, first;

	if (process_open_logs(settings) == -1 ||
	    sign_load(settings, NULL, NULL) == -1 ||
	    auth_load(settings, &auth, NULL, NULL) == -1 ||
	    relay_use(&p->relay, settings, NULL, NULL) == -1) {
		auth_drop(&auth);
		settings_drop(&settings);
		return -1;
	}
	process_join_limit(p, settings, &first);
	process_join_stats(p, settings, &e);
	process_note(&first, &e);
	process_tell_alone(&first);
	pthread_mutex_lock(&p->lock);
	old = p->settings;
	old_auth = p->auth;
	p->settings = settings;
	p->auth = auth;
	pthread_mutex_unlock(&p->lock);
	auth_drop(&old_auth);
	page_files_use(&p->pages, settings->pages_dir);
	logs_set_level(settings, p->verbose);
	if (strcmp(old->map, settings->map) != 0 ||
	    strcmp(old->state_dir, settings->state_dir) != 0 ||
	    old->workers_min != settings->workers_min ||
	    old->workers_max != settings->workers_max ||
	    old->max_requests != settings->max_requests)
		msg_notice("changed 'map', 'state_dir', 'workers_min', "
		    "'workers_max' and 'max_requests' are used from the next "
		    "start on");
	old->older = p->older;
	p->older = old;
	return 0;
}
