/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * codec_private: the layout of records, for the writing and the reading side.
 *
 * A record is one byte (version * 16 + kind), the length of its body, the
 * body. A body begins with the line (twice, plus 1 when the number of its
 * source follows, being above 0), then has items in ascending order of their
 * tags, each at most once, so that a record has one spelling. A host that has
 * no rule of its own has shapes alone. Numbers are groups of seven bits, the
 * least first, the eighth bit set on all but the last (LEB128).
 */
#ifndef ROUTE_CODEC_PRIVATE_H
#define ROUTE_CODEC_PRIVATE_H

#include "route/codec.h"

enum { CODEC_VERSION = 2, CODEC_KIND_BITS = 4 };

enum codec_kind {
	CODEC_KIND_ROUTE = 1,
	CODEC_KIND_HOST = 2, /* as a route, and shapes last */
	CODEC_KIND_SERVICE = 3,
	CODEC_KIND_PATHS = 4 /* a host that has no rule of its own */
};

/* Tags. A route has one target. */
enum codec_item {
	CODEC_ITEM_CAPTURES = 4,
	CODEC_ITEM_ORIGIN = 5,
	CODEC_ITEM_REDIRECT = 6,
	CODEC_ITEM_RESPOND = 7,
	CODEC_ITEM_SERVICE = 8,
	CODEC_ITEM_ALIAS = 9,
	CODEC_ITEM_INTERNAL = 10,
	CODEC_ITEM_WHENS = 11,
	CODEC_ITEM_SPLITS = 12,
	CODEC_ITEM_ORIGINS = 13,        /* of a service */
	CODEC_ITEM_RULES = 16,          /* header rules of the entry */
	CODEC_ITEM_DEFAULTS_RULES = 17, /* of %defaults */
	CODEC_ITEM_WORDS = 64,          /* + a directive's id: its value */
	CODEC_ITEM_DEFAULTS = 128,      /* likewise, of %defaults */
	CODEC_ITEM_SHAPES = 255
};

enum { CODEC_IDS = 64 }; /* of directives: below */

/* First byte of a pattern's part: context, and above it 0 for a literal or
 * the variable's number + 1. */
enum { CODEC_CONTEXT_BITS = 2, CODEC_CONTEXT_MASK = 3 };
_Static_assert(PATTERN_CONTEXT_COUNT <= CODEC_CONTEXT_MASK + 1,
    "a context fits its bits");
_Static_assert(PATTERN_VARIABLE_COUNT < 256 >> CODEC_CONTEXT_BITS,
    "a variable fits its bits");

/*
 * First byte of a URL: scheme, and above it the tail, is a port written, is it
 * plain: of two literals, spelled behind one another to the end of the item.
 */
enum {
	CODEC_URL_SCHEME = 3,
	CODEC_URL_TAIL_BITS = 2,
	CODEC_URL_TAIL = 3,
	CODEC_URL_PORT = 1 << 4,
	CODEC_URL_PLAIN = 1 << 5
};
_Static_assert(ORIGIN_SCHEME_COUNT <= CODEC_URL_SCHEME + 1 &&
    ORIGIN_TAIL_COUNT <= CODEC_URL_TAIL + 1, "they fit their bits");

/* First byte of a service's name: scope, and is the name one literal? */
enum { CODEC_REF_SCOPE = 3, CODEC_REF_PLAIN = 1 << 2 };

/* First byte of a condition. */
enum {
	CODEC_COND_KIND = 7,
	CODEC_COND_NEGATED = 1 << 3,
	CODEC_COND_VALUE = 1 << 4
};

enum { CODEC_NUMBER_MAX = 10 }; /* bytes of 64 bits, seven in each */

/* What a route's key says of it. */
struct codec_key {
	size_t host; /* its part of the key ends there */
	size_t captures;
	bool host_capture; /* the first of them */
	bool exact;
};

/* false: no such key. */
bool codec_key_read(struct str key, struct codec_key *out);
bool codec_key_read_service(struct str key, struct str *space,
    struct str *name);

