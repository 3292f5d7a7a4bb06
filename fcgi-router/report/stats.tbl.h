/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stats.tbl: everything that is counted.
 *
 * STATS_COUNT(member, UNIT, key, manual): of all requests, of each plan and
 * of each service. STATS_EVENT(member, key, manual): of all processes.
 * STATS_GAUGE(member, UNIT, key, manual): of each process that lives.
 * UNIT: NUMBER, BYTES, TIME (microseconds), MOMENT (seconds since 1970).
 * Keys are those of JSON and of --sum, and metrics are named for them. Order
 * is that of the words in stats.1: a change is another version of it.
 * Whoever includes this defines those that are looked for; all are undefined
 * at its end.
 */
#ifndef STATS_COUNT
#define STATS_COUNT(...)
#endif
#ifndef STATS_EVENT
#define STATS_EVENT(...)
#endif
#ifndef STATS_GAUGE
#define STATS_GAUGE(...)
#endif

STATS_COUNT(requests, NUMBER, "requests",
    "Requests that have ended, however they did.")
STATS_COUNT(redirects, NUMBER, "redirects",
    "Those that were answered with a status from 300 to 399.")
STATS_COUNT(client_errors, NUMBER, "client_errors",
    "Those that were answered with a status from 400 to 498.")
STATS_COUNT(gone, NUMBER, "gone",
    "Those whose client went away before it had the whole answer (499).")
STATS_COUNT(errors, NUMBER, "errors",
    "Those that were answered with a status of 500 or more.")
STATS_COUNT(limited, NUMBER, "limited",
    "Those that a plan refused: whose reason is one of limit-rate, "
    "limit-concurrency, limit-subrequests, limit-time.")
STATS_COUNT(received, BYTES, "received",
    "Bytes of requests' bodies that were read.")
STATS_COUNT(sent, BYTES, "sent",
    "Bytes of answers' bodies that were given to the web server.")
STATS_COUNT(attempts, NUMBER, "attempts",
    "Attempts at origins.")
STATS_COUNT(origin_us, TIME, "origin_time",
    "The time that origins took: of each request from the begin of its first "
    "attempt to the end of the last one's answer, or to its failure.")
STATS_COUNT(total_us, TIME, "total_time",
    "The time that requests took, from their start to their end.")

STATS_EVENT(processes, "processes",
    "Processes that have joined: router processes, and requests as plain CGI.")
STATS_EVENT(connects, "connects",
    "Connections to origins that were made; other attempts had a kept one, or "
    "failed.")
STATS_EVENT(log_lost, "log_lost",
    "Lines of access logs that could not be written.")

STATS_GAUGE(pid, NUMBER, "pid",
    "Its process id.")
STATS_GAUGE(since, MOMENT, "since",
    "When it was started.")
STATS_GAUGE(seen, MOMENT, "seen",
    "When it wrote these numbers, as it does each check.")
STATS_GAUGE(generation, NUMBER, "generation",
    "The generation of the map it uses; 0: it has none.")
STATS_GAUGE(map_made, MOMENT, "map_made",
    "When that was compiled.")
STATS_GAUGE(hosts, NUMBER, "hosts",
    "Host names in the map.")
STATS_GAUGE(wildcards, NUMBER, "wildcards",
    "Wildcards of hosts in the map.")
STATS_GAUGE(paths, NUMBER, "paths",
    "Routes with a path in the map.")
STATS_GAUGE(requests, NUMBER, "requests",
    "Requests that are under way.")
STATS_GAUGE(connections, NUMBER, "connections",
    "Connections of web servers that are open, with a request or without.")
STATS_GAUGE(workers, NUMBER, "workers",
    "Worker threads.")
STATS_GAUGE(workers_held, NUMBER, "workers_held",
    "Those of them that wait for something that cannot be waited for "
    "elsewhere: names to resolve, connections to be made.")
STATS_GAUGE(wires_idle, NUMBER, "wires_idle",
    "Connections to origins that are kept for later requests.")
STATS_GAUGE(wires_busy, NUMBER, "wires_busy",
    "Connections to origins that have a request.")
STATS_GAUGE(log_lost, MOMENT, "log_lost_at",
    "When a line of an access log could not be written last; 0: never.")
STATS_GAUGE(map_refused, MOMENT, "map_refused_at",
    "Since when it can take up no map from the disk, as what is there is "
    "broken, or gone; 0: it can.")
STATS_GAUGE(settings_refused, MOMENT, "settings_refused_at",
    "Since when it cannot take up router.ini, or a file that this names, as "
    "they are now; 0: it can.")

#undef STATS_COUNT
#undef STATS_EVENT
#undef STATS_GAUGE
