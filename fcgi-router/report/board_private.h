/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * board_private: the layout of requests.1, for board.c, its test and the
 * drawing in fcgi-router(8).
 */
#ifndef REPORT_BOARD_PRIVATE_H
#define REPORT_BOARD_PRIVATE_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/shm.h"
#include "report/board.h"

enum {
	BOARD_VERSION = 1,
	BOARD_PLACES = 4096,
	BOARD_BYTES = 224, /* of all texts of a place */
	BOARD_WORDS = BOARD_BYTES / 8,
	BOARD_CUT = 128,   /* in a text's length: there was more */
	BOARD_LOOKS = 64   /* at so many places for a free one */
};

struct board_place {
	_Atomic uint64_t seal;    /* odd while the rest is written */
	_Atomic uint64_t since;   /* clock_us */
	_Atomic uint64_t lengths; /* of the texts, a byte each */
	_Atomic uint64_t wait;    /* enum board_wait; not under the seal */
	_Atomic uint64_t text[BOARD_WORDS]; /* one behind the other */
};

struct board_data {
	_Atomic uint16_t owners[BOARD_PLACES]; /* slot + 1; 0: free */
	struct board_place places[BOARD_PLACES];
};

_Static_assert(sizeof(struct board_place) == 256, "whole cache lines");
_Static_assert(sizeof(struct board_data) == 1056768, "drawn in the manual");

#endif
