/* SPDX-License-Identifier: BSD-2-Clause */

/* relay: the process's wires, and the rule of repetition. */

#include "relay/relay.h"

#include "http/request.h"

void
relay_init(struct relay *r, unsigned workers)
{
	gate_init(&r->gate, workers);
	r->maker = wire_maker_new();
	r->pool = pool_new();
}

void
relay_fini(struct relay *r)
{
	pool_free(&r->pool);
	gate_fini(&r->gate);
	wire_maker_free(&r->maker);
}

int
relay_use(struct relay *r, const struct settings *s,
    void (*tell)(void *arg, const char *line), void *arg)
{
	if (wire_maker_trust(r->maker, s, tell, arg) == -1)
		return -1;
	pool_limit(r->pool, (size_t)s->max_idle, s->idle_age, s->wire_age);
	return 0;
}

struct wire *
relay_take(struct relay *r, const struct target *t, bool sure)
{
	struct wire *w = pool_take(r->pool, t->key, sure);

	while (w != NULL && !wire_may_serve(r->maker, w, t)) {
		wire_close(&w);
		w = pool_take(r->pool, t->key, sure);
	}
	return w;
}

bool
relay_may_repeat(const struct transfer *t, enum reason reason,
    struct str method, bool body_kept)
{
	if (!t->reused || t->came > 0 || reason != REASON_ORIGIN_BROKEN ||
	    !body_kept)
		return false;
	return !t->sent_any || request_is_idempotent(method);
}

bool
relay_is_origins_fault(enum reason reason)
{
	switch (reason) {
	case REASON_EGRESS_DENIED:
	case REASON_ORIGIN_REFUSED:
	case REASON_ORIGIN_DNS:
	case REASON_ORIGIN_TLS:
	case REASON_ORIGIN_BROKEN:
	case REASON_ORIGIN_CONNECT_TIMEOUT:
	case REASON_ORIGIN_TIMEOUT:
		return true;
	default:
		return false;
	}
}

bool
relay_may_move(enum reason reason, bool sent, struct str method)
{
	return relay_is_origins_fault(reason) &&
	    (!sent || request_is_idempotent(method));
}
