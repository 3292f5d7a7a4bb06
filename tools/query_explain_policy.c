/* SPDX-License-Identifier: BSD-2-Clause */

/* query_explain: what is in force: variables, policy, limits, headers. */

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "decide/plan.h"
#include "route/pattern.h"
#include "tools/printer.h"
#include "tools/query_explain.h"

/* Indexes of policy.levels. */
enum { QUERY_LEVEL_DEFAULTS = 0, QUERY_LEVEL_SERVICE, QUERY_LEVEL_ROUTE,
	QUERY_LEVEL_COUNT };

static const char *const query_explain_levels[QUERY_LEVEL_COUNT] = {
	"%defaults", "service", "route"
};

/* ---- variables ---- */

static bool
query_explain_has_cookie(const struct request *r, struct str name)
{
	struct str value;
	size_t i;

	for (i = 0; i < r->fields.count; i++)
		if (str_eq_nocase(r->fields.fields[i].name, STR("Cookie")) &&
		    header_cookie(r->fields.fields[i].value, name, &value))
			return true;
	return false;
}

/* Is the value of each variable in it known here, where no client is? */
static bool
query_explain_is_known(const struct query_explain *x,
    const struct pattern *p)
{
	const struct request *r = &x->answer->request;
	size_t i;

	for (i = 0; i < p->count; i++) {
		const struct pattern_part *part = &p->parts[i];

		switch (part->variable) {
		case PATTERN_REQUEST_ID:
		case PATTERN_AUTH:
			return false;
		case PATTERN_CLIENT_IP:
			if (r->client_ip.n == 0)
				return false;
			break;
		case PATTERN_HEADER:
			if (header_find(&r->fields, part->text) == NULL)
				return false;
			break;
		case PATTERN_COOKIE:
			if (!query_explain_has_cookie(r, part->text))
				return false;
			break;
		default:
			break;
		}
	}
	return true;
}

static void
query_explain_variable(const struct query_explain *x,
    enum pattern_variable v)
{
	struct pattern_part part = { .variable = v,
		.context = PATTERN_IN_HEADER };
	const struct pattern one = { &part, 1 };
	struct buf value;
	struct err e;

	if (pattern_has_key(v) || !query_explain_is_known(x, &one))
		return;
	buf_init(&value, QUERY_MEMORY);
	CHECK(pattern_fill(&one, &x->answer->follow.source, &value, &e) == 0);
	query_out_pair(x->out, "variable", str_of(pattern_word(v)),
	    buf_view(&value));
	buf_fini(&value);
}

void
query_explain_variables(const struct query_explain *x)
{
	const struct follow *f = &x->answer->follow;
	size_t i;
	int v;

	if (f->source.request == NULL)
		return;
	for (v = PATTERN_CAPTURE + 1; v < PATTERN_VARIABLE_COUNT; v++)
		query_explain_variable(x, (enum pattern_variable)v);
	for (i = 0; i < f->policy.tag_count; i++)
		query_out_pair(x->out, "variable", arena_printf(x->arena,
		    "tag.%.*s", STR_ARG(f->policy.tags[i].key)),
		    f->policy.tags[i].value);
}

/* "5s", "1500ms", "64k", "1000". */
static struct str
query_explain_amount(const struct query_explain *x, uint64_t n, bool size)
{
	static const struct { uint64_t by; const char *unit; } times[] = {
		{ 86400000, "d" }, { 3600000, "h" }, { 60000, "m" },
		{ 1000, "s" }, { 1, "ms" } };
	static const struct { uint64_t by; const char *unit; } sizes[] = {
		{ 1 << 30, "g" }, { 1 << 20, "m" }, { 1 << 10, "k" },
		{ 1, "" } };
	size_t i = 0;

	if (size) {
		while (n % sizes[i].by != 0 || (n == 0 && sizes[i].by > 1))
			i++;
		return arena_printf(x->arena, "%" PRIu64 "%s",
		    n / sizes[i].by, sizes[i].unit);
	}
	while (n % times[i].by != 0 || (n == 0 && times[i].by != 1000))
		i++;
	return arena_printf(x->arena, "%" PRIu64 "%s", n / times[i].by,
	    times[i].unit);
}

/* ---- policy ---- */

static void
query_explain_ranges(const struct query_explain *x, const char *word,
    const struct cidr_list *list)
{
	struct buf text;
	size_t i;

	buf_init(&text, QUERY_MEMORY);
	for (i = 0; i < list->count; i++) {
		CHECK(i == 0 || buf_put(&text, STR(",")) == 0);
		CHECK(cidr_print(&list->list[i], &text) == 0);
	}
	query_out_item(x->out, word, buf_view(&text));
	buf_fini(&text);
}

