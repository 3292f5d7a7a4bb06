/* SPDX-License-Identifier: BSD-2-Clause */

/* rules: set, add, remove. */

#include "decide/rules.h"

#include "base/buf.h"
#include "route/pattern.h"
#include "route/policy.h"

enum { RULES_VALUE_MAX = 128 * 1024 };

static int
rules_value(const struct header_rule *rule, const struct pattern_source *s,
    struct arena *a, struct str *value, struct err *e)
{
	struct buf text;
	int answer;

	if (rule->value.count == 1 && pattern_is_fixed(&rule->value)) {
		*value = rule->value.parts[0].text;
		return 0;
	}
	buf_init(&text, RULES_VALUE_MAX);
	answer = pattern_fill(&rule->value, s, &text, e);
	if (answer == 0) {
		*value = arena_copy(a, str_trim(buf_view(&text)));
		if (value->p == NULL)
			answer = err_set(e, REASON_OVERLOADED,
			    "no room for a header value");
	}
	buf_fini(&text);
	return answer;
}

/*
 * The compiler refuses these; a map that it did not write may hold them. They
 * would frame a message in another way than the codec does, or hide that a
 * request has been here.
 */
static bool
rules_is_refused(const struct header_rule *rule)
{
	switch (name_of(rule->name)) {
	case NAME_VIA:
		return rule->side == HEADER_REQUEST &&
		    rule->verb != HEADER_ADD;
	case NAME_HOST:
	case NAME_CONNECTION:
	case NAME_CONTENT_LENGTH:
	case NAME_TRANSFER_ENCODING:
		return true;
	default:
		return false;
	}
}

static bool
rules_is_same(const struct header_field *f, void *arg)
{
	const struct str *name = arg;

	return header_same_variable(f->name, *name);
}

/* What is kept from an origin, or set for it, must not reach it from a client
 * in another spelling. */
static void
rules_remove(const struct header_rule *rule, struct header *h)
{
	struct str name = rule->name;

	if (rule->side == HEADER_REQUEST)
		header_remove_if(h, rules_is_same, &name);
	else
		header_remove(h, name);
}

static int
rules_apply_one(const struct header_rule *rule, const struct pattern_source *s,
    struct header *h, struct err *e)
{
	struct str value;
	int answer;

	if (rules_is_refused(rule))
		return 0;
	if (rule->verb == HEADER_REMOVE) {
		rules_remove(rule, h);
		return 0;
	}
	if (rules_value(rule, s, h->arena, &value, e) == -1)
		return -1;
	if (rule->verb == HEADER_SET)
		rules_remove(rule, h);
	if (value.n == 0 || rule->name.n + value.n + 2 > RULES_LINE_MAX)
		return 0;
	answer = header_add(h, rule->name, value);
	if (answer == -1 && h->arena->full)
		return err_set(e, REASON_OVERLOADED,
		    "no room for a header field");
	return 0;
}

static int
rules_apply_level(const struct words *w, const struct pattern_source *s,
    enum header_side side, struct header *h, struct err *e)
{
	size_t i;

	for (i = 0; i < w->rule_count; i++)
		if (w->rules[i].side == side &&
		    rules_apply_one(&w->rules[i], s, h, e) == -1)
			return -1;
	return 0;
}

int
rules_apply(const struct pattern_source *s, enum header_side side,
    struct header *h, struct err *e)
{
	const struct policy *p = s->policy;
	size_t i;

	for (i = 0; i < sizeof(p->levels) / sizeof(p->levels[0]); i++)
		if (p->levels[i] != NULL &&
		    rules_apply_level(p->levels[i], s, side, h, e) == -1)
			return -1;
	return 0;
}
