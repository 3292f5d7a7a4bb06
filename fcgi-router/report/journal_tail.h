/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * journal_tail: the readers' side of the journal: records in order, each once,
 * and how many were missed.
 *
 * Maps the file read-only. Whatever is in it, no call here does more than
 * answer wrongly. One thread.
 */
#ifndef REPORT_JOURNAL_TAIL_H
#define REPORT_JOURNAL_TAIL_H

#include "report/journal.h"
#include "report/journal_pack.h"

struct journal_tail;

/*
 * Begins behind what is there. From now on routers that keep records while
 * somebody reads do so, each from its next look. NULL and e: there is no
 * journal, or it is not to be trusted.
 */
struct journal_tail *journal_tail_open(const char *folder, struct err *e);
/* Is there nothing at all, good or bad, where it should be? */
bool journal_tail_lacks(const char *folder);

void journal_tail_close(struct journal_tail **t);

/* Goes back by so many records, as far as they are still there. */
void journal_tail_back(struct journal_tail *t, uint64_t count);

/*
 * The next record, which borrows *out. 1; 0: there is none just now. One that
 * is being written is waited for by answering 0, for JOURNAL_TAIL_PATIENCE_MS
 * at most.
 */
enum { JOURNAL_TAIL_PATIENCE_MS = 50 };
int journal_tail_next(struct journal_tail *t, struct journal_entry *out);

/* Is a record waited for, which is being written? As journal_tail_next last
 * found it. */
bool journal_tail_waits(const struct journal_tail *t);

/* How many were missed since the last call: overwritten before they were read,
 * of killed writers, or without a place. */
uint64_t journal_tail_missed(struct journal_tail *t);

/* Routers that have joined, and those of them that write. */
struct journal_tail_routers {
	unsigned joined;
	unsigned writing;
};
struct journal_tail_routers journal_tail_routers(struct journal_tail *t);

/* Now and then: as shm_look. A new file is read from its first record on. */
int journal_tail_look(struct journal_tail *t, struct err *e);

#endif
