/* SPDX-License-Identifier: BSD-2-Clause */

/* health_state: what the words of an origin mean at a time. */

#include "decide/health_private.h"

enum {
	HEALTH_TIMES_MAX = 63, /* that a state can say */
	/* Who tells of what was may be told of what came later. What is still
	 * further ahead is no time. */
	HEALTH_LATE_MS = 1000
};

enum health_kind
health_state_kind(const struct health_stamp *s)
{
	unsigned kind = s->what & 3;

	return kind <= HEALTH_KIND_TRIED ? (enum health_kind)kind :
	    HEALTH_KIND_WELL;
}

unsigned
health_state_times(const struct health_stamp *s)
{
	return s->what >> 2;
}

uint64_t
health_state_word(uint64_t id, enum health_kind kind, unsigned times,
    int64_t ms)
{
	if (times > HEALTH_TIMES_MAX)
		times = HEALTH_TIMES_MAX;
	return health_stamp_word(id, times << 2 | (unsigned)kind, ms);
}

int64_t
health_state_cooldown(const struct health_limits *limits, unsigned times)
{
	int64_t longest = limits->cooldown_max;
	int64_t ms = limits->cooldown;

	while (times-- > 1 && ms < longest)
		ms = ms > longest / 2 ? longest : ms * 2;
	return ms < longest ? ms : longest;
}

enum health_state
health_state_now(const struct health_stamp *s,
    const struct health_limits *limits, int64_t now, int64_t *since)
{
	enum health_kind kind = health_state_kind(s);
	int64_t longest = kind == HEALTH_KIND_TRIED ? HEALTH_TRIAL_MAX_MS :
	    limits->cooldown_max;

	*since = 0;
	if (kind == HEALTH_KIND_WELL)
		return HEALTH_WELL;
	if (s->ms - now > longest)
		return HEALTH_DUE;
	*since = s->ms;
	if (s->ms <= now)
		return HEALTH_DUE;
	return kind == HEALTH_KIND_TRIED ? HEALTH_TRIED : HEALTH_OUT;
}

unsigned
health_state_row(const struct health_stamp *s,
    const struct health_limits *limits, int64_t now)
{
	unsigned times = health_state_times(s);

	if (health_state_kind(s) == HEALTH_KIND_WELL &&
	    now - s->ms >= health_state_cooldown(limits, times))
		return 0;
	return times;
}

/* Those of n failures that are in the window which ends then. */
static unsigned
health_fails_until(const int64_t *ms, unsigned n, int64_t end, int64_t window)
{
	unsigned count = 0, i;

	for (i = 0; i < n; i++)
		count += ms[i] <= end && end - ms[i] < window;
	return count;
}

unsigned
health_fails_count(const struct health_origin *o, uint64_t id,
    const struct health_limits *limits, int64_t now, int64_t back)
{
	int64_t window = limits->fail_window;
	int64_t ms[HEALTH_FAILS_MAX];
	unsigned n = 0, most, i;

	/* Before a time that has not come yet nothing is forgotten. */
	if (back - now > HEALTH_LATE_MS)
		back = 0;
	for (i = 0; i < HEALTH_FAILS_MAX; i++) {
		struct health_stamp s;

		if (health_stamp_read(atomic_load(&o->fails[i]), id, &s) &&
		    s.ms >= back && s.ms - now <= HEALTH_LATE_MS)
			ms[n++] = s.ms;
	}
	most = health_fails_until(ms, n, now, window);
	for (i = 0; i < n; i++)
		if (ms[i] > now) {
			unsigned count = health_fails_until(ms, n, ms[i],
			    window);

			if (count > most)
				most = count;
		}
	return most;
}

bool
health_fails_add(struct health_origin *o, uint64_t id, int64_t now)
{
	uint64_t word = atomic_load(&o->last);
	struct health_stamp s;
	unsigned at;

	do {
		bool own = health_stamp_read(word, id, &s);

		if (own && now - s.ms < HEALTH_ONCE_MS &&
		    s.ms - now <= HEALTH_LATE_MS)
			return false;
		at = (s.what + 1) % HEALTH_FAILS_MAX;
	} while (!atomic_compare_exchange_weak(&o->last, &word,
	    health_stamp_word(id, at, now)));
	atomic_store(&o->fails[at], health_stamp_word(id, 0, now));
	return true;
}
