/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * health_site: a shm_site with health.2 in it.
 */
#ifndef UNIT_HEALTH_SITE_H
#define UNIT_HEALTH_SITE_H

#include "tests/unit/shm_site.h"

#include "decide/health.h"
#include "decide/health_private.h"

enum {
	SITE_BEGIN = SITE_BEGIN_US / 1000, /* clock_ms when a test begins */
	SITE_FILE = SHM_HEAD + sizeof(struct health_data)
};

static const struct health_limits site_limits = {
	.max_fails = 3,
	.fail_window = 10000,
	.cooldown = 10000,
	.cooldown_max = 60000
};

static inline void
site_at(int64_t ms)
{
	site_set_us(ms * 1000);
}

static inline void
site_later(int64_t ms)
{
	atomic_fetch_add(&site_page->us, ms * 1000);
}

static inline struct health *
site_join(void)
{
	struct err e;
	struct health *h;

	sigbus_init(); /* cmocka puts its own handler in for each test */
	h = health_join(site.folder, true, &e);
	site_must_share(&e);
	return h;
}

static inline struct health_data *
site_open(void)
{
	return site_map("health.2", sizeof(struct health_data));
}

static inline void
site_close(struct health_data *d)
{
	site_unmap(d, sizeof(*d));
}

static inline struct health_view
site_view(struct health *h, uint64_t id)
{
	struct health_view v;

	health_view(h, id, &site_limits, clock_ms(), &v);
	return v;
}

static inline uint64_t
site_began(struct health *h, uint64_t id)
{
	return health_began(h, id, STR("http://127.0.0.1:8080"));
}

static inline bool
site_fails(struct health *h, uint64_t id)
{
	int64_t now = clock_ms(), ms;

	return health_failed(h, id, &site_limits, now, now, false, &ms);
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
