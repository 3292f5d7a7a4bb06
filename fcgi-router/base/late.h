/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * late: a library that is loaded when it is first needed.
 *
 * A program that is linked with a library pays for it at each start: most of
 * a start was that of libraries which its first answer did not need. Whoever
 * calls such a library has a struct of pointers, one for each function, which
 * late_load fills; LATE_CALL makes a row of its list.
 */
#ifndef BASE_LATE_H
#define BASE_LATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct late_call {
	const char *name; /* as the library calls it */
	size_t at;        /* where its pointer is in the struct */
};

#define LATE_CALL(type, member, name) { name, offsetof(struct type, member) }

/*
 * Loads the library, for good, and fills the struct. 0, or -1 and e
 * (internal): there is no such library, or it lacks one of the functions.
 * Neither thread-safe with the struct nor with itself on the same one.
 */
ATTR_MUST_USE
int late_load(const char *soname, const struct late_call *list, size_t count,
    void *calls, struct err *e);

/*
 * Tells packagers' tools of the library, which no longer see it as one that is
 * linked: the ELF note of systemd's "ELF dlopen metadata". At file scope; the
 * texts are literals.
 */
#define LATE_NOTE(name, feature, description, soname) \
	static const struct { \
		uint32_t owner_size; \
		uint32_t text_size; \
		uint32_t kind; \
		char owner[4]; \
		char text[sizeof(LATE_TEXT(feature, description, soname))]; \
	} name __attribute__((used, aligned(4), section(".note.dlopen"))) = { \
		sizeof("FDO"), \
		sizeof(LATE_TEXT(feature, description, soname)), \
		0x407c0c0a, "FDO", LATE_TEXT(feature, description, soname) }

#define LATE_TEXT(feature, description, soname) \
	"[{\"feature\":\"" feature "\",\"description\":\"" description \
	"\",\"priority\":\"required\",\"soname\":[\"" soname "\"]}]"

#endif
