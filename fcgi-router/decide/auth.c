/* SPDX-License-Identifier: BSD-2-Clause */

/* auth: the sections, and the walk over what a route asks for. */

#include "decide/auth_private.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct auth_type auth_types[SETTINGS_AUTH_TYPES] = {
	[SETTINGS_AUTH_BEARER] = { auth_bearer_load, auth_bearer_free,
		auth_bearer_ask },
	[SETTINGS_AUTH_BASIC] = { auth_basic_load, auth_basic_free,
		auth_basic_ask },
	[SETTINGS_AUTH_JWT] = { auth_jwt_load, auth_jwt_free, auth_jwt_ask },
	[SETTINGS_AUTH_FORWARD] = { auth_forward_load, auth_forward_free,
		NULL },
};

struct auth_set {
	atomic_int refs;
	struct settings *settings;
	void *loaded[]; /* of each of settings->auths */
};

/* ---- the sections ---- */

int
auth_tell(const struct auth_loading *l, enum settings_auth_key key,
    const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	settings_tell_spot(l->settings->path, l->section->places[key], l->tell,
	    l->arg, "%s", text);
	return -1;
}

int
auth_load(struct settings *s, struct auth_set **out,
    void (*tell)(void *arg, const char *line), void *arg)
{
	struct auth_set *set = calloc(1, sizeof(*set) +
	    (s->auth_count + 1) * sizeof(set->loaded[0]));
	int answer = 0;
	size_t i;

	CHECK(set != NULL);
	atomic_init(&set->refs, 1);
	set->settings = settings_take(s);
	for (i = 0; i < s->auth_count; i++) {
		const struct auth_loading l = { s, &s->auths[i], tell, arg };
		const struct auth_type *type = &auth_types[l.section->type];

		if (type->load != NULL &&
		    type->load(&l, &set->loaded[i]) == -1)
			answer = -1;
	}
	if (answer == -1)
		auth_drop(&set);
	*out = set;
	return answer;
}

struct auth_set *
auth_take(struct auth_set *set)
{
	int held = atomic_fetch_add(&set->refs, 1);

	CHECK(held > 0);
	return set;
}

void
auth_drop(struct auth_set **set)
{
	struct auth_set *gone = *set;
	size_t i;

	*set = NULL;
	if (gone == NULL || atomic_fetch_sub(&gone->refs, 1) > 1)
		return;
	for (i = 0; i < gone->settings->auth_count; i++)
		if (gone->loaded[i] != NULL)
			auth_types[gone->settings->auths[i].type].free(
			    gone->loaded[i]);
	settings_drop(&gone->settings);
	free(gone);
}

/* ---- asking one ---- */

/* What a section said, of this request. */
struct auth_asked {
	struct auth_asked *next;
	const struct settings_auth *section; /* NULL: there is none */
	struct str name;
	int got;
	struct auth_answer answer;
	struct err e;
};

int
auth_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for what auth says");
}

void
auth_begin(struct auth_walk *w, const struct auth_set *set,
    const struct policy *p, const struct request *r, struct arena *a)
{
	memset(w, 0, sizeof(*w));
	w->set = set;
	w->policy = p;
	w->ask.request = r;
	w->ask.arena = a;
}

static int
auth_ask_section(struct auth_walk *w, struct auth_asked *asked)
{
	const struct settings *s = w->set->settings;
	const struct auth_type *type;

	if (asked->section == NULL)
		return err_set(&asked->e, REASON_AUTH_UNAVAILABLE,
		    "router.ini has no section [auth:%.*s]",
		    STR_ARG(asked->name));
	type = &auth_types[asked->section->type];
	w->section = asked->section;
	if (type->ask == NULL)
		return AUTH_CONSULT;
	w->ask.settings = asked->section;
	w->ask.loaded = w->set->loaded[asked->section - s->auths];
	return type->ask(&w->ask, &asked->answer, &asked->e);
}

/* What the section of that name says: it is asked once. NULL: no room. */
static struct auth_asked *
auth_once(struct auth_walk *w, struct str name)
{
	struct auth_asked *asked = w->asked;

	while (asked != NULL && !str_eq(asked->name, name))
		asked = asked->next;
	if (asked == NULL) {
		asked = arena_alloc(w->ask.arena, sizeof(*asked));
		if (asked == NULL)
			return NULL;
		asked->section = settings_auth_of(w->set->settings, name);
		asked->name = name;
		asked->got = AUTH_BUSY;
		asked->next = w->asked;
		w->asked = asked;
	}
	if (asked->got == AUTH_BUSY)
		asked->got = auth_ask_section(w, asked);
	return asked;
}

void
auth_told(struct auth_walk *w, int got, const struct auth_answer *answer,
    const struct err *e)
{
	struct auth_asked *asked = w->asked;

	while (asked != NULL && asked->section != w->section)
		asked = asked->next;
	CHECK(asked != NULL && asked->got == AUTH_CONSULT);
	asked->got = got;
	asked->answer = *answer;
	if (got == -1)
		asked->e = *e;
}

