/* SPDX-License-Identifier: BSD-2-Clause */

/* plan: by name, by key, and its numbers as clients are told them. */

#include "decide/plan.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/cidr.h"

enum {
	PLAN_V4 = 12, /* where IPv4 begins in the 16 bytes of an address */
	PLAN_V6 = 8   /* bytes of a /64 */
};

static const int64_t plan_second = 1000000; /* us */

bool
plan_of_route(struct policy *p, const struct settings *s,
    const struct settings_plan **plan)
{
	bool named = p->plan.n > 0;

	*plan = named ? settings_plan_of(s, p->plan) : NULL;
	if (*plan != NULL)
		return false;
	p->plan = str_of(s->default_plan);
	if (p->plan.n > 0)
		*plan = settings_plan_of(s, p->plan);
	return named;
}

/* ---- by what it counts ---- */

/* No tag and no identity has a NUL in it: nobody is counted as an address by
 * being called so. */
static const char plan_instead[] = "client_ip";

static void
plan_key_address(struct str client, bool instead, struct plan_key *out)
{
	size_t n = instead ? sizeof(plan_instead) : 0;
	unsigned char address[16];
	char text[INET6_ADDRSTRLEN];
	bool v4;

	out->text = out->counted = client;
	if (!cidr_read(client, address))
		return;
	v4 = cidr_is_v4(address);
	if (!v4)
		memset(address + PLAN_V6, 0, sizeof(address) - PLAN_V6);
	CHECK(inet_ntop(v4 ? AF_INET : AF_INET6,
	    address + (v4 ? PLAN_V4 : 0), text, sizeof(text)) != NULL);
	memcpy(out->room, plan_instead, n);
	snprintf(out->room + n, sizeof(out->room) - n, "%s%s", text,
	    v4 ? "" : "/64");
	out->text = str_of(out->room + n);
	out->counted = (struct str){ out->room, n + out->text.n };
}

bool
plan_counts_identity(const struct settings_plan *plan)
{
	return strcmp(plan->count_by, "identity") == 0;
}

void
plan_key(const struct settings_plan *plan, const struct follow *f,
    const struct request *r, struct str identity, struct plan_key *out)
{
	struct str by = str_of(plan->count_by), kind, tag;

	out->text = (struct str){ NULL, 0 };
	if (str_cut(by, ':', &kind, &tag))
		out->text = policy_tag(&f->policy, tag);
	else if (str_eq(by, STR("host")))
		out->text = f->host;
	else if (plan_counts_identity(plan))
		out->text = identity;
	out->counted = out->text;
	if (out->text.n == 0)
		plan_key_address(r->client_ip,
		    !str_eq(by, STR("client_ip")), out);
}

/* ---- its numbers ---- */

struct limit_rate
plan_rate(const struct settings_plan *plan)
{
	struct limit_rate rate = { .count = plan->rate.count,
		.burst = (uint64_t)plan->burst,
		.per_us = plan->rate.per_us };

	if (rate.burst == 0)
		rate.burst = rate.count / (uint64_t)(rate.per_us / plan_second);
	if (rate.burst == 0)
		rate.burst = 1;
	return rate;
}

/* Not before it is over. */
static uint64_t
plan_seconds(int64_t us)
{
	return us <= plan_second ? 1 :
	    (uint64_t)((us + plan_second - 1) / plan_second);
}

uint64_t
plan_retry_s(const struct limit_view *view)
{
	return plan_seconds(view->retry_us);
}

/* The window that the draft has is the time in which a whole burst comes. */
static uint64_t
plan_window_s(const struct limit_rate *rate)
{
	uint64_t per_s = (uint64_t)(rate->per_us / plan_second);

	return (rate->burst * per_s + rate->count - 1) / rate->count;
}

int
plan_fields(const struct settings_plan *plan, const struct limit_view *view,
    struct header *to)
{
	const struct limit_rate rate = plan_rate(plan);
	struct str policy, state;

	if (header_find(to, STR("RateLimit-Policy")) != NULL ||
	    header_find(to, STR("RateLimit")) != NULL)
		return 0;
	policy = arena_printf(to->arena, "\"%s\";q=%llu;w=%llu", plan->name,
	    (unsigned long long)rate.burst,
	    (unsigned long long)plan_window_s(&rate));
	state = arena_printf(to->arena, "\"%s\";r=%llu;t=%llu", plan->name,
	    (unsigned long long)view->remaining,
	    (unsigned long long)plan_seconds(view->remaining > 0 ?
	        view->reset_us : view->retry_us));
	if (policy.p == NULL || state.p == NULL ||
	    header_add(to, STR("RateLimit-Policy"), policy) == -1)
		return -1;
	return header_add(to, STR("RateLimit"), state);
}
