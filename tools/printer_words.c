/* SPDX-License-Identifier: BSD-2-Clause */

/* printer_words: the pieces of an entry, each as a list spells it. */

#include <inttypes.h>

#include "route/pattern.h"
#include "route/spell.h"
#include "tools/printer.h"

enum { WORDS_TEXT_MAX = 16 * 1024 * 1024 };

/* Tokens */

/* Between quotes. */
static int
printer_quoted(struct str text, struct buf *to)
{
	size_t i;

	if (buf_put(to, STR("\"")) == -1)
		return -1;
	for (i = 0; i < text.n; i++) {
		struct str c = str_sub(text, i, i + 1);

		if ((c.p[0] == '"' || c.p[0] == '\\') &&
		    buf_put(to, STR("\\")) == -1)
			return -1;
		if (buf_put(to, c) == -1)
			return -1;
	}
	return buf_put(to, STR("\""));
}

int
printer_token(struct str text, struct buf *to)
{
	if (text.n > 0 && text.p[0] != '#' && str_find(text, ' ') == text.n &&
	    str_find(text, '\t') == text.n && str_find(text, '"') == text.n)
		return buf_put(to, text);
	return printer_quoted(text, to);
}

/* What `plain` holds as one token, if it is whole; it is given back. */
static int
printer_token_of(struct buf *plain, int full, struct buf *to)
{
	if (full == 0)
		full = printer_token(buf_view(plain), to);
	buf_fini(plain);
	return full;
}

/* TARGET */

static int
printer_respond(const struct route_target *t, struct buf *to)
{
	if (buf_printf(to, "respond=%d", t->code) == -1)
		return -1;
	if (t->text.n == 0)
		return 0;
	return buf_put(to, STR(" ")) == -1 ? -1 : printer_quoted(t->text, to);
}

int
printer_target(const struct route_target *t, const struct route *r,
    struct buf *to)
{
	struct buf plain;

	if (t->kind == TARGET_RESPOND)
		return printer_respond(t, to);
	buf_init(&plain, WORDS_TEXT_MAX);
	if (t->kind != TARGET_REDIRECT)
		return printer_token_of(&plain, spell_target(t, r, &plain),
		    to);
	if (buf_printf(to, "redirect=%d ", t->code) == -1)
		return -1;
	return printer_token_of(&plain, pattern_print(&t->url, r, &plain),
	    to);
}

int
printer_origin(const struct service_origin *o, struct buf *to)
{
	struct buf plain;

	buf_init(&plain, WORDS_TEXT_MAX);
	if (printer_token_of(&plain, spell_url(&o->url, NULL, &plain),
		to) == -1)
		return -1;
	if (o->weight != 1 && buf_printf(to, " %s=%" PRIu32,
		directive_word(DIRECTIVE_WEIGHT), o->weight) == -1)
		return -1;
	if (!o->backup)
		return 0;
	return buf_printf(to, " %s", directive_word(DIRECTIVE_BACKUP));
}

/* Lists, numbers */

static int
printer_ranges(const struct cidr_list *ranges, struct buf *to)
{
	size_t i;

	for (i = 0; i < ranges->count; i++)
		if ((i > 0 && buf_put(to, STR(",")) == -1) ||
		    cidr_print(&ranges->list[i], to) == -1)
			return -1;
	return 0;
}

struct printer_unit {
	const char *word;
	uint64_t factor;
};

static const struct printer_unit printer_times[] = { { "h", 3600000 },
	{ "m", 60000 }, { "s", 1000 }, { "ms", 1 } };
static const struct printer_unit printer_sizes[] = { { "g", 1 << 30 },
	{ "m", 1 << 20 }, { "k", 1 << 10 }, { "", 1 } };

/* In the largest unit that has it whole; each table has four. */
static int
printer_scaled(uint64_t value, const struct printer_unit *unit,
    struct buf *to)
{
	while (unit->factor > 1 && (value == 0 || value % unit->factor != 0))
		unit++;
	return buf_printf(to, "%" PRIu64 "%s", value / unit->factor,
	    unit->word);
}

