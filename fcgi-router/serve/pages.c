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

/* The id is a token: it holds no quote and no backslash. The rest is
 * static. */
static struct str
pages_error_json(enum reason reason, struct str id, struct arena *a)
{
	return arena_printf(a, "{\"status\":%d,\"reason\":\"%s\","
	    "\"message\":\"%s\",\"request_id\":\"%.*s\"}\n",
	    reason_status(reason), reason_word(reason),
	    reason_sentence(reason), STR_ARG(id));
}

static struct str
pages_error_html(enum reason reason, struct str id, struct arena *a)
{
	int status = reason_status(reason);
	struct str shown = pages_token(id, a);

	if (shown.p == NULL && id.n > 0)
		return shown;
	return arena_printf(a, "<!doctype html>\n<html lang=\"en\">\n"
	    "<meta charset=\"utf-8\">\n<title>%d %s</title>\n"
	    "<h1>%d %s</h1>\n<p>%s</p>\n"
	    "<p><small>%s, request %.*s</small></p>\n</html>\n",
	    status, status_phrase(status), status, status_phrase(status),
	    reason_sentence(reason), reason_word(reason),
	    STR_ARG(shown));
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
	bool json = accept_prefers_json(&request->fields);
	int got;

	header_init(&reply->fields, a);
	reply->status = reason_status(reason);
	got = pages_own(reply, reason, request, own, a);
	if (got == 0) {
		reply->body = json ?
		    pages_error_json(reason, request->id, a) :
		    pages_error_html(reason, request->id, a);
		got = reply->body.p != NULL ? pages_type(reply, json) : -1;
	}
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
	else if (target->code >= PAGES_ERRORS)
		got = pages_own(reply, REASON_NONE, request, own, a);
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
