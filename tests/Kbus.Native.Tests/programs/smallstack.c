/* smallstack.c - a thread with the stack that docs/c.md says is enough makes all kinds of calls. An argument is another size, in KiB. */
#include "check.h"

#include <pthread.h>

enum { ENOUGH = 64, KIB = 1024, BIG = 200 * KIB };

static void *caller(void *nothing)
{
	static char data[BIG];
	kbus_ksock_t ksock = open_ksock();
	kbus_message_t *msg, *reply;
	kbus_msg_id_t id;

	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Stack", 1));
	EXPECT_ERROR(EADDRINUSE, kbus_ksock_bind(ksock, "$.Stack", 1));
	EXPECT(strstr(kbus_last_error(), "EADDRINUSE: ") != NULL);
	EXPECT_INT(0, kbus_msg_create_request(&msg, "$.Stack", 7, data, BIG, 0));
	EXPECT_INT(0, kbus_ksock_send_msg(ksock, msg, &id));
	kbus_msg_delete(&msg);
	EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
	msg = read_one(ksock);
	EXPECT_INT(BIG, msg->data_len);
	EXPECT_INT(0, kbus_msg_create_reply_to(&reply, msg, "yes", 3, 0));
	EXPECT_INT(0, kbus_ksock_send_msg(ksock, reply, NULL));
	kbus_msg_delete(&msg);
	kbus_msg_delete(&reply);
	EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
	msg = read_one(ksock);
	EXPECT(has_data(msg, "yes"));
	kbus_msg_delete(&msg);
	EXPECT_INT(0, kbus_ksock_close(ksock));
	EXPECT(kbus_ksock_open(255, O_RDWR) < 0);
	EXPECT(strstr(kbus_last_error(), "ENOENT: ") != NULL);
	return nothing;
}

int main(int count, char **arguments)
{
	size_t size = (size_t)(count > 1 ? atoi(arguments[1]) : ENOUGH) * KIB;
	pthread_attr_t attributes;
	pthread_t thread;
	int i;

	EXPECT_INT(0, pthread_attr_init(&attributes));
	EXPECT_INT(0, pthread_attr_setstacksize(&attributes, size));

	/* The first of them starts the runtime. */
	for (i = 0; i < 3; i++) {
		EXPECT_INT(0, pthread_create(&thread, &attributes, caller, NULL));
		EXPECT_INT(0, pthread_join(thread, NULL));
	}
	return 0;
}
