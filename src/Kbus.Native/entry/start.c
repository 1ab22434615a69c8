/* start.c - starting the runtime in somebody else's process.
 *
 * The runtime would end the process if it could not start. So its own beginning (--wrap=RhInitialize) comes back here when it fails, and the calls that
 * needed it fail instead. Nothing is changed for the host, whether it starts or not: neither what signals do, nor its standard descriptors.
 */
#define _GNU_SOURCE
#include "gate.h"
#include "runtime.h"

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define ACTIVATION_SIGNAL SIGRTMIN /* by which the runtime stops its threads */

void kbusnet_start(void);
bool __real_RhInitialize(bool is_library);
bool __wrap_RhInitialize(bool is_library);

static jmp_buf before_start;
static char sentence[300];

bool __wrap_RhInitialize(bool is_library)
{
	if (!__real_RhInitialize(is_library))
		longjmp(before_start, 1); /* nothing of the runtime has begun to run; its caller would abort */
	return true;
}

/* Signals that the runtime handles, or ignores. */
static const int of_the_runtime[] = { SIGPIPE, SIGSEGV, SIGFPE, SIGBUS, SIGILL, SIGTRAP, SIGABRT };
#define COUNT (sizeof(of_the_runtime) / sizeof(of_the_runtime[0]))

/* The threads that the runtime starts have every signal blocked that it does not need. */
static void block_signals(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, ACTIVATION_SIGNAL);
	for (size_t i = 0; i < COUNT; i++)
		if (of_the_runtime[i] != SIGPIPE)
			sigdelset(&all, of_the_runtime[i]);
	pthread_sigmask(SIG_SETMASK, &all, before);
}

static int start_or_come_back(void)
{
	if (setjmp(before_start) != 0)
		return kbus_why_no_runtime(sentence, sizeof(sentence));
	kbusnet_start();
	return 0;
}

int kbus_start_runtime(void)
{
	struct sigaction actions[COUNT], activation;
	sigset_t before;
	int error, state;

	if (!kbus_room_find()) {
		snprintf(sentence, sizeof(sentence),
			 "This process may not have the address space that KBUS needs (ulimit -v): half a gigabyte at least.");
		return ENOMEM;
	}
	state = kbus_gate_forbid_cancelling();
	block_signals(&before);
	for (size_t i = 0; i < COUNT; i++)
		sigaction(of_the_runtime[i], NULL, &actions[i]);
	sigaction(ACTIVATION_SIGNAL, NULL, &activation);
	kbus_hold_standard_descriptors();
	error = start_or_come_back();
	kbus_free_standard_descriptors();
	sigaction(SIGPIPE, &actions[0], NULL);
	if (error != 0) {
		for (size_t i = 0; i < COUNT; i++)
			sigaction(of_the_runtime[i], &actions[i], NULL);
		sigaction(ACTIVATION_SIGNAL, &activation, NULL);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	kbus_gate_allow_cancelling(state);
	return error;
}

const char *kbus_why_not_started(void)
{
	return sentence[0] != '\0' ? sentence : "There is not enough memory in this process for KBUS to begin.";
}
