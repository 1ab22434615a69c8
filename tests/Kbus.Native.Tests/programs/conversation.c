/* conversation.c - Requests, Replies, stateful Requests, Statuses, bind events; batches, borrowing, and requests that wait. */
#include "check.h"

#include <pthread.h>

static void reply_and_state(kbus_ksock_t asker, kbus_ksock_t replier)
{
	kbus_message_t *request, *reply, *next;
	uint32_t asker_id, replier_id, count;

	EXPECT_INT(0, kbus_ksock_id(asker, &asker_id));
	EXPECT_INT(0, kbus_ksock_id(replier, &replier_id));
	EXPECT_INT(0, kbus_ksock_bind(replier, "$.Ask", 1));
	send_named(asker, "$.Ask", "what", KBUS_BIT_WANT_A_REPLY, 0);
	request = read_one(replier);
	EXPECT(kbus_msg_is_request(request) && kbus_msg_wants_us_to_reply(request) && !kbus_msg_is_stateful_request(request));
	EXPECT_INT(asker_id, request->from);
	EXPECT_INT(0, kbus_ksock_num_unreplied_to(replier, &count));
	EXPECT_INT(1, count);

	EXPECT_INT(0, kbus_msg_create_reply_to(&reply, request, "that", 4, 0));
	EXPECT(reply->name == kbus_msg_name_ptr(request) && reply->to == asker_id);
	EXPECT_INT(0, kbus_ksock_send_msg(replier, reply, NULL));
	EXPECT_ERROR(ECONNREFUSED, kbus_ksock_send_msg(replier, reply, NULL));
	kbus_msg_delete(&reply);
	EXPECT_ERROR(EBADMSG, kbus_msg_create_stateful_request(&next, request, "$.Ask", 5, NULL, 0, 0));
	EXPECT(next == NULL);
	kbus_msg_delete(&request);

	reply = read_one(asker);
	EXPECT(kbus_msg_is_reply(reply) && has_data(reply, "that"));
	EXPECT_ERROR(EBADMSG, kbus_msg_create_reply_to(&next, reply, NULL, 0, 0));
	EXPECT_INT(0, kbus_msg_create_entire_stateful_request(&next, reply, "$.Ask", 5, "more", 4, KBUS_BIT_URGENT));
	EXPECT(kbus_msg_is_stateful_request(next) && next->to == replier_id);
	EXPECT_INT(KBUS_BIT_WANT_A_REPLY | KBUS_BIT_URGENT, next->flags);
	EXPECT_INT(0, kbus_ksock_send_msg(asker, next, NULL));
	kbus_msg_delete(&reply);
	EXPECT_INT(0, kbus_msg_create_stateful_request(&reply, next, "$.Ask", 5, NULL, 0, 0));
	EXPECT_INT(replier_id, reply->to);
	kbus_msg_delete(&reply);
	kbus_msg_delete(&next);

	/* Unread when its replier unbinds. */
	EXPECT_INT(0, kbus_ksock_unbind(replier, "$.Ask", 1));
	reply = read_one(asker);
	EXPECT(has_name(reply, KBUS_MSG_NAME_REPLIER_UNBOUND) && (reply->flags & KBUS_BIT_SYNTHETIC));
	kbus_msg_delete(&reply);
}

static void bind_event(kbus_ksock_t listener, kbus_ksock_t binder)
{
	kbus_message_t *event;
	uint32_t is_bind, who, id;
	char *name;

	EXPECT_INT(0, kbus_ksock_id(binder, &id));
	EXPECT_INT(0, kbus_ksock_bind(listener, KBUS_MSG_NAME_REPLIER_BIND_EVENT, 0));
	EXPECT_INT(0, kbus_ksock_report_replier_binds(listener, 1));
	EXPECT_INT(0, kbus_ksock_bind(binder, "$.Event", 1));
	event = read_one(listener);
	EXPECT_INT(0, kbus_msg_split_bind_event(event, &is_bind, &who, &name));
	EXPECT(is_bind == 1 && who == id && strcmp(name, "$.Event") == 0);
	free(name);
	event->data_len = 4;
	EXPECT_ERROR(EBADMSG, kbus_msg_split_bind_event(event, &is_bind, &who, &name));
	kbus_msg_delete(&event);
	EXPECT_INT(1, kbus_ksock_report_replier_binds(listener, 0));
	EXPECT_INT(0, kbus_ksock_unbind(binder, "$.Event", 1));
}

