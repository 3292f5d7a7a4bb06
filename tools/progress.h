/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * progress: a bar on the terminal of who waits for a long run.
 *
 * Nothing is drawn before a second has passed, nor where stderr is no
 * terminal; what was drawn is wiped away before anything else is said.
 */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool on;     /* stderr is a terminal */
	bool drawn;
	int64_t next;    /* when it is drawn again, in microseconds */
	const char *doing;
	unsigned from;   /* per cent of the whole where this part begins */
	unsigned to;     /* and ends */
	uint64_t total;  /* of this part, in steps; 0: not known */
	uint64_t at;
};

/* Begins the second that has to pass. */
void progress_init(struct progress *p);

/* The part that begins now; doing is static text. */
void progress_part(struct progress *p, const char *doing, unsigned from,
    unsigned to, uint64_t total);

/* So many steps of the part are done; cheap, draws when it is time. */
void progress_at(struct progress *p, uint64_t at);

/* Wipes the bar away; it may come again. */
void progress_wipe(struct progress *p);

#endif
