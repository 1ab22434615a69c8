/* memory.c - the runtime's own memory, and memory that callers own.
 *
 * The runtime keeps what it needs for good, and keeps the pointers to it where leak checkers do not look, in the memory of the garbage
 * collector. A checker in the process is told so, block by block; what callers own it goes on watching.
 */
#define _GNU_SOURCE
#include "gate.h"

#include <stdlib.h>

void __lsan_ignore_object(const void *block) __attribute__((weak));

void *__real_malloc(size_t length);
void *__real_calloc(size_t count, size_t length);
void *__real_realloc(void *block, size_t length);
void *__real_aligned_alloc(size_t alignment, size_t length);
void *__wrap_malloc(size_t length);
void *__wrap_calloc(size_t count, size_t length);
void *__wrap_realloc(void *block, size_t length);
void *__wrap_aligned_alloc(size_t alignment, size_t length);

static void *kept(void *block)
{
	if (__lsan_ignore_object && block)
		__lsan_ignore_object(block);
	return block;
}

void *__wrap_malloc(size_t length)
{
	return kept(__real_malloc(length));
}

void *__wrap_calloc(size_t count, size_t length)
{
	return kept(__real_calloc(count, length));
}

void *__wrap_realloc(void *block, size_t length)
{
	return kept(__real_realloc(block, length));
}

void *__wrap_aligned_alloc(size_t alignment, size_t length)
{
	return kept(__real_aligned_alloc(alignment, length));
}

void *kbus_gate_allocate(size_t length)
{
	return __real_calloc(1, length);
}

void *kbus_gate_allocate_to_fill(size_t length)
{
	return __real_malloc(length);
}
