/* SPDX-License-Identifier: BSD-2-Clause */

/* printer: from a record back to the line it may have come from. */

#include "tools/printer.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "route/codec.h"
#include "route/pattern.h"

enum {
	PRINTER_TEXT_MAX = 16 * 1024 * 1024,
	PRINTER_SET_MAX = 65000,     /* of an entry, which holds 64 KiB */
	PRINTER_CLAUSES_MAX = 30000, /* beside the rest of a route */
	PRINTER_COLUMN = 28
};

/* A %headers set that was printed, found by its clauses. */
struct printer_set {
	unsigned number;
	char clauses[]; /* with a NUL behind */
};

/* In the order of their clauses. */
struct printer_sets {
	struct printer_set **list;
	size_t count;
};

struct printer {
	FILE *to;
	struct buf text;     /* of the route at hand */
	struct buf defaults; /* in force: the words behind %defaults */
	struct buf wanted;   /* by the route at hand */
	struct buf clauses;
	/* Of routes, and of %defaults: a set that both named would be applied
	 * once only. */
	struct printer_sets sets[2];
	unsigned set_count; /* of both */
};

struct printer *
printer_new(FILE *to)
{
	struct printer *p = calloc(1, sizeof(*p));

	CHECK(p != NULL);
	p->to = to;
	buf_init(&p->text, PRINTER_TEXT_MAX);
	buf_init(&p->defaults, PRINTER_TEXT_MAX);
	buf_init(&p->wanted, PRINTER_TEXT_MAX);
	buf_init(&p->clauses, PRINTER_TEXT_MAX);
	return p;
}

static void
printer_sets_fini(struct printer_sets *sets)
{
	size_t i;

	for (i = 0; i < sets->count; i++)
		free(sets->list[i]);
	free(sets->list);
}

void
printer_free(struct printer **printer)
{
	struct printer *p = *printer;

	*printer = NULL;
	if (p == NULL)
		return;
	printer_sets_fini(&p->sets[0]);
	printer_sets_fini(&p->sets[1]);
	buf_fini(&p->text);
	buf_fini(&p->defaults);
	buf_fini(&p->wanted);
	buf_fini(&p->clauses);
	free(p);
}

void
printer_write(struct str text, FILE *to)
{
	char safe[4096];

	while (text.n > 0) {
		size_t n = 0;

		while (n < text.n && text.p[n] != '\n' && text.p[n] != '\t')
			n++;
		struct str part = str_sub(text, 0, n);

		while (part.n > 0) {
			size_t put = escape_put(safe, sizeof(safe), &part,
			    ESCAPE_LINE);

			(void)fwrite(safe, 1, put, to);
		}
		if (n < text.n)
			(void)fputc(text.p[n++], to);
		text = str_sub(text, n, text.n);
	}
}

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

/* As one token, between quotes where it must be. */
static int
printer_token(struct str text, struct buf *to)
{
	if (text.n > 0 && text.p[0] != '#' && str_find(text, ' ') == text.n &&
	    str_find(text, '\t') == text.n && str_find(text, '"') == text.n)
		return buf_put(to, text);
	return printer_quoted(text, to);
}

static int
printer_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "a route too large to be printed");
}

/* MATCH */

static int
printer_broken(const struct route *r, struct err *e)
{
	return err_set(e, REASON_MAP_BROKEN,
	    "the record of '%.*s' is not the one of its key",
	    STR_ARG(r->match));
}

static int
printer_capture(const struct route *r, size_t i, struct buf *to)
{
	return buf_printf(to, "{%.*s}", STR_ARG(r->captures[i]));
}

static int
printer_host(char space, struct str host, const struct route *r,
    struct buf *to)
{
	struct str below = STR("");

	if (space == CODEC_ANYWHERE)
		below = STR("**");
	else if (space == CODEC_WILD)
		below = host.n > 0 ? STR("*.") : STR("*");
	else if (space == CODEC_ONE &&
	    (printer_capture(r, 0, to) == -1 || buf_put(to, STR(".")) == -1))
		return -1;
	return buf_put(to, below) == -1 ? -1 : buf_put(to, host);
}

/* From a key without its sign for exact. */
static int
printer_match(struct str key, const struct route *r, struct buf *to,
    struct err *e)
{
	struct str rest = str_sub(key, 1, key.n);
	size_t captures = key.p[0] == CODEC_ONE;
	struct str segment;
	bool more;

