/* pointers.c - a null pointer is an error of the call that has it, before anything is done; so is one in a message that is written. */
#include "check.h"
#include <limpet.h>

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static kbus_ksock_t ksock, reader;
static uint8_t *nowhere; /* a page that cannot be read */

static void bad_targets(void)
{
	void *at = NULL;
	uint32_t number = 0;

	EXPECT_ERROR(EFAULT, kbus_ksock_id(ksock, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_last_msg_id(ksock, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_max_messages(ksock, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_num_messages(ksock, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_num_unreplied_to(ksock, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_max_message_size(ksock, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_new_device(ksock, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_len_left(ksock, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_find_replier(ksock, "$.A", at));
	EXPECT_ERROR(EFAULT, kbus_ksock_poll(ksock, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_end_msgs(ksock, at, 1));
	EXPECT_ERROR(EFAULT, kbus_read_bindings(at));

	/* A message that cannot be given stays where it is. */
	send_named(ksock, "$.Kept", "kept", 0, 0);
	EXPECT_ERROR(EFAULT, kbus_ksock_next_msg(reader, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_read_msg(reader, at, 1000));
	EXPECT_ERROR(EFAULT, kbus_ksock_read_next_msg(reader, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_read_msgs(reader, at, 1));
	EXPECT_ERROR(EFAULT, kbus_ksock_wait_read_msg(reader, -1, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_borrow_msg(reader, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_wait_borrow_msgs(reader, -1, at, 1));
	EXPECT_INT(1, kbus_ksock_next_msg(reader, &number));
	EXPECT_ERROR(EFAULT, kbus_ksock_read_data(reader, at, number));
	EXPECT_INT(0, kbus_ksock_len_left(reader, &number));
	EXPECT(number > 0);
	EXPECT_INT(0, kbus_ksock_next_msg(reader, &number));
}

static void bad_names(void)
{
	void *at = NULL;
	uint32_t id;

	EXPECT_ERROR(EFAULT, kbus_ksock_bind(ksock, at, 0));
	EXPECT_ERROR(EFAULT, kbus_ksock_unbind(ksock, at, 0));
	EXPECT_ERROR(EFAULT, kbus_ksock_find_replier(ksock, at, &id));
	EXPECT_ERROR(EFAULT, kbus_ksock_bind_n(ksock, at, 3, 0));
	EXPECT_ERROR(EFAULT, kbus_ksock_unbind_n(ksock, at, 3, 0));
	EXPECT_ERROR(EFAULT, kbus_ksock_find_replier_n(ksock, at, 3, &id));
	EXPECT_ERROR(EFAULT, kbus_ksock_open_by_name(at, O_RDWR));
}

static void expect_not_sent(const kbus_message_t *msg)
{
	const kbus_message_t *all[2];
	kbus_send_result_t results[2];
	kbus_message_t *good, *reply;

	EXPECT_INT(0, kbus_msg_create(&good, "$.A", 3, NULL, 0, 0));
	all[0] = good;
	all[1] = msg;
	EXPECT_ERROR(EFAULT, kbus_ksock_send_msg(ksock, msg, NULL));
	EXPECT_ERROR(EFAULT, kbus_ksock_send_msgs(ksock, all, 2, results));
	EXPECT_ERROR(EFAULT, kbus_ksock_begin_msgs(ksock, all, 2));
	EXPECT_ERROR(EFAULT, kbus_ksock_request(ksock, msg, -1, &reply));
	kbus_msg_delete(&good);
}

static void bad_messages(void)
{
	void *at = NULL;
	kbus_message_t *msg;
	kbus_send_result_t result;
	kbus_msg_id_t id;

	expect_not_sent(at);
	EXPECT_ERROR(EFAULT, kbus_ksock_write_msg(ksock, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_write_data(ksock, at, 5));
	EXPECT_ERROR(EFAULT, kbus_ksock_send_msgs(ksock, at, 1, &result));

	EXPECT_INT(0, kbus_msg_create(&msg, "$.A", 3, "data", 4, KBUS_BIT_WANT_A_REPLY));
	EXPECT_ERROR(EFAULT, kbus_ksock_send_msgs(ksock, (const kbus_message_t *const *)&msg, 1, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_request(ksock, msg, -1, at));
	EXPECT_ERROR(EFAULT, kbus_ksock_ask(ksock, msg, -1, at));
	msg->data = nowhere;
	EXPECT_INT(0, kbus_ksock_write_msg(ksock, msg));
	EXPECT_ERROR(EFAULT, kbus_ksock_send(ksock, &id));
	msg->data = "data";
	msg->name = (char *)nowhere;
	EXPECT_INT(0, kbus_ksock_write_msg(ksock, msg));
	EXPECT_ERROR(EFAULT, kbus_ksock_send(ksock, &id));
	kbus_msg_delete(&msg);

	EXPECT_ERROR(EFAULT, kbus_msg_sizeof(at));
	EXPECT_ERROR(EFAULT, kbus_msg_create(at, "$.A", 3, NULL, 0, 0));
	EXPECT_ERROR(EFAULT, kbus_msg_create_entire(at, "$.A", 3, NULL, 0, 0));
	EXPECT_ERROR(EFAULT, kbus_msg_create_reply_to(&msg, at, NULL, 0, 0));
	EXPECT_ERROR(EFAULT, kbus_msg_create_entire_stateful_request(&msg, at, "$.A", 3, NULL, 0, 0));
	kbus_msg_print(stdout, at);
	kbus_msg_dump(at, 1);
}

static void fault_here(int number)
{
	(void)number;
	_exit(42);
}

/* Every other fault is the program's, as before. */
static void expect_other_faults_to_be_the_programs(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		*(volatile uint8_t *)nowhere = 1;
		_exit(0);
	}
	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT(WIFEXITED(status));
	EXPECT_INT(42, WEXITSTATUS(status));
}

int main(void)
{
	EXPECT(signal(SIGSEGV, fault_here) != SIG_ERR);
	ksock = open_ksock();
	reader = open_ksock();
	EXPECT_INT(0, kbus_ksock_bind(reader, "$.Kept", 0));
	nowhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT(nowhere != MAP_FAILED);
	bad_targets();
	bad_names();
	bad_messages();
	expect_other_faults_to_be_the_programs();

	/* There being no such Ksock comes first, and the Ksock is as good as before. */
	EXPECT_INT(0, kbus_ksock_close(reader));
	EXPECT_ERROR(EBADF, kbus_ksock_id(reader, NULL));
	EXPECT_ERROR(EBADF, kbus_ksock_bind(reader, NULL, 0));
	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Good", 0));
	send_named(ksock, "$.Good", "good", 0, 0);
	read_and_forget(ksock);
	EXPECT_INT(0, kbus_ksock_close(ksock));
	return 0;
}
