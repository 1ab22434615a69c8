/* opened.c - opens a Ksock and says what came of it; with an argument, in words. */
#include "check.h"

int main(int count, char **arguments)
{
	kbus_ksock_t ksock = kbus_ksock_open(0, O_RDWR);
	uint32_t id = 0;

	if (ksock < 0) {
		printf("error %d\n", -ksock);
		if (count > 1 && strcmp(arguments[1], "words") == 0)
			puts(kbus_last_error());
		return 0;
	}
	EXPECT_INT(0, kbus_ksock_id(ksock, &id));
	printf("Ksock %u\n", (unsigned)id);
	return 0;
}
