/*
 * Redis publish and subscribe by hiredis, over a Unix socket. A subscribed connection can do nothing else, so each client has two. Announcements
 * are written 64 at a time, and their answers are read later. The server's limit for slow subscribers is off, so nothing is dropped.
 */
#define KBUS_PEER_IS_BUS
#include "peer.h"
#include <hiredis/hiredis.h>
#include <poll.h>

#define BATCH 64
#define MOST_UNANSWERED 4096

static redisContext *publishing, *subscribed;
static redisReply *heard;
static long batched, unanswered;

static redisContext *connect_to(const struct run *run)
{
    redisContext *context = redisConnectUnix(run->address);
    if (context == NULL || context->err)
        fail("redisConnectUnix", context == NULL ? "no memory" : context->errstr);
    return context;
}

static redisReply *next_reply(redisContext *from)
{
    void *reply = NULL;
    if (redisGetReply(from, &reply) != REDIS_OK)
        fail("redisGetReply", from->errstr);
    if (((redisReply *)reply)->type == REDIS_REPLY_ERROR)
        fail("redis-server", ((redisReply *)reply)->str);
    return reply;
}

static void subscribe(const char *name)
{
    redisAppendCommand(subscribed, "SUBSCRIBE %s", name);
    freeReplyObject(next_reply(subscribed));
}

static void write_out(void)
{
    for (int done = 0; !done;) {
        if (redisBufferWrite(publishing, &done) != REDIS_OK)
            fail("redisBufferWrite", publishing->errstr);
    }
    batched = 0;
}

static void read_answers(long until)
{
    for (; unanswered > until; unanswered--)
        freeReplyObject(next_reply(publishing));
}

static void publish(const char *name, const void *data, size_t size)
{
    if (redisAppendCommand(publishing, "PUBLISH %s %b", name, data, size) != REDIS_OK)
        fail("redisAppendCommand", publishing->errstr);
    batched++;
    unanswered++;
}

static void peer_open(const struct run *run)
{
    publishing = connect_to(run);
    subscribed = connect_to(run);
    subscribe(strcmp(run->role, "echo") == 0   ? "ask"
              : strcmp(run->role, "ask") == 0  ? "answer"
              : strcmp(run->role, "hear") == 0 ? "tell"
                                               : "credits");
}

/* What the next message on our subscription holds: the third part of what comes. */
static redisReply *next_message(void)
{
    freeReplyObject(heard);
    heard = next_reply(subscribed);
    if (heard->type != REDIS_REPLY_ARRAY || heard->elements != 3 || heard->element[2]->type != REDIS_REPLY_STRING)
        fail("redis-server", "that is no message");
    return heard->element[2];
}

static void peer_echo(const struct run *run)
{
    (void)run;
    for (;;) {
        redisReply *request = next_message();
        publish("answer", request->str, request->len);
        write_out();
        read_answers(0);
    }
}

static void peer_ask(const struct run *run, const void *data)
{
    publish("ask", data, (size_t)run->size);
    write_out();
    next_message();
    read_answers(0);
}

static void peer_tell(const struct run *run, const void *data)
{
    publish("tell", data, (size_t)run->size);
    if (batched == BATCH || run->size > 65536)
        write_out();
    if (unanswered == MOST_UNANSWERED)
        read_answers(MOST_UNANSWERED / 2);
}

static void peer_flush(const struct run *run)
{
    (void)run;
    write_out();
    read_answers(0);
}

static bool peer_take_credit(const struct run *run, struct credit *c, int ms)
{
    (void)run;
    void *waiting = NULL;
    redisReply *message;
    struct pollfd ready = { .fd = subscribed->fd, .events = POLLIN };
    if (redisGetReplyFromReader(subscribed, &waiting) != REDIS_OK)
        fail("redisGetReplyFromReader", subscribed->errstr);
    if (waiting != NULL) {
        freeReplyObject(heard);
        heard = waiting;
        message = heard->element[2];
    } else if (poll(&ready, 1, ms) > 0) {
        message = next_message();
    } else {
        return false;
    }
    memcpy(c, message->str, sizeof *c);
    return true;
}

static const void *peer_hear(const struct run *run, size_t *size)
{
    (void)run;
    redisReply *message = next_message();
    *size = message->len;
    return message->str;
}

static void peer_give_credit(const struct run *run, const struct credit *c)
{
    (void)run;
    publish("credits", c, sizeof *c);
    write_out();
    read_answers(0);
}
