/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idn: host names in UTF-8 to A-labels (UTS 46, non-transitional); the only
 * user of libidn2.
 *
 * Labels of plain ASCII never go through the library, which deletes or refuses
 * names that exist; what it makes of the others is checked again as a host.
 */
#ifndef TOOLS_IDN_H
#define TOOLS_IDN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "http/host.h"

/*
 * The canonical host of a name in UTF-8 or ASCII, or of an address literal,
 * without port. 0, or -1 and e: bad-host.
 */
ATTR_MUST_USE
int idn_host(struct str in, struct host *out, struct err *e);

/*
 * The same name with its labels in ASCII, nothing else changed or checked:
 * labels with '{' must be ASCII. *out lives in the arena, or is `in`.
 * 0, or -1 and e.
 */
ATTR_MUST_USE
int idn_labels(struct str in, struct arena *a, struct str *out,
    struct err *e);

#endif
