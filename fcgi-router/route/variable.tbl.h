/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * variable.tbl: the variables of URLs and header values.
 *
 * VARIABLE(NAME, name, has a key behind a dot, allowed in an authority,
 *     allowed in a service's name, a path of its own (put in as a path, not as
 *     one segment), manual)
 * Captures are variables too, of the kind CAPTURE, with names of their own.
 * A row's place is its number in the map: new rows go to the end.
 */
VARIABLE(CAPTURE, "", false, true, true, false,
    "a capture of MATCH, by its name")
VARIABLE(HOST, "host", false, false, false, false,
    "the host asked for, canonical (of an alias, the host it stands for)")
VARIABLE(ASKED_HOST, "asked_host", false, false, false, false,
    "the host the client asked for, canonical")
VARIABLE(PATH, "path", false, false, false, true,
    "the path asked for, canonical")
VARIABLE(REST, "rest", false, false, false, true,
    "the part of the path below the match")
VARIABLE(URI, "uri", false, false, false, true,
    "the path and, if there is one, '?' and the query")
VARIABLE(QUERY, "query", false, false, false, false,
    "the query without '?'")
VARIABLE(METHOD, "method", false, false, false, false,
    "the request method")
VARIABLE(SCHEME, "scheme", false, false, false, false,
    "http or https, as the client reached the web server")
VARIABLE(CLIENT_IP, "client_ip", false, false, false, false,
    "the client's address")
VARIABLE(REQUEST_ID, "request_id", false, false, false, false,
    "the X-Request-Id of this request")
VARIABLE(ROUTE, "route", false, false, false, false,
    "the MATCH of the route that answers")
VARIABLE(TAG, "tag", true, true, true, false,
    "{tag.K}: the value of the route's tag K")
VARIABLE(HEADER, "header", true, false, true, false,
    "{header.N}: the request's header field N, as the client sent it")
VARIABLE(COOKIE, "cookie", true, false, true, false,
    "{cookie.N}: the request's cookie N")
VARIABLE(SERVICE, "service", false, false, false, false,
    "the name of the service that answers, with its '@'")
VARIABLE(VERSION, "version", false, false, false, false,
    "what was chosen: the service's name without '@', or the host of the URL")
VARIABLE(PLAN, "plan", false, false, true, false,
    "the plan in force")
VARIABLE(AUTH, "auth", true, false, true, false,
    "{auth.K}: what authentication says of the client; empty without it")
