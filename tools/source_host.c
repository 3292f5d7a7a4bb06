/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * source_host: HOST[:PORT] of a URL, with or without variables. What clients
 * choose never makes an address, nor a host that was not foreseen.
 */

#include <string.h>

#include "http/host.h"
#include "tools/idn.h"
#include "tools/source_private.h"

enum { HOST_PORT_MAX = 65535 };

static const struct str none = { NULL, 0 };

size_t
source_host_end(struct str text, size_t from)
{
	size_t at = from;

	while (at < text.n && text.p[at] != '/' && text.p[at] != '?' &&
	    text.p[at] != '#') {
		struct str rest = str_sub(text, at, text.n);

		if (rest.p[0] != '{') {
			at++;
			continue;
		}
		if (str_starts(rest, STR("{path}")) ||
		    str_starts(rest, STR("{rest}")) ||
		    str_starts(rest, STR("{uri}")))
			break;
		at = source_url_behind(text, at);
	}
	return at;
}

/* The host with `fill` in place of each variable, lower case. */
static struct str
source_host_sample(struct source_entry *en, struct str text, char fill)
{
	char *p = arena_alloc(en->arena, text.n + 1);
	size_t n = 0, i = 0;

	while (p != NULL && i < text.n) {
		bool variable = text.p[i] == '{';

		p[n++] = variable ? fill : str_lower(text.p[i]);
		i = variable ? source_url_behind(text, i) : i + 1;
	}
	return (struct str){ p, p != NULL ? n : 0 };
}

static struct str
source_host_lower(struct source_entry *en, struct str text)
{
	char *p = arena_alloc(en->arena, text.n + 1);
	bool within = false;
	size_t i;

	for (i = 0; p != NULL && i < text.n; i++) {
		within = text.p[i] == '{' || (within && text.p[i] != '}');
		p[i] = within ? text.p[i] : str_lower(text.p[i]);
	}
	return (struct str){ p, p != NULL ? text.n : 0 };
}

static bool
source_host_bad(struct source_entry *en, const struct lines_token *t,
    size_t at, const char *why)
{
	source_tell(en, LINT_URL_HOST, t, at, str_of(why), none);
	return false;
}

/*
 * Would [from, to) be a host whatever a label is put in for its variables, and
 * never an address? false: told.
 */
static bool
source_host_try(struct source_entry *en, const struct lines_token *t,
    size_t from, struct str text)
{
	struct host host;
	struct err e;

	if (idn_host(source_host_sample(en, text, 'x'), &host, &e) == -1)
		return source_host_bad(en, t, from, e.text);
	if (idn_host(source_host_sample(en, text, '1'), &host, &e) == 0 &&
	    host.kind != HOST_NAME)
		return source_host_bad(en, t, from,
		    "an address with variables");
	return true;
}

/* A host [from, to) with variables. false: told. */
static bool
source_host_variable(struct source_entry *en,
    const struct lines_token *t, size_t from, size_t to,
    struct pattern *out)
{
	struct str text = str_sub(t->text, from, to), ascii;
	struct err e;
	size_t wrong;

	if (idn_labels(text, en->arena, &ascii, &e) == -1)
		return source_host_bad(en, t, from, e.text);
	if (!source_host_try(en, t, from, ascii) || !en->matched)
		return false;
	if (pattern_parse(source_host_lower(en, ascii),
		PATTERN_PLACE_AUTHORITY, en->route, en->arena, out, &wrong,
		&e) == 0)
		return true;
	if (e.reason != REASON_OVERLOADED)
		source_tell(en, LINT_VARIABLE, t,
		    from + (ascii.p == text.p ? wrong : 0), str_of(e.text),
		    none);
	return false;
}

/* Where {host} or {asked_host} stands in [from, to), and its word; or to. */
static size_t
source_host_find_asked(struct str text, size_t from, size_t to,
    struct str *word)
{
	size_t at;

	for (at = from; at < to; at++) {
		struct str rest = str_sub(text, at, to);

		if (rest.p[0] != '{')
			continue;
		*word = STR("host");
		if (str_starts(rest, STR("{host}")))
			return at;
		*word = STR("asked_host");
		if (str_starts(rest, STR("{asked_host}")))
			return at;
	}
	return to;
}

