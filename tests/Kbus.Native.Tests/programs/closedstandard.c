/* closedstandard.c - standard descriptors that the program has closed stay closed, and nothing of the library's ever gets their numbers. */
#define _GNU_SOURCE
#include "check.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_OF_OTHERS 3
#define BIG 300000

static int closed[FIRST_OF_OTHERS];
static atomic_int is_over, was_usable;
static char big[BIG];

/* At every moment a closed number is closed or a place at which nothing can be read or written. */
static void *watch(void *unused)
{
	while (!atomic_load(&is_over))
		for (int number = 0; number < FIRST_OF_OTHERS; number++) {
			int flags = closed[number] ? fcntl(number, F_GETFL) : -1;

			if (flags >= 0 && !(flags & O_PATH))
				atomic_store(&was_usable, 1);
		}
	return unused;
}

static void expect_closed(void)
{
	for (int number = 0; number < FIRST_OF_OTHERS; number++) {
		errno = 0;
		EXPECT_INT(closed[number] ? -1 : 0, fcntl(number, F_GETFD) < 0 ? -1 : 0);
	}
}

static void converse(void)
{
	kbus_ksock_t replier = open_ksock(), asker;
	kbus_message_t *msg, *reply;

	EXPECT(replier >= FIRST_OF_OTHERS);
	expect_closed();
	asker = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(replier, "$.Asked", 1));
	EXPECT_INT(0, kbus_ksock_bind(replier, "$.Big", 0));
	send_named(asker, "$.Asked", "what", KBUS_BIT_WANT_A_REPLY, 0);
	EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(replier, KBUS_KSOCK_READABLE));
	msg = read_one(replier);
	EXPECT_INT(0, kbus_msg_create_reply_to(&reply, msg, "that", 4, 0));
	EXPECT_INT(0, kbus_ksock_send_msg(replier, reply, NULL));
	kbus_msg_delete(&reply);
	kbus_msg_delete(&msg);
	read_and_forget(asker);
	expect_closed();

	/* Long data come in memory of their own, whose descriptor is passed later. */
	EXPECT_INT(0, kbus_msg_create(&msg, "$.Big", 5, big, BIG, 0));
	EXPECT_INT(0, kbus_ksock_send_msg(asker, msg, NULL));
	kbus_msg_delete(&msg);
	msg = read_one(replier);
	EXPECT_INT(BIG, msg->data_len);
	kbus_msg_delete(&msg);
	expect_closed();
	EXPECT_INT(0, kbus_ksock_close(asker));
	EXPECT_INT(0, kbus_ksock_close(replier));
	expect_closed();
}

/* A daemon that the library has to start for a program without standard descriptors. */
static void have_one_started(void)
{
	char directory[] = "/tmp/kbus-XXXXXX", kbusd[PATH_MAX], path[64];
	kbus_ksock_t ksock;
	struct ucred peer;
	socklen_t length = sizeof(peer);
	ssize_t end;

	snprintf(path, sizeof(path), "/proc/%s/exe", getenv("KBUSD_PID"));
	end = readlink(path, kbusd, sizeof(kbusd) - 1);
	EXPECT(end > 0);
	kbusd[end] = '\0';
	EXPECT(mkdtemp(directory) != NULL);
	EXPECT_INT(0, setenv("KBUS_RUNTIME_DIR", directory, 1));
	EXPECT_INT(0, setenv("KBUS_AUTOSTART", "1", 1));
	EXPECT_INT(0, setenv("KBUS_DAEMON", kbusd, 1));
	ksock = open_ksock();
	expect_closed();
	EXPECT_INT(0, getsockopt(ksock, SOL_SOCKET, SO_PEERCRED, &peer, &length));
	EXPECT_INT(0, kill(peer.pid, SIGTERM));
	EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
	EXPECT_INT(0, kbus_ksock_close(ksock));
	EXPECT(snprintf(kbusd, sizeof(kbusd), "rm -r %s", directory) < (int)sizeof(kbusd));
	EXPECT_INT(0, system(kbusd));
}

static void with_closed(int which, void (*act)(void))
{
	pthread_t watcher;
	int status, lowest = -1;
	pid_t child = fork();

	if (child > 0) {
		EXPECT_INT(child, waitpid(child, &status, 0));
		EXPECT_INT(0, status);
		return;
	}
	stderr = fdopen(fcntl(2, F_DUPFD_CLOEXEC, 100), "w");
	setvbuf(stderr, NULL, _IONBF, 0);
	for (int number = 0; number < FIRST_OF_OTHERS; number++)
		if (which & (1 << number)) {
			EXPECT_INT(0, close(number));
			closed[number] = 1;
			lowest = lowest < 0 ? number : lowest;
		}
	EXPECT_INT(0, pthread_create(&watcher, NULL, watch, NULL));
	act();
	atomic_store(&is_over, 1);
	EXPECT_INT(0, pthread_join(watcher, NULL));
	EXPECT_INT(0, atomic_load(&was_usable));

	/* The numbers are the program's to use again. */
	EXPECT_INT(lowest, open("/dev/null", O_RDWR));
	closed[lowest] = 0;
	expect_closed();
	_exit(0);
}

int main(void)
{
	for (int which = 1; which < 1 << FIRST_OF_OTHERS; which++)
		with_closed(which, converse);
	with_closed(7, have_one_started);
	return 0;
}
