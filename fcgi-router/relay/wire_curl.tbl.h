/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire_curl: the functions of libcurl that are used, without "curl_".
 *
 * CALL(name)
 */
CALL(easy_cleanup)
CALL(easy_getinfo)
CALL(easy_init)
CALL(easy_perform)
CALL(easy_recv)
CALL(easy_send)
CALL(easy_setopt)
CALL(easy_strerror)
CALL(global_init)
CALL(share_cleanup)
CALL(share_init)
CALL(share_setopt)
