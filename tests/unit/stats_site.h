/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stats_site: a folder with stats.1 in it, a clock that all processes of a
 * test share, records, and the words of the file for who wants to spoil them.
 */
#ifndef UNIT_STATS_SITE_H
#define UNIT_STATS_SITE_H

#include "tests/unit/scratch.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/sigbus.h"
#include "report/stats.h"
#include "report/stats_private.h"

enum {
	SITE_FILE = SHM_HEAD + sizeof(struct stats_data),
	SITE_COUNTS = 16
};

/* One place for all processes: the page is shared over fork. */
struct site_page {
	_Atomic int64_t us;
	atomic_ullong counts[SITE_COUNTS]; /* of a test's own */
};

static struct site_page *site_page;
static struct scratch site;

static inline int64_t
site_us(void)
{
	return atomic_load(&site_page->us);
}

static inline int
site_init(void **state)
{
	int i;

	(void)state;
	scratch_init(&site);
	atomic_store(&site_page->us, INT64_C(1000000000));
	for (i = 0; i < SITE_COUNTS; i++)
		atomic_store(&site_page->counts[i], 0);
	return 0;
}

static inline int
site_fini(void **state)
{
	(void)state;
	scratch_fini(&site);
	return 0;
}

/* Of a whole program of tests. */
static inline int
site_begin(void **state)
{
	(void)state;
	site_page = mmap(NULL, sizeof(*site_page), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (site_page == MAP_FAILED)
		return -1;
	clock_replace(site_us);
	return 0;
}

static inline struct stats *
site_join(void)
{
	struct err e;
	struct stats *s;

	sigbus_init(); /* cmocka puts its own handler in for each test */
	s = stats_join(site.folder, true, &e);
	if (e.reason != REASON_NONE)
		fail_msg("not shared: %s", e.text);
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
	char path[SCRATCH_PATH_MAX];
	int fd = open(scratch_path(&site, "stats.1", path),
	    O_RDWR | O_CLOEXEC);
	char *at;

	assert_true(fd != -1);
	at = mmap(NULL, SITE_FILE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(at != MAP_FAILED);
	close(fd);
	return (struct stats_data *)(void *)(at + SHM_HEAD);
}

static inline void
site_close(struct stats_data *d)
{
	munmap((char *)d - SHM_HEAD, SITE_FILE);
}

#endif
