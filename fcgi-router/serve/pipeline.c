/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pipeline: the whole story of a request on one screen. Its steps are told in
 * steps_request.c, steps_route.c, steps_limit.c, steps_auth.c, steps_consult.c,
 * steps_choose.c, steps_origin.c and steps_answer.c.
 */

#include "serve/pipeline.h"

#include "serve/steps.h"

static step_function *const pipeline_steps[STEP_PLACE_COUNT] = {
	/* the request: a web server hands it over */
	[STEP_READ_REQUEST] = step_read_request,
	/* the map says where it goes */
	[STEP_FIND_ROUTE] = step_find_route,
	/* and who may go there, within which limits */
	[STEP_ADMIT] = step_admit,
	[STEP_LIMIT] = step_limit,
	[STEP_AUTHENTICATE] = step_authenticate,
	[STEP_LIMIT_IDENTITY] = step_limit_identity,
	[STEP_TAKE_BODY] = step_take_body,
	[STEP_CHOOSE_TARGET] = step_choose_target, /* or to reply */
	/* an attempt; a dead pooled connection leads back to its begin, an
	 * origin that fails to the choice of another one */
	[STEP_CHOOSE_ORIGIN] = step_choose_origin,
	[STEP_CONNECT] = step_connect,
	[STEP_SEND_REQUEST] = step_send_request,
	[STEP_READ_HEAD] = step_read_head,
	/* the origin's answer, then to finish */
	[STEP_SEND_HEAD] = step_send_head,
	[STEP_PASS_BODY] = step_pass_body,
	/* an answer of our own: here all failures end */
	[STEP_REPLY] = step_reply,
	/* the end of it is written, it is recorded, the connection kept */
	[STEP_FINISH] = step_finish,
	[STEP_HAND_BACK] = step_hand_back,
};

bool
pipeline_run(struct exchange *x, const struct exchange_loan *loan)
{
	for (;;) {
		int to = pipeline_steps[x->step](x, loan);

		if (to == STEP_WAIT)
			return true;
		if (to == STEP_OVER)
			return false;
		x->step = to == STEP_NEXT ? x->step + 1 : to;
		x->limit = INT64_MAX;
	}
}
