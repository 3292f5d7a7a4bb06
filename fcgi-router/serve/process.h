/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * process: what all exchanges of one process share.
 *
 * One object, made by main before threads and passed down; nothing here is
 * global. Settings are swapped whole: an exchange holds the ones it began
 * with.
 */
#ifndef SERVE_PROCESS_H
#define SERVE_PROCESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"
#include "decide/auth.h"
#include "decide/health.h"
#include "decide/limit.h"
#include "relay/relay.h"
#include "report/board.h"
#include "report/journal.h"
#include "report/stats.h"
#include "route/snapshot.h"
#include "serve/page_files.h"
#include "serve/warn.h"
#include "settings/settings.h"

enum { PROCESS_PLANS_TOLD = 64 };

struct process {
	struct snapshot *snapshot;
	struct relay relay;
	struct health *health; /* of origins, which other processes share */
	/* Changed settings may bring these three while requests run. */
	struct limit *_Atomic limit; /* what plans count, likewise; NULL: there
	                                are none */
	struct board *_Atomic board; /* of requests under way, likewise; NULL:
	                                they are not shown */
	struct stats *_Atomic stats; /* what is counted, likewise; NULL:
	                                nothing is */
	struct journal *journal; /* of ended requests, likewise */
	struct page_files pages; /* the operator's */
	struct warn warn;        /* of requests that fail */
	pthread_mutex_t lock;      /* guards the pointers `settings` and
	                              `auth`, and plans_told */
	struct settings *settings;
	struct settings *older;    /* those before, of the thread that looks;
	                              requests that are under way may have
	                              them */
	struct auth_set *auth;     /* NULL: not read yet, for one request */
	char *plans_told[PROCESS_PLANS_TOLD]; /* warned of */
	size_t plans_told_count;
	atomic_bool draining;      /* accept and keep nothing any more */
	atomic_uint exchanges;     /* requests that are being answered */
	_Atomic int64_t log_lost;  /* when a line was lost last, seconds since
	                              1970; 0: none was */
	int64_t settings_refused;  /* since when router.ini, as it is, is none
	                              to be used; 0: it is. By the daemon */
	bool verbose;              /* it says all, whatever router.ini says */
	bool once;                 /* it answers one request */
	bool on_stdin;             /* the FastCGI socket is descriptor 0 */
	atomic_bool alone;         /* as far as is known, the web server sends
	                              one request at a time: mod_fcgid */
};

/*
 * Takes the settings over. once: for one request, so the folder of shared files
 * is not made. 0, or -1 and e: a certificate or what auth needs cannot be
 * read. A map and logs that are not there are waited for, and without shared
 * files this process serves by itself, as is told.
 */
ATTR_MUST_USE
int process_init(struct process *p, struct settings *settings, bool once,
    struct err *e);
void process_fini(struct process *p);

/* A process for one request alone: others shall see it, or it others. */
void process_join_board(struct process *p);

/* Now and then, by one thread: what processes share may have changed place. */
void process_look(struct process *p);

/* Is a request that has ended to be written to the journal? Who answers one
 * request looks only now. */
bool process_journals(struct process *p);

/* The settings in force, one count of them: settings_drop gives it back. */
struct settings *process_settings(struct process *p);

/*
 * Who may, by the settings in force, one count: auth_drop gives it back. NULL
 * and e: auth-unavailable, files cannot be used, as was told.
 */
struct auth_set *process_auth(struct process *p, struct err *e);

/*
 * Warns that router.ini has no such plan, once for each name; of more than
 * PROCESS_PLANS_TOLD names nothing more is said.
 */
void process_tell_plan(struct process *p, struct str plan);

/* Puts other settings in force (taken over). 0, or -1: files that they name
 * cannot be used, as was told, and those before stay. By one thread. */
ATTR_MUST_USE
int process_change(struct process *p, struct settings *settings);

#endif
