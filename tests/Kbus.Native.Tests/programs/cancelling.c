/* cancelling.c - a thread is cancelled while it waits or sends: it ends, and its Ksock is as good as before. */
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROUNDS 100
#define LONGEST 180 /* seconds */

static kbus_ksock_t ksock, other, replier;
static int sleeper, sent;

/* The thread says so just before; it may take some time to fall asleep. */
static void await_sleep(void)
{
	char path[64], line[256], *state;
	int number;

	while ((number = __atomic_load_n(&sleeper, __ATOMIC_ACQUIRE)) == 0)
		sched_yield();
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", number);
	do {
		FILE *file = fopen(path, "r");

		EXPECT(file != NULL);
		EXPECT(fgets(line, sizeof(line), file) != NULL);
		fclose(file);
		state = strrchr(line, ')');
		EXPECT(state != NULL);
	} while (state[2] != 'S');
}

static void about_to_sleep(void)
{
	__atomic_store_n(&sleeper, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
}

static void *wait_for_message(void *unused)
{
	(void)unused;
	about_to_sleep();
	kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE);
	return NULL;
}

static void *wait_and_read(void *unused)
{
	kbus_message_t *msg;

	(void)unused;
	about_to_sleep();
	kbus_ksock_wait_read_msg(ksock, -1, &msg);
	return NULL;
}

static void *wait_and_borrow(void *unused)
{
	const kbus_message_t *msgs[4];

	(void)unused;
	about_to_sleep();
	kbus_ksock_wait_borrow_msgs(ksock, -1, msgs, 4);
	return NULL;
}

static void *ask_in_vain(void *unused)
{
	kbus_message_t *request, *reply;

	(void)unused;
	EXPECT_INT(0, kbus_msg_create_request(&request, "$.Asked", 7, NULL, 0, 0));
	about_to_sleep();
	pthread_cleanup_push(free, request);
	kbus_ksock_request(ksock, request, -1, &reply);
	pthread_cleanup_pop(1);
	return NULL;
}

static void *send_on_and_on(void *unused)
{
	kbus_message_t msg;

	(void)unused;
	memset(&msg, 0, sizeof(msg));
	msg.start_guard = KBUS_MSG_START_GUARD;
	msg.end_guard = KBUS_MSG_END_GUARD;
	msg.name = "$.Nobody";
	msg.name_len = 8;
	for (;;) {
		EXPECT_INT(0, kbus_ksock_send_msg(ksock, &msg, NULL));
		__atomic_fetch_add(&sent, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* The answer to what a cancelled thread had asked is a message as any. */
static void answer_late(void)
{
	kbus_message_t *request = read_one(replier), *reply;

	EXPECT_INT(0, kbus_msg_create_reply_to(&reply, request, NULL, 0, 0));
	EXPECT_INT(0, kbus_ksock_send_msg(replier, reply, NULL));
	kbus_msg_delete(&reply);
	kbus_msg_delete(&request);
	EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
	read_and_forget(ksock);
}

/* All that a Ksock is for, also that it is readable exactly when a message can be taken. */
static void expect_as_good_as_before(void)
{
	const kbus_message_t *borrowed;
	kbus_message_t *msg;

	EXPECT_INT(POLLOUT, ready(ksock));
	send_named(other, "$.Told", "1", 0, 0);
	EXPECT_INT(POLLIN | POLLOUT, ready(ksock));
	EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
	read_and_forget(ksock);
	EXPECT_INT(POLLOUT, ready(ksock));
	send_named(ksock, "$.Told", "2", 0, 0);
	EXPECT_INT(1, kbus_ksock_wait_read_msg(ksock, -1, &msg));
	kbus_msg_delete(&msg);
	send_named(ksock, "$.Told", "3", 0, 0);
	EXPECT_INT(1, kbus_ksock_borrow_msg(ksock, &borrowed));
	EXPECT_INT(0, kbus_ksock_release_msg(ksock));
	EXPECT_INT(0, kbus_wait_for_message_timeout(ksock, KBUS_KSOCK_READABLE, 0));
	EXPECT_INT(POLLOUT, ready(ksock));
}

static void cancel_round(void *(*body)(void *), int sleeps, int round)
{
	pthread_t thread;
	void *result;

	sleeper = 0;
	sent = 0;
	EXPECT_INT(0, pthread_create(&thread, NULL, body, NULL));
	if (sleeps)
		await_sleep();
	else
		while (__atomic_load_n(&sent, __ATOMIC_ACQUIRE) < round % 7)
			sched_yield();
	EXPECT_INT(0, pthread_cancel(thread));
	EXPECT_INT(0, pthread_join(thread, &result));
	EXPECT(result == PTHREAD_CANCELED);
	expect_as_good_as_before();
}

int main(void)
{
	alarm(LONGEST);
	ksock = open_ksock();
	other = open_ksock();
	replier = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Told", 0));
	EXPECT_INT(0, kbus_ksock_bind(replier, "$.Asked", 1));
	for (int round = 0; round < ROUNDS; round++) {
		cancel_round(wait_for_message, 1, round);
		cancel_round(wait_and_read, 1, round);
		cancel_round(wait_and_borrow, 1, round);
		cancel_round(send_on_and_on, 0, round);
		cancel_round(ask_in_vain, 1, round);
		answer_late();
	}
	EXPECT_INT(0, kbus_ksock_close(replier));
	EXPECT_INT(0, kbus_ksock_close(other));
	EXPECT_INT(0, kbus_ksock_close(ksock));
	return 0;
}
