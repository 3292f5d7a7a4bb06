/* SPDX-License-Identifier: BSD-2-Clause */

/* source_split: `split WEIGHT TARGET ... [by=KEY]`, and what clients are kept
 * by. */

#include "http/header.h"
#include "tools/printer.h"
#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

bool
source_split_key(struct source_entry *en, const struct lines_token *t,
    struct str key, struct balance_by *out)
{
	struct str word, name;
	bool named = str_cut(key, ':', &word, &name);

	*out = (struct balance_by){ .key = BALANCE_KEY_CLIENT_IP };
	if (str_eq(key, STR("client_ip")))
		return true;
	out->key = BALANCE_KEY_PATH;
	if (str_eq(key, STR("path")))
		return true;
	out->key = str_eq(word, STR("cookie")) ? BALANCE_KEY_COOKIE :
						 BALANCE_KEY_HEADER;
	out->name = name;
	if (named && header_is_token(name) &&
	    (str_eq(word, STR("cookie")) || str_eq(word, STR("header"))))
		return true;
	source_tell(en, LINT_BALANCE_KEY, t, t->text.n - key.n, key, none);
	return false;
}

/* The target in its one spelling, or nothing: it is broken. */
static struct str
source_split_spell(struct source_entry *en, const struct route_target *target,
    size_t errors)
{
	struct str spelled = none;
	struct buf text;

	if (en->source->lint->errors > errors || !en->matched)
		return none;
	buf_init(&text, 2 * LINES_ENTRY_MAX);
	if (printer_target(target, &en->out->route, &text) == 0)
		spelled = arena_copy(en->arena, buf_view(&text));
	buf_fini(&text);
	return spelled;
}

/* What was read of a split: the target's token and spelling. */
struct split_part {
	const struct lines_token *token;
	struct str spelled;
};

/* Is the last part's target one that an earlier part has? It is told. */
static void
source_split_repeated(struct source_entry *en, const struct split_part *parts,
    size_t last)
{
	const struct split_part *part = &parts[last];
	size_t i;

	for (i = 0; i < last; i++) {
		if (part->spelled.n == 0 ||
		    !str_eq(parts[i].spelled, part->spelled))
			continue;
		source_tell(en, LINT_SPLIT_REPEATED, part->token, 0,
		    part->token->text,
		    lint_place_print(en->source->lint,
			parts[i].token->place));
		return;
	}
}

/* WEIGHT TARGET from token *at on. false: told, and nothing can follow. */
static bool
source_split_part(struct source_entry *en, const struct lines_line *line,
    size_t *at, struct route_split *out, struct split_part *part)
{
	size_t errors = en->source->lint->errors;
	const struct lines_token *t = &line->tokens[*at];
	uint64_t weight = 0;

	if (!str_to_u64(t->text, ROUTE_WEIGHT_MAX, &weight)) {
		source_tell(en, LINT_SPLIT_WEIGHT, t, 0, t->text, none);
		if (t->text.n == 0 || !str_is_digit(t->text.p[0]))
			return false;
	}
	if (*at + 1 == line->count) {
		source_tell(en, LINT_SPLIT_FORM, t, 0, t->text, none);
		return false;
	}
	out->weight = (uint32_t)weight;
	*at += 1;
	part->token = &line->tokens[*at];
	*at += source_target(en, line, *at, &out->target);
	part->spelled = source_split_spell(en, &out->target, errors);
	return true;
}

/* All parts; *at: behind them. false: told. */
static bool
source_split_parts(struct source_entry *en, const struct lines_line *line,
    size_t *at)
{
	struct route *r = &en->out->route;
	struct split_part parts[ROUTE_SPLITS_MAX];

	while (*at < line->count &&
	    !str_starts(line->tokens[*at].text, STR("by="))) {
		if (r->split_count == ROUTE_SPLITS_MAX) {
			source_tell(en, LINT_TOO_MANY, &line->tokens[*at], 0,
			    STR("targets of a split"), STR("64"));
			return false;
		}
		if (!source_split_part(en, line, at,
			&r->splits[r->split_count], &parts[r->split_count]))
			return false;
		source_split_repeated(en, parts, r->split_count++);
	}
	return true;
}

_Static_assert(ROUTE_SPLITS_MAX == 64, "as is said above");

static void
source_split_check(struct source_entry *en, const struct lines_line *line)
{
	const struct route *r = &en->out->route;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < r->split_count; i++)
		sum += r->splits[i].weight;
	if (r->split_count < 2)
		source_tell(en, LINT_SPLIT_FORM, &line->tokens[0], 0,
		    r->split_count == 0 ? STR("no target") :
					  STR("one target"), none);
	else if (sum == 0)
		source_tell(en, LINT_WEIGHTS_ZERO, &line->tokens[0], 0,
		    STR("split"), none);
}

void
source_split(struct source_entry *en, const struct lines_line *line)
{
	const struct lines_token *t = &line->tokens[0];
	struct route *r = &en->out->route;
	size_t errors = en->source->lint->errors;
	size_t room = line->count / 2 + 1, at = 1;

	if (en->split_place.line != 0) {
		source_tell(en, LINT_SPLIT_TWICE, t, 0,
		    lint_place_print(en->source->lint, en->split_place), none);
		return;
	}
	en->split_place = t->place;
	if (room > ROUTE_SPLITS_MAX)
		room = ROUTE_SPLITS_MAX;
	r->splits = arena_alloc(en->arena, room * sizeof(*r->splits));
	if (r->splits == NULL || !source_split_parts(en, line, &at))
		return;
	if (en->source->lint->errors == errors)
		source_split_check(en, line);
	if (at == line->count)
		return;
	t = &line->tokens[at];
	(void)source_split_key(en, t, str_sub(t->text, 3, t->text.n),
	    &r->split_by);
	source_clause_end(en, line, at + 1);
}
