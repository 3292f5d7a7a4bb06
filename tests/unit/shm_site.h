/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * shm_site: a folder for shared files, a clock that all processes of a test
 * share, and the words of a file for who wants to see or spoil them.
 */
#ifndef UNIT_SHM_SITE_H
#define UNIT_SHM_SITE_H

#include "tests/unit/scratch.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/shm.h"
#include "base/sigbus.h"

/* clock_us when a test begins. */
#define SITE_BEGIN_US INT64_C(1000000000)

enum { SITE_COUNTS = 4096 };

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

static inline void
site_set_us(int64_t us)
{
	atomic_store(&site_page->us, us);
}

static inline int
site_init(void **state)
{
	int i;

	(void)state;
	scratch_init(&site);
	site_set_us(SITE_BEGIN_US);
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

/* A room that joins a file must have got it. */
static inline void
site_must_share(const struct err *e)
{
	if (e->reason != REASON_NONE)
		fail_msg("not shared: %s", e->text);
}

/* A file's data, of so many bytes, until site_unmap. */
static inline void *
site_map(const char *name, size_t size)
{
	char path[SCRATCH_PATH_MAX];
	int fd = open(scratch_path(&site, name, path), O_RDWR | O_CLOEXEC);
	char *at;

	assert_true(fd != -1);
	at = mmap(NULL, SHM_HEAD + size, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	assert_true(at != MAP_FAILED);
	close(fd);
	return at + SHM_HEAD;
}

static inline void
site_unmap(void *data, size_t size)
{
	munmap((char *)data - SHM_HEAD, SHM_HEAD + size);
}

#endif
