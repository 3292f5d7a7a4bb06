/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * listen: the sockets on which FastCGI requests come in.
 *
 * Who may write to such a socket decides the client's address and more, so an
 * own socket is careful: a Unix socket has mode 0660 and replaces nothing but
 * a dead socket; TCP is loopback only unless told otherwise.
 */
#ifndef SERVE_LISTEN_H
#define SERVE_LISTEN_H

#include <stdbool.h>

#include "base/err.h"

enum { LISTEN_BACKLOG = 4096, LISTEN_INHERITED_MAX = 16 };

struct listen_wish {
	const char *where; /* unix:/path or ADDRESS:PORT, [v6]:PORT */
	const char *group; /* of the Unix socket, or NULL */
	bool tcp;          /* TCP is wanted at all */
	bool everywhere;   /* beyond loopback, too */
};

/* The listening descriptor, or -1 and e. */
ATTR_MUST_USE int listen_open(const struct listen_wish *wish, struct err *e);

/* Removes the Unix socket of listen_open, if it is still that one. */
void listen_remove(void);

/*
 * Sockets handed over by the service manager (sd_listen_fds(3)): how many,
 * from descriptor 3 on. The environment variables are taken away. 0: none.
 */
int listen_inherited(void);

/* Is the descriptor a listening stream socket? */
bool listen_is_listening(int fd);

#endif
