/* SPDX-License-Identifier: BSD-2-Clause */

/* source: entries of each kind, and what holds them together. */

#include "tools/source.h"

#include "base/near.h"
#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

void
source_init(struct source *s, struct lint *lint,
    int (*see)(void *arg, const struct source_route *r, struct err *e),
    void *arg)
{
	*s = (struct source){ .lint = lint, .see = see, .arg = arg };
	arena_init(&s->keep, SIZE_MAX / 2);
	arena_init(&s->filling, SIZE_MAX / 2);
	arena_init(&s->entry, SIZE_MAX / 2);
}

void
source_fini(struct source *s)
{
	arena_fini(&s->keep);
	arena_fini(&s->filling);
	arena_fini(&s->entry);
}

void
source_tell(struct source_entry *en, enum lint_finding f,
    const struct lines_token *t, size_t offset, struct str a, struct str b)
{
	lint_tell(en->source->lint, f, lines_place(t, offset), a, b);
}

bool
source_is_name(struct str name)
{
	size_t i;

	for (i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool letter = (c >= 'a' && c <= 'z') || str_is_digit(c);

		if (!letter && (i == 0 || (c != '.' && c != '_' && c != '-')))
			return false;
	}
	return name.n > 0 && name.n <= SOURCE_NAME_MAX;
}

/* More than one word on a clause's line? It is told. */
static void
source_clause_end(struct source_entry *en, const struct lines_line *clause)
{
	if (clause->count > 1)
		source_tell(en, LINT_CLAUSE_MORE, &clause->tokens[1], 0,
		    clause->tokens[1].text, none);
}

static bool
source_is_header(const struct lines_token *t)
{
	return str_eq(t->text, STR("request-header")) ||
	    str_eq(t->text, STR("response-header"));
}

/* The entry once more, all of it in the arena. 0, or -1 and e. */
static int
source_copy(struct source_entry *en, struct arena *a, struct lines_entry *copy,
    struct err *e)
{
	struct str text = arena_copy(a, en->lines->text);
	struct lines again;
	int got;

	lines_again(&again, en->lines, text);
	got = text.p == NULL ? 0 : lines_next(&again, a, copy, e);
	if (got == 0)
		return err_set(e, REASON_OVERLOADED, "out of memory");
	en->lines = copy;
	return got == -1 ? -1 : 0;
}

/* %defaults replaces the one above; its words outlive the entry. */
static void
source_defaults(struct source_entry *en)
{
	const struct lines_entry *lines = en->lines;
	struct source *s = en->source;
	struct source_words *words = arena_alloc(&s->filling, sizeof(*words));
	size_t i, j;

	en->arena = &s->filling;
	for (i = 0; words != NULL && i < lines->count; i++) {
		const struct lines_line *line = &lines->lines[i];

		if (i > 0 && source_is_header(&line->tokens[0])) {
			source_tell(en, LINT_DEFAULTS_CLAUSE,
			    &line->tokens[0], 0, line->tokens[0].text, none);
			continue;
		}
		for (j = i == 0; j < line->count; j++) {
			struct lines_token t = line->tokens[j];

			if (source_words_read(en, &t, false, words) && i > 0)
				source_clause_end(en, line);
			if (i > 0)
				break;
		}
	}
	s->defaults = words;
}

static void
source_unknown(struct source_entry *en, const struct lines_token *t)
{
	struct near near;

	near_init(&near, t->text);
	near_offer(&near, "%headers");
	near_offer(&near, "%defaults");
	if (near_best(&near) != NULL)
		source_tell(en, LINT_ENTRY_NEAR, t, 0, t->text,
		    str_of(near_best(&near)));
	else
		source_tell(en, LINT_ENTRY_UNKNOWN, t, 0, t->text, none);
}

/* The clauses of a route: directives into words, header rules into list. */
static size_t
source_clauses(struct source_entry *en, struct source_words *words,
    struct source_header *list)
{
	const struct lines_entry *lines = en->lines;
	size_t count = 0, i;

	for (i = 1; i < lines->count; i++) {
		const struct lines_line *clause = &lines->lines[i];

		if (!source_is_header(&clause->tokens[0])) {
			if (source_words_read(en, &clause->tokens[0], true,
				words))
				source_clause_end(en, clause);
			continue;
		}
		if (source_header_read(en, clause, &list[count]) &&
		    !source_header_twice(en, list, count, &list[count]))
			count++;
	}
	return count;
}

/* Directives that the target has no use for. */
static void
source_check_use(struct source_entry *en, const struct source_words *own,
    const struct source_header *list, size_t count)
{
	static const enum directive relayed[] = { DIRECTIVE_STRIP_PREFIX,
		DIRECTIVE_HOST };
	enum target_kind target = en->out->route.target;
	struct str kind = target == TARGET_REDIRECT ? STR("redirect=") :
						      STR("respond=");
	size_t i;

	if (own->said[DIRECTIVE_RETRY_AFTER] && target != TARGET_RESPOND &&
	    target != TARGET_NONE)
		source_tell(en, LINT_RETRY_AFTER_PLACE,
		    &own->token[DIRECTIVE_RETRY_AFTER], 0, none, none);
	if (target != TARGET_REDIRECT && target != TARGET_RESPOND)
		return;
	for (i = 0; i < sizeof(relayed) / sizeof(relayed[0]); i++)
		if (own->said[relayed[i]])
			source_tell(en, LINT_NO_EFFECT,
			    &own->token[relayed[i]], 0,
			    str_of(directive_word(relayed[i])), kind);
	for (i = 0; i < count; i++) {
		struct lines_token at = { .place = list[i].place };

		if (list[i].side == HEADER_REQUEST)
			source_tell(en, LINT_NO_EFFECT, &at, 0,
			    STR("request-header"), kind);
	}
}

