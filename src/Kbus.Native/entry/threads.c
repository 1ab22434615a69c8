/* threads.c - the runtime's own thread, as leak checkers and the end of the process see it.
 *
 * A process ends with its last thread, and the host knows nothing of the runtime's: when main has called pthread_exit and the host's other threads have
 * returned, the process would go on for ever, deaf to signals. The C library counts threads for that. So the runtime's are taken out of its count
 * while they run, and the last of the host's threads ends the process as it would without them.
 *
 * The C library reaches a thread's table of thread-local storage by a pointer into its middle only. For a thread that lives when the process
 * ends, as the runtime's does, a checker that looks for pointers to the beginnings of blocks then says that the table may be lost. So
 * each thread that the runtime starts leaves a pointer to the beginning here.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "gate.h"

#define MOST_THREADS 64 /* the library has one; others are not worth more care */
#define MOST_COUNTED 0x400000 /* the kernel has no more */
#define TABLE_HEAD 16   /* bytes in front of the word to which the thread's pointer points */

typedef void *(*body)(void *);

enum counting {
	UNDECIDED,
	COUNTED,
	NOT_COUNTED
};

struct beginning {
	body run;
	void *argument;
	unsigned number;
};

static char *_Atomic tables[MOST_THREADS];
static atomic_int counting[MOST_THREADS]; /* who starts a thread decides: the host may have ended its own threads before the new one runs */
static atomic_uint threads;
static _Atomic(atomic_uint *) count;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, body run, void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, body run, void *argument);

/* Where the thread's pointer to its table is, is glibc's own business; nothing here reads what it points to. */
static char *table_of_this_thread(void)
{
	char *table = NULL;

#if defined(__GLIBC__) && defined(__x86_64__)
	__asm__("movq %%fs:8, %0" : "=r"(table));
#elif defined(__GLIBC__) && defined(__aarch64__)
	char **thread;

	__asm__("mrs %0, tpidr_el0" : "=r"(thread));
	table = thread[0];
#endif
	return table ? table - TABLE_HEAD : NULL;
}

/* The C library's count of threads, by which it knows the last one. glibc has it for debuggers; elsewhere the threads stay counted. Asked for by the
 * thread that starts another: the new one could have to wait for the loader. */
static void find_count(void)
{
#ifdef __GLIBC__
	atomic_store(&count, (atomic_uint *)dlvsym(RTLD_DEFAULT, "__nptl_nthreads", "GLIBC_PRIVATE"));
#endif
}

/* Takes a new thread out of the count. Called by the thread that started it, which is one, and the new one is another. */
static void take_out(unsigned number)
{
	atomic_uint *counted = atomic_load(&count);

	if (number >= MOST_THREADS)
		return;

	/* What says something else is something else. */
	if (counted == NULL || atomic_load(counted) < 2 || atomic_load(counted) > MOST_COUNTED) {
		atomic_store(&counting[number], COUNTED);
		return;
	}
	atomic_fetch_sub(counted, 1);
	atomic_store(&counting[number], NOT_COUNTED);
}

/* The C library takes the thread out when it ends: it must be in again then. */
static void put_in(unsigned number)
{
	if (number >= MOST_THREADS)
		return;
	while (atomic_load(&counting[number]) == UNDECIDED)
		sched_yield();
	if (atomic_load(&counting[number]) == NOT_COUNTED)
		atomic_fetch_add(atomic_load(&count), 1);
}

static void *begin(void *block)
{
	struct beginning beginning = *(struct beginning *)block;
	void *result;

	free(block);
	if (beginning.number < MOST_THREADS)
		atomic_store(&tables[beginning.number], table_of_this_thread());
	result = beginning.run(beginning.argument);
	put_in(beginning.number);
	return result;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, body run, void *argument)
{
	struct beginning *block = kbus_gate_allocate(sizeof(*block));
	unsigned number = atomic_fetch_add(&threads, 1);
	int error;

	if (atomic_load(&count) == NULL)
		find_count();
	if (block == NULL)
		return __real_pthread_create(thread, attributes, run, argument);
	block->run = run;
	block->argument = argument;
	block->number = number;
	error = __real_pthread_create(thread, attributes, begin, block);
	if (error)
		free(block);
	else
		take_out(number);
	return error;
}
