/* SPDX-License-Identifier: BSD-2-Clause */

/* query_explain_split: which target of a split a client gets, and why. */

#include "tools/printer.h"
#include "tools/query_explain.h"

struct str
query_explain_key(const struct query_explain *x, const struct balance_by *by,
    enum client_key_from from)
{
	switch (from) {
	case CLIENT_KEY_NONE:
		return arena_printf(x->arena, "the client has no cookie "
		    "%.*s and is given %s; told for the value %s",
		    STR_ARG(by->name), CLIENT_KEY_COOKIE, QUERY_FRESH);
	case CLIENT_KEY_ASKED:
		if (by->key == BALANCE_KEY_PATH)
			return STR("by the path");
		return arena_printf(x->arena, "by the client's %s %.*s",
		    by->key == BALANCE_KEY_COOKIE ? "cookie" : "field",
		    STR_ARG(by->name));
	case CLIENT_KEY_OWN:
		return STR("by the client's cookie " CLIENT_KEY_COOKIE);
	case CLIENT_KEY_ADDRESS:
	case CLIENT_KEY_FROM_COUNT:
		break;
	}
	return x->answer->request.client_ip.n > 0 ?
	    STR("by the client's address") :
	    STR("by the client's address, which is not known");
}

static struct str
query_explain_why(const struct query_explain *x)
{
	const struct follow *f = &x->answer->follow;

	if (f->split == FOLLOW_SPLIT_WHOLE)
		return STR("the only one that has a share");
	if (f->split == FOLLOW_SPLIT_VERSION)
		return STR("by the client's X-Router-Version");
	return query_explain_key(x, &f->found.route->split_by,
	    f->split_key.from);
}

/* Is the target told that of this client alone? */
static bool
query_explain_sure(const struct query_explain *x)
{
	const struct follow *f = &x->answer->follow;

	if (f->split != FOLLOW_SPLIT_KEY)
		return true;
	return f->split_key.from == CLIENT_KEY_ADDRESS ?
	    x->answer->request.client_ip.n > 0 :
	    f->split_key.from != CLIENT_KEY_NONE;
}

/* One target, and how many of a hundred clients get it. */
static void
query_explain_share(const struct query_explain *x,
    const struct route_split *s, uint64_t sum)
{
	const struct follow *f = &x->answer->follow;
	bool chosen = &s->target == f->target;
	struct buf spelled;

	buf_init(&spelled, QUERY_MEMORY);
	CHECK(printer_target(&s->target, f->found.route, &spelled) == 0);
	query_out_row(x->out, "share", arena_printf(x->arena, "%.4g%% %.*s%s",
	    (double)s->weight * 100 / (double)sum,
	    STR_ARG(buf_view(&spelled)), chosen ? " (chosen)" : ""),
	    (const struct query_cell[]){
		{ .name = "target", .text = buf_view(&spelled) },
		{ .name = "weight", .kind = QUERY_CELL_NUMBER,
		    .number = s->weight },
		{ .name = "chosen", .kind = QUERY_CELL_FLAG,
		    .number = chosen },
		{ .name = NULL } });
	buf_fini(&spelled);
}

/* A version that was asked for in vain. */
static void
query_explain_wish(const struct query_explain *x)
{
	const struct request *r = &x->answer->request;
	struct cidr_list may = query_ask_override(x->by);
	struct str wish = header_get(&r->fields, STR("X-Router-Version"));

	if (wish.n > 0 && x->answer->follow.split != FOLLOW_SPLIT_VERSION)
		query_out_text(x->out, "ignored", arena_printf(x->arena,
		    "X-Router-Version: %.*s (%s)", STR_ARG(wish),
		    cidr_holds(may.list, may.count, r->client_ip) ?
		    "no target of this split" :
		    "the client is not in version_override"));
}

void
query_explain_split(const struct query_explain *x)
{
	const struct route *r = x->answer->follow.found.route;
	struct buf spelled;
	uint64_t sum = 0;
	size_t i;

	buf_init(&spelled, QUERY_MEMORY);
	CHECK(printer_split(r, &spelled) == 0);
	query_out_text(x->out, "chosen-by", arena_printf(x->arena,
	    "%.*s (%.*s)", STR_ARG(buf_view(&spelled)),
	    STR_ARG(query_explain_why(x))));
	buf_fini(&spelled);
	query_explain_wish(x);
	if (!x->by->query->verbose && query_explain_sure(x))
		return;
	for (i = 0; i < r->split_count; i++)
		sum += r->splits[i].weight;
	for (i = 0; i < r->split_count; i++)
		query_explain_share(x, &r->splits[i], sum);
}
