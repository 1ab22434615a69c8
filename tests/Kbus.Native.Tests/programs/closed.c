/* closed.c - a program closes the descriptor of a Ksock by close, and has other files at its number then: each call with the number is refused
 * soon, and nothing happens to the files. */
#include "check.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST 180 /* seconds */
#define FILES 64

static const char mine[] = "mine";

enum call { BIND, ASK, SEND, BATCH, READ, WAIT, WAIT_READ, BORROW, CLOSE, CALLS };

static int result_of(enum call call, kbus_ksock_t ksock)
{
	const kbus_message_t *borrowed;
	kbus_message_t *msg, *made;
	kbus_send_result_t outcome;
	uint32_t number;
	int result;

	switch (call) {
	case BIND:
		return kbus_ksock_bind(ksock, "$.Fred", 0);
	case ASK:
		return kbus_ksock_num_messages(ksock, &number);
	case SEND:
	case BATCH:
		EXPECT_INT(0, kbus_msg_create(&made, "$.Fred", 6, NULL, 0, 0));
		if (call == SEND) {
			result = kbus_ksock_send_msg(ksock, made, NULL);
		} else {
			result = kbus_ksock_send_msgs(ksock, (const kbus_message_t *const *)&made, 1, &outcome);
			result = result == 0 ? outcome.error : result;
		}
		kbus_msg_delete(&made);
		return result;
	case READ:
		return kbus_ksock_read_next_msg(ksock, &msg);
	case WAIT:
		return kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE);
	case WAIT_READ:
		return kbus_ksock_wait_read_msg(ksock, -1, &msg);
	case BORROW:
		return kbus_ksock_wait_borrow_msgs(ksock, -1, &borrowed, 1);
	default:
		return kbus_ksock_close(ksock);
	}
}

static void await_closing_on_the_bus(kbus_ksock_t watcher)
{
	uint32_t replier = 1;

	while (replier)
		EXPECT_INT(0, kbus_ksock_find_replier(watcher, "$.Replier", &replier));
}

/* A Ksock's number as the number of a socket of ours in which something waits to be read. */
static kbus_ksock_t lose(int *other_end, int has_message)
{
	kbus_ksock_t watcher = open_ksock(), ksock = open_ksock();
	int pair[2];

	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Told", 0));
	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Replier", 1));
	if (has_message)
		send_named(ksock, "$.Told", "unread", 0, 0);
	EXPECT_INT(0, close(ksock));
	await_closing_on_the_bus(watcher);
	EXPECT_INT(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	EXPECT_INT(ksock, pair[0]);
	EXPECT_INT(0, kbus_ksock_close(watcher));
	EXPECT_INT(sizeof(mine), write(pair[1], mine, sizeof(mine)));
	*other_end = pair[1];
	return ksock;
}

static void expect_untouched(int number, int other_end)
{
	char bytes[64];

	EXPECT_INT(sizeof(mine), recv(number, bytes, sizeof(bytes), MSG_DONTWAIT));
	EXPECT_INT(0, memcmp(bytes, mine, sizeof(mine)));
	EXPECT_INT(-1, recv(other_end, bytes, sizeof(bytes), MSG_DONTWAIT));
	EXPECT_INT(EAGAIN, errno);
	EXPECT_INT(sizeof(mine), send(number, mine, sizeof(mine), MSG_NOSIGNAL));
	EXPECT_INT(sizeof(mine), recv(other_end, bytes, sizeof(bytes), MSG_DONTWAIT));
	EXPECT_INT(0, close(number));
	EXPECT_INT(0, close(other_end));
}

/* The bus hears of the closing in its own time, and until then it serves the Ksock. */
static void expect_refused(enum call call, kbus_ksock_t ksock)
{
	alarm(LONGEST);
	while (result_of(call, ksock) != -EBADF)
		EXPECT(call != CLOSE);
	EXPECT_INT(-EBADF, result_of(call, ksock));
	if (call != CLOSE)
		EXPECT_ERROR(EBADF, kbus_ksock_close(ksock));
	alarm(0);
}

static void refuse(enum call call, int has_message)
{
	int other_end;
	kbus_ksock_t ksock = lose(&other_end, has_message);

	expect_refused(call, ksock);
	expect_untouched(ksock, other_end);
}

/* As long as a forked child has the socket the bus does not know. */
static void refuse_though_a_child_has_it(enum call call)
{
	kbus_ksock_t ksock = open_ksock();
	int pair[2], gate[2], status;
	pid_t child;

	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Told", 0));
	EXPECT_INT(0, pipe(gate));
	child = fork();
	if (child == 0) {
		char byte;

		close(gate[1]);
		_exit(read(gate[0], &byte, 1) != 0);
	}
	EXPECT_INT(0, close(gate[0]));
	EXPECT_INT(0, close(ksock));
	pair[1] = -1;
	while (pair[1] != ksock) {
		/* The lowest number that is free, which may be one lower. */
		EXPECT_INT(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
		if (pair[0] == ksock) {
			pair[0] = pair[1];
			pair[1] = ksock;
		}
	}
	EXPECT_INT(sizeof(mine), write(pair[0], mine, sizeof(mine)));
	/* Such a Ksock still is one for the bus, to which commands go through; only what looks at the descriptor can tell. */
	if (call >= READ)
		expect_refused(call, ksock);
	expect_untouched(ksock, pair[0]);
	EXPECT_INT(0, close(gate[1]));
	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT_INT(0, status);
}

static void refuse_what_is_closed(enum call call)
{
	kbus_ksock_t ksock = open_ksock();

	EXPECT_INT(0, close(ksock));
	expect_refused(call, ksock);
}

/* A program that makes itself a daemon closes all descriptors; then its own files have the numbers, those of the library's too. */
static void keep_files_open(void)
{
	kbus_ksock_t ksock = open_ksock();
	int files[FILES], lowest = FILES;

	for (int i = 3; i < FILES; i++)
		close(i);
	for (int i = 0; i < FILES; i++) {
		files[i] = open("/dev/null", O_RDWR);
		EXPECT(files[i] >= 0);
		lowest = files[i] < lowest ? files[i] : lowest;
	}
	EXPECT_INT(3, lowest);
	EXPECT_INT(0, close(ksock));
	EXPECT_INT(ksock, open_ksock());
	send_named(ksock, "$.Fred", NULL, 0, 0);
	EXPECT_INT(0, kbus_ksock_close(ksock));
	for (int i = 0; i < FILES; i++)
		EXPECT_INT(files[i] == ksock ? -1 : 0, close(files[i]));
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	for (enum call call = BIND; call < CALLS; call++) {
		refuse_what_is_closed(call);
		refuse(call, 0);
		refuse_though_a_child_has_it(call);
	}
	refuse(READ, 1);
	refuse(WAIT, 1);
	refuse(CLOSE, 1);
	keep_files_open();
	return 0;
}
