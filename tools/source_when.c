/* SPDX-License-Identifier: BSD-2-Clause */

/* source_when: `when COND ... -> TARGET`. */

#include "http/header.h"
#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

/* header.N, cookie.N and query.N take a name, the others a value. */
static const struct {
	const char *word;
	const char *spelled;
	bool named;
} source_when_words[COND_KIND_COUNT] = {
	[COND_HEADER] = { "header", "header.N", true },
	[COND_COOKIE] = { "cookie", "cookie.N", true },
	[COND_QUERY] = { "query", "query.N", true },
	[COND_METHOD] = { "method", "method=", false },
	[COND_CLIENT] = { "client", "client=", false },
	[COND_SCHEME] = { "scheme", "scheme=", false },
};

/* key is the condition without '!' and what follows '='. */
static bool
source_when_unknown(struct source_entry *en, const struct lines_token *t,
    size_t at, struct str key)
{
	struct str word, name;
	struct near near;
	int k;

	(void)str_cut(key, '.', &word, &name);
	near_init(&near, word);
	for (k = 0; k < COND_KIND_COUNT; k++)
		near_offer(&near, source_when_words[k].word);
	for (k = 0; near_best(&near) != NULL && k < COND_KIND_COUNT; k++) {
		if (near_best(&near) != source_when_words[k].word)
			continue;
		source_tell(en, LINT_COND_NEAR, t, at, key,
		    str_of(source_when_words[k].spelled));
		return false;
	}
	source_tell(en, LINT_COND_UNKNOWN, t, at, key, none);
	return false;
}

static bool
source_when_kind(struct str key, enum cond_kind *out, struct str *name)
{
	struct str word;
	bool dot = str_cut(key, '.', &word, name);
	int k;

	for (k = 0; k < COND_KIND_COUNT; k++) {
		if (!str_eq(word, str_of(source_when_words[k].word)))
			continue;
		*out = (enum cond_kind)k;
		return dot == source_when_words[k].named;
	}
	return false;
}

/* Upper case, for a method that has none. */
static void
source_when_case(struct source_entry *en, const struct lines_token *t,
    size_t at, struct str method)
{
	struct str upper = arena_copy(en->arena, method);
	char *p = arena_alloc(en->arena, method.n + 1);
	size_t i;

	for (i = 0; i < method.n; i++)
		if (method.p[i] >= 'A' && method.p[i] <= 'Z')
			return;
	for (i = 0; p != NULL && i < method.n; i++)
		p[i] = str_upper(method.p[i]);
	upper.p = p;
	if (p != NULL && !str_eq(upper, method))
		source_tell(en, LINT_METHOD_CASE, t, at, method, upper);
}

static bool
source_when_methods(struct source_entry *en, const struct lines_token *t,
    size_t at, struct str value)
{
	struct str one, rest = value;
	bool more;

	do {
		more = str_cut(rest, ',', &one, &rest);
		if (!header_is_token(one)) {
			source_tell(en, LINT_COND_VALUE, t, at, one,
			    STR("method=A,B with methods as GET"));
			return false;
		}
		source_when_case(en, t, at, one);
		at += one.n + 1;
	} while (more);
	return true;
}

/* The value of one without a name, at that offset. false: told. */
static bool
source_when_value(struct source_entry *en, const struct lines_token *t,
    size_t at, struct route_cond *c)
{
	if (c->kind == COND_METHOD)
		return source_when_methods(en, t, at, c->value);
	if (c->kind == COND_CLIENT)
		return source_value_ranges(en, t, at, &c->ranges);
	if (str_eq(c->value, STR("http")) || str_eq(c->value, STR("https")))
		return true;
	source_tell(en, LINT_COND_VALUE, t, at, t->text,
	    STR("scheme=http or scheme=https"));
	return false;
}

/* Has it a name that requests can have? false: told. */
static bool
source_when_name(struct source_entry *en, const struct lines_token *t,
    size_t at, const struct route_cond *c)
{
	bool good = c->kind == COND_QUERY ? c->name.n > 0 :
					    header_is_token(c->name);

	if (!good)
		source_tell(en, LINT_COND_NAME, t, at, c->name,
		    c->kind == COND_QUERY ? STR("the name of a parameter") :
		    STR("a token (letters, digits, '-' and the like)"));
	return good;
}

static bool
source_when_cond(struct source_entry *en, const struct lines_token *t,
    struct route_cond *out)
{
	size_t at = t->text.n > 0 && t->text.p[0] == '!';
	struct str text = str_sub(t->text, at, t->text.n), key;

	*out = (struct route_cond){ .negated = at == 1 };
	out->has_value = str_cut(text, '=', &key, &out->value);
	if (!source_when_kind(key, &out->kind, &out->name))
		return source_when_unknown(en, t, at, key);
	if (source_when_words[out->kind].named)
		return source_when_name(en, t, at, out);
	at = t->text.n - out->value.n;
	out->has_value = false; /* which all of them have */
	if (out->value.n == 0) {
		source_tell(en, LINT_COND_VALUE, t, 0, t->text,
		    arena_printf(en->arena, "%s with a value",
			source_when_words[out->kind].spelled));
		return false;
	}
	return source_when_value(en, t, at, out);
}

/* Where "->" stands in the line, or its count. */
static size_t
source_when_arrow(const struct lines_line *line)
{
	size_t i;

	for (i = 1; i < line->count; i++)
		if (!line->tokens[i].quoted &&
		    str_eq(line->tokens[i].text, STR("->")))
			break;
	return i;
}

/* The words between "when" and the arrow at `end`. false: told. */
static bool
source_when_conds(struct source_entry *en, const struct lines_line *line,
    size_t end, struct route_when *out)
{
	bool good = true;
	size_t i;

	if (end - 1 > ROUTE_CONDS_MAX) {
		source_tell(en, LINT_TOO_MANY, &line->tokens[0], 0,
		    STR("conditions in a line"), STR("64"));
		return false;
	}
	out->conds = arena_alloc(en->arena, (end - 1) * sizeof(*out->conds));
	if (out->conds == NULL)
		return false;
	for (i = 1; i < end; i++)
		if (!source_when_cond(en, &line->tokens[i],
			&out->conds[out->cond_count++]))
			good = false;
	return good;
}

_Static_assert(ROUTE_CONDS_MAX == 64, "as is said above");

bool
source_when(struct source_entry *en, const struct lines_line *line,
    struct route_when *out)
{
	const struct lines_token *t = &line->tokens[0];
	size_t arrow = source_when_arrow(line), taken;
	bool good;

	*out = (struct route_when){ .line = t->place.line };
	if (arrow == 1 || arrow + 1 >= line->count)
		source_tell(en, LINT_WHEN_FORM, t, 0, arrow == 1 ?
			STR("a condition") : arrow == line->count ?
			STR("'->'") : STR("a TARGET behind '->'"), none);
	if (arrow == line->count)
		return false;
	good = arrow > 1 && source_when_conds(en, line, arrow, out);
	if (arrow + 1 == line->count)
		return false;
	taken = source_target(en, line, arrow + 1, &out->target);
	source_clause_end(en, line, arrow + 1 + taken);
	return good;
}
