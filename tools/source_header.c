/* SPDX-License-Identifier: BSD-2-Clause */

/* source_header: header clauses and %headers sets. */

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "decide/rules.h"
#include "http/header.h"
#include "tools/source_private.h"

enum {
	HEADER_ON_REQUEST = 1 << HEADER_REQUEST,
	HEADER_ON_RESPONSE = 1 << HEADER_RESPONSE,
	HEADER_ON_BOTH = HEADER_ON_REQUEST | HEADER_ON_RESPONSE,
	HEADER_MAY_ADD = 1 << HEADER_SIDE_COUNT, /* another of that name */
	SOURCE_HEADER_BUCKETS = 64
};

static const struct str none = { NULL, 0 };

/* Names that no rule may touch; one that ends in '-' stands for all that
 * begin with it. */
static const struct {
	const char *name;
	unsigned sides;
	const char *why;
} source_header_refused[] = {
	{ "Connection", HEADER_ON_BOTH, "it belongs to one connection" },
	{ "Content-Length", HEADER_ON_BOTH, "the body decides it" },
	{ "Expect", HEADER_ON_REQUEST, "it belongs to one connection" },
	{ "HTTP2-Settings", HEADER_ON_BOTH, "it belongs to one connection" },
	{ "Host", HEADER_ON_REQUEST, "the directive host= decides it" },
	{ "Keep-Alive", HEADER_ON_BOTH, "it belongs to one connection" },
	{ "Proxy", HEADER_ON_REQUEST,
	    "CGI programs take it for the variable HTTP_PROXY" },
	{ "Proxy-", HEADER_ON_BOTH, "it belongs to one connection" },
	{ "Status", HEADER_ON_RESPONSE,
	    "the web server takes it for the status line" },
	{ "TE", HEADER_ON_BOTH, "it belongs to one connection" },
	{ "Trailer", HEADER_ON_BOTH, "it belongs to one connection" },
	{ "Transfer-Encoding", HEADER_ON_BOTH, "the body decides it" },
	{ "Upgrade", HEADER_ON_BOTH, "it belongs to one connection" },
	{ "Via", HEADER_ON_REQUEST | HEADER_MAY_ADD,
	    "requests that go round are known by it" },
	{ "X-Router-", HEADER_ON_BOTH, "the router speaks by it" },
};

static const char *
source_header_why(const struct source_header *h)
{
	struct str name = h->name;
	size_t count = sizeof(source_header_refused) /
	    sizeof(source_header_refused[0]);
	size_t i;

	for (i = 0; i < count; i++) {
		struct str known = str_of(source_header_refused[i].name);
		unsigned on = source_header_refused[i].sides;
		bool same = known.p[known.n - 1] == '-' ?
		    str_starts_nocase(name, known) :
		    str_eq_nocase(name, known);

		if (h->verb == HEADER_ADD && (on & HEADER_MAY_ADD) != 0)
			continue;
		if (same && (on >> h->side & 1) != 0)
			return source_header_refused[i].why;
	}
	return NULL;
}

static bool
source_header_name(struct source_entry *en, const struct source_header *h,
    const struct lines_token *raw)
{
	const char *why = source_header_why(h);
	size_t at = h->verb != HEADER_SET;

	if (!header_is_token(h->name)) {
		source_tell(en, LINT_HEADER_NAME, raw, at, h->name, none);
		return false;
	}
	if (why != NULL) {
		source_tell(en, LINT_HEADER_REFUSED, raw, at, h->name,
		    str_of(why));
		return false;
	}
	return true;
}

