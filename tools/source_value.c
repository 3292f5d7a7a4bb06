/* SPDX-License-Identifier: BSD-2-Clause */

/* source_value: what stands behind the '=' of a directive. */

#include <stdio.h>
#include <string.h>

#include "settings/settings.h"
#include "tools/idn.h"
#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

static void
source_value_host(struct source_entry *en, const struct lines_token *t,
    struct str value, size_t at, struct words *w)
{
	struct host host;
	struct err e;

	if (str_eq(value, STR("origin"))) {
		w->host_sent = HOST_SENT_ORIGIN;
		return;
	}
	if (str_eq(value, STR("preserve"))) {
		w->host_sent = HOST_SENT_PRESERVE;
		return;
	}
	w->host_sent = HOST_SENT_NAME;
	if (value.p[0] != '[' && str_find(value, ':') < value.n) {
		source_tell(en, LINT_HOST_VALUE, t, at, STR("a port"), none);
		return;
	}
	if (idn_host(value, &host, &e) == -1) {
		source_tell(en, LINT_HOST_VALUE, t, at, str_of(e.text), none);
		return;
	}
	w->host_name = arena_copy(en->arena, host_text(&host));
}

static bool
source_value_is_tag(struct str key, struct str value)
{
	size_t i;

	for (i = 0; i < key.n; i++)
		if (!str_is_alnum(key.p[i]) && key.p[i] != '-' &&
		    key.p[i] != '_')
			return false;
	return key.n > 0 && value.n > 0 && value.n <= SOURCE_TAG_MAX;
}

struct route_tag *
source_value_tag(struct route_tag *tags, size_t count, struct str key)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (str_eq(tags[i].key, key))
			return &tags[i];
	return NULL;
}

/* The offset of that key in a token "tag=K:V,...", or its length. */
static size_t
source_value_tag_at(const struct lines_token *t, struct str key)
{
	struct str word = STR("tag="), rest, one, name, value;
	size_t at = word.n;
	bool more = str_starts(t->text, word);

	rest = str_sub(t->text, at, t->text.n);
	while (more) {
		more = str_cut(rest, ',', &one, &rest);
		if (str_cut(one, ':', &name, &value) && str_eq(name, key))
			return at;
		at += one.n + 1;
	}
	return t->text.n;
}

/* Where the entry says that tag first. */
static struct str
source_value_tag_place(struct source_entry *en, struct str key)
{
	size_t i, j;

	for (i = 0; i < en->lines->count; i++) {
		const struct lines_line *line = &en->lines->lines[i];

		for (j = 0; j < line->count; j++) {
			const struct lines_token *t = &line->tokens[j];
			size_t at = source_value_tag_at(t, key);

			if (at < t->text.n)
				return lint_place_print(en->source->lint,
				    lines_place(t, at));
		}
	}
	return none;
}

/* One K:V at offset `at`, into words, which have room for it. */
static void
source_value_add_tag(struct source_entry *en, const struct lines_token *t,
    struct str text, size_t at, struct words *w)
{
	struct route_tag tag, *old;

	if (!str_cut(text, ':', &tag.key, &tag.value) ||
	    !source_value_is_tag(tag.key, tag.value)) {
		source_tell(en, LINT_TAG_FORM, t, at, text, none);
		return;
	}
	old = source_value_tag(w->tags, w->tag_count, tag.key);
	if (old == NULL)
		w->tags[w->tag_count++] = tag;
	else if (!str_eq(old->value, tag.value))
		source_tell(en, LINT_TAG_TWICE, t, at, tag.key,
		    source_value_tag_place(en, tag.key));
}

/* How many parts commas make of it. */
static size_t
source_value_parts(struct str value)
{
	size_t count = 1, i;

	for (i = 0; i < value.n; i++)
		count += value.p[i] == ',';
	return count;
}

/* tag= may come more than once: each adds its tags. */
static void
source_value_tags(struct source_entry *en, const struct lines_token *t,
    struct str value, size_t at, struct words *w)
{
	size_t room = w->tag_count + source_value_parts(value);
	struct route_tag *tags;
	struct str one;
	bool more;

	if (w->tag_count > CODEC_TAGS_MAX)
		return; /* too many as it is, which the record's check tells */
	tags = arena_alloc(en->arena, room * sizeof(*tags));
	if (tags == NULL)
		return;
	if (w->tag_count > 0)
		memcpy(tags, w->tags, w->tag_count * sizeof(*tags));
	w->tags = tags;
	do {
		more = str_cut(value, ',', &one, &value);
		source_value_add_tag(en, t, one, at, w);
		at += one.n + 1;
	} while (more);
}

static void
source_value_headers(struct source_entry *en, const struct lines_token *t,
    struct str value, size_t at, struct source_words *w)
{
	const struct source_set *set;
	struct str expected = STR("one that a list defines");
	struct near near;

