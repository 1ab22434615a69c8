/* gate.h - the way from C into managed code, and who may not take it.
 *
 * This much is C because it has to run where managed code must not: in a forked child, in front of every call, and after the last
 * managed instruction of a call, for errno.
 */
#ifndef KBUS_GATE_H
#define KBUS_GATE_H

#include <errno.h>
#include <stddef.h>

/* Whether this process may use what it has open, or open more. */
enum kbus_gate {
	KBUS_GATE_OPEN,
	KBUS_GATE_SHUT /* a forked child whose copy of the runtime cannot be used */
};

/* Goes in, starting the runtime at the first call of all. Every KBUS_GATE_OPEN is followed by a kbus_gate_leave. */
enum kbus_gate kbus_gate_enter(void);
void kbus_gate_leave(void);

/* Zeroed memory for a caller, from malloc. */
void *kbus_gate_allocate(size_t length);

/* A result as callers get it: errno says the same. */
static inline int kbus_gate_result(int result)
{
	if (result < 0)
		errno = -result;
	return result;
}

#endif
