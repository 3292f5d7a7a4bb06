/* SPDX-License-Identifier: BSD-2-Clause */

/* settings_auth: which settings an [auth:NAME] has, by its type. */

#include "http/header.h"
#include "http/name.h"
#include "settings/settings_private.h"

#define SETTINGS_AUTH_ONE(key) (1u << SETTINGS_AUTH_##key)

static const struct settings_auth_kind {
	unsigned needs;
	unsigned takes;
} settings_auth_kinds[SETTINGS_AUTH_TYPES] = {
	[SETTINGS_AUTH_BEARER] = { SETTINGS_AUTH_ONE(file),
		SETTINGS_AUTH_ONE(realm) },
	[SETTINGS_AUTH_BASIC] = { SETTINGS_AUTH_ONE(file),
		SETTINGS_AUTH_ONE(realm) },
	[SETTINGS_AUTH_JWT] = { SETTINGS_AUTH_ONE(algorithm) |
		SETTINGS_AUTH_ONE(key), SETTINGS_AUTH_ONE(realm) |
		SETTINGS_AUTH_ONE(issuer) | SETTINGS_AUTH_ONE(audience) |
		SETTINGS_AUTH_ONE(leeway) | SETTINGS_AUTH_ONE(require_exp) |
		SETTINGS_AUTH_ONE(identity) | SETTINGS_AUTH_ONE(plan) |
		SETTINGS_AUTH_ONE(claims) | SETTINGS_AUTH_ONE(cookie) },
	[SETTINGS_AUTH_FORWARD] = { SETTINGS_AUTH_ONE(url),
		SETTINGS_AUTH_ONE(timeout) | SETTINGS_AUTH_ONE(tls) |
		SETTINGS_AUTH_ONE(copy) | SETTINGS_AUTH_ONE(tells) |
		SETTINGS_AUTH_ONE(ttl) | SETTINGS_AUTH_ONE(ttl_by) },
};

bool
settings_auth_takes(const struct settings_auth *s, size_t at)
{
	const struct settings_auth_kind *kind = &settings_auth_kinds[s->type];

	return at == SETTINGS_AUTH_type ||
	    ((kind->needs | kind->takes) & 1u << at) != 0;
}

static void
settings_auth_row(const struct settings_declaration *named,
    const struct settings_auth_kind *kind, size_t at,
    struct settings_report *r)
{
	const struct settings_place *place = &named->places[at];
	const char *key = settings_row(SETTINGS_AT_AUTH + at)->key;
	struct str type = named->places[SETTINGS_AUTH_type].value;

	if (place->line == 0 && (kind->needs & 1u << at) != 0)
		settings_tell(r, named->line, 1,
		    "no '%s' in [auth:%.*s], expected one: its type is %.*s",
		    key, STR_ARG(named->name), STR_ARG(type));
	else if (place->line != 0 &&
	    ((kind->needs | kind->takes) & 1u << at) == 0)
		settings_tell(r, place->line, place->column,
		    "'%s' in [auth:%.*s], expected none: its type is %.*s",
		    key, STR_ARG(named->name), STR_ARG(type));
}

/* Those that tell of the way here, frame a message or end at each hop are the
 * router's own; and what an origin is asked stays the client's. */
static void
settings_auth_copy(const struct settings_declaration *named,
    struct settings_report *r)
{
	const struct settings_place *copy =
	    &named->places[SETTINGS_AUTH_copy];
	struct str left = copy->value, word;

	while (copy->line != 0 && settings_next_word(&left, &word)) {
		enum name id = name_of(word);

		if (id != NAME_OTHER && id != NAME_AUTHORIZATION)
			settings_tell(r, copy->line, copy->column +
			    (size_t)(word.p - copy->value.p),
			    "'%s' has another use, expected fields of the "
			    "service's own, or Authorization",
			    settings_quote(word).text);
	}
}

/* The K of a K:FIELD. */
static struct str
settings_auth_key(struct str pair)
{
	size_t field = settings_pair_field(pair).n;

	return str_sub(pair, 0, field < pair.n ? pair.n - field - 1 : 0);
}