	w->set = source_header_find(en->source, value);
	if (w->set != NULL)
		return;
	near_init(&near, value);
	for (set = en->source->sets; set != NULL; set = set->next)
		near_offer(&near, set->name.p);
	if (near_best(&near) != NULL)
		expected = arena_printf(en->arena, "perhaps '%s'",
		    near_best(&near));
	source_tell(en, LINT_HEADERS_UNKNOWN, t, at, value, expected);
}

static bool
source_value_name(struct source_entry *en, const struct lines_token *t,
    enum directive d, struct str name, size_t at)
{
	const struct source_see *see = &en->source->see;
	struct str word = str_of(directive_word(d));

	if (!str_is_name(name)) {
		source_tell(en, LINT_NAME_VALUE, t, at, name, none);
		return false;
	}
	if (see->known != NULL && !see->known(see->arg, d, name))
		source_tell(en, d == DIRECTIVE_PLAN ? LINT_PLAN_UNKNOWN :
			LINT_NAME_UNKNOWN, t, at, name, word);
	return true;
}

/* A,B or A|B. */
static void
source_value_auth(struct source_entry *en, const struct lines_token *t,
    struct str value, size_t at, struct words *w)
{
	char sign = str_find(value, '|') < value.n ? '|' : ',';
	struct str name, rest = value;
	bool more;

	if (sign == '|' && str_find(value, ',') < value.n) {
		source_tell(en, LINT_AUTH_MIXED, t, at, value, none);
		return;
	}
	w->auth = value;
	do {
		more = str_cut(rest, sign, &name, &rest);
		if (!source_value_name(en, t, DIRECTIVE_AUTH, name, at))
			return;
		at += name.n + 1;
	} while (more);
}

bool
source_value_ranges(struct source_entry *en, const struct lines_token *t,
    size_t at, struct cidr_list *out)
{
	struct str value = str_sub(t->text, at, t->text.n), one;
	bool more, good = true;

	*out = (struct cidr_list){ .count = 0 };
	out->list = arena_alloc(en->arena,
	    source_value_parts(value) * sizeof(*out->list));
	if (out->list == NULL)
		return false;
	do {
		more = str_cut(value, ',', &one, &value);
		if (cidr_parse(one, &out->list[out->count])) {
			out->count++;
		} else {
			source_tell(en, LINT_CIDR_VALUE, t, at, one, none);
			good = false;
		}
		at += one.n + 1;
	} while (more);
	return good;
}

bool
source_value_within(const struct cidr *inner, const struct cidr *outer)
{
	unsigned whole = outer->bits / 8, rest = outer->bits % 8;

	if (inner->bits < outer->bits ||
	    memcmp(inner->address, outer->address, whole) != 0)
		return false;
	return rest == 0 || inner->address[whole] >> (8 - rest) ==
	    outer->address[whole] >> (8 - rest);
}

static void
source_value_tell_denied(struct source_entry *en, const struct lines_token *t,
    const struct cidr *allow, const struct cidr *deny)
{
	struct buf a, b;

	buf_init(&a, CIDR_TEXT_MAX);
	buf_init(&b, CIDR_TEXT_MAX);
	if (cidr_print(allow, &a) == 0 && cidr_print(deny, &b) == 0)
		source_tell(en, LINT_ADDRESS_DENIED, t, 0, buf_view(&a),
		    buf_view(&b));
	buf_fini(&a);
	buf_fini(&b);
}

/* Allowed ranges that lie within a denied one are told. */
static void
source_value_denied(struct source_entry *en, const struct source_words *w)
{
	const struct cidr_list *allow = &w->words.allow;
	const struct cidr_list *deny = &w->words.deny;
	size_t i, j;

	for (i = 0; i < allow->count; i++) {
		for (j = 0; j < deny->count; j++) {
			if (!source_value_within(&allow->list[i],
				&deny->list[j]))
				continue;
			source_value_tell_denied(en,
			    &w->token[DIRECTIVE_ALLOW], &allow->list[i],
			    &deny->list[j]);
			break;
		}
	}
}

static void
source_value_time(struct source_entry *en, const struct lines_token *t,
    struct str value, uint64_t *out)
{
	int64_t ms = 0;

	if (!settings_parse_time(value, &ms) || ms == 0)
		source_tell(en, LINT_TIME_VALUE, t, 0, t->text, none);
	*out = (uint64_t)ms;
}

bool
source_value_number(struct source_entry *en, const struct lines_token *t,
    size_t at, uint32_t least, uint32_t most, uint32_t *out)
{
	uint64_t number = 0;

	if (!str_to_u64(str_sub(t->text, at, t->text.n), most, &number) ||
	    number < least) {
		source_tell(en, LINT_NUMBER_VALUE, t, 0, t->text,
		    arena_printf(en->arena, "%u to %u", least, most));
		return false;
	}
	*out = (uint32_t)number;
	return true;
}

/* One of two words: is it the first? */
static bool
source_value_word(struct source_entry *en, const struct lines_token *t,
    size_t at, const char *yes, const char *no)
{
	struct str value = str_sub(t->text, at, t->text.n);
	struct str word = str_sub(t->text, 0, at);

	if (str_eq(value, str_of(yes)))
		return true;
	if (!str_eq(value, str_of(no)))
		source_tell(en, LINT_WORD_VALUE, t, 0, t->text,
		    arena_printf(en->arena, "%.*s%s or %.*s%s", STR_ARG(word),
			yes, STR_ARG(word), no));
	return false;
}

