/* SPDX-License-Identifier: BSD-2-Clause */

/* status: what is asked for, and all that is known, gathered once. */

#include "serve/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "http/accept.h"
#include "http/host.h"
#include "serve/status_private.h"

enum { STATUS_BOARD = 4096, STATUS_KNOWN = 4096, STATUS_NAME = 256 };

struct status_query {
	enum status_form form;
	enum status_sort sort;
	struct str host;
};

static void *
status_memory(size_t count, size_t size)
{
	void *p = calloc(count, size);

	CHECK(p != NULL);
	return p;
}

/* ---- what is asked ---- */

/* As forms send it; what is broken stays as it is. {NULL, 0}: no memory. */
static struct str
status_decode(struct str value, struct arena *a)
{
	char *text = arena_alloc(a, value.n + 1);
	size_t n = 0, i;

	for (i = 0; text != NULL && i < value.n; i++) {
		char c = value.p[i];

		if (c == '%' && value.n - i > 2 &&
		    str_hex(value.p[i + 1]) >= 0 &&
		    str_hex(value.p[i + 2]) >= 0) {
			c = (char)(str_hex(value.p[i + 1]) << 4 |
			    str_hex(value.p[i + 2]));
			i += 2;
		}
		text[n++] = c;
	}
	return (struct str){ text, n };
}

static enum status_sort
status_sort_of(struct str word)
{
	int by;

	for (by = 0; by < STATUS_SORT_COUNT; by++)
		if (str_eq(word, str_of(status_sort_word(
		    (enum status_sort)by))))
			return (enum status_sort)by;
	return STATUS_BY_REQUESTS;
}

static struct status_query
status_ask(const struct request *r, struct arena *a)
{
	struct status_query q = { .form = accept_prefers_json(&r->fields) ?
		STATUS_JSON : STATUS_PAGE };
	struct str query = r->path.query, pair, name, value;

	while (query.n > 0) {
		(void)str_cut(query, '&', &pair, &query);
		(void)str_cut(pair, '=', &name, &value);
		if (str_eq(name, STR("auto")))
			q.form = STATUS_LINES;
		else if (str_eq(name, STR("json")))
			q.form = STATUS_JSON;
		else if (str_eq(name, STR("sort")))
			q.sort = status_sort_of(value);
		else if (str_eq(name, STR("host")))
			q.host = str_trim(status_decode(value, a));
	}
	return q;
}

/* ---- what is known ---- */

static int
status_worse(const void *a, const void *b)
{
	const struct health_row *x = a, *y = b;
	bool out = x->view.state != HEALTH_WELL;

	if (out != (y->view.state != HEALTH_WELL))
		return out ? -1 : 1;
	if (x->view.fails != y->view.fails)
		return x->view.fails > y->view.fails ? -1 : 1;
	return str_cmp((struct str){ x->name, x->name_size },
	    (struct str){ y->name, y->name_size });
}

static void
status_gather_origins(struct status *s, struct health *health)
{
	unsigned at = 0;

	s->origins = status_memory(STATUS_KNOWN, sizeof(*s->origins));
	while (s->origin_count < STATUS_KNOWN && health_next(health, &at,
	    s->limits, clock_ms(), &s->origins[s->origin_count]))
		s->origin_states[s->origins[s->origin_count++].view.state]++;
	qsort(s->origins, s->origin_count, sizeof(*s->origins), status_worse);
}

static int
status_older(const void *a, const void *b)
{
	const struct board_view *x = a, *y = b;

	return x->since_us < y->since_us ? -1 : x->since_us > y->since_us;
}

static void
status_gather_requests(struct status *s, struct board *board)
{
	unsigned at = 0;

	s->requests = status_memory(STATUS_BOARD, sizeof(*s->requests));
	while (board != NULL && s->request_count < STATUS_BOARD &&
	    board_next(board, &at, &s->requests[s->request_count]))
		s->request_count++;
	qsort(s->requests, s->request_count, sizeof(*s->requests),
	    status_older);
}

static int
status_later(const void *a, const void *b)
{
	const struct limit_refusals *x = a, *y = b;

	return x->last_ms > y->last_ms ? -1 : x->last_ms < y->last_ms;
}

/* Of a plan as a whole there is an entry, too, without a key. */
static void
status_gather_limits(struct status *s, struct limit *limit)
{
	unsigned at = 0;

	s->refusals = status_memory(STATUS_KNOWN, sizeof(*s->refusals));
	while (limit != NULL && s->refusal_count < STATUS_KNOWN &&
	    limit_refusals_next(limit, &at, &s->refusals[s->refusal_count]))
		s->refusal_count +=
		    s->refusals[s->refusal_count].key[0] != '\0';
	qsort(s->refusals, s->refusal_count, sizeof(*s->refusals),
	    status_later);
}

