/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire: one connection to one origin; hides libcurl.
 *
 * libcurl makes the connection (CURLOPT_CONNECT_ONLY: resolving, happy
 * eyeballs, TCP or Unix socket, TLS with verification) and then carries bytes;
 * HTTP is spoken on it by others. A wire belongs to one exchange at a time;
 * wires of a maker share its DNS cache, TLS sessions and certificate store.
 */
#ifndef RELAY_WIRE_H
#define RELAY_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pour.h"
#include "base/ready.h"
#include "base/str.h"
#include "decide/target.h"
#include "settings/settings.h"

struct wire;
struct wire_maker;

/* It knows no [tls:NAME] yet, and loads nothing. */
struct wire_maker *wire_maker_new(void);
void wire_maker_free(struct wire_maker **m);

/* Wires of it that are open, idle or busy. Any thread. */
unsigned wire_maker_open(const struct wire_maker *m);

/*
 * Loads libcurl, which takes some milliseconds, so that the first wire_open
 * need not. 0, or -1 and e (internal, overloaded): another time it may go.
 */
ATTR_MUST_USE int wire_maker_begin(struct wire_maker *m, struct err *e);

/* Uses the [tls:NAME] and dns_age of these settings from now on. 0, or -1:
 * mistakes in their files went to `tell` as in wire_tls_load, and all stays. */
ATTR_MUST_USE
int wire_maker_trust(struct wire_maker *m, const struct settings *s,
    void (*tell)(void *arg, const char *line), void *arg);

/*
 * Connects to the target, blocking for at most timeout_ms. Each address that
 * is to be connected to must pass egress_allows, by t->egress.
 * When the addresses that are known of its name are in vain it is looked up
 * again, see stale, and tried again.
 * 0 and *out, or -1 and e: origin-dns, origin-refused, origin-tls,
 * origin-connect-timeout, origin-broken, egress-denied; overloaded: this
 * process lacks descriptors or memory; and what wire_maker_begin answers.
 */
ATTR_MUST_USE
int wire_open(struct wire_maker *m, const struct target *t,
    int64_t timeout_ms, struct wire **out, struct err *e);

/* Closes it and sets *w NULL; NULL is fine. */
void wire_close(struct wire **w);

/*
 * Takes as much of data as goes without waiting.
 * 1 and *sent > 0; 0: would wait (for reading too, if it is TLS);
 * -1 and e (origin-broken): the connection is dead.
 */
ATTR_MUST_USE
int wire_send(struct wire *w, struct str data, size_t *sent, struct err *e);

/*
 * Reads what is there. 1 and *got > 0; 2: the origin closed its side; 0:
 * would wait; -1 and e (origin-broken): the connection is dead.
 */
ATTR_MUST_USE
int wire_recv(struct wire *w, char *to, size_t room, size_t *got,
    struct err *e);

/*
 * As wire_recv, into an empty pipe; 2: only wire_recv can tell (of TLS, and at
 * the end).
 */
ATTR_MUST_USE
int wire_pour(struct wire *w, struct pour *to, size_t room, struct err *e);

/* The descriptor to wait on. */
int wire_fd(const struct wire *w);

/* How much of what was sent still lies in the system's buffer, or 0. */
int wire_unsent(const struct wire *w);

/*
 * May the open wire, of the same key, serve that target? Not when the rules of
 * egress refuse its peer by now, or the files or words of [tls:NAME] by which
 * it was made are others now.
 */
bool wire_may_serve(struct wire_maker *m, const struct wire *w,
    const struct target *t);

/* Is an idle wire still open, with nothing unasked for on it? sure: asks the
 * kernel; else what events have told of it is enough. */
bool wire_is_idle(struct wire *w, bool sure);

/* The target's name, for messages, and its key, for a pool (target.h). */
struct str wire_name(const struct wire *w);
struct str wire_key(const struct wire *w);

/*
 * For whoever keeps wires that nobody uses: where a wire is among them. All
 * zero of a new one; the wire does nothing with it.
 */
struct wire_place {
	uint64_t hash;      /* of its key, by the keeper's own; 0: not known */
	int64_t since;      /* clock_ms when it was given */
	struct wire *below; /* of the same bucket: given earlier */
	struct wire *newer; /* of all */
	struct wire *older;
};
struct wire_place *wire_place(struct wire *w);

/* clock_ms when it was connected. */
int64_t wire_since(const struct wire *w);

/* How many answers it has carried before; the pool counts. */
unsigned wire_uses(const struct wire *w);
void wire_used(struct wire *w);

/*
 * What events have told of it, for whoever waits; its owner is NULL until
 * somebody does. A wire that epoll knows is not read before an event says that
 * something may be there. It is memory of a `struct ready` until
 * wire_maker_free, also when the wire is closed.
 */
struct ready *wire_ready(struct wire *w);

#endif
