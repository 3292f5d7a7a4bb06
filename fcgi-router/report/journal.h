/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * journal: the last requests of all routers of a machine, as records in a ring
 * of shared memory (base/shm), for who wants to look on.
 *
 * Nothing that a reader does holds up a writer, nor does one writer another:
 * who comes around the ring writes over what was there. A record of which the
 * writer was killed is lost, and no other one. While nobody reads nothing is
 * written, unless that is wished: see enum journal_keep.
 */
#ifndef REPORT_JOURNAL_H
#define REPORT_JOURNAL_H

#include <stdbool.h>

#include "base/err.h"
#include "report/record.h"

struct journal;

/* When records are written. As the words of '[journal] keep'. */
enum journal_keep {
	JOURNAL_KEEP_TAIL = 0, /* while somebody reads */
	JOURNAL_KEEP_ALWAYS,
	JOURNAL_KEEP_NO,
	JOURNAL_KEEP_COUNT /* last */
};

/* For a router whose state folder it is. Nothing is joined before the first
 * journal_look. Aborts only without any memory. */
struct journal *journal_new(const char *folder);
void journal_free(struct journal **j);

/*
 * Now and then, by one thread: joins the file, which is made when it is not
 * there, looks whether somebody reads, and lets go of what processes held that
 * ended. once: for a process that answers one request, which joins only if it
 * is to write or there is no file, and makes no folder. 0, or -1 and e: the
 * file cannot be used, just now or from the first; nothing is written then.
 */
int journal_look(struct journal *j, enum journal_keep keep, bool once,
    struct err *e);

/* Is anything to be written? As journal_look last found it; any thread. */
bool journal_wanted(const struct journal *j);

/* Writes a record, if journal_wanted said so. Any thread. */
void journal_write(struct journal *j, const struct record *r);

#endif
