/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * shm_private: what shm (the mapping, the slots) wants of shm_file (which file
 * is to be trusted, and how one is made).
 */
#ifndef BASE_SHM_PRIVATE_H
#define BASE_SHM_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/file.h"
#include "base/shm.h"

enum shm_how {
	SHM_READ = 0, /* a file that is there, read-only */
	SHM_JOIN,     /* a file that is there */
	SHM_MAKE,     /* and where there is no good one, a new one */
	SHM_HOW_COUNT /* last */
};

/* Where a file belongs, and what it must be. */
struct shm_place {
	char folder[FILE_PATH_MAX]; /* without a slash at its end */
	char path[FILE_PATH_MAX];   /* folder/name.version */
	char fresh[FILE_PATH_MAX];  /* the new one, until its rename */
	uint64_t size;              /* of the whole file */
	uint32_t version;
	enum shm_how how;
};

/* A good file, open. */
struct shm_file {
	int fd; /* its byte locks are the slots */
	dev_t dev;
	ino_t inode;
	struct hash_key key;
};

/* 0, or -1 and e: the path is too long. */
ATTR_MUST_USE
int shm_place_init(struct shm_place *p, const char *folder,
    const struct shm_kind *kind, enum shm_how how, struct err *e);

/*
 * Opens the file, or makes it. 1 and *out, whose fd is the caller's; 0: it is
 * to be made, and somebody is at that for longer than wait_ms; -1 and e.
 */
ATTR_MUST_USE
int shm_file_open(const struct shm_place *p, int wait_ms,
    struct shm_file *out, struct err *e);

/* Does the path lead to that file, as it must be? One system call. */
bool shm_file_stands(const struct shm_place *p, const struct shm_file *file);

#endif
