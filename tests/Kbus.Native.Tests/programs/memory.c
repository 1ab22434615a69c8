/* memory.c - whatever is done again and again, memory comes to rest: some tens of bytes for each message or Ksock would show. */
#include "check.h"
#include "resident.h"

#define MOST_GROWTH_KB 256

static char data[40000];
static kbus_ksock_t sender, listener;

static void send_some(uint32_t length)
{
	kbus_message_t *msg;

	EXPECT_INT(0, kbus_msg_create(&msg, "$.Told", 6, data, length, 0));
	EXPECT_INT(0, kbus_ksock_send_msg(sender, msg, NULL));
	kbus_msg_delete(&msg);
}

static void tell_and_read(uint32_t length)
{
	kbus_message_t *msg;

	send_some(length);
	EXPECT_INT(1, kbus_ksock_wait_read_msg(listener, -1, &msg));
	EXPECT_INT(length, msg->data_len);
	kbus_msg_delete(&msg);
}

static void tell_and_borrow(uint32_t length)
{
	const kbus_message_t *msg;

	send_some(length);
	EXPECT_INT(1, kbus_ksock_borrow_msg(listener, &msg));
	EXPECT_INT(length, msg->data_len);
	EXPECT_INT(0, kbus_ksock_release_msg(listener));
}

/* Data of more than 32 KiB lie in memory of the bus until they have been read. */
static void big(void)
{
	tell_and_read(sizeof(data));
	tell_and_borrow(sizeof(data));
}

static void small(void)
{
	tell_and_read(20);
	tell_and_borrow(20);
}

static void open_and_close(void)
{
	kbus_ksock_t ksock = open_ksock();

	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Fred", 0));
	EXPECT_INT(0, kbus_ksock_close(ksock));
}

/* In the first half the library gets all that it will keep; in the second nothing may be added. */
static void expect_rest(const char *what, void (*act)(void), int rounds)
{
	long at_half = 0, at_end;

	for (int i = 0; i < rounds; i++) {
		if (i == rounds / 2)
			at_half = resident();
		act();
	}
	at_end = resident();
	printf("%s: %ld KiB, then %ld KiB\n", what, at_half, at_end);
	EXPECT(at_end <= at_half + MOST_GROWTH_KB);
}

int main(void)
{
	sender = open_ksock();
	listener = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(listener, "$.Told", 0));
	expect_rest("big messages", big, 30000);
	expect_rest("small messages", small, 300000);
	expect_rest("Ksocks", open_and_close, 24000);
	EXPECT_INT(0, kbus_ksock_close(sender));
	EXPECT_INT(0, kbus_ksock_close(listener));
	return 0;
}
