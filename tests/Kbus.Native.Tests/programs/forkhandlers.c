/* forkhandlers.c - handlers that the program has for its forks call, those that were registered before the first call of all too. */
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST 180 /* seconds */

static kbus_ksock_t ksock;
static int called, child_results;

static int call(void)
{
	uint32_t count = 0;
	int result = kbus_ksock_num_messages(ksock, &count);

	called++;
	return result;
}

static void prepare(void)
{
	EXPECT_INT(0, call());
	send_named(ksock, "$.Told", NULL, 0, 0);
	read_and_forget(ksock);
}

static void in_parent(void)
{
	EXPECT_INT(0, call());
	send_named(ksock, "$.Told", NULL, 0, 0);
	read_and_forget(ksock);
}

/* The parent's Ksock is not the child's. */
static void in_child(void)
{
	alarm(LONGEST);
	child_results += call() == -EBADF;
}

static void fork_once(void)
{
	int status;
	pid_t child;

	called = 0;
	child_results = 0;
	child = fork();
	if (child == 0) {
		kbus_ksock_t mine;

		EXPECT_INT(2, child_results);
		mine = open_ksock();
		EXPECT_INT(0, kbus_ksock_close(mine));
		_exit(0);
	}
	EXPECT_INT(4, called);
	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT_INT(0, status);
}

int main(void)
{
	alarm(LONGEST);
	EXPECT_INT(0, pthread_atfork(prepare, in_parent, in_child));
	ksock = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Told", 0));
	EXPECT_INT(0, pthread_atfork(prepare, in_parent, in_child));
	for (int i = 0; i < 3; i++)
		fork_once();
	EXPECT_INT(0, kbus_ksock_close(ksock));
	return 0;
}
