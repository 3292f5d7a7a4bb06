/* SPDX-License-Identifier: BSD-2-Clause */

/* daemon: one loop that sleeps until something is to be looked at. */

#include "serve/daemon.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/msg.h"
#include "base/watch.h"
#include "serve/gauges.h"

enum {
	DAEMON_FAULTS_MAX = 8, /* lost pages of maps, then a clean start */
	DAEMON_STEP_MS = 20,   /* how often a drain looks whether it is done */
	DAEMON_LATE_MS = 100   /* after the start, what can wait is done */
};

struct daemon_state {
	struct process *process;
	const struct daemon_plan *plan;
	struct crew *crew;
	time_t since; /* when it began to serve */
	int signals;
	struct watch ini;
	struct watch *files; /* that the ini read last names */
	size_t file_count;
	char exe[FILE_PATH_MAX];
	struct file_id exe_id;
	bool exe_told;
	bool leave;
	int64_t look_ms; /* when to look at the disk again */
	int64_t late_ms; /* when to do what can wait; or never, once it was */
};

static void
daemon_fill_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGHUP);
}

void
daemon_block_signals(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;

	daemon_fill_signals(&set);
	CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(sigaction(SIGPIPE, &ignore, NULL) != -1);
	/* A log that may not grow any more is told of, as a full disk is. */
	CHECK(sigaction(SIGXFSZ, &ignore, NULL) != -1);
}

/* ---- what changed on disk ---- */

static void
daemon_watch_file(struct daemon_state *d, const char *path)
{
	if (path[0] != '\0')
		watch_init(&d->files[d->file_count++], path);
}

/* Before they are read, so that no change is missed. */
static void
daemon_watch_files(struct daemon_state *d, const struct settings *s)
{
	size_t i;

	free(d->files);
	d->files = calloc(s->tls_count * 3 + s->auth_count * 2 +
	    s->sign_count + 1, sizeof(*d->files));
	CHECK(d->files != NULL);
	d->file_count = 0;
	for (i = 0; i < s->tls_count; i++) {
		daemon_watch_file(d, s->tls[i].ca);
		daemon_watch_file(d, s->tls[i].cert);
		daemon_watch_file(d, s->tls[i].key);
	}
	for (i = 0; i < s->auth_count; i++) {
		daemon_watch_file(d, s->auths[i].file);
		daemon_watch_file(d, s->auths[i].key);
	}
	for (i = 0; i < s->sign_count; i++)
		daemon_watch_file(d, s->signs[i].secret);
}

/* All are looked at, though one that has changed is enough. */
static bool
daemon_has_changed(struct daemon_state *d)
{
	bool changed = watch_look(&d->ini);
	size_t i;

	for (i = 0; i < d->file_count; i++)
		if (watch_look(&d->files[i]))
			changed = true;
	return changed;
}

static void
daemon_refuse_ini(struct daemon_state *d)
{
	if (d->process->settings_refused == 0)
		d->process->settings_refused = clock_wall().tv_sec;
}

static void
daemon_look_ini(struct daemon_state *d)
{
	struct settings *fresh;

	if (d->plan->ini == NULL || !daemon_has_changed(d))
		return;
	if (!d->ini.there) {
		msg_warning("%s is gone: its settings stay in force",
		    d->plan->ini);
		daemon_refuse_ini(d);
		return;
	}
	if (settings_load(d->plan->ini, &fresh, NULL, NULL) == 0) {
		daemon_watch_files(d, fresh);
		if (process_change(d->process, fresh) == 0) {
			d->process->settings_refused = 0;
			msg_notice("%s was read again", d->plan->ini);
			return;
		}
	}
	msg_error("%s is refused, the settings before stay in force",
	    d->plan->ini);
	daemon_refuse_ini(d);
}

static void
daemon_begin_exe(struct daemon_state *d)
{
	static const char self[] = "/proc/self/exe";
	static const char gone[] = " (deleted)"; /* replaced since the start */
	ssize_t n = readlink(self, d->exe, sizeof(d->exe) - 1);
	struct str path = { d->exe, n > 0 ? (size_t)n : 0 };

	if (str_ends(path, str_of(gone)))
		path.n -= sizeof(gone) - 1;
	d->exe[path.n] = '\0';
	if (file_identify(self, &d->exe_id) != 1)
		d->exe[0] = '\0';
}

/* Not by ctime: a link or a chmod makes no other program. */
static void
daemon_look_exe(struct daemon_state *d)
{
	struct file_id now;

	if (d->exe[0] == '\0' || d->exe_told ||
	    file_identify(d->exe, &now) != 1)
		return;
	if (now.dev == d->exe_id.dev && now.inode == d->exe_id.inode &&
	    file_same_content(&now, &d->exe_id))
		return;
	d->exe_told = true;
	if (d->plan->restarts) {
		msg_notice("%s was replaced: leaving, to be started again",
		    d->exe);
		d->leave = true;
	} else {
		msg_notice("%s was replaced: the old program serves until it "
		    "is started again", d->exe);
	}
}

static void
daemon_look(struct daemon_state *d)
{
	struct settings *s;

	(void)snapshot_look(d->process->snapshot);
	process_look(d->process);
	daemon_look_ini(d);
	gauges_tell(d->process, d->crew, d->since);
	crew_show(d->crew);
	daemon_look_exe(d);
	if (snapshot_faults(d->process->snapshot) >= DAEMON_FAULTS_MAX) {
		msg_error("too many pages of maps were gone: leaving");
		d->leave = true;
	}
	s = process_settings(d->process);
	d->look_ms = clock_ms() + s->check;
	settings_drop(&s);
}

