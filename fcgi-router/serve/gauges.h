/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * gauges: how this process is, for stats.
 */
#ifndef SERVE_GAUGES_H
#define SERVE_GAUGES_H

#include <time.h>

#include "serve/crew.h"
#include "serve/process.h"

/* Tells it, if anything is counted. since: when the process began. */
void gauges_tell(struct process *p, struct crew *c, time_t since);

#endif
