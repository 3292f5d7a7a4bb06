/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * err.tbl: every reason for which the router answers by itself.
 *
 * REASON(NAME, word, status, sentence for people, what the operator does).
 * The enum, X-Router-Reason, the access log, `fcgi-router --why WORD` and the
 * manual all come from these rows. Status 499 is only ever logged.
 */
REASON(NONE, "-", 200, "No error.", "Nothing is wrong.")
REASON(BAD_HOST, "bad-host", 400,
    "The host name in the request is not a valid one.",
    "Look at the Host header the client sent: letters, digits, '-', '_' and "
    "dots, labels of at most 63 bytes, or an address literal. Of a proxy in "
    "'[trust] proxies' X-Forwarded-Host counts, which must name one host.")
REASON(BAD_PATH, "bad-path", 400,
    "The path in the request is not a valid one.",
    "The request target has a broken escape, %00, a raw '#' or backslash, a "
    "dot segment above the root, or one hidden behind %2F, %5C or ';'.")
REASON(BAD_REQUEST, "bad-request", 400,
    "The request is malformed.",
    "A method or header name is no token, a value holds control bytes, or the "
    "body ended before its Content-Length. With '[log] verbose = yes' the "
    "router's messages say which.")
REASON(AMBIGUOUS_PATH, "ambiguous-path", 400,
    "The path in the request can be read in more than one way.",
    "If an origin reads %2F or %5C as '/' or drops ';parameters', another "
    "route would be the right one for this path, so that its auth would be "
    "stepped around. If %2F is data below the route: encoded-slash=data.")
REASON(AUTH_REQUIRED, "auth-required", 401,
    "This address is for those who say who they are.",
    "The request has no credentials, or wrong ones, for auth= of the route, "
    "its service or an alias. Does the web server pass Authorization on? "
    "mod_fcgid does only with 'FcgidPassHeader Authorization'. With '[log] "
    "verbose = yes' the router's messages say what was wrong.")
REASON(AUTH_DENIED, "auth-denied", 403,
    "This address is not for you.",
    "It is known who asks, and an [auth:NAME] that the route, its service or "
    "an alias names does not let them in. Or the service that is asked by "
    "type=forward answered so itself, perhaps by a redirect to where one logs "
    "in. Or WebDAV's Destination or If names a place that is guarded by other "
    "auth= than the request's own. With '[log] verbose = yes' the router's "
    "messages say which.")
REASON(ADDRESS_DENIED, "address-denied", 403,
    "This address is not for you.",
    "The client's address is in a deny= or not in an allow= of the route, its "
    "service or an alias, or not in '[internal] allow'. Behind a proxy: is it "
    "in '[trust] proxies'?")
REASON(NO_HOST, "no-host", 404,
    "This host name is not served here.",
    "No route matches the host and there is no '*' route. Ask "
    "'route-query URL -v' which keys were tried.")
REASON(NO_PATH, "no-path", 404,
    "There is nothing at this address.",
    "The host has routes, but none for this path; a wider host is not asked. "
    "Ask 'route-query URL -v'.")
REASON(NO_SERVICE, "no-service", 404,
    "There is nothing at this address.",
    "The route leads to a service that the map does not have, or its target "
    "is built of variables and this request's do not make a valid name. "
    "'route-query URL -v' says what was asked for; with '[log] verbose = yes' "
    "the router's messages do.")
REASON(BODY_TIMEOUT, "body-timeout", 408,
    "The request body did not arrive in time.",
    "The client, or the web server in front, stalled for longer than "
    "'[router] body_timeout' while sending the body.")
REASON(BODY_TOO_LARGE, "body-too-large", 413,
    "The request body is too large.",
    "The body is larger than '[relay] max_body', than max-body= of the route, "
    "its service or %defaults, or than the plan's 'max_body'.")
REASON(URI_TOO_LONG, "uri-too-long", 414,
    "The address in the request is too long.",
    "The request target is longer than 16 KiB.")
REASON(HEADERS_TOO_LARGE, "headers-too-large", 431,
    "The request's header fields are too large.",
    "More than 200 header fields, more than 64 KiB of them, or Connection "
    "names more than 200.")
REASON(LIMIT_RATE, "limit-rate", 429,
    "There were too many requests; please wait a moment.",
    "The 'rate' of the plan is used up for what 'count_by' says; Retry-After "
    "says when the next request is granted. route-stat and the status page "
    "tell plan and key; with '[log] verbose = yes' the router's messages say "
    "them of each request.")
REASON(LIMIT_CONCURRENCY, "limit-concurrency", 429,
    "There are too many requests at once; please wait a moment.",
    "As many requests as the plan's 'concurrency' says are under way already, "
    "over all routers of this machine, for what 'count_by' says. route-stat "
    "and the status page tell plan and key; with '[log] verbose = yes' the "
    "router's messages say them of each request.")
