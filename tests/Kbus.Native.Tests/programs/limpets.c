/* limpets.c - the functions of limpet.h, one after the other, with a bus and a peer that is played here. */
#include "check.h"

#include <limpet.h>

#include <arpa/inet.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint8_t wanted[64] = {
	0x73, 0x75, 0x62, 0x4B, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7,
	0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 10, 0, 0, 0, 0, 0x80, 0, 0x02, 0x01, 0, 0, 0, 6, 0, 0, 0, 5, 0x4B, 0x62, 0x75, 0x73,
};

static void headers(void)
{
	kbus_message_t *msg, back;
	uint32_t words[KBUS_SERIALISED_HDR_LEN];

	memset(&back, 0xAA, sizeof(back));
	EXPECT_INT(0, kbus_msg_create(&msg, "$.Fred", 6, "12345", 5, 0x80000201));
	msg->id = (kbus_msg_id_t){ 1, 2 };
	msg->in_reply_to = (kbus_msg_id_t){ 3, 4 };
	msg->to = 5;
	msg->from = 6;
	msg->orig_from = (kbus_orig_from_t){ 7, 8 };
	msg->final_to = (kbus_orig_from_t){ 9, 10 };
	kbus_serialise_message_header(msg, words);
	EXPECT(sizeof(words) == sizeof(wanted) && memcmp(words, wanted, sizeof(wanted)) == 0);
	kbus_unserialise_message_header(words, &back);
	EXPECT(back.name == NULL && back.data == NULL);
	EXPECT(words[0] == KBUS_MSG_START_GUARD && words[13] == 6 && words[15] == KBUS_MSG_END_GUARD);
	msg->name = NULL;
	msg->data = NULL;
	EXPECT(memcmp(&back, msg, sizeof(back)) == 0);
	kbus_msg_delete(&msg);
	kbus_serialise_message_header(NULL, words);
	kbus_unserialise_message_header(NULL, &back);
	EXPECT_INT(5, back.to);
}

/* A message that tells of a replier, as the peer has it or as it comes from there. */
static kbus_message_t *bind_event(uint32_t is_bind, uint32_t binder, const char *name)
{
	uint32_t data[16] = { is_bind, binder, (uint32_t)strlen(name) };
	kbus_message_t *msg;

	memcpy(&data[3], name, strlen(name));
	EXPECT_INT(0, kbus_msg_create_entire(&msg, KBUS_MSG_NAME_REPLIER_BIND_EVENT, strlen(KBUS_MSG_NAME_REPLIER_BIND_EVENT), data,
					     12 + KBUS_PADDED_NAME_LEN((uint32_t)strlen(name)), KBUS_BIT_SYNTHETIC));
	return msg;
}

static void bind_events(void)
{
	kbus_message_t *entire = bind_event(1, 7, "$.Fred"), *pointy;
	uint32_t *data = kbus_msg_data_ptr(entire), other[3] = { 1, 2, 3 };

	kbus_limpet_ReplierBindEvent_hton(entire);
	EXPECT(data[0] == htonl(1) && data[1] == htonl(7) && data[2] == htonl(6));
	EXPECT(memcmp(&data[3], "$.Fred", 7) == 0);
	kbus_limpet_ReplierBindEvent_ntoh(entire);
	EXPECT(data[0] == 1 && data[1] == 7 && data[2] == 6);
	kbus_msg_delete(&entire);

	EXPECT_INT(0, kbus_msg_create(&pointy, KBUS_MSG_NAME_REPLIER_BIND_EVENT, strlen(KBUS_MSG_NAME_REPLIER_BIND_EVENT), other, 12, 0));
	kbus_limpet_ReplierBindEvent_hton(pointy);
	EXPECT(other[0] == htonl(1) && other[1] == htonl(2) && other[2] == htonl(3));
	pointy->data_len = 0;
	kbus_limpet_ReplierBindEvent_ntoh(pointy);
	kbus_limpet_ReplierBindEvent_ntoh(NULL);
	EXPECT(other[0] == htonl(1));
	kbus_msg_delete(&pointy);
}

