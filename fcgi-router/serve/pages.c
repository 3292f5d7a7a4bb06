/* SPDX-License-Identifier: BSD-2-Clause */

/* pages: three small writers. */

#include "serve/pages.h"

#include <string.h>

#include "http/accept.h"
#include "http/status.h"

enum { PAGES_ERRORS = 400 }; /* statuses from here on have pages */

/* A token in HTML: of all that mean something there it can hold '&' alone. */
static struct str
pages_token(struct str id, struct arena *a)
{
	static const struct str amp = { "&amp;", 5 };
	size_t n = 0, i;
	char *to;

	if (str_find(id, '&') == id.n)
		return id;
	to = arena_alloc(a, id.n * amp.n);
	for (i = 0; to != NULL && i < id.n; i++) {
		struct str one = id.p[i] == '&' ? amp : str_sub(id, i, i + 1);

		memcpy(to + n, one.p, one.n);
		n += one.n;
	}
	return (struct str){ to, n };
}

static int
pages_type(struct exchange_reply *reply, bool json)
{
	return header_add(&reply->fields, STR("Content-Type"), json ?
	    STR("application/json") : STR("text/html; charset=utf-8"));
}

/* What a page of ours says. */
struct pages_said {
	int status;
	const char *word;     /* why; NULL: a route says the status */
	const char *sentence; /* of the word */
	struct str id;        /* of what no cache keeps */
};

/* The id is a token: it holds no quote and no backslash. The rest is
 * static. */
static struct str
pages_json(const struct pages_said *s, struct arena *a)
{
	if (s->word == NULL)
		return arena_printf(a, "{\"status\":%d,\"message\":\"%s\"}\n",
		    s->status, status_phrase(s->status));
	return arena_printf(a, "{\"status\":%d,\"reason\":\"%s\","
	    "\"message\":\"%s\",\"request_id\":\"%.*s\"}\n", s->status,
	    s->word, s->sentence, STR_ARG(s->id));
}

static struct str
pages_html(const struct pages_said *s, struct arena *a)
{
	const char *phrase = status_phrase(s->status);
	struct str shown = pages_token(s->id, a), why = STR("");

	if (s->word != NULL)
		why = arena_printf(a, "<p>%s</p>\n"
		    "<p><small>%s, request %.*s</small></p>\n", s->sentence,
		    s->word, STR_ARG(shown));
	if ((shown.p == NULL && s->id.n > 0) || why.p == NULL)
		return (struct str){ NULL, 0 };
	return arena_printf(a, "<!doctype html>\n<html lang=\"en\">\n"
	    "<meta charset=\"utf-8\">\n<title>%d %s</title>\n"
	    "<h1>%d %s</h1>\n%.*s</html>\n",
	    s->status, phrase, s->status, phrase, STR_ARG(why));
}

/* 0, or -1: the arena is full. */
static int
pages_ours(struct exchange_reply *reply, const struct pages_said *s,
    bool json, struct arena *a)
{
	reply->body = json ? pages_json(s, a) : pages_html(s, a);
	return reply->body.p != NULL ? pages_type(reply, json) : -1;
}

/* The operator's page for what the reply is, of this reason, with its type.
 * 1, 0: there is none, or -1: the arena is full. */
static int
pages_own(struct exchange_reply *reply, enum reason reason,
    const struct request *request, struct page_files *own, struct arena *a)
{
	bool json = accept_prefers_json(&request->fields);
	const struct page_words words = {
		.host = host_text(&request->host),
		.request_id = request->id,
		.reason = str_of(reason_word(reason)) };

	if (own == NULL || page_files_fill(own, reason, reply->status,
	    json ? PAGE_JSON : PAGE_HTML, &words, a, &reply->body) == 0)
		return 0;
	return pages_type(reply, json) == 0 ? 1 : -1;
}

int
pages_error(struct exchange_reply *reply, enum reason reason,
    const struct request *request, struct page_files *own, struct arena *a)
{
	const struct pages_said said = { reason_status(reason),
		reason_word(reason), reason_sentence(reason), request->id };
	bool json = accept_prefers_json(&request->fields);
	int got;

	header_init(&reply->fields, a);
	reply->status = said.status;
	got = pages_own(reply, reason, request, own, a);
	if (got == 0)
		got = pages_ours(reply, &said, json, a);
	if (got == -1 || header_add(&reply->fields, STR("Cache-Control"),
	    STR("no-store")) == -1)
		return -1;
	return header_add(&reply->fields, STR("X-Router-Reason"),
	    str_of(reason_word(reason)));
}

int
pages_redirect(struct exchange_reply *reply, int status, struct str location,
    struct arena *a)
{
	header_init(&reply->fields, a);
	reply->status = status;
	reply->body = arena_printf(a, "%d %s\n", status,
	    status_phrase(status));
	if (reply->body.p == NULL ||
	    header_add(&reply->fields, STR("Location"), location) == -1)
		return -1;
	return header_add(&reply->fields, STR("Content-Type"),
	    STR("text/plain; charset=utf-8"));
}

/* A status alone: from 400 on people are shown a page, which caches may keep,
 * each as it was asked for. */
static int
pages_respond_status(struct exchange_reply *reply,
    const struct request *request, struct page_files *own, struct arena *a)
{
	const struct pages_said said = { .status = reply->status };
	int got;

	if (reply->status < PAGES_ERRORS)
		return 0;
	got = pages_own(reply, REASON_NONE, request, own, a);
	if (got == 0)
		got = pages_ours(reply, &said,
		    accept_prefers_json(&request->fields), a);
	return got == -1 ? -1 : header_add(&reply->fields, STR("Vary"),
	    STR("Accept"));
}

int
pages_respond(struct exchange_reply *reply,
    const struct route_target *target, uint32_t retry_after,
    const struct request *request, struct page_files *own, struct arena *a)
{
	struct str after;
	int got = 0;

	header_init(&reply->fields, a);
	reply->status = target->code;
	reply->body = target->text;
	if (target->text.n > 0)
		got = header_add(&reply->fields, STR("Content-Type"),
		    STR("text/plain; charset=utf-8"));
	else
		got = pages_respond_status(reply, request, own, a);
	if (got == -1)
		return -1;
	if (retry_after == 0)
		return 0;
	after = arena_printf(a, "%u", (unsigned)retry_after);
	return after.p != NULL ? header_add(&reply->fields,
	    STR("Retry-After"), after) : -1;
}

int
pages_word(struct exchange_reply *reply, int status, const char *word,
    const struct request *request, struct arena *a)
{
	bool json = accept_prefers_json(&request->fields);

	header_init(&reply->fields, a);
	reply->status = status;
	reply->body = arena_printf(a, json ? "{\"status\":\"%s\"}\n" : "%s\n",
	    word);
	if (reply->body.p == NULL || header_add(&reply->fields,
	    STR("Content-Type"), json ? STR("application/json") :
	    STR("text/plain; charset=utf-8")) == -1)
		return -1;
	return header_add(&reply->fields, STR("Cache-Control"),
	    STR("no-store"));
}