#define BATCH 200

static void batches(kbus_ksock_t sender, kbus_ksock_t listener)
{
	kbus_message_t *made[BATCH], *read[BATCH];
	kbus_send_result_t results[BATCH];
	uint32_t limit = 1000;
	uint32_t total = 0;

	EXPECT_INT(0, kbus_ksock_max_messages(listener, &limit));
	EXPECT_INT(0, kbus_ksock_bind(listener, "$.Batch", 0));
	for (uint32_t i = 0; i < BATCH; i++) {
		const char *name = i % 10 == 3 ? "$.Wrong.*" : "$.Batch";

		EXPECT_INT(0, kbus_msg_create_entire(&made[i], name, (uint32_t)strlen(name), &i, sizeof(i), 0));
	}
	EXPECT_INT(BATCH * 9 / 10, kbus_ksock_send_msgs(sender, (const kbus_message_t *const *)made, BATCH, results));
	for (uint32_t i = 0; i < BATCH; i++) {
		EXPECT_INT(i % 10 == 3 ? -EBADMSG : 0, results[i].error);
		EXPECT((results[i].id.serial_num == 0) == (i % 10 == 3));
		kbus_msg_delete(&made[i]);
	}
	for (int count; (count = kbus_ksock_read_msgs(listener, read, 50)) > 0; total += (uint32_t)count) {
		for (int i = 0; i < count; i++)
			kbus_msg_delete(&read[i]);
	}
	EXPECT_INT(BATCH * 9 / 10, total);
	EXPECT_INT(0, kbus_ksock_unbind(listener, "$.Batch", 0));
}

#define UNDER_WAY 16

/* The next batches are begun before what became of the first is asked for. */
static void batches_under_way(kbus_ksock_t sender, kbus_ksock_t listener)
{
	kbus_message_t *made[2], *read;
	kbus_send_result_t results[3];
	uint32_t limit = 1000;

	EXPECT_INT(0, kbus_ksock_max_messages(listener, &limit));
	EXPECT_INT(0, kbus_ksock_bind(listener, "$.Batch", 0));
	EXPECT_ERROR(ENOMSG, kbus_ksock_end_msgs(sender, results, 3));
	for (uint32_t i = 0; i < UNDER_WAY; i++) {
		EXPECT_INT(0, kbus_msg_create_entire(&made[0], "$.Batch", 7, &i, sizeof(i), 0));
		EXPECT_INT(0, kbus_msg_create(&made[1], i % 2 ? "$.Batch" : "$.Wrong.*", i % 2 ? 7 : 9, &i, sizeof(i), 0));
		EXPECT_INT(0, kbus_ksock_begin_msgs(sender, (const kbus_message_t *const *)made, 2));
		kbus_msg_delete(&made[0]);
		kbus_msg_delete(&made[1]);
	}
	EXPECT_INT(0, kbus_msg_create_entire(&made[0], "$.Batch", 7, NULL, 0, 0));
	EXPECT_ERROR(EBUSY, kbus_ksock_begin_msgs(sender, (const kbus_message_t *const *)made, 1));
	EXPECT_ERROR(EINVAL, kbus_ksock_end_msgs(sender, results, 1));

	/* One that is sent meanwhile comes after them, and ends none of them. */
	EXPECT_INT(1, kbus_ksock_send_msgs(sender, (const kbus_message_t *const *)made, 1, results));
	kbus_msg_delete(&made[0]);
	for (uint32_t i = 0; i < UNDER_WAY; i++) {
		EXPECT_INT(i % 2 ? 2 : 1, kbus_ksock_end_msgs(sender, results, 3));
		EXPECT_INT(0, results[0].error);
		EXPECT_INT(i % 2 ? 0 : -EBADMSG, results[1].error);
		for (uint32_t j = 0; j < 1 + i % 2; j++) {
			EXPECT_INT(1, kbus_ksock_wait_read_msg(listener, 10000, &read));
			EXPECT(read->id.serial_num == results[j].id.serial_num);
			EXPECT(memcmp(kbus_msg_data_ptr(read), &i, sizeof(i)) == 0);
			kbus_msg_delete(&read);
		}
	}
	EXPECT_ERROR(ENOMSG, kbus_ksock_end_msgs(sender, results, 3));
	EXPECT_INT(1, kbus_ksock_wait_read_msg(listener, 10000, &read));
	EXPECT_INT(0, read->data_len);
	kbus_msg_delete(&read);
	EXPECT_INT(0, kbus_ksock_unbind(listener, "$.Batch", 0));

	/* Closed with one under way. */
	kbus_ksock_t leaving = kbus_ksock_open(0, O_RDWR);

	EXPECT_INT(0, kbus_msg_create_entire(&made[0], "$.Batch", 7, NULL, 0, 0));
	EXPECT_INT(0, kbus_ksock_begin_msgs(leaving, (const kbus_message_t *const *)made, 1));
	EXPECT_INT(0, kbus_ksock_close(leaving));
	EXPECT_ERROR(EBADF, kbus_ksock_end_msgs(leaving, results, 3));
	kbus_msg_delete(&made[0]);
}

