/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * source_private: what the files of source share: the entry being read.
 *
 * Readers tell their findings and answer false, or leave their part empty; an
 * entry in which anything was told is handed out as broken.
 */
#ifndef TOOLS_SOURCE_PRIVATE_H
#define TOOLS_SOURCE_PRIVATE_H

#include "base/near.h"
#include "decide/egress.h"
#include "route/pattern.h"
#include "tools/lines.h"
#include "tools/source.h"

/* A header clause as it stands; the value is not looked into yet. */
struct source_header {
	enum header_side side;
	enum header_verb verb;
	struct str name;
	struct lines_token value;
	struct lint_place place;
};

struct source_set {
	struct source_set *next;
	struct source_set *chain; /* in its bucket */
	struct str name;
	struct lint_place place;
	struct source_header *headers;
	size_t count;
	struct header_rule *rules; /* the same for every entry; NULL: its
	                              values have captures of routes */
};

/* What directives said, of an entry or of %defaults. */
struct source_words {
	struct words words;
	const struct source_set *set;
	struct lines_token token[DIRECTIVE_COUNT]; /* of what words.said says */
};

/* %defaults as a route gets it. */
struct source_defaults {
	struct source_words words;
	struct words bare; /* without the header rules */
};

/* A use of {tag.K} where a tag that is not there makes no request. */
struct source_tag_use {
	struct source_tag_use *next;
	struct lines_token at;
	struct str key;
	bool service; /* in a service's name, else in an authority */
};

/* What an origin's URL spells of its address. */
struct source_address {
	struct source_address *next;
	struct lines_token at;
	size_t offset;
	struct str shown; /* for people */
	struct egress_spelled spelled;
};

/* Reused by each entry: far more than most need, so it is not cleared whole. */
struct source_room {
	struct source_route route;
	struct source_service service;
	struct source_words own;
	struct words defaults; /* of this route, where they have captures */
};

struct source_entry {
	struct source *source;
	struct arena *arena;
	const struct lines_entry *lines;
	struct source_route *out;  /* of a route */
	const struct route *route; /* whose captures count; NULL: none */
	bool matched; /* MATCH was read, so its captures are known */
	unsigned on;  /* ON_ROUTE or ON_SERVICE: which directives may stand */
	struct source_words *own;
	struct source_header *headers; /* own clauses, as they were read */
	size_t header_count;
	struct source_tag_use *tag_uses;
	struct source_address *addresses;
	struct lint_place split_place;
	bool last_wins; /* as of struct source_route */
};

/* Lets the entry live in the arena: what is read of it may be kept as long as
 * that. false: it is full. */
bool source_copy(struct source_entry *en, struct arena *a);

/* A finding at an offset of a token's text. */
void source_tell(struct source_entry *en, enum lint_finding f,
    const struct lines_token *t, size_t offset, struct str a, struct str b);

/* An entry that is a route, which is handed out; errors: as there were before
 * it. */
int source_route(struct source_entry *en, size_t errors, struct err *e);

/* The entry's own words, none yet, of a route or service. */
void source_own(struct source_entry *en, unsigned on);

/* source_match.c: reads MATCH into en->out. */
bool source_match(struct source_entry *en, const struct lines_token *t);

/* source_target.c: reads TARGET from line's token `at` (there is one) on; how
 * many tokens it took. */
size_t source_target(struct source_entry *en, const struct lines_line *line,
    size_t at, struct route_target *out);

/* source_link.c: @name as a target, =host, internal=NAME. */
void source_link_service(struct source_entry *en, const struct lines_token *t,
    struct service_ref *out);
void source_link_alias(struct source_entry *en, const struct lines_token *t,
    struct str *out);
void source_link_internal(struct source_entry *en,
    const struct lines_token *t, struct str word, enum internal_page *out);

/* The literal "@name" or "@space/name" of an entry. false: told. */
bool source_link_name(struct source_entry *en, const struct lines_token *t,
    struct str *space, struct str *name);

/* source_when.c: clauses of conditions, and whether each can be reached. */
bool source_when(struct source_entry *en, const struct lines_line *clause,
    struct route_when *out);
void source_when_check(struct source_entry *en);

/* source_split.c */
void source_split(struct source_entry *en, const struct lines_line *clause);
bool source_split_key(struct source_entry *en, const struct lines_token *t,
    struct str key, struct balance_by *out);

/* source_service.c: an entry "@name ...", which is handed out; errors: as
 * there were before it. */
int source_service(struct source_entry *en, size_t errors, struct err *e);

