/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * limit_site: a shm_site with limits.1 in it.
 */
#ifndef UNIT_LIMIT_SITE_H
#define UNIT_LIMIT_SITE_H

#include "tests/unit/shm_site.h"

#include "decide/limit.h"
#include "decide/limit_private.h"

#define SITE_BEGIN SITE_BEGIN_US

enum { SITE_FILE = SHM_HEAD + sizeof(struct limit_data) };

/* So far behind the beginning. */
static inline void
site_at(int64_t us)
{
	site_set_us(SITE_BEGIN + us);
}

static inline struct limit *
site_join(void)
{
	struct err e;
	struct limit *l;

	sigbus_init(); /* cmocka puts its own handler in for each test */
	l = limit_join(site.folder, true, &e);
	site_must_share(&e);
	return l;
}

static inline struct limit_data *
site_open(void)
{
	return site_map("limits.1", sizeof(struct limit_data));
}

static inline void
site_close(struct limit_data *d)
{
	site_unmap(d, sizeof(*d));
}

#endif