static void borrowing(kbus_ksock_t sender, kbus_ksock_t listener)
{
	enum { BIG = 200000 };
	char *big = malloc(BIG);
	const kbus_message_t *lent;
	kbus_message_t *msg;

	EXPECT_INT(0, kbus_ksock_bind(listener, "$.Lend", 0));
	EXPECT_INT(0, kbus_ksock_borrow_msg(listener, &lent));
	EXPECT(lent == NULL);
	memset(big, 'x', BIG);
	for (int round = 0; round < 3; round++) {
		send_named(sender, "$.Lend", "small", 0, 0);
		EXPECT_INT(0, kbus_msg_create(&msg, "$.Lend", 6, big, BIG, 0));
		EXPECT_INT(0, kbus_ksock_send_msg(sender, msg, NULL));
		kbus_msg_delete(&msg);
		EXPECT_INT(1, kbus_ksock_borrow_msg(listener, &lent));
		EXPECT(!kbus_msg_is_entire(lent) && has_name(lent, "$.Lend") && has_data(lent, "small"));
		EXPECT(ready(listener) & POLLIN);
		EXPECT_INT(1, kbus_ksock_borrow_msg(listener, &lent));
		EXPECT(lent->data_len == BIG && memcmp(lent->data, big, BIG) == 0);
		EXPECT_INT(0, ready(listener) & POLLIN);
		EXPECT_INT(0, kbus_ksock_release_msg(listener));
		EXPECT_INT(0, kbus_ksock_release_msg(listener));
	}
	free(big);
	EXPECT_INT(0, kbus_ksock_unbind(listener, "$.Lend", 0));
}

static void requests(kbus_ksock_t asker, kbus_ksock_t replier)
{
	kbus_message_t *request, *reply, *seen;

	EXPECT_INT(0, kbus_ksock_bind(replier, "$.Wait", 1));
	EXPECT_INT(0, kbus_ksock_bind(asker, "$.Noise", 0));
	EXPECT_INT(0, kbus_msg_create_request(&request, "$.Wait", 6, NULL, 0, 0));
	EXPECT_ERROR(ETIMEDOUT, kbus_ksock_request(asker, request, 10, &reply));
	EXPECT(reply == NULL);

	/* The late answer is an ordinary message, behind what came before it. */
	send_named(replier, "$.Noise", NULL, 0, 0);
	seen = read_one(replier);
	EXPECT_INT(0, kbus_msg_create_reply_to(&reply, seen, NULL, 0, 0));
	EXPECT_INT(0, kbus_ksock_send_msg(replier, reply, NULL));
	kbus_msg_delete(&reply);
	kbus_msg_delete(&seen);
	EXPECT(ready(asker) & POLLIN);
	seen = read_one(asker);
	EXPECT(has_name(seen, "$.Noise"));
	kbus_msg_delete(&seen);
	seen = read_one(asker);
	EXPECT(kbus_msg_is_reply(seen));
	kbus_msg_delete(&seen);
	EXPECT_INT(0, ready(asker) & POLLIN);
	kbus_msg_delete(&request);
	EXPECT_INT(0, kbus_msg_create_request(&request, "$.None", 6, NULL, 0, 0));
	EXPECT_ERROR(EADDRNOTAVAIL, kbus_ksock_request(asker, request, -1, &reply));
	kbus_msg_delete(&request);
}