static void
status_gather(struct status *s, const struct exchange *x)
{
	size_t i;

	process_join_board(x->process);
	s->wall = clock_wall();
	s->space = exchange_space(x);
	s->settings = x->settings;
	s->counts = x->process->stats != NULL;
	s->counted = stats_view_take(x->process->stats);
	if (!s->counts)
		s->counted->made = (uint64_t)s->wall.tv_sec;
	for (i = 0; i < STATS_SECONDS; i++)
		stats_sum(&s->minute, &s->counted->seconds[i]);
	status_gather_origins(s, x->process->health);
	status_gather_requests(s, x->process->board);
	s->now_us = clock_us(); /* behind them: none is younger than 0 */
	status_gather_limits(s, x->process->limit);
	status_judge(s);
}

static void
status_forget(struct status *s)
{
	stats_view_free(&s->counted);
	free(s->origins);
	free(s->requests);
	free(s->refusals);
}

/* ---- what is answered ---- */

static void
status_write(struct status_out *o, const struct status *s,
    enum status_form form)
{
	if (form == STATUS_JSON)
		status_json(o, s);
	else if (form == STATUS_LINES)
		status_lines(o, s);
	else
		status_page(o, s);
}

struct str
status_body(struct status *s, enum status_form form, struct arena *a)
{
	struct status_out o = { .full = false };
	struct str body;

	buf_init(&o.to, STATUS_MAX);
	for (s->rows = STATUS_ROWS; ; s->rows /= 2) {
		status_write(&o, s, form);
		if (!o.full || s->rows == 0)
			break;
		buf_clear(&o.to);
		o.full = false;
	}
	body = o.full ? (struct str){ NULL, 0 } :
	    arena_copy(a, buf_view(&o.to));
	buf_fini(&o.to);
	return body;
}

/* Nothing but the page's own style and script, each of which has the nonce. */
static int
status_guard(struct header *fields, struct str nonce, struct arena *a)
{
	struct str policy = arena_printf(a, "default-src 'none'; "
	    "style-src 'nonce-%.*s'; script-src 'nonce-%.*s'; "
	    "connect-src 'self'; img-src data:; form-action 'self'; "
	    "base-uri 'none'; frame-ancestors 'none'", STR_ARG(nonce),
	    STR_ARG(nonce));

	return policy.p == NULL || header_add(fields,
	    STR("Content-Security-Policy"), policy) == -1 ||
	    header_add(fields, STR("Referrer-Policy"),
	    STR("no-referrer")) == -1 ? -1 : 0;
}

static int
status_reply(struct exchange *x, struct status *s, enum status_form form)
{
	static const char *const types[STATUS_FORM_COUNT] = {
		[STATUS_PAGE] = "text/html; charset=utf-8",
		[STATUS_LINES] = "text/plain; charset=utf-8",
		[STATUS_JSON] = "application/json"
	};
	struct exchange_reply *reply = &x->reply;

	header_init(&reply->fields, &x->arena);
	reply->status = 200;
	reply->body = status_body(s, form, &x->arena);
	if (reply->body.p == NULL || header_add(&reply->fields,
	    STR("Content-Type"), str_of(types[form])) == -1 ||
	    header_add(&reply->fields, STR("Cache-Control"),
	    STR("no-store")) == -1 || header_add(&reply->fields,
	    STR("X-Content-Type-Options"), STR("nosniff")) == -1 ||
	    (form == STATUS_PAGE &&
	        status_guard(&reply->fields, s->nonce, &x->arena) == -1))
		return err_set(&x->err, REASON_OVERLOADED,
		    "no room for an answer");
	return 0;
}

static struct str
status_nonce(char text[STATUS_NONCE])
{
	uint64_t words[2];
	int n;

	hash_random(words, sizeof(words));
	n = snprintf(text, STATUS_NONCE, "%016llx%016llx",
	    (unsigned long long)words[0], (unsigned long long)words[1]);
	return (struct str){ text, (size_t)n };
}

int
status_answer(struct exchange *x, unsigned slot)
{
	struct status_query q = status_ask(&x->request, &x->arena);
	struct health_limits limits = pick_limits(x->settings);
	struct status *s = arena_alloc(&x->arena, sizeof(*s));
	char name[STATUS_NAME], nonce[STATUS_NONCE];
	int got;

	if (s == NULL)
		return err_set(&x->err, REASON_OVERLOADED,
		    "no room for an answer");
	if (q.host.n > 0 && status_look(x, slot, q.host, &s->search) == -1)
		return -1;
	if (snapshot_confirm(x->map, &x->err) == -1)
		return -1;
	if (gethostname(name, sizeof(name)) == -1)
		name[0] = '\0';
	name[sizeof(name) - 1] = '\0';
	s->name = str_of(name);
	s->nonce = status_nonce(nonce);
	s->sort = q.sort;
	s->limits = &limits;
	status_gather(s, x);
	got = status_reply(x, s, q.form);
	status_forget(s);
	return got;
}
