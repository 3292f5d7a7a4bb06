/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * record.tbl: every field of a finished exchange.
 *
 * RECORD(member, KIND, key, most, manual)
 * KIND: TEXT (a string of others'), REASON (a row of err.tbl.h), STATUS (an
 * HTTP status), PORT and COUNT (numbers, 0 is unknown or none), TIME
 * (microseconds, below 0 it did not happen), WALL (a moment).
 * Fields with a key are written as key=value behind the combined part of the
 * line, in this order; those without one are in that part. most: bytes that a
 * TEXT may take in the line, escaped; a longer one is cut and ends in "...".
 */
RECORD(start, WALL, "", 32,
    "When the request was read.")
RECORD(host, TEXT, "", 1024,
    "The canonical host name that was asked for; before it was understood, "
    "what the client sent.")
RECORD(port, PORT, "", 8,
    "The web server's port, if it told it.")
RECORD(client_ip, TEXT, "", 256,
    "The client's address.")
RECORD(method, TEXT, "", 256,
    "The request's method.")
RECORD(uri, TEXT, "", 8192,
    "The request target as it came.")
RECORD(protocol, TEXT, "", 64,
    "The protocol between client and web server.")
RECORD(status, STATUS, "", 8,
    "The status sent to the client; 499 when it went away.")
RECORD(sent, COUNT, "", 24,
    "Bytes of the answer's body that were given to the web server.")
RECORD(referer, TEXT, "", 4096,
    "The request's Referer.")
RECORD(user_agent, TEXT, "", 2048,
    "The request's User-Agent.")
RECORD(id, TEXT, "id", 512,
    "The exchange's X-Request-Id.")
RECORD(reason, REASON, "reason", 64,
    "The word of the router's own answer, or -.")
RECORD(route, TEXT, "route", 1024,
    "The pattern of the route that answered.")
RECORD(service, TEXT, "service", 512,
    "The service that answered, or was asked for in vain.")
RECORD(space, TEXT, "ns", 256,
    "The dispatch namespace of this request.")
RECORD(version, TEXT, "version", 512,
    "Which version answered: the service's name without '@', or the host of "
    "the target's URL.")
RECORD(plan, TEXT, "plan", 160,
    "The plan by which it was counted.")
RECORD(limit, REASON, "limit", 64,
    "What a plan with dry_run would have refused it for, or -.")
RECORD(origin, TEXT, "origin", 1024,
    "The origin that was asked last.")
RECORD(identity, TEXT, "identity", 512,
    "Who asked, as auth= found out.")
RECORD(generation, COUNT, "gen", 24,
    "The generation of the map that was asked.")
RECORD(attempts, COUNT, "try", 24,
    "How many attempts at an origin were made.")
RECORD(received, COUNT, "in", 24,
    "Bytes of the request's body that were read.")
RECORD(lookup_us, TIME, "lookup_us", 24,
    "Finding the route.")
RECORD(connect_us, TIME, "connect_us", 24,
    "Having a connection to the origin, new or kept.")
RECORD(first_us, TIME, "first_us", 24,
    "From the request's start to the first byte of the origin's answer.")
RECORD(total_us, TIME, "total_us", 24,
    "From the request's start to the end of the exchange.")
