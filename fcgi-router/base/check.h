/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * check: our own promises, and the attributes the house uses.
 *
 * CHECK() aborts with file and line when this program broke a promise of its
 * own. It is never used on input: what comes from outside gets an answer.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#if defined(__GNUC__) || defined(__clang__)
#define ATTR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ATTR_MUST_USE __attribute__((warn_unused_result))
#define ATTR_NORETURN __attribute__((noreturn))
#define ATTR_UNUSED __attribute__((unused))
#else
#define ATTR_PRINTF(fmt, args)
#define ATTR_MUST_USE
#define ATTR_NORETURN
#define ATTR_UNUSED
#endif

/* Writes "file:line: broken promise: text" to stderr and aborts. */
ATTR_NORETURN void check_failed(const char *file, int line, const char *text);

#define CHECK(expr) \
	((expr) ? (void)0 : check_failed(__FILE__, __LINE__, #expr))

#endif
