/* stopped.c - beside a kbusd that stands still every call ends by its time or by a signal, and what was not taken is withdrawn (D25). */
#include "check.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

#define BIG 300000

static pid_t kbusd;
static volatile sig_atomic_t came;

static void on_alarm(int number)
{
	(void)number;
	came++;
}

/* Waits until the kernel says that kbusd is stopped: kill comes back before that. */
static void stop(void)
{
	char path[64], line[512], *state = line;
	FILE *file;

	EXPECT_INT(0, kill(kbusd, SIGSTOP));
	sprintf(path, "/proc/%d/stat", (int)kbusd);
	while (state[0] != 'T') {
		file = fopen(path, "r");
		EXPECT(file != NULL);
		EXPECT(fgets(line, sizeof line, file) != NULL);
		fclose(file);
		state = strrchr(line, ')') + 2;
	}
}

static void go_on(void)
{
	EXPECT_INT(0, kill(kbusd, SIGCONT));
}

/* An alarm again and again: the first may come before a call has begun to wait. */
static void alarm_often(int on)
{
	struct itimerval often = { { 0, 50000 }, { 0, 50000 } }, never = { { 0, 0 }, { 0, 0 } };

	EXPECT_INT(0, setitimer(ITIMER_REAL, on ? &often : &never, NULL));
}

static kbus_message_t *announcement(const char *name, size_t length)
{
	char *data = calloc(1, length + 1);
	kbus_message_t *msg;

	EXPECT(data != NULL);
	EXPECT_INT(0, kbus_msg_create_entire(&msg, name, (uint32_t)strlen(name), data, (uint32_t)length, 0));
	free(data);
	return msg;
}

static void nothing_comes(kbus_ksock_t ksock)
{
	kbus_message_t *msg;

	EXPECT_INT(0, kbus_ksock_wait_read_msg(ksock, 300, &msg));
	EXPECT(msg == NULL);
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	kbus_ksock_t sender = open_ksock(), listener = open_ksock();
	kbus_message_t *small = announcement("$.Fred", 4), *big = announcement("$.Fred", BIG), *request, *reply, *both[2];
	const kbus_message_t *batch[2];
	kbus_send_result_t results[2];
	kbus_msg_id_t id;
	uint32_t number;

	kbusd = (pid_t)atoi(getenv("KBUSD_PID"));
	EXPECT_INT(0, kbus_ksock_bind(listener, "$.Fred", 0));
	EXPECT_INT(0, kbus_ksock_bind(listener, "$.Ask", 1));
	EXPECT_INT(0, kbus_msg_create_entire(&request, "$.Ask", 5, NULL, 0, KBUS_BIT_WANT_A_REPLY));
	EXPECT_INT(0, sigaction(SIGALRM, &action, NULL));

	/* By their time. */
	stop();
	EXPECT_ERROR(ETIMEDOUT, kbus_ksock_send_msg_timeout(sender, small, 0, &id));
	EXPECT(strstr(kbus_last_error(), "nothing was sent") != NULL);
	EXPECT_ERROR(ETIMEDOUT, kbus_ksock_send_msg_timeout(sender, big, 120, &id));
	EXPECT_ERROR(ETIMEDOUT, kbus_ksock_request(sender, request, 150, &reply));
	EXPECT(reply == NULL);
	EXPECT_INT(0, kbus_wait_for_message_timeout(sender, KBUS_KSOCK_READABLE, 150));
	go_on();
	nothing_comes(listener);

	/* By a signal. */
	stop();
	alarm_often(1);
	EXPECT_ERROR(EINTR, kbus_ksock_send_msg(sender, small, &id));
	EXPECT(strstr(kbus_last_error(), "nothing was done") != NULL);
	EXPECT_ERROR(EINTR, kbus_ksock_send_msg(sender, big, &id));
	EXPECT_ERROR(EINTR, kbus_ksock_bind(sender, "$.Never", 0));
	EXPECT_ERROR(EINTR, kbus_ksock_unbind(listener, "$.Fred", 0));
	EXPECT_ERROR(EINTR, kbus_ksock_find_replier(sender, "$.Ask", &number));
	number = 0;
	EXPECT_ERROR(EINTR, kbus_ksock_max_messages(sender, &number));
	EXPECT_ERROR(EINTR, kbus_ksock_request(sender, request, -1, &reply));
	EXPECT_ERROR(EINTR, kbus_ksock_open(0, O_RDWR));
	batch[0] = batch[1] = small;
	EXPECT_ERROR(EINTR, kbus_ksock_send_msgs(sender, batch, 2, results));
	EXPECT_INT(-EINTR, results[0].error);
	EXPECT_INT(-EINTR, results[1].error);
	EXPECT(came > 0);
	alarm_often(0);
	go_on();
	nothing_comes(listener);

	/* As if a signal had come. */
	EXPECT_INT(0, kbus_ksock_close(sender));
	EXPECT_INT(0, kbus_interrupt_after(200));
	sender = open_ksock();
	stop();
	EXPECT_ERROR(EINTR, kbus_ksock_send_msg(sender, small, &id));
	EXPECT_ERROR(EINTR, kbus_ksock_bind(sender, "$.Never", 0));
	go_on();
	nothing_comes(listener);

	/* All is as before. */
	EXPECT_INT(2, kbus_ksock_send_msgs(sender, batch, 2, results));
	EXPECT_INT(2, kbus_ksock_read_msgs(listener, both, 2));
	kbus_msg_delete(&both[0]);
	kbus_msg_delete(&both[1]);
	EXPECT_INT(0, kbus_ksock_send_msg(sender, big, &id));
	reply = read_one(listener);
	EXPECT_INT(BIG, reply->data_len);
	kbus_msg_delete(&reply);

	/* A Ksock is closed all the same. */
	stop();
	EXPECT_INT(0, kbus_ksock_close(sender));
	go_on();
	EXPECT_INT(0, kbus_ksock_close(listener));
	kbus_msg_delete(&small);
	kbus_msg_delete(&big);
	kbus_msg_delete(&request);
	return 0;
}
