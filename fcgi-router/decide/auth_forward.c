/* SPDX-License-Identifier: BSD-2-Clause */

/* auth_forward: what becomes of the answers of a service that is asked, and how
 * long the tokens live that it was shown. */

#include <string.h>

#include "decide/auth_cache.h"
#include "decide/auth_json.h"
#include "decide/auth_private.h"

enum {
	AUTH_FORWARD_ROOM = 512 << 10, /* for what one token says */
	AUTH_FORWARD_TOKENS = 64       /* looked at in all fields */
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

int64_t
auth_tokens_left(const struct header *h, double now)
{
	int64_t left = INT64_MAX, one;
	struct str rest, run, head, body;
	size_t i, tokens = 0;
	struct arena a;

	arena_init(&a, AUTH_FORWARD_ROOM);
	for (i = 0; i < h->count; i++) {
		rest = h->fields[i].value;
		while (rest.n > 3 && tokens <= AUTH_FORWARD_TOKENS) {
			const char *at = memmem(rest.p, rest.n, "eyJ", 3);

			if (at == NULL)
				break;
			rest = str_sub(rest, (size_t)(at - rest.p), rest.n);
			run = auth_forward_run(rest);
			if (auth_forward_cut(run, &head, &body)) {
				one = auth_forward_left(head, body, now, &a);
				left = one < left ? one : left;
				tokens++;
				arena_reset(&a);
				run.n = 3; /* another may begin in it */
			}
			rest = str_sub(rest, run.n, rest.n);
		}
	}
	arena_fini(&a);
	return tokens <= AUTH_FORWARD_TOKENS ? left : 0;
}
