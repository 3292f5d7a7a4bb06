/* SPDX-License-Identifier: BSD-2-Clause */

/* source_service: an entry "@name ORIGIN ...": origins, each with its options,
 * and directives. */

#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

/* The service being read. */
struct service_reader {
	struct source_entry *en;
	struct service *out;
	const struct lines_token **tokens; /* of the origins */
	bool tried;                        /* there was an origin at least */
	struct service_origin *last; /* whose options may follow; or NULL */
	struct lines_token option[DIRECTIVE_COUNT]; /* of the last one */
	uint64_t said;                              /* options of it */
};

/* Room for one origin more. */
static struct service_origin *
service_room(struct service_reader *r, const struct lines_token *t)
{
	const struct lines_entry *lines = r->en->lines;
	size_t room = 0, i;

	if (r->out->origins == NULL) {
		for (i = 0; i < lines->count; i++)
			room += lines->lines[i].count;
		if (room > SERVICE_ORIGINS_MAX)
			room = SERVICE_ORIGINS_MAX;
		r->out->origins = arena_alloc(r->en->arena,
		    room * sizeof(*r->out->origins));
		r->tokens = arena_alloc(r->en->arena,
		    room * sizeof(const struct lines_token *));
	}
	if (r->out->origin_count == SERVICE_ORIGINS_MAX) {
		source_tell(r->en, LINT_TOO_MANY, t, 0, STR("origins"),
		    STR("256"));
		return NULL;
	}
	return r->tokens == NULL || r->out->origins == NULL ? NULL :
	    &r->out->origins[r->out->origin_count];
}

_Static_assert(SERVICE_ORIGINS_MAX == 256, "as is said above");

static void
service_origin_read(struct service_reader *r, const struct lines_token *t,
    enum origin_scheme scheme)
{
	struct service_origin *o = service_room(r, t);
	size_t i;

	r->tried = true;
	r->said = 0;
	r->last = o;
	if (o == NULL)
		return;
	o->weight = 1;
	source_url_origin(r->en, t, scheme, &o->url);
	for (i = 0; i < r->out->origin_count; i++) {
		if (!str_eq(r->tokens[i]->text, t->text))
			continue;
		source_tell(r->en, LINT_ORIGIN_REPEATED, t, 0, t->text,
		    lint_place_print(r->en->source->lint,
			r->tokens[i]->place));
		break;
	}
	r->tokens[r->out->origin_count++] = t;
}

static void
service_flag(struct service_reader *r, const struct lines_token *t,
    struct str value)
{
	bool equals = str_find(t->text, '=') < t->text.n;

	r->last->backup = !str_eq(value, STR("no"));
	if (equals && r->last->backup && !str_eq(value, STR("yes")))
		source_tell(r->en, LINT_FLAG_VALUE, t, 0,
		    str_of(directive_word(DIRECTIVE_BACKUP)), none);
}

static void
service_option(struct service_reader *r, const struct lines_token *t,
    enum directive d, struct str value)
{
	struct str word = str_of(directive_word(d));

	if (r->last == NULL) {
		if (r->out->origin_count < SERVICE_ORIGINS_MAX)
			source_tell(r->en, LINT_ORIGIN_OPTION, t, 0, word,
			    none);
		return;
	}
	if ((r->said >> d & 1) != 0)
		source_words_twice(r->en, t, word, &r->option[d]);
	r->said |= UINT64_C(1) << d;
	r->option[d] = *t;
	if (directive_is_flag(d))
		service_flag(r, t, value);
	else if (value.n == 0)
		source_tell(r->en, LINT_DIRECTIVE_VALUE, t, 0, word, none);
	else
		(void)source_value_number(r->en, t, t->text.n - value.n, 0,
		    ROUTE_WEIGHT_MAX, &r->last->weight);
}

/* One token of origins, options, directives; was it an origin? */
static bool
service_token(struct service_reader *r, const struct lines_token *t)
{
	enum origin_scheme scheme;
	enum directive d;
	struct str value;

	if (source_url_scheme(t->text, &scheme)) {
		service_origin_read(r, t, scheme);
		return true;
	}
	if (source_words_option(t, &d, &value)) {
		service_option(r, t, d, value);
		return false;
	}
	r->last = NULL;
	(void)source_words_read(r->en, t, r->en->own);
	return false;
}