	if (r->capture_count < captures)
		return printer_broken(r, e);
	more = str_cut(rest, '/', &segment, &rest);
	if (printer_host(key.p[0], segment, r, to) == -1)
		return printer_full(e);
	while (more) {
		bool capture;

		more = str_cut(rest, '/', &segment, &rest);
		capture = segment.n == 1 && segment.p[0] == CODEC_CAPTURE;
		if (capture && captures == r->capture_count)
			return printer_broken(r, e);
		/* No brace stands in a canonical path. */
		if (buf_put(to, STR("/")) == -1 || (capture ?
			printer_capture(r, captures++, to) :
			buf_put(to, segment)) == -1)
			return printer_full(e);
	}
	return captures == r->capture_count ? 0 : printer_broken(r, e);
}

/* TARGET */

static int
printer_origin(const struct route *r, struct buf *to)
{
	const struct origin_url *o = &r->origin;

	if (buf_printf(to, "%s:", origin_scheme_word(o->scheme)) == -1)
		return -1;
	if (o->scheme == ORIGIN_UNIX) {
		if (pattern_print(&o->socket, r, to) == -1)
			return -1;
		if (o->path.count > 0 && buf_put(to, STR(":")) == -1)
			return -1;
		return pattern_print(&o->path, r, to);
	}
	if (buf_put(to, STR("//")) == -1 ||
	    pattern_print(&o->host, r, to) == -1)
		return -1;
	if (o->port_written && buf_printf(to, ":%u", (unsigned)o->port) == -1)
		return -1;
	return pattern_print(&o->path, r, to);
}

/* What a pattern prints to, as one token. */
static int
printer_pattern(int (*print)(const struct route *r, struct buf *to),
    const struct route *r, struct buf *to)
{
	struct buf plain;
	int full;

	buf_init(&plain, PRINTER_TEXT_MAX);
	full = print(r, &plain);
	if (full == 0)
		full = printer_token(buf_view(&plain), to);
	buf_fini(&plain);
	return full;
}

static int
printer_location(const struct route *r, struct buf *to)
{
	return pattern_print(&r->url, r, to);
}

int
printer_target(const struct route *r, struct buf *to)
{
	switch (r->target) {
	case TARGET_ORIGIN:
		return printer_pattern(printer_origin, r, to);
	case TARGET_REDIRECT:
		if (buf_printf(to, "redirect=%d ", r->code) == -1)
			return -1;
		return printer_pattern(printer_location, r, to);
	case TARGET_RESPOND:
		if (buf_printf(to, "respond=%d", r->code) == -1)
			return -1;
		if (r->text.n == 0)
			return 0;
		return buf_put(to, STR(" ")) == -1 ? -1 :
		    printer_quoted(r->text, to);
	case TARGET_NONE:
	case TARGET_KIND_COUNT:
		break;
	}
	return 0; /* the codec hands out no such route */
}

/* Directives */

/* By %defaults (of that route), or by the route itself? */
static bool
printer_says(const struct route *r, enum directive d, bool defaults)
{
	return (r->from_defaults >> d & 1) == defaults;
}

static int
printer_flag(const struct route *r, enum directive d, bool on, bool defaults,
    struct buf *to)
{
	if (!printer_says(r, d, defaults) || (!on && !defaults))
		return 0;
	return buf_printf(to, " %s%s", directive_word(d), on ? "" : "=no");
}

static int
printer_host_sent(const struct route *r, bool defaults, struct buf *to)
{
	struct str name = r->host_name;

	if (!printer_says(r, DIRECTIVE_HOST, defaults) ||
	    r->host_sent == HOST_SENT_UNSET)
		return 0;
	if (r->host_sent == HOST_SENT_ORIGIN)
		name = STR("origin");
	else if (r->host_sent == HOST_SENT_PRESERVE)
		name = STR("preserve");
	return buf_printf(to, " %s=%.*s", directive_word(DIRECTIVE_HOST),
	    STR_ARG(name));
}

