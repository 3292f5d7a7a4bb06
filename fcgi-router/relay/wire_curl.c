/* SPDX-License-Identifier: BSD-2-Clause */

/* wire_curl: a table of pointers. */

#include "relay/wire_curl.h"

#include "base/late.h"

LATE_NOTE(wire_curl_note, "origins", "Connections to origins", CURL_SONAME);

int
wire_curl_load(struct wire_curl *calls, struct err *e)
{
	static const struct late_call list[] = {
#define CALL(name) LATE_CALL(wire_curl, name, "curl_" #name),
#include "relay/wire_curl.tbl.h"
#undef CALL
	};

	if (late_load(CURL_SONAME, list, sizeof(list) / sizeof(list[0]),
	    calls, e) == -1)
		return -1;
	if (calls->global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return err_set(e, REASON_OVERLOADED, "libcurl cannot start");
	return 0;
}
