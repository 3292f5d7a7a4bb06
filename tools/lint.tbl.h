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
    "unknown entry '%1', expected a MATCH, @NAME, %%headers or %%defaults")
LINT(ENTRY_NEAR, "entry-near", ERROR,
    "unknown entry '%1', did you mean '%2'?")
LINT(CLAUSE_LINE, "clause-line", ERROR,
    "'%1' on the entry's own line, expected it on an indented line below")
LINT(CLAUSE_PLACE, "clause-place", ERROR,
    "'%1' in %2, expected it below a route")
LINT(TOO_MANY, "too-many", ERROR,
    "more than %2 %1, expected at most %2")
LINT(CLAUSE_MORE, "clause-more", ERROR,
    "'%1' behind a clause, expected one clause a line")
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
LINT(ANYWHERE_FORM, "anywhere-form", ERROR,
    "'%1' is no rule for all hosts, expected **/PATH with literal segments")
LINT(ANYWHERE_MANY, "anywhere-many", ERROR,
    "this is the 17th MATCH on every host ('**'), expected at most 16 in a "
    "map")
LINT(MATCH_SUFFIX, "match-suffix", WARNING,
    "'%1' is a public suffix: the names below it belong to many others, "
    "expected a name of your own")
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
    "no TARGET behind '%1', expected http://, https://, unix:/PATH, @NAME, "
    "=HOST, redirect=CODE URL, respond=CODE [\"text\"] or internal=NAME")
LINT(TARGET_UNKNOWN, "target-unknown", ERROR,
    "unknown target '%1', expected http://, https://, unix:/PATH, @NAME, "
    "=HOST, redirect=CODE URL, respond=CODE [\"text\"] or internal=NAME")
LINT(TARGET_NEAR, "target-near", ERROR,
    "unknown target '%1', did you mean '%2'?")
LINT(SERVICE_NAME, "service-name", ERROR,
    "'%1' names no service, expected @NAME or @SPACE/NAME, each a-z or 0-9, "
    "then a-z, 0-9 and '._-', at most 128 bytes")
LINT(SERVICE_SPACE, "service-space", ERROR,
    "the namespace '%1' of a service, expected a-z or 0-9, then a-z, 0-9 and "
    "'._-', at most 128 bytes, without variables")
LINT(ALIAS_FORM, "alias-form", ERROR,
    "'%1' is no alias, expected =HOST, one host without port, path or "
    "variables")
LINT(INTERNAL_UNKNOWN, "internal-unknown", ERROR,
    "there is no page internal=%1, expected %2")
LINT(ORIGIN_REFUSED, "origin-refused", ERROR,
    "%1, expected an origin that the router may connect to")
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
    "'{tag.%1}' in %2, but the route has no such tag, expected tag=%1:VALUE")
LINT(REDIRECT_CODE, "redirect-code", ERROR,
    "the code '%1' of a redirect, expected 301, 302, 303, 307 or 308")
LINT(REDIRECT_URL, "redirect-url", ERROR,
    "no URL behind '%1', expected redirect=CODE URL")
LINT(RESPOND_CODE, "respond-code", ERROR,
    "the code '%1' of an answer, expected 200 to 599")
LINT(RESPOND_TEXT, "respond-text", ERROR,
    "a text with code %1, expected none (such an answer has no body)")

LINT(RESPOND_QUOTE, "respond-quote", ERROR,
    "'%1' behind respond=CODE, expected a directive, or the text in quotes "
    "right behind CODE")

/* Conditions, splits */
LINT(WHEN_FORM, "when-form", ERROR,
    "a 'when' without %1, expected when COND ... -> TARGET")
LINT(COND_UNKNOWN, "cond-unknown", ERROR,
    "unknown condition '%1', expected header.N, cookie.N, query.N, method=, "
    "client= or scheme=, perhaps behind '!'")
LINT(COND_NEAR, "cond-near", ERROR,
    "unknown condition '%1', did you mean '%2'?")
LINT(COND_NAME, "cond-name", ERROR,
    "'%1' is no name in a condition, expected %2")
LINT(COND_VALUE, "cond-value", ERROR,
    "the condition '%1', expected %2")
LINT(METHOD_CASE, "method-case", WARNING,
    "the method '%1' is no '%2': methods are compared exactly, expected upper "
    "case")
LINT(WHEN_NEVER, "when-never", ERROR,
    "'%1' and '%2' never hold together, expected conditions that can")
LINT(WHEN_UNREACHED, "when-unreached", ERROR,
    "this 'when' is never reached: where it holds, the one at %1 has held, "
    "expected the narrower one first")
LINT(WHEN_ALWAYS, "when-always", ERROR,
    "this 'when' always holds, so that nothing behind it is reached, expected "
    "conditions that can fail")
LINT(SPLIT_FORM, "split-form", ERROR,
    "'%1' in a split, expected split WEIGHT TARGET WEIGHT TARGET ... [by=KEY]")
LINT(SPLIT_WEIGHT, "split-weight", ERROR,
    "the weight '%1', expected a number from 0 to 1000000")
LINT(SPLIT_TWICE, "split-twice", ERROR,
    "the entry has a split already at %1, expected one")
LINT(SPLIT_REPEATED, "split-repeated", ERROR,
    "'%1' stands already at %2 in this split, expected it once with both "
    "weights")
LINT(WEIGHTS_ZERO, "weights-zero", ERROR,
    "all weights of this %1 are 0, expected one above 0")

