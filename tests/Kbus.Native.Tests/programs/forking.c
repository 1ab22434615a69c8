/* forking.c - a forked child is refused its parent's Ksocks, may open its own, and does the parent no harm. */
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static int outcome_of(pid_t child)
{
	int status;

	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect_works(kbus_ksock_t ksock)
{
	for (int i = 0; i < 1000; i++) {
		send_named(ksock, "$.Fork", "data", 0, 0);
		EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
		read_and_forget(ksock);
	}
}

static void be_refused(kbus_ksock_t ksock)
{
	kbus_message_t *msg;
	uint32_t number = 0;

	EXPECT_ERROR(EBADF, kbus_ksock_read_next_msg(ksock, &msg));
	send_named(ksock, "$.Fork", NULL, 0, -EBADF);
	EXPECT_ERROR(EBADF, kbus_ksock_bind(ksock, "$.Other", 0));
	EXPECT_ERROR(EBADF, kbus_ksock_max_messages(ksock, &number));
	EXPECT_ERROR(EBADF, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
	EXPECT_ERROR(EBADF, kbus_ksock_close(ksock));
	close(ksock);
}

/* Opens, uses and keeps a Ksock of its own; and has a child of its own that does the same. */
static void use_own(int generations)
{
	kbus_ksock_t own = open_ksock();
	pid_t child;

	EXPECT_INT(0, kbus_ksock_bind(own, "$.Fork", 0));
	expect_works(own);
	if (generations > 0) {
		child = fork();
		if (child == 0) {
			be_refused(own);
			use_own(generations - 1);
			exit(0);
		}
		EXPECT_INT(0, outcome_of(child));
		expect_works(own);
	}
	EXPECT_INT(0, kbus_ksock_close(own));
}

/* A thread that only waits does not keep a child from working. */
static void *wait_for_one(void *argument)
{
	kbus_ksock_t ksock = *(kbus_ksock_t *)argument;

	EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
	return NULL;
}

/* A thread that is always in the middle of something. */
static volatile int is_over;

static void *send_all_the_time(void *argument)
{
	kbus_ksock_t ksock = *(kbus_ksock_t *)argument;

	while (!is_over)
		send_named(ksock, "$.Unheard", "data", 0, 0);
	return NULL;
}

int main(void)
{
	kbus_ksock_t ksock = open_ksock(), waiting = open_ksock(), busy = open_ksock();
	pthread_t waiter, sender;
	pid_t child;

	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Fork", 0));
	child = fork();
	if (child == 0) {
		be_refused(ksock);
		_exit(0);
	}
	EXPECT_INT(0, outcome_of(child));
	expect_works(ksock);
	child = fork();
	if (child == 0) {
		use_own(2);
		be_refused(ksock);
		exit(0);
	}
	EXPECT_INT(0, outcome_of(child));
	expect_works(ksock);

	EXPECT_INT(0, kbus_ksock_bind(waiting, "$.Wait", 0));
	EXPECT_INT(0, pthread_create(&waiter, NULL, wait_for_one, &waiting));
	EXPECT_INT(0, pthread_create(&sender, NULL, send_all_the_time, &busy));
	for (int i = 0; i < 20; i++) {
		child = fork();
		if (child == 0) {
			be_refused(waiting);
			use_own(0);
			exit(0);
		}
		EXPECT_INT(0, outcome_of(child));
	}
	is_over = 1;
	send_named(ksock, "$.Wait", NULL, 0, 0);
	EXPECT_INT(0, pthread_join(waiter, NULL));
	EXPECT_INT(0, pthread_join(sender, NULL));
	expect_works(ksock);
	EXPECT_INT(0, kbus_ksock_close(ksock));

	/* Somebody closes the descriptor without us; the next Ksock gets its number. */
	close(waiting);
	ksock = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Fork", 0));
	expect_works(ksock);
	EXPECT_INT(0, kbus_ksock_close(ksock));
	EXPECT_INT(0, kbus_ksock_close(busy));
	return 0;
}
