/* SPDX-License-Identifier: BSD-2-Clause */

/* auth_forward: what becomes of the answers of a service that is asked, and how
 * long the tokens live that it was shown. */

#include <string.h>

#include "decide/auth_cache.h"
#include "decide/auth_json.h"
#include "decide/auth_private.h"

enum {
	AUTH_FORWARD_ROOM = 512 << 10, /* for a field, and for a token in it */
	AUTH_FORWARD_TOKENS = 128      /* looked at, in all fields */
};

int
auth_forward_load(const struct auth_loading *l, void **out)
{
	struct err e;

	if (l->section->ttl == 0)
		return 0;
	if (digest_begin(&e) == -1 || auth_json_begin(&e) == -1)
		return auth_tell(l, SETTINGS_AUTH_ttl, "%s", e.text);
	*out = auth_cache_new();
	return 0;
}

void
auth_forward_free(void *loaded)
{
	struct auth_cache *cache = loaded;

	auth_cache_free(&cache);
}

/* ---- tokens ---- */

static bool
auth_forward_is_part(char c)
{
	return str_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* What a token could be of, from where it begins. */
static struct str
auth_forward_run(struct str text)
{
	size_t n = 0;

	while (n < text.n && auth_forward_is_part(text.p[n]))
		n++;
	return str_sub(text, 0, n);
}

/* The two first parts of what begins like a token. false: there are not three
 * of them, and no later begin in the same run has so many. */
static bool
auth_forward_cut(struct str run, struct str *head, struct str *body)
{
	struct str rest;

	return str_cut(run, '.', head, &rest) &&
	    str_cut(rest, '.', body, &rest);
}

/* As auth_tokens_left, of one. Its signature is the service's to check: who
 * forges an exp can only make what is kept end sooner. */
static int64_t
auth_forward_left(struct str head, struct str body, double now,
    struct arena *a)
{
	struct auth_json *said = auth_json_read(auth_base64url(head, a));
	bool is_token = said != NULL && auth_json_has(said, "alg");
	int64_t left = 0;
	double ends;

	auth_json_free(&said);
	if (!is_token)
		return INT64_MAX;
	said = auth_json_read(auth_base64url(body, a));
	if (said != NULL && !auth_json_has(said, "exp"))
		left = INT64_MAX;
	else if (said != NULL && auth_json_number(said, "exp", &ends) &&
	    ends > now)
		left = ends - now < 1e12 ? (int64_t)((ends - now) * 1000) :
		    INT64_MAX;
	auth_json_free(&said);
	return left;
}

/* Where a token may begin: '{' and a quote or a blank, in base64. */
static struct str
auth_forward_find(struct str text)
{
	size_t i;

	for (i = 0; i + 1 < text.n; i++)
		if (text.p[i] == 'e' &&
		    (text.p[i + 1] == 'y' || text.p[i + 1] == 'w'))
			return str_sub(text, i, text.n);
	return str_sub(text, text.n, text.n);
}

/* As a service reads it that takes percent signs away, as of cookies and
 * queries; others have no token that holds one. {NULL, 0}: no room. */
static struct str
auth_forward_plain(struct str value, struct arena *a)
{
	char *text = arena_alloc(a, value.n + 1), *to = text;
	size_t i;

	for (i = 0; text != NULL && i < value.n; i++) {
		int high = -1, low = -1;

		if (value.p[i] == '%' && i + 2 < value.n) {
			high = str_hex(value.p[i + 1]);
			low = str_hex(value.p[i + 2]);
		}
		*to++ = (char)(high < 0 || low < 0 ? value.p[i] :
		    high << 4 | low);
		i += high < 0 || low < 0 ? 0 : 2;
	}
	return (struct str){ text, (size_t)(to - text) };
}

/* As auth_tokens_left, of one field; *tried: of all. */
static int64_t
auth_forward_field(struct str value, double now, size_t *tried)
{
	int64_t left = INT64_MAX, one;
	struct str rest, run, head, body;
	struct arena a, parts;

	arena_init(&a, AUTH_FORWARD_ROOM);
	arena_init(&parts, AUTH_FORWARD_ROOM);
	rest = auth_forward_find(auth_forward_plain(value, &a));
	while (rest.n > 0 && *tried <= AUTH_FORWARD_TOKENS) {
		run = auth_forward_run(rest);
		if (auth_forward_cut(run, &head, &body)) {
			one = auth_forward_left(head, body, now, &parts);
			left = one < left ? one : left;
			(*tried)++;
			arena_reset(&parts);
			run.n = 2; /* another may begin in it */
		}
		rest = auth_forward_find(str_sub(rest, run.n, rest.n));
	}
	arena_fini(&parts);
	arena_fini(&a);
	return left;
}

int64_t
auth_tokens_left(const struct header *h, double now)
{
	int64_t left = INT64_MAX, one;
	size_t i, tried = 0;

	for (i = 0; i < h->count; i++) {
		one = auth_forward_field(h->fields[i].value, now, &tried);
		left = one < left ? one : left;
	}
	return tried <= AUTH_FORWARD_TOKENS ? left : 0;
}
