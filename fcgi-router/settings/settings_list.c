/* SPDX-License-Identifier: BSD-2-Clause */

/* settings_list: values that are lists: their words, in memory of their own. */

#include <stdlib.h>
#include <string.h>

#include "http/host.h"
#include "http/name.h"
#include "settings/settings_private.h"

bool
settings_next_word(struct str *list, struct str *word)
{
	size_t n = 0;

	while (list->n > 0 && strchr(", \t", list->p[0]) != NULL)
		*list = str_sub(*list, 1, list->n);
	while (n < list->n && strchr(", \t", list->p[n]) == NULL)
		n++;
	*word = str_sub(*list, 0, n);
	*list = str_sub(*list, n, list->n);
	return n > 0;
}

/* Two words whose case is of no matter. */
static int
settings_order(const void *left, const void *right)
{
	const struct str *a = left, *b = right;
	size_t i;

	for (i = 0; i < a->n && i < b->n; i++) {
		int order = (unsigned char)str_lower(a->p[i]) -
		    (unsigned char)str_lower(b->p[i]);

		if (order != 0)
			return order;
	}
	return (a->n > b->n) - (a->n < b->n);
}

char *
settings_join(struct str *list, size_t count)
{
	size_t n = 0, i, k;
	char *joined;

	if (count > 0)
		qsort(list, count, sizeof(*list), settings_order);
	for (i = 0; i < count; i++)
		n += list[i].n + 1;
	joined = malloc(n + 1);
	if (joined == NULL)
		return NULL;
	n = 0;
	for (i = 0; i < count; i++) {
		if (i > 0 && settings_order(&list[i], &list[i - 1]) == 0)
			continue;
		if (i > 0)
			joined[n++] = '\n';
		for (k = 0; k < list[i].n; k++)
			joined[n++] = str_lower(list[i].p[k]);
	}
	joined[n] = '\0';
	return joined;
}

static int
settings_list_full(struct err *e)
{
	return err_set(e, REASON_INTERNAL,
	    "too many words, expected at most %d", SETTINGS_WORDS_MAX);
}

static int
settings_no_memory(struct err *e)
{
	return err_set(e, REASON_OVERLOADED,
	    "out of memory, expected room for the settings");
}

int
settings_list_ranges(struct str text, struct settings_ranges *out,
    struct err *e)
{
	struct cidr list[SETTINGS_WORDS_MAX];
	struct str word;
	size_t count = 0;

	while (settings_next_word(&text, &word)) {
		if (count == SETTINGS_WORDS_MAX)
			return settings_list_full(e);
		if (!cidr_parse(word, &list[count++]))
			return err_set(e, REASON_INTERNAL,
			    "'%s' is no range of addresses, expected like "
			    "192.0.2.0/24, 2001:db8::/32 or one address, with "
			    "no bits behind the prefix",
			    settings_quote(word).text);
	}
	if (count == 0)
		return err_set(e, REASON_INTERNAL,
		    "no range of addresses, expected some, parted by commas");
	out->list = malloc(count * sizeof(*list));
	if (out->list == NULL)
		return settings_no_memory(e);
	memcpy(out->list, list, count * sizeof(*list));
	out->count = count;
	return 0;
}

/* A token of RFC 9110, as a web server hands it over: '_' comes as '-'. */
static bool
settings_is_field(struct str word)
{
	size_t i;

	for (i = 0; i < word.n; i++)
		if (!str_is_alnum(word.p[i]) && word.p[i] != '-')
			return false;
	return word.n > 0;
}

/* X-Router-... is the router's own to give. */
int
settings_list_field(struct str text, struct err *e)
{
	enum name id = name_of(text);

	if (settings_is_field(text) &&
	    str_starts_nocase(text, STR("X-")) &&
	    (id == NAME_OTHER || id == NAME_X_ROUTER_ANY))
		return 0;
	return err_set(e, REASON_INTERNAL,
	    "'%s' is no such header field, expected a name of letters, digits "
	    "and '-' that begins with X- and has no other use",
	    settings_quote(text).text);
}

int
settings_list_fields(struct str text, char **out, struct err *e)
{
	struct str list[SETTINGS_WORDS_MAX];
	size_t count = 0;

	while (settings_next_word(&text, &list[count])) {
		if (!settings_is_field(list[count]))
			return err_set(e, REASON_INTERNAL,
			    "'%s' is no header field, expected names of "
			    "letters, digits and '-', parted by commas",
			    settings_quote(list[count]).text);
		if (++count == SETTINGS_WORDS_MAX)
			return settings_list_full(e);
	}
	if (count == 0)
		return err_set(e, REASON_INTERNAL,
		    "no header field, expected names, parted by commas");
	*out = settings_join(list, count);
	return *out != NULL ? 0 : settings_no_memory(e);
}

