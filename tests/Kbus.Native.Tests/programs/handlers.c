/* handlers.c - a signal handler calls: it is refused if it interrupted another call of its thread, and served if that call was asleep. */
#include "check.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#define MOST_ROUNDS 5000000

static kbus_ksock_t other;
static volatile sig_atomic_t served, refused, strange;

static void ask(int number)
{
	int before = errno, result;
	uint32_t id;

	(void)number;
	result = kbus_ksock_num_messages(other, &id);
	if (result == 0)
		served++;
	else if (result == -EDEADLK && errno == EDEADLK && strncmp(kbus_last_error(), "EDEADLK: A signal handler cannot call", 37) == 0)
		refused++;
	else
		strange++;
	errno = before;
}

static void send_one(int number)
{
	int before = errno;

	(void)number;
	send_named(other, "$.Woken", NULL, 0, 0);
	errno = before;
}

static void interrupt_calls(kbus_ksock_t ksock)
{
	struct sigaction action;
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };

	memset(&action, 0, sizeof(action));
	action.sa_handler = ask;
	EXPECT_INT(0, sigaction(SIGALRM, &action, NULL));
	EXPECT_INT(0, setitimer(ITIMER_REAL, &often, NULL));
	for (int i = 0; i < MOST_ROUNDS && (served < 20 || refused < 20); i++) {
		uint32_t length;

		/* Sometimes the handler comes in a call and sometimes between two. */
		EXPECT_INT(0, kbus_ksock_len_left(ksock, &length));
		for (volatile int j = 0; j < 20; j++)
			;
		if (i % 100 == 0) {
			send_named(ksock, "$.Heard", "data", 0, 0);
			read_and_forget(ksock);
		}
	}
	EXPECT_INT(0, setitimer(ITIMER_REAL, &never, NULL));
	EXPECT_INT(0, strange);
	EXPECT(served >= 20);
	EXPECT(refused >= 20);
}

/* Who only sleeps is not in the middle of anything. */
static void interrupt_sleep(kbus_ksock_t ksock)
{
	struct sigaction action;
	struct itimerval soon = { { 0, 0 }, { 0, 50000 } };
	int result;

	memset(&action, 0, sizeof(action));
	action.sa_handler = send_one;
	EXPECT_INT(0, sigaction(SIGALRM, &action, NULL));
	EXPECT_INT(0, setitimer(ITIMER_REAL, &soon, NULL));
	do
		result = kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE);
	while (result == -EINTR);
	EXPECT_INT(KBUS_KSOCK_READABLE, result);
	read_and_forget(ksock);
}

int main(void)
{
	kbus_ksock_t ksock = open_ksock();

	other = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Heard", 0));
	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Woken", 0));
	interrupt_calls(ksock);
	interrupt_sleep(ksock);
	send_named(ksock, "$.Heard", "data", 0, 0);
	read_and_forget(ksock);
	EXPECT_INT(0, kbus_ksock_close(other));
	EXPECT_INT(0, kbus_ksock_close(ksock));
	return 0;
}