static int
printer_key(const struct balance_by *by, struct buf *to)
{
	switch (by->key) {
	case BALANCE_KEY_COOKIE:
		return buf_printf(to, "cookie:%.*s", STR_ARG(by->name));
	case BALANCE_KEY_HEADER:
		return buf_printf(to, "header:%.*s", STR_ARG(by->name));
	case BALANCE_KEY_PATH:
		return buf_put(to, STR("path"));
	default:
		return buf_put(to, STR("client_ip"));
	}
}

/* Conditions, splits */

static int
printer_cond_text(const struct route_cond *c, struct buf *to)
{
	static const char *const words[COND_KIND_COUNT] = { "header.",
		"cookie.", "query.", "method", "client", "scheme" };

	if (buf_printf(to, "%s%s%.*s", c->negated ? "!" : "", words[c->kind],
		STR_ARG(c->name)) == -1)
		return -1;
	if (c->kind == COND_CLIENT)
		return buf_put(to, STR("=")) == -1 ? -1 :
		    printer_ranges(&c->ranges, to);
	/* Of method and scheme the value goes without saying. */
	if (!c->has_value && c->kind != COND_METHOD && c->kind != COND_SCHEME)
		return 0;
	return buf_put(to, STR("=")) == -1 ? -1 : buf_put(to, c->value);
}

int
printer_cond(const struct route_cond *c, struct buf *to)
{
	struct buf plain;

	buf_init(&plain, WORDS_TEXT_MAX);
	return printer_token_of(&plain, printer_cond_text(c, &plain), to);
}

int
printer_when(const struct route_when *w, const struct route *r,
    struct buf *to)
{
	size_t i;

	if (buf_put(to, STR("when ")) == -1)
		return -1;
	for (i = 0; i < w->cond_count; i++)
		if (printer_cond(&w->conds[i], to) == -1 ||
		    buf_put(to, STR(" ")) == -1)
			return -1;
	if (buf_put(to, STR("-> ")) == -1)
		return -1;
	return printer_target(&w->target, r, to);
}

int
printer_split(const struct route *r, struct buf *to)
{
	size_t i;

	if (buf_put(to, STR("split")) == -1)
		return -1;
	for (i = 0; i < r->split_count; i++)
		if (buf_printf(to, " %" PRIu32 " ", r->splits[i].weight) ==
			-1 ||
		    printer_target(&r->splits[i].target, r, to) == -1)
			return -1;
	if (r->split_by.key == BALANCE_KEY_CLIENT_IP)
		return 0;
	if (buf_put(to, STR(" by=")) == -1)
		return -1;
	return printer_key(&r->split_by, to);
}

/* Words */

static struct str
printer_host_sent(const struct words *w)
{
	return w->host_sent == HOST_SENT_ORIGIN	   ? STR("origin") :
	    w->host_sent == HOST_SENT_PRESERVE ? STR("preserve") :
						     w->host_name;
}

int
printer_balance(const struct words *w, struct buf *to)
{
	if (w->balance != BALANCE_HASH)
		return buf_put(to, w->balance == BALANCE_LEAST ?
			STR("least") : STR("round-robin"));
	return buf_put(to, STR("hash:")) == -1 ? -1 :
	    printer_key(&w->balance_by, to);
}

static int
printer_tags(const struct words *w, struct buf *to)
{
	size_t i;

	for (i = 0; i < w->tag_count; i++)
		if (buf_printf(to, "%s%.*s:%.*s", i > 0 ? "," : "",
			STR_ARG(w->tags[i].key),
			STR_ARG(w->tags[i].value)) == -1)
			return -1;
	return 0;
}

static bool
printer_on(const struct words *w, enum directive d)
{
	return d == DIRECTIVE_EXACT	    ? w->exact :
	    d == DIRECTIVE_STRIP_PREFIX ? w->strip_prefix :
					      w->pass_auth;
}

