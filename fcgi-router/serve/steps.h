/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * steps: what happens to an exchange, one short linear function each.
 *
 * A step answers where to go on: STEP_NEXT, a place by its name, STEP_WAIT
 * (park, and call it again: it finds by itself how far it came) or STEP_OVER.
 * A failure leaves its reason in x->err and goes to STEP_REPLY; whether a page
 * or a broken answer comes of it is decided there alone. The order of the
 * steps is the pipeline's.
 */
#ifndef SERVE_STEPS_H
#define SERVE_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/exchange.h"

/* Places of the pipeline, in its order, and what else a step can answer. */
enum step_place {
	STEP_READ_REQUEST = 0,
	STEP_FIND_ROUTE,
	STEP_ADMIT,
	STEP_LIMIT,
	STEP_AUTHENTICATE,
	STEP_LIMIT_IDENTITY,
	STEP_TAKE_BODY,
	STEP_CHOOSE_TARGET,
	STEP_CHOOSE_ORIGIN,
	STEP_CONNECT,
	STEP_SEND_REQUEST,
	STEP_READ_HEAD,
	STEP_SEND_HEAD,
	STEP_PASS_BODY,
	STEP_REPLY,
	STEP_FINISH,
	STEP_HAND_BACK,
	STEP_PLACE_COUNT, /* last place */
	STEP_NEXT,
	STEP_WAIT,
	STEP_OVER
};

typedef int step_function(struct exchange *x,
    const struct exchange_loan *loan);

/* steps_request */
step_function step_read_request, step_take_body;
/* steps_route */
step_function step_find_route, step_admit, step_choose_target;
/* steps_auth */
step_function step_authenticate;
/* steps_consult, of step_authenticate */
step_function step_consult;
/* steps_limit */
step_function step_limit, step_limit_identity;
/* steps_choose */
step_function step_choose_origin;
/* steps_origin */
step_function step_connect, step_send_request, step_read_head;
/* steps_answer */
step_function step_send_head, step_pass_body, step_reply, step_finish,
    step_hand_back;

/* ---- for steps ---- */

/*
 * Bounds this wait, unless it is bounded already: one wait may take several
 * wake-ups. Progress sets x->limit to INT64_MAX, and so does the next place.
 */
void step_bound(struct exchange *x, int64_t ms);

/* Is the bound of this wait, or of the whole exchange, over? */
bool step_is_late(const struct exchange *x);

/* The time, for what is told of a request; 0 when nobody is told. */
int64_t step_time(const struct exchange *x);

/* Waits for these events of poll(2), no longer than bounded. STEP_WAIT. */
int step_wait(struct exchange *x, short front, short origin);

/*
 * Waits for the origin alone. Most origins answer at once; only of one that
 * does not is the client watched as well, which would cost each request a
 * system call. STEP_WAIT.
 */
int step_wait_origin(struct exchange *x);

/* As step_wait, for the origin and the client's end. */
int step_wait_watching(struct exchange *x, short origin);

/* What is waited for shows no event: it is looked at, so many times until
 * `ms` have passed. Behind step_wait. */
void step_look_again(struct exchange *x, int64_t ms);

/* Was the client watched, and is it gone? Then x->err says so. */
bool step_front_gone(struct exchange *x);

/*
 * Goes on with the request's body while the answer is passed on, as far as
 * goes without waiting; *wants says for what else to wait. 0, or -1 and
 * x->err: the client broke off, or its body is not as promised.
 */
int step_upload(struct exchange *x, const struct exchange_loan *loan,
    struct exchange_wait *wants);

/* The origin was too slow, `what` says in which; its wire is closed. */
int step_origin_late(struct exchange *x, const char *what);

/* No origin is asked any more. */
void step_origin_over(struct exchange *x);

/* The head of an answer has come from the origin that was asked. */
void step_answered(struct exchange *x);

/* The client left before a byte of an answer came. */
void step_client_left(struct exchange *x);

/* An attempt failed for x->err, its wire is closed. sent: some of the request
 * went out. The place to go on: another origin, or an end. */
int step_attempt_failed(struct exchange *x, bool sent);

/* The request body was, or came for too long: -1 and x->err. */
int step_body_late(struct exchange *x);

/* Bounds a wait within an upload, for the front or for the origin; whoever
 * moves has its whole time again. */
void step_bound_upload(struct exchange *x, bool for_front);

/* One origin, or service that authenticates, is to be asked for it. false: its
 * plan does not allow one more, and x->err says so. */
bool step_spend(struct exchange *x);
bool step_may_spend(const struct exchange *x);

/* How much of an answer its plan lets go at once; SIZE_MAX: any. That n bytes
 * of it went; must the rest wait (until x->paced_until)? */
size_t step_pace_room(const struct exchange *x);
void step_pace(struct exchange *x, uint64_t n);
bool step_is_paced(struct exchange *x);

/* At its end: counts what its plan refused it for behind its begin, or notes
 * and counts what it would have. */
void step_note_refusal(struct exchange *x);

/* Its plan's time for origins begins with the first attempt, and ends with the
 * last one: what was in time is no more than that. */
void step_begin_origin_time(struct exchange *x);
void step_end_origin_time(struct exchange *x);

/* A timeout was its plan's: x->err says so. */
void step_blame_plan(struct exchange *x);

/* Puts what its plan tells the client, and when to come again. 0, or -1: no
 * room. */
int step_tell_limits(const struct exchange *x, struct header *fields);

/* Its service has a name that is made of who asks: it is found, now that this
 * is known. STEP_NEXT, or STEP_REPLY. */
int step_find_by_claims(struct exchange *x, const struct exchange_loan *loan);

/* It is over: writes down what is wanted of it, once. */
void step_record(struct exchange *x, const struct exchange_loan *loan);

/* If it is a request that waits: from now on others see that it is under way,
 * and for what. */
void step_show(struct exchange *x);

/* x->err has a reason: STEP_REPLY. */
int step_fail(struct exchange *x);

#endif