static void
query_explain_addresses(const struct query_explain *x)
{
	const struct policy *p = &x->answer->follow.policy;
	size_t i;

	for (i = 0; i < p->deny_count; i++)
		query_explain_ranges(x, "deny", &p->deny[i]);
	for (i = 0; i < p->allow_count; i++)
		query_explain_ranges(x, "allow", &p->allow[i]);
	if (p->deny_count + p->allow_count == 0 &&
	    x->answer->follow.target->kind != TARGET_INTERNAL)
		return;
	query_out_text(x->out, "address", x->by->wish->client.n == 0 ?
	    STR("not judged, no client is known (--client)") :
	    x->answer->why.reason == REASON_ADDRESS_DENIED ? STR("denied") :
	    STR("admitted"));
}

/* What a plan says, as router.ini spells it. */
static void
query_explain_plan_limits(const struct query_explain *x,
    const struct settings_plan *plan)
{
	const struct limit_rate rate = plan->rate.count == 0 ?
	    (struct limit_rate){ .count = 0 } : plan_rate(plan);

	if (rate.count > 0)
		query_out_pair(x->out, "plan-says", STR("rate"), arena_printf(
		    x->arena, "%" PRIu64 " in %" PRIi64 " s, %" PRIu64
		    " at once", rate.count, rate.per_us / 1000000,
		    rate.burst));
	if (plan->concurrency > 0)
		query_out_pair(x->out, "plan-says", STR("concurrency"),
		    arena_printf(x->arena, "%" PRIi64, plan->concurrency));
	if (plan->origin_time > 0)
		query_out_pair(x->out, "plan-says", STR("origin_time"),
		    query_explain_amount(x, (uint64_t)plan->origin_time,
		    false));
	if (plan->subrequests > 0)
		query_out_pair(x->out, "plan-says", STR("subrequests"),
		    arena_printf(x->arena, "%" PRIi64, plan->subrequests));
	if (plan->max_body < x->by->query->settings->max_body)
		query_out_pair(x->out, "plan-says", STR("max_body"),
		    query_explain_amount(x, plan->max_body, true));
	if (plan->bandwidth > 0)
		query_out_pair(x->out, "plan-says", STR("bandwidth"),
		    query_explain_amount(x, plan->bandwidth, true));
	if (plan->dry_run)
		query_out_pair(x->out, "plan-says", STR("dry_run"),
		    STR("yes"));
}

/* The plan in force, its limits, and what counts this request. */
static void
query_explain_plan(const struct query_explain *x)
{
	const struct policy *p = &x->answer->follow.policy;
	const struct settings_plan *plan = x->answer->plan;
	struct plan_key key;

	if (plan == NULL) {
		if (p->plan.n == 0 && p->plan_said.n > 0)
			query_out_text(x->out, "plan-in-force",
			    STR("none, router.ini has none of that name"));
		return;
	}
	if (!str_eq(p->plan, p->plan_said))
		query_out_text(x->out, "plan-in-force", arena_printf(x->arena,
		    "%s, the default plan%s", plan->name,
		    p->plan_said.n == 0 ? "" :
		    ", router.ini has none of that name"));
	query_explain_plan_limits(x, plan);
	plan_key(plan, &x->answer->follow, &x->answer->request, STR(""), &key);
	query_out_text(x->out, "counted-by", arena_printf(x->arena, "%s %.*s",
	    plan->count_by, STR_ARG(key.text.n > 0 ? key.text :
	    STR("(no client is known: --client)"))));
}

void
query_explain_policy(const struct query_explain *x)
{
	const struct policy *p = &x->answer->follow.policy;
	const struct { const char *word; struct str name; } names[] = {
		{ "plan", p->plan_said }, { "tls", p->tls },
		{ "sign", p->sign }, { "egress", p->egress } };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].name.n > 0)
			query_out_text(x->out, names[i].word, names[i].name);
	query_explain_plan(x);
	for (i = 0; i < p->auth_count; i++)
		query_out_item(x->out, "auth", p->auth[i]);
	query_explain_addresses(x);
	if (!x->by->query->verbose)
		return;
	if (p->strip_prefix)
		query_out_item(x->out, "flag", STR("strip-prefix"));
	if (p->pass_auth)
		query_out_item(x->out, "flag", STR("pass-auth"));
	if (p->encoded_slash)
		query_out_item(x->out, "flag", STR("encoded-slash=data"));
	if (!p->rewrite_back)
		query_out_item(x->out, "flag", STR("rewrite-back=off"));
}

/* ---- times and sizes ---- */

static const struct query_explain_limit {
	enum directive directive;
	const char *setting; /* of [relay] */
	bool size;
	size_t in_words;
	size_t in_settings;
} query_explain_rows[] = {
	{ DIRECTIVE_CONNECT_TIMEOUT, "connect_timeout", false,
	    offsetof(struct words, connect_timeout),
	    offsetof(struct settings, connect_timeout) },
	{ DIRECTIVE_TIMEOUT, "response_timeout", false,
	    offsetof(struct words, timeout),
	    offsetof(struct settings, response_timeout) },
	{ DIRECTIVE_IDLE_TIMEOUT, "idle_timeout", false,
	    offsetof(struct words, idle_timeout),
	    offsetof(struct settings, idle_timeout) },
	{ DIRECTIVE_TOTAL, "total", false, offsetof(struct words, total),
	    offsetof(struct settings, total) },
	{ DIRECTIVE_MAX_BODY, "max_body", true,
	    offsetof(struct words, max_body),
	    offsetof(struct settings, max_body) },
};