static void
source_value_balance(struct source_entry *en, const struct lines_token *t,
    struct str value, size_t at, struct words *w)
{
	static const char *const words[] = { "round-robin", "least", "hash:" };
	struct near near;
	size_t i;

	if (str_starts(value, STR("hash:"))) {
		w->balance = BALANCE_HASH;
		(void)source_split_key(en, t, str_sub(value, 5, value.n),
		    &w->balance_by);
		return;
	}
	if (str_eq(value, STR("least")))
		w->balance = BALANCE_LEAST;
	if (str_eq(value, STR("least")) || str_eq(value, STR("round-robin")))
		return;
	near_init(&near, value);
	for (i = 0; i < 3; i++)
		near_offer(&near, words[i]);
	source_tell(en, LINT_WORD_VALUE, t, at, value,
	    near_best(&near) != NULL ? str_of(near_best(&near)) :
				       STR("round-robin, least or hash:KEY"));
}

static void
source_value_retry_after(struct source_entry *en, const struct lines_token *t,
    struct str value, size_t at, struct words *w)
{
	uint64_t seconds;

	if (!str_to_u64(value, SOURCE_RETRY_AFTER_MAX, &seconds) ||
	    seconds == 0)
		source_tell(en, LINT_RETRY_AFTER, t, at, value, none);
	else
		w->retry_after = (uint32_t)seconds;
}

/* The member of a name, or NULL. */
static struct str *
source_value_named(struct words *w, enum directive d)
{
	return d == DIRECTIVE_PLAN ? &w->plan :
	    d == DIRECTIVE_TLS	   ? &w->tls :
	    d == DIRECTIVE_SIGN	   ? &w->sign :
	    d == DIRECTIVE_EGRESS  ? &w->egress :
				     NULL;
}

/* The member of a duration, or NULL. */
static uint64_t *
source_value_timed(struct words *w, enum directive d)
{
	return d == DIRECTIVE_CONNECT_TIMEOUT ? &w->connect_timeout :
	    d == DIRECTIVE_TIMEOUT	      ? &w->timeout :
	    d == DIRECTIVE_IDLE_TIMEOUT	      ? &w->idle_timeout :
	    d == DIRECTIVE_TOTAL	      ? &w->total :
						NULL;
}

static void
source_value_lists(struct source_entry *en, const struct lines_token *t,
    enum directive d, size_t at, struct source_words *sw)
{
	struct words *w = &sw->words;
	struct cidr_list *list = d == DIRECTIVE_ALLOW ? &w->allow : &w->deny;

	if (source_value_ranges(en, t, at, list) &&
	    words_say(w, DIRECTIVE_ALLOW) && words_say(w, DIRECTIVE_DENY))
		source_value_denied(en, sw);
}

void
source_value(struct source_entry *en, const struct lines_token *t,
    enum directive d, size_t at, struct source_words *sw)
{
	struct str value = str_sub(t->text, at, t->text.n);
	struct words *w = &sw->words;

	if (source_value_named(w, d) != NULL) {
		if (source_value_name(en, t, d, value, at))
			*source_value_named(w, d) = value;
	} else if (source_value_timed(w, d) != NULL) {
		source_value_time(en, t, value, source_value_timed(w, d));
	} else if (d == DIRECTIVE_MAX_BODY) {
		if (!settings_parse_size(value, &w->max_body))
			source_tell(en, LINT_SIZE_VALUE, t, 0, t->text, none);
	} else if (d == DIRECTIVE_HOST) {
		source_value_host(en, t, value, at, w);
	} else if (d == DIRECTIVE_TAG) {
		source_value_tags(en, t, value, at, w);
	} else if (d == DIRECTIVE_HEADERS) {
		source_value_headers(en, t, value, at, sw);
	} else if (d == DIRECTIVE_AUTH) {
		source_value_auth(en, t, value, at, w);
	} else if (d == DIRECTIVE_ALLOW || d == DIRECTIVE_DENY) {
		source_value_lists(en, t, d, at, sw);
	} else if (d == DIRECTIVE_ENCODED_SLASH) {
		w->encoded_slash = source_value_word(en, t, at, "data", "no");
	} else if (d == DIRECTIVE_REWRITE_BACK) {
		w->rewrite_back = source_value_word(en, t, at, "on", "off");
	} else if (d == DIRECTIVE_WHEN_ALL_DOWN) {
		w->refuse = source_value_word(en, t, at, "refuse", "try");
	} else if (d == DIRECTIVE_BALANCE) {
		source_value_balance(en, t, value, at, w);
	} else if (d == DIRECTIVE_RETRY) {
		(void)source_value_number(en, t, at, 0, SOURCE_RETRY_MAX,
		    &w->retry);
	} else {
		CHECK(d == DIRECTIVE_RETRY_AFTER);
		source_value_retry_after(en, t, value, at, w);
	}
}