static bool
settings_auth_is_key(struct str key)
{
	size_t i;

	for (i = 0; i < key.n; i++)
		if (!str_is_alnum(key.p[i]) && key.p[i] != '-' &&
		    key.p[i] != '_')
			return false;
	return true;
}

/* Has one of the words before it the same K? */
static bool
settings_auth_repeats(struct str before, struct str key)
{
	struct str word;

	while (settings_next_word(&before, &word))
		if (str_eq(settings_auth_key(word), key))
			return true;
	return false;
}

static void
settings_auth_tells(const struct settings_declaration *named,
    struct settings_report *r)
{
	const struct settings_place *tells =
	    &named->places[SETTINGS_AUTH_tells];
	struct str left = tells->value, word;

	while (tells->line != 0 && settings_next_word(&left, &word)) {
		size_t at = (size_t)(word.p - tells->value.p);
		struct str key = settings_auth_key(word);

		if (key.n == 0)
			continue; /* told as what is no pair */
		if (!settings_auth_is_key(key))
			settings_tell(r, tells->line, tells->column + at,
			    "'%s' is no such pair, expected K:FIELD, K of "
			    "letters, digits, '-' and '_'",
			    settings_quote(word).text);
		else if (settings_auth_repeats(str_sub(tells->value, 0, at),
		    key))
			settings_tell(r, tells->line, tells->column + at,
			    "'%s' again, expected each K once",
			    settings_quote(key).text);
	}
}

static void
settings_auth_cookie(const struct settings_declaration *named,
    struct settings_report *r)
{
	const struct settings_place *cookie =
	    &named->places[SETTINGS_AUTH_cookie];

	if (cookie->line != 0 && !header_is_token(cookie->value))
		settings_tell(r, cookie->line, cookie->column,
		    "'%s' is no name of a cookie, expected letters, digits, "
		    "'-' and '_'", settings_quote(cookie->value).text);
}

static void
settings_auth_ttl(const struct settings_declaration *named,
    struct settings_report *r)
{
	const struct settings_place *by = &named->places[SETTINGS_AUTH_ttl_by];

	if (by->line != 0 && named->places[SETTINGS_AUTH_ttl].line == 0)
		settings_tell(r, by->line, by->column,
		    "'ttl_by' in [auth:%.*s] without 'ttl', expected both",
		    STR_ARG(named->name));
}

static void
settings_auth_tls(const struct settings_declaration *named,
    const struct settings_declared *declared, struct settings_report *r)
{
	const struct settings_place *tls = &named->places[SETTINGS_AUTH_tls];

	if (tls->line == 0 || !str_is_name(tls->value))
		return;
	if (!str_starts(named->places[SETTINGS_AUTH_url].value,
	    STR("https://")))
		settings_tell(r, tls->line, tls->column,
		    "'tls' in [auth:%.*s], expected none: its url is not "
		    "https://", STR_ARG(named->name));
	else if (settings_find_declared(declared, SETTINGS_TLS,
	    tls->value) == NULL)
		settings_tell(r, tls->line, tls->column,
		    "'tls' is '%.*s', expected one that has a section "
		    "[tls:%.*s]", STR_ARG(tls->value), STR_ARG(tls->value));
}

void
settings_auth_look(const struct settings_declaration *named,
    const struct settings_declared *declared, struct settings_report *r)
{
	const struct settings_place *type = &named->places[SETTINGS_AUTH_type];
	struct settings_value value;
	struct err told;
	size_t at;

	settings_auth_copy(named, r);
	settings_auth_tells(named, r);
	settings_auth_ttl(named, r);
	settings_auth_cookie(named, r);
	settings_auth_tls(named, declared, r);
	if (type->line == 0) {
		settings_tell(r, named->line, 1,
		    "no 'type' in [auth:%.*s], expected one of %s",
		    STR_ARG(named->name),
		    settings_row(SETTINGS_AT_AUTH_type)->most);
		return;
	}
	if (type->value.n == 0 || settings_value_read(SETTINGS_AT_AUTH_type,
	    type->value, &value, &told) == -1)
		return;
	for (at = 0; at < SETTINGS_AUTH_KEYS; at++)
		if (at != SETTINGS_AUTH_type)
			settings_auth_row(named,
			    &settings_auth_kinds[value.number], at, r);
}
