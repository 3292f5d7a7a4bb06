/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * request: one client request, read from CGI variables (RFC 3875) for every
 * way in.
 *
 * Host and target are canonical (host.h, path.h); the target comes from
 * REQUEST_URI alone, since each web server decodes and splits the others in
 * its own way. Fields keep the order of arrival, repeated ones stay apart.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "http/header.h"
#include "http/host.h"
#include "http/path.h"

enum {
	REQUEST_FIELDS_MAX = 200,
	REQUEST_HEADER_MAX = 65536, /* names and values together */
	REQUEST_URI_MAX = 16384,
	REQUEST_ID_MAX = 128
};

enum request_body {
	REQUEST_BODY_NONE = 0,
	REQUEST_BODY_LENGTH,
	REQUEST_BODY_UNKNOWN, /* no CONTENT_LENGTH: look at the stream */
	REQUEST_BODY_COUNT    /* last */
};

struct request {
	struct str method;
	struct host host;      /* canonical */
	uint16_t port;         /* that the client wrote; 0: none */
	struct path path;
	struct str uri;        /* as it came, for the log */
	struct str scheme;     /* "http" or "https" */
	struct str protocol;   /* "HTTP/1.1", as the web server says */
	struct str peer;       /* REMOTE_ADDR, may be empty */
	struct str client_ip;  /* the same, unless the peer is trusted */
	bool trusted;          /* for this and the next see decide/trust.h */
	size_t hops;           /* elements of X-Forwarded-For, from its end,
	                          that are believed; the first is the client */
	struct str server;     /* SERVER_SOFTWARE, may be empty */
	struct str space;      /* ROUTER_NAMESPACE, a name; may be empty */
	struct str id;         /* X-Request-Id of this exchange */
	struct header fields;  /* from HTTP_*, Host too, and Content-Type */
	enum request_body body;
	uint64_t length;       /* for REQUEST_BODY_LENGTH */
};

/*
 * Reads `variables`, a NULL-ended list of "NAME=value" that must live as long
 * as the arena. `id` is left empty. Of HTTP_* only HTTP_PROXY and the doubles
 * HTTP_CONTENT_LENGTH and HTTP_CONTENT_TYPE are left out; what is not to be
 * forwarded is for the relay's rules to remove. What could be read is in *out
 * even on failure, fields too, for the log and the form of the answer.
 * 0, or -1 and e: bad-host, bad-path, bad-request, uri-too-long,
 * headers-too-large, overloaded.
 */
ATTR_MUST_USE
int request_from_cgi(char *const *variables, struct arena *a,
    struct request *out, struct err *e);

/*
 * The header name of a CGI variable's part behind "HTTP_": "X_FOO" is
 * "X-Foo". Lives in the arena; {NULL, 0} when that is full.
 */
struct str request_field_name(struct str variable, struct arena *a);

/* Is the method idempotent (RFC 9110 9.2.2, and WebDAV's that only read or
 * set a state)? */
bool request_is_idempotent(struct str method);

#endif