/* h->value: the part of raw behind the first `from` bytes, trimmed. */
static bool
source_header_value(struct source_entry *en, struct source_header *h,
    const struct lines_token *raw, size_t from)
{
	struct str value = str_sub(raw->text, from, raw->text.n);
	size_t field; /* "NAME: value": a longer one is never sent */
	char size[24];

	while (value.n > 0 && (value.p[0] == ' ' || value.p[0] == '\t')) {
		value = str_sub(value, 1, value.n);
		from++;
	}
	h->value = (struct lines_token){ .raw = value,
		.text = value,
		.place = lines_place(raw, from) };
	if (value.n == 0) {
		source_tell(en, LINT_HEADER_EMPTY, raw, 0, h->name, none);
		return false;
	}
	field = h->name.n + 2 + value.n;
	if (field > RULES_LINE_MAX) {
		(void)snprintf(size, sizeof(size), "%zu", field);
		source_tell(en, LINT_HEADER_LONG, &h->value, 0, str_of(size),
		    none);
		return false;
	}
	return true;
}

bool
source_header_is(const struct lines_token *t)
{
	return str_eq(t->text, STR("request-header")) ||
	    str_eq(t->text, STR("response-header"));
}

/* A clause into *out. false: told. */
static bool
source_header_read(struct source_entry *en, const struct lines_line *clause,
    struct source_header *out)
{
	const struct lines_token *word = &clause->tokens[0];
	const struct lines_token *raw = &clause->tokens[1];
	struct str text, name, value;
	bool colon;

	*out = (struct source_header){ .place = word->place };
	if (str_eq(word->text, STR("response-header")))
		out->side = HEADER_RESPONSE;
	if (clause->count < 2) {
		source_tell(en, LINT_HEADER_FORM, word, 0, word->text, none);
		return false;
	}
	text = raw->text;
	if (text.p[0] == '+' || text.p[0] == '-') {
		out->verb = text.p[0] == '+' ? HEADER_ADD : HEADER_REMOVE;
		text = str_sub(text, 1, text.n);
	}
	colon = str_cut(text, ':', &name, &value);
	out->name = name;
	if (colon == (out->verb == HEADER_REMOVE)) {
		source_tell(en, LINT_HEADER_FORM, raw, 0, raw->text, none);
		return false;
	}
	if (!source_header_name(en, out, raw))
		return false;
	return out->verb == HEADER_REMOVE ||
	    source_header_value(en, out, raw, raw->text.n - value.n);
}

/* Is there a set or remove of that name among those? It is told. */
static bool
source_header_twice(struct source_entry *en, const struct source_header *list,
    size_t count, const struct source_header *h)
{
	struct lines_token at = { .place = h->place };
	size_t i;

	for (i = 0; i < count && h->verb != HEADER_ADD; i++) {
		if (list[i].side != h->side ||
		    !str_eq_nocase(list[i].name, h->name))
			continue;
		source_tell(en, LINT_HEADER_TWICE, &at, 0, h->name,
		    lint_place_print(en->source->lint, list[i].place));
		return true;
	}
	return false;
}

void
source_header_clause(struct source_entry *en, const struct lines_line *clause)
{
	struct source_header *h;

	if (en->headers == NULL)
		en->headers = arena_alloc(en->arena,
		    en->lines->count * sizeof(*h));
	if (en->headers == NULL)
		return;
	h = &en->headers[en->header_count];
	if (source_header_read(en, clause, h) &&
	    !source_header_twice(en, en->headers, en->header_count, h))
		en->header_count++;
}

/* One rule; what is wrong with its value is told of `at`. */
static void
source_header_rule(struct source_entry *en, const struct source_header *h,
    const struct lines_token *at, struct header_rule *rule)
{
	struct err e;
	size_t wrong;

	*rule = (struct header_rule){ .side = h->side,
		.verb = h->verb,
		.name = h->name };
	if (h->verb == HEADER_REMOVE)
		return;
	if (pattern_parse(h->value.text, PATTERN_PLACE_HEADER, en->route,
		en->arena, &rule->value, &wrong, &e) == 0)
		return;
	if (e.reason == REASON_OVERLOADED)
		return;
	if (at == NULL)
		source_tell(en, LINT_VARIABLE, &h->value, wrong,
		    str_of(e.text), none);
	else
		source_tell(en, LINT_SET_VARIABLE, at, 0, str_of(e.text),
		    lint_place_print(en->source->lint,
			lines_place(&h->value, wrong)));
}

