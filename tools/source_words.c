/* SPDX-License-Identifier: BSD-2-Clause */

/* source_words: directives of an entry, where they may stand, and %defaults. */

#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

/* What a clause may begin with besides directives; the first two in all. */
static const char *const source_words_clauses[] = { "request-header",
	"response-header", "when", "split" };

static size_t
source_words_clause_count(const struct source_entry *en)
{
	return en->on == ON_ROUTE ? 4 : 2;
}

static bool
source_words_stands(const struct source_entry *en, enum directive d)
{
	unsigned on = en->on == ON_SERVICE ? ON_SERVICE | ON_ORIGIN : en->on;

	return (directive_on(d) & on) != 0;
}

/* "exact, strip-prefix, host=, ..." and the clauses. */
static struct str
source_words_list(struct source_entry *en)
{
	struct str list = none;
	const char *gap = "";
	size_t i, count = source_words_clause_count(en);
	int n;

	for (n = 0; n < DIRECTIVE_COUNT; n++) {
		enum directive d = (enum directive)n;

		if (!source_words_stands(en, d))
			continue;
		list = arena_printf(en->arena, "%.*s%s%s%s", STR_ARG(list),
		    gap, directive_word(d), directive_is_flag(d) ? "" : "=");
		gap = ", ";
	}
	for (i = 0; i < count; i++)
		list = arena_printf(en->arena, "%.*s%s%s", STR_ARG(list),
		    i + 1 < count ? ", " : " or ", source_words_clauses[i]);
	return list;
}

/* Of a respond without the quotes around its text? */
static bool
source_words_may_be_text(const struct source_entry *en,
    const struct lines_token *t)
{
	return en->out != NULL &&
	    en->out->route.target.kind == TARGET_RESPOND &&
	    t->place.line == en->lines->place.line &&
	    str_find(t->text, '=') == t->text.n;
}

static void
source_words_unknown(struct source_entry *en, const struct lines_token *t,
    struct str word)
{
	struct near near;
	size_t i;
	int d;

	near_init(&near, word);
	for (d = 0; d < DIRECTIVE_COUNT; d++)
		if (source_words_stands(en, (enum directive)d))
			near_offer(&near, directive_word((enum directive)d));
	for (i = 0; i < source_words_clause_count(en); i++)
		near_offer(&near, source_words_clauses[i]);
	if (near_best(&near) != NULL)
		source_tell(en, LINT_DIRECTIVE_NEAR, t, 0, word,
		    str_of(near_best(&near)));
	else if (source_words_may_be_text(en, t))
		source_tell(en, LINT_RESPOND_QUOTE, t, 0, t->text, none);
	else
		source_tell(en, LINT_DIRECTIVE_UNKNOWN, t, 0, word,
		    source_words_list(en));
}

/* Neither a directive nor what begins a clause here. */
static void
source_words_none(struct source_entry *en, const struct lines_token *t,
    struct str word)
{
	size_t i;

	for (i = 0; i < 4; i++) {
		if (!str_eq(word, str_of(source_words_clauses[i])))
			continue;
		source_tell(en, LINT_CLAUSE_PLACE, t, 0, word,
		    en->on == ON_SERVICE ? STR("a service") :
					   STR("%defaults"));
		return;
	}
	source_words_unknown(en, t, word);
}

static struct str
source_words_home(enum directive d)
{
	unsigned on = directive_on(d);

	return on == ON_ORIGIN ? STR("behind an origin of a service") :
	    on == ON_SERVICE   ? STR("on a service") :
				 STR("on a route");
}

bool
source_words_twice(struct source_entry *en, const struct lines_token *t,
    struct str word, const struct lines_token *before)
{
	source_tell(en, LINT_DIRECTIVE_TWICE, t, 0, word,
	    lint_place_print(en->source->lint, before->place));
	return true;
}

/* on: what a flag says. false: told. */
static bool
source_words_flag(struct source_entry *en, const struct lines_token *t,
    struct str word, bool equals, struct str value, bool *on)
{
	*on = !str_eq(value, STR("no"));
	if (!equals || !*on || str_eq(value, STR("yes")))
		return true;
	source_tell(en, LINT_FLAG_VALUE, t, 0, word, none);
	return false;
}

static void
source_words_set_flag(struct words *w, enum directive d, bool on)
{
	if (d == DIRECTIVE_EXACT)
		w->exact = on;
	else if (d == DIRECTIVE_STRIP_PREFIX)
		w->strip_prefix = on;
	else if (d == DIRECTIVE_PASS_AUTH)
		w->pass_auth = on;
}

