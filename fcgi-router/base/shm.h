/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * shm: a file of a fixed layout that all routers of a machine share, so that
 * what they know outlives each of them.
 *
 * The file is FOLDER/NAME.VERSION. It begins with a head (struct shm_head):
 * who wrote it, version, size, boot id, the key of its hashes, and which of
 * its slots are held. A process holds a slot by a byte lock, which the kernel
 * takes away with the process: a pid that is used again means nothing.
 *
 * A file that is stale (of another boot), foreign, of another size or owner,
 * or that others may write is never trusted: it is replaced as a whole, by
 * rename. Where there can be no file, private memory of the same layout stands
 * in, and what is written there is this process's alone.
 *
 * A forked child shares its parent's slot: the kernel keeps the lock until
 * both ended or one of them gave it back. Nobody who forks should use it on
 * both sides; behind exec it is closed.
 *
 * What stands behind the head is atomics of the rooms above, who must be able
 * to go on from any state: a process may be killed between any two writes.
 */
#ifndef BASE_SHM_H
#define BASE_SHM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"

enum {
	SHM_HEAD = 4096,    /* bytes of the head; data begins behind them */
	SHM_SLOTS_MAX = 128,
	SHM_BOOT_MAX = 40   /* of the boot id's text, with its end */
};

/* What a room keeps in such a file. */
struct shm_kind {
	const char *name; /* of the file, without its version */
	unsigned version; /* of the layout, from 1; grows with any change */
	size_t size;      /* of the data behind the head */
	unsigned slots;   /* processes that can hold one, SHM_SLOTS_MAX most */
	/* Clears what a slot's holder kept in data; nobody holds the slot then
	 * but who calls it: before it is taken, and when its holder is gone.
	 * NULL: nothing is kept by slot. */
	void (*clear)(void *data, unsigned slot);
};

/* The file's first bytes, in native order; what is left of SHM_HEAD is 0. */
struct shm_head {
	char magic[16];    /* "fcgi-router shm", also tells byte order below */
	uint32_t order;    /* 0x01020304 */
	uint32_t version;
	uint64_t size;     /* of the whole file */
	char boot[SHM_BOOT_MAX]; /* /proc/sys/kernel/random/boot_id */
	uint64_t made;     /* seconds since 1970 */
	struct hash_key key;
	_Atomic uint32_t holders[SHM_SLOTS_MAX]; /* pid, for people; 0: the
	                                            slot was given back */
};

struct shm;

/*
 * Joins the file, which is made when it is not there (and its folder, 0700,
 * below an existing one), or only if it is there (make false: for a process
 * that answers once). Waits for whoever makes it, a second at most; then does
 * as shm_reap. Aborts only without any memory; sigbus_init must have been
 * called.
 * *e says why it is private memory (REASON_INTERNAL); reason NONE: shared.
 */
struct shm *shm_join(const char *folder, const struct shm_kind *kind,
    bool make, struct err *e);

/* For tools: maps a good file read-only, holds no slot. NULL and e: there is
 * none, or it is not to be trusted. Root reads what any user's routers wrote,
 * others what is their own. */
struct shm *shm_read(const char *folder, const struct shm_kind *kind,
    struct err *e);

/* Gives the slot back. NULL is left alone. */
void shm_leave(struct shm **s);

/* The data: zeros at first. The address stays until shm_leave, while what
 * stands there may be exchanged by shm_look and shm_run. */
void *shm_data(const struct shm *s);

/* The key of hashes in it. Changes with the file. */
struct hash_key shm_key(const struct shm *s);

/* The slot held, below kind->slots; -1: all were held, or it is read-only.
 * Changes with the file, and when shm_look finds one free. Any thread. */
int shm_slot(const struct shm *s);

/* Does a process hold the slot just now? Asks the kernel. */
bool shm_slot_lives(struct shm *s, unsigned slot);

/* The process that holds a slot, as it says; 0: none does. Within shm_run. */
uint32_t shm_holder(const struct shm *s, unsigned slot);

/* Is it shared? */
bool shm_is_shared(const struct shm *s);

/*
 * Now and then, by one thread: when the path leads to another file than the
 * one mapped (or now to one at all), that is joined or made, at the same
 * address; when all slots were held, another is asked for. 1: it was joined,
 * and all that was known is that file's; 0: all is as before; -1 and e: it has
 * become private memory just now.
 */
int shm_look(struct shm *s, struct err *e);

/*
 * Of what shm_read gave: from now until it is left, or this process ends, all
 * who ask shm_is_watched hear that somebody reads; also when shm_look has
 * joined another file. 0, or -1 and e. Any number of readers do this at once.
 */
ATTR_MUST_USE
int shm_watch(struct shm *s, struct err *e);

/* Does any reader say so just now? Asks the kernel; by the thread that calls
 * shm_look. Private memory is read by nobody. */
bool shm_is_watched(struct shm *s);

/* For who joins only then: 1, somebody reads the file; 0, nobody does; -1,
 * there is none that can be opened. Whether it is to be trusted is not told. */
int shm_glance(const char *folder, const struct shm_kind *kind);

/* By the same thread: clears and frees each slot whose holder ended without
 * giving it back. */
void shm_reap(struct shm *s);

/*
 * Runs fn(arg), which reads and writes the data. true: it returned; false: a
 * page was gone (somebody cut the file): private memory stands there now, and
 * the next shm_look joins again. Any thread; not within itself.
 */
ATTR_MUST_USE
bool shm_run(struct shm *s, void (*fn)(void *arg), void *arg);

#endif
