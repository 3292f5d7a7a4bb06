/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * exchange: the one thing that is carried through the pipeline: a request,
 * its way to an origin, and its answer; and, between requests, the web
 * server's connection it came on.
 *
 * An exchange is run by one worker at a time (see `state`) and waits without
 * one. Objects are never freed while the process serves, only used again, so
 * that a late wake-up finds an exchange, if perhaps another one.
 */
#ifndef SERVE_EXCHANGE_H
#define SERVE_EXCHANGE_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/pour.h"
#include "base/ready.h"
#include "decide/auth.h"
#include "decide/follow.h"
#include "decide/pick.h"
#include "decide/plan.h"
#include "decide/target.h"
#include "http/header.h"
#include "http/request.h"
#include "relay/consult.h"
#include "relay/transfer.h"
#include "report/board.h"
#include "report/record.h"
#include "serve/body.h"
#include "serve/process.h"
#include "serve/request_id.h"
#include "serve/timers.h"

struct intake;

enum {
	EXCHANGE_ARENA_MAX = 1024 * 1024,
	EXCHANGE_SPARE_MAX = 128 * 1024,
	EXCHANGE_OUT_MAX = 512 * 1024 /* for the front: a head and a record */
};

/* Who may run it; changed by exchange_wake and the worker alone. */
enum exchange_state {
	EXCHANGE_FREE = 0, /* in no use */
	EXCHANGE_PARKED,   /* waits; whoever wakes it first runs it */
	EXCHANGE_RUNNING,  /* a worker has it */
	EXCHANGE_WOKEN,    /* a worker has it, and it was woken meanwhile */
	EXCHANGE_STATE_COUNT /* last */
};

/* What it waits for. Events are those of poll(2); 0 waits for none. */
struct exchange_wait {
	short front;   /* on the web server's side */
	short origin;  /* on the wire */
	int64_t until; /* clock_ms; INT64_MAX: as long as it takes */
};

/* What the worker that runs it lends it. */
struct exchange_loan {
	char *scratch; /* memory until the step ends */
	size_t room;
	struct pour *pour; /* empty */
	unsigned slot; /* the store's */
	/* Told before and after something that holds the worker. */
	void (*held)(void *arg, bool begins);
	void *arg;
};

/* An answer of the router's own: no origin is asked, or none answered. */
struct exchange_reply {
	int status;
	struct header fields; /* Content-Length is added */
	struct str body;
};

/* The tightest of router.ini and of the route's policy; times in ms. */
struct exchange_limits {
	int64_t connect;
	int64_t response;
	int64_t idle;
	uint64_t body;
};

/* Plans that a request has. */
enum {
	EXCHANGE_PLAN_ROUTE = 0,
	EXCHANGE_PLAN_IDENTITY, /* in addition */
	EXCHANGE_PLANS          /* last */
};

/* A plan, and what was counted by it. */
struct exchange_plan {
	const struct settings_plan *says; /* NULL: there is none */
	struct plan_key key;
	struct limit_view view;
	bool told;       /* the client is told of view */
	uint64_t inside; /* for limit_exit, or 0 */
	uint64_t id;     /* limit's, of plan and key */
};

struct exchange {
	_Atomic int state; /* enum exchange_state */
	struct timer timer;
	struct exchange *next; /* in the list of free or of ready ones */
	struct process *process;
	struct exchange_wait wait;

	/* the web server's side, kept from request to request */
	const struct intake *intake;
	int front;          /* descriptor */
	struct ready front_ready;
	void *front_state;  /* the intake's own */
	bool front_spools;  /* it writes all of a request before it reads */
	bool front_partial; /* what it has sent is too little to be read */
	bool front_stops;   /* it sends no more of it once it has an answer */
	struct buf out;     /* for the front, not written yet */
	size_t room;        /* so much of an answer it takes without a look */

