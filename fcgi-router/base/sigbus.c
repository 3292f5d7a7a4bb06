/* SPDX-License-Identifier: BSD-2-Clause */

/* sigbus: a jump back out of a mapping that lost its file. */

#include "base/sigbus.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

static _Thread_local sigjmp_buf sigbus_back;
static _Thread_local volatile sig_atomic_t sigbus_armed;

static void
sigbus_handler(int signo, siginfo_t *info, void *context)
{
	const ucontext_t *interrupted = context;

	(void)info;
	if (sigbus_armed) {
		sigbus_armed = 0;
		/* Whoever wraps handlers (a sanitizer) may block signals
		 * meanwhile; the jump would leave them blocked. */
		pthread_sigmask(SIG_SETMASK, &interrupted->uc_sigmask, NULL);
		siglongjmp(sigbus_back, 1);
	}
	signal(signo, SIG_DFL);
	raise(signo);
}

void
sigbus_init(void)
{
	struct sigaction act = { .sa_sigaction = sigbus_handler };

	/* SA_NODEFER: the jump leaves the handler without returning. */
	act.sa_flags = SA_SIGINFO | SA_NODEFER;
	sigemptyset(&act.sa_mask);
	CHECK(sigaction(SIGBUS, &act, NULL) != -1);
}

bool
sigbus_run(void (*fn)(void *arg), void *arg)
{
	CHECK(!sigbus_armed);
	/* 0: do not save the mask, a system call on each request. */
	if (sigsetjmp(sigbus_back, 0) != 0)
		return false;
	sigbus_armed = 1;
	fn(arg);
	sigbus_armed = 0;
	return true;
}
