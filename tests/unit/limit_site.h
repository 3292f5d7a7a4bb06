/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * limit_site: a folder with limits.1 in it, a clock that all processes of a
 * test share, and the words of the file for who wants to see or spoil them.
 */
#ifndef UNIT_LIMIT_SITE_H
#define UNIT_LIMIT_SITE_H

#include "tests/unit/scratch.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/sigbus.h"
#include "decide/limit.h"
#include "decide/limit_private.h"

#define SITE_BEGIN INT64_C(1000000000) /* clock_us when a test begins */

enum {
	SITE_FILE = SHM_HEAD + sizeof(struct limit_data),
	SITE_COUNTS = 4096
};

/* One place for all processes: the page is shared over fork. */
struct site_page {
	_Atomic int64_t us;
	atomic_int counts[SITE_COUNTS]; /* of a test's own */
};

static struct site_page *site_page;
static struct scratch site;

static inline int64_t
site_us(void)
{
	return atomic_load(&site_page->us);
}

/* So far behind the beginning. */
static inline void
site_at(int64_t us)
{
	atomic_store(&site_page->us, SITE_BEGIN + us);
}

static inline int
site_init(void **state)
{
	int i;

	(void)state;
	scratch_init(&site);
	site_at(0);
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

static inline struct limit *
site_join(void)
{
	struct err e;
	struct limit *l;

	sigbus_init(); /* cmocka puts its own handler in for each test */
	l = limit_join(site.folder, true, &e);
	if (e.reason != REASON_NONE)
		fail_msg("not shared: %s", e.text);
	return l;
}

/* The words of the file, until site_close. */
static inline struct limit_data *
site_open(void)
{
	char path[SCRATCH_PATH_MAX];
	int fd = open(scratch_path(&site, "limits.1", path),
	    O_RDWR | O_CLOEXEC);
	char *at;

	assert_true(fd != -1);
	at = mmap(NULL, SITE_FILE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(at != MAP_FAILED);
	close(fd);
	return (struct limit_data *)(void *)(at + SHM_HEAD);
}

static inline void
site_close(struct limit_data *d)
{
	munmap((char *)d - SHM_HEAD, SITE_FILE);
}

#endif
