/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * auth_answer: what is said of who asks. No code.
 */
#ifndef DECIDE_AUTH_ANSWER_H
#define DECIDE_AUTH_ANSWER_H

#include "base/str.h"
#include "http/header.h"
#include "route/pattern.h"

/* An answer that goes to the client in place of a page. */
struct auth_reply {
	int status;
	struct header fields;
	struct str body;
};

/* What one section says, and, of a yes, what all together do. Texts live as
 * long as the request. Starts as all zero. */
struct auth_answer {
	/* of a yes */
	struct str identity; /* who it is; may be empty */
	struct str plan;     /* of that client; may be empty */
	const struct pattern_claim *claims; /* {auth.K} */
	size_t claim_count;
	struct header sets;  /* fields for the origin, in place of all of
	                        those names that the client sent */
	struct str consumed; /* the names of fields whose credentials were
	                        taken, parted by LF; may be empty */
	struct str cookies;  /* the same of cookies */
	/* of a no */
	struct str why;       /* for the log alone; may be empty */
	struct str challenge; /* of WWW-Authenticate; empty: asking again with
	                         others would not help, which is auth-denied */
	const struct auth_reply *reply; /* or NULL: a page */
};

#endif
