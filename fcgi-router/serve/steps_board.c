/* SPDX-License-Identifier: BSD-2-Clause */

/* steps_board: what a request waits for, to be seen by others. */

#include "serve/steps.h"

static enum board_wait
step_wait_word(int step)
{
	switch (step) {
	case STEP_AUTHENTICATE:
		return BOARD_AUTH;
	case STEP_CONNECT:
		return BOARD_CONNECT;
	case STEP_SEND_REQUEST:
		return BOARD_SEND;
	case STEP_READ_HEAD:
		return BOARD_ORIGIN;
	case STEP_SEND_HEAD:
	case STEP_PASS_BODY:
		return BOARD_ANSWER;
	case STEP_FINISH:
		return BOARD_END;
	default:
		return BOARD_BODY;
	}
}

void
step_show(struct exchange *x)
{
	const enum board_wait wait = step_wait_word(x->step);
	struct board *board = x->process->board;
	const struct str to = x->target.name;

	if (!x->counted || board == NULL || x->recorded ||
	    x->step == STEP_READ_REQUEST)
		return;
	if (x->mark.since_us != 0 && x->shown_to == to.p) {
		if (x->mark.wait != wait)
			board_wait(board, &x->mark, wait);
		return;
	}
	x->shown_to = to.p;
	board_show(board, &x->mark, &(struct board_put){
		.since_us = x->since_us,
		.wait = wait,
		.texts = { [BOARD_METHOD] = x->request.method,
			[BOARD_HOST] = host_text(&x->request.host),
			[BOARD_PATH] = x->request.path.text,
			[BOARD_SERVICE] = x->follow.service_key,
			[BOARD_TO] = to } });
}
