/* functions.c - asking, setting, binding, reading and writing in pieces: one of each, and its errors. */
#include "check.h"

static void opening(void)
{
	kbus_ksock_t ksock;

	EXPECT_ERROR(ENOENT, kbus_ksock_open(77, O_RDWR));
	EXPECT_ERROR(ENOENT, kbus_ksock_open_by_name("/dev/nothing", O_RDWR));
	EXPECT_ERROR(ENOENT, kbus_ksock_open_by_name("/dev/kbus", O_RDWR));
	EXPECT_ERROR(EBADF, kbus_ksock_close(-1));
	EXPECT_ERROR(EBADF, kbus_ksock_close(0));
	ksock = kbus_ksock_open_by_name("/dev/kbus0", O_RDWR | O_NONBLOCK | O_APPEND);
	EXPECT(ksock >= 0);
	EXPECT(fcntl(ksock, F_GETFD) & FD_CLOEXEC);
	EXPECT_INT(0, kbus_ksock_close(ksock));
	EXPECT_ERROR(EBADF, kbus_ksock_close(ksock));
	EXPECT_ERROR(EBADF, kbus_ksock_bind(ksock, "$.Fred", 0));
}

static void modes(void)
{
	kbus_ksock_t reader = kbus_ksock_open(0, O_RDONLY), writer = kbus_ksock_open(0, O_WRONLY);
	kbus_message_t *msg;

	send_named(reader, "$.Fred", NULL, 0, -EBADF);
	EXPECT_INT(0, ready(reader) & POLLOUT);
	EXPECT_INT(0, kbus_ksock_bind(writer, "$.Fred", 0));
	send_named(writer, "$.Fred", NULL, 0, 0);
	EXPECT_ERROR(EBADF, kbus_ksock_read_next_msg(writer, &msg));
	EXPECT_INT(0, kbus_ksock_close(reader));
	EXPECT_INT(0, kbus_ksock_close(writer));
}

static void bindings(kbus_ksock_t ksock, kbus_ksock_t other)
{
	uint32_t id, found = 99;
	char *text;

	EXPECT_INT(0, kbus_ksock_id(ksock, &id));
	EXPECT_INT(0, kbus_ksock_find_replier(ksock, "$.Fred", &found));
	EXPECT_INT(0, found);
	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Fred", 1));
	EXPECT_INT(0, kbus_ksock_find_replier(other, "$.Fred", &found));
	EXPECT_INT(id, found);
	EXPECT_ERROR(EADDRINUSE, kbus_ksock_bind(other, "$.Fred", 7));
	EXPECT_ERROR(EBADMSG, kbus_ksock_bind(ksock, "Fred", 0));
	EXPECT_ERROR(EINVAL, kbus_ksock_unbind(ksock, "$.Fred", 0));
	EXPECT_INT(0, kbus_read_bindings(&text));
	EXPECT(strncmp(text, "# <device> is bound to <Ksock-ID> in <process-PID> as <Replier|Listener> for <message-name>\n  0: ", 96) == 0);
	EXPECT(strstr(text, "  R  $.Fred\n") != NULL);
	free(text);
	EXPECT_INT(0, kbus_ksock_unbind(ksock, "$.Fred", 2));
	EXPECT_INT(0, kbus_ksock_bind_n(ksock, "$.Fred.Jim", 6, 0));
	EXPECT_INT(0, kbus_ksock_unbind_n(ksock, "$.Fredericka", 6, 0));
}

static void settings(kbus_ksock_t ksock)
{
	uint32_t value = 0, device;
	kbus_ksock_t on_new;

	EXPECT_INT(0, kbus_ksock_max_messages(ksock, &value));
	EXPECT_INT(100, value);
	value = 7;
	EXPECT_INT(0, kbus_ksock_max_messages(ksock, &value));
	EXPECT_INT(7, value);
	EXPECT_INT(0, kbus_ksock_only_once(ksock, 1));
	EXPECT_INT(1, kbus_ksock_only_once(ksock, 0xFFFFFFFF));
	EXPECT_INT(1, kbus_ksock_only_once(ksock, 0));
	EXPECT_ERROR(EINVAL, kbus_ksock_only_once(ksock, 2));
	EXPECT_INT(0, kbus_ksock_kernel_module_verbose(ksock, 1));
	EXPECT_INT(1, kbus_ksock_kernel_module_verbose(ksock, 0));
	EXPECT_INT(0, kbus_ksock_report_replier_binds(ksock, 0));
	EXPECT_ERROR(EINVAL, kbus_ksock_report_replier_binds(ksock, 3));
	value = 0;
	EXPECT_INT(0, kbus_ksock_max_message_size(ksock, &value));
	EXPECT_INT(409600, value);
	value = 50;
	EXPECT_ERROR(EINVAL, kbus_ksock_max_message_size(ksock, &value));
	EXPECT_INT(0, kbus_ksock_new_device(ksock, &device));
	EXPECT_INT(1, device);
	on_new = kbus_ksock_open_by_name("/dev/kbus1", O_RDWR);
	EXPECT(on_new >= 0);
	EXPECT_INT(0, kbus_ksock_close(on_new));
}

