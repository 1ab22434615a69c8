/* room.c - address space for the runtime.
 *
 * The garbage collector reserves a range of addresses when it starts, without using any memory for it, and ends the process if it cannot. So it is
 * tried first. Where the process may not have so much (RLIMIT_AS), the collector is given half of what is left at the most; and if that is too
 * little for anything, the runtime is not started.
 */
#define _GNU_SOURCE
#include "gate.h"
#include "runtime.h"

#include <stdint.h>
#include <sys/mman.h>

#define USUAL_RANGE (4096ull << 20)   /* as in Kbus.Native.csproj */
#define SMALLEST_RANGE (128ull << 20) /* enough for messages of 1 MiB, not for several of 64 MiB */
#define BESIDES (160ull << 20)	      /* what the runtime maps besides, and tables that go with the range */

static int has_room_for(uint64_t range)
{
	size_t length = (size_t)(range + range / 16 + BESIDES);
	void *memory = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return 0;
	munmap(memory, length);
	return 1;
}

int kbus_room_find(void)
{
	uint64_t range = USUAL_RANGE;

	while (range >= SMALLEST_RANGE && !has_room_for(range * (range == USUAL_RANGE ? 1 : 2)))
		range /= 2;
	if (range < SMALLEST_RANGE)
		return 0;
	if (range < USUAL_RANGE)
		kbus_set_region_range(range);
	return 1;
}
