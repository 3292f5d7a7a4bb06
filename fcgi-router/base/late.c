/* SPDX-License-Identifier: BSD-2-Clause */

/* late: dlopen(3), dlsym(3). */

#include "base/late.h"

#include <dlfcn.h>
#include <string.h>

int
late_load(const char *soname, const struct late_call *list, size_t count,
    void *calls, struct err *e)
{
	void *library = dlopen(soname, RTLD_LAZY | RTLD_LOCAL);
	size_t i;

	if (library == NULL)
		return err_set(e, REASON_INTERNAL,
		    "a library cannot be loaded: %s", dlerror());
	for (i = 0; i < count; i++) {
		void *call = dlsym(library, list[i].name);

		if (call == NULL) {
			err_set(e, REASON_INTERNAL,
			    "a library cannot be used: %s", dlerror());
			dlclose(library);
			return -1;
		}
		memcpy((char *)calls + list[i].at, &call, sizeof(call));
	}
	return 0;
}
