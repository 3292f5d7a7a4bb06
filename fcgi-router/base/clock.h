/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * clock: the time, replaceable by tests.
 *
 * clock_ms and clock_us count from an arbitrary start and never go back; all
 * timeouts run on them. clock_wall is for what people read.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

int64_t clock_us(void);
int64_t clock_ms(void);

/* Seconds and nanoseconds since 1970, UTC. */
struct timespec clock_wall(void);

/* Tests: from now on clock_us answers what the function says; NULL undoes. */
void clock_replace(int64_t (*us)(void));

#endif