static void contexts(kbus_ksock_t ksock)
{
	kbus_limpet_context_t *context = (void *)&ksock;
	kbus_message_t *msg = bind_event(1, 7, "$.Fred"), *error;
	char name[] = "$.*";

	EXPECT_ERROR(EBADMSG, kbus_limpet_new_context(ksock, 1, 2, NULL, 1, &context));
	EXPECT(context == NULL);
	EXPECT_ERROR(EBADMSG, kbus_limpet_new_context(ksock, 1, 2, "$.", 1, &context));
	EXPECT_ERROR(EBADMSG, kbus_limpet_new_context(ksock, 1, 2, "Fred", 1, &context));
	EXPECT_ERROR(EINVAL, kbus_limpet_new_context(ksock, 0, 2, name, 1, &context));
	EXPECT_ERROR(EINVAL, kbus_limpet_new_context(ksock, 1, 0, name, 1, &context));
	EXPECT_ERROR(EINVAL, kbus_limpet_new_context(ksock, 1, 2, name, 1, NULL));
	EXPECT_ERROR(EBADF, kbus_limpet_new_context(-1, 1, 2, name, 1, &context));
	EXPECT_ERROR(EINVAL, kbus_limpet_amend_msg_from_kbus(NULL, msg));
	EXPECT_ERROR(EINVAL, kbus_limpet_amend_msg_to_kbus(NULL, msg, &error));
	EXPECT_ERROR(EINVAL, kbus_limpet_could_not_send_to_kbus_msg(NULL, msg, -EBUSY, &error));
	kbus_limpet_set_verbosity(NULL, 2);
	kbus_limpet_free_context(&context);
	kbus_limpet_free_context(NULL);

	/* A context outlives its Ksock, and takes no other for it. */
	EXPECT_INT(0, kbus_limpet_new_context(ksock, 1, 2, name, 1, &context));
	name[2] = '!';
	EXPECT_INT(1, kbus_ksock_only_once(ksock, 0xFFFFFFFF));
	EXPECT_INT(1, kbus_ksock_report_replier_binds(ksock, 0xFFFFFFFF));
	EXPECT_ERROR(EINVAL, kbus_limpet_amend_msg_from_kbus(context, NULL));
	EXPECT_ERROR(EINVAL, kbus_limpet_amend_msg_to_kbus(context, NULL, &error));
	EXPECT_ERROR(EINVAL, kbus_limpet_amend_msg_to_kbus(context, msg, NULL));
	EXPECT_ERROR(EINVAL, kbus_limpet_could_not_send_to_kbus_msg(context, msg, -EBUSY, NULL));
	EXPECT_ERROR(EINVAL, kbus_limpet_could_not_send_to_kbus_msg(context, msg, 0, &error));
	kbus_limpet_set_verbosity(context, 2);
	EXPECT_INT(0, kbus_ksock_close(ksock));
	EXPECT_ERROR(EBADF, kbus_limpet_amend_msg_from_kbus(context, msg));
	EXPECT_INT(ksock, open_ksock());
	EXPECT_ERROR(EBADF, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
	EXPECT_ERROR(EBADF, kbus_limpet_could_not_send_to_kbus_msg(context, msg, -EBUSY, &error));
	EXPECT(error == NULL);
	kbus_limpet_free_context(&context);
	EXPECT(context == NULL);
	kbus_msg_delete(&msg);
}

/* What is read from the Limpet's Ksock and looked at. */
static kbus_message_t *from_bus(kbus_ksock_t limpet, kbus_limpet_context_t *context, int result)
{
	kbus_message_t *msg = read_one(limpet);

	EXPECT_INT(result, kbus_limpet_amend_msg_from_kbus(context, msg));
	return msg;
}

static kbus_message_t *from_peer(const char *name, const char *data, kbus_msg_id_t id, uint32_t flags, int is_pointy)
{
	int (*make)(kbus_message_t **, const char *, uint32_t, const void *, uint32_t, uint32_t) =
		is_pointy ? kbus_msg_create : kbus_msg_create_entire;
	kbus_message_t *msg;

	EXPECT_INT(0, make(&msg, name, (uint32_t)strlen(name), data, data ? (uint32_t)strlen(data) : 0, flags));
	msg->id = id;
	msg->from = 70;
	msg->orig_from = (kbus_orig_from_t){ 2, 70 };
	return msg;
}

static void hear_of(kbus_limpet_context_t *context, uint32_t is_bind, const char *name)
{
	kbus_message_t *msg = bind_event(is_bind, 70, name), *error;

	EXPECT_INT(1, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
	EXPECT(error == NULL);
	kbus_msg_delete(&msg);
}

/* Repliers and Requests of this bus, and what the peer answers. */
static void outward(kbus_ksock_t fish, kbus_ksock_t limpet, kbus_limpet_context_t *context)
{
	kbus_message_t *msg, *reply, *error;
	kbus_msg_id_t sent;
	uint32_t me, it, found, is_bind, binder;
	char *bound;

	EXPECT_INT(0, kbus_ksock_id(fish, &me));
	EXPECT_INT(0, kbus_ksock_id(limpet, &it));

	sent = send_named(fish, "$.Gulp", "hello", 0, 0);
	msg = from_bus(limpet, context, 0);
	EXPECT(msg->id.network_id == 1 && msg->id.serial_num == sent.serial_num);
	EXPECT(msg->orig_from.network_id == 1 && msg->orig_from.local_id == me && has_data(msg, "hello"));
	kbus_msg_delete(&msg);

	EXPECT_INT(0, kbus_ksock_bind(fish, "$.Mine", 1));
	msg = from_bus(limpet, context, 0);
	EXPECT_INT(0, kbus_msg_split_bind_event(msg, &is_bind, &binder, &bound));
	EXPECT(is_bind == 1 && binder == me && strcmp(bound, "$.Mine") == 0);
	free(bound);
	kbus_msg_delete(&msg);

	/* A binding of the Limpet's own is no news to its peer. */
	hear_of(context, 1, "$.Theirs");
	EXPECT_INT(0, kbus_ksock_find_replier(fish, "$.Theirs", &found));
	EXPECT_INT(it, found);
	msg = from_bus(limpet, context, 1);
	kbus_msg_delete(&msg);

	sent = send_named(fish, "$.Theirs", "?", KBUS_BIT_WANT_A_REPLY, 0);
	msg = from_bus(limpet, context, 0);
	EXPECT(kbus_msg_wants_us_to_reply(msg) && msg->id.network_id == 1);
	kbus_msg_delete(&msg);
	reply = from_peer("$.Theirs", "!", (kbus_msg_id_t){ 2, 9 }, 0x10000, 1);
	reply->in_reply_to = (kbus_msg_id_t){ 1, sent.serial_num };
	reply->to = it;
	EXPECT_INT(0, kbus_limpet_amend_msg_to_kbus(context, reply, &error));
	EXPECT(error == NULL && reply->to == me && reply->in_reply_to.network_id == 0 && reply->id.network_id == 0);
	EXPECT_INT(0, kbus_ksock_send_msg(limpet, reply, NULL));
	kbus_msg_delete(&reply);
	msg = read_one(fish);
	EXPECT(kbus_msg_is_reply(msg) && has_data(msg, "!") && msg->orig_from.network_id == 2 && msg->flags == 0x10000);
	kbus_msg_delete(&msg);

	/* A reply that is too big for this bus: its requester hears that, and the peer has nothing to hear. */
	sent = send_named(fish, "$.Theirs", "?", KBUS_BIT_WANT_A_REPLY, 0);
	msg = from_bus(limpet, context, 0);
	kbus_msg_delete(&msg);
	reply = from_peer("$.Theirs", "!", (kbus_msg_id_t){ 2, 10 }, 0, 0);
	reply->in_reply_to = (kbus_msg_id_t){ 1, sent.serial_num };
	EXPECT_INT(0, kbus_limpet_amend_msg_to_kbus(context, reply, &error));
	EXPECT_INT(1, kbus_limpet_could_not_send_to_kbus_msg(context, reply, -EMSGSIZE, &error));
	EXPECT(error == NULL);
	kbus_msg_delete(&reply);
	msg = read_one(fish);
	EXPECT(has_name(msg, KBUS_MSG_REMOTE_ERROR_PREFIX "EMSGSIZE") && msg->in_reply_to.serial_num == sent.serial_num);
	kbus_msg_delete(&msg);

	hear_of(context, 0, "$.Theirs");
	EXPECT_INT(0, kbus_ksock_find_replier(fish, "$.Theirs", &found));
	EXPECT_INT(0, found);
	msg = from_bus(limpet, context, 1);
	kbus_msg_delete(&msg);
}

/* Requests of the peer, and what cannot be done with them. */
static void inward(kbus_ksock_t fish, kbus_ksock_t limpet, kbus_limpet_context_t *context)
{
	const uint32_t asks = KBUS_BIT_WANT_A_REPLY | KBUS_BIT_WANT_YOU_TO_REPLY;
	kbus_message_t *msg, *reply, *error;

	for (int is_pointy = 0; is_pointy < 2; is_pointy++) {
		msg = from_peer("$.Mine", "?", (kbus_msg_id_t){ 2, 20 + is_pointy }, asks, is_pointy);
		EXPECT_INT(0, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
		EXPECT_INT(0, kbus_ksock_send_msg(limpet, msg, NULL));
		kbus_msg_delete(&msg);
		msg = read_one(fish);
		EXPECT(kbus_msg_wants_us_to_reply(msg) && msg->id.network_id == 2 && msg->orig_from.local_id == 70);
		EXPECT_INT(0, kbus_msg_create_reply_to(&reply, msg, "!", 1, 0));
		EXPECT_INT(0, kbus_ksock_send_msg(fish, reply, NULL));
		kbus_msg_delete(&reply);
		kbus_msg_delete(&msg);
		msg = from_bus(limpet, context, 0);
		EXPECT(msg->in_reply_to.network_id == 2 && (int)msg->in_reply_to.serial_num == 20 + is_pointy && msg->id.network_id == 1);
		kbus_msg_delete(&msg);
	}

	/* Nobody here replies to it. */
	msg = from_peer("$.Nobodys", NULL, (kbus_msg_id_t){ 2, 30 }, asks, 0);
	EXPECT_INT(0, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
	EXPECT_INT(0, kbus_limpet_could_not_send_to_kbus_msg(context, msg, kbus_ksock_send_msg(limpet, msg, NULL), &error));
	EXPECT(has_name(error, "$.KBUS.RemoteError.EADDRNOTAVAIL") && kbus_msg_is_entire(error) && error->data_len == 0);
	EXPECT(error->to == 70 && error->in_reply_to.network_id == 2 && error->in_reply_to.serial_num == 30);
	kbus_msg_delete(&error);
	kbus_msg_delete(&msg);

	/* A stateful Request whose replier has gone, and one whose replier is another now. */
	msg = from_peer("$.Nobodys", NULL, (kbus_msg_id_t){ 2, 31 }, asks, 0);
	msg->to = 71;
	msg->final_to = (kbus_orig_from_t){ 3, 5 };
	EXPECT_INT(2, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
	EXPECT(has_name(error, KBUS_MSG_NAME_REPLIER_GONEAWAY) && error->to == 70 && error->in_reply_to.serial_num == 31);
	kbus_msg_delete(&error);
	kbus_msg_delete(&msg);
	msg = from_peer("$.Mine", NULL, (kbus_msg_id_t){ 2, 32 }, asks, 0);
	msg->to = 71;
	msg->final_to = (kbus_orig_from_t){ 1, 9999 };
	EXPECT_INT(0, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
	EXPECT_INT(0, kbus_limpet_could_not_send_to_kbus_msg(context, msg, kbus_ksock_send_msg(limpet, msg, NULL), &error));
	EXPECT(has_name(error, KBUS_MSG_NOT_SAME_KSOCK) && error->to == 70);
	kbus_msg_delete(&error);
	kbus_msg_delete(&msg);

	/* What was only overheard there is for listeners here, and nobody waits for an answer. */
	msg = from_peer("$.Mine", "aside", (kbus_msg_id_t){ 2, 33 }, KBUS_BIT_WANT_A_REPLY, 1);
	EXPECT_INT(0, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
	EXPECT_INT(0, kbus_ksock_send_msg(limpet, msg, NULL));
	EXPECT_INT(1, kbus_limpet_could_not_send_to_kbus_msg(context, msg, -EBUSY, &error));
	EXPECT(error == NULL);
	kbus_msg_delete(&msg);
	EXPECT_INT(0, kbus_ksock_read_next_msg(fish, &msg));
	EXPECT(msg == NULL);

	/* A message with our own network id, a bind event that somebody has made up, and one of the bus that says nothing. */
	msg = from_peer("$.Gulp", NULL, (kbus_msg_id_t){ 1, 1 }, 0, 0);
	msg->orig_from = (kbus_orig_from_t){ 1, 9 };
	EXPECT_ERROR(ELOOP, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
	EXPECT(error == NULL);
	kbus_msg_delete(&msg);
	msg = from_peer(KBUS_MSG_NAME_REPLIER_BIND_EVENT, "short", (kbus_msg_id_t){ 2, 34 }, 0, 0);
	EXPECT_INT(1, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
	msg->from = 0;
	EXPECT_ERROR(EBADMSG, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
	kbus_msg_delete(&msg);
}

/* A message of the peer's that would have to wait is discarded, and is not sent later. */
static void waiting(kbus_ksock_t fish, kbus_ksock_t limpet, kbus_limpet_context_t *context)
{
	const uint32_t asks = KBUS_BIT_WANT_A_REPLY | KBUS_BIT_WANT_YOU_TO_REPLY;
	kbus_message_t *msg, *error;
	uint32_t one = 1, count;

	EXPECT_INT(0, kbus_ksock_max_messages(fish, &one));
	msg = from_peer("$.Mine", NULL, (kbus_msg_id_t){ 2, 40 }, asks, 0);
	EXPECT_INT(0, kbus_ksock_send_msg(limpet, msg, NULL));
	msg->id.serial_num = 41;
	msg->flags |= KBUS_BIT_ALL_OR_WAIT;
	EXPECT_INT(0, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
	EXPECT_ERROR(EAGAIN, kbus_ksock_send_msg(limpet, msg, NULL));
	EXPECT_INT(0, kbus_limpet_could_not_send_to_kbus_msg(context, msg, -EAGAIN, &error));
	EXPECT(has_name(error, "$.KBUS.RemoteError.EAGAIN") && error->in_reply_to.serial_num == 41);
	kbus_msg_delete(&error);
	kbus_msg_delete(&msg);
	EXPECT_ERROR(ENOMSG, kbus_ksock_send(limpet, NULL));
	read_and_forget(fish);
	EXPECT_INT(0, kbus_ksock_num_messages(fish, &count));
	EXPECT_INT(0, count);
}

/* A name that has a replier here is bound as soon as that one leaves. */
static void taken_over(kbus_ksock_t fish, kbus_ksock_t limpet, kbus_limpet_context_t *context)
{
	kbus_message_t *msg;
	uint32_t it, found;

	EXPECT_INT(0, kbus_ksock_id(limpet, &it));
	hear_of(context, 1, "$.Mine");
	EXPECT_INT(0, kbus_ksock_unbind(fish, "$.Mine", 1));
	msg = from_bus(limpet, context, 0);
	kbus_msg_delete(&msg);
	EXPECT_INT(0, kbus_ksock_find_replier(fish, "$.Mine", &found));
	EXPECT_INT(it, found);
	msg = from_bus(limpet, context, 1);
	kbus_msg_delete(&msg);
}

/* In a child the parent's context does nothing and can be freed. */
static void forked(kbus_limpet_context_t *context)
{
	kbus_message_t *msg = bind_event(1, 7, "$.Child"), *error;
	pid_t child = fork();
	int status;

	if (child == 0) {
		EXPECT_ERROR(EBADF, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
		EXPECT_ERROR(EBADF, kbus_limpet_amend_msg_from_kbus(context, msg));
		kbus_limpet_free_context(&context);
		EXPECT(context == NULL);
		_exit(0);
	}
	EXPECT(waitpid(child, &status, 0) == child && status == 0);
	EXPECT_INT(1, kbus_limpet_amend_msg_to_kbus(context, msg, &error));
	kbus_msg_delete(&msg);
}

int main(void)
{
	kbus_ksock_t fish, limpet;
	kbus_limpet_context_t *context = NULL;

	headers();
	bind_events();
	contexts(open_ksock());
	fish = open_ksock();
	limpet = open_ksock();
	EXPECT_INT(0, kbus_limpet_new_context(limpet, 1, 2, "$.*", 0, &context));
	outward(fish, limpet, context);
	inward(fish, limpet, context);
	waiting(fish, limpet, context);
	taken_over(fish, limpet, context);
	forked(context);
	EXPECT_INT(0, kbus_ksock_close(limpet));
	kbus_limpet_free_context(&context);
	EXPECT_INT(0, kbus_ksock_close(fish));
	return 0;
}
