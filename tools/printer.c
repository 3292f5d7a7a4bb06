/* SPDX-License-Identifier: BSD-2-Clause */

/* printer: whole entries, and the sets and %defaults that they need. */

#include "tools/printer.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

enum {
	PRINTER_TEXT_MAX = 16 * 1024 * 1024,
	PRINTER_SET_MAX = 65000,     /* of an entry, which holds 64 KiB */
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
	struct buf text;     /* of the entry at hand */
	struct buf defaults; /* in force: the words behind %defaults */
	struct buf wanted;   /* by the route at hand */
	struct buf clauses;
	/* Of entries, and of %defaults: a set that both named would be applied
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

static int
printer_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED,
	    "an entry too large to be printed");
}

/* May b not stand behind a in one entry (or set)? */
static bool
printer_clash(const struct header_rule *a, const struct header_rule *b)
{
	return b->verb != HEADER_ADD && a->side == b->side &&
	    str_eq_nocase(a->name, b->name);
}

/*
 * The clauses of w's rules from `from` on become p->clauses. How many there
 * was room for: before one that an entry cannot hold too, or past `most`
 * bytes. -1: full.
 */
static int
printer_clauses(struct printer *p, const struct words *w,
    const struct route *r, size_t from, size_t most, size_t *taken)
{
	size_t i, j;

	buf_clear(&p->clauses);
	for (i = from; i < w->rule_count; i++) {
		size_t before = buf_len(&p->clauses);

		for (j = from; j < i; j++)
			if (printer_clash(&w->rules[j], &w->rules[i]))
				break;
		if (j < i)
			break;
		if (buf_put(&p->clauses, STR("    ")) == -1 ||
		    printer_rule(&w->rules[i], r, &p->clauses) == -1 ||
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

/* Puts " headers=setN" of rules from 0 on behind `words`. -1: full. */
static int
printer_headers(struct printer *p, const struct words *w,
    const struct route *r, struct buf *words, size_t *taken)
{
	bool defaults = words == &p->wanted;
	unsigned set;

	if (printer_clauses(p, w, r, 0, PRINTER_SET_MAX, taken) == -1)
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
	size_t taken;

	buf_clear(&p->wanted);
	if (r->defaults != NULL &&
	    printer_words(r->defaults, &p->wanted) == -1)
		return -1;
	if (words_say(r->defaults, DIRECTIVE_HEADERS) &&
	    printer_headers(p, r->defaults, r, &p->wanted, &taken) == -1)
		return -1;
	if (str_eq(buf_view(&p->wanted), buf_view(&p->defaults)))
		return 0;
	buf_clear(&p->defaults);
	if (buf_put(&p->defaults, buf_view(&p->wanted)) == -1)
		return -1;
	return buf_printf(&p->text, "%%defaults%.*s\n",
	    STR_ARG(buf_view(&p->defaults)));
}

/*
 * The entry's own words into `words`, its rules as clauses into p->clauses;
 * before them a set of as many as it holds, when a set was named.
 */
static int
printer_own(struct printer *p, const struct words *w, const struct route *r,
    struct buf *words)
{
	size_t from = 0, taken;

	buf_clear(&p->clauses);
	if (w == NULL)
		return 0;
	if (printer_words(w, words) == -1)
		return -1;
	if (words_say(w, DIRECTIVE_HEADERS) &&
	    printer_headers(p, w, r, words, &from) == -1)
		return -1;
	if (printer_clauses(p, w, r, from, PRINTER_SET_MAX, &taken) == -1)
		return -1;
	return from + taken == w->rule_count ? 0 : -1;
}

/* Puts the token and blanks behind it. */
static int
printer_column(struct str token, struct buf *to)
{
	size_t from = buf_len(to), width;

	if (printer_token(token, to) == -1)
		return -1;
	width = buf_len(to) - from;
	do
		if (buf_put(to, STR(" ")) == -1)
			return -1;
	while (++width < PRINTER_COLUMN);
	return 0;
}

static int
printer_conditions(const struct route *r, struct buf *to)
{
	size_t i;

	for (i = 0; i < r->when_count; i++)
		if (buf_put(to, STR("    ")) == -1 ||
		    printer_when(&r->whens[i], r, to) == -1 ||
		    buf_put(to, STR("\n")) == -1)
			return -1;
	if (r->split_count == 0)
		return 0;
	if (buf_put(to, STR("    ")) == -1 || printer_split(r, to) == -1)
		return -1;
	return buf_put(to, STR("\n"));
}

static int
printer_entry(struct printer *p, const struct route *r, struct buf *words)
{
	struct buf *to = &p->text;

	buf_clear(to);
	if (printer_defaults(p, r) == -1 ||
	    printer_own(p, r->own, r, words) == -1 ||
	    printer_column(r->match, to) == -1 ||
	    printer_target(&r->target, r, to) == -1 ||
	    buf_put(to, buf_view(words)) == -1 ||
	    buf_put(to, STR("\n")) == -1 ||
	    printer_conditions(r, to) == -1)
		return -1;
	return buf_put(to, buf_view(&p->clauses));
}

static int
printer_service_entry(struct printer *p, const struct service *s,
    struct buf *words)
{
	struct buf *to = &p->text;
	char name[512];
	size_t i;

	snprintf(name, sizeof(name), "@%.*s%s%.*s", STR_ARG(s->space),
	    s->space.n > 0 ? "/" : "", STR_ARG(s->name));
	buf_clear(to);
	if (printer_own(p, s->own, NULL, words) == -1 ||
	    printer_column(str_of(name), to) == -1 ||
	    printer_origin(&s->origins[0], to) == -1 ||
	    buf_put(to, buf_view(words)) == -1)
		return -1;
	for (i = 1; i < s->origin_count; i++)
		if (buf_put(to, STR("\n    ")) == -1 ||
		    printer_origin(&s->origins[i], to) == -1)
			return -1;
	return buf_put(to, STR("\n")) == -1 ? -1 :
	    buf_put(to, buf_view(&p->clauses));
}

/* Ends an entry: 0 and it is written, or -1 and e. */
static int
printer_end(struct printer *p, int full, struct err *e)
{
	if (full == -1)
		return printer_full(e);
	printer_write(buf_view(&p->text), p->to);
	return 0;
}

int
printer_route(struct printer *p, const struct route *r, struct err *e)
{
	struct buf words;
	int full;

	buf_init(&words, PRINTER_TEXT_MAX);
	full = printer_entry(p, r, &words);
	buf_fini(&words);
	return printer_end(p, full, e);
}

int
printer_service(struct printer *p, const struct service *s, struct err *e)
{
	struct buf words;
	int full;

	buf_init(&words, PRINTER_TEXT_MAX);
	full = printer_service_entry(p, s, &words);
	buf_fini(&words);
	return printer_end(p, full, e);
}
