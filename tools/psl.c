/* SPDX-License-Identifier: BSD-2-Clause */

/* psl: by the list that libpsl has within. */

#include "tools/psl.h"

#include <libpsl.h>
#include <string.h>

#include "http/host.h"

bool
psl_is_suffix(struct str host)
{
	const psl_ctx_t *list = psl_builtin();
	char text[HOST_MAX + 1];

	if (list == NULL || host.n == 0 || host.n >= sizeof(text))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	return psl_is_public_suffix2(list, text,
	    PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}
