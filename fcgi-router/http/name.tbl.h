/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * name: names of header fields that some rule knows, one row each, for #include
 * with NAME and NAMES defined. No guard: it is included more than once.
 *
 * NAME(id, text, first, last): its first and last byte, letters in lower case.
 * NAMES(id, text): all names that begin so and have no row of their own.
 */

NAME(AUTHORIZATION, "Authorization", 'a', 'n')
NAME(CONNECTION, "Connection", 'c', 'n')
NAME(CONTENT_LENGTH, "Content-Length", 'c', 'h')
NAME(CONTENT_LOCATION, "Content-Location", 'c', 'n')
NAME(CONTENT_TYPE, "Content-Type", 'c', 'e')
NAME(COOKIE, "Cookie", 'c', 'e')
NAME(DESTINATION, "Destination", 'd', 'n')
NAME(EXPECT, "Expect", 'e', 't')
NAME(FORWARDED, "Forwarded", 'f', 'd')
NAME(HOST, "Host", 'h', 't')
NAME(HTTP2_SETTINGS, "HTTP2-Settings", 'h', 's')
NAME(IF, "If", 'i', 'f')
NAME(KEEP_ALIVE, "Keep-Alive", 'k', 'e')
NAME(LOCATION, "Location", 'l', 'n')
NAME(SET_COOKIE, "Set-Cookie", 's', 'e')
NAME(STATUS, "Status", 's', 's')
NAME(TE, "TE", 't', 'e')
NAME(TRAILER, "Trailer", 't', 'r')
NAME(TRANSFER_ENCODING, "Transfer-Encoding", 't', 'g')
NAME(UPGRADE, "Upgrade", 'u', 'e')
NAME(VIA, "Via", 'v', 'a')
NAME(X_ACCEL_BUFFERING, "X-Accel-Buffering", 'x', 'g')
NAME(X_FORWARDED, "X-Forwarded", 'x', 'd')
NAME(X_FORWARDED_FOR, "X-Forwarded-For", 'x', 'r')
NAME(X_FORWARDED_HOST, "X-Forwarded-Host", 'x', 't')
NAME(X_FORWARDED_PROTO, "X-Forwarded-Proto", 'x', 'o')
NAME(X_ORIGINAL_URL, "X-Original-URL", 'x', 'l')
NAME(X_REAL_IP, "X-Real-IP", 'x', 'p')
NAME(X_REQUEST_ID, "X-Request-Id", 'x', 'd')
NAME(X_REWRITE_URL, "X-Rewrite-URL", 'x', 'l')

NAMES(PROXY_ANY, "Proxy-")
NAMES(X_ACCEL_ANY, "X-Accel-")
NAMES(X_FORWARDED_ANY, "X-Forwarded-")
NAMES(X_LIGHTTPD_ANY, "X-LIGHTTPD-")
NAMES(X_ROUTER_ANY, "X-Router-")
NAMES(X_SENDFILE_ANY, "X-Sendfile")
