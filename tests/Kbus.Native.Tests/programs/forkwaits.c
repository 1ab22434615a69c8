/* forkwaits.c - threads that wait, in every way there is, neither hold up a fork nor keep its child from working; and go on unharmed. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAITERS = 7, FORKS = 10 };

static atomic_int ids[WAITERS];
static kbus_ksock_t shared, reading, borrowing, asking, writing;

/* Each has a number; the last ones wait for one and the same Ksock, where only one thread can sleep on the descriptor itself. */
static void wait_in_own_way(int number)
{
	const kbus_message_t *borrowed;
	kbus_message_t *msg;

	switch (number) {
	case 0:
		EXPECT_INT(1, kbus_ksock_wait_read_msg(reading, -1, &msg));
		EXPECT(has_data(msg, "read"));
		kbus_msg_delete(&msg);
		break;
	case 1:
		EXPECT_INT(1, kbus_ksock_wait_borrow_msgs(borrowing, -1, &borrowed, 1));
		EXPECT(has_data(borrowed, "borrowed"));
		EXPECT_INT(0, kbus_ksock_release_msg(borrowing));
		break;
	case 2: {
		kbus_message_t *request;

		EXPECT_INT(0, kbus_msg_create_request(&request, "$.Asked", 7, NULL, 0, 0));
		EXPECT_INT(0, kbus_ksock_request(asking, request, -1, &msg));
		EXPECT(has_data(msg, "answered"));
		kbus_msg_delete(&msg);
		kbus_msg_delete(&request);
		break;
	}
	case 3:
		/* Its message waits for room. */
		EXPECT_INT(KBUS_KSOCK_WRITABLE, kbus_wait_for_message(writing, KBUS_KSOCK_WRITABLE));
		break;
	default:
		EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message_timeout(shared, KBUS_KSOCK_READABLE, number == WAITERS - 1 ? 100000 : -1));
	}
}

static void *waiter(void *number)
{
	atomic_store(&ids[(intptr_t)number], (int)syscall(SYS_gettid));
	wait_in_own_way((int)(intptr_t)number);
	return NULL;
}

static int is_asleep(int thread)
{
	char path[64], text[512] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread);
	file = fopen(path, "r");
	EXPECT(file != NULL && fgets(text, sizeof(text), file) != NULL);
	fclose(file);
	return strstr(text, ") S ") != NULL;
}

static void await_sleep(void)
{
	for (int i = 0; i < WAITERS; i++)
		while (atomic_load(&ids[i]) == 0 || !is_asleep(atomic_load(&ids[i])))
			sched_yield();
}

static void be_refused(kbus_ksock_t ksock)
{
	const kbus_message_t *borrowed;
	kbus_message_t *msg;

	EXPECT_ERROR(EBADF, kbus_ksock_read_next_msg(ksock, &msg));
	EXPECT_ERROR(EBADF, kbus_ksock_wait_read_msg(ksock, -1, &msg));
	EXPECT_ERROR(EBADF, kbus_ksock_wait_borrow_msgs(ksock, -1, &borrowed, 1));
	EXPECT_ERROR(EBADF, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
	EXPECT_ERROR(EBADF, kbus_ksock_discard(ksock));
	EXPECT_ERROR(EBADF, kbus_ksock_close(ksock));
	EXPECT(strstr(kbus_error_text(EBADF, NULL), "parent of a forked process") != NULL);
}

static void be_a_child(const char *program)
{
	kbus_ksock_t own;

	be_refused(shared);
	be_refused(reading);
	be_refused(borrowing);
	be_refused(asking);
	be_refused(writing);
	own = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(own, "$.Child", 0));
	send_named(own, "$.Child", "of its own", 0, 0);
	read_and_forget(own);
	EXPECT_INT(0, kbus_ksock_close(own));
	execl(program, program, "again", (char *)NULL);
	_exit(3);
}

/* What comes after exec: a fresh process, in which nothing of the parent's is open. */
static int begin_anew(void)
{
	kbus_ksock_t own = open_ksock();

	EXPECT_INT(0, kbus_ksock_bind(own, "$.Anew", 0));
	EXPECT_INT(0, kbus_ksock_close(own));
	return 0;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A fork that had to wait for calls to come out would do so for a second, and its child would be refused everything. */
static void fork_often(const char *program)
{
	for (int i = 0; i < FORKS; i++) {
		double before = seconds(), taken;
		pid_t child = fork();
		int status;

		taken = seconds() - before;
		if (child == 0)
			be_a_child(program);
		EXPECT(taken < 0.9);
		EXPECT_INT(child, waitpid(child, &status, 0));
		EXPECT_INT(0, status);
	}
}

static void answer_one(kbus_ksock_t replier)
{
	kbus_message_t *request = read_one(replier), *reply;

	EXPECT_INT(0, kbus_msg_create_reply_to(&reply, request, "answered", 8, 0));
	EXPECT_INT(0, kbus_ksock_send_msg(replier, reply, NULL));
	kbus_msg_delete(&reply);
	kbus_msg_delete(&request);
}

int main(int argc, char **argv)
{
	pthread_t threads[WAITERS];
	kbus_ksock_t other, full;
	uint32_t one = 1;

	if (argc > 1)
		return begin_anew();
	shared = open_ksock();
	reading = open_ksock();
	borrowing = open_ksock();
	asking = open_ksock();
	writing = open_ksock();
	other = open_ksock();
	full = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(shared, "$.Shared", 0));
	EXPECT_INT(0, kbus_ksock_bind(reading, "$.Read", 0));
	EXPECT_INT(0, kbus_ksock_bind(borrowing, "$.Borrowed", 0));
	EXPECT_INT(0, kbus_ksock_bind(other, "$.Asked", 1));
	EXPECT_INT(0, kbus_ksock_bind(full, "$.Full", 0));
	EXPECT_INT(0, kbus_ksock_max_messages(full, &one));
	send_named(writing, "$.Full", "1", 0, 0);
	send_named(writing, "$.Full", "2", KBUS_BIT_ALL_OR_WAIT, -EAGAIN);
	for (intptr_t i = 0; i < WAITERS; i++)
		EXPECT_INT(0, pthread_create(&threads[i], NULL, waiter, (void *)i));
	await_sleep();
	fork_often(argv[0]);

	send_named(other, "$.Shared", "shared", 0, 0);
	send_named(other, "$.Read", "read", 0, 0);
	send_named(other, "$.Borrowed", "borrowed", 0, 0);
	answer_one(other);
	read_and_forget(full);
	for (int i = 0; i < WAITERS; i++)
		EXPECT_INT(0, pthread_join(threads[i], NULL));
	EXPECT(has_data(read_one(shared), "shared") && has_data(read_one(full), "2"));
	return 0;
}