static void pieces(kbus_ksock_t sender, kbus_ksock_t listener)
{
	kbus_message_t *msg;
	kbus_msg_id_t id, last;
	uint32_t length, left, count;
	uint8_t *bytes;

	EXPECT_ERROR(ENOMSG, kbus_ksock_send(sender, &id));
	EXPECT_INT(0, kbus_ksock_bind(listener, "$.Piece", 0));
	EXPECT_INT(0, kbus_msg_create_entire(&msg, "$.Piece", 7, "0123456789", 10, 0));
	bytes = (uint8_t *)msg;
	for (int i = 0; i < kbus_msg_sizeof(msg); i++)
		EXPECT_INT(0, kbus_ksock_write_data(sender, bytes + i, 1));
	EXPECT_INT(0, kbus_ksock_send(sender, &id));
	EXPECT_INT(0, kbus_ksock_last_msg_id(sender, &last));
	EXPECT_INT(0, kbus_msg_compare_ids(&id, &last));
	EXPECT_INT(0, kbus_ksock_write_data(sender, bytes, 20));
	EXPECT_INT(0, kbus_ksock_discard(sender));
	EXPECT_ERROR(ENOMSG, kbus_ksock_send(sender, NULL));
	kbus_msg_delete(&msg);

	EXPECT_INT(0, kbus_ksock_num_messages(listener, &count));
	EXPECT_INT(1, count);
	EXPECT_INT(1, kbus_ksock_next_msg(listener, &length));
	EXPECT_INT(KBUS_ENTIRE_MSG_LEN(7, 10), length);
	EXPECT_INT(0, kbus_ksock_len_left(listener, &left));
	EXPECT_INT(length, left);
	EXPECT_INT(0, kbus_ksock_read_msg(listener, &msg, length));
	EXPECT(has_name(msg, "$.Piece") && has_data(msg, "0123456789") && kbus_msg_is_entire(msg));
	EXPECT_INT(0, kbus_msg_compare_ids(&msg->id, &id));

	/* What was read can be sent again as it is. */
	EXPECT_INT(0, kbus_ksock_write_msg(sender, msg));
	EXPECT_INT(0, kbus_ksock_send(sender, NULL));
	kbus_msg_delete(&msg);
	read_and_forget(listener);
	EXPECT_INT(0, kbus_ksock_next_msg(listener, &length));
	EXPECT_INT(0, length);
	EXPECT_ERROR(EBADMSG, kbus_ksock_read_msg(listener, &msg, 100));
	EXPECT_INT(0, kbus_ksock_read_next_msg(listener, &msg));
	EXPECT(msg == NULL);
}

static void refused(kbus_ksock_t ksock)
{
	kbus_message_t *msg;

	send_named(ksock, "$.Nobody", NULL, KBUS_BIT_WANT_A_REPLY, -EADDRNOTAVAIL);
	send_named(ksock, "$.Wild.*", NULL, 0, -EBADMSG);
	send_named(ksock, "$.Fred", NULL, KBUS_BIT_ALL_OR_FAIL | KBUS_BIT_ALL_OR_WAIT, -EINVAL);
	EXPECT_INT(0, kbus_msg_create_entire(&msg, "$.Fred", 6, NULL, 0, 0));
	msg->end_guard = 1;
	EXPECT_ERROR(EINVAL, kbus_ksock_send_msg(ksock, msg, NULL));
	msg->end_guard = KBUS_MSG_END_GUARD;
	*kbus_msg_end_ptr((kbus_entire_message_t *)msg) = 1;
	EXPECT_ERROR(EINVAL, kbus_ksock_send_msg(ksock, msg, NULL));
	msg->data_len = 0xFFFFFFFD;
	EXPECT_ERROR(EMSGSIZE, kbus_ksock_send_msg(ksock, msg, NULL));
	EXPECT_ERROR(EMSGSIZE, kbus_ksock_write_msg(ksock, msg));
	kbus_msg_delete(&msg);
	EXPECT_ERROR(EINVAL, kbus_msg_create_entire(&msg, NULL, 6, NULL, 0, 0));
	EXPECT_ERROR(EINVAL, kbus_wait_for_message(ksock, 4));
}

int main(void)
{
	kbus_ksock_t first, second;

	opening();
	modes();
	first = open_ksock();
	second = open_ksock();
	bindings(first, second);
	pieces(first, second);
	settings(first);
	refused(first);
	EXPECT_INT(0, kbus_ksock_close(first));
	EXPECT_INT(0, kbus_ksock_close(second));
	return 0;
}
