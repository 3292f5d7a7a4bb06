/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * directive.tbl: the directives of a route.
 *
 * DIRECTIVE(NAME, id on disk, word, FLAG | VALUE, manual)
 * Ids are for ever: a map written by one version is read by the next. `on`
 * is told by the manual text; the compiler checks it.
 */
DIRECTIVE(EXACT, 1, "exact", FLAG,
    "MATCH's path alone, nothing below it")
DIRECTIVE(STRIP_PREFIX, 2, "strip-prefix", FLAG,
    "what MATCH's path took is not passed on to the origin")
DIRECTIVE(HOST, 3, "host", VALUE,
    "the Host field sent to the origin: origin (the origin's own name, the "
    "default), preserve (what the client asked for), or a name")
DIRECTIVE(TAG, 4, "tag", VALUE,
    "K:V[,K:V]: metadata, for {tag.K} and the log")
DIRECTIVE(HEADERS, 5, "headers", VALUE,
    "the header rules of the %headers set of that name")
DIRECTIVE(RETRY_AFTER, 6, "retry-after", VALUE,
    "with respond: seconds for the Retry-After field")
