/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * name: names of header fields, one row each, for #include with NAME and NAMES
 * defined. No guard: it is included more than once.
 *
 * NAME(id, text, variable, middle, late): as a CGI variable has it behind
 * HTTP_; its bytes at 1/2 and at 3/4 of its length, letters in lower case.
 * NAMES(id, text): all names that begin so and have no row of their own.
 */

/* Those that some rule knows. */
NAME(AUTHORIZATION, "Authorization", "AUTHORIZATION", 'i', 't')
NAME(CONNECTION, "Connection", "CONNECTION", 'c', 'i')
NAME(CONTENT_LENGTH, "Content-Length", "CONTENT_LENGTH", '-', 'n')
NAME(CONTENT_LOCATION, "Content-Location", "CONTENT_LOCATION", 'l', 't')
NAME(CONTENT_TYPE, "Content-Type", "CONTENT_TYPE", 't', 'y')
NAME(COOKIE, "Cookie", "COOKIE", 'k', 'i')
NAME(DESTINATION, "Destination", "DESTINATION", 'n', 'i')
NAME(EXPECT, "Expect", "EXPECT", 'e', 'c')
NAME(FORWARDED, "Forwarded", "FORWARDED", 'a', 'd')
NAME(HOST, "Host", "HOST", 's', 't')
NAME(HTTP2_SETTINGS, "HTTP2-Settings", "HTTP2_SETTINGS", 'e', 'i')
NAME(IF, "If", "IF", 'f', 'f')
NAME(KEEP_ALIVE, "Keep-Alive", "KEEP_ALIVE", 'a', 'i')
NAME(LOCATION, "Location", "LOCATION", 't', 'o')
NAME(SET_COOKIE, "Set-Cookie", "SET_COOKIE", 'o', 'k')
NAME(STATUS, "Status", "STATUS", 't', 'u')
NAME(TE, "TE", "TE", 'e', 'e')
NAME(TRAILER, "Trailer", "TRAILER", 'i', 'e')
NAME(TRANSFER_ENCODING, "Transfer-Encoding", "TRANSFER_ENCODING", '-', 'o')
NAME(UPGRADE, "Upgrade", "UPGRADE", 'r', 'd')
NAME(VIA, "Via", "VIA", 'i', 'a')
NAME(X_ACCEL_BUFFERING, "X-Accel-Buffering", "X_ACCEL_BUFFERING", 'b', 'e')
NAME(X_FORWARDED, "X-Forwarded", "X_FORWARDED", 'w', 'd')
NAME(X_FORWARDED_FOR, "X-Forwarded-For", "X_FORWARDED_FOR", 'r', '-')
NAME(X_FORWARDED_HOST, "X-Forwarded-Host", "X_FORWARDED_HOST", 'd', 'h')
NAME(X_FORWARDED_PROTO, "X-Forwarded-Proto", "X_FORWARDED_PROTO", 'd', 'p')
NAME(X_ORIGINAL_URL, "X-Original-URL", "X_ORIGINAL_URL", 'n', '-')
NAME(X_REAL_IP, "X-Real-IP", "X_REAL_IP", 'a', '-')
NAME(X_REQUEST_ID, "X-Request-Id", "X_REQUEST_ID", 'e', '-')
NAME(X_REWRITE_URL, "X-Rewrite-URL", "X_REWRITE_URL", 'i', '-')

/* Those that most requests have: they need no look at each byte. Their text is
 * as request_field_name spells it. */
NAME(ACCEPT, "Accept", "ACCEPT", 'e', 'p')
NAME(ACCEPT_ENCODING, "Accept-Encoding", "ACCEPT_ENCODING", 'e', 'd')
NAME(ACCEPT_LANGUAGE, "Accept-Language", "ACCEPT_LANGUAGE", 'l', 'u')
NAME(CACHE_CONTROL, "Cache-Control", "CACHE_CONTROL", 'c', 't')
NAME(IF_MATCH, "If-Match", "IF_MATCH", 'a', 'c')
NAME(IF_MODIFIED_SINCE, "If-Modified-Since", "IF_MODIFIED_SINCE", 'i', 's')
NAME(IF_NONE_MATCH, "If-None-Match", "IF_NONE_MATCH", 'e', 'a')
NAME(ORIGIN, "Origin", "ORIGIN", 'g', 'i')
NAME(PRAGMA, "Pragma", "PRAGMA", 'g', 'm')
NAME(RANGE, "Range", "RANGE", 'n', 'g')
NAME(REFERER, "Referer", "REFERER", 'e', 'e')
NAME(SEC_FETCH_DEST, "Sec-Fetch-Dest", "SEC_FETCH_DEST", 'c', 'd')
NAME(SEC_FETCH_MODE, "Sec-Fetch-Mode", "SEC_FETCH_MODE", 'c', 'm')
NAME(SEC_FETCH_SITE, "Sec-Fetch-Site", "SEC_FETCH_SITE", 'c', 's')
NAME(SEC_FETCH_USER, "Sec-Fetch-User", "SEC_FETCH_USER", 'c', 'u')
NAME(UPGRADE_INSECURE_REQUESTS, "Upgrade-Insecure-Requests",
	"UPGRADE_INSECURE_REQUESTS", 'c', 'e')
NAME(USER_AGENT, "User-Agent", "USER_AGENT", 'a', 'e')
NAME(X_REQUESTED_WITH, "X-Requested-With", "X_REQUESTED_WITH", 't', 'w')

NAMES(PROXY_ANY, "Proxy-")
NAMES(X_ACCEL_ANY, "X-Accel-")
NAMES(X_FORWARDED_ANY, "X-Forwarded-")
NAMES(X_LIGHTTPD_ANY, "X-LIGHTTPD-")
NAMES(X_ROUTER_ANY, "X-Router-")
NAMES(X_SENDFILE_ANY, "X-Sendfile")
