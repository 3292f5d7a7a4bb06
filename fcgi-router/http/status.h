/* SPDX-License-Identifier: BSD-2-Clause */

/* status: reason phrases of HTTP status codes (RFC 9110 15, RFC 6585). */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

/* The phrase of a code from 100 to 999; "Status" for one not registered. */
const char *status_phrase(int code);

#endif
