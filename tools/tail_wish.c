/* SPDX-License-Identifier: BSD-2-Clause */

/* tail_wish: short forms become expressions. */

#include "tools/tail_wish.h"

#include <stdio.h>
#include <string.h>

int
tail_wish_only(struct tail_wish *w, const char *text, struct err *e)
{
	struct err why;
	size_t at;

	if (w->count == TAIL_WISHES_MAX)
		return err_set(e, REASON_BAD_REQUEST,
		    "more wishes than %d", TAIL_WISHES_MAX);
	if (filter_parse(str_of(text), &w->filters[w->count], &at, &why) == -1)
		return err_set(e, REASON_BAD_REQUEST, "%s: at %zu: %s", text,
		    at + 1, why.text);
	w->count++;
	return 0;
}

/* NAME OP 'VALUE' */
static int
tail_wish_compare(struct tail_wish *w, struct str name, const char *op,
    const char *value, struct err *e)
{
	char text[FILTER_TEXT_MAX];
	char quote = strchr(value, '"') == NULL ? '"' : '\'';
	int n;

	if (strchr(value, quote) != NULL)
		return err_set(e, REASON_BAD_REQUEST, "%s: both kinds of "
		    "quotes, expected one of them or none", value);
	n = snprintf(text, sizeof(text), "%.*s%s%c%s%c", STR_ARG(name), op,
	    quote, value, quote);
	if (n < 0 || (size_t)n >= sizeof(text))
		return err_set(e, REASON_BAD_REQUEST,
		    "%.*s: too long, expected %zu bytes at most",
		    STR_ARG(name), sizeof(text));
	return tail_wish_only(w, text, e);
}

int
tail_wish_field(struct tail_wish *w, const char *name, const char *value,
    struct err *e)
{
	return tail_wish_compare(w, str_of(name), "=", value, e);
}

int
tail_wish_tag(struct tail_wish *w, const char *tag, struct err *e)
{
	const char *colon = strchr(tag, ':');
	char name[STR_NAME_MAX + sizeof("tag.")];
	int n;

	if (colon == NULL)
		return err_set(e, REASON_BAD_REQUEST,
		    "%s: no ':', expected K:V", tag);
	n = snprintf(name, sizeof(name), "tag.%.*s", (int)(colon - tag), tag);
	if (n < 0 || (size_t)n >= sizeof(name))
		return err_set(e, REASON_BAD_REQUEST,
		    "%s: too long, expected a tag's name before ':'", tag);
	return tail_wish_compare(w, str_of(name), "=", colon + 1, e);
}

int
tail_wish_slow(struct tail_wish *w, const char *time, struct err *e)
{
	/* As a filter has it. */
	return tail_wish_compare(w, STR("total"), ">",
	    time + (time[0] == '>'), e);
}

bool
tail_wish_takes(const struct tail_wish *w, const struct record *r)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (!filter_takes(w->filters[i], r))
			return false;
	return true;
}

void
tail_wish_fini(struct tail_wish *w)
{
	while (w->count > 0)
		filter_free(&w->filters[--w->count]);
}
