/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * source_address: hosts and sockets that URLs of origins spell, judged when
 * the entry's egress= is known, as the router will.
 */

#include "decide/egress.h"
#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

void
source_address_note(struct source_entry *en, const struct lines_token *t,
    size_t at, struct str shown, const struct egress_spelled *spelled)
{
	struct source_address *a = arena_alloc(en->arena, sizeof(*a));
	struct source_address **last = &en->addresses;

	if (a == NULL)
		return; /* which is asked about */
	while (*last != NULL)
		last = &(*last)->next;
	*a = (struct source_address){ .at = *t,
		.offset = at,
		.shown = shown,
		.spelled = *spelled };
	*last = a;
}

static void
source_address_tell(struct source_entry *en, const struct source_address *a,
    const struct str *egress)
{
	const char *what = a->spelled.socket ? "socket" :
	    egress_judge_literal(NULL, a->shown, true) == -1 ? "name" :
	    "address";
	struct str said;

	if (en->source->see.reaches == NULL)
		said = arena_printf(en->arena, "the %s %.*s is never relayed "
		    "to (link-local, metadata, multicast)", what,
		    STR_ARG(a->shown));
	else if (egress != NULL && egress->n > 0)
		said = arena_printf(en->arena, "the %s %.*s is refused by "
		    "[egress:%.*s] of router.ini", what, STR_ARG(a->shown),
		    STR_ARG(*egress));
	else
		said = arena_printf(en->arena, "the %s %.*s is refused by "
		    "[egress] of router.ini", what, STR_ARG(a->shown));
	source_tell(en, LINT_ORIGIN_REFUSED, &a->at, a->offset, said, none);
}

/* Without router.ini nobody knows what an [egress:NAME] says. */
static bool
source_address_may(const struct source *s, const struct source_address *a,
    const struct str *egress)
{
	if (s->see.reaches != NULL)
		return s->see.reaches(s->see.arg, egress, &a->spelled);
	return (egress != NULL && egress->n > 0) || a->spelled.built ||
	    egress_can_allow(NULL, &a->spelled);
}

void
source_address_check(struct source_entry *en, const struct str *egress)
{
	const struct source_address *a;

	for (a = en->addresses; a != NULL; a = a->next)
		if (!source_address_may(en->source, a, egress))
			source_address_tell(en, a, egress);
}
