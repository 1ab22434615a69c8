/*
 * NATS by libnats, over TCP on loopback, the only way that nats-server offers. Requests are sent as soon as they are made; announcements go
 * through the library's own buffer. Pending limits are off, so nothing is dropped by the library; credits keep the server from doing so.
 */
#define KBUS_PEER_IS_BUS
#include "peer.h"
#include <nats/nats.h>

static natsConnection *bus;
static natsSubscription *subscription;
static natsMsg *heard;

static void check(natsStatus status, const char *what)
{
    if (status != NATS_OK)
        fail(what, natsStatus_GetText(status));
}

static void answer(natsConnection *connection, natsSubscription *on, natsMsg *request, void *closure)
{
    (void)on;
    (void)closure;
    check(natsConnection_Publish(connection, natsMsg_GetReply(request), natsMsg_GetData(request), natsMsg_GetDataLength(request)),
          "natsConnection_Publish");
    natsMsg_Destroy(request);
}

static void listen_to(const char *subject)
{
    check(natsConnection_SubscribeSync(&subscription, bus, subject), "natsConnection_SubscribeSync");
    check(natsSubscription_SetPendingLimits(subscription, -1, -1), "natsSubscription_SetPendingLimits");
    check(natsConnection_Flush(bus), "natsConnection_Flush");
}

static void peer_open(const struct run *run)
{
    natsOptions *options = NULL;
    check(natsOptions_Create(&options), "natsOptions_Create");
    check(natsOptions_SetURL(options, run->address), "natsOptions_SetURL");
    check(natsOptions_SetSendAsap(options, strcmp(run->role, "tell") != 0), "natsOptions_SetSendAsap");
    check(natsConnection_Connect(&bus, options), "natsConnection_Connect");
    natsOptions_Destroy(options);
    if (strcmp(run->role, "echo") == 0) {
        check(natsConnection_Subscribe(&subscription, bus, of_pair(run, "ask"), answer, NULL), "natsConnection_Subscribe");
        check(natsConnection_Flush(bus), "natsConnection_Flush");
    } else if (strcmp(run->role, "hear") == 0)
        listen_to("tell");
    else if (strcmp(run->role, "tell") == 0)
        listen_to("credits");
}

static void peer_echo(const struct run *run)
{
    (void)run;
    for (;;)
        pause();
}

static void peer_ask(const struct run *run, const void *data)
{
    natsMsg *reply = NULL;
    check(natsConnection_Request(&reply, bus, of_pair(run, "ask"), data, (int)run->size, 10000), "natsConnection_Request");
    natsMsg_Destroy(reply);
}

static void peer_tell(const struct run *run, const void *data)
{
    check(natsConnection_Publish(bus, "tell", data, (int)run->size), "natsConnection_Publish");
}

static void peer_flush(const struct run *run)
{
    /* The library's own thread does it soon; the call for it would also wait for an answer of the server. */
    (void)run;
}

static bool peer_take_credit(const struct run *run, struct credit *c, int ms)
{
    (void)run;
    natsMsg *message = NULL;
    uint64_t waiting = 0;
    if (ms == 0 && (natsSubscription_QueuedMsgs(subscription, &waiting) != NATS_OK || waiting == 0))
        return false;
    if (natsSubscription_NextMsg(&message, subscription, ms > 0 ? ms : 1) != NATS_OK)
        return false;
    memcpy(c, natsMsg_GetData(message), sizeof *c);
    natsMsg_Destroy(message);
    return true;
}

static const void *peer_hear(const struct run *run, size_t *size)
{
    (void)run;
    natsMsg_Destroy(heard);
    check(natsSubscription_NextMsg(&heard, subscription, 60000), "natsSubscription_NextMsg");
    *size = (size_t)natsMsg_GetDataLength(heard);
    return natsMsg_GetData(heard);
}

static void peer_give_credit(const struct run *run, const struct credit *c)
{
    (void)run;
    check(natsConnection_Publish(bus, "credits", c, (int)sizeof *c), "natsConnection_Publish");
    check(natsConnection_Flush(bus), "natsConnection_Flush");
}
