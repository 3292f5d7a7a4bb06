/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * sign: shows an origin that a request comes from this router, when, and for
 * which host and tags: HMAC-SHA-256 (RFC 2104) by a secret that both know.
 *
 * The field is "time=T;host=H;tags=K:V,K:V;hmac=X". T are seconds since 1970;
 * H is the host that the client asked for; a tag's value has every byte but
 * letters, digits and "-._~" as %XX; X are 64 hexadecimal digits, of
 *
 *	time=T LF host=H LF tags=K:V,K:V LF METHOD LF TARGET LF
 *
 * Of these only TARGET, the last, is spelled by others, so that no two requests
 * have one text. The body is not signed.
 */
#ifndef DECIDE_SIGN_H
#define DECIDE_SIGN_H

#include "base/err.h"
#include "http/header.h"
#include "route/policy.h"
#include "settings/settings.h"

/*
 * Reads the secrets of all [sign:NAME] into s, before others have it. Mistakes
 * are told as by settings_load. 0, or -1: there were some.
 */
ATTR_MUST_USE
int sign_load(struct settings *s, void (*tell)(void *arg, const char *line),
    void *arg);

/* Loads what signing needs, if there is any [sign:NAME]. 0, or -1 and e. */
ATTR_MUST_USE int sign_begin(const struct settings *s, struct err *e);

struct sign_ask {
	int64_t time;       /* seconds since 1970 */
	struct str host;    /* that the client asked for, canonical */
	struct str method;
	struct str target;  /* as the origin is sent it */
	const struct policy *policy; /* for its tags, and what it says */
};

/*
 * Does what sign= of the policy says: takes out of h whatever could be taken
 * for the signature, and adds it. 0, or -1 and e: internal (there is no such
 * section, the field would be too long, no library), overloaded.
 */
ATTR_MUST_USE
int sign_request(const struct settings *s, const struct sign_ask *ask,
    struct header *h, struct err *e);

#endif
