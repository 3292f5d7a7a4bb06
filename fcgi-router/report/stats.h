/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stats: what all routers of a machine have counted since its last start: of
 * all requests, of each plan and reason, and of the services that are used
 * most; how that went by second and minute; and how each process is. In
 * shared memory (base/shm), without a lock.
 *
 * A service counts by its name, namespace and plan; what goes to no service by
 * its route. Their table is bounded by a randomized admission policy (Ben
 * Basat, Einziger, Friedman, Kassner 2017), within a bucket: who is new gets
 * the place of the one that was used least, n times, by a chance of one in
 * n + 1 each time that it comes, and with it that one's count, for the choice
 * of who gives way next. Until then it counts as `other`, and so does from then
 * on what the one before had: all services and `other` always are what was
 * counted. (A request that ends in the very instant in which its service loses
 * the place may count for who gets it.)
 *
 * A process killed between any two instructions holds up nobody; its last
 * request may count in one table and not in another. A reader finds what each
 * count has become meanwhile: of one that is written just now, some numbers
 * may have it already. Garbage in the file is shown as it is, and harms nobody.
 */
#ifndef REPORT_STATS_H
#define REPORT_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "report/record.h"

struct stats;

enum stats_count {
#define STATS_COUNT(member, unit, key, manual) STATS_COUNT_##member,
#include "report/stats.tbl.h"
	STATS_COUNT_COUNT /* last */
};

enum stats_event {
#define STATS_EVENT(member, key, manual) STATS_EVENT_##member,
#include "report/stats.tbl.h"
	STATS_EVENT_COUNT /* last */
};

enum stats_gauge {
#define STATS_GAUGE(member, unit, key, manual) STATS_GAUGE_##member,
#include "report/stats.tbl.h"
	STATS_GAUGE_COUNT /* last */
};

enum stats_unit {
	STATS_UNIT_NUMBER = 0,
	STATS_UNIT_BYTES,
	STATS_UNIT_TIME,   /* microseconds */
	STATS_UNIT_MOMENT, /* seconds since 1970 */
	STATS_UNIT_COUNT   /* last */
};

/* A row of stats.tbl.h; an event's unit is NUMBER. */
struct stats_word {
	const char *key;
	const char *manual;
	enum stats_unit unit;
};

extern const struct stats_word stats_counts[STATS_COUNT_COUNT];
extern const struct stats_word stats_events[STATS_EVENT_COUNT];
extern const struct stats_word stats_gauges[STATS_GAUGE_COUNT];

enum {
	STATS_TIMES = 42,    /* places of a histogram of total_us */
	STATS_TOP = 2048,    /* places for services: so many that the 1000
	                        which are used most have one */
	STATS_PLANS = 64,    /* and plans; more of them are one */
	STATS_SECONDS = 60,
	STATS_MINUTES = 1440,
	STATS_NAME = 128,    /* of a text, with its end; longer ones are cut */
	STATS_SERVICE = 256
};

/* ---- for routers ---- */

/* As shm_join: never NULL; *e says why it is this process's alone. make false:
 * no folder is made; the file is, in a folder that is there. */
struct stats *stats_join(const char *folder, bool make, struct err *e);
void stats_leave(struct stats **s);

/* Now and then, by one thread: joins a new file, lets go of what processes
 * held that ended. 0, or -1 and e: it has become this process's alone. */
int stats_look(struct stats *s, struct err *e);

/* Counts an exchange that has ended at now_us (clock_us, just read). Of the
 * record all are looked at that a member of stats.tbl.h is named for, status,
 * reason, space, service, route and plan. */
void stats_add(struct stats *s, const struct record *r, int64_t now_us);

/* What an exchange adds to each count. */
void stats_counts_of(const struct record *r,
    uint64_t counts[STATS_COUNT_COUNT]);

/* n more of them happened. */
void stats_happened(struct stats *s, enum stats_event what, uint64_t n);

/* How this process is, in the order of the table. */
void stats_tell(struct stats *s, const uint64_t gauges[STATS_GAUGE_COUNT]);

/* ---- for readers ---- */

/* For tools, read-only. NULL and e. */
struct stats *stats_read(const char *folder, struct err *e);

/* What is counted of anything. */
struct stats_numbers {
	uint64_t counts[STATS_COUNT_COUNT];
	uint64_t times[STATS_TIMES]; /* requests, by how long they took */
};

/* A service, or what goes by a route, and its plan; or a plan alone. The texts
 * are what lists and clients say: whoever prints them escapes them. */
struct stats_row {
	char space[STATS_NAME];      /* "": of a plan alone */
	char service[STATS_SERVICE]; /* "@name", or "@space/name"; the route's
	                                pattern: it leads to no service; "":
	                                there was no route */
	char plan[STATS_NAME];       /* "": there was none */
	struct stats_numbers numbers;
};

/* Everything, copied at one time; of the memory only who frees it knows. */
struct stats_view {
	bool shared;       /* false: it is of this process alone */
	int64_t now_us;    /* clock_us when it was copied */
	uint64_t made;     /* when the counts began, seconds since 1970 */
	struct stats_numbers total;
	uint64_t reasons[REASON_COUNT]; /* requests with them; NONE: all
	                                   others */
	uint64_t events[STATS_EVENT_COUNT];

	/* The most used first; and what others had counted, who have no
	 * place: that never gets less. */
	struct stats_row *services;
	size_t service_count;      /* at most STATS_TOP */
	struct stats_numbers other;

	/* In no order; those that found no place are one, which is named "*",
	 * as no plan can be. */
	struct stats_row *plans;
	size_t plan_count;         /* at most STATS_PLANS */

	/* Whole ones that have passed, [0] is the latest. */
	struct stats_numbers *seconds; /* STATS_SECONDS */
	struct stats_numbers *minutes; /* STATS_MINUTES */

	/* Routers that live, by enum stats_gauge. */
	uint64_t (*processes)[STATS_GAUGE_COUNT];
	size_t process_count;
};

/* Never NULL: aborts only without any memory. Any thread. Of NULL, where
 * nothing is counted, it is zeros. */
struct stats_view *stats_view_take(struct stats *s);
void stats_view_free(struct stats_view **v);

/* Adds what to *sum. */
void stats_sum(struct stats_numbers *sum, const struct stats_numbers *what);

/* What came to it between two views of the same. */
struct stats_numbers stats_since(const struct stats_numbers *now,
    const struct stats_numbers *before);

/* What counts in place i of the histogram took less than this, in us, and no
 * less than the one before; INT64_MAX: the last one. */
int64_t stats_time_bound(unsigned i);

/* Such a part (in thousandths: 500, 990) of the requests took no longer, in
 * us, as far as the histogram tells: within a third. -1: there are none. */
int64_t stats_quantile(const struct stats_numbers *n, unsigned thousandths);

#endif
