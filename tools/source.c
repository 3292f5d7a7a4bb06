/* SPDX-License-Identifier: BSD-2-Clause */

/* source: entries of each kind, and what holds them together. */

#include "tools/source.h"

#include <stddef.h>
#include <string.h>

#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

void
source_init(struct source *s, struct lint *lint, const struct source_see *see)
{
	*s = (struct source){ .lint = lint, .see = *see };
	arena_init(&s->keep, SIZE_MAX / 2);
	arena_init(&s->level, SIZE_MAX / 2);
	arena_init(&s->entry, SIZE_MAX / 2);
	s->room = arena_alloc(&s->keep, sizeof(*s->room));
	CHECK(s->room != NULL);
}

void
source_fini(struct source *s)
{
	arena_fini(&s->keep);
	arena_fini(&s->level);
	arena_fini(&s->entry);
}

void
source_tell(struct source_entry *en, enum lint_finding f,
    const struct lines_token *t, size_t offset, struct str a, struct str b)
{
	lint_tell(en->source->lint, f, lines_place(t, offset), a, b);
}

bool
source_copy(struct source_entry *en, struct arena *a)
{
	struct lines_entry *copy = arena_alloc(a, sizeof(*copy));
	struct str text = arena_copy(a, en->lines->text);
	struct lines again;
	struct err e;

	if (copy == NULL || text.p == NULL)
		return false;
	lines_again(&again, en->lines, text);
	en->lines = copy;
	return lines_next(&again, a, copy, &e) == 1;
}

