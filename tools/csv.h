/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * csv: rows of comma-separated values (RFC 4180), each ended by LF.
 *
 * Bytes that drive terminals, and what is no UTF-8, are escaped as people read
 * them (see escape).
 */
#ifndef TOOLS_CSV_H
#define TOOLS_CSV_H

#include <stdio.h>

#include "base/str.h"

/* Writes a row of so many cells. A failure of `to` is the caller's to ask
 * for. */
void csv_row(const struct str *cells, size_t count, FILE *to);

#endif
