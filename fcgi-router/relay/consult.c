/* SPDX-License-Identifier: BSD-2-Clause */

/* consult: a question to a service, and its answer. */

#include "relay/consult.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "decide/auth_cache.h"
#include "decide/fields.h"
#include "http/fresh.h"

static int
consult_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED,
	    "no room for what an auth service is asked");
}

/* ---- the question ---- */

static int
consult_address(struct consult *c, const struct settings *s, struct err *e)
{
	struct target *t = &c->target;
	char digits[STR_DECIMAL_MAX];
	struct str port;

	*t = (struct target){ .port = c->url.port,
		.socket = c->url.socket,
		.host = host_text(&c->url.host),
		.path = c->url.path,
		.host_field = STR("localhost"),
		.written = true,
		.tls = str_of(c->section->tls),
		.egress = &s->egress };
	port = str_decimal(t->port, digits);
	t->scheme = t->socket.n > 0 ? ORIGIN_UNIX :
	    c->url.tls ? ORIGIN_HTTPS : ORIGIN_HTTP;
	t->name = t->socket.n > 0 ? ARENA_JOIN(c->arena, STR("unix:"),
	    t->socket) : ARENA_JOIN(c->arena,
	    str_of(origin_scheme_word(t->scheme)), STR("://"), t->host,
	    STR(":"), port);
	t->key = target_key(t, STR(""), c->arena);
	if (t->socket.n == 0)
		t->host_field = t->port == (c->url.tls ? 443 : 80) ? t->host :
		    ARENA_JOIN(c->arena, t->host, STR(":"), port);
	return t->name.p != NULL && t->key.p != NULL &&
	    t->host_field.p != NULL ? 0 : consult_full(e);
}

/* Asked of a body, or of one that is known already, which there is none. */
static const struct str consult_left_out[] = {
	{ "Content-Type", 12 },
	{ "Content-Encoding", 16 },
	{ "Content-Language", 16 },
	{ "Content-Location", 16 },
	{ "Content-Range", 13 },
	{ "If-Match", 8 },
	{ "If-None-Match", 13 },
	{ "If-Modified-Since", 17 },
	{ "If-Unmodified-Since", 19 },
	{ "If-Range", 8 },
	{ "Range", 5 },
};

/* What is asked for, as nginx set-ups and as Traefik tell it. */
static const struct consult_told {
	struct str name;
	bool method; /* else the path and the query */
} consult_tells[] = {
	{ { "X-Forwarded-Method", 18 }, true },
	{ { "X-Forwarded-Uri", 15 }, false },
	{ { "X-Original-Method", 17 }, true },
	{ { "X-Original-URI", 14 }, false },
};

enum {
	CONSULT_LEFT_OUT = sizeof(consult_left_out) /
	    sizeof(consult_left_out[0]),
	CONSULT_TELLS = sizeof(consult_tells) / sizeof(consult_tells[0])
};

static bool
consult_drops(const struct header_field *f, void *arg)
{
	size_t i;

	(void)arg;
	for (i = 0; i < CONSULT_LEFT_OUT; i++)
		if (header_same_variable(f->name, consult_left_out[i]))
			return true;
	for (i = 0; i < CONSULT_TELLS; i++)
		if (header_same_variable(f->name, consult_tells[i].name))
			return true;
	return false;
}

/* The method and the URL of the request, which no client can say itself. */
static int
consult_tell(struct consult *c, struct err *e)
{
	const struct request *r = c->request;
	struct str uri = r->path.text;
	size_t i;

	if (r->path.has_query)
		uri = ARENA_JOIN(c->arena, uri, STR("?"), r->path.query);
	if (uri.p == NULL)
		return consult_full(e);
	header_remove_if(&c->fields, consult_drops, NULL);
	for (i = 0; i < CONSULT_TELLS; i++)
		if (header_add(&c->fields, consult_tells[i].name,
		    consult_tells[i].method ? r->method : uri) == -1)
			return consult_full(e);
	return 0;
}

int
consult_begin(struct consult *c, const struct settings_auth *section,
    const struct settings *s, const struct request *request,
    struct str set_by_rules, struct arena *a, struct err *e)
{
	const struct fields_to_origin in = { .request = request,
		.target = &c->target,
		.forwarded = s->forwarded,
		.max_hops = (int)s->max_hops,
		.set_by_rules = set_by_rules,
		.private = str_of(s->private_names) };

