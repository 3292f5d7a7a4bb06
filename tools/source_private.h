/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * source_private: what the files of source share: the entry being read.
 *
 * Readers tell their findings and answer false, or leave their part empty; an
 * entry in which anything was told is not handed out.
 */
#ifndef TOOLS_SOURCE_PRIVATE_H
#define TOOLS_SOURCE_PRIVATE_H

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
};

/* What directives said, of an entry or of %defaults. */
struct source_words {
	bool said[DIRECTIVE_COUNT];
	struct lines_token token[DIRECTIVE_COUNT];
	bool exact;
	bool strip_prefix;
	enum host_sent host_sent;
	struct str host_name;
	struct route_tag *tags;
	size_t tag_count;
	const struct source_set *set;
	uint32_t retry_after;
};

struct source_entry {
	struct source *source;
	struct arena *arena;
	const struct lines_entry *lines;
	struct source_route *out;
	bool matched; /* MATCH was read, so its captures are known */
};

/* A finding at an offset of a token's text. */
void source_tell(struct source_entry *en, enum lint_finding f,
    const struct lines_token *t, size_t offset, struct str a, struct str b);

/* Has the name the letters and the length of NAME? */
bool source_is_name(struct str name);

/* source_match.c: reads MATCH into en->out. */
bool source_match(struct source_entry *en, const struct lines_token *t);

/* source_target.c: reads TARGET from line's second token on; how many tokens
 * it took. */
size_t source_target(struct source_entry *en, const struct lines_line *line);

/* source_url.c: the URL behind an origin's or redirect's scheme. */
void source_url_origin(struct source_entry *en, const struct lines_token *t,
    enum origin_scheme scheme);
void source_url_redirect(struct source_entry *en,
    const struct lines_token *t);

/* Behind the variable at text.p[at], or text.n when it has no end. */
size_t source_url_behind(struct str text, size_t at);

/* The first byte of `set` in text[at, to) outside of variables, or to. */
size_t source_url_find(struct str text, size_t at, size_t to,
    const char *set);

/* A pattern of one literal, which is copied. */
struct pattern source_url_literal(struct source_entry *en, struct str text);

/* Appends more to p. */
void source_url_join(struct source_entry *en, struct pattern *p,
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

/* source_words.c: one directive into words. false: it is none, and told. */
bool source_words_read(struct source_entry *en, const struct lines_token *t,
    bool clause, struct source_words *words);

/* Fills en->out->route from the entry's own words and %defaults. */
void source_words_merge(struct source_entry *en,
    const struct source_words *own);

/* source_header.c: a clause into *out. false: told. */
bool source_header_read(struct source_entry *en,
    const struct lines_line *clause, struct source_header *out);

/* Is there a set or remove of that name among those? It is told. */
bool source_header_twice(struct source_entry *en,
    const struct source_header *list, size_t count,
    const struct source_header *h);

/* Appends the rules of a set (at: who asked for it) or of the entry (NULL). */
void source_header_rules(struct source_entry *en,
    const struct source_header *list, size_t count, enum route_level level,
    const struct lines_token *at);

/* Reads a %headers entry and adds it to the source's sets. */
void source_header_set(struct source_entry *en);
const struct source_set *source_header_find(const struct source *s,
    struct str name);

#endif
