/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * metrics.tbl: metrics beside those that are made of the counts and events of
 * stats.tbl.h by their names.
 *
 * METRIC(NAME, name, type, help): the name without fcgi_router_.
 * METRIC_GAUGE(member, HOW, name, help): of the gauge in stats.tbl.h; HOW: SUM
 * of all processes, NEWEST: of the one whose map is the newest, or COUNT of the
 * processes where it is not 0.
 * METRIC_LABEL(NAME, name, help): of all families; le is Prometheus' own.
 * Whoever includes this defines some of them; all are undefined at its end.
 */
#ifndef METRIC
#define METRIC(...)
#endif
#ifndef METRIC_GAUGE
#define METRIC_GAUGE(...)
#endif
#ifndef METRIC_LABEL
#define METRIC_LABEL(...)
#endif

METRIC(INFO, "info", "gauge",
    "Always 1. version: of who tells all this.")
METRIC(SINCE, "counted_since_timestamp_seconds", "gauge",
    "When counting began: at the machine's start, or when the file of counts "
    "was made anew.")
METRIC(DURATION, "request_duration_seconds", "histogram",
    "How long requests took, from their start to their end.")
METRIC(REASONS, "reasons_total", "counter",
    "Requests that were answered, or broken off, for that reason.")
METRIC(REFUSALS, "limit_refusals_total", "counter",
    "Requests that a plan refused, or with dry_run would have, by plan and "
    "reason.")
METRIC(ORIGINS, "origins", "gauge",
    "Origins by their state, of those that failed or were chosen among "
    "others.")
METRIC(LIVE, "processes_live", "gauge",
    "Router processes that live.")
METRIC(GENERATIONS, "map_generations", "gauge",
    "How many generations of the map they use: 1, but while a new one is "
    "taken up.")
METRIC_GAUGE(generation, NEWEST, "map_generation",
    "The newest generation of the map in use; 0: there is none.")
METRIC_GAUGE(map_made, NEWEST, "map_made_timestamp_seconds",
    "When that was compiled.")
METRIC_GAUGE(hosts, NEWEST, "map_hosts",
    "Host names in it.")
METRIC_GAUGE(wildcards, NEWEST, "map_wildcards",
    "Wildcards of hosts in it.")
METRIC_GAUGE(paths, NEWEST, "map_paths",
    "Routes with a path in it.")
METRIC_GAUGE(map_refused, COUNT, "processes_map_refused",
    "Router processes that can take up no map from the disk now: what is "
    "there is broken, or gone.")
METRIC_GAUGE(settings_refused, COUNT, "processes_settings_refused",
    "Router processes that cannot take up router.ini, or a file that this "
    "names, as they are now.")
METRIC_GAUGE(requests, SUM, "requests_in_progress",
    "Requests that are under way.")
METRIC_GAUGE(connections, SUM, "connections",
    "Connections of web servers that are open.")
METRIC_GAUGE(workers, SUM, "workers",
    "Worker threads.")
METRIC_GAUGE(workers_held, SUM, "workers_held",
    "Worker threads that wait for a name to resolve, or a connection to be "
    "made.")
METRIC_GAUGE(wires_idle, SUM, "wires_idle",
    "Connections to origins that are kept for later requests.")
METRIC_GAUGE(wires_busy, SUM, "wires_busy",
    "Connections to origins that have a request.")

METRIC_LABEL(PLAN, "plan",
    "The plan by which requests were counted: a name of router.ini, \"\" "
    "where there was none, * of all that found no place.")
METRIC_LABEL(REASON, "reason",
    "A word of REASONS.")
METRIC_LABEL(STATE, "state",
    "How an origin is: well; out, while its cooldown lasts; due, when that "
    "is over; tried, by one request.")
METRIC_LABEL(VERSION, "version",
    "Of the router or tool that answers.")

#undef METRIC
#undef METRIC_GAUGE
#undef METRIC_LABEL
