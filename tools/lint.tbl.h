/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * lint.tbl: every finding in a list.
 *
 * LINT(NAME, id, severity, sentence): "what, what was expected"; %1 and %2 are
 * the finding's own words, %% is a per cent sign. tests/compile/ID.in shows
 * each of them.
 */

/* Lines */
LINT(BAD_UTF8, "bad-utf8", ERROR,
    "a byte that is no UTF-8, expected a list in UTF-8")
LINT(CONTROL, "control-byte", ERROR,
    "the control byte %1, expected text")
LINT(NO_ENTRY, "no-entry", ERROR,
    "an indented line continues the entry above, but there is none, expected "
    "an entry at the start of the line")
LINT(ENTRY_LONG, "entry-long", ERROR,
    "an entry of more than 64 KiB, expected less")
LINT(QUOTE_OPEN, "quote-open", ERROR,
    "a quote that is not closed, expected '\"' on the same line")
LINT(QUOTE_ESCAPE, "quote-escape", ERROR,
    "'\\%1' within quotes, expected '\\\"' or '\\\\'")

/* Entries */
LINT(ENTRY_UNKNOWN, "entry-unknown", ERROR,
    "unknown entry '%1', expected a MATCH, %%headers or %%defaults")
LINT(ENTRY_NEAR, "entry-near", ERROR,
    "unknown entry '%1', did you mean '%2'?")
LINT(CLAUSE_MORE, "clause-more", ERROR,
    "'%1' behind a clause, expected one clause a line")
LINT(HEADER_LINE, "header-line", ERROR,
    "'%1' on the entry's own line, expected it on an indented line below")
LINT(SET_NAME, "set-name", ERROR,
    "'%1' names no set, expected %%headers NAME, of letters a-z, digits and "
    "'._-', at most 128 bytes")
LINT(SET_CLAUSE, "set-clause", ERROR,
    "'%1' in a %%headers set, expected request-header or response-header")
LINT(SET_TWICE, "set-twice", ERROR,
    "the %%headers set '%1' is defined otherwise at %2, expected one "
    "definition")
LINT(SET_REPEATED, "set-repeated", WARNING,
    "the %%headers set '%1' is defined the same at %2, expected it once")
LINT(SET_VARIABLE, "set-variable", ERROR,
    "the %%headers set does not fit this route: %1 (at %2)")
LINT(DEFAULTS_CLAUSE, "defaults-clause", ERROR,
    "'%1' in %%defaults, expected directives (a %%headers set by headers=NAME)")

/* MATCH */
LINT(MATCH_FORM, "match-form", ERROR,
    "'%1' is no MATCH, expected HOST, {name}.HOST, *.HOST, * or an address, "
    "and a path or none")
LINT(MATCH_SCHEME, "match-scheme", ERROR,
    "a scheme in MATCH, expected HOST or HOST/PATH")
LINT(MATCH_PORT, "match-port", ERROR,
    "a port in MATCH, expected a host alone (IPv6 in brackets)")
LINT(MATCH_HOST, "match-host", ERROR,
    "%1, expected a host name or an address")
LINT(MATCH_PARENT, "match-parent", ERROR,
    "the address '%1' has no names below it, expected a host name")
LINT(MATCH_DEEP, "match-deep", ERROR,
    "more than 63 labels below a wildcard, expected fewer")
LINT(MATCH_LONG, "match-long", ERROR,
    "a MATCH of more than 4096 bytes, expected a shorter one")
LINT(MATCH_QUERY, "match-query", ERROR,
    "'%1' in MATCH, expected a path alone")
LINT(HOST_DEFAULT, "host-default", WARNING,
    "'%1' is the host of that name, expected '*' for all hosts that no other "
    "MATCH has")
LINT(PATH_STAR, "path-star", WARNING,
    "'*' in a path is that character alone, expected a path without it (it "
    "has all that is below it), or {name} for one segment")
LINT(PATH_READINGS, "path-readings", ERROR,
    "%1, expected segments that every reader reads the same")
LINT(CAPTURE_PART, "capture-part", ERROR,
    "a brace within '%1', expected {name} as a whole segment or label "
    "('{{' is a literal '{')")
LINT(CAPTURE_NAME, "capture-name", ERROR,
    "'%1' names no capture, expected a-z, then a-z, 0-9 and '_'")
LINT(CAPTURE_TAKEN, "capture-taken", ERROR,
    "'{%1}' is a variable already, expected another name")
LINT(CAPTURE_TWICE, "capture-twice", ERROR,
    "'{%1}' comes twice in MATCH, expected another name")
LINT(SEGMENT_EMPTY, "segment-empty", ERROR,
    "an empty segment ('//'), expected none")
LINT(SEGMENT_DOTS, "segment-dots", ERROR,
    "the dot segment '%1', expected a path without")
LINT(SEGMENT_MANY, "segment-many", ERROR,
    "more than 32 segments in MATCH, expected fewer")
LINT(ESCAPE_BROKEN, "escape-broken", ERROR,
    "a broken escape, expected '%%' and two hexadecimal digits ('%%25' is a "
    "'%%')")
LINT(ESCAPE_NEEDLESS, "escape-needless", ERROR,
    "'%1' escapes what needs no escape, expected '%2'")
LINT(PATH_BYTE, "path-byte", ERROR,
    "'%1' in a path, expected it percent-encoded")

/* TARGET */
LINT(TARGET_MISSING, "target-missing", ERROR,
    "no TARGET behind '%1', expected http://, https://, unix:/PATH, "
    "redirect=CODE URL or respond=CODE [\"text\"]")
