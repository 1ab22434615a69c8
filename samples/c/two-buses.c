/* One select loop over two buses.
 *
 * Run it:   samples/run-c samples/c/two-buses.c
 */
#include <kbus.h>

#include <sys/select.h>

static void announce(kbus_ksock_t ksock, const char *text)
{
	kbus_message_t *msg;
	kbus_msg_id_t id;

	kbus_msg_create(&msg, "$.Weather", 9, text, 4, 0);
	if (kbus_ksock_send_msg(ksock, msg, &id) < 0)
		perror("two-buses");
	kbus_msg_delete(&msg);
}

int main(void)
{
	kbus_ksock_t buses[2];
	uint32_t number;
	int heard = 0;

	buses[0] = kbus_ksock_open(0, O_RDWR);
	if (buses[0] < 0 || kbus_ksock_new_device(buses[0], &number) < 0) {
		perror("two-buses");
		return 1;
	}
	buses[1] = kbus_ksock_open(number, O_RDWR);
	for (int i = 0; i < 2; i++) {
		if (buses[i] < 0 || kbus_ksock_bind(buses[i], "$.Weather", 0) < 0) {
			perror("two-buses");
			return 1;
		}
	}

	/* Nothing that is announced on one bus is heard on the other. */
	announce(buses[0], "rain");
	announce(buses[1], "snow");
	announce(buses[1], "wind");

	while (heard < 3) {
		fd_set readable;

		FD_ZERO(&readable);
		FD_SET(buses[0], &readable);
		FD_SET(buses[1], &readable);
		if (select((buses[0] > buses[1] ? buses[0] : buses[1]) + 1, &readable, NULL, NULL, NULL) < 0) {
			perror("two-buses");
			return 1;
		}
		for (int i = 0; i < 2; i++) {
			kbus_message_t *msg;

			if (!FD_ISSET(buses[i], &readable) || kbus_ksock_read_next_msg(buses[i], &msg) < 0 || msg == NULL)
				continue;
			printf("%s bus: %.4s\n", i == 0 ? "first" : "second", (char *)kbus_msg_data_ptr(msg));
			kbus_msg_delete(&msg);
			heard++;
		}
	}
	return kbus_ksock_close(buses[0]) < 0 || kbus_ksock_close(buses[1]) < 0;
}