/* The tightest, and who said it: the route before a wider level. */
static void
query_explain_limit(const struct query_explain *x,
    const struct query_explain_limit *row)
{
	const struct policy *p = &x->answer->follow.policy;
	const struct settings *settings = x->by->query->settings;
	uint64_t least = UINT64_MAX, n;
	struct str from = STR(""), amount;
	size_t i;

	if (settings != NULL) {
		memcpy(&least, (const char *)settings + row->in_settings,
		    sizeof(least));
		if (least == 0 && row->directive == DIRECTIVE_TOTAL)
			least = UINT64_MAX; /* there is none */
		from = arena_printf(x->arena, "[relay] %s", row->setting);
	}
	for (i = 0; i < QUERY_LEVEL_COUNT; i++) {
		if (!words_say(p->levels[i], row->directive))
			continue;
		memcpy(&n, (const char *)p->levels[i] + row->in_words,
		    sizeof(n));
		if (n > least)
			continue;
		least = n;
		from = str_of(query_explain_levels[i]);
	}
	if (least == UINT64_MAX)
		return;
	amount = query_explain_amount(x, least, row->size);
	query_out_row(x->out, "limit", arena_printf(x->arena,
	    "%s %.*s (%.*s)", directive_word(row->directive),
	    STR_ARG(amount), STR_ARG(from)),
	    (const struct query_cell[]){
		{ .name = "limit",
		    .text = str_of(directive_word(row->directive)) },
		{ .name = "value", .text = amount },
		{ .name = "from", .text = from },
		{ .name = NULL } });
}

void
query_explain_limits(const struct query_explain *x)
{
	size_t i;

	if (!x->answer->origin)
		return;
	for (i = 0; i < sizeof(query_explain_rows) /
	    sizeof(query_explain_rows[0]); i++)
		query_explain_limit(x, &query_explain_rows[i]);
}

/* ---- headers ---- */

/* A rule with its value filled in, or as the list spells it. */
static void
query_explain_header(const struct query_explain *x,
    const struct header_rule *rule, const char *level)
{
	static const char *const verbs[HEADER_VERB_COUNT] = { "", "+", "-" };
	const struct follow *f = &x->answer->follow;
	bool valued = rule->verb != HEADER_REMOVE, filled;
	struct buf text, value;
	struct err e;

	buf_init(&text, QUERY_MEMORY);
	buf_init(&value, QUERY_MEMORY);
	filled = valued && query_explain_is_known(x, &rule->value) &&
	    pattern_fill(&rule->value, &f->source, &value, &e) == 0;
	if (valued && !filled) {
		buf_clear(&value);
		CHECK(pattern_print(&rule->value, f->found.route, &value) ==
		    0);
	}
	CHECK(buf_printf(&text, "%s%.*s%s%.*s", verbs[rule->verb],
	    STR_ARG(rule->name), valued ? ": " : "",
	    STR_ARG(buf_view(&value))) == 0);
	if (filled && str_trim(buf_view(&value)).n == 0)
		CHECK(buf_put(&text, STR("(empty: not sent)")) == 0);
	query_out_row(x->out, rule->side == HEADER_REQUEST ?
	    "request-header" : "response-header", x->by->query->verbose ?
	    arena_printf(x->arena, "%.*s (%s)", STR_ARG(buf_view(&text)),
	    level) : buf_view(&text), (const struct query_cell[]){
		{ .name = "rule", .text = buf_view(&text) },
		{ .name = "from", .text = str_of(level) },
		{ .name = NULL } });
	buf_fini(&text);
	buf_fini(&value);
}

/* Fields of the client's that no origin is sent: a rule sets such a one
 * somewhere, so that it would be forged here; or the settings name it. */
static void
query_explain_withheld(const struct query_explain *x)
{
	const struct header *fields = &x->answer->request.fields;
	const struct settings *settings = x->by->query->settings;
	struct str private = settings != NULL ?
	    str_of(settings->private_headers) : STR("");
	size_t i;

	for (i = 0; i < fields->count; i++) {
		struct str name = fields->fields[i].name;

		if (str_lines_have(x->by->map->lookup.meta->headers,
		    name) || str_lines_have(private, name))
			query_out_item(x->out, "withheld", name);
	}
}

void
query_explain_headers(const struct query_explain *x)
{
	const struct policy *p = &x->answer->follow.policy;
	size_t side, level, i;

	if (x->answer->origin)
		query_explain_withheld(x);

	for (side = 0; side < HEADER_SIDE_COUNT; side++) {
		for (level = 0; level < QUERY_LEVEL_COUNT; level++) {
			const struct words *w = p->levels[level];

			for (i = 0; w != NULL && i < w->rule_count; i++)
				if (w->rules[i].side == side)
					query_explain_header(x, &w->rules[i],
					    query_explain_levels[level]);
		}
	}
}
