/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * sigbus: one guard for all file mappings.
 *
 * A page of a mapped file that somebody truncated raises SIGBUS. Inside
 * sigbus_run that ends the call instead of the process; what the call held
 * (locks, memory) is lost, so its environment must be abandoned, not closed.
 * Outside of it SIGBUS kills as ever.
 */
#ifndef BASE_SIGBUS_H
#define BASE_SIGBUS_H

#include <stdbool.h>

#include "base/check.h"

/* Installs the handler; once, before threads. */
void sigbus_init(void);

/* Runs fn(arg). true: it returned; false: a page of a mapping was gone. */
ATTR_MUST_USE bool sigbus_run(void (*fn)(void *arg), void *arg);

#endif
