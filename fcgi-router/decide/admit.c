/* SPDX-License-Identifier: BSD-2-Clause */

/* admit: three doors, in the order in which a request comes to them. */

#include "decide/admit.h"

int
admit_address(const struct follow *f, const struct request *request,
    const struct cidr *inside, size_t count, struct err *e)
{
	struct str client = request->client_ip;

	if (!policy_admits(&f->policy, client))
		return err_set(e, REASON_ADDRESS_DENIED,
		    "the address '%.*s' is denied or not allowed",
		    STR_ARG(client));
	if (f->target->kind == TARGET_INTERNAL &&
	    !cidr_holds(inside, count, client))
		return err_set(e, REASON_ADDRESS_DENIED,
		    "the address '%.*s' is not in '[internal] allow'",
		    STR_ARG(client));
	return 0;
}

int
admit_auth(const struct follow *f, struct err *e)
{
	if (f->policy.auth_count == 0)
		return 0;
	return err_set(e, REASON_AUTH_UNAVAILABLE,
	    "auth=%.*s is not available in this version",
	    STR_ARG(f->policy.auth[0]));
}

int
admit_origin(const struct follow *f, struct err *e)
{
	const struct policy *p = &f->policy;

	if (f->origin == NULL)
		return 0;
	if (p->egress.n > 0)
		return err_set(e, REASON_EGRESS_DENIED,
		    "egress=%.*s is not available in this version",
		    STR_ARG(p->egress));
	if (p->tls.n > 0)
		return err_set(e, REASON_ORIGIN_TLS,
		    "tls=%.*s is not available in this version",
		    STR_ARG(p->tls));
	if (p->sign.n > 0)
		return err_set(e, REASON_INTERNAL,
		    "sign=%.*s is not available in this version",
		    STR_ARG(p->sign));
	return 0;
}
