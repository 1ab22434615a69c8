/* gate.h - the way from C into managed code, and who may not take it.
 *
 * This much is C because it has to run where managed code must not: in a forked child, in front of every call, and after the last
 * managed instruction of a call, for errno.
 */
#ifndef KBUS_GATE_H
#define KBUS_GATE_H

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

/* A thread of which it is known whether it is inside. */
struct kbus_visitor;

/* Goes in, starting the runtime at the first call of all; what it gives must leave. NULL: this process is a forked child whose copy of the
 * runtime cannot be used, or this thread is inside already and a signal handler calls. */
struct kbus_visitor *kbus_gate_enter(void);
void kbus_gate_leave(struct kbus_visitor *visitor);

/* Starts the runtime (start.c). 0, or the errno of what kept it from starting; kbus_why_not_started has a sentence then. */
int kbus_start_runtime(void);
const char *kbus_why_not_started(void);

/* Sets how many addresses the runtime may reserve; 0 if there are too few for anything. */
int kbus_room_find(void);

/* Why the gate is shut, as an error of a call that needs no Ksock, and in a sentence. */
int kbus_gate_why_shut(void);
const char *kbus_gate_shut_text(void);

/* Whether this thread is inside. */
int kbus_gate_is_inside(void);

/* For what may come upon a point of cancellation inside (cancel.c). What the first gives is for the second. */
static inline int kbus_gate_forbid_cancelling(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	return state;
}

static inline void kbus_gate_allow_cancelling(int state)
{
	pthread_setcancelstate(state, &state);
}

/* poll, which is no point of cancellation; and one at which a thread that is cancelled gets ECANCELED, and *was_cancelled becomes 1. */
struct pollfd;
struct timespec;
int kbus_poll_uncancelled(struct pollfd *fds, unsigned long nfds, const struct timespec *timeout);
int kbus_poll_caught(struct pollfd *fds, unsigned long nfds, const struct timespec *timeout, int *was_cancelled);

/* Between these two no free standard descriptor is given to what is opened (descriptors.c); in the child of a fork nobody is between them. */
void kbus_hold_standard_descriptors(void);
void kbus_free_standard_descriptors(void);
void kbus_forget_holders(void);

/* A descriptor that was just opened, under another number if it has that of a standard one. */
int kbus_above_standard(int number);

/* Zeroed memory for a caller, from malloc. */
void *kbus_gate_allocate(size_t length);

/* The same, not zeroed: for one who fills it. */
void *kbus_gate_allocate_to_fill(size_t length);

/* A result as callers get it: errno says the same. */
static inline int kbus_gate_result(int result)
{
	if (result < 0)
		errno = -result;
	return result;
}

#endif
