/* SPDX-License-Identifier: BSD-2-Clause */

/* split: the highest score of those that have a share. */

#include "decide/split.h"

#include "base/buf.h"
#include "decide/rendezvous.h"
#include "route/spell.h"

enum { SPLIT_NAME_MAX = 128 * 1024 }; /* twice an entry's text */

bool
split_is_whole(const struct route *r, size_t *at)
{
	size_t shares = 0, i;

	for (i = 0; i < r->split_count; i++)
		if (r->splits[i].weight > 0 && shares++ == 0)
			*at = i;
	return shares == 1;
}

int
split_choose(const struct route *r, struct str key, size_t *at, struct err *e)
{
	uint64_t client = rendezvous_client(r->match, key);
	double best = -1;
	struct buf name;
	int got = 0;
	size_t i;

	buf_init(&name, SPLIT_NAME_MAX);
	for (i = 0; got == 0 && i < r->split_count; i++) {
		const struct route_split *s = &r->splits[i];
		double score;

		buf_clear(&name);
		got = spell_target(&s->target, r, &name);
		score = got == 0 ? rendezvous_score(client, buf_view(&name),
		    s->weight) : 0;
		if (score > best) {
			best = score;
			*at = i;
		}
	}
	buf_fini(&name);
	return got == 0 ? 0 : err_set(e, REASON_OVERLOADED,
	    "no room for a split");
}
