/* nokbusd.c - a program whose first Ksock finds neither a bus nor a kbusd to start. */
#include "check.h"

#include <unistd.h>

int main(void)
{
	char directory[] = "/tmp/kbus-XXXXXX";
	kbus_ksock_t ksock;

	EXPECT(mkdtemp(directory) != NULL);
	EXPECT_INT(0, setenv("KBUS_RUNTIME_DIR", directory, 1));
	EXPECT_INT(0, setenv("PATH", "/nowhere:/nowhere/else", 1));
	EXPECT_INT(0, unsetenv("KBUS_AUTOSTART"));
	EXPECT_INT(0, unsetenv("KBUS_DAEMON"));
	ksock = kbus_ksock_open(0, O_RDWR);

	/* Where kbusd is installed it has been started, and ends by itself; there is nothing to be refused then. */
	if (ksock >= 0)
		EXPECT_INT(0, kbus_ksock_close(ksock));
	else
		EXPECT_INT(-ENOENT, ksock);
	EXPECT(access(directory, F_OK) != 0 || ksock >= 0 || rmdir(directory) == 0);
	return 0;
}
