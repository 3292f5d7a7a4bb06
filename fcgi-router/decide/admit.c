/* SPDX-License-Identifier: BSD-2-Clause */

/* admit: doors, in the order in which a request comes to them. */

#include "decide/admit.h"

#include "decide/egress.h"

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

/* Are those there that A,B or A|B needs? */
static bool
admit_has_auth(const struct settings *s, struct str level)
{
	const bool any = str_find(level, '|') < level.n;
	bool has = !any;
	struct str name;

	while (level.n > 0) {
		(void)str_cut(level, any ? '|' : ',', &name, &level);
		if (any)
			has = has || settings_auth_of(s, name) != NULL;
		else
			has = has && settings_auth_of(s, name) != NULL;
	}
	return has;
}

int
admit_auth(const struct follow *f, const struct settings *s, struct err *e)
{
	size_t i;

	for (i = 0; i < f->policy.auth_count; i++)
		if (!admit_has_auth(s, f->policy.auth[i]))
			return err_set(e, REASON_AUTH_UNAVAILABLE,
			    "router.ini has no [auth:NAME] for auth=%.*s",
			    STR_ARG(f->policy.auth[i]));
	return 0;
}

int
admit_place(const struct policy *own, const struct policy *place,
    struct err *e)
{
	size_t i, k;

	for (i = 0; i < place->auth_count; i++) {
		for (k = 0; k < own->auth_count; k++)
			if (str_eq(place->auth[i], own->auth[k]))
				break;
		if (k == own->auth_count)
			return err_set(e, REASON_AUTH_DENIED,
			    "a place is guarded by auth=%.*s, and the "
			    "request's own is not",
			    STR_ARG(place->auth[i]));
	}
	return 0;
}

int
admit_origin(const struct follow *f, const struct settings *s,
    struct err *e)
{
	const struct policy *p = &f->policy;

	if (f->origin == NULL)
		return 0;
	if (p->sign.n > 0 && settings_sign_of(s, p->sign) == NULL)
		return err_set(e, REASON_INTERNAL,
		    "router.ini has no section [sign:%.*s]",
		    STR_ARG(p->sign));
	return 0;
}

static int
admit_refuse(const struct target *t, struct err *e)
{
	return err_set(e, REASON_EGRESS_DENIED,
	    "%.*s: its address may not be connected to", STR_ARG(t->name));
}

int
admit_target(const struct policy *p, const struct settings *s,
    struct target *t, struct err *e)
{
	t->egress = settings_egress_of(s, p->egress);
	if (t->egress == NULL)
		return err_set(e, REASON_EGRESS_DENIED,
		    "router.ini has no section [egress:%.*s]",
		    STR_ARG(p->egress));
	if (p->tls.n > 0 && settings_tls_of(s, p->tls) == NULL)
		return err_set(e, REASON_ORIGIN_TLS,
		    "router.ini has no section [tls:%.*s]", STR_ARG(p->tls));
	if (t->scheme == ORIGIN_UNIX)
		return egress_allows_socket(t->egress, t->socket,
		    t->written) ? 0 : admit_refuse(t, e);
	if (egress_denies_name(t->egress, t->host))
		return admit_refuse(t, e);
	/* Most are names: no literal begins with a letter. */
	if (t->host.n == 0 || str_is_alpha(t->host.p[0]))
		return 0;
	return egress_judge_literal(t->egress, t->host, t->written) != 0 ? 0 :
	    admit_refuse(t, e);
}
