/* oldest.c - the headers and the library serve programs of C89 as they are. */
#include <limpet.h>
#include <linux/kbus_defns.h>
#include <kbus.h>

#include <string.h>

int main(void)
{
	kbus_ksock_t ksock = kbus_ksock_open(0, O_RDWR);
	kbus_message_t *msg = NULL, *reply = NULL;
	struct kbus_entire_message *entire;

	if (ksock < 0 || kbus_ksock_bind(ksock, "$.Fred", 1) < 0)
		return 1;
	if (kbus_msg_create_request(&msg, "$.Fred", 6, "data", 4, 0) < 0 || kbus_ksock_send_msg(ksock, msg, NULL) < 0)
		return 2;
	kbus_msg_delete(&msg);
	if (kbus_ksock_read_next_msg(ksock, &msg) < 0 || msg == NULL || !kbus_msg_wants_us_to_reply(msg))
		return 3;
	entire = (struct kbus_entire_message *)msg;
	if (memcmp(kbus_msg_data_ptr(msg), "data", 4) != 0 || *kbus_msg_end_ptr(entire) != KBUS_MSG_END_GUARD)
		return 4;
	if (kbus_msg_create_reply_to(&reply, msg, NULL, 0, 0) < 0 || kbus_ksock_send_msg(ksock, reply, NULL) < 0)
		return 5;
	kbus_msg_delete(&reply);
	kbus_msg_delete(&msg);
	if (kbus_ksock_read_next_msg(ksock, &msg) < 0 || msg == NULL || !kbus_msg_is_reply(msg))
		return 6;
	kbus_msg_delete(&msg);
	return kbus_ksock_close(ksock);
}
