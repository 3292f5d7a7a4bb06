/* SPDX-License-Identifier: BSD-2-Clause */

/* follow_split: which of a split's targets, and what a client is kept by. */

#include "decide/follow_private.h"

#include "decide/split.h"

void
follow_key(struct follow_walk *w, const struct balance_by *by,
    struct client_key *key)
{
	struct follow *out = w->out;

	client_key(by, w->ask->request, key);
	if (key->from != CLIENT_KEY_NONE)
		return;
	if (out->fresh.n == 0)
		out->fresh = w->ask->fresh.n > 0 ? w->ask->fresh :
		    client_key_id(out->fresh_room);
	key->text = out->fresh;
}

/* The version that the client asks for and may have, or an empty slice. */
static struct str
follow_wish(const struct follow_walk *w)
{
	const struct cidr_list *may = &w->ask->version_override;
	const struct request *r = w->ask->request;

	if (may->count == 0 ||
	    !cidr_holds(may->list, may->count, r->client_ip))
		return (struct str){ NULL, 0 };
	return header_get(&r->fields, STR("X-Router-Version"));
}

/* The first target that is the version asked for. 1, 0, or -1 and e. */
static int
follow_wished(struct follow_walk *w, size_t *at)
{
	const struct route *r = w->out->found.route;
	struct str wish = follow_wish(w), version;
	size_t i;

	for (i = 0; wish.n > 0 && i < r->split_count; i++) {
		struct err e; /* of a target that is not to be chosen */
		int got = follow_version(w, &r->splits[i].target, &version,
		    &e);

		if (got == -1) {
			*w->e = e;
			return -1;
		}
		if (got == 1 && str_eq(version, wish)) {
			*at = i;
			return 1;
		}
	}
	return 0;
}

/* Which one, and how. 0, or -1 and e. */
static int
follow_share(struct follow_walk *w, size_t *at)
{
	const struct route *r = w->out->found.route;
	struct follow *out = w->out;
	int got;

	if (w->ask->share > 0 && w->ask->share <= r->split_count) {
		out->split = FOLLOW_SPLIT_SHARE;
		*at = w->ask->share - 1;
		return 0;
	}
	out->split = FOLLOW_SPLIT_VERSION;
	got = follow_wished(w, at);
	if (got != 0)
		return got == 1 ? 0 : -1;
	out->split = FOLLOW_SPLIT_WHOLE;
	if (split_is_whole(r, at))
		return 0;
	out->split = FOLLOW_SPLIT_KEY;
	follow_key(w, &r->split_by, &out->split_key);
	return split_choose(r, out->split_key.text, at, w->e);
}

int
follow_split(struct follow_walk *w)
{
	size_t at = 0;

	if (follow_share(w, &at) == -1)
		return -1;
	w->out->target = &w->out->found.route->splits[at].target;
	return 0;
}