	memset(c, 0, sizeof(*c));
	c->begun = clock_ms();
	c->until = c->begun + section->timeout;
	c->section = section;
	c->request = request;
	c->arena = a;
	if (settings_url_read(str_of(section->url), &c->url, e) == -1)
		return consult_failed(c, e);
	if (consult_address(c, s, e) == -1 ||
	    fields_to_origin(&in, a, &c->fields, e) == -1)
		return -1;
	return consult_tell(c, e);
}

struct h1_request
consult_request(const struct consult *c)
{
	return (struct h1_request){ .method = STR("GET"),
		.target = c->target.path,
		.host = c->target.host_field,
		.fields = &c->fields,
		.body = H1_BODY_NONE };
}

/* ---- a question that was asked before ---- */

enum { CONSULT_QUESTION_MAX = 256 * 1024 };

/* Of each request another one, and nothing that a service decides by. */
static const struct str consult_told_apart[] = {
	{ "X-Request-Id", 12 },
	{ "traceparent", 11 },
	{ "tracestate", 10 },
};

/* Is the name, as servers may spell it, one of the lines? */
static bool
consult_lists(struct str lines, struct str name)
{
	struct str line;

	while (lines.n > 0) {
		(void)str_cut(lines, '\n', &line, &lines);
		if (header_same_variable(line, name))
			return true;
	}
	return false;
}

static bool
consult_minds(const struct consult *c, struct str name)
{
	struct str by = str_of(c->section->ttl_by);
	size_t i;

	if (by.n > 0)
		return consult_lists(by, name);
	for (i = 0; i < sizeof(consult_told_apart) /
	    sizeof(consult_told_apart[0]); i++)
		if (str_eq_nocase(consult_told_apart[i], name))
			return false;
	return true;
}

/* 0, or -1: no room. No name has a ':', no value an LF. */
static int
consult_spell(const struct consult *c, struct buf *question)
{
	size_t i;

	for (i = 0; i < c->fields.count; i++) {
		const struct header_field *f = &c->fields.fields[i];

		if (consult_minds(c, f->name) &&
		    (buf_put(question, f->name) == -1 ||
		    buf_put(question, STR(":")) == -1 ||
		    buf_put(question, f->value) == -1 ||
		    buf_put(question, STR("\n")) == -1))
			return -1;
	}
	return 0;
}

bool
consult_recall(struct consult *c, struct auth_cache *cache,
    struct auth_answer *out)
{
	struct buf question;
	struct err e;

	if (cache == NULL)
		return false;
	buf_init(&question, CONSULT_QUESTION_MAX);
	if (consult_spell(c, &question) == 0 && auth_cache_key(cache,
	    buf_view(&question), &c->key, &e) == 0)
		c->cache = cache;
	buf_fini(&question);
	return c->cache != NULL &&
	    auth_cache_find(cache, &c->key, c->arena, out);
}

/* How long a yes may be used, in ms from now on: all count from when it was
 * asked for. */
static int64_t
consult_lasts(const struct consult *c)
{
	struct timespec now = clock_wall();
	int64_t fresh = fresh_seconds(&c->answer.fields, now.tv_sec);
	int64_t asked = clock_ms() - c->begun, left = c->section->ttl;
	int64_t tokens = auth_tokens_left(&c->fields, (double)now.tv_sec +
	    (double)now.tv_nsec / 1e9);

	if (fresh < left / 1000 + 1)
		left = fresh * 1000 < left ? fresh * 1000 : left;
	left -= asked;
	return tokens < left ? tokens : left;
}

/* ---- the answer ---- */

static bool
consult_is_yes(const struct consult *c)
{
	return c->answer.status >= 200 && c->answer.status < 300;
}

/* Nothing was asked that 304 could be the answer to. */
static bool
consult_is_reply(const struct consult *c)
{
	int status = c->answer.status;

	return status == 401 || status == 403 ||
	    (status >= 300 && status < 400 && status != 304);
}

int
consult_take(void *arg, struct str data)
{
	struct consult *c = arg;

	if (c->room == NULL && consult_is_reply(c))
		c->room = arena_alloc(c->arena, CONSULT_BODY_MAX);
	if (data.n > CONSULT_BODY_MAX - c->body.n ||
	    (c->room == NULL && consult_is_reply(c))) {
		c->enough = true;
		return -1;
	}
	if (c->room != NULL)
		memcpy(c->room + c->body.n, data.p, data.n);
	c->body = (struct str){ c->room, c->body.n + data.n };
	return 0;
}

/* For the client: what is of one connection, or an order for the web server,
 * stays here. */