/*
 * {host} at `at` in a redirect: the client is sent to the host it has asked
 * for, or to one below a written name of it, so any host will do.
 */
static bool
source_host_asked(struct source_entry *en, const struct lines_token *t,
    size_t from, size_t at, size_t to, struct pattern *out)
{
	struct str text = t->text;
	struct pattern asked = source_text_literal(en, none, PATTERN_IN_HEADER);
	enum pattern_variable v;

	if (!pattern_find(str_sub(text, at + 1, to - 1), &v) ||
	    (at > from && text.p[at - 1] != '.')) {
		source_tell(en, LINT_URL_HOST_PLACE, t, at,
		    str_sub(text, at + 1, source_url_behind(text, at) - 1),
		    none);
		return false;
	}
	if (at > from && !source_host_variable(en, t, from, at, out))
		return false;
	if (asked.count == 1)
		asked.parts[0].variable = v;
	source_text_join(en, out, &asked);
	return true;
}

static void
source_host_note(struct source_entry *en, const struct lines_token *t,
    size_t from, struct str shown, const struct pattern *host)
{
	const struct pattern_part *last = &host->parts[host->count - 1];
	const struct egress_spelled spelled = {
		.text = last->variable == PATTERN_LITERAL ? last->text :
							    none,
		.built = !pattern_is_fixed(host) };

	source_address_note(en, t, from, shown, &spelled);
}

/* A host with variables. As source_host_read. */
static bool
source_host_built(struct source_entry *en, const struct lines_token *t,
    size_t from, size_t to, bool redirect, struct pattern *out)
{
	if (!source_host_variable(en, t, from, to, out))
		return false;
	if (!redirect && out->count > 0 && en->source->see.reaches != NULL)
		source_host_note(en, t, from, str_sub(t->text, from, to),
		    out);
	return true;
}

/* A host [from, to) without port. false: told. */
static bool
source_host_read(struct source_entry *en, const struct lines_token *t,
    size_t from, size_t to, bool redirect, struct pattern *out)
{
	struct str text = str_sub(t->text, from, to), word;
	size_t asked = source_host_find_asked(t->text, from, to, &word);
	struct host host;
	struct err e;

	*out = (struct pattern){ NULL, 0 };
	if (asked < to && redirect)
		return source_host_asked(en, t, from, asked, to, out);
	if (asked < to) {
		source_tell(en, LINT_URL_OPEN, t, asked, word, none);
		return false;
	}
	if (str_find(text, '{') < text.n)
		return source_host_built(en, t, from, to, redirect, out);
	if (idn_host(text, &host, &e) == -1)
		return source_host_bad(en, t, from, e.text);
	*out = source_text_literal(en, host_text(&host), PATTERN_IN_AUTHORITY);
	if (!redirect && out->count == 1 && (host.kind != HOST_NAME ||
	    en->source->see.reaches != NULL))
		source_host_note(en, t, from, out->parts[0].text, out);
	return true;
}

bool
source_host_port(struct source_entry *en, const struct lines_token *t,
    size_t from, size_t to, bool redirect, struct pattern *host,
    uint16_t *port)
{
	struct str text = str_sub(t->text, 0, to), digits;
	size_t user = source_url_find(text, from, to, "@");
	size_t close = from;
	uint64_t number = 0;

	*port = 0;
	if (user < to) {
		source_tell(en, LINT_URL_USER, t, from, none, none);
		return false;
	}
	if (from < to && text.p[from] == '[')
		close += str_find(str_sub(text, from, to), ']');
	close = source_url_find(text, close, to, ":");
	if (!source_host_read(en, t, from, close, redirect, host))
		return false;
	if (close == to)
		return true;
	digits = str_sub(text, close + 1, to);
	if (!str_to_u64(digits, HOST_PORT_MAX, &number) || number == 0) {
		source_tell(en, LINT_URL_PORT, t, close + 1, digits, none);
		return false;
	}
	*port = (uint16_t)number;
	return true;
}