struct auth_cache *
auth_keeps(const struct auth_walk *w)
{
	return w->set->loaded[w->section - w->set->settings->auths];
}

/* ---- the walk ---- */

/* A level's next name, if there is one. */
static bool
auth_next(struct str *left, struct str *name)
{
	char sign = str_find(*left, '|') < left->n ? '|' : ',';

	if (left->n == 0)
		return false;
	(void)str_cut(*left, sign, name, left);
	return true;
}

/* Of A|B the first yes is enough, of A,B the first that is none ends it. As
 * auth_go, but for a no e is not filled. */
static int
auth_go_level(struct auth_walk *w, struct str level, struct err *e)
{
	const bool any = str_find(level, '|') < level.n;
	const struct auth_asked *asked, *fault = NULL;
	struct str name;
	int got = 0;

	while (auth_next(&level, &name)) {
		asked = auth_once(w, name);
		if (asked == NULL)
			return auth_full(e);
		got = asked->got;
		if (got == AUTH_CONSULT || got == AUTH_BUSY)
			return got;
		if (got == -1 && fault == NULL)
			fault = asked;
		if ((got == AUTH_YES) == any)
			break;
	}
	if (got == AUTH_YES)
		return AUTH_YES;
	if (fault == NULL)
		return 0;
	*e = fault->e;
	return -1;
}

static const struct auth_asked *
auth_find(const struct auth_walk *w, struct str name)
{
	const struct auth_asked *asked = w->asked;

	while (asked != NULL && !str_eq(asked->name, name))
		asked = asked->next;
	return asked;
}

/* A no: what all of the level say who were asked. 0 and e, or -1 and e. */
static int
auth_refuse(struct auth_walk *w, struct str level, struct err *e)
{
	struct str left = level, name, why = STR("");
	bool asks;

	header_init(&w->challenges, w->ask.arena);
	w->reply = NULL;
	while (auth_next(&left, &name)) {
		const struct auth_asked *asked = auth_find(w, name);

		if (asked == NULL || asked->got != 0)
			continue;
		if (w->reply == NULL)
			w->reply = asked->answer.reply;
		if (why.n == 0)
			why = asked->answer.why;
		if (asked->answer.challenge.n > 0 &&
		    header_add(&w->challenges, STR("WWW-Authenticate"),
		        asked->answer.challenge) == -1)
			return auth_full(e);
	}
	asks = w->reply != NULL ? w->reply->status == 401 :
	    w->challenges.count > 0;
	(void)err_set(e, asks ? REASON_AUTH_REQUIRED : REASON_AUTH_DENIED,
	    "auth=%.*s does not let in%s%.*s", STR_ARG(level),
	    why.n > 0 ? ": " : "", STR_ARG(why));
	return 0;
}

/* ---- a yes ---- */

/* Lines behind lines. 0, or -1: no room. */
static int
auth_gather(struct arena *a, struct str *all, struct str lines)
{
	if (lines.n > 0)
		*all = ARENA_JOIN(a, *all, all->n > 0 ? STR("\n") : STR(""),
		    lines);
	return all->p != NULL || all->n == 0 ? 0 : -1;
}

/* Adds one's to what all say; the first that names who it is has said it. 0,
 * or -1: no room. claims: with room for all. */
static int
auth_join(struct auth_walk *w, const struct auth_answer *one,
    struct pattern_claim *claims)
{
	struct auth_answer *yes = &w->yes;
	size_t i;

	if (yes->identity.n == 0)
		yes->identity = one->identity;
	if (yes->plan.n == 0)
		yes->plan = one->plan;
	for (i = 0; i < one->claim_count; i++)
		claims[yes->claim_count++] = one->claims[i];
	for (i = 0; i < one->sets.count; i++)
		if (header_keep(&yes->sets, &one->sets.fields[i]) == -1)
			return -1;
	return auth_gather(w->ask.arena, &yes->consumed, one->consumed) == 0 ?
	    auth_gather(w->ask.arena, &yes->cookies, one->cookies) : -1;
}

/* What those say who said yes, in the order in which they were asked for. 0,
 * or -1 and e. */
static int
auth_admit(struct auth_walk *w, struct err *e)
{
	const struct auth_asked *asked;
	struct pattern_claim *claims;
	size_t count = 1, i;
	struct str left, name;

	for (asked = w->asked; asked != NULL; asked = asked->next)
		count += asked->answer.claim_count;
	claims = arena_alloc(w->ask.arena, count * sizeof(*claims));
	if (claims == NULL)
		return auth_full(e);
	memset(&w->yes, 0, sizeof(w->yes));
	header_init(&w->yes.sets, w->ask.arena);
	claims[w->yes.claim_count++].name = STR("identity");
	for (i = 0; i < w->policy->auth_count; i++) {
		left = w->policy->auth[i];
		while (auth_next(&left, &name)) {
			asked = auth_find(w, name);
			if (asked == NULL || asked->got != AUTH_YES)
				continue;
			if (auth_join(w, &asked->answer, claims) == -1)
				return auth_full(e);
		}
	}
	claims[0].value = w->yes.identity;
	w->yes.claims = claims;
	return 0;
}

