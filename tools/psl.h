/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * psl: is a name a public suffix, below which anybody may own a name? The only
 * user of libpsl.
 *
 * Only suffixes of the registries count ("com", "co.uk"). Those that private
 * owners have put on the list belong to hosting platforms, which are right to
 * route all names below their own.
 */
#ifndef TOOLS_PSL_H
#define TOOLS_PSL_H

#include <stdbool.h>

#include "base/str.h"

/* host is canonical, with A-labels. */
bool psl_is_suffix(struct str host);

#endif
