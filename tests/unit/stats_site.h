/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stats_site: shm_site with stats.1 in it, and records.
 */
#ifndef UNIT_STATS_SITE_H
#define UNIT_STATS_SITE_H

#include "tests/unit/shm_site.h"

#include "report/stats.h"
#include "report/stats_private.h"

static inline struct stats *
site_join(void)
{
	struct err e;
	struct stats *s;

	sigbus_init(); /* cmocka puts its own handler in for each test */
	s = stats_join(site.folder, true, &e);
	site_must_share(&e);
	return s;
}

/* A request of a service that was answered after so long. */
static inline struct record
site_record(const char *service, int64_t us)
{
	struct record r;

	record_init(&r);
	r.space = STR("production");
	r.service = str_of(service);
	r.status = 200;
	r.total_us = us;
	return r;
}

static inline void
site_count(struct stats *s, const char *service)
{
	struct record r = site_record(service, 1000);

	stats_add(s, &r, clock_us());
}

/* The row of a service and plan; fails when there is none. */
static inline const struct stats_row *
site_row(const struct stats_view *v, const char *service, const char *plan)
{
	size_t i;

	for (i = 0; i < v->service_count; i++)
		if (strcmp(v->services[i].service, service) == 0 &&
		    strcmp(v->services[i].plan, plan) == 0)
			return &v->services[i];
	fail_msg("no row of '%s' with plan '%s'", service, plan);
	return NULL;
}

/* All services and `other`. */
static inline struct stats_numbers
site_services(const struct stats_view *v)
{
	struct stats_numbers sum = v->other;
	size_t i;

	for (i = 0; i < v->service_count; i++)
		stats_sum(&sum, &v->services[i].numbers);
	return sum;
}

/* The words of the file, until site_close. */
static inline struct stats_data *
site_open(void)
{
	return site_map("stats.1", sizeof(struct stats_data));
}

static inline void
site_close(struct stats_data *d)
{
	site_unmap(d, sizeof(*d));
}

#endif
