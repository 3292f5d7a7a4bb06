/* SPDX-License-Identifier: BSD-2-Clause */

/* source_target: which kind of TARGET it is; redirect and respond. */

#include <stdio.h>

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
    struct str code)
{
	const struct lines_token *t = &line->tokens[1];
	struct route *r = &en->out->route;
	uint64_t number = 0;

	r->target = TARGET_REDIRECT;
	if (!str_to_u64(code, TARGET_RESPOND_MOST, &number) ||
	    !source_target_redirects(number))
		source_tell(en, LINT_REDIRECT_CODE, t, t->text.n - code.n,
		    code, none);
	r->code = (int)number;
	if (line->count == 2) {
		source_tell(en, LINT_REDIRECT_URL, t, 0, t->text, none);
		return 1;
	}
	source_url_redirect(en, &line->tokens[2]);
	return 2;
}

static size_t
source_target_respond(struct source_entry *en, const struct lines_line *line,
    struct str code)
{
	const struct lines_token *t = &line->tokens[1];
	struct route *r = &en->out->route;
	uint64_t number = 0;

	r->target = TARGET_RESPOND;
	if (!str_to_u64(code, TARGET_RESPOND_MOST, &number) ||
	    number < TARGET_RESPOND_LEAST)
		source_tell(en, LINT_RESPOND_CODE, t, t->text.n - code.n,
		    code, none);
	r->code = (int)number;
	if (line->count == 2 || !line->tokens[2].quoted)
		return 1;
	r->text = line->tokens[2].text;
	if (r->text.n > 0 && source_target_bodiless(r->code))
		source_tell(en, LINT_RESPOND_TEXT, &line->tokens[2], 0, code,
		    none);
	return 2;
}

size_t
source_target(struct source_entry *en, const struct lines_line *line)
{
	const struct lines_token *t = &line->tokens[1];
	struct str text = t->text;

	if (str_starts_nocase(text, STR("http://")))
		source_url_origin(en, t, ORIGIN_HTTP);
	else if (str_starts_nocase(text, STR("https://")))
		source_url_origin(en, t, ORIGIN_HTTPS);
	else if (str_starts_nocase(text, STR("unix:")))
		source_url_origin(en, t, ORIGIN_UNIX);
	else if (str_starts(text, STR("redirect=")))
		return source_target_redirect(en, line,
		    str_sub(text, sizeof("redirect=") - 1, text.n));
	else if (str_starts(text, STR("respond=")))
		return source_target_respond(en, line,
		    str_sub(text, sizeof("respond=") - 1, text.n));
	else
		source_tell(en, LINT_TARGET_UNKNOWN, t, 0, text, none);
	return 1;
}
