/* waitingthreads.c - several threads send by one Ksock what must wait for room, and a thread that waits for a message tries it again. */
#include "check.h"

#include <pthread.h>

enum { SENDERS = 4, EACH = 200, ROUNDS = 200 };

static kbus_ksock_t shared;

static int send_one(void)
{
	kbus_message_t *msg;
	int result;

	EXPECT_INT(0, kbus_msg_create(&msg, "$.Thread", 8, NULL, 0, KBUS_BIT_ALL_OR_WAIT));
	/* While another one waits, this one is not taken. */
	while ((result = kbus_ksock_send_msg(shared, msg, NULL)) == -EALREADY)
		EXPECT_INT(KBUS_KSOCK_WRITABLE, kbus_wait_for_message(shared, KBUS_KSOCK_WRITABLE));
	kbus_msg_delete(&msg);
	return result;
}

static void *sender(void *nothing)
{
	for (int i = 0; i < EACH; i++) {
		int result = send_one();

		EXPECT(result == 0 || result == -EAGAIN);
		if (result == -EAGAIN)
			EXPECT_INT(KBUS_KSOCK_WRITABLE, kbus_wait_for_message(shared, KBUS_KSOCK_WRITABLE));
	}
	return nothing;
}

static void *reader(void *nothing)
{
	EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(shared, KBUS_KSOCK_READABLE));
	return nothing;
}

static void take(kbus_ksock_t listener, int count)
{
	while (count-- > 0) {
		kbus_message_t *msg;

		EXPECT_INT(1, kbus_ksock_wait_read_msg(listener, 60000, &msg));
		kbus_msg_delete(&msg);
	}
}

int main(void)
{
	pthread_t threads[SENDERS], one;
	uint32_t room = 1;
	kbus_ksock_t listener = open_ksock();

	shared = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(listener, "$.Thread", 0));
	EXPECT_INT(0, kbus_ksock_max_messages(listener, &room));
	for (int i = 0; i < SENDERS; i++)
		EXPECT_INT(0, pthread_create(&threads[i], NULL, sender, NULL));
	take(listener, SENDERS * EACH);
	for (int i = 0; i < SENDERS; i++)
		EXPECT_INT(0, pthread_join(threads[i], NULL));

	/* Whether it waits before the send does, or after. */
	EXPECT_INT(0, kbus_ksock_bind(shared, "$.End", 0));
	for (int i = 0; i < ROUNDS; i++) {
		kbus_message_t *end;

		EXPECT_INT(0, pthread_create(&one, NULL, reader, NULL));
		for (uint32_t id, trips = 0; trips < (uint32_t)(i % 10) * 5; trips++)
			EXPECT_INT(0, kbus_ksock_id(listener, &id));
		EXPECT_INT(0, send_one());
		EXPECT_INT(-EAGAIN, send_one());
		take(listener, 2);
		EXPECT_INT(0, kbus_msg_create(&end, "$.End", 5, NULL, 0, 0));
		EXPECT_INT(0, kbus_ksock_send_msg(listener, end, NULL));
		EXPECT_INT(0, pthread_join(one, NULL));
		kbus_msg_delete(&end);
		take(shared, 1);
	}

	EXPECT_INT(0, kbus_ksock_close(shared));
	EXPECT_INT(0, kbus_ksock_close(listener));
	return 0;
}
