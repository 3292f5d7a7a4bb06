/* SPDX-License-Identifier: BSD-2-Clause */

/* choose: which way a service's word means. */

#include "decide/choose.h"

int
choose_by(enum balance balance, const struct choose *c)
{
	static choose_function *const ways[BALANCE_COUNT] = {
		[BALANCE_ROUND_ROBIN] = choose_round_robin,
		[BALANCE_LEAST] = choose_least,
		[BALANCE_HASH] = choose_hash,
	};

	return ways[balance](c);
}