REASON(CLIENT_GONE, "client-gone", 499,
    "The client went away before the answer was complete.",
    "Nothing: the client or the web server closed the connection.")
REASON(INTERNAL, "internal", 500,
    "The router could not handle this request.",
    "The log line says what failed. If it is not sign= "
    "that names a section of router.ini which is not there, this should not "
    "happen: please report it.")
REASON(ORIGIN_REFUSED, "origin-refused", 502,
    "The origin server could not be reached.",
    "Nothing listens at the origin's address, or it refused the connection: "
    "is the application running?")
REASON(ORIGIN_DNS, "origin-dns", 502,
    "The origin server's name could not be resolved.",
    "The host name in the route's target does not resolve on this machine: "
    "check its spelling and the resolver.")
REASON(ORIGIN_TLS, "origin-tls", 502,
    "No secure connection to the origin server could be made.",
    "The origin's certificate does not verify against the system's store, is "
    "for another name, or the handshake failed. The log line says which.")
REASON(ORIGIN_BROKEN, "origin-broken", 502,
    "The origin server's answer was broken.",
    "The origin closed the connection early or does not speak HTTP/1.1 "
    "correctly. The log line says what was wrong.")
REASON(ORIGIN_BAD_HEADER, "origin-bad-header", 502,
    "The origin server's answer had an unusable header.",
    "The answer's head is larger than '[relay] max_response_head', has or "
    "names too many fields, or '[relay] bad_header = refuse' met a bad one.")
REASON(OTHER_SERVER, "other-server", 502,
    "The place that the request names is not on this server.",
    "WebDAV's Destination, or a URL of its If, leads nowhere or to another "
    "origin, host or mapping than the request itself; nothing is moved "
    "between servers. The log line says which URL.")
REASON(EGRESS_DENIED, "egress-denied", 403,
    "The origin's address may not be used.",
    "[egress] of router.ini refuses what the origin's URL spells or its name "
    "resolves to: a link-local or cloud metadata address, one in 'deny', a "
    "name in 'deny_names', or a private address or a Unix socket where the URL "
    "is built of variables or 'private' is never. What is in 'allow' passes, "
    "and private addresses of 'allow_names', and sockets in 'sockets'. Or "
    "egress= names a section that is not there. The log line says which.")
REASON(NO_MAP, "no-map", 503,
    "This service has no routes yet.",
    "The map file is missing: compile one with route-compile. Service begins "
    "by itself within '[router] check'.")
REASON(MAP_BROKEN, "map-broken", 503,
    "This service's routes are being repaired.",
    "Somebody wrote over the live map in place. Run route-compile again "
    "(it replaces the file by rename); service goes on by itself.")
REASON(OVERLOADED, "overloaded", 503,
    "The router has too much to do.",
    "The process is out of memory, descriptors or arena space for this "
    "request, or it is stopping.")
REASON(AUTH_UNAVAILABLE, "auth-unavailable", 503,
    "This address is protected, and its protection is not available.",
    "The route, its service, an alias or a %defaults line says auth=, and "
    "router.ini has no such [auth:NAME], or it could not be asked. Nobody is "
    "let in meanwhile. The log line says which.")
REASON(LIMIT_SUBREQUESTS, "limit-subrequests", 503,
    "This request needed more than its plan allows.",
    "As many origins and services that authenticate were asked for it as the "
    "plan's 'subrequests' says. Did origins fail, so that others were tried?")
REASON(NO_HEALTHY_ORIGIN, "no-healthy-origin", 503,
    "No server of this service can be reached just now.",
    "All origins of the service are out after failures, were tried by this "
    "request, or have weight=0, and the service says when-all-down=refuse or "
    "has no other. Service goes on by itself when one answers its trial.")
REASON(ORIGIN_CONNECT_TIMEOUT, "origin-connect-timeout", 504,
    "The origin server could not be reached in time.",
    "No connection within '[relay] connect_timeout' or the route's "
    "connect-timeout=: is the origin's host up, and does a firewall drop "
    "packets?")
REASON(ORIGIN_TIMEOUT, "origin-timeout", 504,
    "The origin server did not answer in time.",
    "The origin sent nothing for '[relay] response_timeout' before, or "
    "'[relay] idle_timeout' within its answer, or was not done within "
    "'[relay] total'; or within the timeout=, idle-timeout= or total= of the "
    "route, which may be shorter.")
REASON(LIMIT_TIME, "limit-time", 504,
    "This request took longer than its plan allows.",
    "It was not done within the 'origin_time' of the plan.")
REASON(LOOP, "loop", 508,
    "The request came back to this router too many times.",
    "The route's origin leads back here: the request's Via names this router "
    "more than '[relay] max_hops' times. Or more than four aliases (=host) "
    "stand in a row.")