/*
 * What origins need takes longer than all else of a start, of which a request
 * may wait for the end: so it is loaded when a worker needs it, or by now. That
 * it cannot be is told before a request finds it out, too.
 */
static void
daemon_begin_late(struct daemon_state *d)
{
	struct err e;

	d->late_ms = INT64_MAX;
	if (wire_maker_begin(d->process->relay.maker, &e) == -1)
		msg_error("%s", e.text);
}

/* ---- the loop ---- */

static void
daemon_take_signal(struct daemon_state *d)
{
	struct signalfd_siginfo info;

	if (read(d->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		d->look_ms = 0;
	else
		d->leave = true;
}

/* Sleeps until a signal, a timer, or the given time. */
static void
daemon_sleep(struct daemon_state *d, int64_t until)
{
	struct pollfd fds[2] = {
		{ .fd = d->signals, .events = POLLIN },
		{ .fd = crew_bell(d->crew), .events = POLLIN }
	};
	int64_t next = crew_next(d->crew);
	int64_t wait = (next < until ? next : until) - clock_ms();

	if (wait < 0)
		wait = 0;
	if (poll(fds, 2, wait > INT_MAX ? INT_MAX : (int)wait) == -1)
		CHECK(errno == EINTR);
	crew_tick(d->crew);
	if (fds[0].revents != 0)
		daemon_take_signal(d);
}

/* Sleeps, no longer than until something is due. */
static void
daemon_rest(struct daemon_state *d)
{
	int64_t until = pool_sweep(d->process->relay.pool);

	if (until > d->look_ms)
		until = d->look_ms;
	if (until > d->late_ms)
		until = d->late_ms;
	daemon_sleep(d, until);
}

static int
daemon_drain(struct daemon_state *d)
{
	struct settings *s = process_settings(d->process);
	int64_t until = clock_ms() + s->drain;

	settings_drop(&s);
	atomic_store(&d->process->draining, true);
	listen_remove(); /* first the name, then the queue: none is lost */
	crew_drain(d->crew, !d->plan->restarts);
	while (crew_open(d->crew) > 0 && clock_ms() < until) {
		int64_t step = clock_ms() + DAEMON_STEP_MS;

		daemon_sleep(d, step < until ? step : until);
		gauges_tell(d->process, d->crew, d->since);
	}
	if (crew_open(d->crew) == 0)
		return 0;
	msg_warning("%u exchanges did not end within '[router] drain'",
	    crew_open(d->crew));
	return 1;
}

static struct crew_limits
daemon_limits(struct process *p)
{
	struct settings *s = process_settings(p);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct crew_limits limits = { .most = (unsigned)s->workers_max,
		.exchanges = (unsigned)s->max_requests };

	if (cores < 1)
		cores = 1;
	limits.later = s->workers_min > 0 ? (unsigned)s->workers_min :
	    (unsigned)cores;
	if (limits.later > limits.most)
		limits.later = limits.most;
	limits.least = limits.later;
	if (p->on_stdin && s->workers_min == 0) {
		limits.least = 1;
		atomic_store(&p->alone, true);
	}
	settings_drop(&s);
	return limits;
}

/* As many descriptors as the system allows: an exchange takes two or more, and
 * nothing here uses select(2), for whose sake the usual limit is lower. */
static void
daemon_raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == -1)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

/* From what was read on: it may have changed since. */
static void
daemon_watch_ini(struct daemon_state *d)
{
	struct settings *s = process_settings(d->process);

	watch_init(&d->ini, d->plan->ini);
	if (!d->ini.there || !file_same(&d->ini.id, &s->file))
		watch_forget(&d->ini);
	settings_drop(&s);
}

static int
daemon_begin(struct daemon_state *d, struct err *e)
{
	struct settings *s = process_settings(d->process);
	sigset_t set;
	int i;

	daemon_raise_files();
	daemon_watch_files(d, s);
	settings_drop(&s);
	daemon_fill_signals(&set);
	d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (d->signals == -1)
		return err_set(e, REASON_INTERNAL, "signalfd: %s",
		    strerror(errno));
	d->since = clock_wall().tv_sec;
	if (d->plan->ini != NULL)
		daemon_watch_ini(d);
	daemon_begin_exe(d);
	d->late_ms = clock_ms() + DAEMON_LATE_MS;
	d->crew = crew_new(d->process, daemon_limits(d->process), e);
	if (d->crew == NULL)
		return -1;
	for (i = 0; i < d->plan->listener_count; i++)
		if (crew_listen(d->crew, d->plan->listeners[i], e) == -1)
			return -1;
	return 0;
}

int
daemon_run(struct process *p, const struct daemon_plan *plan, struct err *e)
{
	struct daemon_state d = { .process = p, .plan = plan, .signals = -1 };
	int answer = daemon_begin(&d, e);

	if (answer == 0) {
		while (!d.leave) {
			if (clock_ms() >= d.look_ms)
				daemon_look(&d);
			else if (clock_ms() >= d.late_ms)
				daemon_begin_late(&d);
			else
				daemon_rest(&d);
		}
		answer = daemon_drain(&d);
	}
	/* A worker that is still held would be waited for. */
	if (answer != 1)
		crew_free(&d.crew);
	if (d.signals != -1)
		close(d.signals);
	free(d.files);
	return answer;
}
