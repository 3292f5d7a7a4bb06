/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * status.tbl: what internal=status?auto and ?json have.
 *
 * STATUS(member, KIND, "Key", manual)
 * KIND: NUMBER, DECIMAL (of parts), TEXT. The first ones are those of Apache's
 * mod_status, so that whatever reads these can read ours.
 * STATUS_MEMBER(name, manual): members of the object of ?json, in its order.
 * Whoever includes this defines the one that is looked for; both are undefined
 * at its end.
 */
#ifndef STATUS
#define STATUS(...)
#endif
#ifndef STATUS_MEMBER
#define STATUS_MEMBER(...)
#endif

STATUS(accesses, NUMBER, "Total Accesses",
    "Requests that have ended since the counts began.")
STATUS(kbytes, NUMBER, "Total kBytes",
    "Bytes of answers' bodies that were sent, in units of 1024.")
STATUS(duration, NUMBER, "Total Duration",
    "The time that requests took together, in milliseconds.")
STATUS(uptime, NUMBER, "Uptime",
    "Seconds since the counts began: they outlive restarts of the router, not "
    "of the machine.")
STATUS(rate, DECIMAL, "ReqPerSec",
    "Requests a second since then.")
STATUS(bytes_rate, DECIMAL, "BytesPerSec",
    "Bytes sent a second since then.")
STATUS(bytes_each, DECIMAL, "BytesPerReq",
    "Bytes sent for each request.")
STATUS(duration_each, DECIMAL, "DurationPerReq",
    "Milliseconds for each request.")
STATUS(busy, NUMBER, "BusyWorkers",
    "Requests under way: they wait without a worker, so these can be more than "
    "there are workers.")
STATUS(idle, NUMBER, "IdleWorkers",
    "Workers that nothing holds.")
STATUS(scoreboard, TEXT, "Scoreboard",
    "A letter for each request that waits, up to 512: R for its body, W for "
    "all else; then a _ for each idle worker.")
STATUS(grade, TEXT, "Status",
    "well, warn or bad, as the page judges.")
STATUS(routers, NUMBER, "Routers",
    "Router processes.")
STATUS(generation, NUMBER, "MapGeneration",
    "The generation of the map that all of them use; 0: they differ, or have "
    "none.")
STATUS(oldest, DECIMAL, "OldestRequest",
    "For how many seconds the oldest request is under way.")
STATUS(origins_out, NUMBER, "OriginsOut",
    "Origins that are not well.")
STATUS(minute_requests, NUMBER, "LastMinuteRequests",
    "Requests that have ended in the last 60 seconds.")
STATUS(minute_errors, NUMBER, "LastMinuteErrors",
    "Those of them that were answered with a status of 500 or more.")
STATUS(minute_limited, NUMBER, "LastMinuteLimited",
    "Those of them that a plan refused.")
STATUS(minute_p50, DECIMAL, "LastMinuteP50",
    "The time within which half of them were answered, in milliseconds.")
STATUS(minute_p99, DECIMAL, "LastMinuteP99",
    "The same for 99 of a hundred.")

STATUS_MEMBER(status,
    "well, warn or bad, as the page judges.")
STATUS_MEMBER(findings,
    "Why: a list of objects with grade and text, the gravest first.")
STATUS_MEMBER(time,
    "When all this was, in seconds since 1970.")
STATUS_MEMBER(since,
    "When the counts began.")
STATUS_MEMBER(machine,
    "The name of the machine.")
STATUS_MEMBER(generation,
    "The generation of the map that all routers use; 0: they differ, or have "
    "none.")
STATUS_MEMBER(total,
    "All requests since then: an object with each count, and the times within "
    "which 50, 90 and 99 of a hundred requests were answered (p50, p90, p99; "
    "null: there were none).")
STATUS_MEMBER(last_minute,
    "The same of the last 60 seconds.")
STATUS_MEMBER(services,
    "The services that are used most: the same of each, with namespace, "
    "service (or the pattern of a route that leads to none) and plan.")
STATUS_MEMBER(services_left,
    "How many more services there are in the counts.")
STATUS_MEMBER(other,
    "What all others have together.")
STATUS_MEMBER(plans,
    "The same of each plan.")
STATUS_MEMBER(reasons,
    "Requests with each reason that there was.")
STATUS_MEMBER(events,
    "What else is counted of all processes.")
STATUS_MEMBER(origins,
    "Origins of services that have several, the worst first: origin, state "
    "(well, out, due, tried), active (requests there), fails (of late), times "
    "(that it was taken out in a row), out_for (seconds, or null).")
STATUS_MEMBER(limits,
    "Who was refused by a plan, the latest first: plan, key, how often for "
    "each reason, and ago, when it was last.")
STATUS_MEMBER(requests,
    "Requests under way, the oldest first: age, method, host, path, service, "
    "origin (cut to what there is room for), waits_for and pid.")
STATUS_MEMBER(requests_left,
    "How many more there are.")
STATUS_MEMBER(processes,
    "How each router is.")

#undef STATUS
#undef STATUS_MEMBER
