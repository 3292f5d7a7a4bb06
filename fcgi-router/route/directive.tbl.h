/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * directive.tbl: the directives of routes and services.
 *
 * DIRECTIVE(NAME, id on disk, word, FLAG | VALUE, where it stands, manual)
 * Ids are for ever, below 64: a map written by one version is read by the
 * next. Flags are turned off by =no.
 */
DIRECTIVE(EXACT, 1, "exact", FLAG, ON_ROUTE,
    "MATCH's path alone, nothing below it")
DIRECTIVE(STRIP_PREFIX, 2, "strip-prefix", FLAG, ON_ROUTE,
    "what MATCH's path took is not passed on to the origin")
DIRECTIVE(ENCODED_SLASH, 7, "encoded-slash", VALUE, ON_ROUTE,
    "data: %2F below this route is data to its origin, so that another entry "
    "below it makes no request ambiguous")
DIRECTIVE(HOST, 3, "host", VALUE, ON_ROUTE | ON_SERVICE,
    "the Host field sent to the origin: origin (the origin's own name, the "
    "default), preserve (what the client asked for), or a name")
DIRECTIVE(TAG, 4, "tag", VALUE, ON_ROUTE | ON_SERVICE,
    "K:V[,K:V]: metadata, for {tag.K}, the log, and selecting entries")
DIRECTIVE(HEADERS, 5, "headers", VALUE, ON_ROUTE | ON_SERVICE,
    "the header rules of the %headers set of that name")
DIRECTIVE(PLAN, 8, "plan", VALUE, ON_ROUTE | ON_SERVICE,
    "limits from [plan:NAME] of router.ini")
DIRECTIVE(AUTH, 9, "auth", VALUE, ON_ROUTE | ON_SERVICE,
    "A,B: all of these [auth:NAME] must say yes first; A|B: one of them. What "
    "alias, route and service say adds up")
DIRECTIVE(PASS_AUTH, 10, "pass-auth", FLAG, ON_ROUTE | ON_SERVICE,
    "the credentials that auth consumed go on to the origin")
DIRECTIVE(ALLOW, 11, "allow", VALUE, ON_ROUTE | ON_SERVICE,
    "CIDR,...: clients at these addresses alone; each level must allow")
DIRECTIVE(DENY, 12, "deny", VALUE, ON_ROUTE | ON_SERVICE,
    "CIDR,...: no client at these addresses, whatever is allowed, nor one "
    "whose address the web server does not tell")
DIRECTIVE(CONNECT_TIMEOUT, 13, "connect-timeout", VALUE,
    ON_ROUTE | ON_SERVICE,
    "for resolving, connecting and TLS; never wider than [relay] "
    "connect_timeout")
DIRECTIVE(TIMEOUT, 14, "timeout", VALUE, ON_ROUTE | ON_SERVICE,
    "to the first byte of the answer; never wider than [relay] "
    "response_timeout")
DIRECTIVE(IDLE_TIMEOUT, 15, "idle-timeout", VALUE, ON_ROUTE | ON_SERVICE,
    "between two parts of the answer; never wider than [relay] idle_timeout")
DIRECTIVE(TOTAL, 16, "total", VALUE, ON_ROUTE | ON_SERVICE,
    "for the whole exchange; never wider than [relay] total")
DIRECTIVE(MAX_BODY, 17, "max-body", VALUE, ON_ROUTE | ON_SERVICE,
    "the largest request body; never wider than [relay] max_body")
DIRECTIVE(TLS, 18, "tls", VALUE, ON_ROUTE | ON_SERVICE,
    "[tls:NAME] of router.ini for connections to the origin")
DIRECTIVE(SIGN, 19, "sign", VALUE, ON_ROUTE | ON_SERVICE,
    "[sign:NAME] of router.ini signs what goes to the origin")
DIRECTIVE(EGRESS, 20, "egress", VALUE, ON_ROUTE | ON_SERVICE,
    "[egress:NAME] of router.ini says which addresses may be relayed to")
DIRECTIVE(REWRITE_BACK, 21, "rewrite-back", VALUE, ON_ROUTE | ON_SERVICE,
    "off: Location and cookies of the origin are left as they are")
DIRECTIVE(RETRY, 22, "retry", VALUE, ON_SERVICE,
    "how many other origins may be tried when one fails; 1 without it")
DIRECTIVE(WHEN_ALL_DOWN, 23, "when-all-down", VALUE, ON_SERVICE,
    "try: ask the least bad origin all the same (the default); refuse: 503")
DIRECTIVE(BALANCE, 24, "balance", VALUE, ON_SERVICE,
    "round-robin (the default), least, or hash:KEY with the KEY client_ip, "
    "cookie:NAME, header:NAME or path")
DIRECTIVE(WEIGHT, 25, "weight", VALUE, ON_ORIGIN,
    "the origin's share of the load; 1 without it")
DIRECTIVE(BACKUP, 26, "backup", FLAG, ON_ORIGIN,
    "used only while all other origins are down")
DIRECTIVE(RETRY_AFTER, 6, "retry-after", VALUE, ON_ROUTE,
    "with respond: seconds for the Retry-After field")
