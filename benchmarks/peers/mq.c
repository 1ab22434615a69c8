/*
 * POSIX message queues: one for each direction, with no server. They block when they are full, so nothing is dropped and credits hold nobody up.
 * They know neither many listeners nor messages of 1 MiB. The address is the names' common part; role "clean" takes the names away.
 */
#define KBUS_PEER_IS_BUS
#include "peer.h"
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>

#define MOST_MESSAGES 10 /* what an ordinary user may have */
#define MOST_BYTES 128

static mqd_t there, back;
static char message[MOST_BYTES];

static void check(bool good, const char *what)
{
    if (!good)
        fail(what, strerror(errno));
}

static void name_queue(char *to, size_t room, const struct run *run, const char *leaf)
{
    snprintf(to, room, "/%s-%s", run->address, leaf);
}

static mqd_t open_queue(const struct run *run, const char *leaf)
{
    char name[128];
    struct mq_attr attributes = { .mq_maxmsg = MOST_MESSAGES, .mq_msgsize = MOST_BYTES };
    name_queue(name, sizeof name, run, leaf);
    mqd_t queue = mq_open(name, O_CREAT | O_RDWR, 0600, &attributes);
    check(queue != (mqd_t)-1, "mq_open");
    return queue;
}

static void peer_open(const struct run *run)
{
    if (strcmp(run->role, "clean") == 0) {
        char name[128];
        name_queue(name, sizeof name, run, "there");
        mq_unlink(name);
        name_queue(name, sizeof name, run, "back");
        mq_unlink(name);
        puts("clean=1");
        exit(0);
    }
    there = open_queue(run, "there");
    back = open_queue(run, "back");
}

static void peer_echo(const struct run *run)
{
    (void)run;
    for (;;) {
        ssize_t size = mq_receive(there, message, sizeof message, NULL);
        check(size >= 0, "mq_receive");
        check(mq_send(back, message, (size_t)size, 0) == 0, "mq_send");
    }
}

static void peer_ask(const struct run *run, const void *data)
{
    check(mq_send(there, data, (size_t)run->size, 0) == 0, "mq_send");
    check(mq_receive(back, message, sizeof message, NULL) == run->size, "mq_receive");
}

static void peer_tell(const struct run *run, const void *data)
{
    check(mq_send(there, data, (size_t)run->size, 0) == 0, "mq_send");
}

static void peer_flush(const struct run *run)
{
    (void)run;
}

static bool peer_take_credit(const struct run *run, struct credit *c, int ms)
{
    (void)run;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t nanoseconds = until.tv_nsec + ms % 1000 * 1000000ll;
    until.tv_sec += ms / 1000 + nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    if (mq_timedreceive(back, message, sizeof message, NULL, &until) < 0)
        return false;
    memcpy(c, message, sizeof *c);
    return true;
}

static const void *peer_hear(const struct run *run, size_t *size)
{
    (void)run;
    ssize_t got = mq_receive(there, message, sizeof message, NULL);
    check(got >= 0, "mq_receive");
    *size = (size_t)got;
    return message;
}

static void peer_give_credit(const struct run *run, const struct credit *c)
{
    (void)run;
    check(mq_send(back, (const char *)c, sizeof *c, 0) == 0, "mq_send");
}
