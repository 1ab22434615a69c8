/* interrupted.c - a signal at any moment of any call changes nothing about the Ksock: it is not the end of the bus. */
#include "check.h"

#include <signal.h>
#include <sys/time.h>

#define SIGNALS 3000

static volatile sig_atomic_t came;

static void on_alarm(int number)
{
	(void)number;
	came++;
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 150 }, { 0, 150 } }, never = { { 0, 0 }, { 0, 0 } };
	kbus_ksock_t sender = open_ksock(), listener = open_ksock();
	kbus_message_t *msg;
	uint32_t length;

	EXPECT_INT(0, kbus_ksock_bind(listener, "$.Fred", 0));
	EXPECT_INT(0, sigaction(SIGALRM, &action, NULL));
	EXPECT_INT(0, setitimer(ITIMER_REAL, &often, NULL));
	while (came < SIGNALS) {
		EXPECT_INT(0, kbus_ksock_next_msg(listener, &length));
		EXPECT_INT(0, length);
		send_named(sender, "$.Fred", "data", 0, 0);
		EXPECT(kbus_ksock_read_next_msg(listener, &msg) >= 0);
		EXPECT(msg != NULL);
		kbus_msg_delete(&msg);
		EXPECT(kbus_ksock_read_next_msg(listener, &msg) >= 0);
		EXPECT(msg == NULL);
	}
	EXPECT_INT(0, setitimer(ITIMER_REAL, &never, NULL));
	EXPECT_INT(0, kbus_ksock_close(listener));
	EXPECT_INT(0, kbus_ksock_close(sender));
	return 0;
}
