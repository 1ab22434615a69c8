/* limited.c - a process whose address space is limited (ulimit -v) before its first call. */
#include "check.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static char data[300000];

static void send_and_read(void)
{
	kbus_ksock_t ksock = open_ksock();
	kbus_message_t *msg;

	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Told", 0));
	for (int i = 0; i < 200; i++) {
		EXPECT_INT(0, kbus_msg_create(&msg, "$.Told", 6, data, sizeof(data), 0));
		EXPECT_INT(0, kbus_ksock_send_msg(ksock, msg, NULL));
		kbus_msg_delete(&msg);
		msg = read_one(ksock);
		EXPECT_INT(sizeof(data), msg->data_len);
		kbus_msg_delete(&msg);
	}
	EXPECT_INT(0, kbus_ksock_close(ksock));
}

static void be_refused(void)
{
	EXPECT_ERROR(ENOMEM, kbus_ksock_open(0, O_RDWR));
	EXPECT_ERROR(EBADF, kbus_ksock_close(3));
	EXPECT(strstr(kbus_error_text(ENOMEM, "open"), "address space") != NULL);
}

static void with_limit(rlim_t megabytes, void (*act)(void))
{
	struct rlimit limit = { megabytes << 20, megabytes << 20 };
	int status;
	pid_t child = fork();

	if (child == 0) {
		EXPECT_INT(0, setrlimit(RLIMIT_AS, &limit));
		act();
		_exit(0);
	}
	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT_INT(0, status);
}

int main(void)
{
	with_limit(8192, send_and_read);
	with_limit(4096, send_and_read);
	with_limit(1024, send_and_read);
	with_limit(768, send_and_read);
	with_limit(100, be_refused);
	return 0;
}