/* source_url.c: has the text the scheme of an origin? */
bool source_url_scheme(struct str text, enum origin_scheme *out);

/* The URL behind an origin's or redirect's scheme. */
void source_url_origin(struct source_entry *en, const struct lines_token *t,
    enum origin_scheme scheme, struct origin_url *out);
void source_url_redirect(struct source_entry *en,
    const struct lines_token *t, struct pattern *out);

/* Behind the variable at text.p[at], or text.n when it has no end. */
size_t source_url_behind(struct str text, size_t at);

/* The first byte of `set` in text[at, to) outside of variables, or to. */
size_t source_url_find(struct str text, size_t at, size_t to,
    const char *set);

/* Is there a doubled brace at text.p[at]? */
bool source_url_doubled(struct str text, size_t at);

/* source_text.c: [from, to) of the token's text, in canonical spelling.
 * false: told. */
bool source_text_pattern(struct source_entry *en, const struct lines_token *t,
    size_t from, size_t to, enum pattern_place place, struct pattern *out);

/* A pattern of one literal, which is copied. */
struct pattern source_text_literal(struct source_entry *en, struct str text,
    enum pattern_context context);

/* Appends more to p. */
void source_text_join(struct source_entry *en, struct pattern *p,
    const struct pattern *more);

/* source_host.c: where an authority that begins at `from` ends. */
size_t source_host_end(struct str text, size_t from);

/*
 * HOST[:PORT] in [from, to) of the token's text; *port stays 0 without one. In
 * a redirect it may be the host asked for. false: told.
 */
bool source_host_port(struct source_entry *en, const struct lines_token *t,
    size_t from, size_t to, bool redirect, struct pattern *host,
    uint16_t *port);

/* source_address.c: notes what the URL at that offset of a token spells. */
void source_address_note(struct source_entry *en, const struct lines_token *t,
    size_t at, struct str shown, const struct egress_spelled *spelled);

/* Tells those that the router will refuse by the rules of that egress=; NULL:
 * routes may say which. */
void source_address_check(struct source_entry *en, const struct str *egress);

/* source_words.c: one directive into words. false: it is none, and told. */
bool source_words_read(struct source_entry *en, const struct lines_token *t,
    struct source_words *words);

/* Is it the option of an origin? */
bool source_words_option(const struct lines_token *t, enum directive *d,
    struct str *value);

/* A finding for a directive that was said before; false: it was not. */
bool source_words_twice(struct source_entry *en, const struct lines_token *t,
    struct str word, const struct lines_token *before);

/* The words of this entry, and of %defaults, into its record. */
struct words *source_words_own(struct source_entry *en);
struct words *source_words_defaults(struct source_entry *en);

/* Reads %defaults. */
void source_words_level(struct source_entry *en);

/* source_use.c: directives that do nothing where they stand. */
void source_use_check(struct source_entry *en);

/* source_value.c: the value of a directive, at that offset of the token. */
void source_value(struct source_entry *en, const struct lines_token *t,
    enum directive d, size_t at, struct source_words *words);

/* CIDRs parted by commas from `at` on. false: told. */
bool source_value_ranges(struct source_entry *en, const struct lines_token *t,
    size_t at, struct cidr_list *out);

/* Is every address of inner one of outer? */
bool source_value_within(const struct cidr *inner, const struct cidr *outer);

/* A whole number from least to most. false: told. */
bool source_value_number(struct source_entry *en, const struct lines_token *t,
    size_t at, uint32_t least, uint32_t most, uint32_t *out);

struct route_tag *source_value_tag(struct route_tag *tags, size_t count,
    struct str key);

/* source_header.c: is it the word of a header clause? */
bool source_header_is(const struct lines_token *t);

/* A header clause, kept with the entry's. */
void source_header_clause(struct source_entry *en,
    const struct lines_line *clause);

/* Appends the rules of a set to w, whose values are read for this entry;
 * at: who asked for it. */
void source_header_use(struct source_entry *en, const struct source_set *set,
    const struct lines_token *at, struct words *w);

/* Appends those of the entry's own clauses. */
void source_header_own(struct source_entry *en, struct words *w);

/* Reads a %headers entry and adds it to the source's sets. */
void source_header_set(struct source_entry *en);
const struct source_set *source_header_find(const struct source *s,
    struct str name);

/* Is it the word of a clause that is no directive? */
bool source_clause_is(const struct lines_token *t);

/* One word more on a clause's line than it takes? It is told. */
void source_clause_end(struct source_entry *en,
    const struct lines_line *clause, size_t taken);

#endif
