/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * source_link: targets that name something else: a service, another host, a
 * page of the router's own.
 */

#include "tools/idn.h"
#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

static bool
source_link_bad(struct source_entry *en, const struct lines_token *t,
    size_t at, struct str name)
{
	source_tell(en, LINT_SERVICE_NAME, t, at, name, none);
	return false;
}

/* Cuts "space/name" behind '@', where '/' in braces parts nothing; *at: where
 * the name begins. */
static bool
source_link_cut(struct str text, struct str *space, size_t *at)
{
	size_t slash = source_url_find(text, 1, text.n, "/");

	*space = str_sub(text, 1, slash);
	*at = 1;
	if (slash == text.n)
		return false;
	*at = slash + 1;
	return true;
}

/*
 * Can a name be NAME whatever labels ([a-z0-9-]{1,63}) are put in for its
 * variables? So are its written bytes checked, and that it is not too long.
 */
static bool
source_link_possible(struct source_entry *en, struct str name)
{
	char *p = arena_alloc(en->arena, name.n + 1);
	size_t i = 0, n = 0;

	if (p == NULL)
		return true; /* the arena is full, and asked about that */
	while (i < name.n) {
		bool variable = name.p[i] == '{' &&
		    !(i + 1 < name.n && name.p[i + 1] == '{');

		p[n++] = variable ? 'x' : name.p[i];
		i = variable ? source_url_behind(name, i) : i + 1;
	}
	return str_is_name((struct str){ p, n });
}

bool
source_link_name(struct source_entry *en, const struct lines_token *t,
    struct str *space, struct str *name)
{
	size_t at;
	bool spaced = source_link_cut(t->text, space, &at);

	*name = str_sub(t->text, at, t->text.n);
	if (!spaced)
		*space = none;
	else if (!str_is_name(*space))
		return source_link_bad(en, t, 0, t->text);
	if (!str_is_name(*name))
		return source_link_bad(en, t, 0, t->text);
	return true;
}

void
source_link_service(struct source_entry *en, const struct lines_token *t,
    struct service_ref *out)
{
	struct str space, name;
	struct err e;
	size_t at, wrong;
	bool spaced = source_link_cut(t->text, &space, &at);

	name = str_sub(t->text, at, t->text.n);
	if (spaced && !str_is_name(space)) {
		source_tell(en, LINT_SERVICE_SPACE, t, 1, space, none);
		return;
	}
	if (!source_link_possible(en, name)) {
		(void)source_link_bad(en, t, 0, t->text);
		return;
	}
	out->scope = spaced ? SERVICE_SPACE : str_find(name, '{') < name.n ?
	    SERVICE_ROUTER : SERVICE_OWN;
	out->space = spaced ? space : none;
	if (!en->matched)
		return;
	if (pattern_parse(name, PATTERN_PLACE_SERVICE, en->route, en->arena,
		&out->name, &wrong, &e) == -1 &&
	    e.reason != REASON_OVERLOADED)
		source_tell(en, LINT_VARIABLE, t, at + wrong, str_of(e.text),
		    none);
}

void
source_link_alias(struct source_entry *en, const struct lines_token *t,
    struct str *out)
{
	struct str name = str_sub(t->text, 1, t->text.n);
	size_t close = name.n > 0 && name.p[0] == '[' ? str_find(name, ']') : 0;
	struct str behind = str_sub(name, close, name.n);
	struct host host;
	struct err e;

	if (name.n == 0 || str_find(behind, ':') < behind.n ||
	    str_find(name, '/') < name.n || str_find(name, '*') < name.n ||
	    str_find(name, '{') < name.n) {
		source_tell(en, LINT_ALIAS_FORM, t, 0, t->text, none);
		return;
	}
	if (idn_host(name, &host, &e) == -1) {
		source_tell(en, LINT_MATCH_HOST, t, 1, str_of(e.text), none);
		return;
	}
	*out = arena_copy(en->arena, host_text(&host));
}

/* "internal=health, ... or internal=..." */
static struct str
source_link_pages(struct source_entry *en)
{
	struct str list = none;
	int page;

	for (page = 0; page < INTERNAL_COUNT; page++)
		list = arena_printf(en->arena, "%.*s%sinternal=%s",
		    STR_ARG(list), page == 0 ? "" :
		    page == INTERNAL_COUNT - 1 ? " or " : ", ",
		    internal_word((enum internal_page)page));
	return list;
}

void
source_link_internal(struct source_entry *en, const struct lines_token *t,
    struct str word, enum internal_page *out)
{
	size_t at = t->text.n - word.n;
	struct near near;
	int page;

	if (internal_find(word, out))
		return;
	near_init(&near, word);
	for (page = 0; page < INTERNAL_COUNT; page++)
		near_offer(&near, internal_word((enum internal_page)page));
	source_tell(en, LINT_INTERNAL_UNKNOWN, t, at, word,
	    near_best(&near) != NULL ? arena_printf(en->arena,
		"internal=%s", near_best(&near)) :
	    source_link_pages(en));
}
