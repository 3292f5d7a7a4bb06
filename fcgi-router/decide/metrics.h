/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * metrics: all that is counted and known, as Prometheus reads it (the text
 * format 0.0.4), for internal=metrics and route-stat.
 *
 * Each family of stats.tbl.h and metrics.tbl.h is there, with HELP and TYPE,
 * from the first time on. Labels are of bounded sets alone: plans, reasons and
 * states, never what lists or clients make up. Services are for route-stat.
 */
#ifndef DECIDE_METRICS_H
#define DECIDE_METRICS_H

#include "base/buf.h"
#include "decide/health.h"
#include "decide/limit.h"
#include "report/stats.h"

#define METRICS_PREFIX "fcgi_router_"
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum { METRICS_MAX = 1024 * 1024 }; /* bytes; it never is longer */

/* What is told; a part that is NULL is as if nothing were known of it. */
struct metrics_from {
	const struct stats_view *stats;
	struct health *health;
	struct health_limits health_limits;
	struct limit *limit;
	int64_t now_ms; /* clock_ms */
};

/* 0, or -1: `to` is full, or there is no memory. */
ATTR_MUST_USE
int metrics_put(const struct metrics_from *from, struct buf *to);

#endif
