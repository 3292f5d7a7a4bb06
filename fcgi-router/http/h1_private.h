/* SPDX-License-Identifier: BSD-2-Clause */

/* h1_private: what the files of h1 share, and nobody else includes. */
#ifndef HTTP_H1_PRIVATE_H
#define HTTP_H1_PRIVATE_H

#include "http/h1.h"

enum {
	H1_SLACK = 8,     /* bytes behind a head's copy that may be read */
	H1_QUOTE_MAX = 60 /* bytes of an answer that an error text shows */
};

/* Fills e with REASON_ORIGIN_BROKEN and a quote of what; -1. */
int h1_broken(struct str what, const char *why, struct err *e);

/* The line whose LF is p[lf], without it and, if there, the CR before it. */
struct str h1_line(const char *p, size_t lf);

/*
 * Reads the lines of fields and the empty line, p[0, n), into out's fields
 * (which have room), framing and keep; out has status and version already.
 * p is changed where a field is folded, and borrowed by the fields; H1_SLACK
 * bytes behind may be read. 0, or -1 and e.
 */
ATTR_MUST_USE
int h1_read_fields(const struct h1_reader *r, char *p, size_t n,
    struct h1_answer *out, struct err *e);

#endif