	/* this request */
	int step;           /* of the pipeline */
	struct arena arena;
	struct arena spare; /* of an error page, when `arena` may be full */
	char **variables;   /* CGI's, the intake's */
	struct settings *settings;
	struct request request;
	char id[REQUEST_ID_SIZE];
	struct body body;
	struct err err;     /* why it failed; reason NONE: it did not */
	struct snapshot_map *map; /* from the lookup until its words are not
	                             needed any more */
	struct follow follow;
	struct auth_set *auth_set; /* NULL: nobody was asked */
	struct auth_walk auth;
	struct consult *consult; /* what auth waits for, or NULL */
	struct exchange_limits limits;
	struct exchange_plan plans[EXCHANGE_PLANS];
	struct str late_plan; /* of a service that is found by who asks, where
	                         the route names none; or empty */
	unsigned subrequests; /* that were made for it */
	struct pick pick;   /* of the service's origins */
	struct target target;
	struct str set_by_rules; /* names of fields, of the map */
	struct header to_origin;
	struct transfer transfer;
	struct h1_answer answer;
	struct exchange_reply reply;
	struct record record;
	struct board_mark mark; /* where others see it under way */
	const char *shown_to;   /* and to which origin: its target's name */
	bool timed;         /* somebody is told how long its parts take */
	bool counted;       /* it goes into stats */
	bool logged;        /* and into a log, if that takes it */
	bool uploads;       /* the request's body still goes out, beside the
	                       answer */
	bool head_sent;     /* the answer's head was put */
	bool began;         /* a byte of the answer may have left */
	bool length_sent;   /* with a Content-Length */
	bool broken;        /* it is to be seen as broken */
	bool ended;         /* its end was put */
	bool given;         /* before that, the front had all of it, and knew
	                       that this is all */
	bool whole;         /* all of it was written */
	bool recorded;      /* and written down */
	bool refused;       /* the intake answered what it could not take: id
	                       and record say how */
	bool stalls;        /* the upload waits for the front, not the origin */
	bool fresh_only;    /* the pool's wires are not to be trusted */
	bool watches_front; /* is looked at for being gone */
	int64_t limit;      /* of this wait, clock_ms; INT64_MAX: none */
	int64_t front_limit; /* for the front to take a byte of what waits for
	                        it; INT64_MAX: nothing does */
	int64_t total_limit;
	int64_t plan_limit; /* the same, as its plan has it for origins; later,
	                       INT64_MAX: that was kept to */
	int64_t paced_until; /* clock_ms; no more of the answer goes out
	                        before; 0: it need not wait */
	int64_t origin_us;  /* clock_us of the first attempt; 0: there is none
	                       that lasts, or nobody counts */
	int64_t since_us;   /* clock_us of the request, of the attempt, and of
	                       asking who it is */
	int64_t attempt_us;
	int64_t auth_us;
	int64_t asked;      /* clock_ms, from when on an origin that was picked
	                       has all of the request; INT64_MAX: it has not */
};

/* Memory for one, state FREE. NULL: out of memory. */
struct exchange *exchange_new(struct process *p);
void exchange_free(struct exchange **x);

/* Makes it ready for the next request: all of the last one is given back. */
void exchange_reset(struct exchange *x);

/* The namespace of its dynamic names: the web server's word, or the setting. */
struct str exchange_space(const struct exchange *x);

/* How the map that it holds is asked, and for what. */
struct exchange_map {
	struct follow_ask ask;
	struct lookup_map map;
	struct store *store;
	unsigned slot;
};

/* Fills *m, which must stay where it is, for the worker's slot. */
void exchange_ask_map(const struct exchange *x, unsigned slot,
    struct exchange_map *m);

/* The plan in force, of the identity, else of the route, and what it says;
 * NULL: there is none. */
const struct exchange_plan *exchange_in_force(const struct exchange *x);
const struct settings_plan *exchange_plan(const struct exchange *x);

/* It is not under way any more, as plans count it. */
void exchange_leave(struct exchange *x);

/* It needs the map no more. */
void exchange_give_map(struct exchange *x);

/*
 * Wakes it. true: it was parked, and the caller must run it; false: somebody
 * runs it already and will look again, or it is free.
 */
bool exchange_wake(struct exchange *x);

/* Was it woken while it runs? Then exchange_park needs it not armed. */
bool exchange_is_woken(const struct exchange *x);

/* Takes it from where it is parked: true, the caller must park it again, or
 * run it; false: it is not parked. */
bool exchange_hold(struct exchange *x);

/*
 * Before it is parked: true, it may be; false: it was woken meanwhile and must
 * be run on.
 */
bool exchange_park(struct exchange *x);

#endif
