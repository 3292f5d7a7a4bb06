/* SPDX-License-Identifier: BSD-2-Clause */

/* query_case: words, quoted or not, and what they mean. */

#include "tools/query_case.h"

#include "tools/query_ask.h"

struct query_case_words {
	struct str line;
	size_t at;
	struct arena *arena;

	struct str word; /* the last one, without its quotes */
	size_t from;     /* where it stands */
};

static bool
query_case_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A quote that is not closed. */
static int
query_case_open(struct query_case_words *w, struct err *e)
{
	w->at = w->from;
	return err_set(e, REASON_BAD_REQUEST,
	    "a quote is not closed, a second one was expected in the line");
}

/* Copies the word at w->from into `to`; *n: its length. 0, or -1 and e. */
static int
query_case_unquote(struct query_case_words *w, char *to, size_t *n,
    struct err *e)
{
	char quote = '\0';

	for (*n = 0; w->at < w->line.n; w->at++) {
		char c = w->line.p[w->at];

		if (quote == '\0' && query_case_is_blank(c))
			return 0;
		if (quote == '\0' && (c == '"' || c == '\'')) {
			quote = c;
		} else if (quote != '\0' && c == quote) {
			quote = '\0';
		} else {
			if (quote == '"' && c == '\\' &&
			    w->at + 1 < w->line.n)
				c = w->line.p[++w->at];
			to[(*n)++] = c;
		}
	}
	return quote == '\0' ? 0 : query_case_open(w, e);
}

/* The next word. 1; 0: the line, or what is no comment of it, ends; -1 and
 * e. */
static int
query_case_next(struct query_case_words *w, struct err *e)
{
	char *text;
	size_t n;

	while (w->at < w->line.n && query_case_is_blank(w->line.p[w->at]))
		w->at++;
	w->from = w->at;
	if (w->at == w->line.n || w->line.p[w->at] == '#')
		return 0;
	text = arena_alloc(w->arena, w->line.n - w->at + 1);
	if (text == NULL)
		return err_set(e, REASON_OVERLOADED, "no room for a case");
	if (query_case_unquote(w, text, &n, e) == -1)
		return -1;
	w->word = (struct str){ text, n };
	return 1;
}

/* The option in w->word and its value. 0, or -1 and e. */
static int
query_case_option(struct query_case_words *w, struct query_wish *wish,
    struct err *e)
{
	static const struct {
		struct str word;
		int (*take)(struct query_wish *wish, struct str value,
		    struct arena *a, struct err *e);
	} options[] = {
		{ { "-H", 2 }, query_wish_field },
		{ { "-X", 2 }, query_wish_method },
		{ { "--client", 8 }, query_wish_client },
		{ { "--namespace", 11 }, query_wish_space },
	};
	struct str word = w->word;
	size_t i, count = sizeof(options) / sizeof(options[0]);
	int got;

	for (i = 0; i < count && !str_eq(options[i].word, word); i++)
		;
	if (i == count)
		return err_set(e, REASON_BAD_REQUEST,
		    "'%.*s' is no option, -H, -X, --client, --namespace or "
		    "'->' was expected", STR_ARG(word));
	got = query_case_next(w, e);
	if (got == 0)
		return err_set(e, REASON_BAD_REQUEST,
		    "nothing stands behind %.*s, its value was expected",
		    STR_ARG(word));
	return got == 1 ? options[i].take(wish, w->word, w->arena, e) : -1;
}

static bool
query_case_is_target(struct str s)
{
	static const char *const begin[] = { "http://", "https://", "unix:",
		"redirect=", "respond=", "internal=" };
	enum reason reason;
	uint64_t status;
	size_t i;

	for (i = 0; i < sizeof(begin) / sizeof(begin[0]); i++)
		if (str_starts(s, str_of(begin[i])))
			return true;
	return reason_find(s, &reason) ||
	    (s.n == 3 && str_to_u64(s, 999, &status));
}

/* What stands behind the arrow. 0, or -1 and e. */
static int
query_case_expect(struct query_case_words *w, struct query_case *out,
    struct err *e)
{
	int got;

	out->expected = STR("");
	while ((got = query_case_next(w, e)) == 1) {
		bool first = out->expected.n == 0;

		if (first)
			out->from = w->from;
		out->expected = arena_printf(w->arena, "%.*s%s%.*s",
		    STR_ARG(out->expected), first ? "" : " ",
		    STR_ARG(w->word));
		out->to = w->at;
	}
	if (got == -1)
		return -1;
	if (out->expected.n == 0)
		return err_set(e, REASON_BAD_REQUEST, "nothing stands behind "
		    "'->', a target, a status or a reason was expected");
	w->from = out->from;
	if (query_case_is_target(out->expected))
		return 0;
	return err_set(e, REASON_BAD_REQUEST, "'%.*s' is nowhere to go, a "
	    "target, a status or a reason was expected",
	    STR_ARG(out->expected));
}

static int
query_case_words(struct query_case_words *w, struct query_case *out,
    struct err *e)
{
	int got = query_case_next(w, e);

	if (got != 1)
		return got;
	out->url = w->word;
	if (query_ask_is_foreign(out->url) || str_eq(out->url, STR("->")))
		return err_set(e, REASON_BAD_REQUEST,
		    "'%.*s' is no such URL, one of http or https was "
		    "expected", STR_ARG(out->url));
	for (;;) {
		got = query_case_next(w, e);
		if (got == 0)
			return err_set(e, REASON_BAD_REQUEST, "the line ends, "
			    "'->' and a target were expected");
		if (got == 1 && str_eq(w->word, STR("->")))
			break;
		if (got == -1 || query_case_option(w, &out->wish, e) == -1)
			return -1;
	}
	return query_case_expect(w, out, e) == 0 ? 1 : -1;
}

int
query_case_read(struct str line, const struct query_wish *base,
    struct arena *a, struct query_case *out, size_t *at, struct err *e)
{
	struct query_case_words w = { .line = line, .arena = a };
	int got;

	*out = (struct query_case){ .wish = *base };
	got = query_case_words(&w, out, e);
	*at = w.from;
	return got;
}
