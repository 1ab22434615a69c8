/* Announces something, then asks something and waits for the answer.
 *
 * Run it:   samples/run-c samples/c/sender.c
 */
#include <kbus.h>

#include <string.h>

int main(void)
{
	static const char speak[] = "$.Actor.Speak", hello[] = "Hello there", ask[] = "$.Actor.Ask";
	kbus_ksock_t ksock = kbus_ksock_open(0, O_RDWR);
	kbus_message_t *msg, *reply;
	kbus_msg_id_t id;
	int result;

	if (ksock < 0) {
		fprintf(stderr, "sender: %s\n", kbus_last_error());
		return 1;
	}

	kbus_msg_create(&msg, speak, strlen(speak), hello, strlen(hello), 0);
	result = kbus_ksock_send_msg(ksock, msg, &id);
	kbus_msg_delete(&msg);
	if (result < 0) {
		fprintf(stderr, "sender: %s\n", kbus_last_error());
		return 1;
	}
	printf("Announced, as message %u:%u.\n", id.network_id, id.serial_num);

	kbus_msg_create_request(&msg, ask, strlen(ask), NULL, 0, 0);
	result = kbus_ksock_request(ksock, msg, 5000, &reply);
	kbus_msg_delete(&msg);
	if (result < 0) {
		printf("%s\n", kbus_last_error());
	} else {
		kbus_msg_print(stdout, reply);
		putchar('\n');
		kbus_msg_delete(&reply);
	}
	return kbus_ksock_close(ksock) < 0;
}
