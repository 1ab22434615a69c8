/* failedkbusd.c - a program whose first Ksock starts a kbusd that says something and ends. */
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	char directory[] = "/tmp/kbus-XXXXXX", program[64];
	FILE *file;

	EXPECT(mkdtemp(directory) != NULL);
	EXPECT(snprintf(program, sizeof(program), "%s/kbusd", directory) < (int)sizeof(program));
	file = fopen(program, "w");
	EXPECT(file != NULL);
	EXPECT(fputs("#!/bin/sh\necho 'kbusd: not today' >&2\nexit 2\n", file) >= 0);
	EXPECT_INT(0, fclose(file));
	EXPECT_INT(0, chmod(program, 0755));
	EXPECT_INT(0, setenv("KBUS_RUNTIME_DIR", directory, 1));
	EXPECT_INT(0, setenv("KBUS_AUTOSTART", "1", 1));
	EXPECT_INT(0, setenv("KBUS_DAEMON", program, 1));
	EXPECT_ERROR(ENOENT, kbus_ksock_open(0, O_RDWR));
	EXPECT(strstr(kbus_last_error(), "not today") != NULL);
	EXPECT_INT(0, unlink(program));
	EXPECT_INT(0, rmdir(directory));
	return 0;
}
