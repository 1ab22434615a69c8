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
	atomic_int counting; /* who starts the thread decides: the host may have ended its own threads before the new one runs */
};

static char *_Atomic tables[MOST_THREADS];
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
static void take_out(struct beginning *beginning)
{
	atomic_uint *counted = atomic_load(&count);

	/* What says something else is something else. */
	if (counted == NULL || atomic_load(counted) < 2 || atomic_load(counted) > MOST_COUNTED) {
		atomic_store(&beginning->counting, COUNTED);
		return;
	}
	atomic_fetch_sub(counted, 1);
	atomic_store(&beginning->counting, NOT_COUNTED);
}

/* The C library takes the thread out when it ends: it must be in again then. */
static void put_in(struct beginning *beginning)
{
	while (atomic_load(&beginning->counting) == UNDECIDED)
		sched_yield();
	if (atomic_load(&beginning->counting) == NOT_COUNTED)
		atomic_fetch_add(atomic_load(&count), 1);
	free(beginning);
}

static void *begin(void *block)
{
	struct beginning *beginning = block;
	unsigned number = atomic_fetch_add(&threads, 1);
	void *result;

	if (number < MOST_THREADS)
		atomic_store(&tables[number], table_of_this_thread());
	result = beginning->run(beginning->argument);
	put_in(beginning);
	return result;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, body run, void *argument)
{
	struct beginning *block = kbus_gate_allocate(sizeof(*block));
	int error;

	if (atomic_load(&count) == NULL)
		find_count();
	if (block == NULL)
		return __real_pthread_create(thread, attributes, run, argument);
	block->run = run;
	block->argument = argument;
	atomic_init(&block->counting, UNDECIDED);
	error = __real_pthread_create(thread, attributes, begin, block);
	if (error)
		free(block);
	else
		take_out(block);
	return error;
}
