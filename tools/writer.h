/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * writer: builds a map; the only writer of Berkeley DB.
 *
 * Records come in key order and go into a new file beside the map
 * (base/file.h: locked, so two runs never mix). It is counted, marked
 * (route/mark.h), read back as a whole, synced, and then put in the map's
 * place by rename. Until then the old map is untouched, whatever fails.
 */
#ifndef TOOLS_WRITER_H
#define TOOLS_WRITER_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "route/codec.h"

struct writer;

/*
 * Begins the map at `path`, which may have an old one: waits for another run's
 * lock, reads the old generation. A broken old map is told as a warning, and
 * generations start at 1 again. Without path the map is built in a folder of
 * its own ($TMPDIR, else /tmp) and never installed: to look at it only.
 * 0 and *out, or -1 and e.
 */
ATTR_MUST_USE
int writer_open(const char *path, struct writer **out, struct err *e);

/* The generation that the map will have. */
uint64_t writer_generation(const struct writer *w);

/*
 * One record (never "m" or "z", those are the writer's own), its key behind
 * the one before (CHECK); key and value are copied. 0, or -1 and e: the key
 * came before or is none of this format, too large, the disk is full.
 */
ATTR_MUST_USE
int writer_put(struct writer *w, struct str key, struct str value,
    struct err *e);

/*
 * Builds, marks and checks the whole map, once, under its temporary name. Of
 * meta the caller fills time, sources and headers; the writer counts and fills
 * the rest, for the caller to tell. 0, or -1 and e (the disk is full, ...):
 * only writer_abort is left to do.
 */
ATTR_MUST_USE
int writer_close(struct writer *w, struct codec_meta *meta, struct err *e);

/* Where the built map is before it is installed: it can be opened as a store.
 * Borrowed. */
const char *writer_path(const struct writer *w);

/*
 * Puts the built map in its place, sets *w NULL. 0, or -1 and e: the old map
 * as it was, nothing left behind.
 */
ATTR_MUST_USE int writer_install(struct writer **w, struct err *e);

/* Forgets it all and removes the new file, sets *w NULL. NULL is fine. */
void writer_abort(struct writer **w);

#endif
