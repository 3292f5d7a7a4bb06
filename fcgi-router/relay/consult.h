/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * consult: asking a service whether a request may pass: what it is asked, and
 * what its answer means ([auth:NAME] type = forward). No I/O.
 *
 * It is asked by a GET without a body, with the client's own header fields and
 * with the method and the canonical URL that were asked for: those that are
 * relayed. 2xx is a yes; 401, 403 and a redirect go to the client as they are;
 * all else, and what is too long, is no answer at all.
 */
#ifndef RELAY_CONSULT_H
#define RELAY_CONSULT_H

#include "base/digest.h"
#include "decide/auth.h"
#include "decide/target.h"
#include "http/h1.h"

enum { CONSULT_BODY_MAX = 64 * 1024 }; /* of what a client is sent */

/* How far it came, for whoever does the I/O. */
enum consult_stage {
	CONSULT_CONNECT = 0,
	CONSULT_SEND,
	CONSULT_READ_HEAD,
	CONSULT_READ_BODY,
	CONSULT_STAGE_COUNT /* last */
};

struct consult {
	enum consult_stage stage;
	bool fresh_only; /* the pool's wires are not to be trusted */
	int64_t begun;   /* clock_ms */
	int64_t until;   /* when its time is up */
	const struct settings_auth *section;
	const struct request *request;
	struct arena *arena;
	struct settings_url url;
	struct target target;
	struct header fields; /* that it is sent */
	struct h1_answer answer;
	struct str body; /* so much came; texts are kept for a client only */
	char *room;
	bool enough;     /* the rest of the body says nothing more */
	struct auth_cache *cache; /* of a yes; NULL: none is kept */
	struct digest key;        /* of what was asked */
};

/*
 * Fills in whom to ask, and what, and that its time begins; set_by_rules as
 * fields_to_origin has it. All is borrowed, or lives in the arena. 0, or -1 and
 * e: loop, headers-too-large, overloaded.
 */
ATTR_MUST_USE
int consult_begin(struct consult *c, const struct settings_auth *section,
    const struct settings *s, const struct request *request,
    struct str set_by_rules, struct arena *a, struct err *e);

/* Was it asked just now, and is the yes to be used again? Else the answer is
 * kept there, by consult_judge, if it is such a yes. */
bool consult_recall(struct consult *c, struct auth_cache *cache,
    struct auth_answer *out);

/* The request, as the wire has it. */
struct h1_request consult_request(const struct consult *c);

/* A transfer_sink of c->answer's body; -1 with c->enough is no failure. */
int consult_take(void *c, struct str data);

/*
 * What the whole answer says, as auth_told takes it: 1, 0, or -1 and e
 * (auth-unavailable, overloaded).
 */
ATTR_MUST_USE
int consult_judge(struct consult *c, struct auth_answer *out, struct err *e);

/* It came to no answer, for e->reason: -1, and e: auth-unavailable. */
int consult_failed(const struct consult *c, struct err *e);

#endif
