/* SPDX-License-Identifier: BSD-2-Clause */

/* status_judge: what of all the numbers somebody should look at. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "serve/status_private.h"

enum {
	STATUS_FEW = 20,    /* requests of which a share says nothing yet, */
	STATUS_FAILED = 3,  /* but for so many that failed */
	STATUS_SOME = 10,   /* errors of a thousand are worth a look, */
	STATUS_MANY = 50,   /* and these are trouble */
	STATUS_LATELY = 60  /* seconds */
};

const char *
status_grade_word(enum status_grade grade)
{
	static const char *const words[STATUS_GRADE_COUNT] = {
		[STATUS_WELL] = "well",
		[STATUS_WARN] = "warn",
		[STATUS_BAD] = "bad"
	};

	CHECK(grade < STATUS_GRADE_COUNT);
	return words[grade];
}

ATTR_PRINTF(3, 4)
static void
status_find(struct status *s, enum status_grade grade, const char *fmt, ...)
{
	struct status_finding *f = &s->findings[s->finding_count];
	va_list args;

	CHECK(s->finding_count < STATUS_FINDINGS);
	s->finding_count++;
	f->grade = grade;
	va_start(args, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
	if (grade > s->grade)
		s->grade = grade;
}

uint64_t
status_generation(const struct stats_view *v)
{
	size_t i;

	for (i = 1; i < v->process_count; i++)
		if (v->processes[i][STATS_GAUGE_generation] !=
		    v->processes[0][STATS_GAUGE_generation])
			return 0;
	return v->process_count > 0 ?
	    v->processes[0][STATS_GAUGE_generation] : 0;
}

/* How many routers have a map, and do they agree? */
static void
status_judge_maps(struct status *s)
{
	const struct stats_view *v = s->counted;
	size_t without = 0, i;

	for (i = 0; i < v->process_count; i++)
		without += v->processes[i][STATS_GAUGE_generation] == 0;
	if (without > 0 && without == v->process_count)
		status_find(s, STATUS_BAD, "There is no map");
	else if (without > 0)
		status_find(s, STATUS_BAD, "%zu router%s no map", without,
		    without == 1 ? " has" : "s have");
	else if (v->process_count > 1 && status_generation(v) == 0)
		status_find(s, STATUS_WARN,
		    "Routers use maps of different generations");
}

static void
status_judge_errors(struct status *s)
{
	uint64_t all = s->minute.counts[STATS_COUNT_requests];
	uint64_t wrong = s->minute.counts[STATS_COUNT_errors];
	double percent = all == 0 ? 0 : 100 * (double)wrong / (double)all;

	if ((all < STATUS_FEW && wrong < STATUS_FAILED) ||
	    wrong * 1000 < all * STATUS_SOME)
		return;
	status_find(s, wrong * 1000 < all * STATUS_MANY ? STATUS_WARN :
	    STATUS_BAD, "%.*f %% of requests failed in the last minute",
	    percent < 10 ? 1 : 0, percent);
}

static void
status_judge_origins(struct status *s)
{
	size_t out = s->origin_count - s->origin_states[HEALTH_WELL];

	if (out > 0)
		status_find(s, STATUS_WARN, "%zu origin%s out", out,
		    out == 1 ? " is" : "s are");
}

static void
status_judge_limits(struct status *s)
{
	uint64_t all = s->minute.counts[STATS_COUNT_requests];
	uint64_t n = s->minute.counts[STATS_COUNT_limited];

	/* Plans are there to refuse some. */
	if (all >= STATUS_FEW && n * 1000 >= all * STATUS_MANY)
		status_find(s, STATUS_WARN,
		    "Plans refused %.0f %% of requests in the last minute",
		    100 * (double)n / (double)all);
}

static void
status_judge_workers(struct status *s)
{
	const struct stats_view *v = s->counted;
	size_t busy = 0, i;

	for (i = 0; i < v->process_count; i++)
		busy += v->processes[i][STATS_GAUGE_workers] > 0 &&
		    v->processes[i][STATS_GAUGE_workers_held] >=
		    v->processes[i][STATS_GAUGE_workers];
	if (busy > 0)
		status_find(s, STATUS_WARN,
		    "All workers of %zu router%s are held", busy,
		    busy == 1 ? "" : "s");
}

static void
status_judge_logs(struct status *s)
{
	const struct stats_view *v = s->counted;
	uint64_t since = (uint64_t)s->wall.tv_sec - STATUS_LATELY;
	size_t lately = 0, i;

	for (i = 0; i < v->process_count; i++)
		lately += v->processes[i][STATS_GAUGE_log_lost] > since;
	if (lately > 0)
		status_find(s, STATUS_WARN, "Lines of an access log were lost "
		    "in the last minute");
}

/* All goes on as it did, but only until a router is started anew. */
static void
status_judge_files(struct status *s)
{
	const struct stats_view *v = s->counted;
	size_t maps = 0, inis = 0, i;

	for (i = 0; i < v->process_count; i++) {
		const uint64_t *p = v->processes[i];

		maps += p[STATS_GAUGE_map_refused] != 0 &&
		    p[STATS_GAUGE_generation] != 0;
		inis += p[STATS_GAUGE_settings_refused] != 0;
	}
	if (maps > 0)
		status_find(s, STATUS_WARN, "The map on disk cannot be used: "
		    "%zu router%s the one before", maps,
		    maps == 1 ? " keeps" : "s keep");
	if (inis > 0)
		status_find(s, STATUS_WARN, "router.ini cannot be used: %zu "
		    "router%s the settings before", inis,
		    inis == 1 ? " keeps" : "s keep");
}

static void
status_judge_counts(struct status *s)
{
	if (!s->counts)
		status_find(s, STATUS_WARN, "Nothing is counted: router.ini "
		    "says [stats] count = no");
	else if (!s->counted->shared)
		status_find(s, STATUS_WARN, "Routers do not share what they "
		    "count: these numbers are of one of them");
}

static int
status_graver(const void *a, const void *b)
{
	const struct status_finding *f = a, *g = b;

	return (int)g->grade - (int)f->grade;
}

void
status_judge(struct status *s)
{
	s->finding_count = 0;
	s->grade = STATUS_WELL;
	status_judge_maps(s);
	status_judge_errors(s);
	status_judge_origins(s);
	status_judge_limits(s);
	status_judge_workers(s);
	status_judge_logs(s);
	status_judge_files(s);
	status_judge_counts(s);
	qsort(s->findings, s->finding_count, sizeof(*s->findings),
	    status_graver);
}