static int
printer_tag(const struct route_tag *tag, struct buf *to)
{
	struct buf text;
	int full;

	buf_init(&text, PRINTER_TEXT_MAX);
	full = buf_printf(&text, "%.*s:%.*s", STR_ARG(tag->key),
	    STR_ARG(tag->value));
	if (full == 0)
		full = buf_printf(to, " %s=", directive_word(DIRECTIVE_TAG));
	if (full == 0)
		full = printer_token(buf_view(&text), to);
	buf_fini(&text);
	return full;
}

/*
 * Which tags %defaults brought is not in the record, only that some did: those
 * behind the route's own. The last one is enough to say that.
 */
static int
printer_tags(const struct route *r, bool defaults, struct buf *to)
{
	bool some = printer_says(r, DIRECTIVE_TAG, true) && r->tag_count > 0;
	size_t own = r->tag_count - some;
	size_t i = defaults ? own : 0;
	size_t end = defaults ? r->tag_count : own;

	for (; i < end; i++)
		if (printer_tag(&r->tags[i], to) == -1)
			return -1;
	return 0;
}

static int
printer_directives(const struct route *r, bool defaults, struct buf *to)
{
	if (printer_flag(r, DIRECTIVE_EXACT, r->exact, defaults, to) == -1 ||
	    printer_flag(r, DIRECTIVE_STRIP_PREFIX, r->strip_prefix, defaults,
		to) == -1 ||
	    printer_host_sent(r, defaults, to) == -1 ||
	    printer_tags(r, defaults, to) == -1)
		return -1;
	if (r->retry_after == 0 ||
	    !printer_says(r, DIRECTIVE_RETRY_AFTER, defaults))
		return 0;
	return buf_printf(to, " %s=%u", directive_word(DIRECTIVE_RETRY_AFTER),
	    r->retry_after);
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

/* May b not stand behind a in one entry (or set)? */
static bool
printer_clash(const struct header_rule *a, const struct header_rule *b)
{
	return b->verb != HEADER_ADD && a->side == b->side &&
	    str_eq_nocase(a->name, b->name);
}

/*
 * Appends the clauses of rules[from, to) to p->clauses. How many there was
 * room for: before one that an entry cannot hold too, or past `most` bytes.
 * -1: full.
 */
static int
printer_clauses(struct printer *p, const struct route *r, size_t from,
    size_t to, size_t most, size_t *taken)
{
	size_t i, j;

	buf_clear(&p->clauses);
	for (i = from; i < to; i++) {
		size_t before = buf_len(&p->clauses);

		for (j = from; j < i; j++)
			if (printer_clash(&r->rules[j], &r->rules[i]))
				break;
		if (j < i)
			break;
		if (buf_put(&p->clauses, STR("    ")) == -1 ||
		    printer_rule(&r->rules[i], r, &p->clauses) == -1 ||
		    buf_put(&p->clauses, STR("\n")) == -1)
			return -1;
		if (buf_len(&p->clauses) > most && i > from) {
			p->clauses.to = p->clauses.from + before;
			break;
		}
	}
	*taken = i - from;
	return 0;
}

/* Where the clauses are among the sets, or belong. */
static bool
printer_set_find(const struct printer_sets *sets, struct str clauses,
    size_t *at)
{
	size_t low = 0, high = sets->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = str_cmp(str_of(sets->list[mid]->clauses), clauses);

		*at = mid;
		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*at = low;
	return false;
}

static struct printer_set *
printer_set_add(struct printer_sets *sets, struct str clauses, size_t at)
{
	struct printer_set *set = malloc(sizeof(*set) + clauses.n + 1);
	struct printer_set **list = reallocarray(sets->list, sets->count + 1,
	    sizeof(*list));

	CHECK(set != NULL && list != NULL);
	if (clauses.n > 0)
		memcpy(set->clauses, clauses.p, clauses.n);
	set->clauses[clauses.n] = '\0';
	memmove(list + at + 1, list + at,
	    (sets->count - at) * sizeof(struct printer_set *));
	list[at] = set;
	sets->list = list;
	sets->count++;
	return set;
}

/* The number of the set of p->clauses, printed when it is new. 0: full. */
static unsigned
printer_set(struct printer *p, bool defaults)
{
	struct printer_sets *sets = &p->sets[defaults];
	struct str clauses = buf_view(&p->clauses);
	struct printer_set *set;
	size_t at;

	if (printer_set_find(sets, clauses, &at))
		return sets->list[at]->number;
	set = printer_set_add(sets, clauses, at);
	set->number = ++p->set_count;
	if (buf_printf(&p->text, "%%headers set%u\n", set->number) == -1 ||
	    buf_put(&p->text, clauses) == -1)
		return 0;
	return set->number;
}

static size_t
printer_default_rules(const struct route *r)
{
	size_t i = 0;

	while (i < r->rule_count && r->rules[i].level == ROUTE_LEVEL_DEFAULTS)
		i++;
	return i;
}

/* Puts " headers=setN" of rules[from, to) behind `words`. */
static int
printer_headers(struct printer *p, const struct route *r, size_t from,
    size_t to, struct buf *words, size_t *taken)
{
	bool defaults = words == &p->wanted;
	unsigned set;

	if (printer_clauses(p, r, from, to, PRINTER_SET_MAX, taken) == -1)
		return -1;
	set = printer_set(p, defaults);
	if (set == 0)
		return -1;
	return buf_printf(words, " %s=set%u",
	    directive_word(DIRECTIVE_HEADERS), set);
}

/* %defaults as the route has them, said when others are in force. */
static int
printer_defaults(struct printer *p, const struct route *r)
{
	size_t rules = printer_default_rules(r), taken;

	buf_clear(&p->wanted);
	if (printer_directives(r, true, &p->wanted) == -1)
		return -1;
	if (printer_says(r, DIRECTIVE_HEADERS, true) &&
	    printer_headers(p, r, 0, rules, &p->wanted, &taken) == -1)
		return -1;
	if (str_eq(buf_view(&p->wanted), buf_view(&p->defaults)))
		return 0;
	buf_clear(&p->defaults);
	if (buf_put(&p->defaults, buf_view(&p->wanted)) == -1)
		return -1;
	return buf_printf(&p->text, "%%defaults%.*s\n",
	    STR_ARG(buf_view(&p->defaults)));
}

/* The route's own rules: clauses, and before them a set if they must. */
static int
printer_own_rules(struct printer *p, const struct route *r, struct buf *words)
{
	size_t from = printer_default_rules(r), taken;

	if (printer_clauses(p, r, from, r->rule_count, PRINTER_CLAUSES_MAX,
		&taken) == -1)
		return -1;
	if (from + taken == r->rule_count)
		return 0;
	if (printer_headers(p, r, from, r->rule_count, words, &taken) == -1)
		return -1;
	from += taken;
	if (printer_clauses(p, r, from, r->rule_count, PRINTER_SET_MAX,
		&taken) == -1)
		return -1;
	return from + taken == r->rule_count ? 0 : -1;
}

static int
printer_pad(struct buf *to, size_t from)
{
	size_t width = buf_len(to) - from;

	do
		if (buf_put(to, STR(" ")) == -1)
			return -1;
	while (++width < PRINTER_COLUMN);
	return 0;
}

/* All but MATCH, which is in `match`. */
static int
printer_entry(struct printer *p, struct str match, const struct route *r)
{
	struct buf words;
	size_t from;
	int full = -1;

	buf_init(&words, PRINTER_TEXT_MAX);
	if (printer_defaults(p, r) == -1 ||
	    printer_directives(r, false, &words) == -1 ||
	    printer_own_rules(p, r, &words) == -1)
		goto out;
	from = buf_len(&p->text);
	if (printer_token(match, &p->text) == -1 ||
	    printer_pad(&p->text, from) == -1 ||
	    printer_target(r, &p->text) == -1 ||
	    buf_put(&p->text, buf_view(&words)) == -1 ||
	    buf_put(&p->text, STR("\n")) == -1 ||
	    buf_put(&p->text, buf_view(&p->clauses)) == -1)
		goto out;
	full = 0;
out:
	buf_fini(&words);
	return full;
}

int
printer_route(struct printer *p, struct str key, const struct route *r,
    struct err *e)
{
	struct buf match;
	int got;

	if (key.n > 1 && key.p[key.n - 1] == CODEC_EXACT)
		key.n--;
	buf_init(&match, PRINTER_TEXT_MAX);
	buf_clear(&p->text);
	got = printer_match(key, r, &match, e);
	if (got == 0) {
		got = printer_entry(p, buf_view(&match), r);
		if (got == -1)
			(void)printer_full(e);
		else
			printer_write(buf_view(&p->text), p->to);
	}
	buf_fini(&match);
	return got;
}
