/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * record.tbl: every field of a finished exchange.
 *
 * RECORD(member, KIND, name, most, manual)
 * KIND: TEXT (a string of others'), REASON (a row of err.tbl.h), STATUS (an
 * HTTP status), PORT and COUNT (numbers, 0 is unknown or none), TIME
 * (microseconds, below 0 it did not happen), WALL (a moment), TAGS (keys with
 * values, of others').
 * name: by which users know it. most: bytes that a TEXT, and all of TAGS, may
 * take in a line, escaped; what is longer is cut and ends in "...".
 */
RECORD(start, WALL, "time", 32,
    "When the request was read.")
RECORD(id, TEXT, "id", 512,
    "The exchange's X-Request-Id.")
RECORD(client_ip, TEXT, "client", 256,
    "The client's address.")
RECORD(method, TEXT, "method", 256,
    "The request's method.")
RECORD(host, TEXT, "host", 1024,
    "The canonical host name that was asked for; before it was understood, "
    "what the client sent.")
RECORD(port, PORT, "port", 8,
    "The port that was asked for: the client's word, else that of http or "
    "https.")
RECORD(uri, TEXT, "uri", 8192,
    "The request target as it came.")
RECORD(path, TEXT, "path", 8192,
    "The canonical path that was looked up, without the query.")
RECORD(protocol, TEXT, "protocol", 64,
    "The protocol between client and web server.")
RECORD(referer, TEXT, "referer", 4096,
    "The request's Referer.")
RECORD(user_agent, TEXT, "user_agent", 2048,
    "The request's User-Agent.")
RECORD(status, STATUS, "status", 8,
    "The status sent to the client; 499 when it went away.")
RECORD(reason, REASON, "reason", 64,
    "The word of the router's own answer, or -.")
RECORD(sent, COUNT, "sent", 24,
    "Bytes of the answer's body that were given to the web server.")
RECORD(received, COUNT, "received", 24,
    "Bytes of the request's body that were read.")
RECORD(route, TEXT, "route", 1024,
    "The pattern of the route that answered.")
RECORD(service, TEXT, "service", 512,
    "The service that answered, or was asked for in vain.")
RECORD(space, TEXT, "namespace", 256,
    "The dispatch namespace of this request.")
RECORD(version, TEXT, "version", 512,
    "Which version answered: the service's name without '@', or the host of "
    "the target's URL.")
RECORD(plan, TEXT, "plan", 160,
    "The plan by which it was counted.")
RECORD(limit, REASON, "limit", 64,
    "What a plan with dry_run would have refused it for, or -.")
RECORD(tags, TAGS, "tags", 4096,
    "The tags of the route and its service.")
RECORD(origin, TEXT, "origin", 1024,
    "The origin that was asked last.")
RECORD(identity, TEXT, "identity", 512,
    "Who asked, as auth= found out.")
RECORD(generation, COUNT, "generation", 24,
    "The generation of the map that was asked.")
RECORD(attempts, COUNT, "attempts", 24,
    "How many attempts at an origin were made.")
RECORD(lookup_us, TIME, "lookup", 24,
    "Finding the route.")
RECORD(auth_us, TIME, "auth", 24,
    "Finding out who asks, where auth= says so.")
RECORD(connect_us, TIME, "connect", 24,
    "Having a connection to the origin, new or kept.")
RECORD(origin_us, TIME, "origin_time", 24,
    "From the begin of the first attempt at an origin to the end of the last "
    "one's answer, or to its failure.")
RECORD(first_us, TIME, "first", 24,
    "From the request's start to the first byte of the origin's answer.")
RECORD(total_us, TIME, "total", 24,
    "From the request's start to the end of the exchange.")