/* What stands behind the '='. */
static int
printer_value(const struct words *w, enum directive d, struct buf *to)
{
	switch (d) {
	case DIRECTIVE_ENCODED_SLASH:
		return buf_put(to, w->encoded_slash ? STR("data") : STR("no"));
	case DIRECTIVE_HOST:
		return buf_put(to, printer_host_sent(w));
	case DIRECTIVE_TAG:
		return printer_tags(w, to);
	case DIRECTIVE_PLAN:
		return buf_put(to, w->plan);
	case DIRECTIVE_AUTH:
		return buf_put(to, w->auth);
	case DIRECTIVE_ALLOW:
		return printer_ranges(&w->allow, to);
	case DIRECTIVE_DENY:
		return printer_ranges(&w->deny, to);
	case DIRECTIVE_CONNECT_TIMEOUT:
		return printer_scaled(w->connect_timeout, printer_times, to);
	case DIRECTIVE_TIMEOUT:
		return printer_scaled(w->timeout, printer_times, to);
	case DIRECTIVE_IDLE_TIMEOUT:
		return printer_scaled(w->idle_timeout, printer_times, to);
	case DIRECTIVE_TOTAL:
		return printer_scaled(w->total, printer_times, to);
	case DIRECTIVE_MAX_BODY:
		return printer_scaled(w->max_body, printer_sizes, to);
	case DIRECTIVE_TLS:
		return buf_put(to, w->tls);
	case DIRECTIVE_SIGN:
		return buf_put(to, w->sign);
	case DIRECTIVE_EGRESS:
		return buf_put(to, w->egress);
	case DIRECTIVE_REWRITE_BACK:
		return buf_put(to, w->rewrite_back ? STR("on") : STR("off"));
	case DIRECTIVE_RETRY:
		return buf_printf(to, "%" PRIu32, w->retry);
	case DIRECTIVE_WHEN_ALL_DOWN:
		return buf_put(to, w->refuse ? STR("refuse") : STR("try"));
	case DIRECTIVE_BALANCE:
		return printer_balance(w, to);
	case DIRECTIVE_RETRY_AFTER:
		return buf_printf(to, "%" PRIu32, w->retry_after);
	default:
		return 0; /* flags, headers=, and options of origins */
	}
}

/* Never a quote in front: behind respond=CODE that would begin its text. */
static int
printer_word(const struct words *w, enum directive d, struct buf *to)
{
	struct buf plain;
	int full;

	if (directive_is_flag(d))
		return buf_printf(to, " %s%s", directive_word(d),
		    printer_on(w, d) ? "" : "=no");
	if (buf_printf(to, " %s=", directive_word(d)) == -1)
		return -1;
	buf_init(&plain, WORDS_TEXT_MAX);
	full = printer_value(w, d, &plain);
	return printer_token_of(&plain, full, to);
}

int
printer_words(const struct words *w, struct buf *to)
{
	int d;

	for (d = 0; d < DIRECTIVE_COUNT; d++)
		if (words_say(w, (enum directive)d) &&
		    d != DIRECTIVE_HEADERS &&
		    printer_word(w, (enum directive)d, to) == -1)
			return -1;
	return 0;
}

/* Header rules */

int
printer_rule(const struct header_rule *rule, const struct route *r,
    struct buf *to)
{
	static const char *const verbs[HEADER_VERB_COUNT] = { "", "+", "-" };
	const char *side = rule->side == HEADER_REQUEST ? "request" :
							  "response";

	if (buf_printf(to, "%s-header %s%.*s", side, verbs[rule->verb],
		STR_ARG(rule->name)) == -1)
		return -1;
	if (rule->verb == HEADER_REMOVE)
		return 0;
	if (buf_put(to, STR(": ")) == -1)
		return -1;
	return pattern_print(&rule->value, r, to);
}