LINT(TARGET_UNKNOWN, "target-unknown", ERROR,
    "unknown target '%1', expected http://, https://, unix:/PATH, "
    "redirect=CODE URL or respond=CODE [\"text\"]")
LINT(URL_USER, "url-user", ERROR,
    "a user or password in a URL, expected HOST[:PORT]")
LINT(URL_HOST, "url-host", ERROR,
    "%1, expected HOST[:PORT]")
LINT(URL_PORT, "url-port", ERROR,
    "the port '%1', expected a number from 1 to 65535")
LINT(URL_OPEN, "url-open", ERROR,
    "'{%1}' in an origin's authority makes an open proxy, expected a host "
    "that clients cannot choose")
LINT(URL_HOST_PLACE, "url-host-place", ERROR,
    "'{%1}' within a host, expected it alone or last, behind a '.'")
LINT(URL_QUERY, "url-query", ERROR,
    "a query in an origin's URL, expected none (the query asked for is "
    "passed on)")
LINT(URL_SEMICOLON, "url-semicolon", WARNING,
    "';' at the end of a URL is part of it, expected none")
LINT(URL_FRAGMENT, "url-fragment", ERROR,
    "a fragment in an origin's URL, expected none")
LINT(URL_TAIL, "url-tail", ERROR,
    "something behind {uri}, expected it last (it holds the query)")
LINT(URL_RELATIVE, "url-relative", ERROR,
    "'%1' is no URL of a redirect, expected http://, https:// or /PATH")
LINT(URL_SLASHES, "url-slashes", ERROR,
    "'%1' can begin with '//' (another host), expected '/' and a segment that "
    "is never empty")
LINT(SOCKET_PATH, "socket-path", ERROR,
    "the socket '%1', expected unix:/PATH[:/BASE], absolute and without dot "
    "segments")
LINT(SOCKET_LONG, "socket-long", ERROR,
    "a socket's path of %1 bytes, expected at most 107")
LINT(VARIABLE, "variable", ERROR,
    "%1")
LINT(TAG_MISSING, "tag-missing", ERROR,
    "'{tag.%1}' in an authority, but the route has no such tag, expected "
    "tag=%1:VALUE")
LINT(REDIRECT_CODE, "redirect-code", ERROR,
    "the code '%1' of a redirect, expected 301, 302, 303, 307 or 308")
LINT(REDIRECT_URL, "redirect-url", ERROR,
    "no URL behind '%1', expected redirect=CODE URL")
LINT(RESPOND_CODE, "respond-code", ERROR,
    "the code '%1' of an answer, expected 200 to 599")
LINT(RESPOND_TEXT, "respond-text", ERROR,
    "a text with code %1, expected none (such an answer has no body)")

/* Directives */
LINT(DIRECTIVE_UNKNOWN, "directive-unknown", ERROR,
    "unknown directive '%1', expected %2")
LINT(DIRECTIVE_NEAR, "directive-near", ERROR,
    "unknown directive '%1', did you mean '%2'?")
LINT(DIRECTIVE_TWICE, "directive-twice", ERROR,
    "'%1' was said already at %2, expected it once in an entry")
LINT(DIRECTIVE_VALUE, "directive-value", ERROR,
    "'%1' without a value, expected %1=VALUE")
LINT(FLAG_VALUE, "flag-value", ERROR,
    "'%1' takes no value, expected %1 or %1=no")
LINT(HOST_VALUE, "host-value", ERROR,
    "%1, expected host=origin, host=preserve or host=NAME")
LINT(TAG_FORM, "tag-form", ERROR,
    "'%1' is no tag, expected K:V[,K:V], K of letters, digits, '-' and '_', V "
    "of at most 256 bytes")
LINT(TAG_TWICE, "tag-twice", ERROR,
    "the tag '%1' has two values, expected one")
LINT(HEADERS_UNKNOWN, "headers-unknown", ERROR,
    "there is no %%headers set '%1', expected %2")
LINT(RETRY_AFTER, "retry-after", ERROR,
    "retry-after=%1, expected seconds from 1 to 31536000")
LINT(RETRY_AFTER_PLACE, "retry-after-place", ERROR,
    "retry-after= on a route that does not respond, expected it with "
    "respond=CODE")
LINT(NO_EFFECT, "no-effect", WARNING,
    "'%1' does nothing with %2, expected it on a route to an origin")

/* Header rules */
LINT(HEADER_FORM, "header-form", ERROR,
    "'%1' is no header rule, expected NAME: value, +NAME: value or -NAME")
LINT(HEADER_NAME, "header-name", ERROR,
    "'%1' is no header name, expected letters, digits and '-'")
LINT(HEADER_REFUSED, "header-refused", ERROR,
    "'%1' cannot be ruled here: %2, expected another name")
LINT(HEADER_EMPTY, "header-empty", ERROR,
    "'%1' without a value, expected NAME: value (-NAME removes the field)")
LINT(HEADER_LONG, "header-long", ERROR,
    "a field of %1 bytes with its name, expected at most 8000")
LINT(HEADER_TWICE, "header-twice", ERROR,
    "'%1' has a rule already at %2, expected one (+NAME adds another field)")

/* Routes */
LINT(ROUTE_CONTRADICTS, "route-contradicts", ERROR,
    "%1 is routed otherwise at %2, expected one route for it")
LINT(ROUTE_REPEATED, "route-repeated", WARNING,
    "%1 is routed the same at %2, expected it once")
LINT(SHAPES_MANY, "shapes-many", ERROR,
    "this is the 17th shape of paths on %1, expected at most 16 combinations "
    "of length, captures and exact")
LINT(ROUTE_LARGE, "route-large", ERROR,
    "%1, expected a smaller route")
