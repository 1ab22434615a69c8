/* Prints what is announced below a name.
 *
 * Run it:   samples/run-c samples/c/listener.c [NAME [HOW-MANY]]
 */
#include <kbus.h>

#include <stdlib.h>
#include <string.h>

static int failed(const char *what)
{
	fprintf(stderr, "listener: cannot %s: %s\n", what, kbus_last_error());
	return 1;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "$.Actor.*";
	int left = argc > 2 ? atoi(argv[2]) : -1;
	kbus_ksock_t ksock = kbus_ksock_open(0, O_RDWR);

	if (ksock < 0)
		return failed("open");
	if (kbus_ksock_bind(ksock, name, 0) < 0)
		return failed("bind");
	printf("Listening to %s.\n", name);
	fflush(stdout);

	while (left != 0) {
		kbus_message_t *msg;

		if (kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE) < 0)
			return failed("wait");
		if (kbus_ksock_read_next_msg(ksock, &msg) < 0)
			return failed("read");
		if (msg == NULL)
			continue;
		kbus_msg_print(stdout, msg);
		putchar('\n');
		fflush(stdout);
		kbus_msg_delete(&msg);
		left -= left > 0;
	}
	return kbus_ksock_close(ksock) < 0;
}
