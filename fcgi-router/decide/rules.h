/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * rules: the header rules of a request's policy, applied. Pure.
 *
 * Level by level: those of %defaults, of the service, of the route. A value
 * that comes out empty removes the field and sets none; one that makes a line
 * of more than RULES_LINE_MAX bytes is left out, and so is a rule for a field
 * that frames a message, or that takes Via out of a request.
 */
#ifndef DECIDE_RULES_H
#define DECIDE_RULES_H

#include "base/err.h"
#include "http/header.h"
#include "route/route.h"

struct pattern_source;

/* What web servers take as one header line (front: Apache's 8190). */
enum { RULES_LINE_MAX = 8000 };

/*
 * Applies the rules of one side to h, whose arena the values live in.
 * 0, or -1 and e: overloaded.
 */
ATTR_MUST_USE
int rules_apply(const struct pattern_source *s, enum header_side side,
    struct header *h, struct err *e);

#endif
