/*
 * KBUS by its C library: kbus_ksock_request and a replier that borrows what it answers; announcements in batches of 64, and big
 * ones alone, up to twelve under way; those who hear them borrow up to 64 at once. Credits, which are announcements too, keep the
 * queues from overflowing.
 */
#define KBUS_PEER_IS_BUS
#define KBUS_PEER_SENDS
#include "peer.h"
#include <kbus.h>

#define ASK "$.Bench.Ask"
#define TELL "$.Bench.Tell"
#define HEARD "$.Bench.Heard"
#define BATCH 64
#define UNDER_WAY 12
#define TOGETHER 64
#define BIG 65536

static kbus_ksock_t ksock;
static kbus_message_t *batch[BATCH];
static uint32_t batched, under_way;
static uint64_t begun, sent;

static int check(int result, const char *operation)
{
    if (result < 0)
        fail(operation, kbus_error_text(result, operation));
    return result;
}

static void peer_open(const struct run *run)
{
    /* The address is where the buses live. */
    setenv("KBUS_RUNTIME_DIR", run->address, 1);
    setenv("KBUS_AUTOSTART", "0", 1);
    ksock = check(kbus_ksock_open(0, O_RDWR), "open");
    /* Room for everything that credits allow. */
    uint32_t most = UINT32_MAX, size = 1;
    check(kbus_ksock_max_messages(ksock, &most), "set");
    if (run->size > BIG) {
        check(kbus_ksock_max_message_size(ksock, &size), "set");
        check(kbus_ksock_max_message_size(ksock, &size), "set");
    }
    if (strcmp(run->role, "echo") == 0)
        check(kbus_ksock_bind(ksock, of_pair(run, ASK), 1), "bind");
    else if (strcmp(run->role, "hear") == 0)
        check(kbus_ksock_bind(ksock, TELL, 0), "bind");
    else if (strcmp(run->role, "tell") == 0)
        check(kbus_ksock_bind(ksock, HEARD, 0), "bind");
}

/* Waits for a message; the last one is valid no more. */
static const kbus_message_t *borrow(void)
{
    const kbus_message_t *msg;
    check(kbus_ksock_wait_borrow_msgs(ksock, -1, &msg, 1), "read");
    return msg;
}

static void peer_echo(const struct run *run)
{
    (void)run;
    for (;;) {
        const kbus_message_t *request = borrow();
        kbus_message_t *reply;
        check(kbus_msg_create_reply_to(&reply, request, kbus_msg_data_ptr(request), request->data_len, 0), "reply");
        check(kbus_ksock_send_msg(ksock, reply, NULL), "reply");
        kbus_msg_delete(&reply);
    }
}

static void peer_ask(const struct run *run, const void *data)
{
    static kbus_message_t *request;
    kbus_message_t *reply;
    if (request == NULL) {
        const char *name = of_pair(run, ASK);
        check(kbus_msg_create_request(&request, name, strlen(name), data, (uint32_t)run->size, 0), "send");
    }
    check(kbus_ksock_request(ksock, request, -1, &reply), "send");
    if ((reply->flags & KBUS_BIT_SYNTHETIC) || reply->data_len != (uint32_t)run->size)
        fail("ask", "that is no reply");
    kbus_msg_delete(&reply);
}

/* KBUS's own measurement: an announcement that nobody hears, and its answer. */
static void peer_send(const struct run *run, const void *data)
{
    static kbus_message_t *msg;
    if (msg == NULL)
        check(kbus_msg_create(&msg, "$.Bench.Nobody", strlen("$.Bench.Nobody"), data, (uint32_t)run->size, 0), "send");
    check(kbus_ksock_send_msg(ksock, msg, NULL), "send");
}

static void end_batch(void)
{
    kbus_send_result_t results[BATCH];
    sent += (uint64_t)check(kbus_ksock_end_msgs(ksock, results, BATCH), "send");
    under_way--;
}

static void begin(kbus_message_t **msgs, uint32_t count)
{
    if (under_way == UNDER_WAY)
        end_batch();
    check(kbus_ksock_begin_msgs(ksock, (const kbus_message_t *const *)msgs, count), "send");
    under_way++;
    begun += count;
}

static void begin_batch(void)
{
    begin(batch, batched);
    batched = 0;
}

static void peer_flush(const struct run *run)
{
    (void)run;
    if (batched > 0)
        begin_batch();
    while (under_way > 0)
        end_batch();
    if (sent != begun)
        fail("send", "some were refused");
}

static void peer_tell(const struct run *run, const void *data)
{
    if (run->size > BIG) {
        /* Sent from where it lies. */
        kbus_message_t *msg;
        check(kbus_msg_create(&msg, TELL, strlen(TELL), data, (uint32_t)run->size, 0), "send");
        begin(&msg, 1);
        kbus_msg_delete(&msg);
        return;
    }
    /* A place of the batch has its message for good; only the data change. */
    kbus_message_t **place = &batch[batched++];
    if (*place == NULL)
        check(kbus_msg_create_entire(place, TELL, strlen(TELL), data, (uint32_t)run->size, 0), "send");
    else
        memcpy(kbus_msg_data_ptr(*place), data, (size_t)run->size);
    if (batched == BATCH)
        begin_batch();
}

static bool peer_take_credit(const struct run *run, struct credit *c, int ms)
{
    const kbus_message_t *msg;
    (void)run;
    if (check(kbus_ksock_wait_borrow_msgs(ksock, ms, &msg, 1), "read") == 0)
        return false;
    memcpy(c, kbus_msg_data_ptr(msg), sizeof *c);
    return true;
}

static const void *peer_hear(const struct run *run, size_t *size)
{
    static const kbus_message_t *msgs[TOGETHER];
    static int count, next;
    if (next == count) {
        count = check(kbus_ksock_wait_borrow_msgs(ksock, -1, msgs, run->size > BIG ? 1 : TOGETHER), "read");
        next = 0;
    }
    const kbus_message_t *msg = msgs[next++];
    *size = msg->data_len;
    return kbus_msg_data_ptr(msg);
}

static void peer_give_credit(const struct run *run, const struct credit *c)
{
    kbus_message_t *msg;
    (void)run;
    check(kbus_msg_create(&msg, HEARD, strlen(HEARD), c, sizeof *c, 0), "send");
    check(kbus_ksock_send_msg(ksock, msg, NULL), "send");
    kbus_msg_delete(&msg);
}