bool
source_words_read(struct source_entry *en, const struct lines_token *t,
    struct source_words *w)
{
	struct str word, value;
	bool equals = str_cut(t->text, '=', &word, &value), on;
	enum directive d;

	if (!directive_find(word, &d)) {
		source_words_none(en, t, word);
		return false;
	}
	if ((directive_on(d) & en->on) == 0) {
		source_tell(en, en->on == ON_SERVICE &&
			directive_on(d) == ON_ORIGIN ? LINT_ORIGIN_OPTION :
			LINT_DIRECTIVE_PLACE, t, 0, word,
		    source_words_home(d));
		return true;
	}
	if (words_say(&w->words, d) && d != DIRECTIVE_TAG)
		(void)source_words_twice(en, t, word, &w->token[d]);
	w->words.said |= UINT64_C(1) << d;
	w->token[d] = *t;
	if (directive_is_flag(d)) {
		if (source_words_flag(en, t, word, equals, value, &on))
			source_words_set_flag(&w->words, d, on);
	} else if (value.n == 0) {
		source_tell(en, LINT_DIRECTIVE_VALUE, t, 0, word, none);
	} else {
		source_value(en, t, d, t->text.n - value.n, w);
	}
	return true;
}

bool
source_words_option(const struct lines_token *t, enum directive *d,
    struct str *value)
{
	struct str word;

	(void)str_cut(t->text, '=', &word, value);
	return directive_find(word, d) && directive_on(*d) == ON_ORIGIN;
}

struct words *
source_words_own(struct source_entry *en)
{
	struct source_words *own = en->own;

	if (own->set != NULL)
		source_header_use(en, own->set,
		    &own->token[DIRECTIVE_HEADERS], &own->words);
	if (en->header_count > 0)
		source_header_own(en, &own->words);
	return own->words.said != 0 || own->words.rule_count > 0 ?
	    &own->words : NULL;
}

struct words *
source_words_defaults(struct source_entry *en)
{
	struct source_defaults *defaults = en->source->defaults;
	struct words *w = &en->source->room->defaults;

	if (defaults == NULL)
		return NULL;
	/* A set that both name is not applied twice: "+NAME" would add two. */
	if (defaults->words.set != NULL &&
	    defaults->words.set == en->own->set)
		return defaults->bare.said != 0 ? &defaults->bare : NULL;
	if (defaults->words.set == NULL || defaults->words.set->rules != NULL)
		return &defaults->words.words;
	*w = defaults->words.words;
	source_header_use(en, defaults->words.set,
	    &en->lines->lines[0].tokens[0], w);
	return w;
}

/* A token that outlives its entry. */
static struct lines_token
source_words_keep(struct arena *a, const struct lines_token *t)
{
	struct lines_token copy = *t;

	copy.raw = arena_copy(a, t->raw);
	copy.text = t->text.p == t->raw.p ? copy.raw : arena_copy(a, t->text);
	return copy;
}

static void
source_words_line(struct source_entry *en, size_t number)
{
	const struct lines_line *line = &en->lines->lines[number];
	size_t i;

	for (i = number == 0; i < line->count; i++) {
		struct lines_token t = source_words_keep(en->arena,
		    &line->tokens[i]);

		if (source_header_is(&t)) {
			source_tell(en, LINT_DEFAULTS_CLAUSE, &t, 0, t.text,
			    none);
			return;
		}
		if (!source_words_read(en, &t, en->own) &&
		    source_clause_is(&t))
			return; /* what follows belongs to it */
		if (number == 0)
			continue;
		source_clause_end(en, line, 1);
		return;
	}
}

/* It replaces the one above as a whole; an empty one clears that. */
void
source_words_level(struct source_entry *en)
{
	struct source *s = en->source;
	struct source_defaults *d;
	size_t i;

	s->defaults = NULL;
	arena_reset(&s->level);
	d = arena_alloc(&s->level, sizeof(*d));
	if (d == NULL || !source_copy(en, &s->level))
		return;
	en->arena = &s->level;
	en->own = &d->words;
	for (i = 0; i < en->lines->count; i++)
		source_words_line(en, i);
	d->bare = d->words.words;
	d->bare.said &= ~(UINT64_C(1) << DIRECTIVE_HEADERS);
	if (d->words.set != NULL && d->words.set->rules != NULL)
		source_header_use(en, d->words.set, NULL, &d->words.words);
	if (d->words.words.said != 0)
		s->defaults = d;
}
