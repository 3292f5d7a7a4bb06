/* SPDX-License-Identifier: BSD-2-Clause */

/* codec: what directives say to bytes. */

#include "route/codec.h"

#include "route/codec_private.h"

/* The bytes that a prefix touches; the others are zero. */
void
codec_put_ranges(struct codec_writer *w, const struct cidr_list *l)
{
	size_t i;

	codec_put_number(w, l->count);
	for (i = 0; i < l->count; i++) {
		const struct cidr *c = &l->list[i];

		codec_put_byte(w, c->bits);
		codec_put_str(w, (struct str){ (const char *)c->address,
		    (c->bits + 7u) / 8 });
	}
}

/* To the end of an item. */
void
codec_put_balance_by(struct codec_writer *w, const struct balance_by *b)
{
	codec_put_byte(w, b->key);
	codec_put_str(w, b->name);
}

static void
codec_put_tags(struct codec_writer *w, const struct words *words)
{
	size_t i;

	codec_put_number(w, words->tag_count);
	for (i = 0; i < words->tag_count; i++) {
		codec_put_text(w, words->tags[i].key);
		codec_put_text(w, words->tags[i].value);
	}
}

static void
codec_put_word(struct codec_writer *w, const struct words *words,
    enum directive d)
{
	switch (d) {
	case DIRECTIVE_EXACT:
		codec_put_byte(w, words->exact);
		break;
	case DIRECTIVE_STRIP_PREFIX:
		codec_put_byte(w, words->strip_prefix);
		break;
	case DIRECTIVE_ENCODED_SLASH:
		codec_put_byte(w, words->encoded_slash);
		break;
	case DIRECTIVE_PASS_AUTH:
		codec_put_byte(w, words->pass_auth);
		break;
	case DIRECTIVE_REWRITE_BACK:
		codec_put_byte(w, words->rewrite_back);
		break;
	case DIRECTIVE_WHEN_ALL_DOWN:
		codec_put_byte(w, words->refuse);
		break;
	case DIRECTIVE_HOST:
		codec_put_byte(w, words->host_sent);
		codec_put_str(w, words->host_name);
		break;
	case DIRECTIVE_TAG:
		codec_put_tags(w, words);
		break;
	case DIRECTIVE_PLAN:
		codec_put_str(w, words->plan);
		break;
	case DIRECTIVE_AUTH:
		codec_put_str(w, words->auth);
		break;
	case DIRECTIVE_TLS:
		codec_put_str(w, words->tls);
		break;
	case DIRECTIVE_SIGN:
		codec_put_str(w, words->sign);
		break;
	case DIRECTIVE_EGRESS:
		codec_put_str(w, words->egress);
		break;
	case DIRECTIVE_ALLOW:
		codec_put_ranges(w, &words->allow);
		break;
	case DIRECTIVE_DENY:
		codec_put_ranges(w, &words->deny);
		break;
	case DIRECTIVE_CONNECT_TIMEOUT:
		codec_put_number(w, words->connect_timeout);
		break;
	case DIRECTIVE_TIMEOUT:
		codec_put_number(w, words->timeout);
		break;
	case DIRECTIVE_IDLE_TIMEOUT:
		codec_put_number(w, words->idle_timeout);
		break;
	case DIRECTIVE_TOTAL:
		codec_put_number(w, words->total);
		break;
	case DIRECTIVE_MAX_BODY:
		codec_put_number(w, words->max_body);
		break;
	case DIRECTIVE_RETRY:
		codec_put_number(w, words->retry);
		break;
	case DIRECTIVE_RETRY_AFTER:
		codec_put_number(w, words->retry_after);
		break;
	case DIRECTIVE_BALANCE:
		codec_put_byte(w, words->balance);
		if (words->balance == BALANCE_HASH)
			codec_put_balance_by(w, &words->balance_by);
		break;
	case DIRECTIVE_HEADERS: /* what the set says is in the rules */
	case DIRECTIVE_WEIGHT:  /* an origin's */
	case DIRECTIVE_BACKUP:
	case DIRECTIVE_COUNT:
		break;
	}
}

void
codec_put_words(struct codec_writer *w, const struct words *words,
    unsigned base)
{
	unsigned id;

	for (id = 0; words != NULL && words->said != 0 && id < CODEC_IDS;
	    id++) {
		enum directive d = codec_directive(id);
		size_t start = buf_len(w->to);

		if (d == DIRECTIVE_COUNT || !words_say(words, d))
			continue;
		codec_put_word(w, words, d);
		codec_put_item(w, start, base + id);
	}
}

void
codec_put_rules(struct codec_writer *w, const struct words *words,
    unsigned tag)
{
	size_t start = buf_len(w->to);
	size_t i;

	if (words == NULL || words->rule_count == 0)
		return;
	codec_put_number(w, words->rule_count);
	for (i = 0; i < words->rule_count; i++) {
		const struct header_rule *rule = &words->rules[i];

		if (rule->name.n == 0 || rule->side >= HEADER_SIDE_COUNT ||
		    rule->verb >= HEADER_VERB_COUNT)
			w->bad = true;
		codec_put_byte(w,
		    (unsigned)rule->side | (unsigned)rule->verb << 1);
		codec_put_text(w, rule->name);
		codec_put_pattern(w, &rule->value);
	}
	codec_put_item(w, start, tag);
}
