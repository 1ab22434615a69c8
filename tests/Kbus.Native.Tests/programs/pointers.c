/* pointers.c - a pointer that leads nowhere is an error of the call that has it, and not the end of the program. */
#include "check.h"
#include <limpet.h>

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define BADS 4

static kbus_ksock_t ksock, reader;
static void *bad[BADS]; /* null, in the first page, in the middle of nowhere, and no address of a user at all */
static uint8_t *edge;   /* two pages, of which the second cannot be read */

static void bad_targets(void *at)
{
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

static void bad_names(void *at)
{
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

static void bad_messages(void *at)
{
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
	if (at) {
		EXPECT_ERROR(EFAULT, kbus_ksock_send_msg(ksock, msg, at));
		msg->data = at;
		expect_not_sent(msg);
		EXPECT_INT(0, kbus_ksock_write_msg(ksock, msg));
		EXPECT_ERROR(EFAULT, kbus_ksock_send(ksock, &id));
		msg->data = "data";
		msg->name = at;
		expect_not_sent(msg);
	}
	kbus_msg_delete(&msg);

	EXPECT_ERROR(EFAULT, kbus_msg_sizeof(at));
	EXPECT_ERROR(EFAULT, kbus_msg_create(at, "$.A", 3, NULL, 0, 0));
	EXPECT_ERROR(EFAULT, kbus_msg_create_entire(at, "$.A", 3, NULL, 0, 0));
	EXPECT_ERROR(EFAULT, kbus_msg_create_reply_to(&msg, at, NULL, 0, 0));
	EXPECT_ERROR(EFAULT, kbus_msg_create_entire_stateful_request(&msg, at, "$.A", 3, NULL, 0, 0));
	kbus_msg_print(stdout, at);
	kbus_msg_dump(at, 1);
	if (at)
		EXPECT_ERROR(EFAULT, kbus_msg_create_entire(&msg, "$.A", 3, at, 10, 0));
}

/* What begins where it can be read and goes on where it cannot. */
static void beyond_the_edge(void)
{
	kbus_message_t *msg;

	EXPECT_INT(0, kbus_msg_create(&msg, "$.A", 3, edge, PAGE, 0));
	EXPECT_INT(0, kbus_ksock_send_msg(ksock, msg, NULL));
	msg->data_len++;
	expect_not_sent(msg);
	msg->data_len = 0xFFFFFFF0;
	EXPECT_ERROR(EMSGSIZE, kbus_ksock_send_msg(ksock, msg, NULL));
	kbus_msg_delete(&msg);

	EXPECT_INT(0, kbus_msg_create_entire(&msg, "$.A", 3, "data", 4, 0));
	memcpy(edge + PAGE - (size_t)kbus_msg_sizeof(msg), msg, (size_t)kbus_msg_sizeof(msg));
	EXPECT_INT(0, kbus_ksock_send_msg(ksock, (void *)(edge + PAGE - kbus_msg_sizeof(msg)), NULL));
	memcpy(edge + PAGE - sizeof(*msg), msg, sizeof(*msg));
	expect_not_sent((void *)(edge + PAGE - sizeof(*msg)));
	memset(edge, 'A', PAGE);
	edge[PAGE - 3] = '$';
	edge[PAGE - 2] = '.';
	EXPECT_ERROR(EFAULT, kbus_ksock_bind(ksock, (char *)(edge + PAGE - 3), 0));
	EXPECT_INT(0, kbus_ksock_bind_n(ksock, (char *)(edge + PAGE - 3), 3, 0));
	kbus_msg_delete(&msg);
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
		*(volatile char *)bad[2] = 1;
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
	edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT(edge != MAP_FAILED);
	EXPECT_INT(0, mprotect(edge + PAGE, PAGE, PROT_NONE));
	bad[1] = (void *)(uintptr_t)0x10;
	bad[2] = edge + PAGE;
	bad[3] = (void *)(uintptr_t)0x5555555555555550;
	for (int i = 0; i < BADS; i++) {
		bad_targets(bad[i]);
		bad_names(bad[i]);
		bad_messages(bad[i]);
	}
	beyond_the_edge();
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
