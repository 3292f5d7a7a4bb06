/* SPDX-License-Identifier: BSD-2-Clause */

/* progress: one line, written over and over. */

#include "tools/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	PROGRESS_PATIENCE = 1000000, /* microseconds before the first */
	PROGRESS_PAUSE = 100000,     /* between two */
	PROGRESS_SELDOM = 1024,      /* steps between two looks at the clock */
	PROGRESS_WIDTH = 40
};

void
progress_init(struct progress *p)
{
	*p = (struct progress){ .on = isatty(STDERR_FILENO) == 1,
		.next = clock_us() + PROGRESS_PATIENCE };
}

static void
progress_draw(struct progress *p)
{
	static const char full[] = "########################################";
	uint64_t part = p->to - p->from, done = p->from;
	int ticks;

	_Static_assert(sizeof(full) == PROGRESS_WIDTH + 1, "a whole bar");
	if (p->total > 0)
		done += part * (p->at < p->total ? p->at : p->total) /
		    p->total;
	ticks = (int)(done * PROGRESS_WIDTH / 100);
	(void)fprintf(stderr, "\r\033[K[%.*s%*s] %3" PRIu64 "%% %s", ticks,
	    full, PROGRESS_WIDTH - ticks, "", done, p->doing);
	(void)fflush(stderr);
	p->drawn = true;
}

static void
progress_look(struct progress *p)
{
	int64_t now = clock_us();

	if (now < p->next)
		return;
	p->next = now + PROGRESS_PAUSE;
	progress_draw(p);
}

void
progress_part(struct progress *p, const char *doing, unsigned from,
    unsigned to, uint64_t total)
{
	p->doing = doing;
	p->from = from;
	p->to = to;
	p->total = total;
	p->at = 0;
	if (p->on)
		progress_look(p);
}

void
progress_at(struct progress *p, uint64_t at)
{
	bool look = at / PROGRESS_SELDOM != p->at / PROGRESS_SELDOM;

	p->at = at;
	if (p->on && look)
		progress_look(p);
}

void
progress_wipe(struct progress *p)
{
	if (p->drawn)
		(void)fprintf(stderr, "\r\033[K");
	p->drawn = false;
}
