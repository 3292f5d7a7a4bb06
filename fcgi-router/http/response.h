/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * response: the head of an answer, as a web server takes it from CGI
 * (RFC 3875 6).
 *
 * A Location goes before Status: to HAProxy one behind it is a 302, whatever
 * Status says.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/header.h"

/*
 * The head and its empty line. An empty phrase becomes the status's own;
 * length: the Content-Length, or -1 for none. {NULL, 0}: the arena is full.
 */
struct str response_head(int status, struct str phrase,
    const struct header *fields, int64_t length, struct arena *a);

#endif
