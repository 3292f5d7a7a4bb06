/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * accept: in which form a client would rather have an answer of the router's
 * own (RFC 9110 12.5.1).
 */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include <stdbool.h>

#include "http/header.h"

/*
 * Would it rather have JSON than HTML? By weight; of equal weights the one that
 * is named by a closer range wins, then the one that is named first. Types that
 * end in "+json" are JSON, too, less closely. A weight that is none is 1.
 * Without Accept, or when neither is acceptable: HTML.
 */
bool accept_prefers_json(const struct header *fields);

#endif