/* at: who asked for a set, or NULL: they are the entry's own. */
static void
source_header_rules(struct source_entry *en, const struct source_header *list,
    size_t count, const struct lines_token *at, struct words *w)
{
	size_t room = w->rule_count + count, i;
	struct header_rule *rules;

	if (count == 0)
		return;
	rules = arena_alloc(en->arena, room * sizeof(*rules));
	if (rules == NULL)
		return;
	if (w->rule_count > 0)
		memcpy(rules, w->rules, w->rule_count * sizeof(*rules));
	w->rules = rules;
	for (i = 0; i < count; i++)
		source_header_rule(en, &list[i], at,
		    &rules[w->rule_count++]);
}

void
source_header_use(struct source_entry *en, const struct source_set *set,
    const struct lines_token *at, struct words *w)
{
	if (set->rules == NULL) {
		source_header_rules(en, set->headers, set->count, at, w);
		return;
	}
	CHECK(w->rule_count == 0);
	w->rules = set->rules;
	w->rule_count = set->count;
}

void
source_header_own(struct source_entry *en, struct words *w)
{
	source_header_rules(en, en->headers, en->header_count, NULL, w);
}

/* Words in braces that may be captures of a route that uses the set. */
static void
source_header_guess(struct str value, struct route *trial)
{
	enum pattern_variable v;
	struct str before, name, word;

	while (str_cut(value, '{', &before, &value)) {
		if (value.n > 0 && value.p[0] == '{') {
			value = str_sub(value, 1, value.n);
			continue;
		}
		if (!str_cut(value, '}', &name, &value))
			return;
		(void)str_cut(name, '.', &word, &before);
		if (name.n > 0 && word.n == name.n && !pattern_find(word, &v) &&
		    trial->capture_count < ROUTE_CAPTURES_MAX)
			trial->captures[trial->capture_count++] = name;
	}
}

/* Is the value a pattern, whatever the captures of its routes are? Told. */
static bool
source_header_try(struct source_entry *en, const struct source_header *h)
{
	struct route trial = { 0 };
	struct pattern value;
	struct err e;
	size_t wrong;

	if (h->verb == HEADER_REMOVE)
		return true;
	source_header_guess(h->value.text, &trial);
	if (pattern_parse(h->value.text, PATTERN_PLACE_HEADER, &trial,
		en->arena, &value, &wrong, &e) == 0)
		return true;
	if (e.reason != REASON_OVERLOADED)
		source_tell(en, LINT_VARIABLE, &h->value, wrong,
		    str_of(e.text), none);
	return false;
}

/* The rules as every entry reads them; NULL: some need its captures. */
static struct header_rule *
source_header_shared(struct source_entry *en, const struct source_set *set)
{
	struct arena *keep = &en->source->keep;
	struct header_rule *rules = arena_alloc(keep,
	    (set->count + 1) * sizeof(*rules));
	struct err e;
	size_t wrong, i;

	for (i = 0; rules != NULL && i < set->count; i++) {
		const struct source_header *h = &set->headers[i];

		rules[i] = (struct header_rule){ .side = h->side,
			.verb = h->verb,
			.name = h->name };
		if (h->verb != HEADER_REMOVE &&
		    pattern_parse(h->value.text, PATTERN_PLACE_HEADER, NULL,
			keep, &rules[i].value, &wrong, &e) == -1)
			return NULL;
	}
	return rules;
}

/* A clause of a set outlives the list's text. */
static void
source_header_copy(struct arena *keep, struct source_header *h)
{
	h->name = arena_copy(keep, h->name);
	h->value.text = arena_copy(keep, h->value.text);
	h->value.raw = h->value.text;
}

