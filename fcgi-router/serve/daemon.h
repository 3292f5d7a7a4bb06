/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * daemon: the main thread of a FastCGI process: signals, timers, what changed
 * on disk, and the end.
 */
#ifndef SERVE_DAEMON_H
#define SERVE_DAEMON_H

#include <stdbool.h>

#include "base/err.h"
#include "serve/crew.h"
#include "serve/listen.h"
#include "serve/process.h"

struct daemon_plan {
	const char *ini;       /* router.ini, watched; NULL: there is none */
	int listeners[LISTEN_INHERITED_MAX];
	int listener_count;
	bool restarts;         /* who started us starts us again: leave when
	                          the executable was replaced */
};

/*
 * Blocks the signals that daemon_run answers to, in this thread and all that
 * it starts. Before the first thread.
 */
void daemon_block_signals(void);

/*
 * Serves until SIGTERM (or SIGINT, SIGUSR1) and what was accepted is answered.
 * 0; 1: the time for that ran out, or too many pages of maps were gone;
 * -1 and e: it could not begin.
 */
ATTR_MUST_USE
int daemon_run(struct process *p, const struct daemon_plan *plan,
    struct err *e);

#endif
