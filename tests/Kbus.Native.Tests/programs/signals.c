/* signals.c - what the library does to its host's signals: nothing but what the runtime needs; and waiting ends with EINTR. */
#include "check.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t came;

static void on_alarm(int number)
{
	came = number;
}

static void expect_untouched(int number)
{
	struct sigaction action;

	EXPECT_INT(0, sigaction(number, NULL, &action));
	if (action.sa_handler != SIG_DFL) {
		fprintf(stderr, "signal %d is not at its default\n", number);
		exit(1);
	}
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };
	kbus_ksock_t ksock, other;
	sigset_t blocked;

	/* Whoever started this may ignore it. */
	EXPECT(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	ksock = open_ksock();
	other = open_ksock();

	for (int number = 1; number < SIGRTMAX; number++) {
		/* What the runtime needs: faults in managed code, and stopping threads for garbage collection (docs/c.md). */
		if (number == SIGSEGV || number == SIGFPE || number == SIGRTMIN || number == SIGKILL || number == SIGSTOP ||
		    (number > SIGSYS && number < SIGRTMIN))
			continue;
		expect_untouched(number);
	}
	EXPECT_INT(0, sigprocmask(SIG_SETMASK, NULL, &blocked));
	EXPECT_INT(0, sigismember(&blocked, SIGTERM));

	EXPECT_INT(0, sigaction(SIGALRM, &action, NULL));
	EXPECT_INT(0, setitimer(ITIMER_REAL, &soon, NULL));
	EXPECT_ERROR(EINTR, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
	EXPECT_INT(SIGALRM, came);

	/* A bus that is gone is an error, not a SIGPIPE, which is at its default here. */
	EXPECT_INT(0, kill((pid_t)atoi(getenv("KBUSD_PID")), SIGKILL));
	EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
	send_named(ksock, "$.Fred", NULL, 0, -ENODEV);
	EXPECT_ERROR(ENODEV, kbus_ksock_bind(other, "$.Fred", 0));
	EXPECT_INT(0, kbus_ksock_close(ksock));
	EXPECT_INT(0, kbus_ksock_close(other));
	return 0;
}
