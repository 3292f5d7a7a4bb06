/* SPDX-License-Identifier: BSD-2-Clause */

/* source_words: directives, and how %defaults fill in for them. */

#include <stdio.h>
#include <string.h>

#include "base/near.h"
#include "tools/idn.h"
#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

/* Words that a clause may begin with besides directives. */
static const char *const source_words_clauses[] = { "request-header",
	"response-header" };

/* "exact, strip-prefix, host=, ... or retry-after=", and the clauses. */
static struct str
source_words_list(struct arena *a, bool clause)
{
	struct str list = none;
	size_t i;
	int d;

	for (d = 0; d < DIRECTIVE_COUNT; d++) {
		enum directive it = (enum directive)d;
		const char *gap = d == 0 ? "" :
		    d == DIRECTIVE_COUNT - 1 && !clause ? " or " : ", ";

		list = arena_printf(a, "%.*s%s%s%s", STR_ARG(list), gap,
		    directive_word(it), directive_is_flag(it) ? "" : "=");
	}
	for (i = 0; clause && i < 2; i++)
		list = arena_printf(a, "%.*s%s%s", STR_ARG(list),
		    i == 0 ? ", " : " or ", source_words_clauses[i]);
	return list;
}

static void
source_words_unknown(struct source_entry *en, const struct lines_token *t,
    struct str word, bool clause)
{
	struct near near;
	size_t i;
	int d;

	near_init(&near, word);
	for (d = 0; d < DIRECTIVE_COUNT; d++)
		near_offer(&near, directive_word((enum directive)d));
	for (i = 0; i < 2; i++)
		near_offer(&near, source_words_clauses[i]);
	if (near_best(&near) != NULL)
		source_tell(en, LINT_DIRECTIVE_NEAR, t, 0, word,
		    str_of(near_best(&near)));
	else
		source_tell(en, LINT_DIRECTIVE_UNKNOWN, t, 0, word,
		    source_words_list(en->arena, clause));
}

static void
source_words_flag(struct source_entry *en, const struct lines_token *t,
    enum directive d, struct str value, struct source_words *words)
{
	bool on = !str_eq(value, STR("no"));

	if (value.n > 0 && on && !str_eq(value, STR("yes")))
		source_tell(en, LINT_FLAG_VALUE, t, 0,
		    str_of(directive_word(d)), none);
	if (d == DIRECTIVE_EXACT)
		words->exact = on;
	else
		words->strip_prefix = on;
}

static void
source_words_host(struct source_entry *en, const struct lines_token *t,
    struct str value, size_t at, struct source_words *words)
{
	struct host host;
	struct err e;

	if (str_eq(value, STR("origin"))) {
		words->host_sent = HOST_SENT_ORIGIN;
		return;
	}
	if (str_eq(value, STR("preserve"))) {
		words->host_sent = HOST_SENT_PRESERVE;
		return;
	}
	words->host_sent = HOST_SENT_NAME;
	if (value.p[0] != '[' && str_find(value, ':') < value.n) {
		source_tell(en, LINT_HOST_VALUE, t, at, STR("a port"), none);
		return;
	}
	if (idn_host(value, &host, &e) == -1) {
		source_tell(en, LINT_HOST_VALUE, t, at, str_of(e.text), none);
		return;
	}
	words->host_name = arena_copy(en->arena, host_text(&host));
}

static bool
source_words_is_tag(struct str key, struct str value)
{
	size_t i;

	for (i = 0; i < key.n; i++)
		if (!str_is_alnum(key.p[i]) && key.p[i] != '-' &&
		    key.p[i] != '_')
			return false;
	return key.n > 0 && value.n > 0 && value.n <= SOURCE_TAG_MAX;
}

static struct route_tag *
source_words_tag_find(struct route_tag *tags, size_t count, struct str key)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (str_eq(tags[i].key, key))
			return &tags[i];
	return NULL;
}

/* One K:V at offset `at`, into words, which have room for it. */
static void
source_words_tag(struct source_entry *en, const struct lines_token *t,
    struct str text, size_t at, struct source_words *words)
{
	struct route_tag tag, *old;

	if (!str_cut(text, ':', &tag.key, &tag.value) ||
	    !source_words_is_tag(tag.key, tag.value)) {
		source_tell(en, LINT_TAG_FORM, t, at, text, none);
		return;
	}
	old = source_words_tag_find(words->tags, words->tag_count, tag.key);
	if (old == NULL)
		words->tags[words->tag_count++] = tag;
	else if (!str_eq(old->value, tag.value))
		source_tell(en, LINT_TAG_TWICE, t, at, tag.key, none);
}

/* tag= may come more than once: each adds its tags. */
static void
source_words_tags(struct source_entry *en, const struct lines_token *t,
    struct str value, size_t at, struct source_words *words)
{
	size_t room = words->tag_count + 1, i;
	struct route_tag *tags;
	struct str one;
	bool more;

	if (words->tag_count > CODEC_TAGS_MAX)
		return; /* too many as it is, which the record's check tells */
	for (i = 0; i < value.n; i++)
		room += value.p[i] == ',';
	tags = arena_alloc(en->arena, room * sizeof(*tags));
	if (tags == NULL)
		return;
	if (words->tag_count > 0)
		memcpy(tags, words->tags, words->tag_count * sizeof(*tags));
	words->tags = tags;
	do {
		more = str_cut(value, ',', &one, &value);
		source_words_tag(en, t, one, at, words);
		at += one.n + 1;
	} while (more);
}

static void
source_words_headers(struct source_entry *en, const struct lines_token *t,
    struct str value, size_t at, struct source_words *words)
{
	const struct source_set *set;
	struct str expected = STR("one that a list defines");
	struct near near;

