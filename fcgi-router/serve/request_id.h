/* SPDX-License-Identifier: BSD-2-Clause */

/* request_id: 128 random bits in hex for each request. */
#ifndef SERVE_REQUEST_ID_H
#define SERVE_REQUEST_ID_H

enum { REQUEST_ID_SIZE = 33 };

/* 32 hex digits and a NUL. Any thread. */
void request_id_new(char id[REQUEST_ID_SIZE]);

#endif
