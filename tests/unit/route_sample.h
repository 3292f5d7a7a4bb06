/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * route_sample: are two routes, or two services, the same?
 */
#ifndef TESTS_UNIT_ROUTE_SAMPLE_H
#define TESTS_UNIT_ROUTE_SAMPLE_H

#include <string.h>

#include "route/route.h"

static inline bool
sample_same_pattern(const struct pattern *a, const struct pattern *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		const struct pattern_part *x = &a->parts[i];
		const struct pattern_part *y = &b->parts[i];

		if (x->variable != y->variable || x->context != y->context ||
		    x->capture != y->capture || !str_eq(x->text, y->text))
			return false;
	}
	return true;
}

static inline bool
sample_same_origin(const struct origin_url *a, const struct origin_url *b)
{
	return a->scheme == b->scheme && a->port == b->port &&
	    a->port_written == b->port_written && a->tail == b->tail &&
	    sample_same_pattern(&a->host, &b->host) &&
	    sample_same_pattern(&a->socket, &b->socket) &&
	    sample_same_pattern(&a->path, &b->path);
}

static inline bool
sample_same_target(const struct route_target *a, const struct route_target *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case TARGET_ORIGIN:
		return sample_same_origin(&a->origin, &b->origin);
	case TARGET_REDIRECT:
		return a->code == b->code &&
		    sample_same_pattern(&a->url, &b->url);
	case TARGET_RESPOND:
		return a->code == b->code && str_eq(a->text, b->text);
	case TARGET_SERVICE:
		return a->service.scope == b->service.scope &&
		    (a->service.scope != SERVICE_SPACE ||
			   str_eq(a->service.space, b->service.space)) &&
		    sample_same_pattern(&a->service.name, &b->service.name);
	case TARGET_ALIAS:
		return str_eq(a->alias, b->alias);
	case TARGET_INTERNAL:
		return a->internal == b->internal;
	case TARGET_NONE:
	case TARGET_KIND_COUNT:
		break;
	}
	return false;
}

static inline bool
sample_same_ranges(const struct cidr_list *a, const struct cidr_list *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (a->list[i].bits != b->list[i].bits ||
		    memcmp(a->list[i].address, b->list[i].address, 16) != 0)
			return false;
	return true;
}

static inline bool
sample_same_by(const struct balance_by *a, const struct balance_by *b)
{
	return a->key == b->key && str_eq(a->name, b->name);
}

static inline bool
sample_same_tags(const struct words *a, const struct words *b)
{
	size_t i;

	if (a->tag_count != b->tag_count)
		return false;
	for (i = 0; i < a->tag_count; i++)
		if (!str_eq(a->tags[i].key, b->tags[i].key) ||
		    !str_eq(a->tags[i].value, b->tags[i].value))
			return false;
	return true;
}

static inline bool
sample_same_rules(const struct words *a, const struct words *b)
{
	size_t i;

	if (a->rule_count != b->rule_count)
		return false;
	for (i = 0; i < a->rule_count; i++) {
		const struct header_rule *x = &a->rules[i];
		const struct header_rule *y = &b->rules[i];

		if (x->side != y->side || x->verb != y->verb ||
		    !str_eq(x->name, y->name) ||
		    !sample_same_pattern(&x->value, &y->value))
			return false;
	}
	return true;
}

/* Of a directive that both say. */
static inline bool
sample_same_word(const struct words *a, const struct words *b,
    enum directive d)
{
	switch (d) {
	case DIRECTIVE_EXACT:
		return a->exact == b->exact;
	case DIRECTIVE_STRIP_PREFIX:
		return a->strip_prefix == b->strip_prefix;
	case DIRECTIVE_ENCODED_SLASH:
		return a->encoded_slash == b->encoded_slash;
	case DIRECTIVE_PASS_AUTH:
		return a->pass_auth == b->pass_auth;
	case DIRECTIVE_REWRITE_BACK:
		return a->rewrite_back == b->rewrite_back;
	case DIRECTIVE_WHEN_ALL_DOWN:
		return a->refuse == b->refuse;
	case DIRECTIVE_HOST:
		return a->host_sent == b->host_sent &&
		    str_eq(a->host_name, b->host_name);
	case DIRECTIVE_TAG:
		return sample_same_tags(a, b);
	case DIRECTIVE_PLAN:
		return str_eq(a->plan, b->plan);
	case DIRECTIVE_AUTH:
		return str_eq(a->auth, b->auth);
	case DIRECTIVE_TLS:
		return str_eq(a->tls, b->tls);
	case DIRECTIVE_SIGN:
		return str_eq(a->sign, b->sign);
	case DIRECTIVE_EGRESS:
		return str_eq(a->egress, b->egress);
	case DIRECTIVE_ALLOW:
		return sample_same_ranges(&a->allow, &b->allow);
	case DIRECTIVE_DENY:
		return sample_same_ranges(&a->deny, &b->deny);
	case DIRECTIVE_CONNECT_TIMEOUT:
		return a->connect_timeout == b->connect_timeout;
	case DIRECTIVE_TIMEOUT:
		return a->timeout == b->timeout;
	case DIRECTIVE_IDLE_TIMEOUT:
		return a->idle_timeout == b->idle_timeout;
	case DIRECTIVE_TOTAL:
		return a->total == b->total;
	case DIRECTIVE_MAX_BODY:
		return a->max_body == b->max_body;
	case DIRECTIVE_RETRY:
		return a->retry == b->retry;
	case DIRECTIVE_RETRY_AFTER:
		return a->retry_after == b->retry_after;
	case DIRECTIVE_BALANCE:
		return a->balance == b->balance &&
		    (a->balance != BALANCE_HASH ||
			   sample_same_by(&a->balance_by, &b->balance_by));
	case DIRECTIVE_HEADERS:
	case DIRECTIVE_WEIGHT:
	case DIRECTIVE_BACKUP:
	case DIRECTIVE_COUNT:
		break;
	}
	return true;
}

