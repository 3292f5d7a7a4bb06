/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pour: bytes from one socket to another by way of a pipe, splice(2): the
 * kernel hands pages over, and nothing is copied.
 *
 * The pipe is made when it is first needed and is empty between its uses, so
 * that one is enough for a thread. Where there is none to be had, or the kernel
 * cannot splice, who uses it is told to copy.
 */
#ifndef BASE_POUR_H
#define BASE_POUR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/check.h"

struct pour {
	int to, from; /* the pipe's ends; -1: there is none */
	size_t held;  /* bytes in it */
	bool useless;
};

void pour_init(struct pour *p);
void pour_fini(struct pour *p);

/*
 * Fills the empty pipe with at most `room` bytes from a socket that must not
 * block. As recv(2): what came; 0: the other side closed; -1 and errno:
 * EOPNOTSUPP is to be copied.
 */
ATTR_MUST_USE ssize_t pour_fill(struct pour *p, int fd, size_t room);

/*
 * Gives n bytes of what is held to a socket that must not block; more: others
 * follow at once. How much it took; what is left, for whatever reason, is to
 * be copied, and writing that tells the reason.
 */
ATTR_MUST_USE
size_t pour_empty(struct pour *p, int fd, size_t n, bool more);

/* Copies at most n bytes of what is held. At least 1, if something is. */
ATTR_MUST_USE size_t pour_copy(struct pour *p, char *to, size_t n);

#endif
