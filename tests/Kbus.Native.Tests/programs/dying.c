/* dying.c - the bus dies: Ksocks become readable, what was delivered can be read, Requests are answered, then ENODEV (D22). */
#include "check.h"

#include <sched.h>
#include <signal.h>

int main(void)
{
	kbus_ksock_t asker = open_ksock(), replier = open_ksock();
	struct pollfd entry = { asker, POLLIN, 0 };
	kbus_message_t *msg;
	kbus_msg_id_t id;
	int result;

	EXPECT_INT(0, kbus_ksock_bind(replier, "$.Ask", 1));
	EXPECT_INT(0, kbus_ksock_bind(asker, "$.Told", 0));
	id = send_named(asker, "$.Ask", NULL, KBUS_BIT_WANT_A_REPLY, 0);
	EXPECT_INT(0, ready(asker) & POLLIN);
	EXPECT_INT(0, kill((pid_t)atoi(getenv("KBUSD_PID")), SIGKILL));
	EXPECT_INT(1, poll(&entry, 1, -1));
	msg = read_one(asker);
	EXPECT(has_name(msg, KBUS_MSG_NAME_REPLIER_GONEAWAY));
	EXPECT_INT(0, kbus_msg_compare_ids(&id, &msg->in_reply_to));
	EXPECT(msg->id.serial_num == 0 && msg->from == 0 && (msg->flags & KBUS_BIT_SYNTHETIC));
	kbus_msg_delete(&msg);
	EXPECT_ERROR(ENODEV, kbus_ksock_read_next_msg(asker, &msg));
	EXPECT(strcmp(kbus_last_error(), "ENODEV: Bus 0 has died, and Ksock 1 of bus 0 with it. What had been delivered can still be read, and then a Status for "
					 "each Request in flight. Read what is left, close the Ksock, open a new one and bind again.") == 0);
	EXPECT(ready(asker) & POLLIN);
	EXPECT_ERROR(ENODEV, kbus_wait_for_message(asker, KBUS_KSOCK_READABLE));
	read_and_forget(replier);

	/* The kernel closes what a dead process had open one after the other. */
	while ((result = kbus_ksock_read_next_msg(replier, &msg)) == 0 && msg == NULL)
		sched_yield();
	EXPECT_INT(-ENODEV, result);
	EXPECT_ERROR(ENOENT, kbus_ksock_open(0, O_RDWR));
	EXPECT_INT(0, kbus_ksock_close(asker));
	EXPECT_INT(0, kbus_ksock_close(replier));
	return 0;
}
