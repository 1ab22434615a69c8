/* memory.c - the runtime's own memory, and memory that callers own.
 *
 * The runtime keeps what it needs for good, and keeps the pointers to it where leak checkers do not look, in the memory of the garbage
 * collector, or keeps pointers into the middle. A checker in the process is told so, block by block; what callers own it goes on watching.
 * valgrind cannot be told. It looks for pointers to the beginnings, so under valgrind these are kept here.
 */
#define _GNU_SOURCE
#include "gate.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MOST_IN_A_PIECE 8191 /* beginnings: with the pointer to the next piece 64 KiB */

struct piece {
	struct piece *next;
	void *beginnings[MOST_IN_A_PIECE];
};

void __lsan_ignore_object(const void *block) __attribute__((weak));

void *__real_malloc(size_t length);
void *__real_calloc(size_t count, size_t length);
void *__real_realloc(void *block, size_t length);
void *__real_aligned_alloc(size_t alignment, size_t length);
void *__wrap_malloc(size_t length);
void *__wrap_calloc(size_t count, size_t length);
void *__wrap_realloc(void *block, size_t length);
void *__wrap_aligned_alloc(size_t alignment, size_t length);

static pthread_mutex_t remembering = PTHREAD_MUTEX_INITIALIZER;
static struct piece *pieces;
static size_t in_first_piece = MOST_IN_A_PIECE;

/* valgrind has its own malloc preloaded. */
static int is_under_valgrind(void)
{
	static atomic_int known = -1;
	const char *preloaded;

	if (atomic_load_explicit(&known, memory_order_relaxed) < 0) {
		preloaded = getenv("LD_PRELOAD");
		atomic_store(&known, preloaded != NULL && strstr(preloaded, "vgpreload_memcheck") != NULL);
	}
	return atomic_load_explicit(&known, memory_order_relaxed);
}

/* For good: a pointer to a block that has been freed does no harm. */
static void remember(void *block)
{
	pthread_mutex_lock(&remembering);
	if (in_first_piece == MOST_IN_A_PIECE) {
		struct piece *piece = mmap(NULL, sizeof(*piece), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (piece != MAP_FAILED) {
			piece->next = pieces;
			pieces = piece;
			in_first_piece = 0;
		}
	}
	if (in_first_piece < MOST_IN_A_PIECE)
		pieces->beginnings[in_first_piece++] = block;
	pthread_mutex_unlock(&remembering);
}

static void *kept(void *block)
{
	if (block == NULL)
		return block;
	if (__lsan_ignore_object)
		__lsan_ignore_object(block);
	else if (is_under_valgrind())
		remember(block);
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
