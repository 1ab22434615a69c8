/* busy.c - a child that was forked while another thread was inside the library, and did not come out, is refused and does not hang. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static kbus_ksock_t ksock;
static atomic_int sender_id;

/* Waits for an answer of the bus, which is stopped. */
static void *sender(void *nothing)
{
	atomic_store(&sender_id, (int)syscall(SYS_gettid));
	send_named(ksock, "$.Nobody", NULL, 0, 0);
	return nothing;
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

static int has_stopped(pid_t process)
{
	char path[64], text[512] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)process);
	file = fopen(path, "r");
	EXPECT(file != NULL && fgets(text, sizeof(text), file) != NULL);
	fclose(file);
	return strstr(text, ") T ") != NULL;
}

static void be_refused(void)
{
	kbus_message_t *msg = NULL;

	EXPECT_ERROR(ENOTSUP, kbus_ksock_open(0, O_RDWR));
	EXPECT(strcmp(kbus_last_error(), "EOPNOTSUPP: This process was forked while its parent was using KBUS, and cannot use KBUS itself.") == 0);
	EXPECT_ERROR(EBADF, kbus_ksock_read_next_msg(ksock, &msg));
	EXPECT(strcmp(kbus_last_error(), "EBADF: This process was forked while its parent was using KBUS, and cannot use KBUS itself.") == 0);
	EXPECT_ERROR(EBADF, kbus_ksock_close(ksock));
	EXPECT_ERROR(ENOTSUP, kbus_msg_create(&msg, "$.Any", 5, NULL, 0, 0));
	kbus_msg_delete(&msg);
	EXPECT(strstr(kbus_error_text(ENOTSUP, NULL), "forked") != NULL);
}

int main(void)
{
	pid_t bus = (pid_t)atoi(getenv("KBUSD_PID")), child;
	pthread_t thread;
	int status;

	ksock = open_ksock();
	EXPECT_INT(0, kill(bus, SIGSTOP));
	while (!has_stopped(bus))
		sched_yield();
	EXPECT_INT(0, pthread_create(&thread, NULL, sender, NULL));
	while (atomic_load(&sender_id) == 0 || !is_asleep(atomic_load(&sender_id)))
		sched_yield();

	child = fork();
	if (child == 0) {
		be_refused();
		_exit(0);
	}
	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT_INT(0, kill(bus, SIGCONT));
	EXPECT_INT(0, status);

	/* The parent goes on as ever. */
	EXPECT_INT(0, pthread_join(thread, NULL));
	send_named(ksock, "$.Nobody", NULL, 0, 0);
	EXPECT_INT(0, kbus_ksock_close(ksock));
	return 0;
}