static int
consult_reply(struct consult *c, struct auth_answer *out, struct err *e)
{
	const struct fields_to_client in = { .request = c->request,
		.target = &c->target,
		.answer = &c->answer };
	struct auth_reply *reply = arena_alloc(c->arena, sizeof(*reply));

	if (reply == NULL)
		return consult_full(e);
	reply->status = c->answer.status;
	reply->body = c->body;
	if (fields_to_client(&in, c->arena, &reply->fields, e) == -1 ||
	    fields_fit_lines(&reply->fields, &c->answer.phrase, false,
	        e) == -1)
		return consult_failed(c, e);
	out->reply = reply;
	return 0;
}

/* All that the answer says in the field, parted by commas, and how often it
 * has it. {NULL, 0}: no room. */
static struct str
consult_said(const struct consult *c, struct str field, size_t *times)
{
	const struct header *said = &c->answer.fields;
	struct str text = STR("");
	size_t i;

	*times = 0;
	for (i = 0; i < said->count && text.p != NULL; i++) {
		if (!str_eq_nocase(said->fields[i].name, field))
			continue;
		text = (*times)++ == 0 ? said->fields[i].value :
		    ARENA_JOIN(c->arena, text, STR(","),
		        said->fields[i].value);
	}
	return text;
}

/* A line K:FIELD of `tells`. What names one thing says it once. */
static int
consult_learn_one(const struct consult *c, struct str line,
    struct auth_answer *out, struct pattern_claim *claims, struct err *e)
{
	struct str key, field, text;
	size_t times;

	(void)str_cut(line, ':', &key, &field);
	text = consult_said(c, field, &times);
	if (text.p == NULL)
		return consult_full(e);
	if (times > 1 && (str_eq(key, STR("identity")) ||
	    str_eq(key, STR("plan")))) {
		err_set(e, REASON_AUTH_UNAVAILABLE, "%.*s: %.*s %zu times",
		    STR_ARG(c->target.name), STR_ARG(field), times);
		return consult_failed(c, e);
	}
	if (str_eq(key, STR("identity")))
		out->identity = text;
	else if (times > 0)
		claims[out->claim_count++] = (struct pattern_claim){
			.name = key, .value = text };
	if (str_eq(key, STR("plan")))
		out->plan = text;
	return 0;
}

static int
consult_learn(const struct consult *c, struct auth_answer *out, struct err *e)
{
	struct str left = str_of(c->section->tells), line;
	struct pattern_claim *claims;
	size_t most = 1, i;

	for (i = 0; i < left.n; i++)
		most += left.p[i] == '\n';
	claims = arena_alloc(c->arena, most * sizeof(*claims));
	if (claims == NULL)
		return consult_full(e);
	out->claims = claims;
	while (left.n > 0) {
		(void)str_cut(left, '\n', &line, &left);
		if (consult_learn_one(c, line, out, claims, e) == -1)
			return -1;
	}
	return 0;
}

/* Each field that is copied is the service's alone, also when it says none. */
static int
consult_copy(struct consult *c, struct auth_answer *out, struct err *e)
{
	const struct header *said = &c->answer.fields;
	struct str copied = str_of(c->section->copy);
	size_t i;

	header_init(&out->sets, c->arena);
	for (i = 0; i < said->count; i++)
		if (str_lines_have(copied, said->fields[i].name) &&
		    header_keep(&out->sets, &said->fields[i]) == -1)
			return consult_full(e);
	out->consumed = copied;
	return 0;
}

static int
consult_admit(struct consult *c, struct auth_answer *out, struct err *e)
{
	if (consult_copy(c, out, e) == -1 || consult_learn(c, out, e) == -1)
		return -1;
	if (c->cache != NULL)
		auth_cache_keep(c->cache, &c->key, out, consult_lasts(c));
	return 1;
}

int
consult_judge(struct consult *c, struct auth_answer *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	if (consult_is_yes(c))
		return consult_admit(c, out, e);
	if (!consult_is_reply(c)) {
		err_set(e, REASON_AUTH_UNAVAILABLE, "%.*s: answered %d",
		    STR_ARG(c->target.name), c->answer.status);
		return consult_failed(c, e);
	}
	if (c->enough) {
		err_set(e, REASON_AUTH_UNAVAILABLE,
		    "%.*s: an answer of more than %d bytes",
		    STR_ARG(c->target.name), CONSULT_BODY_MAX);
		return consult_failed(c, e);
	}
	return consult_reply(c, out, e);
}

int
consult_failed(const struct consult *c, struct err *e)
{
	struct err why = *e;

	return err_set(e, REASON_AUTH_UNAVAILABLE, "[auth:%.100s]: %.400s",
	    c->section->name, why.text);
}
