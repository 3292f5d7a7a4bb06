/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fresh: for how long an answer says that it may be used again (RFC 9111 4.2
 * and 5.2.2), to one that many share. Pure.
 */
#ifndef HTTP_FRESH_H
#define HTTP_FRESH_H

#include <stdint.h>

#include "http/header.h"

/* It says nothing of it. */
#define FRESH_UNSAID INT64_MAX

/*
 * In seconds from when it was asked for; 0: not at all, also where what it says
 * cannot be understood. now: in seconds since 1970.
 */
int64_t fresh_seconds(const struct header *answer, int64_t now);

#endif
