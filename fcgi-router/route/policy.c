/* SPDX-License-Identifier: BSD-2-Clause */

/* policy: the words of all levels made one. */

#include "route/policy.h"

#include "base/check.h"

enum { POLICY_MERGED = 3 }; /* %defaults, service, route: later ones win */

void
policy_init(struct policy *p)
{
	/* The lists are long, and their counts say what is in them. */
	p->strip_prefix = p->pass_auth = p->encoded_slash = false;
	p->rewrite_back = true;
	p->connect_timeout = p->timeout = INT64_MAX;
	p->idle_timeout = p->total = INT64_MAX;
	p->max_body = UINT64_MAX;
	p->host_sent = HOST_SENT_UNSET;
	p->host_name = p->plan = p->plan_said = (struct str){ NULL, 0 };
	p->tls = p->sign = p->egress = (struct str){ NULL, 0 };
	p->auth_count = p->allow_count = p->deny_count = 0;
	p->tags = NULL;
	p->tag_count = 0;
	p->levels[0] = p->levels[1] = p->levels[2] = NULL;
}

static void
policy_auth(struct policy *p, struct str auth)
{
	size_t i;

	/* What all of two levels say need not be asked twice. */
	for (i = 0; i < p->auth_count; i++)
		if (str_eq(p->auth[i], auth))
			return;
	CHECK(p->auth_count < POLICY_LEVELS_MAX);
	p->auth[p->auth_count++] = auth;
}

/* What every level adds and none takes away. */
static void
policy_guard(struct policy *p, const struct words *w)
{
	if (words_say(w, DIRECTIVE_AUTH))
		policy_auth(p, w->auth);
	if (words_say(w, DIRECTIVE_ALLOW)) {
		CHECK(p->allow_count < POLICY_LEVELS_MAX);
		p->allow[p->allow_count++] = w->allow;
	}
	if (words_say(w, DIRECTIVE_DENY)) {
		CHECK(p->deny_count < POLICY_LEVELS_MAX);
		p->deny[p->deny_count++] = w->deny;
	}
}

void
policy_alias(struct policy *p, const struct route *alias)
{
	policy_guard(p, alias->defaults);
	policy_guard(p, alias->own);
}

static void
policy_time(const struct words *w, enum directive d, uint64_t said,
    int64_t *limit)
{
	if (words_say(w, d) && said < (uint64_t)*limit)
		*limit = (int64_t)said;
}

/* The tightest holds. */
static void
policy_limit(struct policy *p, const struct words *w)
{
	policy_time(w, DIRECTIVE_CONNECT_TIMEOUT, w->connect_timeout,
	    &p->connect_timeout);
	policy_time(w, DIRECTIVE_TIMEOUT, w->timeout, &p->timeout);
	policy_time(w, DIRECTIVE_IDLE_TIMEOUT, w->idle_timeout,
	    &p->idle_timeout);
	policy_time(w, DIRECTIVE_TOTAL, w->total, &p->total);
	if (words_say(w, DIRECTIVE_MAX_BODY) && w->max_body < p->max_body)
		p->max_body = w->max_body;
}

static void
policy_flag(const struct words *w, enum directive d, bool said, bool *flag)
{
	if (words_say(w, d))
		*flag = said;
}

static void
policy_name(const struct words *w, enum directive d, struct str said,
    struct str *name)
{
	if (words_say(w, d))
		*name = said;
}

/* A later level wins over those before it. */
static void
policy_override(struct policy *p, const struct words *w)
{
	policy_flag(w, DIRECTIVE_STRIP_PREFIX, w->strip_prefix,
	    &p->strip_prefix);
	policy_flag(w, DIRECTIVE_PASS_AUTH, w->pass_auth, &p->pass_auth);
	policy_flag(w, DIRECTIVE_ENCODED_SLASH, w->encoded_slash,
	    &p->encoded_slash);
	policy_flag(w, DIRECTIVE_REWRITE_BACK, w->rewrite_back,
	    &p->rewrite_back);
	policy_name(w, DIRECTIVE_PLAN, w->plan, &p->plan);
	p->plan_said = p->plan;
	policy_name(w, DIRECTIVE_TLS, w->tls, &p->tls);
	policy_name(w, DIRECTIVE_SIGN, w->sign, &p->sign);
	policy_name(w, DIRECTIVE_EGRESS, w->egress, &p->egress);
	if (words_say(w, DIRECTIVE_HOST)) {
		p->host_sent = w->host_sent;
		p->host_name = w->host_name;
	}
}

static struct route_tag *
policy_tag_find(const struct policy *p, struct str key)
{
	size_t i;

	for (i = 0; i < p->tag_count; i++)
		if (str_eq(p->tags[i].key, key))
			return &p->tags[i];
	return NULL;
}

/* Levels in p->levels from the last, whose values win. */
static int
policy_tags(struct policy *p, struct arena *a, struct err *e)
{
	const struct words *only = NULL;
	size_t total = 0;
	size_t level, i;

	for (level = 0; level < POLICY_MERGED; level++) {
		const struct words *w = p->levels[level];

		if (words_say(w, DIRECTIVE_TAG)) {
			only = total == 0 ? w : NULL;
			total += w->tag_count;
		}
	}
	if (total == 0)
		return 0;
	if (only != NULL) {
		p->tags = only->tags;
		p->tag_count = only->tag_count;
		return 0;
	}
	p->tags = arena_alloc(a, total * sizeof(*p->tags));
	if (p->tags == NULL)
		return err_set(e, REASON_OVERLOADED, "no memory left for tags");
	for (level = POLICY_MERGED; level-- > 0;) {
		const struct words *w = p->levels[level];

		for (i = 0; words_say(w, DIRECTIVE_TAG) && i < w->tag_count;
		    i++)
			if (policy_tag_find(p, w->tags[i].key) == NULL)
				p->tags[p->tag_count++] = w->tags[i];
	}
	return 0;
}

int
policy_merge(struct policy *p, const struct route *route,
    const struct service *service, struct arena *a, struct err *e)
{
	size_t level;

	p->levels[0] = route->defaults;
	p->levels[1] = service != NULL ? service->own : NULL;
	p->levels[2] = route->own;
	for (level = 0; level < POLICY_MERGED; level++) {
		const struct words *w = p->levels[level];

		if (w == NULL)
			continue;
		policy_guard(p, w);
		policy_limit(p, w);
		policy_override(p, w);
	}
	return policy_tags(p, a, e);
}

struct str
policy_tag(const struct policy *p, struct str key)
{
	const struct route_tag *tag = policy_tag_find(p, key);

	return tag != NULL ? tag->value : (struct str){ NULL, 0 };
}

bool
policy_admits(const struct policy *p, struct str address)
{
	size_t i;

	/* Who knows whether it would be denied? */
	if (p->deny_count > 0 && !cidr_is_address(address))
		return false;
	for (i = 0; i < p->deny_count; i++)
		if (cidr_holds(p->deny[i].list, p->deny[i].count, address))
			return false;
	for (i = 0; i < p->allow_count; i++)
		if (!cidr_holds(p->allow[i].list, p->allow[i].count, address))
			return false;
	return true;
}
