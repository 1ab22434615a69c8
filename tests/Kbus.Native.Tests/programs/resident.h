/* resident.h - how much memory a test program has. */
#ifndef RESIDENT_H
#define RESIDENT_H

#include "check.h"

/* The process's resident memory, in KiB. */
static inline long resident(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long kb = -1;

	EXPECT(status != NULL);
	while (kb < 0 && fgets(line, sizeof line, status) != NULL)
		sscanf(line, "VmRSS: %ld", &kb);
	fclose(status);
	EXPECT(kb > 0);
	return kb;
}

#endif
