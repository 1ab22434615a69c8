/* Replies to Requests.
 *
 * Run it:   samples/run-c samples/c/replier.c [HOW-MANY]
 */
#include <kbus.h>

#include <stdlib.h>

int main(int argc, char **argv)
{
	int left = argc > 1 ? atoi(argv[1]) : -1;
	kbus_ksock_t ksock = kbus_ksock_open(0, O_RDWR);
	int result = ksock < 0 ? ksock : kbus_ksock_bind(ksock, "$.Actor.Ask", 1);

	if (result < 0) {
		fprintf(stderr, "replier: %s\n", kbus_last_error());
		return 1;
	}
	puts("Replying to $.Actor.Ask.");
	fflush(stdout);

	while (left != 0 && kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE) > 0) {
		kbus_message_t *request, *reply;

		if (kbus_ksock_read_next_msg(ksock, &request) < 0)
			break;
		if (request == NULL)
			continue;
		if (kbus_msg_wants_us_to_reply(request)) {
			kbus_msg_create_reply_to(&reply, request, "Yes, yes I was", 14, 0);
			result = kbus_ksock_send_msg(ksock, reply, NULL);
			if (result < 0)
				fprintf(stderr, "replier: %s\n", kbus_last_error());
			kbus_msg_delete(&reply); /* before the Request, whose name it points at */
			left -= left > 0;
		}
		kbus_msg_delete(&request);
	}
	return kbus_ksock_close(ksock) < 0;
}
