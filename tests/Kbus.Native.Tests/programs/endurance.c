/* endurance.c - memory stays as it is, however many messages are sent and read, in all the ways there are. */
#include "check.h"
#include "resident.h"

#define ROUNDS 5000 /* in each half */
#define TOGETHER 16
#define MOST_GROWTH_KB 2048

/* Batches that are sent and read together: 2 * TOGETHER messages. */
static long in_batches(kbus_ksock_t sender, kbus_ksock_t listener)
{
	kbus_message_t *sent[TOGETHER], *heard[TOGETHER];
	kbus_send_result_t results[TOGETHER];

	for (int i = 0; i < TOGETHER; i++)
		EXPECT_INT(0, kbus_msg_create_entire(&sent[i], "$.Told", 6, "in a batch", 10, 0));
	EXPECT_INT(TOGETHER, kbus_ksock_send_msgs(sender, (const kbus_message_t *const *)sent, TOGETHER, results));
	EXPECT_INT(TOGETHER, kbus_ksock_read_msgs(listener, heard, TOGETHER));
	for (int i = 0; i < TOGETHER; i++) {
		EXPECT(has_data(heard[i], "in a batch"));
		kbus_msg_delete(&sent[i]);
		kbus_msg_delete(&heard[i]);
	}
	return 2 * TOGETHER;
}

/* One by one: read, borrowed, in pieces. */
static long one_by_one(kbus_ksock_t sender, kbus_ksock_t listener)
{
	const kbus_message_t *borrowed;
	uint32_t length;
	char piece[40];

	send_named(sender, "$.Told", "read", 0, 0);
	read_and_forget(listener);
	send_named(sender, "$.Told", "borrowed", 0, 0);
	EXPECT_INT(1, kbus_ksock_borrow_msg(listener, &borrowed));
	EXPECT(has_data(borrowed, "borrowed"));
	EXPECT_INT(0, kbus_ksock_release_msg(listener));
	send_named(sender, "$.Told", "dropped after a piece", 0, 0);
	EXPECT_INT(1, kbus_ksock_next_msg(listener, &length));
	EXPECT_INT(sizeof piece, kbus_ksock_read_data(listener, piece, sizeof piece));
	EXPECT_INT(0, kbus_ksock_next_msg(listener, &length));
	return 6;
}

/* A Request, its Reply, a Status in place of one, and what is refused. */
static long conversation(kbus_ksock_t asker, kbus_ksock_t replier)
{
	kbus_message_t *request, *reply;

	EXPECT_INT(0, kbus_ksock_bind(replier, "$.Asked", 1));
	send_named(asker, "$.Asked", "what", KBUS_BIT_WANT_A_REPLY, 0);
	request = read_one(replier);
	EXPECT_INT(0, kbus_msg_create_reply_to(&reply, request, "that", 4, 0));
	EXPECT_INT(0, kbus_ksock_send_msg(replier, reply, NULL));
	kbus_msg_delete(&reply);
	kbus_msg_delete(&request);
	reply = read_one(asker);
	EXPECT(kbus_msg_is_reply(reply) && has_data(reply, "that"));
	kbus_msg_delete(&reply);

	send_named(asker, "$.Asked", "never read", KBUS_BIT_WANT_A_REPLY, 0);
	EXPECT_INT(0, kbus_ksock_unbind(replier, "$.Asked", 1));
	reply = read_one(asker);
	EXPECT(has_name(reply, KBUS_MSG_NAME_REPLIER_UNBOUND));
	kbus_msg_delete(&reply);
	send_named(asker, "$.Asked", "nobody", KBUS_BIT_WANT_A_REPLY, -EADDRNOTAVAIL);
	return 8;
}

/* Data that lie in the bus's memory, and are copied out of it or borrowed. */
static long big(kbus_ksock_t sender, kbus_ksock_t listener)
{
	static char data[200000];
	const kbus_message_t *borrowed;
	kbus_message_t *msg;

	EXPECT_INT(0, kbus_msg_create(&msg, "$.Told", 6, data, sizeof data, 0));
	EXPECT_INT(0, kbus_ksock_send_msg(sender, msg, NULL));
	EXPECT_INT(0, kbus_ksock_send_msg(sender, msg, NULL));
	kbus_msg_delete(&msg);
	msg = read_one(listener);
	EXPECT_INT(sizeof data, msg->data_len);
	kbus_msg_delete(&msg);
	EXPECT_INT(1, kbus_ksock_borrow_msg(listener, &borrowed));
	EXPECT_INT(sizeof data, borrowed->data_len);
	EXPECT_INT(0, kbus_ksock_release_msg(listener));
	return 4;
}

static long half(kbus_ksock_t one, kbus_ksock_t other)
{
	long messages = 0;

	for (int i = 0; i < ROUNDS; i++) {
		messages += in_batches(one, other) + one_by_one(one, other);
		if (i % 8 == 0)
			messages += conversation(one, other);
		if (i % 50 == 0)
			messages += big(one, other);
	}
	return messages;
}

int main(void)
{
	kbus_ksock_t one = open_ksock(), other = open_ksock();
	long messages, after_first, after_second;

	EXPECT_INT(0, kbus_ksock_bind(other, "$.Told", 0));
	messages = half(one, other);
	after_first = resident();
	messages += half(one, other);
	after_second = resident();
	EXPECT(messages > 300000);
	if (after_second > after_first + MOST_GROWTH_KB) {
		fprintf(stderr, "%ld messages: %ld KiB after the first half, %ld KiB after the second\n", messages, after_first, after_second);
		return 1;
	}
	EXPECT_INT(0, kbus_ksock_close(one));
	EXPECT_INT(0, kbus_ksock_close(other));
	printf("%ld messages, %ld KiB, %ld KiB\n", messages, after_first, after_second);
	return 0;
}
