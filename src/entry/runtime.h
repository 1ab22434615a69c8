/* runtime.h - the .NET runtime inside a program or the library: what it sees of its surroundings, and why it could not start.
 *
 * This code is C because it runs before the runtime does, or instead of it. The programs kbus and kbusd and the library libkbus.so share it.
 */
#ifndef KBUS_RUNTIME_H
#define KBUS_RUNTIME_H

#include <stddef.h>

/* 1 in the library: there the environment belongs to the host, and its settings for a .NET runtime mean another one. */
#ifndef KBUS_IS_LIBRARY
#define KBUS_IS_LIBRARY 0
#endif

/* Whether the process has more rights than the user that started it (AT_SECURE), so that the environment must not be trusted. */
int kbus_is_secure(void);

/* How many addresses the runtime reserves for its objects. Before it starts. */
void kbus_set_region_range(unsigned long long bytes);

/* Finds out why the runtime could not start: writes a sentence, and gives the errno that goes with it. */
int kbus_why_no_runtime(char *sentence, size_t length);

/* Whether the collector may use as much as a program needs. 0 and a sentence if not. */
int kbus_has_heap(char *sentence, size_t length);

/* Tries a system call that managed code of a program cannot do without, before it is needed. 0 and a sentence if it is refused. */
int kbus_has_pipes(char *sentence, size_t length);

#endif
