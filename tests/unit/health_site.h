/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * health_site: a folder with health.1 in it, a clock that all processes of a
 * test share, and the words of the file for who wants to see or spoil them.
 */
#ifndef UNIT_HEALTH_SITE_H
#define UNIT_HEALTH_SITE_H

#include "tests/unit/scratch.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/sigbus.h"
#include "decide/health.h"
#include "decide/health_private.h"

enum {
	SITE_BEGIN = 1000000, /* clock_ms when a test begins */
	SITE_FILE = SHM_HEAD + sizeof(struct health_data)
};

/* One place for all processes: the page is shared over fork. */
struct site_page {
	_Atomic int64_t ms;
	atomic_int counts[8]; /* of a test's own */
};

static struct site_page *site_page;
static struct scratch site;

static const struct health_limits site_limits = {
	.max_fails = 3,
	.fail_window = 10000,
	.cooldown = 10000,
	.cooldown_max = 60000
};

static inline int64_t
site_us(void)
{
	return atomic_load(&site_page->ms) * 1000;
}

static inline void
site_at(int64_t ms)
{
	atomic_store(&site_page->ms, ms);
}

static inline int
site_init(void **state)
{
	int i;

	(void)state;
	scratch_init(&site);
	site_at(SITE_BEGIN);
	for (i = 0; i < 8; i++)
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

static inline struct health *
site_join(void)
{
	struct err e;
	struct health *h;

	sigbus_init(); /* cmocka puts its own handler in for each test */
	h = health_join(site.folder, true, &e);
	if (e.reason != REASON_NONE)
		fail_msg("not shared: %s", e.text);
	return h;
}

/* The words of the file, until site_close. */
static inline struct health_data *
site_open(void)
{
	char path[SCRATCH_PATH_MAX];
	int fd = open(scratch_path(&site, "health.1", path),
	    O_RDWR | O_CLOEXEC);
	char *at;

	assert_true(fd != -1);
	at = mmap(NULL, SITE_FILE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(at != MAP_FAILED);
	close(fd);
	return (struct health_data *)(void *)(at + SHM_HEAD);
}

static inline void
site_close(struct health_data *d)
{
	munmap((char *)d - SHM_HEAD, SITE_FILE);
}

static inline struct health_view
site_view(struct health *h, uint64_t id)
{
	struct health_view v;

	health_view(h, id, &site_limits, clock_ms(), &v);
	return v;
}

static inline bool
site_fails(struct health *h, uint64_t id)
{
	int64_t ms;

	return health_failed(h, id, &site_limits, clock_ms(), false, &ms);
}

/* Takes it out, as often as that must be. */
static inline void
site_takes_out(struct health *h, uint64_t id)
{
	int64_t ms = clock_ms();
	unsigned i;

	for (i = 0; i < site_limits.max_fails; i++) {
		site_at(ms + 100 * i);
		assert_int_equal(site_fails(h, id),
		    i == site_limits.max_fails - 1);
	}
}

#endif
