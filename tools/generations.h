/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * generations: older maps that are kept beside the map, to go back to.
 *
 * One of generation 7 is MAP.7, a hard link to what the map was then: it costs
 * no time and no room until the map is replaced. What only has such a name but
 * is no map of that generation is left alone.
 */
#ifndef TOOLS_GENERATIONS_H
#define TOOLS_GENERATIONS_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/file.h"
#include "tools/writer.h"

enum { GENERATIONS_KEPT_MAX = 1000 }; /* --keep */

/* The newest of the kept ones in *out, 0 if there is none. 0, or -1 and e. */
ATTR_MUST_USE
int generations_newest(const char *map, uint64_t *out, struct err *e);

/* The name of a kept one. 0, or -1 and e: too long. */
ATTR_MUST_USE
int generations_name(const char *map, uint64_t generation,
    char out[FILE_PATH_MAX], struct err *e);

/*
 * Keeps the map that is about to be replaced, if there is one and it is a map.
 * 0, or -1 and e: nothing was kept.
 */
ATTR_MUST_USE int generations_keep(const char *map, struct err *e);

/*
 * Removes the kept ones below `live` but the `count` newest. What cannot be
 * removed is told as a warning. 0, or -1 and e: the folder cannot be read.
 */
ATTR_MUST_USE
int generations_prune(const char *map, uint64_t live, size_t count,
    struct err *e);

/*
 * Which one a rollback goes back to: the newest below the live generation that
 * does not hold the same routes as the live map (else the second rollback
 * would change nothing), or the newest below it if all of them do. If the one
 * just before the live map is not kept, only those count that are older than
 * the newest one with its routes: rollbacks go on, and do not turn round.
 * 1 and *out; 0: none is kept; -1 and e.
 */
ATTR_MUST_USE
int generations_choose(const char *map, uint64_t *out, struct err *e);

/*
 * Checks the kept one as a whole and gives its records to w; *meta is filled
 * in as writer_close wants it, its texts in the arena. 0, or -1 and e.
 */
ATTR_MUST_USE
int generations_copy(const char *kept, struct writer *w, struct arena *a,
    struct codec_meta *meta, struct err *e);

#endif
