/* SPDX-License-Identifier: BSD-2-Clause */

/* internal: health and ask. */

#include "serve/internal.h"

#include "decide/ask.h"
#include "serve/pages.h"

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

int
internal_answer(struct exchange *x, enum internal_page page, unsigned slot)
{
	switch (page) {
	case INTERNAL_HEALTH:
		return internal_say(x, 200, "ok");
	case INTERNAL_ASK:
		return internal_ask(x, slot);
	case INTERNAL_COUNT:
		break;
	}
	return err_set(&x->err, REASON_MAP_BROKEN, "an unknown internal page");
}
