/* environment.c - see runtime.h. */
#define _GNU_SOURCE
#include "runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

/* Every question of the runtime and of managed code for a variable comes here (--wrap=getenv). */
char *__real_getenv(const char *name);
char *__wrap_getenv(const char *name);

static char region_range[32];

static int begins_with(const char *name, const char *beginning)
{
	return strncmp(name, beginning, strlen(beginning)) == 0;
}

/* What steers the runtime itself. */
static int is_of_the_runtime(const char *name)
{
	return begins_with(name, "DOTNET_") || begins_with(name, "COMPlus_") || begins_with(name, "CORECLR_");
}

/* What leads to files, programs and daemons, or changes what is done with them. */
static int is_of_the_caller(const char *name)
{
	return begins_with(name, "KBUS_") || begins_with(name, "XDG_") || strcmp(name, "HOME") == 0 || strcmp(name, "PATH") == 0 ||
	       strcmp(name, "TMPDIR") == 0 || strcmp(name, "NOTIFY_SOCKET") == 0 || begins_with(name, "LISTEN_");
}

int kbus_is_secure(void)
{
	return getauxval(AT_SECURE) != 0;
}

void kbus_set_region_range(unsigned long long bytes)
{
	snprintf(region_range, sizeof(region_range), "%llx", bytes);
}

char *__wrap_getenv(const char *name)
{
	if (is_of_the_runtime(name)) {
		if (region_range[0] != '\0' && strcmp(name, "DOTNET_GCRegionRange") == 0)
			return region_range;
		return KBUS_IS_LIBRARY || kbus_is_secure() ? NULL : __real_getenv(name);
	}
	return is_of_the_caller(name) && kbus_is_secure() ? NULL : __real_getenv(name);
}