/* As the URLs of origins have it once they are canonical. */
static bool
settings_is_host(struct str word)
{
	struct host host;
	struct err e;

	if (str_starts(word, STR("*.")))
		word = str_sub(word, 2, word.n);
	return host_parse(word, &host, &e) == 0 && host.kind == HOST_NAME &&
	    host.n == word.n;
}

static bool
settings_is_redact(struct str word)
{
	struct str what, name;
	size_t i;

	(void)str_cut(word, ':', &what, &name);
	if (str_eq(what, STR("header")))
		return settings_is_field(name);
	for (i = 0; i < name.n; i++)
		if (str_is_control(name.p[i]) || name.p[i] == '&' ||
		    name.p[i] == '=' || name.p[i] == '%')
			return false;
	return str_eq(what, STR("query")) && name.n > 0;
}

int
settings_list_redact(struct str text, char **out, struct err *e)
{
	struct str list[SETTINGS_WORDS_MAX];
	size_t count = 0;

	while (settings_next_word(&text, &list[count])) {
		if (!settings_is_redact(list[count]))
			return err_set(e, REASON_INTERNAL,
			    "'%s' cannot be redacted, expected query:NAME or "
			    "header:NAME, parted by commas",
			    settings_quote(list[count]).text);
		if (++count == SETTINGS_WORDS_MAX)
			return settings_list_full(e);
	}
	if (count == 0)
		return err_set(e, REASON_INTERNAL,
		    "nothing to redact, expected query:NAME or header:NAME, "
		    "parted by commas");
	*out = settings_join(list, count);
	return *out != NULL ? 0 : settings_no_memory(e);
}

int
settings_list_hosts(struct str text, char **out, struct err *e)
{
	struct str list[SETTINGS_WORDS_MAX];
	size_t count = 0;

	while (settings_next_word(&text, &list[count])) {
		if (!settings_is_host(list[count]))
			return err_set(e, REASON_INTERNAL,
			    "'%s' is no name of a host, expected names like "
			    "db.internal or *.corp.example, parted by commas",
			    settings_quote(list[count]).text);
		if (++count == SETTINGS_WORDS_MAX)
			return settings_list_full(e);
	}
	if (count == 0)
		return err_set(e, REASON_INTERNAL,
		    "no name of a host, expected some, parted by commas");
	*out = settings_join(list, count);
	return *out != NULL ? 0 : settings_no_memory(e);
}

int
settings_list_words(const char *words, struct str text, int64_t *out,
    struct err *e)
{
	unsigned bits = 0;
	struct str word;

	while (settings_next_word(&text, &word)) {
		int at = settings_word_index(word, str_of(words));

		if (at < 0)
			return err_set(e, REASON_INTERNAL,
			    "'%s' is unknown here, expected some of %s, parted "
			    "by commas", settings_quote(word).text, words);
		bits |= 1u << at;
	}
	*out = bits;
	return bits != 0 ? 0 : err_set(e, REASON_INTERNAL,
	    "no word, expected some of %s, parted by commas", words);
}

/* The last ':' parts them: a name may be a URL. */
struct str
settings_pair_field(struct str pair)
{
	size_t at = pair.n;

	while (at > 0 && pair.p[at - 1] != ':')
		at--;
	return str_sub(pair, at, pair.n);
}

/* A field that has another use is none to give. */
static bool
settings_is_pair(struct str word)
{
	struct str field = settings_pair_field(word);
	size_t i;

	for (i = 0; i < word.n; i++)
		if (str_is_control(word.p[i]))
			return false;
	return field.n + 1 < word.n && settings_is_field(field) &&
	    name_of(field) == NAME_OTHER;
}

int
settings_list_pairs(struct str text, char **out, struct err *e)
{
	char *joined = malloc(text.n + 1), *to = joined;
	struct str word;

	if (joined == NULL)
		return settings_no_memory(e);
	while (settings_next_word(&text, &word)) {
		if (!settings_is_pair(word)) {
			free(joined);
			return err_set(e, REASON_INTERNAL,
			    "'%s' is no such pair, expected like "
			    "email:X-Email, of a field that has no other use",
			    settings_quote(word).text);
		}
		if (to > joined)
			*to++ = '\n';
		to = str_put(to, word);
	}
	*to = '\0';
	if (to > joined) {
		*out = joined;
		return 0;
	}
	free(joined);
	return err_set(e, REASON_INTERNAL,
	    "no pair, expected some like email:X-Email, parted by commas");
}
