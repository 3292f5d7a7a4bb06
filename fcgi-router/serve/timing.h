/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * timing: what a request has waited for, as a value of Server-Timing (W3C
 * Server Timing), in milliseconds.
 */
#ifndef SERVE_TIMING_H
#define SERVE_TIMING_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* In microseconds; below 0: it did not happen. */
struct timing {
	int64_t route;   /* finding the route */
	int64_t connect; /* having a connection to the origin */
	int64_t origin;  /* from then to the head of its answer */
};

/*
 * "route;dur=0.012, connect;dur=1.5": what happened. Empty: nothing did;
 * {NULL, 0}: the arena is full.
 */
struct str timing_text(const struct timing *t, struct arena *a);

#endif
