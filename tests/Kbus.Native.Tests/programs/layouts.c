/* layouts.c - the structures, numbers and macros of linux/kbus_defns.h are those of the original on 64-bit machines. */
#include "check.h"

#define AT(field, offset) _Static_assert(offsetof(struct kbus_message_header, field) == (offset), #field)

AT(start_guard, 0);
AT(id, 4);
AT(in_reply_to, 12);
AT(to, 20);
AT(from, 24);
AT(orig_from, 28);
AT(final_to, 36);
AT(extra, 44);
AT(flags, 48);
AT(name_len, 52);
AT(data_len, 56);
AT(name, 64);
AT(data, 72);
AT(end_guard, 80);
_Static_assert(sizeof(struct kbus_message_header) == 88, "header");
_Static_assert(offsetof(struct kbus_entire_message, rest) == 88, "entire");
_Static_assert(sizeof(struct kbus_msg_id) == 8 && sizeof(struct kbus_orig_from) == 8, "ids");
_Static_assert(sizeof(struct kbus_bind_request) == 16 && offsetof(struct kbus_bind_request, name) == 8, "bind");
_Static_assert(sizeof(struct kbus_bind_query) == 16 && offsetof(struct kbus_bind_query, name) == 8, "query");
_Static_assert(offsetof(struct kbus_replier_bind_event_data, rest) == 12, "event");

_Static_assert(KBUS_IOC_RESET == 0x00006B01 && KBUS_IOC_BIND == 0x40086B02 && KBUS_IOC_UNBIND == 0x40086B03, "1 to 3");
_Static_assert(KBUS_IOC_KSOCKID == 0x80086B04 && KBUS_IOC_REPLIER == 0xC0086B05 && KBUS_IOC_NEXTMSG == 0x80086B06, "4 to 6");
_Static_assert(KBUS_IOC_LENLEFT == 0x80086B07 && KBUS_IOC_SEND == 0x80086B08 && KBUS_IOC_DISCARD == 0x00006B09, "7 to 9");
_Static_assert(KBUS_IOC_LASTSENT == 0x80086B0A && KBUS_IOC_MAXMSGS == 0xC0086B0B && KBUS_IOC_NUMMSGS == 0x80086B0C, "10 to 12");
_Static_assert(KBUS_IOC_UNREPLIEDTO == 0x80086B0D && KBUS_IOC_MSGONLYONCE == 0xC0086B0E && KBUS_IOC_VERBOSE == 0xC0086B0F, "13 to 15");
_Static_assert(KBUS_IOC_NEWDEVICE == 0x80086B10 && KBUS_IOC_REPORTREPLIERBINDS == 0xC0086B11, "16, 17");
_Static_assert(KBUS_IOC_MAXMSGSIZE == 0xC0086B12 && KBUS_IOC_MAXNR == 18, "18");

_Static_assert(KBUS_ENTIRE_MSG_LEN(3, 0) == 96 && KBUS_ENTIRE_MSG_LEN(6, 0) == 100, "entire lengths");
_Static_assert(KBUS_ENTIRE_MSG_LEN(6, 7) == 108 && KBUS_ENTIRE_MSG_LEN(6, 16) == 116, "entire lengths with data");
_Static_assert(KBUS_PADDED_NAME_LEN(3) == 4 && KBUS_PADDED_NAME_LEN(4) == 8 && KBUS_PADDED_DATA_LEN(0) == 0, "padding");
_Static_assert(KBUS_ENTIRE_MSG_DATA_INDEX(6) == 2 && KBUS_ENTIRE_MSG_END_GUARD_INDEX(6, 7) == 4, "indices");
_Static_assert(KBUS_BIT_WANT_A_REPLY == 1 && KBUS_BIT_WANT_YOU_TO_REPLY == 2 && KBUS_BIT_SYNTHETIC == 4, "flags");
_Static_assert(KBUS_BIT_URGENT == 8 && KBUS_BIT_ALL_OR_WAIT == 0x100 && KBUS_BIT_ALL_OR_FAIL == 0x200, "more flags");
_Static_assert(KBUS_BIT_ERROR_REPLY == 0x400, "a flag of ours");
_Static_assert(KBUS_MSG_START_GUARD == 0x7375624B && KBUS_MSG_END_GUARD == 0x4B627573 && KBUS_MAX_NAME_LEN == 1000, "guards");

int main(void)
{
	kbus_message_t *msg;
	kbus_entire_message_t *entire;

	EXPECT_INT(0, kbus_msg_create_entire(&msg, "$.Fred", 6, "abc1234", 7, 0));
	entire = (kbus_entire_message_t *)msg;
	EXPECT(kbus_msg_name_ptr(msg) == (char *)entire->rest);
	EXPECT(kbus_msg_data_ptr(msg) == &entire->rest[2]);
	EXPECT_INT(KBUS_MSG_END_GUARD, *kbus_msg_end_ptr(entire));
	EXPECT_INT(108, kbus_msg_sizeof(msg));
	kbus_msg_delete(&msg);
	EXPECT(msg == NULL);

	EXPECT_INT(0, kbus_msg_create(&msg, "$.Fred", 6, NULL, 0, 0));
	EXPECT_INT(88, kbus_msg_sizeof(msg));
	EXPECT(kbus_msg_data_ptr(msg) == NULL);
	kbus_msg_delete(&msg);
	kbus_msg_delete(&msg);
	return 0;
}
