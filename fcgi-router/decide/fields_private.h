/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fields_private: what the files of fields share.
 */
#ifndef DECIDE_FIELDS_PRIVATE_H
#define DECIDE_FIELDS_PRIVATE_H

#include "decide/fields.h"

/* Adds those that we tell ourselves. 0, or -1: the arena is full. */
int fields_add_forwarded(const struct fields_to_origin *in, struct arena *a,
    struct header *out);

/* How often Via names this router. */
int fields_hops(const struct header *sent);

/*
 * The value of one field, with the URLs, domains and paths in Location,
 * Content-Location and Set-Cookie as the client knows them, if the route wants
 * it; any other field's is handed back as it is. It lives in the arena;
 * {NULL, 0}: that is full.
 */
struct str fields_map_answer(const struct fields_to_client *in,
    const struct header_field *f, struct arena *a);

#endif