static bool
source_has_tag(const struct route *r, struct str key)
{
	size_t i;

	for (i = 0; i < r->tag_count; i++)
		if (str_eq(r->tags[i].key, key))
			return true;
	return false;
}

/* A tag in an authority that is not there would never make a request. */
static void
source_check_tags(struct source_entry *en, const struct pattern *p)
{
	const struct lines_token *target = &en->lines->lines[0].tokens[1];
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->parts[i].variable == PATTERN_TAG &&
		    p->parts[i].context == PATTERN_IN_AUTHORITY &&
		    !source_has_tag(&en->out->route, p->parts[i].text))
			source_tell(en, LINT_TAG_MISSING, target, 0,
			    p->parts[i].text, none);
}

/* All of an entry that is a route; what is wrong with it is told. */
static void
source_read_route(struct source_entry *en)
{
	const struct lines_line *first = &en->lines->lines[0];
	struct route *r = &en->out->route;
	struct source_header *list = arena_alloc(en->arena,
	    en->lines->count * sizeof(*list));
	struct source_words *own = arena_alloc(en->arena, sizeof(*own));
	size_t count, i;

	if (list == NULL || own == NULL)
		return;
	en->matched = source_match(en, &first->tokens[0]);
	if (first->count == 1)
		source_tell(en, LINT_TARGET_MISSING, &first->tokens[0],
		    first->tokens[0].text.n, first->tokens[0].text, none);
	for (i = first->count > 1 ? 1 + source_target(en, first) : 1;
	     i < first->count; i++)
		if (!source_words_read(en, &first->tokens[i], false, own) &&
		    source_is_header(&first->tokens[i]))
			break; /* what follows is its value */
	count = source_clauses(en, own, list);
	source_check_use(en, own, list, count);
	if (!en->matched)
		return;
	source_words_merge(en, own);
	source_header_rules(en, list, count, ROUTE_LEVEL_ROUTE, NULL);
	source_check_tags(en, &r->origin.host);
	source_check_tags(en, &r->origin.socket);
	source_check_tags(en, &r->url);
}

static int
source_route(struct source_entry *en, struct err *e)
{
	struct source *s = en->source;
	const struct lines_token *match = &en->lines->lines[0].tokens[0];
	struct source_route *out = arena_alloc(en->arena, sizeof(*out));
	size_t errors = s->lint->errors;

	if (out == NULL)
		return 0;
	en->out = out;
	out->place = match->place;
	out->route.source = match->place.file;
	out->route.line = match->place.line;
	source_read_route(en);
	out->shape.exact = out->route.exact;
	if (s->lint->errors > errors || en->arena->full)
		return 0;
	return s->see(s->arg, out, e);
}

/* An entry that outlives its turn. 0, or -1 and e. */
static int
source_kept(struct source_entry *en, struct arena *a,
    void (*read)(struct source_entry *), struct err *e)
{
	struct lines_entry copy;

	if (source_copy(en, a, &copy, e) == -1)
		return -1;
	read(en);
	return 0;
}

/* first: only the %headers sets; else all but them. */
static int
source_one(struct source_entry *en, bool first, struct err *e)
{
	const struct lines_token *t = &en->lines->lines[0].tokens[0];
	struct source *s = en->source;

	if (!t->quoted && str_eq(t->text, STR("%headers")))
		return first ? source_kept(en, &s->keep, source_header_set,
		    e) : 0;
	if (first)
		return 0; /* its turn is the second reading */
	if (str_eq(t->text, STR("%defaults"))) {
		s->defaults = NULL;
		arena_reset(&s->filling);
		return source_kept(en, &s->filling, source_defaults, e);
	}
	if (t->text.n == 0 || (t->text.p[0] != '%' && t->text.p[0] != '@'))
		return source_route(en, e);
	source_unknown(en, t);
	return 0;
}

static int
source_read(struct source *s, struct lines *lines, bool first, struct err *e)
{
	struct lines_entry entry;
	int got;

	while ((got = lines_next(lines, &s->entry, &entry, e)) == 1) {
		struct source_entry en = { .source = s,
			.arena = &s->entry,
			.lines = &entry };

		if (source_one(&en, first, e) == -1)
			return -1;
		if (s->entry.full || s->keep.full || s->filling.full)
			return err_set(e, REASON_OVERLOADED, "out of memory");
		arena_reset(&s->entry);
	}
	return got;
}

int
source_read_sets(struct source *s, struct lines *lines, struct err *e)
{
	/* Findings in lines are those of the second reading. */
	lines->lint = NULL;
	lines->percent = true;
	return source_read(s, lines, true, e);
}

int
source_read_routes(struct source *s, struct lines *lines, struct err *e)
{
	s->defaults = NULL;
	return source_read(s, lines, false, e);
}

int
source_sets(struct source *s, struct str file, uint32_t rank,
    struct str text, struct err *e)
{
	struct lines lines;

	lines_init(&lines, file, rank, text, s->lint);
	return source_read_sets(s, &lines, e);
}

int
source_routes(struct source *s, struct str file, uint32_t rank,
    struct str text, struct err *e)
{
	struct lines lines;

	lines_init(&lines, file, rank, text, s->lint);
	return source_read_routes(s, &lines, e);
}
