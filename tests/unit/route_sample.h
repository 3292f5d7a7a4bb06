/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * route_sample: routes that use all there is, and are two the same?
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
sample_same_lists(const struct route *a, const struct route *b)
{
	size_t i;

	if (a->capture_count != b->capture_count ||
	    a->tag_count != b->tag_count || a->rule_count != b->rule_count)
		return false;
	for (i = 0; i < a->capture_count; i++)
		if (!str_eq(a->captures[i], b->captures[i]))
			return false;
	for (i = 0; i < a->tag_count; i++)
		if (!str_eq(a->tags[i].key, b->tags[i].key) ||
		    !str_eq(a->tags[i].value, b->tags[i].value))
			return false;
	for (i = 0; i < a->rule_count; i++) {
		const struct header_rule *x = &a->rules[i];
		const struct header_rule *y = &b->rules[i];

		if (x->side != y->side || x->verb != y->verb ||
		    x->level != y->level || !str_eq(x->name, y->name) ||
		    !sample_same_pattern(&x->value, &y->value))
			return false;
	}
	return true;
}

static inline bool
sample_same_route(const struct route *a, const struct route *b)
{
	return str_eq(a->match, b->match) && str_eq(a->source, b->source) &&
	    a->line == b->line && a->host_capture == b->host_capture &&
	    a->exact == b->exact && a->strip_prefix == b->strip_prefix &&
	    a->from_defaults == b->from_defaults && a->target == b->target &&
	    a->code == b->code && a->retry_after == b->retry_after &&
	    a->host_sent == b->host_sent && str_eq(a->text, b->text) &&
	    str_eq(a->host_name, b->host_name) &&
	    sample_same_pattern(&a->url, &b->url) &&
	    sample_same_origin(&a->origin, &b->origin) &&
	    sample_same_lists(a, b);
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

#endif