/* Words that say nothing are as none. */
static inline bool
sample_same_words(const struct words *a, const struct words *b)
{
	static const struct words nothing;
	int d;

	a = a != NULL ? a : &nothing;
	b = b != NULL ? b : &nothing;
	if (a->said != b->said || !sample_same_rules(a, b))
		return false;
	for (d = 0; d < DIRECTIVE_COUNT; d++)
		if (words_say(a, (enum directive)d) &&
		    !sample_same_word(a, b, (enum directive)d))
			return false;
	return true;
}

static inline bool
sample_same_cond(const struct route_cond *a, const struct route_cond *b)
{
	return a->kind == b->kind && a->negated == b->negated &&
	    a->has_value == b->has_value && str_eq(a->name, b->name) &&
	    str_eq(a->value, b->value) &&
	    sample_same_ranges(&a->ranges, &b->ranges);
}

static inline bool
sample_same_when(const struct route_when *a, const struct route_when *b)
{
	size_t i;

	if (a->line != b->line || a->cond_count != b->cond_count ||
	    !sample_same_target(&a->target, &b->target))
		return false;
	for (i = 0; i < a->cond_count; i++)
		if (!sample_same_cond(&a->conds[i], &b->conds[i]))
			return false;
	return true;
}

static inline bool
sample_same_choices(const struct route *a, const struct route *b)
{
	size_t i;

	if (a->when_count != b->when_count || a->split_count != b->split_count)
		return false;
	for (i = 0; i < a->when_count; i++)
		if (!sample_same_when(&a->whens[i], &b->whens[i]))
			return false;
	for (i = 0; i < a->split_count; i++)
		if (a->splits[i].weight != b->splits[i].weight ||
		    !sample_same_target(&a->splits[i].target,
			&b->splits[i].target))
			return false;
	return a->split_count == 0 ||
	    sample_same_by(&a->split_by, &b->split_by);
}

static inline bool
sample_same_route(const struct route *a, const struct route *b)
{
	size_t i;

	if (a->capture_count != b->capture_count)
		return false;
	for (i = 0; i < a->capture_count; i++)
		if (!str_eq(a->captures[i], b->captures[i]))
			return false;
	return str_eq(a->match, b->match) && a->source == b->source &&
	    a->line == b->line && a->host_capture == b->host_capture &&
	    a->exact == b->exact &&
	    sample_same_target(&a->target, &b->target) &&
	    sample_same_choices(a, b) &&
	    sample_same_words(a->defaults, b->defaults) &&
	    sample_same_words(a->own, b->own);
}

static inline bool
sample_same_host(const struct route_host *a, const struct route_host *b)
{
	size_t i;

	if (a->has_rule != b->has_rule || a->shape_count != b->shape_count)
		return false;
	for (i = 0; i < a->shape_count; i++)
		if (route_shape_order(&a->shapes[i], &b->shapes[i]) != 0)
			return false;
	return !a->has_rule || sample_same_route(&a->rule, &b->rule);
}

static inline bool
sample_same_service(const struct service *a, const struct service *b)
{
	size_t i;

	if (a->origin_count != b->origin_count)
		return false;
	for (i = 0; i < a->origin_count; i++)
		if (a->origins[i].weight != b->origins[i].weight ||
		    a->origins[i].backup != b->origins[i].backup ||
		    !sample_same_origin(&a->origins[i].url,
			&b->origins[i].url))
			return false;
	return str_eq(a->space, b->space) && str_eq(a->name, b->name) &&
	    a->source == b->source && a->line == b->line &&
	    sample_same_words(a->own, b->own);
}

#endif
