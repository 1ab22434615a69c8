/*
 * ZeroMQ by libzmq, over Unix sockets: REQ-REP; PUB-SUB with the announcer bound, or with both sides on a forwarder (role "proxy").
 * High-water marks are off, so nothing is dropped; credits, over PUSH-PULL, only bound the memory.
 */
#define KBUS_PEER_IS_BUS
#include "peer.h"
#include <zmq.h>

static void *context, *bus, *credits;
static zmq_msg_t heard;
static bool holds;

static void check(bool good, const char *what)
{
    if (!good)
        fail(what, zmq_strerror(zmq_errno()));
}

/* The address is a directory, followed by '+' if a forwarder serves there. */
static void name_endpoint(char *to, size_t room, const struct run *run, const char *leaf)
{
    int length = (int)strcspn(run->address, "+");
    snprintf(to, room, "ipc://%.*s/%s", length, run->address, leaf);
}

static void *make_socket(const struct run *run, int kind, const char *leaf, bool binds)
{
    char endpoint[256];
    int none = 0;
    void *socket = zmq_socket(context, kind);
    check(socket != NULL, "zmq_socket");
    zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none);
    if (kind == ZMQ_SUB)
        zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    name_endpoint(endpoint, sizeof endpoint, run, leaf);
    check((binds ? zmq_bind(socket, endpoint) : zmq_connect(socket, endpoint)) == 0, endpoint);
    return socket;
}

/* What was sent may still be on its way when the program ends; this waits for it. */
static void leave(void)
{
    if (bus != NULL)
        zmq_close(bus);
    if (credits != NULL)
        zmq_close(credits);
    zmq_ctx_term(context);
}

static void forward(const struct run *run)
{
    void *in = make_socket(run, ZMQ_XSUB, "in", true), *out = make_socket(run, ZMQ_XPUB, "out", true);
    alarm(0);
    say_ready();
    zmq_proxy(in, out, NULL);
    exit(0);
}

static void peer_open(const struct run *run)
{
    bool forwarded = strchr(run->address, '+') != NULL;
    context = zmq_ctx_new();
    zmq_msg_init(&heard);
    atexit(leave);
    if (strcmp(run->role, "proxy") == 0)
        forward(run);
    else if (strcmp(run->role, "echo") == 0)
        bus = make_socket(run, ZMQ_REP, of_pair(run, "ask"), true);
    else if (strcmp(run->role, "ask") == 0)
        bus = make_socket(run, ZMQ_REQ, of_pair(run, "ask"), false);
    else if (strcmp(run->role, "tell") == 0) {
        credits = make_socket(run, ZMQ_PULL, "credits", true);
        bus = make_socket(run, ZMQ_PUB, forwarded ? "in" : "tell", !forwarded);
    } else {
        credits = make_socket(run, ZMQ_PUSH, "credits", false);
        bus = make_socket(run, ZMQ_SUB, forwarded ? "out" : "tell", false);
    }
}

static void peer_echo(const struct run *run)
{
    (void)run;
    for (;;) {
        check(zmq_msg_recv(&heard, bus, 0) >= 0, "zmq_msg_recv");
        check(zmq_msg_send(&heard, bus, 0) >= 0, "zmq_msg_send");
    }
}

static void peer_ask(const struct run *run, const void *data)
{
    check(zmq_send(bus, data, (size_t)run->size, 0) >= 0, "zmq_send");
    check(zmq_msg_recv(&heard, bus, 0) == run->size, "zmq_msg_recv");
}

static void peer_tell(const struct run *run, const void *data)
{
    check(zmq_send(bus, data, (size_t)run->size, 0) >= 0, "zmq_send");
}

static void peer_flush(const struct run *run)
{
    (void)run;
}

static bool peer_take_credit(const struct run *run, struct credit *c, int ms)
{
    (void)run;
    if (ms > 0) {
        zmq_pollitem_t item = { .socket = credits, .events = ZMQ_POLLIN };
        zmq_poll(&item, 1, ms);
    }
    return zmq_recv(credits, c, sizeof *c, ZMQ_DONTWAIT) == (int)sizeof *c;
}

static const void *peer_hear(const struct run *run, size_t *size)
{
    (void)run;
    if (holds)
        zmq_msg_close(&heard);
    zmq_msg_init(&heard);
    holds = true;
    check(zmq_msg_recv(&heard, bus, 0) >= 0, "zmq_msg_recv");
    *size = zmq_msg_size(&heard);
    return zmq_msg_data(&heard);
}

static void peer_give_credit(const struct run *run, const struct credit *c)
{
    (void)run;
    check(zmq_send(credits, c, sizeof *c, 0) >= 0, "zmq_send");
}
