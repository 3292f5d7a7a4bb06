/* SPDX-License-Identifier: BSD-2-Clause */

/* query_explain_service: a service's origins, how they are, and which one
 * would be asked. */

#include "base/clock.h"
#include "tools/printer.h"
#include "tools/query_explain.h"

/* ---- how an origin is ---- */

/* In seconds, of which a part counts as one. */
static unsigned long long
query_explain_seconds(int64_t ms)
{
	return ms > 0 ? ((unsigned long long)ms + 999) / 1000 : 0;
}

static struct str
query_explain_state(const struct query_explain *x,
    const struct health_view *v)
{
	switch (v->state) {
	case HEALTH_OUT:
		return arena_printf(x->arena, "out for %llu s, %u in a row",
		    query_explain_seconds(v->since - clock_ms()), v->times);
	case HEALTH_DUE:
		return STR("due: one request is to try it");
	case HEALTH_TRIED:
		return STR("one request tries it just now");
	case HEALTH_WELL:
	case HEALTH_STATE_COUNT:
		break;
	}
	if (v->fails == 0)
		return STR("well");
	return arena_printf(x->arena, "well, %u failed of late", v->fails);
}

/* "(well, 2 under way; chosen)" behind an origin. */
static struct str
query_explain_origin_notes(const struct query_explain *x,
    const struct service_origin *o, const struct health_view *v, bool chosen)
{
	const char *role = chosen ? "chosen" : o->weight == 0 ? "no share" :
	    o->backup ? "only while all others are down" : "";
	struct buf text;
	struct str notes;

	buf_init(&text, QUERY_MEMORY);
	if (v != NULL)
		CHECK(buf_put(&text, query_explain_state(x, v)) == 0);
	if (v != NULL && v->active > 0)
		CHECK(buf_printf(&text, ", %u under way",
		    (unsigned)v->active) == 0);
	if (role[0] != '\0')
		CHECK(buf_printf(&text, "%s%s", v != NULL ? "; " : "",
		    role) == 0);
	notes = buf_len(&text) == 0 ? STR("") : arena_printf(x->arena,
	    " (%.*s)", STR_ARG(buf_view(&text)));
	buf_fini(&text);
	return notes;
}

static void
query_explain_origin(const struct query_explain *x,
    const struct service_origin *o, const struct health_view *v)
{
	bool chosen = x->pick != NULL && x->pick->pick.how != PICK_NONE &&
	    &o->url == x->answer->follow.origin;
	struct query_cell cells[] = {
		{ .name = "origin" },
		{ .name = "weight", .kind = QUERY_CELL_NUMBER,
		    .number = o->weight },
		{ .name = "backup", .kind = QUERY_CELL_FLAG,
		    .number = o->backup },
		{ .name = "chosen", .kind = QUERY_CELL_FLAG,
		    .number = chosen },
		{ .name = NULL }, { .name = NULL }, { .name = NULL },
		{ .name = NULL }, { .name = NULL } };
	struct str notes = query_explain_origin_notes(x, o, v, chosen);
	struct buf spelled;

	buf_init(&spelled, QUERY_MEMORY);
	CHECK(printer_origin(o, &spelled) == 0);
	cells[0].text = buf_view(&spelled);
	if (v != NULL) {
		cells[4] = (struct query_cell){ .name = "state",
			.text = str_of(health_word(v->state)) };
		cells[5] = (struct query_cell){ .name = "active",
			.kind = QUERY_CELL_NUMBER, .number = v->active };
		cells[6] = (struct query_cell){ .name = "fails",
			.kind = QUERY_CELL_NUMBER, .number = v->fails };
		cells[7] = (struct query_cell){ .name = "times",
			.kind = QUERY_CELL_NUMBER, .number = v->times };
	}
	query_out_row(x->out, "candidate", arena_printf(x->arena, "%.*s%.*s",
	    STR_ARG(buf_view(&spelled)), STR_ARG(notes)), cells);
	buf_fini(&spelled);
}

/* ---- the choice ---- */

static struct str
query_explain_balance(const struct query_explain *x)
{
	const struct follow *f = &x->answer->follow;

	switch (x->pick->pick.balance) {
	case BALANCE_LEAST:
		return x->pick->known ?
		    STR("it has the fewest requests for its weight") :
		    STR("by the fewest requests for its weight");
	case BALANCE_HASH:
		return query_explain_key(x, &f->service->own->balance_by,
		    f->balance_key.from);
	case BALANCE_ROUND_ROBIN:
	case BALANCE_COUNT:
		break;
	}
	return x->pick->known ? STR("it is next in turn, by weight") :
	    STR("in turn, by weight");
}

static struct str
query_explain_choice(const struct query_explain *x)
{
	const struct query_pick *p = x->pick;

	switch (p->pick.how) {
	case PICK_ONLY:
		return STR("the only one that has a share");
	case PICK_TRIAL:
		return STR("it was out, and this request tries it");
	case PICK_LEAST_BAD:
		return STR("all are out: the least bad one");
	case PICK_BALANCED:
		break;
	case PICK_NONE:
	case PICK_HOW_COUNT:
		return STR("none: all are out");
	}
	if (!p->from->backup)
		return query_explain_balance(x);
	return arena_printf(x->arena,
	    "of the backups, as no other is well: %.*s",
	    STR_ARG(query_explain_balance(x)));
}

/* What a service of one origin has no need of. */
static void
query_explain_means(const struct query_explain *x)
{
	const struct query_pick *p = x->pick;
	const struct words *own = x->answer->follow.service->own;
	struct buf spelled;

	buf_init(&spelled, QUERY_MEMORY);
	if (words_say(own, DIRECTIVE_BALANCE))
		CHECK(printer_balance(own, &spelled) == 0);
	else
		CHECK(buf_put(&spelled, STR("round-robin")) == 0);
	query_out_text(x->out, "balance", buf_view(&spelled));
	buf_fini(&spelled);
	query_out_number(x->out, "retry", p->pick.retries);
	query_out_text(x->out, "when-all-down", p->pick.refuse ?
	    STR("refuse") : STR("try"));
	query_out_text(x->out, "health", p->known ? str_of(p->folder) :
	    arena_printf(x->arena, "nothing is known: %s", p->why.text));
}

static const struct health_view *
query_explain_view(const struct query_explain *x, size_t i)
{
	return x->pick != NULL && x->pick->known && i < x->pick->pick.count ?
	    &x->pick->pick.from[i].view : NULL;
}

void
query_explain_choices(const struct query_explain *x)
{
	const struct follow *f = &x->answer->follow;
	size_t i;

	if (f->service_key.n > 0)
		query_out_text(x->out, "service", f->service_key);
	if (f->service == NULL || !x->by->query->verbose)
		return;
	query_out_text(x->out, "service-rule", query_place(x->by->map,
	    f->service->source, f->service->line, x->arena));
	if (x->pick != NULL && x->pick->pick.only == NULL)
		query_explain_means(x);
	for (i = 0; i < f->service->origin_count; i++)
		query_explain_origin(x, &f->service->origins[i],
		    query_explain_view(x, i));
	if (x->pick != NULL)
		query_out_text(x->out, "choice", query_explain_choice(x));
}
