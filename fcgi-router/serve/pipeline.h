/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pipeline: the order in which things happen to a request, one table.
 */
#ifndef SERVE_PIPELINE_H
#define SERVE_PIPELINE_H

#include <stdbool.h>

#include "serve/exchange.h"

/*
 * Takes the exchange through as many steps as it can go. true: it waits
 * (x->wait says for what) and is to be called again; false: its connection is
 * over, and the exchange is in no use.
 */
bool pipeline_run(struct exchange *x, const struct exchange_loan *loan);

#endif
