/* busyreader.c - beside a busy sender, of messages of every size, a Ksock that is reported readable has a message, each time. */
#include "check.h"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FRESH_KSOCKS = 50, MESSAGES = 40 };

/* Inline in the ring, at the edge of it, and in payload areas, of which the first comes with the first big message of each Ksock. */
static const uint32_t sizes[] = { 0, 200, 32000, 33000, 100000, 409000, 5000, 70000 };

static void wait_by_poll(kbus_ksock_t ksock)
{
	struct pollfd entry = { ksock, POLLIN, 0 };

	EXPECT_INT(1, poll(&entry, 1, -1));
	EXPECT_INT(POLLIN, entry.revents);
}

static void wait_by_select(kbus_ksock_t ksock)
{
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(ksock, &readable);
	EXPECT_INT(1, select(ksock + 1, &readable, NULL, NULL, NULL));
	EXPECT(FD_ISSET(ksock, &readable));
}

static void wait_by_epoll(kbus_ksock_t ksock)
{
	struct epoll_event event = { EPOLLIN, { 0 } }, got = { 0, { 0 } };
	int set = epoll_create1(EPOLL_CLOEXEC);

	EXPECT_INT(0, epoll_ctl(set, EPOLL_CTL_ADD, ksock, &event));
	EXPECT_INT(1, epoll_wait(set, &got, 1, -1));
	EXPECT_INT(EPOLLIN, got.events);
	close(set);
}

static void wait_by_the_library(kbus_ksock_t ksock)
{
	EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
}

static void (*const ways[])(kbus_ksock_t) = { wait_by_poll, wait_by_select, wait_by_epoll, wait_by_the_library };
static const char *const names[] = { "poll", "select", "epoll", "kbus_wait_for_message" };

/* The sender: a burst for each byte that it is told. */
static void send_bursts(int told)
{
	kbus_ksock_t ksock = open_ksock();
	char *data = calloc(1, 409600), byte;
	size_t next = 0;

	while (read(told, &byte, 1) == 1) {
		for (int i = 0; i < MESSAGES; i++, next++) {
			kbus_message_t *msg;
			int sent;

			EXPECT_INT(0, kbus_msg_create(&msg, "$.Busy", 6, data, sizes[next % (sizeof(sizes) / sizeof(*sizes))], KBUS_BIT_ALL_OR_FAIL));
			while ((sent = kbus_ksock_send_msg(ksock, msg, NULL)) == -EBUSY)
				sched_yield();
			EXPECT_INT(0, sent);
			kbus_msg_delete(&msg);
		}
	}
	free(data);
	exit(0);
}

int main(void)
{
	int tells[2], status;
	pid_t sender;

	EXPECT_INT(0, pipe(tells));
	sender = fork();
	EXPECT(sender >= 0);
	if (sender == 0) {
		close(tells[1]);
		send_bursts(tells[0]);
	}
	close(tells[0]);
	for (size_t way = 0; way < sizeof(ways) / sizeof(*ways); way++) {
		int in_vain = 0;

		for (int fresh = 0; fresh < FRESH_KSOCKS; fresh++) {
			kbus_ksock_t ksock = open_ksock();
			int got = 0;

			EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Busy", 0));
			EXPECT_INT(1, write(tells[1], "b", 1));
			while (got < MESSAGES) {
				kbus_message_t *msg = NULL;

				ways[way](ksock);
				EXPECT_INT(0, kbus_ksock_read_next_msg(ksock, &msg));
				if (msg == NULL)
					in_vain++;
				else
					got++;
				kbus_msg_delete(&msg);
			}
			EXPECT_INT(0, kbus_ksock_close(ksock));
		}
		if (in_vain > 0)
			fprintf(stderr, "%s said %d times that a message can be read when none could\n", names[way], in_vain);
		EXPECT_INT(0, in_vain);
	}
	close(tells[1]);
	EXPECT_INT(sender, waitpid(sender, &status, 0));
	EXPECT_INT(0, status);
	return 0;
}
