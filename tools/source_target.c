/* SPDX-License-Identifier: BSD-2-Clause */

/* source_target: which kind of TARGET it is; redirect and respond. */

#include "tools/source_private.h"

enum { TARGET_RESPOND_LEAST = 200, TARGET_RESPOND_MOST = 599 };

static const struct str none = { NULL, 0 };

static bool
source_target_redirects(uint64_t code)
{
	return code == 301 || code == 302 || code == 303 || code == 307 ||
	    code == 308;
}

/* Has an answer of that code no body (RFC 9110 6.4.1)? */
static bool
source_target_bodiless(int code)
{
	return code == 204 || code == 205 || code == 304;
}

static size_t
source_target_redirect(struct source_entry *en, const struct lines_line *line,
    size_t at, struct str code, struct route_target *out)
{
	const struct lines_token *t = &line->tokens[at];
	uint64_t number = 0;

	out->kind = TARGET_REDIRECT;
	if (!str_to_u64(code, TARGET_RESPOND_MOST, &number) ||
	    !source_target_redirects(number))
		source_tell(en, LINT_REDIRECT_CODE, t, t->text.n - code.n,
		    code, none);
	out->code = (int)number;
	if (line->count == at + 1) {
		source_tell(en, LINT_REDIRECT_URL, t, 0, t->text, none);
		return 1;
	}
	source_url_redirect(en, &line->tokens[at + 1], &out->url);
	return 2;
}

static size_t
source_target_respond(struct source_entry *en, const struct lines_line *line,
    size_t at, struct str code, struct route_target *out)
{
	const struct lines_token *t = &line->tokens[at];
	const struct lines_token *text = t + 1;
	uint64_t number = 0;

	out->kind = TARGET_RESPOND;
	if (!str_to_u64(code, TARGET_RESPOND_MOST, &number) ||
	    number < TARGET_RESPOND_LEAST)
		source_tell(en, LINT_RESPOND_CODE, t, t->text.n - code.n,
		    code, none);
	out->code = (int)number;
	if (line->count == at + 1 || !text->quoted)
		return 1;
	out->text = text->text;
	if (out->text.n > 0 && source_target_bodiless(out->code))
		source_tell(en, LINT_RESPOND_TEXT, text, 0, code, none);
	return 2;
}

/* Told; how many tokens the one that was probably meant has. */
static size_t
source_target_unknown(struct source_entry *en, const struct lines_line *line,
    size_t at)
{
	static const char *const words[] = { "redirect", "respond",
		"internal" };
	const struct lines_token *t = &line->tokens[at];
	struct str word, value;
	struct near near;
	size_t i;

	if (str_cut(t->text, '=', &word, &value)) {
		near_init(&near, word);
		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			near_offer(&near, words[i]);
		if (near_best(&near) != NULL) {
			source_tell(en, LINT_TARGET_NEAR, t, 0, t->text,
			    arena_printf(en->arena, "%s=%.*s",
				near_best(&near), STR_ARG(value)));
			return at + 1 < line->count &&
			    near_best(&near) != words[2] ? 2 : 1;
		}
	}
	source_tell(en, LINT_TARGET_UNKNOWN, t, 0, t->text, none);
	return 1;
}

/* Notes the tags of a pattern that a label is made of. */
static void
source_target_tags(struct source_entry *en, const struct lines_token *t,
    const struct pattern *p, bool service)
{
	struct source_tag_use *use;
	size_t i;

	for (i = 0; i < p->count; i++) {
		if (p->parts[i].variable != PATTERN_TAG ||
		    p->parts[i].context != PATTERN_IN_AUTHORITY)
			continue;
		use = arena_alloc(en->arena, sizeof(*use));
		if (use == NULL)
			return;
		*use = (struct source_tag_use){ .next = en->tag_uses,
			.at = *t,
			.key = p->parts[i].text,
			.service = service };
		en->tag_uses = use;
	}
}

/* What follows the sign or word of a target that is one token. */
static bool
source_target_one(struct source_entry *en, const struct lines_token *t,
    struct route_target *out)
{
	struct str page = STR("internal=");

	if (t->text.n > 0 && t->text.p[0] == '@') {
		out->kind = TARGET_SERVICE;
		source_link_service(en, t, &out->service);
		source_target_tags(en, t, &out->service.name, true);
	} else if (t->text.n > 0 && t->text.p[0] == '=') {
		out->kind = TARGET_ALIAS;
		source_link_alias(en, t, &out->alias);
	} else if (str_starts(t->text, page)) {
		out->kind = TARGET_INTERNAL;
		source_link_internal(en, t,
		    str_sub(t->text, page.n, t->text.n), &out->internal);
	} else {
		return false;
	}
	return true;
}

size_t
source_target(struct source_entry *en, const struct lines_line *line,
    size_t at, struct route_target *out)
{
	const struct lines_token *t = &line->tokens[at];
	struct str text = t->text;
	enum origin_scheme scheme;

	if (source_url_scheme(text, &scheme)) {
		out->kind = TARGET_ORIGIN;
		source_url_origin(en, t, scheme, &out->origin);
		source_target_tags(en, t, &out->origin.host, false);
		source_target_tags(en, t, &out->origin.socket, false);
	} else if (str_starts(text, STR("redirect="))) {
		size_t taken = source_target_redirect(en, line, at,
		    str_sub(text, sizeof("redirect=") - 1, text.n), out);

		source_target_tags(en, t, &out->url, false);
		return taken;
	} else if (str_starts(text, STR("respond="))) {
		return source_target_respond(en, line, at,
		    str_sub(text, sizeof("respond=") - 1, text.n), out);
	} else if (!source_target_one(en, t, out)) {
		return source_target_unknown(en, line, at);
	}
	return 1;
}
