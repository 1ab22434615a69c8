/* printing.c - messages in print. PrintingTests.cs knows what is to come out. */
#include "check.h"

static void print(kbus_message_t *msg)
{
	kbus_msg_print(stdout, msg);
	putchar('\n');
	kbus_msg_print2(stdout, msg, 0);
	putchar('\n');
}

int main(void)
{
	struct {
		uint32_t is_bind, binder, name_len;
		char name[8];
	} event = { 1, 7, 6, "$.Fred" };
	kbus_message_t *msg;

	EXPECT_INT(0, kbus_msg_create(&msg, "$.Fred", 6, "Hellow", 6, KBUS_BIT_WANT_A_REPLY | KBUS_BIT_WANT_YOU_TO_REPLY));
	msg->id.serial_num = 1;
	msg->from = 1;
	print(msg);
	kbus_msg_delete(&msg);

	EXPECT_INT(0, kbus_msg_create(&msg, KBUS_MSG_NAME_REPLIER_BIND_EVENT, 23, &event, sizeof(event), 0x204));
	msg->id.serial_num = 9;
	print(msg);
	kbus_msg_delete(&msg);

	/* A message that was not sent yet may have any name; what a terminal would obey is shown. */
	EXPECT_INT(0, kbus_msg_create(&msg, "$.Evil\x9b" "31m\x1b[2J", 14, NULL, 0, 0));
	print(msg);
	kbus_msg_delete(&msg);

	EXPECT_INT(0, kbus_msg_create(&msg, "$.Long", 6, "0123456789abcdefghij\n\xff", 22, 0));
	msg->in_reply_to.serial_num = 3;
	msg->to = 2;
	msg->orig_from.network_id = 4;
	msg->orig_from.local_id = 5;
	print(msg);
	fflush(stdout);
	kbus_msg_dump(msg, 1);
	kbus_msg_delete(&msg);
	return 0;
}