	words->set = source_header_find(en->source, value);
	if (words->set != NULL)
		return;
	near_init(&near, value);
	for (set = en->source->sets; set != NULL; set = set->next)
		near_offer(&near, set->name.p);
	if (near_best(&near) != NULL)
		expected = arena_printf(en->arena, "perhaps '%s'",
		    near_best(&near));
	source_tell(en, LINT_HEADERS_UNKNOWN, t, at, value, expected);
}

static void
source_words_value(struct source_entry *en, const struct lines_token *t,
    enum directive d, struct str value, struct source_words *words)
{
	size_t at = t->text.n - value.n;
	uint64_t seconds;

	switch (d) {
	case DIRECTIVE_HOST:
		source_words_host(en, t, value, at, words);
		break;
	case DIRECTIVE_TAG:
		source_words_tags(en, t, value, at, words);
		break;
	case DIRECTIVE_HEADERS:
		source_words_headers(en, t, value, at, words);
		break;
	case DIRECTIVE_RETRY_AFTER:
		if (!str_to_u64(value, SOURCE_RETRY_MAX, &seconds) ||
		    seconds == 0)
			source_tell(en, LINT_RETRY_AFTER, t, at, value, none);
		else
			words->retry_after = (uint32_t)seconds;
		break;
	case DIRECTIVE_EXACT:
	case DIRECTIVE_STRIP_PREFIX:
	case DIRECTIVE_COUNT:
		CHECK(directive_is_flag(d));
		break;
	}
}

bool
source_words_read(struct source_entry *en, const struct lines_token *t,
    bool clause, struct source_words *words)
{
	struct str word, value;
	bool equals = str_cut(t->text, '=', &word, &value);
	enum directive d;

	if (!directive_find(word, &d)) {
		if (str_eq(word, STR("request-header")) ||
		    str_eq(word, STR("response-header")))
			source_tell(en, LINT_HEADER_LINE, t, 0, word, none);
		else
			source_words_unknown(en, t, word, clause);
		return false;
	}
	if (words->said[d] && d != DIRECTIVE_TAG)
		source_tell(en, LINT_DIRECTIVE_TWICE, t, 0, word,
		    lint_place_print(en->source->lint,
			words->token[d].place));
	words->said[d] = true;
	words->token[d] = *t;
	if (directive_is_flag(d) && (!equals || value.n > 0))
		source_words_flag(en, t, d, value, words);
	else if (directive_is_flag(d))
		source_tell(en, LINT_FLAG_VALUE, t, 0, word, none);
	else if (value.n == 0)
		source_tell(en, LINT_DIRECTIVE_VALUE, t, 0, word, none);
	else
		source_words_value(en, t, d, value, words);
	return true;
}

/* The tags of both, the entry's own first and winning. */
static void
source_words_unite(struct source_entry *en, const struct source_words *own,
    const struct source_words *filling)
{
	struct route *r = &en->out->route;
	size_t room = own->tag_count + filling->tag_count, i;

	if (room == 0)
		return;
	r->tags = arena_alloc(en->arena, room * sizeof(*r->tags));
	if (r->tags == NULL)
		return;
	if (own->tag_count > 0)
		memcpy(r->tags, own->tags, own->tag_count * sizeof(*r->tags));
	r->tag_count = own->tag_count;
	for (i = 0; i < filling->tag_count; i++) {
		if (source_words_tag_find(r->tags, r->tag_count,
			filling->tags[i].key) != NULL)
			continue;
		r->tags[r->tag_count++] = filling->tags[i];
		r->from_defaults |= UINT32_C(1) << DIRECTIVE_TAG;
	}
}

/* Who says it: the entry, else %defaults, and that is noted. */
static const struct source_words *
source_words_who(struct route *r, const struct source_words *own,
    const struct source_words *filling, enum directive d)
{
	if (own->said[d] || !filling->said[d])
		return own;
	r->from_defaults |= UINT32_C(1) << d;
	return filling;
}

static void
source_words_sets(struct source_entry *en, const struct source_words *own,
    const struct source_words *filling)
{
	const struct lines_token *at = &en->lines->lines[0].tokens[0];

	/* A set that both name is not applied twice: "+NAME" would add two. */
	if (filling->set != NULL && filling->set != own->set) {
		source_header_rules(en, filling->set->headers,
		    filling->set->count, ROUTE_LEVEL_DEFAULTS, at);
		en->out->route.from_defaults |= UINT32_C(1)
		    << DIRECTIVE_HEADERS;
	}
	if (own->set != NULL)
		source_header_rules(en, own->set->headers, own->set->count,
		    ROUTE_LEVEL_ROUTE, &own->token[DIRECTIVE_HEADERS]);
}

void
source_words_merge(struct source_entry *en, const struct source_words *own)
{
	static const struct source_words nothing;
	const struct source_words *filling = en->source->defaults;
	const struct source_words *who;
	struct route *r = &en->out->route;

	if (filling == NULL)
		filling = &nothing;
	r->exact = source_words_who(r, own, filling, DIRECTIVE_EXACT)->exact;
	r->strip_prefix = source_words_who(r, own, filling,
	    DIRECTIVE_STRIP_PREFIX)->strip_prefix;
	who = source_words_who(r, own, filling, DIRECTIVE_HOST);
	r->host_sent = who->host_sent;
	r->host_name = who->host_name;
	if (r->target == TARGET_RESPOND)
		r->retry_after = source_words_who(r, own, filling,
		    DIRECTIVE_RETRY_AFTER)->retry_after;
	source_words_unite(en, own, filling);
	source_words_sets(en, own, filling);
}
