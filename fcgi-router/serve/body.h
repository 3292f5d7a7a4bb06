/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * body: a request's body on its way: streamed, with a copy of its beginning so
 * that a request can be sent again, or spooled whole first.
 *
 * It counts what comes against what was promised: a truncated upload never
 * looks whole, and one that is longer than promised or allowed is refused.
 * Memory is bounded by `keep`; a spooled body beyond that is in an unlinked
 * temporary file.
 */
#ifndef SERVE_BODY_H
#define SERVE_BODY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "http/request.h"

/*
 * Where bytes come from, without waiting. 1 and *data (at most 16 KiB, borrowed
 * until the next call); 0: would wait; 2: the end; -1 and e: the peer broke
 * off.
 */
typedef int body_source(void *arg, struct str *data, struct err *e);

struct body {
	enum request_body kind;
	uint64_t promised;  /* for REQUEST_BODY_LENGTH */
	uint64_t most;      /* the largest that is allowed */
	uint64_t came;      /* from the source so far */
	bool ended;         /* the source said so */
	bool kept;          /* all that came is in `held` or the spool; false:
	                       what came since it was no more */
	struct buf held;
	int spool;          /* descriptor, -1: none */
	uint64_t spooled;   /* bytes in it */
	uint64_t at;        /* next byte to be given from held or spool */
};

void body_init(struct body *b);
/* Gives everything back; as after body_init. */
void body_fini(struct body *b);

/* What the request's head said. 0, or -1 and e: body-too-large. */
ATTR_MUST_USE
int body_begin(struct body *b, const struct request *request, uint64_t most,
    size_t keep, struct err *e);

/*
 * Before the origin is asked: of a body of unknown length, is there one at
 * all? And a request without one must have none. 1: done, `kind` is right
 * now; 0: would wait; -1 and e: bad-request, client-gone.
 */
ATTR_MUST_USE
int body_look(struct body *b, body_source *source, void *arg, struct err *e);

/*
 * Reads all of it, or of what is left of it; then its length is known.
 * 1: done; 0: would wait; -1 and e: as body_next, and overloaded (no temporary
 * file: e says where).
 */
ATTR_MUST_USE
int body_spool(struct body *b, body_source *source, void *arg,
    const char *folder, struct err *e);

/*
 * The next part, at most `room` bytes when it was held or spooled; scratch has
 * that room. 1 and *data, borrowed until the next call; 0: would wait; 2: the
 * end; -1 and e: client-gone (the peer broke off), bad-request (less or more
 * than promised), body-too-large, internal (the spool cannot be read).
 */
ATTR_MUST_USE
int body_next(struct body *b, body_source *source, void *arg, char *scratch,
    size_t room, struct str *data, struct err *e);

/* Starts again at the first byte. false: that is not there any more. */
bool body_rewind(struct body *b);
bool body_can_rewind(const struct body *b);

/*
 * Reads on and throws away, at most `most` bytes in this call. 1: the source
 * has ended; 0: would wait; 2: there is more; -1: the peer broke off.
 */
int body_drain(struct body *b, body_source *source, void *arg, size_t most);

#endif