/* A clause: a directive, a header rule, or an origin with its options. */
static void
service_clause(struct service_reader *r, const struct lines_line *clause)
{
	const struct lines_token *t = &clause->tokens[0];
	size_t i = 1;

	r->last = NULL;
	if (source_header_is(t)) {
		source_header_clause(r->en, clause);
		return;
	}
	if (source_clause_is(t)) {
		(void)service_token(r, t);
		return; /* which told */
	}
	if (service_token(r, t)) {
		enum directive d;
		struct str value;

		while (i < clause->count &&
		    source_words_option(&clause->tokens[i], &d, &value))
			(void)service_token(r, &clause->tokens[i++]);
	}
	source_clause_end(r->en, clause, i);
}

static void
service_line(struct service_reader *r, const struct lines_line *line)
{
	size_t i;

	for (i = 1; i < line->count; i++) {
		const struct lines_token *t = &line->tokens[i];

		if (source_clause_is(t)) {
			if (source_header_is(t))
				source_tell(r->en, LINT_CLAUSE_LINE, t, 0,
				    t->text, none);
			else
				(void)service_token(r, t);
			return; /* what follows belongs to it */
		}
		(void)service_token(r, t);
	}
}

/* What can be seen when all of it was read. */
static void
service_check(struct service_reader *r, const struct lines_token *name)
{
	const struct service *s = r->out;
	uint64_t sum = 0;
	size_t backups = 0, i;
	bool https = false;

	for (i = 0; i < s->origin_count; i++) {
		sum += s->origins[i].weight;
		backups += s->origins[i].backup;
		https |= s->origins[i].url.scheme == ORIGIN_HTTPS;
	}
	if (s->origin_count > 0 && !https &&
	    words_say(&r->en->own->words, DIRECTIVE_TLS))
		source_tell(r->en, LINT_TLS_PLAIN,
		    &r->en->own->token[DIRECTIVE_TLS], 0, none, none);
	if (!r->tried)
		source_tell(r->en, LINT_SERVICE_EMPTY, name, 0, name->text,
		    none);
	else if (sum == 0 && s->origin_count > 0)
		source_tell(r->en, LINT_WEIGHTS_ZERO, name, 0, STR("service"),
		    none);
	else if (backups > 0 && backups == s->origin_count)
		source_tell(r->en, LINT_BACKUP_ALL, name, 0, name->text, none);
}

/* All of it; false: its name could not be read. */
static bool
service_read(struct service_reader *r)
{
	const struct lines_entry *lines = r->en->lines;
	const struct lines_token *name = &lines->lines[0].tokens[0];
	struct service *s = r->out;
	bool named = source_link_name(r->en, name, &s->space, &s->name);
	size_t i;

	service_line(r, &lines->lines[0]);
	for (i = 1; i < lines->count; i++)
		service_clause(r, &lines->lines[i]);
	service_check(r, name);
	s->own = source_words_own(r->en);
	if (r->en->addresses != NULL)
		source_address_check(r->en,
		    words_say(s->own, DIRECTIVE_EGRESS) ? &s->own->egress :
							  NULL);
	return named;
}

int
source_service(struct source_entry *en, size_t errors, struct err *e)
{
	struct source *s = en->source;
	struct source_service *out = &s->room->service;
	struct service_reader r = { .en = en, .out = &out->service };
	struct lint_place place = en->lines->lines[0].tokens[0].place;
	bool named;

	*out = (struct source_service){ .place = place };
	out->service.source = place.rank;
	out->service.line = place.line;
	source_own(en, ON_SERVICE);
	en->matched = true; /* there are no captures to wait for */
	named = service_read(&r);
	out->broken = s->lint->errors > errors;
	if (en->arena->full)
		return 0; /* which is asked about */
	if (!named) {
		s->lost++;
		return 0;
	}
	return s->see.service(s->see.arg, out, e);
}
