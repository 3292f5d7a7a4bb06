/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire_curl: the functions of libcurl that are used, without "curl_".
 *
 * CALL(name)
 */
CALL(easy_cleanup)
CALL(easy_getinfo)
CALL(easy_init)
CALL(easy_recv)
CALL(easy_send)
CALL(easy_setopt)
CALL(easy_strerror)
CALL(global_init)
CALL(multi_add_handle)
CALL(multi_cleanup)
CALL(multi_info_read)
CALL(multi_init)
CALL(multi_perform)
CALL(multi_poll)
CALL(multi_wakeup)
CALL(share_cleanup)
CALL(share_init)
CALL(share_setopt)
