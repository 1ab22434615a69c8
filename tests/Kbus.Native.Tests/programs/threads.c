/* threads.c - several threads use one Ksock, and a thread may close it while another waits. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SENDERS = 3, READERS = 3, EACH = 2000 };

static kbus_ksock_t shared;
static atomic_int taken;

static void *sender(void *nothing)
{
	for (int i = 0; i < EACH; i++) {
		kbus_message_t *msg;
		int result;

		EXPECT_INT(0, kbus_msg_create(&msg, "$.Thread", 8, "12345678", 8, KBUS_BIT_ALL_OR_FAIL));
		while ((result = kbus_ksock_send_msg(shared, msg, NULL)) == -EBUSY)
			sched_yield();
		EXPECT_INT(0, result);
		kbus_msg_delete(&msg);
	}
	return nothing;
}

static void *reader(void *nothing)
{
	while (atomic_load(&taken) < SENDERS * EACH) {
		kbus_message_t *msg;

		if (kbus_wait_for_message_timeout(shared, KBUS_KSOCK_READABLE, 50) <= 0)
			continue;
		EXPECT_INT(0, kbus_ksock_read_next_msg(shared, &msg));
		if (msg == NULL)
			continue;
		EXPECT(has_data(msg, "12345678"));
		kbus_msg_delete(&msg);
		atomic_fetch_add(&taken, 1);
	}
	return nothing;
}

static void *replier(void *argument)
{
	kbus_ksock_t ksock = *(kbus_ksock_t *)argument;

	for (int i = 0; i < EACH; i++) {
		kbus_message_t *request, *reply;

		EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
		request = read_one(ksock);
		EXPECT_INT(0, kbus_msg_create_reply_to(&reply, request, request->data_len ? kbus_msg_data_ptr(request) : NULL,
						       request->data_len, 0));
		EXPECT_INT(0, kbus_ksock_send_msg(ksock, reply, NULL));
		kbus_msg_delete(&reply);
		kbus_msg_delete(&request);
	}
	return NULL;
}

static void *waiter(void *nothing)
{
	int result = kbus_wait_for_message(shared, KBUS_KSOCK_READABLE);

	EXPECT(result == -EBADF || result == KBUS_KSOCK_READABLE);
	return nothing;
}

int main(void)
{
	pthread_t threads[SENDERS + READERS], one;
	kbus_ksock_t asker;

	shared = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(shared, "$.Thread", 0));
	for (int i = 0; i < SENDERS + READERS; i++)
		EXPECT_INT(0, pthread_create(&threads[i], NULL, i < SENDERS ? sender : reader, NULL));
	for (int i = 0; i < SENDERS + READERS; i++)
		EXPECT_INT(0, pthread_join(threads[i], NULL));
	EXPECT_INT(SENDERS * EACH, atomic_load(&taken));
	EXPECT_INT(0, ready(shared) & POLLIN);

	asker = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(shared, "$.Ask", 1));
	EXPECT_INT(0, pthread_create(&one, NULL, replier, &shared));
	for (int i = 0; i < EACH; i++) {
		kbus_message_t *request, *reply;

		EXPECT_INT(0, kbus_msg_create_request(&request, "$.Ask", 5, &i, sizeof(i), 0));
		EXPECT_INT(0, kbus_ksock_request(asker, request, -1, &reply));
		EXPECT(reply->data_len == sizeof(i) && memcmp(kbus_msg_data_ptr(reply), &i, sizeof(i)) == 0);
		kbus_msg_delete(&reply);
		kbus_msg_delete(&request);
	}
	EXPECT_INT(0, pthread_join(one, NULL));
	EXPECT_INT(0, ready(asker) & POLLIN);

	EXPECT_INT(0, pthread_create(&one, NULL, waiter, NULL));
	EXPECT_INT(0, kbus_ksock_close(shared));
	EXPECT_INT(0, pthread_join(one, NULL));
	EXPECT_INT(0, kbus_ksock_close(asker));
	return 0;
}
