/* SPDX-License-Identifier: BSD-2-Clause */

/* internal: health, ask and metrics; and who else answers. */

#include "serve/internal.h"

#include "base/clock.h"
#include "decide/ask.h"
#include "decide/metrics.h"
#include "serve/pages.h"
#include "serve/status.h"

enum { INTERNAL_MAX = 448 * 1024 }; /* an exchange takes 512 KiB at once */

static int
internal_say(struct exchange *x, int status, const char *word)
{
	if (pages_word(&x->reply, status, word, &x->request, &x->arena) == 0)
		return 0;
	return err_set(&x->err, REASON_OVERLOADED, "no room for an answer");
}

static int
internal_ask(struct exchange *x, unsigned slot)
{
	struct exchange_map m;
	int got;

	exchange_ask_map(x, slot, &m);
	got = ask_domain(&m.ask, &x->arena, &x->err);
	if (snapshot_confirm(x->map, &x->err) == -1 || got == -1)
		return -1;
	x->err.reason = REASON_NONE; /* that one was of the other host */
	return internal_say(x, got == 1 ? 200 : 404,
	    got == 1 ? "known" : "unknown");
}

static int
internal_metrics(struct exchange *x)
{
	struct process *p = x->process;
	struct stats_view *counted = p->stats != NULL ?
	    stats_view_take(p->stats) : NULL;
	const struct metrics_from from = { .stats = counted,
		.health = p->health,
		.health_limits = pick_limits(x->settings),
		.limit = p->limit,
		.now_ms = clock_ms() };
	struct exchange_reply *reply = &x->reply;
	struct buf text;
	bool fits;

	buf_init(&text, INTERNAL_MAX);
	header_init(&reply->fields, &x->arena);
	reply->status = 200;
	fits = metrics_put(&from, &text) == 0;
	reply->body = arena_copy(&x->arena, buf_view(&text));
	buf_fini(&text);
	stats_view_free(&counted);
	if (fits && reply->body.p != NULL && header_add(&reply->fields,
	    STR("Content-Type"), STR(METRICS_TYPE)) == 0 &&
	    header_add(&reply->fields, STR("Cache-Control"),
	    STR("no-store")) == 0)
		return 0;
	return err_set(&x->err, REASON_OVERLOADED, "no room for an answer");
}

int
internal_answer(struct exchange *x, enum internal_page page, unsigned slot)
{
	switch (page) {
	case INTERNAL_HEALTH:
		return internal_say(x, 200, "ok");
	case INTERNAL_ASK:
		return internal_ask(x, slot);
	case INTERNAL_STATUS:
		return status_answer(x, slot);
	case INTERNAL_METRICS:
		return internal_metrics(x);
	case INTERNAL_COUNT:
		break;
	}
	return err_set(&x->err, REASON_MAP_BROKEN, "an unknown internal page");
}
