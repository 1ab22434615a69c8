/* program.c - what kbus and kbusd do before their runtime starts, compiled into each with its name.
 *
 * A standard descriptor that is closed would be given to the next file that is opened, which is one of the runtime's own, and output would go there.
 * So what is closed is opened before anything else is: kbusd reads nothing and writes to nowhere, as daemons do; a command gets EBADF when it
 * uses it, as from a closed one.
 */
#define _GNU_SOURCE
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef KBUS_PROGRAM
#define KBUS_PROGRAM "kbus"
#endif
#ifndef KBUS_IS_DAEMON
#define KBUS_IS_DAEMON 0
#endif

#define CANNOT_START (KBUS_IS_DAEMON ? 2 : 1) /* the exit code */

bool __real_RhInitialize(bool is_library);
bool __wrap_RhInitialize(bool is_library);

/* The others are open: what is opened gets this number. */
static void open_closed(int number, int flags)
{
	if (fcntl(number, F_GETFD) >= 0 || errno != EBADF)
		return;
	/* Where there is no /dev, a place that can be neither read nor written keeps the number. */
	if (open("/dev/null", flags) < 0 && open("/", O_PATH) < 0)
		_exit(CANNOT_START);
}

__attribute__((constructor(101))) static void open_standard_descriptors(void)
{
	open_closed(0, KBUS_IS_DAEMON ? O_RDONLY : O_WRONLY);
	open_closed(1, KBUS_IS_DAEMON ? O_WRONLY : O_RDONLY);
	open_closed(2, KBUS_IS_DAEMON ? O_WRONLY : O_RDONLY);
}

#if KBUS_IS_DAEMON

/* What libfuse forks is fusermount3. It does not get the blocked signals of kbusd. Signals that are caught are reset by exec. */
static void unblock_in_child(void)
{
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
}

/* The signals that kbusd obeys are blocked before the first thread is made, so that the main thread can receive them (ObeyedSignals). */
__attribute__((constructor(102))) static void block_signals(void)
{
	sigset_t obeyed;

	sigemptyset(&obeyed);
	sigaddset(&obeyed, SIGTERM);
	sigaddset(&obeyed, SIGINT);
	sigaddset(&obeyed, SIGHUP);
	sigaddset(&obeyed, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &obeyed, NULL);
	pthread_atfork(NULL, NULL, unblock_in_child);
}

#endif

static void end(const char *sentence)
{
	char line[400];
	int length = snprintf(line, sizeof(line), KBUS_PROGRAM ": %s\n", sentence);

	if (length > 0 && write(2, line, (size_t)length) < 0)
		_exit(CANNOT_START);
	_exit(CANNOT_START);
}

/* The runtime's start (--wrap=RhInitialize): without this, a program that cannot have its runtime ends with 255 and says nothing. */
bool __wrap_RhInitialize(bool is_library)
{
	char sentence[300];

	if (!kbus_has_heap(sentence, sizeof(sentence)))
		end(sentence);
	if (!__real_RhInitialize(is_library)) {
		kbus_why_no_runtime(sentence, sizeof(sentence));
		end(sentence);
	}
	if (!kbus_has_pipes(sentence, sizeof(sentence)))
		end(sentence);
	return true;
}
