/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * board.tbl: what a request under way waits for.
 *
 * BOARD(NAME, word, manual)
 * Numbers of the rows stand in the shared file: a change is a new version of
 * it.
 */
BOARD(AUTH, "auth",
    "A service that is asked who the client is.")
BOARD(BODY, "body",
    "The client, for its request's body.")
BOARD(CONNECT, "connect",
    "A connection to the origin.")
BOARD(SEND, "send",
    "The origin, to take the request, or the client, to send it.")
BOARD(ORIGIN, "origin",
    "The origin's answer.")
BOARD(ANSWER, "answer",
    "The origin, for more of its answer, the client, to take it, or its turn, "
    "by a plan's bandwidth.")
BOARD(END, "end",
    "The client, to take the end of its answer.")
