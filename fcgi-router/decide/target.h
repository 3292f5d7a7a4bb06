/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * target: where a route sends this request: the origin's address, the request
 * target asked of it, its Host; or the Location of a redirect. Pure.
 */
#ifndef DECIDE_TARGET_H
#define DECIDE_TARGET_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "http/request.h"
#include "route/route.h"

struct pattern_source;
struct settings_egress;

struct target {
	enum origin_scheme scheme;
	struct str host;   /* canonical name or literal; empty for unix */
	uint16_t port;     /* 0 for unix */
	struct str socket; /* path of the Unix socket, else empty */
	struct str name;   /* "http://h:p", "unix:/path": log, messages */
	bool written;      /* the address has no variable in it */
	struct str key;    /* the pool's: an address built of variables never
	                      takes a wire that was opened as a written one,
	                      nor one of another tls= or egress= */
	struct str tls;    /* of tls=, of https origins, else empty */
	const struct settings_egress *egress; /* in force; NULL: defaults */

	struct str path;       /* request target: path and query */
	struct str host_field; /* Host sent to the origin */
	struct str base;       /* of the URL, filled in, no '/' at its end */
	struct str prefix;     /* of the path asked for, taken away */
};

/* The key of that address, of which all else is filled in; egress: the NAME of
 * its [egress:NAME], or empty. {NULL, 0}: the arena is full. */
struct str target_key(const struct target *t, struct str egress,
    struct arena *a);

/* Fills in what of *out is the origin's alone, scheme to tls, without a path.
 * As target_origin. */
ATTR_MUST_USE
int target_address(const struct origin_url *url,
    const struct pattern_source *s, struct arena *a, struct target *out,
    struct err *e);

/*
 * Fills in the origin's URL for the route and policy of s. preserve:
 * `[router] host` says so (where no word says host=). *out lives in the arena.
 * 0, or -1 and e: no-service (a capture that cannot be in an authority or
 * makes no host name), bad-path (a variable would make a dot segment),
 * overloaded.
 */
ATTR_MUST_USE
int target_origin(const struct origin_url *url,
    const struct pattern_source *s, bool preserve, struct arena *a,
    struct target *out, struct err *e);

/* Fills in the Location of a redirect. As target_origin. */
ATTR_MUST_USE
int target_redirect(const struct pattern *url,
    const struct pattern_source *s, struct arena *a, struct str *location,
    struct err *e);

/*
 * Maps a canonical path asked for to the origin's (forward), or the origin's
 * path to the one asked for (back), by the URL's base and the stripped prefix.
 * true and *out; false: the path lies outside of what this route maps.
 */
bool target_forward(const struct target *t, struct str path, struct arena *a,
    struct str *out);
bool target_back(const struct target *t, struct str path, struct arena *a,
    struct str *out);

/* The host asked for, canonical, with the port the client wrote, if any. */
struct str target_host_asked(const struct request *request, struct arena *a);

/* Do host and port (0: the scheme's own) name the origin? */
bool target_is_origin(const struct target *t, bool https, struct str host,
    uint16_t port);

#endif