/* The directive of that number on disk, or DIRECTIVE_COUNT. */
enum directive codec_directive(unsigned id);

/* Why the map may not hold it, or NULL. Asked before writing, after reading. */
const char *codec_route_flaw(const struct route *r);
const char *codec_shapes_flaw(const struct route_shape *shapes,
    size_t count);
const char *codec_service_flaw(const struct service *s);

/* May a route with that many captures hold the part? */
bool codec_part_ok(const struct pattern_part *part, size_t captures);

/* Is it one literal that stands in that context? */
bool codec_is_literal(const struct pattern *p, enum pattern_context context);
bool codec_url_is_plain(const struct origin_url *o);

/* Has it a name; has it a value, written or not? */
bool codec_cond_named(enum cond_kind kind);
bool codec_cond_valued(const struct route_cond *c);

/* Writing goes on over a full buffer and asks once, at the end. */
struct codec_writer {
	struct buf *to;
	bool full;
	bool bad;        /* a pattern or header rule holds what cannot be */
	size_t captures; /* of the route */
	size_t parts;    /* written so far */
};

void codec_put_str(struct codec_writer *w, struct str s);
void codec_put_byte(struct codec_writer *w, unsigned byte);
void codec_put_number(struct codec_writer *w, uint64_t number);
void codec_put_text(struct codec_writer *w, struct str s);
/* Makes what was written since `start` an item. */
void codec_put_item(struct codec_writer *w, size_t start, unsigned tag);
void codec_put_pattern(struct codec_writer *w, const struct pattern *p);
void codec_put_url(struct codec_writer *w, const struct origin_url *o);
void codec_put_target(struct codec_writer *w, const struct route_target *t);
void codec_put_whens(struct codec_writer *w, const struct route *r);
void codec_put_splits(struct codec_writer *w, const struct route *r);
void codec_put_ranges(struct codec_writer *w, const struct cidr_list *l);
void codec_put_balance_by(struct codec_writer *w, const struct balance_by *b);
/* base: the items' first tag. NULL words say nothing. */
void codec_put_words(struct codec_writer *w, const struct words *words,
    unsigned base);
void codec_put_rules(struct codec_writer *w, const struct words *words,
    unsigned tag);

/* What all readers of one record share. */
struct codec_record {
	struct arena *arena;
	const char *bytes;
	const char *copy;
	size_t parts;    /* read so far */
	size_t captures; /* of the route */
	bool full;       /* the arena is */
};

/* A record, or an item of it. A reader that met something wrong stays bad and
 * answers zeros, so it is asked once, at the end. */
struct codec_reader {
	const char *at;
	const char *end;
	bool bad;
	struct codec_record *record;
};

unsigned codec_get_byte(struct codec_reader *r);
uint64_t codec_get_number(struct codec_reader *r, uint64_t max);
struct str codec_get_bytes(struct codec_reader *r, uint64_t n);
struct str codec_get_rest(struct codec_reader *r);
struct str codec_get_text(struct codec_reader *r);
/* An array of objects that take a byte at least of what is left; NULL: of
 * none, or r is bad. */
void *codec_get_array(struct codec_reader *r, size_t count, size_t size);
/* Cuts the next item off r. Its tag must be above the last one's. */
struct codec_reader codec_get_next(struct codec_reader *r, unsigned *tag);
void codec_get_pattern(struct codec_reader *r, struct pattern *out);
void codec_get_url(struct codec_reader *r, struct origin_url *out);
void codec_get_target(struct codec_reader *r, unsigned tag,
    struct route_target *out);
void codec_get_whens(struct codec_reader *r, struct route *out);
void codec_get_splits(struct codec_reader *r, struct route *out);
void codec_get_ranges(struct codec_reader *r, struct cidr_list *out);
void codec_get_balance_by(struct codec_reader *r, struct balance_by *out);
/* *words is made when it is NULL. */
void codec_get_word(struct codec_reader *r, unsigned id,
    struct words **words);
void codec_get_rules(struct codec_reader *r, struct words **words);

#endif