/* Services */
LINT(SERVICE_EMPTY, "service-empty", ERROR,
    "the service '%1' has no origin, expected http://, https:// or unix:/PATH")
LINT(SERVICE_CONTRADICTS, "service-contradicts", ERROR,
    "the service '%1' is defined otherwise at %2, expected one definition")
LINT(SERVICE_REPEATED, "service-repeated", WARNING,
    "the service '%1' is defined the same at %2, expected it once")
LINT(SERVICE_LARGE, "service-large", ERROR,
    "%1, expected a smaller service")
LINT(ORIGIN_REPEATED, "origin-repeated", WARNING,
    "the origin '%1' stands already at %2, expected it once")
LINT(BACKUP_ALL, "backup-all", WARNING,
    "all origins of '%1' are backups, expected one that is none")
LINT(ORIGIN_OPTION, "origin-option", ERROR,
    "'%1' is not behind an origin, expected it there")

/* Directives */
LINT(DIRECTIVE_PLACE, "directive-place", ERROR,
    "'%1' cannot stand here, expected it %2")
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
LINT(TIME_VALUE, "time-value", ERROR,
    "'%1', expected a duration above 0 such as 250ms, 5s or 2m")
LINT(SIZE_VALUE, "size-value", ERROR,
    "'%1', expected a size such as 512, 64k, 10m or 1g")
LINT(NUMBER_VALUE, "number-value", ERROR,
    "'%1', expected a number from %2")
LINT(WORD_VALUE, "word-value", ERROR,
    "'%1', expected %2")
LINT(NAME_VALUE, "name-value", ERROR,
    "the name '%1', expected a-z or 0-9, then a-z, 0-9 and '._-', at most 128 "
    "bytes")
LINT(CIDR_VALUE, "cidr-value", ERROR,
    "'%1' is no range of addresses, expected one without bits behind its "
    "prefix, as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32")
LINT(AUTH_MIXED, "auth-mixed", ERROR,
    "',' and '|' in auth=%1, expected A,B (all of them) or A|B (any)")
LINT(ADDRESS_DENIED, "address-denied", WARNING,
    "%1 is allowed, but denied by %2, and deny= wins, expected an address "
    "that can pass")
LINT(BALANCE_KEY, "balance-key", ERROR,
    "the key '%1', expected client_ip, cookie:NAME, header:NAME or path")
LINT(PLAN_UNKNOWN, "plan-unknown", WARNING,
    "router.ini has no section [plan:%1], expected one (the default plan "
    "serves)")
LINT(NAME_UNKNOWN, "name-unknown", ERROR,
    "router.ini has no section [%2:%1], expected one")
LINT(TAG_FORM, "tag-form", ERROR,
    "'%1' is no tag, expected K:V[,K:V], K of letters, digits, '-' and '_', V "
    "of at most 256 bytes")
LINT(TAG_TWICE, "tag-twice", ERROR,
    "the tag '%1' has another value at %2, expected one")
LINT(HEADERS_UNKNOWN, "headers-unknown", ERROR,
    "there is no %%headers set '%1', expected %2")
LINT(RETRY_AFTER, "retry-after", ERROR,
    "retry-after=%1, expected seconds from 1 to 31536000")
LINT(RETRY_AFTER_PLACE, "retry-after-place", ERROR,
    "retry-after= on a route that does not respond, expected it with "
    "respond=CODE")
LINT(NO_EFFECT, "no-effect", WARNING,
    "'%1' does nothing with %2, expected it on a route to an origin")
LINT(TLS_PLAIN, "tls-plain", WARNING,
    "'tls=' does nothing without TLS, expected an https origin")
LINT(ALIAS_EFFECT, "alias-effect", WARNING,
    "'%1' does nothing on an alias, expected it on the entry of %2 (auth=, "
    "allow= and deny= add up)")

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

/* Links between records */
LINT(ALIAS_LOOP, "alias-loop", ERROR,
    "the alias '=%1' leads back to itself (%2), expected an end")
LINT(ALIAS_DEAD, "alias-dead", ERROR,
    "no entry for the host of the alias '=%1', expected one ('*' and '**' do "
    "not count)")
LINT(ALIAS_MANY, "alias-many", ERROR,
    "the alias '=%1' begins more than 4 in a row (%2), expected at most 4")
LINT(SERVICE_UNKNOWN, "service-unknown", WARNING,
    "no entry defines the service '%1', expected one (requests for it are "
    "answered 404)")
LINT(SERVICE_NONE, "service-none", WARNING,
    "'%1' is looked up among the services '@%2/...', but no entry defines "
    "one, expected one at least")
LINT(SERVICE_UNREACHED, "service-unreached", WARNING,
    "no route leads to the service '%1', expected %2")

/* Lists for RewriteMap */
LINT(REWRITEMAP_KEY, "rewritemap-key", ERROR,
    "the key '%1' is no host, expected HOST or HOST/PATH")
LINT(REWRITEMAP_SCHEME, "rewritemap-scheme", WARNING,
    "'%1' has no scheme, http:// was put before it, expected it written")
LINT(REWRITEMAP_COLUMNS, "rewritemap-columns", WARNING,
    "'%1' behind the URL is ignored, expected KEY and URL alone")
LINT(REWRITEMAP_BLANK, "rewritemap-blank", WARNING,
    "a line that begins with a blank is ignored, expected its KEY at the "
    "start")
LINT(REWRITEMAP_TWICE, "rewritemap-twice", WARNING,
    "%1 stands already at %2, this one wins as the last, expected it once")
