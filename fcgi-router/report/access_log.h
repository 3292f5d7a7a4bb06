/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * access_log: whole lines to a file, to stderr, or to the system's log.
 *
 * A line is one write(2) to a file opened with O_APPEND, so that lines of
 * several threads and processes stay whole. The descriptor keeps its number
 * for good: reopening puts another file under it, and no writer waits for
 * that. A FIFO that is full takes nothing, nor does stderr where it leads to
 * one or to a socket; nothing here ever blocks on them.
 * The program must ignore SIGPIPE.
 */
#ifndef REPORT_ACCESS_LOG_H
#define REPORT_ACCESS_LOG_H

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

struct access_log;

/* What half a line ends in, as a full disk leaves it: CAN, which ASCII has for
 * that, and which is in no line. */
#define ACCESS_LOG_TORN "\x18"

/* All are copied. */
struct access_log_says {
	const char *where;  /* "none", "stderr", "syslog", or the path of a
	                       file, made with mode 0640 if it is not there;
	                       only regular files and FIFOs that somebody
	                       reads. One that cannot be opened is waited
	                       for: what comes before is lost, which msg
	                       tells */
	const char *syslog; /* the socket of the system's log */
	const char *note;   /* a line, with its LF, that a regular file begins
	                       with; where another one was the last of these,
	                       or none was, it is added; may be "" */
};

/* 0 and *out, or -1 and e. */
ATTR_MUST_USE
int access_log_open(const struct access_log_says *says,
    struct access_log **out, struct err *e);
void access_log_close(struct access_log **l);

/* Is there anything to be written at all? false for "none". */
bool access_log_wanted(const struct access_log *l);

/*
 * Writes a line, its LF within. Any thread. false: it is lost, which is told by
 * msg once until lines were written, and none was lost, from one look to the
 * next.
 */
bool access_log_write(struct access_log *l, struct str line);

/*
 * Is the path still the file that is written to? If it is another one or gone,
 * it is opened again; if that fails, the old one is kept, and msg tells it
 * once. What goes to a file that no folder has any more is lost. Called by one
 * thread, about once a second.
 */
void access_log_look(struct access_log *l);

#endif
