/* SPDX-License-Identifier: BSD-2-Clause */

/* clock: CLOCK_MONOTONIC and CLOCK_REALTIME behind one door. */

#include "base/clock.h"

#include <stddef.h>

#include "base/check.h"

static int64_t (*clock_replaced)(void);

int64_t
clock_us(void)
{
	struct timespec now;

	if (clock_replaced != NULL)
		return clock_replaced();
	CHECK(clock_gettime(CLOCK_MONOTONIC, &now) != -1);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_ms(void)
{
	return clock_us() / 1000;
}

struct timespec
clock_wall(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_REALTIME, &now) != -1);
	return now;
}

void
clock_replace(int64_t (*us)(void))
{
	clock_replaced = us;
}
