/* discarding.c - one thread waits until it can send, another gives up the message that waits: the first is woken, however it waits. */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#define ROUNDS 400
#define LONGEST 180 /* seconds */

static kbus_ksock_t sender;
static int wait_for;

static void *wait_until_ready(void *unused)
{
	(void)unused;
	EXPECT_INT(KBUS_KSOCK_WRITABLE, kbus_wait_for_message(sender, wait_for));
	return NULL;
}

static void *poll_until_writable(void *unused)
{
	struct pollfd entry = { sender, POLLOUT, 0 };

	(void)unused;
	EXPECT_INT(1, poll(&entry, 1, -1));
	EXPECT_INT(POLLOUT, entry.revents);
	return NULL;
}

/* The later it is given up, the deeper the other thread sleeps. */
static void give_up(void *(*wait)(void *))
{
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t thread;

		send_named(sender, "$.Full", "patient", KBUS_BIT_ALL_OR_WAIT, -EAGAIN);
		EXPECT_INT(0, pthread_create(&thread, NULL, wait, NULL));
		for (int i = 0; i < round; i++)
			sched_yield();
		EXPECT_INT(0, kbus_ksock_discard(sender));
		EXPECT_INT(0, pthread_join(thread, NULL));
	}
}

int main(void)
{
	kbus_ksock_t full = open_ksock();
	uint32_t one = 1;

	alarm(LONGEST);
	sender = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(full, "$.Full", 0));
	EXPECT_INT(0, kbus_ksock_max_messages(full, &one));
	send_named(sender, "$.Full", "filler", 0, 0);
	wait_for = KBUS_KSOCK_WRITABLE;
	give_up(wait_until_ready);
	wait_for |= KBUS_KSOCK_READABLE;
	give_up(wait_until_ready);
	give_up(poll_until_writable);
	EXPECT_INT(0, kbus_ksock_close(sender));
	EXPECT_INT(0, kbus_ksock_close(full));
	return 0;
}
