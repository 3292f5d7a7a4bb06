/* SPDX-License-Identifier: BSD-2-Clause */

/* codec: bytes back to what directives say. */

#include "route/codec.h"

#include <string.h>

#include "route/codec_private.h"

enum { CODEC_RANGE_BITS = 128 };

static void
codec_get_range(struct codec_reader *r, struct cidr *out)
{
	unsigned bits = codec_get_byte(r);
	struct str bytes = codec_get_bytes(r, (bits + 7u) / 8);

	if (bits > CODEC_RANGE_BITS || r->bad) {
		r->bad = true;
		return;
	}
	out->bits = (uint8_t)bits;
	if (bytes.n > 0)
		memcpy(out->address, bytes.p, bytes.n);
	if (bits % 8 != 0 && (out->address[bits / 8] & 0xff >> bits % 8) != 0)
		r->bad = true;
}

void
codec_get_ranges(struct codec_reader *r, struct cidr_list *out)
{
	size_t i;

	out->count = (size_t)codec_get_number(r, SIZE_MAX);
	out->list = codec_get_array(r, out->count, sizeof(*out->list));
	for (i = 0; i < out->count && !r->bad; i++)
		codec_get_range(r, &out->list[i]);
}

void
codec_get_balance_by(struct codec_reader *r, struct balance_by *out)
{
	out->key = (enum balance_key)codec_get_byte(r);
	out->name = codec_get_rest(r);
}

static void
codec_get_tags(struct codec_reader *r, struct words *out)
{
	size_t count = (size_t)codec_get_number(r, CODEC_TAGS_MAX);
	size_t i;

	out->tags = codec_get_array(r, count, sizeof(*out->tags));
	out->tag_count = count;
	for (i = 0; i < count && !r->bad; i++) {
		out->tags[i].key = codec_get_text(r);
		out->tags[i].value = codec_get_text(r);
	}
}

static bool
codec_get_flag(struct codec_reader *r)
{
	return codec_get_number(r, 1) == 1;
}

static void
codec_get_value(struct codec_reader *r, enum directive d, struct words *out)
{
	switch (d) {
	case DIRECTIVE_EXACT:
		out->exact = codec_get_flag(r);
		break;
	case DIRECTIVE_STRIP_PREFIX:
		out->strip_prefix = codec_get_flag(r);
		break;
	case DIRECTIVE_ENCODED_SLASH:
		out->encoded_slash = codec_get_flag(r);
		break;
	case DIRECTIVE_PASS_AUTH:
		out->pass_auth = codec_get_flag(r);
		break;
	case DIRECTIVE_REWRITE_BACK:
		out->rewrite_back = codec_get_flag(r);
		break;
	case DIRECTIVE_WHEN_ALL_DOWN:
		out->refuse = codec_get_flag(r);
		break;
	case DIRECTIVE_HOST:
		out->host_sent = (enum host_sent)codec_get_byte(r);
		out->host_name = codec_get_rest(r);
		break;
	case DIRECTIVE_TAG:
		codec_get_tags(r, out);
		break;
	case DIRECTIVE_PLAN:
		out->plan = codec_get_rest(r);
		break;
	case DIRECTIVE_AUTH:
		out->auth = codec_get_rest(r);
		break;
	case DIRECTIVE_TLS:
		out->tls = codec_get_rest(r);
		break;
	case DIRECTIVE_SIGN:
		out->sign = codec_get_rest(r);
		break;
	case DIRECTIVE_EGRESS:
		out->egress = codec_get_rest(r);
		break;
	case DIRECTIVE_ALLOW:
		codec_get_ranges(r, &out->allow);
		break;
	case DIRECTIVE_DENY:
		codec_get_ranges(r, &out->deny);
		break;
	case DIRECTIVE_CONNECT_TIMEOUT:
		out->connect_timeout = codec_get_number(r, UINT64_MAX);
		break;
	case DIRECTIVE_TIMEOUT:
		out->timeout = codec_get_number(r, UINT64_MAX);
		break;
	case DIRECTIVE_IDLE_TIMEOUT:
		out->idle_timeout = codec_get_number(r, UINT64_MAX);
		break;
	case DIRECTIVE_TOTAL:
		out->total = codec_get_number(r, UINT64_MAX);
		break;
	case DIRECTIVE_MAX_BODY:
		out->max_body = codec_get_number(r, UINT64_MAX);
		break;
	case DIRECTIVE_RETRY:
		out->retry = (uint32_t)codec_get_number(r, UINT32_MAX);
		break;
	case DIRECTIVE_RETRY_AFTER:
		out->retry_after = (uint32_t)codec_get_number(r, UINT32_MAX);
		break;
	case DIRECTIVE_BALANCE:
		out->balance = (enum balance)codec_get_byte(r);
		if (out->balance == BALANCE_HASH)
			codec_get_balance_by(r, &out->balance_by);
		break;
	case DIRECTIVE_HEADERS:
	case DIRECTIVE_WEIGHT:
	case DIRECTIVE_BACKUP:
	case DIRECTIVE_COUNT:
		break;
	}
}

/* Words of a level, made when the first of them is read. */
static struct words *
codec_get_level(struct codec_reader *r, struct words **words)
{
	if (*words != NULL)
		return *words;
	*words = arena_alloc(r->record->arena, sizeof(**words));
	if (*words == NULL)
		r->record->full = r->bad = true;
	return *words;
}

void
codec_get_word(struct codec_reader *r, unsigned id, struct words **words)
{
	enum directive d = codec_directive(id);
	struct words *out = codec_get_level(r, words);

	if (d == DIRECTIVE_COUNT)
		r->bad = true;
	if (r->bad)
		return;
	out->said |= UINT64_C(1) << d;
	codec_get_value(r, d, out);
}

static void
codec_get_header(struct codec_reader *r, struct header_rule *rule)
{
	unsigned byte = codec_get_byte(r);

	if (byte >> 1 >= HEADER_VERB_COUNT) {
		r->bad = true;
		return;
	}
	rule->side = (enum header_side)(byte & 1);
	rule->verb = (enum header_verb)(byte >> 1);
	rule->name = codec_get_text(r);
	if (rule->name.n == 0)
		r->bad = true;
	codec_get_pattern(r, &rule->value);
}

void
codec_get_rules(struct codec_reader *r, struct words **words)
{
	struct words *out = codec_get_level(r, words);
	size_t count = (size_t)codec_get_number(r, CODEC_RULES_MAX);
	size_t i;

	if (count == 0)
		r->bad = true;
	if (r->bad)
		return;
	out->rules = codec_get_array(r, count, sizeof(*out->rules));
	out->rule_count = count;
	for (i = 0; i < count && !r->bad; i++)
		codec_get_header(r, &out->rules[i]);
}
