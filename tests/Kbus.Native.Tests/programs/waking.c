/* waking.c - whoever waits is woken, and a Ksock is readable exactly when a message can be taken, in whatever way they were waited for. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 3000, MOST_IN_BURST = 5, WAYS = 7, REQUESTS = 2000 };

/* What the two processes know of each other. */
static struct shared {
	atomic_int is_listening, begun, sent, allowed, is_over;
} *shared;

static uint32_t random_state = 12345;
static int has_threads;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % limit;
}

static void a_little_while(void)
{
	for (uint32_t turns = random_below(4) ? 0 : random_below(30000); turns > 0; turns--)
		__asm__ volatile("" ::: "memory");
	if (random_below(8) == 0)
		sched_yield();
}

/* The other process: bursts as they are allowed, and answers. */
static void send_and_answer(void)
{
	kbus_ksock_t ksock = open_ksock();
	/* What was allowed counts at once, before it is told; so the telling may fall behind, and further with each request. */
	uint32_t room = 2 * ROUNDS + 3 * REQUESTS;
	int allowed = 0;

	EXPECT_INT(0, kbus_ksock_max_messages(ksock, &room));
	random_state = 999;
	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Answer", 1));
	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Allow", 0));
	atomic_store(&shared->is_listening, 1);
	while (!atomic_load(&shared->is_over)) {
		kbus_message_t *request, *reply;

		EXPECT_INT(1, kbus_ksock_wait_read_msg(ksock, -1, &request));
		a_little_while();
		if (kbus_msg_wants_us_to_reply(request)) {
			EXPECT_INT(0, kbus_msg_create_reply_to(&reply, request, NULL, 0, 0));
			EXPECT_INT(0, kbus_ksock_send_msg(ksock, reply, NULL));
			kbus_msg_delete(&reply);
		}
		kbus_msg_delete(&request);
		for (; allowed < atomic_load(&shared->allowed); allowed++) {
			a_little_while();
			atomic_fetch_add(&shared->begun, 1);
			send_named(ksock, "$.Burst", "12345678", 0, 0);
			atomic_fetch_add(&shared->sent, 1);
		}
	}
	EXPECT_INT(0, kbus_ksock_close(ksock));
}

static void allow(kbus_ksock_t ksock, int messages)
{
	atomic_fetch_add(&shared->allowed, messages);
	send_named(ksock, "$.Allow", NULL, 0, 0);
}

/* What was sent and not taken is there; what was not begun to be sent is not. */
static void expect_exact(kbus_ksock_t ksock, int taken, int way)
{
	int sent = atomic_load(&shared->sent);
	int is_readable = (ready(ksock) & POLLIN) != 0;
	int begun = atomic_load(&shared->begun);

	if ((taken < sent && !is_readable) || (taken == begun && is_readable)) {
		fprintf(stderr, "way %d: taken %d, sent %d, begun %d, but %s\n", way, taken, sent, begun,
			is_readable ? "readable" : "not readable");
		exit(1);
	}
}

static void ask(kbus_ksock_t ksock)
{
	kbus_message_t *request, *reply;

	EXPECT_INT(0, kbus_msg_create_request(&request, "$.Answer", 8, NULL, 0, 0));
	EXPECT_INT(0, kbus_ksock_request(ksock, request, -1, &reply));
	EXPECT(reply->in_reply_to.serial_num != 0 && !(reply->flags & KBUS_BIT_SYNTHETIC));
	kbus_msg_delete(&reply);
	kbus_msg_delete(&request);
}

/* Takes one message, or more, in one of the ways there are. */
static int take(kbus_ksock_t ksock, int way)
{
	struct pollfd waiting = { ksock, POLLIN, 0 };
	kbus_message_t *msg = NULL, *msgs[MOST_IN_BURST];
	const kbus_message_t *lent;
	int count = 1;

	switch (way) {
	case 0:
		EXPECT_INT(1, kbus_ksock_wait_read_msg(ksock, -1, &msg));
		break;
	case 1:
		EXPECT_INT(1, kbus_ksock_wait_borrow_msgs(ksock, 60000, &lent, 1));
		EXPECT(has_data(lent, "12345678"));
		return 1;
	case 2:
		EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
		EXPECT(has_threads || (ready(ksock) & POLLIN));
		EXPECT_INT(0, kbus_ksock_read_next_msg(ksock, &msg));
		break;
	case 3:
		EXPECT_INT(1, poll(&waiting, 1, -1));
		EXPECT_INT(0, kbus_ksock_read_next_msg(ksock, &msg));
		break;
	case 4:
		ask(ksock);
		return 0;
	case 5:
		return kbus_ksock_wait_read_msg(ksock, 0, &msg) == 0 ? 0 : (kbus_msg_delete(&msg), 1);
	default:
		EXPECT_INT(1, poll(&waiting, 1, -1));
		count = kbus_ksock_read_msgs(ksock, msgs, MOST_IN_BURST);
		EXPECT(count >= 1);
		for (int i = 0; i < count; i++)
			kbus_msg_delete(&msgs[i]);
		return count;
	}
	if (msg == NULL && has_threads)
		return 0; /* it was the answer that another thread waits for */
	EXPECT(msg != NULL && has_data(msg, "12345678"));
	kbus_msg_delete(&msg);
	return 1;
}

static void one_thread(kbus_ksock_t ksock)
{
	int taken = 0, allowed = 0;

	for (int round = 0; round < ROUNDS; round++) {
		int more = 1 + (int)random_below(MOST_IN_BURST);

		allow(ksock, more);
		allowed += more;
		while (taken < allowed) {
			int way = (int)random_below(WAYS);

			taken += take(ksock, way);
			expect_exact(ksock, taken, way);
			a_little_while();
		}
		if (random_below(4) == 0) {
			ask(ksock);
			expect_exact(ksock, taken, 4);
		}
	}
	EXPECT_INT(allowed, taken);
}

static void *asker(void *ksock)
{
	for (int i = 0; i < REQUESTS; i++)
		ask(*(kbus_ksock_t *)ksock);
	return NULL;
}

/* Two threads wait for answers and a third for messages, all of one Ksock. */
static void three_threads(kbus_ksock_t ksock)
{
	pthread_t askers[2];
	int already = atomic_load(&shared->allowed);

	has_threads = 1;
	for (int i = 0; i < 2; i++)
		EXPECT_INT(0, pthread_create(&askers[i], NULL, asker, &ksock));
	for (int taken = 0, allowed = 0; taken < REQUESTS; taken += take(ksock, (int)random_below(4)))
		for (; allowed <= taken; allowed++)
			allow(ksock, 1);
	for (int i = 0; i < 2; i++)
		EXPECT_INT(0, pthread_join(askers[i], NULL));
	expect_exact(ksock, already + REQUESTS, -1);
}

int main(void)
{
	kbus_ksock_t ksock;
	pid_t other;
	int status;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	EXPECT(shared != MAP_FAILED);
	other = fork();
	if (other == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		send_and_answer();
		return 0;
	}
	ksock = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Burst", 0));
	while (!atomic_load(&shared->is_listening))
		sched_yield();
	one_thread(ksock);
	three_threads(ksock);
	atomic_store(&shared->is_over, 1);
	allow(ksock, 0);
	EXPECT_INT(0, kbus_ksock_close(ksock));
	EXPECT(waitpid(other, &status, 0) == other);
	EXPECT_INT(0, status);
	return 0;
}
