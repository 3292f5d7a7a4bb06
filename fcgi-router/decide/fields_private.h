/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fields_private: what the files of fields share: the value of one field, with
 * the URLs, domains and paths in it as the client knows them.
 *
 * Any other field's value is handed back as it is. A value that lives in the
 * arena, or {NULL, 0}: the arena is full.
 */
#ifndef DECIDE_FIELDS_PRIVATE_H
#define DECIDE_FIELDS_PRIVATE_H

#include "decide/fields.h"

/* Location, Content-Location and Set-Cookie, if the route wants it. */
struct str fields_map_answer(const struct fields_to_client *in,
    const struct header_field *f, struct arena *a);

#endif