void
source_clause_end(struct source_entry *en, const struct lines_line *clause,
    size_t taken)
{
	if (clause->count > taken)
		source_tell(en, LINT_CLAUSE_MORE, &clause->tokens[taken], 0,
		    clause->tokens[taken].text, none);
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

bool
source_clause_is(const struct lines_token *t)
{
	return source_header_is(t) || str_eq(t->text, STR("when")) ||
	    str_eq(t->text, STR("split"));
}

/* The rest of the entry's own line, behind TARGET. */
static void
source_directives(struct source_entry *en, const struct lines_line *line,
    size_t from)
{
	size_t i;

	for (i = from; i < line->count; i++) {
		const struct lines_token *t = &line->tokens[i];

		if (source_clause_is(t)) {
			source_tell(en, LINT_CLAUSE_LINE, t, 0, t->text, none);
			break; /* what follows belongs to it */
		}
		(void)source_words_read(en, t, en->own);
	}
}

/* Room for one `when` more. */
static struct route_when *
source_when_room(struct source_entry *en, const struct lines_token *t)
{
	struct route *r = &en->out->route;
	size_t room = en->lines->count;

	if (room > ROUTE_WHENS_MAX)
		room = ROUTE_WHENS_MAX;
	if (r->whens == NULL)
		r->whens = arena_alloc(en->arena, room * sizeof(*r->whens));
	if (r->when_count == ROUTE_WHENS_MAX) {
		source_tell(en, LINT_TOO_MANY, t, 0, STR("lines of when"),
		    STR("256"));
		return NULL;
	}
	return r->whens == NULL ? NULL : &r->whens[r->when_count];
}

_Static_assert(ROUTE_WHENS_MAX == 256, "as is said above");

static void
source_clause(struct source_entry *en, const struct lines_line *clause)
{
	const struct lines_token *t = &clause->tokens[0];
	struct route_when *when;

	if (source_header_is(t)) {
		source_header_clause(en, clause);
	} else if (str_eq(t->text, STR("when"))) {
		when = source_when_room(en, t);
		if (when != NULL && source_when(en, clause, when))
			en->out->route.when_count++;
	} else if (str_eq(t->text, STR("split"))) {
		source_split(en, clause);
	} else if (source_words_read(en, t, en->own)) {
		source_clause_end(en, clause, 1);
	}
}

/* A tag where a label must come of it: without one, no request is made. */
static void
source_check_tags(struct source_entry *en)
{
	const struct route *r = &en->out->route;
	const struct words *levels[] = { r->own, r->defaults };
	const struct source_tag_use *use;
	size_t i;

	for (use = en->tag_uses; use != NULL; use = use->next) {
		bool found = false;

		for (i = 0; i < 2; i++)
			found |= levels[i] != NULL &&
			    source_value_tag(levels[i]->tags,
				levels[i]->tag_count, use->key) != NULL;
		if (!found)
			source_tell(en, LINT_TAG_MISSING, &use->at, 0,
			    use->key, use->service ? STR("a service's name") :
			    STR("an authority"));
	}
}

/* The route's own word, else that of %defaults. */
static void
source_check_addresses(struct source_entry *en)
{
	const struct route *r = &en->out->route;
	const struct str unsaid = { NULL, 0 };

	source_address_check(en, words_say(r->own, DIRECTIVE_EGRESS) ?
		&r->own->egress :
	    words_say(r->defaults, DIRECTIVE_EGRESS) ? &r->defaults->egress :
						       &unsaid);
}

/* All of an entry that is a route; what is wrong with it is told. */
static void
source_read_route(struct source_entry *en)
{
	const struct lines_line *first = &en->lines->lines[0];
	struct route *r = &en->out->route;
	size_t taken = 0, i;

	en->matched = source_match(en, &first->tokens[0]);
	if (first->count == 1)
		source_tell(en, LINT_TARGET_MISSING, &first->tokens[0],
		    first->tokens[0].text.n, first->tokens[0].text, none);
	else
		taken = source_target(en, first, 1, &r->target);
	source_directives(en, first, 1 + taken);
	for (i = 1; i < en->lines->count; i++)
		source_clause(en, &en->lines->lines[i]);
	if (en->own->words.said != 0 || en->header_count > 0)
		source_use_check(en);
	if (!en->matched)
		return;
	if (r->when_count > 0)
		source_when_check(en);
	r->own = source_words_own(en);
	r->defaults = source_words_defaults(en);
	r->exact = words_say(r->own, DIRECTIVE_EXACT) ? r->own->exact :
	    words_say(r->defaults, DIRECTIVE_EXACT) && r->defaults->exact;
	if (en->tag_uses != NULL)
		source_check_tags(en);
	if (en->addresses != NULL)
		source_check_addresses(en);
}

/* Clears all but the arrays, whose members count up to their counts. */
static void
source_route_clear(struct source_route *r)
{
	char *p = (char *)r;
	size_t captures = offsetof(struct source_route, route.captures);
	size_t behind = offsetof(struct source_route, route.capture_count);
	size_t segments = offsetof(struct source_route, segments);

	memset(p, 0, captures);
	memset(p + behind, 0, segments - behind);
}

void
source_own(struct source_entry *en, unsigned on)
{
	struct source_words *own = &en->source->room->own;

	if (own->words.said != 0 || own->words.rule_count > 0)
		own->words = (struct words){ 0 };
	own->set = NULL;
	en->own = own;
	en->on = on;
}

int
source_route(struct source_entry *en, size_t errors, struct err *e)
{
	struct source *s = en->source;
	const struct lines_token *match = &en->lines->lines[0].tokens[0];
	struct source_route *out = &s->room->route;

	source_route_clear(out);
	source_own(en, ON_ROUTE);
	en->out = out;
	en->route = &out->route;
	out->last_wins = en->last_wins;
	out->place = match->place;
	out->route.source = match->place.rank;
	out->route.line = match->place.line;
	source_read_route(en);
	out->shape.exact = out->route.exact;
	out->broken = s->lint->errors > errors;
	if (en->arena->full)
		return 0; /* which is asked about */
	if (!en->matched) {
		s->lost++;
		return 0;
	}
	return s->see.route(s->see.arg, out, e);
}

/* One entry of the second reading. errors: as there were before it. */
static int
source_entry(struct source *s, const struct lines_entry *lines,
    size_t errors, struct err *e)
{
	struct source_entry en = { .source = s,
		.arena = &s->entry,
		.lines = lines,
		.on = ON_ROUTE };
	const struct lines_token *t = &lines->lines[0].tokens[0];
	char sign = t->text.n > 0 ? t->text.p[0] : '\0';

	if (sign == '@')
		return source_service(&en, errors, e);
	if (sign != '%' || t->quoted)
		return source_route(&en, errors, e);
	if (str_eq(t->text, STR("%defaults")))
		source_words_level(&en);
	else if (!str_eq(t->text, STR("%headers")))
		source_unknown(&en, t);
	return 0;
}

static int
source_set_entry(struct source *s, const struct lines_entry *lines)
{
	struct source_entry en = { .source = s,
		.arena = &s->entry,
		.lines = lines };

	if (str_eq(lines->lines[0].tokens[0].text, STR("%headers")))
		source_header_set(&en);
	return 0;
}

/* sets: only the %headers sets; else all but them. */
static int
source_read(struct source *s, struct lines *lines, bool sets, struct err *e)
{
	struct lines_entry entry;
	int got, answer = 0;

	while (answer == 0) {
		size_t errors = s->lint->errors;

		got = lines_next(lines, &s->entry, &entry, e);
		/* A line that is broken may have been any entry's. */
		s->lost += s->lint->errors > errors;
		if (got != 1)
			return got;
		answer = sets ? source_set_entry(s, &entry) :
				source_entry(s, &entry, errors, e);
		if (s->entry.full || s->keep.full || s->level.full)
			return err_set(e, REASON_OVERLOADED, "out of memory");
		arena_reset(&s->entry);
	}
	return answer;
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

	lines_init(&lines, file, rank, text, NULL);
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
