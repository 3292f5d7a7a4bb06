/* SPDX-License-Identifier: BSD-2-Clause */

/* sorter_private: what the files of sorter share. */
#ifndef TOOLS_SORTER_PRIVATE_H
#define TOOLS_SORTER_PRIVATE_H

#include "tools/run.h"

/* sorter_order.c: sorts places by their keys; of equal keys the one that lies
 * higher in the region first. */
void sorter_order(const struct run_region *region, struct run_place *places,
    size_t count);

#endif
