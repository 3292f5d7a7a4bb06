/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * words: what the directives of one level say: of %defaults, of a service, of
 * a route.
 *
 * Each level is kept as it was said. A request's policy is merged from all of
 * them (policy.h), since only then the service is known.
 */
#ifndef ROUTE_WORDS_H
#define ROUTE_WORDS_H

#include <stdint.h>

#include "base/cidr.h"
#include "base/str.h"
#include "route/part.h"

enum directive {
#define DIRECTIVE(name, id, word, kind, on, manual) DIRECTIVE_##name,
#include "route/directive.tbl.h"
#undef DIRECTIVE
	DIRECTIVE_COUNT /* last */
};

/* Where a directive may stand. */
enum directive_on {
	ON_ROUTE = 1 << 0,
	ON_SERVICE = 1 << 1,
	ON_ORIGIN = 1 << 2 /* behind an origin of a service */
};

/* The spelling in a list; the number on disk; does it take no value? */
const char *directive_word(enum directive d);
int directive_id(enum directive d);
bool directive_is_flag(enum directive d);
unsigned directive_on(enum directive d);
const char *directive_manual(enum directive d);

/* true and *out: the directive of that word. */
bool directive_find(struct str word, enum directive *out);

enum header_side {
	HEADER_REQUEST = 0,
	HEADER_RESPONSE,
	HEADER_SIDE_COUNT /* last */
};

enum header_verb {
	HEADER_SET = 0, /* NAME: value */
	HEADER_ADD,     /* +NAME: value */
	HEADER_REMOVE,  /* -NAME */
	HEADER_VERB_COUNT /* last */
};

struct header_rule {
	enum header_side side;
	enum header_verb verb;
	struct str name;
	struct pattern value; /* empty for HEADER_REMOVE */
};

struct route_tag {
	struct str key;
	struct str value;
};

struct cidr_list {
	struct cidr *list;
	size_t count;
};

enum host_sent {
	HOST_SENT_UNSET = 0, /* `[router] host` of router.ini decides */
	HOST_SENT_ORIGIN,
	HOST_SENT_PRESERVE,
	HOST_SENT_NAME,
	HOST_SENT_COUNT /* last */
};

/* What splits and hashes keep a client by. */
enum balance_key {
	BALANCE_KEY_CLIENT_IP = 0,
	BALANCE_KEY_COOKIE, /* with a name */
	BALANCE_KEY_HEADER, /* with a name */
	BALANCE_KEY_PATH,
	BALANCE_KEY_COUNT /* last */
};

enum balance {
	BALANCE_ROUND_ROBIN = 0,
	BALANCE_LEAST,
	BALANCE_HASH, /* by a key */
	BALANCE_COUNT /* last */
};

struct balance_by {
	enum balance_key key;
	struct str name; /* of the cookie or header */
};

/* Members count only where their directive's bit is in `said`. */
struct words {
	uint64_t said; /* bit (1 << directive) */

	bool exact;
	bool strip_prefix;
	bool pass_auth;
	bool encoded_slash; /* =data */
	bool rewrite_back;  /* false: =off */
	bool refuse;        /* when-all-down=refuse; else try */
	uint32_t retry;
	uint32_t retry_after; /* seconds */

	uint64_t connect_timeout; /* ms */
	uint64_t timeout;
	uint64_t idle_timeout;
	uint64_t total;
	uint64_t max_body; /* bytes */

	enum host_sent host_sent;
	struct str host_name; /* HOST_SENT_NAME */
	struct str plan;
	struct str auth; /* "A,B" (all) or "A|B" (any) */
	struct str tls;
	struct str sign;
	struct str egress;
	enum balance balance;
	struct balance_by balance_by; /* BALANCE_HASH */

	struct cidr_list allow;
	struct cidr_list deny;
	struct route_tag *tags;
	size_t tag_count;
	struct header_rule *rules; /* of headers= and of header clauses, in
	                              the order in which they apply; counted
	                              whether or not headers= was said */
	size_t rule_count;
};

static inline bool
words_say(const struct words *w, enum directive d)
{
	return w != NULL && (w->said >> d & 1) != 0;
}

#endif
