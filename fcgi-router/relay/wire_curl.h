/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire_curl: libcurl's functions, once it is loaded.
 *
 * libcurl brings some thirty libraries with it and begins OpenSSL, which takes
 * longer than all else that happens before a first answer. So it is loaded for
 * the first connection to an origin, or when there is time.
 */
#ifndef RELAY_WIRE_CURL_H
#define RELAY_WIRE_CURL_H

#include <curl/curl.h>

#include "base/err.h"

struct wire_curl {
#define CALL(name) __typeof__(curl_##name) *name; /* as declared there */
#include "relay/wire_curl.tbl.h"
#undef CALL
};

/* Loads and begins libcurl for good; once. 0 and *calls, or -1 and e. */
ATTR_MUST_USE int wire_curl_load(struct wire_curl *calls, struct err *e);

#endif
