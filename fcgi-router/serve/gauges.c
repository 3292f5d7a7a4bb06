/* SPDX-License-Identifier: BSD-2-Clause */

/* gauges: each from who has it. */

#include "serve/gauges.h"

#include <unistd.h>

#include "base/clock.h"

/* Without a map they stay 0. */
static void
gauges_map(struct process *p, uint64_t gauges[STATS_GAUGE_COUNT])
{
	const struct codec_meta *meta;
	struct snapshot_map *map;
	struct err e;

	map = snapshot_take(p->snapshot, &e);
	if (map == NULL)
		return;
	meta = store_meta(snapshot_store(map));
	gauges[STATS_GAUGE_generation] = meta->generation;
	gauges[STATS_GAUGE_map_made] = meta->time;
	gauges[STATS_GAUGE_hosts] = meta->hosts;
	gauges[STATS_GAUGE_wildcards] = meta->wildcards;
	gauges[STATS_GAUGE_paths] = meta->paths;
	snapshot_give(p->snapshot, &map);
}

/* A wire that is just being given back may be neither. */
static void
gauges_wires(struct relay *relay, uint64_t gauges[STATS_GAUGE_COUNT])
{
	size_t idle = pool_count(relay->pool);
	size_t open = wire_maker_open(relay->maker);

	gauges[STATS_GAUGE_wires_idle] = idle;
	gauges[STATS_GAUGE_wires_busy] = open > idle ? open - idle : 0;
}

void
gauges_tell(struct process *p, struct crew *c, time_t since)
{
	uint64_t gauges[STATS_GAUGE_COUNT] = { 0 };
	unsigned workers, held;

	if (p->stats == NULL)
		return;
	crew_workers(c, &workers, &held);
	gauges[STATS_GAUGE_pid] = (uint64_t)getpid();
	gauges[STATS_GAUGE_since] = (uint64_t)since;
	gauges[STATS_GAUGE_seen] = (uint64_t)clock_wall().tv_sec;
	gauges[STATS_GAUGE_requests] = atomic_load(&p->exchanges);
	gauges[STATS_GAUGE_connections] = crew_open(c);
	gauges[STATS_GAUGE_workers] = workers;
	gauges[STATS_GAUGE_workers_held] = held;
	gauges[STATS_GAUGE_log_lost] = (uint64_t)atomic_load(&p->log_lost);
	gauges[STATS_GAUGE_map_refused] =
	    (uint64_t)snapshot_refused(p->snapshot);
	gauges[STATS_GAUGE_settings_refused] = (uint64_t)p->settings_refused;
	gauges_map(p, gauges);
	gauges_wires(&p->relay, gauges);
	stats_tell(p->stats, gauges);
}
