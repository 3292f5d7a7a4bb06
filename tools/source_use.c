/* SPDX-License-Identifier: BSD-2-Clause */

/* source_use: directives and header rules that the targets of a route have no
 * use for. */

#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

/* What targets a route has: a bit of each kind. */
static unsigned
source_use_kinds(const struct route *r)
{
	unsigned kinds = 1u << r->target.kind;
	size_t i;

	for (i = 0; i < r->when_count; i++)
		kinds |= 1u << r->whens[i].target.kind;
	for (i = 0; i < r->split_count; i++)
		kinds |= 1u << r->splits[i].target.kind;
	return kinds;
}

static struct str
source_use_word(enum target_kind kind)
{
	return kind == TARGET_REDIRECT ? STR("redirect=") :
	    kind == TARGET_RESPOND	? STR("respond=") :
	    kind == TARGET_INTERNAL	? STR("internal=") :
					  STR("=HOST");
}

static void
source_use_none(struct source_entry *en, const struct lines_token *t,
    struct str word, bool alias)
{
	const struct route_target *target = &en->out->route.target;

	if (alias)
		source_tell(en, LINT_ALIAS_EFFECT, t, 0, word, target->alias);
	else
		source_tell(en, LINT_NO_EFFECT, t, 0, word,
		    source_use_word(target->kind));
}

/* Does it do anything without a request to an origin? */
static bool
source_use_relays(enum directive d)
{
	switch (d) {
	case DIRECTIVE_STRIP_PREFIX:
	case DIRECTIVE_HOST:
	case DIRECTIVE_PASS_AUTH:
	case DIRECTIVE_CONNECT_TIMEOUT:
	case DIRECTIVE_TIMEOUT:
	case DIRECTIVE_IDLE_TIMEOUT:
	case DIRECTIVE_TOTAL:
	case DIRECTIVE_TLS:
	case DIRECTIVE_SIGN:
	case DIRECTIVE_EGRESS:
	case DIRECTIVE_REWRITE_BACK:
		return true;
	default:
		return false;
	}
}

/* What counts of an alias: what it matches, and who may pass. */
static bool
source_use_alias(enum directive d)
{
	return d == DIRECTIVE_EXACT || d == DIRECTIVE_ENCODED_SLASH ||
	    d == DIRECTIVE_AUTH || d == DIRECTIVE_ALLOW ||
	    d == DIRECTIVE_DENY;
}

static void
source_use_headers(struct source_entry *en, bool alias)
{
	size_t i;

	for (i = 0; i < en->header_count; i++) {
		const struct source_header *h = &en->headers[i];
		struct lines_token at = { .place = h->place };

		if (alias || h->side == HEADER_REQUEST)
			source_use_none(en, &at, h->side == HEADER_REQUEST ?
				STR("request-header") :
				STR("response-header"), alias);
	}
}

/* May tls= mean the target? Of a service nobody knows here. */
static bool
source_use_tls(const struct route_target *t)
{
	return t->kind == TARGET_SERVICE || t->kind == TARGET_NONE ||
	    (t->kind == TARGET_ORIGIN && t->origin.scheme == ORIGIN_HTTPS);
}

/* To a plain origin in spite of tls=: somebody may rely on it. */
static void
source_use_plain(struct source_entry *en)
{
	const struct route *r = &en->out->route;
	bool may = source_use_tls(&r->target);
	size_t i;

	for (i = 0; i < r->when_count; i++)
		may |= source_use_tls(&r->whens[i].target);
	for (i = 0; i < r->split_count; i++)
		may |= source_use_tls(&r->splits[i].target);
	if (!may && words_say(&en->own->words, DIRECTIVE_TLS))
		source_tell(en, LINT_TLS_PLAIN,
		    &en->own->token[DIRECTIVE_TLS], 0, none, none);
}

void
source_use_check(struct source_entry *en)
{
	const struct source_words *own = en->own;
	unsigned kinds = source_use_kinds(&en->out->route);
	bool alias = kinds == 1u << TARGET_ALIAS;
	int n;

	if (words_say(&own->words, DIRECTIVE_RETRY_AFTER) && !alias &&
	    (kinds & (1u << TARGET_RESPOND | 1u << TARGET_NONE)) == 0)
		source_tell(en, LINT_RETRY_AFTER_PLACE,
		    &own->token[DIRECTIVE_RETRY_AFTER], 0, none, none);
	if ((kinds & (1u << TARGET_ORIGIN | 1u << TARGET_SERVICE |
			1u << TARGET_NONE)) != 0) {
		source_use_plain(en);
		return;
	}
	for (n = 0; n < DIRECTIVE_COUNT; n++) {
		enum directive d = (enum directive)n;

		if (words_say(&own->words, d) &&
		    (alias ? !source_use_alias(d) : source_use_relays(d)))
			source_use_none(en, &own->token[d],
			    str_of(directive_word(d)), alias);
	}
	source_use_headers(en, alias);
}
