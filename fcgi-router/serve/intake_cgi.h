/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * intake_cgi: one request of a plain CGI program (RFC 3875): variables from
 * the environment, the body from descriptor 0, the answer to descriptor 1.
 *
 * There is one request and nothing else to do, so its functions wait.
 */
#ifndef SERVE_INTAKE_CGI_H
#define SERVE_INTAKE_CGI_H

#include "serve/intake.h"

extern const struct intake intake_cgi;

/* Makes x serve this process's own request. */
void intake_cgi_open(struct exchange *x);

/* 0: the whole answer was written; 3: not (exit status). */
int intake_cgi_status(const struct exchange *x);

#endif
