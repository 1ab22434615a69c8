/* readiness.c - select, poll and epoll report a Ksock readable exactly when a message can be taken, and not writable while one waits. */
#include "check.h"

#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

static int selected(kbus_ksock_t ksock)
{
	struct timeval at_once = { 0, 0 };
	fd_set readable, writable;

	FD_ZERO(&readable);
	FD_ZERO(&writable);
	FD_SET(ksock, &readable);
	FD_SET(ksock, &writable);
	EXPECT(select(ksock + 1, &readable, &writable, NULL, &at_once) >= 0);
	return (FD_ISSET(ksock, &readable) ? POLLIN : 0) | (FD_ISSET(ksock, &writable) ? POLLOUT : 0);
}

static int epolled(kbus_ksock_t ksock)
{
	struct epoll_event event = { EPOLLIN | EPOLLOUT, { 0 } }, got = { 0, { 0 } };
	int set = epoll_create1(EPOLL_CLOEXEC);

	EXPECT_INT(0, epoll_ctl(set, EPOLL_CTL_ADD, ksock, &event));
	EXPECT(epoll_wait(set, &got, 1, 0) >= 0);
	close(set);
	return (int)got.events;
}

static void expect_ready(kbus_ksock_t ksock, int wanted, int line)
{
	if (ready(ksock) != wanted || selected(ksock) != wanted || epolled(ksock) != wanted) {
		fprintf(stderr, "readiness.c:%d: poll %x, select %x, epoll %x, not %x\n", line, ready(ksock), selected(ksock),
			epolled(ksock), wanted);
		exit(1);
	}
}

#define READY(ksock, wanted) expect_ready(ksock, wanted, __LINE__)

static void reading(kbus_ksock_t sender, kbus_ksock_t listener)
{
	kbus_message_t *msg;
	uint32_t length;

	READY(listener, POLLOUT);
	EXPECT_INT(0, kbus_ksock_bind(listener, "$.Ready", 0));
	READY(listener, POLLOUT);
	for (int round = 0; round < 300; round++) {
		send_named(sender, "$.Ready", "one", 0, 0);
		send_named(sender, "$.Ready", "two", 0, 0);
		READY(listener, POLLIN | POLLOUT);
		EXPECT_INT(1, kbus_ksock_next_msg(listener, &length));
		READY(listener, POLLIN | POLLOUT);
		EXPECT_INT(1, kbus_ksock_next_msg(listener, &length));

		/* The current message does not count, as on a device file. */
		READY(listener, POLLOUT);
		EXPECT_INT(0, kbus_ksock_read_next_msg(listener, &msg));
		EXPECT(msg == NULL);
		READY(listener, POLLOUT);
	}

	/* Unbinding takes away what was queued because of the binding. */
	send_named(sender, "$.Ready", NULL, 0, 0);
	READY(listener, POLLIN | POLLOUT);
	EXPECT_INT(0, kbus_ksock_unbind(listener, "$.Ready", 0));
	READY(listener, POLLOUT);
}

static void writing(kbus_ksock_t sender, kbus_ksock_t listener)
{
	uint32_t limit = 1, ready_now;

	EXPECT_INT(0, kbus_ksock_max_messages(listener, &limit));
	EXPECT_INT(0, kbus_ksock_bind(listener, "$.Full", 0));
	for (int round = 0; round < 20; round++) {
		send_named(sender, "$.Full", NULL, KBUS_BIT_ALL_OR_WAIT, 0);
		READY(sender, POLLOUT);
		send_named(sender, "$.Full", NULL, KBUS_BIT_ALL_OR_WAIT, -EAGAIN);
		READY(sender, 0);
		send_named(sender, "$.Full", NULL, 0, -EALREADY);
		EXPECT_ERROR(EAGAIN, kbus_ksock_send(sender, NULL));
		EXPECT_INT(0, kbus_ksock_poll(sender, &ready_now));
		EXPECT_INT(0, ready_now);
		EXPECT_INT(0, kbus_wait_for_message_timeout(sender, KBUS_KSOCK_WRITABLE, round % 4));
		READY(sender, 0);
		read_and_forget(listener);
		switch (round % 4) {
		case 0:
			EXPECT_INT(0, kbus_ksock_send(sender, NULL));
			break;
		case 1:
			EXPECT_INT(KBUS_KSOCK_WRITABLE, kbus_wait_for_message(sender, KBUS_KSOCK_WRITABLE));
			break;
		case 2:
			EXPECT_INT(0, kbus_ksock_poll(sender, &ready_now));
			EXPECT_INT(KBUS_KSOCK_WRITABLE, ready_now);
			break;
		default:
			EXPECT_INT(0, kbus_ksock_discard(sender));
			READY(sender, POLLOUT);
			send_named(sender, "$.Full", NULL, 0, 0);
			break;
		}
		READY(sender, POLLOUT);
		READY(listener, POLLIN | POLLOUT);
		read_and_forget(listener);
		READY(listener, POLLOUT);
	}
}

/* Waiting for one thing while the other holds, and messages that are too big for the ring. */
static void waiting(kbus_ksock_t sender, kbus_ksock_t listener)
{
	enum { BIG = 100000 };
	uint8_t *big = calloc(1, BIG);
	uint32_t limit = 50;
	kbus_message_t *msg;

	EXPECT_INT(0, kbus_ksock_max_messages(listener, &limit));
	EXPECT_INT(KBUS_KSOCK_WRITABLE, kbus_wait_for_message(listener, KBUS_KSOCK_WRITABLE | KBUS_KSOCK_READABLE));
	EXPECT_INT(0, kbus_wait_for_message_timeout(listener, KBUS_KSOCK_READABLE, 5));
	EXPECT_INT(0, kbus_msg_create(&msg, "$.Full", 6, big, BIG, 0));
	for (int i = 0; i < 20; i++)
		EXPECT_INT(0, kbus_ksock_send_msg(sender, msg, NULL));
	kbus_msg_delete(&msg);
	EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(listener, KBUS_KSOCK_READABLE));
	for (int i = 0; i < 20; i++) {
		READY(listener, POLLIN | POLLOUT);
		msg = read_one(listener);
		EXPECT_INT(BIG, msg->data_len);
		kbus_msg_delete(&msg);
	}
	READY(listener, POLLOUT);
	free(big);
}

int main(void)
{
	kbus_ksock_t first = open_ksock(), second = open_ksock();

	reading(first, second);
	writing(first, second);
	waiting(first, second);
	EXPECT_INT(0, kbus_ksock_close(first));
	EXPECT_INT(0, kbus_ksock_close(second));
	return 0;
}