int
auth_go(struct auth_walk *w, struct err *e)
{
	size_t i;

	for (i = 0; i < w->policy->auth_count; i++) {
		int got = auth_go_level(w, w->policy->auth[i], e);

		if (got == 0)
			return auth_refuse(w, w->policy->auth[i], e);
		if (got != AUTH_YES)
			return got;
	}
	return auth_admit(w, e) == 0 ? AUTH_YES : -1;
}

/* ---- what the origin is sent ---- */

static bool
auth_is_name(const struct header_field *f, void *name)
{
	return header_same_variable(f->name, *(const struct str *)name);
}

static bool
auth_is_bare(const struct header_field *f, void *arg)
{
	(void)arg;
	return f->id == NAME_COOKIE && f->value.n == 0;
}

/* 0, or -1: no room. */
static int
auth_take_cookie(struct header *h, struct str name, struct arena *a)
{
	size_t i;

	for (i = 0; i < h->count; i++) {
		struct header_field *f = &h->fields[i];

		if (f->id != NAME_COOKIE)
			continue;
		f->value = header_cookie_without(f->value, name, a);
		if (f->value.p == NULL)
			return -1;
	}
	header_remove_if(h, auth_is_bare, NULL);
	return 0;
}

/* 0, or -1: no room. */
static int
auth_take_consumed(const struct auth_walk *w, struct header *h)
{
	struct str fields = w->yes.consumed, cookies = w->yes.cookies, name;

	while (fields.n > 0) {
		(void)str_cut(fields, '\n', &name, &fields);
		header_remove_if(h, auth_is_name, &name);
	}
	while (cookies.n > 0) {
		(void)str_cut(cookies, '\n', &name, &cookies);
		if (auth_take_cookie(h, name, w->ask.arena) == -1)
			return -1;
	}
	return 0;
}

int
auth_dress(const struct auth_walk *w, struct header *h)
{
	size_t i;

	if (!w->policy->pass_auth && auth_take_consumed(w, h) == -1)
		return -1;
	for (i = 0; i < w->yes.sets.count; i++)
		header_remove_if(h, auth_is_name, &w->yes.sets.fields[i].name);
	for (i = 0; i < w->yes.sets.count; i++)
		if (header_keep(h, &w->yes.sets.fields[i]) == -1)
			return -1;
	return 0;
}

/* ---- for types ---- */

bool
auth_credentials(const struct request *r, struct str scheme, struct str *out)
{
	const struct header_field *found = NULL;
	size_t i;

	for (i = 0; i < r->fields.count; i++) {
		if (r->fields.fields[i].id != NAME_AUTHORIZATION)
			continue;
		if (found != NULL)
			return false;
		found = &r->fields.fields[i];
	}
	if (found == NULL || !str_starts_nocase(found->value, scheme) ||
	    found->value.n == scheme.n || found->value.p[scheme.n] != ' ')
		return false;
	*out = str_trim(str_sub(found->value, scheme.n, found->value.n));
	return true;
}

static int
auth_base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (str_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

struct str
auth_base64(struct str text, struct arena *a)
{
	const struct str none = { NULL, 0 };
	size_t pads = str_ends(text, STR("==")) ? 2 :
	    str_ends(text, STR("=")) ? 1 : 0;
	char *to = arena_alloc(a, text.n / 4 * 3 + 1);
	unsigned bits = 0, held = 0;
	size_t n = 0, i;

	if (to == NULL || text.n % 4 != 0)
		return none;
	for (i = 0; i < text.n - pads; i++) {
		int digit = auth_base64_digit(text.p[i]);

		if (digit < 0)
			return none;
		held = (held << 6 | (unsigned)digit) & 0xffff;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		to[n++] = (char)(held >> bits & 0xff);
	}
	if ((held & ((1u << bits) - 1)) != 0)
		return none; /* bits that mean nothing: another spelling */
	return (struct str){ to, n };
}

struct str
auth_base64url(struct str text, struct arena *a)
{
	const struct str none = { NULL, 0 };
	size_t room = (text.n + 3) / 4 * 4, i;
	char *to = arena_alloc(a, room + 1);

	if (to == NULL || text.n % 4 == 1)
		return none;
	memset(to, '=', room);
	for (i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!str_is_alnum(c) && c != '-' && c != '_')
			return none;
		to[i] = (char)(c == '-' ? '+' : c == '_' ? '/' : c);
	}
	return auth_base64((struct str){ to, room }, a);
}

int
auth_challenge(const struct auth_ask *ask, struct auth_answer *out,
    struct str scheme, struct str more, struct err *e)
{
	out->challenge = ARENA_JOIN(ask->arena, scheme, STR(" realm=\""),
	    str_of(ask->settings->realm), STR("\""), more);
	return out->challenge.p != NULL ? 0 : auth_full(e);
}
