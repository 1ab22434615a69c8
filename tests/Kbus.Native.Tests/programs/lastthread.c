/* lastthread.c - a process in which the library was used ends with its last thread, and by signals, as it would without the library. */
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_t first;
static int ready_ends[2], exit_ends[2];

static void use_a_ksock(void)
{
	kbus_ksock_t ksock = open_ksock();

	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Told", 0));
	send_named(ksock, "$.Told", "this", 0, 0);
	read_and_forget(ksock);
	EXPECT_INT(0, kbus_ksock_close(ksock));
}

static void at_exit(void)
{
	EXPECT_INT(1, write(exit_ends[1], "x", 1));
}

static void say_ready(void)
{
	EXPECT_INT(0, pthread_join(first, NULL));
	EXPECT_INT(1, write(ready_ends[1], "r", 1));
}

static void *work(void *unused)
{
	say_ready();
	use_a_ksock();
	return unused;
}

static void *wait_for_signal(void *unused)
{
	sigset_t wanted;
	int number;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	say_ready();
	EXPECT_INT(0, sigwait(&wanted, &number));
	EXPECT_INT(SIGTERM, number);
	return unused;
}

static void *sleep_for_ever(void *unused)
{
	say_ready();
	for (;;)
		pause();
	return unused;
}

static void leave_behind(void *(*body)(void *))
{
	pthread_t thread;

	EXPECT_INT(0, pthread_create(&thread, NULL, body, NULL));
	pthread_exit(NULL);
}

static void end_alone(void)
{
	use_a_ksock();
	pthread_exit(NULL);
}

static void leave_a_worker(void)
{
	use_a_ksock();
	leave_behind(work);
}

static void leave_one_that_uses_it_first(void)
{
	leave_behind(work);
}

static void leave_one_that_waits_for_a_signal(void)
{
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	EXPECT_INT(0, pthread_sigmask(SIG_BLOCK, &blocked, NULL));
	use_a_ksock();
	leave_behind(wait_for_signal);
}

static void leave_one_that_sleeps(void)
{
	use_a_ksock();
	leave_behind(sleep_for_ever);
}

static void end_alone_in_a_forked_child(void)
{
	int status;
	pid_t child;

	use_a_ksock();
	child = fork();
	if (child == 0)
		end_alone();
	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT_INT(0, status);
	pthread_exit(NULL);
}

/* How a process ends that does that; a signal is sent when its first thread has gone. */
static int ending_of(void (*act)(void), int signal_number, const char *said_at_exit)
{
	char said[4] = "";
	int status;
	pid_t child;

	EXPECT_INT(0, pipe(ready_ends));
	EXPECT_INT(0, pipe(exit_ends));
	child = fork();
	if (child == 0) {
		first = pthread_self();
		EXPECT_INT(0, close(exit_ends[0]));
		EXPECT_INT(0, atexit(at_exit));
		act();
	}
	EXPECT_INT(0, close(exit_ends[1]));
	if (signal_number != 0) {
		EXPECT_INT(1, read(ready_ends[0], said, 1));
		EXPECT_INT(0, kill(child, signal_number));
		said[0] = '\0';
	}
	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT(read(exit_ends[0], said, sizeof(said) - 1) >= 0);
	EXPECT(strcmp(said_at_exit, said) == 0);
	close(ready_ends[0]);
	close(ready_ends[1]);
	close(exit_ends[0]);
	return status;
}

int main(void)
{
	EXPECT_INT(0, ending_of(end_alone, 0, "x"));
	EXPECT_INT(0, ending_of(leave_a_worker, 0, "x"));
	EXPECT_INT(0, ending_of(leave_one_that_uses_it_first, 0, "x"));
	EXPECT_INT(0, ending_of(leave_one_that_waits_for_a_signal, SIGTERM, "x"));
	EXPECT_INT(SIGTERM, ending_of(leave_one_that_sleeps, SIGTERM, ""));
	EXPECT_INT(SIGINT, ending_of(leave_one_that_sleeps, SIGINT, ""));
	EXPECT_INT(0, ending_of(end_alone_in_a_forked_child, 0, "xx"));
	return 0;
}