/* Asks in a thread of its own while the main one is the replier. */
static void *ask(void *asker)
{
	kbus_message_t *request, *reply;
	int results[2];

	EXPECT_INT(0, kbus_msg_create_request(&request, "$.Ask", 5, NULL, 0, 0));
	EXPECT_INT(0, kbus_ksock_ask(*(kbus_ksock_t *)asker, request, -1, &reply));
	EXPECT(kbus_msg_is_reply(reply) && has_name(reply, "$.Ask") && has_data(reply, "well"));
	kbus_msg_delete(&reply);
	results[0] = kbus_ksock_ask(*(kbus_ksock_t *)asker, request, -1, &reply);
	results[1] = errno;
	EXPECT_INT(-EREMOTEIO, results[0]);
	EXPECT_INT(EREMOTEIO, results[1]);
	EXPECT(reply != NULL && has_name(reply, "$.KBUS.Replier.Unbound"));
	EXPECT(strstr(kbus_last_error(), "EREMOTEIO: Ksock ") == kbus_last_error());
	EXPECT(strstr(kbus_last_error(), " got no Reply to $.Ask: $.KBUS.Replier.Unbound. The replier unbound itself") != NULL);
	EXPECT(strstr(kbus_msg_error_text(*(kbus_ksock_t *)asker, reply, EREMOTEIO), " got a Status: $.KBUS.Replier.Unbound. The replier ") != NULL);
	kbus_msg_delete(&reply);
	EXPECT_ERROR(EADDRNOTAVAIL, kbus_ksock_ask(*(kbus_ksock_t *)asker, request, -1, &reply));
	EXPECT(reply == NULL);
	kbus_msg_delete(&request);
	return NULL;
}

static void asking(kbus_ksock_t asker, kbus_ksock_t replier)
{
	kbus_message_t *request, *reply;
	pthread_t thread;
	uint32_t count = 0;

	EXPECT_INT(0, kbus_ksock_bind(replier, "$.Ask", 1));
	EXPECT_INT(0, kbus_msg_create_request(&request, "$.Ask", 5, NULL, 0, 0));
	EXPECT_ERROR(ETIMEDOUT, kbus_ksock_ask(asker, request, 1, &reply));
	EXPECT(reply == NULL);
	kbus_msg_delete(&request);
	read_and_forget(replier);
	EXPECT_INT(0, pthread_create(&thread, NULL, ask, &asker));
	EXPECT_INT(1, kbus_ksock_wait_read_msg(replier, -1, &request));
	EXPECT_INT(0, kbus_msg_create_reply_to(&reply, request, "well", 4, 0));
	EXPECT_INT(0, kbus_ksock_send_msg(replier, reply, NULL));
	kbus_msg_delete(&reply);
	kbus_msg_delete(&request);
	while (count == 0)
		EXPECT_INT(0, kbus_ksock_num_messages(replier, &count));
	EXPECT_INT(0, kbus_ksock_unbind(replier, "$.Ask", 1));
	EXPECT_INT(0, pthread_join(thread, NULL));
}

int main(void)
{
	kbus_ksock_t first = open_ksock(), second = open_ksock();

	reply_and_state(first, second);
	bind_event(first, second);
	batches(first, second);
	batches_under_way(first, second);
	borrowing(first, second);
	requests(first, second);
	asking(first, second);
	EXPECT_INT(0, kbus_ksock_close(first));
	EXPECT_INT(0, kbus_ksock_close(second));
	return 0;
}
