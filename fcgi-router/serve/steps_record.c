/* SPDX-License-Identifier: BSD-2-Clause */

/* steps_record: at the end of an exchange, all that is written down of it. */

#include "serve/steps.h"

#include "base/clock.h"
#include "serve/logs.h"

enum { STEP_PORT_HTTP = 80, STEP_PORT_HTTPS = 443 };

static uint16_t
step_port(const struct request *r)
{
	if (r->port != 0 || r->scheme.n == 0)
		return r->port;
	return str_eq(r->scheme, STR("https")) ? STEP_PORT_HTTPS :
	    STEP_PORT_HTTP;
}

/* In the worker's memory, which has room for all that a route can have. */
static void
step_fill_tags(struct record *r, const struct policy *p,
    const struct exchange_loan *loan)
{
	struct record_tag *list = (struct record_tag *)(void *)loan->scratch;
	size_t i;

	CHECK(p->tag_count <= loan->room / sizeof(*list));
	for (i = 0; i < p->tag_count; i++)
		list[i] = (struct record_tag){ p->tags[i].key,
			p->tags[i].value };
	r->tags = (struct record_tags){ list, p->tag_count };
}

/* Behind the tags. */
static void
step_redact(struct exchange *x, const struct exchange_loan *loan)
{
	size_t used = x->record.tags.count * sizeof(struct record_tag);

	redact_record(&x->settings->redact, &x->record, loan->scratch + used,
	    loan->room - used);
}

static struct str
step_field(const struct request *r, enum name name)
{
	const struct header_field *f = header_known(&r->fields, name);

	return f != NULL ? f->value : (struct str){ NULL, 0 };
}

static void
step_fill_request(struct record *r, const struct request *of)
{
	r->id = of->id;
	r->client_ip = of->client_ip;
	r->method = of->method;
	r->host = host_text(&of->host);
	if (r->host.n == 0)
		r->host = step_field(of, NAME_HOST);
	r->port = step_port(of);
	r->uri = of->uri;
	r->path = of->path.text;
	r->protocol = of->protocol;
	r->referer = step_field(of, NAME_REFERER);
	r->user_agent = step_field(of, NAME_USER_AGENT);
	r->fields = &of->fields;
}

/* What is counted by. */
static void
step_fill_place(struct exchange *x)
{
	struct record *r = &x->record;

	if (x->follow.found.route != NULL)
		r->route = x->follow.found.route->match;
	r->service = x->follow.service_key;
	r->space = exchange_space(x);
}

static void
step_fill_rest(struct exchange *x, const struct exchange_loan *loan)
{
	struct record *r = &x->record;

	step_fill_request(r, &x->request);
	r->version = x->follow.source.version;
	step_fill_tags(r, &x->follow.policy, loan);
	r->origin = x->target.name;
	r->identity = x->auth.yes.identity;
}

static void
step_write_logs(struct exchange *x, const struct record *whole)
{
	unsigned lost = logs_write(x->settings, whole, &x->record);

	if (lost > 0)
		atomic_store(&x->process->log_lost, clock_wall().tv_sec);
	if (lost > 0 && x->process->stats != NULL)
		stats_happened(x->process->stats, STATS_EVENT_log_lost, lost);
}

void
step_record(struct exchange *x, const struct exchange_loan *loan)
{
	const struct record *whole = &x->record;
	struct record kept; /* before it is redacted */
	bool journals;
	int64_t now_us;

	x->recorded = true;
	step_note_refusal(x);
	atomic_fetch_sub(&x->process->exchanges, 1);
	board_hide(x->process->board, &x->mark);
	journals = process_journals(x->process);
	if (!x->logged && !journals && !x->counted)
		return;
	now_us = clock_us();
	x->record.total_us = now_us - x->since_us;
	step_fill_place(x);
	if (x->counted)
		stats_add(x->process->stats, &x->record, now_us);
	if (!x->logged && !journals)
		return;
	step_fill_rest(x, loan);
	if (x->settings->redact.any) {
		kept = x->record;
		whole = &kept;
		step_redact(x, loan);
	}
	if (journals)
		journal_write(x->process->journal, &x->record);
	if (x->logged)
		step_write_logs(x, whole);
}
