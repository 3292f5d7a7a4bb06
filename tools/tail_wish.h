/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tail_wish: which exchanges the command line asks for: all of its filters, and
 * of its short forms of them, must hold.
 */
#ifndef TOOLS_TAIL_WISH_H
#define TOOLS_TAIL_WISH_H

#include "base/err.h"
#include "report/filter.h"

enum { TAIL_WISHES_MAX = 32 };

struct tail_wish {
	struct filter *filters[TAIL_WISHES_MAX];
	size_t count;
};

/* Add a filter; a short form (as "host", with its value); a tag, as K:V;
 * a time that it takes longer than. 0, or -1 and e: "what, what was
 * expected". */
ATTR_MUST_USE
int tail_wish_only(struct tail_wish *w, const char *text, struct err *e);
ATTR_MUST_USE
int tail_wish_field(struct tail_wish *w, const char *name, const char *value,
    struct err *e);
ATTR_MUST_USE
int tail_wish_tag(struct tail_wish *w, const char *tag, struct err *e);
ATTR_MUST_USE
int tail_wish_slow(struct tail_wish *w, const char *time, struct err *e);

bool tail_wish_takes(const struct tail_wish *w, const struct record *r);
void tail_wish_fini(struct tail_wish *w);

#endif
