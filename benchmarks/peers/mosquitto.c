/*
 * MQTT by libmosquitto against mosquitto, over a Unix socket, quality of service 0. The server keeps any number of messages for a slow
 * listener, so nothing is dropped; credits bound the memory.
 */
#define KBUS_PEER_IS_BUS
#include "peer.h"
#include <mosquitto.h>
#include <poll.h>

static struct mosquitto *bus;
static bool subscribed, has_message;
static char *message;
static size_t message_size, message_room;

static void check(int result, const char *what)
{
    if (result != MOSQ_ERR_SUCCESS)
        fail(what, mosquitto_strerror(result));
}

static void publish(const char *name, const void *data, size_t size)
{
    check(mosquitto_publish(bus, NULL, name, (int)size, data, 0, false), "mosquitto_publish");
}

static void on_subscribe(struct mosquitto *on, void *closure, int id, int count, const int *granted)
{
    (void)on, (void)closure, (void)id, (void)count, (void)granted;
    subscribed = true;
}

static void on_message(struct mosquitto *on, void *closure, const struct mosquitto_message *got)
{
    (void)on, (void)closure;
    /* The payload is the library's only during this call, in which sending would only be put off. */
    message_size = (size_t)got->payloadlen;
    if (message_size > message_room)
        message = realloc(message, message_room = message_size);
    memcpy(message, got->payload, message_size);
    has_message = true;
}

/* Reads and writes once what can be, after waiting for it for so long; a negative time is for ever. */
static void turn(int ms)
{
    struct pollfd socket = { .fd = mosquitto_socket(bus), .events = POLLIN };
    if (mosquitto_want_write(bus))
        socket.events |= POLLOUT;
    if (poll(&socket, 1, ms) <= 0)
        return;
    if (socket.revents & POLLOUT)
        check(mosquitto_loop_write(bus, 1), "mosquitto_loop_write");
    if (socket.revents & ~POLLOUT)
        check(mosquitto_loop_read(bus, 1), "mosquitto_loop_read");
}

static void peer_open(const struct run *run)
{
    check(mosquitto_lib_init(), "mosquitto_lib_init");
    bus = mosquitto_new(NULL, true, NULL);
    mosquitto_subscribe_callback_set(bus, on_subscribe);
    mosquitto_message_callback_set(bus, on_message);
    check(mosquitto_connect(bus, run->address, 0, 600), "mosquitto_connect");
    check(mosquitto_subscribe(bus, NULL,
                              strcmp(run->role, "echo") == 0   ? "ask"
                              : strcmp(run->role, "ask") == 0  ? "answer"
                              : strcmp(run->role, "hear") == 0 ? "tell"
                                                               : "credits",
                              0),
          "mosquitto_subscribe");
    while (!subscribed)
        turn(-1);
}

static void wait_for_message(void)
{
    for (has_message = false; !has_message;)
        turn(-1);
}

static void peer_flush(const struct run *run)
{
    (void)run;
    while (mosquitto_want_write(bus)) {
        struct pollfd socket = { .fd = mosquitto_socket(bus), .events = POLLOUT };
        poll(&socket, 1, 1000);
        check(mosquitto_loop_write(bus, 1), "mosquitto_loop_write");
    }
}

static void peer_echo(const struct run *run)
{
    for (;;) {
        wait_for_message();
        publish("answer", message, message_size);
        peer_flush(run);
    }
}

static void peer_ask(const struct run *run, const void *data)
{
    publish("ask", data, (size_t)run->size);
    peer_flush(run);
    wait_for_message();
}

static void peer_tell(const struct run *run, const void *data)
{
    publish("tell", data, (size_t)run->size);
    peer_flush(run);
}

static bool peer_take_credit(const struct run *run, struct credit *c, int ms)
{
    (void)run;
    has_message = false;
    turn(ms);
    if (!has_message)
        return false;
    memcpy(c, message, sizeof *c);
    return true;
}

static const void *peer_hear(const struct run *run, size_t *size)
{
    (void)run;
    wait_for_message();
    *size = message_size;
    return message;
}

static void peer_give_credit(const struct run *run, const struct credit *c)
{
    publish("credits", c, sizeof *c);
    peer_flush(run);
}