static void
source_header_clauses(struct source_entry *en, struct source_set *set)
{
	size_t i;

	for (i = 1; i < en->lines->count; i++) {
		const struct lines_line *clause = &en->lines->lines[i];
		const struct lines_token *word = &clause->tokens[0];
		struct source_header *h = &set->headers[set->count];

		if (!source_header_is(word))
			source_tell(en, LINT_SET_CLAUSE, word, 0, word->text,
			    none);
		else if (source_header_read(en, clause, h) &&
		    !source_header_twice(en, set->headers, set->count, h)) {
			source_header_copy(&en->source->keep, h);
			set->count += source_header_try(en, h);
		}
	}
}

static bool
source_header_same(const struct source_set *a, const struct source_set *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		const struct source_header *x = &a->headers[i];
		const struct source_header *y = &b->headers[i];

		if (x->side != y->side || x->verb != y->verb ||
		    !str_eq_nocase(x->name, y->name) ||
		    !str_eq(x->value.text, y->value.text))
			return false;
	}
	return true;
}

/* Where the sets of that hash begin. Nobody chooses names to make them meet. */
static struct source_set **
source_header_bucket(const struct source *s, struct str name)
{
	static const struct hash_key key = { 0x68656164, 0x657273 };

	return &s->buckets[hash_sip(key, name) & (s->bucket_count - 1)];
}

const struct source_set *
source_header_find(const struct source *s, struct str name)
{
	const struct source_set *set;

	if (s->bucket_count == 0)
		return NULL;
	for (set = *source_header_bucket(s, name); set != NULL;
	     set = set->chain)
		if (str_eq(set->name, name))
			return set;
	return NULL;
}

static void
source_header_chain(struct source *s, struct source_set *set)
{
	struct source_set **bucket = source_header_bucket(s, set->name);

	set->chain = *bucket;
	*bucket = set;
}

/* Platforms write a set for each customer, so sets are found by their hash. */
static void
source_header_keep(struct source *s, struct source_set *set)
{
	size_t more = s->bucket_count > 0 ? 2 * s->bucket_count :
					    SOURCE_HEADER_BUCKETS;
	struct source_set *old;

	if (s->set_count == s->bucket_count) {
		s->buckets = arena_alloc(&s->keep, more * sizeof(old));
		if (s->buckets == NULL)
			return; /* the arena is full, and asked about that */
		s->bucket_count = more;
		for (old = s->sets; old != NULL; old = old->next)
			source_header_chain(s, old);
	}
	set->next = s->sets;
	s->sets = set;
	s->set_count++;
	source_header_chain(s, set);
}

void
source_header_set(struct source_entry *en)
{
	const struct lines_line *first = &en->lines->lines[0];
	const struct lines_token *name = &first->tokens[first->count > 1];
	const struct source_set *old;
	struct source *s = en->source;
	struct source_set *set = arena_alloc(&s->keep, sizeof(*set));

	if (first->count < 2 || !str_is_name(name->text)) {
		source_tell(en, LINT_SET_NAME, name, 0, name->text, none);
		return;
	}
	if (first->count > 2)
		source_tell(en, LINT_SET_CLAUSE, &first->tokens[2], 0,
		    first->tokens[2].text, none);
	if (set == NULL)
		return;
	set->headers = arena_alloc(&s->keep,
	    en->lines->count * sizeof(*set->headers));
	set->name = arena_copy(&s->keep, name->text);
	set->place = name->place;
	if (set->headers == NULL)
		return;
	source_header_clauses(en, set);
	set->rules = source_header_shared(en, set);
	old = source_header_find(s, set->name);
	if (old != NULL) {
		source_tell(en, source_header_same(set, old) ?
			LINT_SET_REPEATED : LINT_SET_TWICE, name, 0, name->text,
		    lint_place_print(s->lint, old->place));
		return;
	}
	source_header_keep(s, set);
}
